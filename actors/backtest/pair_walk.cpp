#include "actors/backtest/pair_walk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tt::backtest {

namespace tester = pine::tester;

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

std::string plain(double v) {
  auto d = decimal::from_double(v, 8);
  return d ? d->to_string() : std::to_string(v);
}

} // namespace

pair_walk::pair_walk(const pair_job& job, const run_watch& watch)
    : job_(job), watch_(watch), set_(*job.bars), calendar_(set_.info()->timezone, set_.info()->session) {
  const bool own_range = job.range.to > job.range.from;
  from_ = own_range ? job.range.from : set_.warmup();
  to_ = own_range ? std::min(job.range.to, set_.bars().size()) : set_.bars().size();
  start_ = own_range ? from_ - std::min(from_, job.warmup) : 0;
  at_ = told_ = start_;
  step_ = std::clamp<std::size_t>((to_ - std::min(to_, start_)) / limits::progress_steps, 1, limits::bars_between_progress);
  falls_ = job_.falls_before.value_or(fall_record{rules().initial_capital});
}

std::optional<error> pair_walk::start() {
  if (from_ >= to_) return error{errc::out_of_range, "there are no bars to run over", "bars"};
  tester::tester_options options;
  options.curve = tester::keep_curve::no;
  if (rules().slippage_type == slippage_kind::percent) options.account.slippage_percent = rules().slippage;
  options.lower_bars = set_.lower();
  options.trade_from_ms = set_.bars()[from_].time_ms;
  own_ = job_.data ? job_.data(set_) : source_of(set_);
  run_.emplace(job_.program->code, settings(), options);
  if (run_->problem()) return error{errc::invalid_argument, *run_->problem(), "inputs"};
  return std::nullopt;
}

pine::run_settings pair_walk::settings() const {
  pine::run_settings s;
  s.symbol = set_.info();
  s.chart_timeframe = set_.data().tf;
  s.inputs = job_.inputs;
  s.data = own_.get();
  s.last_bar_index = static_cast<std::int64_t>(to_ - start_) - 1;
  s.last_bar_time_ms = set_.bars()[to_ - 1].time_ms;
  s.random_seed = rules().random_seed;
  s.limit.clock_ns = standing_clock(watch_.cancel);
  s.columns = {job_.columns, start_, to_};
  return s;
}

/// By the trading calendar, and never behind the opening of the bar that follows.
std::int64_t pair_walk::next_close_ms() const {
  const auto& bars = set_.bars();
  const auto ends = calendar_.period_close(set_.data().tf, bars[at_].time_ms);
  return at_ + 1 < bars.size() ? std::min(ends, bars[at_ + 1].time_ms) : std::max(ends, bars[at_].time_ms + 1);
}

void pair_walk::tell(std::size_t done) {
  if (watch_.bars_done && done > told_) watch_.bars_done(done - told_);
  told_ = done;
}

/// Walks the bar and takes its point of the curve.
std::optional<error> pair_walk::bar() {
  const auto& bars = set_.bars();
  const auto i = at_++;
  if (stopped()) return cancelled(); // on every bar: one may take half a second
  if (i - told_ >= step_) tell(i);
  pine::bar_flags flags;
  const bool last = i + 1 == to_;
  flags.last = flags.last_history = last;
  flags.next_time_ms = last ? 0 : bars[i + 1].time_ms;
  if (auto f = run_->on_bar(bars[i], flags)) {
    if (stopped()) return cancelled();
    return error{errc::refused, "line " + std::to_string(f->line) + ", bar " + std::to_string(f->bar_index) + ": " + f->message, "script"};
  }
  if (last) tell(to_);
  if (i < from_) return std::nullopt;
  falls_.add(run_->account().account().own_equity() + job_.made_before);
  if (job_.step == curve_step::bar) note(bars[i].time_ms, bars[i].close);
  else if (last || set_.day(i) != set_.day(i + 1)) note(set_.day(i), bars[i].close);
  return std::nullopt;
}

void pair_walk::note(std::int64_t at, double close) {
  const auto& account = run_->account().account();
  curve_.push_back({at, account.own_equity(), account.size(), close});
}

