#pragma once

// The placeholders of alert messages, {{close}} and the like, as TradingView documents them. Pure.

#include "actors/pine/engine.hpp"
#include "actors/pine/tester/broker.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tt::strategy {

/// What a message can name.
struct alert_facts {
  const pine::script& script;       ///< for the values of its plots on this bar
  const pine::symbol_info& symbol;
  std::string interval;             ///< "5", "D"
  pine::bar bar;                    ///< that raised it
  std::int64_t now_ms = 0;
  double position = 0;              ///< signed, as it is now
  const pine::tester::fill_event* fill = nullptr; ///< of the alert of an order; else its placeholders stay as they are
};

/// Replaces
/// - {{ticker}} {{exchange}} {{interval}} {{open}} {{high}} {{low}} {{close}} {{volume}} {{time}} {{timenow}}
///   {{syminfo.currency}} {{syminfo.basecurrency}}; times are UTC, 2019-08-27T09:56:00Z
/// - {{plot_0}}, {{plot_1}} … by the order of the series in the script, {{plot("title")}} by their title; na is "NaN"
/// - {{strategy.position_size}} {{strategy.market_position}} {{strategy.market_position_size}}; of an order's alert also
///   {{strategy.prev_market_position}}, …_size, {{strategy.order.action}}, .contracts, .price, .id and .comment (the id
///   where there is none).
/// What is none of them stays as it stands.
std::string fill_in(std::string_view message, const alert_facts& facts);

} // namespace tt::strategy
