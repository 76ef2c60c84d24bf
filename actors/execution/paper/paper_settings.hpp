#pragma once

// How a paper account fills (http-api section 7).

#include "actors/model/account.hpp"
#include "actors/model/names.hpp"

#include <chrono>

namespace tt::execution::paper {

/// Which price lets an order fill.
enum class fill_basis : std::uint8_t {
  touch,     ///< limits when the other side of the quote, or a trade, is at the limit; market orders at the quote that stands
  mid_cross, ///< resting limits only when the middle of the quote has crossed them
  next_tick, ///< as touch, but nothing fills before a market event that came after the order
  path,      ///< as next_tick; and between two prints of one bar the price is taken to move: levels in between are met at
             ///< their own price, as the backtester does. For recordings of bars, whose prints are points of a path
};

/// Whether a fill is bounded by the size that the market shows.
enum class partial_fills : std::uint8_t { off, on };

/// What trading costs. Ratios are of the value traded.
struct fee_schedule {
  money commission_per_order;     ///< once, with the first execution
  money commission_per_unit;
  decimal commission_ratio;
  money exchange_per_unit;
  decimal regulatory_sell_ratio;  ///< of sales only

  bool operator==(const fee_schedule&) const = default;
};

struct fill_model {
  fill_basis basis = fill_basis::touch;
  std::chrono::milliseconds latency{0}; ///< from request to venue; 0 to 60,000
  int slippage_ticks = 0;               ///< against market and stop orders; never against limits; 0 to 1,000
  partial_fills partial = partial_fills::off;
  std::chrono::minutes path_bar{1}; ///< length of the recorded bars, with `path`; 1 to 1440
  fee_schedule fees = {};

  /// Whether nothing fills before a market event that came after the order.
  [[nodiscard]] bool waits_for_news() const { return basis == fill_basis::next_tick || basis == fill_basis::path; }
  bool operator==(const fill_model&) const = default;
};

struct paper_settings {
  account_id account{"paper_simulator"};
  account_type type = account_type::margin;
  std::string currency = "USD";
  money starting_cash{100'000};
  decimal leverage{2}; ///< of buying power, margin accounts; 1 to 100
  fill_model fills = {};

  bool operator==(const paper_settings&) const = default;
};

/// Errors: invalid_argument or out_of_range, naming the field as the API does ("fill_model.latency_ms").
result<void> check_settings(const paper_settings& settings);

} // namespace tt::execution::paper

template <>
struct tt::names_of<tt::execution::paper::fill_basis> {
  static constexpr std::array<std::string_view, 4> value{"touch", "mid_cross", "next_tick", "path"};
};
