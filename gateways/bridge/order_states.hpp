#pragma once

// Orders as they stood after each record of the journal. The account's book runs ahead of the disk and shows the newest state only;
// who is told of every change needs each as it was. A fold over the journal, of the orders alone, with the rules of
// execution::account_book (a test holds the two against each other).

#include "actors/execution/journal_records.hpp"

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace tt::gateway {

class order_states {
public:
  /// Orders that are kept; over it the oldest that have ended are dropped.
  static constexpr std::size_t max_kept = 20'000;

  void on_record(const execution::journal_record& record);
  /// Null where it was dropped, or never was.
  [[nodiscard]] const order* find(order_number number) const;

  /// Writes the whole state, or reads it: for snapshots (desk_bytes.cpp).
  template <class Archive>
  void archive(Archive& a);

private:
  struct booked {
    order_number order = order_number::none;
    quantity qty;
    price px;

    template <class Archive>
    friend void fields(Archive& a, booked& x) {
      a(x.order, x.qty, x.px);
    }
  };

  void enter(const order& what, utc_time at);
  void decide(const execution::order_decided& fact, utc_time at);
  void move(const execution::order_moved& fact, utc_time at);
  void book(const order_fill& fill, utc_time at);
  void correct(const execution::execution_corrected& fact, utc_time at);
  order* get(order_number number);

  struct kept {
    order what;
    std::vector<execution_id> executions;

    template <class Archive>
    friend void fields(Archive& a, kept& x) {
      a(x.what, x.executions);
    }
  };

  std::map<order_number, kept> all_;
  std::unordered_map<execution_id, booked> executions_; ///< of orders that are kept
};

} // namespace tt::gateway
