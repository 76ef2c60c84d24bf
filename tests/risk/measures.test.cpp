// Where an account stands against its limits, and what a preview says of checks that had nothing to look at.

#include "tests/risk/desk.hpp"

namespace tt::risk::test {
namespace {

const limit_measure& of(const std::vector<limit_measure>& all, limit_id id) { return all.at(static_cast<std::size_t>(id)); }

TEST(measures, every_limit_has_a_figure_or_says_why_not) {
  desk d;
  for (const bool holds : {false, true}) {
    if (holds) d.hold("AAPL", "50");
    const auto all = d.g.measures({.account = d.account}, d.now);
    ASSERT_EQ(all.size(), limit_count);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(static_cast<std::size_t>(all[i].id), i);
      EXPECT_NE(all[i].measured.has_value(), !all[i].why_not.empty()) << spec_of(all[i].id).name();
    }
  }
}

TEST(measures, an_account_that_holds_nothing_stands_at_zero) {
  desk d;
  const auto all = d.g.measures({.account = d.account}, d.now);
  for (const auto id : {limit_id::max_position_size, limit_id::concentration, limit_id::max_positions, limit_id::leverage_gross_margin, limit_id::leverage_net_margin,
                        limit_id::open_orders_account, limit_id::order_rate_account_second, limit_id::daily_loss, limit_id::drawdown})
    EXPECT_EQ(of(all, id).measured, decimal{}) << spec_of(id).name();
  EXPECT_EQ(of(all, limit_id::min_balance).measured, dec("100000"));
  EXPECT_EQ(of(all, limit_id::leverage_gross_futures).why_not, "of other types of account");
  EXPECT_EQ(of(all, limit_id::volatility).why_not, "nothing is held");
}

// what is held and what works, by the same formulas as the checks: an order of nothing would measure the same
TEST(measures, are_those_of_the_checks) {
  desk d;
  d.loosen(limit_id::volatility, "10");
  d.hold("AAPL", "50");
  d.hold("MSFT", "-20");
  const auto resting = d.order("AAPL", order_side::buy, "20", order_type::limit, "100");
  ASSERT_EQ(said(d.send(resting)), "APPROVED");
  const auto all = d.g.measures({.account = d.account}, d.now);
  EXPECT_EQ(of(all, limit_id::max_position_size).measured, dec("0.07")) << "50 held and 20 that may fill";
  EXPECT_EQ(of(all, limit_id::max_position_size).subject, "AAPL");
  EXPECT_EQ(of(all, limit_id::concentration).measured, dec("0.07"));
  EXPECT_EQ(of(all, limit_id::leverage_gross_margin).measured, dec("0.11"));
  EXPECT_EQ(of(all, limit_id::leverage_net_margin).measured, dec("0.03"));
  EXPECT_EQ(of(all, limit_id::max_positions).measured, dec("2"));
  EXPECT_EQ(of(all, limit_id::open_orders_account).measured, dec("1"));
  EXPECT_EQ(of(all, limit_id::open_orders_symbol).subject, "AAPL");
  EXPECT_EQ(of(all, limit_id::order_rate_account_second).measured, dec("1"));
  EXPECT_EQ(of(all, limit_id::runaway_orders).measured, dec("1"));
  EXPECT_EQ(of(all, limit_id::volatility).measured, dec("0.3"));
  EXPECT_EQ(of(all, limit_id::sector).why_not, "the master names no sector of the instrument");
  // the check of one more says the same and itself
  const auto more = d.ask(d.order("AAPL", order_side::buy, "10", order_type::limit, "100"));
  EXPECT_EQ(more.find(check_code::position_limit)->measured, dec("0.08"));
  EXPECT_EQ(more.find(check_code::leverage_gross)->measured, dec("0.12"));
}

TEST(measures, of_sectors_issuers_and_what_moves_together) {
  desk d;
  for (const char* symbol : {"AAPL", "MSFT"}) {
    auto v = d.view(symbol);
    v.sector = "Information Technology";
    d.set(symbol, v);
  }
  d.hold("AAPL", "50");
  d.hold("MSFT", "40");
  auto all = d.g.measures({.account = d.account}, d.now);
  EXPECT_EQ(of(all, limit_id::sector).measured, dec("0.13"));
  EXPECT_EQ(of(all, limit_id::concentration).measured, dec("0.08")) << "each by itself";
  auto v = d.view("MSFT");
  v.issuer = "AAPL"; // as a share class of it
  d.set("MSFT", v);
  all = d.g.measures({.account = d.account}, d.now);
  EXPECT_EQ(of(all, limit_id::concentration).measured, dec("0.13"));
  EXPECT_EQ(of(all, limit_id::correlation).why_not, "fewer than two other positions are held");
}

TEST(measures, a_figure_that_is_missing_is_no_zero) {
  desk d;
  d.hold("MNQ", "2");
  auto v = d.view("MNQ");
  v.initial_margin.reset();
  d.set("MNQ", v);
  const auto all = d.g.measures({.account = d.account}, d.now);
  EXPECT_FALSE(of(all, limit_id::max_position_size).measured);
  EXPECT_FALSE(of(all, limit_id::max_position_size).why_not.empty());
  d.account.equity.reset();
  d.set_account();
  const auto without = d.g.measures({.account = d.account}, d.now);
  EXPECT_FALSE(of(without, limit_id::min_balance).measured);
  EXPECT_FALSE(of(without, limit_id::leverage_gross_margin).measured);
  EXPECT_EQ(of(without, limit_id::daily_loss).why_not, "not known");
}

TEST(measures, of_strategies_are_of_the_one_that_is_furthest) {
  desk d;
  d.loosen(limit_id::strategy_size, "0.5");
  d.loosen(limit_id::strategy_positions, "5");
  d.strategy("calm");
  d.strategy("wild");
  d.hold("AAPL", "50");
  d.g.state().set_strategy_position("calm", "AAPL", qty("10"));
  d.g.state().set_strategy_position("wild", "AAPL", qty("40"));
  d.g.history().add_reject("wild", check_code::buying_power, "AAPL", direction::buy, d.now);
  const auto all = d.g.measures({.account = d.account}, d.now);
  EXPECT_EQ(of(all, limit_id::strategy_size).measured, dec("0.0402")) << "valued as a market order's check values it: ask and buffer";
  EXPECT_EQ(of(all, limit_id::strategy_size).subject, "wild");
  EXPECT_EQ(of(all, limit_id::strategy_positions).measured, dec("1"));
  EXPECT_EQ(of(all, limit_id::repeated_rejects).measured, dec("1"));
  EXPECT_EQ(of(all, limit_id::repeated_rejects).subject, "wild");
}

TEST(preview, what_is_not_evaluated_says_so_and_why) {
  desk d;
  const auto shown = to_record(d.ask(d.order("AAPL", order_side::buy, "10")), record_detail::all);
  EXPECT_EQ(shown.result, verdict::approved);
  std::map<std::string, const check_outcome*> by_code;
  for (const auto& one : shown.checks) {
    by_code[one.code] = &one;
    if (one.result == check_result::not_evaluated) { EXPECT_FALSE(one.message.empty()) << one.code; }
    EXPECT_EQ(one.unit == "none", !one.measured.has_value()) << one.code;
  }
  EXPECT_EQ(by_code.at("SECTOR")->result, check_result::not_evaluated);
  EXPECT_EQ(by_code.at("SECTOR")->message, "the master names no sector of the instrument");
  EXPECT_EQ(by_code.at("CORRELATION")->message, "fewer than two other positions are held");
  EXPECT_EQ(by_code.at("PDT")->message, "the venue reports no rule of day trades for the account");
  EXPECT_EQ(by_code.at("MIN_NOTIONAL")->message, "the master has no minimum value of an order (min_notional)");
  EXPECT_EQ(by_code.at("STRATEGY_SIZE")->message, "the order names no strategy");
  const auto& room = *by_code.at("POSITION_LIMIT");
  EXPECT_EQ(room.result, check_result::passed);
  EXPECT_EQ(room.measured, dec("0.01005")); // 10 × 100 × 1.005 of 100,000
  EXPECT_EQ(room.limit, dec("0.1"));
  EXPECT_EQ(room.unit, "ratio");
  EXPECT_EQ(room.scope, "global");
  auto v = d.view("AAPL");
  v.sector = "Information Technology";
  v.min_notional = usd("5000");
  d.set("AAPL", v);
  const auto with_data = to_record(d.ask(d.order("AAPL", order_side::buy, "10")), record_detail::all);
  for (const auto& one : with_data.checks) {
    if (one.code == "SECTOR") { EXPECT_EQ(one.result, check_result::passed); }
    if (one.code == "MIN_NOTIONAL") {
      EXPECT_EQ(one.result, check_result::rejected);
      EXPECT_EQ(one.limit, dec("5000"));
      EXPECT_EQ(one.unit, "money");
    }
  }
  // what the journal keeps of a decision has nothing of these
  EXPECT_TRUE(to_record(d.ask(d.order("MSFT", order_side::buy, "10"))).checks.empty());
}

TEST(breakers, one_that_tripped_shows_its_figures_to_the_order_that_it_refuses) {
  desk d;
  const auto event = d.breakers.trip(breaker_kind::drawdown, {}, dec("0.16"), dec("0.15"), d.now);
  ASSERT_TRUE(event && d.breakers.apply(*event));
  ASSERT_EQ(d.breakers.tripped().size(), 1u);
  const auto refused = to_record(d.send(d.order("AAPL", order_side::buy, "10")).verdict);
  ASSERT_EQ(refused.code, "DRAWDOWN");
  EXPECT_EQ(refused.checks.at(0).measured, dec("0.16"));
  EXPECT_EQ(refused.checks.at(0).limit, dec("0.15"));
  EXPECT_EQ(refused.checks.at(0).unit, "ratio");
}

} // namespace
} // namespace tt::risk::test
