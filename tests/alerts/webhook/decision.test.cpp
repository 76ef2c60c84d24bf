// From alerts to orders: what is said before the answer, and what with the position.

#include "tests/alerts/webhook/support.hpp"

namespace tt::webhook::test {
namespace {

judged judge_of(std::string_view body, const webhook_profile& profile = open_profile(), const standing_lookup& standing = {}) {
  return judge(read(body), {profile, instruments(), standing, alert_id{"wa-1"}, noon});
}

strategy_holding holding_of(const char* q) {
  strategy_holding out;
  out.qty = qty(q);
  return out;
}

/// "sell 2 reduce_only, buy 1"; or the word for no order.
std::string orders_of(std::string_view body, const char* held, const webhook_profile& profile = open_profile()) {
  const auto said = judge_of(body, profile);
  if (!said.plan) return std::string{to_string(said.word.verdict)} + " " + std::string{to_string(said.word.reason)};
  const auto done = decide(*said.plan, holding_of(held), {});
  if (done.word.verdict != alert_verdict::queued) return std::string{to_string(done.word.verdict)} + " " + std::string{to_string(done.word.reason)};
  if (done.cancel) return "cancel " + done.cancel->symbol.value_or("all");
  std::string out;
  for (const auto& one : done.orders) {
    const auto& r = one.request;
    out += (out.empty() ? "" : ", ") + std::string{to_string(r.side)};
    if (const auto* whole = std::get_if<size_quantity>(&r.size)) out += " " + whole->value.to_string();
    else if (const auto* share = std::get_if<size_weight>(&r.size)) out += " weight " + share->value.to_string();
    else if (const auto* worth = std::get_if<size_notional>(&r.size)) out += " for " + worth->value.to_string();
    else if (const auto* risk = std::get_if<size_risk>(&r.size)) out += " risk " + risk->risk.to_string() + " to " + risk->stop.to_string();
    if (r.type != order_type::market) out += " " + std::string{to_string(r.type)};
    if (r.effect == position_effect::reduce_only) out += " reduce_only";
  }
  return out;
}

TEST(webhook_decision, words_become_orders) {
  EXPECT_EQ(orders_of("buy AAPL 2", "0"), "buy 2");
  EXPECT_EQ(orders_of("sell AAPL 2", "5"), "sell 2");
  EXPECT_EQ(orders_of("long AAPL 2", "0"), "buy 2");
  EXPECT_EQ(orders_of("long AAPL 2", "-3"), "buy 3 reduce_only, buy 2");
  EXPECT_EQ(orders_of("short AAPL 2", "3"), "sell 3 reduce_only, sell 2");
  EXPECT_EQ(orders_of("long AAPL 2", "1"), "buy 2");
  for (const auto* word : {"exit", "close", "flat", "flatten"}) {
    EXPECT_EQ(orders_of(std::string(word) + " AAPL", "4"), "sell 4 reduce_only") << word;
    EXPECT_EQ(orders_of(std::string(word) + " AAPL", "-4"), "buy 4 reduce_only") << word;
    EXPECT_EQ(orders_of(std::string(word) + " AAPL", "0"), "recorded ") << word << ": already flat";
  }
  EXPECT_EQ(orders_of("close_long AAPL", "4"), "sell 4 reduce_only");
  EXPECT_EQ(orders_of("close_long AAPL", "-4"), "recorded ");
  EXPECT_EQ(orders_of("close_short AAPL", "-4"), "buy 4 reduce_only");
  EXPECT_EQ(orders_of("cancel AAPL", "4"), "cancel AAPL");
  EXPECT_EQ(orders_of("cancel_all", "4"), "cancel all");
  EXPECT_EQ(orders_of("cancel_all AAPL", "4"), "cancel all");
  for (const auto* word : {"adjust", "info", "emergency_rebalance", "hold"})
    EXPECT_EQ(orders_of(R"({"symbol":"AAPL","qty":1,"action":")" + std::string(word) + R"("})", "0"), "recorded ") << word;
}

TEST(webhook_decision, names_of_symbols) {
  const auto symbol = [](std::string_view name) {
    const auto said = judge_of(R"({"action":"buy","qty":1,"ticker":")" + std::string(name) + R"("})");
    return said.plan ? said.plan->symbol : std::string{to_string(said.word.reason)};
  };
  EXPECT_EQ(symbol("AAPL"), "AAPL");
  EXPECT_EQ(symbol("aapl"), "AAPL");
  EXPECT_EQ(symbol("NASDAQ:AAPL"), "AAPL");
  EXPECT_EQ(symbol("NASDAQ_DLY:AAPL"), "AAPL");
  EXPECT_EQ(symbol("NASDAQ_DL:AAPL"), "AAPL");
  EXPECT_EQ(symbol("MNQ1!"), "MNQ1!");
  EXPECT_EQ(symbol("BTC/USD"), "BTCUSD");
  EXPECT_EQ(symbol("BTCUSDT.P"), "unknown_symbol") << "a perpetual is not the coin";
  EXPECT_EQ(symbol("NOSUCH"), "unknown_symbol");
  EXPECT_EQ(orders_of("{\"action\":\"buy\",\"qty\":1}", "0"), "refused invalid_field");
}

TEST(webhook_decision, quantities_stay_on_the_lot_grid) {
  EXPECT_EQ(orders_of("buy AAPL 0.4", "0"), "refused quantity") << "never rounded";
  EXPECT_EQ(orders_of("buy AAPL 1.5", "0"), "refused quantity");
  EXPECT_EQ(orders_of("buy AAPL 0", "0"), "refused quantity");
  EXPECT_EQ(orders_of("buy AAPL -1", "0"), "refused quantity");
  EXPECT_EQ(orders_of("buy AAPL", "0"), "refused quantity") << "never defaulted";
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":0.25,"quantity_type":"weight"})", "0"), "buy weight 0.25");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":1.5,"quantity_type":"weight"})", "0"), "refused quantity");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":2500,"quantity_type":"notional"})", "0"), "buy for 2500");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","risk_percent":1,"stop_price":220})", "0"), "buy risk 0.01 to 220");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","risk_percent":1})", "0"), "refused quantity");
}

