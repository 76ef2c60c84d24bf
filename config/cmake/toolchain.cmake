# Compiler settings shared by every room: language level, warnings, sanitizers,
# and the tools that make builds quick (ccache, mold) where they are installed.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(TT_CCACHE ccache)
if(TT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # base_dir + no hash_dir: two checkouts share the cache. The sloppiness is
  # what ccache's manual asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${TT_CCACHE})
endif()

find_program(TT_MOLD mold)
if(TT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(tt_options INTERFACE)
target_include_directories(tt_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(tt_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual)
option(TT_UNITY "Compile several sources of a target at once (unite.cmake)" ON)
if(TT_UNITY)
  # what one file keeps to itself is neither shadowed nor exported by its neighbours
  target_compile_options(tt_options INTERFACE -Wno-shadow -Wno-subobject-linkage)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tt_options INTERFACE -Wshadow=local)
  endif()
endif()
if(TT_WERROR)
  target_compile_options(tt_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # lets ccache see through precompiled headers
  target_compile_options(tt_options INTERFACE -fpch-preprocess)
endif()

if(TT_SANITIZE)
  add_compile_options(-fsanitize=${TT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TT_SANITIZE})
  if(TT_SANITIZE MATCHES "undefined")
    # CAF 0.17 binds a null reference in detail/init_fun_factory.hpp. The last three are left out for a fifth
    # of the compile time: what they find beyond AddressSanitizer (a wrong dynamic type, an overflowing
    # pointer that nobody follows) is worth less than tests that everybody waits for.
    add_compile_options(-fno-sanitize=null,vptr,object-size,pointer-overflow -fno-sanitize-recover=undefined)
    add_link_options(-fno-sanitize-recover=undefined)
  endif()
endif()
