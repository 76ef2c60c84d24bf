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

/// The three legs of a bar whose open has been looked at.
void broker::walk_bar(const quoted_bar& b, int first_moment) {
  const auto path = path_of(b);
  for (int point = 1; point <= 3 && !margin_deferred_ && !failure_; ++point) {
    const auto i = static_cast<std::size_t>(point);
    moment_ = first_moment + point;
    leg_fills_ = fill_number_;
    walk(path.at[i], path.raw[i]);
    after_point(b.on_grid, path.up_first, point);
  }
}

void broker::bar(const bar_moment& when, const quoted_bar& b) {
  const auto& p = b.on_grid;
  start_bar(when);
  bar_ = p;
  if (risk_.used) roll_day();
  if (by_venue()) {
    open_tick(when, p.open, b.raw.open);
    const auto path = path_of(b);
    for (std::size_t i = 0; i < path.at.size(); ++i) move_to(path.at[i], path.raw[i]);
    return end_bar(p);
  }
  quote_ = b.raw.close; // where it will have come to, unless it walks there
  bool walks = needs_walk(p);
  if (!walks && book_.flat()) {
    if (book_.closed_trades().size() != closed_at_bar_start_) return end_bar(p);
    mark_ = at_ = p.close;
    if (!orders_.empty()) orders_.sweep();
    return;
  }
  if (!walks) room_ = look_at_room(p);
  if (room_ == margin_room::missing) {
    open_tick(when, p.open, b.raw.open);
    walk_bar(b, 0);
    quote_ = b.raw.close;
  }
  end_bar(p);
}

void broker::bar(const bar_moment& when, const quoted_bar& whole, const quoted_bar* inner, std::size_t count) {
  if (count == 0) return bar(when, whole);
  const auto& all = whole.on_grid;
  start_bar(when);
  bar_ = all;
  if (risk_.used) roll_day();
  quote_ = whole.raw.close;
  if (!needs_walk(all) && (book_.flat() || room_within(all.low, all.high) != margin_room::missing)) return end_bar(all);
  open_tick(when, inner[0].on_grid.open, inner[0].raw.open);
  for (std::size_t i = 0; i < count && !failure_; ++i) {
    moment_ = static_cast<int>(4 * i);
    if (i > 0) touch(inner[i].on_grid.open, inner[i].raw.open); // a gap between lower bars is met like one between bars
    walk_bar(inner[i], static_cast<int>(4 * i));
  }
  quote_ = whole.raw.close;
  end_bar(all);
}

void broker::open_tick(const bar_moment& when, double price, double quote) {
  if (now_.index != when.index || now_.time_ms != when.time_ms) {
    start_bar(when);
    if (risk_.used) roll_day();
  }
  moment_ = 0;
  seen_ = excursions::path;
  touch(price, quote);
  if (!book_.flat()) check_margin(price, margin_moment::tick);
}

void broker::move_to(double price, double quote) {
  ++moment_;
  walk(price, quote);
  mark_ = price;
}

void broker::tick_done() {
  if (!book_.flat()) {
    check_margin(mark_, margin_moment::tick);
    if (risk_.used) check_intraday_loss(mark_);
    book_.mark(mark_);
  }
  touch(mark_, quote_);
  orders_.sweep();
}

/// Margin and the intraday loss are looked at where the path turns. The extreme that is still to come is looked at for
/// its good side before the way there, the present one after what has filled on the way (as observed): an entry that
/// filled on a leg is judged where that leg ends (rule tests: margin_call.*,
/// risk.max_intraday_loss_closes_at_the_worst_price_and_waits_for_the_next_day).
void broker::after_point(const bar_prices& p, bool up_first, int point) {
  if (point == 3 || book_.flat()) return;
  bool at_high = (point == 1) == up_first, is_long = book_.sign() > 0;
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
  if (!orders_.empty()) orders_.sweep();
  book_.end_bar(p.high, p.low, p.close, seen_);
  if (risk_.used) check_risk_at_close(p.close);
}

// ---------------------------------------------------------------- calc_on_order_fills

void broker::begin_stepping(const bar_moment& when, const quoted_bar& whole, std::span<const quoted_bar> inner) {
  start_bar(when);
  bar_ = whole.on_grid;
  stepped_.assign(inner.begin(), inner.end());
  if (stepped_.empty()) stepped_.push_back(whole);
  step_bar_ = 0;
  path_ = path_of(stepped_.front());
  seen_ = excursions::path;
  if (risk_.used) roll_day();
  fills_at_step_ = fill_number_;
  step_point_ = -1;
  at_ = path_->at[0];
}

