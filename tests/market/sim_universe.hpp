#pragma once

// The default universe for tests of the simulated exchange. Written out here, not
// read from config/instruments.yaml, so that golden values don't move with it.

#include "actors/market/sim_exchange.hpp"

#include <gtest/gtest.h>

namespace tt::market::sim {

inline instrument make_instrument(const char* symbol, asset_class kind, const char* calendar,
                                  const char* tick, const char* lot, price_basis basis = price_basis::trade) {
  instrument out;
  out.symbol = symbol;
  out.kind = kind;
  out.calendar_id = calendar;
  out.tick = *price::parse(tick);
  out.lot = *quantity::parse(lot);
  out.basis = basis;
  auto found = find_calendar(calendar);
  EXPECT_TRUE(found) << calendar;
  if (found) out.calendar = *found;
  return out;
}

/// The 15 symbols of the default universe.
inline std::vector<instrument> default_universe() {
  using enum asset_class;
  std::vector<instrument> out;
  for (const char* s : {"AAPL", "GOOGL", "MSFT", "NVDA", "TSLA"})
    out.push_back(make_instrument(s, stock, "XNAS", "0.01", "1"));
  out.push_back(make_instrument("SPY", etf, "XNYS", "0.01", "1"));
  out.push_back(make_instrument("QQQ", etf, "XNAS", "0.01", "1"));
  for (const char* s : {"ES1!", "NQ1!", "MNQ1!"})
    out.push_back(make_instrument(s, futures, "CME_EQUITY", "0.25", "1"));
  out.push_back(make_instrument("RTY1!", futures, "CME_EQUITY", "0.1", "1"));
  out.push_back(make_instrument("YM1!", futures, "CME_EQUITY", "1", "1"));
  for (const char* s : {"BTCUSD", "ETHUSD"})
    out.push_back(make_instrument(s, crypto, "24X7", "0.01", "0.00000001"));
  out.push_back(make_instrument("EURUSD", forex, "FOREX", "0.00001", "1", price_basis::bid));
  return out;
}

inline std::shared_ptr<const exchange> make_exchange(std::uint64_t seed,
                                                     std::vector<instrument> list = default_universe()) {
  exchange_config config;
  config.seed = seed;
  config.instruments = std::move(list);
  auto made = exchange::make(std::move(config));
  EXPECT_TRUE(made) << (made ? "" : to_string(made.error()));
  return made ? *made : nullptr;
}

} // namespace tt::market::sim
