// One order through the gate: every check, warm state, ten positions and ten working
// orders. Approvals, reductions and rejections apart, and all together; previews and a
// hook for comparison. The time is that of the whole call, reservation included, decision
// made and proof handed out; taking the reservation back is not in it.

#include "measure.hpp"
#include "tests/risk/desk.hpp"

#include <random>

using namespace tt;
using namespace tt::risk;
using namespace tt::risk::test;

namespace {

constexpr int warm_up = 20'000;

struct scene {
  desk d;
  std::vector<std::string> symbols;

  explicit scene(gate_settings settings = {}) : d(std::move(settings)) {
    for (int i = 0; i < 12; ++i) {
      symbols.push_back("S" + std::to_string(i));
      d.add(symbols.back().c_str(), asset_class::stock, "XNYS", "0.01", "1", "1", "100");
      std::vector<daily_close> closes{{0, 100.0}};
      for (int day = 0; day < 60; ++day) closes.push_back({day + 1, closes.back().close * (1 + ((day * 37 + i * 13) % 21 - 10) / 1000.0)});
      d.g.returns().set(symbols.back(), closes);
      auto v = d.view(symbols.back().c_str());
      v.sector = i % 2 ? "technology" : "energy";
      v.issuer = symbols.back();
      d.set(symbols.back().c_str(), v);
    }
    d.loosen(limit_id::max_positions, "100");
    for (const auto id : {limit_id::runaway_orders, limit_id::open_orders_symbol}) d.loosen(id, "1000");
    d.loosen(limit_id::similar_order_window, "0.000001");
    d.strategy("s", {.orders = 10, .median_order = qty("10")});
    for (int i = 0; i < 10; ++i) {
      d.hold(symbols[static_cast<std::size_t>(i)].c_str(), i % 3 ? "20" : "-20");
      (void)d.send(d.order(symbols[static_cast<std::size_t>(i)].c_str(), order_side::buy, "1", order_type::limit, "90"));
    }
  }
  void refresh() {
    // ten milliseconds between orders: inside the rates
    d.now += std::chrono::milliseconds{50};
    d.account.state_at = d.now;
    d.set_account();
    for (const auto& symbol : symbols) d.quote(symbol.c_str(), "99.99", "100.01", "100");
  }
};

/// The same hour of the next day with a session.
utc_time next_session(utc_time t) {
  const auto calendar = *find_calendar("XNYS");
  do t += std::chrono::hours{24};
  while (calendar->state_at(t) != market_state::regular || calendar->state_at(t + std::chrono::hours{5}) != market_state::regular);
  return t;
}

/// Market times are those of one session, so that the calendar is asked what it is asked by day.
void measure(bench::record& out, const std::string& id, int count, const char* quantity, bool with_strategy, gate_settings settings = {}) {
  scene s(std::move(settings));
  bench::samples times;
  times.reserve(static_cast<std::size_t>(count));
  std::mt19937_64 random(1);
  auto begin = s.d.now;
  int passed = 0;
  for (int i = 0; i < count + warm_up; ++i) {
    if (s.d.now - begin > std::chrono::hours{5}) s.d.now = begin = next_session(begin);
    s.refresh();
    auto t = s.d.order(s.symbols[random() % 12].c_str(), random() % 2 ? order_side::buy : order_side::sell, quantity, order_type::limit, "100");
    if (with_strategy) t.asked.strategy = strategy_id{"s"};
    const auto from = bench::steady_ns();
    auto answer = s.d.g.check_and_reserve(t.view, s.d.now);
    const auto took = bench::steady_ns() - from;
    if (i >= warm_up) {
      times.add(took);
      passed += answer.proof ? 1 : 0;
    }
    s.d.g.state().on_final(t.view.number);
    if (with_strategy) s.d.g.history().forget_rejects("s");
  }
  out.figure(id + ".approved_share", static_cast<double>(passed) / count);
  out.figure(id + ".p50_us", times.quantile_ms(0.50) * 1000);
  out.figure(id + ".p99_us", times.quantile_ms(0.99) * 1000);
  out.figure(id + ".p999_us", times.quantile_ms(0.999) * 1000);
  out.figure(id + ".max_us", times.quantile_ms(1.0) * 1000);
}

} // namespace

int main(int argc, char** argv) {
  const auto how = bench::read_options(argc, argv);
  const int count = how.quick ? 20'000 : 300'000;
  bench::record out;
  measure(out, "risk.approved", count, "10", true);
  measure(out, "risk.reduced", count, "95", false);
  measure(out, "risk.rejected_late", count, "260", true);
  measure(out, "risk.with_times", count, "10", true, {bench::steady_ns});
  return bench::finish(out, how);
}
