#include "actors/pine/session.hpp"

#include "actors/pine/util.hpp"

#include <algorithm>

namespace tt::pine {

namespace {

constexpr int day_minutes = 1440;
constexpr unsigned every_day = 0b11111110, weekdays = 0b01111100;

/// HHMM as minutes; digits are not bounded by the clock.
std::optional<int> clock_minutes(std::string_view s) {
  if (s.size() != 4) return std::nullopt;
  for (char c : s)
    if (c < '0' || c > '9') return std::nullopt;
  return ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[2] - '0') * 10 + s[3] - '0';
}

/// Opening minute of the day and length, as from and to; to may be beyond the day.
std::optional<session_spec::range> clock_range(std::string_view s) {
  if (s.size() != 9 || s[4] != '-') return std::nullopt;
  auto from = clock_minutes(s.substr(0, 4)), to = clock_minutes(s.substr(5));
  if (!from || !to || *from >= 2 * day_minutes) return std::nullopt;
  if (*from < day_minutes) {
    int end = *to % day_minutes;
    return session_spec::range{*from, end > *from ? end : end + day_minutes, 0};
  }
  // an opening on the next day is moved back by one; what is left may last a day at most
  int open = *from - day_minutes, end = *to == 0 ? day_minutes : *to;
  if (end <= open || end - open > day_minutes) return std::nullopt;
  return session_spec::range{open, end, 0};
}

std::vector<std::string_view> split(std::string_view s, char by) {
  std::vector<std::string_view> out;
  for (;;) {
    auto at = s.find(by);
    out.push_back(s.substr(0, at));
    if (at == std::string_view::npos) return out;
    s.remove_prefix(at + 1);
  }
}

struct section {
  std::vector<session_spec::range> ranges;
  unsigned days = 0; ///< 0: by default
};

std::optional<section> read_section(std::string_view text) {
  section out;
  auto colon = text.find(':');
  if (colon != std::string_view::npos)
    for (char c : text.substr(colon + 1)) {
      if (c < '1' || c > '7') return std::nullopt;
      out.days |= 1u << (c - '0');
    }
  auto parts = split(text.substr(0, colon), ',');
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  for (auto part : parts) {
    auto r = clock_range(part);
    if (!r) return std::nullopt;
    out.ranges.push_back(*r);
  }
  return out;
}

unsigned day_bit(std::int64_t day) { return 1u << civil_from_days(day).weekday; }

} // namespace

std::optional<session_clock> session_clock::parse(std::string_view text, std::shared_ptr<const zone> z) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  session_spec spec;
  if (text == "24x7") {
    spec.ranges.push_back({0, day_minutes, every_day});
    return session_clock(std::move(spec), std::move(z));
  }
  auto texts = split(text, '|');
  if (texts.size() > 1 && texts.back().empty()) texts.pop_back();
  std::vector<section> sections;
  for (auto t : texts) {
    auto s = read_section(t);
    if (!s) return std::nullopt;
    sections.push_back(std::move(*s));
  }
  bool lone = text.find_first_of(",:|") == std::string_view::npos;
  // a later section takes its days away from the earlier ones; the one without days gets what is left
  unsigned taken = 0;
  for (auto s = sections.rbegin(); s != sections.rend(); ++s) {
    if (s->days == 0) continue;
    s->days &= ~taken;
    taken |= s->days;
  }
  for (auto& s : sections) {
    bool by_default = s.days == 0;
    for (auto r : s.ranges) {
      r.days = by_default ? (lone ? every_day : weekdays) & ~taken : s.days;
      if (r.days != 0) spec.ranges.push_back(r);
    }
  }
  return session_clock(std::move(spec), std::move(z));
}

std::int64_t session_clock::local_day(std::int64_t utc_ms) const {
  auto t = zone_->local(utc_ms);
  return days_from_civil(t.year, t.month, t.day);
}

