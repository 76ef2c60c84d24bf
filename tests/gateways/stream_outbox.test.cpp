// Conflation and the bounded queues, on a virtual clock.

#include "gateways/stream/outbox.hpp"

#include <gtest/gtest.h>

#include "tests/gateways/stream_fixture.hpp"

#include <random>

namespace tt::gateway::stream::test {
namespace {

class stream_outbox : public ::testing::Test {
protected:
  value_ptr value_of(const slot& s, market::market_update update) {
    return std::make_shared<const topic_value>(s.key, share(std::move(update)), moment{now, test_wall});
  }
  void offer_quote(slot& s, std::uint64_t seq) { box.offer(s, value_of(s, quote(s.key->symbol, std::to_string(seq), seq)), now); }
  void offer_trade(slot& s, std::uint64_t seq) { box.offer(s, value_of(s, trade(s.key->symbol, seq)), now); }
  void offer_bar(slot& s, int minute, std::string_view close, market::bar_state state) {
    box.offer(s, value_of(s, bar_at(s.key->symbol, minute, close, state)), now);
  }
  std::vector<json> pull(std::size_t budget = std::size_t{1} << 40) {
    box.pull(wire, budget, now);
    std::vector<json> out;
    for (const auto& one : split_frames(wire)) out.push_back(decode(one));
    return out;
  }
  static std::shared_ptr<const topic_key> key(channel what, std::string symbol) {
    return std::make_shared<const topic_key>(topic_key{what, std::move(symbol), {}, {}});
  }

