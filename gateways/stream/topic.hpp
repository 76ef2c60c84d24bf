#pragma once

// The channels of the stream and what names one topic in them.

#include "actors/market/symbol_types.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tt::gateway::stream {

/// A channel of the contract, section 13.
enum class channel : std::uint8_t {
  quotes,
  trades,
  bars,
  market_status,
  system,
  depth,
  account,
  positions,
  orders,
  executions,
  alerts,
  webhooks,
  strategies,
  risk,
  news,
  backtest,
  optimize,
};

inline constexpr std::size_t channel_count = 17;

/// How a channel behaves towards a slow reader.
enum class delivery : std::uint8_t {
  conflated, ///< the newest value wins
  queued,    ///< a bounded queue, the oldest is dropped and counted
  lossless,  ///< everything in order, or the connection is closed
};

/// What a topic of the channel needs besides the channel's name.
enum class scope : std::uint8_t {
  symbol,          ///< an instrument
  symbol_or_venue, ///< an instrument or a calendar
  none,            ///< nothing
};

/// One row of the contract's channel table.
struct channel_traits {
  channel what;
  std::string_view name;         ///< "quotes"
  std::string_view message_type; ///< "quote"
  delivery kind;
  scope needs;
  /// Why it can't be subscribed where no log of it is served (a lossless channel), or
  /// in this build at all (the others); empty when it always can.
  std::string_view missing;
};

const channel_traits& traits_of(channel what) noexcept;
/// All channels, in the order of the enum.
std::span<const channel_traits> all_channels() noexcept;
std::optional<channel> find_channel(std::string_view name) noexcept;

/// Channels that tell of accounts. Who is bound to accounts hears each of his in a topic of its own.
constexpr bool is_of_accounts(channel what) noexcept {
  return what == channel::account || what == channel::positions || what == channel::orders || what == channel::executions || what == channel::risk;
}

/// One topic. `symbol` is the canonical ticker, the venue, the account of a caller that is bound to it, or empty; `frame` and
/// `hours` count for bars only and keep their defaults elsewhere.
struct topic_key {
  channel what = channel::quotes;
  std::string symbol;
  timeframe frame{};
  session_hours hours = session_hours::regular;

  auto operator<=>(const topic_key&) const = default;
};

/// The market_port's name of it. Requires quotes, trades or bars.
market::topic to_market_topic(const topic_key& key);

} // namespace tt::gateway::stream
