#pragma once

// The end of a journal, written down a second time outside of the database.
// Private to the room.

#include "actors/execution/journal_store.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tt::execution {

/// Two slots written in turn, each with a checksum, so that a torn write leaves the other. Never
/// ahead of the database: it is written after the commit, without waiting for the disk, so after a
/// power cut it may be behind.
class journal_end_file {
public:
  explicit journal_end_file(std::string path) : path_(std::move(path)) {}
  ~journal_end_file();
  journal_end_file(const journal_end_file&) = delete;
  journal_end_file& operator=(const journal_end_file&) = delete;

  /// Notes the head; failures are ignored (the file only ever adds a check).
  void write(const journal_head& head);
  /// Errors: corrupt_data where the database's head is behind what was noted, or another.
  result<void> check(const journal_head& head);

private:
  struct slot {
    std::uint64_t turn;
    std::uint64_t next;
    unsigned char chain[16];
    std::uint32_t checksum;
    std::uint32_t zero;
  };
  bool open();
  [[nodiscard]] std::optional<slot> newest();

  std::string path_;
  int file_ = -1;
  std::uint64_t turn_ = 0;
};

} // namespace tt::execution
