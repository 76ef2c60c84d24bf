// A client's conversation, from the first subscription to the last close code.
// Read this first.

#include <gtest/gtest.h>

#include "tests/gateways/stream_fixture.hpp"

namespace tt::gateway::stream::test {
namespace {

class stream_session : public ::testing::Test, public stream_fixture {};

// -- dialects, acks, snapshots -------------------------------------------------------

TEST_F(stream_session, dialect_a_is_acknowledged_then_snapshots_follow) {
  source.known[{channel::quotes, "AAPL", {}, {}}] = share(quote("AAPL", "231.11", 5));
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL", "ES1!"}}, {"id", 12}});
  auto got = client.read();
  ASSERT_EQ(got.size(), 1U) << "the market hasn't answered yet";
  EXPECT_EQ(got[0]["type"], "subscription_confirmed");
  EXPECT_EQ(got[0]["action"], "subscribe");
  EXPECT_EQ(got[0]["symbols"], json({"AAPL", "ES1!"}));
  EXPECT_EQ(got[0]["channels"], json({"quotes"}));
  EXPECT_EQ(got[0]["rejected"], json::array());
  EXPECT_EQ(got[0]["id"], 12);
  source.answer_fetches();
  got = client.read();
  ASSERT_EQ(got.size(), 2U);
  const json& waiting = got[0]["symbol"] == "ES1!" ? got[0] : got[1];
  const json& known = got[0]["symbol"] == "AAPL" ? got[0] : got[1];
  EXPECT_EQ(known["type"], "quote");
  EXPECT_EQ(known["channel"], "quotes");
  EXPECT_EQ(known["snapshot"], true);
  EXPECT_EQ(known["data"]["price"], 231.11);
  EXPECT_EQ(known["data"]["change"], 1.56);
  EXPECT_EQ(known["data"]["change_percent"], 0.6796);
  EXPECT_EQ(known["timestamp"], "2026-01-15T14:30:02.000Z");
  EXPECT_EQ(waiting["snapshot"], true);
  EXPECT_EQ(waiting["state"], "waiting");
  EXPECT_TRUE(waiting["data"].is_null());
  EXPECT_TRUE(client.read().empty()) << "one snapshot per topic";
}

TEST_F(stream_session, dialect_b_rejects_what_this_node_has_not) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"type", "account"}, {"symbol", ""}});
  const auto got = client.read();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["type"], "subscription_confirmed");
  ASSERT_EQ(got[0]["rejected"].size(), 1U);
  EXPECT_EQ(got[0]["rejected"][0]["symbol"], "");
  EXPECT_TRUE(got[0]["rejected"][0]["reason"].get<std::string>().starts_with("not_available: "));
  EXPECT_EQ(got[0]["channels"], json::array());
}

TEST_F(stream_session, every_channel_of_the_contract_is_known) {
  auto client = connect();
  for (const auto& row : all_channels()) {
    client.say({{"action", "subscribe"}, {"channel", row.name}, {"symbol", "AAPL"}});
    const json ack = client.read().at(0);
    const bool served = row.what <= channel::system;
    EXPECT_EQ(ack["rejected"].empty(), served) << row.name;
    if (served) continue;
    EXPECT_TRUE(ack["rejected"][0]["reason"].get<std::string>().starts_with("not_available: ")) << row.name;
  }
  client.say({{"action", "subscribe"}, {"channel", "gossip"}, {"symbol", "AAPL"}});
  EXPECT_TRUE(client.read().at(0)["rejected"][0]["reason"].get<std::string>().starts_with("unknown_channel: "));
}

TEST_F(stream_session, dialect_c_gets_its_own_word_too) {
  auto client = connect();
  client.say({{"type", "subscribe"}, {"symbol", "AAPL"}});
  auto got = client.read();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["type"], "subscription_confirmed");
  EXPECT_EQ(got[1]["type"], "subscribed");
  EXPECT_EQ(got[1]["symbol"], "AAPL");
  EXPECT_EQ(got[1]["status"], "success");
  client.say({{"type", "unsubscribe"}, {"symbol", "AAPL"}});
  got = client.read();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["action"], "unsubscribe");
  EXPECT_EQ(got[1]["type"], "unsubscribed");
  EXPECT_EQ(got[1]["symbol"], "AAPL");
  EXPECT_EQ(got[1]["status"], "success");
  client.say({{"type", "subscribe"}, {"symbol", "NOPE"}});
  got = client.read();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[1]["type"], "error") << "never success for a symbol that isn't there";
}

