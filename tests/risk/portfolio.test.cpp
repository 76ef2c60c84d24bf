#include "desk.hpp"

namespace tt::risk::test {
namespace {

using enum order_side;

// -------------------------------------------------------- the closing rule

TEST(closing, regression_01_a_closing_sell_is_never_cut_or_refused) {
  desk d;
  d.hold("AAPL", "5000"); // five times equity: every rule about size is broken
  d.account.equity = usd("900");
  d.account.buying_power = usd("0");
  d.account.cash = usd("-400000");
  d.account.start_of_day_equity = usd("100000");
  d.account.consecutive_losses = 50;
  d.account.margin_call = margin_call_state::called;
  d.account.state_at = d.now - std::chrono::hours{1};
  d.set_account();
  auto v = d.view("AAPL");
  v.volatility = dec("9");
  v.history = history_state::missing;
  d.set("AAPL", v);
  const auto answer = d.send(d.order("AAPL", sell, "5000"));
  EXPECT_EQ(said(answer), "APPROVED");
  EXPECT_EQ(answer.verdict.closing, qty("5000"));
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "STALE_ACCOUNT");
}

TEST(closing, only_the_opening_part_is_checked_and_cut) {
  desk d;
  d.hold("AAPL", "50");
  // 150: 50 close, 100 open; 10,000 of exposure allow 99 at the reckoned price of 100
  const auto answer = d.send(d.order("AAPL", sell, "160", order_type::limit, "100"));
  EXPECT_EQ(said(answer), "POSITION_LIMIT 150");
  EXPECT_EQ(answer.verdict.closing, qty("50"));
  EXPECT_EQ(answer.verdict.original, qty("160"));
  ASSERT_EQ(answer.verdict.adjustments.size(), 1u);
  EXPECT_EQ(answer.verdict.adjustments[0], (adjustment{check_code::position_limit, qty("160"), qty("150"), {}}));
  EXPECT_EQ(answer.verdict.legacy(), legacy_code::approved_with_reduction);
}

TEST(closing, a_failing_opening_part_refuses_the_whole_unless_the_caller_takes_the_rest) {
  desk d;
  d.hold("AAPL", "50");
  d.account.consecutive_losses = 5;
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "60"))), "CONSECUTIVE_LOSSES");
  auto t = d.order("AAPL", sell, "60");
  t.asked.closing = close_part::send_alone;
  EXPECT_EQ(said(d.send(t)), "CONSECUTIVE_LOSSES 50");
}

TEST(closing, own_working_orders_use_up_what_can_be_closed) {
  desk d;
  d.hold("AAPL", "50");
  ASSERT_EQ(said(d.send(d.order("AAPL", sell, "30", order_type::limit, "110"))), "APPROVED");
  auto t = d.order("AAPL", sell, "40");
  t.asked.effect = position_effect::reduce_only;
  const auto cut = d.send(t);
  EXPECT_EQ(said(cut), "REDUCE_ONLY_EXCESS 20");
  EXPECT_EQ(cut.proof->order().terms.effect, position_effect::reduce_only);
  t = d.order("AAPL", sell, "1");
  t.asked.effect = position_effect::reduce_only;
  EXPECT_EQ(said(d.send(t)), "REDUCE_ONLY_EXCESS") << "nothing left";
  t = d.order("AAPL", sell_to_close, "1");
  EXPECT_EQ(said(d.send(t)), "REDUCE_ONLY_EXCESS") << "the side says so too";
}

TEST(closing, siblings_of_one_bracket_count_once) {
  desk d;
  d.hold("AAPL", "50");
  const auto add = [&](working_order leg) { ASSERT_TRUE(d.g.state().add_working("AAPL", std::move(leg))); };
  add({.number = order_number{800}, .group = order_number{900}, .way = direction::sell, .type = order_type::stop,
                                   .remaining = qty("50"), .valued = px("95")});
  add({.number = order_number{801}, .group = order_number{900}, .way = direction::sell, .type = order_type::limit,
                                   .remaining = qty("50"), .valued = px("110"), .limit_price = px("110")});
  EXPECT_EQ(working_quantity(*d.g.state().symbol("AAPL"), direction::sell), qty("50"));
  EXPECT_EQ(closable(*d.g.state().symbol("AAPL"), direction::sell), qty("0"));
  EXPECT_EQ(closable(*d.g.state().symbol("AAPL"), direction::sell, order_number{900}), qty("50"));
  // another leg of the same group closes the same shares; an order of anybody else finds nothing to close
  auto leg = d.order("AAPL", sell, "50", order_type::limit, "111");
  leg.asked.effect = position_effect::reduce_only;
  leg.view.group = order_number{900};
  EXPECT_EQ(said(d.send(leg)), "APPROVED");
  auto other = d.order("AAPL", sell, "50", order_type::limit, "111");
  other.asked.effect = position_effect::reduce_only;
  EXPECT_EQ(said(d.send(other)), "REDUCE_ONLY_EXCESS");
}

