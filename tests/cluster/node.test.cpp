// A whole node over its sockets: recordings through feed, symbols, bridge and
// gateway, compared with a recomputation that shares nothing with them; and what
// a user sees who gives it wrong input.

#include "actors/market/bar_store.hpp"
#include "tests/cluster/node_fixture.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <sstream>

namespace tt::cluster::test {
namespace {

using json = nlohmann::json;

feed_config replay_of(std::vector<recording_config> files) {
  feed_config out;
  out.name = "recording";
  out.kind = feed_kind::replay;
  out.pace = {market::pace_kind::maximum, 1};
  out.recordings = std::move(files);
  return out;
}

struct plain_bar {
  double open = 0, high = 0, low = 0, close = 0, volume = 0;
};

/// Bars of a US share in October 2013 (New York is UTC-4) from its minute rows.
std::map<long long, plain_bar> recomputed(const std::string& path, int minutes_per_bar, bool extended) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::map<long long, plain_bar> bars;
  const int opening = extended ? 4 * 3600 : 9 * 3600 + 1800, closing = extended ? 20 * 3600 : 16 * 3600;
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream cells(line);
    long long t = 0;
    plain_bar row;
    cells >> t >> row.open >> row.high >> row.low >> row.close >> row.volume;
    const long long local = t - 4 * 3600, of_day = local % 86400;
    if (of_day < opening || of_day >= closing) continue;
    const long long length = minutes_per_bar * 60LL;
    const long long stamp = minutes_per_bar == 1440 ? local / 86400 * 86400 : t - (of_day - opening) % length;
    auto [at, fresh] = bars.try_emplace(stamp, row);
    if (fresh) continue;
    at->second.high = std::max(at->second.high, row.high);
    at->second.low = std::min(at->second.low, row.low);
    at->second.close = row.close;
    at->second.volume += row.volume;
  }
  return bars;
}

void expect_served(std::uint16_t port, const std::string& symbol, const std::string& resolution, bool extended,
                   const std::map<long long, plain_bar>& expected) {
  const auto target = "/udf/history?symbol=" + symbol + "&resolution=" + resolution + "&from=1380800000&to=1381600000"
                      + (extended ? "&session=extended" : "");
  const auto reply = http_get(port, target);
  ASSERT_EQ(reply.status, 200) << target << reply.body;
  const auto served = json::parse(reply.body);
  ASSERT_EQ(served["s"], "ok") << target;
  ASSERT_EQ(served["t"].size(), expected.size()) << target;
  std::size_t i = 0;
  for (const auto& [stamp, bar] : expected) {
    ASSERT_EQ(served["t"][i].get<long long>(), stamp) << target;
    ASSERT_EQ(served["o"][i].get<double>(), bar.open) << target << " " << stamp;
    ASSERT_EQ(served["h"][i].get<double>(), bar.high) << target << " " << stamp;
    ASSERT_EQ(served["l"][i].get<double>(), bar.low) << target << " " << stamp;
    ASSERT_EQ(served["c"][i].get<double>(), bar.close) << target << " " << stamp;
    ASSERT_EQ(served["v"][i].get<double>(), bar.volume) << target << " " << stamp;
    ++i;
  }
}

TEST(node, serves_the_recorded_minutes_of_october_2013) {
  const auto recordings = recordings_folder();
  if (!recordings) GTEST_SKIP() << "no recordings in ../shared/data";
  const temporary_folder data;
  auto config = basic_config(data);
  std::vector<recording_config> files;
  for (const std::string symbol : {"SPY", "BAC", "AIG"}) {
    files.push_back({*recordings + "/bars/" + symbol + "_1m.csv", symbol, "bars", timeframe::minutes(1)});
    files.push_back({*recordings + "/quotes/" + symbol + "_1m_quotes.csv", symbol, "quotes", timeframe::minutes(1)});
  }
  config.feeds = {replay_of(files)};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  const auto port = (*started)->port();
  ASSERT_TRUE(wait_for_health(port, R"("state":"finished")"));
  for (const std::string symbol : {"SPY", "BAC", "AIG"}) {
    for (const bool extended : {false, true}) {
      const std::pair<const char*, int> frames[] = {{"1", 1}, {"5", 5}, {"15", 15}, {"60", 60}, {"1D", 1440}};
      for (const auto& [resolution, minutes] : frames) {
        const auto expected = recomputed(*recordings + "/bars/" + symbol + "_1m.csv", minutes, extended);
        ASSERT_GE(expected.size(), 6u);
        expect_served(port, symbol, resolution, extended, expected);
      }
    }
  }
}

