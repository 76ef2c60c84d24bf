#include "actors/pine/tester/broker.hpp"

#include <algorithm>
#include <utility>

/// One tick: market orders, what it gaps through, and the closing tick once more after the script.

namespace tt::pine::tester {

void broker::touch(double price, double quote) {
  at_ = price;
  quote_ = quote;
  if (orders_.empty()) return;
  if (by_venue()) return arm_trails(price);
  fill_market(price);
}

/// Market orders in the order they were placed, then what the tick gaps through: entries first, exits after them (rule
/// tests: fills.a_market_order_fills_at_the_next_open, fills.an_entry_and_the_exit_it_brings_can_both_fill_at_one_gapped_open).
void broker::fill_market(double price) {
  auto tick = orders_met(price);
  for (std::size_t i = 0; i < tick.queue.size(); ++i) {
    if (i == tick.plain) commit_exits(tick);
    auto& o = *tick.queue[i];
    if (o.dead || o.detached) continue;
    double fill_price = slipped(price, o.sign, rules_);
    bool gapped = i >= tick.plain, by_limit = gapped && !(o.stop == o.stop && !o.stop_hit && stop_met(o.stop, o.sign, price));
    if (by_limit) fill_price = price; // fills.a_gapped_limit_takes_the_open_without_slippage_a_gapped_stop_with_it
    if (gapped && o.exits()) o.cause = by_limit ? exit_cause::profit : exit_cause::loss;
    // A default-sized stop is not sized at the open that gapped through it but at what it would have filled at when it
    // was placed (rule test: gapped_stop.is_sized_at_what_it_would_have_filled_at_when_it_was_placed).
    double sizing = gapped && !by_limit && o.sized_at_fill ? slipped(o.placed_price, o.sign, rules_) : fill_price;
    if (o.sized_at_fill && !size_at_fill(o, sizing)) {
      drop(o);
      continue;
    }
    if (o.kind == order_kind::entry && !entry_stands(o, fill_price, gapped, tick)) continue;
    bool is_close = o.exits(), is_entry = o.kind == order_kind::entry && !o.priced();
    double sign = o.sign;
    fill(o, fill_price);
    if (is_close && tick.first_sign != 0) tick.closed_some = true;
    else if (is_entry) tick.entered = sign;
  }
  for (auto* o : orders_.all()) o->committed = false;
  adopt_position();
  meet_exits(price);
}

/// What a tick at `price` fills: market orders as they were placed (rule test:
/// closing.a_close_and_an_entry_of_one_bar_fill_in_their_order), then the levels behind it.
broker::tick_fills broker::orders_met(double price) {
  tick_fills tick{book_.sign(), book_.size(), book_.free_equity()};
  std::vector<order*> gapped;
  for (auto* o : orders_.all()) {
    if (o->dead || o->consumed) continue;
    if (o->market) {
      tick.queue.push_back(o);
      continue;
    }
    if (waits_for_entry(*o)) continue;
    bool stop = o->stop == o->stop && !o->stop_hit && stop_met(o->stop, o->sign, price);
    bool limit = o->limit == o->limit && limit_met(o->limit, o->sign, price, rules_);
    if (o->is_stop_limit()) {
      if (stop) o->stop_hit = true;
      if (o->stop_hit && limit) gapped.push_back(o);
    } else if (stop || limit) {
      gapped.push_back(o);
    }
  }
  // The book is read upwards: an order comes by the lowest level that it has, whichever of them the tick is behind. The kit
  // shows only that entries come first; this is the order with which the observed trades have been reproduced (rule
  // test: gapped_exits.come_by_their_lowest_level). NaN is none.
  auto level = [](const order* o) { return o->is_stop_limit() ? o->stop : std::fmin(o->stop, std::fmin(o->limit, o->trail_price)); };
  std::stable_sort(gapped.begin(), gapped.end(), [&](const order* a, const order* b) {
    if (a->exits() != b->exits()) return b->exits();
    return level(a) < level(b);
  });
  tick.plain = tick.queue.size();
  tick.queue.insert(tick.queue.end(), gapped.begin(), gapped.end());
  return tick;
}

/// Exits that this tick triggers fill even when an entry among them has reversed the position (as observed; rule test:
/// batch.of_any_a_leg_with_nothing_left_to_close_comes_last_and_opens).
void broker::commit_exits(const tick_fills& tick) {
  for (auto i = tick.plain; i < tick.queue.size(); ++i) {
    auto* leg = tick.queue[i];
    if (leg->kind != order_kind::exit || leg->dead || leg->detached || leg->id == 0 || leg->from_any) continue;
    leg->committed = true;
    const auto* b = find_binding(leg->binding);
    double most = b != nullptr ? b->left : std::fabs(book_.size());
    if (std::fabs(leg->size) > most) leg->size = leg->sign * most;
  }
}

/// Adds what an entry that is about to fill reverses. False: it doesn't fill, and is gone (rule tests:
/// orders.an_entry_reverses_whatever_the_size, orders.of_two_entries_on_one_bar_only_the_first_fills,
/// orders.price_entries_that_were_granted_fill_beyond_the_pyramiding_limit).
bool broker::entry_stands(order& o, double price, bool gapped, const tick_fills& tick) {
  if (!gapped) {
    if (book_.sign() == o.sign && pyramiding_full()) return drop(o), false;
    if (book_.size() * o.sign < 0 && !o.keeps_size) {
      o.flip = std::fabs(book_.size());
      o.size = add_lots(o.size, -book_.size(), rules_.grid);
    }
    if (o.size == 0) return drop(o), false;
  }
  bool both = both_sides_refused(o, price, tick);
  if (!both && !entry_refused(o, price, tick)) return true;
  if (book_.size() * o.sign < 0) { // the reversal was the close: a close of its own bar goes with it
    for (auto* x : orders_.all())
      if (!x->dead && x->market && x->exits() && x->bar == o.bar && x->sign == o.sign) drop(*x);
    if (!both) withdraw_exits();
  }
  drop(o);
  return false;
}

/// A reversal that is refused at its fill has withdrawn the exits of the position it leaves standing. They come back
/// with the position's next margin call, or as the script places them again (rule tests: refused_reversal.*).
void broker::withdraw_exits() {
  for (auto* o : orders_.all())
    if (!o->dead && o->kind == order_kind::exit && (o->from_any || has_bound(o->id))) o->detached = true;
}

/// A margin call at `price` has changed the position. A stop that the price has passed meanwhile fills with it (rule test:
/// refused_reversal.a_margin_call_brings_the_exits_back).
void broker::reattach_exits(double price) {
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto& o = *orders_.all()[i];
    if (o.dead || !o.detached) continue;
    o.detached = false;
    if (o.stop != o.stop || book_.size() * o.sign >= 0 || !stop_met(o.stop, o.sign, price)) continue;
    o.cause = exit_cause::loss;
    fill(o, slipped(price, o.sign, rules_));
  }
}

