#include "gateways/auth/identity_file.hpp"

#include "gateways/store/durable_file.hpp"
#include "gateways/store/folder_turn.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <stdexcept>

namespace tt::gateway {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int form = 1;

ordered_json reach_json(const identity_reach& reach) {
  return {{"role", to_string(reach.rank)}, {"accounts", reach.accounts}, {"strategies", reach.strategies}};
}

utc_time time_of(const json& from, const char* field) {
  auto read = parse_iso8601(from.at(field).get<std::string>());
  if (!read) throw std::runtime_error(std::string(field) + ": " + read.error().message);
  return *read;
}

identity_reach reach_of(const json& from) {
  auto rank = parse_role(from.at("role").get<std::string>());
  if (!rank) throw std::runtime_error(to_string(rank.error()));
  return {*rank, from.at("accounts").get<std::vector<std::string>>(), from.at("strategies").get<std::vector<std::string>>()};
}

ordered_json token_json(const access_token& one) {
  ordered_json out{{"id", one.id}, {"name", one.name}, {"digest", one.digest}};
  out.update(reach_json(one.reach));
  out["allowed_ips"] = one.allowed_ips;
  if (one.expires_at) out["expires_at"] = to_iso8601(*one.expires_at);
  out["created_at"] = to_iso8601(one.created_at);
  out["created_by"] = one.created_by;
  return out;
}

access_token token_of(const json& from) {
  access_token out;
  out.id = from.at("id").get<std::string>();
  out.name = from.at("name").get<std::string>();
  out.digest = from.at("digest").get<std::string>();
  out.reach = reach_of(from);
  out.allowed_ips = from.at("allowed_ips").get<std::vector<std::string>>();
  if (from.contains("expires_at")) out.expires_at = time_of(from, "expires_at");
  out.created_at = time_of(from, "created_at");
  out.created_by = from.at("created_by").get<std::string>();
  return out;
}

ordered_json user_json(const user_record& one) {
  ordered_json out{{"name", one.name}, {"password", one.password_hash}};
  out.update(reach_json(one.reach));
  out["enabled"] = one.active == user_record::state::enabled;
  if (one.factor == user_record::second_factor::code) out["totp"] = {{"secret", one.codes.secret}, {"used_step", one.codes.used_step}};
  if (one.factor == user_record::second_factor::unreadable) out["totp"] = true;
  out["created_at"] = to_iso8601(one.created_at);
  out["changed_at"] = to_iso8601(one.changed_at);
  return out;
}

/// Whatever stands there, a second factor that can't be checked must not count as checked.
void read_codes(const json& from, user_record& to) {
  if (from.is_null() || from == json(false)) return;
  to.factor = user_record::second_factor::unreadable;
  if (!from.is_object() || !from.contains("secret") || !from.at("secret").is_string()) return;
  const auto secret = from.at("secret").get<std::string>();
  const auto used = from.value("used_step", json(0));
  if (!is_totp_secret(secret) || !used.is_number_integer()) return;
  to.factor = user_record::second_factor::code;
  to.codes = {secret, used.get<std::int64_t>()};
}

user_record user_of(const json& from) {
  user_record out;
  out.name = from.at("name").get<std::string>();
  out.password_hash = from.at("password").get<std::string>();
  out.reach = reach_of(from);
  out.active = from.at("enabled").get<bool>() ? user_record::state::enabled : user_record::state::disabled;
  if (from.contains("totp")) read_codes(from.at("totp"), out);
  out.created_at = time_of(from, "created_at");
  out.changed_at = time_of(from, "changed_at");
  return out;
}

error damaged(const std::string& what) { return {errc::corrupt_data, "the list of tokens and users is damaged: " + what}; }

} // namespace

std::string to_text(const identity_book& book) {
  auto tokens = ordered_json::array(), users = ordered_json::array();
  for (const auto& one : book.tokens()) tokens.push_back(token_json(one));
  for (const auto& [name, one] : book.users()) users.push_back(user_json(one));
  return ordered_json{{"form", form}, {"tokens", tokens}, {"users", users}}.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

result<identity_book> parse_identities(const std::string& text) {
  identity_book out;
  try {
    const auto all = json::parse(text);
    if (all.at("form") != form) return damaged("it has a form that this version does not know");
    for (const auto& one : all.at("tokens"))
      if (auto kept = out.restore(token_of(one)); !kept) return damaged("a token: " + to_string(kept.error()));
    for (const auto& one : all.at("users"))
      if (auto kept = out.restore(user_of(one)); !kept) return damaged("a user: " + to_string(kept.error()));
  } catch (const std::exception& e) {
    // what nlohmann says may repeat the content, and the content is nobody's business
    const bool is_ours = dynamic_cast<const json::exception*>(&e) == nullptr;
    return damaged(is_ours ? e.what() : "it is not the JSON that it should be");
  }
  return out;
}

identity_file::identity_file(std::string folder)
  : folder_(std::move(folder)), path_(folder_.empty() ? std::string(name) : (std::filesystem::path(folder_) / name).string()) {}

error identity_file::named(const error& why) const { return {why.code, why.message, path_}; }

result<std::string> identity_file::read() const {
  if (folder_.empty()) return memory_;
  auto text = read_small_file(path_, max_bytes);
  if (!text) return named(text.error());
  return text->value_or("");
}

result<identity_book> identity_file::load() {
  auto text = read();
  if (!text) return text.error();
  text_ = *text;
  if (text_.empty()) return identity_book{};
  auto book = parse_identities(text_);
  if (!book) return named(book.error());
  return book;
}

result<std::optional<identity_book>> identity_file::load_news() {
  auto text = read();
  if (!text) return text.error();
  if (*text == text_) return std::optional<identity_book>{};
  auto book = load();
  if (!book) return book.error();
  return std::optional{std::move(*book)};
}

result<identity_book> identity_file::change(const std::function<result<void>(identity_book&)>& how) {
  std::optional<folder_turn> turn;
  if (!folder_.empty()) {
    turn.emplace(folder_);
    if (auto ours = turn->wait(); !ours) return named(ours.error());
  }
  auto book = load(); // a neighbour may have changed it since
  if (!book) return book;
  if (auto changed = how(*book); !changed) return changed.error();
  auto text = to_text(*book);
  if (folder_.empty()) memory_ = text;
  else if (auto written = replace_file(path_, text); !written) return named(written.error());
  text_ = std::move(text);
  return book;
}

} // namespace tt::gateway
