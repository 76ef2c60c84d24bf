#include "actors/pine/lib/sort_field.hpp"
#include "actors/pine/lib/matrix_math.hpp"
#include "actors/pine/lib/strings.hpp"
#include "actors/pine/limits.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>

/// matrix.*: making, reading, changing, and the wrappers of the numerics in matrix_math.cpp.

namespace tt::pine {
namespace {

matrix_object& arg(const site& c, std::size_t k = 0) { return need<matrix_object>(c, k, "the matrix"); }
matrix_object& changing(const site& c) {
  auto& m = arg(c);
  if (m.of_the_past) c.stop("the matrix is that of an earlier bar, which can't be changed; change a copy of it");
  c.mem().touch(&m);
  return m;
}
void check_size(const site& c, std::int64_t rows, std::int64_t cols) {
  if (rows < 0 || cols < 0) c.stop("the size can't be negative");
  if (rows > limits::array_elements || cols > limits::array_elements || rows * cols > limits::array_elements)
    c.stop("a matrix can hold at most " + std::to_string(limits::array_elements) + " elements");
}
/// Negative places are errors: only arrays count from the end.
std::size_t index(const site& c, std::size_t k, std::size_t size, const char* what) {
  auto i = c.i(k, -1);
  if (i < 0 || i >= i64(size))
    c.stop(std::string("the ") + what + " " + std::to_string(c.i(k, -1)) + " is outside of the matrix, which has " + std::to_string(size));
  return usz(i);
}
matrix_object* make(const site& c, type_id element, bool refs, std::size_t rows, std::size_t cols) {
  check_size(c, i64(rows), i64(cols));
  auto* m = c.mem().make<matrix_object>(element, refs);
  m->rows = rows;
  m->cols = cols;
  if (refs) m->ref.assign(rows * cols, nullptr);
  else m->num.assign(rows * cols, na_value);
  c.mem().grew(rows * cols * 8);
  c.shared().charge(rows * cols / 8);
  return m;
}
/// The call's result, of the element type that its signature has.
matrix_object* result(const site& c, std::size_t rows, std::size_t cols) {
  auto* m = make(c, (*c.ctx->prog->types)[c.plan->aux].arg, false, rows, cols);
  c.reto(m);
  return m;
}
/// Numbers of the matrix for the numerics.
dense dense_of(const site& c, const matrix_object& m) {
  c.shared().charge(m.num.size() / 4);
  return {m.rows, m.cols, m.num};
}
void give(const site& c, dense d) {
  auto* m = result(c, d.rows, d.cols);
  m->num = std::move(d.v);
}

void create(site& c) {
  const auto& types = *c.ctx->prog->types;
  auto element = types[c.plan->aux].arg;
  bool refs = is_reference(types, element);
  check_size(c, c.i(0), c.i(1));
  auto* m = make(c, element, refs, usz(c.i(0)), usz(c.i(1)));
  if (refs) std::fill(m->ref.begin(), m->ref.end(), ref_arg(c, 2));
  else std::fill(m->num.begin(), m->num.end(), num_arg(c, 2));
  c.reto(m);
}
/// A na place gives na, and changes nothing in set (PyneCore, measured on TradingView).
void get(site& c) {
  auto& m = arg(c);
  if (c.na(1) || c.na(2)) return m.is_ref ? ret_ref(c, nullptr) : ret_num(c, na_value);
  auto at = index(c, 1, m.rows, "row") * m.cols + index(c, 2, m.cols, "column");
  if (m.is_ref) ret_ref(c, m.ref[at]);
  else ret_num(c, m.num[at]);
}
void set(site& c) {
  auto& m = changing(c);
  if (c.na(1) || c.na(2)) return;
  auto at = index(c, 1, m.rows, "row") * m.cols + index(c, 2, m.cols, "column");
  if (m.is_ref) m.ref[at] = ref_arg(c, 3);
  else m.num[at] = num_arg(c, 3);
}
void rows(site& c) { c.ret(f64(arg(c).rows)); }
void columns(site& c) { c.ret(f64(arg(c).cols)); }
void elements_count(site& c) { c.ret(f64(arg(c).rows * arg(c).cols)); }

void fill(site& c) {
  auto& m = changing(c);
  auto to = [&](std::size_t k, std::size_t size) { return c.na(k) ? i64(size) : std::min(c.i(k), i64(size)); };
  auto r1 = to(3, m.rows), c1 = to(5, m.cols);
  c.shared().charge(m.rows * m.cols / 8);
  for (auto r = std::max<std::int64_t>(c.i(2), 0); r < r1; ++r)
    for (auto k = std::max<std::int64_t>(c.i(4), 0); k < c1; ++k) {
      auto at = usz(r) * m.cols + usz(k);
      if (m.is_ref) m.ref[at] = ref_arg(c, 1);
      else m.num[at] = num_arg(c, 1);
    }
}
template <bool Row>
void line(site& c) {
  auto& m = arg(c);
  if (c.na(1)) return c.reto(nullptr);
  auto k = index(c, 1, Row ? m.rows : m.cols, Row ? "row" : "column");
  auto* a = c.mem().make<array_object>(m.element, m.is_ref);
  auto n = Row ? m.cols : m.rows;
  c.shared().charge(n / 8);
  c.mem().grew(n * 8);
  for (std::size_t i = 0; i < n; ++i) {
    auto at = Row ? k * m.cols + i : i * m.cols + k;
    if (m.is_ref) a->ref.push_back(m.ref[at]);
    else a->num.push_back(m.num[at]);
  }
  c.reto(a);
}

/// Rebuilds the matrix with `rows` x `cols` cells, each taken from the old one, or filler when `from` says so.
template <class T, class From>
void rebuild(std::vector<T>& v, std::size_t rows, std::size_t cols, From from) {
  std::vector<T> out(rows * cols);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t k = 0; k < cols; ++k) out[r * cols + k] = from(r, k);
  v.swap(out);
}
template <bool Row>
void add_line(site& c) {
  auto& m = changing(c);
  auto* a = static_cast<array_object*>(c.o(2));
  if (a != nullptr && (a->kind != object_kind::array || a->is_ref != m.is_ref)) c.stop("the array is of another type than the matrix");
  const auto view = a == nullptr ? array_view{} : view_of(*a);
  auto size = Row ? m.rows : m.cols;
  auto at = c.na(1) ? i64(size) : c.i(1);
  if (at < 0 || at > i64(size)) c.stop("the place " + std::to_string(at) + " is outside of the matrix");
  if (a != nullptr && m.rows * m.cols == 0) { // an empty matrix takes the array's length
    if (Row) m.cols = m.rows == 0 ? view.count : m.cols;
    else m.rows = m.cols == 0 ? view.count : m.rows;
  }
  auto want = Row ? m.cols : m.rows;
  if (a != nullptr && view.count != want) c.stop("the array has " + std::to_string(view.count) + " elements, the matrix needs " + std::to_string(want));
  auto rows_now = m.rows + (Row ? 1 : 0), cols_now = m.cols + (Row ? 0 : 1);
  check_size(c, i64(rows_now), i64(cols_now));
  c.shared().charge(rows_now * cols_now / 8);
  auto p = usz(at);
  auto old_cols = m.cols;
  auto build = [&](auto& v, const auto* line_values, auto missing) {
    rebuild(v, rows_now, cols_now, [&](std::size_t r, std::size_t k) {
      auto i = Row ? r : k, j = Row ? k : r;
      if (i == p) return a == nullptr ? missing : line_values[j];
      auto rr = Row && r > p ? r - 1 : r, kk = !Row && k > p ? k - 1 : k;
      return v[rr * old_cols + kk];
    });
  };
  if (m.is_ref) build(m.ref, a == nullptr ? nullptr : view.ref(), static_cast<object*>(nullptr));
  else build(m.num, a == nullptr ? nullptr : view.num(), na_value);
  m.rows = rows_now;
  m.cols = cols_now;
  c.mem().grew(8 * want);
}
template <bool Row>
void remove_line(site& c) {
  auto& m = changing(c);
  auto size = Row ? m.rows : m.cols;
  if (size == 0) c.stop("the matrix is empty");
  auto p = c.na(1) ? size - 1 : index(c, 1, size, Row ? "row" : "column");
  auto* a = c.mem().make<array_object>(m.element, m.is_ref);
  auto rows_now = m.rows - (Row ? 1 : 0), cols_now = m.cols - (Row ? 0 : 1);
  c.shared().charge(m.rows * m.cols / 8);
  c.mem().grew(8 * (Row ? m.cols : m.rows));
  auto old_cols = m.cols;
  auto build = [&](auto& v, auto& removed) {
    for (std::size_t j = 0; j < (Row ? m.cols : m.rows); ++j) removed.push_back(v[Row ? p * old_cols + j : j * old_cols + p]);
    rebuild(v, rows_now, cols_now, [&](std::size_t r, std::size_t k) {
      return v[(Row && r >= p ? r + 1 : r) * old_cols + (!Row && k >= p ? k + 1 : k)];
    });
  };
  if (m.is_ref) build(m.ref, a->ref);
  else build(m.num, a->num);
  m.rows = rows_now;
  m.cols = cols_now;
  c.reto(a);
}
template <bool Row>
void swap_lines(site& c) {
  auto& m = changing(c);
  auto size = Row ? m.rows : m.cols;
  auto a = index(c, 1, size, Row ? "row" : "column"), b = index(c, 2, size, Row ? "row" : "column");
  c.shared().charge((Row ? m.cols : m.rows) / 8);
  for (std::size_t j = 0; j < (Row ? m.cols : m.rows); ++j) {
    auto x = Row ? a * m.cols + j : j * m.cols + a, y = Row ? b * m.cols + j : j * m.cols + b;
    if (m.is_ref) std::swap(m.ref[x], m.ref[y]);
    else std::swap(m.num[x], m.num[y]);
  }
}
void copy(site& c) {
  auto& m = arg(c);
  auto* n = make(c, m.element, m.is_ref, m.rows, m.cols);
  n->num = m.num;
  n->ref = m.ref;
  c.reto(n);
}
void submatrix(site& c) {
  auto& m = arg(c);
  auto r0 = c.i(1), r1 = c.na(2) ? i64(m.rows) : c.i(2), c0 = c.i(3), c1 = c.na(4) ? i64(m.cols) : c.i(4);
  if (r0 < 0 || c0 < 0 || r1 > i64(m.rows) || c1 > i64(m.cols) || r0 > r1 || c0 > c1) c.stop("the part lies outside of the matrix");
  auto* n = make(c, m.element, m.is_ref, usz(r1 - r0), usz(c1 - c0));
  for (std::size_t r = 0; r < n->rows; ++r)
    for (std::size_t k = 0; k < n->cols; ++k) {
      auto from = (usz(r0) + r) * m.cols + usz(c0) + k, to = r * n->cols + k;
      if (m.is_ref) n->ref[to] = m.ref[from];
      else n->num[to] = m.num[from];
    }
  c.reto(n);
}
void transpose(site& c) {
  auto& m = arg(c);
  auto* n = make(c, m.element, m.is_ref, m.cols, m.rows);
  for (std::size_t r = 0; r < m.rows; ++r)
    for (std::size_t k = 0; k < m.cols; ++k) {
      if (m.is_ref) n->ref[k * m.rows + r] = m.ref[r * m.cols + k];
      else n->num[k * m.rows + r] = m.num[r * m.cols + k];
    }
  c.reto(n);
}
void reshape(site& c) {
  auto& m = changing(c);
  auto r = c.i(1), k = c.i(2);
  if (r < 0 || k < 0 || f64(r) * f64(k) != f64(m.rows * m.cols)) c.stop("the new shape needs the same number of elements");
  m.rows = usz(r);
  m.cols = usz(k);
}
void reverse(site& c) {
  auto& m = changing(c);
  std::reverse(m.num.begin(), m.num.end());
  std::reverse(m.ref.begin(), m.ref.end());
}
void concat(site& c) {
  auto& a = changing(c);
  auto& b = arg(c, 1);
  if (a.is_ref != b.is_ref) c.stop("the matrices are of different types");
  if (a.cols != b.cols && a.rows * a.cols != 0) c.stop("the matrices have different numbers of columns");
  check_size(c, i64(a.rows + b.rows), i64(b.cols));
  auto num = b.num;
  auto ref = b.ref;
  a.num.insert(a.num.end(), num.begin(), num.end());
  a.ref.insert(a.ref.end(), ref.begin(), ref.end());
  if (a.rows * a.cols == 0) a.rows = 0;
  a.cols = b.cols;
  a.rows += b.rows;
  c.mem().grew(8 * (num.size() + ref.size()));
  c.reto(&a);
}
/// The key of a row: the element in the column, or one field of the object there.
struct row_key {
  const matrix_object& m;
  std::size_t column;
  const udt_field* field = nullptr;
  bool ref = false;