TEST(webhook_decision, a_registered_strategy_may_say_weight) {
  const standing_lookup standing = [](const strategy_id& id) -> std::optional<strategy_standing> {
    if (id.str() == "off") return strategy_standing{strategy_standing::state::disabled, quantity_kind::shares};
    if (id.str() == "weights") return strategy_standing{strategy_standing::state::enabled, quantity_kind::weight};
    return std::nullopt;
  };
  const auto body = [](const char* name) { return R"({"action":"buy","symbol":"AAPL","qty":0.5,"strategy":")" + std::string(name) + R"("})"; };
  const auto said = judge_of(body("weights"), open_profile(), standing);
  ASSERT_TRUE(said.plan);
  EXPECT_TRUE(std::holds_alternative<size_weight>(*said.plan->size));
  EXPECT_EQ(judge_of(body("off"), open_profile(), standing).word.reason, refusal::disabled);
  EXPECT_EQ(judge_of(body("nobody"), open_profile(), standing).word.reason, refusal::quantity);
}

TEST(webhook_decision, a_strategy_in_paper_mode_does_not_trade_in_a_live_account) {
  const auto standing_in = [](account_mode mode) -> standing_lookup {
    return [mode](const strategy_id&) -> std::optional<strategy_standing> {
      return strategy_standing{strategy_standing::state::enabled, quantity_kind::shares, mode};
    };
  };
  const auto body = R"({"action":"buy","symbol":"AAPL","qty":1,"strategy":"s"})";
  auto profile = open_profile();
  EXPECT_TRUE(judge_of(body, profile, standing_in(account_mode::paper)).plan);
  profile.mode = account_mode::live;
  EXPECT_TRUE(judge_of(body, profile, standing_in(account_mode::live)).plan);
  EXPECT_EQ(judge_of(body, profile, standing_in(account_mode::paper)).word.reason, refusal::disabled);
  EXPECT_TRUE(judge_of(body, profile).plan) << "nobody registered it";
}

