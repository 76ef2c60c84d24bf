#pragma once

// The risk gate behind the account core: turns the core's orders into what the gate
// reads, keeps the gate's reservations in step with them, and hands back decision and
// proof. One per account, owned by the account's writer.

#include "actors/execution/account_core.hpp"
#include "actors/model/instrument.hpp"
#include "actors/risk/gate.hpp"

#include <string>
#include <unordered_map>

namespace tt::execution {

/// Who is behind an order, and what of that the gate judges.
struct order_sender {
  std::string principal = {};
  risk::grant may = {};
  risk::execution_right execute = risk::execution_right::granted;
  risk::alert_identity identity = risk::alert_identity::given;
  std::optional<utc_time> signal_at = {};
  std::optional<quantity> reported_position = {};
};

class risk_gate final : public order_gate {
public:
  /// Senders that wait for their order; the oldest are forgotten, and their orders refused.
  static constexpr std::size_t max_waiting = 1'000;
  /// Orders of before a restart that are counted into the rates.
  static constexpr std::size_t most_recounted = 10'000;

  /// All references outlive the gate.
  risk_gate(const risk::limit_book& limits, const risk::kill_switch& stop, const risk::breaker_board& breakers, risk::node_rates& rates,
            risk::gate_settings settings = {});

  /// The gate itself: account figures, contracts, market, venue and node state are told to it directly.
  [[nodiscard]] risk::gate& core() { return gate_; }

  /// Says who sends the order of that key; before account_core::place. An order that
  /// came through a door and whose sender is not known is refused (SCOPE).
  void expect(const intent_key& key, order_sender sender);
  /// After replay: positions, frozen symbols, orders that may still trade, and every intent. Symbols must have
  /// their contracts by now. Errors: not_found for a symbol without one.
  result<void> restore(const account_book& book, utc_time now);

  gate_word check(const order& what, const account_book& book, utc_time now) override;
  risk_decision foresee(const order& what, std::span<const order_number> without, const account_book& book, utc_time now) override;
  /// What check() would decide of a question of somebody else's making; see foresee().
  risk::decision preview(const risk::order_view& view, std::span<const order_number> without, const account_book& book, utc_time now);
  gate_word check_change(const order& what, const order_terms& wanted, const account_book& book, utc_time now) override;
  void on_order(const order& after) override;
  void on_fill(const order& after, const order_fill& fill) override;
  void on_freeze(const std::string& symbol, const freeze* now) override;
  void on_position(const std::string& symbol, quantity held) override;

  /// Breakers that the gate found tripped by a sender (RUNAWAY, REPEATED_REJECT), by strategy; emptied by the call.
  [[nodiscard]] std::vector<std::pair<std::string, risk::check_code>> take_trips() { return std::exchange(trips_, {}); }

private:
  /// What a check reads, and what it refers to.
  struct question {
    order_request asked;
    order_sender sender;
    risk::order_view view;
  };
  /// Whether the sender of an order is needed again.
  enum class sender_use : std::uint8_t { last, again };
  void fill_in(question& q, const order& what, const account_id& account, sender_use use = sender_use::last);
  void forget_sender(const intent_key& key);
  void take_over(const order& what, utc_time now);
  void restore_rates(const account_book& book);
  gate_word answer(risk::gate_answer&& from, const order& what);

  risk::gate gate_;
  std::unordered_map<intent_key, order_sender> waiting_;
  std::vector<intent_key> waiting_order_;
  std::vector<std::pair<std::string, risk::check_code>> trips_;
  utc_time last_seen_{}; ///< time of the last call that had one: for orders taken over
};

/// Figures of the books and of the venue as the gate reads them. Figures of the venue win where it sends them
/// (cash and buying power always come from the venue); `streamed` accounts may be 10 s old, polled ones 90 s.
risk::account_view account_view_of(const account_profile& profile, const account_figures& figures, const account_balances& balances,
                                   risk::state_feed feed);
/// A contract as the master has it: margin, issuer, sector, minimum, last days, whether it trades. The history is the caller's to add.
risk::instrument_view contract_view_of(const instrument& what, decimal fx);
/// The capability table as the gate reads it. Brackets and OCO pairs that we hold ourselves count as supported.
risk::venue_view venue_view_of(const venue_capabilities& can, risk::venue_view::session state);

} // namespace tt::execution