TEST(closing, regression_09_closing_a_flat_book_is_no_short) {
  desk d;
  auto t = d.order("AAPL", sell_to_close, "10");
  EXPECT_EQ(said(d.send(t)), "REDUCE_ONLY_EXCESS");
  t = d.order("AAPL", buy_to_cover, "10");
  EXPECT_EQ(said(d.send(t)), "REDUCE_ONLY_EXCESS");
  t = d.order("AAPL", static_cast<order_side>(99), "10");
  EXPECT_EQ(said(d.send(t)), "INTERNAL") << "an unknown side is neither a buy nor a sell";
  EXPECT_EQ(said(d.ask(t)), "INTERNAL");
  EXPECT_EQ(d.g.state().working_orders(), 0u);
}

// ------------------------------------------------------------ 3.6 account

TEST(account, buying_power_cuts_to_what_is_left) {
  desk d;
  d.loosen(limit_id::max_position_size, "off");
  d.account.buying_power = usd("1000");
  d.account.fees = {usd("1"), usd("0.01"), dec("0")};
  d.set_account();
  // (1000 - 1) / (100 + 0.01) = 9.98
  const auto answer = d.send(d.order("AAPL", buy, "20", order_type::limit, "100"));
  EXPECT_EQ(said(answer), "BUYING_POWER 9");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1", order_type::limit, "200"))), "BUYING_POWER") << "98.9 are left";
}

TEST(account, the_margin_of_futures_is_not_lent) {
  desk d;
  for (const auto id : {limit_id::max_position_size, limit_id::concentration, limit_id::leverage_gross_margin, limit_id::leverage_net_margin, limit_id::fat_finger_notional}) d.loosen(id, "off");
  d.account.buying_power = usd("200000"); // of stocks: twice the equity
  d.account.maintenance_margin = usd("70000");
  d.set_account();
  // 2,000 each of the 30,000 that no margin holds
  EXPECT_EQ(said(d.send(d.order("MNQ", buy, "50"))), "BUYING_POWER 15");
  EXPECT_EQ(said(d.send(d.order("MNQ", buy, "1"))), "BUYING_POWER");
}

TEST(account, regression_31_a_missing_figure_is_not_zero) {
  desk d;
  d.account.buying_power.reset();
  d.account.cash.reset();
  d.set_account();
  const auto answer = d.send(d.order("AAPL", buy, "1"));
  EXPECT_EQ(said(answer), "INTERNAL");
  EXPECT_EQ(answer.verdict.legacy(), legacy_code::rejected_other) << "never as lack of funds";
  d.account.type = account_type::cash;
  d.account.settled_cash.reset();
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "INTERNAL");
  d.account.equity.reset();
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "INTERNAL");
}

TEST(account, regression_30_negative_cash_is_a_figure_like_others) {
  desk d;
  d.account.cash = usd("-50000");
  d.account.buying_power = usd("50000");
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "10"))), "APPROVED");
}

TEST(account, a_fill_holds_its_money_until_newer_figures_come) {
  desk d;
  d.loosen(limit_id::max_position_size, "off");
  d.account.buying_power = usd("1000");
  d.set_account();
  d.now += std::chrono::milliseconds{1};
  const auto t = d.order("AAPL", buy, "9", order_type::limit, "100");
  ASSERT_EQ(said(d.send(t)), "APPROVED");
  d.fill(t, "9");
  EXPECT_EQ(d.g.state().working_orders(), 0u);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "2", order_type::limit, "100"))), "BUYING_POWER 1") << "the venue's figure is of before the fill";
  d.g.state().on_final(order_number{2});
  d.account.state_at = d.now;
  d.account.buying_power = usd("500");
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "4", order_type::limit, "100"))), "APPROVED");
}

