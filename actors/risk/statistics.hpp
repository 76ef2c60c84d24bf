#pragma once

// Volatility and correlation from daily returns. Statistics, so doubles inside; what
// comes out is a decimal of six digits.

#include "actors/model/decimal.hpp"
#include "actors/risk/book.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tt::risk {

/// A day's close. Days count from 1970-01-01 and need not follow one another: markets have days off of their own.
struct daily_close {
  std::int32_t day = 0;
  double close = 0;

  bool operator==(const daily_close&) const = default;
};

/// Simple returns close to close. Closes that are not positive end the series: what is before them is dropped.
std::vector<double> daily_returns(std::span<const double> closes);
/// Sample standard deviation of the last `days` returns × sqrt(periods a year: 252, crypto 365).
/// Nothing with fewer than `days` returns.
std::optional<decimal> yearly_volatility(std::span<const double> returns, std::size_t days, asset_class kind);
/// Pearson's correlation of the last returns of both, aligned at their ends, at most `most` of them. Nothing
/// with fewer than `least`, or where one of them does not vary.
std::optional<decimal> correlation_of(std::span<const double> a, std::span<const double> b, std::size_t least, std::size_t most);

/// The returns of both over the days on which both have a close, so that a stock's Monday meets the whole weekend of a coin.
/// Oldest first, at most `most` of each; both need their days in order.
std::pair<std::vector<double>, std::vector<double>> common_returns(std::span<const daily_close> a, std::span<const daily_close> b, std::size_t most);

/// The daily closes of symbols and the correlation of the returns of each pair, worked out when asked first.
class return_table {
public:
  static constexpr std::size_t window = 60;     ///< returns that count
  static constexpr std::size_t least_days = 40; ///< below it there is no correlation

  /// Replaces a symbol's closes, oldest first.
  void set(std::string_view symbol, std::vector<daily_close> closes);
  /// Nothing where one of the symbols has too little history.
  [[nodiscard]] std::optional<decimal> correlation(std::string_view a, std::string_view b);
  [[nodiscard]] bool has_history(std::string_view symbol) const;

private:
  struct entry {
    std::uint32_t id = 0;
    std::vector<daily_close> closes;
  };
  text_map<entry> symbols_;
  std::unordered_map<std::uint64_t, std::optional<decimal>> pairs_; // (lower id, higher id)
};

} // namespace tt::risk
