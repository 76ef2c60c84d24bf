#pragma once

// Who listens to what: the topics of one shard, and the way of a value from the
// market to all its receivers. Pure; belongs to one thread. Each shard has its
// own hub, so nothing is locked and a slow client holds up nobody.

#include "gateways/stream/counters.hpp"
#include "gateways/stream/lossless_log.hpp"
#include "gateways/stream/outbox.hpp"
#include "gateways/stream/topic_value.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tt::gateway::stream {

class session;

/// One topic of a shard with its receivers.
struct hub_topic {
  struct receiver {
    session* who = nullptr;
    slot* where = nullptr;
  };

  std::shared_ptr<const topic_key> key;
  value_ptr newest;                ///< null while nothing is known
  /// Whether the market has said that it knows nothing yet.
  enum class knowledge : std::uint8_t { asked, answered } state = knowledge::asked;
  std::vector<receiver> receivers;
  std::uint64_t subscription = 0;  ///< the source's handle
};

/// Where the topics come from. Called by the hub on its thread; the source calls
/// hub::publish and hub::on_fetched on the same thread.
class topic_source {
public:
  virtual ~topic_source() = default;

  /// The canonical symbol or venue behind a client's name.
  /// Errors: unknown_symbol.
  [[nodiscard]] virtual result<std::string> resolve(channel what, std::string_view name) const = 0;
  /// The venues meant when market_status is asked for without a name.
  [[nodiscard]] virtual std::vector<std::string> venues() const = 0;
  /// Begins to publish the topic until closed. The topic lives as long.
  virtual void open(const std::shared_ptr<hub_topic>& topic) = 0;
  virtual void close(const std::shared_ptr<hub_topic>& topic) = 0;
  /// Finds out the present state and calls hub::on_fetched once, now or later.
  virtual void fetch(const topic_key& key) = 0;
  /// The memory of a lossless channel, of all accounts or of one; null where it is not served. Lives as long as the source.
  [[nodiscard]] virtual lossless_log* log_of(channel what, const std::string& account) = 0;
  /// The present moment.
  [[nodiscard]] virtual moment now() const = 0;
  /// The market's time, which a replay makes another than ours.
  [[nodiscard]] virtual utc_time market_time() const = 0;
};

class hub {
public:
  hub(topic_source& source, shard_tallies& tallies) : source_(source), tallies_(tallies) {}
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;

  // -- for sessions ------------------------------------------------------------

  void enter(session& who);
  void exit(session& who);
  /// Subscribes. The newest value, or the news that there is none, follows at
  /// once where it is known, later otherwise.
  void join(session& who, slot& where);
  void leave(session& who, slot& where);
  /// The newest value of a topic that somebody of this shard listens to, or null.
  [[nodiscard]] value_ptr newest(const topic_key& key) const;
  /// Sends the state of a topic once, without a subscription.
  void fetch_once(session& who, const topic_key& key);
  [[nodiscard]] topic_source& source() { return source_; }

  // -- for the source ------------------------------------------------------------

  /// A new value. It arrived at `at`, whose wall time is the market's.
  void publish(hub_topic& topic, payload content, moment at);
  /// A new event of a lossless channel: of its topic for all, or of that of an account.
  void publish_event(channel what, const std::string& account, const custom_value& event, moment at);
  /// The answer to topic_source::fetch; nothing when the market knows nothing.
  void on_fetched(const topic_key& key, std::optional<payload> content);

  // -- for the shard -------------------------------------------------------------

  /// Sessions that were given something since the last call; each once.
  [[nodiscard]] std::vector<session*> take_touched();

private:
  void touch(session& who);
  void tell_waiting(hub_topic& topic);

  topic_source& source_;
  shard_tallies& tallies_;
  std::map<topic_key, std::shared_ptr<hub_topic>> topics_;
  std::map<topic_key, std::vector<std::uint64_t>> fetches_; ///< sessions that want the answer once
  std::unordered_map<std::uint64_t, session*> sessions_;
  std::vector<session*> touched_;
};

} // namespace tt::gateway::stream
