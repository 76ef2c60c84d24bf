#include "actors/backtest/pair_run.hpp"

#include "actors/backtest/pair_walk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tt::backtest {

namespace tester = pine::tester;

namespace {

constexpr std::string_view cancelled_field = "cancelled";

tester::fee_kind fee_of(commission_kind k) {
  switch (k) {
  case commission_kind::percent: return tester::fee_kind::percent;
  case commission_kind::cash_per_contract: return tester::fee_kind::cash_per_contract;
  default: return tester::fee_kind::cash_per_order;
  }
}
tester::fee_kind fee_of(const std::string& declared) {
  return declared == "cash_per_contract" ? tester::fee_kind::cash_per_contract
         : declared == "cash_per_order"  ? tester::fee_kind::cash_per_order
                                         : tester::fee_kind::percent;
}

} // namespace

// ---------------------------------------------------------------- program and rules

compiled_script compile_strategy(std::string_view source, const pine::compile_options& options) {
  const auto compiled = pine::compile(source, options);
  compiled_script out;
  out.code = compiled.code;
  for (const auto& d : compiled.diags.all())
    out.findings.push_back({d.level == pine::severity::error ? script_finding::level_t::error : script_finding::level_t::warning, d.code, d.message,
                            d.hint, d.pos.line, d.pos.column, d.pos.length});
  if (out.code != nullptr && out.code->decl.kind != pine::declaration::kind_t::strategy) {
    out.code = nullptr;
    out.findings.push_back({script_finding::level_t::error, "BT0001", "the script is not a strategy: it has no strategy() call",
                            "declare it with strategy(\"name\")", 1, 1, 1});
  }
  return out;
}

/// A given value beats the script's, which beats the default. The script's fee and its kind go together: a value it gives
/// without a kind is a percentage, as the language has it.
run_rules rules_for(const backtest_request& r, const pine::declaration& d) {
  run_rules out;
  out.initial_capital = r.initial_capital.value_or(d.says_capital ? d.initial_capital : defaults::initial_capital);
  out.fee_value = r.commission.value_or(d.says_commission ? d.commission_value : defaults::commission);
  out.fee = r.commission_type ? fee_of(*r.commission_type) : d.says_commission ? fee_of(d.commission_type) : fee_of(defaults::commission_type);
  if (!r.slippage && d.says_slippage) { // a type alone says no more than what the script's value is in
    out.slippage = d.slippage;
    out.slippage_type = slippage_kind::ticks;
  } else {
    out.slippage = r.slippage.value_or(defaults::slippage);
    out.slippage_type = r.slippage_type.value_or(defaults::slippage_type);
  }
  const bool on_close = r.fills == fill_model::as_declared ? d.process_orders_on_close : r.fills == fill_model::on_close;
  out.fills = on_close ? tester::fill_time::on_close : tester::fill_time::next_tick;
  const bool inside = r.magnifier == magnifier_use::as_declared ? d.use_bar_magnifier : r.magnifier == magnifier_use::on;
  out.magnifier_left_out = inside && d.calc_on_order_fills;
  out.magnifier = inside && !d.calc_on_order_fills ? bar_provider::inner_bars::wanted : bar_provider::inner_bars::none;
  out.currency = r.currency.empty() ? d.currency : r.currency;
  out.random_seed = 1 + r.rng_key;
  out.risk_free = d.risk_free_rate;
  return out;
}

std::shared_ptr<const prepared_program> prepare(const std::shared_ptr<const pine::program>& code, const backtest_request& r) {
  auto out = std::make_shared<prepared_program>();
  out->rules = rules_for(r, code->decl);
  auto copy = std::make_shared<pine::program>(*code);
  auto& d = copy->decl;
  const auto& rules = out->rules;
  d.initial_capital = rules.initial_capital;
  d.commission_value = rules.fee_value;
  d.commission_type = std::string(fee_name(rules.fee));
  d.slippage = rules.slippage_type == slippage_kind::ticks ? rules.slippage : 0;
  d.process_orders_on_close = rules.fills == tester::fill_time::on_close;
  d.use_bar_magnifier = rules.magnifier == bar_provider::inner_bars::wanted;
  d.currency = rules.currency;
  out->code = std::move(copy);
  return out;
}

