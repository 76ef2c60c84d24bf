#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// strategy.exit(): legs, what they are bound to, and how a closing fill is settled against the entries.

namespace tt::pine::tester {

entry_binding* broker::find_binding(std::uint32_t number) {
  for (auto& b : entries_)
    if (b.number == number) return &b;
  return nullptr;
}
const entry_binding* broker::find_binding(std::uint32_t number) const {
  for (const auto& b : entries_)
    if (b.number == number) return &b;
  return nullptr;
}
bool broker::has_bound(text_id id) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& b) { return b.id == id; });
}
double broker::bound_left(text_id id) const {
  double sum = 0;
  for (const auto& b : entries_)
    if (b.id == id) sum += b.left;
  return on_lots(sum, rules_.grid);
}

double broker::bound_first(text_id id) const {
  double sum = 0;
  for (const auto& b : entries_)
    if (b.id == id) sum += b.first_size;
  return sum;
}

/// An exit does nothing before its entry has filled (manual: strategy.exit(); rule test:
/// exits.an_exit_waits_for_its_own_entry), nor while it is withdrawn.
bool broker::waits_for_entry(const order& o) const {
  if (o.detached) return true;
  if (o.kind != order_kind::exit || o.committed) return false;
  return o.binding == 0 || find_binding(o.binding) == nullptr;
}

// ---------------------------------------------------------------- placing

/// What an exit can be bound to of an entry order that waits: the part that opens (rule test:
/// exits.quantities_beyond_the_entry_are_cut).
broker::exit_target broker::pending_target(const order& e) const {
  exit_target t{0, e.id, e.sign, 0};
  bool market = !e.priced();
  // an entry that the pyramiding limit will turn away when it fills has nothing to close
  if (market && e.kind == order_kind::entry && book_.sign() == e.sign && pyramiding_full()) return t;
  double opens = std::fabs(e.size);
  bool enlarged_later = market && e.kind == order_kind::entry && !e.keeps_size;
  if (!enlarged_later && book_.size() * e.sign < 0) opens -= e.priced() ? e.flip : std::fabs(book_.size());
  t.size = std::max(0.0, opens);
  return t;
}

namespace {
bool has_levels(const order_command& c) {
  return c.limit == c.limit || c.stop == c.stop || c.profit == c.profit || c.loss == c.loss || c.trail_price == c.trail_price ||
         c.trail_points == c.trail_points;
}
} // namespace

/// strategy.exit() without from_entry makes orders for later entries too, until the position closes (manual: exits for
/// multiple entries; rule test: exits.without_from_entry_later_entries_are_covered_until_the_position_closes).
void broker::keep_global_exit(const order_command& c) {
  std::erase_if(global_exits_, [&](const order_command& x) { return x.id == c.id; });
  const bool has_owner = !book_.flat() || std::any_of(orders_.all().begin(), orders_.all().end(), [](const order* o) { return !o->dead && o->opens(); });
  if (has_owner && has_levels(c)) global_exits_.push_back(c);
}

/// strategy.exit() (manual; rule tests: exits.*).
void broker::place_exit(const order_command& c) {
  if (c.qty < 0) return;
  if (c.from_entry == 0) keep_global_exit(c);
  // One leg per filled entry, oldest first (rule test: exits.without_from_entry_every_entry_has_a_leg); entries opened by an
  // exit come before the others (rule test: batch.of_any_a_leg_with_nothing_left_to_close_comes_last_and_opens).
  for (bool by_exit : {true, false})
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto b = entries_[i];
      if (b.by_exit != by_exit || (c.from_entry != 0 && b.id != c.from_entry)) continue;
      place_leg(c, {b.number, b.id, b.sign, b.first_size});
    }
  // And one per entry order that waits. Without from_entry an order that would reverse the position has none: its
  // exit comes with the script's next run (rule test: exits.an_exit_of_a_reversed_position_is_gone).
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto* e = orders_.all()[i];
    if (e->dead || !e->opens() || (c.from_entry != 0 && e->id != c.from_entry)) continue;
    if (c.from_entry == 0 && !book_.flat() && e->sign != book_.sign()) continue;
    if (auto t = pending_target(*e); t.size > 0) place_leg(c, t);
  }
}

