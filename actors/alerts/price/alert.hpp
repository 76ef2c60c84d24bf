#pragma once

// Price alerts as values (http-api section 9): what somebody asked for, where it
// stands, what it remembers of the market. Nothing here asks a clock or a market.

#include "actors/model/instrument.hpp"
#include "actors/model/names.hpp"
#include "actors/model/order.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt::alerts {

/// What is watched. "Above" and "below" are strict: a price at the level is neither.
enum class alert_condition : std::uint8_t {
  price_above,
  price_below,
  price_equals,      ///< trades at the level, or passes over it between two trades
  price_cross_above, ///< was below at last and is above now; a touch changes nothing
  price_cross_below,
  volume_above,      ///< of the trading day so far; with a timeframe: of a closed bar
  volume_below,
  rsi_overbought,    ///< RSI of closed bars above condition_value (70)
  rsi_oversold,      ///< below condition_value (30)
  macd_signal,       ///< MACD crosses its signal line: upwards (value > 0), downwards (< 0), either way (0)
  bollinger_break,   ///< a bar closes above the upper (value > 0) or below the lower band (< 0), either of them (0)
  custom,            ///< an expression of the job language holds at the close of a bar
};
} // namespace tt::alerts
template <>
struct tt::names_of<tt::alerts::alert_condition> {
  static constexpr std::array<std::string_view, 12> value{
    "price_above",  "price_below",    "price_equals", "price_cross_above", "price_cross_below", "volume_above",
    "volume_below", "rsi_overbought", "rsi_oversold", "macd_signal",       "bollinger_break",   "custom"};
};
namespace tt::alerts {

/// Where an alert is in its life.
enum class alert_status : std::uint8_t {
  active,
  triggered, ///< once, and done; notices are born so
  paused,
  expired,
  cancelled, ///< by a person, or because its instrument or expression is no longer known
};
} // namespace tt::alerts
template <>
struct tt::names_of<tt::alerts::alert_status> {
  static constexpr std::array<std::string_view, 5> value{"active", "triggered", "paused", "expired", "cancelled"};
};
namespace tt::alerts {

/// How often an alert may go off.
enum class alert_repeat : std::uint8_t {
  once,
  once_per_bar, ///< at most once in each bar of its timeframe, as long as the condition holds
  always,       ///< each time the condition comes true anew
};
} // namespace tt::alerts
template <>
struct tt::names_of<tt::alerts::alert_repeat> {
  static constexpr std::array<std::string_view, 3> value{"once", "once_per_bar", "always"};
};
namespace tt::alerts {

/// Whether a trigger also makes an order.
enum class alert_execution : std::uint8_t { notify_only, place_order };

/// An alert watches a market; a notice is a kept message and triggers nothing.
enum class alert_kind : std::uint8_t { alert, notice };

/// From what a condition is judged.
enum class alert_source : std::uint8_t { price, day_volume, bars };

inline constexpr std::size_t max_message = 2'000;    ///< bytes of a message
inline constexpr std::size_t max_expression = 2'000; ///< bytes, as the job language
inline constexpr std::size_t max_tags = 20;
inline constexpr std::size_t max_tag = 64;
inline constexpr std::size_t max_url = 2'000;
inline constexpr std::size_t max_parameters = 16;
inline constexpr std::int64_t max_period = 500; ///< of an indicator, in bars
/// An alert that goes off more often in `flood_window` is paused.
inline constexpr std::uint32_t flood_limit = 15;
inline constexpr std::chrono::minutes flood_window{3};

/// The order of a trigger.
struct alert_order {
  account_id account; ///< empty until the default account is filled in
  order_side side = order_side::buy;
  quantity qty;
  order_type type = order_type::market; ///< market, limit or stop
  std::optional<price> at;              ///< limit or stop price

