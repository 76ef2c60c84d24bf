#include "gateways/stream/topic.hpp"

#include <algorithm>
#include <array>

namespace tt::gateway::stream {

namespace {

constexpr std::string_view no_execution = "not_available: this node hosts no accounts";

constexpr std::array<channel_traits, channel_count> table{{
  {channel::quotes, "quotes", "quote", delivery::conflated, scope::symbol, ""},
  {channel::trades, "trades", "trade", delivery::queued, scope::symbol, ""},
  {channel::bars, "bars", "bar", delivery::conflated, scope::symbol, ""},
  {channel::market_status, "market_status", "market_status", delivery::conflated, scope::symbol_or_venue, ""},
  {channel::system, "system", "system", delivery::lossless, scope::none, ""},
  {channel::depth, "depth", "depth", delivery::conflated, scope::symbol,
   "not_available: no connected feed delivers order book depth"},
  {channel::account, "account", "account", delivery::lossless, scope::none, no_execution},
  {channel::positions, "positions", "position", delivery::lossless, scope::none, no_execution},
  {channel::orders, "orders", "order_update", delivery::lossless, scope::none, no_execution},
  {channel::executions, "executions", "execution", delivery::lossless, scope::none, no_execution},
  {channel::alerts, "alerts", "alert", delivery::lossless, scope::none,
   "not_available: this node keeps no alerts"},
  {channel::webhooks, "webhooks", "webhook", delivery::lossless, scope::none,
   "not_available: this node receives no alerts"},
  {channel::strategies, "strategies", "strategy", delivery::lossless, scope::none,
   "not_available: this node hosts no accounts, so it runs no strategies"},
  {channel::risk, "risk", "risk", delivery::lossless, scope::none, no_execution},
  {channel::news, "news", "news", delivery::lossless, scope::none,
   "not_available: no news source is configured"},
  {channel::backtest, "backtest", "progress", delivery::lossless, scope::none,
   "not_available: this node runs no backtest service yet"},
  {channel::optimize, "optimize", "progress", delivery::lossless, scope::none,
   "not_available: this node runs no optimisation service yet"},
}};

constexpr bool rows_match_enum() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].what) != i) return false;
  return true;
}
static_assert(rows_match_enum());

} // namespace

const channel_traits& traits_of(channel what) noexcept { return table[static_cast<std::size_t>(what)]; }

std::span<const channel_traits> all_channels() noexcept { return table; }

std::optional<channel> find_channel(std::string_view name) noexcept {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == name; });
  return found == table.end() ? std::nullopt : std::optional{found->what};
}

market::topic to_market_topic(const topic_key& key) {
  switch (key.what) {
  case channel::trades: return {market::topic_kind::trades, key.symbol, {}, {}};
  case channel::bars: return {market::topic_kind::bars, key.symbol, key.frame, key.hours};
  default: break;
  }
  TT_ASSERT(key.what == channel::quotes);
  return {market::topic_kind::quotes, key.symbol, {}, {}};
}

} // namespace tt::gateway::stream
