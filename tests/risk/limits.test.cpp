#include "desk.hpp"

namespace tt::risk::test {
namespace {

limit_change change_of(limit_scope scope, std::string name, limit_id id, const char* value,
                       limit_change::role by = limit_change::role::admin) {
  limit_change change;
  change.where = {scope, std::move(name)};
  change.values = {{id, *parse_limit(spec_of(id), value)}};
  change.author = "ann";
  change.reason = "a calmer week";
  change.by = by;
  return change;
}

void put(limit_book& book, const limit_change& change) {
  auto event = book.propose(change, session_time());
  ASSERT_TRUE(event) << to_string(event.error());
  ASSERT_TRUE(book.apply(*event));
}

TEST(limits, defaults_are_those_of_the_specification) {
  const limit_book book;
  const auto& now = book.resolve("a", "s", "X");
  EXPECT_EQ(now[limit_id::max_position_size].value, dec("0.1"));
  EXPECT_EQ(now[limit_id::concentration].value, dec("0.25"));
  EXPECT_EQ(now[limit_id::daily_loss].value, dec("0.02"));
  EXPECT_EQ(now[limit_id::drawdown].value, dec("0.15"));
  EXPECT_EQ(now[limit_id::min_balance].value, dec("1000"));
  EXPECT_EQ(now[limit_id::leverage_gross_futures].value, dec("10"));
  EXPECT_FALSE(now[limit_id::position_qty].is_on);
  EXPECT_TRUE(now[limit_id::enforce_market_hours].value == decimal{1});
}

TEST(limits, the_tighter_value_of_the_scopes_wins) {
  limit_book book;
  put(book, change_of(limit_scope::account, "a", limit_id::max_position_size, "0.08"));
  put(book, change_of(limit_scope::strategy, "s", limit_id::max_position_size, "0.05"));
  put(book, change_of(limit_scope::symbol, "X", limit_id::max_position_size, "0.06"));
  const auto& all = book.resolve("a", "s", "X");
  EXPECT_EQ(all[limit_id::max_position_size], (effective_limit{true, dec("0.05"), limit_scope::strategy}));
  EXPECT_EQ(book.resolve("a", "", "X")[limit_id::max_position_size], (effective_limit{true, dec("0.06"), limit_scope::symbol}));
  EXPECT_EQ(book.resolve("a", "", "Y")[limit_id::max_position_size], (effective_limit{true, dec("0.08"), limit_scope::account}));
  EXPECT_EQ(book.resolve("b", "", "Y")[limit_id::max_position_size], (effective_limit{true, dec("0.1"), limit_scope::global}));
  // a floor gets tighter upwards
  put(book, change_of(limit_scope::account, "a", limit_id::min_balance, "5000"));
  EXPECT_EQ(book.resolve("a", "s", "X")[limit_id::min_balance].value, dec("5000"));
}

TEST(limits, a_tightened_account_binds_its_strategies_at_once) {
  limit_book book;
  put(book, change_of(limit_scope::strategy, "s", limit_id::max_position_size, "0.09"));
  EXPECT_EQ(book.resolve("a", "s", "X")[limit_id::max_position_size].value, dec("0.09"));
  put(book, change_of(limit_scope::account, "a", limit_id::max_position_size, "0.02"));
  EXPECT_EQ(book.resolve("a", "s", "X")[limit_id::max_position_size].value, dec("0.02"));
}

TEST(limits, regression_33_looser_than_the_account_needs_an_admins_profile) {
  limit_book book;
  put(book, change_of(limit_scope::account, "a", limit_id::max_position_size, "0.05"));
  auto loose = change_of(limit_scope::strategy, "s", limit_id::max_position_size, "0.07", limit_change::role::trader);
  loose.account = "a";
  const auto refused = book.propose(loose, session_time());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::refused);
  EXPECT_EQ(refused.error().field, "max_position_size");
  EXPECT_FALSE(book.propose(change_of(limit_scope::strategy, "s", limit_id::max_position_size, "off"), session_time()));

