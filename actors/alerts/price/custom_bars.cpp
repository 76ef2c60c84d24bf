#include "actors/alerts/price/custom_bars.hpp"

#include "actors/market/history_layers.hpp"
#include "actors/model/calendar.hpp"
#include "actors/strategy/expression/expression.hpp"
#include "actors/strategy/jobs/job_series.hpp"

#include <algorithm>
#include <array>
#include <deque>

namespace tt::alerts {

namespace {

using strategy::known_name;
using strategy::name_query;
using strategy::value;

pine::bar as_pine(const bar& b) {
  return {unix_ms(b.open_time), b.open.to_double(), b.high.to_double(), b.low.to_double(), b.close.to_double(), b.volume.to_double()};
}

/// The values of one name, newest last.
class column {
public:
  virtual ~column() = default;
  virtual void reset() = 0;
  /// Takes the next bar and gives the name's value there; NaN: not known yet.
  virtual double next(const pine::bar& b) = 0;
};

class field_column final : public column {
public:
  explicit field_column(double (*read)(const pine::bar&)) : read_(read) {}
  void reset() override {}
  double next(const pine::bar& b) override { return read_(b); }

private:
  double (*read_)(const pine::bar&);
};

/// An indicator of closes or of bars; `which` of its results.
class series_column final : public column {
public:
  enum class feed : std::uint8_t { close, bars };
  series_column(std::function<pine::ta_series()> make, feed from, std::size_t which = 0) : make_(std::move(make)), from_(from), which_(which), series_(make_()) {}
  void reset() override { series_ = make_(); }
  double next(const pine::bar& b) override {
    if (from_ == feed::close) series_.next(b.close);
    else series_.next(b);
    return series_.values()[which_];
  }

private:
  std::function<pine::ta_series()> make_;
  feed from_;
  std::size_t which_;
  pine::ta_series series_;
};

/// Mean volume of the `length` bars before the present one; or the present volume by it.
class volume_column final : public column {
public:
  enum class gives : std::uint8_t { average, ratio };
  volume_column(std::size_t length, gives what) : length_(length), what_(what) {}
  void reset() override { before_.clear(); }
  double next(const pine::bar& b) override {
    double out = std::numeric_limits<double>::quiet_NaN();
    if (before_.size() == length_) {
      double sum = 0;
      for (const double v : before_) sum += v;
      const double average = sum / static_cast<double>(length_);
      out = what_ == gives::average ? average : average > 0 ? b.volume / average : out;
      before_.pop_front();
    }
    before_.push_back(b.volume);
    return out;
  }

private:
  std::size_t length_;
  gives what_;
  std::deque<double> before_;
};

/// close by the close before, less 1.
class change_column final : public column {
public:
  void reset() override { before_ = std::numeric_limits<double>::quiet_NaN(); }
  double next(const pine::bar& b) override {
    const double before = std::exchange(before_, b.close);
    return before != 0 ? b.close / before - 1 : std::numeric_limits<double>::quiet_NaN();
  }

private:
  double before_ = std::numeric_limits<double>::quiet_NaN();
};

/// Where a bar ends in the session of its symbol: when the condition is judged.
class session_clock {
public:
  session_clock(std::shared_ptr<const exchange_calendar> calendar, timeframe frame) : calendar_(std::move(calendar)), frame_(frame) {}
  [[nodiscard]] utc_time end_of(const pine::bar& b) const { return market::end_of_bar(from_unix_ms(b.time_ms), frame_, session_hours::regular, *calendar_); }
  /// The trading day that a moment belongs to: the one that is on, has just ended, or is of its date.
  [[nodiscard]] std::optional<trading_day> day_of(utc_time t) const {
    if (auto day = calendar_->day_at(t, session_hours::regular)) return day;
    if (auto day = calendar_->day_at(t - nanoseconds{1}, session_hours::regular)) return day;
    return calendar_->day(calendar_->local_date(t));
  }
  [[nodiscard]] int weekday_of(utc_time t) const {
    const auto day = calendar_->day_at(t, session_hours::extended);
    return static_cast<int>((day ? day->day : calendar_->local_date(t)).weekday().iso_encoding());
  }

private:
  std::shared_ptr<const exchange_calendar> calendar_;
  timeframe frame_;
};

/// A figure of the session at the end of the bar.
class session_column final : public column {
public:
  enum class gives : std::uint8_t { from_open, to_close, half_day, weekday };
  session_column(session_clock clock, gives what) : clock_(std::move(clock)), what_(what) {}
  void reset() override {}
  double next(const pine::bar& b) override {
    const auto end = clock_.end_of(b);
    if (what_ == gives::weekday) return clock_.weekday_of(end);
    const auto day = clock_.day_of(end);
    if (!day) return std::numeric_limits<double>::quiet_NaN();
    const auto minutes = [](nanoseconds span) { return static_cast<double>(std::chrono::duration_cast<std::chrono::minutes>(span).count()); };
    if (what_ == gives::from_open) return minutes(end - day->regular.open);
    if (what_ == gives::to_close) return minutes(day->regular.close - end);
    return day->length == day_length::early_close ? 1 : 0;
  }

private:
  session_clock clock_;
  gives what_;
};

/// The daily bars of the symbol that were complete when a bar ended; shared by the columns that look at them.
struct day_series {
  strategy::source_bars bars;
};

constexpr std::array<std::string_view, 5> trend_words{"strong_downtrend", "downtrend", "sideways", "uptrend", "strong_uptrend"};
constexpr std::size_t trend_days = 21;

/// market_trend by its place in trend_words, or market_volatility.
class market_column final : public column {
public:
  enum class gives : std::uint8_t { trend, volatility };
  market_column(session_clock clock, std::shared_ptr<const day_series> days, gives what, std::size_t look_back)
    : clock_(std::move(clock)), days_(std::move(days)), what_(what), look_back_(look_back) {}
  void reset() override {}
  double next(const pine::bar& b) override {
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    const auto count = days_->bars.complete_at(unix_ms(clock_.end_of(b)));
    if (what_ == gives::volatility) return strategy::annual_volatility(days_->bars, count, look_back_).value_or(unknown);
    const auto trend = count > 0 ? strategy::trend_of(days_->bars, count) : std::nullopt;
    const auto at = trend ? std::find(trend_words.begin(), trend_words.end(), *trend) : trend_words.end();
    return at == trend_words.end() ? unknown : static_cast<double>(at - trend_words.begin());
  }

private:
  session_clock clock_;
  std::shared_ptr<const day_series> days_;
  gives what_;
  std::size_t look_back_;
};

/// Names of the job language that are figures of a position, an account or a portfolio.
constexpr std::array<std::string_view, 22> account_names{
  "position", "avg_entry", "change_since_entry", "pnl_pct", "unrealized_pnl", "bars_held", "days_held", "position_weight", "open_positions", "equity",
  "cash_weight", "day_pnl_pct", "any_allocation_deviation", "position_size_breach", "single_position_weight", "portfolio_volatility", "historical_avg",
  "max_drawdown", "portfolio_beta", "correlation_with_market", "portfolio_correlation_risk", "daily_var_breach"};

constexpr std::array<std::string_view, 28> plain_names{"open", "high", "low", "close", "price", "volume", "average_volume", "volume_ratio", "bar_change", "rsi", "atr",
                                                       "vwap", "bollinger_upper", "bollinger_middle", "bollinger_lower", "macd_line", "macd_signal", "macd_hist",
                                                       "sma", "ema", "rma", "minutes_from_open", "minutes_to_close", "is_half_day", "weekday",
                                                       "market_trend", "market_volatility", "news_sentiment"};

/// The names that one expression uses, each a column.
class bar_names final : public strategy::name_table {
public:
  bar_names(const alert_rule& rule, const instrument& what) : days(std::make_shared<day_series>()), rule_(rule), clock_(what.calendar, rule.bar_frame()) {}

