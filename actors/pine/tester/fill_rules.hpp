#pragma once
/// The rules of filling by themselves, without orders' bookkeeping: the path a bar takes, where a level triggers on
/// it, what price the fill gets, and the grids of price, quantity and money. Shared with the paper broker.

#include "actors/model/fill_rules.hpp"
#include "actors/pine/bar.hpp"
#include "actors/pine/tester/rules.hpp"

#include <array>
#include <cmath>
#include <cstdint>

namespace tt::pine::tester {

/// Open, high, low, close on the tick grid.
struct bar_prices {
  double open = 0, high = 0, low = 0, close = 0;
};

/// A bar as the emulator sees it, and as it was quoted: a quote may lie between two ticks.
struct quoted_bar {
  bar_prices on_grid, raw;
  quoted_bar(const bar_prices& both) : on_grid(both), raw(both) {} // quotes that lie on the grid
  quoted_bar(const bar_prices& ticks, const bar_prices& quotes) : on_grid(ticks), raw(quotes) {}
};

/// The assumed path inside a bar: open, the extreme nearer to the open, the other extreme, close. With equal
/// distances the low comes first (manual: strategies, "Broker emulator"; kit: strat-bollinger, strat-keltnerchannel). The
/// quotes decide, before they are rounded to ticks (as observed on shares that are quoted in fractions of a cent).
struct tick_path {
  std::array<double, 4> at, raw;
  bool up_first;
};
inline tick_path path_of(const quoted_bar& b) {
  const auto &p = b.on_grid, &q = b.raw;
  if (fills::high_first(q.open, q.high, q.low)) return {{p.open, p.high, p.low, p.close}, {q.open, q.high, q.low, q.close}, true};
  return {{p.open, p.low, p.high, p.close}, {q.open, q.low, q.high, q.close}, false};
}

/// To the nearest tick, as the emulator rounds the prices of bars: the quotient by the tick decides, so that 27.455 is 27.45
/// (as observed on shares that are quoted in fractions of a cent).
inline double on_ticks(double price, const symbol_grid& g) { return std::floor(price / g.mintick + 0.5) * g.minmove / g.pricescale; }
/// A bar on the grid, beside its quotes.
inline quoted_bar on_ticks(const bar& b, const symbol_grid& g) {
  return {{on_ticks(b.open, g), on_ticks(b.high, g), on_ticks(b.low, g), on_ticks(b.close, g)}, {b.open, b.high, b.low, b.close}};
}
/// To the nearest tick, as a fill is booked: a count of ticks times the tick.
inline double booked_price(double price, const symbol_grid& g) {
  return std::floor(price / g.mintick + 0.5) * g.mintick;
}
/// The same of a price that lies on the grid, which needs no division to be counted.
inline double booked_on_grid(double price, const symbol_grid& g) {
  return g.minmove == 1 ? std::floor(price * g.pricescale + 0.5) * g.mintick : booked_price(price, g);
}

/// Which way a level that lies between two ticks goes.
enum class rounding : std::uint8_t { down, up };
/// A level within a ten-thousandth of a tick counts as on that tick, others move one way: limits of buys and stops
/// of sells go down, limits of sells and stops of buys go up (kit: strat-slippage-limit, strat-bollinger).
inline double level_on_ticks(double price, rounding way, const symbol_grid& g) {
  constexpr double same_tick = 1e-4;
  double ticks = price * g.pricescale / g.minmove;
  ticks = way == rounding::down ? std::floor(ticks + same_tick) : std::ceil(ticks - same_tick);
  return ticks * g.minmove / g.pricescale;
}

/// Lots in one contract: whole for lots like 0.00001, whose double is not exactly that.
inline double lots_per_contract(const symbol_grid& g) {
  double n = std::round(1 / g.lot);
  return std::fabs(n * g.lot - 1) < 1e-9 ? n : 1 / g.lot;
}
/// Whole lots in a quantity that was derived from others; a few units in the last place below a lot count as it.
inline double whole_lots(double qty, const symbol_grid& g) {
  double lots = std::fabs(qty) * lots_per_contract(g), nearest = std::round(lots);
  return std::fabs(lots - nearest) <= 8 * std::numeric_limits<double>::epsilon() * lots + 1e-9 ? nearest : std::floor(lots);
}
/// Quantities are counted in units of a hundred-millionth: the double is a whole number of units times 1e-8, so 300,000
/// lots of 0.00001 are 3 and not 3.0000000000000004 (as observed). Finer lots and numbers beyond 64 bits stay.
inline double on_units(double qty, double lots_in_one) {
  constexpr double unit = 1e-8, most = 9.2e18;
  double units = qty / unit;
  return lots_in_one <= 1e8 && std::fabs(units) < most ? std::nearbyint(units) * unit : qty;
}
/// That many lots, with their sign.
inline double of_lots(double lots, const symbol_grid& g) {
  double n = lots_per_contract(g);
  return on_units(lots * (1 / n), n);
}
/// `qty` cut to whole lots, its sign kept.
inline double on_lots(double qty, const symbol_grid& g) { return of_lots(std::copysign(whole_lots(qty, g), qty), g); }
/// Sum of two quantities that are on the lot grid, counted in lots as long as a double holds them.
inline double add_lots(double a, double b, const symbol_grid& g) {
  constexpr double exact = 9007199254740992.0; // 2^53
  double n = lots_per_contract(g), lots_a = a * n, lots_b = b * n;
  if (!(std::fabs(lots_a) < exact && std::fabs(lots_b) < exact)) return on_units(a + b, n);
  return on_units((std::round(lots_a) + std::round(lots_b)) * (1 / n), n);
}
/// A quantity that the script gave: cut down by its decimal value, so 0.0010899999999999998 is 108 lots of 0.00001.
double given_on_lots(double qty, const symbol_grid& g);
/// A quantity that money buys: its shortest decimal is cut down to lots (as observed for percent_of_equity and cash), so a
/// quotient that prints as 17.557 buys 17.557 and 25.268199999999997 buys 25.2681, whatever their products with the lots are.
inline double bought_on_lots(double qty, const symbol_grid& g) {
  const double n = lots_per_contract(g), lots = std::fabs(qty) * n, nearest = std::round(lots);
  double whole = std::floor(lots);
  const double near = 1e-6 + 8 * std::numeric_limits<double>::epsilon() * lots;
  if (std::fabs(lots - nearest) < near) whole = std::fabs(qty) >= nearest / n ? nearest : nearest - 1;
  return of_lots(std::copysign(whole, qty), g);
}

/// Money as it is booked: ten significant digits, halves up. Fees and the budget of default sizing are, profits not.
double ten_digits(double money);

/// Slippage against the order: `buy_sign` is +1 for a buy, -1 for a sell.
inline double slipped(double price, double buy_sign, const broker_rules& r) {
  if (r.slippage_percent > 0) price = booked_price(price * (1 + buy_sign * r.slippage_percent / 100), r.grid);
  return r.slippage_ticks > 0 ? price + buy_sign * r.slippage_ticks * r.grid.mintick : price;
}

/// Whether a resting level is already met by a tick at `price`: stops at or beyond it, limits at or better. A limit
/// needs `limit_ticks` more. `sign` is +1 for a buy.
inline bool stop_met(double stop, double sign, double price) { return fills::stop_met(stop, sign > 0, price); }
inline double limit_trigger(double limit, double sign, const broker_rules& r) {
  return r.limit_ticks > 0 ? on_ticks(limit - sign * r.limit_ticks * r.grid.mintick, r.grid) : limit;
}
inline bool limit_met(double limit, double sign, double price, const broker_rules& r) {
  return fills::limit_met(limit_trigger(limit, sign, r), sign > 0, price);
}

} // namespace tt::pine::tester
