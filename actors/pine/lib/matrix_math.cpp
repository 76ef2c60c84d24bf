#include "actors/pine/lib/matrix_math.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace tt::pine {

dense identity(std::size_t n) {
  dense m{n, n, std::vector<double>(n * n, 0.0)};
  for (std::size_t i = 0; i < n; ++i) m.at(i, i) = 1;
  return m;
}

dense multiply(const dense& a, const dense& b) {
  dense m{a.rows, b.cols, std::vector<double>(a.rows * b.cols, 0.0)};
  for (std::size_t r = 0; r < a.rows; ++r)
    for (std::size_t k = 0; k < a.cols; ++k) {
      double x = a.at(r, k);
      for (std::size_t c = 0; c < b.cols; ++c) m.at(r, c) += x * b.at(k, c);
    }
  return m;
}

dense transposed(const dense& a) {
  dense m{a.cols, a.rows, std::vector<double>(a.v.size())};
  for (std::size_t r = 0; r < a.rows; ++r)
    for (std::size_t c = 0; c < a.cols; ++c) m.at(c, r) = a.at(r, c);
  return m;
}

namespace {
std::size_t pivot_row(const dense& a, std::size_t from, std::size_t col) {
  std::size_t best = from;
  for (std::size_t r = from + 1; r < a.rows; ++r)
    if (std::fabs(a.at(r, col)) > std::fabs(a.at(best, col))) best = r;
  return best;
}
void swap_rows(dense& a, std::size_t x, std::size_t y) {
  if (x == y) return;
  for (std::size_t c = 0; c < a.cols; ++c) std::swap(a.at(x, c), a.at(y, c));
}
double largest(const dense& a) {
  double m = 0;
  for (double x : a.v) m = std::max(m, std::fabs(x));
  return m;
}
} // namespace

double determinant(dense a) {
  double det = 1;
  for (std::size_t i = 0; i < a.rows; ++i) {
    auto p = pivot_row(a, i, i);
    if (a.at(p, i) == 0) return 0;
    if (p != i) {
      swap_rows(a, p, i);
      det = -det;
    }
    det *= a.at(i, i);
    for (std::size_t r = i + 1; r < a.rows; ++r) {
      double f = a.at(r, i) / a.at(i, i);
      for (std::size_t c = i; c < a.cols; ++c) a.at(r, c) -= f * a.at(i, c);
    }
  }
  return det;
}

std::size_t rank_of(dense a) {
  double tiny = largest(a) * 1e-12 * static_cast<double>(std::max(a.rows, a.cols));
  std::size_t rank = 0;
  for (std::size_t col = 0; col < a.cols && rank < a.rows; ++col) {
    auto p = pivot_row(a, rank, col);
    if (std::fabs(a.at(p, col)) <= tiny) continue;
    swap_rows(a, p, rank);
    for (std::size_t r = rank + 1; r < a.rows; ++r) {
      double f = a.at(r, col) / a.at(rank, col);
      for (std::size_t c = col; c < a.cols; ++c) a.at(r, c) -= f * a.at(rank, c);
    }
    ++rank;
  }
  return rank;
}

bool invert(dense a, dense& out, const work_meter& work) {
  auto n = a.rows;
  out = identity(n);
  double tiny = largest(a) * 1e-15;
  for (std::size_t i = 0; i < n; ++i) {
    work(2 * n * n);
    auto p = pivot_row(a, i, i);
    if (!(std::fabs(a.at(p, i)) > tiny)) return false;
    swap_rows(a, p, i);
    swap_rows(out, p, i);
    double d = a.at(i, i);
    for (std::size_t c = 0; c < n; ++c) {
      a.at(i, c) /= d;
      out.at(i, c) /= d;
    }
    for (std::size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      double f = a.at(r, i);
      if (f == 0) continue;
      for (std::size_t c = 0; c < n; ++c) {
        a.at(r, c) -= f * a.at(i, c);
        out.at(r, c) -= f * out.at(i, c);
      }
    }
  }
  return true;
}

