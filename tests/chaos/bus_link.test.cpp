// Numbered control messages between two nodes in two processes, through proxies
// that lose, double and reorder frames and break connections.
#include "bus/limits.hpp"
#include "tests/bus/system_fixture.hpp"
#include "tests/chaos/chaos.hpp"
#include "tests/chaos/frame_proxy.hpp"
#include "tests/chaos/tcp_proxy.hpp"

using namespace bus_test;
using chaos::sized;

namespace {

constexpr size_t load_bytes = 600;              // so that a frame of 60 kB holds about a hundred of them
constexpr uint64_t fence_every = 7'000;         // two of them fit into the credit
constexpr uint64_t memory_limit_kb = 96 * 1024; // the windows of both directions, the outbox, and some air

std::string value_of_status(pid_t pid, const std::string& field) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(field)) return line.substr(field.size() + 1);
  return "0";
}

class bad_path : public system_test {
public:
  void adjust(bus::config& c) override {
    c.pulse_limit = std::chrono::milliseconds{0};
    if (!chaos::is_full()) be_patient(c);
    link_bytes = c.link_bytes;
  }

  std::vector<std::string> child_flags() const {
    return chaos::is_full() ? std::vector<std::string>{} : std::vector<std::string>{"--patient"};
  }

  void TearDown() override {
    worker = nullptr;
    system_test::TearDown();
    beta.reset();
    doors.clear();
    lossy.clear();
  }

  /// Where to connect for `target`: connections break, and with faults frames suffer as well.
  std::string through_proxies(std::string target, chaos::frame_faults faults) {
    const auto seed = doors.size() + 1;
    if (faults.drop > 0) {
      lossy.push_back(std::make_unique<chaos::frame_proxy>(target, faults, seed));
      target = lossy.back()->endpoint();
    }
    doors.push_back(std::make_unique<chaos::tcp_proxy>(target, cuts, 100 + seed));
    return doors.back()->endpoint();
  }

  void meet(chaos::frame_faults faults, std::vector<std::string> flags) {
    flags.push_back("alpha=" + through_proxies(node->control_endpoint(), faults));
    beta = std::make_unique<child>("beta", mode(), keys.dir, std::move(flags));
    ASSERT_FALSE(beta->control.empty()) << beta->first_line;
    node->connect("beta", through_proxies(beta->control, faults), bus::origin::configured);
    worker = wait_for_name("beta/worker");
    ASSERT_TRUE(worker);
  }

  uint64_t cuts_so_far() const {
    uint64_t n = 0;
    for (const auto& d : doors) n += d->cuts();
    return n;
  }

  void look_at_the_window() {
    for (const auto& l : node->links()) {
      max_in_flight = std::max(max_in_flight, l.frames_in_flight);
      EXPECT_LE(l.frames_in_flight, bus::limits::window_frames);
      EXPECT_LE(l.bytes_waiting, 2 * link_bytes);
    }
  }

  /// What the worker has seen: the number it expects next, and how often it got another than that.
  std::pair<uint64_t, uint64_t> seen(std::chrono::seconds limit) {
    std::pair<uint64_t, uint64_t> result{0, 0};
    (*self)
        ->request(worker, limit, count_atom::value)
        .receive(
            [&](uint64_t next, uint64_t wrong) {
              result = {next, wrong};
            },
            [](const caf::error&) {});
    return result;
  }

  /// Sends numbers until there were `total` of them and `min_cuts` cuts; returns how many.
  uint64_t send_numbers(uint64_t total, uint64_t min_cuts) {
    const std::string load(load_bytes, 'x');
    uint64_t next = 0;
    while (next < total || cuts_so_far() < min_cuts) {
      for (uint64_t i = 0; i < fence_every; ++i) (*self)->send(worker, next++, load);
      look_at_the_window();
      const auto [expected, wrong] = seen(120s);
      if (expected != next || wrong != 0) {
        ADD_FAILURE() << "after " << next << " messages the next one expected is " << expected << ", and "
                      << wrong << " came out of order";
        break;
      }
    }
    return next;
  }

