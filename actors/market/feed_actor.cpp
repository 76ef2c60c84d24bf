#include "actors/market/feed_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <algorithm>

namespace tt::market {

namespace {

using feed_pointer = caf::stateful_actor<feed_state>*;

void poll(feed_pointer self);

void poll_later(feed_pointer self) {
  if (self->state.poll_pending) return;
  self->state.poll_pending = true;
  self->delayed_send(self, poll_interval, poll_atom::value);
}

void announce(feed_pointer self, feed_phase phase) {
  const auto& source = self->state.pump->source();
  for (const auto& symbol : self->state.symbols)
    self->send(symbol, feed_change{std::string(source.label()), phase, source.start_time()});
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
    self->request(s.symbols[batch.symbol], batch_deadline, tick_batch{std::move(batch.ticks), batch.watermark})
      .then([self](std::uint64_t) { on_taken(self); },
            [self](const caf::error&) {
              ++self->state.lost_batches;
              on_taken(self);
            });
  }
}

/// Hands out what is due, and sees to it that somebody looks again.
void poll(feed_pointer self) {
  auto& s = self->state;
  if (!s.running) return;
  const utc_time wall = s.clock();
  auto out = s.pump->next(wall);
  if (s.market_time_ns) s.market_time_ns->store(s.pump->market_time_at(wall).time_since_epoch().count(), std::memory_order_relaxed);
  send_batches(self, out);
  switch (out.state) {
  case pull_state::finished:
    s.running = false;
    announce(self, feed_phase::finished);
    return;
  case pull_state::idle: poll_later(self); return;
  case pull_state::more: break;
  }
  if (s.pump->in_flight() < max_batches_in_flight) self->send(self, poll_atom::value, pace_kind::maximum);
  else if (s.pump->how().kind != pace_kind::maximum) poll_later(self);
  // at maximum pace with a full window the next acknowledgement goes on
}

void begin(feed_pointer self) {
  auto& s = self->state;
  s.started = s.clock();
  s.pump->start(s.started, s.market_start.value_or(s.pump->source().start_time()));
  s.running = true;
  announce(self, feed_phase::live);
  if (s.pump->how().kind != pace_kind::stepped) poll(self);
}

/// Resolves the symbols one after the other, then begins.
void resolve(feed_pointer self, const caf::actor& directory, std::size_t index) {
  const auto names = self->state.pump->source().symbols();
  if (index == names.size()) return begin(self);
  self->request(directory, batch_deadline, symbol_atom::value, names[index])
    .then(
      [self, directory, index](const caf::actor& symbol) {
        self->state.symbols.push_back(symbol);
        resolve(self, directory, index + 1);
      },
      [self, index](const caf::error& e) {
        self->state.failure = self->state.pump->source().symbols()[index] + ": " + to_string(from_caf_error(e));
      });
}

std::uint32_t step(feed_pointer self, std::uint32_t count) {
  auto& s = self->state;
  std::uint32_t handed_out = 0;
  while (handed_out < count && s.running) {
    pump_output out;
    handed_out += s.pump->step(count - handed_out, out);
    if (s.market_time_ns) s.market_time_ns->store(s.pump->market_time().time_since_epoch().count(), std::memory_order_relaxed);
    send_batches(self, out);
    if (out.state != pull_state::finished) continue;
    s.running = false;
    announce(self, feed_phase::finished);
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
  if (s.lost_batches > 0) out.detail = std::to_string(s.lost_batches) + " batches were not taken in time";
  return out;
}

} // namespace

caf::behavior feed_actor(feed_pointer self, std::shared_ptr<feed_options> options, caf::actor directory) {
  auto& s = self->state;
  s.feed_name = options->name;
  s.clock = options->clock;
  s.market_start = options->market_start;
  s.market_time_ns = options->market_time_ns;
  s.pump.emplace(std::move(options->source), options->how);
  return {
    [self, directory](start_atom) {
      if (self->state.symbols.empty() && self->state.failure.empty()) resolve(self, directory, 0);
    },
    [self](poll_atom) {
      self->state.poll_pending = false;
      poll(self);
    },
    // "go on at once": not the timer's
    [self](poll_atom, pace_kind) { poll(self); },
    [self](step_atom, std::uint32_t count) -> caf::result<std::uint32_t> {
      auto& state = self->state;
      if (state.pump->how().kind != pace_kind::stepped)
        return to_caf_error({errc::conflict, "the feed " + state.feed_name + " is not stepped", "speed"});
      if (!state.running) return to_caf_error({errc::not_available, "the feed " + state.feed_name + " is not running"});
      return step(self, std::min(count, max_step_events));
    },
    [self](status_atom) { return status_of(self->state); },
  };
}

} // namespace tt::market