  double num(std::size_t row) const {
    if (field == nullptr) return m.num[row * m.cols + column];
    auto* o = static_cast<const record_object*>(m.ref[row * m.cols + column]);
    return o == nullptr ? na_value : o->num[field->slot];
  }
  const object* text(std::size_t row) const {
    auto* o = m.ref[row * m.cols + column];
    return field == nullptr || o == nullptr ? o : static_cast<const record_object*>(o)->ref[field->slot];
  }
  bool less(std::size_t a, std::size_t b) const {
    if (ref) return text(a) == nullptr ? text(b) != nullptr : text(b) != nullptr && text_of(text(a)) < text_of(text(b));
    double x = num(a), y = num(b);
    return !is_na(x) && (is_na(y) || x < y);
  }
};
row_key key_of(const site& c, const matrix_object& m, std::size_t column) {
  const auto& types = *c.ctx->prog->types;
  if (types.kind(m.element) != type_kind::object) return {m, column, nullptr, m.is_ref};
  const auto& field = sort_field(c, types[m.element], 3);
  return {m, column, &field, field.type == t_string};
}
void sort(site& c) {
  auto& m = changing(c);
  if (m.rows == 0) return;
  auto col = c.na(1) ? 0 : index(c, 1, m.cols, "column");
  bool down = c.s(2) == "descending";
  c.shared().charge(m.rows * 2 + m.num.size() / 8);
  auto key = key_of(c, m, col);
  std::vector<std::size_t> order(m.rows);
  for (std::size_t i = 0; i < m.rows; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return down ? key.less(b, a) : key.less(a, b); });
  auto cols = m.cols;
  if (m.is_ref) rebuild(m.ref, m.rows, cols, [&](std::size_t r, std::size_t k) { return m.ref[order[r] * cols + k]; });
  else rebuild(m.num, m.rows, cols, [&](std::size_t r, std::size_t k) { return m.num[order[r] * cols + k]; });
}

