#include "cluster/membership/gather.hpp"

#include "actors/market/messages.hpp"

#include <algorithm>
#include <fstream>
#include <unistd.h>

namespace tt::cluster {

namespace {

using member_pointer = caf::stateful_actor<member_actor_state>*;
using gateway::cluster_node;
using gateway::cluster_report;

constexpr std::string_view feed_lease_prefix = "feed/";

/// Resident memory of this process; 0 where the system does not say.
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

link_figures figures_of(const bus::link_info& link) {
  using namespace std::chrono;
  link_figures out;
  out.peer = link.peer;
  out.state = link.up ? "up" : "down";
  out.since_heard_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, link.since_heard.count()));
  out.round_trip_us = static_cast<std::uint64_t>(duration_cast<microseconds>(link.round_trip).count());
  out.messages_in = link.messages_in;
  out.messages_out = link.messages_out;
  out.bytes_in = link.bytes_in;
  out.bytes_out = link.bytes_out;
  out.repeated_frames = link.repeated_frames;
  out.times_up = link.times_up;
  out.bytes_waiting = link.bytes_waiting;
  return out;
}

/// A report that waits for answers of this node's actors.
struct open_report {
  node_report report;
  std::size_t open = 0;
  std::function<void(node_report)> done;

  void finish_one() {
    if (--open == 0) done(std::move(report));
  }
};

cluster_node node_of(const node_report& from) {
  cluster_node out;
  out.name = from.self.name;
  out.state = "up";
  out.roles = from.self.roles;
  out.endpoint = from.self.endpoint;
  out.url = from.self.url;
  out.version = from.self.version;
  out.answered = true;
  out.started = out.since = from.self.started;
  out.symbols = from.symbols;
  out.feeds = from.feeds;
  for (const auto& lease : from.leases) out.leases.push_back({lease.name, lease.epoch});
  for (const auto& l : from.links)
    out.links.push_back({l.peer, l.state, l.since_heard_ms, l.round_trip_us, l.messages_in, l.messages_out, l.bytes_in, l.bytes_out,
                         l.repeated_frames, l.times_up, l.bytes_waiting});
  out.proxies = from.proxies;
  out.exported_actors = from.exported_actors;
  out.topic_gaps = from.topic_gaps;
  out.refused_peers = from.refused_peers;
  const auto& losses = from.losses;
  out.losses = {losses.refused_messages, losses.lost_messages, losses.excess_messages, losses.undecodable_messages, losses.stalls};
  out.rss_bytes = from.rss_bytes;
  return out;
}

/// What is known of a member without asking it.
cluster_node known_node(const std::string& name, const member& who) {
  cluster_node out;
  out.name = name;
  out.state = std::string(to_string(who.state));
  out.reason = who.reason;
  out.since = who.since;
  if (!who.info) return out;
  out.roles = who.info->roles;
  out.endpoint = who.info->endpoint;
  out.url = who.info->url;
  out.version = who.info->version;
  out.started = who.info->started;
  return out;
}

struct open_gathering {
  cluster_report report;
  std::size_t open = 1; // this node
  std::function<void(result<cluster_report>)> done;

  void finish_one() {
    if (--open == 0) done(std::move(report));
  }
};

void ask_member(member_pointer self, const std::shared_ptr<open_gathering>& all, std::size_t index, const caf::actor& whom) {
  const auto asked = self->clock().now();
  self->request(whom, report_deadline, report_atom::value)
    .then(
      [=](const node_report& report) {
        auto& node = all->report.nodes[index];
        const auto since = node.since;
        node = node_of(report);
        node.since = since;
        node.lag_us = static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(self->clock().now() - asked).count());
        all->finish_one();
      },
      [all](const caf::error&) { all->finish_one(); });
}

} // namespace

void report_self(member_pointer self, std::function<void(node_report)> done) {
  const auto& options = *self->state.options;
  auto open = std::make_shared<open_report>();
  open->done = std::move(done);
  open->report.self = options.self;
  for (const auto& link : options.node->links()) open->report.links.push_back(figures_of(link));
  std::ranges::sort(open->report.links, {}, &link_figures::peer);
  const auto figures = options.node->info();
  open->report.proxies = figures.proxies;
  open->report.exported_actors = figures.exported_actors;
  open->report.topic_gaps = figures.topic_gaps;
  open->report.refused_peers = figures.refused_peers;
  open->report.losses = {figures.refused_messages, figures.lost_messages, figures.excess_messages, figures.undecodable_messages, figures.stalls};
  open->report.rss_bytes = resident_bytes();
  open->open = 1 + options.singletons.size() + (options.host ? 1 : 0);
  if (options.host)
    self->request(options.host, report_deadline / 2, market::hosted_atom::value)
      .then(
        [open](const market::hosted_list& list) {
          open->report.symbols = list.symbols.size();
          open->finish_one();
        },
        [open](const caf::error&) { open->finish_one(); });
  for (const auto& singleton : options.singletons)
    self->request(singleton, report_deadline / 2, report_atom::value)
      .then(
        [open](const held_lease& lease) {
          if (lease.epoch != 0) open->report.leases.push_back(lease);
          if (lease.epoch != 0 && lease.name.starts_with(feed_lease_prefix))
            open->report.feeds.push_back(lease.name.substr(feed_lease_prefix.size()));
          open->finish_one();
        },
        [open](const caf::error&) { open->finish_one(); });
  open->finish_one();
}

void gather(member_pointer self, std::function<void(result<cluster_report>)> done) {
  auto all = std::make_shared<open_gathering>();
  all->done = std::move(done);
  const auto& s = self->state;
  all->report.node = s.options->self.name;
  all->report.nodes.emplace_back();
  std::vector<std::pair<std::size_t, caf::actor>> to_ask;
  for (const auto& [name, who] : s.table->members()) {
    all->report.nodes.push_back(known_node(name, who));
    const auto other = s.others.find(name);
    if (who.state == member_state::up && other != s.others.end()) to_ask.emplace_back(all->report.nodes.size() - 1, other->second);
  }
  all->open += to_ask.size();
  for (const auto& [index, whom] : to_ask) ask_member(self, all, index, whom);
  report_self(self, [all](const node_report& report) {
    all->report.nodes.front() = node_of(report);
    all->finish_one();
  });
}

} // namespace tt::cluster
