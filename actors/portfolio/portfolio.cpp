#include "actors/portfolio/portfolio.hpp"

#include <algorithm>

namespace tt::portfolio {

using namespace execution;

namespace {

error no_price(const std::string& symbol) { return {errc::not_available, "no price is known of " + symbol, symbol}; }

result<money> plus(money a, money b) {
  auto sum = decimal::checked_add(a.value(), b.value());
  if (!sum) return sum.error();
  return money{*sum};
}

/// Adds to a sum in place.
result<void> grow(money& sum, money by) {
  auto grown = plus(sum, by);
  if (!grown) return grown.error();
  sum = *grown;
  return {};
}

position fresh_position(const std::string& symbol, const contract_terms& contract) {
  position out;
  out.symbol = symbol;
  out.contract = contract;
  return out;
}

/// Of the fees of a fill through zero what its closing part paid, by quantity.
result<money> fees_of_closing(const fill_effect& effect, quantity qty) {
  if (effect.opened.is_zero()) return effect.fees;
  const auto product = decimal::checked_multiply(effect.fees.value(), effect.closed.value());
  if (!product) return product.error();
  const auto part = decimal::checked_divide(*product, qty.value());
  if (!part) return part.error();
  return money{*part};
}

/// Books a fill into a set of positions; a round trip that ends with it goes into the statistics.
result<fill_effect> book_into(std::map<std::string, position>& positions, std::map<std::string, money>& open_trade, trade_statistics& trades,
                              const order_fill& fill, const contract_terms& contract) {
  auto& held = positions.try_emplace(fill.symbol, fresh_position(fill.symbol, contract)).first->second;
  const auto effect = apply_fill(held, fill);
  if (!effect) return effect.error();
  auto& running = open_trade[fill.symbol];
  const bool closes = !effect->closed.is_zero(), turned = closes && !effect->opened.is_zero();
  const auto fees = closes ? fees_of_closing(*effect, fill.qty) : result<money>{effect->fees};
  if (!fees) return fees.error();
  if (auto grown = grow(running, effect->realized - *fees); !grown) return grown.error();
  if (closes && (held.qty.is_zero() || turned)) {
    trades.add(running);
    running = *fees - effect->fees; // the opening part's, with which the next round trip begins
  }
  return effect;
}

} // namespace

result<void> portfolio::apply(const journal_record& record) {
  return std::visit(
    [&](const auto& fact) -> result<void> {
      using type = std::decay_t<decltype(fact)>;
      if constexpr (std::is_same_v<type, execution_booked>) return on(fact, record);
      else if constexpr (requires { this->on(fact); }) return on(fact);
      else return {};
    },
    record.fact);
}

result<void> portfolio::on(const account_opened& fact) {
  profile_ = fact.profile;
  cash_ = fact.cash;
  return {};
}

result<void> portfolio::on(const order_intent& fact) {
  owners_[fact.order.number] = {fact.order.strategy, fact.order.contract};
  return {};
}
result<void> portfolio::on(const order_adopted& fact) {
  owners_[fact.order.number] = {fact.order.strategy, fact.order.contract};
  return {};
}

result<void> portfolio::on(const execution_booked& fact, const journal_record& record) {
  const auto whose = owners_.find(fact.fill.order);
  if (whose == owners_.end())
    return error{errc::corrupt_data, "an execution of an order that the journal has not", "record " + std::to_string(raw(record.offset))};
  if (auto done = book(fact.fill, whose->second); !done) return done;
  executions_[fact.fill.id] = {fact.fill.order, fact.fill.symbol, fact.fill.way, fact.fill.qty, fact.fill.px, fact.fill.fx};
  return {};
}

result<void> portfolio::book(const order_fill& fill, const owner& whose) {
  const auto effect = book_into(positions_, open_trade_, trades_, fill, whose.contract);
  if (!effect) return effect.error();
  for (auto [sum, by] : {std::pair{&cash_, effect->cash_change}, {&realized_, effect->realized}, {&fees_, effect->fees}})
    if (auto grown = grow(*sum, by); !grown) return grown;
  if (whose.strategy.empty()) return {};
  auto& own = strategies_[whose.strategy];
  const auto of_strategy = book_into(own.positions, own.open_trade, own.trades, fill, whose.contract);
  if (!of_strategy) return of_strategy.error();
  if (auto grown = grow(own.realized, of_strategy->realized); !grown) return grown;
  return grow(own.fees, of_strategy->fees);
}

result<void> portfolio::on(const execution_corrected& fact) {
  const auto found = executions_.find(fact.id);
  if (found == executions_.end()) return error{errc::corrupt_data, "a correction of an execution that there is not", fact.id.str()};
  auto& old = found->second;
  const auto whose = owners_.at(old.order);
  for (const auto& fill : correction_of(old, fact.qty, fact.px, fact.at))
    if (auto done = book(fill, whose); !done) return done;
  old.qty = fact.qty;
  old.px = fact.px;
  return {};
}

result<void> portfolio::on(const position_adjusted& fact) {
  auto held = fresh_position(fact.symbol, fact.contract);
  if (const auto before = positions_.find(fact.symbol); before != positions_.end()) held = before->second;
  if (auto taken = take_over(held, fact.qty, fact.average, fact.contract, fact.fx); !taken) return taken;
  positions_[fact.symbol] = std::move(held);
  return {};
}

result<void> portfolio::on(const cash_flowed& fact) {
  if (auto grown = grow(cash_, fact.amount); !grown) return grown;
  // dividends, interest and fees are results of the account; deposits and withdrawals are not
  if (fact.kind != flow_kind::deposit && fact.kind != flow_kind::withdrawal) return {};
  if (auto grown = grow(flows_today_, fact.amount); !grown) return grown;
  return has_equity_ ? grow(peak_, fact.amount) : result<void>{};
}

void portfolio::mark(const std::string& symbol, price px, decimal fx) { marks_[symbol] = {px, fx}; }

result<money> portfolio::equity_at(const std::map<std::string, last_mark>& marks, money* unrealized) const {
  money equity = cash_, open;
  for (const auto& [symbol, held] : positions_) {
    if (held.qty.is_zero()) continue;
    const auto mark = marks.find(symbol);
    if (mark == marks.end()) return no_price(symbol);
    const auto pnl = open_pnl(held, mark->second.px, mark->second.fx);
    if (!pnl) return pnl.error();
    const auto value = held.contract.style == settlement::spot ? market_value(held, mark->second.px, mark->second.fx) : pnl;
    if (!value) return value.error();
    if (auto grown = grow(equity, *value); !grown) return grown.error();
    if (auto grown = grow(open, *pnl); !grown) return grown.error();
  }
  if (unrealized) *unrealized = open;
  return equity;
}

result<money> portfolio::strategy_open(const strategy_book& of, const std::map<std::string, last_mark>& marks) {
  money open;
  for (const auto& [symbol, held] : of.positions) {
    const auto mark = marks.find(symbol);
    if (held.qty.is_zero() || mark == marks.end()) continue;
    const auto pnl = open_pnl(held, mark->second.px, mark->second.fx);
    if (!pnl) return pnl.error();
    if (auto grown = grow(open, *pnl); !grown) return grown.error();
  }
  return open;
}

result<void> portfolio::on(const account_marked& fact) {
  for (const auto& one : fact.marks) marks_[one.symbol] = {one.px, one.fx};
  money unrealized;
  const auto equity = equity_at(marks_, &unrealized);
  if (!equity) return equity.error();
  if (!has_equity_) {
    has_equity_ = true;
    start_of_day_ = *equity - flows_today_;
    peak_ = *equity;
  }
  curve_.push_back({fact.at, *equity, cash_, unrealized});
  if (curve_.size() > max_points) curve_.erase(curve_.begin(), curve_.begin() + static_cast<std::ptrdiff_t>(max_points / 10));
  if (fact.kind != mark_kind::day_roll) return {};
  days_.push_back({fact.at, start_of_day_, *equity, flows_today_});
  if (days_.size() > max_days) days_.erase(days_.begin());
  start_of_day_ = *equity;
  flows_today_ = money{};
  peak_ = std::max(peak_, *equity);
  for (const auto& [symbol, held] : positions_) {
    const auto mark = marks_.find(symbol);
    const auto open = held.qty.is_zero() || mark == marks_.end() ? result<money>(money{}) : open_pnl(held, mark->second.px, mark->second.fx);
    if (!open) return open.error();
    day_start_[symbol] = held.realized - held.fees + *open;
  }
  // a strategy may hold what the account as a whole does not; its price is of this record alone, or a replay would know another
  std::map<std::string, last_mark> recorded;
  for (const auto& one : fact.marks) recorded[one.symbol] = {one.px, one.fx};
  for (auto& [id, own] : strategies_) {
    const auto open = strategy_open(own, recorded);
    if (!open) return open.error();
    own.day_start = own.realized - own.fees + *open;
  }
  return {};
}

result<account_figures> portfolio::figures(utc_time now) const {
  account_figures out;
  const auto equity = equity_at(marks_, &out.unrealized);
  if (!equity) return equity.error();
  out.equity = *equity;
  out.cash = cash_;
  for (const auto& [symbol, held] : positions_) {
    if (held.qty.is_zero()) continue;
    const auto& mark = marks_.at(symbol);
    const auto value = market_value(held, mark.px, mark.fx);
    if (!value) return value.error();
    (held.qty > quantity{} ? out.long_value : out.short_value) += *value;
  }
  out.realized = realized_;
  out.fees = fees_;
  out.start_of_day_equity = has_equity_ ? start_of_day_ : *equity - flows_today_;
  out.day_pnl = out.equity - out.start_of_day_equity - flows_today_;
  out.peak_equity = has_equity_ ? peak_ : *equity;
  out.at = now;
  return out;
}

std::vector<position_view> portfolio::positions() const {
  std::vector<position_view> out;
  for (const auto& [symbol, held] : positions_) {
    position_view view{held, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
    if (const auto mark = marks_.find(symbol); mark != marks_.end()) {
      view.mark = mark->second.px;
      if (auto value = market_value(held, mark->second.px, mark->second.fx)) view.exposure = *value;
      if (auto open = open_pnl(held, mark->second.px, mark->second.fx)) {
        view.unrealized = *open;
        const auto start = day_start_.find(symbol);
        view.day_pnl = held.realized - held.fees + *open - (start == day_start_.end() ? money{} : start->second);
      }
      view.value = held.contract.style == settlement::spot ? view.exposure : view.unrealized;
    }
    out.push_back(std::move(view));
  }
  return out;
}

result<std::vector<price_mark>> portfolio::marks() const {
  std::vector<price_mark> out;
  for (const auto& [symbol, held] : positions_) {
    if (held.qty.is_zero()) continue;
    const auto mark = marks_.find(symbol);
    if (mark == marks_.end()) return no_price(symbol);
    out.push_back({symbol, mark->second.px, mark->second.fx});
  }
  for (const auto& symbol : held_by_strategies_alone())
    if (const auto mark = marks_.find(symbol); mark != marks_.end()) out.push_back({symbol, mark->second.px, mark->second.fx});
  return out;
}

std::set<std::string> portfolio::held_by_strategies_alone() const {
  std::set<std::string> out;
  for (const auto& [id, own] : strategies_)
    for (const auto& [symbol, held] : own.positions) {
      const auto whole = positions_.find(symbol);
      if (!held.qty.is_zero() && (whole == positions_.end() || whole->second.qty.is_zero())) out.insert(symbol);
    }
  return out;
}

std::optional<strategy_figures> portfolio::strategy(const strategy_id& id) const {
  const auto found = strategies_.find(id);
  if (found == strategies_.end()) return std::nullopt;
  strategy_figures out;
  out.realized = found->second.realized;
  out.fees = found->second.fees;
  out.unrealized = strategy_open(found->second, marks_).value_or(money{});
  out.day_pnl = out.realized - out.fees + out.unrealized - found->second.day_start;
  out.trades = found->second.trades;
  return out;
}

std::vector<strategy_id> portfolio::strategies() const {
  std::vector<strategy_id> out;
  for (const auto& [id, own] : strategies_) out.push_back(id);
  return out;
}

const std::map<std::string, position>& portfolio::holdings(const strategy_id& id) const {
  static const std::map<std::string, position> nothing;
  const auto own = strategies_.find(id);
  return own == strategies_.end() ? nothing : own->second.positions;
}

const position* portfolio::held_by(const strategy_id& id, const std::string& symbol) const {
  const auto own = strategies_.find(id);
  if (own == strategies_.end()) return nullptr;
  const auto held = own->second.positions.find(symbol);
  return held == own->second.positions.end() ? nullptr : &held->second;
}

decimal portfolio::max_drawdown() const {
  decimal worst;
  money peak;
  for (const auto& point : curve_) {
    peak = std::max(peak, point.equity);
    if (!peak.value().is_positive()) continue;
    const auto fall = decimal::checked_divide((peak - point.equity).value(), peak.value());
    if (fall) worst = std::max(worst, *fall);
  }
  return worst;
}

} // namespace tt::portfolio
