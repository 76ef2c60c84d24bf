#pragma once

// Private to the room: one order on its way through the checks, and what they share.

#include "actors/risk/gate.hpp"

#include <span>

namespace tt::risk {

/// What a check answers; the run turns it into a finding and acts on it.
struct answer {
  check_verdict what = check_verdict::pass;
  limit_scope scope = limit_scope::global;
  limit_unit unit = limit_unit::none;
  std::optional<decimal> measured = {};
  std::optional<decimal> limit = {};
  quantity allowed = {}; ///< of reduce: the opening part that fits; brought onto the lot grid by the run
  std::string message = {};
  /// A rejection of a check on the whole order that only means its opening part.
  bool is_about_opening = false;
  std::optional<check_code> code = {}; ///< to be reported instead of the row's own
  std::string_view why_not = {};       ///< of not_evaluated: a text of the program

  static answer pass() { return {}; }
  static answer pass(decimal measured, const effective_limit& limit, limit_unit unit) {
    return {check_verdict::pass, limit.scope, unit, measured, limit.is_on ? std::optional{limit.value} : std::nullopt};
  }
  /// `why` lives as long as the program: nothing is allocated on the way of an order.
  static answer skip(std::string_view why) { return {.what = check_verdict::not_evaluated, .why_not = why}; }
  static answer reject(std::string message) { return {.what = check_verdict::reject, .message = std::move(message)}; }
  static answer reject(decimal measured, const effective_limit& limit, limit_unit unit, std::string message) {
    return {check_verdict::reject, limit.scope, unit, measured, limit.value, {}, std::move(message)};
  }
  static answer warn(std::string message) { return {.what = check_verdict::warn, .message = std::move(message)}; }
  static answer reduce(decimal measured, const effective_limit& limit, limit_unit unit, decimal allowed, std::string message) {
    return {check_verdict::reduce, limit.scope, unit, measured, limit.value, quantity{allowed}, std::move(message)};
  }
};

// Reasons why a check has nothing to look at.
inline constexpr std::string_view limit_is_off = "the limit is off", no_contract = "the instrument is unknown", no_strategy = "the order names no strategy",
                                  nothing_opens = "nothing of the order opens a position";

/// Rejects with INTERNAL: a figure that the check needs is not there.
struct missing_figure {
  const char* what;
};

/// Exposure of the book as it stands, and of the order's symbol apart (risk spec 2, 3.7).
/// "same" is the order's direction. Everything in account money, worst case over which working orders fill.
struct exposures {
  decimal gross_others;   ///< notional of all other symbols
  decimal net_same;       ///< Σ notional of everything, in the order's direction
  decimal own_same;       ///< notional of the symbol
  decimal own_other;
  decimal size_same;      ///< exposure of the symbol by the size rules (margin where margined)
  decimal size_other;
  decimal size_issuer;    ///< of other symbols of the issuer, by delta
  decimal size_sector;    ///< of other symbols of the sector
  std::size_t positions = 0; ///< other symbols held or opening
};

/// How much of a price there is.
enum class price_freshness : std::uint8_t { none, stale, fresh };

/// Whether a check commits what it counts (rates) or only looks.
enum class run_mode : std::uint8_t { commit, preview };

/// Everything that checks read, worked out once per order.
struct run_context {
  run_context(const book& state_, const limit_book& limits_, const kill_switch& stop_, const breaker_board& breakers_, return_table& returns_,
              const order_view& order_, const node_view& node_, const venue_view& venue_, request_history& history_, node_rates& rates_,
              utc_time now_, run_mode mode_)
    : state(state_), limit_sets(limits_), stop(stop_), breakers(breakers_), returns(returns_), order(order_), asked(*order_.asked),
      node(node_), venue(venue_), history(history_), rates(rates_), now(now_), mode(mode_) {}

  const book& state;
  const limit_book& limit_sets;
  const kill_switch& stop;
  const breaker_board& breakers;
  return_table& returns;
  const order_view& order;
  const order_request& asked;
  const node_view& node;
  const venue_view& venue;
  request_history& history;
  node_rates& rates;
  utc_time now;
  run_mode mode;

  const effective_limits* limits = nullptr;
  const symbol_view* symbol = nullptr;     ///< null: unknown
  const instrument* what = nullptr;        ///< null: does not resolve
  const strategy_state* strategy = nullptr; ///< null: the order names none
  direction way = direction::buy;
  market_state session = market_state::closed;

  price_freshness freshness = price_freshness::none;
  bool has_fresh_quote = false;
  std::optional<price> reference = {};
  std::optional<price> valued = {};  ///< what a unit is reckoned at
  decimal unit_value;                ///< |valued| × multiplier × FX
  std::optional<decimal> unit_exposure = {}; ///< what a unit adds by the size rules; nothing where its margin is missing
  std::optional<decimal> unit_cost = {};     ///< buying power of an opening unit, fees included

  quantity asked_size = {};  ///< before any cut
  quantity size = {};        ///< whole order as it stands
  quantity closing = {};
  quantity first_opening = {};
  quantity closable_now = {};
  std::string sizing_error = {};
  std::optional<decimal> too_small = {}; ///< what sizing came to, where that is less than a lot
  bool is_reduce_only = false;
  bool is_change = false; ///< of an order that was seen before
  quantity had = {};      ///< what rested of it before the change
  checked_math math = {};

  [[nodiscard]] quantity opening() const { return size - closing; }
  /// Whether checks on the opening part apply. An order that could not be sized counts as opening.
  [[nodiscard]] bool opens() const { return !sizing_error.empty() || size > closing; }
  [[nodiscard]] const effective_limit& limit(limit_id id) const { return (*limits)[id]; }
  /// Value of a flag; "off" does not occur for flags.
  [[nodiscard]] bool flag(limit_id id) const { return !limit(id).value.is_zero(); }
  [[nodiscard]] const account_view& account() const { return state.account(); }
  /// Throws missing_figure.
  [[nodiscard]] decimal equity() const;
  [[nodiscard]] decimal opening_value() { return math.multiply(opening().value(), unit_value); }
  [[nodiscard]] decimal needed_exposure() const;
  [[nodiscard]] const exposures& totals();
  [[nodiscard]] decimal held();

  void prepare();
  /// Splits `size` anew by the closing rule.
  void split();

private:
  void read_market();
  void value_order();
  void size_order();
  std::optional<exposures> totals_ = {};
  std::optional<decimal> held_ = {};
};

/// What a check looks at.
enum class applies_to : std::uint8_t { whole, opening };

struct check_row {
  check_code code;
  applies_to part;
  answer (*run)(run_context&);
};

std::span<const check_row> gate_checks();
std::span<const check_row> request_checks();
std::span<const check_row> instrument_checks();
std::span<const check_row> price_checks();
std::span<const check_row> sizing_checks();
std::span<const check_row> account_checks();
std::span<const check_row> portfolio_checks();
std::span<const check_row> strategy_checks();

/// The limit of an asset class or account type.
limit_id price_age_limit(asset_class kind);
limit_id collar_limit(asset_class kind);
limit_id volatility_limit(asset_class kind);
limit_id gross_leverage_limit(account_type type);
limit_id net_leverage_limit(account_type type);

/// Nanoseconds of a limit in seconds.
nanoseconds span_of(const effective_limit& limit);

/// exposure ÷ equity, for `measured`; 0 where equity is not positive.
decimal share_of(checked_math& math, decimal exposure, decimal equity);

} // namespace tt::risk
