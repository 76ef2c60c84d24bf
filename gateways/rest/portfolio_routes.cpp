// Portfolios (http-api.md section 6): an account with its totals, and what its positions would have risked in the past.

#include "actors/portfolio/portfolio_risk.hpp"
#include "gateways/rest/trading_call.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

namespace tt::gateway {

namespace {

constexpr std::int64_t default_lookback = 252, min_lookback = 20, max_lookback = 1'000;
/// Symbols whose past is asked for; an account that holds more gets an error instead of a part of the truth.
constexpr std::size_t max_symbols = 200;

using trading_handler = void (*)(services&, trading_port&, const context_ptr&, const responder&);

handler with_port(services& parts, trading_handler run) {
  return [p = &parts, run](const context_ptr& call, const responder& answer) {
    if (p->config.portfolio == feature::disabled)
      return answer(make_error(403, "feature.disabled", "portfolios are switched off on this node (ENABLE_PORTFOLIO_TRACKING)"));
    if (!p->trading) return answer(no_accounts_for("portfolio"));
    run(*p, *p->trading, call, answer);
  };
}

struct portfolio_view {
  account_snapshot account;
  std::vector<position_snapshot> positions;
};

result<account_id> account_meant(trading_port& port, std::optional<account_id> named) {
  return named ? result<account_id>(std::move(*named)) : port.default_account();
}

/// Account and positions, the one asked after the other.
void with_view(trading_port& port, const trading_caller& who, std::optional<account_id> named, reply<portfolio_view> done) {
  const auto id = account_meant(port, std::move(named));
  if (!id) return done(id.error());
  if (auto within = who.reaches(*id, account_mode::paper); !within) return done(within.error()); // of a list; the mode is seen to below
  port.accounts(who, [&port, who, id = *id, done](const result<std::vector<account_snapshot>>& got) {
    if (!got) return done(got.error());
    for (const auto& one : *got) {
      if (one.profile.id != id) continue;
      if (one.trouble) return done(*one.trouble);
      return port.positions(who, id, [done, account = one](const result<std::vector<position_snapshot>>& held) {
        if (!held) return done(held.error());
        done(portfolio_view{account, *held});
      });
    }
    done(error{errc::not_found, "no account " + in_quotes(id.str()), "account_id"});
  });
}

void ratio(json_writer& out, std::string_view name, decimal part, decimal whole) {
  const auto share = whole.is_positive() ? decimal::checked_divide(part, whole) : result<decimal>(error{errc::out_of_range, ""});
  out.key(name);
  if (share) out.value(*share);
  else out.null();
}

void write(json_writer& out, const portfolio_view& view) {
  const auto& f = view.account.figures;
  out.begin_object().key("account");
  write(out, view.account);
  out.key("positions");
  write_all(out, view.positions);
  const auto gross = f.long_value - f.short_value, net = f.long_value + f.short_value;
  out.key("totals").begin_object().field("long", f.long_value).field("short", f.short_value).field("net", net).field("gross", gross);
  ratio(out, "leverage", gross.value(), f.equity.value());
  ratio(out, "cash_weight", f.cash.value(), f.equity.value());
  out.end_object().field("day_pnl", f.day_pnl).field("total_pnl", f.realized + f.unrealized - f.fees).end_object();
}

void show(trading_port& port, const context_ptr& call, const responder& answer, std::optional<account_id> of) {
  with_view(port, caller_of(*call), asked_account(port, *call, std::move(of)),
            answer_with<portfolio_view>(call, answer, [](json_writer& out, const portfolio_view& view) { write(out, view); }));
}

void show_default(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  if (!query.ok()) return answer(query.failure());
  show(port, call, answer, std::move(of));
}

void show_named(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  show(port, call, answer, account_id{call->params.front()});
}

void list_positions(services&, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  if (!query.ok()) return answer(query.failure());
  port.positions(caller_of(*call), asked_account(port, *call, std::move(of)), answer_with<std::vector<position_snapshot>>(call, answer, [](json_writer& out, const auto& list) {
                   out.begin_object().key("positions");
                   write_all(out, list);
                   out.end_object();
                 }));
}

// -------------------------------------------------------------------- risk

/// The histories that are asked for, until the last one is here.
struct gathering {
  std::mutex mutex;
  std::map<std::string, portfolio::daily_closes> closes;
  std::size_t open = 0;
};

portfolio::daily_closes closes_of(const market::history_reply& days) {
  portfolio::daily_closes out;
  for (const auto& one : *days.bars) out[one.open_time] = one.close.to_double();
  if (days.last_is_forming && !out.empty()) out.erase(std::prev(out.end()));
  return out;
}

void number(json_writer& out, std::string_view name, std::optional<double> value) {
  out.key(name);
  // eight digits: these are estimates
  if (value && std::isfinite(*value) && std::abs(*value) < 1e9) out.value(decimal::from_scaled(std::llround(*value * 1e8), 8));
  else out.null();
}

void write_risk(json_writer& out, const portfolio_view& view, const portfolio::portfolio_risk& risk, decimal max_drawdown, const std::string& benchmark) {
  out.begin_object().field("account_id", view.account.profile.id.str()).field("benchmark", benchmark);
  number(out, "volatility", risk.volatility);
  number(out, "beta", risk.beta);
  number(out, "var_95", risk.var_95);
  number(out, "cvar_95", risk.cvar_95);
  out.field("max_drawdown", max_drawdown);
  out.key("correlation_matrix").begin_object().key("symbols").begin_array();
  for (const auto& one : risk.symbols) out.value(one);
  out.end_array().key("values").begin_array();
  for (const auto& row : risk.correlations) {
    out.begin_array();
    for (const auto& one : row)
      if (one) out.value(decimal::from_scaled(std::llround(*one * 1e8), 8));
      else out.null();
    out.end_array();
  }
  out.end_array().end_object();
  number(out, "avg_correlation", risk.avg_correlation);
  number(out, "correlation_with_market", risk.correlation_with_market);
  number(out, "concentration", risk.concentration);
  ratio(out, "cash_weight", view.account.figures.cash.value(), view.account.figures.equity.value());
  out.field("sample_days", risk.sample_days).key("reasons").begin_object();
  for (const auto& [name, why] : risk.reasons) out.raw_key(name).value(why);
  out.end_object().end_object();
}

void answer_risk(trading_port& port, const context_ptr& call, const responder& answer, const portfolio_view& view, gathering& all,
                 const std::string& benchmark) {
  std::vector<portfolio::weighted_symbol> held;
  for (const auto& one : view.positions) held.push_back({one.held.symbol, one.weight ? one.weight->to_double() : 0, all.closes[one.held.symbol]});
  const auto risk = portfolio::measure_risk(held, all.closes[benchmark]);
  port.performance(caller_of(*call), view.account.profile.id, 0, [call, answer, view, risk, benchmark](const result<account_performance>& done) {
    if (!done) return answer(done.error());
    json_writer out{call->style};
    write_risk(out, view, risk, done->max_drawdown, benchmark);
    answer(json_response(out.take()));
  });
}

void ask_histories(services& parts, trading_port& port, const context_ptr& call, const responder& answer, const portfolio_view& view,
                   const std::string& benchmark, std::uint32_t lookback) {
  std::vector<std::string> symbols;
  for (const auto& one : view.positions) symbols.push_back(one.held.symbol);
  if (symbols.size() > max_symbols)
    return answer(error{errc::limit_exceeded, "the account holds more than " + std::to_string(max_symbols) + " symbols", "account_id"});
  if (std::ranges::find(symbols, benchmark) == symbols.end()) symbols.push_back(benchmark);
  const auto all = std::make_shared<gathering>();
  all->open = symbols.size();
  for (const auto& symbol : symbols) {
    market::history_request days;
    days.symbol = symbol;
    days.frame = timeframe::days(1);
    days.to = parts.market.market_time() + nanoseconds{1};
    days.countback = days.limit = lookback + 2; // a return more than days, and the day that is not over
    parts.market.history(std::move(days), [&port, call, answer, view, all, symbol, benchmark](const result<market::history_reply>& got) {
      {
        const std::lock_guard lock(all->mutex);
        if (got) all->closes[symbol] = closes_of(*got); // without: its figures are missing, and say so
        if (--all->open > 0) return;
      }
      answer_risk(port, call, answer, view, *all, benchmark);
    });
  }
}

void show_risk(services& parts, trading_port& port, const context_ptr& call, const responder& answer) {
  query_reader query{call->request.query};
  auto of = account_of(query);
  const auto lookback = query.integer({"lookback_days"}, query_reader::need::optional, min_lookback, max_lookback).value_or(default_lookback);
  const auto name = query.text({"benchmark"}, query_reader::need::optional, 64).value_or("SPY");
  if (!query.ok()) return answer(query.failure());
  const auto benchmark = find_instrument(parts, name);
  if (!benchmark) return answer(to_api_error(benchmark.error(), "query"));
  with_view(port, caller_of(*call), asked_account(port, *call, std::move(of)),
            [&parts, &port, call, answer, symbol = (*benchmark)->symbol, lookback](const result<portfolio_view>& view) {
              if (!view) return answer(view.error());
              ask_histories(parts, port, call, answer, *view, symbol, static_cast<std::uint32_t>(lookback));
            });
}

} // namespace

void add_portfolio_routes(std::vector<route>& rows, services& parts) {
  const auto add = [&](std::string_view pattern, std::string_view summary, trading_handler run) {
    rows.push_back({.method = verb::get, .pattern = pattern, .policy = {access::viewer, rate_class::general}, .summary = summary,
                    .run = with_port(parts, run), .tag = "accounts"});
  };
  add("/api/v1/portfolio", "Account, positions and totals", show_default);
  add("/api/v1/portfolio/positions", "Positions with weights", list_positions);
  add("/api/v1/portfolio/risk", "Portfolio risk figures", show_risk);
  add("/api/v1/portfolio/{account_id}", "Portfolio of one account", show_named);
}

} // namespace tt::gateway
