// The writer of an account, its core and its journal against the venue behind a bad line, for a part of a day: orders, changes,
// lost and late and doubled messages, cuts, a venue that restarts and a process that dies. Time is virtual.
//
// At the end, when all is healed: no intent made two orders, what is held here is held there, nothing is in doubt, and nothing
// is called rejected that was executed. And the same seed gives the same journal, byte for byte.

#include "tests/simulated/account_line.hpp"

#include <cstdlib>

namespace tt::execution::test {
namespace {

constexpr fault_rates bad_line{.request_lost = 60, .answer_lost = 100, .not_sent = 40, .request_doubled = 40, .answer_doubled = 40, .error_page = 30,
                               .stream_dropped = 60, .stream_doubled = 40, .listing_partial = 30, .lookup_failed = 60, .most_delay = milliseconds{400}};
constexpr int steps_of_a_day = 250;
constexpr milliseconds step_time{200};
/// The actor around the core asks for everything so often while orders are open: a stream that drops reports is found out by it.
constexpr std::chrono::seconds listing_every{10};
/// After the line is healed: all that was in doubt is settled.
constexpr int steps_of_peace = 600;

class day : public account_line {
public:
  explicit day(std::uint64_t seed_) : account_line(bad_line, seed_ * 7 + 1) { seed(seed_); }

  void live() {
    for (int i = 0; i < steps_of_a_day; ++i) {
      step();
      act();
    }
    venue.heal();
    if (!venue.is_connected()) venue.reconnect(now);
    for (int i = 0; i < steps_of_peace; ++i) step();
  }

  [[nodiscard]] std::string journal() const {
    std::string out;
    for (const auto& one : store->batches) out += one.bytes;
    return out;
  }
  [[nodiscard]] std::size_t orders() const { return book().orders().size(); }
  [[nodiscard]] int deaths() const { return deaths_; }

private:
  void step() {
    now += step_time;
    if (cut_ > 0 && --cut_ == 0) venue.reconnect(now);
    quote(std::max<std::int64_t>(last + pick(41) - 20, 5'000));
    take(core().on_price("AAPL", at_cents(last), now));
    if (now - looked_ >= listing_every) {
      looked_ = now;
      take(core().look(now));
    }
    hear();
  }

  void act() {
    switch (pick(20)) {
    case 0:
    case 1:
    case 2: place_one(order_type::market); break;
    case 3:
    case 4: place_one(order_type::limit); break;
    case 5: place_one(order_type::bracket); break;
    case 6:
    case 7: change(); break;
    case 8:
      if (const auto* what = some_open_order()) take(core().cancel(what->number, "changed my mind", now));
      break;
    case 9: accident(); break;
    default: break;
    }
    if (writer().waiting() > 0 && pick(30) > 0) commit(); // else it dies with what waits
  }
  void place_one(order_type type) {
    auto what = wanted("o" + std::to_string(++keys_), pick(2) ? order_side::buy : order_side::sell, 1 + pick(20), type);
    const auto near = [&](std::int64_t cents) { return at_cents(last + cents); };
    const bool buys = what.request.side == order_side::buy;
    if (type == order_type::limit) what.request.limit_price = near((buys ? -1 : 1) * pick(30));
    if (type == order_type::bracket) {
      what.request.loss = stop_loss{near(buys ? -60 : 60), std::nullopt};
      what.request.profit = take_profit{near(buys ? 60 : -60)};
    }
    take(core().place(what, now));
  }
  [[nodiscard]] const order* some_open_order() {
    const auto& open = book().open_orders();
    if (open.empty()) return nullptr;
    auto at = open.begin();
    std::advance(at, pick(static_cast<int>(open.size())));
    return book().find(*at);
  }
  void change() {
    const auto* what = some_open_order();
    if (!what || !what->leg.empty() || what->terms.type != order_type::limit) return;
    terms_change to;
    to.qty = q(1 + pick(30));
    take(core().replace(what->number, to, now));
  }
  void accident() {
    switch (pick(4)) {
    case 0:
      if (venue.is_connected()) venue.disconnect(now);
      cut_ = 1 + pick(20);
      break;
    case 1:
    case 2: venue.restart(now); break;
    default:
      ++deaths_;
      die_and_start();
    }
  }

  int keys_ = 0, deaths_ = 0, cut_ = 0;
  utc_time looked_ = now;
};

std::uint64_t days_to_live() {
  const char* text = std::getenv("TT_DAYS"); // NOLINT: one thread
  return text ? std::strtoull(text, nullptr, 10) : 100;
}

TEST(simulated_day, ends_without_a_doubt_a_double_or_a_difference) {
  std::size_t orders = 0;
  int deaths = 0;
  for (std::uint64_t seed = 1; seed <= days_to_live(); ++seed) {
    day one(seed);
    one.live();
    ASSERT_EQ(one.faults(), std::vector<std::string>{}) << "seed " << seed;
    orders += one.orders();
    deaths += one.deaths();
  }
  std::printf("%llu days, %zu orders, %d deaths\n", static_cast<unsigned long long>(days_to_live()), orders, deaths);
  EXPECT_GT(orders, days_to_live() * 20);
}

TEST(simulated_day, the_same_seed_gives_the_same_journal) {
  for (std::uint64_t seed = 1; seed <= std::min<std::uint64_t>(days_to_live(), 20); ++seed) {
    day first(seed), second(seed);
    first.live();
    second.live();
    ASSERT_FALSE(first.journal().empty());
    ASSERT_TRUE(first.journal() == second.journal()) << "seed " << seed;
  }
  day one(1), other(2);
  one.live();
  other.live();
  EXPECT_FALSE(one.journal() == other.journal());
}

} // namespace
} // namespace tt::execution::test
