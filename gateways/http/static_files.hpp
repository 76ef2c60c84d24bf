#pragma once

// The built UI, served from a folder. Files are read at their first use and kept;
// a folder that is rebuilt is noticed by size and time of change.

#include "gateways/http/handler.hpp"

#include <filesystem>
#include <map>
#include <mutex>

namespace tt::gateway {

/// Thread-safe. Serves only regular files inside the root; never follows a path
/// or a link out of it.
class static_files {
public:
  static constexpr std::size_t max_file_bytes = 32 * 1024 * 1024;
  static constexpr std::size_t max_cached_bytes = 64 * 1024 * 1024;
  /// Folder whose files the terminal's own pages may show in a frame.
  static constexpr std::string_view framed_folder = "charting_library";

  /// An empty or missing `root` leads to a page that tells how to build the UI.
  explicit static_files(const std::string& root);

  /// Answers GET and HEAD of a path no route claims: the file; index.html for a
  /// path without extension (the UI's own routes); else 404.
  void serve(const context_ptr& call, const responder& answer);

private:
  struct file {
    std::shared_ptr<const std::string> content;
    std::string etag;
    std::filesystem::file_time_type changed{};
    std::uintmax_t size = 0;
  };

  [[nodiscard]] std::optional<std::filesystem::path> locate(const std::vector<std::string>& segments) const;
  [[nodiscard]] bool may_be_framed(const std::filesystem::path& path) const;
  std::optional<file> load(const std::filesystem::path& path);
  http_response respond(const request_context& call, const std::filesystem::path& path, const file& found);

  std::filesystem::path root_; ///< canonical; empty = none
  std::mutex mutex_;
  std::map<std::string, file> cache_;
  std::size_t cached_bytes_ = 0;
};

/// Content-Type by extension; application/octet-stream when unknown.
std::string_view content_type_of(std::string_view file_name);
/// Whether a name holds a build hash ("index-BmfKl2_a.js"), so its content never changes.
bool is_hashed_asset(std::string_view file_name);
/// Whether an Accept-Encoding header admits gzip.
bool accepts_gzip(std::string_view accept_encoding);

} // namespace tt::gateway
