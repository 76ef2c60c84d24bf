// What a session does with each command.

#include "gateways/stream/session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tt::gateway::stream {

namespace {

std::string_view title_of(std::string_view code) {
  if (code == "bad_message") return "Bad message";
  if (code == "unknown_verb") return "Unknown verb";
  if (code == "field.invalid") return "Bad field";
  if (code == "field.conflict") return "Conflict";
  if (code == "limit_exceeded") return "Limit exceeded";
  if (code == "not_available") return "Not available";
  if (code == "auth.required") return "Identity required";
  return "Refused";
}

bool is_offered(timeframe frame) {
  return std::find(offered_timeframes.begin(), offered_timeframes.end(), frame) != offered_timeframes.end();
}

std::string channel_names() {
  std::string out;
  for (const auto& row : all_channels()) out += (out.empty() ? "" : ", ") + std::string{row.name};
  return out;
}

constexpr std::string_view bound_reason =
  "scope: this identity is bound to accounts or strategies, and the channel tells of all; ask by GET";
constexpr std::string_view not_hosted_reason = "not_available: this node does not host the account, or not yet";

/// Channels whose messages are of every account and strategy of the node.
bool tells_of_all(channel what) {
  switch (what) {
  case channel::account:
  case channel::positions:
  case channel::orders:
  case channel::executions:
  case channel::alerts:
  case channel::webhooks:
  case channel::strategies:
  case channel::risk: return true;
  default: return false;
  }
}

/// A client's name, cut so that it can be echoed.
std::string shortened(const std::string& name) { return name.substr(0, max_symbol_length); }

/// Whether a command that names a timeframe or session means this topic too.
bool matches_series(const command& what, const topic_key& key) {
  if (key.what != channel::bars) return true;
  return (!what.frame || *what.frame == key.frame) && (!what.hours || *what.hours == key.hours);
}

} // namespace

/// What a command's channels and symbols mean.
struct session::topic_choice {
  std::vector<topic_key> topics;
  std::vector<refusal> refused;
};

// -- writing -----------------------------------------------------------------------

json_writer session::begin(std::string_view type) const {
  json_writer out{box_.style().fields};
  out.begin_object().field("type", type);
  return out;
}

void session::send(json_writer out, moment now) {
  out.field("timestamp", now.wall);
  if (!request_id_.empty()) out.key("id").raw(request_id_);
  out.end_object();
  check(box_.push(make_body(box_.style().form, out.take())));
}

void session::send_error(std::string_view code, std::string_view message, moment now, const std::vector<refusal>& refused) {
  tallies_.bad_messages.add();
  json_writer out = begin("error");
  out.field("message", message).field("error", title_of(code)).field("error_code", code);
  out.key("data").begin_object().field("message", message);
  if (!refused.empty()) {
    out.key("rejected").begin_array();
    for (const auto& one : refused)
      out.begin_object().field("symbol", one.symbol).field("channel", one.channel).field("reason", one.reason).end_object();
    out.end_array();
  }
  out.end_object();
  send(std::move(out), now);
}

void session::write_names(json_writer& out) const {
  out.key("symbols").begin_array();
  for (const auto& [name, count] : symbols_) out.value(name);
  out.end_array().key("channels").begin_array();
  std::optional<channel> previous;
  for (const auto& [key, one] : slots_) { // sorted by channel
    if (previous != key.what) out.value(traits_of(key.what).name);
    previous = key.what;
  }
  out.end_array();
}

void session::send_ack(const command& what, const std::vector<refusal>& refused, moment now) {
  json_writer out = begin("subscription_confirmed");
  out.field("action", to_string(what.what));
  write_names(out);
  out.key("rejected").begin_array();
  for (const auto& one : refused)
    out.begin_object().field("symbol", one.symbol).field("channel", one.channel).field("reason", one.reason).end_object();
  out.end_array();
  send(std::move(out), now);
}

void session::send_dialect_c(std::string_view type, const topic_choice& chosen, moment now) {
  std::vector<std::string_view> told;
  for (const auto& key : chosen.topics) {
    if (std::find(told.begin(), told.end(), key.symbol) != told.end()) continue;
    told.push_back(key.symbol);
    json_writer out = begin(type);
    out.field("symbol", key.symbol).field("status", "success");
    send(std::move(out), now);
  }
  // This dialect has no word for failure, and its clients may not read the ack's list.
  if (!chosen.refused.empty()) {
    const auto& first = chosen.refused.front();
    send_error("rejected", (first.symbol.empty() ? first.channel : first.symbol) + ": " + first.reason, now, chosen.refused);
  }
}

// -- topics --------------------------------------------------------------------------

