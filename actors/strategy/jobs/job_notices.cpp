#include "actors/strategy/jobs/job_notices.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace tt::strategy {

namespace {

using nlohmann::ordered_json;

/// Numbers of shares are whole ones, not 32.0.
ordered_json number_json(double x) {
  constexpr double exact = 9e15;
  if (std::floor(x) == x && std::fabs(x) < exact) return static_cast<std::int64_t>(x);
  return x;
}

/// Words of the event, then what the run's names are worth.
class hook_values : public value_source {
public:
  hook_values(const event_values& values, const value_source* live) : values_(values), live_(live) {}
  value at(std::uint32_t handle, std::size_t back) const override {
    if (handle < event_word_base) return live_ ? live_->at(handle, back) : value::missing();
    const auto [word, type] = event_words()[handle - event_word_base];
    const auto found = values_.find(std::string(word));
    if (found == values_.end()) return value::missing();
    const bool fits = type == value_type::number ? found->second.number() != nullptr : found->second.text() != nullptr;
    return fits ? found->second : value::missing();
  }

private:
  const event_values& values_;
  const value_source* live_;
};

value lookup_value(const job_plan& plan, const std::string& name, const event_values& values) {
  if (const auto found = values.find(name); found != values.end()) return found->second;
  const auto parameter = plan.spec.parameters.find(name);
  return parameter == plan.spec.parameters.end() ? value::missing() : parameter->second.scalar;
}

ordered_json as_json(const job_plan& plan, const std::string& name, const value& v) {
  if (v.number()) return number_json(*v.number());
  if (v.boolean()) return *v.boolean();
  if (v.text()) return *v.text();
  const auto parameter = plan.spec.parameters.find(name);
  if (parameter != plan.spec.parameters.end() && !parameter->second.texts.empty()) return parameter->second.texts;
  return nullptr;
}

std::string plain(const value& v) { return v.text() ? *v.text() : v.is_missing() ? "" : to_string(v); }

ordered_json fill_text(const job_plan& plan, const std::string& text, const event_values& values) {
  const auto names = placeholders_in(text);
  if (names.size() == 1 && text == "{" + names[0] + "}") return as_json(plan, names[0], lookup_value(plan, names[0], values));
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = text.find('{', at);
    const auto end = begin == std::string::npos ? begin : text.find('}', begin);
    if (end == std::string::npos) {
      out += text.substr(at);
      break;
    }
    const auto name = text.substr(begin + 1, end - begin - 1);
    out += text.substr(at, begin - at);
    out += std::find(names.begin(), names.end(), name) != names.end() ? plain(lookup_value(plan, name, values)) : text.substr(begin, end - begin + 1);
    at = end + 1;
  }
  return out;
}

ordered_json fill(const job_plan& plan, const yaml_node& n, const event_values& values) {
  switch (n.what) {
  case yaml_node::kind::null: return nullptr;
  case yaml_node::kind::list: {
    auto out = ordered_json::array();
    for (const auto& item : n.items) out.push_back(fill(plan, *item, values));
    return out;
  }
  case yaml_node::kind::map: {
    auto out = ordered_json::object();
    for (const auto& e : n.entries) {
      // an earlier dialect called the weight "contracts"; who reads that wants the shares
      const bool shares = plan.spec.dialect == job_dialect::legacy && e.key == "contracts" && e.value->is_scalar() && e.value->text == "{position_size}";
      out[e.key] = shares ? as_json(plan, "shares", lookup_value(plan, "shares", values)) : fill(plan, *e.value, values);
    }
    return out;
  }
  default: break;
  }
  if (n.how == yaml_node::style::plain) {
    if (const auto b = as_boolean(n)) return *b;
    if (const auto i = as_integer(n)) return *i;
    if (const auto x = as_number(n)) return *x;
  }
  return fill_text(plan, n.text, values);
}

bool goes_to_us(const job_plan& plan, const std::string& url) {
  if (plan.spec.dialect != job_dialect::legacy) return false;
  for (const auto* host : {"://localhost", "://127.0.0.1", "://0.0.0.0", "://[::1]"})
    if (url.find(host) != std::string::npos) return true;
  return false;
}

} // namespace

