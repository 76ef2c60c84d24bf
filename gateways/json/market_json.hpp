#pragma once

// JSON of market values, shared by REST and the stream so that both say the same.

#include "actors/market/symbol_types.hpp"
#include "actors/model/calendar.hpp"
#include "gateways/json/json_writer.hpp"

namespace tt::gateway {

/// Writes the API's `Quote` object. Fields that are not known are left out, never
/// zero. `price` repeats `last`; `change` needs both last and prev_close.
void write_quote(json_writer& out, const market::quote_snapshot& quote);

/// Writes `{ts,o,h,l,c,v}`: the bars of REST and the stream; `ts` in epoch seconds.
void write_bar(json_writer& out, const bar& b);

/// Writes the data of a stream `bar` message: symbol, timeframe, session, ts, o, h,
/// l, c, v, closed, bar_seq.
void write_bar_update(json_writer& out, const market::bar_update& update);

/// Writes one print: symbol, timestamp, ts_ms, price, size, side, trade_seq.
void write_trade(json_writer& out, const market::trade_update& trade);

/// Writes the market status object of `calendar` at `now`: is_open, session,
/// venue, timezone, timestamp, next_open, next_close (local time with offset),
/// holiday, half_day.
void write_market_status(json_writer& out, const exchange_calendar& calendar, utc_time now);

/// last - prev_close, and the same in percent of prev_close with 4 decimals.
struct price_change {
  decimal absolute;
  decimal percent;
};
/// Nothing unless both prices are known; no percentage of a close <= 0 either.
std::optional<price_change> change_of(const market::quote_snapshot& quote);

} // namespace tt::gateway
