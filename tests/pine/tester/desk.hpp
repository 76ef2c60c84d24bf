#pragma once
/// A broker with short commands, for rule tests: one tick is 1, one lot is 1, no margin unless a test asks for it.

#include "actors/pine/tester/broker.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <sstream>
#include <string>

namespace tt::pine::tester::testing {

inline broker_rules plain_rules() {
  broker_rules r;
  r.grid = {1, 1, 1, 1, 1};
  r.initial_capital = 1000;
  r.margin_long = r.margin_short = 0;
  return r;
}

struct levels {
  double qty = no_value, limit = no_value, stop = no_value;
  const char* oca_name = "";
  oca_kind oca = oca_kind::none;
  const char* comment = "";
};
struct bracket {
  double qty = no_value, qty_percent = no_value, limit = no_value, stop = no_value, profit = no_value, loss = no_value;
  double trail_price = no_value, trail_points = no_value, trail_offset = no_value;
  const char* oca_name = "";
};

class desk {
public:
  explicit desk(broker_rules rules = plain_rules()) : b(rules, texts, log_fills::on) {}

  /// Orders meet the bar; then what the test says next counts as said on its close.
  desk& bar(double o, double h, double l, double c) {
    if (++index > 0) b.after_script();
    b.bar({index * 60'000, index, index / day_bars}, bar_prices{o, h, l, c});
    return *this;
  }
  /// A bar that is quoted between the ticks: the emulator sees it rounded.
  desk& quoted(double o, double h, double l, double c) {
    if (++index > 0) b.after_script();
    const auto& g = b.rules().grid;
    b.bar({index * 60'000, index, index / day_bars}, {{on_ticks(o, g), on_ticks(h, g), on_ticks(l, g), on_ticks(c, g)}, {o, h, l, c}});
    return *this;
  }
  desk& flat_bar(double p) { return bar(p, p, p, p); }
  desk& done() {
    b.after_script();
    return *this;
  }
  desk& entry(const char* id, trade_side side, levels l = {}) { return send(order_command::kind_t::entry, id, side, l); }
  desk& buy(const char* id, levels l = {}) { return entry(id, trade_side::long_, l); }
  desk& sell(const char* id, levels l = {}) { return entry(id, trade_side::short_, l); }
  desk& plain(const char* id, trade_side side, levels l = {}) { return send(order_command::kind_t::order, id, side, l); }
  desk& exit(const char* id, const char* from, bracket x) {
    order_command c;
    c.kind = order_command::kind_t::exit;
    c.id = texts.id(id);
    c.from_entry = texts.id(from);
    c.qty = x.qty, c.qty_percent = x.qty_percent, c.limit = x.limit, c.stop = x.stop, c.profit = x.profit, c.loss = x.loss;
    c.trail_price = x.trail_price, c.trail_points = x.trail_points, c.trail_offset = x.trail_offset;
    c.oca_name = texts.id(x.oca_name);
    b.command(c);
    return *this;
  }
  desk& close(const char* id, double qty = no_value, double percent = no_value, close_time when = close_time::next_tick) {
    order_command c;
    c.kind = order_command::kind_t::close;
    c.id = texts.id(id);
    c.qty = qty;
    c.qty_percent = percent;
    c.when = when;
    c.statement = ++statement;
    b.command(c);
    return *this;
  }
  desk& close_all(close_time when = close_time::next_tick) {
    order_command c;
    c.kind = order_command::kind_t::close_all;
    c.when = when;
    c.statement = ++statement;
    b.command(c);
    return *this;
  }
  desk& cancel(const char* id) {
    order_command c;
    c.kind = order_command::kind_t::cancel;
    c.id = texts.id(id);
    b.command(c);
    return *this;
  }
  desk& cancel_all() {
    order_command c;
    c.kind = order_command::kind_t::cancel_all;
    b.command(c);
    return *this;
  }
  desk& risk(order_command::kind_t kind, double value, risk_unit unit = risk_unit::cash, trade_side side = trade_side::none) {
    order_command c;
    c.kind = kind;
    c.value = value;
    c.unit = unit;
    c.side = side;
    b.command(c);
    return *this;
  }

  /// Closed trades: "long 1 @ 100 -> 110 (X) = 10", one after the other, separated by "; ".
  std::string trades() const {
    std::ostringstream out;
    for (const auto& t : b.account().closed_trades()) {
      if (out.tellp() > 0) out << "; ";
      out << (t.size > 0 ? "long " : "short ") << std::fabs(t.size) << " @ " << t.entry_price << " -> " << t.exit_price << " ("
          << texts.text(t.exit_comment != 0 ? t.exit_comment : t.exit_id) << ") = " << t.profit;
    }
    return out.str();
  }
  double size() const { return b.account().size(); }
  const ledger& money() const { return b.account(); }

  text_pool texts;
  broker b;
  std::int64_t index = -1;
  std::int64_t day_bars = 1'000'000;
  std::uint32_t statement = 0;

private:
  desk& send(order_command::kind_t kind, const char* id, trade_side side, const levels& l) {
    order_command c;
    c.kind = kind;
    c.id = texts.id(id);
    c.side = side;
    c.qty = l.qty, c.limit = l.limit, c.stop = l.stop;
    c.oca_name = texts.id(l.oca_name);
    c.oca = l.oca;
    c.comment = texts.id(l.comment);
    b.command(c);
    return *this;
  }
};

} // namespace tt::pine::tester::testing
