#include "actors/pine/tester/fill_rules.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace tt::pine::tester {

double given_on_lots(double qty, const symbol_grid& g) {
  double lots = std::fabs(qty) / g.lot, nearest = std::round(lots);
  constexpr double near = 1e-6;
  if (std::fabs(lots - nearest) > near) return of_lots(std::copysign(std::floor(lots), qty), g);
  // close to a whole number of lots: the decimal the number stands for decides
  double exact = nearest / lots_per_contract(g);
  return of_lots(std::copysign(std::fabs(qty) >= exact ? nearest : nearest - 1, qty), g);
}

namespace {
constexpr std::array<double, 23> powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// The power of ten at or below a size in 1e-12 to 1e18; of a hair below one it may be that one.
int decade_of(double size) {
  if (size < 1 || size >= 1e16) return static_cast<int>(std::floor(std::log10(size)));
  int decade = std::ilogb(size) * 1233 >> 12; // log10(2) is 1233 / 4096: exact or one too low
  return size >= powers[static_cast<std::size_t>(decade) + 1] ? decade + 1 : decade;
}

/// The exact way: the shortest decimal of the number, cut at the tenth digit.
double ten_digits_of_decimal(double money) {
  char text[40];
  auto end = std::to_chars(text, text + sizeof text - 1, std::fabs(money), std::chars_format::scientific).ptr;
  *end = '\0';
  // d.ddd...e+xx
  std::string_view all(text, static_cast<std::size_t>(end - text));
  auto e = all.find('e');
  int exponent = std::atoi(text + e + 1);
  std::uint64_t digits = 0;
  int taken = 0, next = 0;
  for (std::size_t i = 0; i < e; ++i) {
    if (text[i] == '.') continue;
    if (taken < 10) {
      digits = digits * 10 + static_cast<std::uint64_t>(text[i] - '0');
      ++taken;
    } else {
      next = text[i] - '0';
      break;
    }
  }
  for (; taken < 10; ++taken) digits *= 10;
  if (next >= 5) ++digits;
  int shift = exponent - 9;
  double whole = static_cast<double>(digits);
  double result = shift >= 0 ? whole * std::pow(10.0, shift) : -shift < 23 ? whole / powers[static_cast<std::size_t>(-shift)] : std::fabs(money);
  return std::copysign(result, money);
}
} // namespace

double ten_digits(double money) {
  double size = std::fabs(money);
  if (!(size > 1e-12) || !(size < 1e18)) return money;
  // Most amounts lie clear of a half: then plain arithmetic gives the same as the decimal, and quickly.
  int shift = 9 - decade_of(size); // digits to the right of the point that stay
  if (shift < 0 || shift > 22) return ten_digits_of_decimal(money);
  double scaled = size * powers[static_cast<std::size_t>(shift)];
  if (scaled < 1e9 || scaled >= 1e10) return ten_digits_of_decimal(money);
  double low = std::floor(scaled), rest = scaled - low;
  constexpr double clear = 1e-4;
  if (std::fabs(rest - 0.5) < clear) return ten_digits_of_decimal(money);
  return std::copysign((rest > 0.5 ? low + 1 : low) / powers[static_cast<std::size_t>(shift)], money);
}

} // namespace tt::pine::tester
