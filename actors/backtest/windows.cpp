#include "actors/backtest/windows.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace tt::backtest {

result<window_length> window_length::parse(std::string_view text, std::string_view field) {
  window_length l;
  auto digits = text;
  if (!digits.empty() && digits.back() == 'd') {
    l.unit = unit_t::days;
    digits.remove_suffix(1);
  }
  auto r = std::from_chars(digits.data(), digits.data() + digits.size(), l.count);
  if (digits.empty() || r.ec != std::errc{} || r.ptr != digits.data() + digits.size() || l.count < 0)
    return tt::error{errc::invalid_argument, "expected a number of bars or of days such as 90d, got " + quoted(text), std::string(field)};
  return l;
}

namespace {
constexpr std::int64_t day_ms = 86'400'000;

/// The first bar that lies a length behind bar `from`.
std::size_t ahead(const std::vector<std::int64_t>& times, std::size_t from, const window_length& l) {
  if (l.unit == window_length::unit_t::bars) return std::min(times.size() + 1, from + static_cast<std::size_t>(l.count));
  if (from >= times.size()) return times.size() + 1;
  auto until = times[from] + l.count * day_ms;
  if (until > times.back()) return times.back() + day_ms >= until ? times.size() : times.size() + 1;
  return static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), until) - times.begin());
}

/// `range` without the stretches that earlier tests embargo.
std::vector<bar_range> without(bar_range range, const std::vector<bar_range>& cuts) {
  std::vector<bar_range> out;
  for (const auto& cut : cuts) {
    if (cut.to <= range.from || cut.from >= range.to) continue;
    if (cut.from > range.from) out.push_back({range.from, cut.from});
    range.from = std::min(range.to, cut.to);
  }
  if (range.from < range.to) out.push_back(range);
  return out;
}
} // namespace

result<std::vector<window>> windows_over(const std::vector<std::int64_t>& times, const window_plan& plan) {
  if (plan.train.count <= 0) return tt::error{errc::invalid_argument, "must be greater than 0", "walk_forward.train"};
  if (plan.test.count <= 0) return tt::error{errc::invalid_argument, "must be greater than 0", "walk_forward.test"};
  std::vector<window> out;
  std::vector<bar_range> embargoed;
  std::size_t start = 0;
  for (;;) {
    auto train_end = ahead(times, start, plan.train);
    if (train_end > times.size()) break;
    auto test_from = plan.purge.count > 0 ? ahead(times, train_end, plan.purge) : train_end;
    auto test_to = ahead(times, test_from, plan.test);
    if (test_from >= times.size() || test_to > times.size()) break;
    window w;
    w.train = without({plan.mode == window_mode::anchored ? 0 : start, train_end}, embargoed);
    w.test = {test_from, test_to};
    if (!w.train.empty()) out.push_back(std::move(w));
    if (out.size() > limits::windows)
      return tt::error{errc::out_of_range, "more than " + std::to_string(limits::windows) + " windows", "walk_forward.step"};
    if (plan.embargo.count > 0 && test_to < times.size()) embargoed.push_back({test_to, std::min(times.size(), ahead(times, test_to, plan.embargo))});
    auto next = ahead(times, start, plan.step.count > 0 ? plan.step : plan.test);
    if (next <= start) return tt::error{errc::invalid_argument, "is shorter than one bar", "walk_forward.step"};
    start = next;
  }
  if (out.empty()) return tt::error{errc::out_of_range, "the data hold no window of this length", "walk_forward.train"};
  return out;
}

} // namespace tt::backtest
