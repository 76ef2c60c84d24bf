#pragma once
/// Source text to tokens, with Pine's line rules: a line indented by a multiple of four columns (a tab counts
/// four) starts a statement at that depth, any other indentation continues the line before, and so does
/// everything inside brackets.

#include "actors/pine/diagnostic.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tt::pine {

enum class tok : std::uint8_t {
  end, newline, indent, dedent,
  ident, keyword, integer, floating, string, color,
  punct, // text holds the operator
};

struct token {
  tok kind = tok::end;
  source_pos pos;
  std::string text; ///< name, operator, or the decoded string
  double number = 0; ///< value of integer, floating and color (0xRRGGBBAA)
};

/// The tokens and what the comments say.
struct token_stream {
  std::vector<token> tokens;
  int version = 0; ///< from //@version=N; 0 when absent
  bool cut = false; ///< the source is too long to be read, or isn't text
};

token_stream lex(std::string_view source, diagnostics& diags);

} // namespace tt::pine
