#include "gateways/store/durable_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace tt::gateway {

namespace {

error io(const std::string& what, const std::string& path) { return {errc::io_error, what + " " + path + ": " + std::strerror(errno), "node.data_dir"}; }

/// A command of root must not leave files that the node, which is somebody else, can't read.
void give_to_owner_of_folder(int file, const std::string& path) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(std::filesystem::path(path).parent_path().c_str(), &folder) != 0) return;
  static_cast<void>(::fchown(file, folder.st_uid, folder.st_gid) == 0); // where it can't be, it is root's, as before
}

/// Writes and waits for the disk.
bool write_through(const std::string& path, const std::string& bytes) {
  ::unlink(path.c_str()); // what a crash left behind may have other rights
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  give_to_owner_of_folder(file, path);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = ::write(file, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  const bool is_good = done == bytes.size() && ::fsync(file) == 0;
  return ::close(file) == 0 && is_good;
}

} // namespace

result<void> replace_file(const std::string& path, const std::string& bytes) {
  const auto fresh = path + ".new";
  if (!write_through(fresh, bytes)) return io("can't write", fresh);
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return io("can't replace", path);
  // the name must be on disk too
  const int folder = ::open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return io("can't open the folder of", path);
  const bool is_good = ::fsync(folder) == 0;
  ::close(folder);
  if (!is_good) return io("can't write the folder of", path);
  return {};
}

result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t most) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return std::optional<std::string>{};
  if (std::filesystem::file_size(path, failed) > most)
    return error{errc::out_of_range, path + " is larger than " + std::to_string(most) + " bytes", "node.data_dir"};
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return io("can't read", path);
  return std::optional{std::move(text).str()};
}

} // namespace tt::gateway
