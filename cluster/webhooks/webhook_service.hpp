#pragma once

// The webhook receiver of one node: journal, actor, port, figures.

#include "actors/alerts/webhook/webhook_actor.hpp"
#include "actors/model/notice_board.hpp"
#include "actors/strategy/live/strategy_switch.hpp"
#include "cluster/node_config.hpp"
#include "cluster/office/office_place.hpp"
#include "gateways/bridge/actor_webhook_port.hpp"
#include "gateways/gateway.hpp"
#include "gateways/webhook/webhook_channel.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>

namespace tt::cluster {

struct webhook_surroundings {
  caf::actor_system& system;
  const node_config& config;
  office_place place;
  std::function<utc_time()> clock; ///< wall time
  std::shared_ptr<const instrument_master> master;
  std::shared_ptr<order_desk> desk;
  webhook::standing_lookup standing; ///< of registered strategies; may be empty
  account_id account;                ///< of the default profile
  std::shared_ptr<notice_board> board = {}; ///< told of expected alerts that are missing; null: the log, the metrics and the stream say so
};

class webhook_service {
public:
  /// Opens webhooks.sqlite (or the table of the server) and starts the actor, which takes up what was not handed over.
  /// Errors: io_error, corrupt_data (the journal); invalid_argument (WEBHOOK_IP_ALLOW).
  static result<std::unique_ptr<webhook_service>> start(webhook_surroundings around);
  ~webhook_service();
  webhook_service(const webhook_service&) = delete;
  webhook_service& operator=(const webhook_service&) = delete;

  [[nodiscard]] gateway::webhook_port& port() { return *port_; }
  [[nodiscard]] std::shared_ptr<prometheus::Collectable> metrics() const { return figures_->collectable(); }
  /// Shows alerts on the stream; before its first connection.
  void show_on(gateway::stream_service& stream, const std::function<utc_time()>& clock);
  /// Ends the actor. It writes what waits for its commit first; orders of that are made after the next start.
  void stop();

private:
  webhook_service() = default;

  caf::actor receiver_;
  std::shared_ptr<gateway::webhook_metrics> figures_ = std::make_shared<gateway::webhook_metrics>();
  std::shared_ptr<gateway::webhook_watchers> watchers_ = std::make_shared<gateway::webhook_watchers>();
  std::unique_ptr<gateway::actor_webhook_port> port_;
  std::unique_ptr<gateway::webhook_channel> channel_;
  caf::actor_system* system_ = nullptr;
};

/// How registered strategies stand, for the receiver. A `sizing` of mode weight makes bare quantities weights.
webhook::standing_lookup standing_of(std::shared_ptr<const strategy::strategy_switch> switches);

/// WEBHOOK_LISTEN, or nothing. Errors: invalid_argument.
result<std::optional<gateway::webhook_listener>> webhook_listener_of(const node_config& config);

} // namespace tt::cluster
