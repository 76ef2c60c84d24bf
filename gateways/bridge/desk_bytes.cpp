// What an account's desk made of the journal, as the part of a snapshot that lies beside the book's. Limits, stops and
// breakers are kept as their records and folded again. Whatever a fold here or in the portfolio remembers anew goes into
// its archive() under a new version: a snapshot of another version is left out, and the journal read from its beginning.

#include "actors/execution/byte_archive.hpp"
#include "actors/execution/record_fields.hpp"
#include "gateways/bridge/account_desk.hpp"

#include <unordered_map>

namespace tt::gateway {

using namespace execution;

template <class A>
void fields(A& a, order_happening& x) {
  a(x.offset, x.at, x.what, x.code, x.text, x.qty, x.px);
}

namespace {

constexpr char desk_version = 2;

/// Orders that several pieces of news share are written once, before them.
template <class A>
void archive_news(A& a, std::deque<order_diary::piece>& news) {
  std::vector<std::shared_ptr<const order>> shown;
  if constexpr (A::reads) {
    std::vector<order> orders;
    archive_list(a, orders);
    for (auto& what : orders) shown.push_back(std::make_shared<const order>(std::move(what)));
    std::uint64_t count = 0;
    a(count);
    news.clear();
    for (std::uint64_t i = 0; i < count && !a.failed(); ++i) {
      auto& one = news.emplace_back();
      std::uint64_t place = 0; // from 1; 0: none
      a(one.number, one.at, place);
      if (place > 0 && place <= shown.size()) one.what = shown[static_cast<std::size_t>(place - 1)];
    }
  } else {
    std::unordered_map<const order*, std::uint64_t> places;
    for (const auto& one : news)
      if (one.what && places.emplace(one.what.get(), places.size() + 1).second) shown.push_back(one.what);
    a(static_cast<std::uint64_t>(shown.size()));
    for (const auto& what : shown) a(*what);
    a(static_cast<std::uint64_t>(news.size()));
    for (const auto& one : news) a(one.number, one.at, one.what ? places.at(one.what.get()) : std::uint64_t{0});
  }
}

} // namespace

template <class A>
void order_states::archive(A& a) {
  archive_map(a, all_);
  archive_map(a, executions_);
}

template <class A>
void order_diary::archive(A& a) {
  states_.archive(a);
  archive_map(a, records_);
  archive_map(a, executions_);
  auto kept = static_cast<std::uint64_t>(kept_);
  a(kept, news_);
  if constexpr (A::reads) kept_ = static_cast<std::size_t>(kept);
  archive_news(a, newest_);
}

template <class A>
void account_desk::archive(A& a) {
  archive_list(a, noted_);
  books_.archive(a);
  diary_.archive(a);
  archive_map(a, sent_);
  archive_map(a, undecided_);
  archive_map(a, forgiven_);
  archive_list(a, fills_);
  archive_list(a, ids_);
  a(opened_at_, last_roll_, has_point_, last_offset_);
}

std::string account_desk::to_bytes() const {
  std::string out(1, desk_version);
  byte_writer writer{out};
  const_cast<account_desk*>(this)->archive(writer); // the writer only reads
  return out;
}

result<void> account_desk::begin_from(std::string_view bytes) {
  begin();
  if (bytes.empty() || bytes.front() != desk_version) return error{errc::unsupported, "the snapshot was written by another version", "snapshot"};
  byte_reader reader{bytes.substr(1), schema_version};
  archive(reader);
  if (reader.failed() || !reader.at_end()) return error{errc::corrupt_data, "the snapshot can't be read", "snapshot"};
  const auto forgiven = forgiven_; // as it was after all records, not as the resets alone would make it
  for (const auto& one : noted_)
    if (auto done = fold_risk(one.what, one.at); !done) return done;
  forgiven_ = forgiven;
  return {};
}

} // namespace tt::gateway
