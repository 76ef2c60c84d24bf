#include "gateways/json/market_json.hpp"

namespace tt::gateway {

namespace {

constexpr int percent_digits = 4;

std::string_view side_name(aggressor side) {
  switch (side) {
  case aggressor::buyer: return "buy";
  case aggressor::seller: return "sell";
  case aggressor::unknown: break;
  }
  return "unknown";
}

void write_ohlcv(json_writer& out, const bar& b) {
  out.field("ts", unix_seconds(b.open_time));
  out.field("o", b.open).field("h", b.high).field("l", b.low).field("c", b.close).field("v", b.volume);
}

} // namespace

std::optional<price_change> change_of(const market::quote_snapshot& quote) {
  if (!quote.last || !quote.prev_close || !quote.prev_close->value().is_positive()) return std::nullopt;
  const decimal change = quote.last->value() - quote.prev_close->value();
  // A feed's nonsense must not end the process, so the checked forms.
  const auto hundredfold = decimal::checked_multiply(change, decimal{100});
  if (!hundredfold) return std::nullopt;
  const auto percent = decimal::checked_divide(*hundredfold, quote.prev_close->value());
  if (!percent) return std::nullopt;
  return price_change{change, percent->rounded_to(decimal::from_scaled(1, percent_digits), rounding::half_even)};
}

void write_quote(json_writer& out, const market::quote_snapshot& quote) {
  out.begin_object().field("symbol", quote.symbol);
  if (quote.state != market::freshness::waiting) {
    out.field("timestamp", unix_seconds(quote.ts)).field("ts_ms", unix_ms(quote.ts));
    out.optional_field("bid", quote.bid).optional_field("ask", quote.ask);
    out.optional_field("bid_size", quote.bid_size).optional_field("ask_size", quote.ask_size);
    out.optional_field("last", quote.last).optional_field("price", quote.last);
    out.optional_field("last_size", quote.last_size).field("volume", quote.volume);
    out.optional_field("open", quote.open).optional_field("high", quote.high).optional_field("low", quote.low);
  }
  out.optional_field("prev_close", quote.prev_close);
  if (const auto change = change_of(quote))
    out.field("change", change->absolute).field("change_percent", change->percent);
  out.field("source", quote.source).field("delayed", false);
  out.field("stale", quote.state != market::freshness::fresh);
  out.field("market_state", to_string(quote.market)).end_object();
}

void write_bar(json_writer& out, const bar& b) {
  out.begin_object();
  write_ohlcv(out, b);
  out.end_object();
}

void write_bar_update(json_writer& out, const market::bar_update& update) {
  out.begin_object().field("symbol", update.symbol).field("timeframe", update.frame.to_string());
  out.field("session", to_string(update.hours));
  write_ohlcv(out, update.data);
  out.field("closed", update.state == market::bar_state::closed).field("bar_seq", update.seq).end_object();
}

void write_trade(json_writer& out, const market::trade_update& update) {
  const trade_tick& trade = update.trade;
  out.begin_object().field("symbol", update.symbol);
  out.field("timestamp", unix_seconds(trade.ts)).field("ts_ms", unix_ms(trade.ts));
  out.field("price", trade.px).field("size", trade.size).field("side", side_name(trade.side));
  out.field("trade_seq", update.seq).end_object();
}

void write_market_status(json_writer& out, const exchange_calendar& calendar, utc_time now) {
  const market_state state = calendar.state_at(now);
  out.begin_object().field("is_open", state == market_state::regular).field("session", to_string(state));
  out.field("venue", calendar.id()).field("timezone", calendar.time_zone());
  out.field("timestamp", unix_seconds(now)).field("ts_ms", unix_ms(now));
  const auto local = [&](std::string_view name, std::optional<utc_time> t) {
    if (t) out.field(name, calendar.to_local_iso8601(*t));
    else out.key(name).null();
  };
  const auto turns = calendar.next_turns(now, session_hours::regular);
  local("next_open", turns.open);
  local("next_close", turns.close);
  // Today's trading day where a session is running, the civil date otherwise.
  const auto running = calendar.day_at(now, session_hours::extended);
  const civil_date today = running ? running->day : calendar.local_date(now);
  if (const auto name = calendar.holiday_name(today)) out.field("holiday", *name);
  const auto hours = calendar.day(today);
  out.field("half_day", hours && hours->length == day_length::early_close).end_object();
}

} // namespace tt::gateway
