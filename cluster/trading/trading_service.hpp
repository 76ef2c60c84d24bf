#pragma once

// The accounts of one node: journal, account actor, desk, paper broker, market watch.

#include "actors/model/instrument.hpp"
#include "cluster/node_config.hpp"
#include "cluster/trading/exchange_rates.hpp"
#include "gateways/bridge/actor_trading_port.hpp"
#include "gateways/bridge/trading_metrics.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>

namespace tt::cluster {

/// The account that is there from the first start on: 100,000 USD, margin 2×, on paper.
inline constexpr std::string_view first_account = "paper_simulator";

struct trading_surroundings {
  caf::actor_system& system;
  const node_config& config;
  std::function<utc_time()> wall_clock;
  /// The market's time: what sessions, ages of prices and days are judged by.
  std::function<utc_time()> market_clock;
  std::shared_ptr<const instrument_master> master;
  /// Outlives the service.
  gateway::market_port& market;
};

class trading_service {
public:
  /// Takes the accounts' leases and starts their actors; they replay their journals by themselves.
  /// Errors: io_error (folder, lease store), conflict (somebody else holds a lease).
  static result<std::unique_ptr<trading_service>> start(trading_surroundings around);
  ~trading_service();
  trading_service(const trading_service&) = delete;
  trading_service& operator=(const trading_service&) = delete;

  [[nodiscard]] gateway::trading_port& port() { return *port_; }
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> metrics() const { return collectable_; }
  /// Ends the actors and waits for them; what was asked and not answered gets not_available.
  void stop();

private:
  explicit trading_service(trading_surroundings around);
  result<void> open_account();
  [[nodiscard]] std::shared_ptr<gateway::account_desk> make_desk(const account_profile& profile) const;

  trading_surroundings around_;
  std::shared_ptr<rate_board> rates_;
  std::shared_ptr<gateway::trading_watchers> watchers_;
  std::shared_ptr<gateway::trading_metrics> figures_;
  caf::actor watch_, broker_;
  std::vector<gateway::hosted_account> accounts_;
  std::unique_ptr<gateway::actor_trading_port> port_;
  std::shared_ptr<prometheus::Collectable> collectable_;
};

} // namespace tt::cluster
