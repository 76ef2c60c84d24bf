// Three network namespaces: two hosts and the router between them, so that a
// cut happens in the network and no host is told. Needs root and `ip`.
#pragma once

#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <unistd.h>

namespace chaos {

/// What is cut, as the hosts see it.
enum class cut : uint8_t { both_ways, from_first, from_second, cable };

class two_hosts {
public:
  static constexpr const char* first_host = "10.213.1.2";
  static constexpr const char* second_host = "10.213.2.2";

  /// Why there can be none; empty if there can.
  static std::string obstacle() {
    if (::geteuid() != 0) return "network namespaces need root";
    if (std::system("ip netns list >/dev/null 2>&1") != 0) return "`ip netns` does not work here (iproute2)";
    two_hosts attempt;
    return attempt.made_ ? "" : "this machine does not let us make network namespaces with veth pairs";
  }

  two_hosts() : home_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) { made_ = make_all(); }

  ~two_hosts() {
    leave();
    ::close(home_);
    for (const auto* x : {"a", "r", "b"}) (void)run("ip netns del " + name(x));
  }
  two_hosts(const two_hosts&) = delete;
  two_hosts& operator=(const two_hosts&) = delete;

  /// Moves the calling thread, and the threads it will start, to the first host.
  bool enter_first() const {
    const int fd = ::open(("/var/run/netns/" + name("a")).c_str(), O_RDONLY | O_CLOEXEC);
    const bool ok = fd >= 0 && ::setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0) ::close(fd);
    return ok;
  }
  void leave() const { (void)::setns(home_, CLONE_NEWNET); }

  std::string second() const { return "/var/run/netns/" + name("b"); }

  void part(cut how) const {
    // a route that swallows: nobody gets an error, as with a firewall or a broken switch
    if (how == cut::both_ways || how == cut::from_first) swallow(second_host);
    if (how == cut::both_ways || how == cut::from_second) swallow(first_host);
    if (how == cut::cable) (void)run("ip -n " + name("a") + " link set tta down");
  }

  void heal(cut how) const {
    if (how == cut::both_ways || how == cut::from_first) pass(second_host);
    if (how == cut::both_ways || how == cut::from_second) pass(first_host);
    if (how == cut::cable) (void)run("ip -n " + name("a") + " link set tta up && " + default_route("a", 1));
  }

  /// The router passes so many megabits a second each way, and holds what comes faster for 50 ms at most.
  bool slow(int megabits) const {
    bool ok = true;
    for (const auto* cable : {"ttra", "ttrb"})
      ok = run("ip netns exec " + name("r") + " tc qdisc replace dev " + cable + " root tbf rate " + std::to_string(megabits) +
               "mbit burst 32kb latency 50ms") &&
           ok;
    return ok;
  }
  void fast() const {
    for (const auto* cable : {"ttra", "ttrb"}) (void)run("ip netns exec " + name("r") + " tc qdisc del dev " + cable + " root");
  }

private:
  static bool run(const std::string& command) { return std::system((command + " 2>/dev/null").c_str()) == 0; }

  static std::string name(const char* which) { return "tt-" + std::to_string(::getpid()) + "-" + which; }

  static std::string default_route(const char* host, int net) {
    return "ip -n " + name(host) + " route replace default via 10.213." + std::to_string(net) + ".1";
  }

  void swallow(const char* host) const { (void)run("ip -n " + name("r") + " route add blackhole " + host); }
  void pass(const char* host) const { (void)run("ip -n " + name("r") + " route del blackhole " + host); }

  static bool make_cable(const char* host, int net) {
    const auto n = "10.213." + std::to_string(net);
    const std::string here = std::string{"tt"} + host;
    const std::string there = std::string{"ttr"} + host;
    return run("ip netns add " + name(host)) &&
           run("ip link add " + here + " netns " + name(host) + " type veth peer name " + there + " netns " +
               name("r")) &&
           run("ip -n " + name(host) + " addr add " + n + ".2/24 dev " + here) &&
           run("ip -n " + name("r") + " addr add " + n + ".1/24 dev " + there) &&
           run("ip -n " + name(host) + " link set lo up") &&
           run("ip -n " + name(host) + " link set " + here + " up") &&
           run("ip -n " + name("r") + " link set " + there + " up") && run(default_route(host, net));
  }

  static bool make_all() {
    return run("ip netns add " + name("r")) && make_cable("a", 1) && make_cable("b", 2) &&
           run("ip netns exec " + name("r") + " sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'");
  }

  int home_;
  bool made_ = false;
};

} // namespace chaos
