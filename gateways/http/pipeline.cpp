#include "gateways/http/pipeline.hpp"

#include "gateways/http/digest.hpp"
#include "gateways/store/idempotency_store.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

namespace tt::gateway {

namespace {

constexpr std::size_t max_request_id = 64;
/// A body on GET means nothing; it is read and forgotten up to this size.
constexpr std::size_t max_ignored_body = 16 * 1024;
constexpr std::string_view bearer_challenge = "Bearer realm=\"TraderTerminal\"";
/// Routes whose answers hold secrets: they are never kept for a repetition.
constexpr std::string_view secret_routes = "/api/v1/auth";
constexpr std::string_view strict_transport = "max-age=31536000";
constexpr std::string_view expose_headers =
  "X-Request-Id, X-Next-Cursor, ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Idempotent-Replay";
constexpr std::string_view cors_request_headers =
  "Content-Type, Authorization, X-API-Key, X-CSRF-Token, X-Request-Id, X-Field-Case, Idempotency-Key, If-Match, If-None-Match";

bool has_prefix(std::string_view path, std::string_view prefix) {
  return path.substr(0, prefix.size()) == prefix && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

/// Paths that never fall back to the UI's index page.
bool is_reserved(std::string_view path) {
  static constexpr std::array<std::string_view, 7> reserved{"/api", "/udf", "/webhook", "/stream", "/ws", "/health", "/metrics"};
  return std::any_of(reserved.begin(), reserved.end(), [&](std::string_view prefix) { return has_prefix(path, prefix); });
}

bool is_printable_token(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::optional<api_error> read_style(request_context& context) {
  const auto& query = context.request.query;
  std::string_view names = context.request.header("X-Field-Case");
  if (const auto* chosen = query.find("case")) names = *chosen;
  if (names == "camel") context.style.names = field_case::camel;
  else if (!names.empty() && names != "snake") return bad_field("query", "case", "must be snake or camel");
  if (const auto* chosen = query.find("numbers")) {
    if (*chosen == "string") context.style.numbers = number_style::string;
    else if (*chosen != "number" && *chosen != "plain") return bad_field("query", "numbers", "must be number or string");
  }
  if (const auto* strict = query.find("strict"))
    if (*strict == "1" || *strict == "true") context.strictness = unknown_fields::refuse;
  return std::nullopt;
}

role needed_role(access who) {
  switch (who) {
  case access::open:
  case access::secret: return role::none;
  case access::local_or_viewer:
  case access::viewer: return role::viewer;
  case access::trader: return role::trader;
  case access::admin: return role::admin;
  }
  return role::admin;
}

std::string_view frame_ancestors(const http_response& response) {
  return response.framed_by == http_response::framing::own_origin ? "frame-ancestors 'self'" : "frame-ancestors 'none'";
}

std::string content_policy(const request_context& context, const http_response& response) {
  const std::string host = to_lower(context.request.header("Host"));
  return "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
         "worker-src 'self' blob:; connect-src 'self' ws://" + host + " wss://" + host +
         "; object-src 'none'; base-uri 'none'; form-action 'self'; " + std::string{frame_ancestors(response)};
}

bool token_in_url(const http_request& request) {
  static constexpr std::array<std::string_view, 6> names{"token", "access_token", "api_key", "apikey", "bearer", "authorization"};
  return std::any_of(request.query.all().begin(), request.query.all().end(), [](const name_value& one) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return iequals(one.name, name); });
  });
}

} // namespace

error_format format_of_path(std::string_view path) {
  if (has_prefix(path, "/udf/charts")) return error_format::chart_storage;
  return has_prefix(path, "/udf") ? error_format::udf : error_format::api;
}

std::string make_request_id() {
  thread_local std::mt19937_64 source{std::random_device{}()};
  std::array<char, 16> digits{};
  digits.fill('0');
  std::array<char, 16> raw{};
  const auto end = std::to_chars(raw.data(), raw.data() + raw.size(), source(), 16).ptr;
  std::copy_backward(raw.data(), end, digits.data() + digits.size());
  return "r-" + std::string{digits.data(), digits.size()};
}

class pipeline::exchange {
public:
  request_context context;
  error_format errors = error_format::api;
  bool client_is_loopback = false;
  origin_kind origin = origin_kind::none;
  rate_verdict rate;
  std::optional<api_error> no_route; ///< 404 or 405, told only to those who may know
  std::vector<verb> allowed;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  weak_responder answer;
  std::shared_ptr<void> owner;
};

