#include "gateways/auth/identity_service.hpp"

#include "gateways/http/digest.hpp"
#include "gateways/http/peer_rules.hpp"
#include "gateways/store/durable_file.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <filesystem>

namespace tt::gateway {

namespace {

using nlohmann::json;

std::string uses_path(const std::string& folder) { return (std::filesystem::path(folder) / identity_service::uses_file).string(); }

/// A clock that was set back must not stop what is done now and then.
bool is_due(const std::optional<utc_time>& last, utc_time now, nanoseconds every) { return !last || now - *last >= every || now < *last; }

} // namespace

std::map<std::string, utc_time> load_uses(const std::string& folder) {
  std::map<std::string, utc_time> out;
  if (folder.empty()) return out;
  const auto text = read_small_file(uses_path(folder), identity_file::max_bytes);
  if (!text || !*text) return out;
  const auto all = json::parse(**text, nullptr, false);
  if (!all.is_object()) return out; // losing it loses nothing that counts
  for (const auto& [id, at] : all.items())
    if (at.is_string())
      if (const auto read = parse_iso8601(at.get<std::string>())) out.emplace(id, *read);
  return out;
}

identity_service::identity_service(const std::string& folder, secret_source secrets) : folder_(folder), secrets_(std::move(secrets)), file_(folder) {}

identity_service::~identity_service() { save_uses(); }

result<std::shared_ptr<identity_service>> identity_service::open(const std::string& folder, secret_source secrets) {
  auto out = std::shared_ptr<identity_service>(new identity_service(folder, std::move(secrets)));
  auto book = out->file_.load();
  if (!book) return book.error();
  out->book_ = std::move(*book);
  out->uses_ = load_uses(folder);
  return out;
}

void identity_service::look(utc_time now) {
  {
    const std::lock_guard guard{mutex_};
    if (!is_due(looked_at_, now, look_every)) return;
    looked_at_ = now;
  }
  const std::unique_lock file{file_mutex_, std::try_to_lock};
  if (!file) return; // who has it brings the news
  auto news = file_.load_news();
  if (!news) {
    auto said = to_string(news.error());
    if (said != trouble_) spdlog::error("{}; the tokens and users as they were before stay in force", said);
    trouble_ = std::move(said);
    return;
  }
  trouble_.clear();
  if (!*news) return;
  const std::lock_guard guard{mutex_};
  book_ = std::move(**news);
}

result<void> identity_service::change(const std::function<result<void>(identity_book&)>& how) {
  const std::lock_guard file{file_mutex_};
  auto book = file_.change(how);
  if (!book) return book.error();
  const std::lock_guard guard{mutex_};
  book_ = std::move(*book);
  return {};
}

// -- recognising

void identity_service::used(const std::string& id, utc_time now) {
  uses_.insert_or_assign(id, now);
  uses_state_ = uses_state::changed;
  if (!worker_ || !is_due(saved_uses_at_, now, save_uses_every)) return;
  saved_uses_at_ = now;
  worker_([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->save_uses();
  });
}

recognition identity_service::recognise_token(std::string_view secret, const std::string& client, utc_time now) {
  using outcome = recognition::outcome;
  if (!is_token_shape(secret)) return {};
  look(now);
  const auto digest = sha256_hex(secret);
  const std::lock_guard guard{mutex_};
  const auto* token = book_.find_digest(digest);
  if (token == nullptr) return {};
  if (token->is_expired(now)) return {.how = outcome::expired};
  if (!token->allowed_ips.empty()) {
    const auto allowed = network_list::parse(token->allowed_ips);
    if (!allowed || !allowed->contains(client)) return {.how = outcome::address};
  }
  used(token->id, now);
  return {.how = outcome::known, .who = principal_of(*token), .expires_at = token->expires_at};
}

recognition identity_service::known_session(const ui_session* session, const std::string& handle) const {
  if (session == nullptr) return {};
  const auto* user = book_.find_user(session->user);
  if (user == nullptr || user->active != user_record::state::enabled || user->password_hash != session->password_hash) return {};
  return {recognition::outcome::known, principal_of(*user), handle, session->csrf_token, session->expires_at()};
}

recognition identity_service::recognise_session(std::string_view cookie, utc_time now) {
  if (cookie.size() != secret_length) return {};
  look(now);
  const auto handle = sha256_hex(cookie);
  const std::lock_guard guard{mutex_};
  return known_session(sessions_.touch(handle, now), handle);
}

std::string identity_service::make_ticket(const principal& who, const std::string& session, const std::string& client, utc_time now) {
  auto secret = secrets_();
  const auto digest = sha256_hex(secret);
  const std::lock_guard guard{mutex_};
  tickets_.add(digest, who, session, client, now);
  return secret;
}

recognition identity_service::recognise_ticket(std::string_view ticket, const std::string& client, utc_time now) {
  if (ticket.size() != secret_length) return {};
  std::optional<ticket_table::ticket> used_up;
  {
    const std::lock_guard guard{mutex_};
    used_up = tickets_.redeem(sha256_hex(ticket), client, now);
  }
  if (!used_up || !holds(used_up->who, used_up->session, now)) return {};
  return {.how = recognition::outcome::known, .who = used_up->who, .session = used_up->session};
}

bool identity_service::holds(const principal& who, const std::string& session, utc_time now) {
  if (who.kind == identity_kind::local) return true;
  look(now);
  const std::lock_guard guard{mutex_};
  if (who.kind == identity_kind::session) {
    const auto known = known_session(sessions_.find(session, now), session);
    return known.how == recognition::outcome::known && known.who == who;
  }
  const auto* token = book_.find_token(who.id);
  return token != nullptr && !token->is_expired(now) && principal_of(*token) == who;
}

void identity_service::log_out(const std::string& session) {
  const std::lock_guard guard{mutex_};
  sessions_.end(session);
}

// -- slow

result<new_token> identity_service::add_token(const token_draft& draft, const std::string& author, utc_time now) {
  new_token out;
  out.secret = std::string(token_prefix) + secrets_();
  const auto digest = sha256_hex(out.secret);
  auto done = change([&](identity_book& book) -> result<void> {
    auto added = book.add_token(draft, digest, author, now);
    if (!added) return added.error();
    out.token = std::move(*added);
    return {};
  });
  if (!done) return done.error();
  return out;
}

result<access_token> identity_service::revoke_token(const std::string& id) {
  access_token out;
  auto done = change([&](identity_book& book) -> result<void> {
    auto gone = book.revoke_token(id);
    if (!gone) return gone.error();
    out = std::move(*gone);
    return {};
  });
  if (!done) return done.error();
  return out;
}

std::vector<token_view> identity_service::tokens(utc_time now) {
  look(now);
  std::vector<token_view> out;
  const std::lock_guard guard{mutex_};
  for (auto& one : book_.tokens()) {
    const auto used_at = uses_.find(one.id);
    out.push_back({std::move(one), used_at == uses_.end() ? std::nullopt : std::optional{used_at->second}});
  }
  return out;
}

result<user_record> identity_service::add_user(const std::string& name, const std::string& password, const identity_reach& reach, utc_time now) {
  auto hash = hash_password(password);
  if (!hash) return hash.error();
  user_record out;
  auto done = change([&](identity_book& book) -> result<void> {
    auto added = book.add_user(name, *hash, reach, now);
    if (!added) return added.error();
    out = std::move(*added);
    return {};
  });
  if (!done) return done.error();
  return out;
}

result<user_record> identity_service::change_user(const std::string& name, user_change what, const std::optional<std::string>& password, utc_time now) {
  if (password) {
    auto hash = hash_password(*password);
    if (!hash) return hash.error();
    what.password_hash = std::move(*hash);
  }
  user_record out;
  auto done = change([&](identity_book& book) -> result<void> {
    auto changed = book.change_user(name, what, now);
    if (!changed) return changed.error();
    out = std::move(*changed);
    return {};
  });
  if (!done) return done.error();
  return out;
}

result<user_record> identity_service::remove_user(const std::string& name, utc_time now) {
  user_record out;
  auto done = change([&](identity_book& book) -> result<void> {
    auto gone = book.remove_user(name, now);
    if (!gone) return gone.error();
    out = std::move(*gone);
    return {};
  });
  if (!done) return done.error();
  return out;
}

std::vector<user_record> identity_service::users(utc_time now) {
  look(now);
  std::vector<user_record> out;
  const std::lock_guard guard{mutex_};
  for (const auto& [name, one] : book_.users()) out.push_back(one);
  return out;
}

result<user_record> identity_service::user(const std::string& name, utc_time now) {
  look(now);
  const std::lock_guard guard{mutex_};
  if (const auto* found = book_.find_user(name)) return *found;
  return error{errc::not_found, "no user " + in_quotes(name), "id"};
}

void identity_service::save_uses() {
  if (folder_.empty()) return;
  json all = json::object();
  {
    const std::lock_guard guard{mutex_};
    if (uses_state_ == uses_state::saved) return;
    uses_state_ = uses_state::saved;
    std::erase_if(uses_, [&](const auto& one) { return book_.find_token(one.first) == nullptr; });
    for (const auto& [id, at] : uses_) all[id] = to_iso8601(at);
  }
  if (const auto written = replace_file(uses_path(folder_), all.dump() + "\n"); !written) spdlog::warn("{}", to_string(written.error()));
}

} // namespace tt::gateway
