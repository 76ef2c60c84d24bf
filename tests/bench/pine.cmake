add_executable(bench_pine_engine pine_engine.cpp)
target_link_libraries(bench_pine_engine PRIVATE tt_options tt::pine benchmark::benchmark)
add_executable(bench_pine_strategy pine_strategy.cpp)
target_link_libraries(bench_pine_strategy PRIVATE tt_options tt::pine benchmark::benchmark)
