#pragma once

// Token buckets per caller and class. Pure: the time is passed in.

#include "actors/model/time.hpp"
#include "gateways/http/route_table.hpp"

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tt::gateway {

/// How many calls a class allows. per_minute = 0 switches the limit off.
struct rate_limit {
  std::uint32_t per_minute = 0;
  std::uint32_t burst = 0; ///< size of the bucket; 0 = per_minute
};

/// One limit per rate_class, indexed by it.
using rate_limits = std::array<rate_limit, rate_class_count>;

/// The defaults of http-api.md section 2.
constexpr rate_limits default_rate_limits() {
  rate_limits out{};
  const auto set = [&out](rate_class kind, rate_limit limit) { out[static_cast<std::size_t>(kind)] = limit; };
  set(rate_class::unauthenticated, {100, 0});
  set(rate_class::failed_auth, {30, 0});
  set(rate_class::general, {600, 0});
  set(rate_class::market_data, {1000, 0});
  set(rate_class::orders, {60, 20});
  set(rate_class::jobs, {60, 0});
  set(rate_class::webhook, {600, 200});
  return out;
}

/// What a bucket says to one call.
struct rate_verdict {
  enum class answer : std::uint8_t { unlimited, allowed, refused };
  answer verdict = answer::unlimited;
  std::uint32_t limit = 0;        ///< calls per minute
  std::uint32_t remaining = 0;    ///< calls left at this moment
  std::int64_t reset = 0;         ///< epoch second at which the bucket is full again
  std::int64_t retry_after_s = 0; ///< seconds until the next call may pass; >= 1 when refused
};

/// Thread-safe. Holds at most max_buckets; a full table drops the buckets that
/// have filled up again, and when there are none, refuses new callers.
class rate_limiter {
public:
  static constexpr std::size_t max_buckets = 20'000;

  explicit rate_limiter(rate_limits limits) : limits_(limits) {}

  /// Takes one token of `who` (address, principal, account) in a class.
  rate_verdict take(rate_class kind, std::string_view who, utc_time now);
  /// Looks without taking.
  rate_verdict peek(rate_class kind, std::string_view who, utc_time now);

private:
  /// Tokens are counted in units of 1/60,000,000,000 so that a nanosecond's refill
  /// is a whole number: per_minute tokens a minute = per_minute units a nanosecond.
  static constexpr std::int64_t unit = 60'000'000'000;
  struct bucket {
    std::int64_t level = 0;
    utc_time at{};
  };

  rate_verdict draw(rate_class kind, std::string_view who, utc_time now, std::int64_t amount);
  void make_room(utc_time now);

  const rate_limits limits_;
  std::mutex mutex_;
  std::unordered_map<std::string, bucket> buckets_;
};

} // namespace tt::gateway
