#include "actors/pine/lexer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// Any bytes become tokens: places grow, blocks that open also close, and the list ends with `end`.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tt::pine;
  diagnostics diags;
  const auto stream = lex(std::string_view(reinterpret_cast<const char*>(data), size), diags);
  int depth = 0;
  for (const auto& t : stream.tokens) {
    if (t.kind == tok::indent) ++depth;
    if (t.kind == tok::dedent) --depth;
    if (depth < 0 || t.pos.line == 0 || t.pos.column == 0) std::abort();
  }
  if (depth != 0 || stream.tokens.empty() || stream.tokens.back().kind != tok::end) std::abort();
  return 0;
}
