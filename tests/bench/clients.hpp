#pragma once

// Clients of a node on loopback: WebSockets that are read by one thread, and a
// keep-alive HTTP connection.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tt::bench {

/// The number behind `"key":` of a flat JSON text, when there is one. Digits only.
std::optional<std::int64_t> number_in(std::string_view text, std::string_view key);

/// Called on the reading thread for every message of a client.
using message_handler = std::function<void(std::size_t client, std::string_view text)>;

/// A set of stream clients, all subscribed to the same symbols.
class stream_clients {
public:
  /// Connects `count` clients, says `greeting` to each (in order), and begins to
  /// read. Throws boost::system::system_error when a connection fails.
  stream_clients(std::uint16_t port, std::size_t count, const std::vector<std::string>& greeting, message_handler on_message);
  /// Cuts the connections.
  ~stream_clients();
  stream_clients(const stream_clients&) = delete;
  stream_clients& operator=(const stream_clients&) = delete;

private:
  struct client;

  boost::asio::io_context context_{1};
  message_handler on_message_;
  std::vector<std::shared_ptr<client>> clients_;
  std::thread thread_;
};

/// One connection for one request after the other.
class http_client {
public:
  explicit http_client(std::uint16_t port);

  struct answer {
    unsigned status = 0;
    std::string body;
  };
  /// Throws boost::system::system_error when the connection breaks.
  answer get(const std::string& target);
  /// A JSON body; `token`: of the bearer, or empty.
  answer post(const std::string& target, std::string body, const std::string& token);

private:
  answer read_answer();

  boost::asio::io_context context_{1};
  boost::beast::tcp_stream stream_{context_};
  boost::beast::flat_buffer buffer_;
};

} // namespace tt::bench
