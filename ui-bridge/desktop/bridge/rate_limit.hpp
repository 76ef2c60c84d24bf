#pragma once

#include <chrono>
#include <deque>

namespace tt::desktop {

using monotonic_time = std::chrono::steady_clock::time_point;

/// At most `count` events within any stretch of `per`. Time is passed in.
class rate_limit {
public:
  rate_limit(int count, std::chrono::milliseconds per) : count_(static_cast<std::size_t>(count)), per_(per) {}

  /// Whether one more event at `now` is within the limit; if so it is counted.
  bool take(monotonic_time now) {
    while (!taken_.empty() && now - taken_.front() >= per_) taken_.pop_front();
    if (taken_.size() >= count_) return false;
    taken_.push_back(now);
    return true;
  }

private:
  std::size_t count_;
  std::chrono::milliseconds per_;
  std::deque<monotonic_time> taken_;
};

} // namespace tt::desktop
