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
  void order_of_a_person() {
    place_order what;
    what.request.account = account_id{"paper"};
    what.request.symbol = pick_symbol();
    what.request.side = pick(2) == 0 ? order_side::buy : order_side::sell;
    what.request.size = size_quantity{quantity{static_cast<std::int64_t>(pick(6)) + 1}};
    const auto near = price{decimal::from_scaled(cents + static_cast<std::int64_t>(pick(101)) - 50, 2)};
    switch (pick(4)) {
    case 0:
      what.request.type = order_type::limit;
      what.request.limit_price = near;
      break;
    case 1:
      what.request.type = order_type::bracket;
      what.request.side = order_side::buy;
      what.request.loss = stop_loss{price{decimal::from_scaled(cents - 150, 2)}, {}};
      what.request.profit = take_profit{price{decimal::from_scaled(cents + 150, 2)}};
      break;
    default: break;
    }
    static_cast<void>(got<placed_order>([&](auto done) { port->place(ann, what, done); }));
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
    switch (pick(12)) {
    case 0: case 1: return move_prices();
    case 2: case 3: case 4: return order_of_a_person();
    case 5: case 6: {
      const auto side = pick(2) == 0 ? order_side::buy : order_side::sell;
      const auto who = pick(2) == 0 ? "trend" : "other";
      static_cast<void>(signal("s" + std::to_string(++signals), side, std::to_string(pick(4) + 1).c_str(), who, pick_symbol()));
      return;
    }
    case 7: return cancel_something();
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
