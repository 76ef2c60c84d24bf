// The forms of an alert and the table of http-api section 10, row by row.

#include "tests/alerts/webhook/support.hpp"

#include <nlohmann/json.hpp>

namespace tt::webhook::test {
namespace {

TEST(webhook_payload, the_typical_body_of_the_contract) {
  const auto got = read(R"({"secret":"s3cret-word","ticker":"MNQ1!","action":"buy","contracts":"2","price":"21450.25","market_position":"long",
    "prev_market_position":"flat","timenow":"2026-01-15T14:30:00Z","strategy":{"name":"breakout","version":"1.0"}})");
  EXPECT_EQ(got.symbol, "MNQ1!");
  EXPECT_EQ(got.action, alert_action::buy);
  EXPECT_EQ(got.qty, dec("2"));
  EXPECT_FALSE(got.limit_price) << "a market order has no limit";
  EXPECT_EQ(got.position, market_side::long_side);
  EXPECT_EQ(got.previous, market_side::flat);
  EXPECT_EQ(got.sent_at, at("2026-01-15T14:30:00Z"));
  EXPECT_EQ(got.strategy, "breakout");
  EXPECT_EQ(got.strategy_version, "1.0");
  EXPECT_TRUE(got.problems.empty());
}

TEST(webhook_payload, forms_are_told_apart) {
  const auto form = [](std::string_view body) { return read_payload(body)->form; };
  EXPECT_EQ(form(R"({"action":"buy"})"), payload_form::json);
  EXPECT_EQ(form("  \n{\"action\":\"buy\"}\n"), payload_form::json);
  EXPECT_EQ(form("action=buy;ticker=AAPL;contracts=3"), payload_form::pairs);
  EXPECT_EQ(form("action=buy, ticker=AAPL"), payload_form::pairs);
  EXPECT_EQ(form("action=buy\nticker=AAPL\n"), payload_form::pairs);
  EXPECT_EQ(form("BUY AAPL"), payload_form::words);
  EXPECT_EQ(form("sell NASDAQ:AAPL 10"), payload_form::words);
  EXPECT_EQ(form("Buy AAPL 10 @ 231.50"), payload_form::words);
  EXPECT_EQ(form("buy AAPL 10 @231.50"), payload_form::words);
  EXPECT_EQ(form("cancel_all"), payload_form::words);
  EXPECT_EQ(form("AAPL crossed 200, buy it = maybe?"), payload_form::note);
  EXPECT_EQ(form("please buy AAPL"), payload_form::note);
  EXPECT_EQ(form("buy AAPL quickly"), payload_form::note);
  EXPECT_EQ(form("drop table orders; select 1"), payload_form::note) << "text is data";
}

TEST(webhook_payload, words_carry_quantity_and_price) {
  const auto got = read("SELL MSFT 2.5 @ 410.10");
  EXPECT_EQ(got.action, alert_action::sell);
  EXPECT_EQ(got.symbol, "MSFT");
  EXPECT_EQ(got.qty, dec("2.5"));
  EXPECT_EQ(got.type, order_type::market);
}

TEST(webhook_payload, notes_make_no_order) {
  const auto got = read("AAPL looks strong");
  EXPECT_EQ(got.action, alert_action::none);
  EXPECT_EQ(got.comment, "AAPL looks strong");
}

TEST(webhook_payload, brackets_and_numbers_are_notes) {
  for (const std::string_view body : {"{{ticker}} crossed {{close}}", "[AAPL] crossed", "{AAPL} crossed", "42", "null", "true", "\"AAPL crossed\""}) {
    const auto got = read_payload(body);
    ASSERT_TRUE(got) << body;
    EXPECT_EQ(got->form, payload_form::note) << body;
    EXPECT_EQ(read(body).action, alert_action::none) << body;
    EXPECT_EQ(read(body).comment, body) << "kept as it came";
  }
}

TEST(webhook_payload, what_can_not_be_read_is_an_error) {
  const auto fails = [](std::string_view body) { return !read_payload(body).has_value(); };
  EXPECT_TRUE(fails(""));
  EXPECT_TRUE(fails("  \n"));
  EXPECT_TRUE(fails(R"({"action":"buy")")) << "broken JSON is not taken for a note";
  EXPECT_TRUE(fails(R"([{"secret":"x")")) << "or a secret in it would be kept";
  EXPECT_TRUE(fails("{ \"action\""));
  EXPECT_TRUE(fails("{secret: 'x', action: 'buy'}"));
  EXPECT_TRUE(fails("[1,2]"));
  EXPECT_TRUE(fails("buy \xC3\x28"));
  EXPECT_TRUE(fails("buy \xED\xA0\x80")) << "a surrogate";
  EXPECT_TRUE(fails("buy \xC0\xAF")) << "overlong";
  EXPECT_TRUE(fails(std::string("buy\0AAPL", 8)));
  EXPECT_TRUE(fails(std::string(max_payload_bytes + 1, 'x')));
  EXPECT_FALSE(fails(std::string(max_payload_bytes, 'x')));
  std::string deep = "1";
  for (std::size_t i = 0; i < max_payload_depth; ++i) deep = R"({"a":)" + deep + "}";
  EXPECT_FALSE(fails(deep));
  EXPECT_TRUE(fails(R"({"a":)" + deep + "}"));
  std::string wide = "{\"a\":[0";
  for (std::size_t i = 0; i < max_payload_values; ++i) wide += ",0";
  EXPECT_TRUE(fails(wide + "]}"));
}

TEST(webhook_payload, secrets_are_taken_out_wherever_they_stand) {
  for (const auto* name : {"secret", "passphrase", "token", "key", "Secret", "PASSPHRASE"}) {
    const auto got = read_payload(R"({")" + std::string(name) + R"(":"hunter2-hunter2","comment":"my hunter2-hunter2 word","deep":{"key":"other"},"list":[{"token":"x"}]})");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->secret, "hunter2-hunter2") << name;
    const auto kept = got->to_json();
    EXPECT_EQ(kept.find("hunter2"), std::string::npos) << kept;
    EXPECT_EQ(kept.find("other"), std::string::npos) << kept;
    EXPECT_NE(kept.find("my *** word"), std::string::npos) << kept;
  }
  const auto pairs = read_payload("secret=hunter2-hunter2;action=buy;ticker=AAPL");
  EXPECT_EQ(pairs->secret, "hunter2-hunter2");
  EXPECT_EQ(pairs->to_json(), R"({"action":"buy","ticker":"AAPL"})");
}

