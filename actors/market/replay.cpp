#include "actors/market/replay.hpp"

#include <algorithm>

namespace tt::market {

bool replay_source::head::operator>(const head& rhs) const {
  return std::tie(ts, symbol, stream) > std::tie(rhs.ts, rhs.symbol, rhs.stream);
}

result<std::unique_ptr<replay_source>> replay_source::open(replay_config config) {
  if (config.recordings.empty()) return error{errc::invalid_argument, "names no file", "recordings"};
  if (config.recordings.size() > max_recordings)
    return error{errc::limit_exceeded, "more than " + std::to_string(max_recordings) + " files",
                 "recordings"};
  std::unique_ptr<replay_source> source{new replay_source{config.loop}};
  for (auto& one : config.recordings)
    if (auto ok = source->add(std::move(one)); !ok) return ok.error();
  if (auto ok = source->check_prices(); !ok) return ok.error();
  source->start_ = utc_time::max();
  for (std::size_t i = 0; i < source->streams_.size(); ++i) {
    source->start_ = std::min(source->start_, source->streams_[i].first_time());
    source->push_head(i);
  }
  return source;
}

result<void> replay_source::add(recording source) {
  const std::string symbol = source.what.symbol;
  auto stream = recording_stream::open(std::move(source));
  if (!stream) {
    auto e = std::move(stream).error();
    e.message = to_string(e);
    e.field = "recordings[" + std::to_string(streams_.size()) + "]";
    return e;
  }
  const auto known = std::find(symbols_.begin(), symbols_.end(), symbol);
  symbol_of_.push_back(static_cast<std::uint32_t>(known - symbols_.begin()));
  if (known == symbols_.end()) symbols_.push_back(symbol);
  streams_.push_back(std::move(*stream));
  return {};
}

/// Two descriptions of the same trades would count them twice.
result<void> replay_source::check_prices() const {
  const auto makes_prices = [](const recording_stream& s) {
    return s.kind() == recording_kind::bars || s.source().what.basis != price_basis::trade;
  };
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto &a = streams_[i], &b = streams_[j];
      if (symbol_of_[i] != symbol_of_[j] || !makes_prices(a) || !makes_prices(b)) continue;
      if (a.kind() == b.kind() && (a.kind() == recording_kind::ticks || a.source().frame == b.source().frame))
        continue;
      return error{errc::conflict,
                   symbols_[symbol_of_[i]] + " has its prices from " + a.source().path + " and from " +
                       b.source().path + ": name one of the two",
                   "recordings[" + std::to_string(i) + "]"};
    }
  }
  return {};
}

void replay_source::push_head(std::size_t stream) {
  const tick* next = streams_[stream].front();
  if (next == nullptr) {
    if (streams_[stream].failure() && !failure_) failure_ = streams_[stream].failure();
    return;
  }
  heads_.push_back({timestamp_of(*next), symbol_of_[stream], stream});
  std::push_heap(heads_.begin(), heads_.end(), std::greater<>{});
}

/// Begins the next round of a looped replay.
bool replay_source::next_pass() {
  if (loop_ == replay_loop::once || failure_) return false;
  if (period_.count() == 0) {
    utc_time last = start_;
    for (const auto& stream : streams_) last = std::max(last, stream.last_time());
    // clocks that change in one place and not in the other move passes towards each other
    constexpr std::chrono::hours clock_change{2};
    period_ = std::chrono::floor<std::chrono::weeks>(last - start_ + clock_change) + std::chrono::weeks{1};
  }
  shift_ += period_;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (auto ok = streams_[i].restart(shift_); !ok) {
      failure_ = ok.error();
      return false;
    }
    push_head(i);
  }
  return !heads_.empty();
}

pull_state replay_source::pull(utc_time until, std::size_t limit, std::vector<feed_event>& out) {
  for (std::size_t given = 0;; ++given) {
    if (heads_.empty() && !next_pass()) return pull_state::finished;
    const head next = heads_.front();
    if (next.ts > until) return pull_state::idle;
    if (given == limit) return pull_state::more;
    std::pop_heap(heads_.begin(), heads_.end(), std::greater<>{});
    heads_.pop_back();
    auto& stream = streams_[next.stream];
    out.push_back({next.symbol, *stream.front()});
    stream.pop();
    push_head(next.stream);
  }
}

source_report replay_source::report() const {
  source_report out;
  out.failure = failure_;
  for (const auto& stream : streams_) {
    const auto& rows = stream.report();
    out.rows += rows.good + rows.bad;
    out.bad_rows += rows.bad;
    if (!out.first_bad.empty() || rows.problems.empty()) continue;
    const auto& problem = rows.problems.front();
    out.first_bad = stream.source().path + " line " + std::to_string(problem.line) + ": " + problem.reason;
  }
  return out;
}

std::vector<std::pair<std::string, csv_report>> replay_source::reports() const {
  std::vector<std::pair<std::string, csv_report>> out;
  for (const auto& stream : streams_) out.emplace_back(stream.source().path, stream.report());
  return out;
}

} // namespace tt::market
