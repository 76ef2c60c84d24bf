#pragma once
/// Names of versions 1 to 4, for hints: what they are called since version 5.

#include <string>
#include <string_view>

namespace tt::pine {

/// "in versions 5 and 6 this is ta.sma()" for sma, and so on; "" for a name that no version had.
std::string old_name_hint(std::string_view name);
/// The same for parameters of built-ins that were renamed or removed (`resolution`, `transp`, `type` of input()).
std::string old_parameter_hint(std::string_view function, std::string_view parameter);

} // namespace tt::pine
