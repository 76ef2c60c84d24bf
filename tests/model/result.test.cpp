#include "actors/model/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <type_traits>
#include <vector>

using namespace tt;

namespace {

TEST(result, holds_a_value_or_an_error) {
  result<int> good = 7;
  EXPECT_TRUE(good);
  EXPECT_EQ(*good, 7);
  EXPECT_EQ(good.value_or(1), 7);
  result<int> bad = error{errc::not_found, "no such thing", "id"};
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.value_or(1), 1);
  EXPECT_EQ(bad.error().code, errc::not_found);
  EXPECT_EQ(to_string(bad.error()), "id: no such thing");
  EXPECT_EQ(to_string(error{errc::internal, "broken"}), "broken");
  result<void> done;
  EXPECT_TRUE(done);
  done = error{errc::refused, "no"};
  EXPECT_FALSE(done);
}

TEST(result, moves_its_value_out) {
  result<std::unique_ptr<int>> owner = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(owner).value();
  EXPECT_EQ(*taken, 3);
}

TEST(result, of_a_temporary_outlives_it) {
  const auto make = [] { return result<std::vector<int>>{std::vector<int>{1, 2, 3}}; };
  static_assert(!std::is_reference_v<decltype(*make())> && !std::is_reference_v<decltype(make().value())>);
  int sum = 0;
  for (const int i : *make()) sum += i;
  EXPECT_EQ(sum, 6);
}

TEST(result, every_code_has_its_own_name) {
  std::set<std::string_view> names;
  for (auto code = static_cast<std::int16_t>(errc::success); code <= static_cast<std::int16_t>(errc::internal); ++code)
    names.insert(to_string(static_cast<errc>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(errc::internal) + 1);
  EXPECT_EQ(static_cast<int>(errc::success), 0);
}

TEST(result, foreign_text_is_shown_short_and_printable) {
  EXPECT_EQ(in_quotes("AAPL"), "\"AAPL\"");
  EXPECT_EQ(in_quotes("a\nb\x80"), "\"a?b?\"");
  EXPECT_EQ(printable(std::string(100, 'x')), std::string(40, 'x') + "...");
}

} // namespace
