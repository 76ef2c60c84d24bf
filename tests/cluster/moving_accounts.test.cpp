// Accounts in the cluster's database: they move to another node with their lease, and everything that orders with them.

#include "cluster/office/seat.hpp"
#include "tests/cluster/cluster_fixture.hpp"
#include "tests/cluster/postgres_server.hpp"
#include "tests/cluster/toggler.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <libpq-fe.h>

#include <future>

namespace tt::cluster::test {
namespace {

class moving_accounts : public cluster_test {
protected:
  void SetUp() override {
    if (!postgres_server::instance().problem().empty()) GTEST_SKIP() << postgres_server::instance().problem();
    database_url = fresh_database();
    feed_config feed;
    feed.name = "sim";
    feed.kind = feed_kind::sim;
    feed.symbols = {"AAPL"};
    feed.start = *parse_iso8601("2026-01-15T15:00:00Z");
    feed.pace.speed = 300;
    feeds = {feed};
  }
  /// A database of the test's own.
  static std::string fresh_database() {
    static int count = 0;
    const auto name = "accounts_" + std::to_string(++count);
    auto url = postgres_server::instance().url();
    auto* const db = PQconnectdb(url.c_str());
    auto* const made = PQexec(db, ("CREATE DATABASE " + name).c_str());
    EXPECT_EQ(PQresultStatus(made), PGRES_COMMAND_OK) << PQerrorMessage(db);
    PQclear(made);
    PQfinish(db);
    return url.replace(url.find("/postgres?"), 9, "/" + name);
  }
  std::uint16_t start_office(const std::string& name) {
    auto config = config_of(name, {role::gateway, role::execution});
    config.cluster->accounts = account_home::database;
    auto started = node::start(config, wall);
    EXPECT_TRUE(started) << to_string(started.error());
    auto& slot = nodes[name];
    slot = std::move(*started);
    return slot->port();
  }
  static http_answer post(std::uint16_t port, const std::string& target, const json& body) {
    const auto text = body.dump();
    return http_raw(port, "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                            std::to_string(text.size()) + "\r\n\r\n" + text);
  }
  static json wait_for(std::uint16_t port, const std::string& target, const std::function<bool(const json&)>& fits) {
    const auto parsed = [](const http_answer& a) { return json::parse(a.body, nullptr, false); };
    return parsed(ask_until(port, target, [&](const http_answer& a) {
      const auto body = parsed(a);
      return a.status == 200 && !body.is_discarded() && fits(body);
    }));
  }
  static std::size_t filled(const json& orders) {
    return static_cast<std::size_t>(std::ranges::count_if(orders, [](const json& one) { return one["status"] == "filled"; }));
  }
};

TEST_F(moving_accounts, go_to_another_node_with_all_that_orders_from_them) {
  start("alpha", {role::feed, role::symbols});
  const auto gamma = start_office("gamma");
  wait_for(gamma, "/health/ready", [](const json& now) { return now["ok"] == true; });
  const auto delta = start_office("delta");
  EXPECT_EQ(http_get(delta, "/api/orders").status, 503) << "two may not have one account";

  const json strategy{{"strategy_id", "t"}, {"kind", "pine"}, {"source", toggler}, {"symbols", {"AAPL"}}, {"timeframe", "1m"}, {"account_id", "paper_simulator"}};
  ASSERT_EQ(post(gamma, "/api/v1/strategies", strategy).status, 201);
  ASSERT_EQ(post(gamma, "/api/v1/strategies/t/enable", json::object()).status, 200);
  wait_for(gamma, "/api/orders?strategy_id=t", [](const json& orders) { return filled(orders) >= 3; });
  const json resting{{"symbol", "AAPL"}, {"side", "buy"}, {"quantity", 2}, {"type", "limit"}, {"price", 1}, {"client_order_id", "r1"}};
  const auto placed = post(gamma, "/api/orders", resting);
  ASSERT_EQ(placed.status, 201) << placed.body;
  const auto id = json::parse(placed.body)["order_id"].get<std::string>();

  nodes.at("gamma").reset();
  wait_for(delta, "/health/ready", [](const json& now) { return now["ok"] == true; });
  const auto before = filled(wait_for(delta, "/api/orders?strategy_id=t&limit=500", [](const json& now) { return filled(now) >= 3; }));
  const auto orders = wait_for(delta, "/api/orders?strategy_id=t&limit=500", [&](const json& now) { return filled(now) >= before + 3; });
  std::string previous;
  for (const auto& one : orders) {
    if (one["status"] != "filled") continue;
    EXPECT_NE(one["side"], previous) << "entries and closes take turns: " << orders.dump(1);
    previous = one["side"];
  }
  EXPECT_EQ(wait_for(delta, "/api/orders/" + id, [](const json& now) { return now.is_object(); })["status"], "open") << "what rests goes on resting";
  EXPECT_EQ(json::parse(post(delta, "/api/orders", resting).body).value("order_id", ""), id) << "what was ordered there is known here";

  const auto again = start_office("gamma");
  EXPECT_EQ(http_get(again, "/api/orders").status, 503);
  nodes.at("delta").reset();
  wait_for(again, "/api/orders?strategy_id=t&limit=500", [&](const json& now) { return filled(now) >= filled(orders) + 2; });
}

TEST_F(moving_accounts, keep_their_emergency_stop) {
  start("alpha", {role::feed, role::symbols});
  const auto gamma = start_office("gamma");
  wait_for(gamma, "/health/ready", [](const json& now) { return now["ok"] == true; });
  const auto delta = start_office("delta");
  ASSERT_EQ(post(gamma, "/api/v1/risk/emergency-stop", {{"mode", "halt"}, {"reason", "test"}}).status, 200);
  nodes.at("gamma").reset();
  wait_for(delta, "/health/ready", [](const json& now) { return now.contains("ok"); });
  wait_for(delta, "/api/v1/risk", [](const json& now) { return now.dump().find("\"mode\":\"halt\"") != std::string::npos; });
  const auto refused = post(delta, "/api/orders", {{"symbol", "AAPL"}, {"side", "buy"}, {"quantity", 1}, {"type", "market"}});
  EXPECT_NE(refused.body.find("KILL_SWITCH"), std::string::npos) << refused.body;
}

/// What a seat's work saw, in order.
struct seat_diary {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  void add(std::string line) {
    const std::lock_guard lock(mutex);
    lines.push_back(std::move(line));
    changed.notify_all();
  }
  std::vector<std::string> await(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds{30}, [&] { return lines.size() >= count; });
    return lines;
  }
};

TEST(seat, begins_and_ends_in_order_and_gives_up_what_can_not_begin) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  seat_diary diary;
  auto chair = std::make_shared<seat>(system);
  chair->follow({[&](std::uint64_t epoch) -> result<void> {
                   diary.add("begin " + std::to_string(epoch));
                   if (epoch == 2) return error{errc::io_error, "no disk"};
                   return {};
                 },
                 [&] { diary.add("end"); }},
                0);
  caf::scoped_actor self{system};
  const auto one = chair->take(1);
  EXPECT_EQ(diary.await(1), (std::vector<std::string>{"begin 1"}));
  self->send_exit(one, caf::exit_reason::user_shutdown);
  EXPECT_EQ(diary.await(2).back(), "end");
  const auto two = chair->take(2);
  self->monitor(two);
  self->receive([&](const caf::down_msg& down) { EXPECT_EQ(down.source, two.address()) << "what can't begin lets go of the lease"; },
                caf::after(std::chrono::seconds{30}) >> [] { FAIL() << "the lease is kept for nothing"; });
  const auto three = chair->take(3);
  EXPECT_EQ(diary.await(4), (std::vector<std::string>{"begin 1", "end", "begin 2", "begin 3"}));
  const auto four = chair->take(4);
  EXPECT_EQ(diary.await(6), (std::vector<std::string>{"begin 1", "end", "begin 2", "begin 3", "end", "begin 4"})) << "a new grant is a new beginning";
  chair->stop();
  EXPECT_FALSE(chair->take(5));
  for (const auto& holder : {three, four}) self->send_exit(holder, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace tt::cluster::test
