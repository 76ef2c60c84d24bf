#include "actors/strategy/jobs/schedule.hpp"

#include <algorithm>
#include <charconv>

namespace tt::strategy {

namespace {

using std::chrono::minutes;

std::optional<int> whole(std::string_view text) {
  int out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || text.size() > 5 || ec != std::errc{} || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

/// "30m", "2h".
std::optional<minutes> span_of(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const char unit = text.back();
  const auto count = whole(text.substr(0, text.size() - 1));
  if (!count || *count > 1'440 || (unit != 'm' && unit != 'h' && unit != 'd')) return std::nullopt;
  return minutes{*count * (unit == 'm' ? 1 : unit == 'h' ? 60 : 1'440)};
}

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ') out += c;
  return out;
}


std::optional<trading_day> day_around(const exchange_calendar& calendar, utc_time t, session_hours kind) {
  if (auto day = calendar.day_at(t, kind)) return day;
  return calendar.day_at(t - nanoseconds{1}, kind); // at the close
}

} // namespace

result<day_moment> parse_day_moment(std::string_view raw) {
  const std::string text = without_blanks(raw);
  const error bad{errc::invalid_argument, in_quotes(raw) + " is not a time of day: open, open+30m, close-15m or 16:30"};
  for (const auto& [word, base] : {std::pair{std::string_view("open"), day_moment::base::open}, std::pair{std::string_view("close"), day_moment::base::close}}) {
    if (!std::string_view(text).starts_with(word)) continue;
    const auto rest = std::string_view(text).substr(word.size());
    if (rest.empty()) return day_moment{base, minutes{0}};
    const auto span = span_of(rest.substr(1));
    if ((rest[0] != '+' && rest[0] != '-') || !span || *span > minutes{1'440}) return bad;
    return day_moment{base, rest[0] == '+' ? *span : -*span};
  }
  const auto colon = text.find(':');
  if (colon == std::string::npos) return bad;
  const auto hour = whole(std::string_view(text).substr(0, colon)), minute = whole(std::string_view(text).substr(colon + 1));
  if (!hour || !minute || *hour > 23 || *minute > 59 || text.size() - colon != 3) return bad;
  return day_moment{day_moment::base::midnight, minutes{*hour * 60 + *minute}};
}

result<minutes> parse_interval(std::string_view text) {
  const auto span = span_of(text);
  if (!span) return error{errc::invalid_argument, in_quotes(text) + " is not an interval such as 5m, 1h or 1d"};
  if (*span < minutes{1} || *span > minutes{1'440}) return error{errc::out_of_range, "an interval lies between 1m and 1d"};
  return *span;
}

utc_time local_moment(const zone_clock& zone, civil_date day, minutes of_day) {
  for (minutes m = of_day; m < of_day + minutes{180}; ++m) { // a gap of a clock change is never longer than two hours
    const utc_time t = zone.to_utc(day, m);
    if (t + zone.offset_at(t) == day.midnight_utc() + m) return t;
  }
  return zone.to_utc(day, of_day);
}

schedule::schedule(schedule_rule rule, std::shared_ptr<const zone_clock> zone, std::shared_ptr<const exchange_calendar> calendar)
    : rule_(std::move(rule)), zone_(std::move(zone)), calendar_(std::move(calendar)) {}

std::optional<utc_time> schedule::resolve(const day_moment& m, civil_date day, const std::optional<trading_day>& hours) const {
  if (m.from == day_moment::base::midnight) return local_moment(*zone_, day, m.offset);
  if (!hours) return std::nullopt;
  const auto& span = hours->hours(hours_kind());
  return (m.from == day_moment::base::open ? span.open : span.close) + m.offset;
}

firing::verdict schedule::judge(utc_time slot) const {
  if (rule_.gate == session_gate::any || day_around(*calendar_, slot, hours_kind())) return firing::verdict::run;
  return calendar_->day(calendar_->local_date(slot)) ? firing::verdict::outside_session : firing::verdict::closed_day;
}

void schedule::add_cron(const cron_rule& rule, civil_date day, std::vector<firing>& out) const {
  if (!rule.fits(day)) return;
  for (int hour = 0; hour < 24; ++hour) {
    if (!rule.hours[static_cast<std::size_t>(hour)]) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if (!rule.minutes[static_cast<std::size_t>(minute)]) continue;
      const utc_time slot = local_moment(*zone_, day, minutes{hour * 60 + minute});
      if (out.empty() || out.back().slot < slot) out.push_back({slot, slot, judge(slot)});
    }
  }
}

void schedule::add_every(const every_rule& rule, civil_date day, std::vector<firing>& out) const {
  const auto hours = calendar_->day(day);
  time_span span{local_moment(*zone_, day, minutes{0}), local_moment(*zone_, day + 1, minutes{0}) - nanoseconds{1}};
  const utc_time midnight = span.open;
  if (rule_.gate != session_gate::any) {
    if (!hours) return;
    span = hours->hours(hours_kind());
  }
  const bool by_bars = rule.align == bar_alignment::bar_close;
  utc_time first = span.open, last = span.close;
  if (rule.first)
    if (const auto t = resolve(*rule.first, day, hours)) first = *t;
  if (rule.last)
    if (const auto t = resolve(*rule.last, day, hours)) last = *t;
  const auto delay = by_bars ? nanoseconds(bar_close_delay) : nanoseconds{0};
  const auto add = [&](utc_time slot) {
    if (slot >= first && slot <= last && (out.empty() || out.back().slot < slot)) out.push_back({slot, slot + delay, firing::verdict::run});
  };
  if (by_bars && rule_.gate != session_gate::any) {
    for (utc_time slot = span.open + rule.every; slot < span.close; slot += rule.every) add(slot);
    add(span.close); // the last bar of a session may be short
    return;
  }
  // a wall clock's grid: from midnight on, in elapsed time
  utc_time slot = midnight;
  if (slot < span.open) slot += (span.open - slot + rule.every - nanoseconds{1}) / nanoseconds(rule.every) * nanoseconds(rule.every);
  while (slot > span.open && slot - rule.every >= span.open) slot -= rule.every; // a session that opens on the evening before
  for (; slot <= span.close; slot += rule.every) add(slot);
}

void schedule::add_at(const at_rule& rule, civil_date day, std::vector<firing>& out) const {
  const auto hours = calendar_->day(day);
  if (rule.weekdays ? !(*rule.weekdays)[day.weekday().c_encoding()] : !hours.has_value()) return;
  const auto slot = resolve(rule.at, day, hours);
  if (!slot) return;
  out.push_back({*slot, *slot, rule.at.from == day_moment::base::midnight ? judge(*slot) : firing::verdict::run});
}

std::vector<firing> schedule::of_day(civil_date day) const {
  std::vector<firing> out;
  if (const auto* cron = std::get_if<cron_rule>(&rule_.how)) add_cron(*cron, day, out);
  if (const auto* every = std::get_if<every_rule>(&rule_.how)) add_every(*every, day, out);
  if (const auto* at = std::get_if<at_rule>(&rule_.how)) add_at(*at, day, out);
  return out;
}

std::optional<firing> schedule::next_after(utc_time t) const {
  const civil_date from = zone_->date_at(t) - 1; // an overnight session belongs to the day after
  for (int i = 0; i < limits::schedule_days + 3; ++i)
    for (const firing& f : of_day(from + i))
      if (f.slot > t && f.what == firing::verdict::run) return f;
  return std::nullopt;
}

std::optional<firing> schedule::last_until(utc_time t) const {
  const civil_date to = zone_->date_at(t) + 1;
  for (int i = 0; i < 12; ++i) {
    const auto day = of_day(to - i);
    for (auto f = day.rbegin(); f != day.rend(); ++f)
      if (f->slot <= t && f->what == firing::verdict::run) return *f;
  }
  return std::nullopt;
}

std::vector<firing> schedule::between(utc_time from, utc_time to) const {
  std::vector<firing> out;
  const civil_date end = zone_->date_at(to) + 1;
  for (civil_date day = zone_->date_at(from) - 1; day <= end; day = day + 1)
    for (const firing& f : of_day(day))
      if (f.slot > from && f.slot <= to && (out.empty() || out.back().slot < f.slot)) out.push_back(f);
  return out;
}

bool schedule::only_outside_session(utc_time t) const {
  const civil_date from = zone_->date_at(t);
  bool any = false;
  for (int i = 0; i < limits::schedule_days; ++i)
    for (const firing& f : of_day(from + i)) {
      any = true;
      if (day_around(*calendar_, f.slot, session_hours::regular)) return false;
    }
  return any;
}

std::string session_note(const exchange_calendar& calendar, utc_time t) {
  const civil_date local = calendar.local_date(t);
  const auto minutes_between = [](utc_time a, utc_time b) { return std::to_string(std::chrono::duration_cast<minutes>(b - a).count()) + "m"; };
  std::string note;
  if (const auto day = day_around(calendar, t, session_hours::regular)) {
    note = "regular session, " + minutes_between(day->regular.open, t) + " after the open, " + minutes_between(t, day->regular.close) + " to the close";
    if (day->length == day_length::early_close) {
      const auto name = calendar.holiday_name(day->day);
      note += ", early close" + (name ? " (" + std::string(*name) + ")" : std::string());
    }
    return note;
  }
  if (calendar.day_at(t, session_hours::extended)) return "extended hours";
  if (calendar.day(local)) return "outside the session";
  const auto name = calendar.holiday_name(local);
  return name ? "closed (" + std::string(*name) + ")" : "closed";
}

} // namespace tt::strategy