/// A leg whose levels are all na never fills: it is no market close. But it takes the place of the leg with levels that
/// its call had, and it holds its share of the entry against other calls (rule tests: exits.without_levels_nothing_is_placed,
/// exit_without_levels.*).
void broker::place_leg(const order_command& c, const exit_target& t) {
  order* old = nullptr;
  double siblings = 0;
  note_work(orders_.all().size());
  if (failure_) return;
  for (auto* o : orders_.all()) {
    if (o->dead || o->kind != order_kind::exit || o->binding != t.binding || o->id != t.entry) continue;
    if (o->signal == c.id) old = o;
    else if (o->bound == t.size) siblings += o->reserved;
  }
  if (old != nullptr && old->consumed) return; // rule test: exits.a_leg_that_has_filled_does_not_come_back_while_its_entry_is_open
  // Shares are taken in the order of the calls: a later leg gets what earlier ones left (manual: partial exits; rule
  // test: exits.shares_are_taken_in_the_order_of_the_calls).
  // A quantity of less than a lot counts as left out (rule test:
  // small_closes.an_exit_of_less_than_a_lot_takes_what_is_left).
  double rest = t.size - siblings, qty = c.qty > 0 && given_on_lots(c.qty, rules_.grid) > 0 ? c.qty : no_value, share = rest;
  if (qty == qty) share = qty < rest ? given_on_lots(qty, rules_.grid) : on_lots(rest, rules_.grid);
  else if (c.qty_percent == c.qty_percent) share = share_of(t.size, c.qty_percent, rest);
  else share = on_lots(rest, rules_.grid);
  if (!(share > 0)) {
    if (old != nullptr && !has_levels(c)) drop(*old);
    return;
  }

  order o;
  o.kind = order_kind::exit;
  o.oca = oca_kind::reduce;
  o.id = t.entry;
  o.signal = c.id;
  o.binding = t.binding;
  o.sign = -t.sign;
  o.size = o.sign * share;
  o.reserved = share;
  o.bound = t.size;
  o.whole_entry = qty != qty && c.qty_percent != c.qty_percent;
  o.named = c.from_entry != 0;
  o.from_any = c.from_entry == 0 && t.binding == 0 && (old == nullptr || old->from_any);
  const auto& g = rules_.grid;
  bool prices_win = rules_.pairs == exit_pairs::price_wins;
  auto better = t.sign > 0 ? rounding::up : rounding::down, worse = t.sign > 0 ? rounding::down : rounding::up;
  // rule tests: fills.levels_between_ticks_move_away_from_the_market,
  // fills.the_activation_of_a_trail_lies_on_the_tick_that_the_profit_lies_on
  if (c.limit == c.limit) o.limit = level_on_ticks(c.limit, better, g);
  if (c.stop == c.stop) o.stop = level_on_ticks(c.stop, worse, g);
  if (c.trail_price == c.trail_price) o.trail_price = level_on_ticks(c.trail_price, better, g);
  o.spec = {o.limit, o.stop, o.trail_price, qty, c.qty_percent};
  if (!(prices_win && o.limit == o.limit)) o.profit_ticks = c.profit;
  if (!(prices_win && o.stop == o.stop)) o.loss_ticks = c.loss;
  if (!(prices_win && o.trail_price == o.trail_price)) o.trail_ticks = c.trail_points;
  o.trail_offset = c.trail_offset == c.trail_offset ? std::trunc(c.trail_offset) : 0; // whole ticks
  o.oca_name = c.oca_name;
  o.comment = c.comment, o.comment_profit = c.comment_profit;
  o.comment_loss = c.comment_loss, o.comment_trailing = c.comment_trailing;
  if (!c.disable_alert) {
    o.alert = c.alert_message, o.alert_profit = c.alert_profit;
    o.alert_loss = c.alert_loss, o.alert_trailing = c.alert_trailing;
  }
  // A trailing stop that is armed stays so when it is placed again with the same activation: a new offset counts from the
  // best price that it has seen. With another activation it begins anew (rule tests:
  // fills.a_trail_that_is_placed_again_with_another_offset_keeps_its_best_price, .._with_another_activation_begins_anew).
  if (old != nullptr && old->trail_armed &&
      (o.trail_ticks == o.trail_ticks ? old->trail_ticks == o.trail_ticks
                                      : old->trail_ticks != old->trail_ticks && old->trail_price == o.trail_price)) {
    o.trail_armed = true;
    trail(o, old->trail_best);
  }
  resolve_ticks(o);
  seed_trail(o);
  store(o, old);
}

