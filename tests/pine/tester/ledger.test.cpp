#include "actors/pine/tester/ledger.hpp"

#include <gtest/gtest.h>

#include <random>

/// The ledger passes over bars that can't have news for its excursions. Told before each bar that everything may be
/// new, it must say the same to the last bit.

namespace {
using namespace tt::pine::tester;

void expect_same(const ledger& a, const ledger& b) {
  EXPECT_EQ(a.stats().max_drawdown, b.stats().max_drawdown);
  EXPECT_EQ(a.stats().max_drawdown_percent, b.stats().max_drawdown_percent);
  EXPECT_EQ(a.stats().max_runup, b.stats().max_runup);
  EXPECT_EQ(a.stats().max_runup_percent, b.stats().max_runup_percent);
  EXPECT_EQ(a.equity(), b.equity());
  ASSERT_EQ(a.open_trades().size(), b.open_trades().size());
  for (std::size_t i = 0; i < a.open_trades().size(); ++i) {
    EXPECT_EQ(a.open_trades()[i].max_runup, b.open_trades()[i].max_runup);
    EXPECT_EQ(a.open_trades()[i].max_drawdown, b.open_trades()[i].max_drawdown);
  }
}

TEST(ledger, a_bar_that_is_passed_over_has_no_news) {
  std::mt19937_64 random(7);
  auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int run = 0; run < 200; ++run) {
    broker_rules rules;
    rules.initial_capital = run % 3 == 0 ? 1 : 1000; // an account that falls below nothing, too
    ledger plain{rules}, anew{rules};
    double price = 100;
    for (int i = 0; i < 300 && !::testing::Test::HasFailure(); ++i) {
      const double high = price + below(50) * 0.01, low = price - below(50) * 0.01;
      if (below(12) == 0) {
        trade t;
        t.size = plain.flat() ? (below(2) == 0 ? 3 : -3) : 3 * plain.sign();
        t.entry_price = price;
        t.entry_value = 3 * price;
        t.entry_fee = below(3) * 0.1;
        for (auto* l : {&plain, &anew}) l->open(t), l->note_entry(price);
      } else if (below(12) == 0 && !plain.flat()) {
        closing c;
        c.price = price;
        c.qty = 1 + below(3);
        for (auto* l : {&plain, &anew}) (void)l->close(0, c);
      }
      if (below(40) == 0) {
        const ledger::elsewhere other{below(20) - 10.0, 0};
        for (auto* l : {&plain, &anew}) l->set_elsewhere(other);
      }
      anew.set_point_value(1);
      const auto seen = below(4) == 0 ? excursions::path : excursions::whole_bar;
      for (auto* l : {&plain, &anew}) {
        if (seen == excursions::path) l->note_price(price);
        l->end_bar(high, low, price, seen);
      }
      expect_same(plain, anew);
      price = std::max(1.0, price + (below(101) - 50) * 0.01);
    }
  }
}

} // namespace
