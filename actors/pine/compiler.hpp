#pragma once
/// Checks a script and turns it into a program. See compile_unit.hpp for how.

#include "actors/pine/diagnostic.hpp"
#include "actors/pine/program.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tt::pine {

struct compile_options {
  /// Source of an imported library by "user/lib/version"; nothing when there is none.
  std::function<std::optional<std::string>(const std::string&)> library;
};

struct compile_result {
  std::shared_ptr<const program> code; ///< null when there are errors
  diagnostics diags;
};

/// Compiles a whole script. Never throws; everything that is wrong is in `diags`.
compile_result compile(std::string_view source, const compile_options& options = {});

} // namespace tt::pine
