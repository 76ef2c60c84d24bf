#pragma once

// Arithmetic of the simulated exchange. Integers only: no floating point and no
// libm, whose last bit differs between builds, so a seed means the same market on
// every compiler and CPU. Logarithms are to base 2 in Q32 (1.0 == 2^32), standard
// normal numbers in Q12 (1.0 == 4096).

#include "actors/model/decimal.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace tt::market::sim {

/// log2 of something, in units of 2^-32.
using log2_q32 = std::int64_t;

inline constexpr int log2_bits = 32;
inline constexpr int normal_bits = 12;

/// Finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection on 64 bits.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// The `counter`-th 64 random bits of the stream `key`: any position at once.
constexpr std::uint64_t random_bits(std::uint64_t key, std::int64_t counter) {
  return mix(key + static_cast<std::uint64_t>(counter) * 0x9E3779B97F4A7C15ULL);
}

/// Key of the stream called `name` below `parent` (FNV-1a, then mixed).
constexpr std::uint64_t stream_key(std::uint64_t parent, std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mix(mix(parent) ^ hash);
}

/// |z| at the probabilities 1/2 + i/512, in Q12. The last point makes the variance
/// of the piecewise linear distribution 1; so |z| <= 3.45 and fat tails come from
/// regimes and jumps.
inline constexpr std::array<std::int16_t, 257> normal_table{
    0,     20,   40,   60,   80,   100,  120,  140,  160,  181,  201,  221,  241,  261,  281,  301,   321,
    341,   361,  382,  402,  422,  442,  462,  482,  503,  523,  543,  563,  584,  604,  624,  644,   665,
    685,   705,  726,  746,  766,  787,  807,  828,  848,  869,  889,  910,  930,  951,  972,  992,   1013,
    1034,  1054, 1075, 1096, 1117, 1137, 1158, 1179, 1200, 1221, 1242, 1263, 1284, 1305, 1326, 1347,  1369,
    1390,  1411, 1432, 1454, 1475, 1497, 1518, 1539, 1561, 1583, 1604, 1626, 1648, 1669, 1691, 1713,  1735,
    1757,  1779, 1801, 1823, 1845, 1868, 1890, 1912, 1935, 1957, 1979, 2002, 2025, 2047, 2070, 2093,  2116,
    2139,  2162, 2185, 2208, 2231, 2255, 2278, 2301, 2325, 2348, 2372, 2396, 2420, 2444, 2468, 2492,  2516,
    2540,  2565, 2589, 2613, 2638, 2663, 2688, 2713, 2738, 2763, 2788, 2813, 2839, 2864, 2890, 2916,  2942,
    2968,  2994, 3020, 3046, 3073, 3100, 3126, 3153, 3180, 3207, 3235, 3262, 3290, 3318, 3345, 3374,  3402,
    3430,  3459, 3487, 3516, 3545, 3575, 3604, 3634, 3664, 3694, 3724, 3754, 3785, 3816, 3847, 3878,  3910,
    3941,  3973, 4005, 4038, 4071, 4104, 4137, 4170, 4204, 4238, 4273, 4307, 4342, 4378, 4414, 4450,  4486,
    4523,  4560, 4597, 4635, 4673, 4712, 4751, 4790, 4830, 4871, 4912, 4953, 4995, 5038, 5080, 5124,  5168,
    5213,  5258, 5304, 5351, 5399, 5447, 5496, 5545, 5596, 5647, 5700, 5753, 5807, 5863, 5919, 5977,  6035,
    6095,  6157, 6219, 6284, 6350, 6417, 6486, 6558, 6631, 6706, 6784, 6865, 6948, 7034, 7123, 7216,  7312,
    7413,  7519, 7630, 7746, 7870, 8001, 8141, 8290, 8452, 8628, 8822, 9038, 9282, 9565, 9902, 10324, 10896,
    11820, 14107};

/// A standard normal number in Q12 from the low 16 of `bits`: sign, table
/// position, seven bits between two positions.
constexpr std::int32_t normal_q12(std::uint64_t bits) {
  const auto at = static_cast<std::size_t>((bits >> 7) & 255);
  const auto between = static_cast<std::int32_t>(bits & 127);
  const std::int32_t below = normal_table[at];
  const std::int32_t magnitude = below + (((normal_table[at + 1] - below) * between) >> 7);
  const auto sign = static_cast<std::int32_t>((bits >> 15) & 1);
  return (magnitude ^ -sign) + sign;
}

