// What nodes know of each other's emergency stops: the rules by which words are folded together, and the file.

#include "gateways/store/durable_file.hpp"
#include "cluster/stops/stop_board.hpp"
#include "cluster/stops/stop_file.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tt::cluster {
namespace {

using gateway::stop_request;
using risk::kill_mode;
using risk::kill_scope;

const utc_time noon = *parse_iso8601("2026-01-15T12:00:00Z");

stop_request request(kill_mode mode, kill_scope scope = {}) { return {scope, mode, stop_request::open_orders::cancel, "wrong prices"}; }

TEST(stop_board, a_word_that_comes_twice_or_late_changes_nothing) {
  stop_board a("a"), b("b");
  ASSERT_TRUE(a.engage(request(kill_mode::halt), "ann", noon));
  const auto old = a.word();
  EXPECT_EQ(b.merge(old).fresh.size(), 1U);
  EXPECT_FALSE(b.merge(old).is_news());
  ASSERT_TRUE(b.lift(b.standing()));
  EXPECT_FALSE(b.merge(old).is_news()) << "what was lifted does not come back";
  EXPECT_FALSE(b.is_standing());
  const auto change = a.merge(b.word());
  EXPECT_EQ(change.lifted, stop_change::lift::some);
  EXPECT_FALSE(a.is_standing());
  EXPECT_EQ(a.take_lifted(), std::vector<kill_scope>{kill_scope{}});
  EXPECT_TRUE(a.take_lifted().empty());
  ASSERT_TRUE(a.engage(request(kill_mode::reduce), "ann", noon));
  EXPECT_EQ(b.merge(a.word()).fresh.size(), 1U) << "a stop after the resume is a new one, at the same time, too";
  EXPECT_FALSE(b.merge(old).is_news());
}

TEST(stop_board, a_resume_leaves_the_stop_that_it_did_not_see) {
  stop_board a("a"), b("b");
  ASSERT_TRUE(a.engage(request(kill_mode::reduce), "ann", noon));
  b.merge(a.word());
  ASSERT_TRUE(b.engage(request(kill_mode::halt), "bob", noon - std::chrono::hours{1})); // cut off from a, and its clock is slow
  ASSERT_TRUE(a.lift(a.standing()));
  EXPECT_FALSE(a.is_standing());
  EXPECT_EQ(a.merge(b.word()).fresh.size(), 1U);
  b.merge(a.word());
  EXPECT_EQ(a.word(), b.word());
  ASSERT_EQ(a.word().stops.size(), 1U);
  EXPECT_EQ(a.word().stops[0].mode, kill_mode::halt);
  EXPECT_EQ(a.lift({}).error().code, errc::refused) << "something was stopped that the asker did not see";
}

TEST(stop_board, only_a_resume_makes_it_milder) {
  stop_board a("a"), b("b");
  ASSERT_TRUE(a.engage(request(kill_mode::halt), "ann", noon));
  b.merge(a.word());
  EXPECT_EQ(b.engage(request(kill_mode::reduce), "bob", noon).error().code, errc::conflict);
  EXPECT_TRUE(b.engage(request(kill_mode::reduce, {kill_scope::kind::symbol, "AAPL"}), "bob", noon));
  EXPECT_EQ(b.engage(request(kill_mode::none), "bob", noon).error().code, errc::invalid_argument);
  EXPECT_EQ(stop_board("c").lift({}).error().code, errc::conflict);
}

TEST(stop_board, a_node_that_forgot_what_it_said_is_not_taken_for_its_past) {
  stop_board a("a"), b("b");
  ASSERT_TRUE(a.engage(request(kill_mode::halt), "ann", noon));
  b.merge(a.word());
  ASSERT_TRUE(b.lift(b.standing()));
  stop_board again("a"); // its file is gone
  ASSERT_TRUE(again.engage(request(kill_mode::halt), "ann", noon + std::chrono::seconds{1}));
  EXPECT_EQ(b.merge(again.word()).fresh.size(), 1U);
}

TEST(stop_board, has_a_limit) {
  stop_board a("a");
  for (std::size_t i = 0; i < stop_board::max_own; ++i) ASSERT_TRUE(a.engage(request(kill_mode::halt, {kill_scope::kind::symbol, "S" + std::to_string(i)}), "ann", noon));
  EXPECT_EQ(a.engage(request(kill_mode::halt, {kill_scope::kind::symbol, "one more"}), "ann", noon).error().code, errc::limit_exceeded);
  EXPECT_TRUE(a.engage(request(kill_mode::halt, {kill_scope::kind::symbol, "S7"}), "ann", noon)) << "it has that one";
}

/// Three nodes that order, resume and hear of each other in any order: once all have heard all, they agree, and every stop that
/// nobody lifted who had seen it stands.
TEST(stop_board, nodes_agree_whatever_the_order) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto draw = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
    std::vector<stop_board> nodes{stop_board("a"), stop_board("b"), stop_board("c")};
    std::vector<stop_version> ordered;
    std::set<stop_version> lifted;
    std::vector<stop_word> in_flight;
    for (int step = 0; step < 60; ++step) {
      auto& node = nodes[draw(3)];
      const auto what = draw(10);
      if (what < 3) {
        const kill_scope scopes[] = {{}, {kill_scope::kind::symbol, "AAPL"}};
        const kill_mode modes[] = {kill_mode::reduce, kill_mode::halt};
        if (const auto made = node.engage(request(modes[draw(2)], scopes[draw(2)]), "ann", noon)) ordered.push_back(made->version);
      } else if (what == 3) {
        const auto seen = node.standing();
        if (node.lift(seen)) lifted.insert(seen.begin(), seen.end());
      } else if (what < 6) in_flight.push_back(node.word());
      else if (!in_flight.empty()) node.merge(in_flight[draw(static_cast<unsigned>(in_flight.size()))]);
    }
    for (int round = 0; round < 2; ++round)
      for (auto& to : nodes)
        for (auto& from : nodes) to.merge(from.word());
    EXPECT_EQ(nodes[0].word(), nodes[1].word()) << seed;
    EXPECT_EQ(nodes[1].word(), nodes[2].word()) << seed;
    const auto standing = nodes[0].standing();
    for (const auto& one : standing) EXPECT_FALSE(lifted.contains(one)) << seed;
    // the newest stop of a node stands unless it was lifted: nothing replaced it
    for (const std::string node : {"a", "b", "c"}) {
      const auto newest = std::ranges::find_if(ordered.rbegin(), ordered.rend(), [&](const auto& one) { return one.node == node; });
      if (newest == ordered.rend() || lifted.contains(*newest)) continue;
      EXPECT_NE(std::ranges::find(standing, *newest), standing.end()) << seed << " " << node;
    }
  }
}

