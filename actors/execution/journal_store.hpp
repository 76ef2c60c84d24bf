#pragma once

// Where journals lie. One interface, two databases: SQLite on one machine,
// PostgreSQL in a cluster. A store is told whole batches: a batch is durable when
// `append` returned, and not a moment earlier.
//
// Stores are not thread-safe: one owner each. Several stores, in several
// processes, may share one database: the epoch decides who may write.

#include "actors/execution/record_codec.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace tt::execution {

/// The end of a journal.
struct journal_head {
  lease_epoch epoch = lease_epoch::none; ///< highest that has claimed it
  journal_offset next{1};                ///< offset of the record to come
  chain_hash chain;                      ///< hash of all before it

  bool operator==(const journal_head&) const = default;
};

/// The state of an account after a record, as bytes that the account book knows.
struct journal_snapshot {
  journal_offset last = journal_offset::none; ///< last record in it
  chain_hash chain;                           ///< after that record
  std::string state;

  bool operator==(const journal_snapshot&) const = default;
};

/// Bytes of one batch as stored, and the offset of its first record.
using batch_visitor = std::function<result<void>(journal_offset first, std::string_view bytes)>;

class journal_store {
public:
  virtual ~journal_store() = default;

  /// Makes `epoch` the one that may write, and returns the head. From then on appends under lower
  /// epochs are refused, whoever makes them. Errors: conflict (a higher one has claimed it),
  /// io_error, corrupt_data (the journal ends before a record that was acknowledged).
  virtual result<journal_head> claim(const account_id& account, lease_epoch epoch) = 0;
  /// Errors: io_error, corrupt_data.
  virtual result<journal_head> head(const account_id& account) = 0;
  /// Checks epoch, offset and chain and writes, all in one transaction; returns when it is on disk.
  /// Errors: conflict (a higher epoch has claimed the journal, or it has grown by somebody else), io_error
  /// (among them a full disk): then it is not certain whether the batch is in: `head` says so, later.
  virtual result<void> append(const account_id& account, const journal_batch& batch) = 0;
  /// All batches that hold a record at or behind `from`, in order. Errors: io_error, corrupt_data, those of `visit`.
  virtual result<void> read(const account_id& account, journal_offset from, const batch_visitor& visit) = 0;

  /// Keeps it beside the journal; older ones but the last two are dropped. Errors: io_error, conflict (an old epoch).
  virtual result<void> put_snapshot(const account_id& account, lease_epoch epoch, const journal_snapshot& snapshot) = 0;
  /// The newest whose checksum is right. Errors: io_error.
  virtual result<std::optional<journal_snapshot>> newest_snapshot(const account_id& account) = 0;

  /// Gives up the connection and makes a new one: after an I/O error.
  virtual result<void> reopen() = 0;
};

/// SQLite file, made when missing; WAL, synchronous=FULL. Beside it lies `<path>-<hash of the account>.end`, which holds
/// the end of the journal as last acknowledged: SQLite drops a damaged tail of its log without a word, and by this it is noticed.
/// Errors: io_error.
result<std::unique_ptr<journal_store>> open_sqlite_journal(const std::string& path);

/// PostgreSQL at a postgresql:// URL. Errors: io_error.
result<std::unique_ptr<journal_store>> open_postgres_journal(const std::string& url);
/// Puts the journal of an account there aside: it is kept as that of `as`, and the account begins with an empty one. Nothing
/// happens where it has none. Errors: io_error; conflict (`as` has one, or a higher epoch than `epoch` has claimed it).
result<void> set_postgres_journal_aside(const std::string& url, const account_id& account, lease_epoch epoch, const account_id& as);

} // namespace tt::execution
