#pragma once

// The demotion rule for strategies that keep no run of their own (YAML jobs, webhooks): folds their executions as they come
// and has the registry judge the sets.

#include "actors/strategy/live/fill_trades.hpp"
#include "gateways/strategies_port.hpp"
#include "gateways/trading_port.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace tt::cluster {

class trade_judge {
public:
  using posted = gateway::strategies_port::posted;
  /// Has a task run behind the others, one at a time.
  using task_runner = std::function<posted(std::function<void()>)>;

  /// `trading` outlives the judge, and the judge outlives the tasks.
  trade_judge(std::shared_ptr<strategy::registry> records, gateway::trading_port& trading, std::function<utc_time()> clock, task_runner later)
    : records_(std::move(records)), trading_(trading), clock_(std::move(clock)), later_(std::move(later)) {}

  /// In the order of each account's journal, on any thread; only passes on. What Pine strategies do is none of its
  /// business: their runs write it down themselves.
  void on_execution(const gateway::execution_snapshot& seen);

private:
  using key = std::pair<account_id, strategy_id>;
  /// What is known of a strategy in an account. The executions before the first one seen here are asked for once.
  struct book {
    enum class state_t : std::uint8_t { asked, known } state = state_t::asked;
    strategy::trade_fold fold;
    std::uint64_t asked = 0; ///< number of the question whose answer counts
    std::uint64_t last = 0;  ///< sequence number of the newest execution that is in
    std::vector<gateway::execution_snapshot> waiting; ///< seen since they were asked for
  };

  // in tasks
  void take(const gateway::execution_snapshot& seen);
  void ask(const key& of, book& one);
  void begin(const key& of, std::uint64_t asked, const result<std::vector<gateway::execution_snapshot>>& before);
  void add(const key& of, book& to, const gateway::execution_snapshot& seen);
  void judge(const key& of, const book& by, utc_time at);

  std::shared_ptr<strategy::registry> records_;
  gateway::trading_port& trading_;
  std::function<utc_time()> clock_;
  task_runner later_;
  std::atomic<bool> has_missed_{false}; ///< an execution, where there was too much to do: all is asked for anew
  std::map<key, book> books_;           ///< of the tasks
  std::uint64_t questions_ = 0;         ///< likewise
};

} // namespace tt::cluster