std::string_view session::why_missing(channel what) const {
  const bool has_own = is_of_accounts(what) && !mine_.empty();
  if (identity_ == identity::bound && tells_of_all(what) && !has_own) return bound_reason;
  const auto& traits = traits_of(what);
  const bool served = traits.kind == delivery::lossless && hub_.source().log_of(what, {}) != nullptr;
  return served ? std::string_view{} : traits.missing;
}

void session::choose_accounts(channel what, const command& from, topic_choice& out) const {
  const std::string name{traits_of(what).name};
  own_accounts named;
  std::ranges::copy_if(from.symbols, std::back_inserter(named), [&](const std::string& one) { return std::ranges::binary_search(mine_, one); });
  // symbols that are none of its accounts are of the other channels of the message
  for (const auto& account : named.empty() ? mine_ : named) {
    if (!hub_.source().log_of(what, account)) out.refused.push_back({account, name, std::string{not_hosted_reason}});
    else out.topics.push_back({what, account, {}, {}});
  }
}

session::topic_choice session::choose(const command& what) {
  topic_choice out;
  const auto refuse = [&](const std::string& channel_name, std::string reason) {
    if (what.symbols.empty()) out.refused.push_back({"", channel_name, reason});
    for (const auto& name : what.symbols) out.refused.push_back({shortened(name), channel_name, reason});
  };
  for (const auto& raw_name : what.channels) {
    const std::string name = shortened(raw_name);
    const auto known = find_channel(name);
    if (!known) {
      refuse(name, "unknown_channel: there are " + channel_names());
      continue;
    }
    const auto& traits = traits_of(*known);
    const timeframe frame = *known == channel::bars ? what.frame.value_or(timeframe::minutes(1)) : timeframe{};
    const session_hours hours = *known == channel::bars ? what.hours.value_or(session_hours::regular) : session_hours{};
    if (const auto missing = why_missing(*known); !missing.empty()) {
      refuse(name, std::string{missing});
    } else if (!is_offered(frame)) {
      refuse(name, "unsupported: timeframe " + frame.to_string() + "; offered are 1m 3m 5m 15m 30m 1h 2h 4h 1d 1w 1M");
    } else if (identity_ == identity::bound && is_of_accounts(*known)) {
      choose_accounts(*known, what, out);
    } else if (traits.needs == scope::none) {
      out.topics.push_back({*known, {}, {}, {}});
    } else if (what.symbols.empty() && traits.needs == scope::symbol) {
      refuse(name, "symbols: name at least one symbol");
    } else {
      const auto names = what.symbols.empty() ? hub_.source().venues() : what.symbols;
      for (const auto& one : names) {
        auto canonical = one.size() > max_symbol_length ? result<std::string>{error{errc::unknown_symbol, "the name is too long"}}
                                                        : hub_.source().resolve(*known, one);
        if (canonical) out.topics.push_back({*known, std::move(*canonical), frame, hours});
        else out.refused.push_back({shortened(one), name, "unknown_symbol: " + canonical.error().message});
      }
    }
  }
  return out;
}

std::optional<std::string> session::over_limit(const topic_key& key) const {
  if (slots_.size() >= config_.max_topics)
    return "limit_exceeded: at most " + std::to_string(config_.max_topics) + " topics per connection";
  if (!key.symbol.empty() && !is_of_accounts(key.what) && !symbols_.contains(key.symbol) && symbols_.size() >= config_.max_symbols)
    return "limit_exceeded: at most " + std::to_string(config_.max_symbols) + " symbols per connection";
  return std::nullopt;
}

slot& session::add_slot(const topic_key& key) {
  auto& entry = slots_[key];
  TT_ASSERT(!entry);
  entry = std::make_unique<slot>(std::make_shared<const topic_key>(key));
  if (!key.symbol.empty() && !is_of_accounts(key.what)) ++symbols_[key.symbol];
  return *entry;
}

void session::remove_slot(const topic_key& key) {
  auto node = slots_.extract(key);
  if (!node) return;
  slot& where = *node.mapped();
  hub_.leave(*this, where);
  box_.forget(where);
  if (where.replaying) --replays_;
  if (is_of_accounts(key.what)) return;
  const auto symbol = symbols_.find(key.symbol);
  if (symbol != symbols_.end() && --symbol->second == 0) symbols_.erase(symbol);
}

void session::resend(slot& where, moment now) {
  if (where.kind == delivery::lossless) return send_log_snapshot(where, now);
  if (const value_ptr newest = hub_.newest(*where.key)) return check(box_.offer_snapshot(where, newest));
  // Owed still: the market hasn't answered, its answer will be the snapshot.
  if (where.snapshot == snapshot_debt::paid) say_waiting(where, now);
}

