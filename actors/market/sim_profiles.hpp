#pragma once

// What the simulated exchange knows about each symbol: where its price lives, how
// it moves, what moves with it, how much of it trades.

#include "actors/model/instrument.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace tt::market::sim {

/// Forces that several symbols share. Each is a random walk of its own; a symbol
/// moves by its betas on them plus a walk that is its own.
enum class factor : std::uint8_t { equity, technology, crypto, dollar };

inline constexpr std::size_t factor_count = 4;

/// How activity is spread over a session.
enum class session_shape : std::uint8_t {
  equity,  ///< U over the regular hours, thin before and after
  futures, ///< nearly around the clock, busy during New York's cash hours
  forex,   ///< by UTC hour: Tokyo, London, New York
  crypto,  ///< by UTC hour, never quiet
};

/// One symbol's parameters. Volatilities are annual, in basis points (2500 = 25 %).
struct profile {
  std::string symbol;
  /// Another symbol whose price path this one shares (a micro contract and its
  /// big brother); empty: its own.
  std::string path_of;
  /// Level around which the price lives on 2026-01-01, in millionths.
  std::int64_t anchor_micros = 100'000'000;
  /// Slow growth of that level per year, in basis points.
  std::int32_t trend_bp = 500;
  /// Sensitivity to each factor, in percent.
  std::array<std::int16_t, factor_count> betas{};
  /// Volatility of its own walk. 1..20000.
  std::int32_t own_volatility_bp = 2000;
  /// Average volume of a full trading day, in thousandths of a unit. For symbols
  /// without a tape it only sets how volume noise scales the number of quotes.
  std::int64_t daily_volume_milli = 10'000'000'000;
  /// Typical size at the touch, in thousandths of a unit.
  std::int64_t quote_size_milli = 200'000;
  /// Typical spread in busy hours, in hundredths of a basis point of the price;
  /// never less than one tick.
  std::int32_t spread_centi_bp = 100;
  /// Prints (quotes where there is no tape) in an average busy minute.
  std::int32_t trades_per_minute = 10;
  session_shape shape = session_shape::equity;
};

/// Annual volatility of each factor in its normal regime, in basis points.
inline constexpr std::array<std::int32_t, factor_count> factor_volatility_bp{1300, 900, 4500, 650};

/// The symbols of the default universe: AAPL GOOGL MSFT NVDA TSLA AMD, SPY QQQ IWM
/// DIA VTI XLK XLF XLE XLV, ES1! NQ1! MNQ1! RTY1! YM1!, BTCUSD ETHUSD, EURUSD; and
/// GOOG, which follows GOOGL.
std::span<const profile> default_profiles();

/// The default profile of that symbol, or a generic one by asset class. Generic
/// anchors differ from symbol to symbol and lie at least 1,000 ticks above zero.
profile profile_for(const instrument& what);

} // namespace tt::market::sim
