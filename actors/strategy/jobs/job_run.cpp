#include "actors/strategy/jobs/job_run.hpp"

#include "actors/backtest/bar_file.hpp"
#include "actors/strategy/jobs/inputs_text.hpp"
#include "actors/strategy/jobs/job_values.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace tt::strategy {

namespace {

/// A double as a price on the symbol's grid; nothing where it is none.
std::optional<price> on_grid(double x, const instrument& what, rounding mode) {
  const auto d = decimal::from_double(x, 9);
  if (!d) return std::nullopt;
  const price p{d->rounded_to(what.tick.value(), mode)};
  return p.value().is_positive() || what.allows_non_positive_price() ? std::optional(p) : std::nullopt;
}

/// Multiplies a price by a factor that is a parameter, in decimals.
std::optional<price> scaled(price p, double factor, const instrument& what, rounding mode) {
  const auto f = decimal::from_double(factor, 9);
  if (!f) return std::nullopt;
  const auto product = decimal::checked_multiply(p.value(), *f);
  if (!product) return std::nullopt;
  const price out{product->rounded_to(what.tick.value(), mode)};
  return out.value().is_positive() ? std::optional(out) : std::nullopt;
}

/// Evaluates a list and writes down how each item came out.
class list_reader {
public:
  list_reader(const job_values& values, list_outcome& out) : values_(values), out_(out) {}

  value read(const compiled_condition& c) {
    if (c.what == condition_text::kind::item) return item(c);
    const bool all = c.what == condition_text::kind::all;
    bool unknown = false, decided = false;
    for (const auto& inner : c.inner) {
      const value v = read(inner); // every item is read: the report shows them all
      if (v.is_missing()) unknown = true;
      else if (v.is_true() != all) decided = true;
    }
    if (decided) return value::of(!all);
    return unknown || c.inner.empty() ? (c.inner.empty() ? value::of(false) : value::missing()) : value::of(all);
  }
  /// The first item that holds: the reason of an exit.
  [[nodiscard]] std::string reason() const {
    for (const auto& i : out_.items)
      if (i.outcome.is_true()) return i.name;
    return out_.list;
  }
  [[nodiscard]] bool any_missing() const {
    return std::any_of(out_.items.begin(), out_.items.end(), [](const auto& i) { return i.outcome.is_missing(); });
  }

private:
  value item(const compiled_condition& c) {
    item_outcome made{c.name, {}, c.when ? evaluate(*c.when, values_) : value::missing()};
    if (c.when)
      for (const auto& [name, now] : values_in(*c.when, values_)) made.values += (made.values.empty() ? "" : " ") + name + "=" + to_string(now);
    value outcome = made.outcome;
    out_.items.push_back(std::move(made));
    return outcome;
  }
  const job_values& values_;
  list_outcome& out_;
};

struct candidate {
  const symbol_input* symbol;
  const job_values* values;
  signal_kind kind;
  double rank;
};

class strategy_pass {
public:
  strategy_pass(const job_plan& plan, const run_input& in) : plan_(plan), in_(in), common_(moment_of(plan, in)) {
    out_.memory = in.memory;
    for (const auto& s : in.symbols) values_.emplace_back(plan, in, common_, s);
    for (const auto& s : in.symbols)
      if (!s.held.qty.is_zero() || s.held.entries == held_position::orders::working) ++open_;
    tell_open();
  }

  run_output run() {
    for (std::size_t i = 0; i < in_.symbols.size(); ++i)
      if (!usable(in_.symbols[i], values_[i])) out_.left_out.push_back(in_.symbols[i].symbol);
    for (std::size_t i = 0; i < in_.symbols.size(); ++i) exit(i);
    enter();
    return std::move(out_);
  }

private:
  void tell_open() {
    for (auto& v : values_) v.set_open_positions(open_);
  }
  static bool usable(const symbol_input& s, const job_values& v) { return s.problem.empty() && s.series && s.what && v.price(); }

  value read(const char* list, std::size_t i, std::string* reason, bool* missing) {
    const auto* found = plan_.list(list);
    if (!found) return value::of(false);
    list_outcome outcome{in_.symbols[i].symbol, list, {}, {}};
    list_reader reader(values_[i], outcome);
    const value met = reader.read(found->root);
    if (reason) *reason = reader.reason();
    if (missing) *missing = reader.any_missing();
    outcome.met = met;
    out_.lists.push_back(std::move(outcome));
    return met;
  }

