#pragma once

// The alerts that are judged at the close of bars of one symbol and timeframe:
// indicators, volumes of bars, expressions. Equal indicators are computed once.

#include "actors/alerts/price/judge.hpp"
#include "actors/model/market_data.hpp"
#include "actors/pine/ta.hpp"

#include <memory>
#include <span>
#include <tuple>

namespace tt::alerts {

/// A condition of the job language, fed bar by bar.
class custom_condition {
public:
  virtual ~custom_condition() = default;
  /// Bars that it wants to have seen before it is judged.
  [[nodiscard]] virtual std::size_t history() const = 0;
  /// Daily bars of its symbol that it wants besides; 0: none.
  [[nodiscard]] virtual std::size_t history_days() const { return 0; }
  virtual void reset_days() {}
  virtual void next_day(const bar& closed) { static_cast<void>(closed); }
  /// Forgets every bar, but not the daily ones.
  virtual void reset() = 0;
  virtual void next(const bar& closed) = 0;
  /// Whether it holds now; nothing: a value that it needs is missing.
  [[nodiscard]] virtual std::optional<bool> holds() const = 0;
};

/// Compiles the expression of a rule. Errors: invalid_argument with field `expression`.
using custom_maker = std::function<result<std::shared_ptr<custom_condition>>(const alert_rule& rule, const instrument& what)>;

/// Bars of history that are asked for at least and at most.
inline constexpr std::size_t min_history = 250, max_history = 5'000;
/// Closed bars that wait for history to arrive; more than that and the oldest is dropped.
inline constexpr std::size_t max_waiting_bars = 500;

/// A bar and when it was over.
struct closed_bar {
  bar data;
  utc_time end{};
};

class bar_watch {
public:
  explicit bar_watch(timeframe frame) : frame_(frame) {}
  bar_watch(bar_watch&&) noexcept = default;
  bar_watch& operator=(bar_watch&&) noexcept = default;

  /// Bars that ended at `now` or before are not judged. `custom` belongs to alerts with an expression.
  void add(alert& what, utc_time now, std::shared_ptr<custom_condition> custom);
  /// Gives what was added with it.
  std::shared_ptr<custom_condition> remove(const alert& what);
  /// Conditions of other timeframes that read these bars, which are days.
  void read_days(std::shared_ptr<custom_condition> reader);
  void leave_days(const std::shared_ptr<custom_condition>& reader) { std::erase(day_readers_, reader); }
  [[nodiscard]] bool empty() const { return watched_.empty() && day_readers_.empty(); }

  /// Bars of history that begin() needs first; nothing: none, or asked for already.
  [[nodiscard]] std::optional<std::size_t> history_wish();
  /// The history did not come; it is wished again.
  void history_failed();
  /// Closed bars, oldest first, nothing goes off for them; then the bars that closed meanwhile are judged.
  void begin(std::span<const bar> history, utc_time now, evaluation& out);
  /// A bar has closed. One that was there before changes nothing.
  void on_closed(const closed_bar& closed, utc_time now, evaluation& out);

private:
  enum class figure_kind : std::uint8_t { rsi, macd, bollinger };
  struct figure_key {
    figure_kind kind = figure_kind::rsi;
    decimal a, b, c;
    auto operator<=>(const figure_key& other) const { return std::tie(kind, a, b, c) <=> std::tie(other.kind, other.a, other.b, other.c); }
    bool operator==(const figure_key&) const = default;
  };
  struct watched {
    alert* what = nullptr;
    utc_time since{};
    std::optional<figure_key> figure;
    std::shared_ptr<custom_condition> custom;
  };
  enum class readiness : std::uint8_t { wants_history, waits, ready };

  static std::optional<figure_key> figure_of(const alert_rule& rule);
  static pine::ta_series make_series(const figure_key& key);
  /// Whether `closed` follows the last bar without a gap, as far as that can be told.
  [[nodiscard]] bool follows(const bar& closed) const;
  void feed(const bar& closed);
  void judge(const closed_bar& closed, utc_time now, evaluation& out);
  void judge_one(watched& one, const bar& closed, utc_time now, evaluation& out);

  timeframe frame_;
  std::vector<watched> watched_;
  std::vector<std::shared_ptr<custom_condition>> day_readers_;
  std::map<figure_key, pine::ta_series> series_;
  std::optional<utc_time> last_;   ///< stamp of the newest bar that was fed
  std::optional<utc_time> judged_; ///< stamp of the newest bar that was judged
  std::vector<closed_bar> waiting_;
  readiness state_ = readiness::wants_history;
};

} // namespace tt::alerts
