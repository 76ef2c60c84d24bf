#include "tests/pine/ta_reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace tt::pine::testing {
namespace {

const double na = std::numeric_limits<double>::quiet_NaN();
bool known(double v) { return v == v; }

/// Applies `f(past values newest first, without na)` on every bar. A na bar shows what the bar before showed when
/// `stands`, else na.
enum class on_na : std::uint8_t { blank, stands };
template <class F>
column compact(const column& x, std::size_t need, on_na rule, F f) {
  column out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    column past;
    for (std::size_t k = i + 1; k-- > 0;)
      if (known(x[k])) past.push_back(x[k]);
    bool blank = !known(x[i]) && rule == on_na::blank;
    out.push_back(blank || past.size() < need ? na : f(past));
  }
  return out;
}
double mean_of(const column& v, std::size_t n) { return std::accumulate(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(n), 0.0) / static_cast<double>(n); }

column sum(const column& x, std::size_t n) {
  return compact(x, n, on_na::stands, [n](const column& p) { return mean_of(p, n) * static_cast<double>(n); });
}
column sma(const column& x, std::size_t n) {
  return compact(x, n, on_na::stands, [n](const column& p) { return mean_of(p, n); });
}
/// An average that starts as the mean of the first n values and then moves by `step(before, value)`.
template <class F>
column smoothed(const column& x, std::size_t n, F step) {
  if (n == 1) return x;
  return compact(x, n, on_na::blank, [&](const column& p) {
    column oldest(p.rbegin(), p.rend());
    double v = mean_of(oldest, n);
    for (std::size_t k = n; k < oldest.size(); ++k) v = step(v, oldest[k]);
    return v;
  });
}
column ema(const column& x, std::size_t n) {
  double a = 2.0 / (static_cast<double>(n) + 1);
  return smoothed(x, n, [a](double v, double y) { return a * y + (1 - a) * v; });
}
column rma(const column& x, std::size_t n) {
  double a = 1.0 / static_cast<double>(n);
  return smoothed(x, n, [a](double v, double y) { return a * y + (1 - a) * v; });
}
column wma(const column& x, std::size_t n) {
  column filled = x, out;
  for (std::size_t i = 1; i < x.size(); ++i)
    if (!known(filled[i])) filled[i] = filled[i - 1];
  std::size_t seen = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    seen += known(x[i]) ? 1 : 0;
    if (!known(x[i]) || seen < n) {
      out.push_back(na);
      continue;
    }
    double total = 0, weights = 0;
    for (std::size_t k = 0; k < n; ++k) {
      total += filled[i - k] * static_cast<double>(n - k);
      weights += static_cast<double>(n - k);
    }
    out.push_back(total / weights);
  }
  return out;
}
template <class F>
column zip(const column& a, const column& b, F f) {
  column out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(f(a[i], b[i]));
  return out;
}
column shifted(const column& x, std::size_t n) {
  column out;
  for (std::size_t i = 0; i < x.size(); ++i) out.push_back(i < n ? na : x[i - n]);
  return out;
}
column change(const column& x, std::size_t n) {
  return zip(x, shifted(x, n), [](double a, double b) { return a - b; });
}
/// Only the bars where both are known, na elsewhere.
column hull(const column& x, std::size_t n) {
  auto a = wma(x, std::max<std::size_t>(n / 2, 1)), b = wma(x, n);
  auto d = zip(a, b, [](double p, double q) { return 2 * p - q; });
  // the last average sees only the bars on which both others exist
  column kept;
  std::vector<std::size_t> where;
  for (std::size_t i = 0; i < d.size(); ++i)
    if (known(d[i])) {
      kept.push_back(d[i]);
      where.push_back(i);
    }
  auto w = wma(kept, std::max<std::size_t>(static_cast<std::size_t>(std::sqrt(static_cast<double>(n))), 1));
  column out(x.size(), na);
  for (std::size_t k = 0; k < where.size(); ++k) out[where[k]] = w[k];
  return out;
}
column variance(const column& x, std::size_t n, bool biased) {
  return compact(x, n, on_na::stands, [=](const column& p) {
    if (!biased && n == 1) return na;
    double m = mean_of(p, n), s = 0;
    for (std::size_t k = 0; k < n; ++k) s += (p[k] - m) * (p[k] - m);
    return s / static_cast<double>(biased ? n : n - 1);
  });
}
column root(column v) {
  for (auto& y : v) y = std::sqrt(y);
  return v;
}
column scaled(column v, double k) {
  for (auto& y : v) y *= k;
  return v;
}
/// `f(window oldest first)` over the last n bars as they are.
template <class F>
column rolling(const column& x, std::size_t n, F f) {
  column out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i + 1 < n) out.push_back(na);
    else out.push_back(f(column(x.begin() + static_cast<std::ptrdiff_t>(i + 1 - n), x.begin() + static_cast<std::ptrdiff_t>(i + 1))));
  }
  return out;
}
/// Extreme since the last na within n bars: its value, and how many bars ago (the oldest of equals).
struct extreme {
  column value, bars;
};
extreme extremes(const column& x, std::size_t n, bool largest) {
  extreme e;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double best = na, back = 0;
    for (std::size_t k = 0; k < n && k <= i && known(x[i - k]); ++k) {
      double v = x[i - k];
      if (!known(best) || (largest ? v >= best : v <= best)) {
        best = v;
        back = static_cast<double>(k);
      }
    }
    e.value.push_back(i + 1 < n ? na : best);
    e.bars.push_back(i + 1 < n ? na : -back);
  }
  return e;
}
column true_range(const market& m, bool first_too) {
  column out;
  for (std::size_t i = 0; i < m.size(); ++i) {
    double r = m.high[i] - m.low[i];
    if (i > 0) r = std::max({r, std::fabs(m.high[i] - m.close[i - 1]), std::fabs(m.low[i] - m.close[i - 1])});
    out.push_back(i == 0 && !first_too ? na : r);
  }
  return out;
}
column without_na(const column& x) {
  column out;
  for (double v : x)
    if (known(v)) out.push_back(v);
  return out;
}
/// A computation on the known values, put back on their bars; na bars stay na.
template <class F>
column on_known(const column& x, F f) {
  auto y = f(without_na(x));
  column out;
  std::size_t k = 0;
  for (double v : x) out.push_back(known(v) ? y[k++] : na);
  return out;
}
column rsi(const column& x, std::size_t n) {
  return on_known(x, [n](const column& v) {
    column up, down;
    for (std::size_t i = 1; i < v.size(); ++i) {
      up.push_back(std::max(v[i] - v[i - 1], 0.0));
      down.push_back(std::max(v[i - 1] - v[i], 0.0));
    }
    auto u = rma(up, n), d = rma(down, n);
    column out{na};
    for (std::size_t i = 0; i < u.size(); ++i)
      out.push_back(!known(u[i]) ? na : d[i] < 1e-10 ? 100 : u[i] < 1e-10 ? 0 : 100 - 100 / (1 + u[i] / d[i]));
    return out;
  });
}
column correlation(const column& a, const column& b, std::size_t n) {
  column out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i + 1 < n) {
      out.push_back(na);
      continue;
    }
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (std::size_t k = 0; k < n; ++k) {
      ma += a[i - k] / static_cast<double>(n);
      mb += b[i - k] / static_cast<double>(n);
    }
    for (std::size_t k = 0; k < n; ++k) {
      ab += (a[i - k] - ma) * (b[i - k] - mb);
      aa += (a[i - k] - ma) * (a[i - k] - ma);
      bb += (b[i - k] - mb) * (b[i - k] - mb);
    }
    out.push_back(std::fabs(ab) / static_cast<double>(n) <= 1e-10 ? 0 : ab / std::sqrt(aa * bb)); // no covariance: 0
  }
  return out;
}
double percentile_linear(column w, double percent) {
  std::sort(w.begin(), w.end());
  double place = static_cast<double>(w.size()) * percent / 100 + 0.5;
  if (place <= 1) return w.front();
  if (place >= static_cast<double>(w.size())) return w.back();
  auto low = static_cast<std::size_t>(place);
  return w[low - 1] + (place - static_cast<double>(low)) * (w[low] - w[low - 1]);
}
double percentile_nearest(column w, double percent) {
  std::sort(w.begin(), w.end());
  auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(w.size())));
  return w[std::max<std::size_t>(rank, 1) - 1];
}
/// Spearman's rank correlation with the bar's number, in percent.
double rank_correlation(const column& w) {
  auto n = w.size();
  column rank(n);
  for (std::size_t i = 0; i < n; ++i) {
    double below = 0, equal = 0;
    for (double v : w) {
      below += v < w[i] ? 1 : 0;
      equal += v == w[i] ? 1 : 0;
    }
    rank[i] = below + (equal + 1) / 2;
  }
  double mt = (static_cast<double>(n) + 1) / 2, ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double t = static_cast<double>(i + 1) - mt, r = rank[i] - mt;
    ab += t * r;
    aa += t * t;
    bb += r * r;
  }
  return aa == 0 || bb == 0 ? na : 100 * ab / std::sqrt(aa * bb);
}
column pivot(const column& x, std::size_t left, std::size_t right, bool high) {
  column out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    bool is = i >= left + right;
    auto at = is ? i - right : 0;
    for (std::size_t k = at - std::min(at, left); is && k <= i; ++k) {
      if (k < at) is = high ? x[k] <= x[at] : x[k] >= x[at];
      if (k > at) is = high ? x[k] < x[at] : x[k] > x[at];
    }
    out.push_back(is ? x[at] : na);
  }
  return out;
}
column supertrend(const market& m, double factor, std::size_t n, bool direction) {
  auto atr = rma(true_range(m, true), n);
  column out;
  double up = na, low = na;
  int dir = 1;
  bool begun = false;
  for (std::size_t i = 0; i < m.size(); ++i) {
    if (i == 0) {
      out.push_back(direction ? 1 : 0); // what the platform shows on the very first bar
      continue;
    }
    if (!known(atr[i])) {
      out.push_back(direction ? 1 : na);
      continue;
    }
    double mid = (m.high[i] + m.low[i]) / 2, u = mid + factor * atr[i], l = mid - factor * atr[i];
    if (!begun) {
      up = u;
      low = l;
      begun = true;
    } else {
      low = l > low || m.close[i - 1] < low ? l : low;
      up = u < up || m.close[i - 1] > up ? u : up;
      if (dir == 1 && m.close[i] > up) dir = -1;
      else if (dir == -1 && m.close[i] < low) dir = 1;
    }
    out.push_back(direction ? dir : dir == 1 ? up : low);
  }
  return out;
}
/// Wilder's parabolic stop, written as he describes it.
column parabolic(const market& m, double start, double inc, double most) {
  column out{na};
  if (m.size() < 2) return out;
  bool up = m.high[1] >= m.high[0];
  double stop = up ? m.low[0] : m.high[0], extreme = up ? m.high[1] : m.low[1], af = start;
  out.push_back(stop);
  for (std::size_t i = 2; i < m.size(); ++i) {
    double next = stop + af * (extreme - stop);
    bool turned = up ? m.low[i] < next : m.high[i] > next;
    if (turned) {
      next = up ? std::max({extreme, m.high[i], m.high[i - 1], m.high[i - 2]}) : std::min({extreme, m.low[i], m.low[i - 1], m.low[i - 2]});
      up = !up;
      extreme = up ? m.high[i] : m.low[i];
      af = start;
    } else {
      next = up ? std::min({next, m.low[i - 1], m.low[i - 2]}) : std::max({next, m.high[i - 1], m.high[i - 2]});
      if (up ? m.high[i] > extreme : m.low[i] < extreme) {
        extreme = up ? m.high[i] : m.low[i];
        af = std::min(af + inc, most);
      }
    }
    out.push_back(stop = next);
  }
  return out;
}
template <class F>
column running(const market& m, F f) { // f(bar) is added up; na adds nothing
  column out;
  double total = 0;
  for (std::size_t i = 0; i < m.size(); ++i) {
    double v = f(i);
    if (known(v)) total += v;
    out.push_back(known(v) ? total : na);
  }
  return out;
}
column volume_index(const market& m, bool rising) {
  column out{1};
  for (std::size_t i = 1; i < m.size(); ++i) {
    bool counts = rising ? m.volume[i] > m.volume[i - 1] : m.volume[i] < m.volume[i - 1];
    out.push_back(counts ? out.back() * m.close[i] / m.close[i - 1] : out.back());
  }
  return out;
}
column directional(const market& m, std::size_t n, int which) {
  column plus{na}, minus{na};
  for (std::size_t i = 1; i < m.size(); ++i) {
    double up = m.high[i] - m.high[i - 1], down = m.low[i - 1] - m.low[i];
    plus.push_back(up > down && up > 0 ? up : 0);
    minus.push_back(down > up && down > 0 ? down : 0);
  }
  auto range = rma(true_range(m, false), n), p = rma(plus, n), q = rma(minus, n);
  column dp = zip(p, range, [](double a, double b) { return 100 * a / b; }), dm = zip(q, range, [](double a, double b) { return 100 * a / b; });
  if (which == 0) return dp;
  if (which == 1) return dm;
  return scaled(rma(zip(dp, dm, [](double a, double b) { return std::fabs(a - b) / (a + b == 0 ? 1 : a + b); }), n), 100);
}
column session_average(const market& m, const column& price) {
  column out;
  double pv = 0, v = 0;
  for (std::size_t i = 0; i < m.size(); ++i) {
    if (i > 0 && m.day[i] != m.day[i - 1]) pv = v = 0;
    pv += price[i] * m.volume[i];
    v += m.volume[i];
    out.push_back(pv / v);
  }
  return out;
}
column typical(const market& m) {
  column out;
  for (std::size_t i = 0; i < m.size(); ++i) out.push_back((m.high[i] + m.low[i] + m.close[i]) / 3);
  return out;
}
double deviation(const column& w) {
  double m = mean_of(w, w.size()), s = 0;
  for (double v : w) s += std::fabs(v - m);
  return s / static_cast<double>(w.size());
}
double line_end(const column& w, double offset) { // least squares, evaluated `offset` bars before the newest
  double n = static_cast<double>(w.size()), mt = (n - 1) / 2, my = mean_of(w, w.size()), a = 0, b = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    a += (static_cast<double>(i) - mt) * (w[i] - my);
    b += (static_cast<double>(i) - mt) * (static_cast<double>(i) - mt);
  }
  return b == 0 ? w.back() : my + a / b * (n - 1 - offset - mt);
}
column streak(const column& x, std::size_t n, bool rising) {
  column out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    bool all = i >= n;
    for (std::size_t k = 0; k < n && all; ++k) all = rising ? x[i - k] > x[i - k - 1] : x[i - k] < x[i - k - 1];
    out.push_back(all ? 1 : 0);
  }
  return out;
}
double most_frequent(const column& w) {
  std::map<double, int> seen;
  for (double v : w) ++seen[v];
  double best = na;
  int most = 0;
  for (const auto& [v, k] : seen)
    if (k > most) {
      most = k;
      best = v;
    }
  return best;
}

} // namespace

