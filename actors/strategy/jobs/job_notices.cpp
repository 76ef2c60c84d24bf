#include "actors/strategy/jobs/job_notices.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tt::strategy {

namespace {

using nlohmann::ordered_json;

value lookup_value(const job_plan& plan, const std::string& name, const event_values& values) {
  if (const auto found = values.find(name); found != values.end()) return found->second;
  const auto parameter = plan.spec.parameters.find(name);
  return parameter == plan.spec.parameters.end() ? value::missing() : parameter->second.scalar;
}

ordered_json as_json(const job_plan& plan, const std::string& name, const value& v) {
  if (v.number()) return *v.number();
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

std::vector<notice> notices_for(const job_plan& plan, const std::vector<std::string>& events, const event_values& values, const environment_lookup& outer) {
  const environment_lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto own = plan.spec.environment.find(std::string(name));
    if (own == plan.spec.environment.end()) return outer ? outer(name) : std::nullopt;
    std::vector<std::string> unset;
    auto text = expand_variables(own->second, outer, unset);
    return unset.empty() ? std::optional(std::move(text)) : std::nullopt;
  };
  std::vector<notice> out;
  for (const auto& hook : plan.spec.webhooks) {
    const auto event = std::find_if(events.begin(), events.end(), [&](const auto& e) { return hook.templates.contains(e); });
    if (event == events.end()) continue;
    std::vector<std::string> unset;
    notice n;
    n.url = expand_variables(hook.url, lookup, unset);
    if (goes_to_us(plan, n.url)) continue;
    n.method = hook.method == "PUT" || hook.method == "put" ? notice_method::put : notice_method::post;
    for (const auto& [name, text] : hook.headers)
      if (!(plan.spec.dialect == job_dialect::legacy && name == "X-Strategy-Source")) n.headers.emplace_back(name, expand_variables(text, lookup, unset));
    if (!unset.empty()) continue; // validation has said it; never send a half-filled secret
    n.body = fill_template(plan, *hook.templates.at(*event), values);
    if (!hook.sign.empty()) n.signing_key = lookup(hook.sign).value_or("");
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

event_values values_of(const job_plan& plan, const job_signal& signal, utc_time slot, const std::string& run_id) {
  event_values out;
  const bool entry = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::enter_short;
  const bool buys = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::exit_short;
  std::string symbols;
  for (const auto& s : plan.spec.symbols()) symbols += (symbols.empty() ? "" : ",") + s;
  out["symbol"] = value::of(signal.symbol);
  out["symbols"] = out["all_symbols"] = value::of(symbols);
  out["side"] = value::of(signal.kind == signal_kind::enter_long || signal.kind == signal_kind::exit_long ? "long" : "short");
  out["trade_action"] = value::of(buys ? "buy" : "sell");
  out["event"] = value::of(std::string(to_string(signal.kind)));
  out["shares"] = value::of(signal.qty.to_double());
  out["current_price"] = value::of(signal.at.to_double());
  out["dollar_amount"] = value::of(signal.at.to_double() * signal.qty.to_double());
  if (signal.target) out["target_price"] = value::of(signal.target->to_double());
  if (!signal.weight.is_zero()) out["position_size"] = value::of(signal.weight.to_double());
  out["timestamp"] = value::of(to_iso8601(slot));
  out["reason"] = value::of(signal.reason);
  if (!entry) out["exit_reason"] = value::of(signal.reason);
  out["run_id"] = value::of(run_id);
  out["strategy_id"] = value::of(plan.spec.strategy_id);
  return out;
}

} // namespace tt::strategy
