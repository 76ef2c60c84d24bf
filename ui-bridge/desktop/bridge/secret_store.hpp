#pragma once

#include "actors/model/result.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tt::desktop {

/// Small secrets of the page (a token, say) in one JSON file that only its owner may
/// read. Each gateway's page sees its own and nobody else's. Every change is on disk
/// before the call returns; a file with other rights is refused, never repaired.
class secret_store {
public:
  /// Nothing is read before the first call.
  explicit secret_store(std::filesystem::path file) : file_(std::move(file)) {}

  /// Errors of all calls: refused (the file's rights), corrupt_data, io_error.
  /// Errors: not_found.
  [[nodiscard]] result<std::string> get(const std::string& origin, const std::string& name) const;
  /// Errors: limit_exceeded (max_secrets).
  result<void> set(const std::string& origin, const std::string& name, const std::string& value);
  /// Errors: not_found.
  result<void> remove(const std::string& origin, const std::string& name);
  [[nodiscard]] result<std::vector<std::string>> names(const std::string& origin) const;

private:
  using secrets = std::map<std::string, std::map<std::string, std::string>>; ///< by origin and name
  [[nodiscard]] result<secrets> read() const;
  result<void> write(const secrets& all) const;

  std::filesystem::path file_;
};

} // namespace tt::desktop
