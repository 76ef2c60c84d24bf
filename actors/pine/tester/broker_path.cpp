#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// The market's side: ticks, the walk along the path of a bar, and what an order meets on it.

namespace tt::pine::tester {

void broker::start_bar(const bar_moment& when) {
  now_ = when;
  moment_ = 0;
  bar_fills_ = 0;
  stage_.armed = false;
  margin_deferred_ = false;
  seen_ = excursions::whole_bar;
  closed_at_bar_start_ = book_.closed_trades().size();
}

// ---------------------------------------------------------------- whole bars

/// Whether anything can happen to the waiting orders on this bar.
bool broker::needs_walk(const bar_prices& p) const {
  for (const auto* o : orders_.all()) {
    if (o->dead || o->consumed) continue;
    if (o->market || o->trails()) return true;
    if (o->sign > 0 ? p.high >= o->stop : p.low <= o->stop) return true;
    if (o->sign > 0 ? p.low <= o->limit : p.high >= o->limit) return true;
    if (o->kind == order_kind::exit && find_binding(o->binding) == nullptr) return true;
  }
  return false;
}

void broker::bar(const bar_moment& when, const bar_prices& p) {
  start_bar(when);
  bar_ = p;
  if (risk_.used) roll_day(p.open);
  if (by_venue()) {
    open_tick(when, p.open);
    for (double price : path_of(p)) move_to(price);
    return end_bar(p);
  }
  bool walks = needs_walk(p);
  if (!walks && book_.flat()) {
    if (book_.closed_trades().size() != closed_at_bar_start_) return end_bar(p);
    mark_ = at_ = p.close;
    if (!orders_.empty()) {
      cancel_unaffordable();
      orders_.sweep();
    }
    return;
  }
  if (walks || !margin_safe(p)) {
    open_tick(when, p.open);
    auto path = path_of(p);
    for (int point = 1; point <= 3 && !margin_deferred_ && !failure_; ++point) {
      moment_ = point;
      walk(path[static_cast<std::size_t>(point)]);
      after_point(p, point);
    }
  }
  end_bar(p);
}

void broker::bar(const bar_moment& when, const bar_prices& whole, const bar_prices* inner, std::size_t count) {
  if (count == 0) return bar(when, whole);
  start_bar(when);
  bar_ = whole;
  if (risk_.used) roll_day(whole.open);
  if (!needs_walk(whole) && (book_.flat() || margin_safe(whole))) return end_bar(whole);
  open_tick(when, inner[0].open);
  for (std::size_t i = 0; i < count && !failure_; ++i) {
    const auto& p = inner[i];
    auto path = path_of(p);
    moment_ = static_cast<int>(4 * i);
    if (i > 0) touch(p.open); // a gap between lower bars is met like one between bars
    for (int point = 1; point <= 3 && !margin_deferred_; ++point) {
      moment_ = static_cast<int>(4 * i) + point;
      walk(path[static_cast<std::size_t>(point)]);
      after_point(p, point);
    }
  }
  end_bar(whole);
}

void broker::open_tick(const bar_moment& when, double price) {
  if (now_.index != when.index || now_.time_ms != when.time_ms) {
    start_bar(when);
    if (risk_.used) roll_day(price);
  }
  moment_ = 0;
  seen_ = excursions::path;
  touch(price);
  if (!book_.flat()) check_margin(price, margin_moment::tick);
}

void broker::move_to(double price) {
  ++moment_;
  walk(price);
  mark_ = price;
}

void broker::tick_done() {
  if (!book_.flat()) {
    check_margin(mark_, margin_moment::tick);
    if (risk_.used) check_intraday_loss(mark_);
    book_.mark(mark_);
  }
  touch(mark_);
  orders_.sweep();
}

/// Margin and the intraday loss are looked at where the path turns. The extreme that is still to come is looked at for
/// its good side before the way there, the present one after what has filled on the way (as observed).
void broker::after_point(const bar_prices& p, int point) {
  if (point == 3 || book_.flat()) return;
  bool up_first = high_first(p), at_high = (point == 1) == up_first, is_long = book_.sign() > 0;
  double here = at_high ? p.high : p.low;
  bool adverse = is_long != at_high;
  if (point == 1) {
    if (adverse) {
      margin_deferred_ = check_margin(here, margin_moment::first_extreme);
      if (margin_deferred_ || check_intraday_loss(here)) return;
    } else if (is_long) {
      check_margin(here, margin_moment::tick);
    }
    if (!book_.flat() && (book_.sign() > 0) != up_first) check_margin(up_first ? p.low : p.high, margin_moment::tick);
    return;
  }
  if (adverse || at_high) check_margin(here, margin_moment::tick);
  if (adverse) check_intraday_loss(here);
}

void broker::end_bar(const bar_prices& p) {
  mark_ = p.close;
  at_ = p.close;
  if (!orders_.empty()) {
    if (!by_venue()) cancel_unaffordable();
    orders_.sweep();
  }
  book_.end_bar(p.high, p.low, p.close, seen_);
  if (risk_.used) check_risk_at_close(p.close);
}

// ---------------------------------------------------------------- calc_on_order_fills

void broker::begin_stepping(const bar_moment& when, const bar_prices& p) {
  start_bar(when);
  bar_ = p;
  seen_ = excursions::path;
  if (risk_.used) roll_day(p.open);
  fills_at_step_ = fill_number_;
  step_point_ = -1;
  at_ = p.open;
}

/// Added to the point of the path while the walk there has been interrupted by a fill.
constexpr int resumed_leg = 10;

/// Runs on to the next fill. After the first fill at the open the script's new orders get the open once more, after
/// that the next point of the path: four fills a bar at most (manual: calc_on_order_fills; as observed: open, open,
/// first extreme, second extreme).
bool broker::step() {
  auto path = path_of(bar_);
  mode_ = walk_mode::until_fill;
  while ((step_point_ < 3 || step_point_ >= resumed_leg) && !failure_) {
    auto before = fill_number_;
    if (step_point_ < 1) {
      bool again = step_point_ == 0;
      step_point_ = again ? 1 : 0;
      moment_ = 0;
      touch(bar_.open);
      if (!again && !book_.flat()) check_margin(bar_.open, margin_moment::tick);
      if (fill_number_ != before) break;
      step_point_ = 1;
      continue;
    }
    bool resumed = step_point_ >= resumed_leg; // the script has run for a fill on this leg: once is enough
    if (resumed) step_point_ -= resumed_leg;
    auto point = static_cast<std::size_t>(step_point_);
    moment_ = step_point_;
    if (at_ != path[point]) {
      mode_ = resumed ? walk_mode::through : walk_mode::until_fill;
      walk(path[point]);
      mode_ = walk_mode::until_fill;
      if (!resumed && fill_number_ != before) {
        mark_ = path[point]; // the script sees the end of the leg on which its order has filled (as observed)
        book_.mark(mark_);
        fills_at_step_ = fill_number_;
        mode_ = walk_mode::through;
        step_point_ += resumed_leg;
        return true;
      }
    }
    after_point(bar_, step_point_);
    touch(path[point]); // orders that the last run of the script placed
    ++step_point_;
    if (fill_number_ != before) break;
  }
  bool filled = fill_number_ != fills_at_step_;
  fills_at_step_ = fill_number_;
  if (filled) {
    mark_ = at_;
    book_.mark(mark_);
  }
  mode_ = walk_mode::through;
  if (step_point_ >= 3 && !filled) {
    moment_ = 3;
    walk(bar_.close);
    return false;
  }
  return true;
}

// ---------------------------------------------------------------- one tick

void broker::touch(double price) {
  at_ = price;
  if (orders_.empty()) return;
  for (auto* o : orders_.all()) {
    if (o->dead || o->kind != order_kind::exit || o->binding != 0) continue;
    // its entry order has gone without filling: the exit goes too, unless it names no entry
    if (waiting(o->id) == nullptr && !o->from_any) drop(*o);
  }
  if (by_venue()) return arm_trails(price);
  fill_market(price);
}

/// Market orders in the order they were placed, then what the tick gaps through: entries first, exits after them.
void broker::fill_market(double price) {
  auto tick = orders_met(price);
  for (std::size_t i = 0; i < tick.queue.size(); ++i) {
    if (i == tick.plain) commit_exits(tick);
    auto& o = *tick.queue[i];
    if (o.dead) continue;
    double fill_price = slipped(price, o.sign, rules_);
    bool gapped = i >= tick.plain, by_limit = gapped && !(o.stop == o.stop && !o.stop_hit && stop_met(o.stop, o.sign, price));
    if (by_limit) fill_price = price; // better than the limit, and a limit is never slipped
    if (gapped && o.exits()) o.cause = by_limit ? exit_cause::profit : exit_cause::loss;
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

/// What a tick at `price` fills: market orders as they were placed, then the levels behind it.
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
    if (o->opens() && o->stop == o->stop && o->limit == o->limit) { // stop-limit
      if (stop) o->stop_hit = true;
      if (o->stop_hit && limit) gapped.push_back(o);
    } else if (stop || limit) {
      gapped.push_back(o);
    }
  }
  auto level = [&](const order* o) { return o->stop == o->stop && stop_met(o->stop, o->sign, price) ? o->stop : o->limit; };
  std::stable_sort(gapped.begin(), gapped.end(), [&](const order* a, const order* b) {
    if (a->exits() != b->exits()) return b->exits();
    return level(a) < level(b);
  });
  tick.plain = tick.queue.size();
  tick.queue.insert(tick.queue.end(), gapped.begin(), gapped.end());
  return tick;
}

/// Exits that this tick triggers fill even when an entry among them has reversed the position.
void broker::commit_exits(const tick_fills& tick) {
  for (auto i = tick.plain; i < tick.queue.size(); ++i) {
    auto* leg = tick.queue[i];
    if (leg->kind != order_kind::exit || leg->dead || leg->id == 0 || leg->from_any) continue;
    leg->committed = true;
    const auto* b = find_binding(leg->binding);
    double most = b != nullptr ? b->left : std::fabs(book_.size());
    if (std::fabs(leg->size) > most) leg->size = leg->sign * most;
  }
}

/// Sizes an entry that is about to fill. False: it doesn't fill, and is gone.
bool broker::entry_stands(order& o, double price, bool gapped, const tick_fills& tick) {
  if (!gapped) {
    if (book_.sign() == o.sign && pyramiding_full()) return drop(o), false;
    if (book_.size() * o.sign < 0 && !o.keeps_size) {
      o.flip = std::fabs(book_.size());
      o.size -= book_.size();
    }
    if (o.size == 0) return drop(o), false;
  }
  if (o.sized_at_fill && !size_at_fill(o, price)) return drop(o), false;
  if (!entry_refused(o, price, tick)) return true;
  if (book_.size() * o.sign < 0) // the reversal was the close: a close of its own bar goes with it
    for (auto* x : orders_.all())
      if (!x->dead && x->market && x->exits() && x->bar == o.bar && x->sign == o.sign) drop(*x);
  drop(o);
  return false;
}

/// Whether the account can't carry the entry.
bool broker::entry_refused(const order& o, double price, const tick_fills& tick) const {
  // Both sides entered at one tick: the second is refused unless the account carries both margins at once.
  bool refused = false;
  if (tick.entered != 0 && book_.size() != 0 && book_.sign() == tick.entered && o.sign == -tick.entered) {
    double cost = price * book_.point_value();
    double both = std::fabs(book_.size()) * cost * margin_ratio(tick.entered) + std::fabs(book_.size() + o.size) * cost * margin_ratio(o.sign);
    refused = both - book_.free_equity() > std::fabs(book_.free_equity()) * 1e-11;
  }
  if (refused || !too_dear(o, price, book_.size(), book_.free_equity())) return refused;
  // Not refused: the second half of a reversal whose close has just filled, and an entry that only stacks on another of
  // this tick. The margin call that follows trims them (as observed).
  bool second_half = tick.closed_some && tick.first_sign != 0 && o.sign == -tick.first_sign;
  bool stacks = book_.size() != tick.first_size && !too_dear(o, price, tick.first_size, tick.first_equity);
  return !second_half && !stacks;
}

/// An exit without from_entry whose entry was refused takes the position that is there.
void broker::adopt_position() {
  if (book_.flat()) return;
  for (auto* o : orders_.all()) {
    if (o->dead || o->kind != order_kind::exit || !o->from_any || o->binding != 0 || waiting(o->id) != nullptr) continue;
    if (entries_.empty()) break;
    o->binding = entries_.back().number;
    o->id = entries_.back().id;
    o->sign = -book_.sign();
    o->size = -book_.size();
    o->reserved = o->bound = std::fabs(o->size);
  }
}

/// Exits of entries that have just filled, and trailing stops, see this tick too.
void broker::meet_exits(double price) {
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto& o = *orders_.all()[i];
    if (o.dead || o.consumed || o.kind != order_kind::exit || waits_for_entry(o)) continue;
    resolve_ticks(o);
    if (o.limit == o.limit && limit_met(o.limit, o.sign, price, rules_)) {
      o.cause = exit_cause::profit;
      fill(o, price);
    } else if (o.stop == o.stop && stop_met(o.stop, o.sign, price)) {
      o.cause = exit_cause::loss;
      fill(o, slipped(price, o.sign, rules_));
    } else {
      first_tick(o, price);
    }
  }
}