  stream_config config;
  shard_tallies tallies;
  mono_time now{std::chrono::hours{1}};
  std::string wire;
  // the slots die after the box, as they may
  slot aapl{key(channel::quotes, "AAPL")}, msft{key(channel::quotes, "MSFT")};
  slot tape{key(channel::trades, "AAPL")}, bars{key(channel::bars, "AAPL")};
  outbox box{config, tallies, {}};
};

TEST_F(stream_outbox, ten_per_second_and_topic_and_the_newest_wins) {
  offer_quote(aapl, 1);
  EXPECT_EQ(pull().size(), 1U) << "the first goes at once";
  for (std::uint64_t i = 2; i <= 5; ++i) offer_quote(aapl, i);
  offer_quote(msft, 1);
  const auto other = pull();
  ASSERT_EQ(other.size(), 1U) << "topics don't wait for each other";
  EXPECT_EQ(other[0]["symbol"], "MSFT");
  EXPECT_EQ(box.next_due(), now + milliseconds{100});
  now += milliseconds{99};
  EXPECT_TRUE(pull().empty());
  now += milliseconds{1};
  const auto got = pull();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["data"]["price"], 5);
  EXPECT_EQ(got[0]["conflated"], 3);
  EXPECT_FALSE(box.next_due());
  now += milliseconds{100};
  offer_quote(aapl, 6);
  const auto fresh = pull();
  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_FALSE(fresh[0].contains("conflated"));
}

TEST_F(stream_outbox, never_faster_than_the_rate_and_nothing_newest_is_lost) {
  // Property: whatever comes when, deliveries of a topic are 1/rate apart, versions
  // rise, and once it is quiet the client holds the newest.
  std::mt19937 random{7};
  for (const int rate : {1, 10, 50}) {
    box.set_rate(rate);
    std::vector<std::unique_ptr<slot>> slots;
    for (int i = 0; i < 20; ++i) slots.push_back(std::make_unique<slot>(key(channel::quotes, "S" + std::to_string(i))));
    std::map<std::string, std::uint64_t> sent, seen, deliveries, conflated;
    std::map<std::string, mono_time> last;
    const auto check = [&](const std::vector<json>& got) {
      for (const auto& one : got) {
        const std::string symbol = one["symbol"];
        const std::uint64_t version = one["data"]["price"];
        EXPECT_GT(version, seen[symbol]);
        if (last.contains(symbol)) {
          EXPECT_GE(now - last[symbol], std::chrono::nanoseconds{1'000'000'000 / rate});
        }
        last[symbol] = now;
        seen[symbol] = version;
        ++deliveries[symbol];
        conflated[symbol] += one.value("conflated", 0U);
      }
    };
    for (int step = 0; step < 5000; ++step) {
      slot& one = *slots[random() % slots.size()];
      offer_quote(one, ++sent[one.key->symbol]);
      if (random() % 4 != 0) check(pull());
      now += std::chrono::microseconds{random() % 5000};
    }
    for (int i = 0; i < 3; ++i) {
      now += seconds{1};
      check(pull());
    }
    EXPECT_EQ(seen, sent);
    for (const auto& [symbol, count] : sent) EXPECT_EQ(deliveries[symbol] + conflated[symbol], count) << "counters are exact";
    for (auto& one : slots) box.forget(*one);
  }
}

TEST_F(stream_outbox, unconflated_sends_every_update) {
  box.set_rate(0);
  for (std::uint64_t i = 1; i <= 500; ++i) offer_quote(aapl, i);
  const auto got = pull();
  ASSERT_EQ(got.size(), 500U);
  EXPECT_EQ(got[0]["snapshot"], true);
  EXPECT_FALSE(got[1].contains("snapshot"));
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i]["data"]["price"], i + 1);
  EXPECT_EQ(box.queued_bytes(), 0U);
}

TEST_F(stream_outbox, unconflated_without_room_conflates) {
  box.set_rate(0);
  std::uint64_t sent = 0;
  for (int i = 0; i < 10'000; ++i) {
    offer_quote(aapl, ++sent);
    if (i % 10 == 0) offer_quote(msft, sent);
  }
  EXPECT_LE(box.queued_bytes(), config.max_droppable_bytes);
  const auto got = pull();
  EXPECT_LT(got.size(), 3000U);
  std::map<std::string, std::uint64_t> seen, all;
  for (const auto& one : got) {
    const std::string symbol = one["symbol"];
    EXPECT_GT(one["data"]["price"], seen[symbol]) << "in order";
    seen[symbol] = one["data"]["price"];
    all[symbol] += 1 + one.value("conflated", 0U);
  }
  EXPECT_EQ(seen["AAPL"], sent) << "the newest arrives";
  EXPECT_EQ(all["AAPL"], 10'000U) << "counters are exact";
  EXPECT_EQ(all["MSFT"], 1000U);
  EXPECT_EQ(box.queued_bytes(), 0U);
}

TEST_F(stream_outbox, changing_the_rate_keeps_the_order) {
  std::mt19937 random{11};
  std::uint64_t sent = 0, seen = 0;
  for (int i = 0; i < 3000; ++i) {
    if (random() % 20 == 0) box.set_rate(std::array{0, 1, 10, 50}[random() % 4]);
    offer_quote(aapl, ++sent);
    now += milliseconds{random() % 30};
    if (random() % 3 != 0) continue;
    for (const auto& one : pull(random() % 1000)) {
      EXPECT_GT(one["data"]["price"], seen);
      seen = one["data"]["price"];
    }
  }
  now += seconds{2};
  for (const auto& one : pull()) seen = one["data"]["price"];
  EXPECT_EQ(seen, sent);
}

TEST_F(stream_outbox, a_finished_bar_survives_the_next_one) {
  offer_bar(bars, 0, "10", market::bar_state::forming);
  pull();
  offer_bar(bars, 0, "11", market::bar_state::forming);
  offer_bar(bars, 0, "12", market::bar_state::closed);
  offer_bar(bars, 1, "13", market::bar_state::forming);
  offer_bar(bars, 1, "14", market::bar_state::forming);
  now += milliseconds{100};
  const auto got = pull();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["data"]["c"], 12);
  EXPECT_EQ(got[0]["data"]["closed"], true);
  EXPECT_EQ(got[1]["data"]["c"], 14);
  EXPECT_EQ(got[0].value("conflated", 0) + got[1].value("conflated", 0), 2);
}

TEST_F(stream_outbox, bars_that_wait_are_bounded) {
  for (int minute = 0; minute < 100; ++minute) offer_bar(bars, minute, "10", market::bar_state::closed);
  const auto got = pull();
  ASSERT_EQ(got.size(), max_waiting_bars);
  EXPECT_EQ(got.back()["data"]["ts"], unix_seconds(test_wall) + 99 * 60);
  EXPECT_EQ(got.back()["conflated"], 100 - max_waiting_bars);
}

TEST_F(stream_outbox, bars_stay_in_order_when_the_unconflated_queue_is_full) {
  box.set_rate(0);
  int offered = 0;
  for (int minute = 0; minute < 2000; ++minute) {
    offer_bar(bars, minute, "10", market::bar_state::forming);
    offer_bar(bars, minute, "11", market::bar_state::closed);
    ++offered;
  }
  std::int64_t last = 0;
  std::size_t count = 0;
  for (const auto& one : pull()) {
    EXPECT_GE(one["data"]["ts"], last);
    last = one["data"]["ts"];
    count += 1 + one.value("conflated", 0U);
  }
  EXPECT_EQ(last, unix_seconds(test_wall) + (offered - 1) * 60);
  EXPECT_EQ(count, 2U * static_cast<unsigned>(offered));
}

TEST_F(stream_outbox, trades_are_all_sent_while_there_is_room) {
  for (std::uint64_t i = 1; i <= 100; ++i) offer_trade(tape, i);
  const auto got = pull();
  ASSERT_EQ(got.size(), 100U);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i]["data"]["trade_seq"], i + 1);
}