TEST_F(stream_session, unknown_symbols_are_rejected_one_by_one) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbol", "aapl,NOPE,nasdaq:msft"}, {"channels", {"quotes", "trades"}}});
  const json ack = client.read().at(0);
  EXPECT_EQ(ack["symbols"], json({"AAPL", "MSFT"}));
  EXPECT_EQ(ack["channels"], json({"quotes", "trades"}));
  ASSERT_EQ(ack["rejected"].size(), 2U);
  EXPECT_EQ(ack["rejected"][0]["symbol"], "NOPE");
  EXPECT_EQ(ack["rejected"][0]["channel"], "quotes");
  EXPECT_TRUE(ack["rejected"][0]["reason"].get<std::string>().starts_with("unknown_symbol: "));
}

TEST_F(stream_session, acks_show_the_full_set) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  client.say({{"action", "subscribe"}, {"symbols", {"MSFT"}}, {"channel", "trades"}});
  client.say({{"action", "unsubscribe"}, {"symbols", {"AAPL"}}});
  const auto acks = of_type(client.read(), "subscription_confirmed");
  ASSERT_EQ(acks.size(), 3U);
  EXPECT_EQ(acks[1]["symbols"], json({"AAPL", "MSFT"}));
  EXPECT_EQ(acks[1]["channels"], json({"quotes", "trades"}));
  EXPECT_EQ(acks[2]["action"], "unsubscribe");
  EXPECT_EQ(acks[2]["symbols"], json({"MSFT"}));
  EXPECT_EQ(acks[2]["channels"], json({"trades"}));
}

TEST_F(stream_session, nothing_follows_an_unsubscribe) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}, {"channels", {"quotes", "trades"}}});
  source.answer_fetches();
  client.read();
  source.say_quote("AAPL", "231", 1);
  source.say({channel::trades, "AAPL", {}, {}}, share(trade("AAPL", 1)));
  client.say({{"action", "unsubscribe"}, {"symbols", {"AAPL"}}, {"channels", {"quotes", "trades"}}});
  source.say_quote("AAPL", "232", 2);
  const auto got = client.read();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["action"], "unsubscribe");
  EXPECT_EQ(source.open_topics(), 0U) << "the market is told too";
}

TEST_F(stream_session, an_update_that_beats_the_answer_is_the_snapshot) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  source.say_quote("AAPL", "231", 5);
  source.known[{channel::quotes, "AAPL", {}, {}}] = share(quote("AAPL", "230", 4));
  source.answer_fetches();
  const auto quotes = of_type(client.read(), "quote");
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(quotes[0]["snapshot"], true);
  EXPECT_EQ(quotes[0]["data"]["price"], 231) << "the older answer came too late";
}

TEST_F(stream_session, a_second_client_gets_the_known_state_at_once) {
  auto first = connect();
  first.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  source.say_quote("AAPL", "231", 5);
  auto second = connect();
  second.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  const auto got = second.read();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[1]["snapshot"], true);
  EXPECT_EQ(got[1]["data"]["price"], 231);
  EXPECT_EQ(source.open_topics(), 1U) << "one subscription at the market for both";
}

TEST_F(stream_session, subscribing_twice_sends_the_snapshot_again) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  source.say_quote("AAPL", "231", 5);
  client.read();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  const auto got = client.read();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["symbols"], json({"AAPL"}));
  EXPECT_EQ(got[1]["snapshot"], true);
}

TEST_F(stream_session, snapshot_works_with_and_without_subscription) {
  source.known[{channel::quotes, "MSFT", {}, {}}] = share(quote("MSFT", "400", 1));
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  source.say_quote("AAPL", "231", 5);
  client.read();
  client.say({{"action", "snapshot"}, {"channels", {"quotes"}}, {"symbols", {"AAPL"}}});
  auto got = client.read();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["snapshot"], true);
  client.say({{"action", "snapshot"}, {"symbol", "MSFT,SPY"}});
  source.answer_fetches();
  got = client.read();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["data"]["price"], 400);
  EXPECT_EQ(got[1]["state"], "waiting");
  source.say_quote("MSFT", "401", 2);
  EXPECT_TRUE(client.read().empty()) << "no subscription came of it";
  client.say({{"action", "snapshot"}});
  EXPECT_EQ(client.read().size(), 1U) << "without names: all of the channel";
}

