#pragma once

// Expressions of the job language over the closed bars of one symbol and timeframe:
// the condition `custom`. The names are those of bars and indicators, of the session
// at the end of the bar and of the market by daily bars; names of positions, accounts
// and other sources are refused, an alert has none.

#include "actors/alerts/price/bar_watch.hpp"

namespace tt::alerts {

/// Compiles the expression of a rule. `{name}` stands for a parameter of the rule; indicators take their lengths from
/// rsi_period, bollinger_period, bollinger_std, atr_period, volume_period (14, 20, 2, 14, 20), market_volatility its days from
/// lookback_days (30). news_sentiment is missing: there is no source of it.
/// Errors: invalid_argument (field `expression`): not readable, unknown names, no condition.
result<std::shared_ptr<custom_condition>> make_custom_condition(const alert_rule& rule, const instrument& what);

} // namespace tt::alerts
