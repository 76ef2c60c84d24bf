// Accounts and strategies on one node of a cluster, the market on others.

#include "cluster/membership/market_time_board.hpp"
#include "tests/cluster/cluster_fixture.hpp"
#include "tests/cluster/toggler.hpp"

namespace tt::cluster::test {
namespace {

class trading_cluster : public cluster_test {
protected:
  /// From Thursday, 10:00 in New York. At a speed of 300 a minute's bar takes a fifth of a second; the market's time then
  /// goes on in steps of minutes between two reports of the feed, too coarse for the ages that the gate looks at.
  void simulate(double speed) {
    feed_config feed;
    feed.name = "sim";
    feed.kind = feed_kind::sim;
    feed.symbols = {"AAPL"};
    feed.start = *parse_iso8601("2026-01-15T15:00:00Z");
    feed.pace.speed = speed;
    feeds = {feed};
  }
  http_answer post(const std::string& target, const json& body) const {
    const auto text = body.dump();
    return http_raw(port, "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                            std::to_string(text.size()) + "\r\n\r\n" + text);
  }
  json wait_for(const std::string& target, const std::function<bool(const json&)>& fits) const {
    const auto parsed = [](const http_answer& a) { return json::parse(a.body, nullptr, false); };
    return parsed(ask_until(port, target, [&](const http_answer& a) {
      const auto body = parsed(a);
      return a.status == 200 && !body.is_discarded() && fits(body);
    }));
  }
  static json order(double quantity) { return {{"symbol", "AAPL"}, {"side", "buy"}, {"quantity", quantity}, {"type", "market"}}; }
  /// Orders of the strategy that are filled.
  static std::size_t filled(const json& orders) {
    return static_cast<std::size_t>(std::ranges::count_if(orders, [](const json& one) { return one["status"] == "filled"; }));
  }

  std::uint16_t port = 0;
};

TEST_F(trading_cluster, orders_fill_against_a_market_that_lives_elsewhere) {
  simulate(10);
  start("alpha", {role::feed});
  start("beta", {role::symbols});
  port = start("gamma", {role::gateway, role::execution}).port();
  wait_for("/health/ready", [](const json& ready) { return ready["ok"] == true; });
  wait_for("/api/v1/quotes/AAPL", [](const json& quote) { return quote.value("last", 0.0) > 0; });
  const auto answer = post("/api/orders", order(10));
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto id = json::parse(answer.body)["order_id"].get<std::string>();
  wait_for("/api/orders/" + id, [](const json& now) { return now["status"] == "filled"; });
  wait_for("/api/positions", [](const json& now) { return now.is_array() && now.size() == 1 && now[0].value("quantity", 0.0) == 10; });
}

TEST(market_time_board, goes_by_feeds_and_is_carried_on_by_prices) {
  const auto at = [](std::int64_t s) { return utc_time{std::chrono::seconds{s}}; };
  market_time_board board;
  EXPECT_FALSE(board.is_known());
  board.on_update(at(5)); // a price alone does not tell whether the market follows the wall clock
  EXPECT_FALSE(board.is_known());
  EXPECT_EQ(board.now(at(1'000'000)), at(1'000'000));
  board.on_feed(at(10'000), at(1'000'000));
  EXPECT_TRUE(board.is_known());
  EXPECT_EQ(board.now(at(1'000'000)), at(10'000));
  board.on_update(at(10'020));
  board.on_update(at(10'010));
  EXPECT_EQ(board.now(at(1'000'000)), at(10'020));
  board.on_feed(at(10'015), at(1'000'001)); // what the feed said before that price
  EXPECT_EQ(board.now(at(1'000'001)), at(10'020));
  board.on_feed(at(10'200), at(1'000'002));
  EXPECT_EQ(board.now(at(1'000'002)), at(10'200));
  board.on_feed(at(5'000), at(1'000'003)); // begun anew
  EXPECT_EQ(board.now(at(1'000'003)), at(5'000));
  board.on_feed(at(1'000'004), at(1'000'004));
  EXPECT_EQ(board.now(at(1'000'004)), at(1'000'004));
  board.on_update(at(1'000'009));
  EXPECT_EQ(board.now(at(1'000'005)), at(1'000'005)) << "the wall clock counts";
}

TEST_F(trading_cluster, a_gateway_without_the_role_says_who_has_the_accounts) {
  simulate(10);
  start("alpha", {role::feed, role::symbols});
  port = start("gamma", {role::gateway}).port();
  const auto answer = http_get(port, "/api/account");
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_NE(answer.body.find("execution"), std::string::npos) << answer.body;
}

TEST_F(trading_cluster, a_strategy_outlives_the_node_of_its_symbol) {
  simulate(300);
  start("alpha", {role::feed});
  port = start("gamma", {role::gateway, role::execution}).port();
  const json strategy{{"strategy_id", "t"}, {"kind", "pine"}, {"source", toggler}, {"symbols", {"AAPL"}}, {"timeframe", "1m"}, {"account_id", "paper_simulator"}};
  ASSERT_EQ(post("/api/v1/strategies", strategy).status, 201);
  ASSERT_EQ(post("/api/v1/strategies/t/enable", json::object()).status, 200);
  // nobody hosts symbols yet: it waits, and says for what
  wait_for("/api/v1/strategies/status", [](const json& now) { return now.dump().find("waits for the market of AAPL") != std::string::npos; });
  start("beta", {role::symbols});
  wait_for("/api/orders?strategy_id=t", [](const json& orders) { return filled(orders) >= 3; });

  nodes.at("beta").reset();
  start("delta", {role::symbols});
  const auto before = filled(wait_for("/api/orders?strategy_id=t", [](const json& orders) { return orders.is_array(); }));
  const auto orders = wait_for("/api/orders?strategy_id=t&limit=500", [&](const json& now) { return filled(now) >= before + 3; });
  // no bar was lost, none came twice: entries and closes take turns
  std::string previous;
  for (const auto& one : orders) {
    if (one["status"] != "filled") continue;
    EXPECT_NE(one["side"], previous) << orders.dump(1);
    previous = one["side"];
  }
  EXPECT_EQ(wait_for("/api/v1/strategies/status", [](const json& now) { return now.is_object() || now.is_array(); }).dump().find("waits for"), std::string::npos);
}

} // namespace
} // namespace tt::cluster::test
