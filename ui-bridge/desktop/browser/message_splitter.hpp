#pragma once

#include "actors/model/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tt::desktop {

/// Cuts what comes through the browser's pipe into messages: each ends with a zero byte.
class message_splitter {
public:
  explicit message_splitter(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// The messages that are complete now. Errors: limit_exceeded (a message longer
  /// than the limit; the pipe is of no use afterwards).
  result<std::vector<std::string>> take(std::string_view bytes) {
    std::vector<std::string> out;
    for (;;) {
      const auto end = bytes.find('\0');
      partial_.append(bytes.substr(0, end));
      if (partial_.size() > max_bytes_) return error{errc::limit_exceeded, "the browser sent a message over the limit"};
      if (end == std::string_view::npos) return out;
      out.push_back(std::move(partial_));
      partial_.clear();
      bytes.remove_prefix(end + 1);
    }
  }

private:
  std::size_t max_bytes_;
  std::string partial_;
};

} // namespace tt::desktop
