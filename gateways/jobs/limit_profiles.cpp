#include "gateways/jobs/limit_profiles.hpp"

namespace tt::gateway {

strategy::limit_profile limit_profile_of(const risk::limit_set& set) {
  strategy::limit_profile out;
  const auto& size = set[static_cast<std::size_t>(risk::limit_id::max_position_size)];
  const auto& count = set[static_cast<std::size_t>(risk::limit_id::max_positions)];
  using kind = risk::limit_setting::kind;
  if (size.what == kind::value) out.max_position_weight = size.value.to_double();
  if (count.what == kind::value) out.max_positions = static_cast<std::int64_t>(count.value.to_double());
  return out;
}

std::map<std::string, strategy::limit_profile> shipped_limit_profiles() {
  std::map<std::string, strategy::limit_profile> out;
  const risk::limit_book book;
  for (const auto& [name, set] : book.profiles()) out.emplace(name, limit_profile_of(set));
  return out;
}

} // namespace tt::gateway
