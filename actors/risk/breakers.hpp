#pragma once

// Circuit breakers of one account: each watches one figure, blocks opening orders of
// its scope when it trips, and says when it may be reset. Trips and resets are events
// that the journal keeps.

#include "actors/model/names.hpp"
#include "actors/risk/limits.hpp"
#include "actors/risk/views.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::risk {

enum class breaker_kind : std::uint8_t {
  daily_loss,
  drawdown,
  consecutive_losses,
  volatility,
  runaway,
  repeated_reject,
  unknown_orders,
  reconcile_diff,
  feed_stale,
  slippage,
  clock,
};

/// Code that an order is told which this breaker blocks.
check_code code_of(breaker_kind kind) noexcept;

/// What the figures of its events are in. `none` for UNKNOWN_ORDERS, which trips by age or by number.
limit_unit unit_of(breaker_kind kind) noexcept;

/// What a breaker holds back. All of them leave closing orders alone.
struct breaker_scope {
  enum class kind : std::uint8_t { account, strategy, symbol };
  kind what = kind::account;
  std::string name = {}; ///< of strategy or symbol

  auto operator<=>(const breaker_scope&) const = default;
};

/// How a breaker is reset.
enum class breaker_reset : std::uint8_t { day_roll, manual, automatic };
breaker_reset reset_of(breaker_kind kind) noexcept;

struct breaker_event {
  enum class kind : std::uint8_t { tripped, reset };
  std::uint64_t number = 0; ///< 1 for the first; without gaps
  kind what = kind::tripped;
  breaker_kind which = breaker_kind::daily_loss;
  breaker_scope scope = {};
  decimal measured;
  decimal limit;
  std::string author = {}; ///< of a manual reset
  std::string reason = {};
  utc_time at{};

  bool operator==(const breaker_event&) const = default;
};

/// One figure with its limit, for GET /api/v1/risk.
struct breaker_reading {
  breaker_kind which = breaker_kind::daily_loss;
  breaker_scope scope = {};
  std::optional<decimal> measured = {}; ///< nothing: not known, or never happened
  std::optional<decimal> limit = {};    ///< nothing: switched off
  limit_unit unit = limit_unit::ratio;
  std::string_view formula = {};
  bool would_trip = false;
  bool is_tripped = false;

  /// limit - measured. Nothing where one of them is.
  [[nodiscard]] std::optional<decimal> headroom() const;
};

/// What a strategy adds to the figures.
struct strategy_figures {
  std::string name;
  int consecutive_losses = 0;
  std::size_t fills = 0;                     ///< that the averages are over, at most 20
  std::optional<decimal> average_slippage = {};  ///< of the last fills, against the order's reference, positive = worse
  std::optional<decimal> modelled_slippage = {};
  std::size_t repeated_rejects = 0;          ///< identical rejections in 60 s
  std::size_t most_orders_of_a_symbol = 0;   ///< in 10 s
};

/// A symbol of the account that has not been heard of.
struct feed_figures {
  std::string symbol;
  nanoseconds silence{};           ///< since its last price, in session; zero when closed
  std::vector<std::string> strategies = {}; ///< that trade it
};

/// Everything the breakers look at.
struct breaker_inputs {
  account_view account;
  std::vector<strategy_figures> strategies = {};
  std::optional<decimal> benchmark_volatility = {};
  std::optional<decimal> benchmark_move = {}; ///< of the last 5 minutes, absolute
  std::size_t unknown_orders = 0;
  nanoseconds oldest_unknown{};
  std::vector<std::string> frozen_symbols = {};
  std::vector<feed_figures> feeds = {};
  std::optional<nanoseconds> clock_skew = {}; ///< absolute
};

class breaker_board {
public:
  /// Fills that an average slippage needs.
  static constexpr std::size_t slippage_fills = 20;

  /// All figures as they stand. `limits` are those of the account.
  [[nodiscard]] std::vector<breaker_reading> read(const breaker_inputs& in, const effective_limits& limits) const;
  /// What changes now: trips, and the resets that happen by themselves. Changes
  /// nothing itself; apply what is returned, in order.
  [[nodiscard]] std::vector<breaker_event> evaluate(const breaker_inputs& in, const effective_limits& limits, utc_time now) const;
  /// The event of a trip that was decided elsewhere (the gate's RUNAWAY). Nothing when it is tripped already.
  [[nodiscard]] std::optional<breaker_event> trip(breaker_kind which, const breaker_scope& scope, decimal measured, decimal limit,
                                                  utc_time now) const;
  /// Resets of everything that a new day resets.
  [[nodiscard]] std::vector<breaker_event> day_roll(utc_time now) const;
  /// A reset by a person, for every breaker. Errors: not_found when it is not tripped; conflict while its figure
  /// would trip it at once; invalid_argument without author or reason.
  [[nodiscard]] result<breaker_event> rearm(breaker_kind which, const breaker_scope& scope, std::string_view author, std::string_view reason,
                                            const breaker_inputs& in, const effective_limits& limits, utc_time now) const;

  /// Folds an event in; one that was applied before changes nothing. Errors: conflict for a gap.
  result<void> apply(const breaker_event& event);

  /// The breaker that blocks an opening order, if any: the account's first.
  [[nodiscard]] std::optional<breaker_event> blocking(std::string_view strategy, std::string_view symbol) const;
  [[nodiscard]] bool is_clear() const { return tripped_.empty(); }
  [[nodiscard]] bool is_tripped(breaker_kind which, const breaker_scope& scope) const { return tripped_.contains({scope, which}); }
  /// All that hold something back, by scope.
  [[nodiscard]] std::vector<breaker_event> tripped() const;
  /// Names of the breakers whose figures would trip them now: what keeps a resume back.
  [[nodiscard]] std::vector<std::string> would_trip(const breaker_inputs& in, const effective_limits& limits) const;
  /// Whether the day's loss asks for flattening (limit flatten_at_loss_factor).
  [[nodiscard]] static bool asks_for_flatten(const account_view& account, const effective_limits& limits);
  [[nodiscard]] std::uint64_t number() const { return number_; }

private:
  using slot = std::pair<breaker_scope, breaker_kind>;
  std::map<slot, breaker_event> tripped_;
  /// Since when the figure of an automatic breaker is calm.
  std::uint64_t number_ = 0;
  mutable std::map<slot, utc_time> calm_since_;
};

/// (start of day equity + flows - equity) ÷ start of day equity: positive for a loss.
/// Errors: not_found when a figure is missing; out_of_range for a start that is not positive.
result<decimal> day_loss_ratio(const account_view& account);
/// 1 - equity ÷ peak. Errors: as day_loss_ratio.
result<decimal> drawdown_ratio(const account_view& account);

} // namespace tt::risk

template <>
struct tt::names_of<tt::risk::breaker_kind> {
  static constexpr std::array<std::string_view, 11> value{"DAILY_LOSS",     "DRAWDOWN",       "CONSECUTIVE_LOSSES", "VOLATILITY",
                                                          "RUNAWAY",        "REPEATED_REJECT", "UNKNOWN_ORDERS",     "RECONCILE_DIFF",
                                                          "FEED_STALE",     "SLIPPAGE",        "CLOCK"};
};
template <>
struct tt::names_of<tt::risk::breaker_scope::kind> {
  static constexpr std::array<std::string_view, 3> value{"account", "strategy", "symbol"};
};
template <>
struct tt::names_of<tt::risk::breaker_event::kind> {
  static constexpr std::array<std::string_view, 2> value{"tripped", "reset"};
};
