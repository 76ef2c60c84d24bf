#pragma once

// The market_port of a running node: questions and subscriptions of socket
// threads become messages of one bridge actor, and what the symbols answer comes
// back as calls. It knows actors by handle only, local or remote.

#include "gateways/bridge/bridge_actor.hpp"
#include "gateways/market_port.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <memory>

namespace tt::gateway {

/// Longest wait for an answer of a symbol or feed.
inline constexpr std::chrono::milliseconds ask_deadline{2'000};

/// A feed that should run somewhere; the actor is null while nobody runs it.
struct feed_handle {
  std::string name;
  caf::actor actor;
};

/// The feeds of the node or the cluster as they are now; called from any thread.
using feed_list = std::function<std::vector<feed_handle>()>;

class actor_market_port final : public market_port {
public:
  /// `directory` answers symbol_atom with the actor of a symbol; `feeds` are asked
  /// for their status; `plane` is the way to symbols of other nodes (empty where
  /// there are none); `market_clock` is the node's market time and may be called
  /// from any thread. The system must outlive the port.
  actor_market_port(caf::actor_system& system, std::shared_ptr<const instrument_master> master, caf::actor directory,
                    feed_list feeds, std::function<utc_time()> market_clock, topic_plane plane = {});
  /// Ends the bridge actor; answers that are under way are dropped.
  ~actor_market_port() override;
  /// Ends the bridge and waits for it: no answer comes any more, so whoever asked may be taken apart. Once, before the end of the object.
  void end();
  actor_market_port(const actor_market_port&) = delete;
  actor_market_port& operator=(const actor_market_port&) = delete;

  [[nodiscard]] const instrument_master& instruments() const override { return *master_; }
  [[nodiscard]] utc_time market_time() const override { return market_clock_(); }
  void quotes(std::vector<std::string> symbols, reply<std::vector<market::quote_snapshot>> done) override;
  void history(market::history_request request, reply<market::history_reply> done) override;
  void trades(std::string symbol, std::uint32_t limit, reply<std::vector<market::trade_update>> done) override;
  void feeds(reply<std::vector<market::feed_status>> done) override;
  void step_feed(std::string name, std::uint32_t count, reply<std::uint32_t> done) override;
  subscription_id subscribe(market::topic what, update_handler on_update) override;
  void unsubscribe(subscription_id id) override;

private:
  struct subscriptions;

  std::shared_ptr<const instrument_master> master_;
  std::function<utc_time()> market_clock_;
  caf::actor bridge_;
  feed_list feeds_;
  std::shared_ptr<subscriptions> subscriptions_;
};

} // namespace tt::gateway
