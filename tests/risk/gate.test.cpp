#include "desk.hpp"

namespace tt::risk::test {
namespace {

using enum order_side;

TEST(gate, a_plain_order_passes_and_says_what_it_looked_at) {
  desk d;
  const auto answer = d.send(d.order("AAPL", buy, "10"));
  EXPECT_EQ(said(answer), "APPROVED");
  EXPECT_EQ(answer.verdict.legacy(), legacy_code::approved);
  EXPECT_EQ(answer.proof->order().terms.qty, qty("10"));
  const auto* power = answer.verdict.find(check_code::buying_power);
  ASSERT_TRUE(power);
  EXPECT_EQ(*power->measured, dec("1005")) << "ask and half a per cent";
  EXPECT_EQ(*power->limit, dec("200000"));
  for (const auto code : {check_code::kill_switch, check_code::duplicate, check_code::tick_size, check_code::price_collar, check_code::min_balance,
                          check_code::position_limit, check_code::volatility, check_code::stop_required})
    EXPECT_TRUE(answer.verdict.find(code)) << to_string(code);
}

TEST(gate, the_first_rejection_ends_the_run_but_not_a_preview) {
  desk d;
  d.account.trading = on_off::off;
  d.account.equity = usd("500");
  d.set_account();
  const auto t = d.order("AAPL", buy, "10.5");
  const auto answer = d.send(t);
  EXPECT_EQ(said(answer), "ACCOUNT_DISABLED");
  EXPECT_EQ(answer.verdict.checks.back().code, check_code::account_disabled);
  const auto preview = d.ask(d.order("AAPL", buy, "10.5"));
  EXPECT_EQ(said(preview), "ACCOUNT_DISABLED");
  EXPECT_EQ(preview.find(check_code::lot_size)->result, check_verdict::reject);
  EXPECT_EQ(preview.find(check_code::min_balance)->result, check_verdict::reject);
  EXPECT_TRUE(preview.find(check_code::strategy_symbols));
}

TEST(gate, a_preview_reserves_and_remembers_nothing) {
  desk d;
  const auto t = d.order("AAPL", buy, "10");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(said(d.ask(t)), "APPROVED");
  EXPECT_EQ(d.g.state().working_orders(), 0u);
  EXPECT_EQ(said(d.send(t)), "APPROVED");
  EXPECT_EQ(said(d.ask(t)), "DUPLICATE");
}

// ------------------------------------------------------------- 3.2 gates

TEST(gate, live_orders_need_the_switch_and_the_lease) {
  desk d;
  d.account.mode = account_mode::live;
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "10"))), "LIVE_DISABLED");
  d.g.node().real_trading = on_off::on;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "10"))), "APPROVED");
  d.g.node().execution_leader = on_off::off;
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "LIVE_DISABLED");
}

TEST(gate, scope_covers_account_symbol_side_and_size) {
  desk d;
  auto t = d.order("AAPL", buy, "10");
  t.view.may = nullptr;
  EXPECT_EQ(said(d.send(t)), "SCOPE");
  const auto with = [&](grant g) {
    auto order = d.order("AAPL", buy, "10");
    order.view.may = &g;
    return said(d.send(order));
  };
  EXPECT_EQ(with({.accounts = {"other"}}), "SCOPE");
  EXPECT_EQ(with({.symbols = {"MSFT"}}), "SCOPE");
  EXPECT_EQ(with({.only_side = direction::sell}), "SCOPE");
  EXPECT_EQ(with({.max_quantity = qty("9")}), "SCOPE");
  EXPECT_EQ(with({.accounts = {"acct"}, .symbols = {"AAPL"}, .only_side = direction::buy, .max_quantity = qty("10")}), "APPROVED");
}

