// Identity (http-api.md section 2): sessions, tokens, users, tickets. Whatever reads or writes the file, or hashes a password,
// runs on the store's thread.

#include "gateways/auth/identity_service.hpp"
#include "gateways/http/credentials.hpp"
#include "gateways/rest/body_call.hpp"

namespace tt::gateway {

namespace {

using need = object_reader::need;
using auth_handler = void (*)(services&, identity_service&, const context_ptr&, const responder&);

constexpr std::int64_t max_days = 3650;
/// Characters of a one-time code, with the blanks that people put into it.
constexpr std::size_t max_code = 16;
constexpr std::chrono::hours day{24};

handler with_identities(services& parts, auth_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    if (p->identities == nullptr) return answer(not_available("identity: this gateway keeps no tokens or users"));
    run(*p, *p->identities, call, answer);
  };
}

/// Work that may wait for the disk.
void off_the_sockets(services& parts, const responder& answer, std::function<void()> work) {
  if (parts.queue.post(std::move(work)) == task_queue::posted::yes) return;
  auto busy = not_available("identity: too much waits; try again");
  busy.headers.set("Retry-After", "1");
  answer(std::move(busy));
}

// ------------------------------------------------------------------ writing

void write_list(json_writer& out, std::string_view name, const std::vector<std::string>& list) {
  out.key(name).begin_array();
  for (const auto& one : list) out.value(one);
  out.end_array();
}

void write_reach(json_writer& out, const identity_reach& reach) {
  out.field("role", to_string(reach.rank));
  write_list(out, "accounts", reach.accounts);
  write_list(out, "strategies", reach.strategies);
}

void write_token(json_writer& out, const access_token& one, const std::optional<utc_time>& used_at, utc_time now, const std::string* secret = nullptr) {
  out.begin_object().field("id", one.id).field("name", one.name);
  write_reach(out, one.reach);
  write_list(out, "allowed_ips", one.allowed_ips);
  out.field("expires_at", one.expires_at).field("is_expired", one.is_expired(now)).field("created_at", one.created_at);
  out.field("created_by", one.created_by).field("last_used_at", used_at);
  if (secret != nullptr) out.field("token", *secret);
  out.end_object();
}

void write_user(json_writer& out, const user_record& one) {
  out.begin_object().field("id", one.name).field("username", one.name);
  write_reach(out, one.reach);
  out.field("is_enabled", one.active == user_record::state::enabled).field("totp_enabled", one.factor != user_record::second_factor::none);
  out.field("created_at", one.created_at).field("updated_at", one.changed_at).end_object();
}

std::string_view scope_name(account_scope scope) {
  switch (scope) {
  case account_scope::none: break;
  case account_scope::paper_only: return "paper";
  case account_scope::listed: return "listed";
  case account_scope::all: return "all";
  }
  return "none";
}

std::string_view kind_name(identity_kind kind) {
  switch (kind) {
  case identity_kind::none: break;
  case identity_kind::local: return "local";
  case identity_kind::token: return "token";
  case identity_kind::session: return "session";
  }
  return "none";
}

void answer_user(const context_ptr& call, const responder& answer, const result<user_record>& got, int status = 200) {
  if (!got) return answer(to_api_error(got.error(), got.error().code == errc::not_found ? "path" : "body"));
  json_writer out{call->style};
  write_user(out, *got);
  answer(json_response(out.take(), status));
}

void answer_done(const context_ptr& call, const responder& answer, std::string_view status, std::string_view id) {
  json_writer out{call->style};
  answer(json_response(out.begin_object().field("status", status).field("id", id).end_object().take()));
}

// ------------------------------------------------------------------ sessions

/// Set and cleared alike, so that the one takes the place of the other.
std::string cookie_of(const request_context& call, std::string_view value, std::chrono::seconds life) {
  return std::string(session_cookie) + "=" + std::string(value) + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(life.count()) +
         (call.link == peer_link::tls ? "; Secure" : "");
}

/// `unknown` is the status of who could not show who they are: 401 at a login, 403 where a session stands already.
void refuse_login(const responder& answer, const login_refusal& refusal, int unknown) {
  using reason = login_refusal::reason;
  switch (refusal.why) {
  case reason::wrong: return answer(make_error(unknown, "auth.login", "user or password is wrong"));
  case reason::code_missing: return answer(make_error(unknown, "auth.totp_required", "a one-time code is needed: that of this user's authenticator"));
  case reason::code_wrong: return answer(make_error(unknown, "auth.totp", "the one-time code is wrong or was used before"));
  case reason::unreadable: return answer(make_error(403, "auth.totp_unreadable", "what is kept of this user's one-time codes can't be read; an admin can take it off"));
  case reason::codes_on: return answer(make_error(409, "auth.totp_on", "one-time codes are asked for already: take them off first"));
  case reason::codes_off: return answer(make_error(409, "auth.totp_off", "no one-time codes are asked for"));
  case reason::no_offer: return answer(make_error(409, "auth.totp_offer", "no key waits for its first code: begin anew"));
  case reason::not_kept: return answer(to_api_error(refusal.trouble));
  case reason::locked: break;
  }
  auto out = make_error(429, "auth.locked", "too many failures; try again later");
  out.headers.set("Retry-After", std::to_string(refusal.retry_after.count()));
  answer(std::move(out));
}

/// Authenticators show codes with a blank in the middle.
std::optional<std::string> read_code(object_reader& body, need n) {
  auto code = body.string({"totp"}, n, max_code);
  if (code) std::erase(*code, ' ');
  return code;
}

void log_in(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto user = body.string({"username", "user"}, need::required, identity_book::max_name).value_or("");
  const auto password = body.string({"password"}, need::required, max_password).value_or("");
  const auto code = read_code(body, need::optional);
  if (is_bad(parts, body, call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, shown = login_attempt{user, password, code}] {
    const auto got = to->log_in(shown, call->client, call->now);
    if (const auto* refusal = std::get_if<login_refusal>(&got)) return refuse_login(answer, *refusal, 401);
    const auto& opened = std::get<opened_session>(got);
    json_writer out{call->style};
    out.begin_object().field("user", shown.user).field("role", to_string(opened.who.rank)).field("csrf_token", opened.csrf_token);
    auto response = json_response(out.field("expires_at", opened.expires_at).end_object().take());
    response.headers.set("Set-Cookie", cookie_of(*call, opened.cookie, session_table::absolute_limit));
    answer(std::move(response));
  });
}

void log_out(services&, identity_service& identities, const context_ptr& call, const responder& answer) {
  if (!call->session.empty()) identities.log_out(call->session);
  json_writer out{call->style};
  auto response = json_response(out.begin_object().field("ok", true).end_object().take());
  response.headers.set("Set-Cookie", cookie_of(*call, "", std::chrono::seconds{0}));
  answer(std::move(response));
}

void show_me(services&, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto& who = call->who;
  json_writer out{call->style};
  out.begin_object().field("user", who.kind == identity_kind::session ? who.id : who.name).field("principal", who.name);
  out.field("kind", kind_name(who.kind)).field("role", to_string(who.rank)).field("account_scope", scope_name(who.accounts));
  write_list(out, "accounts", who.listed);
  write_list(out, "strategies", who.strategies);
  out.field("expires_at", call->identity_expires_at);
  if (!call->csrf_token.empty()) out.field("csrf_token", call->csrf_token);
  if (const auto user = who.kind == identity_kind::session ? identities.user(who.id, call->now) : error{errc::not_found, ""})
    out.field("totp_enabled", user->factor != user_record::second_factor::none);
  answer(json_response(out.end_object().take()));
}

void make_ticket(services&, identity_service& identities, const context_ptr& call, const responder& answer) {
  json_writer out{call->style};
  out.begin_object().field("ticket", identities.make_ticket(call->who, call->session, call->client, call->now));
  answer(json_response(out.field("expires_in", ticket_table::life.count()).end_object().take()));
}

// ------------------------------------------------------------------ one's own one-time codes

/// Codes are asked for where a password is: of who has none there is nothing to ask.
bool is_session(const context_ptr& call, const responder& answer) {
  if (call->who.kind == identity_kind::session) return true;
  answer(make_error(403, "auth.session", "one-time codes go with a password: sign in as a user"));
  return false;
}

/// Whoever sits down before an open session knows no password.
void offer_totp(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto password = body.string({"password"}, need::required, max_password).value_or("");
  if (is_bad(parts, body, call, answer) || !is_session(call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, shown = login_attempt{call->who.id, password}] {
    const auto got = to->offer_totp(shown, call->client, call->now);
    if (const auto* refusal = std::get_if<login_refusal>(&got)) return refuse_login(answer, *refusal, 403);
    const auto& offer = std::get<totp_offer>(got);
    json_writer out{call->style};
    out.begin_object().field("secret", offer.secret).field("otpauth_uri", offer.uri);
    answer(json_response(out.field("expires_in", std::chrono::seconds{identity_service::offer_life}.count()).end_object().take()));
  });
}

void answer_totp(const context_ptr& call, const responder& answer, const std::optional<login_refusal>& refusal, std::string_view status) {
  if (refusal) return refuse_login(answer, *refusal, 403);
  answer_done(call, answer, status, call->who.id);
}

void confirm_totp(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto code = read_code(body, need::required).value_or("");
  if (is_bad(parts, body, call, answer) || !is_session(call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, code] {
    answer_totp(call, answer, to->confirm_totp(call->who.id, code, call->client, call->now), "enabled");
  });
}

void remove_totp(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto password = body.string({"password"}, need::required, max_password).value_or("");
  const auto code = read_code(body, need::required).value_or("");
  if (is_bad(parts, body, call, answer) || !is_session(call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, shown = login_attempt{call->who.id, password, code}] {
    answer_totp(call, answer, to->remove_totp(shown, call->client, call->now), "removed");
  });
}

/// For who has lost the key.
void reset_totp(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  off_the_sockets(parts, answer, [to = &identities, call, answer] { answer_user(call, answer, to->reset_totp(call->params.front(), call->now)); });
}

// ------------------------------------------------------------------ tokens

std::optional<std::vector<std::string>> read_names(object_reader& body, std::string_view name) {
  return body.strings({name}, need::optional, identity_book::max_listed, identity_book::max_entry);
}

std::optional<role> read_role(object_reader& body, need n) {
  const auto text = body.string({"role"}, n, 16);
  if (!text) return std::nullopt;
  const auto rank = parse_role(*text);
  if (rank) return *rank;
  body.problem("role", rank.error().message, "value");
  return std::nullopt;
}

std::optional<utc_time> read_expiry(object_reader& body, utc_time now) {
  const auto at = body.string({"expires_at"}, need::optional, 40);
  const auto days = body.number({"expires_in_days"}, need::optional);
  if (at && days) body.problem("expires_at", "can't stand beside expires_in_days", "conflict");
  if (at) {
    const auto read = parse_iso8601(*at);
    if (read) return *read;
    body.problem("expires_at", read.error().message, "value");
  }
  if (!days) return std::nullopt;
  const auto count = days->to_scaled(0);
  if (count && *count >= 1 && *count <= max_days) return now + *count * day;
  body.problem("expires_in_days", "must be from 1 to " + std::to_string(max_days), "range");
  return std::nullopt;
}

void list_tokens(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  off_the_sockets(parts, answer, [to = &identities, call, answer] {
    json_writer out{call->style};
    out.begin_object().key("tokens").begin_array();
    for (const auto& one : to->tokens(call->now)) write_token(out, one.token, one.last_used_at, call->now);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void create_token(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  token_draft draft;
  draft.name = body.string({"name"}, need::required, identity_book::max_name).value_or("");
  draft.reach.rank = read_role(body, need::required).value_or(role::none);
  draft.reach.accounts = read_names(body, "accounts").value_or(std::vector<std::string>{});
  draft.reach.strategies = read_names(body, "strategies").value_or(std::vector<std::string>{});
  draft.allowed_ips = read_names(body, "allowed_ips").value_or(std::vector<std::string>{});
  draft.expires_at = read_expiry(body, call->now);
  if (is_bad(parts, body, call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, draft] {
    const auto made = to->add_token(draft, call->who.name, call->now);
    if (!made) return answer(to_api_error(made.error(), "body"));
    json_writer out{call->style};
    write_token(out, made->token, std::nullopt, call->now, &made->secret);
    answer(json_response(out.take(), 201));
  });
}

void revoke_token(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  off_the_sockets(parts, answer, [to = &identities, call, answer] {
    const auto gone = to->revoke_token(call->params.front());
    if (!gone) return answer(to_api_error(gone.error(), "path"));
    answer_done(call, answer, "revoked", gone->id);
  });
}

// ------------------------------------------------------------------ users

void list_users(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  off_the_sockets(parts, answer, [to = &identities, call, answer] {
    json_writer out{call->style};
    out.begin_object().key("users").begin_array();
    for (const auto& one : to->users(call->now)) write_user(out, one);
    answer(json_response(out.end_array().end_object().take()));
  });
}

void show_user(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  off_the_sockets(parts, answer, [to = &identities, call, answer] { answer_user(call, answer, to->user(call->params.front(), call->now)); });
}

/// An admin who knows the key would have the user's second factor.
void refuse_second_factor(object_reader& body) {
  if (body.value({"totp"}, need::optional) != nullptr)
    body.problem("totp", "users set their one-time codes up themselves; DELETE /api/v1/auth/users/{id}/totp takes them off", "unsupported");
}

void create_user(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  const auto name = body.string({"username", "name"}, need::required, identity_book::max_name).value_or("");
  const auto password = body.string({"password"}, need::required, max_password).value_or("");
  identity_reach reach;
  reach.rank = read_role(body, need::required).value_or(role::none);
  reach.accounts = read_names(body, "accounts").value_or(std::vector<std::string>{});
  reach.strategies = read_names(body, "strategies").value_or(std::vector<std::string>{});
  refuse_second_factor(body);
  if (is_bad(parts, body, call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, name, password, reach] {
    answer_user(call, answer, to->add_user(name, password, reach, call->now), 201);
  });
}

void change_user(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  const auto json = body_of(call, answer);
  if (!json) return;
  object_reader body{*json};
  user_change change;
  const auto password = body.string({"password"}, need::optional, max_password);
  change.rank = read_role(body, need::optional);
  change.accounts = read_names(body, "accounts");
  change.strategies = read_names(body, "strategies");
  if (const auto on = body.boolean({"is_enabled", "enabled"}, need::optional))
    change.active = *on ? user_record::state::enabled : user_record::state::disabled;
  refuse_second_factor(body);
  if (is_bad(parts, body, call, answer)) return;
  off_the_sockets(parts, answer, [to = &identities, call, answer, change, password] {
    answer_user(call, answer, to->change_user(call->params.front(), change, password, call->now));
  });
}

void remove_user(services& parts, identity_service& identities, const context_ptr& call, const responder& answer) {
  off_the_sockets(parts, answer, [to = &identities, call, answer] {
    const auto gone = to->remove_user(call->params.front(), call->now);
    if (!gone) return answer(to_api_error(gone.error(), "path"));
    answer_done(call, answer, "removed", gone->name);
  });
}

} // namespace

void add_auth_routes(std::vector<route>& rows, services& parts) {
  const auto add = [&](verb method, std::string_view pattern, route_policy policy, std::string_view summary, auth_handler run, std::string_view gives,
                       std::string_view takes = "", int success = 200) {
    rows.push_back({.method = method, .pattern = pattern, .policy = policy, .summary = summary, .run = with_identities(parts, run),
                    .request_schema = takes, .response_schema = gives, .success = success,
                    .body = method == verb::post || method == verb::patch ? body_kind::json : body_kind::none, .tag = "identity"});
  };
  constexpr route_policy anybody{access::open, rate_class::unauthenticated}, known{access::viewer, rate_class::general},
    admin{access::admin, rate_class::general};
  add(verb::post, "/api/v1/auth/login", anybody, "Start a session", log_in, "Session", "Login");
  add(verb::post, "/api/v1/auth/logout", known, "End the session", log_out, "Ok");
  add(verb::get, "/api/v1/auth/me", known, "Who am I", show_me, "Me");
  add(verb::post, "/api/v1/auth/ws-ticket", known, "One-time ticket for the stream", make_ticket, "StreamTicket");
  add(verb::post, "/api/v1/auth/totp", known, "A key for one's own one-time codes, shown this once; needs the password", offer_totp, "TotpOffer", "TotpBegin");
  add(verb::post, "/api/v1/auth/totp/confirm", known, "Ask for one-time codes from now on, having shown one", confirm_totp, "TotpChanged", "TotpConfirm");
  add(verb::post, "/api/v1/auth/totp/remove", known, "Ask for no one-time codes any more; needs password and code", remove_totp, "TotpChanged", "TotpRemove");
  add(verb::get, "/api/v1/auth/tokens", admin, "Tokens", list_tokens, "Tokens");
  add(verb::post, "/api/v1/auth/tokens", admin, "Make a token; its secret is shown this once", create_token, "NewToken", "TokenRequest", 201);
  add(verb::remove, "/api/v1/auth/tokens/{id}", admin, "Revoke a token", revoke_token, "IdentityGone");
  add(verb::get, "/api/v1/auth/users", admin, "Users", list_users, "Users");
  add(verb::post, "/api/v1/auth/users", admin, "Add a user", create_user, "User", "UserRequest", 201);
  add(verb::get, "/api/v1/auth/users/{id}", admin, "One user", show_user, "User");
  add(verb::patch, "/api/v1/auth/users/{id}", admin, "Change a user", change_user, "User", "UserRequest");
  add(verb::remove, "/api/v1/auth/users/{id}/totp", admin, "Ask a user for no one-time codes any more", reset_totp, "User");
  add(verb::remove, "/api/v1/auth/users/{id}", admin, "Remove a user", remove_user, "IdentityGone");
}

} // namespace tt::gateway
