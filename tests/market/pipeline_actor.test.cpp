// Feed, directory, symbols and a subscriber as actors: deterministic, in virtual
// time. The test drives the scheduler; nothing sleeps.

#include "actors/market/caf_error.hpp"
#include "actors/market/directory_actor.hpp"
#include "actors/market/feed_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

namespace tt::market {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct test_config : caf::actor_system_config {
  test_config() {
    set("scheduler.policy", caf::atom("testing"));
  }
};

const utc_time noon = *parse_iso8601("2026-01-15T12:00:00Z");

/// One print per 100 ms and symbol, a price that tells its number.
class numbered_source final : public feed_source {
public:
  numbered_source(std::vector<std::string> symbols, int count) : symbols_(std::move(symbols)), count_(count) {}

  [[nodiscard]] std::string_view label() const override { return "numbered"; }
  [[nodiscard]] std::span<const std::string> symbols() const override { return symbols_; }
  [[nodiscard]] utc_time start_time() const override { return noon; }
  pull_state pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) override {
    for (; next_ < count_; ++next_) {
      const auto symbol = static_cast<std::uint32_t>(next_ % static_cast<int>(symbols_.size()));
      const auto ts = noon + milliseconds{100} * (next_ / static_cast<int>(symbols_.size()));
      if (ts > until) return pull_state::idle;
      if (limit-- == 0) return pull_state::more;
      out.push_back({symbol, trade_tick{ts, price{1000 + next_}, quantity{1}, aggressor::unknown}});
    }
    return pull_state::finished;
  }

private:
  std::vector<std::string> symbols_;
  int count_;
  int next_ = 0;
};

instrument_master two_coins() {
  std::vector<instrument> list;
  for (const auto* symbol : {"AAA", "BBB"}) {
    instrument what;
    what.symbol = symbol;
    what.exchange = "X";
    what.kind = asset_class::crypto;
    what.calendar_id = "24X7";
    what.calendar = *find_calendar("24X7");
    list.push_back(what);
  }
  return *instrument_master::make(list);
}

enum class reopening { impossible, possible };

/// A whole market room in one deterministic actor system.
class room : public ::testing::Test {
protected:
  room() : system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    master = std::make_shared<const instrument_master>(two_coins());
    start = scheduler.clock().now();
    clock = [this] { return noon + std::chrono::duration_cast<nanoseconds>(scheduler.clock().now() - start); };
    directory = system.spawn(directory_actor, master, [this](const instrument& what) {
      symbol_options options;
      options.what = std::make_shared<const instrument>(what);
      options.clock = clock;
      options.publish = [this, venue = what.exchange](const topic& kind, std::vector<market_update> updates) {
        published.emplace_back(bus_topic_name(kind, venue), std::move(updates));
      };
      options.record = [this](const std::string& symbol, std::span<const bar> closed) {
        auto& list = recorded[symbol];
        list.insert(list.end(), closed.begin(), closed.end());
      };
      return options;
    });
  }

  ~room() override {
    for (const auto& a : to_stop) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
    scheduler.run();
  }

  caf::actor start_feed(pace how, int count, std::vector<std::string> symbols = {"AAA", "BBB"},
                        reopening can = reopening::impossible, std::uint64_t epoch = 0, std::optional<utc_time> market_start = {}) {
    auto options = std::make_shared<feed_options>();
    options->name = "test";
    if (can == reopening::possible)
      options->reopen = [=]() -> result<std::unique_ptr<feed_source>> { return {std::make_unique<numbered_source>(symbols, count)}; };
    options->epoch = epoch;
    options->market_start = market_start;
    options->source = std::make_unique<numbered_source>(std::move(symbols), count);
    options->how = how;
    options->clock = clock;
    auto feed = system.spawn(feed_actor, std::move(options), directory);
    to_stop.push_back(feed);
    caf::anon_send(feed, start_atom::value);
    scheduler.run();
    return feed;
  }

  void pass(milliseconds time) {
    for (milliseconds done{0}; done < time; done += poll_interval) {
      scheduler.advance_time(poll_interval);
      scheduler.run();
    }
  }

  template <class Answer, class... Question>
  Answer ask(const caf::actor& whom, Question&&... question) {
    caf::scoped_actor self{system};
    Answer out{};
    auto handle = self->request(whom, caf::infinite, std::forward<Question>(question)...);
    scheduler.run();
    handle.receive([&](Answer& value) { out = std::move(value); },
                   [&](caf::error& e) { failure = from_caf_error(e); });
    return out;
  }

  caf::actor symbol(const std::string& name) { return ask<caf::actor>(directory, symbol_atom::value, name); }

  test_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  std::shared_ptr<const instrument_master> master;
  caf::actor_clock::time_point start;
  wall_clock clock;
  std::map<std::string, std::vector<bar>> recorded;
  std::vector<std::pair<std::string, std::vector<market_update>>> published;
  caf::actor directory;
  std::vector<caf::actor> to_stop;
  std::optional<error> failure;
};

