#pragma once

// What the gate answers: the result of each check, what was changed, and the verdict.

#include "actors/model/decision.hpp"
#include "actors/model/quantities.hpp"
#include "actors/model/time.hpp"
#include "actors/risk/codes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tt::risk {

/// How one check answered.
enum class check_verdict : std::uint8_t {
  pass,
  warn,          ///< passes, but the message is shown to the caller
  not_evaluated, ///< switched off, or no subject (no strategy, nothing opens, no data): `why_not` says which
  reduce,        ///< the opening part is cut to what the limit allows
  reject,
};
std::string_view to_string(check_verdict v) noexcept;

/// Which set of limits a value came from, from the widest to the narrowest.
enum class limit_scope : std::uint8_t { global, node, account, strategy, symbol };
std::string_view to_string(limit_scope v) noexcept;

/// What `measured` and `limit` are figures of.
enum class limit_unit : std::uint8_t { none, ratio, money, quantity, price, count, seconds, per_second, per_minute, days, flag };
std::string_view to_string(limit_unit v) noexcept;

/// One check's result. `message` is empty where the check has nothing to say.
struct finding {
  check_code code = check_code::internal;
  check_verdict result = check_verdict::reject;
  limit_scope scope = limit_scope::global;
  limit_unit unit = limit_unit::none;
  std::optional<decimal> measured = {}; ///< in `unit`; of the order as it reached the check
  std::optional<decimal> limit = {};
  std::int32_t elapsed_ns = 0; ///< by the clock given to the gate; 0 without one
  std::string message = {};
  std::string hook = {}; ///< name of the hook of a custom check
  std::string_view why_not = {}; ///< of not_evaluated: a text of the program

  /// "BUYING_POWER", or "CUSTOM:<hook>".
  [[nodiscard]] std::string code_text() const;
};

/// One cut of the quantity, or of a cap that was looked at while sizing.
struct adjustment {
  check_code code = check_code::internal;
  quantity from; ///< before, the whole order
  quantity to;   ///< after, the whole order
  std::string hook = {};

  bool operator==(const adjustment&) const = default;
};

/// The answer about one order.
struct decision {
  verdict result = verdict::rejected;
  check_code code = check_code::internal; ///< of the first rejection; `approved`, or of the tightest cut
  std::string hook = {};                  ///< name of the hook where `code` is custom
  quantity original; ///< asked for, after sizing onto the grid; 0 when it could not be sized
  quantity approved; ///< to be sent; 0 when rejected
  quantity closing;  ///< part of `approved` that closes
  std::vector<finding> checks = {};
  std::vector<adjustment> adjustments = {};
  std::int64_t elapsed_ns = 0;       ///< all built-in checks together, custom hooks not counted
  std::int64_t hooks_elapsed_ns = 0; ///< the hooks
  std::uint64_t limits_version = 0;  ///< of the limit sets that were used
  std::uint64_t state_offset = 0;    ///< journal offset of the state that was used

  [[nodiscard]] bool may_send() const { return result == verdict::approved || result == verdict::approved_reduced; }
  /// The first result that rejects, if any.
  [[nodiscard]] const finding* rejection() const;
  /// The result of a code, if it was evaluated.
  [[nodiscard]] const finding* find(check_code wanted) const;
  /// "APPROVED", "BUYING_POWER", "CUSTOM:<hook>".
  [[nodiscard]] std::string code_text() const;
  [[nodiscard]] legacy_code legacy() const;
};

/// How much of the checks a record keeps.
enum class record_detail : std::uint8_t {
  notable, ///< those that warned, reduced or rejected: what the journal keeps
  all,     ///< a preview
};
/// The decision as plain data for journal and API.
risk_decision to_record(const decision& of, record_detail detail = record_detail::notable);

} // namespace tt::risk
