#pragma once
/// A small backtracking regular expression matcher for str.match(). Own code because its work must be counted:
/// a hostile pattern stops with the script's budget instead of hanging the process.

#include <functional>
#include <string>
#include <string_view>

namespace tt::pine {

/// The first part of `text` that matches, or "". `error` is set when the pattern is wrong. `charge` is called
/// with counts of steps and may throw.
/// Knows: literals, . [] [^] ranges, \d \w \s \b and their opposites, ( ) (?: ) (?= ) (?! ) (?i), |, ^ $,
/// * + ? {m,n}, lazy and possessive forms.
std::string regex_find(std::string_view pattern, std::string_view text, std::string& error,
                       const std::function<void(std::uint64_t)>& charge);

} // namespace tt::pine
