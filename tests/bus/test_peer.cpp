// A node in a process of its own, driven by the tests: prints its endpoints, then
// does what standard input says until that closes.
//
//   test_peer NAME plain|curve DIR [--patient] [--no-repair] [--events] [--host HOST] [--at CONTROL TOPICS] [PEER=ENDPOINT]...
#include "tests/bus/test_actors.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace {

bool says_events = false;

bus::config config_from(int argc, char** argv) {
  bus::config cfg;
  cfg.name = argv[1];
  cfg.security = std::string{argv[2]} == "plain" ? bus::security::plain : bus::security::curve;
  const std::string dir = argv[3];
  cfg.key_file = dir + "/" + cfg.name + ".key";
  cfg.allow_file = dir + "/allow";
  for (int i = 4; i < argc; ++i) {
    const std::string x = argv[i];
    if (x == "--patient") {
      bus_test::be_patient(cfg);
      continue;
    }
    if (x == "--no-repair") {
      cfg.repair = bus::channel::retransmission::off;
      continue;
    }
    if (x == "--events") {
      says_events = true;
      continue;
    }
    if (x == "--host" && i + 1 < argc) {
      cfg.listen = cfg.listen_topics = "tcp://" + std::string{argv[++i]} + ":0";
      continue;
    }
    if (x == "--at" && i + 2 < argc) {
      cfg.listen = argv[++i];
      cfg.listen_topics = argv[++i];
      continue;
    }
    const auto at = x.find('=');
    cfg.peers.push_back({x.substr(0, at), x.substr(at + 1)});
  }
  if (!std::getenv("TT_BUS_LOG")) cfg.log = [](bus::log_level, std::string_view) {};
  return cfg;
}

void serve(caf::actor_system& system, bus::node& node, const caf::actor& worker) {
  std::string command;
  while (std::cin >> command) {
    if (command == "reload") {
      node.reload_allowed();
    } else if (command == "block") { // all scheduler threads
      for (int i = 0; i < 4; ++i)
        caf::anon_send(system.spawn(bus_test::worker), bus_test::block_atom::value, 4000);
    } else if (command == "withdraw") {
      node.withdraw(node.name() + "/worker");
    } else if (command == "publish") {
      node.publish(node.name() + "/worker", worker);
    }
    std::printf("done %s\n", command.c_str());
    std::fflush(stdout);
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  auto types = std::make_shared<bus::codec::type_table>();
  bus_test::add_types(*types);
  caf::actor_system_config cfg;
  cfg.set("scheduler.max-threads", size_t{2});
  bus_test::add_worker_types(cfg);
  bus::node::attach(cfg, config_from(argc, argv), types);
  caf::actor_system system{cfg};
  auto& node = bus::node::of(system);
  if (auto err = node.start()) {
    std::printf("failed %s\n", bus::text_of(err).c_str());
    return 1;
  }
  const auto worker = system.spawn(bus_test::worker);
  const auto other = system.spawn(bus_test::worker);
  node.publish(node.name() + "/worker", worker);
  node.publish(node.name() + "/other", other);
  const auto announcer = says_events ? system.spawn(bus_test::announcer) : caf::actor{};
  std::printf("ready %s %s\n", node.control_endpoint().c_str(), node.topics_endpoint().c_str());
  std::fflush(stdout);
  if (announcer) node.watch(announcer);
  serve(system, node, worker);
  if (announcer) caf::anon_send_exit(announcer, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
  node.stop();
  system.await_actors_before_shutdown(false);
  std::fflush(stdout);
  std::_Exit(0); // actors that tests spawned here end with the process
}
