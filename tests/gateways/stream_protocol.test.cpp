// What clients may write, and what is made of it.

#include "gateways/stream/protocol.hpp"
#include "gateways/stream/stream_config.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tt::gateway::stream {
namespace {

using nlohmann::json;
using names = std::vector<std::string>;

command accepted(std::string_view text) {
  const reading read = read_command(text, encoding::json);
  if (const auto* no = std::get_if<rejection>(&read.what)) {
    ADD_FAILURE() << text << " was refused: " << no->message;
    return {};
  }
  return std::get<command>(read.what);
}

rejection refused(std::string_view text, encoding form = encoding::json) {
  const reading read = read_command(text, form);
  if (const auto* no = std::get_if<rejection>(&read.what)) return *no;
  ADD_FAILURE() << text << " was accepted";
  return {};
}

TEST(stream_protocol, dialect_a) {
  const command c = accepted(R"({"action":"subscribe","symbols":["AAPL","ES1!"]})");
  EXPECT_EQ(c.what, verb::subscribe);
  EXPECT_EQ(c.form, dialect::action);
  EXPECT_EQ(c.channels, names{"quotes"});
  EXPECT_EQ(c.symbols, (names{"AAPL", "ES1!"}));
}

TEST(stream_protocol, dialect_b) {
  const command quotes = accepted(R"({"action":"subscribe","type":"quotes","symbol":"AAPL"})");
  EXPECT_EQ(quotes.form, dialect::action);
  EXPECT_EQ(quotes.channels, names{"quotes"});
  EXPECT_EQ(quotes.symbols, names{"AAPL"});
  const command account = accepted(R"({"action":"subscribe","type":"account","symbol":""})");
  EXPECT_EQ(account.channels, names{"account"});
  EXPECT_TRUE(account.symbols.empty());
}

TEST(stream_protocol, dialect_c) {
  const command c = accepted(R"({"type":"subscribe","symbol":"AAPL"})");
  EXPECT_EQ(c.what, verb::subscribe);
  EXPECT_EQ(c.form, dialect::type);
  EXPECT_EQ(c.channels, names{"quotes"});
  EXPECT_EQ(c.symbols, names{"AAPL"});
}

TEST(stream_protocol, dialects_may_be_mixed) {
  // the verb comes from `type`, so `type` names no channel; `channel` does
  EXPECT_EQ(accepted(R"({"type":"unsubscribe","channel":"trades","symbols":["A"]})").channels, names{"trades"});
  // `channels` goes before `type`
  EXPECT_EQ(accepted(R"({"action":"subscribe","type":"quotes","channels":["bars","trades"],"symbol":"A"})").channels,
            (names{"bars", "trades"}));
  // a `type` that isn't a verb makes no command by itself
  EXPECT_EQ(refused(R"({"type":"quotes","symbol":"A"})").code, "unknown_verb");
}

TEST(stream_protocol, symbols_come_as_comma_list_or_array_or_both) {
  const command c = accepted(R"({"action":"subscribe","symbol":" AAPL , MSFT,,AAPL ","symbols":["SPY","MSFT"]})");
  EXPECT_EQ(c.symbols, (names{"SPY", "MSFT", "AAPL"}));
}

TEST(stream_protocol, venue_is_a_name_too) {
  EXPECT_EQ(accepted(R"({"action":"subscribe","channel":"market_status","venue":"XNYS"})").symbols, names{"XNYS"});
}

TEST(stream_protocol, all_verbs_are_known_in_both_places) {
  for (const std::string name : {"subscribe", "unsubscribe", "snapshot", "resume", "ping", "pong", "auth", "list", "set"}) {
    const std::string rest = name == "auth" ? R"(","token":"tt_x"})" : R"("})";
    EXPECT_EQ(to_string(accepted(R"({"action":")" + name + rest).what), name);
    EXPECT_EQ(to_string(accepted(R"({"type":")" + name + rest).what), name);
  }
}

TEST(stream_protocol, a_token_is_text_of_some_length_and_never_repeated) {
  EXPECT_EQ(accepted(R"({"action":"auth","token":"tt_x"})").token, "tt_x");
  for (const std::string bad : {R"({"action":"auth"})", R"({"action":"auth","token":""})", R"({"action":"auth","token":17})"})
    EXPECT_EQ(refused(bad).code, "field.invalid") << bad;
  const auto too_long = refused(R"({"action":"auth","token":")" + std::string(max_token_bytes + 1, 'q') + R"("})");
  EXPECT_EQ(too_long.code, "field.invalid");
  EXPECT_EQ(too_long.message.find('q'), std::string::npos);
}

TEST(stream_protocol, resume_reads_epoch_and_after) {
  const command c = accepted(R"({"action":"resume","channel":"orders","epoch":7,"after":"90211"})");
  EXPECT_EQ(c.epoch, 7U);
  EXPECT_EQ(c.after, 90211U);
  EXPECT_EQ(refused(R"({"action":"resume","channel":"orders","after":-1})").code, "field.invalid");
  EXPECT_EQ(refused(R"({"action":"resume","channel":"orders","after":1.5})").code, "field.invalid");
}

TEST(stream_protocol, bars_take_timeframe_and_session) {
  const command c = accepted(R"({"action":"subscribe","channel":"bars","symbol":"A","timeframe":"1h","session":"extended"})");
  EXPECT_EQ(c.frame, timeframe::minutes(60));
  EXPECT_EQ(c.hours, session_hours::extended);
  EXPECT_NE(refused(R"({"action":"subscribe","channel":"bars","symbol":"A","timeframe":"soon"})").message.find("timeframe"),
            std::string::npos);
  EXPECT_NE(refused(R"({"action":"subscribe","channel":"bars","symbol":"A","session":5})").message.find("session"),
            std::string::npos);
}

TEST(stream_protocol, set_has_limits) {
  EXPECT_EQ(accepted(R"({"action":"set","max_rate_hz":50})").max_rate_hz, 50);
  EXPECT_EQ(accepted(R"({"action":"set","max_rate_hz":"0"})").max_rate_hz, 0);
  EXPECT_EQ(accepted(R"({"action":"set","maxRateHz":5,"case":"camel"})").max_rate_hz, 5);
  EXPECT_EQ(accepted(R"({"action":"set","case":"camel"})").names, field_case::camel);
  EXPECT_EQ(accepted(R"({"action":"set","numbers":"string"})").numbers, number_style::string);
  for (const auto* bad : {"51", "-1", "2.5", "\"fast\"", "[]", "1e300", "18446744073709551615"})
    EXPECT_NE(refused(std::string{R"({"action":"set","max_rate_hz":)"} + bad + "}").message.find("max_rate_hz"), std::string::npos)
      << bad;
  EXPECT_NE(refused(R"({"action":"set","case":"kebab"})").message.find("case"), std::string::npos);
}

TEST(stream_protocol, two_spellings_must_agree) {
  EXPECT_EQ(accepted(R"({"action":"set","max_rate_hz":5,"maxRateHz":5})").max_rate_hz, 5);
  EXPECT_EQ(refused(R"({"action":"set","max_rate_hz":5,"maxRateHz":6})").code, "field.conflict");
}

TEST(stream_protocol, id_is_kept_as_it_was) {
  EXPECT_EQ(read_command(R"({"action":"ping","id":1})", encoding::json).id, "1");
  EXPECT_EQ(read_command(R"({"action":"ping","id":"a\"b"})", encoding::json).id, R"("a\"b")");
  EXPECT_EQ(read_command(R"({"action":"ping","id":null})", encoding::json).id, "");
  EXPECT_EQ(read_command(R"({"action":"nonsense","id":18446744073709551615})", encoding::json).id, "18446744073709551615")
    << "errors echo it too";
  EXPECT_EQ(refused(R"({"action":"ping","id":{}})").code, "field.invalid");
  EXPECT_EQ(refused(R"({"action":"ping","id":")" + std::string(200, 'x') + R"("})").code, "field.invalid");
}

TEST(stream_protocol, unknown_fields_are_counted) {
  const reading read = read_command(R"({"action":"ping","colour":1,"mood":{}})", encoding::json);
  EXPECT_EQ(read.unknown_fields, 2U);
  EXPECT_TRUE(std::holds_alternative<command>(read.what));
}

TEST(stream_protocol, rubbish_is_an_error_and_says_which) {
  for (const auto* text : {"", "{", "nonsense", "\xff\xfe", "{\"action\":\"ping\"} x", "[1,2]", "5", "null", "\"ping\""})
    EXPECT_EQ(refused(text).code, "bad_message") << text;
  EXPECT_EQ(refused("{}").code, "unknown_verb");
  EXPECT_NE(refused(R"({"action":"fly"})").message.find("'fly'"), std::string::npos);
  EXPECT_EQ(refused(R"({"action":5})").code, "field.invalid");
  EXPECT_EQ(refused(R"({"action":"subscribe","symbols":5})").code, "field.invalid");
  EXPECT_EQ(refused(R"({"action":"subscribe","symbols":["A",5]})").code, "field.invalid");
}

TEST(stream_protocol, everything_is_bounded) {
  EXPECT_EQ(refused(std::string(60'000, '[')).code, "bad_message");
  EXPECT_EQ(refused(R"({"a":)" + std::string(8, '[') + std::string(8, ']') + "}").code, "bad_message");
  json many = json::array();
  for (std::size_t i = 0; i <= max_symbols_in_message; ++i) many.push_back("S" + std::to_string(i));
  EXPECT_EQ(refused(json{{"action", "subscribe"}, {"symbols", many}}.dump()).code, "limit_exceeded");
  many.erase(many.begin());
  EXPECT_EQ(accepted(json{{"action", "subscribe"}, {"symbols", many}}.dump()).symbols.size(), max_symbols_in_message);
  // brackets inside strings don't nest
  EXPECT_EQ(accepted(json{{"action", "subscribe"}, {"symbol", std::string(100, '[')}}.dump()).symbols.size(), 1U);
}

TEST(stream_protocol, msgpack_says_the_same_as_json) {
  const json message{{"action", "subscribe"}, {"channels", {"bars"}}, {"symbols", {"AAPL", "SPY"}}, {"timeframe", "5m"}, {"id", 7}};
  const auto packed = json::to_msgpack(message);
  const std::string_view bytes{reinterpret_cast<const char*>(packed.data()), packed.size()};
  const reading read = read_command(bytes, encoding::msgpack);
  const auto& c = std::get<command>(read.what);
  EXPECT_EQ(c.channels, names{"bars"});
  EXPECT_EQ(c.symbols, (names{"AAPL", "SPY"}));
  EXPECT_EQ(c.frame, timeframe::minutes(5));
  EXPECT_EQ(read.id, "7");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_EQ(refused(bytes.substr(0, cut), encoding::msgpack).code, "bad_message");
}

TEST(stream_protocol, msgpack_bombs_are_refused) {
  EXPECT_EQ(refused(std::string(60'000, '\x91'), encoding::msgpack).code, "bad_message") << "nested arrays";
  EXPECT_EQ(refused(std::string_view{"\xdd\xff\xff\xff\xff", 5}, encoding::msgpack).code, "bad_message") << "4 G elements";
  EXPECT_EQ(refused(std::string_view{"\xdf\xff\xff\xff\xff", 5}, encoding::msgpack).code, "bad_message") << "4 G entries";
  EXPECT_EQ(refused(std::string_view{"\xdb\xff\xff\xff\xff", 5}, encoding::msgpack).code, "bad_message") << "4 GB string";
}

} // namespace
} // namespace tt::gateway::stream
