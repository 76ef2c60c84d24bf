#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"
#include "actors/pine/session.hpp"

#include <algorithm>
#include <array>
#include <cctype>

/// time(), time_close(), timestamp(), calendar functions, timeframe.*, ticker.*, syminfo functions.

namespace tt::pine {
namespace {

std::shared_ptr<const zone> zone_arg(const site& c, std::size_t k) {
  if (c.type(k) == t_void || c.o(k) == nullptr) return c.ctx->cal.shared_tz();
  auto z = zone::find(c.s(k));
  if (z == nullptr) c.stop("there is no time zone \"" + c.s(k) + "\"");
  return z;
}

timeframe frame_arg(const site& c, std::size_t k) {
  const auto& s = c.s(k);
  if (s.empty()) return c.ctx->tf;
  auto tf = timeframe::parse(s);
  if (!tf) c.stop("\"" + s + "\" isn't a timeframe");
  return *tf;
}

template <class F>
void calendar_part(site& c, F f) {
  if (c.na(0)) return c.ret(na_value);
  c.ret(f64(f(zone_arg(c, 1)->local(c.i(0)))));
}
void year(site& c) { calendar_part(c, [](const civil_time& t) { return t.year; }); }
void month(site& c) { calendar_part(c, [](const civil_time& t) { return t.month; }); }
void weekofyear(site& c) { calendar_part(c, iso_week); }
void dayofmonth(site& c) { calendar_part(c, [](const civil_time& t) { return t.day; }); }
void dayofweek(site& c) { calendar_part(c, [](const civil_time& t) { return t.weekday; }); }
void hour(site& c) { calendar_part(c, [](const civil_time& t) { return t.hour; }); }
void minute(site& c) { calendar_part(c, [](const civil_time& t) { return t.minute; }); }
void second(site& c) { calendar_part(c, [](const civil_time& t) { return t.second; }); }

/// When the chart's bar `back` bars behind the present one opened; na where there is none. A negative number asks for
/// bars to come, which follow the trading calendar.
double chart_bar_time(const site& c, std::int64_t back) {
  auto& x = *c.ctx;
  constexpr std::int64_t furthest = 500;
  if (back > i64(context::times_kept)) c.stop("bars_back can be at most " + std::to_string(context::times_kept));
  if (back < -furthest) c.stop("bars_back can be at least -" + std::to_string(furthest));
  if (back > 0) return x.time_of_bar(back);
  auto t = x.current.time_ms;
  for (; back < 0; ++back) t = x.cal.next_open(x.tf, t);
  return f64(t);
}

/// The session that the argument means: its own hours, or the symbol's when the text doesn't begin with a digit.
session_clock session_arg(const site& c, std::size_t k, std::shared_ptr<const zone> z) {
  const auto& text = c.s(k);
  auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos || text[first] < '0' || text[first] > '9') return {c.ctx->cal.session(), std::move(z)};
  auto s = session_clock::parse(text, std::move(z));
  if (!s) c.stop("\"" + text + "\" isn't a session");
  return *s;
}

/// time() and time_close(): when the bar of that timeframe opens, or closes; na outside of the session, unless
/// timeframe_bars_back asks for another bar than the present one (PyneCore, measured on TradingView). bars_back counts bars
/// of the chart, timeframe_bars_back those of the timeframe. The arguments after the session begin at `rest`.
template <bool Close>
void period_time(site& c, std::size_t zone_at, std::size_t rest) {
  auto& x = *c.ctx;
  auto tf = frame_arg(c, 0);
  double bar_time = chart_bar_time(c, c.type(rest) == t_void ? 0 : c.i(rest));
  if (is_na(bar_time)) return c.ret(na_value);
  auto t = to_int(bar_time);
  auto frames = c.type(rest + 1) == t_void ? 0 : c.i(rest + 1);
  if (frames > 5000 || frames < -500) c.stop("timeframe_bars_back must be between -500 and 5000");
  bool with_zone = zone_at < c.count() && c.type(zone_at) != t_void && c.o(zone_at) != nullptr;
  bool with_session = rest > 1 && c.type(1) != t_void && c.o(1) != nullptr && (with_zone || c.s(1).find_first_of("0123456789") != std::string::npos);
  if (with_session) {
    auto z = with_zone ? zone::find(c.s(zone_at)) : x.cal.shared_tz();
    if (z == nullptr) c.stop("there is no time zone \"" + c.s(zone_at) + "\"");
    auto clock = session_arg(c, 1, z);
    constexpr std::uint64_t work_of_a_step = 20;
    c.shared().charge(work_of_a_step * static_cast<std::uint64_t>(1 + (frames < 0 ? -frames : frames)));
    auto bar_of = clock.bar_walked(tf, t, frames);
    if (!bar_of) return c.ret(na_value);
    // on a chart of days or more a week or a month closes with its last run, on others where the next one opens (PyneCore,
    // measured on TradingView)
    const bool long_bar = !tf.intraday() && tf.unit != timeframe::unit_t::day;
    if (Close && long_bar && !x.tf.intraday()) return c.ret(f64(clock.last_close(*bar_of)));
    return c.ret(f64(Close ? bar_of->close_ms : bar_of->open_ms));
  }
  bool own = tf.unit == x.tf.unit && tf.count == x.tf.count && frames == 0;
  if (frames != 0) t = x.cal.period_open(tf, t);
  for (; frames > 0; --frames) t = x.cal.period_open(tf, x.cal.session_before(tf, t));
  for (; frames < 0; ++frames) t = x.cal.next_open(tf, t);
  if (Close) c.ret(f64(x.cal.period_close(tf, t)));
  else c.ret(f64(own ? t : std::min(t, x.cal.period_open(tf, t))));
}
template <bool Close>
void time_in_zone(site& c) { period_time<Close>(c, 2, 3); }
template <bool Close>
void time_of(site& c) { period_time<Close>(c, c.count(), 2); }
/// Without a session: bars_back stands behind the timeframe.
template <bool Close>
void time_plain(site& c) { period_time<Close>(c, c.count(), 1); }

void timestamp_fields(site& c, const zone& z, std::size_t k) {
  for (std::size_t i = 0; i < 6; ++i)
    if (c.na(k + i)) return c.ret(na_value);
  c.ret(f64(z.to_utc(c.i(k), c.i(k + 1), c.i(k + 2), c.i(k + 3), c.i(k + 4), c.i(k + 5))));
}
void timestamp_local(site& c) { timestamp_fields(c, c.ctx->cal.tz(), 0); }
void timestamp_zone(site& c) {
  auto z = zone::find(c.s(0));
  if (z == nullptr) c.stop("there is no time zone \"" + c.s(0) + "\"");
  timestamp_fields(c, *z, 1);
}

struct date_parts {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

bool read_digits(std::string_view v, std::int64_t& to) {
  constexpr std::size_t most = 6;
  if (v.empty() || v.size() > most) return false;
  std::int64_t n = 0;
  for (char c : v) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + (c - '0');
  }
  to = n;
  return true;
}
/// "22:10" or "22:10:05.000".
bool read_clock(std::string_view w, date_parts& at) {
  auto colon = w.find(':'), second = w.find(':', colon + 1);
  if (!read_digits(w.substr(0, colon), at.hour) || !read_digits(w.substr(colon + 1, second == std::string_view::npos ? second : second - colon - 1), at.minute)) return false;
  if (second == std::string_view::npos) return true;
  auto tail = w.substr(second + 1);
  return read_digits(tail.substr(0, tail.find('.')), at.second);
}
/// "2020-02-01" or "2020-02"; else the month is first: "02-01-2020", "2/1/2020", "02.01.2020" (PyneCore, measured on
/// TradingView).
bool read_numeric_date(std::string_view w, date_parts& at) {
  constexpr std::size_t year_digits = 4;
  auto first = w.find_first_of("-/."), second = w.find(w[first], first + 1);
  auto a = w.substr(0, first), b = w.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  auto c = second == std::string_view::npos ? std::string_view{} : w.substr(second + 1);
  if (a.size() == year_digits && w[first] == '-') {
    at.day = 1;
    return read_digits(a, at.year) && read_digits(b, at.month) && (c.empty() || read_digits(c, at.day));
  }
  return c.size() == year_digits && read_digits(a, at.month) && read_digits(b, at.day) && read_digits(c, at.year);
}
/// The name of a month; that of a day says nothing.
bool read_name(std::string_view w, date_parts& at) {
  static constexpr std::array months{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  static constexpr std::array days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::string low;
  for (char c : w.substr(0, 3)) low += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  auto month = std::find(months.begin(), months.end(), low);
  if (month != months.end()) at.month = month - months.begin() + 1;
  return month != months.end() || std::find(days.begin(), days.end(), low) != days.end();
}

} // namespace

/// "2020-02-01T22:10:05+02:00", "01 Feb 2020 22:10 GMT+5", "Feb 01 2020 22:10:05", "02/01/2020". na when it isn't a date.
double parse_date(std::string_view text) {
  std::vector<std::string> words;
  std::string zone_text;
  std::string word;
  auto flush = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool digit = c >= '0' && c <= '9';
    if (c == 'T' && !word.empty() && std::isdigit(static_cast<unsigned char>(word.back())) != 0) {
      flush();
    } else if (c == 'Z' && i + 1 == text.size()) {
      zone_text = "UTC";
    } else if (c == ' ' || c == ',') {
      flush();
    } else if ((c == '+' || c == '-') && word.find(':') != std::string::npos) {
      flush();
      zone_text = std::string(text.substr(i));
      break;
    } else if (text.substr(i, 3) == "GMT" || text.substr(i, 3) == "UTC") {
      flush();
      zone_text = std::string(text.substr(i));
      break;
    } else if ((c == '+' || c == '-') && word.empty() && words.size() > 1 && !digit) {
      zone_text = std::string(text.substr(i));
      break;
    } else {
      word += c;
    }
  }
  flush();
  date_parts at;
  std::vector<std::int64_t> small; // numbers that are no year
  for (const auto& w : words) {
    std::int64_t n = 0;
    bool read = true;
    if (w.find(':') != std::string::npos) read = read_clock(w, at);
    else if (w.find_first_of("-/.") != std::string::npos) read = read_numeric_date(w, at);
    else if (!read_digits(w, n)) read = read_name(w, at);
    else if (w.size() == 4) at.year = n;
    else small.push_back(n);
    if (!read) return na_value;
  }
  // without a month's name the month comes first: "05 12 2000" is in May (PyneCore, measured on TradingView)
  if (at.month == 0 && small.size() > 1) {
    at.month = small[0];
    small.erase(small.begin());
  }
  if (!small.empty()) at.day = small[0];
  if (at.year == 0 || at.month < 1 || at.month > 12 || at.day < 0 || at.day > 31) return na_value;
  auto z = zone::find(zone_text.empty() ? "UTC" : zone_text);
  if (z == nullptr) return na_value;
  return f64(z->to_utc(at.year, at.month, at.day == 0 ? 1 : at.day, at.hour, at.minute, at.second));
}

