#include "cluster/settings.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace tt::cluster {

namespace {

/// Top-level keys of the YAML file that are lists of their own, read elsewhere.
constexpr std::string_view structured_sections[] = {"feeds"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

const setting_spec* find_spec(std::string_view key) {
  for (const auto& spec : setting_specs())
    if (spec.key == key) return &spec;
  return nullptr;
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(setting_specs(), [&](const setting_spec& spec) {
    return spec.key.size() > name.size() && spec.key.starts_with(name) && spec.key[name.size()] == '.';
  });
}

/// The key whose name is nearest, when it is near enough to be a slip.
std::string suggestion(std::string_view unknown) {
  const auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    return row.back();
  };
  constexpr std::size_t longest_compared = 64, near_enough = 3;
  if (unknown.size() > longest_compared) return {};
  std::string best;
  std::size_t best_distance = near_enough;
  for (const auto& spec : setting_specs()) {
    const auto d = distance(unknown, spec.key);
    if (d < best_distance) {
      best_distance = d;
      best = spec.key;
    }
  }
  return best.empty() ? best : " (did you mean " + best + "?)";
}

/// A plain value, or where the key is a list, plain values joined by commas.
result<std::string> node_text(const YAML::Node& node, const std::string& key, key_form form, const std::string& origin) {
  const auto where = origin + " line " + std::to_string(node.Mark().line + 1);
  if (node.IsNull()) return std::string{};
  if (node.IsScalar()) return node.Scalar();
  if (!node.IsSequence()) return error{errc::invalid_argument, "must be a plain value, not a map (" + where + ")", key};
  if (form != key_form::list) return error{errc::invalid_argument, "must be a plain value, not a list (" + where + ")", key};
  std::string joined;
  for (const auto& item : node) {
    if (!item.IsScalar()) return error{errc::invalid_argument, "must be a list of plain values (" + where + ")", key};
    joined += (joined.empty() ? "" : ",") + item.Scalar();
  }
  return joined;
}

using yaml_values = std::map<std::string, std::string>;

/// Values of one section; unknown keys become warnings.
result<void> read_section(const YAML::Node& section, const std::string& name, const std::string& origin, yaml_values& out,
                          std::set<std::string>& written, std::vector<std::string>& warnings) {
  if (section.IsNull()) return {};
  if (!section.IsMap())
    return error{errc::invalid_argument,
                 "must be a map of settings (" + origin + " line " + std::to_string(section.Mark().line + 1) + ")", name};
  for (const auto& item : section) {
    const std::string key = name + "." + item.first.Scalar();
    const auto* spec = find_spec(key);
    if (!spec) {
      warnings.push_back("unknown setting " + key + suggestion(key) + " in " + origin + " line "
                         + std::to_string(item.first.Mark().line + 1));
      continue;
    }
    auto text = node_text(item.second, key, spec->form, origin);
    if (!text) return text.error();
    if (!written.insert(key).second)
      return error{errc::invalid_argument, "stands twice (" + origin + " line " + std::to_string(item.first.Mark().line + 1) + ")", key};
    // "key:" without a value leaves the default
    if (!item.second.IsNull()) out[key] = *text;
  }
  return {};
}

result<yaml_values> read_yaml(const setting_sources& sources, std::vector<std::string>& warnings) {
  yaml_values out;
  std::set<std::string> written; // keys so far: one that stands twice is a mistake, not a choice
  if (sources.yaml.size() > settings::max_file_bytes)
    return error{errc::out_of_range, "larger than 1 MiB", sources.yaml_origin};
  try {
    const auto root = YAML::Load(sources.yaml);
    if (!root || root.IsNull()) return out;
    if (!root.IsMap()) return error{errc::invalid_argument, "must be a map of sections", sources.yaml_origin};
    for (const auto& item : root) {
      const auto& name = item.first.Scalar();
      if (std::ranges::find(structured_sections, name) != std::end(structured_sections)) continue;
      if (!is_section(name)) {
        warnings.push_back("unknown section " + name + " in " + sources.yaml_origin + " line "
                           + std::to_string(item.first.Mark().line + 1));
        continue;
      }
      if (auto done = read_section(item.second, name, sources.yaml_origin, out, written, warnings); !done) return done.error();
    }
  } catch (const YAML::Exception& e) {
    return error{errc::invalid_argument, "not valid YAML: line " + std::to_string(e.mark.line + 1) + ", column "
                                           + std::to_string(e.mark.column + 1) + ": " + e.msg,
                 sources.yaml_origin};
  }
  return out;
}

result<std::string> read_secret_file(const std::string& path, const std::string& variable) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error{errc::io_error, "can't read " + path, variable};
  std::ostringstream text;
  text << file.rdbuf();
  return std::string(trimmed(text.str()));
}

} // namespace

