#pragma once

// The part of a node that makes it one of a cluster: bus, membership, leases,
// placement, and the actors that its roles say. Knows no HTTP; the node plugs
// directory, feeds and status into the gateway where it has one.

#include "actors/market/bar_store.hpp"
#include "actors/market/symbol_actor.hpp"
#include "bus/node.hpp"
#include "cluster/backtest/backtest_service.hpp"
#include "cluster/backtest/crew_host.hpp"
#include "cluster/feeds.hpp"
#include "cluster/lease/lease_agreement.hpp"
#include "cluster/membership/market_time_board.hpp"
#include "cluster/messages.hpp"
#include "cluster/node_config.hpp"
#include "cluster/office/office_place.hpp"
#include "gateways/bridge/actor_jobs_port.hpp"
#include "gateways/bridge/actor_market_port.hpp"
#include "gateways/cluster_port.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tt::cluster {

/// What the node has loaded and lends.
struct cluster_surroundings {
  const node_config& config;
  std::function<utc_time()> clock;
  std::shared_ptr<const instrument_master> master;
  std::shared_ptr<market::bar_store> store;
  feed_maker make_feeds;
  /// Makes the options of a symbol; the cluster adds what is published.
  std::function<market::symbol_options(const instrument&)> make_symbol;
};

class cluster_node final : public gateway::cluster_port {
public:
  /// Prepares an actor system for the bus; before the system is made.
  /// Gives the host of backtest workers, where the node has that role; it goes to the constructor.
  static std::shared_ptr<crew_host> attach(caf::actor_system_config& system, const node_config& config);

  cluster_node(caf::actor_system& system, cluster_surroundings around, std::shared_ptr<crew_host> crews);
  ~cluster_node() override;
  cluster_node(const cluster_node&) = delete;
  cluster_node& operator=(const cluster_node&) = delete;

  /// Binds and starts the actors of its roles. Errors: invalid_argument (keys,
  /// bus configuration), not_available (address in use).
  result<void> start();
  /// Makes the node known to the others; `url` is that of its gateway or empty.
  void announce(const std::string& url) const;
  /// Gives the leases back, says goodbye, ends the actors. Within two seconds.
  void stop();

  [[nodiscard]] const caf::actor& directory() const { return directory_; }
  [[nodiscard]] gateway::feed_list feeds() const;
  [[nodiscard]] gateway::topic_plane plane() const;
  /// The market's time, from feeds wherever they run.
  [[nodiscard]] std::function<utc_time()> market_clock() const;
  /// What that clock goes by; outlives the node where somebody keeps it.
  [[nodiscard]] std::shared_ptr<market_time_board> market_time() const { return market_time_; }
  /// The coordinator of backtests as this node knows it now.
  [[nodiscard]] std::function<caf::actor()> backtest_coordinator() const;
  /// What it publishes, where it is on another node.
  [[nodiscard]] gateway::jobs_plane jobs_plane() const;
  [[nodiscard]] std::string control_endpoint() const { return bus_->control_endpoint(); }
  [[nodiscard]] std::string topics_endpoint() const { return bus_->topics_endpoint(); }
  /// The bus, for services of this node; lives as long as the actor system.
  [[nodiscard]] bus::node& wire() { return *bus_; }
  void reload_keys();
  /// For figures; lives as long as the actor system.
  [[nodiscard]] const bus::node& bus() const { return *bus_; }
  /// Competes for the lease of the accounts that live in the database; `run` as singleton_options::start. After start().
  void hold_accounts(std::function<caf::actor(std::uint64_t epoch)> run);
  /// Whether a node is known that has them.
  [[nodiscard]] bool are_accounts_open() const { return static_cast<bool>(bus_->find(std::string(accounts_lease))); }

  [[nodiscard]] gateway::cluster_standing standing() const override;
  void report(std::function<void(result<gateway::cluster_report>)> done) override;

private:
  [[nodiscard]] const cluster_config& config() const { return *around_.config.cluster; }
  [[nodiscard]] std::string name() const { return around_.config.node_id; }
  void start_leases();
  void start_placement();
  void start_member();
  void start_seed_watch();
  void start_host();
  caf::actor start_singleton(const std::string& lease, std::chrono::milliseconds ttl, std::function<caf::actor(std::uint64_t)> run);
  void start_feeds();
  void start_backtests();
  caf::actor run_feed(const std::string& feed, std::uint64_t epoch);
  [[nodiscard]] std::function<caf::actor()> lease_service() const;
  void give_leases_back();

  caf::actor_system& system_;
  cluster_surroundings around_;
  std::shared_ptr<crew_host> crews_; ///< has workers spawned by name; null without the role
  bus::node* bus_;
  caf::actor leases_;    ///< of this node, if it keeps them or has a database of its own
  caf::actor host_;
  caf::actor demand_;    ///< follows what programs outside want of the symbols here
  caf::actor directory_;
  caf::actor member_;
  caf::actor recruiter_; ///< of workers on other nodes, where the coordinator is
  std::optional<std::uint64_t> allow_digest_; ///< of the allow list that the bus began with
  caf::actor watcher_;   ///< of feeds and the allow list
  caf::actor seed_watcher_;
  std::vector<caf::actor> singletons_;
  std::unique_ptr<backtest_service> backtests_; ///< workers, coordinator, or both
  std::shared_ptr<market_time_board> market_time_;
  std::shared_ptr<class feed_names> feed_names_;
  /// Epochs of the leases that are held here, by lease. Singletons write them.
  struct held_epochs {
    std::mutex mutex;
    std::map<std::string, std::uint64_t> all;
  };
  std::shared_ptr<lease_agreement> agreement_; ///< since start_leases
  std::shared_ptr<held_epochs> epochs_ = std::make_shared<held_epochs>();
  bool running_ = false;
};

} // namespace tt::cluster
