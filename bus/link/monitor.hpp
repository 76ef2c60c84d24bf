// This header file defines a reader of libzmq's socket monitor events: the only
// way to learn that a connection was made, lost or refused.
#pragma once

#include <zmq.hpp>

#include <cstdint>
#include <string>

namespace bus::link {

struct monitor_event {
  uint16_t what = 0;  ///< ZMQ_EVENT_*
  uint32_t value = 0; ///< a file descriptor, an errno or a status, depending on `what`
};

class monitor {
public:
  monitor() = default;
  /// Must be made before the socket binds or connects.
  monitor(zmq::context_t& context, zmq::socket_t& socket, int events);
  monitor(monitor&&) = default;
  monitor& operator=(monitor&&) = default;

  /// False when there is nothing (more).
  bool next(monitor_event& out);

  /// Call before the watched socket is closed: an open pair would keep the context alive.
  void stop(zmq::socket_t& socket) noexcept;

  zmq::socket_t& socket() noexcept { return pair_; }

private:
  zmq::socket_t pair_;
};

/// A sentence for ZMQ_EVENT_HANDSHAKE_FAILED_*.
std::string describe_failure(const monitor_event& e);

} // namespace bus::link
