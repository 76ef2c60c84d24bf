#pragma once

// Trading hours of an exchange: holidays, early closes, overnight sessions, time
// zones; and from them the boundaries of bars.

#include "actors/model/market_data.hpp"
#include "actors/model/time.hpp"
#include "actors/model/timeframe.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

struct calendar_data;

/// Half-open span [open, close).
struct time_span {
  utc_time open;
  utc_time close;

  [[nodiscard]] bool contains(utc_time t) const { return open <= t && t < close; }
  bool operator==(const time_span&) const = default;
};

/// Whether a day's regular session ends before its usual time.
enum class day_length : std::uint8_t { full, early_close };

/// The hours of one trading day. `regular` lies within `extended`; they are equal
/// where a venue has no pre- and post-market. An overnight session opens on the
/// evening before `day`.
struct trading_day {
  civil_date day;
  time_span regular;
  time_span extended;
  day_length length = day_length::full;

  [[nodiscard]] const time_span& hours(session_hours kind) const {
    return kind == session_hours::regular ? regular : extended;
  }
  bool operator==(const trading_day&) const = default;
};

/// One bar's place in time: it takes the ticks of [open, close) that fall into
/// the session hours, and is stamped `stamp` (= open for intraday bars; 00:00 UTC
/// of the first trading day for day, week and month).
struct bar_span {
  utc_time stamp;
  utc_time open;
  utc_time close;
  /// The trading day of an intraday or daily bar; the first one of a longer bar.
  civil_date first_day;

  bool operator==(const bar_span&) const = default;
};

/// The days for which the rules of the calendars hold.
inline constexpr civil_date first_calendar_day = civil_date::of(1900, 1, 1), last_calendar_day = civil_date::of(2199, 12, 31);

/// The rules of one venue. Immutable once made, safe to share between threads.
/// Covers 1900 to 2199: outside of it every day is closed.
class exchange_calendar {
public:
  virtual ~exchange_calendar() = default;

  /// "XNYS", "XNAS", "CME_EQUITY", "FOREX", "24X7".
  [[nodiscard]] virtual std::string_view id() const = 0;
  /// IANA name, e.g. "America/New_York". Must stand in the system's database.
  [[nodiscard]] virtual std::string_view time_zone() const = 0;
  /// The hours of `day`, or nothing when the venue is closed that day.
  [[nodiscard]] virtual std::optional<trading_day> day(civil_date day) const = 0;
  /// Name of the holiday or early close on `day`, if any ("Thanksgiving"); nothing
  /// on the days of the week on which the venue is never open.
  [[nodiscard]] virtual std::optional<std::string_view> holiday_name(civil_date day) const = 0;

  /// The trading day whose hours of that kind contain `t`, if any.
  [[nodiscard]] std::optional<trading_day> day_at(utc_time t, session_hours kind) const;
  /// The first trading day on or after `day`. Searches at most 30 days.
  [[nodiscard]] std::optional<trading_day> on_or_after(civil_date day) const;
  /// The last trading day on or before `day`. Searches at most 30 days.
  [[nodiscard]] std::optional<trading_day> on_or_before(civil_date day) const;
  [[nodiscard]] market_state state_at(utc_time t) const;
  /// First opening strictly after `t` / first closing strictly after `t`, of hours of that kind.
  [[nodiscard]] std::optional<utc_time> next_open(utc_time t, session_hours kind) const;
  [[nodiscard]] std::optional<utc_time> next_close(utc_time t, session_hours kind) const;

  /// The next opening and closing after `t` as a clock of the market shows them: hours that adjoin (a week of forex, crypto's
  /// days) are one. Nothing where none comes within ten days.
  struct turns {
    std::optional<utc_time> open, close;
  };
  [[nodiscard]] turns next_turns(utc_time t, session_hours kind) const;

  /// The bar of `frame` that contains `t`, or nothing when `t` is outside the
  /// hours. Intraday bars are aligned to the session's opening (a 1h bar of a
  /// 09:30 session begins 09:30) and the last one is cut at the session's close.
  /// Weeks begin on Monday, months on the 1st. Bars of several days, weeks or
  /// months are grouped from the first trading day of the year, and the year's last
  /// one may be short; a week counts to the year of its first trading day.
  [[nodiscard]] std::optional<bar_span> bar_at(utc_time t, timeframe frame, session_hours kind) const;
  /// The bar of a day-or-longer `frame` that holds trading day `day`; nothing for
  /// intraday frames and closed days.
  [[nodiscard]] std::optional<bar_span> bar_of_day(civil_date day, timeframe frame, session_hours kind) const;

  /// Local wall-clock time of `t` with its offset: "2026-01-15T09:30:00-05:00".
  [[nodiscard]] std::string to_local_iso8601(utc_time t) const;
  /// The civil date at the venue's place at `t` (not the trading day).
  [[nodiscard]] civil_date local_date(utc_time t) const;

protected:
  exchange_calendar() = default;
  /// `data` holds days computed beforehand. Without it (the default constructor)
  /// every answer is worked out of day(), which is right but slower.
  explicit exchange_calendar(std::shared_ptr<const calendar_data> data) : data_(std::move(data)) {}

  [[nodiscard]] const calendar_data* data() const { return data_.get(); }

private:
  /// The days [from, to) that a bar of `frame` takes together with `day`.
  struct day_range {
    civil_date from;
    civil_date to;
  };
  [[nodiscard]] day_range days_of_bar(civil_date day, timeframe frame) const;
  [[nodiscard]] day_range day_group(civil_date day, int count) const;
  [[nodiscard]] day_range week_group(civil_date day, int count) const;
  [[nodiscard]] civil_date first_week_of(int year) const;

  std::shared_ptr<const calendar_data> data_;
};

/// The calendar of that id (see exchange_calendar::id; `XNAS`, `ARCX`, `NASDAQ`,
/// `NYSE`, `AMEX` share the US equity rules; `CME`, `CBOT`, `GLOBEX` the index futures').
/// Letter case is ignored. Errors: not_found, naming the calendars there are;
/// not_available when the system's time zone database lacks the venue's zone.
result<std::shared_ptr<const exchange_calendar>> find_calendar(std::string_view id);

/// Ids that find_calendar knows as primary names.
std::vector<std::string_view> calendar_ids();

} // namespace tt
