#include "cluster/lease/singleton_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace tt::cluster {

namespace {

using singleton_pointer = caf::stateful_actor<singleton_state>*;

/// Looks per time to live; two renewals may be lost before the lease is.
constexpr int looks_per_ttl = 4;
/// The part of the time to live that is kept free, so that what runs has ended
/// before anybody else can begin.
constexpr int margin_part = 8;

std::chrono::milliseconds interval(const singleton_state& s) { return s.options->ttl / looks_per_ttl; }

void stop_running(singleton_pointer self, const std::string& why) {
  auto& s = self->state;
  s.epoch = 0;
  if (!s.running) return;
  self->demonitor(s.running);
  self->send_exit(s.running, caf::exit_reason::user_shutdown);
  s.running = nullptr;
  if (s.options->on_stop) s.options->on_stop(why);
}

void release(singleton_pointer self, std::uint64_t epoch) {
  auto& s = self->state;
  if (epoch == 0) return;
  if (const auto leases = s.options->leases())
    caf::anon_send(leases, lease_request{lease_op::release, s.options->lease, s.options->holder, epoch, 1});
}

using over_atom = caf::atom_constant<caf::atom("over")>;
using watch_atom = caf::atom_constant<caf::atom("watch")>;

utc_time time_of(singleton_pointer self) {
  if (const auto& clock = self->state.options->clock) return clock();
  return utc_time{std::chrono::duration_cast<nanoseconds>(self->clock().now().time_since_epoch())};
}

/// The store counts from when it was asked; so do we, who asked earlier. The end is looked at when it comes: the next look
/// for a renewal may be later than that, and then somebody else has the lease already.
void hold_from(singleton_pointer self, utc_time asked_at) {
  auto& s = self->state;
  s.held_until = asked_at + s.options->ttl - s.options->ttl / margin_part;
  if (const auto now = time_of(self); now < s.held_until) self->delayed_send(self, s.held_until - now, over_atom::value);
}

/// Of several ends that were asked for, those of grants that have been renewed since come too early and mean nothing.
void end_in_time(singleton_pointer self) {
  auto& s = self->state;
  if (s.epoch != 0 && time_of(self) >= s.held_until) stop_running(self, "the lease could not be renewed in time");
}

/// The timer that looks for the end stands still while the machine is suspended; this one is never far away.
void watch_for_suspension(singleton_pointer self) {
  auto& s = self->state;
  if (!s.options->clock || s.watching || s.epoch == 0) return;
  s.watching = true;
  self->delayed_send(self, suspension_check, watch_atom::value);
}

void tell_trouble(singleton_pointer self, const std::string& why) {
  auto& s = self->state;
  const auto now = self->clock().now();
  if (!s.options->on_trouble || now - s.told < trouble_pause) return;
  s.told = now;
  s.options->on_trouble(why);
}

/// What lasts longer than a time to live is no hiccup: feeds and placement do not run, and somebody should know why.
void note_trouble(singleton_pointer self, const std::string& why) {
  auto& s = self->state;
  if (self->clock().now() - s.answered >= s.options->ttl) tell_trouble(self, why);
}

/// Somebody holds it, by the store, and nobody runs the thing: not for long, unless something is wrong with him or the store.
void note_refusal(singleton_pointer self, const std::string& who_holds) {
  auto& s = self->state;
  const auto now = self->clock().now();
  if (!s.options->is_known || s.options->is_known()) s.seen = now;
  if (now - s.seen >= quiet_ttls * s.options->ttl) tell_trouble(self, who_holds + ", and nobody is known to run it");
}

/// It was started in vain: it could not be, or ended before a lease would have.
void rest(singleton_pointer self) {
  auto& s = self->state;
  auto pause = interval(s);
  for (int i = 0; i < s.vain_starts && pause < longest_rest; ++i) pause *= 2;
  ++s.vain_starts;
  s.rests_until = self->clock().now() + std::min<std::chrono::milliseconds>(pause, longest_rest) - interval(s) / 2; // between two looks
}

void look(singleton_pointer self);

void on_granted(singleton_pointer self, lease_op op, const lease_grant& grant, utc_time asked_at) {
  auto& s = self->state;
  s.asking = false;
  s.answered = s.seen = self->clock().now();
  // what ran under it was told to end while the answer was on its way, and may not have ended yet: what begins now needs an
  // epoch of its own
  if (op == lease_op::renew && s.epoch != grant.epoch) return release(self, grant.epoch);
  hold_from(self, asked_at);
  if (op == lease_op::renew) return end_in_time(self); // the answer may have lain there while the machine was suspended
  stop_running(self, "the lease was granted anew");
  s.epoch = grant.epoch;
  if (time_of(self) >= s.held_until) return stop_running(self, "the answer came too late");
  s.running = s.options->start(grant.epoch);
  if (!s.running) {
    release(self, std::exchange(s.epoch, 0));
    rest(self);
    return;
  }
  s.started = self->clock().now();
  watch_for_suspension(self);
  self->monitor(s.running);
  // for whoever has to find out later who ran it when
  if (const auto leases = s.options->leases()) caf::anon_send(leases, lease_act{s.options->lease, s.epoch, s.options->holder});
  if (s.options->on_start) s.options->on_start(s.running);
  // the answer took its time, and the next look may be too late
  if (s.held_until - time_of(self) < 2 * interval(s)) look(self);
}

void on_refused(singleton_pointer self, const caf::error& e) {
  auto& s = self->state;
  s.asking = false;
  const auto reason = from_caf_error(e);
  if (reason.code != errc::conflict) return note_trouble(self, to_string(reason));
  s.answered = self->clock().now();
  // only a plain no ends it at once; silence of the store ends it when the time is up
  if (s.epoch != 0) stop_running(self, "the lease was given to another node");
  note_refusal(self, reason.message);
}

void look(singleton_pointer self) {
  auto& s = self->state;
  const auto now = self->clock().now();
  end_in_time(self); // a thread that was frozen may get here first
  const auto leases = s.options->leases();
  if (!leases) return note_trouble(self, "the node that keeps the leases is not linked, or nodes disagree about where they are kept");
  if (s.asking || (s.epoch == 0 && now < s.rests_until)) return;
  s.asking = true;
  const auto op = s.epoch == 0 ? lease_op::acquire : lease_op::renew;
  const auto asked_at = time_of(self);
  self->request(leases, s.options->ttl / 2,
                lease_request{op, s.options->lease, s.options->holder, s.epoch, static_cast<std::uint64_t>(s.options->ttl.count())})
    .then([self, op, asked_at](const lease_grant& grant) { on_granted(self, op, grant, asked_at); }, [self](const caf::error& e) { on_refused(self, e); });
}

} // namespace

caf::behavior singleton_actor(singleton_pointer self, std::shared_ptr<singleton_options> options) {
  self->state.options = std::move(options);
  self->state.answered = self->state.seen = self->clock().now();
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& s = self->state;
    if (!s.running || s.running.address() != down.source) return;
    s.running = nullptr;
    if (self->clock().now() - s.started >= s.options->ttl) s.vain_starts = 0;
    rest(self);
    release(self, std::exchange(s.epoch, 0)); // another node may have more luck with it
    if (s.options->on_stop) s.options->on_stop("it ended by itself");
  });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    const auto epoch = self->state.epoch;
    stop_running(self, "this node stops");
    release(self, epoch);
    self->quit(exit.reason);
  });
  self->send(self, tick_atom::value);
  return {
    [self](tick_atom) {
      look(self);
      self->delayed_send(self, interval(self->state), tick_atom::value);
    },
    [self](over_atom) { end_in_time(self); },
    [self](watch_atom) {
      self->state.watching = false;
      end_in_time(self);
      watch_for_suspension(self);
    },
    [self](report_atom) { return held_lease{self->state.options->lease, self->state.epoch}; },
  };
}

} // namespace tt::cluster
