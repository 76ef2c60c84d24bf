// `tt pine`: what it reads, writes and answers.

#include "cluster/pine_command.hpp"
#include "cluster/pine_files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <random>

namespace tt::cluster::test {
namespace {

namespace fs = std::filesystem;

class pine_command : public ::testing::Test {
protected:
  pine_command() {
    fs::create_directories(folder);
    write("bars.csv", "time,open,high,low,close,volume\n3600,1,2,0.5,1.5,10\n7200,1.5,3,1,2.5,20\n10800,2.5,4,2,0.1,\n");
  }
  ~pine_command() override { fs::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    ASSERT_TRUE(write_text(path(name), text));
  }
  std::string read(const std::string& name) const { return read_text(path(name)).value_or("(no file)"); }
  pine_run_options options(const std::string& script) const {
    write("s.pine", script);
    const char* inputs = script.find("\"Factor\"") != std::string::npos ? R"({"Factor":2})" : "{}";
    write("symbol.json", std::string(R"({"symbol":"TEST:ABC","timeframe":"60","mintick":0.5,"inputs":)") + inputs + "}");
    pine_run_options o;
    o.script = path("s.pine");
    o.bars = path("bars.csv");
    o.syminfo = path("symbol.json");
    o.out = path("out.csv");
    return o;
  }
  /// Runs and gives what it says on standard error.
  static std::string said(const pine_run_options& o, int expected) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_pine(o), expected);
    return testing::internal::GetCapturedStderr();
  }

  const fs::path folder = fs::temp_directory_path() / ("tt_pine_" + std::to_string(std::random_device{}()));
};

constexpr const char* plotter = "//@version=6\nindicator(\"t\")\nf = input.float(1, \"Factor\")\nplot(close * f, \"scaled, by\")\n"
                                "plot(volume)\nlog.info(\"{0}\", bar_index)\nif barstate.islast\n    label.new(bar_index, high, syminfo.tickerid)\n";

TEST_F(pine_command, plots_drawings_and_log_are_written) {
  auto o = options(plotter);
  o.drawings = path("d.json");
  o.log = path("l.txt");
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("out.csv"), "time,\"scaled, by\",Plot\n3600,3,10\n7200,5,20\n10800,0.2,\n");
  EXPECT_EQ(read("l.txt"), "3600 info 0\n7200 info 1\n10800 info 2\n");
  const auto drawings = nlohmann::json::parse(read("d.json"));
  ASSERT_EQ(drawings.size(), 1U);
  EXPECT_EQ(drawings[0]["type"], "label");
  EXPECT_EQ(drawings[0]["text"], "TEST:ABC");
}

TEST_F(pine_command, texts_of_alerts_are_written) {
  auto o = options("//@version=6\nindicator(\"t\")\nif bar_index == 1\n    alert(\"up, \" + str.tostring(close), alert.freq_once_per_bar_close)\n    alert(\"again\")\n");
  o.alerts = path("a.csv");
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("a.csv"), "time,bar,frequency,message\n7200,1,once_per_bar_close,\"up, 2.5\"\n7200,1,once_per_bar,again\n");
}

TEST_F(pine_command, inputs_come_from_the_command_line_before_files) {
  auto o = options(plotter);
  write("in.json", R"({"Factor": 10})");
  o.inputs = {path("in.json")};
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("out.csv").substr(0, 40), "time,\"scaled, by\",Plot\n3600,15,10\n7200,2");
  o.inputs.push_back("Factor=0");
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_NE(read("out.csv").find("3600,0,10"), std::string::npos);
  o.inputs = {"Width=1"};
  EXPECT_NE(said(o, 1).find("no input named \"Width\""), std::string::npos);
}

TEST_F(pine_command, a_log_script_without_plots_gives_its_messages) {
  auto o = options("//@version=6\nindicator(\"t\")\nlog.info(\"a, \\\"b\\\"\")\n");
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("out.csv"), "n,message\n0,\"a, \"\"b\"\"\"\n1,\"a, \"\"b\"\"\"\n2,\"a, \"\"b\"\"\"\n");
}

TEST_F(pine_command, other_symbols_have_their_own_bars) {
  write("x.csv", "time,open,high,low,close\n3600,7,7,7,7\n7200,8,8,8,8\n10800,9,9,9,9\n");
  auto o = options("//@version=6\nindicator(\"t\")\nplot(request.security(\"OTHER:X\", timeframe.period, close))\n");
  EXPECT_NE(said(o, 1).find("there are no bars for OTHER:X"), std::string::npos);
  o.bars_for = {"OTHER:X:60=" + path("x.csv")};
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("out.csv"), "time,Plot\n3600,7\n7200,8\n10800,9\n");
  o.bars_for = {"OTHER"};
  EXPECT_NE(said(o, 2).find("--bars-for"), std::string::npos);
}

TEST_F(pine_command, what_is_missing_is_said) {
  auto o = options("//@version=6\nindicator(\"t\")\nplot(request.security_lower_tf(syminfo.tickerid, \"5\", close).size())\n");
  const auto text = said(o, 0);
  EXPECT_NE(text.find("warning: request.security_lower_tf(): there are no bars of TEST:ABC on timeframe 5"), std::string::npos) << text;
  EXPECT_EQ(text.find("were not kept"), std::string::npos) << text;
}

