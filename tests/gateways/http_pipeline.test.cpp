// What happens to every request besides its handler (http-api.md sections 1 and 2).

#include "tests/gateways/support/http_fixture.hpp"

namespace tt::gateway::test {
namespace {

// -- correlation and error body

TEST(http_pipeline, request_id_is_echoed_or_made) {
  http_fixture fixture;
  EXPECT_EQ(fixture.get("/health/live", {.headers = {{"X-Request-Id", "abc-1"}}}).header("X-Request-Id"), "abc-1");
  const auto made = fixture.get("/health/live").header("X-Request-Id");
  EXPECT_EQ(made.substr(0, 2), "r-");
  EXPECT_NE(made, fixture.get("/health/live").header("X-Request-Id"));
  const auto too_long = fixture.get("/health/live", {.headers = {{"X-Request-Id", std::string(65, 'x')}}});
  EXPECT_EQ(too_long.header("X-Request-Id").substr(0, 2), "r-");
}

TEST(http_pipeline, every_failure_has_the_error_body) {
  http_fixture fixture;
  const auto openapi = fixture.get("/openapi.json").json();
  const auto failed = fixture.get("/api/v1/bars?symbol=AAPL&timeframe=7x&limit=0", {.headers = {{"X-Request-Id", "r-7f3a"}}});
  EXPECT_EQ(failed.status, 400);
  const auto body = failed.json();
  EXPECT_EQ(schema_violation(openapi, "Error", body), "");
  EXPECT_EQ(body["request_id"], "r-7f3a");
  EXPECT_EQ(body["timestamp"], "2026-01-15T14:35:00.000Z");
  EXPECT_EQ(body["errors"].size(), 2U); // timeframe and limit, both named
  EXPECT_EQ(body["errors"][1]["loc"], (nlohmann::json{"query", "limit"}));
  EXPECT_EQ(schema_violation(openapi, "Error", fixture.get("/api/nothing").json()), "");
  EXPECT_EQ(schema_violation(openapi, "UdfError", fixture.get("/udf/nothing").json()), "");
  EXPECT_EQ(schema_violation(openapi, "ChartStorageError", fixture.get("/udf/charts/1.1/charts?chart=77").json()), "");
}

TEST(http_pipeline, unknown_path_wrong_method_and_trailing_slash) {
  http_fixture fixture;
  EXPECT_EQ(fixture.get("/api/v1/nothing").status, 404);
  const auto wrong = fixture.call("PUT", "/api/v1/quotes");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(fixture.call("BREW", "/health").status, 405);
  EXPECT_EQ(fixture.get("/health/live/").status, 200);
  EXPECT_EQ(fixture.call("HEAD", "/health/live").status, 200);
  const auto options = fixture.call("OPTIONS", "/api/v1/watchlists");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST(http_pipeline, internal_errors_keep_their_details) {
  http_fixture fixture;
  fixture.market.fail(operation::quotes, error{errc::internal, "secret path /var/lib"});
  const auto failed = fixture.get("/api/v1/quotes?symbols=AAPL");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body.find("secret"), std::string::npos);
  fixture.market.fail(operation::quotes, error{errc::timed_out, "the symbol actor did not answer"});
  const auto late = fixture.get("/api/v1/quotes?symbols=AAPL");
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.header("Retry-After"), "1");
}

// -- Host and Origin

TEST(http_pipeline, foreign_host_is_misdirected) {
  http_fixture fixture;
  EXPECT_EQ(fixture.get("/health", {.host = "evil.example"}).status, 421);
  EXPECT_EQ(fixture.get("/health", {.host = ""}).status, 400);
  EXPECT_EQ(fixture.get("/health", {.headers = {{"Host", "localhost"}}}).status, 400); // two Host headers
  EXPECT_EQ(fixture.get("http://evil.example/health").status, 421);
  EXPECT_EQ(fixture.get("/health", {.host = "127.0.0.1"}).status, 200);
}

TEST(http_pipeline, cors_for_listed_origins_only) {
  http_fixture fixture;
  const auto listed = fixture.get("/udf/config", {.headers = {{"Origin", "http://localhost:5173"}}});
  EXPECT_EQ(listed.header("Access-Control-Allow-Origin"), "http://localhost:5173");
  EXPECT_EQ(listed.header("Access-Control-Allow-Credentials"), "true");
  const auto foreign = fixture.get("/udf/config", {.headers = {{"Origin", "http://evil.example"}}});
  EXPECT_EQ(foreign.status, 200); // a read the page can't see
  EXPECT_EQ(foreign.header("Access-Control-Allow-Origin"), "");
}

TEST(http_pipeline, preflight) {
  http_fixture fixture;
  const auto ask = [&](std::string origin) {
    return fixture.call("OPTIONS", "/api/v1/watchlists",
                        {.headers = {{"Origin", std::move(origin)}, {"Access-Control-Request-Method", "POST"}}});
  };
  const auto good = ask("http://localhost:5173");
  EXPECT_EQ(good.status, 204);
  EXPECT_NE(good.header("Access-Control-Allow-Methods").find("POST"), std::string::npos);
  EXPECT_NE(good.header("Access-Control-Allow-Headers").find("Idempotency-Key"), std::string::npos);
  EXPECT_EQ(ask("http://evil.example").status, 403);
}

TEST(http_pipeline, a_web_page_cannot_write_through_localhost) {
  http_fixture fixture;
  const std::string body = R"({"name":"mine","symbols":["AAPL"]})";
  const auto write = [&](header_list headers) { return fixture.send_json("POST", "/api/v1/watchlists", body, {.headers = std::move(headers)}).status; };
  EXPECT_EQ(write({{"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(write({{"Origin", "null"}}), 403);
  EXPECT_EQ(write({{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(write({{"Origin", "http://localhost:8080"}, {"Sec-Fetch-Site", "same-origin"}}), 201);
  EXPECT_EQ(write({{"Origin", "http://localhost:5173"}}), 201);
  EXPECT_EQ(write({}), 201);
  EXPECT_EQ(fixture.call("POST", "/webhook/tradingview", {.headers = {{"Origin", "http://evil.example"}}, .body = "x"}).status, 403);
  // a form or text body needs no preflight, so JSON routes refuse it
  EXPECT_EQ(fixture.call("POST", "/api/v1/watchlists", {.headers = {{"Content-Type", "text/plain"}}, .body = body}).status, 415);
  EXPECT_EQ(fixture.call("POST", "/api/v1/watchlists", {.body = body}).status, 415);
  EXPECT_EQ(fixture.call("POST", "/api/v1/watchlists", {.headers = {{"Content-Type", "application/json; charset=utf-8"}}, .body = body}).status, 201);
}

// -- identity

TEST(http_pipeline, remote_callers_need_an_identity) {
  http_fixture fixture;
  const call_options remote{.peer = "192.0.2.1"};
  EXPECT_EQ(fixture.get("/udf/config", remote).status, 401);
  EXPECT_EQ(fixture.get("/api/v1/quotes?symbols=AAPL", remote).status, 401);
  EXPECT_EQ(fixture.get("/metrics", remote).status, 401);
  EXPECT_EQ(fixture.get("/openapi.json", remote).status, 401);
  EXPECT_EQ(fixture.get("/api/unknown", remote).status, 401); // no map of what exists
  EXPECT_EQ(fixture.get("/health/live", remote).status, 200);
  EXPECT_EQ(fixture.get("/", remote).status, 503); // open, but the UI is not built here
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/auth/login", "{}", remote).status, 400); // open: it is the way to one
  EXPECT_EQ(fixture.get("/udf/config", remote).header("WWW-Authenticate").substr(0, 6), "Bearer");
}

TEST(http_pipeline, required_mode_and_wildcard_binding_take_the_loopback_shortcut_away) {
  gateway_config required;
  required.auth = auth_mode::required;
  http_fixture strict{required};
  EXPECT_EQ(strict.get("/udf/config").status, 401);
  EXPECT_EQ(strict.get("/metrics").status, 200); // open on loopback in any mode
  gateway_config wide;
  wide.host = "0.0.0.0";
  http_fixture open{wide};
  EXPECT_EQ(open.get("/udf/config").status, 401);
}

TEST(http_pipeline, an_unverifiable_token_is_no_identity) {
  gateway_config config;
  config.limits[static_cast<std::size_t>(rate_class::failed_auth)] = {30, 2};
  http_fixture fixture{config};
  const call_options with_token{.headers = {{"Authorization", "Bearer tt_x"}}};
  EXPECT_EQ(fixture.get("/udf/config", with_token).status, 401);
  EXPECT_EQ(fixture.get("/udf/config", {.headers = {{"X-API-Key", "tt_x"}}}).status, 401);
  EXPECT_EQ(fixture.get("/udf/config", with_token).status, 429);
  EXPECT_EQ(fixture.get("/health/live", with_token).status, 200);
}

TEST(http_pipeline, a_trusted_proxy_names_the_client) {
  gateway_config config;
  config.trusted_proxies = {"127.0.0.1"};
  http_fixture fixture{config};
  EXPECT_EQ(fixture.get("/udf/config", {.headers = {{"X-Forwarded-For", "203.0.113.5"}}}).status, 401);
  EXPECT_EQ(fixture.get("/udf/config").status, 200);
  http_fixture untrusting;
  EXPECT_EQ(untrusting.get("/udf/config", {.headers = {{"X-Forwarded-For", "127.0.0.1"}}, .peer = "192.0.2.1"}).status, 401);
}

// -- rate limits

TEST(http_pipeline, rate_limit_headers_and_refusal) {
  gateway_config config;
  config.limits[static_cast<std::size_t>(rate_class::market_data)] = {60, 2};
  http_fixture fixture{config};
  const auto first = fixture.get("/udf/time");
  EXPECT_EQ(first.header("X-RateLimit-Limit"), "60");
  EXPECT_EQ(first.header("X-RateLimit-Remaining"), "1");
  EXPECT_EQ(first.header("X-RateLimit-Reset"), std::to_string(unix_seconds(fixture.now) + 1));
  EXPECT_EQ(fixture.get("/udf/time").status, 200);
  const auto refused = fixture.get("/udf/time");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.json()["s"], "error");
  EXPECT_EQ(fixture.get("/health/live").status, 200); // another class
  fixture.now += std::chrono::seconds{1};
  EXPECT_EQ(fixture.get("/udf/time").status, 200);
}

TEST(http_pipeline, emergency_stop_and_cancel_are_never_limited) {
  gateway_config config;
  config.limits[static_cast<std::size_t>(rate_class::general)] = {1, 1};
  config.limits[static_cast<std::size_t>(rate_class::orders)] = {1, 1};
  http_fixture fixture{config};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(fixture.send_json("POST", "/api/v1/risk/emergency-stop", "{}").status, 503);
    EXPECT_EQ(fixture.call("DELETE", "/api/orders/o-1").status, 503);
  }
  EXPECT_EQ(fixture.send_json("POST", "/api/orders", "{}").status, 503);
  EXPECT_EQ(fixture.send_json("POST", "/api/orders", "{}").status, 429);
}

// -- headers

TEST(http_pipeline, security_headers) {
  http_fixture fixture;
  const auto api = fixture.get("/api/v1/news");
  EXPECT_EQ(api.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(api.header("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(api.header("X-Frame-Options"), "DENY");
  EXPECT_EQ(api.header("Cache-Control"), "no-store");
  const auto page = fixture.get("/docs").header("Content-Security-Policy");
  EXPECT_NE(page.find("script-src 'self';"), std::string::npos);
  EXPECT_NE(page.find("connect-src 'self' ws://localhost:8080 wss://localhost:8080;"), std::string::npos);
  EXPECT_EQ(page.find("script-src 'self' 'unsafe"), std::string::npos);
}

// -- bodies and style

TEST(http_pipeline, body_limits) {
  http_fixture fixture;
  const auto big = fixture.send_json("PUT", "/api/v1/layouts/main", "{\"a\":\"" + std::string(256 * 1024, 'x') + "\"}");
  EXPECT_EQ(big.status, 413);
  EXPECT_EQ(fixture.call("POST", "/webhook/tradingview", {.body = std::string(16 * 1024 + 1, 'x')}).status, 413);
}

TEST(http_pipeline, case_and_number_style) {
  http_fixture fixture;
  fixture.market.set_quote(scripted_market::make_quote("AAPL", "231.11", fixture.now));
  const auto snake = fixture.get("/api/v1/quotes/AAPL").json();
  EXPECT_EQ(snake["prev_close"], 230.11);
  const auto camel = fixture.get("/api/v1/quotes/AAPL?case=camel&numbers=string").json();
  EXPECT_EQ(camel["prevClose"], "230.11");
  EXPECT_EQ(camel["changePercent"], "0.4346");
  EXPECT_FALSE(camel.contains("prev_close"));
  EXPECT_TRUE(fixture.get("/api/v1/quotes/AAPL", {.headers = {{"X-Field-Case", "camel"}}}).json().contains("bidSize"));
  EXPECT_TRUE(fixture.get("/api/v1/quotes/NOPE?case=camel").json().contains("errorCode"));
  EXPECT_EQ(fixture.get("/api/v1/quotes/AAPL?case=kebab").status, 400);
  EXPECT_TRUE(fixture.get("/udf/config?case=camel").json().contains("supports_search")); // UDF keeps its own spelling
}

TEST(http_pipeline, strict_refuses_unknown_fields) {
  http_fixture fixture;
  const std::string body = R"({"name":"x","symbols":[],"colour":1})";
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", body).status, 201);
  const auto strict = fixture.send_json("POST", "/api/v1/watchlists?strict=1", body);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.json()["errors"][0]["loc"], (nlohmann::json{"body", "colour"}));
  EXPECT_NE(fixture.metrics.render({}, fixture.now).find("tt_http_unknown_fields_total 1"), std::string::npos);
}

// -- idempotency

TEST(http_idempotency, same_key_and_body_gives_the_first_answer) {
  http_fixture fixture;
  const std::string body = R"({"name":"x","symbols":["AAPL"]})";
  const call_options keyed{.headers = {{"Idempotency-Key", "k1"}}};
  const auto first = fixture.send_json("POST", "/api/v1/watchlists", body, keyed);
  const auto again = fixture.send_json("POST", "/api/v1/watchlists", body, keyed);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(first.header("Idempotent-Replay"), "");
  EXPECT_EQ(again.header("Idempotent-Replay"), "true");
  EXPECT_EQ(fixture.get("/api/v1/watchlists").json()["watchlists"].size(), 2U); // the first list and one new
  const auto other = fixture.send_json("POST", "/api/v1/watchlists", R"({"name":"y","symbols":[]})", keyed);
  EXPECT_EQ(other.status, 409);
  fixture.now += std::chrono::hours{25};
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", R"({"name":"y","symbols":[]})", keyed).status, 201);
}

TEST(http_idempotency, answers_that_a_retry_may_change_are_not_kept) {
  http_fixture fixture;
  const call_options keyed{.headers = {{"Idempotency-Key", "k2"}}};
  EXPECT_EQ(fixture.send_json("POST", "/api/orders", "{}", keyed).status, 503);
  EXPECT_EQ(fixture.send_json("POST", "/api/orders", "{}", keyed).header("Idempotent-Replay"), "");
  EXPECT_EQ(fixture.send_json("POST", "/api/v1/watchlists", "{}", {.headers = {{"Idempotency-Key", std::string(65, 'k')}}}).status, 400);
}

TEST(http_idempotency, twins_under_way_wait_for_the_first) {
  auto documents = document_store::open("").value();
  task_queue queue{task_queue::mode::inline_calls};
  idempotency_store keys{*documents, queue};
  const utc_time now = from_unix_seconds(1000);
  std::vector<std::string> log;
  const auto ask = [&](std::string name, std::string digest) {
    keys.begin("local", "k", std::move(digest), now, [&log, name](const result<idempotency_store::verdict>& said, const http_response& first) {
      ASSERT_TRUE(said);
      log.push_back(name + (*said == idempotency_store::verdict::first        ? " first"
                            : *said == idempotency_store::verdict::replay ? " replay " + first.body
                                                                          : " other"));
    });
  };
  ask("a", "d");
  ask("b", "d");
  ask("c", "different");
  EXPECT_EQ(log, (std::vector<std::string>{"a first", "c other"}));
  keys.finish("local", "k", text_response("busy", 503), now, [&] { log.push_back("a told"); });
  EXPECT_EQ(log.back(), "b first"); // the first one failed on our side, so the twin tries
  keys.finish("local", "k", text_response("made", 201), now, [&] { log.push_back("b told"); });
  ask("d", "d");
  EXPECT_EQ(log.back(), "d replay made");
}

// -- waiting

TEST(http_pipeline, an_answer_may_come_late_or_never) {
  http_fixture fixture;
  fixture.market.hold_replies();
  const auto waiting = fixture.begin("GET", "/api/v1/quotes?symbols=AAPL");
  EXPECT_FALSE(waiting->has_value());
  pipeline::expire(fixture.last_exchange());
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->status, 503);
  EXPECT_EQ((*waiting)->json()["error_code"], "timed_out");
  fixture.market.release_replies(); // the late reply is ignored; begin() would fail on a second answer
}

TEST(http_pipeline, a_dropped_request_is_answered) {
  std::optional<outcome> end;
  { responder dropped{[&](outcome o) { end = std::move(o); }}; }
  ASSERT_TRUE(end);
  EXPECT_EQ(std::get<api_error>(*end).status, 500);
}

TEST(http_pipeline, metrics_count_by_route_template) {
  http_fixture fixture;
  (void)fixture.get("/api/v1/quotes/NOPE1");
  (void)fixture.get("/api/v1/quotes/NOPE2");
  (void)fixture.get("/api/v1/no/such/path");
  const auto text = fixture.get("/metrics").body;
  EXPECT_NE(text.find("tt_http_requests_total{code=\"404\",method=\"GET\",route=\"/api/v1/quotes/{symbol}\"} 2"), std::string::npos) << text;
  EXPECT_EQ(text.find("NOPE"), std::string::npos);
  EXPECT_NE(text.find("route=\"(none)\""), std::string::npos);
  EXPECT_NE(text.find("process_resident_memory_bytes"), std::string::npos);
  EXPECT_NE(text.find("tt_http_request_seconds_bucket"), std::string::npos);
}

} // namespace
} // namespace tt::gateway::test
