# Thin: CMake and Ninja build, the scripts of tools/ and tests/ do the rest.
.PHONY: all ui run test bench fuzz faults soak style clean
BUILD := build
DATA ?= ./qibing-data
LISTEN ?= 127.0.0.1:8080
T ?= 60

# The C part never needs Node when a built interface (ui/dist/ui.pack) is present.
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) qibing

$(BUILD)/build.ninja: CMakeLists.txt cmake/qibing.cmake
	@tools/deps.sh build
	@cmake -S . -B $(BUILD) -G Ninja >/dev/null

ui:
	@tools/deps.sh ui
	@tools/ui.sh

run: ui all
	@if [ ! -e $(DATA)/qibing.db ]; then $(BUILD)/qibing demo --data $(DATA); fi
	@$(BUILD)/qibing serve --data $(DATA) --listen $(LISTEN)

test:
	@tools/deps.sh build ui test
	@tests/run.sh

bench: ui all
	@bench/run.sh

fuzz:
	@tools/deps.sh build test
	@tests/fuzz/run.sh $(T)

faults:
	@tools/deps.sh build test
	@tests/fault/run.sh full

soak: ui all
	@bench/soak.sh

style:
	@node tools/style.mjs

clean:
	rm -rf $(BUILD) build-*
