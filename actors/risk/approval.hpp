#pragma once

// The proof that the gate let an order through. What sends to a venue takes an
// approval by value; nothing but the gate can make one, and it can't be copied, so
// one approval is one send.
//
//   auto answer = gate.check_and_reserve(order, state);      // risk::gate_answer
//   if (answer.proof) broker.send(std::move(*answer.proof));

#include "actors/model/order.hpp"
#include "actors/risk/decision.hpp"

#include <optional>
#include <string>
#include <utility>

namespace tt::risk {

class gate;

/// The order that was approved, word for word: a sender copies these into the
/// request and takes nothing from elsewhere.
struct approved_order {
  account_id account;
  intent_key key;
  std::string symbol; ///< ticker of the master
  order_terms terms;  ///< `terms.qty` is the whole order after reductions

  bool operator==(const approved_order&) const = default;
};

class approval {
public:
  approval(approval&& other) noexcept : order_(std::move(other.order_)), version_(other.version_), use_(std::exchange(other.use_, use::spent)) {}
  approval& operator=(approval&& other) noexcept {
    order_ = std::move(other.order_);
    version_ = other.version_;
    use_ = std::exchange(other.use_, use::spent);
    return *this;
  }
  approval(const approval&) = delete;
  approval& operator=(const approval&) = delete;

  [[nodiscard]] const approved_order& order() const { return order_; }
  [[nodiscard]] quantity approved_quantity() const { return order_.terms.qty; }
  /// Version of the limit sets that allowed it.
  [[nodiscard]] std::uint64_t limits_version() const { return version_; }
  /// False once it was moved from: a sender that is handed a spent one must not send.
  [[nodiscard]] bool is_valid() const { return use_ == use::fresh; }

private:
  friend class gate;
  enum class use : std::uint8_t { fresh, spent };
  approval(approved_order order, std::uint64_t version) : order_(std::move(order)), version_(version) {}

  approved_order order_;
  std::uint64_t version_ = 0;
  use use_ = use::fresh;
};

/// Decision and, where it allows sending, the proof.
struct gate_answer {
  decision verdict;
  std::optional<approval> proof = {};
  /// Codes of breakers that this order's sender should be switched off by (RUNAWAY, REPEATED_REJECT).
  std::vector<check_code> trips = {};
};

} // namespace tt::risk
