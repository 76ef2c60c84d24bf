// This header file defines the outbox: where actors' threads put encoded
// messages for one peer and the bus thread takes them as frames. Messages are
// appended to one growing chunk, so there is no allocation per message, and
// whatever has gathered while the bus thread was busy leaves as one frame: the
// busier, the larger the batches, and no delay when idle.
//
// While nothing is on its way, a message does not even wait for the bus thread: it
// is sent by the thread that has it (`direct_sender`), which saves a change of
// threads where latency is all that counts. As soon as there is something to batch
// with, it is batched.
#pragma once

#include "bus/limits.hpp"
#include "bus/link/wake.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace bus::link {

enum class append_result : uint8_t { accepted, overloaded, closed };

/// What may be refused when the link is behind.
enum class lane : uint8_t {
  ordinary, ///< refused beyond the limit
  answer,   ///< refused only beyond twice the limit: then the reason travels in its place, as vital
  vital ///< down notices, credit, names: refused only beyond three times the limit, which ends the session
};

struct chunk {
  std::string bytes;
  uint32_t messages = 0;
};

/// How many times the limit a lane may fill: what is small and must arrive keeps room above what is large.
constexpr size_t share_of(lane how) noexcept {
  return how == lane::ordinary ? 1 : how == lane::answer ? 2 : 3;
}

/// Sends a message at once, from any thread.
class direct_sender {
public:
  virtual ~direct_sender() = default;
  /// False if the link is busy, in whatever way: then the message goes through the outbox. Never blocks.
  virtual bool send_directly(std::string_view message) = 0;
};

class outbox {
public:
  outbox(size_t limit, wake_signal& signal) : limit_(limit), signal_(signal) {}

  /// Any thread. `generation` is that of the session the message was made for: it never goes out in another.
  append_result append(std::string_view message, lane how, uint64_t generation) {
    bool first = false;
    {
      const std::lock_guard guard{mutex_};
      if (generation != generation_) return append_result::closed;
      if (bytes_ + message.size() > share_of(how) * limit_) {
        if (how != lane::vital || std::exchange(overrun_, true)) return append_result::overloaded;
        signal_.notify();
        return append_result::overloaded;
      }
      // under the mutex: nobody overtakes, and the sender does not go away meanwhile
      if (chunks_.empty() && direct_ && direct_->send_directly(message)) return append_result::accepted;
      if (chunks_.empty() || chunks_.back().bytes.size() + message.size() > limits::frame_bytes)
        chunks_.emplace_back();
      auto& last = chunks_.back();
      last.bytes.append(message);
      ++last.messages;
      first = bytes_ == 0;
      bytes_ += message.size();
    }
    if (first) signal_.notify();
    return append_result::accepted;
  }

  /// Bus thread: starts accepting for a session. Generations are never 0 and never used twice. `direct` may
  /// be null, and must live until the next `open` or `close`.
  void open(uint64_t generation, direct_sender* direct = nullptr) {
    const std::lock_guard guard{mutex_};
    clear();
    generation_ = generation;
    direct_ = direct;
  }

  /// Bus thread: the session is over.
  void close() { open(0); }

  /// Bus thread: takes the oldest chunk.
  bool take(chunk& out) {
    const std::lock_guard guard{mutex_};
    if (chunks_.empty()) return false;
    out = std::move(chunks_.front());
    chunks_.pop_front();
    bytes_ -= out.bytes.size();
    return true;
  }

  /// Whether a vital message was refused: the peer would go on without knowing something, so the session must
  /// end.
  bool overrun() const {
    const std::lock_guard guard{mutex_};
    return overrun_;
  }

  size_t bytes() const {
    const std::lock_guard guard{mutex_};
    return bytes_;
  }

private:
  void clear() {
    chunks_.clear();
    bytes_ = 0;
    overrun_ = false;
  }

  const size_t limit_;
  wake_signal& signal_;
  mutable std::mutex mutex_;
  std::deque<chunk> chunks_;
  size_t bytes_ = 0;
  bool overrun_ = false;
  uint64_t generation_ = 0;
  direct_sender* direct_ = nullptr;
};

} // namespace bus::link
