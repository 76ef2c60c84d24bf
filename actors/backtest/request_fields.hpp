#pragma once

// How the fields of a request are named and read. Private to request*.cpp.

#include "actors/backtest/request.hpp"

#include "actors/model/decimal.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace tt::backtest::request_fields {

using nlohmann::json;

// ---------------------------------------------------------------- names

template <class E, std::size_t N>
using names_of = std::array<std::pair<E, std::string_view>, N>;

inline constexpr names_of<commission_kind, 3> commission_names{{{commission_kind::cash_per_order, "cash_per_order"},
                                                         {commission_kind::percent, "percent"},
                                                         {commission_kind::cash_per_contract, "cash_per_contract"}}};
inline constexpr names_of<slippage_kind, 2> slippage_names{{{slippage_kind::percent, "percent"}, {slippage_kind::ticks, "ticks"}}};
inline constexpr names_of<fill_model, 3> fill_names{
  {{fill_model::as_declared, "as_declared"}, {fill_model::next_bar, "next_bar"}, {fill_model::on_close, "on_close"}}};
inline constexpr names_of<capital_mode, 2> capital_names{{{capital_mode::per_run, "per_run"}, {capital_mode::shared, "shared"}}};
inline constexpr names_of<bar_origin, 3> origin_names{{{bar_origin::automatic, "auto"}, {bar_origin::store, "store"}, {bar_origin::sim, "sim"}}};
inline constexpr names_of<session_hours, 2> session_names{{{session_hours::regular, "regular"}, {session_hours::extended, "extended"}}};
inline constexpr names_of<search_method, 4> method_names{{{search_method::grid, "grid"}, {search_method::random, "random"},
                                                   {search_method::genetic, "genetic"}, {search_method::walk_forward, "walk_forward"}}};
inline constexpr names_of<direction, 2> direction_names{{{direction::maximize, "maximize"}, {direction::minimize, "minimize"}}};
inline constexpr names_of<window_mode, 2> mode_names{{{window_mode::rolling, "rolling"}, {window_mode::anchored, "anchored"}}};
inline constexpr names_of<parameter_kind, 4> parameter_names{{{parameter_kind::integer, "int"}, {parameter_kind::floating, "float"},
                                                       {parameter_kind::boolean, "bool"}, {parameter_kind::choice, "choice"}}};

template <class E, std::size_t N>
std::string_view name_in(const names_of<E, N>& names, E value) {
  for (const auto& [e, name] : names)
    if (e == value) return name;
  return {};
}

inline std::string plain(double v) {
  auto d = decimal::from_double(v, decimal::scale_digits);
  return d ? d->to_string() : std::to_string(v);
}

// ---------------------------------------------------------------- reading

/// One object of the body: takes it apart field by field and gathers what is wrong.
class reader {
public:
  reader(const json& object, std::vector<std::string> path, std::vector<field_problem>& problems)
      : object_(object), path_(std::move(path)), problems_(problems) {
    if (!object_.is_object()) problems_.push_back({path_, "must be an object", "type"});
  }

  enum class need : std::uint8_t { optional, required };
  /// Null when absent, which is a problem of a required field.
  const json* find(const char* name, need n = need::optional) {
    if (!object_.is_object()) return nullptr;
    used_.insert(name);
    auto it = object_.find(name);
    if (it != object_.end() && !it->is_null()) return &*it;
    if (n == need::required) problem(name, "is required", "missing");
    return nullptr;
  }
  std::vector<std::string> place(const std::string& name) const {
    auto loc = path_;
    loc.push_back(name);
    return loc;
  }
  void problem(const std::string& name, std::string msg, std::string type) {
    problems_.push_back({place(name), std::move(msg), std::move(type)});
  }
  void problem(std::vector<std::string> loc, std::string msg, std::string type) {
    problems_.push_back({std::move(loc), std::move(msg), std::move(type)});
  }
  std::vector<field_problem>& problems() { return problems_; }