pipeline::pipeline(const route_table& table, handler files, pipeline_rules rules, wall_clock clock, gateway_metrics& metrics,
                   idempotency_store* keys)
    : table_(table), files_{.method = verb::get, .pattern = "(files)", .policy = {access::open, rate_class::files},
                            .summary = "Files of the UI", .run = std::move(files)},
      rules_(std::move(rules)), clock_(std::move(clock)), metrics_(metrics), keys_(keys), limiter_(std::make_shared<rate_limiter>(rules_.limits)) {}

pipeline::~pipeline() = default;

const request_context& pipeline::context(const exchange_ptr& call) { return call->context; }

std::shared_ptr<stream_caller> pipeline::caller_of_stream(const exchange_ptr& call) const {
  const auto& context = call->context;
  return std::make_shared<stream_caller>(stream_caller::surroundings{rules_.identities, limiter_, clock_}, context.who, context.session, context.client);
}

std::optional<api_error> pipeline::check_authority(const http_request& head) const {
  if (head.headers.count("Host") != 1) return make_error(400, "host.missing", "exactly one Host header is needed");
  if (!rules_.hosts.allows(head.header("Host")) || (!head.authority.empty() && !rules_.hosts.allows(head.authority)))
    return make_error(421, "host.not_allowed", "this server does not answer under that Host name; see ALLOWED_HOSTS");
  return std::nullopt;
}

std::optional<api_error> pipeline::find_route(exchange& call) {
  static const route unmatched{.method = verb::get, .pattern = "(none)", .policy = {access::viewer, rate_class::general},
                               .summary = "", .run = {}};
  auto& request = call.context.request;
  auto match = table_.find(request.method, request.segments);
  call.allowed = match.allowed;
  call.context.matched = &unmatched;
  if (match.found != nullptr) {
    call.context.matched = match.found;
    call.context.params = std::move(match.params);
    call.errors = match.found->errors;
  } else if (!match.allowed.empty()) {
    if (request.method != verb::options) {
      call.no_route = make_error(405, "method_not_allowed", (request.method == verb::other ? std::string{"this method"} : std::string{to_string(request.method)}) + " is not possible on this path");
      call.no_route->headers.set("Allow", join_verbs(match.allowed));
    }
  } else if (!is_reserved(request.path)) {
    call.context.matched = &files_;
    call.allowed = {verb::get, verb::head, verb::options};
    if (request.method != verb::get && request.method != verb::head && request.method != verb::options) {
      call.no_route = make_error(405, "method_not_allowed", "only GET and HEAD are possible on this path");
      call.no_route->headers.set("Allow", join_verbs(call.allowed));
    }
  } else {
    call.no_route = make_error(404, "not_found", "there is no such path");
  }
  return std::nullopt;
}

api_error pipeline::refuse_credential(exchange& call, recognition::outcome how) {
  const auto& context = call.context;
  auto out = make_error(401, "auth.invalid_token", "the token is not known");
  if (how == recognition::outcome::expired) out = make_error(401, "auth.expired", "the token has expired");
  if (how == recognition::outcome::address) out = make_error(401, "auth.address", "the token may not be used from this address");
  out.headers.set("WWW-Authenticate", std::string{bearer_challenge});
  const auto verdict = limiter_->take(rate_class::failed_auth, context.client, context.now);
  if (verdict.verdict != rate_verdict::answer::refused) return out;
  call.rate = verdict;
  metrics_.rate_limited(rate_class::failed_auth);
  out = make_error(429, "rate_limited", "too many failed authentications");
  out.headers.set("Retry-After", std::to_string(verdict.retry_after_s));
  return out;
}

std::optional<api_error> pipeline::recognise(exchange& call) {
  auto& context = call.context;
  const auto take = [&](recognition got) {
    context.who = std::move(got.who);
    context.session = std::move(got.session);
    context.csrf_token = std::move(got.csrf_token);
    context.identity_expires_at = got.expires_at;
  };
  auto* known = rules_.identities.get();
  const transport over = context.matched->over;
  if (const auto shown = read_credential(context.request, over); shown.what != credential::kind::none) {
    recognition got;
    if (known != nullptr)
      got = shown.what == credential::kind::ticket ? known->recognise_ticket(shown.secret, context.client, context.now)
                                                   : known->recognise_token(shown.secret, context.client, context.now);
    if (got.how == recognition::outcome::known) return take(std::move(got)), std::nullopt;
    // a token that is none is no identity; what everybody may have, its sender may have, too
    const bool is_open = over == transport::http && context.matched->policy.who == access::open;
    return is_open ? std::nullopt : std::optional{refuse_credential(call, got.how)};
  }
  if (const auto cookie = session_of(context.request); known != nullptr && !cookie.empty())
    if (auto got = known->recognise_session(cookie, context.now); got.how == recognition::outcome::known) return take(std::move(got)), std::nullopt;
  // a session that is over must not lock anybody out of what needs none
  if (rules_.auth == auth_mode::automatic && rules_.bound_to_loopback && call.client_is_loopback)
    context.who = {.name = "local", .rank = role::trader, .accounts = account_scope::paper_only, .kind = identity_kind::local};
  return std::nullopt;
}

