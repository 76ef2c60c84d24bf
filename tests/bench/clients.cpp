#include "tests/bench/clients.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <charconv>
#include <cstring>

namespace tt::bench {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using net::ip::tcp;

std::optional<std::int64_t> number_in(std::string_view text, std::string_view key) {
  const auto* found = static_cast<const char*>(::memmem(text.data(), text.size(), key.data(), key.size()));
  if (found == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(found + key.size(), text.data() + text.size(), value);
  return failed == std::errc{} ? std::optional{value} : std::nullopt;
}

struct stream_clients::client : std::enable_shared_from_this<client> {
  client(net::io_context& context, std::size_t n) : ws(context), number(n) {}

  void connect(std::uint16_t port, const std::vector<std::string>& greeting) {
    auto& socket = ws.next_layer();
    socket.connect({net::ip::address_v4::loopback(), port});
    socket.set_option(tcp::no_delay{true});
    ws.handshake("127.0.0.1:" + std::to_string(port), "/stream");
    for (const auto& text : greeting) ws.write(net::buffer(text));
  }

  void read_next(const message_handler& on_message) {
    ws.async_read(buffer, [self = shared_from_this(), &on_message](boost::system::error_code failed, std::size_t) {
      if (failed) return;
      const auto bytes = self->buffer.cdata();
      on_message(self->number, {static_cast<const char*>(bytes.data()), bytes.size()});
      self->buffer.clear();
      self->read_next(on_message);
    });
  }

  beast::websocket::stream<tcp::socket> ws;
  beast::flat_buffer buffer;
  std::size_t number;
};

stream_clients::stream_clients(std::uint16_t port, std::size_t count, const std::vector<std::string>& greeting,
                               message_handler on_message)
  : on_message_(std::move(on_message)) {
  for (std::size_t i = 0; i < count; ++i) {
    clients_.push_back(std::make_shared<client>(context_, i));
    clients_.back()->connect(port, greeting);
    clients_.back()->read_next(on_message_);
  }
  thread_ = std::thread{[this] { context_.run(); }};
}

stream_clients::~stream_clients() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

http_client::http_client(std::uint16_t port) {
  stream_.connect(tcp::endpoint{net::ip::address_v4::loopback(), port});
  stream_.socket().set_option(tcp::no_delay{true});
}

http_client::answer http_client::get(const std::string& target) {
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "127.0.0.1");
  http::write(stream_, request);
  return read_answer();
}

http_client::answer http_client::post(const std::string& target, std::string body, const std::string& token) {
  http::request<http::string_body> request{http::verb::post, target, 11, std::move(body)};
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::content_type, "application/json");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  request.prepare_payload();
  http::write(stream_, request);
  return read_answer();
}

http_client::answer http_client::read_answer() {
  http::response_parser<http::string_body> parser;
  parser.body_limit(64U << 20U);
  http::read(stream_, buffer_, parser);
  auto response = parser.release();
  return {response.result_int(), std::move(response.body())};
}

} // namespace tt::bench
