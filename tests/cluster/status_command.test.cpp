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

} // namespace
} // namespace tt::cluster::test
