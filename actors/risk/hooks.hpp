#pragma once

// Checks that the owner of the terminal adds: pure functions, registered by name, run
// after every built-in check, also after reductions.

#include "actors/risk/views.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::risk {

class book;

/// What a hook is shown.
struct hook_order {
  std::string_view symbol;
  direction way = direction::buy;
  quantity size;    ///< whole order, as reduced so far
  quantity closing; ///< part of it that closes
  std::optional<price> limit_price;
  std::string_view strategy;
};

/// What a hook answers. Values that are none of these reject.
enum class hook_verdict : std::uint8_t { approve, reduce, reject };

struct hook_answer {
  hook_verdict what = hook_verdict::reject;
  quantity allowed = {};     ///< of reduce: the opening part that is allowed; ≥ 0, and not more than there is
  std::string message = {};
};

/// Account figures, positions and working orders: all of it constant.
using hook = std::function<hook_answer(const hook_order& order, const account_view& account, const book& portfolio)>;

class hook_registry {
public:
  static constexpr std::size_t max_hooks = 64;
  /// One hook's time. A slower answer rejects the order.
  static constexpr std::int64_t budget_ns = 20'000;

  /// Errors: invalid_argument for a name that is not 1 to 64 of [a-z0-9_]; conflict for one
  /// that is taken; limit_exceeded over max_hooks.
  result<void> add(std::string name, hook what);
  /// In the order of registration.
  [[nodiscard]] const std::vector<std::pair<std::string, hook>>& all() const { return hooks_; }

private:
  std::vector<std::pair<std::string, hook>> hooks_;
};

} // namespace tt::risk