  std::optional<std::string> text(const char* name, std::size_t most, need n = need::optional) {
    const auto* v = find(name, n);
    if (v == nullptr) return std::nullopt;
    if (!v->is_string()) return problem(name, "must be a text", "type"), std::nullopt;
    const auto& s = v->get_ref<const std::string&>();
    if (s.size() > most) return problem(name, "must have at most " + std::to_string(most) + " bytes", "range"), std::nullopt;
    if (s.empty() && n == need::required) return problem(name, "must not be empty", "missing"), std::nullopt;
    return s;
  }
  std::optional<bool> boolean(const char* name) {
    const auto* v = find(name);
    if (v == nullptr) return std::nullopt;
    if (!v->is_boolean()) return problem(name, "must be true or false", "type"), std::nullopt;
    return v->get<bool>();
  }
  enum class least : std::uint8_t { included, excluded };
  /// A number within [low, high], or above low.
  std::optional<double> number(const char* name, double low, double high, least l = least::included, need n = need::optional) {
    const auto* v = find(name, n);
    if (v == nullptr) return std::nullopt;
    auto d = number_of(*v);
    if (!d) return problem(name, d.error().message, d.error().code == errc::out_of_range ? "range" : "type"), std::nullopt;
    if (l == least::excluded && !(*d > low)) return problem(name, "must be greater than " + plain(low), "range"), std::nullopt;
    if (!(*d >= low && *d <= high)) return problem(name, "must be from " + plain(low) + " to " + plain(high), "range"), std::nullopt;
    return *d;
  }
  std::optional<std::uint64_t> count(const char* name, std::uint64_t low, std::uint64_t high) {
    auto d = number(name, static_cast<double>(low), static_cast<double>(high));
    if (!d) return std::nullopt;
    if (*d != std::floor(*d)) return problem(name, "must be a whole number", "type"), std::nullopt;
    return static_cast<std::uint64_t>(*d);
  }
  template <class E, std::size_t N>
  std::optional<E> choice(const char* name, const names_of<E, N>& names) {
    const auto* v = find(name);
    if (v == nullptr) return std::nullopt;
    std::string all;
    for (const auto& [e, text] : names) {
      if (v->is_string() && v->get_ref<const std::string&>() == text) return e;
      all += (all.empty() ? "" : ", ") + std::string(text);
    }
    problem(name, "must be one of " + all + (v->is_string() ? ", not " + tt::in_quotes(v->get_ref<const std::string&>()) : ""), v->is_string() ? "unknown" : "type");
    return std::nullopt;
  }
  std::optional<civil_date> date(const char* name) {
    auto t = text(name, 40, need::required);
    if (!t) return std::nullopt;
    auto d = civil_date::parse(*t);
    if (!d) return problem(name, "must be a date YYYY-MM-DD, not " + tt::in_quotes(*t), "value"), std::nullopt;
    constexpr auto first = civil_date::of(1900, 1, 1), last = civil_date::of(2199, 12, 31);
    if (*d < first || *d > last) return problem(name, "must be from " + first.to_string() + " to " + last.to_string(), "range"), std::nullopt;
    return *d;
  }
  /// Fields that nobody asked for, as paths.
  void unknown(std::vector<std::string>& out) const {
    if (!object_.is_object()) return;
    for (const auto& [name, v] : object_.items()) {
      if (used_.contains(name)) continue;
      std::string path;
      for (const auto& p : path_) path += p + ".";
      out.push_back(path + name);
    }
  }

  /// A JSON number or a numeric text, by its decimal digits.
  static result<double> number_of(const json& v) {
    if (!v.is_number() && !v.is_string()) return error{errc::invalid_argument, "must be a number"};
    auto d = decimal::parse(v.is_string() ? v.get_ref<const std::string&>() : v.dump());
    if (d) return d->to_double();
    if (d.error().code == errc::out_of_range) return error{errc::out_of_range, "is too large or has more than 12 digits behind the point"};
    return error{errc::invalid_argument, "must be a number"};
  }

private:
  const json& object_;
  std::vector<std::string> path_;
  std::vector<field_problem>& problems_;
  std::set<std::string> used_;
};

} // namespace tt::backtest::request_fields
