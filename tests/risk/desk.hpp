#pragma once

// A trading desk for tests of the gate: one account with a few instruments, all
// figures in order, so that a test changes only what it is about.

#include "actors/risk/gate.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tt::risk::test {

using tt::test::at;
using tt::test::dec;
using tt::test::px;
using tt::test::qty;
using tt::test::usd;

/// One order and what it refers to.
struct ticket {
  order_request asked;
  intent_key key;
  order_view view;

  ticket() = default;
  ticket(const ticket& other) : asked(other.asked), key(other.key), view(other.view) { tie(); }
  ticket& operator=(const ticket& other) {
    asked = other.asked;
    key = other.key;
    view = other.view;
    tie();
    return *this;
  }
  void tie() {
    view.asked = &asked;
    view.key = &key;
  }
};

/// Thursday 2026-01-15, 10:00 in New York: the regular session.
inline utc_time session_time() { return at("2026-01-15T15:00:00Z"); }

class desk {
public:
  limit_book limits;
  kill_switch stop;
  breaker_board breakers;
  node_rates rates;
  gate g;
  utc_time now = session_time();
  grant everything;

  explicit desk(gate_settings settings = {}) : g(limits, stop, breakers, rates, std::move(settings)) {
    add("AAPL", asset_class::stock, "XNYS", "0.01", "1", "1", "100");
    add("MSFT", asset_class::stock, "XNYS", "0.01", "1", "1", "200");
    add("BTCUSD", asset_class::crypto, "24X7", "0.01", "0.0001", "1", "50000");
    add("MNQ", asset_class::futures, "CME_EQUITY", "0.25", "1", "2", "20000");
    auto& mnq = view("MNQ");
    mnq.initial_margin = usd("2000");
    set("MNQ", mnq);
    account.id = account_id{"acct"};
    account.type = account_type::margin;
    account.equity = usd("100000");
    account.cash = usd("100000");
    account.settled_cash = usd("100000");
    account.buying_power = usd("200000");
    account.start_of_day_equity = usd("100000");
    account.peak_equity = usd("100000");
    account.state_at = now;
    g.state().set_account(account);
    g.node() = {on_off::off, on_off::on, on_off::on};
    g.venue().state = venue_view::session::synced;
    g.venue().types = 0x7f;
    g.venue().lives = 0x7f;
    g.venue().extended_hours = on_off::on;
    g.venue().rests_while_closed = on_off::on;
    // tests of one rule are not about the look-alike and rate rules
    loosen(limit_id::runaway_orders, "1000");
    for (const auto id : {limit_id::order_rate_strategy_second, limit_id::order_rate_account_second, limit_id::order_rate_node_second})
      loosen(id, "1000");
    for (const auto id : {limit_id::order_rate_strategy_minute, limit_id::order_rate_account_minute, limit_id::order_rate_node_minute})
      loosen(id, "10000");
  }

  account_view account;

  void add(const char* symbol, asset_class kind, const char* calendar, const char* tick, const char* lot, const char* multiplier, const char* last) {
    auto what = std::make_unique<instrument>();
    what->symbol = symbol;
    what->exchange = "TEST";
    what->kind = kind;
    what->tick = px(tick);
    what->lot = qty(lot);
    what->multiplier = dec(multiplier);
    what->calendar_id = calendar;
    what->calendar = *find_calendar(calendar);
    instrument_view v;
    v.what = what.get();
    v.history = history_state::known;
    v.volatility = dec("0.3");
    instruments_.push_back(std::move(what));
    set(symbol, v);
    quote(symbol, last);
  }
  instrument& contract(const char* symbol) {
    for (auto& one : instruments_)
      if (one->symbol == symbol) return *one;
    std::abort();
  }
  instrument_view& view(const char* symbol) { return scratch_ = g.state().symbol(symbol)->instrument; }
  void set(const char* symbol, const instrument_view& v) {
    const auto copy = v;
    EXPECT_TRUE(g.state().set_instrument(symbol, copy));
  }
  /// Last, bid and ask at the same price, now.
  void quote(const char* symbol, const char* last) { quote(symbol, last, last, last); }
  void quote(const char* symbol, const char* bid, const char* ask, const char* last) {
    g.state().set_market(symbol, {px(last), px(bid), px(ask), now, now});
  }
  void hold(const char* symbol, const char* quantity) { EXPECT_TRUE(g.state().set_position(symbol, qty(quantity))); }
  void set_account() { g.state().set_account(account); }
  void strategy(const char* name, strategy_view v = {}) { EXPECT_TRUE(g.state().set_strategy(name, std::move(v))); }

  /// Sets a limit for everybody.
  void loosen(limit_id id, const char* value, limit_scope scope = limit_scope::global, std::string name = {}) {
    limit_change change;
    change.where = {scope, std::move(name)};
    change.values = {{id, *parse_limit(spec_of(id), value)}};
    change.author = "test";
    change.reason = "test";
    change.by = limit_change::role::admin;
    auto event = limits.propose(change, now);
    ASSERT_TRUE(event) << to_string(event.error());
    ASSERT_TRUE(limits.apply(*event));
  }

  ticket order(const char* symbol, order_side side, const char* quantity, order_type type = order_type::market, const char* price = nullptr) {
    ticket t;
    t.asked.account = account.id;
    t.asked.symbol = symbol;
    t.asked.side = side;
    t.asked.size = size_quantity{qty(quantity)};
    t.asked.type = type;
    if (price) (type == order_type::stop ? t.asked.stop_price : t.asked.limit_price) = px(price);
    ++count_;
    t.key = *intent_key::manual("test", std::to_string(count_));
    t.view.number = order_number{count_};
    t.view.may = &everything;
    t.view.principal = "test";
    t.tie();
    return t;
  }
  gate_answer send(const ticket& t) { return g.check_and_reserve(t.view, now); }
  decision ask(const ticket& t) { return g.preview(t.view, now); }
  /// Fills an order whole at once.
  void fill(const ticket& t, const char* quantity) {
    EXPECT_TRUE(g.state().on_fill(t.view.number, t.asked.symbol, direction_of(t.asked.side), qty(quantity), now));
  }

private:
  std::vector<std::unique_ptr<instrument>> instruments_;
  instrument_view scratch_;
  std::uint64_t count_ = 0;
};

/// "BUYING_POWER" or "APPROVED" or "POSITION_LIMIT 99" for a cut to 99.
inline std::string said(const decision& d) {
  auto out = d.code_text();
  if (d.result == verdict::approved_reduced) out += " " + d.approved.to_string();
  if (d.result == verdict::rejected && d.code == check_code::approved) out += " but rejected";
  return out;
}
inline std::string said(const gate_answer& a) {
  EXPECT_EQ(a.proof.has_value(), a.verdict.may_send());
  return said(a.verdict);
}

} // namespace tt::risk::test