TEST(gate, journal_venue_and_account_state_hold_orders_back) {
  desk d;
  d.hold("AAPL", "10");
  d.g.node().journal = on_off::off;
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "JOURNAL_UNAVAILABLE");
  d.g.node().journal = on_off::on;
  d.g.venue().state = venue_view::session::down;
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "VENUE_DOWN");
  d.g.venue().state = venue_view::session::maintenance;
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "10"))), "VENUE_MAINTENANCE");
  d.g.venue().state = venue_view::session::synced;
  d.g.state().set_agreement("AAPL", agreement::frozen);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "RECONCILING");
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "1"))), "APPROVED");
  d.g.state().set_agreement("AAPL", agreement::agreed);
  d.now += std::chrono::seconds{11};
  d.quote("AAPL", "100");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "STALE_ACCOUNT");
  d.account.feed = state_feed::polled;
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
  auto alert = d.order("AAPL", buy, "1");
  alert.view.execute = execution_right::missing;
  EXPECT_EQ(said(d.send(alert)), "NOT_AUTHORISED_TO_EXECUTE");
}

TEST(gate, regression_27_a_disabled_strategys_alert_is_refused_at_once) {
  desk d;
  d.strategy("s");
  auto t = d.order("AAPL", buy, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "APPROVED");
  d.strategy("s", {.enabled = on_off::off});
  t = d.order("AAPL", buy, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "STRATEGY_DISABLED");
  d.hold("AAPL", "1");
  t = d.order("AAPL", sell, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "APPROVED") << "closing goes on";
  t = d.order("AAPL", buy, "1");
  t.asked.strategy = strategy_id{"never heard of"};
  EXPECT_EQ(said(d.send(t)), "INTERNAL");
}

// ----------------------------------------------------------- 3.3 request

TEST(gate, an_intent_counts_once_for_ever) {
  desk d;
  auto t = d.order("AAPL", buy, "1");
  EXPECT_EQ(said(d.send(t)), "APPROVED");
  d.now += std::chrono::hours{24 * 300};
  d.account.state_at = d.now;
  d.set_account();
  d.quote("AAPL", "100");
  t.view.number = order_number{1000};
  EXPECT_EQ(said(d.send(t)), "DUPLICATE");
  t.view.attempt = 1;
  EXPECT_NE(said(d.send(t)), "DUPLICATE") << "the attempt after one that is proven absent";
}

TEST(gate, look_alikes_warn_and_nameless_webhooks_are_refused) {
  desk d;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
  const auto again = d.send(d.order("AAPL", buy, "1"));
  EXPECT_EQ(said(again), "APPROVED");
  EXPECT_EQ(again.verdict.find(check_code::similar_order)->result, check_verdict::warn);
  EXPECT_EQ(d.send(d.order("AAPL", buy, "2")).verdict.find(check_code::similar_order)->result, check_verdict::pass);
  const auto alert = [&] {
    auto t = d.order("AAPL", buy, "3");
    t.view.origin = order_origin::webhook;
    t.view.identity = alert_identity::derived;
    return said(d.send(t));
  };
  EXPECT_EQ(alert(), "APPROVED");
  EXPECT_EQ(alert(), "SIMILAR_ORDER");
  d.now += std::chrono::milliseconds{1001};
  EXPECT_EQ(alert(), "APPROVED");
}

TEST(gate, rates_count_opening_and_closing_apart) {
  desk d;
  d.loosen(limit_id::order_rate_account_second, "10");
  d.hold("MSFT", "100");
  for (int i = 0; i < 10; ++i) ASSERT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED") << i;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "ORDER_RATE");
  for (int i = 0; i < 10; ++i) ASSERT_EQ(said(d.send(d.order("MSFT", sell, "1"))), "APPROVED") << i;
  EXPECT_EQ(said(d.send(d.order("MSFT", sell, "1"))), "ORDER_RATE");
  d.now += std::chrono::seconds{1};
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED");
}

TEST(gate, the_rate_of_the_node_is_shared_by_its_accounts) {
  node_rates rates;
  const rate_limits most{3, 100};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rates.take(rate_kind::opening, session_time(), most));
  EXPECT_FALSE(rates.take(rate_kind::opening, session_time(), most));
  EXPECT_TRUE(rates.take(rate_kind::closing, session_time(), most));
  EXPECT_TRUE(rates.take(rate_kind::opening, session_time() + std::chrono::seconds{1}, most));
}

