// Identity over HTTP (http-api.md section 2): tokens, users, sessions, tickets, and what each may.

#include "tests/gateways/support/http_fixture.hpp"

#include <algorithm>

namespace tt::gateway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view origin = "http://localhost:8080";

struct auth_fixture : http_fixture {
  using http_fixture::http_fixture;

  void check(const std::string& schema, const answer& got, int status = 200) {
    EXPECT_EQ(got.status, status) << got.body;
    EXPECT_EQ(schema_violation(get("/openapi.json").json(), schema, got.json()), "") << got.body;
  }
  answer send_as(const std::string& token, std::string_view method, std::string_view target, std::string body = "{}") {
    return send_json(method, target, std::move(body), bearing(token));
  }
  /// Admits the handshake of a stream; 0: it may go on.
  int open_stream(header_list headers, std::string target = "/stream", std::string peer = "127.0.0.1") {
    headers.set("Upgrade", "websocket");
    const auto in = requests().admit(make_request("GET", target, {.headers = std::move(headers), .peer = std::move(peer)}));
    return in.refusal ? in.refusal->status : 0;
  }
};

/// What a browser keeps of a login.
struct browser {
  std::string cookie, csrf;

  [[nodiscard]] call_options plain(std::string peer = "127.0.0.1") const { return {.headers = {{"Cookie", "tt_session=" + cookie}}, .peer = std::move(peer)}; }
  [[nodiscard]] call_options full(std::string peer = "127.0.0.1") const {
    auto out = plain(std::move(peer));
    out.headers.add("Origin", std::string(origin));
    out.headers.add("X-CSRF-Token", csrf);
    return out;
  }
};

std::string cookie_in(const answer& got) {
  const auto header = got.header("Set-Cookie");
  const auto begin = header.find('=') + 1;
  return header.substr(begin, header.find(';') - begin);
}

constexpr std::string_view remote = "192.0.2.9";

// -- who is who

TEST(auth_tokens, raise_and_lower_a_loopback_caller_to_their_role) {
  auth_fixture fixture;
  const auto admin = fixture.token("root", role::admin), viewer = fixture.token("eyes", role::viewer);
  fixture.check("Me", fixture.get("/api/v1/auth/me"));
  EXPECT_EQ(fixture.get("/api/v1/auth/me").json()["kind"], "local");
  EXPECT_EQ(fixture.get("/api/v1/auth/me").json()["account_scope"], "paper");
  const auto me = fixture.get("/api/v1/auth/me", bearing(admin)).json();
  EXPECT_EQ(me["principal"], "token:root");
  EXPECT_EQ(me["role"], "admin");
  EXPECT_EQ(me["account_scope"], "all");
  EXPECT_EQ(fixture.get("/api/v1/auth/tokens").status, 403);
  EXPECT_EQ(fixture.get("/api/v1/auth/tokens", bearing(admin)).status, 200);
  EXPECT_EQ(fixture.send_as(viewer, "POST", "/api/orders").status, 403) << "a viewer may not order, from wherever";
  EXPECT_EQ(fixture.get("/api/v1/quotes?symbols=AAPL", bearing(viewer)).status, 200);
}

TEST(auth_tokens, come_in_either_header_and_not_in_two_versions) {
  auth_fixture fixture;
  const auto admin = fixture.token("root", role::admin), other = fixture.token("eyes", role::viewer);
  const std::string path = "/api/v1/auth/tokens", peer{remote};
  EXPECT_EQ(fixture.get(path, {.headers = {{"Authorization", "bearer  " + admin}}, .peer = peer}).status, 200);
  EXPECT_EQ(fixture.get(path, {.headers = {{"X-API-Key", admin}}, .peer = peer}).status, 200);
  EXPECT_EQ(fixture.get(path, {.headers = {{"X-API-Key", admin}, {"Authorization", "Bearer " + admin}}, .peer = peer}).status, 200);
  EXPECT_EQ(fixture.get(path, {.headers = {{"X-API-Key", admin}, {"Authorization", "Bearer " + other}}, .peer = peer}).status, 401);
  EXPECT_EQ(fixture.get(path, {.headers = {{"Authorization", "Basic " + admin}}, .peer = peer}).status, 401);
  EXPECT_EQ(fixture.get(path + "?token=" + admin, {.peer = peer}).status, 401);
}

