#pragma once

// What the risk gate decided about an order, as plain data: journalled, shown in
// the API as `risk_check`. It permits nothing: what permits a send is the approval
// that only the risk core can make (actors/risk/approval.hpp).

#include "actors/model/names.hpp"
#include "actors/model/order_ids.hpp"
#include "actors/model/quantities.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tt {

enum class verdict : std::uint8_t { undecided, approved, approved_reduced, rejected };
template <>
struct names_of<verdict> {
  static constexpr std::array<std::string_view, 4> value{"undecided", "approved", "approved_reduced", "rejected"};
};

/// What one check said.
enum class check_result : std::uint8_t {
  passed,
  warned,
  reduced,
  rejected,
  not_evaluated, ///< had nothing to look at; the message says why
};
template <>
struct names_of<check_result> {
  static constexpr std::array<std::string_view, 5> value{"passed", "warned", "reduced", "rejected", "not_evaluated"};
};

/// One check's word (risk-and-execution section 3.1). In a decision stand only those
/// that warned, reduced or rejected; a preview lists all.
struct check_outcome {
  std::string code;  ///< "POSITION_LIMIT", "CUSTOM:name"
  check_result result = check_result::passed;
  std::string scope; ///< "account", "strategy", "symbol" …
  std::optional<decimal> measured; ///< in `unit`; nothing where the check has no figure
  std::optional<decimal> limit;
  std::string unit;  ///< "ratio", "money", "quantity" …; "none": without figures
  std::string message;
  std::uint32_t elapsed_ns = 0;

  bool operator==(const check_outcome&) const = default;
};

/// A cap of the sizing step and the quantity it allowed.
struct size_adjustment {
  std::string code;
  quantity allowed;

  bool operator==(const size_adjustment&) const = default;
};

struct risk_decision {
  verdict result = verdict::undecided;
  std::string code = {};        ///< "APPROVED" or the code of the first rejection
  std::string legacy_code = {}; ///< section 3.10
  std::string message = {};
  quantity original = {};       ///< before reductions
  quantity approved = {};       ///< to be sent; 0 when rejected
  std::vector<check_outcome> checks = {};
  std::vector<size_adjustment> adjustments = {};
  std::uint32_t limits_version = 0;
  journal_offset state_offset = journal_offset::none; ///< of the account state it used
  std::uint32_t elapsed_ns = 0;

  /// Whether the order may go out, whole or cut. Any other word, known or not, blocks it.
  [[nodiscard]] bool may_send() const { return result == verdict::approved || result == verdict::approved_reduced; }

  bool operator==(const risk_decision&) const = default;
};

} // namespace tt
