#include "actors/alerts/price/alert_book.hpp"

#include <algorithm>

namespace tt::alerts {

namespace {

bool is_open(const alert& what) {
  return what.kind == alert_kind::alert && (what.status == alert_status::active || what.status == alert_status::paused);
}

/// A rule whose market is judged anew: what the alert remembers is of the old one.
bool judges_alike(const alert_rule& a, const alert_rule& b) {
  return a.condition == b.condition && a.value == b.value && a.expression == b.expression && a.frame == b.frame && a.parameters == b.parameters;
}

void forget_market(alert_memory& memory) {
  // the bar of the last trigger stays: one bar never makes two
  memory.side = level_side::unknown;
  memory.was_met = false;
  memory.flood_start.reset();
  memory.flood_count = 0;
}

} // namespace

result<alert_book> alert_book::open(alert_store& store, const instrument_master& instruments, custom_maker make_custom, utc_time now) {
  auto stored = store.load();
  if (!stored) return stored.error();
  alert_book out(store, instruments, std::move(make_custom));
  out.load(std::move(*stored), now);
  return out;
}

void alert_book::load(stored_alerts&& stored, utc_time now) {
  tag_ = std::move(stored.tag);
  last_number_ = stored.last_number;
  open_ = std::move(stored.open);
  for (auto& read : stored.alerts) {
    const auto number = read.number;
    auto& what = alerts_.emplace(number, std::move(read)).first->second;
    by_id_[what.id] = number;
    if (!what.client_id.empty()) by_client_id_[what.client_id] = number;
    if (!is_open(what)) {
      finished_.insert(number);
      continue;
    }
    auto custom = check_watch(what);
    if (!custom) {
      what.status = alert_status::cancelled;
      what.status_reason = to_string(custom.error());
      what.updated_at = now;
      finished_.insert(number);
      dirty_.insert(number);
      note_event(alert_event_kind::cancelled, what);
      continue;
    }
    attach(what, now, std::move(*custom));
  }
  expire(now);
}

result<alert*> alert_book::locate(std::string_view id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return error{errc::not_found, "no alert " + in_quotes(id), "alert_id"};
  return &alerts_.at(at->second);
}

result<alert> alert_book::find(std::string_view id) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return error{errc::not_found, "no alert " + in_quotes(id), "alert_id"};
  return alerts_.at(at->second);
}

std::vector<alert> alert_book::list(const alert_filter& which) const {
  std::vector<alert> out;
  auto at = which.before == 0 ? alerts_.end() : alerts_.lower_bound(which.before);
  while (at != alerts_.begin() && out.size() < which.limit) {
    const auto& one = (--at)->second;
    if (which.status && one.status != *which.status) continue;
    if (which.symbol && one.rule.symbol != *which.symbol) continue;
    if (which.strategy && one.strategy != *which.strategy) continue;
    if (which.kind && one.kind != *which.kind) continue;
    out.push_back(one);
  }
  return out;
}

// -- watching -----------------------------------------------------------------------

result<std::shared_ptr<custom_condition>> alert_book::check_watch(const alert& what) const {
  const auto* instrument = instruments_->find(what.rule.symbol);
  if (!instrument) return error{errc::unknown_symbol, "unknown symbol " + in_quotes(what.rule.symbol), "symbol"};
  if (!watches_.contains(what.rule.symbol) && watches_.size() >= max_symbols)
    return error{errc::limit_exceeded, "more than " + std::to_string(max_symbols) + " symbols have alerts", "symbol"};
  if (what.rule.condition != alert_condition::custom) return std::shared_ptr<custom_condition>{};
  if (!make_custom_) return error{errc::not_available, "this build can't judge expressions yet", "condition"};
  return make_custom_(what.rule, *instrument);
}

void alert_book::attach(alert& what, utc_time now, std::shared_ptr<custom_condition> custom) {
  if (what.rule.expires_at) expiries_.emplace(*what.rule.expires_at, what.number);
  if (what.status != alert_status::active) return;
  const auto& symbol = what.rule.symbol;
  watches_.try_emplace(symbol, *instruments_->find(symbol)).first->second.add(what, now, std::move(custom));
  ++topics_version_;
}