  std::optional<known_name> find(const name_query& which) override {
    if (!which.source.empty()) return std::nullopt;
    std::string key(which.name);
    for (const double n : which.arguments) key += "," + std::to_string(n);
    if (which.how == name_query::form::call) key += "()";
    if (const auto at = handles_.find(key); at != handles_.end()) return known_name{types[at->second], at->second};
    auto made = which.how == name_query::form::call ? call(which) : plain(which.name);
    if (!made) {
      if (which.how == name_query::form::plain && std::ranges::find(account_names, which.name) != account_names.end()) refused = which.name;
      return std::nullopt;
    }
    const auto handle = static_cast<std::uint32_t>(columns.size());
    columns.push_back(std::move(made));
    types.push_back(which.name == "market_trend" ? strategy::value_type::text : which.name == "is_half_day" ? strategy::value_type::boolean : strategy::value_type::number);
    handles_.emplace(std::move(key), handle);
    return known_name{types.back(), handle};
  }
  std::optional<value> parameter(std::string_view name) override {
    const auto at = rule_.parameters.find(std::string(name));
    return at == rule_.parameters.end() ? std::nullopt : std::optional{value::of(at->second.to_double())};
  }
  std::vector<std::string> all_names() const override { return {plain_names.begin(), plain_names.end()}; }