TEST(webhook_decision, age) {
  auto profile = open_profile();
  profile.freshness = std::chrono::seconds{60};
  const auto reason = [&](utc_time sent) { return judge_of(R"({"action":"buy","symbol":"AAPL","qty":1,"timenow":")" + to_iso8601(sent) + R"("})", profile).word.reason; };
  EXPECT_EQ(reason(noon - std::chrono::seconds{60}), refusal::none);
  EXPECT_EQ(reason(noon - std::chrono::milliseconds{60'001}), refusal::stale);
  EXPECT_EQ(reason(noon - std::chrono::seconds{253'824}), refusal::stale);
  EXPECT_EQ(reason(noon + std::chrono::seconds{61}), refusal::stale) << "a clock is wrong";
}

TEST(webhook_decision, scope) {
  auto profile = open_profile();
  profile.scope.symbols = {"AAPL"};
  profile.scope.max_quantity = dec("5");
  profile.scope.sides = {direction::buy};
  EXPECT_EQ(orders_of("buy AAPL 5", "0", profile), "buy 5");
  EXPECT_EQ(orders_of("buy AAPL 6", "0", profile), "refused scope");
  EXPECT_EQ(orders_of("buy MSFT 1", "0", profile), "refused scope");
  EXPECT_EQ(orders_of("sell AAPL 2", "0", profile), "refused scope") << "it would open a short";
  EXPECT_EQ(orders_of("sell AAPL 2", "2", profile), "sell 2 reduce_only") << "it only closes";
  EXPECT_EQ(orders_of("sell AAPL 3", "2", profile), "refused scope");
  EXPECT_EQ(orders_of("short AAPL 1", "2", profile), "sell 2 reduce_only") << "the long position is closed, no short one opened";
  EXPECT_EQ(orders_of("short AAPL 1", "0", profile), "refused scope");
  EXPECT_EQ(orders_of("short AAPL 1", "-1", profile), "refused scope");
  EXPECT_EQ(orders_of("exit AAPL", "9", profile), "sell 9 reduce_only") << "closing orders always pass";
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":0.5,"quantity_type":"weight"})", "0", profile), "refused scope");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":1,"account":"other"})", "0", profile), "refused scope");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":1,"account":"paper_simulator"})", "0", profile), "buy 1");
}

TEST(webhook_decision, out_of_step) {
  const std::string buy = R"({"action":"buy","symbol":"AAPL","qty":1,"market_position":"long","prev_market_position":"flat"})";
  EXPECT_EQ(orders_of(buy, "0"), "buy 1");
  EXPECT_EQ(orders_of(buy, "1"), "refused out_of_step") << "the same side twice";
  EXPECT_EQ(orders_of(buy, "-1"), "refused out_of_step");
  auto lenient = open_profile();
  lenient.out_of_step = out_of_step_rule::warn;
  EXPECT_EQ(orders_of(buy, "1", lenient), "buy 1");
  const std::string close = R"({"action":"sell","symbol":"AAPL","qty":2,"market_position":"flat","prev_market_position":"long"})";
  EXPECT_EQ(orders_of(close, "2"), "sell 2 reduce_only");
  EXPECT_EQ(orders_of(close, "1"), "sell 1 reduce_only") << "closing orders pass, and never turn the position";
  EXPECT_EQ(orders_of(close, "0"), "recorded ");
  EXPECT_EQ(orders_of(R"({"action":"exit","symbol":"AAPL","prev_market_position":"short"})", "3"), "sell 3 reduce_only");
}

TEST(webhook_decision, largest_position) {
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":2,"max_position_size":3})", "1"), "buy 2");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":2,"max_position_size":3})", "2"), "refused max_position");
  EXPECT_EQ(orders_of(R"({"action":"long","symbol":"AAPL","qty":3,"max_position_size":3})", "-2"), "buy 2 reduce_only, buy 3");
}

