// UDF without history and chart storage: config, time, symbols, search, quotes, marks.

#include "gateways/udf/udf.hpp"

#include "gateways/http/query_reader.hpp"
#include "gateways/json/market_json.hpp"
#include "gateways/udf/marks.hpp"
#include "actors/model/session_text.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

constexpr std::int64_t max_search = 100;
constexpr std::size_t max_udf_quotes = 500;

void write_list(json_writer& out, std::string_view name, std::span<const std::string_view> items) {
  out.raw_key(name).begin_array();
  for (const auto item : items) out.value(item);
  out.end_array();
}

std::span<const std::string_view> intraday_multipliers() { return {udf_resolutions.data(), udf_intraday_count}; }

void config(services& parts, const responder& answer) {
  const auto& master = parts.market.instruments();
  json_writer out;
  out.begin_object().field("supports_search", true).field("supports_group_request", false).field("supports_marks", true);
  out.field("supports_timescale_marks", true).field("supports_time", true);
  write_list(out, "supported_resolutions", udf_resolutions);
  out.raw_key("exchanges").begin_array();
  out.begin_object().field("value", "").field("name", "All exchanges").field("desc", "").end_object();
  for (const auto& exchange : master.exchanges())
    out.begin_object().field("value", exchange).field("name", exchange).field("desc", exchange).end_object();
  out.end_array().raw_key("symbols_types").begin_array();
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> types{
    {{"All types", ""}, {"Stock", "stock"}, {"ETF", "etf"}, {"Index", "index"}, {"Futures", "futures"}, {"Forex", "forex"}, {"Crypto", "crypto"}, {"Option", "option"}}};
  for (const auto& [name, value] : types) out.begin_object().field("name", name).field("value", value).end_object();
  out.end_array().raw_key("currency_codes").begin_array();
  for (const auto& currency : master.currencies()) out.value(currency);
  out.end_array().end_object();
  answer(json_response(out.take()));
}

std::shared_ptr<const session_text> sessions_of(const services& parts, const instrument& what) {
  return describe_sessions(*what.calendar, what.calendar->local_date(parts.market.market_time()));
}

void symbols(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto asked = query.text({"symbol"}, query_reader::need::required);
  if (!query.ok()) return answer(query.failure());
  const auto found = find_instrument(parts, *asked);
  if (!found) return answer(to_api_error(found.error()));
  const instrument& what = **found;
  const auto hours = sessions_of(parts, what);
  const auto grid = grid_of(what);
  json_writer out;
  out.begin_object().field("symbol", what.symbol).field("ticker", what.symbol).field("name", what.symbol);
  out.field("full_name", what.full_name()).field("description", what.description).field("type", to_string(what.kind));
  out.field("exchange", what.exchange).field("listed_exchange", what.exchange);
  out.field("session", hours->regular).field("session_holidays", hours->holidays).field("corrections", hours->corrections);
  out.field("timezone", what.calendar->time_zone());
  out.field("minmov", grid.minmov).field("minmove2", 0).field("pricescale", grid.pricescale).field("fractional", false);
  out.field("format", "price").field("has_intraday", true).field("has_daily", true).field("has_weekly_and_monthly", true);
  write_list(out, "intraday_multipliers", intraday_multipliers());
  write_list(out, "supported_resolutions", udf_resolutions);
  out.field("volume_precision", what.quantity_digits()).field("data_status", "streaming");
  out.field("currency_code", what.currency).end_object();
  answer(json_response(out.take()));
}

void search(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  instrument_master::search_query wanted;
  wanted.text = query.text({"query"}).value_or("");
  wanted.type = query.text({"type"}).value_or("");
  wanted.exchange = query.text({"exchange"}).value_or("");
  wanted.limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, max_search).value_or(30));
  if (!query.ok()) return answer(query.failure());
  json_writer out;
  out.begin_array();
  for (const auto* what : parts.market.instruments().search(wanted)) {
    out.begin_object().field("symbol", what->symbol).field("full_name", what->full_name()).field("description", what->description);
    out.field("exchange", what->exchange).field("ticker", what->symbol).field("type", to_string(what->kind)).end_object();
  }
  out.end_array();
  answer(json_response(out.take()));
}