TEST(webhook_payload, what_is_kept_says_the_same_again) {
  const auto first = read_payload(R"({"ticker":"BTC/USD","action":"sell","contracts":0.00000012,"price":21450.25,"a":[1,{"b":null}],"c":true})");
  const auto again = restore_payload(first->to_json(), first->form);
  ASSERT_TRUE(again);
  EXPECT_EQ(normalise(*again).qty, dec("0.00000012")) << "numbers never pass through binary floating point";
  EXPECT_EQ(again->to_json(), first->to_json());
}

// -- the table

TEST(webhook_signal, symbol_and_exchange) {
  EXPECT_EQ(read(R"({"symbol":"AAPL","ticker":"MSFT"})").symbol, "AAPL") << "the first source wins";
  EXPECT_EQ(read(R"({"ticker":"MSFT"})").symbol, "MSFT");
  EXPECT_EQ(read(R"({"ticker":"AAPL","exchange":"NASDAQ_DLY"})").symbol, "NASDAQ_DLY:AAPL");
  EXPECT_EQ(read(R"({"ticker":"NASDAQ:AAPL","exchange":"BATS"})").symbol, "NASDAQ:AAPL");
  EXPECT_EQ(read(R"({"symbol":"","ticker":"MSFT"})").symbol, "MSFT") << "an empty field is none";
}

TEST(webhook_signal, action_words) {
  const std::pair<const char*, alert_action> words[] = {
    {"buy", alert_action::buy}, {"BUY", alert_action::buy}, {"sell", alert_action::sell}, {"long", alert_action::go_long},
    {"short", alert_action::go_short}, {"exit", alert_action::close}, {"close", alert_action::close}, {"flat", alert_action::close},
    {"flatten", alert_action::close}, {"close_long", alert_action::close_long}, {"Close-Short", alert_action::close_short},
    {"cancel", alert_action::cancel}, {"cancel_all", alert_action::cancel_all}, {"adjust", alert_action::none},
    {"emergency_rebalance", alert_action::none}, {"info", alert_action::none}, {"buyy", alert_action::none}, {"buy_to_open", alert_action::none}};
  for (const auto& [word, action] : words) EXPECT_EQ(read(R"({"action":")" + std::string(word) + R"("})").action, action) << word;
  EXPECT_EQ(read(R"({"side":"sell"})").action, alert_action::sell);
  EXPECT_EQ(read(R"({"order_action":"sell"})").action, alert_action::sell);
  EXPECT_EQ(read(R"({"orderAction":"sell"})").action, alert_action::sell) << "camelCase";
  EXPECT_EQ(read(R"({"action":"nonsense","side":"buy"})").action, alert_action::none) << "an unknown word never becomes a buy";
}

