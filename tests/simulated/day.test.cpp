// The writer of an account, its core and its journal against the venue behind a bad line, for a part of a day: orders, changes,
// lost and late and doubled messages, cuts, a venue that restarts and a process that dies. Time is virtual.
//
// At the end, when all is healed: no intent made two orders, what is held here is held there, nothing is in doubt, and nothing
// is called rejected that was executed. And the same seed gives the same journal, byte for byte.

#include "actors/execution/account_writer.hpp"
#include "tests/execution/support.hpp"
#include "tests/execution/support/faulty_venue.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace tt::execution::test {
namespace {

/// A journal in memory: what was appended survives the process that dies.
class memory_store final : public journal_store {
public:
  result<journal_head> claim(const account_id&, lease_epoch epoch) override {
    if (epoch < head_.epoch) return error{errc::conflict, "a higher epoch", "epoch"};
    head_.epoch = epoch;
    return head_;
  }
  result<journal_head> head(const account_id&) override { return head_; }
  result<void> append(const account_id&, const journal_batch& batch) override {
    if (batch.epoch != head_.epoch || batch.first != head_.next) return error{errc::conflict, "not the writer", "epoch"};
    batches.push_back(batch);
    head_.next = batch.next();
    head_.chain = batch.after;
    return {};
  }
  result<void> read(const account_id&, journal_offset from, const batch_visitor& visit) override {
    for (const auto& one : batches)
      if (one.next() > from)
        if (auto seen = visit(one.first, one.bytes); !seen) return seen;
    return {};
  }
  result<void> put_snapshot(const account_id&, lease_epoch, const journal_snapshot& what) override {
    snapshot_ = what;
    return {};
  }
  result<std::optional<journal_snapshot>> newest_snapshot(const account_id&) override { return snapshot_; }
  result<void> reopen() override { return {}; }

  std::vector<journal_batch> batches;

private:
  journal_head head_;
  std::optional<journal_snapshot> snapshot_;
};

constexpr fault_rates bad_line{.request_lost = 60, .answer_lost = 100, .not_sent = 40, .request_doubled = 40, .answer_doubled = 40, .error_page = 30,
                               .stream_dropped = 60, .stream_doubled = 40, .listing_partial = 30, .lookup_failed = 60, .most_delay = milliseconds{400}};
constexpr int steps_of_a_day = 250;
constexpr milliseconds step_time{200};
/// After the line is healed: all that was in doubt is settled.
constexpr int steps_of_peace = 600;

paper::paper_settings venue_settings() {
  paper::paper_settings out;
  out.account = paper();
  return out;
}

class day {
public:
  explicit day(std::uint64_t seed) : draw_(seed), venue_(bad_line, seed * 7 + 1, venue_settings(), now_) {
    instrument what;
    what.symbol = "AAPL";
    what.exchange = "TEST";
    what.kind = asset_class::stock;
    what.tick = *price::parse("0.01");
    what.lot = q(1);
    what.calendar_id = "XNYS";
    what.calendar = *find_calendar("XNYS");
    venue_.truth().list(what);
    quote();
    start();
  }

  void live() {
    for (int i = 0; i < steps_of_a_day; ++i) {
      step();
      act();
    }
    venue_.heal();
    if (!venue_.is_connected()) venue_.reconnect(now_);
    for (int i = 0; i < steps_of_peace; ++i) step();
  }

  [[nodiscard]] std::vector<std::string> faults() const {
    std::vector<std::string> out;
    const auto& book = writer_->book();
    for (const auto& what : book.orders()) {
      const auto name = what.id.str() + " (" + std::string(to_string(what.state)) + ") ";
      const auto made = venue_.orders_of(what.wire_id);
      if (made > 1) out.push_back(name + "has " + std::to_string(made) + " orders at the venue");
      if (what.state == order_state::submitting || what.state == order_state::unknown || what.state == order_state::pending_cancel ||
          what.state == order_state::pending_replace)
        out.push_back(name + "is still in doubt");
      if (what.state == order_state::rejected && !what.filled.is_zero()) out.push_back(name + "is executed");
    }
    const auto held = const_cast<faulty_venue&>(venue_).truth().positions().find("AAPL");
    const auto there = held == const_cast<faulty_venue&>(venue_).truth().positions().end() ? quantity{} : held->second.qty;
    if (book.held("AAPL") != there) out.push_back("holds " + book.held("AAPL").to_string() + ", the venue says " + there.to_string());
    return out;
  }
  [[nodiscard]] std::string journal() const {
    std::string out;
    for (const auto& one : store_->batches) out += one.bytes;
    return out;
  }
  [[nodiscard]] std::size_t orders() const { return writer_->book().orders().size(); }
  [[nodiscard]] int deaths() const { return deaths_; }

private:
  void start() {
    writer_settings s;
    s.profile = opening().profile;
    s.opening_cash = opening().cash;
    s.core = settings();
    s.core.can = paper::paper_capabilities();
    s.core.epoch = lease_epoch{++epoch_};
    gate_ = std::make_unique<open_gate>();
    auto opened = account_writer::open(store_, std::move(s), *gate_, write());
    ASSERT_TRUE(opened) << to_string(opened.error());
    writer_ = std::move(*opened);
    carry_out(writer_->started());
  }
  [[nodiscard]] write_time write() const { return {now_, now_.time_since_epoch().count()}; }
  [[nodiscard]] int pick(int below) { return static_cast<int>(draw_() % static_cast<std::uint64_t>(below)); }

