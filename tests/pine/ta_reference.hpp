#pragma once
/// Slow, textbook forms of ta.*: every bar is computed from the whole past, with no state. The tests compare the
/// engine's incremental forms with these.

#include "actors/pine/bar.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tt::pine::testing {

using column = std::vector<double>;

/// Bars as columns. `x` is a series with holes (na), the others are complete.
struct market {
  column x, open, high, low, close, volume;
  std::vector<std::int64_t> day; ///< number of the day a bar belongs to
  std::size_t size() const { return x.size(); }
};

/// One built-in: how a script writes it (N is the length) and what it must give. An infinite value stands for a
/// quotient of rounding errors, where any result is right.
struct ta_case {
  const char* name; ///< of the built-in
  std::string expression;
  std::function<column(const market&, std::size_t n)> reference;
  double tolerance = 1e-9; ///< relative, and absolute below 1
};

const std::vector<ta_case>& ta_cases();

} // namespace tt::pine::testing
