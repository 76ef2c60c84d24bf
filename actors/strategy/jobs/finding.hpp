#pragma once
/// What validation says about a job file.

#include "actors/strategy/jobs/yaml_tree.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace tt::strategy {

enum class severity : std::uint8_t { error, warning };

/// The codes of findings, as they are written (snake case here, upper case there).
enum class finding_code : std::uint8_t {
  yaml_syntax, duplicate_key, too_large, missing_key, bad_type, bad_value, unknown_key, bad_cron, never_fires, after_close,
  expr_syntax, expr_unknown_name, expr_type, param_unknown, contradiction, template_unknown, event_unknown, symbol_unknown,
  symbol_duplicate, weights_sum, limit_conflict, lookback_short, env_unset, secret_in_file, unsafe_url, duplicate_id,
  live_not_allowed, legacy_reading, not_applied,
};
/// "YAML_SYNTAX", …; LEGACY_READING (a warning) tells how a legacy form is read, NOT_APPLIED (a warning) that this build does not act on a key.
std::string_view to_string(finding_code code);
std::string_view to_string(severity level);

struct finding {
  severity level = severity::error;
  finding_code code = finding_code::bad_value;
  std::string message;
  std::string file;
  int line = 0, column = 0; ///< from 1; 0: unknown
  std::string key;          ///< "job.conditions.entry_long[0]"

  bool operator==(const finding&) const = default;
};
/// "file:3:5: error BAD_VALUE job.mode: …"
std::string to_string(const finding& f);

/// Gathers them. The file's name is set once.
class finding_list {
public:
  explicit finding_list(std::string file) : file_(std::move(file)) {}
  void error(finding_code code, text_place at, std::string key, std::string message) { add(severity::error, code, at, std::move(key), std::move(message)); }
  void warning(finding_code code, text_place at, std::string key, std::string message) { add(severity::warning, code, at, std::move(key), std::move(message)); }
  [[nodiscard]] bool has_errors() const {
    for (const auto& f : all_)
      if (f.level == severity::error) return true;
    return false;
  }
  [[nodiscard]] const std::vector<finding>& all() const { return all_; }
  std::vector<finding> take() { return std::move(all_); }

private:
  void add(severity level, finding_code code, text_place at, std::string key, std::string message) {
    all_.push_back({level, code, std::move(message), file_, at.line, at.column, std::move(key)});
  }
  std::string file_;
  std::vector<finding> all_;
};

} // namespace tt::strategy
