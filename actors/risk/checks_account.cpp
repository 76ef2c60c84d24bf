// Risk spec 3.6: can the account afford it, and is it allowed to go on.

#include "actors/risk/check_run.hpp"

namespace tt::risk {

namespace {

bool settles_in_full(const run_context& c) { return c.account().type == account_type::cash || c.account().type == account_type::crypto; }

decimal needed_cost(const run_context& c) {
  if (!c.valued) throw missing_figure{"a price to reckon with"};
  if (!c.unit_cost) throw missing_figure{"the contract's initial margin"};
  return *c.unit_cost;
}

/// The fees of the opening part and half the spread: what trading itself takes from equity.
decimal trading_cost(run_context& c) {
  const auto& fees = c.account().fees;
  const auto units = c.opening().value();
  auto cost = c.math.add(fees.per_order.value(), c.math.multiply(units, fees.per_unit.value()));
  cost = c.math.add(cost, c.math.multiply(c.opening_value(), fees.ratio));
  if (!c.has_fresh_quote || c.asked.limit_price) return cost;
  const auto half = c.math.divide(c.math.subtract(c.symbol->market.ask->value(), c.symbol->market.bid->value()), decimal{2});
  const auto money_per_unit = c.math.multiply(c.math.multiply(half, c.what->multiplier), c.symbol->instrument.fx);
  return c.math.add(cost, c.math.multiply(units, money_per_unit));
}

answer min_balance(run_context& c) {
  const auto& limit = c.limit(limit_id::min_balance);
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto after = c.math.subtract(c.equity(), trading_cost(c));
  if (after >= limit.value) return answer::pass(after, limit, limit_unit::money);
  return answer::reject(after, limit, limit_unit::money, "equity would be " + after.to_string() + ", it must stay at " + limit.value.to_string());
}

/// The venue's figure for the account type. Absent is not zero, and not infinite either.
decimal buying_power_of(const account_view& account) {
  switch (account.type) {
  case account_type::cash:
    if (account.settled_cash) return account.settled_cash->value();
    throw missing_figure{"the account's settled cash"};
  case account_type::crypto:
    if (account.buying_power) return account.buying_power->value();
    if (account.cash) return account.cash->value();
    throw missing_figure{"the account's cash"};
  case account_type::margin:
  case account_type::pdt:
  case account_type::futures:
    if (account.buying_power) return account.buying_power->value();
    throw missing_figure{"the account's buying power"};
  }
  throw missing_figure{"the type of the account"};
}

/// How many opening units `money` pays for; 0 where there is none.
decimal affordable(run_context& c, decimal money, decimal unit_cost) {
  if (!money.is_positive()) return {};
  if (!unit_cost.is_positive()) return c.opening().value();
  return c.math.divide(money, unit_cost, rounding::down);
}

/// What a margined contract may take: its margin is not lent, so of an account whose buying power is a multiple of its equity
/// (that of stocks on margin) no more than the equity that no margin holds.
decimal free_equity(run_context& c) {
  const auto held = c.account().maintenance_margin ? c.account().maintenance_margin->value() : decimal{};
  return c.math.subtract(c.equity(), held);
}

answer buying_power(run_context& c) {
  const auto unit_cost = needed_cost(c);
  const auto fee = c.account().fees.per_order.value();
  auto power = buying_power_of(c.account());
  const bool lends = c.account().type == account_type::margin || c.account().type == account_type::pdt;
  if (lends && contract_of(*c.what).style == settlement::margined) power = std::min(power, free_equity(c));
  const auto left = c.math.subtract(c.math.subtract(power, c.held()), fee);
  const auto cost = c.math.multiply(c.opening().value(), unit_cost);
  const effective_limit limit{true, left, limit_scope::account};
  if (cost <= left) return answer::pass(cost, limit, limit_unit::money);
  return answer::reduce(cost, limit, limit_unit::money, affordable(c, left, unit_cost),
                        "costs " + cost.to_string() + ", buying power left is " + left.to_string());
}

answer cash_reserve(run_context& c) {
  const auto& limit = c.limit(limit_id::cash_reserve);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!settles_in_full(c)) return answer::skip("only cash and crypto accounts keep a reserve");
  if (c.way != direction::buy) return answer::skip("a sale takes no cash");
  if (!c.account().cash) throw missing_figure{"the account's cash"};
  const auto unit_cost = needed_cost(c);
  const auto equity = c.equity();
  const auto free = c.math.subtract(c.math.subtract(c.account().cash->value(), c.held()), c.account().fees.per_order.value());
  const auto after = c.math.subtract(free, c.math.multiply(c.opening().value(), unit_cost));
  const auto reserve = c.math.multiply(limit.value, equity);
  const auto measured = share_of(c.math, after, equity);
  if (equity.is_positive() && after >= reserve) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reduce(measured, limit, limit_unit::ratio, affordable(c, c.math.subtract(free, reserve), unit_cost),
                        "cash would be " + after.to_string() + ", the reserve is " + reserve.to_string());
}

decimal known(const result<decimal>& figure, const char* what) {
  if (!figure) throw missing_figure{what};
  return *figure;
}

answer daily_loss(run_context& c) {
  const auto& limit = c.limit(limit_id::daily_loss);
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto loss = known(day_loss_ratio(c.account()), "equity, or equity at the start of the day");
  if (!loss.is_positive() || loss < limit.value) return answer::pass(loss, limit, limit_unit::ratio);
  return answer::reject(loss, limit, limit_unit::ratio, "the day's loss is " + loss.to_string() + " of equity at its start");
}

answer drawdown(run_context& c) {
  const auto& limit = c.limit(limit_id::drawdown);
  if (!limit.is_on) return answer::skip(limit_is_off);
  const auto measured = known(drawdown_ratio(c.account()), "equity, or its peak");
  if (!measured.is_positive() || measured < limit.value) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reject(measured, limit, limit_unit::ratio, "equity is " + measured.to_string() + " below its peak");
}

answer consecutive_losses(run_context& c) {
  const auto& limit = c.limit(limit_id::consecutive_losses);
  if (!limit.is_on) return answer::skip(limit_is_off);
  auto most = decimal{c.account().consecutive_losses};
  if (c.strategy) most = std::max(most, decimal{c.strategy->figures.consecutive_losses});
  if (most < limit.value || !most.is_positive()) return answer::pass(most, limit, limit_unit::count);
  return answer::reject(most, limit, limit_unit::count, most.to_string() + " losing trades in a row");
}

answer pdt(run_context& c) {
  const auto& rule = c.account().day_trades;
  if (!rule) return answer::skip("the venue reports no rule of day trades for the account");
  const bool binds = c.what && (c.what->kind == asset_class::stock || c.what->kind == asset_class::etf || c.what->kind == asset_class::option);
  if (!binds) return answer::skip("the rule of day trades binds stocks, funds and options");
  auto most = c.limit(limit_id::pdt_day_trades);
  auto floor = c.limit(limit_id::pdt_equity);
  if (rule->most) most = {true, decimal{*rule->most}, limit_scope::account};
  if (rule->equity_floor) floor = {true, rule->equity_floor->value(), limit_scope::account};
  const auto used = decimal{rule->day_trades};
  if (!most.is_on || used < most.value || (floor.is_on && c.equity() >= floor.value)) return answer::pass(used, most, limit_unit::count);
  return answer::reject(used, most, limit_unit::count, "day trades are used up: what is opened now could not be closed today");
}

answer margin_call(run_context& c) {
  if (c.account().margin_call == margin_call_state::called) return answer::reject("the venue reports a margin call");
  const auto& limit = c.limit(limit_id::margin_buffer);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (settles_in_full(c)) return answer::skip("the account has no margin");
  if (!c.account().maintenance_margin) return answer::skip("the venue reports no maintenance margin");
  const auto equity = c.equity();
  const auto excess = c.math.subtract(equity, c.account().maintenance_margin->value());
  const auto measured = share_of(c.math, excess, equity);
  if (equity.is_positive() && measured >= limit.value) return answer::pass(measured, limit, limit_unit::ratio);
  return answer::reject(measured, limit, limit_unit::ratio, "equity is only " + excess.to_string() + " above the maintenance margin");
}

constexpr check_row rows[] = {
  {check_code::min_balance, applies_to::opening, min_balance},
  {check_code::buying_power, applies_to::opening, buying_power},
  {check_code::cash_reserve, applies_to::opening, cash_reserve},
  {check_code::daily_loss, applies_to::opening, daily_loss},
  {check_code::drawdown, applies_to::opening, drawdown},
  {check_code::consecutive_losses, applies_to::opening, consecutive_losses},
  {check_code::pdt, applies_to::opening, pdt},
  {check_code::margin_call, applies_to::opening, margin_call},
};

} // namespace

std::span<const check_row> account_checks() { return rows; }

} // namespace tt::risk
