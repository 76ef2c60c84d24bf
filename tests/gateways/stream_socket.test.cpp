// Real sockets on loopback. Counts and contents are asserted, never timings; a
// test waits for a message by reading, and the read fails when the test is over.

#include <gtest/gtest.h>

#include "gateways/stream/connection.hpp"
#include "tests/gateways/stream_client.hpp"
#include "tests/gateways/stream_server.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <boost/asio/write.hpp>

#include <future>
#include <thread>

namespace tt::gateway::stream::test {
namespace {

using ::tt::gateway::test::scripted_market;
class stream_socket : public ::testing::Test {
protected:
  void start(unsigned threads = 2) {
    service.emplace(market, config);
    server.emplace(*service, threads);
  }
  /// Waits for the counters to say so, by asking a client's own session to go round.
  template <class F>
  void go_round_until(socket_client& client, F is_so) {
    while (!is_so()) {
      client.say({{"action", "ping"}});
      client.read_until([](const json& one) { return one["type"] == "pong"; });
    }
  }

  scripted_market market;
  stream_config config;
  std::optional<stream_service> service;
  std::optional<stream_server> server;
};

TEST_F(stream_socket, the_url_and_the_subprotocol_choose_the_style) {
  const auto plain = read_choice("/stream", "");
  EXPECT_EQ(plain.style, message_style{});
  EXPECT_EQ(plain.subprotocol, "");
  EXPECT_EQ(read_choice("/stream?a=1&case=camel", "").style.fields.names, field_case::camel);
  EXPECT_EQ(read_choice("/ws?numbers=string&case=snake", "").style.fields.numbers, number_style::string);
  EXPECT_EQ(read_choice("/ws?case=camelot", "").style.fields.names, field_case::snake);
  const auto packed = read_choice("/stream", "bearer.tt_x , tt.msgpack,tt.json");
  EXPECT_EQ(packed.subprotocol, "tt.msgpack");
  EXPECT_EQ(packed.style.form, encoding::msgpack);
  EXPECT_EQ(read_choice("/stream", "tt.json, tt.msgpack").style.form, encoding::json);
  EXPECT_EQ(read_choice("/stream", "bearer.tt_x").subprotocol, "") << "a token is never sent back";
}

TEST_F(stream_socket, quotes_from_subscription_to_update) {
  market.set_quote(scripted_market::make_quote("AAPL", "231.11", market.market_time()));
  start();
  socket_client client{server->port()};
  EXPECT_EQ(client.response[beast::http::field::sec_websocket_protocol], "");
  EXPECT_EQ(client.response[beast::http::field::sec_websocket_extensions], "") << "no permessage-deflate";
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  EXPECT_EQ(client.read()["type"], "subscription_confirmed");
  EXPECT_EQ(client.read()["snapshot"], true);
  market.publish(scripted_market::make_quote("AAPL", "232", market.market_time()));
  EXPECT_EQ(client.read()["data"]["price"], 232);
  client.ws.write(net::buffer(std::string_view{"not json"}));
  EXPECT_EQ(client.read()["type"], "error");
  client.ws.close(websocket::close_code::normal);
}

TEST_F(stream_socket, msgpack_and_camel_case_over_the_wire) {
  market.set_quote(scripted_market::make_quote("AAPL", "231.11", market.market_time()));
  start();
  socket_client client{server->port(), "/ws?case=camel", "tt.msgpack"};
  EXPECT_EQ(client.response[beast::http::field::sec_websocket_protocol], "tt.msgpack");
  const auto packed = json::to_msgpack({{"action", "subscribe"}, {"symbol", "AAPL"}});
  client.ws.binary(true);
  client.ws.write(net::buffer(packed));
  EXPECT_EQ(client.read()["type"], "subscription_confirmed");
  EXPECT_EQ(client.read()["data"]["prevClose"], 230.11);
  EXPECT_TRUE(client.ws.got_binary());
}

TEST_F(stream_socket, too_large_a_message_closes_with_1009) {
  start();
  socket_client client{server->port()};
  const std::string fits = R"({"action":"ping","note":")" + std::string(64 * 1024 - 27, 'x') + R"("})";
  ASSERT_EQ(fits.size(), 64U * 1024);
  client.ws.write(net::buffer(fits));
  EXPECT_EQ(client.read()["type"], "pong");
  boost::system::error_code ignored; // the server may close before all of it is written
  client.ws.write(net::buffer(fits + " "), ignored);
  EXPECT_EQ(client.read_close(), 1009);
}

TEST_F(stream_socket, too_many_messages_close_with_4429) {
  config.max_messages_per_minute = 20;
  start();
  socket_client client{server->port()};
  for (int i = 0; i < 21; ++i) client.say({{"type", "pong"}});
  EXPECT_EQ(client.read_close(), 4429);
}

TEST_F(stream_socket, without_identity_closes_with_4401) {
  config.identity_limit = stream_config::seconds{0};
  service.emplace(market, config);
  server.emplace(*service, 1);
  server->principal = "";
  socket_client client{server->port()};
  EXPECT_EQ(client.read_close(), 4401);
}

TEST_F(stream_socket, frames_of_control_are_answered_between_messages) {
  start();
  socket_client client{server->port()};
  int pongs = 0;
  client.ws.control_callback([&](websocket::frame_type type, beast::string_view text) {
    if (type == websocket::frame_type::pong && text == "hello") ++pongs;
  });
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  for (int i = 0; i < 20; ++i) {
    client.ws.ping("hello");
    market.publish(scripted_market::make_quote("AAPL", std::to_string(200 + i), market.market_time()));
  }
  client.say({{"action", "ping"}});
  client.read_until([](const json& one) { return one["type"] == "pong"; });
  EXPECT_EQ(pongs, 20);
}

/// A masked client frame whose mask is zero.
std::string raw_frame(unsigned first_byte, std::string_view payload, unsigned mask_bit = 0x80) {
  std::string out;
  out += static_cast<char>(first_byte);
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | payload.size());
  } else {
    out += static_cast<char>(mask_bit | 126U);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size());
  }
  if (mask_bit != 0) out.append(4, '\0');
  return out.append(payload);
}

