#pragma once
/// Numbers and times as text, in the patterns of Pine ("#.##", "0,000.00", "yyyy-MM-dd").

#include "actors/pine/calendar.hpp"

#include <string>
#include <string_view>

namespace tt::pine {

/// Fewest digits that read back as the same number, in plain notation: 0.1, 1234567, 0.00000012. na is "NaN".
std::string shortest_decimal(double x);
/// Where a number lies in the middle between two results of rounding: away from zero, judged by the digits it prints
/// as (str.tostring), or to the even digit, judged by its exact value (str.format).
enum class ties_t : std::uint8_t { away, even };
/// By a pattern of 0, #, a point, a comma and %, with text around them and a second pattern for negative numbers behind
/// a semicolon.
std::string format_decimal(double x, std::string_view pattern, ties_t ties = ties_t::away);
/// As str.tostring() shows a number: at most 10 places, with an exponent from 1e21 up and below 1e-21.
std::string format_plain(double x);
/// Rounded to `digits` places, without trailing zeros.
std::string format_places(double x, int digits);
/// With exactly `digits` places.
std::string format_fixed(double x, int digits, bool group = false);
/// 1.234K, 12.3M, as format.volume shows.
std::string format_volume(double x);
/// The first letter of a pattern for times that stands for nothing, or 0. Letters in quotes are text.
char unknown_time_letter(std::string_view pattern);
/// Letters y M d H h m s S a E Z z, quoted text as is; two quotes are one, in quotes too.
std::string format_time(std::int64_t utc_ms, std::string_view pattern, const zone& z);
/// The number of decimals of a price step, 0.01 -> 2.
int places_of(double step);

} // namespace tt::pine