// ---------------------------------------------------------------- figures of all elements

std::vector<double> known(const site& c) {
  const auto& m = arg(c);
  c.shared().charge(m.num.size() / 8);
  std::vector<double> v;
  for (double x : m.num)
    if (!is_na(x)) v.push_back(x);
  return v;
}
void avg(site& c) {
  auto v = known(c);
  double s = 0;
  for (double x : v) s += x;
  c.ret(v.empty() ? na_value : s / f64(v.size()));
}
template <bool Largest>
void extreme(site& c) {
  auto v = known(c);
  if (v.empty()) return c.ret(na_value);
  c.ret(Largest ? *std::max_element(v.begin(), v.end()) : *std::min_element(v.begin(), v.end()));
}
void median(site& c) {
  auto v = known(c);
  c.shared().charge(v.size());
  if (v.empty()) return c.ret(na_value);
  std::sort(v.begin(), v.end());
  auto mid = v.size() / 2;
  c.ret(v.size() % 2 == 1 ? v[mid] : (v[mid - 1] + v[mid]) / 2);
}
void mode(site& c) {
  auto v = known(c);
  c.shared().charge(v.size());
  if (v.empty()) return c.ret(na_value);
  std::sort(v.begin(), v.end());
  double best = v.front();
  std::size_t most = 0;
  for (std::size_t i = 0; i < v.size();) {
    auto j = i;
    while (j < v.size() && v[j] == v[i]) ++j;
    if (j - i > most) {
      most = j - i;
      best = v[i];
    }
    i = j;
  }
  c.ret(best);
}

