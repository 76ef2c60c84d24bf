// Emergency stops across nodes: ordered at any gateway, obeyed by every account, also behind a cut.

#include "cluster/stops/stop_actor.hpp"
#include "tests/cluster/trading_fixture.hpp"
#include "tests/cluster/cluster_fixture.hpp"

#include <cstdio>

namespace tt::cluster::test {
namespace {

class stop_cluster : public cluster_test {
protected:
  using clock = std::chrono::steady_clock;
  const gateway::trading_caller admin{"root", risk::access::admin};

  void SetUp() override {
    feed_config feed;
    feed.name = "sim";
    feed.kind = feed_kind::sim;
    feed.symbols = {"AAPL"};
    feed.start = *parse_iso8601("2026-01-15T15:00:00Z");
    feeds = {feed};
  }
  /// The market at one node, a gateway without accounts at another, accounts at one or more.
  void start_all(const std::vector<std::string>& hosts) {
    std::vector<std::string> names{"market", "desk"};
    names.insert(names.end(), hosts.begin(), hosts.end());
    make_keys(names);
    start("market", {role::feed, role::symbols});
    start("desk", {role::gateway});
    for (const auto& host : hosts) start_host(host);
  }
  void start_host(const std::string& host) {
    start(host, {role::gateway, role::execution});
    until(host, "/health/ready", [](const json& ready) { return ready["ok"] == true; });
    until(host, "/api/v1/quotes/AAPL", [](const json& quote) { return quote.value("last", 0.0) > 0; });
  }
  /// The allow list without a node: those who read it cut the links to it.
  void allow(const std::vector<std::string>& names, const std::vector<std::string>& readers) {
    std::ofstream list(folder.path("allow"));
    for (const auto& name : names) {
      const auto key = bus::keys::load(folder.path(name + ".key"));
      ASSERT_TRUE(key) << name;
      list << bus::keys::allow_list::line({bus::keys::kind::node, name, key->public_key});
    }
    list.close();
    for (const auto& one : readers) nodes.at(one)->reload_keys();
  }
  json until(const std::string& node, const std::string& target, const std::function<bool(const json&)>& fits) const {
    return json::parse(ask_until(nodes.at(node)->port(), target, [&](const http_answer& a) {
      const auto body = json::parse(a.body, nullptr, false);
      return a.status == 200 && !body.is_discarded() && fits(body);
    }).body, nullptr, false);
  }
  http_answer post(const std::string& node, const std::string& target, const json& body) const { return http_send(nodes.at(node)->port(), "POST", target, body.dump()); }
  json order(const std::string& node, const std::string& side, double quantity) const {
    return json_of(post(node, "/api/orders", {{"symbol", "AAPL"}, {"side", side}, {"quantity", quantity}, {"type", "market"}}));
  }
  /// Sends orders until one is answered as wanted; says how long that took.
  void order_until(const std::string& node, const std::string& code, const char* what) const {
    const auto began = clock::now();
    json last;
    while (clock::now() - began < std::chrono::seconds{30}) {
      last = order(node, "buy", 1);
      if (last.value("reject_code", "") != code) continue;
      std::printf("%s: %s after %lld ms\n", what, code.c_str(), static_cast<long long>((clock::now() - began) / std::chrono::milliseconds{1}));
      return;
    }
    ADD_FAILURE() << what << ": " << last;
  }
  bool opens(const std::string& node) const {
    for (int i = 0; i < 2'000; ++i)
      if (order(node, "buy", 1).value("state", "") != "risk_rejected") return true;
    return false;
  }
  static std::map<std::string, std::string> results(const json& answer) {
    std::map<std::string, std::string> out;
    for (const auto& one : answer.value("nodes", json::array())) out[one["node"]] = one["result"];
    return out;
  }
  /// Resumes by the gateway's port: over HTTP loopback is no admin.
  result<std::uint64_t> resume(const std::string& node) {
    auto& stops = *nodes.at(node)->stops();
    const auto question = wait_for<gateway::resume_question>([&](auto done) { stops.ask_resume(admin, "prices are right again", done); });
    if (!question) return question.error();
    return wait_for<std::uint64_t>([&](auto done) { stops.resume(admin, question->token, done); });
  }
};

using results_map = std::map<std::string, std::string>;

TEST_F(stop_cluster, one_gateway_stops_the_accounts_of_every_node) {
  start_all({"east", "west"});
  ASSERT_TRUE(opens("east") && opens("west"));
  const auto low = json{{"symbol", "AAPL"}, {"side", "buy"}, {"quantity", 1}, {"type", "limit"}, {"price", 100}};
  const auto resting = json_of(post("west", "/api/orders", low))["order_id"].get<std::string>();
  // the gateway of no accounts has heard of both
  const auto began = clock::now();
  auto stopped = json_of(post("desk", "/api/v1/risk/emergency-stop", {{"mode", "reduce"}, {"reason", "wrong prices"}}));
  std::printf("stop at a gateway without accounts: %lld ms\n", static_cast<long long>((clock::now() - began) / std::chrono::milliseconds{1}));
  EXPECT_EQ(results(stopped), (results_map{{"east", "taken"}, {"west", "taken"}})) << stopped;
  EXPECT_NE(stopped["cancel_requested"].dump().find(resting), std::string::npos) << stopped;
  for (const auto* node : {"east", "west"}) EXPECT_EQ(order(node, "buy", 1)["reject_code"], "KILL_SWITCH") << node;
  EXPECT_NE(order("east", "sell", 1)["state"], "risk_rejected") << "what closes goes on";
  // stricter, from a node with accounts; milder is refused everywhere
  stopped = json_of(post("east", "/api/v1/risk/emergency-stop", {{"mode", "halt"}}));
  EXPECT_EQ(results(stopped), (results_map{{"east", "taken"}, {"west", "taken"}})) << stopped;
  EXPECT_EQ(order("west", "sell", 1)["reject_code"], "KILL_SWITCH");
  EXPECT_EQ(post("desk", "/api/v1/risk/emergency-stop", {{"mode", "reduce"}}).status, 409);
  // two steps at any gateway, and every account trades again
  const auto resumed = resume("desk");
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_TRUE(opens("east") && opens("west"));
  EXPECT_EQ(resume("desk").error().code, errc::conflict) << "nothing is stopped";
}

TEST_F(stop_cluster, a_node_that_is_away_is_named_and_stopped_when_it_is_back) {
  start_all({"east", "west"});
  ASSERT_TRUE(opens("east") && opens("west"));
  nodes.at("west").reset(); // with a goodbye: nobody waits for it, and nobody is held back
  EXPECT_TRUE(opens("east"));
  const auto stopped = json_of(post("desk", "/api/v1/risk/emergency-stop", {{"mode", "halt"}}));
  EXPECT_EQ(results(stopped), (results_map{{"east", "taken"}})) << stopped;
  nodes.at("desk").reset(); // the stop outlives who ordered it
  start_host("west");
  order_until("west", "KILL_SWITCH", "a node that comes back");
  // and it outlives a restart of everybody
  nodes.at("east").reset();
  nodes.at("west").reset();
  start_host("east");
  EXPECT_EQ(order("east", "buy", 1)["reject_code"], "KILL_SWITCH");
  ASSERT_TRUE(resume("east"));
  start_host("west");
  EXPECT_TRUE(opens("west")) << "the resume is newer than what it knew";
  EXPECT_TRUE(opens("east")) << "and its old stop stops nobody";
}

TEST_F(stop_cluster, a_node_that_is_cut_off_opens_nothing_until_it_has_compared) {
  start_all({"east"});
  ASSERT_TRUE(opens("east"));
  allow({"market", "east"}, {"east", "market"});
  order_until("east", "NODE_ISOLATED", "a cut");
  EXPECT_NE(order("east", "sell", 1)["state"], "risk_rejected") << "what closes goes on";
  const auto stopped = json_of(post("desk", "/api/v1/risk/emergency-stop", {{"mode", "halt"}}));
  EXPECT_EQ(results(stopped), (results_map{{"east", "waiting"}})) << stopped;
  allow({"market", "desk", "east"}, {"east", "market", "desk"});
  order_until("east", "KILL_SWITCH", "the stop behind the cut");
  ASSERT_TRUE(resume("desk"));
  EXPECT_TRUE(opens("east"));
  // a cut without a stop: it goes on by itself
  allow({"market", "east"}, {"east", "market"});
  order_until("east", "NODE_ISOLATED", "a second cut");
  allow({"market", "desk", "east"}, {"east", "market", "desk"});
  EXPECT_TRUE(opens("east"));
}

TEST_F(stop_cluster, an_admin_lets_a_node_trade_without_the_lost_one) {
  start_all({"east"});
  ASSERT_TRUE(opens("east"));
  allow({"market", "east"}, {"east", "market"});
  order_until("east", "NODE_ISOLATED", "a cut");
  const auto resumed = resume("east");
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_TRUE(opens("east"));
}

TEST_F(stop_cluster, a_node_may_be_told_to_trade_on) {
  on_isolation = isolation_policy::continue_;
  start_all({"east"});
  ASSERT_TRUE(opens("east"));
  allow({"market", "east"}, {"east", "market"});
  // the desk is seen to be gone, and still: orders are taken
  until("east", "/api/v1/cluster", [](const json& report) { return report.dump().find("\"lost\"") != std::string::npos; });
  EXPECT_NE(order("east", "buy", 1).value("state", ""), "risk_rejected");
}

} // namespace
} // namespace tt::cluster::test