TEST_F(stream_socket, hostile_framing_is_refused) {
  start();
  const std::string ping = R"({"action":"ping"})";
  struct {
    const char* what;
    std::string bytes;
    int code;
  } const cases[] = {
    {"no mask", raw_frame(0x81, ping, 0), 1002},
    {"reserved bit 1 without an extension", raw_frame(0xC1, ping), 1002},
    {"reserved bit 2", raw_frame(0xA1, ping), 1002},
    {"reserved opcode 3", raw_frame(0x83, ping), 1002},
    {"reserved control opcode 11", raw_frame(0x8B, ping), 1002},
    {"continuation of nothing", raw_frame(0x80, ping), 1002},
    {"new message inside a message", raw_frame(0x01, "{") + raw_frame(0x81, ping), 1002},
    {"fragmented ping", raw_frame(0x09, "x"), 1002},
    {"ping of 126 bytes", raw_frame(0x89, std::string(126, 'x')), 1002},
    {"length not in its shortest form", std::string{"\x81\xFE\x00\x01\0\0\0\0x", 9}, 1002},
    {"length with the highest bit", std::string{"\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0", 14}, 1002},
    {"text that is not UTF-8", raw_frame(0x81, "\xC3\x28"), 1007},
    {"too large by its header alone", std::string{"\x82\xFF\0\0\0\0\x7F\0\0\0\0\0\0\0", 14}, 1009},
    {"too large in many small parts",
     [] {
       std::string out = raw_frame(0x01, std::string(30'000, ' '));
       for (int i = 0; i < 3; ++i) out += raw_frame(0x00, std::string(30'000, ' '));
       return out;
     }(),
     1009},
    {"close code that is not allowed", raw_frame(0x88, std::string{"\x03\xED", 2}), 1002},
    {"close payload of one byte", raw_frame(0x88, "x"), 1002},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    socket_client client{server->port()};
    boost::system::error_code ignored;
    net::write(client.ws.next_layer(), net::buffer(one.bytes), ignored);
    // Beast looks at the size of an impossible length first, and may call it too large
    const bool size_comes_first = std::string_view{one.what} == "length with the highest bit";
    // what is refused half-way leaves bytes unread
    const bool may_be_cut = std::string_view{one.what} == "too large in many small parts";
    const auto code = client.read_close_or_cut();
    EXPECT_TRUE(code == one.code || (size_comes_first && code == 1009) || (may_be_cut && code == 0)) << code;
  }
  // Legal, if unusual: a message in parts with a ping between them, and empty parts.
  socket_client client{server->port()};
  const std::string legal = raw_frame(0x01, ping.substr(0, 5)) + raw_frame(0x89, "p") + raw_frame(0x00, "") + raw_frame(0x80, ping.substr(5));
  net::write(client.ws.next_layer(), net::buffer(legal));
  EXPECT_EQ(client.read()["type"], "pong");
}

TEST_F(stream_socket, the_largest_number_of_clients_is_kept) {
  config.max_clients = 2;
  start();
  auto first = std::make_unique<socket_client>(server->port());
  socket_client second{server->port()};
  try {
    socket_client third{server->port()};
    FAIL() << "accepted";
  } catch (const boost::system::system_error& refused) {
    EXPECT_EQ(refused.code(), websocket::error::upgrade_declined);
  }
  first->ws.close(websocket::close_code::normal);
  first.reset();
  go_round_until(second, [&] { return service->counters().clients == 1; });
  socket_client again{server->port()};
  again.say({{"action", "ping"}}); // its answer comes after the server has counted us
  again.read();
  EXPECT_EQ(service->counters().refused, 1U);
  EXPECT_EQ(service->counters().accepted, 3U);
}

TEST_F(stream_socket, stop_says_so_and_closes_with_1001) {
  start();
  socket_client client{server->port()};
  client.say({{"action", "subscribe"}, {"channel", "system"}});
  client.read();
  client.read();
  auto stopping = std::async(std::launch::async, [&] { server->stop(); });
  const json last = client.read_until([](const json& one) { return one["type"] == "system"; });
  EXPECT_EQ(last["data"]["event"], "node_stopping");
  EXPECT_EQ(client.read_close(), 1001);
  stopping.get();
  EXPECT_EQ(service->counters().clients, 0U);
  EXPECT_EQ(market.subscriptions(), 0U);
}

TEST_F(stream_socket, stop_does_not_wait_for_clients_that_do_not_read) {
  config.close_limit = stream_config::seconds{0};
  start();
  std::vector<std::unique_ptr<socket_client>> silent;
  for (int i = 0; i < 5; ++i) silent.push_back(std::make_unique<socket_client>(server->port()));
  server->stop();
  EXPECT_EQ(service->counters().clients, 0U);
}

TEST_F(stream_socket, the_service_may_outlive_the_threads_or_the_other_way_round) {
  config.close_limit = stream_config::seconds{0};
  start();
  auto client = std::make_unique<socket_client>(server->port());
  client->say({{"action", "subscribe"}, {"symbols", {"AAPL"}}, {"channels", {"quotes", "trades", "system"}}});
  client->read();
  server.reset();
  market.publish(scripted_market::make_quote("AAPL", "1", market.market_time()));
  EXPECT_EQ(service->metrics()->Collect().empty(), false);
  const auto metrics = service->metrics();
  service.reset();
  EXPECT_FALSE(metrics->Collect().empty()) << "a late scrape";
}

TEST_F(stream_socket, cut_off_without_a_close_then_resumed) {
  config.status_every = stream_config::milliseconds{5};
  market::feed_status feed;
  feed.name = "main";
  feed.label = "sim";
  feed.state = "starting";
  market.set_feeds({feed});
  start(1);
  const auto is_feed_state = [](std::string state) {
    return [state](const json& one) { return one["type"] == "system" && one["data"].value("state", "") == state; };
  };
  json last;
  {
    socket_client client{server->port()};
    client.say({{"action", "subscribe"}, {"channel", "system"}});
    client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
    client.read();
    // "starting" is an event or stands in the snapshot already
    last = client.read_until([](const json& one) {
      return one["type"] == "system" && (one["data"]["event"] == "feed_state" || !one["data"].value("feeds", json::array()).empty());
    });
    market.publish(scripted_market::make_quote("AAPL", "231", market.market_time()));
    beast::get_lowest_layer(client.ws).set_option(net::socket_base::linger{true, 0}); // RST, like a pulled cable
  }
  feed.state = "live";
  market.set_feeds({feed});
  socket_client other{server->port()};
  go_round_until(other, [&] { return service->counters().clients == 1; });
  market.publish(scripted_market::make_quote("AAPL", "240", market.market_time()));
  other.say({{"action", "subscribe"}, {"channel", "system"}});
  other.read_until([](const json& one) {
    return one["type"] == "system" && (one["data"].value("state", "") == "live" ||
                                       (one["data"].contains("feeds") && one["data"]["feeds"][0]["state"] == "live"));
  });

  socket_client again{server->port()};
  again.say({{"action", "resume"}, {"channel", "system"}, {"epoch", last["epoch"]}, {"after", last["tseq"]}});
  const json missed = again.read();
  EXPECT_EQ(missed["tseq"], last["tseq"].get<std::uint64_t>() + 1);
  EXPECT_TRUE(is_feed_state("live")(missed));
  EXPECT_EQ(again.read()["type"], "resumed");
  again.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  again.read();
  EXPECT_EQ(again.read()["data"]["price"], 240) << "conflated: the newest";
}

// Issue: 200 clients, 20 of which never read. The others get every trade, in
// order; the stalled ones cost bounded memory, and are told what they lost.
TEST_F(stream_socket, twenty_stalled_clients_of_two_hundred_hold_up_nobody) {
  constexpr std::size_t clients = 200, stalled = 20;
  constexpr std::uint64_t trades = 900;
  config.max_queued_trades = 256;
  config.socket_send_buffer = 4 * 1024;
  config.silence_limit = config.stall_limit = stream_config::seconds{3600}; // however slow this machine is
  start(2);
  std::vector<std::unique_ptr<socket_client>> all;
  for (std::size_t i = 0; i < clients; ++i) {
    const bool is_stalled = i % (clients / stalled) == 0;
    all.push_back(std::make_unique<socket_client>(server->port(), "/stream", "", is_stalled ? 4096 : 0));
    all.back()->say({{"action", "subscribe"}, {"symbols", {"AAPL"}}, {"channels", {"quotes", "trades"}}});
    EXPECT_EQ(all.back()->read()["type"], "subscription_confirmed");
  }
  // Each round is published when all fast clients have read the one before, so
  // that none of them is slow, however busy the machine is.
  constexpr std::uint64_t round = 100;
  std::vector<std::uint64_t> seen(clients, 0);
  for (std::uint64_t first = 1; first <= trades; first += round) {
    for (std::uint64_t i = first; i < first + round; ++i) {
      market.publish(trade("AAPL", i));
      market.publish(scripted_market::make_quote("AAPL", std::to_string(1000 + i), market.market_time()));
    }
    for (std::size_t c = 0; c < clients; ++c) {
      if (c % (clients / stalled) == 0) continue;
      while (seen[c] + 1 < first + round) {
        const std::string text = all[c]->read_text();
        if (!text.starts_with(R"({"type":"trade")") || text.find("waiting") != std::string::npos) continue;
        ASSERT_NE(text.find("\"trade_seq\":" + std::to_string(++seen[c]) + "}"), std::string::npos) << "client " << c << ": " << text;
        ASSERT_EQ(text.find("dropped"), std::string::npos);
      }
    }
  }
  const stream_counters counters = service->counters();
  EXPECT_EQ(counters.clients, clients) << "market data alone closes nobody";
  EXPECT_EQ(counters.topics, 4U) << "two topics in each of two shards";
  EXPECT_GT(counters.dropped_trades, 0U);
  EXPECT_GT(counters.conflated, 0U);
  // A stalled client that reads again: all it lost is counted, and it is up to date.
  socket_client& late = *all[0];
  std::uint64_t received = 0, lost = 0, newest = 0;
  while (newest < trades) {
    const json one = late.read();
    if (one["type"] != "trade" || one["data"].is_null()) continue;
    ++received;
    lost += one.value("dropped", 0U);
    EXPECT_GT(one["data"]["trade_seq"], newest);
    newest = one["data"]["trade_seq"];
  }
  EXPECT_EQ(received + lost, trades);
  EXPECT_GT(lost, 0U);
}

} // namespace
} // namespace tt::gateway::stream::test