TEST(gate, rate_windows_are_half_open_and_survive_a_clock_that_goes_back) {
  rate_window w;
  const auto t = session_time();
  for (int i = 0; i < 5; ++i) w.add(t + std::chrono::milliseconds{250 * i});
  EXPECT_EQ(w.count(t + std::chrono::seconds{1}, std::chrono::seconds{1}), 4u) << "the one of exactly a second ago is over";
  w.add(t);
  EXPECT_EQ(w.count(t + std::chrono::seconds{1}, std::chrono::seconds{1}), 5u);
  EXPECT_EQ(w.count(t + std::chrono::seconds{3}, std::chrono::seconds{1}), 0u);
}

TEST(gate, a_runaway_strategy_is_stopped_and_its_breaker_named) {
  desk d;
  d.loosen(limit_id::runaway_orders, "20");
  d.loosen(limit_id::open_orders_symbol, "100");
  d.strategy("s");
  const auto one = [&] {
    auto t = d.order("AAPL", buy, "1");
    t.asked.strategy = strategy_id{"s"};
    return d.send(t);
  };
  for (int i = 0; i < 20; ++i) ASSERT_EQ(said(one()), "APPROVED") << i;
  const auto last = one();
  EXPECT_EQ(said(last), "RUNAWAY");
  EXPECT_EQ(last.trips, std::vector{check_code::breaker_runaway});
  d.now += std::chrono::seconds{10};
  EXPECT_EQ(said(one()), "APPROVED");
}

TEST(gate, identical_rejections_switch_a_strategy_off) {
  desk d;
  d.strategy("s");
  const auto one = [&](const char* size) {
    auto t = d.order("AAPL", buy, size);
    t.asked.strategy = strategy_id{"s"};
    return d.send(t);
  };
  EXPECT_TRUE(one("0.5").trips.empty());
  EXPECT_TRUE(one("0.5").trips.empty());
  const auto third = one("0.5");
  EXPECT_EQ(said(third), "LOT_SIZE");
  EXPECT_EQ(third.trips, std::vector{check_code::repeated_reject});
  EXPECT_EQ(said(one("1")), "RUNAWAY");
  d.g.history().forget_rejects("s");
  EXPECT_EQ(said(one("1")), "APPROVED");
}

TEST(gate, old_signals_and_wrong_beliefs_open_nothing) {
  desk d;
  auto t = d.order("AAPL", buy, "1");
  t.view.signal_at = d.now - std::chrono::seconds{61};
  EXPECT_EQ(said(d.send(t)), "STALE_SIGNAL");
  t = d.order("AAPL", buy, "1");
  t.view.signal_at = d.now - std::chrono::seconds{60};
  t.view.reported_position = qty("5");
  EXPECT_EQ(said(d.send(t)), "OUT_OF_STEP");
  d.hold("AAPL", "5");
  t = d.order("AAPL", buy, "1");
  t.view.reported_position = qty("5");
  EXPECT_EQ(said(d.send(t)), "APPROVED");
}

TEST(gate, working_orders_are_counted) {
  desk d;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99"))), "APPROVED") << i;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99"))), "MAX_OPEN_ORDERS");
  d.g.state().on_final(order_number{1});
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99"))), "APPROVED");
}

// -------------------------------------------- 3.4 instrument and session

TEST(gate, instruments_must_exist_and_be_tradable) {
  desk d;
  EXPECT_EQ(said(d.send(d.order("NOPE", buy, "1"))), "UNKNOWN_INSTRUMENT");
  d.hold("MNQ", "1");
  auto v = d.view("MNQ");
  v.last_trade = d.now + std::chrono::hours{47};
  d.set("MNQ", v);
  EXPECT_EQ(said(d.send(d.order("MNQ", buy, "1"))), "NOT_TRADABLE");
  EXPECT_EQ(said(d.send(d.order("MNQ", sell, "1"))), "APPROVED");
  d.hold("AAPL", "5");
  v = d.view("AAPL");
  v.state = listing::halted;
  d.set("AAPL", v);
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "NOT_TRADABLE");
}

