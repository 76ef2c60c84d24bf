#include "actors/execution/journal_end_file.hpp"

#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace tt::execution {

journal_end_file::~journal_end_file() {
  if (file_ >= 0) ::close(file_);
}

bool journal_end_file::open() {
  if (file_ < 0 && !path_.empty()) file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  return file_ >= 0;
}

std::optional<journal_end_file::slot> journal_end_file::newest() {
  std::optional<slot> best;
  for (int i = 0; i < 2; ++i) {
    slot s{};
    if (::pread(file_, &s, sizeof s, i * static_cast<off_t>(sizeof s)) != static_cast<ssize_t>(sizeof s)) continue;
    const std::string_view covered{reinterpret_cast<const char*>(&s), offsetof(slot, checksum)};
    if (s.checksum == crc32c(covered) && s.zero == 0 && (!best || s.turn > best->turn)) best = s;
  }
  return best;
}

void journal_end_file::write(const journal_head& head) {
  if (!open()) return;
  if (turn_ == 0)
    if (const auto last = newest()) turn_ = last->turn;
  slot s{};
  s.turn = ++turn_;
  s.next = raw(head.next);
  std::memcpy(s.chain, head.chain.bytes.data(), sizeof s.chain);
  s.checksum = crc32c({reinterpret_cast<const char*>(&s), offsetof(slot, checksum)});
  static_cast<void>(!::pwrite(file_, &s, sizeof s, static_cast<off_t>(turn_ % 2 * sizeof s)));
}

result<void> journal_end_file::check(const journal_head& head) {
  if (!open()) return {};
  const auto noted = newest();
  if (!noted || noted->next < raw(head.next)) return {};
  if (noted->next > raw(head.next))
    return error{errc::corrupt_data, "the journal ends before this record, which was acknowledged", "record " + std::to_string(noted->next - 1)};
  if (std::memcmp(noted->chain, head.chain.bytes.data(), sizeof noted->chain) != 0)
    return error{errc::corrupt_data, "is not the record that was acknowledged", "record " + std::to_string(noted->next - 1)};
  return {};
}

} // namespace tt::execution