TEST(auth_tokens, make_list_and_revoke) {
  auth_fixture fixture;
  const auto admin = fixture.token("root", role::admin);
  const auto made = fixture.send_as(admin, "POST", "/api/v1/auth/tokens",
                                    R"({"name":"desk","role":"trader","accounts":["paper_simulator"],"allowed_ips":["192.0.2.0/24"],"expires_in_days":2})");
  fixture.check("NewToken", made, 201);
  const auto secret = made.json()["token"].get<std::string>(), id = made.json()["id"].get<std::string>();
  EXPECT_TRUE(is_token_shape(secret));
  EXPECT_EQ(made.json()["created_by"], "token:root");
  const auto listed = fixture.get("/api/v1/auth/tokens", bearing(admin));
  fixture.check("Tokens", listed);
  EXPECT_EQ(listed.body.find(secret), std::string::npos) << "a secret is shown once";
  auto from_there = bearing(secret);
  from_there.peer = remote;
  EXPECT_EQ(fixture.get("/api/v1/quotes?symbols=AAPL", from_there).status, 200);
  EXPECT_EQ(fixture.get("/api/v1/quotes?symbols=AAPL", bearing(secret)).json()["error_code"], "auth.address");
  fixture.now += hours{48};
  EXPECT_EQ(fixture.get("/api/v1/quotes?symbols=AAPL", from_there).json()["error_code"], "auth.expired");
  fixture.now -= hours{48};
  fixture.check("IdentityGone", fixture.call("DELETE", "/api/v1/auth/tokens/" + id, bearing(admin)));
  const auto gone = fixture.get("/api/v1/quotes?symbols=AAPL", from_there);
  EXPECT_EQ(gone.status, 401);
  EXPECT_EQ(gone.body.find(secret), std::string::npos);
  EXPECT_EQ(fixture.call("DELETE", "/api/v1/auth/tokens/" + id, bearing(admin)).status, 404);
}

TEST(auth_tokens, wrong_requests_are_told_which_field) {
  auth_fixture fixture;
  const auto admin = fixture.token("root", role::admin);
  for (const auto& [body, field] : {std::pair<std::string, std::string>{R"({"role":"admin"})", "name"},
                                    {R"({"name":"a","role":"king"})", "role"},
                                    {R"({"name":"a b","role":"admin"})", "name"},
                                    {R"({"name":"a","role":"admin","expires_in_days":0})", "expires_in_days"},
                                    {R"({"name":"a","role":"admin","expires_at":"2020-01-01T00:00:00Z"})", "expires_at"},
                                    {R"({"name":"a","role":"admin","allowed_ips":["here"]})", "allowed_ips"}}) {
    const auto got = fixture.send_as(admin, "POST", "/api/v1/auth/tokens", body);
    EXPECT_EQ(got.status, 400) << body;
    EXPECT_NE(got.json()["errors"].dump().find(field), std::string::npos) << got.body;
  }
}

TEST(auth_tokens, the_secret_is_not_kept_for_a_repetition) {
  auth_fixture fixture;
  auto keyed = bearing(fixture.token("root", role::admin));
  keyed.headers.add("Idempotency-Key", "k");
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/auth/tokens", R"({"name":"a","role":"viewer"})", keyed).status, 201);
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/auth/tokens", R"({"name":"a","role":"viewer"})", keyed).status, 409) << "the name is taken";
}

TEST(auth_tokens, who_is_bound_changes_nothing_beyond) {
  auth_fixture fixture;
  const auto bound = fixture.token("part", role::admin, {"paper_simulator"});
  for (const std::string path : {"/api/v1/auth/tokens", "/api/v1/auth/users", "/api/v1/risk/resume", "/api/v1/webhooks", "/api/paper-trading/accounts"}) {
    const auto got = fixture.send_as(bound, "POST", path);
    EXPECT_EQ(got.status, 403) << path;
    EXPECT_EQ(got.json()["error_code"], "auth.scope") << path;
  }
  EXPECT_EQ(fixture.send_as(bound, "PUT", "/api/v1/risk/limits").status, 403);
  EXPECT_EQ(fixture.send_as(bound, "POST", "/api/orders").status, 503) << "of its own account it may: no accounts here";
}

// -- users and sessions

