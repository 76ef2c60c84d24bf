#pragma once
/// Names that Pine had or never had, for hints: what versions 1 to 4 called things, and words of other languages.

#include <string>
#include <string_view>

namespace tt::pine {

/// "in versions 5 and 6 this is ta.sma()" for sma, and so on; how Pine says what a word of another language means; "" for
/// any other name.
std::string old_name_hint(std::string_view name);
/// The same for words of other languages alone, such as elif, return and null.
std::string foreign_word_hint(std::string_view word);
/// For characters that only other languages have: "use 'and'" for &&.
std::string foreign_sign_hint(std::string_view sign);
/// The same for parameters of built-ins that were renamed or removed (`resolution`, `transp`, `type` of input()).
std::string old_parameter_hint(std::string_view function, std::string_view parameter);

} // namespace tt::pine
