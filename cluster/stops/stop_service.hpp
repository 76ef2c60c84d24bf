#pragma once

// Emergency stops of a cluster, for the routes of one node: what is ordered here goes to every node with accounts.

#include "cluster/node_config.hpp"
#include "cluster/stops/stop_actor.hpp"
#include "gateways/trading_port.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>

namespace tt::cluster {

class trading_service;

struct stop_surroundings {
  caf::actor_system& system;
  const node_config& config;
  std::function<utc_time()> clock;
  bus::node& wire;
  trading_service* trading = nullptr; ///< null where the node has no accounts; outlives the service
};

class stop_service final : public gateway::stop_port {
public:
  /// Reads what was known before, has the accounts here obey it, and links up with the other nodes.
  /// Errors: io_error, corrupt_data (stops.json: it must not trade without knowing what was stopped).
  static result<std::unique_ptr<stop_service>> start(stop_surroundings around);
  ~stop_service() override { end(); }
  stop_service(const stop_service&) = delete;
  stop_service& operator=(const stop_service&) = delete;

  /// The answer comes within stop_deadline and names every node with accounts.
  void stop(const gateway::trading_caller& who, gateway::stop_request what, gateway::reply<gateway::stopped> done) override;
  void ask_resume(const gateway::trading_caller& who, std::string reason, gateway::reply<gateway::resume_question> done) override;
  void resume(const gateway::trading_caller& who, std::string token, gateway::reply<std::uint64_t> done) override;
  /// Ends the actor. It may still wait for the disk afterwards, but calls no account any more.
  void end();

private:
  struct questions;
  struct account_link;

  explicit stop_service(stop_surroundings around);
  static account_stops stops_of(std::shared_ptr<account_link> link);

  stop_surroundings around_;
  // shared with answers under way, which may come on any thread and after this object is gone
  std::shared_ptr<questions> questions_;
  std::shared_ptr<account_link> link_;
  caf::actor actor_; ///< never changed once it runs: `look` of any thread copies it
  enum class running : std::uint8_t { no, yes } running_ = running::no;
};

} // namespace tt::cluster
