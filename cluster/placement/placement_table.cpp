#include "cluster/placement/placement_table.hpp"

#include <cstdint>

namespace tt::cluster {

namespace {

/// FNV-1a with a final mix: names that differ in one letter must draw unlike lots.
std::uint64_t lot(std::string_view host, std::string_view symbol) {
  std::uint64_t h = 0xcbf29ce484222325U;
  const auto take = [&](unsigned char c) { h = (h ^ c) * 0x100000001b3U; };
  for (const char c : host) take(static_cast<unsigned char>(c));
  take(0);
  for (const char c : symbol) take(static_cast<unsigned char>(c));
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdU;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53U;
  return h ^ (h >> 33);
}

} // namespace

std::vector<std::string> placement_table::host_down(const std::string& host) {
  hosts_.erase(host);
  std::vector<std::string> out;
  for (auto at = homes_.begin(); at != homes_.end();) {
    if (at->second != host) {
      ++at;
      continue;
    }
    out.push_back(at->first);
    at = homes_.erase(at);
  }
  return out;
}

std::optional<std::string> placement_table::host_of(std::string_view symbol) const {
  const auto at = homes_.find(symbol);
  return at == homes_.end() ? std::nullopt : std::optional{at->second};
}

std::optional<std::string> placement_table::choose(std::string_view symbol) const {
  std::optional<std::string> best;
  std::uint64_t best_lot = 0;
  for (const auto& host : hosts_) {
    const auto drawn = lot(host, symbol);
    if (best && drawn <= best_lot) continue;
    best = host;
    best_lot = drawn;
  }
  return best;
}

bool placement_table::put(const std::string& symbol, const std::string& host) {
  if (homes_.size() >= max_placed_symbols && !homes_.contains(symbol)) return false;
  homes_[symbol] = host;
  return true;
}

bool placement_table::adopt(const std::string& symbol, const std::string& host) {
  if (const auto home = host_of(symbol)) return *home == host;
  return put(symbol, host);
}

} // namespace tt::cluster
