// The simulated exchange as feed: the same bytes for the same seed, and ticks that
// rebuild the history.

#include "actors/market/sim_source.hpp"

#include "actors/market/sim_history.hpp"
#include "tests/market/sim_universe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace tt::market {

namespace {

using sim::exchange;
using sim::make_exchange;

constexpr std::size_t no_limit = SIZE_MAX;

utc_time at(const char* text) {
  return *parse_iso8601(text);
}

std::vector<feed_event> pull_all(sim_source& feed, utc_time until) {
  std::vector<feed_event> out;
  EXPECT_EQ(feed.pull(until, no_limit, out), pull_state::idle);
  return out;
}

std::vector<feed_event> events_of(std::uint64_t seed, utc_time from, utc_time until) {
  sim_source feed{make_exchange(seed), from};
  return pull_all(feed, until);
}

/// FNV-1a over every field, in a fixed order and width.
class digest {
public:
  void add(std::int64_t value) {
    for (int i = 0; i < 8; ++i)
      hash_ = (hash_ ^ ((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFF)) * 0x100000001B3ULL;
  }
  void add(decimal value) {
    add(static_cast<std::int64_t>(value.raw()));
    add(static_cast<std::int64_t>(value.raw() >> 64));
  }
  void add(const feed_event& e) {
    add(e.symbol);
    add(timestamp_of(e.data).time_since_epoch().count());
    if (const auto* t = std::get_if<trade_tick>(&e.data)) {
      add(static_cast<std::int64_t>(t->side));
      add(t->px.value());
      add(t->size.value());
    } else {
      const auto& q = std::get<quote_tick>(e.data);
      for (decimal d : {q.bid.value(), q.ask.value(), q.bid_size.value(), q.ask_size.value()}) add(d);
    }
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

private:
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

/// Minute bars as a consumer would build them, per symbol.
std::map<std::uint32_t, std::vector<bar>> build_bars(const exchange& market,
                                                     const std::vector<feed_event>& events) {
  std::map<std::uint32_t, std::vector<bar>> out;
  for (const auto& e : events) {
    const auto basis = market.instrument_of(e.symbol).basis;
    price px;
    quantity size;
    if (const auto* t = std::get_if<trade_tick>(&e.data)) {
      px = t->px;
      size = t->size;
    } else if (basis != price_basis::trade) {
      const auto& q = std::get<quote_tick>(e.data);
      px = basis == price_basis::bid ? q.bid
                                     : price{decimal::divide(q.bid.value() + q.ask.value(), decimal{2})};
      size = quantity{1}; // the volume of such bars counts quotes
    } else {
      continue;
    }
    const utc_time stamp = std::chrono::floor<std::chrono::minutes>(timestamp_of(e.data));
    auto& bars = out[e.symbol];
    if (bars.empty() || bars.back().open_time != stamp) bars.push_back({stamp, px, px, px, px, {}});
    bar& b = bars.back();
    b.high = std::max(b.high, px);
    b.low = std::min(b.low, px);
    b.close = px;
    b.volume += size;
  }
  return out;
}

} // namespace

TEST(sim_source, gives_the_same_bytes_for_the_same_seed) {
  // A different value means a different market for every user's seed: change it
  // knowingly, and say so in the commit.
  constexpr std::size_t count = 100'000;
  sim_source feed{make_exchange(7), at("2024-03-08T14:00:00Z")};
  std::vector<feed_event> events;
  EXPECT_EQ(feed.pull(at("2025-01-01T00:00:00Z"), count, events), pull_state::more);
  ASSERT_EQ(events.size(), count);
  digest d;
  for (const auto& e : events) d.add(e);
  EXPECT_EQ(d.value(), 9087942275925305895ULL);
  EXPECT_EQ(to_iso8601(timestamp_of(events.back().data)), "2024-03-08T15:51:51.157Z");
}

TEST(sim_source, gives_the_same_years_for_the_same_seed) {
  // as above, for the daily levels: regimes, gaps and news of a year, and far ahead
  const auto market = make_exchange(7);
  const sim_history history{market};
  digest d;
  for (const auto& symbol : market->symbols())
    for (const auto& [from, to] :
         {std::pair{"2019-01-01", "2020-01-01"}, std::pair{"2039-01-01", "2039-02-01"}}) {
      const auto bars = history.bars(symbol, timeframe::days(1), at(from), at(to), no_limit);
      ASSERT_TRUE(bars);
      for (const auto& b : *bars) {
        d.add(b.open_time.time_since_epoch().count());
        for (decimal v : {b.open.value(), b.high.value(), b.low.value(), b.close.value(), b.volume.value()}) d.add(v);
      }
    }
  EXPECT_EQ(d.value(), 10534927586585351272ULL);
}

TEST(sim_source, gives_other_events_for_another_seed) {
  const auto from = at("2024-03-08T15:00:00Z"), until = at("2024-03-08T15:10:00Z");
  EXPECT_EQ(events_of(7, from, until), events_of(7, from, until));
  EXPECT_NE(events_of(7, from, until), events_of(8, from, until));
}

TEST(sim_source, does_not_care_how_pulls_are_cut) {
  // a weekend, a change to summer time and several openings in between
  const auto from = at("2024-03-08T20:30:00Z"), until = at("2024-03-11T14:00:00Z");
  const auto whole = events_of(7, from, until);
  for (unsigned seed = 0; seed < 3; ++seed) {
    std::mt19937_64 random{seed};
    sim_source feed{make_exchange(7), from};
    std::vector<feed_event> cut;
    utc_time now = from - std::chrono::hours{1};
    while (now < until) {
      now = std::min(
          until, now + nanoseconds{static_cast<std::int64_t>(random() % 4 == 0 ? random() % 7'200'000'000'000
                                                                               : random() % 40'000'000'000)});
      while (feed.pull(now, random() % 3 == 0 ? random() % 7 : 100'000, cut) == pull_state::more) {
      }
      if (!cut.empty()) {
        ASSERT_LE(timestamp_of(cut.back().data), now);
      }
    }
    ASSERT_EQ(cut.size(), whole.size());
    ASSERT_TRUE(cut == whole) << seed;
  }
}

TEST(sim_source, joins_the_same_market_at_any_minute) {
  const auto until = at("2024-03-08T16:00:00Z");
  const auto early = events_of(7, at("2024-03-08T15:00:00Z"), until);
  const auto late = events_of(7, at("2024-03-08T15:31:25Z"), until);
  // it begins with the whole minute
  const auto first = std::ranges::find_if(
      early, [](const feed_event& e) { return timestamp_of(e.data) >= at("2024-03-08T15:31:00Z"); });
  EXPECT_TRUE(std::equal(first, early.end(), late.begin(), late.end()));
  sim_source feed{make_exchange(7), at("2024-03-08T15:31:25Z")};
  EXPECT_EQ(feed.start_time(), at("2024-03-08T15:31:00Z"));
}

TEST(sim_source, begins_not_before_the_epoch) {
  sim_source feed{make_exchange(7), at("1999-01-01T00:00:00Z")};
  std::vector<feed_event> out;
  EXPECT_EQ(feed.pull(at("2015-01-01T00:00:00Z"), no_limit, out), pull_state::idle);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(feed.pull(at("2016-01-01T00:00:00Z"), 10, out), pull_state::more);
  EXPECT_GE(timestamp_of(out.front().data), at("2015-01-01T00:00:00Z"));
}

TEST(sim_source, hands_out_events_in_order_of_time_then_symbol) {
  const auto events = events_of(7, at("2024-03-08T14:29:00Z"), at("2024-03-08T15:00:00Z"));
  for (std::size_t i = 1; i < events.size(); ++i) {
    const auto before = timestamp_of(events[i - 1].data), now = timestamp_of(events[i].data);
    ASSERT_LE(before, now);
    if (before == now) {
      ASSERT_LE(events[i - 1].symbol, events[i].symbol);
    }
  }
}

TEST(sim_source, respects_the_hours_of_every_symbol) {
  struct window {
    const char *from, *until, *why;
  };
  const auto market = make_exchange(7);
  for (const auto& w : {window{"2024-11-27T00:00:00Z", "2024-12-02T12:00:00Z", "Thanksgiving, early close"},
                        window{"2024-12-24T00:00:00Z", "2024-12-27T00:00:00Z", "Christmas"},
                        window{"2024-03-08T12:00:00Z", "2024-03-12T00:00:00Z", "to summer time"},
                        window{"2024-11-01T12:00:00Z", "2024-11-05T00:00:00Z", "to winter time"},
                        window{"2024-07-03T00:00:00Z", "2024-07-06T00:00:00Z", "Independence Day"}}) {
    sim_source feed{market, at(w.from)};
    const auto events = pull_all(feed, at(w.until));
    std::vector<std::size_t> outside(market->symbols().size());
    std::vector<trading_day> today(market->symbols().size());
    std::vector<std::map<civil_date, bool>> first_is_quote(market->symbols().size());
    for (const auto& e : events) {
      const utc_time now = timestamp_of(e.data);
      if (today[e.symbol].extended.contains(now)) continue; // still the session that was checked
      const auto day = market->instrument_of(e.symbol).calendar->day_at(now, session_hours::extended);
      if (!day) {
        ++outside[e.symbol];
        continue;
      }
      today[e.symbol] = *day;
      first_is_quote[e.symbol].try_emplace(day->day, std::holds_alternative<quote_tick>(e.data));
    }
    for (std::size_t s = 0; s < outside.size(); ++s) {
      EXPECT_EQ(outside[s], 0U) << w.why << " " << market->symbols()[s];
      EXPECT_FALSE(first_is_quote[s].empty()) << w.why << " " << market->symbols()[s];
      for (const auto& [day, quote] : first_is_quote[s])
        EXPECT_TRUE(quote) << market->symbols()[s] << " " << day.to_string();
    }
  }
}

TEST(sim_source, opens_with_a_quote_at_the_opening) {
  const auto events = events_of(7, at("2024-03-11T08:00:00Z"), at("2024-03-11T08:00:00Z")); // 04:00 New York
  std::size_t opened = 0;
  for (const auto& e : events) opened += e.symbol < 7 && std::holds_alternative<quote_tick>(e.data) ? 1 : 0;
  EXPECT_EQ(opened, 7U);
}

TEST(sim_source, quotes_on_the_grid_with_a_spread_and_prints_at_the_quote) {
  const auto market = make_exchange(7);
  sim_source feed{market, at("2024-03-11T07:59:00Z")};
  std::vector<std::optional<quote_tick>> standing(market->symbols().size());
  std::vector<double> wide(standing.size()), busy(standing.size());
  std::vector<int> wide_count(standing.size()), busy_count(standing.size());
  for (const auto& e : pull_all(feed, at("2024-03-11T20:00:00Z"))) {
    const auto& what = market->instrument_of(e.symbol);
    if (const auto* q = std::get_if<quote_tick>(&e.data)) {
      ASSERT_LT(q->bid, q->ask) << what.symbol;
      ASSERT_TRUE(what.checked_price(q->bid) && what.checked_price(q->ask)) << what.symbol;
      ASSERT_TRUE(what.checked_quantity(q->bid_size) && what.checked_quantity(q->ask_size)) << what.symbol;
      ASSERT_LT(q->ask.to_double() / q->bid.to_double(), 1.005) << what.symbol;
      standing[e.symbol] = *q;
      if (q->ts >= at("2024-03-11T13:00:00Z") && q->ts < at("2024-03-11T14:30:00Z"))
        continue; // around the opening
      const bool in_hours = q->ts >= at("2024-03-11T14:30:00Z");
      (in_hours ? busy : wide)[e.symbol] += (q->ask - q->bid).to_double();
      ++(in_hours ? busy_count : wide_count)[e.symbol];
    } else {
      const auto& t = std::get<trade_tick>(e.data);
      ASSERT_TRUE(what.checked_price(t.px) && what.checked_quantity(t.size)) << what.symbol;
      ASSERT_TRUE(standing[e.symbol]) << what.symbol;
      ASSERT_EQ(t.px, t.side == aggressor::buyer ? standing[e.symbol]->ask : standing[e.symbol]->bid)
          << what.symbol;
    }
  }
  for (std::uint32_t s = 0; s < 7; ++s)
    EXPECT_GT(wide[s] / wide_count[s], 1.4 * busy[s] / busy_count[s])
        << market->symbols()[s] << ": wider before the market";
}

TEST(sim_source, prints_as_often_as_configured) {
  const auto count = [](std::uint32_t percent) {
    sim::exchange_config config;
    config.instruments = {sim::default_universe()[0]};
    config.trades_percent = percent;
    sim_source feed{*exchange::make(config), at("2024-03-11T15:00:00Z")};
    return static_cast<double>(pull_all(feed, at("2024-03-11T19:00:00Z")).size());
  };
  const double usual = count(100);
  EXPECT_GT(usual, 240 * 20);
  EXPECT_LT(usual, 240 * 120);
  EXPECT_NEAR(count(300) / usual, 3, 0.6);
  EXPECT_LT(count(10), 0.3 * usual);
}

TEST(sim_source, rebuilds_the_bars_of_its_history) {
  std::mt19937_64 random{42};
  auto universe = sim::default_universe();
  universe.push_back(
      sim::make_instrument("USDJPY", asset_class::forex, "FOREX", "0.001", "1", price_basis::mid));
  universe.push_back(sim::make_instrument("THIN", asset_class::option, "XNYS", "0.05", "1"));
  for (int round = 0; round < 6; ++round) {
    const auto market = make_exchange(random(), universe);
    const sim_history history{market};
    const utc_time from = civil_date::of(2015, 2, 1).midnight_utc() + std::chrono::hours{random() % 150'000};
    const utc_time to = from + std::chrono::hours{36};
    sim_source feed{market, from};
    auto built = build_bars(*market, pull_all(feed, to - nanoseconds{1}));
    for (std::uint32_t symbol = 0; symbol < universe.size(); ++symbol) {
      const auto kept = *history.bars(universe[symbol].symbol, timeframe::minutes(1), from, to, no_limit);
      ASSERT_EQ(built[symbol].size(), kept.size()) << universe[symbol].symbol << " from " << to_iso8601(from);
      for (std::size_t i = 0; i < kept.size(); ++i)
        ASSERT_TRUE(built[symbol][i] == kept[i])
            << universe[symbol].symbol << " " << to_iso8601(kept[i].open_time);
    }
  }
}

TEST(sim_source, tells_history_how_far_it_came) {
  const auto seen = std::make_shared<sim::horizon>();
  const auto market = make_exchange(7);
  sim_source feed{market, at("2024-03-11T15:00:00Z"), seen};
  std::vector<feed_event> out;
  feed.pull(at("2024-03-11T15:02:30Z"), no_limit, out);
  EXPECT_EQ(seen->reached(), at("2024-03-11T15:02:30Z"));
  EXPECT_EQ(feed.pull(at("2024-03-11T16:00:00Z"), 100, out), pull_state::more);
  EXPECT_GE(seen->reached(), timestamp_of(out.back().data));
  EXPECT_LT(seen->reached(), at("2024-03-11T15:05:00Z")) << "only as far as events were handed out";
  feed.pull(at("2024-03-11T14:00:00Z"), 1, out);
  EXPECT_GT(seen->reached(), at("2024-03-11T15:02:30Z")) << "never back";
}

TEST(sim_source, finishes_at_the_end_of_time) {
  sim_source feed{make_exchange(7, {sim::default_universe()[5]}), at("2199-12-30T00:00:00Z")};
  std::vector<feed_event> out;
  EXPECT_EQ(feed.pull(utc_time::max(), no_limit, out), pull_state::finished);
}

TEST(sim_source, speaks_of_its_symbols) {
  sim_source feed{make_exchange(7), at("2024-03-11T15:00:00Z")};
  EXPECT_EQ(feed.label(), "sim");
  ASSERT_EQ(feed.symbols().size(), 15U);
  EXPECT_EQ(feed.symbols()[5], "SPY");
  sim_source silent{make_exchange(7, {}), at("2024-03-11T15:00:00Z")};
  std::vector<feed_event> out;
  EXPECT_EQ(silent.pull(at("2025-03-11T15:00:00Z"), 10, out), pull_state::finished);
}

} // namespace tt::market
