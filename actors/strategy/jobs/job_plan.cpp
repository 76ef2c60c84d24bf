#include "actors/strategy/jobs/job_plan.hpp"

#include <algorithm>

namespace tt::strategy {

namespace {

finding_code code_of(expression_code code) {
  switch (code) {
  case expression_code::syntax: return finding_code::expr_syntax;
  case expression_code::unknown_name: return finding_code::expr_unknown_name;
  case expression_code::type: return finding_code::expr_type;
  default: return finding_code::param_unknown;
  }
}

std::optional<expression> compile_text(const std::string& text, value_type wanted, text_place at, const std::string& key, name_table& names, finding_list& out) {
  auto outcome = read_expression(text, names);
  if (const auto* problem = std::get_if<expression_problem>(&outcome)) {
    out.error(code_of(problem->code), {at.line, at.column}, key, problem->message + " (character " + std::to_string(problem->position + 1) + " of " + in_quotes(text) + ")");
    return std::nullopt;
  }
  auto parsed = std::get<expression>(std::move(outcome));
  if (parsed.type() == wanted) return parsed;
  out.error(finding_code::expr_type, at, key, "must give " + std::string(to_string(wanted)) + ", gives " + std::string(to_string(parsed.type())));
  return std::nullopt;
}

compiled_condition compile(const condition_text& c, job_names& names, finding_list& out) {
  compiled_condition made{c.what, c.name, {}, {}};
  if (c.what == condition_text::kind::item) made.when = compile_text(c.text, value_type::boolean, c.at, c.key, names, out);
  for (const auto& inner : c.inner) made.inner.push_back(compile(inner, names, out));
  return made;
}

void look_back(const compiled_condition& c, std::size_t& deepest) {
  if (c.when) deepest = std::max(deepest, c.when->look_back());
  for (const auto& inner : c.inner) look_back(inner, deepest);
}

/// Bars to load per source, and a finding where the file asks for fewer than its longest period.
void size_history(job_plan& plan, finding_list& out) {
  std::size_t deepest = 0;
  for (const auto& list : plan.lists) look_back(list.root, deepest);
  if (plan.rank) deepest = std::max(deepest, plan.rank->look_back());
  for (const auto& condition : plan.hook_conditions)
    if (condition) deepest = std::max(deepest, condition->look_back());
  for (std::size_t i = 0; i < plan.spec.sources.size(); ++i) {
    const auto& source = plan.spec.sources[i];
    std::int64_t longest = 0;
    for (const auto& name : plan.names)
      if (name.source == i) longest = std::max(longest, period_of(name, plan.settings));
    const auto least = std::max<std::int64_t>(longest, static_cast<std::int64_t>(deepest)) + 1;
    if (source.kind == source_kind::bars && source.lookback_periods > 0 && source.lookback_periods < least)
      out.warning(finding_code::lookback_short, source.at, "job.data_sources[" + std::to_string(i) + "].lookback_periods",
                  std::to_string(source.lookback_periods) + " bars are fewer than the " + std::to_string(least) + " that the longest period needs; more are loaded");
    // ten times the longest period: what averages with a long memory need to agree with the chart
    plan.bars_needed.push_back(std::max({source.lookback_periods, longest * 10 + static_cast<std::int64_t>(deepest), std::int64_t{2}}));
  }
}

/// The names of a webhook's condition: words of the event, then those of every condition.
class hook_names : public name_table {
public:
  explicit hook_names(job_names& live) : live_(live) {}
  std::optional<known_name> find(const name_query& which) override {
    if (which.source.empty() && which.how == name_query::form::plain)
      for (std::size_t i = 0; i < event_words().size(); ++i)
        if (event_words()[i].first == which.name) return known_name{event_words()[i].second, event_word_base + static_cast<std::uint32_t>(i)};
    return live_.find(which);
  }
  std::optional<value> parameter(std::string_view name) override { return live_.parameter(name); }
  std::vector<std::string> all_names() const override {
    auto out = live_.all_names();
    for (const auto& [word, type] : event_words()) out.emplace_back(word);
    return out;
  }

private:
  job_names& live_;
};

void gather_placeholders(const yaml_node& n, std::set<std::string>& out) {
  if (n.is_scalar())
    for (auto& name : placeholders_in(n.text)) out.insert(std::move(name));
  for (const auto& item : n.items) gather_placeholders(*item, out);
  for (const auto& e : n.entries) gather_placeholders(*e.value, out);
}

/// Conditions of webhooks, and the live names that their templates show.
void compile_hooks(job_plan& plan, job_names& live, finding_list& out) {
  std::set<std::string> shown;
  hook_names names(live);
  for (const auto& hook : plan.spec.webhooks) {
    for (const auto& [event, payload] : hook.templates) gather_placeholders(*payload, shown);
    plan.hook_conditions.push_back(hook.condition.empty() ? std::nullopt
                                                          : compile_text(hook.condition, value_type::boolean, hook.condition_at, "job.webhooks." + hook.name + ".condition", names, out));
  }
  const bool is_portfolio = plan.spec.type == job_type::portfolio_management;
  for (const auto& [placeholder, name] : {std::pair{"rsi", "rsi"}, std::pair{"volume_ratio", "volume_ratio"}, std::pair{"bollinger_lower", "bollinger_lower"},
                                          std::pair{"bollinger_upper", "bollinger_upper"}, std::pair{"unrealized_pnl", "unrealized_pnl"}, std::pair{"pnl_pct", "pnl_pct"},
                                          std::pair{"current_weight", "position_weight"}, std::pair{"max_drawdown", "max_drawdown"},
                                          std::pair{"current_volatility", is_portfolio ? "portfolio_volatility" : "market_volatility"}})
    if (shown.contains(placeholder))
      if (const auto known = live.find({"", name})) plan.notice_names.emplace(placeholder, known->handle);
}

void compile_lists(job_plan& plan, finding_list& out) {
  job_names names(plan.spec);
  for (const auto& list : plan.spec.conditions) {
    names.reading(list.name.starts_with("entry") ? list_side::entry : list.name.starts_with("exit") ? list_side::exit : list_side::other);
    plan.lists.push_back({list.name, compile(list.root, names, out)});
  }
  names.reading(list_side::entry);
  const bool wants_rank = plan.spec.type == job_type::strategy && plan.spec.primary_bars() != nullptr;
  if (wants_rank) plan.rank = compile_text(plan.spec.orders.rank_by, value_type::number, plan.spec.orders.rank_at, "job.orders.rank_by", names, out);
  names.reading(list_side::other);
  compile_hooks(plan, names, out);
  plan.names = names.bindings();
  std::set<std::string> told;
  for (const auto& use : names.legacy_uses())
    if (told.insert(use).second)
      out.warning(finding_code::legacy_reading, plan.spec.conditions_at, "job.conditions",
                  use == "price_change" ? "price_change is the bar's change in entry lists and the change since entry in exit lists" : "a bare cash_buffer is read as cash_weight");
}

void check_shape(const job_spec& spec, finding_list& out) {
  if (spec.type == job_type::portfolio_management) {
    if (!spec.parameters.contains("target_allocations"))
      out.error(finding_code::missing_key, spec.parameters_at, "job.parameters.target_allocations", "a portfolio job needs its targets");
    return;
  }
  if (!spec.parameters.contains("symbols")) out.error(finding_code::missing_key, spec.parameters_at, "job.parameters.symbols", "a strategy job needs its symbols");
  const bool enters = spec.conditions_named("entry_long") || spec.conditions_named("entry_short");
  if (!enters && !spec.conditions_named("exit_long") && !spec.conditions_named("exit_short"))
    out.error(finding_code::missing_key, spec.conditions_at, "job.conditions", "a strategy job needs at least one of entry_long, entry_short, exit_long, exit_short");
  if (enters && !spec.number("position_size"))
    out.error(finding_code::missing_key, spec.parameters_at, "job.parameters.position_size", "entries need a size: a share of equity between 0 and 1");
}

value override_value(const std::string& text) {
  yaml_node n;
  n.what = yaml_node::kind::scalar, n.text = text;
  if (const auto b = as_boolean(n)) return value::of(*b);
  if (const auto x = as_number(n)) return value::of(*x);
  return value::of(text);
}

void apply_overrides(job_spec& spec, const std::map<std::string, std::string>& overrides, finding_list& out) {
  for (const auto& [name, text] : overrides) {
    const auto found = spec.parameters.find(name);
    if (found == spec.parameters.end()) {
      out.error(finding_code::param_unknown, spec.parameters_at, "job.parameters." + name, "there is no parameter " + in_quotes(name) + " to override");
      continue;
    }
    yaml_node n;
    n.what = yaml_node::kind::scalar, n.text = text;
    found->second.scalar = override_value(text);
    found->second.texts.clear();
    if (name == "symbols") { // a list, joined by commas
      n.what = yaml_node::kind::list, n.text.clear();
      for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        if (comma > at) found->second.texts.push_back(text.substr(at, comma - at));
        at = comma + 1;
      }
      found->second.scalar = {};
    }
    found->second.raw = std::make_shared<const yaml_node>(std::move(n));
  }
}

} // namespace

