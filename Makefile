# Thin: CMake and Ninja build, the scripts of tools/ and tests/ do the rest.
.PHONY: all ui run test bench fuzz faults soak style clean
.NOTPARALLEL:
BUILD := build
DATA ?= ./qibing-data
LISTEN ?= 127.0.0.1:8080
T ?= 60
# How many compilers at once; Ninja's own choice when empty.
JOBS ?=

# The C part never needs Node when a built interface (ui/dist/ui.pack) is present.
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) $(addprefix -j,$(JOBS)) qibing

$(BUILD)/build.ninja: CMakeLists.txt cmake/qibing.cmake tools/deps.sh
	@tools/deps.sh build
	@cmake -S . -B $(BUILD) -G Ninja >/dev/null
	@touch $@

ui:
	@tools/ui.sh

run: ui all
	@if [ ! -e "$(DATA)/qibing.db" ] || [ -e "$(DATA)/demo.unfinished" ]; then \
	    echo "making the demo company in $(DATA)" && $(BUILD)/qibing demo --data "$(DATA)"; fi
	@exec $(BUILD)/qibing serve --data "$(DATA)" --listen "$(LISTEN)"

test:
	@tools/deps.sh build ui test
	@tools/ui.sh
	@tests/run.sh

bench: ui all
	@bench/run.sh

fuzz:
	@tools/deps.sh build test
	@tests/fuzz/run.sh $(T)

faults: $(BUILD)/build.ninja
	@tools/deps.sh build test
	@ninja -C $(BUILD) $(addprefix -j,$(JOBS)) qibing-fault-db qibing-fault-product qibing-oom
	@tests/fault/run.sh $(BUILD) full

soak: ui all
	@bench/soak.sh

style:
	@node tools/style.mjs

clean:
	rm -rf $(BUILD) build-*
