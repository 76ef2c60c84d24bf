#pragma once

// A node without a room, inside the test process: actor system and bus.

#include "bus/errc.hpp"
#include "bus/node.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/codec_types.hpp"

#include <caf/actor_system.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster::test {

struct bare_node {
  /// `prepare` may add to the configuration before the actor system is made.
  explicit bare_node(const std::string& name, const std::vector<bus::peer_address>& peers,
                     const std::function<void(caf::actor_system_config&)>& prepare = {})
      : config(2) {
    bus::config settings;
    settings.name = name;
    settings.security = bus::security::plain;
    settings.peers = peers;
    settings.log = [](bus::log_level, std::string_view) {};
    bus::node::attach(config, settings, project_types());
    if (prepare) prepare(config);
    system = std::make_unique<caf::actor_system>(config);
    bus = &bus::node::of(*system);
    const auto failed = bus->start();
    EXPECT_FALSE(failed) << bus::text_of(failed);
  }

  actor_config config;
  std::unique_ptr<caf::actor_system> system;
  bus::node* bus = nullptr;
};

} // namespace tt::cluster::test
