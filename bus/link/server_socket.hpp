// This header file defines how a socket that others connect to is made safe: its key, and the door at which
// the doorman is asked. Private to `bus/link`.
#pragma once

#include "bus/link/transport.hpp"

#include <zmq.hpp>

#include <string>

namespace bus::link {

/// Longest wait for the handshake of a connection; libzmq's own is half a minute.
inline constexpr int handshake_ms = 2000;
/// How often a publisher asks a silent client for a sign of life, and how long it waits for one.
inline constexpr int server_beat_ms = 2000, server_timeout_ms = 5000;
/// When the kernel asks a silent client's kernel, how often, and how many times in vain.
inline constexpr int keepalive_idle_s = 5, keepalive_interval_s = 2, keepalive_count = 3;

/// Prepares a server socket before it is bound. Without CURVE nobody is asked. Throws `zmq::error_t`.
void prepare_server(zmq::socket_t& socket, const transport_settings& settings, const char* domain);

/// Has libzmq ask clients for signs of life, so that one that is frozen does not keep a queue. Takes the limit off what
/// waits to be read: libzmq (4.3.4, issues 4364 and 3937) ends the process when its timer for this comes while a connection
/// that has broken has more to be read than the limit lets through. So a socket with a limit must not have such timers
/// of its own, and one with timers no limit. Throws `zmq::error_t`.
void watch_silent_clients(zmq::socket_t& socket);

/// Lets a socket that is about to connect or bind use IPv6 where the numeric endpoint is one. Throws `zmq::error_t`.
void allow_address(zmq::socket_t& socket, const std::string& endpoint);

} // namespace bus::link
