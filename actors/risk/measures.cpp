// Where an account stands against its limits: the checks' own formulas, asked about an order of nothing.

#include "actors/risk/check_run.hpp"

#include <algorithm>

namespace tt::risk {

namespace {

decimal counted(std::size_t n) { return decimal{static_cast<std::int64_t>(n)}; }

constexpr std::string_view of_one_order = "of one order: its preview shows it", is_a_switch = "a switch, no measure",
                           unknown_equity = "the account's equity is not known, or is not positive", nothing_held = "nothing is held",
                           other_account = "of other types of account", no_strategies = "no strategy has sent an order",
                           not_told = "not known", numbers_too_large = "the numbers are too large",
                           no_day_trade_rule = "the venue reports no rule of day trades for the account";

/// The figures so far, one per limit.
class sheet {
public:
  sheet() : lines_(limit_count) {
    for (std::size_t i = 0; i < limit_count; ++i) {
      lines_[i].id = static_cast<limit_id>(i);
      lines_[i].why_not = spec_of(lines_[i].id).unit == limit_unit::flag ? is_a_switch : of_one_order;
    }
  }
  void none(limit_id id, std::string_view why) {
    auto& line = at(id);
    if (!line.measured) line.why_not = why;
  }
  /// Keeps the figure that is nearest to its limit.
  void put(limit_id id, decimal value, std::string_view subject = {}) {
    auto& line = at(id);
    const bool from_above = spec_of(id).tighter == tighter_when::lower;
    if (line.measured && (from_above ? *line.measured >= value : *line.measured <= value)) return;
    line = {id, value, std::string(subject), {}};
  }
  std::vector<limit_measure> take() { return std::move(lines_); }

private:
  limit_measure& at(limit_id id) { return lines_[static_cast<std::size_t>(id)]; }
  std::vector<limit_measure> lines_;
};

const check_row* row_of(check_code code) {
  for (const auto rows : {portfolio_checks(), strategy_checks()})
    for (const auto& row : rows)
      if (row.code == code) return &row;
  return nullptr;
}

/// Asks one check about an order of nothing.
void ask(sheet& to, limit_id id, check_code code, run_context& c, std::string_view subject) {
  const auto* row = row_of(code);
  TT_ASSERT(row != nullptr);
  try {
    const auto got = row->run(c);
    if (!c.math.is_good()) {
      c.math = {};
      return to.none(id, numbers_too_large);
    }
    if (got.measured) to.put(id, *got.measured, subject);
    else if (!got.why_not.empty()) to.none(id, got.why_not);
  } catch (const missing_figure& m) {
    to.none(id, m.what);
  }
}

void add_account(sheet& to, const book& state, checked_math& math, utc_time now) {
  const auto& account = state.account();
  const bool polled = account.feed == state_feed::polled;
  const auto age = polled ? limit_id::stale_account_polled : limit_id::stale_account_streamed;
  to.put(age, seconds_of(std::max(nanoseconds{}, nanoseconds{now - account.state_at})));
  to.none(polled ? limit_id::stale_account_streamed : limit_id::stale_account_polled, "the figures of this account come the other way");
  const auto figure = [&](limit_id id, const result<decimal>& got) {
    if (got) to.put(id, *got);
    else to.none(id, not_told);
  };
  figure(limit_id::daily_loss, day_loss_ratio(account));
  figure(limit_id::drawdown, drawdown_ratio(account));
  to.put(limit_id::consecutive_losses, decimal{account.consecutive_losses});
  if (account.day_trades) to.put(limit_id::pdt_day_trades, decimal{account.day_trades->day_trades});
  else to.none(limit_id::pdt_day_trades, no_day_trade_rule);
  if (!account.equity) {
    for (const auto id : {limit_id::min_balance, limit_id::pdt_equity, limit_id::cash_reserve, limit_id::margin_buffer}) to.none(id, unknown_equity);
    return;
  }
  const auto equity = account.equity->value();
  to.put(limit_id::min_balance, equity);
  if (account.day_trades) to.put(limit_id::pdt_equity, equity);
  else to.none(limit_id::pdt_equity, no_day_trade_rule);
  const bool settles = account.type == account_type::cash || account.type == account_type::crypto;
  if (!settles) to.none(limit_id::cash_reserve, "only cash and crypto accounts keep a reserve");
  else if (!account.cash || !equity.is_positive()) to.none(limit_id::cash_reserve, unknown_equity);
  else to.put(limit_id::cash_reserve, share_of(math, math.subtract(account.cash->value(), state.held_buying_power(math)), equity));
  if (settles) to.none(limit_id::margin_buffer, "the account has no margin");
  else if (!account.maintenance_margin) to.none(limit_id::margin_buffer, "the venue reports no maintenance margin");
  else if (equity.is_positive()) to.put(limit_id::margin_buffer, share_of(math, math.subtract(equity, account.maintenance_margin->value()), equity));
  else to.none(limit_id::margin_buffer, unknown_equity);
}

/// The busier of both kinds: opening and closing orders have a bucket each.
template <class Count>
std::size_t busier(Count&& count) {
  return std::max(count(rate_kind::opening), count(rate_kind::closing));
}

void add_rates(sheet& to, request_history& history, const node_rates& rates, const book& state, utc_time now) {
  struct span {
    limit_id strategy, account, node;
    nanoseconds length;
  };
  static constexpr span spans[] = {
    {limit_id::order_rate_strategy_second, limit_id::order_rate_account_second, limit_id::order_rate_node_second, std::chrono::seconds{1}},
    {limit_id::order_rate_strategy_minute, limit_id::order_rate_account_minute, limit_id::order_rate_node_minute, std::chrono::minutes{1}}};
  for (const auto& one : spans) {
    to.put(one.account, counted(busier([&](rate_kind kind) { return history.account_rate(kind).count(now, one.length); })));
    to.put(one.node, counted(busier([&](rate_kind kind) { return rates.count(kind, now, one.length); })));
    to.none(one.strategy, no_strategies);
    for (const auto kind : {rate_kind::opening, rate_kind::closing})
      for (const auto& [name, window] : history.strategy_rates(kind)) to.put(one.strategy, counted(window.count(now, one.length)), name);
  }
  const auto busiest = history.busiest_symbol({}, now);
  to.put(limit_id::runaway_orders, counted(busiest.orders), busiest.symbol);
  to.none(limit_id::repeated_rejects, no_strategies);
  for (const auto& [name, strategy] : state.strategies()) to.put(limit_id::repeated_rejects, counted(history.worst_rejects(name, now)), name);
  to.put(limit_id::open_orders_account, counted(state.working_orders()));
  to.put(limit_id::open_orders_symbol, decimal{});
  for (const auto* one : state.active()) to.put(limit_id::open_orders_symbol, counted(one->working.size()), one->instrument.what ? one->instrument.what->symbol : "");
}

void add_breakers(sheet& to, const breaker_inputs& in) {
  const auto put = [&](limit_id id, const std::optional<decimal>& value, std::string_view why) {
    if (value) to.put(id, *value);
    else to.none(id, why);
  };
  put(limit_id::breaker_benchmark_volatility, in.benchmark_volatility, "the benchmark is not followed, or has too little history");
  put(limit_id::breaker_benchmark_move, in.benchmark_move, "the benchmark was not heard of for 5 minutes");
  to.put(limit_id::breaker_unknown_age, seconds_of(in.oldest_unknown));
  to.put(limit_id::breaker_unknown_count, counted(in.unknown_orders));
  to.none(limit_id::breaker_feed_stale, "no strategy is in any symbol");
  for (const auto& feed : in.feeds) to.put(limit_id::breaker_feed_stale, seconds_of(feed.silence), feed.symbol);
  to.none(limit_id::breaker_slippage, "no strategy has 20 fills to judge");
  for (const auto& one : in.strategies)
    if (one.fills >= breaker_board::slippage_fills && one.average_slippage && one.modelled_slippage && one.modelled_slippage->is_positive())
      if (const auto times = decimal::checked_divide(*one.average_slippage, *one.modelled_slippage)) to.put(limit_id::breaker_slippage, *times, one.name);
  put(limit_id::breaker_clock_skew, in.clock_skew ? std::optional{seconds_of(*in.clock_skew)} : std::nullopt, "no clock to compare with was heard");
  to.none(limit_id::breaker_calm, "a pause, no measure");
  to.none(limit_id::flatten_at_loss_factor, "a multiple of daily_loss: its measure is there");
  to.none(limit_id::price_buffer, "a surcharge of valuations, no measure");
}

} // namespace

std::vector<limit_measure> gate::measures(const breaker_inputs& in, utc_time now) {
  sheet out;
  checked_math math;
  const auto& account = state_.account();
  add_account(out, state_, math, now);
  add_rates(out, history_, rates_, state_, now);
  add_breakers(out, in);
  const auto gross = gross_leverage_limit(account.type), net = net_leverage_limit(account.type);
  for (const auto id : {limit_id::leverage_gross_cash, limit_id::leverage_gross_margin, limit_id::leverage_gross_futures, limit_id::leverage_net_cash,
                        limit_id::leverage_net_margin, limit_id::leverage_net_futures})
    out.none(id, other_account);
  out.put(limit_id::max_positions, counted(state_.active().size()));
  const bool has_equity = account.equity && account.equity->value().is_positive();
  static constexpr limit_id empty_books[] = {limit_id::max_position_size, limit_id::position_qty, limit_id::concentration, limit_id::sector};
  for (const auto id : empty_books) {
    if (!has_equity && id != limit_id::position_qty) out.none(id, unknown_equity);
    else if (state_.active().empty()) out.put(id, decimal{});
  }
  for (const auto id : {gross, net}) {
    if (!has_equity) out.none(id, unknown_equity);
    else if (state_.active().empty()) out.put(id, decimal{});
  }
  for (const auto id : {limit_id::correlation, limit_id::volatility, limit_id::volatility_crypto, limit_id::price_age, limit_id::price_age_crypto})
    out.none(id, nothing_held);
  for (const auto id : {limit_id::strategy_positions, limit_id::strategy_size, limit_id::strategy_loss}) out.none(id, no_strategies);

  order_request nothing;
  nothing.account = account.id;
  nothing.size = size_quantity{}; // of nothing
  const auto key = intent_key::manual("limits", "measure");
  TT_ASSERT(key.has_value());
  order_view view;
  view.asked = &nothing;
  view.key = &*key;
  const auto about = [&](const std::string& symbol, order_side side, const std::string& strategy, auto&& questions) {
    nothing.symbol = symbol;
    nothing.side = side;
    nothing.strategy = strategy_id{strategy};
    run_context context{state_, limits_, stop_, breakers_, returns_, view, node_, venue_, history_, rates_, now, run_mode::preview};
    context.prepare();
    if (context.what) questions(context);
  };
  for (const auto* one : state_.active()) {
    if (!one->instrument.what) continue;
    const auto& symbol = one->instrument.what->symbol;
    const auto kind = one->instrument.what->kind;
    for (const auto side : {order_side::buy, order_side::sell})
      about(symbol, side, {}, [&](run_context& c) {
        ask(out, limit_id::position_qty, check_code::position_qty, c, symbol);
        if (!has_equity) return;
        ask(out, limit_id::max_position_size, check_code::position_limit, c, symbol);
        ask(out, limit_id::concentration, check_code::concentration, c, symbol);
        ask(out, limit_id::sector, check_code::sector, c, symbol);
        ask(out, gross, check_code::leverage_gross, c, {});
        ask(out, net, check_code::leverage_net, c, {});
      });
    if (one->position.is_zero()) continue;
    about(symbol, one->position.value().is_positive() ? order_side::buy : order_side::sell, {}, [&](run_context& c) {
      ask(out, limit_id::correlation, check_code::correlation, c, symbol);
      ask(out, volatility_limit(kind), check_code::volatility, c, symbol);
      const auto heard = std::max(one->market.last_at, one->market.quote_at);
      if (c.session != market_state::closed) out.put(price_age_limit(kind), seconds_of(std::max(nanoseconds{}, nanoseconds{now - heard})), symbol);
      else out.none(price_age_limit(kind), "the market of what is held is closed");
    });
  }
  for (const auto& [name, strategy] : state_.strategies())
    for (const auto& [symbol, held] : strategy.positions)
      about(symbol, held.value().is_positive() ? order_side::buy : order_side::sell, name, [&](run_context& c) {
        ask(out, limit_id::strategy_positions, check_code::strategy_positions, c, name);
        if (has_equity) ask(out, limit_id::strategy_size, check_code::strategy_size, c, name);
        ask(out, limit_id::strategy_loss, check_code::strategy_loss, c, name);
      });
  return out.take();
}

} // namespace tt::risk
