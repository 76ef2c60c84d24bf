// The server over real sockets on loopback: framing, limits, keep-alive, the door
// to the stream, start and stop.

#include "gateways/gateway.hpp"
#include "gateways/http/server.hpp"
#include "gateways/http/upgrade_handler.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <future>
#include <mutex>

namespace tt::gateway::test {
namespace {

namespace net = boost::asio;
using tcp = net::ip::tcp;

/// A blocking client that speaks raw bytes.
class raw_client {
public:
  explicit raw_client(std::uint16_t port) : socket_(context_) { socket_.connect({net::ip::address_v4::loopback(), port}); }

  void send(std::string_view text) { net::write(socket_, net::buffer(text.data(), text.size())); }

  /// Head and body of the next response; "" when the server closed instead.
  std::string read_response(bool with_body = true) {
    boost::system::error_code failed;
    const auto head_size = net::read_until(socket_, net::dynamic_buffer(pending_), "\r\n\r\n", failed);
    if (failed) return pending_;
    const auto at = pending_.find("Content-Length: ");
    std::size_t length = 0;
    if (with_body && at < head_size) length = std::stoul(pending_.substr(at + 16));
    if (pending_.size() < head_size + length) {
      std::string rest(head_size + length - pending_.size(), '\0');
      net::read(socket_, net::buffer(rest), failed);
      pending_ += rest;
    }
    std::string out = pending_.substr(0, head_size + length);
    pending_.erase(0, out.size());
    return out;
  }

  std::string get(std::string_view target) {
    send("GET " + std::string{target} + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return read_response();
  }

  /// True when the server ends the connection without a further byte.
  bool is_closed() {
    char byte = 0;
    boost::system::error_code failed;
    return pending_.empty() && socket_.read_some(net::buffer(&byte, 1), failed) == 0 && failed;
  }

  tcp::socket& socket() { return socket_; }

private:
  net::io_context context_;
  tcp::socket socket_;
  std::string pending_;
};

int status_of(const std::string& response) { return response.size() > 12 ? std::stoi(response.substr(9, 3)) : 0; }

/// Remembers what was handed over.
class taking_handler final : public upgrade_handler {
public:
  void accept(boost::beast::tcp_stream&& socket, request&& req, peer_info peer) override {
    std::lock_guard guard{mutex};
    target = std::string{req.target()};
    peers.push_back(std::move(peer));
    sockets.push_back(std::make_unique<boost::beast::tcp_stream>(std::move(socket)));
    net::write(sockets.back()->socket(), net::buffer(std::string_view{"taken"}));
  }
  void stop() override {
    std::lock_guard guard{mutex};
    sockets.clear();
    peers.clear();
  }

