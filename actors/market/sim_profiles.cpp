#include "actors/market/sim_profiles.hpp"

#include "actors/market/sim_math.hpp"

#include <algorithm>
#include <vector>

namespace tt::market::sim {

namespace {

constexpr std::int64_t million = 1'000'000;

/// Ordered as the columns of the table below.
profile row(const char* symbol, const char* path_of, std::int64_t anchor_micros, std::int32_t trend_bp,
            std::array<std::int16_t, factor_count> betas, std::int32_t own_volatility_bp,
            std::int64_t daily_volume_milli, std::int64_t quote_size_milli, std::int32_t spread_centi_bp,
            std::int32_t trades_per_minute, session_shape shape) {
  return {symbol,
          path_of,
          anchor_micros,
          trend_bp,
          betas,
          own_volatility_bp,
          daily_volume_milli,
          quote_size_milli,
          spread_centi_bp,
          trades_per_minute,
          shape};
}

/// Anchors are round figures near the end of 2025; volumes and spreads are orders
/// of magnitude, not quotes of anybody's statistics. Betas: equity, technology,
/// crypto, dollar.
std::vector<profile> make_defaults() {
  using enum session_shape;
  std::vector<profile> out;
  const auto k = std::int64_t{1000};
  const auto m = k * million;
  out.push_back(row("AAPL", "", 255 * million, 1100, {105, 70, 0, 0}, 1700, 50 * m, 300 * k, 40, 32, equity));
  out.push_back(
      row("GOOGL", "", 245 * million, 1100, {100, 75, 0, 0}, 1900, 32 * m, 200 * k, 60, 26, equity));
  out.push_back(
      row("GOOG", "GOOGL", 245 * million, 1100, {100, 75, 0, 0}, 1900, 22 * m, 150 * k, 60, 22, equity));
  out.push_back(row("MSFT", "", 490 * million, 1100, {95, 80, 0, 0}, 1400, 22 * m, 120 * k, 60, 24, equity));
  out.push_back(
      row("NVDA", "", 180 * million, 1800, {145, 150, 0, 0}, 2600, 190 * m, 800 * k, 60, 44, equity));
  out.push_back(row("TSLA", "", 400 * million, 1600, {140, 90, 5, 0}, 3800, 90 * m, 200 * k, 80, 40, equity));
  out.push_back(row("SPY", "", 660 * million, 800, {100, 15, 0, 0}, 60, 70 * m, 900 * k, 10, 44, equity));
  out.push_back(row("QQQ", "", 600 * million, 1000, {105, 90, 0, 0}, 70, 45 * m, 600 * k, 15, 40, equity));
  out.push_back(row("AMD", "", 215 * million, 1500, {140, 140, 0, 0}, 3200, 40 * m, 300 * k, 60, 30, equity));
  out.push_back(row("IWM", "", 245 * million, 500, {115, -10, 0, 0}, 850, 30 * m, 500 * k, 20, 30, equity));
  out.push_back(row("DIA", "", 465 * million, 700, {90, -12, 0, 0}, 350, 3 * m, 200 * k, 30, 20, equity));
  out.push_back(row("VTI", "", 325 * million, 800, {100, 12, 0, 0}, 90, 3 * m, 200 * k, 30, 20, equity));
  out.push_back(row("XLK", "", 285 * million, 1100, {105, 90, 0, 0}, 250, 6 * m, 200 * k, 40, 20, equity));
  out.push_back(row("XLF", "", 53 * million, 700, {95, -25, 0, 0}, 600, 40 * m, 900 * k, 40, 20, equity));
  out.push_back(row("XLE", "", 90 * million, 500, {70, -30, 0, 0}, 1500, 16 * m, 500 * k, 40, 20, equity));
  out.push_back(row("XLV", "", 140 * million, 600, {65, -20, 0, 0}, 700, 9 * m, 300 * k, 40, 20, equity));
  out.push_back(
      row("ES1!", "", 6'600 * million, 800, {100, 15, 0, 0}, 60, 1'500'000 * k, 60 * k, 38, 40, futures));
  out.push_back(
      row("NQ1!", "", 24'500 * million, 1000, {105, 90, 0, 0}, 70, 600'000 * k, 5 * k, 20, 40, futures));
  out.push_back(row("MNQ1!", "NQ1!", 24'500 * million, 1000, {105, 90, 0, 0}, 70, 1'600'000 * k, 12 * k, 20,
                    44, futures));
  out.push_back(
      row("RTY1!", "", 2'400 * million, 500, {115, -10, 0, 0}, 850, 200'000 * k, 12 * k, 50, 22, futures));
  out.push_back(
      row("YM1!", "", 46'000 * million, 700, {90, -12, 0, 0}, 350, 140'000 * k, 6 * k, 30, 20, futures));
  out.push_back(
      row("BTCUSD", "", 95'000 * million, 2000, {40, 0, 100, 0}, 900, 12'000 * k, 600, 5, 40, crypto));
  out.push_back(
      row("ETHUSD", "", 3'300 * million, 1600, {45, 0, 120, 0}, 2000, 180'000 * k, 9 * k, 8, 34, crypto));
  out.push_back(row("EURUSD", "", 1'130'000, 0, {5, 0, 0, 100}, 150, 900 * m, million * k, 35, 40, forex));
  return out;
}

profile generic(asset_class kind) {
  using enum session_shape;
  const auto k = std::int64_t{1000};
  switch (kind) {
  case asset_class::stock:
    return row("", "", 80 * million, 700, {100, 20, 0, 0}, 2200, 4 * k * million, 200 * k, 200, 12, equity);
  case asset_class::etf:
    return row("", "", 90 * million, 500, {80, 10, 0, 0}, 700, 6 * k * million, 400 * k, 150, 14, equity);
  case asset_class::index:
    return row("", "", 4'000 * million, 600, {100, 10, 0, 0}, 300, 2 * k * million, 50 * k, 100, 12, equity);
  case asset_class::futures:
    return row("", "", 900 * million, 100, {20, 0, 0, -20}, 1800, 150'000 * k, 15 * k, 150, 20, futures);
  case asset_class::forex:
    return row("", "", million, 0, {5, 0, 0, 80}, 400, 500 * k * million, million * k, 80, 30, forex);
  case asset_class::crypto:
    return row("", "", 20 * million, 500, {40, 0, 110, 0}, 3500, 2 * k * million, 300 * k, 150, 20, crypto);
  case asset_class::option:
    return row("", "", 5 * million, 0, {150, 0, 0, 0}, 4500, 20'000 * k, 20 * k, 15'000, 2, equity);
  }
  return {};
}

} // namespace

std::span<const profile> default_profiles() {
  static const std::vector<profile> list = make_defaults();
  return list;
}

profile profile_for(const instrument& what) {
  const auto list = default_profiles();
  if (auto at = std::ranges::find(list, what.symbol, &profile::symbol); at != list.end()) return *at;
  profile out = generic(what.kind);
  out.symbol = what.symbol;
  // half to twice the class's level, so that unknown symbols don't all cost the same
  const auto spread = static_cast<log2_q32>(stream_key(0, what.symbol) >> 31) - (log2_q32{1} << 32);
  out.anchor_micros = (out.anchor_micros * exp2_q16(spread)) >> 16;
  constexpr std::int64_t least_ticks = 1000;
  constexpr std::int64_t raw_per_micro = decimal::scale / million;
  const int128 least = what.tick.value().raw() * least_ticks / raw_per_micro;
  out.anchor_micros = static_cast<std::int64_t>(std::max<int128>(out.anchor_micros, least));
  return out;
}

} // namespace tt::market::sim