TEST(webhook_signal, action_from_the_position) {
  EXPECT_EQ(read(R"({"market_position":"long"})").action, alert_action::go_long);
  EXPECT_EQ(read(R"({"market_position":"short"})").action, alert_action::go_short);
  EXPECT_EQ(read(R"({"market_position":"flat"})").action, alert_action::close);
}

TEST(webhook_signal, quantity) {
  EXPECT_EQ(read(R"({"quantity":3,"contracts":4})").qty, dec("3"));
  EXPECT_EQ(read(R"({"contracts":"4"})").qty, dec("4"));
  EXPECT_EQ(read(R"({"qty":5})").qty, dec("5"));
  EXPECT_EQ(read(R"({"position_size":-6})").qty, dec("6"));
  EXPECT_FALSE(read(R"({"action":"buy"})").qty) << "never defaulted";
  EXPECT_EQ(read(R"({"qty":"many"})").problems.at(0).field, "quantity");
  EXPECT_EQ(read(R"({"qty":0.5,"quantity_type":"weight"})").qty_kind, quantity_kind::weight);
  EXPECT_EQ(read(R"({"qty":500,"quantity_type":"Notional"})").qty_kind, quantity_kind::notional);
  EXPECT_EQ(read(R"({"qty":5,"quantity_type":"kilos"})").problems.at(0).field, "quantity_type");
}

TEST(webhook_signal, order_terms) {
  const auto limit = read(R"({"order_type":"LIMIT","price":"231.5","time_in_force":"gtc"})");
  EXPECT_EQ(limit.type, order_type::limit);
  EXPECT_EQ(limit.limit_price, px("231.5"));
  EXPECT_EQ(limit.tif, time_in_force::gtc);
  const auto stop = read(R"({"order_type":"stop-limit","price":231.5,"stop_price":230})");
  EXPECT_EQ(stop.type, order_type::stop_limit);
  EXPECT_EQ(stop.stop_price, px("230"));
  for (const auto* body : {R"({"price":0})", R"({"price":""})", R"({"price":"0.0"})", R"({"price":"NaN"})", R"({"price":null})"}) {
    EXPECT_FALSE(read(body).limit_price) << body;
    EXPECT_TRUE(read(body).problems.empty()) << body;
  }
  EXPECT_FALSE(read(R"({"order_type":"bracket"})").problems.empty());
}

TEST(webhook_signal, identity_and_time) {
  EXPECT_EQ(read(R"({"alert_id":"a","id":"b"})").id, "a");
  EXPECT_EQ(read(R"({"id":17})").id, "17");
  EXPECT_EQ(read(R"({"idempotency_key":"k"})").id, "k");
  const auto moment = at("2026-01-15T14:30:00Z");
  for (const auto* text : {R"("2026-01-15T14:30:00Z")", R"("2026-01-15T09:30:00-05:00")", "1768487400", R"("1768487400")", "1768487400000", R"("1768487400000")"})
    EXPECT_EQ(read(R"({"sent_at":)" + std::string(text) + "}").sent_at, moment) << text;
  EXPECT_FALSE(read(R"({"time":"2020-01-01T00:00:00Z","bar_time":"2020-01-01T00:00:00Z"})").sent_at) << "the bar's own time is not the alert's";
  EXPECT_EQ(read(R"({"timenow":"yesterday"})").problems.at(0).field, "timenow");
  EXPECT_FALSE(read(R"({"timenow":"99999999999999999"})").sent_at);
}

TEST(webhook_signal, strategy_in_both_spellings) {
  EXPECT_EQ(read(R"({"strategy":"breakout"})").strategy, "breakout");
  EXPECT_EQ(read(R"({"strategy_id":"st-1"})").strategy, "st-1");
  const auto object = read(R"({"strategy":{"name":"n","version":2,"signal_type":"entry"}})");
  EXPECT_EQ(object.strategy, "n");
  EXPECT_EQ(object.strategy_version, "2");
  EXPECT_EQ(object.signal_type, "entry");
}

TEST(webhook_signal, the_rest) {
  const auto got = read(R"({"account_group":"g","alert_name":"my alert","comment":"why","interval":"15","max_position_size":4,"risk_percent":"1.5","market_position_size":"-3"})");
  EXPECT_EQ(got.account, "g");
  EXPECT_EQ(got.alert_name, "my alert");
  EXPECT_EQ(got.comment, "why");
  EXPECT_EQ(got.interval, "15");
  EXPECT_EQ(got.max_position, dec("4"));
  EXPECT_EQ(got.risk_percent, dec("1.5"));
  EXPECT_EQ(got.position_size, dec("3"));
}

} // namespace
} // namespace tt::webhook::test
