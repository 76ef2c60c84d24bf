#include "gateways/http/form.hpp"
#include "gateways/http/message.hpp"
#include "gateways/http/peer_rules.hpp"
#include "gateways/http/rate_limiter.hpp"
#include "gateways/http/static_files.hpp"
#include "gateways/json/json_reader.hpp"

#include <gtest/gtest.h>

namespace tt::gateway {
namespace {

// -- targets

TEST(http_target, is_taken_apart_and_decoded) {
  http_request request;
  ASSERT_TRUE(request.set_target("/api/v1/quotes/BTC%2FUSD/?symbols=A%2CB&x=1+2&&flag#part"));
  EXPECT_EQ(request.segments, (std::vector<std::string>{"api", "v1", "quotes", "BTC/USD"}));
  EXPECT_EQ(*request.query.find("symbols"), "A,B");
  EXPECT_EQ(*request.query.find("x"), "1 2");
  EXPECT_EQ(*request.query.find("flag"), "");
  EXPECT_EQ(request.query.find("missing"), nullptr);
}

TEST(http_target, absolute_form_gives_its_authority) {
  http_request request;
  ASSERT_TRUE(request.set_target("http://evil.example:81/udf/time?a=b"));
  EXPECT_EQ(request.authority, "evil.example:81");
  EXPECT_EQ(request.path, "/udf/time");
}

TEST(http_target, bad_ones_are_refused) {
  for (const auto* text : {"", "udf", "/a%2", "/a%zz", "/a?b=%00", "/a%00", "/x?%"}) {
    http_request request;
    EXPECT_FALSE(request.set_target(text)) << text;
  }
  std::string many = "/a?";
  for (int i = 0; i < 101; ++i) many += "k=v&";
  http_request request;
  EXPECT_FALSE(request.set_target(many));
}

TEST(http_target, percent_encoding_round_trips) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  const auto back = percent_decode(percent_encode(all), plus_sign::literal);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, all);
}

// -- forms

TEST(http_form, multipart_fields_keep_every_byte) {
  const std::string body = "--XyZ\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nMy chart\r\n"
                           "--XyZ\r\nContent-Disposition: form-data; filename=\"a;b\"; name=\"content\"\r\nContent-Type: text/plain\r\n\r\n"
                           "{\"a\":\"--Xy\r\n\"}\r\n--XyZ--\r\n";
  const auto form = parse_form("multipart/form-data; boundary=XyZ", body);
  ASSERT_TRUE(form) << form.error().message;
  EXPECT_EQ(*form->find("name"), "My chart");
  EXPECT_EQ(*form->find("content"), "{\"a\":\"--Xy\r\n\"}");
}

TEST(http_form, malformed_multipart_is_an_error) {
  for (const std::string body : {"--X", "--X\r\n", "--X\r\n\r\n", "--X\r\nContent-Disposition: form-data\r\n\r\nv\r\n--X--",
                                 "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv", "rubbish"})
    EXPECT_FALSE(parse_form("multipart/form-data; boundary=X", body)) << body;
  EXPECT_FALSE(parse_form("multipart/form-data", "--X--"));
  EXPECT_FALSE(parse_form("text/plain", "a=b"));
}

// -- JSON

TEST(http_json, numbers_keep_their_text) {
  const auto parsed = parse_json(R"({"price":0.1000000000001e2,"big":12345678901234567890123,"qty":"7.5"})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->members()[0].value.text(), "0.1000000000001e2");
  EXPECT_EQ(parsed->members()[1].value.text(), "12345678901234567890123");
  object_reader reader{*parsed};
  EXPECT_EQ(reader.number({"qty"}, object_reader::need::required), *decimal::parse("7.5"));
  EXPECT_EQ(reader.number({"price"}, object_reader::need::required), *decimal::parse("10.00000000001"));
  EXPECT_FALSE(reader.number({"big"}, object_reader::need::required)); // beyond the range: a field problem
  ASSERT_TRUE(reader.finish(unknown_fields::refuse));
}

TEST(http_json, limits_and_syntax) {
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("{"));
  EXPECT_FALSE(parse_json("{\"a\":1,}"));
  EXPECT_FALSE(parse_json("[1e999]"));
  EXPECT_FALSE(parse_json("\"\xff\""));
  EXPECT_TRUE(parse_json(std::string(max_json_depth, '[') + std::string(max_json_depth, ']')));
  EXPECT_FALSE(parse_json(std::string(max_json_depth + 1, '[') + std::string(max_json_depth + 1, ']')));
  std::string many = "[0";
  for (std::size_t i = 0; i < max_json_values; ++i) many += ",0";
  EXPECT_FALSE(parse_json(many + "]"));
}

