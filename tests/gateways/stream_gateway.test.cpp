// The stream behind the real HTTP server: the door, its checks, and its figures.

#include <gtest/gtest.h>

#include "gateways/gateway.hpp"
#include "gateways/stream/stream_service.hpp"
#include "tests/gateways/stream_client.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>
#include <thread>

namespace tt::gateway::stream::test {
namespace {

using ::tt::gateway::test::scripted_market;
namespace http = beast::http;

class stream_gateway : public ::testing::Test {
protected:
  void start() {
    config.host = "127.0.0.1";
    config.port = 0;
    server.emplace(config, market, [] { return test_wall; }, &service);
    server->add_metrics(service.metrics()); // held by the service alone
    const auto bound = server->start();
    ASSERT_TRUE(bound) << to_string(bound.error());
    port = *bound;
  }
  /// The status of a refused handshake, or 101.
  unsigned handshake(std::string target, std::string origin = "") {
    try {
      socket_client client{port, std::move(target), "", 0, std::move(origin)};
      client.say({{"action", "ping"}}); // its answer comes after the server has counted us
      client.read();
      return client.response.result_int();
    } catch (const boost::system::system_error& failed) {
      EXPECT_EQ(failed.code(), websocket::error::upgrade_declined);
      return 0;
    }
  }
  std::string get(const std::string& target) {
    net::io_context context;
    tcp::socket socket{context};
    socket.connect({net::ip::address_v4::loopback(), port});
    http::request<http::empty_body> request{http::verb::get, target, 11};
    request.set(http::field::host, "127.0.0.1:" + std::to_string(port));
    http::write(socket, request);
    beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(socket, buffer, response);
    return response.body();
  }

  scripted_market market;
  gateway_config config;
  stream_service service{market};
  std::optional<gateway> server;
  std::uint16_t port = 0;
};

TEST_F(stream_gateway, both_paths_serve_the_stream) {
  market.set_quote(scripted_market::make_quote("AAPL", "231.11", market.market_time()));
  start();
  for (const auto* target : {"/stream", "/ws"}) {
    socket_client client{port, target};
    client.say({{"type", "subscribe"}, {"symbol", "AAPL"}});
    EXPECT_EQ(client.read()["type"], "subscription_confirmed");
    EXPECT_EQ(client.read()["type"], "subscribed");
    EXPECT_EQ(client.read()["data"]["price"], 231.11);
    EXPECT_NE(get("/metrics").find("\ntt_ws_clients 1\n"), std::string::npos);
    client.ws.close(websocket::close_code::normal);
    while (service.counters().clients > 0) std::this_thread::yield();
  }
}

TEST_F(stream_gateway, foreign_pages_and_tokens_in_the_url_are_refused) {
  start();
  EXPECT_EQ(handshake("/stream"), 101U) << "no Origin: not a browser";
  EXPECT_EQ(handshake("/stream", "http://localhost:" + std::to_string(port)), 101U);
  EXPECT_EQ(handshake("/stream", "http://localhost:5173"), 101U);
  EXPECT_EQ(handshake("/stream", "https://evil.example"), 0U);
  EXPECT_EQ(handshake("/stream", "null"), 0U);
  EXPECT_EQ(handshake("/stream?token=tt_x"), 0U);
  EXPECT_EQ(handshake("/stream?ticket=tt_x"), 0U) << "a ticket that nobody gave out";
  EXPECT_EQ(service.counters().accepted, 3U);
}

TEST_F(stream_gateway, eleven_connections_of_one_address_are_one_too_many) {
  start();
  std::vector<std::unique_ptr<socket_client>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<socket_client>(port));
    clients.back()->say({{"action", "ping"}}); // its answer comes after the server has counted us
    clients.back()->read();
  }
  EXPECT_EQ(handshake("/stream"), 0U);
  clients.front()->ws.close(websocket::close_code::normal);
  while (service.counters().clients == 10) std::this_thread::yield();
  EXPECT_EQ(handshake("/stream"), 101U) << "its place is free again";
}

TEST_F(stream_gateway, stopping_the_server_closes_the_stream) {
  start();
  socket_client client{port};
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  client.read();
  std::thread stopping{[this] { server->stop(); }};
  EXPECT_EQ(client.read_close(), 1001);
  stopping.join();
  EXPECT_EQ(service.counters().clients, 0U);
  EXPECT_EQ(market.subscriptions(), 0U);
}

TEST_F(stream_gateway, a_silent_client_does_not_hold_up_the_stop) {
  start();
  socket_client client{port};
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}, {"channels", {"quotes", "system"}}});
  client.read();
  server->stop(); // the client doesn't answer the close
  server.reset();
  EXPECT_EQ(service.counters().clients, 0U);
  EXPECT_EQ(market.subscriptions(), 0U);
}

} // namespace
} // namespace tt::gateway::stream::test
