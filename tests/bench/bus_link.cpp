// Two processes on loopback: the bus beside bare ZeroMQ, with and without CURVE,
// and actors within one process. Prints a table; about a minute.
//
//   build/bench/tests/bench/bench_bus_link
//
// The process starts itself again as the other node.
#include "bus/keys/keys.hpp"
#include "bus/node.hpp"
#include "tests/bench/bus_actors.hpp"

#include <zmq.hpp>

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace bus_bench;

constexpr size_t raw_bytes = 64;

// -- processes ----------------------------------------------------------------

struct child {
  pid_t pid = 0;
  std::FILE* out = nullptr;
};

child run_self(std::vector<std::string> args) {
  int from[2];
  if (::pipe2(from, O_CLOEXEC) != 0) std::abort();
  std::vector<char*> argv;
  args.insert(args.begin(), "/proc/self/exe");
  for (auto& a : args) argv.push_back(a.data());
  argv.push_back(nullptr);
  const auto pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(from[1], 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(from[1]);
  return {pid, ::fdopen(from[0], "r")};
}

std::string first_word(child& c) {
  char line[300] = "";
  if (!std::fgets(line, sizeof line, c.out)) return {};
  line[std::strcspn(line, " \n")] = 0;
  return line;
}

void end(child& c) {
  ::kill(c.pid, SIGKILL);
  ::waitpid(c.pid, nullptr, 0);
  std::fclose(c.out);
}

// -- bare ZeroMQ --------------------------------------------------------------

struct curve_keys {
  std::string server_public, server_secret, client_public, client_secret;
};

void be_server(zmq::socket_t& s, const std::string& secret) {
  if (secret.empty()) return;
  s.set(zmq::sockopt::curve_server, 1);
  s.set(zmq::sockopt::curve_secretkey, secret);
}

/// Echoes messages of 64 bytes; of a burst (a first message of 8 bytes says how many) only the end is
/// answered.
int raw_server(const std::string& secret) {
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
  be_server(router, secret);
  router.bind("tcp://127.0.0.1:0");
  std::printf("%s\n", router.get(zmq::sockopt::last_endpoint).c_str());
  std::fflush(stdout);
  for (;;) {
    zmq::message_t id, m;
    (void)router.recv(id);
    (void)router.recv(m);
    uint64_t count = 0;
    if (m.size() == sizeof count) {
      std::memcpy(&count, m.data(), sizeof count);
      for (uint64_t i = 0; i < count; ++i) {
        (void)router.recv(id);
        (void)router.recv(m);
      }
    }
    router.send(id, zmq::send_flags::sndmore);
    router.send(m, zmq::send_flags::none);
  }
}

figures measure_raw(const curve_keys* keys) {
  auto server = run_self({"--raw", keys ? keys->server_secret : ""});
  const auto endpoint = first_word(server);
  zmq::context_t context;
  zmq::socket_t dealer{context, zmq::socket_type::dealer};
  if (keys) {
    dealer.set(zmq::sockopt::curve_serverkey, keys->server_public);
    dealer.set(zmq::sockopt::curve_publickey, keys->client_public);
    dealer.set(zmq::sockopt::curve_secretkey, keys->client_secret);
  }
  dealer.connect(endpoint);
  const std::string small(raw_bytes, 'x');
  const std::string large(2600, 'x'); // 64 quotes
  zmq::message_t m;
  figures f;
  std::vector<double> times;
  for (int i = 0; i < 10'000; ++i) {
    const auto begin = steady::now();
    dealer.send(zmq::buffer(small), zmq::send_flags::none);
    (void)dealer.recv(m);
    times.push_back(std::chrono::duration<double, std::micro>(steady::now() - begin).count());
  }
  times.erase(times.begin(), times.begin() + 1000);
  const auto flood = [&](uint64_t count, const std::string& body) {
    const auto begin = steady::now();
    dealer.send(zmq::buffer(&count, sizeof count), zmq::send_flags::none);
    for (uint64_t i = 0; i < count; ++i) dealer.send(zmq::buffer(body), zmq::send_flags::none);
    (void)dealer.recv(m);
    return static_cast<double>(count) / std::chrono::duration<double>(steady::now() - begin).count();
  };
  f.rtt_p50 = percentile(times, 0.5);
  f.rtt_p99 = percentile(times, 0.99);
  f.single = flood(2'000'000, small);
  f.batched = 64 * flood(200'000, large);
  dealer.set(zmq::sockopt::linger, 0);
  end(server);
  return f;
}

// -- the bus ------------------------------------------------------------------

bus::config config_of(const std::string& name, const std::string& mode, const std::string& dir) {
  bus::config c;
  c.name = name;
  c.security = mode == "curve" ? bus::security::curve : bus::security::plain;
  c.key_file = dir + "/" + name + ".key";
  c.allow_file = dir + "/allow";
  c.log = [](bus::log_level, std::string_view) {};
  c.pulse_limit = std::chrono::milliseconds{0};
  return c;
}

std::shared_ptr<bus::codec::type_table> types() {
  auto t = std::make_shared<bus::codec::type_table>();
  bus_test::add_types(*t);
  return t;
}

int bus_server(const std::string& mode, const std::string& dir) {
  caf::actor_system_config cfg;
  cfg.set("scheduler.max-threads", size_t{2});
  bus::node::attach(cfg, config_of("beta", mode, dir), types());
  caf::actor_system system{cfg};
  auto& node = bus::node::of(system);
  if (node.start()) return 1;
  node.publish("sink", system.spawn(sink));
  node.publish("echo", system.spawn(echo));
  std::printf("%s\n", node.control_endpoint().c_str());
  std::fflush(stdout);
  for (;;) ::pause();
}

figures measure_bus(const std::string& mode, const std::string& dir) {
  auto server = run_self({"--bus", mode, dir});
  auto c = config_of("alpha", mode, dir);
  c.peers.push_back({"beta", first_word(server)});
  caf::actor_system_config cfg;
  cfg.set("scheduler.max-threads", size_t{2});
  bus::node::attach(cfg, c, types());
  caf::actor_system system{cfg};
  auto& node = bus::node::of(system);
  if (node.start()) return {};
  while (!node.find("sink") || !node.find("echo")) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  const auto f = measure(system, node.find("sink"), node.find("echo"));
  node.stop();
  end(server);
  return f;
}

figures measure_local() {
  caf::actor_system_config cfg;
  cfg.set("scheduler.max-threads", size_t{2});
  cfg.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system{cfg};
  auto s = system.spawn(sink);
  auto e = system.spawn(echo);
  const auto f = measure(system, s, e);
  caf::anon_send_exit(s, caf::exit_reason::kill);
  caf::anon_send_exit(e, caf::exit_reason::kill);
  return f;
}

std::string make_keys() {
  char name[] = "/tmp/tt-bench-XXXXXX";
  const std::string dir = ::mkdtemp(name);
  std::ofstream allow{dir + "/allow"};
  for (const auto* n : {"alpha", "beta"}) {
    const auto key = *bus::keys::make(n);
    (void)bus::keys::save(dir + "/" + n + ".key", key);
    allow << bus::keys::allow_list::line({bus::keys::kind::node, n, key.public_key});
  }
  return dir;
}

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "--raw") return raw_server(argc > 2 ? argv[2] : "");
  if (what == "--bus") return bus_server(argv[2], argv[3]);
  const auto dir = make_keys();
  const auto server = *bus::keys::make("s");
  const auto client = *bus::keys::make("c");
  const curve_keys keys{server.public_key, server.secret_key, client.public_key, client.secret_key};
  print_head();
  const auto raw = measure_raw(nullptr);
  print_row("bare ZeroMQ", raw);
  const auto raw_curve = measure_raw(&keys);
  print_row("bare ZeroMQ, CURVE", raw_curve);
  const auto plain = measure_bus("plain", dir);
  print_row("bus", plain);
  const auto curve = measure_bus("curve", dir);
  print_row("bus, CURVE", curve);
  print_row("actors in one process", measure_local());
  std::printf("\nbus with CURVE to bare ZeroMQ with CURVE: round trip %.2fx, messages/s %.2fx\n",
              curve.rtt_p50 / raw_curve.rtt_p50, curve.single / raw_curve.single);
  std::filesystem::remove_all(dir);
}
