#include "actors/market/feed_pump.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace tt::market {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Hands out a prepared list of events.
class listed_source final : public feed_source {
public:
  explicit listed_source(std::vector<feed_event> events, std::vector<std::string> symbols = {"A", "B"})
    : events_(std::move(events)), symbols_(std::move(symbols)) {}

  [[nodiscard]] std::string_view label() const override { return "listed"; }
  [[nodiscard]] std::span<const std::string> symbols() const override { return symbols_; }
  [[nodiscard]] utc_time start_time() const override { return from_unix_seconds(1000); }
  pull_state pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) override {
    for (; next_ < events_.size(); ++next_, --limit) {
      if (timestamp_of(events_[next_].data) > until) return pull_state::idle;
      if (limit == 0) return pull_state::more;
      out.push_back(events_[next_]);
    }
    return pull_state::finished;
  }

private:
  std::vector<feed_event> events_;
  std::vector<std::string> symbols_;
  std::size_t next_ = 0;
};

/// Has nothing yet when it is asked for the first time, like a venue whose market is quiet.
class late_source final : public feed_source {
public:
  [[nodiscard]] std::string_view label() const override { return "late"; }
  [[nodiscard]] std::span<const std::string> symbols() const override { return symbols_; }
  [[nodiscard]] utc_time start_time() const override { return from_unix_seconds(1000); }
  pull_state pull(utc_time, std::size_t, std::vector<feed_event>& out) override {
    if (std::exchange(asked_, true)) out.push_back({0, trade_tick{from_unix_seconds(1001), price{5}, quantity{1}, aggressor::unknown}});
    return pull_state::idle;
  }

private:
  std::vector<std::string> symbols_{"A"};
  bool asked_ = false;
};

feed_event trade(std::uint32_t symbol, std::int64_t ms) {
  return {symbol, trade_tick{from_unix_ms(ms), price{ms}, quantity{1}, aggressor::unknown}};
}

std::vector<feed_event> every_10_ms(std::size_t count) {
  std::vector<feed_event> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(trade(static_cast<std::uint32_t>(i % 2), 1'000'000 + static_cast<std::int64_t>(i) * 10));
  return out;
}

feed_pump make(std::vector<feed_event> events, pace how) {
  return {std::make_unique<listed_source>(std::move(events)), how};
}

const utc_time wall_zero = from_unix_seconds(5'000'000);

/// All ticks of one symbol in the order in which they were handed out.
void collect(const pump_output& out, std::uint32_t symbol, std::vector<tick>& ticks) {
  for (const auto& batch : out.batches)
    if (batch.symbol == symbol) ticks.insert(ticks.end(), batch.ticks.begin(), batch.ticks.end());
}

TEST(feed_pump, scaled_pace_follows_the_wall_clock) {
  for (const double speed : {0.5, 1.0, 10.0}) {
    auto pump = make(every_10_ms(1000), {pace_kind::scaled, speed});
    pump.start(wall_zero);
    std::uint64_t handed_out = 0;
    for (int step = 0; step <= 100; ++step) {
      const auto wall = wall_zero + milliseconds{step * 10};
      const auto out = pump.next(wall);
      for (const auto& batch : out.batches) {
        handed_out += batch.ticks.size();
        EXPECT_LE(batch.watermark, pump.market_time_at(wall));
        pump.acknowledge();
      }
      // events at 0, 10, 20 … ms of market time
      const auto due = static_cast<std::uint64_t>(step * speed) + 1;
      EXPECT_EQ(handed_out, std::min<std::uint64_t>(due, 1000)) << speed << " " << step;
    }
  }
}

