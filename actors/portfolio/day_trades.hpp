#pragma once

// Day trades of a US margin account, for venues that report none themselves.

#include "actors/model/calendar.hpp"
#include "actors/model/fill.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>

namespace tt::portfolio {

/// Sessions that the rule looks back over, today's included.
inline constexpr int day_trade_sessions = 5;

/// How often a position was opened, or added to, and then reduced on the same trading day, in the last five sessions of
/// `calendar` (FINRA rule 4210(f)(8)(B)). Fills in a row on the closing side count once until something is opened again; what
/// closes a position of the day before is none. `fills` in the order of their booking; `held` is what they led to, by symbol;
/// `binds` says whether the rule binds a symbol. Adjustments of positions are no trades, and are not looked for.
int day_trades(std::span<const order_fill> fills, const std::map<std::string, position>& held, const exchange_calendar& calendar, utc_time now,
               const std::function<bool(const std::string& symbol)>& binds);

} // namespace tt::portfolio
