#pragma once

// What waits for one client: the conflation, the bounded queues, the numbering.
// Pure; belongs to one thread; time is passed in.
//
// Nothing is composed until the socket can take it: a conflated value stays in
// its slot, where a newer one replaces it, so a slow client gets the newest
// state and not a backlog.

#include "gateways/stream/counters.hpp"
#include "gateways/stream/stream_config.hpp"
#include "gateways/stream/topic_value.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt::gateway::stream {

/// Where a slot of a conflated channel is in its cycle.
enum class slot_phase : std::uint8_t {
  idle,    ///< nothing waits, a value may be sent at once
  ready,   ///< a value waits for the socket only
  cooling, ///< sent less than 1/rate ago; a value that comes now waits
};

/// Whether the client is still owed the snapshot of a topic.
enum class snapshot_debt : std::uint8_t { paid, owed };

/// One subscription of one client, and the values that wait in it.
struct slot : boost::intrusive::list_base_hook<> {
  explicit slot(std::shared_ptr<const topic_key> topic) : key(std::move(topic)), kind(traits_of(key->what).kind) {}

  const std::shared_ptr<const topic_key> key;
  const delivery kind;
  snapshot_debt snapshot = snapshot_debt::owed;

  slot_phase phase = slot_phase::idle;
  mono_time last_sent{};
  std::vector<value_ptr> waiting;    ///< oldest first; one, or one per bar
  std::uint64_t conflated = 0;       ///< replaced since the last message
  std::uint64_t dropped = 0;         ///< trades lost since the last message
  std::uint64_t newest_entry = 0;    ///< number of its newest entry in the unconflated queue, 0 none

  std::uint64_t cursor = 0;          ///< lossless: number of the last event handed to the queue
  bool replaying = false;            ///< lossless: the log is read from `cursor`, live events wait there
  std::uint64_t replay_from = 0;     ///< lossless: `after` of the running resume
};

/// Whether something that must not be lost had room.
enum class admission : std::uint8_t { taken, full };

class outbox {
public:
  outbox(const stream_config& config, shard_tallies& tallies, message_style style);
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;
  ~outbox();

  /// A message that must not be lost: acks, errors, the session's own.
  [[nodiscard]] admission push(message_body body, message_kind kind = message_kind::update);
  /// An event of a lossless topic, or a snapshot outside any subscription.
  [[nodiscard]] admission push_shared(const value_ptr& value, message_kind kind);
  /// A value of a conflated or queued topic. Never fails: what has no room is
  /// conflated or dropped, and counted.
  void offer(slot& to, value_ptr value, mono_time now);
  /// Sends the state once more, marked as a snapshot, without waiting for the slot
  /// to cool down. What already waits in the slot is at least as new and goes first.
  [[nodiscard]] admission offer_snapshot(slot& to, const value_ptr& newest);
  /// Forgets all that waits for the slot. Call before the slot dies.
  void forget(slot& which);

  /// Updates per second and topic; 0 sends every update as long as there is room.
  void set_rate(int hz);
  [[nodiscard]] int rate() const { return rate_hz_; }
  void set_fields(json_style fields) { style_.fields = fields; }
  [[nodiscard]] message_style style() const { return style_; }

  /// Appends whole frames until `out` holds `budget` bytes or more, or nothing is
  /// due. `now` decides which slots have cooled down.
  void pull(std::string& out, std::size_t budget, mono_time now);
  /// Whether pull would find something now.
  [[nodiscard]] bool has_ready() const { return !own_.empty() || !ready_.empty() || !unconflated_.empty() || !trades_.empty(); }
  /// When a waiting value has cooled down, if pull(now) left one.
  [[nodiscard]] std::optional<mono_time> next_due() const;
  /// Whether nothing of push or push_shared waits: the time to read a log on.
  [[nodiscard]] bool own_is_empty() const { return own_.empty(); }

  /// Bytes that wait in the queues (not in conflated slots).
  [[nodiscard]] std::size_t queued_bytes() const { return own_bytes_ + droppable_bytes_; }
  /// Number of the last message.
  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  /// When the last message was composed.
  [[nodiscard]] std::optional<mono_time> last_message_at() const { return last_message_at_; }

private:
  struct entry {
    std::shared_ptr<const message_body> body; ///< null: forgotten
    slot* from = nullptr;
    std::int64_t fact = 0;
    std::optional<mono_time> arrival;
    std::uint64_t conflated = 0;
    message_kind kind = message_kind::update;
  };
  using slot_list = boost::intrusive::list<slot, boost::intrusive::constant_time_size<false>>;

  [[nodiscard]] admission push_entry(entry one);
  [[nodiscard]] entry make_entry(const value_ptr& value, slot* from, message_kind kind) const;
  void offer_trade(slot& to, const value_ptr& value);
  void offer_conflated(slot& to, value_ptr value, mono_time now);
  /// Whether the value found a place in the unconflated queue.
  bool offer_unconflated(slot& to, const value_ptr& value);
  void drop_oldest_trade();
  void leave_list(slot& which);
  void wake_cooled(mono_time now);
  [[nodiscard]] mono_time::duration interval() const;

  bool pull_own(std::string& out, mono_time now);
  bool pull_ready(std::string& out, mono_time now);
  bool pull_unconflated(std::string& out, mono_time now);
  bool pull_trade(std::string& out, mono_time now);
  void compose(std::string& out, const message_body& body, message_tail tail, std::optional<mono_time> arrival, mono_time now);

  const stream_config& config_;
  shard_tallies& tallies_;
  message_style style_;
  int rate_hz_;

  std::deque<entry> own_;
  std::deque<entry> unconflated_;
  std::deque<entry> trades_;
  std::uint64_t unconflated_base_ = 1; ///< number of unconflated_.front()
  std::size_t own_bytes_ = 0;
  std::size_t droppable_bytes_ = 0;    ///< of unconflated_ and trades_
  slot_list ready_;
  slot_list cooling_;                  ///< by last_sent, oldest first
  std::size_t cooling_with_value_ = 0;

  std::uint64_t seq_ = 0;
  std::optional<mono_time> last_message_at_;
};

} // namespace tt::gateway::stream
