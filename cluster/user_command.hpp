#pragma once

// `tt user`: users of a node, in its data folder, whether it runs or not: a running one takes a change over within a second.

#include <map>
#include <string>

namespace CLI {
class App;
}

namespace tt::cluster {

/// What `tt user` is asked to do.
struct user_options {
  enum class action_t : std::uint8_t { none, list, reset_totp } action = action_t::none;
  std::string config_path;
  std::map<std::string, std::string> overrides; ///< settings by key
  std::string name;
};

/// Adds the command and its own commands; they fill `to`.
CLI::App* add_user_command(CLI::App& app, user_options& to);

/// Runs what was asked. 0 done, 1 not (the reason is on stderr).
int run_user(const user_options& options);

} // namespace tt::cluster
