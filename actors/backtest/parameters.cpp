#include "actors/backtest/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

namespace tt::backtest {

namespace {

error bad(const std::string& name, std::string message) { return {errc::invalid_argument, std::move(message), "parameters." + name}; }

result<std::uint32_t> levels_of(const parameter& p) {
  if (p.kind == parameter_kind::boolean) return 2u;
  if (p.kind == parameter_kind::choice) {
    if (p.values.empty()) return bad(p.name, "a choice needs values");
    return static_cast<std::uint32_t>(p.values.size());
  }
  if (!std::isfinite(p.min) || !std::isfinite(p.max) || !std::isfinite(p.step)) return bad(p.name, "min, max and step must be numbers");
  if (p.min > p.max) return bad(p.name, "min is greater than max");
  if (p.step < 0) return bad(p.name, "step is negative");
  if (p.scale == parameter_scale::logarithmic && p.min <= 0) return bad(p.name, "a logarithmic scale needs min > 0");
  if (p.kind == parameter_kind::integer && (p.min != std::floor(p.min) || p.max != std::floor(p.max) || p.step != std::floor(p.step)))
    return bad(p.name, "min, max and step of an integer must be whole");
  double step = p.step != 0 ? p.step : p.kind == parameter_kind::integer ? 1 : 0;
  if (p.min == p.max) return 1u;
  if (step == 0) return limits::levels_without_step;
  double n = std::floor((p.max - p.min) / step + 1e-9) + 1;
  if (n > limits::levels) return tt::error{errc::out_of_range, "more than " + std::to_string(limits::levels) + " levels", "parameters." + p.name};
  return static_cast<std::uint32_t>(n);
}

std::string shortest(double v) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr};
}

result<double> number_in(std::string_view text, const std::string& name) {
  double v = 0;
  auto r = std::from_chars(text.data(), text.data() + text.size(), v);
  if (r.ec != std::errc{} || r.ptr != text.data() + text.size()) return bad(name, "not a number: " + in_quotes(text));
  return v;
}

} // namespace

result<parameter_space> parameter_space::make(std::vector<parameter> list) {
  parameter_space s;
  if (list.empty()) return tt::error{errc::invalid_argument, "there are no parameters", "parameters"};
  if (list.size() > limits::parameters)
    return tt::error{errc::out_of_range, "more than " + std::to_string(limits::parameters) + " parameters", "parameters"};
  std::set<std::string> names;
  for (const auto& p : list) {
    if (p.name.empty()) return tt::error{errc::invalid_argument, "a parameter has no name", "parameters"};
    if (!names.insert(p.name).second) return bad(p.name, "the name is there twice");
    auto n = levels_of(p);
    if (!n) return n.error();
    s.levels_.push_back(*n);
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    s.size_ = s.size_ > most / *n ? most : s.size_ * *n;
  }
  s.list_ = std::move(list);
  return s;
}

result<parameter> parameter_space::parse(std::string_view text) {
  auto eq = text.find('=');
  if (eq == std::string_view::npos || eq == 0)
    return tt::error{errc::invalid_argument, "expected NAME=MIN:MAX[:STEP] or NAME=A|B|C, got " + in_quotes(text), "param"};
  parameter p;
  p.name = std::string(text.substr(0, eq));
  auto rest = text.substr(eq + 1);
  if (rest.empty()) return bad(p.name, "expected MIN:MAX[:STEP] or A|B|C behind the =");
  std::vector<std::string_view> parts;
  char separator = rest.find(':') != std::string_view::npos ? ':' : '|';
  for (std::size_t from = 0; from <= rest.size();) {
    auto to = std::min(rest.find(separator, from), rest.size());
    parts.push_back(rest.substr(from, to - from));
    from = to + 1;
  }
  if (separator == '|') {
    p.kind = parts.size() == 2 && parts[0] == "false" && parts[1] == "true" ? parameter_kind::boolean : parameter_kind::choice;
    for (auto v : parts) p.values.emplace_back(v);
    return p;
  }
  if (parts.size() > 2 && parts.back() == "log") {
    p.scale = parameter_scale::logarithmic;
    parts.pop_back();
  }
  if (parts.size() > 3) return bad(p.name, "expected MIN:MAX[:STEP][:log]");
  double v[3] = {0, 0, 0};
  bool whole = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto n = number_in(parts[i], p.name);
    if (!n) return n.error();
    v[i] = *n;
    whole = whole && v[i] == std::floor(v[i]) && parts[i].find('.') == std::string_view::npos;
  }
  p.min = v[0], p.max = v[1], p.step = v[2];
  p.kind = whole ? parameter_kind::integer : parameter_kind::floating;
  return p;
}

point parameter_space::at(std::uint64_t n) const {
  point p(list_.size());
  for (std::size_t i = list_.size(); i-- > 0;) {
    p[i] = static_cast<std::uint32_t>(n % levels_[i]);
    n /= levels_[i];
  }
  return p;
}

point parameter_space::random(std::uint64_t key, std::uint64_t n) const {
  counter_random draw(key, n);
  point p(list_.size());
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = draw.below(levels_[i]);
  return p;
}

double parameter_space::number(std::size_t i, std::uint32_t level) const {
  const auto& p = list_[i];
  if (p.kind == parameter_kind::boolean || p.kind == parameter_kind::choice) return level;
  double v = p.min, last = levels_[i] - 1;
  if (last > 0 && p.scale == parameter_scale::logarithmic) v = p.min * std::pow(p.max / p.min, level / last);
  else if (last > 0) v = p.step != 0 || p.kind == parameter_kind::integer ? p.min + level * (p.step != 0 ? p.step : 1) : p.min + (p.max - p.min) * level / last;
  if (p.kind == parameter_kind::integer) return std::round(v);
  // 0.1 + 3 * 0.1 is meant to be 0.4
  constexpr double digits = 1e12;
  double rounded = std::round(v * digits) / digits;
  return std::fabs(rounded - v) <= 1e-12 * std::fabs(v) ? rounded : v;
}

std::string parameter_space::text(std::size_t i, std::uint32_t level) const {
  const auto& p = list_[i];
  if (p.kind == parameter_kind::boolean) return level != 0 ? "true" : "false";
  if (p.kind == parameter_kind::choice) return p.values[level];
  return shortest(number(i, level));
}

std::map<std::string, std::string> parameter_space::inputs(const point& p) const {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < list_.size(); ++i) out[list_[i].name] = text(i, p[i]);
  return out;
}

std::vector<point> parameter_space::neighbours(const point& p) const {
  std::vector<point> out;
  for (std::size_t i = 0; i < list_.size(); ++i)
    for (int way : {-1, 1}) {
      auto level = static_cast<std::int64_t>(p[i]) + way;
      if (level < 0 || level >= levels_[i]) continue;
      point q = p;
      q[i] = static_cast<std::uint32_t>(level);
      out.push_back(std::move(q));
    }
  return out;
}

} // namespace tt::backtest
