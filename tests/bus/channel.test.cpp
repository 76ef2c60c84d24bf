// The sender and the receiver on their own: window, acknowledgement, repair.
#include "bus/channel/channel.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace bus::channel;
using namespace std::chrono_literals;

namespace {

body_ptr body(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

const time_point t0 = time_point{} + 1h;

std::vector<uint64_t> due(sender& s, time_point now) {
  std::vector<uint64_t> result;
  while (const auto* f = s.next(now)) result.push_back(f->seq);
  return result;
}

std::string accept(receiver& r, uint64_t seq, std::string_view text, time_point now = t0) {
  std::string out;
  r.accept(seq, text, 1, now, [&](std::string_view b, uint32_t) { out += b; });
  return out;
}

} // namespace

TEST(channel_sender, sends_each_frame_once_until_asked_again) {
  sender s{{}};
  for (int i = 0; i < 3; ++i) s.push(body("x"), 1);
  EXPECT_EQ(due(s, t0), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_TRUE(due(s, t0).empty());
  EXPECT_TRUE(s.acknowledge({2, {}}, t0));
  EXPECT_EQ(s.in_flight(), 1u);
  s.repeat_all();
  EXPECT_EQ(due(s, t0), (std::vector<uint64_t>{3}));
  EXPECT_EQ(s.statistics().repeated, 1u);
}

TEST(channel_sender, a_refused_frame_stays_first_in_line) {
  sender s{{}};
  s.push(body("a"), 1);
  s.push(body("b"), 1);
  ASSERT_EQ(s.next(t0)->seq, 1u);
  s.take_back();
  EXPECT_EQ(due(s, t0), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(s.statistics().repeated, 0u);
}

TEST(channel_sender, repairs_what_is_missing_but_not_more_often_than_allowed) {
  sender s{{}};
  for (int i = 0; i < 6; ++i) s.push(body("x"), 1);
  due(s, t0);
  EXPECT_TRUE(s.acknowledge({1, {{2, 2}, {4, 5}}}, t0 + 1ms));
  EXPECT_TRUE(due(s, t0 + 1ms).empty());
  EXPECT_TRUE(s.acknowledge({1, {{2, 2}, {4, 5}}}, t0 + 10ms));
  EXPECT_EQ(due(s, t0 + 10ms), (std::vector<uint64_t>{2, 4, 5}));
  EXPECT_TRUE(s.acknowledge({1, {{2, 2}, {4, 5}}}, t0 + 11ms));
  EXPECT_TRUE(due(s, t0 + 11ms).empty());
}

TEST(channel_sender, repeats_the_oldest_after_a_pause_that_doubles) {
  settings cfg;
  cfg.retry_frames = 2;
  sender s{cfg};
  for (int i = 0; i < 3; ++i) s.push(body("x"), 1);
  due(s, t0);
  s.tick(t0 + 249ms);
  EXPECT_TRUE(due(s, t0 + 249ms).empty());
  s.tick(t0 + 250ms);
  EXPECT_EQ(due(s, t0 + 250ms), (std::vector<uint64_t>{1, 2}));
  s.tick(t0 + 700ms);
  EXPECT_TRUE(due(s, t0 + 700ms).empty());
  s.tick(t0 + 750ms);
  EXPECT_EQ(due(s, t0 + 750ms), (std::vector<uint64_t>{1, 2}));
}

TEST(channel_sender, the_window_closes_by_frames_and_by_bytes) {
  settings cfg;
  cfg.window_frames = 2;
  sender s{cfg};
  s.push(body("x"), 1);
  EXPECT_TRUE(s.has_room());
  s.push(body("x"), 1);
  EXPECT_FALSE(s.has_room());
  EXPECT_TRUE(s.acknowledge({0, {}}, t0));
  EXPECT_FALSE(s.has_room());
  due(s, t0);
  EXPECT_TRUE(s.acknowledge({1, {}}, t0));
  EXPECT_TRUE(s.has_room());
  cfg.window_bytes = 10;
  sender b{cfg};
  b.push(body(std::string(100, 'x')), 1); // one large frame always fits
  EXPECT_FALSE(b.has_room());
  EXPECT_EQ(b.bytes_in_flight(), 100u);
}

TEST(channel_sender, has_fewer_bytes_in_flight_where_acknowledgements_come_late) {
  const settings cfg;
  sender s{cfg};
  auto now = t0;
  const auto one_answered_after = [&](duration delay) {
    s.push(body(std::string(s.room(), 'x')), 1);
    due(s, now);
    now += delay;
    EXPECT_TRUE(s.acknowledge({s.last_seq(), {}}, now));
    return s.room();
  };
  EXPECT_EQ(s.room(), cfg.first_bytes);
  EXPECT_EQ(one_answered_after(cfg.late), cfg.first_bytes); // never fewer
  EXPECT_EQ(one_answered_after(cfg.prompt), 2 * cfg.first_bytes);
  EXPECT_EQ(one_answered_after(cfg.prompt + 1ms), 2 * cfg.first_bytes);
  for (int i = 0; i < 10; ++i) one_answered_after(1ms);
  EXPECT_EQ(s.room(), cfg.window_bytes);
  EXPECT_EQ(one_answered_after(cfg.late), cfg.window_bytes / 2);
  // nor does it say anything that a little was quick
  s.push(body("x"), 1);
  due(s, now);
  EXPECT_TRUE(s.acknowledge({s.last_seq(), {}}, now + 1ms));
  EXPECT_EQ(s.room(), cfg.window_bytes / 2);
  // what was sent twice tells nothing: nobody knows which of them was answered
  s.push(body(std::string(s.room(), 'x')), 1);
  due(s, now);
  s.repeat_all();
  due(s, now);
  EXPECT_TRUE(s.acknowledge({s.last_seq(), {}}, now + 1ms));
  EXPECT_EQ(s.room(), cfg.window_bytes / 2);
}

TEST(channel_sender, refuses_acknowledgements_of_what_was_never_sent) {
  sender s{{}};
  s.push(body("x"), 1);
  EXPECT_FALSE(s.acknowledge({2, {}}, t0));
  EXPECT_FALSE(s.acknowledge({0, {{1, 7}}}, t0));
  EXPECT_FALSE(s.acknowledge({0, {{1, 0}}}, t0));
}

TEST(channel_receiver, delivers_in_order_and_once) {
  receiver r{{}};
  EXPECT_EQ(accept(r, 1, "a"), "a");
  EXPECT_EQ(accept(r, 1, "a"), "");
  EXPECT_EQ(accept(r, 3, "c"), "");
  EXPECT_EQ(accept(r, 3, "c"), "");
  EXPECT_EQ(accept(r, 5, "e"), "");
  EXPECT_EQ(accept(r, 2, "b"), "bc");
  EXPECT_EQ(accept(r, 4, "d"), "de");
  EXPECT_EQ(r.received(), 5u);
  EXPECT_EQ(r.statistics().duplicates, 2u);
  EXPECT_EQ(r.buffered(), 0u);
}

TEST(channel_receiver, names_the_gaps) {
  receiver r{{}};
  accept(r, 1, "a");
  accept(r, 4, "d");
  accept(r, 5, "e");
  accept(r, 9, "i");
  EXPECT_TRUE(r.ack_due(t0));
  const auto a = r.acknowledgement(t0);
  EXPECT_EQ(a.received, 1u);
  EXPECT_EQ(a.missing, (std::vector<seq_range>{{2, 3}, {6, 8}}));
  EXPECT_FALSE(r.ack_due(t0));
  EXPECT_TRUE(r.ack_due(t0 + 10ms)); // the gap is still there
}

TEST(channel_receiver, keeps_no_more_than_its_window) {
  settings cfg;
  cfg.window_frames = 4;
  receiver r{cfg};
  const auto take = [&](uint64_t seq) {
    return r.accept(seq, "x", 1, t0, [](std::string_view, uint32_t) {});
  };
  EXPECT_EQ(take(5), verdict::out_of_range);
  EXPECT_EQ(take(4), verdict::buffered);
  EXPECT_EQ(take(UINT64_MAX), verdict::out_of_range);
  EXPECT_EQ(r.buffered(), 1u);
}

TEST(channel_receiver, acknowledges_after_frames_or_time) {
  settings cfg;
  cfg.ack_frames = 3;
  receiver r{cfg};
  accept(r, 1, "a");
  EXPECT_FALSE(r.ack_due(t0));
  EXPECT_EQ(r.deadline(), t0 + cfg.ack_after);
  EXPECT_TRUE(r.ack_due(t0 + cfg.ack_after));
  accept(r, 2, "b");
  accept(r, 3, "c");
  EXPECT_TRUE(r.ack_due(t0));
  EXPECT_EQ(r.acknowledgement(t0).received, 3u);
  EXPECT_FALSE(r.deadline());
}
