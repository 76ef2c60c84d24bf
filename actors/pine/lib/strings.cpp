#include "actors/pine/lib/strings.hpp"

#include "actors/pine/lib/regex.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/text_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>

/// str.* and the joining of strings. Positions count characters, not bytes.

namespace tt::pine {

namespace {

bool starts_char(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
/// Units a character counts for: one, or two beyond the basic plane, as in UTF-16.
std::int64_t units_of(char first) { return !starts_char(first) ? 0 : static_cast<unsigned char>(first) >= 0xF0 ? 2 : 1; }
std::int64_t chars_in(std::string_view s) {
  std::int64_t n = 0;
  for (char c : s) n += units_of(c);
  return n;
}
/// Byte at which unit number k begins; the end when there are fewer.
std::size_t byte_of(std::string_view s, std::int64_t k) {
  std::size_t i = 0;
  while (i < s.size() && k > 0) {
    k -= units_of(s[i]);
    ++i;
    while (i < s.size() && !starts_char(s[i])) ++i;
  }
  return i;
}

std::string element_text(const type_table& types, type_id t, double n, object* o, bool like_format, context* ctx);

/// "[a, b]". In str.format and logs floats keep a decimal ("1.0") and all their digits.
std::string list_text(const type_table& types, const array_object& a, bool like_format, context* ctx) {
  std::string out = "[";
  auto view = view_of(const_cast<array_object&>(a));
  for (std::size_t i = 0; i < view.count; ++i) {
    if (ctx != nullptr) ctx->shared.charge(1);
    if (i > 0) out += ", ";
    out += element_text(types, a.element, a.is_ref ? na_value : view.num()[i], a.is_ref ? view.ref()[i] : nullptr, like_format, ctx);
    if (out.size() > limits::string_chars) break;
  }
  return out + "]";
}

std::string element_text(const type_table& types, type_id t, double n, object* o, bool like_format, context* ctx) {
  if (t == t_float && like_format) {
    if (is_na(n)) return "NaN";
    auto s = shortest_decimal(n);
    return s.find('.') == std::string::npos ? s + ".0" : s;
  }
  return text_of_value(types, t, n, o, ctx);
}

/// str.tostring of a number. What the chart's formatter makes of na and of infinite values follows PyneCore's probes.
std::string number_text(double x, const std::string& format, const context* ctx) {
  bool tick_format = format == "mintick" || format == "price" || format == "inherit";
  if (is_na(x)) return format == "percent" ? "NaN%" : "NaN";
  if (std::isinf(x)) {
    if (format == "mintick") return x < 0 ? "-Infinity" : "Infinity";
    return format == "percent" ? "NaN%" : format == "volume" ? "NaNT" : "NaN";
  }
  if (tick_format) {
    double tick = ctx->symbol->mintick;
    int places = places_of(tick);
    double rounded = tick > 0 ? std::floor(std::fabs(x) / tick + 0.5 + 1e-9) * tick : std::fabs(x);
    return format_fixed(x < 0 ? -rounded : rounded, places);
  }
  if (format == "percent") return format_fixed(x, 2) + "%";
  if (format == "volume") return format_volume(x);
  return format_decimal(x, format);
}

} // namespace

std::string text_of_value(const type_table& types, type_id t, double n, object* o, context* ctx) {
  switch (t) {
  case t_string: return o == nullptr ? "NaN" : text_of(o);
  case t_bool: return truthy(n) ? "true" : "false";
  case t_int: // an int may carry a fraction: the median of ints, a quotient
  case t_na:
  case t_void:
  case t_float: return std::isinf(n) ? "NaN" : format_plain(n);
  case t_color: {
    if (is_na(n)) return "NaN";
    auto v = u32(to_int(n));
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "#%08X", v);
    return buffer;
  }
  default: break;
  }
  const auto& info = types[t];
  if (info.kind == type_kind::enumeration) {
    auto k = to_int(n, -1);
    return k < 0 || k >= i64(info.titles.size()) ? "NaN" : info.titles[usz(k)];
  }
  if (o == nullptr) return "NaN";
  if (info.kind == type_kind::array) return list_text(types, *static_cast<array_object*>(o), false, ctx);
  if (info.kind == type_kind::matrix) {
    const auto& m = *static_cast<matrix_object*>(o);
    std::string out;
    for (std::size_t r = 0; r < m.rows; ++r) {
      out += r > 0 ? "\n[" : "[";
      for (std::size_t k = 0; k < m.cols && out.size() < limits::string_chars; ++k) {
        if (k > 0) out += ", ";
        if (ctx != nullptr) ctx->shared.charge(1);
        auto at = r * m.cols + k;
        out += text_of_value(types, m.element, m.is_ref ? na_value : m.num[at], m.is_ref ? m.ref[at] : nullptr, ctx);
      }
      out += "]";
    }
    return out;
  }
  return info.name;
}

namespace {

std::string_view without_spaces(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}
std::string lowered(std::string_view s) {
  std::string out(s);
  for (auto& ch : out)
    if (ch >= 'A' && ch <= 'Z') ch = static_cast<char>(ch + 32);
  return out;
}

/// A style is one of the words below, or a pattern that is used as it stands, spaces included.
std::string styled_number(double n, std::string_view style) {
  auto word = lowered(without_spaces(style));
  if (word.empty()) return format_decimal(n, "#.###", ties_t::even);
  if (word == "integer") return format_decimal(n, "#,##0", ties_t::even);
  if (word == "currency") return is_na(n) ? "NaN" : format_decimal(n, "$#,##0.00", ties_t::even);
  if (word == "percent") return format_decimal(n, "#,##0%", ties_t::even);
  return format_decimal(n, style, ties_t::even);
}

void check_time_pattern(const site& c, std::string_view pattern) {
  if (pattern.size() > limits::pattern_bytes) c.stop("the format is longer than " + std::to_string(limits::pattern_bytes) + " bytes");
  text_work(c, pattern.size());
  if (char letter = unknown_time_letter(pattern); letter != 0)
    c.stop("the letter '" + std::string(1, letter) + "' in the format \"" + std::string(pattern) + "\" stands for nothing; put text in quotes");
}

/// The pattern that a date or time style means; the words are those of Java's MessageFormat, in English.
std::string_view time_pattern(bool date, std::string_view style) {
  auto word = lowered(style);
  if (word.empty()) return date ? "yyyy-MM-dd" : "HH:mm:ss";
  if (word == "short") return date ? "M/d/yy" : "h:mm a";
  if (word == "medium") return date ? "MMM d, yyyy" : "h:mm:ss a";
  if (word == "long") return date ? "MMMM d, yyyy" : "h:mm:ss a z";
  if (word == "full") return date ? "EEEE, MMMM d, yyyy" : "h:mm:ss a z";
  return style;
}

std::string placeholder(const site& c, std::size_t arg, std::string_view kind_text, std::string_view style) {
  const auto& types = *c.ctx->prog->types;
  auto t = c.type(arg);
  bool ref = is_reference(types, t);
  double n = ref ? na_value : c.f(arg);
  object* o = ref ? c.o(arg) : nullptr;
  if (style.size() > limits::pattern_bytes) c.stop("the style of a placeholder is longer than " + std::to_string(limits::pattern_bytes) + " bytes");
  auto kind = lowered(without_spaces(kind_text));
  if (kind == "number" && (is_number(t) || t == t_na)) return styled_number(n, style);
  if ((kind == "date" || kind == "time") && (is_number(t) || t == t_na)) {
    auto pattern = time_pattern(kind == "date", without_spaces(style));
    check_time_pattern(c, pattern);
    return is_na(n) ? "NaN" : format_time(to_int(n), pattern, *zone::find("UTC"));
  }
  if (is_number(t) || t == t_na) return format_decimal(n, "#.###", ties_t::even);
  if (ref && o != nullptr && types.kind(t) == type_kind::array) return list_text(types, *static_cast<array_object*>(o), true, c.ctx);
  return text_of_value(types, t, n, o, c.ctx);
}

/// Reads the parts of a placeholder from the brace at `i` on: index, kind, style. Ends on the closing brace.
struct placeholder_parts {
  std::string index, kind, style;
};
placeholder_parts read_placeholder(const site& c, const std::string& p, std::size_t& i) {
  std::array<std::string, 3> parts;
  std::size_t part = 0;
  int depth = 0;
  bool quoted = false;
  for (++i; i < p.size(); ++i) {
    char ch = p[i];
    if (ch == '\'') quoted = !quoted;
    if (!quoted) {
      if (ch == '}' && depth == 0) return {parts[0], parts[1], parts[2]};
      if (ch == '{') ++depth;
      if (ch == '}') --depth;
      if (ch == ',' && part < 2 && depth == 0) {
        ++part;
        continue;
      }
    }
    parts[part] += ch;
  }
  c.stop("the pattern \"" + p + "\" ends inside a placeholder");
}

} // namespace

/// The message patterns of str.format(), log.*() and alert texts: {0}, {0,number,#.##}, {0,date,...}. In quotes braces
/// are text and two quotes are one; a quote without an end reaches to the end. A placeholder whose argument is missing
/// is shown as it is.
std::string format_message(const site& c, std::size_t first) {
  const auto& p = c.s(first);
  text_work(c, p.size());
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < p.size(); ++i) {
    char ch = p[i];
    if (ch == '\'') {
      if (i + 1 < p.size() && p[i + 1] == '\'') {
        out += '\'';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (quoted || ch != '{') {
      out += ch;
    } else {
      auto parts = read_placeholder(c, p, i);
      std::size_t index = 0;
      const auto& key = parts.index;
      auto parsed = std::from_chars(key.data(), key.data() + key.size(), index);
      if (parsed.ec != std::errc{} || parsed.ptr != key.data() + key.size())
        c.stop("\"" + key + "\" in the pattern \"" + p + "\" isn't the number of an argument");
      if (index >= c.count() || first + 1 + index >= c.count()) out += "{" + key + "}";
      else out += placeholder(c, first + 1 + index, parts.kind, parts.style);
    }
    if (out.size() > limits::string_chars) c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  }
  return out;
}

namespace {

/// A string that is na is joined as "" (reference, `string`).
void concat(site& c) {
  const auto &a = c.s(0), &b = c.s(1);
  if (a.size() + b.size() > limits::string_chars) c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  c.ret_text(a + b);
}
void tostring(site& c) {
  auto t = c.type(0);
  bool ref = is_reference(*c.ctx->prog->types, t);
  c.ret_text(text_of_value(*c.ctx->prog->types, t, ref ? na_value : c.f(0), ref ? c.o(0) : nullptr, c.ctx));
}
/// A matrix of numbers, each in the format that argument 1 is.
std::string formatted_rows(const site& c, const matrix_object& m) {
  std::string out;
  for (std::size_t r = 0; r < m.rows; ++r) {
    out += r > 0 ? "\n[" : "[";
    for (std::size_t k = 0; k < m.cols && out.size() < limits::string_chars; ++k) {
      text_work(c, c.s(1).size() + limits::bytes_per_step);
      out += (k > 0 ? ", " : "") + number_text(m.num[r * m.cols + k], c.s(1), c.ctx);
    }
    out += "]";
  }
  return out;
}
void tostring_format(site& c) {
  auto t = c.type(0);
  if (c.s(1).size() > limits::pattern_bytes) c.stop("the format is longer than " + std::to_string(limits::pattern_bytes) + " bytes");
  text_work(c, c.s(1).size());
  if (is_number(t)) return c.ret_text(number_text(c.f(0), c.s(1), c.ctx));
  if (c.ctx->prog->types->kind(t) == type_kind::matrix && c.o(0) != nullptr) {
    const auto& m = *static_cast<matrix_object*>(c.o(0));
    if (!m.is_ref && is_number(m.element)) return c.ret_text(formatted_rows(c, m));
  }
  if (c.ctx->prog->types->kind(t) == type_kind::array && c.o(0) != nullptr) {
    auto view = view_of(*static_cast<array_object*>(c.o(0)));
    if (!view.array->is_ref && is_number(view.array->element)) {
      std::string out = "[";
      for (std::size_t i = 0; i < view.count && out.size() < limits::string_chars; ++i) {
        text_work(c, c.s(1).size() + limits::bytes_per_step);
        out += (i > 0 ? ", " : "") + number_text(view.num()[i], c.s(1), c.ctx);
      }
      return c.ret_text(out + "]");
    }
  }
  tostring(c);
}
void format(site& c) {
  if (c.o(0) == nullptr) return c.reto(nullptr);
  c.ret_text(format_message(c, 0));
}

/// A bool that isn't known: na in version 5, false since then.
void ret_unknown(const site& c) { c.ret(c.ctx->prog->version >= 6 ? 0 : na_value); }
template <bool (*F)(const std::string&, const std::string&)>
void tested(site& c) {
  if (c.o(0) == nullptr || c.o(1) == nullptr) return ret_unknown(c);
  search_work(c, c.s(0).size(), c.s(1).size());
  c.ret(from_bool(F(c.s(0), c.s(1))));
}
bool has(const std::string& s, const std::string& part) { return s.find(part) != std::string::npos; }
bool begins(const std::string& s, const std::string& part) { return s.compare(0, part.size(), part) == 0; }
bool ends(const std::string& s, const std::string& part) {
  return s.size() >= part.size() && s.compare(s.size() - part.size(), part.size(), part) == 0;
}
void length(site& c) {
  text_work(c, c.s(0).size());
  c.ret(c.o(0) == nullptr ? na_value : f64(chars_in(c.s(0))));
}

enum class letters : std::uint8_t { lower, upper };
/// The other case of a letter of the Latin, Greek and Cyrillic alphabets; other characters stay.
char32_t other_case(char32_t ch, letters to) {
  struct block {
    char32_t first, last, step; ///< capitals; distance to the small letter
  };
  static constexpr block blocks[] = {{'A', 'Z', 32}, {0xC0, 0xD6, 32}, {0xD8, 0xDE, 32}, {0x391, 0x3A1, 32},
                                     {0x3A3, 0x3AB, 32}, {0x410, 0x42F, 32}, {0x400, 0x40F, 80}};
  for (const auto& b : blocks) {
    if (to == letters::lower && ch >= b.first && ch <= b.last) return ch + b.step;
    if (to == letters::upper && ch >= b.first + b.step && ch <= b.last + b.step) return ch - b.step;
  }
  bool pairs = (ch >= 0x100 && ch <= 0x137) || (ch >= 0x14A && ch <= 0x177); // capital even, small letter odd
  if (pairs && to == letters::lower && ch % 2 == 0) return ch + 1;
  if (pairs && to == letters::upper && ch % 2 == 1) return ch - 1;
  return ch;
}
template <letters To>
void mapped(site& c) {
  if (c.o(0) == nullptr) return c.reto(nullptr);
  std::string out;
  const auto& s = c.s(0);
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto ch = static_cast<unsigned char>(s[i]);
    if (ch >= 0xC3 && ch <= 0xDF && i + 1 < s.size()) { // two bytes: up to U+07FF
      auto next = other_case(static_cast<char32_t>((ch & 0x1Fu) << 6 | (static_cast<unsigned char>(s[i + 1]) & 0x3Fu)), To);
      out += static_cast<char>(0xC0 | next >> 6);
      out += static_cast<char>(0x80 | (next & 0x3F));
      ++i;
    } else {
      out += ch < 0x80 ? static_cast<char>(other_case(ch, To)) : s[i];
    }
  }
  c.ret_text(std::move(out));
}
void pos(site& c) {
  search_work(c, c.s(0).size(), c.s(1).size());
  auto at = c.o(0) == nullptr || c.o(1) == nullptr ? std::string::npos : c.s(0).find(c.s(1));
  c.ret(at == std::string::npos ? na_value : f64(chars_in(std::string_view(c.s(0)).substr(0, at))));
}
/// na for a na source or count and for a count of 0 (PyneCore, measured).
void repeat(site& c) {
  auto n = c.i(1);
  if (n < 0) c.stop("a text can't be repeated " + std::to_string(n) + " times");
  const auto &s = c.s(0), &sep = c.s(2);
  if (c.o(0) == nullptr || n <= 0) return c.reto(nullptr);
  if (f64(n) * f64(s.size() + sep.size()) > limits::string_chars)
    c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  std::string out;
  for (std::int64_t k = 0; k < n; ++k) out += (k > 0 ? sep : "") + s;
  c.ret_text(std::move(out));
}
/// Occurrences may overlap; an empty target stands before the character of that number. A na occurrence is the first.
void replace(site& c) {
  if (c.o(0) == nullptr || c.o(1) == nullptr) return c.reto(nullptr);
  auto s = c.s(0);
  const auto &target = c.s(1), &with = c.s(2);
  search_work(c, s.size(), target.size());
  auto n = c.i(3);
  if (n < 0) return c.reto(c.o(0));
  std::size_t at = 0;
  if (target.empty()) {
    at = byte_of(s, n);
  } else {
    at = s.find(target);
    for (; n > 0 && at != std::string::npos; --n) at = s.find(target, at + 1);
    if (at == std::string::npos) return c.reto(c.o(0));
  }
  s.replace(at, target.size(), with);
  if (s.size() > limits::string_chars) c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  c.ret_text(std::move(s));
}
void replace_all(site& c) {
  if (c.o(0) == nullptr || c.o(1) == nullptr) return c.reto(nullptr);
  const auto &s = c.s(0), &target = c.s(1), &with = c.s(2);
  search_work(c, s.size(), target.size());
  if (target.empty()) return c.reto(c.o(0));
  std::string out;
  std::size_t from = 0;
  for (auto at = s.find(target); at != std::string::npos; at = s.find(target, from)) {
    out.append(s, from, at - from);
    out += with;
    from = at + target.size();
    if (out.size() > limits::string_chars) c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  }
  out.append(s, from);
  c.ret_text(std::move(out));
}
/// Without a separator every character by itself; an empty text gives one empty part.
void split(site& c) {
  const auto &s = c.s(0), &sep = c.s(1);
  search_work(c, s.size(), sep.size());
  auto* out = c.mem().make<array_object>(type_id(t_string), true);
  auto add = [&](std::string_view part) {
    text_work(c, part.size());
    out->ref.push_back(c.mem().text(std::string(part)));
  };
  if (sep.empty() && !s.empty()) {
    for (std::size_t i = 0; i < s.size();) {
      auto next = byte_of(std::string_view(s).substr(i), 1);
      add(std::string_view(s).substr(i, next));
      i += next;
    }
  } else {
    std::size_t from = 0;
    for (auto at = sep.empty() ? std::string::npos : s.find(sep); at != std::string::npos; at = s.find(sep, from)) {
      add(std::string_view(s).substr(from, at - from));
      from = at + sep.size();
    }
    add(std::string_view(s).substr(from));
  }
  c.reto(out);
}
/// A na beginning is the first character, a na end the end of the text.
void substring(site& c) {
  if (c.o(0) == nullptr) return c.reto(nullptr);
  const auto& s = c.s(0);
  text_work(c, s.size());
  auto from = c.i(1), to = c.type(2) == t_void || c.na(2) ? std::max(chars_in(s), from) : c.i(2);
  if (from < 0) c.stop("begin_pos can't be negative, it is " + std::to_string(from));
  if (to < from) c.stop("end_pos " + std::to_string(to) + " lies before begin_pos " + std::to_string(from));
  auto a = byte_of(s, from), b = byte_of(s, to);
  c.ret_text(s.substr(a, b - a));
}
std::string_view trimmed(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}
void trim(site& c) {
  if (c.o(0) == nullptr) return c.reto(nullptr);
  text_work(c, c.s(0).size());
  c.ret_text(std::string(trimmed(c.s(0))));
}
void tonumber(site& c) {
  text_work(c, c.s(0).size());
  auto s = trimmed(c.s(0));
  if (!s.empty() && s.front() == '+') s.remove_prefix(1);
  double v = 0;
  auto r = std::from_chars(s.data(), s.data() + s.size(), v, std::chars_format::fixed); // "1e3" is no number (as observed)
  c.ret(s.empty() || r.ec != std::errc{} || r.ptr != s.data() + s.size() || !std::isfinite(v) ? na_value : v);
}
void match(site& c) {
  if (c.o(0) == nullptr || c.o(1) == nullptr) return c.reto(nullptr);
  text_work(c, limits::bytes_per_step * c.s(1).size());
  std::string error;
  auto found = regex_find(c.s(1), c.s(0), error, [&](std::uint64_t n) { c.shared().charge(n); });
  if (!error.empty()) c.stop("the regular expression is wrong: " + error);
  c.ret_text(found);
}
void time_text(site& c) {
  auto z = zone::find(c.o(2) == nullptr ? c.ctx->symbol->timezone : c.s(2));
  if (z == nullptr) c.stop("there is no time zone \"" + c.s(2) + "\"");
  if (c.na(0)) return c.reto(nullptr);
  check_time_pattern(c, c.s(1));
  c.ret_text(format_time(c.i(0), c.s(1), *z));
}

} // namespace

const std::vector<builtin_row>& string_rows() {
  static const std::vector<builtin_row> rows{
      {"$concat(string a, string b) =string", concat},
      {"str.tostring(any value) =string", tostring},
      {"str.tostring(any value, string format) =string", tostring_format},
      {"str.format(string formatString, any ...) =string", format},
      {"str.format_time(int time, string format=\"yyyy-MM-dd'T'HH:mm:ssZ\", string timezone=na) =string", time_text},
      {"str.length(string string) =int", length},
      {"str.contains(string source, string str) =bool", tested<has>},
      {"str.startswith(string source, string str) =bool", tested<begins>},
      {"str.endswith(string source, string str) =bool", tested<ends>},
      {"str.lower(string source) =string", mapped<letters::lower>},
      {"str.upper(string source) =string", mapped<letters::upper>},
      {"str.pos(string source, string str) =int", pos},
      {"str.repeat(string source, int repeat, string separator=\"\") =string", repeat},
      {"str.replace(string source, string target, string replacement, int occurrence=0) =string", replace},
      {"str.replace_all(string source, string target, string replacement) =string", replace_all},
      {"str.split(string string, string separator) series array<string>", split},
      {"str.substring(string source, int begin_pos, int end_pos=?) =string", substring},
      {"str.trim(string source) =string", trim},
      {"str.tonumber(string string) =float", tonumber},
      {"str.match(string source, string regex) =string", match},
  };
  return rows;
}

} // namespace tt::pine
