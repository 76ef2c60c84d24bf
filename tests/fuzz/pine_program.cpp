#include "actors/pine/engine.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Programs made from the input's bytes by a small grammar, so that most of them compile, run over some bars with
/// realtime updates between. Whatever happens, it ends and nothing is read or written out of place.
namespace {

class maker {
public:
  maker(const std::uint8_t* d, std::size_t n) : d_(d), n_(n) {}
  std::string program() {
    std::string s = "//@version=6\nindicator(\"f\")\ntype rec\n    float v = 1.0\n    int n = 2\n    rec next\n"
                    "f(x, int k) =>\n    var float acc = 0.0\n    acc += x\n    acc[1] + k\n"
                    "var a = array.new<float>(3, 1.0)\nvar m = map.new<int, float>()\nvar r = rec.new()\nfloat y = 0.0\nint z = 0\nstring t = \"\"\n";
    for (int i = 0; i < 12 && at_ < n_; ++i) s += statement(0);
    return s + "plot(y)\nplot(z)\n";
  }
  std::uint8_t byte() { return at_ < n_ ? d_[at_++] : 0; }

private:
  std::string pad(int depth) const { return std::string(static_cast<std::size_t>(depth) * 4, ' '); }
  std::string statement(int depth) {
    auto p = pad(depth);
    switch (byte() % 16) {
    case 0: return p + "y := " + number(0) + "\n";
    case 1: return p + "z += " + whole() + "\n";
    case 2: return p + "a.push(" + number(0) + ")\n";
    case 3: return p + "if a.size() > 0\n" + p + "    a.remove(" + whole() + ")\n";
    case 4: return p + "m.put(" + whole() + ", " + number(0) + ")\n";
    case 5: return p + "r.v := " + number(0) + "\n";
    case 6: return p + "r := rec.new(" + number(0) + ", 1, r)\n";
    case 7: return p + "t := str.tostring(" + number(0) + ") + str.substring(t, 0, 1)\n";
    case 8: return depth > 2 ? "" : p + "if " + truth() + "\n" + statement_or(depth + 1) + p + "else\n" + statement_or(depth + 1);
    case 9: return depth > 2 ? "" : p + "for i = 0 to " + whole() + " % 9\n" + statement_or(depth + 1);
    case 10: return depth > 2 ? "" : p + "while " + truth() + " and z < 5\n" + p + "    z += 1\n" + statement_or(depth + 1);
    case 11: return p + "a.sort()\n";
    case 13: return p + "label.set_x(label.new(bar_index, close), " + whole() + ")\n";
    case 14: return p + "line.new(bar_index - " + whole() + ", 1, bar_index + " + whole() + ", " + number(0) + ")\n";
    case 12: return p + "label.new(bar_index, " + number(0) + ", t)\n";
    default: return p + "y := request.security(syminfo.tickerid, \"" + (byte() % 2 == 0 ? "5" : "60") + "\", " + number(1) + ")\n";
    }
  }
  std::string statement_or(int depth) {
    auto s = statement(depth);
    return s.empty() ? pad(depth) + "z := 1\n" : s;
  }
  std::string whole() {
    static const char* list[] = {"1", "bar_index", "z", "a.size()", "m.size()", "-3", "int(y)", "r.n", "100"};
    return list[byte() % 9];
  }
  std::string truth() {
    static const char* list[] = {"close > open", "ta.crossover(close, y)", "z % 2 == 0", "na(y)", "barstate.isconfirmed", "not na(y) and y > 0"};
    return list[byte() % 6];
  }
  std::string number(int depth) {
    if (depth > 3) return "close";
    auto n = [&] { return number(depth + 1); };
    switch (byte() % 24) {
    case 0: return "ta.sma(" + n() + ", " + std::to_string(1 + byte() % 20) + ")";
    case 1: return "ta.ema(" + n() + ", " + std::to_string(1 + byte() % 20) + ")";
    case 2: return "ta.highest(" + n() + ", 1 + math.abs(" + whole() + "))";
    case 3: return "ta.rsi(" + n() + ", 5)";
    case 4: return "(" + n() + " + " + n() + ")";
    case 5: return "(" + n() + " / " + n() + ")";
    case 6: return "(" + truth() + " ? " + n() + " : " + n() + ")";
    case 7: return "f(" + n() + ", " + whole() + ")";
    case 8: return "nz((" + n() + ")[" + std::to_string(byte() % 4) + "])";
    case 9: return "y[math.abs(" + whole() + ")]";
    case 10: return "a.avg()";
    case 11: return "m.get(" + whole() + ")";
    case 12: return "r.v";
    case 13: return "ta.median(" + n() + ", 4)";
    case 14: return "ta.valuewhen(" + truth() + ", " + n() + ", 1)";
    case 15: return "ta.percentrank(" + n() + ", 5)";
    case 16: return "ta.stdev(" + n() + ", 3)";
    case 17: return "str.tonumber(t)";
    case 18: return "math.round(" + n() + ", 2)";
    case 19: return "ta.pivothigh(2, 2)";
    case 20: return "volume";
    case 21: return "(na(a[1]) ? 0 : (a[" + std::to_string(1 + byte() % 3) + "]) == a ? 1 : array.copy(a[1]).size())";
    default: return "close";
    }
  }
  const std::uint8_t* d_;
  std::size_t n_, at_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tt::pine;
  maker m(data, size);
  auto compiled = compile(m.program());
  if (compiled.code == nullptr) return 0;
  run_settings settings;
  settings.chart_timeframe = *timeframe::parse("1");
  settings.limit.steps_per_bar = 100'000;
  settings.limit.heap_bytes = 8u << 20;
  script s(compiled.code, settings);
  double p = 100;
  for (int i = 0; i < 40; ++i) {
    double o = p;
    p += static_cast<double>(m.byte() % 9) - 4;
    bar b{1'600'000'000'000 + i * 60'000LL, o, o + 5, o - 5, p, 10};
    bool live = i > 20 && m.byte() % 2 == 0;
    if (live && (s.begin_bar(b) || s.update(b))) return 0;
    if (live ? s.commit(b).has_value() : s.on_bar(b).has_value()) return 0;
  }
  (void)s.drawings_json();
  return 0;
}