/// A run keeps its clock times where the clock is changed; its last minute closes it.
time_span session_clock::run(const session_spec::range& r, std::int64_t open_day) const {
  auto d = civil_from_days(open_day);
  auto last = r.to > r.from ? r.to - 1 : r.to + day_minutes - 1;
  return {zone_->to_utc(d.year, d.month, d.day, 0, r.from, 0), zone_->to_utc(d.year, d.month, d.day, 0, last, 0) + 60'000};
}

std::optional<time_span> session_clock::run_at(std::int64_t utc_ms) const {
  auto today = local_day(utc_ms);
  for (const auto& r : spec_.ranges)
    for (auto day : {today, today - 1}) {
      auto closes = day + ((r.to > r.from ? r.to : r.to + day_minutes) - 1) / day_minutes;
      if ((r.days & day_bit(closes)) == 0) continue;
      auto span = run(r, day);
      if (span.open_ms <= utc_ms && utc_ms < span.close_ms) return span;
    }
  return std::nullopt;
}

/// All runs that close on `day`, with the gaps between them.
std::optional<time_span> session_clock::whole_day(std::int64_t day) const {
  std::optional<time_span> whole;
  for (const auto& r : spec_.ranges) {
    if ((r.days & day_bit(day)) == 0) continue;
    auto span = run(r, day - ((r.to > r.from ? r.to : r.to + day_minutes) - 1) / day_minutes);
    if (!whole) whole = span;
    whole->open_ms = std::min(whole->open_ms, span.open_ms);
    whole->close_ms = std::max(whole->close_ms, span.close_ms);
  }
  return whole;
}

std::optional<time_span> session_clock::day_at(std::int64_t utc_ms) const {
  auto today = local_day(utc_ms);
  for (auto day : {today, today + 1}) {
    auto whole = whole_day(day);
    if (whole && whole->open_ms <= utc_ms && utc_ms < whole->close_ms) return whole;
  }
  return std::nullopt;
}

/// The nearest run, or day of runs, that opens before `utc_ms`, or after it.
std::optional<time_span> session_clock::neighbour(part what, way where, std::int64_t utc_ms) const {
  const std::int64_t step = where == way::back ? -1 : 1;
  auto nearer = [&](const time_span& a, const std::optional<time_span>& b) { return !b || (a.open_ms < b->open_ms) == (where == way::ahead); };
  auto beyond = [&](const time_span& s) { return where == way::back ? s.open_ms < utc_ms : s.open_ms > utc_ms; };
  auto day = local_day(utc_ms) - 2 * step; // a run may belong to a day beside the one it opens on
  for (int k = 0; k < 12; ++k, day += step) {
    std::optional<time_span> best;
    if (what == part::day) {
      if (auto whole = whole_day(day); whole && beyond(*whole)) return whole;
      continue;
    }
    for (const auto& r : spec_.ranges) {
      auto closes = day + ((r.to > r.from ? r.to : r.to + day_minutes) - 1) / day_minutes;
      if ((r.days & day_bit(closes)) == 0) continue;
      if (auto span = run(r, day); beyond(span) && nearer(span, best)) best = span;
    }
    if (best) return best;
  }
  return std::nullopt;
}

/// Days walk from the one of `utc_ms`, or from the one that it is heading into.
std::optional<time_span> session_clock::days_from(std::int64_t utc_ms, std::int64_t back) const {
  auto span = day_at(utc_ms);
  if (!span && back > 0) {
    span = neighbour(part::day, way::back, utc_ms + 1);
    --back;
  } else if (!span) {
    span = neighbour(part::day, way::ahead, utc_ms);
    ++back;
  }
  for (; span && back > 0; --back) span = neighbour(part::day, way::back, span->open_ms);
  for (; span && back < 0; ++back) span = neighbour(part::day, way::ahead, span->open_ms);
  return span;
}

/// Bars of a run are counted from its opening. Outside of a run the walk back begins at the last bar of the run before, the
/// walk ahead in front of the run that comes.
std::optional<time_span> session_clock::bars_from(std::int64_t length_ms, std::int64_t utc_ms, std::int64_t back) const {
  auto bars_of = [&](const time_span& s) { return std::max<std::int64_t>(1, (s.close_ms - s.open_ms + length_ms - 1) / length_ms); };
  auto span = run_at(utc_ms);
  std::int64_t at = 0;
  if (span) {
    at = (utc_ms - span->open_ms) / length_ms - back;
  } else if (back > 0) {
    span = neighbour(part::run, way::back, utc_ms + 1);
    if (span) at = bars_of(*span) - 1 - back;
  } else {
    span = neighbour(part::run, way::ahead, utc_ms);
    at = -back - 1;
  }
  while (span && at < 0) {
    span = neighbour(part::run, way::back, span->open_ms);
    if (span) at += bars_of(*span);
  }
  while (span && at >= bars_of(*span)) {
    at -= bars_of(*span);
    span = neighbour(part::run, way::ahead, span->open_ms);
  }
  if (!span) return std::nullopt;
  const auto open = span->open_ms + at * length_ms;
  return time_span{open, std::min(open + length_ms, span->close_ms)};
}

std::optional<time_span> session_clock::bar_walked(const timeframe& tf, std::int64_t utc_ms, std::int64_t back) const {
  if (back == 0 || spec_.ranges.empty()) return bar_at(tf, utc_ms);
  if (tf.unit == timeframe::unit_t::day) return days_from(utc_ms, back);
  if (tf.intraday()) {
    const auto length = to_int(tf.seconds() * 1000);
    return length > 0 ? bars_from(length, utc_ms, back) : std::nullopt;
  }
  auto span = period_at(tf, utc_ms);
  for (; back > 0; --back) span = period_at(tf, span.open_ms - 1);
  for (; back < 0; ++back) span = period_at(tf, span.close_ms);
  return span;
}

std::int64_t session_clock::last_close(const time_span& period) const {
  const auto run = neighbour(part::run, way::back, period.close_ms);
  return run && run->open_ms >= period.open_ms ? run->close_ms : period.close_ms;
}

/// The first opening of the runs that close on `day` or later.
std::int64_t session_clock::first_open(std::int64_t day) const {
  std::int64_t best = 0;
  bool found = false;
  for (int k = 0; k < 7 && !found; ++k, ++day)
    for (const auto& r : spec_.ranges) {
      if ((r.days & day_bit(day)) == 0) continue;
      auto open = run(r, day - ((r.to > r.from ? r.to : r.to + day_minutes) - 1) / day_minutes).open_ms;
      best = found ? std::min(best, open) : open;
      found = true;
    }
  return best;
}

time_span session_clock::period_at(const timeframe& tf, std::int64_t utc_ms) const {
  auto start = [&](std::int64_t day) { // first day of the period that holds `day`
    auto d = civil_from_days(day);
    if (tf.unit == timeframe::unit_t::week) return day - (d.weekday + 5) % 7;
    auto step = std::clamp<std::int64_t>(tf.count, 1, 12);
    return days_from_civil(d.year, (d.month - 1) / step * step + 1, 1);
  };
  auto next = [&](std::int64_t day) {
    auto d = civil_from_days(day);
    return tf.unit == timeframe::unit_t::week ? day + 7 : days_from_civil(d.year, d.month + std::clamp<std::int64_t>(tf.count, 1, 12), 1);
  };
  auto day = start(local_day(utc_ms) + 1); // an evening may belong to the next period already
  if (first_open(day) > utc_ms) day = start(day - 1);
  return {first_open(day), first_open(next(day))};
}

std::optional<time_span> session_clock::bar_at(const timeframe& tf, std::int64_t utc_ms) const {
  if (spec_.ranges.empty()) return std::nullopt;
  if (tf.unit == timeframe::unit_t::day) return day_at(utc_ms);
  if (!tf.intraday()) return period_at(tf, utc_ms);
  auto span = run_at(utc_ms);
  auto length = to_int(tf.seconds() * 1000);
  if (!span || length <= 0) return span;
  auto open = span->open_ms + (utc_ms - span->open_ms) / length * length;
  return time_span{open, std::min(open + length, span->close_ms)};
}

} // namespace tt::pine
