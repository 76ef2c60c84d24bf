#pragma once

// Market data of the symbols as accounts and paper brokers read them. Pure.

#include "actors/execution/market_messages.hpp"
#include "actors/market/symbol_types.hpp"

#include <span>

namespace tt::cluster {

/// The market of one symbol, kept from its updates.
class market_picture {
public:
  /// What a symbol says when it is asked first, and its newest print where there is one.
  void begin(const market::quote_snapshot& quote, const std::optional<market::trade_update>& newest);
  /// Takes an update; gives the tick for brokers, where it is one: a print, or a quote that differs from the one before.
  std::optional<tick> take(const market::market_update& update);

  [[nodiscard]] const risk::market_view& view() const { return view_; }
  /// The quote that stands, if any.
  [[nodiscard]] const std::optional<quote_tick>& quote() const { return quote_; }
  /// The middle of the quote, else the last price. Nothing: neither is known.
  [[nodiscard]] std::optional<price> mark() const;

private:
  std::optional<quote_tick> take_quote(const market::quote_snapshot& quote);

  risk::market_view view_;
  std::optional<quote_tick> quote_;
};

/// Daily closes (oldest first) as the gate's figures of a contract: returns, volatility, and whether there is enough
/// of them. `last` says whether the newest bar is still forming: then it does not count.
enum class last_bar : std::uint8_t { closed, forming };
void add_history(execution::symbol_facts& facts, std::span<const bar> days, last_bar last, asset_class kind);

} // namespace tt::cluster
