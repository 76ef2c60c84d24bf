#include "gateways/auth/identity_book.hpp"

#include "gateways/http/peer_rules.hpp"

#include <algorithm>

namespace tt::gateway {

namespace {

constexpr std::string_view every_account = "*";
constexpr std::size_t id_digits = 12, digest_digits = 64;

bool is_word(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

/// An id of an account or strategy: what those rooms take is theirs to say, but nothing here may break a line or a document.
bool is_entry(std::string_view text) {
  return !text.empty() && text.size() <= identity_book::max_entry && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

error bad(std::string_view field, std::string why) { return {errc::invalid_argument, std::move(why), std::string(field)}; }

result<void> check_list(const std::vector<std::string>& list, std::string_view field) {
  if (list.size() > identity_book::max_listed) return bad(field, "may have at most " + std::to_string(identity_book::max_listed) + " entries");
  for (const auto& one : list)
    if (!is_entry(one)) return bad(field, in_quotes(one) + " is no id: 1 to 64 printable characters without blanks");
  return {};
}

result<void> check_reach(const identity_reach& reach) {
  if (reach.rank == role::none) return bad("role", "must be viewer, trader or admin");
  if (auto good = check_list(reach.accounts, "accounts"); !good) return good;
  if (reach.accounts.size() > 1 && std::ranges::find(reach.accounts, every_account) != reach.accounts.end())
    return bad("accounts", "* stands alone: it means every account");
  return check_list(reach.strategies, "strategies");
}

result<void> check_name(std::string_view name) {
  if (is_word(name, identity_book::max_name)) return {};
  return bad("name", "must be 1 to " + std::to_string(identity_book::max_name) + " of a-z A-Z 0-9 . _ -");
}

result<void> check_token(std::string_view name, const identity_reach& reach, const std::vector<std::string>& allowed_ips) {
  if (auto good = check_name(name); !good) return good;
  if (auto good = check_reach(reach); !good) return good;
  if (allowed_ips.size() > identity_book::max_listed) return bad("allowed_ips", "may have at most " + std::to_string(identity_book::max_listed) + " entries");
  // an empty entry would read as no rule at all
  if (std::ranges::any_of(allowed_ips, [](const std::string& one) { return trimmed(one).empty(); })) return bad("allowed_ips", "has an empty entry");
  if (const auto read = network_list::parse(allowed_ips); !read) return bad("allowed_ips", read.error().message);
  return {};
}

bool is_digest(std::string_view text) {
  return text.size() == digest_digits && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

principal reached(std::string name, const identity_reach& reach, identity_kind kind, std::string id) {
  principal out;
  out.name = std::move(name);
  out.rank = reach.rank;
  out.strategies = reach.strategies;
  out.kind = kind;
  out.id = std::move(id);
  const bool is_free = reach.accounts.empty() ? reach.rank == role::admin : reach.accounts.front() == every_account;
  if (is_free) out.accounts = account_scope::all;
  else if (reach.accounts.empty()) out.accounts = account_scope::paper_only;
  else out.accounts = account_scope::listed, out.listed = reach.accounts;
  return out;
}

/// Whether it may make and change identities: those who are bound may not.
bool rules(const identity_reach& reach) {
  return reach.rank == role::admin && reach.strategies.empty() && (reach.accounts.empty() || reach.accounts.front() == every_account);
}

bool can_log_in(const user_record& user) {
  return user.active == user_record::state::enabled && user.factor != user_record::second_factor::unreadable;
}

} // namespace

result<role> parse_role(std::string_view text) {
  for (const auto one : {role::viewer, role::trader, role::admin})
    if (text == to_string(one)) return one;
  return bad("role", "must be viewer, trader or admin");
}

principal principal_of(const access_token& token) { return reached("token:" + token.name, token.reach, identity_kind::token, token.id); }
principal principal_of(const user_record& user) { return reached("user:" + user.name, user.reach, identity_kind::session, user.name); }

result<void> identity_book::restore(access_token token) {
  if (auto good = check_token(token.name, token.reach, token.allowed_ips); !good) return good;
  if (!is_digest(token.digest)) return bad("digest", "is no SHA-256 of 64 hexadecimal digits");
  if (token.id != "t-" + token.digest.substr(0, id_digits)) return bad("id", "is not that of the digest");
  if (tokens_.size() >= max_tokens) return error{errc::limit_exceeded, "there may be at most " + std::to_string(max_tokens) + " tokens"};
  if (tokens_.contains(token.id)) return error{errc::conflict, "is there twice", "id"};
  ids_.emplace(token.digest, token.id);
  tokens_.emplace(token.id, std::move(token));
  return {};
}

result<void> identity_book::restore(user_record user) {
  if (auto good = check_name(user.name); !good) return good;
  if (auto good = check_reach(user.reach); !good) return good;
  if (users_.size() >= max_users) return error{errc::limit_exceeded, "there may be at most " + std::to_string(max_users) + " users"};
  if (!users_.emplace(user.name, user).second) return error{errc::conflict, "there is a user of that name", "name"};
  return {};
}

result<access_token> identity_book::add_token(const token_draft& draft, std::string digest, std::string author, utc_time now) {
  if (draft.expires_at && *draft.expires_at <= now) return bad("expires_at", "must be in the future");
  for (const auto& one : tokens()) {
    if (one.name != draft.name) continue;
    if (!one.is_expired(now)) return error{errc::conflict, "there is a token of that name: revoke it first", "name"};
    if (auto gone = revoke_token(one.id); !gone) return gone.error();
  }
  access_token token{.id = "t-" + digest.substr(0, id_digits), .name = draft.name, .digest = std::move(digest), .reach = draft.reach,
                     .allowed_ips = draft.allowed_ips, .expires_at = draft.expires_at, .created_at = now, .created_by = std::move(author)};
  if (auto added = restore(token); !added) return added.error();
  return token;
}

result<access_token> identity_book::revoke_token(std::string_view id) {
  const auto found = tokens_.find(std::string(id));
  if (found == tokens_.end()) return error{errc::not_found, "no token " + in_quotes(id), "id"};
  auto gone = std::move(found->second);
  ids_.erase(gone.digest);
  tokens_.erase(found);
  return gone;
}

const access_token* identity_book::find_token(std::string_view id) const {
  const auto found = tokens_.find(std::string(id));
  return found == tokens_.end() ? nullptr : &found->second;
}

const access_token* identity_book::find_digest(const std::string& digest) const {
  const auto found = ids_.find(digest);
  return found == ids_.end() ? nullptr : find_token(found->second);
}

std::vector<access_token> identity_book::tokens() const {
  std::vector<access_token> out;
  for (const auto& [id, one] : tokens_) out.push_back(one);
  std::ranges::sort(out, {}, &access_token::name);
  return out;
}

result<user_record> identity_book::add_user(std::string name, std::string password_hash, const identity_reach& reach, utc_time now) {
  user_record user{.name = std::move(name), .password_hash = std::move(password_hash), .reach = reach, .created_at = now, .changed_at = now};
  if (auto added = restore(user); !added) return added.error();
  return user;
}

result<user_record> identity_book::change_user(const std::string& name, const user_change& change, utc_time now) {
  const auto found = users_.find(name);
  if (found == users_.end()) return error{errc::not_found, "no user " + in_quotes(name), "id"};
  const auto before = found->second;
  auto user = before;
  if (change.password_hash) user.password_hash = *change.password_hash;
  if (change.rank) user.reach.rank = *change.rank;
  if (change.accounts) user.reach.accounts = *change.accounts;
  if (change.strategies) user.reach.strategies = *change.strategies;
  if (change.active) user.active = *change.active;
  user.changed_at = now;
  if (auto good = check_reach(user.reach); !good) return good.error();
  const bool had_admin = has_admin(now);
  found->second = user;
  if (!had_admin || has_admin(now)) return user;
  found->second = before;
  return error{errc::conflict, "is the last admin: make another one first", "id"};
}

result<user_record> identity_book::remove_user(const std::string& name, utc_time now) {
  const auto found = users_.find(name);
  if (found == users_.end()) return error{errc::not_found, "no user " + in_quotes(name), "id"};
  const auto gone = found->second;
  const bool had_admin = has_admin(now);
  users_.erase(found);
  if (!had_admin || has_admin(now)) return gone;
  users_.emplace(name, gone);
  return error{errc::conflict, "is the last admin: make another one first", "id"};
}

result<user_record> identity_book::add_codes(const std::string& name, const std::string& secret, std::string_view code, utc_time now) {
  const auto found = users_.find(name);
  if (found == users_.end()) return error{errc::not_found, "no user " + in_quotes(name), "id"};
  auto& user = found->second;
  if (user.factor != user_record::second_factor::none) return error{errc::conflict, "one-time codes are asked for already: take them off first"};
  const auto step = match_totp({secret, 0}, code, now);
  if (!step) return error{errc::refused, "the one-time code is wrong", "totp"};
  user.factor = user_record::second_factor::code;
  user.codes = {secret, *step};
  user.changed_at = now;
  return user;
}

result<user_record> identity_book::remove_codes(const std::string& name, utc_time now) {
  const auto found = users_.find(name);
  if (found == users_.end()) return error{errc::not_found, "no user " + in_quotes(name), "id"};
  auto& user = found->second;
  user.factor = user_record::second_factor::none;
  user.codes = {};
  user.changed_at = now;
  return user;
}

result<void> identity_book::use_code(const std::string& name, std::string_view code, utc_time now) {
  const auto found = users_.find(name);
  if (found == users_.end()) return error{errc::not_found, "no user " + in_quotes(name), "id"};
  auto& user = found->second;
  const auto step = user.factor == user_record::second_factor::code ? match_totp(user.codes, code, now) : std::nullopt;
  if (!step) return error{errc::refused, "the one-time code is wrong or was used before", "totp"};
  user.codes.used_step = *step;
  return {};
}

const user_record* identity_book::find_user(const std::string& name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : &found->second;
}

bool identity_book::has_admin(utc_time now) const {
  return std::ranges::any_of(tokens_, [&](const auto& one) { return rules(one.second.reach) && !one.second.is_expired(now); }) ||
         std::ranges::any_of(users_, [](const auto& one) { return rules(one.second.reach) && can_log_in(one.second); });
}

} // namespace tt::gateway
