// Risk spec 3.2: may anything be sent at all.

#include "actors/risk/check_run.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

answer kill_switch_check(run_context& c) {
  const auto mode = c.stop.mode_for(c.account().id.str(), c.asked.strategy.str(), c.asked.symbol);
  const auto stopped = [&](const char* what) { return answer::reject("emergency stop is on (" + std::string(to_string(mode)) + "): " + what); };
  switch (mode) {
  case kill_mode::none: return answer::pass();
  case kill_mode::reduce: {
    if (!c.opens()) return answer::pass();
    auto out = stopped("only closing orders and cancels");
    out.is_about_opening = true;
    return out;
  }
  case kill_mode::flatten:
    if (c.order.origin == order_origin::flatten && !c.opens()) return answer::pass();
    return stopped("only the flattening itself may send orders");
  case kill_mode::halt: return stopped("nothing but cancels");
  }
  return answer::reject("the emergency stop has an unknown mode");
}

answer live_disabled(run_context& c) {
  if (c.account().mode != account_mode::live) return answer::pass();
  if (c.node.real_trading != on_off::on) return answer::reject("live account, and ENABLE_REAL_TRADING is not true");
  if (c.node.execution_leader != on_off::on) return answer::reject("live account, and this node does not hold its lease");
  return answer::pass();
}

answer account_disabled(run_context& c) {
  return c.account().trading == on_off::on ? answer::pass() : answer::reject("trading is switched off for the account");
}

answer strategy_disabled(run_context& c) {
  if (c.asked.strategy.empty()) return answer::skip(no_strategy);
  if (!c.strategy) throw missing_figure{"the state of the strategy"};
  return c.strategy->figures.enabled == on_off::on ? answer::pass() : answer::reject("the strategy is switched off");
}

answer scope(run_context& c) {
  const auto* may = c.order.may;
  if (!may) return answer::reject("the sender has no right to trade");
  const auto lists = [](const std::vector<std::string>& list, const std::string& name) {
    return list.empty() || std::ranges::find(list, name) != list.end();
  };
  if (!lists(may->accounts, c.account().id.str())) return answer::reject("the sender may not use this account");
  if (c.asked.account != c.account().id) return answer::reject("the order names another account");
  if (!lists(may->symbols, c.asked.symbol)) return answer::reject("the sender may not trade this symbol");
  if (may->only_side && *may->only_side != c.way) return answer::reject("the sender may only " + std::string(to_string(*may->only_side)));
  if (may->max_quantity && c.size > *may->max_quantity)
    return answer::reject("the sender may trade " + may->max_quantity->to_string() + " at a time, not " + c.size.to_string());
  return answer::pass();
}

answer journal_unavailable(run_context& c) {
  return c.node.journal == on_off::on ? answer::pass() : answer::reject("the journal can't be written");
}

answer node_isolated(run_context& c) {
  return c.node.isolated == on_off::off ? answer::pass()
                                        : answer::reject("this node is cut off from one that may have stopped trading: only closing orders and cancels");
}

answer venue_down(run_context& c) {
  return c.venue.state == venue_view::session::down ? answer::reject("the venue's session is not in step") : answer::pass();
}

answer venue_maintenance(run_context& c) {
  return c.venue.state == venue_view::session::maintenance ? answer::reject("the venue is under maintenance") : answer::pass();
}

answer reconciling(run_context& c) {
  if (!c.symbol || c.symbol->reconciled == agreement::agreed) return answer::pass();
  return answer::reject("venue and journal disagree about this symbol");
}

answer stale_account(run_context& c) {
  const auto& limit = c.limit(c.account().feed == state_feed::streamed ? limit_id::stale_account_streamed : limit_id::stale_account_polled);
  const auto age = seconds_of(c.now - c.account().state_at);
  if (!limit.is_on || age <= limit.value) return answer::pass(age, limit, limit_unit::seconds);
  return answer::reject(age, limit, limit_unit::seconds, "the account's figures are " + age.to_string() + " s old");
}

answer not_authorised(run_context& c) {
  return c.order.execute == execution_right::granted ? answer::pass() : answer::reject("the alert may not trade by itself");
}

answer breaker(run_context& c) {
  const auto& board = c.breakers;
  if (board.is_clear()) return answer::pass();
  const auto trip = board.blocking(c.asked.strategy.str(), c.asked.symbol);
  if (!trip) return answer::pass();
  auto out = answer::reject("breaker " + std::string(to_string(trip->which)) + " has tripped: " + trip->measured.to_string()
                            + " against " + trip->limit.to_string());
  out.measured = trip->measured;
  out.limit = trip->limit;
  out.unit = unit_of(trip->which);
  out.code = code_of(trip->which);
  return out;
}

constexpr check_row rows[] = {
  {check_code::kill_switch, applies_to::whole, kill_switch_check},
  {check_code::live_disabled, applies_to::whole, live_disabled},
  {check_code::account_disabled, applies_to::whole, account_disabled},
  {check_code::strategy_disabled, applies_to::opening, strategy_disabled},
  {check_code::scope, applies_to::whole, scope},
  {check_code::journal_unavailable, applies_to::whole, journal_unavailable},
  {check_code::node_isolated, applies_to::opening, node_isolated},
  {check_code::venue_down, applies_to::whole, venue_down},
  {check_code::venue_maintenance, applies_to::whole, venue_maintenance},
  {check_code::reconciling, applies_to::opening, reconciling},
  {check_code::stale_account, applies_to::opening, stale_account},
  {check_code::not_authorised_to_execute, applies_to::whole, not_authorised},
  // reported under the name of the breaker that holds it back
  {check_code::breaker_daily_loss, applies_to::opening, breaker},
};

} // namespace

std::span<const check_row> gate_checks() { return rows; }

} // namespace tt::risk
