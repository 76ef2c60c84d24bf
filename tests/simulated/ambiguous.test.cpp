// Ten thousand submits (2,000 without TT_SUBMITS) over a line that loses one answer in five, lets one in ten time out and tells one in twenty twice,
// to a venue that would make two orders of one that is sent twice. TT_SUBMITS sets how many; `ctest -L chaos` runs all of them.

#include "tests/simulated/account_line.hpp"

#include <cstdlib>

namespace tt::execution::test {
namespace {

using namespace std::chrono_literals;

int submits() {
  const char* text = std::getenv("TT_SUBMITS"); // NOLINT: one thread
  return text ? std::atoi(text) : 2'000;
}

constexpr fault_rates ambiguous{.request_lost = 100, .answer_lost = 200, .answer_doubled = 50, .stream_dropped = 500, .stream_doubled = 50,
                                .listing_partial = 1000, .lookup_failed = 950, .most_delay = 400ms};

TEST(ambiguous_submits, end_in_one_venue_order_each_and_are_resolved_five_seconds_after_the_line_is_well) {
  account_line a(ambiguous, 2026, duplicate_protection::none);
  std::vector<order_number> placed;
  const auto never_failed_while_there = [&] {
    for (const auto n : placed)
      if (const auto& what = a.get(n); what.state == order_state::rejected) { ASSERT_EQ(a.venue.orders_of(what.wire_id), 0) << what.id.str() << ' ' << what.reason; }
  };
  constexpr int at_once = 200;
  for (int i = 0; i < submits(); i += at_once) {
    for (int j = 0; j < at_once; ++j) placed.push_back(a.limit("k" + std::to_string(i + j), order_side::buy, 1, 9'000));
    a.pass(100ms, 100ms);
  }
  a.pass(15s, 500ms);
  never_failed_while_there();
  const auto unknown = [&] { return std::ranges::count_if(placed, [&](order_number n) { return a.get(n).state == order_state::unknown; }); };
  const auto in_doubt = unknown();
  EXPECT_GT(in_doubt, submits() / 20) << "the test has something to resolve";
  a.venue.heal();
  for (int i = 0; i < 25; ++i) {
    a.pass(200ms, 200ms);
    never_failed_while_there();
  }
  int at_venue = 0, absent = 0;
  for (const auto n : placed) {
    const auto& what = a.get(n);
    const int there = a.venue.orders_of(what.wire_id);
    ASSERT_EQ(a.sent[what.wire_id.str()], 1) << "nothing that may have arrived goes out again";
    if (what.state == order_state::working) {
      ASSERT_EQ(there, 1);
      ++at_venue;
    } else {
      ASSERT_EQ(what.state, order_state::rejected) << what.id.str() << " five seconds after the line was well";
      ASSERT_EQ(what.reject_code, "never_reached_venue");
      ASSERT_EQ(there, 0);
      ++absent;
    }
  }
  EXPECT_EQ(a.venue.truth().open_orders(), static_cast<std::size_t>(at_venue)) << "one live order of each intent and no other";
  EXPECT_EQ(a.faults(), std::vector<std::string>{});
  // the origin may try again, as a further attempt: then each intent has its one order
  std::vector<order_number> again;
  for (const auto n : placed)
    if (a.get(n).state == order_state::rejected) {
      auto out = a.core().retry(n, a.now);
      ASSERT_FALSE(out.refused);
      again.push_back(out.order);
      a.take(std::move(out));
      a.commit();
    }
  a.pass(2s);
  for (const auto n : again) {
    ASSERT_EQ(a.get(n).state, order_state::working);
    ASSERT_EQ(a.venue.orders_of(a.get(n).wire_id), 1);
  }
  EXPECT_EQ(a.venue.truth().open_orders(), placed.size());
  std::printf("%zu submits: %lld in doubt when the line was well again, %d at the venue, %d never there\n", placed.size(),
              static_cast<long long>(in_doubt), at_venue, absent);
}

} // namespace
} // namespace tt::execution::test
