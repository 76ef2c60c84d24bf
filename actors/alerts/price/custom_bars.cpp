#include "actors/alerts/price/custom_bars.hpp"

#include "actors/strategy/expression/expression.hpp"

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

constexpr std::array<std::string_view, 21> plain_names{"open", "high", "low", "close", "price", "volume", "average_volume", "volume_ratio", "bar_change", "rsi", "atr",
                                                       "vwap", "bollinger_upper", "bollinger_middle", "bollinger_lower", "macd_line", "macd_signal", "macd_hist",
                                                       "sma", "ema", "rma"};

/// The names that one expression uses, each a column.
class bar_names final : public strategy::name_table {
public:
  explicit bar_names(const alert_rule& rule) : rule_(rule) {}

  std::optional<known_name> find(const name_query& which) override {
    if (!which.source.empty()) return std::nullopt;
    std::string key(which.name);
    for (const double n : which.arguments) key += "," + std::to_string(n);
    if (which.how == name_query::form::call) key += "()";
    if (const auto at = handles_.find(key); at != handles_.end()) return known_name{strategy::value_type::number, at->second};
    auto made = which.how == name_query::form::call ? call(which) : plain(which.name);
    if (!made) return std::nullopt;
    const auto handle = static_cast<std::uint32_t>(columns.size());
    columns.push_back(std::move(made));
    handles_.emplace(std::move(key), handle);
    return known_name{strategy::value_type::number, handle};
  }
  std::optional<value> parameter(std::string_view name) override {
    const auto at = rule_.parameters.find(std::string(name));
    return at == rule_.parameters.end() ? std::nullopt : std::optional{value::of(at->second.to_double())};
  }
  std::vector<std::string> all_names() const override { return {plain_names.begin(), plain_names.end()}; }

  std::vector<std::unique_ptr<column>> columns;
  std::int64_t longest = 1; ///< length of the longest indicator, in bars

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
  std::map<std::string, std::uint32_t> handles_;
};

class expression_condition final : public custom_condition, private strategy::value_source {
public:
  expression_condition(strategy::expression what, std::vector<std::unique_ptr<column>> columns, std::int64_t longest)
    : what_(std::move(what)), columns_(std::move(columns)), values_(columns_.size()), longest_(longest) {}

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
    return back < list.size() ? value::of(list[back]) : value::missing();
  }

  strategy::expression what_;
  std::vector<std::unique_ptr<column>> columns_;
  std::vector<std::deque<double>> values_; ///< by handle, newest first
  std::int64_t longest_;
};

} // namespace

result<std::shared_ptr<custom_condition>> make_custom_condition(const alert_rule& rule, const instrument&) {
  bar_names names(rule);
  auto parsed = strategy::parse_expression(rule.expression, names);
  if (!parsed) return error{errc::invalid_argument, parsed.error().message + " (" + parsed.error().field + ")", "expression"};
  if (parsed->type() != strategy::value_type::boolean) return error{errc::invalid_argument, "must be a condition, not " + std::string(to_string(parsed->type())), "expression"};
  return std::shared_ptr<custom_condition>(std::make_shared<expression_condition>(std::move(*parsed), std::move(names.columns), names.longest));
}

} // namespace tt::alerts
