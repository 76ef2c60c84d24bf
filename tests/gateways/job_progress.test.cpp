// Progress sockets and stream channels of jobs, behind the real HTTP server.

#include <gtest/gtest.h>

#include "gateways/gateway.hpp"
#include "gateways/jobs/job_channels.hpp"
#include "gateways/stream/stream_service.hpp"
#include "tests/gateways/stream_client.hpp"
#include "tests/gateways/support/scripted_jobs.hpp"
#include "tests/gateways/support/scripted_market.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace tt::gateway::stream::test {
namespace {

using namespace std::chrono_literals;
using ::tt::gateway::test::scripted_jobs;
using ::tt::gateway::test::scripted_market;
using backtest::job_kind;
using backtest::job_state;

/// A client of a progress socket: messages have no numbers there.
class progress_client : public socket_client {
public:
  using socket_client::socket_client;
  json next() { return json::parse(read_text()); }
};

class job_progress : public ::testing::Test {
protected:
  void start() {
    config.host = "127.0.0.1";
    config.port = 0;
    channels.emplace(jobs, service, [] { return test_wall; });
    server.emplace(config, market, [] { return test_wall; }, &service);
    server->serve_jobs(jobs);
    const auto bound = server->start();
    ASSERT_TRUE(bound) << to_string(bound.error());
    port = *bound;
  }
  ~job_progress() override {
    if (server) server->stop();
    channels.reset();
  }
  unsigned handshake(const std::string& target, const std::string& origin = "") {
    try {
      const progress_client client{port, target, "", 0, origin};
      return client.response.result_int();
    } catch (const boost::system::system_error& failed) {
      EXPECT_EQ(failed.code(), websocket::error::upgrade_declined);
      return 0;
    }
  }

  scripted_market market;
  scripted_jobs jobs;
  gateway_config config;
  stream_service service{market};
  std::optional<job_channels> channels;
  std::optional<gateway> server;
  std::uint16_t port = 0;
};

TEST_F(job_progress, from_the_first_word_to_the_last) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 10);
  jobs.set(job);
  start();
  progress_client client{port, "/api/backtest/bt-1/progress"};
  auto first = client.next();
  EXPECT_EQ(first, json::parse(R"({"type":"progress","backtest_id":"bt-1","status":"running","progress":10,"stage":"running"})"));
  job.progress = 60;
  job.symbol = "AAPL";
  jobs.set(job);
  const auto second = client.next();
  EXPECT_EQ(second["progress"], 60);
  EXPECT_EQ(second["symbol"], "AAPL");
  job.state = job_state::failed;
  job.stage = "failed";
  job.error_message = "line 3";
  jobs.set(job);
  const auto last = client.next();
  EXPECT_EQ(last["type"], "completed");
  EXPECT_EQ(last["status"], "failed");
  EXPECT_EQ(last["error_message"], "line 3");
  EXPECT_EQ(client.read_close(), 1000);
}

TEST_F(job_progress, a_finished_job_is_told_at_once) {
  auto job = scripted_jobs::running(job_kind::study, "st-1", 100);
  job.state = job_state::completed;
  job.trials_done = job.trials_total = 4;
  jobs.set(job);
  start();
  progress_client client{port, "/api/optimize/st-1/progress?case=camel"};
  const auto last = client.next();
  EXPECT_EQ(last["type"], "completed");
  EXPECT_EQ(last["studyId"], "st-1");
  EXPECT_EQ(last["trialsDone"], 4);
  EXPECT_TRUE(last["errorMessage"].is_null());
  EXPECT_EQ(client.read_close(), 1000);
}

TEST_F(job_progress, an_unknown_id_is_an_error_and_then_4404) {
  jobs.set(scripted_jobs::running(job_kind::backtest, "bt-1", 1));
  start();
  for (const std::string target : {"/api/backtest/nope/progress", "/api/optimize/bt-1/progress"}) {
    progress_client client{port, target};
    const auto said = client.next();
    EXPECT_EQ(said["type"], "error");
    EXPECT_TRUE(said["message"].is_string());
    EXPECT_EQ(client.read_close(), 4404);
  }
}

TEST_F(job_progress, ten_messages_a_second_and_the_newest_wins) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 0);
  jobs.set(job);
  start();
  progress_client client{port, "/api/backtest/bt-1/progress"};
  EXPECT_EQ(client.next()["progress"], 0);
  const auto began = std::chrono::steady_clock::now();
  std::thread news([&] {
    for (int i = 1; i <= 2'000; ++i) {
      job.progress = i / 20.0;
      jobs.set(job);
      std::this_thread::yield();
    }
  });
  double last = 0;
  int messages = 0;
  while (last < 100) {
    const double now = client.next()["progress"];
    EXPECT_GT(now, last);
    last = now;
    ++messages;
  }
  const auto took = std::chrono::steady_clock::now() - began;
  news.join();
  EXPECT_LE(messages, took / 100ms + 2);
}

