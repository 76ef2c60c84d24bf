// What the checks share: prices, sizes, the split into closing and opening, exposures.

#include "actors/risk/check_run.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

constexpr decimal one{1};

bool is_margined(const instrument& what) { return contract_of(what).style == settlement::margined; }

decimal per_unit(checked_math& math, decimal price, const instrument_view& of) {
  return math.multiply(math.multiply(price.abs(), of.what->multiplier), of.fx);
}

/// Exposure of one unit by the size rules: margin where margined or a short option, else its value.
std::optional<decimal> unit_exposure_of(checked_math& math, const instrument_view& of, decimal unit_value, bool is_short) {
  const bool by_margin = is_margined(*of.what) || (of.what->kind == asset_class::option && is_short);
  if (!by_margin) return unit_value;
  if (!of.initial_margin) return std::nullopt;
  return math.multiply(of.initial_margin->value(), of.fx);
}

/// The price at which a held position counts: the last one known, whatever its age.
std::optional<decimal> mark_of(const market_view& market) {
  if (market.last) return market.last->value();
  if (market.bid && market.ask) return decimal::divide(market.bid->value() + market.ask->value(), decimal{2});
  return std::nullopt;
}

bool is_close_only(order_side side) {
  return side == order_side::buy_to_cover || side == order_side::buy_to_close || side == order_side::sell_to_close;
}

decimal positive_part(decimal v) { return v.is_positive() ? v : decimal{}; }

} // namespace

limit_id price_age_limit(asset_class kind) { return kind == asset_class::crypto ? limit_id::price_age_crypto : limit_id::price_age; }

limit_id collar_limit(asset_class kind) {
  if (kind == asset_class::crypto) return limit_id::price_collar_crypto;
  return kind == asset_class::futures || kind == asset_class::forex ? limit_id::price_collar_futures : limit_id::price_collar_stock;
}

limit_id volatility_limit(asset_class kind) { return kind == asset_class::crypto ? limit_id::volatility_crypto : limit_id::volatility; }

limit_id gross_leverage_limit(account_type type) {
  if (type == account_type::futures) return limit_id::leverage_gross_futures;
  return type == account_type::margin || type == account_type::pdt ? limit_id::leverage_gross_margin : limit_id::leverage_gross_cash;
}

limit_id net_leverage_limit(account_type type) {
  if (type == account_type::futures) return limit_id::leverage_net_futures;
  return type == account_type::margin || type == account_type::pdt ? limit_id::leverage_net_margin : limit_id::leverage_net_cash;
}

nanoseconds span_of(const effective_limit& limit) {
  const auto micros = limit.value.rounded_to(decimal::from_scaled(1, 6), rounding::toward_zero).to_scaled(6);
  return std::chrono::microseconds{micros.value_or(0)};
}

decimal share_of(checked_math& math, decimal exposure, decimal equity) {
  return equity.is_positive() ? math.divide(exposure, equity) : decimal{};
}

decimal run_context::equity() const {
  if (!account().equity) throw missing_figure{"the account's equity"};
  return account().equity->value();
}

decimal run_context::needed_exposure() const {
  if (!unit_exposure) throw missing_figure{"the contract's initial margin"};
  return *unit_exposure;
}

decimal run_context::held() {
  if (!held_) held_ = state.held_buying_power(math);
  return *held_;
}

void run_context::prepare() {
  way = direction_of(asked.side);
  limits = &limit_sets.resolve(account().id.str(), asked.strategy.str(), asked.symbol);
  symbol = state.symbol(asked.symbol);
  what = symbol ? symbol->instrument.what : nullptr;
  if (!asked.strategy.empty()) strategy = state.strategy(asked.strategy.str());
  is_reduce_only = asked.effect == position_effect::reduce_only || is_close_only(asked.side);
  if (what) {
    if (what->calendar) session = what->calendar->state_at(now);
    read_market();
    value_order();
  }
  size_order();
  split();
  first_opening = opening();
}

