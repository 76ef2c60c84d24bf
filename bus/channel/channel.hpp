// This header file defines the reliable, ordered channel: how frames that may be
// lost, doubled, reordered or held up on the way arrive once each and in order.
//
// Two state machines per direction, `sender` and `receiver`. They know no
// sockets, no threads, no clock and no CAF: bytes in, bytes out, time passed as
// an argument. One channel lives as long as one session of a link (see
// `bus/link/session.hpp`); a new session starts a new pair at sequence number 1.
//
//   sender s{settings};                       receiver r{settings};
//   if (s.has_room()) s.push(body, 1);
//   while (auto* f = s.next(now)) wire(*f);   r.accept(seq, body, n, deliver);
//   s.acknowledge(ack, now);                  auto ack = r.acknowledgement(now);
//
// Memory: at most `window_frames` frames and about `window_bytes` bytes on each
// side, fewer bytes on a slow network; a frame beyond the window is not sent, and dropped if it comes in.
#pragma once

#include "bus/channel/retransmission.hpp"
#include "bus/limits.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bus::channel {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// The bytes of a frame, shared between the retransmission buffer and the socket.
using body_ptr = std::shared_ptr<const std::string>;

struct settings {
  uint32_t window_frames = limits::window_frames;
  size_t window_bytes = size_t{16} << 20;
  /// What is in flight on a slow network lies before everything that is sent later, signs of life too. So the sender begins
  /// with so many bytes, doubles them when they are used and acknowledgements come promptly, and halves them, down to here,
  /// when those come late.
  size_t first_bytes = size_t{512} << 10;
  duration prompt = std::chrono::milliseconds{100};
  duration late = std::chrono::milliseconds{400};
  /// The oldest frame without acknowledgement is sent again after this, doubled each time up to `retry_max`.
  duration retry_after = std::chrono::milliseconds{250};
  duration retry_max = std::chrono::milliseconds{1000};
  /// A frame that was reported missing is not sent again more often than this.
  duration repair_pause = std::chrono::milliseconds{10};
  /// How many of the oldest frames one time-out sends again.
  uint32_t retry_frames = 16;
  /// The receiver acknowledges after so many frames or so much time, whichever is first.
  uint32_t ack_frames = 32;
  duration ack_after = std::chrono::milliseconds{10};
  retransmission mode = retransmission::on;
};

/// Frames `first` to `last`, both included.
struct seq_range {
  uint64_t first = 0;
  uint64_t last = 0;
  friend bool operator==(const seq_range&, const seq_range&) = default;
};

/// What a receiver has: every frame up to `received`, and above it all but `missing` up to the last range.
struct ack {
  uint64_t received = 0;
  std::vector<seq_range> missing;
};

/// A frame on the sending side.
struct frame {
  uint64_t seq = 0;
  uint32_t messages = 0; ///< how many messages the body holds, for the statistics of the other side
  body_ptr body;
  time_point sent;
  uint32_t times_sent = 0;
  bool due = true; ///< to be sent at the next opportunity
};

struct sender_statistics {
  uint64_t frames = 0;
  uint64_t repeated = 0; ///< frames sent more than once
  uint64_t max_in_flight = 0;
};

class sender {
public:
  explicit sender(const settings& cfg) : cfg_(cfg), room_(std::min(cfg.first_bytes, cfg.window_bytes)), retry_pause_(cfg.retry_after) {}

  /// Whether `push` may be called.
  bool has_room() const noexcept {
    return frames_.empty() || (frames_.size() < cfg_.window_frames && bytes_ < room_);
  }

  /// Takes a frame and gives it the next sequence number, which is returned.
  /// Requires `has_room()`.
  uint64_t push(body_ptr body, uint32_t messages);

  /// The next frame that is due, marked as sent at `now`; null if there is none. The pointer is valid until
  /// the next call of a non-const function.
  const frame* next(time_point now);

  /// Takes the last `next()` back: the socket refused it.
  void take_back();