namespace {

bool symmetric(const dense& a) {
  double tiny = largest(a) * 1e-14;
  for (std::size_t r = 0; r < a.rows; ++r)
    for (std::size_t c = 0; c < r; ++c)
      if (!(std::fabs(a.at(r, c) - a.at(c, r)) <= tiny)) return false;
  return true;
}

/// Jacobi rotations until the off-diagonal is gone.
std::vector<double> eigen_symmetric(dense a, dense& v, const work_meter& work) {
  auto n = a.rows;
  v = identity(n);
  constexpr int sweeps = 60;
  for (int s = 0; s < sweeps; ++s) {
    double off = 0;
    for (std::size_t r = 0; r < n; ++r)
      for (std::size_t c = 0; c < r; ++c) off += a.at(r, c) * a.at(r, c);
    if (off < 1e-300) break;
    for (std::size_t p = 0; p + 1 < n; ++p) {
      work(3 * n * (n - p));
      for (std::size_t q = p + 1; q < n; ++q) {
        double apq = a.at(p, q);
        if (apq == 0) continue;
        double theta = (a.at(q, q) - a.at(p, p)) / (2 * apq);
        double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
        double c = 1 / std::sqrt(t * t + 1), sn = t * c;
        for (std::size_t k = 0; k < n; ++k) {
          double x = a.at(k, p), y = a.at(k, q);
          a.at(k, p) = c * x - sn * y;
          a.at(k, q) = sn * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          double x = a.at(p, k), y = a.at(q, k);
          a.at(p, k) = c * x - sn * y;
          a.at(q, k) = sn * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          double x = v.at(k, p), y = v.at(k, q);
          v.at(k, p) = c * x - sn * y;
          v.at(k, q) = sn * x + c * y;
        }
      }
    }
  }
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = a.at(i, i);
  return values;
}

/// QR by Gram-Schmidt.
void factor(const dense& a, dense& q, dense& r, const work_meter& work) {
  auto n = a.rows;
  q = a;
  r = dense{n, n, std::vector<double>(n * n, 0.0)};
  for (std::size_t c = 0; c < n; ++c) {
    work(2 * n * (c + 1));
    for (int twice = 0; twice < 2; ++twice)
      for (std::size_t k = 0; k < c; ++k) {
        double dot = 0;
        for (std::size_t i = 0; i < n; ++i) dot += q.at(i, k) * q.at(i, c);
        r.at(k, c) += dot;
        for (std::size_t i = 0; i < n; ++i) q.at(i, c) -= dot * q.at(i, k);
      }
    double norm = 0;
    for (std::size_t i = 0; i < n; ++i) norm += q.at(i, c) * q.at(i, c);
    norm = std::sqrt(norm);
    r.at(c, c) = norm;
    for (std::size_t i = 0; i < n; ++i) q.at(i, c) = norm == 0 ? 0 : q.at(i, c) / norm;
  }
}

/// The vector that (A - value) takes to zero, by inverse iteration.
void eigen_vector(const dense& a, double value, std::size_t col, dense& v, const work_meter& work) {
  auto n = a.rows;
  double nudge = std::max(largest(a), 1e-300) * 1e-10;
  auto shifted = a;
  for (std::size_t i = 0; i < n; ++i) shifted.at(i, i) -= value + nudge;
  dense inverse;
  std::vector<double> x(n, 1.0 / std::sqrt(static_cast<double>(n)));
  if (invert(shifted, inverse, work)) {
    for (int round = 0; round < 4; ++round) {
      std::vector<double> y(n, 0.0);
      double norm = 0;
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t k = 0; k < n; ++k) y[r] += inverse.at(r, k) * x[k];
        norm += y[r] * y[r];
      }
      norm = std::sqrt(norm);
      if (!(norm > 0) || !std::isfinite(norm)) break;
      for (std::size_t r = 0; r < n; ++r) x[r] = y[r] / norm;
    }
  }
  for (std::size_t r = 0; r < n; ++r) v.at(r, col) = x[r];
}

bool upper_triangular(const dense& a) {
  for (std::size_t r = 1; r < a.rows; ++r)
    for (std::size_t c = 0; c < r; ++c)
      if (a.at(r, c) != 0) return false;
  return true;
}
} // namespace

std::vector<double> eigen(const dense& a, dense& vectors, const work_meter& work) {
  auto n = a.rows;
  std::vector<double> values;
  for (double x : a.v)
    if (!std::isfinite(x)) { // nothing to decompose
      vectors = dense{n, n, std::vector<double>(n * n, std::numeric_limits<double>::quiet_NaN())};
      return std::vector<double>(n, std::numeric_limits<double>::quiet_NaN());
    }
  dense found;
  if (symmetric(a)) {
    values = eigen_symmetric(a, found, work);
  } else {
    dense m = a, q, r;
    constexpr int steps = 500;
    for (int s = 0; s < steps; ++s) {
      double below = 0;
      for (std::size_t i = 1; i < n; ++i) below = std::max(below, std::fabs(m.at(i, i - 1)));
      if (below <= 1e-15 * largest(a)) break;
      factor(m, q, r, work);
      work(n * n * n / 2);
      m = multiply(r, q);
    }
    values.resize(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = m.at(i, i);
    // tidy what is an integer up to rounding
    for (auto& x : values)
      if (std::fabs(x - std::round(x)) < 1e-12 * std::max(1.0, std::fabs(x))) x = std::round(x);
    found = dense{n, n, std::vector<double>(n * n, 0.0)};
    for (std::size_t i = 0; i < n; ++i) eigen_vector(a, values[i], i, found, work);
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  // the greatest first where the matrix is symmetric; a triangular one shows them along its diagonal, and a pair comes as
  // the Schur form has it (as observed)
  const auto sort_by = [&](auto before) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return before(values[x], values[y]); });
  };
  const bool rising = n == 2 && !symmetric(a) && a.at(0, 0) < a.at(1, 1);
  if (symmetric(a) || (n == 2 && !rising)) sort_by(std::greater<>{});
  else if (rising) sort_by(std::less<>{});
  else if (!upper_triangular(a)) sort_by([](double x, double y) { return std::fabs(x) > std::fabs(y); });
  std::vector<double> out(n);
  vectors = found;
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = values[order[i]];
    for (std::size_t r = 0; r < n; ++r) vectors.at(r, i) = found.at(r, order[i]);
  }
  return out;
}

dense pseudo_inverse(const dense& a, const work_meter& work) {
  auto t = transposed(a);
  bool tall = a.rows >= a.cols;
  auto gram = tall ? multiply(t, a) : multiply(a, t);
  dense inverse;
  if (rank_of(gram) == gram.rows && invert(gram, inverse, work)) return tall ? multiply(inverse, t) : multiply(t, inverse);
  dense v;
  auto values = eigen(gram, v, work);
  double tiny = values.empty() ? 0 : std::fabs(values[0]) * 1e-12;
  auto scaled = transposed(v);
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t c = 0; c < scaled.cols; ++c) scaled.at(i, c) *= values[i] > tiny ? 1 / values[i] : 0;
  inverse = multiply(v, scaled);
  return tall ? multiply(inverse, t) : multiply(t, inverse);
}

} // namespace tt::pine