TEST_F(stream_session, bars_carry_their_series) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"channel", "bars"}, {"symbol", "AAPL"}, {"timeframe", "60"}, {"session", "extended"}});
  client.say({{"action", "subscribe"}, {"channel", "bars"}, {"symbol", "AAPL"}});
  client.say({{"action", "list"}});
  source.answer_fetches();
  const auto got = client.read();
  const json list = of_type(got, "subscriptions").at(0);
  EXPECT_EQ(list["topics"].size(), 2U);
  EXPECT_EQ(list["topics"][0]["timeframe"], "1m");
  EXPECT_EQ(list["topics"][0]["session"], "regular");
  EXPECT_EQ(list["topics"][1]["timeframe"], "1h");
  EXPECT_EQ(list["max_rate_hz"], 10);
  const auto waiting = of_type(got, "bar");
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0]["timeframe"], "1h");
  EXPECT_EQ(waiting[0]["session"], "extended");
  client.say({{"action", "subscribe"}, {"channel", "bars"}, {"symbol", "AAPL"}, {"timeframe", "7m"}});
  EXPECT_TRUE(client.read().at(0)["rejected"][0]["reason"].get<std::string>().starts_with("unsupported: "));
  client.say({{"action", "unsubscribe"}, {"channel", "bars"}, {"symbol", "AAPL"}, {"timeframe", "1h"}});
  EXPECT_EQ(source.open_topics(), 1U) << "only the series that was named";
  client.say({{"action", "unsubscribe"}, {"channel", "bars"}, {"symbol", "AAPL"}});
  EXPECT_EQ(source.open_topics(), 0U) << "all series";
}

TEST_F(stream_session, market_status_takes_symbol_venue_or_nothing) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"channel", "market_status"}, {"symbol", "AAPL"}});
  client.say({{"action", "subscribe"}, {"channel", "market_status"}, {"venue", "xnys"}});
  const auto acks = client.read();
  EXPECT_EQ(acks.at(1)["symbols"], json({"AAPL", "XNYS"}));
  client.say({{"action", "unsubscribe"}, {"channel", "market_status"}});
  client.say({{"action", "subscribe"}, {"channel", "market_status"}});
  EXPECT_EQ(client.read().at(1)["symbols"], json({"XNYS"}));
}

// -- the small verbs -------------------------------------------------------------------

TEST_F(stream_session, ping_and_pong) {
  auto client = connect();
  client.say({{"action", "ping"}, {"id", 1}});
  client.say({{"type", "pong"}});
  const auto got = client.read();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["type"], "pong");
  EXPECT_EQ(got[0]["id"], 1);
  EXPECT_EQ(got[0]["timestamp"], "2026-01-15T14:30:02.000Z");
  EXPECT_EQ(got[0]["seq"], 1);
  client.say({{"action", "ping"}, {"id", 18446744073709551615U}});
  client.say_text(R"({"action":"ping","id":12345678901234567890123})"); // would come back rounded
  const auto large = client.read();
  ASSERT_EQ(large.size(), 2U);
  EXPECT_EQ(large[0]["id"], 18446744073709551615U);
  EXPECT_EQ(large[1]["type"], "error");
}

TEST_F(stream_session, bad_messages_keep_the_connection) {
  auto client = connect();
  for (const auto* text : {"{", "[]", R"({"action":"fly","id":3})", R"({"action":"subscribe","symbols":7})"}) client.say_text(text);
  const auto got = client.read();
  ASSERT_EQ(got.size(), 4U);
  for (const auto& one : got) {
    EXPECT_EQ(one["type"], "error");
    EXPECT_EQ(one["message"], one["data"]["message"]);
    EXPECT_FALSE(one["error"].get<std::string>().empty());
    EXPECT_FALSE(one["error_code"].get<std::string>().empty());
    EXPECT_TRUE(one.contains("timestamp"));
  }
  EXPECT_EQ(got[2]["id"], 3);
  EXPECT_FALSE(client.s->closing());
  client.say({{"action", "ping"}});
  EXPECT_EQ(client.read().at(0)["type"], "pong");
  EXPECT_EQ(tallies.bad_messages.get(), 4U);
}

TEST_F(stream_session, text_that_is_not_utf8_comes_back_as_json) {
  auto client = connect();
  client.say_text("{\"action\":\"subscribe\",\"channel\":\"\\ud800\",\"symbol\":\"x\"}"); // a lone surrogate
  client.say({{"action", "subscribe"}, {"channel", std::string(200, 'y') + "é"}, {"symbol", std::string(63, 'z') + "é"}});
  for (const auto& one : client.read()) EXPECT_TRUE(one.contains("type"));
}

