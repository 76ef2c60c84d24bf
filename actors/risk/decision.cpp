#include "actors/risk/decision.hpp"

#include <array>

namespace tt::risk {

namespace {

template <std::size_t N, class Enum>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum v) noexcept {
  const auto at = static_cast<std::size_t>(v);
  return at < N ? names[at] : "unknown";
}

std::string with_hook(check_code code, const std::string& hook) {
  std::string text(to_string(code));
  return code == check_code::custom ? text + ":" + hook : text;
}

} // namespace

std::string_view to_string(check_verdict v) noexcept {
  static constexpr std::array<std::string_view, 5> names{"pass", "warn", "not_evaluated", "reduce", "reject"};
  return name_in(names, v);
}

std::string_view to_string(limit_scope v) noexcept {
  static constexpr std::array<std::string_view, 5> names{"global", "node", "account", "strategy", "symbol"};
  return name_in(names, v);
}

std::string_view to_string(limit_unit v) noexcept {
  static constexpr std::array<std::string_view, 11> names{"none", "ratio", "money", "quantity", "price", "count",
                                                          "seconds", "per_second", "per_minute", "days", "flag"};
  return name_in(names, v);
}

std::string finding::code_text() const { return with_hook(code, hook); }

const finding* decision::rejection() const {
  for (const auto& one : checks)
    if (one.result == check_verdict::reject) return &one;
  return nullptr;
}

const finding* decision::find(check_code wanted) const {
  for (const auto& one : checks)
    if (one.code == wanted) return &one;
  return nullptr;
}

std::string decision::code_text() const { return with_hook(code, hook); }

legacy_code decision::legacy() const {
  if (result == verdict::approved) return legacy_code::approved;
  if (result == verdict::approved_reduced) return legacy_code::approved_with_reduction;
  return legacy_of_rejection(code);
}

namespace {

check_result plain(check_verdict v) {
  switch (v) {
  case check_verdict::pass: return check_result::passed;
  case check_verdict::not_evaluated: return check_result::not_evaluated;
  case check_verdict::warn: return check_result::warned;
  case check_verdict::reduce: return check_result::reduced;
  case check_verdict::reject: return check_result::rejected;
  }
  return check_result::rejected;
}

std::uint32_t clamped(std::uint64_t v) { return v > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(v); }

} // namespace

risk_decision to_record(const decision& of, record_detail detail) {
  risk_decision out;
  out.result = of.result;
  out.code = of.code_text();
  out.legacy_code = std::string(to_string(of.legacy()));
  if (const auto* why = of.rejection()) out.message = why->message;
  out.original = of.original;
  out.approved = of.approved;
  for (const auto& one : of.checks) {
    const auto result = plain(one.result);
    if (detail == record_detail::notable && (result == check_result::passed || result == check_result::not_evaluated)) continue;
    const bool has_figures = one.unit != limit_unit::none;
    out.checks.push_back({one.code_text(), result, std::string(to_string(one.scope)), has_figures ? one.measured : std::nullopt,
                          has_figures ? one.limit : std::nullopt, std::string(to_string(one.unit)),
                          result == check_result::not_evaluated ? std::string(one.why_not) : one.message,
                          clamped(static_cast<std::uint64_t>(one.elapsed_ns))});
  }
  for (const auto& one : of.adjustments) out.adjustments.push_back({with_hook(one.code, one.hook), one.to});
  out.limits_version = clamped(of.limits_version);
  out.state_offset = journal_offset{of.state_offset};
  out.elapsed_ns = clamped(static_cast<std::uint64_t>(of.elapsed_ns + of.hooks_elapsed_ns));
  return out;
}

} // namespace tt::risk
