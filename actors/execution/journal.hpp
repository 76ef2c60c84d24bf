#pragma once

// An account's journal as its one writer sees it: append, fail, find out, go on;
// and replay.

#include "actors/execution/journal_store.hpp"

#include <span>

namespace tt::execution {

enum class journal_health : std::uint8_t {
  writable,
  failed,  ///< the last append failed: nothing is acknowledged until `recover` said what became of it
  fenced,  ///< somebody with a higher epoch has taken over: never again
  damaged, ///< its bytes are not what they must be: read only
};

/// Clock readings of the writer, given with every append.
struct write_time {
  utc_time wall{};
  std::int64_t monotonic_ns = 0;
};

class journal {
public:
  /// Claims the journal under `epoch`. Errors: as journal_store::claim.
  static result<journal> open(std::shared_ptr<journal_store> store, account_id account, lease_epoch epoch);

  /// Appends facts as one batch; offset, epoch and (where `at` is not set) time are set in `records`. When it returns
  /// without an error they are on disk. On an error nothing may be acknowledged, health changes, and
  /// every further append is refused until `recover`.
  /// Errors: not_available (failed before), conflict (fenced), io_error, those of batch_writer::add.
  result<void> append(std::span<journal_record> records, write_time now);

  /// What became of the batch whose append failed.
  enum class fate : std::uint8_t { absent, durable };
  /// Reopens the store and looks. Writable again when it returns a fate. Errors: as
  /// append; the health says whether trying again can help.
  result<fate> recover();

  /// Every record behind `after`, checked: checksums, chain, offsets, and that the journal ends where its head says.
  /// `chain` is the hash after record `after`. Health becomes damaged on corrupt_data.
  result<void> replay(journal_offset after, const chain_hash& chain, const record_visitor& visit);

  result<void> put_snapshot(journal_snapshot snapshot) { return store_->put_snapshot(account_, head_.epoch, snapshot); }
  result<std::optional<journal_snapshot>> newest_snapshot() { return store_->newest_snapshot(account_); }

  [[nodiscard]] journal_health health() const { return health_; }
  [[nodiscard]] const journal_head& head() const { return head_; }
  [[nodiscard]] const account_id& account() const { return account_; }

private:
  journal(std::shared_ptr<journal_store> store, account_id account, journal_head head)
    : store_(std::move(store)), account_(std::move(account)), head_(head) {}
  void note(const error& failed);

  std::shared_ptr<journal_store> store_;
  account_id account_;
  journal_head head_;
  std::optional<journal_batch> in_doubt_;
  journal_health health_ = journal_health::writable;
};

/// When waiting appends are written: at 256 records, or 2 ms after the first came. Pure: the
/// owner tells the time and asks.
class commit_timer {
public:
  static constexpr std::chrono::milliseconds longest_wait{2};

  void add(std::size_t records, std::int64_t now_ns) {
    if (waiting_ == 0) first_ns_ = now_ns;
    waiting_ += records;
  }
  [[nodiscard]] bool is_due(std::int64_t now_ns) const {
    return waiting_ >= max_batch_records || (waiting_ > 0 && now_ns - first_ns_ >= nanoseconds{longest_wait}.count());
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  void clear() { waiting_ = 0; }

private:
  std::size_t waiting_ = 0;
  std::int64_t first_ns_ = 0;
};

} // namespace tt::execution
