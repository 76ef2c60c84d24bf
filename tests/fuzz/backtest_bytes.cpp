// Bytes that come from other nodes and from disk: outcomes, bars, shards, results. The first byte chooses. What can be
// read can be written and read again.
#include "actors/backtest/study_plan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tt::backtest;
  if (size == 0) return 0;
  const std::string_view in{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto check = [&](auto read) {
    const auto first = read(in);
    if (!first) return;
    const auto bytes = to_bytes(*first);
    const auto second = read(bytes);
    if (!second || to_bytes(*second) != bytes) __builtin_trap();
  };
  switch (data[0] % 4) {
  case 0: check([](std::string_view b) { return pair_outcome_from_bytes(b); }); break;
  case 1: check([](std::string_view b) { return shard_from_bytes(b); }); break;
  case 2: check([](std::string_view b) { return task_result_from_bytes(b); }); break;
  default: {
    const auto set = bar_set_from_bytes(in);
    if (set && !bar_set_from_bytes(to_bytes(**set))) __builtin_trap();
  }
  }
  return 0;
}