  // ---- exits
  void exit(std::size_t i) {
    const auto& s = in_.symbols[i];
    if (s.held.qty.is_zero()) {
      out_.memory.missing_exits.erase(s.symbol);
      return;
    }
    const bool is_long = s.held.qty.value().is_positive();
    std::string reason;
    bool missing = true; // without data nothing of it is known
    bool leave = false;
    if (usable(s, values_[i])) leave = read(is_long ? "exit_long" : "exit_short", i, &reason, &missing).is_true();
    if (missing && !leave) {
      int& runs = out_.memory.missing_exits[s.symbol];
      if (++runs >= limits::missing_exit_runs) {
        const bool flattens = plan_.spec.errors.fallback == fallback_action::flatten;
        out_.notices.push_back(s.symbol + ": an exit condition can't be evaluated for " + std::to_string(runs) + " runs"
                               + (flattens ? "; the position is closed" : ""));
        if (flattens) leave = true, reason = "exit condition unknown";
      }
    } else {
      out_.memory.missing_exits.erase(s.symbol);
    }
    if (leave) leave_position(i, reason);
  }

  void leave_position(std::size_t i, const std::string& reason) {
    const auto& s = in_.symbols[i];
    const bool is_long = s.held.qty.value().is_positive();
    job_signal signal;
    signal.kind = is_long ? signal_kind::exit_long : signal_kind::exit_short;
    signal.symbol = s.symbol;
    signal.qty = quantity{s.held.qty.value().abs()};
    signal.reason = reason;
    if (const auto p = values_[i].price(); p && s.what) {
      if (const auto at = on_grid(*p, *s.what, rounding::half_even)) signal.at = *at;
      if (plan_.spec.orders.exit.type == order_type::limit)
        signal.limit = scaled(signal.at, is_long ? 1 + plan_.spec.orders.exit.offset : 1 - plan_.spec.orders.exit.offset, *s.what, rounding::half_even);
    }
    add(std::move(signal));
    closed_.insert(s.symbol);
    --open_;
    tell_open();
  }

  // ---- entries
  void enter() {
    std::vector<candidate> all;
    for (std::size_t i = 0; i < in_.symbols.size(); ++i) {
      const auto& s = in_.symbols[i];
      if (!usable(s, values_[i]) || closed_.contains(s.symbol)) continue;
      for (const auto& [list, kind] : {std::pair{"entry_long", signal_kind::enter_long}, std::pair{"entry_short", signal_kind::enter_short}}) {
        if (!plan_.list(list)) continue;
        const bool met = read(list, i, nullptr, nullptr).is_true();
        if (met && may_enter(s, kind)) all.push_back({&s, &values_[i], kind, rank_of(values_[i])});
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const candidate& a, const candidate& b) {
      return a.rank != b.rank ? a.rank > b.rank : a.symbol->symbol < b.symbol->symbol;
    });
    const auto most = static_cast<std::int64_t>(plan_.spec.number("max_positions", 1e6));
    std::set<std::string> taken;
    for (const auto& c : all) {
      const bool adds = !c.symbol->held.qty.is_zero();
      if (taken.contains(c.symbol->symbol)) continue;
      if (!adds && open_ >= most) continue;
      if (!size_and_add(c)) continue;
      taken.insert(c.symbol->symbol);
      entered_.push_back(c.symbol);
      if (!adds) ++open_;
    }
  }

  bool may_enter(const symbol_input& s, signal_kind kind) const {
    if (s.held.entries == held_position::orders::working) return false;
    if (s.bars_since_exit < plan_.spec.orders.cooldown_bars) return false;
    if (s.held.qty.is_zero()) return true;
    const bool same_side = s.held.qty.value().is_positive() == (kind == signal_kind::enter_long);
    return same_side && plan_.spec.orders.max_entries > 1;
  }

  double rank_of(const job_values& v) const {
    const value r = plan_.rank ? evaluate(*plan_.rank, v) : value::missing();
    return r.number() ? *r.number() : -std::numeric_limits<double>::infinity();
  }

