#pragma once
/// The table of built-ins: names, signatures, implementations. Each file of lib/ adds its namespace.
///
/// A signature is text: `ta.sma(float source, int length) float`. A parameter may carry a qualifier (the most it
/// accepts; default series), a default (`=na`, `=1`, `=true`, `="text"`, or `=?` for "left out"), and `...` for any
/// number of further arguments. `T`, `K`, `V` stand for one type each, `num` for int or float, `any` for
/// everything. The result may carry a qualifier, or `=`: as strong as the strongest argument.

#include "actors/pine/program.hpp"
#include "actors/pine/types.hpp"
#include "actors/pine/unique_types.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt::pine {

/// Calls that the compiler itself understands.
enum class special : std::uint8_t {
  none, declaration, input, plot, request, max_bars_back, record_copy, reserved_library, timeframe_const, varstate,
};

enum class type_form : std::uint8_t { basic, variable, numeric, any, array, matrix, map, none };

struct type_spec {
  type_form form = type_form::none;
  type_id basic = t_na;
  char variable = 0;
  std::vector<type_spec> args;
};

struct param_spec {
  std::string name;
  type_spec type;
  qual most = qual::series;
  bool optional = false;
  bool omitted = false; ///< default "=?": the built-in sees na, and may ask whether it was given
  bool variadic = false;
  bool is_text = false;
  double number = 0;
  std::string text;
  bool na_default = false;
  unique_type unique = unique_type::none;
  int since = 5; ///< first version of the language that has the parameter
};

struct builtin {
  std::string name;
  std::vector<param_spec> params;
  std::vector<type_spec> results; ///< one; several for a tuple; none for void
  qual result_qual = qual::series;
  bool result_follows = false; ///< "=": qualifier of the strongest argument
  native_fn fn = nullptr;
  std::uint32_t state = 0;
  special kind = special::none;
  int version = 0; ///< 0: both, else 5 or 6
  std::string text; ///< the signature as written
};

/// One row as the library files write it.
struct builtin_row {
  const char* signature;
  native_fn fn;
  std::uint32_t state = 0;
  special kind = special::none;
  int version = 0;
};

struct constant_row {
  std::string name;
  type_id type;
  double number;
  std::string text;
  int version = 0;
};

/// When a computed variable runs: where the script reads it, or once on every bar before the script. ta.obv and its
/// like are series of the chart: reading one on some bars only doesn't change it. In user functions ta.accdist and ta.vwap
/// are calculated by each call for itself, on the bars on which it runs (PyneCore, probes m573 to m578).
enum class evaluation : std::uint8_t { at_use, every_bar, every_bar_outside_functions };

struct variable_row {
  std::string name;
  type_id type;
  qual q;
  bar_field field;
  std::uint32_t extra = 0;
  native_fn fn = nullptr; ///< a variable that is computed like a call (ta.obv)
  std::uint32_t state = 0;
  int version = 0;
  evaluation when = evaluation::at_use;
};

class registry {
public:
  static const registry& get();
  const std::vector<builtin>* functions(std::string_view name) const;
  /// The constant as that version of the language has it.
  const constant_row* constant(std::string_view name, int version) const;
  const variable_row* variable(std::string_view name) const;
  bool is_namespace(std::string_view name) const;
  /// All names of functions, variables and constants, for hints.
  const std::vector<std::string_view>& names() const { return names_; }
  /// name TAB kind of everything here, for the coverage table.
  std::vector<std::pair<std::string, char>> listing() const;

private:
  registry();
  void add(const builtin_row& row);
  void finish();
  template <class Rows>
  void add_all(const Rows& rows) {
    for (const auto& r : rows) add(r);
  }
  std::unordered_map<std::string, std::vector<builtin>> functions_;
  std::unordered_map<std::string, constant_row> constants_, older_;
  std::unordered_map<std::string, variable_row> variables_;
  std::unordered_map<std::string, bool> namespaces_;
  std::vector<std::string_view> names_;
};

// one function per library file
const std::vector<builtin_row>& ta_rows();
const std::vector<builtin_row>& ta_window_rows();
const std::vector<builtin_row>& ta_rank_rows();
const std::vector<builtin_row>& math_rows();
const std::vector<builtin_row>& string_rows();
const std::vector<builtin_row>& array_rows();
const std::vector<builtin_row>& array_stat_rows();
const std::vector<builtin_row>& matrix_rows();
const std::vector<builtin_row>& map_rows();
const std::vector<builtin_row>& color_rows();
const std::vector<builtin_row>& time_rows();
const std::vector<builtin_row>& drawing_rows();
const std::vector<builtin_row>& output_rows();
const std::vector<builtin_row>& request_rows();
const std::vector<builtin_row>& strategy_rows();
const std::vector<variable_row>& builtin_variables();
const std::vector<constant_row>& builtin_constants();

} // namespace tt::pine
