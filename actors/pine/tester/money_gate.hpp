#pragma once
/// How the platform counts large sums: from ten million on it compares money with the cost of an order in whole ticks and
/// on coarse grids, where it refuses, trims or lets pass what plain arithmetic would not. All of it is as observed on
/// accounts of 10^7 to 10^10; the rules have no reason that anybody has published. Pure functions.

#include "actors/pine/tester/fill_rules.hpp"

#include <optional>

namespace tt::pine::tester {

/// Money from which these rules apply.
inline constexpr double big_money = 1e7;

/// The lots of an entry that cost `unit_cost` a contract, as `money_ticks` ticks of money grant them: all of them, one
/// less, or nothing when it is refused. `price` is the one it was sized at.
std::optional<double> granted_lots(double money_ticks, double lots, double unit_cost, double price, const symbol_grid& g);

/// Money on its ten digits, in ticks.
double money_ticks(double money, const symbol_grid& g);

/// When an entry that money sizes is judged: as a market entry is placed, or whenever else its size is settled.
enum class judged : std::uint8_t { market_entry, otherwise };
/// What is left of `lots` (whole, > 0) that `money` has bought at `price`; 0: refused. `money` is not yet on ten digits.
double judged_lots(double lots, double money, double unit_cost, double price, judged when, const symbol_grid& g);

/// Whether a position fits its equity at its fill: beyond ten million half a tick is forgiven.
bool fits_equity(double margin, double equity, const symbol_grid& g);

/// What is missing to the margin of an open position: nothing, or an amount. Beyond ten million a tick begun is a tick
/// missing, so that the amount may be less than nothing: the call is made all the same.
std::optional<double> missing_margin(double margin, double equity, const symbol_grid& g);

} // namespace tt::pine::tester
