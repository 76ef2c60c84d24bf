#pragma once

// The daily level of every price in the simulated exchange: random walks with
// regimes that shared factors and single symbols take from one day to the next.

#include "actors/market/sim_math.hpp"
#include "actors/market/sim_profiles.hpp"
#include "actors/model/time.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace tt::market::sim {

/// Which days a walk moves on.
enum class walk_days : std::uint8_t { weekdays, all };

/// How a walk moves.
struct walk_rules {
  std::uint64_t key = 0;          ///< of its random numbers
  std::int32_t volatility_bp = 0; ///< annual, in the normal regime
  walk_days days = walk_days::weekdays;
  std::uint32_t jump_in_days = 90; ///< a large shock comes once in so many days on average
  /// Part of a deviation that a year takes back, in percent. The level then strays
  /// by about volatility / √(2 × this): too slow to show in daily returns, strong
  /// enough to keep prices where one expects them, for ever.
  std::int32_t reversion_percent = 100;
};

/// A mean-reverting walk in log2 over civil days. Volatility and drift follow
/// Markov chains (calm, normal, turbulent; up, flat, down), shocks are normal with
/// rare jumps. A day needs the days before it, so values are kept: 16 bytes a day.
class walk {
public:
  /// State after a day.
  struct point {
    log2_q32 level = 0;         ///< deviation from its mean
    std::int32_t sigma = 0;     ///< the day's standard deviation in Q32; 0 on days off
    std::uint16_t regime = 256; ///< volatility multiplier in Q8
  };
  /// |level| never exceeds this: a factor 4.
  static constexpr log2_q32 max_level = log2_q32{2} << log2_bits;

  walk(walk_rules rules, civil_date epoch);
  /// Computes up to `day` included.
  void extend(civil_date day);
  [[nodiscard]] bool knows(civil_date day) const {
    return day - before_epoch_ < static_cast<int>(points_.size());
  }
  /// Days before the epoch read as the day before it. Requires knows(day).
  [[nodiscard]] const point& at(civil_date day) const {
    return day < before_epoch_ ? points_.front() : points_[static_cast<std::size_t>(day - before_epoch_)];
  }

private:
  [[nodiscard]] point next(const point& last, civil_date day);

  enum class mood : std::uint8_t { calm, normal, turbulent };
  enum class trend : std::int8_t { down = -1, flat = 0, up = 1 };

  walk_rules rules_;
  civil_date before_epoch_;
  std::int64_t base_sigma_; // of a normal day, Q32
  std::int64_t reversion_;  // part of the level that a day takes back, Q20
  mood mood_ = mood::normal;
  trend trend_ = trend::flat;
  std::vector<point> points_;
};

/// All walks of one market. Thread-safe.
class level_book {
public:
  /// Days computed ahead of the one asked for.
  static constexpr int days_ahead = 32;

  /// What one symbol's price is made of on one day.
  struct reading {
    log2_q32 deviation = 0;                                ///< Σ beta × factor level + own level
    std::array<std::int64_t, factor_count> factor_sigma{}; ///< beta × the factor's sigma, signed
    std::int64_t own_sigma = 0;
    std::uint32_t regime = 256; ///< volatility multiplier in Q8, of its most weighty walk
  };

  level_book(std::uint64_t seed, civil_date epoch);
  /// Adds a symbol's own walk; returns its index. Not thread-safe: before use.
  std::size_t add(std::uint64_t key, const profile& p, walk_days days);
  /// Requires an index from add with the same profile.
  [[nodiscard]] reading read(std::size_t index, const profile& p, civil_date day) const;

private:
  civil_date epoch_;
  mutable std::shared_mutex mutex_;
  mutable std::vector<walk> factors_;
  mutable std::vector<walk> own_;
};

} // namespace tt::market::sim