struct session_fixture : auth_fixture {
  explicit session_fixture(gateway_config config = {}) : auth_fixture(std::move(config)) {
    admin = token("root", role::admin);
    EXPECT_EQ(send_as(admin, "POST", "/api/v1/auth/users", R"({"username":"ann","password":"correct horse","role":"trader"})").status, 201);
  }
  answer log_in(std::string password = "correct horse", std::string user = "ann", std::string peer = "127.0.0.1") {
    return send_json("POST", "/api/v1/auth/login", R"({"username":")" + user + R"(","password":")" + password + "\"}", {.peer = std::move(peer)});
  }
  browser open() {
    const auto got = log_in();
    return {cookie_in(got), got.json()["csrf_token"].get<std::string>()};
  }
  std::string admin;
};

TEST(auth_sessions, a_login_gives_a_cookie_that_scripts_and_other_sites_do_not_get) {
  session_fixture fixture;
  const auto got = fixture.log_in();
  fixture.check("Session", got);
  const auto cookie = got.header("Set-Cookie");
  for (const std::string part : {"tt_session=", "HttpOnly", "SameSite=Strict", "Path=/"}) EXPECT_NE(cookie.find(part), std::string::npos) << cookie;
  EXPECT_EQ(cookie.find("Secure"), std::string::npos) << "plain HTTP here";
  EXPECT_NE(cookie_in(got), cookie_in(fixture.log_in())) << "a new session at each login";
  gateway_config behind;
  behind.trusted_proxies = {"127.0.0.1"};
  session_fixture proxied{behind};
  const auto over_tls = proxied.send_json("POST", "/api/v1/auth/login", R"({"username":"ann","password":"correct horse"})",
                                          {.headers = {{"X-Forwarded-For", "203.0.113.5"}, {"X-Forwarded-Proto", "https"}}});
  EXPECT_NE(over_tls.header("Set-Cookie").find("; Secure"), std::string::npos);
  EXPECT_NE(over_tls.header("Strict-Transport-Security"), "");
}

TEST(auth_sessions, changes_need_the_csrf_token_and_an_allowed_origin) {
  session_fixture fixture;
  const auto page = fixture.open();
  const std::string body = R"({"name":"mine","symbols":["AAPL"]})", peer{remote};
  EXPECT_EQ(fixture.get("/api/v1/watchlists", page.plain(peer)).status, 200);
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", body, page.full(peer)).status, 201);
  const auto without = [&](std::string_view header) {
    auto options = page.full(peer);
    header_list kept;
    for (const auto& one : options.headers.all())
      if (one.name != header) kept.add(one.name, one.value);
    options.headers = kept;
    return fixture.send_json("POST", "/api/v1/watchlists", body, options);
  };
  EXPECT_EQ(without("X-CSRF-Token").json()["error_code"], "csrf.token");
  EXPECT_EQ(without("Origin").json()["error_code"], "origin.foreign");
  EXPECT_EQ(without("Cookie").status, 401);
  auto foreign = page.full(peer);
  foreign.headers.set("Origin", "http://evil.example");
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", body, foreign).status, 403);
  auto wrong = page.full(peer);
  wrong.headers.set("X-CSRF-Token", fixture.open().csrf);
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", body, wrong).status, 403);
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", R"({"name":"b","symbols":[]})", bearing(fixture.admin)).status, 201) << "tokens are exempt";
}

