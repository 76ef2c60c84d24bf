// What makes a rule, and how wrong input is named.

#include "tests/alerts/price/support.hpp"

namespace tt::alerts::test {
namespace {

const utc_time now = at("2026-01-15T15:00:00Z");

alert_draft base(const char* condition = "price_above", const char* value = "230.5") {
  alert_draft out;
  out.symbol = "AAPL";
  out.condition = condition;
  if (value) out.value = dec(value);
  return out;
}

template <class Change>
alert_draft with(Change change, alert_draft from = base()) {
  change(from);
  return from;
}

TEST(rule, long_and_short_words_mean_the_same) {
  const struct {
    const char *word, *meant;
  } cases[] = {{"above", "price_above"}, {"below", "price_below"}, {"equals", "price_equals"}};
  for (const auto& [word, meant] : cases) {
    const auto made = make_rule(base(word), {}, small_master(), now);
    ASSERT_TRUE(made) << word;
    EXPECT_EQ(to_string(made->condition), meant);
    EXPECT_EQ(made->value, dec("230.5"));
    EXPECT_EQ(made->repeat, alert_repeat::once);
    EXPECT_EQ(made->execution, alert_execution::notify_only);
  }
}

TEST(rule, thresholds_have_their_usual_values) {
  const struct {
    const char *condition, *value;
  } cases[] = {{"rsi_overbought", "70"}, {"rsi_oversold", "30"}, {"macd_signal", "0"}, {"bollinger_break", "0"}};
  for (const auto& [condition, value] : cases) {
    const auto made = make_rule(base(condition, nullptr), {}, small_master(), now);
    ASSERT_TRUE(made) << condition << ": " << to_string(made.error());
    EXPECT_EQ(made->value, dec(value)) << condition;
    EXPECT_EQ(made->source(), alert_source::bars);
  }
}

TEST(rule, volume_is_of_the_day_or_with_a_timeframe_of_a_bar) {
  EXPECT_EQ(make_rule(base("volume_above", "1000"), {}, small_master(), now)->source(), alert_source::day_volume);
  const auto framed = with([](auto& d) { d.frame = "5m"; }, base("volume_above", "1000"));
  EXPECT_EQ(make_rule(framed, {}, small_master(), now)->source(), alert_source::bars);
}

TEST(rule, names_are_brought_to_the_ticker) {
  EXPECT_EQ(make_rule(with([](auto& d) { d.symbol = "x:aapl"; }), {}, small_master(), now)->symbol, "AAPL");
}

TEST(rule, wrong_input_names_its_field) {
  const std::string long_text(max_message + 1, 'x');
  const auto order = [](auto change) {
    return with([&](alert_draft& d) {
      d.auto_execute = true;
      d.order_side = "buy";
      d.order_quantity = dec("10");
      change(d);
    });
  };
  const struct {
    alert_draft draft;
    const char* field;
    errc code;
  } cases[] = {
    {with([](auto& d) { d.symbol.reset(); }), "symbol", errc::invalid_argument},
    {with([](auto& d) { d.symbol = "NOPE"; }), "symbol", errc::unknown_symbol},
    {with([](auto& d) { d.condition.reset(); }), "condition", errc::invalid_argument},
    {with([](auto& d) { d.condition = "price_sideways"; }), "condition", errc::invalid_argument},
    {with([](auto& d) { d.value.reset(); }), "condition_value", errc::invalid_argument},
    {with([](auto& d) { d.value = dec("0"); }), "condition_value", errc::out_of_range},
    {with([](auto& d) { d.value = dec("-1"); }), "condition_value", errc::out_of_range},
    {base("volume_above", "-1"), "condition_value", errc::out_of_range},
    {base("rsi_overbought", "100.5"), "condition_value", errc::out_of_range},
    {base("custom", nullptr), "expression", errc::invalid_argument},
    {with([](auto& d) { d.expression = "rsi < 30"; }), "expression", errc::invalid_argument},
    {with([](auto& d) { d.expression = std::string(max_expression + 1, '1'); }, base("custom", nullptr)), "expression", errc::out_of_range},
    {with([](auto& d) { d.frame = "7q"; }), "timeframe", errc::invalid_argument},
    {with([](auto& d) { d.frame = "2000m"; }), "timeframe", errc::out_of_range},
    {with([](auto& d) { d.parameters = {{"rsi_period", dec("0")}}; }, base("rsi_oversold", nullptr)), "parameters.rsi_period", errc::out_of_range},
    {with([](auto& d) { d.parameters = {{"rsi_period", dec("1.5")}}; }, base("rsi_oversold", nullptr)), "parameters.rsi_period", errc::invalid_argument},
    {with([](auto& d) { d.parameters = {{"rsi_perod", dec("14")}}; }, base("rsi_oversold", nullptr)), "parameters.rsi_perod", errc::invalid_argument},
    {with([](auto& d) { d.parameters = {{"macd_fast", dec("30")}}; }, base("macd_signal", nullptr)), "parameters.macd_fast", errc::out_of_range},
    {with([&](auto& d) { d.message = long_text; }), "message", errc::out_of_range},
    {with([](auto& d) { d.tags = std::vector<std::string>(max_tags + 1, "t"); }), "tags", errc::out_of_range},
    {with([](auto& d) { d.repeat = "twice"; }), "repeat", errc::invalid_argument},
    {with([](auto& d) { d.expires_at = now; }), "expires_at", errc::out_of_range},
    {with([](auto& d) { d.auto_execute = true; }), "order_side", errc::invalid_argument},
    {order([](auto& d) { d.order_quantity.reset(); }), "order_quantity", errc::invalid_argument},
    {order([](auto& d) { d.order_side.reset(); }), "order_side", errc::invalid_argument},
    {order([](auto& d) { d.order_side = "long"; }), "order_side", errc::invalid_argument},
    {order([](auto& d) { d.order_quantity = dec("1.5"); }), "order_quantity", errc::out_of_range},
    {order([](auto& d) { d.order_quantity = dec("0"); }), "order_quantity", errc::out_of_range},
    {order([](auto& d) { d.order_type = "bracket"; }), "order_type", errc::invalid_argument},
    {order([](auto& d) { d.order_type = "limit"; }), "order_price", errc::invalid_argument},
    {order([](auto& d) { d.order_price = dec("230"); }), "order_price", errc::invalid_argument},
    {order([](auto& d) {
       d.order_type = "limit";
       d.order_price = dec("230.001");
     }),
     "order_price", errc::out_of_range},
  };
  for (const auto& [draft, field, code] : cases) {
    const auto made = make_rule(draft, {}, small_master(), now);
    ASSERT_FALSE(made) << field;
    EXPECT_EQ(made.error().field, field) << to_string(made.error());
    EXPECT_EQ(made.error().code, code) << to_string(made.error());
  }
}

TEST(rule, a_change_keeps_what_it_does_not_name) {
  auto first = base();
  first.message = "hello";
  first.expires_at = now + std::chrono::hours{1};
  first.order_side = "buy";
  first.order_quantity = dec("10");
  first.order_type = "limit";
  first.order_price = dec("230");
  first.auto_execute = true;
  const auto rule = make_rule(first, {}, small_master(), now);
  ASSERT_TRUE(rule) << to_string(rule.error());
  alert_draft change;
  change.value = dec("240");
  const auto changed = make_rule(change, *rule, small_master(), now);
  ASSERT_TRUE(changed) << to_string(changed.error());
  auto expected = *rule;
  expected.value = dec("240");
  EXPECT_EQ(*changed, expected);
  alert_draft clear;
  clear.cleared = {"expires_at"};
  clear.order_type = "market";
  const auto cleared = make_rule(clear, *rule, small_master(), now);
  ASSERT_TRUE(cleared) << to_string(cleared.error());
  EXPECT_FALSE(cleared->expires_at);
  EXPECT_FALSE(cleared->order->at) << "a market order has no price";
  alert_draft other;
  other.symbol = "ES1!";
  EXPECT_EQ(make_rule(other, *rule, small_master(), now).error().field, "symbol");
}

TEST(rule, futures_may_trade_below_zero) {
  auto wanted = base("price_below", "-5");
  wanted.symbol = "ES1!";
  EXPECT_TRUE(make_rule(wanted, {}, small_master(), now));
}

} // namespace
} // namespace tt::alerts::test
