// Bodies of backtest and study requests: whatever is taken can be written and read again as the same bytes; whatever is
// not has at least one problem.
#include "actors/backtest/request.hpp"

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tt::backtest;
  const auto body = nlohmann::json::parse(data, data + size, nullptr, false);
  if (body.is_discarded()) return 0;
  const auto check = [](const auto& first, const auto& parse) {
    if (first.value.has_value() != first.problems.empty()) __builtin_trap();
    for (const auto& p : first.problems)
      if (p.msg.empty() || p.type.empty()) __builtin_trap();
    if (!first.value) return;
    const auto text = canonical_text(*first.value);
    const auto again = parse(nlohmann::json::parse(text));
    if (!again.value || canonical_text(*again.value) != text) __builtin_trap();
  };
  check(parse_backtest(body), [](const auto& j) { return parse_backtest(j); });
  check(parse_study(body), [](const auto& j) { return parse_study(j); });
  return 0;
}