TEST_F(stream_session, settings_change_rate_case_and_numbers) {
  auto client = connect();
  client.say({{"action", "set"}, {"max_rate_hz", 2}, {"case", "camel"}, {"numbers", "string"}, {"id", "s"}});
  const json answer = client.read().at(0);
  EXPECT_EQ(answer["type"], "settings");
  EXPECT_EQ(answer["maxRateHz"], 2);
  EXPECT_EQ(answer["case"], "camel");
  EXPECT_EQ(answer["id"], "s");
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  source.say_quote("AAPL", "231.11", 1);
  const json one = of_type(client.read(), "quote").at(0);
  EXPECT_EQ(one["data"]["prevClose"], "229.55");
  EXPECT_EQ(one["data"]["changePercent"], "0.6796");
  client.say({{"action", "nonsense"}});
  EXPECT_TRUE(client.read().at(0).contains("errorCode"));
}

TEST_F(stream_session, msgpack_says_what_json_says) {
  auto text = connect();
  auto packed = connect({encoding::msgpack, {}});
  for (auto* client : {&text, &packed}) client->say({{"action", "subscribe"}, {"symbols", {"AAPL"}}, {"id", 1}});
  source.say_quote("AAPL", "231.11", 1);
  EXPECT_EQ(text.read(), packed.read());
}

TEST_F(stream_session, without_a_door_no_token_is_taken) {
  auto client = connect();
  client.say({{"action", "auth"}, {"token", "tt_secret"}});
  const json answer = client.read().at(0);
  EXPECT_EQ(answer["type"], "error");
  EXPECT_EQ(answer["error_code"], "not_available");
  EXPECT_EQ(answer.dump().find("tt_secret"), std::string::npos);
  source.advance(seconds{6});
  client.tick();
  EXPECT_FALSE(client.s->closing()) << "a loopback caller has its identity already";
}

// -- limits ------------------------------------------------------------------------------

TEST_F(stream_session, a_token_in_a_message_says_who_speaks) {
  auto client = connect({}, identity::missing);
  client.s->set_door([](std::string_view token) {
    return token == "tt_good" ? stream_greeting{identity::known, "token:x", "trader"} : stream_greeting{};
  });
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  EXPECT_EQ(client.read().at(0)["error_code"], "auth.required");
  client.say({{"action", "auth"}});
  EXPECT_EQ(client.read().at(0)["error_code"], "field.invalid");
  client.say({{"action", "auth"}, {"token", "tt_good"}, {"id", 7}});
  const auto greeted = client.read().at(0);
  EXPECT_EQ(greeted["type"], "authenticated");
  EXPECT_EQ(greeted["principal"], "token:x");
  EXPECT_EQ(greeted["id"], 7);
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  EXPECT_EQ(client.read().at(0)["type"], "subscription_confirmed");
  client.say({{"action", "auth"}, {"token", "tt_bad"}});
  ASSERT_TRUE(client.s->closing());
  EXPECT_EQ(client.s->closing()->code, close_code::identity);
}

TEST_F(stream_session, who_is_bound_gets_no_channel_that_tells_of_all) {
  auto client = connect({}, identity::bound);
  client.say({{"action", "subscribe"}, {"channels", {"orders", "quotes"}}, {"symbols", {"AAPL"}}});
  const auto ack = client.read().at(0);
  ASSERT_EQ(ack["rejected"].size(), 1U) << ack;
  EXPECT_EQ(ack["rejected"][0]["reason"].get<std::string>().substr(0, 6), "scope:");
  EXPECT_EQ(ack["channels"], json{"quotes"});
}

