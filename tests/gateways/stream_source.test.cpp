// The way from the market's threads into a shard: batches, bounds, present state.

#include "gateways/stream/market_source.hpp"
#include "gateways/stream/session.hpp"
#include "gateways/stream/system_channel.hpp"

#include <gtest/gtest.h>

#include "tests/gateways/stream_fixture.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <thread>

namespace tt::gateway::stream::test {
namespace {

using ::tt::gateway::test::operation;
using ::tt::gateway::test::scripted_market;

/// A shard whose posted jobs run when the test says so.
class stream_source : public ::testing::Test {
protected:
  stream_source() { source.attach(home); }

  void run_jobs() {
    while (true) {
      std::vector<std::function<void()>> now;
      {
        std::lock_guard guard{mutex};
        now.swap(jobs);
      }
      if (now.empty()) return;
      for (auto& one : now) one();
    }
  }
  std::vector<json> read(session& one) {
    run_jobs();
    std::string wire;
    one.pull(wire, std::size_t{1} << 40, clock.now());
    std::vector<json> out;
    for (const auto& part : split_frames(wire)) out.push_back(decode(part));
    return out;
  }
  std::unique_ptr<session> connect() {
    return std::make_unique<session>(next_id++, home, config, tallies, message_style{}, identity::known, clock.now());
  }
  void say(session& one, const json& message) { one.on_message(message.dump(), encoding::json, clock.now()); }

  mono_time time{std::chrono::hours{1}};
  stream_clock clock{[this] { return time; }, [] { return test_wall; }};
  std::mutex mutex;
  std::vector<std::function<void()>> jobs;
  int batches = 0;
  scripted_market market;
  stream_config config;
  shard_tallies tallies;
  system_channel system{test_wall, "n1"};
  std::uint64_t next_id = 1;
  market_source source{market, clock, system.log(), tallies,
                       [this](std::function<void()> job) {
                         std::lock_guard guard{mutex};
                         jobs.push_back(std::move(job));
                       },
                       [this] { ++batches; }};
  hub home{source, tallies};
};

TEST_F(stream_source, snapshots_come_from_the_market) {
  const utc_time now = market.market_time();
  market.set_quote(scripted_market::make_quote("AAPL", "231.11", now));
  market.set_bars("AAPL", timeframe::minutes(5), session_hours::regular, scripted_market::make_bars(now - std::chrono::minutes{10}, std::chrono::minutes{5}, 2),
                  market::bar_state::forming);
  market.add_trade(trade("AAPL", 9));
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"channels", {"quotes", "trades", "bars"}}, {"symbol", "AAPL"}, {"timeframe", "5m"}});
  const auto got = read(*one);
  ASSERT_EQ(got.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(got[i]["snapshot"], true);
  EXPECT_EQ(of_type(got, "quote").at(0)["data"]["price"], 231.11);
  EXPECT_EQ(of_type(got, "trade").at(0)["data"]["trade_seq"], 9);
  const json bar = of_type(got, "bar").at(0);
  EXPECT_EQ(bar["timeframe"], "5m");
  EXPECT_EQ(bar["data"]["closed"], false);
  EXPECT_EQ(bar["data"]["c"], 100.03);
  EXPECT_EQ(bar["timestamp"], to_iso8601(now));
}

TEST_F(stream_source, a_quote_without_a_price_is_waited_for) {
  for (const auto state : {market::freshness::waiting, market::freshness::stale}) {
    market::quote_snapshot hollow;
    hollow.symbol = "AAPL";
    hollow.source = "history";
    hollow.state = state;
    market.set_quote(hollow);
    auto one = connect();
    say(*one, {{"action", "subscribe"}, {"channels", {"quotes"}}, {"symbol", "AAPL"}});
    const auto got = read(*one);
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1]["data"], nullptr);
    EXPECT_EQ(got[1]["state"], "waiting");
  }
}

TEST_F(stream_source, a_market_that_fails_leaves_us_waiting) {
  for (const auto what : {operation::quotes, operation::trades, operation::history}) market.fail(what, error{errc::timed_out, "late"});
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"channels", {"quotes", "trades", "bars"}}, {"symbol", "AAPL"}});
  const auto got = read(*one);
  ASSERT_EQ(got.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(got[i]["state"], "waiting");
  market.publish(scripted_market::make_quote("AAPL", "231", market.market_time()));
  EXPECT_EQ(read(*one).at(0)["data"]["price"], 231) << "the data follows when it comes";
}

TEST_F(stream_source, replies_and_updates_after_the_client_left_do_no_harm) {
  market.hold_replies();
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"channels", {"quotes", "trades"}}, {"symbol", "AAPL"}});
  market.publish(scripted_market::make_quote("AAPL", "231", market.market_time()));
  EXPECT_EQ(market.subscriptions(), 2U);
  one.reset();
  EXPECT_EQ(market.subscriptions(), 0U);
  market.release_replies();
  run_jobs();
}

