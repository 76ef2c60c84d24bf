#pragma once

// A list of texts in one column, one to a line: for texts that never hold a line
// break, symbols for instance.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

inline std::string join_lines(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += item + "\n";
  return out;
}

inline std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

} // namespace tt