void alert_book::detach(alert& what) {
  if (what.rule.expires_at) expiries_.erase({*what.rule.expires_at, what.number});
  const auto at = watches_.find(what.rule.symbol);
  if (at == watches_.end()) return;
  at->second.remove(what);
  if (at->second.empty()) watches_.erase(at);
  ++topics_version_;
}

std::set<market::topic> alert_book::topics() const {
  std::set<market::topic> out;
  for (const auto& [symbol, watch] : watches_) {
    if (watch.wants_quotes()) out.insert({market::topic_kind::quotes, symbol, {}, {}});
    for (const auto& [frame, unused] : watch.bars()) out.insert({market::topic_kind::bars, symbol, frame, session_hours::regular});
  }
  return out;
}

std::vector<history_wish> alert_book::take_history_wishes() {
  std::vector<history_wish> out;
  for (auto& [symbol, watch] : watches_)
    for (auto& [frame, bars] : watch.bars())
      if (const auto count = bars.history_wish()) out.push_back({symbol, frame, *count});
  return out;
}

// -- commands -----------------------------------------------------------------------

result<alert> alert_book::insert(alert made, alert_event_kind kind, utc_time now) {
  std::shared_ptr<custom_condition> custom;
  if (is_open(made)) {
    if (alerts_.size() - finished_.size() >= max_alerts)
      return error{errc::limit_exceeded, "at most " + std::to_string(max_alerts) + " alerts can be kept; remove some first"};
    auto checked = check_watch(made);
    if (!checked) return checked.error();
    custom = std::move(*checked);
  }
  made.number = last_number_ + 1;
  made.id = id_of(made.number);
  made.created_at = made.updated_at = now;
  store_changes changes;
  changes.written.push_back(made);
  changes.last_number = made.number;
  if (auto done = store_->commit(changes); !done) return done.error();
  ++last_number_;
  auto& kept = alerts_.emplace(made.number, made).first->second;
  by_id_[kept.id] = kept.number;
  if (!kept.client_id.empty()) by_client_id_[kept.client_id] = kept.number;
  if (is_open(kept)) attach(kept, now, std::move(custom));
  else finished_.insert(kept.number);
  note_event(kind, kept);
  prune();
  return made;
}

result<alert> alert_book::create(const alert_draft& draft, const std::string& owner, utc_time now) {
  const auto& id = draft.client_id;
  if (!id.empty() && (by_id_.contains(id) || by_client_id_.contains(id)))
    return error{errc::conflict, "there is an alert " + in_quotes(id) + " already", "alert_id"};
  auto rule = make_rule(draft, {}, *instruments_, now);
  if (!rule) return rule.error();
  alert made;
  made.client_id = id;
  made.owner = owner;
  made.rule = std::move(*rule);
  if (draft.status == alert_status::paused) made.status = alert_status::paused;
  return insert(std::move(made), alert_event_kind::created, now);
}

result<alert> alert_book::create_notice(board_notice what, const std::string& owner, utc_time now) {
  if (what.type.empty() || what.type.size() > 64) return error{errc::invalid_argument, "must have 1 to 64 bytes", "alert_type"};
  if (what.strategy.size() > 64) return error{errc::invalid_argument, "must have at most 64 bytes", "strategy"};
  if (what.message.empty()) return error{errc::invalid_argument, "is missing", "message"};
  if (what.message.size() > max_message) what.message.resize(max_message);
  alert made;
  made.kind = alert_kind::notice;
  made.owner = owner;
  made.notice_type = std::move(what.type);
  made.strategy = std::move(what.strategy);
  made.rule.message = std::move(what.message);
  if (const auto* known = instruments_->find(what.symbol)) made.rule.symbol = known->symbol;
  made.status = alert_status::triggered;
  made.trigger_count = 1;
  made.last_triggered_at = what.at == utc_time{} ? now : what.at;
  return insert(std::move(made), alert_event_kind::notice, now);
}

result<alert> alert_book::replace(alert& before, alert after, alert_event_kind kind, utc_time now) {
  std::shared_ptr<custom_condition> custom;
  if (is_open(after)) {
    if (!is_open(before) && alerts_.size() - finished_.size() >= max_alerts)
      return error{errc::limit_exceeded, "at most " + std::to_string(max_alerts) + " alerts can be kept; remove some first"};
    auto checked = check_watch(after);
    if (!checked) return checked.error();
    custom = std::move(*checked);
  }
  after.updated_at = now;
  store_changes changes;
  changes.written.push_back(after);
  changes.made = made_; // `after` counts triggers whose actions still wait to be kept
  if (auto done = store_->commit(changes); !done) return done.error();
  detach(before);
  before = after;
  finished_.erase(before.number);
  if (is_open(before)) attach(before, now, std::move(custom));
  else finished_.insert(before.number);
  note_event(kind, before);
  return after;
}

