#include "actors/market/replay_stream.hpp"

#include "actors/market/csv_place.hpp"
#include "actors/market/tick_path.hpp"

#include <algorithm>

namespace tt::market {

namespace {

constexpr std::chrono::milliseconds before_end{1};

utc_time& time_of(tick& t) {
  return std::visit([](auto& x) -> utc_time& { return x.ts; }, t);
}

csv_options options_for(const instrument& what) {
  csv_options options;
  options.sign = what.allows_non_positive_price() ? price_sign::any : price_sign::positive;
  return options;
}

} // namespace

recording_stream::recording_stream(recording source, csv_reader reader, zone_clock clock)
    : source_(std::move(source)), reader_(std::move(reader)), clock_(std::move(clock)) {}

result<recording_stream> recording_stream::open(recording source) {
  if (!source.what.calendar)
    return error{errc::invalid_argument, "the instrument has no calendar", source.what.symbol};
  auto reader = csv_reader::open(source.path, options_for(source.what));
  if (!reader) return std::move(reader).error();
  if (source.kind && *source.kind != reader->kind())
    return error{errc::invalid_argument,
                 "the header is one of " + std::string(to_string(reader->kind())) + ", not of " +
                     std::string(to_string(*source.kind)),
                 source.path};
  if (reader->kind() == recording_kind::quotes && !source.frame.is_intraday())
    return error{errc::invalid_argument, "quotes of a timeframe of days can't be replayed", source.path};
  auto clock = zone_clock::load(source.what.calendar->time_zone());
  if (!clock) return std::move(clock).error();
  recording_stream stream{std::move(source), std::move(*reader), std::move(*clock)};
  stream.fill();
  if (stream.failure()) return *stream.failure();
  if (stream.front() == nullptr) {
    const auto& problems = stream.report().problems;
    std::string why = "no usable row";
    if (!problems.empty()) why += "; line " + std::to_string(problems[0].line) + ": " + problems[0].reason;
    return error{errc::invalid_argument, why, stream.source_.path};
  }
  stream.first_time_ = timestamp_of(*stream.front());
  return stream;
}

result<void> recording_stream::restart(std::chrono::weeks shift) {
  if (pass_ == pass::first) first_report_ = reader_.report();
  auto reader = csv_reader::open(source_.path, options_for(source_.what));
  if (!reader) return std::move(reader).error();
  reader_ = std::move(*reader);
  pass_ = pass::later;
  shift_ = shift;
  ahead_.reset();
  fill();
  return {};
}

/// The same wall-clock time, weeks later. Never runs backwards, also where a
/// clock is set back while the market is open.
utc_time recording_stream::shifted(utc_time t) const {
  if (shift_.count() == 0) return t;
  const utc_time plain = t + shift_;
  const utc_time there = plain + (clock_.offset_at(t) - clock_.offset_at(plain));
  return std::max(there, last_shifted_);
}

void recording_stream::pop() {
  TT_ASSERT(front() != nullptr);
  if (++at_ == queue_.size()) fill();
}

void recording_stream::fill() {
  queue_.clear();
  at_ = 0;
  if (!(kind() == recording_kind::bars ? fill_bar() : fill_quote())) return;
  for (tick& t : queue_) {
    utc_time& ts = time_of(t);
    last_time_ = std::max(last_time_, ts);
    ts = last_shifted_ = shifted(ts);
  }
}

bool recording_stream::fill_quote() {
  quote_tick q;
  if (!reader_.next(q)) return false;
  if (kind() == recording_kind::quotes) q.ts += std::chrono::minutes{source_.frame.count()} - before_end;
  queue_.emplace_back(q);
  return true;
}

std::optional<recording_stream::placed_bar> recording_stream::next_bar() {
  bar b;
  while (reader_.next(b)) {
    const auto placed = place_recorded_bar(b.open_time, source_.frame, *source_.what.calendar);
    if (!begins_bar(placed.span.stamp, source_.frame, *source_.what.calendar)) {
      reader_.reject_last("time: no bar of " + source_.frame.to_string() + " begins at " + to_iso8601(b.open_time));
      continue;
    }
    b.open_time = placed.span.open;
    return placed_bar{b, placed.span.close};
  }
  return std::nullopt;
}

bool recording_stream::fill_bar() {
  auto now = ahead_ ? std::exchange(ahead_, std::nullopt) : next_bar();
  if (!now) return false;
  ahead_ = next_bar();
  while (ahead_ && ahead_->data.open_time <= now->data.open_time) {
    // two rows of one trading day: the first one counts
    reader_.reject_last("another row of the same trading day");
    ahead_ = next_bar();
  }
  const utc_time end = ahead_ ? std::min(now->end, ahead_->data.open_time) : now->end;
  path_.clear();
  append_tick_path(now->data, end - now->data.open_time, source_.what, path_);
  queue_.insert(queue_.end(), path_.begin(), path_.end());
  return true;
}

} // namespace tt::market
