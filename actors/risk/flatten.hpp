#pragma once

// Flattening: cancel everything in scope, follow each cancel to its end, then close
// every position at market; what has no open session waits for it. A plan that is asked
// again and again with the present state, and says what to do now.
//
//   flatten_plan plan(epoch);
//   for (const auto& a : plan.next(view, now)) …          // send cancels, send closing orders
//   if (plan.is_done(view)) stop.apply(*stop.flattened(scope, now));

#include "actors/model/order.hpp"

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace tt::risk {

/// What is there, in the scope that is flattened. Closing orders of the flattening itself
/// are marked.
struct flatten_view {
  struct open_order {
    order_number number = order_number::none;
    std::string symbol = {};
    enum class owner : std::uint8_t { other, flattening };
    owner of = owner::other;
  };
  struct held {
    std::string symbol = {};
    quantity position = {}; ///< signed
    enum class session : std::uint8_t { closed, open };
    session market = session::closed; ///< whether a market order can trade now
  };
  std::vector<open_order> orders = {};
  std::vector<held> positions = {};
};

struct cancel_action {
  order_number number = order_number::none;
  int attempt = 1; ///< 1 for the first request to cancel

  bool operator==(const cancel_action&) const = default;
};
struct close_action {
  std::string symbol = {};
  direction way = direction::sell;
  quantity size = {};
  intent_key key = {}; ///< of this flattening and symbol: asked twice it is one order

  bool operator==(const close_action&) const = default;
};
using flatten_action = std::variant<cancel_action, close_action>;

class flatten_plan {
public:
  /// After this time a cancel without an end is asked for again.
  static constexpr auto repeat_after = std::chrono::seconds{2};

  /// `epoch` of the kill switch event that began it.
  explicit flatten_plan(std::uint64_t epoch) : epoch_(epoch) {}

  /// What is to be done now. Nothing is closed before every other order is final: a
  /// resting order could fill behind a closing one.
  [[nodiscard]] std::vector<flatten_action> next(const flatten_view& view, utc_time now);
  /// Whether nothing is left. Positions without an open session keep it going.
  [[nodiscard]] static bool is_done(const flatten_view& view);
  /// Symbols that wait for their session, and cancels that are not confirmed yet: for the screen.
  [[nodiscard]] static std::vector<std::string> waiting(const flatten_view& view);
  [[nodiscard]] std::vector<order_number> unconfirmed(const flatten_view& view) const;

private:
  struct asked {
    utc_time at;
    int attempts = 0;
  };
  std::uint64_t epoch_;
  std::map<order_number, asked> cancels_;
};

} // namespace tt::risk
