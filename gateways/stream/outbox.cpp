#include "gateways/stream/outbox.hpp"

#include <algorithm>
#include <utility>

namespace tt::gateway::stream {

namespace {

/// The first message of a slot that leaves is its snapshot.
message_kind pay_snapshot(slot& of) {
  return std::exchange(of.snapshot, snapshot_debt::paid) == snapshot_debt::owed ? message_kind::snapshot : message_kind::update;
}

} // namespace

outbox::outbox(const stream_config& config, shard_tallies& tallies, message_style style)
    : config_(config), tallies_(tallies), style_(style), rate_hz_(static_cast<int>(config.default_rate_hz)) {}

outbox::~outbox() {
  // slots may outlive the box by a moment; their hooks must not point into it
  ready_.clear();
  cooling_.clear();
}

// -- in ----------------------------------------------------------------------

admission outbox::push(message_body body, message_kind kind) {
  entry one;
  one.body = std::make_shared<const message_body>(std::move(body));
  one.kind = kind;
  return push_entry(std::move(one));
}

admission outbox::push_shared(const value_ptr& value, message_kind kind) {
  return push_entry(make_entry(value, nullptr, kind));
}

admission outbox::push_entry(entry one) {
  const std::size_t size = one.body->bytes.size() + max_frame_overhead;
  if (queued_bytes() + size > config_.max_queue_bytes) return admission::full;
  own_bytes_ += size;
  own_.push_back(std::move(one));
  return admission::taken;
}

outbox::entry outbox::make_entry(const value_ptr& value, slot* from, message_kind kind) const {
  entry one;
  one.body = {value, &value->body(style_)}; // shares the value's life
  one.from = from;
  one.fact = value->fact();
  one.arrival = value->arrival();
  one.kind = kind;
  return one;
}

void outbox::offer(slot& to, value_ptr value, mono_time now) {
  TT_ASSERT(to.kind != delivery::lossless);
  if (to.kind == delivery::queued) {
    offer_trade(to, value);
    return;
  }
  // Once a slot holds a value, later ones must not overtake it in the queue.
  const bool unconflated = rate_hz_ == 0 && to.waiting.empty() && offer_unconflated(to, value);
  if (!unconflated) offer_conflated(to, std::move(value), now);
}

void outbox::offer_trade(slot& to, const value_ptr& value) {
  entry one = make_entry(value, &to, message_kind::update);
  const std::size_t size = one.body->bytes.size() + max_frame_overhead;
  while (!trades_.empty() &&
         (trades_.size() >= config_.max_queued_trades || droppable_bytes_ + size > config_.max_droppable_bytes))
    drop_oldest_trade();
  if (droppable_bytes_ + size > config_.max_droppable_bytes || queued_bytes() + size > config_.max_queue_bytes) {
    ++to.dropped;
    tallies_.dropped_trades.add();
    return;
  }
  droppable_bytes_ += size;
  trades_.push_back(std::move(one));
}

void outbox::drop_oldest_trade() {
  entry& oldest = trades_.front();
  if (oldest.body) {
    droppable_bytes_ -= oldest.body->bytes.size() + max_frame_overhead;
    ++oldest.from->dropped;
    tallies_.dropped_trades.add();
  }
  trades_.pop_front();
}

bool outbox::offer_unconflated(slot& to, const value_ptr& value) {
  entry one = make_entry(value, &to, message_kind::update);
  const std::size_t size = one.body->bytes.size() + max_frame_overhead;
  if (droppable_bytes_ + size <= config_.max_droppable_bytes && queued_bytes() + size <= config_.max_queue_bytes) {
    droppable_bytes_ += size;
    unconflated_.push_back(std::move(one));
    to.newest_entry = unconflated_base_ + unconflated_.size() - 1;
    return true;
  }
  if (to.newest_entry < unconflated_base_) return false;
  entry& queued = unconflated_[to.newest_entry - unconflated_base_];
  if (!queued.body || queued.fact != one.fact) return false;
  droppable_bytes_ += one.body->bytes.size();
  droppable_bytes_ -= queued.body->bytes.size();
  queued.body = std::move(one.body);
  queued.arrival = one.arrival;
  ++queued.conflated;
  tallies_.conflated.add();
  return true;
}

void outbox::offer_conflated(slot& to, value_ptr value, mono_time now) {
  if (!to.waiting.empty()) {
    if (to.waiting.back()->fact() == value->fact()) {
      to.waiting.back() = std::move(value);
      ++to.conflated;
      tallies_.conflated.add();
      return;
    }
    if (to.waiting.size() >= max_waiting_bars) {
      to.waiting.erase(to.waiting.begin());
      ++to.conflated;
      tallies_.conflated.add();
    }
    to.waiting.push_back(std::move(value));
    return;
  }
  to.waiting.push_back(std::move(value));
  // A finished bar, like a snapshot that is owed, needn't wait for its neighbour.
  if (to.phase == slot_phase::cooling && to.last_sent + interval() > now && to.snapshot == snapshot_debt::paid) {
    ++cooling_with_value_;
    return;
  }
  if (to.phase == slot_phase::cooling) cooling_.erase(cooling_.iterator_to(to));
  to.phase = slot_phase::ready;
  ready_.push_back(to);
}

admission outbox::offer_snapshot(slot& to, const value_ptr& newest) {
  if (to.kind != delivery::conflated) return push_shared(newest, message_kind::snapshot);
  to.snapshot = snapshot_debt::owed;
  if (to.phase == slot_phase::ready) return admission::taken;
  leave_list(to);
  if (to.waiting.empty()) to.waiting.push_back(newest);
  to.phase = slot_phase::ready;
  ready_.push_back(to);
  return admission::taken;
}

void outbox::leave_list(slot& which) {
  if (which.phase == slot_phase::ready) {
    ready_.erase(ready_.iterator_to(which));
  } else if (which.phase == slot_phase::cooling) {
    if (!which.waiting.empty()) --cooling_with_value_;
    cooling_.erase(cooling_.iterator_to(which));
  }
  which.phase = slot_phase::idle;
}

void outbox::forget(slot& which) {
  leave_list(which);
  which.waiting.clear();
  for (auto* queue : {&unconflated_, &trades_})
    for (entry& one : *queue)
      if (one.body && one.from == &which) {
        droppable_bytes_ -= one.body->bytes.size() + max_frame_overhead;
        one.body.reset();
        one.from = nullptr;
      }
}

void outbox::set_rate(int hz) {
  TT_ASSERT(hz >= 0 && hz <= max_rate_hz);
  rate_hz_ = hz;
}

mono_time::duration outbox::interval() const {
  if (rate_hz_ == 0) return {};
  return std::chrono::duration_cast<mono_time::duration>(std::chrono::seconds{1}) / rate_hz_;
}

// -- out ---------------------------------------------------------------------

std::optional<mono_time> outbox::next_due() const {
  if (cooling_with_value_ == 0) return std::nullopt;
  return cooling_.front().last_sent + interval();
}

void outbox::wake_cooled(mono_time now) {
  const auto cooled_before = now - interval();
  while (!cooling_.empty() && cooling_.front().last_sent <= cooled_before) {
    slot& one = cooling_.front();
    cooling_.pop_front();
    if (one.waiting.empty()) {
      one.phase = slot_phase::idle;
    } else {
      --cooling_with_value_;
      one.phase = slot_phase::ready;
      ready_.push_back(one);
    }
  }
}

void outbox::pull(std::string& out, std::size_t budget, mono_time now) {
  wake_cooled(now);
  while (out.size() < budget && pull_own(out, now)) {}
  // The kinds take turns, so that none starves the others on a slow line.
  bool more = own_.empty();
  while (more && out.size() < budget) {
    more = pull_ready(out, now);
    more = pull_unconflated(out, now) || more;
    more = pull_trade(out, now) || more;
  }
}

void outbox::compose(std::string& out, const message_body& body, message_tail tail, std::optional<mono_time> arrival,
                     mono_time now) {
  tail.seq = ++seq_;
  const std::size_t before = out.size();
  append_message(out, style_.form, body, tail);
  tallies_.messages_out.add();
  tallies_.bytes_out.add(out.size() - before);
  if (arrival && tail.kind == message_kind::update) tallies_.observe_delivery(now - *arrival);
  last_message_at_ = now;
}

bool outbox::pull_own(std::string& out, mono_time now) {
  if (own_.empty()) return false;
  const entry one = std::move(own_.front());
  own_.pop_front();
  own_bytes_ -= one.body->bytes.size() + max_frame_overhead;
  compose(out, *one.body, {0, one.kind, 0, 0}, one.arrival, now);
  return true;
}

bool outbox::pull_ready(std::string& out, mono_time now) {
  if (ready_.empty()) return false;
  slot& one = ready_.front();
  ready_.pop_front();
  if (one.newest_entry >= unconflated_base_) { // older values of it still queue: after those
    ready_.push_back(one);
    return true;
  }
  for (std::size_t i = 0; i < one.waiting.size(); ++i) {
    message_tail tail;
    tail.kind = pay_snapshot(one);
    if (i + 1 == one.waiting.size()) tail.conflated = std::exchange(one.conflated, 0);
    compose(out, one.waiting[i]->body(style_), tail, one.waiting[i]->arrival(), now);
  }
  one.waiting.clear();
  one.last_sent = now;
  if (rate_hz_ == 0) {
    one.phase = slot_phase::idle;
  } else {
    one.phase = slot_phase::cooling;
    cooling_.push_back(one);
  }
  return true;
}

bool outbox::pull_unconflated(std::string& out, mono_time now) {
  if (unconflated_.empty()) return false;
  const entry one = std::move(unconflated_.front());
  unconflated_.pop_front();
  ++unconflated_base_;
  if (!one.body) return true;
  droppable_bytes_ -= one.body->bytes.size() + max_frame_overhead;
  compose(out, *one.body, {0, pay_snapshot(*one.from), one.conflated, 0}, one.arrival, now);
  return true;
}

bool outbox::pull_trade(std::string& out, mono_time now) {
  if (trades_.empty()) return false;
  const entry one = std::move(trades_.front());
  trades_.pop_front();
  if (!one.body) return true;
  droppable_bytes_ -= one.body->bytes.size() + max_frame_overhead;
  compose(out, *one.body, {0, pay_snapshot(*one.from), 0, std::exchange(one.from->dropped, 0)}, one.arrival, now);
  return true;
}

} // namespace tt::gateway::stream