TEST_F(stream_session, who_is_bound_to_accounts_hears_of_these_and_of_no_other) {
  const auto log = [&](const std::string& account) -> memory_log& {
    auto& out = source.account_logs[{channel::orders, account}];
    if (!out) out = std::make_unique<memory_log>(7, [account](json_writer& to) { to.begin_object().field("of", account).end_object(); });
    return *out;
  };
  const auto happens = [&](const std::string& account, int n) {
    for (const auto& to : {std::string{}, account}) {
      log(to).append(source.time.wall, [account, n](json_writer& out) { out.begin_object().field("of", account).field("n", n).end_object(); });
      home.publish_event(channel::orders, to, log(to).replay(log(to).last() - 1, 1)->front(), source.time);
    }
  };
  log("");
  log("mine");
  log("other");
  happens("other", 1);
  auto client = connect({}, identity::bound);
  client.s->set_accounts({"away", "mine"});
  client.say({{"action", "subscribe"}, {"channels", {"orders", "quotes", "strategies"}}, {"symbols", {"AAPL"}}});
  auto got = client.read();
  EXPECT_EQ(got.at(0)["channels"], json::array({"quotes", "orders"}));
  EXPECT_EQ(got.at(0)["symbols"], json::array({"AAPL"})) << "an account is no symbol";
  ASSERT_EQ(got.at(0)["rejected"].size(), 2U) << got.at(0);
  EXPECT_EQ(got.at(0)["rejected"][0]["symbol"], "away") << "not hosted here";
  const auto state = of_type(got, "order_update");
  ASSERT_EQ(state.size(), 1U);
  EXPECT_EQ(state[0]["data"]["of"], "mine");
  EXPECT_EQ(state[0]["account_id"], "mine");
  EXPECT_EQ(state[0]["tseq"], 0);
  happens("mine", 1);
  happens("other", 2);
  happens("mine", 2);
  got = of_type(client.read(), "order_update");
  ASSERT_EQ(got.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got[i]["data"]["of"], "mine");
    EXPECT_EQ(got[i]["tseq"], i + 1) << "numbers of its own: no gap where others trade";
  }
  client.say({{"action", "resume"}, {"channel", "orders"}, {"symbol", "mine"}, {"epoch", 7}, {"after", 1}});
  got = client.read();
  ASSERT_EQ(of_type(got, "order_update").size(), 1U);
  EXPECT_EQ(of_type(got, "resumed").at(0)["account_id"], "mine");
  auto of_two = connect({}, identity::bound);
  of_two.s->set_accounts({"mine", "other"});
  of_two.say({{"action", "resume"}, {"channel", "orders"}, {"epoch", 7}, {"after", 1}});
  EXPECT_EQ(of_two.read().at(0)["error_code"], "field.invalid") << "two accounts have two numberings";
  // another token, another reach
  client.s->set_door([](std::string_view) { return stream_greeting{identity::bound, "token:y", "trader", {"other"}}; });
  client.say({{"action", "auth"}, {"token", "tt_other"}});
  static_cast<void>(client.read());
  happens("mine", 3);
  EXPECT_TRUE(of_type(client.read(), "order_update").empty());
}

TEST_F(stream_session, without_identity_closes_after_5_s) {
  auto client = connect({}, identity::missing);
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  client.say({{"action", "ping"}});
  const auto got = client.read();
  EXPECT_EQ(got.at(0)["error_code"], "auth.required");
  EXPECT_EQ(got.at(1)["type"], "pong");
  EXPECT_EQ(source.open_topics(), 0U);
  EXPECT_LE(client.s->next_wake(), source.time.mono + seconds{5});
  source.advance(milliseconds{4999});
  client.tick();
  EXPECT_EQ(client.close_code_or_0(), 0);
  source.advance(milliseconds{1});
  client.tick();
  EXPECT_EQ(client.close_code_or_0(), 4401);
}

TEST_F(stream_session, message_1001_of_a_minute_closes_with_4429) {
  auto client = connect();
  for (int i = 0; i < 1000; ++i) client.say({{"type", "pong"}});
  EXPECT_EQ(client.close_code_or_0(), 0);
  client.say({{"type", "pong"}});
  EXPECT_EQ(client.close_code_or_0(), 4429);
  EXPECT_EQ(tallies.rate_limited_clients.get(), 1U);
  client.say({{"action", "ping"}});
  EXPECT_TRUE(client.read().empty()) << "nothing is answered any more";
}

TEST_F(stream_session, the_message_limit_refills_evenly) {
  auto client = connect();
  for (int i = 0; i < 1000; ++i) client.say({{"type", "pong"}});
  for (int minute = 0; minute < 5; ++minute)
    for (int i = 0; i < 1000; ++i) {
      source.advance(milliseconds{60});
      i % 2 == 0 ? client.say({{"type", "pong"}}) : client.s->on_control_frame(source.time);
    }
  EXPECT_EQ(client.close_code_or_0(), 0);
  client.say({{"type", "pong"}});
  EXPECT_EQ(client.close_code_or_0(), 4429);
}

