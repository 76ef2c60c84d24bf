// The accounts on the stream of a whole node: numbers that outlive a restart, and what the accounts tell of themselves.

#include "tests/cluster/trading_fixture.hpp"

namespace tt::cluster::test {
namespace {

TEST_F(trading_node, numbers_of_orders_and_executions_go_on_after_a_restart) {
  start();
  stream_client reader(port());
  reader.say({{"action", "subscribe"}, {"channels", {"orders", "executions"}}});
  ASSERT_EQ(reader.next("subscription_confirmed")["channels"].size(), 2U);
  const auto id = json::parse(post("/api/orders", order("buy", 10)).body)["order_id"].get<std::string>();
  json told;
  std::uint64_t before = 0;
  do {
    told = reader.next("order_update");
    ASSERT_FALSE(told.is_null());
    const auto number = told["tseq"].get<std::uint64_t>();
    if (before > 0) {
      EXPECT_EQ(number, before + 1) << "a jump would mean a gap";
    }
    before = number;
  } while (told["data"].value("state", "") != "filled");
  const auto traded = reader.next("execution");
  EXPECT_EQ(traded["tseq"], 1);
  EXPECT_EQ(traded["data"]["order_id"], id);
  start();
  stream_client later(port());
  // what came before the restart can be asked for again, under the same epoch
  later.say({{"action", "resume"}, {"channel", "orders"}, {"epoch", told["epoch"]}, {"after", before - 1}});
  const auto again = later.next("order_update");
  ASSERT_FALSE(again.is_null());
  EXPECT_EQ(again["tseq"], before);
  EXPECT_EQ(again["epoch"], told["epoch"]);
  EXPECT_EQ(again["data"]["order_id"], id);
  EXPECT_EQ(again["data"]["state"], "filled");
  // news of one commit show the order as it is after it: the filled one may be told more than once
  const auto last = later.next("resumed")["to"].get<std::uint64_t>();
  EXPECT_GE(last, before);
  later.say({{"action", "resume"}, {"channel", "executions"}, {"epoch", traded["epoch"]}, {"after", 0}});
  EXPECT_EQ(later.next("execution")["data"]["execution_id"], traded["data"]["execution_id"]);
  // and what comes now has the next numbers
  const auto next = json::parse(post("/api/orders", order("sell", 10)).body)["order_id"].get<std::string>();
  const auto news = later.next("order_update");
  EXPECT_EQ(news["tseq"], last + 1);
  EXPECT_EQ(news["data"]["order_id"], next);
  // another epoch is no numbering of ours
  stream_client stranger(port());
  stranger.say({{"action", "resume"}, {"channel", "orders"}, {"epoch", told["epoch"].get<std::uint64_t>() + 1}, {"after", 1}});
  EXPECT_FALSE(stranger.next("gap").is_null());
}

TEST_F(trading_node, the_stream_tells_of_account_positions_and_risk) {
  start();
  stream_client reader(port());
  reader.say({{"action", "subscribe"}, {"channels", {"account", "positions", "risk"}}});
  const auto confirmed = reader.next("subscription_confirmed");
  ASSERT_EQ(confirmed["channels"].size(), 3U) << confirmed;
  const auto id = json::parse(post("/api/orders", order("buy", 10)).body)["order_id"].get<std::string>();
  ASSERT_TRUE(ends_as(id, "filled"));
  json position;
  do position = reader.next("position");
  while (!position.is_null() && position["data"].value("quantity", 0.0) != 10);
  ASSERT_FALSE(position.is_null());
  EXPECT_EQ(position["data"]["symbol"], "AAPL");
  json account;
  stream_client other(port());
  other.say({{"action", "subscribe"}, {"channels", {"account"}}});
  const auto cash = ask("/api/account")["cash_balance"].get<double>();
  do account = other.next("account");
  while (!account.is_null() && std::abs(account["data"].value("cash_balance", 0.0) - cash) > 0.01);
  ASSERT_FALSE(account.is_null());
  EXPECT_EQ(account["data"]["account_id"], "paper_simulator");
  ASSERT_EQ(post("/api/positions/AAPL/close", json::object()).status, 202);
  do position = reader.next("position");
  while (!position.is_null() && position["data"].value("quantity", 0.0) != 0);
  ASSERT_FALSE(position.is_null()) << "a closed position is told as one of nothing";
  ASSERT_EQ(post("/api/v1/risk/emergency-stop", {{"mode", "reduce"}, {"reason", "look"}}).status, 200);
  json news;
  do news = reader.next("risk");
  while (!news.is_null() && news["data"].value("event", "") != "kill_switch");
  ASSERT_FALSE(news.is_null());
  EXPECT_EQ(news["data"]["mode"], "reduce");
  EXPECT_EQ(news["data"]["kill_active"], true);
  EXPECT_EQ(news["data"]["epoch"], 1);
  EXPECT_EQ(news["data"]["reason"], "look");
}

} // namespace
} // namespace tt::cluster::test
