#include "cluster/membership/member_table.hpp"

#include <algorithm>

namespace tt::cluster {

std::string_view to_string(member_state state) noexcept {
  switch (state) {
  case member_state::up: return "up";
  case member_state::left: return "left";
  case member_state::lost: break;
  }
  return "lost";
}

member* member_table::entry(const std::string& name) {
  if (name.empty() || name == self_) return nullptr;
  if (const auto at = members_.find(name); at != members_.end()) return &at->second;
  if (members_.size() >= max_members) {
    auto oldest = members_.end();
    for (auto at = members_.begin(); at != members_.end(); ++at)
      if (at->second.state != member_state::up && (oldest == members_.end() || at->second.since < oldest->second.since)) oldest = at;
    if (oldest == members_.end()) return nullptr;
    members_.erase(oldest);
  }
  return &members_[name];
}

void member_table::on_up(const std::string& name, utc_time now) {
  auto* who = entry(name);
  if (!who) return;
  who->state = member_state::up;
  who->reason.clear();
  who->since = now;
  who->info.reset(); // it may be another incarnation: it introduces itself anew
}

void member_table::on_down(const std::string& name, const std::string& reason, utc_time now) {
  auto* who = entry(name);
  if (!who) return;
  who->state = reason == "left" ? member_state::left : member_state::lost;
  who->reason = reason;
  who->since = now;
}

void member_table::on_introduction(const member_info& info, utc_time now) {
  auto* who = entry(info.name);
  if (!who) return;
  if (who->state != member_state::up) who->since = now;
  who->state = member_state::up;
  who->reason.clear();
  who->info = info;
}

std::vector<node_address> member_table::strangers(const std::vector<node_address>& others) const {
  std::vector<node_address> out;
  for (const auto& other : others) {
    if (other.name == self_ || other.name.empty() || other.endpoint.empty()) continue;
    const auto at = members_.find(other.name);
    if (at == members_.end() || at->second.state != member_state::up) out.push_back(other);
    if (out.size() >= max_members) break;
  }
  return out;
}

std::vector<node_address> member_table::addresses(const std::string& newcomer) const {
  std::vector<node_address> out;
  for (const auto& [name, who] : members_)
    if (name != newcomer && who.state == member_state::up && who.info) out.push_back({name, who.info->endpoint});
  return out;
}

} // namespace tt::cluster
