#pragma once

// One run of a job on a node, from data to orders. Blocks: it is called on a thread of its own.

#include "actors/model/notice_sender.hpp"
#include "actors/model/order_desk.hpp"
#include "actors/strategy/jobs/job_plan.hpp"
#include "actors/strategy/jobs/job_run.hpp"
#include "actors/strategy/jobs/run_log.hpp"
#include "actors/strategy/live/strategy_switch.hpp"
#include "gateways/market_port.hpp"
#include "gateways/trading_port.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace tt::cluster {

/// What runs need of the node. Members are used from several threads at once.
struct job_world {
  gateway::market_port* market = nullptr; ///< outlives the runs
  std::shared_ptr<order_desk> desk;
  std::function<utc_time()> clock;        ///< the market's
  std::shared_ptr<const std::atomic<bool>> stopping;
  /// Null, or a strategy that is not registered: nothing is switched off.
  std::shared_ptr<const strategy::strategy_switch> switches = {};
  /// The limit profiles of an account. Empty: nobody knows.
  std::function<void(account_id, gateway::reply<strategy::account_profiles>)> profiles = {};
  strategy::environment_lookup environment = {}; ///< variables of webhooks
  /// What the risk gate would say of an order, of which nothing is reserved: asked by dry runs. Empty: nobody knows.
  std::function<void(order_request, gateway::reply<gateway::order_preview>)> gate = {};
  std::chrono::milliseconds bar_patience{10'000}; ///< for the bar of the slot: then data_late
};

enum class job_outcome : std::uint8_t { done, failed, no_data, refused, timed_out };
std::string_view to_string(job_outcome what);

struct job_run_order {
  std::shared_ptr<const strategy::job_plan> plan;
  utc_time slot{};
  strategy::run_memory memory;
  enum class sending : std::uint8_t { send, dry_run };
  sending orders = sending::send;
  /// Set while the job is switched off: nothing but what closes a position is sent. Null: never.
  std::shared_ptr<const std::atomic<bool>> switched_off = {};
};

struct job_run_report {
  job_outcome outcome = job_outcome::done;
  std::string json;               ///< lists, signals, orders, notices
  std::vector<std::string> notices;
  std::vector<notice> webhooks;   ///< to be sent, in their order
  strategy::run_memory memory;
  std::string error_message;      ///< of failed and timed_out
};

/// Never throws. A run that is over its time sends nothing more.
job_run_report run_job(const job_world& world, const job_run_order& order);

} // namespace tt::cluster