result<std::map<std::string, std::string>> parse_dot_env(std::string_view text) {
  std::map<std::string, std::string> out;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    auto line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return error{errc::invalid_argument, "expected KEY=VALUE", ".env line " + std::to_string(number)};
    auto value = trimmed(line.substr(equals + 1));
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
    if (quoted) {
      value = value.substr(1, value.size() - 2);
    } else if (const auto comment = value.find(" #"); comment != std::string_view::npos) {
      value = trimmed(value.substr(0, comment));
    }
    out[std::string(trimmed(line.substr(0, equals)))] = std::string(value);
  }
  return out;
}

std::string in_home(const std::string& home, const std::string& path) {
  if (home.empty() || path.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (std::filesystem::path(home) / path).string();
}

result<settings> settings::load(const setting_sources& sources) {
  settings out;
  if (sources.dot_env.size() > max_file_bytes) return error{errc::out_of_range, "larger than 1 MiB", ".env"};
  auto dot_env = parse_dot_env(sources.dot_env);
  if (!dot_env) return dot_env.error();
  auto yaml = read_yaml(sources, out.warnings_);
  if (!yaml) return yaml.error();

  const auto variable = [&](const std::string& name) -> std::optional<entry> {
    if (sources.environment)
      if (auto value = sources.environment(name)) return entry{*value, name + " (environment)"};
    if (const auto at = dot_env->find(name); at != dot_env->end()) return entry{at->second, name + " (.env)"};
    return std::nullopt;
  };
  const auto written = [&](const setting_spec& spec, std::string text, std::string origin) {
    return entry{spec.form == key_form::path ? in_home(sources.home, text) : std::move(text), std::move(origin)};
  };
  for (const auto& spec : setting_specs()) {
    entry value = written(spec, std::string(spec.fallback), {});
    if (const auto at = yaml->find(std::string(spec.key)); at != yaml->end())
      value = written(spec, at->second, at->first + " (" + sources.yaml_origin + ")");
    for (auto name = spec.variables.rbegin(); name != spec.variables.rend(); ++name) {
      if (auto found = variable(std::string(*name))) value = *found;
      if (spec.secrecy != key_secrecy::secret) continue;
      const std::string file_name = std::string(*name) + "_FILE";
      if (auto found = variable(file_name)) {
        auto text = read_secret_file(found->text, file_name);
        if (!text) return text.error();
        value = {*text, found->origin};
      }
    }
    if (const auto at = sources.command_line.find(std::string(spec.key)); at != sources.command_line.end())
      value = {at->second, at->first + " (command line)"};
    if (spec.use == key_use::reserved && !value.origin.empty() && value.text != spec.fallback)
      out.warnings_.push_back(value.origin + " is set, but this build has no use for it yet: " + std::string(spec.meaning));
    out.entries_.emplace(spec.key, std::move(value));
  }
  return out;
}

const std::string& settings::text(std::string_view key) const {
  const auto at = entries_.find(key);
  TT_ASSERT(at != entries_.end());
  return at->second.text;
}

std::string settings::origin(std::string_view key) const {
  const auto at = entries_.find(key);
  TT_ASSERT(at != entries_.end());
  return at->second.origin.empty() ? std::string(key) : at->second.origin;
}

bool settings::is_default(std::string_view key) const {
  const auto at = entries_.find(key);
  TT_ASSERT(at != entries_.end());
  return at->second.origin.empty();
}

result<std::int64_t> settings::integer(std::string_view key, std::int64_t min, std::int64_t max) const {
  const auto& value = text(key);
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  const auto range = std::to_string(min) + " to " + std::to_string(max);
  if (code == std::errc::invalid_argument || end != value.data() + value.size())
    return error{errc::invalid_argument, "must be a whole number from " + range + ", not \"" + value + "\"", origin(key)};
  if (code != std::errc{} || number < min || number > max)
    return error{errc::out_of_range, "must be from " + range + ", not " + value, origin(key)};
  return number;
}

result<bool> settings::boolean(std::string_view key) const {
  const auto& value = text(key);
  if (value == "true" || value == "yes" || value == "on" || value == "1") return true;
  if (value == "false" || value == "no" || value == "off" || value == "0") return false;
  return error{errc::invalid_argument, "must be true or false, not \"" + value + "\"", origin(key)};
}

std::vector<std::string> settings::list(std::string_view key) const {
  std::vector<std::string> out;
  std::string_view rest = trimmed(text(key));
  if (rest.size() >= 2 && rest.front() == '[' && rest.back() == ']') rest = rest.substr(1, rest.size() - 2);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    auto item = trimmed(rest.substr(0, comma));
    if (item.size() >= 2 && item.front() == '"' && item.back() == '"') item = item.substr(1, item.size() - 2);
    if (!item.empty()) out.emplace_back(item);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return out;
}

result<std::string> settings::choice(std::string_view key, std::span<const std::string_view> allowed) const {
  const auto& value = text(key);
  if (std::ranges::find(allowed, value) != allowed.end()) return value;
  std::string names;
  for (const auto name : allowed) names += (names.empty() ? "" : ", ") + std::string(name);
  return error{errc::invalid_argument, "must be one of " + names + ", not \"" + value + "\"", origin(key)};
}

} // namespace tt::cluster
