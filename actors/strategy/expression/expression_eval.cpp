#include "actors/strategy/expression/expression.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tt::strategy {

namespace {

using op = expression_node::op;

class evaluator {
public:
  evaluator(const expression& what, const value_source& values) : nodes_(what.nodes()), values_(values) {}

  value eval(const expression_node& n, std::size_t back) const {
    switch (n.what) {
    case op::constant: return n.constant;
    case op::name: return values_.at(n.handle, back);
    case op::logical_not: {
      const value v = child(n, 0, back);
      return v.boolean() ? value::of(!*v.boolean()) : value::missing();
    }
    case op::logical_and: return decide(n, back, false);
    case op::logical_or: return decide(n, back, true);
    case op::equal:
    case op::not_equal: return equality(n, back);
    case op::in_list: return membership(n, back);
    case op::nz: {
      value v = child(n, 0, back);
      return v.is_missing() ? child(n, 1, back) : v;
    }
    case op::crossover: return cross(n, back, 1);
    case op::crossunder: return cross(n, back, -1);
    case op::highest:
    case op::lowest: return extreme(n, back);
    case op::change: return relative_change(n, back);
    case op::stdev:
    case op::zscore: return deviation(n, back);
    case op::count: return count(n, back);
    case op::minimum:
    case op::maximum: return smallest_or_largest(n, back);
    default: return n.children.size() == 1 ? unary(n, back) : binary(n, back);
    }
  }

private:
  value child(const expression_node& n, std::size_t which, std::size_t back) const { return eval(nodes_[n.children[which]], back); }

  /// `and` (decided by a false) and `or` (decided by a true).
  value decide(const expression_node& n, std::size_t back, bool deciding) const {
    const value left = child(n, 0, back);
    if (left.boolean() && *left.boolean() == deciding) return left;
    const value right = child(n, 1, back);
    if (right.boolean() && *right.boolean() == deciding) return right;
    return left.is_missing() ? left : right;
  }

  value equality(const expression_node& n, std::size_t back) const {
    const value left = child(n, 0, back), right = child(n, 1, back);
    if (left.is_missing() || right.is_missing()) return {};
    return value::of((left == right) == (n.what == op::equal));
  }

  value membership(const expression_node& n, std::size_t back) const {
    const value wanted = child(n, 0, back);
    if (wanted.is_missing()) return {};
    bool unknown = false;
    for (std::size_t i = 1; i < n.children.size(); ++i) {
      const value candidate = child(n, i, back);
      if (candidate == wanted) return value::of(true);
      unknown = unknown || candidate.is_missing();
    }
    return unknown ? value::missing() : value::of(false);
  }

  value cross(const expression_node& n, std::size_t back, double sign) const {
    const value a = child(n, 0, back), b = child(n, 1, back), a1 = child(n, 0, back + 1), b1 = child(n, 1, back + 1);
    if (!a.number() || !b.number() || !a1.number() || !b1.number()) return {};
    return value::of(sign * (*a.number() - *b.number()) > 0 && sign * (*a1.number() - *b1.number()) <= 0);
  }

  /// Calls `take` with each number of the window, newest first; false when one is missing.
  template <class Take>
  bool over_window(const expression_node& n, std::size_t back, Take take) const {
    for (std::uint32_t i = 0; i < n.window; ++i) {
      const value v = child(n, 0, back + n.offset + i);
      if (!v.number()) return false;
      take(*v.number());
    }
    return true;
  }

  value extreme(const expression_node& n, std::size_t back) const {
    std::optional<double> best;
    const bool known = over_window(n, back, [&](double x) {
      if (!best || (n.what == op::highest ? x > *best : x < *best)) best = x;
    });
    return known && best ? value::of(*best) : value::missing();
  }

  value relative_change(const expression_node& n, std::size_t back) const {
    const value now = child(n, 0, back), before = child(n, 0, back + n.window);
    if (!now.number() || !before.number() || *before.number() == 0) return {};
    return value::of(*now.number() / *before.number() - 1);
  }

  value deviation(const expression_node& n, std::size_t back) const {
    double sum = 0, newest = 0;
    std::uint32_t taken = 0;
    if (!over_window(n, back, [&](double x) { sum += x, newest = taken++ == 0 ? x : newest; })) return {};
    const double mean = sum / n.window;
    double squares = 0;
    (void)over_window(n, back, [&](double x) { squares += (x - mean) * (x - mean); });
    const double sigma = std::sqrt(squares / n.window);
    if (n.what == op::stdev) return value::of(sigma);
    return sigma == 0 ? value::missing() : value::of((newest - mean) / sigma);
  }

