// The webhook receiver (http-api.md section 10): where alerts are posted, profiles,
// events; and the paper route that takes the same alerts (section 7).

#include "gateways/http/peer_rules.hpp"
#include "gateways/rest/trading_call.hpp"
#include "gateways/webhook/webhook_json.hpp"

#include <charconv>
#include <chrono>

namespace tt::gateway {

namespace {

using webhook::answer_kind;
using webhook::webhook_answer;

/// TradingView gives up after 3 s and never sends again; a 503 before that makes it try again.
constexpr std::chrono::milliseconds ack_deadline{2'000};
constexpr std::string_view missing = "webhook: this node receives no alerts";
constexpr std::size_t default_events = 50;

using webhook_handler = void (*)(services&, webhook_port&, const context_ptr&, const responder&);

handler with_port(services& parts, webhook_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    if (p->webhooks == nullptr) return answer(not_available(std::string(missing)));
    run(*p, *p->webhooks, call, answer);
  };
}

handler with_paper(services& parts, webhook_handler run) {
  return [p = &parts, next = with_port(parts, run)](const context_ptr& call, const responder& answer) {
    if (p->config.paper_trading == feature::disabled)
      return answer(make_error(403, "feature.disabled", "paper trading is switched off on this node (ENABLE_PAPER_TRADING)"));
    next(call, answer);
  };
}

/// Alerts come as JSON or as text; curl's own default is taken for text.
bool is_alert_type(std::string_view type) {
  const auto media = trimmed(type.substr(0, type.find(';')));
  return media.empty() || iequals(media, "application/json") || to_lower(media).starts_with("text/") || iequals(media, "application/x-www-form-urlencoded");
}

std::optional<std::string> header_of(const http_request& request, std::string_view name) {
  const auto* found = request.headers.find(name);
  return found == nullptr ? std::nullopt : std::optional{*found};
}

/// "CN=TradingView Webhooks,O=TradingView\, Inc.,…" as nginx's $ssl_client_s_dn (RFC 2253) has it.
std::string part_of_name(std::string_view name, std::string_view wanted) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) parts.back() += name[++i];
    else if (name[i] == ',') parts.emplace_back();
    else parts.back() += name[i];
  }
  for (const auto& one : parts) {
    const auto text = trimmed(one);
    if (text.size() > wanted.size() && iequals(text.substr(0, wanted.size()), wanted) && text[wanted.size()] == '=')
      return std::string(text.substr(wanted.size() + 1));
  }
  return {};
}

/// What came over the socket itself, or was said by a proxy in TRUSTED_PROXIES.
void read_connection(const services& parts, const http_request& request, std::string_view client, webhook::webhook_post& out) {
  const auto trusted = network_list::parse(parts.config.trusted_proxies);
  const bool by_proxy = trusted && trusted->contains(request.peer);
  const bool is_passed_on = request.headers.find("X-Forwarded-For") != nullptr || request.headers.find("Forwarded") != nullptr;
  out.client = client;
  // an unknown proxy on this machine must not turn the whole world into loopback
  const bool is_local = is_loopback_address(client) && (by_proxy || !is_passed_on);
  out.origin = is_local ? webhook::post_origin::loopback : webhook::post_origin::remote;
  const bool tls = request.link == peer_link::tls || (by_proxy && iequals(trimmed(request.header("X-Forwarded-Proto")), "https"));
  out.link = tls ? webhook::post_link::tls : webhook::post_link::plain;
  if (request.certificate)
    out.certificate = webhook::client_identity{request.certificate->common_name, request.certificate->organization, request.certificate->emails};
  else if (by_proxy && iequals(trimmed(request.header("X-SSL-Client-Verify")), "SUCCESS")) {
    const auto name = request.header("X-SSL-Client-S-DN");
    out.certificate = webhook::client_identity{part_of_name(name, "CN"), part_of_name(name, "O"), {}, webhook::client_identity::witness::proxy};
  }
}

std::string_view result_name(const webhook_answer& got) {
  switch (got.kind) {
  case answer_kind::unreadable: return "unreadable";
  case answer_kind::unauthenticated: return "unauthenticated";
  case answer_kind::rate_limited: return "rate_limited";
  case answer_kind::unavailable: return "unavailable";
  case answer_kind::accepted: break;
  }
  if (got.seen == webhook_answer::repetition::duplicate) return "duplicate";
  return got.event ? tt::to_string(got.event->word.verdict) : "recorded";
}