/// A trailing leg at the first tick it sees on this bar, or at the price its entry filled.
void broker::first_tick(order& o, double price) {
  if (o.dead || o.trail_price != o.trail_price) return;
  double way = o.sign < 0 ? 1 : -1; // direction of profit
  double behind = on_ticks(price - way * o.trail_offset * rules_.grid.mintick, rules_.grid);
  auto passed = [&](double stop) { return (price - stop) * way <= 0; };
  if (!o.trail_armed) {
    if ((price - o.trail_price) * way < 0) return;
    o.trail_armed = true;
    o.trail_stop = behind;
  } else if (passed(o.trail_stop)) { // gapped through: fills here, not at its level
    o.cause = exit_cause::trailing;
    return fill(o, slipped(price, o.sign, rules_));
  } else if ((behind - o.trail_stop) * way > 0) {
    o.trail_stop = behind;
  }
  if (passed(o.trail_stop)) {
    o.cause = exit_cause::trailing;
    fill(o, slipped(o.trail_stop, o.sign, rules_));
  }
}

// ---------------------------------------------------------------- between two ticks

/// The first level of the order that the price meets on its way from at_ to `to`.
std::optional<broker::trigger> broker::on_way(const order& o, double to) const {
  bool rising = to > at_, buys = o.sign > 0;
  std::optional<trigger> best;
  auto take = [&](double level, exit_cause cause) {
    if (level != level) return;
    if (rising ? level < at_ || level > to : level > at_ || level < to) return;
    if (best && (rising ? level >= best->level : level <= best->level)) return;
    best = trigger{level, cause};
  };
  bool stop_limit = o.opens() && o.stop == o.stop && o.limit == o.limit;
  if (rising == buys && !o.stop_hit) take(o.stop, exit_cause::loss);
  if (o.trail_price == o.trail_price) {
    if (!o.trail_armed && rising != buys) take(o.trail_price, exit_cause::none);
    if (o.trail_armed && rising == buys) take(buys ? std::max(o.trail_stop, at_) : std::min(o.trail_stop, at_), exit_cause::trailing);
  }
  if (rising != buys && (!stop_limit || o.stop_hit) && o.limit == o.limit) take(limit_trigger(o.limit, o.sign, rules_), exit_cause::profit);
  return best;
}

