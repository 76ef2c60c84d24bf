// Quotes, instruments, bars, prints and the top of the book (http-api.md section 5).

#include "gateways/http/query_reader.hpp"
#include "gateways/json/market_json.hpp"
#include "gateways/rest/services.hpp"
#include "gateways/udf/history_request.hpp"
#include "actors/model/session_text.hpp"
#include "gateways/udf/udf.hpp"

namespace tt::gateway {

namespace {

constexpr std::size_t max_quote_symbols = 100;
constexpr std::int64_t default_bars = 500;
constexpr std::int64_t max_trades = 1000;

/// Answers a query problem; true when there was one.
bool refused(const query_reader& query, const responder& answer) {
  if (!query.ok()) answer(query.failure());
  return !query.ok();
}

void quotes(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto asked = query.symbols({"symbols", "symbol"}, query_reader::need::required, max_quote_symbols);
  if (refused(query, answer)) return;
  std::vector<std::string> wanted, unmatched;
  for (const auto& name : asked) {
    const auto* what = parts.market.instruments().find(name);
    if (what == nullptr) unmatched.push_back(name);
    else if (std::find(wanted.begin(), wanted.end(), what->symbol) == wanted.end()) wanted.push_back(what->symbol);
  }
  parts.market.quotes(std::move(wanted), [call, answer, unmatched](const result<std::vector<market::quote_snapshot>>& reply) {
    if (!reply) return answer(reply.error());
    json_writer out{call->style};
    out.begin_object().key("quotes").begin_array();
    for (const auto& one : *reply) write_quote(out, one);
    out.end_array().key("unmatched").begin_array();
    for (const auto& name : unmatched) out.value(name);
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

/// Asks for one symbol's quote and writes it with `write`.
template <class Write>
void one_quote(services& parts, const context_ptr& call, const responder& answer, Write write) {
  const auto found = find_instrument(parts, call->params.front());
  if (!found) return answer(to_api_error(found.error(), "path"));
  parts.market.quotes({(*found)->symbol}, [call, answer, write](const result<std::vector<market::quote_snapshot>>& reply) {
    if (!reply) return answer(reply.error());
    if (reply->size() != 1) return answer(error{errc::internal, "the market answered another number of quotes"});
    json_writer out{call->style};
    write(out, reply->front());
    answer(json_response(out.take()));
  });
}

/// Only the best bid and offer are kept, and the answer says so.
void write_depth(json_writer& out, const market::quote_snapshot& quote) {
  out.begin_object().field("symbol", quote.symbol);
  if (quote.state != market::freshness::waiting) out.field("timestamp", unix_seconds(quote.ts)).field("ts_ms", unix_ms(quote.ts));
  const auto side = [&](std::string_view name, const std::optional<price>& px, const std::optional<quantity>& size) {
    out.key(name).begin_array();
    if (px) out.begin_object().field("price", *px).optional_field("size", size).end_object();
    out.end_array();
  };
  side("bids", quote.bid, quote.bid_size);
  side("asks", quote.ask, quote.ask_size);
  out.field("levels", 1).field("book", "top").field("note", "this build keeps the best bid and offer only");
  out.field("source", quote.source).field("stale", quote.state != market::freshness::fresh).end_object();
}

void search(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  instrument_master::search_query wanted;
  wanted.text = query.text({"q", "query"}, query_reader::need::required).value_or("");
  wanted.type = query.text({"type"}).value_or("");
  wanted.exchange = query.text({"exchange"}).value_or("");
  wanted.limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, 100).value_or(20));
  if (refused(query, answer)) return;
  json_writer out{call->style};
  out.begin_object().key("symbols").begin_array();
  for (const auto* what : parts.market.instruments().search(wanted)) {
    out.begin_object().field("symbol", what->symbol).field("full_name", what->full_name()).field("description", what->description);
    out.field("exchange", what->exchange).field("type", to_string(what->kind)).field("ticker", what->symbol).end_object();
  }
  out.end_array().end_object();
  answer(json_response(out.take()));
}

void instrument_details(services& parts, const context_ptr& call, const responder& answer) {
  const auto found = find_instrument(parts, call->params.front());
  if (!found) return answer(to_api_error(found.error(), "path"));
  const instrument& what = **found;
  const auto hours = describe_sessions(*what.calendar, what.calendar->local_date(parts.market.market_time()));
  json_writer out{call->style};
  out.begin_object().field("symbol", what.symbol).field("ticker", what.symbol).field("full_name", what.full_name());
  out.field("exchange", what.exchange).field("description", what.description).field("type", to_string(what.kind));
  out.field("currency", what.currency).field("tick", what.tick).field("lot", what.lot).field("multiplier", what.multiplier);
  out.field("price_basis", to_string(what.basis)).field("calendar", what.calendar->id()).field("timezone", what.calendar->time_zone());
  out.key("sessions").begin_object().field("regular", hours->regular).field("extended", hours->extended).end_object();
  out.field("has_extended_hours", what.has_extended_hours());
  out.key("venue_symbols").begin_object();
  for (const auto& [venue, name] : what.venue_symbols) out.raw_key(venue).value(name);
  out.end_object().key("roll_date");
  what.roll_date ? out.value(what.roll_date->to_string()) : out.null();
  out.field("borrowable", what.borrowable).key("timeframes").begin_array();
  for (const auto frame : offered_timeframes) out.value(frame.to_string());
  out.end_array().end_object();
  answer(json_response(out.take()));
}

/// A page of bars: the newest `limit` before `to` (or the cursor), oldest first.
struct bars_page {
  market::history_request request;
  std::size_t limit = 0;
};

bars_page read_page(query_reader& query, const services& parts, const instrument& what) {
  bars_page out;
  auto& request = out.request;
  request.symbol = what.symbol;
  request.frame = query.frame({"timeframe", "resolution"}, query_reader::need::required).value_or(timeframe{});
  request.hours = query.session();
  out.limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, max_history_bars).value_or(default_bars));
  request.from = query.time({"from"});
  const auto to = query.time({"to"});
  const auto cursor = query.integer({"cursor"}, query_reader::need::optional, unix_seconds(min_input_time), unix_seconds(max_input_time));
  if (!query.ok()) return out;
  request.to = to.value_or(parts.market.market_time() + std::chrono::seconds{1});
  if (request.from && request.to <= *request.from) query.problem("to", "must be after from", "range");
  request.to = cursor ? from_unix_seconds(*cursor) : history_bound(what, request.frame, request.hours, request.to);
  // One more than the page, where possible, tells whether there is another one.
  request.limit = static_cast<std::uint32_t>(std::min<std::size_t>(out.limit + 1, max_history_bars));
  if (!request.from) request.countback = request.limit;
  return out;
}

void write_page(json_writer& out, const std::vector<bar>& bars, std::size_t limit, gateway_metrics& metrics) {
  const bool more = bars.size() > limit || (bars.size() == limit && limit == max_history_bars);
  const std::size_t first = bars.size() > limit ? bars.size() - limit : 0;
  std::size_t dropped = 0;
  out.begin_object().key("bars").begin_array();
  for (std::size_t i = first; i < bars.size(); ++i) {
    if (bars[i].is_consistent()) write_bar(out, bars[i]);
    else ++dropped;
  }
  metrics.dropped_bars(dropped);
  out.end_array().key("next_cursor");
  more ? out.value(std::to_string(unix_seconds(bars[first].open_time))) : out.null();
  out.end_object();
}

void bars(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto symbol = query.text({"symbol", "ticker"}, query_reader::need::required);
  if (refused(query, answer)) return;
  const auto found = find_instrument(parts, *symbol);
  if (!found) return answer(to_api_error(found.error()));
  auto page = read_page(query, parts, **found);
  if (refused(query, answer)) return;
  if (page.request.from && page.request.to <= *page.request.from) { // a cursor at the beginning of the range
    json_writer out{call->style};
    write_page(out, {}, page.limit, parts.metrics);
    return answer(json_response(out.take()));
  }
  parts.market.history(page.request, [&parts, call, answer, limit = page.limit](const result<market::history_reply>& reply) {
    if (!reply) return answer(reply.error());
    json_writer out{call->style};
    write_page(out, *reply->bars, limit, parts.metrics);
    answer(json_response(out.take()));
  });
}

void trades(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto limit = query.integer({"limit"}, query_reader::need::optional, 1, max_trades).value_or(100);
  if (refused(query, answer)) return;
  const auto found = find_instrument(parts, call->params.front());
  if (!found) return answer(to_api_error(found.error(), "path"));
  parts.market.trades((*found)->symbol, static_cast<std::uint32_t>(limit),
                      [call, answer, symbol = (*found)->symbol](const result<std::vector<market::trade_update>>& reply) {
    if (!reply) return answer(reply.error());
    json_writer out{call->style};
    out.begin_object().field("symbol", symbol).key("trades").begin_array();
    for (const auto& one : *reply) write_trade(out, one);
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

route market_row(std::string_view pattern, std::string_view summary, handler run, std::vector<param_doc> query, std::string_view schema) {
  return {.method = verb::get, .pattern = pattern, .policy = {access::viewer, rate_class::market_data}, .summary = summary,
          .run = std::move(run), .query = std::move(query), .response_schema = schema, .tag = "market data"};
}

} // namespace

void add_market_routes(std::vector<route>& rows, services& parts) {
  auto* p = &parts;
  const auto call_of = [p](auto run) { return [p, run](const context_ptr& call, const responder& answer) { run(*p, call, answer); }; };
  rows.push_back(market_row("/api/v1/quotes", "Quotes of up to 100 symbols", call_of(quotes), {{"symbols", "string", "Comma list", "required"}}, "Quotes"));
  rows.push_back(market_row("/api/v1/quotes/{symbol}", "One quote", [p](const context_ptr& call, const responder& answer) {
    one_quote(*p, call, answer, [](json_writer& out, const market::quote_snapshot& quote) { write_quote(out, quote); });
  }, {}, "Quote"));
  rows.push_back(market_row("/api/v1/depth/{symbol}", "Book levels: the best bid and offer", [p](const context_ptr& call, const responder& answer) {
    query_reader query{call->request.query};
    static_cast<void>(query.integer({"limit"}, query_reader::need::optional, 1, 100));
    if (!refused(query, answer)) one_quote(*p, call, answer, write_depth);
  }, {{"limit", "integer", "Levels, 1 to 100; this build has one"}}, "Depth"));
  rows.push_back(market_row("/api/v1/symbols/search", "Search instruments", call_of(search),
                            {{"q", "string", "Text", "required"}, {"type"}, {"exchange"}, {"limit", "integer"}}, "SymbolSearch"));
  rows.push_back(market_row("/api/v1/symbols/{symbol}", "Full instrument", call_of(instrument_details), {}, "Instrument"));
  rows.push_back(market_row("/api/v1/bars", "Bars, newest page first, each page oldest first", call_of(bars),
                            {{"symbol", "string", "", "required"}, {"timeframe", "string", "1m 5m 1h 1d …", "required"},
                             {"from", "string", "Epoch seconds or ISO-8601"}, {"to", "string", "Exclusive"},
                             {"limit", "integer", "1 to 20000, 500 when absent"}, {"cursor", "string", "next_cursor of the page before"},
                             {"session", "string", "regular or extended"}}, "Bars"));
  rows.push_back(market_row("/api/v1/trades/{symbol}", "Recent prints, newest first", call_of(trades), {{"limit", "integer", "1 to 1000, 100 when absent"}}, "Trades"));
}

} // namespace tt::gateway