TEST_F(stream_session, symbols_and_topics_are_limited) {
  config.max_symbols = 3;
  config.max_topics = 5;
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbol", "S1,S2,S3,S4"}});
  json ack = client.read().at(0);
  EXPECT_EQ(ack["symbols"], json({"S1", "S2", "S3"}));
  ASSERT_EQ(ack["rejected"].size(), 1U);
  EXPECT_EQ(ack["rejected"][0]["symbol"], "S4");
  EXPECT_TRUE(ack["rejected"][0]["reason"].get<std::string>().starts_with("limit_exceeded: at most 3 symbols"));
  client.say({{"action", "subscribe"}, {"symbol", "S1,S2,S3"}, {"channel", "trades"}});
  ack = client.read().at(0);
  EXPECT_EQ(ack["rejected"].size(), 1U) << "topics";
  client.say({{"action", "unsubscribe"}, {"symbol", "S1"}, {"channels", {"quotes", "trades"}}});
  client.say({{"action", "subscribe"}, {"symbol", "S4"}});
  EXPECT_EQ(client.read().at(1)["symbols"], json({"S2", "S3", "S4"})) << "places become free";
}

TEST_F(stream_session, the_100_symbols_of_the_contract) {
  auto client = connect();
  json symbols = json::array();
  for (int i = 0; i < 101; ++i) symbols.push_back("S" + std::to_string(i));
  client.say({{"action", "subscribe"}, {"symbols", symbols}});
  const json ack = client.read().at(0);
  EXPECT_EQ(ack["symbols"].size(), 100U);
  EXPECT_EQ(ack["rejected"].size(), 1U);
}

TEST_F(stream_session, silence_pings_then_closes) {
  auto client = connect();
  source.advance(seconds{15});
  client.tick();
  client.read();
  EXPECT_EQ(client.pings, 1);
  client.s->on_control_frame(source.time); // its pong
  source.advance(seconds{15});
  client.tick();
  client.read();
  EXPECT_EQ(client.pings, 2);
  EXPECT_EQ(client.close_code_or_0(), 0);
  source.advance(seconds{15});
  client.tick();
  EXPECT_EQ(client.close_code_or_0(), 4408) << "30 s after the pong";
  EXPECT_EQ(tallies.dropped_clients.get(), 1U);
}

TEST_F(stream_session, heartbeat_after_10_idle_seconds) {
  auto client = connect();
  client.say({{"action", "ping"}});
  client.read();
  source.advance(milliseconds{9999});
  client.tick();
  EXPECT_TRUE(client.read().empty());
  EXPECT_EQ(client.s->next_wake(), source.time.mono + milliseconds{1});
  source.advance(milliseconds{1});
  client.tick();
  const auto got = client.read();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["type"], "heartbeat");
  source.advance(milliseconds{9999});
  client.tick();
  EXPECT_TRUE(client.read().empty()) << "it counts as a message itself";
}

TEST_F(stream_session, clocks_always_lie_ahead) {
  // A wake in the past would make the timer spin.
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  for (int i = 0; i < 2000 && !client.s->closing(); ++i) {
    if (i % 3 == 0) source.say_quote("AAPL", std::to_string(100 + i), static_cast<std::uint64_t>(i + 1));
    if (i == 500) client.s->on_blocked(source.time);
    if (i == 600) client.s->on_unblocked();
    if (i % 100 == 0) client.s->on_control_frame(source.time);
    client.tick();
    if (i < 500 || i >= 600) client.read();
    ASSERT_GT(client.s->next_wake(), source.time.mono) << i;
    source.advance(milliseconds{37});
  }
}

TEST_F(stream_session, a_socket_that_takes_nothing_for_30_s_is_closed) {
  auto client = connect();
  client.s->on_blocked(source.time);
  for (int i = 0; i < 29; ++i) {
    source.advance(seconds{1});
    client.s->on_blocked(source.time);       // said again: the clock runs on
    client.s->on_control_frame(source.time); // alive, but not reading
    client.tick();
  }
  EXPECT_EQ(client.close_code_or_0(), 0);
  source.advance(seconds{1});
  client.tick();
  EXPECT_EQ(client.close_code_or_0(), 4408);
}

// -- slow clients --------------------------------------------------------------------------