void run_context::read_market() {
  const auto& market = symbol->market;
  const auto& age = limit(price_age_limit(what->kind));
  // while the market is closed the last price is as new as there can be
  const auto is_fresh = [&](utc_time at) { return session == market_state::closed || !age.is_on || now - at <= span_of(age); };
  const bool has_quote = market.bid && market.ask && *market.bid <= *market.ask;
  has_fresh_quote = has_quote && is_fresh(market.quote_at);
  const bool has_fresh_last = market.last && is_fresh(market.last_at);
  const bool is_inside = has_fresh_last && has_fresh_quote && *market.bid <= *market.last && *market.last <= *market.ask;
  if (is_inside || (has_fresh_last && !has_fresh_quote)) reference = market.last;
  else if (has_fresh_quote) reference = price{math.divide(math.add(market.bid->value(), market.ask->value()), decimal{2})};
  freshness = reference ? price_freshness::fresh : market.last || has_quote ? price_freshness::stale : price_freshness::none;
  // a price of zero or less is one only where the instrument has such prices
  if (reference && !reference->value().is_positive() && !what->allows_non_positive_price()) {
    reference.reset();
    freshness = price_freshness::none;
    has_fresh_quote = false;
  }
}

void run_context::value_order() {
  const auto buffer = limit(limit_id::price_buffer).is_on ? limit(limit_id::price_buffer).value : decimal{};
  const auto factor = way == direction::buy ? math.add(one, buffer) : math.subtract(one, buffer);
  std::optional<decimal> at_market;
  if (reference) {
    auto base = reference->value();
    if (has_fresh_quote) base = way == direction::buy ? symbol->market.ask->value() : symbol->market.bid->value();
    at_market = math.multiply(base, factor);
  }
  const auto larger = [](decimal a, decimal b) { return a.abs() > b.abs() ? a : b; };
  const auto value_of = [&](order_type type, std::optional<price> limit_price, std::optional<price> stop_price) -> std::optional<decimal> {
    if (limit_price) {
      // a buy never pays more than its limit; a sale may well fetch more, and a short position is as large as its price
      const bool may_be_larger = way == direction::sell && at_market;
      return may_be_larger ? larger(limit_price->value(), *at_market) : limit_price->value();
    }
    if (!at_market) return std::nullopt;
    if (stop_price && type != order_type::market) return larger(*at_market, math.multiply(stop_price->value(), factor));
    return at_market;
  };
  auto out = value_of(asked.type, asked.limit_price, asked.stop_price);
  for (const auto& leg : asked.legs) {
    const auto price = value_of(leg.type, leg.limit_price, leg.stop_price);
    if (price) out = out && asked.legs.size() == 1 ? larger(*out, *price) : out ? larger(*out, *price) : *price;
  }
  if (!out) return;
  valued = price{*out};
  unit_value = per_unit(math, *out, symbol->instrument);
  unit_exposure = unit_exposure_of(math, symbol->instrument, unit_value, way == direction::sell);
  if (!unit_exposure) return;
  const auto& fees = account().fees;
  unit_cost = math.add(*unit_exposure, math.add(fees.per_unit.value(), math.multiply(fees.ratio, unit_value)));
}

void run_context::split() {
  closing = {};
  closable_now = {};
  if (symbol) closable_now = closable(*symbol, way, order.group);
  // one that closes and is made smaller may stay beside the orders that were accepted next to it: it was there before
  if (symbol && is_change && is_reduce_only && size <= had && !closable(symbol->position, way).is_zero()) closable_now = closable(symbol->position, way);
  closing = std::clamp(size, quantity{}, closable_now);
  if (is_reduce_only) size = closing;
}

void run_context::size_order() {
  if (const auto* given = std::get_if<size_quantity>(&asked.size)) {
    asked_size = size = quantity{math.subtract(given->value.value(), order.executed.value())};
    return;
  }
  // section 5: nothing is guessed; what can't be worked out is refused later, at its place
  const auto fail = [&](std::string why) { sizing_error = std::move(why); };
  if (!what) return fail("the instrument is unknown");
  auto entry = asked.limit_price ? asked.limit_price : asked.stop_price && asked.type != order_type::market ? asked.stop_price : reference;
  if (!entry || entry->is_zero()) return fail("there is no price to reckon with");
  if (!account().equity) return fail("the account's equity is not known");
  const auto equity_now = account().equity->value();
  const auto unit = per_unit(math, entry->value(), symbol->instrument);
  std::optional<decimal> wanted;
  if (const auto* amount = std::get_if<size_notional>(&asked.size)) {
    wanted = math.divide(amount->value.value(), unit, rounding::down);
  } else if (const auto* weight = std::get_if<size_weight>(&asked.size)) {
    const auto per = unit_exposure_of(math, symbol->instrument, unit, way == direction::sell);
    if (!per || !per->is_positive()) return fail("the contract's initial margin is not known");
    wanted = math.divide(math.multiply(weight->value, equity_now), *per, rounding::down);
  } else if (const auto* risk = std::get_if<size_risk>(&asked.size)) {
    const auto distance = math.subtract(entry->value(), risk->stop.value()).abs();
    if (distance.is_zero()) return fail("the stop is at the entry price");
    wanted = math.divide(math.multiply(equity_now, risk->risk), per_unit(math, distance, symbol->instrument), rounding::down);
  }
  if (!math.is_good()) {
    math = {};
    return fail("the numbers are too large");
  }
  if (!wanted) return fail("unknown kind of size");
  const auto on_grid = math.floor_to(*wanted, what->lot.value());
  if (!on_grid.is_positive()) too_small = *wanted;
  if (!on_grid.is_positive()) return fail(wanted->to_string() + " is less than one lot of " + what->lot.to_string());
  asked_size = size = quantity{on_grid};
}

