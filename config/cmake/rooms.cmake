include(precompile)
include(unite)

# tt_room(NAME [SOURCES ...] [DEPS ...] [PRIVATE_DEPS ...] [PRECOMPILED standard|actor|shell|none])
# One static library `tt_NAME` (alias tt::NAME) from every .cpp of the folder,
# sub-folders included, unless SOURCES names them. PRECOMPILED (standard unless
# given): which headers are precompiled for it; shell for rooms around the core
# (tt_lightly_checked), none where a room has flags of its own.
function(tt_room name)
  cmake_parse_arguments(arg "" "PRECOMPILED" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB_RECURSE arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  endif()
  add_library(tt_${name} STATIC ${arg_SOURCES})
  add_library(tt::${name} ALIAS tt_${name})
  tt_unite(tt_${name})
  target_link_libraries(tt_${name} PUBLIC tt_options ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  if(NOT arg_PRECOMPILED OR arg_PRECOMPILED STREQUAL "standard")
    tt_precompile(tt_${name} standard)
  elseif(arg_PRECOMPILED STREQUAL "actor")
    tt_precompile(tt_${name} actor CAF::core)
  elseif(arg_PRECOMPILED STREQUAL "shell")
    tt_lightly_checked(tt_${name})
    tt_precompile(tt_${name} shell)
  endif()
endfunction()

# tt_test(NAME [SOURCES ...] [DEPS ...] [LABELS ...] [TIMEOUT s])
# One GoogleTest binary `test_NAME`, from every *.test.cpp of the folder unless
# SOURCES names them. Each TEST becomes a CTest case only where DISCOVER is
# given; otherwise the binary is one case (quicker).
function(tt_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.test.cpp")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  tt_unite(test_${name})
  target_link_libraries(test_${name} PRIVATE tt_options ${arg_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE TT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  tt_lightly_checked(test_${name}) # the rooms are what is tested
  tt_precompile(test_${name} test GTest::gtest GTest::gmock)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1:abort_on_error=1;UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/config/tsan.suppressions:ignore_noninstrumented_modules=1")
endfunction()