  void report(uint64_t sent, const bus::link_info& l) const {
    uint64_t frames = 0, dropped = 0, doubled = 0, overtaken = 0, broken = 0;
    for (const auto& p : lossy) {
      frames += p->frames();
      dropped += p->dropped();
      doubled += p->doubled();
      overtaken += p->overtaken();
    }
    for (const auto& d : doors) broken += d->broken_connections();
    std::printf(
        "  %llu messages; %llu frames, of them dropped %llu, doubled %llu, overtaken %llu; %llu cuts of "
        "%llu connections; %llu frames sent again, at most %llu in flight\n",
        static_cast<unsigned long long>(sent), static_cast<unsigned long long>(frames),
        static_cast<unsigned long long>(dropped), static_cast<unsigned long long>(doubled),
        static_cast<unsigned long long>(overtaken), static_cast<unsigned long long>(cuts_so_far()),
        static_cast<unsigned long long>(broken), static_cast<unsigned long long>(l.repeated_frames),
        static_cast<unsigned long long>(max_in_flight));
  }

  chaos::cut_schedule cuts;
  std::vector<std::unique_ptr<chaos::frame_proxy>> lossy;
  std::vector<std::unique_ptr<chaos::tcp_proxy>> doors;
  std::unique_ptr<child> beta;
  caf::actor worker;
  uint64_t max_in_flight = 0;
  size_t link_bytes = 0;
};

/// Frames suffer and connections break; plaintext, see frame_proxy.hpp.
class lossy_path : public bad_path {
public:
  std::string mode() const override { return "plain"; }
};

class lossy_path_without_repair : public lossy_path {
public:
  void adjust(bus::config& c) override {
    lossy_path::adjust(c);
    c.repair = bus::channel::retransmission::off;
    cuts.pause_min = cuts.pause_max = std::chrono::hours{1};
  }
};

constexpr chaos::frame_faults hostile{0.10, 0.05, 0.10};

} // namespace

TEST_F(lossy_path, every_message_arrives_once_and_in_order) {
  if (!chaos::is_full()) cuts = {800ms, 1500ms, 10ms, 400ms};
  meet(hostile, child_flags());
  for (auto& p : lossy) p->misbehave();
  send_numbers(fence_every, 0); // from here on nothing grows
  const auto warm_here = std::stoull(value_of_status(::getpid(), "VmRSS:"));
  const auto warm_there = std::stoull(value_of_status(beta->pid, "VmRSS:"));
  (*self)->send(worker, count_atom::value, uint64_t{0});
  const auto sent = send_numbers(sized<uint64_t>(28'000, 1'000'000), sized<uint64_t>(2, 20));
  ASSERT_EQ(node->links().size(), 1u);
  const auto l = node->links().at(0);
  report(sent, l);
  EXPECT_EQ(l.times_up, 1u); // the cuts were shorter than the down limit
  EXPECT_GT(l.repeated_frames, 0u);
  for (const auto& p : lossy) {
    EXPECT_GT(p->dropped(), p->frames() / 20);
    EXPECT_GT(p->overtaken(), p->frames() / 20);
  }
  if (chaos::is_sanitized) return; // the sanitizer's own memory grows
  EXPECT_LE(std::stoull(value_of_status(::getpid(), "VmHWM:")), warm_here + memory_limit_kb);
  EXPECT_LE(std::stoull(value_of_status(beta->pid, "VmHWM:")), warm_there + memory_limit_kb);
}

// The control experiment: without retransmission the same path loses messages.
TEST_F(lossy_path_without_repair, loses_messages) {
  meet(hostile, {"--no-repair"});
  for (auto& p : lossy) p->misbehave();
  const std::string load(load_bytes, 'x');
  for (uint64_t i = 0; i < 14'000; ++i) (*self)->send(worker, i, load);
  EXPECT_NE(seen(5s).first, 14'000u);
}

/// Encrypted connections break: everything else is left to TCP.
TEST_F(bad_path, broken_connections_lose_nothing_with_curve) {
  if (!chaos::is_full()) cuts = {800ms, 1500ms, 10ms, 400ms};
  meet({}, child_flags());
  const auto sent = send_numbers(sized<uint64_t>(56'000, 1'000'000), sized<uint64_t>(3, 20));
  const auto l = node->links().at(0);
  report(sent, l);
  EXPECT_EQ(l.times_up, 1u);
}