  /// The factor that filters leave of an entry; nothing: refused.
  std::optional<double> filtered(const candidate& c) {
    const auto& f = plan_.spec.features;
    double factor = 1;
    if (f.regime.state == feature_state::on) {
      const value v = c.values->figure(moment_name::market_volatility);
      if (v.is_missing()) {
        out_.notices.push_back(c.symbol->symbol + ": volatility is not known, the regime filter lets the entry pass");
      } else if (*v.number() > f.regime.volatility_threshold) {
        if (f.regime.action == regime_action::block) return refuse(c, "market_regime_filter: volatility " + to_string(v) + " is over the threshold");
        factor = f.regime.scale;
      }
    }
    if (f.correlation.state == feature_state::on)
      for (const auto* held : held_symbols())
        if (held->symbol != c.symbol->symbol && held->series)
          if (const auto r = correlation_with(*c.symbol, *held); r && *r > f.correlation.max_correlation)
            return refuse(c, "correlation_filter: " + to_string(value::of(*r)) + " with " + held->symbol);
    if (f.sentiment.state == feature_state::on) {
      if (!in_.news_sentiment) out_.notices.push_back(c.symbol->symbol + ": no news sentiment, the filter lets the entry pass");
      else if (*in_.news_sentiment < f.sentiment.min_score) return refuse(c, "news_sentiment_filter");
    }
    return factor;
  }
  std::optional<double> refuse(const candidate& c, const std::string& why) {
    out_.notices.push_back(c.symbol->symbol + ": entry refused by " + why);
    return std::nullopt;
  }
  std::vector<const symbol_input*> held_symbols() const {
    std::vector<const symbol_input*> out = entered_;
    for (const auto& s : in_.symbols)
      if ((!s.held.qty.is_zero() && !closed_.contains(s.symbol)) || s.held.entries == held_position::orders::working) out.push_back(&s);
    return out;
  }
  std::optional<double> correlation_with(const symbol_input& a, const symbol_input& b) const {
    constexpr std::size_t days = 60;
    const auto now = unix_ms(in_.slot);
    return correlation(a.series->daily(), a.series->daily().complete_at(now), b.series->daily(), b.series->daily().complete_at(now), days);
  }

  bool size_and_add(const candidate& c) {
    const auto factor = filtered(c);
    if (!factor) return false;
    const auto& what = *c.symbol->what;
    const auto weight = decimal::from_double(plan_.spec.number("position_size", 0) * *factor, 9);
    const auto at = on_grid(*c.values->price(), what, rounding::half_even);
    if (!weight || !at || !in_.equity.value().is_positive()) return false;
    const auto budget = decimal::checked_multiply(in_.equity.value(), *weight);
    const auto unit = decimal::checked_multiply(at->value(), what.multiplier);
    if (!budget || !unit || !unit->is_positive()) return false;
    const auto shares = decimal::checked_divide(*budget, *unit, rounding::down);
    if (!shares) return false;
    job_signal signal;
    signal.qty = quantity{shares->rounded_to(what.lot.value(), rounding::down)};
    if (!signal.qty.value().is_positive()) {
      out_.notices.push_back(c.symbol->symbol + ": the share of equity buys less than one lot");
      return false;
    }
    signal.kind = c.kind, signal.symbol = c.symbol->symbol, signal.at = *at, signal.weight = *weight;
    signal.reason = c.kind == signal_kind::enter_long ? "entry_long" : "entry_short";
    protect(signal, what);
    add(std::move(signal));
    return true;
  }

  void protect(job_signal& signal, const instrument& what) const {
    const bool is_long = signal.kind == signal_kind::enter_long;
    const auto& o = plan_.spec.orders;
    if (o.entry.type == order_type::limit) signal.limit = scaled(signal.at, is_long ? 1 - o.entry.offset : 1 + o.entry.offset, what, rounding::half_even);
    const price base = signal.limit.value_or(signal.at);
    if (const auto loss = plan_.spec.number("stop_loss"); loss && *loss > 0 && o.stop == protection::native)
      signal.stop = scaled(base, is_long ? 1 - *loss : 1 + *loss, what, is_long ? rounding::down : rounding::up);
    if (const auto gain = plan_.spec.number("take_profit"); gain && *gain > 0 && o.target == protection::native)
      signal.target = scaled(base, is_long ? 1 + *gain : 1 - *gain, what, is_long ? rounding::up : rounding::down);
  }

