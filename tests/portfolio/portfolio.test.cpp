// Money: values worked out by hand, and what must hold for every sequence of fills.

#include "actors/portfolio/day_roll.hpp"
#include "actors/portfolio/portfolio.hpp"

#include <gtest/gtest.h>
#include <random>

namespace tt::portfolio::test {
namespace {

using namespace execution;

utc_time at(std::int64_t s) { return from_unix_seconds(1'700'000'000 + s); }
decimal d(const char* text) { return *decimal::parse(text); }
quantity q(std::int64_t n) { return quantity{n}; }
price p(const char* text) { return price{d(text)}; }
money m(const char* text) { return money{d(text)}; }

/// A journal by hand.
struct ledger {
  portfolio book;
  std::uint64_t offset = 0, orders = 0, fills = 0;

  explicit ledger(const char* cash = "100000") {
    account_opened opened;
    opened.profile.currency = "USD";
    opened.cash = m(cash);
    add(opened);
  }
  void add(journal_fact fact, utc_time when = at(0)) {
    journal_record r;
    r.offset = journal_offset{++offset};
    r.at = when;
    r.fact = std::move(fact);
    const auto done = book.apply(r);
    ASSERT_TRUE(done) << to_string(done.error());
  }
  execution_id fill(const std::string& symbol, std::int64_t signed_qty, const char* px, const contract_terms& contract = {}, const char* fee = "0",
                    const char* fx = "1", const std::string& strategy = "") {
    order_intent intent;
    intent.order.number = order_number{++orders};
    intent.order.symbol = symbol;
    intent.order.contract = contract;
    intent.order.strategy = strategy_id{strategy};
    add(intent);
    execution_booked booked;
    booked.fill.id = execution_id{"e" + std::to_string(++fills)};
    booked.fill.order = intent.order.number;
    booked.fill.symbol = symbol;
    booked.fill.way = signed_qty > 0 ? direction::buy : direction::sell;
    booked.fill.qty = q(signed_qty > 0 ? signed_qty : -signed_qty);
    booked.fill.px = p(px);
    booked.fill.fees.commission = m(fee);
    booked.fill.fx = d(fx);
    add(booked);
    return booked.fill.id;
  }
  void roll(std::vector<price_mark> marks, std::int64_t when = 0) { add(account_marked{mark_kind::day_roll, at(when), std::move(marks)}); }
  account_figures now() {
    const auto f = book.figures(at(0));
    EXPECT_TRUE(f) << to_string(f.error());
    return f ? *f : account_figures{};
  }
};

const contract_terms es{decimal{50}, "USD", settlement::margined, asset_class::futures};
const contract_terms mnq{decimal{2}, "USD", settlement::margined, asset_class::futures};
const contract_terms sap{decimal{1}, "EUR", settlement::spot, asset_class::stock};

TEST(portfolio, buying_moves_equity_by_fees_only) {
  ledger l;
  l.roll({});
  l.fill("AAPL", 10, "100", {}, "1.5");
  l.book.mark("AAPL", p("100"), decimal{1});
  EXPECT_EQ(l.now().equity, m("99998.5"));
  EXPECT_EQ(l.now().day_pnl, m("-1.5")); // not −1,000
  EXPECT_EQ(l.now().cash, m("98998.5"));
  l.book.mark("AAPL", p("103"), decimal{1});
  EXPECT_EQ(l.now().day_pnl, m("28.5")); // unrealised counts
  EXPECT_EQ(l.now().unrealized, m("30"));
}

TEST(portfolio, futures_count_their_multiplier_and_move_no_cash_when_opened) {
  ledger l;
  l.fill("ES1!", 2, "5000", es, "4");
  EXPECT_EQ(l.book.cash(), m("99996"));
  l.book.mark("ES1!", p("5010.25"), decimal{1});
  EXPECT_EQ(l.now().unrealized, m("1025")); // 10.25 · 50 · 2
  EXPECT_EQ(l.now().equity, m("101021"));
  EXPECT_EQ(l.now().long_value, m("501025")); // notional
  l.fill("MNQ1!", -3, "18000", mnq);
  l.fill("MNQ1!", 3, "17990.5", mnq);
  EXPECT_EQ(l.now().realized, m("57")); // 9.5 · 2 · 3
}

TEST(portfolio, shorts_have_signed_quantity_value_and_profit) {
  ledger l;
  l.fill("AAPL", -10, "100");
  EXPECT_EQ(l.book.held().at("AAPL").qty, q(-10));
  EXPECT_EQ(l.book.cash(), m("101000"));
  l.book.mark("AAPL", p("90"), decimal{1});
  EXPECT_EQ(l.now().unrealized, m("100"));
  EXPECT_EQ(l.now().short_value, m("-900"));
  EXPECT_EQ(l.now().equity, m("100100"));
  EXPECT_EQ(l.book.held().at("AAPL").average_price(), p("100"));
}

TEST(portfolio, a_fill_through_zero_closes_and_opens) {
  ledger l;
  l.fill("AAPL", 10, "100");
  l.fill("AAPL", 10, "110"); // average 105
  l.fill("AAPL", -30, "120");
  const auto& held = l.book.held().at("AAPL");
  EXPECT_EQ(held.qty, q(-10));
  EXPECT_EQ(held.average_price(), p("120"));
  EXPECT_EQ(held.realized, m("300")); // 20 · 15
  EXPECT_EQ(l.book.trades().trades, 1u);
  EXPECT_EQ(l.book.trades().wins, 1u);
  l.fill("AAPL", 10, "125");
  EXPECT_EQ(l.book.trades().losses, 1u);
  EXPECT_EQ(l.book.trades().gross_loss, m("-50"));
  EXPECT_EQ(l.book.consecutive_losses(), 1u);
  EXPECT_EQ(l.book.held().at("AAPL").cost, decimal{});
}

TEST(portfolio, the_fee_of_a_fill_through_zero_is_split_by_what_it_closed_and_opened) {
  ledger l;
  l.fill("AAPL", 20, "100");
  l.fill("AAPL", -30, "101", {}, "3"); // closes 20, opens 10
  EXPECT_EQ(l.book.trades().gross_profit, m("18"));
  l.fill("AAPL", 10, "101", {}, "1");
  EXPECT_EQ(l.book.trades().gross_loss, m("-2")) << "one for its entry, one for its exit";
  EXPECT_EQ(l.book.trades().trades, 2u);
}

TEST(portfolio, foreign_shares_earn_by_price_and_by_rate) {
  ledger l;
  l.fill("SAP", 10, "100", sap, "0", "1.10"); // 1,100 USD paid
  l.book.mark("SAP", p("100"), d("1.20"));
  EXPECT_EQ(l.now().unrealized, m("100")); // the euro rose
  EXPECT_EQ(l.now().equity, m("100100"));
  l.fill("SAP", -10, "110", sap, "0", "1.20");
  EXPECT_EQ(l.now().realized, m("220")); // 1,320 − 1,100
  EXPECT_EQ(l.now().equity, m("100220"));
  EXPECT_EQ(l.book.held().at("SAP").cost_basis, money{});
}

TEST(portfolio, the_day_begins_anew_at_the_roll_and_flows_are_no_profit) {
  ledger l;
  l.roll({});
  l.fill("AAPL", 10, "100");
  l.add(cash_flowed{flow_kind::deposit, m("5000"), ""});
  l.book.mark("AAPL", p("102"), decimal{1});
  EXPECT_EQ(l.now().day_pnl, m("20"));
  l.add(cash_flowed{flow_kind::dividend, m("3"), "AAPL"});
  EXPECT_EQ(l.now().day_pnl, m("23")); // a dividend is profit
  l.roll({{"AAPL", p("102"), decimal{1}}}, 86'400);
  EXPECT_EQ(l.now().day_pnl, m("0"));
  EXPECT_EQ(l.now().start_of_day_equity, m("105023"));
  EXPECT_EQ(l.book.days().back().pnl(), m("23"));
  EXPECT_EQ(l.now().peak_equity, m("105023"));
  l.add(cash_flowed{flow_kind::withdrawal, m("-5000"), ""});
  EXPECT_EQ(l.now().peak_equity, m("100023")); // adjusted, so that a withdrawal is no drawdown
  l.book.mark("AAPL", p("101"), decimal{1});
  EXPECT_EQ(l.now().day_pnl, m("-10"));
  EXPECT_EQ(l.book.positions().at(0).day_pnl, m("-10"));
}

TEST(portfolio, without_a_price_there_is_no_figure) {
  ledger l;
  l.fill("AAPL", 10, "100");
  const auto f = l.book.figures(at(0));
  ASSERT_FALSE(f);
  EXPECT_EQ(f.error().code, errc::not_available);
  EXPECT_EQ(f.error().field, "AAPL");
  EXPECT_FALSE(l.book.positions().at(0).value);
  EXPECT_FALSE(l.book.marks());
}

TEST(portfolio, negative_cash_is_a_figure_like_any_other) {
  ledger l{"500"};
  l.fill("AAPL", 10, "100");
  EXPECT_EQ(l.book.cash(), m("-500"));
  l.book.mark("AAPL", p("100"), decimal{1});
  EXPECT_EQ(l.now().equity, m("500"));
}

TEST(portfolio, strategies_have_books_of_their_own) {
  ledger l;
  l.fill("AAPL", 10, "100", {}, "1", "1", "a");
  l.fill("AAPL", -10, "101", {}, "1", "1", "b"); // flat together, not each
  l.book.mark("AAPL", p("105"), decimal{1});
  EXPECT_EQ(l.now().equity, m("100008"));
  EXPECT_EQ(l.book.strategy(strategy_id{"a"})->unrealized, m("50"));
  EXPECT_EQ(l.book.strategy(strategy_id{"b"})->unrealized, m("-40"));
  EXPECT_EQ(l.book.strategy(strategy_id{"a"})->day_pnl, m("49"));
  EXPECT_FALSE(l.book.strategy(strategy_id{"c"}));
  EXPECT_EQ(l.book.strategies().size(), 2u);
}

/// Strategies on both sides, or one whose position a person has closed: the account holds nothing, and its records of days need
/// not name the symbol. Replays of such journals give what was there before.
TEST(portfolio, a_day_rolls_though_only_strategies_hold_the_symbol) {
  ledger l;
  l.fill("X", 10, "100", {}, "0", "1", "a");
  l.fill("X", -10, "100", {}, "0", "1", "b");
  l.book.mark("X", p("105"), decimal{1});
  const auto marks = l.book.marks();
  ASSERT_TRUE(marks);
  ASSERT_EQ(marks->size(), 1u);
  EXPECT_EQ(marks->front(), (price_mark{"X", p("105"), decimal{1}}));
  l.roll(*marks);
  l.book.mark("X", p("107"), decimal{1});
  EXPECT_EQ(l.book.strategy(strategy_id{"a"})->day_pnl, m("20"));
  EXPECT_EQ(l.book.strategy(strategy_id{"b"})->day_pnl, m("-20"));

  ledger old; // a journal of a program that recorded held symbols only: it is followed all the same
  old.fill("X", 10, "100", {}, "0", "1", "a");
  old.fill("X", -10, "100", {}, "0", "1", "b");
  old.roll({});
  EXPECT_EQ(old.now().equity, m("100000"));
  old.book.mark("X", p("107"), decimal{1});
  EXPECT_EQ(old.book.strategy(strategy_id{"a"})->day_pnl, m("70"));
}

TEST(portfolio, a_correction_moves_what_the_execution_moved) {
  ledger l;
  const auto id = l.fill("AAPL", 10, "100");
  l.add(execution_corrected{id, q(10), p("90"), "", at(1)});
  EXPECT_EQ(l.book.cash(), m("99100"));
  EXPECT_EQ(l.book.held().at("AAPL").average_price(), p("90"));
  l.add(execution_corrected{id, q(0), p("90"), "bust", at(2)});
  EXPECT_EQ(l.book.cash(), m("100000"));
  EXPECT_EQ(l.book.held().at("AAPL").qty, q(0));
}

TEST(portfolio, drawdown_is_the_largest_fall_from_a_peak) {
  ledger l;
  for (const auto* amount : {"0", "10000", "-22000", "33000"}) { // 100,000 110,000 88,000 121,000
    l.add(cash_flowed{flow_kind::interest, m(amount), ""});
    l.add(account_marked{mark_kind::point, at(0), {}});
  }
  EXPECT_EQ(l.book.max_drawdown(), d("0.2"));
  EXPECT_EQ(l.book.curve().size(), 4u);
}

// for any sequence of fills: Σ fills = position, and what was earned is what the cash says once all is closed
TEST(portfolio, ten_thousand_random_fills_lose_no_cent) {
  std::mt19937 random{5};
  for (int run = 0; run < 40; ++run) {
    ledger l;
    const contract_terms& contract = run % 2 ? es : contract_terms{};
    std::int64_t sum = 0;
    money fees, flow;
    for (int i = 0; i < 250; ++i) {
      auto size = static_cast<std::int64_t>(random() % 41) - 20;
      if (size == 0) size = 1;
      const auto cents = std::to_string(9'000 + random() % 2000);
      const std::string px = cents.substr(0, cents.size() - 2) + '.' + cents.substr(cents.size() - 2);
      l.fill("X", size, px.c_str(), contract, "0.37");
      sum += size;
      fees += m("0.37");
      flow += money{d(px.c_str()) * decimal{-size} * contract.multiplier};
      ASSERT_EQ(l.book.held().at("X").qty, q(sum));
    }
    l.fill("X", sum > 0 ? -sum : sum == 0 ? 1 : -sum, "95", contract);
    flow += money{d("95") * decimal{sum == 0 ? -1 : sum} * contract.multiplier};
    if (sum == 0) {
      l.fill("X", -1, "95", contract);
      flow += money{d("95") * contract.multiplier};
    }
    EXPECT_EQ(l.book.held().at("X").qty, q(0));
    EXPECT_EQ(l.book.held().at("X").cost, decimal{});
    const auto off = (l.book.held().at("X").realized - flow).value().abs();
    EXPECT_LT(off, d("0.000001")) << "run " << run; // twelve digits, rounded a few hundred times
    EXPECT_EQ(l.now().cash, m("100000") + l.book.held().at("X").realized - fees);
    EXPECT_EQ(l.now().equity, l.now().cash);
  }
}

TEST(day_roll, at_the_hour_of_the_market_in_both_halves_of_the_year) {
  const auto us = *find_calendar("XNYS"), cme = *find_calendar("CME_EQUITY"), coins = *find_calendar("24X7");
  const auto t = [](const char* text) { return *parse_iso8601(text); };
  EXPECT_EQ(next_day_roll(*us, t("2026-01-14T20:00:00Z")), t("2026-01-15T09:00:00Z")); // 04:00 EST
  EXPECT_EQ(next_day_roll(*us, t("2026-07-14T20:00:00Z")), t("2026-07-15T08:00:00Z")); // 04:00 EDT
  EXPECT_EQ(next_day_roll(*us, t("2026-01-16T20:00:00Z")), t("2026-01-20T09:00:00Z")); // a weekend and Martin Luther King's day
  EXPECT_EQ(next_day_roll(*cme, t("2026-01-14T20:00:00Z")), t("2026-01-14T23:00:00Z")); // 17:00 CST
  EXPECT_EQ(next_day_roll(*coins, t("2026-01-17T12:00:00Z")), t("2026-01-18T00:00:00Z"));
}

} // namespace
} // namespace tt::portfolio::test
