// This header file defines how a socket that others connect to is made safe: its key, and the door at which
// the doorman is asked. Private to `bus/link`.
#pragma once

#include "bus/link/transport.hpp"

#include <zmq.hpp>

#include <string>

namespace bus::link {

/// Longest wait for the handshake of a connection; libzmq's own is half a minute.
inline constexpr int handshake_ms = 2000;
/// Time after which a connection that acknowledges nothing is given up: by who connects, and by who is connected to.
inline constexpr int client_silence_ms = 1500, server_silence_ms = 5000;
/// TCP's own questions on a connection that has nothing to send: seconds between two, and how many may stay without an answer.
inline constexpr int keepalive_s = 1, keepalive_probes = 3;

/// Prepares a server socket before it is bound. Without CURVE nobody is asked. Throws `zmq::error_t`.
void prepare_server(zmq::socket_t& socket, const transport_settings& settings, const char* domain);

/// Has TCP find out that the other machine is gone; what a peer that is there but frozen does, the session sees. Not by heartbeats of
/// ZMTP: a socket whose queue of received messages is full stops reading, and libzmq 4.3.4 ends the process when a beat of
/// its own comes due then (its issues 3937, 4364, 4767). Throws `zmq::error_t`.
void notice_silence(zmq::socket_t& socket, int silence_ms);

/// Lets a socket that is about to connect or bind use IPv6 where the numeric endpoint is one. Throws `zmq::error_t`.
void allow_address(zmq::socket_t& socket, const std::string& endpoint);

} // namespace bus::link
