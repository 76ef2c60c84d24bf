#include "cluster/stops/stop_board.hpp"

#include <algorithm>

namespace tt::cluster {

stop_board::stop_board(std::string self, stop_word known) : self_(std::move(self)) { static_cast<void>(merge(known)); }

result<standing_stop> stop_board::engage(const gateway::stop_request& what, std::string_view author, utc_time now) {
  // the rules of an account's switch hold for the cluster's, too
  if (auto good = risk::kill_switch{}.engage(what.scope, what.mode, author, what.reason, now); !good) return good.error();
  std::size_t own = 0;
  for (const auto& [at, known] : stops_) {
    if (at.first == what.scope && known.mode > what.mode)
      return error{errc::conflict, "is at " + std::string(risk::to_string(known.mode)) + " already; only a resume makes it milder", "mode"};
    own += at.second == self_ && at.first != what.scope ? 1 : 0;
  }
  if (own >= max_own)
    return error{errc::limit_exceeded, std::to_string(max_own) + " scopes are stopped already; stop everything instead", "scope"};
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.time_since_epoch().count() / 1'000));
  see(std::max(micros, newest_ + 1));
  standing_stop out{{self_, newest_}, what.scope.what, what.scope.name, what.mode, what.open, std::string(author), what.reason, now};
  stops_.insert_or_assign(slot{what.scope, self_}, out);
  return out;
}

result<void> stop_board::lift(const std::vector<stop_version>& seen) {
  if (stops_.empty()) return error{errc::conflict, "nothing is stopped"};
  for (const auto& [at, known] : stops_)
    if (std::ranges::find(seen, known.version) == seen.end())
      return error{errc::refused, "something was stopped since: ask for a resume again", "confirm_token"};
  for (const auto& one : seen) {
    auto& up_to = lifted_[one.node];
    up_to = std::max(up_to, one.sequence);
  }
  drop_lifted();
  return {};
}

stop_change stop_board::merge(const stop_word& word) {
  stop_change out;
  for (const auto& one : word.lifted) {
    see(one.sequence);
    auto& up_to = lifted_[one.node];
    if (one.sequence <= up_to) continue;
    up_to = one.sequence;
    out.lifted = stop_change::lift::some;
  }
  for (const auto& one : word.stops) {
    see(one.version.sequence);
    if (is_lifted(one.version)) continue;
    const auto [at, is_new] = stops_.try_emplace(slot{one.scope(), one.version.node}, one);
    if (!is_new && at->second.version.sequence >= one.version.sequence) continue;
    at->second = one;
    out.fresh.push_back(one);
  }
  drop_lifted();
  return out;
}

std::vector<stop_version> stop_board::standing() const {
  std::vector<stop_version> out;
  for (const auto& [at, known] : stops_) out.push_back(known.version);
  return out;
}

stop_word stop_board::word() const {
  stop_word out;
  for (const auto& [at, known] : stops_) out.stops.push_back(known);
  for (const auto& [node, sequence] : lifted_) out.lifted.push_back({node, sequence});
  return out;
}

std::vector<risk::kill_scope> stop_board::take_lifted() {
  std::vector<risk::kill_scope> out(freed_.begin(), freed_.end());
  freed_.clear();
  return out;
}

bool stop_board::is_lifted(const stop_version& one) const {
  const auto at = lifted_.find(one.node);
  return at != lifted_.end() && one.sequence <= at->second;
}

void stop_board::drop_lifted() {
  std::erase_if(stops_, [&](const auto& one) {
    if (!is_lifted(one.second.version)) return false;
    freed_.insert(one.first.first);
    return true;
  });
}

} // namespace tt::cluster