void answer_post(const context_ptr& call, const responder& answer, const webhook_answer& got) {
  const auto failed = [&](int status, std::string code, std::optional<std::string> retry = std::nullopt) {
    auto out = make_error(status, std::move(code), got.detail);
    if (retry) out.headers.set("Retry-After", *retry);
    answer(std::move(out));
  };
  switch (got.kind) {
  case answer_kind::unreadable: return failed(400, "webhook.unreadable");
  case answer_kind::unauthenticated: return failed(401, "webhook.unauthenticated");
  case answer_kind::rate_limited: return failed(429, "rate_limited", "1");
  case answer_kind::unavailable: return failed(503, "not_available", "5");
  case answer_kind::accepted: break;
  }
  json_writer out{call->style};
  write(out, got);
  answer(json_response(out.take()));
}

std::function<void(webhook_answer)> answer_later(const webhook_port& port, const context_ptr& call, const responder& answer) {
  // the port may be gone by then
  return [count = port.answered(), call, answer, began = std::chrono::steady_clock::now()](const webhook_answer& got) {
    count(result_name(got), std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    answer_post(call, answer, got);
  };
}

void receive(services& parts, webhook_port& port, const context_ptr& call, const responder& answer) {
  const auto& request = call->request;
  if (!is_alert_type(request.header("Content-Type"))) return answer(make_error(415, "content_type", "an alert is JSON or text"));
  webhook::webhook_post post;
  if (!call->params.empty()) post.path_token = call->params[0];
  post.body = request.body;
  post.secret = header_of(request, "X-Webhook-Secret");
  post.signature = header_of(request, "X-Webhook-Signature");
  post.mac_timestamp = header_of(request, "X-Webhook-Timestamp");
  post.nonce = header_of(request, "X-Webhook-Nonce");
  read_connection(parts, request, call->client, post);
  port.post(std::move(post), answer_later(port, call, answer));
}

/// The paper account that an alert names, or the default one.
void receive_on_paper(services& parts, webhook_port& port, const context_ptr& call, const responder& asked) {
  if (parts.trading == nullptr) return asked(no_accounts_for("paper trading"));
  const auto text = webhook::read_payload(call->request.body);
  if (!text) return asked(make_error(400, "webhook.unreadable", text.error().message));
  auto named = webhook::normalise(*text).account;
  if (named.empty()) {
    const auto usual = usual_account(*parts.trading, *call);
    if (!usual) return asked(usual.error());
    named = usual->str();
  }
  // what strategy an alert speaks for is known once it is read for good
  if (!call->who.strategies.empty()) return asked(out_of_scope("strategies"));
  if (!call->who.lists_account(named)) return asked(out_of_scope("accounts"));
  const auto granted = within_rate(parts, call, asked, account_id{named});
  if (!granted) return;
  const auto who = caller_of(*call);
  parts.trading->accounts(who, [to = &port, call, answer = *granted, named](const result<std::vector<account_snapshot>>& got) {
    if (!got) return answer(got.error());
    for (const auto& one : *got)
      if (one.profile.id.str() == named && one.profile.mode == account_mode::paper)
        return to->post_on_paper(call->request.body, call->client, one.profile.id, answer_later(*to, call, answer));
    answer(make_error(404, "not_found", "there is no paper account of that name"));
  });
}

void show_limits(services& parts, webhook_port& port, const context_ptr& call, const responder& answer) {
  const auto limits = port.limits();
  json_writer out{call->style};
  out.begin_object().field("ok", true).field("timestamp", unix_seconds(call->now)).field("ts_ms", unix_ms(call->now)).field("now", call->now);
  out.key("limits").begin_object();
  out.field("body_bytes", webhook::max_payload_bytes).field("posts_per_minute", limits.posts_per_minute).field("burst", limits.burst);
  out.field("freshness_s", limits.freshness.count()).field("answer_within_ms", ack_deadline.count());
  out.field("duplicate_memory_s", std::chrono::seconds(webhook::duplicate_memory).count()).field("body_memory_s", webhook::body_memory.count()).end_object();
  out.field("secret_set", limits.secret == webhook_limits::secret_state::set);
  if (parts.config.webhooks) out.field("listen", parts.config.webhooks->host);
  out.end_object();
  answer(json_response(out.take()));
}

// -- profiles

template <class T>
reply<T> answer_profile(const context_ptr& call, const responder& answer, int status = 200) {
  return [call, answer, status](const result<T>& got) {
    if (!got) return answer(to_api_error(got.error(), "body"));
    json_writer out{call->style};
    if constexpr (std::is_same_v<T, webhook::new_profile>) write(out, got->profile, got->path_token);
    else write(out, *got);
    answer(json_response(out.take(), status));
  };
}

void list_profiles(services&, webhook_port& port, const context_ptr& call, const responder& answer) {
  port.profiles([call, answer](const result<std::vector<webhook::webhook_profile>>& got) {
    if (!got) return answer(got.error());
    json_writer out{call->style};
    out.begin_object().key("webhooks").begin_array();
    for (const auto& one : *got) write(out, one);
    out.end_array().end_object();
    answer(json_response(out.take()));
  });
}

void show_profile(services&, webhook_port& port, const context_ptr& call, const responder& answer) {
  port.profile(call->params[0], answer_profile<webhook::webhook_profile>(call, answer));
}

/// Looks the account up, so that a profile can't point at one that is not there, then goes on.
void with_account(services& parts, webhook::profile_change change, const responder& answer, std::function<void(webhook::profile_change)> next) {
  if (!change.account) return next(std::move(change));
  if (parts.trading == nullptr) return answer(no_accounts_for("webhook"));
  const trading_caller who{"webhooks", risk::access::admin, trading_caller::reach::all};
  parts.trading->accounts(who, [answer, change = std::move(change), next = std::move(next)](const result<std::vector<account_snapshot>>& got) mutable {
    if (!got) return answer(got.error());
    for (const auto& one : *got)
      if (one.profile.id == *change.account) {
        change.mode = one.profile.mode;
        return next(std::move(change));
      }
    answer(bad_field("body", "account_id", "there is no account of that name"));
  });
}

/// The change that a body asks for; answers the 400 itself.
std::optional<webhook::profile_change> read_change(services& parts, const context_ptr& call, const responder& answer) {
  const auto root = body_of(call, answer);
  if (!root) return std::nullopt;
  object_reader body(*root);
  auto change = read_profile_change(body, *root);
  if (is_bad(parts, body, call, answer)) return std::nullopt;
  return change;
}

void create_profile(services& parts, webhook_port& port, const context_ptr& call, const responder& answer) {
  auto change = read_change(parts, call, answer);
  if (!change) return;
  if (!change->name) return answer(bad_field("body", "name", "is required", "missing"));
  if (!change->account) return answer(bad_field("body", "account_id", "is required", "missing"));
  with_account(parts, std::move(*change), answer, [to = &port, call, answer](webhook::profile_change checked) {
    to->create(std::move(checked), answer_profile<webhook::new_profile>(call, answer, 201));
  });
}

void change_profile(services& parts, webhook_port& port, const context_ptr& call, const responder& answer) {
  auto change = read_change(parts, call, answer);
  if (!change) return;
  with_account(parts, std::move(*change), answer, [to = &port, call, answer](webhook::profile_change checked) {
    to->change(call->params[0], std::move(checked), answer_profile<webhook::webhook_profile>(call, answer));
  });
}

void remove_profile(services&, webhook_port& port, const context_ptr& call, const responder& answer) {
  port.remove(call->params[0], [call, answer](const result<void>& gone) {
    if (!gone) return answer(to_api_error(gone.error(), "path"));
    json_writer out{call->style};
    out.begin_object().field("ok", true).end_object();
    answer(json_response(out.take()));
  });
}

void rotate_profile(services&, webhook_port& port, const context_ptr& call, const responder& answer) {
  port.rotate(call->params[0], answer_profile<webhook::new_profile>(call, answer));
}

void list_events(services&, webhook_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  webhook::event_filter filter;
  filter.profile = query.text({"profile"});
  if (const auto word = query.text({"decision"})) {
    const auto verdict = parse_name<webhook::alert_verdict>(*word, "decision");
    if (verdict) filter.verdict = *verdict;
    else query.problem("decision", verdict.error().message, "value");
  }
  constexpr auto most = static_cast<std::int64_t>(webhook::max_listed_events);
  filter.limit = static_cast<std::size_t>(query.integer({"limit"}, query_reader::need::optional, 1, most).value_or(default_events));
  if (const auto before = query.integer({"cursor"}, query_reader::need::optional, 1, INT64_MAX)) filter.before = static_cast<std::uint64_t>(*before);
  if (!query.ok()) return answer(query.failure());
  const auto limit = filter.limit;
  port.events(std::move(filter), [call, answer, limit](const result<std::vector<webhook::webhook_event>>& got) {
    if (!got) return answer(got.error());
    json_writer out{call->style};
    out.begin_object().key("events").begin_array();
    for (const auto& one : *got)
      if (call->who.may_see(one.account.str(), one.strategy.str())) write(out, one);
    out.end_array();
    if (got->size() == limit) out.field("next_cursor", std::to_string(got->back().id));
    else out.key("next_cursor").null();
    out.end_object();
    answer(json_response(out.take()));
  });
}

} // namespace