TEST(gate, prices_and_quantities_off_the_grid_are_refused_not_rounded) {
  desk d;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99.995"))), "TICK_SIZE");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1.5"))), "LOT_SIZE");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "0"))), "LOT_SIZE");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "-5"))), "LOT_SIZE");
  EXPECT_EQ(said(d.send(d.order("MNQ", buy, "1", order_type::limit, "19999.9"))), "TICK_SIZE");
  auto v = d.view("BTCUSD");
  v.min_notional = usd("10");
  d.set("BTCUSD", v);
  EXPECT_EQ(said(d.send(d.order("BTCUSD", buy, "0.0001"))), "MIN_NOTIONAL");
  EXPECT_EQ(said(d.send(d.order("BTCUSD", buy, "0.0002"))), "APPROVED");
}

TEST(gate, regression_11_a_type_the_venue_lacks_is_refused_never_changed) {
  desk d;
  d.g.venue().types = bit(order_type::market) | bit(order_type::limit);
  auto t = d.order("AAPL", buy, "1", order_type::bracket, "99");
  t.asked.loss = stop_loss{px("95"), {}};
  EXPECT_EQ(said(d.send(t)), "TYPE_UNSUPPORTED");
  t = d.order("AAPL", buy, "1", order_type::oco);
  EXPECT_EQ(said(d.send(t)), "TYPE_UNSUPPORTED");
  t = d.order("AAPL", buy, "1");
  t.asked.type = static_cast<order_type>(77);
  EXPECT_EQ(said(d.send(t)), "TYPE_UNSUPPORTED");
  t = d.order("AAPL", buy, "1");
  t.asked.tif = static_cast<time_in_force>(31);
  EXPECT_EQ(said(d.send(t)), "TYPE_UNSUPPORTED");
}

struct session_case {
  const char* what;
  const char* symbol;
  const char* when;
  const char* answer;
};
/// Regression 12: sessions come from calendars, never from UTC arithmetic.
TEST(gate, regression_12_sessions) {
  const session_case cases[] = {
    {"New Year", "AAPL", "2026-01-01T16:00:00Z", "MARKET_CLOSED"},
    {"Good Friday", "AAPL", "2026-04-03T15:00:00Z", "MARKET_CLOSED"},
    {"half day, before its close", "AAPL", "2026-11-27T17:59:00Z", "APPROVED"},
    {"half day, after its close", "AAPL", "2026-11-27T18:01:00Z", "EXTENDED_HOURS"},
    {"winter, 9:30 in New York", "AAPL", "2026-03-06T14:30:00Z", "APPROVED"},
    {"winter, 9:29", "AAPL", "2026-03-06T14:29:00Z", "EXTENDED_HOURS"},
    {"after the US change: 9:30 is an hour earlier in UTC", "AAPL", "2026-03-09T13:30:00Z", "APPROVED"},
    {"gap week: London has not changed, New York has", "AAPL", "2026-03-20T13:30:00Z", "APPROVED"},
    {"after the autumn change", "AAPL", "2026-11-02T14:29:00Z", "EXTENDED_HOURS"},
    {"Saturday", "AAPL", "2026-01-17T15:00:00Z", "MARKET_CLOSED"},
    {"CME on Sunday evening", "MNQ", "2026-01-18T23:30:00Z", "APPROVED"},
    {"CME on Saturday", "MNQ", "2026-01-17T15:00:00Z", "MARKET_CLOSED"},
    {"CME daily break, 16:30 Chicago", "MNQ", "2026-01-15T22:30:00Z", "MARKET_CLOSED"},
    {"CME overnight", "MNQ", "2026-01-15T08:00:00Z", "APPROVED"},
    {"crypto on a weekend", "BTCUSD", "2026-01-17T03:00:00Z", "APPROVED"},
  };
  for (const auto& one : cases) {
    desk d;
    d.now = at(one.when);
    d.account.state_at = d.now;
    d.set_account();
    d.quote(one.symbol, d.contract(one.symbol).kind == asset_class::crypto ? "50000" : d.contract(one.symbol).kind == asset_class::futures ? "20000" : "100");
    const char* size = d.contract(one.symbol).kind == asset_class::crypto ? "0.001" : "1";
    EXPECT_EQ(said(d.send(d.order(one.symbol, buy, size))), one.answer) << one.what;
  }
}