void broker::meet(order& o, const trigger& t, double level) {
  bool opening = o.opens();
  text_id id = o.id;
  auto bindings_before = next_binding_;
  switch (t.cause) {
  case exit_cause::none: { // a trailing stop is activated
    double way = o.sign < 0 ? 1 : -1;
    o.trail_armed = true;
    o.trail_stop = on_ticks(o.trail_price - way * o.trail_offset * rules_.grid.mintick, rules_.grid);
    if ((o.trail_price - o.trail_stop) * way > 0) return;
    o.cause = exit_cause::trailing; // no offset: the stop lies on the activation itself
    return fill(o, slipped(o.trail_stop, o.sign, rules_));
  }
  case exit_cause::loss:
    if (opening && o.limit == o.limit) { // stop-limit: a limit order from now on (manual: stop-limit orders)
      o.stop_hit = true;
      if (limit_met(o.limit, o.sign, level, rules_)) fill(o, level);
      break;
    }
    o.cause = exit_cause::loss;
    fill(o, slipped(o.stop, o.sign, rules_));
    break;
  case exit_cause::profit:
    o.cause = exit_cause::profit;
    fill(o, o.limit);
    break;
  case exit_cause::trailing:
    o.cause = exit_cause::trailing;
    fill(o, slipped(o.trail_stop, o.sign, rules_));
    break;
  }
  if (opening && next_binding_ != bindings_before && !entries_.empty()) activate(id, entries_.back().price);
}

