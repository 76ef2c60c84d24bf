#include "cluster/setting_options.hpp"

#include "cluster/settings.hpp"

#include <CLI/CLI.hpp>

namespace tt::cluster {

void add_setting(CLI::App& command, std::map<std::string, std::string>& overrides, const std::string& flag, const std::string& key) {
  for (const auto& spec : setting_specs()) {
    if (spec.key != key) continue;
    command.add_option_function<std::string>(
      flag, [&overrides, key](const std::string& text) { overrides[key] = text; }, std::string(spec.meaning));
  }
}

void add_config(CLI::App& command, std::string& path) {
  command.add_option("--config,-c", path, "YAML file with settings and feeds")->check(CLI::ExistingFile);
}

} // namespace tt::cluster
