// This header file defines the core of the actor plane: it gives meaning to what
// the transport carries. Proxies, exports, routes, names, credit, the pulse.
// Private to the bus: the public face is `bus::node`.
//
// Lock order (an arrow means "may be taken while holding"): notices_ -> CAF's proxy registry
// -> mutex_ ; nothing is enqueued, killed or attached while mutex_ is held.
#pragma once

#include "bus/codec/table.hpp"
#include "bus/config.hpp"
#include "bus/link/transport.hpp"
#include "bus/messages.hpp"
#include "bus/proxy/early_moves.hpp"
#include "bus/proxy/export_table.hpp"
#include "bus/proxy/loss_log.hpp"
#include "bus/proxy/meter.hpp"
#include "bus/proxy/proxy.hpp"
#include "bus/proxy/route.hpp"
#include "bus/proxy/wire.hpp"
#include "bus/topics/hub.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/proxy_registry.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

namespace bus::proxy {

/// Counters for status pages.
struct core_report {
  uint64_t refused_messages = 0; ///< not sent: credit, size, type, link down
  uint64_t lost_messages = 0;    ///< of those, the ones without a sender who could be told
  uint64_t excess_messages = 0;  ///< received and refused: the peer has too many waiting here
  uint64_t undecodable = 0;      ///< received and not understood
  uint64_t exported_actors = 0;
  uint64_t proxies = 0;
  uint64_t pending_requests = 0;
  uint64_t stalls = 0;           ///< times that this node took itself off the bus
  uint64_t existing_proxies = 0; ///< also those of lost nodes to which somebody still has a handle
  uint64_t expired_requests = 0; ///< given up: too old, or the actor that was asked has ended
};

class core final : public link::transport_client,
                   public caf::proxy_registry::backend,
                   public codec::handle_writer,
                   public codec::handle_reader {
public:
  core(caf::actor_system& system, config cfg, std::shared_ptr<const codec::type_table> types);
  ~core() override;

  caf::error start();
  void stop();

  // -- any thread -------------------------------------------------------------

  const config& configuration() const noexcept { return cfg_; }
  link::transport& transport() { return *transport_; }
  topics::hub& hub() { return *hub_; }
  bool is_running() const noexcept { return running_; }

  caf::error publish(const std::string& name, const caf::actor& actor);
  void withdraw(const std::string& name);
  caf::actor find(const std::string& name) const;
  caf::actor agent(const std::string& peer);
  void watch(const caf::actor& watcher);
  core_report report();
  caf::error reload_allowed();

  // -- for proxies (any thread) -----------------------------------------------

  bool is_local(const caf::actor_control_block* actor) const;

  /// Encodes and queues; an error means that nothing was sent.
  caf::error send(route& via, caf::actor_id receiver, const caf::mailbox_element& what);
  void post_link(const route_ptr& via, caf::actor_id remote, caf::strong_actor_ptr local, op what);
  const std::shared_ptr<std::atomic<uint64_t>>& existing_proxies() const noexcept {
    return existing_proxies_;
  }
  void count_refused() noexcept { ++refused_messages_; }
  /// A message to a peer was refused and there is nobody to tell.
  void lost(const std::string& peer, const caf::error& reason);

  // -- caf::proxy_registry::backend -------------------------------------------

  caf::strong_actor_ptr make_proxy(caf::node_id node, caf::actor_id id) override;
  void set_last_hop(caf::node_id*) override {}

  // -- codec::handle_writer, handle_reader (topics: any node may read) ----------

  void write_actor(codec::bytes& out, caf::actor_control_block* actor) override;
  errc read_actor(caf::actor_id id, const caf::node_id& node, caf::strong_actor_ptr& out) override;

  // -- link::transport_client (bus thread) --------------------------------------

  void peer_up(size_t peer, const link::identity& who, uint64_t generation,
               std::shared_ptr<link::outbox> out) override;
  void peer_down(size_t peer, link::down_reason reason) override;
  bool messages(size_t peer, std::string_view body, uint32_t count) override;
  void topic_message(std::string_view topic, std::string_view payload) override;
  void topic_wanted(std::string_view prefix, bool wanted, std::string_view client) override;
  void topics_closed() override;
  void snapshot_wanted(std::string_view topic) override;
  void work(link::time_point now) override;
  link::time_point deadline() const override;

private:
  friend class inbound;

  /// A local actor that a peer sends to.
  struct target {
    caf::strong_actor_ptr actor;
    meter* gauge = nullptr;
    caf::actor_id id = 0;
    bool active = false;
  };

  /// What is known about a linked peer. Bus thread.
  struct linked_peer {
    route_ptr via;
    caf::actor_id agent = 0;
    std::unordered_map<caf::actor_id, target> targets;
    std::vector<target*> active;
    caf::actor_id last_sender_id = 0;
    caf::strong_actor_ptr last_sender;
    std::shared_ptr<mailbox_load> load = std::make_shared<mailbox_load>();
    link::time_point excess_logged{};
  };

  route_ptr route_to(const caf::node_id& node) const;
  caf::error encode(std::string& frame, caf::actor_id receiver, const caf::mailbox_element& what,
                    const caf::type_erased_tuple& content);
  caf::error queue(route& via, caf::actor_id receiver, const caf::mailbox_element& what, const std::string& frame);
  caf::error send_reason(route& via, caf::actor_id receiver, const caf::mailbox_element& what,
                         std::string& frame, const caf::error& reason);
  caf::error add_request(route& via, caf::actor_id receiver, const caf::mailbox_element& what);
  void announce_move(const caf::mailbox_element& what, const caf::node_id& to);
  void send_vital(route& via, const std::string& frame);
  void withdraw_all(caf::actor_id actor);
  void withdraw(const std::string& name, caf::actor_id only);
  void release_targets(linked_peer& p);
  std::vector<caf::strong_actor_ptr> living_watchers();
  void notify_watchers(const caf::message& what);
  name_event event_of(const std::string& name) const;
  void notify_name(const std::string& name);
  bool is_too_much(linked_peer& p, size_t bytes, uint32_t messages);
  void report_credit(linked_peer& p, bool all);
  void check_pulse(link::time_point now);
  void housekeeping(link::time_point now);
  void give_up_requests(route& via, link::time_point now);
  caf::error open_keys(link::transport_settings& settings) const;
  void log(log_level level, const std::string& text) const;

  caf::actor_system& system_;
  config cfg_;
  const std::shared_ptr<const codec::type_table> types_;
  const uint64_t epoch_;
  const std::shared_ptr<std::atomic<uint64_t>> existing_proxies_;
  caf::proxy_registry proxies_;
  const std::shared_ptr<export_table> exports_;
  std::shared_ptr<topics::hub> hub_;
  std::unique_ptr<link::transport> transport_;
  std::atomic<bool> running_{false};

  // Held while what is known is read and told, so that nobody is told something older after something newer. A watcher may
  // act within the notice, and be the cause of the next one.
  std::recursive_mutex notices_;
  mutable std::mutex mutex_; // guards the six below
  std::unordered_map<caf::node_id, route_ptr> routes_;
  std::map<std::string, std::pair<caf::node_id, caf::actor_id>> agents_;
  std::map<std::string, caf::strong_actor_ptr> names_;                            // of this node
  std::set<caf::actor_id> named_;                                                 // actors that had a name
  std::map<std::string, std::map<std::string, caf::strong_actor_ptr>> directory_; // of peers, by peer
  std::vector<caf::weak_actor_ptr> watchers_;

  std::map<size_t, linked_peer> peers_; // bus thread
  early_moves early_moves_;             // bus thread
  caf::actor agent_;
  caf::actor pulse_;
  std::atomic<uint64_t> pulse_answered_{0};
  uint64_t pulse_asked_ = 0;
  link::time_point pulse_asked_at_{};
  bool stalled_ = false;
  link::time_point last_credit_{};
  link::time_point last_housekeeping_{};
  loss_log losses_;

  std::atomic<uint64_t> refused_messages_{0}, excess_messages_{0}, undecodable_{0}, stalls_{0}, expired_requests_{0};
};

/// Process id and incarnation of a node as 24 bytes, and back.
std::string node_bytes_of(const caf::node_id& x);
caf::node_id node_of_bytes(std::string_view x);

/// A new node id: this process, eight random bytes and a hash of the name.
caf::node_id make_incarnation(std::string_view name);

} // namespace bus::proxy