TEST(gate, an_order_that_may_rest_waits_for_the_open) {
  desk d;
  d.now = at("2026-01-17T15:00:00Z");
  d.account.state_at = d.now;
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "MARKET_CLOSED");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99"))), "APPROVED");
  auto t = d.order("AAPL", buy, "1", order_type::limit, "99");
  t.asked.tif = time_in_force::ioc;
  EXPECT_EQ(said(d.send(t)), "MARKET_CLOSED");
  d.g.venue().rests_while_closed = on_off::off;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99"))), "MARKET_CLOSED");
}

TEST(gate, extended_hours_are_asked_for_and_take_limits_only) {
  desk d;
  d.now = at("2026-01-15T12:00:00Z"); // 07:00 in New York
  d.account.state_at = d.now;
  d.set_account();
  d.quote("AAPL", "100");
  auto t = d.order("AAPL", buy, "1", order_type::limit, "99");
  EXPECT_EQ(said(d.send(t)), "EXTENDED_HOURS");
  t = d.order("AAPL", buy, "1");
  t.asked.hours = order_hours::extended;
  EXPECT_EQ(said(d.send(t)), "EXTENDED_HOURS");
  t = d.order("AAPL", buy, "1", order_type::limit, "99");
  t.asked.hours = order_hours::extended;
  EXPECT_EQ(said(d.send(t)), "APPROVED");
  // one that waits for such a session is judged for that, whatever the hour
  d.now = d.account.state_at = at("2026-01-15T17:00:00Z");
  d.set_account();
  d.quote("AAPL", "100");
  t = d.order("AAPL", buy, "1");
  t.asked.tif = time_in_force::post;
  EXPECT_EQ(said(d.send(t)), "EXTENDED_HOURS");
}

TEST(gate, short_sales_need_an_account_a_lender_and_a_strategy_that_may) {
  desk d;
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "1"))), "APPROVED");
  d.contract("AAPL").borrowable = false;
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "1"))), "SHORT_UNAVAILABLE");
  d.contract("AAPL").borrowable = true;
  d.strategy("s", {.shorts = on_off::off});
  auto t = d.order("AAPL", sell_short, "1");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "SHORT_UNAVAILABLE");
  d.account.type = account_type::cash;
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("MSFT", sell, "1"))), "SHORT_UNAVAILABLE");
}

// ------------------------------------------------------- 3.5 price sanity

TEST(gate, regression_06_market_orders_need_a_real_price) {
  desk d;
  d.g.state().set_market("AAPL", {});
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "NO_REFERENCE_PRICE");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "99"))), "NO_REFERENCE_PRICE");
  d.quote("AAPL", "100");
  d.now += std::chrono::seconds{16};
  d.account.state_at = d.now;
  d.set_account();
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "STALE_PRICE");
  d.hold("AAPL", "5");
  const auto closing = d.send(d.order("AAPL", sell, "5"));
  EXPECT_EQ(said(closing), "APPROVED");
  EXPECT_EQ(closing.verdict.find(check_code::stale_price)->result, check_verdict::warn);
  d.g.state().set_market("MSFT", {price{0}, price{0}, price{0}, d.now, d.now});
  EXPECT_EQ(said(d.send(d.order("MSFT", buy, "1"))), "NO_REFERENCE_PRICE") << "a price of 0 is no price";
}

TEST(gate, collars_guard_the_side_that_hurts) {
  desk d;
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "105"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "105.01"))), "PRICE_COLLAR");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "50"))), "APPROVED");
  d.hold("MSFT", "10");
  EXPECT_EQ(said(d.send(d.order("MSFT", sell, "1", order_type::limit, "189.99"))), "PRICE_COLLAR") << "also when closing";
  EXPECT_EQ(said(d.send(d.order("MSFT", sell, "1", order_type::limit, "300"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("MNQ", buy, "1", order_type::limit, "20400.25"))), "PRICE_COLLAR");
  // a breakout: far above the market, but its limit is close to its stop
  auto t = d.order("AAPL", buy, "1", order_type::stop_limit, "121");
  t.asked.stop_price = px("120");
  EXPECT_EQ(said(d.send(t)), "APPROVED");
  t = d.order("AAPL", buy, "1", order_type::stop, "90");
  EXPECT_EQ(said(d.send(t)), "PRICE_COLLAR") << "a buy stop far below the market is a market order in disguise";
}

