#include "gateways/rest/limits_body.hpp"

#include "gateways/json/json_writer.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

/// A code of the API: DAILY_LOSS.
bool is_code(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c == '_' || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9'); });
}

/// By its name (`daily_loss`, `dailyLoss`), or by the code of the check that reads it (`DAILY_LOSS`) where that reads one only.
const risk::limit_spec* find_limit(std::string_view name, std::string& why) {
  why = "no such limit";
  if (!is_code(name)) return risk::find_limit(to_snake_case(name));
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (const auto* named = risk::find_limit(lower)) return named;
  const risk::limit_spec* only = nullptr;
  std::string all;
  for (const auto& spec : risk::limit_specs()) {
    if (risk::to_string(spec.code) != name) continue;
    all += (all.empty() ? "" : ", ") + std::string(spec.name());
    only = all.find(',') == std::string::npos ? &spec : nullptr;
  }
  if (!all.empty()) why = "is the code of more than one limit: name one of " + all;
  return only;
}

} // namespace

limit_values read_limits(object_reader& body, const json_value& values) {
  limit_values out;
  for (const auto& member : values.members()) {
    const auto& name = member.name;
    std::string why;
    const auto* spec = find_limit(name, why);
    if (!spec) {
      body.problem("limits." + name, why, "unknown");
      continue;
    }
    const bool is_null = member.value.type() == json_value::kind::null;
    auto setting = risk::parse_limit(*spec, is_null ? std::string_view{"inherit"} : std::string_view{member.value.text()});
    if (setting) out.emplace_back(spec->id, *setting);
    else body.problem("limits." + name, setting.error().message, "value");
  }
  return out;
}

limit_values limits_between(const std::string& before, const std::string& after) {
  const auto values_of = [](const std::string& text) {
    const auto read = parse_json(text.empty() ? std::string_view{"{}"} : std::string_view{text});
    if (!read) return limit_values{};
    object_reader body{*read};
    return read_limits(body, *read);
  };
  auto out = values_of(after);
  for (const auto& [id, setting] : values_of(before)) {
    const auto stays = std::any_of(out.begin(), out.end(), [id = id](const auto& one) { return one.first == id; });
    if (!stays) out.emplace_back(id, risk::limit_setting{});
  }
  return out;
}

} // namespace tt::gateway