/// Fill price of the entry a leg is bound to; NaN while that entry waits.
double broker::bound_price(const order& leg) const {
  const auto* b = find_binding(leg.binding);
  return b != nullptr ? b->price : no_value;
}

/// Distances in ticks become levels once the entry's price is known. With a price given too, the level that the
/// market reaches first counts (manual: migration to v6; rule tests: exits.distances_are_measured_from_each_entry,
/// exits.of_a_price_and_a_distance_v6_takes_the_nearer_and_v5_the_price).
void broker::resolve_ticks(order& leg) {
  if (leg.kind != order_kind::exit || leg.ticks_known) return;
  double entry = bound_price(leg);
  if (entry != entry) return;
  leg.ticks_known = true;
  double up = leg.sign < 0 ? 1 : -1; // the direction of profit
  auto toward = up > 0 ? rounding::up : rounding::down, against = up > 0 ? rounding::down : rounding::up;
  auto nearer = [&](double& level, double ticks, double way, rounding r) {
    if (ticks != ticks) return;
    double made = level_on_ticks(entry + way * ticks * rules_.grid.mintick, r, rules_.grid);
    if (level != level || (made - level) * way < 0) level = made;
  };
  nearer(leg.limit, leg.profit_ticks, up, toward);
  nearer(leg.stop, leg.loss_ticks, -up, against);
  nearer(leg.trail_price, leg.trail_ticks, up, toward);
}

/// A trailing leg placed while its entry is open: it is armed now if this close lies beyond its activation, with
/// the close as its first water mark (rule test: fills.a_trail_placed_beyond_its_activation_starts_from_that_close).
void broker::seed_trail(order& leg) {
  if (leg.trail_armed || leg.trail_price != leg.trail_price || find_binding(leg.binding) == nullptr) return;
  double way = leg.sign < 0 ? 1 : -1;
  if ((mark_ - leg.trail_price) * way <= 0) return;
  arm(leg, quote_);
}

// ---------------------------------------------------------------- bindings

void broker::bind(text_id id, double size, double price, bool by_exit) {
  entry_binding b;
  b.number = next_binding_++;
  b.id = id;
  b.first_size = b.left = std::fabs(size);
  b.sign = size > 0 ? 1 : -1;
  b.price = price;
  b.by_exit = by_exit;
  entries_.push_back(b);
  // Legs that waited for this entry belong to it now; one without a quantity covers all that was opened.
  for (auto* o : orders_.all()) {
    if (o->dead || o->kind != order_kind::exit || o->binding != 0 || o->id != id) continue;
    o->binding = b.number;
    o->slot = next_slot_++;
    if (!o->whole_entry) continue;
    double grown = std::max(0.0, add_lots(o->reserved, b.first_size - o->bound, rules_.grid));
    o->reserved = grown;
    o->bound = b.first_size;
    o->size = o->sign * grown;
  }
  inherit_legs(b);
  for (std::size_t i = 0; i < global_exits_.size(); ++i) {
    const auto c = global_exits_[i];
    const bool covered = std::any_of(orders_.all().begin(), orders_.all().end(), [&](const order* o) {
      return !o->dead && o->kind == order_kind::exit && o->signal == c.id && o->binding == b.number;
    });
    if (!covered) place_leg(c, {b.number, b.id, b.sign, b.first_size});
  }
}

