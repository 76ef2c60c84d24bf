#include "bus/link/peer_table.hpp"

#include "bus/limits.hpp"

#include <algorithm>

namespace bus::link {

namespace {

/// Distance between the first session numbers of two peers. A peer that was forgotten and comes back must
/// hear a higher number than before, or it takes our hello for an old one.
constexpr uint32_t session_stride = 1u << 16;

} // namespace

peer* peer_table::find(const std::string& name) const {
  const auto i = by_name_.find(name);
  return i == by_name_.end() ? nullptr : i->second;
}

peer* peer_table::get(const std::string& name) {
  if (auto* known = find(name)) return known;
  if (peers_.size() >= limits::peers) {
    const auto oldest =
        std::find_if(peers_.begin(), peers_.end(), [](const auto& p) { return p->is_forgettable(); });
    if (oldest == peers_.end()) return nullptr;
    erase(static_cast<size_t>(oldest - peers_.begin()));
  }
  peers_.push_back(std::make_unique<peer>(host_, next_index_++, name, next_session_));
  next_session_ += session_stride;
  by_name_.emplace(name, peers_.back().get());
  return peers_.back().get();
}

bool peer_table::forget(const std::string& name) {
  const auto i = std::find_if(peers_.begin(), peers_.end(), [&](const auto& p) { return p->name() == name; });
  if (i == peers_.end() || !(*i)->is_forgettable()) return false;
  erase(static_cast<size_t>(i - peers_.begin()));
  return true;
}

void peer_table::clear() {
  by_name_.clear();
  peers_.clear();
}

void peer_table::erase(size_t at) {
  by_name_.erase(peers_[at]->name());
  peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(at));
}

} // namespace bus::link