/// Both sides entered at one tick: the second is refused unless the account carries both margins at once (rule test:
/// strategy.of_two_sides_on_one_closing_tick_the_first_stays_where_both_are_too_dear).
bool broker::both_sides_refused(const order& o, double price, const tick_fills& tick) const {
  if (tick.entered == 0 || book_.size() == 0 || book_.sign() != tick.entered || o.sign != -tick.entered) return false;
  double cost = price * book_.point_value();
  double both = std::fabs(book_.size()) * cost * margin_ratio(tick.entered) + std::fabs(book_.size() + o.size) * cost * margin_ratio(o.sign);
  return both - book_.free_equity() > std::fabs(book_.free_equity()) * 1e-11;
}

/// Whether the account can't carry the entry (manual: margin; rule test:
/// margin.an_entry_that_the_open_makes_too_dear_is_refused).
bool broker::entry_refused(const order& o, double price, const tick_fills& tick) const {
  if (!too_dear(o, price, book_.size(), book_.free_equity())) return false;
  // Not refused: the second half of a reversal whose close has just filled, and an entry that only stacks on another of
  // this tick. The margin call that follows trims them (as observed).
  bool second_half = tick.closed_some && tick.first_sign != 0 && o.sign == -tick.first_sign;
  bool stacks = book_.size() != tick.first_size && !too_dear(o, price, tick.first_size, tick.first_equity);
  return !second_half && !stacks;
}

/// An exit without from_entry whose entry was refused takes the position that is there, and is gone where that has an
/// exit which names its entry (rule test:
/// refused_entry.its_exit_without_from_entry_gives_way_to_one_that_names_the_next_entry).
void broker::adopt_position() {
  if (book_.flat() || entries_.empty()) return;
  const auto& all = orders_.all();
  for (auto* o : orders_.all()) {
    if (o->dead || o->kind != order_kind::exit || !o->from_any || o->binding != 0 || waiting(o->id) != nullptr) continue;
    bool named = std::any_of(all.begin(), all.end(), [&](const order* x) {
      return !x->dead && x->kind == order_kind::exit && x->named && has_bound(x->id);
    });
    if (named) drop(*o);
    if (named || !o->has_levels()) continue;
    o->binding = entries_.back().number;
    o->id = entries_.back().id;
    o->sign = -book_.sign();
    o->size = -book_.size();
    o->reserved = o->bound = std::fabs(o->size);
  }
}

/// Exits of entries that have just filled, and trailing stops, see this tick too: those whose levels lie behind it fill, the
/// nearest level first (rule test: observed.targets_that_the_entry_is_beyond_fill_the_nearest_first).
void broker::meet_exits(double price) {
  auto met = std::exchange(met_, {}); // its memory is kept from tick to tick
  met.clear();
  for (auto* o : orders_.all()) {
    if (o->dead || o->consumed || o->kind != order_kind::exit || waits_for_entry(*o)) continue;
    resolve_ticks(*o);
    const bool target = o->limit == o->limit && limit_met(o->limit, o->sign, price, rules_);
    const bool stop = !target && o->stop == o->stop && stop_met(o->stop, o->sign, price);
    met.emplace_back(target ? std::fabs(price - o->limit) : stop ? std::fabs(price - o->stop) : std::numeric_limits<double>::infinity(), o);
  }
  if (met.size() > 1) std::stable_sort(met.begin(), met.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [distance, o] : met) {
    if (o->dead || o->consumed || waits_for_entry(*o)) continue;
    if (!fill_leg(*o, price)) first_tick(*o, price);
  }
  met_ = std::move(met);
}

