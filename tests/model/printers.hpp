#pragma once

// How GoogleTest shows our values when a comparison fails.

#include "actors/model/calendar.hpp"

#include <ostream>

namespace tt {

inline void PrintTo(civil_date day, std::ostream* out) { *out << day.to_string(); }

inline void PrintTo(const bar_span& b, std::ostream* out) {
  *out << to_iso8601(b.open) << " to " << to_iso8601(b.close) << " stamped " << to_iso8601(b.stamp);
}

} // namespace tt
