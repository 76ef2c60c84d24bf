// Health, metrics and documentation (http-api.md section 3).

#include "gateways/http/peer_rules.hpp"
#include "gateways/rest/services.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

using feeds_reply = result<std::vector<market::feed_status>>;

/// "healthy", "degraded" or "unhealthy".
std::string_view judge(const feeds_reply& feeds, const std::optional<trading_health>& trading) {
  if (!feeds) return "unhealthy";
  if (trading && trading->journal == "read_only") return "unhealthy"; // what an account holds is not known
  if (trading && trading->journal != "ok") return "degraded";         // no order can be taken
  if (feeds->empty()) return "degraded"; // no market data at all
  for (const auto& feed : *feeds)
    if ((feed.state != "live" && feed.state != "finished") || feed.stale_symbols > 0) return "degraded";
  return "healthy";
}

void write_feeds(json_writer& out, const std::vector<market::feed_status>& feeds, utc_time market_now) {
  out.key("feeds").begin_object();
  for (const auto& feed : feeds) {
    out.raw_key(feed.name).begin_object().field("state", feed.state).field("source", feed.label);
    out.field("since", unix_seconds(feed.since)).key("last_message_age_ms");
    // the clock of a cluster's market may be a moment behind its feed
    feed.last_event ? out.value(std::max<std::int64_t>(0, unix_ms(market_now) - unix_ms(*feed.last_event))) : out.null();
    out.field("events", feed.events).field("stale_symbols", feed.stale_symbols);
    if (!feed.detail.empty()) out.field("detail", feed.detail);
    out.end_object();
  }
  out.end_object();
}

/// Journal and emergency stop of the accounts that this node hosts.
void write_trading(json_writer& out, const std::optional<trading_health>& found) {
  if (!found) {
    out.key("journal").begin_object().field("state", "not_available").end_object();
    out.key("risk").begin_object().field("mode", "not_available").end_object();
    return;
  }
  const auto& now = *found;
  const bool is_stopped = now.mode != risk::kill_mode::none;
  out.key("journal").begin_object().field("state", now.journal).field("offset", now.offset);
  if (!now.reason.empty()) out.field("reason", now.reason);
  if (now.fsync_p99_us) out.key("fsync_p99_us").statistic(*now.fsync_p99_us);
  out.end_object();
  out.key("risk").begin_object().field("mode", is_stopped ? to_string(now.mode) : std::string_view{"normal"});
  out.field("kill_active", is_stopped).end_object();
  out.key("orders").begin_object().field("open", now.orders_open).field("unknown", now.orders_unknown).end_object();
}

/// Parts that this build lacks are named as such, never shown as working.
void write_details(json_writer& out, const services& parts, const feeds_reply& feeds, const std::optional<trading_health>& trading, utc_time now) {
  out.field("uptime_s", (now - parts.started) / std::chrono::seconds{1});
  out.field("tradier_connected", false).field("tradovate_connected", false).field("ccxt_connected", false);
  out.field("active_connections", parts.metrics.open_connections());
  write_feeds(out, feeds ? *feeds : std::vector<market::feed_status>{}, parts.market.market_time());
  if (!feeds) out.field("market_error", feeds.error().message);
  write_trading(out, trading);
  const auto standing = parts.cluster ? parts.cluster->standing() : cluster_standing{"standalone"};
  out.key("cluster").begin_object().field("node", parts.config.node_id).field("role", standing.role);
  out.field("epoch", std::max(standing.epoch, trading ? trading->epoch : 0)).end_object();
  const auto latency = parts.metrics.latency();
  out.key("metrics").begin_object();
  if (latency.count > 0) {
    out.key("http_p50_ms").statistic(latency.p50).key("http_p95_ms").statistic(latency.p95);
    out.key("http_p99_ms").statistic(latency.p99);
  }
  if (trading && trading->risk_p99_us) out.key("risk_p99_us").statistic(*trading->risk_p99_us);
  if (trading) out.field("orders_open", trading->orders_open).field("orders_unknown", trading->orders_unknown);
  out.end_object();
}

/// Who may see more than the bare state.
bool may_see_details(const request_context& call) { return call.who.identified() || is_loopback_address(call.client); }

