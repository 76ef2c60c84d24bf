#include "gateways/rest/limits_body.hpp"

#include "gateways/json/json_writer.hpp"

#include <algorithm>

namespace tt::gateway {

limit_values read_limits(object_reader& body, const json_value& values) {
  limit_values out;
  for (const auto& member : values.members()) {
    const auto name = to_snake_case(member.name);
    const auto* spec = risk::find_limit(name);
    if (!spec) {
      body.problem("limits." + name, "no such limit", "unknown");
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
