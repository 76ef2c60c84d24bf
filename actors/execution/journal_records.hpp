#pragma once

// The facts an account's journal holds, one record each. The state of an account is
// a fold over them and nothing else. How they are written: record_codec.hpp.

#include "actors/execution/broker.hpp"
#include "actors/execution/order_events.hpp"

#include <variant>
#include <vector>

namespace tt::execution {

/// First record of a journal.
struct account_opened {
  account_profile profile;
  money cash; ///< of a paper account; 0 where the venue says it
  bool operator==(const account_opened&) const = default;
};
/// A node took the account over or started again: every `submitting` order becomes `unknown`.
struct node_started {
  std::string node;
  std::string version;
  bool operator==(const node_started&) const = default;
};
/// An accepted intent: the whole order in state `created`, `number` the next free one.
struct order_intent {
  tt::order order;
  bool operator==(const order_intent&) const = default;
};
/// The gate's word; a rejection ends the order. `terms` are those that go out.
struct order_decided {
  order_number number = order_number::none;
  risk_decision decision;
  order_terms terms;
  bool operator==(const order_decided&) const = default;
};
/// A transition of the state machine.
struct order_moved {
  order_number number = order_number::none;
  order_event event = order_event::send;
  order_handle handle;  ///< what became known of the venue's id
  std::string text;     ///< reason, venue's words
  std::string code;     ///< reject code
  std::optional<order_terms> terms; ///< of replace_asked
  bool operator==(const order_moved&) const = default;
};
/// An execution, booked once. Moves order, position, cash and fees together.
struct execution_booked {
  order_fill fill;
  bool operator==(const execution_booked&) const = default;
};
/// The venue took back or corrected an execution: the difference is booked, history is not edited.
struct execution_corrected {
  execution_id id;
  quantity qty; ///< new quantity; 0: taken back
  price px;
  std::string text;
  utc_time at{};
  bool operator==(const execution_corrected&) const = default;
};
/// A report that matches no arrow of the state machine, or no order.
struct report_unmatched {
  order_number number = order_number::none;
  order_handle handle;
  std::string what;
  bool operator==(const report_unmatched&) const = default;
};
/// The venue gave an order its id, or a new one after a replace.
struct venue_id_learned {
  order_number number = order_number::none;
  order_handle handle;
  bool operator==(const venue_id_learned&) const = default;
};
/// Legs of a bracket or OCO: `parent.linked` grows. The leg's own intent stands before it.
struct legs_linked {
  order_number parent = order_number::none;
  std::vector<order_number> legs;
  bool operator==(const legs_linked&) const = default;
};
/// An order found at the venue that is not ours.
struct order_adopted {
  tt::order order;
  bool operator==(const order_adopted&) const = default;
};
/// The first or second proof that an unknown order is not at the venue (section 11, rule 4).
struct absence_seen {
  order_number number = order_number::none;
  std::uint64_t snapshot = 0;
  utc_time at{};
  bool operator==(const absence_seen&) const = default;
};
/// A symbol on which we and the venue disagree: only closing orders until it is thawed.
struct symbol_frozen {
  std::string symbol;
  quantity ours;
  quantity theirs;
  std::string reason;
  bool operator==(const symbol_frozen&) const = default;
};
struct symbol_thawed {
  std::string symbol;
  std::string reason;
  bool operator==(const symbol_thawed&) const = default;
};
/// A person accepted the venue's position, or the venue's book was adopted at the first start.
struct position_adjusted {
  std::string symbol;
  contract_terms contract;
  quantity qty; ///< new signed quantity
  price average;
  decimal fx{1};
  std::string author;
  std::string reason;
  bool operator==(const position_adjusted&) const = default;
};
/// Money in (> 0) or out that is neither trade nor fee: deposit, dividend, interest.
enum class flow_kind : std::uint8_t { deposit, withdrawal, dividend, interest, fee, correction };
struct cash_flowed {
  flow_kind kind = flow_kind::deposit;
  money amount;
  std::string text;
  bool operator==(const cash_flowed&) const = default;
};
struct balances_reported {
  account_balances balances;
  bool operator==(const balances_reported&) const = default;
};
/// Price and FX rate of a held symbol at a moment that counts: day roll, point of the equity curve.
struct price_mark {
  std::string symbol;
  price px;
  decimal fx{1};
  bool operator==(const price_mark&) const = default;
};
enum class mark_kind : std::uint8_t { point, day_roll };
/// The marks of all held symbols; with day_roll the account's day ends at `at`.
struct account_marked {
  mark_kind kind = mark_kind::point;
  utc_time at{};
  std::vector<price_mark> marks;
  bool operator==(const account_marked&) const = default;
};
/// A fact of the risk core (breaker, kill switch, limit set): the journal keeps it, the risk core reads it.
struct risk_noted {
  std::string kind;   ///< "kill_switch", "breaker", "limits" …
  std::string scope;
  std::string author;
  std::string reason;
  std::string body;   ///< as the risk core wrote it
  bool operator==(const risk_noted&) const = default;
};
/// An alert or other outside cause, durable before it is acknowledged.
struct cause_received {
  intent_key key;
  std::string source;
  std::string body;
  bool operator==(const cause_received&) const = default;
};
/// What the market did to a stop at its venue: a restarted broker of ours goes on from there.
struct stop_progressed {
  order_number number = order_number::none;
  stop_progress progress;
  bool operator==(const stop_progressed&) const = default;
};
/// Other terms of a leg that waits here in `created`: nothing of it is at the venue.
struct terms_changed {
  order_number number = order_number::none;
  order_terms terms;
  bool operator==(const terms_changed&) const = default;
};
/// The gate's word about other terms of a live order. What passes is asked of the venue next; a refusal leaves the order as it is.
struct change_decided {
  order_number number = order_number::none;
  risk_decision decision;
  order_terms wanted;
  bool operator==(const change_decided&) const = default;
};

/// In the order of their type numbers (record_codec.hpp): only ever appended to.
using journal_fact = std::variant<account_opened, node_started, order_intent, order_decided, order_moved, execution_booked, execution_corrected,
                                  report_unmatched, venue_id_learned, legs_linked, order_adopted, absence_seen, symbol_frozen, symbol_thawed,
                                  position_adjusted, cash_flowed, balances_reported, account_marked, risk_noted, cause_received, stop_progressed,
                                  terms_changed, change_decided>;

/// A fact with its place.
struct journal_record {
  journal_offset offset = journal_offset::none;
  journal_offset cause = journal_offset::none; ///< record that this one follows from
  lease_epoch epoch = lease_epoch::none;
  utc_time at{};                ///< wall clock of the writer
  std::int64_t monotonic_ns = 0;
  journal_fact fact;
  bool operator==(const journal_record&) const = default;
};

} // namespace tt::execution

namespace tt {
template <>
struct names_of<execution::flow_kind> {
  static constexpr std::array<std::string_view, 6> value{"deposit", "withdrawal", "dividend", "interest", "fee", "correction"};
};
template <>
struct names_of<execution::mark_kind> {
  static constexpr std::array<std::string_view, 2> value{"point", "day_roll"};
};
} // namespace tt
