#include "actors/backtest/bar_file.hpp"

#define XXH_INLINE_ALL
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>
#include <xxhash.h>

namespace tt::backtest {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".bars";
constexpr std::string_view unfinished = ".part";

error io_failure(const std::string& doing, const std::string& path) {
  return {errc::io_error, "can't " + doing + " " + path + ": " + std::strerror(errno), "data_dir"};
}

std::string hex_of(std::string_view bytes) {
  const auto h = XXH3_128bits(bytes.data(), bytes.size());
  std::string out;
  constexpr std::string_view digits = "0123456789abcdef";
  for (const auto word : {h.high64, h.low64})
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[(word >> shift) & 15];
  return out;
}

/// A name that no other writer uses, in this process or another.
std::string part_path(const std::string& folder, const std::string& hash) {
  static std::atomic<std::uint64_t> count{0};
  return folder + "/" + hash + "-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + std::string(unfinished);
}

/// Closes on the way out.
struct open_file {
  explicit open_file(int number) : fd(number) {}
  ~open_file() {
    if (fd >= 0) ::close(fd);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  int fd;
};

} // namespace

std::string hash_of(std::string_view bytes) { return hex_of(bytes); }

bool is_hash(std::string_view text) {
  return text.size() == 32 && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// -- one file ---------------------------------------------------------------------

result<std::shared_ptr<const mapped_file>> mapped_file::open(const std::string& path, std::string_view hash) {
  const open_file file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    if (errno == ENOENT) return error{errc::not_found, "no bars " + std::string(hash) + " on this node", "bars"};
    return io_failure("open", path);
  }
  struct stat facts {};
  if (::fstat(file.fd, &facts) != 0) return io_failure("look at", path);
  const auto bytes = static_cast<std::size_t>(facts.st_size);
  if (bytes == 0) return error{errc::corrupt_data, "the file of bars " + std::string(hash) + " is empty", "bars"};
  void* at = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.fd, 0);
  if (at == MAP_FAILED) return io_failure("map", path);
  std::shared_ptr<const mapped_file> out{new mapped_file(static_cast<const char*>(at), bytes)};
  if (hash_of(out->bytes()) != hash) return error{errc::corrupt_data, "the file of bars " + std::string(hash) + " holds something else", "bars"};
  return out;
}

mapped_file::~mapped_file() { ::munmap(const_cast<char*>(data_), size_); }

// -- a download -------------------------------------------------------------------

bar_download::bar_download(std::string folder, std::string hash, std::uint64_t bytes)
    : folder_(std::move(folder)), hash_(std::move(hash)), path_(part_path(folder_, hash_)), bytes_(bytes) {}

bar_download::~bar_download() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(path_.c_str());
}

result<void> bar_download::begin() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) return io_failure("make", path_);
  if (::ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return io_failure("make room for", path_);
  return {};
}

result<void> bar_download::put(std::uint64_t offset, std::string_view piece) {
  if (offset > bytes_ || piece.size() > bytes_ - offset || piece.empty())
    return error{errc::out_of_range, "a piece of bars " + hash_ + " lies outside of them", "bars"};
  for (std::size_t done = 0; done < piece.size();) {
    const auto n = ::pwrite(file_, piece.data() + done, piece.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return io_failure("write", path_);
    done += static_cast<std::size_t>(n);
  }
  received_ += piece.size();
  return {};
}

result<void> bar_download::finish() {
  if (!complete()) return error{errc::corrupt_data, "bars " + hash_ + " came incompletely", "bars"};
  {
    auto whole = mapped_file::open(path_, hash_);
    if (!whole)
      return error{whole.error().code, "bars " + hash_ + " came with another content than their hash says: " + whole.error().message, "bars"};
  }
  if (::rename(path_.c_str(), (folder_ + "/" + hash_ + std::string(suffix)).c_str()) != 0) return io_failure("name", path_);
  ::close(file_);
  file_ = -1;
  return {};
}

// -- the folder -------------------------------------------------------------------

std::string bar_folder::path_of(std::string_view hash) const { return path_ + "/" + std::string(hash) + std::string(suffix); }

bool bar_folder::has(std::string_view hash) const { return is_hash(hash) && ::access(path_of(hash).c_str(), R_OK) == 0; }

result<void> bar_folder::make() {
  std::error_code failed;
  fs::create_directories(path_, failed);
  if (failed) return error{errc::io_error, "can't make " + path_ + ": " + failed.message(), "data_dir"};
  return {};
}

result<void> bar_folder::prepare() {
  if (auto made = make(); !made) return made;
  std::error_code failed;
  struct entry {
    fs::file_time_type used;
    std::uint64_t bytes = 0;
    fs::path path;
  };
  std::vector<entry> files;
  for (auto it = fs::directory_iterator(path_, failed); !failed && it != fs::directory_iterator(); it.increment(failed)) {
    std::error_code ignored;
    const auto name = it->path().filename().string();
    if (name.ends_with(unfinished)) fs::remove(it->path(), ignored);
    else if (name.ends_with(suffix)) files.push_back({it->last_write_time(ignored), it->file_size(ignored), it->path()});
  }
  std::ranges::sort(files, [](const entry& a, const entry& b) { return a.used > b.used; });
  std::uint64_t sum = 0;
  for (const auto& one : files) {
    sum += one.bytes;
    std::error_code ignored;
    if (sum > limits::bar_folder_bytes) fs::remove(one.path, ignored);
  }
  return {};
}

result<std::string> bar_folder::store(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > limits::series_bytes)
    return error{errc::out_of_range, "the bars of one symbol and timeframe may have at most " + std::to_string(limits::series_bytes) + " bytes", "bars"};
  auto hash = hash_of(bytes);
  if (has(hash) && open(hash)) {
    ::utimensat(AT_FDCWD, path_of(hash).c_str(), nullptr, 0); // used now: not among the first to be deleted
    return hash;
  }
  bar_download file(path_, hash, bytes.size());
  if (auto made = file.begin(); !made) return made.error();
  if (auto done = file.put(0, bytes); !done) return done.error();
  if (auto done = file.finish(); !done) return done.error();
  return hash;
}

result<std::shared_ptr<const mapped_file>> bar_folder::open(std::string_view hash) const {
  if (!is_hash(hash)) return error{errc::invalid_argument, "not a hash of bars", "bars"};
  return mapped_file::open(path_of(hash), hash);
}

result<std::vector<char>> bar_folder::read(std::string_view hash, std::uint64_t offset, std::size_t size) const {
  if (!is_hash(hash)) return error{errc::invalid_argument, "not a hash of bars", "bars"};
  const auto path = path_of(hash);
  const open_file file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return error{errc::not_found, "no bars " + std::string(hash) + " on this node", "bars"};
  std::vector<char> out(std::min(size, limits::chunk_bytes));
  std::size_t have = 0;
  while (have < out.size()) {
    const auto n = ::pread(file.fd, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_failure("read", path);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

} // namespace tt::backtest
