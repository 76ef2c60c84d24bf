// A cluster inside one process, over real sockets: it must behave as one node, say
// what is missing while something is missing, and recover.

#include "cluster/lease/lease_agreement.hpp"
#include "tests/cluster/cluster_fixture.hpp"
#include "tests/cluster/postgres_server.hpp"

#include <set>
#include <utility>

namespace tt::cluster::test {
namespace {

using enum role;

/// Two symbols, some minutes, a price that tells its place.
feed_config small_replay(const temporary_folder& folder, market::pace pace) {
  feed_config out;
  out.name = "recording";
  out.kind = feed_kind::replay;
  out.pace = pace;
  for (const std::string symbol : {"SPY", "QQQ", "AAPL"}) {
    const auto path = folder.path(symbol + ".csv");
    std::ofstream file(path);
    file << "time,open,high,low,close,volume\n";
    for (int i = 0; i < 30; ++i) {
      const int p = 100 + i + static_cast<int>(symbol.size());
      file << 1'380'893'400 + 60 * i << ',' << p << ',' << p + 2 << ',' << p - 1 << ',' << p + 1 << ',' << 100 + i << '\n';
    }
    out.recordings.push_back({path, symbol, "bars", timeframe::minutes(1)});
  }
  return out;
}

/// What clients ask for; identical in every shape.
std::map<std::string, std::string> answers_of(std::uint16_t port) {
  std::map<std::string, std::string> out;
  for (const std::string target : {"/udf/history?symbol=SPY&resolution=1&from=1380890000&to=1380899000",
                                   "/udf/history?symbol=QQQ&resolution=5&from=1380890000&to=1380899000",
                                   "/udf/history?symbol=AAPL&resolution=1D&from=1380000000&to=1380999000", "/api/v1/trades/SPY?limit=7"})
    out[target] = http_get(port, target).body;
  auto quotes = json::parse(http_get(port, "/api/v1/quotes?symbols=SPY,QQQ,AAPL").body, nullptr, false);
  if (quotes.is_object() && quotes.contains("quotes"))
    for (const auto& quote : quotes["quotes"])
      for (const auto* field : {"last", "open", "high", "low", "volume", "source", "ts_ms"})
        out["quote " + quote["symbol"].get<std::string>() + " " + field] = quote.value(field, json{}).dump();
  return out;
}

/// Number of the newest print in an answer of /trades; 0 without one.
int newest_trade(const http_answer& answer) {
  const auto body = json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains("trades") || body["trades"].empty()) return 0;
  return body["trades"][0].value("trade_seq", 0);
}

/// Waits until the symbols have had the whole recording, `runs` times.
void await_recording(std::uint16_t port, int runs = 1) {
  constexpr int prints = 30 * 4;
  for (const std::string symbol : {"SPY", "QQQ", "AAPL"})
    cluster_test::ask_until(port, "/api/v1/trades/" + symbol + "?limit=1",
                            [&](const http_answer& a) { return a.status == 200 && newest_trade(a) >= runs * prints; });
}

bool is_finished(const http_answer& answer) { return answer.body.find(R"("state":"finished")") != std::string::npos; }

TEST_F(cluster_test, three_nodes_answer_as_one_does) {
  const market::pace fast{market::pace_kind::maximum, 1};
  feeds = {small_replay(folder, fast)};
  auto alone = basic_config(folder);
  alone.feeds = feeds;
  const auto one = node::start(alone, wall);
  ASSERT_TRUE(one) << to_string(one.error());
  ASSERT_TRUE(wait_for_health((*one)->port(), R"("state":"finished")"));
  const auto expected = answers_of((*one)->port());
  ASSERT_NE(expected.at("/api/v1/trades/SPY?limit=7").find("\"price\""), std::string::npos) << expected.at("/api/v1/trades/SPY?limit=7");

  start("alpha", {feed});
  const auto port = start("gamma", {gateway}).port();
  // nobody hosts symbols yet: that is said, and nothing is made up
  const auto missing = ask_until(port, "/api/v1/quotes/SPY", [](const auto& a) { return a.status == 503; });
  EXPECT_NE(missing.body.find("not_available"), std::string::npos) << missing.body;
  EXPECT_EQ(http_get(port, "/api/v1/quotes/NOPE").status, 404);
  start("beta", {symbols});
  ask_until(port, "/api/v1/feeds", is_finished);
  await_recording(port);
  EXPECT_EQ(answers_of(port), expected);
  // the gateway learns the market's time from the feed, a moment later
  const auto symbol = http_get((*one)->port(), "/udf/symbols?symbol=SPY").body;
  ask_until(port, "/udf/symbols?symbol=SPY", [&](const auto& a) { return a.body == symbol; });
}

TEST_F(cluster_test, the_same_over_encrypted_links) {
  make_keys({"alpha", "beta", "gamma"});
  feeds = {small_replay(folder, {market::pace_kind::maximum, 1})};
  start("alpha", {feed});
  start("beta", {symbols});
  const auto port = start("gamma", {gateway}).port();
  ask_until(port, "/api/v1/feeds", is_finished);
  await_recording(port);
  auto bars = json_of(http_get(port, "/udf/history?symbol=SPY&resolution=1&from=1380890000&to=1380899000"));
  EXPECT_EQ(bars["t"].size(), 30u);
  const auto standing = json_of(http_get(port, "/health"))["cluster"];
  EXPECT_TRUE(standing["role"] == "member" || standing["role"] == "leader") << standing.dump();
  EXPECT_EQ(standing["epoch"].get<int>() > 0, standing["role"] == "leader") << "placement is the only lease that a gateway may hold: " << standing.dump();
}

TEST_F(cluster_test, symbols_move_when_their_node_goes_and_come_back_whole) {
  feeds = {small_replay(folder, {market::pace_kind::stepped, 1})};
  start("alpha", {feed});
  start("beta", {symbols});
  const auto port = start("gamma", {gateway}).port();
  ask_until(port, "/api/v1/feeds", [](const auto& a) { return a.body.find(R"("state":"live")") != std::string::npos; });
  const auto step = [&](const std::string& count) {
    const auto body = R"({"events":)" + count + "}";
    return http_raw(port, "POST /api/v1/feeds/recording/step HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                          "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  EXPECT_EQ(step("150").status, 200);
  const auto has_trades = [](int count) {
    return [count](const http_answer& a) { return a.status == 200 && newest_trade(a) == count; };
  };
  const auto newest_of = [](const std::string& symbol) { return "/api/v1/trades/" + symbol + "?limit=1"; };
  for (const std::string symbol : {"SPY", "QQQ", "AAPL"}) ask_until(port, newest_of(symbol), has_trades(50));
  const auto before = answers_of(port);

  nodes.at("beta").reset();
  EXPECT_EQ(ask_until(port, "/api/v1/quotes/SPY", [](const auto& a) { return a.status == 503; }).status, 503);
  start("delta", {symbols});
  for (const std::string symbol : {"SPY", "QQQ", "AAPL"}) ask_until(port, newest_of(symbol), has_trades(50));
  EXPECT_EQ(answers_of(port), before);
  // and the feed goes on with them
  EXPECT_EQ(step("3").status, 200);
  ask_until(port, newest_of("QQQ"), has_trades(51));
}

TEST_F(cluster_test, a_feed_is_taken_over_by_another_node) {
  feeds = {small_replay(folder, {market::pace_kind::maximum, 1})};
  start("alpha", {symbols});
  start("beta", {feed});
  const auto port = start("gamma", {gateway}).port();
  ask_until(port, "/api/v1/feeds", is_finished);
  await_recording(port);
  const auto expected = answers_of(port);
  start("delta", {feed});
  nodes.at("beta").reset(); // gives its lease back
  const auto held = [](const std::string& node) {
    return [node](const http_answer& a) {
      auto cluster = json_of(a);
      if (!cluster.is_object() || !cluster.contains("nodes")) return false;
      for (const auto& n : cluster["nodes"])
        if (n["name"] == node && n.value("feeds", json::array()) == json::array({"recording"})) return true;
      return false;
    };
  };
  ask_until(port, "/api/v1/cluster", held("delta"));
  ask_until(port, "/api/v1/feeds", is_finished);
  await_recording(port, 2);
  auto again = answers_of(port);
  // a new run of the recording: numbers go on, everything else is as before
  EXPECT_EQ(again["/udf/history?symbol=SPY&resolution=1&from=1380890000&to=1380899000"],
            expected.at("/udf/history?symbol=SPY&resolution=1&from=1380890000&to=1380899000"));
}

TEST_F(cluster_test, with_a_database_the_cluster_outlives_its_first_seed) {
  if (!postgres_server::instance().problem().empty()) GTEST_SKIP() << postgres_server::instance().problem();
  database_url = postgres_server::instance().url();
  feeds = {small_replay(folder, {market::pace_kind::maximum, 1})};
  start("alpha", {feed, symbols});
  start("beta", {symbols});
  const auto port = start("gamma", {gateway}).port();
  ask_until(port, "/api/v1/feeds", is_finished);
  start("delta", {feed});
  // alpha is the only seed: delta must have heard of the others before it goes
  ask_until(port, "/api/v1/cluster", [](const auto& a) {
    int links = 0;
    auto cluster = json_of(a);
    for (auto& n : cluster["nodes"])
      if (n["name"] == "delta" && n["answered"] == true)
        for (auto& link : n["links"]) links += link["state"] == "up" ? 1 : 0;
    return links == 3;
  });
  nodes.at("alpha").reset();
  ask_until(port, "/api/v1/feeds", is_finished);
  await_recording(port);
  seed = "gamma";
}

TEST_F(cluster_test, tells_its_nodes_roles_leases_and_links) {
  feeds = {small_replay(folder, {market::pace_kind::maximum, 1})};
  start("alpha", {feed, symbols});
  const auto port = start("gamma", {gateway}).port();
  const auto answer = ask_until(port, "/api/v1/cluster", [](const auto& a) {
    auto cluster = json_of(a);
    return a.status == 200 && cluster["nodes"].size() == 2 && cluster["nodes"][1]["answered"] == true
           && cluster["nodes"][1].value("feeds", json::array()) == json::array({"recording"}) && cluster["nodes"][1].value("symbols", 0) == 3;
  });
  auto cluster = json_of(answer);
  EXPECT_EQ(cluster["mode"], "cluster");
  EXPECT_EQ(cluster["node"], "gamma");
  EXPECT_EQ(cluster["nodes"][0]["name"], "gamma");
  EXPECT_EQ(cluster["nodes"][0]["roles"], json::array({"gateway"}));
  EXPECT_EQ(cluster["nodes"][1]["roles"], json::array({"feed", "symbols"}));
  EXPECT_EQ(cluster["nodes"][1]["state"], "up");
  EXPECT_EQ(cluster["nodes"][1]["links"][0]["peer"], "gamma");
  EXPECT_EQ(cluster["nodes"][1]["links"][0]["state"], "up");
  EXPECT_GT(cluster["nodes"][0]["rss_bytes"].get<long>(), 1'000'000);
  nodes.at("alpha").reset();
  auto left = json_of(ask_until(port, "/api/v1/cluster", [](const auto& a) { return a.body.find(R"("state":"left")") != std::string::npos; }));
  EXPECT_EQ(left["nodes"][1]["answered"], false);
  seed = "gamma";
}

TEST_F(cluster_test, nodes_that_name_different_first_seeds_hold_no_lease) {
  feeds = {small_replay(folder, {market::pace_kind::maximum, 1})};
  start("alpha", {feed, symbols, gateway});
  const auto leases = [](const http_answer& a) {
    std::set<std::string> out;
    const auto cluster = json_of(a);
    if (!cluster.contains("nodes")) return out;
    for (const auto& one : cluster["nodes"])
      for (const auto& lease : one.value("leases", json::array())) out.insert(one["name"].get<std::string>() + " " + lease["name"].get<std::string>());
    return out;
  };
  const auto port = nodes.at("alpha")->port();
  ask_until(port, "/api/v1/cluster", [&](const auto& a) { return leases(a).contains("alpha placement"); });
  auto other = config_of("beta", {feed, symbols, gateway});
  other.cluster->seeds.insert(other.cluster->seeds.begin(), {"beta", "tcp://127.0.0.1:1"});
  auto started = node::start(other, wall);
  ASSERT_TRUE(started) << to_string(started.error());
  nodes["beta"] = std::move(*started);
  const auto nobody = [&](const http_answer& a) { return a.status == 200 && json_of(a)["nodes"].size() == 2 && json_of(a)["nodes"][1]["answered"] == true && leases(a).empty(); };
  ask_until(port, "/api/v1/cluster", nobody);
  ask_until(nodes.at("beta")->port(), "/api/v1/cluster", nobody);
  nodes.at("beta").reset(); // with a goodbye: nobody disagrees any more
  ask_until(port, "/api/v1/cluster", [&](const auto& a) { return leases(a).contains("alpha placement"); });
}

TEST(lease_agreement, a_word_about_leases_that_nobody_keeps_holds_up_only_who_said_it) {
  lease_agreement alpha("alpha", lease_agreement::from_node("alpha")), delta("delta", lease_agreement::from_node("gamma"));
  EXPECT_EQ(alpha.hear("gamma", "node alpha"), lease_word::same);
  EXPECT_EQ(alpha.hear("delta", "node gamma"), lease_word::stray);
  EXPECT_EQ(alpha.hear("delta", "node gamma"), lease_word::repeated);
  EXPECT_TRUE(alpha.holds());
  delta.hear("gamma", "node alpha");
  delta.hear("alpha", "node alpha");
  EXPECT_FALSE(delta.holds()) << "it would have another's leases";
  // one that says it keeps leases itself, or has them from a database, may have given some
  EXPECT_EQ(alpha.hear("beta", "node beta"), lease_word::another);
  EXPECT_FALSE(alpha.holds());
  alpha.forget("beta");
  EXPECT_TRUE(alpha.holds());
  EXPECT_EQ(alpha.hear("beta", "a database"), lease_word::another);
  EXPECT_FALSE(alpha.holds());
  alpha.hear("beta", "node alpha");
  EXPECT_TRUE(alpha.holds());
  // as long as the keeper has said nothing it may keep some
  EXPECT_EQ(alpha.hear("delta", "node omega"), lease_word::another);
  EXPECT_FALSE(alpha.holds());
}

TEST_F(cluster_test, an_allow_list_that_is_half_written_cuts_nobody) {
  feeds = {small_replay(folder, {market::pace_kind::maximum, 1})};
  make_keys({"alpha", "beta"});
  start("alpha", {feed, symbols, gateway});
  start("beta", {gateway});
  const auto port = nodes.at("alpha")->port();
  const auto links = [](const http_answer& a) {
    const auto body = json_of(a);
    return body.contains("nodes") && body["nodes"].size() == 2 && !body["nodes"][0]["links"].empty() ? body["nodes"][0]["links"][0]["state"].get<std::string>() : "";
  };
  ask_until(port, "/api/v1/cluster", [&](const auto& a) { return links(a) == "up"; });
  std::ofstream(folder.path("allow")) << "";
  nodes.at("alpha")->reload_keys();
  EXPECT_EQ(links(http_get(port, "/api/v1/cluster")), "up");
  EXPECT_EQ(links(http_get(port, "/api/v1/cluster")), "up");
}

TEST_F(cluster_test, nodes_find_each_other_through_the_seed) {
  start("alpha", {feed});
  start("beta", {symbols});
  const auto port = start("gamma", {gateway}).port();
  // gamma was told of alpha only, and ends up linked to beta
  const auto linked_to_both = [](const http_answer& a) {
    auto cluster = json_of(a);
    int up = 0;
    for (const auto& link : cluster["nodes"][0]["links"]) up += link["state"] == "up" ? 1 : 0;
    return up == 2;
  };
  const auto linked = json_of(ask_until(port, "/api/v1/cluster", linked_to_both));
  for (const auto* loss : {"refused_messages", "lost_messages", "excess_messages", "undecodable_messages", "stalls"})
    EXPECT_TRUE(linked["nodes"][1].contains(loss)) << loss; // of another node: it came over the bus
  for (const std::string figure : {"tt_bus_retransmit_total ", "tt_bus_gap_total 0", "tt_bus_refused_peers_total ", "tt_bus_refused_messages_total ",
                                   "tt_bus_lost_messages_total ", "tt_bus_excess_messages_total 0", "tt_bus_undecodable_messages_total 0", "tt_bus_stalls_total ",
                                   "tt_bus_expired_requests_total 0", "tt_bus_pending_requests "})
    ask_until(port, "/metrics", [&](const http_answer& a) { return a.body.find("\n" + figure) != std::string::npos; });
  // beta comes back under another address, which gamma is not told by anybody but beta
  nodes.at("beta").reset();
  ask_until(port, "/api/v1/cluster", [&](const auto& a) { return !linked_to_both(a); });
  start("beta", {symbols});
  ask_until(port, "/api/v1/cluster", linked_to_both);
}

/// Lines that the example prints, which runs as a program outside.
std::vector<std::string> lines_of_subscriber(const std::string& arguments, std::size_t count) {
  const auto command = "timeout 60 /usr/bin/python3 " TT_SOURCE_DIR "/bus/examples/subscribe.py --count " + std::to_string(count) + " " + arguments;
  std::vector<std::string> out;
  auto* pipe = ::popen(command.c_str(), "r");
  if (!pipe) return out;
  // a message may hold many updates, so a line may be long
  char part[4096];
  for (std::string line; std::fgets(part, sizeof part, pipe);)
    if (line += part; line.ends_with('\n')) out.push_back(std::exchange(line, {}));
  EXPECT_EQ(::pclose(pipe), 0) << arguments;
  return out;
}

TEST_F(cluster_test, a_program_outside_reads_topics_that_no_node_follows) {
  if (std::system("/usr/bin/python3 -c 'import zmq, msgpack' 2>/dev/null") != 0) GTEST_SKIP() << "python3-zmq and python3-msgpack are not installed";
  make_keys({"alpha"});
  const auto key = *bus::keys::make("dashboard");
  ASSERT_TRUE(bus::keys::save(folder.path("dashboard.key"), key));
  std::ofstream(folder.path("allow"), std::ios::app) << bus::keys::allow_list::line({bus::keys::kind::client, "dashboard", key.public_key});
  feed_config sim;
  sim.name = "sim";
  sim.kind = feed_kind::sim;
  sim.symbols = {"AAPL", "MSFT"};
  sim.start = *parse_iso8601("2026-01-15T15:00:00Z"); // while the exchange is open
  feeds = {sim};
  const auto& alpha = start("alpha", {feed, symbols});
  const auto common = "--key " + folder.path("dashboard.key") + " --allow " + folder.path("allow") + " --node alpha " + alpha.topics_endpoint() + " ";
  // nothing asks this node for anything, and it has no gateway: what comes is for the subscriber alone
  for (const auto& line : lines_of_subscriber(common + "md.", 4)) {
    EXPECT_TRUE(line.starts_with("md.NASDAQ.")) << line;
    EXPECT_NE(line.find(" tt.updates "), std::string::npos) << line;
  }
  const auto bars = lines_of_subscriber(common + "md.NASDAQ.AAPL.bars.1m.regular", 2);
  EXPECT_EQ(bars.size(), 2u);
  for (const auto& line : bars) EXPECT_TRUE(line.starts_with("md.NASDAQ.AAPL.bars.1m.regular ")) << line;
}

TEST_F(cluster_test, a_key_that_is_not_on_the_list_gets_in_nowhere) {
  make_keys({"alpha", "gamma"});
  const auto stranger = *bus::keys::make("beta");
  ASSERT_TRUE(bus::keys::save(folder.path("beta.key"), stranger));
  start("alpha", {feed});
  const auto port = start("gamma", {gateway}).port();
  start("beta", {symbols});
  ask_until(port, "/api/v1/cluster", [](const auto& a) { return json_of(a)["nodes"].size() >= 2 && json_of(a)["nodes"][1].value("refused_peers", 0) > 0; });
  EXPECT_EQ(json_of(http_get(port, "/api/v1/cluster"))["nodes"].size(), 2u);
  EXPECT_EQ(http_get(port, "/api/v1/quotes/SPY").status, 503);
  // admitted while everybody runs: the nodes see that the file has changed
  std::ofstream(folder.path("allow"), std::ios::app) << bus::keys::allow_list::line({bus::keys::kind::node, "beta", stranger.public_key});
  ask_until(port, "/api/v1/quotes/SPY", [](const auto& a) { return a.status == 200; });
}

TEST_F(cluster_test, wrong_keys_and_addresses_stop_the_start_with_a_reason) {
  const auto failure = [&](const std::function<void(node_config&)>& change) {
    auto config = config_of("alpha", {symbols});
    change(config);
    const auto started = node::start(config, wall);
    return started ? std::string("it started") : to_string(started.error());
  };
  const auto taken = start("omega", {gateway}).control_endpoint();
  const auto busy = failure([&](node_config& c) { c.cluster->control = taken; });
  EXPECT_NE(busy.find(taken), std::string::npos) << busy;
  make_keys({"alpha"});
  EXPECT_NE(failure([&](node_config& c) {
              c.cluster->security = link_security::curve;
              c.cluster->key_file = folder.path("nothing.key");
            }).find("nothing.key"),
            std::string::npos);
  EXPECT_NE(failure([](node_config& c) { c.node_id = "psi"; }).find("is the key of alpha"), std::string::npos);
}

} // namespace
} // namespace tt::cluster::test
