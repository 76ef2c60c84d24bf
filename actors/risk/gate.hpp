#pragma once

// The one way to a venue: every order passes here, is checked against everything, and
// what it needs is reserved in the same step. Belongs to one writer per account; not
// thread-safe; asks no clock and does no I/O.
//
//   gate g(limits, stop, breakers, shared_rates, settings);
//   g.state().set_account(...); g.state().set_instrument(...);
//   auto answer = g.check_and_reserve(order, now);
//   if (answer.proof) send(std::move(*answer.proof));     // nothing else can be sent

#include "actors/risk/approval.hpp"
#include "actors/risk/book.hpp"
#include "actors/risk/breakers.hpp"
#include "actors/risk/hooks.hpp"
#include "actors/risk/kill_switch.hpp"
#include "actors/risk/limits.hpp"
#include "actors/risk/request_history.hpp"
#include "actors/risk/statistics.hpp"

#include <functional>

namespace tt::risk {

struct gate_settings {
  /// For the elapsed times of checks; empty: they are 0. Decides nothing else, except that a hook over its budget rejects.
  std::function<std::int64_t()> clock_ns = {};
};

/// Where an account stands against one limit.
struct limit_measure {
  limit_id id = limit_id::count_;
  std::optional<decimal> measured = {}; ///< in the unit of the limit
  std::string subject = {};             ///< the symbol or strategy that it is of
  std::string_view why_not = {};        ///< without a figure: a text of the program
};

class gate {
public:
  /// The references outlive the gate. `rates` are shared by the gates of a node.
  gate(const limit_book& limits, const kill_switch& stop, const breaker_board& breakers, node_rates& rates, gate_settings settings = {});

  [[nodiscard]] book& state() { return state_; }
  [[nodiscard]] const book& state() const { return state_; }
  [[nodiscard]] node_view& node() { return node_; }
  [[nodiscard]] venue_view& venue() { return venue_; }
  [[nodiscard]] hook_registry& hooks() { return hooks_; }
  [[nodiscard]] return_table& returns() { return returns_; }
  [[nodiscard]] request_history& history() { return history_; }
  [[nodiscard]] const request_history& history() const { return history_; }

  /// Checks the order; where it may be sent, reserves what it needs under
  /// `order.number` and hands out the proof. Stops at the first rejection. The intent is
  /// remembered, whatever the answer.
  [[nodiscard]] gate_answer check_and_reserve(const order_view& order, utc_time now);
  /// Evaluates every check, also after a rejection; reserves and remembers nothing.
  [[nodiscard]] decision preview(const order_view& order, utc_time now);
  /// Where the account stands against each limit, in the order of limit_id: by the formulas of the checks, with nothing added to what
  /// is held and works. Of limits that hold per symbol or strategy the one that is furthest. `in`: the figures of the breakers.
  [[nodiscard]] std::vector<limit_measure> measures(const breaker_inputs& in, utc_time now);
  /// A change of a working order: `order` is the whole order as it shall be, `order.number` the one
  /// that changes and `order.executed` what of it is executed. Its own reservation does not count against it; the larger of both stays
  /// reserved until on_changed(). The rates count it as an order; whether it was asked before is for the caller to know.
  [[nodiscard]] gate_answer check_change(const order_view& order, utc_time now);

  /// Takes an order over that was sent before (a restart) or by others: reserves `remaining` without a check.
  /// `acknowledged` where the venue is known to have it. Errors: those of book::add_working.
  result<void> adopt(const order_view& order, quantity remaining, on_off acknowledged, on_off external, utc_time now);

private:
  enum class kind : std::uint8_t { fresh, change };
  /// `had`: what rested of the order that is changed.
  gate_answer admit(const order_view& order, utc_time now, kind what, quantity had = {});
  void note_outcome(const order_view& order, const decision& verdict, utc_time now);

  const limit_book& limits_;
  const kill_switch& stop_;
  const breaker_board& breakers_;
  node_rates& rates_;
  gate_settings settings_;
  book state_;
  node_view node_;
  venue_view venue_;
  hook_registry hooks_;
  return_table returns_;
  request_history history_;
};

} // namespace tt::risk
