#pragma once

// The choices an order has, as the API spells them (http-api section 6), and its
// states (risk-and-execution section 6).

#include "actors/model/names.hpp"

#include <cstdint>

namespace tt {

/// What is asked. There is no default: a caller says it or is refused.
enum class order_side : std::uint8_t { buy, sell, sell_short, buy_to_cover, buy_to_open, buy_to_close, sell_to_open, sell_to_close };
template <>
struct names_of<order_side> {
  static constexpr std::array<std::string_view, 8> value{"buy",          "sell",         "sell_short",   "buy_to_cover",
                                                         "buy_to_open",  "buy_to_close", "sell_to_open", "sell_to_close"};
};

/// Which way it moves the position.
enum class direction : std::uint8_t { buy, sell };
template <>
struct names_of<direction> {
  static constexpr std::array<std::string_view, 2> value{"buy", "sell"};
};

constexpr direction direction_of(order_side side) {
  switch (side) {
  case order_side::buy:
  case order_side::buy_to_cover:
  case order_side::buy_to_open:
  case order_side::buy_to_close: return direction::buy;
  case order_side::sell:
  case order_side::sell_short:
  case order_side::sell_to_open:
  case order_side::sell_to_close: return direction::sell;
  }
  return direction::sell;
}
/// The plain side that undoes a direction.
constexpr order_side opposite_side(direction d) { return d == direction::buy ? order_side::sell : order_side::buy; }

enum class order_type : std::uint8_t { market, limit, stop, stop_limit, trailing_stop, bracket, oco };
template <>
struct names_of<order_type> {
  static constexpr std::array<std::string_view, 7> value{"market", "limit", "stop", "stop_limit", "trailing_stop", "bracket", "oco"};
};

enum class time_in_force : std::uint8_t { day, gtc, gtd, ioc, fok, pre, post };
template <>
struct names_of<time_in_force> {
  static constexpr std::array<std::string_view, 7> value{"day", "gtc", "gtd", "ioc", "fok", "pre", "post"};
};

/// Whether an order may open or only close.
enum class position_effect : std::uint8_t { any, reduce_only };
template <>
struct names_of<position_effect> {
  static constexpr std::array<std::string_view, 2> value{"any", "reduce_only"};
};

/// Whether an order may trade outside the regular session.
enum class order_hours : std::uint8_t { regular, extended };
template <>
struct names_of<order_hours> {
  static constexpr std::array<std::string_view, 2> value{"regular", "extended"};
};

/// What to do with the closing part of an order whose opening part is refused.
enum class close_part : std::uint8_t { refuse_whole, send_alone };
template <>
struct names_of<close_part> {
  static constexpr std::array<std::string_view, 2> value{"refuse_whole", "send_alone"};
};

/// By which door an order came.
enum class order_origin : std::uint8_t { manual, webhook, pine, job, rebalance, leg, flatten, external };
template <>
struct names_of<order_origin> {
  static constexpr std::array<std::string_view, 8> value{"manual", "webhook", "pine", "job", "rebalance", "leg", "flatten", "external"};
};

/// Where an order is in its life.
enum class order_state : std::uint8_t {
  created,          ///< intent journalled
  risk_rejected,    ///< final, with code
  submitting,       ///< send record is durable, request going out
  unknown,          ///< we can't say whether the venue has it
  accepted,         ///< venue has it, not yet active
  suspended,        ///< venue holds it for a parent or linked order
  working,          ///< live at the venue
  partially_filled, ///< some executed, rest live
  pending_replace,  ///< change asked, answer open; fills may still arrive
  pending_cancel,   ///< cancel asked, answer open; fills may still arrive
  filled,           ///< final
  cancelled,        ///< final; may hold executions
  rejected,         ///< final
  expired,          ///< final; may hold executions
};
template <>
struct names_of<order_state> {
  static constexpr std::array<std::string_view, 14> value{"created",   "risk_rejected",    "submitting",      "unknown",        "accepted",
                                                          "suspended", "working",          "partially_filled", "pending_replace", "pending_cancel",
                                                          "filled",    "cancelled",        "rejected",        "expired"};
};

/// The state folded for old clients.
enum class order_status : std::uint8_t { pending, open, partially_filled, filled, cancelled, rejected, expired };
template <>
struct names_of<order_status> {
  static constexpr std::array<std::string_view, 7> value{"pending", "open", "partially_filled", "filled", "cancelled", "rejected", "expired"};
};

constexpr bool is_final(order_state s) {
  return s == order_state::risk_rejected || s == order_state::filled || s == order_state::cancelled || s == order_state::rejected
         || s == order_state::expired;
}
/// Known to be at the venue and able to trade or to become able to.
constexpr bool is_live(order_state s) {
  return s == order_state::accepted || s == order_state::suspended || s == order_state::working || s == order_state::partially_filled
         || s == order_state::pending_replace || s == order_state::pending_cancel;
}
/// Live, or perhaps at the venue: what reservations count.
constexpr bool may_trade(order_state s) { return is_live(s) || s == order_state::submitting || s == order_state::unknown; }

/// Whether a cancel is wanted that the venue has not yet confirmed.
enum class order_wish : std::uint8_t { keep, cancel };
template <>
struct names_of<order_wish> {
  static constexpr std::array<std::string_view, 2> value{"keep", "cancel"};
};

enum class account_type : std::uint8_t { cash, margin, pdt, futures, crypto };
template <>
struct names_of<account_type> {
  static constexpr std::array<std::string_view, 5> value{"cash", "margin", "pdt", "futures", "crypto"};
};

/// Where orders of an account go.
enum class account_mode : std::uint8_t { paper, sandbox, live };
template <>
struct names_of<account_mode> {
  static constexpr std::array<std::string_view, 3> value{"paper", "sandbox", "live"};
};

/// Whether a position or order is ours or was found at the venue.
enum class ownership : std::uint8_t { own, external };
template <>
struct names_of<ownership> {
  static constexpr std::array<std::string_view, 2> value{"own", "external"};
};

/// Whether a fill took liquidity or gave it, where the venue says so.
enum class liquidity : std::uint8_t { unknown, maker, taker };
template <>
struct names_of<liquidity> {
  static constexpr std::array<std::string_view, 3> value{"unknown", "maker", "taker"};
};

/// How a trade settles: the whole value moves (shares, coins), or only profit and loss (futures, perpetuals, margined FX).
enum class settlement : std::uint8_t { spot, margined };
template <>
struct names_of<settlement> {
  static constexpr std::array<std::string_view, 2> value{"spot", "margined"};
};

} // namespace tt