TEST(account, cash_accounts_keep_a_reserve) {
  desk d;
  d.loosen(limit_id::max_position_size, "off");
  d.loosen(limit_id::concentration, "off");
  d.account.type = account_type::cash;
  d.account.cash = d.account.settled_cash = usd("2500");
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "6", order_type::limit, "100"))), "CASH_RESERVE 5") << "2,000 of 100,000 stay";
}

TEST(account, min_balance_looks_at_equity_after_fees_and_spread) {
  desk d;
  d.account.equity = usd("1000.50");
  d.account.start_of_day_equity = d.account.peak_equity = usd("1000.50");
  d.set_account();
  d.loosen(limit_id::max_position_size, "off");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED") << "buying itself takes nothing from equity";
  d.account.fees.per_order = usd("0.51");
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "MIN_BALANCE");
}

TEST(account, regression_05_daily_loss_is_a_ratio_and_counts_what_is_open) {
  desk d;
  d.account.equity = usd("98001"); // realised or not: equity is what it is
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
  d.account.equity = usd("98000");
  d.set_account();
  const auto answer = d.send(d.order("AAPL", buy, "1"));
  EXPECT_EQ(said(answer), "DAILY_LOSS");
  EXPECT_EQ(*answer.verdict.rejection()->measured, dec("0.02"));
  EXPECT_EQ(answer.verdict.legacy(), legacy_code::rejected_daily_loss_limit);
  d.account.day_flows = usd("-2000"); // it was a withdrawal
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
  d.account.day_flows = {};
  d.account.start_of_day_equity = usd("98000"); // the day rolled
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
}

TEST(account, regression_04_buying_does_not_move_the_days_profit_by_its_notional) {
  account_view a;
  a.start_of_day_equity = usd("100000");
  a.equity = usd("99999"); // 10 shares at 100 bought: cash 98,999 after a fee of 1, shares 1,000
  EXPECT_EQ(*day_loss_ratio(a), dec("0.00001"));
}

TEST(account, drawdown_losses_day_trades_and_margin_calls_stop_entries) {
  const auto with = [](auto&& change) {
    desk d;
    change(d.account);
    d.set_account();
    return said(d.send(d.order("AAPL", buy, "1")));
  };
  EXPECT_EQ(with([](account_view& a) { a.peak_equity = usd("117647"); }), "APPROVED");
  EXPECT_EQ(with([](account_view& a) { a.peak_equity = usd("117648"); }), "DRAWDOWN");
  EXPECT_EQ(with([](account_view& a) { a.consecutive_losses = 4; }), "APPROVED");
  EXPECT_EQ(with([](account_view& a) { a.consecutive_losses = 5; }), "CONSECUTIVE_LOSSES");
  EXPECT_EQ(with([](account_view& a) { a.day_trades = day_trade_rule{3, {}, usd("100001")}; }), "PDT");
  EXPECT_EQ(with([](account_view& a) { a.day_trades = day_trade_rule{3, {}, {}}; }), "APPROVED") << "25,000 are there";
  EXPECT_EQ(with([](account_view& a) { a.day_trades = day_trade_rule{2, {}, usd("100001")}; }), "APPROVED");
  EXPECT_EQ(with([](account_view& a) { a.day_trades = day_trade_rule{0, 0, usd("100001")}; }), "PDT") << "the venue's own number";
  EXPECT_EQ(with([](account_view& a) { a.margin_call = margin_call_state::called; }), "MARGIN_CALL");
  EXPECT_EQ(with([](account_view& a) { a.maintenance_margin = usd("95000"); }), "APPROVED");
  EXPECT_EQ(with([](account_view& a) { a.maintenance_margin = usd("95001"); }), "MARGIN_CALL");
}

// ---------------------------------------------------------- 3.7 portfolio

TEST(portfolio, regression_32_ten_resting_orders_can_not_exceed_the_limit_together) {
  desk d;
  decimal sum;
  for (int i = 0; i < 10; ++i) {
    const auto answer = d.send(d.order("AAPL", buy, "15", order_type::limit, "100"));
    if (answer.proof) sum += answer.proof->approved_quantity().value();
  }
  EXPECT_EQ(sum, decimal{100}) << "10,000 of 100,000 at 100";
}

