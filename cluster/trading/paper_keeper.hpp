#pragma once

// The paper_port of a node: keeps the list of paper accounts, and makes and starts over
// accounts while the node runs. Works in a thread of its own, for it waits for disks and actors.

#include "cluster/trading/paper_list.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <mutex>

namespace tt::cluster {

/// What the keeper does with accounts; called in its thread, never twice at one time.
struct paper_hosting {
  /// Makes sure that the account may be started over, and finds out what rules it takes along.
  /// Errors: conflict (stopped), refused (a breaker has tripped, and who asks is no admin), not_available.
  std::function<result<void>(const account_id&, risk::access by)> check_reset;
  /// Ends the account's actors and puts its journal aside. Errors: io_error, timed_out.
  std::function<result<void>(const gateway::paper_account&)> archive;
  /// Runs the account. `model` is the account whose rules (limits, stops of all accounts) hold for the new one.
  std::function<result<void>(const gateway::paper_account&, const account_id& model)> open;
  std::function<void(const account_id&, gateway::trading_permission)> set_trading;
  std::function<void(const account_id&)> make_usual;
};

class paper_keeper final : public gateway::paper_port {
public:
  paper_keeper(caf::actor_system& system, std::shared_ptr<paper_list_store> kept_in, paper_list list, std::function<utc_time()> clock, paper_hosting hosting);
  ~paper_keeper() override;
  paper_keeper(const paper_keeper&) = delete;
  paper_keeper& operator=(const paper_keeper&) = delete;

  [[nodiscard]] std::vector<gateway::paper_account> accounts() const override;
  void create(execution::paper::paper_settings settings, gateway::reply<gateway::paper_account> done) override;
  void reset(account_id which, std::optional<money> cash, risk::access by, gateway::reply<gateway::paper_account> done) override;
  void change(account_id which, gateway::account_change what, gateway::reply<gateway::paper_account> done) override;
  /// Ends the thread after the work at hand; what waits is answered with not_available.
  void stop();

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  caf::actor worker_;
};

} // namespace tt::cluster