TEST_F(room, every_tick_arrives_at_maximum_pace) {
  constexpr int count = 50'000;
  const auto feed = start_feed({pace_kind::maximum, 1}, count);
  EXPECT_EQ(ask<feed_status>(feed, status_atom::value).state, "finished");
  EXPECT_EQ(ask<feed_status>(feed, status_atom::value).events, static_cast<std::uint64_t>(count));
  const auto a = ask<quote_snapshot>(symbol("AAA"), quote_atom::value);
  const auto b = ask<quote_snapshot>(symbol("BBB"), quote_atom::value);
  EXPECT_EQ(a.seq + b.seq, static_cast<std::uint64_t>(count));
  EXPECT_EQ(a.last, price{1000 + count - 2});
  EXPECT_EQ(b.last, price{1000 + count - 1});
  EXPECT_EQ(a.state, freshness::stale); // the feed has ended
  EXPECT_EQ(a.source, "numbered");
  // 25,000 prints of 100 ms: 41 whole minutes
  EXPECT_EQ(recorded["AAA"].size(), 41u);
  EXPECT_EQ(recorded["AAA"][0].volume, quantity{600});
}

TEST_F(room, scaled_pace_hands_out_by_the_clock) {
  start_feed({pace_kind::scaled, 1}, 1000);
  const auto aaa = symbol("AAA");
  pass(seconds{1});
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value).seq, 11u); // at 0, 100 … 1000 ms
  pass(seconds{1});
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value).seq, 21u);
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value).state, freshness::fresh);
}

TEST_F(room, stepped_pace_waits_for_orders) {
  const auto feed = start_feed({pace_kind::stepped, 1}, 100);
  pass(seconds{1});
  EXPECT_EQ(ask<feed_status>(feed, status_atom::value).events, 0u);
  EXPECT_EQ(ask<std::uint32_t>(feed, step_atom::value, std::uint32_t{7}), 7u);
  EXPECT_EQ(ask<quote_snapshot>(symbol("AAA"), quote_atom::value).seq, 4u);
  EXPECT_EQ(ask<std::uint32_t>(feed, step_atom::value, std::uint32_t{1000}), 93u);
}

TEST_F(room, a_symbol_without_a_word_from_its_feed_becomes_stale) {
  const auto feed = start_feed({pace_kind::scaled, 1}, 100'000);
  const auto aaa = symbol("AAA");
  pass(seconds{1});
  caf::anon_send_exit(feed, caf::exit_reason::kill);
  scheduler.run();
  pass(seconds{1});
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value).state, freshness::fresh);
  pass(seconds{1});
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value).state, freshness::stale);
}

TEST_F(room, an_unknown_symbol_makes_the_feed_fail_with_its_name) {
  const auto feed = start_feed({pace_kind::maximum, 1}, 10, {"AAA", "NOPE"});
  const auto status = ask<feed_status>(feed, status_atom::value);
  EXPECT_EQ(status.state, "failed");
  EXPECT_EQ(status.detail, "NOPE: symbol: unknown symbol NOPE");
}

/// Remembers what it is told.
caf::behavior listener(caf::event_based_actor*, std::shared_ptr<std::vector<market_update>> seen) {
  return {[seen](const update_batch& batch) { seen->insert(seen->end(), batch.updates.begin(), batch.updates.end()); }};
}

TEST_F(room, subscribers_get_what_they_asked_for_until_they_leave) {
  start_feed({pace_kind::scaled, 1}, 100'000);
  const auto aaa = symbol("AAA");
  auto trades = std::make_shared<std::vector<market_update>>();
  auto bars = std::make_shared<std::vector<market_update>>();
  const auto first = system.spawn(listener, trades), second = system.spawn(listener, bars);
  const topic prints{topic_kind::trades, "AAA", {}, {}};
  const topic series{topic_kind::bars, "AAA", timeframe::minutes(1), session_hours::regular};
  caf::send_as(first, aaa, subscribe_atom::value, prints);
  caf::send_as(first, aaa, subscribe_atom::value, prints); // twice is once
  caf::send_as(second, aaa, subscribe_atom::value, series);
  scheduler.run();
  pass(minutes{2});
  ASSERT_EQ(trades->size(), 1200u);
  for (std::size_t i = 1; i < trades->size(); ++i)
    ASSERT_EQ(std::get<trade_update>((*trades)[i]).seq, std::get<trade_update>((*trades)[i - 1]).seq + 1);
  int closed = 0;
  for (std::size_t i = 1; i < bars->size(); ++i) {
    ASSERT_EQ(std::get<bar_update>((*bars)[i]).seq, std::get<bar_update>((*bars)[i - 1]).seq + 1);
    closed += std::get<bar_update>((*bars)[i]).state == bar_state::closed ? 1 : 0;
  }
  EXPECT_EQ(closed, 2);
  caf::send_as(first, aaa, unsubscribe_atom::value, prints);
  caf::anon_send_exit(second, caf::exit_reason::kill);
  scheduler.run();
  trades->clear();
  bars->clear();
  pass(seconds{10});
  EXPECT_TRUE(trades->empty());
  EXPECT_TRUE(bars->empty());
  caf::anon_send_exit(first, caf::exit_reason::kill);
}

TEST_F(room, a_symbol_that_died_is_started_anew) {
  const auto before = symbol("AAA");
  caf::anon_send_exit(before, caf::exit_reason::kill);
  scheduler.run();
  const auto after = symbol("AAA");
  EXPECT_NE(before, after);
  EXPECT_TRUE(after);
  symbol("NOPE");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, errc::unknown_symbol);
}

