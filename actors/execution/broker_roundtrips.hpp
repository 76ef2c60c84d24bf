#pragma once

// How long a venue takes to answer: from the moment a request leaves the account to
// its answer. For figures only; nothing is decided by it.

#include "actors/execution/broker.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace tt::execution {

/// What was asked of the venue.
enum class broker_op : std::uint8_t { submit, cancel, replace, lookup, listing };

/// One answered request.
struct broker_roundtrip {
  broker_op op = broker_op::submit;
  std::int64_t took_ns = 0;

  bool operator==(const broker_roundtrip&) const = default;
};

/// Not thread-safe: one per account, within its actor.
class broker_roundtrips {
public:
  /// Requests that wait for an answer at most; over it one makes way for the new one and is not measured.
  static constexpr std::size_t waiting_limit = 4096;

  /// `now_ns` is of a monotonic clock. The same request sent again counts from its first sending.
  void sent(const venue_request& what, std::int64_t now_ns);
  /// Nothing for reports that answer no request that waits (streamed news, a second answer).
  std::optional<broker_roundtrip> answered(const venue_report& what, std::int64_t now_ns);

private:
  using key = std::pair<broker_op, std::string>;

  std::map<key, std::int64_t> waiting_; ///< sent at
};

} // namespace tt::execution

namespace tt {
template <>
struct names_of<execution::broker_op> {
  static constexpr std::array<std::string_view, 5> value{"submit", "cancel", "replace", "lookup", "listing"};
};
} // namespace tt
