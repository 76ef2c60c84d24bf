#include "actors/pine/tester/history_ticks.hpp"

#include "actors/pine/tester/fill_rules.hpp"

#include <algorithm>

namespace tt::pine::tester {

namespace {
constexpr double ticks_of_path = 4;

/// Goes on from `seen` along the path of one bar.
void follow(const bar& along, bar seen, std::vector<bar>& ticks) {
  const double before = seen.volume;
  double k = 0;
  for (double price : path_of(bar_prices{along.open, along.high, along.low, along.close}).raw) {
    seen.high = std::max(seen.high, price);
    seen.low = std::min(seen.low, price);
    seen.close = price;
    seen.volume = before + along.volume * ++k / ticks_of_path;
    ticks.push_back(seen);
  }
}
} // namespace

void history_ticks(const bar& whole, std::span<const bar> lower, std::vector<bar>& ticks) {
  ticks.clear();
  const double first = lower.empty() ? whole.open : lower.front().open;
  const bar start{whole.time_ms, whole.open, first, first, first, 0};
  if (lower.empty()) follow(whole, start, ticks);
  for (const auto& b : lower) follow(b, ticks.empty() ? start : ticks.back(), ticks);
  ticks.back() = whole;
}

} // namespace tt::pine::tester