// -- symbols that die and come back ---------------------------------------------

TEST_F(room, a_restored_symbol_is_where_its_predecessor_was) {
  const auto feed = start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible);
  pass(minutes{3});
  const auto before = ask<quote_snapshot>(symbol("AAA"), quote_atom::value);
  const auto first = symbol("AAA");
  caf::anon_send_exit(first, caf::exit_reason::kill);
  scheduler.run();
  const auto after = ask<quote_snapshot>(symbol("AAA"), quote_atom::value);
  EXPECT_NE(symbol("AAA"), first);
  EXPECT_EQ(after, before);
  const history_request minutes_of{"AAA", timeframe::minutes(1), session_hours::regular, {}, noon + minutes{60}, 10, 10};
  const auto bars = ask<history_reply>(symbol("AAA"), minutes_of);
  ASSERT_EQ(bars.bars->size(), 4u);
  EXPECT_EQ((*bars.bars)[0].volume, quantity{600});
  pass(seconds{1}); // and it goes on without a gap
  EXPECT_EQ(ask<quote_snapshot>(symbol("AAA"), quote_atom::value).seq, before.seq + 10);
  EXPECT_EQ(ask<quote_snapshot>(symbol("BBB"), quote_atom::value).seq, before.seq + 10);
  EXPECT_EQ(ask<feed_status>(feed, status_atom::value).stale_symbols, 0u);
}

TEST_F(room, a_restored_symbol_of_a_finished_feed_is_complete_and_stale) {
  start_feed({pace_kind::maximum, 1}, 50'000, {"AAA", "BBB"}, reopening::possible);
  const auto before = ask<quote_snapshot>(symbol("BBB"), quote_atom::value);
  caf::anon_send_exit(symbol("BBB"), caf::exit_reason::kill);
  pass(seconds{1}); // it was found only now, so the feed waits before it looks again
  EXPECT_EQ(ask<quote_snapshot>(symbol("BBB"), quote_atom::value), before);
  EXPECT_EQ(before.state, freshness::stale);
}

TEST_F(room, without_a_source_to_reopen_a_symbol_begins_in_the_present) {
  start_feed({pace_kind::scaled, 1}, 100'000);
  pass(minutes{1});
  caf::anon_send_exit(symbol("AAA"), caf::exit_reason::kill);
  scheduler.run();
  pass(seconds{1});
  EXPECT_EQ(ask<quote_snapshot>(symbol("AAA"), quote_atom::value).seq, 10u);
  EXPECT_EQ(ask<quote_snapshot>(symbol("AAA"), quote_atom::value).state, freshness::fresh);
}

TEST_F(room, symbols_die_at_any_moment_and_lose_nothing) {
  const auto feed = start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible);
  std::uint32_t draw = 12345; // a fixed sequence
  for (int round = 0; round < 40; ++round) {
    draw = draw * 1664525 + 1013904223;
    pass(milliseconds{draw >> 22});
    caf::anon_send_exit(symbol(round % 3 ? "AAA" : "BBB"), caf::exit_reason::kill);
  }
  pass(seconds{1});
  const auto status = ask<feed_status>(feed, status_atom::value);
  const auto a = ask<quote_snapshot>(symbol("AAA"), quote_atom::value), b = ask<quote_snapshot>(symbol("BBB"), quote_atom::value);
  EXPECT_EQ(a.seq + b.seq, status.events);
  EXPECT_EQ(a.state, freshness::fresh);
}

/// Prints in their order: numbers and times only grow.
void expect_in_order(const std::vector<market_update>& seen) {
  for (std::size_t i = 1; i < seen.size(); ++i) {
    const auto &a = std::get<trade_update>(seen[i - 1]), &b = std::get<trade_update>(seen[i]);
    ASSERT_GT(b.seq, a.seq);
    ASSERT_GE(b.trade.ts, a.trade.ts) << "an old print as a new one, number " << b.seq;
  }
}

TEST_F(room, a_symbol_that_was_away_and_is_restored_tells_nothing_twice) {
  const auto feed = start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible);
  const auto aaa = symbol("AAA");
  auto trades = std::make_shared<std::vector<market_update>>();
  const auto reader = system.spawn(listener, trades);
  caf::send_as(reader, aaa, subscribe_atom::value, topic{topic_kind::trades, "AAA", {}, {}});
  pass(minutes{3});
  const auto before = ask<quote_snapshot>(aaa, quote_atom::value);
  // its link was cut: the feed looks for it again, and finds the actor that it had
  caf::anon_send(feed, symbol_moved{"AAA", symbol("BBB"), 0});
  scheduler.run();
  ASSERT_EQ(symbol("AAA"), aaa);
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value), before);
  pass(seconds{1});
  EXPECT_EQ(ask<quote_snapshot>(aaa, quote_atom::value).seq, before.seq + 10);
  expect_in_order(*trades);
  EXPECT_EQ(std::get<trade_update>(trades->back()).seq, ask<trade_list>(aaa, trades_atom::value, std::uint32_t{1}).trades.at(0).seq);
  caf::anon_send_exit(reader, caf::exit_reason::kill);
}

