// The whole way of an order on a paper account: account core, risk gate, paper broker.

#include "stall.hpp"

#include "actors/execution/risk_gate.hpp"

#include <random>

namespace tt::execution::test {
namespace {

using namespace paper::test;
using namespace std::chrono_literals;

class account {
public:
  utc_time now = at("2026-01-15T15:00:00Z");
  risk::limit_book limits;
  risk::kill_switch stop;
  risk::breaker_board breakers;
  risk::node_rates rates;
  risk_gate gate{limits, stop, breakers, rates};
  instrument aapl = contract("AAPL", asset_class::stock, "XNYS", "0.01", "1", "1");
  paper::paper_broker venue{paper::paper_settings{}, "s1", now};
  std::vector<journal_record> journal;
  std::unique_ptr<account_core> core;

  account() {
    account_opened opening;
    opening.profile.id = account_id{"paper_simulator"};
    opening.profile.venue = venue_id{"paper"};
    opening.cash = money{100'000};
    journal_record first;
    first.offset = journal_offset{1};
    first.at = now;
    first.fact = opening;
    journal.push_back(first);
    start();
    venue.list(aapl);
    for (const auto id : {risk::limit_id::order_rate_account_second, risk::limit_id::order_rate_node_second, risk::limit_id::runaway_orders})
      loosen(id, "1000");
    for (const auto id : {risk::limit_id::order_rate_account_minute, risk::limit_id::order_rate_node_minute}) loosen(id, "10000");
    quote("99.99", "100.01");
    run(core->start(now));
  }
  /// A new process: everything from the journal.
  void start() {
    account_book book;
    for (const auto& one : journal) ASSERT_TRUE(book.apply(one));
    core_settings s;
    s.epoch = lease_epoch{1};
    s.node = "alpha";
    s.can = paper::paper_capabilities();
    s.fx = [](const std::string&) { return std::optional{decimal{1}}; };
    s.contract = [](const std::string&) { return std::optional{contract_terms{}}; };
    auto& g = gate.core();
    auto view = contract_view_of(aapl, decimal{1});
    view.history = risk::history_state::known;
    view.volatility = dec("0.3");
    ASSERT_TRUE(g.state().set_instrument("AAPL", view));
    g.node() = {risk::on_off::off, risk::on_off::on, risk::on_off::on};
    g.venue() = venue_view_of(s.can, risk::venue_view::session::synced);
    g.venue().rests_while_closed = risk::on_off::on;
    refresh(book.profile());
    ASSERT_TRUE(gate.restore(book, now));
    core = std::make_unique<account_core>(std::move(book), s, gate);
  }
  void refresh(const account_profile& profile) {
    const auto balances = venue.balances(now);
    account_figures figures;
    figures.equity = balances.equity.value_or(money{100'000});
    figures.start_of_day_equity = figures.peak_equity = money{100'000};
    figures.day_pnl = figures.equity - figures.start_of_day_equity;
    figures.cash = *balances.cash;
    figures.at = now;
    gate.core().state().set_account(account_view_of(profile, figures, balances, risk::state_feed::streamed));
  }
  void loosen(risk::limit_id id, const char* value) {
    risk::limit_change change;
    change.values = {{id, *risk::parse_limit(risk::spec_of(id), value)}};
    change.author = change.reason = "test";
    change.by = risk::limit_change::role::admin;
    ASSERT_TRUE(limits.apply(*limits.propose(change, now)));
  }
  void quote(const char* bid, const char* ask) {
    venue.on_quote("AAPL", {now, px(bid), px(ask), qty("1000"), qty("1000")});
    gate.core().state().set_market("AAPL", {px(ask), px(bid), px(ask), now, now});
    refresh(core->book().profile());
    drain();
  }
  /// Journal first, then the effects, then what the venue says to them.
  outcome run(outcome out) {
    for (const auto& record : out.records) journal.push_back(record);
    for (const auto& one : out.effects) {
      if (const auto* send = std::get_if<std::shared_ptr<const send_command>>(&one)) venue.submit((*send)->request(), now);
      if (const auto* change = std::get_if<std::shared_ptr<const change_command>>(&one)) venue.replace((*change)->request(), now);
      if (const auto* r = std::get_if<cancel_request>(&one)) venue.cancel(*r, now);
      if (const auto* r = std::get_if<lookup_request>(&one)) venue.lookup(*r, now);
      if (const auto* r = std::get_if<listing_request>(&one)) venue.listing(*r, now);
      if (const auto* alarm = std::get_if<alert_effect>(&one)) alarms.push_back(alarm->code + " " + alarm->text);
    }
    if (!is_draining_) drain();
    return out;
  }
  void drain() {
    is_draining_ = true;
    for (int round = 0; round < 100; ++round) {
      auto reports = venue.take(now);
      if (reports.empty()) break;
      for (auto& report : reports) {
        if (auto* all = std::get_if<venue_snapshot>(&report)) all->received_at = core->book().last(); // as the actor does
        run(core->on_report(report, now));
      }
    }
    is_draining_ = false;
    refresh(core->book().profile());
  }
  new_order wanted(order_side side, const char* size, const char* limit = nullptr) {
    new_order out;
    out.symbol = out.request.symbol = "AAPL";
    out.request.account = account_id{"paper_simulator"};
    out.request.side = side;
    out.request.size = size_quantity{qty(size)};
    if (limit) {
      out.request.type = order_type::limit;
      out.request.limit_price = px(limit);
    }
    out.key = *intent_key::manual("ann", std::to_string(++count_));
    return out;
  }
  const order& place(const new_order& what) {
    gate.expect(what.key, {.principal = "ann"});
    const auto out = run(core->place(what, now));
    EXPECT_FALSE(out.refused) << to_string(*out.refused);
    return *core->book().find(out.order);
  }
  /// What the gate believes against what the journal says.
  void check_in_step() {
    const auto& book = core->book();
    const auto* seen = gate.core().state().symbol("AAPL");
    ASSERT_EQ(seen->position, book.held("AAPL"));
    const auto& at_venue = venue.positions();
    ASSERT_EQ(seen->position, at_venue.contains("AAPL") ? at_venue.at("AAPL").qty : quantity{});
    std::size_t open = 0;
    for (const auto number : book.open_orders()) {
      const auto& what = *book.find(number);
      if (!may_trade(what.state)) continue;
      ++open;
      const auto* reserved = gate.core().state().working(number);
      ASSERT_TRUE(reserved) << raw(number);
      ASSERT_EQ(reserved->remaining, what.remaining()) << raw(number);
    }
    ASSERT_EQ(gate.core().state().working_orders(), open);
  }

  std::vector<std::string> alarms;

private:
  bool is_draining_ = false;
  int count_ = 0;
};

TEST(trading, an_order_goes_through_gate_journal_and_venue) {
  account a;
  const auto& first = a.place(a.wanted(order_side::buy, "10"));
  EXPECT_EQ(first.state, order_state::filled);
  EXPECT_EQ(first.average_price(), px("100.01"));
  EXPECT_EQ(a.core->book().held("AAPL"), qty("10"));
  a.check_in_step();
  const auto& cut = a.place(a.wanted(order_side::buy, "200", "100"));
  EXPECT_EQ(cut.state, order_state::working);
  EXPECT_EQ(cut.decision.code, "POSITION_LIMIT");
  EXPECT_LT(cut.terms.qty, qty("91")) << "10 are held";
  EXPECT_EQ(cut.original, qty("200"));
  a.check_in_step();
  a.run(a.core->cancel(cut.number, "enough", a.now));
  EXPECT_EQ(a.core->book().find(cut.number)->state, order_state::cancelled);
  a.check_in_step();
}

TEST(trading, an_order_of_nobody_is_refused) {
  account a;
  const auto what = a.wanted(order_side::buy, "10");
  const auto out = a.run(a.core->place(what, a.now));
  EXPECT_EQ(a.core->book().find(out.order)->state, order_state::risk_rejected);
  EXPECT_EQ(a.core->book().find(out.order)->reject_code, "SCOPE");
  EXPECT_EQ(a.venue.open_orders(), 0u);
}

TEST(trading, changes_go_through_the_gate_too) {
  account a;
  const auto number = a.place(a.wanted(order_side::buy, "50", "99")).number;
  terms_change change;
  change.qty = qty("60");
  ASSERT_FALSE(a.run(a.core->replace(number, change, a.now)).refused);
  EXPECT_EQ(a.core->book().find(number)->terms.qty, qty("60"));
  a.check_in_step();
  change.qty = qty("100000");
  const auto out = a.run(a.core->replace(number, change, a.now));
  EXPECT_TRUE(out.refused || a.core->book().find(number)->terms.qty <= qty("101"));
  a.check_in_step();
}

TEST(trading, legs_of_a_bracket_close_and_are_never_held_back_by_limits) {
  account a;
  auto what = a.wanted(order_side::buy, "100", "100.01");
  what.request.type = order_type::bracket;
  what.request.loss = stop_loss{px("95"), {}};
  what.request.profit = take_profit{px("104")};
  const auto& entry = a.place(what);
  EXPECT_EQ(entry.filled, entry.terms.qty);
  ASSERT_GE(a.core->book().orders().size(), 2u);
  bool has_stop = false;
  for (const auto& one : a.core->book().orders())
    if (one.parent == entry.number && one.leg == "stop") has_stop = is_live(one.state);
  EXPECT_TRUE(has_stop) << "the position is protected at the venue";
  a.check_in_step();
}

TEST(trading, a_stop_that_waits_for_the_open_follows_the_position_and_can_be_moved) {
  account a;
  auto what = a.wanted(order_side::buy, "40", "100.01");
  what.request.type = order_type::bracket;
  what.request.tif = time_in_force::gtc;
  what.request.loss = stop_loss{px("95"), {}};
  const auto entry = a.place(what).number;
  ASSERT_EQ(a.core->book().held("AAPL"), qty("40"));
  a.now = at("2026-01-15T22:00:00Z");
  a.quote("99.99", "100.01");
  const auto extended = [&](const char* size, const char* limit) {
    auto out = a.wanted(order_side::sell, size, limit);
    out.request.hours = order_hours::extended;
    return a.place(out).number;
  };
  const auto stop = [&]() -> const order& {
    for (const auto leg : a.core->book().find(entry)->linked)
      if (may_trade(a.core->book().find(leg)->state)) return *a.core->book().find(leg);
    ADD_FAILURE() << "no stop";
    return *a.core->book().find(entry);
  };
  a.run(a.core->on_price("AAPL", px("100"), a.now));
  const auto exit = extended("5", "99.50"); // the legs make room, and come back
  ASSERT_EQ(a.core->book().find(exit)->state, order_state::filled) << a.core->book().find(exit)->reason;
  ASSERT_EQ(stop().state, order_state::accepted);
  ASSERT_EQ(stop().terms.qty, qty("35"));
  const auto rests = extended("10", "100.20");
  ASSERT_EQ(a.core->book().find(rests)->state, order_state::working) << a.core->book().find(rests)->reason;
  a.now += 1s;
  a.quote("100.30", "100.32");
  ASSERT_EQ(a.core->book().held("AAPL"), qty("25"));
  EXPECT_EQ(stop().terms.qty, qty("25"));
  EXPECT_EQ(stop().state, order_state::accepted);
  terms_change to;
  to.stop_price = px("96");
  EXPECT_FALSE(a.run(a.core->replace(stop().number, to, a.now)).refused);
  EXPECT_EQ(stop().terms.stop_price, px("96"));
  a.check_in_step();
  a.now = at("2026-01-16T14:31:00Z");
  a.quote("95.00", "95.02");
  a.now += 1s;
  a.quote("95.00", "95.02");
  EXPECT_EQ(a.core->book().held("AAPL"), qty("0"));
  a.check_in_step();
}

/// Random trading with restarts: gate, journal and venue agree after every step.
TEST(trading, gate_journal_and_venue_stay_in_step) {
  std::mt19937_64 random(3);
  const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
  for (int run = 0; run < 10; ++run) {
    account a;
    std::int64_t mid = 10'000;
    const auto text = [](std::int64_t cents) { return decimal::from_scaled(cents, 2).to_string(); };
    for (int step = 0; step < 80; ++step) {
      a.now += 700ms;
      const int what = draw(10);
      if (what < 5) {
        const auto side = draw(2) ? order_side::buy : order_side::sell;
        const auto limit = text(mid + draw(61) - 30);
        a.place(a.wanted(side, std::to_string(1 + draw(60)).c_str(), draw(3) ? limit.c_str() : nullptr));
      } else if (what < 7) {
        mid += draw(61) - 30;
        a.quote(text(mid - 1).c_str(), text(mid + 1).c_str());
      } else if (what < 9 && !a.core->book().open_orders().empty()) {
        const auto& open = a.core->book().open_orders();
        auto at = open.begin();
        std::advance(at, draw(static_cast<int>(open.size())));
        if (draw(2)) a.run(a.core->cancel(*at, "test", a.now));
        else {
          terms_change change;
          change.qty = quantity{1 + draw(80)};
          a.run(a.core->replace(*at, change, a.now));
        }
      }
      a.quote(text(mid - 1).c_str(), text(mid + 1).c_str());
      ASSERT_NO_FATAL_FAILURE(a.check_in_step()) << "run " << run << " step " << step;
    }
  }
}

/// Days of the master are days of the contract's own calendar.
TEST(trading, what_the_master_knows_of_a_contract_reaches_the_gate) {
  auto es = contract("ESM6", asset_class::futures, "CME_EQUITY", "0.25", "1", "50");
  es.last_trade = civil_date::of(2026, 6, 19);
  es.first_notice = civil_date::of(2026, 6, 13); // a Saturday
  es.sector = "Index";
  es.issuer = "S&P";
  es.broad_index = true;
  es.min_notional = money{5};
  es.tradable = false;
  const auto view = contract_view_of(es, decimal{1});
  EXPECT_EQ(view.last_trade, es.calendar->on_or_before(*es.last_trade)->regular.close);
  EXPECT_EQ(view.first_notice, es.calendar->on_or_after(*es.first_notice)->extended.open);
  EXPECT_EQ(view.first_notice, at("2026-06-14T22:00:00Z")) << "the session of Monday begins on Sunday at 17:00 in Chicago";
  EXPECT_EQ(view.sector, "Index");
  EXPECT_EQ(view.issuer, "S&P");
  EXPECT_EQ(view.broad_index, risk::on_off::on);
  EXPECT_EQ(view.min_notional, money{5});
  EXPECT_EQ(view.state, risk::listing::halted);
  const auto plain = contract_view_of(contract("AAPL", asset_class::stock, "XNYS", "0.01", "1", "1"), decimal{1});
  EXPECT_EQ(plain.state, risk::listing::tradable);
  EXPECT_FALSE(plain.last_trade || plain.first_notice || plain.min_notional);
}

/// The order that somebody placed by hand counts in the limits of the next one.
TEST(trading, regression_21_an_order_by_hand_is_adopted_and_counted_in_the_limits) {
  account a;
  submit_request by_hand;
  by_hand.epoch = lease_epoch{1};
  by_hand.account = account_id{"paper_simulator"};
  by_hand.wire_id = wire_order_id{"HAND"};
  by_hand.symbol = "AAPL";
  by_hand.terms.type = order_type::limit;
  by_hand.terms.limit_price = px("99");
  by_hand.terms.qty = qty("60");
  a.venue.submit(by_hand, a.now);
  a.now += 1s;
  a.run(a.core->look(a.now));
  ASSERT_EQ(a.core->book().orders().size(), 1u);
  const auto adopted = a.core->book().orders().front();
  EXPECT_EQ(adopted.owner, ownership::external);
  EXPECT_EQ(adopted.state, order_state::working);
  ASSERT_TRUE(a.gate.core().state().working(adopted.number)) << "it holds its room";
  const auto& next = a.place(a.wanted(order_side::buy, "60", "99")); // 10 % of 100,000 are 101 units, 60 of them are taken
  EXPECT_EQ(next.decision.code, "POSITION_LIMIT");
  EXPECT_LT(next.terms.qty, qty("42"));
  EXPECT_GT(next.terms.qty, qty("35"));
  a.check_in_step();
}

/// A new gate from the journal alone has the same positions and reservations.
TEST(trading, regression_19_a_restart_brings_the_reservations_back) {
  account a;
  a.place(a.wanted(order_side::buy, "30"));
  a.place(a.wanted(order_side::buy, "40", "99"));
  a.place(a.wanted(order_side::sell, "10", "101"));
  account_book book;
  for (const auto& one : a.journal) ASSERT_TRUE(book.apply(one));
  risk_gate again{a.limits, a.stop, a.breakers, a.rates};
  auto view = contract_view_of(a.aapl, decimal{1});
  view.history = risk::history_state::too_short;
  ASSERT_FALSE(again.restore(book, a.now)) << "without the contract nothing is guessed";
  ASSERT_TRUE(again.core().state().set_instrument("AAPL", view));
  again.core().state().set_account(a.gate.core().state().account());
  ASSERT_TRUE(again.restore(book, a.now));
  const auto& before = *a.gate.core().state().symbol("AAPL");
  const auto& after = *again.core().state().symbol("AAPL");
  EXPECT_EQ(after.position, before.position);
  EXPECT_EQ(again.core().state().working_orders(), 2u);
  EXPECT_EQ(risk::closable(after, direction::sell), risk::closable(before, direction::sell));
  risk::checked_math math;
  EXPECT_EQ(again.core().state().held_buying_power(math), decimal{40 * 99});
}

} // namespace
} // namespace tt::execution::test
