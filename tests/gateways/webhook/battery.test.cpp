// Attacks on the receiver through real sockets. Sizes are for every build; TT_WEBHOOK_BATTERY=100000 makes it the
// large one. What must hold: no order from a refused post, one order per alert, answers in time meanwhile.

#include "gateways/webhook/webhook_json.hpp"
#include "tests/gateways/webhook/webhook_server.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <barrier>
#include <cstdlib>
#include <sstream>
#include <thread>

namespace tt::gateway::test {
namespace {

using nlohmann::json;

constexpr const char* secret = "swordfish-swordfish";

/// How many posts; the small size unless the environment says otherwise.
std::size_t size_of_battery() {
  const char* asked = std::getenv("TT_WEBHOOK_BATTERY");
  return asked != nullptr ? static_cast<std::size_t>(std::atol(asked)) : 600;
}

std::string with_secret(const std::string& rest) { return R"({"secret":")" + std::string(secret) + R"(",)" + rest + "}"; }

json body_of(const http_reply& got) { return json::parse(got.body, nullptr, false); }

TEST(webhook_battery, each_kind_of_bad_post_has_its_answer) {
  webhook_server server{{.secret = secret}};
  ASSERT_NE(server.http, 0);
  EXPECT_EQ(server.post(R"({"action":"buy","symbol":"AAPL","qty":1})").status, 401);
  EXPECT_EQ(server.post(R"({"secret":"wrong","action":"buy","symbol":"AAPL","qty":1})").status, 401);
  EXPECT_EQ(http_line{server.http}.ask("POST", "/webhook/tradingview?secret=swordfish-swordfish", "buy AAPL 1").status, 401) << "not from the URL";
  EXPECT_EQ(http_line{server.http}.ask("POST", "/webhook/tradingview/00000000000000000000000000000000", with_secret(R"("action":"buy")")).status, 401);
  EXPECT_EQ(server.post("buy AAPL 1", "X-Webhook-Secret: wrong\r\n").status, 401);
  EXPECT_EQ(server.post(std::string(16 * 1024 + 1, 'x')).status, 413);
  EXPECT_EQ(server.post("buy \xC3\x28", "X-Webhook-Secret: swordfish-swordfish\r\n").status, 400);
  EXPECT_EQ(server.post("{\"action\":", "X-Webhook-Secret: swordfish-swordfish\r\n").status, 400);
  EXPECT_EQ(server.post("", "X-Webhook-Secret: swordfish-swordfish\r\n").status, 400);
  EXPECT_EQ(server.post(with_secret(R"("action":"buy")"), "Content-Type: multipart/form-data\r\n").status, 415);
  EXPECT_EQ(server.post(with_secret(R"("action":"buy")"), "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(http_line{server.http}.ask("GET", "/webhook/tradingview").status, 405);
  const auto old = server.post(with_secret(R"("action":"buy","symbol":"AAPL","qty":1,"timenow":"2024-01-15T14:30:00Z")"));
  EXPECT_EQ(old.status, 200) << "sending it again would not help";
  EXPECT_EQ(body_of(old).value("reason", ""), "stale");
  server.wait();
  EXPECT_EQ(server.desk->orders_made(), 0U);
  EXPECT_EQ(server.events().size(), 1U) << "nothing that was not authenticated is kept";
  const auto good = server.post(with_secret(R"("action":"buy","symbol":"AAPL","qty":1)"));
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(body_of(good).value("decision", ""), "queued");
  server.wait();
  EXPECT_EQ(server.desk->orders_made(), 1U);
}

TEST(webhook_battery, the_address_is_the_socket_s) {
  const std::string body = R"({"action":"buy","symbol":"AAPL","qty":1,"secret":"swordfish-swordfish"})";
  const std::string forged = "X-Forwarded-For: 52.89.214.238\r\n";
  {
    webhook_server server{{.secret = secret, .ip_allow = {"tradingview"}}};
    EXPECT_EQ(server.post(body).status, 401);
    EXPECT_EQ(server.post(body, forged).status, 401) << "nobody is believed who is not named";
    EXPECT_EQ(server.post(body, "Forwarded: for=52.89.214.238\r\n").status, 401);
    server.wait();
    EXPECT_EQ(server.desk->orders_made(), 0U);
  }
  {
    webhook_server server{{.secret = secret, .ip_allow = {"tradingview"}, .trusted_proxies = {"127.0.0.1"}}};
    EXPECT_EQ(server.post(body, "X-Forwarded-For: 52.89.214.238, 203.0.113.9\r\n").status, 401) << "the right-most hop counts";
    EXPECT_EQ(server.post(body, forged).status, 200);
  }
  {
    webhook_server server; // no secret: loopback may, but not through a proxy that nobody named
    EXPECT_EQ(server.post("buy AAPL 1", forged).status, 401);
    EXPECT_EQ(server.post("buy AAPL 1").status, 200);
  }
}

TEST(webhook_battery, a_hundred_copies_at_once_make_one_order) {
  webhook_server server{{.secret = secret}};
  constexpr int copies = 100;
  std::barrier start{copies};
  std::atomic<int> accepted{0}, first{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < copies; ++i)
    senders.emplace_back([&] {
      http_line line{server.http};
      start.arrive_and_wait();
      const auto got = line.ask("POST", "/webhook/tradingview", with_secret(R"("id":"same","action":"buy","symbol":"AAPL","qty":1)"));
      if (got.status == 200) ++accepted;
      if (!body_of(got).value("duplicate", true)) ++first;
    });
  for (auto& one : senders) one.join();
  server.wait();
  EXPECT_EQ(accepted, copies);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(server.desk->orders_made(), 1U);
}

TEST(webhook_battery, refused_posts_make_no_order_and_hold_up_nobody) {
  webhook_server server{{.secret = secret}};
  // sockets that send half a head and nothing more
  std::vector<std::unique_ptr<http_line>> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(std::make_unique<http_line>(server.http));
    ASSERT_TRUE(slow.back()->put("POST /webhook/tradingview HTTP/1.1\r\nHost: loc"));
  }
  const auto posts = size_of_battery();
  constexpr std::size_t threads = 8;
  std::atomic<std::size_t> good{0}, wrong_answers{0};
  std::vector<std::thread> senders;
  for (std::size_t t = 0; t < threads; ++t)
    senders.emplace_back([&, t] {
      http_line line{server.http};
      for (std::size_t i = t; i < posts; i += threads) {
        const auto id = std::to_string(i / 6);
        int expected = 200;
        http_reply got;
        switch (i % 6) {
        case 0:
        case 1: // every good alert is sent twice
          got = line.ask("POST", "/webhook/tradingview", with_secret(R"("id":")" + id + R"(","action":"buy","symbol":"AAPL","qty":1)"));
          if (got.status == 200) ++good;
          break;
        case 2:
          got = line.ask("POST", "/webhook/tradingview", R"({"secret":"no","id":"x)" + id + R"(","action":"buy","symbol":"AAPL","qty":1})");
          expected = 401;
          break;
        case 3:
          got = line.ask("POST", "/webhook/tradingview", with_secret(R"("id":"old)" + id + R"(","action":"buy","symbol":"AAPL","qty":1,"timenow":1700000000)"));
          break;
        case 4:
          got = line.ask("POST", "/webhook/tradingview", "\xFF\xFE buy", "X-Webhook-Secret: swordfish-swordfish\r\n");
          expected = 400;
          break;
        case 5:
          got = line.ask("POST", "/webhook/tradingview", "buy AAPL 1", "X-Webhook-Secret: guess" + id + "\r\n");
          expected = 401;
          break;
        }
        if (got.status != expected) ++wrong_answers;
      }
    });
  for (auto& one : senders) one.join();
  server.wait();
  EXPECT_EQ(wrong_answers, 0U);
  EXPECT_EQ(server.desk->orders_made(), (posts + 5) / 6) << "one per id, none from the others";
  EXPECT_GT(good, 0U);
}

TEST(webhook_battery, secrets_are_in_no_log_and_no_answer) {
  std::ostringstream log;
  const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  spdlog::set_level(spdlog::level::trace);
  std::string answers, token;
  {
    webhook_server server{{.secret = secret}};
    webhook::profile_change change;
    change.name = "with a token";
    change.account = account_id{"paper_simulator"};
    change.body_secret = secret;
    change.hmac_key = "the-key-of-the-macs-0123";
    const auto made = server.ask<webhook::new_profile>([&](auto done) { server.port->create(change, done); });
    ASSERT_TRUE(made);
    token = made->path_token;
    for (const auto& body : {with_secret(R"("action":"buy","symbol":"AAPL","qty":1,"comment":"swordfish-swordfish")"), std::string("{broken swordfish-swordfish")})
      for (const auto& target : {std::string("/webhook/tradingview"), "/webhook/tradingview/" + token}) {
        const auto got = http_line{server.http}.ask("POST", target, body, "X-Webhook-Secret: swordfish-swordfish\r\n");
        answers += got.head + got.body;
      }
    server.wait();
    answers += http_line{server.http}.ask("GET", "/api/v1/webhooks/events").body;
    EXPECT_NE(answers.find("\"events\""), std::string::npos);
  }
  spdlog::set_default_logger(before);
  for (const auto& text : {answers, log.str()}) {
    EXPECT_EQ(text.find("swordfish"), std::string::npos) << text;
    EXPECT_EQ(text.find(token), std::string::npos) << text;
    EXPECT_EQ(text.find("the-key-of-the-macs"), std::string::npos) << text;
  }
}

TEST(webhook_routes, paper_alerts_reach_paper_accounts_only) {
  webhook_server server{{.secret = secret}};
  const auto post = [&](const std::string& body) { return http_line{server.http}.ask("POST", "/api/paper-trading/alerts", body); };
  EXPECT_EQ(post(R"({"action":"buy","symbol":"AAPL","qty":1})").status, 200) << "the caller is known: no secret of a profile is asked for";
  EXPECT_EQ(post(R"({"action":"buy","symbol":"AAPL","qty":2,"account":"real"})").status, 404);
  EXPECT_EQ(post(R"({"action":"buy","symbol":"AAPL","qty":2,"account":"none"})").status, 404);
  server.wait();
  const auto placed = server.desk->placed();
  ASSERT_EQ(placed.size(), 1U);
  EXPECT_EQ(placed[0].request.account.str(), "paper_simulator");
}

TEST(webhook_routes, paper_alerts_follow_the_switch_of_paper_trading) {
  webhook_server server{{.secret = secret, .paper_trading = feature::disabled}};
  const auto said = http_line{server.http}.ask("POST", "/api/paper-trading/alerts", R"({"action":"buy","symbol":"AAPL","qty":1})");
  EXPECT_EQ(said.status, 403);
  EXPECT_NE(said.body.find("feature.disabled"), std::string::npos) << said.body;
  server.wait();
  EXPECT_TRUE(server.desk->placed().empty());
}

TEST(webhook_routes, limits_events_and_rights) {
  webhook_server server;
  const auto limits = http_line{server.http}.ask("GET", "/webhook/test");
  EXPECT_EQ(limits.status, 200);
  EXPECT_EQ(body_of(limits)["limits"]["body_bytes"], 16384);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server.post("note " + std::to_string(i)).status, 200);
  EXPECT_EQ(server.post("buy NOSUCH 1").status, 200);
  const auto page = body_of(http_line{server.http}.ask("GET", "/api/v1/webhooks/events?limit=2"));
  ASSERT_EQ(page["events"].size(), 2U);
  EXPECT_EQ(page["events"][0]["reason"], "unknown_symbol");
  EXPECT_EQ(page["next_cursor"], "3");
  const auto rest = body_of(http_line{server.http}.ask("GET", "/api/v1/webhooks/events?limit=5&cursor=3"));
  EXPECT_EQ(rest["events"].size(), 2U);
  EXPECT_TRUE(rest["next_cursor"].is_null());
  EXPECT_EQ(body_of(http_line{server.http}.ask("GET", "/api/v1/webhooks/events?decision=refused"))["events"].size(), 1U);
  EXPECT_EQ(http_line{server.http}.ask("GET", "/api/v1/webhooks/events?decision=maybe").status, 400);
  EXPECT_EQ(http_line{server.http}.ask("GET", "/api/v1/webhooks").status, 403) << "profiles are for admins";
  EXPECT_EQ(http_line{server.http}.ask("POST", "/api/v1/webhooks", "{}", "Content-Type: application/json\r\n").status, 403);
}

TEST(webhook_json, a_rule_that_is_null_is_none) {
  const auto root = parse_json(R"({"name":"n","account_id":"paper_simulator","strategy_id":null,"rules":{"body_secret":"swordfish-swordfish","hmac_key":null}})");
  ASSERT_TRUE(root);
  object_reader body{*root};
  const auto change = read_profile_change(body, *root);
  const auto wrong = body.finish(unknown_fields::refuse);
  EXPECT_FALSE(wrong) << wrong->detail;
  EXPECT_EQ(change.hmac_key, "");
  EXPECT_EQ(change.body_secret, "swordfish-swordfish");
}

TEST(webhook_routes, a_restart_keeps_what_was_sent) {
  const tt::test::temporary_folder folder;
  const std::string body = R"({"id":"kept","action":"buy","symbol":"AAPL","qty":1})";
  std::uint64_t first = 0;
  {
    webhook_server server{{}, folder.path()};
    const auto got = body_of(server.post(body));
    first = got["event_id"];
    server.wait();
    EXPECT_EQ(server.desk->orders_made(), 1U);
  }
  webhook_server server{{}, folder.path()};
  const auto again = body_of(server.post(body));
  EXPECT_EQ(again["event_id"], first);
  EXPECT_EQ(again["duplicate"], true);
}

} // namespace
} // namespace tt::gateway::test
