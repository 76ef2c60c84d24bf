#pragma once
/// When a job runs: cron or a rule in words of the session, in a time zone, against an exchange's calendar. Pure: it is
/// told the time and answers which moment comes next.
///
/// A firing has a `slot`, the moment it is about, by which it is known for ever, and a moment at which it starts: 2 s later
/// where it waits for a bar to close.

#include "actors/model/calendar.hpp"
#include "actors/model/zone_clock.hpp"
#include "actors/strategy/jobs/cron.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr int schedule_days = 400; ///< how far ahead a next firing is looked for; none: NEVER_FIRES
} // namespace limits

inline constexpr std::chrono::seconds bar_close_delay{2};

enum class session_gate : std::uint8_t { regular, extended, any };
enum class bar_alignment : std::uint8_t { bar_close, clock };

/// "open+30m", "close-15m" or "16:30".
struct day_moment {
  enum class base : std::uint8_t { open, close, midnight };
  base from = base::midnight;
  std::chrono::minutes offset{0};
  bool operator==(const day_moment&) const = default;
};
/// Errors: invalid_argument.
result<day_moment> parse_day_moment(std::string_view text);
/// "5m", "1h", "90m", "1d": 1 minute to 1 day. Errors: invalid_argument, out_of_range.
result<std::chrono::minutes> parse_interval(std::string_view text);

struct every_rule {
  std::chrono::minutes every{5};
  bar_alignment align = bar_alignment::bar_close;
  std::optional<day_moment> first, last; ///< both inclusive
  bool operator==(const every_rule&) const = default;
};
struct at_rule {
  day_moment at;
  std::optional<std::bitset<7>> weekdays; ///< nothing: trading days
  bool operator==(const at_rule&) const = default;
};

struct schedule_rule {
  std::variant<cron_rule, every_rule, at_rule> how;
  session_gate gate = session_gate::regular;
  bool operator==(const schedule_rule&) const = default;
};

struct firing {
  enum class verdict : std::uint8_t { run, outside_session, closed_day };
  utc_time slot{};
  utc_time starts{};
  verdict what = verdict::run;
  bool operator==(const firing&) const = default;
};

/// Immutable, safe to share.
class schedule {
public:
  schedule(schedule_rule rule, std::shared_ptr<const zone_clock> zone, std::shared_ptr<const exchange_calendar> calendar);

  /// The first firing that runs with a slot after `t`; nothing within limits::schedule_days.
  [[nodiscard]] std::optional<firing> next_after(utc_time t) const;
  /// The last firing that runs with a slot at or before `t`, looked for over 10 days.
  [[nodiscard]] std::optional<firing> last_until(utc_time t) const;
  /// All firings with slots in (from, to], skipped ones too, in order.
  [[nodiscard]] std::vector<firing> between(utc_time from, utc_time to) const;
  /// Whether every firing of the next 400 days after `t` lies outside of the regular session (and there is one).
  [[nodiscard]] bool only_outside_session(utc_time t) const;

  [[nodiscard]] const schedule_rule& rule() const { return rule_; }
  [[nodiscard]] const exchange_calendar& calendar() const { return *calendar_; }
  [[nodiscard]] const zone_clock& zone() const { return *zone_; }

private:
  [[nodiscard]] std::vector<firing> of_day(civil_date day) const;
  void add_cron(const cron_rule& rule, civil_date day, std::vector<firing>& out) const;
  void add_every(const every_rule& rule, civil_date day, std::vector<firing>& out) const;
  void add_at(const at_rule& rule, civil_date day, std::vector<firing>& out) const;
  [[nodiscard]] firing::verdict judge(utc_time slot) const;
  [[nodiscard]] std::optional<utc_time> resolve(const day_moment& m, civil_date day, const std::optional<trading_day>& hours) const;
  [[nodiscard]] session_hours hours_kind() const { return rule_.gate == session_gate::extended ? session_hours::extended : session_hours::regular; }

  schedule_rule rule_;
  std::shared_ptr<const zone_clock> zone_;
  std::shared_ptr<const exchange_calendar> calendar_;
};

/// The moment at which the clocks of the place show that time: the first of a time that comes twice; the next minute that
/// exists of one that is left out.
utc_time local_moment(const zone_clock& zone, civil_date day, std::chrono::minutes of_day);

/// "regular session, 10m after the open", "early close (day after Thanksgiving)", "closed (Christmas Day)": for lists of firings.
std::string session_note(const exchange_calendar& calendar, utc_time t);

} // namespace tt::strategy
