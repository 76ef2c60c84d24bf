#include "tests/pine/case_runner.hpp"

#include "actors/pine/util.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

/// Drawings as JSON, as OUTPUT.md describes them.

namespace tt::pine::testing {
namespace {
using nlohmann::json;

json drawn(const std::string& body, const std::string& declaration = "indicator(\"t\")") {
  std::vector<bar> bars;
  for (int i = 1; i <= 5; ++i) bars.push_back({1'700'006'400'000 + (i - 1) * 3'600'000LL, i - 0.5, i + 1.0, i - 1.0, f64(i), 10.0 * i});
  auto r = run_source("//@version=6\n" + declaration + "\n" + body, bars, "60");
  EXPECT_EQ(r.error, "");
  auto parsed = json::parse(r.drawings, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << r.drawings;
  return parsed;
}

TEST(pine_drawings, a_line_with_its_defaults) {
  auto j = drawn("if barstate.islast\n    line.new(1, 2.5, 3, na)\n");
  ASSERT_EQ(j.size(), 1u);
  EXPECT_EQ(j[0]["type"], "line");
  EXPECT_EQ(j[0]["x1"], 1);
  EXPECT_EQ(j[0]["y1"], 2.5);
  EXPECT_TRUE(j[0]["y2"].is_null());
  EXPECT_EQ(j[0]["xloc"], "bar_index");
  EXPECT_EQ(j[0]["extend"], "none");
  EXPECT_EQ(j[0]["color"], "#2962FFFF");
  EXPECT_EQ(j[0]["style"], "solid");
  EXPECT_EQ(j[0]["width"], 1);
  EXPECT_EQ(j[0]["force_overlay"], false);
}

TEST(pine_drawings, a_label_with_text_that_needs_quoting) {
  auto j = drawn("if barstate.islast\n    label.new(bar_index, high, \"say \\\"hi\\\"\\nü\", style = label.style_label_up, color = color.new(color.red, 50), size = size.large)\n");
  ASSERT_EQ(j.size(), 1u);
  EXPECT_EQ(j[0]["text"], "say \"hi\"\nü");
  EXPECT_EQ(j[0]["style"], "label_up");
  EXPECT_EQ(j[0]["color"], "#F2364580");
  EXPECT_EQ(j[0]["textcolor"], "#FFFFFFFF");
  EXPECT_EQ(j[0]["size"], "large");
  EXPECT_EQ(j[0]["x"], 4);
}

TEST(pine_drawings, fills_name_their_lines) {
  auto j = drawn("if barstate.islast\n    a = line.new(0, 1, 4, 5)\n    b = line.new(0, 0, 4, 4)\n    linefill.new(a, b, color.red)\n");
  ASSERT_EQ(j.size(), 3u);
  EXPECT_EQ(j[2]["type"], "linefill");
  EXPECT_EQ(j[2]["line1"], j[0]["id"]);
  EXPECT_EQ(j[2]["line2"], j[1]["id"]);
}

TEST(pine_drawings, polylines_carry_their_points) {
  auto j = drawn("if barstate.islast\n    p = array.from(chart.point.from_index(0, 1.5), chart.point.from_time(1700006400000, 2))\n    polyline.new(p, closed = true, fill_color = color.blue)\n");
  ASSERT_EQ(j.size(), 1u);
  EXPECT_EQ(j[0]["closed"], true);
  EXPECT_EQ(j[0]["points"][0]["index"], 0);
  EXPECT_EQ(j[0]["points"][0]["price"], 1.5);
  EXPECT_TRUE(j[0]["points"][0]["time"].is_null());
  EXPECT_EQ(j[0]["points"][1]["time"], 1'700'006'400'000);
}

/// One array may serve for many polylines, as in the manual's polygons: each stays what it was when it was drawn.
TEST(pine_drawings, polylines_do_not_follow_their_array) {
  auto j = drawn("var p = array.new<chart.point>()\nif bar_index < 3\n    p.clear()\n    for i = 0 to bar_index + 1\n        p.push(chart.point.from_index(i, 10 * bar_index + i))\n"
                 "    polyline.new(p)\n    p.first().price := 99\n");
  ASSERT_EQ(j.size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) {
    ASSERT_EQ(j[k]["points"].size(), k + 2);
    for (std::size_t i = 0; i < k + 2; ++i) {
      EXPECT_EQ(j[k]["points"][i]["index"], i);
      EXPECT_EQ(j[k]["points"][i]["price"], 10 * k + i);
    }
  }
}

TEST(pine_drawings, tables_list_the_cells_that_were_set) {
  auto j = drawn("if barstate.islast\n    t = table.new(position.top_right, 2, 3)\n    t.cell(1, 2, \"x\", bgcolor = color.red)\n    t.merge_cells(0, 0, 1, 1)\n");
  ASSERT_EQ(j.size(), 1u);
  EXPECT_EQ(j[0]["columns"], 2);
  EXPECT_EQ(j[0]["rows"], 3);
  ASSERT_EQ(j[0]["cells"].size(), 1u);
  EXPECT_EQ(j[0]["cells"][0]["column"], 1);
  EXPECT_EQ(j[0]["cells"][0]["row"], 2);
  EXPECT_EQ(j[0]["cells"][0]["text"], "x");
  EXPECT_EQ(j[0]["cells"][0]["bgcolor"], "#F23645FF");
  EXPECT_EQ(j[0]["merged"], json::parse("[0, 0, 1, 1]"));
}

TEST(pine_drawings, the_oldest_go_beyond_the_limit) {
  auto j = drawn("label.new(bar_index, high)\nline.new(bar_index, low, bar_index, high)\n", "indicator(\"t\", max_labels_count = 2, max_lines_count = 3)");
  std::vector<int> labels, lines;
  for (const auto& d : j) (d["type"] == "label" ? labels : lines).push_back(d["type"] == "label" ? d["x"].get<int>() : d["x1"].get<int>());
  EXPECT_EQ(labels, (std::vector<int>{3, 4}));
  EXPECT_EQ(lines, (std::vector<int>{2, 3, 4}));
}

TEST(pine_drawings, deleted_ones_are_gone) {
  auto j = drawn("var label l = na\nlabel.delete(l)\nl := label.new(bar_index, high)\n");
  ASSERT_EQ(j.size(), 1u);
  EXPECT_EQ(j[0]["x"], 4);
}

} // namespace
} // namespace tt::pine::testing
