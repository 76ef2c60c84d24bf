// The outbox: what waits, in which order, for which session, and when a message may
// go around it.
#include "bus/link/outbox.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace bus::link;

namespace {

struct recorder final : direct_sender {
  bool send_directly(std::string_view message) override {
    ++asked;
    if (!is_idle) return false;
    sent.emplace_back(message);
    return true;
  }
  bool is_idle = true;
  int asked = 0;
  std::vector<std::string> sent;
};

std::vector<std::string> take_all(outbox& x) {
  std::vector<std::string> result;
  for (chunk c; x.take(c);) result.push_back(c.bytes);
  return result;
}

constexpr auto ordinary = lane::ordinary;
constexpr auto vital = lane::vital;

class outbox_test : public ::testing::Test {
public:
  wake_signal signal;
  outbox box{1000, signal};
};

} // namespace

TEST_F(outbox_test, accepts_for_the_session_that_is_open_and_no_other) {
  EXPECT_EQ(box.append("x", ordinary, 1), append_result::closed);
  box.open(1);
  EXPECT_EQ(box.append("a", ordinary, 1), append_result::accepted);
  EXPECT_EQ(box.append("b", ordinary, 2), append_result::closed);
  box.open(2);
  EXPECT_EQ(box.append("c", ordinary, 1), append_result::closed);
  EXPECT_TRUE(take_all(box).empty()); // what waited for session 1 is gone with it
  box.close();
  EXPECT_EQ(box.append("d", ordinary, 2), append_result::closed);
}

TEST_F(outbox_test, gathers_messages_into_frames) {
  box.open(1);
  for (const auto* x : {"a", "b", "c"}) (void)box.append(x, ordinary, 1);
  chunk c;
  ASSERT_TRUE(box.take(c));
  EXPECT_EQ(c.bytes, "abc");
  EXPECT_EQ(c.messages, 3u);
  EXPECT_EQ(box.bytes(), 0u);
}

TEST_F(outbox_test, refuses_beyond_its_limit_but_answers_and_vital_messages_later) {
  box.open(1);
  const std::string large(600, 'x');
  EXPECT_EQ(box.append(large, ordinary, 1), append_result::accepted);
  EXPECT_EQ(box.append(large, ordinary, 1), append_result::overloaded);
  EXPECT_EQ(box.append(large, lane::answer, 1), append_result::accepted);
  EXPECT_EQ(box.append(large, lane::answer, 1), append_result::accepted);
  EXPECT_EQ(box.append(large, lane::answer, 1), append_result::overloaded);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(box.append(large, vital, 1), append_result::accepted);
  EXPECT_FALSE(box.overrun());
  EXPECT_EQ(box.append(large, vital, 1), append_result::overloaded);
  EXPECT_TRUE(box.overrun()); // the peer lacks something for good
  box.open(2);
  EXPECT_FALSE(box.overrun());
}

TEST_F(outbox_test, lets_a_message_go_around_it_only_while_nothing_waits) {
  recorder direct;
  box.open(1, &direct);
  EXPECT_EQ(box.append("a", ordinary, 1), append_result::accepted);
  EXPECT_EQ(direct.sent, std::vector<std::string>{"a"});
  EXPECT_EQ(box.bytes(), 0u);
  direct.is_idle = false;
  (void)box.append("b", ordinary, 1);
  direct.is_idle = true;
  const auto asked = direct.asked;
  (void)box.append("c", ordinary, 1); // must not overtake b
  EXPECT_EQ(direct.asked, asked);
  EXPECT_EQ(take_all(box), std::vector<std::string>{"bc"});
  (void)box.append("d", ordinary, 1);
  EXPECT_EQ(direct.sent, (std::vector<std::string>{"a", "d"}));
  box.close();
  EXPECT_EQ(box.append("e", ordinary, 1), append_result::closed);
  EXPECT_EQ(direct.sent.size(), 2u);
}