TEST(feed_pump, order_within_a_symbol_is_kept_and_nothing_is_lost) {
  const auto events = every_10_ms(10'000);
  auto pump = make(events, {pace_kind::maximum, 1});
  pump.start(wall_zero);
  std::vector<tick> a, b;
  for (int guard = 0; !pump.finished() && guard < 1000; ++guard) {
    const auto out = pump.next(wall_zero);
    collect(out, 0, a);
    collect(out, 1, b);
    for (std::size_t i = 0; i < out.batches.size(); ++i) pump.acknowledge();
  }
  ASSERT_EQ(a.size() + b.size(), events.size());
  EXPECT_EQ(pump.events(), events.size());
  const auto by_time = [](const tick& x, const tick& y) { return timestamp_of(x) < timestamp_of(y); };
  EXPECT_TRUE(std::ranges::is_sorted(a, by_time));
  EXPECT_TRUE(std::ranges::is_sorted(b, by_time));
}

TEST(feed_pump, a_full_window_stops_the_source) {
  auto pump = make(every_10_ms(10'000'00), {pace_kind::maximum, 1});
  pump.start(wall_zero);
  while (pump.in_flight() < max_batches_in_flight) ASSERT_EQ(pump.next(wall_zero).state, pull_state::more);
  const auto events = pump.events();
  const auto held = pump.next(wall_zero);
  EXPECT_TRUE(held.batches.empty());
  EXPECT_EQ(held.state, pull_state::more);
  EXPECT_EQ(pump.events(), events);
  pump.acknowledge();
  EXPECT_FALSE(pump.next(wall_zero).batches.empty());
}

TEST(feed_pump, silent_symbols_hear_the_time) {
  auto pump = make({trade(0, 1'000'000), trade(0, 9'000'000)}, {pace_kind::scaled, 1});
  pump.start(wall_zero);
  pump.next(wall_zero);
  EXPECT_TRUE(pump.next(wall_zero + watermark_interval / 2).batches.empty());
  const auto out = pump.next(wall_zero + watermark_interval);
  ASSERT_EQ(out.batches.size(), 2u);
  for (const auto& batch : out.batches) {
    EXPECT_TRUE(batch.ticks.empty());
    EXPECT_EQ(batch.watermark, from_unix_seconds(1000) + watermark_interval);
  }
}

TEST(feed_pump, watermark_never_promises_too_much) {
  // many events of one moment, more than one pull takes
  std::vector<feed_event> events(max_events_per_pull * 3, trade(0, 1'000'000));
  auto pump = make(events, {pace_kind::maximum, 1});
  pump.start(wall_zero);
  utc_time promised = utc_time::min();
  while (!pump.finished()) {
    for (const auto& batch : pump.next(wall_zero).batches) {
      for (const auto& t : batch.ticks) EXPECT_GT(timestamp_of(t), promised);
      pump.acknowledge();
    }
    promised = from_unix_ms(1'000'000) - nanoseconds{1};
  }
}

TEST(feed_pump, a_quiet_source_at_maximum_pace_does_not_end_time) {
  feed_pump pump{std::make_unique<late_source>(), {pace_kind::maximum, 1}};
  pump.start(wall_zero);
  for (const auto& batch : pump.next(wall_zero).batches) EXPECT_LE(batch.watermark, from_unix_seconds(1000));
  const auto out = pump.next(wall_zero);
  ASSERT_EQ(out.batches.size(), 1u);
  EXPECT_EQ(out.batches[0].ticks.size(), 1u);
  EXPECT_EQ(out.batches[0].watermark, from_unix_seconds(1001));
}

TEST(feed_pump, stepped_pace_hands_out_what_is_asked) {
  auto pump = make(every_10_ms(25), {pace_kind::stepped, 1});
  pump.start(wall_zero);
  EXPECT_TRUE(pump.next(wall_zero + seconds{100}).batches.empty());
  pump_output out;
  EXPECT_EQ(pump.step(10, out), 10u);
  EXPECT_EQ(out.batches.size(), 2u);
  out = {};
  EXPECT_EQ(pump.step(10, out), 10u);
  out = {};
  EXPECT_EQ(pump.step(10, out), 5u);
  EXPECT_TRUE(pump.finished());
  EXPECT_EQ(pump.step(10, out), 0u);
}

TEST(pace, spellings) {
  EXPECT_EQ(*pace::parse("1"), (pace{pace_kind::scaled, 1}));
  EXPECT_EQ(pace::parse("2.5x")->speed, 2.5);
  EXPECT_EQ(pace::parse("max")->kind, pace_kind::maximum);
  EXPECT_EQ(pace::parse("step")->kind, pace_kind::stepped);
  EXPECT_EQ(pace::parse("0").error().code, errc::out_of_range);
  EXPECT_EQ(pace::parse("-1").error().code, errc::out_of_range);
  EXPECT_EQ(pace::parse("1e9").error().code, errc::out_of_range);
  EXPECT_EQ(pace::parse("").error().code, errc::invalid_argument);
  EXPECT_EQ(pace::parse("fast").error().code, errc::invalid_argument);
  for (const auto* text : {"1x", "0.5x", "max", "step"}) EXPECT_EQ(pace::parse(text)->to_string(), text);
}

TEST(pace_clock, never_runs_before_its_start) {
  const pace_clock clock{wall_zero, from_unix_seconds(100), 2};
  EXPECT_EQ(clock.market_at(wall_zero - seconds{5}), from_unix_seconds(100));
  EXPECT_EQ(clock.market_at(wall_zero + seconds{5}), from_unix_seconds(110));
}

} // namespace
} // namespace tt::market