// ---------------------------------------------------------------- what a matrix is

template <class F>
bool every(const site& c, F f) {
  const auto& m = arg(c);
  c.shared().charge(m.num.size() / 8);
  for (std::size_t r = 0; r < m.rows; ++r)
    for (std::size_t k = 0; k < m.cols; ++k)
      if (!f(r, k, m.num[r * m.cols + k])) return false;
  return true;
}
bool square(const matrix_object& m) { return m.rows == m.cols; }
void is_square(site& c) { c.ret(from_bool(square(arg(c)))); }
void is_zero(site& c) { c.ret(from_bool(every(c, [](auto, auto, double x) { return x == 0; }))); }
void is_binary(site& c) { c.ret(from_bool(every(c, [](auto, auto, double x) { return x == 0 || x == 1; }))); }
void is_identity(site& c) {
  auto& m = arg(c);
  c.ret(from_bool(square(m) && every(c, [](auto r, auto k, double x) { return x == (r == k ? 1 : 0); })));
}
void is_diagonal(site& c) {
  auto& m = arg(c);
  c.ret(from_bool(square(m) && every(c, [](auto r, auto k, double x) { return r == k || x == 0; })));
}
void is_antidiagonal(site& c) {
  auto& m = arg(c);
  c.ret(from_bool(square(m) && every(c, [&](auto r, auto k, double x) { return r + k + 1 == m.cols || x == 0; })));
}
void is_symmetric(site& c) {
  auto& m = arg(c);
  c.ret(from_bool(square(m) && every(c, [&](auto r, auto k, double x) { return x == m.num[k * m.cols + r]; })));
}
void is_antisymmetric(site& c) {
  auto& m = arg(c);
  c.ret(from_bool(square(m) && every(c, [&](auto r, auto k, double x) { return x == -m.num[k * m.cols + r]; })));
}
void is_triangular(site& c) {
  auto& m = arg(c);
  c.ret(from_bool(square(m) && (every(c, [](auto r, auto k, double x) { return r <= k || x == 0; }) ||
                                every(c, [](auto r, auto k, double x) { return r >= k || x == 0; }))));
}
void is_stochastic(site& c) {
  auto& m = arg(c);
  if (!every(c, [](auto, auto, double x) { return x >= 0; })) return c.ret(0);
  bool rows_one = true, cols_one = true;
  for (std::size_t r = 0; r < m.rows; ++r) {
    double s = 0;
    for (std::size_t k = 0; k < m.cols; ++k) s += m.num[r * m.cols + k];
    rows_one = rows_one && std::fabs(s - 1) <= epsilon;
  }
  for (std::size_t k = 0; k < m.cols; ++k) {
    double s = 0;
    for (std::size_t r = 0; r < m.rows; ++r) s += m.num[r * m.cols + k];
    cols_one = cols_one && std::fabs(s - 1) <= epsilon;
  }
  c.ret(from_bool(rows_one || cols_one));
}

