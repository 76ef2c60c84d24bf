#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// What a fill does: trades opened and closed, fees, OCA groups, the log.

namespace tt::pine::tester {

/// A fee of one order, rounded once, and this part's share of it. `order_qty` is what the whole order trades, so a
/// reversal pays once for both halves (as observed; manual: commission).
double broker::fee_of(double qty, double price, double order_qty) const {
  if (venue_fee_) return order_qty == 0 ? 0 : qty == order_qty ? *venue_fee_ : *venue_fee_ * qty / order_qty;
  if (rules_.fee_value == 0 || order_qty == 0) return 0;
  double total = 0;
  switch (rules_.fee) {
  case fee_kind::percent: total = price * book_.point_value() * rules_.fee_value / 100 * order_qty; break;
  case fee_kind::cash_per_contract: total = rules_.fee_value * order_qty; break;
  case fee_kind::cash_per_order: total = rules_.fee_value; break;
  }
  total = ten_digits(total);
  if (qty == order_qty) return total;
  // shares are of whole lots: half an order pays exactly half, however the doubles of the quantities lie
  const double n = lots_per_contract(rules_.grid);
  return ten_digits(static_cast<double>(static_cast<long double>(total) * std::round(qty * n) / std::round(order_qty * n)));
}

/// The quantity of a default-sized price order, from the money that its placement set aside. False: nothing to buy.
bool broker::size_at_fill(order& o, double price) {
  o.sized_at_fill = false;
  // a stop-limit order keeps the price of its placement, wherever it fills (rule test:
  // stop_limit.is_sized_at_the_price_of_its_placement_wherever_it_fills)
  if (o.is_stop_limit() && o.placed_price == o.placed_price) price = o.placed_price;
  double cost = unit_cost(price, o.budget_pv), before = std::fabs(o.size);
  double qty = cost > 0 ? o.budget / cost : 0;
  if (!(qty > 0) || !std::isfinite(qty)) return false;
  double bought = bought_on_lots(qty + o.flip, rules_.grid);
  if (o.budget >= big_money) { // the part that money buys is judged, not the position that is reversed
    double lots = std::round((bought - o.flip) * lots_per_contract(rules_.grid));
    if (lots > 0) bought = add_lots(o.flip, of_lots(judged_lots(lots, o.budget, cost, price, judged::otherwise, rules_.grid), rules_.grid), rules_.grid);
  }
  o.size = o.sign * bought;
  double extra = std::fabs(o.size) - before;
  if (extra > 0) // legs that cover the whole entry grow with it
    for (auto* leg : orders_.all()) {
      if (leg->dead || leg->kind != order_kind::exit || leg->id != o.id || !leg->whole_entry || leg->consumed) continue;
      leg->reserved = add_lots(leg->reserved, extra, rules_.grid);
      leg->bound = add_lots(leg->bound, extra, rules_.grid);
      leg->size = leg->sign * leg->reserved;
    }
  return o.size != 0;
}

/// strategy.order() obeys no pyramiding limit, but the margin: an order whose position the account can't carry is refused
/// whole. Not one that takes the position down, and not one that fits what was there when the bar began: a margin call
/// trims that (rule tests: plain_order.*).
bool broker::plain_refused(const order& o, double price) const {
  double held = book_.size(), after = add_lots(held, o.size, rules_.grid);
  if (after == 0 || (after * held > 0 && std::fabs(after) <= std::fabs(held))) return false;
  if (!too_dear(o, price, held, book_.free_equity())) return false;
  return held == bar_start_size_ || too_dear(o, price, bar_start_size_, bar_start_equity_);
}

/// Whether what a price entry opens by itself costs more than the account has where it fills (rule test:
/// margin.a_resting_entry_that_costs_more_than_the_account_has_where_it_fills_is_refused).
bool broker::own_cost_refused(const order& o, double price) const {
  const double ratio = margin_ratio(o.sign), held = book_.size();
  const double opens = std::fabs(o.size) - (held * o.sign < 0 ? std::fabs(held) : 0);
  if (by_venue() || ratio <= 0 || opens <= 0) return false;
  return !fits_equity(opens * price * book_.point_value() * ratio, book_.free_equity_at(price), rules_.grid);
}

void broker::fill(order& o, double raw_price) {
  if (o.dead || failure_) return;
  double price = booked_price(raw_price, rules_.grid), held = book_.size();
  if (o.exits() && !o.committed && held * o.sign >= 0) { // nothing there that it could close
    if (o.kind != order_kind::exit || held != 0) drop(o);
    return;
  }
  bool allowed = true;
  if (o.opens()) {
    if (o.sized_at_fill && !size_at_fill(o, price)) return drop(o);
    if (intraday_cap_reached()) return drop(o);
    double side = o.sign;
    allowed = risk_.allowed == trade_side::both || (risk_.allowed == trade_side::long_) == (side > 0);
    if (held == 0 && !allowed) return drop(o);
    if (o.kind == order_kind::plain && plain_refused(o, price)) return drop(o);
    if (o.kind == order_kind::entry) {
      // a price order that was granted fills, whatever has filled meanwhile (manual: pyramiding)
      if (held * side > 0 && o.market && pyramiding_full()) return drop(o);
      if (o.priced() && own_cost_refused(o, price)) {
        if (held * side >= 0) return drop(o);
        o.size = -held; // a reversal that is refused closes
      }
      if (risk_.max_position == risk_.max_position) { // the entry is cut so that the position stays within the rule
        double after = std::fabs(held + o.size);
        double keep = held * side > 0 ? std::fabs(held) : 0;
        if (after > risk_.max_position) {
          double opens = given_on_lots(std::max(0.0, risk_.max_position - keep), rules_.grid);
          double closes = held * side < 0 ? std::fabs(held) : 0;
          o.size = side * add_lots(opens, closes, rules_.grid);
          if (opens <= 0) return drop(o);
        }
      }
    }
  }
  double after = add_lots(held, o.size, rules_.grid);
  bool flips = held != 0 && after * held < 0;
  if (!flips) {
    execute(o, price, std::fabs(o.size), true);
  } else if (o.exits() && !o.committed && (o.kind != order_kind::close_all || partial_close_bar_ == now_.index)) {
    // Exits close what is there, they don't reverse. A close_all keeps the size it was placed with: when a margin
    // call has shrunk the position before it fills, the rest opens the other side (as observed).
    o.size = -held;
    execute(o, price, std::fabs(held), true);
  } else {
    if (!allowed) o.size = -held; // risk.allow_entry_in: the reversal only closes
    execute(o, price, std::fabs(o.size), true);
  }
  if (intraday_cap_reached() && !book_.flat()) flatten_at_cap(o, price); // whatever kind it is: cap_of_fills.*
  if (++bar_fills_ > limits::fills_per_bar) failure_ = "more than " + std::to_string(limits::fills_per_bar) + " fills on one bar";
}

void broker::execute(order& o, double price, double order_qty, bool counts) {
  ++fill_number_;
  note_work(orders_.all().size());
  last_fill_price_ = price;
  double filled = std::fabs(o.size), held = book_.size(), opens = filled, done = 0;
  bool against = held != 0 && o.size * held < 0;
  if (o.kind == order_kind::close && filled > 0) partial_close_bar_ = now_.index;
  if (against) {
    double closes = std::min(filled, std::fabs(held));
    opens = add_lots(filled, -closes, rules_.grid);
    close_trades(o, price, closes, order_qty, opens > 0);
    done = std::fabs(add_lots(held, -book_.size(), rules_.grid)); // less when close_entries_rule finds no more of the id
    settle(o, done);
    if (o.kind == order_kind::exit) // the call has done something: later entries inherit no legs from it
      for (auto* leg : orders_.all())
        if (!leg->dead && leg->kind == order_kind::exit && leg->signal == o.signal && leg->id == o.id) leg->spent = true;
    if (book_.flat()) {
      entries_.clear();
      global_exits_.clear();
      calls_.clear();
      for (auto* leg : orders_.all()) {
        if (leg->dead || leg == &o || leg->kind != order_kind::exit || leg->committed) continue;
        if (waiting(leg->id) == nullptr) drop(*leg);
        else leg->binding = 0; // belongs to the entry that waits
      }
    }
  }
  if (opens > 0 && (o.opens() || o.kind == order_kind::close_all || o.committed)) {
    o.size = o.sign * opens;
    done += opens;
    open_trade(o, price, order_qty);
  }
  if (o.kind == order_kind::exit && find_binding(o.binding) != nullptr) {
    o.consumed = true; // its entry is still open: the share stays taken
    o.size = 0;
  } else {
    drop(o);
  }
  if (counts) ++risk_.fills;
  book_.mark(price);
  record(o, price, o.sign * done);
  run_oca(o, filled);
}

text_id broker::exit_comment(const order& o) const {
  if (o.cause == exit_cause::profit && o.comment_profit != 0) return o.comment_profit;
  if (o.cause == exit_cause::loss && o.comment_loss != 0) return o.comment_loss;
  if (o.cause == exit_cause::trailing && o.comment_trailing != 0) return o.comment_trailing;
  return o.comment;
}

/// Oldest trades first whatever entry the order names, unless close_entries_rule is "ANY" (manual: closing a market
/// position).
void broker::close_trades(order& o, double price, double qty, double order_qty, bool reversal) {
  bool by_id = rules_.closing == close_rule::any && (o.kind == order_kind::exit || o.kind == order_kind::close) && o.id != 0;
  closing c;
  c.price = price;
  c.time_ms = now_.time_ms;
  c.bar = now_.index;
  c.id = o.opens() ? o.id : o.signal;
  c.comment = exit_comment(o);
  for (std::size_t i = 0; i < book_.open_trades().size() && qty > 0;) {
    const auto& t = book_.open_trades()[i];
    if ((by_id && t.entry_id != o.id) || (o.target != 0 && t.fill != o.target)) {
      ++i;
      continue;
    }
    c.qty = std::min(qty, std::fabs(t.size));
    c.fee = fee_of(c.qty, price, order_qty);
    // Two opposite orders that waited together and fill at one moment and price are listed as a long trade, whichever
    // came first (rule test: strategy.both_sides_of_plain_orders_on_one_tick_are_a_long_trade).
    c.swap_sides = (reversal || o.kind != order_kind::entry) && (o.opens() || (o.market && o.exits())) && t.size < 0 && t.entry_bar == now_.index && t.moment == moment_ &&
                   o.placed_after_fill < t.fill && t.entry_price == price;
    qty = add_lots(qty, -c.qty, rules_.grid);
    if (!book_.close(i, c)) ++i;
    if (book_.closed_trades().size() > limits::trades) {
      failure_ = "more than " + std::to_string(limits::trades) + " trades";
      return;
    }
  }
}

void broker::open_trade(order& o, double price, double order_qty) {
  trade t;
  t.size = o.size;
  t.entry_price = price;
  t.entry_time_ms = now_.time_ms;
  t.entry_bar = now_.index;
  t.entry_id = o.opens() ? o.id : o.signal;
  t.entry_comment = o.comment;
  t.entry_value = std::fabs(o.size) * price * book_.point_value();
  t.entry_fee = fee_of(std::fabs(o.size), price, order_qty);
  t.fill = fill_number_;
  t.moment = moment_;
  book_.open(t);
  book_.note_entry(price);
  book_.note_price(at_); // entered beside the market: slippage and fee are a drawdown at once
  // the order leaves the queue before its legs are handed over
  bool was_dead = o.dead;
  o.dead = true;
  bind(t.entry_id, t.size, price, o.exits());
  o.dead = was_dead;
}

void broker::run_oca(const order& o, double filled) {
  if (o.oca_name == 0 || o.oca == oca_kind::none) return;
  for (auto* x : orders_.all()) {
    if (x == &o || x->dead || x->consumed || x->oca_name != o.oca_name || x->oca != o.oca) continue; // manual: groups of one name and two types are two
    if (o.oca == oca_kind::cancel) {
      drop(*x);
      continue;
    }
    double left = add_lots(std::fabs(x->size), -filled, rules_.grid);
    if (left > 0) x->size = x->sign * left;
    else drop(*x);
  }
}

void broker::force_close(double price, double qty, text_id comment, std::uint64_t target) {
  order o;
  o.kind = order_kind::forced;
  o.sign = -book_.sign();
  o.size = o.sign * std::min(qty, std::fabs(book_.size()));
  for (const auto& t : book_.open_trades())
    if (target != 0 && t.fill == target) {
      o.target = target;
      o.id = t.entry_id;
      o.size = o.sign * std::min(qty, std::fabs(t.size));
    }
  o.signal = o.comment = comment;
  if (by_venue()) { // the venue has to do it
    o.market = o.is_sized = true;
    return store(o, nullptr);
  }
  execute(o, booked_price(price, rules_.grid), std::fabs(o.size), true);
}

void broker::record(const order& o, double price, double size) {
  if (log_fills_ == log_fills::off) return;
  text_id alert = o.alert;
  if (o.cause == exit_cause::profit && o.alert_profit != 0) alert = o.alert_profit;
  if (o.cause == exit_cause::loss && o.alert_loss != 0) alert = o.alert_loss;
  if (o.cause == exit_cause::trailing && o.alert_trailing != 0) alert = o.alert_trailing;
  log_.push_back({now_.time_ms, now_.index, o.opens() ? o.id : o.signal, exit_comment(o), alert, size, price, book_.size()});
}

} // namespace tt::pine::tester
