#pragma once

// Brackets and one-cancels-other pairs that we hold, at the faulty venue.

#include "tests/execution/faulty_venue.hpp"

namespace tt::execution::test {

inline new_order bracket(const std::string& key, std::int64_t qty) {
  auto what = wanted(key, order_side::buy, qty, order_type::bracket);
  what.request.profit = take_profit{p(110)};
  what.request.loss = stop_loss{p(90), std::nullopt};
  return what;
}

struct linked : bench {
  explicit linked(std::uint32_t seed = 1, fault_rates rates = fault_rates::none(), core_settings s = settings()) : bench(seed, rates, std::move(s)) {}

  /// The legs of an order by name, newest last.
  std::vector<const order*> legs(order_number head, const std::string& name) const {
    std::vector<const order*> out;
    for (const auto n : get(head).linked)
      if (get(n).leg == name) out.push_back(&get(n));
    return out;
  }
  const order* out(order_number head, const std::string& name) const {
    for (const auto* leg : legs(head, name))
      if (may_trade(leg->state)) return leg;
    return nullptr;
  }
  faulty_venue::held_order& at_venue(order_number n) { return *venue.find(get(n).wire_id); }
  void fill(order_number n, std::int64_t qty, std::int64_t px) {
    venue.fill(at_venue(n), q(qty), now, p(px));
    deliver();
  }
  void price_seen(std::int64_t px) {
    done(core.on_price("AAPL", p(px), now));
    deliver();
  }
  /// A bracket of so many, filled at 100.
  order_number protect(const std::string& key, std::int64_t qty) {
    const auto n = place(bracket(key, qty));
    deliver();
    fill(n, qty, 100);
    return n;
  }
  /// An order at the market, filled at 100.
  order_number trade(const std::string& key, order_side side, std::int64_t qty, const char* strategy = "") {
    auto what = wanted(key, side, qty);
    what.request.strategy = strategy_id{strategy};
    const auto n = place(what);
    deliver();
    fill(n, qty, 100);
    return n;
  }
  std::size_t legs_at_venue() {
    return static_cast<std::size_t>(std::count_if(venue.orders().begin(), venue.orders().end(), [&](const auto& o) {
      const auto* ours = core.book().find(o.handle.wire_id);
      return ours && !ours->leg.empty() && venue.is_open(o);
    }));
  }
};

} // namespace tt::execution::test
