// Two processes on loopback: the bus beside bare ZeroMQ, with and without CURVE,
// beside CAF's own TCP (bench_bus_caf_tcp, if it is built), and actors within one
// process. Prints a table; about a minute.
//
//   build/bench/tests/bench/bench_bus_link [--quick] [--json FILE]
//
// The process starts itself again as the other node.
#include "bus/keys/keys.hpp"
#include "bus/node.hpp"
#include "tests/bench/bus_actors.hpp"
#include "tests/bench/measure.hpp"

#include <zmq.hpp>

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
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

figures measure_raw(const curve_keys* keys, effort how) {
  const uint64_t part = how == effort::full ? 1 : 20;
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
  for (uint64_t i = 0; i < 10'000 / part; ++i) {
    const auto begin = steady::now();
    dealer.send(zmq::buffer(small), zmq::send_flags::none);
    (void)dealer.recv(m);
    times.push_back(std::chrono::duration<double, std::micro>(steady::now() - begin).count());
  }
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10));
  const auto flood = [&](uint64_t count, const std::string& body) {
    const auto begin = steady::now();
    dealer.send(zmq::buffer(&count, sizeof count), zmq::send_flags::none);
    for (uint64_t i = 0; i < count; ++i) dealer.send(zmq::buffer(body), zmq::send_flags::none);
    (void)dealer.recv(m);
    return static_cast<double>(count) / std::chrono::duration<double>(steady::now() - begin).count();
  };
  f.rtt_p50 = percentile(times, 0.5);
  f.rtt_p99 = percentile(times, 0.99);
  f.single = flood(2'000'000 / part, small);
  f.batched = 64 * flood(200'000 / part, large);
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

figures measure_bus(const std::string& mode, const std::string& dir, effort how) {
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
  const auto f = measure(system, node.find("sink"), node.find("echo"), how);
  node.stop();
  end(server);
  return f;
}

figures measure_local(effort how) {
  caf::actor_system_config cfg;
  cfg.set("scheduler.max-threads", size_t{2});
  cfg.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system{cfg};
  auto s = system.spawn(sink);
  auto e = system.spawn(echo);
  const auto f = measure(system, s, e, how);
  caf::anon_send_exit(s, caf::exit_reason::kill);
  caf::anon_send_exit(e, caf::exit_reason::kill);
  return f;
}

/// The program beside this one; empty where libcaf_io is not installed.
std::optional<figures> measure_caf_tcp(effort how) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_bus_caf_tcp";
  if (!std::filesystem::exists(program)) return {};
  auto* out = ::popen((program.string() + (how == effort::quick ? " --quick" : "")).c_str(), "r");
  figures f;
  const bool ok =
      out && std::fscanf(out, "%lf %lf %lf %lf", &f.rtt_p50, &f.rtt_p99, &f.single, &f.batched) == 4;
  if (out) ::pclose(out);
  return ok ? std::optional{f} : std::nullopt;
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

/// One row of the table, kept for the JSON.
class table {
public:
  table() { print_head(); }

  void row(const char* what, const std::string& id, const figures& f) {
    print_row(what, f);
    out_.figure(id + ".rtt_p50_us", f.rtt_p50);
    out_.figure(id + ".rtt_p99_us", f.rtt_p99);
    out_.figure(id + ".single_per_s", f.single);
    out_.figure(id + ".batched_per_s", f.batched);
  }

  void ratio(const char* what, const std::string& id, const figures& of, const figures& to) {
    std::printf("%s: round trip %.2fx, single %.2fx, in vectors %.2fx\n", what, of.rtt_p50 / to.rtt_p50,
                of.single / to.single, of.batched / to.batched);
    out_.figure(id + ".rtt_ratio", of.rtt_p50 / to.rtt_p50);
    out_.figure(id + ".single_ratio", of.single / to.single);
    out_.figure(id + ".batched_ratio", of.batched / to.batched);
  }

  std::string to_json() const { return out_.to_json(); }

private:
  tt::bench::record out_;
};

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "--raw") return raw_server(argc > 2 ? argv[2] : "");
  if (what == "--bus") return bus_server(argv[2], argv[3]);
  const auto how = effort_of(argc, argv);
  const auto dir = make_keys();
  const auto server = *bus::keys::make("s");
  const auto client = *bus::keys::make("c");
  const curve_keys keys{server.public_key, server.secret_key, client.public_key, client.secret_key};
  table t;
  const auto raw = measure_raw(nullptr, how);
  t.row("bare ZeroMQ", "bus.zmq", raw);
  const auto raw_curve = measure_raw(&keys, how);
  t.row("bare ZeroMQ, CURVE", "bus.zmq_curve", raw_curve);
  const auto plain = measure_bus("plain", dir, how);
  t.row("bus", "bus.plain", plain);
  const auto curve = measure_bus("curve", dir, how);
  t.row("bus, CURVE", "bus.curve", curve);
  const auto caf_tcp = measure_caf_tcp(how);
  if (caf_tcp) t.row("CAF's own TCP, plaintext", "bus.caf_tcp", *caf_tcp);
  t.row("actors in one process", "bus.local", measure_local(how));
  std::printf("\n");
  t.ratio("bus to bare ZeroMQ", "bus.plain_to_zmq", plain, raw);
  t.ratio("bus to bare ZeroMQ, both with CURVE", "bus.curve_to_zmq_curve", curve, raw_curve);
  if (caf_tcp) t.ratio("bus with CURVE to CAF's TCP without", "bus.curve_to_caf_tcp", curve, *caf_tcp);
  std::filesystem::remove_all(dir);
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string{argv[i]} == "--json") std::ofstream{argv[i + 1]} << t.to_json();
}
