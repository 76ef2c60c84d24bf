// CAF's own network module between two processes, for comparison with
// bench_bus_link, which starts it and reads the line it prints: round trip p50 and
// p99 in microseconds, messages/s single and in vectors of 64. The only place that links libcaf_io; never
// part of the product.
#include "tests/bench/bus_actors.hpp"

#include <caf/io/all.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace bus_bench;

struct config : caf::actor_system_config {
  config() {
    load<caf::io::middleman>();
    add_message_type<quote>("quote");
    set("scheduler.max-threads", size_t{2});
    set("scheduler.policy", caf::atom("sharing"));
  }
};

int serve() {
  config cfg;
  caf::actor_system system{cfg};
  const auto s = system.middleman().publish(system.spawn(sink), 0, "127.0.0.1");
  const auto e = system.middleman().publish(system.spawn(echo), 0, "127.0.0.1");
  std::printf("%u %u\n", unsigned{*s}, unsigned{*e});
  std::fflush(stdout);
  for (;;) ::pause();
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string{argv[1]} == "--serve") return serve();
  int from[2];
  if (::pipe2(from, O_CLOEXEC) != 0) return 1;
  const auto pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(from[1], 1);
    ::execl("/proc/self/exe", "bench_bus_caf_tcp", "--serve", nullptr);
    ::_exit(127);
  }
  auto* out = ::fdopen(from[0], "r");
  unsigned sink_port = 0;
  unsigned echo_port = 0;
  if (std::fscanf(out, "%u %u", &sink_port, &echo_port) != 2) return 1;
  config cfg;
  caf::actor_system system{cfg};
  auto s = system.middleman().remote_actor("127.0.0.1", static_cast<uint16_t>(sink_port));
  auto e = system.middleman().remote_actor("127.0.0.1", static_cast<uint16_t>(echo_port));
  if (!s || !e) return 1;
  const auto f = measure(system, *s, *e, effort_of(argc, argv));
  std::printf("%.1f %.1f %.0f %.0f\n", f.rtt_p50, f.rtt_p99, f.single, f.batched);
  std::fflush(stdout);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ::_Exit(0);
}
