#include "actors/execution/account_writer.hpp"

#include <algorithm>
#include <cstring>

namespace tt::execution {

namespace {

/// First byte of a snapshot that holds the book and what the follower made: then the length of the book (8 bytes), the book, the rest.
/// A snapshot of older programs is the book alone, whose first byte is another.
constexpr char with_follower = 'F';
constexpr std::size_t length_bytes = sizeof(std::uint64_t);

std::string joined(const std::string& book, const std::string& follower) {
  std::string out(1 + length_bytes, with_follower);
  const auto size = static_cast<std::uint64_t>(book.size());
  std::memcpy(out.data() + 1, &size, length_bytes);
  return out.append(book).append(follower);
}

/// Book and follower's part; the latter is empty where there is none.
std::pair<std::string_view, std::string_view> parts_of(std::string_view state) {
  std::uint64_t size = 0;
  if (state.size() < 1 + length_bytes || state.front() != with_follower) return {state, {}};
  std::memcpy(&size, state.data() + 1, length_bytes);
  state.remove_prefix(1 + length_bytes);
  const auto end = std::min<std::uint64_t>(size, state.size());
  return {state.substr(0, end), state.substr(end)};
}

bool ends_a_day(std::span<const journal_record> records) {
  return std::ranges::any_of(records, [](const journal_record& record) {
    const auto* marked = std::get_if<account_marked>(&record.fact);
    return marked && marked->kind == mark_kind::day_roll;
  });
}

} // namespace

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

std::optional<account_writer::start_point> account_writer::from_snapshot(const journal_snapshot& newest) {
  if (newest.last >= journal_.head().next) return std::nullopt;
  const auto [book, follower] = parts_of(newest.state);
  if (settings_.follower && follower.empty()) return std::nullopt;
  auto restored = account_book::from_bytes(book);
  if (!restored || restored->last() != newest.last) return std::nullopt;
  if (settings_.follower && !settings_.follower->begin_from(follower)) return std::nullopt;
  return start_point{std::move(*restored), newest.last, newest.chain};
}

result<void> account_writer::rebuild() {
  auto newest = journal_.newest_snapshot();
  if (!newest) return newest.error();
  auto known = *newest ? from_snapshot(**newest) : std::nullopt;
  if (!known) { // from the beginning, which is always right
    known.emplace();
    if (settings_.follower) settings_.follower->begin();
  }
  auto& book = known->book;
  auto done = journal_.replay(known->after, known->chain, [&](journal_record&& r) -> result<void> {
    if (settings_.follower)
      if (auto heard = settings_.follower->on_record(r); !heard) return heard;
    return book.apply(std::move(r));
  });
  if (!done) return done;
  last_snapshot_ = raw(known->after);
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
  if (snapshot_is_due()) keep_snapshot();
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
  bool may_snapshot = settings_.snapshots == snapshot_time::any_commit;
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
    may_snapshot = may_snapshot || ends_a_day(batch);
  }
  if (broken_) {
    // the book ran ahead of the disk: back to what is there. Where even that fails, try_again does it.
    if (journal_.health() == journal_health::failed && journal_.recover()) static_cast<void>(rebuild());
  } else if (may_snapshot && snapshot_is_due()) keep_snapshot();
  return out;
}

bool account_writer::snapshot_is_due() const {
  const auto last = raw(core_->book().last());
  if (raw(journal_.head().next) != last + 1) return false;
  // it takes as long as the account is old: in quiet times it is worth that once it saves a good part of a replay
  const auto part = settings_.snapshots == snapshot_time::quiet ? last / quiet_part : 0;
  return last - last_snapshot_ >= std::max(settings_.snapshot_every, part);
}

void account_writer::keep_snapshot() {
  last_snapshot_ = raw(core_->book().last());
  auto state = core_->book().to_bytes();
  if (settings_.follower) {
    const auto made = settings_.follower->to_bytes();
    if (made.empty()) return;
    state = joined(state, made);
  }
  // a snapshot that can't be written costs nothing but time at the next start
  static_cast<void>(journal_.put_snapshot({core_->book().last(), journal_.head().chain, std::move(state)}));
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
