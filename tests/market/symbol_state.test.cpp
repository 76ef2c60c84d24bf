#include "actors/market/symbol_state.hpp"

#include <gtest/gtest.h>

namespace tt::market {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::shared_ptr<const instrument> stock() {
  auto out = std::make_shared<instrument>();
  out->symbol = "TEST";
  out->exchange = "NYSE";
  out->calendar_id = "XNYS";
  out->calendar = *find_calendar("XNYS");
  return out;
}

std::shared_ptr<const instrument> coin() {
  auto out = std::make_shared<instrument>();
  out->symbol = "COIN";
  out->exchange = "X";
  out->kind = asset_class::crypto;
  out->calendar_id = "24X7";
  out->calendar = *find_calendar("24X7");
  return out;
}

/// Prepared bars of one symbol.
class listed_history final : public history_source {
public:
  listed_history(std::string symbol, std::map<timeframe, std::vector<bar>> series)
    : symbol_(std::move(symbol)), series_(std::move(series)) {}

  [[nodiscard]] std::vector<timeframe> timeframes(std::string_view symbol) const override {
    std::vector<timeframe> out;
    if (symbol == symbol_)
      for (const auto& [frame, unused] : series_) out.push_back(frame);
    return out;
  }
  [[nodiscard]] result<std::vector<bar>> bars(std::string_view, timeframe frame, utc_time from, utc_time to,
                                              std::size_t limit) const override {
    std::vector<bar> out;
    for (const auto& b : series_.at(frame))
      if (b.open_time >= from && b.open_time < to) out.push_back(b);
    if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
    return out;
  }

private:
  std::string symbol_;
  std::map<timeframe, std::vector<bar>> series_;
};

bar make_bar(utc_time t, int o, int h, int l, int c, int v) { return {t, price{o}, price{h}, price{l}, price{c}, quantity{v}}; }
tick print(utc_time t, int px, int size) { return trade_tick{t, price{px}, quantity{size}, aggressor::unknown}; }
tick quote(utc_time t, int bid, int ask) { return quote_tick{t, price{bid}, price{ask}, quantity{1}, quantity{2}}; }

// Thursday 2026-01-15, 09:30 New York = 14:30 UTC
const utc_time opening = *parse_iso8601("2026-01-15T14:30:00Z");
const utc_time wall = from_unix_seconds(42);

struct fixture : ::testing::Test {
  std::vector<market_update> out;

