#pragma once
/// What the compiler says about a script: code, place, message, and a hint where one helps.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tt::pine {

/// A place in the source: 1-based line and column, and how many characters to underline. While a script is compiled
/// columns are counted in bytes; what a compilation gives out is counted as editors do, in units of UTF-16.
struct source_pos {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t length = 1;
};

enum class severity : std::uint8_t { error, warning };

/// One finding. `code` is stable ("PN0201"); the table of codes is in README.md.
struct diagnostic {
  severity level = severity::error;
  std::string code;
  source_pos pos;
  std::string message;
  std::string hint;
};

/// Collects diagnostics, bounded by limits::diagnostics.
class diagnostics {
public:
  void error(std::string_view code, source_pos pos, std::string message, std::string hint = {});
  void warning(std::string_view code, source_pos pos, std::string message, std::string hint = {});
  bool has_errors() const noexcept { return errors_ > 0; }
  /// Whether what comes now is counted only.
  bool full() const noexcept;
  /// Whether an error of that kind at that place is listed already.
  bool said(std::string_view code, source_pos pos) const noexcept;
  std::uint32_t error_count() const noexcept { return errors_; }
  const std::vector<diagnostic>& all() const noexcept { return list_; }
  /// Puts the findings in the order of the source.
  void sort();
  /// Columns and lengths from bytes of `source` to units of UTF-16: once, when all has been said.
  void count_characters(std::string_view source);
  /// While muted nothing is recorded, only counted: used to try a reading of the source.
  void mute(int delta) noexcept { muted_ += delta; }

private:
  void add(diagnostic d);
  std::vector<diagnostic> list_;
  std::uint32_t errors_ = 0;
  int muted_ = 0;
};

/// Renders as compilers do: `file:line:col: error PNxxxx: message`, the line, a caret, the hint.
std::string render(const diagnostic& d, std::string_view source, std::string_view file);

/// The closest of `names` to `word` when it is close enough to be a typing mistake, else "".
std::string closest(std::string_view word, const std::vector<std::string_view>& names);

} // namespace tt::pine
