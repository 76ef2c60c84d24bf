#pragma once

// The limits of the gate: the catalogue with defaults, the sets of the five scopes,
// and their changes as versioned events.
//
//   limit_book book;                                            // defaults only
//   auto event = book.propose(change, now);                     // checked, nothing changed yet
//   if (event) book.apply(*event);                              // after it is in the journal
//   const auto& now_valid = book.resolve({"acct", "strat", "AAPL"});
//   now_valid[limit_id::daily_loss].value

#include "actors/model/decimal.hpp"
#include "actors/model/time.hpp"
#include "actors/risk/decision.hpp"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt::risk {

/// Every limit. A code with several figures (asset classes, windows) has several ids.
enum class limit_id : std::uint8_t {
  stale_account_streamed,
  stale_account_polled,
  similar_order_window,
  similar_order_refuse,
  order_rate_strategy_second,
  order_rate_strategy_minute,
  order_rate_account_second,
  order_rate_account_minute,
  order_rate_node_second,
  order_rate_node_minute,
  runaway_orders,
  repeated_rejects,
  signal_age,
  open_orders_symbol,
  open_orders_account,
  expiry_days,
  enforce_market_hours,
  allow_extended_hours,
  shorts_on_cash,
  price_age,
  price_age_crypto,
  price_collar_stock,
  price_collar_futures,
  price_collar_crypto,
  fat_finger_qty,
  fat_finger_notional,
  spread,
  refuse_self_cross,
  price_buffer,
  min_balance,
  cash_reserve,
  daily_loss,
  drawdown,
  consecutive_losses,
  pdt_day_trades,
  pdt_equity,
  margin_buffer,
  max_position_size,
  position_qty,
  concentration,
  max_positions,
  leverage_gross_cash,
  leverage_gross_margin,
  leverage_gross_futures,
  leverage_net_cash,
  leverage_net_margin,
  leverage_net_futures,
  sector,
  correlation,
  volatility,
  volatility_crypto,
  strategy_positions,
  strategy_size,
  strategy_loss,
  stop_required,
  flatten_at_loss_factor,
  breaker_benchmark_volatility,
  breaker_benchmark_move,
  breaker_calm,
  breaker_unknown_age,
  breaker_unknown_count,
  breaker_feed_stale,
  breaker_slippage,
  breaker_clock_skew,
  count_,
};

inline constexpr std::size_t limit_count = static_cast<std::size_t>(limit_id::count_);

/// Which way a limit gets stricter.
enum class tighter_when : std::uint8_t { lower, higher };

/// One row of the catalogue.
struct limit_spec {
  limit_id id;
  std::string_view key;      ///< dotted path in the YAML file: "risk.daily_loss"
  check_code code;           ///< the check that reads it
  limit_unit unit;
  tighter_when tighter;
  std::string_view fallback; ///< the default as text; "off" where there is none
  std::string_view least;    ///< smallest value that may be set
  std::string_view most;     ///< largest value that may be set
  std::string_view meaning;  ///< one sentence

  /// The key without "risk.": the name in the API.
  [[nodiscard]] std::string_view name() const { return key.substr(5); }
};

/// All rows, in the order of limit_id.
std::span<const limit_spec> limit_specs();
const limit_spec& spec_of(limit_id id);
/// By key ("risk.daily_loss") or name ("daily_loss"). Null when unknown.
const limit_spec* find_limit(std::string_view name);

/// What one set says about one limit.
struct limit_setting {
  /// `inherit`: nothing of its own. `off`: no limit, the loosest there is.
  enum class kind : std::uint8_t { inherit, off, value };
  kind what = kind::inherit;
  decimal value = {};

  static limit_setting off() { return {kind::off, {}}; }
  static limit_setting of(decimal v) { return {kind::value, v}; }
  bool operator==(const limit_setting&) const = default;
};

/// Reads "0.02", "off", "inherit", "true", "false". Errors: invalid_argument and
/// out_of_range, field = name of the limit.
result<limit_setting> parse_limit(const limit_spec& spec, std::string_view text);
std::string to_string(const limit_setting& s);

/// Whether `a` allows more than `b`. Neither may be `inherit`.
bool is_looser(const limit_spec& spec, const limit_setting& a, const limit_setting& b);

/// The settings of one scope or profile.
using limit_set = std::array<limit_setting, limit_count>;
/// The catalogue's own defaults, every limit set.
const limit_set& default_limits();

/// Reads `risk.*` of a configuration: `text_of(key)` gives the text of each key.
/// Errors: as parse_limit, field = key.
result<limit_set> read_limits(const std::function<std::string(std::string_view key)>& text_of);

/// A limit as it holds for one order, and the scope that set it.
struct effective_limit {
  bool is_on = false;
  decimal value;
  limit_scope scope = limit_scope::global;

