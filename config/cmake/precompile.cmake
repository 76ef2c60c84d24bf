# Precompiled headers, one per set of compiler flags, shared by all targets with
# those flags. They hold only headers of the standard library, of CAF and of
# GoogleTest: a header of ours would be compiled again by everyone at each change.
# A forgotten #include does not slip through: the rule house_headers compiles each
# header alone and without them.
option(TT_PRECOMPILE "Use precompiled headers (GCC only)" ON)

set(tt_standard_headers <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint> <functional>
  <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
set(tt_actor_headers ${tt_standard_headers} <caf/all.hpp>)
set(tt_shell_headers ${tt_standard_headers})
set(tt_test_headers ${tt_standard_headers} <gmock/gmock.h> <gtest/gtest.h>)

# tt_lightly_checked(TARGET): code around the core (gateways, cluster, tests), which neither computes
# nor reads raw memory: the presets with checks compile it without optimisation and without looking
# for misaligned pointers, in half the time.
function(tt_lightly_checked target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  if(TT_SANITIZE MATCHES "undefined")
    target_compile_options(${target} PRIVATE -fno-sanitize=alignment)
  endif()
endfunction()

# tt_precompiled(KIND [LIBRARIES]): the target that owns a precompiled header.
function(tt_precompiled kind)
  if(TARGET tt_precompiled_${kind})
    return()
  endif()
  set(stub "${CMAKE_BINARY_DIR}/precompiled_${kind}.cpp")
  if(NOT EXISTS "${stub}")
    file(WRITE "${stub}" "// owner of a precompiled header\n")
  endif()
  add_library(tt_precompiled_${kind} OBJECT "${stub}")
  target_link_libraries(tt_precompiled_${kind} PRIVATE tt_options ${ARGN})
  target_precompile_headers(tt_precompiled_${kind} PRIVATE ${tt_${kind}_headers})
  if(kind STREQUAL "test")
    # as test binaries are compiled: for executables
    set_target_properties(tt_precompiled_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(tt_precompiled_test PRIVATE -fPIE)
  endif()
  if(kind MATCHES "^(test|shell)$")
    tt_lightly_checked(tt_precompiled_${kind})
  endif()
endfunction()

# tt_precompile(TARGET KIND [LIBRARIES]): KIND is standard, actor, shell or test.
function(tt_precompile target kind)
  if(NOT TT_PRECOMPILE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  tt_precompiled(${kind} ${ARGN})
  target_precompile_headers(${target} REUSE_FROM tt_precompiled_${kind})
endfunction()
