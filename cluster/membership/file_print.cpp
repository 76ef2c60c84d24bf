#include "cluster/membership/file_print.hpp"

#include <algorithm>
#include <fstream>
#include <sys/stat.h>

namespace tt::cluster {

namespace {

std::int64_t ns_of(const timespec& t) { return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec; }

} // namespace

std::optional<file_outline> outline_of(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return std::nullopt;
  return file_outline{ns_of(info.st_mtim), ns_of(info.st_ctim), static_cast<std::uint64_t>(info.st_size), info.st_ino, info.st_dev};
}

std::optional<std::uint64_t> digest_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t hash = 0xcbf29ce484222325U;
  char block[4096];
  for (std::size_t total = 0; in && total < print_bytes;) {
    in.read(block, static_cast<std::streamsize>(std::min(sizeof block, print_bytes - total)));
    const auto got = static_cast<std::size_t>(in.gcount());
    for (std::size_t i = 0; i < got; ++i) hash = (hash ^ static_cast<unsigned char>(block[i])) * 0x100000001b3U;
    total += got;
  }
  if (!in.is_open() || in.bad()) return std::nullopt;
  return hash;
}

} // namespace tt::cluster
