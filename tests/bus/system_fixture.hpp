// One node in the test process, others in processes of their own.
#pragma once

#include "bus/keys/keys.hpp"
#include "tests/bus/test_actors.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace bus_test {

using namespace std::chrono_literals;

/// Long enough for a loaded machine; nothing waits for it when all is well.
inline constexpr auto patience = 20s;
/// Waits for what other threads do, for as long as `patience` lasts.
template <class Fits>
void until(Fits fits) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!fits() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(fits());
}

/// Keys and allow list of a small cluster in a folder of its own.
class cluster_keys {
public:
  cluster_keys() {
    char name[] = "/tmp/tt-bus-XXXXXX";
    dir = ::mkdtemp(name);
    for (const auto* n : {"alpha", "beta", "gamma"}) add(n, bus::keys::kind::node);
    write();
  }
  ~cluster_keys() { std::filesystem::remove_all(dir); }

  bus::keys::key_pair add(const std::string& name, bus::keys::kind what) {
    auto key = *bus::keys::make(name);
    EXPECT_TRUE(bus::keys::save(dir / (name + ".key"), key).ok());
    entries.push_back({what, name, key.public_key});
    return key;
  }

  void write() const {
    std::ofstream out{dir / "allow", std::ios::trunc};
    for (const auto& e : entries) out << bus::keys::allow_list::line(e);
  }

  /// A new key for the same name, in its file and on the list.
  void rotate(const std::string& name) {
    revoke(name);
    std::filesystem::remove(dir / (name + ".key"));
    add(name, bus::keys::kind::node);
    write();
  }

  void revoke(const std::string& name) {
    std::erase_if(entries, [&](const auto& e) { return e.name == name; });
    write();
  }

  std::filesystem::path dir;
  std::vector<bus::keys::entry> entries;
};

/// A child process running tests/bus/test_peer.cpp.
class child {
public:
  /// @param place path of a network namespace (/var/run/netns/NAME); empty for that of the test
  child(const std::string& name, const std::string& mode, const std::filesystem::path& dir,
        std::vector<std::string> more = {}, const std::string& place = {}) {
    int to[2];
    int from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) std::abort();
    std::vector<std::string> args{TT_BUS_TEST_PEER, name, mode, dir.string()};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (auto& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      const int fd = place.empty() ? -1 : ::open(place.c_str(), O_RDONLY | O_CLOEXEC);
      if (!place.empty() && ::setns(fd, CLONE_NEWNET) != 0) ::_exit(126);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = ::fdopen(to[1], "w");
    out_ = ::fdopen(from[0], "r");
    char line[600] = "";
    char a[256] = "";
    char b[256] = "";
    if (std::fgets(line, sizeof line, out_) && std::sscanf(line, "ready %255s %255s", a, b) == 2) {
      control = a;
      topics = b;
    }
    first_line = line;
  }

  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (pid > 0) {
      ::kill(pid, SIGCONT);
      kill();
    }
    std::fclose(in_);
    std::fclose(out_);
  }

  void tell(const std::string& command) {
    std::fprintf(in_, "%s\n", command.c_str());
    std::fflush(in_);
    char line[600];
    while (std::fgets(line, sizeof line, out_)) {
      if (std::string{line} == "done " + command + "\n") return;
      read_event(line);
    }
  }

  /// Link events, of a child that was started with --events; `tell` collects them.
  struct event {
    bool up = false;
    std::string peer;
    std::chrono::steady_clock::time_point at;
  };
  std::vector<event> events;

  void kill() {
    ::kill(pid, SIGKILL);
    wait();
  }
  void stop() const { ::kill(pid, SIGSTOP); }
  void go_on() const { ::kill(pid, SIGCONT); }

  /// Closes its input, so that it leaves in order.
  void leave() {
    ::close(::fileno(in_));
    wait();
  }

  pid_t pid = 0;
  std::string control;
  std::string topics;
  std::string first_line;

private:
  void read_event(const char* line) {
    char what[8] = "";
    char peer[64] = "";
    long long ns = 0;
    if (std::sscanf(line, "event %7s %63s %lld", what, peer, &ns) == 3)
      events.push_back({std::string{what} == "up", peer,
                        std::chrono::steady_clock::time_point{std::chrono::nanoseconds{ns}}});
  }

  void wait() {
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = 0;
  }
  std::FILE* in_;
  std::FILE* out_;
};

/// What a node logged.
struct log_lines {
  void add(std::string_view text) {
    const std::lock_guard guard{mutex};
    lines.emplace_back(text);
  }
  size_t count(std::string_view part) const {
    const std::lock_guard guard{mutex};
    return static_cast<size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const auto& l) { return l.find(part) != std::string::npos; }));
  }
  mutable std::mutex mutex;
  std::vector<std::string> lines;
};

