#include "cluster/trading/market_view.hpp"

#include "actors/risk/statistics.hpp"

namespace tt::cluster {

namespace {

/// Days of the volatility that the gate looks at.
constexpr std::size_t volatility_days = 30;



} // namespace

std::optional<quote_tick> market_picture::take_quote(const market::quote_snapshot& quote) {
  // a feed that is silent or has ended tells nothing new about now
  if (quote.state != market::freshness::fresh || quote.ts < view_.quote_at) return std::nullopt;
  view_.last = quote.last ? quote.last : view_.last;
  if (!quote.bid && !quote.ask) return std::nullopt;
  view_.bid = quote.bid;
  view_.ask = quote.ask;
  view_.quote_at = quote.ts;
  quote_tick seen{quote.ts, quote.bid.value_or(price{}), quote.ask.value_or(price{}), quote.bid_size.value_or(quantity{}),
                  quote.ask_size.value_or(quantity{})};
  const bool is_same = quote_ && quote_->bid == seen.bid && quote_->ask == seen.ask && quote_->bid_size == seen.bid_size
                       && quote_->ask_size == seen.ask_size;
  quote_ = seen;
  return is_same ? std::nullopt : std::optional{seen};
}

void market_picture::begin(const market::quote_snapshot& quote, const std::optional<market::trade_update>& newest) {
  if (!quote_) static_cast<void>(take_quote(quote));
  if (!newest || view_.last_at != utc_time{}) return; // updates came first: they are newer
  view_.last = newest->trade.px;
  view_.last_at = newest->trade.ts;
}

std::optional<tick> market_picture::take(const market::market_update& update) {
  if (const auto* quote = std::get_if<market::quote_snapshot>(&update)) {
    const auto seen = take_quote(*quote);
    return seen ? std::optional<tick>{*seen} : std::nullopt;
  }
  const auto* print = std::get_if<market::trade_update>(&update);
  // a feed that begins anew on another node may tell its past again: nothing fills on it
  if (!print || print->trade.ts < view_.last_at) return std::nullopt;
  view_.last = print->trade.px;
  view_.last_at = print->trade.ts;
  return tick{print->trade};
}

std::optional<price> market_picture::mark() const {
  if (view_.bid && view_.ask) return price{(view_.bid->value() + view_.ask->value()) * decimal::from_scaled(5, 1)};
  return view_.last;
}

void add_history(execution::symbol_facts& facts, std::span<const bar> days, last_bar last, asset_class kind) {
  if (last == last_bar::forming && !days.empty()) days = days.first(days.size() - 1);
  std::vector<double> closes;
  facts.daily_closes.clear();
  for (const auto& day : days) {
    closes.push_back(day.close.to_double());
    const auto number = std::chrono::floor<std::chrono::days>(day.open_time).time_since_epoch().count(); // daily bars are stamped with their date
    facts.daily_closes.push_back({static_cast<std::int32_t>(number), closes.back()});
  }
  facts.view.volatility = risk::yearly_volatility(risk::daily_returns(closes), volatility_days, kind);
  facts.view.history = facts.view.volatility ? risk::history_state::known : risk::history_state::too_short;
}

} // namespace tt::cluster
