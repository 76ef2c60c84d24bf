#pragma once

// The layer under the WebSocket: what is written, by Beast (handshake, pong, close)
// or by us (messages), joins one ordered buffer that leaves in as few system
// calls as the kernel allows. Beast alone makes one system call per message.

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <functional>
#include <memory>
#include <string>

namespace tt::gateway::stream {

/// One socket; belongs to the thread of its executor. Models Beast's AsyncStream.
class batched_socket {
public:
  using socket_type = boost::asio::ip::tcp::socket;
  using next_layer_type = socket_type;
  using executor_type = socket_type::executor_type;

  explicit batched_socket(socket_type socket) : socket_(std::move(socket)) {}

  executor_type get_executor() { return socket_.get_executor(); }
  socket_type& next_layer() { return socket_; }
  const socket_type& next_layer() const { return socket_; }

  /// `owner` is kept alive while the kernel is waited for; `on_drained` is called
  /// when a full socket has taken everything.
  void set_owner(std::weak_ptr<void> owner, std::function<void()> on_drained) {
    owner_ = std::move(owner);
    on_drained_ = std::move(on_drained);
  }

  /// Bytes that haven't left yet; append to it, then flush().
  std::string& pending() { return pending_; }
  /// Whether the kernel's buffer is full.
  [[nodiscard]] bool is_blocked() const { return is_waiting_; }
  /// Hands over as much as the kernel takes. On an error the socket is closed,
  /// which ends the pending read.
  void flush();
  void close();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
      [this](auto handler, const Buffers& bytes) {
        const std::size_t size = boost::asio::buffer_size(bytes);
        const std::size_t before = pending_.size();
        pending_.resize(before + size);
        boost::asio::buffer_copy(boost::asio::buffer(pending_.data() + before, size), bytes);
        flush();
        const auto executor = boost::asio::get_associated_executor(handler, get_executor());
        boost::asio::post(executor, [handler = std::move(handler), size]() mutable { handler({}, size); });
      },
      token, buffers);
  }

private:
  void wait_for_room();

  socket_type socket_;
  std::string pending_;
  std::size_t sent_ = 0; ///< of pending_
  bool is_waiting_ = false;
  std::weak_ptr<void> owner_;
  std::function<void()> on_drained_;
};

template <class Handler>
void async_teardown(boost::beast::role_type role, batched_socket& layer, Handler&& handler) {
  using boost::beast::websocket::async_teardown;
  async_teardown(role, layer.next_layer(), std::forward<Handler>(handler));
}

inline void teardown(boost::beast::role_type role, batched_socket& layer, boost::system::error_code& code) {
  using boost::beast::websocket::teardown;
  teardown(role, layer.next_layer(), code);
}

} // namespace tt::gateway::stream
