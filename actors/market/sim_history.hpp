#pragma once

// The past of a simulated exchange: years of bars, made when asked for.

#include "actors/market/feed_source.hpp"
#include "actors/market/sim_cache.hpp"
#include "actors/market/sim_exchange.hpp"
#include "actors/market/sim_source.hpp"

#include <memory>

namespace tt::market {

/// Bars of every symbol of a simulated exchange from its epoch on, in timeframes
/// 1m and 30m (all hours, aligned to their opening) and 1d (regular hours, stamped
/// 00:00 UTC of the trading day). They equal what the ticks of sim_source build.
/// Half hours spare whoever makes hours of them thirty times the bars; the opening
/// and close of every regular session lie on their grid. Thread-safe.
class sim_history final : public history_source {
public:
  /// Memory of the caches, in bytes of bars.
  struct limits {
    std::size_t minute_bytes = 8U << 20;    ///< about 150 sessions of 24 hours
    std::size_t half_hour_bytes = 8U << 20; ///< about 8 years of 24-hour days
    std::size_t daily_bytes = 4U << 20;     ///< about 200 symbol-years
  };

  /// Tells only bars that have closed by `seen`; with null all there will ever be
  /// (for backtests over a fixed range).
  sim_history(std::shared_ptr<const sim::exchange> market, std::shared_ptr<const sim::horizon> seen,
              limits caches);
  explicit sim_history(std::shared_ptr<const sim::exchange> market,
                       std::shared_ptr<const sim::horizon> seen = nullptr)
      : sim_history(std::move(market), std::move(seen), limits{}) {}

  [[nodiscard]] std::vector<timeframe> timeframes(std::string_view symbol) const override;
  /// Errors: unknown_symbol, unsupported.
  [[nodiscard]] result<std::vector<bar>> bars(std::string_view symbol, timeframe frame, utc_time from,
                                              utc_time to, std::size_t limit) const override;

private:
  /// A longer bar in ticks and lots.
  struct sum {
    utc_time stamp;
    utc_time close; ///< when it is complete
    sim::minute values;
  };
  using sums = sim::vector_cache<std::pair<std::uint32_t, std::int32_t>, sum>;
  using session_key = std::pair<std::uint32_t, std::int32_t>; ///< symbol, day
  using block_key = std::pair<std::uint32_t, std::int32_t>;   ///< symbol, 32 civil days

  [[nodiscard]] std::vector<bar> minute_bars(std::uint32_t symbol, utc_time from, utc_time to,
                                             std::size_t limit) const;
  [[nodiscard]] std::vector<bar> long_bars(std::uint32_t symbol, timeframe frame, utc_time from, utc_time to,
                                           std::size_t limit) const;
  [[nodiscard]] std::vector<sum> make_block(std::uint32_t symbol, timeframe frame, std::int32_t block) const;
  [[nodiscard]] utc_time past_until() const;

  std::shared_ptr<const sim::exchange> market_;
  std::shared_ptr<const sim::horizon> seen_;
  mutable sim::vector_cache<session_key, sim::minute> minutes_;
  mutable sums half_hours_;
  mutable sums days_;
};

} // namespace tt::market