TEST(node, counts_every_recorded_tick) {
  const auto recordings = recordings_folder();
  if (!recordings) GTEST_SKIP() << "no recordings in ../shared/data";
  const temporary_folder data;
  auto config = basic_config(data);
  config.feeds = {replay_of({{*recordings + "/ticks/EURUSD_2014-05-08.csv", "EURUSD", "ticks", timeframe::minutes(1)}})};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  ASSERT_TRUE(wait_for_health((*started)->port(), R"("state":"finished")"));
  const auto health = json::parse(http_get((*started)->port(), "/health").body);
  EXPECT_EQ(health["feeds"]["recording"]["events"], 167'466);
  // tick volume: every tick is in some minute
  const auto reply = json::parse(http_get((*started)->port(), "/udf/history?symbol=EURUSD&resolution=1&from=1399500000&to=1399700000&session=extended").body);
  double ticks = 0;
  for (const auto& v : reply["v"]) ticks += v.get<double>();
  EXPECT_EQ(ticks, 167'466);
}

TEST(node, quotes_of_the_simulated_exchange_are_there_at_once) {
  const temporary_folder data;
  auto config = basic_config(data);
  feed_config sim;
  sim.name = "sim";
  sim.start = *parse_iso8601("2026-01-18T12:00:00Z"); // a Sunday
  config.feeds = {sim};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  const auto port = (*started)->port();
  ASSERT_TRUE(wait_for_health(port, R"("state":"live")"));
  json quotes;
  for (int i = 0; i < 10'000; ++i) {
    quotes = json::parse(http_get(port, "/api/v1/quotes?symbols=AAPL,GOOGL,NOPE").body);
    // the last quotes of Friday are handed out first, then the time is Sunday's
    if (quotes["quotes"].size() == 2 && quotes["quotes"][0].contains("bid") && quotes["quotes"][0]["market_state"] == "closed") break;
  }
  ASSERT_EQ(quotes["quotes"].size(), 2u);
  EXPECT_EQ(quotes["unmatched"], json::array({"NOPE"}));
  const auto& apple = quotes["quotes"][0];
  EXPECT_EQ(apple["source"], "sim");
  EXPECT_EQ(apple["market_state"], "closed");
  EXPECT_LT(apple["bid"].get<double>(), apple["ask"].get<double>());
  EXPECT_TRUE(apple.contains("prev_close"));
  // Friday's figures over the weekend
  const auto days = json::parse(http_get(port, "/udf/history?symbol=AAPL&resolution=1D&from=0&to=1768737600&countback=2").body);
  EXPECT_EQ(days["t"], json::array({1768435200, 1768521600}));
  EXPECT_EQ(apple["open"], days["o"][1]);
  EXPECT_EQ(apple["prev_close"], days["c"][0]);
  const auto metrics = http_get(port, "/metrics").body;
  for (const auto* name : {"tt_ws_clients", "tt_ws_conflated_total", "tt_ws_dropped_clients_total", "tt_tick_to_client_seconds_count",
                           "tt_http_requests_total", "tt_feed_state", "tt_feed_age_seconds"})
    EXPECT_NE(metrics.find(name), std::string::npos) << name;
}

TEST(node, a_symbol_without_any_data_waits) {
  const temporary_folder data;
  const auto path = data.path("bars.csv");
  std::ofstream(path) << "time,open,high,low,close,volume\n1380891600,10,12,9,11,400\n";
  auto config = basic_config(data);
  config.feeds = {replay_of({{path, "SPY", "bars", timeframe::minutes(1)}})};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  ASSERT_TRUE(wait_for_health((*started)->port(), R"("state":"finished")"));
  const auto quote = json::parse(http_get((*started)->port(), "/api/v1/quotes/AAPL").body);
  EXPECT_EQ(quote["symbol"], "AAPL");
  for (const auto* unknown : {"timestamp", "ts_ms", "last", "price", "bid", "volume"}) EXPECT_FALSE(quote.contains(unknown)) << unknown;
  EXPECT_EQ(quote["market_state"], "pre") << "by the market's time, which is 9:01 in New York, not by the wall clock";
}

TEST(node, imported_symbols_are_not_simulated) {
  const temporary_folder data;
  auto config = basic_config(data);
  {
    auto store = market::bar_store::open(data.path("data/bars"));
    if (!store) {
      std::filesystem::create_directories(data.path("data/bars"));
      store = market::bar_store::open(data.path("data/bars"));
    }
    ASSERT_TRUE(store);
    const bar one{civil_date::of(2020, 1, 2).midnight_utc(), price{10}, price{12}, price{9}, price{11}, quantity{100}};
    ASSERT_TRUE((*store)->merge("AAPL", timeframe::days(1), {&one, 1}));
  }
  config.feeds = {feed_config{}};
  config.feeds[0].name = "sim";
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  const auto quote = json::parse(http_get((*started)->port(), "/api/v1/quotes/AAPL").body);
  EXPECT_EQ(quote["last"], 11);
  EXPECT_EQ(quote["source"], "history");
  EXPECT_EQ(quote["stale"], true);
  const auto days = json::parse(http_get((*started)->port(), "/udf/history?symbol=AAPL&resolution=1D&countback=10&from=0&to=1790000000").body);
  EXPECT_EQ(days["c"], json::array({11}));
}

TEST(node, a_stepped_replay_moves_on_request) {
  const temporary_folder data;
  const auto path = data.path("bars.csv");
  std::ofstream(path) << "time,open,high,low,close,volume\n1380891600,10,12,9,11,400\n1380891660,11,13,10,12,400\n";
  auto config = basic_config(data);
  config.feeds = {replay_of({{path, "SPY", "bars", timeframe::minutes(1)}})};
  config.feeds[0].pace = {market::pace_kind::stepped, 1};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  const auto port = (*started)->port();
  ASSERT_TRUE(wait_for_health(port, R"("state":"live")"));
  const auto step = [&](const std::string& feed, const std::string& body) {
    return http_raw(port, "POST /api/v1/feeds/" + feed + "/step HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
                            + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  EXPECT_EQ(step("recording", R"({"events":2})").body, R"({"name":"recording","events":2})");
  EXPECT_EQ(json::parse(http_get(port, "/api/v1/quotes/SPY").body)["last"], 9);
  EXPECT_EQ(step("recording", R"({"events":100})").body, R"({"name":"recording","events":6})");
  EXPECT_EQ(json::parse(http_get(port, "/api/v1/quotes/SPY").body)["last"], 12);
  EXPECT_EQ(step("nobody", R"({"events":1})").status, 404);
  EXPECT_EQ(step("recording", R"({"events":0})").status, 400);
  EXPECT_EQ(json::parse(http_get(port, "/api/v1/feeds").body)["feeds"][0]["state"], "finished");
}

TEST(node, a_taken_port_is_a_clear_error) {
  const temporary_folder data;
  auto config = basic_config(data);
  auto first = node::start(config, wall);
  ASSERT_TRUE(first);
  config.port = (*first)->port();
  config.data_dir = data.path("other");
  const auto second = node::start(config, wall);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::not_available);
  EXPECT_NE(to_string(second.error()).find(std::to_string(config.port)), std::string::npos);
}

TEST(node, a_data_folder_belongs_to_one_node) {
  const temporary_folder data;
  const auto config = basic_config(data);
  auto first = node::start(config, wall);
  ASSERT_TRUE(first);
  const auto second = node::start(config, wall);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::conflict);
  EXPECT_EQ(second.error().field, "node.data_dir");
  EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos) << second.error().message;
  first->reset();
  EXPECT_TRUE(node::start(config, wall));
}

TEST(node, a_long_replay_is_served_whole) {
  const temporary_folder data;
  const auto path = data.path("bars.csv");
  {
    std::ofstream file(path);
    file << "time,open,high,low,close,volume\n";
    for (int i = 0; i < 45'000; ++i) file << 1'600'000'200 + 1800LL * i << ",10,12,9," << 10 + i % 2 << ",1\n";
  }
  auto config = basic_config(data);
  config.feeds = {replay_of({{path, "BTCUSD", "bars", timeframe::minutes(30)}})};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  ASSERT_TRUE(wait_for_health((*started)->port(), R"("state":"finished")"));
  std::size_t bars = 0;
  for (long long to = 1'600'000'200 + 1800LL * 45'000; to > 1'600'000'200;) {
    const auto reply = json::parse(http_get((*started)->port(), "/udf/history?symbol=BTCUSD&resolution=30&countback=20000&to=" + std::to_string(to)).body);
    if (reply["s"] != "ok") break;
    bars += reply["t"].size();
    to = reply["t"][0].get<long long>();
  }
  EXPECT_EQ(bars, 45'000u);
}

TEST(node, rejected_rows_of_a_replay_are_told) {
  const temporary_folder data;
  const auto path = data.path("bars.csv");
  std::ofstream(path) << "time,open,high,low,close,volume\n1380891600,10,12,9,11,400\n1380891660,11,nope,10,12,400\n1380891720,10,12,9,11,400\n";
  auto config = basic_config(data);
  config.feeds = {replay_of({{path, "SPY", "bars", timeframe::minutes(1)}})};
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  ASSERT_TRUE(wait_for_health((*started)->port(), R"("state":"finished")"));
  const auto feed = json::parse(http_get((*started)->port(), "/api/v1/feeds").body)["feeds"][0];
  EXPECT_EQ(feed["detail"], "1 of 3 rows rejected, the first: " + path + " line 3: high: not a number that can be kept: \"nope\"");
}

TEST(node, two_replays_share_a_clock_that_never_runs_back) {
  const temporary_folder data;
  auto config = basic_config(data);
  for (const std::string symbol : {"SPY", "BAC"}) {
    const auto path = data.path(symbol + ".csv");
    const long long start = symbol == "SPY" ? 1'380'891'600 : 1'396'270'200;
    std::ofstream(path) << "time,open,high,low,close,volume\n" << start << ",1,1,1,1,1\n" << start + 86'400 << ",1,1,1,1,1\n";
    auto feed = replay_of({{path, symbol, "bars", timeframe::minutes(1)}});
    feed.name = symbol;
    feed.pace = {market::pace_kind::scaled, 10};
    config.feeds.push_back(feed);
  }
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  ASSERT_TRUE(wait_for_health((*started)->port(), R"("state":"live")"));
  long long last = 0;
  for (int i = 0; i < 200; ++i) {
    const auto now = std::stoll(http_get((*started)->port(), "/udf/time").body);
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(node, quotes_of_history_compare_with_the_day_before_the_newest_bar) {
  const temporary_folder data;
  auto config = basic_config(data);
  {
    std::filesystem::create_directories(data.path("data/bars"));
    auto store = market::bar_store::open(data.path("data/bars"));
    ASSERT_TRUE(store);
    const auto flat = [](utc_time t, int px) { return bar{t, price{px}, price{px}, price{px}, price{px}, quantity{1}}; };
    const bar minute = flat(*parse_iso8601("2013-10-04T14:00:00Z"), 170); // older than the days
    const bar days[] = {flat(civil_date::of(2021, 3, 30).midnight_utc(), 390), flat(civil_date::of(2021, 3, 31).midnight_utc(), 396)};
    ASSERT_TRUE((*store)->merge("SPY", timeframe::minutes(1), {&minute, 1}));
    ASSERT_TRUE((*store)->merge("SPY", timeframe::days(1), days));
  }
  auto started = node::start(config, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  const auto quote = json::parse(http_get((*started)->port(), "/api/v1/quotes/SPY").body);
  EXPECT_EQ(quote["last"], 396);
  EXPECT_EQ(quote["prev_close"], 390);
  EXPECT_EQ(quote["change"], 6);
  EXPECT_EQ(quote["timestamp"], 1617220800); // the close of 31 March 2021 in New York
}

TEST(node, wrong_files_and_names_are_named) {
  const temporary_folder data;
  const auto failure = [&](auto change) {
    auto config = basic_config(data);
    change(config);
    auto started = node::start(config, wall);
    return started ? std::string("it started") : to_string(started.error());
  };
  EXPECT_NE(failure([](node_config& c) { c.instruments_path = "/nowhere.yaml"; }).find("/nowhere.yaml"), std::string::npos);
  EXPECT_NE(failure([](node_config& c) { c.data_dir = "/proc/nothing"; }).find("/proc/nothing"), std::string::npos);
  EXPECT_EQ(failure([](node_config& c) { c.day_roll.futures = "XMARS"; }), "trading.day_roll_futures: no such calendar: XMARS");
  EXPECT_EQ(failure([](node_config& c) { c.default_venue = "XMARS"; }), "market.calendar: no such calendar: XMARS");
  EXPECT_NE(failure([](node_config& c) { c.feeds = {replay_of({{"/no/file.csv", "SPY", "bars", timeframe::minutes(1)}})}; }).find("/no/file.csv"),
            std::string::npos);
  EXPECT_NE(failure([](node_config& c) { c.feeds = {replay_of({{"/no/file.csv", "NOPE", "bars", timeframe::minutes(1)}})}; }).find("unknown symbol NOPE"),
            std::string::npos);
  EXPECT_NE(failure([](node_config& c) {
              c.feeds = {feed_config{}};
              c.feeds[0].symbols = {"NOPE"};
            }).find("unknown symbol NOPE"),
            std::string::npos);
}

} // namespace
} // namespace tt::cluster::test
