// Texts of conditions: whatever parses evaluates to a value of its type or to missing, and every problem lies inside the text.
#include "actors/strategy/expression/expression.hpp"

#include <cmath>

namespace {

using namespace tt::strategy;

class any_names : public name_table, public value_source {
public:
  std::optional<known_name> find(const name_query& which) override {
    if (which.name.size() > 6) return std::nullopt;
    const auto type = which.how == name_query::form::call || which.name.size() > 2 ? value_type::number
                      : which.name.size() > 1                                     ? value_type::boolean
                                                                                  : value_type::text;
    return known_name{type, static_cast<std::uint32_t>(type)};
  }
  std::optional<value> parameter(std::string_view name) override {
    if (name.size() > 4) return std::nullopt;
    return name.size() > 3 ? value::missing() : name.size() > 2 ? value::of(true) : name.size() > 1 ? value::of("x") : value::of(3.0);
  }
  value at(std::uint32_t handle, std::size_t back) const override {
    if (back % 7 == 3) return value::missing();
    switch (static_cast<value_type>(handle)) {
    case value_type::number: return value::of(static_cast<double>(back) - 2);
    case value_type::boolean: return value::of(back % 2 == 0);
    default: return value::of("x");
    }
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  any_names names;
  auto outcome = read_expression(text, names);
  if (const auto* problem = std::get_if<expression_problem>(&outcome)) {
    if (problem->position > text.size()) __builtin_trap();
    return 0;
  }
  const auto& parsed = std::get<expression>(outcome);
  const value v = evaluate(parsed, names);
  if (v.number() && (parsed.type() != value_type::number || !std::isfinite(*v.number()))) __builtin_trap();
  if (v.boolean() && parsed.type() != value_type::boolean) __builtin_trap();
  if (v.text() && parsed.type() != value_type::text) __builtin_trap();
  (void)values_in(parsed, names);
  if (parsed.look_back() > limits::expression_nodes * 2 * limits::expression_window) __builtin_trap();
  return 0;
}
