#pragma once
/// Any text given to the built-ins that read text: dates, formats, sessions, timeframes, patterns, symbols. For the fuzzer
/// and for a test with a few thousand texts.

#include "actors/pine/engine.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt::pine_test {

/// Expressions that read the text `s`; each is a script of its own, as one that refuses the text stops.
inline const std::vector<std::shared_ptr<const pine::program>>& text_readers() {
  static const auto programs = [] {
    std::vector<std::shared_ptr<const pine::program>> out;
    for (const char* e : {"str.length(str.format(s, close, \"x\", bar_index))", "str.length(str.format_time(time, s))", "str.length(str.tostring(close, s))",
                          "str.length(str.upper(s) + str.lower(s) + str.trim(s) + str.repeat(s, 2, \"-\"))", "str.length(str.match(s, s))",
                          "str.length(str.match(\"abc 123 abc\", s))", "str.length(str.replace_all(s, \"a\", \"bb\") + str.replace(s, \"a\", s, 1))",
                          "array.size(str.split(s, \"\")) + array.size(str.split(\"a,b\" + s, s))", "str.length(str.substring(s, str.length(s) / 2))",
                          "str.tonumber(s)", "timestamp(s)", "timestamp(s, 2020, 1, 1)", "hour(time, s)", "time(\"60\", s)",
                          "time_close(\"D\", s, \"America/New_York\")", "time(\"30\", \"0930-1600\", s)", "time(s)", "time_close(s)", "timeframe.in_seconds(s)",
                          "timeframe.change(s) ? 1 : 0", "str.length(ticker.standard(s) + ticker.modify(s, session.extended))",
                          "request.security(\"\", s, close, ignore_invalid_symbol = true)", "request.security(s, \"\", close, ignore_invalid_symbol = true)"})
      out.push_back(pine::compile(std::string("//@version=6\nindicator(\"f\")\ns = input.string(\"\", \"s\")\nplot(") + e + ")\n").code);
    // as text of a drawing it goes through the writer of JSON
    out.push_back(pine::compile("//@version=6\nindicator(\"f\")\ns = input.string(\"\", \"s\")\nlabel.new(bar_index, close, s, tooltip = s)\n").code);
    return out;
  }();
  return programs;
}

/// Runs them over two bars; a stop with a message is as good as an end.
inline void read_text(std::string_view text) {
  for (const auto& code : text_readers()) {
    pine::run_settings settings;
    settings.chart_timeframe = *pine::timeframe::parse("1");
    settings.inputs["s"] = std::string(text);
    settings.limit.steps_per_bar = 200'000;
    settings.limit.heap_bytes = 8u << 20;
    pine::script run(code, settings);
    for (int i = 0; i < 2; ++i)
      if (run.on_bar({1'600'000'000'000 + i * 60'000LL, 1, 2, 0.5, 1.5, 10})) break;
    (void)run.drawings_json();
  }
}

} // namespace tt::pine_test
