// This header file defines the CAF module of the bus. CAF 0.17 forward-declares
// `caf::net::middleman`, makes it a friend of `actor_system` and never defines
// it: that is the hook. Only a friend can set the system's node id, and without
// a node id all handles look local.
//
// Private to the bus: include `bus/node.hpp`.
#pragma once

#include "bus/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>

namespace bus {
class node;
namespace codec {
class type_table;
}
} // namespace bus

namespace caf::net {

class middleman final : public actor_system::module {
public:
  middleman(actor_system& system, bus::config cfg, std::shared_ptr<const bus::codec::type_table> types);
  ~middleman() override;

  void start() override;
  void stop() override;
  void init(actor_system_config&) override;
  id_t id() const override { return network_manager; }
  void* subtype_ptr() override { return this; }

  bus::node& node() noexcept { return *node_; }

private:
  actor_system& system_;
  bus::config cfg_;
  std::shared_ptr<const bus::codec::type_table> types_;
  std::unique_ptr<bus::node> node_;
};

} // namespace caf::net
