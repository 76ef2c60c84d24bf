// When levels make an alert go off.

#include "tests/alerts/price/support.hpp"

#include <algorithm>
#include <random>

namespace tt::alerts::test {
namespace {

class levels : public book_test {};

TEST_F(levels, above_and_below_are_strict) {
  const auto above = make("price_above", "100"), below = make("price_below", "100");
  EXPECT_EQ(tick("100"), 0U) << "at the level it is neither";
  EXPECT_EQ(tick("100.01"), 1U);
  EXPECT_EQ(state_of(above).status, alert_status::triggered);
  EXPECT_EQ(state_of(above).last_value, dec("100.01"));
  EXPECT_EQ(state_of(above).last_triggered_at, now);
  EXPECT_EQ(tick("99.99"), 1U);
  EXPECT_EQ(state_of(below).trigger_count, 1U);
  EXPECT_EQ(tick("100.02"), 0U) << "once is once";
}

TEST_F(levels, a_condition_that_holds_already_goes_off_with_the_first_fresh_price) {
  tick("120");
  make("price_above", "100");
  EXPECT_EQ(tick("120"), 1U) << "the same price again";
}

TEST_F(levels, equals_is_met_at_the_level_and_by_passing_over_it) {
  const auto hit = make("price_equals", "100", "always");
  EXPECT_EQ(tick("99"), 0U);
  EXPECT_EQ(tick("100"), 1U);
  EXPECT_EQ(tick("100"), 0U) << "stays there";
  EXPECT_EQ(tick("99.5"), 0U);
  EXPECT_EQ(tick("101"), 1U) << "a gap over the level";
  EXPECT_EQ(tick("98"), 1U) << "and back";
  EXPECT_EQ(state_of(hit).trigger_count, 3U);
}

TEST_F(levels, crossing_needs_the_other_side_first) {
  make("price_cross_above", "100", "always");
  EXPECT_EQ(tick("105"), 0U) << "nobody saw it below";
  EXPECT_EQ(tick("100"), 0U);
  EXPECT_EQ(tick("101"), 0U) << "a touch from above is no crossing";
  EXPECT_EQ(tick("99"), 0U);
  EXPECT_EQ(tick("100"), 0U) << "a touch from below is none either";
  EXPECT_EQ(tick("99.5"), 0U);
  EXPECT_EQ(tick("100"), 0U);
  EXPECT_EQ(tick("100.01"), 1U) << "through the level after a touch";
  EXPECT_EQ(tick("102"), 0U);
  EXPECT_EQ(tick("90"), 0U);
  EXPECT_EQ(tick("140"), 1U) << "a gap";
}

TEST_F(levels, crossing_downwards_is_its_mirror) {
  make("price_cross_below", "100", "always");
  EXPECT_EQ(tick("95"), 0U);
  EXPECT_EQ(tick("105"), 0U);
  EXPECT_EQ(tick("100"), 0U);
  EXPECT_EQ(tick("99.99"), 1U);
  EXPECT_EQ(tick("99"), 0U);
}

TEST_F(levels, an_old_price_tells_the_side_and_makes_nothing_go_off) {
  const auto cross = make("price_cross_above", "100"), above = make("price_above", "80");
  EXPECT_EQ(quote("90", "2026-01-15T15:00:01Z", "0", market::freshness::stale), 0U);
  EXPECT_EQ(quote("90", "2026-01-15T15:00:02Z", "0", market::freshness::waiting), 0U);
  EXPECT_EQ(tick("101", "2026-01-15T15:00:03Z"), 2U);
  EXPECT_EQ(state_of(cross).status, alert_status::triggered);
  EXPECT_EQ(state_of(above).status, alert_status::triggered);
}

TEST_F(levels, always_goes_off_each_time_it_comes_true_anew) {
  const auto one = make("price_above", "100", "always");
  EXPECT_EQ(tick("101"), 1U);
  EXPECT_EQ(tick("102"), 0U);
  EXPECT_EQ(tick("100"), 0U);
  EXPECT_EQ(tick("100.5"), 1U);
  EXPECT_EQ(state_of(one).status, alert_status::active);
}

TEST_F(levels, once_per_bar_goes_off_once_in_each_bar_while_it_holds) {
  auto wanted = draft("price_above", "100");
  wanted.repeat = "once_per_bar";
  wanted.frame = "5m";
  make(wanted);
  EXPECT_EQ(tick("101", "2026-01-15T15:00:10Z"), 1U);
  EXPECT_EQ(tick("99", "2026-01-15T15:02:00Z"), 0U);
  EXPECT_EQ(tick("101", "2026-01-15T15:04:59.999Z"), 0U) << "the same bar";
  EXPECT_EQ(tick("101", "2026-01-15T15:05:00Z"), 1U) << "the first moment of the next, at the same price";
  EXPECT_EQ(tick("99", "2026-01-15T15:11:00Z"), 0U);
  EXPECT_EQ(tick("102", "2026-01-15T15:14:00Z"), 1U);
}

TEST_F(levels, prices_and_volumes_see_each_bar_begin) {
  for (const char* condition : {"price_above", "volume_above"}) {
    auto wanted = draft(condition, "10");
    wanted.repeat = "once_per_bar";
    make(wanted);
  }
  EXPECT_EQ(tick("11", "2026-01-15T15:00:10Z", "11"), 2U);
  EXPECT_EQ(tick("11", "2026-01-15T15:01:10Z", "11"), 2U);
}

TEST_F(levels, an_alert_that_floods_is_paused) {
  const auto noisy = make("price_above", "100", "always");
  std::size_t triggers = 0;
  for (int i = 0; i < 20; ++i) triggers += tick("101") + tick("99");
  EXPECT_EQ(triggers, flood_limit + 1);
  EXPECT_EQ(state_of(noisy).status, alert_status::paused);
  EXPECT_NE(state_of(noisy).status_reason.find("15 times in 3 minutes"), std::string::npos);
  ASSERT_TRUE(book->turn(noisy.id, alert_switch::resume, now));
  EXPECT_EQ(tick("101"), 1U);
  EXPECT_TRUE(state_of(noisy).status_reason.empty());
}

TEST_F(levels, slow_repetition_is_no_flood) {
  const auto one = make("price_above", "100", "always");
  for (int i = 0; i < 40; ++i) {
    now += std::chrono::seconds{20}; // 9 in 3 minutes
    tick("101");
    tick("99");
  }
  EXPECT_EQ(state_of(one).status, alert_status::active);
  EXPECT_EQ(state_of(one).trigger_count, 40U);
}

TEST_F(levels, the_volume_of_the_day) {
  make("volume_above", "1000", "always");
  make("volume_below", "10", "always");
  EXPECT_EQ(tick("5", "2026-01-15T15:00:00Z", "1000"), 0U);
  EXPECT_EQ(tick("5", "2026-01-15T15:00:01Z", "1001"), 1U);
  EXPECT_EQ(tick("5", "2026-01-16T00:00:01Z", "0"), 1U) << "a new day";
  EXPECT_EQ(tick("5", "2026-01-16T00:00:02Z", "1500"), 1U);
}

TEST_F(levels, a_price_of_before_the_newest_sets_nothing_off) {
  make("price_below", "100", "always");
  EXPECT_EQ(tick("110", "2026-01-15T15:00:00Z"), 0U);
  // a feed that begins anew on another node tells its past once more
  EXPECT_EQ(tick("90", "2026-01-15T14:00:00Z"), 0U);
  EXPECT_EQ(tick("110", "2026-01-15T15:00:01Z"), 0U);
  EXPECT_EQ(tick("90", "2026-01-15T15:00:02Z"), 1U);
}

TEST_F(levels, other_symbols_change_nothing) {
  make("price_above", "100");
  EXPECT_EQ(tick("500", "2026-01-15T15:00:01Z", "0", "AAPL"), 0U);
}

TEST_F(levels, expiry_comes_at_its_moment) {
  auto wanted = draft("price_above", "100");
  wanted.expires_at = at("2026-01-15T16:00:00Z");
  const auto first = make(wanted), second = make(wanted);
  ASSERT_TRUE(book->remove(first.id));
  EXPECT_EQ(tick("99", "2026-01-15T15:59:59.999Z"), 0U);
  const auto third = make(wanted);
  market::quote_snapshot last;
  last.symbol = "BTCUSD";
  last.last = px("101");
  last.state = market::freshness::fresh;
  last.ts = at("2026-01-15T16:00:00Z") - nanoseconds{1};
  book->on_quote(last);
  EXPECT_EQ(settle(), 2U) << "a nanosecond before";
  EXPECT_EQ(state_of(second).status, alert_status::triggered);
  wanted.expires_at = at("2026-01-15T16:00:10Z");
  const auto fourth = make(wanted);
  EXPECT_EQ(tick("101", "2026-01-15T16:00:10Z"), 0U) << "at the moment itself it is over";
  EXPECT_EQ(state_of(fourth).status, alert_status::expired);
  EXPECT_EQ(state_of(third).status, alert_status::triggered);
  EXPECT_EQ(events.back().kind, alert_event_kind::expired);
}

TEST_F(levels, paused_alerts_expire_too) {
  auto wanted = draft("price_above", "100");
  wanted.expires_at = at("2026-01-15T16:00:00Z");
  wanted.status = alert_status::paused;
  const auto paused = make(wanted);
  book->expire(at("2026-01-15T15:59:59Z"));
  EXPECT_EQ(state_of(paused).status, alert_status::paused);
  book->expire(at("2026-01-15T16:00:00Z"));
  EXPECT_EQ(state_of(paused).status, alert_status::expired);
}

/// The index looks at some alerts only; looking at all of them each time must give the same.
TEST(level_index, gives_what_looking_at_everything_gives) {
  constexpr alert_condition conditions[] = {alert_condition::price_above, alert_condition::price_below, alert_condition::price_equals,
                                            alert_condition::price_cross_above, alert_condition::price_cross_below};
  constexpr alert_repeat repeats[] = {alert_repeat::once, alert_repeat::once_per_bar, alert_repeat::always};
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 dice{seed};
    const auto draw = [&](int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); };
    std::vector<std::unique_ptr<alert>> indexed, plain;
    level_index index;
    const auto add = [&] {
      auto one = std::make_unique<alert>();
      one->number = indexed.size() + 1;
      one->rule.condition = conditions[draw(5)];
      one->rule.repeat = repeats[draw(3)];
      one->rule.value = decimal{90 + draw(20)};
      plain.push_back(std::make_unique<alert>(*one));
      indexed.push_back(std::move(one));
      index.add(*indexed.back());
    };
    for (int i = 0; i < 60; ++i) add();
    std::int64_t price = 100;
    auto time = at("2026-01-15T15:00:00Z");
    for (int step = 0; step < 400; ++step) {
      if (draw(20) == 0) add();
      if (draw(40) == 0) { // paused by hand
        const auto which = static_cast<std::size_t>(draw(static_cast<int>(indexed.size())));
        index.remove(*indexed[which]);
        indexed[which]->status = plain[which]->status = alert_status::paused;
      }
      price += draw(8) == 0 ? draw(21) - 10 : draw(3) - 1;
      price = std::clamp<std::int64_t>(price, 85, 115);
      time += std::chrono::seconds{draw(30)};
      const auto bar = std::chrono::floor<std::chrono::minutes>(time);
      evaluation by_index, by_all;
      index.look(decimal{price}, time, [&](timeframe) { return utc_time{bar}; }, by_index);
      for (auto& one : plain)
        look_at_level(*one, decimal{price}, one->rule.value, time, one->rule.repeat == alert_repeat::once_per_bar ? utc_time{bar} : time, by_all);
      const auto numbers = [](const evaluation& of) {
        std::multiset<std::uint64_t> out;
        for (const auto& one : of.triggers) out.insert(one.what->number);
        return out;
      };
      ASSERT_EQ(numbers(by_index), numbers(by_all)) << "seed " << seed << ", step " << step << ", price " << price;
    }
  }
}

} // namespace
} // namespace tt::alerts::test
