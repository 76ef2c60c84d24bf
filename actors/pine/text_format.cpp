#include "actors/pine/text_format.hpp"

#include "actors/pine/util.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <vector>

namespace tt::pine {

namespace {

/// Digits of |x|, shortest that read back, with the position of the point.
struct decimal_digits {
  std::string digits; ///< without leading zeros
  int point = 0;      ///< digits before the point; may be negative
};

decimal_digits digits_of(double x) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(x), std::chars_format::scientific).ptr;
  std::string_view s(buffer, usz(end - buffer));
  auto e = s.find('e');
  int exponent = 0;
  auto tail = s.substr(e + 1);
  if (!tail.empty() && tail[0] == '+') tail.remove_prefix(1);
  std::from_chars(tail.data(), tail.data() + tail.size(), exponent);
  decimal_digits d;
  for (char c : s.substr(0, e))
    if (c != '.') d.digits += c;
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  d.point = exponent + 1;
  if (d.digits == "0") {
    d.digits.clear();
    d.point = 0;
  }
  return d;
}

/// Rounds to so many places after the point, half away from zero. Nothing left is 0, wherever its point was.
void round_digits(decimal_digits& d, int places) {
  auto keep = d.point + places;
  if (keep >= i32(d.digits.size())) return;
  bool up = keep >= 0 && d.digits[usz(keep)] >= '5';
  d.digits.resize(usz(std::max(keep, 0)));
  if (!up) {
    while (!d.digits.empty() && d.digits.back() == '0') d.digits.pop_back();
    if (d.digits.empty()) d.point = 0;
    return;
  }
  auto i = d.digits.size();
  while (i > 0 && d.digits[i - 1] == '9') d.digits[--i] = '0';
  if (i > 0) {
    ++d.digits[i - 1];
  } else {
    d.digits.insert(d.digits.begin(), '1');
    ++d.point;
  }
  while (!d.digits.empty() && d.digits.back() == '0') d.digits.pop_back();
}

std::string integer_part(const decimal_digits& d, int least, int group) {
  std::string out;
  for (int k = 0; k < d.point; ++k) out += k < i32(d.digits.size()) ? d.digits[usz(k)] : '0';
  while (i32(out.size()) < least) out.insert(out.begin(), '0');
  if (group > 0)
    for (auto at = i32(out.size()) - group; at > 0; at -= group) out.insert(usz(at), ",");
  return out;
}

std::string fraction_part(const decimal_digits& d, int least, int most) {
  std::string out;
  for (int k = 0; k < most; ++k) {
    auto at = d.point + k;
    bool more = at < i32(d.digits.size());
    if (!more && k >= least) break;
    out += at >= 0 && more ? d.digits[usz(at)] : '0';
  }
  return out;
}

} // namespace

