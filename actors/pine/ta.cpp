#include "actors/pine/ta.hpp"

#include "actors/pine/engine.hpp"
#include "actors/pine/util.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <map>

namespace tt::pine {

namespace {

/// Programs made so far on this thread; their number is that of the functions below.
std::shared_ptr<const program> program_for(const std::string& source) {
  static thread_local std::map<std::string, std::shared_ptr<const program>> known;
  auto& code = known[source];
  if (code == nullptr) code = compile(source).code;
  return code;
}

std::string number_text(double v) {
  std::array<char, 40> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), v).ptr};
}

constexpr std::int64_t step_ms = 60'000; ///< values without a bar stand a minute apart

} // namespace

struct ta_series::impl {
  std::unique_ptr<script> run;
  std::vector<double> values;
  std::optional<std::string> problem;
  std::int64_t time_ms = 0;

  double step(const bar& b) {
    if (problem) return values[0];
    if (auto failed = run->on_bar(b)) {
      problem = failed->message;
      values.assign(values.size(), na_value);
      return values[0];
    }
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = run->plot_value(k, 0);
    return values[0];
  }
};

ta_series::ta_series(const std::string& results, const std::string& body, std::initializer_list<double> arguments)
    : impl_(std::make_unique<impl>()) {
  std::string source = "//@version=6\nindicator(\"ta\")\nx = open\n";
  run_settings settings;
  settings.chart_timeframe = *timeframe::parse("1");
  std::size_t n = 0;
  for (double a : arguments) {
    auto name = "a" + std::to_string(n++);
    source += name + (a == std::trunc(a) ? " = input.int(1)\n" : " = input.float(1)\n");
    settings.inputs[name] = number_text(a);
  }
  source += body + "\n";
  std::size_t from = 0;
  while (from <= results.size()) {
    auto end = std::min(results.find(' ', from), results.size());
    source += "plot(" + results.substr(from, end - from) + ")\n";
    impl_->values.push_back(na_value);
    from = end + 1;
  }
  auto code = program_for(source);
  if (code == nullptr) {
    impl_->problem = "the indicator can't be made with these arguments: " + body;
    return;
  }
  impl_->run = std::make_unique<script>(code, std::move(settings));
  impl_->problem = impl_->run->problem();
}
ta_series::~ta_series() = default;
ta_series::ta_series(ta_series&&) noexcept = default;
ta_series& ta_series::operator=(ta_series&&) noexcept = default;

double ta_series::next(double value) {
  impl_->time_ms += step_ms;
  return impl_->step({impl_->time_ms, value, value, value, value, 0});
}
double ta_series::next(const bar& b) { return impl_->step(b); }
const std::vector<double>& ta_series::values() const { return impl_->values; }
const std::optional<std::string>& ta_series::problem() const { return impl_->problem; }

