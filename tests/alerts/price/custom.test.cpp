// The condition custom: expressions of the job language over closed bars.

#include "actors/alerts/price/custom_bars.hpp"
#include "tests/alerts/price/support.hpp"

#include <cmath>

namespace tt::alerts::test {
namespace {

alert_rule rule(const char* expression, std::map<std::string, decimal> parameters = {}) {
  alert_rule out;
  out.symbol = "BTCUSD";
  out.condition = alert_condition::custom;
  out.expression = expression;
  out.parameters = std::move(parameters);
  return out;
}

bar bar_of(int i, double close, double volume = 100) {
  bar out;
  out.open_time = at("2026-01-15T12:00:00Z") + std::chrono::minutes{i};
  out.close = price{*decimal::from_double(close, 4)};
  out.open = out.low = out.high = out.close;
  out.volume = quantity{*decimal::from_double(volume, 2)};
  return out;
}

std::shared_ptr<custom_condition> compile(const alert_rule& what) {
  auto made = make_custom_condition(what, *small_master().find("BTCUSD"));
  EXPECT_TRUE(made) << (made ? "" : to_string(made.error()));
  return made ? *made : nullptr;
}

TEST(custom, fields_and_parameters) {
  const auto c = compile(rule("close > {level} and volume >= 100", {{"level", dec("100")}}));
  EXPECT_EQ(c->holds(), std::nullopt) << "no bar yet";
  c->next(bar_of(0, 101));
  EXPECT_EQ(c->holds(), true);
  c->next(bar_of(1, 100));
  EXPECT_EQ(c->holds(), false);
  c->next(bar_of(2, 101, 99));
  EXPECT_EQ(c->holds(), false);
  c->reset();
  EXPECT_EQ(c->holds(), std::nullopt);
}

TEST(custom, indicators_agree_with_the_language) {
  const auto c = compile(rule("rsi > 55 and close > sma(5) and macd_hist != 0"));
  auto rsi = pine::ta::rsi(14), sma = pine::ta::sma(5), macd = pine::ta::macd(12, 26, 9);
  int held = 0;
  for (int i = 0; i < 200; ++i) {
    const auto b = bar_of(i, 100 + 8 * std::sin(i * 0.35));
    const double close = b.close.to_double();
    rsi.next(close);
    sma.next(close);
    macd.next(close);
    c->next(b);
    if (i < 50) continue;
    const bool expected = rsi.values()[0] > 55 && close > sma.values()[0] && macd.values()[2] != 0;
    ASSERT_EQ(c->holds(), expected) << i;
    held += expected;
  }
  EXPECT_GT(held, 20);
}

TEST(custom, volumes_and_windows) {
  const auto c = compile(rule("volume_ratio > 2 and close > highest(high, 3, 1)", {{"volume_period", dec("4")}}));
  for (int i = 0; i < 6; ++i) c->next(bar_of(i, 100 + i % 2, 100));
  EXPECT_EQ(c->holds(), false);
  c->next(bar_of(6, 102, 201));
  EXPECT_EQ(c->holds(), true) << "2.01 times the four bars before, above the three before";
  c->next(bar_of(7, 103, 200));
  EXPECT_EQ(c->holds(), false);
}

TEST(custom, what_an_alert_has_not_is_refused) {
  for (const char* text : {"position > 0", "equity > 1", "hourly.rsi > 50", "colour > 1", "close >", "close + 1", "'text'", "{missing} > 1", "rsi(0) > 5", "rsi(1000) > 5"}) {
    const auto made = make_custom_condition(rule(text), *small_master().find("BTCUSD"));
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().code, errc::invalid_argument) << text;
    EXPECT_EQ(made.error().field, "expression") << text;
  }
}

TEST(custom, the_session_and_the_weekday_at_the_end_of_the_bar) {
  const auto c = compile(rule("weekday == 4 and minutes_from_open == 721 and minutes_to_close == 719 and not is_half_day"));
  EXPECT_EQ(c->history_days(), 0U);
  c->next(bar_of(0, 100)); // 12:00 to 12:01 of a Thursday, open around the clock
  EXPECT_EQ(c->holds(), true);
  c->next(bar_of(1, 100));
  EXPECT_EQ(c->holds(), false);
}

TEST(custom, the_trend_of_daily_bars) {
  const auto up = compile(rule("market_trend in ('uptrend', 'strong_uptrend') and market_volatility > 0"));
  EXPECT_EQ(up->history_days(), 31U);
  up->next(bar_of(0, 100));
  EXPECT_EQ(up->holds(), std::nullopt) << "no day is known";
  double close = 100;
  for (int day = 0; day < 40; ++day) {
    close *= day % 2 == 0 ? 1.02 : 0.995;
    auto b = bar_of(0, close);
    b.open_time = at("2025-12-06T00:00:00Z") + std::chrono::days{day};
    up->next_day(b);
  }
  up->next(bar_of(1, 100));
  EXPECT_EQ(up->holds(), true);
  up->reset_days();
  up->next(bar_of(2, 100));
  EXPECT_EQ(up->holds(), std::nullopt);
  EXPECT_EQ(compile(rule("news_sentiment > 0"))->holds(), std::nullopt) << "there is no source of it";
}

TEST(custom, names_of_accounts_are_refused_in_words) {
  const auto made = make_custom_condition(rule("close > 1 and equity > 1"), *small_master().find("BTCUSD"));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("equity is a figure of a position or an account"), std::string::npos) << made.error().message;
}

