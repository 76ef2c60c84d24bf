#include "tests/pine/case_runner.hpp"

#include "actors/pine/limits.hpp"

#include <gtest/gtest.h>

/// After a statement that can't be read the rest of the script is read and checked, so one run reports everything,
/// and nothing is said of names whose declaration is what couldn't be read.

namespace tt::pine::testing {
namespace {

struct broken_script {
  const char* name;
  const char* body;     ///< after the version and the declaration, so its first line is line 3
  const char* findings; ///< line, code and the beginning of each message
};

std::string findings_of(const std::string& text) {
  std::string out;
  auto r = compile(text);
  for (const auto& d : r.diags.all())
    out += (out.empty() ? "" : "\n") + std::to_string(d.pos.line) + ":" + std::to_string(d.pos.column) + " " + d.code + " " + d.message;
  return out;
}

class recovery : public ::testing::TestWithParam<broken_script> {};
TEST_P(recovery, reports_everything_once) {
  EXPECT_EQ(findings_of(std::string("//@version=6\nindicator(\"t\")\n") + GetParam().body), GetParam().findings);
}

const broken_script list[] = {
    {"columns_count_characters", "x = \"\xc3\xa9\xe2\x82\xac\" + nosuch\ny = \"\xf0\x9f\x9a\x80\" + nosuch2\n",
     "3:12 PN0220 there is no variable 'nosuch'\n4:12 PN0220 there is no variable 'nosuch2'"},
    {"two_syntax_errors_and_a_type_error", "x = = 1\nplot(ta.sma(close, \"a\"))\ny = 1 +\nplot(close)\nint z = \"s\"\n",
     "3:5 PN0101 expected a value, found '='\n"
     "4:20 PN0240 the argument 'length' must be int, this is const string\n"
     "5:8 PN0101 the line ends where a value is expected\n"
     "7:9 PN0212 an int variable can't hold a value of type const string"},
    {"uses_of_a_lost_variable", "x = (1 + ]\nplot(x)\nx := 2\ny = x + clos\nplot(y.z)\n", "3:10 PN0101 expected a value, found ']'\n6:9 PN0220 there is no variable 'clos'"},
    {"a_lost_function_and_a_lost_method", "f(x, => x\nmethod m(float this, = 1) => this\nplot(f(1))\na = close\nplot(a.m())\nplot(g(1))\n",
     "3:6 PN0101 expected a value, found '=>'\n4:22 PN0101 expected the name of a parameter, found '='\n8:6 PN0221 there is no function 'g'"},
    {"a_lost_overload", "f(int x) => x\nf(string x, => x\nplot(f(\"a\"))\n", "4:10 PN0101 expected ')' after the arguments of the call, found 'x'"},
    {"lost_types", "type t\n    float a =\n    int b\nenum e\n    u = = 1\nx = t.new(1)\nt y = na\nplot(x.a + y.b)\nf(t p) => p.a\nz = e.u == e.u\nplot(nosuch)\n",
     "5:9 PN0101 expected the end of the line after a field, found 'b'\n7:9 PN0101 expected a value, found '='\n13:6 PN0220 there is no variable 'nosuch'"},
    {"a_lost_tuple", "[a, b] = = f()\nplot(a + b)\nplot(1 +* 2)\n", "3:10 PN0101 expected a value, found '='\n5:9 PN0101 expected a value, found '*'"},
    {"inside_of_a_function", "f(x) =>\n    y = (x +\n    )\n    z = x.nosuch()\n    y + z + clos\nplot(f(close))\n",
     "5:5 PN0101 expected a value, found ')'\n6:11 PN0221 there is no method 'nosuch' for values of type float\n7:13 PN0220 there is no variable 'clos'"},
    {"a_broken_header_takes_its_block_along", "if close >\n    y = 1\n    plot(nosuch)\nplot(other)\n", "3:11 PN0101 the line ends where a value is expected\n6:6 PN0220 there is no variable 'other'"},
    {"in_a_block", "if close > 1\n    y = = 1\n    w = y + bad1\nelse\n    plot(bad2\nplot(bad3)\n",
     "4:9 PN0101 expected a value, found '='\n5:13 PN0220 there is no variable 'bad1'\n7:14 PN0101 expected ')' after the arguments of the call, found the end of the line\n8:6 PN0220 there is no variable 'bad3'"},
    {"an_open_bracket_ends_at_the_next_statement", "plot(ta.sma(close, 3)\nx = [1, 2\ny = str.tostring(bad1\n     )\nplot(bad2)\n",
     "3:22 PN0101 expected ')' after the arguments of the call, found the end of the line\n4:10 PN0101 expected ']' after the values of the tuple, found the end of the line\n5:18 PN0220 there is no variable 'bad1'\n7:6 PN0220 there is no variable 'bad2'"},
    {"a_line_within_brackets_is_no_statement", "x = math.max(\nclose,\nopen)\nplot(x +)\n", "6:9 PN0101 expected a value, found ')'"},
    {"a_wrong_character_is_said_once", "x = close ! 3\ny = \"a\nplot(x)\nplot(nosuch)\n",
     "3:11 PN0006 the character '!' isn't part of Pine Script\n4:5 PN0004 this string isn't closed before the end of the line\n6:6 PN0220 there is no variable 'nosuch'"},
    {"every_wrong_argument_of_a_call", "plot(close, color = \"red\", linewidth = \"a\", stile = 1, offset = true)\nplot(ta.ema(\"a\", bar_index))\nplot(bad)\n",
     "3:13 PN0240 the argument 'color' must be color, this is const string\n"
     "3:28 PN0240 the argument 'linewidth' must be int, this is const string\n"
     "3:45 PN0240 'plot' has no parameter named 'stile'\n"
     "3:56 PN0240 the argument 'offset' must be int, this is const bool\n"
     "4:13 PN0240 the argument 'source' must be float, this is const string\n"
     "4:18 PN0241 the argument 'length' must be simple int at most, this is series int\n"
     "5:6 PN0220 there is no variable 'bad'"},
    {"a_missing_argument_is_said_where_nothing_else_is_wrong", "plot(ta.ema(\"a\"))\nplot(ta.ema(sauce = close, 3))\nplot(ta.ema(close))\n",
     "3:13 PN0240 the argument 'source' must be float, this is const string\n"
     "4:13 PN0240 'ta.ema' has no parameter named 'sauce'\n"
     "5:9 PN0240 'ta.ema' needs the argument 'length'"},
    {"a_wrong_indentation", "x = 1\n    y = 2\n    z = 3\nplot(y + z + nosuch)\n", "4:5 PN0101 this line is indented, but no block is open\n6:14 PN0220 there is no variable 'nosuch'"},
    {"an_import_that_is_not_there", "import user/lib as u\nplot(u.f(1))\nu.t x = na\nplot(nosuch)\n", "3:17 PN0101 expected '/' after the name of the library, found 'as'\n6:6 PN0220 there is no variable 'nosuch'"},
};
INSTANTIATE_TEST_SUITE_P(pine, recovery, ::testing::ValuesIn(list), [](const auto& named) { return std::string(named.param.name); });

TEST(pine_recovery, a_broken_declaration_is_not_a_missing_one) {
  EXPECT_EQ(findings_of("//@version=6\nindicator(\"t\" +)\nplot(nosuch)\n"), "2:16 PN0101 expected a value, found ')'\n3:6 PN0220 there is no variable 'nosuch'");
}
/// Words and signs of other languages: one finding each, with how Pine says it.
TEST(pine_recovery, words_of_other_languages) {
  const struct {
    const char *body, *finding, *hint;
  } rows[] = {
      {"x = close && open\n", "3:11 PN0006 '&&' isn't part of Pine Script", "write 'and'"},
      {"x = true || false\n", "3:10 PN0006 '||' isn't part of Pine Script", "write 'or'"},
      {"if close > open {\n    x = 1\n", "3:17 PN0006 the character '{' isn't part of Pine Script", "a block is indented by four spaces, without braces"},
      {"x = 1;\n", "3:6 PN0006 the character ';' isn't part of Pine Script", "a line ends by itself; several statements on one line are separated by commas"},
      {"if close > open\n    x = 1\nelif close < open\n    x = 2\n", "5:6 PN0101 expected the end of the line, found 'close'", "write 'else if'"},
      {"def f(x):\n    x\nplot(f(1))\n", "3:5 PN0101 expected the end of the line, found 'f'", "a function is declared by its name: f(x) => x + 1"},
      {"f(x) =>\n    return x\nplot(f(1))\n", "4:12 PN0101 expected the end of the line, found 'x'", "the value of a function is that of its last line"},
      {"x = null\n", "3:5 PN0220 there is no variable 'null'", "write na"},
      {"print(close)\n", "3:1 PN0221 there is no function 'print'", "write log.info()"},
      {"let x = 4\n", "3:1 PN0210 there is no type named 'let'", "a variable is declared by its name: x = 1, or var x = 1 to keep it from bar to bar"},
      {"x = 0\nx++\n", "4:4 PN0101 the line ends where a value is expected", "write x += 1"},
      {"if close = open\n    x = 1\n", "3:10 PN0101 expected a new, indented line after the condition of 'if', found '='", "'==' compares"},
      {"plot close\n", "3:6 PN0101 expected the end of the line, found 'close'", "a function is called with brackets: plot(...)"},
      {"import \"a\"\n", "3:8 PN0101 expected the end of the line, found a string", "write import user/library/version as name"},
      {"const x\n", "3:7 PN0101 expected the end of the line, found 'x'", "a variable is declared with its value: const x = 1"},
  };
  for (const auto& row : rows) {
    const auto text = std::string("//@version=6\nindicator(\"t\")\n") + row.body;
    EXPECT_EQ(findings_of(text), row.finding) << row.body;
    const auto r = compile(text);
    ASSERT_FALSE(r.diags.all().empty());
    EXPECT_EQ(r.diags.all().front().hint, row.hint) << row.body;
  }
}
TEST(pine_recovery, many_open_brackets_stop_somewhere) {
  std::string text = "//@version=6\nindicator(\"t\")\n";
  for (int i = 0; i < 40; ++i) text += "plot(close\n";
  auto r = compile(text);
  EXPECT_EQ(r.code, nullptr);
  EXPECT_GE(r.diags.all().size(), static_cast<std::size_t>(limits::open_brackets));
  EXPECT_LE(r.diags.all().size(), static_cast<std::size_t>(limits::open_brackets) + 1);
}

} // namespace
} // namespace tt::pine::testing
