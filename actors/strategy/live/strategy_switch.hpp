#pragma once

// Whether a strategy may act, for the doors that bring in its signals.

#include "actors/model/names.hpp"
#include "actors/model/order_ids.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tt::strategy {

/// Who makes a strategy's signals.
enum class strategy_kind : std::uint8_t { yaml, pine, webhook };
/// Where its orders may go: to paper accounts only, or also to its live account.
enum class strategy_mode : std::uint8_t { paper, live };
/// Whether its signals are carried out. A disabled strategy's signals are refused with a reason.
enum class strategy_power : std::uint8_t { disabled, enabled };

/// What a registered strategy is allowed now.
struct strategy_state {
  strategy_kind kind = strategy_kind::pine;
  strategy_power power = strategy_power::disabled;
  strategy_mode mode = strategy_mode::paper;
  account_id account;
  /// How its orders are sized where the signal says nothing: the JSON object of the registration, "" where there is none.
  std::string sizing;

  [[nodiscard]] bool is_enabled() const { return power == strategy_power::enabled; }
  bool operator==(const strategy_state&) const = default;
};

/// The state of registered strategies. Thread-safe; an answer is as new as the last change that was acknowledged.
class strategy_switch {
public:
  virtual ~strategy_switch() = default;
  /// Nothing: no strategy of that id is registered.
  [[nodiscard]] virtual std::optional<strategy_state> state_of(const strategy_id& id) const = 0;
};

} // namespace tt::strategy

template <>
struct tt::names_of<tt::strategy::strategy_kind> {
  static constexpr std::array<std::string_view, 3> value{"yaml", "pine", "webhook"};
};
template <>
struct tt::names_of<tt::strategy::strategy_mode> {
  static constexpr std::array<std::string_view, 2> value{"paper", "live"};
};
template <>
struct tt::names_of<tt::strategy::strategy_power> {
  static constexpr std::array<std::string_view, 2> value{"disabled", "enabled"};
};
