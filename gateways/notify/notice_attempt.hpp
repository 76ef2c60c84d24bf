#pragma once

// One attempt to hand a notice over: resolve, check every address, connect, shake
// hands, write, read the head of the answer. Steps follow each other on one thread.

#include "gateways/notify/https_notice_sender.hpp"
#include "gateways/notify/https_url.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace tt::gateway {

/// How an attempt ended.
struct attempt_end {
  unsigned status = 0;          ///< of the answer; 0: there was none
  std::optional<error> failed;  ///< nothing: status 200 to 299
  enum class then : std::uint8_t { final, again } next = then::final;
  std::chrono::seconds asked_delay{0}; ///< Retry-After
};

class notice_attempt : public std::enable_shared_from_this<notice_attempt> {
public:
  using ended = std::function<void(attempt_end)>;
  notice_attempt(boost::asio::io_context& io, boost::asio::ssl::context& tls, const outbound_rules& rules, https_url where);

  /// Calls `done` once. All on the context's thread; `lookup` answers there too.
  void run(const notice& what, const name_lookup& lookup, ended done);
  /// Ends it now, if it has not ended.
  void abort();

private:
  using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  void prepare(const notice& what);
  void on_addresses(const std::vector<boost::asio::ip::address>& found);
  void connect(std::size_t which);
  void shake_hands();
  void write();
  void read();
  void on_answer();
  void finish(attempt_end end);
  void fail(errc code, const std::string& why, attempt_end::then next);

  const outbound_rules& rules_;
  https_url where_;
  boost::asio::steady_timer deadline_;
  boost::beast::ssl_stream<boost::beast::tcp_stream> stream_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::request<boost::beast::http::string_body> request_;
  boost::beast::http::response_parser<boost::beast::http::empty_body> parser_;
  endpoints targets_;
  ended done_;
};

} // namespace tt::gateway
