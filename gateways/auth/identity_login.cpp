// Logging in: password, one-time code, lock-out; and one's own one-time codes.

#include "gateways/auth/identity_service.hpp"
#include "gateways/http/digest.hpp"

namespace tt::gateway {

namespace {

using reason = login_refusal::reason;

std::string user_key(const std::string& user) { return "user " + user; }
std::string address_key(const std::string& client) { return "address " + client; }

} // namespace

std::optional<login_refusal> identity_service::find_lock(const std::string& user, const std::string& client, utc_time now) const {
  for (const auto& key : {user_key(user), address_key(client)})
    if (const auto until = lockout_.locked_until(key, now)) return login_refusal{reason::locked, std::chrono::ceil<std::chrono::seconds>(*until - now)};
  return std::nullopt;
}

login_refusal identity_service::failed(reason why, const std::string& user, const std::string& client, utc_time now) {
  const std::lock_guard guard{mutex_};
  lockout_.failed(user_key(user), now);
  // a missing code ends every first half of a login: it must not lock out an office behind one address
  if (why != reason::code_missing) lockout_.failed(address_key(client), now);
  return {why};
}

std::optional<login_refusal> identity_service::check_password(const login_attempt& shown, const std::string& client, utc_time now,
                                                              std::optional<user_record>& known) {
  look(now);
  {
    const std::lock_guard guard{mutex_};
    if (auto locked = find_lock(shown.user, client, now)) return locked;
    if (const auto* found = book_.find_user(shown.user)) known = *found;
  }
  // an unknown name takes as long as a known one
  const bool is_good = is_password(known ? known->password_hash : nobodys_hash(), shown.password);
  if (is_good && known && known->active == user_record::state::enabled) return std::nullopt;
  return failed(reason::wrong, shown.user, client, now);
}

std::optional<login_refusal> identity_service::check_code(const user_record& known, const std::optional<std::string>& code, const std::string& client,
                                                          utc_time now) {
  switch (known.factor) {
  case user_record::second_factor::none: return std::nullopt;
  case user_record::second_factor::unreadable: return login_refusal{reason::unreadable};
  case user_record::second_factor::code: break;
  }
  if (!code || code->empty()) return failed(reason::code_missing, known.name, client, now);
  // on disk before anybody is let in: a code that was used must not work after a restart, nor for two at the same time
  const auto used = change([&](identity_book& book) { return book.use_code(known.name, *code, now); });
  if (used) return std::nullopt;
  if (used.error().code == errc::refused || used.error().code == errc::not_found) return failed(reason::code_wrong, known.name, client, now);
  return login_refusal{.why = reason::not_kept, .trouble = used.error()};
}

std::variant<opened_session, login_refusal> identity_service::log_in(const login_attempt& shown, const std::string& client, utc_time now) {
  std::optional<user_record> known;
  if (auto refused = check_password(shown, client, now, known)) return *refused;
  if (auto refused = check_code(*known, shown.code, client, now)) return *refused;
  const std::lock_guard guard{mutex_};
  lockout_.succeeded(user_key(shown.user)); // those of the address stay: somebody there may have tried other names
  opened_session out;
  out.cookie = secrets_();
  out.csrf_token = secrets_();
  out.who = principal_of(*known);
  ui_session session{known->name, known->password_hash, out.csrf_token, now, now};
  out.expires_at = session.expires_at();
  sessions_.add(sha256_hex(out.cookie), std::move(session));
  return out;
}

std::variant<totp_offer, login_refusal> identity_service::offer_totp(const login_attempt& shown, const std::string& client, utc_time now) {
  std::optional<user_record> known;
  if (auto refused = check_password(shown, client, now, known)) return *refused;
  if (known->factor != user_record::second_factor::none) return login_refusal{reason::codes_on};
  auto secret = make_totp_secret(secrets_());
  const std::lock_guard guard{mutex_};
  std::erase_if(offers_, [&](const auto& one) { return one.second.until <= now; });
  if (offers_.size() >= max_offers && !offers_.contains(shown.user))
    return login_refusal{.why = reason::not_kept, .trouble = {errc::limit_exceeded, "too many keys wait for their first code"}};
  offers_.insert_or_assign(shown.user, kept_offer{secret, now + offer_life});
  auto uri = otpauth_uri(shown.user, secret);
  return totp_offer{std::move(secret), std::move(uri)};
}

std::optional<login_refusal> identity_service::confirm_totp(const std::string& user, const std::string& code, const std::string& client, utc_time now) {
  std::string secret;
  {
    const std::lock_guard guard{mutex_};
    if (auto locked = find_lock(user, client, now)) return locked;
    const auto offer = offers_.find(user);
    if (offer == offers_.end() || offer->second.until <= now) return login_refusal{reason::no_offer};
    secret = offer->second.secret;
  }
  const auto done = change([&](identity_book& book) -> result<void> {
    if (auto added = book.add_codes(user, secret, code, now); !added) return added.error();
    return {};
  });
  if (!done && done.error().code == errc::refused) return failed(reason::code_wrong, user, client, now);
  if (!done && done.error().code == errc::conflict) return login_refusal{reason::codes_on};
  if (!done) return login_refusal{.why = reason::not_kept, .trouble = done.error()};
  const std::lock_guard guard{mutex_};
  offers_.erase(user);
  return std::nullopt;
}

std::optional<login_refusal> identity_service::remove_totp(const login_attempt& shown, const std::string& client, utc_time now) {
  std::optional<user_record> known;
  if (auto refused = check_password(shown, client, now, known)) return refused;
  if (known->factor == user_record::second_factor::none) return login_refusal{reason::codes_off};
  if (auto refused = check_code(*known, shown.code, client, now)) return refused;
  if (const auto done = reset_totp(shown.user, now); !done) return login_refusal{.why = reason::not_kept, .trouble = done.error()};
  return std::nullopt;
}

result<user_record> identity_service::reset_totp(const std::string& name, utc_time now) {
  user_record out;
  auto done = change([&](identity_book& book) -> result<void> {
    auto changed = book.remove_codes(name, now);
    if (!changed) return changed.error();
    out = std::move(*changed);
    return {};
  });
  if (!done) return done.error();
  return out;
}

} // namespace tt::gateway