std::string shortest_decimal(double x) {
  if (is_na(x)) return "NaN";
  auto d = digits_of(x);
  auto whole = integer_part(d, 1, 0), part = fraction_part(d, 0, 400);
  return (x < 0 ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

std::string format_plain(double x) {
  constexpr double huge = 1e21, tiny = 1e-21;
  auto size = std::fabs(x);
  if (is_na(x) || std::isinf(x) || size == 0 || (size < huge && size >= tiny)) return format_places(x, 10);
  auto d = digits_of(x);
  return (x < 0 ? "-" : "") + d.digits.substr(0, 1) + (d.digits.size() > 1 ? "." + d.digits.substr(1) : "") + "E" + std::to_string(d.point - 1);
}

std::string format_places(double x, int digits) {
  if (is_na(x)) return "NaN";
  auto d = digits_of(x);
  round_digits(d, digits);
  auto whole = integer_part(d, 1, 0), part = fraction_part(d, 0, digits);
  bool zero = d.digits.empty();
  return (x < 0 && !zero ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

std::string format_fixed(double x, int digits, bool group) {
  if (is_na(x)) return "NaN";
  auto d = digits_of(x);
  round_digits(d, digits);
  auto whole = integer_part(d, 1, group ? 3 : 0), part = fraction_part(d, digits, digits);
  return (x < 0 && !d.digits.empty() ? "-" : "") + whole + (part.empty() ? "" : "." + part);
}

namespace {

/// A pattern cut into the text before the digits, the digits' own signs and the text behind. Quotes make signs text.
struct decimal_pattern {
  std::string prefix, digits, suffix;
};
decimal_pattern cut_pattern(std::string_view text) {
  std::vector<std::pair<char, bool>> signs; ///< character, belongs to the digits
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\'') {
      signs.emplace_back(text[i], !quoted && std::string_view("#0.,").find(text[i]) != std::string_view::npos);
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      signs.emplace_back('\'', false);
      ++i;
    } else {
      quoted = !quoted;
    }
  }
  std::size_t first = 0, last = signs.size();
  while (first < signs.size() && !signs[first].second) ++first;
  while (last > first && !signs[last - 1].second) --last;
  decimal_pattern out;
  for (std::size_t i = 0; i < signs.size(); ++i) (i < first ? out.prefix : i < last ? out.digits : out.suffix) += signs[i].first;
  return out;
}

/// The digits of x rounded to so many places. Both ways begin with the shortest digits that read back, of which at
/// most 16 stand behind the point from 0.001 up; the message way breaks ties on the exact value, to the even digit.
decimal_digits rounded(double x, int places, ties_t ties) {
  if (std::fabs(x) >= 1e-3) places = std::min(places, 16);
  auto d = digits_of(x);
  if (ties == ties_t::away || i32(d.digits.size()) - d.point <= places) {
    round_digits(d, places);
    return d;
  }
  std::array<char, 400> buffer{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(x), std::chars_format::fixed, places).ptr;
  std::string_view text(buffer.data(), usz(end - buffer.data()));
  auto dot = std::min(text.find('.'), text.size());
  decimal_digits out;
  out.point = i32(dot);
  for (char ch : text)
    if (ch != '.') out.digits += ch;
  while (!out.digits.empty() && out.digits.back() == '0') out.digits.pop_back();
  auto zeros = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, zeros);
  out.point -= i32(zeros);
  if (out.digits.empty()) out.point = 0;
  return out;
}

} // namespace

std::string format_decimal(double x, std::string_view pattern, ties_t ties) {
  if (is_na(x)) return "NaN";
  bool negative = x < 0;
  std::size_t semicolon = 0;
  for (bool quoted = false; semicolon < pattern.size() && (quoted || pattern[semicolon] != ';'); ++semicolon)
    if (pattern[semicolon] == '\'') quoted = !quoted;
  bool own_negative = negative && semicolon < pattern.size();
  auto p = cut_pattern(own_negative ? pattern.substr(semicolon + 1) : pattern.substr(0, semicolon));
  if (own_negative && p.digits.empty()) p.digits = cut_pattern(pattern.substr(0, semicolon)).digits;
  if (p.prefix.find('%') != std::string::npos || p.suffix.find('%') != std::string::npos) x *= 100;
  if (std::isinf(x)) return (negative && !own_negative ? "-" : "") + p.prefix + "\u221E" + p.suffix;
  if (p.digits.empty()) p.digits = "#";
  std::string_view body = p.digits;
  auto dot = body.find('.');
  auto whole = body.substr(0, dot), part = dot == std::string_view::npos ? std::string_view{} : body.substr(dot + 1);
  int least_whole = i32(std::count(whole.begin(), whole.end(), '0'));
  int least_part = i32(std::count(part.begin(), part.end(), '0'));
  constexpr int most_places = 340; // no double has more
  least_part = std::min(least_part, most_places);
  int most_part = std::min(least_part + i32(std::count(part.begin(), part.end(), '#')), most_places);
  auto comma = whole.rfind(',');
  int group = comma == std::string_view::npos ? 0 : i32(whole.size() - comma - 1);
  auto d = rounded(x, most_part, ties);
  auto fraction = fraction_part(d, least_part, most_part);
  auto integer = integer_part(d, least_whole, group);
  // a zero before the point stands unless the pattern asks for places but not for it: 0.5 is ".5" with "#.0"
  if (integer.empty() && (fraction.empty() || least_part == 0)) integer = "0";
  std::string out(negative && !own_negative && !d.digits.empty() ? "-" : "");
  out += p.prefix + integer;
  if (!fraction.empty()) out += "." + fraction;
  return out + p.suffix;
}

std::string format_volume(double x) {
  if (is_na(x)) return "NaN";
  constexpr std::array<std::pair<double, const char*>, 4> units{{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "K"}}};
  for (const auto& [size, letter] : units)
    if (std::fabs(x) >= size) return format_places(x / size, 3) + letter;
  return format_places(x, 3);
}

