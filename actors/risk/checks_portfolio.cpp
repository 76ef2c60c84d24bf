// Risk spec 3.7 and 3.8: is it too much of one thing, or too much altogether.

#include "actors/risk/check_run.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

decimal counted(std::size_t n) { return decimal{static_cast<std::int64_t>(n)}; }

/// The rule of the checks that cut: `before` and the opening part together against limit × equity.
answer cut_to_room(run_context& c, decimal before, decimal per_unit, const effective_limit& limit, const char* what) {
  const auto equity = c.equity();
  const auto after = c.math.add(before, c.math.multiply(c.opening().value(), per_unit));
  const auto most = c.math.multiply(limit.value, equity);
  const auto measured = share_of(c.math, after, equity);
  if (equity.is_positive() && after <= most) return answer::pass(measured, limit, limit_unit::ratio);
  const auto room = c.math.subtract(most, before);
  decimal allowed;
  if (equity.is_positive() && room.is_positive() && per_unit.is_positive()) allowed = c.math.divide(room, per_unit, rounding::down);
  return answer::reduce(measured, limit, limit_unit::ratio, allowed,
                        std::string(what) + " would be " + after.to_string() + ", the limit is " + most.to_string());
}

/// The rule of the checks that refuse.
answer refuse_over(run_context& c, decimal after, const effective_limit& limit, const char* what) {
  const auto equity = c.equity();
  const auto most = c.math.multiply(limit.value, equity);
  const auto measured = share_of(c.math, after, equity);
  if (equity.is_positive() && after <= most) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reject(measured, limit, limit_unit::ratio, std::string(what) + " would be " + after.to_string() + ", the limit is " + most.to_string());
}

answer position_limit(run_context& c) {
  const auto& limit = c.limit(limit_id::max_position_size);
  if (!limit.is_on) return answer::skip(limit_is_off);
  return cut_to_room(c, c.totals().size_same, c.needed_exposure(), limit, "the position");
}

answer position_qty(run_context& c) {
  const auto& limit = c.limit(limit_id::position_qty);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!c.symbol) return answer::skip(no_contract);
  const auto held = c.way == direction::buy ? c.symbol->position.value() : -c.symbol->position.value();
  const auto before = c.math.add(held.is_positive() ? held : decimal{}, opening_load(*c.symbol, c.way, load_of::all, c.math).quantity);
  const auto after = c.math.add(before, c.opening().value());
  if (after <= limit.value) return answer::pass(after, limit, limit_unit::quantity);
  const auto room = c.math.subtract(limit.value, before);
  return answer::reduce(after, limit, limit_unit::quantity, room.is_positive() ? room : decimal{},
                        "the position would be " + after.to_string() + " units");
}

/// Exposure of the order's symbol after it, by the size rules: the larger of both sides.
decimal own_after(run_context& c) {
  const auto& sum = c.totals();
  const auto same = c.math.add(sum.size_same, c.math.multiply(c.opening().value(), c.needed_exposure()));
  return std::max(same, sum.size_other);
}

answer concentration(run_context& c) {
  const auto& limit = c.limit(limit_id::concentration);
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto own = c.math.multiply(own_after(c), c.symbol->instrument.delta.abs());
  return refuse_over(c, c.math.add(c.totals().size_issuer, own), limit, "the exposure to the issuer");
}

answer max_positions(run_context& c) {
  const auto& limit = c.limit(limit_id::max_positions);
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto after = counted(c.totals().positions + 1);
  const bool is_new = c.symbol->position.is_zero() && c.symbol->working.empty();
  if (!is_new || after <= limit.value) return answer::pass(after, limit, limit_unit::count);
  return answer::reject(after, limit, limit_unit::count, "there are " + std::to_string(c.totals().positions) + " positions already");
}