  std::mutex mutex;
  std::string target;
  std::vector<peer_info> peers;
  std::vector<std::unique_ptr<boost::beast::tcp_stream>> sockets;
};

gateway_config test_config() {
  gateway_config config;
  config.host = "127.0.0.1";
  config.port = 0;
  config.limits = {};
  config.stream_connections_per_ip = 2;
  return config;
}

class http_server_test : public ::testing::Test {
protected:
  void start(gateway_config config = test_config()) {
    server = std::make_unique<gateway>(std::move(config), market, [] { return from_unix_seconds(1'768'487'700); }, &stream);
    const auto bound = server->start();
    ASSERT_TRUE(bound) << to_string(bound.error());
    port = *bound;
  }

  scripted_market market;
  taking_handler stream;
  std::unique_ptr<gateway> server;
  std::uint16_t port = 0;
};

TEST_F(http_server_test, keeps_the_connection_and_answers_in_order) {
  start();
  raw_client client{port};
  EXPECT_EQ(status_of(client.get("/health/live")), 200);
  const auto time = client.get("/udf/time");
  EXPECT_NE(time.find("\r\n\r\n1768487700"), std::string::npos);
  std::string burst;
  for (int i = 0; i < 10; ++i) burst += "GET /udf/" + std::string{i % 2 ? "time" : "nothing"} + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(burst);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status_of(client.read_response()), i % 2 ? 200 : 404);
}

TEST_F(http_server_test, closes_when_asked_and_after_too_much_pipelining) {
  start();
  raw_client polite{port};
  polite.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_NE(polite.read_response().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(polite.is_closed());

  raw_client old{port};
  old.send("GET /health/live HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(status_of(old.read_response()), 200);
  EXPECT_TRUE(old.is_closed());

  // Everything is sent in one write, so all but the first are waiting when the
  // first is answered.
  raw_client greedy{port};
  std::string burst;
  for (int i = 0; i < 150; ++i) burst += "GET /udf/time HTTP/1.1\r\nHost: a\r\n\r\n";
  greedy.send(burst);
  int answers = 0;
  while (status_of(greedy.read_response()) == 421) ++answers;
  // closing with requests unread resets the connection, which may take the last
  // answers along; what counts is that it ends early
  EXPECT_GT(answers, 0);
  EXPECT_LT(answers, 150);
}

TEST_F(http_server_test, head_has_the_length_but_no_body) {
  start();
  raw_client client{port};
  client.send("HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto head = client.read_response(false);
  EXPECT_NE(head.find("Content-Length: 11"), std::string::npos) << head;
  EXPECT_EQ(status_of(client.get("/udf/time")), 200); // nothing was left over
}

TEST_F(http_server_test, malformed_and_smuggling_requests_are_refused) {
  start();
  const std::string host = "Host: localhost\r\n";
  const auto answer_to = [&](const std::string& text) {
    raw_client client{port};
    client.send(text);
    const auto status = status_of(client.read_response());
    EXPECT_TRUE(client.is_closed()) << text;
    return status;
  };
  EXPECT_EQ(answer_to("GARBAGE\r\n\r\n"), 400);
  EXPECT_EQ(answer_to("POST /x HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"), 400);
  EXPECT_EQ(answer_to("POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc"), 400);
  EXPECT_EQ(answer_to("POST /x HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400);
  EXPECT_EQ(answer_to("POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n"), 400);
  EXPECT_EQ(answer_to("GET /%zz HTTP/1.1\r\n" + host + "\r\n"), 400);
  EXPECT_EQ(answer_to("GET /udf/time HTTP/1.1\r\n" + host + "X: " + std::string(9000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(answer_to("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n" + host + "\r\n"), 431);
}

TEST_F(http_server_test, refusals_under_udf_have_udfs_spelling) {
  start();
  // a client takes an answer without `s` as a resolved symbol
  const std::string heads[] = {
    "GET /udf/symbols?symbol=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /udf/symbols?symbol=AAPL HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
    "GET /udf/symbols?symbol=AAPL HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET /udf/symbols?symbol=NOPE&case=x HTTP/1.1\r\nHost: localhost\r\n\r\n",
  };
  for (const auto& head : heads) {
    raw_client client{port};
    client.send(head);
    EXPECT_NE(client.read_response().find(R"("s":"error")"), std::string::npos) << head.substr(0, 80);
  }
}

TEST_F(http_server_test, the_metrics_port_serves_metrics_and_nothing_else) {
  auto config = test_config();
  config.metrics_port = 0;
  start(config);
  ASSERT_NE(server->metrics_port(), 0);
  raw_client client{server->metrics_port()};
  EXPECT_EQ(status_of(client.get("/metrics")), 200);
  EXPECT_NE(client.get("/metrics").find("tt_http_requests_total"), std::string::npos); // the first call counts there
  EXPECT_EQ(status_of(client.get("/health")), 404);
  EXPECT_EQ(status_of(client.get("/")), 404);
  auto taken = test_config();
  taken.metrics_port = server->metrics_port();
  gateway second{taken, market, [] { return from_unix_seconds(1'768'487'700); }, nullptr};
  const auto bound = second.start();
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().field, "METRICS_PORT");
}

TEST_F(http_server_test, wrong_host_and_foreign_origin) {
  start();
  raw_client client{port};
  client.send("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 421);
  client.send("GET /health HTTP/1.1\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 400);
  EXPECT_EQ(status_of(client.get("/health")), 200); // refusals without a body keep the connection
}

TEST_F(http_server_test, bodies_plain_chunked_expected_and_too_large) {
  start();
  const std::string head = "POST /api/v1/watchlists HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const std::string body = R"({"name":"x","symbols":["AAPL"]})";
  raw_client client{port};
  client.send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(status_of(client.read_response()), 201);
  client.send(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + body.substr(0, 5) + "\r\n1a\r\n" + body.substr(5) + "\r\n0\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 201);
  client.send(head + "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 100);
  client.send(body);
  EXPECT_EQ(status_of(client.read_response()), 201);

  client.send("PUT /api/v1/layouts/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n");
  EXPECT_EQ(status_of(client.read_response()), 413); // told before the body is sent
  raw_client chunked{port};
  chunked.send("PUT /api/v1/hotkeys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, ' ') + "\r\n";
  for (int i = 0; i < 6; ++i) chunked.send(chunk);
  EXPECT_EQ(status_of(chunked.read_response()), 413);
}

TEST_F(http_server_test, answers_from_another_thread) {
  start();
  market.hold_replies();
  raw_client client{port};
  client.send("GET /api/v1/quotes?symbols=AAPL HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (market.held_replies() == 0) std::this_thread::yield();
  std::thread{[&] { market.release_replies(); }}.join();
  EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST_F(http_server_test, a_market_that_never_answers_is_timed_out) {
  auto config = test_config();
  config.timeouts.answer = std::chrono::milliseconds{20};
  start(config);
  market.hold_replies();
  raw_client client{port};
  EXPECT_EQ(status_of(client.get("/api/v1/quotes?symbols=AAPL")), 503);
  market.release_replies(); // too late, and harmless
  EXPECT_EQ(status_of(client.get("/api/v1/quotes?symbols=AAPL")), 200);
}

TEST_F(http_server_test, slow_heads_and_idle_connections_are_closed) {
  auto config = test_config();
  config.timeouts.header = std::chrono::milliseconds{30};
  config.timeouts.idle = std::chrono::milliseconds{30};
  start(config);
  raw_client slow{port};
  slow.send("GET /health/live HTTP/1.1\r\nHost: loc");
  EXPECT_TRUE(slow.is_closed());
  raw_client silent{port};
  EXPECT_TRUE(silent.is_closed());
  raw_client idle{port};
  EXPECT_EQ(status_of(idle.get("/health/live")), 200);
  EXPECT_TRUE(idle.is_closed());
}

TEST_F(http_server_test, connection_limit) {
  auto config = test_config();
  config.max_connections = 2;
  start(config);
  raw_client a{port}, b{port};
  EXPECT_EQ(status_of(a.get("/health/live")), 200);
  EXPECT_EQ(status_of(b.get("/health/live")), 200);
  raw_client c{port};
  EXPECT_TRUE(c.is_closed());
}

// -- the door to the stream

std::string handshake(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + more + "\r\n";
}

TEST_F(http_server_test, upgrades_are_handed_over_after_the_checks) {
  start();
  const auto try_it = [&](const std::string& text) {
    raw_client client{port};
    client.send(text);
    return status_of(client.read_response());
  };
  EXPECT_EQ(try_it(handshake("/stream", "Origin: http://evil.example\r\n")), 403);
  EXPECT_EQ(try_it(handshake("/stream?token=tt_x")), 400);
  EXPECT_EQ(try_it("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"), 426);
  EXPECT_EQ(try_it(handshake("/api/backtest/b1/progress")), 503);
  EXPECT_EQ(try_it(handshake("/stream") + "early"), 400);

  raw_client one{port}, two{port};
  const auto taken = [](raw_client& client) {
    std::string text(5, '\0');
    net::read(client.socket(), net::buffer(text));
    return text;
  };
  one.send(handshake("/stream?case=camel", "Origin: http://localhost:5173\r\n"));
  EXPECT_EQ(taken(one), "taken");
  {
    std::lock_guard guard{stream.mutex};
    EXPECT_EQ(stream.target, "/stream?case=camel");
    EXPECT_EQ(stream.peers.at(0).address, "127.0.0.1");
    EXPECT_EQ(stream.peers.at(0).principal, "local");
    EXPECT_EQ(stream.peers.at(0).role, "trader");
  }
  two.send(handshake("/ws"));
  EXPECT_EQ(taken(two), "taken");
  EXPECT_EQ(try_it(handshake("/stream")), 429); // two per address
  stream.stop();                                // the places become free
  raw_client three{port};
  three.send(handshake("/stream"));
  EXPECT_EQ(taken(three), "taken");
}

// -- start and stop

TEST_F(http_server_test, port_in_use_is_a_clear_error) {
  start();
  auto config = test_config();
  config.port = port;
  gateway second{config, market, [] { return utc_time{}; }, nullptr};
  const auto bound = second.start();
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, errc::not_available);
  EXPECT_NE(bound.error().message.find("already in use"), std::string::npos);
}

TEST_F(http_server_test, bad_configuration_names_its_key) {
  const auto field_of = [&](auto change) {
    auto config = test_config();
    change(config);
    gateway made{config, market, [] { return utc_time{}; }, nullptr};
    const auto bound = made.start();
    return bound ? std::string{"started"} : bound.error().field;
  };
  EXPECT_EQ(field_of([](gateway_config& c) { c.tls_cert = "/etc/cert.pem"; }), "TLS_CERT");
  EXPECT_EQ(field_of([](gateway_config& c) { c.trusted_proxies = {"nonsense"}; }), "TRUSTED_PROXIES");
  EXPECT_EQ(field_of([](gateway_config& c) { c.market_calendar = "XXXX"; }), "MARKET_CALENDAR");
  EXPECT_EQ(field_of([](gateway_config& c) { c.data_dir = "/nonexistent/folder"; }), "DATA_DIR");
  EXPECT_EQ(field_of([](gateway_config& c) { c.host = "198.51.100.77"; }), "server.host");
}

TEST_F(http_server_test, stops_with_clients_and_requests_under_way_and_starts_again) {
  start();
  market.hold_replies();
  raw_client idle{port}, waiting{port}, half{port};
  EXPECT_EQ(status_of(idle.get("/health/live")), 200);
  waiting.send("GET /api/v1/quotes?symbols=AAPL HTTP/1.1\r\nHost: localhost\r\n\r\n");
  half.send("GET /api");
  while (market.held_replies() == 0) std::this_thread::yield();
  server->stop();
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(waiting.is_closed());
  EXPECT_TRUE(half.is_closed());
  server.reset();
  market.release_replies(); // answers to a gateway that is gone
  start();
  raw_client again{port};
  EXPECT_EQ(status_of(again.get("/health/live")), 200);
}

TEST_F(http_server_test, many_clients_on_two_threads) {
  start();
  std::vector<std::future<int>> clients;
  for (int c = 0; c < 8; ++c)
    clients.push_back(std::async(std::launch::async, [&] {
      raw_client client{port};
      int good = 0;
      for (int i = 0; i < 100; ++i) good += status_of(client.get("/api/v1/quotes?symbols=AAPL,MSFT")) == 200;
      return good;
    }));
  for (auto& client : clients) EXPECT_EQ(client.get(), 100);
}

} // namespace
} // namespace tt::gateway::test