namespace {

void timestamp_text(site& c) {
  double t = parse_date(c.s(0));
  if (is_na(t)) c.stop("\"" + c.s(0) + "\" isn't a date");
  c.ret(t);
}

// ---------------------------------------------------------------- timeframe, ticker, syminfo

void in_seconds(site& c) { c.ret(frame_arg(c, 0).seconds()); }
void from_seconds(site& c) { c.ret_text(timeframe::from_seconds(c.i(0)).text(true)); }
void tf_change(site& c) {
  auto& x = *c.ctx;
  auto tf = frame_arg(c, 0);
  if (x.index == 0) return c.ret(0);
  c.ret(from_bool(x.cal.period(tf, x.current.time_ms) != x.cal.period(tf, x.prev_time)));
}

std::pair<std::string, std::string> split_ticker(const std::string& id) {
  auto bar = id.find('|');
  auto plain = id.substr(0, bar);
  auto colon = plain.find(':');
  if (colon == std::string::npos) return {"", plain};
  return {plain.substr(0, colon), plain.substr(colon + 1)};
}
void prefix(site& c) { c.ret_text(split_ticker(c.s(0)).first); }
void ticker(site& c) { c.ret_text(split_ticker(c.s(0)).second); }

/// Ticker ids carry their modifiers after a bar, so that the data source can see them: "NASDAQ:AAPL|session=extended".
std::string base_of(const std::string& id) { return id.substr(0, id.find('|')); }
void append(std::string& id, const char* name, const site& c, std::size_t k) {
  if (k < c.count() && c.type(k) == t_string && c.o(k) != nullptr && !c.s(k).empty()) id += std::string("|") + name + "=" + c.s(k);
}
void ticker_new(site& c) {
  auto id = c.s(0).empty() ? c.s(1) : c.s(0) + ":" + c.s(1);
  append(id, "session", c, 2);
  append(id, "adjustment", c, 3);
  c.ret_text(id);
}
void ticker_modify(site& c) {
  auto id = c.s(0);
  append(id, "session", c, 1);
  append(id, "adjustment", c, 2);
  c.ret_text(id);
}
void ticker_standard(site& c) { c.ret_text(c.o(0) == nullptr || c.s(0).empty() ? c.ctx->symbol->tickerid() : base_of(c.s(0))); }
void ticker_inherit(site& c) {
  auto bar = c.s(0).find('|');
  c.ret_text(base_of(c.s(1)) + (bar == std::string::npos ? "" : c.s(0).substr(bar)));
}
void ticker_chart(site& c, const char* kind) {
  std::string id = c.s(0) + "|chart=" + kind;
  for (std::size_t k = 1; k < c.count(); ++k) {
    if (c.type(k) == t_void) continue;
    id += ',';
    id += c.type(k) == t_string ? c.s(k) : std::to_string(c.f(k));
  }
  c.ret_text(id);
}
void heikinashi(site& c) { ticker_chart(c, "heikinashi"); }
void renko(site& c) { ticker_chart(c, "renko"); }
void kagi(site& c) { ticker_chart(c, "kagi"); }
void linebreak(site& c) { ticker_chart(c, "linebreak"); }
void pointfigure(site& c) { ticker_chart(c, "pointfigure"); }

} // namespace

