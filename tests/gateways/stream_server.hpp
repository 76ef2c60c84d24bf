#pragma once

// A stream service behind a bare listener, and plain clients: what the HTTP
// server does before it hands a socket over, without the HTTP server.

#include "gateways/stream/stream_service.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tt::gateway::stream::test {

namespace net = boost::asio;
namespace beast = boost::beast;
using net::ip::tcp;

/// One I/O thread per context, sockets handed out in turn.
class stream_server {
public:
  stream_server(stream_service& service, unsigned threads) : service_(service) {
    for (unsigned i = 0; i < threads; ++i) contexts_.push_back(std::make_unique<net::io_context>(1));
    acceptor_.emplace(*contexts_[0], tcp::endpoint{net::ip::address_v4::loopback(), 0});
    accept_next();
    for (auto& one : contexts_) {
      guards_.push_back(net::make_work_guard(*one));
      threads_.emplace_back([context = one.get()] { context->run(); });
    }
  }
  ~stream_server() { stop(); }

  [[nodiscard]] std::uint16_t port() const { return acceptor_->local_endpoint().port(); }
  /// As gateway::stop: the service first, then the threads.
  void stop() {
    if (threads_.empty()) return;
    service_.stop();
    net::post(*contexts_[0], [this] { acceptor_->close(); });
    guards_.clear();
    for (auto& one : threads_) one.join(); // the contexts run dry: nothing of the stream stays behind
    threads_.clear();
    contexts_.clear();
  }
  /// Set before a client connects: the principal its peer_info names.
  std::string principal = "local";

private:
  struct head {
    explicit head(tcp::socket socket) : stream(std::move(socket)) {}
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    upgrade_handler::request request;
  };

  void accept_next() {
    auto& context = *contexts_[next_++ % contexts_.size()];
    acceptor_->async_accept(context, [this](boost::system::error_code code, tcp::socket socket) {
      if (code) return;
      auto one = std::make_shared<head>(std::move(socket));
      net::post(one->stream.get_executor(), [this, one] {
        beast::http::async_read(one->stream, one->buffer, one->request, [this, one](boost::system::error_code failed, std::size_t) {
          if (failed) return;
          peer_info peer;
          peer.address = "127.0.0.1";
          peer.is_loopback = true;
          peer.principal = principal;
          service_.accept(std::move(one->stream), std::move(one->request), std::move(peer));
        });
      });
      accept_next();
    });
  }

  stream_service& service_;
  std::vector<std::unique_ptr<net::io_context>> contexts_;
  std::vector<net::executor_work_guard<net::io_context::executor_type>> guards_;
  std::optional<tcp::acceptor> acceptor_;
  std::vector<std::thread> threads_;
  std::size_t next_ = 0;
};

} // namespace tt::gateway::stream::test
