#pragma once

// The emergency stops of a cluster as one node knows them. Pure. Two boards that were told of each other are the same,
// in whatever order and however often words came:
// - a stop stands until somebody who has seen it lifts it; a lift takes away what its author saw and nothing else, so a
//   stop that was ordered meanwhile, also behind a partition, stays, and one that comes late does not come back;
// - of one node the newest stop of a scope counts, of several nodes the strictest.

#include "cluster/stops/stop_messages.hpp"

#include <map>
#include <set>
#include <vector>

namespace tt::cluster {

/// What a word changed.
struct stop_change {
  std::vector<standing_stop> fresh; ///< stops that were not known
  enum class lift : std::uint8_t { none, some };
  lift lifted = lift::none; ///< whether stops were lifted, known here or not
  [[nodiscard]] bool is_news() const { return !fresh.empty() || lifted == lift::some; }
};

class stop_board {
public:
  /// Scopes that one node may have stopped at one time.
  static constexpr std::size_t max_own = 1'000;

  explicit stop_board(std::string self, stop_word known = {});

  /// The stop that `what` asks for, folded in. Its sequence is the wall clock's microseconds, or one more than all that
  /// were seen: it grows also where this node has forgotten what it said before.
  /// Errors: invalid_argument (scope, mode, author, reason: as risk::kill_switch::engage), conflict for a mode that is milder than
  /// what stands, limit_exceeded over max_own.
  result<standing_stop> engage(const gateway::stop_request& what, std::string_view author, utc_time now);
  /// Lifts what stands, if it is what was seen. Errors: conflict where nothing stands; refused where something was stopped since.
  result<void> lift(const std::vector<stop_version>& seen);
  /// Folds another node's word in; the same word twice changes nothing.
  stop_change merge(const stop_word& word);

  [[nodiscard]] bool is_standing() const { return !stops_.empty(); }
  /// Names of what stands, for a later lift.
  [[nodiscard]] std::vector<stop_version> standing() const;
  [[nodiscard]] stop_word word() const;
  /// Scopes that were lifted and are not taken by `take_lifted` yet: what accounts may resume once nothing stands.
  [[nodiscard]] std::vector<risk::kill_scope> take_lifted();

private:
  using slot = std::pair<risk::kill_scope, std::string>; ///< scope and node

  [[nodiscard]] bool is_lifted(const stop_version& one) const;
  void drop_lifted();
  void see(std::uint64_t sequence) { newest_ = std::max(newest_, sequence); }

  std::string self_;
  std::map<slot, standing_stop> stops_;
  std::map<std::string, std::uint64_t> lifted_; ///< by node: up to which sequence
  std::set<risk::kill_scope> freed_;
  std::uint64_t newest_ = 0; ///< the highest sequence that was seen
};

} // namespace tt::cluster
