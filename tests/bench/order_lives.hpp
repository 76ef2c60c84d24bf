#pragma once

// Orders as a journal keeps them, for benchmarks that need many.

#include "actors/execution/journal.hpp"
#include "actors/execution/wire_id.hpp"

#include <vector>

namespace tt::bench {

inline const account_id journal_account{"bench"};

/// The records of one order's life: intent, decision, send, acceptance, two executions.
inline void add_life(std::uint64_t n, std::vector<execution::journal_record>& out) {
  using namespace execution;
  const auto at = from_unix_ms(1'700'000'000'000 + static_cast<std::int64_t>(n) * 10);
  const auto add = [&](journal_fact fact) {
    journal_record r;
    r.at = at;
    r.fact = std::move(fact);
    out.push_back(std::move(r));
  };
  order_intent intent;
  auto& o = intent.order;
  o.number = order_number{n};
  o.key = *intent_key::pine("breakout", "AAPL", 1'700'000'000'000, "Long", static_cast<int>(n));
  o.wire_id = wire_id_of(journal_account, o.key, 0);
  o.id = order_id_of(o.wire_id);
  o.client_id = client_order_id{o.wire_id.str()};
  o.origin = order_origin::pine;
  o.symbol = "AAPL";
  o.asked = size_quantity{quantity{10}};
  o.terms.side = n % 2 ? order_side::buy : order_side::sell;
  o.terms.type = order_type::limit;
  o.terms.qty = quantity{10};
  o.terms.limit_price = price{decimal::from_scaled(10'025, 2)};
  o.strategy = strategy_id{"breakout"};
  o.created_at = at;
  const order_handle handle{o.wire_id, venue_order_id{std::to_string(n)}, "s1"};
  order_decided decided{o.number, {}, o.terms};
  decided.decision.result = verdict::approved;
  decided.decision.code = "APPROVED";
  decided.decision.original = decided.decision.approved = o.terms.qty;
  const auto way = o.way();
  add(intent);
  add(decided);
  add(order_moved{order_number{n}, order_event::send, {}, "", "", std::nullopt});
  add(order_moved{order_number{n}, order_event::venue_working, handle, "", "", std::nullopt});
  for (const auto* part : {"a", "b"}) {
    execution_booked booked;
    booked.fill.id = execution_id{std::to_string(n) + part};
    booked.fill.order = order_number{n};
    booked.fill.symbol = "AAPL";
    booked.fill.way = way;
    booked.fill.qty = quantity{5};
    booked.fill.px = price{decimal::from_scaled(10'020 + static_cast<std::int64_t>(n % 7), 2)};
    booked.fill.fees.commission = money{decimal::from_scaled(35, 2)};
    booked.fill.at = at;
    add(booked);
  }
}

/// First record of such a journal.
inline execution::journal_record opening_of(money cash) {
  execution::account_opened opened;
  opened.profile.id = journal_account;
  opened.cash = cash;
  execution::journal_record first;
  first.fact = opened;
  return first;
}

/// Appends lives until the journal has at least so many records, in batches of a busy account's group commit. Ends the
/// program where the disk does not take them.
inline void fill_journal(execution::journal& j, std::uint64_t records) {
  std::vector<execution::journal_record> batch{opening_of(money{100'000})};
  std::uint64_t made = 1;
  for (std::uint64_t n = 1; made < records; ++n) {
    const auto before = batch.size();
    add_life(n, batch);
    made += batch.size() - before;
    if (batch.size() < 240) continue;
    if (!j.append(batch, {})) std::abort();
    batch.clear();
  }
  if (!batch.empty() && !j.append(batch, {})) std::abort();
}

} // namespace tt::bench