namespace detail {

/// 2^(2^-j) in Q62 for j = 1..10.
inline constexpr std::array<std::uint64_t, 10> roots_of_two{
    6521908912666391106ULL, 5484249825272419511ULL, 5029079263719320435ULL, 4815862801830788490ULL,
    4712668792719003883ULL, 4661903986662671289ULL, 4636727017470743990ULL, 4624189567668517720ULL,
    4617933561212708776ULL, 4614808732577250068ULL};

/// 2^(i/1024) in Q40.
constexpr std::array<std::uint64_t, 1025> make_exp2_table() {
  std::array<std::uint64_t, 1025> table{};
  for (std::size_t i = 0; i < 1024; ++i) {
    std::uint64_t value = std::uint64_t{1} << 62;
    for (std::size_t j = 0; j < 10; ++j)
      if ((i >> (9 - j)) & 1)
        value = static_cast<std::uint64_t>((static_cast<uint128>(value) * roots_of_two[j]) >> 62);
    table[i] = value >> 22;
  }
  table[1024] = std::uint64_t{1} << 41;
  return table;
}

inline constexpr auto exp2_table = make_exp2_table();

/// 2^fraction in Q40 for a fraction in Q32; monotone, relative error below 6e-8.
constexpr std::uint64_t exp2_fraction(std::uint32_t fraction) {
  const std::size_t at = fraction >> 22;
  const std::uint64_t between = fraction & ((1U << 22) - 1);
  const std::uint64_t below = exp2_table[at];
  return below + (((exp2_table[at + 1] - below) * between) >> 22);
}

} // namespace detail

/// Lowest price the simulator names, in ticks: a bid still fits below it.
inline constexpr std::int64_t min_ticks = 2;

/// 2^x rounded to a whole number, at least min_ticks, at most 2^40. Monotone.
constexpr std::int64_t exp2_ticks(log2_q32 x) {
  const std::int64_t whole = x >> log2_bits;
  if (whole < 1) return min_ticks;
  if (whole >= 40) return std::int64_t{1} << 40;
  const std::uint64_t mantissa = detail::exp2_fraction(static_cast<std::uint32_t>(x));
  const auto shift = static_cast<unsigned>(40 - whole);
  return static_cast<std::int64_t>((mantissa + (std::uint64_t{1} << (shift - 1))) >> shift);
}

/// 2^x in Q16 for a small x; x is clamped to ±16.
constexpr std::int64_t exp2_q16(log2_q32 x) {
  constexpr log2_q32 limit = log2_q32{16} << log2_bits;
  const log2_q32 clamped = x > limit ? limit : x < -limit ? -limit : x;
  const auto shift = static_cast<unsigned>(24 - (clamped >> log2_bits));
  return static_cast<std::int64_t>(detail::exp2_fraction(static_cast<std::uint32_t>(clamped)) >> shift);
}

/// log2(value) in Q32 by repeated squaring. Requires value > 0.
constexpr log2_q32 log2_of(std::uint64_t value) {
  TT_ASSERT(value > 0);
  int whole = 63;
  while ((value >> whole) == 0) --whole;
  log2_q32 out = whole;
  std::uint64_t mantissa = value << (63 - whole); // Q63 in [1, 2)
  for (int i = 0; i < log2_bits; ++i) {
    const uint128 square = static_cast<uint128>(mantissa) * mantissa; // Q126 in [1, 4)
    const bool above = (square >> 127) != 0;
    out = out * 2 + (above ? 1 : 0);
    mantissa = static_cast<std::uint64_t>(square >> (above ? 64 : 63));
  }
  return out;
}

/// a × b / 2^shift, rounded down; the product may have 128 bits.
constexpr std::int64_t multiply_shift(std::int64_t a, std::int64_t b, unsigned shift) {
  return static_cast<std::int64_t>((static_cast<int128>(a) * b) >> shift);
}

/// Largest integer whose square is at most `value`.
constexpr std::uint64_t isqrt(std::uint64_t value) {
  std::uint64_t root = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const std::uint64_t trial = root | (std::uint64_t{1} << bit);
    if (trial * trial <= value) root = trial;
  }
  return root;
}

} // namespace tt::market::sim