std::optional<api_error> pipeline::check_identity(exchange& call) {
  auto& context = call.context;
  const auto& policy = context.matched->policy;
  if (policy.who == access::secret) return std::nullopt; // has a credential of its own
  if (auto refused = recognise(call)) return refused;
  const role needed = needed_role(policy.who);
  if (policy.who == access::local_or_viewer && call.client_is_loopback) return std::nullopt;
  if (context.who.rank < needed) {
    if (context.who.identified()) return make_error(403, "auth.role", "this needs the role " + std::string{to_string(needed)});
    auto out = make_error(401, "auth.required", "this needs an identity: a token or a session");
    out.headers.set("WWW-Authenticate", std::string{bearer_challenge});
    return out;
  }
  const bool changes = is_unsafe(context.request.method) && needed >= role::trader;
  if (changes && policy.bound == bound_callers::refused && context.who.is_bound())
    return make_error(403, "auth.scope", "this identity is bound to accounts or strategies, and this reaches beyond them");
  return std::nullopt;
}

std::optional<api_error> pipeline::check_csrf(const exchange& call) const {
  const auto& context = call.context;
  const auto who = context.matched->policy.who;
  if (context.session.empty() || !is_unsafe(context.request.method) || who == access::open || who == access::secret) return std::nullopt;
  if (call.origin != origin_kind::own && call.origin != origin_kind::allowed)
    return make_error(403, "origin.foreign", "a change by session needs an Origin that is allowed");
  if (!equal_secrets(context.request.header("X-CSRF-Token"), context.csrf_token))
    return make_error(403, "csrf.token", "a change by session needs its X-CSRF-Token");
  return std::nullopt;
}

std::optional<api_error> pipeline::check_rate(exchange& call) {
  const auto& context = call.context;
  rate_class kind = context.matched->policy.rate;
  // all of TradingView comes from four addresses: webhooks are limited by profile, where the profile is known
  if (kind == rate_class::unlimited || kind == rate_class::webhook) return std::nullopt;
  std::string_view who = context.who.name;
  // orders are limited by their account, where that is known; what comes before is a call like others
  if (kind == rate_class::orders) kind = rate_class::general;
  if (!context.who.identified()) {
    who = context.client;
    if (kind != rate_class::files) kind = rate_class::unauthenticated;
  }
  call.rate = limiter_->take(kind, who, context.now);
  if (call.rate.verdict != rate_verdict::answer::refused) return std::nullopt;
  metrics_.rate_limited(kind);
  auto out = make_error(429, "rate_limited", "more than " + std::to_string(call.rate.limit) + " requests a minute of the class " +
                                               std::string{to_string(kind)});
  out.headers.set("Retry-After", std::to_string(call.rate.retry_after_s));
  return out;
}

std::optional<api_error> pipeline::check_write(const exchange& call) const {
  const auto& request = call.context.request;
  const auto& row = *call.context.matched;
  if (is_unsafe(request.method) && is_cross_site(call.origin, request.headers))
    return make_error(403, "origin.foreign", "a page of another origin may not change anything here");
  const std::string_view type = request.header("Content-Type");
  const std::string_view media = trimmed(type.substr(0, type.find(';')));
  const std::string_view length = request.header("Content-Length");
  const bool has_body = (!length.empty() && length != "0") || request.headers.find("Transfer-Encoding") != nullptr;
  if (row.body == body_kind::json && (has_body || !media.empty()) && !iequals(media, "application/json"))
    return make_error(415, "content_type", "the body must be application/json");
  if (row.body == body_kind::form_or_json && has_body && !iequals(media, "application/x-www-form-urlencoded") &&
      !iequals(media, "multipart/form-data") && !iequals(media, "application/json"))
    return make_error(415, "content_type", "the body must be a form or application/json");
  std::uint64_t bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (bytes > row.body_limit)
    return make_error(413, "body_too_large", "the body may have at most " + std::to_string(row.body_limit) + " bytes");
  return std::nullopt;
}

