#pragma once

// What was asked lately: rates, look-alikes, runaway senders, and every intent for ever.

#include "actors/model/order.hpp"
#include "actors/risk/codes.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tt::risk {

/// The times of the last orders of one sender, at most those of a minute.
class rate_window {
public:
  static constexpr auto longest = std::chrono::minutes{1};

  /// Orders in (now - span, now]; span <= longest.
  [[nodiscard]] std::size_t count(utc_time now, nanoseconds span) const;
  void add(utc_time now);
  /// Takes the last one back.
  void drop_last() { if (!times_.empty()) times_.pop_back(); }

private:
  std::deque<utc_time> times_;
};

/// Opening and closing orders are counted apart, so that a burst of entries can't
/// keep anybody from getting out.
enum class rate_kind : std::uint8_t { opening, closing };

struct rate_limits {
  std::size_t per_second = 0;
  std::size_t per_minute = 0;
};

/// The rates of a node: the one thing that its accounts share. Thread-safe.
class node_rates {
public:
  /// Counts the order in when both windows have room.
  [[nodiscard]] bool take(rate_kind kind, utc_time now, rate_limits most);
  /// As take, but counts nothing.
  [[nodiscard]] bool has_room(rate_kind kind, utc_time now, rate_limits most) const;
  /// Orders in (now - span, now].
  [[nodiscard]] std::size_t count(rate_kind kind, utc_time now, nanoseconds span) const;

private:
  mutable std::mutex mutex_;
  rate_window windows_[2];
};

/// The requests of one account.
class request_history {
public:
  static constexpr auto runaway_span = std::chrono::seconds{10};
  static constexpr auto reject_span = std::chrono::seconds{60};
  /// Look-alikes and rejections that are remembered; the oldest go first.
  static constexpr std::size_t max_recent = 1'000;
  /// Symbols whose orders are remembered, before those without recent ones are forgotten.
  static constexpr std::size_t max_quiet_symbols = 256;

  /// What makes two orders look alike.
  struct look {
    std::string symbol;
    std::string origin; ///< kind of door and principal
    direction way = direction::buy;
    order_type type = order_type::market;
    order_size size;
    std::optional<price> limit_price;
    std::optional<price> stop_price;

    bool operator==(const look&) const = default;
  };

  /// Whether the intent was seen with this attempt or a later one.
  [[nodiscard]] bool is_known(const intent_key& key, std::uint8_t attempt) const;
  void remember(const intent_key& key, std::uint8_t attempt);

  [[nodiscard]] std::optional<nanoseconds> since_similar(const look& wanted, utc_time now, nanoseconds window) const;
  void add_look(look seen, utc_time now);

  /// Rates of strategies that ever sent an order, by name.
  [[nodiscard]] const std::map<std::string, rate_window, std::less<>>& strategy_rates(rate_kind kind) const {
    return strategy_rates_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] rate_window& strategy_rate(rate_kind kind, std::string_view strategy);
  [[nodiscard]] rate_window& account_rate(rate_kind kind) { return account_rates_[static_cast<std::size_t>(kind)]; }

  /// New orders of a symbol in the last 10 seconds.
  [[nodiscard]] std::size_t recent_orders(std::string_view symbol, utc_time now) const;
  void add_order(std::string_view symbol, std::string_view strategy, utc_time now);
  /// The symbol with the most new orders in the last 10 seconds; of one strategy's orders where `strategy` is not empty.
  struct busiest {
    std::string_view symbol = {};
    std::size_t orders = 0;
  };
  [[nodiscard]] busiest busiest_symbol(std::string_view strategy, utc_time now) const;

  /// Rejections of a strategy with that code, symbol and side in the last 60 seconds.
  [[nodiscard]] std::size_t same_rejects(std::string_view strategy, check_code code, std::string_view symbol, direction way, utc_time now) const;
  /// The largest number of identical rejections of a strategy in the last 60 seconds.
  [[nodiscard]] std::size_t worst_rejects(std::string_view strategy, utc_time now) const;
  void add_reject(std::string_view strategy, check_code code, std::string_view symbol, direction way, utc_time now);
  /// Forgets the rejections of a strategy that was re-armed.
  void forget_rejects(std::string_view strategy);

private:
  struct reject {
    utc_time at;
    check_code code;
    direction way;
    std::string symbol;
  };
  struct seen_order {
    utc_time at;
    std::string strategy;
  };
  struct seen_look {
    utc_time at;
    look what;
  };
  std::unordered_map<std::string, std::uint8_t> intents_;
  std::deque<seen_look> looks_;
  std::map<std::string, rate_window, std::less<>> strategy_rates_[2];
  rate_window account_rates_[2];
  std::map<std::string, std::deque<seen_order>, std::less<>> orders_;
  std::map<std::string, std::deque<reject>, std::less<>> rejects_;
};

} // namespace tt::risk
