// The examples of gateways/webhook/README.md, each run as it is written there.

#include "tests/gateways/webhook/webhook_server.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <fstream>

namespace tt::gateway::test {
namespace {

struct example {
  std::string expected, command;
};

std::vector<example> examples() {
  std::ifstream in(TT_SOURCE_DIR "/gateways/webhook/README.md");
  std::vector<example> out;
  std::string line, expected;
  bool inside = false;
  while (std::getline(in, line)) {
    if (line.starts_with("```")) inside = line == "```sh";
    else if (inside && line.starts_with("# ")) expected = line.substr(2, line.find(':') - 2);
    else if (inside && !line.empty()) out.push_back({expected, line});
  }
  return out;
}

std::string run(const std::string& command) {
  std::string out;
  // bash for $'…'
  const std::string quoted = "bash -c \"$TT_EXAMPLE\"";
  setenv("TT_EXAMPLE", command.c_str(), 1);
  if (FILE* pipe = popen(quoted.c_str(), "r")) {
    std::array<char, 4096> buffer{};
    while (const auto n = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
    pclose(pipe);
  }
  return out;
}

TEST(webhook_examples, of_the_readme_do_what_it_says) {
  if (run("curl --version").empty()) GTEST_SKIP() << "there is no curl on this machine";
  webhook_server server;
  ASSERT_NE(server.http, 0);
  const auto all = examples();
  ASSERT_GE(all.size(), 14U);
  for (const auto& one : all) {
    auto command = one.command;
    const auto at = command.find("localhost:8080");
    ASSERT_NE(at, std::string::npos) << command;
    command.replace(at, 14, "127.0.0.1:" + std::to_string(server.http));
    const auto said = nlohmann::json::parse(run(command), nullptr, false);
    ASSERT_TRUE(said.is_object()) << command;
    EXPECT_EQ(said.value("status", ""), "received") << command << said.dump();
    EXPECT_EQ(said.value("decision", ""), one.expected) << command << said.dump();
    EXPECT_FALSE(said.value("duplicate", true)) << command;
  }
  server.wait();
  EXPECT_GE(server.desk->orders_made(), 6U);
}

} // namespace
} // namespace tt::gateway::test
