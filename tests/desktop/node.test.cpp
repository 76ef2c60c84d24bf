// Supervision of the node in virtual time, rates, addresses.
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/rate_limit.hpp"
#include "ui-bridge/desktop/http/http_client.hpp"
#include "ui-bridge/desktop/node/supervised_node.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace tt::desktop {
namespace {

using namespace std::chrono_literals;

struct scripted_host : node_host {
  result<void> next_launch;
  int launches = 0, changes = 0;
  std::vector<int> signals;
  std::vector<std::pair<std::string, std::uint64_t>> asked;
  result<void> launch_node() override { return ++launches, next_launch; }
  void signal_node(int number) override { signals.push_back(number); }
  void ask_ready(const std::string& origin, std::uint64_t launch) override { asked.emplace_back(origin, launch); }
  void on_node_changed() override { ++changes; }
};

struct node_fixture : testing::Test {
  scripted_host host;
  supervised_node node{host};
  monotonic_time now{};

  void to_ready() {
    node.start(now);
    node.on_output("TraderTerminal 0.1.0 is running: http://localhost:19700\n");
    node.on_time(now);
    node.on_ready_answer(host.asked.back().second, true, now);
  }
};

TEST_F(node_fixture, is_ready_when_its_gateway_says_so) {
  node.start(now);
  EXPECT_EQ(node.state(), node_state::starting);
  node.on_time(now);
  EXPECT_TRUE(host.asked.empty()) << "its address is not known yet";
  node.on_output("log line\nTraderTerminal 0.1.0 is run");
  node.on_output("ning: http://localhost:19700\n");
  EXPECT_EQ(node.origin(), "http://localhost:19700");
  node.on_time(now);
  node.on_time(now);
  ASSERT_EQ(host.asked.size(), 1U) << "one question at a time";
  node.on_ready_answer(host.asked.back().second, false, now);
  EXPECT_EQ(node.state(), node_state::starting);
  EXPECT_EQ(node.due(), now + ready_poll);
  node.on_time(now + ready_poll - 1ms);
  EXPECT_EQ(host.asked.size(), 1U);
  node.on_time(now + ready_poll);
  ASSERT_EQ(host.asked.size(), 2U);
  node.on_ready_answer(host.asked.back().second, true, now);
  EXPECT_EQ(node.state(), node_state::ready);
  EXPECT_FALSE(node.due());
}

TEST_F(node_fixture, that_crashes_is_told_with_its_last_words) {
  to_ready();
  node.on_output("fatal: out of luck");
  node.on_end("ended by signal 11 (Segmentation fault)", now);
  EXPECT_EQ(node.state(), node_state::ended);
  EXPECT_EQ(node.reason(), "ended by signal 11 (Segmentation fault)");
  EXPECT_EQ(node.log().back(), "fatal: out of luck");
}

TEST_F(node_fixture, that_is_stopped_has_no_reason_and_is_killed_when_it_does_not_go) {
  to_ready();
  node.stop(now);
  EXPECT_EQ(host.signals, std::vector<int>{SIGTERM});
  node.on_time(now + end_deadline - 1ms);
  EXPECT_EQ(host.signals.size(), 1U);
  node.on_time(now + end_deadline);
  node.on_time(now + end_deadline + 1h);
  EXPECT_EQ(host.signals, (std::vector<int>{SIGTERM, SIGKILL}));
  node.on_end("ended by signal 9", now);
  EXPECT_EQ(node.state(), node_state::ended);
  EXPECT_EQ(node.reason(), "");
}

TEST_F(node_fixture, restarts_after_its_end_and_ignores_the_old_ones_answers) {
  to_ready();
  const auto old = host.asked.back().second;
  ASSERT_TRUE(node.restart(now));
  EXPECT_EQ(node.state(), node_state::stopping);
  EXPECT_EQ(host.launches, 1) << "the old one is still there";
  EXPECT_EQ(node.restart(now).error().code, errc::conflict);
  node.on_end("ended with 0", now);
  EXPECT_EQ(host.launches, 2);
  EXPECT_EQ(node.state(), node_state::starting);
  EXPECT_EQ(node.origin(), "");
  node.on_ready_answer(old, true, now);
  EXPECT_EQ(node.state(), node_state::starting);
}

TEST_F(node_fixture, is_not_restarted_without_end) {
  node.start(now);
  for (int i = 0; i < max_restarts_per_minute; ++i) {
    node.on_end("ended with 1", now);
    ASSERT_TRUE(node.restart(now));
  }
  node.on_end("ended with 1", now);
  EXPECT_EQ(node.restart(now).error().code, errc::limit_exceeded);
  EXPECT_EQ(node.state(), node_state::ended);
  EXPECT_TRUE(node.restart(now + 1min));
}

TEST_F(node_fixture, that_stops_for_good_is_not_started_again) {
  to_ready();
  ASSERT_TRUE(node.restart(now));
  node.stop(now);
  node.on_end("ended with 0", now);
  EXPECT_EQ(host.launches, 1);
  EXPECT_EQ(node.state(), node_state::ended);
}

TEST_F(node_fixture, that_cannot_be_launched_says_why) {
  host.next_launch = error{errc::not_found, "can't start it", "/nowhere/tt"};
  node.start(now);
  EXPECT_EQ(node.state(), node_state::ended);
  EXPECT_EQ(node.reason(), "/nowhere/tt: can't start it");
}

TEST_F(node_fixture, keeps_few_and_short_lines) {
  node.start(now);
  for (int i = 0; i < 1000; ++i) node.on_output(std::string(10'000, 'x') + "\n");
  EXPECT_EQ(node.log().size(), max_log_lines);
  EXPECT_EQ(node.log().back().size(), max_log_line_bytes);
}

TEST(node_address, stands_in_one_line_only) {
  EXPECT_EQ(address_in("TraderTerminal 0.1.0 is running: http://localhost:8080"), "http://localhost:8080");
  EXPECT_EQ(address_in("TraderTerminal 0.1.0 is running: tcp://host:1"), std::nullopt);
  EXPECT_EQ(address_in("x TraderTerminal 0.1.0 is running: http://evil"), std::nullopt);
  EXPECT_EQ(address_in(""), std::nullopt);
}

TEST(rates, count_any_stretch_of_time) {
  rate_limit limit{2, 1000ms};
  monotonic_time now{};
  EXPECT_TRUE(limit.take(now));
  EXPECT_TRUE(limit.take(now + 900ms));
  EXPECT_FALSE(limit.take(now + 999ms));
  EXPECT_TRUE(limit.take(now + 1000ms));
  EXPECT_FALSE(limit.take(now + 1899ms));
  EXPECT_TRUE(limit.take(now + 1900ms));
}

TEST(gateway_addresses, are_origins) {
  EXPECT_EQ(gateway_origin("http://localhost:8080").value_or(""), "http://localhost:8080");
  EXPECT_EQ(gateway_origin("localhost:8080").value_or(""), "http://localhost:8080");
  EXPECT_EQ(gateway_origin("https://Trader.example:443/").value_or(""), "https://trader.example");
  EXPECT_EQ(gateway_origin("http://[::1]:8080").value_or(""), "http://[::1]:8080");
  for (const auto* bad : {"", "ftp://host", "javascript:alert(1)", "http://", "http://user@host", "http://u:p@host", "http://host/path", "http://host?q", "http://host#f",
                          "http://host:99999", "http://ho st", "http://host\\evil", "--headless", "http://host;x", "http://b\xc3\xbcro"})
    EXPECT_FALSE(gateway_origin(bad)) << bad;
}

TEST(gateway_addresses, of_this_machine_are_known) {
  for (const auto* yes : {"http://localhost:8080", "http://127.0.0.1", "https://127.1.2.3:1", "http://[::1]:8080", "http://[::1]"}) EXPECT_TRUE(is_loopback(yes)) << yes;
  for (const auto* no : {"", "localhost", "http://localhost.evil", "http://127.evil", "http://[::2]", "http://[::1].evil", "http://10.0.0.1"}) EXPECT_FALSE(is_loopback(no)) << no;
}

TEST(gateway_tokens, do_not_leave_the_machine_in_the_clear) {
  http_client http;
  result<http_reply> got = http_reply{};
  http.send({"http://trader.example/api", "{}", "tt_secret", 1000ms}, [&got](const result<http_reply>& done) { got = done; });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::refused);
}

} // namespace
} // namespace tt::desktop
