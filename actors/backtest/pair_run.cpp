#include "actors/backtest/pair_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tt::backtest {

namespace tester = pine::tester;

namespace {

constexpr std::string_view cancelled_field = "cancelled";

std::string plain(double v) {
  auto d = decimal::from_double(v, 8);
  return d ? d->to_string() : std::to_string(v);
}

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
std::string fee_name(tester::fee_kind k) {
  return k == tester::fee_kind::percent ? "percent" : k == tester::fee_kind::cash_per_contract ? "cash_per_contract" : "cash_per_order";
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
  d.commission_type = fee_name(rules.fee);
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
  money = std::max(money, peak - equity);
  if (peak > 0) percent = std::max(percent, (peak - equity) / peak);
}

namespace {

/// Script loops ask this for the time: it stands still, until the run is cancelled. So no run depends on how fast it is,
/// and an endless loop can be left.
std::function<std::int64_t()> standing_clock(const std::atomic<bool>* cancel) {
  if (cancel == nullptr) return [] { return std::int64_t{0}; };
  return [cancel] { return cancel->load(std::memory_order_relaxed) ? std::numeric_limits<std::int64_t>::max() / 2 : 0; };
}

std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end; // not inside of a UTF-8 character
  return text.substr(0, end);
}

class runner {
public:
  runner(const pair_job& job, const run_watch& watch) : job_(job), watch_(watch), set_(*job.bars) {
    const bool own_range = job.range.to > job.range.from;
    from_ = own_range ? job.range.from : set_.warmup();
    to_ = own_range ? std::min(job.range.to, set_.bars().size()) : set_.bars().size();
    start_ = own_range ? from_ - std::min(from_, job.warmup) : 0;
  }

  result<pair_outcome> run() {
    falls_ = job_.falls_before.value_or(fall_record{rules().initial_capital});
    if (from_ >= to_) return error{errc::out_of_range, "there are no bars to run over", "bars"};
    tester::tester_options options;
    options.curve = tester::keep_curve::no;
    if (rules().slippage_type == slippage_kind::percent) options.account.slippage_percent = rules().slippage;
    options.lower_bars = set_.lower();
    options.trade_from_ms = set_.bars()[from_].time_ms;
    auto own = job_.data ? job_.data(set_) : source_of(set_);
    tester::strategy_run run(job_.program->code, settings(own.get()), options);
    if (run.problem()) return error{errc::invalid_argument, *run.problem(), "inputs"};
    if (auto failed = walk(run)) return *failed;
    return finish(run);
  }

private:
  const run_rules& rules() const { return job_.program->rules; }

  pine::run_settings settings(pine::data_source* data) const {
    pine::run_settings s;
    s.symbol = set_.info();
    s.chart_timeframe = set_.data().tf;
    s.inputs = job_.inputs;
    s.data = data;
    s.last_bar_index = static_cast<std::int64_t>(to_ - start_) - 1;
    s.last_bar_time_ms = set_.bars()[to_ - 1].time_ms;
    s.random_seed = rules().random_seed;
    s.limit.clock_ns = standing_clock(watch_.cancel);
    return s;
  }

  bool stopped() const { return watch_.cancel != nullptr && watch_.cancel->load(std::memory_order_relaxed); }

  /// Runs every bar and takes the points of the curve.
  std::optional<error> walk(tester::strategy_run& run) {
    const auto& bars = set_.bars();
    const auto step = std::clamp<std::size_t>((to_ - start_) / limits::progress_steps, 1, limits::bars_between_progress);
    std::size_t told = start_;
    for (std::size_t i = start_; i < to_; ++i) {
      if (stopped()) return cancelled(); // on every bar: one may take half a second
      if (watch_.bars_done && i - told >= step) {
        watch_.bars_done(i - told);
        told = i;
      }
      pine::bar_flags flags;
      const bool last = i + 1 == to_;
      flags.last = flags.last_history = last;
      flags.next_time_ms = last ? 0 : bars[i + 1].time_ms;
      if (auto f = run.on_bar(bars[i], flags)) {
        if (stopped()) return cancelled();
        return error{errc::refused, "line " + std::to_string(f->line) + ", bar " + std::to_string(f->bar_index) + ": " + f->message, "script"};
      }
      if (i < from_) continue;
      falls_.add(run.account().account().equity() + job_.made_before);
      if (job_.step == curve_step::bar) note(run, bars[i].time_ms, bars[i].close);
      else if (last || set_.day(i) != set_.day(i + 1)) note(run, set_.day(i), bars[i].close);
    }
    if (watch_.bars_done && to_ > told) watch_.bars_done(to_ - told);
    return std::nullopt;
  }

  void note(const tester::strategy_run& run, std::int64_t at, double close) {
    const auto& account = run.account().account();
    curve_.push_back({at, account.equity(), account.size(), close});
  }

