// This header file defines how a socket that others connect to is made safe: its key, and the door at which
// the doorman is asked. Private to `bus/link`.
#pragma once

#include "bus/link/transport.hpp"

#include <zmq.hpp>

#include <string>

namespace bus::link {

/// Longest wait for the handshake of a connection; libzmq's own is half a minute.
inline constexpr int handshake_ms = 2000;
/// How often a server asks a silent client for a sign of life, and how long it waits for one.
inline constexpr int server_beat_ms = 2000, server_timeout_ms = 5000;

/// Prepares a server socket before it is bound. Without CURVE nobody is asked. Throws `zmq::error_t`.
void prepare_server(zmq::socket_t& socket, const transport_settings& settings, const char* domain);

/// Lets a socket that is about to connect or bind use IPv6 where the numeric endpoint is one. Throws `zmq::error_t`.
void allow_address(zmq::socket_t& socket, const std::string& endpoint);

} // namespace bus::link
