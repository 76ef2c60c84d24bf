#pragma once

// One client's conversation, without its socket: commands in, frames out, and the
// clocks that end it. Pure; belongs to one thread; time is passed in.
//
//     session s{id, hub, config, tallies, style, identity::known, now};
//     s.on_message(R"({"action":"subscribe","symbols":["AAPL"]})", encoding::json, now);
//     s.pull(bytes, 32 * 1024, now);            // frames for the socket
//     if (s.closing()) …                        // close with its code

#include "gateways/stream/hub.hpp"
#include "gateways/stream/outbox.hpp"
#include "gateways/stream/protocol.hpp"
#include "gateways/stream/stream_config.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tt::gateway::stream {

/// Whether the caller has shown who it is.
enum class identity : std::uint8_t {
  known,
  bound, ///< known, and held to some accounts or strategies: the channels that tell of all are not for it, but of its accounts
  missing,
};
/// Accounts that a bound caller may hear of, sorted; empty for one that is bound to strategies.
using own_accounts = std::vector<std::string>;

/// What became of a token that came in a message.
struct stream_greeting {
  identity who = identity::missing; ///< missing: it is none
  std::string principal, role;
  own_accounts accounts = {}; ///< of identity::bound
};
/// Asks who a token belongs to.
using stream_door = std::function<stream_greeting(std::string_view token)>;

/// How a conversation ends.
struct close_request {
  close_code code = close_code::normal;
  std::string reason; ///< for a person, at most 123 bytes
};

/// Tokens that refill evenly; starts full.
class token_bucket {
public:
  token_bucket(std::uint32_t per_minute, mono_time now) : per_minute_(per_minute), tokens_(per_minute), at_(now) {}
  /// Whether there was a token.
  bool take(mono_time now);

private:
  double per_minute_;
  double tokens_;
  mono_time at_;
};

class session {
public:
  session(std::uint64_t id, hub& home, const stream_config& config, shard_tallies& tallies, message_style style,
          identity who, moment now);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  /// Leaves all its topics.
  ~session();

  [[nodiscard]] std::uint64_t id() const { return id_; }
  /// Of identity::bound, before the first message.
  void set_accounts(own_accounts mine) { mine_ = std::move(mine); }
  /// Who is asked about tokens in messages; without it none is taken.
  void set_door(stream_door door) { door_ = std::move(door); }

  // -- the socket's side ---------------------------------------------------------

  /// A whole message of the client; text is JSON, binary is MessagePack.
  void on_message(std::string_view bytes, encoding form, moment now);
  /// A ping or pong frame of the client.
  void on_control_frame(moment now);
  /// Looks at the clocks; call when next_wake() has come.
  void on_time(moment now);
  /// Appends frames until `out` holds `budget` bytes or nothing is due.
  void pull(std::string& out, std::size_t budget, moment now);
  /// The socket takes no more bytes (may be said again), or takes them again.
  void on_blocked(moment now) {
    if (!blocked_since_) blocked_since_ = now.mono;
  }
  void on_unblocked() { blocked_since_.reset(); }
  /// Whether pull would find something now.
  [[nodiscard]] bool has_output() const;
  /// When to call on_time (and pull) next, if nothing happens before.
  [[nodiscard]] mono_time next_wake() const;
  /// Ends the conversation; the first reason stays.
  void close(close_code code, std::string reason);
  [[nodiscard]] const std::optional<close_request>& closing() const { return closing_; }

  // -- the hub's side --------------------------------------------------------------

  attention offer(slot& where, value_ptr value, moment now);
  void deliver_event(slot& where, const value_ptr& event, moment now);
  /// Pays the slot's snapshot with the news that nothing is known.
  void say_waiting(slot& where, moment now);
  /// Answers a `snapshot` without subscription; null: nothing is known.
  void answer_snapshot(const topic_key& key, const value_ptr& value, moment now);

  /// The hub's mark: something was given since the last flush.
  bool is_touched = false;

private:
  struct topic_choice; // what a command's channels and symbols mean; see session_commands.cpp
  struct refusal {
    std::string symbol;
    std::string channel;
    std::string reason;
  };

  void handle(const command& what, moment now);
  void subscribe(const command& what, moment now);
  void unsubscribe(const command& what, moment now);
  void send_snapshots(const command& what, moment now);
  void resume(const command& what, moment now);
  void resume_lossless(const topic_key& key, std::uint64_t epoch, std::uint64_t after, moment now);
  /// The topic that a resume means; nothing: said why not.
  std::optional<topic_key> resumed_topic(channel what, const command& from, moment now);
  void resume_conflated(channel what, const command& from, moment now);
  void list_topics(moment now);
  void authenticate(const command& what, moment now);
  /// Of an identity that is bound: ends its subscriptions of channels that tell of every account.
  void leave_what_tells_of_all();
  void change_settings(const command& what, moment now);

  /// Why a channel can't be had here; empty when it can.
  [[nodiscard]] std::string_view why_missing(channel what) const;
  topic_choice choose(const command& what);
  /// The topics of a channel of accounts for a caller that is bound to some.
  void choose_accounts(channel what, const command& from, topic_choice& out) const;
  /// Whether the limits allow one more topic; otherwise why not.
  [[nodiscard]] std::optional<std::string> over_limit(const topic_key& key) const;
  slot& add_slot(const topic_key& key);
  void remove_slot(const topic_key& key);
  void resend(slot& where, moment now);
  void send_log_snapshot(slot& where, moment now);
  void say_gap(slot& where, moment now);
  /// Feeds the queue from the logs that are being replayed; false when there is nothing to do.
  bool pump_replays(moment now);

  [[nodiscard]] json_writer begin(std::string_view type) const;
  void send(json_writer out, moment now);
  void send_ack(const command& what, const std::vector<refusal>& refused, moment now);
  void send_dialect_c(std::string_view type, const topic_choice& chosen, moment now);
  void send_error(std::string_view code, std::string_view message, moment now, const std::vector<refusal>& refused = {});
  void write_names(json_writer& out) const;
  void check(admission outcome);
  bool count_inbound(moment now);

  const std::uint64_t id_;
  hub& hub_;
  const stream_config& config_;
  shard_tallies& tallies_;
  outbox box_;
  identity identity_;
  own_accounts mine_; ///< of identity::bound
  stream_door door_;
  std::map<topic_key, std::unique_ptr<slot>> slots_;
  std::map<std::string, std::size_t> symbols_; ///< symbol or venue → topics of it
  std::size_t replays_ = 0;                    ///< slots that are replaying
  std::string request_id_;                     ///< `id` of the message being answered, as JSON

  token_bucket inbound_;
  mono_time opened_;
  mono_time last_inbound_;
  mono_time next_ping_;
  bool ping_due_ = false;
  std::optional<mono_time> blocked_since_;
  std::optional<close_request> closing_;
};

} // namespace tt::gateway::stream