result<alert> alert_book::change(std::string_view id, const alert_draft& draft, utc_time now) {
  auto found = locate(id);
  if (!found) return found.error();
  auto& before = **found;
  if (before.kind == alert_kind::notice) return error{errc::conflict, "a notice can't be changed", "alert_id"};
  if (before.status == alert_status::cancelled) return error{errc::conflict, "the alert is cancelled", "alert_id"};
  auto rule = make_rule(draft, before.rule, *instruments_, now);
  if (!rule) return rule.error();
  auto after = before;
  after.rule = std::move(*rule);
  auto kind = alert_event_kind::changed;
  if (draft.status && *draft.status != after.status) {
    if (*draft.status == alert_status::triggered || *draft.status == alert_status::expired)
      return error{errc::invalid_argument, "can be set to active, paused or cancelled only", "alert_status"};
    after.status = *draft.status;
    kind = *draft.status == alert_status::active ? alert_event_kind::resumed
           : *draft.status == alert_status::paused ? alert_event_kind::paused : alert_event_kind::cancelled;
  } else if (after.status == alert_status::expired && !is_expired(after.rule, now)) {
    after.status = alert_status::active;
    kind = alert_event_kind::resumed;
  }
  if (is_open(after) && is_expired(after.rule, now)) return error{errc::conflict, "it has expired; give it a later expires_at", "expires_at"};
  if (!judges_alike(before.rule, after.rule) || (after.status == alert_status::active && before.status != alert_status::active))
    forget_market(after.memory);
  if (after.status != before.status) after.status_reason.clear();
  return replace(before, std::move(after), kind, now);
}

result<alert> alert_book::turn(std::string_view id, alert_switch way, utc_time now) {
  auto found = locate(id);
  if (!found) return found.error();
  auto& before = **found;
  const auto wanted = way == alert_switch::pause ? alert_status::paused : alert_status::active;
  if (before.kind == alert_kind::alert && before.status == wanted) return before;
  const bool may_turn = before.kind == alert_kind::alert
                        && (way == alert_switch::pause ? before.status == alert_status::active
                                                       : before.status == alert_status::paused || before.status == alert_status::triggered);
  if (!may_turn)
    return error{errc::conflict, before.kind == alert_kind::notice ? "a notice can't be paused or resumed" : "the alert is " + std::string(to_string(before.status)), "alert_id"};
  if (way == alert_switch::resume && is_expired(before.rule, now)) return error{errc::conflict, "it has expired; give it a later expires_at", "expires_at"};
  auto after = before;
  after.status = wanted;
  after.status_reason.clear();
  if (way == alert_switch::resume) forget_market(after.memory);
  return replace(before, std::move(after), way == alert_switch::pause ? alert_event_kind::paused : alert_event_kind::resumed, now);
}

result<alert> alert_book::remove(std::string_view id) {
  auto found = locate(id);
  if (!found) return found.error();
  store_changes changes;
  changes.removed.push_back((*found)->number);
  changes.made = made_;
  if (auto done = store_->commit(changes); !done) return done.error();
  detach(**found);
  auto gone = **found;
  by_id_.erase(gone.id);
  if (!gone.client_id.empty()) by_client_id_.erase(gone.client_id);
  finished_.erase(gone.number);
  dirty_.erase(gone.number);
  remembered_.erase(gone.number);
  alerts_.erase(gone.number);
  note_event(alert_event_kind::deleted, gone);
  return gone;
}

/// Removes the oldest of what is finished; they leave the store with the next commit.
void alert_book::prune() {
  while (finished_.size() > max_finished) {
    const auto number = *finished_.begin();
    finished_.erase(finished_.begin());
    const auto at = alerts_.find(number);
    by_id_.erase(at->second.id);
    if (!at->second.client_id.empty()) by_client_id_.erase(at->second.client_id);
    alerts_.erase(at);
    dirty_.erase(number);
    remembered_.erase(number);
    removed_.push_back(number);
  }
}

