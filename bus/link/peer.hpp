// This header file defines what the transport keeps per peer: the DEALER towards
// it, the session, the outbox. Private to `bus/link`.
//
// Threads: the bus thread, and through `send_directly` whoever has a message for an
// idle link. A mutex keeps them apart; only the bus thread waits for it. (A ZeroMQ
// socket may be used by several threads if they take turns behind a lock.)
#pragma once

#include "bus/link/monitor.hpp"
#include "bus/link/transport.hpp"

#include <atomic>
#include <mutex>

namespace bus::link {

/// What a peer needs from the transport.
class peer_host {
public:
  virtual ~peer_host() = default;
  virtual time_point now() const = 0;
  virtual zmq::context_t& context() = 0;
  virtual const transport_settings& settings() const = 0;
  virtual std::string server_key(const std::string& name) const = 0;
  virtual uint64_t next_generation() = 0;
  virtual transport_client& client() = 0;
  virtual wake_signal& client_signal() = 0;
  virtual void sockets_changed() = 0;
  /// The numeric endpoints of an endpoint, as far as they are known; word comes through `addresses_changed`.
  virtual std::vector<std::string> addresses_of(const std::string& endpoint) = 0;
  /// Whether this node itself listens for its peers at a numeric endpoint.
  virtual bool is_own(const std::string& endpoint) const = 0;
  /// `near` is where the link to the peer goes.
  virtual void topics_connect(const identity& who, const std::string& near) = 0;
  virtual void topics_disconnect(const identity& who) = 0;
  virtual void log(log_level level, const std::string& text) = 0;
};

class peer final : public session_output, public direct_sender {
public:
  peer(peer_host& host, size_t index, std::string name, uint32_t first_session);
  ~peer() override;

  const std::string& name() const noexcept { return name_; }
  const std::string& endpoint() const noexcept { return endpoint_; }

  /// Called once by the bus thread itself.
  static void this_is_the_bus_thread() noexcept;

  /// Connects to `endpoint`, if that is not done already. What was configured is not overruled.
  void endpoint(const std::string& x, origin from);

  /// The public key of the peer that the connection was opened with; empty before.
  const std::string& dialled_key() const noexcept { return dialled_key_; }

  /// Whether nothing is lost by forgetting it: it was learned, not configured, and is away.
  bool is_forgettable() const;

  /// A host name may have other addresses than before: connects, if it waited for that or has connected to nobody where it
  /// went. A connection that works is left alone: who is there has the peer's key.
  void addresses_changed();

  /// Opens a new connection, the old one is gone. Does nothing without an endpoint or the peer's key.
  void dial();

  /// Closes the connection for good; with `linger` what was sent may still leave.
  void hang_up(std::chrono::milliseconds linger);

  /// Takes chunks from the outbox while the window is open.
  void pump(time_point now);

  void read_monitor(time_point now);
  void tick(time_point now);
  time_point deadline() const;

  bool connected() const;
  uint32_t session_number() const;
  void suspend(down_reason reason, time_point now);
  void resume(time_point now);
  void break_off(time_point now);

  /// Whether the DEALER refused a frame and should be polled for output. While it is, nobody else uses it.
  bool blocked() const;
  void unblock(time_point now);

  /// Hands a frame to the session.
  void receive(const header& h, std::string_view body, time_point now);

  zmq::socket_t& dealer() noexcept { return dealer_; }
  zmq::socket_t& monitor_socket() noexcept { return monitor_.socket(); }

  link_report report(time_point now) const;

  // direct_sender
  bool send_directly(std::string_view message) override;

  // session_output
  bool transmit(const std::string& head, const body_ptr& body) override;
  void redial() override;
  void deliver(std::string_view body, uint32_t messages) override;
  void up(const identity& who) override;
  void down(down_reason reason) override;
  void rival(const identity& who) override;

private:
  /// Holds the mutex; on the way out notes whether a message could be sent directly.
  class turn;

  void open(const std::string& where);
  void close(std::chrono::milliseconds linger);
  void connect_anew();
  void check_silence(time_point now);
  bool is_idle() const;
  bool is_admitted() const;
  void complain(const std::string& text); // at most once in a while
  void dial_at(time_point t);
  void turned_away(time_point now);
  bool backs_off() const;

  peer_host& host_;
  const size_t index_;
  const std::string name_;
  mutable std::mutex mutex_; // guards all below
  std::atomic<bool> idle_{false};
  std::string endpoint_;
  std::string dialled_key_;
  std::string dialled_endpoint_; // numeric
  size_t dials_ = 0;             // in vain since the last connection: the next address is tried
  bool pinned_ = false;
  zmq::socket_t dealer_;
  monitor monitor_;
  class session session_;
  std::shared_ptr<outbox> outbox_;
  identity linked_; // while up
  bool connected_ = false;
  time_point reached_{}; // when the network let us through, since the last dial: a handshake is going on
  bool blocked_ = false;
  bool broken_ = false;
  time_point dialled_{};
  time_point next_dial_ = time_point::max();
  unsigned turned_away_ = 0; // times in a row that a handshake was broken off, while the link was down
  time_point last_complaint_{};
};

} // namespace bus::link