// ---------------------------------------------------------------- arithmetic

template <int Sign>
void combine(site& c) {
  auto& a = arg(c);
  auto& b = arg(c, 1);
  if (a.rows != b.rows || a.cols != b.cols) c.stop("the matrices have different sizes");
  auto* m = result(c, a.rows, a.cols);
  for (std::size_t i = 0; i < m->num.size(); ++i) m->num[i] = a.num[i] + Sign * b.num[i];
}
template <int Sign>
void combine_scalar(site& c) {
  auto& a = arg(c);
  auto* m = result(c, a.rows, a.cols);
  for (std::size_t i = 0; i < m->num.size(); ++i) m->num[i] = a.num[i] + Sign * c.f(1);
}
void mult(site& c) {
  auto &a = arg(c), &b = arg(c, 1);
  if (a.cols != b.rows) c.stop("the first matrix has " + std::to_string(a.cols) + " columns, the second " + std::to_string(b.rows) + " rows");
  c.shared().charge(a.rows * a.cols * b.cols / 8 + 1);
  check_size(c, i64(a.rows), i64(b.cols));
  give(c, multiply(dense_of(c, a), dense_of(c, b)));
}
void mult_scalar(site& c) {
  auto& a = arg(c);
  auto* m = result(c, a.rows, a.cols);
  for (std::size_t i = 0; i < m->num.size(); ++i) m->num[i] = a.num[i] * c.f(1);
}
void mult_array(site& c) {
  auto& a = arg(c);
  const auto v = view_of(need<array_object>(c, 1, "the array"));
  if (a.cols != v.count) c.stop("the matrix has " + std::to_string(a.cols) + " columns, the array " + std::to_string(v.count) + " elements");
  c.shared().charge(a.rows * a.cols / 8 + 1);
  auto* out = c.mem().make<array_object>(type_id(t_float), false);
  c.mem().grew(a.rows * 8);
  for (std::size_t r = 0; r < a.rows; ++r) {
    double s = 0;
    for (std::size_t k = 0; k < a.cols; ++k) s += a.num[r * a.cols + k] * v.num()[k];
    out->num.push_back(s);
  }
  c.reto(out);
}
void kron(site& c) {
  auto &a = arg(c), &b = arg(c, 1);
  check_size(c, i64(a.rows * b.rows), i64(a.cols * b.cols));
  auto* m = result(c, a.rows * b.rows, a.cols * b.cols);
  for (std::size_t r = 0; r < m->rows; ++r)
    for (std::size_t k = 0; k < m->cols; ++k)
      m->num[r * m->cols + k] = a.num[r / b.rows * a.cols + k / b.cols] * b.num[r % b.rows * b.cols + k % b.cols];
}
void power(site& c) {
  auto& a = arg(c);
  auto n = c.i(1);
  if (!square(a)) c.stop("the matrix must be square");
  if (n < 0) c.stop("the power can't be negative");
  c.shared().charge((a.rows * a.rows * a.rows / 8 + 1) * 64);
  auto base = dense_of(c, a), out = identity(a.rows);
  for (; n > 0; n /= 2) {
    if (n % 2 == 1) out = multiply(out, base);
    base = multiply(base, base);
  }
  give(c, std::move(out));
}
void need_square(const site& c, const matrix_object& a) {
  if (!square(a)) c.stop("the matrix must be square");
  c.shared().charge(a.rows * a.rows * a.rows / 8 + 1);
}
void det(site& c) {
  need_square(c, arg(c));
  c.ret(determinant(dense_of(c, arg(c))));
}
void trace(site& c) {
  auto& a = arg(c);
  need_square(c, a);
  double s = 0;
  for (std::size_t i = 0; i < a.rows; ++i) s += a.num[i * a.cols + i];
  c.ret(s);
}
void rank(site& c) {
  auto& a = arg(c);
  c.shared().charge(a.rows * a.rows * a.cols / 8 + 1);
  c.ret(f64(rank_of(dense_of(c, a))));
}
/// Eight elements make a step. Counted part by part, as one call may take longer than a bar may.
work_meter meter_of(const site& c) {
  return [&shared = c.shared()](std::size_t elements) { shared.charge(elements / 8 + 1); };
}
void inv(site& c) {
  need_square(c, arg(c));
  dense out;
  if (invert(dense_of(c, arg(c)), out, meter_of(c))) give(c, std::move(out));
  else c.reto(nullptr);
}
void pinv(site& c) {
  auto& a = arg(c);
  auto small = std::min(a.rows, a.cols);
  c.shared().charge(small * small * std::max(a.rows, a.cols) * 2 + 1);
  give(c, pseudo_inverse(dense_of(c, a), meter_of(c)));
}
void eigenvalues(site& c) {
  auto& a = arg(c);
  need_square(c, a);
  if (a.rows == 0) c.stop("the matrix is empty");
  auto* out = c.mem().make<array_object>(type_id(t_float), false);
  dense vectors;
  out->num = eigen(dense_of(c, a), vectors, meter_of(c));
  c.mem().grew(out->num.size() * 8);
  c.reto(out);
}
void eigenvectors(site& c) {
  auto& a = arg(c);
  need_square(c, a);
  dense vectors;
  eigen(dense_of(c, a), vectors, meter_of(c));
  give(c, std::move(vectors));
}

} // namespace

