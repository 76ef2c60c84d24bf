// Risk spec 3.3: is this a request that anybody meant to make.

#include "actors/risk/check_run.hpp"

namespace tt::risk {

namespace {

decimal counted(std::size_t n) { return decimal{static_cast<std::int64_t>(n)}; }

std::size_t most_of(const effective_limit& limit) {
  return limit.is_on ? static_cast<std::size_t>(limit.value.to_scaled(0).value_or(0)) : SIZE_MAX;
}

answer duplicate(run_context& c) {
  if (c.is_change) return answer::skip("a change is of an intent that is known");
  return c.history.is_known(*c.order.key, c.order.attempt) ? answer::reject("this intent was seen before") : answer::pass();
}

request_history::look look_of(const run_context& c) {
  std::string origin(to_string(c.order.origin));
  origin.append(1, '|').append(c.order.principal).append(1, '|').append(c.asked.strategy.str());
  return {c.asked.symbol, std::move(origin), c.way, c.asked.type, c.asked.size, c.asked.limit_price, c.asked.stop_price};
}

answer similar_order(run_context& c) {
  const auto& window = c.limit(limit_id::similar_order_window);
  if (!window.is_on || window.value.is_zero()) return answer::skip(limit_is_off);
  auto look = look_of(c);
  const auto since = c.history.since_similar(look, c.now, span_of(window));
  if (c.mode == run_mode::commit) c.history.add_look(std::move(look), c.now);
  if (!since) return answer::pass();
  const bool is_nameless = c.order.origin == order_origin::webhook && c.order.identity == alert_identity::derived;
  const std::string message = "the same order came from the same place less than " + window.value.to_string() + " s ago";
  auto out = answer::reject(seconds_of(*since), window, limit_unit::seconds, message);
  if (!is_nameless && !c.flag(limit_id::similar_order_refuse)) out.what = check_verdict::warn;
  return out;
}

/// One sender's two windows against their limits; nothing when both have room.
std::optional<answer> over_rate(const rate_window& window, utc_time now, const effective_limit& second, const effective_limit& minute,
                                const char* whose) {
  const auto in_second = window.count(now, std::chrono::seconds{1});
  if (in_second >= most_of(second))
    return answer::reject(counted(in_second + 1), second, limit_unit::per_second, std::string("too many orders of the ") + whose + " in a second");
  const auto in_minute = window.count(now, std::chrono::minutes{1});
  if (in_minute >= most_of(minute))
    return answer::reject(counted(in_minute + 1), minute, limit_unit::per_minute, std::string("too many orders of the ") + whose + " in a minute");
  return std::nullopt;
}

answer order_rate(run_context& c) {
  // legs follow the fills of their entry: how many there are is the venue's doing, not the sender's
  if (c.order.origin == order_origin::leg && !c.opens()) return answer::skip("protective legs are not counted");
  const auto kind = c.opens() ? rate_kind::opening : rate_kind::closing;
  rate_window* of_strategy = nullptr;
  if (!c.asked.strategy.empty()) {
    of_strategy = &c.history.strategy_rate(kind, c.asked.strategy.str());
    if (auto over = over_rate(*of_strategy, c.now, c.limit(limit_id::order_rate_strategy_second),
                              c.limit(limit_id::order_rate_strategy_minute), "strategy"))
      return *over;
  }
  auto& of_account = c.history.account_rate(kind);
  if (auto over = over_rate(of_account, c.now, c.limit(limit_id::order_rate_account_second),
                            c.limit(limit_id::order_rate_account_minute), "account"))
    return *over;
  const auto& node_second = c.limit(limit_id::order_rate_node_second);
  const rate_limits most{most_of(node_second), most_of(c.limit(limit_id::order_rate_node_minute))};
  const bool has_room = c.mode == run_mode::commit ? c.rates.take(kind, c.now, most) : c.rates.has_room(kind, c.now, most);
  if (!has_room) return answer::reject(node_second.value, node_second, limit_unit::per_second, "too many orders of the node");
  if (c.mode == run_mode::commit) {
    if (of_strategy) of_strategy->add(c.now);
    of_account.add(c.now);
  }
  const auto in_second = counted(of_account.count(c.now, std::chrono::seconds{1}));
  return answer::pass(in_second, c.limit(limit_id::order_rate_account_second), limit_unit::per_second);
}

answer runaway(run_context& c) {
  const auto& limit = c.limit(limit_id::runaway_orders);
  const auto recent = c.history.recent_orders(c.asked.symbol, c.now);
  if (recent >= most_of(limit))
    return answer::reject(counted(recent + 1), limit, limit_unit::count, "too many new orders of this symbol in 10 s");
  if (!c.asked.strategy.empty()) {
    const auto& repeats = c.limit(limit_id::repeated_rejects);
    const auto worst = c.history.worst_rejects(c.asked.strategy.str(), c.now);
    if (worst >= most_of(repeats))
      return answer::reject(counted(worst), repeats, limit_unit::count, "the strategy was refused for the same reason again and again");
  }
  if (c.mode == run_mode::commit) c.history.add_order(c.asked.symbol, c.asked.strategy.str(), c.now);
  return answer::pass(counted(recent + 1), limit, limit_unit::count);
}

answer stale_signal(run_context& c) {
  const auto& limit = c.limit(limit_id::signal_age);
  if (!limit.is_on) return answer::skip(limit_is_off);
  if (!c.order.signal_at) return answer::skip("the order has no signal with a time");
  const auto age = seconds_of(c.now - *c.order.signal_at);
  if (age <= limit.value) return answer::pass(age, limit, limit_unit::seconds);
  return answer::reject(age, limit, limit_unit::seconds, "the signal is " + age.to_string() + " s old");
}

answer out_of_step(run_context& c) {
  if (!c.order.reported_position) return answer::skip("the sender reports no position");
  const auto own = c.symbol ? c.symbol->position : quantity{};
  if (own == *c.order.reported_position) return answer::pass();
  return answer::reject("the sender believes in a position of " + c.order.reported_position->to_string() + ", it is " + own.to_string());
}

answer max_open_orders(run_context& c) {
  const auto& per_symbol = c.limit(limit_id::open_orders_symbol);
  const auto& per_account = c.limit(limit_id::open_orders_account);
  const auto of_symbol = c.symbol ? c.symbol->working.size() : 0, of_account = c.state.working_orders();
  if (of_symbol >= most_of(per_symbol))
    return answer::reject(counted(of_symbol + 1), per_symbol, limit_unit::count, "too many working orders of this symbol");
  if (of_account >= most_of(per_account))
    return answer::reject(counted(of_account + 1), per_account, limit_unit::count, "too many working orders of the account");
  return answer::pass(counted(of_symbol + 1), per_symbol, limit_unit::count);
}

constexpr check_row rows[] = {
  {check_code::duplicate, applies_to::whole, duplicate},
  {check_code::similar_order, applies_to::opening, similar_order},
  {check_code::order_rate, applies_to::whole, order_rate},
  {check_code::runaway, applies_to::opening, runaway},
  {check_code::stale_signal, applies_to::opening, stale_signal},
  {check_code::out_of_step, applies_to::opening, out_of_step},
  {check_code::max_open_orders, applies_to::opening, max_open_orders},
};

} // namespace

std::span<const check_row> request_checks() { return rows; }

} // namespace tt::risk
