#include "actors/strategy/jobs/finding.hpp"

namespace tt::strategy {

std::string_view to_string(finding_code code) {
  static constexpr std::array<std::string_view, 29> names{
    "YAML_SYNTAX", "DUPLICATE_KEY", "TOO_LARGE", "MISSING_KEY", "BAD_TYPE", "BAD_VALUE", "UNKNOWN_KEY", "BAD_CRON", "NEVER_FIRES", "AFTER_CLOSE",
    "EXPR_SYNTAX", "EXPR_UNKNOWN_NAME", "EXPR_TYPE", "PARAM_UNKNOWN", "CONTRADICTION", "TEMPLATE_UNKNOWN", "EVENT_UNKNOWN", "SYMBOL_UNKNOWN",
    "SYMBOL_DUPLICATE", "WEIGHTS_SUM", "LIMIT_CONFLICT", "LOOKBACK_SHORT", "ENV_UNSET", "SECRET_IN_FILE", "UNSAFE_URL", "DUPLICATE_ID",
    "LIVE_NOT_ALLOWED", "LEGACY_READING", "NOT_APPLIED"};
  return names[static_cast<std::size_t>(code)];
}

std::string_view to_string(severity level) { return level == severity::error ? "error" : "warning"; }

std::string to_string(const finding& f) {
  std::string out = f.file;
  if (f.line > 0) out += ":" + std::to_string(f.line) + ":" + std::to_string(f.column);
  out += ": " + std::string(to_string(f.level)) + " " + std::string(to_string(f.code));
  if (!f.key.empty()) out += " " + f.key;
  return out + ": " + f.message;
}

} // namespace tt::strategy
