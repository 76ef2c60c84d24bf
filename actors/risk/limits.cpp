#include "actors/risk/limits.hpp"

namespace tt::risk {

namespace {

using kind = limit_setting::kind;

std::size_t at(limit_id id) { return static_cast<std::size_t>(id); }

error named(error e, std::string_view field) {
  e.field = std::string(field);
  return e;
}

/// Limits that count something take whole numbers only.
bool is_whole_number(limit_unit unit) {
  return unit == limit_unit::count || unit == limit_unit::per_second || unit == limit_unit::per_minute
         || unit == limit_unit::days || unit == limit_unit::flag;
}

result<void> check_value(const limit_spec& spec, const limit_setting& s) {
  if (s.what == kind::off && spec.unit == limit_unit::flag)
    return error{errc::invalid_argument, "must be true or false", std::string(spec.name())};
  if (s.what != kind::value) return {};
  const auto least = *decimal::parse(spec.least), most = *decimal::parse(spec.most);
  if (s.value < least || s.value > most)
    return error{errc::out_of_range, "must be from " + std::string(spec.least) + " to " + std::string(spec.most) + ", not " + s.value.to_string(),
                 std::string(spec.name())};
  if (is_whole_number(spec.unit) && !s.value.is_multiple_of(decimal{1}))
    return error{errc::invalid_argument, "must be a whole number, not " + s.value.to_string(), std::string(spec.name())};
  return {};
}

/// The tighter of both wins; true when `by` changed `value`.
bool tighten(const limit_spec& spec, limit_setting& value, const limit_setting& by) {
  if (by.what == kind::inherit || !is_looser(spec, value, by)) return false;
  value = by;
  return true;
}

constexpr std::string_view no_profile = "none";

/// The example of risk spec 3.8. One order may be as large as what it is cut to, and a portfolio job asks for more at times:
/// the check of a single order's value must not refuse what the size of the position decides.
limit_set rebalance_profile() {
  limit_set set;
  set[at(limit_id::fat_finger_notional)] = limit_setting::of(decimal::from_scaled(60, 2));
  set[at(limit_id::max_position_size)] = limit_setting::of(decimal::from_scaled(45, 2));
  set[at(limit_id::concentration)] = limit_setting::of(decimal::from_scaled(60, 2));
  set[at(limit_id::sector)] = limit_setting::off();
  set[at(limit_id::correlation)] = limit_setting::off();
  return set;
}

} // namespace

result<limit_setting> parse_limit(const limit_spec& spec, std::string_view text) {
  if (text == "inherit") return limit_setting{};
  if (spec.unit == limit_unit::flag && (text == "true" || text == "false"))
    return limit_setting::of(decimal{text == "true" ? 1 : 0});
  if (text == "off" && spec.unit != limit_unit::flag) return limit_setting::off();
  const auto number = decimal::parse(text);
  if (!number) return error{number.error().code, "must be a number or off, not " + in_quotes(text), std::string(spec.name())};
  const auto setting = limit_setting::of(*number);
  if (const auto good = check_value(spec, setting); !good) return good.error();
  return setting;
}

std::string to_string(const limit_setting& s) {
  switch (s.what) {
  case kind::inherit: return "inherit";
  case kind::off: return "off";
  case kind::value: return s.value.to_string();
  }
  return "inherit";
}

bool is_looser(const limit_spec& spec, const limit_setting& a, const limit_setting& b) {
  if (b.what == kind::off) return false;
  if (a.what == kind::off) return true;
  return spec.tighter == tighter_when::lower ? a.value > b.value : a.value < b.value;
}

result<limit_set> read_limits(const std::function<std::string(std::string_view key)>& text_of) {
  limit_set out;
  for (const auto& spec : limit_specs()) {
    auto value = parse_limit(spec, text_of(spec.key));
    if (!value) return named(value.error(), spec.key);
    if (value->what == kind::inherit) return error{errc::invalid_argument, "must be a number or off", std::string(spec.key)};
    out[at(spec.id)] = *value;
  }
  return out;
}

limit_book::limit_book(limit_set base) : base_(base) {
  for (std::size_t i = 0; i < limit_count; ++i)
    if (base_[i].what == kind::inherit) base_[i] = default_limits()[i];
  profiles_.emplace("rebalance", rebalance_profile());
}

limit_book::scope_chain limit_book::chain_of(std::string_view account, std::string_view strategy, std::string_view symbol) {
  scope_chain chain;
  chain[0] = scope_key{limit_scope::global, {}};
  chain[1] = scope_key{limit_scope::node, {}};
  if (!account.empty()) chain[2] = scope_key{limit_scope::account, std::string(account)};
  if (!strategy.empty()) chain[3] = scope_key{limit_scope::strategy, std::string(strategy)};
  if (!symbol.empty()) chain[4] = scope_key{limit_scope::symbol, std::string(symbol)};
  return chain;
}

limit_set limit_book::fold(const scope_chain& chain, std::array<limit_scope, limit_count>* origin) const {
  limit_set out = base_;
  const auto mark = [&](std::size_t i, limit_scope scope) {
    if (origin) (*origin)[i] = scope;
  };
  for (const auto& where : chain) {
    if (!where) continue;
    if (const auto profile = assigned_.find(*where); profile != assigned_.end()) {
      const auto& set = profiles_.find(profile->second)->second;
      for (std::size_t i = 0; i < limit_count; ++i) {
        if (set[i].what == kind::inherit) continue;
        out[i] = set[i];
        mark(i, where->scope);
      }
    }
    const auto own = sets_.find(*where);
    if (own == sets_.end()) continue;
    for (std::size_t i = 0; i < limit_count; ++i) {
      // the global set is the administrator's own word and replaces the configuration's
      const bool replaces = where->scope == limit_scope::global && own->second[i].what != kind::inherit;
      if (replaces) out[i] = own->second[i];
      if (replaces || tighten(limit_specs()[i], out[i], own->second[i])) mark(i, where->scope);
    }
  }
  return out;
}

const effective_limits& limit_book::resolve(std::string_view account, std::string_view strategy, std::string_view symbol) const {
  // a byte that no name holds keeps ("a", "bc") and ("ab", "c") apart
  resolve_key_.assign(account).append(1, '\0').append(strategy).append(1, '\0').append(symbol);
  if (const auto known = resolved_.find(resolve_key_); known != resolved_.end()) return known->second;
  if (resolved_.size() >= max_resolved) resolved_.clear();
  std::array<limit_scope, limit_count> origin{};
  const auto set = fold(chain_of(account, strategy, symbol), &origin);
  effective_limits out;
  for (std::size_t i = 0; i < limit_count; ++i) {
    out[static_cast<limit_id>(i)] = {set[i].what == kind::value, set[i].value, origin[i]};
  }
  return resolved_.emplace(resolve_key_, out).first->second;
}

std::string limit_book::profile_of(const scope_key& where) const {
  const auto found = assigned_.find(where);
  return found == assigned_.end() ? std::string{} : found->second;
}

result<void> limit_book::check_names(const limit_change& change) const {
  constexpr std::size_t longest_author = 64, longest_reason = 200, longest_name = 64;
  const auto text = [](const std::string& value, std::size_t most, const char* field) -> result<void> {
    if (value.empty() || value.size() > most)
      return error{errc::invalid_argument, "must have 1 to " + std::to_string(most) + " characters", field};
    if (value.find('\0') != std::string::npos) return error{errc::invalid_argument, "holds a NUL byte", field};
    return {};
  };
  if (auto good = text(change.author, longest_author, "author"); !good) return good;
  if (auto good = text(change.reason, longest_reason, "reason"); !good) return good;
  if (change.what == limit_change::target::profile) {
    if (auto good = text(change.profile, longest_name, "profile"); !good) return good;
    if (change.profile == no_profile) return error{errc::invalid_argument, "a profile can't have this name", "profile"};
    if (!profiles_.contains(change.profile) && profiles_.size() >= max_profiles)
      return error{errc::limit_exceeded, "there are " + std::to_string(max_profiles) + " profiles already", "profile"};
    return {};
  }
  const bool is_named = change.where.scope != limit_scope::global && change.where.scope != limit_scope::node;
  if (is_named) {
    if (auto good = text(change.where.name, longest_name, "scope"); !good) return good;
  } else if (!change.where.name.empty()) {
    return error{errc::invalid_argument, "has no name", "scope"};
  }
  if (!sets_.contains(change.where) && sets_.size() >= max_sets)
    return error{errc::limit_exceeded, "there are " + std::to_string(max_sets) + " limit sets already", "scope"};
  if (!change.profile.empty() && change.profile != no_profile && !profiles_.contains(change.profile))
    return error{errc::not_found, "no limit profile " + in_quotes(change.profile), "profile"};
  if (!change.profile.empty() && !is_named) return error{errc::invalid_argument, "profiles belong to accounts, strategies and symbols", "profile"};
  return {};
}

result<void> limit_book::check_looseness(const limit_change& change) const {
  if (change.what == limit_change::target::profile || change.where.scope == limit_scope::global) return {};
  auto around = chain_of(change.where.scope > limit_scope::account ? change.account : std::string{}, {}, {});
  if (change.where.scope == limit_scope::node) around[1].reset();
  const auto wider = fold(around, nullptr);
  const auto assigned = change.profile.empty() ? profile_of(change.where) : change.profile;
  const auto profile = profiles_.find(assigned);
  for (const auto& [id, setting] : change.values) {
    if (setting.what == kind::inherit) continue;
    auto bound = wider[at(id)];
    if (profile != profiles_.end() && profile->second[at(id)].what != kind::inherit) bound = profile->second[at(id)];
    if (is_looser(spec_of(id), setting, bound))
      return error{errc::refused, "looser than what holds around it (" + to_string(bound) + "); an admin can assign a limit profile",
                   std::string(spec_of(id).name())};
  }
  return {};
}

result<limit_event> limit_book::propose(const limit_change& change, utc_time now) const {
  if (auto good = check_names(change); !good) return good.error();
  const bool is_wide = change.what == limit_change::target::profile || !change.profile.empty()
                       || change.where.scope != limit_scope::strategy;
  if (is_wide && change.by != limit_change::role::admin)
    return error{errc::refused, "only an admin may change limits wider than a strategy, and profiles", "scope"};
  for (const auto& [id, setting] : change.values) {
    if (at(id) >= limit_count) return error{errc::invalid_argument, "unknown limit", "limits"};
    if (auto good = check_value(spec_of(id), setting); !good) return good.error();
  }
  if (auto good = check_looseness(change); !good) return good.error();
  limit_event event{version_ + 1, now, change, {}};
  static const limit_set nothing{};
  const auto* set = &nothing;
  if (change.what == limit_change::target::profile) {
    if (const auto found = profiles_.find(change.profile); found != profiles_.end()) set = &found->second;
  } else if (const auto found = sets_.find(change.where); found != sets_.end()) {
    set = &found->second;
  }
  for (const auto& [id, setting] : change.values) event.before.emplace_back(id, (*set)[at(id)]);
  return event;
}

result<void> limit_book::apply(const limit_event& event) {
  if (event.version <= version_) return {};
  if (event.version != version_ + 1)
    return error{errc::conflict, "limit version " + std::to_string(event.version) + " after " + std::to_string(version_), "version"};
  for (const auto& [id, setting] : event.change.values)
    if (at(id) >= limit_count) return error{errc::corrupt_data, "unknown limit in an event", "limits"};
  const bool assigns = event.change.what == limit_change::target::scope && !event.change.profile.empty();
  if (assigns && event.change.profile != no_profile && !profiles_.contains(event.change.profile))
    return error{errc::corrupt_data, "unknown profile in an event", "profile"};
  auto& set = event.change.what == limit_change::target::profile ? profiles_[event.change.profile] : sets_[event.change.where];
  for (const auto& [id, setting] : event.change.values) set[at(id)] = setting;
  if (assigns && event.change.profile == no_profile) assigned_.erase(event.change.where);
  if (assigns && event.change.profile != no_profile) assigned_[event.change.where] = event.change.profile;
  version_ = event.version;
  resolved_.clear();
  return {};
}

} // namespace tt::risk
