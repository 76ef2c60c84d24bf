// The conformance list of the UDF contract: 21 points, one test each, as a client
// written from the protocol sees them.

#include "tests/gateways/support/http_fixture.hpp"

#include <set>

namespace tt::gateway::test {
namespace {

using nlohmann::json;

/// 2026-01-15 14:30 UTC, the opening in New York on a Thursday.
const utc_time opening = from_unix_seconds(1'768'487'400);

class udf : public ::testing::Test {
protected:
  udf() {
    gateway_config config;
    config.limits = {};
    http = std::make_unique<http_fixture>(config);
    // one-minute bars: 1000 of them up to 14:34, with the weekend and nights left out of the story
    http->market.set_bars("AAPL", timeframe::minutes(1), session_hours::regular,
                          scripted_market::make_bars(opening - std::chrono::minutes{995}, std::chrono::minutes{1}, 1000), market::bar_state::forming);
  }

  json history(const std::string& query) { return http->get("/udf/history?" + query).json(); }
  static std::string range(std::int64_t from, std::int64_t to) { return "&from=" + std::to_string(from) + "&to=" + std::to_string(to); }
  static std::int64_t stamp(civil_date day) { return unix_seconds(day.midnight_utc()); }

  std::unique_ptr<http_fixture> http;
};

TEST_F(udf, 01_config_flags_are_legal) {
  const auto config = http->get("/udf/config").json();
  EXPECT_EQ(schema_violation(http->get("/openapi.json").json(), "UdfConfig", config), "");
  EXPECT_EQ(config["supports_search"], true);
  EXPECT_EQ(config["supports_group_request"], false); // both true: the adapter loads all groups
  EXPECT_EQ(config["supported_resolutions"], (json{"1", "3", "5", "15", "30", "60", "120", "240", "1D", "1W", "1M"}));
  EXPECT_EQ(config["exchanges"][0]["value"], "");
  EXPECT_EQ(config["symbols_types"][0]["value"], "");
  std::set<std::string> exchanges;
  for (const auto& one : config["exchanges"]) exchanges.insert(one["value"]);
  EXPECT_TRUE(exchanges.count("CME") && exchanges.count("COINBASE") && exchanges.count("NASDAQ"));
}

TEST_F(udf, 02_resolves_by_ticker_name_and_full_name) {
  for (const auto* name : {"AAPL", "aapl", "NASDAQ:AAPL", "NASDAQ%3AAAPL"}) {
    const auto symbol = http->get(std::string{"/udf/symbols?symbol="} + name).json();
    EXPECT_FALSE(symbol.contains("s")) << name;
    EXPECT_EQ(symbol["ticker"], "AAPL");
    EXPECT_EQ(symbol["full_name"], "NASDAQ:AAPL");
    EXPECT_EQ(schema_violation(http->get("/openapi.json").json(), "UdfSymbol", symbol), "");
  }
  const auto es = http->get("/udf/symbols?symbol=ES1!").json();
  EXPECT_EQ(es["minmov"], 25);
  EXPECT_EQ(es["pricescale"], 100);
  EXPECT_EQ(es["timezone"], "America/Chicago");
  EXPECT_EQ(es["session"], "1700-1600");
  const auto aapl = http->get("/udf/symbols?symbol=AAPL").json();
  EXPECT_EQ(aapl["session"], "0930-1600");
  EXPECT_EQ(aapl["minmov"], 1);
  EXPECT_NE(aapl["session_holidays"].get<std::string>().find("20251225"), std::string::npos);
  EXPECT_NE(aapl["corrections"].get<std::string>().find("0930-1300:20251128"), std::string::npos);
  EXPECT_EQ(http->get("/udf/symbols?symbol=BTCUSD").json()["session"], "24x7");
  EXPECT_EQ(http->get("/udf/symbols?symbol=BTCUSD").json()["volume_precision"], 8);
}

TEST_F(udf, 03_unknown_symbol_has_s) {
  const auto answer = http->get("/udf/symbols?symbol=NOPE");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.json()["s"], "error");
  EXPECT_EQ(answer.json()["errmsg"], "unknown_symbol");
  EXPECT_TRUE(answer.json()["detail"].is_string());
  EXPECT_EQ(http->get("/udf/symbols").status, 400);
  EXPECT_EQ(http->get("/udf/symbols").json()["s"], "error");
}

TEST_F(udf, 04_search) {
  const auto search = [&](const std::string& query) { return http->get("/udf/search?" + query).json(); };
  const auto found = search("limit=30&query=AAP&type=&exchange=");
  ASSERT_TRUE(found.is_array());
  EXPECT_EQ(schema_violation(http->get("/openapi.json").json(), "UdfSearchResults", found), "");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["ticker"], "AAPL");
  EXPECT_EQ(search("query=aap").size(), 1U);
  EXPECT_EQ(search("query=APPLE").size(), 1U); // by description
  EXPECT_EQ(search("query=&type=stock&exchange=").size(), 2U);
  EXPECT_EQ(search("query=&type=etf&exchange=NASDAQ").size(), 0U);
  EXPECT_EQ(search("query=&type=&exchange=CME").size(), 1U);
  EXPECT_EQ(search("query=&limit=2").size(), 2U);
  EXPECT_EQ(search("query=ZZZZ").size(), 0U);
  EXPECT_EQ(http->get("/udf/search?query=A&limit=101").status, 400);
}

TEST_F(udf, 05_countback_outranks_from) {
  const auto to = unix_seconds(opening);
  const auto bars = history("symbol=AAPL&resolution=1&countback=300" + range(to - 600, to));
  EXPECT_EQ(bars["s"], "ok");
  EXPECT_EQ(bars["t"].size(), 300U);
  EXPECT_EQ(bars["t"].back(), to - 60);
  // from in the past of all history and from after `to` don't matter either
  EXPECT_EQ(history("symbol=AAPL&resolution=1&countback=2" + range(-100'000'000'000, to))["t"].size(), 2U);
  EXPECT_EQ(history("symbol=AAPL&resolution=1&countback=2" + range(to + 5, to))["t"].size(), 2U);
}

TEST_F(udf, 06_to_is_exclusive) {
  const auto to = unix_seconds(opening);
  const auto bars = history("symbol=AAPL&resolution=1" + range(to - 180, to));
  EXPECT_EQ(bars["t"], (json{to - 180, to - 120, to - 60}));
  EXPECT_EQ(history("symbol=AAPL&resolution=1" + range(to - 180, to + 1))["t"].back(), to);
}

TEST_F(udf, 07_before_the_first_bar_history_ends) {
  const auto bars = history("symbol=AAPL&resolution=1" + range(1000, 2000));
  EXPECT_EQ(bars, (json{{"s", "no_data"}}));
  EXPECT_EQ(history("symbol=MSFT&resolution=1&countback=10" + range(1000, 2000)), (json{{"s", "no_data"}}));
}

TEST_F(udf, 08_gap_without_countback_names_the_next_time_in_seconds) {
  // Friday's last bar, then a weekend
  const auto friday = civil_date::of(2026, 1, 9).midnight_utc() + std::chrono::hours{20};
  http->market.set_bars("SPY", timeframe::minutes(1), session_hours::regular, scripted_market::make_bars(friday, std::chrono::minutes{1}, 60));
  const auto gap = history("symbol=SPY&resolution=1" + range(stamp(civil_date::of(2026, 1, 10)), stamp(civil_date::of(2026, 1, 12))));
  EXPECT_EQ(gap["s"], "no_data");
  EXPECT_EQ(gap["nextTime"], unix_seconds(friday) + 59 * 60);
  EXPECT_EQ(history("symbol=SPY&resolution=1&countback=5" + range(stamp(civil_date::of(2026, 1, 10)), stamp(civil_date::of(2026, 1, 12))))["t"].size(), 5U);
}

TEST_F(udf, 08b_next_time_unit_is_configurable) {
  gateway_config config;
  config.udf_next_time = next_time_unit::milliseconds;
  http_fixture other{config};
  other.market.set_bars("SPY", timeframe::minutes(1), session_hours::regular, scripted_market::make_bars(from_unix_seconds(6000), std::chrono::minutes{1}, 1));
  EXPECT_EQ(other.get("/udf/history?symbol=SPY&resolution=1&from=7000&to=8000").json()["nextTime"], 6'000'000);
}

TEST_F(udf, 09_bad_requests_say_s_error) {
  const auto to = range(0, unix_seconds(opening));
  for (const auto& query : {"symbol=NOPE&resolution=1" + to, "symbol=AAPL&resolution=7Q" + to, "symbol=AAPL" + to, "resolution=1" + to,
                                  std::string{"symbol=AAPL&resolution=1&to=100"}, "symbol=AAPL&resolution=1" + range(200, 200),
                                  "symbol=AAPL&resolution=1" + range(300, 200), std::string{"symbol=AAPL&resolution=1&from=x&to=5"},
                                  "symbol=AAPL&resolution=1&countback=-1" + to, "symbol=AAPL&resolution=1&session=night" + to,
                                  "symbol=AAPL&resolution=1S&countback=2" + to}) {
    const auto answer = http->get("/udf/history?" + query);
    EXPECT_TRUE(answer.status == 400 || answer.status == 404) << query;
    EXPECT_EQ(answer.json()["s"], "error") << query;
    EXPECT_FALSE(answer.json()["errmsg"].get<std::string>().empty());
  }
  http->market.fail(operation::history, error{errc::not_available, "the bar store is not open"});
  EXPECT_EQ(history("symbol=AAPL&resolution=1&countback=2" + to)["s"], "error");
}

TEST_F(udf, 10_d_and_1d_are_the_same) {
  const auto first = civil_date::of(2026, 1, 5).midnight_utc();
  http->market.set_bars("AAPL", timeframe::days(1), session_hours::regular, scripted_market::make_bars(first, std::chrono::hours{24}, 5));
  http->market.set_bars("AAPL", timeframe::weeks(1), session_hours::regular, scripted_market::make_bars(first, std::chrono::hours{168}, 1));
  http->market.set_bars("AAPL", timeframe::months(1), session_hours::regular, scripted_market::make_bars(first, std::chrono::hours{720}, 1));
  const auto all = range(0, unix_seconds(opening));
  EXPECT_EQ(history("symbol=AAPL&resolution=D" + all), history("symbol=AAPL&resolution=1D" + all));
  EXPECT_EQ(history("symbol=AAPL&resolution=D" + all)["t"].size(), 5U);
  EXPECT_EQ(history("symbol=AAPL&resolution=W" + all), history("symbol=AAPL&resolution=1W" + all));
  EXPECT_EQ(history("symbol=AAPL&resolution=M" + all), history("symbol=AAPL&resolution=1M" + all));
}

TEST_F(udf, 11_polls_of_long_resolutions_get_two_bars) {
  // The live poller computes "3M" as 30 minutes and "2D" as 20: only countback saves it.
  const auto first = civil_date::of(2025, 1, 1).midnight_utc();
  http->market.set_bars("AAPL", timeframe::months(3), session_hours::regular, scripted_market::make_bars(first, std::chrono::hours{24 * 91}, 5));
  http->market.set_bars("AAPL", timeframe::days(2), session_hours::regular, scripted_market::make_bars(first, std::chrono::hours{48}, 100));
  const auto now = unix_seconds(http->now);
  EXPECT_EQ(history("symbol=AAPL&resolution=3M&countback=2" + range(now - 1800, now))["t"].size(), 2U);
  EXPECT_EQ(history("symbol=AAPL&resolution=2D&countback=2" + range(now - 1200, now))["t"].size(), 2U);
}

TEST_F(udf, 12_columns_are_clean) {
  const auto bars = history("symbol=AAPL&resolution=1&countback=1000" + range(0, unix_seconds(http->now)));
  ASSERT_EQ(bars["t"].size(), 1000U);
  for (const auto* column : {"o", "h", "l", "c", "v"}) {
    ASSERT_EQ(bars[column].size(), 1000U);
    for (const auto& value : bars[column]) ASSERT_TRUE(value.is_number());
  }
  for (std::size_t i = 1; i < 1000; ++i) ASSERT_LT(bars["t"][i - 1].get<std::int64_t>(), bars["t"][i].get<std::int64_t>());
  EXPECT_FALSE(bars.contains("nextTime")); // never beside data
}

TEST_F(udf, 12b_contradicting_bars_are_dropped_and_counted) {
  auto bars = scripted_market::make_bars(from_unix_seconds(60'000), std::chrono::minutes{1}, 3);
  std::swap(bars[1].low, bars[1].high);
  http->market.set_bars("SPY", timeframe::minutes(1), session_hours::regular, bars);
  EXPECT_EQ(history("symbol=SPY&resolution=1&countback=3&to=70000")["t"], (json{60'000, 60'120}));
  EXPECT_NE(http->get("/metrics").body.find("tt_bars_dropped_total 1"), std::string::npos);
}

TEST_F(udf, 13_quotes_echo_names_and_mix_results) {
  http->market.set_quote(scripted_market::make_quote("AAPL", "231.11", http->now));
  const auto quotes = http->get("/udf/quotes?symbols=NASDAQ%3AAAPL%2CNOPE%2Caapl%2CMSFT").json();
  EXPECT_EQ(schema_violation(http->get("/openapi.json").json(), "UdfQuotes", quotes), "");
  ASSERT_EQ(quotes["d"].size(), 4U);
  EXPECT_EQ(quotes["d"][0]["n"], "NASDAQ:AAPL");
  EXPECT_EQ(quotes["d"][0]["s"], "ok");
  EXPECT_EQ(quotes["d"][0]["v"]["lp"], 231.11);
  EXPECT_EQ(quotes["d"][0]["v"]["ch"], 1);
  EXPECT_EQ(quotes["d"][0]["v"]["chp"], 0.4346);
  EXPECT_EQ(quotes["d"][0]["v"]["spread"], 0.02);
  EXPECT_EQ(quotes["d"][1], (json{{"s", "error"}, {"n", "NOPE"}, {"v", json::object()}}));
  EXPECT_EQ(quotes["d"][2]["n"], "aapl");
  EXPECT_EQ(quotes["d"][2]["v"]["lp"], 231.11);
  EXPECT_EQ(quotes["d"][3]["s"], "error"); // known, but nobody has quoted it: no invented price
}

TEST_F(udf, 14_marks_in_both_forms) {
  const auto marks = http->get("/udf/marks?symbol=AAPL&from=0&to=1768487400&resolution=1").json();
  EXPECT_EQ(schema_violation(http->get("/openapi.json").json(), "UdfMarks", marks), "");
  for (const auto* column : {"id", "time", "color", "text", "label", "labelFontColor", "minSize"}) EXPECT_EQ(marks[column], json::array());
  EXPECT_EQ(http->get("/udf/timescale_marks?symbol=AAPL&from=0&to=1768487400&resolution=1").json(), json::array());
  EXPECT_EQ(http->get("/udf/marks?symbol=NOPE&from=0&to=5&resolution=1").json()["s"], "error");
  EXPECT_EQ(http->get("/udf/marks?symbol=AAPL").status, 400);
}

TEST_F(udf, 15_time_is_a_bare_integer) {
  const auto answer = http->get("/udf/time");
  EXPECT_EQ(answer.body, "1768487700");
  EXPECT_EQ(answer.header("Content-Type").substr(0, 10), "text/plain");
}

TEST_F(udf, 16_symbol_info) {
  const auto unknown = http->get("/udf/symbol_info?group=AMEX");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.json(), (json{{"symbol", json::array()}})); // an error object would break every resolve
  const auto nasdaq = http->get("/udf/symbol_info?group=NASDAQ").json();
  EXPECT_EQ(nasdaq["symbol"], (json{"AAPL", "MSFT"}));
  for (const auto* column : {"description", "exchange-listed", "exchange-traded", "minmovement", "minmovement2", "fractional", "pricescale",
                             "has-intraday", "has-daily", "has-weekly-and-monthly", "visible-plots-set", "type", "ticker", "timezone",
                             "session-regular", "session-holidays", "corrections", "supported-resolutions", "intraday-multipliers",
                             "volume_precision", "force-session-rebuild"})
    EXPECT_TRUE(nasdaq.contains(column)) << column;
  for (const auto& [name, column] : nasdaq.items()) {
    if (column.is_array()) {
      EXPECT_EQ(column.size(), 2U) << name;
    }
  }
}

TEST_F(udf, 17_percent_encoded_names) {
  EXPECT_EQ(http->get("/udf/symbols?symbol=CME%3AES1%21").json()["ticker"], "ES1!");
  EXPECT_EQ(history("symbol=NASDAQ%3AAAPL&resolution=1&countback=3" + range(0, unix_seconds(opening)))["t"].size(), 3U);
}

TEST_F(udf, 18_cors_header) {
  EXPECT_EQ(http->get("/udf/config", {.headers = {{"Origin", "http://localhost:3000"}}}).header("Access-Control-Allow-Origin"), "http://localhost:3000");
}

TEST_F(udf, 19_clients_without_countback) {
  const auto to = unix_seconds(opening);
  EXPECT_EQ(history("symbol=AAPL&resolution=1" + range(to - 3600, to))["t"].size(), 60U);
  const auto s = std::to_string(to), f = std::to_string(to - 600);
  EXPECT_EQ(history("symbol=AAPL&resolution=1&from_ts=" + f + "&to_ts=" + s)["t"].size(), 10U);
  EXPECT_EQ(history("symbol=AAPL&resolution=1&from_timestamp=" + f + "&to_timestamp=" + s)["t"].size(), 10U);
}

TEST_F(udf, 20_forming_bar_is_last) {
  const auto now = unix_seconds(http->now) - 30; // 14:34:30, the bar of 14:34 is forming
  const auto poll = history("symbol=AAPL&resolution=1&countback=2" + range(now - 600, now));
  EXPECT_EQ(poll["t"], (json{unix_seconds(opening) + 180, unix_seconds(opening) + 240}));
}

TEST_F(udf, 20b_forming_daily_bar_of_an_overnight_session_is_dated_tomorrow) {
  // Wednesday 18:30 in Chicago belongs to Thursday's trading day.
  const auto evening = from_unix_seconds(stamp(civil_date::of(2026, 1, 15)) + 30 * 60);
  const auto first = civil_date::of(2026, 1, 12).midnight_utc();
  http->market.set_bars("ES1!", timeframe::days(1), session_hours::regular, scripted_market::make_bars(first, std::chrono::hours{24}, 4), market::bar_state::forming);
  const auto before_midnight = unix_seconds(evening) - 3600; // 23:30 UTC on the 14th
  const auto poll = history("symbol=ES1!&resolution=1D&countback=2" + range(before_midnight - 864'000, before_midnight));
  EXPECT_EQ(poll["t"], (json{stamp(civil_date::of(2026, 1, 14)), stamp(civil_date::of(2026, 1, 15))}));
  // a bar's own stamp as `to` (paging backwards) stays exclusive
  const auto page = history("symbol=ES1!&resolution=1D&countback=2" + range(0, stamp(civil_date::of(2026, 1, 15))));
  EXPECT_EQ(page["t"].back(), stamp(civil_date::of(2026, 1, 14)));
}

TEST_F(udf, 21_paging_backwards_has_no_overlap_and_no_hole) {
  constexpr std::size_t total = 1'000'000;
  constexpr std::size_t page_size = 5000;
  const auto first = from_unix_seconds(1'600'000'020);
  http->market.set_bars("SPY", timeframe::minutes(1), session_hours::regular, scripted_market::make_bars(first, std::chrono::minutes{1}, total));
  std::int64_t to = unix_seconds(first) + static_cast<std::int64_t>(total) * 60;
  std::size_t seen = 0;
  std::int64_t expected = to - 60; // stamp of the newest bar not seen yet
  for (int calls = 0; calls < 300; ++calls) {
    const auto text = http->get("/udf/history?symbol=SPY&resolution=1&countback=" + std::to_string(page_size) + range(to - 60, to)).body;
    if (text == R"({"s":"no_data"})") break;
    const auto begin = text.find("[") + 1;
    const auto times = json::parse("[" + text.substr(begin, text.find(']') - begin + 1));
    for (auto it = times.rbegin(); it != times.rend(); ++it, expected -= 60) ASSERT_EQ(it->get<std::int64_t>(), expected);
    seen += times.size();
    to = times.front().get<std::int64_t>();
  }
  EXPECT_EQ(seen, total);
}

TEST_F(udf, extended_session_is_asked_of_the_market) {
  (void)history("symbol=AAPL&resolution=5&session=extended&countback=2" + range(0, 1000));
  (void)history("symbol=AAPL&resolution=5&countback=2" + range(0, 1000));
  const auto requests = http->market.history_requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].hours, session_hours::extended);
  EXPECT_EQ(requests[1].hours, session_hours::regular);
}

TEST_F(udf, at_most_20000_bars_the_newest) {
  http->market.set_bars("SPY", timeframe::minutes(1), session_hours::regular, scripted_market::make_bars(from_unix_seconds(60), std::chrono::minutes{1}, 20'005));
  const auto all = history("symbol=SPY&resolution=1" + range(0, 2'000'000));
  EXPECT_EQ(all["t"].size(), 20'000U);
  EXPECT_EQ(all["t"].back(), 60 * 20'005);
  EXPECT_EQ(history("symbol=SPY&resolution=1&countback=1000000&to=2000000")["t"].size(), 20'000U);
}

} // namespace
} // namespace tt::gateway::test
