#pragma once

// The single writer of one account: core and journal together. Outcomes of the core
// wait here until their records are durable; what they promise and do comes out
// only then. Knows what to do when the journal can't be written. No threads, no clock.
//
//   auto ticket = writer->take(writer->core().place(order, now), steady);   // refused here while the journal is down
//   if (writer->is_due(steady))
//     for (auto& done : writer->commit({now, steady})) ...                  // carry out done.what.effects, answer done.ticket

#include "actors/execution/account_core.hpp"
#include "actors/execution/journal.hpp"

namespace tt::execution {

/// Hears every record once it is durable, in order. Outlives the writer.
class record_follower {
public:
  virtual ~record_follower() = default;
  /// All records follow from the first on; what was heard before is void.
  virtual void begin() = 0;
  /// Errors end the replay: the account does not start.
  virtual result<void> on_record(const journal_record& record) = 0;

  /// What it made of the records so far, for a snapshot beside the book's. Empty: it keeps none, and every replay begins with the
  /// first record.
  [[nodiscard]] virtual std::string to_bytes() const { return {}; }
  /// Instead of begin() and the records that made these bytes. Errors: unsupported (another version wrote them), corrupt_data;
  /// then begin() follows.
  virtual result<void> begin_from(std::string_view bytes) { return static_cast<void>(bytes), error{errc::unsupported, "keeps no snapshot", "snapshot"}; }
};

/// When a snapshot may be written, which takes as long as the account is old.
enum class snapshot_time : std::uint8_t {
  any_commit,
  quiet, ///< at a start and at the day roll, so that no order waits for it; of a long journal when a quarter of it is new
};

struct writer_settings {
  account_profile profile;
  money opening_cash; ///< of an account that has no journal yet
  core_settings core;
  /// A snapshot is kept after so many records.
  std::uint64_t snapshot_every = 100'000;
  /// Told the book whenever it was replayed, so that the gate's reservations follow; may be empty.
  std::function<void(const account_book&)> restored = {};
  snapshot_time snapshots = snapshot_time::any_commit;
  /// For folds of the journal beside the book (portfolio, limits); may be empty. Its state is part of the snapshots.
  record_follower* follower = nullptr;
};

/// An outcome whose records are on disk, or that never happened.
struct committed {
  std::uint64_t ticket = 0;
  outcome what;
  std::optional<error> failed; ///< not durable: nothing of it may be done or promised
};

class account_writer {
public:
  /// Most records that may wait for a commit; more outcomes are refused.
  static constexpr std::size_t max_waiting = 4'096;
  /// Of `snapshot_time::quiet`: one part in so many of the journal must be new.
  static constexpr std::uint64_t quiet_part = 4;

  /// Claims the journal under settings.core.epoch, replays it (from the newest snapshot that fits) and starts the core. What the
  /// start asks of the venue is in started(). Errors: as journal::open; corrupt_data where the journal is damaged: then nothing may trade.
  static result<std::unique_ptr<account_writer>> open(std::shared_ptr<journal_store> store, writer_settings settings, order_gate& gate,
                                                      write_time now);

  /// The core that answers now. A reference lives until the next commit or try_again: a failed commit makes a new one.
  [[nodiscard]] account_core& core() { return *core_; }
  [[nodiscard]] const account_book& book() const { return core_->book(); }
  /// Why new work is refused now; nothing: it isn't. The code is not_available (JOURNAL_UNAVAILABLE), conflict (another node took over),
  /// corrupt_data or limit_exceeded.
  [[nodiscard]] std::optional<error> blocked() const;
  [[nodiscard]] journal_health health() const { return journal_.health(); }

  /// Keeps an outcome until the next commit. An outcome without records may be carried out by its caller at once only if nothing
  /// waits: else it comes in turn. Requires !blocked().
  std::uint64_t take(outcome out, std::int64_t monotonic_ns);
  [[nodiscard]] bool is_due(std::int64_t monotonic_ns) const { return timer_.is_due(monotonic_ns) || (timer_.waiting() == 0 && !waiting_.empty()); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  /// Makes all that waits durable, in order. After a failure all that was not yet durable has `failed` set, the book is as the
  /// journal has it, and blocked() says so until try_again succeeds.
  std::vector<committed> commit(write_time now);

  /// A cancel while the journal can't be written: no record, no change here; its outcome is found out when the journal is back.
  /// Errors: not_found; conflict for a final order.
  result<cancel_request> cancel_without_journal(order_number number) const;

  /// After a failure: looks what became of the last batch, replays, starts anew. Its effects (questions to the venue) are
  /// carried out. Errors: as journal::recover and append; then it may be tried again, unless fenced or damaged.
  result<std::vector<effect>> try_again(write_time now);

  /// Effects of the start.
  std::vector<effect> started() { return std::exchange(started_, {}); }

private:
  account_writer(journal j, writer_settings settings, order_gate& gate) : journal_(std::move(j)), settings_(std::move(settings)), gate_(gate) {}
  result<void> rebuild();
  /// The book of the newest snapshot, and where it ends, if it and the follower can begin with it.
  struct start_point {
    account_book book;
    journal_offset after = journal_offset::none;
    chain_hash chain;
  };
  std::optional<start_point> from_snapshot(const journal_snapshot& newest);
  result<std::vector<effect>> begin(write_time now);
  result<void> append(std::vector<journal_record>& records, write_time now);
  [[nodiscard]] bool snapshot_is_due() const;
  void keep_snapshot();

  journal journal_;
  writer_settings settings_;
  order_gate& gate_;
  std::optional<account_core> core_;
  std::vector<committed> waiting_;
  commit_timer timer_;
  std::vector<effect> started_;
  std::uint64_t tickets_ = 0;
  std::uint64_t last_snapshot_ = 0;
  bool broken_ = false; ///< a commit failed and the account was not started anew yet
};

} // namespace tt::execution