TEST_F(room, a_feed_that_begins_anew_under_a_lease_tells_its_past_to_nobody) {
  start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible, 4, noon + minutes{5});
  const auto aaa = symbol("AAA");
  auto trades = std::make_shared<std::vector<market_update>>();
  const auto reader = system.spawn(listener, trades);
  caf::send_as(reader, aaa, subscribe_atom::value, topic{topic_kind::trades, "AAA", {}, {}});
  pass(seconds{10});
  const auto before = ask<quote_snapshot>(aaa, quote_atom::value);
  const auto told = trades->size();
  EXPECT_GT(told, 90u);
  start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible, 5, noon + minutes{5} + seconds{11});
  pass(seconds{10});
  const auto after = ask<quote_snapshot>(aaa, quote_atom::value);
  EXPECT_EQ(after.state, freshness::fresh);
  EXPECT_EQ(after.seq, before.seq + 110u) << "eleven seconds and ten";
  EXPECT_LT(trades->size(), told + 130) << "five minutes are 3,000 prints";
  expect_in_order(*trades);
  caf::anon_send_exit(reader, caf::exit_reason::kill);
}

TEST_F(room, a_superseded_feed_is_refused_and_gives_way) {
  const auto old = start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible, 4);
  pass(seconds{1});
  start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible, 5);
  pass(seconds{2});
  EXPECT_EQ(ask<feed_status>(old, status_atom::value).detail, "a later feed has taken over");
  EXPECT_EQ(ask<quote_snapshot>(symbol("AAA"), quote_atom::value).seq, 11u + 21u);
}

TEST_F(room, followers_get_the_newest_state_and_read_the_rest_elsewhere) {
  start_feed({pace_kind::scaled, 1}, 100'000, {"AAA", "BBB"}, reopening::possible);
  pass(seconds{1});
  const topic quotes{topic_kind::quotes, "AAA", {}, {}};
  EXPECT_TRUE(published.empty());
  const auto newest = ask<update_batch>(symbol("AAA"), follow_atom::value, quotes);
  ASSERT_EQ(newest.updates.size(), 1u);
  EXPECT_EQ(std::get<quote_snapshot>(newest.updates[0]).seq, 11u);
  pass(milliseconds{200}); // the asker is gone by now: nobody follows any more
  EXPECT_TRUE(published.empty());
  auto unused = std::make_shared<std::vector<market_update>>();
  const auto reader = system.spawn(listener, unused);
  caf::send_as(reader, symbol("AAA"), follow_atom::value, quotes);
  scheduler.run();
  pass(milliseconds{200});
  ASSERT_EQ(published.size(), 2u);
  EXPECT_EQ(published[0].first, "md.X.AAA.quotes");
  EXPECT_EQ(std::get<quote_snapshot>(published[1].second.at(0)).seq, 15u);
  // the past is not published again: one newest state, then on
  caf::anon_send_exit(symbol("AAA"), caf::exit_reason::kill);
  scheduler.run();
  caf::send_as(reader, symbol("AAA"), follow_atom::value, quotes);
  scheduler.run();
  pass(milliseconds{200});
  ASSERT_EQ(published.size(), 4u);
  EXPECT_EQ(std::get<quote_snapshot>(published[3].second.at(0)).seq, 17u);
  caf::anon_send_exit(reader, caf::exit_reason::kill);
}

} // namespace
} // namespace tt::market
