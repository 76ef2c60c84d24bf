#pragma once

// Wall-clock time of one place, quick enough for the tick path.

#include "actors/model/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace date {
class time_zone;
}

namespace tt {

/// Offsets from UTC of one IANA time zone. Those of 1990 to 2037 are read once into
/// a table; earlier ones are asked of the tz database each time; later ones repeat
/// the rules of 2010 to 2037, because the database lists no changes after that.
/// Immutable, safe to share between threads.
class zone_clock {
public:
  /// Errors: not_available when the database has no such zone or cannot be read.
  static result<zone_clock> load(std::string_view name);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Seconds east of Greenwich at `t`.
  [[nodiscard]] std::chrono::seconds offset_at(utc_time t) const;
  /// The moment at which the clocks of the place show `of_day` after midnight of
  /// `day`. The earlier one of an hour that comes twice; inside an hour that is
  /// left out, a moment next to it. `of_day` may lie outside 0..24 h.
  [[nodiscard]] utc_time to_utc(civil_date day, std::chrono::minutes of_day) const;
  [[nodiscard]] civil_date date_at(utc_time t) const { return utc_date(t + offset_at(t)); }
  /// "2026-01-15T09:30:00-05:00", seconds rounded down.
  [[nodiscard]] std::string to_iso8601(utc_time t) const;

private:
  /// The offset holds from `begin` to the next entry's begin.
  struct span {
    utc_time begin;
    std::chrono::seconds offset;
  };

  std::string name_;
  const date::time_zone* zone_ = nullptr;
  std::vector<span> spans_; // sorted; never empty once loaded
};

} // namespace tt
