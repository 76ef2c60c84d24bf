#pragma once

// A blocking WebSocket client on loopback.

#include "tests/gateways/stream_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <sys/socket.h>

#include <string>

namespace tt::gateway::stream::test {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using net::ip::tcp;

/// A blocking client.
class socket_client {
public:
  explicit socket_client(std::uint16_t port, std::string target = "/stream", std::string subprotocols = "", int receive_buffer = 0,
                         std::string origin = "")
      : ws(context) {
    auto& socket = beast::get_lowest_layer(ws);
    socket.open(tcp::v4());
    if (receive_buffer > 0) socket.set_option(net::socket_base::receive_buffer_size{receive_buffer});
    timeval limit{60, 0}; // a hung test fails with a message, not by the runner's limit
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    socket.connect({net::ip::address_v4::loopback(), port});
    ws.set_option(websocket::stream_base::decorator([subprotocols, origin](websocket::request_type& request) {
      if (!origin.empty()) request.set(beast::http::field::origin, origin);
      if (!subprotocols.empty()) request.set(beast::http::field::sec_websocket_protocol, subprotocols);
    }));
    ws.handshake(response, "localhost:" + std::to_string(port), target);
  }

  void say(const json& message) { ws.write(net::buffer(message.dump())); }
  json read() {
    beast::flat_buffer buffer;
    ws.read(buffer);
    const auto bytes = buffer.cdata();
    const std::string text{static_cast<const char*>(bytes.data()), bytes.size()};
    json out = ws.got_text() ? json::parse(text) : json::from_msgpack(text);
    EXPECT_EQ(out["seq"], ++last_seq);
    return out;
  }
  /// The next message unparsed, where there are very many.
  std::string read_text() {
    beast::flat_buffer buffer;
    ws.read(buffer);
    ++last_seq;
    const auto bytes = buffer.cdata();
    return {static_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Reads until a message satisfies `is_it`.
  template <class F>
  json read_until(F is_it) {
    while (true) {
      json one = read();
      if (is_it(one)) return one;
    }
  }
  /// As read_close, but 0 when the connection was cut before its code could be
  /// read: a server that closes with bytes unread resets the connection.
  int read_close_or_cut() {
    beast::flat_buffer buffer;
    boost::system::error_code code;
    while (!code) ws.read(buffer, code);
    return code == websocket::error::closed ? static_cast<int>(ws.reason().code) : 0;
  }
  /// Reads until the server closes, and returns its code.
  int read_close() {
    beast::flat_buffer buffer;
    boost::system::error_code code;
    while (!code) ws.read(buffer, code);
    EXPECT_EQ(code, websocket::error::closed) << code.message();
    return ws.reason().code;
  }

  net::io_context context;
  websocket::response_type response;
  websocket::stream<tcp::socket> ws;
  std::uint64_t last_seq = 0;
};

} // namespace tt::gateway::stream::test
