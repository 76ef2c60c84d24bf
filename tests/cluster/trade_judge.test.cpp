// The demotion rule over the executions of strategies that keep no run: YAML jobs and webhooks.

#include "cluster/strategies/trade_judge.hpp"
#include "tests/gateways/support/two_accounts.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace tt::cluster::test {
namespace {

using strategy::strategy_mode;

const strategy_id job{"job"};
const account_id paper{"paper_simulator"};

class asked_accounts final : public gateway::test::two_accounts {
public:
  void executions(const gateway::trading_caller&, gateway::order_filter, gateway::reply<std::vector<gateway::execution_snapshot>> done) override {
    ++asked;
    answer = std::move(done);
  }
  gateway::reply<std::vector<gateway::execution_snapshot>> answer;
  int asked = 0;
};

class trade_judge_test : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_TRUE(add(job, strategy::strategy_kind::yaml)); }

  result<strategy::strategy_record> add(const strategy_id& id, strategy::strategy_kind kind) {
    strategy::strategy_record r;
    r.id = id, r.name = id.str();
    r.state.account = paper, r.state.kind = kind;
    r.evaluation_period = 2;
    return records->add(r, "", {"me", from_unix_ms(0)});
  }
  /// An execution as the account tells of it.
  gateway::execution_snapshot made(const strategy_id& of, direction way, std::int64_t at) {
    gateway::execution_snapshot one;
    one.account = paper, one.strategy = of, one.sequence = ++sequence;
    one.fill.order = order_number{sequence};
    one.fill.symbol = "AAPL";
    one.fill.way = way, one.fill.qty = quantity{std::int64_t{1}}, one.fill.px = price{decimal{at}};
    one.fill.at = from_unix_ms(static_cast<std::int64_t>(sequence) * 1'000);
    one.contract.multiplier = decimal{1};
    all.insert(all.begin(), one);
    return one;
  }
  void tell(const gateway::execution_snapshot& seen) { judge.on_execution(seen); }
  void round_trip(const strategy_id& of, std::int64_t from, std::int64_t to) {
    tell(made(of, direction::buy, from));
    tell(made(of, direction::sell, to));
  }
  void work() {
    while (!tasks.empty()) {
      const auto next = std::move(tasks.front());
      tasks.pop_front();
      next();
    }
  }
  void answer() {
    work();
    ASSERT_TRUE(port.answer);
    std::exchange(port.answer, {})(all);
    work();
  }
  [[nodiscard]] strategy_mode mode_of(const strategy_id& id) const { return records->state_of(id)->mode; }
  [[nodiscard]] std::size_t proposals(const strategy_id& id) const {
    const auto rows = records->transitions(id, 100);
    return static_cast<std::size_t>(std::ranges::count(rows, "proposal", &strategy::transition_row::kind));
  }

  std::shared_ptr<strategy::registry> records = std::move(strategy::registry::open("").value());
  asked_accounts port;
  std::deque<std::function<void()>> tasks;
  std::size_t room = 1'000;
  trade_judge judge{records, port, [] { return from_unix_ms(0); }, [this](std::function<void()> task) {
                      if (tasks.size() >= room) return trade_judge::posted::full;
                      tasks.push_back(std::move(task));
                      return trade_judge::posted::yes;
                    }};
  std::vector<gateway::execution_snapshot> all; ///< newest first
  std::uint64_t sequence = 0;
};

TEST_F(trade_judge_test, two_bad_sets_take_a_live_job_back_to_paper) {
  ASSERT_TRUE(records->set_mode(job, strategy_mode::live, "confirmed", {"me", from_unix_ms(0)}));
  round_trip(job, 10, 9);
  answer();
  for (int i = 0; i < 2; ++i) round_trip(job, 10, 9);
  work();
  EXPECT_EQ(mode_of(job), strategy_mode::live) << "the second set is not over";
  round_trip(job, 10, 9);
  work();
  EXPECT_EQ(mode_of(job), strategy_mode::paper);
  EXPECT_EQ(records->transitions(job, 1).front().author, "demotion rule");
  EXPECT_EQ(port.asked, 1) << "what came before was asked for once";
}

TEST_F(trade_judge_test, what_was_before_it_and_while_it_asked_counts_once) {
  ASSERT_TRUE(records->set_mode(job, strategy_mode::live, "confirmed", {"me", from_unix_ms(0)}));
  for (int i = 0; i < 3; ++i) made(job, direction::buy, 10), made(job, direction::sell, 9); // before this node had the account
  round_trip(job, 10, 9);
  answer(); // the answer has them all, the two that were told included
  EXPECT_EQ(mode_of(job), strategy_mode::paper);
}

TEST_F(trade_judge_test, promotion_is_proposed_once_for_its_sets) {
  round_trip(job, 9, 10);
  answer();
  for (int i = 0; i < 3; ++i) round_trip(job, 9, 10);
  work();
  EXPECT_EQ(proposals(job), 1u);
  EXPECT_EQ(mode_of(job), strategy_mode::paper) << "a person has to confirm";
  tell(made(job, direction::buy, 9));
  work();
  EXPECT_EQ(proposals(job), 1u) << "nothing has closed";
  tell(made(job, direction::sell, 10));
  work();
  EXPECT_EQ(proposals(job), 1u) << "the next set is not over";
}

TEST_F(trade_judge_test, pine_strategies_and_strangers_are_left_alone) {
  const strategy_id pine{"pine"};
  ASSERT_TRUE(add(pine, strategy::strategy_kind::pine));
  round_trip(pine, 10, 9);
  round_trip(strategy_id{"nobody"}, 10, 9);
  round_trip(strategy_id{}, 10, 9);
  EXPECT_TRUE(tasks.empty());
}

TEST_F(trade_judge_test, an_execution_that_found_no_room_is_asked_for) {
  ASSERT_TRUE(records->set_mode(job, strategy_mode::live, "confirmed", {"me", from_unix_ms(0)}));
  for (int i = 0; i < 3; ++i) round_trip(job, 10, 9);
  answer();
  room = 0;
  tell(made(job, direction::buy, 10));
  room = 1'000;
  tell(made(job, direction::sell, 9));
  answer();
  EXPECT_EQ(port.asked, 2);
  EXPECT_EQ(mode_of(job), strategy_mode::paper);
}

TEST_F(trade_judge_test, accounts_that_do_not_answer_are_asked_again) {
  round_trip(job, 9, 10);
  work();
  std::exchange(port.answer, {})(error{errc::not_available, "it starts"});
  work();
  round_trip(job, 9, 10);
  answer();
  EXPECT_EQ(port.asked, 2);
  for (int i = 0; i < 2; ++i) round_trip(job, 9, 10);
  work();
  EXPECT_EQ(proposals(job), 1u);
}

} // namespace
} // namespace tt::cluster::test