  bool operator==(const effective_limit&) const = default;
};

/// All limits that hold for one (account, strategy, symbol).
class effective_limits {
public:
  const effective_limit& operator[](limit_id id) const { return all_[static_cast<std::size_t>(id)]; }
  effective_limit& operator[](limit_id id) { return all_[static_cast<std::size_t>(id)]; }
  bool operator==(const effective_limits&) const = default;

private:
  std::array<effective_limit, limit_count> all_ = {};
};

/// Where a set applies. The name is empty for global and node.
struct scope_key {
  limit_scope scope = limit_scope::global;
  std::string name = {};

  auto operator<=>(const scope_key&) const = default;
};

/// A change of one scope's set, or of a named profile, that somebody asks for.
struct limit_change {
  enum class target : std::uint8_t { scope, profile };
  /// Who asks. Only an admin may write profiles, assign them, or touch what is wider than a strategy.
  enum class role : std::uint8_t { trader, admin };

  target what = target::scope;
  scope_key where = {};     ///< of a scope change
  std::string account = {}; ///< of a strategy or symbol: the account whose limits it is held against, "" for none
  std::string profile = {}; ///< target profile: its name. target scope: the profile to assign, "" leaves as is, "none" takes it away
  std::vector<std::pair<limit_id, limit_setting>> values = {}; ///< `inherit` takes the scope's own value away
  std::string author = {};  ///< 1 to 64 characters
  std::string reason = {};  ///< 1 to 200 characters
  role by = role::trader;

  bool operator==(const limit_change&) const = default;
};

/// A change that happened. The journal keeps these; a book is the fold over them.
struct limit_event {
  std::uint64_t version = 0; ///< 1 for the first; without gaps
  utc_time at;
  limit_change change;
  std::vector<std::pair<limit_id, limit_setting>> before = {}; ///< what stood there, in the order of change.values

  bool operator==(const limit_event&) const = default;
};

/// All sets. A value; the single writer owns it, others hold copies fed by events.
class limit_book {
public:
  /// Most sets of scopes together, and most profiles; one more is refused.
  static constexpr std::size_t max_sets = 10'000;
  static constexpr std::size_t max_profiles = 100;
  /// Resolved combinations that are remembered; over it the memory is emptied.
  static constexpr std::size_t max_resolved = 4'096;

  /// `base` is what the configuration says; version 0. The profile `rebalance` exists
  /// from the start (risk spec 3.8).
  explicit limit_book(limit_set base = default_limits());

  /// Checks a change against the present sets and makes its event; changes nothing.
  /// Errors: invalid_argument (field names the limit, author, reason, scope or profile);
  /// out_of_range; not_found for an unknown profile; limit_exceeded over max_sets or
  /// max_profiles; refused for a value looser than the scopes around it, and for what
  /// only an admin may do.
  [[nodiscard]] result<limit_event> propose(const limit_change& change, utc_time now) const;
  /// Folds an event in. One that was applied before changes nothing. Errors: conflict
  /// when a version is missing between.
  result<void> apply(const limit_event& event);

  /// Number of changes so far.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// What holds for an order: from global to symbol the tighter value wins; a profile
  /// replaces what is wider than the scope it is assigned to. Names may be empty. The
  /// reference stays good until the next call of a non-const member or resolve().
  [[nodiscard]] const effective_limits& resolve(std::string_view account, std::string_view strategy, std::string_view symbol) const;

  [[nodiscard]] const std::map<scope_key, limit_set>& sets() const { return sets_; }
  [[nodiscard]] const std::map<std::string, limit_set, std::less<>>& profiles() const { return profiles_; }
  /// Scopes with a profile, and its name.
  [[nodiscard]] const std::map<scope_key, std::string>& assigned() const { return assigned_; }
  /// The profile assigned to a scope, "" when there is none.
  [[nodiscard]] std::string profile_of(const scope_key& where) const;

private:
  using scope_chain = std::array<std::optional<scope_key>, 5>;
  static scope_chain chain_of(std::string_view account, std::string_view strategy, std::string_view symbol);
  [[nodiscard]] limit_set fold(const scope_chain& chain, std::array<limit_scope, limit_count>* origin) const;
  [[nodiscard]] result<void> check_names(const limit_change& change) const;
  [[nodiscard]] result<void> check_looseness(const limit_change& change) const;

  limit_set base_;
  std::map<scope_key, limit_set> sets_;
  std::map<scope_key, std::string> assigned_;
  std::map<std::string, limit_set, std::less<>> profiles_;
  std::uint64_t version_ = 0;
  mutable std::unordered_map<std::string, effective_limits> resolved_;
  mutable std::string resolve_key_;
};

} // namespace tt::risk