TEST_F(stream_session, a_stalled_client_gets_the_newest_and_the_others_everything) {
  auto stalled = connect();
  auto fast = connect();
  for (auto* one : {&stalled, &fast}) {
    one->say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
    one->say({{"action", "set"}, {"max_rate_hz", 50}});
  }
  source.say_quote("AAPL", "100", 1);
  stalled.read();
  fast.read();
  std::size_t received = 0;
  for (std::uint64_t i = 2; i <= 1001; ++i) {
    source.advance(milliseconds{20});
    source.say_quote("AAPL", std::to_string(100 + i), i);
    received += of_type(fast.read(), "quote").size();
  }
  EXPECT_EQ(received, 1000U) << "not delayed by the other";
  const auto got = stalled.read();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["data"]["price"], 1101);
  EXPECT_EQ(got[0]["conflated"], 999);
  EXPECT_EQ(tallies.conflated.get(), 999U);
}

TEST_F(stream_session, lossless_data_that_does_not_fit_closes_with_4408) {
  auto stalled = connect();
  auto fast = connect();
  for (auto* one : {&stalled, &fast}) one->say({{"action", "subscribe"}, {"channel", "system"}});
  stalled.read();
  fast.read();
  const std::string big(2000, 'x');
  std::uint64_t expected = source.system.log().last();
  for (int i = 0; i < 600; ++i) {
    system_event(big);
    for (const auto& one : fast.read()) EXPECT_EQ(one["tseq"], ++expected);
  }
  EXPECT_EQ(expected, source.system.log().last());
  EXPECT_EQ(stalled.close_code_or_0(), 4408);
  EXPECT_EQ(fast.close_code_or_0(), 0);
  EXPECT_EQ(tallies.dropped_clients.get(), 1U);
}

TEST_F(stream_session, questions_without_reading_end_with_4408_not_with_memory) {
  config.max_messages_per_minute = 1'000'000;
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL"}}});
  for (int i = 0; i < 100'000 && !client.s->closing(); ++i) client.say({{"action", "ping"}});
  EXPECT_EQ(client.close_code_or_0(), 4408);
}

// -- resume ----------------------------------------------------------------------------------

TEST_F(stream_session, cut_off_and_resumed_loses_nothing) {
  std::uint64_t epoch = 0;
  std::uint64_t last = 0;
  {
    auto client = connect();
    client.say({{"action", "subscribe"}, {"channel", "system"}});
    system_event("one");
    for (const auto& one : of_type(client.read(), "system")) {
      epoch = one["epoch"];
      last = one["tseq"];
    }
  } // the connection is gone
  EXPECT_EQ(last, 2U);
  for (const auto* name : {"two", "three", "four"}) system_event(name);
  auto again = connect();
  again.say({{"action", "resume"}, {"channel", "system"}, {"epoch", epoch}, {"after", last}, {"id", 5}});
  const auto got = again.read();
  ASSERT_EQ(got.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(got[i]["tseq"], last + 1 + i);
  EXPECT_EQ(got[0]["data"]["event"], "two");
  EXPECT_EQ(got[3]["type"], "resumed");
  EXPECT_EQ(got[3]["from"], last);
  EXPECT_EQ(got[3]["to"], last + 3);
  system_event("five");
  EXPECT_EQ(again.read().at(0)["tseq"], last + 4) << "live from here";
}

TEST_F(stream_session, resume_after_subscribe_brings_what_lies_between) {
  auto client = connect();
  for (const auto* name : {"a", "b", "c"}) system_event(name);
  client.say({{"action", "subscribe"}, {"channel", "system"}});
  client.say({{"action", "resume"}, {"channel", "system"}, {"epoch", source.system.log().epoch()}, {"after", 1}});
  const auto got = of_type(client.read(), "system");
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[0]["snapshot"], true);
  EXPECT_EQ(got[0]["tseq"], 4);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(got[i]["tseq"], 1 + i);
}

TEST_F(stream_session, events_during_a_replay_keep_their_order) {
  auto client = connect();
  for (int i = 0; i < 500; ++i) system_event("old");
  client.say({{"action", "resume"}, {"channel", "system"}, {"epoch", source.system.log().epoch()}, {"after", 1}});
  client.s->pull(client.wire, 5'000, source.time); // a slow line: part of it
  system_event("new");
  system_event("newer");
  const auto got = client.read();
  const auto events = of_type(got, "system");
  ASSERT_EQ(events.size(), 502U);
  for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i]["tseq"], i + 2);
  EXPECT_EQ(got.back()["type"], "resumed");
  EXPECT_EQ(got.back()["to"], 503);
}

