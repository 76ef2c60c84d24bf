#include "actors/market/tick_path.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tt::market {

namespace {

constexpr nanoseconds minute = std::chrono::minutes{1};

price px(const char* text) {
  return *price::parse(text);
}
quantity qty(const char* text) {
  return *quantity::parse(text);
}

bar make_bar(const char* open, const char* high, const char* low, const char* close, const char* volume) {
  return {from_unix_seconds(1'380'892'200), px(open), px(high), px(low), px(close), qty(volume)};
}

std::vector<trade_tick> path_of(const bar& source, const char* lot = "1", nanoseconds length = minute) {
  instrument what;
  what.lot = qty(lot);
  std::vector<trade_tick> out;
  append_tick_path(source, length, what, out);
  return out;
}

bar rebuild(const std::vector<trade_tick>& ticks, utc_time open_time) {
  bar out{open_time, ticks.front().px, ticks.front().px, ticks.front().px, ticks.back().px, {}};
  for (const auto& t : ticks) {
    out.high = std::max(out.high, t.px);
    out.low = std::min(out.low, t.px);
    out.volume += t.size;
  }
  return out;
}

std::vector<std::string> prices(const std::vector<trade_tick>& ticks) {
  std::vector<std::string> out;
  for (const auto& t : ticks) out.push_back(t.px.to_string());
  return out;
}

using strings = std::vector<std::string>;

} // namespace

TEST(tick_path, goes_to_the_nearer_extreme_first) {
  EXPECT_EQ(prices(path_of(make_bar("10", "10.5", "9", "9.5", "400"))), (strings{"10", "10.5", "9", "9.5"}));
  EXPECT_EQ(prices(path_of(make_bar("10", "11", "9.5", "10.5", "400"))),
            (strings{"10", "9.5", "11", "10.5"}));
}

TEST(tick_path, goes_to_the_high_first_on_a_tie) {
  EXPECT_EQ(prices(path_of(make_bar("10", "11", "9", "10.5", "400"))), (strings{"10", "11", "9", "10.5"}));
}

TEST(tick_path, spreads_its_points_over_the_bar) {
  const auto source = make_bar("10", "11", "9", "10.5", "403");
  const auto ticks = path_of(source);
  ASSERT_EQ(ticks.size(), 4U);
  EXPECT_EQ(ticks[0].ts, source.open_time);
  EXPECT_EQ(ticks[1].ts, source.open_time + std::chrono::seconds{15});
  EXPECT_EQ(ticks[2].ts, source.open_time + std::chrono::seconds{30});
  EXPECT_EQ(ticks[3].ts, source.open_time + std::chrono::milliseconds{59'999});
  EXPECT_EQ(ticks[2].size, qty("100"));
  EXPECT_EQ(ticks[3].size, qty("103")) << "the rest goes to the last print";
}

TEST(tick_path, merges_points_that_repeat_a_price) {
  const auto flat = path_of(make_bar("10", "10", "10", "10", "403"));
  ASSERT_EQ(flat.size(), 1U);
  EXPECT_EQ(flat[0].size, qty("403"));
  // opens on its high, closes on its low: two prints
  const auto falling = path_of(make_bar("11", "11", "9", "9", "8"));
  EXPECT_EQ(prices(falling), (strings{"11", "9"}));
  EXPECT_EQ(falling[0].size, qty("4"));
}

TEST(tick_path, keeps_a_bar_without_volume) {
  const auto ticks = path_of(make_bar("10", "11", "9", "10.5", "0"));
  EXPECT_EQ(ticks.size(), 4U);
  for (const auto& t : ticks) EXPECT_TRUE(t.size.is_zero());
}

TEST(tick_path, puts_fewer_than_four_lots_on_the_last_print) {
  const auto ticks = path_of(make_bar("10", "11", "9", "10.5", "3"));
  ASSERT_EQ(ticks.size(), 4U);
  EXPECT_TRUE(ticks[0].size.is_zero());
  EXPECT_EQ(ticks[3].size, qty("3"));
}

TEST(tick_path, appends_to_what_is_there) {
  instrument what;
  std::vector<trade_tick> out;
  append_tick_path(make_bar("10", "10", "10", "10", "1"), minute, what, out);
  append_tick_path(make_bar("10", "10", "10", "10", "2"), minute, what, out);
  ASSERT_EQ(out.size(), 2U) << "prints of two bars are never merged";
  EXPECT_EQ(out[1].size, qty("2"));
}

TEST(tick_path, rebuilds_every_consistent_bar) {
  std::mt19937_64 random{20131004};
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(random);
  };
  constexpr std::array lots{"1", "0.00000001", "0.001", "100"};
  constexpr std::array lengths{nanoseconds{1}, nanoseconds{1'000'000}, nanoseconds{std::chrono::seconds{1}},
                               minute, nanoseconds{std::chrono::hours{24}}};
  for (int round = 0; round < 20'000; ++round) {
    instrument what;
    what.lot = qty(lots[static_cast<std::size_t>(pick(0, 3))]);
    const nanoseconds length = lengths[static_cast<std::size_t>(pick(0, 4))];
    const std::int64_t low = pick(-1000, 1'000'000), range = pick(0, 3) == 0 ? 0 : pick(0, 20);
    const auto at = [&](std::int64_t ticks) { return price{decimal::from_scaled(ticks, 2)}; };
    const std::int64_t count = pick(0, 2) == 0 ? pick(0, 5) : pick(0, 4'000'000'000);
    const bar source{from_unix_seconds(pick(0, 2'000'000'000)),
                     at(low + pick(0, range)),
                     at(low + range),
                     at(low),
                     at(low + pick(0, range)),
                     quantity{decimal::from_raw(what.lot.value().raw() * count)}};
    std::vector<trade_tick> ticks;
    append_tick_path(source, length, what, ticks);
    ASSERT_EQ(rebuild(ticks, source.open_time), source) << "round " << round;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      ASSERT_TRUE(ticks[i].size.value().is_multiple_of(what.lot.value())) << "round " << round;
      ASSERT_GE(ticks[i].ts, i == 0 ? source.open_time : ticks[i - 1].ts) << "round " << round;
      ASSERT_LT(ticks[i].ts, source.open_time + length) << "round " << round;
    }
  }
}

} // namespace tt::market
