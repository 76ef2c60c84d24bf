#include "actors/market/live_minutes.hpp"

#include <algorithm>

namespace tt::market {

void live_minutes::append(const bar& closed) {
  bars_.push_back(closed);
  // dropped in large pieces, so that the cost per bar stays constant
  if (bars_.size() < limit_ + limit_ / 4) return;
  const auto surplus = bars_.size() - limit_;
  dropped_ += surplus;
  bars_.erase(bars_.begin(), bars_.begin() + static_cast<std::ptrdiff_t>(surplus));
  new_from_ -= std::min(new_from_, surplus);
}

void live_minutes::clear() {
  bars_.clear();
  new_from_ = 0;
  dropped_ = 0;
}

std::vector<bar> live_minutes::take_new() {
  std::vector<bar> out(bars_.begin() + static_cast<std::ptrdiff_t>(new_from_), bars_.end());
  new_from_ = bars_.size();
  return out;
}

std::vector<timeframe> live_minutes::timeframes(std::string_view symbol) const {
  if (symbol != symbol_ || bars_.empty()) return {};
  return {timeframe::minutes(1)};
}

result<std::vector<bar>> live_minutes::bars(std::string_view symbol, timeframe frame, utc_time from, utc_time to,
                                            std::size_t limit) const {
  if (symbol != symbol_) return error{errc::unknown_symbol, "unknown symbol " + std::string(symbol), "symbol"};
  if (frame != timeframe::minutes(1)) return error{errc::unsupported, "only minutes are built live", "timeframe"};
  auto first = std::ranges::lower_bound(bars_, from, {}, &bar::open_time);
  const auto last = std::ranges::lower_bound(bars_, std::max(from, to), {}, &bar::open_time);
  if (static_cast<std::size_t>(last - first) > limit) first = last - static_cast<std::ptrdiff_t>(limit);
  return std::vector<bar>(first, last);
}

} // namespace tt::market
