#pragma once
/// The outside of the Pine room: a running script.
///
///   auto compiled = pine::compile(source);
///   pine::script s(compiled.code, settings);
///   for (const auto& b : bars) if (auto err = s.on_bar(b)) ...
///
/// A script is owned by one thread at a time. It never asks a clock and never touches files.

#include "actors/pine/compiler.hpp"
#include "actors/pine/settings.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tt::pine {

/// Why a script stopped. It can't go on after that.
struct runtime_failure {
  std::string message;
  std::uint32_t line = 0;
  std::int64_t bar_index = 0;
};

struct shared_state;
class context;

class script {
public:
  /// Binds a program to a symbol, timeframe and inputs. Inputs are checked here; see `problem()`.
  script(std::shared_ptr<const program> code, run_settings settings);
  ~script();
  script(script&&) noexcept;
  script& operator=(script&&) noexcept;

  /// What is wrong with the settings (an input that doesn't exist or lies outside of its bounds), if anything.
  const std::optional<std::string>& problem() const;

  /// Bars are the chart's. A script whose declaration names a longer timeframe runs on bars of that, made of the
  /// chart's; between them its plots are na, or stand with timeframe_gaps = false.
  ///
  /// A complete bar. `flags.fresh` and `flags.confirmed` are set here.
  std::optional<runtime_failure> on_bar(const bar& b, bar_flags flags = {});
  /// True while the next bar comes before those that calc_bars_count of the declaration lets in (the last ones of a
  /// history whose length `run_settings::last_bar_index` tells): on_bar() passes over it.
  bool waits() const;

  /// Realtime: the first state of a new bar, its later states, and its end. Each state runs the script again from
  /// where the last complete bar left it; only varip variables keep what a state has done.
  std::optional<runtime_failure> begin_bar(const bar& b, bar_flags flags = {});
  std::optional<runtime_failure> update(const bar& b, bar_flags flags = {});
  std::optional<runtime_failure> commit(const bar& b, bar_flags flags = {});

  /// Values of plot `index` on the last bar, in the order of program::plots[index].series.
  double plot_value(std::size_t index, std::size_t part) const;
  std::string plot_text(std::size_t index, std::size_t part) const;
  const program& code() const;
  const std::vector<log_message>& logs() const;
  /// Lines that are not in logs(): beyond limits::log_messages or limits::message_bytes.
  std::uint64_t logs_dropped() const;
  const std::vector<alert_event>& alerts() const;
  /// Logs and alerts that were not kept, as there were too many or their texts too long.
  std::uint64_t messages_dropped() const;
  /// What the user should know although the script goes on, such as a request for which there is no data.
  const std::vector<std::string>& warnings() const;
  /// Order calls since the last take or clear, and the texts their numbers stand for.
  std::vector<order_command> take_orders();
  const std::vector<order_command>& orders() const;
  void clear_orders();
  text_pool& texts();
  const text_pool& texts() const;
  /// The account that strategy.* reads from the next execution on; null: an account that stands still.
  void set_account(const strategy_view* account, const trade_source* trades);
  /// Live drawings as a JSON array: type, id and properties each.
  std::string drawings_json() const;
  std::size_t memory_bytes() const;
  /// How many columns of run_settings::columns this run reads instead of computing them. Values, orders and logs are the
  /// same to the last bit. Only where such a run stops with a failure may another one without columns go on, or stop
  /// with another message: see column_run::work().
  std::size_t columns_used() const;
  /// After the last bar: columns that were computed here are for other runs to read. A run that stopped, or did not see
  /// all of its bars, leaves none.
  void keep_columns();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Names that input.source() can be set to, in the order of their numbers from 1.
std::span<const char* const> source_names();

/// Bars of a longer timeframe, made of shorter ones by the symbol's calendar.
std::vector<bar> aggregate(std::span<const bar> bars, const calendar& cal, const timeframe& tf);

/// A data source over bars in memory. Longer timeframes of known symbols are aggregated when asked for.
class memory_source final : public data_source {
public:
  void add(std::shared_ptr<const symbol_info> info, timeframe tf, std::vector<bar> bars);
  void add_value(const std::string& kind, const std::string& key, std::int64_t time_ms, double value);
  const symbol_data* bars(const std::string& symbol, const timeframe& tf) override;
  std::shared_ptr<const symbol_info> info(const std::string& symbol) override;
  std::optional<double> value(const std::string& kind, const std::string& key, std::int64_t time_ms) override;
  std::optional<std::int64_t> value_time(const std::string& kind, const std::string& key, std::int64_t time_ms) override;

private:
  std::vector<std::unique_ptr<symbol_data>> data_;
  std::map<std::string, std::map<std::int64_t, double>> values_;
};

} // namespace tt::pine
