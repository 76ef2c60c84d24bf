#pragma once
// Names and values for tests of expressions: a series per name, newest last.

#include "actors/strategy/expression/expression.hpp"

#include <map>

namespace tt::strategy {

class named_values : public name_table, public value_source {
public:
  std::map<std::string, std::vector<value>> series;
  std::map<std::string, value> parameters;

  named_values& with(const std::string& name, std::vector<double> numbers) {
    for (const double x : numbers) series[name].push_back(value::of(x));
    return *this;
  }
  named_values& with_value(const std::string& name, value v) { return series[name].push_back(std::move(v)), *this; }
  named_values& parameter(const std::string& name, value v) { return parameters[name] = std::move(v), *this; }

  std::optional<known_name> find(const name_query& which) override {
    std::string name = which.source.empty() ? "" : std::string(which.source) + ".";
    name += which.name;
    if (which.how == name_query::form::call) name += "(" + to_string(value::of(which.arguments[0])) + ")";
    std::uint32_t handle = 0;
    for (const auto& [known, values] : series) {
      if (known == name) return known_name{type_of(values), handle};
      ++handle;
    }
    return std::nullopt;
  }
  std::optional<value> parameter(std::string_view name) override {
    const auto found = parameters.find(std::string(name));
    return found == parameters.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> all_names() const override {
    std::vector<std::string> out;
    for (const auto& [name, _] : series) out.push_back(name);
    return out;
  }
  value at(std::uint32_t handle, std::size_t back) const override {
    const auto& values = std::next(series.begin(), handle)->second;
    return back < values.size() ? values[values.size() - 1 - back] : value::missing();
  }

private:
  static value_type type_of(const std::vector<value>& values) {
    for (const auto& v : values)
      if (!v.is_missing()) return v.number() ? value_type::number : v.boolean() ? value_type::boolean : value_type::text;
    return value_type::number;
  }
};

} // namespace tt::strategy
