#pragma once

// Rates between currencies, from the currency pairs of the master: EURUSD tells euros
// in dollars, USDJPY the other way round. A rate is known once its pair has a price.

#include "actors/model/instrument.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tt::cluster {

/// Which pair tells a rate, and whether its price is units of the base per unit of the currency.
struct rate_pair {
  const instrument* pair = nullptr;
  enum class direction : std::uint8_t { direct, inverse };
  direction way = direction::direct;
};

/// The pair that tells what `currency` is worth in `base`. Nothing where the master has none.
std::optional<rate_pair> find_rate_pair(const instrument_master& master, std::string_view currency, std::string_view base);

/// Money of `base` per unit of the currency at that price of the pair. Nothing for a price that is not positive.
std::optional<decimal> rate_of(const rate_pair& pair, price px);

/// The newest rates to one currency. Thread-safe.
class rate_board {
public:
  explicit rate_board(std::string base) : base_(std::move(base)) {}

  [[nodiscard]] const std::string& base() const { return base_; }
  /// Nothing: not known. The base itself is 1.
  [[nodiscard]] std::optional<decimal> rate(std::string_view currency) const;
  void set(std::string_view currency, decimal rate);

private:
  const std::string base_;
  mutable std::mutex mutex_;
  std::map<std::string, decimal, std::less<>> rates_;
};

} // namespace tt::cluster