bool broker::fill_leg(order& o, double price) {
  resolve_ticks(o);
  if (o.limit == o.limit && limit_met(o.limit, o.sign, price, rules_)) {
    o.cause = exit_cause::profit;
    fill(o, price);
  } else if (o.stop == o.stop && stop_met(o.stop, o.sign, price)) {
    o.cause = exit_cause::loss;
    fill(o, slipped(price, o.sign, rules_));
  } else {
    return false;
  }
  return true;
}

/// A trailing leg at the first tick it sees on this bar, or at the price its entry filled (rule tests:
/// fills.a_trailing_stop_that_gaps_fills_at_the_open, fills.a_trailing_stop_without_offset_fills_where_it_arms).
void broker::first_tick(order& o, double price) {
  if (o.dead || o.trail_price != o.trail_price) return;
  double way = o.sign < 0 ? 1 : -1; // direction of profit
  double quote = price == at_ ? quote_ : price;
  const bool gapped = o.trail_armed && (price - o.trail_stop) * way <= 0;
  if (!o.trail_armed) {
    if ((price - o.trail_price) * way < 0) return;
    arm(o, quote);
  } else if (!gapped && (quote - o.trail_best) * way > 0) {
    trail(o, quote);
  }
  if (!gapped && o.trail_offset > 0) return;
  o.cause = exit_cause::trailing; // here, not at its level
  fill(o, slipped(price, o.sign, rules_));
}

// ---------------------------------------------------------------- after the script

/// The closing tick once more, for the orders the script has just placed (manual: process_orders_on_close), and for
/// immediate closes (rule tests: fills.process_orders_on_close_fills_on_the_close_that_placed_it,
/// fills.immediate_closes_fill_on_the_close_that_placed_them).
void broker::close_bar() {
  if (by_venue()) {
    orders_.sweep();
    return book_.mark(mark_);
  }
  bool on_close = rules_.fills == fill_time::on_close;
  if (!orders_.empty()) {
    moment_ = closing_tick;
    double close = mark_;
    at_ = close;
    std::vector<std::pair<order*, exit_cause>> now;
    for (auto* o : orders_.all())
      if (!o->dead && o->at_once && o->bar == now_.index) now.emplace_back(o, exit_cause::none);
    if (on_close)
      for (auto* o : orders_.all()) {
        if (o->dead || o->consumed || o->bar != now_.index || o->at_once) continue;
        if (o->market) now.emplace_back(o, exit_cause::none);
      }
    tick_fills tick{book_.sign(), book_.size(), book_.free_equity()};
    auto fill_one = [&](order& o, exit_cause cause) {
      if (o.dead) return;
      if (o.kind == order_kind::entry && o.market) {
        if (book_.sign() == o.sign && pyramiding_full()) return drop(o);
        if (book_.size() * o.sign < 0 && !o.keeps_size) o.size = add_lots(o.size, -book_.size(), rules_.grid);
        if (o.size == 0) return drop(o);
      }
      double price = cause == exit_cause::profit ? close : slipped(close, o.sign, rules_);
      if (o.kind == order_kind::entry) {
        if (o.sized_at_fill && !size_at_fill(o, price)) return drop(o);
        if (both_sides_refused(o, price, tick) || too_dear(o, price, book_.size(), book_.free_equity())) return drop(o);
      }
      o.cause = o.exits() ? cause : exit_cause::none;
      const bool enters = o.kind == order_kind::entry && o.market;
      const double sign = o.sign;
      fill(o, price);
      if (enters) tick.entered = sign;
      book_.mark(close);
    };
    for (std::size_t i = 0; i < now.size(); ++i) fill_one(*now[i].first, now[i].second);
    if (on_close)
      for (std::size_t i = 0; i < orders_.all().size(); ++i) { // limits and stops that the close meets
        auto& o = *orders_.all()[i];
        if (o.dead || o.consumed || o.market || o.bar != now_.index || waits_for_entry(o)) continue;
        resolve_ticks(o);
        if (o.is_stop_limit()) { // the close may be what its stop has waited for
          o.stop_hit = o.stop_hit || stop_met(o.stop, o.sign, close);
          if (o.stop_hit && limit_met(o.limit, o.sign, close, rules_)) fill_one(o, exit_cause::profit);
        } else if (o.stop == o.stop && stop_met(o.stop, o.sign, close)) {
          fill_one(o, exit_cause::loss);
        } else if (o.limit == o.limit && limit_met(o.limit, o.sign, close, rules_)) {
          fill_one(o, exit_cause::profit);
        }
      }
    orders_.sweep();
  }
  if (!book_.flat() && !nothing_changed()) {
    if (margin_deferred_) check_margin(mark_, margin_moment::tick);
    margin_deferred_ = false;
    if (!book_.flat()) check_margin(mark_, margin_moment::tick);
    book_.mark(mark_);
  }
}

} // namespace tt::pine::tester
