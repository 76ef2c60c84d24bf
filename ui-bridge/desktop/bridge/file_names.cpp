#include "ui-bridge/desktop/bridge/file_names.hpp"

#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"
#include "ui-bridge/desktop/process/file_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace tt::desktop {

namespace {

namespace fs = std::filesystem;

// What the terminal exports. Nothing that a double click would run.
constexpr std::array<std::string_view, 12> endings{"csv", "json", "txt", "pine", "html", "png", "svg", "md", "log", "yaml", "yml", "zip"};
constexpr std::array<std::string_view, 4> devices{"con", "prn", "aux", "nul"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool is_device(const std::string& stem) {
  if (std::find(devices.begin(), devices.end(), stem) != devices.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' && stem[3] <= '9';
}

/// Marks like U+202E turn "gpj.exe" around on the screen.
bool has_direction_marks(std::string_view name) {
  for (const auto* mark : {"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x80\x8e", "\xe2\x80\x8f",
                           "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9"})
    if (name.find(mark) != std::string_view::npos) return true;
  return false;
}

bool is_utf8(std::string_view text) {
  try {
    return nlohmann::json(text).dump().size() > 0;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

error broken(const std::string& what, const fs::path& path) {
  return {errc::io_error, what + ": " + std::strerror(errno), path.string()}; // NOLINT: one thread
}

result<void> write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return broken("can't write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0) return broken("can't write", path);
  return {};
}

/// A file beside `path` with a name of its own, written and closed.
result<std::string> write_beside(const fs::path& path, std::string_view bytes, mode_t mode) {
  std::string name = (path.parent_path() / ".tt-XXXXXX").string();
  file_descriptor file{::mkostemp(name.data(), O_CLOEXEC)}; // 0600
  if (!file) return broken("can't write into the folder", path.parent_path());
  auto written = write_all(file.get(), bytes, path);
  if (written && mode != 0600 && ::fchmod(file.get(), mode) != 0) written = broken("can't set the mode", path);
  if (!written) {
    ::unlink(name.c_str());
    return written.error();
  }
  return name;
}

mode_t shared_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0644 & ~mask;
}

} // namespace

result<void> check_file_name(std::string_view name) {
  const auto bad = [](std::string why) { return error{errc::invalid_argument, std::move(why)}; };
  if (name.empty()) return bad("must not be empty");
  if (name.size() > max_file_name_bytes) return error{errc::out_of_range, "is longer than " + std::to_string(max_file_name_bytes) + " bytes"};
  if (has_control_characters(name, line_breaks::refused) || !is_utf8(name) || has_direction_marks(name)) return bad("holds control characters");
  if (name.find_first_of("<>:\"/\\|?*") != std::string_view::npos) return bad("must be a plain file name without < > : \" / \\ | ? *");
  if (name.front() == '.' || name.front() == ' ' || name.front() == '-') return bad("must not begin with a dot, a blank or a dash");
  if (name.back() == '.' || name.back() == ' ') return bad("must not end with a dot or a blank");
  if (is_device(lower(name.substr(0, name.find('.'))))) return bad("is the name of a device");
  const auto dot = name.rfind('.');
  const auto ending = dot == std::string_view::npos ? std::string{} : lower(name.substr(dot + 1));
  if (std::find(endings.begin(), endings.end(), ending) == endings.end())
    return bad("must end in one of .csv .json .txt .pine .html .png .svg .md .log .yaml .yml .zip");
  return {};
}

result<std::string> write_new_file(const fs::path& folder, std::string_view name, std::string_view bytes) {
  if (auto fine = check_file_name(name); !fine) return fine.error();
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return error{errc::io_error, "can't make the folder: " + failed.message(), folder.string()};
  const auto dot = name.rfind('.');
  const std::string stem(name.substr(0, dot)), ending(name.substr(dot));
  const auto temporary = write_beside(folder / stem, bytes, shared_mode());
  if (!temporary) return temporary.error();
  result<std::string> out = error{errc::conflict, "too many files of that name", std::string(name)};
  for (int i = 1; i <= max_name_tries; ++i) {
    const auto path = folder / (i == 1 ? stem + ending : stem + " (" + std::to_string(i) + ")" + ending);
    // link, unlike rename, fails where something has that name
    if (::link(temporary->c_str(), path.c_str()) == 0) {
      out = path.string();
      break;
    }
    if (errno != EEXIST) {
      out = broken("can't write", path);
      break;
    }
  }
  ::unlink(temporary->c_str());
  return out;
}

result<void> write_private_file(const fs::path& path, std::string_view bytes) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (failed) return error{errc::io_error, "can't make the folder: " + failed.message(), path.parent_path().string()};
  const auto temporary = write_beside(path, bytes, 0600);
  if (!temporary) return temporary.error();
  if (::rename(temporary->c_str(), path.c_str()) == 0) return {};
  auto why = broken("can't write", path);
  ::unlink(temporary->c_str());
  return why;
}

result<std::string> read_private_file(const fs::path& path, std::size_t max_bytes) {
  file_descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file && errno == ENOENT) return error{errc::not_found, "there is no such file", path.string()};
  if (!file) return broken("can't read", path);
  struct stat what {};
  if (::fstat(file.get(), &what) != 0) return broken("can't read", path);
  if (!S_ISREG(what.st_mode) || what.st_uid != ::geteuid()) return error{errc::refused, "must be a file of this user", path.string()};
  if ((what.st_mode & 077) != 0) return error{errc::refused, "must be readable by its owner only: chmod 600", path.string()};
  if (static_cast<std::uint64_t>(what.st_size) > max_bytes) return error{errc::out_of_range, "is too large", path.string()};
  std::string out(max_bytes + 1, '\0');
  std::size_t filled = 0;
  while (filled < out.size()) {
    const auto n = ::read(file.get(), out.data() + filled, out.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return broken("can't read", path);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  if (filled > max_bytes) return error{errc::out_of_range, "is too large", path.string()};
  out.resize(filled);
  return out;
}

} // namespace tt::desktop
