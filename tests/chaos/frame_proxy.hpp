// A ZeroMQ proxy for one direction of a plaintext control link: it takes whole
// frames, loses some, sends some twice, lets some be overtaken. A proxy of bytes
// cannot do that: a stream with a hole is not a stream, and with CURVE every frame
// is sealed and numbered, so the connection would break. Frame faults are
// therefore tried without encryption, broken connections with it as well.
#pragma once

#include <zmq.hpp>

#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace chaos {

/// Shares of the frames, 0 to 1.
struct frame_faults {
  double drop = 0;
  double twice = 0;
  double late = 0; ///< overtaken by one to eight of the next frames
};

class frame_proxy {
public:
  frame_proxy(const std::string& target, frame_faults faults, uint64_t seed)
      : faults_(faults), random_(seed), front_(context_, zmq::socket_type::router),
        back_(context_, zmq::socket_type::dealer) {
    front_.set(zmq::sockopt::linger, 0);
    back_.set(zmq::sockopt::linger, 0);
    front_.set(zmq::sockopt::rcvtimeo, 5);
    front_.bind("tcp://127.0.0.1:0");
    endpoint_ = front_.get(zmq::sockopt::last_endpoint);
    back_.connect(target);
    thread_ = std::thread{[this] { run(); }};
  }

  ~frame_proxy() {
    running_ = false;
    thread_.join();
  }
  frame_proxy(const frame_proxy&) = delete;
  frame_proxy& operator=(const frame_proxy&) = delete;

  const std::string& endpoint() const noexcept { return endpoint_; }

  /// From now on; a proxy that was made without faults starts to misbehave.
  void misbehave() noexcept { active_ = true; }

  uint64_t frames() const noexcept { return frames_; }
  uint64_t dropped() const noexcept { return dropped_; }
  uint64_t doubled() const noexcept { return doubled_; }
  uint64_t overtaken() const noexcept { return overtaken_; }

private:
  using frame = std::vector<std::string>;

  struct held_frame {
    frame parts;
    int overtakers; // still to come
  };

  bool chance(double p) { return std::uniform_real_distribution<>{}(random_) < p; }

  bool read(frame& out) {
    out.clear();
    zmq::message_t part;
    if (!front_.recv(part)) return false; // the routing id
    while (part.more()) {
      (void)front_.recv(part);
      out.push_back(part.to_string());
    }
    return true;
  }

  void write(const frame& parts) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const auto more = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      if (!back_.send(zmq::buffer(parts[i]), more | (i == 0 ? zmq::send_flags::dontwait : more))) return;
    }
  }

  void pass(const frame& parts) {
    write(parts);
    for (auto& h : held_) --h.overtakers;
    release(0);
  }

  void release(int overtakers) {
    while (!held_.empty() && held_.front().overtakers <= overtakers) {
      write(held_.front().parts);
      held_.pop_front();
    }
  }

  void run() {
    frame parts;
    while (running_) {
      if (!read(parts)) {
        release(8); // nobody comes to overtake them
        continue;
      }
      ++frames_;
      if (active_ && chance(faults_.drop)) {
        ++dropped_;
      } else if (active_ && chance(faults_.late)) {
        ++overtaken_;
        held_.push_back({parts, std::uniform_int_distribution<>{1, 8}(random_)});
      } else {
        pass(parts);
        if (active_ && chance(faults_.twice)) {
          ++doubled_;
          pass(parts);
        }
      }
    }
  }

  const frame_faults faults_;
  std::mt19937_64 random_;
  zmq::context_t context_{1};
  zmq::socket_t front_;
  zmq::socket_t back_;
  std::string endpoint_;
  std::deque<held_frame> held_;
  std::atomic<uint64_t> frames_{0}, dropped_{0}, doubled_{0}, overtaken_{0};
  std::atomic<bool> active_{false}, running_{true};
  std::thread thread_;
};

} // namespace chaos
