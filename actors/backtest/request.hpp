#pragma once
/// What a backtest and a study are asked to do: every field of the API with its default, its rule and its limit
/// (http-api.md, sections 11 and 12). Parsing gathers every bad field, so that one answer names them all.
///
///   auto asked = parse_backtest(body);
///   if (!asked.value) return bad_request(asked.problems);
///
/// Pure: whether a symbol exists is asked of the caller, and nothing here knows files, accounts or identities.

#include "actors/backtest/parameters.hpp"
#include "actors/backtest/search.hpp"
#include "actors/backtest/study.hpp"
#include "actors/backtest/windows.hpp"
#include "actors/model/market_data.hpp"
#include "actors/model/time.hpp"
#include "actors/model/timeframe.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

namespace limits {
inline constexpr std::size_t script_bytes = 512 * 1024; ///< of pine_script and of yaml
inline constexpr std::size_t symbols = 200;             ///< of one request, each counted once
inline constexpr std::size_t timeframes = 10;           ///< of one request, each counted once
inline constexpr std::size_t script_inputs = 500;       ///< values in `inputs`
inline constexpr std::size_t text_bytes = 4'096;        ///< of an input, an objective's neighbours in the body, an id
inline constexpr std::size_t warmup_bars = 10'000;
inline constexpr std::size_t constraints = 20;
inline constexpr double money = 1e12;                   ///< capital, fee of an order
inline constexpr double slippage_ticks = 10'000;
inline constexpr std::uint32_t strategy_versions = 1'000'000'000;
inline constexpr std::uint32_t population = 10'000, generations = 10'000; ///< of the genetic method
} // namespace limits

/// One thing that is wrong with a request. `loc` is the path below the body ("parameters", "fast", "min"); `type` one of
/// "missing", "type", "range", "value", "unknown", "conflict", "unsupported".
struct field_problem {
  std::vector<std::string> loc;
  std::string msg;
  std::string type;

  bool operator==(const field_problem&) const = default;
};
/// "parameters.fast.min: must be a number", for logs and command lines.
std::string to_string(const field_problem& p);

enum class commission_kind : std::uint8_t { cash_per_order, percent, cash_per_contract };
enum class slippage_kind : std::uint8_t { percent, ticks };
/// Whether orders fill inside of a bar by its shorter bars. `as_declared`: as strategy() says.
enum class magnifier_use : std::uint8_t { as_declared, off, on };
/// When market orders fill: with the tick after the bar that placed them, or on its close. `as_declared`: as strategy() says.
enum class fill_model : std::uint8_t { as_declared, next_bar, on_close };
enum class capital_mode : std::uint8_t { per_run, shared };
/// Where bars come from: whatever there is of the symbol, stored ones only, or simulated ones only.
enum class bar_origin : std::uint8_t { automatic, store, sim };
/// What the caller wants done with values it doesn't give: the API's defaults of money, applied where neither the
/// request nor the script says anything.
namespace defaults {
inline constexpr double initial_capital = 10'000;
inline constexpr double commission = 0.01;
inline constexpr commission_kind commission_type = commission_kind::cash_per_order;
inline constexpr double slippage = 0;
inline constexpr slippage_kind slippage_type = slippage_kind::percent;
} // namespace defaults

/// One backtest. Exactly one of `pine_script` and `yaml` is set, or `strategy_id` alone while nobody has looked up that
/// strategy's source yet; who does writes down the version beside it. Optional values are those that the
/// request gave: they win over the script's declaration, which wins over the defaults above (rules_for in pair_run.hpp).
struct backtest_request {
  std::string pine_script, strategy_id, yaml;
  std::uint32_t strategy_version = 0; ///< of the strategy's source that pine_script or yaml holds; 0: not looked up, or no strategy's
  std::vector<std::string> symbols;      ///< upper case, as resolved, each once, in the order asked
  std::vector<timeframe> timeframes = {timeframe::minutes(60)}; ///< each once, in the order asked
  civil_date start, end;                 ///< exchange dates, both inclusive
  std::optional<double> initial_capital; ///< > 0
  std::optional<double> commission;      ///< >= 0; percent: of the value, at most 100
  std::optional<commission_kind> commission_type;
  std::optional<double> slippage;        ///< >= 0; percent of the price (at most 100), or ticks
  std::optional<slippage_kind> slippage_type;
  std::map<std::string, std::string> inputs; ///< by title or variable; values as the script's inputs take them
  magnifier_use magnifier = magnifier_use::as_declared;
  fill_model fills = fill_model::as_declared;
  session_hours session = session_hours::regular;
  bar_origin data_source = bar_origin::automatic;
  std::string currency;                  ///< of the account; "": as declared, else the symbol's
  std::uint32_t warmup_bars = 0;         ///< bars before `start` that the script sees and on which no order counts
  std::uint64_t rng_key = 0;
  capital_mode capital = capital_mode::per_run;

  bool operator==(const backtest_request&) const = default;
};

enum class search_method : std::uint8_t { grid, random, genetic, walk_forward };

/// Optimise on one stretch, trade the next; see windows.hpp.
struct walk_forward_request {
  window_plan plan;
  search_method inner = search_method::grid; ///< never walk_forward
};

/// One optimisation: the base run, what varies, and what is looked for.
struct study_request {
  backtest_request base;
  std::vector<parameter> parameters; ///< by name, rising
  search_method method = search_method::grid;
  study_goal goal;
  std::uint64_t max_trials = 1'000;
  bool sample = false; ///< a grid above max_trials is drawn from instead of refused
  genetic_options genetic;
  std::optional<walk_forward_request> walk_forward; ///< with that method only
};

/// What came of a body: the request, or (and then no request) everything that is wrong with it.
template <class T>
struct parsed {
  std::optional<T> value;
  std::vector<field_problem> problems;
  std::vector<std::string> unknown; ///< paths of fields that mean nothing here; the caller decides whether that matters
};

/// What parsing asks of its surroundings.
struct parse_options {
  /// The name under which a symbol is known ("nasdaq:aapl" -> "AAPL"); nothing when there is none. Empty: any name goes.
  std::function<std::optional<std::string>(std::string_view)> resolve = {};
};

/// Names are snake_case; null counts as absent; numbers may be numeric strings.
parsed<backtest_request> parse_backtest(const nlohmann::json& body, const parse_options& options = {});
parsed<study_request> parse_study(const nlohmann::json& body, const parse_options& options = {});

/// The request as JSON that parses back to it. Fields that were not given and have no default of their own are left out.
nlohmann::json to_json(const backtest_request& r);
nlohmann::json to_json(const study_request& r);
/// The same as text with sorted keys and no blanks: equal requests give equal bytes, for hashing and for files.
std::string canonical_text(const backtest_request& r);
std::string canonical_text(const study_request& r);

/// The search that a study (or the inside of a walk-forward window) runs. `stream` sets apart the draws of windows.
/// Errors: as the searches; field names are the request's.
result<std::unique_ptr<search>> make_search(const study_request& r, const parameter_space& space, std::uint64_t stream = 0);

std::string_view to_string(commission_kind k) noexcept;
std::string_view to_string(slippage_kind k) noexcept;
std::string_view to_string(search_method m) noexcept;
std::string_view to_string(direction d) noexcept;
std::string_view to_string(fill_model m) noexcept;
std::string_view to_string(bar_origin o) noexcept;
std::string_view to_string(capital_mode m) noexcept;

} // namespace tt::backtest
