#include "gateways/auth/session_table.hpp"

#include <algorithm>

namespace tt::gateway {

utc_time ui_session::expires_at() const {
  return std::min<utc_time>(created_at + session_table::absolute_limit, seen_at + session_table::idle_limit);
}

void session_table::add(const std::string& digest, ui_session session) {
  const auto now = session.created_at;
  if (sessions_.size() >= max_sessions) std::erase_if(sessions_, [&](const auto& one) { return one.second.expires_at() <= now; });
  if (sessions_.size() >= max_sessions)
    sessions_.erase(std::ranges::min_element(sessions_, {}, [](const auto& one) { return one.second.seen_at; }));
  sessions_.insert_or_assign(digest, std::move(session));
}

const ui_session* session_table::find(const std::string& digest, utc_time now) const {
  const auto found = sessions_.find(digest);
  return found == sessions_.end() || found->second.expires_at() <= now ? nullptr : &found->second;
}

const ui_session* session_table::touch(const std::string& digest, utc_time now) {
  const auto found = sessions_.find(digest);
  if (found == sessions_.end()) return nullptr;
  if (found->second.expires_at() <= now) {
    sessions_.erase(found);
    return nullptr;
  }
  found->second.seen_at = std::max(found->second.seen_at, now);
  return &found->second;
}

void ticket_table::add(const std::string& digest, principal who, std::string session, std::string client, utc_time now) {
  std::erase_if(tickets_, [&](const auto& one) { return one.second.expires_at <= now; });
  if (tickets_.size() >= max_tickets) tickets_.erase(std::ranges::min_element(tickets_, {}, [](const auto& one) { return one.second.expires_at; }));
  tickets_.insert_or_assign(digest, ticket{std::move(who), std::move(session), std::move(client), now + life});
}

std::optional<ticket_table::ticket> ticket_table::redeem(const std::string& digest, const std::string& client, utc_time now) {
  auto taken = tickets_.extract(digest);
  if (!taken || taken.mapped().expires_at <= now || taken.mapped().client != client) return std::nullopt;
  return std::move(taken.mapped());
}

} // namespace tt::gateway
