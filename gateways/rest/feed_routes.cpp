// Feeds of this node: their state, and the door through which a stepped replay is
// moved on. Ours; the HTTP contract has no such routes.

#include "gateways/json/json_reader.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

namespace {

/// As market::max_step_events: more would only wait in the symbols' mailboxes.
constexpr std::int64_t max_step = 100'000;

void write_feed(json_writer& out, const market::feed_status& feed) {
  out.begin_object()
    .field("name", feed.name)
    .field("source", feed.label)
    .field("state", feed.state)
    .field("since", unix_seconds(feed.since))
    .field("events", feed.events)
    .field("stale_symbols", feed.stale_symbols)
    .optional_field("last_event_at", feed.last_event)
    .field("detail", feed.detail)
    .end_object();
}

void list_feeds(services& parts, const context_ptr& call, const responder& answer) {
  parts.market.feeds([call, answer](const result<std::vector<market::feed_status>>& feeds) {
    if (!feeds) return answer(feeds.error());
    json_writer out{call->style};
    out.begin_object().key("feeds").begin_array();
    for (const auto& feed : *feeds) write_feed(out, feed);
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

void step_feed(services& parts, const context_ptr& call, const responder& answer) {
  const auto parsed = parse_json(call->request.body);
  if (!parsed) return answer(to_api_error(parsed.error(), "body"));
  object_reader body{*parsed};
  const auto events = body.number({"events"}, object_reader::need::required);
  const auto count = events ? events->to_scaled(0) : result<std::int64_t>{std::int64_t{1}};
  if (events && (!count || *count < 1 || *count > max_step)) body.problem("events", "must be a whole number from 1 to 100000", "range");
  if (auto failed = body.finish(call->strictness)) return answer(std::move(*failed));
  parts.metrics.unknown_json_fields(body.unknown().size());
  parts.market.step_feed(call->params.front(), static_cast<std::uint32_t>(*count), [call, answer](const result<std::uint32_t>& done) {
    if (!done) return answer(done.error());
    json_writer out{call->style};
    out.begin_object().field("name", call->params.front()).field("events", *done).end_object();
    answer(json_response(out.take()));
  });
}

} // namespace

void add_feed_routes(std::vector<route>& rows, services& parts) {
  auto* p = &parts;
  rows.push_back({.method = verb::get, .pattern = "/api/v1/feeds", .policy = {access::viewer, rate_class::general},
                  .summary = "Feeds of this node", .run = [p](const context_ptr& call, const responder& answer) { list_feeds(*p, call, answer); },
                  .response_schema = "Feeds", .tag = "service"});
  rows.push_back({.method = verb::post, .pattern = "/api/v1/feeds/{name}/step", .policy = {access::trader, rate_class::general},
                  .summary = "Hand out the next events of a stepped replay",
                  .run = [p](const context_ptr& call, const responder& answer) { step_feed(*p, call, answer); },
                  .request_schema = "FeedStep", .response_schema = "FeedStepped", .body = body_kind::json, .tag = "service"});
}

} // namespace tt::gateway
