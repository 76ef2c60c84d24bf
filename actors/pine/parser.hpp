#pragma once
/// Tokens to syntax tree. Recovers at the next statement, so that one run reports several errors.

#include "actors/pine/ast.hpp"
#include "actors/pine/lexer.hpp"

#include <string_view>

namespace tt::pine {

/// Parses the source. The tree is usable only when `diags` has no errors.
ast::script parse(std::string_view source, diagnostics& diags);

} // namespace tt::pine