// -- the market ---------------------------------------------------------------------

void alert_book::take(evaluation& seen) {
  for (const auto number : seen.remembered) remembered_.insert(number);
  for (const auto& one : seen.triggers) {
    auto& what = *one.what;
    what.last_result = {};
    what.last_result.trigger = what.trigger_count;
    dirty_.insert(what.number);
    note_event(alert_event_kind::triggered, what);
    if (what.rule.execution == alert_execution::place_order) made_.push_back({{what.number, what.trigger_count, action_kind::order}, what});
    if (!what.rule.notice_url.empty()) made_.push_back({{what.number, what.trigger_count, action_kind::notice}, what});
    if (what.status == alert_status::active) continue;
    detach(what);
    if (is_open(what)) { // paused for flooding: it may still expire
      if (what.rule.expires_at) expiries_.emplace(*what.rule.expires_at, what.number);
    } else finished_.insert(what.number);
  }
  prune();
}

void alert_book::on_quote(const market::quote_snapshot& quote) {
  if (made_.size() >= max_unsaved) return;
  expire(quote.ts);
  const auto at = watches_.find(quote.symbol);
  if (at == watches_.end()) return;
  evaluation seen;
  if (quote.state != market::freshness::fresh) {
    if (quote.last) at->second.on_old_price(*quote.last, seen);
  } else {
    if (quote.last) at->second.on_price(*quote.last, quote.ts, seen);
    at->second.on_day_volume(quote.volume, quote.ts, seen);
  }
  take(seen);
}

void alert_book::on_bar(const market::bar_update& update, utc_time now) {
  if (update.state != market::bar_state::closed || made_.size() >= max_unsaved) return;
  expire(now);
  const auto at = watches_.find(update.symbol);
  if (at == watches_.end()) return;
  evaluation seen;
  at->second.on_bar(update.frame, update.data, now, seen);
  take(seen);
}

void alert_book::on_history(const std::string& symbol, timeframe frame, std::optional<std::span<const bar>> closed, utc_time now) {
  const auto at = watches_.find(symbol);
  if (at == watches_.end()) return;
  const auto bars = at->second.bars().find(frame);
  if (bars == at->second.bars().end()) return;
  if (!closed) return bars->second.history_failed();
  evaluation seen;
  bars->second.begin(*closed, now, seen);
  take(seen);
}

void alert_book::expire(utc_time now) {
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    auto& what = alerts_.at(expiries_.begin()->second);
    detach(what);
    what.status = alert_status::expired;
    what.updated_at = now;
    finished_.insert(what.number);
    dirty_.insert(what.number);
    note_event(alert_event_kind::expired, what);
  }
  prune();
}

// -- the store ----------------------------------------------------------------------

void alert_book::finish(const action_key& key, const std::function<void(alert_result&)>& note, utc_time now) {
  done_.push_back(key);
  const auto at = alerts_.find(key.alert);
  if (at == alerts_.end() || at->second.last_result.trigger != key.trigger) return;
  note(at->second.last_result);
  at->second.updated_at = now;
  dirty_.insert(key.alert);
  note_event(alert_event_kind::acted, at->second);
}

result<alert_effects> alert_book::flush() {
  store_changes changes;
  for (const auto number : dirty_) changes.written.push_back(alerts_.at(number));
  changes.removed = removed_;
  changes.made = made_;
  changes.done = done_;
  if (!changes.empty())
    if (auto done = store_->commit(changes); !done) return done.error();
  for (const auto number : dirty_) remembered_.erase(number);
  dirty_.clear();
  removed_.clear();
  done_.clear();
  return alert_effects{std::exchange(events_, {}), std::exchange(made_, {})};
}

result<alert_effects> alert_book::flush_all() {
  dirty_.insert(remembered_.begin(), remembered_.end());
  return flush();
}

std::array<std::size_t, enum_count<alert_status>> alert_book::counts() const {
  std::array<std::size_t, enum_count<alert_status>> out{};
  for (const auto& [unused, one] : alerts_)
    if (one.kind == alert_kind::alert) ++out[static_cast<std::size_t>(one.status)];
  return out;
}

} // namespace tt::alerts