// ---------------------------------------------------------------- what came of it

trade_record pair_walk::record(const tester::trade& t, trade_end end) const {
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
  const auto& texts = run_->engine().texts();
  r.entry_reason = cut(texts.text(t.entry_comment != 0 ? t.entry_comment : t.entry_id), limits::reason_bytes);
  r.exit_reason = end == trade_end::open ? "open" : cut(texts.text(t.exit_comment != 0 ? t.exit_comment : t.exit_id), limits::reason_bytes);
  return r;
}

void pair_walk::take_trades(pair_outcome& o) const {
  const auto& account = run_->account().account();
  const auto& texts = run_->engine().texts();
  o.open_pnl = account.open_profit();
  o.trades.reserve(account.closed_trades().size());
  for (const auto& t : account.closed_trades()) {
    o.trades.push_back(record(t, trade_end::closed));
    if (texts.text(t.exit_id) == "Margin call") ++o.margin_calls;
  }
  for (auto t : account.open_trades()) { // as if left at the last close, without the fee of leaving
    o.open_pnl -= t.entry_fee;
    t.exit_time_ms = run_->span().last_ms;
    t.exit_bar = run_->bar_index(); // calc_bars_count may have left out the first bars
    t.exit_price = run_->account().price();
    t.profit = t.size * (t.exit_price - t.entry_price) * account.point_value() - t.entry_fee;
    o.open_trades.push_back(record(t, trade_end::open));
  }
}

result<pair_outcome> pair_walk::finish() {
  run_->engine().keep_columns();
  const auto& run = *run_;
  const auto& account = run.account().account();
  pair_outcome o;
  o.key = set_.key();
  o.initial = rules().initial_capital;
  if (auto broken = tester::check_identity(account, o.initial)) return error{errc::internal, to_string(o.key) + ": " + *broken};
  if (account.closed_trades().size() > limits::pair_trades)
    return error{errc::limit_exceeded, "more than " + std::to_string(limits::pair_trades) + " trades", "script"};
  o.final_equity = account.own_equity();
  take_trades(o);
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
  o.currency = run.currency();
  o.risk_free = rules().risk_free;
  o.data_hash = set_.hash();
  if (job_.detail == outcome_detail::full) describe(o);
  if (auto broken = broken_identity(o)) return error{errc::internal, *broken};
  return o;
}

std::string slippage_text(const run_rules& r) { return plain(r.slippage) + (r.slippage_type == slippage_kind::percent ? " percent of the price" : " ticks"); }
std::string commission_text(const run_rules& r) { return plain(r.fee_value) + " " + std::string(fee_name(r.fee)); }

void pair_walk::describe(pair_outcome& o) const {
  const auto& r = rules();
  const auto& engine = run_->engine();
  o.fill_rule = r.fills == tester::fill_time::on_close ? "market orders fill on the close of the bar that places them"
                                                       : "market orders fill at the open of the next bar";
  o.slippage = slippage_text(r);
  o.commission = commission_text(r);
  o.magnifier = r.magnifier == bar_provider::inner_bars::none ? "off" : set_.lower().empty() ? "no shorter bars" : "on";
  if (r.magnifier_left_out) o.warnings.push_back("the bar magnifier is off: with calc_on_order_fills orders fill on the script's own bars");
  if (o.magnifier == "no shorter bars") o.warnings.push_back(to_string(o.key) + " has no shorter bars for the magnifier: filled on its own bars");
  for (const auto& series : own_->without_past())
    o.warnings.push_back(to_string(o.key) + ": request.*() asked for " + series + ", of which there are no bars before the range: what it computes begins there");
  o.logs_dropped = engine.logs_dropped();
  for (const auto& m : engine.logs()) {
    if (m.time_ms < o.first_ms) continue; // of the warm-up
    if (o.logs.size() == limits::log_lines) {
      ++o.logs_dropped;
      continue;
    }
    o.logs.push_back({m.time_ms, m.bar_index, m.level, cut(m.text, limits::log_line_bytes)});
  }
}

} // namespace tt::backtest