TEST(webhook_decision, position_mode_trades_the_difference) {
  auto profile = open_profile();
  profile.sync = sync_mode::position;
  const auto body = [](const char* side, const char* size) {
    return R"({"action":"buy","symbol":"AAPL","contracts":99,"market_position":")" + std::string(side) + R"(","market_position_size":)" + size + "}";
  };
  EXPECT_EQ(orders_of(body("long", "3"), "0", profile), "buy 3");
  EXPECT_EQ(orders_of(body("long", "3"), "1", profile), "buy 2") << "a missed alert is made up for";
  EXPECT_EQ(orders_of(body("long", "3"), "3", profile), "recorded ");
  EXPECT_EQ(orders_of(body("long", "1"), "3", profile), "sell 2 reduce_only");
  EXPECT_EQ(orders_of(body("short", "2"), "3", profile), "sell 5");
  EXPECT_EQ(orders_of(body("flat", "0"), "-4", profile), "buy 4 reduce_only");
  EXPECT_EQ(orders_of("exit AAPL", "4", profile), "sell 4 reduce_only");
  profile.scope.sides = {direction::buy};
  EXPECT_EQ(orders_of(body("short", "2"), "3", profile), "sell 3 reduce_only") << "closed, not turned";
  EXPECT_EQ(orders_of(body("short", "2"), "0", profile), "refused scope");
  profile.scope.sides.clear();
  EXPECT_EQ(orders_of("buy AAPL 1", "0", profile), "refused invalid_field") << "without market_position it can't be known";
  for (const auto* word : {"info", "adjust", "emergency_rebalance", "hold"})
    EXPECT_EQ(orders_of(R"({"symbol":"AAPL","market_position":"long","market_position_size":3,"action":")" + std::string(word) + R"("})", "0", profile), "recorded ")
      << word << ": no order, whatever position is reported";
  EXPECT_EQ(orders_of(R"({"symbol":"AAPL","market_position":"long","market_position_size":3})", "0", profile), "buy 3") << "no word is no hindrance";
}

TEST(webhook_decision, position_mode_takes_no_quantity_of_an_order_for_a_position) {
  auto profile = open_profile();
  profile.sync = sync_mode::position;
  const auto body = [](const std::string& rest) { return R"({"action":"buy","symbol":"AAPL","contracts":2,)" + rest + "}"; };
  EXPECT_EQ(orders_of(body(R"("market_position":"long")"), "-1", profile), "refused invalid_field") << "a reversal: 2 bought, 1 held";
  const auto said = judge(read(body(R"("market_position":"long")")), judging{profile, instruments(), {}, alert_id{"wa-1"}, noon});
  EXPECT_NE(said.word.detail.find("market_position_size"), std::string::npos) << said.word.detail;
  EXPECT_EQ(orders_of(body(R"("market_position":"flat")"), "-1", profile), "buy 1 reduce_only");
  EXPECT_EQ(orders_of(body(R"("market_position":"long","market_position_size":1)"), "-1", profile), "buy 2");
  EXPECT_EQ(orders_of(body(R"("market_position":"long","position_size":1)"), "-1", profile), "buy 2") << "{{strategy.position_size}}";
}

TEST(webhook_decision, fields_that_do_not_fit_are_refused_before_the_answer) {
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":1,"order_type":"limit"})", "0"), "refused invalid_field");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":1,"order_type":"limit","price":230})", "0"), "buy 1 limit");
  EXPECT_EQ(orders_of(R"({"action":"buy","symbol":"AAPL","qty":1,"order_type":"sometime"})", "0"), "refused invalid_field");
  EXPECT_EQ(orders_of(R"({"action":"exit","symbol":"AAPL","order_type":"limit","price":230})", "2"), "sell 2 reduce_only");
}

TEST(webhook_decision, legs_that_are_there_are_not_made_again) {
  const auto said = judge_of("long AAPL 2");
  legs_made made;
  made.close = legs_made::state::yes;
  const auto rest = decide(*said.plan, holding_of("0"), made);
  ASSERT_EQ(rest.orders.size(), 1U);
  EXPECT_EQ(rest.orders[0].leg, alert_leg::open);
  made.open = legs_made::state::yes;
  EXPECT_TRUE(decide(*said.plan, holding_of("2"), made).orders.empty());
}

TEST(webhook_decision, keys_are_functions_of_the_event) {
  EXPECT_EQ(order_key("p", "j", 7, alert_leg::open), order_key("p", "j", 7, alert_leg::open));
  EXPECT_NE(order_key("p", "j", 7, alert_leg::open), order_key("p", "j", 7, alert_leg::close));
  EXPECT_NE(order_key("p", "j", 7, alert_leg::open), order_key("p", "j", 8, alert_leg::open));
  EXPECT_NE(order_key("p", "j", 7, alert_leg::open), order_key("p", "k", 7, alert_leg::open)) << "a new journal counts from 1 again";
  EXPECT_LE(order_key(std::string(64, 'p'), std::string(16, 'j'), UINT64_MAX, alert_leg::open).size(), 200U);
}

} // namespace
} // namespace tt::webhook::test
