#pragma once

#include "ui-bridge/desktop/process/file_descriptor.hpp"

#include <vector>

namespace tt::desktop {

/// SIGCHLD, SIGTERM, SIGINT and SIGHUP as something to poll for; SIGPIPE is ignored.
/// Makes this process the parent of whatever its children leave behind. One object
/// per process, made before the first child.
class signal_source {
public:
  signal_source();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The signals that came, without waiting.
  std::vector<int> take();

private:
  file_descriptor fd_;
};

} // namespace tt::desktop