  std::vector<std::unique_ptr<column>> columns;
  std::vector<strategy::value_type> types; ///< of the columns
  std::int64_t longest = 1; ///< length of the longest indicator, in bars
  std::shared_ptr<day_series> days;
  std::size_t wanted_days = 0; ///< 0: nothing looks at them
  std::string refused;         ///< a name that the language has and an alert has not

private:
  using feed = series_column::feed;

  std::int64_t length(const char* name, std::int64_t usual) {
    const auto out = rule_.parameter(name, decimal{usual}).to_scaled(0).value_or(usual);
    return keep(std::clamp<std::int64_t>(out, 1, max_period));
  }
  std::int64_t keep(std::int64_t n) {
    longest = std::max(longest, n);
    return n;
  }
  static std::unique_ptr<column> field(double (*read)(const pine::bar&)) { return std::make_unique<field_column>(read); }
  static std::unique_ptr<column> series(std::function<pine::ta_series()> make, feed from, std::size_t which = 0) {
    return std::make_unique<series_column>(std::move(make), from, which);
  }

  static constexpr std::int64_t usual_look_back = 30;

  std::unique_ptr<column> of_session(std::string_view name) {
    using gives = session_column::gives;
    const auto made = [&](gives what) { return std::make_unique<session_column>(clock_, what); };
    if (name == "minutes_from_open") return made(gives::from_open);
    if (name == "minutes_to_close") return made(gives::to_close);
    if (name == "is_half_day") return made(gives::half_day);
    if (name == "weekday") return made(gives::weekday);
    return nullptr;
  }
  std::unique_ptr<column> of_days(market_column::gives what, std::size_t look_back) {
    wanted_days = std::max(wanted_days, look_back + 1);
    return std::make_unique<market_column>(clock_, days, what, look_back);
  }

  std::unique_ptr<column> plain(std::string_view name) {
    if (name == "open") return field([](const pine::bar& b) { return b.open; });
    if (name == "high") return field([](const pine::bar& b) { return b.high; });
    if (name == "low") return field([](const pine::bar& b) { return b.low; });
    if (name == "close" || name == "price") return field([](const pine::bar& b) { return b.close; });
    if (name == "volume") return field([](const pine::bar& b) { return b.volume; });
    if (name == "bar_change") return std::make_unique<change_column>();
    if (name == "average_volume" || name == "volume_ratio")
      return std::make_unique<volume_column>(static_cast<std::size_t>(length("volume_period", 20)),
                                             name == "volume_ratio" ? volume_column::gives::ratio : volume_column::gives::average);
    if (auto made = of_session(name)) return made;
    if (name == "market_trend") return of_days(market_column::gives::trend, trend_days - 1);
    if (name == "market_volatility") return of_days(market_column::gives::volatility, static_cast<std::size_t>(std::clamp<std::int64_t>(
      rule_.parameter("lookback_days", usual_look_back).to_scaled(0).value_or(usual_look_back), 2, max_period)));
    if (name == "news_sentiment") return field([](const pine::bar&) { return std::numeric_limits<double>::quiet_NaN(); }); // there is no source of it
    if (name == "rsi") return series([n = length("rsi_period", 14)] { return pine::ta::rsi(n); }, feed::close);
    if (name == "atr") return series([n = length("atr_period", 14)] { return pine::ta::atr(n); }, feed::bars);
    if (name == "vwap") return series([] { return pine::ta::vwap(); }, feed::bars);
    const auto band = [&](std::size_t which) {
      return series([n = length("bollinger_period", 20), std = rule_.parameter("bollinger_std", 2).to_double()] { return pine::ta::bb(n, std); }, feed::close, which);
    };
    if (name == "bollinger_middle") return band(0);
    if (name == "bollinger_upper") return band(1);
    if (name == "bollinger_lower") return band(2);
    const auto macd = [&](std::size_t which) {
      const auto fast = length("macd_fast", 12), slow = length("macd_slow", 26), signal = length("macd_signal", 9);
      return series([=] { return pine::ta::macd(fast, slow, signal); }, feed::close, which);
    };
    if (name == "macd_line") return macd(0);
    if (name == "macd_signal") return macd(1);
    if (name == "macd_hist") return macd(2);
    return nullptr;
  }

