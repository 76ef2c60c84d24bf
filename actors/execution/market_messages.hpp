#pragma once

// What the account and the paper broker are told of the market. Plain values; the
// node sends them (cluster/trading), as pointers to what does not change any more.

#include "actors/model/market_data.hpp"
#include "actors/risk/statistics.hpp"
#include "actors/risk/views.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tt::execution {

/// What is known of a contract, before the first order of it. `view.what` points into the master of the node.
struct symbol_facts {
  std::string symbol;
  risk::instrument_view view;
  std::vector<risk::daily_close> daily_closes; ///< oldest first
  risk::market_view market;
};

/// The newest state of a symbol's market.
struct market_seen {
  std::string symbol;
  risk::market_view market;
  decimal fx{1}; ///< money of the account per unit of the contract's currency
};

/// Ticks of one symbol, oldest first: what a paper broker fills from.
struct market_ticks {
  std::string symbol;
  std::vector<tick> ticks;
};

/// Money of the account per unit of a currency.
struct currency_rate {
  std::string currency;
  decimal rate;
};

using symbol_facts_ptr = std::shared_ptr<const symbol_facts>;
using market_seen_ptr = std::shared_ptr<const market_seen>;
using market_ticks_ptr = std::shared_ptr<const market_ticks>;

} // namespace tt::execution
