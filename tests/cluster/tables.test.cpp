// The pure parts: who is in the cluster, where symbols live.

#include "cluster/membership/member_table.hpp"
#include "cluster/placement/placement_table.hpp"
#include "cluster/topic_demand_actor.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tt::cluster {
namespace {

const utc_time noon = from_unix_seconds(1'700'000'000);

member_info info(const std::string& name) {
  member_info out;
  out.name = name;
  out.endpoint = "tcp://" + name + ":1";
  return out;
}

TEST(member_table, tells_a_newcomer_of_those_who_are_up) {
  member_table table("self");
  table.on_up("a", noon);
  table.on_introduction(info("a"), noon);
  table.on_up("silent", noon);
  table.on_introduction(info("b"), noon);
  table.on_introduction(info("self"), noon); // an echo of ourselves is nobody
  EXPECT_EQ(table.members().size(), 3u);
  EXPECT_EQ(table.addresses("b").size(), 1u);
  EXPECT_EQ(table.addresses("c").size(), 2u);
  table.on_down("b", "left", noon + std::chrono::seconds{1});
  EXPECT_EQ(table.members().at("b").state, member_state::left);
  EXPECT_EQ(table.addresses("c").size(), 1u);
  table.on_down("a", "silent", noon);
  EXPECT_EQ(table.members().at("a").state, member_state::lost);
  EXPECT_EQ(table.members().at("a").reason, "silent");
}

TEST(topic_demand, quotes_and_trades_by_prefix_and_bars_by_name) {
  using market::topic_kind;
  const market::topic quotes{topic_kind::quotes, "AAPL", {}, {}}, trades{topic_kind::trades, "AAPL", {}, {}};
  const market::topic minutes{topic_kind::bars, "AAPL", timeframe::minutes(1), session_hours::regular};
  const auto wanted = [](std::set<std::string, std::less<>> prefixes) { return topics_wanted(prefixes, "AAPL", "NASDAQ"); };
  EXPECT_EQ(wanted({}), std::set<market::topic>{});
  EXPECT_EQ(wanted({""}), (std::set{quotes, trades}));
  EXPECT_EQ(wanted({"md.NASDAQ.AA"}), (std::set{quotes, trades}));
  EXPECT_EQ(wanted({"md.NASDAQ.AAPL.quotes"}), std::set{quotes});
  EXPECT_EQ(wanted({"md.NASDAQ.MSFT.", "md.NYSE.", "other"}), std::set<market::topic>{});
  EXPECT_EQ(wanted({"md.NASDAQ.AAPL.bars.1m.regular"}), std::set{minutes});
  EXPECT_EQ(wanted({"md.NASDAQ.AAPL.bars.", "md.NASDAQ.AAPL.bars.1m", "md.NASDAQ.AAPL.bars.x.regular"}), std::set<market::topic>{});
}

TEST(member_table, connects_strangers_only) {
  member_table table("self");
  table.on_up("a", noon);
  const auto strangers = table.strangers({{"a", "tcp://a:1"}, {"self", "tcp://self:1"}, {"b", "tcp://b:1"}, {"", "tcp://x:1"}, {"c", ""}});
  ASSERT_EQ(strangers.size(), 1u);
  EXPECT_EQ(strangers[0].name, "b");
  table.on_down("a", "silent", noon);
  EXPECT_EQ(table.strangers({{"a", "tcp://a:2"}}).size(), 1u);
}

TEST(member_table, forgets_those_who_are_gone_first) {
  member_table table("self");
  for (std::size_t i = 0; i < max_members; ++i) table.on_up("n" + std::to_string(i), noon);
  table.on_up("one too many", noon);
  EXPECT_FALSE(table.members().contains("one too many"));
  table.on_down("n7", "silent", noon);
  table.on_up("one too many", noon);
  EXPECT_TRUE(table.members().contains("one too many"));
  EXPECT_FALSE(table.members().contains("n7"));
  EXPECT_EQ(table.members().size(), max_members);
}

TEST(placement_table, spreads_symbols_and_moves_only_those_it_must) {
  placement_table table;
  EXPECT_EQ(table.choose("AAPL"), std::nullopt);
  for (const auto* host : {"a", "b", "c", "d"}) table.host_up(host);
  std::map<std::string, int> load;
  constexpr int count = 4000;
  for (int i = 0; i < count; ++i) {
    const auto symbol = "S" + std::to_string(i);
    const auto host = *table.choose(symbol);
    table.put(symbol, host);
    ++load[host];
  }
  for (const auto& [host, n] : load) EXPECT_NEAR(n, count / 4, count / 20) << host;
  const auto moved = table.host_down("b");
  EXPECT_EQ(static_cast<int>(moved.size()), load["b"]);
  for (const auto& symbol : moved) EXPECT_EQ(table.host_of(symbol), std::nullopt);
  table.host_up("e");
  for (int i = 0; i < count; ++i)
    EXPECT_NE(table.host_of("S" + std::to_string(i)).value_or("nowhere"), "e");
}

TEST(placement_table, a_symbol_keeps_its_first_home) {
  placement_table table;
  table.host_up("a");
  table.host_up("b");
  EXPECT_TRUE(table.adopt("X", "a"));
  EXPECT_TRUE(table.adopt("X", "a"));
  EXPECT_FALSE(table.adopt("X", "b"));
  table.host_down("a");
  EXPECT_TRUE(table.adopt("X", "b"));
  EXPECT_EQ(table.host_of("X"), "b");
}

TEST(placement_table, whatever_happens_a_symbol_has_one_living_home_at_most) {
  placement_table table;
  std::mt19937 draw{3};
  std::set<std::string> up;
  for (int i = 0; i < 20'000; ++i) {
    const auto host = std::string(1, static_cast<char>('a' + draw() % 5));
    const auto symbol = "S" + std::to_string(draw() % 50);
    switch (draw() % 5) {
    case 0:
      table.host_up(host);
      up.insert(host);
      break;
    case 1:
      table.host_down(host);
      up.erase(host);
      break;
    case 2:
      if (up.contains(host)) table.adopt(symbol, host);
      break;
    case 3: table.forget(symbol); break;
    default:
      if (const auto chosen = table.host_of(symbol) ? table.host_of(symbol) : table.choose(symbol)) table.put(symbol, *chosen);
    }
    const auto home = table.host_of(symbol);
    EXPECT_TRUE(!home || up.contains(*home));
  }
}

} // namespace
} // namespace tt::cluster
