#pragma once

// The emergency stop: who may still trade what, by scope. Its changes are events that
// the journal keeps, so it survives restarts and fail-over.
//
//   auto event = stop.engage({kill_scope::kind::global, ""}, kill_mode::halt, "ann", "wrong prices", now);
//   if (event) stop.apply(*event);                     // after it is in the journal
//   stop.mode_for("acct", "strategy", "AAPL");         // halt
//   stop.ask_resume("ann", access::admin, "prices are right again", token, now, blocking);
//   auto back = stop.confirm_resume(token, "ann", access::admin, now, blocking);

#include "actors/model/names.hpp"
#include "actors/model/time.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::risk {

/// From harmless to severe; the most severe of the scopes of an order counts.
enum class kill_mode : std::uint8_t {
  none,
  reduce,  ///< cancels and closing orders
  flatten, ///< cancels, and the closing orders of the flattening itself; ends in halt
  halt,    ///< nothing but cancels
};

/// Who asks.
enum class access : std::uint8_t { trader, admin };

struct kill_scope {
  enum class kind : std::uint8_t { global, account, strategy, symbol };
  kind what = kind::global;
  std::string name = {}; ///< empty for global

  auto operator<=>(const kill_scope&) const = default;
};

/// One change. Applied in the order of epochs.
struct kill_event {
  enum class kind : std::uint8_t { engaged, flattened, resumed };
  std::uint64_t epoch = 0; ///< 1 for the first; without gaps
  kind what = kind::engaged;
  kill_scope scope = {};   ///< of engaged and flattened; resumed lifts every scope
  kill_mode mode = kill_mode::halt; ///< of engaged
  std::string author = {};
  std::string reason = {};
  utc_time at{};
  enum class open_orders : std::uint8_t { keep, cancel };
  open_orders open = open_orders::keep; ///< of engaged: whether what works is taken back, and asked again until it has ended

  bool operator==(const kill_event&) const = default;
};

class kill_switch {
public:
  /// How long a confirmation token is good.
  static constexpr auto token_life = std::chrono::seconds{60};
  /// Scopes that may be stopped at one time.
  static constexpr std::size_t max_scopes = 10'000;
  static constexpr std::size_t min_token_bytes = 16;

  /// The event of a stop; any principal may stop. A mode milder than what the scope
  /// has is refused: that would be a resume by the back door.
  /// Errors: invalid_argument (field scope, mode, author or reason); conflict for a milder mode;
  /// limit_exceeded over max_scopes.
  [[nodiscard]] result<kill_event> engage(const kill_scope& scope, kill_mode mode, std::string_view author, std::string_view reason,
                                          utc_time now, kill_event::open_orders open = kill_event::open_orders::keep) const;
  /// The event with which a finished flattening becomes a halt. Errors: conflict when that scope is not in flatten.
  [[nodiscard]] result<kill_event> flattened(const kill_scope& scope, utc_time now) const;

  /// Step 1: keeps `token` (made by the caller, unguessable) for 60 s. A new one replaces
  /// the old. `blocking` are breakers that would fire at once: they are shown, and
  /// step 2 is refused while there are any. Errors: refused for anybody but an admin;
  /// conflict when nothing is stopped; invalid_argument for a short token or an empty reason.
  [[nodiscard]] result<void> ask_resume(std::string_view author, access by, std::string_view reason, std::string_view token, utc_time now);
  /// Step 2: the event that lifts every stop. Errors: refused for anybody but an admin, a wrong or
  /// expired token, or one asked for before the latest stop; conflict naming the breakers
  /// that would fire.
  [[nodiscard]] result<kill_event> confirm_resume(std::string_view token, std::string_view author, access by, utc_time now,
                                                  std::span<const std::string> blocking);

  /// Folds an event in; one that was applied before changes nothing. Errors: conflict for a gap.
  result<void> apply(const kill_event& event);
  /// An event on its way to the journal: a stop holds from here on, a resume only once it is applied. Later events follow it.
  void note(const kill_event& event);
  /// What was noted from this epoch on is not written: stops of it hold until a resume, resumes are forgotten, epochs are free again.
  void lose(std::uint64_t from);
  /// Scopes whose stops were lost and are not on their way to the journal again: in force here, and forgotten by a restart.
  [[nodiscard]] std::map<kill_scope, kill_mode> unwritten() const;
  /// Whether the scope is stopped that strictly in the journal, and nothing is on its way there that could change it.
  [[nodiscard]] bool is_settled(const kill_scope& scope, kill_mode mode) const;

  /// What holds for an order. Empty names match only the wider scopes.
  [[nodiscard]] kill_mode mode_for(std::string_view account, std::string_view strategy, std::string_view symbol) const;
  [[nodiscard]] bool is_active() const { return !modes_.empty(); }
  /// Of the newest event, applied or noted.
  [[nodiscard]] std::uint64_t epoch() const { return noted_.empty() ? epoch_ : noted_.back().epoch; }
  /// What holds.
  [[nodiscard]] const std::map<kill_scope, kill_mode>& modes() const { return modes_; }

private:
  struct pending_resume {
    std::string token;
    std::string reason;
    std::uint64_t epoch; ///< of the switch when it was asked for
    utc_time expires;
  };
  [[nodiscard]] kill_mode mode_of(kill_scope::kind what, std::string_view name) const;

  void put_in_force();

  std::map<kill_scope, kill_mode> applied_; ///< by events that are in the journal
  std::map<kill_scope, kill_mode> lost_;    ///< by stops that never got there
  std::vector<kill_event> noted_;           ///< on their way, oldest first
  std::map<kill_scope, kill_mode> modes_;   ///< the strictest of all these
  std::uint64_t epoch_ = 0;                 ///< of the newest that is applied
  std::optional<pending_resume> pending_;
};

} // namespace tt::risk

template <>
struct tt::names_of<tt::risk::kill_mode> {
  static constexpr std::array<std::string_view, 4> value{"none", "reduce", "flatten", "halt"};
};
template <>
struct tt::names_of<tt::risk::kill_scope::kind> {
  static constexpr std::array<std::string_view, 4> value{"global", "account", "strategy", "symbol"};
};
template <>
struct tt::names_of<tt::risk::kill_event::kind> {
  static constexpr std::array<std::string_view, 3> value{"engaged", "flattened", "resumed"};
};