answer leverage_gross(run_context& c) {
  const auto& limit = c.limit(gross_leverage_limit(c.account().type));
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto& sum = c.totals();
  const auto as_it_is = c.math.add(sum.gross_others, std::max(sum.own_same, sum.own_other));
  // over the limit by itself: what opens the other way would not show in the larger side
  if (as_it_is > c.math.multiply(limit.value, c.equity())) return cut_to_room(c, as_it_is, c.unit_value, limit, "the sum of all values");
  const auto after_same = c.math.add(sum.own_same, c.opening_value());
  if (after_same <= sum.own_other) return answer::pass(share_of(c.math, as_it_is, c.equity()), limit, limit_unit::ratio);
  return cut_to_room(c, c.math.add(sum.gross_others, sum.own_same), c.unit_value, limit, "the sum of all values");
}

answer leverage_net(run_context& c) {
  const auto& limit = c.limit(net_leverage_limit(c.account().type));
  if (!limit.is_on) return answer::skip(limit_is_off);
  // the closing part counts in the measure, but only the opening part is cut
  const auto before = c.math.add(c.totals().net_same, c.math.multiply(c.closing.value(), c.unit_value));
  return cut_to_room(c, before, c.unit_value, limit, "the sum of long less short values");
}

answer sector(run_context& c) {
  const auto& limit = c.limit(limit_id::sector);
  const auto& of = c.symbol->instrument;
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (of.broad_index == on_off::on) return answer::skip("a fund of a broad index is in no sector");
  if (of.sector.empty()) return answer::skip("the master names no sector of the instrument");
  const auto own = c.math.multiply(own_after(c), of.delta.abs());
  return refuse_over(c, c.math.add(c.totals().size_sector, own), limit, "the exposure to the sector");
}

/// Σ |exposure| × direction × correlation ÷ Σ |exposure| over what is held.
answer correlation(run_context& c) {
  constexpr std::size_t least_held = 2;
  const auto& limit = c.limit(limit_id::correlation);
  if (!limit.is_on) return answer::skip(limit_is_off);
  std::size_t held = 0;
  decimal weighted, weights;
  for (const auto* one : c.state.active()) {
    if (one == c.symbol || one->position.is_zero() || !one->instrument.what) continue;
    ++held;
    const auto pair = c.returns.correlation(c.asked.symbol, one->instrument.what->symbol);
    const auto mark = one->market.last ? one->market.last : one->market.bid;
    if (!pair || !mark) continue;
    auto value = c.math.multiply(mark->value().abs(), one->position.value().abs());
    value = c.math.multiply(c.math.multiply(value, one->instrument.what->multiplier), one->instrument.fx);
    const bool same_way = (c.way == direction::buy) == one->position.value().is_positive();
    weighted = c.math.add(weighted, c.math.multiply(same_way ? *pair : -*pair, value));
    weights = c.math.add(weights, value);
  }
  if (held < least_held) return answer::skip("fewer than two other positions are held");
  if (weights.is_zero()) return answer::skip("there are not 40 common days of history with what is held");
  const auto measured = c.math.divide(weighted, weights);
  if (measured <= limit.value) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reject(measured, limit, limit_unit::ratio, "moves too much like what is held");
}

answer volatility(run_context& c) {
  const auto& limit = c.limit(volatility_limit(c.what->kind));
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto& of = c.symbol->instrument;
  switch (of.history) {
  case history_state::too_short: return answer::skip("the bar store has less than 30 days of the instrument");
  case history_state::known:
    if (of.volatility) break;
    [[fallthrough]];
  case history_state::missing:
  default: throw missing_figure{"the instrument's volatility"};
  }
  const auto measured = *of.volatility;
  if (measured <= limit.value) return answer::pass(measured, limit, limit_unit::ratio);
  const std::string message = "volatility is " + measured.to_string();
  if (measured > c.math.multiply(limit.value, decimal{2})) return answer::reject(measured, limit, limit_unit::ratio, message);
  const auto allowed = c.math.divide(c.math.multiply(c.first_opening.value(), limit.value), measured, rounding::down);
  if (allowed >= c.opening().value()) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reduce(measured, limit, limit_unit::ratio, allowed, message);
}

