#pragma once

// The words of an order that every room spells alike: side, type, time in force,
// and whose money it moves. Names are those of the API.

#include "actors/model/result.hpp"

#include <cstdint>
#include <string_view>

namespace tt {

/// Which way an order moves a position. The eight spellings of the API fold to it:
/// what opens and what closes is worked out from the position, never believed.
enum class order_side : std::uint8_t { buy, sell };

/// What an order does at the venue.
enum class order_type : std::uint8_t { market, limit, stop, stop_limit, trailing_stop, bracket, oco };

/// How long an order lives.
enum class time_in_force : std::uint8_t { day, gtc, gtd, ioc, fok, pre, post };

/// The money rules of an account.
enum class account_type : std::uint8_t { cash, margin, pdt, futures, crypto };

/// Whether fills of an account are real. Fixed at start.
enum class account_mode : std::uint8_t { paper, sandbox, live };

/// The door through which an order came.
enum class order_door : std::uint8_t { rest, stream, webhook, pine, yaml, bus, ui, rebalance, protective, flatten };

/// The API's name of a value.
constexpr std::string_view to_string(order_side v) noexcept { return v == order_side::buy ? "buy" : "sell"; }
std::string_view to_string(order_type v) noexcept;
std::string_view to_string(time_in_force v) noexcept;
std::string_view to_string(account_type v) noexcept;
std::string_view to_string(account_mode v) noexcept;
std::string_view to_string(order_door v) noexcept;

/// Read the API's names. Errors: invalid_argument, naming the values there are.
result<order_side> parse_order_side(std::string_view text); ///< `buy` and `sell` only
result<order_type> parse_order_type(std::string_view text);
result<time_in_force> parse_time_in_force(std::string_view text);
result<account_type> parse_account_type(std::string_view text);
result<account_mode> parse_account_mode(std::string_view text);

/// +1 for a buy, -1 for a sell.
constexpr int sign_of(order_side side) noexcept { return side == order_side::buy ? 1 : -1; }
constexpr order_side opposite(order_side side) noexcept {
  return side == order_side::buy ? order_side::sell : order_side::buy;
}

} // namespace tt
