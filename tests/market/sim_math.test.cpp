#include "actors/market/sim_math.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tt::market::sim {

namespace {

constexpr double one = 4294967296.0; // 1.0 in Q32

log2_q32 q32(double x) {
  return static_cast<log2_q32>(x * one);
}

} // namespace

TEST(sim_math, mixes_as_splitmix64_does) {
  // first outputs of splitmix64 seeded with 0 (Vigna's reference implementation)
  EXPECT_EQ(random_bits(0, 1), 0xE220A8397B1DCDAFULL);
  EXPECT_EQ(random_bits(0, 2), 0x6E789E6AA1B965F4ULL);
  EXPECT_EQ(random_bits(0, 3), 0x06C45D188009454FULL);
}

TEST(sim_math, gives_streams_of_their_own) {
  EXPECT_NE(stream_key(1, "AAPL"), stream_key(1, "MSFT"));
  EXPECT_NE(stream_key(1, "AAPL"), stream_key(2, "AAPL"));
  EXPECT_EQ(stream_key(1, "AAPL"), stream_key(1, "AAPL"));
}

TEST(sim_math, raises_two_to_a_power) {
  for (double x = 1.01; x < 33; x += 0.0037)
    EXPECT_NEAR(static_cast<double>(exp2_ticks(q32(x))) / std::exp2(x), 1, 1e-7 + 0.51 / std::exp2(x)) << x;
  for (double x = -8; x < 8; x += 0.013)
    EXPECT_NEAR(static_cast<double>(exp2_q16(q32(x))) / 65536, std::exp2(x), 2e-5 + 1e-6 * std::exp2(x)) << x;
}

TEST(sim_math, raises_two_to_a_power_monotonically) {
  std::int64_t before = 0;
  for (log2_q32 x = q32(24.99); x < q32(25.01); x += 1237) {
    const auto now = exp2_ticks(x);
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(sim_math, keeps_powers_in_range) {
  EXPECT_EQ(exp2_ticks(q32(-5)), min_ticks);
  EXPECT_EQ(exp2_ticks(q32(0.5)), min_ticks);
  EXPECT_EQ(exp2_ticks(q32(60)), std::int64_t{1} << 40);
  EXPECT_EQ(exp2_q16(q32(40)), std::int64_t{65536} << 16);
  EXPECT_EQ(exp2_q16(q32(-40)), 1);
}

TEST(sim_math, takes_the_logarithm) {
  for (std::uint64_t v : {1ULL, 2ULL, 3ULL, 1000ULL, 25'500ULL, 9'500'000ULL, 1ULL << 40, ~0ULL})
    EXPECT_NEAR(static_cast<double>(log2_of(v)) / one, std::log2(static_cast<double>(v)), 1e-9) << v;
}

TEST(sim_math, takes_the_square_root) {
  for (std::uint64_t v : {0ULL, 1ULL, 2ULL, 3ULL, 4ULL, 99ULL, 100ULL, 1ULL << 40, ~0ULL}) {
    const uint128 root = isqrt(v);
    EXPECT_LE(root * root, v);
    EXPECT_GT((root + 1) * (root + 1), v);
  }
}

TEST(sim_math, draws_normal_numbers) {
  // every 16-bit input once: the distribution itself, no sampling error
  double sum = 0, squares = 0, within = 0;
  for (std::uint64_t bits = 0; bits < 65536; ++bits) {
    const double z = normal_q12(bits) / 4096.0;
    sum += z;
    squares += z * z;
    within += std::abs(z) < 1 ? 1 : 0;
  }
  EXPECT_EQ(sum, 0);
  EXPECT_NEAR(squares / 65536, 1, 0.003);
  EXPECT_NEAR(within / 65536, 0.6827, 0.002);
}

} // namespace tt::market::sim
