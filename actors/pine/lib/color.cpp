#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>

/// color.*: a color is 0xRRGGBBAA in a number; transparency runs from 0 (opaque) to 100.

namespace tt::pine {
namespace {

double byte_of(double v) { return is_na(v) ? 0 : std::clamp(std::trunc(v), 0.0, 255.0); }
double alpha_of(double transp) { return std::floor((100 - std::clamp(transp, 0.0, 100.0)) / 100 * 255 + 0.5); }
double pack(double r, double g, double b, double a) { return ((r * 256 + g) * 256 + b) * 256 + a; }
double part(double color, int shift) { return f64((u32(to_int(color)) >> shift) & 255u); }

/// na when the color or the transparency is.
void make(site& c) {
  double base = c.f(0), t = c.f(1);
  c.ret(is_na(base) || is_na(t) ? na_value : std::floor(base / 256) * 256 + alpha_of(t));
}
/// Fractions are cut off and values beyond the range clipped; a na channel counts as 0, a na transparency as 100.
void rgb(site& c) {
  c.ret(pack(byte_of(c.f(0)), byte_of(c.f(1)), byte_of(c.f(2)), c.na(3) ? 0 : alpha_of(c.f(3))));
}
template <int Shift>
void channel(site& c) { c.ret(c.na(0) ? 0 : part(c.f(0), Shift)); }
void transparency(site& c) { c.ret(c.na(0) ? 100 : std::floor((255 - part(c.f(0), 0)) / 255 * 100 + 0.5)); }

/// The colors are mixed with their opacity as weight, so that a transparent end gives no hue; a na color is the
/// all-zero one. Where there is nothing to mix the result is all zero, not na. (PyneCore, measured on TradingView.)
void gradient(site& c) {
  double v = c.f(0), lo = c.f(1), hi = c.f(2);
  if (is_na(v) || is_na(lo) || is_na(hi) || hi == lo) return c.ret(0);
  double place = (std::max(std::min(v, hi), lo) - lo) / (hi - lo), rest = 1 - place;
  double bottom = c.na(3) ? 0 : c.f(3), top = c.na(4) ? 0 : c.f(4);
  double alpha = part(bottom, 0) * rest + part(top, 0) * place;
  if (alpha == 0) return c.ret(0);
  double scale = alpha / 255, wb = part(bottom, 0) / 255, wt = part(top, 0) / 255;
  auto mix = [&](int shift) {
    return std::trunc(((wb * part(bottom, shift)) * rest + (wt * part(top, shift)) * place) / scale);
  };
  c.ret(pack(mix(24), mix(16), mix(8), std::trunc(alpha)));
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
