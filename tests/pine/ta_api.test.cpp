#include "actors/pine/ta.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <cmath>

/// The indicators as C++: the same numbers as in a script, by hand-computed examples.

namespace tt::pine::testing {
namespace {

std::vector<double> fed(ta_series s, std::initializer_list<double> values) {
  std::vector<double> out;
  for (double v : values) out.push_back(s.next(v));
  return out;
}
void expect_values(const std::vector<double>& got, std::initializer_list<double> want) {
  ASSERT_EQ(got.size(), want.size());
  std::size_t i = 0;
  for (double w : want) {
    if (std::isnan(w)) EXPECT_TRUE(std::isnan(got[i])) << i;
    else EXPECT_NEAR(got[i], w, 1e-12) << i;
    ++i;
  }
}

TEST(pine_ta_api, averages_of_a_source) {
  expect_values(fed(ta::sma(2), {1, 3, na_value, 5}), {na_value, 2, 2, 4});
  expect_values(fed(ta::ema(3), {1, 2, 3, 5}), {na_value, na_value, 2, 3.5});
  expect_values(fed(ta::rma(2), {1, 3, 6}), {na_value, 2, 4});
  expect_values(fed(ta::wma(2), {1, 4, 7}), {na_value, 3, 6});
  expect_values(fed(ta::highest(2), {1, 4, 2, 1}), {na_value, 4, 4, 2});
  expect_values(fed(ta::median(3), {5, 1, 3}), {na_value, na_value, 3});
  expect_values(fed(ta::change(2), {1, 2, 4}), {na_value, na_value, 3});
  expect_values(fed(ta::cum(), {1, 2, na_value, 4}), {1, 3, na_value, 7});
}

TEST(pine_ta_api, results_come_in_order) {
  auto bands = ta::bb(2, 2);
  bands.next(1);
  bands.next(3);
  EXPECT_EQ(bands.values(), (std::vector<double>{2, 4, 0}));
  auto trend = ta::supertrend(3, 1);
  EXPECT_EQ(trend.next(bar{60'000, 1, 2, 0, 1, 1}), 0);
  EXPECT_EQ(trend.values().size(), 2u);
}

TEST(pine_ta_api, bars) {
  auto range = ta::tr();
  EXPECT_EQ(range.next(bar{60'000, 1, 5, 3, 4, 1}), 2);
  EXPECT_EQ(range.next(bar{120'000, 8, 9, 8, 8, 1}), 5); // from the close of 4 up to 9
  auto balance = ta::obv();
  balance.next(bar{60'000, 1, 5, 3, 4, 10});
  EXPECT_EQ(balance.next(bar{120'000, 1, 5, 3, 5, 7}), 7);
  EXPECT_EQ(balance.next(bar{180'000, 1, 5, 3, 4, 2}), 5);
}

TEST(pine_ta_api, a_wrong_argument_is_told) {
  auto s = ta::sma(0);
  EXPECT_TRUE(std::isnan(s.next(1)));
  ASSERT_TRUE(s.problem().has_value());
  EXPECT_NE(s.problem()->find("length"), std::string::npos);
  EXPECT_FALSE(ta::alma(9).problem().has_value());
  EXPECT_FALSE(ta::sar(0.02, 0.02, 0.2).problem().has_value());
}

} // namespace
} // namespace tt::pine::testing