/// An entry has filled on the way: exits whose levels lie behind its price already fill there (as observed).
void broker::activate(text_id entry, double price) {
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto& o = *orders_.all()[i];
    if (o.dead || o.consumed || o.kind != order_kind::exit || o.id != entry || waits_for_entry(o)) continue;
    resolve_ticks(o);
    if (o.limit == o.limit && limit_met(o.limit, o.sign, price, rules_)) {
      o.cause = exit_cause::profit;
      fill(o, price);
    } else if (o.stop == o.stop && stop_met(o.stop, o.sign, price)) {
      o.cause = exit_cause::loss;
      fill(o, slipped(price, o.sign, rules_));
    } else if (!o.trail_armed) {
      first_tick(o, price);
    }
  }
}

/// The price moves from at_ to `to` and meets the levels in between, nearest first; at one level in the order in
/// which the orders came.
void broker::walk(double to) {
  if (by_venue()) return watch_path(to);
  auto fills_before = fill_number_;
  while (to != at_ && !orders_.empty() && !failure_) {
    bool rising = to > at_;
    double level = to;
    bool any = false;
    for (const auto* o : orders_.all()) {
      if (o->dead || o->consumed || o->market || waits_for_entry(*o)) continue;
      if (auto t = on_way(*o, to); t && (!any || (rising ? t->level < level : t->level > level))) {
        level = t->level;
        any = true;
      }
    }
    if (!any) break;
    std::vector<std::pair<order*, trigger>> batch;
    for (auto* o : orders_.all()) {
      if (o->dead || o->consumed || o->market || waits_for_entry(*o)) continue;
      if (auto t = on_way(*o, to); t && t->level == level) batch.emplace_back(o, *t);
    }
    std::sort(batch.begin(), batch.end(), [](const auto& a, const auto& b) { return a.first->slot < b.first->slot; });
    bool behind_entry = false;
    for (auto& [o, t] : batch) { // an exit placed behind an entry of the same level fills even if that one reverses
      if (o->opens()) behind_entry = true;
      else if (behind_entry && o->kind == order_kind::exit && !o->from_any && t.cause != exit_cause::none) {
        o->committed = true;
        const auto* b = find_binding(o->binding);
        if (b != nullptr && std::fabs(o->size) > b->left) o->size = o->sign * b->left;
      }
    }
    at_ = level;
    book_.note_price(level);
    for (auto& [o, t] : batch)
      if (!o->dead && !o->consumed) meet(*o, t, level);
    for (auto& [o, t] : batch) o->committed = false;
    if (mode_ == walk_mode::until_fill && fill_number_ != fills_before) return;
    // what can't be met again at this very level (a stop-limit that waits, an armed trail) has changed its state
  }
  at_ = to;
  book_.note_price(to);
  ratchet(to);
}