TEST(portfolio, regression_28_shorts_count_by_their_size) {
  desk d;
  d.hold("AAPL", "-90");
  EXPECT_EQ(said(d.ask(d.order("AAPL", buy, "90"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "20", order_type::limit, "100"))), "POSITION_LIMIT 10");
}

TEST(portfolio, regression_29_futures_count_by_margin_and_leverage_by_multiplier) {
  desk d;
  d.account.type = account_type::futures;
  d.set_account();
  // size: 2,000 margin each, 10 % of equity: 5. Notional: 20,000 × 2 = 40,000 each
  const auto answer = d.send(d.order("MNQ", buy, "9", order_type::limit, "20000"));
  EXPECT_EQ(said(answer), "POSITION_LIMIT 5");
  EXPECT_EQ(*answer.verdict.find(check_code::leverage_gross)->measured, dec("2")) << "5 × 20,000 × 2 ÷ 100,000";
  EXPECT_EQ(*answer.verdict.find(check_code::buying_power)->measured, dec("18000"));
}

TEST(portfolio, position_quantity_and_number_of_positions) {
  desk d;
  d.loosen(limit_id::position_qty, "8", limit_scope::symbol, "AAPL");
  d.hold("AAPL", "5");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "10"))), "POSITION_QTY 3");
  d.loosen(limit_id::max_positions, "2");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1", order_type::limit, "190"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("BTCUSD", buy, "0.001"))), "MAX_POSITIONS") << "a working order is a position to come";
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "APPROVED");
}

TEST(portfolio, an_issuer_is_one_whatever_its_papers_are_called) {
  desk d;
  d.loosen(limit_id::concentration, "0.15");
  for (const char* symbol : {"AAPL", "MSFT"}) {
    auto v = d.view(symbol);
    v.issuer = "one";
    d.set(symbol, v);
  }
  d.hold("AAPL", "-100"); // 10,000 short
  const auto answer = d.send(d.order("MSFT", buy, "26", order_type::limit, "200"));
  EXPECT_EQ(said(answer), "CONCENTRATION");
  EXPECT_EQ(answer.verdict.legacy(), legacy_code::rejected_concentration);
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "25", order_type::limit, "200"))), "APPROVED");
}

TEST(portfolio, sectors_but_not_funds_of_broad_indexes) {
  desk d;
  d.loosen(limit_id::sector, "0.11");
  for (const char* symbol : {"AAPL", "MSFT"}) {
    auto v = d.view(symbol);
    v.sector = "technology";
    d.set(symbol, v);
  }
  d.hold("AAPL", "100");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "6", order_type::limit, "200"))), "SECTOR");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "5", order_type::limit, "200"))), "APPROVED");
  auto v = d.view("MSFT");
  v.broad_index = on_off::on;
  d.set("MSFT", v);
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "6", order_type::limit, "200"))), "APPROVED");
}

TEST(portfolio, leverage_gross_and_net) {
  desk d;
  for (const auto id : {limit_id::max_position_size, limit_id::concentration, limit_id::fat_finger_notional}) d.loosen(id, "off");
  d.account.buying_power = usd("10000000");
  d.set_account();
  d.hold("AAPL", "-1500"); // 150,000 short
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "300", order_type::limit, "200"))), "LEVERAGE_GROSS 250") << "50,000 are left of 200,000";
  desk e;
  for (const auto id : {limit_id::max_position_size, limit_id::concentration, limit_id::fat_finger_notional}) e.loosen(id, "off");
  e.loosen(limit_id::leverage_net_margin, "1.2");
  e.account.buying_power = usd("10000000");
  e.set_account();
  e.hold("AAPL", "1000");
  EXPECT_EQ(said(e.send(e.order("MSFT", buy, "300", order_type::limit, "200"))), "LEVERAGE_NET 100");
  EXPECT_EQ(said(e.send(e.order("MSFT", sell, "300", order_type::limit, "201"))), "APPROVED") << "a short brings the net down";
}