const std::vector<builtin_row>& time_rows() {
  static const std::vector<builtin_row> rows{
      {"year(int time, string timezone=?) =int", year},
      {"month(int time, string timezone=?) =int", month},
      {"weekofyear(int time, string timezone=?) =int", weekofyear},
      {"dayofmonth(int time, string timezone=?) =int", dayofmonth},
      {"dayofweek(int time, string timezone=?) =int", dayofweek},
      {"hour(int time, string timezone=?) =int", hour},
      {"minute(int time, string timezone=?) =int", minute},
      {"second(int time, string timezone=?) =int", second},
      {"time(string timeframe, string session=?, string timezone=?, int bars_back=?, int timeframe_bars_back=?) series int", time_in_zone<false>},
      {"time(string timeframe, string session, int bars_back, int timeframe_bars_back=?) series int", time_of<false>},
      {"time(string timeframe, int bars_back, int timeframe_bars_back=?) series int", time_plain<false>, 0, special::none, 6},
      {"time_close(string timeframe, string session=?, string timezone=?, int bars_back=?, int timeframe_bars_back=?) series int", time_in_zone<true>},
      {"time_close(string timeframe, string session, int bars_back, int timeframe_bars_back=?) series int", time_of<true>},
      {"time_close(string timeframe, int bars_back, int timeframe_bars_back=?) series int", time_plain<true>, 0, special::none, 6},
      {"timestamp(int year, int month, int day, int hour=0, int minute=0, int second=0) =int", timestamp_local},
      {"timestamp(string timezone, int year, int month, int day, int hour=0, int minute=0, int second=0) =int", timestamp_zone},
      {"timestamp(string dateString) =int", timestamp_text},
      {"timeframe.in_seconds(simple string timeframe=\"\") =int", in_seconds, 0, special::none, 5},
      {"timeframe.in_seconds(string timeframe=\"\") =int", in_seconds, 0, special::none, 6},
      {"timeframe.from_seconds(int seconds) =string", from_seconds},
      {"timeframe.change(string timeframe) series bool", tf_change},
      {"syminfo.prefix(string symbol) =string", prefix},
      {"syminfo.ticker(string symbol) =string", ticker},
      {"ticker.new(string prefix, string ticker, string session=\"\", string adjustment=\"\", string backadjustment=\"\", string settlement_as_close=\"\") =string", ticker_new},
      {"ticker.modify(string tickerid, string session=\"\", string adjustment=\"\", string backadjustment=\"\", string settlement_as_close=\"\") =string", ticker_modify},
      {"ticker.standard(string symbol=na) =string", ticker_standard},
      {"ticker.inherit(string from_tickerid, string symbol) =string", ticker_inherit},
      {"ticker.heikinashi(string symbol) =string", heikinashi},
      {"ticker.renko(string symbol, string style, float param, bool request_wicks=false, string source=\"Close\") =string", renko},
      {"ticker.kagi(string symbol, float reversal) =string", kagi},
      {"ticker.kagi(string symbol, float param, string style) =string", kagi},
      {"ticker.linebreak(string symbol, int number_of_lines) =string", linebreak},
      {"ticker.pointfigure(string symbol, string source, string style, float param, int reversal) =string", pointfigure},
  };
  return rows;
}

} // namespace tt::pine
