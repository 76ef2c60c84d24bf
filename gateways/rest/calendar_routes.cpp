// Market status, calendar and news (http-api.md section 5).

#include "gateways/http/query_reader.hpp"
#include "gateways/json/market_json.hpp"
#include "gateways/news/news_json.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

namespace {

constexpr int default_calendar_days = 30;
constexpr int max_calendar_days = 1100;
constexpr std::int64_t default_news = 50, max_news = 500;
constexpr std::size_t max_news_symbols = 100;

/// The calendar that `venue` names, or the configured one.
result<std::shared_ptr<const exchange_calendar>> venue_of(const services& parts, query_reader& query) {
  auto found = find_calendar(query.text({"venue"}).value_or(parts.config.market_calendar));
  if (!found) return error{found.error().code == errc::not_found ? errc::invalid_argument : found.error().code, found.error().message, "venue"};
  return found;
}

void status(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto venue = venue_of(parts, query);
  if (!query.ok()) return answer(query.failure());
  if (!venue) return answer(venue.error());
  json_writer out{call->style};
  write_market_status(out, **venue, parts.market.market_time());
  answer(json_response(out.take()));
}

void write_day(json_writer& out, const exchange_calendar& venue, civil_date at) {
  const auto day = venue.day(at);
  out.begin_object().field("date", at.to_string()).field("status", day ? "open" : "closed");
  const auto local = [&](std::string_view name, std::optional<utc_time> t) {
    out.key(name);
    t ? out.value(venue.to_local_iso8601(*t)) : out.null();
  };
  local("open", day ? std::optional{day->regular.open} : std::nullopt);
  local("close", day ? std::optional{day->regular.close} : std::nullopt);
  if (day && day->extended != day->regular) {
    local("extended_open", day->extended.open);
    local("extended_close", day->extended.close);
  }
  out.field("half_day", day && day->length == day_length::early_close);
  if (const auto name = venue.holiday_name(at)) out.field("name", *name);
  out.end_object();
}

void days(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  const auto venue = venue_of(parts, query);
  const auto from = query.date({"from"});
  const auto to = query.date({"to"});
  if (!query.ok()) return answer(query.failure());
  if (!venue) return answer(venue.error());
  const civil_date first = from.value_or((*venue)->local_date(parts.market.market_time()));
  const civil_date last = to.value_or(first + default_calendar_days);
  for (const auto& [name, day] : {std::pair{"from", first}, std::pair{"to", last}})
    if (day < first_calendar_day || day > last_calendar_day)
      return answer(bad_field("query", name, "the rules of the calendars hold from " + first_calendar_day.to_string() + " to " + last_calendar_day.to_string(), "range"));
  if (last < first) return answer(bad_field("query", "to", "must not be before from", "range"));
  if (last - first >= max_calendar_days)
    return answer(bad_field("query", "to", "at most " + std::to_string(max_calendar_days) + " days in one answer", "range"));
  json_writer out{call->style};
  out.begin_object().field("venue", (*venue)->id()).field("timezone", (*venue)->time_zone()).key("days").begin_array();
  for (civil_date at = first; at <= last; at = at + 1) write_day(out, **venue, at);
  out.end_array().end_object();
  answer(json_response(out.take()));
}

void news(services& parts, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  news_query wanted;
  const auto asked = query.symbols({"symbols", "symbol"}, query_reader::need::optional, max_news_symbols);
  wanted.limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, max_news).value_or(default_news));
  wanted.since = query.time({"since"});
  if (!query.ok()) return answer(query.failure());
  // items name instruments as the master does, whichever name was asked for
  for (const auto& name : asked) {
    const auto* known = parts.market.instruments().find(name);
    wanted.symbols.push_back(known == nullptr ? name : known->symbol);
  }
  json_writer out{call->style};
  out.begin_object().key("news").begin_array();
  if (parts.news != nullptr)
    for (const auto& one : parts.news->find(wanted)) write(out, one);
  out.end_array().field("configured", parts.news != nullptr).key("feeds").begin_array();
  if (parts.news != nullptr)
    for (const auto& one : parts.news->feeds()) write(out, one);
  answer(json_response(out.end_array().end_object().take()));
}

route row(std::string_view pattern, std::string_view summary, handler run, std::vector<param_doc> query, std::string_view schema) {
  return {.method = verb::get, .pattern = pattern, .policy = {access::viewer, rate_class::market_data}, .summary = summary,
          .run = std::move(run), .query = std::move(query), .response_schema = schema, .tag = "market data"};
}

} // namespace

void add_calendar_routes(std::vector<route>& rows, services& parts) {
  const auto call_of = [p = &parts](auto run) { return [p, run](const context_ptr& call, const responder& answer) { run(*p, call, answer); }; };
  for (const std::string_view pattern : {"/api/market/status", "/api/v1/market/status"})
    rows.push_back(row(pattern, "Whether a venue is open", call_of(status), {{"venue", "string", "Calendar id, XNYS when absent"}}, "MarketStatus"));
  rows.push_back(row("/api/v1/calendar", "Trading days of a venue", call_of(days),
                     {{"venue"}, {"from", "string", "YYYY-MM-DD"}, {"to", "string", "YYYY-MM-DD, included"}}, "Calendar"));
  rows.push_back(row("/api/v1/news", "Headlines of the node's feeds, newest first", call_of(news),
                     {{"symbols", "string", "About any of them"}, {"limit", "integer"}, {"since", "string", "Published then or later"}}, "News"));
}

} // namespace tt::gateway
