#include "bus/node.hpp"

#include "bus/proxy/core.hpp"
#include "bus/proxy/middleman.hpp"

#include <caf/atom.hpp>

#include <future>

namespace bus {

// -- topic_writer -------------------------------------------------------------

void topic_writer::publish(caf::message content) const {
  hub_->publish(*topic_, std::move(content));
}

// -- node ---------------------------------------------------------------------

void node::attach(caf::actor_system_config& system, config cfg,
                  std::shared_ptr<const codec::type_table> types) {
  if (!caf::get_if<caf::atom_value>(&system, "scheduler.policy"))
    system.set("scheduler.policy", caf::atom("sharing"));
  system.module_factories.push_back(
      [cfg = std::move(cfg), types = std::move(types)](caf::actor_system& sys) -> caf::actor_system::module* {
        return new caf::net::middleman(sys, cfg, types);
      });
}

node& node::of(caf::actor_system& system) {
  return system.network_manager().node();
}

node::node(caf::actor_system& system, config cfg, std::shared_ptr<const codec::type_table> types)
    : core_(std::make_unique<proxy::core>(system, std::move(cfg), std::move(types))) {}

node::~node() = default;

caf::error node::start() {
  return core_->start();
}
void node::stop() {
  core_->stop();
}

const std::string& node::name() const noexcept {
  return core_->configuration().name;
}
std::string node::control_endpoint() const {
  return core_->transport().self().control_endpoint;
}
std::string node::topics_endpoint() const {
  return core_->transport().self().topics_endpoint;
}

void node::connect(const std::string& peer, const std::string& endpoint, origin from) {
  if (!core_->is_running()) return;
  auto& t = core_->transport();
  t.post([&t, peer, endpoint, from, log = core_->configuration().log] {
    if (auto ok = t.connect(peer, endpoint, from); !ok) log(log_level::error, ok.error().text);
  });
}

void node::watch(const caf::actor& watcher) {
  core_->watch(watcher);
}
caf::error node::reload_allowed() {
  return core_->reload_allowed();
}

caf::error node::publish(const std::string& name, const caf::actor& actor) {
  return core_->publish(name, actor);
}
void node::withdraw(const std::string& name) {
  core_->withdraw(name);
}
caf::actor node::find(const std::string& name) const {
  return core_->find(name);
}
caf::actor node::agent(const std::string& peer) const {
  return core_->agent(peer);
}

topic_writer node::topic(std::string_view name) const {
  if (!core_->is_running()) return {};
  auto t = core_->hub().topic(name);
  if (!t) return {};
  return {core_->hub().shared_from_this(), std::move(t)};
}

bool node::subscribe(std::string_view topic, const caf::actor& subscriber, delivery how) {
  return core_->is_running() && core_->hub().subscribe(topic, subscriber, how);
}

void node::unsubscribe(std::string_view topic, const caf::actor& subscriber) {
  if (core_->is_running()) core_->hub().unsubscribe(topic, subscriber);
}

void node::watch_wanted(const caf::actor& watcher) {
  if (core_->is_running()) core_->hub().watch_wanted(watcher);
}

std::vector<std::string> node::wanted(const caf::actor& watcher) {
  return core_->is_running() ? core_->hub().wanted(watcher) : std::vector<std::string>{};
}

void node::request_snapshot(std::string_view topic) {
  if (core_->is_running()) core_->hub().request_snapshot(topic);
}

namespace {

link_info info_of(const link::link_report& r) {
  const auto& s = r.statistics;
  return {r.peer,
          r.endpoint,
          r.address,
          r.up,
          r.since_heard,
          s.round_trip,
          s.messages_in,
          s.messages_out,
          s.bytes_in,
          s.bytes_out,
          s.repeated_frames,
          s.duplicate_frames,
          s.times_up,
          s.redials,
          r.frames_in_flight,
          r.bytes_waiting};
}

// Runs `question` in the bus thread and waits; a default value if the node stops meanwhile.
template <class T, class F>
T ask(proxy::core& core, F question) {
  if (!core.is_running()) return T{};
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  core.transport().post([promise, question, &core] { promise->set_value(question(core.transport())); });
  promise.reset();
  try {
    return future.get();
  } catch (const std::future_error&) { // dropped: the node was stopped
    return T{};
  }
}

} // namespace

std::vector<link_info> node::links() const {
  auto reports = ask<std::vector<link::link_report>>(*core_, [](link::transport& t) { return t.report(); });
  std::vector<link_info> result;
  for (const auto& r : reports) result.push_back(info_of(r));
  return result;
}

node_info node::info() const {
  if (!core_->is_running()) return {};
  const auto c = core_->report();
  const auto h = core_->hub().report();
  const auto refused = ask<uint64_t>(*core_, [](link::transport& t) { return t.refused(); });
  return {
      c.refused_messages, c.lost_messages, c.excess_messages, c.undecodable, c.exported_actors, c.proxies, c.pending_requests, c.stalls, refused,
      h.published,        h.sent,        h.received,        h.gaps,    c.existing_proxies, c.expired_requests};
}

} // namespace bus

// -- the module ---------------------------------------------------------------

namespace caf::net {

middleman::middleman(actor_system& system, bus::config cfg,
                     std::shared_ptr<const bus::codec::type_table> types)
    : system_(system), cfg_(std::move(cfg)), types_(std::move(types)) {}

middleman::~middleman() = default;

// Runs before any actor is spawned: from here on handles know that they are local.
void middleman::init(actor_system_config&) {
  auto id = bus::proxy::make_incarnation(cfg_.name);
  system_.node_.swap(id);
  node_ = std::make_unique<bus::node>(system_, cfg_, types_);
}

void middleman::start() {}
void middleman::stop() {
  node_->stop();
}

} // namespace caf::net
