#include "cluster/jobs/job_preview.hpp"

#include "actors/backtest/bars.hpp"
#include "actors/strategy/jobs/history_walk.hpp"

#include <algorithm>
#include <future>

namespace tt::cluster {

namespace {

constexpr std::chrono::seconds answer_patience{2};        ///< for the account's word
constexpr std::chrono::milliseconds bar_patience{1'000};  ///< for a bar that is late: an editor waits for the answer
constexpr std::chrono::seconds whole_patience{8};         ///< for all bars of the simulation; then the answer goes without it

using history_answer = std::future<result<market::history_reply>>;

/// A series that the simulation needs, on its way.
struct asked_series {
  strategy::job_series_need need;
  const instrument* what = nullptr;
  history_answer answer;
};

/// Asks for the newest bars of a series until `to`. Errors: unknown_symbol.
result<asked_series> ask(const job_world& world, const strategy::job_series_need& need, utc_time to, std::uint32_t count) {
  const auto* what = world.market->instruments().find(need.symbol);
  if (what == nullptr) return error{errc::unknown_symbol, "unknown symbol " + need.symbol, "symbol"};
  const auto warmup = static_cast<std::uint32_t>(std::clamp<std::int64_t>(need.warmup, 0, static_cast<std::int64_t>(strategy::limits::preview_bars)));
  market::history_request r;
  r.symbol = what->symbol, r.frame = need.frame, r.to = to;
  r.countback = r.limit = std::min(static_cast<std::uint32_t>(strategy::limits::preview_bars), count + warmup + 1);
  auto told = std::make_shared<std::promise<result<market::history_reply>>>();
  asked_series out{need, what, told->get_future()};
  world.market->history(r, [told](result<market::history_reply> got) { told->set_value(std::move(got)); });
  return out;
}

/// All series of the job, side by side. Errors: those of series_needs and ask.
result<std::vector<asked_series>> ask_all(const job_world& world, const strategy::job_plan& plan, utc_time to, std::uint32_t bars) {
  const auto needs = strategy::series_needs(plan);
  if (!needs) return needs.error();
  std::vector<asked_series> out;
  for (const auto& need : *needs) {
    auto one = ask(world, need, to, need.frame == strategy::walk_frame(plan.spec) ? bars : strategy::daily_history);
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

/// The complete bars of a series. Null: there are none.
result<std::shared_ptr<const backtest::bar_set>> take(asked_series& from, std::chrono::steady_clock::time_point until) {
  const auto& what = *from.what;
  if (from.answer.wait_until(until) != std::future_status::ready) return error{errc::timed_out, "the bars of " + what.symbol + " were not there in time; try again"};
  const auto got = from.answer.get();
  if (!got) return got.error();
  auto bars = *got->bars;
  if (got->last_is_forming && !bars.empty()) bars.pop_back();
  if (bars.empty()) return std::shared_ptr<const backtest::bar_set>{};
  const auto frame = from.need.frame;
  auto info = std::make_shared<const pine::symbol_info>(backtest::symbol_facts(what, session_hours::regular));
  return backtest::bar_set::make({what.symbol, frame}, std::move(info), backtest::to_pine(bars, what, frame, session_hours::regular), 0);
}

/// Trades of the symbol that is shown, as charts take them.
void show(const backtest::pair_outcome& of, gateway::job_preview_view& out) {
  auto& to = out.simulated;
  to.is_strategy = true;
  if (of.failure) to.failure = of.failure->message;
  to.open_profit = of.open_pnl;
  to.net_profit = of.final_equity - of.initial - of.open_pnl;
  if (!of.curve.empty()) to.position = of.curve.back().position;
  for (const auto* list : {&of.trades, &of.open_trades})
    for (const auto& t : *list) {
      const bool is_long = t.side == backtest::trade_record::side_t::long_side, is_closed = list == &of.trades;
      const double size = is_long ? t.quantity : -t.quantity;
      to.markers.push_back({t.entry_ms, t.entry_reason, "", size, t.entry_price, size});
      if (!is_closed) continue;
      to.markers.push_back({t.exit_ms, t.exit_reason, "", -size, t.exit_price, 0});
      to.trades.push_back({0, out.symbol, is_long ? strategy::closed_trade::side_t::long_side : strategy::closed_trade::side_t::short_side, t.entry_reason, t.exit_reason,
                           t.entry_ms, t.exit_ms, t.entry_price, t.exit_price, t.quantity, t.pnl, t.fees});
    }
  std::ranges::stable_sort(to.markers, {}, &strategy::preview_marker::time_ms);
  if (to.markers.size() > strategy::limits::preview_markers) to.markers.erase(to.markers.begin(), to.markers.end() - static_cast<std::ptrdiff_t>(strategy::limits::preview_markers));
}

/// The job over the newest bars.
result<void> simulate(const std::shared_ptr<const strategy::job_plan>& plan, std::uint32_t bars, std::vector<asked_series>& asked, strategy::job_backtest_input in,
                      const backtest::run_watch& watch, std::chrono::steady_clock::time_point until, gateway::job_preview_view& out) {
  in.plan = plan, in.step = backtest::curve_step::bar;
  std::int64_t from = INT64_MAX;
  for (auto& one : asked) {
    auto set = take(one, until);
    if (!set) return set.error();
    if (!*set) {
      if (one.need.why == strategy::job_series_need::use::benchmark || !one.need.frame.is_intraday()) continue;
      return error{errc::not_found, "there are no bars of " + one.need.symbol, "symbol"};
    }
    if (one.need.frame == out.frame && one.need.symbol == out.symbol) {
      const auto& all = (*set)->bars();
      out.bars = std::min<std::size_t>(bars, all.size());
      from = all[all.size() - out.bars].time_ms;
    }
    in.bars.push_back(std::move(*set));
  }
  in.range = backtest::time_range{from, INT64_MAX};
  const auto done = strategy::run_job_backtest(in, watch);
  if (!done) return done.error();
  for (const auto& one : done->outcomes)
    if (one.key.symbol == out.symbol) show(one, out);
  return {};
}

/// A job of several symbols shows one of them; a strategy can be tried on another.
result<std::shared_ptr<const strategy::job_plan>> plan_for(const gateway::job_preview_call& call, const strategy::job_defaults& defaults, const strategy::check_context& context) {
  auto inputs = call.inputs;
  auto checked = strategy::check_job(call.source, "source", defaults, context, inputs);
  if (!checked.plan) return error{errc::invalid_argument, "the job does not pass validation", "source"};
  const auto symbols = checked.plan->spec.symbols();
  if (!call.symbol.empty() && std::ranges::find(symbols, call.symbol) == symbols.end()) {
    if (checked.plan->spec.type == strategy::job_type::portfolio_management) return error{errc::invalid_argument, "is none of the job's targets", "symbol"};
    inputs["symbols"] = call.symbol;
    checked = strategy::check_job(call.source, "source", defaults, context, inputs);
    if (!checked.plan) return error{errc::invalid_argument, "the job can't be tried on that symbol", "symbol"};
  }
  auto plan = std::make_shared<strategy::job_plan>(*checked.plan);
  if (!call.account.empty()) plan->spec.account = call.account.str();
  return std::shared_ptr<const strategy::job_plan>(std::move(plan));
}

/// What the account is worth, or 10,000 where it does not say.
double capital_of(const job_world& world, const account_id& account) {
  auto told = std::make_shared<std::promise<result<account_figures>>>();
  auto answer = told->get_future();
  world.desk->figures(account, [told](result<account_figures> got) { told->set_value(std::move(got)); });
  if (answer.wait_for(answer_patience) != std::future_status::ready) return strategy::job_backtest_input{}.initial_capital;
  const auto got = answer.get();
  return got && got->equity.value().is_positive() ? got->equity.to_double() : strategy::job_backtest_input{}.initial_capital;
}

} // namespace

result<gateway::job_preview_view> preview_job(const job_world& world, const gateway::job_preview_call& call, const strategy::job_defaults& defaults,
                                              const strategy::check_context& context) {
  const auto plan = plan_for(call, defaults, context);
  if (!plan) return plan.error();
  const auto to = call.to.value_or(world.clock());
  const auto symbols = (*plan)->spec.symbols();
  gateway::job_preview_view out;
  out.symbol = call.symbol.empty() && !symbols.empty() ? symbols.front() : call.symbol;
  out.frame = strategy::walk_frame((*plan)->spec);
  const auto firing = (*plan)->when->last_until(to);
  out.slot = firing ? firing->slot : to;
  const auto until = std::chrono::steady_clock::now() + whole_patience;
  auto asked = ask_all(world, **plan, to, call.bars); // they come while the job runs dry
  auto quick = world;
  quick.bar_patience = std::min(world.bar_patience, bar_patience);
  out.report = run_job(quick, {*plan, out.slot, {}, job_run_order::sending::dry_run}).json;
  strategy::job_backtest_input in;
  in.initial_capital = capital_of(world, account_id{(*plan)->spec.account});
  const auto done = asked ? simulate(*plan, call.bars, *asked, std::move(in), {{}, world.stopping.get()}, until, out) : result<void>{asked.error()};
  if (!done) out.simulated.failure = done.error().message;
  return out;
}

} // namespace tt::cluster