/// An entry that adds to the position gets legs like those its id has already (as observed: one strategy.exit() call
/// covers later entries of its from_entry until one of its legs has filled; rule test:
/// exits.a_later_entry_of_the_id_inherits_the_exit).
void broker::inherit_legs(const entry_binding& b) {
  std::size_t count = orders_.all().size();
  for (std::size_t i = 0; i < count; ++i) {
    const order source = *orders_.all()[i];
    if (source.dead || source.kind != order_kind::exit || !source.named || source.id != b.id || source.binding == 0 ||
        source.binding == b.number || source.consumed || source.spent || !source.has_levels())
      continue;
    bool covered = std::any_of(orders_.all().begin(), orders_.all().end(), [&](const order* o) {
      return !o->dead && o->kind == order_kind::exit && o->signal == source.signal && o->binding == b.number;
    });
    if (covered) continue;
    order leg = source;
    double share = on_lots(b.first_size, rules_.grid);
    if (leg.spec.qty < share) share = given_on_lots(leg.spec.qty, rules_.grid);
    else if (leg.spec.qty != leg.spec.qty && leg.spec.qty_percent == leg.spec.qty_percent)
      share = share_of(share, leg.spec.qty_percent, share);
    if (!(share > 0)) continue;
    leg.binding = b.number;
    leg.bound = b.first_size;
    leg.reserved = share;
    leg.sign = -b.sign;
    leg.size = leg.sign * share;
    leg.limit = leg.spec.limit, leg.stop = leg.spec.stop, leg.trail_price = leg.spec.trail_price;
    leg.ticks_known = leg.trail_armed = leg.committed = false;
    leg.cause = exit_cause::none;
    store(leg, nullptr);
  }
}

/// Takes a closed quantity off the entries it was bound to: a leg's own entry, the entries of a close's id oldest
/// first, or, for anything else, all entries oldest first (manual: close_entries_rule; rule tests:
/// closing.fifo_takes_the_oldest_trade_whatever_the_id, closing.any_takes_the_trades_of_the_id).
void broker::settle(const order& o, double qty) {
  if (!(qty > 0)) return;
  if (o.kind == order_kind::exit && find_binding(o.binding) != nullptr) {
    reduce(o.binding, qty, nullptr);
    return;
  }
  bool one_id = o.kind == order_kind::close || o.kind == order_kind::exit || o.target != 0;
  for (std::size_t i = 0; i < entries_.size() && qty > 0;) {
    if (one_id && entries_[i].id != o.id) {
      ++i;
      continue;
    }
    auto number = entries_[i].number;
    qty = reduce(number, qty, &o);
    if (i < entries_.size() && entries_[i].number == number) ++i;
  }
}

/// `closer` is the order that closes, unless it is a leg of that entry.
double broker::reduce(std::uint32_t number, double qty, const order* closer) {
  auto* b = find_binding(number);
  double take = std::min(b->left, qty);
  b->left = add_lots(b->left, -take, rules_.grid);
  if (!(b->left > 0)) unbind(number, closer);
  return add_lots(qty, -take, rules_.grid);
}

/// The entry is closed: its legs go. A leg whose id has a buy order waiting stays for that order's fill when another
/// order closed the entry (as observed, for buys only; rule test: exits.an_exit_of_a_reversed_position_is_gone). An entry of the same id that reverses doesn't wait any more: what
/// it opens has no leg before the script places one (rule test:
/// exit_of_an_id.does_not_carry_over_a_reversal_under_the_same_id).
void broker::unbind(std::uint32_t number, const order* closer) {
  auto at = std::find_if(entries_.begin(), entries_.end(), [&](const auto& b) { return b.number == number; });
  if (at == entries_.end()) return;
  text_id id = at->id;
  entries_.erase(at);
  for (auto* o : orders_.all()) {
    if (o->dead || o->kind != order_kind::exit || o->committed) continue;
    bool here = o->binding == number;
    if (!here && !(o->binding == 0 && o->id == id && !has_bound(id))) continue;
    const auto* next = closer != nullptr ? waiting(id) : nullptr;
    if (next == closer) next = nullptr;
    if (next != nullptr && next->sign > 0 && o->sign < 0) {
      if (here) o->binding = 0;
      continue;
    }
    drop(*o);
  }
}

} // namespace tt::pine::tester
