// REST: market data, service routes, layouts and lists. Every answer is also held
// against the schema that /openapi.json promises.

#include "tests/gateways/support/http_fixture.hpp"

#include <filesystem>
#include <fstream>

namespace tt::gateway::test {
namespace {

using nlohmann::json;

class rest : public ::testing::Test {
protected:
  json checked(const answer& from, const std::string& schema) {
    auto out = from.json();
    EXPECT_EQ(schema_violation(http.get("/openapi.json").json(), schema, out), "") << from.body;
    return out;
  }

  http_fixture http;
};

// -- quotes

TEST_F(rest, quotes_match_trim_and_report_the_unknown) {
  http.market.set_quote(scripted_market::make_quote("AAPL", "231.11", from_unix_ms(1'768'487'402'114)));
  const auto body = checked(http.get("/api/v1/quotes?symbols=%20aapl,NOPE,AAPL,nasdaq:aapl,MSFT"), "Quotes");
  ASSERT_EQ(body["quotes"].size(), 2U);
  const auto& quote = body["quotes"][0];
  EXPECT_EQ(quote["symbol"], "AAPL");
  EXPECT_EQ(quote["timestamp"], 1'768'487'402);
  EXPECT_EQ(quote["ts_ms"], 1'768'487'402'114);
  EXPECT_EQ(quote["price"], quote["last"]);
  EXPECT_EQ(quote["bid"], 231.10);
  EXPECT_EQ(quote["stale"], false);
  EXPECT_EQ(quote["market_state"], "regular");
  EXPECT_EQ(quote["source"], "sim");
  EXPECT_FALSE(body["quotes"][1].contains("last")); // MSFT: nobody has quoted it
  EXPECT_EQ(body["quotes"][1]["stale"], true);
  EXPECT_EQ(body["unmatched"], json{"NOPE"});
}

TEST_F(rest, quotes_bad_requests) {
  EXPECT_EQ(http.get("/api/v1/quotes").status, 400);
  EXPECT_EQ(http.get("/api/v1/quotes?symbols=,,").status, 400);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "S" + std::to_string(i) + ",";
  EXPECT_EQ(http.get("/api/v1/quotes?symbols=" + many).status, 400);
  EXPECT_EQ(http.get("/api/v1/quotes?symbols=AAPL&symbols=MSFT").json()["error_code"], "field.conflict");
  EXPECT_EQ(http.get("/api/v1/quotes/NOPE").status, 404);
  EXPECT_EQ(http.get("/api/v1/quotes/NOPE").json()["error_code"], "unknown_symbol");
}

TEST_F(rest, exact_decimals_pass_through) {
  auto quote = scripted_market::make_quote("EURUSD", "1.39275", http.now);
  quote.bid_size = quantity::parse("0.000000000001").value();
  http.market.set_quote(quote);
  const auto body = http.get("/api/v1/quotes/EURUSD").body;
  EXPECT_NE(body.find("\"last\":1.39275,"), std::string::npos) << body;
  EXPECT_NE(body.find("\"bid_size\":0.000000000001,"), std::string::npos) << body;
  EXPECT_EQ(body.find("e-"), std::string::npos);
}

TEST_F(rest, depth_is_the_top_of_the_book_and_says_so) {
  http.market.set_quote(scripted_market::make_quote("AAPL", "10", http.now));
  const auto depth = checked(http.get("/api/v1/depth/AAPL"), "Depth");
  EXPECT_EQ(depth["bids"], (json{{{"price", 9.99}, {"size", 300}}}));
  EXPECT_EQ(depth["book"], "top");
  EXPECT_EQ(http.get("/api/v1/depth/AAPL?limit=5").status, 200);
  for (const auto* wrong : {"0", "101", "x"}) EXPECT_EQ(http.get("/api/v1/depth/AAPL?limit=" + std::string(wrong)).status, 400) << wrong;
  EXPECT_EQ(checked(http.get("/api/v1/depth/MSFT"), "Depth")["bids"], json::array());
}

TEST_F(rest, trades_newest_first) {
  for (int i = 1; i <= 5; ++i)
    http.market.add_trade({"AAPL", {from_unix_seconds(1000 + i), price{i}, quantity{10}, aggressor::buyer}, static_cast<std::uint64_t>(i)});
  const auto body = checked(http.get("/api/v1/trades/aapl?limit=2"), "Trades");
  ASSERT_EQ(body["trades"].size(), 2U);
  EXPECT_EQ(body["trades"][0]["price"], 5);
  EXPECT_EQ(body["trades"][0]["side"], "buy");
  EXPECT_EQ(http.get("/api/v1/trades/AAPL?limit=1001").status, 400);
}

// -- instruments and bars

TEST_F(rest, instruments) {
  const auto es = checked(http.get("/api/v1/symbols/ES1!"), "Instrument");
  EXPECT_EQ(es["multiplier"], 50);
  EXPECT_EQ(es["tick"], 0.25);
  EXPECT_EQ(es["venue_symbols"], (json{{"tradovate", "ESH6"}}));
  EXPECT_EQ(es["roll_date"], "2026-03-16");
  EXPECT_EQ(checked(http.get("/api/v1/symbols/AAPL"), "Instrument")["borrowable"], true);
  EXPECT_EQ(checked(http.get("/api/v1/symbols/AAPL"), "Instrument")["sessions"]["regular"], "0930-1600");
  EXPECT_EQ(http.get("/api/v1/symbols/NOPE").status, 404);
  const auto found = checked(http.get("/api/v1/symbols/search?q=aap"), "SymbolSearch");
  EXPECT_EQ(found["symbols"][0]["ticker"], "AAPL");
  EXPECT_EQ(http.get("/api/v1/symbols/search").status, 400);
}

TEST_F(rest, bars_page_backwards_without_overlap_or_hole) {
  http.market.set_bars("AAPL", timeframe::minutes(60), session_hours::regular, scripted_market::make_bars(from_unix_seconds(3600), std::chrono::hours{1}, 25));
  std::vector<std::int64_t> seen;
  std::string cursor;
  int pages = 0;
  for (; pages < 10; ++pages) {
    const auto page = checked(http.get("/api/v1/bars?symbol=AAPL&timeframe=1h&from=3600&to=1000000&limit=10" + cursor), "Bars");
    std::vector<std::int64_t> stamps;
    for (const auto& bar : page["bars"]) stamps.push_back(bar["ts"]);
    seen.insert(seen.begin(), stamps.begin(), stamps.end());
    if (page["next_cursor"].is_null()) break;
    cursor = "&cursor=" + page["next_cursor"].get<std::string>();
  }
  EXPECT_EQ(pages, 2); // 10 + 10 + 5
  ASSERT_EQ(seen.size(), 25U);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], 3600 * static_cast<std::int64_t>(i + 1));
}

TEST_F(rest, bars_accept_both_spellings_and_iso_times) {
  http.market.set_bars("AAPL", timeframe::minutes(60), session_hours::regular, scripted_market::make_bars(from_unix_seconds(3600), std::chrono::hours{1}, 3));
  const auto count = [&](const std::string& query) { return http.get("/api/v1/bars?symbol=AAPL&" + query).json()["bars"].size(); };
  EXPECT_EQ(count("timeframe=1h&to=1970-01-01T03:00:00Z"), 2U);
  EXPECT_EQ(count("timeframe=60&from=1970-01-01T02:00:00%2B00:00"), 2U);
  EXPECT_EQ(count("timeframe=1h"), 3U);
  for (const auto* bad : {"timeframe=1h&to=1970-01-01T03:00:00", "timeframe=1h&from=5&to=5", "timeframe=1h&limit=20001", "timeframe=1h&cursor=x", ""})
    EXPECT_EQ(http.get(std::string{"/api/v1/bars?symbol=AAPL&"} + bad).status, 400) << bad;
}

// -- calendar

TEST_F(rest, market_status_by_the_calendar_with_offsets) {
  auto status = checked(http.get("/api/market/status"), "MarketStatus");
  EXPECT_EQ(status["is_open"], true);
  EXPECT_EQ(status["session"], "regular");
  EXPECT_EQ(status["venue"], "XNYS");
  EXPECT_EQ(status["next_close"], "2026-01-15T16:00:00-05:00");
  EXPECT_EQ(status["next_open"], "2026-01-16T09:30:00-05:00");
  EXPECT_EQ(status["half_day"], false);
  http.market.set_time(from_unix_seconds(unix_seconds(civil_date::of(2025, 11, 27).midnight_utc()) + 15 * 3600)); // Thanksgiving
  status = checked(http.get("/api/v1/market/status"), "MarketStatus");
  EXPECT_EQ(status["is_open"], false);
  EXPECT_NE(status["holiday"].get<std::string>().find("Thanksgiving"), std::string::npos);
  EXPECT_EQ(status["next_close"], "2025-11-28T13:00:00-05:00"); // the day after closes early
  EXPECT_EQ(http.get("/api/market/status?venue=24X7").json()["is_open"], true);
  const auto unknown = http.get("/api/market/status?venue=XXXX");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.json()["detail"].get<std::string>().find("XNYS"), std::string::npos); // names what there is
}