std::string fill_template(const job_plan& plan, const yaml_node& payload, const event_values& values) {
  return fill(plan, payload, values).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<notice> notices_for(const job_plan& plan, const std::vector<std::string>& events, const event_values& given, const environment_lookup& outer,
                                const value_source* live, std::vector<std::string>* problems) {
  const auto problem = [&](const job_webhook& hook, const std::string& why) {
    if (problems) problems->push_back("webhook " + hook.name + ": not sent, " + why);
  };
  std::vector<std::string> unset;
  const environment_lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto own = plan.spec.environment.find(std::string(name));
    if (own == plan.spec.environment.end()) return outer ? outer(name) : std::nullopt;
    return expand_variables(own->second, outer, unset);
  };
  auto values = given;
  if (live)
    for (const auto& [placeholder, handle] : plan.notice_names)
      if (!values.contains(placeholder)) values.emplace(placeholder, live->at(handle, 0));
  std::vector<notice> out;
  for (std::size_t i = 0; i < plan.spec.webhooks.size(); ++i) {
    const auto& hook = plan.spec.webhooks[i];
    const auto event = std::find_if(events.begin(), events.end(), [&](const auto& e) { return hook.templates.contains(e); });
    if (event == events.end()) continue;
    if (const auto& condition = plan.hook_conditions[i]; condition && !evaluate(*condition, hook_values(values, live)).is_true()) continue;
    unset.clear();
    notice n;
    n.url = expand_variables(hook.url, lookup, unset);
    if (goes_to_us(plan, n.url)) continue;
    n.method = hook.method == "PUT" || hook.method == "put" ? notice_method::put : notice_method::post;
    for (const auto& [name, text] : hook.headers)
      if (!(plan.spec.dialect == job_dialect::legacy && name == "X-Strategy-Source")) n.headers.emplace_back(name, expand_variables(text, lookup, unset));
    if (const auto variable = signing_variable(hook); !variable.empty()) {
      n.signing_key = expand_variables("${" + variable + "}", lookup, unset);
      if (unset.empty() && n.signing_key.empty()) unset.push_back(variable);
    }
    if (!unset.empty()) { // never a half-filled secret, never unsigned instead
      problem(hook, "the variable " + unset.front() + " is not set");
      continue;
    }
    n.body = fill_template(plan, *hook.templates.at(*event), values);
    n.timeout = hook.timeout;
    n.retries = static_cast<unsigned>(std::min<std::int64_t>(hook.retries, 10));
    n.retry_delay = hook.retry_delay;
    out.push_back(std::move(n));
  }
  return out;
}

std::vector<std::string> events_of(const job_signal& signal) {
  const std::string exact(to_string(signal.kind));
  return {exact, exact.substr(0, exact.find('_')), "signal"};
}

event_values values_of(const job_plan& plan, utc_time slot, const std::string& run_id) {
  event_values out;
  std::string symbols;
  for (const auto& s : plan.spec.symbols()) symbols += (symbols.empty() ? "" : ",") + s;
  out["symbols"] = out["all_symbols"] = value::of(symbols);
  out["timestamp"] = value::of(to_iso8601(slot));
  out["run_id"] = value::of(run_id);
  out["strategy_id"] = value::of(plan.spec.strategy_id);
  return out;
}

event_values values_of(const job_plan& plan, const job_signal& signal, utc_time slot, const std::string& run_id) {
  auto out = values_of(plan, slot, run_id);
  const bool entry = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::enter_short;
  const bool buys = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::exit_short;
  out["symbol"] = value::of(signal.symbol);
  out["side"] = value::of(signal.kind == signal_kind::enter_long || signal.kind == signal_kind::exit_long ? "long" : "short");
  out["trade_action"] = value::of(buys ? "buy" : "sell");
  out["event"] = value::of(std::string(to_string(signal.kind)));
  out["shares"] = value::of(signal.qty.to_double());
  out["current_price"] = value::of(signal.at.to_double());
  out["dollar_amount"] = value::of(signal.at.to_double() * signal.qty.to_double());
  if (signal.target) out["target_price"] = value::of(signal.target->to_double());
  if (!signal.weight.is_zero()) out["position_size"] = value::of(signal.weight.to_double());
  if (const auto price = signal.at.to_double(); entry && !signal.weight.is_zero() && price > 0) out["target_weight"] = value::of(signal.weight.to_double());
  if (!entry) out["target_weight"] = value::of(0.0);
  out["reason"] = value::of(signal.reason);
  if (!entry) out["exit_reason"] = value::of(signal.reason);
  return out;
}