/// Runs on to the next fill. After the first fill at the open the script's new orders get the open once more, after
/// that the next point of the path: four fills a bar at most (manual: calc_on_order_fills; as observed: open, open,
/// first extreme, second extreme; rule test: strategy.calc_on_order_fills_fills_at_most_four_times_a_bar).
bool broker::step() {
  const auto& path = *path_;
  // An immediate close of a run that is not the bar's last one is undone with that run's variables (as observed); one
  // that another close has replaced is not.
  for (auto* o : orders_.all())
    if (o->at_once && !(on_way() && o->for_way_end)) drop(*o);
  mode_ = walk_mode::until_fill;
  const auto whole_way = [&] { return step_bar_ + 1 == stepped_.size() ? 3 : 4; }; // the very last leg has no run of its own
  while ((step_point_ < whole_way() || step_point_ >= resumed_leg) && !failure_) {
    auto before = fill_number_;
    if (step_point_ < 1) {
      bool again = step_point_ == 0;
      step_point_ = again ? 1 : 0;
      moment_ = 0;
      bar_start_size_ = book_.size();
      bar_start_equity_ = book_.free_equity();
      touch(path.at[0], path.raw[0]);
      if (!again && !book_.flat()) check_margin(path.at[0], margin_moment::tick);
      if (fill_number_ != before) break;
      step_point_ = 1;
      continue;
    }
    bool resumed = step_point_ >= resumed_leg; // the script has run for a fill on this leg: once is enough
    if (resumed) step_point_ -= resumed_leg;
    auto point = static_cast<std::size_t>(step_point_);
    moment_ = step_moment();
    if (!resumed) leg_fills_ = fill_number_;
    if (at_ != path.at[point]) {
      mode_ = resumed ? walk_mode::through : walk_mode::until_fill;
      walk(path.at[point], path.raw[point]);
      mode_ = walk_mode::until_fill;
      if (resumed) end_way(path.at[point]);
      if (!resumed && fill_number_ != before) {
        mark_ = path.at[point]; // as observed: the script sees the end of the leg on which its order has filled
        book_.mark(mark_);
        fills_at_step_ = fill_number_;
        mode_ = walk_mode::through;
        step_point_ += resumed_leg;
        return true;
      }
    }
    after_point(stepped_[step_bar_].on_grid, path.up_first, step_point_);
    bar_start_size_ = book_.size();
    bar_start_equity_ = book_.free_equity();
    touch(path.at[point], path.raw[point]); // orders that the last run of the script placed
    if (++step_point_ == 4) step_into_next();
    if (fill_number_ != before) break;
  }
  bool filled = fill_number_ != fills_at_step_;
  fills_at_step_ = fill_number_;
  if (filled) {
    mark_ = at_;
    book_.mark(mark_);
  }
  mode_ = walk_mode::through;
  if (step_point_ >= whole_way() && !filled) {
    moment_ = step_moment();
    walk(path.at[3], path.raw[3]);
    return false;
  }
  return true;
}

/// The next lower bar begins: a gap between two is met like one between bars.
void broker::step_into_next() {
  path_ = path_of(stepped_[++step_bar_]);
  step_point_ = 1;
  moment_ = step_moment() - 1;
  touch(path_->at[0], path_->raw[0]);
}

int broker::step_moment() const { return static_cast<int>(4 * step_bar_) + step_point_; }

/// The end of a way on which the script has run for a fill: what it has said counts from here on (rule tests:
/// strategy.calc_on_order_fills_has_what_a_run_on_the_way_places_wait_for_its_end, .._closes_immediately_where_the_way_ends).
void broker::end_way(double price) {
  for (auto* o : orders_.all()) {
    if (o->cancelled_later) drop(*o);
    o->for_way_end = false;
  }
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto& o = *orders_.all()[i];
    if (!o.dead && o.at_once) fill(o, slipped(price, o.sign, rules_));
  }
}

// ---------------------------------------------------------------- between two ticks

