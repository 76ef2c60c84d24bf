#pragma once

// The accounts of one node: journal, account actor, desk, paper broker, market watch.

#include "actors/model/instrument.hpp"
#include "cluster/node_config.hpp"
#include "cluster/office/office_place.hpp"
#include "cluster/trading/exchange_rates.hpp"
#include "cluster/trading/paper_keeper.hpp"
#include "gateways/bridge/account_order_desk.hpp"
#include "gateways/bridge/actor_trading_port.hpp"
#include "gateways/bridge/trading_metrics.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

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
  /// Told the time of each price that comes in, where the market's clock is elsewhere; may be empty.
  std::function<void(utc_time)> on_market_time = {};
  /// Whether the market's time is real time now; empty: it is not.
  std::function<bool()> is_real_time = {};
  office_place place = {};
};

class trading_service {
public:
  /// Takes the accounts' leases (those of a server are the caller's, with the epoch of its place) and starts their actors; they replay their journals by themselves.
  /// Errors: io_error (folder, lease store), conflict (somebody else holds a lease).
  static result<std::unique_ptr<trading_service>> start(trading_surroundings around);
  ~trading_service();
  trading_service(const trading_service&) = delete;
  trading_service& operator=(const trading_service&) = delete;

  [[nodiscard]] gateway::trading_port& port() { return *port_; }
  /// The same, for stops that other nodes order.
  [[nodiscard]] gateway::actor_trading_port& accounts() { return *port_; }
  /// Whether this node is cut off from one at which stops are ordered; also for accounts that begin later. From any thread.
  void isolate(risk::on_off isolated);
  /// Called whenever an account has begun here, on any thread; empty: nobody is told. Once this is back the one before is not called any more.
  void on_opened(std::function<void()> told);
  /// The list of its paper accounts.
  [[nodiscard]] gateway::paper_port& paper() { return *keeper_; }
  /// The door for makers of signals; may outlive the service.
  [[nodiscard]] std::shared_ptr<order_desk> desk() const { return desk_; }
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> metrics() const { return collectable_; }
  /// Ends the actors and waits for them; what was asked and not answered gets not_available.
  void stop();

private:
  explicit trading_service(trading_surroundings around);
  /// Opens where the list is kept. Errors: io_error, conflict (another node has taken over).
  result<void> open_list();
  /// The list as it is kept, or the one of a first start. Errors: as paper_list_store.
  result<paper_list> read_list();
  /// The epoch under which an account is written. Errors: as lease_store.
  result<std::uint64_t> epoch_of(const account_id& account) const;
  /// What opens the journal of an account, in the account's thread.
  [[nodiscard]] std::function<result<std::shared_ptr<execution::journal_store>>()> journal_opener(const account_id& account) const;
  result<void> put_journal_aside(const gateway::paper_account& what);
  result<void> put_files_aside(const gateway::paper_account& what);
  result<void> open_account(const gateway::paper_account& what, const gateway::desk_rules& rules);
  /// Ends the account's actors and puts its journal aside.
  result<void> archive(const gateway::paper_account& what);
  [[nodiscard]] std::shared_ptr<gateway::account_desk> make_desk(const gateway::paper_account& what, const caf::actor& broker,
                                                                    const gateway::desk_rules& rules) const;
  [[nodiscard]] paper_hosting hosting();
  /// Rules that the account would give to another; nothing where it can't say.
  /// Errors: conflict while it is stopped, or where a breaker of it is not for `by` to clear; not_available.
  [[nodiscard]] result<gateway::desk_rules> rules_of(const account_id& id, gateway::account_desk::rules_of whose,
                                                     risk::access by = risk::access::admin) const;
  [[nodiscard]] std::string folder() const;

  trading_surroundings around_;
  std::atomic<risk::on_off> isolated_ = risk::on_off::off;
  std::mutex opened_mutex_;
  std::function<void()> opened_; ///< guarded by opened_mutex_
  std::shared_ptr<paper_list_store> list_;
  std::shared_ptr<rate_board> rates_;
  std::shared_ptr<risk::node_rates> order_rates_ = std::make_shared<risk::node_rates>();
  std::shared_ptr<gateway::trading_watchers> watchers_;
  std::shared_ptr<gateway::trading_metrics> figures_;
  caf::actor watch_;
  caf::actor flag_; ///< looks for the file STOP
  std::map<account_id, caf::actor> brokers_; ///< changed at the start and by the keeper's thread
  std::shared_ptr<gateway::account_hosts> accounts_;
  std::shared_ptr<order_desk> desk_;
  std::unique_ptr<paper_keeper> keeper_;
  std::unique_ptr<gateway::actor_trading_port> port_;
  std::shared_ptr<prometheus::Collectable> collectable_;
};

} // namespace tt::cluster
