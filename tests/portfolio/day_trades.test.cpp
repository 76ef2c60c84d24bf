// Day trades as FINRA counts them: opened and closed on one trading day.

#include "actors/portfolio/day_trades.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

namespace tt::portfolio::test {
namespace {

struct trading {
  std::vector<order_fill> fills;
  std::map<std::string, position> held;
  std::shared_ptr<const exchange_calendar> calendar = *find_calendar("XNYS");

  void fill(const char* when, std::int64_t change, const std::string& symbol = "AAPL") {
    order_fill out;
    out.symbol = symbol;
    out.way = change > 0 ? direction::buy : direction::sell;
    out.qty = quantity{change > 0 ? change : -change};
    out.px = tt::test::px("100");
    out.at = tt::test::at(when);
    fills.push_back(out);
    held[symbol].qty += quantity{change};
  }
  [[nodiscard]] int count(const char* now) const {
    return day_trades(fills, held, *calendar, tt::test::at(now), [](const std::string& symbol) { return symbol != "ES"; });
  }
};

TEST(day_trades, a_row_of_closing_fills_counts_once) {
  trading t;
  t.fill("2026-01-15T15:00:00Z", 10);
  t.fill("2026-01-15T15:01:00Z", 5);
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 0);
  t.fill("2026-01-15T15:02:00Z", -5);
  t.fill("2026-01-15T15:03:00Z", -10);
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 1);
  t.fill("2026-01-15T15:04:00Z", 10);
  t.fill("2026-01-15T15:05:00Z", -10);
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 2);
}

TEST(day_trades, what_was_held_over_night_may_be_sold) {
  trading t;
  t.fill("2026-01-14T15:00:00Z", 10);
  t.fill("2026-01-15T15:00:00Z", -10);
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 0);
  t.fill("2026-01-15T15:01:00Z", 10); // bought anew, and held
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 0);
  t.fill("2026-01-16T15:01:00Z", -4);
  EXPECT_EQ(t.count("2026-01-16T16:00:00Z"), 0);
}

TEST(day_trades, short_sales_and_turns_count_too) {
  trading t;
  t.fill("2026-01-15T15:00:00Z", -10);
  t.fill("2026-01-15T15:01:00Z", 20); // covers and turns
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 1);
  t.fill("2026-01-15T15:02:00Z", -10);
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 2);
}

TEST(day_trades, five_sessions_with_their_holidays_are_looked_at) {
  trading t;
  t.fill("2026-01-14T15:00:00Z", 10);
  t.fill("2026-01-14T15:01:00Z", -10);
  EXPECT_EQ(t.count("2026-01-21T15:00:00Z"), 1) << "14, 15, 16, 20, 21: the 19th is a holiday";
  EXPECT_EQ(t.count("2026-01-22T15:00:00Z"), 0);
}

TEST(day_trades, of_symbols_that_the_rule_binds) {
  trading t;
  for (const char* symbol : {"ES", "AAPL", "MSFT"}) {
    t.fill("2026-01-15T15:00:00Z", 1, symbol);
    t.fill("2026-01-15T15:01:00Z", -1, symbol);
  }
  EXPECT_EQ(t.count("2026-01-15T16:00:00Z"), 2);
}

} // namespace
} // namespace tt::portfolio::test