/// Closes that rise and fall by these parts, on days that follow one another.
std::vector<daily_close> closes_of(const std::vector<double>& returns, std::int32_t first = 20'000) {
  std::vector<daily_close> out{{first, 100.0}};
  for (const auto one : returns) out.push_back({out.back().day + 1, out.back().close * (1 + one / 100)});
  return out;
}

TEST(portfolio, correlation_is_of_the_days_that_both_have) {
  // a coin trades each day, a stock on five of seven: what they do on the same days is the opposite
  std::vector<daily_close> coin, stock;
  double price = 100;
  for (std::int32_t day = 0; day < 140; ++day) {
    price *= day % 7 == 5 ? 1.03 : day % 7 == 6 ? 0.99 : day % 2 ? 1.01 : 0.985;
    coin.push_back({day, price});
    if (day % 7 < 5) stock.push_back({day, 10'000 / price});
  }
  return_table table;
  table.set("COIN", coin);
  table.set("STOCK", stock);
  ASSERT_TRUE(table.correlation("COIN", "STOCK"));
  EXPECT_LT(*table.correlation("COIN", "STOCK"), dec("-0.99"));
  const auto [x, y] = common_returns(coin, stock, 60);
  ASSERT_EQ(x.size(), 60U);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR((1 + x[i]) * (1 + y[i]), 1, 1e-12);
  table.set("LATER", closes_of(std::vector<double>(100, 1.0), 130));
  EXPECT_FALSE(table.correlation("COIN", "LATER")) << "ten days in common";
}

TEST(portfolio, correlation_with_what_is_held) {
  desk d;
  std::vector<double> up, down, noise;
  for (int i = 0; i < 60; ++i) {
    const double x = i % 3 - 1 + 0.01 * (i % 7);
    up.push_back(x);
    down.push_back(-x);
    noise.push_back(i % 2 ? 0.5 : -0.4);
  }
  d.g.returns().set("AAPL", closes_of(up));
  d.g.returns().set("MSFT", closes_of(up));
  d.g.returns().set("BTCUSD", closes_of(up));
  d.hold("AAPL", "10");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "APPROVED") << "one position is no book";
  d.hold("BTCUSD", "0.01");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "CORRELATION");
  EXPECT_EQ(said(d.send(d.order("MSFT", sell, "1"))), "APPROVED") << "the other way it hedges";
  d.g.returns().set("MSFT", closes_of(down));
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "APPROVED");
  d.g.returns().set("MSFT", closes_of({up.begin(), up.begin() + 39}, 20'021));
  const auto young = d.send(d.order("MSFT", buy, "1"));
  EXPECT_EQ(said(young), "APPROVED");
  EXPECT_EQ(young.verdict.find(check_code::correlation)->result, check_verdict::not_evaluated) << "39 days are too few";
}

TEST(portfolio, statistics_by_hand) {
  // returns 1 %, -1 %: mean 0, sample variance 2e-4, yearly sqrt(2e-4 × 252)
  EXPECT_EQ(*yearly_volatility(std::vector{0.01, -0.01}, 2, asset_class::stock), dec("0.224499"));
  EXPECT_EQ(*yearly_volatility(std::vector{0.01, -0.01}, 2, asset_class::crypto), dec("0.270185"));
  EXPECT_FALSE(yearly_volatility(std::vector{0.01}, 2, asset_class::stock));
  EXPECT_EQ(*correlation_of(std::vector{1.0, 2.0, 3.0}, std::vector{2.0, 4.0, 6.0}, 3, 60), decimal{1});
  EXPECT_FALSE(correlation_of(std::vector{1.0, 1.0, 1.0}, std::vector{2.0, 4.0, 6.0}, 3, 60));
  EXPECT_EQ(daily_returns(std::vector{100.0, 110.0}), (std::vector{110.0 / 100.0 - 1}));
}

TEST(portfolio, volatility_cuts_and_refuses_over_twice) {
  desk d;
  auto v = d.view("AAPL");
  v.volatility = dec("0.75");
  d.set("AAPL", v);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "30"))), "VOLATILITY 20");
  v.volatility = dec("1.01");
  d.set("AAPL", v);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "30"))), "VOLATILITY");
  v.history = history_state::too_short;
  v.volatility.reset();
  d.set("AAPL", v);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "30"))), "APPROVED");
  v.history = history_state::missing;
  d.set("AAPL", v);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "30"))), "INTERNAL");
}

