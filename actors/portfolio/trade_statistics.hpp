#pragma once

// Statistics over round trips: from the first fill that opens a position until it
// is flat or turns around. Fees are in each result.

#include "actors/model/quantities.hpp"

#include <algorithm>

#include <cstdint>
#include <optional>

namespace tt::portfolio {

struct trade_statistics {
  std::uint64_t trades = 0; ///< closed round trips
  std::uint64_t wins = 0;   ///< result > 0
  std::uint64_t losses = 0; ///< result < 0
  money gross_profit;       ///< Σ of wins
  money gross_loss;         ///< Σ of losses, <= 0
  money largest_win, largest_loss;
  std::uint32_t losses_in_a_row = 0;
  std::uint32_t most_losses_in_a_row = 0;

  void add(money result) {
    ++trades;
    if (result > money{}) {
      ++wins;
      gross_profit += result;
      largest_win = std::max(largest_win, result);
      losses_in_a_row = 0;
    } else if (result < money{}) {
      ++losses;
      gross_loss += result;
      largest_loss = std::min(largest_loss, result);
      most_losses_in_a_row = std::max(most_losses_in_a_row, ++losses_in_a_row);
    } else losses_in_a_row = 0;
  }
  [[nodiscard]] money net() const { return gross_profit + gross_loss; }
  /// Wins ÷ trades; nothing without trades.
  [[nodiscard]] std::optional<decimal> win_rate() const {
    if (trades == 0) return std::nullopt;
    return decimal::divide(decimal{static_cast<std::int64_t>(wins)}, decimal{static_cast<std::int64_t>(trades)});
  }
  /// Gross profit ÷ |gross loss|; nothing without a loss.
  [[nodiscard]] std::optional<decimal> profit_factor() const {
    if (gross_loss.is_zero()) return std::nullopt;
    auto ratio = decimal::checked_divide(gross_profit.value(), -gross_loss.value());
    if (!ratio) return std::nullopt;
    return *ratio;
  }
  /// Net ÷ trades; nothing without trades.
  [[nodiscard]] std::optional<money> average() const {
    if (trades == 0) return std::nullopt;
    return money{decimal::divide(net().value(), decimal{static_cast<std::int64_t>(trades)})};
  }

  bool operator==(const trade_statistics&) const = default;
};

} // namespace tt::portfolio
