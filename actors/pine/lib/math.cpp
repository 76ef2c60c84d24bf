#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>
#include <numbers>

/// math.*, na(), nz(), fixnan() and the casts.

namespace tt::pine {
namespace {

template <double (*F)(double)>
void one(site& c) { c.ret(F(c.f(0))); }
double sign(double x) { return is_na(x) ? na_value : x > 0 ? 1 : x < 0 ? -1 : 0; }
/// Through natural logarithms, as TradingView's: of 1000 it is 2.9999999999999996.
double decimal_log(double x) { return std::log(x) / std::numbers::ln10; }
double degrees(double x) { return x * 180 / std::numbers::pi; }
double radians(double x) { return x * std::numbers::pi / 180; }

void power(site& c) {
  double base = c.f(0), exponent = c.f(1);
  c.ret(is_na(base) || is_na(exponent) ? na_value : exponent == 2 ? base * base : std::pow(base, exponent));
}
void avg(site& c) {
  // two values are simply halved; more are summed with compensation (kit: log-math-avg-exact)
  if (c.count() == 2) return c.ret((c.f(0) + c.f(1)) / 2);
  double total = 0, comp = 0;
  for (std::size_t i = 0; i < c.count(); ++i) {
    double y = c.f(i) - comp, t = total + y;
    comp = (t - total) - y;
    total = t;
  }
  c.ret((total - comp) / f64(c.count()));
}
template <bool Largest>
void extreme(site& c) {
  double best = c.f(0);
  for (std::size_t i = 1; i < c.count(); ++i) {
    double v = c.f(i);
    if (is_na(best) || is_na(v)) return c.ret(na_value);
    if (Largest ? v > best : v < best) best = v;
  }
  c.ret(best);
}
/// To a whole number, ties away from zero and compared exactly. From 2^52 up every double is whole.
double round_whole(double x) {
  double size = std::fabs(x);
  if (!(size < 4503599627370496.0)) return x;
  double units = std::floor(size + 0.5);
  return x < 0 && units != 0 ? -units : units;
}
/// How far a * b lies above `tie`, where a * b and the tie are near each other: the exact product decides, because
/// many products round to the very same double.
double above_tie(double a, double b, double tie) {
  double product = a * b;
  return (product - tie) + std::fma(a, b, -product);
}

void round_int(site& c) { c.ret(round_whole(c.f(0))); }
/// Only the fraction is scaled; a product within the tolerance of a tie counts as one. A precision below one rounds to
/// a whole number, above 16 it counts as 16. (PyneCore, probes mr1 to mr14.)
void round_to(site& c) {
  double x = c.f(0), digits = c.f(1);
  if (!std::isfinite(x) || is_na(digits) || digits <= 0) return c.ret(round_whole(x));
  double scale = 1.0 / std::pow(10.0, -std::min(digits, 16.0));
  double size = std::fabs(x), fraction = std::fmod(size, 1.0);
  double units = std::floor(fraction * scale);
  if (above_tie(fraction, scale, units + 0.5) >= -epsilon) units += 1;
  double v = size - fraction + units / scale;
  c.ret(x < 0 ? 0.0 - v : v);
}
/// To the grid of minmove / pricescale, ties away from zero, with the same tolerance. (PyneCore, measured.)
void round_to_mintick(site& c) {
  const auto& s = *c.ctx->symbol;
  double x = c.f(0);
  if (!std::isfinite(x) || s.mintick <= 0) return c.ret(x);
  bool decimal = s.pricescale > 0 && s.minmove > 0 && std::fabs(s.minmove / s.pricescale - s.mintick) < s.mintick * 1e-9;
  double up = decimal ? s.pricescale : 1 / s.mintick, down = decimal ? s.minmove : 1;
  double size = std::fabs(x), units = std::floor(size * up / down);
  if (above_tie(size, up, (units + 0.5) * down) >= -epsilon * down) units += 1;
  double v = decimal ? units * s.minmove / s.pricescale : units * s.mintick;
  c.ret(x < 0 ? 0.0 - v : v);
}

/// The generator of the platform's seeded sequence: a 48-bit linear congruence read as 26 + 27 bits.
struct random_state {
  struct s {
    std::uint64_t v = 0;
    bool begun = false;
  };
  per_bar<s> st;
};
void random(site& c) {
  auto& m = c.st<random_state>();
  auto& q = m.st.bar == c.ctx->now && m.st.cur.begun ? m.st.cur : m.st.at(c.ctx->now);
  constexpr std::uint64_t mask = (1ull << 48) - 1;
  if (!q.begun) {
    std::uint64_t seed;
    if (c.type(2) == t_void || c.na(2)) {
      auto& shared = c.shared();
      shared.random_state = shared.random_state * 6364136223846793005ull + shared.settings.random_seed * 2 + 1;
      seed = shared.random_state >> 16;
    } else {
      seed = static_cast<std::uint64_t>(c.i(2));
    }
    q.v = (seed ^ 0x5DEECE66Dull) & mask;
    q.begun = true;
  }
  auto bits = [&](int n) {
    q.v = (q.v * 0x5DEECE66Dull + 11) & mask;
    return q.v >> (48 - n);
  };
  auto high = bits(26);
  auto low = bits(27);
  double u = f64((high << 27) + low) / f64(1ull << 53);
  double lo = c.f(0), hi = c.f(1);
  c.ret(lo + u * (hi - lo));
}

/// na() and nz() take an infinity, as division by zero gives it, for na; nothing else does (as observed).
bool is_missing(double x) { return !std::isfinite(x); }
void na_number(site& c) { c.ret(from_bool(is_missing(c.f(0)))); }
void na_ref(site& c) {
  auto* o = c.o(0);
  c.ret(from_bool(o == nullptr || (o->kind == object_kind::drawing && static_cast<drawing_object*>(o)->deleted)));
}
void na_any(site& c) {
  auto t = c.type(0);
  if (is_reference(*c.ctx->prog->types, t)) na_ref(c);
  else na_number(c);
}
void nz_default(site& c) { c.ret(is_missing(c.f(0)) ? 0 : c.f(0)); }
void nz_value(site& c) { c.ret(is_missing(c.f(0)) ? c.f(1) : c.f(0)); }
void nz_color(site& c) { c.ret(c.na(0) ? 0x00000000 : c.f(0)); }

struct fixnan_state {
  struct s {
    double v = 0;
    bool has = false;
  };
  per_bar<s> st;
};
void fixnan(site& c) {
  auto& q = c.st<fixnan_state>().st.at(c.ctx->now);
  if (!c.na(0)) q = {c.f(0), true};
  c.ret(q.has ? q.v : na_value);
}

void cast_int(site& c) { c.ret(is_missing(c.f(0)) ? na_value : std::trunc(c.f(0))); }
void cast_same(site& c) { c.ret(c.f(0)); }
/// Version 5's bools may be na. Without a context the argument is a constant.
void cast_bool(site& c) {
  if (c.ctx == nullptr) return c.ret(from_bool(truthy_constant(c.f(0))));
  c.ret(c.na(0) && c.ctx->prog->version < 6 ? na_value : from_bool(truthy(c.f(0))));
}
void cast_ref(site& c) { c.reto(c.o(0)); }

} // namespace

const std::vector<builtin_row>& math_rows() {
  static const std::vector<builtin_row> rows{
      {"math.abs(num number) =num", one<std::fabs>},
      {"math.acos(float angle) =float", one<std::acos>},
      {"math.asin(float angle) =float", one<std::asin>},
      {"math.atan(float angle) =float", one<std::atan>},
      {"math.avg(float number0, float number1, float ...) =float", avg},
      {"math.ceil(float number) =int", one<std::ceil>},
      {"math.cos(float angle) =float", one<std::cos>},
      {"math.exp(float number) =float", one<std::exp>},
      {"math.floor(float number) =int", one<std::floor>},
      {"math.log(float number) =float", one<std::log>},
      {"math.log10(float number) =float", one<decimal_log>},
      {"math.max(num number0, num number1, num ...) =num", extreme<true>},
      {"math.min(num number0, num number1, num ...) =num", extreme<false>},
      {"math.pow(float base, float exponent) =float", power},
      {"math.random(float min=0, float max=1, int seed=?) series float", random, sizeof(random_state)},
      {"math.round(float number) =int", round_int},
      {"math.round(float number, int precision) =float", round_to},
      {"math.round_to_mintick(float number) series float", round_to_mintick},
      {"math.sign(float number) =float", one<sign>},
      {"math.sin(float angle) =float", one<std::sin>},
      {"math.sqrt(float number) =float", one<std::sqrt>},
      {"math.tan(float angle) =float", one<std::tan>},
      {"math.todegrees(float radians) =float", one<degrees>},
      {"math.toradians(float degrees) =float", one<radians>},
      {"$or(num a, num b) =num", nz_value},
      {"na(any x) =bool", na_any},
      {"nz(num source) =num", nz_default},
      {"nz(num source, num replacement) =num", nz_value},
      {"nz(color source) =color", nz_color},
      {"nz(color source, color replacement) =color", nz_value},
      {"nz(bool source) =bool", nz_default, 0, special::none, 5},
      {"nz(bool source, bool replacement) =bool", nz_value, 0, special::none, 5},
      {"fixnan(num source) series num", fixnan, sizeof(fixnan_state)},
      {"fixnan(color source) series color", fixnan, sizeof(fixnan_state)},
      {"fixnan(bool source) series bool", fixnan, sizeof(fixnan_state), special::none, 5},
      {"int(num x) =int", cast_int},
      {"float(num x) =float", cast_same},
      {"bool(num x) =bool", cast_bool},
      {"bool(bool x) =bool", cast_same},
      {"color(color x) =color", cast_same},
      {"string(string x) =string", cast_ref},
      {"line(line x) =line", cast_ref},
      {"label(label x) =label", cast_ref},
      {"box(box x) =box", cast_ref},
      {"table(table x) =table", cast_ref},
      {"linefill(linefill x) =linefill", cast_ref},
  };
  return rows;
}

} // namespace tt::pine