TEST_F(stream_session, the_whole_memory_can_be_replayed_without_being_too_slow) {
  auto client = connect();
  const std::string padding(300, 'x'); // 10,000 of these don't fit the queue at once
  for (std::size_t i = 0; i < max_replay_events; ++i) system_event(padding);
  client.say({{"action", "resume"}, {"channel", "system"}, {"epoch", source.system.log().epoch()}, {"after", 1}});
  std::uint64_t last = 1;
  while (client.s->has_output()) {
    client.s->pull(client.wire, 16'000, source.time);
    for (const auto& one : split_frames(client.wire)) {
      const json message = decode(one);
      if (message["type"] != "system") continue;
      EXPECT_EQ(message["tseq"], ++last);
    }
  }
  EXPECT_EQ(last, source.system.log().last());
  EXPECT_EQ(client.close_code_or_0(), 0);
}

TEST_F(stream_session, a_gap_is_said_and_a_fresh_snapshot_follows) {
  for (std::size_t i = 0; i < max_replay_events + 10; ++i) system_event("x");
  const std::uint64_t epoch = source.system.log().epoch();
  for (const json& position : {json{{"epoch", epoch}, {"after", 3}}, json{{"epoch", epoch - 1}, {"after", 9'000}},
                               json{{"epoch", epoch}, {"after", 99'999}}}) {
    auto client = connect();
    json message{{"action", "resume"}, {"channel", "system"}};
    message.update(position);
    client.say(message);
    const auto got = client.read();
    ASSERT_EQ(got.size(), 2U) << position;
    EXPECT_EQ(got[0]["type"], "gap");
    EXPECT_EQ(got[0]["channel"], "system");
    EXPECT_EQ(got[1]["snapshot"], true);
    EXPECT_EQ(got[1]["tseq"], source.system.log().last());
    EXPECT_EQ(got[1]["epoch"], epoch);
    EXPECT_EQ(got[1]["data"]["event"], "state");
    system_event("live");
    EXPECT_EQ(client.read().at(0)["tseq"], source.system.log().last());
  }
}

TEST_F(stream_session, resume_needs_a_position) {
  auto client = connect();
  client.say({{"action", "resume"}, {"channel", "system"}});
  client.say({{"action", "resume"}, {"channel", "orders"}, {"epoch", 7}, {"after", 90211}});
  client.say({{"action", "resume"}, {"channel", "gossip"}});
  const auto got = client.read();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0]["error_code"], "field.invalid");
  EXPECT_EQ(got[1]["error_code"], "not_available");
  EXPECT_EQ(got[2]["error_code"], "field.invalid");
}

TEST_F(stream_session, resume_of_a_conflated_channel_is_a_fresh_snapshot) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"symbols", {"AAPL", "MSFT"}}});
  source.say_quote("AAPL", "231", 1);
  source.say_quote("MSFT", "400", 1);
  client.read();
  client.say({{"action", "resume"}, {"channel", "quotes"}});
  const auto got = client.read();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0]["type"], "resumed");
  EXPECT_EQ(got[1]["snapshot"], true);
  EXPECT_EQ(got[2]["snapshot"], true);
}

TEST_F(stream_session, a_hole_in_the_live_events_is_filled_from_the_log) {
  auto client = connect();
  client.say({{"action", "subscribe"}, {"channel", "system"}});
  client.read();
  source.system.log().append(source.time.wall, [](json_writer& out) { out.value("unheard"); });
  system_event("heard");
  const auto got = of_type(client.read(), "system");
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0]["data"], "unheard");
  EXPECT_EQ(got[1]["tseq"], got[0]["tseq"].get<int>() + 1);
}

TEST_F(stream_session, leaving_frees_everything) {
  {
    auto client = connect();
    client.say({{"action", "subscribe"}, {"symbols", {"AAPL", "MSFT"}}, {"channels", {"quotes", "trades", "bars", "system"}}});
    source.say_quote("AAPL", "1", 1);
    EXPECT_EQ(tallies.topics.get(), 7U);
  }
  EXPECT_EQ(tallies.topics.get(), 0U);
  EXPECT_EQ(source.open_topics(), 0U);
  EXPECT_TRUE(home.take_touched().empty());
  source.answer_fetches(); // answers nobody waits for
}

} // namespace
} // namespace tt::gateway::stream::test