curve_step step_for(const backtest_request& r) { return r.end - r.start + 1 > limits::per_bar_days ? curve_step::day : curve_step::bar; }

// ---------------------------------------------------------------- errors

error cancelled() { return {errc::refused, "cancelled", std::string(cancelled_field)}; }
bool is_cancelled(const error& e) { return e.code == errc::refused && e.field == cancelled_field; }

pair_outcome failed_pair(const pair_key& key, error why, std::string data_hash) {
  pair_outcome o;
  o.key = key;
  o.failure = std::move(why);
  o.data_hash = std::move(data_hash);
  return o;
}

std::optional<std::string> broken_identity(const pair_outcome& o) {
  double sum = o.open_pnl, scale = std::fabs(o.initial) + 1;
  for (const auto& t : o.trades) {
    sum += t.pnl;
    scale += std::fabs(t.pnl);
  }
  const double change = o.final_equity - o.initial;
  constexpr double rounding_error = 1e-9;
  if (std::fabs(change - sum) <= rounding_error * scale) return std::nullopt;
  return to_string(o.key) + ": equity has changed by " + std::to_string(change) + ", the trades and the open position add up to " + std::to_string(sum);
}

// ---------------------------------------------------------------- the run

void fall_record::add(double equity) {
  peak = std::max(peak, equity);
  const double fall = peak - equity;
  money = std::max(money, fall);
  constexpr double roundings = 1 - 1e-12; // the division waits until the product says that it may matter: it is every bar's
  if (peak > 0 && fall >= percent * peak * roundings) percent = std::max(percent, fall / peak);
}

pair_job pair_job_of(const backtest_request& r, std::shared_ptr<const prepared_program> program, std::shared_ptr<const bar_set> bars) {
  pair_job out;
  out.program = std::move(program);
  out.bars = std::move(bars);
  out.inputs = r.inputs;
  out.step = step_for(r);
  return out;
}

run_watch progress_relay::attempt() {
  again_ = 0;
  run_watch out;
  out.cancel = to_.cancel;
  if (!to_.bars_done) return out;
  out.bars_done = [this](std::size_t bars) {
    again_ += bars;
    if (again_ <= told_) return;
    to_.bars_done(again_ - told_);
    told_ = again_;
  };
  return out;
}

namespace {

enum class walk_end : std::uint8_t { as_it_is, to_be_repeated };

result<pair_outcome> walk_through(const pair_job& job, const run_watch& watch, walk_end& end) {
  pair_walk walk(job, watch);
  const auto failed = [&](error wrong) {
    end = walk.reads_columns() && !is_cancelled(wrong) ? walk_end::to_be_repeated : walk_end::as_it_is;
    return wrong;
  };
  if (auto wrong = walk.start()) return failed(*std::move(wrong));
  while (!walk.over())
    if (auto wrong = walk.bar()) return failed(*std::move(wrong));
  auto out = walk.finish();
  if (!out) return failed(out.error());
  return out;
}

} // namespace

result<pair_outcome> run_pair(const pair_job& job, const run_watch& watch) {
  auto end = walk_end::as_it_is;
  if (job.columns == nullptr) return walk_through(job, watch, end);
  progress_relay relay(watch);
  auto out = walk_through(job, relay.attempt(), end);
  if (end == walk_end::as_it_is) return out;
  auto alone = job; // what it stops with, and whether it does, is what it does by itself
  alone.columns = nullptr;
  return walk_through(alone, relay.attempt(), end);
}

const std::string& account_currency(const run_rules& rules, const pine::symbol_info& symbol) {
  return rules.currency.empty() || rules.currency == "NONE" ? symbol.currency : rules.currency;
}

std::string_view fee_name(tester::fee_kind k) {
  return k == tester::fee_kind::percent ? "percent" : k == tester::fee_kind::cash_per_contract ? "cash_per_contract" : "cash_per_order";
}

} // namespace tt::backtest