TEST_F(rest, calendar_days) {
  const auto body = checked(http.get("/api/v1/calendar?from=2025-11-26&to=2025-11-30"), "Calendar");
  ASSERT_EQ(body["days"].size(), 5U);
  EXPECT_EQ(body["days"][0]["status"], "open");
  EXPECT_EQ(body["days"][0]["open"], "2025-11-26T09:30:00-05:00");
  EXPECT_EQ(body["days"][1]["status"], "closed");
  EXPECT_EQ(body["days"][1]["open"], nullptr);
  EXPECT_EQ(body["days"][2]["half_day"], true);
  EXPECT_EQ(body["days"][2]["close"], "2025-11-28T13:00:00-05:00");
  EXPECT_EQ(body["days"][3]["status"], "closed");
  EXPECT_EQ(http.get("/api/v1/calendar").json()["days"][0]["date"], "2026-01-15");
  EXPECT_EQ(http.get("/api/v1/calendar?from=2025-01-02&to=2025-01-01").status, 400);
  const auto late = http.get("/api/v1/calendar?from=2199-12-30&to=2200-01-02");
  EXPECT_EQ(late.status, 400) << "closed for ever would be a lie";
  EXPECT_NE(late.body.find("2199-12-31"), std::string::npos) << late.body;
  EXPECT_EQ(http.get("/api/v1/calendar?from=2015-01-02&to=2025-01-01").status, 400);
  EXPECT_EQ(http.get("/api/v1/calendar?from=2025-02-30").status, 400);
}

