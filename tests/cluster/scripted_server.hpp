#pragma once

// An HTTP server on a free port that answers as a test says, one request at a time.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tt::cluster::test {

struct scripted_reply {
  unsigned status = 200;
  std::string body;
};

class scripted_server {
public:
  using tcp = boost::asio::ip::tcp;
  /// `answer` gets "GET /path" and the body; it runs on the server's thread.
  explicit scripted_server(std::function<scripted_reply(const std::string& line, const std::string& body)> answer)
      : answer_(std::move(answer)), acceptor_(io_, tcp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0}),
        port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~scripted_server() {
    io_.stop();
    thread_.join();
  }
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;
  /// What the newest request said of who asks.
  std::string authorization() const {
    const std::lock_guard guard(mutex_);
    return authorization_;
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
  void accept() {
    acceptor_.async_accept([this](auto failed, tcp::socket socket) {
      if (failed) return;
      serve(std::move(socket));
      accept();
    });
  }
  void serve(tcp::socket socket) {
    namespace http = boost::beast::http;
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    boost::system::error_code failed;
    http::read(socket, buffer, request, failed);
    if (failed) return;
    {
      const std::lock_guard guard(mutex_);
      authorization_ = std::string(request[http::field::authorization]);
    }
    const auto reply = answer_(std::string(request.method_string()) + " " + std::string(request.target()), request.body());
    http::response<http::string_body> response{static_cast<http::status>(reply.status), 11};
    response.body() = reply.body;
    response.keep_alive(false);
    response.prepare_payload();
    http::write(socket, response, failed);
  }

  std::function<scripted_reply(const std::string&, const std::string&)> answer_;
  mutable std::mutex mutex_; ///< guards what follows
  std::string authorization_;
  boost::asio::io_context io_{1};
  tcp::acceptor acceptor_;
  unsigned short port_;
  std::thread thread_;
};

} // namespace tt::cluster::test
