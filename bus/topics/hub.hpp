// This header file defines the topic hub: the data plane as actors see it.
// Publishing is one call; a local subscriber gets the very `caf::message`,
// remote ones get it over XPUB, and only if there are any is it encoded.
//
// What it promises, and what not: per topic and publisher, sequence numbers; a
// subscriber with `delivery::every` is told of every gap; one with
// `delivery::latest` has at most one message per topic in its mailbox, and it is
// the newest at the moment it is handled. Nothing here is ever sent twice or
// waited for: what must not be lost goes over the control plane.
//
// Threads: all functions from any thread, except those marked "bus thread".
#pragma once

#include "bus/codec/table.hpp"
#include "bus/delivery.hpp"
#include "bus/link/transport.hpp"

#include <caf/actor.hpp>
#include <caf/message.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace bus::topics {

/// Least time between two settlings of what remote subscribers want.
inline constexpr std::chrono::milliseconds settle_pause{50};

class subscription;
using subscription_ptr = std::shared_ptr<subscription>;

/// A topic that this node publishes.
struct local_topic {
  explicit local_topic(std::string n) : name(std::move(n)) {}
  const std::string name;
  std::mutex mutex;
  uint64_t seq = 0;
  caf::message last;   ///< for late subscribers
  bool wanted = false; ///< by a remote subscriber
};

using local_topic_ptr = std::shared_ptr<local_topic>;

/// Counters for status pages.
struct hub_report {
  uint64_t published = 0;
  uint64_t sent = 0;    ///< of these, encoded for remote subscribers
  uint64_t refused = 0; ///< not sent because the queue to the bus thread was full or a type cannot travel
  uint64_t received = 0;
  uint64_t gaps = 0;
  uint64_t malformed = 0;
};

class hub : public std::enable_shared_from_this<hub> {
public:
  hub(std::string node_name, uint64_t epoch, codec::encoder_context encode, codec::decoder_context decode)
      : node_name_(std::move(node_name)), epoch_(epoch), encode_(encode), decode_(decode) {}

  void attach(link::transport* transport) { transport_ = transport; }

  /// The topic of that name, made if need be; null if the name or the number of topics is beyond its limit.
  local_topic_ptr topic(std::string_view name);

  void publish(local_topic& topic, caf::message content);

  /// Adds or changes a subscription; the newest known message is delivered at once.
  bool subscribe(std::string_view topic, const caf::actor& subscriber, delivery how);
  void unsubscribe(std::string_view topic, const caf::actor& subscriber);
  void request_snapshot(std::string_view topic);

  hub_report report() const;

  /// Sends `wanted_atom` to an actor, now and when something has changed since it last asked for `wanted`.
  void watch_wanted(const caf::actor& watcher);
  /// The prefixes that remote subscribers want.
  std::vector<std::string> wanted(const caf::actor& watcher);

  // -- bus thread -------------------------------------------------------------

  /// Called for what programs outside are refused, now and then. Set before the start.
  void on_refusal(std::function<void(const std::string&)> told) { refusal_ = std::move(told); }
  /// Called with the name of a program outside whose subscriptions take too much memory in the socket: those that are not
  /// counted as its own are beyond their limit. Set before the start.
  void on_overdrawn(std::function<void(const std::string&)> told) { overdrawn_ = std::move(told); }
  /// Noted; `settle_wanted` acts on it.
  void on_wanted(std::string_view prefix, bool wanted, std::string_view client = {});
  void on_nothing_wanted();
  /// Begins and stops to encode, sends snapshots, tells watchers: for all that was noted since the last time, at most
  /// once in `settle_pause`. However often somebody comes and goes, a topic is sent again that often at most.
  void settle_wanted(link::time_point now);
  link::time_point deadline() const;
  void on_snapshot_wanted(std::string_view topic);
  void on_message(std::string_view topic, std::string_view payload);

private:
  struct string_hash {
    using is_transparent = void;
    size_t operator()(std::string_view x) const noexcept { return std::hash<std::string_view>{}(x); }
  };
  template <class T>
  using string_map = std::unordered_map<std::string, T, string_hash, std::equal_to<>>;

  /// A topic with subscribers on this node.
  struct followed_topic {
    std::vector<subscription_ptr> subscribers;
    std::unordered_map<uint64_t, uint64_t> last_seq; ///< per publisher epoch
    std::shared_ptr<const std::string> last;         ///< payload, for late subscribers
  };

  struct wanted_watcher {
    caf::weak_actor_ptr actor;
    caf::actor_id id = 0;
    bool told = false; ///< and has not asked since
  };
  using prefix_set = std::set<std::string, std::less<>>;

  bool is_wanted(std::string_view topic) const;
  bool admit(std::string_view prefix, std::string_view client);
  void drop_wanted(std::string_view prefix);
  void note_change(std::string_view prefix);
  void refuse(std::string_view client);
  void note_stray(std::string_view prefix, std::string_view client);
  void tell_watchers();
  void send(local_topic& topic);
  void remove(std::string_view topic, caf::actor_id subscriber);
  void forget(caf::actor_id subscriber);
  std::vector<subscription_ptr> subscribers_of(std::string_view topic) const;

  const std::string node_name_;
  const uint64_t epoch_;
  const codec::encoder_context encode_;
  const codec::decoder_context decode_;
  link::transport* transport_ = nullptr;

  mutable std::shared_mutex topics_mutex_;
  string_map<local_topic_ptr> topics_;
  std::map<std::string, std::string, std::less<>> wanted_; // prefixes, by whom they came: a client, or empty for nodes
  bool all_wanted_ = false;                                // nodes want more of them than the limit
  std::vector<wanted_watcher> wanted_watchers_;

  // bus thread
  std::map<std::string, size_t, std::less<>> of_client_; // prefixes that it brought in
  size_t of_clients_ = 0;
  struct strays {
    size_t prefixes = 0;
    size_t bytes = 0;
  };
  std::map<std::string, strays, std::less<>> strays_; // by client, since the socket was opened
  prefix_set changed_;   // prefixes, since the last settling
  prefix_set asked_;     // prefixes that somebody came for since
  prefix_set snapshots_; // topics that somebody lost something of since
  link::time_point settled_{};
  link::time_point refusal_told_{};
  link::time_point now_{};
  std::function<void(const std::string&)> refusal_;
  std::function<void(const std::string&)> overdrawn_;

  mutable std::shared_mutex followed_mutex_;
  string_map<followed_topic> followed_;
  std::unordered_set<caf::actor_id> subscribers_; // whose end is watched

  std::atomic<uint64_t> published_{0}, sent_{0}, refused_{0}, received_{0}, gaps_{0}, malformed_{0};
};

} // namespace bus::topics
