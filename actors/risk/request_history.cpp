#include "actors/risk/request_history.hpp"

#include <algorithm>

namespace tt::risk {

std::size_t rate_window::count(utc_time now, nanoseconds span) const {
  return static_cast<std::size_t>(times_.end() - std::ranges::upper_bound(times_, now - span));
}

void rate_window::add(utc_time now) {
  // a clock that went back must not bring the list out of order
  if (!times_.empty()) now = std::max(now, times_.back());
  while (!times_.empty() && times_.front() <= now - longest) times_.pop_front();
  times_.push_back(now);
}

bool node_rates::has_room(rate_kind kind, utc_time now, rate_limits most) const {
  const std::lock_guard lock(mutex_);
  const auto& window = windows_[static_cast<std::size_t>(kind)];
  return window.count(now, std::chrono::seconds{1}) < most.per_second && window.count(now, std::chrono::minutes{1}) < most.per_minute;
}

std::size_t node_rates::count(rate_kind kind, utc_time now, nanoseconds span) const {
  const std::lock_guard lock(mutex_);
  return windows_[static_cast<std::size_t>(kind)].count(now, span);
}

bool node_rates::take(rate_kind kind, utc_time now, rate_limits most) {
  const std::lock_guard lock(mutex_);
  auto& window = windows_[static_cast<std::size_t>(kind)];
  if (window.count(now, std::chrono::seconds{1}) >= most.per_second || window.count(now, std::chrono::minutes{1}) >= most.per_minute)
    return false;
  window.add(now);
  return true;
}

bool request_history::is_known(const intent_key& key, std::uint8_t attempt) const {
  const auto found = intents_.find(key.str());
  return found != intents_.end() && attempt <= found->second;
}

void request_history::remember(const intent_key& key, std::uint8_t attempt) {
  auto& highest = intents_.try_emplace(key.str(), attempt).first->second;
  highest = std::max(highest, attempt);
}

std::optional<nanoseconds> request_history::since_similar(const look& wanted, utc_time now, nanoseconds window) const {
  for (auto at = looks_.rbegin(); at != looks_.rend() && at->at > now - window; ++at)
    if (at->what == wanted) return now - at->at;
  return std::nullopt;
}

void request_history::add_look(look seen, utc_time now) {
  if (looks_.size() >= max_recent) looks_.pop_front();
  looks_.push_back({now, std::move(seen)});
}

rate_window& request_history::strategy_rate(rate_kind kind, std::string_view strategy) {
  auto& all = strategy_rates_[static_cast<std::size_t>(kind)];
  const auto found = all.find(strategy);
  return found != all.end() ? found->second : all.emplace(std::string(strategy), rate_window{}).first->second;
}

std::size_t request_history::recent_orders(std::string_view symbol, utc_time now) const {
  const auto found = orders_.find(symbol);
  if (found == orders_.end()) return 0;
  std::size_t n = 0;
  for (auto at = found->second.rbegin(); at != found->second.rend() && at->at > now - runaway_span; ++at) ++n;
  return n;
}

void request_history::add_order(std::string_view symbol, std::string_view strategy, utc_time now) {
  auto found = orders_.find(symbol);
  if (found == orders_.end()) found = orders_.emplace(std::string(symbol), std::deque<seen_order>{}).first;
  auto& seen = found->second;
  while (!seen.empty() && seen.front().at <= now - runaway_span) seen.pop_front();
  seen.push_back({now, std::string(strategy)});
  if (orders_.size() > max_quiet_symbols)
    std::erase_if(orders_, [&](const auto& one) { return one.second.empty() || one.second.back().at <= now - runaway_span; });
}

request_history::busiest request_history::busiest_symbol(std::string_view strategy, utc_time now) const {
  busiest out;
  for (const auto& [symbol, seen] : orders_) {
    std::size_t n = 0;
    for (auto at = seen.rbegin(); at != seen.rend() && at->at > now - runaway_span; ++at)
      if (strategy.empty() || at->strategy == strategy) ++n;
    if (n > out.orders) out = {symbol, n};
  }
  return out;
}

std::size_t request_history::same_rejects(std::string_view strategy, check_code code, std::string_view symbol, direction way,
                                          utc_time now) const {
  const auto found = rejects_.find(strategy);
  if (found == rejects_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(found->second, [&](const reject& r) {
    return r.at > now - reject_span && r.code == code && r.way == way && r.symbol == symbol;
  }));
}

std::size_t request_history::worst_rejects(std::string_view strategy, utc_time now) const {
  const auto found = rejects_.find(strategy);
  if (found == rejects_.end()) return 0;
  std::size_t worst = 0;
  for (const auto& one : found->second)
    if (one.at > now - reject_span) worst = std::max(worst, same_rejects(strategy, one.code, one.symbol, one.way, now));
  return worst;
}

void request_history::add_reject(std::string_view strategy, check_code code, std::string_view symbol, direction way, utc_time now) {
  // a handful decides; more would only make a storm of rejections slow
  constexpr std::size_t most = 128;
  auto found = rejects_.find(strategy);
  if (found == rejects_.end()) found = rejects_.emplace(std::string(strategy), std::deque<reject>{}).first;
  auto& list = found->second;
  while (!list.empty() && (list.front().at <= now - reject_span || list.size() >= most)) list.pop_front();
  list.push_back({now, code, way, std::string(symbol)});
}

void request_history::forget_rejects(std::string_view strategy) {
  if (const auto found = rejects_.find(strategy); found != rejects_.end()) rejects_.erase(found);
}

} // namespace tt::risk
