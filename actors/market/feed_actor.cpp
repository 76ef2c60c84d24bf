#include "actors/market/feed_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <algorithm>

namespace tt::market {

namespace {

using feed_pointer = caf::stateful_actor<feed_state>*;

void poll(feed_pointer self);
void resolve(feed_pointer self, std::uint32_t index);
void go_on_restoring(feed_pointer self);
feed_status status_of(const feed_state& s);

void poll_later(feed_pointer self) {
  if (self->state.poll_pending) return;
  self->state.poll_pending = true;
  self->delayed_send(self, poll_interval, poll_atom::value);
}

feed_change change_of(const feed_state& s, feed_phase phase, utc_time start) {
  return {std::string(s.pump->source().label()), phase, start, s.epoch};
}

void announce(feed_pointer self, feed_phase phase) {
  const auto change = change_of(self->state, phase, self->state.pump->source().start_time());
  for (std::uint32_t i = 0; i < self->state.symbols.size(); ++i) {
    const bool restoring = self->state.restore && self->state.restore->contains(i);
    if (self->state.symbols[i].actor && !restoring) self->send(self->state.symbols[i].actor, change);
  }
}

/// A later feed of the same name runs: this one has nothing more to say.
void give_way(feed_pointer self) {
  self->state.running = false;
  self->state.failure = "a later feed has taken over";
}

/// A symbol's actor is gone or lags hopelessly: the feed goes on without it until
/// it is found again.
void lose(feed_pointer self, std::uint32_t index) {
  auto& s = self->state;
  auto& symbol = s.symbols[index];
  if (!symbol.actor) return;
  self->demonitor(symbol.actor);
  symbol.actor = nullptr;
  s.pump->detach(index);
  if (s.restore) s.restore->drop(index);
  std::erase(s.waiting, index);
  if (!s.failure.empty()) return;
  // one that is lost as soon as it is found may be lost again: no hurry then
  if (self->clock().now() - symbol.found_at < resolve_interval) self->delayed_send(self, resolve_interval, resolve_atom::value, index);
  else resolve(self, index);
}

void on_refused(feed_pointer self, std::uint32_t index, const caf::actor& whom, const caf::error& e) {
  auto& s = self->state;
  const auto reason = from_caf_error(e);
  if (reason.code == errc::conflict) return give_way(self);
  ++s.lost_batches;
  if (s.symbols[index].actor == whom) lose(self, index);
}

void on_taken(feed_pointer self) {
  auto& s = self->state;
  s.pump->acknowledge();
  if (s.pump->how().kind != pace_kind::maximum || !s.running) return;
  // half the window is free again: go on without a detour over the clock
  if (s.pump->in_flight() <= max_batches_in_flight / 2) poll(self);
}

void send_batches(feed_pointer self, pump_output& out) {
  auto& s = self->state;
  for (auto& batch : out.batches) {
    if (!batch.ticks.empty()) s.last_event = timestamp_of(batch.ticks.back());
    const auto whom = s.symbols[batch.symbol].actor;
    self->request(whom, batch_deadline, tick_batch{std::move(batch.ticks), batch.watermark, s.epoch})
      .then([self](std::uint64_t) { on_taken(self); },
            [self, whom, index = batch.symbol](const caf::error& e) {
              on_refused(self, index, whom, e);
              on_taken(self);
            });
  }
}

/// Feeds share one clock: that of the one that has come furthest, so it never runs back.
void tell_time(const feed_state& s, utc_time now) {
  if (!s.market_time_ns) return;
  const auto ns = now.time_since_epoch().count();
  auto told = s.market_time_ns->load(std::memory_order_relaxed);
  while (told < ns && !s.market_time_ns->compare_exchange_weak(told, ns, std::memory_order_relaxed)) {}
}

/// The source has ended: by itself, or because its input can't be read on.
void end(feed_pointer self) {
  auto& s = self->state;
  s.running = false;
  if (std::exchange(s.catching_up, false)) announce(self, feed_phase::restored);
  const auto failure = s.pump->source().report().failure;
  if (failure) s.failure = to_string(*failure);
  announce(self, failure ? feed_phase::failed : feed_phase::finished);
  if (s.on_end) s.on_end(status_of(s));
}

/// What came so far was the past; symbols are told behind its last batch.
void end_catching_up(feed_pointer self) {
  auto& s = self->state;
  if (!s.catching_up || s.pump->market_time() < *s.market_start) return;
  s.catching_up = false;
  announce(self, feed_phase::restored);
}

/// Hands out what is due, and sees to it that somebody looks again.
void poll(feed_pointer self) {
  auto& s = self->state;
  if (!s.running) return;
  const utc_time wall = s.clock();
  auto out = s.pump->next(wall);
  tell_time(s, s.pump->market_time_at(wall));
  send_batches(self, out);
  end_catching_up(self);
  switch (out.state) {
  case pull_state::finished: end(self); return;
  case pull_state::idle: poll_later(self); return;
  case pull_state::more: break;
  }
  if (s.pump->in_flight() < max_batches_in_flight) self->send(self, poll_atom::value, pace_kind::maximum);
  else if (s.pump->how().kind != pace_kind::maximum) poll_later(self);
  // at maximum pace with a full window the next acknowledgement goes on
}

// -- symbols that come back -----------------------------------------------------

/// From here on the symbol is like all others.
void join(feed_pointer self, std::uint32_t index) {
  auto& s = self->state;
  s.pump->attach(index);
  if (!s.pump->finished()) return;
  // the feed's last words, which the symbol has missed
  const auto& actor = s.symbols[index].actor;
  self->request(actor, batch_deadline, tick_batch{{}, s.pump->market_time(), s.epoch}).then([](std::uint64_t) {}, [](const caf::error&) {});
  self->send(actor, change_of(s, feed_phase::finished, s.pump->source().start_time()));
}

/// Begins in the present: what lies before comes from history.
void join_without_past(feed_pointer self, std::uint32_t index) {
  auto& s = self->state;
  self->send(s.symbols[index].actor, change_of(s, feed_phase::live, s.pump->market_time()));
  join(self, index);
}

void send_past(feed_pointer self, pump_batch&& batch) {
  auto& s = self->state;
  ++s.restore_in_flight;
  const auto whom = s.symbols[batch.symbol].actor;
  self->request(whom, batch_deadline, tick_batch{std::move(batch.ticks), batch.watermark, s.epoch})
    .then(
      [self](std::uint64_t) {
        --self->state.restore_in_flight;
        go_on_restoring(self);
      },
      [self, whom, index = batch.symbol](const caf::error& e) {
        --self->state.restore_in_flight;
        on_refused(self, index, whom, e);
        go_on_restoring(self);
      });
}

void restore_step(feed_pointer self) {
  auto& s = self->state;
  if (!s.restore || s.restore_in_flight >= max_restore_batches) return;
  auto out = s.restore->step(*s.pump);
  for (auto& batch : out.batches) send_past(self, std::move(batch));
  for (const auto index : out.complete) {
    self->send(s.symbols[index].actor, change_of(s, feed_phase::restored, s.pump->source().start_time()));
    join(self, index);
  }
  go_on_restoring(self);
}

/// Opens the source anew for the symbols that wait.
void begin_restoring(feed_pointer self) {
  auto& s = self->state;
  const auto wanted = std::exchange(s.waiting, {});
  auto source = s.reopen ? s.reopen() : result<std::unique_ptr<feed_source>>{error{errc::unsupported, "can't be opened anew"}};
  if (!source || s.pump->events() > max_restored_past) {
    for (const auto index : wanted) join_without_past(self, index);
    return;
  }
  s.restore.emplace(std::move(*source), wanted);
  for (const auto index : wanted)
    self->send(s.symbols[index].actor, change_of(s, feed_phase::restoring, s.pump->source().start_time()));
}

/// One step at a time, so that live batches are not held up.
void go_on_restoring(feed_pointer self) {
  auto& s = self->state;
  if (s.restore && s.restore->done()) s.restore.reset();
  if (!s.restore && !s.waiting.empty()) begin_restoring(self);
  if (!s.restore || s.restore_pending || s.restore_in_flight >= max_restore_batches) return;
  s.restore_pending = true;
  self->send(self, restore_atom::value);
}

// -- finding symbols --------------------------------------------------------------

void begin(feed_pointer self) {
  auto& s = self->state;
  s.begun = true;
  for (std::uint32_t i = 0; i < s.symbols.size(); ++i) s.pump->attach(i);
  s.started = s.clock();
  s.pump->start(s.started, s.market_start.value_or(s.pump->source().start_time()));
  s.running = true;
  // Under a lease the feed may have run on another node, and symbols outlived it: they have had its past.
  s.catching_up = s.epoch != 0 && s.market_start && *s.market_start > s.pump->source().start_time();
  announce(self, s.catching_up ? feed_phase::restoring : feed_phase::live);
  if (s.pump->how().kind != pace_kind::stepped) poll(self);
}

void on_found(feed_pointer self, std::uint32_t index, const caf::actor& actor) {
  auto& s = self->state;
  s.symbols[index].actor = actor;
  s.symbols[index].found_at = self->clock().now();
  self->monitor(actor);
  if (!s.begun) {
    if (std::ranges::all_of(s.symbols, [](const feed_symbol& x) { return x.actor != nullptr; })) begin(self);
    return;
  }
  s.waiting.push_back(index);
  go_on_restoring(self);
}

void on_not_found(feed_pointer self, std::uint32_t index, const error& why) {
  auto& s = self->state;
  const bool may_come = why.code == errc::not_available || why.code == errc::timed_out;
  if (may_come) {
    self->delayed_send(self, resolve_interval, resolve_atom::value, index);
    return;
  }
  s.running = false;
  s.failure = s.pump->source().symbols()[index] + ": " + to_string(why);
}

void resolve(feed_pointer self, std::uint32_t index) {
  auto& s = self->state;
  auto& symbol = s.symbols[index];
  if (symbol.actor || symbol.resolving) return;
  symbol.resolving = true;
  self->request(s.directory, batch_deadline, symbol_atom::value, s.pump->source().symbols()[index])
    .then(
      [self, index](const caf::actor& actor) {
        self->state.symbols[index].resolving = false;
        on_found(self, index, actor);
      },
      [self, index](const caf::error& e) {
        self->state.symbols[index].resolving = false;
        on_not_found(self, index, from_caf_error(e));
      });
}

void on_moved(feed_pointer self, const symbol_moved& moved) {
  const auto names = self->state.pump->source().symbols();
  const auto at = std::ranges::find(names, moved.symbol);
  if (at == names.end()) return;
  const auto index = static_cast<std::uint32_t>(at - names.begin());
  if (index < self->state.symbols.size() && self->state.symbols[index].actor != moved.now) lose(self, index);
}

void on_down(feed_pointer self, const caf::actor_addr& who) {
  for (std::uint32_t i = 0; i < self->state.symbols.size(); ++i)
    if (self->state.symbols[i].actor && self->state.symbols[i].actor.address() == who) lose(self, i);
}

// -- questions ----------------------------------------------------------------------

std::uint32_t step(feed_pointer self, std::uint32_t count) {
  auto& s = self->state;
  std::uint32_t handed_out = 0;
  while (handed_out < count && s.running) {
    pump_output out;
    handed_out += s.pump->step(count - handed_out, out);
    tell_time(s, s.pump->market_time());
    send_batches(self, out);
    end_catching_up(self);
    if (out.state == pull_state::finished) end(self);
  }
  return handed_out;
}

feed_status status_of(const feed_state& s) {
  feed_status out;
  out.name = s.feed_name;
  out.label = std::string(s.pump->source().label());
  out.state = !s.failure.empty() ? "failed" : s.pump->finished() ? "finished" : s.running ? "live" : "starting";
  out.since = s.started;
  out.last_event = s.last_event;
  out.events = s.pump->events();
  out.detail = s.failure;
  if (!s.begun) out.market_time = s.time_before_start;
  else out.market_time = s.running ? s.pump->market_time_at(s.clock()) : s.pump->market_time();
  for (const auto& symbol : s.symbols) out.stale_symbols += symbol.actor ? 0 : 1;
  if (!s.failure.empty()) return out;
  if (out.stale_symbols > 0) out.detail = std::to_string(out.stale_symbols) + " symbols have no actor at the moment";
  else if (s.lost_batches > 0) out.detail = std::to_string(s.lost_batches) + " batches were not taken in time";
  else if (const auto report = s.pump->source().report(); report.bad_rows > 0)
    out.detail = std::to_string(report.bad_rows) + " of " + std::to_string(report.rows) + " rows rejected, the first: " + report.first_bad;
  return out;
}

void publish_state(feed_pointer self) {
  auto& s = self->state;
  if (auto now = status_of(s); s.published != now) {
    s.publish(now);
    s.published = std::move(now);
  }
  self->delayed_send(self, state_interval, status_atom::value, poll_atom::value);
}

} // namespace

caf::behavior feed_actor(feed_pointer self, std::shared_ptr<feed_options> options, caf::actor directory) {
  auto& s = self->state;
  s.feed_name = options->name;
  s.clock = options->clock;
  s.market_start = options->market_start;
  s.time_before_start = options->time_before_start;
  s.market_time_ns = options->market_time_ns;
  s.reopen = options->reopen;
  s.epoch = options->epoch;
  s.on_end = options->on_end;
  s.publish = options->publish;
  s.directory = std::move(directory);
  s.pump.emplace(std::move(options->source), options->how);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down.source); });
  if (s.publish) publish_state(self);
  return {
    [self](start_atom) {
      auto& state = self->state;
      if (!state.symbols.empty() || !state.failure.empty()) return;
      state.symbols.resize(state.pump->source().symbols().size());
      if (state.symbols.empty()) return begin(self);
      for (std::uint32_t i = 0; i < state.symbols.size(); ++i) resolve(self, i);
    },
    [self](poll_atom) {
      self->state.poll_pending = false;
      poll(self);
    },
    // "go on at once": not the timer's
    [self](poll_atom, pace_kind) { poll(self); },
    [self](resolve_atom, std::uint32_t index) { resolve(self, index); },
    [self](restore_atom) {
      self->state.restore_pending = false;
      restore_step(self);
    },
    [self](const symbol_moved& moved) { on_moved(self, moved); },
    [self](step_atom, std::uint32_t count) -> caf::result<std::uint32_t> {
      auto& state = self->state;
      if (state.pump->how().kind != pace_kind::stepped)
        return to_caf_error({errc::conflict, "the feed " + state.feed_name + " is not stepped", "speed"});
      if (!state.running) return to_caf_error({errc::not_available, "the feed " + state.feed_name + " is not running"});
      return step(self, std::min(count, max_step_events));
    },
    [self](status_atom) { return status_of(self->state); },
    [self](status_atom, poll_atom) { publish_state(self); },
  };
}

} // namespace tt::market
