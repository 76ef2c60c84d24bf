#pragma once

// The order_desk of a running node: signals become work in the step of their account's
// actor, where gate, reservation and journal record are one.

#include "actors/model/order_desk.hpp"
#include "gateways/bridge/account_hosts.hpp"

#include <memory>

namespace tt::gateway {

/// May outlive the accounts: then every question is answered with not_found or not_available.
class account_order_desk final : public order_desk {
public:
  explicit account_order_desk(std::shared_ptr<const account_hosts> accounts) : accounts_(std::move(accounts)) {}

  void place(signal_order what, order_desk::reply<signal_outcome> done) override;
  void cancel(signal_scope which, order_desk::reply<std::vector<order_id>> done) override;
  void holding(account_id account, strategy_id strategy, std::string symbol, order_desk::reply<strategy_holding> done) override;
  void figures(account_id account, order_desk::reply<account_figures> done) override;
  void orders(signal_scope which, std::size_t limit, order_desk::reply<std::vector<order>> done) override;

private:
  /// Runs `work(desk, access, done)` in the account's step.
  template <class T, class Work>
  void with(const account_id& id, gateway::reply<T> done, Work work);

  std::shared_ptr<const account_hosts> accounts_;
};

} // namespace tt::gateway
