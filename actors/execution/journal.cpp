#include "actors/execution/journal.hpp"

namespace tt::execution {

result<journal> journal::open(std::shared_ptr<journal_store> store, account_id account, lease_epoch epoch) {
  auto head = store->claim(account, epoch);
  if (!head) return head.error();
  return journal{std::move(store), std::move(account), *head};
}

void journal::note(const error& failed) {
  health_ = failed.code == errc::conflict       ? journal_health::fenced
            : failed.code == errc::corrupt_data ? journal_health::damaged
                                                : journal_health::failed;
}

result<void> journal::append(std::span<journal_record> records, write_time now) {
  if (health_ == journal_health::fenced) return error{errc::conflict, "another node has taken this account over", "epoch"};
  if (health_ != journal_health::writable) return error{errc::not_available, "the journal can't be written"};
  if (records.empty()) return {};
  batch_writer writer{head_.next, head_.chain, head_.epoch};
  for (auto& record : records) {
    if (record.at == utc_time{}) record.at = now.wall;
    record.monotonic_ns = now.monotonic_ns;
    if (auto added = writer.add(record); !added) return added;
  }
  auto batch = std::move(writer).take();
  if (auto done = store_->append(account_, batch); !done) {
    note(done.error());
    in_doubt_ = std::move(batch);
    return done;
  }
  head_.next = batch.next();
  head_.chain = batch.after;
  return {};
}

result<journal::fate> journal::recover() {
  if (health_ == journal_health::fenced) return error{errc::conflict, "another node has taken this account over", "epoch"};
  if (health_ == journal_health::damaged) return error{errc::corrupt_data, "the journal is damaged"};
  if (auto opened = store_->reopen(); !opened) return opened.error();
  auto now = store_->head(account_);
  if (!now) return note(now.error()), now.error();
  if (now->epoch != head_.epoch) {
    health_ = journal_health::fenced;
    return error{errc::conflict, "another node has taken this account over", "epoch"};
  }
  fate what = fate::absent;
  if (in_doubt_ && now->next == in_doubt_->next() && now->chain == in_doubt_->after) {
    what = fate::durable;
    head_ = *now;
  } else if (now->next != head_.next || now->chain != head_.chain) {
    health_ = journal_health::damaged;
    return error{errc::corrupt_data, "the journal is not where it was left", "head"};
  }
  in_doubt_.reset();
  health_ = journal_health::writable;
  return what;
}

result<void> journal::replay(journal_offset after, const chain_hash& chain, const record_visitor& visit) {
  journal_offset next{1};
  chain_hash running;
  bool begun = false;
  auto done = store_->read(account_, journal_offset{raw(after) + 1}, [&](journal_offset first, std::string_view bytes) -> result<void> {
    if (!begun) { // the first batch may begin before `after`: its own record of the hash before it counts
      begun = true;
      next = first;
      if (raw(first) > raw(after) + 1) return error{errc::corrupt_data, "is missing", "record " + std::to_string(raw(after) + 1)};
      if (bytes.size() < running.bytes.size()) return error{errc::corrupt_data, "is cut off", "record " + std::to_string(raw(first))};
      std::copy_n(bytes.data(), running.bytes.size(), reinterpret_cast<char*>(running.bytes.data()));
      if (raw(first) == raw(after) + 1 && running != chain)
        return error{errc::corrupt_data, "does not follow the snapshot or the beginning", "record " + std::to_string(raw(first))};
    }
    if (first != next) return error{errc::corrupt_data, "is missing", "record " + std::to_string(raw(next))};
    auto checked = read_batch(bytes, first, running, [&](journal_record&& record) -> result<void> {
      next = journal_offset{raw(record.offset) + 1};
      if (record.offset <= after) return {};
      return visit(std::move(record));
    });
    if (!checked) return checked.error();
    running = *checked;
    return {};
  });
  if (done && begun && (next != head_.next || running != head_.chain))
    done = error{errc::corrupt_data, "the journal does not end where its head says", "record " + std::to_string(raw(next))};
  if (done && !begun && raw(head_.next) != raw(after) + 1)
    done = error{errc::corrupt_data, "is missing", "record " + std::to_string(raw(after) + 1)};
  if (!done && done.error().code == errc::corrupt_data) health_ = journal_health::damaged;
  return done;
}

} // namespace tt::execution
