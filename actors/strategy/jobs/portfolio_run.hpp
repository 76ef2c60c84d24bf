#pragma once
/// One run of a portfolio job as a pure function: what is held and what it is worth in, which triggers fire and what is to
/// be traded out. Sells come first; what is bought is what the account can pay once they are done.

#include "actors/strategy/jobs/job_run.hpp"

namespace tt::strategy {

struct portfolio_asset {
  std::string symbol;
  const instrument* what = nullptr;
  quantity held;                 ///< by this job, signed
  std::optional<price> last;     ///< nothing: no fresh price
  source_bars daily;             ///< for volatility, correlation, volume
};

struct portfolio_input {
  utc_time slot{};
  money equity, cash, peak_equity;
  std::vector<portfolio_asset> assets; ///< targets, and what is held besides
  source_bars benchmark;               ///< daily bars of the market (SPY)
};

/// Figures that conditions and reports see; nothing where there is too little history.
struct portfolio_figures {
  std::map<std::string, double> weights;
  double cash_weight = 0, largest_weight = 0, largest_deviation = 0, max_drawdown = 0;
  std::optional<double> volatility;     ///< of the present holdings, 30 days, a year's
  std::optional<double> historical_avg; ///< mean of that over 252 days
  std::optional<double> beta, correlation_with_market, correlation_risk;
  std::optional<int> var_breach_days;   ///< days in a row, up to now, of a loss beyond the 95 % one-day VaR
};
portfolio_figures figures_of(const job_plan& plan, const portfolio_input& in);

enum class portfolio_action : std::uint8_t { none, rebalance, risk_adjustment, emergency };
std::string_view to_string(portfolio_action what);

struct portfolio_trade {
  std::string symbol;
  order_side side = order_side::buy;
  quantity qty;
  price arrival;                 ///< price at which it was decided: slippage counts from it
  std::vector<quantity> slices;  ///< their sum is qty
  bool operator==(const portfolio_trade&) const = default;
};

struct portfolio_output {
  portfolio_action action = portfolio_action::none;
  std::vector<list_outcome> lists;
  std::vector<portfolio_trade> sells, buys;
  std::vector<std::string> notices;
  portfolio_figures figures;
  double scaled_by = 1; ///< of a risk adjustment
};

/// As inputs_hash of a strategy's run.
std::string inputs_hash(const portfolio_input& in);

/// Never fails. A symbol without a price keeps the job from trading at all: its weight is not known.
portfolio_output run_portfolio(const job_plan& plan, const portfolio_input& in);

/// What the names of the job are worth at that moment; keeps what it needs of the input.
std::unique_ptr<value_source> portfolio_source(const job_plan& plan, const portfolio_input& in, const portfolio_figures& figures);

/// The limit of a slice: the price now with the buffer, never further from the arrival price than max_slippage. Nothing
/// where the price has run away.
std::optional<price> slice_limit(const job_plan& plan, const portfolio_trade& trade, const instrument& what, price now);
/// The order of one slice.
order_request slice_request(const job_plan& plan, const portfolio_trade& trade, std::size_t slice, const std::optional<price>& limit);
/// Its key: the same slot, symbol and slice, the same key.
std::string slice_key(const job_plan& plan, utc_time slot, const portfolio_trade& trade, std::size_t slice);

} // namespace tt::strategy
