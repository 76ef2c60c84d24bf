#include "actors/pine/lib/ta_wide.hpp"
#include "actors/pine/registry.hpp"

/// ta.*: averages, oscillators and the accumulating variables.

namespace tt::pine {
namespace {

void sma(site& c) { c.ret(sma_step(c.st<sum_machine>(), c, c.f(0), length_arg(c, 1))); }
void sum(site& c) { c.ret(c.st<sum_machine>().step(c, c.f(0), length_arg(c, 1))); }
void ema(site& c) { c.ret(c.st<ema_machine>().step(c, c.f(0), length_arg(c, 1))); }
void rma(site& c) { c.ret(c.st<rma_machine>().step(c, c.f(0), length_arg(c, 1))); }

/// The window keeps the last value through na bars. Up to longest_summed_anew values it is summed anew every bar,
/// oldest first, as TradingView does; more of them slide.
struct wma_machine {
  struct s {
    std::uint64_t values = 0;
    double last = 0;
    weighted_sums sums; ///< of long windows
  };
  per_bar<s> st;
  history_machine filled;
  double step(const site& c, double x, std::int64_t n) {
    auto& q = st.at(c.ctx->now);
    bool na = is_na(x);
    if (!na) {
      ++q.values;
      q.last = x;
    }
    filled.push(c, q.values > 0 ? q.last : na_value, window_room(c, n));
    auto len = static_cast<std::uint64_t>(n);
    if (q.values < len) return na_value;
    bool slides = n > longest_summed_anew;
    if (slides) q.sums.step(c, filled.count(), len, [&](std::uint64_t k) { return filled.at(k); });
    if (na) return na_value;
    double norm = f64(n) * f64(n + 1) / 2;
    if (slides && q.sums.infinite == 0) return q.sums.weighted.value() / norm;
    return summed(c, len) / norm;
  }

private:
  double summed(const site& c, std::uint64_t len) const {
    c.shared().charge(len / 64);
    double total = 0, weight = 0;
    auto newest = filled.count() - 1;
    for (std::uint64_t k = len; k-- > 0;) {
      weight += 1;
      total += filled.vals[newest - k] * weight;
    }
    return total;
  }
};
void wma(site& c) { c.ret(c.st<wma_machine>().step(c, c.f(0), length_arg(c, 1))); }

struct hma_state { wma_machine half, full, smooth; };
void hma(site& c) {
  auto& m = c.st<hma_state>();
  double x = c.f(0);
  auto n = length_arg(c, 1);
  if (is_na(x)) return c.ret(na_value);
  double a = m.half.step(c, x, std::max<std::int64_t>(n / 2, 1));
  double b = m.full.step(c, x, n);
  if (is_na(a) || is_na(b)) return c.ret(na_value);
  c.ret(m.smooth.step(c, 2 * a - b, std::max<std::int64_t>(i64(std::sqrt(f64(n))), 1)));
}

struct pair_sum { sum_machine a, b; };
void vwma(site& c) {
  auto& m = c.st<pair_sum>();
  auto n = length_arg(c, 1);
  double v = c.ctx->current.volume;
  double a = sma_step(m.a, c, c.f(0) * v, n), b = sma_step(m.b, c, v, n);
  c.ret(b == 0 ? na_value : a / b);
}

void swma(site& c) {
  auto& h = c.st<history_machine>();
  double x = c.f(0);
  h.push(c, x, 4);
  c.ret((x + 2 * h.at(1) + 2 * h.at(2) + h.at(3)) / 6);
}

/// O(length) on every bar: the weights stay in their places while the values move on, so nothing of one bar's sum is in
/// the next one's.
void alma(site& c) {
  auto& h = c.st<history_machine>();
  double x = c.f(0), offset = c.f(2), sigma = c.f(3);
  auto n = length_arg(c, 1);
  h.push(c, x, window_room(c, n));
  if (is_na(x) || sigma == 0) return c.ret(na_value);
  c.shared().charge(static_cast<std::uint64_t>(n) / 8);
  double m = offset * f64(n - 1);
  if (c.b(4)) m = std::floor(m);
  double s = f64(n) / sigma, norm = 0, total = 0;
  auto weight = [&](std::int64_t i) { return std::exp(-1 * ((f64(i) - m) * (f64(i) - m)) / (2 * (s * s))); };
  for (std::int64_t i = 0; i < n; ++i) norm += weight(i);
  // the weights are normed first and the oldest value is weighed first
  for (std::int64_t i = 0; i < n; ++i) total += h.at(static_cast<std::uint64_t>(n - 1 - i)) * (weight(i) / norm);
  c.ret(total);
}

void tr_function(site& c) { c.ret(true_range(c, c.b(0))); }
void tr_variable(site& c) { c.ret(true_range(c, false)); }

struct atr_machine {
  rma_machine avg;
  double step(const site& c, std::int64_t n) { return avg.step(c, true_range(c, true), n); }
};
void atr(site& c) { c.ret(c.st<atr_machine>().step(c, length_arg(c, 0))); }

struct rsi_state {
  per_bar<previous_machine::s> prev;
  rma_machine up, down;
};
void rsi(site& c) {
  auto& m = c.st<rsi_state>();
  double x = c.f(0);
  auto n = length_arg(c, 1);
  auto& p = m.prev.at(c.ctx->now);
  if (is_na(x)) return c.ret(na_value);
  bool first = !p.has;
  double old = p.v;
  p = {x, true};
  if (first) return c.ret(na_value);
  double u = m.up.step(c, std::max(x - old, 0.0), n), d = m.down.step(c, std::max(old - x, 0.0), n);
  if (is_na(u) || is_na(d)) return c.ret(na_value);
  // a side within the tolerance counts as nothing, the falling one first (PyneCore, probe rsiconst)
  if (d <= epsilon) return c.ret(100);
  if (u <= epsilon) return c.ret(0);
  c.ret(100 - 100 / (1 + u / d));
}

/// Biased: q/n - m*m; unbiased: q/(n-1) - p*m/(n-1); never below zero.
struct variance_machine {
  sum_machine p, q;
  double step(const site& c, double x, std::int64_t n, bool biased) {
    double a = p.step(c, x, n), b = q.step(c, x * x, n);
    if (is_na(a) || is_na(b) || (!biased && n == 1)) return na_value;
    double len = f64(n), m = a / len;
    return std::max(0.0, biased ? b / len - m * m : b / (len - 1) - a * m / (len - 1));
  }
};
void variance(site& c) { c.ret(c.st<variance_machine>().step(c, c.f(0), length_arg(c, 1), c.b(2))); }
void stdev(site& c) { c.ret(std::sqrt(c.st<variance_machine>().step(c, c.f(0), length_arg(c, 1), c.b(2)))); }

struct bb_state {
  variance_machine dev;
  sum_machine mean;
};
bool bands(const site& c, double& mid, double& width) {
  auto& m = c.st<bb_state>();
  auto n = length_arg(c, 1);
  // the mean is the sum that the deviation keeps anyway
  double v = m.dev.step(c, c.f(0), n, true);
  mid = (m.dev.p.st.cur.n >= static_cast<std::uint64_t>(n) ? m.dev.p.st.cur.sum : na_value) / f64(n);
  width = std::sqrt(v) * c.f(2);
  return !is_na(mid);
}
void bb(site& c) {
  double mid, w;
  if (!bands(c, mid, w)) return all_na(c);
  c.ret(0, mid);
  c.ret(1, mid + w);
  c.ret(2, mid - w);
}
void bbw(site& c) {
  double mid, w;
  if (!bands(c, mid, w) || mid == 0) return c.ret(na_value);
  c.ret(((mid + w) - (mid - w)) / mid * 100);
}

struct kc_state { ema_machine base, range; };
bool channel(const site& c, double& mid, double& width) {
  auto& m = c.st<kc_state>();
  auto n = length_arg(c, 1);
  const auto& b = c.ctx->current;
  mid = m.base.step(c, c.f(0), n);
  double r = m.range.step(c, c.b(3) ? true_range(c, false) : b.high - b.low, n);
  width = r * c.f(2);
  return !is_na(mid);
}
void kc(site& c) {
  double mid, w;
  if (!channel(c, mid, w)) return all_na(c);
  c.ret(0, mid);
  c.ret(1, mid + w);
  c.ret(2, mid - w);
}
void kcw(site& c) {
  double mid, w;
  if (!channel(c, mid, w) || mid == 0) return c.ret(na_value);
  c.ret(((mid + w) - (mid - w)) / mid);
}

struct macd_state { ema_machine fast, slow, signal; };
void macd(site& c) {
  auto& m = c.st<macd_state>();
  double f = m.fast.step(c, c.f(0), length_arg(c, 1)), s = m.slow.step(c, c.f(0), length_arg(c, 2));
  auto n = length_arg(c, 3);
  if (is_na(f) || is_na(s)) return all_na(c);
  double line = f - s, sig = m.signal.step(c, line, n);
  c.ret(0, line);
  c.ret(1, sig);
  c.ret(2, line - sig);
}

struct dmi_state {
  previous_machine high, low;
  rma_machine range, plus, minus, adx;
};
void dmi(site& c) {
  auto& m = c.st<dmi_state>();
  auto n = length_arg(c, 0), smooth = length_arg(c, 1);
  const auto& b = c.ctx->current;
  double up = b.high - m.high.swap(c, b.high), down = m.low.swap(c, b.low) - b.low;
  double a = m.range.step(c, true_range(c, false), n);
  bool na = is_na(up) || is_na(down);
  double pd = na ? na_value : up - down > epsilon && up > epsilon ? up : 0.0;
  double md = na ? na_value : down - up > epsilon && down > epsilon ? down : 0.0;
  double p = m.plus.step(c, pd, n), q = m.minus.step(c, md, n);
  if (is_na(a) || is_na(p) || is_na(q) || a == 0) return all_na(c);
  p = 100 * p / a;
  q = 100 * q / a;
  double total = p + q;
  c.ret(0, p);
  c.ret(1, q);
  c.ret(2, m.adx.step(c, std::fabs(p - q) / (total != 0 ? total : 1.0), smooth) * 100);
}

struct tsi_state {
  history_machine h;
  ema_machine a1, a2, b1, b2;
};
void tsi(site& c) {
  auto& m = c.st<tsi_state>();
  double x = c.f(0);
  auto s = length_arg(c, 1), l = length_arg(c, 2);
  m.h.push(c, x, 2);
  double d = x - m.h.at(1);
  if (is_na(d)) return c.ret(na_value);
  double a = m.a1.step(c, d, l), b = m.b1.step(c, std::fabs(d), l);
  if (is_na(a) || is_na(b)) return c.ret(na_value);
  double t = m.a2.step(c, a, s), u = m.b2.step(c, b, s);
  c.ret(u == 0 ? na_value : t / u);
}

struct supertrend_state {
  struct s {
    double lower = 0, upper = 0, close = 0, value = 0;
    int direction = 0;
  };
  per_bar<s> st;
  atr_machine atr;
};
void supertrend(site& c) {
  auto& m = c.st<supertrend_state>();
  const auto& b = c.ctx->current;
  double factor = c.f(0);
  auto& q = m.st.at(c.ctx->now);
  double a = m.atr.step(c, length_arg(c, 1)), src = (b.high + b.low) / 2;
  if (c.ctx->index == 0) { // the platform shows 0 on the very first bar (kit: ta-supertrend)
    c.ret(0, 0.0);
    return c.ret(1, 1);
  }
  if (is_na(a) || is_na(src)) {
    c.ret(0, na_value);
    return c.ret(1, q.direction != 0 ? q.direction : 1);
  }
  double upper = src + factor * a, lower = src - factor * a;
  if (q.direction == 0) {
    q = {lower, upper, b.close, upper, 1};
  } else {
    double lo = lower > q.lower || q.close < q.lower ? lower : q.lower;
    double up = upper < q.upper || q.close > q.upper ? upper : q.upper;
    int dir = q.value == q.upper ? (b.close > up ? -1 : 1) : (b.close < lo ? 1 : -1);
    q = {lo, up, b.close, dir == 1 ? up : lo, dir};
  }
  c.ret(0, q.value);
  c.ret(1, q.direction);
}

struct sar_state {
  struct s {
    double h1 = 0, h2 = 0, l1 = 0, l2 = 0, sar = 0, ep = 0, af = 0;
    int bars = 0; ///< calls
    bool is_long = false, begun = false;
  };
  per_bar<s> st;
};
/// The recurrence begins on the chart's second bar. It needs the call on every bar: one that begins later or leaves
/// bars out is na for good. A price that only touches the stop doesn't turn it. (PyneCore, probes m571 and sar.)
void sar(site& c) {
  auto& q = c.st<sar_state>().st.at(c.ctx->now);
  const auto& b = c.ctx->current;
  double start = c.f(0), inc = c.f(1), most = c.f(2);
  double result = na_value;
  if (c.ctx->index == 1 && q.bars == 1) {
    q.begun = true;
    q.is_long = !(q.h1 > b.high);
    q.sar = q.is_long ? q.l1 : q.h1;
    q.ep = q.is_long ? b.high : b.low;
    q.af = start;
    result = q.sar;
  } else if (q.begun) {
    double next = q.sar + q.af * (q.ep - q.sar);
    bool turns = q.is_long ? b.low < next : b.high > next;
    if (turns) {
      next = q.is_long ? std::max({q.ep, b.high, q.h1, q.h2}) : std::min({q.ep, b.low, q.l1, q.l2});
      q.is_long = !q.is_long;
      q.af = start;
      q.ep = q.is_long ? b.high : b.low;
    } else {
      next = q.is_long ? std::min({next, q.l1, q.l2}) : std::max({next, q.h1, q.h2});
      if (q.is_long ? b.high > q.ep : b.low < q.ep) {
        q.ep = q.is_long ? b.high : b.low;
        q.af = std::min(q.af + inc, most);
      }
    }
    q.sar = result = next;
  }
  q.h2 = q.bars > 0 ? q.h1 : b.high;
  q.l2 = q.bars > 0 ? q.l1 : b.low;
  q.h1 = b.high;
  q.l1 = b.low;
  ++q.bars;
  c.ret(result);
}

struct vwap_machine {
  struct s {
    double v = 0, pv = 0, ppv = 0;
    bool anchored = false;
  };
  per_bar<s> st;
  bool step(const site& c, double x, bool anchor, double& mean, double& dev) {
    auto& q = st.at(c.ctx->now);
    if (is_na(x)) return false;
    double v = c.ctx->current.volume;
    if (anchor) q = {0, 0, 0, true};
    if (!q.anchored) return false;
    q.v += v;
    q.pv += x * v;
    q.ppv += x * x * v;
    if (q.v == 0) return false;
    mean = q.pv / q.v;
    dev = std::sqrt(std::max(0.0, q.ppv / q.v - mean * mean));
    return !is_na(mean);
  }
};
bool session_start(const site& c) {
  const auto& x = *c.ctx;
  if (x.index == 0) return !x.tf.intraday() || x.current.time_ms == x.cal.session_open(x.cal.trading_day(x.current.time_ms));
  return x.cal.trading_day(x.prev_time) != x.cal.trading_day(x.current.time_ms);
}
void vwap_function(site& c) {
  double m = 0, d = 0;
  bool anchor = c.type(1) == t_void ? session_start(c) : c.b(1);
  c.ret(c.st<vwap_machine>().step(c, c.f(0), anchor, m, d) ? m : na_value);
}
void vwap_bands(site& c) {
  double m = 0, d = 0;
  if (!c.st<vwap_machine>().step(c, c.f(0), c.b(1), m, d)) return all_na(c);
  c.ret(0, m);
  c.ret(1, m + d * c.f(2));
  c.ret(2, m - d * c.f(2));
}
void vwap_variable(site& c) {
  const auto& b = c.ctx->current;
  double m = 0, d = 0;
  c.ret(c.st<vwap_machine>().step(c, (b.high + b.low + b.close) / 3, session_start(c), m, d) ? m : na_value);
}

// ---------------------------------------------------------------- accumulating variables

double divide(double a, double b) { return b == 0 ? na_value : a / b; }

void accdist(site& c) {
  const auto& b = c.ctx->current;
  auto& q = c.st<cum_machine>().st.at(c.ctx->now);
  double flow = divide((b.close - b.low) - (b.high - b.close), b.high - b.low) * b.volume;
  if (!is_na(flow)) q.v += flow;
  c.ret(q.v);
}
void iii(site& c) {
  const auto& b = c.ctx->current;
  c.ret(divide(2 * b.close - b.high - b.low, (b.high - b.low) * b.volume));
}
void wvad(site& c) {
  const auto& b = c.ctx->current;
  c.ret(divide(b.close - b.open, b.high - b.low) * b.volume);
}

struct volume_index {
  struct s {
    double close = 0, volume = 0, value = 0;
    bool begun = false;
  };
  per_bar<s> st;
};
template <bool Rising>
void volume_index_step(site& c) {
  auto& q = c.st<volume_index>().st.at(c.ctx->now);
  const auto& b = c.ctx->current;
  if (!q.begun) q.value = 1;
  double v = q.value;
  bool counts = q.begun && q.close != 0 && b.close != 0 && (Rising ? b.volume > q.volume : b.volume < q.volume);
  if (counts) {
    double next = v + ((b.close - q.close) / q.close) * v;
    if (std::isfinite(next)) v = next;
  }
  q = {b.close, b.volume, v, true};
  c.ret(v);
}

struct cum_prev {
  cum_machine cum;
  previous_machine prev;
};
void obv(site& c) {
  auto& m = c.st<cum_prev>();
  const auto& b = c.ctx->current;
  double d = b.close - m.prev.swap(c, b.close);
  c.ret(m.cum.step(c, is_na(d) ? na_value : b.volume * (d > 0 ? 1.0 : d < 0 ? -1.0 : 0.0)));
}
void pvt(site& c) {
  auto& m = c.st<cum_prev>();
  const auto& b = c.ctx->current;
  double p = m.prev.swap(c, b.close);
  c.ret(m.cum.step(c, divide(b.close - p, p) * b.volume));
}
void wad(site& c) {
  auto& m = c.st<cum_prev>();
  const auto& b = c.ctx->current;
  double p = m.prev.swap(c, b.close);
  double d = b.close - p;
  double hi = is_na(p) ? b.high : std::max(b.high, p), lo = is_na(p) ? b.low : std::min(b.low, p);
  c.ret(m.cum.step(c, d > 0 ? b.close - lo : d < 0 ? b.close - hi : 0.0));
}
void cum(site& c) { c.ret(c.st<cum_machine>().step(c, c.f(0))); }

} // namespace

const std::vector<builtin_row>& ta_rows() {
  static const std::vector<builtin_row> rows{
      {"ta.sma(float source, int length) float", sma, sizeof(sum_machine)},
      {"math.sum(float source, int length) float", sum, sizeof(sum_machine)},
      {"ta.ema(float source, simple int length) float", ema, sizeof(ema_machine)},
      {"ta.rma(float source, simple int length) float", rma, sizeof(rma_machine)},
      {"ta.wma(float source, int length) float", wma, sizeof(wma_machine)},
      {"ta.hma(float source, simple int length) float", hma, sizeof(hma_state)},
      {"ta.vwma(float source, int length) float", vwma, sizeof(pair_sum)},
      {"ta.swma(float source) float", swma, sizeof(history_machine)},
      {"ta.alma(float series, int length, float offset, float sigma, simple bool floor=false) float", alma, sizeof(history_machine)},
      {"ta.tr(simple bool handle_na=false) float", tr_function},
      {"ta.atr(simple int length) float", atr, sizeof(atr_machine)},
      {"ta.rsi(float source, simple int length) float", rsi, sizeof(rsi_state)},
      {"ta.variance(float source, int length, bool biased=true) float", variance, sizeof(variance_machine)},
      {"ta.stdev(float source, int length, bool biased=true) float", stdev, sizeof(variance_machine)},
      {"ta.bb(float series, int length, float mult) [float,float,float]", bb, sizeof(bb_state)},
      {"ta.bbw(float series, int length, float mult) float", bbw, sizeof(bb_state)},
      {"ta.kc(float series, simple int length, simple float mult, simple bool useTrueRange=true) [float,float,float]", kc, sizeof(kc_state)},
      {"ta.kcw(float series, simple int length, simple float mult, simple bool useTrueRange=true) float", kcw, sizeof(kc_state)},
      {"ta.macd(float source, simple int fastlen, simple int slowlen, simple int siglen) [float,float,float]", macd, sizeof(macd_state)},
      {"ta.dmi(simple int diLength, simple int adxSmoothing) [float,float,float]", dmi, sizeof(dmi_state)},
      {"ta.tsi(float source, simple int short_length, simple int long_length) float", tsi, sizeof(tsi_state)},
      {"ta.supertrend(float factor, simple int atrPeriod) [float,int]", supertrend, sizeof(supertrend_state)},
      {"ta.sar(simple float start, simple float inc, simple float max) float", sar, sizeof(sar_state)},
      {"ta.vwap(float source, bool anchor=?) float", vwap_function, sizeof(vwap_machine)},
      {"ta.vwap(float source, bool anchor, float stdev_mult) [float,float,float]", vwap_bands, sizeof(vwap_machine)},
      {"ta.cum(float source) float", cum, sizeof(cum_machine)},
  };
  return rows;
}

const std::vector<variable_row>& ta_variables() {
  auto series = [](const char* name, native_fn fn, std::size_t state, evaluation when = evaluation::every_bar) {
    return variable_row{name, t_float, qual::series, {}, 0, fn, u32(state), 0, when};
  };
  static const std::vector<variable_row> rows{
      series("ta.accdist", accdist, sizeof(cum_machine), evaluation::every_bar_outside_functions),
      series("ta.iii", iii, 0),
      series("ta.wvad", wvad, 0),
      series("ta.nvi", volume_index_step<false>, sizeof(volume_index)),
      series("ta.pvi", volume_index_step<true>, sizeof(volume_index)),
      series("ta.obv", obv, sizeof(cum_prev)),
      series("ta.pvt", pvt, sizeof(cum_prev)),
      series("ta.wad", wad, sizeof(cum_prev)),
      series("ta.tr", tr_variable, 0),
      series("ta.vwap", vwap_variable, sizeof(vwap_machine), evaluation::every_bar_outside_functions),
  };
  return rows;
}

} // namespace tt::pine
