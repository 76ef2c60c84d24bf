#pragma once

// Which node hosts which symbol. Pure: nodes come and go, symbols are given to
// the node that draws the highest lot for them, and stay there as long as it
// lives. Lots depend on the two names only, so every node that has to decide
// decides alike, and a node that leaves moves its own symbols only.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster {

/// Symbols that can be placed; as many as a node may publish names.
inline constexpr std::size_t max_placed_symbols = 65'536;

class placement_table {
public:
  void host_up(const std::string& host) { hosts_.insert(host); }
  /// Gives the symbols that lived there; they live nowhere now.
  std::vector<std::string> host_down(const std::string& host);
  [[nodiscard]] const std::set<std::string>& hosts() const { return hosts_; }

  /// Where the symbol lives, if it does.
  [[nodiscard]] std::optional<std::string> host_of(std::string_view symbol) const;
  /// The host that it should go to; empty without hosts.
  [[nodiscard]] std::optional<std::string> choose(std::string_view symbol) const;
  /// It lives there now. False at the limit of symbols.
  bool put(const std::string& symbol, const std::string& host);
  /// It was found there: accepted where it lives nowhere else. False: it must end there.
  bool adopt(const std::string& symbol, const std::string& host);
  void forget(const std::string& symbol) { homes_.erase(symbol); }
  [[nodiscard]] std::size_t symbols() const { return homes_.size(); }

private:
  std::set<std::string> hosts_;
  std::map<std::string, std::string, std::less<>> homes_; ///< symbol to host
};

} // namespace tt::cluster
