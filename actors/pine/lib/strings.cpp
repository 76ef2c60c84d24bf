#include "actors/pine/lib/strings.hpp"

#include "actors/pine/lib/regex.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/text_format.hpp"

#include <algorithm>
#include <charconv>

/// str.* and the joining of strings. Positions count characters, not bytes.

namespace tt::pine {

namespace {

bool starts_char(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
std::int64_t chars_in(std::string_view s) { return std::count_if(s.begin(), s.end(), starts_char); }
/// Byte at which character number k begins; the end when there are fewer.
std::size_t byte_of(std::string_view s, std::int64_t k) {
  std::size_t i = 0;
  while (i < s.size() && k > 0) {
    ++i;
    while (i < s.size() && !starts_char(s[i])) ++i;
    --k;
  }
  return i;
}

std::string element_text(const type_table& types, type_id t, double n, object* o, bool like_format, context* ctx);

/// "[a, b]". In str.format and logs floats keep a decimal ("1.0") and all their digits.
std::string list_text(const type_table& types, const array_object& a, bool like_format, context* ctx) {
  std::string out = "[";
  auto view = view_of(const_cast<array_object&>(a));
  for (std::size_t i = 0; i < view.count; ++i) {
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

std::string number_text(double x, const std::string& format, const context* ctx) {
  if (is_na(x)) return "NaN";
  if (format == "mintick" || format == "price" || format == "inherit") {
    double tick = ctx->symbol->mintick;
    int places = places_of(tick);
    double rounded = tick > 0 ? std::floor(std::fabs(x) / tick + 0.5 + 1e-9) * tick : x;
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
  case t_int: return is_na(n) ? "NaN" : format_places(n, 0);
  case t_na:
  case t_void:
  case t_float: return format_places(n, 10);
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
        auto at = r * m.cols + k;
        out += text_of_value(types, m.element, m.is_ref ? na_value : m.num[at], m.is_ref ? m.ref[at] : nullptr, ctx);
      }
      out += "]";
    }
    return out;
  }
  return info.name;
}

/// The message patterns of str.format(), log.*() and alert texts: {0}, {0,number,#.##}, {0,date,...}, quotes.
std::string format_message(const site& c, std::size_t first) {
  const auto& p = c.s(first);
  const auto& types = *c.ctx->prog->types;
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
      continue;
    }
    if (quoted || ch != '{') {
      out += ch;
      continue;
    }
    auto end = p.find('}', i);
    if (end == std::string::npos) {
      out += p.substr(i);
      break;
    }
    auto inside = p.substr(i + 1, end - i - 1);
    i = end;
    auto comma = inside.find(',');
    auto key = inside.substr(0, comma);
    while (!key.empty() && key.front() == ' ') key.erase(0, 1);
    while (!key.empty() && key.back() == ' ') key.pop_back();
    std::size_t index = 0;
    auto parsed = std::from_chars(key.data(), key.data() + key.size(), index);
    if (parsed.ec != std::errc{} || parsed.ptr != key.data() + key.size() || first + 1 + index >= c.count()) {
      out += "{" + inside + "}";
      continue;
    }
    auto arg = first + 1 + index;
    auto t = c.type(arg);
    bool ref = is_reference(types, t);
    double n = ref ? na_value : c.f(arg);
    object* o = ref ? c.o(arg) : nullptr;
    std::string kind, style;
    if (comma != std::string::npos) {
      auto rest = inside.substr(comma + 1);
      auto second = rest.find(',');
      kind = rest.substr(0, second);
      if (second != std::string::npos) style = rest.substr(second + 1);
      std::erase(kind, ' ');
    }
    auto bare = style;
    std::erase(bare, ' ');
    if (kind == "number" && !ref) {
      if (bare.empty()) out += format_decimal(n, "#,##0.###");
      else if (bare == "integer") out += format_fixed(n, 0, true);
      else if (bare == "currency") out += is_na(n) ? "NaN" : (n < 0 ? "-$" : "$") + format_fixed(std::fabs(n), 2, true);
      else if (bare == "percent") out += format_decimal(n, "#,##0%");
      else out += format_decimal(n, style);
    } else if ((kind == "date" || kind == "time") && !ref) {
      auto pattern = style.empty() ? (kind == "date" ? std::string("yyyy-MM-dd") : std::string("HH:mm:ss")) : style;
      while (!pattern.empty() && pattern.front() == ' ') pattern.erase(0, 1);
      out += is_na(n) ? "NaN" : format_time(to_int(n), pattern, *zone::find("UTC"));
    } else if (t == t_float || t == t_na) {
      out += format_places(n, 3);
    } else if (ref && o != nullptr && types.kind(t) == type_kind::array) {
      out += list_text(types, *static_cast<array_object*>(o), true, c.ctx);
    } else {
      out += text_of_value(types, t, n, o, c.ctx);
    }
    if (out.size() > limits::string_chars) c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  }
  return out;
}

namespace {

void concat(site& c) {
  if (c.o(0) == nullptr || c.o(1) == nullptr) {
    c.ret_text(c.s(0) + c.s(1));
    return;
  }
  c.ret_text(c.s(0) + c.s(1));
}
void tostring(site& c) {
  auto t = c.type(0);
  bool ref = is_reference(*c.ctx->prog->types, t);
  c.ret_text(text_of_value(*c.ctx->prog->types, t, ref ? na_value : c.f(0), ref ? c.o(0) : nullptr, c.ctx));
}
void tostring_format(site& c) {
  auto t = c.type(0);
  if (is_number(t)) return c.ret_text(number_text(c.f(0), c.s(1), c.ctx));
  if (c.ctx->prog->types->kind(t) == type_kind::array && c.o(0) != nullptr) {
    auto view = view_of(*static_cast<array_object*>(c.o(0)));
    if (!view.array->is_ref) {
      std::string out = "[";
      for (std::size_t i = 0; i < view.count && out.size() < limits::string_chars; ++i)
        out += (i > 0 ? ", " : "") + number_text(view.num()[i], c.s(1), c.ctx);
      return c.ret_text(out + "]");
    }
  }
  tostring(c);
}
void format(site& c) { c.ret_text(format_message(c, 0)); }
void length(site& c) { c.ret(f64(chars_in(c.s(0)))); }
void contains(site& c) { c.ret(from_bool(c.s(0).find(c.s(1)) != std::string::npos)); }
void startswith(site& c) { c.ret(from_bool(c.s(0).compare(0, c.s(1).size(), c.s(1)) == 0)); }
void endswith(site& c) {
  const auto &s = c.s(0), &e = c.s(1);
  c.ret(from_bool(s.size() >= e.size() && s.compare(s.size() - e.size(), e.size(), e) == 0));
}
template <int (*F)(int)>
void mapped(site& c) {
  auto s = c.s(0);
  for (auto& ch : s)
    if (static_cast<unsigned char>(ch) < 128) ch = static_cast<char>(F(ch));
  c.ret_text(std::move(s));
}
int lower(int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
int upper(int c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }
void pos(site& c) {
  auto at = c.s(0).find(c.s(1));
  c.ret(at == std::string::npos ? na_value : f64(chars_in(std::string_view(c.s(0)).substr(0, at))));
}
void repeat(site& c) {
  auto n = c.i(1);
  const auto &s = c.s(0), &sep = c.s(2);
  if (n > 0 && f64(n) * f64(s.size() + sep.size()) > limits::string_chars)
    c.stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  std::string out;
  for (std::int64_t k = 0; k < n; ++k) out += (k > 0 ? sep : "") + s;
  c.ret_text(std::move(out));
}
void replace(site& c) {
  auto s = c.s(0);
  const auto &target = c.s(1), &with = c.s(2);
  auto n = c.i(3);
  std::size_t at = s.find(target);
  for (; n > 0 && at != std::string::npos && !target.empty(); --n) at = s.find(target, at + target.size());
  if (at != std::string::npos && !target.empty()) s.replace(at, target.size(), with);
  c.ret_text(std::move(s));
}
void replace_all(site& c) {
  const auto &s = c.s(0), &target = c.s(1), &with = c.s(2);
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
void split(site& c) {
  const auto &s = c.s(0), &sep = c.s(1);
  auto* out = c.mem().make<array_object>(type_id(t_string), true);
  auto add = [&](std::string_view part) { out->ref.push_back(c.mem().text(std::string(part))); };
  if (sep.empty()) {
    for (std::size_t i = 0; i < s.size();) {
      auto next = byte_of(std::string_view(s).substr(i), 1);
      add(std::string_view(s).substr(i, next));
      i += next;
    }
  } else {
    std::size_t from = 0;
    for (auto at = s.find(sep); at != std::string::npos; at = s.find(sep, from)) {
      add(std::string_view(s).substr(from, at - from));
      from = at + sep.size();
    }
    add(std::string_view(s).substr(from));
  }
  c.reto(out);
}
void substring(site& c) {
  const auto& s = c.s(0);
  auto from = c.i(1), to = c.type(2) == t_void || c.na(2) ? chars_in(s) : c.i(2);
  if (from < 0) c.stop("the beginning can't be negative");
  if (to < from) c.stop("the end lies before the beginning");
  auto a = byte_of(s, from), b = byte_of(s, to);
  c.ret_text(s.substr(a, b - a));
}
std::string_view trimmed(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}
void trim(site& c) { c.ret_text(std::string(trimmed(c.s(0)))); }
void tonumber(site& c) {
  auto s = trimmed(c.s(0));
  if (!s.empty() && s.front() == '+') s.remove_prefix(1);
  double v = 0;
  auto r = std::from_chars(s.data(), s.data() + s.size(), v);
  c.ret(s.empty() || r.ec != std::errc{} || r.ptr != s.data() + s.size() || !std::isfinite(v) ? na_value : v);
}
void match(site& c) {
  std::string error;
  auto found = regex_find(c.s(1), c.s(0), error, [&](std::uint64_t n) { c.shared().charge(n); });
  if (!error.empty()) c.stop("the regular expression is wrong: " + error);
  c.ret_text(found);
}
void time_text(site& c) {
  auto z = zone::find(c.o(2) == nullptr ? c.ctx->symbol->timezone : c.s(2));
  if (z == nullptr) c.stop("there is no time zone \"" + c.s(2) + "\"");
  if (c.na(0)) return c.ret_text("NaN");
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
      {"str.contains(string source, string str) =bool", contains},
      {"str.startswith(string source, string str) =bool", startswith},
      {"str.endswith(string source, string str) =bool", endswith},
      {"str.lower(string source) =string", mapped<lower>},
      {"str.upper(string source) =string", mapped<upper>},
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
