// This header file defines the table of peers: whom a node knows, how many at most, and who is forgotten for
// whom. Private to `bus/link`; bus thread.
#pragma once

#include "bus/link/peer.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bus::link {

class peer_table {
public:
  /// @param first_session random, so that sessions of different incarnations never meet
  peer_table(peer_host& host, uint32_t first_session) : host_(host), next_session_(first_session) {}

  peer* find(const std::string& name) const;

  /// The peer of that name, made if need be. At the limit the oldest one that may be forgotten makes room;
  /// null if there is none.
  peer* get(const std::string& name);

  /// Forgets a peer that was learned and is away; false if it stays.
  bool forget(const std::string& name);

  void clear();

  /// In the order in which they came to be known. `get` and `forget` change it.
  const std::vector<std::unique_ptr<peer>>& all() const noexcept { return peers_; }

private:
  void erase(size_t at);

  peer_host& host_;
  std::vector<std::unique_ptr<peer>> peers_;
  std::map<std::string, peer*> by_name_;
  size_t next_index_ = 0;
  uint32_t next_session_;
};

} // namespace bus::link