const std::vector<ta_case>& ta_cases() {
  using M = const market&;
  using S = std::size_t;
  auto window_extreme = [](M m, S n, bool largest) { return extremes(m.x, n, largest); };
  static const std::vector<ta_case> cases{
      {"math.sum", "math.sum(x, N)", [](M m, S n) { return sum(m.x, n); }},
      {"ta.sma", "ta.sma(x, N)", [](M m, S n) { return sma(m.x, n); }},
      {"ta.ema", "ta.ema(x, N)", [](M m, S n) { return ema(m.x, n); }},
      {"ta.rma", "ta.rma(x, N)", [](M m, S n) { return rma(m.x, n); }},
      {"ta.wma", "ta.wma(x, N)", [](M m, S n) { return wma(m.x, n); }},
      {"ta.hma", "ta.hma(x, N)", [](M m, S n) { return on_known(m.x, [n](const column& v) { return hull(v, n); }); }, 1e-8},
      {"ta.vwma", "ta.vwma(close, N)", [](M m, S n) {
         return zip(sma(zip(m.close, m.volume, std::multiplies<>()), n), sma(m.volume, n), std::divides<>());
       }},
      {"ta.swma", "ta.swma(close)", [](M m, S) { return rolling(m.close, 4, [](const column& w) { return (w[0] + 2 * w[1] + 2 * w[2] + w[3]) / 6; }); }},
      {"ta.alma", "ta.alma(close, N, 0.85, 6)", [](M m, S n) {
         return rolling(m.close, n, [n](const column& w) {
           double peak = 0.85 * static_cast<double>(n - 1), s = static_cast<double>(n) / 6, total = 0, norm = 0;
           for (S i = 0; i < n; ++i) {
             double d = static_cast<double>(i) - peak, g = std::exp(-d * d / (2 * s * s));
             total += g * w[i];
             norm += g;
           }
           return total / norm;
         });
       }},
      {"ta.tr", "ta.tr(true)", [](M m, S) { return true_range(m, true); }},
      {"ta.tr", "ta.tr", [](M m, S) { return true_range(m, false); }},
      {"ta.atr", "ta.atr(N)", [](M m, S n) { return rma(true_range(m, true), n); }},
      {"ta.rsi", "ta.rsi(x, N)", [](M m, S n) { return rsi(m.x, n); }},
      {"ta.variance", "ta.variance(x, N)", [](M m, S n) { return variance(m.x, n, true); }, 1e-7},
      {"ta.variance", "ta.variance(x, N, false)", [](M m, S n) { return variance(m.x, n, false); }, 1e-7},
      {"ta.stdev", "ta.stdev(close, N)", [](M m, S n) { return root(variance(m.close, n, true)); }, 1e-5},
      {"ta.bb", "bb_low", [](M m, S n) { return zip(sma(m.close, n), root(variance(m.close, n, true)), [](double a, double b) { return a - 2 * b; }); }, 1e-5},
      {"ta.bbw", "ta.bbw(close, N, 2)", [](M m, S n) { return zip(root(variance(m.close, n, true)), sma(m.close, n), [](double d, double a) { return 400 * d / a; }); }, 1e-4},
      {"ta.kc", "kc_high", [](M m, S n) { return zip(ema(m.close, n), ema(true_range(m, false), n), [](double a, double r) { return a + 1.5 * r; }); }},
      {"ta.kcw", "ta.kcw(close, N, 1.5)", [](M m, S n) { return zip(ema(m.close, n), ema(true_range(m, false), n), [](double a, double r) { return 3 * r / a; }); }},
      {"ta.macd", "macd_signal", [](M m, S n) { return ema(zip(ema(m.close, n), ema(m.close, n + 7), std::minus<>()), n + 2); }, 1e-8},
      {"ta.dmi", "di_plus", [](M m, S n) { return directional(m, n, 0); }},
      {"ta.dmi", "di_minus", [](M m, S n) { return directional(m, n, 1); }},
      {"ta.dmi", "adx", [](M m, S n) { return directional(m, n, 2); }},
      {"ta.tsi", "ta.tsi(close, N, N + 3)", [](M m, S n) {
         auto d = change(m.close, 1);
         column size;
         for (double v : d) size.push_back(std::fabs(v));
         return zip(ema(ema(d, n + 3), n), ema(ema(size, n + 3), n), std::divides<>());
       }, 1e-8},
      {"ta.supertrend", "st_value", [](M m, S n) { return supertrend(m, 2.5, n, false); }},
      {"ta.supertrend", "st_direction", [](M m, S n) { return supertrend(m, 2.5, n, true); }},
      {"ta.sar", "ta.sar(0.02, 0.02, 0.2)", [](M m, S) { return parabolic(m, 0.02, 0.02, 0.2); }},
      {"ta.vwap", "ta.vwap", [](M m, S) { return session_average(m, typical(m)); }},
      {"ta.vwap", "ta.vwap(close)", [](M m, S) { return session_average(m, m.close); }},
      {"ta.cum", "ta.cum(x)", [](M m, S) { return running(m, [&](S i) { return m.x[i]; }); }},
      {"ta.obv", "ta.obv", [](M m, S) {
         return running(m, [&](S i) { return i == 0 ? na : m.volume[i] * ((m.close[i] > m.close[i - 1]) - (m.close[i] < m.close[i - 1])); });
       }},
      {"ta.pvt", "ta.pvt", [](M m, S) { return running(m, [&](S i) { return i == 0 ? na : (m.close[i] / m.close[i - 1] - 1) * m.volume[i]; }); }},
      {"ta.wad", "ta.wad", [](M m, S) {
         return running(m, [&](S i) {
           if (i == 0) return 0.0;
           double p = m.close[i - 1], c = m.close[i];
           return c > p ? c - std::min(p, m.low[i]) : c < p ? c - std::max(p, m.high[i]) : 0.0;
         });
       }},
      {"ta.accdist", "ta.accdist", [](M m, S) {
         return running(m, [&](S i) { return (2 * m.close[i] - m.low[i] - m.high[i]) / (m.high[i] - m.low[i]) * m.volume[i]; });
       }, 1e-8},
      {"ta.nvi", "ta.nvi", [](M m, S) { return volume_index(m, false); }},
      {"ta.pvi", "ta.pvi", [](M m, S) { return volume_index(m, true); }},
      {"ta.iii", "ta.iii", [](M m, S) {
         column out;
         for (S i = 0; i < m.size(); ++i) out.push_back((2 * m.close[i] - m.high[i] - m.low[i]) / ((m.high[i] - m.low[i]) * m.volume[i]));
         return out;
       }},
      {"ta.wvad", "ta.wvad", [](M m, S) {
         column out;
         for (S i = 0; i < m.size(); ++i) out.push_back((m.close[i] - m.open[i]) / (m.high[i] - m.low[i]) * m.volume[i]);
         return out;
       }},
      {"ta.highest", "ta.highest(x, N)", [=](M m, S n) { return window_extreme(m, n, true).value; }},
      {"ta.lowest", "ta.lowest(x, N)", [=](M m, S n) { return window_extreme(m, n, false).value; }},
      {"ta.highestbars", "ta.highestbars(x, N)", [=](M m, S n) { return window_extreme(m, n, true).bars; }},
      {"ta.lowestbars", "ta.lowestbars(x, N)", [=](M m, S n) { return window_extreme(m, n, false).bars; }},
      {"ta.highest", "ta.highest(N)", [](M m, S n) { return extremes(m.high, n, true).value; }},
      {"ta.lowest", "ta.lowest(N)", [](M m, S n) { return extremes(m.low, n, false).value; }},
      {"ta.highestbars", "ta.highestbars(N)", [](M m, S n) { return extremes(m.high, n, true).bars; }},
      {"ta.lowestbars", "ta.lowestbars(N)", [](M m, S n) { return extremes(m.low, n, false).bars; }},
      {"ta.range", "ta.range(close, N)", [](M m, S n) { return zip(extremes(m.close, n, true).value, extremes(m.close, n, false).value, std::minus<>()); }},
      {"ta.stoch", "ta.stoch(close, high, low, N)", [](M m, S n) {
         auto h = extremes(m.high, n, true).value, l = extremes(m.low, n, false).value;
         column out;
         for (S i = 0; i < m.size(); ++i) out.push_back(100 * (m.close[i] - l[i]) / (h[i] - l[i]));
         return out;
       }},
      {"ta.wpr", "ta.wpr(N)", [](M m, S n) {
         auto h = extremes(m.high, n, true).value, l = extremes(m.low, n, false).value;
         column out;
         for (S i = 0; i < m.size(); ++i) out.push_back(100 * (m.close[i] - h[i]) / (h[i] - l[i]));
         return out;
       }},
      {"ta.max", "ta.max(x)", [](M m, S) { return compact(m.x, 1, on_na::stands, [](const column& p) { return *std::max_element(p.begin(), p.end()); }); }},
      {"ta.min", "ta.min(x)", [](M m, S) { return compact(m.x, 1, on_na::stands, [](const column& p) { return *std::min_element(p.begin(), p.end()); }); }},
      {"ta.change", "ta.change(x, N)", [](M m, S n) { return change(m.x, n); }},
      {"ta.mom", "ta.mom(close, N)", [](M m, S n) { return change(m.close, n); }},
      {"ta.roc", "ta.roc(close, N)", [](M m, S n) { return zip(change(m.close, n), shifted(m.close, n), [](double d, double b) { return 100 * d / b; }); }},
      {"ta.rising", "ta.rising(close, N) ? 1 : 0", [](M m, S n) { return streak(m.close, n, true); }},
      {"ta.falling", "ta.falling(close, N) ? 1 : 0", [](M m, S n) { return streak(m.close, n, false); }},
      {"ta.crossover", "ta.crossover(close, 100) ? 1 : 0", [](M m, S) {
         column out{0};
         for (S i = 1; i < m.size(); ++i) out.push_back(m.close[i] > 100 && m.close[i - 1] <= 100 ? 1 : 0);
         return out;
       }},
      {"ta.crossunder", "ta.crossunder(close, 100) ? 1 : 0", [](M m, S) {
         column out{0};
         for (S i = 1; i < m.size(); ++i) out.push_back(m.close[i] < 100 && m.close[i - 1] >= 100 ? 1 : 0);
         return out;
       }},
      {"ta.cross", "ta.cross(close, 100.001) ? 1 : 0", [](M m, S) {
         column out{0};
         for (S i = 1; i < m.size(); ++i) out.push_back((m.close[i] > 100.001) != (m.close[i - 1] > 100.001) ? 1 : 0);
         return out;
       }},
      {"ta.barssince", "ta.barssince(close > open1)", [](M m, S) {
         column out;
         for (S i = 0; i < m.size(); ++i) {
           double k = na;
           for (S j = 0; j <= i; ++j)
             if (m.close[j] > m.open[j]) k = static_cast<double>(i - j);
           out.push_back(k);
         }
         return out;
       }},
      {"ta.valuewhen", "ta.valuewhen(close > open1, x, 1)", [](M m, S) {
         column out;
         for (S i = 0; i < m.size(); ++i) {
           column when;
           for (S j = 0; j <= i; ++j)
             if (m.close[j] > m.open[j]) when.push_back(m.x[j]);
           out.push_back(when.size() < 2 ? na : when[when.size() - 2]);
         }
         return out;
       }},
      {"ta.dev", "ta.dev(close, N)", [](M m, S n) { return n == 1 ? column(m.size(), 0.0) : rolling(m.close, n, deviation); }},
      {"ta.cci", "ta.cci(close, N + 1)", [](M m, S n) {
         return rolling(m.close, n + 1, [](const column& w) { return deviation(w) < 1e-12 ? std::numeric_limits<double>::infinity() : (w.back() - mean_of(w, w.size())) / (0.015 * deviation(w)); });
       }, 1e-7},
      {"ta.cmo", "ta.cmo(close, N)", [](M m, S n) {
         auto d = change(m.close, 1);
         return rolling(d, n, [](const column& w) {
           double up = 0, down = 0;
           for (double v : w) (v > 0 ? up : down) += std::fabs(v);
           return 100 * (up - down) / (up + down);
         });
       }},
      {"ta.mfi", "ta.mfi(close, N + 1)", [](M m, S n) {
         column up, down;
         for (S i = 0; i < m.size(); ++i) {
           double flow = m.close[i] * m.volume[i];
           up.push_back(i == 0 || m.close[i] > m.close[i - 1] ? flow : 0);
           down.push_back(i == 0 || m.close[i] < m.close[i - 1] ? flow : 0);
         }
         return zip(sum(up, n + 1), sum(down, n + 1), [](double u, double d) { return !known(u) ? na : d < 1e-6 ? 100 : 100 - 100 / (1 + u / d); });
       }, 1e-7},
      {"ta.cog", "ta.cog(close, N)", [](M m, S n) {
         return rolling(m.close, n, [n](const column& w) {
           double a = 0, b = 0;
           for (S k = 0; k < n; ++k) {
             a += w[n - 1 - k] * static_cast<double>(k + 1);
             b += w[k];
           }
           return -a / b;
         });
       }},
      {"ta.correlation", "ta.correlation(close, open1, N)", [](M m, S n) { return correlation(m.close, m.open, n); }, 2e-4},
      {"ta.linreg", "ta.linreg(x, N, 0)", [](M m, S n) { return rolling(m.x, n, [](const column& w) { return line_end(w, 0); }); }, 1e-8},
      {"ta.linreg", "ta.linreg(close, N, 2)", [](M m, S n) { return rolling(m.close, n, [](const column& w) { return w.size() == 1 ? w[0] : line_end(w, 2); }); }, 1e-8},
      {"ta.median", "ta.median(x, N)", [](M m, S n) {
         return compact(m.x, n, on_na::stands, [n](const column& p) {
           column w(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(n));
           std::sort(w.begin(), w.end());
           return n % 2 == 1 ? w[n / 2] : (w[n / 2 - 1] + w[n / 2]) / 2;
         });
       }},
      {"ta.mode", "ta.mode(math.round(x), N)", [](M m, S n) {
         column whole;
         for (double v : m.x) whole.push_back(std::round(v));
         return compact(whole, n, on_na::stands, [n](const column& p) { return most_frequent(column(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(n))); });
       }},
      {"ta.percentile_linear_interpolation", "ta.percentile_linear_interpolation(close, N, 37)", [](M m, S n) { return rolling(m.close, n, [](const column& w) { return percentile_linear(w, 37); }); }},
      {"ta.percentile_nearest_rank", "ta.percentile_nearest_rank(close, N, 63)", [](M m, S n) { return rolling(m.close, n, [](const column& w) { return percentile_nearest(w, 63); }); }},
      {"ta.percentrank", "ta.percentrank(close, N)", [](M m, S n) {
         return rolling(m.close, n + 1, [n](const column& w) {
           double below = 0;
           for (S k = 0; k < n; ++k) below += w[k] <= w[n] ? 1 : 0;
           return 100 * below / static_cast<double>(n);
         });
       }},
      {"ta.rci", "ta.rci(close, N + 1)", [](M m, S n) {
         auto v = rolling(m.close, n + 1, rank_correlation);
         if (v.size() > n) v[n] = na; // one more bar of warm-up
         return v;
       }, 1e-8},
      {"ta.pivothigh", "ta.pivothigh(high, N, 2)", [](M m, S n) { return pivot(m.high, n, 2, true); }},
      {"ta.pivotlow", "ta.pivotlow(N, 3)", [](M m, S n) { return pivot(m.low, n, 3, false); }},
  };
  return cases;
}

} // namespace tt::pine::testing