/// What feeds and accounts say now; accounts: nothing on a node without.
void ask_parts(services& parts, std::function<void(const feeds_reply&, const std::optional<trading_health>&)> done) {
  parts.market.feeds([&parts, done = std::move(done)](const feeds_reply& feeds) {
    if (!parts.trading) return done(feeds, std::nullopt);
    parts.trading->ask_health([feeds, done](const trading_health& accounts) { done(feeds, accounts); });
  });
}

void health(services& parts, const context_ptr& call, const responder& answer) {
  ask_parts(parts, [&parts, call, answer](const feeds_reply& feeds, const std::optional<trading_health>& accounts) {
    const auto state = judge(feeds, accounts);
    const utc_time now = parts.clock();
    json_writer out{call->style};
    out.begin_object().field("status", state).field("ok", state != "unhealthy");
    out.field("timestamp", unix_seconds(now)).field("ts_ms", unix_ms(now)).field("version", parts.config.version);
    if (may_see_details(*call)) write_details(out, parts, feeds, accounts, now);
    out.end_object();
    answer(json_response(out.take(), state == "unhealthy" ? 503 : 200));
  });
}

/// Ready while the market answers, every journal is replayed and can be written, and every venue has answered for everything once.
void ready(services& parts, const responder& answer) {
  ask_parts(parts, [answer](const feeds_reply& feeds, const std::optional<trading_health>& accounts) {
    const bool is_ready = feeds && (!accounts || accounts->is_ready);
    answer(json_response(is_ready ? R"({"ok":true})" : R"({"ok":false})", is_ready ? 200 : 503));
  });
}

void metrics(services& parts, const responder& answer) {
  // the accounts are asked too: what is collected of them is then of now
  ask_parts(parts, [&parts, answer](const feeds_reply& feeds, const std::optional<trading_health>&) {
    http_response out;
    out.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    out.body = parts.metrics.render(feeds ? *feeds : std::vector<market::feed_status>{}, parts.market.market_time());
    answer(std::move(out));
  });
}

void shared(const std::shared_ptr<const std::string>& text, std::string_view type, const responder& answer) {
  if (!text) return answer(not_available("documentation: the route table is not ready"));
  answer(http_response{.status = 200, .headers = {{"Content-Type", std::string{type}}}, .body = {}, .shared_body = text});
}

route service_row(std::string_view pattern, access who, std::string_view summary, handler run, std::string_view schema) {
  return {.method = verb::get, .pattern = pattern, .policy = {who, rate_class::general}, .summary = summary, .run = std::move(run),
          .response_schema = schema, .tag = "service"};
}

} // namespace

void add_metrics_route(std::vector<route>& rows, services& parts, access who) {
  rows.push_back(service_row("/metrics", who, "Prometheus metrics",
                             [p = &parts](const context_ptr&, const responder& answer) { metrics(*p, answer); }, ""));
  rows.back().response_type = "text/plain";
}

void add_service_routes(std::vector<route>& rows, services& parts) {
  auto* p = &parts;
  rows.push_back(service_row("/health", access::open, "Health of the node",
                             [p](const context_ptr& call, const responder& answer) { health(*p, call, answer); }, "Health"));
  rows.push_back(service_row("/health/live", access::open, "The process answers", [](const context_ptr&, const responder& answer) {
    answer(json_response(R"({"ok":true})"));
  }, "Ok"));
  rows.push_back(service_row("/health/ready", access::open, "The node can serve",
                             [p](const context_ptr&, const responder& answer) { ready(*p, answer); }, "Ok"));
  add_metrics_route(rows, parts, access::local_or_viewer);
  rows.push_back(service_row("/openapi.json", access::local_or_viewer, "This document", [p](const context_ptr&, const responder& answer) {
    shared(p->openapi, "application/json", answer);
  }, ""));
  rows.push_back(service_row("/docs", access::local_or_viewer, "The routes as a page", [p](const context_ptr&, const responder& answer) {
    shared(p->docs_page, "text/html; charset=utf-8", answer);
  }, ""));
  rows.back().response_type = "text/html";
}

} // namespace tt::gateway