TEST(http_json, both_spellings_must_agree) {
  const auto same = parse_json(R"({"order_type":"limit","orderType":"limit"})");
  object_reader agreeing{*same};
  EXPECT_EQ(agreeing.string({"order_type"}, object_reader::need::required), "limit");
  EXPECT_FALSE(agreeing.finish(unknown_fields::refuse));

  const auto other = parse_json(R"({"order_type":"limit","orderType":"market"})");
  object_reader reader{*other};
  (void)reader.string({"order_type"}, object_reader::need::required);
  const auto failed = reader.finish(unknown_fields::ignore);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "field.conflict");
}

TEST(http_json, unknown_fields_count_or_fail) {
  const auto parsed = parse_json(R"({"name":"x","colour":"red"})");
  object_reader reader{*parsed};
  (void)reader.string({"name"}, object_reader::need::required);
  EXPECT_EQ(reader.unknown(), std::vector<std::string>{"colour"});
  EXPECT_FALSE(reader.finish(unknown_fields::ignore));
  const auto strict = reader.finish(unknown_fields::refuse);
  ASSERT_TRUE(strict);
  EXPECT_EQ(strict->fields.at(0).type, "unknown");
}

// -- who may talk to us

TEST(http_rules, host_names) {
  const host_rules rules{"127.0.0.1", {"Terminal.lan", "10.0.0.7:9000"}};
  for (const auto* good : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "terminal.lan", "terminal.lan.:80", "10.0.0.7"})
    EXPECT_TRUE(rules.allows(good)) << good;
  for (const auto* bad : {"", "evil.example", "localhost.evil.example", "localhost:x", "[::1", "user@localhost", "localhost/x", "127.0.0.2"})
    EXPECT_FALSE(rules.allows(bad)) << bad;
  EXPECT_FALSE((host_rules{"0.0.0.0", {}}.allows("0.0.0.0"))); // a wildcard is no name
}

TEST(http_rules, origins) {
  const origin_rules rules{{"http://localhost:5173", "https://desk.example/", "*"}};
  const auto kind = [&](std::string origin) { return rules.classify({{"Host", "localhost:8080"}, {"Origin", std::move(origin)}}); };
  EXPECT_EQ(kind("http://localhost:8080"), origin_kind::own);
  EXPECT_EQ(kind("http://localhost:5173"), origin_kind::allowed);
  EXPECT_EQ(kind("https://desk.example"), origin_kind::allowed);
  for (const auto* foreign : {"http://localhost:3001", "null", "*", "http://localhost", "https://desk.example.evil.com", ""})
    EXPECT_EQ(kind(foreign), origin_kind::foreign) << foreign;
  EXPECT_EQ(rules.classify({{"Host", "localhost:8080"}}), origin_kind::none);
  EXPECT_TRUE(is_cross_site(origin_kind::none, {{"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_FALSE(is_cross_site(origin_kind::none, {{"Sec-Fetch-Site", "same-origin"}}));
}

TEST(http_rules, forwarding_headers_count_from_trusted_proxies_only) {
  const auto trusted = *network_list::parse({"10.0.0.0/8", "::1"});
  const auto client = [&](std::string_view peer, header_list headers) { return client_address(peer, headers, trusted); };
  EXPECT_EQ(client("192.0.2.9", {{"X-Forwarded-For", "127.0.0.1"}}), "192.0.2.9"); // spoofed
  EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "127.0.0.1, 203.0.113.5"}}), "203.0.113.5"); // right-most untrusted
  EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "203.0.113.5, 10.9.9.9"}}), "203.0.113.5");
  EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "203.0.113.5"}, {"X-Forwarded-For", "198.51.100.7"}}), "198.51.100.7");
  EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "203.0.113.5, rubbish"}}), "10.0.0.1");
  EXPECT_EQ(client("::1", {{"Forwarded", "for=\"[2001:db8::7]:4711\";proto=https"}}), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
  EXPECT_FALSE(network_list::parse({"10.0.0.0/33"}));
  EXPECT_FALSE(network_list::parse({"proxy.example"}));
}

