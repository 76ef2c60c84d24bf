// Interval analysis: an entry list that can't hold, exits that leave no room.
#include "actors/strategy/jobs/job_plan.hpp"

#include <algorithm>
#include <limits>

namespace tt::strategy::check {

namespace {

using op = expression_node::op;

enum class edge : std::uint8_t { open, closed };

/// Values of one expression that a comparison lets through.
struct bound {
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  edge low = edge::open, high = edge::open;

  void cut_below(double x, edge e) {
    if (x > least || (x == least && e == edge::open)) least = x, low = e;
  }
  void cut_above(double x, edge e) {
    if (x < most || (x == most && e == edge::open)) most = x, high = e;
  }
  [[nodiscard]] bool is_empty() const { return least > most || (least == most && (low == edge::open || high == edge::open)); }
};


/// A comparison of something that changes with a number that doesn't.
struct comparison {
  std::string what; ///< canonical text of the changing side
  op sign = op::less;
  double number = 0;
};

std::string canonical(const expression& e, const expression_node& n) {
  if (n.what == op::constant) return to_string(n.constant);
  if (n.what == op::name) return "#" + std::to_string(n.handle);
  std::string out = std::to_string(static_cast<int>(n.what)) + "(" + std::to_string(n.window) + "," + std::to_string(n.offset);
  for (const auto c : n.children) out += "," + canonical(e, e.nodes()[c]);
  return out + ")";
}

bool is_constant(const expression& e, const expression_node& n) {
  return n.what != op::name && std::all_of(n.children.begin(), n.children.end(), [&](auto c) { return is_constant(e, e.nodes()[c]); });
}

/// The value of a constant part: only operations of one bar occur in it.
std::optional<double> constant_value(const expression& e, const expression_node& n) {
  if (n.what == op::constant) return n.constant.number() ? std::optional(*n.constant.number()) : std::nullopt;
  std::vector<double> x;
  for (const auto c : n.children) {
    const auto v = constant_value(e, e.nodes()[c]);
    if (!v) return std::nullopt;
    x.push_back(*v);
  }
  switch (n.what) {
  case op::negate: return -x[0];
  case op::add: return x[0] + x[1];
  case op::subtract: return x[0] - x[1];
  case op::multiply: return x[0] * x[1];
  case op::divide: return x[1] == 0 ? std::nullopt : std::optional(x[0] / x[1]);
  default: return std::nullopt;
  }
}

op mirrored(op sign) {
  switch (sign) {
  case op::less: return op::greater;
  case op::less_equal: return op::greater_equal;
  case op::greater: return op::less;
  case op::greater_equal: return op::less_equal;
  default: return sign;
  }
}

std::optional<comparison> comparison_of(const expression& e, const expression_node& n) {
  if (n.what != op::less && n.what != op::less_equal && n.what != op::greater && n.what != op::greater_equal && n.what != op::equal) return std::nullopt;
  const auto& left = e.nodes()[n.children[0]];
  const auto& right = e.nodes()[n.children[1]];
  if (left.type != value_type::number) return std::nullopt;
  if (const auto x = is_constant(e, right) ? constant_value(e, right) : std::nullopt; x && !is_constant(e, left)) return comparison{canonical(e, left), n.what, *x};
  if (const auto x = is_constant(e, left) ? constant_value(e, left) : std::nullopt; x && !is_constant(e, right)) return comparison{canonical(e, right), mirrored(n.what), *x};
  return std::nullopt;
}

/// The comparisons that all must hold for the condition to hold.
void gather_all(const expression& e, const expression_node& n, std::vector<comparison>& out, bool& never) {
  if (n.what == op::logical_and) {
    gather_all(e, e.nodes()[n.children[0]], out, never);
    gather_all(e, e.nodes()[n.children[1]], out, never);
  } else if (n.what == op::constant && n.constant.boolean() && !*n.constant.boolean()) {
    never = true;
  } else if (auto c = comparison_of(e, n)) {
    out.push_back(std::move(*c));
  }
}
void gather_all(const compiled_condition& c, std::vector<comparison>& out, bool& never) {
  if (c.what == condition_text::kind::item && c.when) gather_all(*c.when, c.when->root(), out, never);
  if (c.what == condition_text::kind::all)
    for (const auto& inner : c.inner) gather_all(inner, out, never);
}

/// The comparisons each of which suffices.
void gather_any(const expression& e, const expression_node& n, std::vector<comparison>& out) {
  if (n.what == op::logical_or) {
    gather_any(e, e.nodes()[n.children[0]], out);
    gather_any(e, e.nodes()[n.children[1]], out);
  } else if (auto c = comparison_of(e, n)) {
    out.push_back(std::move(*c));
  }
}
void gather_any(const compiled_condition& c, std::vector<comparison>& out) {
  if (c.what == condition_text::kind::item && c.when) gather_any(*c.when, c.when->root(), out);
  if (c.what == condition_text::kind::any)
    for (const auto& inner : c.inner) gather_any(inner, out);
}

/// Whether "x below a or x above b" leaves no x out.
std::optional<std::string> covering_pair(const std::vector<comparison>& all) {
  for (const auto& a : all)
    for (const auto& b : all) {
      if (a.what != b.what || (a.sign != op::less && a.sign != op::less_equal) || (b.sign != op::greater && b.sign != op::greater_equal)) continue;
      const bool touching = a.number == b.number && (a.sign == op::less_equal || b.sign == op::greater_equal);
      if (a.number > b.number || touching) return a.what;
    }
  return std::nullopt;
}

} // namespace

void contradictions(const compiled_list& list, text_place at, const std::string& key, finding_list& out) {
  if (list.name.starts_with("entry")) {
    std::vector<comparison> all;
    bool never = false;
    gather_all(list.root, all, never);
    std::map<std::string, bound> bounds;
    for (const auto& c : all) {
      auto& b = bounds[c.what];
      if (c.sign == op::less || c.sign == op::less_equal || c.sign == op::equal) b.cut_above(c.number, c.sign == op::less ? edge::open : edge::closed);
      if (c.sign == op::greater || c.sign == op::greater_equal || c.sign == op::equal) b.cut_below(c.number, c.sign == op::greater ? edge::open : edge::closed);
    }
    if (never) return; // switched off by a parameter on purpose
    if (std::any_of(bounds.begin(), bounds.end(), [](const auto& b) { return b.second.is_empty(); }))
      out.warning(finding_code::contradiction, at, key, "can never be met: its items rule each other out");
  } else if (list.name.starts_with("exit")) {
    std::vector<comparison> any;
    gather_any(list.root, any);
    if (covering_pair(any)) out.warning(finding_code::contradiction, at, key, "is always met: two of its items cover every value");
  }
}

} // namespace tt::strategy::check
