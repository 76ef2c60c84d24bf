#include "tests/pine/case_runner.hpp"

#include "actors/pine/limits.hpp"

#include <gtest/gtest.h>

#include <chrono>

/// Scripts whose compilation would multiply without end: each is refused with an error that says so, and soon.

namespace tt::pine::testing {
namespace {

std::string script_of(const std::string& body) { return "//@version=6\nindicator(\"t\")\n" + body; }

/// f0(x) => `first`, then 40 functions, each calling the one before twice in the form of `next`, where @ is that one.
std::string tower(const std::string& params, const std::string& first, const std::string& next, int floors = 40) {
  std::string out = "f0(" + params + ") => " + first + "\n";
  for (int i = 1; i <= floors; ++i) {
    auto body = next;
    for (auto at = body.find('@'); at != std::string::npos; at = body.find('@')) body.replace(at, 1, "f" + std::to_string(i - 1));
    out += "f" + std::to_string(i) + "(" + params + ") => " + body + "\n";
  }
  return out;
}

/// The codes of the errors, each once, in the order of their places.
std::string codes_of(const std::string& body) {
  const auto from = std::chrono::steady_clock::now();
  auto r = compile(script_of(body));
  // the bounds are counts; the time only shows that they are small enough (this is 20 times what it takes)
  EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::seconds(10));
  EXPECT_EQ(r.code == nullptr, r.diags.has_errors());
  std::string out;
  for (const auto& d : r.diags.all())
    if (out.find(d.code) == std::string::npos) out += (out.empty() ? "" : " ") + d.code;
  return out;
}

TEST(hostile_compile, calls_that_double_without_emitting) {
  EXPECT_EQ(codes_of(tower("x", "1", "@(x) + @(x)") + "plot(f40(1))\n"), "PN0301");
  EXPECT_EQ(codes_of(tower("x", "x", "@(@(x))") + "plot(f40(1))\n"), "PN0301");
  EXPECT_EQ(codes_of(tower("x", "nothing", "@(x) + @(x)") + "plot(f40(1))\n"), "PN0220 PN0301");
  EXPECT_EQ(codes_of(tower("x", "close", "@(x) + @(x)") + "plot(f40(1))\n"), "PN0301");
  // nothing calls these
  EXPECT_EQ(codes_of(tower("int x", "1", "@(x) + @(x)") + "plot(1)\n"), "PN0301");
}

TEST(hostile_compile, requests_that_double) {
  EXPECT_EQ(codes_of(tower("x", "request.security(syminfo.tickerid, \"240\", x)", "@(@(x))", 16) + "plot(f16(close))\n"), "PN0261");
  EXPECT_EQ(codes_of(tower("x", "request.security(syminfo.tickerid, \"240\", x)", "@(x) + @(x)", 16) + "plot(f16(close))\n"), "PN0261");
}

TEST(hostile_compile, defaults_that_need_themselves) {
  EXPECT_EQ(codes_of("f(x = f()) => x\nplot(f())\n"), "PN0243");
  EXPECT_EQ(codes_of("type t\n    t inner = t.new()\nx = t.new()\nplot(1)\n"), "PN0244");
  EXPECT_EQ(codes_of("type t\n    t a = t.new()\n    t b = t.new()\nx = t.new()\nplot(1)\n"), "PN0244");
}

TEST(hostile_compile, texts_and_lines_that_are_too_long) {
  const std::string longest(limits::string_chars, 'x');
  EXPECT_EQ(codes_of("s = \"" + longest + "\"\nplot(str.length(s))\n"), "");
  EXPECT_EQ(codes_of("s = \"" + longest + "x\"\nplot(str.length(s))\n"), "PN0007");
  EXPECT_EQ(codes_of("s = \"\"\"" + longest + "x\"\"\"\nplot(str.length(s))\n"), "PN0007");
  EXPECT_EQ(codes_of("s = \"" + longest + "\" + \"x\"\nplot(str.length(s))\n"), "PN0007"); // constants are joined at once
  EXPECT_EQ(codes_of("plot(1) //" + std::string(limits::line_chars - 10, '.') + "\n"), "");
  auto r = compile(script_of("plot(1) //" + std::string(limits::line_chars, '.') + "\n"));
  ASSERT_FALSE(r.diags.all().empty());
  EXPECT_EQ(r.diags.all().front().code, "PN0008");
  EXPECT_EQ(r.diags.all().front().pos.line, 3u);
}

TEST(hostile_compile, recursion_in_every_form) {
  EXPECT_EQ(codes_of("f(x) => f(x)\nplot(f(1))\n"), "PN0243");
  EXPECT_EQ(codes_of("f(x) => g(x)\ng(x) => f(x)\nplot(f(1))\n"), "PN0221");
  EXPECT_EQ(codes_of("method m(int x) => x.m()\nplot((1).m())\n"), "PN0243");
  EXPECT_EQ(codes_of("f(x) =>\n    y = if x > 1\n        f(x - 1)\n    else\n        1\n    y\nplot(f(close))\n"), "PN0243");
}

/// Each of these is as deep or as wide as a source can be; they are refused or compile, and soon.
TEST(hostile_compile, sources_that_are_deep_or_wide) {
  auto repeated = [](const std::string& part, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += part;
    return out;
  };
  EXPECT_EQ(codes_of("x = " + repeated("(", 5000) + "1" + repeated(")", 5000) + "\nplot(x)\n"), "PN0102");
  EXPECT_EQ(codes_of("x = " + repeated("math.abs(", 5000) + "1" + repeated(")", 5000) + "\nplot(x)\n"), "PN0102");
  EXPECT_EQ(codes_of("x = " + repeated("close[", 5000) + "1" + repeated("]", 5000) + "\nplot(1)\n"), "PN0102");
  EXPECT_EQ(codes_of("x = " + repeated("true ? ", 3000) + "1" + repeated(" : 2", 3000) + "\nplot(x)\n"), "PN0102");
  EXPECT_NE(codes_of("x = " + repeated("not ", 20000) + "true\nplot(1)\n"), "");
  std::string ifs, indent;
  for (int i = 0; i < 400; ++i, indent += "    ") ifs += indent + "if close > 1\n";
  EXPECT_NE(codes_of(ifs + indent + "y = 1\nplot(1)\n"), "");
  std::string cases = "x = switch int(close)\n";
  for (int i = 0; i < 5000; ++i) cases += "    " + std::to_string(i) + " => " + std::to_string(i) + " * close\n";
  EXPECT_EQ(codes_of(cases + "    => 0\nplot(x)\n"), "");
  std::string left, right;
  for (int i = 0; i < 3000; ++i) left += (i > 0 ? ", v" : "v") + std::to_string(i), right += (i > 0 ? ", " : "") + std::to_string(i);
  EXPECT_EQ(codes_of("f() => [" + right + "]\n[" + left + "] = f()\nplot(v2999)\n"), "");
  std::string functions;
  for (int i = 0; i < 8000; ++i) functions += "f" + std::to_string(i) + "(float x) => x + " + std::to_string(i) + "\n";
  EXPECT_EQ(codes_of(functions + "plot(f7999(close))\n"), "");
  std::string fields = "type t\n";
  for (int i = 0; i < 5000; ++i) fields += "    float f" + std::to_string(i) + " = " + std::to_string(i) + "\n";
  EXPECT_EQ(codes_of(fields + "x = t.new()\nplot(x.f4999)\n"), "");
}

/// Names that are many: each is found without going through all of them, or there is a limit.
TEST(hostile_compile, many_names) {
  std::string members = "enum e\n", overloads;
  for (int i = 0; i < 40'000; ++i) members += "    m" + std::to_string(i) + "\n";
  EXPECT_EQ(codes_of(members + "plot(e.m39999 == e.m1 ? 1 : 0)\n"), "");
  EXPECT_EQ(codes_of("enum e\n    a\n    a\nplot(1)\n"), "PN0203");
  for (int i = 0; i < 20'000; ++i) overloads += "type t" + std::to_string(i) + "\n    int a\nmethod f(t" + std::to_string(i) + " x) => x.a\n";
  EXPECT_EQ(codes_of(overloads + "plot(t1.new(1).f())\n"), "PN0301");
}

TEST(hostile_compile, bytes_that_are_no_text) {
  EXPECT_EQ(codes_of("x = \"\xff\"\nplot(1)\n"), "PN0009");
  EXPECT_EQ(codes_of("plot(1) // \xc3(\n"), "PN0009");
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xe2\x82", "\x80"})
    EXPECT_EQ(codes_of(std::string("plot(1) // ") + bad), "PN0009") << bad;
  EXPECT_EQ(codes_of("plot(1) // \xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80 \xf4\x8f\xbf\xbf \xed\x9f\xbf\n"), "");
  auto r = compile("//@version=6\nindicator(\"t\")\nx = \"\xc3\xa9\xff\"\n");
  ASSERT_EQ(r.diags.all().size(), 1u);
  EXPECT_EQ(r.diags.all().front().pos.line, 3u);
  EXPECT_EQ(r.diags.all().front().pos.column, 7u) << "one letter before it";
}

/// The limits leave room: a thousand calls of one function and a request of each of 40 symbols compile.
TEST(hostile_compile, large_scripts_compile) {
  std::string many = "f(x) => x * 2 + 1\ng(x) => f(x) + f(x + 1)\n", requests = "s = 0.0\n";
  for (int i = 0; i < 1000; ++i) many += "v" + std::to_string(i) + " = g(" + std::to_string(i) + " + close)\n";
  for (int i = 0; i < 40; ++i) requests += "s += request.security(\"A:B" + std::to_string(i) + "\", \"D\", ta.ema(close, 5))\n";
  EXPECT_EQ(codes_of(many + "plot(v999)\n"), "");
  EXPECT_EQ(codes_of(requests + "plot(s)\n"), "");
}

} // namespace
} // namespace tt::pine::testing