TEST_F(stream_source, updates_come_in_batches) {
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"symbol", "AAPL"}, {"channel", "trades"}});
  read(*one);
  batches = 0;
  for (std::uint64_t i = 1; i <= 100; ++i) market.publish(trade("AAPL", i));
  EXPECT_EQ(jobs.size(), 1U);
  EXPECT_EQ(read(*one).size(), 100U);
  EXPECT_EQ(batches, 1);
}

TEST_F(stream_source, long_batches_are_written_in_parts) {
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"symbol", "AAPL"}, {"channel", "trades"}});
  read(*one);
  batches = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) market.publish(trade("AAPL", i));
  run_jobs();
  EXPECT_EQ(batches, 4);
}

TEST_F(stream_source, the_mailbox_is_bounded) {
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"symbol", "AAPL,MSFT"}, {"channels", {"quotes", "trades"}}});
  read(*one);
  for (std::size_t i = 0; i < max_mailbox; ++i) market.publish(scripted_market::make_quote("AAPL", std::to_string(i + 1), market.market_time()));
  market.publish(scripted_market::make_quote("AAPL", "99999", market.market_time())); // replaces
  market.publish(scripted_market::make_quote("MSFT", "400", market.market_time()));   // first of its topic: kept
  market.publish(trade("AAPL", 1));                                                   // dropped
  time += seconds{1};
  const auto got = read(*one);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["data"]["price"], 99999);
  EXPECT_EQ(got[1]["data"]["price"], 400);
  EXPECT_EQ(tallies.dropped_trades.get(), 1U);
  EXPECT_EQ(tallies.conflated.get(), max_mailbox);
}

TEST_F(stream_source, updates_from_many_threads_arrive_in_each_topics_order) {
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"symbol", "AAPL,MSFT"}, {"channel", "trades"}});
  read(*one);
  std::vector<std::thread> producers;
  for (const auto* symbol : {"AAPL", "MSFT"})
    producers.emplace_back([this, symbol] {
      for (std::uint64_t i = 1; i <= 500; ++i) market.publish(trade(symbol, i));
    });
  for (auto& thread : producers) thread.join();
  std::map<std::string, std::uint64_t> seen;
  for (const auto& message : read(*one)) EXPECT_EQ(message["data"]["trade_seq"], ++seen[message["symbol"]]);
  EXPECT_EQ(seen["AAPL"], 500U);
  EXPECT_EQ(seen["MSFT"], 500U);
}

TEST_F(stream_source, market_status_follows_the_markets_clock) {
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"channel", "market_status"}, {"symbol", "AAPL"}});
  say(*one, {{"action", "subscribe"}, {"channel", "market_status"}, {"venue", "xnys"}});
  auto got = of_type(read(*one), "market_status");
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["snapshot"], true);
  EXPECT_EQ(got[0]["data"]["session"], "regular");
  EXPECT_EQ(got[0]["data"]["is_open"], true);
  EXPECT_EQ(got[1]["symbol"], "XNYS");
  source.check_market_status();
  EXPECT_TRUE(read(*one).empty()) << "nothing changed";
  market.set_time(market.market_time() + std::chrono::hours{8}); // 17:35 in New York
  time += seconds{1};
  source.check_market_status();
  got = read(*one);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["data"]["session"], "post");
  EXPECT_EQ(got[0]["data"]["is_open"], false);
  say(*one, {{"action", "snapshot"}, {"channel", "market_status"}, {"venue", "24X7"}});
  EXPECT_EQ(read(*one).at(0)["data"]["venue"], "24X7");
  say(*one, {{"action", "subscribe"}, {"channel", "market_status"}, {"venue", "MOON"}});
  EXPECT_EQ(read(*one).at(0)["rejected"].size(), 1U);
}

TEST_F(stream_source, market_status_without_a_name_is_every_venue) {
  auto one = connect();
  say(*one, {{"action", "subscribe"}, {"channel", "market_status"}});
  const auto got = read(*one);
  EXPECT_EQ(of_type(got, "market_status").size(), got[0]["symbols"].size());
  EXPECT_GE(got[0]["symbols"].size(), 4U);
}

TEST(stream_mailbox, nothing_runs_after_close) {
  std::vector<std::function<void()>> jobs;
  int drained = 0;
  auto box = std::make_shared<mailbox>([&](std::function<void()> job) { jobs.push_back(std::move(job)); }, [&] { ++drained; });
  auto cell = std::make_shared<feed_cell>();
  box->put(cell, std::make_shared<const market::market_update>(quote("AAPL", "1", 1)), {});
  box->post([&] { ++drained; });
  ASSERT_EQ(jobs.size(), 2U);
  box->close();
  box->put(cell, std::make_shared<const market::market_update>(quote("AAPL", "2", 2)), {});
  box->post([&] { ++drained; });
  for (auto& one : jobs) one();
  EXPECT_EQ(jobs.size(), 2U);
  EXPECT_EQ(drained, 0);
}

} // namespace
} // namespace tt::gateway::stream::test
