#pragma once

// The door of the accounts as the makers of signals see it: webhooks, price alerts,
// strategies, jobs. What stands behind it passes every order through the risk gate
// and the journal of its account; it may be on this node or on another.

#include "actors/model/account.hpp"
#include "actors/model/order.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tt {

/// An order that a signal asks for.
struct signal_order {
  order_request request; ///< names its account and, where there is one, its strategy
  /// A pure function of the signal. The same key never makes a second order, for ever
  /// and over restarts: asking again answers with the first one. 1-200 bytes.
  std::string key;
  /// Whether the signal's maker named it, or the key was made from its content: of such the gate refuses look-alikes.
  enum class identity : std::uint8_t { given, derived } named = identity::given;
};

/// What became of it.
struct signal_outcome {
  enum class kind : std::uint8_t {
    taken,    ///< journalled, on its way or at the venue
    repeated, ///< the key was there before; `what` is its order
    refused,  ///< by the risk gate; `what` carries the decision
  };
  kind how = kind::taken;
  order what;
};

/// What a strategy holds in one symbol of one account, by its own fills alone.
struct strategy_holding {
  quantity qty; ///< signed; 0: flat
  std::optional<price> average_price; ///< nothing: flat
  utc_time opened_at{};               ///< of the present side
  quantity working_buys, working_sells; ///< unfilled quantity of its open orders
};

/// Which orders of an account; absent fields match all.
struct signal_scope {
  account_id account;
  std::optional<strategy_id> strategy = {};
  std::optional<std::string> symbol = {};
  std::optional<order_id> order = {}; ///< one alone
};

/// Every member may be called from any thread and returns at once; the answer comes
/// exactly once, on any thread, and its receiver must only pass it on.
class order_desk {
public:
  template <class T> using reply = std::function<void(result<T>)>;
  virtual ~order_desk() = default;

  /// A refusal by the gate is an answer. Errors: not_found (account, symbol), not_available (journal, venue,
  /// account on no node), invalid_argument naming the field.
  virtual void place(signal_order what, reply<signal_outcome> done) = 0;
  /// Asks for the cancel of the working orders in scope; gives the ids of those asked. Errors: not_found, not_available.
  virtual void cancel(signal_scope which, reply<std::vector<order_id>> done) = 0;
  /// Errors: not_found (account), not_available.
  virtual void holding(account_id account, strategy_id strategy, std::string symbol, reply<strategy_holding> done) = 0;
  /// Errors: not_found, not_available (also where a held symbol has no price).
  virtual void figures(account_id account, reply<account_figures> done) = 0;
  /// The orders of one strategy, newest first, at most `limit`.
  virtual void orders(signal_scope which, std::size_t limit, reply<std::vector<order>> done) = 0;
};

} // namespace tt
