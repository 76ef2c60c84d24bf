#include "cluster/backtest/crew_host.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <set>
#include <utility>

namespace tt::cluster {

std::shared_ptr<crew_host> crew_host::attach(caf::actor_system_config& system) {
  auto host = std::make_shared<crew_host>();
  system.add_actor_factory(crew_type, [host](caf::actor_config&, caf::message& arguments) {
    return caf::actor_factory_result{host->make(arguments), std::set<std::string>{}};
  });
  return host;
}

void crew_host::open(caf::actor_system& system, const backtest::crew_options& options) {
  auto own = std::make_shared<backtest::crew_options>(options);
  own->without_coordinator = backtest::orphaned_crew::ends;
  const std::lock_guard lock(mutex_);
  system_ = &system;
  options_ = std::move(own);
}

void crew_host::close() {
  const std::lock_guard lock(mutex_);
  if (crew_) caf::anon_send_exit(crew_, caf::exit_reason::user_shutdown);
  crew_ = nullptr;
  options_.reset();
  system_ = nullptr;
}

caf::strong_actor_ptr crew_host::make(const caf::message& arguments) {
  if (!arguments.match_elements<caf::actor>()) return nullptr;
  const auto coordinator = arguments.get_as<caf::actor>(0);
  const std::lock_guard lock(mutex_);
  if (!system_ || !coordinator) return nullptr;
  if (crew_) caf::anon_send_exit(crew_, caf::exit_reason::user_shutdown);
  crew_ = system_->spawn(backtest::crew_actor, options_);
  caf::anon_send(crew_, backtest::coordinator_change{coordinator});
  return caf::actor_cast<caf::strong_actor_ptr>(crew_);
}

} // namespace tt::cluster
