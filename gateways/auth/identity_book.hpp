#pragma once

// Tokens and users of a node: a value with rules. Pure: time and secrets are passed in.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "gateways/auth/principal.hpp"
#include "gateways/auth/totp.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt::gateway {

/// How far an identity reaches; for tokens and users alike.
struct identity_reach {
  role rank = role::viewer;
  /// "*" alone: every account. Empty: paper accounts only, but for an admin, who reaches all.
  std::vector<std::string> accounts = {};
  std::vector<std::string> strategies = {}; ///< empty: not bound to strategies

  bool operator==(const identity_reach&) const = default;
};

/// A bearer token, without its secret.
struct access_token {
  std::string id;     ///< "t-" and the first 12 digits of the digest
  std::string name;
  std::string digest; ///< SHA-256 of the whole token, hexadecimal
  identity_reach reach;
  std::vector<std::string> allowed_ips = {}; ///< addresses and networks; empty: from everywhere
  std::optional<utc_time> expires_at = {};
  utc_time created_at{};
  std::string created_by = {};

  [[nodiscard]] bool is_expired(utc_time now) const { return expires_at && *expires_at <= now; }
  bool operator==(const access_token&) const = default;
};

/// Somebody with a password.
struct user_record {
  std::string name; ///< also the id
  std::string password_hash;
  identity_reach reach;
  enum class state : std::uint8_t { enabled, disabled };
  state active = state::enabled;
  /// Whether a one-time code is needed beside the password. What stands in the file and can't be read must not count as
  /// none: such a user can't log in until an admin takes it off.
  enum class second_factor : std::uint8_t { none, code, unreadable };
  second_factor factor = second_factor::none;
  totp_codes codes = {}; ///< with `code`
  utc_time created_at{};
  utc_time changed_at{};

  bool operator==(const user_record&) const = default;
};

/// What a new token is to be.
struct token_draft {
  std::string name;
  identity_reach reach;
  std::vector<std::string> allowed_ips = {};
  std::optional<utc_time> expires_at = {};
};

/// What is to change of a user; absent: as before.
struct user_change {
  std::optional<std::string> password_hash = {};
  std::optional<role> rank = {};
  std::optional<std::vector<std::string>> accounts = {}, strategies = {};
  std::optional<user_record::state> active = {};
};

class identity_book {
public:
  static constexpr std::size_t max_tokens = 1000, max_users = 200;
  /// Accounts, strategies or addresses of one identity; characters of a name and of one entry.
  static constexpr std::size_t max_listed = 100, max_name = 48, max_entry = 64;

  /// Adds what was kept before. Errors: as the next two, conflict for a token or user twice.
  [[nodiscard]] result<void> restore(access_token token);
  [[nodiscard]] result<void> restore(user_record user);

  /// `digest` is that of the secret. An expired token of the same name makes room. Errors: invalid_argument (name, role,
  /// lists, address, expiry in the past), conflict (name taken), limit_exceeded.
  [[nodiscard]] result<access_token> add_token(const token_draft& draft, std::string digest, std::string author, utc_time now);
  /// Errors: not_found.
  [[nodiscard]] result<access_token> revoke_token(std::string_view id);
  [[nodiscard]] const access_token* find_token(std::string_view id) const;
  [[nodiscard]] const access_token* find_digest(const std::string& digest) const;
  /// By name.
  [[nodiscard]] std::vector<access_token> tokens() const;

  /// Errors: invalid_argument, conflict, limit_exceeded.
  [[nodiscard]] result<user_record> add_user(std::string name, std::string password_hash, const identity_reach& reach, utc_time now);
  /// Errors: not_found, invalid_argument, conflict (nobody would be left to make another admin).
  [[nodiscard]] result<user_record> change_user(const std::string& name, const user_change& change, utc_time now);
  /// Errors: not_found, conflict as above.
  [[nodiscard]] result<user_record> remove_user(const std::string& name, utc_time now);
  /// Asks for one-time codes of `secret` from now on; `code` shows that its owner has them, and is used up by that.
  /// Errors: not_found, conflict (codes are asked for already), refused (the code is wrong).
  [[nodiscard]] result<user_record> add_codes(const std::string& name, const std::string& secret, std::string_view code, utc_time now);
  /// Asks for none any more. Errors: not_found.
  [[nodiscard]] result<user_record> remove_codes(const std::string& name, utc_time now);
  /// Uses a code up. Errors: not_found, refused (wrong, or used before).
  [[nodiscard]] result<void> use_code(const std::string& name, std::string_view code, utc_time now);
  [[nodiscard]] const user_record* find_user(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, user_record>& users() const { return users_; }

  /// Whether somebody can get in who may make others: a token that has not expired, or a user who can log in.
  [[nodiscard]] bool has_admin(utc_time now) const;

  bool operator==(const identity_book&) const = default;

private:
  std::map<std::string, access_token> tokens_; ///< by id
  std::unordered_map<std::string, std::string> ids_; ///< digest to id
  std::map<std::string, user_record> users_;
};

/// Who holds the token, or has logged in.
principal principal_of(const access_token& token);
principal principal_of(const user_record& user);

/// "viewer", "trader", "admin". Errors: invalid_argument, field role.
result<role> parse_role(std::string_view text);

} // namespace tt::gateway