TEST_F(rest, news_says_that_no_source_is_set) {
  const auto news = checked(http.get("/api/v1/news"), "News");
  EXPECT_EQ(news["configured"], false);
  EXPECT_EQ(news["news"], json::array());
}

// -- health

TEST_F(rest, health_tells_the_truth_about_each_part) {
  market::feed_status feed;
  feed.name = "sim";
  feed.label = "sim";
  feed.state = "live";
  feed.since = http.now - std::chrono::seconds{100};
  feed.last_event = http.now - std::chrono::milliseconds{180};
  http.market.set_feeds({feed});
  auto body = checked(http.get("/health"), "Health");
  EXPECT_EQ(body["status"], "healthy");
  EXPECT_EQ(body["uptime_s"], 90);
  EXPECT_EQ(body["feeds"]["sim"]["last_message_age_ms"], 180);
  EXPECT_EQ(body["tradier_connected"], false);
  EXPECT_EQ(body["journal"]["state"], "not_available");
  EXPECT_EQ(body["risk"]["mode"], "not_available");
  feed.state = "failed";
  http.market.set_feeds({feed});
  EXPECT_EQ(http.get("/health").json()["status"], "degraded");
  EXPECT_EQ(http.get("/health").status, 200);
  http.market.fail(operation::feeds, error{errc::not_available, "no market"});
  EXPECT_EQ(http.get("/health").status, 503);
  EXPECT_EQ(http.get("/health").json()["status"], "unhealthy");
  EXPECT_EQ(http.get("/health/ready").status, 503);
  EXPECT_EQ(http.get("/health/live").status, 200);
}

TEST_F(rest, remote_callers_see_only_the_bare_state) {
  const auto body = checked(http.get("/health", {.peer = "192.0.2.1"}), "Health");
  std::vector<std::string> names;
  for (const auto& [name, value] : body.items()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"ok", "status", "timestamp", "ts_ms", "version"}));
}

// -- layouts and lists

