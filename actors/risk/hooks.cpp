#include "actors/risk/hooks.hpp"

#include <algorithm>

namespace tt::risk {

result<void> hook_registry::add(std::string name, hook what) {
  constexpr std::size_t longest_name = 64;
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || name.size() > longest_name || !std::ranges::all_of(name, is_plain))
    return error{errc::invalid_argument, "must be 1 to 64 of a-z, 0-9 and _", "name"};
  if (!what) return error{errc::invalid_argument, "there is no function", "hook"};
  if (std::ranges::any_of(hooks_, [&](const auto& known) { return known.first == name; }))
    return error{errc::conflict, "a hook " + name + " is registered already", "name"};
  if (hooks_.size() >= max_hooks) return error{errc::limit_exceeded, std::to_string(max_hooks) + " hooks are registered already", "name"};
  hooks_.emplace_back(std::move(name), std::move(what));
  return {};
}

} // namespace tt::risk
