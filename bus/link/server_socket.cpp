#include "bus/link/server_socket.hpp"

namespace bus::link {

void prepare_server(zmq::socket_t& socket, const transport_settings& settings, const char* domain) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
  // a client that is gone without a word would be kept until TCP gives up
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, keepalive_idle_s);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, keepalive_interval_s);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, keepalive_count);
  if (settings.security != security::curve) return;
  socket.set(zmq::sockopt::curve_server, 1);
  socket.set(zmq::sockopt::curve_secretkey, settings.key.secret_key);
  socket.set(zmq::sockopt::zap_domain, domain);
  constexpr int enforce_domain =
      93; // ZMQ_ZAP_ENFORCE_DOMAIN is a draft constant; without it "no handler" means "all"
  const int on = 1;
  if (zmq_setsockopt(socket.handle(), enforce_domain, &on, sizeof on) != 0) throw zmq::error_t();
}

void watch_silent_clients(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::heartbeat_ivl, server_beat_ms);
  socket.set(zmq::sockopt::heartbeat_timeout, server_timeout_ms);
}

void allow_address(zmq::socket_t& socket, const std::string& endpoint) {
  socket.set(zmq::sockopt::ipv6, endpoint.starts_with("tcp://[") ? 1 : 0);
}

} // namespace bus::link
