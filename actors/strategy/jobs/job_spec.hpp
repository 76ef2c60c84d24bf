#pragma once
/// A job file as read: every key with its default, nothing worked out yet. The names are those of the file.

#include "actors/model/order_enums.hpp"
#include "actors/model/timeframe.hpp"
#include "actors/strategy/expression/value.hpp"

#include "actors/strategy/jobs/finding.hpp"
#include "actors/strategy/jobs/schedule.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t job_symbols = 200;    ///< of one job; more: BAD_VALUE
inline constexpr std::size_t job_sources = 20;     ///< data sources; more: BAD_VALUE
inline constexpr std::size_t job_conditions = 200; ///< items of all lists; more: BAD_VALUE
inline constexpr std::size_t job_webhooks = 20;    ///< more: BAD_VALUE
inline constexpr std::int64_t job_period = 5'000;  ///< longest period of a parameter, in bars
} // namespace limits

enum class job_dialect : std::uint8_t { legacy, schema2 };
enum class job_type : std::uint8_t { strategy, portfolio_management };
enum class job_mode : std::uint8_t { paper, live };
enum class job_state : std::uint8_t { disabled, enabled };
enum class source_kind : std::uint8_t { quotes, bars, portfolio, risk };
enum class protection : std::uint8_t { none, native };
enum class regime_action : std::uint8_t { scale, block };
enum class fallback_action : std::uint8_t { log_and_continue, disable, flatten };
enum class isolation_kind : std::uint8_t { thread, process };
enum class trade_step : std::uint8_t { sell_overweight, buy_underweight, adjust_cash };
enum class feature_state : std::uint8_t { off, on };

/// A value under `parameters`.
struct job_parameter {
  value scalar;               ///< missing for lists and maps
  std::vector<std::string> texts; ///< of a list of scalars
  yaml_ptr raw;
  text_place at;
};

struct job_source {
  std::string name;
  source_kind kind = source_kind::quotes;
  std::vector<std::string> symbols; ///< empty: the job's
  timeframe resolution = timeframe::minutes(5);
  std::int64_t lookback_periods = 0, lookback_days = 0;
  std::string endpoint; ///< legacy: where its layout would have asked; never called
  text_place at;
};

/// An item, or `all`/`any` of some.
struct condition_text {
  enum class kind : std::uint8_t { item, all, any };
  kind what = kind::item;
  std::string text; ///< of an item: the expression
  std::string name; ///< of an item: as given, else the text
  text_place at;
  std::string key;
  std::vector<condition_text> inner;
};
struct condition_list {
  std::string name;
  condition_text root;
};

struct order_words {
  order_type type = order_type::market; ///< market or limit
  double offset = 0; ///< limit: fraction of the price by which a buy is below and a sell above it
  time_in_force tif = time_in_force::day;
};
struct job_orders {
  order_words entry, exit;
  protection stop = protection::native, target = protection::native;
  std::string rank_by = "volume_ratio"; ///< high first; ties by symbol
  text_place rank_at;
  std::int64_t cooldown_bars = 0; ///< bars after an exit in which a symbol is not entered again
  std::int64_t max_entries = 1;   ///< into one position
};

/// Of portfolio jobs.
struct job_execution {
  std::vector<trade_step> sequence{trade_step::sell_overweight, trade_step::buy_underweight, trade_step::adjust_cash};
  feature_state spread = feature_state::off, limit_orders = feature_state::off;
  std::int64_t spread_minutes = 15, slices = 3;
  double max_market_impact = 0.02; ///< of the 20-day average volume
  time_in_force tif = time_in_force::day;
  double limit_price_buffer = 0.001, max_slippage = 0.005;
};

