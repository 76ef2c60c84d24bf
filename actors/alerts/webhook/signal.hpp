#pragma once

// What an alert says, whatever it was written like: the normaliser of http-api
// section 10. Nothing is guessed: a field that can't be read is a problem with a
// name, and an unknown word is never an order. Pure.

#include "actors/alerts/webhook/payload.hpp"
#include "actors/model/names.hpp"
#include "actors/model/order_enums.hpp"
#include "actors/model/quantities.hpp"
#include "actors/model/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tt::webhook {

/// Longest text of one field that is kept, in bytes; symbols and ids.
inline constexpr std::size_t max_field_text = 200;
inline constexpr std::size_t max_comment_text = 1'000;

/// What is to be done.
enum class alert_action : std::uint8_t {
  none,        ///< nothing that trades: adjust, info, unknown words, notes
  buy,         ///< an order on that side for the quantity
  sell,
  go_long,     ///< close an opposite position, then open the quantity
  go_short,
  close,       ///< reduce-only to zero
  close_long,  ///< the same, of a long position only
  close_short,
  cancel,      ///< working orders of the strategy in the symbol
  cancel_all,  ///< in all symbols
};
} // namespace tt::webhook
template <>
struct tt::names_of<tt::webhook::alert_action> {
  static constexpr std::array<std::string_view, 10> value{"none",  "buy",        "sell",        "long",   "short",
                                                          "close", "close_long", "close_short", "cancel", "cancel_all"};
};
namespace tt::webhook {

/// Whether an action can only make a position smaller.
constexpr bool is_closing(alert_action a) {
  return a == alert_action::close || a == alert_action::close_long || a == alert_action::close_short;
}
constexpr bool is_cancel(alert_action a) { return a == alert_action::cancel || a == alert_action::cancel_all; }

/// What the number in `quantity` counts.
enum class quantity_kind : std::uint8_t { shares, weight, notional };

/// A side, as strategies on TradingView report it.
enum class market_side : std::uint8_t { flat, long_side, short_side };
} // namespace tt::webhook
template <>
struct tt::names_of<tt::webhook::quantity_kind> {
  static constexpr std::array<std::string_view, 3> value{"shares", "weight", "notional"};
};
template <>
struct tt::names_of<tt::webhook::market_side> {
  static constexpr std::array<std::string_view, 3> value{"flat", "long", "short"};
};
namespace tt::webhook {

/// A field that can't be read.
struct signal_problem {
  std::string field;
  std::string what;

  bool operator==(const signal_problem&) const = default;
};

struct signal {
  std::string symbol;      ///< as sent, with its exchange in front where that came in a field of its own; "" where none came
  alert_action action = alert_action::none;
  std::string action_word; ///< as sent, lower case
  std::optional<decimal> qty;
  std::optional<quantity_kind> qty_kind; ///< nothing: not said
  std::optional<price> limit_price, stop_price;
  order_type type = order_type::market;
  std::optional<time_in_force> tif;
  std::string strategy, strategy_version, signal_type;
  std::optional<market_side> position, previous; ///< market_position, prev_market_position
  std::optional<decimal> position_size;          ///< market_position_size, else position_size; not negative
  std::string id;                                ///< the sender's own
  std::optional<utc_time> sent_at;
  std::string account, alert_name, comment, interval;
  std::optional<decimal> max_position; ///< max_position_size
  std::optional<decimal> risk_percent;
  std::vector<signal_problem> problems;
};

/// Reads the fields of an alert by the table of http-api section 10.
signal normalise(const payload& from);

/// The word of an action in any letter case, with '-' or blank for '_': "Close-Long". Nothing for words that are none.
std::optional<alert_action> find_action(std::string_view word);

/// A moment of an alert: ISO-8601, epoch seconds (with a fraction) or milliseconds. Errors: invalid_argument, out_of_range.
result<utc_time> parse_alert_time(std::string_view text);

} // namespace tt::webhook
