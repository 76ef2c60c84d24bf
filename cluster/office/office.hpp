#pragma once

// All of a node that may order: the accounts, and the doors through which signals come to them (Pine strategies, YAML jobs,
// price alerts, webhooks). It opens and closes as one: the accounts of a cluster's database move between nodes with their lease.

#include "cluster/alerts/alert_service.hpp"
#include "cluster/jobs/job_service.hpp"
#include "cluster/node_config.hpp"
#include "cluster/office/office_place.hpp"
#include "cluster/strategies/strategy_service.hpp"
#include "cluster/trading/trading_service.hpp"
#include "cluster/webhooks/webhook_service.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>

namespace tt::cluster {

struct office_surroundings {
  caf::actor_system& system;
  const node_config& config;
  std::function<utc_time()> wall_clock;
  std::function<utc_time()> market_clock;
  std::shared_ptr<const instrument_master> master;
  gateway::market_port& market; ///< outlives the office
  caf::actor symbols;           ///< the directory that finds the symbols' actors
  std::function<void(utc_time)> on_market_time = {}; ///< as trading_surroundings
  std::function<bool()> is_real_time = {};           ///< likewise
  office_place place;
  /// Called when the accounts are there and before anything orders from them: emergency stops come first. May be empty.
  std::function<result<void>(trading_service&)> on_accounts = {};
  /// Called before the accounts end, where on_accounts was called: whoever speaks to them lets go. May be empty.
  std::function<void()> on_accounts_end = {};
};

class office {
public:
  /// Opens everything: replays the journals, has strategies go on. Errors: those of the services; nothing runs after one.
  static result<std::unique_ptr<office>> open(office_surroundings around);
  ~office();
  office(const office&) = delete;
  office& operator=(const office&) = delete;

  /// Ends what orders. The accounts go on for those who still ask: `close_accounts` comes next.
  void close_doors();
  /// Ends the accounts, after the doors.
  void close_accounts();

  [[nodiscard]] trading_service& trading() { return *trading_; }
  [[nodiscard]] strategy_service& strategies() { return *strategies_; }
  [[nodiscard]] webhook_service& webhooks() { return *webhooks_; }
  /// Null where alerts are off.
  [[nodiscard]] alert_service* alerts() { return alerts_.get(); }
  [[nodiscard]] job_service& jobs() { return *jobs_; }

private:
  explicit office(office_surroundings around) : around_(std::move(around)) {}
  result<void> open_all();
  result<void> open_alerts();
  result<void> open_strategies();
  result<void> open_webhooks();
  result<void> open_jobs();
  /// Where notices for people go; null where alerts are off. Those who post to it end before it.
  [[nodiscard]] std::shared_ptr<notice_board> board() const;

  enum class told : std::uint8_t { no, yes };

  office_surroundings around_;
  told told_of_accounts_ = told::no;
  std::unique_ptr<trading_service> trading_;
  std::shared_ptr<gateway::https_notice_sender> notices_;
  std::unique_ptr<alert_service> alerts_;
  std::unique_ptr<strategy_service> strategies_;
  std::unique_ptr<webhook_service> webhooks_;
  std::unique_ptr<job_service> jobs_;
};

} // namespace tt::cluster
