#include "actors/pine/lib/ta_extreme.hpp"
#include "actors/pine/lib/ta_wide.hpp"
#include "actors/pine/object.hpp"
#include "actors/pine/registry.hpp"

#include <algorithm>
#include <array>
#include <string_view>

/// ta.*: extremes, crossings, ranks and everything that looks at a window of values.

namespace tt::pine {
namespace {

template <bool Largest>
void extreme_value(site& c) {
  auto& m = c.st<extreme_machine<Largest>>();
  c.ret(m.step(c, c.f(0), length_arg(c, 1)) ? m.best : na_value);
}
template <bool Largest>
void extreme_price(site& c) {
  auto& m = c.st<extreme_machine<Largest>>();
  const auto& b = c.ctx->current;
  c.ret(m.step(c, Largest ? b.high : b.low, length_arg(c, 0)) ? m.best : na_value);
}
template <bool Largest>
void extreme_bars(site& c) {
  auto& m = c.st<extreme_machine<Largest>>();
  c.ret(m.step(c, c.f(0), length_arg(c, 1)) ? f64(-m.back) : na_value);
}
template <bool Largest>
void extreme_price_bars(site& c) {
  auto& m = c.st<extreme_machine<Largest>>();
  const auto& b = c.ctx->current;
  c.ret(m.step(c, Largest ? b.high : b.low, length_arg(c, 0)) ? f64(-m.back) : na_value);
}

template <bool Largest>
void pivot_step(site& c, double x, std::size_t first) {
  auto left = c.i(first), right = c.i(first + 1);
  if (left < 0 || right < 0 || left + right > 50'000) c.stop("leftbars and rightbars must be between 0 and 50000");
  if (is_na(x)) return c.ret(na_value);
  auto& m = c.st<extreme_machine<Largest, true>>();
  c.ret(m.step(c, x, left + right + 1) && m.back == right ? m.best : na_value);
}
void pivothigh(site& c) { pivot_step<true>(c, c.f(0), 1); }
void pivotlow(site& c) { pivot_step<false>(c, c.f(0), 1); }
void pivothigh_price(site& c) { pivot_step<true>(c, c.ctx->current.high, 0); }
void pivotlow_price(site& c) { pivot_step<false>(c, c.ctx->current.low, 0); }

struct range_state {
  extreme_machine<true> hi;
  extreme_machine<false> lo;
};
void range(site& c) {
  auto& m = c.st<range_state>();
  double x = c.f(0);
  auto n = length_arg(c, 1);
  if (is_na(x)) return c.ret(na_value);
  bool full = m.hi.step(c, x, n);
  m.lo.step(c, x, n);
  c.ret(full ? m.hi.best - m.lo.best : na_value);
}
void stoch(site& c) {
  auto& m = c.st<range_state>();
  double x = c.f(0), h = c.f(1), l = c.f(2);
  auto n = length_arg(c, 3);
  if (is_na(x) || is_na(h) || is_na(l)) return c.ret(na_value);
  bool full = m.hi.step(c, h, n);
  m.lo.step(c, l, n);
  double size = m.hi.best - m.lo.best;
  c.ret(!full || size == 0 ? na_value : 100 * (x - m.lo.best) / size);
}
void wpr(site& c) {
  auto& m = c.st<range_state>();
  const auto& b = c.ctx->current;
  auto n = length_arg(c, 0);
  bool full = m.hi.step(c, b.high, n);
  m.lo.step(c, b.low, n);
  double size = m.hi.best - m.lo.best;
  c.ret(!full || size == 0 ? na_value : 100 * (b.close - m.hi.best) / size);
}

struct running_extreme {
  struct s {
    double v = 0;
    bool has = false;
  };
  per_bar<s> st;
};
template <bool Largest>
void ever(site& c) {
  auto& q = c.st<running_extreme>().st.at(c.ctx->now);
  double x = c.f(0);
  if (!is_na(x) && (!q.has || (Largest ? x > q.v : x < q.v))) q = {x, true};
  c.ret(q.has ? q.v : na_value);
}

// ---------------------------------------------------------------- change and crossings

double changed(const site& c, double x, std::int64_t n) {
  auto& h = c.st<history_machine>();
  h.push(c, x, window_room(c, n + 1));
  return x - h.at(static_cast<std::uint64_t>(n));
}
void change(site& c) { c.ret(changed(c, c.f(0), length_arg(c, 1))); }
void change_bool(site& c) {
  auto n = length_arg(c, 1);
  double d = changed(c, c.na(0) ? na_value : c.b(0) ? 1 : 0, n);
  if (is_na(d) && c.ctx->prog->version < 6) return c.ret(na_value); // a bool of version 5 may be na
  c.ret(from_bool(!is_na(d) && d != 0));
}
void roc(site& c) {
  auto n = length_arg(c, 1);
  double d = changed(c, c.f(0), n), old = c.st<history_machine>().at(static_cast<std::uint64_t>(n));
  c.ret(old == 0 ? na_value : 100 * d / old);
}

/// crossover and crossunder compare exactly with the last bar on which both values were known. cross remembers on which
/// side the first value last stood beyond the tolerance; values equal from the start give it no side to come from.
/// (PyneCore, probes S1 to S9 and U to I.)
struct cross_state {
  struct s {
    bool below_or_equal = false, above_or_equal = false;
    int side = 0;
  };
  per_bar<s> st;
};
enum class crossing : std::uint8_t { over, under, any };
template <crossing K>
void cross(site& c) {
  auto& q = c.st<cross_state>().st.at(c.ctx->now);
  double a = c.f(0), b = c.f(1);
  if (is_na(a) || is_na(b)) return c.ret(c.ctx->prog->version < 6 ? na_value : 0); // a bool of version 5 may be na
  bool hit = false;
  if (K == crossing::over) hit = a > b && q.below_or_equal;
  if (K == crossing::under) hit = a < b && q.above_or_equal;
  if (K == crossing::any) hit = (q.side < 0 && a > b) || (q.side > 0 && a < b);
  q.below_or_equal = a <= b;
  q.above_or_equal = a >= b;
  if (std::fabs(a - b) > epsilon) q.side = a < b ? -1 : 1;
  c.ret(from_bool(hit));
}

struct run_state {
  struct s {
    double last = 0;
    std::int64_t run = 0;
    bool has = false;
  };
  per_bar<s> st;
};
template <bool Rising>
void monotone(site& c) {
  auto& q = c.st<run_state>().st.at(c.ctx->now);
  double x = c.f(0);
  auto n = length_arg(c, 1);
  if (!q.has) {
    if (!is_na(x)) q = {x, 0, true};
    return c.ret(0);
  }
  double d = Rising ? x - q.last : q.last - x;
  q.run = d > epsilon ? q.run + 1 : 0;
  if (is_na(x)) q.has = false;
  q.last = x;
  c.ret(from_bool(q.run >= n));
}

void barssince(site& c) {
  struct s {
    std::int64_t n = 0; ///< bars since, plus one
  };
  auto& q = c.st<per_bar<s>>().at(c.ctx->now);
  if (c.b(0)) q.n = 1;
  else if (q.n > 0) ++q.n;
  c.ret(q.n > 0 ? f64(q.n - 1) : na_value);
}

void valuewhen(site& c) {
  auto& h = c.st<history_machine>();
  auto k = c.i(2, -1);
  if (k < 0) c.stop("the occurrence can't be negative");
  if (k > i64(limits::history)) c.stop("the occurrence is too large");
  auto room = window_room(c, k + 1);
  if (c.b(0)) h.push(c, c.f(1), room);
  else h.st.at(c.ctx->now);
  c.ret(h.at(static_cast<std::uint64_t>(k)));
}

// ---------------------------------------------------------------- statistics over a window

struct cmo_state {
  history_machine h;
  sum_machine up, down;
};
void cmo(site& c) {
  auto& m = c.st<cmo_state>();
  double x = c.f(0);
  auto n = length_arg(c, 1);
  m.h.push(c, x, 2);
  double d = x - m.h.at(1);
  if (is_na(d)) return c.ret(na_value);
  bool up = d >= -epsilon;
  double a = m.up.step(c, up ? d : 0.0, n), b = m.down.step(c, up ? 0.0 : -d, n), total = a + b;
  c.ret(total == 0 ? na_value : 100 * (a - b) / total);
}
void mfi(site& c) {
  auto& m = c.st<cmo_state>();
  double x = c.f(0), v = c.ctx->current.volume;
  auto n = length_arg(c, 1);
  if (is_na(x)) return c.ret(na_value);
  m.h.push(c, x, 2);
  double d = x - m.h.at(1);
  bool na = is_na(d);
  double up = m.up.step(c, v * (!na && d <= epsilon ? 0.0 : x), n);
  double down = m.down.step(c, v * (!na && d >= -epsilon ? 0.0 : x), n);
  if (is_na(up) || is_na(down)) return c.ret(na_value);
  if (std::fabs(up) <= epsilon) up = 0;
  if (std::fabs(down) <= epsilon) down = 0;
  c.ret(down == 0 ? 100.0 : 100.0 - (100.0 / (1.0 + up / down)));
}

struct cog_state {
  struct s {
    std::int64_t count = 0;
    double value = 0;
    weighted_sums sums; ///< of long windows
  };
  per_bar<s> st;
  history_machine h;
  sum_machine total;
};
/// The numerator by the sums of long windows: the newest value weighs 1 here, so the weights are length + 1 less those of
/// the sums.
double cog_slid(const site& c, cog_state& m, std::uint64_t n) {
  auto& sums = m.st.cur.sums;
  sums.step(c, m.h.count(), n, [&](std::uint64_t k) { return m.h.at(k); });
  return sums.infinite > 0 ? na_value : (sums.sum * f64(n + 1) - sums.weighted).value();
}
/// What the values weigh in is math.sum() of them, as in the reference manual's ta.cog(), and the weighted sum is taken newest
/// first (kit: ta-cci-cmo-cog, bit for bit).
void cog(site& c) {
  auto& m = c.st<cog_state>();
  double x = c.f(0);
  auto n = length_arg(c, 1);
  auto& q = m.st.at(c.ctx->now);
  if (is_na(x)) return c.ret(q.count < n ? na_value : q.value);
  m.h.push(c, x, window_room(c, n + 1));
  q.count = std::min(q.count + 1, n);
  double den = m.total.step(c, x, n), num = 0;
  if (i64(m.h.count()) < n) return c.ret(na_value);
  if (n > longest_summed_anew) {
    num = cog_slid(c, m, static_cast<std::uint64_t>(n));
  } else {
    c.shared().charge(static_cast<std::uint64_t>(n) / 16);
    for (std::int64_t k = 0; k < n; ++k) num += m.h.at(static_cast<std::uint64_t>(k)) * f64(k + 1);
  }
  q.value = den == 0 ? na_value : -num / den;
  c.ret(q.value);
}

struct correlation_state { sum_machine x, y, xy, xx, yy; };
void correlation(site& c) {
  auto& m = c.st<correlation_state>();
  double a = c.f(0), b = c.f(1);
  auto n = length_arg(c, 2);
  double len = f64(n);
  double sx = m.x.step(c, a, n), sy = m.y.step(c, b, n), sxy = m.xy.step(c, a * b, n);
  double sxx = m.xx.step(c, a * a, n), syy = m.yy.step(c, b * b, n);
  if (is_na(sx) || is_na(sy) || is_na(sxy) || is_na(sxx) || is_na(syy)) return c.ret(na_value);
  double mx = sx / len, my = sy / len, cov = sxy / len - mx * my;
  if (std::fabs(cov) <= epsilon) return c.ret(0.0);
  double product = std::max(0.0, sxx / len - mx * mx) * std::max(0.0, syy / len - my * my);
  c.ret(product == 0 ? na_value : cov / std::sqrt(product));
}

struct linreg_state {
  bar_ring ring;
  bar_history history;
  per_bar<weighted_sums> sums; ///< of long windows
};
/// Up to longest_summed_anew values summed anew on every bar, oldest first, as TradingView does; more of them slide,
/// and are summed anew only after bars without a call. A na inside the window makes the result na.
void linreg(site& c) {
  auto& m = c.st<linreg_state>();
  double x = c.f(0), shift = std::trunc(c.f(2));
  auto n = length_arg(c, 1);
  if (n == 1) return c.ret(x);
  bool series = c.plan->series_length;
  if (series) m.history.write(c, x, n);
  else m.ring.write(c, x, n);
  if (series ? c.ctx->now - n + 1 < m.history.oldest() : c.ctx->index < n - 1) return c.ret(na_value);
  auto behind = [&](std::uint64_t k) {
    if (!series) return m.ring.behind(k);
    auto bar = c.ctx->now - i64(k);
    return bar < m.history.oldest() ? na_value : m.history.on(bar);
  };
  double sy = 0, sxy = 0, len = f64(n);
  if (n > longest_summed_anew) {
    auto& q = m.sums.at(c.ctx->now);
    q.step(c, static_cast<std::uint64_t>(c.ctx->now), static_cast<std::uint64_t>(n), behind);
    if (q.unknown > 0 || q.infinite > 0) return c.ret(na_value);
    // around the middle: the slope's numerator is a difference of large numbers, taken while they are wide
    auto slope_part = q.weighted * 2 - q.sum * (len + 1);
    double slope = 6 * slope_part.value() / (len * (len * len - 1));
    return c.ret(q.sum.value() / len + slope * ((len - 1) / 2 - shift));
  }
  c.shared().charge(static_cast<std::uint64_t>(n) / 16);
  double sx = 0, sxx = 0, per = 0;
  for (auto k = n; k-- > 0;) {
    double y = behind(static_cast<std::uint64_t>(k));
    per += 1;
    sx += per;
    sxx += per * per;
    sy += y;
    sxy += y * per;
  }
  double slope = (len * sxy - sx * sy) / (len * sxx - sx * sx);
  double intercept = sy / len - slope * sx / len + slope;
  c.ret(intercept + slope * (len - 1 - shift));
}

// ---------------------------------------------------------------- pivot levels

struct pivot_levels_state {
  struct s {
    double high = 0, low = 0, open = 0, prev_high = 0, prev_low = 0, prev_open = 0, prev_close = 0, last_close = 0;
    bool begun = false, anchored = false;
  };
  per_bar<s> st;
};
/// Stops the script where there are no such levels.
void check_levels(const site& c, const std::string& kind, bool developing) {
  static constexpr std::array<std::string_view, 6> kinds{"Traditional", "Fibonacci", "Woodie", "Classic", "DM", "Camarilla"};
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    c.stop("the type \"" + kind + "\" isn't one of \"Traditional\", \"Fibonacci\", \"Woodie\", \"Classic\", \"DM\" and \"Camarilla\"");
  if (developing && kind == "Woodie") c.stop("levels of the type \"Woodie\" can't be developing");
}
void pivot_point_levels(site& c) {
  check_levels(c, c.s(0), c.b(2));
  auto& q = c.st<pivot_levels_state>().st.at(c.ctx->now);
  const auto& b = c.ctx->current;
  const auto& kind = c.s(0);
  bool developing = c.b(2);
  if (c.b(1)) {
    q.prev_high = q.begun ? q.high : na_value;
    q.prev_low = q.begun ? q.low : na_value;
    q.prev_open = q.begun ? q.open : na_value;
    q.prev_close = q.begun ? q.last_close : b.close;
    q.high = b.high;
    q.low = b.low;
    q.open = b.open;
    q.anchored = true;
  } else if (!q.begun) {
    q.high = b.high;
    q.low = b.low;
    q.open = b.open;
  } else {
    if (b.high > q.high) q.high = b.high;
    if (b.low < q.low) q.low = b.low;
  }
  q.begun = true;
  q.last_close = b.close;
  auto* out = c.mem().make<array_object>(type_id(t_float), false);
  out->num.assign(11, na_value);
  c.reto(out);
  double h = developing ? q.high : q.prev_high, l = developing ? q.low : q.prev_low;
  double o = developing ? q.open : q.prev_open, cl = developing ? b.close : q.prev_close;
  if (!q.anchored || is_na(h) || is_na(l) || is_na(cl)) return;
  double rng = h - l, p = (h + l + cl) / 3;
  auto& v = out->num;
  if (kind == "Traditional" || kind == "Classic" || kind == "Woodie") {
    if (kind == "Woodie") p = (h + l + 2 * q.open) / 4;
    double r1 = 2 * p - l, s1 = 2 * p - h;
    v[0] = p;
    v[1] = r1;
    v[2] = s1;
    v[3] = p + rng;
    v[4] = p - rng;
    bool traditional = kind == "Traditional", woodie = kind == "Woodie";
    v[5] = woodie || traditional ? r1 + rng : p + 2 * rng;
    v[6] = woodie || traditional ? s1 - rng : p - 2 * rng;
    // levels 4 and 5 by the reference manual's formulas
    if (traditional) {
      v[7] = p * 3 + (h - 3 * l);
      v[8] = p * 3 - (3 * h - l);
      v[9] = p * 4 + (h - 4 * l);
      v[10] = p * 4 - (4 * h - l);
    } else if (woodie) {
      v[7] = v[5] + rng;
      v[8] = v[6] - rng;
    } else {
      v[7] = p + 3 * rng;
      v[8] = p - 3 * rng;
    }
  } else if (kind == "Fibonacci") {
    double f[3] = {0.382, 0.618, 1.0};
    v[0] = p;
    for (std::size_t k = 0; k < 3; ++k) {
      v[1 + 2 * k] = p + f[k] * rng;
      v[2 + 2 * k] = p - f[k] * rng;
    }
  } else if (kind == "DM") {
    double x = cl < o ? h + 2 * l + cl : cl > o ? 2 * h + l + cl : h + l + 2 * cl;
    v[0] = x / 4;
    v[1] = x / 2 - l;
    v[2] = x / 2 - h;
  } else if (kind == "Camarilla") {
    v[0] = p;
    double d[5] = {12, 6, 4, 2, 0};
    for (std::size_t k = 0; k < 4; ++k) {
      v[1 + 2 * k] = cl + rng * 1.1 / d[k];
      v[2 + 2 * k] = cl - rng * 1.1 / d[k];
    }
    double r5 = h / l * cl;
    v[9] = r5;
    v[10] = cl - (r5 - cl);
  } else {
    c.stop("unknown type \"" + kind + "\"; known are Traditional, Fibonacci, Woodie, Classic, DM and Camarilla");
  }
}

} // namespace

const std::vector<builtin_row>& ta_window_rows() {
  using hm = history_machine;
  static const std::vector<builtin_row> rows{
      {"ta.highest(float source, int length) float", extreme_value<true>, sizeof(extreme_machine<true>)},
      {"ta.highest(int length) float", extreme_price<true>, sizeof(extreme_machine<true>)},
      {"ta.lowest(float source, int length) float", extreme_value<false>, sizeof(extreme_machine<false>)},
      {"ta.lowest(int length) float", extreme_price<false>, sizeof(extreme_machine<false>)},
      {"ta.highestbars(float source, int length) int", extreme_bars<true>, sizeof(extreme_machine<true>)},
      {"ta.highestbars(int length) int", extreme_price_bars<true>, sizeof(extreme_machine<true>)},
      {"ta.lowestbars(float source, int length) int", extreme_bars<false>, sizeof(extreme_machine<false>)},
      {"ta.lowestbars(int length) int", extreme_price_bars<false>, sizeof(extreme_machine<false>)},
      {"ta.pivothigh(float source, float leftbars, float rightbars) float", pivothigh, sizeof(extreme_machine<true, true>)},
      {"ta.pivothigh(float leftbars, float rightbars) float", pivothigh_price, sizeof(extreme_machine<true, true>)},
      {"ta.pivotlow(float source, float leftbars, float rightbars) float", pivotlow, sizeof(extreme_machine<false, true>)},
      {"ta.pivotlow(float leftbars, float rightbars) float", pivotlow_price, sizeof(extreme_machine<false, true>)},
      {"ta.range(num source, int length) num", range, sizeof(range_state)},
      {"ta.stoch(float source, float high, float low, int length) float", stoch, sizeof(range_state)},
      {"ta.wpr(int length) float", wpr, sizeof(range_state)},
      {"ta.max(float source) float", ever<true>, sizeof(running_extreme)},
      {"ta.min(float source) float", ever<false>, sizeof(running_extreme)},
      {"ta.change(num source, int length=1) num", change, sizeof(hm)},
      {"ta.change(bool source, int length=1) bool", change_bool, sizeof(hm)},
      {"ta.mom(num source, int length) num", change, sizeof(hm)},
      {"ta.roc(float source, int length) float", roc, sizeof(hm)},
      {"ta.cross(float source1, float source2) bool", cross<crossing::any>, sizeof(cross_state)},
      {"ta.crossover(float source1, float source2) bool", cross<crossing::over>, sizeof(cross_state)},
      {"ta.crossunder(float source1, float source2) bool", cross<crossing::under>, sizeof(cross_state)},
      {"ta.rising(float source, int length) bool", monotone<true>, sizeof(run_state)},
      {"ta.falling(float source, int length) bool", monotone<false>, sizeof(run_state)},
      {"ta.barssince(bool condition) int", barssince, sizeof(per_bar<std::int64_t>)},
      {"ta.valuewhen(bool condition, T source, simple int occurrence) T", valuewhen, sizeof(hm)},
      {"ta.cmo(float series, int length) float", cmo, sizeof(cmo_state)},
      {"ta.mfi(float series, int length) float", mfi, sizeof(cmo_state)},
      {"ta.cog(float source, int length) float", cog, sizeof(cog_state)},
      {"ta.correlation(float source1, float source2, int length) float", correlation, sizeof(correlation_state)},
      {"ta.linreg(float source, int length, simple int offset) float", linreg, sizeof(linreg_state)},
      {"ta.pivot_point_levels(string type, bool anchor, bool developing=false) array<float>", pivot_point_levels, sizeof(pivot_levels_state)},
  };
  return rows;
}

} // namespace tt::pine