TEST_F(rest, layouts_are_versioned) {
  EXPECT_EQ(http.get("/api/v1/layouts/main").status, 404);
  const auto made = http.send_json("PUT", "/api/v1/layouts/main", R"({"grid":{"a":1.10}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(checked(made, "SavedDocument")["version"], 1);
  const auto loaded = http.get("/api/v1/layouts/main");
  EXPECT_EQ(loaded.body, R"({"grid":{"a":1.10}})"); // byte for byte
  EXPECT_EQ(http.get("/api/v1/layouts/main", {.headers = {{"If-None-Match", "\"1\""}}}).status, 304);
  EXPECT_EQ(http.send_json("PUT", "/api/v1/layouts/main", R"({"v":2})", {.headers = {{"If-Match", "\"1\""}}}).header("ETag"), "\"2\"");
  const auto stale = http.send_json("PUT", "/api/v1/layouts/main", R"({"v":3})", {.headers = {{"If-Match", "\"1\""}}});
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(http.get("/api/v1/layouts/main").body, R"({"v":2})");
  EXPECT_EQ(http.send_json("PUT", "/api/v1/layouts/main", R"({"v":3})", {.headers = {{"If-None-Match", "*"}}}).status, 412);
  EXPECT_EQ(http.send_json("PUT", "/api/v1/layouts/main", R"({"v":3})").status, 200); // last writer wins when nothing is asked
  EXPECT_EQ(http.send_json("PUT", "/api/v1/layouts/main", "[1]").status, 400);
  EXPECT_EQ(http.send_json("PUT", "/api/v1/layouts/main", "{\"a\":").status, 400);
}

TEST_F(rest, hotkeys_start_empty) {
  EXPECT_EQ(http.get("/api/v1/hotkeys").body, "{}");
  EXPECT_EQ(http.send_json("PUT", "/api/v1/hotkeys", R"({"buy":"Ctrl+B"})").status, 201);
  EXPECT_EQ(http.get("/api/v1/hotkeys").json()["buy"], "Ctrl+B");
}

TEST_F(rest, watchlists) {
  auto lists = checked(http.get("/api/v1/watchlists"), "Watchlists")["watchlists"];
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_EQ(lists[0]["symbols"], (json{"MNQ1!", "ES1!", "NQ1!", "RTY1!", "YM1!"}));
  const auto made = checked(http.send_json("POST", "/api/v1/watchlists", R"({"name":"Tech","symbols":["aapl"," MSFT ","AAPL"]})"), "Watchlist");
  EXPECT_EQ(made["symbols"], (json{"AAPL", "MSFT"}));
  const std::string path = "/api/v1/watchlists/" + made["id"].dump();
  EXPECT_EQ(http.send_json("PUT", path, R"({"name":"Tech 2","symbols":[]})").status, 200);
  EXPECT_EQ(checked(http.get(path), "Watchlist")["name"], "Tech 2");
  EXPECT_EQ(http.call("DELETE", path).status, 204);
  EXPECT_EQ(http.get(path).status, 404);
  EXPECT_EQ(http.call("DELETE", path).status, 404);
  // the first list stays away once it was removed
  EXPECT_EQ(http.call("DELETE", "/api/v1/watchlists/" + lists[0]["id"].dump()).status, 204);
  EXPECT_EQ(http.get("/api/v1/watchlists").json()["watchlists"].size(), 0U);
  for (const auto* bad : {R"({"name":"x"})", R"({"symbols":[]})", R"({"name":"x","symbols":"AAPL"})", R"({"name":"x","symbols":[1]})", R"({"name":"x","symbols":["A,B"]})", "[]", "nonsense"})
    EXPECT_EQ(http.send_json("POST", "/api/v1/watchlists", bad).status, 400) << bad;
}

TEST(rest_store, keeps_its_documents_over_a_restart_and_refuses_foreign_files) {
  const auto folder = std::filesystem::temp_directory_path() / ("tt_store_" + make_request_id());
  std::filesystem::create_directories(folder);
  {
    auto store = document_store::open(folder.string()).value();
    ASSERT_TRUE(store->save_document("local", "layout", "main", "{}", std::nullopt, {}));
  }
  auto store = document_store::open(folder.string());
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->load_document("local", "layout", "main")->version, 1);
  store->reset();
  std::ofstream{folder / "gateway.sqlite", std::ios::trunc} << "this is no database, but it is long enough to look like a file of some kind\n";
  std::filesystem::remove(folder / "gateway.sqlite-wal");
  const auto broken = document_store::open(folder.string());
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().field, "DATA_DIR");
  EXPECT_NE(broken.error().message.find("gateway.sqlite"), std::string::npos);
  EXPECT_FALSE(document_store::open((folder / "missing").string()));
  std::filesystem::remove_all(folder);
}

// -- strategies

TEST_F(rest, a_pine_source_is_checked) {
  const auto check = [this](const std::string& kind, const std::string& source) {
    return http.send_json("POST", "/api/v1/strategies/validate", json{{"kind", kind}, {"source", source}}.dump());
  };
  const auto good = checked(check("pine", "//@version=6\nindicator(\"t\")\nplot(close)\n"), "Diagnostics");
  EXPECT_EQ(good["valid"], true);
  EXPECT_TRUE(good["diagnostics"].empty());
  const auto bad = checked(check("pine", "//@version=6\nindicator(\"t\")\nx = 1\nplot(clsoe + x)\n"), "Diagnostics");
  EXPECT_EQ(bad["valid"], false);
  ASSERT_EQ(bad["diagnostics"].size(), 1U);
  const auto& first = bad["diagnostics"][0];
  EXPECT_EQ(first["severity"], "error");
  EXPECT_EQ(first["line"], 4);
  EXPECT_EQ(first["column"], 6);
  EXPECT_EQ(first["hint"], "did you mean 'close'?");
  EXPECT_EQ(check("perl", "x").status, 400);
  const auto job = checked(check("yaml", "schema: 2\nname: [1]\n"), "Diagnostics");
  EXPECT_EQ(job["valid"], false);
  EXPECT_EQ(job["diagnostics"][0]["code"], "BAD_TYPE");
  EXPECT_EQ(job["diagnostics"][0]["line"], 2);
  EXPECT_EQ(check("webhook", "x").status, 400) << "it has no source";
  EXPECT_EQ(http.send_json("POST", "/api/v1/strategies/validate", R"({"kind":"pine"})").status, 400);
}

} // namespace
} // namespace tt::gateway::test
