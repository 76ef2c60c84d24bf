#pragma once

// The memory behind a lossless topic: what happened, numbered, and for how long
// it can be asked for again. Later topics (orders, executions) will stand on the
// journal; this file also holds the generic one in memory.

#include "actors/model/time.hpp"
#include "gateways/stream/topic_value.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace tt::gateway::stream {

/// The identity of a numbering that begins then: another than that of every earlier process.
inline std::uint64_t epoch_of(utc_time started) { return static_cast<std::uint64_t>(std::max<std::int64_t>(1, unix_ms(started))); }

/// A numbered sequence of events. All members may be called from any thread.
class lossless_log {
public:
  virtual ~lossless_log() = default;

  /// Identity of the numbering; a new one means that all old numbers are void.
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;
  /// Number of the newest event; 0 when there was none.
  [[nodiscard]] virtual std::uint64_t last() const = 0;
  /// Up to `limit` events with number > `after`, oldest first. Nothing when some of
  /// them are no longer kept, or `after` lies in the future.
  [[nodiscard]] virtual std::optional<std::vector<custom_value>> replay(std::uint64_t after, std::size_t limit) const = 0;
  /// The present state as one value; its position is that of the last event in it.
  [[nodiscard]] virtual custom_value snapshot() const = 0;
};

/// Keeps the newest events in memory: at most `max_replay_events`, none older
/// than `max_replay_age` (measured at the next append).
class memory_log final : public lossless_log {
public:
  using writer = std::function<void(json_writer&)>;
  /// Told of each event in order, while the log is locked: it must only pass on.
  using listener = std::function<void(const custom_value&)>;

  /// `epoch` must be another than that of every earlier log of the topic, unless its numbering goes on (continue_from).
  /// `write_state` writes the data of a snapshot; it is called while the log is
  /// locked, so what `append` changes under `change` is never seen half.
  /// `state_type` is the message type of a snapshot, where it is not the channel's; of static storage.
  memory_log(std::uint64_t epoch, writer write_state, std::string_view state_type = {});

  /// Goes on from a numbering that is older than this process: before the first event. `kept` are the newest events of then,
  /// oldest first, the last of them with number `last`. They are not told.
  void continue_from(std::uint64_t epoch, std::uint64_t last, std::vector<std::pair<writer, utc_time>> kept);
  void set_listener(listener on_event);
  /// Runs `change` (the owner's state), then adds the event; both under the lock.
  /// `message_type`: a literal, where it is not the channel's usual one.
  void append(utc_time at, writer data, const std::function<void()>& change = {}, std::string_view message_type = {});

  [[nodiscard]] std::uint64_t epoch() const override;
  [[nodiscard]] std::uint64_t last() const override;
  [[nodiscard]] std::optional<std::vector<custom_value>> replay(std::uint64_t after, std::size_t limit) const override;
  [[nodiscard]] custom_value snapshot() const override;

private:
  std::uint64_t epoch_;
  const writer write_state_;
  const std::string_view state_type_;
  mutable std::mutex mutex_;
  listener on_event_;
  std::deque<custom_value> events_; // positions are consecutive
  std::uint64_t last_ = 0;
  utc_time last_at_{};
};

} // namespace tt::gateway::stream