void add_webhook_posts(std::vector<route>& rows, services& parts) {
  for (const std::string_view pattern : {"/webhook/tradingview", "/webhook/tradingview/{path_token}"})
    rows.push_back({.method = verb::post, .pattern = pattern, .policy = {access::secret, rate_class::webhook}, .summary = "TradingView alert",
                    .run = with_port(parts, receive), .response_schema = "WebhookAnswer", .body = body_kind::any,
                    .body_limit = webhook::max_payload_bytes, .tag = "webhook", .answer_within = ack_deadline});
}

void add_webhook_routes(std::vector<route>& rows, services& parts) {
  add_webhook_posts(rows, parts);
  const auto add = [&](verb method, std::string_view pattern, access who, std::string_view summary, webhook_handler run, std::string_view response,
                       std::string_view request = "", int success = 200) {
    rows.push_back({.method = method, .pattern = pattern, .policy = {who, rate_class::general}, .summary = summary, .run = with_port(parts, run),
                    .request_schema = request, .response_schema = response, .success = success,
                    .body = request.empty() ? body_kind::none : body_kind::json, .tag = "webhook"});
  };
  add(verb::get, "/webhook/test", access::viewer, "Limits and clock of the receiver", show_limits, "WebhookLimits");
  add(verb::get, "/api/v1/webhooks", access::admin, "Webhook profiles", list_profiles, "WebhookProfiles");
  add(verb::post, "/api/v1/webhooks", access::admin, "Make a profile", create_profile, "WebhookProfile", "WebhookProfileChange", 201);
  add(verb::get, "/api/v1/webhooks/events", access::viewer, "Received alerts, newest first", list_events, "WebhookEvents");
  rows.back().query = {{"profile", "string", "Id of a profile"}, {"decision", "string", "queued, recorded or refused"},
                       {"limit", "integer", "1 to 500"}, {"cursor", "string", "next_cursor of the page before"}};
  add(verb::get, "/api/v1/webhooks/{id}", access::admin, "One profile", show_profile, "WebhookProfile");
  add(verb::patch, "/api/v1/webhooks/{id}", access::admin, "Change a profile", change_profile, "WebhookProfile", "WebhookProfileChange");
  add(verb::remove, "/api/v1/webhooks/{id}", access::admin, "Remove a profile", remove_profile, "Ok");
  add(verb::post, "/api/v1/webhooks/{id}/rotate", access::admin, "New path token", rotate_profile, "WebhookProfile");
  rows.push_back({.method = verb::post, .pattern = "/api/paper-trading/alerts", .policy = {access::trader, rate_class::orders, bound_callers::welcome},
                  .summary = "A webhook alert, forced to paper", .run = with_paper(parts, receive_on_paper), .response_schema = "WebhookAnswer",
                  .body = body_kind::any, .body_limit = webhook::max_payload_bytes, .tag = "paper trading", .answer_within = ack_deadline});
}

} // namespace tt::gateway