  limit_change profile;
  profile.where = {limit_scope::strategy, "s"};
  profile.profile = "rebalance";
  profile.author = "ann";
  profile.reason = "monthly";
  EXPECT_FALSE(book.propose(profile, session_time())) << "a trader may not assign it";
  profile.by = limit_change::role::admin;
  put(book, profile);
  const auto& now = book.resolve("a", "s", "X");
  EXPECT_EQ(now[limit_id::max_position_size], (effective_limit{true, dec("0.45"), limit_scope::strategy}));
  EXPECT_EQ(now[limit_id::concentration].value, dec("0.6"));
  EXPECT_EQ(now[limit_id::fat_finger_notional].value, dec("0.6")) << "or the order is refused before it is cut";
  EXPECT_FALSE(now[limit_id::sector].is_on);
  EXPECT_FALSE(now[limit_id::correlation].is_on);
  EXPECT_EQ(now[limit_id::drawdown].value, dec("0.15")) << "what the profile does not name stays";
  EXPECT_EQ(book.resolve("a", "other", "X")[limit_id::max_position_size].value, dec("0.05"));
  profile.profile = "none";
  put(book, profile);
  EXPECT_EQ(book.resolve("a", "s", "X")[limit_id::max_position_size].value, dec("0.05"));
}

TEST(limits, changes_are_versioned_events_that_replay_to_the_same_book) {
  limit_book book;
  std::vector<limit_event> journal;
  for (const char* value : {"0.09", "0.08", "0.07"}) {
    auto event = book.propose(change_of(limit_scope::account, "a", limit_id::max_position_size, value), session_time());
    ASSERT_TRUE(event);
    journal.push_back(*event);
    ASSERT_TRUE(book.apply(*event));
  }
  EXPECT_EQ(book.version(), 3u);
  EXPECT_EQ(journal[2].before.at(0).second, limit_setting::of(dec("0.08")));
  EXPECT_EQ(journal[2].change.author, "ann");
  limit_book other;
  for (const auto& event : journal) {
    ASSERT_TRUE(other.apply(event));
    ASSERT_TRUE(other.apply(event)) << "twice is once";
  }
  EXPECT_EQ(other.resolve("a", "", ""), book.resolve("a", "", ""));
  limit_book gap;
  EXPECT_FALSE(gap.apply(journal[1]));
}

TEST(limits, values_outside_of_their_range_name_their_field) {
  const auto& spec = spec_of(limit_id::daily_loss);
  EXPECT_EQ(parse_limit(spec, "1.5").error().field, "daily_loss");
  EXPECT_EQ(parse_limit(spec, "-0.1").error().code, errc::out_of_range);
  EXPECT_EQ(parse_limit(spec, "a lot").error().code, errc::invalid_argument);
  EXPECT_FALSE(parse_limit(spec_of(limit_id::max_positions), "2.5"));
  EXPECT_FALSE(parse_limit(spec_of(limit_id::stop_required), "off"));
  EXPECT_EQ(*parse_limit(spec_of(limit_id::stop_required), "true"), limit_setting::of(decimal{1}));
  limit_book book;
  auto anonymous = change_of(limit_scope::account, "a", limit_id::daily_loss, "0.01");
  anonymous.author.clear();
  EXPECT_EQ(book.propose(anonymous, session_time()).error().field, "author");
  EXPECT_FALSE(book.propose(change_of(limit_scope::account, "", limit_id::daily_loss, "0.01"), session_time()));
  EXPECT_FALSE(book.propose(change_of(limit_scope::account, "a", limit_id::daily_loss, "0.01", limit_change::role::trader), session_time()));
}

TEST(limits, lowering_a_limit_below_what_is_held_blocks_opening_only) {
  desk d;
  d.hold("AAPL", "90"); // 9,000 of 100,000
  d.loosen(limit_id::max_position_size, "0.05", limit_scope::account, "acct");
  EXPECT_EQ(said(d.send(d.order("AAPL", order_side::buy, "1"))), "POSITION_LIMIT");
  EXPECT_EQ(said(d.send(d.order("AAPL", order_side::sell, "90"))), "APPROVED");
}

} // namespace
} // namespace tt::risk::test
