#pragma once
/// Random bars with holes for the properties of ta.*.

#include "tests/pine/ta_reference.hpp"

#include "actors/pine/bar.hpp"
#include "actors/pine/util.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace tt::pine::testing {

/// Bars of 20 minutes; `open` carries the series with holes, the true opening price is rebuilt as the close before.
struct sample {
  market m;
  std::vector<bar> bars;
};
inline sample make_sample(unsigned seed, std::size_t n) {
  std::mt19937 g(seed);
  std::normal_distribution<double> step(0, 1);
  std::uniform_int_distribution<int> dice(0, 99);
  sample s;
  double p = 100;
  std::int64_t t = 1'700'006'400'000; // midnight UTC
  int hole = 0;
  for (std::size_t i = 0; i < n; ++i, t += 1'200'000) {
    double o = p;
    if (dice(g) >= 15) p = std::max(5.0, std::round((p + step(g)) * 100) / 100); // now and then unchanged
    double hi = std::max(o, p) + 0.01 + std::fabs(step(g)), lo = std::min(o, p) - 0.01 - std::fabs(step(g));
    if (hole == 0 && dice(g) < 6) hole = 1 + dice(g) % 4;
    bool na = hole > 0 || i < seed % 3;
    if (hole > 0) --hole;
    double v = std::round(100 + std::fabs(step(g)) * 50);
    s.m.x.push_back(na ? na_value : p);
    s.m.open.push_back(o);
    s.m.high.push_back(hi);
    s.m.low.push_back(lo);
    s.m.close.push_back(p);
    s.m.volume.push_back(v);
    s.m.day.push_back(t / 86'400'000);
    s.bars.push_back({t, na ? na_value : p, hi, lo, p, v});
  }
  return s;
}

/// Equal within a relative tolerance; na equals na, and an infinite `b` means that anything will do.
inline bool near(double a, double b, double tolerance) {
  if (std::isinf(b)) return true;
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::fabs(a - b) <= tolerance * std::max({1.0, std::fabs(a), std::fabs(b)});
}

} // namespace tt::pine::testing
