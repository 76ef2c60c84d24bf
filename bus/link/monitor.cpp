#include "bus/link/monitor.hpp"

#include <atomic>
#include <cstring>

namespace bus::link {

monitor::monitor(zmq::context_t& context, zmq::socket_t& socket, int events) {
  static std::atomic<uint64_t> counter{0};
  const auto address = "inproc://monitor-" + std::to_string(++counter);
  if (zmq_socket_monitor(socket.handle(), address.c_str(), events) != 0) throw zmq::error_t();
  pair_ = zmq::socket_t{context, zmq::socket_type::pair};
  pair_.set(zmq::sockopt::linger, 0);
  // libzmq's own thread sends events, blocks at a limit with the monitor's lock held, and would never let go of it while this
  // thread waits for that lock to stop the monitor. Without a limit it can't; every turn of the loop empties the queue.
  pair_.set(zmq::sockopt::rcvhwm, 0);
  pair_.connect(address);
}

bool monitor::next(monitor_event& out) {
  if (!pair_) return false;
  zmq::message_t part;
  if (!pair_.recv(part, zmq::recv_flags::dontwait)) return false;
  out = {};
  if (part.size() >= 6) {
    std::memcpy(&out.what, part.data(), sizeof out.what);
    std::memcpy(&out.value, part.data<char>() + 2, sizeof out.value);
  }
  while (part.more())
    if (!pair_.recv(part, zmq::recv_flags::none)) break;
  return true;
}

void monitor::stop(zmq::socket_t& socket) noexcept {
  if (socket) zmq_socket_monitor(socket.handle(), nullptr, 0);
  pair_.close();
}

std::string describe_failure(const monitor_event& e) {
  switch (e.what) {
  case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
    return "not admitted (status " + std::to_string(e.value) + ")";
  case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    if (e.value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
      return "plaintext or another mechanism, want CURVE";
    if (e.value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC) return "wrong server key or a broken key pair";
    return "not ZeroMQ, or a broken handshake (" + std::to_string(e.value) + ")";
  case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    return "handshake broken off (" + std::string{std::strerror(static_cast<int>(e.value))} + ")";
  default:
    return "event " + std::to_string(e.what);
  }
}

} // namespace bus::link
