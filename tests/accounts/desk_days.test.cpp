// Days of an account at random: whatever happened, it starts again and stands as it stood.

#include "tests/accounts/desk_bench.hpp"

#include <random>

namespace tt::gateway::test {
namespace {

class desk_days : public desk_bench {
protected:
  using draw = std::mt19937_64;

  std::uint64_t pick(std::uint64_t n) { return random() % n; }
  std::string pick_symbol() { return pick(4) == 0 ? "MSFT" : "AAPL"; }

  void move_prices() {
    cents = std::clamp<std::int64_t>(cents + static_cast<std::int64_t>(pick(401)) - 200, 5'000, 20'000);
    const auto text = [](std::int64_t c) { return std::to_string(c / 100) + '.' + (c % 100 < 10 ? "0" : "") + std::to_string(c % 100); };
    for (const char* symbol : {"AAPL", "MSFT"}) quote(symbol, text(cents).c_str(), text(cents + 1).c_str());
  }
  [[nodiscard]] price off(std::int64_t by) const { return price{decimal::from_scaled(cents + by, 2)}; }
  std::int64_t about(std::int64_t most) { return static_cast<std::int64_t>(pick(static_cast<std::uint64_t>(2 * most + 1))) - most; }

  void order_of_a_person() {
    place_order what;
    auto& r = what.request;
    r.account = account_id{"paper"};
    r.symbol = pick_symbol();
    if (pick(3) == 0) r.strategy = strategy_id{pick(2) == 0 ? "trend" : "other"};
    r.side = pick(2) == 0 ? order_side::buy : order_side::sell;
    r.size = size_quantity{quantity{static_cast<std::int64_t>(pick(6)) + 1}};
    const std::int64_t way = r.side == order_side::buy ? 1 : -1;
    switch (pick(9)) {
    case 0: case 1:
      r.type = order_type::limit;
      r.limit_price = off(about(60));
      if (pick(4) == 0) r.tif = pick(2) == 0 ? time_in_force::ioc : time_in_force::gtc;
      break;
    case 2: case 3:
      r.type = order_type::bracket;
      r.loss = stop_loss{off(-150 * way), {}};
      r.profit = take_profit{off(150 * way)};
      if (pick(3) == 0) r.limit_price = off(about(40));
      break;
    case 4:
      r.type = order_type::stop;
      r.stop_price = off(way * static_cast<std::int64_t>(pick(80) + 5));
      break;
    case 5:
      r.type = order_type::trailing_stop;
      r.trail_offset = price{decimal::from_scaled(static_cast<std::int64_t>(pick(80)) + 5, 2)};
      break;
    case 6:
      r.type = order_type::oco;
      r.legs.resize(2);
      r.legs[0].type = order_type::limit;
      r.legs[0].limit_price = off(-way * 90);
      r.legs[1].type = order_type::stop;
      r.legs[1].stop_price = off(way * 90);
      break;
    case 7: r.effect = position_effect::reduce_only; break;
    default: break;
    }
    if (const auto fine = check_request(r); !fine) FAIL() << to_string(fine.error());
    static_cast<void>(got<placed_order>([&](auto done) { port->place(ann, what, done); }));
  }
  void change_something() {
    std::vector<order_snapshot> open;
    for (auto& one : orders())
      if (!is_final(one.what.state)) open.push_back(one);
    if (open.empty()) return;
    const auto& one = open[pick(open.size())];
    order_change change;
    if (pick(2) == 0) change.qty = quantity{static_cast<std::int64_t>(pick(6)) + 1};
    if (one.what.terms.limit_price) change.limit_price = off(about(60));
    if (!change.qty && !change.limit_price) return;
    const order_name name{order_name::kind::server, one.what.id.str()};
    static_cast<void>(got<order_snapshot>([&](auto done) { port->change(ann, name, change, done); }));
  }
  void cancel_something() {
    const auto all = orders();
    if (all.empty()) return;
    const order_name name{order_name::kind::server, all[pick(all.size())].what.id.str()};
    static_cast<void>(got<cancelled_order>([&](auto done) { port->cancel(ann, name, done); }));
  }
  void stop_and_resume() {
    stop_request what;
    what.mode = std::array{risk::kill_mode::halt, risk::kill_mode::reduce, risk::kill_mode::flatten}[pick(3)];
    what.reason = "random";
    if (pick(3) == 0) what.scope = {risk::kill_scope::kind::strategy, "trend"};
    static_cast<void>(got<stopped>([&](auto done) { port->stop(ann, what, done); }));
    if (pick(3) == 0) return; // stays, perhaps over a restart
    const auto question = got<resume_question>([&](auto done) { port->ask_resume(root, "seen", done); });
    if (question) static_cast<void>(got<std::uint64_t>([&](auto done) { port->resume(root, question->token, done); }));
  }
  void close_something() {
    close_request what;
    what.account = account_id{"paper"};
    if (pick(2) == 0) what.symbol = pick_symbol();
    static_cast<void>(got<closed_positions>([&](auto done) { port->close(ann, what, done); }));
  }
  void something() {
    switch (pick(14)) {
    case 0: case 1: return move_prices();
    case 2: case 3: case 4: return order_of_a_person();
    case 5: case 6: {
      const auto side = pick(2) == 0 ? order_side::buy : order_side::sell;
      const auto who = pick(2) == 0 ? "trend" : "other";
      static_cast<void>(signal("s" + std::to_string(++signals), side, std::to_string(pick(4) + 1).c_str(), who, pick_symbol()));
      return;
    }
    case 7: return cancel_something();
    case 11: return change_something();
    case 12: return pass(std::chrono::milliseconds{pick(3'000)});
    case 8: return close_something();
    case 9: return pick(3) == 0 ? stop_and_resume() : move_prices();
    case 10:
      static_cast<void>(set_limit(risk::limit_id::consecutive_losses, std::to_string(pick(5) + 1).c_str()));
      return;
    default:
      if (pick(3) == 0) day += 24h;
      move_prices();
    }
  }
  /// Everything about the orders of a symbol, oldest first.
  std::string lives_of(std::vector<order_snapshot> all, const std::string& symbol) {
    std::ranges::sort(all, {}, [](const order_snapshot& one) { return one.what.number; });
    std::string out;
    for (const auto& one : all) {
      const auto& o = one.what;
      if (o.symbol != symbol) continue;
      out += std::to_string(raw(o.number)) + ' ' + std::string(to_string(o.terms.side)) + ' ' + std::string(to_string(o.terms.type)) + ' ' + o.terms.qty.to_string() + " filled " +
             o.filled.to_string() + ' ' + std::string(to_string(o.state)) + " leg '" + o.leg + "' of " + std::to_string(raw(o.parent)) + ' ' + o.reject_code + ' ' + o.reason + '\n';
      const auto told = got<order_snapshot>([&](auto done) { port->order_of(ann, {order_name::kind::server, o.id.str()}, done); });
      if (!told) continue;
      for (const auto& h : told->events)
        out += "    " + std::to_string(h.offset) + ' ' + h.what + ' ' + h.code + ' ' + h.text + (h.qty ? ' ' + h.qty->to_string() : "") + '\n';
    }
    return out;
  }
  /// What the account and each strategy hold of a symbol: orders without a strategy close what no strategy holds first.
  struct holdings {
    decimal account;
    std::map<strategy_id, decimal> own;

    [[nodiscard]] decimal of(const strategy_id& who) const {
      if (!who.empty()) return own.contains(who) ? own.at(who) : decimal{};
      auto rest = account;
      for (const auto& [id, theirs] : own) rest -= theirs;
      return rest;
    }
    void trade(const strategy_id& who, decimal change) {
      const auto before = account, by_hand = of({});
      account += change;
      if (!who.empty()) {
        own[who] += change;
        return;
      }
      if (before.is_zero() || before.is_positive() == change.is_positive()) return;
      const auto along = [&](decimal amount) { return amount.is_positive() == before.is_positive() ? amount.abs() : decimal{}; };
      auto closed = std::min(change.abs(), before.abs()) - along(by_hand);
      for (auto& [id, theirs] : own) {
        if (!closed.is_positive()) return;
        const auto part = std::min(along(theirs), closed);
        theirs += before.is_positive() ? -part : part;
        closed -= part;
      }
    }
  };
  static decimal signed_of(const order_fill& fill) { return fill.way == direction::buy ? fill.qty.value() : -fill.qty.value(); }
  /// No leg of a bracket has turned a position, nor rests for more than its owner holds.
  void check_owners(std::vector<execution_snapshot> executions, const std::vector<order_snapshot>& orders, const std::string& where) {
    std::ranges::sort(executions, {}, &execution_snapshot::sequence);
    std::map<std::string, holdings> held;
    for (const auto& one : executions) {
      auto& all = held[one.fill.symbol];
      const auto before = all.account, change = signed_of(one.fill);
      all.trade(one.strategy, change);
      if (one.reason != "stop" && one.reason != "target") continue;
      ASSERT_TRUE(before.is_positive() != change.is_positive() && change.abs() <= before.abs())
        << where << ": the " << one.reason << " of " << one.fill.symbol << " turned " << before.to_string() << " by " << change.to_string() << '\n' << lives_of(orders, one.fill.symbol);
    }
    std::map<std::tuple<std::string, strategy_id, direction>, decimal> legs;
    for (const auto& one : orders) {
      const auto& what = one.what;
      const bool is_leg = (what.leg == "stop" || what.leg == "target") && may_trade(what.state);
      if (is_leg) legs[{what.symbol, what.strategy, what.way()}] += (what.terms.qty - what.filled).value();
    }
    for (const auto& [key, rest] : legs) {
      const auto& [symbol, who, way] = key;
      const auto own = held[symbol].of(who);
      ASSERT_TRUE(rest <= std::max(way == direction::sell ? own : -own, decimal{}))
        << where << ": legs of '" << who.str() << "' close " << rest.to_string() << ' ' << symbol << " of " << own.to_string() << '\n' << lives_of(orders, symbol);
    }
  }
  /// Positions are the sum of what was executed, and what rests to close one is never more than it.
  void check(const std::string& where) {
    std::map<std::string, decimal> executed, held;
    std::map<std::string, std::array<decimal, 2>> legs; ///< by symbol: that sell, that buy
    order_filter all;
    all.limit = 10'000;
    const auto executions = got<std::vector<execution_snapshot>>([&](auto done) { port->executions(ann, all, done); });
    ASSERT_TRUE(executions) << where;
    for (const auto& one : *executions) executed[one.fill.symbol] += one.fill.way == direction::buy ? one.fill.qty.value() : -one.fill.qty.value();
    for (const auto& one : positions()) held[one.held.symbol] = one.held.qty.value();
    for (const auto& [symbol, sum] : executed) ASSERT_EQ(sum, held[symbol]) << where << ' ' << symbol;
    const auto list = got<std::vector<order_snapshot>>([&](auto done) { port->orders(ann, all, done); });
    ASSERT_TRUE(list) << where;
    check_owners(*executions, *list, where);
    for (const auto& one : *list) {
      const auto& what = one.what;
      if (what.leg.empty() || what.terms.effect != position_effect::reduce_only || !may_trade(what.state)) continue;
      legs[what.symbol][what.way() == direction::buy ? 1 : 0] += (what.terms.qty - what.filled).value();
    }
    for (const auto& [symbol, rest] : legs) {
      const auto most_sold = std::max(held[symbol], decimal{}), most_bought = std::max(-held[symbol], decimal{});
      ASSERT_TRUE(rest[0] <= most_sold) << where << ": legs would sell more " << symbol << " than is held\n" << lives_of(*list, symbol);
      ASSERT_TRUE(rest[1] <= most_bought) << where << ": legs would buy back more " << symbol << " than is owed\n" << lives_of(*list, symbol);
    }
  }
  /// What is told of the account, without prices and times.
  std::string standing() {
    std::string out;
    for (const auto& one : positions()) out += one.held.symbol + " " + one.held.qty.to_string() + " " + one.held.realized.to_string() + " " + one.held.fees.to_string() + '\n';
    for (const auto& one : orders())
      out += one.what.id.str() + ' ' + std::string(to_string(one.what.state)) + ' ' + one.what.filled.to_string() + ' ' + one.what.reject_code + '\n';
    for (const char* strategy : {"trend", "other"})
      for (const char* symbol : {"AAPL", "MSFT"}) out += holding(strategy, symbol).qty.to_string() + '\n';
    const auto risk = risk_now();
    out += std::string(to_string(risk.mode)) + ' ' + std::to_string(risk.limits_version) + '\n';
    return out;
  }
  void live(std::uint64_t seed, int steps) {
    random.seed(seed);
    begin_day();
    for (int i = 0; i < steps && !HasFailure(); ++i) {
      something();
      pass(100ms);
      check("seed " + std::to_string(seed) + " step " + std::to_string(i));
      if (pick(15) == 0) restart(seed, i);
    }
    restart(seed, steps);
  }
  void begin_day() {
    start();
    move_prices();
  }
  void restart(std::uint64_t seed, int step) {
    pass(2s); // what is under way ends
    const auto before = standing();
    start();
    const auto accounts = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
    ASSERT_TRUE(accounts || accounts.error().code == errc::not_available) << "seed " << seed << " step " << step << ": " << to_string(accounts.error());
    ASSERT_EQ(standing(), before) << "seed " << seed << " step " << step;
    trading_health health;
    port->ask_health([&](const trading_health& one) { health = one; });
    pass(50ms);
    ASSERT_EQ(health.journal, "ok") << "seed " << seed << " step " << step << ": " << health.reason;
    move_prices();
    const auto again = got<std::vector<account_snapshot>>([&](auto done) { port->accounts(ann, done); });
    ASSERT_TRUE(again) << "seed " << seed << " step " << step << ": " << to_string(again.error());
  }

  draw random;
  std::int64_t cents = 10'000;
  std::uint64_t signals = 0;
};

TEST_F(desk_days, start_again_and_stand_as_they_stood) {
  const char* asked = std::getenv("TT_DAYS");
  const auto days = asked ? std::strtoull(asked, nullptr, 10) : 6;
  const char* first = std::getenv("TT_SEED");
  const auto from = first ? std::strtoull(first, nullptr, 10) : 1;
  for (auto seed = from; seed < from + days && !HasFailure(); ++seed) {
    stop();
    ++generation; // a journal of its own
    live(seed, 60);
  }
}

} // namespace
} // namespace tt::gateway::test
