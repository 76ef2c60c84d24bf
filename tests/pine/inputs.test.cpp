#include "tests/pine/case_runner.hpp"

#include <gtest/gtest.h>

/// The names that inputs are set by: titles, variables, and numbered titles where several inputs share one.

namespace tt::pine::testing {
namespace {

const std::string five_inputs =
    "//@version=6\nindicator(\"t\")\n"
    "a = input.int(1, \"Length\", group = \"One\")\n"
    "b = input.int(2, \"Length\", group = \"Two\")\n"
    "c = input.int(3, \"b\")\n"
    "d = input.int(4)\n"
    "log.info(\"{0} {1} {2} {3} {4}\", a, b, c, d, input.int(5, \"Length\"))\n";

/// The five values that the script sees, or what is wrong with the inputs.
std::string with(std::map<std::string, std::string> inputs, const std::string& source = five_inputs) {
  run_settings s;
  s.inputs = std::move(inputs);
  auto r = run_source(source, {{0, 1, 1, 1, 1, 1}}, "60", s);
  return r.error.empty() && !r.logs.empty() ? r.logs.back().text : r.error;
}

TEST(pine_inputs, are_named_by_title_and_by_variable) {
  EXPECT_EQ(with({}), "1 2 3 4 5");
  EXPECT_EQ(with({{"d", "8"}}), "1 2 3 8 5");
  EXPECT_EQ(with({{"c", "7"}}), "1 2 7 4 5");
  EXPECT_EQ(with({{"b", "9"}}), "1 2 9 4 5") << "a title comes before a variable";
}

TEST(pine_inputs, that_share_a_title_are_named_one_by_one) {
  EXPECT_EQ(with({{"a", "6"}}), "6 2 3 4 5");
  EXPECT_EQ(with({{"Length #1", "6"}, {"Length #2", "7"}, {"Length #3", "8"}}), "6 7 3 4 8");
  EXPECT_EQ(with({{"Length", "6"}}), "several inputs of the script are named \"Length\"; write \"a\", \"Length #2\", \"Length #3\"");
  EXPECT_EQ(with({{"Length #4", "6"}}), "the script has no input named \"Length #4\"");
  EXPECT_EQ(with({{"b #1", "6"}}), "the script has no input named \"b #1\"") << "of a title that stands alone";
}

TEST(pine_inputs, no_value_is_lost) {
  EXPECT_EQ(with({{"Length #1", "6"}, {"a", "7"}}), "the same input is given twice, as \"Length #1\" and as \"a\"");
  EXPECT_EQ(with({{"b", "6"}, {"c", "7"}}), "the same input is given twice, as \"b\" and as \"c\"");
  EXPECT_EQ(with({{"Width", "6"}}), "the script has no input named \"Width\"");
  EXPECT_EQ(with({{"d", "x"}}), "input \"d\": expected a number, got \"x\"");
}

/// Locals of two functions may have one name; such inputs have no name of their own before they get titles.
TEST(pine_inputs, without_a_title_in_functions) {
  const std::string source = "//@version=6\nindicator(\"t\")\nf() =>\n    n = input.int(1)\n    n\ng() =>\n    n = input.int(2)\n    n\n"
                             "log.info(\"{0} {1}\", f(), g())\n";
  EXPECT_EQ(with({}, source), "1 2");
  EXPECT_EQ(with({{"n", "3"}}, source), "several inputs of the script are named \"n\"; give them titles of their own");
}

} // namespace
} // namespace tt::pine::testing
