#include "actors/execution/account_writer.hpp"

namespace tt::execution {

result<std::unique_ptr<account_writer>> account_writer::open(std::shared_ptr<journal_store> store, writer_settings settings, order_gate& gate,
                                                             write_time now) {
  auto opened = journal::open(std::move(store), settings.profile.id, settings.core.epoch);
  if (!opened) return opened.error();
  auto out = std::unique_ptr<account_writer>(new account_writer(std::move(*opened), std::move(settings), gate));
  if (auto built = out->rebuild(); !built) return built.error();
  auto begun = out->begin(now);
  if (!begun) return begun.error();
  out->started_ = std::move(*begun);
  return out;
}

result<void> account_writer::rebuild() {
  account_book book;
  journal_offset after = journal_offset::none;
  chain_hash chain;
  auto newest = journal_.newest_snapshot();
  if (!newest) return newest.error();
  if (settings_.follower) settings_.follower->begin();
  else if (*newest && (*newest)->last < journal_.head().next) {
    auto restored = account_book::from_bytes((*newest)->state);
    if (restored && restored->last() == (*newest)->last) { // else: from the beginning, which is always right
      book = std::move(*restored);
      after = (*newest)->last;
      chain = (*newest)->chain;
    }
  }
  auto done = journal_.replay(after, chain, [&](journal_record&& r) -> result<void> {
    if (settings_.follower)
      if (auto heard = settings_.follower->on_record(r); !heard) return heard;
    return book.apply(std::move(r));
  });
  if (!done) return done;
  last_snapshot_ = raw(after);
  if (settings_.restored && book.is_open()) settings_.restored(book);
  core_.emplace(std::move(book), settings_.core, gate_);
  return {};
}

result<std::vector<effect>> account_writer::begin(write_time now) {
  std::vector<journal_record> records;
  if (!core_->book().is_open()) {
    auto opened = core_->note(account_opened{settings_.profile, settings_.opening_cash}, now.wall);
    if (opened.refused) return *opened.refused;
    records = std::move(opened.records);
  }
  auto started = core_->start(now.wall);
  records.insert(records.end(), started.records.begin(), started.records.end());
  if (auto done = append(records, now); !done) return done.error();
  broken_ = false;
  return std::move(started.effects);
}

std::optional<error> account_writer::blocked() const {
  switch (journal_.health()) {
  case journal_health::fenced: return error{errc::conflict, "another node has taken this account over", "epoch"};
  case journal_health::damaged: return error{errc::corrupt_data, "the journal is damaged: the account can only be read"};
  case journal_health::failed: break;
  case journal_health::writable:
    if (broken_) break;
    if (timer_.waiting() >= max_waiting) return error{errc::limit_exceeded, "too much waits for the journal; try again"};
    return std::nullopt;
  }
  return error{errc::not_available, "JOURNAL_UNAVAILABLE: the journal can't be written; cancels still go out"};
}

std::uint64_t account_writer::take(outcome out, std::int64_t monotonic_ns) {
  TT_ASSERT(!blocked());
  if (!out.records.empty()) timer_.add(out.records.size(), monotonic_ns);
  waiting_.push_back({++tickets_, std::move(out), std::nullopt});
  return tickets_;
}

result<void> account_writer::append(std::vector<journal_record>& records, write_time now) {
  for (std::size_t at = 0; at < records.size(); at += max_batch_records) {
    const auto count = std::min(max_batch_records, records.size() - at);
    const auto part = std::span(records).subspan(at, count);
    if (auto done = journal_.append(part, now); !done) return done;
    // what is durable stays so: a follower that can't follow says so itself
    if (settings_.follower)
      for (const auto& record : part) static_cast<void>(settings_.follower->on_record(record));
  }
  return {};
}

std::vector<committed> account_writer::commit(write_time now) {
  auto out = std::exchange(waiting_, {});
  timer_.clear();
  std::size_t done = 0; // outcomes that are durable
  while (done < out.size() && !broken_) {
    // as many whole outcomes as one commit takes; one that alone is larger goes in several
    std::vector<journal_record> batch;
    auto end = done;
    while (end < out.size() && (batch.empty() || batch.size() + out[end].what.records.size() <= max_batch_records)) {
      batch.insert(batch.end(), out[end].what.records.begin(), out[end].what.records.end());
      ++end;
    }
    if (auto written = append(batch, now); !written) {
      broken_ = true;
      for (auto i = done; i < out.size(); ++i) out[i].failed = written.error();
      break;
    }
    done = end;
  }
  if (broken_) {
    // the book ran ahead of the disk: back to what is there. Where even that fails, try_again does it.
    if (journal_.health() == journal_health::failed && journal_.recover()) static_cast<void>(rebuild());
  } else maybe_snapshot();
  return out;
}

void account_writer::maybe_snapshot() {
  const auto last = raw(core_->book().last());
  if (last < last_snapshot_ + settings_.snapshot_every || raw(journal_.head().next) != last + 1) return;
  last_snapshot_ = last;
  // a snapshot that can't be written costs nothing but time at the next start
  static_cast<void>(journal_.put_snapshot({core_->book().last(), journal_.head().chain, core_->book().to_bytes()}));
}

result<cancel_request> account_writer::cancel_without_journal(order_number number) const {
  const auto* what = core_->book().find(number);
  if (!what) return error{errc::not_found, "no such order", "order_id"};
  if (is_final(what->state)) return error{errc::conflict, "is " + std::string(to_string(what->state)), "order_id"};
  return cancel_request{settings_.core.epoch, settings_.profile.id, what->wire_id, what->venue_order, what->venue_session};
}

result<std::vector<effect>> account_writer::try_again(write_time now) {
  if (!broken_) return std::vector<effect>{};
  if (auto fate = journal_.recover(); !fate) return fate.error();
  if (auto built = rebuild(); !built) return built.error();
  return begin(now);
}

} // namespace tt::execution
