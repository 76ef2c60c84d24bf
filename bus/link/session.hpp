// This header file defines the session: the life of the control link between
// this node and one peer. Hello both ways, then numbered frames, heartbeats,
// acknowledgements, until one side leaves, restarts or is not heard of for the
// down limit; then the next session.
//
// Pure state machine: no sockets, no threads, no CAF, time passed in. What it
// wants done it asks of its `session_output`. `bus/link/transport.cpp` drives it
// with ZeroMQ, `tests/bus/session.test.cpp` with a simulated network.
//
// The rules:
// - A session number is used once. A link is a pair of them (ours, theirs); frames
//   that carry another pair are dropped, so nothing from before a down, a restart
//   or an old connection can reach an actor.
// - Both are up when each has seen the other's number in a hello (or in a frame
//   that could not know it otherwise).
// - A connection may break and come back; the session stays up as long as
//   something is heard within `down_after`, and the peer shows that it hears us
//   (a new acknowledgement, a beat that echoes one of ours). While either fails,
//   it asks for a new connection after `redial_after`, then every `redial_again`.
// - A hello of another incarnation does not end a link by itself (it may be an old
//   frame): it is challenged with our *next* session number, and believed when it
//   echoes that.
#pragma once

#include "bus/channel/channel.hpp"
#include "bus/link/frame.hpp"

#include <limits>
#include <optional>

namespace bus::link {

using channel::body_ptr;
using channel::duration;
using channel::time_point;

struct session_settings {
  channel::settings channel;
  /// Nothing heard for this long is "node down". The defaults keep detection under two seconds, measured from
  /// the last frame before a death, with 0.2 s to spare for a machine that is busy; of a one-way cut it takes
  /// `beat_every` longer.
  duration down_after = std::chrono::milliseconds{1700};
  duration beat_every = std::chrono::milliseconds{100};
  duration hello_every = std::chrono::milliseconds{100};
  duration redial_after = std::chrono::milliseconds{400};
  /// From then on, as long as nothing is heard: the kernel tries a connection that got no answer again only after a
  /// second, and a cut that ends shortly before the down limit should find one that is being made just then.
  duration redial_again = std::chrono::milliseconds{100};
  /// The same while the link is down; long enough for a slow handshake.
  duration redial_while_away = std::chrono::milliseconds{1500};
};

/// What a session asks of its surroundings. Calls come from inside the session's own functions.
class session_output {
public:
  virtual ~session_output() = default;
  /// Sends a frame with this header; false if the socket would block or is not connected. `body` may be null.
  virtual bool transmit(const std::string& head, const body_ptr& body) = 0;
  /// Wants the connection to the peer closed and opened anew; one that is just being agreed upon may be left alone.
  virtual void redial() = 0;
  /// Messages of one frame, in order, each once.
  virtual void deliver(std::string_view body, uint32_t messages) = 0;
  virtual void up(const identity& peer) = 0;
  virtual void down(down_reason reason) = 0;
  /// Another node with the peer's name wants in, again and again, while the peer is linked and heard.
  virtual void rival(const identity&) {}
};

struct session_statistics {
  uint64_t times_up = 0;
  uint64_t redials = 0;
  uint64_t stale_frames = 0; ///< frames of another session, dropped
  uint64_t frames_in = 0;
  uint64_t messages_in = 0;
  uint64_t bytes_in = 0;
  uint64_t frames_out = 0;
  uint64_t messages_out = 0;
  uint64_t bytes_out = 0;
  uint64_t repeated_frames = 0;
  uint64_t duplicate_frames = 0;
  uint64_t reordered_frames = 0;
  std::chrono::nanoseconds round_trip{0}; ///< smoothed; 0 until measured
};

class session {
public:
  /// @param first_session random, so that sessions of different incarnations never meet
  session(const session_settings& cfg, const identity& self, uint32_t first_session, session_output& out);

  bool is_up() const noexcept { return state_ == state::up; }
  bool is_suspended() const noexcept { return state_ == state::suspended; }
  /// Who the peer is; empty before the first hello.
  const identity& peer() const noexcept { return peer_; }

  /// Whether `push` may be called: the link is up and its window is open.
  bool has_room() const noexcept { return is_up() && !big_ && sender_.has_room(); }

