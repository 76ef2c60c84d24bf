// Requests as JSON again, and the search that a study asks for.

#include "actors/backtest/request_fields.hpp"

namespace tt::backtest {

using namespace request_fields;

namespace {

json number_json(double v) {
  if (v == std::floor(v) && std::fabs(v) < 1e15) return static_cast<std::int64_t>(v);
  return v;
}

json length_json(const window_length& l) {
  if (l.unit == window_length::unit_t::days) return std::to_string(l.count) + "d";
  return l.count;
}

} // namespace

json to_json(const backtest_request& r) {
  json j = json::object();
  if (!r.pine_script.empty()) j["pine_script"] = r.pine_script;
  if (!r.strategy_id.empty()) j["strategy_id"] = r.strategy_id;
  if (!r.yaml.empty()) j["yaml"] = r.yaml;
  j["symbols"] = r.symbols;
  auto& frames = j["timeframes"] = json::array();
  for (const auto& f : r.timeframes) frames.push_back(f.to_string());
  j["start_date"] = r.start.to_string();
  j["end_date"] = r.end.to_string();
  if (r.initial_capital) j["initial_capital"] = number_json(*r.initial_capital);
  if (r.commission) j["commission"] = number_json(*r.commission);
  if (r.commission_type) j["commission_type"] = to_string(*r.commission_type);
  if (r.slippage) j["slippage"] = number_json(*r.slippage);
  if (r.slippage_type) j["slippage_type"] = to_string(*r.slippage_type);
  if (!r.inputs.empty()) j["inputs"] = r.inputs;
  if (r.magnifier != magnifier_use::as_declared) j["magnifier"] = r.magnifier == magnifier_use::on;
  if (r.fills != fill_model::as_declared) j["fill_model"] = to_string(r.fills);
  j["session"] = tt::to_string(r.session);
  j["data_source"] = to_string(r.data_source);
  if (!r.currency.empty()) j["currency"] = r.currency;
  j["warmup_bars"] = r.warmup_bars;
  j["rng_key"] = r.rng_key;
  j["capital_mode"] = to_string(r.capital);
  return j;
}

json to_json(const study_request& r) {
  auto j = to_json(r.base);
  auto& list = j["parameters"] = json::object();
  for (const auto& p : r.parameters) {
    auto& one = list[p.name] = json{{"type", name_in(parameter_names, p.kind)}};
    if (p.kind == parameter_kind::choice) one["values"] = p.values;
    if (p.kind != parameter_kind::integer && p.kind != parameter_kind::floating) continue;
    one["min"] = number_json(p.min), one["max"] = number_json(p.max);
    if (p.step != 0) one["step"] = number_json(p.step);
    if (p.scale == parameter_scale::logarithmic) one["log"] = true;
  }
  j["method"] = to_string(r.method);
  j["objective"] = r.goal.objective;
  j["direction"] = to_string(r.goal.way);
  j["constraints"] = r.goal.constraints;
  j["max_trials"] = r.max_trials;
  j["sample"] = r.sample;
  const bool genetic = r.method == search_method::genetic || (r.walk_forward && r.walk_forward->inner == search_method::genetic);
  if (genetic)
    j["genetic"] = {{"population", r.genetic.population}, {"generations", r.genetic.generations}, {"elite", r.genetic.elite},
                    {"crossover", number_json(r.genetic.crossover)}, {"mutation", number_json(r.genetic.mutation)}};
  if (r.walk_forward) {
    const auto& w = *r.walk_forward;
    j["walk_forward"] = {{"mode", name_in(mode_names, w.plan.mode)}, {"train", length_json(w.plan.train)}, {"test", length_json(w.plan.test)},
                         {"step", length_json(w.plan.step)}, {"purge", length_json(w.plan.purge)}, {"embargo", length_json(w.plan.embargo)},
                         {"inner", to_string(w.inner)}};
  }
  return j;
}

namespace {
std::string sorted_text(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }
} // namespace

std::string canonical_text(const backtest_request& r) { return sorted_text(to_json(r)); }
std::string canonical_text(const study_request& r) { return sorted_text(to_json(r)); }

result<std::unique_ptr<search>> make_search(const study_request& r, const parameter_space& space, std::uint64_t stream) {
  const auto method = r.method == search_method::walk_forward && r.walk_forward ? r.walk_forward->inner : r.method;
  const auto key = counter_random::mix(r.base.rng_key + stream * 0x9E3779B97F4A7C15ull);
  switch (method) {
  case search_method::random: return random_search(space, key, r.max_trials);
  case search_method::genetic:
    if (std::uint64_t{r.genetic.population} * r.genetic.generations > r.max_trials)
      return error{errc::out_of_range,
                   "population times generations is " + std::to_string(std::uint64_t{r.genetic.population} * r.genetic.generations) +
                     ", more than max_trials (" + std::to_string(r.max_trials) + ")",
                   "genetic"};
    return genetic_search(space, key, r.genetic, r.goal.way);
  default: break;
  }
  if (space.size() > r.max_trials && r.sample) return random_search(space, key, r.max_trials);
  auto grid = grid_search(space, r.max_trials);
  if (grid) return grid;
  auto e = grid.error();
  e.message = "the grid has " + std::to_string(space.size()) + " points, more than max_trials (" + std::to_string(r.max_trials) +
              "); set \"sample\": true to draw that many of them";
  return e;
}

std::string_view to_string(commission_kind k) noexcept { return name_in(commission_names, k); }
std::string_view to_string(slippage_kind k) noexcept { return name_in(slippage_names, k); }
std::string_view to_string(search_method m) noexcept { return name_in(method_names, m); }
std::string_view to_string(direction d) noexcept { return name_in(direction_names, d); }
std::string_view to_string(fill_model m) noexcept { return name_in(fill_names, m); }
std::string_view to_string(bar_origin o) noexcept { return name_in(origin_names, o); }
std::string_view to_string(capital_mode m) noexcept { return name_in(capital_names, m); }

} // namespace tt::backtest
