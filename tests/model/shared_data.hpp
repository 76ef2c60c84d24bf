#pragma once

// Finds the recordings that lie beside a checkout, where there are any.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tt::test {

/// The file below shared/data: in the folder that TT_SHARED names, or else in
/// ../shared beside the checkout. Empty when there is none.
inline std::string shared_file(const std::string& name) {
  const char* const configured = std::getenv("TT_SHARED");
  const std::filesystem::path root = configured ? configured : std::string(TT_SOURCE_DIR) + "/../shared";
  const auto path = root / "data" / name;
  return std::filesystem::exists(path) ? path.string() : "";
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace tt::test
