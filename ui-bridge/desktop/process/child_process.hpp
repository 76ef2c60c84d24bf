#pragma once

// Programs that the shell starts. None outlives it: they get a signal when it dies,
// however it dies.

#include "actors/model/result.hpp"
#include "ui-bridge/desktop/process/file_descriptor.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tt::desktop {

/// How to start a program.
struct launch_plan {
  std::vector<std::string> arguments; ///< the first one is the program's path
  std::vector<std::pair<std::string, std::string>> environment = {}; ///< on top of this process's own
  std::string folder = {};                            ///< working folder; this process's own when empty
  std::vector<std::pair<int, int>> descriptors = {};  ///< ours and the number it has in the child
  int death_signal = 15;                              ///< what it gets when this process ends
};

/// Starts a program in a process group of its own, with default signals.
/// Errors: not_found (no such program), io_error.
result<pid_t> launch(const launch_plan& plan);

/// The two ends of a pipe, closed on exec.
struct pipe_ends {
  file_descriptor read, write;
};
/// Errors: io_error.
result<pipe_ends> make_pipe();

enum class blocking : unsigned char { no, yes };
void set_blocking(int fd, blocking how);

/// "ended with 3" or "ended by signal 11 (Segmentation fault)", from waitpid's status.
std::string end_text(int status);

/// Where a program is, by PATH; empty when nowhere. A name with a slash is itself.
std::string find_program(const std::string& name);

} // namespace tt::desktop