  void feed(symbol_state& s, std::vector<tick> ticks) {
    const utc_time last = timestamp_of(ticks.back());
    s.apply(ticks, last, wall, out);
  }
  template <class T>
  [[nodiscard]] std::vector<T> updates() const {
    std::vector<T> found;
    for (const auto& u : out)
      if (const auto* x = std::get_if<T>(&u)) found.push_back(*x);
    return found;
  }
};

using symbol_state_test = fixture;

TEST_F(symbol_state_test, knows_nothing_before_the_first_tick) {
  symbol_state s(stock(), {});
  s.begin("sim", opening, wall);
  const auto q = s.snapshot();
  EXPECT_EQ(q.symbol, "TEST");
  EXPECT_FALSE(q.bid || q.ask || q.last || q.open || q.prev_close);
  EXPECT_EQ(q.state, freshness::waiting);
  s.end(out); // the feed goes without having named a price
  EXPECT_EQ(s.snapshot().state, freshness::waiting);
  EXPECT_TRUE(out.empty());
}

TEST_F(symbol_state_test, figures_of_the_day_come_from_regular_hours) {
  symbol_state s(stock(), {});
  s.begin("sim", opening - hours{1}, wall);
  feed(s, {print(opening - minutes{30}, 90, 5)});
  EXPECT_EQ(s.snapshot().last, price{90});
  EXPECT_FALSE(s.snapshot().open);
  EXPECT_TRUE(s.snapshot().volume.is_zero());
  EXPECT_EQ(s.snapshot().market, market_state::pre);
  feed(s, {print(opening, 100, 10), quote(opening + seconds{1}, 99, 101), print(opening + seconds{2}, 103, 20),
           print(opening + seconds{3}, 98, 30)});
  auto q = s.snapshot();
  EXPECT_EQ(q.open, price{100});
  EXPECT_EQ(q.high, price{103});
  EXPECT_EQ(q.low, price{98});
  EXPECT_EQ(q.last, price{98});
  EXPECT_EQ(q.volume, quantity{60});
  EXPECT_EQ(q.bid, price{99});
  EXPECT_EQ(q.ask, price{101});
  EXPECT_EQ(q.market, market_state::regular);
  EXPECT_EQ(q.seq, 5u);
  // after the close prints move the last price only
  feed(s, {print(opening + hours{7}, 120, 1)});
  q = s.snapshot();
  EXPECT_EQ(q.last, price{120});
  EXPECT_EQ(q.high, price{103});
  EXPECT_EQ(q.volume, quantity{60});
  EXPECT_EQ(q.market, market_state::post);
}

TEST_F(symbol_state_test, yesterdays_close_becomes_prev_close_when_the_next_day_begins) {
  symbol_state s(stock(), {});
  s.begin("sim", opening, wall);
  feed(s, {print(opening, 100, 1), print(opening + hours{6}, 110, 1)});
  EXPECT_FALSE(s.snapshot().prev_close);
  // Friday, pre-market: the new day has begun, its regular hours have not
  feed(s, {print(opening + hours{24} - hours{4}, 111, 1)});
  EXPECT_EQ(s.snapshot().prev_close, price{110});
  EXPECT_FALSE(s.snapshot().open);
  // the weekend keeps Friday's figures
  feed(s, {print(opening + hours{24}, 112, 1)});
  s.apply({}, opening + hours{48}, wall, out);
  EXPECT_EQ(s.snapshot().open, price{112});
  EXPECT_EQ(s.snapshot().prev_close, price{110});
  EXPECT_EQ(s.snapshot().market, market_state::closed);
}

TEST_F(symbol_state_test, a_feed_that_starts_late_finds_the_day_in_history) {
  const auto yesterday = utc_date(opening - hours{24}).midnight_utc();
  auto source = std::make_shared<listed_history>(
    "TEST", std::map<timeframe, std::vector<bar>>{
              {timeframe::minutes(1), {make_bar(opening, 100, 105, 99, 101, 10), make_bar(opening + minutes{1}, 101, 102, 95, 96, 20),
                                       make_bar(opening + minutes{2}, 96, 500, 1, 400, 7)}}, // the future
              {timeframe::days(1), {make_bar(yesterday, 80, 90, 70, 88, 1000)}}});
  symbol_state s(stock(), {source});
  s.begin("sim", opening + minutes{2}, wall);
  auto q = s.snapshot();
  EXPECT_EQ(q.prev_close, price{88});
  EXPECT_EQ(q.open, price{100});
  EXPECT_EQ(q.high, price{105});
  EXPECT_EQ(q.low, price{95});
  EXPECT_EQ(q.volume, quantity{30});
  EXPECT_EQ(q.last, price{96});
  feed(s, {print(opening + minutes{2}, 106, 5)});
  q = s.snapshot();
  EXPECT_EQ(q.high, price{106});
  EXPECT_EQ(q.volume, quantity{35});
}

TEST_F(symbol_state_test, emits_only_what_is_open) {
  symbol_state s(coin(), {});
  s.begin("sim", opening, wall);
  feed(s, {print(opening, 100, 1), quote(opening, 99, 101)});
  EXPECT_TRUE(out.empty());
  ASSERT_TRUE(s.open({topic_kind::quotes, "COIN", {}, {}}));
  EXPECT_FALSE(s.open({topic_kind::trades, "COIN", {}, {}}));
  feed(s, {print(opening + seconds{1}, 101, 1), quote(opening + seconds{2}, 100, 102)});
  ASSERT_EQ(updates<quote_snapshot>().size(), 2u);
  ASSERT_EQ(updates<trade_update>().size(), 1u);
  EXPECT_EQ(updates<trade_update>()[0].seq, 2u);
  EXPECT_EQ(updates<quote_snapshot>()[1].seq, 4u);
  s.close({topic_kind::quotes, "COIN", {}, {}});
  s.close({topic_kind::trades, "COIN", {}, {}});
  out.clear();
  feed(s, {print(opening + seconds{3}, 101, 1)});
  EXPECT_TRUE(out.empty());
}

TEST_F(symbol_state_test, a_bar_series_goes_on_where_history_stands) {
  symbol_state s(coin(), {});
  const utc_time noon = *parse_iso8601("2026-01-15T12:00:00Z");
  s.begin("sim", noon, wall);
  feed(s, {print(noon, 100, 1), print(noon + minutes{1}, 120, 2), print(noon + minutes{2}, 90, 3)});
  const auto first = s.open({topic_kind::bars, "COIN", timeframe::minutes(5), session_hours::regular});
  ASSERT_TRUE(first);
  const auto& opened = std::get<bar_update>(*first);
  EXPECT_EQ(opened.state, bar_state::forming);
  EXPECT_EQ(opened.data, make_bar(noon, 100, 120, 90, 90, 6));
  feed(s, {print(noon + minutes{4}, 95, 4), print(noon + minutes{5}, 130, 5)});
  const auto bars = updates<bar_update>();
  ASSERT_EQ(bars.size(), 2u);
  EXPECT_EQ(bars[0].state, bar_state::closed);
  EXPECT_EQ(bars[0].data, make_bar(noon, 100, 120, 90, 95, 10));
  EXPECT_EQ(bars[1].state, bar_state::forming);
  EXPECT_EQ(bars[1].data, make_bar(noon + minutes{5}, 130, 130, 130, 130, 5));
  EXPECT_EQ(bars[1].seq, bars[0].seq + 1);
}

TEST_F(symbol_state_test, time_alone_closes_a_bar) {
  symbol_state s(coin(), {});
  const utc_time noon = *parse_iso8601("2026-01-15T12:00:00Z");
  s.begin("sim", noon, wall);
  s.open({topic_kind::bars, "COIN", timeframe::minutes(1), session_hours::regular});
  feed(s, {print(noon, 100, 1)});
  out.clear();
  s.apply({}, noon + seconds{59}, wall, out);
  EXPECT_TRUE(out.empty());
  s.apply({}, noon + seconds{60}, wall, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(std::get<bar_update>(out[0]).state, bar_state::closed);
  EXPECT_EQ(s.take_closed_minutes().size(), 1u);
  EXPECT_TRUE(s.take_closed_minutes().empty());
}

TEST_F(symbol_state_test, late_ticks_are_counted_and_left_out) {
  symbol_state s(coin(), {});
  s.begin("sim", opening, wall);
  feed(s, {print(opening + minutes{5}, 100, 1)});
  feed(s, {print(opening + minutes{4}, 1, 1), print(opening + minutes{6}, 101, 1)});
  EXPECT_EQ(s.late_ticks(), 1u);
  EXPECT_EQ(s.ticks(), 2u);
  EXPECT_EQ(s.snapshot().low, price{100});
}

TEST_F(symbol_state_test, silence_makes_stale_and_a_word_fresh_again) {
  symbol_state s(coin(), {});
  s.begin("sim", opening, wall);
  s.open({topic_kind::quotes, "COIN", {}, {}});
  feed(s, {quote(opening, 99, 101)});
  EXPECT_EQ(s.snapshot().state, freshness::fresh);
  out.clear();
  s.check_freshness(wall + stale_after - nanoseconds{1}, out);
  EXPECT_TRUE(out.empty());
  s.check_freshness(wall + stale_after, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(std::get<quote_snapshot>(out[0]).state, freshness::stale);
  out.clear();
  s.apply({}, opening + seconds{5}, wall + seconds{5}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(std::get<quote_snapshot>(out[0]).state, freshness::fresh);
  s.end(out);
  EXPECT_EQ(s.snapshot().state, freshness::stale);
}

TEST_F(symbol_state_test, a_market_without_a_tape_shows_its_bid_as_last) {
  auto what = std::make_shared<instrument>(*coin());
  what->basis = price_basis::bid;
  symbol_state s(what, {});
  s.begin("sim", opening, wall);
  feed(s, {quote(opening, 99, 101), quote(opening + seconds{1}, 98, 100)});
  const auto q = s.snapshot();
  EXPECT_EQ(q.last, price{98});
  EXPECT_EQ(q.high, price{99});
  EXPECT_EQ(q.volume, quantity{2});
  EXPECT_TRUE(s.recent_trades(10).empty());
}

TEST_F(symbol_state_test, recent_trades_are_newest_first_and_bounded) {
  symbol_state s(coin(), {});
  s.begin("sim", opening, wall);
  std::vector<tick> ticks;
  for (int i = 0; i < 1500; ++i) ticks.push_back(print(opening + seconds{i}, 100 + i, 1));
  feed(s, ticks);
  const auto all = s.recent_trades(5000);
  ASSERT_EQ(all.size(), max_recent_trades);
  EXPECT_EQ(all.front().seq, 1500u);
  EXPECT_EQ(all.back().seq, 501u);
  EXPECT_EQ(s.recent_trades(2).size(), 2u);
}

TEST_F(symbol_state_test, prints_that_are_followed_are_kept_for_longer) {
  symbol_state s(coin(), {});
  s.begin("sim", opening, wall);
  s.open({topic_kind::trades, "X", {}, {}});
  const auto numbers_since = [&](std::uint64_t first) {
    std::vector<std::uint64_t> out;
    for (const auto& trade : s.trades_since(first)) out.push_back(trade.seq);
    return out;
  };
  EXPECT_TRUE(numbers_since(1).empty());
  std::vector<tick> ticks;
  for (std::size_t i = 0; i < max_followed_trades + 500; ++i) ticks.push_back(print(opening + seconds{1} + std::chrono::milliseconds{i}, 100, 1));
  feed(s, ticks);
  const std::uint64_t newest = max_followed_trades + 500;
  EXPECT_EQ(numbers_since(newest - 1), (std::vector<std::uint64_t>{newest, newest - 1}));
  EXPECT_EQ(numbers_since(newest), (std::vector<std::uint64_t>{newest}));
  EXPECT_EQ(numbers_since(1).size(), max_followed_trades);
  EXPECT_EQ(numbers_since(1).back(), 501u) << "what is older is gone";
  EXPECT_EQ(numbers_since(newest + 1).size(), max_followed_trades) << "another count: all there is";
  EXPECT_EQ(s.recent_trades(5000).size(), max_recent_trades) << "no more for late joiners than before";
  // nobody follows any more: with the next one the rest is let go
  s.close({topic_kind::trades, "X", {}, {}});
  feed(s, {print(opening + seconds{60}, 100, 1)});
  EXPECT_EQ(numbers_since(1).size(), max_recent_trades);
}

} // namespace
} // namespace tt::market
