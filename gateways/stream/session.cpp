#include "gateways/stream/session.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway::stream {

namespace {

/// Events read from a log at once while a client is being replayed to.
constexpr std::size_t replay_batch = 64;

} // namespace

bool token_bucket::take(mono_time now) {
  const std::chrono::duration<double, std::ratio<60>> minutes = now - std::exchange(at_, std::max(at_, now));
  if (minutes.count() > 0) tokens_ = std::min(per_minute_, tokens_ + minutes.count() * per_minute_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

session::session(std::uint64_t id, hub& home, const stream_config& config, shard_tallies& tallies, message_style style,
                 identity who, moment now)
    : id_(id), hub_(home), config_(config), tallies_(tallies), box_(config, tallies, style), identity_(who),
      inbound_(config.max_messages_per_minute, now.mono), opened_(now.mono), last_inbound_(now.mono),
      next_ping_(now.mono + config.ping_every) {
  hub_.enter(*this);
}

session::~session() {
  for (auto& [key, one] : slots_) {
    hub_.leave(*this, *one);
    box_.forget(*one);
  }
  hub_.exit(*this);
}

void session::close(close_code code, std::string reason) {
  if (closing_) return;
  closing_ = close_request{code, std::move(reason)};
  if (code == close_code::slow) tallies_.dropped_clients.add();
  if (code == close_code::rate) tallies_.rate_limited_clients.add();
}

void session::check(admission outcome) {
  if (outcome == admission::full) close(close_code::slow, "too slow: messages that must not be lost don't fit the queue");
}

// -- the socket's side -----------------------------------------------------------

bool session::count_inbound(moment now) {
  last_inbound_ = std::max(last_inbound_, now.mono);
  if (inbound_.take(now.mono)) return true;
  close(close_code::rate, "more than " + std::to_string(config_.max_messages_per_minute) + " messages per minute");
  return false;
}

void session::on_control_frame(moment now) {
  if (!closing_) static_cast<void>(count_inbound(now));
}

void session::on_message(std::string_view bytes, encoding form, moment now) {
  if (closing_ || !count_inbound(now)) return;
  tallies_.messages_in.add();
  const reading read = read_command(bytes, form);
  tallies_.unknown_fields.add(read.unknown_fields);
  request_id_ = read.id;
  if (const auto* no = std::get_if<rejection>(&read.what)) send_error(no->code, no->message, now);
  else handle(std::get<command>(read.what), now);
  request_id_.clear();
}

bool session::has_output() const {
  return !closing_ && (ping_due_ || box_.has_ready() || replays_ > 0);
}

void session::pull(std::string& out, std::size_t budget, moment now) {
  if (closing_) return;
  if (std::exchange(ping_due_, false)) append_ping(out);
  box_.pull(out, budget, now.mono);
  while (replays_ > 0 && out.size() < budget && box_.own_is_empty() && pump_replays(now))
    box_.pull(out, budget, now.mono);
}

void session::on_time(moment now) {
  if (closing_) return;
  if (blocked_since_ && now.mono - *blocked_since_ >= config_.stall_limit)
    return close(close_code::slow, "too slow: the connection takes no data");
  if (now.mono - last_inbound_ >= config_.silence_limit)
    return close(close_code::slow, "no sign of life for " + std::to_string(config_.silence_limit.count()) + " s");
  if (identity_ == identity::missing && now.mono - opened_ >= config_.identity_limit)
    return close(close_code::identity, "no valid identity");
  if (now.mono >= next_ping_) {
    next_ping_ = now.mono + config_.ping_every;
    ping_due_ = true;
  }
  const mono_time spoke = box_.last_message_at().value_or(opened_);
  if (!blocked_since_ && !box_.has_ready() && now.mono - spoke >= config_.heartbeat_after) send(begin("heartbeat"), now);
}

mono_time session::next_wake() const {
  if (closing_) return mono_time::max();
  mono_time wake = std::min(next_ping_, last_inbound_ + config_.silence_limit);
  if (identity_ == identity::missing) wake = std::min(wake, opened_ + config_.identity_limit);
  if (blocked_since_) return std::min(wake, *blocked_since_ + config_.stall_limit);
  wake = std::min(wake, box_.last_message_at().value_or(opened_) + config_.heartbeat_after);
  if (const auto due = box_.next_due()) wake = std::min(wake, *due);
  return wake;
}

// -- the hub's side ----------------------------------------------------------------

attention session::offer(slot& where, value_ptr value, moment now) {
  return closing_ ? attention::none : box_.offer(where, std::move(value), now.mono);
}

void session::say_waiting(slot& where, moment now) {
  where.snapshot = snapshot_debt::paid;
  answer_snapshot(*where.key, nullptr, now);
}

void session::answer_snapshot(const topic_key& key, const value_ptr& value, moment now) {
  if (closing_) return;
  if (value) check(box_.push_shared(value, message_kind::snapshot));
  else
    check(box_.push(make_body(box_.style().form, write_waiting(key, now.wall, box_.style().fields)), message_kind::snapshot));
}

void session::deliver_event(slot& where, const value_ptr& event, moment) {
  if (closing_ || where.replaying) return; // a replay reads it from the log
  const auto position = event->position();
  TT_ASSERT(position.has_value());
  if (position->tseq <= where.cursor) return; // part of the snapshot or the replay already
  if (position->tseq > where.cursor + 1) {    // never skip: read what lies between from the log
    where.replaying = true;
    where.replay_from = where.cursor;
    ++replays_;
    return;
  }
  where.cursor = position->tseq;
  check(box_.push_shared(event, message_kind::update));
}

// -- lossless topics -----------------------------------------------------------------

void session::send_log_snapshot(slot& where, moment now) {
  custom_value state = hub_.source().log_of(where.key->what, where.key->symbol)->snapshot();
  where.snapshot = snapshot_debt::paid;
  where.cursor = state.position ? state.position->tseq : 0;
  if (std::exchange(where.replaying, false)) --replays_;
  check(box_.push_shared(std::make_shared<const topic_value>(where.key, std::move(state), now), message_kind::snapshot));
}

void session::say_gap(slot& where, moment now) {
  const lossless_log* log = hub_.source().log_of(where.key->what, where.key->symbol);
  json_writer out = begin("gap");
  out.field("channel", traits_of(where.key->what).name);
  if (is_of_accounts(where.key->what) && !where.key->symbol.empty()) out.field("account_id", where.key->symbol);
  out.field("epoch", log->epoch()).field("to", log->last());
  send(std::move(out), now);
  send_log_snapshot(where, now);
}

bool session::pump_replays(moment now) {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [](const auto& one) { return one.second->replaying; });
  if (found == slots_.end()) return false;
  slot& where = *found->second;
  const lossless_log* log = hub_.source().log_of(where.key->what, where.key->symbol);
  auto events = log->replay(where.cursor, replay_batch);
  if (!events) {
    say_gap(where, now);
    return true;
  }
  if (events->empty()) {
    where.replaying = false;
    --replays_;
    json_writer out = begin("resumed");
    out.field("channel", traits_of(where.key->what).name);
    if (is_of_accounts(where.key->what) && !where.key->symbol.empty()) out.field("account_id", where.key->symbol);
    out.field("epoch", log->epoch());
    out.field("from", where.replay_from).field("to", where.cursor);
    send(std::move(out), now);
    return true;
  }
  for (auto& one : *events) {
    const std::uint64_t tseq = one.position->tseq;
    const auto value = std::make_shared<const topic_value>(where.key, std::move(one), now);
    if (box_.push_shared(value, message_kind::update) == admission::full) {
      if (box_.own_is_empty()) check(admission::full); // not even one fits
      break;
    }
    where.cursor = tseq;
  }
  return !closing_;
}

} // namespace tt::gateway::stream
