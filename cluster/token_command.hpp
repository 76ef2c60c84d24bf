#pragma once

// `tt token`: bearer tokens of a node, in its data folder, whether it runs or not: a running one takes the change over within
// a second.

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tt::cluster {

/// What `tt token` is asked to do.
struct token_options {
  enum class action_t : std::uint8_t { none, add, list, revoke } action = action_t::none;
  std::string config_path;
  std::map<std::string, std::string> overrides; ///< settings by key
  std::string name;                             ///< of a new token; id or name of one to revoke
  std::string role = "viewer";
  std::vector<std::string> accounts, strategies, allowed_ips;
  int days = 0; ///< until it expires; 0: never
};

/// Adds the command and its own commands; they fill `to`.
CLI::App* add_token_command(CLI::App& app, token_options& to);

/// Runs what was asked. The secret of a new token is all that comes on standard output. 0 done, 1 not (the reason is on stderr).
int run_token(const token_options& options);

} // namespace tt::cluster
