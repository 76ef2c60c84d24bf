#include "actors/risk/kill_switch.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

constexpr std::size_t max_text = 200;

result<void> check_text(std::string_view text, std::string_view field) {
  if (text.empty() || text.size() > max_text)
    return error{errc::invalid_argument, "must have 1 to " + std::to_string(max_text) + " characters", std::string(field)};
  return {};
}

/// Takes the same time wherever the first difference is.
bool equal_secrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

} // namespace

result<kill_event> kill_switch::engage(const kill_scope& scope, kill_mode mode, std::string_view author, std::string_view reason,
                                       utc_time now, kill_event::open_orders open) const {
  if (auto good = check_text(author, "author"); !good) return good.error();
  if (auto good = check_text(reason, "reason"); !good) return good.error();
  if (mode == kill_mode::none || static_cast<std::size_t>(mode) >= enum_count<kill_mode>)
    return error{errc::invalid_argument, "must be reduce, flatten or halt", "mode"};
  if ((scope.what == kill_scope::kind::global) != scope.name.empty() || scope.name.size() > max_text)
    return error{errc::invalid_argument, "every scope but global has a name", "scope"};
  const auto found = modes_.find(scope);
  if (found != modes_.end() && mode < found->second)
    return error{errc::conflict, "is at " + std::string(to_string(found->second)) + " already; only a resume makes it milder", "mode"};
  if (found == modes_.end() && modes_.size() >= max_scopes)
    return error{errc::limit_exceeded, std::to_string(max_scopes) + " scopes are stopped already; stop everything instead", "scope"};
  return kill_event{epoch() + 1, kill_event::kind::engaged, scope, mode, std::string(author), std::string(reason), now, open};
}

result<kill_event> kill_switch::flattened(const kill_scope& scope, utc_time now) const {
  const auto found = modes_.find(scope);
  if (found == modes_.end() || found->second != kill_mode::flatten)
    return error{errc::conflict, "is not being flattened", "scope"};
  return kill_event{epoch() + 1, kill_event::kind::flattened, scope, kill_mode::halt, "flatten", "everything is closed or queued", now};
}

result<void> kill_switch::ask_resume(std::string_view author, access by, std::string_view reason, std::string_view token, utc_time now) {
  if (by != access::admin) return error{errc::refused, "only an admin may resume"};
  if (auto good = check_text(author, "author"); !good) return good;
  if (auto good = check_text(reason, "reason"); !good) return good;
  if (!is_active()) return error{errc::conflict, "nothing is stopped"};
  if (token.size() < min_token_bytes || token.size() > max_text)
    return error{errc::invalid_argument, "must have at least 16 characters", "confirm_token"};
  pending_ = pending_resume{std::string(token), std::string(reason), epoch(), now + token_life};
  return {};
}

result<kill_event> kill_switch::confirm_resume(std::string_view token, std::string_view author, access by, utc_time now,
                                               std::span<const std::string> blocking) {
  if (by != access::admin) return error{errc::refused, "only an admin may resume"};
  if (auto good = check_text(author, "author"); !good) return good.error();
  if (!pending_ || !equal_secrets(pending_->token, token)) return error{errc::refused, "no such token: ask for a resume first", "confirm_token"};
  if (now >= pending_->expires) return error{errc::refused, "has expired: ask for a resume again", "confirm_token"};
  if (pending_->epoch != epoch()) return error{errc::refused, "something was stopped since: ask for a resume again", "confirm_token"};
  if (!blocking.empty()) {
    std::string list;
    for (const auto& one : blocking) list += (list.empty() ? "" : ", ") + one;
    return error{errc::conflict, "would stop again at once: " + list};
  }
  return kill_event{epoch() + 1, kill_event::kind::resumed, {}, kill_mode::none, std::string(author), pending_->reason, now};
}

result<void> kill_switch::apply(const kill_event& event) {
  if (event.epoch <= epoch_) return {};
  if (event.epoch != epoch_ + 1)
    return error{errc::conflict, "kill switch epoch " + std::to_string(event.epoch) + " after " + std::to_string(epoch_), "epoch"};
  switch (event.what) {
  case kill_event::kind::engaged:
    applied_[event.scope] = event.mode;
    if (const auto lost = lost_.find(event.scope); lost != lost_.end() && lost->second <= event.mode) lost_.erase(lost);
    break;
  case kill_event::kind::flattened: applied_[event.scope] = kill_mode::halt; break;
  case kill_event::kind::resumed:
    applied_.clear();
    lost_.clear();
    pending_.reset();
    break;
  default: return error{errc::corrupt_data, "unknown kind of kill switch event", "what"};
  }
  epoch_ = event.epoch;
  std::erase_if(noted_, [&](const kill_event& one) { return one.epoch <= epoch_; });
  put_in_force();
  return {};
}

void kill_switch::note(const kill_event& event) {
  noted_.push_back(event);
  put_in_force();
}

void kill_switch::lose(std::uint64_t from) {
  for (const auto& one : noted_)
    if (one.epoch >= from && one.what != kill_event::kind::resumed) lost_[one.scope] = std::max(lost_[one.scope], one.mode);
  std::erase_if(noted_, [&](const kill_event& one) { return one.epoch >= from; });
  put_in_force();
}

std::map<kill_scope, kill_mode> kill_switch::unwritten() const {
  auto out = lost_;
  for (const auto& one : noted_)
    if (one.what == kill_event::kind::engaged) out.erase(one.scope);
  return out;
}

bool kill_switch::is_settled(const kill_scope& scope, kill_mode mode) const {
  const auto found = applied_.find(scope);
  return noted_.empty() && found != applied_.end() && found->second >= mode;
}

void kill_switch::put_in_force() {
  modes_ = applied_;
  const auto add = [&](const kill_scope& scope, kill_mode mode) { modes_[scope] = std::max(modes_[scope], mode); };
  for (const auto& [scope, mode] : lost_) add(scope, mode);
  for (const auto& one : noted_)
    if (one.what != kill_event::kind::resumed) add(one.scope, one.mode);
}

kill_mode kill_switch::mode_of(kill_scope::kind what, std::string_view name) const {
  if (what != kill_scope::kind::global && name.empty()) return kill_mode::none;
  const auto found = modes_.find(kill_scope{what, std::string(name)});
  return found == modes_.end() ? kill_mode::none : found->second;
}

kill_mode kill_switch::mode_for(std::string_view account, std::string_view strategy, std::string_view symbol) const {
  if (modes_.empty()) return kill_mode::none;
  return std::max({mode_of(kill_scope::kind::global, {}), mode_of(kill_scope::kind::account, account),
                   mode_of(kill_scope::kind::strategy, strategy), mode_of(kill_scope::kind::symbol, symbol)});
}

} // namespace tt::risk