TEST(auth_sessions, me_tells_the_csrf_token_again_and_logout_ends_it) {
  session_fixture fixture;
  const auto page = fixture.open();
  const std::string peer{remote};
  const auto me = fixture.get("/api/v1/auth/me", page.plain(peer));
  fixture.check("Me", me);
  EXPECT_EQ(me.json()["user"], "ann");
  EXPECT_EQ(me.json()["csrf_token"], page.csrf);
  EXPECT_EQ(fixture.call("POST", "/api/v1/auth/logout", page.plain(peer)).status, 403);
  const auto out = fixture.send_json("POST", "/api/v1/auth/logout", "{}", page.full(peer));
  EXPECT_EQ(out.status, 200);
  EXPECT_NE(out.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(fixture.get("/api/v1/auth/me", page.plain(peer)).status, 401);
  EXPECT_EQ(fixture.get("/api/v1/auth/me", page.plain()).json()["kind"], "local") << "an old cookie locks nobody out of loopback";
}

TEST(auth_sessions, end_by_time_by_a_new_password_and_with_the_user) {
  session_fixture fixture;
  const std::string peer{remote};
  auto page = fixture.open();
  fixture.now += hours{12};
  EXPECT_EQ(fixture.get("/api/v1/auth/me", page.plain(peer)).status, 401);
  page = fixture.open();
  fixture.check("User", fixture.send_as(fixture.admin, "PATCH", "/api/v1/auth/users/ann", R"({"password":"another horse"})"));
  EXPECT_EQ(fixture.get("/api/v1/auth/me", page.plain(peer)).status, 401);
  const auto got = fixture.log_in("another horse");
  page = {cookie_in(got), got.json()["csrf_token"].get<std::string>()};
  EXPECT_EQ(fixture.send_as(fixture.admin, "PATCH", "/api/v1/auth/users/ann", R"({"role":"viewer"})").status, 200);
  EXPECT_EQ(fixture.get("/api/v1/auth/me", page.plain(peer)).json()["role"], "viewer") << "a change of role counts at once";
  EXPECT_EQ(fixture.call("DELETE", "/api/v1/auth/users/ann", bearing(fixture.admin)).status, 200);
  EXPECT_EQ(fixture.get("/api/v1/auth/me", page.plain(peer)).status, 401);
}

TEST(auth_sessions, ten_wrong_passwords_lock_the_user_and_the_address) {
  session_fixture fixture;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fixture.log_in("wrong horse!", "ann", "198.51.100." + std::to_string(i)).status, 401);
  const auto locked = fixture.log_in();
  EXPECT_EQ(locked.status, 429);
  EXPECT_EQ(locked.json()["error_code"], "auth.locked");
  EXPECT_EQ(locked.header("Retry-After"), "900");
  fixture.now += minutes{15};
  EXPECT_EQ(fixture.log_in().status, 200);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fixture.log_in("wrong horse!", "nobody" + std::to_string(i), "203.0.113.1").status, 401);
  EXPECT_EQ(fixture.log_in("correct horse", "ann", "203.0.113.1").status, 429);
  EXPECT_EQ(fixture.log_in("correct horse", "ann", "203.0.113.2").status, 200);
}

TEST(auth_users, are_an_admins_matter) {
  session_fixture fixture;
  fixture.check("Users", fixture.get("/api/v1/auth/users", bearing(fixture.admin)));
  fixture.check("User", fixture.get("/api/v1/auth/users/ann", bearing(fixture.admin)));
  EXPECT_EQ(fixture.get("/api/v1/auth/users/ann", bearing(fixture.admin)).body.find("argon2"), std::string::npos);
  EXPECT_EQ(fixture.get("/api/v1/auth/users/eve", bearing(fixture.admin)).status, 404);
  EXPECT_EQ(fixture.get("/api/v1/auth/users").status, 403);
  EXPECT_EQ(fixture.send_as(fixture.admin, "POST", "/api/v1/auth/users", R"({"username":"ann","password":"correct horse","role":"viewer"})").status, 409);
  EXPECT_EQ(fixture.send_as(fixture.admin, "POST", "/api/v1/auth/users", R"({"username":"bob","password":"short","role":"viewer"})").status, 400);
  EXPECT_EQ(fixture.send_as(fixture.admin, "PATCH", "/api/v1/auth/users/ann", R"({"totp":"JBSW"})").status, 400);
  EXPECT_EQ(fixture.send_as(fixture.admin, "PATCH", "/api/v1/auth/users/ann", R"({"is_enabled":false})").status, 200);
  EXPECT_EQ(fixture.log_in().status, 401);
}

// -- one-time codes

/// A user who needs one-time codes, and the key that only their authenticator has.
struct totp_fixture : session_fixture {
  answer ask(const std::string& what, const std::string& body) { return send_json("POST", "/api/v1/auth/totp" + what, body, page.full()); }
  answer enter(const std::string& more) { return send_json("POST", "/api/v1/auth/login", R"({"username":"ann","password":"correct horse")" + more + "}"); }
  answer enter_with(const std::string& code) { return enter(R"(,"totp":")" + code + "\""); }
  [[nodiscard]] std::string code() const { return totp_code(*parse_base32(secret), totp_step(now)); }
  /// Asks for codes from now on; a step later, since its first code is used.
  void enable() {
    const auto offer = ask("", R"({"password":"correct horse"})");
    check("TotpOffer", offer);
    secret = offer.json()["secret"].get<std::string>();
    check("TotpChanged", ask("/confirm", R"({"totp":")" + code() + "\"}"));
    now += totp_period;
  }
  browser page = open();
  std::string secret;
};

