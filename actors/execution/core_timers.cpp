// Timers belong to a state: they are set when an order enters it and are gone when it
// leaves it, whatever the reason.

#include "actors/execution/core_turn.hpp"

namespace tt::execution {

namespace {

bool has_timer(const order& what) {
  switch (what.state) {
  case order_state::submitting:
  case order_state::unknown:
  case order_state::pending_cancel:
  case order_state::pending_replace: return true;
  case order_state::created: return what.leg.empty(); // an exit that waits for its own protection
  default: return false;
  }
}

} // namespace

void account_core::turn::arm(const order& what) {
  auto& timers = core_.timers_;
  const auto at = timers.find(what.number);
  if (is_final(what.state)) {
    core_.target_out_.erase(what.number);
    core_.resizes_.erase(what.number);
    core_.exits_.erase(what.number);
  }
  if (at != timers.end() && at->second.state == what.state) return;
  if (at != timers.end()) timers.erase(at);
  if (!has_timer(what)) return watch_leg(what);
  const auto& times = settings().timings;
  timer t{what.state, now_, now_, 0, std::nullopt, false};
  switch (what.state) {
  case order_state::submitting: t.due = now_ + std::min(times.answer_deadline, times.market_deadline); break;
  case order_state::unknown: t.due = now_ + times.lookup_every; break;
  case order_state::pending_cancel: t.due = now_ + times.cancel_again; break;
  case order_state::pending_replace: t.due = now_ + times.lookup_every; break;
  default: t.due = now_ + times.exit_alarm; break;
  }
  timers[what.number] = t;
}

std::optional<utc_time> account_core::turn::leg_due(const order& leg) const {
  std::optional<utc_time> due;
  // looks at the price again when the target's patience is over
  if (const auto out = core_.target_out_.find(leg.number); out != core_.target_out_.end())
    due = out->second + settings().timings.target_patience;
  const auto resizing = core_.resizes_.find(leg.number);
  if (resizing != core_.resizes_.end() && !resizing->second.is_given_up) due = std::min(due.value_or(utc_time::max()), resizing->second.again_at);
  return due;
}

void account_core::turn::watch_leg(const order& leg) {
  core_.timers_.erase(leg.number);
  if (!is_live(leg.state)) return;
  if (const auto due = leg_due(leg)) core_.timers_[leg.number] = {leg.state, *due, now_, 0, std::nullopt, false};
}

void account_core::turn::fire(order_number number) {
  auto& t = core_.timers_.at(number);
  const auto& what = *book().find(number);
  const auto& times = settings().timings;
  ++t.tries;
  switch (what.state) {
  case order_state::submitting: {
    const auto limit = what.terms.type == order_type::market ? times.market_deadline : times.other_deadline;
    const auto deadline = what.submitted_at.value_or(t.since) + limit;
    if (t.retry_at && now_ >= deadline) { // the adapter said each time that nothing went out
      static_cast<void>(move(number, order_event::send_deadline, {}, "could not be sent in time", "not_sent"));
    } else if (t.retry_at && now_ >= *t.retry_at) {
      const auto command = core_.going_out_.find(number);
      TT_ASSERT(command != core_.going_out_.end());
      t.retry_at.reset();
      t.since = now_;
      t.due = std::min(now_ + times.answer_deadline, deadline);
      add(command->second);
    } else if (!t.retry_at && now_ >= t.since + times.answer_deadline) { // no answer at all
      static_cast<void>(move(number, order_event::ambiguous, {}, "the adapter gave no answer"));
      lookup(*book().find(number));
    } else t.due = t.retry_at ? std::min(*t.retry_at, deadline) : t.since + times.answer_deadline;
    return;
  }
  case order_state::unknown:
    lookup(what);
    if (now_ >= what.submitted_at.value_or(t.since) + times.answer_deadline) list();
    if (!t.alarmed && now_ >= t.since + times.unknown_alarm) {
      t.alarmed = true;
      freeze_for_doubt(what);
      alert(severity::alarm, "UNKNOWN_ORDER", &what, "its fate has not been known for a minute");
    }
    t.due = now_ + times.lookup_every;
    return;
  case order_state::pending_cancel: // a cancel may be repeated: it can't do anything twice
    send_cancel(what);
    lookup(what);
    if (t.tries == 3) alert(severity::alarm, "CANCEL_UNCONFIRMED", &what, "the venue has not confirmed it");
    t.due = now_ + times.cancel_again;
    return;
  case order_state::pending_replace:
    lookup(what);
    if (t.tries == 5) alert(severity::alarm, "REPLACE_UNCONFIRMED", &what, "the venue has not confirmed it");
    t.due = now_ + times.lookup_every;
    return;
  case order_state::created:
    if (!t.alarmed) alert(severity::alarm, "EXIT_WAITS", &what, "its own protection is not confirmed cancelled; the stop stays");
    t.alarmed = true;
    t.due = now_ + times.unknown_alarm;
    return;
  default: // a leg whose patience is over, or that is to be resized: its group looks at it, and sets another time where it wants one
    symbols_.insert(what.symbol);
    t.due = now_ + times.target_patience;
    return;
  }
}

outcome account_core::tick(utc_time now) {
  turn t{*this, now};
  std::vector<order_number> due;
  for (const auto& [number, one] : timers_)
    if (std::min(one.due, one.retry_at.value_or(one.due)) <= now) due.push_back(number);
  for (const auto number : due) t.fire(number);
  for (const auto& [head, one] : held_legs_)
    if (one.again_at <= now) t.symbols_.insert(book_.find(head)->symbol);
  if (listing_due_ && *listing_due_ <= now) t.list();
  return t.finish();
}

outcome account_core::look(utc_time now) {
  turn t{*this, now};
  t.list();
  return t.finish();
}

std::optional<utc_time> account_core::next_due() const {
  auto out = listing_due_;
  for (const auto& [number, one] : timers_) {
    const auto due = std::min(one.due, one.retry_at.value_or(one.due));
    if (!out || due < *out) out = due;
  }
  for (const auto& [head, one] : held_legs_)
    if (!out || one.again_at < *out) out = one.again_at;
  return out;
}

} // namespace tt::execution