  void add(job_signal signal) {
    const int leg = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::enter_short ? 1 : 0;
    if (auto key = intent_key::job(plan_.spec.strategy_id, unix_ms(in_.slot), signal.symbol, leg)) signal.key = key->str();
    out_.signals.push_back(std::move(signal));
  }

  const job_plan& plan_;
  const run_input& in_;
  run_moment common_;
  std::vector<job_values> values_;
  std::set<std::string> closed_;
  std::vector<const symbol_input*> entered_;
  std::int64_t open_ = 0;
  run_output out_;
};

} // namespace

std::string_view to_string(signal_kind kind) {
  static constexpr std::array<std::string_view, 4> names{"entry_long", "entry_short", "exit_long", "exit_short"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<utc_time> slot_containing(const job_plan& plan, utc_time at, slot_session session) {
  nanoseconds longest = std::chrono::hours{1};
  if (const auto* every = std::get_if<every_rule>(&plan.when->rule().how)) longest = every->every;
  const auto last = plan.when->last_until(at);
  if (last && at - last->slot < longest) return last->slot;
  return session == slot_session::ignore ? std::optional(at) : std::nullopt;
}

void inputs_text::add(const source_bars& bars) {
  *this << "b" << bars.bars.size();
  for (std::size_t i = 0; i < bars.bars.size(); ++i) {
    const auto& b = bars.bars[i];
    *this << b.time_ms << bars.closed_ms[i];
    for (const double x : {b.open, b.high, b.low, b.close, b.volume}) *this << std::bit_cast<std::uint64_t>(x);
  }
}

std::string inputs_text::hash() const { return backtest::hash_of(text_); }

std::string inputs_hash(const run_input& in) {
  inputs_text out;
  out << unix_ms(in.slot) << in.equity.to_string() << in.cash.to_string() << in.start_of_day_equity.to_string() << in.day_pnl.to_string();
  for (const auto& s : in.symbols) {
    out << s.symbol << s.problem << s.held.qty.to_string() << (s.held.average ? s.held.average->to_string() : "") << (s.held.opened_at ? unix_ms(*s.held.opened_at) : 0);
    out << static_cast<int>(s.held.entries) << (s.last ? s.last->to_string() : "") << s.bars_since_exit;
    if (!s.series) continue;
    for (std::size_t i = 0; i < s.series->sources(); ++i) out.add(s.series->source(i));
    out.add(s.series->daily());
  }
  for (const auto& [symbol, runs] : in.memory.missing_exits) out << symbol << runs;
  return out.hash();
}

run_output run_strategy(const job_plan& plan, const run_input& in) { return strategy_pass(plan, in).run(); }

order_request request_for(const job_plan& plan, const job_signal& signal) {
  order_request r;
  r.account = account_id{plan.spec.account};
  r.strategy = strategy_id{plan.spec.strategy_id};
  r.symbol = signal.symbol;
  r.size = size_quantity{signal.qty};
  const bool entry = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::enter_short;
  const bool buys = signal.kind == signal_kind::enter_long || signal.kind == signal_kind::exit_short;
  r.side = buys ? (entry ? order_side::buy : order_side::buy_to_cover) : (entry ? order_side::sell_short : order_side::sell);
  r.limit_price = signal.limit;
  r.tif = entry ? plan.spec.orders.entry.tif : plan.spec.orders.exit.tif;
  if (entry && (signal.stop || signal.target)) {
    r.type = order_type::bracket;
    if (signal.stop) r.loss = stop_loss{*signal.stop, std::nullopt};
    if (signal.target) r.profit = take_profit{*signal.target};
  } else {
    r.type = signal.limit ? order_type::limit : order_type::market;
  }
  if (!entry) r.effect = position_effect::reduce_only;
  r.comment = (plan.spec.name + ": " + signal.reason).substr(0, 200);
  return r;
}

} // namespace tt::strategy