TEST_F(pine_command, messages_that_were_not_kept_are_counted) {
  auto o = options("//@version=6\nindicator(\"t\")\nfor i = 1 to 70000\n    log.info(\"x\")\nplot(close)\n");
  EXPECT_NE(said(o, 0).find("warning: 10000 messages of log.* and alert() were not kept"), std::string::npos);
}

TEST_F(pine_command, libraries_lie_beside_the_script) {
  write("me/Lib/3.pine", "//@version=6\nlibrary(\"Lib\")\nexport twice(float x) => x * 2\n");
  auto o = options("//@version=6\nindicator(\"t\")\nimport me/Lib/3 as lib\nplot(lib.twice(close))\n");
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("out.csv").substr(0, 18), "time,Plot\n3600,3\n7");
}

TEST_F(pine_command, bad_files_are_named_with_line_and_column) {
  auto o = options(plotter);
  write("bars.csv", "time,open,high,low,close,volume\n3600,1,2,0.5,1.5,10\n7200,1.5,x,1,2.5,20\n");
  EXPECT_NE(said(o, 2).find("bars.csv line 3: column 'high': \"x\" isn't a number"), std::string::npos);
  write("bars.csv", "time,open,high,low,close,volume\n3600,1,2,0.5,1.5,10\n3600,1,2,0.5,1.5,10\n");
  EXPECT_NE(said(o, 2).find("in order"), std::string::npos);
  write("bars.csv", "time,open,high,low,close,volume\n3600,1,2,0.5,1.5,10\n7200,1.5,3,1\n");
  EXPECT_NE(said(o, 2).find("line 3: has 4 fields, the header 6"), std::string::npos);
  write("bars.csv", "time,open,high,low\n");
  EXPECT_NE(said(o, 2).find("the column 'close' is missing"), std::string::npos);
  o.timeframe = "7x";
  write("bars.csv", "time,open,high,low,close,volume\n");
  EXPECT_NE(said(o, 2).find("--timeframe"), std::string::npos);
}

/// A symbol that can't be isn't taken for another one.
TEST_F(pine_command, facts_of_a_symbol_are_checked) {
  const auto o = options(plotter);
  constexpr std::pair<const char*, const char*> rows[] = {
    {R"({"mintick":"x"})", "'mintick' must be a number above 0"}, {R"({"mintick":0})", "'mintick' must be a number above 0"},
    {R"({"pointvalue":-1})", "'pointvalue' must be a number above 0"}, {R"({"timezone":"Mars/X"})", "there is no time zone"},
    {R"({"session":"zz"})", "isn't a session"}, {R"({"timeframe":"7X"})", "isn't a timeframe"}, {R"({"currency":5})", "'currency' must be a text"},
    {R"({"extra_symbols":{"A:B":{"file":"x.csv","mintick":-1}}})", "extra_symbols.A:B: 'mintick'"}};
  for (const auto& [facts, why] : rows) {
    write("symbol.json", facts);
    EXPECT_NE(said(o, 2).find(why), std::string::npos) << facts;
  }
  write("symbol.json", R"({"symbol":"TEST:ABC","timeframe":"60","mintick":0.5,"mincontract":null,"sector":null,"timezone":"America/New_York","session":"0930-1600:23456"})");
  EXPECT_EQ(run_pine(o), 0);
}

/// As spreadsheets save it.
TEST_F(pine_command, a_byte_order_mark_is_no_part_of_the_table) {
  auto o = options(plotter);
  write("marked.csv", "\xEF\xBB\xBF" + read("bars.csv"));
  o.bars = path("marked.csv");
  EXPECT_EQ(run_pine(o), 0);
  EXPECT_EQ(read("out.csv"), "time,\"scaled, by\",Plot\n3600,3,10\n7200,5,20\n10800,0.2,\n");
}

TEST_F(pine_command, errors_of_the_script_end_with_1) {
  EXPECT_NE(said(options("//@version=6\nindicator(\"t\")\nplot(clsoe)\n"), 1).find("s.pine:3:6: error PN0220"), std::string::npos);
  auto o = options("//@version=6\nindicator(\"t\")\nplot(close)\nif bar_index == 1\n    runtime.error(\"stop here\")\n");
  EXPECT_NE(said(o, 1).find("s.pine:5: error on bar 1: stop here"), std::string::npos);
  EXPECT_EQ(read("out.csv"), "time,Plot\n3600,1.5\n"); // what was computed before
}

TEST_F(pine_command, check_prints_json) {
  write("s.pine", "//@version=6\nindicator(\"t\")\nplot(clsoe)\n");
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_pine_check({.script = path("s.pine"), .libraries = {}, .as = pine_check_options::format::json}), 1);
  const auto said = nlohmann::json::parse(testing::internal::GetCapturedStdout());
  EXPECT_EQ(said["valid"], false);
  EXPECT_EQ(said["diagnostics"][0]["line"], 3);
  EXPECT_EQ(said["diagnostics"][0]["column"], 6);
  EXPECT_EQ(said["diagnostics"][0]["hint"], "did you mean 'close'?");
  EXPECT_EQ(run_pine_check({.script = path("none.pine"), .libraries = {}}), 2);
}

} // namespace
} // namespace tt::cluster::test