  /// Queues one frame of messages, a long one in parts, and transmits as far as the socket allows. Requires `has_room()`.
  void push(body_ptr body, uint32_t messages, time_point now);

  /// Transmits what is due: after `transmit` had returned false, and as part of all other calls.
  void flush(time_point now);

  /// A connection to the peer has been made: repeats what was not acknowledged.
  void on_connected(time_point now);

  /// A frame came in. The caller has checked that the sender's key belongs to `peer`'s name.
  void on_header(const header& h, std::string_view body, time_point now);

  /// Heartbeats, time-outs, hellos.
  void tick(time_point now);
  time_point deadline() const;

  /// Says goodbye and goes down; nothing is sent afterwards until `resume`.
  void suspend(down_reason reason, time_point now);
  void resume(time_point now);

  /// Ends the session because the peer sends nonsense; a new one may follow.
  void break_off(time_point now);

  /// The number that frames for this session carry as `to_session`.
  uint32_t number() const noexcept { return session_; }

  /// What this session knows about itself; cheap.
  session_statistics statistics() const;
  size_t frames_in_flight() const noexcept { return sender_.in_flight() + (big_ ? 1 : 0); }
  size_t bytes_in_flight() const noexcept { return sender_.bytes_in_flight(); }
  time_point last_heard() const noexcept { return last_heard_; }
  /// The shortest round trip of this session, which is that of the network; 0 until measured. The smoothed one is long after
  /// a cut: what had to wait for its end counts in it.
  duration least_round_trip() const noexcept { return least_round_trip_ == duration::max() ? duration{0} : least_round_trip_; }

  void self(const identity& x) { self_ = x; }

private:
  enum class state : uint8_t { away, up, suspended };

  void on(const hello& x, time_point now);
  void on(const data& x, std::string_view body, time_point now);
  void on(const beat& x, time_point now);
  void on(const bye& x, time_point now);

  void on_hello_while_up(const hello& x, time_point now);
  void heard_back(const beat& x, time_point now);
  /// How much longer than usual a beat was under way that left at that time of the peer's clock.
  duration lateness(int64_t left, time_point now);
  /// So long without a word is a silence.
  duration silence() const;
  /// Whether what comes now may have left during a silence, or before.
  bool may_be_held_back(time_point now) const;
  bool is_ours(uint32_t from, uint32_t to, time_point now);
  void note_rival(const identity& who, time_point now);
  bool saw_us(const hello& x, uint32_t session) const;
  void acknowledged(const channel::ack& x, time_point now);
  void send_hello(uint32_t session, time_point now);
  void send_beat(time_point now);
  void become_up(time_point now);
  void become_down(down_reason reason, time_point now);
  time_point lost_at() const;
  time_point redials_at() const;
  void redial_if_deaf(time_point now);
  void absorb_channel_statistics();
  void feed_parts();
  bool take(std::string_view body, uint32_t messages);

  session_settings cfg_;
  identity self_;
  session_output& out_;
  state state_ = state::away;
  uint32_t session_;
  identity peer_;
  uint32_t peer_session_ = 0;
  uint32_t peer_features_ = 0;
  channel::sender sender_;
  channel::receiver receiver_;
  body_ptr big_; // is going out in parts, from `big_sent_` on; nothing else is taken meanwhile
  size_t big_sent_ = 0;
  uint32_t big_messages_ = 0;
  std::string partial_; // is coming in in parts
  time_point last_heard_{};
  time_point last_hello_{};
  time_point rival_since_{}, rival_heard_{};
  time_point last_beat_{};
  time_point last_redial_{};
  duration redial_pause_{}; // from there on
  duration least_round_trip_ = duration::max();
  time_point last_proof_{}; // when the peer, by what it says, last heard something new of us
  // The least difference between our clock on arrival and the peer's in its beat, of this stretch of time and the one before: clocks
  // drift apart, and a way that has become longer for good is no delay.
  int64_t least_way_ = std::numeric_limits<int64_t>::max(), least_way_before_ = std::numeric_limits<int64_t>::max();
  time_point least_way_since_{};
  std::optional<time_point> silence_ended_; // the last one, of this session
  int64_t peer_clock_ = 0;  // the newest `now` of the peer
  time_point peer_clock_heard_{};
  std::string scratch_;
  session_statistics statistics_;
};

} // namespace bus::link
