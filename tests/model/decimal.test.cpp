#include "actors/model/decimal.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <unordered_set>

using namespace tt;
using boost::multiprecision::cpp_int;

namespace {

constexpr std::array all_roundings{rounding::toward_zero, rounding::down, rounding::up, rounding::half_even, rounding::half_up};

decimal dec(std::string_view text) {
  auto parsed = decimal::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? *parsed : decimal{};
}

errc code_of(std::string_view text) {
  auto parsed = decimal::parse(text);
  return parsed ? errc::success : parsed.error().code;
}

/// Values of every magnitude up to 2^bits raw units, both signs, many of them round.
class decimals {
public:
  explicit decimals(unsigned bits) : bits_(bits) {}

  decimal next() {
    const unsigned width = static_cast<unsigned>(random_() % (bits_ + 1));
    uint128 raw = (static_cast<uint128>(random_()) << 64) | random_();
    raw = width == 0 ? 0 : raw >> (128 - width);
    if (random_() % 3 == 0)
      for (auto zeros = random_() % 13; zeros > 0; --zeros) raw = raw / 10 * 10;
    if (random_() % 4 == 0) raw = raw / static_cast<uint128>(decimal::scale) * static_cast<uint128>(decimal::scale);
    const auto value = static_cast<int128>(raw);
    return decimal::from_raw(random_() % 2 == 0 ? value : -value);
  }

private:
  unsigned bits_;
  std::mt19937_64 random_{20260115};
};

cpp_int big(int128 v) { return cpp_int{v}; }

/// Long-hand quotient of integers, rounded: the reference for `*`, `divide` and `rounded_to`.
cpp_int rounded_ratio(const cpp_int& n, const cpp_int& d, rounding mode) {
  cpp_int quotient = n / d, rest = n % d; // toward zero
  if (rest == 0) return quotient;
  const int away = (n < 0) != (d < 0) ? -1 : 1;
  const cpp_int twice = 2 * abs(rest), whole = abs(d);
  bool step = false;
  switch (mode) {
  case rounding::toward_zero: break;
  case rounding::down: step = away < 0; break;
  case rounding::up: step = away > 0; break;
  case rounding::half_up: step = twice >= whole; break;
  case rounding::half_even: step = twice > whole || (twice == whole && quotient % 2 != 0); break;
  }
  return step ? cpp_int(quotient + away) : quotient;
}

const cpp_int largest = (cpp_int{1} << 127) - 1;

TEST(decimal, a_tenth_and_two_tenths_are_three_tenths) {
  EXPECT_EQ(dec("0.1") + dec("0.2"), dec("0.3"));
  EXPECT_EQ(dec("1.1") * dec("1.1"), dec("1.21"));
  EXPECT_EQ(dec("100") - dec("99.99"), dec("0.01"));
  decimal sum;
  for (int i = 0; i < 1'000'000; ++i) sum += dec("0.000001");
  EXPECT_EQ(sum, decimal{1});
}

TEST(decimal, reads_every_spelling_of_a_number) {
  const std::pair<const char*, const char*> cases[] = {
    {"0", "0"}, {"-0", "0"}, {"+0.000", "0"}, {"0e99999999999", "0"}, {"007", "7"}, {"-12.50", "-12.5"}, {"+3", "3"},
    {".5", "0.5"}, {"-.5", "-0.5"}, {"1.", "1"}, {"1e-5", "0.00001"}, {"1E5", "100000"}, {"1e+2", "100"},
    {"12.5e1", "125"}, {"125e-12", "0.000000000125"}, {"0.000000000001", "0.000000000001"},
    {"1.0000000000000000000000000000", "1"}, {"10.10", "10.1"}, {"1000e-3", "1"}, {"0.5000000000000000e1", "5"},
    {"1000000000000000000", "1000000000000000000"}, {"-1e18", "-1000000000000000000"}, {"1.5e17", "150000000000000000"},
    {"999999999999999999.999999999999", "999999999999999999.999999999999"}};
  for (const auto& [text, printed] : cases) EXPECT_EQ(dec(text).to_string(), printed) << text;
}

TEST(decimal, refuses_what_is_not_a_number) {
  for (const char* text : {"", " ", "1 ", " 1", "-", "+", ".", "-.", "e5", "1e", "1e+", "1e1.5", "--1", "+-1", "1..2", "1.2.3", "nan",
                           "NaN", "inf", "-Infinity", "0x10", "1,5", "1_000", "1e5e5", "12a", "1f", "\xd9\xa1", "1\n"})
    EXPECT_EQ(code_of(text), errc::invalid_argument) << text;
  EXPECT_EQ(code_of(std::string_view("1\0", 2)), errc::invalid_argument);
  EXPECT_EQ(code_of(std::string(100'000, '-')), errc::invalid_argument);
}

TEST(decimal, refuses_numbers_outside_its_range) {
  for (const std::string& text : {std::string("1000000000000000000.000000000001"), std::string("-1000000000000000001"), std::string("1e19"),
                                  std::string("1e999999999999999999999"), std::string("1e-13"), std::string("0.0000000000001"),
                                  std::string("1.0000000000001"), std::string("1e-999999999999999999999"), "1" + std::string(100'000, '0'),
                                  "0." + std::string(100'000, '0') + "1", std::string(100'000, '9'), "0." + std::string(100'000, '9')})
    EXPECT_EQ(code_of(text), errc::out_of_range) << text.substr(0, 40);
}

TEST(decimal, messages_repeat_little_of_a_hostile_input) {
  const auto parsed = decimal::parse("\x1b[2J\xff\"" + std::string(1000, 'x'));
  ASSERT_FALSE(parsed);
  EXPECT_LT(parsed.error().message.size(), 100u);
  EXPECT_EQ(parsed.error().message.find_first_of("\x1b\xff"), std::string::npos);
  EXPECT_NE(decimal::parse("0.12345678901234567890123456789012345").error().message.find("12 digits"), std::string::npos);
}

TEST(decimal, prints_what_it_reads_back) {
  decimals random{100}; // 2^100 raw is above max_parsed
  int compared = 0;
  for (int i = 0; i < 200'000; ++i) {
    const decimal value = random.next();
    const std::string text = value.to_string();
    ASSERT_LE(text.size(), decimal::max_chars);
    if (value.abs() > decimal{decimal::max_parsed}) {
      ASSERT_EQ(code_of(text), errc::out_of_range) << text;
      continue;
    }
    ++compared;
    const auto back = decimal::parse(text);
    ASSERT_TRUE(back.has_value()) << text;
    ASSERT_EQ(back->raw(), value.raw()) << text;
    const auto point = text.find('.');
    ASSERT_EQ(value.digits(), point == std::string::npos ? 0 : static_cast<int>(text.size() - point) - 1) << text;
    ASSERT_TRUE(point == std::string::npos || text.back() != '0') << text;
  }
  EXPECT_GT(compared, 100'000);
}

TEST(decimal, prints_its_extremes) {
  const auto max = decimal::from_raw(static_cast<int128>((uint128{1} << 127) - 1));
  EXPECT_EQ(max.to_string(), "170141183460469231731687303.715884105727");
  EXPECT_EQ((-max).to_string(), "-170141183460469231731687303.715884105727");
  EXPECT_EQ(decimal::from_raw(1).to_string(), "0.000000000001");
  EXPECT_EQ(decimal::from_raw(-1).to_string(), "-0.000000000001");
}

TEST(decimal, products_equal_those_of_big_integers) {
  decimals random{126};
  int in_range = 0, wide = 0;
  for (int i = 0; i < 200'000; ++i) {
    const decimal a = random.next(), b = random.next();
    const cpp_int exact = big(a.raw()) * big(b.raw());
    const cpp_int expected = rounded_ratio(exact, decimal::scale, rounding::half_even);
    const auto product = decimal::checked_multiply(a, b);
    ASSERT_EQ(product.has_value(), abs(expected) <= largest) << a.to_string() << " * " << b.to_string();
    if (!product) {
      ASSERT_EQ(product.error().code, errc::out_of_range);
      continue;
    }
    ++in_range;
    wide += abs(exact) > largest ? 1 : 0;
    ASSERT_EQ(big(product->raw()), expected) << a.to_string() << " * " << b.to_string();
    ASSERT_EQ((a * b).raw(), product->raw());
  }
  EXPECT_GT(in_range, 50'000);
  EXPECT_GT(wide, 5'000);
}

TEST(decimal, quotients_equal_those_of_big_integers) {
  decimals random{126};
  int in_range = 0;
  for (int i = 0; i < 100'000; ++i) {
    const decimal a = random.next(), b = random.next();
    if (b.is_zero()) continue;
    const rounding mode = all_roundings[static_cast<std::size_t>(i) % all_roundings.size()];
    const cpp_int expected = rounded_ratio(big(a.raw()) * decimal::scale, big(b.raw()), mode);
    const auto quotient = decimal::checked_divide(a, b, mode);
    ASSERT_EQ(quotient.has_value(), abs(expected) <= largest) << a.to_string() << " / " << b.to_string();
    if (!quotient) continue;
    ++in_range;
    ASSERT_EQ(big(quotient->raw()), expected) << a.to_string() << " / " << b.to_string();
    ASSERT_EQ(decimal::divide(a, b, mode), *quotient);
  }
  EXPECT_GT(in_range, 30'000);
  EXPECT_EQ(decimal::checked_divide(1, 0).error().code, errc::invalid_argument);
}

TEST(decimal, rounds_to_a_step_as_big_integers_do) {
  decimals random{100};
  for (int i = 0; i < 100'000; ++i) {
    const decimal value = random.next(), step = random.next().abs();
    if (step.is_zero()) continue;
    for (const rounding mode : all_roundings) {
      const decimal rounded = value.rounded_to(step, mode);
      ASSERT_EQ(big(rounded.raw()), rounded_ratio(big(value.raw()), big(step.raw()), mode) * big(step.raw()));
      ASSERT_TRUE(rounded.is_multiple_of(step));
    }
  }
}

TEST(decimal, rounding_modes_in_small_numbers) {
  struct expectation {
    const char* value;
    const char* toward_zero;
    const char* down;
    const char* up;
    const char* half_even;
    const char* half_up;
  };
  const expectation cases[] = {
    {"0.25", "0.25", "0.25", "0.25", "0.25", "0.25"},    {"0.30", "0.25", "0.25", "0.5", "0.25", "0.25"},
    {"0.375", "0.25", "0.25", "0.5", "0.5", "0.5"},      {"0.625", "0.5", "0.5", "0.75", "0.5", "0.75"},
    {"-0.30", "-0.25", "-0.5", "-0.25", "-0.25", "-0.25"}, {"-0.375", "-0.25", "-0.5", "-0.25", "-0.5", "-0.5"},
    {"-0.625", "-0.5", "-0.75", "-0.5", "-0.5", "-0.75"}, {"0.1", "0", "0", "0.25", "0", "0"},
    {"-0.1", "0", "-0.25", "0", "0", "0"},
  };
  const decimal tick = dec("0.25");
  for (const auto& c : cases) {
    EXPECT_EQ(dec(c.value).rounded_to(tick, rounding::toward_zero), dec(c.toward_zero)) << c.value;
    EXPECT_EQ(dec(c.value).rounded_to(tick, rounding::down), dec(c.down)) << c.value;
    EXPECT_EQ(dec(c.value).rounded_to(tick, rounding::up), dec(c.up)) << c.value;
    EXPECT_EQ(dec(c.value).rounded_to(tick, rounding::half_even), dec(c.half_even)) << c.value;
    EXPECT_EQ(dec(c.value).rounded_to(tick, rounding::half_up), dec(c.half_up)) << c.value;
  }
  EXPECT_EQ(decimal::divide(1, 3).to_string(), "0.333333333333");
  EXPECT_EQ(decimal::divide(2, 3).to_string(), "0.666666666667");
  EXPECT_EQ(decimal::divide(-2, 3, rounding::toward_zero).to_string(), "-0.666666666666");
}

TEST(decimal, order_and_hash_follow_the_value) {
  decimals random{100};
  for (int i = 0; i < 20'000; ++i) {
    const decimal a = random.next(), b = random.next();
    ASSERT_EQ(a < b, big(a.raw()) < big(b.raw()));
    ASSERT_EQ((a <=> b) == std::strong_ordering::equal, a == b);
    ASSERT_EQ((a + b) - b, a);
    ASSERT_EQ(a - b, -(b - a));
  }
  EXPECT_EQ(std::hash<decimal>{}(dec("1.50")), std::hash<decimal>{}(dec("1.5")));
  std::unordered_set<std::size_t> hashes;
  for (int i = 0; i < 10'000; ++i) hashes.insert(std::hash<decimal>{}(decimal::from_scaled(i, 2)));
  EXPECT_GT(hashes.size(), 9'990u);
}

TEST(decimal, scaled_columns_keep_the_value) {
  EXPECT_EQ(decimal::from_scaled(12345, 2), dec("123.45"));
  EXPECT_EQ(decimal::from_scaled(-1, 12), decimal::from_raw(-1));
  EXPECT_EQ(*dec("123.45").to_scaled(2), 12345);
  EXPECT_EQ(*dec("-123.45").to_scaled(4), -1234500);
  EXPECT_EQ(dec("123.456").to_scaled(2).error().code, errc::out_of_range);
  EXPECT_EQ(dec("1e18").to_scaled(2).error().code, errc::out_of_range);
  EXPECT_EQ(*dec("9223372036.854775807").to_scaled(9), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*dec("-9223372036.854775808").to_scaled(9), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(dec("9223372036.854775808").to_scaled(9).error().code, errc::out_of_range);
}

TEST(decimal, to_double_is_the_nearest_double) {
  decimals random{120};
  for (int i = 0; i < 200'000; ++i) {
    const decimal value = random.next();
    ASSERT_EQ(value.to_double(), std::strtod(value.to_string().c_str(), nullptr)) << value.to_string();
  }
}

TEST(decimal, from_double_finds_the_decimal_that_was_meant) {
  std::mt19937_64 random{7};
  for (int i = 0; i < 200'000; ++i) {
    const int digits = static_cast<int>(random() % 9);
    const auto mantissa = static_cast<std::int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000;
    const decimal meant = decimal::from_scaled(mantissa, digits);
    const auto found = decimal::from_double(meant.to_double(), digits);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(*found, meant) << meant.to_string();
  }
  EXPECT_EQ(*decimal::from_double(0.1 + 0.2, 2), dec("0.3"));
  EXPECT_EQ(*decimal::from_double(-0.999, 2), dec("-1"));
  EXPECT_EQ(*decimal::from_double(1e18, 12), dec("1e18"));
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL, 1.1e18, -1e300})
    EXPECT_EQ(decimal::from_double(bad, 2).error().code, errc::out_of_range);
}

TEST(decimal_death, leaving_the_range_ends_the_process) {
  const auto max = decimal::from_raw(static_cast<int128>((uint128{1} << 127) - 1));
  EXPECT_DEATH((void)(max + decimal::from_raw(1)), "invariant broken");
  EXPECT_DEATH((void)(-max - decimal{1}), "invariant broken");
  EXPECT_DEATH((void)(dec("1e18") * dec("1e18")), "invariant broken");
  EXPECT_DEATH((void)decimal::divide(dec("1e18"), dec("1e-12")), "invariant broken");
  EXPECT_DEATH((void)decimal::divide(1, 0), "invariant broken");
}

// A binary float never becomes a decimal by itself.
static_assert(std::is_convertible_v<int, decimal>);
static_assert(std::is_convertible_v<std::int64_t, decimal>);
static_assert(!std::is_constructible_v<decimal, double>);
static_assert(!std::is_constructible_v<decimal, float>);
static_assert(!std::is_assignable_v<decimal&, double>);

} // namespace
