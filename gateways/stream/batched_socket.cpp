#include "gateways/stream/batched_socket.hpp"

namespace tt::gateway::stream {

namespace net = boost::asio;

void batched_socket::flush() {
  if (is_waiting_) return;
  while (sent_ < pending_.size()) {
    boost::system::error_code code;
    sent_ += socket_.write_some(net::buffer(pending_.data() + sent_, pending_.size() - sent_), code);
    if (code == net::error::would_block || code == net::error::try_again) {
      wait_for_room();
      return;
    }
    if (code == net::error::interrupted) continue;
    if (code) {
      close();
      return;
    }
  }
  pending_.clear();
  sent_ = 0;
}

void batched_socket::wait_for_room() {
  pending_.erase(0, sent_);
  sent_ = 0;
  is_waiting_ = true;
  socket_.async_wait(socket_type::wait_write, [this, owner = owner_.lock()](boost::system::error_code code) {
    is_waiting_ = false;
    if (code || !owner) return;
    flush();
    if (!is_waiting_ && on_drained_) on_drained_();
  });
}

void batched_socket::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  pending_.clear();
  sent_ = 0;
}

} // namespace tt::gateway::stream