struct job_features {
  struct {
    feature_state state = feature_state::off;
    std::int64_t lookback_days = 30;
    double volatility_threshold = 0.25;
    regime_action action = regime_action::scale;
    double scale = 0.5;
  } regime;
  struct {
    feature_state state = feature_state::off;
    double max_correlation = 0.9;
    std::vector<std::string> reference_symbols;
  } correlation;
  struct {
    feature_state state = feature_state::off;
    double min_score = -0.3;
  } sentiment;
};

struct job_webhook {
  std::string name, url, method = "POST";
  std::map<std::string, std::string> headers;
  std::map<std::string, yaml_ptr> templates; ///< event -> payload
  std::string condition;
  std::chrono::milliseconds timeout{10'000};
  std::int64_t retries = 3;
  std::chrono::milliseconds retry_delay{5'000};
  std::string sign; ///< variable with the key (HOOK_KEY or ${HOOK_KEY}); empty: unsigned
  text_place at, condition_at, sign_at;
};

struct job_errors {
  std::int64_t max_retries = 3;
  std::chrono::seconds retry_delay{30};
  fallback_action fallback = fallback_action::log_and_continue;
  std::vector<std::string> notifications;
};

struct job_resources {
  std::string memory_limit;
  double cpu_limit = 0; ///< 0: none
  std::chrono::seconds execution_timeout{300};
  isolation_kind isolation = isolation_kind::thread;
};

struct job_spec {
  job_dialect dialect = job_dialect::schema2;
  std::string file, name, description;
  job_state state = job_state::enabled;
  schedule_rule when;
  std::string timezone = "America/New_York", calendar = "XNYS";
  text_place schedule_at;
  job_type type = job_type::strategy;
  std::string strategy_id;
  text_place strategy_id_at;
  std::string account = "paper_simulator";
  job_mode mode = job_mode::paper;
  text_place mode_at;
  std::string limit_profile;
  text_place limit_profile_at;
  std::map<std::string, job_parameter> parameters;
  std::vector<job_source> sources;
  std::vector<condition_list> conditions;
  job_orders orders;
  job_execution execution;
  std::vector<job_webhook> webhooks;
  job_features features;
  double turnover_bound = 1; ///< analytics.optimization "turnover <= x"; 1: none
  std::optional<double> optimizer_max_weight;
  job_errors errors;
  job_resources resources;
  std::map<std::string, std::string> environment;
  std::map<std::string, text_place> environment_at;
  text_place job_at, parameters_at, conditions_at; ///< of the keys; where one is missing, of what it is missing in
  std::string content_hash; ///< xxh128 of the file, 32 hex digits

  /// A number, a switch or a text by name; the fallback where there is none or it is of another kind.
  [[nodiscard]] double number(std::string_view name, double fallback) const;
  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name, bool fallback) const;
  /// `symbols`, or the symbols of `target_allocations`.
  [[nodiscard]] std::vector<std::string> symbols() const;
  /// Of `target_allocations`, groups flattened; cash (a key that begins with "cash") left out.
  [[nodiscard]] std::map<std::string, double> targets() const;
  [[nodiscard]] double cash_target() const;
  [[nodiscard]] const condition_list* conditions_named(std::string_view name) const;
  /// The first source of bars; null when there is none.
  [[nodiscard]] const job_source* primary_bars() const;
};

/// Where variables of the surroundings come from; nothing: not set.
using environment_lookup = std::function<std::optional<std::string>(std::string_view)>;

struct job_defaults {
  std::string timezone = "America/New_York", calendar = "XNYS";
  environment_lookup environment = {};
};

struct job_reading {
  std::optional<job_spec> spec; ///< nothing where the text has no shape to go on with
  std::vector<finding> findings;
  [[nodiscard]] bool has_errors() const {
    for (const auto& f : findings)
      if (f.level == severity::error) return true;
    return false;
  }
};

/// Reads the shape of a file: keys, types, ranges, schedule. What the parts mean together is checked in job_check.hpp.
/// Never throws.
job_reading read_job(std::string_view text, const std::string& file, const job_defaults& defaults = {});

} // namespace tt::strategy