/// One column of symbol_info.
template <class Write>
void column(json_writer& out, std::string_view name, const std::vector<const instrument*>& rows, Write write) {
  out.raw_key(name).begin_array();
  for (const auto* row : rows) write(*row);
  out.end_array();
}

void symbol_info(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto group = query.text({"group"});
  if (!query.ok()) return answer(query.failure());
  std::vector<const instrument*> rows;
  for (const auto& one : parts.market.instruments().all())
    if (!group || iequals(one.exchange, *group)) rows.push_back(&one);
  // An error object for one group breaks every resolve of the vendor's adapter; an
  // empty table doesn't, and the adapter never looks at the status.
  if (rows.empty()) return answer(json_response(R"({"symbol":[]})", 404));
  json_writer out;
  out.begin_object();
  const auto text = [&](std::string_view name, auto get) {
    column(out, name, rows, [&](const instrument& one) { out.value(get(one)); });
  };
  text("symbol", [](const instrument& one) { return one.symbol; });
  text("ticker", [](const instrument& one) { return one.symbol; });
  text("description", [](const instrument& one) { return one.description; });
  text("exchange-listed", [](const instrument& one) { return one.exchange; });
  text("exchange-traded", [](const instrument& one) { return one.exchange; });
  text("type", [](const instrument& one) { return to_string(one.kind); });
  text("timezone", [](const instrument& one) { return one.calendar->time_zone(); });
  text("minmovement", [](const instrument& one) { return grid_of(one).minmov; });
  text("pricescale", [](const instrument& one) { return grid_of(one).pricescale; });
  text("volume_precision", [](const instrument& one) { return one.quantity_digits(); });
  text("session-regular", [&](const instrument& one) { return sessions_of(parts, one)->regular; });
  text("session-holidays", [&](const instrument& one) { return sessions_of(parts, one)->holidays; });
  text("corrections", [&](const instrument& one) { return sessions_of(parts, one)->corrections; });
  out.raw_key("minmovement2").value(0).raw_key("fractional").value(false);
  out.raw_key("has-intraday").value(true).raw_key("has-daily").value(true).raw_key("has-weekly-and-monthly").value(true);
  out.raw_key("visible-plots-set").value("ohlcv").raw_key("force-session-rebuild").value(false);
  column(out, "supported-resolutions", rows, [&](const instrument&) {
    out.begin_array();
    for (const auto one : udf_resolutions) out.value(one);
    out.end_array();
  });
  column(out, "intraday-multipliers", rows, [&](const instrument&) {
    out.begin_array();
    for (const auto one : intraday_multipliers()) out.value(one);
    out.end_array();
  });
  out.end_object();
  answer(json_response(out.take()));
}

/// What one entry of /udf/quotes asks for; `what` is null for unknown names.
struct asked_quote {
  std::string name; ///< byte for byte as requested
  const instrument* what = nullptr;
};

void write_udf_quote(json_writer& out, const asked_quote& asked, const market::quote_snapshot* quote) {
  const bool known = quote != nullptr && (quote->last || quote->bid || quote->ask);
  out.begin_object().field("s", known ? "ok" : "error").field("n", asked.name).raw_key("v").begin_object();
  if (known) {
    if (const auto change = change_of(*quote)) out.field("ch", change->absolute).field("chp", change->percent);
    out.field("short_name", asked.what->symbol).field("exchange", asked.what->exchange);
    out.field("description", asked.what->description).field("original_name", asked.what->full_name());
    out.optional_field("lp", quote->last).optional_field("ask", quote->ask).optional_field("bid", quote->bid);
    if (quote->ask && quote->bid) out.field("spread", *quote->ask - *quote->bid);
    out.optional_field("open_price", quote->open).optional_field("high_price", quote->high);
    out.optional_field("low_price", quote->low).optional_field("prev_close_price", quote->prev_close);
    out.field("volume", quote->volume);
  }
  out.end_object().end_object();
}

