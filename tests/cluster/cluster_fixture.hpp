#pragma once

// Several nodes of one cluster inside the test process, linked over loopback.

#include "bus/keys/keys.hpp"
#include "tests/cluster/node_fixture.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <memory>

namespace tt::cluster::test {

using json = nlohmann::json;

/// A folder for everything, and nodes by name.
class cluster_test : public ::testing::Test {
public:
  /// Repeats a request until its answer is accepted; each round is a real request,
  /// so the loop waits for the nodes and not for a clock.
  static http_answer ask_until(std::uint16_t port, const std::string& target, const std::function<bool(const http_answer&)>& accept) {
    http_answer last;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (std::chrono::steady_clock::now() < give_up)
      if (last = http_get(port, target); accept(last)) return last;
    ADD_FAILURE() << target << " never came; last: " << last.status << " " << last.body.substr(0, 600);
    return last;
  }

protected:
  /// The configuration of a node; the first one that is started is everybody's seed.
  node_config config_of(const std::string& name, std::set<role> roles) {
    auto out = basic_config(folder);
    out.node_id = name;
    out.data_dir = folder.path("data-" + name);
    out.feeds = feeds;
    cluster_config cluster;
    cluster.control = "tcp://127.0.0.1:0";
    cluster.topics = "tcp://127.0.0.1:0";
    cluster.security = security;
    if (security == link_security::curve) {
      cluster.key_file = folder.path(name + ".key");
      cluster.allow_file = folder.path("allow");
    }
    if (!seed.empty()) cluster.seeds = {{seed, nodes.at(seed)->control_endpoint()}};
    cluster.roles = std::move(roles);
    cluster.lease_ttl = std::chrono::milliseconds{1000};
    cluster.database_url = database_url;
    cluster.on_isolation = on_isolation;
    out.cluster = cluster;
    return out;
  }

  node& start(const std::string& name, std::set<role> roles) {
    auto started = node::start(config_of(name, std::move(roles)), wall);
    EXPECT_TRUE(started) << to_string(started.error());
    auto& slot = nodes[name];
    slot = std::move(*started);
    if (seed.empty()) seed = name;
    return *slot;
  }

  void TearDown() override {
    // the keeper of the leases last
    for (auto& [name, running] : nodes)
      if (name != seed) running.reset();
    nodes.clear();
  }

  /// Writes key files and the allow list.
  void make_keys(const std::vector<std::string>& names) {
    security = link_security::curve;
    std::ofstream list(folder.path("allow"));
    for (const auto& name : names) {
      const auto key = *bus::keys::make(name);
      ASSERT_TRUE(bus::keys::save(folder.path(name + ".key"), key));
      list << bus::keys::allow_list::line({bus::keys::kind::node, name, key.public_key});
    }
  }

  /// The body as JSON; an empty object where it is none.
  static json json_of(const http_answer& answer) {
    auto out = json::parse(answer.body, nullptr, false);
    return out.is_object() ? out : json::object();
  }

  temporary_folder folder;
  std::vector<feed_config> feeds;
  link_security security = link_security::plain;
  isolation_policy on_isolation = isolation_policy::block;
  std::string seed, database_url;
  std::map<std::string, std::unique_ptr<node>> nodes;
};

} // namespace tt::cluster::test