std::string profile_not_given(const job_spec& spec) {
  return "the limit profile " + in_quotes(spec.limit_profile) + " is not given to the strategy " + in_quotes(spec.strategy_id) + " of the account " + in_quotes(spec.account)
         + ": its orders are cut and refused by the usual limits until an admin assigns it (PUT /api/v1/risk/limits)";
}

bool account_profiles::gives(const std::string& strategy_id, const std::string& profile) const {
  const auto own = of_strategies.find(strategy_id);
  return own != of_strategies.end() ? own->second == profile : of_account == profile;
}

const compiled_list* job_plan::list(std::string_view name) const {
  for (const auto& l : lists)
    if (l.name == name) return &l;
  return nullptr;
}

checked_job check_job(std::string_view text, const std::string& file, const job_defaults& defaults, const check_context& context,
                      const std::map<std::string, std::string>& overrides) {
  auto reading = read_job(text, file, defaults);
  if (!reading.spec) return {nullptr, std::nullopt, std::move(reading.findings)};
  finding_list out(file);
  auto plan = std::make_shared<job_plan>();
  plan->spec = std::move(*reading.spec);
  auto& spec = plan->spec;
  apply_overrides(spec, overrides, out);
  check_shape(spec, out);
  check::parameters(spec, out);
  check::symbols(spec, context.instruments, out);
  check::profile(spec, context, out);
  check::weights(spec, context, out);
  plan->settings = settings_of(spec);
  compile_lists(*plan, out);
  for (std::size_t i = 0; i < plan->lists.size(); ++i)
    check::contradictions(plan->lists[i], spec.conditions[i].root.at, "job.conditions." + plan->lists[i].name, out);
  size_history(*plan, out);
  plan->daily = spec.features.regime.state == feature_state::on || spec.features.correlation.state == feature_state::on
                || std::any_of(plan->names.begin(), plan->names.end(), needs_daily);
  auto zone = zone_clock::load(spec.timezone);
  auto calendar = find_calendar(spec.calendar);
  const bool has_schedule = std::none_of(reading.findings.begin(), reading.findings.end(),
                                         [](const auto& f) { return f.level == severity::error && f.key.starts_with("schedule"); });
  if (zone && calendar && has_schedule) {
    plan->when.emplace(spec.when, std::make_shared<const zone_clock>(std::move(*zone)), *calendar);
    check::firings(spec, *plan->when, context.now, out);
  }
  check::webhooks(spec, context, out);
  if (auto tree = read_yaml(text); std::holds_alternative<yaml_ptr>(tree)) check::secrets(*std::get<yaml_ptr>(tree), out);
  if (context.taken_ids.contains(spec.strategy_id))
    out.error(finding_code::duplicate_id, spec.strategy_id_at, "job.strategy_id", "another file has the id " + in_quotes(spec.strategy_id));
  if (spec.mode == job_mode::live && context.live == check_context::live_orders::refused)
    out.error(finding_code::live_not_allowed, spec.mode_at, "job.mode", "live orders are off on this node; it runs on paper only");
  auto findings = std::move(reading.findings);
  for (auto& f : out.take()) findings.push_back(std::move(f));
  const bool broken = std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.level == severity::error; });
  std::optional<job_spec> read = spec;
  return {broken ? nullptr : std::move(plan), std::move(read), std::move(findings)};
}

} // namespace tt::strategy
