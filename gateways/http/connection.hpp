#pragma once

// One HTTP connection. Includes Beast: for server.cpp and connection.cpp only.

#include "gateways/gateway.hpp"
#include "gateways/http/metrics.hpp"
#include "gateways/http/pipeline.hpp"
#include "gateways/http/upgrade_handler.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace tt::gateway {

class connection;

/// One I/O thread: its context, and the connections that live on it.
struct io_worker {
  boost::asio::io_context context{1};
  std::thread thread;
  std::mutex mutex; ///< guards `connections`
  std::map<connection*, std::weak_ptr<connection>> connections;
};

/// Open connections: in all, and upgraded ones per client address.
class connection_counter {
public:
  explicit connection_counter(gateway_metrics& metrics) : metrics_(metrics) {}
  void opened();
  void closed();
  [[nodiscard]] std::size_t open() const { return open_; }
  /// False when `who` (an address, for one kind of socket) has `limit` upgraded connections already.
  bool acquire(const std::string& who, unsigned limit);
  void release(const std::string& who);

private:
  gateway_metrics& metrics_;
  std::atomic<std::size_t> open_{0};
  std::mutex mutex_;
  std::map<std::string, unsigned> upgraded_;
};

/// What all connections share; outlived by none of them.
struct connection_parts {
  gateway_config config;
  pipeline& requests;
  upgrade_handler* stream;
  upgrade_handler* progress; ///< progress sockets of jobs
  std::shared_ptr<connection_counter> counter;
  std::atomic<bool> stopping{false};
};

/// Reads requests one after the other, hands each to the pipeline, writes the
/// answer. Every member but the constructor runs on the worker's thread.
class connection : public std::enable_shared_from_this<connection> {
public:
  connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<io_worker> worker, std::shared_ptr<connection_parts> parts);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void start();
  /// Closes at once; an answer under way is cut off.
  void close();

private:
  using error_code = boost::system::error_code;
  using parser_type = boost::beast::http::request_parser<boost::beast::http::string_body>;
  /// What happens to the connection after the response.
  enum class after : std::uint8_t { keep_alive, close, drain };

  void await_request();
  void read_head();
  void on_head(error_code failed);
  void on_bad_head(error_code failed);
  [[nodiscard]] result<http_request> take_head() const;
  /// The request's target as far as it was read.
  [[nodiscard]] std::string_view target() const;
  void judge(http_request head);
  void read_body();
  void on_body(error_code failed);
  void run_request();
  void upgrade(transport over);
  void write(http_response response, after next);
  void on_written(error_code failed);
  void drain();
  [[nodiscard]] bool wants_keep_alive() const;

  // the worker goes last: the stream's executor refers to its context
  std::shared_ptr<io_worker> worker_;
  std::shared_ptr<connection_parts> parts_;
  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer answer_timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<parser_type> parser_;
  std::string peer_;
  pipeline::exchange_ptr call_;
  std::string head_text_; ///< of the response under way
  http_response response_;
  after next_ = after::close;
  unsigned pipelined_ = 0; ///< requests that were here before their predecessor's answer
  bool first_request_ = true;
  bool moved_away_ = false; ///< the socket belongs to the stream now
  std::size_t drained_ = 0;
};

} // namespace tt::gateway
