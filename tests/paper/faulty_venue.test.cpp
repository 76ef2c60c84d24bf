#include "stall.hpp"

#include "tests/execution/support/faulty_venue.hpp"

namespace tt::execution::test {
namespace {

using namespace paper::test;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

struct bench {
  utc_time now = at("2026-01-15T15:00:00Z");
  faulty_venue venue;

  explicit bench(fault_rates rates = {}, std::uint64_t seed = 1, duplicate_protection protects = duplicate_protection::by_wire_id)
    : venue(rates, seed, paper::paper_settings{}, now, protects) {
    venue.truth().list(contract("AAPL", asset_class::stock, "XNYS", "0.01", "1", "1"));
    quote("99", "101");
  }
  void quote(const char* bid, const char* ask) { venue.truth().on_quote("AAPL", {now, px(bid), px(ask), qty("1000"), qty("1000")}); }
  submit_request order(const char* wire, const char* limit = nullptr) const {
    submit_request r;
    r.account = account_id{"paper_simulator"};
    r.wire_id = wire_order_id{wire};
    r.symbol = "AAPL";
    r.terms.qty = qty("10");
    if (limit) {
      r.terms.type = order_type::limit;
      r.terms.limit_price = px(limit);
    }
    return r;
  }
  lines take() {
    lines out;
    for (const auto& one : venue.take(now)) out.push_back(describe(one));
    return out;
  }
};

TEST(faulty_venue, without_faults_it_is_the_exact_venue) {
  bench b;
  b.venue.submit(b.order("A"), b.now);
  EXPECT_EQ(b.take(), (lines{"A accepted working", "A +10@101", "A filled"}));
  EXPECT_EQ(b.venue.orders_of(wire_order_id{"A"}), 1);
}

TEST(faulty_venue, scripted_faults_of_requests) {
  bench b;
  b.venue.script(0, request_fault::lost);
  b.venue.script(1, request_fault::answer_lost);
  b.venue.script(2, request_fault::not_sent);
  b.venue.script(3, request_fault::error_page);
  b.venue.script(4, request_fault::doubled);
  b.venue.script(5, request_fault::answer_doubled);
  for (const char* wire : {"A", "B", "C", "D", "E", "F"}) b.venue.submit(b.order(wire, "50"), b.now);
  EXPECT_EQ(b.take(), (lines{"C not_sent", "D ambiguous", "E accepted working", "E ambiguous", "F accepted working", "F accepted working"}));
  b.now += 2s;
  EXPECT_EQ(b.take(), (lines{"A ambiguous", "B ambiguous"}));
  const auto made = [&](const char* wire) { return b.venue.orders_of(wire_order_id{wire}); };
  EXPECT_EQ(made("A"), 0);
  EXPECT_EQ(made("B"), 1) << "timed out, and there all the same";
  EXPECT_EQ(made("C"), 0);
  EXPECT_EQ(made("D"), 1);
  EXPECT_EQ(made("E"), 1);
  bench open({}, 1, duplicate_protection::none);
  open.venue.script(0, request_fault::doubled);
  open.venue.submit(open.order("A", "50"), open.now);
  open.take();
  EXPECT_EQ(open.venue.orders_of(wire_order_id{"A"}), 2) << "the control: a venue without protection takes it twice";
}

TEST(faulty_venue, the_stream_drops_frames_and_listings_know) {
  bench b({.stream_dropped = 1000});
  b.venue.submit(b.order("A"), b.now);
  EXPECT_EQ(b.take(), lines{"A accepted working"});
  b.venue.listing({account_id{"paper_simulator"}, 1, journal_offset::none, {}, {}}, b.now);
  const auto reports = b.venue.take(b.now);
  const auto& all = std::get<venue_snapshot>(reports.at(0));
  ASSERT_EQ(all.executions.size(), 1u);
  EXPECT_EQ(all.executions[0].order.wire_id.str(), "A");
  EXPECT_EQ(all.orders.at(0).status, venue_status::filled);
}

TEST(faulty_venue, delays_let_later_messages_overtake) {
  bool overtaken = false;
  for (std::uint64_t seed = 1; seed < 20 && !overtaken; ++seed) {
    bench b({.most_delay = 500ms}, seed);
    b.venue.submit(b.order("A"), b.now);
    b.now += 2s;
    const auto seen = b.take();
    ASSERT_EQ(seen.size(), 3u);
    overtaken = seen.front() != "A accepted working";
  }
  EXPECT_TRUE(overtaken);
}

TEST(faulty_venue, a_restart_gives_known_ids_to_other_orders) {
  bench b({}, 3);
  std::map<std::string, std::string> before, after;
  for (const char* wire : {"A", "B", "C", "D"}) b.venue.submit(b.order(wire, "50"), b.now);
  for (const auto& one : b.venue.take(b.now))
    if (const auto* a = std::get_if<submit_answer>(&one)) before[a->order.venue_order.str()] = a->order.wire_id.str();
  b.venue.restart(b.now);
  EXPECT_EQ(b.take(), (lines{"session down", "session synchronising", "session up"}));
  b.venue.listing({account_id{"paper_simulator"}, 1, journal_offset::none, {}, {}}, b.now);
  const auto reports = b.venue.take(b.now);
  const auto& all = std::get<venue_snapshot>(reports.at(0));
  for (const auto& one : all.orders) after[one.order.venue_order.str()] = one.order.wire_id.str();
  ASSERT_EQ(before.size(), 4u);
  ASSERT_EQ(after.size(), 4u);
  EXPECT_NE(before, after) << "same ids, other orders";
  EXPECT_EQ(all.session, "epoch-2");
  // a bare id of the old epoch reaches nothing
  b.venue.cancel({lease_epoch::none, account_id{"paper_simulator"}, {}, venue_order_id{"1"}, "epoch-1"}, b.now);
  EXPECT_EQ(b.take(), lines{" cancel not_open"});
}

TEST(faulty_venue, without_a_line_nothing_is_sent_and_nothing_heard) {
  bench b;
  b.venue.submit(b.order("A", "100"), b.now);
  b.take();
  b.venue.disconnect(b.now);
  b.quote("99", "100");
  b.venue.submit(b.order("B"), b.now);
  EXPECT_EQ(b.take(), (lines{"session down", "B not_sent"}));
  b.venue.reconnect(b.now);
  EXPECT_EQ(b.take(), (lines{"session synchronising", "session up"})) << "the fill of A is not told again";
  EXPECT_EQ(b.venue.truth().positions().at("AAPL").qty, qty("10"));
}

TEST(faulty_venue, trades_by_hand_carry_no_id_of_ours) {
  bench b;
  b.venue.trade_by_hand("AAPL", direction::buy, qty("3"), b.now);
  const auto seen = b.venue.take(b.now);
  ASSERT_FALSE(seen.empty());
  for (const auto& one : seen)
    if (const auto* e = std::get_if<execution_report>(&one)) {
      EXPECT_TRUE(e->order.wire_id.empty());
      EXPECT_FALSE(e->order.venue_order.empty());
    }
}

TEST(faulty_venue, the_same_seed_gives_the_same_run) {
  const auto run = [](std::uint64_t seed) {
    bench b({.request_lost = 100, .answer_lost = 100, .not_sent = 50, .request_doubled = 100, .answer_doubled = 100, .error_page = 50,
             .stream_dropped = 100, .stream_doubled = 100, .most_delay = 300ms},
            seed);
    lines all;
    for (int i = 0; i < 200; ++i) {
      b.now += 37ms;
      b.quote("99", i % 3 ? "101" : "100");
      b.venue.submit(b.order(("W" + std::to_string(i)).c_str(), i % 2 ? "100" : nullptr), b.now);
      if (i % 50 == 49) b.venue.restart(b.now);
      for (auto& line : b.take()) all.push_back(line);
    }
    return all;
  };
  EXPECT_EQ(run(11), run(11));
  EXPECT_NE(run(11), run(12));
}

} // namespace
} // namespace tt::execution::test
