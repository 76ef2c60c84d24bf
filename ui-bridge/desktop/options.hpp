#pragma once

#include "actors/model/result.hpp"
#include "ui-bridge/desktop/bridge/request.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

namespace tt::desktop {

/// Whether this shell starts a node.
enum class node_mode : std::uint8_t {
  automatic, ///< attach where a gateway answers already, else start one
  start,
  attach,
};

/// Everything the shell needs to know, with the defaults filled in.
struct shell_options {
  std::string gateway = "http://localhost:8080"; ///< origin to attach to; of a started node only until it says its own
  node_mode mode = node_mode::automatic;
  std::string tt;             ///< the program tt; empty when it was not found
  std::string config;         ///< of the started node; empty: its default
  std::filesystem::path share; ///< folder of the installed UI and configuration; empty when run from a build
  std::filesystem::path node_folder; ///< the started node's data
  std::string browser;        ///< the program; empty when none was found
  std::filesystem::path profile, exports, secrets;
  std::filesystem::path token_file; ///< bearer token for the stop switch; may be empty
};

/// `tt-desktop stop`: the stop switch without a window.
struct stop_options {
  std::string gateway = "http://localhost:8080";
  emergency_stop what;
  std::filesystem::path secrets, token_file;
};

/// Nothing more to do (--help, --version, a wrong line): the exit code.
struct already_done {
  int exit_code = 0;
};

/// Reads the command line and looks for the programs.
std::variant<shell_options, stop_options, already_done> read_options(int argc, char** argv);

/// The version of this program.
std::string version();

} // namespace tt::desktop