answer strategy_positions(run_context& c) {
  const auto& limit = c.limit(limit_id::strategy_positions);
  if (!c.strategy) return answer::skip(no_strategy);
  if (!limit.is_on) return answer::skip(limit_is_off);
  std::vector<std::string_view> symbols;
  for (const auto& [symbol, held] : c.strategy->positions) symbols.push_back(symbol);
  for (const auto* one : c.state.active()) {
    const bool works = std::ranges::any_of(one->working, [&](const working_order& o) { return o.strategy == c.asked.strategy.str(); });
    if (works && one->instrument.what) symbols.push_back(one->instrument.what->symbol);
  }
  symbols.push_back(c.asked.symbol);
  std::ranges::sort(symbols);
  const auto rest = std::ranges::unique(symbols);
  const auto after = counted(static_cast<std::size_t>(rest.begin() - symbols.begin()));
  if (after <= limit.value) return answer::pass(after, limit, limit_unit::count);
  return answer::reject(after, limit, limit_unit::count, "the strategy would have too many positions");
}

answer strategy_size(run_context& c) {
  const auto& limit = c.limit(limit_id::strategy_size);
  if (!c.strategy) return answer::skip(no_strategy);
  if (!limit.is_on) return answer::skip(limit_is_off);
  auto units = c.opening().value();
  if (const auto held = c.strategy->positions.find(c.asked.symbol); held != c.strategy->positions.end()) {
    const auto own = c.way == direction::buy ? held->second.value() : -held->second.value();
    if (own.is_positive()) units = c.math.add(units, own);
  }
  for (const auto& one : c.symbol->working)
    if (one.way == c.way && one.strategy == c.asked.strategy.str()) units = c.math.add(units, one.remaining.value());
  return refuse_over(c, c.math.multiply(units, c.needed_exposure()), limit, "the strategy's position");
}

answer strategy_loss(run_context& c) {
  const auto& limit = c.limit(limit_id::strategy_loss);
  if (!c.strategy) return answer::skip(no_strategy);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!c.account().start_of_day_equity || !c.account().start_of_day_equity->value().is_positive())
    throw missing_figure{"equity at the start of the day"};
  const auto loss = c.math.divide(-c.strategy->figures.day_pnl.value(), c.account().start_of_day_equity->value());
  if (!loss.is_positive() || loss < limit.value) return answer::pass(loss, limit, limit_unit::ratio);
  return answer::reject(loss, limit, limit_unit::ratio, "the strategy's loss of the day");
}

answer stop_required(run_context& c) {
  if (!c.flag(limit_id::stop_required)) return answer::skip("no stop is demanded of an entry");
  const bool leg_protects = std::ranges::any_of(c.asked.legs, [](const oco_leg& leg) { return leg.stop_price.has_value(); });
  return c.asked.loss || leg_protects ? answer::pass() : answer::reject("an entry needs a protective stop");
}

answer strategy_symbols(run_context& c) {
  if (!c.strategy) return answer::skip(no_strategy);
  if (c.strategy->figures.symbols.empty()) return answer::skip("the strategy has no list of symbols");
  const auto& list = c.strategy->figures.symbols;
  return std::ranges::find(list, c.asked.symbol) != list.end() ? answer::pass() : answer::reject("not one of the strategy's symbols");
}

constexpr check_row rows[] = {
  {check_code::position_limit, applies_to::opening, position_limit},
  {check_code::position_qty, applies_to::opening, position_qty},
  {check_code::concentration, applies_to::opening, concentration},
  {check_code::max_positions, applies_to::opening, max_positions},
  {check_code::leverage_gross, applies_to::opening, leverage_gross},
  {check_code::leverage_net, applies_to::opening, leverage_net},
  {check_code::sector, applies_to::opening, sector},
  {check_code::correlation, applies_to::opening, correlation},
  {check_code::volatility, applies_to::opening, volatility},
};
constexpr check_row strategy_rows[] = {
  {check_code::strategy_positions, applies_to::opening, strategy_positions},
  {check_code::strategy_size, applies_to::opening, strategy_size},
  {check_code::strategy_loss, applies_to::opening, strategy_loss},
  {check_code::stop_required, applies_to::opening, stop_required},
  {check_code::strategy_symbols, applies_to::opening, strategy_symbols},
};

} // namespace

std::span<const check_row> portfolio_checks() { return rows; }
std::span<const check_row> strategy_checks() { return strategy_rows; }

} // namespace tt::risk
