# One function for all source folders, so that a folder's CMakeLists.txt is a list of its files.
#
#   qibing_module(base LAYER base SOURCES a.c b.c TESTS a_test.c LINK libs…)
#
# makes the static library qb_NAME, remembers the tests for the one unit program `qibing-unit`, and
# makes `qibing-unit-NAME` (not in `all`) with the tests of this folder alone.

function(qibing_module name)
  cmake_parse_arguments(M "" "LAYER" "SOURCES;TESTS;LINK" ${ARGN})
  set(lib qb_${name})
  add_library(${lib} STATIC ${M_SOURCES})
  target_link_libraries(${lib} PUBLIC qibing_flags ${M_LINK})
  set_property(GLOBAL APPEND PROPERTY QIBING_LIBS ${lib})
  if(M_TESTS)
    set(objects qt_${name})
    add_library(${objects} OBJECT ${M_TESTS})
    target_link_libraries(${objects} PUBLIC ${lib} qibing_flags)
    set_property(GLOBAL APPEND PROPERTY QIBING_TESTS ${objects})
    add_executable(qibing-unit-${name} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${objects}>)
    target_link_libraries(qibing-unit-${name} PRIVATE ${lib} qb_testmain)
  endif()
endfunction()