// ----------------------------------------------------------- 3.8 strategy

TEST(strategy, its_own_limits) {
  desk d;
  d.strategy("s", {.symbols = {"AAPL", "MSFT"}});
  const auto by = [&](ticket t) {
    t.asked.strategy = strategy_id{"s"};
    return t;
  };
  EXPECT_EQ(said(d.send(by(d.order("BTCUSD", buy, "0.001")))), "STRATEGY_SYMBOLS");
  d.loosen(limit_id::strategy_positions, "1", limit_scope::strategy, "s");
  d.loosen(limit_id::strategy_size, "0.02", limit_scope::strategy, "s");
  const auto first = by(d.order("AAPL", buy, "10", order_type::limit, "100"));
  EXPECT_EQ(said(d.send(first)), "APPROVED");
  EXPECT_EQ(said(d.send(by(d.order("MSFT", buy, "1")))), "STRATEGY_POSITIONS");
  d.fill(first, "10");
  EXPECT_EQ(said(d.send(by(d.order("MSFT", buy, "1")))), "STRATEGY_POSITIONS") << "filled it is a position";
  EXPECT_EQ(said(d.send(by(d.order("AAPL", buy, "11", order_type::limit, "100")))), "STRATEGY_SIZE");
  EXPECT_EQ(said(d.send(by(d.order("AAPL", buy, "10", order_type::limit, "100")))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "APPROVED") << "others are not bound";
  d.loosen(limit_id::stop_required, "true", limit_scope::symbol, "MSFT");
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "STOP_REQUIRED");
  auto bracket = d.order("MSFT", buy, "1", order_type::bracket, "199");
  bracket.asked.loss = stop_loss{px("190"), {}};
  EXPECT_EQ(said(d.send(bracket)), "APPROVED");
}

TEST(strategy, its_own_loss_of_the_day) {
  desk d;
  d.loosen(limit_id::strategy_loss, "0.01", limit_scope::strategy, "s");
  d.strategy("s", {.day_pnl = usd("-1000")});
  auto t = d.order("AAPL", buy, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "STRATEGY_LOSS");
}

// -------------------------------------------------------------- 3.9 hooks

TEST(hooks, regression_02_03_run_last_also_on_what_was_cut) {
  desk d;
  std::vector<std::string> seen;
  ASSERT_TRUE(d.g.hooks().add("watch", [&](const hook_order& o, const account_view&, const book&) {
    seen.push_back(o.size.to_string());
    return hook_answer{hook_verdict::approve};
  }));
  ASSERT_TRUE(d.g.hooks().add("half", [&](const hook_order& o, const account_view&, const book&) {
    return hook_answer{hook_verdict::reduce, quantity{decimal::divide(o.size.value(), decimal{2})}};
  }));
  ASSERT_TRUE(d.g.hooks().add("watch_again", [&](const hook_order& o, const account_view&, const book&) {
    seen.push_back(o.size.to_string());
    return hook_answer{hook_verdict::approve};
  }));
  const auto answer = d.send(d.order("AAPL", buy, "200", order_type::limit, "100"));
  EXPECT_EQ(said(answer), "CUSTOM:half 50");
  EXPECT_EQ(seen, (std::vector<std::string>{"100", "50"})) << "the position limit had cut 200 to 100";
  ASSERT_TRUE(d.g.hooks().add("never", [](const hook_order&, const account_view&, const book&) { return hook_answer{hook_verdict::reject}; }));
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "10"))), "CUSTOM:never");
}

TEST(hooks, anything_but_a_clear_answer_in_time_rejects) {
  std::int64_t time = 0;
  desk d({[&] { return time; }});
  hook_answer answer{static_cast<hook_verdict>(9)};
  std::int64_t takes = 0;
  bool throws = false;
  ASSERT_TRUE(d.g.hooks().add("odd", [&](const hook_order&, const account_view&, const book&) {
    time += takes;
    if (throws) throw std::runtime_error("broken");
    return answer;
  }));
  const auto one = [&] { return said(d.send(d.order("AAPL", buy, "10"))); };
  EXPECT_EQ(one(), "CUSTOM:odd");
  answer = {hook_verdict::approve};
  EXPECT_EQ(one(), "APPROVED");
  takes = hook_registry::budget_ns + 1;
  EXPECT_EQ(one(), "CUSTOM:odd");
  takes = 0;
  throws = true;
  EXPECT_EQ(one(), "CUSTOM:odd");
  throws = false;
  answer = {hook_verdict::reduce, qty("1000000")};
  EXPECT_EQ(one(), "APPROVED") << "a hook can't enlarge";
  answer = {hook_verdict::reduce, qty("-5")};
  EXPECT_EQ(one(), "CUSTOM:odd");
  answer = {hook_verdict::reduce, qty("0")};
  EXPECT_EQ(one(), "CUSTOM:odd");
  EXPECT_FALSE(d.g.hooks().add("odd", [](const hook_order&, const account_view&, const book&) { return hook_answer{}; }));
}

