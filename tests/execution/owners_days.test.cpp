// Days at random of several owners in one symbol: whatever they do, no leg closes what is not its owner's, and none turns a position.

#include "tests/execution/linked_orders.hpp"

#include <cstdlib>

namespace tt::execution::test {
namespace {

class owners_day : public linked {
public:
  explicit owners_day(std::uint32_t seed) : linked(seed, rates()) {}

  void live(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      something(i);
      deliver();
      check("step " + std::to_string(i));
    }
    venue.heal();
    for (const auto number : std::set<order_number>(core.book().open_orders()))
      if (get(number).leg.empty()) static_cast<void>(done(core.cancel(number, "", now)));
    for (int i = 0; i < 40; ++i) pass(seconds{2});
    check("at the end");
    check_protected();
    check_replay();
  }

private:
  static fault_rates rates() {
    auto out = fault_rates::none();
    out.lost_cancel = 100;
    out.refused = 20;
    return out;
  }
  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }
  order_side side() { return pick(2) == 0 ? order_side::buy : order_side::sell; }

  new_order any_order(int step) {
    const auto way = side();
    const auto sign = way == order_side::buy ? 1 : -1;
    const auto qty = static_cast<std::int64_t>(pick(8)) + 1;
    auto out = wanted("k" + std::to_string(step), way, qty);
    out.request.strategy = strategy_id{std::array{"", "s1", "s2"}[pick(3)]};
    switch (pick(6)) {
    case 0:
    case 1:
      out.request.type = order_type::bracket;
      out.request.loss = stop_loss{p(px - 5 * sign), std::nullopt};
      if (pick(3) != 0) out.request.profit = take_profit{p(px + 5 * sign)};
      break;
    case 2:
      out.request.type = order_type::oco;
      out.request.effect = position_effect::reduce_only;
      out.request.legs = {{order_type::limit, p(px - 4 * sign), std::nullopt}, {order_type::stop, std::nullopt, p(px + 4 * sign)}};
      break;
    case 3:
      out.request.type = order_type::limit;
      out.request.limit_price = p(px + static_cast<std::int64_t>(pick(5)) - 2);
      break;
    default: break;
    }
    return out;
  }
  void something(int step) {
    switch (pick(10)) {
    case 0:
    case 1:
    case 2: static_cast<void>(done(core.place(any_order(step), now))); return;
    case 3:
    case 4:
    case 5:
    case 6: return trade();
    case 7:
      px += static_cast<std::int64_t>(pick(9)) - 4;
      static_cast<void>(done(core.on_price("AAPL", p(px), now)));
      return;
    case 8: {
      const auto& open = core.book().open_orders();
      if (pick(3) == 0 && !open.empty()) static_cast<void>(done(core.cancel(*std::next(open.begin(), pick(static_cast<std::uint32_t>(open.size()))), "", now)));
      return;
    }
    default: pass(milliseconds{pick(4'000)});
    }
  }
  /// Fills an open order at the venue; one that is a leg must not turn the position.
  void trade() {
    std::vector<faulty_venue::held_order*> open;
    for (auto& one : venue.orders())
      if (venue.is_open(one)) open.push_back(&one);
    if (open.empty()) return;
    auto& one = *open[pick(static_cast<std::uint32_t>(open.size()))];
    const auto rest = (one.request.terms.qty - one.filled).value();
    const auto part = pick(2) == 0 ? rest : decimal{1};
    const auto* ours = core.book().find(one.handle.wire_id);
    ASSERT_TRUE(ours);
    const auto before = core.book().held("AAPL");
    if (core.book().is_protection(*ours)) {
      ASSERT_LE(quantity{part}, to_close(before, ours->way())) << "leg " << ours->leg << " of " << raw(ours->parent) << " turns " << before;
    }
    venue.fill(one, quantity{part}, now, p(px));
  }
  /// What a leg that rests there quietly may still close.
  static quantity resting(const order& leg) {
    const bool is_quiet = leg.state == order_state::working || leg.state == order_state::partially_filled;
    return is_quiet ? leg.terms.qty - leg.filled : quantity{};
  }
  void check(const std::string& where) {
    const auto& book = core.book();
    std::map<std::pair<strategy_id, direction>, quantity> claimed;
    std::map<direction, quantity> legs;
    for (const auto& head : book.orders()) {
      if (head.parent != order_number::none) continue;
      const bool is_bracket = head.profit || head.loss;
      if (!is_bracket && !book.is_protection(head)) continue;
      const auto way = is_bracket ? direction_of(opposite_side(head.way())) : head.way();
      auto out = is_bracket ? quantity{} : resting(head);
      for (const auto leg : head.linked) out += resting(get(leg));
      legs[way] += out;
      const auto one = book.claim_of(head);
      ASSERT_LE(out, one.left) << where << ": legs of " << raw(head.number);
      if (one.bound == claim_bound::owner) claimed[{head.strategy, way}] += one.left;
    }
    for (const auto& [owner, sum] : claimed)
      ASSERT_LE(sum, to_close(book.held_by(owner.first, "AAPL"), owner.second)) << where << ": claims of '" << owner.first.str() << "'";
    for (const auto& [way, sum] : legs) ASSERT_LE(sum, to_close(book.held("AAPL"), way)) << where;
    ASSERT_FALSE(alarmed("INTERNAL")) << where;
    ASSERT_FALSE(alarmed("OVERFILL")) << where;
  }
  /// All orders, oldest first.
  [[nodiscard]] std::string story() const {
    std::string out = "held " + core.book().held("AAPL").to_string() + '\n';
    for (const auto& o : core.book().orders()) {
      const auto one = core.book().claim_of(o);
      out += std::to_string(raw(o.number)) + " '" + o.strategy.str() + "' " + std::string(to_string(o.terms.side)) + ' ' + std::string(to_string(o.terms.type)) + ' ' + o.terms.qty.to_string() +
             " filled " + o.filled.to_string() + ' ' + std::string(to_string(o.state)) + " leg '" + o.leg + "' of " + std::to_string(raw(o.parent)) + ' ' + o.reject_code + ' ' + o.reason +
             (one.left.is_zero() ? "" : " protects " + one.left.to_string()) + '\n';
    }
    for (const auto& a : alerts) out += a.code + ' ' + std::to_string(raw(a.order)) + ' ' + a.text + '\n';
    return out;
  }
  /// Where nobody holds against anybody, all that a group protects has a leg at the venue, or all that is held has one, or somebody was told.
  void check_protected() {
    const auto& book = core.book();
    std::map<direction, quantity> legs;
    for (const auto& one : book.orders())
      if (book.is_protection(one)) legs[one.way()] += resting(one);
    for (const auto& head : book.orders()) {
      const auto one = book.claim_of(head);
      if (one.left.is_zero() || one.bound != claim_bound::owner || book.is_group_ended(head)) continue;
      const bool is_bracket = head.profit || head.loss;
      const auto way = is_bracket ? direction_of(opposite_side(head.way())) : head.way();
      if (!book.held_against("AAPL", way).is_zero() || legs[way] == to_close(book.held("AAPL"), way)) continue;
      const auto is_told = [&](const alert_effect& a) {
        const bool is_its = a.order == head.number || std::ranges::count(head.linked, a.order) > 0;
        return is_its && a.level == severity::alarm;
      };
      if (std::ranges::any_of(alerts, is_told)) continue;
      auto out = is_bracket ? quantity{} : resting(head);
      for (const auto leg : head.linked) out += resting(get(leg));
      ASSERT_EQ(out, one.left) << "legs of " << raw(head.number) << " of '" << head.strategy.str() << "'\n" << story();
      ++protected_groups;
    }
  }
  void check_replay() {
    auto again = opened_book();
    for (const auto& r : journal) ASSERT_TRUE(again.apply(r));
    ASSERT_EQ(again.to_bytes(), core.book().to_bytes());
  }

  std::int64_t px = 100;

public:
  int protected_groups = 0;
};

TEST(own_units, hold_on_days_at_random) {
  const char* asked = std::getenv("TT_DAYS");
  const char* first = std::getenv("TT_SEED");
  const auto days = asked ? std::strtoul(asked, nullptr, 10) : 100;
  const auto from = first ? std::strtoul(first, nullptr, 10) : 1;
  int seen = 0;
  for (auto seed = from; seed < from + days && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    owners_day day{static_cast<std::uint32_t>(seed)};
    day.live(150);
    seen += day.protected_groups;
  }
  EXPECT_GT(seen, 0);
}

} // namespace
} // namespace tt::execution::test
