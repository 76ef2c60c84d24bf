#pragma once

// Emergency stops of a cluster, for the routes of one node: what is ordered here goes to every node with accounts.

#include "cluster/node_config.hpp"
#include "cluster/stops/stop_actor.hpp"
#include "gateways/trading_port.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <mutex>

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
  /// Ends the actor and waits for it: it calls the accounts and this object.
  void end();

private:
  /// The question that is open.
  struct pending {
    std::string token, reason;
    stop_standing seen;
    enum class reach : std::uint8_t { elsewhere, here_too } where = reach::elsewhere; ///< whether accounts here were asked
    utc_time expires{};
  };

  explicit stop_service(stop_surroundings around) : around_(around) {}
  void keep_question(result<gateway::resume_question> here, const std::string& reason, const stop_standing& now,
                     const gateway::reply<gateway::resume_question>& done);

  stop_surroundings around_;
  caf::actor actor_;
  std::mutex mutex_;
  pending pending_; ///< guarded by mutex_
};

} // namespace tt::cluster
