// This header file defines the transport: all ZeroMQ sockets of a node and the
// one thread that owns them. It drives a `session` per peer and moves bytes; what
// the bytes mean is its client's business (`bus/proxy`, `bus/topics`).
//
// Sockets: one ROUTER that only receives; one DEALER per peer that only sends,
// so back-pressure is per peer and visible (a ROUTER drops in silence); one XPUB
// and one XSUB for topics; the doorman's ZAP socket; monitors.
//
// Threads: `post`, `publish` and the outboxes may be used from any thread. All
// other functions, and all callbacks, belong to the bus thread.
#pragma once

#include "bus/config.hpp"
#include "bus/keys/keys.hpp"
#include "bus/link/outbox.hpp"
#include "bus/link/session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bus::link {

struct transport_settings {
  identity self; ///< the endpoints are filled in by `start`
  std::string listen;
  std::string listen_topics;
  std::string advertise;
  enum security security = security::curve;
  keys::key_pair key;
  keys::allow_list allowed;
  session_settings session;
  size_t link_bytes = size_t{32} << 20;
  lookup_function lookup; ///< the system's if empty
  log_function log;
};

/// What a link is doing; for status pages.
struct link_report {
  std::string peer;
  std::string endpoint;
  std::string address; ///< the numeric endpoint that was dialled last; empty: none yet
  bool up = false;
  std::chrono::milliseconds since_heard{0};
  session_statistics statistics;
  size_t frames_in_flight = 0;
  size_t bytes_waiting = 0;
};

/// Everything the transport tells. Bus thread.
class transport_client {
public:
  virtual ~transport_client() = default;
  /// `generation` numbers the sessions of this node; the outbox accepts messages made for it.
  virtual void peer_up(size_t peer, const identity& who, uint64_t generation,
                       std::shared_ptr<outbox> out) = 0;
  virtual void peer_down(size_t peer, down_reason reason) = 0;
  /// The messages of one frame. False if they are not well-formed: the link is broken off.
  virtual bool messages(size_t peer, std::string_view body, uint32_t count) = 0;
  virtual void topic_message(std::string_view topic, std::string_view payload) = 0;
  /// A remote subscriber came (also for a prefix that others want already) or the last one went. `client` is the name of
  /// the program outside that came; empty if it is a node, if links are plain, and if somebody went.
  virtual void topic_wanted(std::string_view prefix, bool wanted, std::string_view client) = 0;
  /// All remote subscribers are gone at once; those who may come back say again what they want.
  virtual void topics_closed() {}
  /// A remote subscriber lost something, or came late.
  virtual void snapshot_wanted(std::string_view topic) = 0;
  /// Called when the signal was raised, and at least every `beat_every`.
  virtual void work(time_point now) = 0;
  /// When `work` has to be called at the latest.
  virtual time_point deadline() const { return time_point::max(); }
};

class transport {
public:
  transport(transport_settings cfg, transport_client& client);
  ~transport();

  /// Opens the sockets and starts the thread. Errors name the endpoint.
  outcome<done> start();

  /// Says goodbye to all peers, closes and joins. May be called twice.
  void stop();

  /// The node's identity with the endpoints that were bound. Valid after `start`.
  const identity& self() const;
  const std::string& topics_endpoint() const;

  wake_signal& signal() const;

  /// Any thread: runs `task` in the bus thread, in order. Dropped when stopped.
  void post(std::function<void()> task);

  /// Any thread: queues a message for remote subscribers; false if the queue is full.
  bool publish(std::string topic, std::string payload);

  // -- bus thread only --------------------------------------------------------

  /// Adds a peer or changes its endpoint, and connects. A configured endpoint stays; a learned one gives way
  /// to what the peer says of itself.
  outcome<done> connect(const std::string& name, const std::string& endpoint, origin from);

  void subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);
  void request_snapshot(std::string_view topic);

  /// The subscriptions of a program outside take too much memory: the topics get a new socket, and one that brings it to that
  /// again soon is not let in for a while.
  void overdrawn(const std::string& client);

  /// Replaces the allow list; peers whose keys are gone are cut off at once.
  void replace_allowed(keys::allow_list x);

  /// Takes the node off the bus, and back, because its actors do not run.
  void suspend_all(down_reason reason);
  void resume_all();

  std::vector<link_report> report() const;
  uint64_t refused() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace bus::link
