#include "gateways/stream/batched_socket.hpp"

namespace tt::gateway::stream {

namespace net = boost::asio;

void batched_socket::write(std::string_view bytes) {
  if (!is_waiting_) bytes.remove_prefix(send(bytes));
  if (bytes.empty()) return;
  pending_.append(bytes);
  if (!is_waiting_) wait_for_room();
}

std::size_t batched_socket::send(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    boost::system::error_code code;
    sent += socket_.write_some(net::buffer(bytes.data() + sent, bytes.size() - sent), code);
    if (code == net::error::would_block || code == net::error::try_again) break;
    if (!code || code == net::error::interrupted) continue;
    close();
    return bytes.size();
  }
  return sent;
}

void batched_socket::wait_for_room() {
  is_waiting_ = true;
  socket_.async_wait(socket_type::wait_write, [this, owner = owner_.lock()](boost::system::error_code code) {
    is_waiting_ = false;
    if (code || !owner) return;
    pending_.erase(0, send(pending_));
    if (!pending_.empty()) return wait_for_room();
    pending_ = {}; // most sockets never need it again
    if (on_drained_) on_drained_();
  });
}

void batched_socket::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  pending_.clear();
}

} // namespace tt::gateway::stream
