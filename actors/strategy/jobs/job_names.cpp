#include "actors/strategy/jobs/job_names.hpp"

#include <algorithm>
#include <array>

namespace tt::strategy {

namespace {

constexpr std::array<std::pair<std::string_view, series_name>, 18> series_words{{
  {"open", series_name::open}, {"high", series_name::high}, {"low", series_name::low}, {"close", series_name::close}, {"volume", series_name::volume},
  {"price", series_name::price}, {"average_volume", series_name::average_volume}, {"volume_ratio", series_name::volume_ratio},
  {"bar_change", series_name::bar_change}, {"rsi", series_name::rsi}, {"bollinger_lower", series_name::bollinger_lower},
  {"bollinger_middle", series_name::bollinger_middle}, {"bollinger_upper", series_name::bollinger_upper}, {"atr", series_name::atr},
  {"vwap", series_name::vwap}, {"macd_line", series_name::macd_line}, {"macd_signal", series_name::macd_signal}, {"macd_hist", series_name::macd_hist}}};
constexpr std::array<std::pair<std::string_view, series_name>, 5> call_words{
  {{"sma", series_name::sma}, {"ema", series_name::ema}, {"rma", series_name::rma}, {"rsi", series_name::rsi}, {"atr", series_name::atr}}};
constexpr std::array<std::string_view, moment_names> moment_words{
  "position", "avg_entry", "change_since_entry", "pnl_pct", "unrealized_pnl", "bars_held", "days_held", "position_weight", "open_positions", "equity",
  "cash_weight", "day_pnl_pct", "minutes_from_open", "minutes_to_close", "is_half_day", "weekday", "market_trend", "market_volatility",
  "news_sentiment", "any_allocation_deviation", "position_size_breach", "single_position_weight", "portfolio_volatility", "historical_avg",
  "max_drawdown", "portfolio_beta", "correlation_with_market", "portfolio_correlation_risk", "daily_var_breach"};

value_type type_of(moment_name what) {
  if (what == moment_name::is_half_day) return value_type::boolean;
  return what == moment_name::market_trend ? value_type::text : value_type::number;
}

std::int64_t length_of(series_name what, const indicator_settings& s) {
  switch (what) {
  case series_name::rsi: return s.rsi_period;
  case series_name::atr: return s.atr_period;
  case series_name::average_volume:
  case series_name::volume_ratio: return s.volume_period;
  case series_name::bollinger_lower:
  case series_name::bollinger_middle:
  case series_name::bollinger_upper: return s.bollinger_period;
  default: return 0;
  }
}

} // namespace

indicator_settings settings_of(const job_spec& spec) {
  indicator_settings s;
  const auto whole = [&](std::string_view name, std::int64_t fallback) {
    const auto x = spec.number(name);
    return x && *x >= 1 && *x <= limits::job_period ? static_cast<std::int64_t>(*x) : fallback;
  };
  s.rsi_period = whole("rsi_period", s.rsi_period);
  s.bollinger_period = whole("bollinger_period", s.bollinger_period);
  s.volume_period = whole("volume_period", s.volume_period);
  s.atr_period = whole("atr_period", s.atr_period);
  s.macd_fast = whole("macd_fast", s.macd_fast);
  s.macd_slow = whole("macd_slow", s.macd_slow);
  s.macd_signal = whole("macd_signal", s.macd_signal);
  s.bollinger_std = spec.number("bollinger_std", s.bollinger_std);
  return s;
}

job_names::job_names(const job_spec& spec) : spec_(spec), settings_(settings_of(spec)) {}

known_name job_names::bind(name_binding b, value_type type) {
  auto found = std::find(bindings_.begin(), bindings_.end(), b);
  if (found == bindings_.end()) found = bindings_.insert(bindings_.end(), b);
  return {type, static_cast<std::uint32_t>(found - bindings_.begin())};
}

std::optional<known_name> job_names::find(const name_query& which) {
  std::size_t source = spec_.sources.size();
  const auto* primary = spec_.primary_bars();
  if (primary) source = static_cast<std::size_t>(primary - spec_.sources.data());
  if (!which.source.empty()) {
    const auto named = std::find_if(spec_.sources.begin(), spec_.sources.end(), [&](const auto& s) { return s.name == which.source; });
    if (named == spec_.sources.end() || (named->kind != source_kind::bars && named->kind != source_kind::quotes)) return std::nullopt;
    if (named->kind == source_kind::bars) source = static_cast<std::size_t>(named - spec_.sources.begin());
  }
  if (which.how == name_query::form::call) {
    for (const auto& [word, what] : call_words)
      if (word == which.name && source < spec_.sources.size()) return bind({what, source, static_cast<std::int64_t>(which.arguments[0])}, value_type::number);
    return std::nullopt;
  }
  if (spec_.dialect == job_dialect::legacy && which.source.empty()) {
    if (which.name == "price_change") {
      legacy_uses_.emplace_back("price_change");
      return side_ == list_side::exit ? bind({moment_name::change_since_entry}, value_type::number) : bind({series_name::bar_change, source, 0}, value_type::number);
    }
    if (which.name == "cash_buffer") {
      legacy_uses_.emplace_back("cash_buffer");
      return bind({moment_name::cash_weight}, value_type::number);
    }
  }
  for (const auto& [word, what] : series_words)
    if (word == which.name) {
      if (source >= spec_.sources.size() && what != series_name::price) return std::nullopt;
      return bind({what, source, length_of(what, settings_)}, value_type::number);
    }
  if (!which.source.empty()) return std::nullopt;
  for (std::size_t i = 0; i < moment_words.size(); ++i)
    if (moment_words[i] == which.name) return bind({static_cast<moment_name>(i)}, type_of(static_cast<moment_name>(i)));
  return std::nullopt;
}

std::optional<value> job_names::parameter(std::string_view name) {
  const auto found = spec_.parameters.find(std::string(name));
  return found == spec_.parameters.end() ? std::nullopt : std::optional(found->second.scalar);
}

std::vector<std::string> job_names::all_names() const {
  std::vector<std::string> out(moment_words.begin(), moment_words.end());
  for (const auto& [word, what] : series_words) out.emplace_back(word);
  for (const auto& source : spec_.sources)
    if (source.kind == source_kind::bars)
      for (const auto& [word, what] : series_words) out.push_back(source.name + "." + std::string(word));
  return out;
}

std::int64_t period_of(const name_binding& b, const indicator_settings& s) {
  const auto* series = std::get_if<series_name>(&b.what);
  if (!series) return 0;
  switch (*series) {
  case series_name::macd_line: return s.macd_slow;
  case series_name::macd_signal:
  case series_name::macd_hist: return s.macd_slow + s.macd_signal;
  case series_name::bar_change: return 1;
  default: return b.length;
  }
}

bool needs_daily(const name_binding& b) {
  const auto* what = std::get_if<moment_name>(&b.what);
  return what && (*what == moment_name::market_trend || *what == moment_name::market_volatility);
}

} // namespace tt::strategy
