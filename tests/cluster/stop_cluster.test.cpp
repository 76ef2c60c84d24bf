// Emergency stops across nodes: ordered at any gateway, obeyed by every account, also behind a cut.

#include "cluster/stops/stop_actor.hpp"
#include "cluster/stops/stop_file.hpp"
#include "tests/cluster/trading_fixture.hpp"
#include "tests/cluster/cluster_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstdio>

namespace tt::cluster::test {
namespace {

class stop_cluster : public cluster_test {
protected:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds patience{30}; ///< with a slow machine
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
    while (clock::now() - began < patience) {
      last = order(node, "buy", 1);
      if (last.value("reject_code", "") != code) continue;
      std::printf("%s: %s after %lld ms\n", what, code.c_str(), static_cast<long long>((clock::now() - began) / std::chrono::milliseconds{1}));
      return;
    }
    ADD_FAILURE() << what << ": " << last;
  }
  bool opens(const std::string& node) const {
    const auto began = clock::now();
    while (clock::now() - began < patience)
      if (order(node, "buy", 1).value("state", "") != "risk_rejected") return true;
    return false;
  }
  /// Waits until that node has heard from the others that have accounts; each round is a request to it.
  void await_hosts(const std::string& node, const std::set<std::string>& hosts) const {
    const auto began = clock::now();
    std::set<std::string> known;
    while (clock::now() - began < patience) {
      if (const auto told = load_stop_memory(folder.path("data-" + node) + "/stops.json")) known = told->hosts;
      if (known == hosts) return;
      http_get(nodes.at(node)->port(), "/health/live");
    }
    ADD_FAILURE() << node << " knows of " << json(known);
  }
  /// A stop whose answer names these nodes, and that all of them take: at once, or when they come to it.
  json stop_all(const std::string& node, const json& what, const std::set<std::string>& hosts) const {
    auto out = json_of(post(node, "/api/v1/risk/emergency-stop", what));
    std::set<std::string> named;
    for (const auto& [host, how] : results(out)) {
      named.insert(host);
      EXPECT_TRUE(how == "taken" || how == "waiting") << out;
    }
    EXPECT_EQ(named, hosts) << out;
    for (const auto& host : hosts) order_until(host, "KILL_SWITCH", "a stop");
    return out;
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
  await_hosts("desk", {"east", "west"});
  await_hosts("east", {"west"});
  const auto began = clock::now();
  stop_all("desk", {{"mode", "reduce"}, {"reason", "wrong prices"}}, {"east", "west"});
  std::printf("stop at a gateway without accounts: obeyed after %lld ms\n", static_cast<long long>((clock::now() - began) / std::chrono::milliseconds{1}));
  until("west", "/api/orders?limit=500", [&](const json& all) {
    return std::ranges::any_of(all, [&](const json& one) { return one["order_id"] == resting && one["state"] == "cancelled"; });
  });
  EXPECT_NE(order("east", "sell", 1)["state"], "risk_rejected") << "what closes goes on";
  // stricter, from a node with accounts; milder is refused everywhere
  stop_all("east", {{"mode", "halt"}}, {"east", "west"});
  const auto halted = clock::now();
  while (order("west", "sell", 1).value("reject_code", "") != "KILL_SWITCH" && clock::now() - halted < patience) {}
  EXPECT_EQ(order("west", "sell", 1)["reject_code"], "KILL_SWITCH");
  EXPECT_EQ(post("desk", "/api/v1/risk/emergency-stop", {{"mode", "reduce"}}).status, 409);
  // two steps at any gateway, and every account trades again
  const auto resumed = resume("desk");
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  EXPECT_TRUE(opens("east") && opens("west"));
  EXPECT_EQ(resume("desk").error().code, errc::conflict) << "nothing is stopped";
  // of an account that nobody has: the answer says so
  const auto strange = json_of(post("desk", "/api/v1/risk/emergency-stop", {{"scope", {{"account_id", "nowhere"}}}, {"mode", "halt"}}));
  for (const auto& one : strange.value("nodes", json::array()))
    EXPECT_TRUE(one["result"] == "waiting" || one.dump().find("has no account") != std::string::npos) << strange;
  EXPECT_TRUE(opens("east") && opens("west"));
}

TEST_F(stop_cluster, a_node_that_is_away_is_named_and_stopped_when_it_is_back) {
  start_all({"east", "west"});
  ASSERT_TRUE(opens("east") && opens("west"));
  nodes.at("west").reset(); // with a goodbye: nobody waits for it, and nobody is held back
  EXPECT_TRUE(opens("east"));
  await_hosts("desk", {"east"});
  stop_all("desk", {{"mode", "halt"}}, {"east"});
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
  await_hosts("desk", {"east"});
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

TEST_F(stop_cluster, a_restart_does_not_forget_who_may_have_ordered_a_stop) {
  start_all({"east"});
  ASSERT_TRUE(opens("east"));
  allow({"market", "east"}, {"east", "market"});
  order_until("east", "NODE_ISOLATED", "a cut");
  nodes.at("east").reset();
  start_host("east");
  EXPECT_EQ(order("east", "buy", 1)["reject_code"], "NODE_ISOLATED") << "the desk may have ordered a stop meanwhile";
  allow({"market", "desk", "east"}, {"east", "market", "desk"});
  EXPECT_TRUE(opens("east")) << "both have compared";
  // one that is given up by an admin is not waited for again
  allow({"market", "east"}, {"east", "market"});
  order_until("east", "NODE_ISOLATED", "a second cut");
  ASSERT_TRUE(resume("east"));
  nodes.at("east").reset();
  start_host("east");
  EXPECT_NE(order("east", "buy", 1).value("state", ""), "risk_rejected");
}

TEST_F(stop_cluster, a_node_whose_process_has_ended_holds_nobody_back) {
  start_all({"east"});
  ASSERT_TRUE(opens("east"));
  const auto at = nodes.at("desk")->control_endpoint();
  allow({"market", "east"}, {"east", "market"});
  order_until("east", "NODE_ISOLATED", "a cut");
  nodes.at("desk").reset(); // nobody hears its goodbye
  EXPECT_TRUE(opens("east")) << "its machine refuses connections to it";
  {
    boost::asio::io_context loop;
    const auto port = static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
    boost::asio::ip::tcp::acceptor again{loop, {boost::asio::ip::make_address("127.0.0.1"), port}};
    order_until("east", "NODE_ISOLATED", "something that listens again, and says nothing");
  }
  EXPECT_TRUE(opens("east"));
}

TEST(end_probe, only_a_refusal_proves_that_a_process_has_ended) {
  boost::asio::io_context loop;
  const boost::asio::ip::tcp::endpoint any{boost::asio::ip::make_address("127.0.0.1"), 0};
  boost::asio::ip::tcp::acceptor there{loop, any}, gone{loop, any};
  const auto endpoint_of = [](const auto& one) { return "tcp://127.0.0.1:" + std::to_string(one.local_endpoint().port()); };
  const node_endpoints all{{"there", endpoint_of(there)}, {"gone", endpoint_of(gone)}, {"named", "tcp://localhost:1"}, {"empty", ""},
                           {"local", "ipc:///tmp/x"}, {"zero", "tcp://127.0.0.1:0"}, {"high", "tcp://127.0.0.1:65536"}, {"six", "tcp://[::1]:1"}};
  EXPECT_TRUE(refusing({{"there", all.at("there")}, {"gone", all.at("gone")}}).empty());
  gone.close();
  auto ended = refusing(all);
  ended.erase("six"); // where the machine has no IPv6 nobody refuses
  EXPECT_EQ(ended, std::set<std::string>{"gone"});
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
