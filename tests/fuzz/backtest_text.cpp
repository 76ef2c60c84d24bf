// Texts that come from outside into the optimiser: expressions, parameters, window lengths, lines of a study's log.
// The first byte chooses.
#include "actors/backtest/expression.hpp"
#include "actors/backtest/parameters.hpp"
#include "actors/backtest/study.hpp"
#include "actors/backtest/windows.hpp"

#include <cmath>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tt::backtest;
  if (size == 0) return 0;
  const std::string_view in{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 4) {
  case 0: {
    auto e = expression::parse(in, [](std::string_view name) { return name.size() < 4; });
    if (!e) return 0;
    auto v = e->value([](std::string_view name) { return name[0] == 'u' ? std::nullopt : std::optional(1.5 * static_cast<double>(name[0])); });
    if (v && !std::isfinite(*v)) __builtin_trap();
    return 0;
  }
  case 1: {
    auto p = parameter_space::parse(in);
    if (!p) return 0;
    auto s = parameter_space::make({*p});
    if (!s) return 0;
    auto last = s->levels(0) - 1; // every level has a text, and the ends lie within the bounds
    for (auto level : {0u, last / 2, last}) (void)s->text(0, level);
    return 0;
  }
  case 2: {
    auto l = window_length::parse(in, "f");
    if (l && l->count < 0) __builtin_trap();
    return 0;
  }
  default: {
    auto row = from_line(in);
    if (!row) return 0;
    auto again = from_line(to_line(*row)); // what was read can be written and read again
    if (!again || again->trial != row->trial || again->at != row->at || again->figures.size() != row->figures.size()) __builtin_trap();
    return 0;
  }
  }
}
