#pragma once

// The strategies of one node: registry, an actor for each run of an enabled Pine strategy, and the way to them for the
// gateway.

#include "actors/model/instrument.hpp"
#include "actors/strategy/live/messages.hpp"
#include "actors/strategy/live/registry.hpp"
#include "cluster/strategies/trade_judge.hpp"
#include "gateways/store/task_queue.hpp"
#include "gateways/strategies_port.hpp"
#include "gateways/trading_port.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace tt::cluster {

struct strategy_surroundings {
  caf::actor_system& system;
  sql_place records; ///< of the registry
  /// The market's time.
  std::function<utc_time()> market_clock;
  std::shared_ptr<const instrument_master> master;
  caf::actor directory; ///< of symbols
  std::shared_ptr<order_desk> desk;
  gateway::trading_port* trading = nullptr; ///< tells of orders; outlives the service. Null: runs ask for them themselves
  gateway::strategies_port::real_trading real = gateway::strategies_port::real_trading::off;
  /// Told of what scripts say by alert(), alertcondition() and alert_message; may be empty. Must only pass on.
  std::function<void(const strategy_id&, const std::string& symbol, const strategy::raised_alert&)> on_alert = {};
};

class strategy_service final : public gateway::strategies_port {
public:
  /// Opens the registry and starts the runs of enabled strategies. Errors: io_error, corrupt_data.
  static result<std::unique_ptr<strategy_service>> start(strategy_surroundings around);
  ~strategy_service() override;

  /// For the other doors of signals; thread-safe, outlives the service.
  [[nodiscard]] std::shared_ptr<const strategy::strategy_switch> switches() const { return records_; }
  /// Ends the actors and waits for them; their runs go on at the next start.
  void stop();

  strategy::registry& records() override { return *records_; }
  posted post(work kind, std::function<void()> task) override;
  void states(std::optional<strategy_id> of, gateway::reply<std::vector<strategy::run_state_ptr>> done) override;
  [[nodiscard]] real_trading real() const override { return around_.real; }
  gateway::subscription_id watch(gateway::strategy_watcher told) override;
  void unwatch(gateway::subscription_id id) override;

private:
  /// The actor of one symbol, and what it was told to run.
  struct hosted {
    caf::actor actor;
    std::string runs; ///< version, mode, account and settings as one text; "" while stopped
  };
  using place = std::pair<strategy_id, std::string>; ///< strategy and symbol

  explicit strategy_service(strategy_surroundings around, std::shared_ptr<strategy::registry> records);
  void on_change(const strategy_id& id, const std::optional<strategy::strategy_record>& now, const strategy::transition_row& why);
  /// Brings the actors to what the registry says: compiles, starts, switches.
  void align(const strategy_id& id);
  void stop_runs(const strategy_id& id, const strategy::stop_run& why);
  [[nodiscard]] caf::actor spawn(const strategy_id& id, const instrument& what);
  void tell(const gateway::strategy_news& news) const;

  strategy_surroundings around_;
  std::shared_ptr<strategy::registry> records_;
  mutable std::mutex mutex_; ///< guards what follows
  std::map<place, hosted> runs_;
  std::vector<caf::actor_addr> quitting_; ///< told to end with their strategy; they may still call back
  mutable std::mutex watchers_mutex_;
  std::map<gateway::subscription_id, gateway::strategy_watcher> watchers_;
  gateway::subscription_id next_watcher_ = 1, watched_ = 0;
  bool is_stopped_ = false;
  std::unique_ptr<trade_judge> judge_; ///< null without accounts
  // last in, first out: their tasks use what stands above
  gateway::task_queue quick_, heavy_;
};

} // namespace tt::cluster
