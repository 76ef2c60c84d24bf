#include "actors/strategy/live/alert_text.hpp"

#include "actors/model/decimal.hpp"
#include "actors/model/time.hpp"
#include "actors/strategy/live/plot_columns.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace tt::strategy {

namespace {

/// With a decimal point and no exponent, as far as a number has digits that mean something.
std::string figure_text(double v) {
  if (!std::isfinite(v)) return "NaN";
  constexpr int digits = 10;
  const auto exact = decimal::from_double(v, digits);
  return exact ? exact->to_string() : std::to_string(v);
}

/// Without milliseconds.
std::string moment_text(std::int64_t ms) {
  constexpr std::size_t to_seconds = 19;
  return to_iso8601(from_unix_seconds(ms / 1000)).substr(0, to_seconds) + "Z";
}

std::string word_of(double position) { return position > 0 ? "long" : position < 0 ? "short" : "flat"; }

/// Series that a chart draws as values: what {{plot_N}} counts.
bool is_drawn(pine::plot_kind kind) {
  using k = pine::plot_kind;
  return kind == k::plot || kind == k::shape || kind == k::character || kind == k::arrow || kind == k::bar || kind == k::candle;
}

std::optional<std::string> plot_numbered(const alert_facts& f, std::size_t wanted) {
  for (const auto& one : columns_of(f.script.code())) {
    if (one.is_color() || !is_drawn(f.script.code().plots[one.plot].kind)) continue;
    if (wanted-- == 0) return figure_text(f.script.plot_value(one.plot, one.part));
  }
  return std::nullopt;
}

std::optional<std::string> plot_titled(const alert_facts& f, std::string_view title) {
  for (const auto& one : columns_of(f.script.code()))
    if (!one.is_color() && title_of(f.script.code().plots[one.plot]) == title) return figure_text(f.script.plot_value(one.plot, one.part));
  return std::nullopt;
}

std::optional<std::string> of_bar(const alert_facts& f, std::string_view name) {
  if (name == "ticker") return f.symbol.ticker;
  if (name == "exchange") return f.symbol.prefix;
  if (name == "interval") return f.interval;
  if (name == "open") return figure_text(f.bar.open);
  if (name == "high") return figure_text(f.bar.high);
  if (name == "low") return figure_text(f.bar.low);
  if (name == "close") return figure_text(f.bar.close);
  if (name == "volume") return figure_text(f.bar.volume);
  if (name == "time") return moment_text(f.bar.time_ms);
  if (name == "timenow") return moment_text(f.now_ms);
  if (name == "syminfo.currency") return f.symbol.currency;
  if (name == "syminfo.basecurrency") return f.symbol.basecurrency;
  return std::nullopt;
}

std::optional<std::string> of_strategy(const alert_facts& f, std::string_view name) {
  if (f.script.code().decl.kind != pine::declaration::kind_t::strategy) return std::nullopt;
  const double position = f.fill != nullptr ? f.fill->position : f.position;
  if (name == "position_size") return figure_text(position);
  if (name == "market_position") return word_of(position);
  if (name == "market_position_size") return figure_text(std::fabs(position));
  if (f.fill == nullptr) return std::nullopt;
  // sizes are sums of what was filled: a rest below any lot is none
  const double before = f.fill->position - f.fill->size;
  const double previous = std::fabs(before) < 1e-9 ? 0 : before;
  const auto& texts = f.script.texts();
  if (name == "prev_market_position") return word_of(previous);
  if (name == "prev_market_position_size") return figure_text(std::fabs(previous));
  if (name == "order.action") return f.fill->size < 0 ? "sell" : "buy";
  if (name == "order.contracts") return figure_text(std::fabs(f.fill->size));
  if (name == "order.price") return figure_text(f.fill->price);
  if (name == "order.id") return texts.text(f.fill->id);
  if (name == "order.comment") return texts.text(f.fill->comment != 0 ? f.fill->comment : f.fill->id);
  return std::nullopt;
}

std::optional<std::string> value_named(const alert_facts& f, std::string_view name) {
  constexpr std::string_view numbered = "plot_", titled = "plot(", strategy = "strategy.";
  if (name.starts_with(numbered)) {
    const auto digits = name.substr(numbered.size());
    std::size_t number = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return plot_numbered(f, number);
  }
  if (name.starts_with(titled) && name.ends_with(")")) {
    const auto inner = name.substr(titled.size(), name.size() - titled.size() - 1);
    const bool quoted = inner.size() >= 2 && (inner.front() == '"' || inner.front() == '\'') && inner.back() == inner.front();
    return quoted ? plot_titled(f, inner.substr(1, inner.size() - 2)) : std::nullopt;
  }
  if (name.starts_with(strategy)) return of_strategy(f, name.substr(strategy.size()));
  return of_bar(f, name);
}

} // namespace

std::string fill_in(std::string_view message, const alert_facts& facts) {
  std::string out;
  while (!message.empty()) {
    const auto open = message.find("{{");
    const auto close = open == std::string_view::npos ? open : message.find("}}", open + 2);
    if (close == std::string_view::npos) break;
    out += message.substr(0, open);
    auto name = message.substr(open + 2, close - open - 2);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (const auto value = value_named(facts, name)) {
      out += *value;
      message.remove_prefix(close + 2);
    } else { // a brace more in front may begin another
      out += message[open];
      message.remove_prefix(open + 1);
    }
  }
  return out += message;
}

} // namespace tt::strategy
