#pragma once

// From what an alert says to orders. Two steps: `judge` with what is known at once, before the answer; `decide` with
// the position, when all that came before for that symbol is done. Pure.

#include "actors/alerts/webhook/profile.hpp"
#include "actors/alerts/webhook/signal.hpp"
#include "actors/model/instrument.hpp"
#include "actors/model/order_desk.hpp"

#include <functional>
#include <memory>

namespace tt::webhook {

/// What became of an alert.
enum class alert_verdict : std::uint8_t {
  queued,   ///< it makes, or made, an order or a cancel
  recorded, ///< nothing to do
  refused,  ///< a rule says no; `refusal` says which
};
enum class refusal : std::uint8_t {
  none,
  stale,            ///< older than the profile's freshness, or from the future
  scope,            ///< symbol, side, quantity or account that the profile may not use
  unknown_symbol,
  disabled,         ///< its strategy is switched off
  invalid_field,    ///< a field that can't be read, or fields that don't fit each other
  quantity,         ///< none, not above 0, or off the lot grid
  max_position,     ///< max_position_size would be passed
  out_of_step,      ///< prev_market_position is not what the strategy holds
  unsettled,        ///< what came before was not final in time
  late,             ///< the node was away for too long between journal and order
  not_available,    ///< the account could not be reached in time
  account,          ///< no such account
  risk,             ///< by the gate; the order says by which check
};
} // namespace tt::webhook
template <>
struct tt::names_of<tt::webhook::alert_verdict> {
  static constexpr std::array<std::string_view, 3> value{"queued", "recorded", "refused"};
};
template <>
struct tt::names_of<tt::webhook::refusal> {
  static constexpr std::array<std::string_view, 14> value{"",           "stale",        "scope",       "unknown_symbol", "disabled",
                                                          "invalid_field", "quantity",  "max_position", "out_of_step",   "unsettled",
                                                          "late",       "not_available", "account",    "risk"};
};
namespace tt::webhook {

struct word_on_alert {
  alert_verdict verdict = alert_verdict::recorded;
  refusal reason = refusal::none;
  std::string detail; ///< a sentence for people

  bool operator==(const word_on_alert&) const = default;
};

/// How a registered strategy stands. Strategies nobody registered have none.
struct strategy_standing {
  enum class state : std::uint8_t { enabled, disabled } now = state::enabled;
  /// What a bare quantity of its alerts counts.
  quantity_kind sizing = quantity_kind::shares;
  /// paper: its orders may go to paper accounts only; live: to its live account, too.
  account_mode mode = account_mode::live;
};
/// May be called from any thread.
using standing_lookup = std::function<std::optional<strategy_standing>(const strategy_id&)>;

/// What an alert wants, checked against everything but the position.
struct order_plan {
  alert_action action = alert_action::none;
  account_id account;
  account_mode mode = account_mode::paper; ///< of the account, as the profile has it
  strategy_id strategy;
  std::string symbol;            ///< ticker of the master; "" with cancel_all
  quantity lot{1};
  std::optional<order_size> size;
  order_type type = order_type::market;
  std::optional<price> limit_price, stop_price;
  time_in_force tif = time_in_force::day;
  std::string comment;
  alert_id alert;
  std::optional<market_side> previous;  ///< what the sender thinks was held
  out_of_step_rule on_mismatch = out_of_step_rule::refuse;
  std::optional<quantity> target;       ///< sync_mode::position: signed
  /// Whether the sender says that nothing is held afterwards.
  enum class purpose : std::uint8_t { any, flatten } wants = purpose::any;
  std::optional<quantity> max_position, max_quantity;
  std::vector<direction> sides;         ///< that may open; empty: both
};

struct judged {
  word_on_alert word;
  std::optional<order_plan> plan; ///< with `queued`
};

/// Everything `judge` looks at besides the alert.
struct judging {
  const webhook_profile& profile;
  const instrument_master& master;
  const standing_lookup& standing; ///< may be empty
  alert_id alert;
  utc_time received_at;
};
judged judge(const signal& what, const judging& by);

/// The refusal of an alert whose strategy may not trade there now; asked again before an order, since alerts wait.
std::optional<word_on_alert> check_standing(const order_plan& plan, const std::optional<strategy_standing>& standing);

/// Whether `decide` must know the position.
bool needs_holding(const order_plan& plan);

/// Legs of an alert; the number goes into the key of its order.
enum class alert_leg : std::uint8_t { close = 0, open = 1 };

/// Which legs were made already, before a restart.
struct legs_made {
  enum class state : std::uint8_t { no, yes };
  state close = state::no, open = state::no;
  [[nodiscard]] bool any() const { return close == state::yes || open == state::yes; }
};

struct planned_order {
  alert_leg leg = alert_leg::open;
  order_request request;
};
struct order_decision {
  word_on_alert word;
  std::vector<planned_order> orders; ///< to be placed one after the other
  std::optional<signal_scope> cancel;
};
/// `held` is what the strategy holds in the symbol, all that came before being final. Where !needs_holding it is not looked at.
order_decision decide(const order_plan& plan, const strategy_holding& held, legs_made made);

/// The key of an order: the same event and leg give the same key after any restart. `journal` tells the journals of two data folders apart.
std::string order_key(std::string_view profile, std::string_view journal, std::uint64_t event, alert_leg leg);

} // namespace tt::webhook
