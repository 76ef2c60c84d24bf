#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>

/// color.*: a color is 0xRRGGBBAA in a number; transparency runs from 0 (opaque) to 100.

namespace tt::pine {
namespace {

double byte_of(double v) { return std::clamp(std::floor(v + 0.5), 0.0, 255.0); }
double alpha_of(double transp) { return std::floor((100 - std::clamp(transp, 0.0, 100.0)) / 100 * 255 + 0.5); }
double pack(double r, double g, double b, double a) { return ((r * 256 + g) * 256 + b) * 256 + a; }
double part(double color, int shift) { return f64((u32(to_int(color)) >> shift) & 255u); }

void make(site& c) {
  double base = c.f(0), t = c.f(1);
  if (is_na(base)) return c.ret(na_value);
  c.ret(std::floor(base / 256) * 256 + alpha_of(is_na(t) ? 0 : t));
}
void rgb(site& c) {
  if (c.na(0) || c.na(1) || c.na(2)) return c.ret(na_value);
  c.ret(pack(byte_of(c.f(0)), byte_of(c.f(1)), byte_of(c.f(2)), alpha_of(c.na(3) ? 0 : c.f(3))));
}
template <int Shift>
void channel(site& c) { c.ret(c.na(0) ? na_value : part(c.f(0), Shift)); }
void transparency(site& c) { c.ret(c.na(0) ? na_value : std::floor((255 - part(c.f(0), 0)) / 255 * 100 + 0.5)); }
void gradient(site& c) {
  double v = c.f(0), lo = c.f(1), hi = c.f(2);
  if (is_na(v) || is_na(lo) || is_na(hi) || c.na(3) || c.na(4)) return c.ret(na_value);
  double k = hi == lo ? (v >= hi ? 1 : 0) : std::clamp((v - lo) / (hi - lo), 0.0, 1.0);
  auto mix = [&](int shift) {
    double a = part(c.f(3), shift), b = part(c.f(4), shift);
    return std::floor(a + (b - a) * k + 0.5);
  };
  c.ret(pack(mix(24), mix(16), mix(8), mix(0)));
}

} // namespace

const std::vector<builtin_row>& color_rows() {
  static const std::vector<builtin_row> rows{
      {"color.new(color color, float transp) =color", make},
      {"color.rgb(float red, float green, float blue, float transp=0) =color", rgb},
      {"color.r(color color) =float", channel<24>},
      {"color.g(color color) =float", channel<16>},
      {"color.b(color color) =float", channel<8>},
      {"color.t(color color) =float", transparency},
      {"color.from_gradient(float value, float bottom_value, float top_value, color bottom_color, color top_color) series color", gradient},
  };
  return rows;
}

} // namespace tt::pine
