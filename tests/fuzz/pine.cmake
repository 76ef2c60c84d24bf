# The room gets coverage counters too, or the fuzzer would be blind.
target_compile_options(tt_pine PRIVATE -fsanitize=fuzzer-no-link)
foreach(what IN ITEMS text program values)
  add_executable(fuzz_pine_${what} pine_${what}.cpp)
  target_link_libraries(fuzz_pine_${what} PRIVATE tt_options tt::pine)
  target_compile_options(fuzz_pine_${what} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_pine_${what} PRIVATE -fsanitize=fuzzer)
endforeach()
