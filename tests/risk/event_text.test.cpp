#include "desk.hpp"

#include "actors/risk/event_text.hpp"

#include <random>

namespace tt::risk::test {
namespace {

limit_event some_limit_event() {
  limit_event event;
  event.version = 7;
  event.at = session_time();
  event.change.where = {limit_scope::strategy, "s:1"};
  event.change.account = "acct";
  event.change.profile = "rebalance";
  event.change.author = "ann";
  event.change.reason = "line\nbreak, 5:five";
  event.change.by = limit_change::role::admin;
  event.change.values = {{limit_id::daily_loss, limit_setting::of(dec("0.01"))}, {limit_id::position_qty, limit_setting::off()},
                         {limit_id::sector, limit_setting{}}, {limit_id::stop_required, limit_setting::of(decimal{1})}};
  event.before = {{limit_id::daily_loss, limit_setting::of(dec("0.02"))}, {limit_id::position_qty, limit_setting{}},
                  {limit_id::sector, limit_setting::of(dec("0.3"))}, {limit_id::stop_required, limit_setting{}}};
  return event;
}

TEST(event_text, events_come_back_as_they_were) {
  const auto limits = some_limit_event();
  EXPECT_EQ(*parse_limit_event(to_text(limits)), limits);
  const kill_event stop{3, kill_event::kind::engaged, {kill_scope::kind::account, "acct"}, kill_mode::flatten, "ann", "why", session_time()};
  EXPECT_EQ(*parse_kill_event(to_text(stop)), stop);
  const breaker_event trip{4, breaker_event::kind::tripped, breaker_kind::slippage, {breaker_scope::kind::strategy, "s"}, dec("3.5"), dec("3"), "", "x", session_time()};
  EXPECT_EQ(*parse_breaker_event(to_text(trip)), trip);
}

/// What is in journals must be readable for ever: these bytes may not change.
TEST(event_text, golden) {
  const kill_event stop{3, kill_event::kind::engaged, {kill_scope::kind::account, "acct"}, kill_mode::halt, "ann", "why", from_unix_seconds(1)};
  EXPECT_EQ(to_text(stop), "4:stop1:11:310:10000000001:01:14:acct1:33:ann3:why");
  const breaker_event trip{4, breaker_event::kind::reset, breaker_kind::daily_loss, {}, dec("0.03"), dec("0.02"), "", "new day", from_unix_seconds(1)};
  EXPECT_EQ(to_text(trip), "7:breaker1:11:410:10000000001:110:DAILY_LOSS1:00:4:0.034:0.020:7:new day");
  limit_event limits;
  limits.version = 1;
  limits.at = from_unix_seconds(1);
  limits.change.author = "a";
  limits.change.reason = "b";
  limits.change.values = {{limit_id::daily_loss, limit_setting::of(dec("0.01"))}};
  EXPECT_EQ(to_text(limits), "6:limits1:11:110:10000000001:01:00:0:0:1:a1:b1:01:110:daily_loss4:0.017:inherit");
}

TEST(event_text, damaged_and_newer_ones_are_errors) {
  const auto good = to_text(some_limit_event());
  std::mt19937_64 random(1);
  for (int i = 0; i < 5'000; ++i) {
    auto text = good;
    const auto at = random() % text.size();
    if (i % 2) text[at] = static_cast<char>(random());
    else text.resize(at);
    const auto parsed = parse_limit_event(text); // whatever it says, it returns
    if (i % 2 == 0) {
      EXPECT_FALSE(parsed);
    }
  }
  EXPECT_EQ(parse_kill_event("4:stop1:2").error().code, errc::unsupported);
  EXPECT_EQ(parse_kill_event("").error().code, errc::corrupt_data);
  EXPECT_EQ(parse_kill_event(good).error().code, errc::corrupt_data);
  auto unknown = good;
  unknown.replace(unknown.find("daily_loss"), 10, "daily_gain");
  EXPECT_EQ(parse_limit_event(unknown).error().code, errc::unsupported) << "leaving a limit out could loosen the gate";
}

} // namespace
} // namespace tt::risk::test