  value count(const expression_node& n, std::size_t back) const {
    std::uint32_t met = 0;
    for (std::uint32_t i = 0; i < n.window; ++i) {
      const value v = child(n, 0, back + i);
      if (!v.boolean()) return {};
      met += *v.boolean() ? 1 : 0;
    }
    return value::of(static_cast<double>(met));
  }

  value smallest_or_largest(const expression_node& n, std::size_t back) const {
    std::optional<double> best;
    for (std::size_t i = 0; i < n.children.size(); ++i) {
      const value v = child(n, i, back);
      if (!v.number()) return {};
      if (!best || (n.what == op::maximum ? *v.number() > *best : *v.number() < *best)) best = *v.number();
    }
    return best ? value::of(*best) : value::missing();
  }

  value unary(const expression_node& n, std::size_t back) const {
    const value v = child(n, 0, back);
    if (!v.number()) return {};
    const double x = *v.number();
    switch (n.what) {
    case op::negate: return value::of(-x);
    case op::absolute: return value::of(std::fabs(x));
    case op::floor: return value::of(std::floor(x));
    case op::ceil: return value::of(std::ceil(x));
    case op::round: return value::of(std::floor(x + 0.5)); // halves go up, as in Pine
    case op::sqrt: return value::of(std::sqrt(x));
    case op::log: return value::of(std::log(x));
    default: return {};
    }
  }

  value binary(const expression_node& n, std::size_t back) const {
    const value left = child(n, 0, back), right = child(n, 1, back);
    if (!left.number() || !right.number()) return {};
    const double a = *left.number(), b = *right.number();
    switch (n.what) {
    case op::add: return value::of(a + b);
    case op::subtract: return value::of(a - b);
    case op::multiply: return value::of(a * b);
    case op::divide: return b == 0 ? value::missing() : value::of(a / b);
    case op::remainder: return b == 0 ? value::missing() : value::of(std::fmod(a, b));
    case op::less: return value::of(a < b);
    case op::less_equal: return value::of(a <= b);
    case op::greater: return value::of(a > b);
    case op::greater_equal: return value::of(a >= b);
    default: return {};
    }
  }

  const std::vector<expression_node>& nodes_;
  const value_source& values_;
};

std::size_t look_back_of(const std::vector<expression_node>& nodes, const expression_node& n) {
  std::size_t deepest = 0;
  for (const auto child : n.children) deepest = std::max(deepest, look_back_of(nodes, nodes[child]));
  switch (n.what) {
  case op::crossover:
  case op::crossunder: return deepest + 1;
  case op::change: return deepest + n.window;
  case op::highest:
  case op::lowest:
  case op::stdev:
  case op::zscore:
  case op::count: return deepest + n.window - 1 + n.offset;
  default: return deepest;
  }
}

/// Letters to change, add or leave out to get from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      corner = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)}));
  }
  return row.back();
}

} // namespace

std::string to_string(const value& v) {
  if (v.number()) {
    std::array<char, 32> out{};
    const auto end = std::to_chars(out.data(), out.data() + out.size(), *v.number());
    return {out.data(), end.ptr};
  }
  if (v.boolean()) return *v.boolean() ? "true" : "false";
  return v.text() ? "'" + *v.text() + "'" : "missing";
}

value evaluate(const expression& what, const value_source& values, std::size_t back) {
  return evaluator{what, values}.eval(what.root(), back);
}

std::size_t expression::look_back() const { return look_back_of(nodes_, nodes_[root_]); }

std::vector<named_value> values_in(const expression& what, const value_source& values) {
  std::vector<const expression_node*> names;
  for (const auto& n : what.nodes())
    if (n.what == op::name) names.push_back(&n);
  std::stable_sort(names.begin(), names.end(), [](const auto* a, const auto* b) { return a->position < b->position; });
  std::vector<named_value> out;
  for (const auto* n : names)
    if (std::none_of(out.begin(), out.end(), [&](const auto& seen) { return seen.name == n->label; }))
      out.push_back({n->label, values.at(n->handle, 0)});
  return out;
}

std::optional<std::string> nearest_name(std::string_view written, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t fewest = std::min<std::size_t>(written.size() / 3 + 1, 4);
  for (const auto& word : known)
    if (const auto d = distance(written.substr(0, 64), word); d < fewest || (d == fewest && !best)) best = word, fewest = d;
  return best;
}

} // namespace tt::strategy
