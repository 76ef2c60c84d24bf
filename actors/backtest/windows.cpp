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
    return tt::error{errc::invalid_argument, "expected a number of bars or of days such as 90d, got " + in_quotes(text), std::string(field)};
  return l;
}

namespace {
constexpr std::int64_t day_ms = 86'400'000;

/// A place among the bars: the first one at or after a time. Days are counted from the time, not from the bar that a
/// weekend has moved, so windows of days lie end to end.
struct place {
  std::size_t bar = 0; ///< one behind the number of bars: beyond the data
  std::int64_t ms = 0;
};

place ahead(const std::vector<std::int64_t>& times, const place& from, const window_length& l) {
  const auto n = times.size();
  if (l.unit == window_length::unit_t::bars) {
    const auto bar = std::min(n + 1, from.bar + static_cast<std::size_t>(l.count));
    return {bar, bar < n ? times[bar] : times.back()};
  }
  if (from.bar >= n) return {n + 1, from.ms};
  const auto until = from.ms + l.count * day_ms;
  if (until > times.back()) return {times.back() + day_ms >= until ? n : n + 1, until};
  return {static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), until) - times.begin()), until};
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
  if (times.empty()) return tt::error{errc::out_of_range, "the data hold no window of this length", "walk_forward.train"};
  place start{0, times.front()};
  for (;;) {
    const auto train_end = ahead(times, start, plan.train);
    if (train_end.bar > times.size()) break;
    const auto test_from = plan.purge.count > 0 ? ahead(times, train_end, plan.purge) : train_end;
    const auto test_to = ahead(times, test_from, plan.test);
    if (test_from.bar >= times.size() || test_to.bar > times.size()) break;
    window w;
    w.train = without({plan.mode == window_mode::anchored ? 0 : start.bar, train_end.bar}, embargoed);
    w.test = {test_from.bar, test_to.bar};
    if (!w.train.empty() && w.test.size() > 0) out.push_back(std::move(w));
    if (out.size() > limits::windows)
      return tt::error{errc::out_of_range, "more than " + std::to_string(limits::windows) + " windows", "walk_forward.step"};
    if (plan.embargo.count > 0 && test_to.bar < times.size())
      embargoed.push_back({test_to.bar, std::min(times.size(), ahead(times, test_to, plan.embargo).bar)});
    const auto next = ahead(times, start, plan.step.count > 0 ? plan.step : plan.test);
    if (next.bar <= start.bar && next.ms <= start.ms) return tt::error{errc::invalid_argument, "is shorter than one bar", "walk_forward.step"};
    start = next;
  }
  if (out.empty()) return tt::error{errc::out_of_range, "the data hold no window of this length", "walk_forward.train"};
  return out;
}

} // namespace tt::backtest