  std::unique_ptr<column> call(const name_query& which) {
    if (which.arguments.size() != 1) return nullptr;
    const auto wanted = which.arguments[0];
    if (!(wanted >= 1 && wanted <= static_cast<double>(max_period))) return nullptr;
    const auto n = keep(static_cast<std::int64_t>(wanted));
    if (which.name == "sma") return series([n] { return pine::ta::sma(n); }, feed::close);
    if (which.name == "ema") return series([n] { return pine::ta::ema(n); }, feed::close);
    if (which.name == "rma") return series([n] { return pine::ta::rma(n); }, feed::close);
    if (which.name == "rsi") return series([n] { return pine::ta::rsi(n); }, feed::close);
    if (which.name == "atr") return series([n] { return pine::ta::atr(n); }, feed::bars);
    return nullptr;
  }

  const alert_rule& rule_;
  session_clock clock_;
  std::map<std::string, std::uint32_t> handles_;
};

class expression_condition final : public custom_condition, private strategy::value_source {
public:
  expression_condition(strategy::expression what, bar_names&& names, std::shared_ptr<const exchange_calendar> calendar)
    : what_(std::move(what)), columns_(std::move(names.columns)), types_(std::move(names.types)), values_(columns_.size()), longest_(names.longest),
      days_(std::move(names.days)), wanted_days_(names.wanted_days), calendar_(std::move(calendar)) {}

  [[nodiscard]] std::size_t history_days() const override { return wanted_days_; }
  void reset_days() override { days_->bars = {}; }
  void next_day(const bar& closed) override {
    auto& known = days_->bars;
    known.bars.push_back(as_pine(closed));
    known.closed_ms.push_back(unix_ms(market::end_of_bar(closed.open_time, timeframe::days(1), session_hours::regular, *calendar_)));
    if (known.bars.size() <= 2 * wanted_days_) return;
    const auto extra = static_cast<std::ptrdiff_t>(known.bars.size() - wanted_days_ - 1);
    known.bars.erase(known.bars.begin(), known.bars.begin() + extra);
    known.closed_ms.erase(known.closed_ms.begin(), known.closed_ms.begin() + extra);
  }

  [[nodiscard]] std::size_t history() const override { return static_cast<std::size_t>(longest_) * 10 + what_.look_back(); }
  void reset() override {
    for (auto& one : columns_) one->reset();
    for (auto& one : values_) one.clear();
  }
  void next(const bar& closed) override {
    const auto b = as_pine(closed);
    const auto kept = what_.look_back() + 2;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      values_[i].push_front(columns_[i]->next(b));
      if (values_[i].size() > kept) values_[i].pop_back();
    }
  }
  [[nodiscard]] std::optional<bool> holds() const override {
    const auto now = strategy::evaluate(what_, *this);
    const auto* truth = now.boolean();
    return truth ? std::optional{*truth} : std::nullopt;
  }

private:
  value at(std::uint32_t handle, std::size_t back) const override {
    const auto& list = values_[handle];
    if (back >= list.size() || std::isnan(list[back])) return value::missing();
    if (types_[handle] == strategy::value_type::boolean) return value::of(list[back] != 0);
    if (types_[handle] == strategy::value_type::text) return value::of(std::string(trend_words[static_cast<std::size_t>(list[back])]));
    return value::of(list[back]);
  }

  strategy::expression what_;
  std::vector<std::unique_ptr<column>> columns_;
  std::vector<strategy::value_type> types_;
  std::vector<std::deque<double>> values_; ///< by handle, newest first
  std::int64_t longest_;
  std::shared_ptr<day_series> days_;
  std::size_t wanted_days_;
  std::shared_ptr<const exchange_calendar> calendar_;
};

} // namespace

result<std::shared_ptr<custom_condition>> make_custom_condition(const alert_rule& rule, const instrument& what) {
  bar_names names(rule, what);
  auto parsed = strategy::parse_expression(rule.expression, names);
  if (!parsed && !names.refused.empty())
    return error{errc::invalid_argument, names.refused + " is a figure of a position or an account: an alert has none", "expression"};
  if (!parsed) return error{errc::invalid_argument, parsed.error().message + " (" + parsed.error().field + ")", "expression"};
  if (parsed->type() != strategy::value_type::boolean) return error{errc::invalid_argument, "must be a condition, not " + std::string(to_string(parsed->type())), "expression"};
  return std::shared_ptr<custom_condition>(std::make_shared<expression_condition>(std::move(*parsed), std::move(names), what.calendar));
}

} // namespace tt::alerts