TEST(auth_totp, a_login_needs_a_code_once_it_was_confirmed) {
  totp_fixture fixture;
  EXPECT_EQ(fixture.get("/api/v1/auth/me", fixture.page.plain()).json()["totp_enabled"], false);
  fixture.enable();
  EXPECT_EQ(fixture.get("/api/v1/auth/me", fixture.page.plain()).json()["totp_enabled"], true);
  EXPECT_EQ(fixture.enter("").status, 401);
  EXPECT_EQ(fixture.enter("").json()["error_code"], "auth.totp_required");
  EXPECT_EQ(fixture.log_in("wrong horse!").json()["error_code"], "auth.login") << "only a right password is told of codes";
  EXPECT_EQ(fixture.enter_with("12345").json()["error_code"], "auth.totp");
  const auto good = fixture.code();
  fixture.check("Session", fixture.enter_with(good.substr(0, 3) + " " + good.substr(3)));
  const auto replay = fixture.enter_with(good);
  EXPECT_EQ(replay.status, 401);
  EXPECT_EQ(replay.json()["error_code"], "auth.totp");
  EXPECT_EQ(replay.header("Set-Cookie"), "");
}

TEST(auth_totp, the_offer_is_what_an_authenticator_reads_and_nothing_before_its_first_code) {
  totp_fixture fixture;
  EXPECT_EQ(fixture.ask("", R"({"password":"wrong horse!"})").status, 403);
  EXPECT_EQ(fixture.ask("/confirm", R"({"totp":"123456"})").json()["error_code"], "auth.totp_offer");
  const auto offer = fixture.ask("", R"({"password":"correct horse"})").json();
  const auto secret = offer["secret"].get<std::string>();
  EXPECT_EQ(offer["otpauth_uri"], "otpauth://totp/TraderTerminal:ann?secret=" + secret + "&issuer=TraderTerminal&algorithm=SHA1&digits=6&period=30");
  EXPECT_EQ(offer["expires_in"], 600);
  EXPECT_EQ(fixture.ask("/confirm", R"({"totp":"12345"})").json()["error_code"], "auth.totp");
  EXPECT_EQ(fixture.enter("").status, 200);
  fixture.enable();
  EXPECT_EQ(fixture.ask("", R"({"password":"correct horse"})").json()["error_code"], "auth.totp_on") << "who has a session does not change the key";
  const auto shown = fixture.get("/api/v1/auth/users/ann", bearing(fixture.admin));
  fixture.check("User", shown);
  EXPECT_EQ(shown.json()["totp_enabled"], true);
  EXPECT_EQ(shown.body.find(fixture.secret), std::string::npos);
}

TEST(auth_totp, is_taken_off_with_password_and_code_or_by_an_admin) {
  totp_fixture fixture;
  EXPECT_EQ(fixture.ask("/remove", R"({"password":"correct horse","totp":"123456"})").json()["error_code"], "auth.totp_off");
  fixture.enable();
  EXPECT_EQ(fixture.ask("/remove", R"({"password":"wrong horse!","totp":")" + fixture.code() + "\"}").json()["error_code"], "auth.login");
  EXPECT_EQ(fixture.ask("/remove", R"({"password":"correct horse","totp":"12345"})").json()["error_code"], "auth.totp");
  EXPECT_EQ(fixture.enter("").status, 401);
  fixture.check("TotpChanged", fixture.ask("/remove", R"({"password":"correct horse","totp":")" + fixture.code() + "\"}"));
  EXPECT_EQ(fixture.enter("").status, 200);
  fixture.enable();
  EXPECT_EQ(fixture.call("DELETE", "/api/v1/auth/users/ann/totp", fixture.page.full()).status, 403) << "a trader does not take it off this way";
  const auto reset = fixture.call("DELETE", "/api/v1/auth/users/ann/totp", bearing(fixture.admin));
  fixture.check("User", reset);
  EXPECT_EQ(reset.json()["totp_enabled"], false);
  EXPECT_EQ(fixture.enter("").status, 200);
  EXPECT_EQ(fixture.call("DELETE", "/api/v1/auth/users/eve/totp", bearing(fixture.admin)).status, 404);
}

