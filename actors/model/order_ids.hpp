#pragma once

// Ids of the order path. Each is a type of its own, so that a venue's order id can't
// be passed where ours is meant. None of them is random or taken from a clock.

#include "actors/model/result.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tt {

/// A text whose meaning is part of its type. Empty: there is none.
template <class Tag>
class text_id {
public:
  text_id() = default;
  explicit text_id(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  auto operator<=>(const text_id&) const = default;

private:
  std::string text_;
};

/// Account, as configured: "paper_simulator".
using account_id = text_id<struct account_id_tag>;
/// Ours, shown by the API: `o-` and the wire id in lower case.
using order_id = text_id<struct order_id_tag>;
/// The caller's, unique per account for ever; equal to the wire id where the caller gave none.
using client_order_id = text_id<struct client_order_id_tag>;
/// What the venue is told: 27 upper-case letters and digits (execution/wire_id.hpp).
using wire_order_id = text_id<struct wire_order_id_tag>;
/// The venue's own. Venues use them again after a restart: never a key without venue and session epoch.
using venue_order_id = text_id<struct venue_order_id_tag>;
/// The venue's id of one execution, or one derived from it where the venue has none.
using execution_id = text_id<struct execution_id_tag>;
using strategy_id = text_id<struct strategy_id_tag>;
using alert_id = text_id<struct alert_id_tag>;
using venue_id = text_id<struct venue_id_tag>;

/// Number of an order within its account: 1, 2, 3 … in the order of intents; 0: none.
enum class order_number : std::uint64_t { none = 0 };
/// Place of a record in an account's journal: 1, 2, 3 …; 0: before all.
enum class journal_offset : std::uint64_t { none = 0 };
/// Epoch of the lease under which somebody acts; grows with every new holder.
enum class lease_epoch : std::uint64_t { none = 0 };

constexpr std::uint64_t raw(order_number n) { return static_cast<std::uint64_t>(n); }
constexpr std::uint64_t raw(journal_offset n) { return static_cast<std::uint64_t>(n); }
constexpr std::uint64_t raw(lease_epoch n) { return static_cast<std::uint64_t>(n); }

/// The cause of an order in canonical form: the same cause gives the same key on any
/// node and after any restart, and two causes never share one. Written as the kind
/// and, for each part, its length and itself: `webhook|3:abc|0:|1:1`.
class intent_key {
public:
  /// Longest part and longest key, in bytes.
  static constexpr std::size_t max_part = 256, max_key = 1024;

  intent_key() = default;

  /// An alert by webhook: profile, its duplicate key, leg of the order (0 for the first).
  static result<intent_key> webhook(std::string_view profile, std::string_view duplicate_key, int leg);
  /// A live Pine script: strategy, symbol, bar time in Unix ms, Pine's order id, number of the call in that bar.
  static result<intent_key> pine(std::string_view strategy, std::string_view symbol, std::int64_t bar_ms, std::string_view pine_order,
                                 int call);
  /// A scheduled job: job, scheduled fire time in Unix ms, symbol, leg.
  static result<intent_key> job(std::string_view job, std::int64_t fire_ms, std::string_view symbol, int leg);
  /// A person or program: principal and its `client_order_id` or `Idempotency-Key`.
  static result<intent_key> manual(std::string_view principal, std::string_view key);
  /// A person or program that named its order nothing: the order's number is its cause. Of a kind of its own, so that no
  /// name that a caller writes is ever the cause of such an order.
  static result<intent_key> unnamed(std::string_view principal, order_number number);
  static result<intent_key> rebalance(std::string_view run, std::string_view symbol);
  /// A protective or linked leg that we hold: wire id of the parent, name of the leg, number of the
  /// order for that leg (a leg that was swapped out and comes back is a new order).
  static result<intent_key> leg(const wire_order_id& parent, std::string_view leg, int generation);
  /// Closing by the emergency stop: epoch of the stop, symbol.
  static result<intent_key> flatten(std::uint64_t epoch, std::string_view symbol);
  /// An order found at the venue that is not ours: venue, session epoch, its id there.
  static result<intent_key> external(const venue_id& venue, std::string_view session, const venue_order_id& order);
  /// What str() gave. Errors: invalid_argument.
  static result<intent_key> parse(std::string_view text);

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  auto operator<=>(const intent_key&) const = default;

private:
  static result<intent_key> make(std::string_view kind, std::initializer_list<std::string_view> parts);
  std::string text_;
};

} // namespace tt

template <class Tag>
struct std::hash<tt::text_id<Tag>> {
  std::size_t operator()(const tt::text_id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
template <>
struct std::hash<tt::intent_key> {
  std::size_t operator()(const tt::intent_key& key) const noexcept { return std::hash<std::string>{}(key.str()); }
};
