#include "actors/risk/breakers.hpp"

#include "actors/risk/checked_math.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

using scope_kind = breaker_scope::kind;

std::optional<decimal> value_of(const effective_limit& limit) {
  return limit.is_on ? std::optional{limit.value} : std::nullopt;
}

decimal counted(std::size_t n) { return decimal{static_cast<std::int64_t>(n)}; }

/// Trips at the limit, but never at a figure of zero: an account that did nothing trips nothing.
bool reaches(const breaker_reading& r) { return r.measured && r.limit && r.measured->is_positive() && *r.measured >= *r.limit; }
bool exceeds(const breaker_reading& r) { return r.measured && r.limit && r.measured->is_positive() && *r.measured > *r.limit; }

std::optional<decimal> known(result<decimal> figure) {
  return figure ? std::optional{*figure} : std::nullopt;
}

} // namespace

check_code code_of(breaker_kind kind) noexcept {
  switch (kind) {
  case breaker_kind::daily_loss: return check_code::breaker_daily_loss;
  case breaker_kind::drawdown: return check_code::breaker_drawdown;
  case breaker_kind::consecutive_losses: return check_code::breaker_consecutive_losses;
  case breaker_kind::volatility: return check_code::breaker_volatility;
  case breaker_kind::runaway: return check_code::breaker_runaway;
  case breaker_kind::repeated_reject: return check_code::repeated_reject;
  case breaker_kind::unknown_orders: return check_code::unknown_orders;
  case breaker_kind::reconcile_diff: return check_code::reconcile_diff;
  case breaker_kind::feed_stale: return check_code::feed_stale;
  case breaker_kind::slippage: return check_code::slippage;
  case breaker_kind::clock: return check_code::clock;
  }
  return check_code::internal;
}

limit_unit unit_of(breaker_kind kind) noexcept {
  switch (kind) {
  case breaker_kind::consecutive_losses:
  case breaker_kind::runaway:
  case breaker_kind::repeated_reject: return limit_unit::count;
  case breaker_kind::feed_stale:
  case breaker_kind::clock: return limit_unit::seconds;
  case breaker_kind::reconcile_diff: return limit_unit::flag;
  case breaker_kind::unknown_orders: return limit_unit::none;
  default: return limit_unit::ratio;
  }
}

breaker_reset reset_of(breaker_kind kind) noexcept {
  switch (kind) {
  case breaker_kind::daily_loss: return breaker_reset::day_roll;
  case breaker_kind::drawdown:
  case breaker_kind::runaway:
  case breaker_kind::repeated_reject:
  case breaker_kind::slippage: return breaker_reset::manual;
  // until the day roll or a re-arm, whichever comes first (risk spec 3.6)
  case breaker_kind::consecutive_losses: return breaker_reset::day_roll;
  default: return breaker_reset::automatic;
  }
}

std::optional<decimal> breaker_reading::headroom() const {
  if (!measured || !limit) return std::nullopt;
  return *limit - *measured;
}

result<decimal> day_loss_ratio(const account_view& account) {
  if (!account.equity || !account.start_of_day_equity) return error{errc::not_found, "equity or its start of day is missing"};
  const auto start = account.start_of_day_equity->value();
  if (!start.is_positive()) return error{errc::out_of_range, "equity at the start of the day is " + start.to_string()};
  checked_math math;
  const auto loss = math.subtract(math.add(start, account.day_flows.value()), account.equity->value());
  const auto ratio = math.divide(loss, start);
  if (!math.is_good()) return error{errc::out_of_range, "the day's loss leaves the range of numbers"};
  return ratio;
}

result<decimal> drawdown_ratio(const account_view& account) {
  if (!account.equity || !account.peak_equity) return error{errc::not_found, "equity or its peak is missing"};
  const auto peak = account.peak_equity->value();
  if (!peak.is_positive()) return error{errc::out_of_range, "peak equity is " + peak.to_string()};
  checked_math math;
  const auto ratio = math.subtract(decimal{1}, math.divide(account.equity->value(), peak));
  if (!math.is_good()) return error{errc::out_of_range, "the drawdown leaves the range of numbers"};
  return ratio;
}

