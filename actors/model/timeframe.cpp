#include "actors/model/timeframe.hpp"

#include <charconv>

namespace tt {

namespace {

struct unit_letter {
  timeframe_unit unit;
  unsigned factor;
  unsigned max_count;
};

/// The unit behind the letter, if it is one we keep.
result<unit_letter> read_unit(std::string_view letter, std::string_view whole) {
  if (letter.empty() || letter == "m") return unit_letter{timeframe_unit::minute, 1, 1440};
  if (letter == "h" || letter == "H") return unit_letter{timeframe_unit::minute, 60, 24};
  if (letter == "d" || letter == "D") return unit_letter{timeframe_unit::day, 1, 365};
  if (letter == "w" || letter == "W") return unit_letter{timeframe_unit::week, 1, 52};
  if (letter == "M") return unit_letter{timeframe_unit::month, 1, 12};
  if (letter == "s" || letter == "S" || letter == "t" || letter == "T")
    return error{errc::unsupported, "timeframe " + in_quotes(whole) + " is not kept: the shortest bar is one minute"};
  return error{errc::invalid_argument,
               "not a timeframe: " + in_quotes(whole) + " (expected 1m 3m 5m 15m 30m 1h 2h 4h 1d 1w 1M)"};
}

} // namespace

result<timeframe> timeframe::parse(std::string_view text) {
  unsigned count = 1;
  const char* const first = text.data();
  const char* const last = first + text.size();
  const auto [end, code] = std::from_chars(first, last, count);
  const bool has_count = end != first;
  if (has_count && code != std::errc{}) return error{errc::out_of_range, "timeframe count too large"};
  const std::string_view letter{end, static_cast<std::size_t>(last - end)};
  if (!has_count && letter.empty()) return error{errc::invalid_argument, "empty timeframe"};
  auto unit = read_unit(letter, text);
  if (!unit) return std::move(unit).error();
  if (count < 1 || count > unit->max_count)
    return error{errc::out_of_range, "timeframe " + in_quotes(text) + ": count must be 1 to " + std::to_string(unit->max_count)};
  return timeframe{unit->unit, static_cast<std::uint16_t>(count * unit->factor)};
}

std::string timeframe::to_string() const {
  switch (unit_) {
  case timeframe_unit::minute:
    return count_ % 60 == 0 ? std::to_string(count_ / 60) + "h" : std::to_string(count_) + "m";
  case timeframe_unit::day: return std::to_string(count_) + "d";
  case timeframe_unit::week: return std::to_string(count_) + "w";
  case timeframe_unit::month: return std::to_string(count_) + "M";
  }
  return {};
}

std::string timeframe::to_udf() const {
  switch (unit_) {
  case timeframe_unit::minute: return std::to_string(count_);
  case timeframe_unit::day: return std::to_string(count_) + "D";
  case timeframe_unit::week: return std::to_string(count_) + "W";
  case timeframe_unit::month: return std::to_string(count_) + "M";
  }
  return {};
}

} // namespace tt
