// A simulated network for two sessions: virtual time, a seed, and faults.
// Nothing here sleeps or reads a clock; the same seed gives the same run.
#pragma once

#include "bus/link/session.hpp"

#include <array>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

namespace bus_test {

using bus::channel::duration;
using bus::channel::time_point;
using namespace std::chrono_literals;

/// What the network does to frames on their way.
struct faults {
  double drop = 0;
  double twice = 0;
  double late = 0; ///< held back up to 5 ms, so that others overtake
  duration latency = 200us;
  double bytes_per_second = 0; ///< each way; 0: as many as there are
  bool is_older = false;       ///< both nodes are of a version without features
};

/// One node: a session, and what came out of it.
struct sim_node final : bus::link::session_output {
  std::function<bool(const std::string&, const bus::link::body_ptr&)> on_transmit;
  std::function<void()> on_redial;
  std::function<void(std::string_view, uint32_t)> on_deliver = [](std::string_view, uint32_t) {};
  std::function<void()> on_up = [] {};
  std::function<void(bus::link::down_reason)> on_down = [](bus::link::down_reason) {};

  bool transmit(const std::string& h, const bus::link::body_ptr& b) override { return on_transmit(h, b); }
  void redial() override { on_redial(); }
  void deliver(std::string_view b, uint32_t n) override { on_deliver(b, n); }
  void up(const bus::link::identity&) override { on_up(); }
  void down(bus::link::down_reason r) override { on_down(r); }
  void rival(const bus::link::identity&) override { ++rivals; }

  std::unique_ptr<bus::link::session> session;
  bool dead = false;
  int rivals = 0; ///< times that it was told of one
};

class sim_network {
public:
  explicit sim_network(uint64_t seed, faults f = {}, bus::link::session_settings cfg = {})
      : random_(seed), faults_(f), cfg_(cfg) {
    for (int i : {0, 1}) {
      auto& n = nodes[static_cast<size_t>(i)];
      n.on_transmit = [this, i](const std::string& h, const bus::link::body_ptr& b) { return send(i, h, b); };
      n.on_redial = [this, i] { dial(i); };
      start(i);
    }
  }

  static bus::link::identity identity_of(int i, int incarnation) {
    bus::link::identity id;
    id.name = i == 0 ? "alpha" : "beta";
    id.node = std::string(22, static_cast<char>('a' + i)) + static_cast<char>(incarnation / 100) +
              static_cast<char>('0' + incarnation % 100);
    return id;
  }

  /// A new process: new incarnation, new session numbers, new connections both ways.
  void start(int i) {
    auto& n = nodes[static_cast<size_t>(i)];
    ++generation_[static_cast<size_t>(i)];
    n.dead = false;
    n.session = std::make_unique<bus::link::session>(cfg_, identity_of(i, incarnation_++),
                                                     static_cast<uint32_t>(random_()), n);
    dial(i);
    dial(1 - i);
  }

  /// kill -9: nothing is said; the other's connection breaks.
  void kill(int i) {
    nodes[static_cast<size_t>(i)].dead = true;
    connected_ = {false, false};
  }

  /// No frame passes from i to the other, and the connection with its frames is gone.
  void cut(int i) { cut_[static_cast<size_t>(i)] = true, connected_[static_cast<size_t>(i)] = false; }
  void cut_both() { cut(0), cut(1); }
  void heal() { cut_ = {false, false}; }

  void set_latency(duration each_way) { faults_.latency = each_way; }

  /// Frames from i wait, as behind a loss that TCP has not repaired yet; no new connection comes about meanwhile.
  void hold(int i) { holds_[static_cast<size_t>(i)] = true; }
  /// What waits arrives now.
  void release(int i) {
    holds_[static_cast<size_t>(i)] = false;
    for (auto& e : std::exchange(held_[static_cast<size_t>(i)], {})) {
      e.at = now;
      queue_.push(std::move(e));
    }
  }

  /// Runs until `end`, calling `step` often enough to feed the sessions.
  void run_until(
      time_point end, const std::function<void()>& step = [] {}) {
    while (now < end) {
      auto next = std::min(end, now + 1ms);
      if (!queue_.empty()) next = std::min(next, std::max(now, queue_.top().at));
      now = next;
      while (!queue_.empty() && queue_.top().at <= now) {
        auto e = queue_.top();
        queue_.pop();
        arrive(e);
      }
      for (auto& n : nodes)
        if (!n.dead && n.session->deadline() <= now) n.session->tick(now);
      step();
    }
  }