std::vector<breaker_reading> breaker_board::read(const breaker_inputs& in, const effective_limits& limits) const {
  std::vector<breaker_reading> out;
  const auto add = [&](breaker_kind which, breaker_scope scope, std::optional<decimal> measured, std::optional<decimal> limit,
                       limit_unit unit, std::string_view formula, bool (*trips)(const breaker_reading&)) {
    breaker_reading one{which, std::move(scope), measured, limit, unit, formula};
    one.would_trip = trips(one);
    one.is_tripped = is_tripped(which, one.scope);
    out.push_back(std::move(one));
  };
  const breaker_scope account{};
  add(breaker_kind::daily_loss, account, known(day_loss_ratio(in.account)), value_of(limits[limit_id::daily_loss]), limit_unit::ratio,
      "(start of day equity + flows - equity) / start of day equity >= limit", reaches);
  add(breaker_kind::drawdown, account, known(drawdown_ratio(in.account)), value_of(limits[limit_id::drawdown]), limit_unit::ratio,
      "1 - equity / peak equity >= limit", reaches);
  const auto losses = value_of(limits[limit_id::consecutive_losses]);
  constexpr std::string_view loss_rule = "losing trades in a row >= limit";
  add(breaker_kind::consecutive_losses, account, decimal{in.account.consecutive_losses}, losses, limit_unit::count, loss_rule, reaches);
  add(breaker_kind::volatility, account, in.benchmark_volatility, value_of(limits[limit_id::breaker_benchmark_volatility]), limit_unit::ratio,
      "30-day volatility of the benchmark, yearly > limit", exceeds);
  {
    // two figures, one breaker: the one that is further over its limit is shown
    breaker_reading move{breaker_kind::volatility, account, in.benchmark_move, value_of(limits[limit_id::breaker_benchmark_move]),
                         limit_unit::ratio, "move of the benchmark in 5 minutes > limit"};
    move.would_trip = exceeds(move);
    move.is_tripped = out.back().is_tripped;
    if (move.would_trip && !out.back().would_trip) out.back() = std::move(move);
  }
  {
    const auto age = value_of(limits[limit_id::breaker_unknown_age]);
    breaker_reading by_age{breaker_kind::unknown_orders, account, seconds_of(in.oldest_unknown), age, limit_unit::seconds,
                           "age of the oldest order of unknown fate > limit"};
    by_age.would_trip = exceeds(by_age);
    by_age.is_tripped = is_tripped(breaker_kind::unknown_orders, account);
    breaker_reading by_count{breaker_kind::unknown_orders, account, counted(in.unknown_orders), value_of(limits[limit_id::breaker_unknown_count]),
                             limit_unit::count, "orders of unknown fate > limit"};
    by_count.would_trip = exceeds(by_count);
    by_count.is_tripped = by_age.is_tripped;
    out.push_back(by_count.would_trip ? std::move(by_count) : std::move(by_age));
  }
  add(breaker_kind::clock, account, in.clock_skew ? std::optional{seconds_of(*in.clock_skew)} : std::nullopt,
      value_of(limits[limit_id::breaker_clock_skew]), limit_unit::seconds, "difference to the venue's clock > limit", exceeds);
  for (const auto& one : in.strategies) {
    const breaker_scope scope{scope_kind::strategy, one.name};
    add(breaker_kind::consecutive_losses, scope, decimal{one.consecutive_losses}, losses, limit_unit::count, loss_rule, reaches);
    add(breaker_kind::runaway, scope, counted(one.most_orders_of_a_symbol), value_of(limits[limit_id::runaway_orders]), limit_unit::count,
        "new orders of a symbol in 10 seconds > limit", exceeds);
    add(breaker_kind::repeated_reject, scope, counted(one.repeated_rejects), value_of(limits[limit_id::repeated_rejects]), limit_unit::count,
        "identical rejections in 60 seconds >= limit", reaches);
    std::optional<decimal> times;
    if (one.fills >= slippage_fills && one.average_slippage && one.modelled_slippage && one.modelled_slippage->is_positive())
      times = known(decimal::checked_divide(*one.average_slippage, *one.modelled_slippage));
    add(breaker_kind::slippage, scope, times, value_of(limits[limit_id::breaker_slippage]), limit_unit::ratio,
        "average slippage of the last 20 fills / modelled slippage > limit", exceeds);
  }
  for (const auto& symbol : in.frozen_symbols)
    add(breaker_kind::reconcile_diff, {scope_kind::symbol, symbol}, decimal{1}, decimal{1}, limit_unit::flag,
        "venue and journal disagree", reaches);
  for (const auto& feed : in.feeds)
    for (const auto& strategy : feed.strategies)
      add(breaker_kind::feed_stale, {scope_kind::strategy, strategy}, seconds_of(feed.silence), value_of(limits[limit_id::breaker_feed_stale]),
          limit_unit::seconds, "silence of a symbol in its session > limit", exceeds);
  return out;
}

