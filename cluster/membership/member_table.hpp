#pragma once

// Who is in the cluster, as one node knows it. Pure.

#include "actors/model/time.hpp"
#include "cluster/messages.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt::cluster {

/// Members that are remembered; as many as a node may have links. Beyond it those
/// that have gone are forgotten first, then newcomers are not taken up.
inline constexpr std::size_t max_members = 256;

enum class member_state : std::uint8_t {
  up,
  left, ///< it said goodbye
  lost, ///< nothing is heard of it
};

/// "up", "left", "lost".
std::string_view to_string(member_state state) noexcept;

struct member {
  member_state state = member_state::lost;
  std::string reason; ///< why it is not up, in the bus's word
  utc_time since{};   ///< of the last change
  std::optional<member_info> info; ///< once it has introduced itself
};

class member_table {
public:
  explicit member_table(std::string self) : self_(std::move(self)) {}

  /// A link to it has come up or gone down.
  void on_up(const std::string& name, utc_time now);
  void on_down(const std::string& name, const std::string& reason, utc_time now);
  /// It introduced itself.
  void on_introduction(const member_info& info, utc_time now);
  /// Those of `others` that this node has no link to and should connect.
  [[nodiscard]] std::vector<node_address> strangers(const std::vector<node_address>& others) const;
  /// Everybody else who is up, for a newcomer.
  [[nodiscard]] std::vector<node_address> addresses(const std::string& newcomer) const;
  [[nodiscard]] const std::map<std::string, member>& members() const { return members_; }

private:
  member* entry(const std::string& name);

  std::string self_;
  std::map<std::string, member> members_; ///< without this node
};

} // namespace tt::cluster
