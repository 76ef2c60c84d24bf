// Routes of the contract whose part of the system this build does not have. They
// are in the table with their policies, so documentation, rights and errors are
// right from the first day; each answers 503 and names what is missing.

#include "gateways/rest/services.hpp"

namespace tt::gateway {

namespace {

constexpr std::size_t pine_source_limit = 512 * 1024;
constexpr std::size_t webhook_limit = 16 * 1024;

/// A group of routes that wait for the same part.
class group {
public:
  group(std::vector<route>& rows, std::string_view tag, std::string_view missing, rate_class rate = rate_class::general)
      : rows_(rows), tag_(tag), missing_(missing), rate_(rate) {}

  group& add(verb method, std::string_view pattern, access who, std::string_view summary) {
    return add(method, pattern, {who, rate_}, summary);
  }
  group& add(verb method, std::string_view pattern, route_policy policy, std::string_view summary, std::size_t body_limit = default_body_limit) {
    const bool writes = method == verb::post || method == verb::put || method == verb::patch;
    rows_.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary,
                     .run = [text = std::string{missing_}](const context_ptr&, const responder& answer) { answer(not_available(text)); },
                     .body = writes ? body_kind::json : body_kind::none, .body_limit = body_limit, .tag = tag_});
    return *this;
  }
private:
  std::vector<route>& rows_;
  std::string_view tag_, missing_;
  rate_class rate_;
};

void add_auth(std::vector<route>& rows) {
  group auth{rows, "identity", "identity: this build keeps no users, sessions or tokens yet; loopback callers act as trader without one"};
  auth.add(verb::post, "/api/v1/auth/login", {access::open, rate_class::unauthenticated}, "Start a session")
    .add(verb::post, "/api/v1/auth/logout", access::viewer, "End the session")
    .add(verb::get, "/api/v1/auth/me", access::viewer, "Who am I")
    .add(verb::get, "/api/v1/auth/tokens", access::admin, "Tokens")
    .add(verb::post, "/api/v1/auth/tokens", access::admin, "Make a token")
    .add(verb::remove, "/api/v1/auth/tokens/{id}", access::admin, "Revoke a token")
    .add(verb::get, "/api/v1/auth/users", access::admin, "Users")
    .add(verb::post, "/api/v1/auth/users", access::admin, "Add a user")
    .add(verb::get, "/api/v1/auth/users/{id}", access::admin, "One user")
    .add(verb::patch, "/api/v1/auth/users/{id}", access::admin, "Change a user")
    .add(verb::remove, "/api/v1/auth/users/{id}", access::admin, "Remove a user")
    .add(verb::post, "/api/v1/auth/ws-ticket", access::viewer, "One-time ticket for the stream");
}

void add_paper(std::vector<route>& rows) {
  group paper{rows, "paper trading", "paper trading: this build takes alerts at /webhook/tradingview only; give the profile a paper account"};
  paper.add(verb::post, "/api/paper-trading/alerts", {access::trader, rate_class::orders}, "A webhook alert, forced to paper");
}

/// Patterns live as long as the process, so they are spelt out for both prefixes.
struct strategy_paths {
  std::string_view list, one, source, preview, enable, disable, run_now, mode, runs, signals, performance, sets,
    transitions, plots, status, alerts;
};

constexpr std::array<strategy_paths, 2> strategy_prefixes{
  {{"/api/v1/strategies", "/api/v1/strategies/{id}", "/api/v1/strategies/{id}/source",
    "/api/v1/strategies/preview", "/api/v1/strategies/{id}/enable", "/api/v1/strategies/{id}/disable",
    "/api/v1/strategies/{id}/run-now", "/api/v1/strategies/{id}/mode", "/api/v1/strategies/{id}/runs",
    "/api/v1/strategies/{id}/signals", "/api/v1/strategies/{id}/performance", "/api/v1/strategies/{id}/sets",
    "/api/v1/strategies/{id}/transitions", "/api/v1/strategies/{id}/plots", "/api/v1/strategies/status", "/api/v1/strategies/alerts"},
   {"/api/strategies", "/api/strategies/{id}", "/api/strategies/{id}/source", "/api/strategies/preview",
    "/api/strategies/{id}/enable", "/api/strategies/{id}/disable", "/api/strategies/{id}/run-now", "/api/strategies/{id}/mode",
    "/api/strategies/{id}/runs", "/api/strategies/{id}/signals", "/api/strategies/{id}/performance", "/api/strategies/{id}/sets",
    "/api/strategies/{id}/transitions", "/api/strategies/{id}/plots", "/api/strategies/status", "/api/strategies/alerts"}}};