std::vector<breaker_event> breaker_board::evaluate(const breaker_inputs& in, const effective_limits& limits, utc_time now) const {
  std::vector<breaker_event> out;
  std::map<slot, bool> firing; // of several readings of one breaker (two symbols of a strategy) one is enough
  std::map<slot, const breaker_reading*> worst;
  const auto readings = read(in, limits);
  for (const auto& one : readings) {
    const slot key{one.scope, one.which};
    firing[key] |= one.would_trip;
    if (one.would_trip || !worst.contains(key)) worst[key] = &one;
  }
  auto number = number_;
  for (const auto& [key, fires] : firing) {
    if (fires) calm_since_.erase(key);
    if (!fires || tripped_.contains(key)) continue;
    const auto& why = *worst[key];
    out.push_back({++number, breaker_event::kind::tripped, key.second, key.first, why.measured.value_or(decimal{}), why.limit.value_or(decimal{}),
                   {}, std::string(why.formula), now});
  }
  for (const auto& [key, trip] : tripped_) {
    if (reset_of(key.second) != breaker_reset::automatic) continue;
    const auto now_firing = firing.find(key);
    if (now_firing != firing.end() && now_firing->second) continue;
    const auto since = calm_since_.try_emplace(key, now).first->second;
    nanoseconds calm{};
    if (key.second == breaker_kind::volatility) calm = std::chrono::seconds{limits[limit_id::breaker_calm].value.to_scaled(0).value_or(1800)};
    if (key.second == breaker_kind::feed_stale) calm = std::chrono::seconds{30};
    if (now - since < calm) continue;
    out.push_back({++number, breaker_event::kind::reset, key.second, key.first, trip.measured, trip.limit, {}, "its figure is calm again", now});
  }
  return out;
}

std::optional<breaker_event> breaker_board::trip(breaker_kind which, const breaker_scope& scope, decimal measured, decimal limit,
                                                 utc_time now) const {
  if (is_tripped(which, scope)) return std::nullopt;
  return breaker_event{number_ + 1, breaker_event::kind::tripped, which, scope, measured, limit, {}, "found by the gate", now};
}

std::vector<breaker_event> breaker_board::day_roll(utc_time now) const {
  std::vector<breaker_event> out;
  auto number = number_;
  for (const auto& [key, trip] : tripped_)
    if (reset_of(key.second) == breaker_reset::day_roll)
      out.push_back({++number, breaker_event::kind::reset, key.second, key.first, trip.measured, trip.limit, {}, "a new day", now});
  return out;
}

result<breaker_event> breaker_board::rearm(breaker_kind which, const breaker_scope& scope, std::string_view author, std::string_view reason,
                                           const breaker_inputs& in, const effective_limits& limits, utc_time now) const {
  if (author.empty()) return error{errc::invalid_argument, "must not be empty", "author"};
  if (reason.empty()) return error{errc::invalid_argument, "must not be empty", "reason"};
  const auto found = tripped_.find({scope, which});
  if (found == tripped_.end()) return error{errc::not_found, "is not tripped", "breaker"};
  for (const auto& one : read(in, limits))
    if (one.which == which && one.scope == scope && one.would_trip)
      return error{errc::conflict, "would trip again at once: " + one.measured->to_string() + " against " + one.limit->to_string(), "breaker"};
  return breaker_event{number_ + 1, breaker_event::kind::reset, which, scope, found->second.measured, found->second.limit,
                       std::string(author), std::string(reason), now};
}

result<void> breaker_board::apply(const breaker_event& event) {
  if (event.number <= number_) return {};
  if (event.number != number_ + 1)
    return error{errc::conflict, "breaker event " + std::to_string(event.number) + " after " + std::to_string(number_), "number"};
  const slot key{event.scope, event.which};
  calm_since_.erase(key);
  if (event.what == breaker_event::kind::tripped) tripped_[key] = event;
  else tripped_.erase(key);
  number_ = event.number;
  return {};
}

std::vector<breaker_event> breaker_board::tripped() const {
  std::vector<breaker_event> out;
  for (const auto& [key, event] : tripped_) out.push_back(event);
  return out;
}

std::optional<breaker_event> breaker_board::blocking(std::string_view strategy, std::string_view symbol) const {
  for (const auto& [key, event] : tripped_) { // sorted by scope: the account's come first
    const auto& scope = key.first;
    if (scope.what == scope_kind::account || (scope.what == scope_kind::strategy && !strategy.empty() && scope.name == strategy)
        || (scope.what == scope_kind::symbol && scope.name == symbol))
      return event;
  }
  return std::nullopt;
}

std::vector<std::string> breaker_board::would_trip(const breaker_inputs& in, const effective_limits& limits) const {
  std::vector<std::string> out;
  for (const auto& one : read(in, limits)) {
    if (!one.would_trip) continue;
    std::string name(to_string(one.which));
    if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

bool breaker_board::asks_for_flatten(const account_view& account, const effective_limits& limits) {
  const auto& factor = limits[limit_id::flatten_at_loss_factor];
  const auto& limit = limits[limit_id::daily_loss];
  const auto loss = day_loss_ratio(account);
  if (!factor.is_on || !limit.is_on || !loss || !loss->is_positive()) return false;
  const auto bound = decimal::checked_multiply(limit.value, factor.value);
  return bound && *loss >= *bound;
}

} // namespace tt::risk