  bool operator==(const alert_order&) const = default;
};

/// What somebody asked for, checked.
struct alert_rule {
  std::string symbol; ///< ticker of the master
  alert_condition condition = alert_condition::price_above;
  decimal value;      ///< level, volume or threshold; 0 where the condition needs none
  std::string expression; ///< of `custom`
  std::optional<timeframe> frame; ///< of the bars; nothing: 1m bars where bars are needed
  std::map<std::string, decimal> parameters; ///< rsi_period, macd_fast …; of `custom`: any
  std::string message;
  std::optional<utc_time> expires_at;
  alert_repeat repeat = alert_repeat::once;
  alert_execution execution = alert_execution::notify_only;
  std::optional<alert_order> order;
  std::string notice_url; ///< empty: none
  std::vector<std::string> tags;

  [[nodiscard]] alert_source source() const;
  [[nodiscard]] timeframe bar_frame() const { return frame.value_or(timeframe{}); }
  [[nodiscard]] decimal parameter(const std::string& name, decimal fallback) const;
  bool operator==(const alert_rule&) const = default;
};

/// Which side of its level a figure was on at last. Being at the level changes nothing.
enum class level_side : std::uint8_t { unknown, below, above };

/// What an alert remembers of the market, so that nothing goes off twice.
struct alert_memory {
  level_side side = level_side::unknown;
  bool was_met = false;                ///< the condition held at the last look
  std::optional<utc_time> fired_bar;   ///< stamp of the bar of the last trigger
  std::optional<utc_time> flood_start; ///< begin of the window in which triggers are counted
  std::uint32_t flood_count = 0;

  bool operator==(const alert_memory&) const = default;
};

/// What became of the last trigger's order and notice.
struct alert_result {
  std::uint64_t trigger = 0; ///< its number; 0: nothing was to be done yet
  std::string order_id;      ///< of an order that was made
  std::string order_state;   ///< "placed", "refused", "failed", "lapsed"; empty: none or open
  std::string order_error;
  unsigned notice_status = 0;
  std::string notice_error;

  bool operator==(const alert_result&) const = default;
};

struct alert {
  std::uint64_t number = 0; ///< order of creation, never used again
  std::string id;
  std::string client_id;    ///< the caller's, unique too; empty: none
  alert_kind kind = alert_kind::alert;
  std::string owner;        ///< principal that made it
  alert_rule rule;
  std::string notice_type, strategy; ///< of a notice
  alert_status status = alert_status::active;
  std::string status_reason;
  utc_time created_at{}, updated_at{};
  std::uint64_t trigger_count = 0;
  std::optional<utc_time> last_triggered_at;
  std::optional<decimal> last_value;
  alert_memory memory;
  alert_result last_result;

  bool operator==(const alert&) const = default;
};

/// What a caller sends; absent fields take their defaults, or in a change stay as they are.
struct alert_draft {
  std::string client_id = {};
  std::optional<std::string> symbol = {};
  std::optional<std::string> condition = {}; ///< also "above", "below", "equals"
  std::optional<decimal> value = {};
  std::optional<std::string> expression = {};
  std::optional<std::string> frame = {};
  std::optional<std::map<std::string, decimal>> parameters = {};
  std::optional<std::string> message = {};
  std::optional<utc_time> expires_at = {};
  std::optional<std::string> repeat = {};
  std::optional<bool> auto_execute = {};
  std::optional<std::string> order_type = {};
  std::optional<std::string> order_side = {};
  std::optional<decimal> order_quantity = {};
  std::optional<decimal> order_price = {};
  std::optional<std::string> account_id = {};
  std::optional<std::string> notice_url = {};
  std::optional<std::vector<std::string>> tags = {};
  std::optional<alert_status> status = {}; ///< active, paused, in a change also cancelled
  /// Fields that a change takes away (sent as null): expires_at, webhook_url, timeframe, order_price.
  std::vector<std::string> cleared = {};
};

/// The rule of a draft laid over `before` (a default rule for a new alert).
/// Errors: invalid_argument, out_of_range, unknown_symbol, unsupported; `field` is the API's name.
result<alert_rule> make_rule(const alert_draft& draft, alert_rule before, const instrument_master& instruments, utc_time now);

/// Reads a condition, the short words included. Errors: invalid_argument.
result<alert_condition> parse_condition(std::string_view text);

/// Whether it is over at `now`: the moment itself is.
inline bool is_expired(const alert_rule& rule, utc_time now) { return rule.expires_at && now >= *rule.expires_at; }

} // namespace tt::alerts
