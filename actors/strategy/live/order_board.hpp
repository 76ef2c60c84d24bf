#pragma once

// The orders of one run at the venue: what is there, what shall be there, and what was executed of it. Pure.

#include "actors/pine/tester/broker.hpp"
#include "actors/strategy/live/run_types.hpp"

#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tt::strategy {

/// An order as the run wants it, on the contract's grids.
struct wanted_order {
  pine::tester::venue_order what; ///< its texts are numbers of the script
  std::string id, signal, comment;
  decimal size; ///< signed
  std::optional<price> limit, stop, trail;

  [[nodiscard]] bool is_market() const { return !limit && !stop && !trail; }
  [[nodiscard]] bool closes() const { return what.closes(); }
};

/// An order that went out.
struct sent_order {
  wanted_order wanted;
  std::string key;
  enum class phase_t : std::uint8_t {
    asked,      ///< no answer yet
    resting,    ///< at the venue, or on its way there
    cancelling, ///< taken back by us, not confirmed
  } phase = phase_t::asked;
  order_id head;                       ///< of the order; empty while asked
  order_number number = order_number::none;
  decimal booked, booked_value;        ///< executed, as told to the run; > 0
  money booked_fees;
  bool is_unanswered = false;          ///< the desk could not say; to be asked again
  bool may_be_out = false;             ///< an earlier request may have arrived: it must not be given up
  std::optional<std::int64_t> not_available_ms; ///< when the desk first could not take it; nothing: it never said so
  struct part {
    decimal filled, value;
    money fees;
    std::uint32_t version = 0;
    bool is_final = false, is_swapped = false;
    order_state state = order_state::created;
    std::string reason;
  };
  std::map<std::string, part> parts;   ///< by order id: the order, and the legs of a linked one

  [[nodiscard]] decimal rest() const { return wanted.size.abs() - booked; }
};

/// An execution that the run has to book.
struct executed {
  decimal qty;
  price px;
  money fee;
};

class order_board {
public:
  enum class moment : std::uint8_t { within_bar, bar_closed };
  struct plan {
    std::vector<wanted_order> place;
    std::vector<sent_order*> cancel;
  };
  /// What has to be done so that the venue holds `wanted`. `held`: signed position.
  [[nodiscard]] plan compare(const std::vector<wanted_order>& wanted, decimal held, moment when);

  sent_order& add(wanted_order what, std::string key);
  [[nodiscard]] sent_order* by_key(std::string_view key);
  /// The order that `now` is, or is a leg of.
  [[nodiscard]] sent_order* owner_of(const order& now);
  /// Takes a state of the order or a leg of it in. Nothing: it tells no new execution.
  static std::optional<executed> take(sent_order& to, const order& now);
  enum class end : std::uint8_t { open, filled, cancelled, lost };
  /// Whether it is over, and how.
  [[nodiscard]] static end end_of(const sent_order& what);
  void remove(const sent_order& what);

  [[nodiscard]] std::list<sent_order>& all() { return orders_; }
  [[nodiscard]] const std::list<sent_order>& all() const { return orders_; }

private:
  std::list<sent_order> orders_; ///< in the order in which they went out; addresses stay
};

/// The request of an order. Requires levels and size that are on the grids.
order_request request_of(const wanted_order& what, const run_setup& setup);
/// "buy", "market" and the like, for rows.
std::string type_of(const wanted_order& what);

} // namespace tt::strategy
