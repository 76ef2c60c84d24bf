#pragma once

// Options of the command line that stand for settings of the node.

#include <map>
#include <string>

namespace CLI {
class App;
}

namespace tt::cluster {

/// An option that overrides one setting; its words are the setting's.
void add_setting(CLI::App& command, std::map<std::string, std::string>& overrides, const std::string& flag, const std::string& key);
/// --config: the YAML file with settings.
void add_config(CLI::App& command, std::string& path);

} // namespace tt::cluster
