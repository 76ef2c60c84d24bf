// This header file defines the outbox: where actors' threads put encoded
// messages for one peer and the bus thread takes them as frames. Messages are
// appended to one growing chunk, so there is no allocation per message, and
// whatever has gathered while the bus thread was busy leaves as one frame: the
// busier, the larger the batches, and no delay when idle.
#pragma once

#include "bus/limits.hpp"
#include "bus/link/wake.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace bus::link {

enum class append_result : uint8_t { accepted, overloaded, closed };

/// What may be refused when the link is behind.
enum class lane : uint8_t {
  ordinary, ///< refused beyond the limit
  vital     ///< answers, down notices, credit: refused only beyond twice the limit
};

struct chunk {
  std::string bytes;
  uint32_t messages = 0;
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
      if (bytes_ + message.size() > (how == lane::ordinary ? limit_ : 2 * limit_))
        return append_result::overloaded;
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

  /// Bus thread: starts accepting for a session. Generations are never 0 and never used twice.
  void open(uint64_t generation) {
    const std::lock_guard guard{mutex_};
    clear();
    generation_ = generation;
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

  size_t bytes() const {
    const std::lock_guard guard{mutex_};
    return bytes_;
  }

private:
  void clear() {
    chunks_.clear();
    bytes_ = 0;
  }

  const size_t limit_;
  wake_signal& signal_;
  mutable std::mutex mutex_;
  std::deque<chunk> chunks_;
  size_t bytes_ = 0;
  uint64_t generation_ = 0;
};

} // namespace bus::link
