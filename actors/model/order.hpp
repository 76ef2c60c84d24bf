#pragma once

// Orders as the whole system speaks of them: what was asked, what goes to the
// venue, where it stands.

#include "actors/model/decision.hpp"
#include "actors/model/instrument.hpp"
#include "actors/model/order_enums.hpp"
#include "actors/model/order_ids.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tt {

/// A multiple of the lot step, sent as it is.
struct size_quantity {
  quantity value;
  bool operator==(const size_quantity&) const = default;
};
/// An amount of the account's currency.
struct size_notional {
  money value;
  bool operator==(const size_notional&) const = default;
};
/// A share of equity, 0 < weight <= 1.
struct size_weight {
  decimal value;
  bool operator==(const size_weight&) const = default;
};
/// A share of equity that may be lost if `stop` is reached, 0 < risk <= 1.
struct size_risk {
  decimal risk;
  price stop;
  bool operator==(const size_risk&) const = default;
};
/// Exactly one of them; all but the first are turned into a quantity by the risk core.
using order_size = std::variant<size_quantity, size_notional, size_weight, size_risk>;

struct take_profit {
  price at;
  bool operator==(const take_profit&) const = default;
};
struct stop_loss {
  price stop;
  std::optional<price> limit; ///< stop-limit instead of stop
  bool operator==(const stop_loss&) const = default;
};

/// The words of an order that a venue is told and that a replace may change.
struct order_terms {
  order_side side = order_side::buy;
  order_type type = order_type::market;
  time_in_force tif = time_in_force::day;
  order_hours hours = order_hours::regular;
  position_effect effect = position_effect::any;
  quantity qty;
  std::optional<price> limit_price;
  std::optional<price> stop_price;
  std::optional<price> trail_offset;    ///< distance in price, > 0
  std::optional<decimal> trail_percent; ///< distance in per cent, > 0
  std::optional<utc_time> good_till;    ///< with gtd

  bool operator==(const order_terms&) const = default;
};

/// One leg of an OCO request; side and size are the request's own.
struct oco_leg {
  order_type type = order_type::limit;
  std::optional<price> limit_price;
  std::optional<price> stop_price;

  bool operator==(const oco_leg&) const = default;
};

/// What a caller asks for (POST /api/orders). `check_request` says whether it is well-formed.
struct order_request {
  account_id account;
  std::string symbol; ///< any spelling that instrument_master::find knows
  order_side side = order_side::buy;
  order_size size;
  order_type type = order_type::market;
  std::optional<price> limit_price;
  std::optional<price> stop_price;
  std::optional<price> trail_offset;
  std::optional<decimal> trail_percent;
  std::optional<take_profit> profit;   ///< bracket
  std::optional<stop_loss> loss;       ///< bracket
  std::vector<oco_leg> legs;           ///< oco: exactly two
  time_in_force tif = time_in_force::day;
  std::optional<utc_time> good_till;
  order_hours hours = order_hours::regular;
  position_effect effect = position_effect::any;
  close_part closing = close_part::refuse_whole;
  strategy_id strategy;
  alert_id alert;
  client_order_id client_id; ///< empty: the wire id
  std::string comment;       ///< at most 200 characters

  bool operator==(const order_request&) const = default;
};

/// Whether the fields of a request fit each other (rules of the table in http-api
/// section 6; nothing about instrument, account or market).
/// Errors: invalid_argument or out_of_range, naming the field.
result<void> check_request(const order_request& request);

/// What of an instrument the books need for ever, also when the master changes.
struct contract_terms {
  decimal multiplier{1};
  std::string currency = "USD"; ///< of price and P&L
  settlement style = settlement::spot;
  asset_class kind = asset_class::stock;

  bool operator==(const contract_terms&) const = default;
};
/// Futures and forex are margined, everything else is spot.
contract_terms contract_of(const instrument& what);

/// What the market has done to a stop that rests at its venue.
struct stop_progress {
  std::optional<price> level; ///< where a trailing stop stands; nothing before the venue said so, and for stops that stay where they are
  bool is_triggered = false;  ///< it was touched: what is left of it trades as a market or limit order
  bool operator==(const stop_progress&) const = default;
};

/// One order of one account.
struct order {
  order_number number = order_number::none;
  order_id id;
  client_order_id client_id;
  wire_order_id wire_id;
  venue_order_id venue_order; ///< empty until the venue gave one
  std::string venue_session;  ///< session epoch in which it did
  intent_key key;
  std::uint8_t attempt = 0; ///< 0 first; rises only after the one before is proven absent or refused before any fill
  order_origin origin = order_origin::manual;
  ownership owner = ownership::own;
  std::string symbol; ///< ticker of the master
  contract_terms contract;
  order_size asked;
  order_terms terms;      ///< as sent, after sizing; `terms.qty` is the API's `quantity`
  std::optional<order_terms> pending_terms; ///< of a replace whose answer is open
  quantity original;      ///< quantity before reductions; 0 while not sized
  std::optional<take_profit> profit;
  std::optional<stop_loss> loss;
  close_part closing = close_part::refuse_whole;
  order_state state = order_state::created;
  order_state resume = order_state::working; ///< accepted, suspended or working: where a refused cancel or replace leads
  order_wish wish = order_wish::keep;
  quantity filled;
  decimal filled_value; ///< Σ price × quantity of its executions
  money fees;
  std::uint32_t version = 1; ///< +1 with every change
  std::uint32_t terms_version = 1; ///< +1 with every confirmed replace
  stop_progress progress;          ///< moves with the market, under the same version
  std::string reason;
  std::string reject_code;
  strategy_id strategy;
  alert_id alert;
  std::string comment;
  order_number parent = order_number::none; ///< of a leg: its bracket or OCO
  std::string leg;                          ///< of a leg: "stop", "target", "a", "b"
  std::vector<order_number> linked;         ///< of a bracket or OCO: its legs
  risk_decision decision;
  utc_time created_at{};
  std::optional<utc_time> submitted_at;
  std::optional<utc_time> filled_at;
  utc_time updated_at{};

  /// The larger quantity while a replace is open: what may still trade at most.
  [[nodiscard]] quantity largest_quantity() const {
    return pending_terms && pending_terms->qty > terms.qty ? pending_terms->qty : terms.qty;
  }
  [[nodiscard]] quantity remaining() const { return terms.qty > filled ? terms.qty - filled : quantity{}; }
  [[nodiscard]] direction way() const { return direction_of(terms.side); }
  /// Σ price × quantity ÷ Σ quantity; nothing before the first execution.
  [[nodiscard]] std::optional<price> average_price() const;
  bool operator==(const order&) const = default;
};

/// The state folded to the old field `status`.
order_status status_of(const order& what);

} // namespace tt