// -- verbs -----------------------------------------------------------------------------

void session::handle(const command& what, moment now) {
  const bool is_open_to_all = what.what == verb::ping || what.what == verb::pong || what.what == verb::auth;
  if (identity_ == identity::missing && !is_open_to_all)
    return send_error("auth.required", "this connection has not identified itself yet", now);
  switch (what.what) {
  case verb::subscribe: return subscribe(what, now);
  case verb::unsubscribe: return unsubscribe(what, now);
  case verb::snapshot: return send_snapshots(what, now);
  case verb::resume: return resume(what, now);
  case verb::ping: return send(begin("pong"), now);
  case verb::pong: return;
  case verb::auth: return authenticate(what, now);
  case verb::list: return list_topics(now);
  case verb::set: return change_settings(what, now);
  }
}

void session::subscribe(const command& what, moment now) {
  topic_choice chosen = choose(what);
  std::vector<slot*> added;
  std::vector<slot*> known;
  std::erase_if(chosen.topics, [&](const topic_key& key) {
    if (const auto found = slots_.find(key); found != slots_.end()) {
      const auto has = [&](const std::vector<slot*>& list) {
        return std::find(list.begin(), list.end(), found->second.get()) != list.end();
      };
      if (!has(added) && !has(known)) known.push_back(found->second.get());
      return false;
    }
    if (auto reason = over_limit(key)) {
      chosen.refused.push_back({key.symbol, std::string{traits_of(key.what).name}, std::move(*reason)});
      return true;
    }
    added.push_back(&add_slot(key));
    return false;
  });
  send_ack(what, chosen.refused, now);
  if (what.form == dialect::type) send_dialect_c("subscribed", chosen, now);
  for (slot* one : added) {
    hub_.join(*this, *one);
    if (one->kind == delivery::lossless) send_log_snapshot(*one, now);
  }
  for (slot* one : known) resend(*one, now);
}

void session::unsubscribe(const command& what, moment now) {
  command named = what;
  named.frame.reset(); // choose() would look at the default series only
  topic_choice chosen;
  for (const auto& name : what.channels) {
    const auto known = find_channel(name);
    const bool needs_no_name = known && (traits_of(*known).needs == scope::none || what.symbols.empty());
    if (needs_no_name && why_missing(*known).empty()) {
      for (const auto& [key, one] : slots_)
        if (key.what == *known && matches_series(what, key)) chosen.topics.push_back(key);
      continue;
    }
    named.channels = {name};
    topic_choice part = choose(named);
    std::move(part.refused.begin(), part.refused.end(), std::back_inserter(chosen.refused));
    for (auto& wanted : part.topics) {
      bool any = false;
      for (const auto& [key, one] : slots_) {
        if (key.what != wanted.what || key.symbol != wanted.symbol || !matches_series(what, key)) continue;
        chosen.topics.push_back(key);
        any = true;
      }
      if (!any) chosen.topics.push_back(std::move(wanted)); // not subscribed: nothing to do, and no error
    }
  }
  for (const auto& key : chosen.topics) remove_slot(key);
  send_ack(what, chosen.refused, now);
  if (what.form == dialect::type) send_dialect_c("unsubscribed", chosen, now);
}

void session::send_snapshots(const command& what, moment now) {
  topic_choice chosen;
  if (what.symbols.empty()) {
    for (const auto& name : what.channels) {
      const auto known = find_channel(name);
      for (const auto& [key, one] : slots_)
        if (key.what == known && matches_series(what, key)) chosen.topics.push_back(key);
    }
  }
  if (chosen.topics.empty()) chosen = choose(what);
  if (!chosen.refused.empty()) {
    const auto& first = chosen.refused.front();
    send_error("rejected", (first.symbol.empty() ? first.channel : first.symbol) + ": " + first.reason, now, chosen.refused);
  }
  for (const auto& key : chosen.topics) {
    if (const auto found = slots_.find(key); found != slots_.end()) {
      resend(*found->second, now);
    } else if (traits_of(key.what).kind == delivery::lossless) {
      auto state = std::make_shared<const topic_value>(std::make_shared<const topic_key>(key),
                                                       hub_.source().log_of(key.what, key.symbol)->snapshot(), now);
      answer_snapshot(key, state, now);
    } else if (const value_ptr newest = hub_.newest(key)) {
      answer_snapshot(key, newest, now);
    } else {
      hub_.fetch_once(*this, key);
    }
  }
}