  void carry_out(const std::vector<effect>& effects) {
    for (const auto& e : effects) {
      const auto request = request_in(e);
      if (!request) continue;
      std::visit(
        [this](const auto& what) {
          using type = std::decay_t<decltype(what)>;
          if constexpr (std::is_same_v<type, submit_request>) venue_.submit(what, now_);
          else if constexpr (std::is_same_v<type, cancel_request>) venue_.cancel(what, now_);
          else if constexpr (std::is_same_v<type, replace_request>) venue_.replace(what, now_);
          else if constexpr (std::is_same_v<type, lookup_request>) venue_.lookup(what, now_);
          else venue_.listing(what, now_);
        },
        *request);
    }
  }
  void take(outcome out) { writer_->take(std::move(out), now_.time_since_epoch().count()); }
  void commit() {
    for (auto& one : writer_->commit(write())) {
      ASSERT_FALSE(one.failed);
      carry_out(one.what.effects);
    }
  }
  void quote() {
    last_ += pick(41) - 20;
    last_ = std::max<std::int64_t>(last_, 5'000);
    const auto at_cents = [](std::int64_t cents) { return price{decimal::from_scaled(cents, 2)}; };
    venue_.truth().on_quote("AAPL", {now_, at_cents(last_ - 1), at_cents(last_ + 1), q(500), q(500)});
    venue_.truth().on_trade("AAPL", {now_, at_cents(last_), q(200)});
    price_ = at_cents(last_);
  }

  void step() {
    now_ += step_time;
    if (cut_ > 0 && --cut_ == 0) venue_.reconnect(now_);
    quote();
    take(writer_->core().on_price("AAPL", price_, now_));
    for (auto& report : venue_.take(now_)) {
      if (auto* snapshot = std::get_if<venue_snapshot>(&report)) snapshot->received_at = writer_->book().last(); // as the actor does
      take(writer_->core().on_report(report, now_));
    }
    if (const auto due = writer_->core().next_due(); due && *due <= now_) take(writer_->core().tick(now_));
    commit();
  }

  void act() {
    switch (pick(20)) {
    case 0:
    case 1:
    case 2: place(order_type::market); break;
    case 3:
    case 4: place(order_type::limit); break;
    case 5: place(order_type::bracket); break;
    case 6:
    case 7: change(); break;
    case 8: cancel(); break;
    case 9: accident(); break;
    default: break;
    }
    if (writer_->waiting() > 0 && pick(30) > 0) commit(); // else it dies with what waits
  }
  void place(order_type type) {
    auto what = wanted("o" + std::to_string(++keys_), pick(2) ? order_side::buy : order_side::sell, 1 + pick(20), type);
    const auto near = [&](std::int64_t cents) { return price{decimal::from_scaled(last_ + cents, 2)}; };
    const bool buys = what.request.side == order_side::buy;
    if (type == order_type::limit) what.request.limit_price = near((buys ? -1 : 1) * pick(30));
    if (type == order_type::bracket) {
      what.request.loss = stop_loss{near(buys ? -60 : 60), std::nullopt};
      what.request.profit = take_profit{near(buys ? 60 : -60)};
    }
    take(writer_->core().place(what, now_));
  }
  [[nodiscard]] const order* some_open_order() {
    const auto& open = writer_->book().open_orders();
    if (open.empty()) return nullptr;
    auto at = open.begin();
    std::advance(at, pick(static_cast<int>(open.size())));
    return writer_->book().find(*at);
  }
  void cancel() {
    if (const auto* what = some_open_order()) take(writer_->core().cancel(what->number, "changed my mind", now_));
  }
  void change() {
    const auto* what = some_open_order();
    if (!what || !what->leg.empty() || what->terms.type != order_type::limit) return;
    terms_change to;
    to.qty = q(1 + pick(30));
    take(writer_->core().replace(what->number, to, now_));
  }
  void accident() {
    switch (pick(4)) {
    case 0:
      if (venue_.is_connected()) venue_.disconnect(now_);
      cut_ = 1 + pick(20);
      break;
    case 1:
    case 2: venue_.restart(now_); break;
    default: // what waits for the journal, and what is on its way to us, is lost
      ++deaths_;
      writer_.reset();
      start();
    }
  }

  std::mt19937_64 draw_;
  utc_time now_ = *parse_iso8601("2026-01-15T15:00:00Z");
  faulty_venue venue_;
  std::shared_ptr<memory_store> store_ = std::make_shared<memory_store>();
  std::unique_ptr<open_gate> gate_;
  std::unique_ptr<account_writer> writer_;
  price price_;
  std::int64_t last_ = 10'000;
  std::uint64_t epoch_ = 0;
  int keys_ = 0, deaths_ = 0, cut_ = 0;
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
