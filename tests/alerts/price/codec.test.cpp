// Alerts as text: whole and broken.

#include "actors/alerts/price/alert_codec.hpp"
#include "tests/alerts/price/support.hpp"

namespace tt::alerts::test {
namespace {

alert full() {
  alert out;
  out.number = 17;
  out.id = "al-x-17";
  out.client_id = "mine";
  out.owner = "local";
  out.rule.symbol = "ES1!";
  out.rule.condition = alert_condition::custom;
  out.rule.value = dec("-12.000000000001");
  out.rule.expression = "rsi < {limit} and name == 'ä'";
  out.rule.frame = timeframe::minutes(90);
  out.rule.parameters = {{"limit", dec("30")}, {"rsi_period", dec("14")}};
  out.rule.message = "line\n\"quoted\"";
  out.rule.expires_at = at("2026-02-01T00:00:00Z");
  out.rule.repeat = alert_repeat::always;
  out.rule.execution = alert_execution::place_order;
  out.rule.order = alert_order{account_id{"paper_simulator"}, order_side::sell_short, qty("3"), order_type::stop, px("5000.25")};
  out.rule.notice_url = "https://hooks.example.org/x";
  out.rule.tags = {"a", "b c"};
  out.notice_type = "kind";
  out.strategy = "s";
  out.status = alert_status::paused;
  out.status_reason = "because";
  out.created_at = at("2026-01-15T15:00:00Z") + nanoseconds{7};
  out.updated_at = at("2026-01-15T16:00:00Z");
  out.trigger_count = 3;
  out.last_triggered_at = at("2026-01-15T15:30:00Z");
  out.last_value = dec("0.000000000001");
  out.last_result = {3, "o-1", "placed", "", 204, "slow"};
  return out;
}

TEST(codec, what_is_written_is_read) {
  const auto read = decode_alert(encode_alert(full()));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, full());
  alert small;
  small.number = 1;
  small.id = "x";
  const auto again = decode_alert(encode_alert(small));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, small);
  const alert_memory memory{level_side::above, true, at("2026-01-15T15:00:00Z"), at("2026-01-15T14:00:00Z"), 4};
  EXPECT_EQ(*decode_memory(encode_memory(memory)), memory);
  EXPECT_EQ(*decode_memory(encode_memory({})), alert_memory{});
}

TEST(codec, broken_text_is_an_error) {
  const auto text = encode_alert(full());
  for (std::size_t cut = 0; cut < text.size(); ++cut) EXPECT_FALSE(decode_alert(std::string_view{text}.substr(0, cut))) << cut;
  const char* broken[] = {"",
                          "[]",
                          "{}",
                          R"({"number":1})",
                          R"({"number":-1,"id":"x"})",
                          R"({"number":1,"id":7})",
                          R"({"number":1,"id":"x","status":"asleep"})",
                          R"({"number":1,"id":"x","rule":[]})",
                          R"({"number":1,"id":"x","rule":{"value":1.5}})",
                          R"({"number":1,"id":"x","rule":{"timeframe":"7q"}})",
                          R"({"number":1,"id":"x","rule":{"order":{"side":"long"}}})",
                          R"({"number":1,"id":"x","rule":{"parameters":[]}})",
                          R"({"number":1,"id":"x","last_result":{"notice_status":99999999999}})"};
  for (const auto* one : broken) EXPECT_FALSE(decode_alert(one)) << one;
  for (const auto* one : {"", "7", R"({"side":9})", R"({"met":1})", R"({"bar":"x"})"}) EXPECT_FALSE(decode_memory(one)) << one;
}

} // namespace
} // namespace tt::alerts::test