void add_strategies(std::vector<route>& rows) {
  group strategies{rows, "strategies", "strategies: this build has no strategy service yet"};
  for (const auto& at : strategy_prefixes) {
    strategies.add(verb::get, at.list, access::viewer, "Strategies")
      .add(verb::post, at.list, {access::trader, rate_class::general}, "Register a strategy", pine_source_limit)
      .add(verb::get, at.one, access::viewer, "One strategy")
      .add(verb::patch, at.one, access::trader, "Change a strategy")
      .add(verb::remove, at.one, access::trader, "Remove a strategy")
      .add(verb::put, at.source, {access::trader, rate_class::general}, "New source version", pine_source_limit)
      .add(verb::post, at.preview, {access::trader, rate_class::jobs}, "Plots and simulated trades", pine_source_limit)
      .add(verb::post, at.enable, access::trader, "Enable")
      .add(verb::post, at.disable, {access::trader, rate_class::unlimited}, "Disable")
      .add(verb::post, at.run_now, access::trader, "Run once, now")
      .add(verb::post, at.mode, access::trader, "Paper or live")
      .add(verb::get, at.runs, access::viewer, "Runs")
      .add(verb::get, at.signals, access::viewer, "Signals")
      .add(verb::get, at.performance, access::viewer, "Performance")
      .add(verb::get, at.sets, access::viewer, "Evaluation sets")
      .add(verb::get, at.transitions, access::viewer, "Changes of mode")
      .add(verb::get, at.plots, access::viewer, "Computed plot columns")
      .add(verb::get, at.status, access::viewer, "State of all strategies")
      .add(verb::get, at.alerts, access::viewer, "Strategy alerts")
      .add(verb::remove, at.alerts, access::trader, "Clear strategy alerts");
  }
}

void add_alerts(std::vector<route>& rows) {
  group alerts{rows, "alerts", "alerts: this build has no alert service yet"};
  alerts.add(verb::get, "/api/v1/alerts", access::viewer, "Price alerts")
    .add(verb::post, "/api/v1/alerts", access::trader, "Make an alert")
    .add(verb::get, "/api/v1/alerts/{id}", access::viewer, "One alert")
    .add(verb::patch, "/api/v1/alerts/{id}", access::trader, "Change an alert")
    .add(verb::remove, "/api/v1/alerts/{id}", access::trader, "Remove an alert")
    .add(verb::post, "/api/v1/alerts/{id}/pause", access::trader, "Pause")
    .add(verb::post, "/api/v1/alerts/{id}/resume", access::trader, "Resume");
  group hooks{rows, "webhook", "webhook: this build has no webhook receiver yet"};
  constexpr route_policy receive{access::secret, rate_class::webhook};
  for (const std::string_view pattern : {"/webhook/tradingview", "/webhook/tradingview/{path_token}"}) {
    hooks.add(verb::post, pattern, receive, "TradingView alert", webhook_limit);
    rows.back().body = body_kind::any;
  }
  hooks.add(verb::get, "/webhook/test", access::viewer, "Limits and clock of the receiver")
    .add(verb::get, "/api/v1/webhooks", access::admin, "Webhook profiles")
    .add(verb::post, "/api/v1/webhooks", access::admin, "Make a profile")
    .add(verb::get, "/api/v1/webhooks/events", access::viewer, "Received alerts")
    .add(verb::get, "/api/v1/webhooks/{id}", access::admin, "One profile")
    .add(verb::patch, "/api/v1/webhooks/{id}", access::admin, "Change a profile")
    .add(verb::remove, "/api/v1/webhooks/{id}", access::admin, "Remove a profile")
    .add(verb::post, "/api/v1/webhooks/{id}/rotate", access::admin, "New path token");
}

} // namespace

void add_later_routes(std::vector<route>& rows) {
  add_auth(rows);
  add_paper(rows);
  add_strategies(rows);
  add_alerts(rows);
}

} // namespace tt::gateway
