#pragma once

// Comparing our book with what the venue says it has (risk-and-execution section
// 11). A pure function: the same book and the same snapshot give the same facts,
// byte for byte, and applying them and asking again gives none. It sends nothing.

#include "actors/execution/account_book.hpp"

#include <functional>

namespace tt::execution {

struct reconcile_rules {
  /// Absence is believed from so long after the send on.
  std::chrono::milliseconds absence_age{10'000};
  /// Two proofs of absence lie at least so far apart.
  std::chrono::milliseconds between_proofs{1'000};
  /// A difference of cash over this share of equity raises a notice.
  decimal cash_tolerance = decimal::from_scaled(1, 3);
  std::function<std::optional<decimal>(const std::string& currency)> fx;
  std::function<std::optional<contract_terms>(const std::string& symbol)> contract;
  execution_ids executions = execution_ids::unique;
};

enum class snapshot_verdict : std::uint8_t {
  used,
  stale,   ///< executions came between question and answer: to be asked again
  foreign, ///< not of this journal's time: received before it was asked, or asked at an offset that we have not
};

/// Something a person or the log should hear of.
struct discrepancy {
  std::string code; ///< "POSITION_DIFFERS", "LIVE_AFTER_FINAL", "EXECUTIONS_MISSING", "CASH_DIFFERS", "EXTERNAL_ORDER" …
  order_number order = order_number::none;
  std::string symbol;
  std::string text;

  bool operator==(const discrepancy&) const = default;
};

struct reconciliation {
  snapshot_verdict verdict = snapshot_verdict::used;
  std::vector<journal_fact> facts; ///< to be recorded in this order
  std::vector<discrepancy> found;
  /// Whether there is reason to ask for everything again soon.
  enum class again : std::uint8_t { no, yes } ask = again::no;
};

reconciliation reconcile(const account_book& book, const venue_snapshot& snapshot, const reconcile_rules& rules);

/// Reasons of a freeze that reconciliation itself lifts or keeps.
inline constexpr const char* position_differs = "position differs from the venue's";
inline constexpr const char* adopted_at_start = "adopted from the venue at the first start";

/// Whether something can have traded at it. Never at 0: that is how a price looks which the venue left out. Below 0 only futures.
bool is_possible_price(const contract_terms& contract, price px) noexcept;

/// What an execution that the venue reports books on that order; the exchange rate is the caller's.
order_fill fill_of(const execution_report& report, const order& what);

/// The venue's word about an order as an event of the state machine; nothing for `filled`, which only executions make.
std::optional<order_event> event_of(venue_status status) noexcept;

/// What a venue without execution ids means by a larger cumulative quantity: the difference as one
/// execution. Errors: invalid_argument where price or quantity can't be told.
result<order_fill> difference_of(const order& what, const order_handle& handle, quantity cumulative, std::optional<price> average, utc_time at);

} // namespace tt::execution