TEST_F(stream_outbox, the_oldest_trades_are_dropped_and_counted) {
  config.max_queued_trades = 50;
  for (std::uint64_t i = 1; i <= 200; ++i) offer_trade(tape, i);
  const auto got = pull();
  ASSERT_EQ(got.size(), 50U);
  EXPECT_EQ(got[0]["data"]["trade_seq"], 151);
  EXPECT_EQ(got[0]["dropped"], 150);
  EXPECT_EQ(got[0]["snapshot"], true) << "the first that arrives";
  EXPECT_FALSE(got[1].contains("dropped"));
  EXPECT_EQ(tallies.dropped_trades.get(), 150U);
  EXPECT_EQ(box.queued_bytes(), 0U);
}

TEST_F(stream_outbox, droppable_data_leaves_room_for_what_must_arrive) {
  box.set_rate(0);
  config.max_queued_trades = 1'000'000;
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    offer_trade(tape, i);
    offer_quote(aapl, i);
  }
  EXPECT_LE(box.queued_bytes(), config.max_droppable_bytes);
  EXPECT_EQ(box.push(make_body(encoding::json, json{{"x", std::string(100'000, 'x')}}.dump())), admission::taken);
  while (box.push(make_body(encoding::json, R"({"type":"ack"})")) == admission::taken) {}
  EXPECT_LE(box.queued_bytes(), config.max_queue_bytes);
  EXPECT_TRUE(pull(1).at(0).contains("x")) << "own messages go first";
}

TEST_F(stream_outbox, kinds_take_turns) {
  for (std::uint64_t i = 1; i <= 1000; ++i) offer_trade(tape, i);
  offer_quote(aapl, 1);
  const auto got = pull(1000);
  EXPECT_TRUE(std::any_of(got.begin(), got.end(), [](const json& one) { return one["type"] == "quote"; }));
}

TEST_F(stream_outbox, a_budget_is_kept_to_about_one_message) {
  box.set_rate(0);
  for (std::uint64_t i = 1; i <= 500; ++i) offer_quote(aapl, i);
  box.pull(wire, 4096, now);
  EXPECT_GE(wire.size(), 4096U);
  EXPECT_LT(wire.size(), 4096U + 1024U);
}

TEST_F(stream_outbox, forget_takes_everything_along) {
  box.set_rate(0);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    offer_quote(aapl, i);
    offer_trade(tape, i);
  }
  box.set_rate(10);
  offer_quote(msft, 1);
  for (slot* one : {&aapl, &tape, &msft}) box.forget(*one);
  EXPECT_TRUE(pull().empty());
  EXPECT_EQ(box.queued_bytes(), 0U);
  EXPECT_FALSE(box.next_due());
}

TEST_F(stream_outbox, snapshot_does_not_wait_for_the_rate) {
  offer_quote(aapl, 1);
  pull();
  const auto newest = value_of(aapl, quote("AAPL", "2", 2));
  EXPECT_EQ(box.offer_snapshot(aapl, newest), admission::taken);
  const auto got = pull();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["snapshot"], true);
  offer_quote(aapl, 3); // waits in the slot, newer than what the hub would offer
  EXPECT_EQ(box.offer_snapshot(aapl, newest), admission::taken);
  const auto again = pull();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]["data"]["price"], 3);
  EXPECT_EQ(again[0]["snapshot"], true);
  EXPECT_FALSE(box.next_due());
}

TEST_F(stream_outbox, age_is_measured_from_arrival_to_hand_over) {
  offer_quote(aapl, 1); // a snapshot: not counted
  pull();
  offer_quote(aapl, 2);
  now += milliseconds{100};
  pull();
  stream_counters counters;
  tallies.add_to(counters);
  EXPECT_NEAR(counters.tick_to_client_sum_s, 0.1, 1e-9);
  EXPECT_EQ(counters.tick_to_client.at(10), 1U) << "the bucket up to 100 ms";
  EXPECT_EQ(counters.messages_out, 2U);
}

} // namespace
} // namespace tt::gateway::stream::test
