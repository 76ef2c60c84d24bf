#include "actors/pine/input_names.hpp"

namespace tt::pine {

namespace {

using inputs_t = std::vector<input_info>;

std::vector<std::size_t> titled(const inputs_t& inputs, const std::string& title) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!title.empty() && inputs[i].title == title) out.push_back(i);
  return out;
}

std::vector<std::size_t> assigned(const inputs_t& inputs, const std::string& variable) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!variable.empty() && inputs[i].name == variable) out.push_back(i);
  return out;
}

/// "Title #2" of the second input with that title.
std::string numbered(const inputs_t& inputs, std::size_t which) {
  std::size_t place = 1;
  for (std::size_t i = 0; i < which; ++i) place += inputs[i].title == inputs[which].title ? 1u : 0u;
  return inputs[which].title + " #" + std::to_string(place);
}

/// A name that means this input alone, of several that share one.
std::string own_name(const inputs_t& inputs, std::size_t which) {
  const auto& in = inputs[which];
  if (assigned(inputs, in.name).size() == 1 && titled(inputs, in.name).empty()) return in.name;
  const auto same = titled(inputs, in.title).size();
  return same == 1 ? in.title : same > 1 ? numbered(inputs, which) : std::string();
}

/// Says that the name is not enough, and what would be.
std::string ambiguous(const inputs_t& inputs, const std::vector<std::size_t>& which, const std::string& name) {
  std::string names;
  for (auto i : which)
    if (auto own = own_name(inputs, i); !own.empty()) names += (names.empty() ? "" : ", ") + ('"' + own + '"');
  return "several inputs of the script are named \"" + name + "\"" + (names.empty() ? "; give them titles of their own" : "; write " + names);
}

} // namespace

input_found find_input(const inputs_t& inputs, const std::string& name) {
  const auto with_title = titled(inputs, name);
  if (with_title.size() == 1) return {with_title[0], ""};
  if (with_title.size() > 1) return {0, ambiguous(inputs, with_title, name)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (name.starts_with(inputs[i].title + " #") && titled(inputs, inputs[i].title).size() > 1 && name == numbered(inputs, i)) return {i, ""};
  const auto with_variable = assigned(inputs, name);
  if (with_variable.size() == 1) return {with_variable[0], ""};
  if (with_variable.size() > 1) return {0, ambiguous(inputs, with_variable, name)};
  return {0, "the script has no input named \"" + name + "\""};
}

} // namespace tt::pine
