#include "gateways/http/rate_limiter.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

std::int64_t capacity_of(rate_limit limit, std::int64_t unit) {
  constexpr std::uint32_t most = 100'000'000; // keeps the product within 64 bits
  return static_cast<std::int64_t>(std::min(limit.burst == 0 ? limit.per_minute : limit.burst, most)) * unit;
}

/// Level after the time that has passed; a clock that went back adds nothing.
std::int64_t refilled(std::int64_t level, std::int64_t elapsed_ns, rate_limit limit, std::int64_t capacity) {
  const std::int64_t missing = capacity - level;
  if (elapsed_ns <= 0 || missing <= 0) return level;
  const auto rate = static_cast<std::int64_t>(limit.per_minute);
  return elapsed_ns > missing / rate ? capacity : level + elapsed_ns * rate;
}

} // namespace

rate_verdict rate_limiter::take(rate_class kind, std::string_view who, utc_time now) { return draw(kind, who, now, unit); }
rate_verdict rate_limiter::peek(rate_class kind, std::string_view who, utc_time now) { return draw(kind, who, now, 0); }

rate_verdict rate_limiter::draw(rate_class kind, std::string_view who, utc_time now, std::int64_t amount) {
  const rate_limit limit = limits_[static_cast<std::size_t>(kind)];
  if (limit.per_minute == 0) return {};
  const std::int64_t capacity = capacity_of(limit, unit);
  std::string key{static_cast<char>('a' + static_cast<int>(kind))};
  key += who;

  std::lock_guard guard{mutex_};
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= max_buckets) make_room(now);
    if (buckets_.size() >= max_buckets)
      return {rate_verdict::answer::refused, limit.per_minute, 0, unix_seconds(now) + 60, 60};
    found = buckets_.emplace(std::move(key), bucket{capacity, now}).first;
  }
  bucket& b = found->second;
  b.level = refilled(b.level, (now - b.at).count(), limit, capacity);
  b.at = std::max(b.at, now);

  rate_verdict out{rate_verdict::answer::allowed, limit.per_minute, 0, 0, 0};
  const auto rate = static_cast<std::int64_t>(limit.per_minute);
  if (b.level < unit) {
    out.verdict = rate_verdict::answer::refused;
    const std::int64_t wait_ns = (unit - b.level + rate - 1) / rate;
    out.retry_after_s = std::max<std::int64_t>(1, (wait_ns + 999'999'999) / 1'000'000'000);
  } else {
    b.level -= amount;
  }
  out.remaining = static_cast<std::uint32_t>(b.level / unit);
  out.reset = unix_seconds(now + nanoseconds{(capacity - b.level + rate - 1) / rate} + nanoseconds{999'999'999});
  return out;
}

void rate_limiter::make_room(utc_time now) {
  std::erase_if(buckets_, [&](const auto& item) {
    const rate_limit limit = limits_[static_cast<std::size_t>(item.first.front() - 'a')];
    const std::int64_t capacity = capacity_of(limit, unit);
    return refilled(item.second.level, (now - item.second.at).count(), limit, capacity) >= capacity;
  });
}

} // namespace tt::gateway