TEST(gate, a_bracket_protects_on_the_right_side_of_its_entry) {
  desk d;
  const auto bracket = [&](direction way, std::optional<price> entry, const char* stop, const char* target) {
    auto t = d.order("AAPL", way == direction::buy ? buy : sell, "1", order_type::bracket);
    t.asked.limit_price = entry;
    t.asked.loss = stop_loss{px(stop), std::nullopt};
    t.asked.profit = take_profit{px(target)};
    return said(d.ask(t));
  };
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "95", "110"), "APPROVED");
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "40", "300"), "APPROVED") << "far away is the trader's affair";
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "100", "110"), "PRICE_COLLAR");
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "400", "500"), "PRICE_COLLAR");
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "95", "99"), "PRICE_COLLAR");
  EXPECT_EQ(bracket(direction::buy, px("90"), "95", "110"), "PRICE_COLLAR") << "below the market, above the entry";
  EXPECT_EQ(bracket(direction::buy, px("90"), "85", "95"), "APPROVED");
  EXPECT_EQ(bracket(direction::sell, std::nullopt, "105", "90"), "APPROVED");
  EXPECT_EQ(bracket(direction::sell, std::nullopt, "99", "90"), "PRICE_COLLAR");
  EXPECT_EQ(bracket(direction::sell, std::nullopt, "105", "101"), "PRICE_COLLAR");
  auto t = d.order("AAPL", buy, "1", order_type::bracket);
  t.asked.loss = stop_loss{px("400"), std::nullopt};
  const auto told = d.ask(t);
  const auto* why = told.find(check_code::price_collar);
  ASSERT_TRUE(why);
  EXPECT_EQ(*why->measured, dec("400"));
  EXPECT_EQ(*why->limit, dec("100"));
  EXPECT_EQ(why->message, "the stop loss 400 is not below the entry at 100");
  d.loosen(limit_id::price_collar_stock, "off"); // legs on the wrong side are no matter of distance
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "100", "110"), "PRICE_COLLAR");
  EXPECT_EQ(bracket(direction::buy, std::nullopt, "95", "110"), "APPROVED");
}

TEST(gate, a_leg_goes_out_though_the_market_jumped_over_it_and_however_many_there_are) {
  desk d;
  d.hold("AAPL", "100");
  d.loosen(limit_id::order_rate_account_second, "10");
  for (int i = 0; i < 30; ++i) {
    auto leg = d.order("AAPL", sell, "1", order_type::stop);
    leg.asked.stop_price = px("130"); // the market is at 100
    leg.asked.effect = position_effect::reduce_only;
    leg.view.origin = order_origin::leg;
    EXPECT_EQ(said(d.send(leg)), "APPROVED") << i;
  }
  auto own = d.order("AAPL", sell, "1", order_type::stop);
  own.asked.stop_price = px("130");
  EXPECT_EQ(said(d.send(own)), "PRICE_COLLAR") << "a stop that somebody sends is judged";
  auto moved = d.order("AAPL", sell, "1", order_type::stop);
  moved.asked.stop_price = px("95");
  moved.asked.effect = position_effect::reduce_only;
  moved.view.origin = order_origin::leg;
  ASSERT_EQ(said(d.send(moved)), "APPROVED");
  moved.asked.stop_price = px("130");
  EXPECT_EQ(said(d.g.check_change(moved.view, d.now)), "APPROVED") << "resized where it stands";
  moved.view.legs = leg_prices::moved;
  const auto refused = d.g.check_change(moved.view, d.now);
  EXPECT_EQ(said(refused), "PRICE_COLLAR") << "and so is one that somebody moves";
}

TEST(gate, fat_fingers) {
  desk d;
  d.loosen(limit_id::max_position_size, "off");
  d.loosen(limit_id::concentration, "off");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "249", order_type::limit, "100"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "251", order_type::limit, "100"))), "FAT_FINGER_NOTIONAL");
  d.strategy("s", {.orders = 5, .median_order = qty("2")});
  auto t = d.order("AAPL", buy, "21");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "FAT_FINGER_QTY");
  d.strategy("s", {.orders = 4, .median_order = qty("2")});
  t = d.order("AAPL", buy, "21");
  t.asked.strategy = strategy_id{"s"};
  EXPECT_EQ(said(d.send(t)), "APPROVED");
}

