#pragma once
/// Session arguments of time() and time_close(): when the bars of a session open and close.
///
/// A session doesn't filter a timeframe's bars, it makes bars of its own: an intraday timeframe is counted from the
/// session's opening and cut at its close, a day is one run of the session, and weeks and months reach from their first
/// opening to the next one's. (Measured on TradingView by PyneCore, its session tests 004 to 007.)

#include "actors/pine/calendar.hpp"

namespace tt::pine {

/// A stretch of time, UTC milliseconds, the end not included.
struct time_span {
  std::int64_t open_ms = 0, close_ms = 0;
};

class session_clock {
public:
  /// Reads "HHMM-HHMM[,HHMM-HHMM...][:days]", several of them separated by bars. A single range without days is for
  /// every day, anything else without days for Monday to Friday; hours from 24 on reach into the next day. Nothing when
  /// the text is malformed.
  static std::optional<session_clock> parse(std::string_view text, std::shared_ptr<const zone> z);
  /// The same hours and days read in a zone.
  session_clock(session_spec spec, std::shared_ptr<const zone> z) : spec_(std::move(spec)), zone_(std::move(z)) {}

  /// The bar of the timeframe that holds the time; nothing outside of the session.
  std::optional<time_span> bar_at(const timeframe& tf, std::int64_t utc_ms) const;
  /// The bar that many bars before it, or behind it when `back` is negative. Outside of the session there is one too: the
  /// walk begins at the session's last bar, or at its next.
  std::optional<time_span> bar_walked(const timeframe& tf, std::int64_t utc_ms, std::int64_t back) const;
  /// When the last run of a week or month ends.
  std::int64_t last_close(const time_span& period) const;

private:
  enum class part : std::uint8_t { run, day };
  enum class way : std::uint8_t { back, ahead };
  std::optional<time_span> whole_day(std::int64_t day) const;
  std::optional<time_span> neighbour(part what, way where, std::int64_t utc_ms) const;
  std::optional<time_span> days_from(std::int64_t utc_ms, std::int64_t back) const;
  std::optional<time_span> bars_from(std::int64_t length_ms, std::int64_t utc_ms, std::int64_t back) const;
  time_span run(const session_spec::range& r, std::int64_t open_day) const;
  std::optional<time_span> run_at(std::int64_t utc_ms) const;
  std::optional<time_span> day_at(std::int64_t utc_ms) const;
  time_span period_at(const timeframe& tf, std::int64_t utc_ms) const;
  std::int64_t first_open(std::int64_t day) const;
  std::int64_t local_day(std::int64_t utc_ms) const;
  session_spec spec_;
  std::shared_ptr<const zone> zone_;
};

} // namespace tt::pine
