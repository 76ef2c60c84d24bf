// Parameters, symbols, weights, firings: what the values of a job must be.
#include "actors/strategy/jobs/job_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tt::strategy::check {

namespace {

enum class wanted : std::uint8_t { number, whole, truth };
struct parameter_spec {
  std::string_view name;
  wanted kind;
  double least, most;
};
constexpr double many = 1e12;
constexpr auto period = static_cast<double>(limits::job_period);
/// Known names, whatever job they stand in (strategies-yaml, keys: "known names are type-checked").
constexpr std::array<parameter_spec, 39> known{{
  {"rsi_period", wanted::whole, 1, period}, {"bollinger_period", wanted::whole, 1, period}, {"volume_period", wanted::whole, 1, period},
  {"atr_period", wanted::whole, 1, period}, {"macd_fast", wanted::whole, 1, period}, {"macd_slow", wanted::whole, 1, period},
  {"macd_signal", wanted::whole, 1, period}, {"breakout_bars", wanted::whole, 1, period}, {"change_bars", wanted::whole, 1, period},
  {"rsi_oversold", wanted::number, 0, 100}, {"rsi_overbought", wanted::number, 0, 100}, {"rsi_momentum", wanted::number, 0, 100},
  {"rsi_extreme_oversold", wanted::number, 0, 100}, {"rsi_extreme_overbought", wanted::number, 0, 100},
  {"bollinger_std", wanted::number, 0, 100}, {"volume_threshold", wanted::number, 0, many}, {"volume_confirmation", wanted::number, 0, many},
  {"price_change_threshold", wanted::number, -1, 10}, {"price_deviation_threshold", wanted::number, 0, 10},
  {"position_size", wanted::number, 0, 1}, {"stop_loss", wanted::number, 0, 1}, {"take_profit", wanted::number, 0, 100},
  {"max_positions", wanted::whole, 1, 1'000}, {"hold_time_max", wanted::whole, 0, 10'000}, {"allow_short", wanted::truth, 0, 0},
  {"flat_at_close", wanted::truth, 0, 0}, {"deviation_threshold", wanted::number, 0, 1}, {"min_trade_size", wanted::number, 0, many},
  {"transaction_cost", wanted::number, 0, many}, {"max_position_size", wanted::number, 0, 1}, {"correlation_limit", wanted::number, -1, 1},
  {"volatility_adjustment", wanted::truth, 0, 0}, {"target_volatility", wanted::number, 0, 10}, {"leverage_limit", wanted::number, 0, 100},
  {"cash_buffer", wanted::number, 0, 1}, {"max_drawdown", wanted::number, 0, 1}, {"max_daily_loss", wanted::number, 0, many},
  {"rebalance_threshold", wanted::number, 0, 1}, {"cooldown_bars", wanted::whole, 0, 10'000},
}};

void check_list_of_symbols(const std::vector<std::string>& list, text_place at, const std::string& key, const instrument_master* master, finding_list& out) {
  std::set<std::string> seen;
  for (const auto& symbol : list) {
    const auto* found = master ? master->find(symbol) : nullptr;
    if (master && !found) out.error(finding_code::symbol_unknown, at, key, "there is no instrument " + in_quotes(symbol));
    if (!seen.insert(found ? found->symbol : symbol).second) out.error(finding_code::symbol_duplicate, at, key, in_quotes(symbol) + " stands twice");
  }
  if (list.size() > limits::job_symbols) out.error(finding_code::bad_value, at, key, "names more than " + std::to_string(limits::job_symbols) + " symbols");
}

} // namespace

void parameters(const job_spec& spec, finding_list& out) {
  for (const auto& [name, p] : spec.parameters) {
    const auto* rule = std::find_if(known.begin(), known.end(), [&, &name = name](const auto& k) { return k.name == name; });
    if (rule == known.end()) continue;
    const std::string key = "job.parameters." + name;
    if (rule->kind == wanted::truth) {
      if (!p.scalar.boolean()) out.error(finding_code::bad_type, p.at, key, "must be true or false");
      continue;
    }
    const double* x = p.scalar.number();
    if (!x || (rule->kind == wanted::whole && *x != std::floor(*x))) {
      out.error(finding_code::bad_type, p.at, key, rule->kind == wanted::whole ? "must be a whole number" : "must be a number");
    } else if (*x < rule->least || *x > rule->most) {
      out.error(finding_code::bad_value, p.at, key,
                "is " + to_string(p.scalar) + ", must lie between " + to_string(value::of(rule->least)) + " and " + to_string(value::of(rule->most)));
    }
  }
}

void symbols(const job_spec& spec, const instrument_master* master, finding_list& out) {
  if (const auto found = spec.parameters.find("symbols"); found != spec.parameters.end()) {
    const auto& p = found->second;
    const auto list = spec.symbols();
    if (p.raw->is_map()) out.error(finding_code::bad_type, p.at, "job.parameters.symbols", "must be a list of symbols");
    else if (list.empty()) out.error(finding_code::bad_value, p.at, "job.parameters.symbols", "must name at least one symbol");
    check_list_of_symbols(list, p.at, "job.parameters.symbols", master, out);
  }
  for (std::size_t i = 0; i < spec.sources.size(); ++i)
    check_list_of_symbols(spec.sources[i].symbols, spec.sources[i].at, "job.data_sources[" + std::to_string(i) + "].symbols", master, out);
}

void profile(const job_spec& spec, const check_context& context, finding_list& out) {
  if (spec.limit_profile.empty()) return;
  const std::string key = "job.limit_profile";
  const auto account = context.by_account.find(spec.account);
  const limit_profile* known = nullptr;
  if (const auto shipped = context.profiles.find(spec.limit_profile); shipped != context.profiles.end()) known = &shipped->second;
  if (account != context.by_account.end())
    if (const auto own = account->second.named.find(spec.limit_profile); own != account->second.named.end()) known = &own->second;
  if (!known) {
    if (context.profiles.empty() && account == context.by_account.end()) return;
    std::vector<std::string> names;
    for (const auto& [name, values] : context.profiles) names.push_back(name);
    const auto near = nearest_name(spec.limit_profile, names);
    return out.error(finding_code::bad_value, spec.limit_profile_at, key,
                     "there is no limit profile " + in_quotes(spec.limit_profile) + (near ? "; did you mean " + in_quotes(*near) + "?" : ""));
  }
  double largest = spec.number("position_size", 0);
  for (const auto& [symbol, weight] : spec.targets()) largest = std::max(largest, weight);
  if (largest > known->max_position_weight + 1e-9)
    out.error(finding_code::limit_conflict, spec.limit_profile_at, key,
              "asks for " + to_string(value::of(largest)) + " of equity in one symbol, the profile allows " + to_string(value::of(known->max_position_weight)));
  if (spec.number("max_positions", 0) > static_cast<double>(known->max_positions))
    out.error(finding_code::limit_conflict, spec.limit_profile_at, key, "asks for more positions than the profile allows");
  if (account != context.by_account.end() && !account->second.gives(spec.strategy_id, spec.limit_profile))
    out.warning(finding_code::limit_conflict, spec.limit_profile_at, key, profile_not_given(spec));
}

void weights(const job_spec& spec, const check_context& context, finding_list& out) {
  const auto found = spec.parameters.find("target_allocations");
  if (found == spec.parameters.end()) return;
  const auto at = found->second.at;
  const std::string key = "job.parameters.target_allocations";
  if (!found->second.raw->is_map()) return out.error(finding_code::bad_type, at, key, "must be a map of symbols or groups of symbols to weights");
  std::map<std::string, int> count;
  for (const auto& group : found->second.raw->entries) {
    if (!group.value->is_map()) {
      const auto w = as_number(*group.value);
      if (!w) out.error(finding_code::bad_type, group.at, key + "." + group.key, "must be a weight");
      else if (*w < 0 || *w > 1) out.error(finding_code::bad_value, group.at, key + "." + group.key, "a weight lies between 0 and 1");
      if (!group.key.starts_with("cash")) ++count[group.key];
      continue;
    }
    for (const auto& e : group.value->entries) {
      const auto w = as_number(*e.value);
      if (!w) out.error(finding_code::bad_type, e.at, key + "." + group.key + "." + e.key, "must be a weight");
      else if (*w < 0 || *w > 1) out.error(finding_code::bad_value, e.at, key + "." + group.key + "." + e.key, "a weight lies between 0 and 1");
      ++count[e.key];
    }
  }
  double sum = spec.cash_target();
  std::vector<std::string> list;
  for (const auto& [symbol, weight] : spec.targets()) {
    sum += weight;
    list.push_back(symbol);
    if (count[symbol] > 1) out.error(finding_code::symbol_duplicate, at, key, in_quotes(symbol) + " stands twice");
    if (const auto cap = spec.number("max_position_size"); cap && weight > *cap + 1e-9)
      out.error(finding_code::limit_conflict, at, key, in_quotes(symbol) + " is to have " + to_string(value::of(weight)) + ", more than max_position_size " + to_string(value::of(*cap)));
    if (spec.optimizer_max_weight && weight > *spec.optimizer_max_weight + 1e-9)
      out.error(finding_code::limit_conflict, at, key, in_quotes(symbol) + " is to have " + to_string(value::of(weight)) + ", more than the optimiser's max_weight "
                  + to_string(value::of(*spec.optimizer_max_weight)));
  }
  if (const auto cap = spec.number("max_position_size"); cap && spec.optimizer_max_weight && *spec.optimizer_max_weight > *cap + 1e-9)
    out.error(finding_code::limit_conflict, at, "job.analytics.optimization", "max_weight is above max_position_size");
  if (std::fabs(sum - 1) > 0.0001) out.error(finding_code::weights_sum, at, key, "targets and cash sum to " + to_string(value::of(std::round(sum * 1e6) / 1e6)) + ", not to 1");
  check_list_of_symbols(list, at, key, context.instruments, out);
}

void firings(const job_spec& spec, const schedule& when, utc_time now, finding_list& out) {
  if (!when.next_after(now)) {
    const bool beyond = when.only_outside_session(now);
    out.error(finding_code::never_fires, spec.schedule_at, "schedule",
              beyond ? "every firing lies outside the session of " + spec.calendar : "does not fire in the next " + std::to_string(limits::schedule_days) + " days");
    return;
  }
  if (spec.type == job_type::portfolio_management && when.only_outside_session(now))
    out.warning(finding_code::after_close, spec.schedule_at, "schedule",
                "fires only outside the session: the job evaluates then, and its orders wait for the next session's open and are checked again 5 minutes after it");
}

} // namespace tt::strategy::check