const exposures& run_context::totals() {
  if (totals_) return *totals_;
  exposures sum;
  const auto other_way = way == direction::buy ? direction::sell : direction::buy;
  const auto same_sign = [&](decimal position) { return way == direction::buy ? position : -position; };
  const auto issuer_of = [](const instrument_view& of) -> std::string_view { return of.issuer.empty() ? of.what->symbol : of.issuer; };
  const auto add = [&](const symbol_view& one, bool is_own) {
    if (!one.instrument.what) throw missing_figure{"the contract of a held symbol"};
    const auto position = same_sign(one.position.value());
    const auto mark = is_own && reference ? std::optional{reference->value()} : mark_of(one.market);
    const auto needs_mark = [&] { return std::ranges::any_of(one.working, [](const working_order& o) { return o.valued.is_zero(); }); };
    if (!mark && (!position.is_zero() || needs_mark())) throw missing_figure{"the price of a held symbol"};
    const auto unit = mark ? per_unit(math, *mark, one.instrument) : decimal{};
    const auto scaled = [&](decimal priced) {
      return math.multiply(math.multiply(priced, one.instrument.what->multiplier), one.instrument.fx);
    };
    const auto load_same = opening_load(one, way, load_of::all, math), load_other = opening_load(one, other_way, load_of::all, math);
    const auto held_same = positive_part(position), held_other = positive_part(-position);
    const auto same = math.add(math.multiply(held_same, unit), scaled(load_same.priced));
    const auto other = math.add(math.multiply(held_other, unit), scaled(load_other.priced));
    // exposure of the size rules: by value, or by margin and number of contracts
    const auto by_size = [&](decimal value, decimal units, bool is_short) {
      if (units.is_zero()) return decimal{};
      const auto margin = unit_exposure_of(math, one.instrument, unit, is_short);
      if (!margin) throw missing_figure{"the initial margin of a held contract"};
      const bool by_value = !is_margined(*one.instrument.what) && !(one.instrument.what->kind == asset_class::option && is_short);
      return by_value ? value : math.multiply(units, *margin);
    };
    const bool same_is_short = way == direction::sell;
    const auto size_same = by_size(same, math.add(held_same, load_same.quantity), same_is_short);
    const auto size_other = by_size(other, math.add(held_other, load_other.quantity), !same_is_short);
    // net, if every working order of the order's direction fills and none of the other
    const auto closes = std::min(held_other, working_quantity(one, way).value());
    auto net = math.subtract(same, math.multiply(math.subtract(held_other, closes), unit));
    sum.net_same = math.add(sum.net_same, net);
    if (is_own) {
      sum.own_same = same;
      sum.own_other = other;
      sum.size_same = size_same;
      sum.size_other = size_other;
      return;
    }
    sum.gross_others = math.add(sum.gross_others, std::max(same, other));
    const auto larger = std::max(size_same, size_other);
    const auto by_delta = math.multiply(larger, one.instrument.delta.abs());
    if (what && issuer_of(one.instrument) == issuer_of(symbol->instrument)) sum.size_issuer = math.add(sum.size_issuer, by_delta);
    const bool counts_in_sector = one.instrument.broad_index == on_off::off && !one.instrument.sector.empty();
    if (what && counts_in_sector && one.instrument.sector == symbol->instrument.sector) sum.size_sector = math.add(sum.size_sector, by_delta);
    ++sum.positions;
  };
  for (const auto* one : state.active())
    if (one != symbol) add(*one, false);
  if (symbol && what) add(*symbol, true);
  totals_ = sum;
  return *totals_;
}

} // namespace tt::risk