namespace ta {
namespace {
ta_series one(const char* expression, std::initializer_list<double> arguments = {}) {
  return {"r", std::string("r = ") + expression, arguments};
}
ta_series three(const char* expression, std::initializer_list<double> arguments) {
  return {"r s t", std::string("[r, s, t] = ") + expression, arguments};
}
} // namespace

ta_series sma(std::int64_t n) { return one("ta.sma(x, a0)", {f64(n)}); }
ta_series ema(std::int64_t n) { return one("ta.ema(x, a0)", {f64(n)}); }
ta_series rma(std::int64_t n) { return one("ta.rma(x, a0)", {f64(n)}); }
ta_series wma(std::int64_t n) { return one("ta.wma(x, a0)", {f64(n)}); }
ta_series hma(std::int64_t n) { return one("ta.hma(x, a0)", {f64(n)}); }
ta_series swma() { return one("ta.swma(x)"); }
ta_series alma(std::int64_t n, double offset, double sigma) { return one("ta.alma(x, a0, a1, a2)", {f64(n), offset, sigma}); }
ta_series vwma(std::int64_t n) { return one("ta.vwma(close, a0)", {f64(n)}); }

ta_series rsi(std::int64_t n) { return one("ta.rsi(x, a0)", {f64(n)}); }
ta_series macd(std::int64_t fast, std::int64_t slow, std::int64_t signal) {
  return three("ta.macd(x, a0, a1, a2)", {f64(fast), f64(slow), f64(signal)});
}
ta_series tsi(std::int64_t short_length, std::int64_t long_length) {
  return one("ta.tsi(x, a0, a1)", {f64(short_length), f64(long_length)});
}
ta_series cmo(std::int64_t n) { return one("ta.cmo(x, a0)", {f64(n)}); }
ta_series cci(std::int64_t n) { return one("ta.cci(x, a0)", {f64(n)}); }
ta_series cog(std::int64_t n) { return one("ta.cog(x, a0)", {f64(n)}); }
ta_series change(std::int64_t n) { return one("ta.change(x, a0)", {f64(n)}); }
ta_series roc(std::int64_t n) { return one("ta.roc(x, a0)", {f64(n)}); }

ta_series sum(std::int64_t n) { return one("math.sum(x, a0)", {f64(n)}); }
ta_series cum() { return one("ta.cum(x)"); }
ta_series variance(std::int64_t n) { return one("ta.variance(x, a0)", {f64(n)}); }
ta_series stdev(std::int64_t n) { return one("ta.stdev(x, a0)", {f64(n)}); }
ta_series dev(std::int64_t n) { return one("ta.dev(x, a0)", {f64(n)}); }
ta_series bb(std::int64_t n, double mult) { return three("ta.bb(x, a0, a1)", {f64(n), mult}); }
ta_series highest(std::int64_t n) { return one("ta.highest(x, a0)", {f64(n)}); }
ta_series lowest(std::int64_t n) { return one("ta.lowest(x, a0)", {f64(n)}); }
ta_series median(std::int64_t n) { return one("ta.median(x, a0)", {f64(n)}); }
ta_series percentile_linear_interpolation(std::int64_t n, double percentage) {
  return one("ta.percentile_linear_interpolation(x, a0, a1)", {f64(n), percentage});
}
ta_series percentile_nearest_rank(std::int64_t n, double percentage) {
  return one("ta.percentile_nearest_rank(x, a0, a1)", {f64(n), percentage});
}
ta_series percentrank(std::int64_t n) { return one("ta.percentrank(x, a0)", {f64(n)}); }
ta_series linreg(std::int64_t n, std::int64_t offset) { return one("ta.linreg(x, a0, a1)", {f64(n), f64(offset)}); }
ta_series pivothigh(std::int64_t left, std::int64_t right) { return one("ta.pivothigh(x, a0, a1)", {f64(left), f64(right)}); }
ta_series pivotlow(std::int64_t left, std::int64_t right) { return one("ta.pivotlow(x, a0, a1)", {f64(left), f64(right)}); }

ta_series tr() { return one("ta.tr(true)"); }
ta_series atr(std::int64_t n) { return one("ta.atr(a0)", {f64(n)}); }
ta_series dmi(std::int64_t di_length, std::int64_t smoothing) { return three("ta.dmi(a0, a1)", {f64(di_length), f64(smoothing)}); }
ta_series kc(std::int64_t n, double mult) { return three("ta.kc(close, a0, a1)", {f64(n), mult}); }
ta_series supertrend(double factor, std::int64_t period) {
  return {"r s", "[r, s] = ta.supertrend(a0, a1)", {factor, f64(period)}};
}
ta_series sar(double start, double inc, double max) { return one("ta.sar(a0, a1, a2)", {start, inc, max}); }
ta_series stoch(std::int64_t n) { return one("ta.stoch(close, high, low, a0)", {f64(n)}); }
ta_series wpr(std::int64_t n) { return one("ta.wpr(a0)", {f64(n)}); }
ta_series mfi(std::int64_t n) { return one("ta.mfi(hlc3, a0)", {f64(n)}); }
ta_series vwap() { return one("ta.vwap"); }
ta_series obv() { return one("ta.obv"); }
ta_series accdist() { return one("ta.accdist"); }
ta_series pvt() { return one("ta.pvt"); }

} // namespace ta
} // namespace tt::pine