/// The first level of the order that the price meets on its way from at_ to `to` (manual: broker emulator; rule test:
/// fills.the_limit_of_a_trailing_exit_wins_when_the_path_meets_it_first).
std::optional<broker::trigger> broker::met_on_way(const order& o, double to) const {
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
  case exit_cause::none: // a trailing stop is activated
    arm(o, quote_);
    if (o.trail_offset > 0) return;
    o.cause = exit_cause::trailing; // no offset: the stop lies on the activation itself
    return fill(o, slipped(level, o.sign, rules_));
  case exit_cause::loss:
    if (o.is_stop_limit()) { // a limit order from now on (manual: stop-limit orders; rule tests: stop_limit.*)
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

/// An entry has filled on the way: exits whose levels lie behind its price already fill there (rule test:
/// fills.a_bracket_already_behind_the_entry_price_fills_there).
void broker::activate(text_id entry, double price) {
  for (std::size_t i = 0; i < orders_.all().size(); ++i) {
    auto& o = *orders_.all()[i];
    if (o.dead || o.consumed || o.kind != order_kind::exit || o.id != entry || waits_for_entry(o)) continue;
    if (!fill_leg(o, price) && !o.trail_armed) first_tick(o, price);
  }
}

/// A leg of the batch whose trades the batch has closed already: with close_entries_rule "ANY" it comes last, and opens
/// what it can't close any more (rule test: batch.of_any_a_leg_with_nothing_left_to_close_comes_last_and_opens).
bool broker::spent(const order& o) const {
  if (rules_.closing != close_rule::any || !o.committed) return false;
  const auto& open = book_.open_trades();
  return std::none_of(open.begin(), open.end(), [&](const trade& t) { return t.entry_id == o.id; });
}

/// The price moves from at_ to `to` and meets the levels in between, nearest first; at one level in the order in
/// which the orders came (manual: broker emulator; rule tests: fills.with_the_high_nearer_the_limit_of_a_long_comes_before_its_stop,
/// fills.levels_passed_before_the_entry_do_not_count, orders.placing_an_order_again_changes_it).
void broker::walk(double to, double quote) {
  if (by_venue()) return watch_path(to, quote);
  auto fills_before = fill_number_;
  while (to != at_ && !orders_.empty() && !failure_) {
    bool rising = to > at_;
    double level = to;
    bool any = false;
    for (const auto* o : orders_.all()) {
      if (o->dead || o->consumed || o->market || o->for_way_end || waits_for_entry(*o)) continue;
      if (auto t = met_on_way(*o, to); t && (!any || (rising ? t->level < level : t->level > level))) {
        level = t->level;
        any = true;
      }
    }
    if (!any) break;
    std::vector<std::pair<order*, trigger>> batch;
    for (auto* o : orders_.all()) {
      if (o->dead || o->consumed || o->market || o->for_way_end || waits_for_entry(*o)) continue;
      if (auto t = met_on_way(*o, to); t && t->level == level) batch.emplace_back(o, *t);
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
    quote_ = level == to ? quote : level == at_ ? quote_ : level;
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
  quote_ = quote;
  book_.note_price(to);
  ratchet(quote);
}

/// A trailing stop is armed, as the market is quoted there: no worse than its activation, which the price has reached on
/// the tick grid (rule test: fills.a_trail_is_not_behind_an_activation_that_only_its_tick_has_reached).
void broker::arm(order& leg, double quote) const {
  leg.trail_armed = true;
  trail(leg, leg.sign < 0 ? std::max(quote, leg.trail_price) : std::min(quote, leg.trail_price));
}

/// The stop lies its offset behind the best quote, on the tick that is further from the market: 28.1125 is 28.11 for a long
/// position (rule test: fills.a_trail_follows_the_quotes_and_not_their_ticks).
void broker::trail(order& leg, double best) const {
  const double way = leg.sign < 0 ? 1 : -1;
  leg.trail_best = best;
  leg.trail_stop = level_on_ticks(best - way * leg.trail_offset * rules_.grid.mintick, way > 0 ? rounding::down : rounding::up, rules_.grid);
}

/// Trailing stops follow the market to its side of profit (rule tests:
/// fills.a_trailing_stop_arms_and_follows_the_path_within_the_bar, fills.a_trailing_stop_carries_its_mark_to_the_next_bar).
void broker::ratchet(double quote) {
  for (auto* o : orders_.all()) {
    if (o->dead || !o->trail_armed || o->detached) continue;
    if (o->sign < 0 ? quote > o->trail_best : quote < o->trail_best) trail(*o, quote);
  }
}

} // namespace tt::pine::tester