std::optional<api_error> pipeline::check_upgrade(const exchange& call) const {
  const auto& request = call.context.request;
  if (call.context.matched->over == transport::http) return std::nullopt;
  if (call.origin == origin_kind::foreign)
    return make_error(403, "origin.foreign", "a page of another origin may not open a stream here");
  if (token_in_url(request))
    return make_error(400, "auth.token_in_url", "tokens in the URL are refused; use a header, a subprotocol or a ticket");
  if (!iequals(request.header("Upgrade"), "websocket")) {
    auto out = make_error(426, "upgrade_required", "this path speaks WebSocket only");
    out.headers.set("Upgrade", "websocket");
    return out;
  }
  return std::nullopt;
}

std::optional<api_error> pipeline::judge(exchange& call) {
  auto& context = call.context;
  call.errors = format_of_path(context.request.path);
  if (auto failed = check_authority(context.request)) return failed;
  // UDF and chart storage keep their own spelling, whatever is asked for
  if (call.errors == error_format::api)
    if (auto failed = read_style(context)) return failed;
  call.origin = rules_.origins.classify(context.request.headers);
  if (auto failed = find_route(call)) return failed;
  if (context.request.method == verb::options) return std::nullopt;
  auto identity = check_identity(call);
  if (auto failed = check_rate(call)) return failed;
  if (identity) return identity;
  if (call.no_route) return call.no_route;
  if (auto failed = check_upgrade(call)) return failed;
  if (auto failed = check_csrf(call)) return failed;
  return check_write(call);
}

std::optional<http_response> pipeline::preflight(const exchange& call) const {
  const auto& request = call.context.request;
  if (request.method != verb::options || call.no_route) return std::nullopt;
  http_response out{.status = 204, .headers = {{"Allow", join_verbs(call.allowed)}}, .body = {}, .shared_body = {}};
  if (call.origin == origin_kind::none || request.headers.find("Access-Control-Request-Method") == nullptr) return out;
  if (call.origin == origin_kind::foreign)
    return render(make_error(403, "origin.foreign", "this origin is not listed in CORS_ORIGINS"), call.errors,
                  call.context.request_id, call.context.now);
  out.headers.set("Access-Control-Allow-Methods", std::string{cors_methods});
  out.headers.set("Access-Control-Allow-Headers", std::string{cors_request_headers});
  out.headers.set("Access-Control-Max-Age", "600");
  return out;
}

pipeline::admission pipeline::admit(http_request head) {
  auto call = std::make_shared<exchange>();
  call->owner = owner_.lock();
  auto& context = call->context;
  context.request = std::move(head);
  context.now = clock_();
  const std::string_view asked_id = context.request.header("X-Request-Id");
  context.request_id = is_printable_token(asked_id, max_request_id) ? std::string{asked_id} : make_request_id();
  context.client = client_address(context.request.peer, context.request.headers, rules_.proxies);
  call->client_is_loopback = is_loopback_address(context.client);
  context.link = is_over_tls(context.request, rules_.proxies) ? peer_link::tls : peer_link::plain;

  admission out{call, std::nullopt, default_body_limit, transport::http};
  if (auto failed = judge(*call)) {
    out.refusal = refuse(call, *failed);
  } else if (auto answer = preflight(*call)) {
    out.refusal = finish(*call, std::move(*answer));
  } else if (call->no_route) {
    out.refusal = refuse(call, *call->no_route);
  } else {
    out.body_limit = is_unsafe(context.request.method) ? context.matched->body_limit : max_ignored_body;
    out.over = context.matched->over;
  }
  return out;
}

void pipeline::start_handler(const exchange_ptr& call, const responder& answer) const {
  const auto& run = call->context.matched->run;
  if (!run) return answer(not_available("this route has no handler in this build"));
  try {
    run(context_ptr{call, &call->context}, answer);
  } catch (const std::exception& e) {
    spdlog::error("request {}: {}", call->context.request_id, e.what());
    answer(error{errc::internal, e.what()});
  }
}