TEST_F(job_progress, progress_never_falls) {
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 50);
  jobs.set(job);
  start();
  progress_client client{port, "/api/backtest/bt-1/progress"};
  EXPECT_EQ(client.next()["progress"], 50);
  job.progress = 20; // a coordinator that was started anew
  job.stage = "loading bars";
  jobs.set(job);
  const auto next = client.next();
  EXPECT_EQ(next["stage"], "loading bars");
  EXPECT_EQ(next["progress"], 50);
}

TEST_F(job_progress, without_news_the_state_is_told_every_five_seconds) {
  jobs.set(scripted_jobs::running(job_kind::backtest, "bt-1", 7));
  start();
  progress_client client{port, "/api/backtest/bt-1/progress"};
  const auto first = client.next();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(client.next(), first);
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GT(took, 4s);
  EXPECT_LT(took, 8s);
}

TEST_F(job_progress, the_same_door_rules_as_the_stream) {
  jobs.set(scripted_jobs::running(job_kind::backtest, "bt-1", 7));
  start();
  EXPECT_EQ(handshake("/api/backtest/bt-1/progress"), 101U);
  EXPECT_EQ(handshake("/api/backtest/bt-1/progress", "https://evil.example"), 0U);
  EXPECT_EQ(handshake("/api/backtest/bt-1/progress?token=tt_x"), 0U);
  std::vector<std::unique_ptr<progress_client>> clients;
  while (clients.size() < 10) {
    try {
      clients.push_back(std::make_unique<progress_client>(port, "/api/backtest/bt-1/progress"));
      clients.back()->next();
    } catch (const boost::system::system_error&) {
      // the place of the first handshake is not free yet
    }
  }
  EXPECT_EQ(handshake("/api/backtest/bt-1/progress"), 0U) << "ten of one address";
  EXPECT_EQ(handshake("/stream"), 101U) << "streams are counted for themselves";
}

TEST_F(job_progress, stopping_the_server_closes_the_sockets) {
  jobs.set(scripted_jobs::running(job_kind::backtest, "bt-1", 7));
  start();
  progress_client client{port, "/api/backtest/bt-1/progress"};
  client.next();
  std::thread stopping{[this] { server->stop(); }};
  EXPECT_EQ(client.read_close(), 1001);
  stopping.join();
  jobs.set(scripted_jobs::running(job_kind::backtest, "bt-1", 8)); // nobody is there any more
}

TEST_F(job_progress, the_stream_carries_every_change_in_order_and_again) {
  start();
  socket_client client{port};
  client.say({{"action", "subscribe"}, {"channels", {"backtest", "optimize"}}});
  EXPECT_EQ(client.read()["rejected"], json::array());
  const auto snapshot = client.read_until([](const json& m) { return m["channel"] == "backtest"; });
  EXPECT_EQ(snapshot["snapshot"], true);
  EXPECT_EQ(snapshot["data"]["backtests"], json::array());
  auto job = scripted_jobs::running(job_kind::backtest, "bt-1", 1);
  jobs.set(job);
  job.state = job_state::completed;
  job.progress = 100;
  jobs.set(job);
  jobs.set(scripted_jobs::running(job_kind::study, "st-1", 5));
  const auto of = [&](const std::string& channel) {
    return client.read_until([&](const json& m) { return m["channel"] == channel && !m.contains("snapshot"); });
  };
  const auto one = of("backtest");
  EXPECT_EQ(one["type"], "progress");
  EXPECT_EQ(one["data"]["backtest_id"], "bt-1");
  const auto two = of("backtest");
  EXPECT_EQ(two["data"]["status"], "completed");
  EXPECT_EQ(two["tseq"], one["tseq"].get<int>() + 1);
  EXPECT_EQ(of("optimize")["data"]["study_id"], "st-1");
  client.say({{"action", "resume"}, {"channel", "backtest"}, {"epoch", two["epoch"]}, {"after", one["tseq"]}});
  EXPECT_EQ(of("backtest")["data"]["status"], "completed");
}

TEST_F(job_progress, a_node_without_backtests_says_so) {
  config.backtesting = feature::disabled;
  start();
  EXPECT_EQ(handshake("/api/backtest/bt-1/progress"), 0U);
}

} // namespace
} // namespace tt::gateway::stream::test