TEST(stop_file, keeps_what_is_known) {
  test::temporary_folder folder;
  const auto path = folder.path("stops.json");
  EXPECT_EQ(load_stop_memory(path)->word, stop_word{});
  stop_board a("a");
  ASSERT_TRUE(a.engage(request(kill_mode::flatten, {kill_scope::kind::account, "x"}), "ann", noon));
  ASSERT_TRUE(a.lift(a.standing()));
  ASSERT_TRUE(a.engage(request(kill_mode::reduce), "ann", noon));
  const stop_memory kept{a.word(), {"b", "c"}, {"d"}};
  ASSERT_TRUE(gateway::replace_file(path, to_json(kept)));
  const auto read = load_stop_memory(path);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->word, kept.word);
  EXPECT_EQ(read->hosts, kept.hosts);
  EXPECT_EQ(read->gateways, kept.gateways);
  EXPECT_EQ(parse_stop_memory(R"({"form":1,"stops":[],"lifted":[],"hosts":["b"]})")->gateways, std::set<std::string>{}) << "of an older version";
  EXPECT_EQ(parse_stop_memory("{").error().code, errc::corrupt_data);
  EXPECT_EQ(parse_stop_memory(R"({"form": 99})").error().code, errc::unsupported);
  EXPECT_FALSE(gateway::replace_file(folder.path("none/stops.json"), "x"));
}

} // namespace
} // namespace tt::cluster
