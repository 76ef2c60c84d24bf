#pragma once

#include "actors/model/result.hpp"
#include "ui-bridge/desktop/browser/message_splitter.hpp"
#include "ui-bridge/desktop/process/child_process.hpp"

#include <deque>
#include <string>
#include <vector>

namespace tt::desktop {

/// The browser: its process and the two pipes to it, without blocking.
class browser_process {
public:
  browser_process();

  /// Starts `program` with a window for `url`. Errors: not_found, io_error.
  result<void> start(const std::string& program, const std::string& profile, const std::string& url);

  [[nodiscard]] bool is_running() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Where the browser's messages are read; -1 when closed.
  [[nodiscard]] int reading_fd() const { return from_.get(); }
  /// Where ours go; -1 when closed.
  [[nodiscard]] int writing_fd() const { return to_.get(); }
  [[nodiscard]] bool wants_to_write() const { return to_ && !unsent_.empty(); }

  /// What has come. Errors: limit_exceeded. The end of the pipe closes it.
  result<std::vector<std::string>> read();
  /// Puts messages in line, each with its zero byte.
  void post(std::deque<std::string>& messages);
  /// Writes as much as fits.
  void flush();
  void signal(int number) const;
  /// The process was reaped: whatever is left of its group is killed.
  void on_end();

private:
  pid_t pid_ = 0;
  file_descriptor to_, from_;
  message_splitter splitter_;
  std::string unsent_;
};

/// The command line for a window that shows `url`.
std::vector<std::string> browser_arguments(const std::string& program, const std::string& profile, const std::string& url);

} // namespace tt::desktop
