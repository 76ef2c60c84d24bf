#pragma once

// Bars, scripts and providers for the tests of this room.

#include "actors/backtest/local_runner.hpp"

#include <cmath>
#include <map>

namespace tt::backtest::test {

inline constexpr std::int64_t hour_ms = 3'600'000, day_ms = 86'400'000;
/// 2024-01-01T00:00Z, a Monday.
inline constexpr std::int64_t start_ms = 1'704'067'200'000;

/// Round-the-clock symbol with cents.
inline std::shared_ptr<const pine::symbol_info> symbol(const std::string& name) {
  auto info = std::make_shared<pine::symbol_info>();
  info->prefix = "TEST";
  info->ticker = name;
  return info;
}

inline std::vector<pine::bar> wave(std::size_t n, double phase = 0, std::int64_t from_ms = start_ms, std::int64_t step_ms = hour_ms) {
  std::vector<pine::bar> bars;
  double last = 100;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = static_cast<double>(i) + phase;
    const double c = std::round((100 + 10 * std::sin(x / 17) + 4 * std::sin(x / 5) + x / 100) * 100) / 100;
    bars.push_back({from_ms + static_cast<std::int64_t>(i) * step_ms, last, std::max(last, c) + 0.5, std::min(last, c) - 0.5, c, 1000});
    last = c;
  }
  return bars;
}

/// Bars with these closes; each opens where the one before has closed and has no wicks.
inline std::vector<pine::bar> closes(const std::vector<double>& list, std::int64_t step_ms = day_ms) {
  std::vector<pine::bar> bars;
  double last = list.front();
  for (std::size_t i = 0; i < list.size(); ++i) {
    bars.push_back({start_ms + static_cast<std::int64_t>(i) * step_ms, last, std::max(last, list[i]), std::min(last, list[i]), list[i], 1});
    last = list[i];
  }
  return bars;
}

inline std::shared_ptr<const bar_set> set_of(const std::string& name, std::vector<pine::bar> bars, std::size_t warmup = 0, timeframe frame = timeframe::minutes(60)) {
  auto made = bar_set::make({name, frame}, symbol(name), std::move(bars), warmup);
  return made.value();
}

/// Gives sets by pair; what isn't there is not_found.
class given_bars final : public bar_provider {
public:
  result<std::shared_ptr<const bar_set>> bars(const backtest_request&, const pair_key& key, inner_bars) override {
    auto it = sets.find(key);
    if (it == sets.end()) return error{errc::not_found, "there are no bars of " + to_string(key), "start_date"};
    return it->second;
  }
  void add(std::shared_ptr<const bar_set> set) { sets[set->key()] = std::move(set); }
  std::map<pair_key, std::shared_ptr<const bar_set>> sets;
};

inline const char* const cross = R"(//@version=6
strategy("cross", initial_capital = 10000, commission_type = strategy.commission.percent, commission_value = 0.1)
fast = input.int(5, "fast", minval = 1)
slow = input.int(20, "slow", minval = 2)
if ta.crossover(ta.sma(close, fast), ta.sma(close, slow))
    strategy.entry("L", strategy.long, comment = "up")
if ta.crossunder(ta.sma(close, fast), ta.sma(close, slow))
    strategy.close("L", comment = "down")
)";

inline backtest_request request_for(std::vector<std::string> symbols, int days = 40) {
  backtest_request r;
  r.pine_script = cross;
  r.symbols = std::move(symbols);
  r.start = civil_date::of(2024, 1, 1);
  r.end = r.start + (days - 1);
  return r;
}

inline pair_job job_for(const backtest_request& r, std::shared_ptr<const bar_set> bars) {
  pair_job job;
  const auto script = compile_strategy(r.pine_script);
  EXPECT_NE(script.code, nullptr);
  job.program = prepare(script.code, r);
  job.bars = std::move(bars);
  job.inputs = r.inputs;
  job.step = step_for(r);
  return job;
}

} // namespace tt::backtest::test
