#pragma once

// Topics of symbols that live on another node. What they publish comes over the
// data plane, which is quick and may lose; who follows registers with the symbol
// itself, and what is missing is fetched from it.

#include "gateways/bridge/bridge_actor.hpp"

namespace tt::gateway {

/// Updates held back while missing ones are fetched. Beyond it the topic is
/// fetched anew instead.
inline constexpr std::size_t max_held_updates = 10'000;
/// Most bars that one fetch brings; of prints it brings what the symbol keeps (market::max_followed_trades).
inline constexpr std::uint32_t max_fetched_bars = 5'000;

/// Tells the symbol that we follow, joins the data plane and delivers the newest state.
void follow(bridge_pointer self, const caf::actor& symbol, const market::topic& what);
/// Ends what `follow` began; `symbol` is null where it is missing at the moment.
void unfollow(bridge_pointer self, const caf::actor& symbol, const market::topic& what);
/// An update of a followed topic came in.
void on_followed_update(bridge_pointer self, const market::topic& what, bridged_topic& entry, market::market_update&& update);

} // namespace tt::gateway
