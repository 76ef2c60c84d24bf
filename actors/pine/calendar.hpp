#pragma once
/// Time zones, trading sessions and timeframes: everything that turns a Unix time into a calendar fact.
/// Time zones come from the IANA database through Howard Hinnant's date library.

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::pine {

/// A calendar date and time of day in some zone. `weekday` is 1 = Sunday ... 7 = Saturday, as in Pine.
struct civil_time {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0, weekday = 5;
};

/// Days since 1970-01-01 of a proleptic Gregorian date; months and days outside their range carry over.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day);
civil_time civil_from_days(std::int64_t days);
/// ISO 8601 week number.
int iso_week(const civil_time& t);

/// A time zone: an IANA name ("America/New_York") or an offset ("UTC-5", "GMT+5:30").
class zone {
public:
  /// Null when the name is neither. May be called, and its zones used, by several threads at once: scripts move between
  /// the threads that run them.
  static std::shared_ptr<const zone> find(std::string_view name);
  /// Milliseconds to add to UTC at that time.
  std::int64_t offset_ms(std::int64_t utc_ms) const;
  civil_time local(std::int64_t utc_ms) const;
  /// UTC milliseconds of a local date and time; fields may be out of range and carry over.
  std::int64_t to_utc(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour, std::int64_t minute,
                      std::int64_t second) const;
  std::string abbreviation(std::int64_t utc_ms) const;

private:
  /// A stretch of time with one offset.
  struct span {
    std::int64_t from = 0, to = 0, offset_ms = 0;
    bool holds(std::int64_t utc_ms) const { return utc_ms >= from && utc_ms < to; }
  };
  const span* look_up(std::int64_t utc_ms) const;

  const void* tz_ = nullptr; ///< date::time_zone, or null for a fixed offset
  std::int64_t fixed_ms_ = 0;
  // Bars follow each other in time, so the span of the last question mostly answers the next one. Spans never change and
  // live as long as the zone.
  mutable std::atomic<const span*> last_{nullptr};
  mutable std::mutex guard_;
  mutable std::map<std::int64_t, span> spans_; ///< by `to`; the calendar library is slow to ask
};

/// A Pine timeframe string taken apart: "15", "1D", "3W", "12M", "30S", "1T".
struct timeframe {
  enum class unit_t : std::uint8_t { tick, second, minute, day, week, month } unit = unit_t::day;
  std::int64_t count = 1;

  static std::optional<timeframe> parse(std::string_view text);
  /// Seconds; a month counts 2,628,003 s (kit: tf-in-seconds).
  double seconds() const;
  bool intraday() const { return unit <= unit_t::minute; }
  std::string text(bool always_multiplier) const;
  /// Whether bars of it never reach over a border of the longer timeframe: 30 lies in 90 and any intraday one in a day, but
  /// 60 does not in 90, nor a week in a month.
  bool lies_in(const timeframe& longer) const;
  /// The shortest valid timeframe of at least that length; of equal ones the one with the larger unit: 604800 is "1W".
  static timeframe from_seconds(std::int64_t seconds);
};

/// "0930-1600:23456", "1700-1700", "24x7", or several ranges separated by commas.
struct session_spec {
  struct range {
    int from = 0, to = 0;     ///< minutes of the day; to <= from runs past midnight
    unsigned days = 0b11111110; ///< bit n: day n, 1 = Sunday
  };
  std::vector<range> ranges;
  bool always = false; ///< 24 hours, 7 days

  static std::optional<session_spec> parse(std::string_view text);
  /// Whether the local time lies in one of the ranges.
  bool contains(const civil_time& t) const;
};

/// A symbol's trading calendar: zone plus session. Answers where periods begin and end. A symbol with the hours of the
/// American stock exchanges (New York, 09:30-16:00, or 04:00-20:00 with the extended hours) keeps their holidays and half
/// days, too: on those the session ends at 13:00 (17:00), and a week ends on Thursday before Good Friday.
class calendar {
public:
  calendar(std::string_view zone_name, std::string_view session);
  const zone& tz() const { return *zone_; }
  std::shared_ptr<const zone> shared_tz() const { return zone_; }
  const session_spec& session() const { return session_; }
  /// The date a time is booked to, as days since 1970: overnight sessions belong to the day they end.
  std::int64_t trading_day(std::int64_t utc_ms) const;
  /// UTC time at which that day's session begins, and ends.
  std::int64_t session_open(std::int64_t day) const;
  std::int64_t session_close(std::int64_t day) const;
  /// Whether the session has that day of the week: what counts the days of timeframes of several. Holidays are such days.
  bool trades_on(std::int64_t day) const;
  /// A number that changes exactly when a new period of the timeframe begins (kit: tf-change*).
  std::int64_t period(const timeframe& tf, std::int64_t utc_ms) const;
  /// UTC time at which the period that holds `utc_ms` begins, and ends.
  std::int64_t period_open(const timeframe& tf, std::int64_t utc_ms) const;
  /// The time of a bar whose first shorter bar begins then: an intraday or daily bar begins with its period even where
  /// nothing was traded at first, but never behind what it holds (as bars before the session's opening).
  std::int64_t bar_open(const timeframe& tf, std::int64_t first_ms) const;
  std::int64_t period_close(const timeframe& tf, std::int64_t utc_ms) const;
  /// When a bar that begins then ends: with its period. Of data whose bars begin with the clock, not with the session (10:00 of a
  /// day that opens at 09:30), a bar has its own length, at most until the session ends.
  std::int64_t bar_close(const timeframe& tf, std::int64_t open_ms) const;
  /// When the bar after the one that holds `utc_ms` opens, by the trading calendar.
  std::int64_t next_open(const timeframe& tf, std::int64_t utc_ms) const;
  /// A time inside the period before the one that begins at `open_ms`, when there was trading.
  std::int64_t session_before(const timeframe& tf, std::int64_t open_ms) const;

private:
  /// Days on which nothing is traded are known for American stocks only.
  enum class closures : std::uint8_t { unknown, us_stocks };
  bool is_open_on(std::int64_t day) const;
  std::int64_t trading_days_in_year(std::int64_t day) const;
  std::int64_t first_day(const timeframe& tf, std::int64_t day) const;
  std::shared_ptr<const zone> zone_;
  session_spec session_;
  bool overnight_ = false;
  int open_minute_ = 0, close_minute_ = 0;
  unsigned days_ = 0;
  closures closures_ = closures::unknown;
  mutable std::int64_t cached_day_ = -1, cached_open_ = 1, cached_close_ = 0;
  /// The newest answer of session_close where days may be short.
  mutable std::int64_t closed_day_ = std::numeric_limits<std::int64_t>::min(), closed_at_ = 0;
};

} // namespace tt::pine
