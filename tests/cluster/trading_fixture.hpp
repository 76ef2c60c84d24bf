#pragma once

// A node with a simulated exchange at a fixed time and its paper account, asked over HTTP, over the stream and by its ports.

#include "tests/cluster/node_fixture.hpp"

#include "gateways/trading_port.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <future>

namespace tt::cluster::test {

using nlohmann::json;

inline http_answer http_send(std::uint16_t port, const std::string& method, const std::string& target, const std::string& body = {}) {
  return http_raw(port, method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
}

/// Waits for an answer of the port.
template <class T, class Ask>
result<T> wait_for(Ask ask) {
  const auto got = std::make_shared<std::promise<result<T>>>(); // set_value may still be at work when the value is here
  auto answered = got->get_future();
  ask([got](result<T> answer) { got->set_value(std::move(answer)); });
  return answered.get();
}

/// A client of the stream; enough of WebSocket to speak with our own server.
class stream_client {
public:
  explicit stream_client(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return;
    put("GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n");
    while (seen_.find("\r\n\r\n") == std::string::npos && more()) {}
    seen_.erase(0, seen_.find("\r\n\r\n") + 4);
  }
  ~stream_client() { close(socket_); }
  stream_client(const stream_client&) = delete;
  stream_client& operator=(const stream_client&) = delete;

  void say(const json& what) {
    const auto text = what.dump();
    std::string frame = "\x81";
    frame += static_cast<char>(0x80 | (text.size() < 126 ? text.size() : 126));
    if (text.size() >= 126) frame += {static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)};
    frame += std::string(4, '\0'); // a mask of zeros
    put(frame + text);
  }
  /// The next message of that type that is news and no snapshot; null when the line is cut or nothing comes for 20 seconds.
  json next(const std::string& type) {
    for (;;) {
      const auto said = frame();
      if (said.empty()) return {};
      auto message = json::parse(said, nullptr, false);
      if (message.value("type", "") == type && !message.value("snapshot", false)) return message;
    }
  }

private:
  void put(const std::string& bytes) { static_cast<void>(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL)); }
  bool more() {
    char buffer[65536];
    const auto n = recv(socket_, buffer, sizeof buffer, 0);
    if (n > 0) seen_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  bool need(std::size_t bytes) {
    while (seen_.size() < bytes)
      if (!more()) return false;
    return true;
  }
  std::string frame() {
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(seen_[at])); };
    for (;;) {
      if (!need(2)) return {};
      std::size_t head = 2, size = byte(1) & 127;
      if (size == 126) {
        if (!need(4)) return {};
        size = byte(2) << 8 | byte(3);
        head = 4;
      } else if (size == 127) {
        if (!need(10)) return {};
        size = 0;
        for (std::size_t i = 2; i < 10; ++i) size = size << 8 | byte(i);
        head = 10;
      }
      if (!need(head + size)) return {};
      const bool is_text = (byte(0) & 15) == 1;
      auto out = seen_.substr(head, size);
      seen_.erase(0, head + size);
      if (is_text) return out;
    }
  }

  int socket_;
  std::string seen_;
};

class trading_node : public ::testing::Test {
protected:
  /// Thursday 2026-01-15, 10:00 in New York.
  static feed_config exchange() {
    feed_config out;
    out.name = "sim";
    out.kind = feed_kind::sim;
    out.symbols = {"AAPL", "MSFT"};
    out.start = *parse_iso8601("2026-01-15T15:00:00Z");
    return out;
  }
  /// What a start waits for: a closed market has no quotes.
  enum class ready : std::uint8_t { gateway, accounts, accounts_and_market };
  void start(feed_config feed = exchange(), ready wanted = ready::accounts_and_market) {
    running.reset(); // the folder is free again
    auto config = basic_config(folder);
    config.feeds = {std::move(feed)};
    config.backtesting = false;
    config.risk_limits = risk::default_limits();
    adjust(config);
    auto started = node::start(config, wall);
    ASSERT_TRUE(started) << to_string(started.error());
    running = std::move(*started);
    if (wanted == ready::gateway) return;
    ASSERT_TRUE(until("/health/ready", [](const json& now) { return now.value("ok", false); })) << get("/health").body;
    if (wanted == ready::accounts) return;
    ASSERT_TRUE(until("/api/v1/quotes/AAPL", [](const json& quote) { return quote.contains("bid") && quote["bid"].is_number() && quote.contains("ask") && quote["ask"].is_number(); }));
  }
  /// The last word on a node's configuration.
  virtual void adjust(node_config&) {}
  [[nodiscard]] std::uint16_t port() const { return running->port(); }
  [[nodiscard]] http_answer get(const std::string& target) const { return http_get(port(), target); }
  [[nodiscard]] http_answer post(const std::string& target, const json& body = json::object()) const { return http_send(port(), "POST", target, body.dump()); }
  [[nodiscard]] json ask(const std::string& target) const { return json::parse(get(target).body, nullptr, false); }
  /// Asks until the answer fits. Each round is a real request, so the loop waits for the node and not for a clock.
  template <class Fits>
  [[nodiscard]] bool until(const std::string& target, Fits fits) const {
    for (int i = 0; i < 20'000; ++i) {
      const auto now = ask(target);
      if (!now.is_discarded() && fits(now)) return true;
    }
    return false;
  }
  [[nodiscard]] json order(const std::string& side, double quantity, const json& more = {}) const {
    json out{{"symbol", "AAPL"}, {"side", side}, {"quantity", quantity}, {"type", "market"}};
    if (more.is_object()) out.update(more);
    return out;
  }
  [[nodiscard]] bool ends_as(const std::string& id, const std::string& state) const {
    return until("/api/orders/" + id, [&](const json& now) { return now.value("state", "") == state; });
  }
  [[nodiscard]] double ask_price() const { return ask("/api/v1/quotes/AAPL")["ask"].get<double>(); }

  temporary_folder folder;
  std::unique_ptr<node> running;
};

} // namespace tt::cluster::test
