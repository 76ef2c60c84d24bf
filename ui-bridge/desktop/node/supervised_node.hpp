#pragma once

// The node that the shell started: its address, whether it is ready, its last words,
// its restarts. Pure: time, lines and ends are passed in; acts through node_host.

#include "actors/model/result.hpp"
#include "ui-bridge/desktop/bridge/rate_limit.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace tt::desktop {

enum class node_state : std::uint8_t {
  starting, ///< launched; /health/ready has not answered 200 yet
  ready,
  stopping, ///< asked to end
  ended,    ///< it ended; by itself when `reason` is not empty
};
std::string_view to_string(node_state state) noexcept;

/// What the supervision does to the world.
class node_host {
public:
  virtual ~node_host() = default;
  virtual result<void> launch_node() = 0;
  virtual void signal_node(int number) = 0;
  /// Asks GET /health/ready; the answer comes by on_ready_answer() with the same `launch`.
  virtual void ask_ready(const std::string& origin, std::uint64_t launch) = 0;
  /// State, address or reason changed.
  virtual void on_node_changed() = 0;
};

class supervised_node {
public:
  explicit supervised_node(node_host& host);

  void start(monotonic_time now);
  /// Bytes the node wrote, lines in any number of pieces.
  void on_output(std::string_view bytes);
  /// An answer meant for an earlier launch is dropped.
  void on_ready_answer(std::uint64_t launch, bool is_ready, monotonic_time now);
  /// The process is gone: "ended with 1" or the like.
  void on_end(const std::string& how, monotonic_time now);
  /// To be called at due() or later.
  void on_time(monotonic_time now);
  /// When on_time() has something to do next.
  [[nodiscard]] std::optional<monotonic_time> due() const;

  /// Ends it: SIGTERM, after end_deadline SIGKILL.
  void stop(monotonic_time now);
  /// Ends it when it runs, then starts it again. Errors: conflict (already
  /// stopping or starting again), limit_exceeded (max_restarts_per_minute).
  result<void> restart(monotonic_time now);

  [[nodiscard]] node_state state() const { return state_; }
  /// Why it ended by itself; empty otherwise.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// Origin of its gateway, empty until it said so.
  [[nodiscard]] const std::string& origin() const { return origin_; }
  /// Its last lines, oldest first.
  [[nodiscard]] const std::deque<std::string>& log() const { return log_; }

private:
  void on_line(std::string line);
  void change(node_state to);

  node_host& host_;
  node_state state_ = node_state::ended;
  std::string reason_, origin_, partial_;
  std::deque<std::string> log_;
  bool is_restarting_ = false, is_asking_ = false;
  std::optional<monotonic_time> next_ask_, kill_at_;
  std::uint64_t launch_ = 0;
  rate_limit restarts_;
};

/// The address in "TraderTerminal 0.1.0 is running: http://localhost:8080", where the
/// line is that one.
std::optional<std::string> address_in(std::string_view line);

} // namespace tt::desktop