TEST(custom, history_reaches_as_far_as_its_windows) {
  EXPECT_GE(compile(rule("close > highest(high, 300)"))->history(), 299U);
  EXPECT_GE(compile(rule("close > sma(100)"))->history(), 1'000U);
}

class custom_book : public book_test {};

TEST_F(custom_book, goes_off_at_the_close_of_a_bar) {
  auto opened = alert_book::open(*store, small_master(), make_custom_condition, now);
  ASSERT_TRUE(opened);
  book.emplace(std::move(*opened));
  now = at("2026-01-15T12:00:00Z");
  auto wanted = draft("custom", nullptr);
  wanted.expression = "close > {level}";
  wanted.parameters = {{"level", dec("100")}};
  wanted.repeat = "always";
  const auto one = make(wanted);
  std::vector<bar> past;
  for (int i = 0; i < 30; ++i) past.push_back(bar_of(i, 99));
  now = at("2026-01-15T12:30:00Z");
  ASSERT_EQ(book->take_history_wishes().size(), 1U);
  book->on_history("BTCUSD", timeframe{}, past, now);
  const auto close = [&](int i, double value) {
    now = at("2026-01-15T12:01:00Z") + std::chrono::minutes{i};
    book->on_bar({"BTCUSD", timeframe{}, session_hours::regular, bar_of(i, value), market::bar_state::closed, 1}, now);
    return settle();
  };
  EXPECT_EQ(close(30, 100), 0U);
  EXPECT_EQ(close(31, 101), 1U);
  EXPECT_EQ(close(32, 102), 0U) << "still";
  EXPECT_EQ(close(33, 99), 0U);
  EXPECT_EQ(close(34, 101), 1U);
  EXPECT_EQ(state_of(one).last_value, dec("101"));
  auto bad = draft("custom", nullptr);
  bad.expression = "close > ";
  EXPECT_EQ(book->create(bad, "tester", now).error().field, "expression");
}

TEST_F(custom_book, daily_bars_are_asked_for_beside_its_own) {
  auto opened = alert_book::open(*store, small_master(), make_custom_condition, now);
  ASSERT_TRUE(opened);
  book.emplace(std::move(*opened));
  auto wanted = draft("custom", nullptr);
  wanted.expression = "market_trend == 'sideways'";
  const auto one = make(wanted);
  const auto topics = book->topics();
  EXPECT_TRUE(topics.contains({market::topic_kind::bars, "BTCUSD", timeframe::days(1), session_hours::regular}));
  EXPECT_TRUE(topics.contains({market::topic_kind::bars, "BTCUSD", timeframe{}, session_hours::regular}));
  EXPECT_EQ(book->take_history_wishes().size(), 2U);
  ASSERT_TRUE(book->remove(one.id));
  EXPECT_TRUE(book->topics().empty());
}

} // namespace
} // namespace tt::alerts::test
