#include "stall.hpp"

#include <random>

namespace tt::execution::paper::test {
namespace {

using lines = stall::lines;
using namespace std::chrono_literals;

TEST(paper, market_orders_fill_at_the_other_side_of_the_quote) {
  stall s;
  s.quote("99.98", "100.02");
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10")), (lines{"A accepted working", "A +10@100.02", "A filled"}));
  EXPECT_EQ(s.send(s.request("AAPL", "sell", "4")), (lines{"B accepted working", "B -4@99.98", "B filled"}));
  EXPECT_EQ(s.venue.positions().at("AAPL").qty, qty("6"));
  EXPECT_EQ(*s.venue.balances(s.now).cash, usd("99399.72")) << "100,000 - 1,000.20 + 399.92";
}

TEST(paper, without_a_market_nothing_fills_and_no_price_is_made_up) {
  stall s;
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10")), lines{"A accepted working"});
  s.pass(1h);
  EXPECT_EQ(s.take(), lines{});
  EXPECT_EQ(s.quote("99", "101"), (lines{"A +10@101", "A filled"}));
  stall t;
  t.venue.on_quote("AAPL", {t.now, px("99"), {}, qty("5"), {}}); // nobody offers
  EXPECT_EQ(t.send(t.request("AAPL", "buy", "1")), lines{"A accepted working"});
  EXPECT_EQ(t.trade("100"), lines{}) << "there is a book, and it has no offers";
}

TEST(paper, yesterdays_quote_fills_nothing) {
  stall s;
  s.quote("99", "101");
  s.now = at("2026-01-16T15:00:00Z");
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10")), lines{"A accepted working"});
  EXPECT_EQ(s.quote("109", "110"), (lines{"A +10@110", "A filled"}));
}

TEST(paper, regression_36_limits_never_fill_worse_than_their_price) {
  stall s;
  s.quote("99", "101");
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10", "102")), (lines{"A accepted working", "A +10@101", "A filled"})) << "better: what stands";
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10", "100")), lines{"B accepted working"});
  EXPECT_EQ(s.quote("99.5", "100.01"), lines{});
  EXPECT_EQ(s.quote("98", "99.9"), (lines{"B +10@100", "B filled"})) << "it rested: its own price";
  EXPECT_EQ(s.send(s.request("AAPL", "sell", "10", "105")), lines{"C accepted working"});
  EXPECT_EQ(s.trade("104.99"), lines{});
  EXPECT_EQ(s.trade("106"), (lines{"C -10@105", "C filled"}));
}

TEST(paper, regression_36_stops_do_not_fill_before_touch) {
  stall s;
  s.quote("99.9", "100.1");
  s.trade("100");
  EXPECT_EQ(s.send(s.stop("AAPL", "buy", "10", "101")), lines{"A accepted working"});
  EXPECT_EQ(s.quote("101.5", "101.7"), lines{}) << "a market with a tape: prints touch";
  EXPECT_EQ(s.trade("100.99"), lines{});
  EXPECT_EQ(s.trade("101"), (lines{"A +10@101.7", "A filled"})) << "then as a market order";
  EXPECT_EQ(s.send(s.stop("AAPL", "sell", "10", "99")), lines{"B accepted working"});
  s.quote("98.4", "98.6");
  EXPECT_EQ(s.trade("98.5"), (lines{"B -10@98.4", "B filled"}));
}

TEST(paper, markets_without_a_tape_touch_by_their_quote) {
  stall s;
  auto eur = contract("EURUSD", asset_class::forex, "FOREX", "0.00001", "1000", "1");
  eur.basis = price_basis::bid;
  s.venue.list(eur);
  s.quote("1.10000", "1.10010", "1000000", "EURUSD");
  EXPECT_EQ(s.send(s.stop("EURUSD", "sell", "1000", "1.09950")), lines{"A accepted working"});
  EXPECT_EQ(s.quote("1.09951", "1.09961", "1000000", "EURUSD"), lines{});
  EXPECT_EQ(s.quote("1.09950", "1.09960", "1000000", "EURUSD"), (lines{"A -1000@1.0995", "A filled"}));
}

TEST(paper, stop_limits_become_limits) {
  stall s;
  s.quote("100", "100.1");
  s.trade("100");
  EXPECT_EQ(s.send(s.stop("AAPL", "buy", "10", "101", "101.5")), lines{"A accepted working"});
  s.quote("101.9", "102");
  EXPECT_EQ(s.trade("102"), lines{"A working touched"}) << "but beyond its limit";
  EXPECT_EQ(s.quote("101.3", "101.4"), (lines{"A +10@101.5", "A filled"}));
}

TEST(paper, trailing_stops_follow_the_market_one_way) {
  stall s;
  s.quote("100", "100.02");
  s.trade("100");
  EXPECT_EQ(s.send(s.trailing("sell", "10", "1")), (lines{"A accepted working", "A working stop 99"}));
  EXPECT_EQ(s.trade("99.01"), lines{});
  EXPECT_EQ(s.trade("102.5"), lines{}) << "where it stands is told once a second";
  EXPECT_EQ(s.trade("103"), lines{});
  s.pass(1s);
  EXPECT_EQ(s.take(), lines{"A working stop 102"});
  EXPECT_EQ(s.trade("102.01"), lines{});
  s.quote("101.99", "102.02");
  EXPECT_EQ(s.trade("102"), (lines{"A -10@101.99", "A filled"})) << "103 - 1";
  auto p = s.request("AAPL", "buy", "10");
  p.terms.type = order_type::trailing_stop;
  p.terms.trail_percent = dec("1");
  s.send(p);
  s.trade("100");
  EXPECT_EQ(s.trade("100.99"), lines{});
  EXPECT_EQ(s.trade("101").size(), 2u) << "1 % above 100";
}

TEST(paper, what_the_market_did_to_a_stop_outlasts_a_restart) {
  stall s;
  s.quote("100", "100.02");
  s.trade("100");
  const auto trailing = s.trailing("sell", "10", "1");
  s.send(trailing);
  const auto limit = s.stop("AAPL", "buy", "10", "101", "101.5");
  s.send(limit);
  s.pass(1s);
  EXPECT_EQ(s.quote("102.9", "103"), lines{"A working stop 101.9"});
  EXPECT_EQ(s.trade("103"), lines{"B working touched"}) << "a touch is told at once";
  s.pass(1s);
  EXPECT_EQ(s.take(), lines{"A working stop 102"});

  stall t;
  t.venue.restore_order(trailing, {}, {}, {}, {px("102"), false});
  t.venue.restore_order(limit, {}, {}, {}, {{}, true});
  t.quote("102.3", "102.4");
  EXPECT_EQ(t.trade("102.4"), lines{}) << "it does not go back to 101.4";
  EXPECT_EQ(t.trade("102"), (lines{"A -10@102.3", "A filled"}));
  EXPECT_EQ(t.quote("100.8", "100.9"), (lines{"B +10@101.5", "B filled"})) << "101 is not waited for again";
  EXPECT_EQ(t.venue.next_event(), std::nullopt);
}

TEST(paper, time_in_force) {
  stall s;
  s.quote("99", "101");
  const auto with = [&](time_in_force tif, const char* limit) {
    auto r = s.request("AAPL", "buy", "10", limit);
    r.terms.tif = tif;
    return s.send(r);
  };
  EXPECT_EQ(with(time_in_force::ioc, "100"), (lines{"A accepted working", "A cancelled"}));
  EXPECT_EQ(with(time_in_force::ioc, "101"), (lines{"B accepted working", "B +10@101", "B filled"}));
  EXPECT_EQ(with(time_in_force::day, "90"), lines{"C accepted working"});
  EXPECT_EQ(with(time_in_force::gtc, "91"), lines{"D accepted working"});
  s.now = at("2026-01-15T20:59:59Z");
  EXPECT_EQ(s.take(), lines{});
  s.now = at("2026-01-15T21:00:00Z");
  EXPECT_EQ(s.take(), (lines{"C expired", "D accepted"})) << "16:00 in New York";
  EXPECT_EQ(s.quote("80", "81"), lines{}) << "after hours is another session";
  s.now = at("2026-01-16T14:30:00Z");
  EXPECT_EQ(s.quote("85", "86"), (lines{"D working", "D +10@86", "D filled"})) << "the open is better than its limit";
  auto till = s.request("AAPL", "buy", "10", "50");
  till.terms.tif = time_in_force::gtd;
  till.terms.good_till = s.now + 10min;
  s.send(till);
  EXPECT_EQ(s.venue.next_event(), s.now + 10min);
  s.pass(10min);
  EXPECT_EQ(s.take(), lines{"E expired"});
}

TEST(paper, half_days_end_early_and_weekends_wait) {
  stall s({}, "2026-11-27T17:00:00Z"); // the day after Thanksgiving
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10", "90")), lines{"A accepted working"});
  s.now = at("2026-11-27T18:00:00Z");
  EXPECT_EQ(s.take(), lines{"A expired"});
  s.now = at("2026-11-28T15:00:00Z");
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10", "90")), lines{"B accepted accepted"});
  s.now = at("2026-11-30T14:30:00Z");
  EXPECT_EQ(s.take(), lines{"B working"});
  EXPECT_EQ(s.send(s.request("BTCUSD", "buy", "0.001", "90")), lines{"C accepted working"});
}

TEST(paper, fok_is_all_or_nothing_and_partial_fills_follow_the_size_shown) {
  stall s({.partial = partial_fills::on});
  s.quote("99", "101", "6");
  auto fok = s.request("AAPL", "buy", "10");
  fok.terms.tif = time_in_force::fok;
  EXPECT_EQ(s.send(fok), (lines{"A accepted working", "A cancelled"}));
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10")), (lines{"B accepted working", "B +6@101", "B working"}));
  EXPECT_EQ(s.trade("101", "50"), lines{}) << "the offer of 6 is gone until another one is shown";
  EXPECT_EQ(s.quote("99", "102", "3"), (lines{"B +3@102", "B working"}));
  EXPECT_EQ(s.quote("99", "103", "3"), (lines{"B +1@103", "B filled"}));
  EXPECT_EQ(s.fills.back().cumulative, qty("10"));
  s.quote("99", "103", "4");
  EXPECT_EQ(s.send(s.request("AAPL", "sell", "3")), (lines{"C accepted working", "C -3@99", "C filled"}));
  EXPECT_EQ(s.send(s.request("AAPL", "sell", "3")), (lines{"D accepted working", "D -1@99", "D working"})) << "two orders don't sell to the same bid";
}

TEST(paper, latency_slippage_and_next_tick) {
  stall s({.latency = 50ms, .slippage_ticks = 2});
  s.quote("99", "101");
  EXPECT_EQ(s.send(s.request("AAPL", "buy", "10")), lines{});
  s.pass(20ms);
  EXPECT_EQ(s.quote("103", "105"), lines{}) << "not there yet";
  s.pass(30ms);
  EXPECT_EQ(s.take(), (lines{"A accepted working", "A +10@105.02", "A filled"}));
  stall n({.basis = fill_basis::next_tick});
  n.quote("99", "101");
  EXPECT_EQ(n.send(n.request("AAPL", "buy", "10")), lines{"A accepted working"});
  EXPECT_EQ(n.quote("99", "102"), (lines{"A +10@102", "A filled"}));
  stall m({.basis = fill_basis::mid_cross});
  m.quote("99", "101");
  m.send(m.request("AAPL", "buy", "10", "100"));
  EXPECT_EQ(m.quote("99.9", "100"), (lines{"A +10@100", "A filled"})) << "middle 99.95";
  m.send(m.request("AAPL", "buy", "10", "99"));
  EXPECT_EQ(m.trade("99"), lines{}) << "a print at the limit is no crossing";
  EXPECT_EQ(m.trade("98.99"), (lines{"B +10@99", "B filled"}));
}

TEST(paper, limits_pay_no_slippage_and_fees_are_those_of_the_schedule) {
  fill_model f{.slippage_ticks = 5, .partial = partial_fills::on};
  f.fees = {usd("1"), usd("0.005"), dec("0.0001"), usd("0.003"), dec("0.00002")};
  stall s(f);
  s.quote("100", "100", "60");
  s.send(s.request("AAPL", "buy", "100", "100"));
  s.quote("100", "100", "60");
  ASSERT_EQ(s.fills.size(), 2u);
  EXPECT_EQ(s.fills[0].px, px("100"));
  EXPECT_EQ(s.fills[0].fees.commission, usd("1.9")) << "1 + 60 × 0.005 + 6,000 × 0.0001";
  EXPECT_EQ(s.fills[0].fees.exchange, usd("0.18"));
  EXPECT_EQ(s.fills[0].fees.regulatory, usd("0"));
  EXPECT_EQ(s.fills[1].fees.commission, usd("0.6")) << "40 more, and no second fee of the order";
  s.quote("100", "100", "60");
  s.send(s.request("AAPL", "sell", "10", "100"));
  EXPECT_EQ(s.fills[2].fees.regulatory, usd("0.02"));
}

TEST(paper, bars_are_walked_along_the_backtesters_path) {
  stall s({}, "2026-01-15T14:30:00Z");
  s.send(s.request("AAPL", "buy", "1"));              // A: at the open
  s.send(s.request("AAPL", "buy", "1", "98"));        // B: limit below
  s.send(s.stop("AAPL", "sell", "1", "97"));          // C: stop below that
  s.send(s.request("AAPL", "sell", "1", "103"));      // D: limit above
  s.send(s.stop("AAPL", "buy", "1", "110"));          // E: never reached
  // the low is nearer to the open: 100, 96, 104, 101
  const bar b{s.now, px("100"), px("104"), px("96"), px("101"), qty("1000")};
  s.now += 1min;
  s.venue.on_bar("AAPL", b, s.now);
  EXPECT_EQ(s.take(), (lines{"A +1@100", "A filled", "B +1@98", "B filled", "C -1@97", "C filled", "D -1@103", "D filled"}));
  // a gap: levels that the market jumped over fill at the open
  const bar gap{s.now, px("120"), px("121"), px("119"), px("120"), qty("1000")};
  s.now += 1min;
  s.venue.on_bar("AAPL", gap, s.now);
  EXPECT_EQ(s.take(), (lines{"E +1@120", "E filled"}));
}

TEST(paper, a_bar_does_not_fill_what_came_while_it_was_under_way) {
  stall s({}, "2026-01-15T14:30:30Z");
  s.send(s.request("AAPL", "buy", "1"));
  const bar b{at("2026-01-15T14:30:00Z"), px("100"), px("104"), px("96"), px("101"), qty("1000")};
  s.now = at("2026-01-15T14:31:00Z");
  s.venue.on_bar("AAPL", b, s.now);
  EXPECT_EQ(s.take(), lines{});
}

TEST(paper, requests_it_can_not_serve_are_refused_with_their_field) {
  stall s;
  const auto text = [&](const submit_request& r) {
    s.venue.submit(r, s.now);
    const auto reports = s.venue.take(s.now);
    return std::get<submit_answer>(reports.at(0)).text;
  };
  EXPECT_EQ(text(s.request("NOPE", "buy", "1")).substr(0, 7), "symbol:");
  auto r = s.request("AAPL", "buy", "1");
  r.terms.type = order_type::bracket;
  EXPECT_EQ(text(r).substr(0, 5), "type:");
  r = s.request("AAPL", "buy", "1");
  r.terms.side = static_cast<order_side>(40);
  EXPECT_EQ(text(r).substr(0, 5), "side:");
  r = s.request("AAPL", "buy", "1", "99.999");
  EXPECT_NE(text(r), "");
  r = s.request("AAPL", "buy", "1");
  EXPECT_EQ(text(r), "");
  EXPECT_EQ(text(r).substr(0, 9), "duplicate") << "the same wire id";
  r = s.request("AAPL", "buy", "1");
  r.epoch = lease_epoch{5};
  EXPECT_EQ(text(r), "");
  r = s.request("AAPL", "buy", "1");
  r.epoch = lease_epoch{4};
  EXPECT_EQ(text(r).substr(0, 8), "an older");
}

TEST(paper, cancels_and_changes) {
  stall s;
  s.quote("99", "101");
  const auto r = s.request("AAPL", "buy", "10", "98");
  s.send(r);
  s.venue.replace({lease_epoch::none, r.account, r.wire_id, {}, "s1", [&] { auto t = r.terms; t.limit_price = px("101"); t.qty = qty("4"); return t; }(), 2}, s.now);
  EXPECT_EQ(s.take(), (lines{"A replace confirmed", "A +4@101", "A filled"}));
  s.venue.cancel({lease_epoch::none, r.account, r.wire_id, {}, "s1"}, s.now);
  EXPECT_EQ(s.take(), lines{"A cancel not_open"});
  const auto b = s.request("AAPL", "buy", "10", "98");
  s.send(b);
  s.venue.cancel({lease_epoch::none, b.account, {}, venue_order_id{"P2"}, "another epoch"}, s.now);
  EXPECT_EQ(s.take(), lines{" cancel not_open"}) << "an id of another epoch is another order";
  s.venue.cancel({lease_epoch::none, b.account, b.wire_id, {}, "s1"}, s.now);
  EXPECT_EQ(s.take(), (lines{"B cancelled", "B cancel confirmed"}));
}

TEST(paper, listings_are_complete_and_balances_know_what_they_do_not_know) {
  stall s({}, "2026-01-15T15:00:00Z", account_type::futures);
  s.quote("20000", "20000", "100", "MNQ");
  s.send(s.request("MNQ", "buy", "2"));
  s.quote("20010", "20010", "100", "MNQ");
  auto b = s.venue.balances(s.now);
  EXPECT_EQ(*b.cash, usd("100000"));
  EXPECT_EQ(*b.equity, usd("100040")) << "2 contracts × 10 points × 2";
  EXPECT_EQ(*b.buying_power, usd("96040"));
  s.venue.listing({account_id{"paper_simulator"}, 7, journal_offset{3}, {}, {wire_order_id{"A"}, wire_order_id{"Z"}}}, s.now);
  const auto reports = s.venue.take(s.now);
  const auto& all = std::get<venue_snapshot>(reports.at(0));
  EXPECT_EQ(all.id, 7u);
  EXPECT_EQ(all.asked_at, journal_offset{3});
  EXPECT_EQ(all.orders_are, completeness::complete);
  EXPECT_EQ(all.positions.at(0), (venue_position{"MNQ", qty("2"), px("20000")}));
  EXPECT_EQ(all.executions.size(), 1u);
  ASSERT_EQ(all.lookups.size(), 2u);
  EXPECT_EQ(all.lookups[0].outcome, lookup_outcome::found);
  EXPECT_EQ(all.lookups[0].report->cumulative, qty("2"));
  EXPECT_EQ(all.lookups[1].outcome, lookup_outcome::absent);
  paper_broker fresh(stall::settings({}, account_type::margin), "s2", s.now);
  position held;
  held.symbol = "AAPL";
  held.qty = qty("10");
  fresh.restore(usd("99000"), {held});
  EXPECT_FALSE(fresh.balances(s.now).equity) << "a position without a price has no value";
  EXPECT_EQ(*fresh.balances(s.now).cash, usd("99000"));
}

TEST(paper, a_future_in_a_margin_account_ties_up_its_margin_and_not_its_notional) {
  stall s;
  s.quote("20000", "20000", "100", "MNQ"); // 40,000 a contract
  s.send(s.request("MNQ", "buy", "3"));
  const auto b = s.venue.balances(s.now);
  EXPECT_EQ(*b.initial_margin, usd("6000"));
  EXPECT_EQ(*b.maintenance_margin, usd("6000")) << "as the initial one where the contract says no other";
  EXPECT_EQ(*b.buying_power, usd("188000")) << "(100,000 - 6,000) × 2";
  stall none;
  EXPECT_FALSE(none.venue.balances(none.now).initial_margin) << "of an account that holds nothing on margin there is none";
}

TEST(paper, a_contract_brings_its_own_margins) {
  auto gold = contract("MGC", asset_class::futures, "CME_EQUITY", "0.1", "1", "10");
  gold.initial_margin = usd("2200");
  gold.maintenance_margin = usd("2000");
  stall s;
  s.venue.list(gold);
  s.quote("4000", "4000", "100", "MGC");
  s.send(s.request("MGC", "sell_short", "2"));
  EXPECT_EQ(*s.venue.balances(s.now).initial_margin, usd("4400"));
  EXPECT_EQ(*s.venue.balances(s.now).maintenance_margin, usd("4000"));
}

/// Regressions 35 and 36 over random orders and a random market: positions are the sum of
/// executions, cash is what was paid less fees, no limit fills worse than it is, no stop before touch.
TEST(paper, regression_35_36_invariants_hold_after_every_step) {
  std::mt19937_64 random(7);
  const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
  for (int run = 0; run < 40; ++run) {
    fill_model f{.basis = static_cast<fill_basis>(draw(3)), .latency = std::chrono::milliseconds{draw(3) * 7}, .slippage_ticks = draw(3),
                 .partial = static_cast<partial_fills>(draw(2))};
    f.fees = {usd("0.5"), usd("0.01"), dec("0.0002"), usd("0.002"), dec("0.00002")};
    stall s(f);
    std::map<std::string, submit_request> sent;
    decimal cash{100'000}, position;
    std::map<std::string, decimal> filled;
    std::int64_t mid = 10'000;
    std::int64_t low = mid, high = mid; // of prints since the start, cents
    const auto cents = [](std::int64_t c) { return price{decimal::from_scaled(c, 2)}; };
    for (int step = 0; step < 150; ++step) {
      s.pass(std::chrono::milliseconds{draw(20)});
      const int what = draw(6);
      if (what < 2) {
        submit_request r = s.request("AAPL", draw(2) ? "buy" : "sell", std::to_string(1 + draw(20)).c_str());
        r.wire_id = wire_order_id{"W" + std::to_string(step)};
        const int kind = draw(4);
        if (kind == 1 || kind == 3) r.terms.limit_price = cents(mid + draw(41) - 20);
        if (kind >= 2) r.terms.stop_price = cents(mid + draw(41) - 20);
        r.terms.type = kind == 0 ? order_type::market : kind == 1 ? order_type::limit : kind == 2 ? order_type::stop : order_type::stop_limit;
        if (kind == 1 && draw(4) == 0) r.terms.tif = time_in_force::ioc;
        sent[r.wire_id.str()] = r;
        s.venue.submit(r, s.now);
      } else if (what < 4) {
        mid += draw(21) - 10;
        s.venue.on_quote("AAPL", {s.now, cents(mid - 1), cents(mid + 1), quantity{1 + draw(30)}, quantity{1 + draw(30)}});
      } else {
        mid += draw(7) - 3;
        low = std::min(low, mid);
        high = std::max(high, mid);
        s.venue.on_trade("AAPL", {s.now, cents(mid), quantity{1 + draw(30)}});
      }
      for (const auto& report : s.venue.take(s.now)) {
        const auto* e = std::get_if<execution_report>(&report);
        if (!e) continue;
        const auto& r = sent.at(e->order.wire_id.str());
        const bool is_buy = e->way == direction::buy;
        if (r.terms.limit_price) {
          EXPECT_TRUE(is_buy ? e->px <= *r.terms.limit_price : e->px >= *r.terms.limit_price);
        }
        EXPECT_TRUE(e->px.value().is_positive());
        const auto value = e->px.value() * e->qty.value();
        const auto fees = total_of(e->fees)->value();
        cash += (is_buy ? -value : value) - fees;
        position += is_buy ? e->qty.value() : -e->qty.value();
        auto& total = filled[e->order.wire_id.str()];
        total += e->qty.value();
        EXPECT_EQ(e->cumulative->value(), total);
        EXPECT_LE(total, r.terms.qty.value());
      }
      const auto& held = s.venue.positions();
      ASSERT_EQ(held.contains("AAPL") ? held.at("AAPL").qty.value() : decimal{}, position) << "run " << run << " step " << step;
      ASSERT_EQ(s.venue.balances(s.now).cash->value(), cash) << "run " << run << " step " << step;
    }
  }
}

} // namespace
} // namespace tt::execution::paper::test
