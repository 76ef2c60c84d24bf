#include "bus/proxy/loss_log.hpp"

#include "bus/limits.hpp"

namespace bus::proxy {

std::string loss_log::lost(const std::string& peer, const std::string& why, time_point now) {
  const std::lock_guard guard{mutex_};
  ++count_;
  if (known_.size() >= limits::peers && !known_.contains(peer)) known_.clear();
  auto [i, is_new] = known_.try_emplace(peer, memory{now, 0});
  auto& m = i->second;
  if (!is_new && now - m.logged < log_pause) {
    ++m.since;
    return {};
  }
  auto line = "a message without a sender was lost on its way to " + peer + ": " + why;
  if (m.since > 0) line += " (and " + std::to_string(m.since) + " more since the last line)";
  m = {now, 0};
  return line;
}

uint64_t loss_log::count() const {
  const std::lock_guard guard{mutex_};
  return count_;
}

} // namespace bus::proxy
