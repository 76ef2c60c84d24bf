#include "bus/link/server_socket.hpp"

namespace bus::link {

void prepare_server(zmq::socket_t& socket, const transport_settings& settings, const char* domain) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
  // a client that is frozen or gone without a word would keep a queue of its own until TCP gives up
  socket.set(zmq::sockopt::heartbeat_ivl, server_beat_ms);
  socket.set(zmq::sockopt::heartbeat_timeout, server_timeout_ms);
  if (settings.security != security::curve) return;
  socket.set(zmq::sockopt::curve_server, 1);
  socket.set(zmq::sockopt::curve_secretkey, settings.key.secret_key);
  socket.set(zmq::sockopt::zap_domain, domain);
  constexpr int enforce_domain =
      93; // ZMQ_ZAP_ENFORCE_DOMAIN is a draft constant; without it "no handler" means "all"
  const int on = 1;
  if (zmq_setsockopt(socket.handle(), enforce_domain, &on, sizeof on) != 0) throw zmq::error_t();
}

void allow_address(zmq::socket_t& socket, const std::string& endpoint) {
  socket.set(zmq::sockopt::ipv6, endpoint.starts_with("tcp://[") ? 1 : 0);
}

} // namespace bus::link
