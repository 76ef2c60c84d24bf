#pragma once
/// Orders that wait, and the entries that exit orders are bound to.

#include "actors/pine/order_command.hpp"
#include "actors/pine/tester/rules.hpp"

#include <cmath>
#include <cstdint>
#include <deque>
#include <vector>

namespace tt::pine::tester {

enum class order_kind : std::uint8_t {
  entry,     ///< strategy.entry(): reverses, obeys pyramiding
  plain,     ///< strategy.order()
  exit,      ///< one leg of strategy.exit(): bound to one filled entry or to an entry order that still waits
  close,     ///< strategy.close() of an entry's id
  close_all,
  forced,    ///< margin call or risk rule
};
/// Which of an exit's levels filled it.
enum class exit_cause : std::uint8_t { none, profit, loss, trailing };

/// The arguments of strategy.exit() as given, for legs that entries filling later inherit.
struct exit_spec {
  double limit = no_value, stop = no_value, trail_price = no_value, qty = no_value, qty_percent = no_value;
};

struct order {
  order_kind kind = order_kind::entry;
  exit_cause cause = exit_cause::none;
  oca_kind oca = oca_kind::none;
  bool market = false;       ///< fills with the next tick
  bool consumed = false;     ///< an exit leg that has filled while its entry is still open: keeps its reservation
  bool dead = false;         ///< filled or cancelled; swept at the end of the bar
  bool committed = false;    ///< an exit leg of a batch of orders that trigger at one instant
  bool ticks_known = false;  ///< distances in ticks have become levels
  bool trail_armed = false;
  bool stop_hit = false;     ///< of a stop-limit order: it is a limit order now
  bool keeps_size = false;   ///< an entry placed again on its own bar: not enlarged by the position it reverses
  bool sized_at_fill = false;
  bool whole_entry = false;  ///< an exit leg without quantity: covers all of its entry
  bool from_any = false;     ///< strategy.exit() without from_entry, while the entry still waited
  bool spent = false;        ///< a leg of this strategy.exit() call has filled: later entries inherit nothing
  bool at_once = false;      ///< strategy.close(immediately = true)
  bool named = false;        ///< strategy.exit() with from_entry
  bool for_way_end = false;  ///< placed by a run on the way between two points of the path: waits for its end
  bool cancelled_later = false; ///< by such a run: gone where the way ends
  bool detached = false;     ///< an exit leg that a refused reversal has withdrawn: does nothing until it is back
  bool is_sized = false;     ///< a market order whose size at the venue is settled
  bool has_begun = false;    ///< a part of it was executed at the venue: the rest belongs to it
  text_id id = 0;            ///< of entry and plain: its own; of exit and close: the entry's
  text_id signal = 0;        ///< of exit and close: its own name
  text_id oca_name = 0;
  text_id comment = 0, comment_profit = 0, comment_loss = 0, comment_trailing = 0;
  text_id alert = 0, alert_profit = 0, alert_loss = 0, alert_trailing = 0;
  std::uint32_t statement = 0;
  std::uint32_t binding = 0; ///< number of the filled entry an exit leg is bound to; 0: its entry waits
  double sign = 0;           ///< +1 buys, -1 sells
  double size = 0;           ///< signed
  double limit = no_value, stop = no_value;
  double profit_ticks = no_value, loss_ticks = no_value, trail_ticks = no_value;
  double trail_price = no_value, trail_offset = 0;
  double trail_best = no_value, trail_stop = no_value; ///< the best quote since it was armed, and the stop that makes
  double flip = 0;           ///< part of `size` that closes the position the order reverses, fixed at placement
  double budget = 0, budget_pv = 0; ///< money of a default-sized price order, fixed at placement
  double placed_price = no_value;   ///< what it would have filled at then, before slippage
  double reserved = 0;       ///< an exit leg's share of its entry
  double bound = 0;          ///< size of the entry when the share was taken
  exit_spec spec;
  std::int64_t bar = -1;     ///< bar of placement
  std::uint64_t slot = 0;    ///< place among orders that trigger at one instant
  std::uint64_t placed_after_fill = 0;
  std::uint64_t target = 0;  ///< the one trade that a forced order closes, by its fill; 0: the oldest first

  bool exits() const { return kind == order_kind::exit || kind == order_kind::close || kind == order_kind::close_all; }
  bool opens() const { return kind == order_kind::entry || kind == order_kind::plain; }
  bool priced() const { return limit == limit || stop == stop; }
  bool has_levels() const {
    return priced() || trails() || profit_ticks == profit_ticks || loss_ticks == loss_ticks;
  }
  bool is_stop_limit() const { return opens() && limit == limit && stop == stop; }
  bool trails() const { return trail_price == trail_price || trail_ticks == trail_ticks; }
};

/// A filled entry as exit orders and the pyramiding limit see it. It keeps its place until orders bound to it have
/// closed its quantity, even when the list of trades, which closes the oldest first, shows it gone earlier.
struct entry_binding {
  std::uint32_t number = 0;
  text_id id = 0;
  double first_size = 0; ///< > 0, as filled
  double left = 0;       ///< > 0, not yet closed by orders bound to it
  double sign = 0;
  double price = 0;
  bool by_exit = false;  ///< opened by an exit leg that had more to do than to close
};

/// Storage of orders with stable addresses. Dead ones are reused after sweep().
class order_book {
public:
  order& add(const order& o) {
    order* p;
    if (spare_.empty()) {
      p = &pool_.emplace_back(o);
    } else {
      p = spare_.back();
      spare_.pop_back();
      *p = o;
    }
    live_.push_back(p);
    return *p;
  }
  /// Orders in the order in which they queue; dead ones included until sweep().
  const std::vector<order*>& all() const { return live_; }
  std::vector<order*>& all() { return live_; }
  bool empty() const { return live_.empty(); }
  void sweep() {
    std::size_t kept = 0;
    for (auto* o : live_) {
      if (o->dead) spare_.push_back(o);
      else live_[kept++] = o;
    }
    live_.resize(kept);
  }

private:
  std::deque<order> pool_;
  std::vector<order*> live_, spare_;
};

} // namespace tt::pine::tester
