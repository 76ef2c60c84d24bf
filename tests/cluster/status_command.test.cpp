// `tt cluster status` where an identity is required.

#include "cluster/commands.hpp"
#include "tests/cluster/scripted_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tt::cluster::test {
namespace {

TEST(cluster_status, says_who_asks) {
  scripted_server gateway([](const std::string& line, const std::string&) {
    return line == "GET /api/v1/cluster" ? scripted_reply{200, R"({"mode":"standalone","node":"alpha"})"} : scripted_reply{404, ""};
  });
  unsetenv("TT_TOKEN");
  EXPECT_EQ(run_cluster_status({.url = gateway.url(), .token = "abc"}), 0);
  EXPECT_EQ(gateway.authorization(), "Bearer abc");
  EXPECT_EQ(run_cluster_status({.url = gateway.url(), .token = ""}), 0);
  EXPECT_EQ(gateway.authorization(), "");
  setenv("TT_TOKEN", "from-outside", 1);
  EXPECT_EQ(run_cluster_status({.url = gateway.url(), .token = ""}), 0);
  EXPECT_EQ(gateway.authorization(), "Bearer from-outside");
  EXPECT_EQ(run_cluster_status({.url = gateway.url(), .token = "abc"}), 0);
  EXPECT_EQ(gateway.authorization(), "Bearer abc");
  unsetenv("TT_TOKEN");
}

TEST(cluster_status, a_gateway_that_wants_a_name_is_a_failure) {
  scripted_server gateway([](const std::string&, const std::string&) { return scripted_reply{401, "{}"}; });
  EXPECT_EQ(run_cluster_status({.url = gateway.url(), .token = "wrong"}), 1);
}

TEST(cluster_status, shows_what_the_buses_turned_away_and_lost) {
  scripted_server gateway([](const std::string&, const std::string&) {
    return scripted_reply{200, R"({"mode":"cluster","node":"alpha","nodes":[
      {"name":"alpha","state":"up","since":"x","roles":["feed"],"answered":true,"symbols":1,"feeds":[],"leases":[],"links":[],"exported_actors":2,
       "topic_gaps":0,"rss_bytes":0,"lag_us":0,"refused_peers":7,"refused_messages":11,"lost_messages":12,"excess_messages":13,
       "undecodable_messages":14,"stalls":15},
      {"name":"old","state":"up","since":"x","roles":[],"answered":true,"symbols":1,"feeds":[],"leases":[],"links":[],"exported_actors":2,
       "topic_gaps":0,"rss_bytes":0,"lag_us":0,"refused_peers":8},
      {"name":"away","state":"lost","since":"x","roles":[],"answered":false}]})"};
  });
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run_cluster_status({.url = gateway.url(), .token = ""}), 0);
  const auto text = ::testing::internal::GetCapturedStdout();
  EXPECT_NE(text.find("NODE   REFUSED PEERS  REFUSED  LOST  EXCESS  UNDECODABLE  STALLS\n"
                      "alpha  7              11       12    13      14           15\n"
                      "old    8              -        -     -       -            -\n"),
            std::string::npos)
    << text;
}

} // namespace
} // namespace tt::cluster::test