namespace {

/// Figures of the whole portfolio that any of its events shows.
void add_figures(event_values& out, const portfolio_output& run) {
  out["max_drawdown"] = value::of(run.figures.max_drawdown);
  if (run.figures.volatility) out["current_volatility"] = value::of(*run.figures.volatility);
  out["adjustment_action"] = value::of(std::string(to_string(run.action)));
}

/// The first item of a list that holds, as the file has it.
std::string reason_of(const list_outcome& list) {
  for (const auto& item : list.items)
    if (item.outcome.is_true()) return item.name;
  return list.list;
}

const char* corrective(portfolio_action action) {
  switch (action) {
  case portfolio_action::emergency: return "positions are cut to their cap";
  case portfolio_action::risk_adjustment: return "targets are scaled down";
  case portfolio_action::rebalance: return "traded to the targets";
  default: return "none";
  }
}

} // namespace

event_values values_of(const job_plan& plan, const portfolio_trade& trade, std::size_t slice, const portfolio_output& run, utc_time slot, const std::string& run_id) {
  auto out = values_of(plan, slot, run_id);
  add_figures(out, run);
  const bool buys = direction_of(trade.side) == direction::buy;
  const double shares = trade.slices.at(slice).to_double();
  out["symbol"] = value::of(trade.symbol);
  out["side"] = value::of("long");
  out["trade_action"] = value::of(buys ? "buy" : "sell");
  out["event"] = value::of("trade");
  out["shares"] = value::of(shares);
  out["current_price"] = value::of(trade.arrival.to_double());
  out["dollar_amount"] = value::of(trade.arrival.to_double() * shares);
  const auto targets = plan.spec.targets();
  const auto target = targets.find(trade.symbol);
  out["target_weight"] = value::of(target == targets.end() ? 0.0 : target->second * run.scaled_by);
  if (const auto weight = run.figures.weights.find(trade.symbol); weight != run.figures.weights.end()) out["current_weight"] = value::of(weight->second);
  out["reason"] = value::of("slice " + std::to_string(slice + 1) + " of " + std::to_string(trade.slices.size()));
  return out;
}

std::vector<portfolio_event> events_of(const job_plan& plan, const portfolio_output& run, utc_time slot, const std::string& run_id) {
  std::vector<portfolio_event> out;
  if (run.action == portfolio_action::none) return out;
  auto common = values_of(plan, slot, run_id);
  add_figures(common, run);
  common["corrective_action"] = value::of(corrective(run.action));
  std::string first;
  for (const auto& list : run.lists) {
    if (!list.met.is_true()) continue;
    auto values = common;
    const auto reason = reason_of(list);
    if (first.empty()) first = reason;
    values["event"] = value::of(list.list), values["reason"] = value::of(reason);
    if (list.list.starts_with("emergency")) values["emergency_reason"] = value::of(reason), first = reason;
    out.push_back({{list.list}, std::move(values)});
  }
  auto values = std::move(common);
  const std::string action(to_string(run.action));
  values["event"] = value::of(action), values["reason"] = value::of(first);
  if (run.action == portfolio_action::emergency) values["emergency_reason"] = value::of(first);
  std::vector<std::string> names{action};
  if (run.action == portfolio_action::emergency && !plan.spec.conditions_named("emergency_rebalance")) names.emplace_back("emergency_rebalance");
  if (run.action == portfolio_action::risk_adjustment) names.emplace_back("adjust");
  out.push_back({std::move(names), std::move(values)});
  return out;
}

} // namespace tt::strategy
