#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace tt::test {

/// A folder of its own that is gone with the object.
class temporary_folder {
public:
  temporary_folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "tt-test-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  /// The folder, or what lies in it under that name.
  [[nodiscard]] std::string path(const std::string& name = {}) const { return name.empty() ? path_ : path_ + "/" + name; }

private:
  std::string path_;
};

} // namespace tt::test
