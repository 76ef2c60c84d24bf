#pragma once

// Volatility and correlation from daily returns. Statistics, so doubles inside; what
// comes out is a decimal of six digits.

#include "actors/model/decimal.hpp"
#include "actors/risk/book.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt::risk {

/// Simple returns close to close. Closes that are not positive end the series: what is before them is dropped.
std::vector<double> daily_returns(std::span<const double> closes);
/// Sample standard deviation of the last `days` returns × sqrt(periods a year: 252, crypto 365).
/// Nothing with fewer than `days` returns.
std::optional<decimal> yearly_volatility(std::span<const double> returns, std::size_t days, asset_class kind);
/// Pearson's correlation of the last returns of both, aligned at their ends, at most `most` of them. Nothing
/// with fewer than `least`, or where one of them does not vary.
std::optional<decimal> correlation_of(std::span<const double> a, std::span<const double> b, std::size_t least, std::size_t most);

/// The daily returns of symbols and the correlation of each pair, worked out when asked first.
class return_table {
public:
  static constexpr std::size_t window = 60;     ///< returns that count
  static constexpr std::size_t least_days = 40; ///< below it there is no correlation

  /// Replaces a symbol's returns, oldest first.
  void set(std::string_view symbol, std::vector<double> returns);
  /// Nothing where one of the symbols has too little history.
  [[nodiscard]] std::optional<decimal> correlation(std::string_view a, std::string_view b);
  [[nodiscard]] bool has_history(std::string_view symbol) const;

private:
  struct entry {
    std::uint32_t id = 0;
    std::vector<double> returns;
  };
  text_map<entry> symbols_;
  std::unordered_map<std::uint64_t, std::optional<decimal>> pairs_; // (lower id, higher id)
};

} // namespace tt::risk