// ---------------------------------------------------------------- changes

TEST(change, the_larger_of_both_stays_reserved_until_confirmed) {
  desk d;
  d.loosen(limit_id::max_position_size, "0.1");
  const auto t = d.order("AAPL", buy, "60", order_type::limit, "100");
  ASSERT_EQ(said(d.send(t)), "APPROVED");
  auto change = d.order("AAPL", buy, "90", order_type::limit, "100");
  change.view.number = t.view.number;
  EXPECT_EQ(said(d.g.check_change(change.view, d.now)), "APPROVED") << "its own 60 don't count against it";
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "20", order_type::limit, "100"))), "POSITION_LIMIT 10");
  auto less = d.order("AAPL", buy, "5", order_type::limit, "100");
  less.view.number = t.view.number;
  EXPECT_EQ(said(d.g.check_change(less.view, d.now)), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "20", order_type::limit, "100"))), "POSITION_LIMIT") << "not confirmed yet";
  d.g.state().on_changed(t.view.number, qty("5"), px("100"));
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "20", order_type::limit, "100"))), "APPROVED");
  // with a part executed, the new quantity is the total
  d.fill(t, "2");
  auto total = d.order("AAPL", buy, "12", order_type::limit, "100");
  total.view.number = t.view.number;
  total.view.executed = qty("2");
  const auto changed = d.g.check_change(total.view, d.now);
  EXPECT_EQ(said(changed), "APPROVED");
  EXPECT_EQ(changed.proof->approved_quantity(), qty("12"));
  EXPECT_EQ(d.g.state().working(t.view.number)->remaining, qty("10"));
  d.g.state().on_changed(t.view.number, qty("5"), px("100"));
  auto more = d.order("AAPL", buy, "900", order_type::limit, "200");
  more.view.number = t.view.number;
  EXPECT_EQ(said(d.g.check_change(more.view, d.now)), "PRICE_COLLAR");
  EXPECT_EQ(d.g.state().working(t.view.number)->remaining, qty("5")) << "a refused change leaves the reservation";
}

TEST(change, what_protects_may_be_made_smaller_beside_orders_that_were_accepted_next_to_it) {
  desk d;
  d.hold("AAPL", "50");
  auto stop = d.order("AAPL", sell, "50", order_type::stop);
  stop.asked.stop_price = px("95");
  stop.asked.effect = position_effect::reduce_only;
  ASSERT_EQ(said(d.send(stop)), "APPROVED");
  const auto beside = d.order("AAPL", sell, "40", order_type::limit, "101"); // would open, were both to fill
  ASSERT_EQ(said(d.send(beside)), "APPROVED");
  ASSERT_EQ(said(d.send(d.order("AAPL", sell, "30", order_type::limit, "102"))), "APPROVED");
  d.fill(beside, "40");
  const auto resized = [&](const char* to) {
    auto change = d.order("AAPL", sell, to, order_type::stop);
    change.asked.stop_price = px("95");
    change.asked.effect = position_effect::reduce_only;
    change.view.number = stop.view.number;
    return said(d.g.check_change(change.view, d.now));
  };
  EXPECT_EQ(resized("10"), "APPROVED") << "the other order would take all that is left";
  EXPECT_EQ(resized("12"), "REDUCE_ONLY_EXCESS 10") << "not more than is held";
  d.g.state().on_changed(stop.view.number, qty("10"), std::nullopt);
  EXPECT_EQ(resized("11"), "REDUCE_ONLY_EXCESS") << "larger it gets only where there is room";
}

} // namespace
} // namespace tt::risk::test