  enum class trade_end : std::uint8_t { closed, open };
  trade_record record(const tester::trade& t, const pine::text_pool& texts, trade_end end) const {
    trade_record r;
    r.side = t.size > 0 ? trade_record::side_t::long_side : trade_record::side_t::short_side;
    r.entry_ms = t.entry_time_ms, r.exit_ms = t.exit_time_ms;
    r.entry_price = t.entry_price, r.exit_price = t.exit_price;
    r.quantity = std::fabs(t.size);
    r.pnl = t.profit;
    r.pnl_percent = t.percent(t.profit) / 100;
    r.fees = t.fee();
    r.mae = t.max_drawdown == 0 ? 0 : -t.max_drawdown, r.mfe = t.max_runup;
    r.bars_held = t.exit_bar - t.entry_bar;
    if (job_.detail == outcome_detail::figures) return r;
    r.entry_reason = cut(texts.text(t.entry_comment != 0 ? t.entry_comment : t.entry_id), limits::reason_bytes);
    r.exit_reason = end == trade_end::open ? "open" : cut(texts.text(t.exit_comment != 0 ? t.exit_comment : t.exit_id), limits::reason_bytes);
    return r;
  }

  result<pair_outcome> finish(const tester::strategy_run& run) {
    const auto& account = run.account().account();
    const auto& texts = run.engine().texts();
    pair_outcome o;
    o.key = set_.key();
    o.initial = rules().initial_capital;
    if (auto broken = tester::check_identity(account, o.initial)) return error{errc::internal, to_string(o.key) + ": " + *broken};
    if (account.closed_trades().size() > limits::pair_trades)
      return error{errc::limit_exceeded, "more than " + std::to_string(limits::pair_trades) + " trades", "script"};
    o.final_equity = account.equity();
    o.open_pnl = account.open_profit();
    o.trades.reserve(account.closed_trades().size());
    for (const auto& t : account.closed_trades()) {
      o.trades.push_back(record(t, texts, trade_end::closed));
      if (texts.text(t.exit_id) == "Margin call") ++o.margin_calls;
    }
    for (auto t : account.open_trades()) { // as if left at the last close, without the fee of leaving
      o.open_pnl -= t.entry_fee;
      t.exit_time_ms = run.span().last_ms;
      t.exit_bar = static_cast<std::int64_t>(to_ - start_) - 1;
      t.exit_price = run.account().price();
      t.profit = t.size * (t.exit_price - t.entry_price) * account.point_value() - t.entry_fee;
      o.open_trades.push_back(record(t, texts, trade_end::open));
    }
    const auto& span = run.span();
    o.bars = span.bars, o.bars_in_market = span.bars_in_market;
    o.first_ms = span.first_ms, o.last_ms = span.last_ms;
    o.first_close = span.first_close, o.last_close = span.last_close;
    o.falls = falls_;
    o.step = job_.step;
    o.curve = std::move(curve_);
    o.warnings = run.warnings();
    for (const auto& w : run.engine().warnings()) o.warnings.push_back(to_string(o.key) + ": " + w);
    if (const auto alerts = run.engine().messages_dropped() - run.engine().logs_dropped(); alerts > 0)
      o.warnings.push_back(to_string(o.key) + ": " + std::to_string(alerts) + " messages of alert() were not kept");
    o.timezone = set_.info()->timezone;
    const auto& currency = rules().currency;
    o.currency = currency.empty() || currency == "NONE" ? set_.info()->currency : currency;
    o.risk_free = rules().risk_free;
    o.data_hash = set_.hash();
    if (job_.detail == outcome_detail::full) describe(o, run);
    if (auto broken = broken_identity(o)) return error{errc::internal, *broken};
    return o;
  }

  void describe(pair_outcome& o, const tester::strategy_run& run) const {
    const auto& r = rules();
    o.fill_rule = r.fills == tester::fill_time::on_close ? "market orders fill on the close of the bar that places them"
                                                         : "market orders fill at the open of the next bar";
    o.slippage = plain(r.slippage) + (r.slippage_type == slippage_kind::percent ? " percent of the price" : " ticks");
    o.commission = plain(r.fee_value) + " " + fee_name(r.fee);
    o.magnifier = r.magnifier == bar_provider::inner_bars::none ? "off" : set_.lower().empty() ? "no shorter bars" : "on";
    if (r.magnifier_left_out) o.warnings.push_back("the bar magnifier is off: with calc_on_order_fills orders fill on the script's own bars");
    if (o.magnifier == "no shorter bars") o.warnings.push_back(to_string(o.key) + " has no shorter bars for the magnifier: filled on its own bars");
    o.logs_dropped = run.engine().logs_dropped();
    for (const auto& m : run.engine().logs()) {
      if (m.time_ms < o.first_ms) continue; // of the warm-up
      if (o.logs.size() == limits::log_lines) {
        ++o.logs_dropped;
        continue;
      }
      o.logs.push_back({m.time_ms, m.bar_index, m.level, cut(m.text, limits::log_line_bytes)});
    }
  }

  const pair_job& job_;
  const run_watch& watch_;
  const bar_set& set_;
  std::size_t from_ = 0, to_ = 0, start_ = 0;
  std::vector<curve_point> curve_;
  fall_record falls_;
};

} // namespace

result<pair_outcome> run_pair(const pair_job& job, const run_watch& watch) { return runner(job, watch).run(); }

} // namespace tt::backtest
