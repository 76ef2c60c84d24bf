#pragma once
/// Tokens to syntax tree. Recovers at the next statement, so that one run reports several errors.

#include "actors/pine/ast.hpp"
#include "actors/pine/lexer.hpp"

#include <string_view>

namespace tt::pine {

/// Parses the source. Where a statement can't be read, an error says so, the tree has a `broken` one in its place and its
/// names among the lost ones; everything else is there to be checked. Only a tree without errors is a program.
ast::script parse(std::string_view source, diagnostics& diags);

} // namespace tt::pine