/// Water marks of trailing stops follow to where the price is.
void broker::ratchet(double price) {
  for (auto* o : orders_.all()) {
    if (o->dead || !o->trail_armed) continue;
    double way = o->sign < 0 ? 1 : -1;
    double behind = on_ticks(price - way * o->trail_offset * rules_.grid.mintick, rules_.grid);
    if ((behind - o->trail_stop) * way > 0) o->trail_stop = behind;
  }
}

// ---------------------------------------------------------------- after the script

/// The closing tick once more, for the orders the script has just placed (manual: process_orders_on_close), and for
/// immediate closes.
void broker::after_script() {
  if (by_venue()) {
    orders_.sweep();
    return book_.mark(mark_);
  }
  bool on_close = rules_.fills == fill_time::on_close;
  if (!orders_.empty()) {
    moment_ = 3;
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
    auto fill_one = [&](order& o, exit_cause cause) {
      if (o.dead) return;
      if (o.kind == order_kind::entry && o.market) {
        if (book_.sign() == o.sign && pyramiding_full()) return drop(o);
        if (book_.size() * o.sign < 0 && !o.keeps_size) o.size -= book_.size();
        if (o.size == 0) return drop(o);
      }
      double price = cause == exit_cause::profit ? close : slipped(close, o.sign, rules_);
      if (o.kind == order_kind::entry) {
        if (o.sized_at_fill && !size_at_fill(o, price)) return drop(o);
        if (too_dear(o, price, book_.size(), book_.free_equity())) return drop(o);
      }
      o.cause = o.exits() ? cause : exit_cause::none;
      fill(o, price);
      book_.mark(close);
    };
    for (std::size_t i = 0; i < now.size(); ++i) fill_one(*now[i].first, now[i].second);
    if (on_close)
      for (std::size_t i = 0; i < orders_.all().size(); ++i) { // limits and stops that the close meets
        auto& o = *orders_.all()[i];
        if (o.dead || o.consumed || o.market || o.bar != now_.index || waits_for_entry(o)) continue;
        resolve_ticks(o);
        if (o.opens() && o.stop == o.stop && o.limit == o.limit) continue;
        if (o.stop == o.stop && stop_met(o.stop, o.sign, close)) fill_one(o, exit_cause::loss);
        else if (o.limit == o.limit && limit_met(o.limit, o.sign, close, rules_)) fill_one(o, exit_cause::profit);
      }
    orders_.sweep();
  }
  if (!book_.flat()) {
    if (margin_deferred_) check_margin(mark_, margin_moment::tick);
    margin_deferred_ = false;
    if (!book_.flat()) check_margin(mark_, margin_moment::close);
    book_.mark(mark_);
  }
}

} // namespace tt::pine::tester