const std::vector<builtin_row>& matrix_rows() {
  static const std::vector<builtin_row> table{
      {"matrix.new(int rows=0, int columns=0, T initial_value=na) matrix<T>", create},
      {"matrix.get(matrix<T> id, int row, int column) T", get},
      {"matrix.set(matrix<T> id, int row, int column, T value) void", set},
      {"matrix.rows(matrix<T> id) int", rows},
      {"matrix.columns(matrix<T> id) int", columns},
      {"matrix.elements_count(matrix<T> id) int", elements_count},
      {"matrix.fill(matrix<T> id, T value, int from_row=0, int to_row=na, int from_column=0, int to_column=na) void", fill},
      {"matrix.row(matrix<T> id, int row) array<T>", line<true>},
      {"matrix.col(matrix<T> id, int column) array<T>", line<false>},
      {"matrix.add_row(matrix<T> id, int row=na, array<T> array_id=na) void", add_line<true>},
      {"matrix.add_col(matrix<T> id, int column=na, array<T> array_id=na) void", add_line<false>},
      {"matrix.remove_row(matrix<T> id, int row=na) array<T>", remove_line<true>},
      {"matrix.remove_col(matrix<T> id, int column=na) array<T>", remove_line<false>},
      {"matrix.swap_rows(matrix<T> id, int row1, int row2) void", swap_lines<true>},
      {"matrix.swap_columns(matrix<T> id, int column1, int column2) void", swap_lines<false>},
      {"matrix.copy(matrix<T> id) matrix<T>", copy},
      {"matrix.submatrix(matrix<T> id, int from_row=0, int to_row=na, int from_column=0, int to_column=na) matrix<T>", submatrix},
      {"matrix.transpose(matrix<T> id) matrix<T>", transpose},
      {"matrix.reshape(matrix<T> id, int rows, int columns) void", reshape},
      {"matrix.reverse(matrix<T> id) void", reverse},
      {"matrix.concat(matrix<T> id1, matrix<T> id2) matrix<T>", concat},
      {"matrix.sort(matrix<T> id, int column=0, string order=\"ascending\", string sort_field=?) void", sort},
      {"matrix.sort(matrix<T> id, int column=0, string order=\"ascending\", int sort_field) void", sort},
      {"matrix.avg(matrix<num> id) num", avg},
      {"matrix.max(matrix<num> id) num", extreme<true>},
      {"matrix.min(matrix<num> id) num", extreme<false>},
      {"matrix.median(matrix<num> id) num", median},
      {"matrix.mode(matrix<num> id) num", mode},
      {"matrix.is_square(matrix<T> id) bool", is_square},
      {"matrix.is_zero(matrix<num> id) bool", is_zero},
      {"matrix.is_binary(matrix<num> id) bool", is_binary},
      {"matrix.is_identity(matrix<num> id) bool", is_identity},
      {"matrix.is_diagonal(matrix<num> id) bool", is_diagonal},
      {"matrix.is_antidiagonal(matrix<num> id) bool", is_antidiagonal},
      {"matrix.is_symmetric(matrix<num> id) bool", is_symmetric},
      {"matrix.is_antisymmetric(matrix<num> id) bool", is_antisymmetric},
      {"matrix.is_triangular(matrix<num> id) bool", is_triangular},
      {"matrix.is_stochastic(matrix<num> id) bool", is_stochastic},
      {"matrix.sum(matrix<int> id1, matrix<int> id2) matrix<int>", combine<1>},
      {"matrix.sum(matrix<num> id1, matrix<num> id2) matrix<float>", combine<1>},
      {"matrix.sum(matrix<int> id1, int id2) matrix<int>", combine_scalar<1>},
      {"matrix.sum(matrix<num> id1, float id2) matrix<float>", combine_scalar<1>},
      {"matrix.diff(matrix<int> id1, matrix<int> id2) matrix<int>", combine<-1>},
      {"matrix.diff(matrix<num> id1, matrix<num> id2) matrix<float>", combine<-1>},
      {"matrix.diff(matrix<int> id1, int id2) matrix<int>", combine_scalar<-1>},
      {"matrix.diff(matrix<num> id1, float id2) matrix<float>", combine_scalar<-1>},
      {"matrix.mult(matrix<int> id1, matrix<int> id2) matrix<int>", mult},
      {"matrix.mult(matrix<num> id1, matrix<num> id2) matrix<float>", mult},
      {"matrix.mult(matrix<int> id1, int id2) matrix<int>", mult_scalar},
      {"matrix.mult(matrix<num> id1, float id2) matrix<float>", mult_scalar},
      {"matrix.mult(matrix<int> id1, array<int> id2) array<int>", mult_array},
      {"matrix.mult(matrix<num> id1, array<num> id2) array<float>", mult_array},
      {"matrix.kron(matrix<int> id1, matrix<int> id2) matrix<int>", kron},
      {"matrix.kron(matrix<num> id1, matrix<num> id2) matrix<float>", kron},
      {"matrix.pow(matrix<int> id, int power) matrix<int>", power},
      {"matrix.pow(matrix<num> id, int power) matrix<float>", power},
      {"matrix.det(matrix<num> id) num", det},
      {"matrix.trace(matrix<num> id) num", trace},
      {"matrix.rank(matrix<num> id) int", rank},
      {"matrix.inv(matrix<num> id) matrix<float>", inv},
      {"matrix.pinv(matrix<num> id) matrix<float>", pinv},
      {"matrix.eigenvalues(matrix<num> id) array<float>", eigenvalues},
      {"matrix.eigenvectors(matrix<num> id) matrix<float>", eigenvectors},
  };
  return table;
}

} // namespace tt::pine