  void run_for(
      duration d, const std::function<void()>& step = [] {}) {
    run_until(now + d, step);
  }

  bool both_up() const { return nodes[0].session->is_up() && nodes[1].session->is_up(); }

  /// Puts a copy of every frame that goes to node `i` here.
  std::function<void(int to, const std::string& header, const bus::link::body_ptr&)> tap;

  void inject(int to, const std::string& header, const bus::link::body_ptr& body) {
    queue_.push({now, counter_++, to, generation_[static_cast<size_t>(to)], header, body, false});
  }

  std::array<sim_node, 2> nodes;
  time_point now = time_point{} + std::chrono::hours{1};

private:
  struct event {
    time_point at;
    uint64_t order;
    int to;
    uint64_t generation;
    std::string header;
    bus::link::body_ptr body;
    bool connected; // a connection event instead of a frame
    bool operator<(const event& o) const { return std::tie(at, order) > std::tie(o.at, o.order); }
  };

  bool chance(double p) { return std::uniform_real_distribution<>{}(random_) < p; }

  void dial(int from) {
    connected_[static_cast<size_t>(from)] = false;
    if (holds_[0] || holds_[1]) return;
    queue_.push(
        {now + 2 * faults_.latency, counter_++, from, generation_[static_cast<size_t>(from)], {}, {}, true});
  }

  bool send(int from, const std::string& h, const bus::link::body_ptr& b) {
    if (!connected_[static_cast<size_t>(from)]) return false;
    const int copies = chance(faults_.drop) ? 0 : chance(faults_.twice) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      auto at = now + faults_.latency;
      if (faults_.bytes_per_second > 0) at += time_on_the_wire(from, h.size() + (b ? b->size() : 0));
      if (chance(faults_.late))
        at += std::chrono::microseconds{std::uniform_int_distribution<int>{1, 5000}(random_)};
      event sent{at, counter_++, 1 - from, generation_[static_cast<size_t>(1 - from)], h, b, false};
      if (holds_[static_cast<size_t>(from)]) held_[static_cast<size_t>(from)].push_back(std::move(sent));
      else queue_.push(std::move(sent));
    }
    return true;
  }

  // How long until all of it has left, behind what was sent before.
  duration time_on_the_wire(int from, size_t bytes) {
    auto& free = free_at_[static_cast<size_t>(from)];
    free = std::max(free, now) + std::chrono::duration_cast<duration>(
                                     std::chrono::duration<double>{static_cast<double>(bytes) / faults_.bytes_per_second});
    return free - now;
  }

  void arrive(const event& e) {
    auto& n = nodes[static_cast<size_t>(e.to)];
    if (n.dead || e.generation != generation_[static_cast<size_t>(e.to)]) return;
    if (e.connected) {
      const auto other = static_cast<size_t>(1 - e.to);
      if (cut_[0] || cut_[1] || nodes[other].dead) return; // TCP needs both ways
      connected_[static_cast<size_t>(e.to)] = true;
      n.session->on_connected(now);
      return;
    }
    if (cut_[static_cast<size_t>(1 - e.to)]) return;
    if (tap) tap(e.to, e.header, e.body);
    bus::link::header h;
    if (bus::link::read(e.header, h) != bus::errc::none) std::abort();
    if (auto* x = std::get_if<bus::link::hello>(&h); x && faults_.is_older) x->features = 0;
    n.session->on_header(h, e.body ? std::string_view{*e.body} : std::string_view{}, now);
  }

  std::mt19937_64 random_;
  faults faults_;
  bus::link::session_settings cfg_;
  std::priority_queue<event> queue_;
  uint64_t counter_ = 0;
  int incarnation_ = 0;
  std::array<uint64_t, 2> generation_{};
  std::array<bool, 2> connected_{};
  std::array<bool, 2> cut_{}, holds_{};
  std::array<std::vector<event>, 2> held_{};
  std::array<time_point, 2> free_at_{};
};

} // namespace bus_test
