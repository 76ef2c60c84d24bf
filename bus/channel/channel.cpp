#include "bus/channel/channel.hpp"

#include <algorithm>
#include <cassert>

namespace bus::channel {

// -- sender -------------------------------------------------------------------

uint64_t sender::push(body_ptr body, uint32_t messages) {
  assert(has_room());
  bytes_ += body->size();
  frame f;
  f.seq = next_seq_++;
  f.messages = messages;
  f.body = std::move(body);
  frames_.push_back(std::move(f));
  ++statistics_.frames;
  statistics_.max_in_flight = std::max<uint64_t>(statistics_.max_in_flight, frames_.size());
  return frames_.back().seq;
}

const frame* sender::next(time_point now) {
  while (scan_from_ < frames_.size() && !frames_[scan_from_].due) ++scan_from_;
  if (scan_from_ == frames_.size()) return nullptr;
  auto& f = frames_[scan_from_];
  last_index_ = scan_from_++;
  if (f.times_sent > 0) ++statistics_.repeated;
  if (last_index_ == 0 && f.times_sent == 0) last_progress_ = now;
  ++f.times_sent;
  f.due = false;
  f.sent = now;
  return &f;
}

void sender::take_back() {
  auto& f = frames_[last_index_];
  f.due = true;
  --f.times_sent;
  if (f.times_sent > 0) --statistics_.repeated;
  scan_from_ = std::min(scan_from_, last_index_);
}

void sender::mark_due(frame& f) {
  if (cfg_.mode == retransmission::off || f.times_sent == 0 || f.due) return;
  f.due = true;
  scan_from_ = std::min(scan_from_, static_cast<size_t>(f.seq - frames_.front().seq));
}

bool sender::acknowledge(const ack& x, time_point now) {
  if (x.received >= next_seq_) return false;
  size_t gone = 0;
  const bool was_used = 2 * bytes_ >= room_; // what is prompt with little on its way says nothing about much
  std::optional<time_point> sent; // of the newest that arrived, where it was sent once only
  while (!frames_.empty() && frames_.front().seq <= x.received) {
    sent = frames_.front().times_sent == 1 ? std::optional{frames_.front().sent} : std::nullopt;
    bytes_ -= frames_.front().body->size();
    frames_.pop_front();
    ++gone;
  }
  scan_from_ -= std::min(scan_from_, gone);
  if (gone > 0) {
    retry_pause_ = cfg_.retry_after;
    last_progress_ = now;
    if (sent && was_used) adapt(now - *sent);
  }
  for (const auto& range : x.missing) {
    if (range.last >= next_seq_ || range.first > range.last) return false;
    if (frames_.empty() || range.last < frames_.front().seq) continue; // an old acknowledgement
    for (auto seq = std::max(range.first, frames_.front().seq); seq <= range.last; ++seq) {
      auto& f = frames_[static_cast<size_t>(seq - frames_.front().seq)];
      if (now - f.sent >= cfg_.repair_pause) mark_due(f);
    }
  }
  return true;
}

void sender::adapt(duration delay) {
  if (delay <= cfg_.prompt)
    room_ = std::min(2 * room_, cfg_.window_bytes);
  else if (delay >= cfg_.late)
    room_ = std::max(room_ / 2, std::min(cfg_.first_bytes, cfg_.window_bytes));
}

void sender::repeat_all() {
  for (auto& f : frames_) mark_due(f);
  retry_pause_ = cfg_.retry_after;
}

void sender::tick(time_point now) {
  if (frames_.empty() || frames_.front().times_sent == 0) return;
  if (now - std::max(frames_.front().sent, last_progress_) < retry_pause_) return;
  const auto n = std::min<size_t>(frames_.size(), cfg_.retry_frames);
  for (size_t i = 0; i < n; ++i) mark_due(frames_[i]);
  frames_.front().sent = now;
  retry_pause_ = std::min(2 * retry_pause_, cfg_.retry_max);
}

std::optional<time_point> sender::deadline() const {
  if (frames_.empty() || frames_.front().times_sent == 0 || cfg_.mode == retransmission::off) return {};
  return std::max(frames_.front().sent, last_progress_) + retry_pause_;
}

// -- receiver -----------------------------------------------------------------

verdict receiver::classify(uint64_t seq, std::string_view body, uint32_t messages, time_point now) {
  if (seq < next_seq_) {
    ++statistics_.duplicates;
    urgent_ = true; // the acknowledgement may have been lost
    return verdict::duplicate;
  }
  if (seq - next_seq_ >= cfg_.window_frames) {
    ++statistics_.out_of_range;
    return verdict::out_of_range;
  }
  if (unacknowledged_++ == 0) oldest_unacknowledged_ = now;
  if (seq == next_seq_) {
    ++next_seq_;
    ++statistics_.frames;
    return verdict::delivered;
  }
  urgent_ = true;
  if (waiting_bytes_ + body.size() > cfg_.window_bytes + limits::wire_frame_bytes) {
    ++statistics_.out_of_range;
    return verdict::out_of_range;
  }
  if (!waiting_.try_emplace(seq, waiting_frame{std::string{body}, messages}).second) {
    ++statistics_.duplicates;
    return verdict::duplicate;
  }
  waiting_bytes_ += body.size();
  ++statistics_.frames;
  ++statistics_.out_of_order;
  statistics_.max_buffered = std::max<uint64_t>(statistics_.max_buffered, waiting_.size());
  return verdict::buffered;
}

ack receiver::acknowledgement(time_point now) {
  ack result;
  result.received = next_seq_ - 1;
  auto expected = next_seq_;
  for (const auto& [seq, ignored] : waiting_) {
    if (result.missing.size() == limits::missing_ranges) break;
    if (seq != expected) result.missing.push_back({expected, seq - 1});
    expected = seq + 1;
  }
  unacknowledged_ = 0;
  urgent_ = false;
  last_ack_ = now;
  return result;
}

bool receiver::ack_due(time_point now) const noexcept {
  return urgent_ || unacknowledged_ >= cfg_.ack_frames ||
         (unacknowledged_ > 0 && now - oldest_unacknowledged_ >= cfg_.ack_after) ||
         (!waiting_.empty() && now - last_ack_ >= cfg_.ack_after);
}

std::optional<time_point> receiver::deadline() const {
  std::optional<time_point> result;
  if (unacknowledged_ > 0) result = oldest_unacknowledged_ + cfg_.ack_after;
  if (!waiting_.empty()) result = std::min(result.value_or(time_point::max()), last_ack_ + cfg_.ack_after);
  return result;
}

} // namespace bus::channel
