#pragma once
/// The syntax tree. Plain data: nodes own their children; the checker keeps its findings elsewhere, except
/// `declaration::mutated`, which the resolver fills in.

#include "actors/pine/diagnostic.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tt::pine::ast {

struct expr;
struct stmt;
using expr_ptr = std::unique_ptr<expr>;
using stmt_ptr = std::unique_ptr<stmt>;
using block = std::vector<stmt_ptr>;

/// A type as written: `series array<float>`, `int[]`, `lib.point`.
struct type_name {
  source_pos pos;
  std::string qualifier; ///< const, input, simple, series or ""
  std::string name;      ///< "" when no type was written
  std::vector<type_name> args;
};

enum class expr_kind : std::uint8_t {
  number_int, number_float, text, boolean, color, na, // literals
  name,      ///< text
  member,    ///< kids[0] . text
  call,      ///< kids[0] (args), type_args
  index,     ///< kids[0] [ kids[1] ]
  unary,     ///< text kids[0]
  binary,    ///< kids[0] text kids[1]
  ternary,   ///< kids[0] ? kids[1] : kids[2]
  tuple,     ///< [ kids... ]
  if_,       ///< kids = conditions, blocks = one per condition, plus the else block
  switch_,   ///< kids[0] = subject or null; cases
  for_,      ///< names[0] = kids[0] to kids[1] by kids[2] (may be null)
  for_in,    ///< names (one or two) in kids[0]
  while_,    ///< kids[0]
  once,      ///< kids[0], null for none
};

struct argument {
  std::string name; ///< "" when positional
  source_pos pos;
  expr_ptr value;
};

struct expr {
  expr_kind kind = expr_kind::na;
  source_pos pos;
  std::string text;
  int depth = 1; ///< of the tree below, bounded by limits::tree_depth
  double number = 0;
  std::vector<expr_ptr> kids;
  std::vector<argument> args;
  std::vector<type_name> type_args;
  std::vector<block> blocks;
  std::vector<std::string> names;
};

enum class stmt_kind : std::uint8_t {
  expression, ///< value
  declare,    ///< [var|varip] [type] name = value
  tuple,      ///< [names] = value
  assign,     ///< target op value
  function, type, enumeration, import_, break_, continue_,
  broken, ///< couldn't be read; an error says so
};

enum class storage : std::uint8_t { each_bar, var, varip };

struct parameter {
  std::string name;
  source_pos pos;
  type_name type;
  expr_ptr fallback;
};

struct field {
  std::string name;
  source_pos pos;
  type_name type;
  storage keep = storage::each_bar;
  expr_ptr fallback;
};

struct stmt {
  stmt_kind kind = stmt_kind::expression;
  source_pos pos;
  std::string name; ///< declared name, or the operator of an assignment is in `op`
  std::string op;
  std::vector<std::string> names; ///< tuple names; import: user, lib, version
  std::vector<source_pos> name_pos;
  storage keep = storage::each_bar;
  type_name type;
  expr_ptr target;
  expr_ptr value;
  block body;                      ///< function
  std::vector<parameter> params;   ///< function
  std::vector<field> fields;       ///< type, enum (fallback = title)
  bool exported = false;
  bool method = false;
  mutable std::vector<bool> mutated; ///< declare and tuple: which names `:=` ever changes
};

struct script {
  int version = 5;
  block body;
  std::set<std::string> lost; ///< names that broken statements seem to declare
  bool usable = true;         ///< false when reading stopped before the end
};

} // namespace tt::pine::ast