int places_of(double step) {
  if (!(step > 0)) return 2;
  auto d = digits_of(step);
  return std::max(0, i32(d.digits.size()) - d.point);
}

char unknown_time_letter(std::string_view pattern) {
  bool quoted = false;
  for (char c : pattern) {
    if (c == '\'') quoted = !quoted;
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!quoted && letter && std::string_view("GyYuMLwWDdFEaHkKhmsSzZX").find(c) == std::string_view::npos) return c;
  }
  return 0;
}

std::string format_time(std::int64_t utc_ms, std::string_view p, const zone& z) {
  static constexpr std::array months{"January", "February", "March", "April", "May", "June", "July", "August",
                                     "September", "October", "November", "December"};
  static constexpr std::array days{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  auto t = z.local(utc_ms);
  std::string out;
  auto pad = [&](std::int64_t v, std::size_t n) {
    auto s = std::to_string(v);
    if (s.size() < n) s.insert(0, n - s.size(), '0');
    out += s;
  };
  for (std::size_t i = 0; i < p.size();) {
    char c = p[i];
    if (c == '\'') {
      ++i;
      if (i < p.size() && p[i] == '\'') {
        out += p[i++];
        continue;
      }
      for (; i < p.size(); ++i) {
        if (p[i] == '\'' && (i + 1 >= p.size() || p[++i] != '\'')) break;
        out += p[i];
      }
      continue;
    }
    std::size_t n = 1;
    while (i + n < p.size() && p[i + n] == c) ++n;
    auto offset = z.offset_ms(utc_ms) / 60'000;
    auto write_offset = [&](bool colon, bool minutes = true) {
      out += offset < 0 ? '-' : '+';
      auto m = offset < 0 ? -offset : offset;
      pad(m / 60, 2);
      if (colon) out += ':';
      if (minutes) pad(m % 60, 2);
    };
    switch (c) {
    case 'y':
    case 'Y':
    case 'u':
      if (n == 2) pad(t.year % 100, 2);
      else pad(t.year, n);
      break;
    case 'M':
    case 'L':
      if (n >= 4) out += months[usz(t.month - 1)];
      else if (n == 3) out += std::string_view(months[usz(t.month - 1)]).substr(0, 3);
      else pad(t.month, n);
      break;
    case 'd': pad(t.day, n); break;
    case 'D': pad(days_from_civil(t.year, t.month, t.day) - days_from_civil(t.year, 1, 1) + 1, n); break;
    case 'E':
      out += n >= 4 ? std::string_view(days[usz(t.weekday - 1)]) : std::string_view(days[usz(t.weekday - 1)]).substr(0, 3);
      break;
    case 'w': pad(iso_week(t), n); break;
    case 'H': pad(t.hour, n); break;
    case 'k': pad(t.hour == 0 ? 24 : t.hour, n); break;
    case 'h': pad(t.hour % 12 == 0 ? 12 : t.hour % 12, n); break;
    case 'K': pad(t.hour % 12, n); break;
    case 'm': pad(t.minute, n); break;
    case 's': pad(t.second, n); break;
    case 'S': pad(t.millisecond, n); break;
    case 'a': out += t.hour < 12 ? "AM" : "PM"; break;
    case 'Z': write_offset(false); break;
    case 'X':
      if (offset == 0) out += 'Z';
      else write_offset(n >= 3, n >= 2); // -05, -0500, -05:00
      break;
    case 'z': out += z.abbreviation(utc_ms); break;
    default: out.append(n, c);
    }
    i += n;
  }
  return out;
}

} // namespace tt::pine
