#include "bus/link/session.hpp"

#include "bus/limits.hpp"

#include <algorithm>
#include <utility>

namespace bus::link {

namespace {

int64_t nanos(time_point t) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

// Nothing heard for so many beats is a silence, behind which what comes may have been held back; a beat may be as much late
// before it says less than one that came in time, so that a cut that has just healed has the time for a round trip.
constexpr double silent_beats = 1.5;
constexpr int held_back_beats = 4; // for so long after a silence; what is late then is late because the way is slow
constexpr std::chrono::seconds way_memory{10}; // one stretch of what is remembered of the way from the peer
constexpr std::chrono::seconds rival_gap{1}; // after so long without a word a rival has gone

} // namespace

session::session(const session_settings& cfg, const identity& self, uint32_t first_session,
                 session_output& out)
    : cfg_(cfg), self_(self), out_(out), session_(first_session), sender_(cfg.channel),
      receiver_(cfg.channel) {}

// -- sending ------------------------------------------------------------------

void session::push(body_ptr body, uint32_t messages, time_point now) {
  if (body->size() > limits::part_bytes && (peer_features_ & feature::parts) != 0) {
    big_ = std::move(body);
    big_sent_ = 0;
    big_messages_ = messages;
  } else {
    sender_.push(std::move(body), messages);
  }
  flush(now);
}

// As far as the window is open; the rest follows with the acknowledgements.
void session::feed_parts() {
  while (big_ && sender_.has_room()) {
    const auto size = std::min(limits::part_bytes, big_->size() - big_sent_);
    const bool is_last = big_sent_ + size == big_->size();
    sender_.push(std::make_shared<const std::string>(*big_, big_sent_, size), is_last ? big_messages_ : 0);
    big_sent_ += size;
    if (is_last) big_ = nullptr;
  }
}

void session::flush(time_point now) {
  if (!is_up()) return;
  feed_parts();
  while (const auto* f = sender_.next(now)) {
    scratch_.clear();
    write(scratch_, data{session_, peer_session_, f->seq, f->messages, receiver_.acknowledgement(now)});
    if (!out_.transmit(scratch_, f->body)) {
      sender_.take_back();
      return;
    }
    ++statistics_.frames_out;
    statistics_.bytes_out += scratch_.size() + f->body->size();
    if (f->times_sent == 1) statistics_.messages_out += f->messages;
  }
  if (receiver_.ack_due(now)) send_beat(now);
}

void session::send_hello(uint32_t session_number, time_point now) {
  last_hello_ = now;
  scratch_.clear();
  write(scratch_, hello{self_, session_number, peer_.node, peer_session_, feature::parts});
  out_.transmit(scratch_, nullptr);
}

void session::send_beat(time_point now) {
  last_beat_ = now;
  const auto held = peer_clock_ == 0 ? 0 : nanos(now) - nanos(peer_clock_heard_);
  scratch_.clear();
  write(scratch_,
        beat{session_, peer_session_, receiver_.acknowledgement(now), nanos(now), peer_clock_, held});
  if (out_.transmit(scratch_, nullptr)) statistics_.bytes_out += scratch_.size();
}

void session::on_connected(time_point now) {
  if (state_ == state::suspended) return;
  last_redial_ = now;
  redial_pause_ = cfg_.redial_after;
  if (is_up()) {
    sender_.repeat_all();
    send_beat(now);
    flush(now);
  } else {
    send_hello(session_, now);
  }
}

// -- receiving ----------------------------------------------------------------

void session::on_header(const header& h, std::string_view body, time_point now) {
  if (state_ == state::suspended) return;
  if (const auto* x = std::get_if<data>(&h))
    on(*x, body, now);
  else if (const auto* y = std::get_if<beat>(&h))
    on(*y, now);
  else if (const auto* z = std::get_if<hello>(&h))
    on(*z, now);
  else
    on(std::get<bye>(h), now);
}

bool session::saw_us(const hello& x, uint32_t session_number) const {
  return x.seen_node == self_.node && x.seen_session == session_number;
}

void session::on(const hello& x, time_point now) {
  if (is_up()) {
    on_hello_while_up(x, now);
    return;
  }
  if (x.from.node == peer_.node && static_cast<int32_t>(x.session - peer_session_) < 0) {
    ++statistics_.stale_frames;
    return;
  }
  peer_ = x.from;
  peer_session_ = x.session;
  peer_features_ = x.features;
  send_hello(session_, now);
  if (saw_us(x, session_)) become_up(now);
}

void session::on_hello_while_up(const hello& x, time_point now) {
  if (!x.seen_node.empty() &&
      x.seen_node != self_.node) { // a challenge to an earlier incarnation of this node
    ++statistics_.stale_frames;
    return;
  }
  if (x.from.node == peer_.node) {
    const auto newer = static_cast<int32_t>(x.session - peer_session_);
    if (newer < 0) {
      ++statistics_.stale_frames;
    } else if (newer == 0) {
      last_heard_ = now;
      if (!saw_us(x, session_)) send_hello(session_, now);
    } else {
      become_down(down_reason::reset, now);
      on(x, now);
    }
    return;
  }
  if (saw_us(x, session_ + 1)) { // it answered the challenge
    become_down(down_reason::restarted, now);
    on(x, now);
    return;
  }
  scratch_.clear();
  write(scratch_, hello{self_, session_ + 1, x.from.node, x.session, feature::parts});
  out_.transmit(scratch_, nullptr);
  note_rival(x.from, now);
}

// A node that was started anew is heard instead of the one before, which is lost soon; two that run at once are both heard.
void session::note_rival(const identity& who, time_point now) {
  if (now - rival_heard_ > rival_gap) rival_since_ = now;
  rival_heard_ = now;
  if (now - rival_since_ >= cfg_.down_after && now - last_heard_ < cfg_.down_after / 2) out_.rival(who);
}

bool session::is_ours(uint32_t from, uint32_t to, time_point now) {
  if (from != peer_session_ || to != session_ || peer_.node.empty()) {
    ++statistics_.stale_frames;
    return false;
  }
  // The peer could know our session number only from our hello, so it is up even if its own hello got lost.
  if (state_ == state::away) become_up(now);
  if (now - last_heard_ >= silence()) silence_ended_ = now;
  last_heard_ = now;
  return true;
}

duration session::silence() const {
  return std::chrono::duration_cast<duration>(silent_beats * cfg_.beat_every);
}

bool session::may_be_held_back(time_point now) const {
  return silence_ended_ && now - *silence_ended_ < held_back_beats * cfg_.beat_every;
}

void session::acknowledged(const channel::ack& x, time_point now) {
  const auto before = sender_.in_flight();
  if (!sender_.acknowledge(x, now))
    become_down(down_reason::broken, now);
  else if (sender_.in_flight() < before && !may_be_held_back(now)) // when it was said only beats tell
    last_proof_ = now;
}

void session::on(const data& x, std::string_view body, time_point now) {
  if (!is_ours(x.from_session, x.to_session, now)) return;
  acknowledged(x.received, now);
  if (!is_up()) return;
  statistics_.bytes_in += body.size();
  ++statistics_.frames_in;
  bool is_sound = true;
  receiver_.accept(x.seq, body, x.messages, now, [&](std::string_view b, uint32_t messages) {
    is_sound = is_sound && take(b, messages);
  });
  if (!is_sound) return become_down(down_reason::broken, now);
  flush(now);
}

// False if the parts are more than any message may be.
bool session::take(std::string_view body, uint32_t messages) {
  statistics_.messages_in += messages;
  if (messages > 0 && partial_.empty()) {
    if (is_up()) out_.deliver(body, messages);
    return true;
  }
  if (partial_.size() + body.size() > limits::wire_frame_bytes) return false;
  partial_.append(body);
  if (messages == 0) return true;
  const auto whole = std::exchange(partial_, {});
  if (is_up()) out_.deliver(whole, messages);
  return true;
}

void session::on(const beat& x, time_point now) {
  if (!is_ours(x.from_session, x.to_session, now)) return;
  peer_clock_ = x.now;
  peer_clock_heard_ = now;
  heard_back(x, now);
  acknowledged(x.received, now);
  flush(now);
}

void session::on(const bye& x, time_point now) {
  if (state_ == state::away || x.from_session != peer_session_ || x.to_session != session_) {
    ++statistics_.stale_frames;
    return;
  }
  become_down(x.reason, now);
}

// The times are the peer's word: anything may stand there.
void session::heard_back(const beat& x, time_point now) {
  if (x.echo <= 0 || x.echo > nanos(now) || x.held < 0 || x.held > nanos(now) - x.echo) return;
  // behind a silence beats come that the network held back: they say what was true when they left. Without one it is only slow.
  const auto late = lateness(x.now, now);
  const auto stale = may_be_held_back(now) ? std::max(duration{0}, late - silence()) : duration{0};
  last_proof_ = std::max(last_proof_, now - std::chrono::nanoseconds{x.held} - stale);
  const auto sample = std::chrono::nanoseconds{nanos(now) - x.echo - x.held};
  least_round_trip_ = std::min(least_round_trip_, duration{sample});
  auto& smooth = statistics_.round_trip;
  smooth = smooth.count() == 0 ? sample : (7 * smooth + sample) / 8;
}

duration session::lateness(int64_t left, time_point now) {
  if (left < 0) return duration{0}; // no steady clock
  const auto way = nanos(now) - left;
  if (now - least_way_since_ >= way_memory) {
    least_way_before_ = std::exchange(least_way_, std::numeric_limits<int64_t>::max());
    least_way_since_ = now;
  }
  least_way_ = std::min(least_way_, way);
  return std::chrono::nanoseconds{way - std::min(least_way_, least_way_before_)};
}

// -- life ---------------------------------------------------------------------

void session::become_up(time_point now) {
  state_ = state::up;
  sender_ = channel::sender{cfg_.channel};
  receiver_ = channel::receiver{cfg_.channel};
  big_ = nullptr;
  partial_ = {};
  last_heard_ = last_proof_ = last_redial_ = now;
  redial_pause_ = cfg_.redial_after;
  least_round_trip_ = duration::max();
  least_way_ = least_way_before_ = std::numeric_limits<int64_t>::max();
  least_way_since_ = now;
  silence_ended_.reset();
  peer_clock_ = 0;
  ++statistics_.times_up;
  send_beat(now);
  out_.up(peer_);
}

void session::absorb_channel_statistics() {
  statistics_.repeated_frames += sender_.statistics().repeated;
  statistics_.duplicate_frames += receiver_.statistics().duplicates;
  statistics_.reordered_frames += receiver_.statistics().out_of_order;
  sender_ = channel::sender{cfg_.channel};
  receiver_ = channel::receiver{cfg_.channel};
  big_ = nullptr;
  partial_ = {};
}

void session::become_down(down_reason reason, time_point now) {
  if (!is_up()) return;
  state_ = state::away;
  ++session_;
  absorb_channel_statistics();
  last_hello_ = now; // the next hello comes with the next tick
  last_redial_ = now;
  out_.down(reason);
}

void session::break_off(time_point now) {
  become_down(down_reason::broken, now);
}

void session::suspend(down_reason reason, time_point now) {
  if (is_up()) {
    scratch_.clear();
    const auto said = reason == down_reason::own_stall ? down_reason::stalled : down_reason::left;
    write(scratch_, bye{session_, peer_session_, said});
    out_.transmit(scratch_, nullptr);
    become_down(reason, now);
  }
  state_ = state::suspended;
}

void session::resume(time_point now) {
  if (state_ != state::suspended) return;
  state_ = state::away;
  send_hello(session_, now);
}

// A cut may be one-way: then the peer is heard, but its beats show that it has heard nothing of us.
time_point session::lost_at() const {
  return std::min(last_heard_, last_proof_ + cfg_.beat_every) + cfg_.down_after;
}

time_point session::redials_at() const {
  const auto heard = std::min(last_heard_, last_proof_ + cfg_.beat_every);
  return std::max(heard + cfg_.redial_after, last_redial_ + redial_pause_);
}

void session::redial_if_deaf(time_point now) {
  if (now < redials_at()) return;
  last_redial_ = now;
  redial_pause_ = std::max(cfg_.redial_again, 2 * least_round_trip());
  ++statistics_.redials;
  out_.redial();
}

void session::tick(time_point now) {
  if (state_ == state::suspended) return;
  if (state_ == state::away) {
    if (now - last_redial_ >= cfg_.redial_while_away) {
      last_redial_ = now;
      ++statistics_.redials;
      out_.redial();
    }
    if (now - last_hello_ >= cfg_.hello_every) send_hello(session_, now);
    return;
  }
  if (const auto lost = lost_at(); now >= lost) {
    const bool is_heard = now - last_heard_ < cfg_.down_after / 2;
    become_down(is_heard ? down_reason::unheard : down_reason::silent, now);
    out_.redial();
    return;
  }
  redial_if_deaf(now);
  if (now - last_beat_ >= cfg_.beat_every) send_beat(now);
  sender_.tick(now);
  flush(now);
}

time_point session::deadline() const {
  if (state_ == state::suspended) return time_point::max();
  if (state_ == state::away) return last_hello_ + cfg_.hello_every;
  auto result = std::min({last_beat_ + cfg_.beat_every, lost_at(), redials_at()});
  if (const auto t = sender_.deadline()) result = std::min(result, *t);
  if (const auto t = receiver_.deadline()) result = std::min(result, *t);
  return result;
}

session_statistics session::statistics() const {
  auto result = statistics_;
  result.repeated_frames += sender_.statistics().repeated;
  result.duplicate_frames += receiver_.statistics().duplicates;
  result.reordered_frames += receiver_.statistics().out_of_order;
  return result;
}

} // namespace bus::link