TEST(gate, wide_spreads_and_own_orders_in_the_way) {
  desk d;
  d.quote("AAPL", "99", "101", "100");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "SPREAD");
  d.quote("AAPL", "99.9", "100.1", "100");
  EXPECT_EQ(said(d.send(d.order("AAPL", sell, "1", order_type::limit, "101"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "101"))), "SELF_CROSS");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1", order_type::limit, "100.99"))), "APPROVED");
  EXPECT_EQ(said(d.send(d.order("AAPL", buy, "1"))), "APPROVED") << "reckoned up to 100.6005";
}

// ----------------------------------------------------------------- sizing

TEST(gate, sizes_from_money_weight_and_risk) {
  desk d;
  auto t = d.order("AAPL", buy, "1");
  t.asked.size = size_notional{usd("1050")};
  const auto answer = d.send(t);
  EXPECT_EQ(answer.verdict.approved, qty("10")) << said(answer) << (answer.verdict.rejection() ? answer.verdict.rejection()->message : "");
  t = d.order("AAPL", buy, "1");
  t.asked.size = size_weight{dec("0.05")};
  EXPECT_EQ(d.send(t).verdict.approved, qty("50"));
}

TEST(gate, regression_07_08_nothing_under_a_lot_is_bought) {
  desk d;
  auto t = d.order("AAPL", buy, "1");
  t.asked.size = size_notional{usd("99")};
  EXPECT_EQ(said(d.send(t)), "SIZE_BELOW_LOT") << "a share at 100 is not bought for 99";
  t = d.order("AAPL", buy, "0.05");
  EXPECT_EQ(said(d.send(t)), "LOT_SIZE") << "a weight in the field of a quantity";
  t = d.order("AAPL", buy, "1");
  t.asked.size = size_weight{dec("0.05")};
  EXPECT_EQ(d.send(t).verdict.approved, qty("50"));
  t = d.order("BTCUSD", buy, "0.05");
  EXPECT_EQ(d.send(t).verdict.original, qty("0.05")) << "a fraction where fractions are traded";
  t = d.order("AAPL", buy, "1", order_type::limit, "100");
  t.asked.size = size_risk{dec("0.001"), px("98")};
  EXPECT_EQ(d.ask(t).original, qty("50")) << "100 at risk, 2 a share";
  t = d.order("AAPL", buy, "1", order_type::limit, "100");
  t.asked.size = size_risk{dec("0.001"), px("100")};
  EXPECT_EQ(said(d.ask(t)), "SIZE_BELOW_LOT");
  d.g.state().set_market("AAPL", {});
  t = d.order("AAPL", buy, "1");
  t.asked.size = size_notional{usd("1000")};
  EXPECT_EQ(said(d.ask(t)), "NO_REFERENCE_PRICE");
}

TEST(gate, hostile_numbers_reject_with_internal) {
  desk d;
  d.loosen(limit_id::fat_finger_notional, "off");
  const auto huge = decimal{decimal::max_parsed};
  auto t = d.order("AAPL", buy, "1", order_type::limit, "100");
  t.asked.size = size_quantity{quantity{huge}};
  EXPECT_EQ(said(d.send(t)), "POSITION_LIMIT 100") << "large, but it can be cut";
  t = d.order("AAPL", buy, "1", order_type::limit, "100");
  t.asked.size = size_quantity{quantity{huge}};
  t.asked.limit_price = price{huge};
  EXPECT_EQ(d.ask(t).result, verdict::rejected);
  EXPECT_TRUE(d.ask(t).find(check_code::internal));
  t.asked.size = size_weight{huge};
  EXPECT_EQ(d.ask(t).result, verdict::rejected);
  auto v = d.view("MNQ");
  v.initial_margin.reset();
  d.set("MNQ", v);
  EXPECT_EQ(said(d.send(d.order("MNQ", buy, "1"))), "INTERNAL") << "no margin known";
}

} // namespace
} // namespace tt::risk::test
