#pragma once

// Journal records as bytes. Byte by byte: README.md.

#include "actors/execution/checksum.hpp"
#include "actors/execution/journal_records.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace tt::execution {

/// Version of the bodies that this build writes; it reads all from 1 on. 1: plain bytes; 2: MessagePack.
inline constexpr std::uint8_t schema_version = 3;
/// Bytes before and after the body of a record; longest record.
inline constexpr std::size_t record_header_bytes = 48, record_trailer_bytes = 20, max_record_bytes = 4 * 1024 * 1024;
/// Most records of one batch.
inline constexpr std::size_t max_batch_records = 256;

/// Records that become durable together: the chain hash before them, then the
/// records one after the other.
struct journal_batch {
  journal_offset first = journal_offset::none;
  std::uint32_t count = 0;
  lease_epoch epoch = lease_epoch::none;
  chain_hash before;
  chain_hash after;
  std::string bytes;

  [[nodiscard]] journal_offset next() const { return journal_offset{raw(first) + count}; }
};

/// Puts records into a batch.
class batch_writer {
public:
  /// `next` is the offset of the first record to come, `chain` the hash before it.
  batch_writer(journal_offset next, chain_hash chain, lease_epoch epoch);
  /// Appends one; its offset and epoch are set here. Errors: out_of_range (longer than
  /// max_record_bytes), limit_exceeded (max_batch_records).
  result<void> add(journal_record& record);
  [[nodiscard]] const journal_batch& batch() const { return batch_; }
  [[nodiscard]] journal_batch take() && { return std::move(batch_); }

private:
  journal_batch batch_;
};

using record_visitor = std::function<result<void>(journal_record&&)>;

/// Reads a batch and checks all of it: lengths, checksums, chain, offsets.
/// Returns the chain hash after it.
/// Errors: corrupt_data, naming the record; unsupported for a newer schema; those of `visit`.
result<chain_hash> read_batch(std::string_view bytes, journal_offset first, const chain_hash& before, const record_visitor& visit);

/// The body of a fact alone, for golden tests and tools.
std::string encode_body(const journal_fact& fact);
/// `type` counts from 1 in the order of journal_fact. Errors: corrupt_data, unsupported.
result<journal_fact> decode_body(std::uint8_t type, std::uint8_t version, std::string_view body);

} // namespace tt::execution
