#pragma once

// `tt risk`: the emergency stop of a running node, or of its cluster, from a command line.

#include <cstdint>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace tt::cluster {

/// What `tt risk` is asked to do.
struct risk_options {
  enum class action_t : std::uint8_t { none, stop, resume, status } action = action_t::none;
  std::string url = "http://127.0.0.1:8080";
  std::string token_file; ///< holds the bearer token; without: TT_TOKEN of the environment
  std::string mode, reason, account, strategy, symbol;
  std::string data_dir; ///< of the node on this machine: where a stop is put when its gateway does not answer; empty: nowhere
  enum class open_orders : std::uint8_t { cancel, keep } open = open_orders::cancel;
  enum class confirmation : std::uint8_t { ask, given } confirm = confirmation::ask;
  /// Where the answer to the question comes from; standard input when empty.
  std::function<std::string()> read_line = {};
};

/// What must be typed to resume.
inline constexpr const char* resume_word = "resume";

/// Adds the command and its own commands; they fill `to`.
CLI::App* add_risk_command(CLI::App& app, risk_options& to);

/// Runs what was asked. 0 done, 1 refused, not confirmed or not reachable (the reason is on stderr).
int run_risk(const risk_options& options);

} // namespace tt::cluster
