#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// Placing entries, plain orders and closes; sizing; cancelling.

namespace tt::pine::tester {

broker::broker(const broker_rules& rules, text_pool& texts, log_fills log, fill_source source)
    : rules_(rules), texts_(texts), book_(rules_), log_fills_(log), source_(source) {}

void broker::command(const order_command& c) {
  using kind = order_command::kind_t;
  note_work(orders_.all().size() + entries_.size());
  if (failure_) return;
  in_script_ = true;
  switch (c.kind) {
  case kind::entry: place_entry(c); break;
  case kind::order: place_plain(c); break;
  case kind::exit: place_exit(c); break;
  case kind::close:
  case kind::close_all: place_close(c); break;
  case kind::cancel: cancel(c.id); break;
  case kind::cancel_all:
    global_exits_.clear();
    for (auto* o : orders_.all()) cancel(*o);
    break;
  default: set_risk(c);
  }
  in_script_ = false;
}

void broker::drop(order& o) { o.dead = true; }

order* broker::waiting(text_id id) {
  for (auto* o : orders_.all())
    if (!o->dead && o->opens() && o->id == id) return o;
  return nullptr;
}

namespace {
bool same(double a, double b) { return a == b || (a != a && b != b); }
/// Placing an order again with the same levels and quantity changes it where it stands; anything else is a new order
/// behind those that wait already (as observed for orders that share a level; rule test:
/// orders.placing_an_order_again_changes_it).
bool same_place(const order& a, const order& b) {
  return a.size == b.size && same(a.limit, b.limit) && same(a.stop, b.stop) && same(a.trail_price, b.trail_price) &&
         a.trail_offset == b.trail_offset && same(a.profit_ticks, b.profit_ticks) && same(a.loss_ticks, b.loss_ticks) &&
         same(a.trail_ticks, b.trail_ticks);
}
} // namespace

/// A call with the id of an order that waits changes that order (manual: strategy.entry(); rule tests:
/// orders.placing_an_order_again_changes_it, orders.a_market_entry_placed_again_on_its_bar_is_not_enlarged).
void broker::store(order o, order* old) {
  o.bar = now_.index;
  o.placed_after_fill = fill_number_;
  o.for_way_end = in_script_ && on_way();
  o.slot = old != nullptr && same_place(*old, o) ? old->slot : next_slot_++;
  // A stop-limit order placed again with the same prices stays the limit order that its stop has made of it (rule
  // test: stop_limit.placed_again_unchanged_it_stays_triggered).
  if (old != nullptr && old->stop_hit && same(old->limit, o.limit) && same(old->stop, o.stop)) o.stop_hit = true;
  // A market order placed twice on its bar keeps its place in the queue.
  if (old != nullptr && (old->bar == o.bar || !o.market)) {
    *old = o;
    return;
  }
  if (old != nullptr) drop(*old);
  if (orders_.all().size() >= limits::orders) {
    failure_ = "the strategy has more than " + std::to_string(limits::orders) + " orders waiting";
    return;
  }
  orders_.add(o);
}

// ---------------------------------------------------------------- sizing

double broker::unit_cost(double price, double pv) const {
  double cost = price * pv;
  if (rules_.qty_kind != sizing::percent_of_equity) return cost;
  if (rules_.fee == fee_kind::percent) return cost * (1 + rules_.fee_value / 100);
  if (rules_.fee == fee_kind::cash_per_contract) return cost + rules_.fee_value;
  return cost;
}

/// The cost by which an entry that is placed now is sized. On the closing tick the price of a contract with its fee is money,
/// and counted on ten digits (rule test: observed.on_the_closing_tick_a_contract_with_its_fee_costs_ten_digits).
double broker::entry_cost(const order& o, double price) const {
  const double cost = unit_cost(price, book_.point_value());
  return costs_ten_digits(o) ? ten_digits(cost) : cost;
}
bool broker::costs_ten_digits(const order& o) const {
  const bool with_fee = rules_.qty_kind == sizing::percent_of_equity && rules_.fee == fee_kind::percent && rules_.fee_value > 0;
  return with_fee && o.market && rules_.fills == fill_time::on_close;
}

/// Money for a default-sized entry: a part of the equity pays for position and fee (manual: position sizing; rule tests:
/// sizes.percent_of_equity_pays_its_fee, sizes.cash_buys_whole_lots).
double broker::raw_money_for_entry() const {
  if (rules_.qty_kind == sizing::cash) return rules_.qty_value;
  double money = book_.equity() * rules_.qty_value / 100;
  if (rules_.fee == fee_kind::cash_per_order) money = std::max(0.0, money - rules_.fee_value);
  return money;
}

/// What is granted of a market order that money has sized at `price`; 0: it is refused (money_gate.hpp; rule tests:
/// money_gate.*).
double broker::judged_size(const order& o, double price) const {
  const double lots = std::round(std::fabs(o.size) * lots_per_contract(rules_.grid));
  if (lots <= 0 || rules_.qty_kind == sizing::fixed || by_venue() || costs_ten_digits(o)) return o.size;
  const auto when = o.kind == order_kind::entry ? judged::market_entry : judged::otherwise;
  const double left = judged_lots(lots, raw_money_for_entry(), unit_cost(price, book_.point_value()), price, when, rules_.grid);
  return o.sign * of_lots(left, rules_.grid);
}

/// Whether the account can't carry an entry at the present price (manual: margin; rule test:
/// margin.an_entry_beyond_the_equity_is_not_placed).
bool broker::beyond_equity(const order& o) const {
  const double ratio = margin_ratio(o.sign), price = o.market ? slipped(mark_, o.sign, rules_) : mark_, equity = book_.free_equity();
  if (ratio <= 0) return false;
  const double unit = price * book_.point_value() * ratio, lots = std::round(std::fabs(o.size) * lots_per_contract(rules_.grid));
  if (equity < big_money || lots <= 0 || by_venue()) return std::fabs(o.size) * unit > equity;
  return granted_lots(equity / rules_.grid.mintick, lots, unit, price, rules_.grid) != lots;
}

/// An entry that is not granted: a reversal at the market still closes, at the next open and under its own id, and so does
/// one at a level that money has sized, there (rule tests: unaffordable.a_market_reversal_still_closes_the_position,
/// unaffordable.a_limit_or_stop_reversal_does_not, margin.a_reversal_at_a_stop_that_all_money_has_sized_closes_only).
void broker::close_only(order& o, order* old) {
  const double queued = size_after_queue();
  if ((o.market ? book_.size() : queued) * o.sign >= 0 || (o.priced() && !o.sized_at_fill)) return;
  o.size = 0;
  if (o.priced()) {
    o.size = -queued;
    o.flip = std::fabs(queued);
    o.sized_at_fill = false;
  }
  store(o, old);
}

/// strategy.default_entry_qty() (manual: position sizing).
double broker::default_qty(double fill_price) const {
  if (rules_.qty_kind == sizing::fixed) return given_on_lots(rules_.qty_value, rules_.grid);
  double cost = unit_cost(booked_price(fill_price, rules_.grid), book_.point_value());
  if (!(cost > 0)) return 0;
  double qty = money_for_entry() / cost;
  return qty > 0 && std::isfinite(qty) ? bought_on_lots(qty, rules_.grid) : 0;
}

/// Sets the size. False when the order can't be sized, or sizes to nothing (manual: position sizing; rule tests: sizes.*,
/// grids.given_quantities_are_cut_by_their_decimal, observed.money_buys_the_lots_that_its_decimal_shows).
bool broker::size_entry(order& o, const order_command& c) {
  if (c.qty == c.qty) {
    if (!(c.qty > 0) || !std::isfinite(c.qty)) return false;
    o.size = o.sign * std::fabs(given_on_lots(c.qty, rules_.grid));
    return true;
  }
  // Sized at the price it would fill at now: this close, slipped, for a market order; its level while it waits, of a
  // stop-limit order the stop's price as far as the limit allows it (rule test:
  // stop_limit.is_sized_at_the_price_of_its_placement_wherever_it_fills).
  double price = o.priced() ? mark_ : slipped(mark_, o.sign, rules_);
  if (o.stop == o.stop) price = o.sign > 0 ? std::max(o.stop, price) : std::min(o.stop, price);
  if (o.limit == o.limit) price = o.sign > 0 ? std::min(o.limit, price) : std::max(o.limit, price);
  if (rules_.qty_kind == sizing::fixed) {
    if (!(rules_.qty_value > 0) || !std::isfinite(rules_.qty_value)) return false;
    o.size = o.sign * given_on_lots(rules_.qty_value, rules_.grid);
    return true;
  }
  double cost = entry_cost(o, price), qty = cost > 0 ? money_for_entry() / cost : 0;
  if (!(qty > 0) || !std::isfinite(qty)) return false;
  o.size = o.sign * bought_on_lots(qty, rules_.grid);
  if (o.priced()) {
    // Sized again when it fills, from the money of the bar that placed it (rule test:
    // sizes.a_resting_order_is_sized_by_its_level_and_the_money_of_its_bar).
    o.sized_at_fill = true;
    o.budget = money_for_entry();
    o.budget_pv = book_.point_value();
    o.placed_price = price;
  }
  return true;
}

/// Levels between two ticks move away from the market (rule test: fills.levels_between_ticks_move_away_from_the_market).
void broker::entry_levels(order& o, const order_command& c) const {
  o.sign = c.side == trade_side::short_ ? -1 : 1;
  if (c.limit == c.limit) o.limit = level_on_ticks(c.limit, o.sign > 0 ? rounding::down : rounding::up, rules_.grid);
  if (c.stop == c.stop) o.stop = level_on_ticks(c.stop, o.sign > 0 ? rounding::up : rounding::down, rules_.grid);
  o.market = !o.priced();
  o.id = c.id;
  o.comment = c.comment;
  o.alert = c.disable_alert ? 0 : c.alert_message;
  o.oca_name = c.oca_name;
  o.oca = c.oca;
}

// ---------------------------------------------------------------- entries and plain orders

/// The position once the market orders that wait have filled, in their order: what the pyramiding limit is held against
/// when a further entry is placed, and what a limit or stop entry will have to reverse (rule tests:
/// orders.without_pyramiding_a_second_entry_is_refused, stop_entries.reverse_what_the_market_orders_before_them_leave).
double broker::size_after_queue() const {
  double size = book_.size();
  for (const auto* o : orders_.all()) {
    if (o->dead || !o->market) continue;
    if (o->exits()) {
      double left = size + o->size;
      size = left * size > 0 ? left : 0;
    } else if (o->kind == order_kind::entry) {
      size = size * o->size >= 0 ? size + o->size : o->size;
    }
  }
  return size;
}

/// strategy.entry() (manual: the strategy's orders; rule tests: orders.*).
void broker::place_entry(const order_command& c) {
  if (risk_.halted || intraday_cap_reached()) return;
  order o;
  o.kind = order_kind::entry;
  entry_levels(o, c);
  if (!size_entry(o, c)) return;
  order* old = waiting(c.id);
  bool again = old != nullptr && old->bar == now_.index;
  if (by_venue() && old != nullptr && !again && old->market && o.market && old->sign == o.sign) return; // still on its way
  double held = book_.size();
  bool reverses = held * o.sign < 0;
  // A size of less than one lot still closes the opposite position, and opens nothing. Where there is nothing to close
  // it takes the order it would have changed with it (rule tests: orders.less_than_a_lot_closes_the_other_side_only,
  // placed_again.with_less_than_a_lot_removes_the_order).
  if (o.size == 0 && (again || !reverses)) {
    if (old != nullptr) drop(*old);
    return;
  }
  if (o.market && o.size != 0 && c.qty != c.qty) {
    o.size = judged_size(o, slipped(mark_, o.sign, rules_));
    if (o.size == 0) return close_only(o, old);
  }
  if (beyond_equity(o)) return close_only(o, old);
  double queued = size_after_queue();
  if (!again && queued * o.sign > 0) {
    if (pyramiding_full()) return; // manual: pyramiding; rule test: orders.pyramiding_allows_that_many_entries
  } else if (o.priced() && !again && held != 0) {
    // A limit or stop entry is enlarged by what it reverses when it is placed, a market entry when it fills (rule test:
    // orders.a_stop_entry_is_enlarged_by_what_it_reverses_when_it_is_placed).
    o.size = add_lots(o.size, -queued, rules_.grid);
    o.flip = std::fabs(queued);
  }
  o.keeps_size = again;
  store(o, old);
}

/// strategy.order(): neither pyramiding nor reversals (manual; rule test:
/// orders.strategy_order_ignores_pyramiding_and_does_not_reverse).
void broker::place_plain(const order_command& c) {
  if (risk_.halted || intraday_cap_reached()) return;
  order o;
  o.kind = order_kind::plain;
  entry_levels(o, c);
  if (!size_entry(o, c)) return;
  order* old = waiting(c.id);
  if (o.size != 0) {
    if (o.market && c.qty != c.qty) o.size = judged_size(o, slipped(mark_, o.sign, rules_));
    if (o.size != 0) store(o, old);
    return;
  }
  if (old != nullptr) drop(*old); // rule test: placed_again.with_less_than_a_lot_removes_the_order
}

// ---------------------------------------------------------------- closing and cancelling

/// A share of `base` in percent, on whole lots: at least one where there is one to take (rule tests:
/// small_closes.a_share_below_a_lot_closes_one_lot, small_closes.but_not_where_nothing_is_left_to_take).
double broker::share_of(double base, double percent, double most) const {
  const auto& g = rules_.grid;
  double raw = std::min(base * (percent * 0.01), most), share = on_lots(raw, g);
  return share == 0 && raw > 0 && whole_lots(most, g) > 0 ? on_lots(g.lot, g) : share;
}

/// What a strategy.close() of an id asks for, > 0 or nothing. A quantity of less than a lot counts as left out, and a
/// negative one as positive (rule tests: small_closes.a_quantity_below_a_lot_counts_as_left_out,
/// small_closes.a_negative_quantity_closes_as_much).
double broker::close_size(const order_command& c) const {
  const double bound = bound_left(c.id), given = std::fabs(given_on_lots(c.qty, rules_.grid));
  if (given > 0) return std::fabs(c.qty) < bound ? given : bound;
  if (c.qty_percent != c.qty_percent) return bound;
  // With close_entries_rule "ANY" the share is of what was entered, with FIFO of what is left (rule test:
  // close_any.a_share_is_of_what_was_entered).
  double base = rules_.closing == close_rule::any ? bound_first(c.id) : bound;
  return share_of(base, std::clamp(c.qty_percent, 0.0, 100.0), bound);
}

/// The close that this one changes. Every statement has an order of its own; the same statement run again on the bar
/// changes it, whichever entry it names (rule test: closes.a_statement_in_a_loop_has_one_order). In v5 an entry's id has
/// one for all strategy.close() of a bar (rule tests: close_by_id.*).
order* broker::pending_close(const order& like) {
  bool by_id = rules_.close_by == close_slot::entry_id && like.kind == order_kind::close;
  order* found = nullptr;
  for (auto* x : orders_.all()) {
    if (x->dead || x->kind != like.kind) continue;
    const bool same_id = x->id == like.id, again = x->statement == like.statement && (same_id || (x->bar == now_.index && rules_.closing == close_rule::fifo));
    if (by_id ? same_id : again) found = x;
  }
  return found;
}

/// strategy.close() and strategy.close_all() (manual; rule tests: closing.*, closes.*).
void broker::place_close(const order_command& c) {
  if (book_.flat()) return;
  order o;
  o.market = true;
  o.sign = -book_.sign();
  o.comment = c.comment;
  o.alert = c.disable_alert ? 0 : c.alert_message;
  o.statement = c.statement;
  o.at_once = c.when == close_time::immediately;
  if (c.kind == order_command::kind_t::close_all) {
    o.kind = order_kind::close_all;
    o.signal = texts_.id("Close position order");
    o.size = -book_.size();
  } else {
    o.kind = order_kind::close;
    o.id = c.id;
    if (close_prefix_cache_id_ != c.id || close_prefix_cache_ == 0) {
      close_prefix_cache_id_ = c.id;
      close_prefix_cache_ = texts_.id("Close entry(s) order " + texts_.text(c.id));
    }
    o.signal = close_prefix_cache_;
    o.size = o.sign * close_size(c);
  }
  order* old = pending_close(o);
  if (o.kind == order_kind::close && rules_.close_by == close_slot::entry_id && old != nullptr && old->bar == now_.index) {
    // it may take what the order that it replaces leaves, and replaces it only then (rule test:
    // close_by_id.it_takes_no_more_than_the_pending_one_leaves)
    double room = on_lots(std::max(0.0, bound_left(c.id) - std::fabs(old->size)), rules_.grid);
    o.size = o.sign * std::min(room, std::fabs(o.size));
  }
  if (o.size == 0) return;
  if (old != nullptr) o.id = old->id; // what it closes is counted against the first entry that it named
  store(o, old);
}

/// By id alone: an exit by its own name, an entry by its id. Cancelling an entry leaves its exits waiting (rule
/// tests: orders.cancel_takes_an_entry_but_not_its_exit_and_cancel_all_everything, orders.an_exit_is_cancelled_by_its_own_name).
void broker::cancel(text_id id) {
  std::erase_if(global_exits_, [&](const order_command& x) { return x.id == id; });
  for (auto* o : orders_.all())
    if (!o->dead && ((o->exits() && o->signal == id) || (o->opens() && o->id == id))) cancel(*o);
}

/// In a run for a fill on the way, the market is past the rest of the way already: what waited before is cancelled where the
/// way ends (rule test: strategy.calc_on_order_fills_cancels_where_the_way_ends).
void broker::cancel(order& o) {
  if (on_way() && !o.for_way_end) o.cancelled_later = true;
  else drop(o);
}

/// strategy.risk.*: in force from the bar that calls it first (manual: risk management; rule tests: risk.*).
void broker::set_risk(const order_command& c) {
  using kind = order_command::kind_t;
  if (!risk_.used) {
    risk_.day_equity = book_.equity();
    risk_.day = now_.trading_day;
  }
  risk_.used = true;
  switch (c.kind) {
  case kind::risk_allow_entry_in: risk_.allowed = c.side == trade_side::none ? trade_side::both : c.side; return;
  case kind::risk_max_cons_loss_days: risk_.max_loss_days = c.value; return;
  case kind::risk_max_drawdown:
    risk_.max_drawdown = c.value;
    risk_.drawdown_unit = c.unit;
    return;
  case kind::risk_max_intraday_filled_orders: risk_.max_fills = c.value; return;
  case kind::risk_max_intraday_loss:
    risk_.max_intraday_loss = c.value;
    risk_.loss_unit = c.unit;
    return;
  case kind::risk_max_position_size: risk_.max_position = c.value; return;
  default: return;
  }
}

} // namespace tt::pine::tester
