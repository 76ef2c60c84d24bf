#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// The market's side: ticks, the walk along the path of a bar, and what an order meets on it.

namespace tt::pine::tester {

void broker::start_bar(const bar_moment& when) {
  now_ = when;
  moment_ = 0;
  bar_fills_ = 0;
  work_ = 0;
  stage_.armed = false;
  margin_deferred_ = false;
  room_ = margin_room::missing;
  seen_ = excursions::whole_bar;
  closed_at_bar_start_ = book_.closed_trades().size();
  bar_start_size_ = book_.size();
  bar_start_equity_ = book_.free_equity();
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
  if (!walks) room_ = look_at_room(p);
  if (room_ == margin_room::missing) {
    open_tick(when, p.open);
    auto path = path_of(p);
    for (int point = 1; point <= 3 && !margin_deferred_ && !failure_; ++point) {
      moment_ = point;
      leg_fills_ = fill_number_;
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
  if (!needs_walk(whole) && (book_.flat() || room_within(whole.low, whole.high) != margin_room::missing)) return end_bar(whole);
  open_tick(when, inner[0].open);
  for (std::size_t i = 0; i < count && !failure_; ++i) {
    const auto& p = inner[i];
    auto path = path_of(p);
    moment_ = static_cast<int>(4 * i);
    if (i > 0) touch(p.open); // a gap between lower bars is met like one between bars
    for (int point = 1; point <= 3 && !margin_deferred_; ++point) {
      moment_ = static_cast<int>(4 * i) + point;
      leg_fills_ = fill_number_;
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
/// its good side before the way there, the present one after what has filled on the way (as observed): an entry that
/// filled on a leg is judged where that leg ends.
void broker::after_point(const bar_prices& p, int point) {
  if (point == 3 || book_.flat()) return;
  bool up_first = high_first(p), at_high = (point == 1) == up_first, is_long = book_.sign() > 0;
  double here = at_high ? p.high : p.low;
  bool adverse = is_long != at_high;
  if (point == 1) {
    if (adverse) {
      margin_deferred_ = check_margin(here, margin_moment::first_extreme);
      if (margin_deferred_ || check_intraday_loss(here)) return;
    } else {
      check_margin(here, margin_moment::leg_end);
    }
    if (!book_.flat() && (book_.sign() > 0) != up_first) check_margin(up_first ? p.low : p.high, margin_moment::tick);
    return;
  }
  check_margin(here, adverse ? margin_moment::tick : margin_moment::leg_end);
  if (adverse) check_intraday_loss(here);
}

void broker::end_bar(const bar_prices& p) {
  mark_ = p.close;
  at_ = p.close;
  fills_at_end_ = fill_number_;
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
  // An immediate close of a run that is not the bar's last one is undone with that run's variables (as observed); one
  // that another close has replaced is not.
  for (auto* o : orders_.all())
    if (o->at_once) drop(*o);
  mode_ = walk_mode::until_fill;
  while ((step_point_ < 3 || step_point_ >= resumed_leg) && !failure_) {
    auto before = fill_number_;
    if (step_point_ < 1) {
      bool again = step_point_ == 0;
      step_point_ = again ? 1 : 0;
      moment_ = 0;
      bar_start_size_ = book_.size();
      bar_start_equity_ = book_.free_equity();
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
    if (!resumed) leg_fills_ = fill_number_;
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
    bar_start_size_ = book_.size();
    bar_start_equity_ = book_.free_equity();
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
  bool stop_limit = o.is_stop_limit();
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
    if (o.is_stop_limit()) { // stop-limit: a limit order from now on (manual: stop-limit orders)
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
  case exit_cause::trailing: // at its stop, or where the price is if that lies behind it: it had been withdrawn meanwhile
    o.cause = exit_cause::trailing;
    fill(o, slipped(level, o.sign, rules_));
    break;
  }
  if (opening && next_binding_ != bindings_before && !entries_.empty()) activate(id, entries_.back().price);
}

/// An entry has filled on the way: exits whose levels lie behind its price already fill there (as observed).
void broker::activate(text_id entry, double price) {
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto& o = *orders_.all()[i];
    if (o.dead || o.consumed || o.kind != order_kind::exit || o.id != entry || waits_for_entry(o)) continue;
    if (!fill_leg(o, price) && !o.trail_armed) first_tick(o, price);
  }
}

/// A leg of the batch whose trades the batch has closed already: with close_entries_rule "ANY" it comes last, and opens
/// what it can't close any more (as observed).
bool broker::spent(const order& o) const {
  if (rules_.closing != close_rule::any || !o.committed) return false;
  const auto& open = book_.open_trades();
  return std::none_of(open.begin(), open.end(), [&](const trade& t) { return t.entry_id == o.id; });
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
    std::vector<std::pair<order*, trigger>> last;
    for (auto& [o, t] : batch) {
      if (o->dead || o->consumed) continue;
      if (spent(*o)) last.emplace_back(o, t);
      else meet(*o, t, level);
    }
    for (auto& [o, t] : last)
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
    if (o->dead || !o->trail_armed || o->detached) continue;
    double way = o->sign < 0 ? 1 : -1;
    double behind = on_ticks(price - way * o->trail_offset * rules_.grid.mintick, rules_.grid);
    if ((behind - o->trail_stop) * way > 0) o->trail_stop = behind;
  }
}

} // namespace tt::pine::tester
