#pragma once

// UI sessions and one-time tickets, in memory: a restart ends them. Pure: time, and the digests of secrets, are passed in.

#include "actors/model/time.hpp"
#include "gateways/auth/principal.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace tt::gateway {

/// One login. Its id is known by digest only.
struct ui_session {
  std::string user;
  std::string password_hash; ///< of then: a new password ends it
  std::string csrf_token;
  utc_time created_at{};
  utc_time seen_at{};

  [[nodiscard]] utc_time expires_at() const;
};

class session_table {
public:
  static constexpr std::chrono::hours idle_limit{12}, absolute_limit{7 * 24};
  /// Sessions of the node; over it, the one that was not seen for longest ends.
  static constexpr std::size_t max_sessions = 1000;

  void add(const std::string& digest, ui_session session);
  /// Counts as sign of life. Null: there is none, or it has expired.
  [[nodiscard]] const ui_session* touch(const std::string& digest, utc_time now);
  /// Without a sign of life.
  [[nodiscard]] const ui_session* find(const std::string& digest, utc_time now) const;
  void end(const std::string& digest) { sessions_.erase(digest); }
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

private:
  std::map<std::string, ui_session> sessions_;
};

/// Tickets for a stream: usable once, for a short time, from where they were asked for.
class ticket_table {
public:
  static constexpr std::chrono::seconds life{30};
  /// Tickets that wait; over it, the oldest is void.
  static constexpr std::size_t max_tickets = 1000;

  void add(const std::string& digest, principal who, std::string session, std::string client, utc_time now);
  struct ticket {
    principal who;
    std::string session; ///< handle of the session it came from, or empty
    std::string client;
    utc_time expires_at{};
  };
  /// Takes it off the table, whatever comes of it. Nothing: unknown, used, expired, or of another address.
  [[nodiscard]] std::optional<ticket> redeem(const std::string& digest, const std::string& client, utc_time now);

private:
  std::map<std::string, ticket> tickets_;
};

} // namespace tt::gateway
