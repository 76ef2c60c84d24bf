#include "actors/pine/tester/broker.hpp"

#include <algorithm>

/// Live trading: the orders rest at a venue, and its executions are the fills. The book of orders, what exits are bound
/// to, sizing and money are those of the emulator; only the path fills nothing.

namespace tt::pine::tester {

namespace {
/// The double that the emulator has for a number that lies on its grid; any other number as it is.
double as_on_grid(double exact, double on_grid) { return std::fabs(exact - on_grid) <= 1e-9 * std::fabs(exact) ? on_grid : exact; }
} // namespace

order* broker::in_slot(std::uint64_t slot) {
  for (auto* o : orders_.all())
    if (!o->dead && o->slot == slot) return o;
  return nullptr;
}

/// What the emulator settles when a market order fills has to be known before it is sent: a reversal trades the
/// position too, a close no more than there is, and an entry beyond the pyramiding limit is none. Orders that were sent
/// before count as filled.
void broker::size_market_orders() {
  double expected = book_.size();
  for (auto* o : orders_.all()) {
    if (o->dead || !o->market || o->consumed) continue;
    if (!o->is_sized) {
      const bool against = expected * o->sign < 0;
      if (o->exits()) {
        if (!against) {
          drop(*o);
          continue;
        }
        o->size = o->sign * std::min(std::fabs(o->size), std::fabs(expected));
      } else if (o->kind == order_kind::entry) {
        if (expected * o->sign > 0 && pyramiding_full()) {
          drop(*o);
          continue;
        }
        if (against && !o->keeps_size) {
          o->flip = std::fabs(expected);
          o->size = add_lots(o->size, -expected, rules_.grid);
        }
        const bool allowed = risk_.allowed == trade_side::both || (risk_.allowed == trade_side::long_) == (o->sign > 0);
        if (!allowed) o->size = against ? -expected : 0; // strategy.risk.allow_entry_in: a reversal only closes
      }
      o->is_sized = true;
      if (o->size == 0) {
        drop(*o);
        continue;
      }
    }
    expected = add_lots(expected, o->size, rules_.grid);
  }
}

std::vector<venue_order> broker::venue_orders() {
  std::vector<venue_order> out;
  if (orders_.empty()) return out;
  size_market_orders();
  const double held = book_.size();
  const bool is_closing = std::any_of(orders_.all().begin(), orders_.all().end(),
                                      [&](const order* o) { return !o->dead && o->market && o->size * held < 0; });
  for (auto* o : orders_.all()) {
    if (o->dead || o->consumed || o->size == 0) continue;
    if (o->kind == order_kind::exit && (waits_for_entry(*o) || is_closing)) continue;
    const bool would_be_none = o->kind == order_kind::entry && !o->has_begun && held * o->sign > 0 && pyramiding_full();
    if (would_be_none && o->priced()) continue;
    if (would_be_none && !is_closing) { // the close that it was to follow is gone
      drop(*o);
      continue;
    }
    resolve_ticks(*o);
    venue_order v{o->slot, o->kind, o->id, o->signal, exit_comment(*o), o->size, o->limit, o->stop_hit ? no_value : o->stop};
    if (o->kind == order_kind::exit) {
      if (o->trail_armed && v.limit != v.limit && v.stop != v.stop) {
        v.trail_offset = std::max(o->trail_offset, 1.0) * rules_.grid.mintick;
      } else if (o->trail_armed) { // beside a fixed level: a stop that is moved
        v.moves = true;
        v.stop = v.stop != v.stop ? o->trail_stop : o->sign < 0 ? std::max(v.stop, o->trail_stop) : std::min(v.stop, o->trail_stop);
      }
      if (v.market()) continue; // its trailing stop has not begun
    }
    out.push_back(v);
  }
  return out;
}

void broker::venue_fill(const bar_moment& when, const venue_order& what, double qty, double price, double fee) {
  const double level = as_on_grid(price, on_ticks(price, rules_.grid)); // as bars have it: another double than a booked price
  price = as_on_grid(price, booked_price(price, rules_.grid));
  qty = as_on_grid(qty, on_lots(qty, rules_.grid));
  if (now_.index != when.index || now_.time_ms != when.time_ms) {
    start_bar(when);
    if (risk_.used) roll_day();
  }
  order gone; // executed although nobody here waits for it any more
  auto* o = in_slot(what.slot);
  if (o == nullptr) {
    gone.kind = what.kind == order_kind::exit ? order_kind::close : what.kind;
    gone.id = what.id, gone.signal = what.signal, gone.comment = what.comment;
    o = &gone;
  }
  o->sign = what.size < 0 ? -1 : 1;
  const double left = o == &gone ? 0 : add_lots(std::fabs(o->size), -qty, rules_.grid);
  if (o->kind == order_kind::exit && o->limit == o->limit && limit_met(o->limit, o->sign, price, rules_)) o->cause = exit_cause::profit;
  else if (o->kind == order_kind::exit) o->cause = o->trail_armed ? exit_cause::trailing : exit_cause::loss;
  o->size = o->sign * qty;
  o->market = o->committed = true; // whatever it does not close, it opens
  at_ = quote_ = level;
  if (seen_ == excursions::path) book_.note_price(level); // on the way; the first tick of a bar begins there
  const bool was_market = what.market();
  venue_fee_ = fee;
  execute(*o, price, qty, true);
  venue_fee_.reset();
  o->committed = false;
  o->market = was_market;
  if (left > 0 && !(o->kind == order_kind::exit && find_binding(o->binding) == nullptr)) { // the rest is still there
    o->dead = o->consumed = false;
    o->has_begun = true;
    o->size = o->sign * left;
  }
  adopt_position();
  if (what.kind != order_kind::forced && intraday_cap_reached() && !book_.flat()) halt("Max number of filled orders in one day", price, true);
  if (++bar_fills_ > limits::fills_per_bar) failure_ = "more than " + std::to_string(limits::fills_per_bar) + " fills on one bar";
}

void broker::venue_gone(std::uint64_t slot) {
  if (auto* o = in_slot(slot)) drop(*o);
}

void broker::venue_keep(std::span<const std::uint64_t> out) {
  for (auto* o : orders_.all())
    if (!o->dead && !o->consumed && o->market && std::find(out.begin(), out.end(), o->slot) == out.end()) drop(*o);
}

void broker::adopt(trade t) {
  t.fill = ++fill_number_;
  t.entry_value = std::fabs(t.size) * t.entry_price * book_.point_value();
  book_.open(t);
  bind(t.entry_id, t.size, t.entry_price, false);
}

/// Trailing stops begin where the price is, and follow it.
void broker::arm_trails(double price) {
  for (auto* o : orders_.all()) {
    if (o->dead || o->consumed || o->kind != order_kind::exit || waits_for_entry(*o)) continue;
    resolve_ticks(*o);
    const double way = o->sign < 0 ? 1 : -1;
    if (o->trail_armed || o->trail_price != o->trail_price || (price - o->trail_price) * way < 0) continue;
    arm(*o, quote_);
  }
  ratchet(quote_);
}

void broker::watch_path(double to, double quote) {
  at_ = to;
  quote_ = quote;
  book_.note_price(to);
  arm_trails(to);
}

} // namespace tt::pine::tester