void pipeline::run(const exchange_ptr& call, std::string body, done_handler done) {
  auto& context = call->context;
  context.request.body = std::move(body);
  const auto to_response = [call](outcome end) {
    const auto* failed = std::get_if<api_error>(&end);
    if (failed != nullptr && !failed->hidden.empty())
      spdlog::error("request {}: {}", call->context.request_id, failed->hidden);
    if (failed != nullptr)
      return render(*failed, call->errors, call->context.request_id, call->context.now, call->context.style);
    return std::get<http_response>(std::move(end));
  };
  const auto* key = context.request.headers.find("Idempotency-Key");
  const bool is_kept = has_prefix(context.request.path, "/api") && !has_prefix(context.matched->pattern, secret_routes);
  if (key == nullptr || !is_unsafe(context.request.method) || !is_kept) {
    const responder answer{[this, call, done, to_response](outcome end) { done(finish(*call, to_response(std::move(end)))); }};
    call->answer = weak_responder{answer};
    return start_handler(call, answer);
  }
  const auto end_now = [this, call, done, to_response](api_error e) { done(finish(*call, to_response(std::move(e)))); };
  if (!is_printable_token(*key, idempotency_store::max_key_length))
    return end_now(bad_field("header", "Idempotency-Key", "must have 1 to 64 printable characters"));
  if (keys_ == nullptr) return end_now(not_available("Idempotency-Key: this gateway has no store"));

  const std::string digest =
    sha256_hex(std::string{to_string(context.request.method)} + "\n" + context.request.target + "\n" + context.request.body);
  keys_->begin(context.who.name, *key, digest, context.now,
               [this, call, done, end_now, to_response, slot = *key](result<idempotency_store::verdict> said, http_response first) {
    if (!said) return end_now(to_api_error(said.error()));
    if (*said == idempotency_store::verdict::other_body)
      return end_now(make_error(409, "idempotency.conflict", "this Idempotency-Key was used for another request"));
    if (*said == idempotency_store::verdict::replay) {
      first.headers.set("Idempotent-Replay", "true");
      return done(finish(*call, std::move(first)));
    }
    const responder answer{[this, call, done, to_response, slot](outcome end) {
      auto response = std::make_shared<http_response>(to_response(std::move(end)));
      keys_->finish(call->context.who.name, slot, *response, call->context.now,
                    [this, call, done, response] { done(finish(*call, std::move(*response))); });
    }};
    call->answer = weak_responder{answer};
    start_handler(call, answer);
  });
}

void pipeline::expire(const exchange_ptr& call) {
  auto late = make_error(503, "timed_out", "no answer in time; whether the request took effect is not known");
  late.headers.set("Retry-After", "1");
  call->answer.send(std::move(late));
}

http_response pipeline::refuse(const exchange_ptr& call, const api_error& e) {
  return finish(*call, render(e, call->errors, call->context.request_id, call->context.now, call->context.style));
}

http_response pipeline::refuse_malformed(const api_error& e, std::string_view target) {
  exchange call;
  call.context.now = clock_();
  call.context.request_id = make_request_id();
  call.context.request.method = verb::other;
  const auto format = format_of_path(target.substr(0, target.find('?')));
  return finish(call, render(e, format, call.context.request_id, call.context.now));
}

http_response pipeline::finish(exchange& call, http_response response) {
  const auto& context = call.context;
  auto& headers = response.headers;
  headers.set("X-Request-Id", context.request_id);
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("X-Frame-Options", response.framed_by == http_response::framing::own_origin ? "SAMEORIGIN" : "DENY");
  const auto* type = headers.find("Content-Type");
  const bool page = type != nullptr && type->substr(0, 9) == "text/html";
  headers.set("Content-Security-Policy", page ? content_policy(context, response) : "default-src 'none'; " + std::string{frame_ancestors(response)});
  if (context.link == peer_link::tls) headers.set("Strict-Transport-Security", std::string{strict_transport});
  if (headers.find("Cache-Control") == nullptr) headers.set("Cache-Control", "no-store");
  if (call.origin == origin_kind::allowed || call.origin == origin_kind::own) {
    headers.set("Access-Control-Allow-Origin", std::string{trimmed(context.request.header("Origin"))});
    headers.set("Access-Control-Allow-Credentials", "true");
    headers.set("Access-Control-Expose-Headers", std::string{expose_headers});
  }
  headers.add("Vary", "Origin");
  if (call.rate.verdict != rate_verdict::answer::unlimited && headers.find("X-RateLimit-Limit") == nullptr) {
    headers.set("X-RateLimit-Limit", std::to_string(call.rate.limit));
    headers.set("X-RateLimit-Remaining", std::to_string(call.rate.remaining));
    headers.set("X-RateLimit-Reset", std::to_string(call.rate.reset));
  }
  const std::string_view route = context.matched == nullptr ? std::string_view{"(malformed)"} : context.matched->pattern;
  metrics_.request_done(route, context.request.method, response.status, std::chrono::steady_clock::now() - call.started);
  if (response.status >= 500 && response.status != 503)
    spdlog::error("request {} {} answered {}: {}", context.request_id, route, response.status, response.content().substr(0, 500));
  return response;
}

} // namespace tt::gateway
