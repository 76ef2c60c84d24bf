#pragma once

// Who asks, and how far that reaches.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// What a caller may do; each role includes the ones before it.
enum class role : std::uint8_t { none, viewer, trader, admin };

std::string_view to_string(role r) noexcept;

/// Which accounts are within reach.
enum class account_scope : std::uint8_t {
  none,
  paper_only, ///< every account without real money
  listed,     ///< those of the list, with real money or without
  all,
};

/// How a caller showed who it is.
enum class identity_kind : std::uint8_t {
  none,
  local,   ///< a loopback caller without a token
  token,
  session, ///< a user who logged in
};

/// Who asks.
struct principal {
  /// "local" for a loopback caller without a token, "token:NAME", "user:NAME"; empty without identity. Owner of layouts,
  /// watchlists and idempotency keys, author of what is journalled.
  std::string name;
  role rank = role::none;
  account_scope accounts = account_scope::none;
  std::vector<std::string> listed = {};     ///< accounts of account_scope::listed
  std::vector<std::string> strategies = {}; ///< empty: not bound to strategies
  identity_kind kind = identity_kind::none;
  std::string id = {}; ///< of the token or user

  bool operator==(const principal&) const = default;

  [[nodiscard]] bool identified() const { return rank != role::none; }
  /// Whether it is held to a list of accounts or strategies.
  [[nodiscard]] bool is_bound() const { return accounts == account_scope::listed || !strategies.empty(); }
  /// Whether its list has the account; where there is no list, the account's own mode decides, which the accounts know.
  [[nodiscard]] bool lists_account(std::string_view account) const {
    return accounts != account_scope::listed || std::ranges::find(listed, account) != listed.end();
  }
  [[nodiscard]] bool lists_strategy(std::string_view strategy) const {
    return strategies.empty() || std::ranges::find(strategies, strategy) != strategies.end();
  }
  /// Whether it may see what concerns that account and strategy; empty: none. What concerns neither is everybody's.
  [[nodiscard]] bool may_see(std::string_view account, std::string_view strategy) const {
    if (account.empty() && strategy.empty()) return true;
    return (account.empty() || lists_account(account)) && lists_strategy(strategy);
  }
};

} // namespace tt::gateway
