#pragma once
/// Every limit of the Pine room, in one place. Names say what is limited; the comment says what happens there.

#include <cstddef>
#include <cstdint>

namespace tt::pine::limits {

/// Longest source accepted, bytes. Beyond it: error PN0001.
inline constexpr std::uint32_t source_bytes = 4u << 20;
/// Nesting of expressions and blocks in the source. Beyond it: error PN0102, so that recursion is bounded.
inline constexpr int nesting = 160;
/// Depth of an expression's tree, as long chains of operators make it. Beyond it: error PN0102.
inline constexpr int tree_depth = 600;
/// Times that a source with brackets left open is cut into lines anew, each time ending one of them where the next
/// statement seems to begin. What stays open then hides the rest.
inline constexpr int open_brackets = 8;
/// Diagnostics reported per run; the rest are counted only.
inline constexpr std::uint32_t diagnostics = 50;
/// Calls of user functions nested while compiling. Pine has no recursion: a cycle is an error by itself.
inline constexpr int call_nesting = 120;
/// Instructions of one program with all its calls expanded. Beyond it: error PN0301.
inline constexpr std::uint32_t instructions = 400'000;
/// Calls of user functions expanded, and nodes of the tree checked, over a whole compilation: calls that nest double
/// the work without emitting anything when their bodies fold to constants. Beyond it: error PN0301.
inline constexpr std::uint64_t expansions = 20'000;
inline constexpr std::uint64_t nodes_checked = 2'000'000;
/// Functions of one name in one script or library: each is compared with the others. Beyond it: error PN0301.
inline constexpr std::size_t overloads = 500;
/// Deepest history offset `x[n]` that can be read; further back is a runtime error.
inline constexpr std::uint32_t history = 10'000;
/// Elements of an array or matrix, pairs of a map.
inline constexpr std::uint32_t array_elements = 100'000;
inline constexpr std::uint32_t map_pairs = 50'000;
/// Slices of slices of an array. Beyond it: a runtime error.
inline constexpr std::uint32_t slice_depth = 100;
/// Steps of a run over a history, all its bars together: some minutes of nothing but loops. Beyond it: a runtime error.
inline constexpr std::uint64_t run_steps = 20'000'000'000;
/// Steps after which the clock is asked again, and what a bar counts for there by itself: so bars that do little hear of the
/// run's end as well.
inline constexpr std::uint64_t clock_steps = 1u << 12;
inline constexpr std::uint64_t clock_bar_steps = 64;
/// Characters of one string.
inline constexpr std::uint32_t string_chars = 40'960;
/// Bytes of a number's or a date's format, such as "#.##". Beyond it: a runtime error.
inline constexpr std::size_t pattern_bytes = 1'000;
/// Characters of one line of the source. Beyond it: error PN0008.
inline constexpr std::size_t line_chars = 100'000;
/// Plot-like outputs of one script.
inline constexpr std::uint32_t plots = 64;
/// Unique calls of request.*() with an expression, per script: those that differ in function, expression, symbol, timeframe,
/// or what changes their data (Pine manual, "Number of calls", of the largest plan). Beyond it: error PN0261 where the calls
/// say it by themselves, else a runtime error.
inline constexpr std::uint32_t requests = 64;
/// Elements of the tuples that a script's requests give, all together, each expression counted once (Pine manual, "Tuple
/// element limit"). Beyond it: error PN0261.
inline constexpr std::size_t request_tuple_elements = 127;
/// Requests that run at a time, equal ones that stand at several places each counted. Beyond it: a runtime error.
inline constexpr std::uint32_t request_streams = 4 * requests;
/// Bodies of requests compiled, those of requests inside of requests included. Beyond it: error PN0261.
inline constexpr std::uint32_t request_bodies = 8 * requests;
/// Log messages kept per run; older ones stay, newer ones are counted and dropped.
inline constexpr std::uint32_t log_messages = 200'000;
/// Bytes of the texts of logs and alerts kept per run, together; later ones are counted and dropped.
inline constexpr std::size_t message_bytes = 64u << 20;
/// Memory of the texts of a run's orders: ids, comments, alert messages, each once. Beyond it: a runtime error.
inline constexpr std::size_t order_text_bytes = 128u << 20;
/// Warnings of a run, each text once; later ones are left out.
inline constexpr std::size_t warnings = 20;
/// Bytes of text that a built-in handles for one step of the budget.
inline constexpr std::size_t bytes_per_step = 16;
/// Steps of a drawing that comes, beside those of its texts.
inline constexpr std::uint32_t drawing_steps = 16;
/// Memory of all shared columns of a process (column_cache.hpp). Beyond it columns are computed and not kept.
inline constexpr std::size_t column_bytes = 32u << 20;
/// Columns that one cache knows of, those that it only saw asked for included. Beyond it new ones are not noted.
inline constexpr std::size_t column_keys = 1u << 16;
/// Numbers that a column may depend on, each place where one stands counted. More: it is computed by every run.
inline constexpr std::size_t column_numbers = 64;
/// How far from the present bar a drawing may be put by the number of a bar (Pine manual, "Maximum bars back" and "Maximum
/// bars forward"). Beyond it: a runtime error.
inline constexpr int drawing_bars_ahead = 500, drawing_bars_back = 10'000;
/// Tables, the only drawings without a max_*_count parameter.
inline constexpr std::uint32_t tables = 500;

} // namespace tt::pine::limits