TEST(auth_totp, wrong_and_missing_codes_count_as_failures) {
  totp_fixture fixture;
  fixture.enable();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fixture.enter_with("12345" ).status, 401);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fixture.enter("").status, 401);
  const auto locked = fixture.enter_with(fixture.code());
  EXPECT_EQ(locked.status, 429) << "a right code does not open what is locked";
  EXPECT_EQ(locked.header("Retry-After"), "900");
  fixture.now += minutes{15};
  EXPECT_EQ(fixture.enter_with(fixture.code()).status, 200);
}

TEST(auth_totp, is_a_matter_of_users_with_a_session) {
  totp_fixture fixture;
  for (const std::string path : {"", "/confirm", "/remove"}) {
    const auto got = fixture.send_json("POST", "/api/v1/auth/totp" + path, R"({"password":"correct horse","totp":"123456"})", bearing(fixture.admin));
    EXPECT_EQ(got.status, 403) << path;
    EXPECT_EQ(got.json()["error_code"], "auth.session") << path;
    EXPECT_EQ(fixture.send_json("POST", "/api/v1/auth/totp" + path, R"({"password":"correct horse","totp":"123456"})", fixture.page.plain()).status, 403) << "no CSRF token";
  }
}

// -- streams

TEST(auth_streams, a_ticket_is_good_once_and_where_it_was_asked_for) {
  auth_fixture fixture;
  auto there = bearing(fixture.token("eyes", role::viewer));
  there.peer = remote;
  const auto ask = [&] {
    const auto got = fixture.send_json("POST", "/api/v1/auth/ws-ticket", "{}", there);
    fixture.check("StreamTicket", got);
    EXPECT_EQ(got.json()["expires_in"], 30);
    return "/stream?ticket=" + got.json()["ticket"].get<std::string>();
  };
  const std::string peer{remote};
  const auto first = ask();
  EXPECT_EQ(fixture.open_stream({}, first, peer), 0);
  EXPECT_EQ(fixture.open_stream({}, first, peer), 401) << "replayed";
  EXPECT_EQ(fixture.open_stream({}, ask(), "192.0.2.10"), 401) << "of another address";
  const auto late = ask();
  fixture.now += std::chrono::seconds{30};
  EXPECT_EQ(fixture.open_stream({}, late, peer), 401);
}

TEST(auth_streams, take_a_token_as_subprotocol_and_never_in_the_url) {
  auth_fixture fixture;
  const auto secret = fixture.token("eyes", role::viewer);
  const std::string peer{remote};
  EXPECT_EQ(fixture.open_stream({{"Sec-WebSocket-Protocol", "tt.json, bearer." + secret}}, "/stream", peer), 0);
  EXPECT_EQ(fixture.open_stream({{"Sec-WebSocket-Protocol", "tt.json, bearer.tt_x"}}, "/stream", peer), 401);
  EXPECT_EQ(fixture.open_stream({}, "/stream?token=" + secret, peer), 400);
  EXPECT_EQ(fixture.open_stream({}, "/stream", peer), 0) << "may still say who it is in its first message";
}

TEST(auth_streams, a_revoked_token_holds_no_stream) {
  auth_fixture fixture;
  const auto secret = fixture.token("eyes", role::viewer);
  auto options = bearing(secret);
  options.headers.set("Upgrade", "websocket");
  const auto in = fixture.requests().admit(make_request("GET", "/stream", options));
  ASSERT_FALSE(in.refusal);
  const auto caller = fixture.requests().caller_of_stream(in.call);
  EXPECT_EQ(caller->who().name, "token:eyes");
  EXPECT_TRUE(caller->holds());
  ASSERT_TRUE(fixture.identities().revoke_token(caller->who().id));
  EXPECT_FALSE(caller->holds());
  EXPECT_TRUE(caller->identify(fixture.token("again", role::trader, {"a"})));
  EXPECT_TRUE(caller->who().is_bound());
  EXPECT_TRUE(caller->holds());
  EXPECT_FALSE(caller->identify("tt_x"));
}

TEST(auth_failures, are_limited_by_address) {
  gateway_config config;
  config.limits[static_cast<std::size_t>(rate_class::failed_auth)] = {30, 3};
  auth_fixture fixture{config};
  const auto good = fixture.token("root", role::admin);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fixture.get("/udf/time", bearing("tt_no")).status, 401);
  EXPECT_EQ(fixture.get("/udf/time", bearing("tt_no")).status, 429);
  EXPECT_EQ(fixture.get("/udf/time", bearing(good)).status, 200) << "who has a token is not locked out by others";
}

} // namespace
} // namespace tt::gateway::test
