// The stream channel `alerts`, behind the real HTTP server.

#include "gateways/alerts/alert_channel.hpp"
#include "gateways/gateway.hpp"
#include "tests/gateways/stream_client.hpp"
#include "tests/gateways/support/direct_alerts.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <gtest/gtest.h>

namespace tt::gateway::stream::test {
namespace {

using ::tt::gateway::test::direct_alerts;
using ::tt::gateway::test::scripted_market;

class alert_stream : public ::testing::Test {
protected:
  alert_stream() {
    config.host = "127.0.0.1";
    config.port = 0;
    server.emplace(config, market, [] { return test_wall; }, &service);
    const auto bound = server->start();
    EXPECT_TRUE(bound);
    port = bound ? *bound : 0;
  }
  ~alert_stream() override { server->stop(); }
  alerts::alert make(const char* level) {
    alerts::alert_draft wanted;
    wanted.symbol = "AAPL";
    wanted.condition = "above";
    wanted.value = *decimal::parse(level);
    alerts::alert out;
    book.create(wanted, "tester", [&](const result<alerts::alert>& made) { out = *made; });
    return out;
  }
  void price(const char* last) {
    book.book.on_quote(scripted_market::make_quote("AAPL", last, market.market_time()));
    book.settle();
  }

  scripted_market market;
  direct_alerts book{market};
  gateway_config config;
  stream_service service{market};
  alert_channel channel{book, service, [] { return test_wall; }};
  std::optional<gateway> server;
  std::uint16_t port = 0;
};

json subscribed(socket_client& client) {
  client.say({{"action", "subscribe"}, {"channels", {"alerts"}}});
  return client.read_until([](const json& m) { return m["type"] == "alert"; });
}

TEST_F(alert_stream, events_come_as_whole_alerts) {
  socket_client client{port};
  EXPECT_EQ(subscribed(client)["snapshot"], true);
  const auto made = make("100");
  const auto created = client.read_until([](const json& m) { return m["type"] == "alert"; });
  EXPECT_EQ(created["channel"], "alerts");
  EXPECT_EQ(created["data"]["event"], "created");
  EXPECT_EQ(created["data"]["alert_id"], made.id);
  EXPECT_EQ(created["data"]["alert_status"], "active");
  price("101");
  const auto triggered = client.read_until([](const json& m) { return m["type"] == "alert"; });
  EXPECT_EQ(triggered["data"]["event"], "triggered");
  EXPECT_EQ(triggered["data"]["last_value"], 101);
  EXPECT_EQ(triggered["tseq"], created["tseq"].get<int>() + 1);
}

TEST_F(alert_stream, a_newcomer_gets_the_newest_triggers) {
  make("100");
  make("200");
  price("101");
  socket_client client{port};
  const auto first = subscribed(client);
  ASSERT_EQ(first["data"]["alerts"].size(), 1U) << first;
  EXPECT_EQ(first["data"]["alerts"][0]["event"], "triggered");
}

} // namespace
} // namespace tt::gateway::stream::test