// -- rate limits

TEST(http_rate, bucket_empties_and_refills) {
  rate_limits limits{};
  limits[static_cast<std::size_t>(rate_class::general)] = {60, 3};
  rate_limiter limiter{limits};
  utc_time now = from_unix_seconds(1000);
  for (std::uint32_t left = 3; left-- > 0;) {
    const auto verdict = limiter.take(rate_class::general, "a", now);
    EXPECT_EQ(verdict.verdict, rate_verdict::answer::allowed);
    EXPECT_EQ(verdict.remaining, left);
  }
  const auto refused = limiter.take(rate_class::general, "a", now);
  EXPECT_EQ(refused.verdict, rate_verdict::answer::refused);
  EXPECT_EQ(refused.retry_after_s, 1);
  EXPECT_EQ(refused.reset, 1003);
  EXPECT_EQ(limiter.take(rate_class::general, "b", now).verdict, rate_verdict::answer::allowed); // others are not hit
  now += std::chrono::milliseconds{999};
  EXPECT_EQ(limiter.take(rate_class::general, "a", now).verdict, rate_verdict::answer::refused);
  now += std::chrono::milliseconds{1};
  EXPECT_EQ(limiter.take(rate_class::general, "a", now).verdict, rate_verdict::answer::allowed);
  EXPECT_EQ(limiter.take(rate_class::orders, "a", now).verdict, rate_verdict::answer::unlimited);
}

TEST(http_rate, the_largest_setting_is_kept) {
  rate_limits limits{};
  limits[static_cast<std::size_t>(rate_class::market_data)] = {10'000'000, 0};
  rate_limiter limiter{limits};
  const auto verdict = limiter.take(rate_class::market_data, "a", from_unix_seconds(1'768'487'700));
  EXPECT_EQ(verdict.limit, 10'000'000U);
  EXPECT_EQ(verdict.remaining, 9'999'999U);
}

TEST(http_rate, never_more_than_the_rate_over_any_span) {
  rate_limits limits{};
  limits[static_cast<std::size_t>(rate_class::general)] = {100, 20};
  rate_limiter limiter{limits};
  utc_time now = from_unix_seconds(5000);
  int passed = 0;
  for (int ms = 0; ms < 60'000; ms += 37) // a caller that never lets up for a minute
    passed += limiter.take(rate_class::general, "x", now + std::chrono::milliseconds{ms}).verdict == rate_verdict::answer::allowed;
  EXPECT_GE(passed, 118);
  EXPECT_LE(passed, 120); // the burst and a minute's worth
}

TEST(http_rate, a_clock_that_goes_back_gives_nothing) {
  rate_limits limits{};
  limits[static_cast<std::size_t>(rate_class::general)] = {60, 1};
  rate_limiter limiter{limits};
  EXPECT_EQ(limiter.take(rate_class::general, "a", from_unix_seconds(100)).verdict, rate_verdict::answer::allowed);
  EXPECT_EQ(limiter.take(rate_class::general, "a", from_unix_seconds(50)).verdict, rate_verdict::answer::refused);
  EXPECT_EQ(limiter.take(rate_class::general, "a", from_unix_seconds(100)).verdict, rate_verdict::answer::refused);
}

// -- files

TEST(http_files, names_and_encodings) {
  EXPECT_TRUE(is_hashed_asset("index-BmfKl2_a.js"));
  EXPECT_TRUE(is_hashed_asset("style-0a1b2c3d.css"));
  EXPECT_FALSE(is_hashed_asset("index.js"));
  EXPECT_FALSE(is_hashed_asset("my-chart.js"));
  EXPECT_TRUE(accepts_gzip("br, gzip;q=0.5"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0, br"));
  EXPECT_FALSE(accepts_gzip("br"));
  EXPECT_EQ(content_type_of("a.WOFF2"), "font/woff2");
  EXPECT_EQ(content_type_of("a.unknown"), "application/octet-stream");
}

} // namespace
} // namespace tt::gateway