void session::resume(const command& what, moment now) {
  for (const auto& name : what.channels) {
    const auto known = find_channel(shortened(name));
    if (!known) {
      send_error("field.invalid", "channel: '" + shortened(name) + "' is none of " + channel_names(), now);
    } else if (!why_missing(*known).empty()) {
      send_error("not_available", name + ": " + std::string{why_missing(*known)}, now);
    } else if (traits_of(*known).kind != delivery::lossless) {
      resume_conflated(*known, what, now);
    } else if (!what.epoch || !what.after) {
      send_error("field.invalid", "resume: epoch and after must name the last event that was received", now);
    } else if (const auto key = resumed_topic(*known, what, now)) {
      resume_lossless(*key, *what.epoch, *what.after, now);
    }
  }
}

std::optional<topic_key> session::resumed_topic(channel what, const command& from, moment now) {
  if (identity_ != identity::bound || !is_of_accounts(what)) return topic_key{what, {}, {}, {}};
  topic_choice chosen;
  choose_accounts(what, from, chosen);
  if (chosen.topics.size() == 1) return chosen.topics.front();
  const std::string name{traits_of(what).name};
  if (!chosen.refused.empty()) send_error("not_available", name + ": " + chosen.refused.front().reason, now, chosen.refused);
  else send_error("field.invalid", name + ": symbols must name one account; each has numbers of its own", now);
  return std::nullopt;
}

void session::resume_lossless(const topic_key& key, std::uint64_t epoch, std::uint64_t after, moment now) {
  const lossless_log* log = hub_.source().log_of(key.what, key.symbol);
  auto found = slots_.find(key);
  if (found == slots_.end()) {
    if (auto reason = over_limit(key)) return send_error("limit_exceeded", *reason, now);
    hub_.join(*this, add_slot(key));
    found = slots_.find(key);
  }
  slot& where = *found->second;
  if (epoch != log->epoch() || !log->replay(after, 1)) return say_gap(where, now);
  where.snapshot = snapshot_debt::paid;
  where.cursor = where.replay_from = after;
  if (!std::exchange(where.replaying, true)) ++replays_;
}

void session::resume_conflated(channel what, const command& from, moment now) {
  json_writer out = begin("resumed");
  out.field("channel", traits_of(what).name);
  send(std::move(out), now);
  command one = from;
  one.channels = {std::string{traits_of(what).name}};
  if (one.symbols.empty()) {
    for (auto& [key, where] : slots_)
      if (key.what == what && matches_series(from, key)) resend(*where, now);
  } else {
    send_snapshots(one, now);
  }
}

void session::authenticate(const command& what, moment now) {
  if (!door_) return send_error("not_available", "auth: this stream takes no tokens in messages", now);
  const auto greeting = door_(what.token);
  if (greeting.who == identity::missing) return close(close_code::identity, "no valid identity");
  identity_ = greeting.who;
  mine_ = identity_ == identity::bound ? greeting.accounts : own_accounts{};
  if (identity_ == identity::bound) leave_what_tells_of_all();
  json_writer out = begin("authenticated");
  out.field("principal", greeting.principal).field("role", greeting.role);
  send(std::move(out), now);
}

void session::leave_what_tells_of_all() {
  std::vector<topic_key> left;
  for (const auto& [key, one] : slots_)
    if (tells_of_all(key.what) && (key.symbol.empty() || !std::ranges::binary_search(mine_, key.symbol))) left.push_back(key);
  for (const auto& key : left) remove_slot(key);
}

void session::list_topics(moment now) {
  json_writer out = begin("subscriptions");
  write_names(out);
  out.key("topics").begin_array();
  for (const auto& [key, one] : slots_) {
    out.begin_object().field("channel", traits_of(key.what).name);
    if (!key.symbol.empty()) out.field(is_of_accounts(key.what) ? "account_id" : "symbol", key.symbol);
    if (key.what == channel::bars) out.field("timeframe", key.frame.to_string()).field("session", to_string(key.hours));
    out.end_object();
  }
  out.end_array().field("max_rate_hz", box_.rate());
  send(std::move(out), now);
}

void session::change_settings(const command& what, moment now) {
  json_style fields = box_.style().fields;
  fields.names = what.names.value_or(fields.names);
  fields.numbers = what.numbers.value_or(fields.numbers);
  box_.set_fields(fields);
  if (what.max_rate_hz) box_.set_rate(*what.max_rate_hz);
  json_writer out = begin("settings");
  out.field("max_rate_hz", box_.rate()).field("case", fields.names == field_case::camel ? "camel" : "snake");
  out.field("numbers", fields.numbers == number_style::string ? "string" : "plain");
  send(std::move(out), now);
}

} // namespace tt::gateway::stream