  /// Forgets what has arrived and makes due what is reported missing.
  /// @return false if the acknowledgement names frames that were never sent: the peer is broken.
  bool acknowledge(const ack& x, time_point now);

  /// Makes everything without acknowledgement due: the connection is a new one.
  void repeat_all();

  /// Makes the oldest frames due if they have waited too long.
  void tick(time_point now);

  /// When `tick` wants to be called; nothing if all has been acknowledged.
  std::optional<time_point> deadline() const;

  bool idle() const noexcept { return frames_.empty(); }
  size_t in_flight() const noexcept { return frames_.size(); }
  size_t bytes_in_flight() const noexcept { return bytes_; }
  /// How many may be in flight now.
  size_t room() const noexcept { return room_; }
  uint64_t last_seq() const noexcept { return next_seq_ - 1; }
  const sender_statistics& statistics() const noexcept { return statistics_; }

private:
  void mark_due(frame& f);
  void adapt(duration delay);

  settings cfg_;
  size_t room_; // for bytes, between `first_bytes` and `window_bytes`
  std::deque<frame> frames_; // without acknowledgement, consecutive sequence numbers
  size_t bytes_ = 0;
  size_t scan_from_ = 0; // no frame before this index is due
  size_t last_index_ = 0;
  uint64_t next_seq_ = 1;
  duration retry_pause_;
  time_point last_progress_{};
  sender_statistics statistics_;
};

/// What became of an incoming frame.
enum class verdict : uint8_t {
  delivered,   ///< in order; handed on, with frames that had waited for it
  buffered,    ///< ahead of a gap
  duplicate,   ///< seen before
  out_of_range ///< beyond the window: a broken or hostile peer, or a frame that will come again
};

struct receiver_statistics {
  uint64_t frames = 0;
  uint64_t duplicates = 0;
  uint64_t out_of_order = 0;
  uint64_t out_of_range = 0;
  uint64_t max_buffered = 0;
};

class receiver {
public:
  explicit receiver(const settings& cfg) : cfg_(cfg) {}

  /// Takes a frame. `deliver(std::string_view body, uint32_t messages)` is called for each frame that is now
  /// in order, in order. Bodies are copied only if they have to wait.
  template <class F>
  verdict accept(uint64_t seq, std::string_view body, uint32_t messages, time_point now, F&& deliver) {
    const auto what = classify(seq, body, messages, now);
    if (what != verdict::delivered) return what;
    deliver(body, messages);
    while (!waiting_.empty() && waiting_.begin()->first == next_seq_) {
      const auto node = waiting_.extract(waiting_.begin());
      waiting_bytes_ -= node.mapped().body.size();
      ++next_seq_;
      deliver(std::string_view{node.mapped().body}, node.mapped().messages);
    }
    return what;
  }

  /// What to tell the sender. Resets `ack_due`; as long as there is a gap it becomes due again and again.
  ack acknowledgement(time_point now);

  /// Whether an acknowledgement should go out although nothing else does.
  bool ack_due(time_point now) const noexcept;

  /// When `ack_due` becomes true by itself; nothing if all has been acknowledged.
  std::optional<time_point> deadline() const;

  uint64_t received() const noexcept { return next_seq_ - 1; }
  size_t buffered() const noexcept { return waiting_.size(); }
  const receiver_statistics& statistics() const noexcept { return statistics_; }

private:
  struct waiting_frame {
    std::string body;
    uint32_t messages;
  };

  verdict classify(uint64_t seq, std::string_view body, uint32_t messages, time_point now);

  settings cfg_;
  uint64_t next_seq_ = 1;
  std::map<uint64_t, waiting_frame> waiting_; // ahead of a gap
  size_t waiting_bytes_ = 0;
  uint32_t unacknowledged_ = 0;
  bool urgent_ = false; // a gap or a duplicate: the sender should know at once
  time_point oldest_unacknowledged_{};
  time_point last_ack_{};
  receiver_statistics statistics_;
};

} // namespace bus::channel
