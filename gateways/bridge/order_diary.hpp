#pragma once

// What the journal says of each order, kept for those who ask: its records in words, and
// the numbering of the news of orders. A fold over the journal: a replay gives the same.

#include "actors/execution/journal_records.hpp"
#include "gateways/bridge/order_states.hpp"
#include "gateways/trading_port.hpp"

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace tt::gateway {

class order_diary {
public:
  /// Records kept of all orders together: over it those of the oldest order are dropped. News that can be told again.
  static constexpr std::size_t max_records = 200'000, max_news = 10'000;

  void on_record(const execution::journal_record& record);
  /// Oldest first; empty for orders that are too old.
  [[nodiscard]] std::vector<order_happening> of(order_number number) const;

  /// One piece of news: which order changed, and how it stood after it.
  struct piece {
    order_number number = order_number::none;
    utc_time at{};
    std::shared_ptr<const order> what; ///< null where the order is too old to be followed
  };
  /// News so far: one for each record that changes what is told of an order. The number of the newest.
  [[nodiscard]] std::uint64_t news() const { return news_; }
  /// The newest ones, oldest first; the last has the number news().
  [[nodiscard]] const std::deque<piece>& newest() const { return newest_; }

  /// Writes the whole state, or reads it: for snapshots (desk_bytes.cpp).
  template <class Archive>
  void archive(Archive& a);

private:
  void keep(order_number number, order_happening what);
  void tell(order_number number, utc_time at);

  order_states states_;
  std::map<order_number, std::vector<order_happening>> records_;
  std::size_t kept_ = 0;
  std::unordered_map<execution_id, order_number> executions_;
  std::uint64_t news_ = 0;
  std::deque<piece> newest_;
};

} // namespace tt::gateway
