#pragma once

// How CAF (and the bus) look into the value types of the model and the market.
// Kept out of the value types' own headers, so that these compile without CAF.
// Order of fields = order on the wire; new fields go to the end.

#include "actors/market/symbol_types.hpp"

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>

#include <cstdint>
#include <utility>

namespace tt {

/// A decimal travels as the two halves of its raw value.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, decimal& x) {
  auto high = static_cast<std::int64_t>(x.raw() >> 64);
  auto low = static_cast<std::uint64_t>(static_cast<uint128>(x.raw()));
  auto load = [&]() -> caf::error {
    x = decimal::from_raw(static_cast<int128>((static_cast<uint128>(static_cast<std::uint64_t>(high)) << 64) | low));
    return caf::none;
  };
  return f(caf::meta::type_name("decimal"), high, low, caf::meta::load_callback(load));
}

template <class Inspector, class Tag>
typename Inspector::result_type inspect(Inspector& f, measured<Tag>& x) {
  decimal value = x.value();
  auto load = [&]() -> caf::error {
    x = measured<Tag>{value};
    return caf::none;
  };
  return f(caf::meta::type_name("measured"), value, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, timeframe& x) {
  auto unit = static_cast<std::uint8_t>(x.unit());
  auto count = x.count();
  auto load = [&]() -> caf::error {
    if (unit > static_cast<std::uint8_t>(timeframe_unit::month) || count == 0) return caf::sec::runtime_error;
    x = timeframe{static_cast<timeframe_unit>(unit), count};
    return caf::none;
  };
  return f(caf::meta::type_name("timeframe"), unit, count, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, error& x) {
  return f(caf::meta::type_name("tt_error"), x.code, x.message, x.field);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trade_tick& x) {
  return f(caf::meta::type_name("trade_tick"), x.ts, x.px, x.size, x.side);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, quote_tick& x) {
  return f(caf::meta::type_name("quote_tick"), x.ts, x.bid, x.ask, x.bid_size, x.ask_size);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bar& x) {
  return f(caf::meta::type_name("bar"), x.open_time, x.open, x.high, x.low, x.close, x.volume);
}

} // namespace tt

namespace tt::market {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, quote_snapshot& x) {
  return f(caf::meta::type_name("quote_snapshot"), x.symbol, x.ts, x.bid, x.ask, x.bid_size, x.ask_size, x.last, x.last_size,
           x.volume, x.open, x.high, x.low, x.prev_close, x.source, x.state, x.market, x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, history_request& x) {
  return f(caf::meta::type_name("history_request"), x.symbol, x.frame, x.hours, x.from, x.to, x.countback, x.limit);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, history_reply& x) {
  std::vector<bar> bars;
  if (Inspector::reads_state && x.bars) bars = *x.bars;
  auto load = [&]() -> caf::error {
    x.bars = std::make_shared<const std::vector<bar>>(std::move(bars));
    return caf::none;
  };
  return f(caf::meta::type_name("history_reply"), bars, x.previous, x.last_is_forming, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, topic& x) {
  return f(caf::meta::type_name("topic"), x.kind, x.symbol, x.frame, x.hours);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trade_update& x) {
  return f(caf::meta::type_name("trade_update"), x.symbol, x.trade, x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bar_update& x) {
  return f(caf::meta::type_name("bar_update"), x.symbol, x.frame, x.hours, x.data, x.state, x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, feed_status& x) {
  return f(caf::meta::type_name("feed_status"), x.name, x.label, x.state, x.since, x.last_event, x.events, x.stale_symbols,
           x.detail, x.market_time);
}

} // namespace tt::market

// std::optional and std::variant are found by no argument's namespace of ours, so
// their overloads live where the inspectors do.
namespace caf {

template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, std::optional<T>& x) {
  bool present = x.has_value();
  T value = x.value_or(T{});
  auto load = [&]() -> error {
    if (present) x = std::move(value);
    else x.reset();
    return none;
  };
  return f(meta::type_name("optional"), present, value, meta::load_callback(load));
}

namespace tt_detail {

/// Two alternatives as an index and both values, of which one is empty.
template <class Inspector, class Variant, class A, class B>
typename Inspector::result_type inspect_pair(Inspector& f, Variant& x, const char* name) {
  auto index = static_cast<std::uint8_t>(x.index());
  A a{};
  B b{};
  if (index == 0) a = std::get<0>(x);
  else b = std::get<1>(x);
  auto load = [&]() -> error {
    if (index > 1) return sec::runtime_error;
    if (index == 0) x = std::move(a);
    else x = std::move(b);
    return none;
  };
  return f(meta::type_name(name), index, a, b, meta::load_callback(load));
}

} // namespace tt_detail

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tt::tick& x) {
  return tt_detail::inspect_pair<Inspector, tt::tick, tt::trade_tick, tt::quote_tick>(f, x, "tick");
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tt::market::market_update& x) {
  using tt::market::bar_update;
  using tt::market::quote_snapshot;
  using tt::market::trade_update;
  auto index = static_cast<std::uint8_t>(x.index());
  quote_snapshot quote;
  trade_update trade;
  bar_update series;
  if (index == 0) quote = std::get<0>(x);
  else if (index == 1) trade = std::get<1>(x);
  else series = std::get<2>(x);
  auto load = [&]() -> error {
    if (index > 2) return sec::runtime_error;
    if (index == 0) x = std::move(quote);
    else if (index == 1) x = std::move(trade);
    else x = std::move(series);
    return none;
  };
  return f(meta::type_name("market_update"), index, quote, trade, series, meta::load_callback(load));
}

} // namespace caf