void quotes(services& parts, const context_ptr& call, const responder& answer) {
  const auto* list = call->request.query.find("symbols");
  if (list == nullptr || list->empty()) return answer(bad_field("query", "symbols", "is required", "missing"));
  std::vector<asked_quote> asked;
  std::vector<std::string> wanted;
  std::string_view rest = *list;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const auto name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name.empty()) continue;
    const auto* what = parts.market.instruments().find(trimmed(name));
    asked.push_back({std::string{name}, what});
    if (what != nullptr) wanted.push_back(what->symbol);
  }
  if (asked.size() > max_udf_quotes)
    return answer(bad_field("query", "symbols", "has more than " + std::to_string(max_udf_quotes) + " symbols", "range"));
  parts.market.quotes(std::move(wanted), [answer, asked = std::move(asked)](const result<std::vector<market::quote_snapshot>>& reply) {
    if (!reply) return answer(reply.error());
    json_writer out;
    out.begin_object().field("s", "ok").raw_key("d").begin_array();
    std::size_t next = 0;
    for (const auto& one : asked)
      write_udf_quote(out, one, one.what != nullptr && next < reply->size() ? &(*reply)[next++] : nullptr);
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

route udf_row(std::string_view pattern, std::string_view summary, handler run, std::vector<param_doc> query, std::string_view schema) {
  return {.method = verb::get, .pattern = pattern, .policy = {access::viewer, rate_class::market_data}, .summary = summary,
          .run = std::move(run), .query = std::move(query), .response_schema = schema, .errors = error_format::udf, .tag = "udf"};
}

} // namespace

price_grid grid_of(const instrument& what) {
  const int digits = what.price_digits();
  std::int64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  const auto step = what.tick.value().to_scaled(digits);
  return {step ? *step : 1, scale};
}

result<const instrument*> find_instrument(const services& parts, std::string_view name) {
  if (const auto* found = parts.market.instruments().find(name)) return found;
  return error{errc::unknown_symbol, "no instrument of the name \"" + std::string{name.substr(0, 64)} + "\"", "symbol"};
}

void add_udf_routes(std::vector<route>& rows, services& parts) {
  auto* p = &parts;
  const auto call_of = [p](auto run) { return [p, run](const context_ptr& call, const responder& answer) { run(*p, call, answer); }; };
  rows.push_back(udf_row("/udf/config", "What the data feed can do",
                         [p](const context_ptr&, const responder& answer) { config(*p, answer); }, {}, "UdfConfig"));
  auto time = udf_row("/udf/time", "Market time, epoch seconds as plain text", [p](const context_ptr&, const responder& answer) {
    answer(text_response(std::to_string(unix_seconds(p->market.market_time()))));
  }, {}, "");
  time.response_type = "text/plain";
  rows.push_back(std::move(time));
  rows.push_back(udf_row("/udf/symbols", "One instrument", call_of(symbols), {{"symbol", "string", "Ticker or EXCHANGE:TICKER", "required"}}, "UdfSymbol"));
  rows.push_back(udf_row("/udf/symbol_info", "Instruments of an exchange as columns", call_of(symbol_info), {{"group", "string", "Exchange"}}, ""));
  rows.push_back(udf_row("/udf/search", "Search instruments", call_of(search),
                         {{"query"}, {"type"}, {"exchange"}, {"limit", "integer", "1 to 100, 30 when absent"}}, "UdfSearchResults"));
  rows.push_back(udf_row("/udf/history", "Bars as columns", call_of(udf_history),
                         {{"symbol", "string", "Ticker", "required"},
                          {"resolution", "string", "1, 5, 60, 1D, 1W …", "required"},
                          {"from", "integer", "Epoch seconds"},
                          {"to", "integer", "Epoch seconds, exclusive"},
                          {"countback", "integer", "Newest bars before `to`; outranks `from`"},
                          {"session", "string", "regular or extended"}}, "UdfHistory"));
  const std::vector<param_doc> mark_params{{"symbol", "string", "", "required"}, {"from", "integer", "", "required"}, {"to", "integer", "", "required"}, {"resolution"}};
  rows.push_back(udf_row("/udf/marks", "Own fills and triggered alerts on the chart", call_of(show_marks), mark_params, "UdfMarks"));
  rows.push_back(udf_row("/udf/timescale_marks", "Rolls, strategy runs and stops on the time scale",
                         call_of(show_timescale_marks), mark_params, "UdfTimescaleMarks"));
  rows.push_back(udf_row("/udf/quotes", "Quotes by name", call_of(quotes), {{"symbols", "string", "Comma list", "required"}}, "UdfQuotes"));
}

} // namespace tt::gateway
