#pragma once

// The id under which a venue knows an order: a pure function of its cause, so that
// any node after any restart gives the same order the same id.

#include "actors/model/order_ids.hpp"

namespace tt::execution {

/// Characters of a wire id.
inline constexpr std::size_t wire_id_length = 27;
/// Highest attempt number.
inline constexpr int max_attempt = 99;

/// `T`, 24 characters of Crockford's base32 (the first 120 bits of SHA-256 over the
/// account's length and name and the intent key), and two digits of the attempt.
/// Requires 0 <= attempt <= max_attempt.
wire_order_id wire_id_of(const account_id& account, const intent_key& key, int attempt);

/// `o-` and the wire id in lower case: what the API calls order_id.
order_id order_id_of(const wire_order_id& wire);

/// The id of an execution where the venue gives none: of the venue's order and what was executed after it.
execution_id derived_execution_id(const venue_order_id& order, std::string_view venue_session, const std::string& cumulative);

} // namespace tt::execution