class system_test : public ::testing::Test {
public:
  virtual std::string mode() const { return "curve"; }
  virtual void adjust(bus::config&) {}

  void SetUp() override {
    types = std::make_shared<bus::codec::type_table>();
    add_types(*types);
    bus::config b;
    b.name = "alpha";
    b.security = mode() == "plain" ? bus::security::plain : bus::security::curve;
    b.key_file = keys.dir / "alpha.key";
    b.allow_file = keys.dir / "allow";
    b.log = [lines = log](bus::log_level, std::string_view text) {
      lines->add(text);
      if (std::getenv("TT_BUS_LOG"))
        std::fprintf(stderr, "alpha: %.*s\n", static_cast<int>(text.size()), text.data());
    };
    adjust(b);
    cfg.set("scheduler.max-threads", size_t{2});
    add_worker_types(cfg);
    bus::node::attach(cfg, b, types);
    system = std::make_unique<caf::actor_system>(cfg);
    node = &bus::node::of(*system);
    const auto err = node->start();
    ASSERT_FALSE(err) << bus::text_of(err);
    self = std::make_unique<caf::scoped_actor>(*system, true);
    watcher = std::make_unique<caf::scoped_actor>(*system, true);
    node->watch(caf::actor{*watcher});
  }

  void TearDown() override {
    for (const auto& a : spawned) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    spawned.clear();
    watcher.reset();
    self.reset();
    node->stop();
    system.reset();
  }

  std::string own_endpoint() const { return "alpha=" + node->control_endpoint(); }

  std::unique_ptr<child> start_child(const std::string& name, std::vector<std::string> more = {}) {
    more.push_back(own_endpoint());
    auto c = std::make_unique<child>(name, mode(), keys.dir, std::move(more));
    EXPECT_FALSE(c->control.empty()) << c->first_line;
    return c;
  }

  /// Waits until the name is (or is no more) in the directory.
  caf::actor wait_for_name(const std::string& name) {
    auto found = node->find(name);
    bool give_up = false;
    while (!found && !give_up) {
      // an event may be older than what the directory says
      (*watcher)->receive([](const bus::name_event&) {}, [](const bus::peer_event&) {},
                          caf::after(patience) >> [&] { give_up = true; });
      found = node->find(name);
    }
    EXPECT_TRUE(found) << name;
    return found;
  }

  /// Waits for a link to come up or go down; returns the reason.
  std::string wait_for_peer(const std::string& name, bool up) {
    std::string reason = "timeout";
    bool done = false;
    while (!done)
      (*watcher)->receive([](const bus::name_event&) {},
                          [&](const bus::peer_event& e) {
                            if (e.peer != name || e.up != up) return;
                            reason = e.reason;
                            done = true;
                          },
                          caf::after(patience) >> [&] { done = true; });
    EXPECT_NE(reason, "timeout") << name << (up ? " up" : " down");
    return reason;
  }

  /// Sends a request and waits for its answer.
  template <class T, class... Ts>
  T ask(const caf::actor& whom, Ts&&... xs) {
    T result{};
    (*self)
        ->request(whom, patience, std::forward<Ts>(xs)...)
        .receive([&](T& x) { result = std::move(x); },
                 [&](caf::error& e) { ADD_FAILURE() << bus::text_of(e); });
    return result;
  }

  /// Sends a request and waits for the name of the error; empty if it was answered with `T`.
  template <class T = std::string, class... Ts>
  std::string ask_error(const caf::actor& whom, Ts&&... xs) {
    std::string result;
    (*self)
        ->request(whom, patience, std::forward<Ts>(xs)...)
        .receive([&](const T&) {}, [&](caf::error& e) { result = describe(e); });
    return result;
  }

  static std::string describe(const caf::error& e) {
    if (e.category() == caf::atom("bus")) return std::string{bus::name_of(static_cast<bus::errc>(e.code()))};
    return caf::actor_system_config::render(e);
  }

  caf::actor local(caf::actor a) {
    spawned.push_back(a);
    return a;
  }

  cluster_keys keys;
  std::shared_ptr<log_lines> log = std::make_shared<log_lines>();
  std::shared_ptr<bus::codec::type_table> types;
  caf::actor_system_config cfg;
  std::unique_ptr<caf::actor_system> system;
  bus::node* node = nullptr;
  std::unique_ptr<caf::scoped_actor> self;
  std::unique_ptr<caf::scoped_actor> watcher;
  std::vector<caf::actor> spawned;
};

} // namespace bus_test
