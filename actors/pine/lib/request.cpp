#include "actors/pine/limits.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/requests.hpp"

#include <algorithm>

/// request.*: expressions on other symbols and timeframes, and figures from data that the user supplied.

namespace tt::pine {

namespace {
timeframe frame_of(const site& c, const std::string& text) {
  if (text.empty()) return c.ctx->tf;
  auto tf = timeframe::parse(text);
  if (!tf) c.stop("\"" + text + "\" isn't a timeframe");
  return *tf;
}
bool same_frame(const timeframe& a, const timeframe& b) { return a.unit == b.unit && a.count == b.count; }

/// Why a request on bricks, lines or columns can't be answered: TradingView builds them from the prices of a timeframe that
/// depends on the user's plan and doesn't publish how it lays several of them on one bar (Pine manual, "Non-standard charts
/// data"), so anything made here would be other bars than its own.
std::string no_such_bars(const std::string& symbol) {
  return "request.security(): this kind of chart (" + symbol + ") isn't supported: TradingView makes its bars from prices of a shorter timeframe by a rule that isn't public; ticker.heikinashi() is";
}

/// Heikin-Ashi bars of ordinary ones (ticker.heikinashi).
std::vector<bar> heikin_ashi(const std::vector<bar>& bars) {
  std::vector<bar> out;
  out.reserve(bars.size());
  for (const auto& b : bars) {
    bar h = b;
    h.close = (b.open + b.high + b.low + b.close) / 4;
    h.open = out.empty() ? (b.open + b.close) / 2 : (out.back().open + out.back().close) / 2;
    h.high = std::max({b.high, h.open, h.close});
    h.low = std::min({b.low, h.open, h.close});
    out.push_back(h);
  }
  return out;
}
} // namespace

request_instance::request_instance(context& owner, std::shared_ptr<const request_plan> plan, std::string symbol,
                                   timeframe tf, request_options options)
    : owner_(owner), plan_(std::move(plan)), symbol_(std::move(symbol)), tf_(tf), lookahead_(options.lookahead), asked_currency_(options.currency) {
  ++owner.shared.request_streams;
  auto base = symbol_.substr(0, symbol_.find('|'));
  bool own = base.empty() || base == owner.symbol->tickerid() || base == owner.symbol->ticker;
  auto* source = owner.shared.settings.data;
  std::shared_ptr<const symbol_info> info = own ? owner.symbol : source != nullptr ? source->info(base) : nullptr;
  known_ = info != nullptr;
  if (!known_) return;
  bool plain = symbol_.find("|chart=") == std::string::npos;
  if (!plain && symbol_.find("|chart=heikinashi") == std::string::npos) throw script_stop{no_such_bars(symbol_)};
  inner_ = std::make_unique<context>(plan_->body, owner.shared, info, tf_, owner.inputs, plain ? chart_kind::standard : chart_kind::heikin_ashi);
  if (options.currency != "NONE" && options.currency != info->currency) currency_ = options.currency;
  if (own && !base.empty()) base = owner.symbol->tickerid();
  if (source != nullptr) {
    const auto* data = source->bars(own ? owner.symbol->tickerid() : base, tf_);
    if (data != nullptr) bars_ = &data->bars;
  }
  if (!plain) {
    if (bars_ == nullptr) throw script_stop{"request.security(): there is no history for " + symbol_};
    auto& kept = owner.shared.derived[symbol_ + "@" + tf_.text(true)];
    if (kept == nullptr) {
      kept = std::make_unique<symbol_data>();
      kept->bars = heikin_ashi(*bars_);
    }
    bars_ = &kept->bars;
  }
  if (bars_ != nullptr) {
    auto n = static_cast<std::int64_t>(bars_->size());
    if (options.last_bars > 0 && options.last_bars < n) next_ = static_cast<std::size_t>(n - options.last_bars);
    return;
  }
  if (!own) {
    known_ = false;
    return;
  }
  same_ = same_frame(tf_, owner.tf);
  auto last = owner.shared.settings.last_bar_index;
  if (same_ && options.last_bars > 0 && &owner == owner.shared.root) first_bar_ = std::max<std::int64_t>(0, last + 1 - options.last_bars);
  building_ = !same_ && tf_.seconds() > owner.tf.seconds();
}

request_instance::~request_instance() { --owner_.shared.request_streams; }

std::int64_t request_instance::close_of(std::size_t i) const {
  return inner_->cal.bar_close(tf_, (*bars_)[i].time_ms);
}

bar request_instance::in_currency(bar b) const {
  if (currency_.empty()) return b;
  auto* source = owner_.shared.settings.data;
  auto pair = inner_->symbol->currency + currency_;
  auto rate = source != nullptr ? source->value("currency_rate", pair, b.time_ms) : std::nullopt;
  if (!rate) throw script_stop{"there is no rate for \"" + pair + "\"; supply it"};
  for (double* price : {&b.open, &b.high, &b.low, &b.close}) *price *= *rate;
  return b;
}

void request_instance::step(const bar& b, bool last, bool fresh) {
  bar_flags f;
  f.fresh = fresh;
  f.last = last;
  owner_.shared.charge(1);
  inner_->execute(in_currency(b), f);
  any_ = true;
  fresh_ = true;
}

/// Brings the instance to the owner's present bar.
void request_instance::advance_merge(bool) {
  fresh_ = developing_ = false;
  auto t = owner_.current.time_ms;
  if (same_) {
    if (owner_.index < first_bar_) return;
    bool again = last_index_ == owner_.index && any_;
    last_index_ = owner_.index;
    step(owner_.current, owner_.flags.last, !again);
    return;
  }
  if (bars_ != nullptr) {
    bool equal = same_frame(tf_, owner_.tf);
    auto close = equal || lookahead_ ? 0 : owner_.time_close();
    while (next_ < bars_->size()) {
      const auto& b = (*bars_)[next_];
      if (b.time_ms > t && (equal || lookahead_)) {
        // sessions that open at other hours still belong to the same day
        if (!equal || tf_.intraday() || owner_.cal.period(tf_, t) < inner_->cal.period(tf_, b.time_ms)) break;
      }
      if (!equal && !lookahead_ && close_of(next_) > close) break;
      if (b.time_ms < t && (equal || close_of(next_) <= t)) owner_.shared.begin_past_bar();
      step(b, next_ + 1 == bars_->size(), true);
      ++next_;
    }
    go_live();
  }
  if (building_) advance_building();
}

void request_instance::go_live() {
  bool own = inner_->symbol == owner_.symbol && symbol_.find('|') == std::string::npos;
  if (!owner_.flags.realtime || !own || tf_.seconds() <= owner_.tf.seconds()) return;
  auto period = owner_.cal.period(tf_, owner_.current.time_ms);
  if (next_ < bars_->size()) {
    if (owner_.cal.period(tf_, (*bars_)[next_].time_ms) != period) return;
    building_bar_ = (*bars_)[next_]; // the history ended inside of this bar
    building_started_ = true;
    building_ran_ = false;
  } else {
    building_started_ = !bars_->empty() && owner_.cal.period(tf_, bars_->back().time_ms) == period;
    building_ran_ = building_started_;
    if (building_started_) building_bar_ = bars_->back();
  }
  building_period_ = period;
  bars_ = nullptr;
  building_ = true;
}

/// Bars of the longer timeframe, made of the owner's.
void request_instance::advance_building() {
  const auto& now = owner_.current;
  auto t = now.time_ms;
  auto period = owner_.cal.period(tf_, t);
  bool complete = owner_.time_close() >= owner_.cal.period_close(tf_, t);
  if (last_index_ == owner_.index) { // the same bar again (a call in a loop)
    if (owner_.flags.realtime && !building_ran_) develop(building_bar_);
    return;
  }
  last_index_ = owner_.index;
  if (building_started_ && period != building_period_ && !building_ran_) step(building_bar_, false, true);
  if (!building_started_ || period != building_period_) {
    building_bar_ = now;
    building_bar_.time_ms = owner_.cal.bar_open(tf_, t);
    building_started_ = true;
    building_ran_ = false;
    building_period_ = period;
  } else {
    building_bar_.high = std::max(building_bar_.high, now.high);
    building_bar_.low = std::min(building_bar_.low, now.low);
    building_bar_.close = now.close;
    building_bar_.volume += now.volume;
  }
  if (building_ran_) return;
  if (complete && owner_.flags.confirmed) {
    step(building_bar_, owner_.flags.last, true);
    building_ran_ = true;
  } else if (owner_.flags.realtime) {
    develop(building_bar_);
  }
}

void request_instance::develop(const bar& b) {
  auto outer = inner_->exchange_saved({});
  auto outer_position = saved_;
  bool was_any = any_;
  outer_ = &outer;
  inner_->save();
  keep_position();
  auto log = owner_.shared.objects.open_inner();
  try {
    bar_flags f;
    f.fresh = true;
    f.last = true;
    f.realtime = true;
    f.confirmed = false;
    owner_.shared.charge(1);
    inner_->execute(in_currency(b), f);
  } catch (...) {
    outer_ = nullptr;
    throw; // the script ends here: nothing is taken back any more
  }
  shown_numbers_.assign(plan_->results.size(), na_value);
  shown_references_.assign(plan_->results.size(), nullptr);
  for (std::size_t k = 0; k < plan_->results.size(); ++k) {
    if (is_reference(*plan_->body->types, plan_->types[k])) shown_references_[k] = inner_->ref[plan_->results[k]];
    else shown_numbers_[k] = inner_->num[plan_->results[k]];
  }
  inner_->restore();
  owner_.shared.objects.roll_back(log);
  back_to_position();
  saved_ = outer_position;
  inner_->exchange_saved(std::move(outer));
  outer_ = nullptr;
  any_ = was_any;
  developing_ = fresh_ = true;
}

void request_instance::keep_position() {
  saved_ = {next_, any_, building_started_, building_ran_, building_, bars_, building_bar_, building_period_, last_index_,
            inner_->index, inner_->now, inner_->current, inner_->prev_time, inner_->prev_close};
}

void request_instance::back_to_position() {
  next_ = saved_.next;
  any_ = saved_.any;
  building_started_ = saved_.started;
  building_ran_ = saved_.ran;
  building_ = saved_.building;
  bars_ = saved_.bars;
  building_bar_ = saved_.built;
  building_period_ = saved_.period;
  last_index_ = saved_.last_index;
  inner_->index = saved_.index;
  inner_->now = saved_.now;
  inner_->current = saved_.current;
  inner_->prev_time = saved_.prev_time;
  inner_->prev_close = saved_.prev_close;
}

void request_instance::save() {
  if (inner_ == nullptr) return;
  keep_position();
  inner_->save();
}
void request_instance::restore() {
  if (inner_ == nullptr) return;
  inner_->restore();
  back_to_position();
}
void request_instance::forget() {
  if (inner_ != nullptr) inner_->forget();
}
void request_instance::mark(heap& h) const {
  if (inner_ == nullptr) return;
  inner_->mark(h);
  if (outer_ != nullptr) inner_->mark(*outer_, h);
  for (auto* o : shown_references_) h.mark(o);
}

namespace {

/// Counts a request: equal ones count once, wherever they stand.
void count_unique(const site& c, const std::string& what) {
  auto& all = c.shared().requested;
  all.insert(std::string(c.plan->name) + " " + what);
  if (all.size() > limits::requests) c.stop("the script makes more than " + std::to_string(limits::requests) + " different requests");
}
void count(const site& c, const request_plan& plan, const std::string& symbol, const timeframe& tf, const request_options& options) {
  const auto& s = c.shared();
  count_unique(c, std::to_string(plan.expression) + "|" + (symbol.empty() ? c.ctx->symbol->tickerid() : symbol) + "|" + tf.text(true) +
                      (options.lookahead ? "|1|" : "|0|") + options.currency + "|" + std::to_string(options.last_bars));
  if (s.request_streams >= limits::request_streams)
    c.stop("more than " + std::to_string(limits::request_streams) + " requests would run at a time, equal ones at different places counted each");
}

/// The instance for the call's present symbol and timeframe; made when it is asked for first.
request_instance* instance(const site& c, const std::string& symbol, const timeframe& tf, request_options options) {
  auto& ctx = *c.ctx;
  const auto& plan = ctx.prog->requests[c.plan->aux];
  for (auto& i : ctx.instances)
    if (i->is_for(plan.get(), symbol, tf, options)) return i.get();
  count(c, *plan, symbol, tf, options);
  ctx.instances.push_back(std::make_unique<request_instance>(ctx, plan, symbol, tf, std::move(options)));
  return ctx.instances.back().get();
}

void give_na(const site& c) {
  const auto& types = *c.ctx->prog->types;
  for (std::size_t k = 0; k < c.plan->outs.size(); ++k) {
    if (is_reference(types, c.plan->out_types[k])) c.reto(k, nullptr);
    else c.ret(k, c.plan->out_types[k] == t_bool && c.ctx->prog->version >= 6 ? 0 : na_value);
  }
}

void unknown_symbol(const site& c, const std::string& symbol, const timeframe& tf) {
  c.stop("there are no bars for " + symbol + " on timeframe " + tf.text(true) + "; supply them, or use ignore_invalid_symbol=true");
}

/// Of the chart's own symbol on a shorter timeframe for which nobody gave bars.
void warn_of_no_data(const site& c, const timeframe& tf, const char* what_comes) {
  c.shared().warn(std::string(c.plan->name) + "(): there are no bars of " + c.ctx->symbol->tickerid() + " on timeframe " + tf.text(true) + ", so " +
                  what_comes + "; supply them");
}

} // namespace

/// Arguments: symbol, timeframe, gaps, lookahead, ignore_invalid_symbol, currency, calc_bars_count.
void security(site& c) {
  auto tf = frame_of(c, c.s(1));
  auto* found = instance(c, c.s(0), tf, {c.s(3) == "lookahead_on", c.s(5), c.i(6)});
  if (!found->known()) {
    if (!c.b(4)) unknown_symbol(c, c.s(0), tf);
    return give_na(c);
  }
  if (found->without_data()) warn_of_no_data(c, tf, "the values are na");
  found->advance_merge(false);
  bool gaps = c.s(2) == "gaps_on";
  if (!found->any() || (gaps && !found->fresh())) return give_na(c);
  const auto& plan = *c.ctx->prog->requests[c.plan->aux];
  const auto& types = *c.ctx->prog->types;
  for (std::size_t k = 0; k < plan.results.size(); ++k) {
    if (is_reference(types, plan.types[k])) c.reto(k, found->reference(k));
    else c.ret(k, found->number(k));
  }
}

/// Arguments: symbol, timeframe, ignore_invalid_symbol, currency, ignore_invalid_timeframe, calc_bars_count.
void security_lower(site& c) {
  auto tf = frame_of(c, c.s(1));
  const auto& types = *c.ctx->prog->types;
  const auto& plan = *c.ctx->prog->requests[c.plan->aux];
  std::vector<array_object*> lists;
  for (std::size_t k = 0; k < plan.types.size(); ++k) {
    lists.push_back(c.mem().make<array_object>(plan.types[k], is_reference(types, plan.types[k])));
    c.reto(k, lists.back());
  }
  if (tf.seconds() > c.ctx->tf.seconds()) {
    if (c.b(4)) return give_na(c);
    c.stop("the timeframe " + tf.text(true) + " is longer than the chart's");
  }
  auto* found = instance(c, c.s(0), tf, {false, c.s(3), c.i(5)});
  if (!found->known()) {
    if (!c.b(2)) unknown_symbol(c, c.s(0), tf);
    return give_na(c);
  }
  auto keep = [&] {
    for (std::size_t k = 0; k < plan.results.size(); ++k) {
      if (lists[k]->is_ref) lists[k]->ref.push_back(found->reference(k));
      else lists[k]->num.push_back(found->number(k));
    }
  };
  if (found->same_) {
    found->advance_merge(false);
    if (found->fresh()) keep();
    return;
  }
  if (found->without_data()) warn_of_no_data(c, tf, "the arrays are empty");
  if (found->bars_ == nullptr) return;
  auto from = c.ctx->current.time_ms, to = c.ctx->time_close();
  if (c.ctx->flags.next_time_ms > from) to = std::min(to, c.ctx->flags.next_time_ms);
  while (found->next_ < found->bars_->size()) {
    const auto& b = (*found->bars_)[found->next_];
    if (b.time_ms >= to) break;
    if (b.time_ms < from) c.shared().begin_past_bar();
    found->step(b, false, true);
    ++found->next_;
    if (b.time_ms >= from) keep();
  }
}

namespace {

/// Figures that only the user can supply. `key` names what was asked for; with gaps a figure shows once, on the bar
/// that it falls into.
void supplied(const site& c, const char* kind, const std::string& key, bool ignore, const std::string& gaps) {
  count_unique(c, key);
  auto* source = c.shared().settings.data;
  const auto& x = *c.ctx;
  auto v = source != nullptr ? source->value(kind, key, x.current.time_ms) : std::nullopt;
  if (!v && !ignore)
    c.stop("there is no data for \"" + key + "\"; supply it, or use ignore_invalid_symbol=true");
  if (v && gaps == "gaps_on" && x.index > 0) {
    auto since = source->value_time(kind, key, x.current.time_ms);
    if (since && *since <= x.prev_time) return c.ret(na_value);
  }
  c.ret(v ? *v : na_value);
}
void currency_rate(site& c) {
  if (c.s(0) == c.s(1)) return c.ret(1);
  supplied(c, "currency_rate", c.s(0) + c.s(1), c.b(2), "");
}
void dividends(site& c) { supplied(c, "dividends", c.s(0) + "|" + c.s(1), c.b(4), c.s(2)); }
void splits(site& c) { supplied(c, "splits", c.s(0) + "|" + c.s(1), c.b(4), c.s(2)); }
void earnings(site& c) { supplied(c, "earnings", c.s(0) + "|" + c.s(1), c.b(4), c.s(2)); }
void financial(site& c) { supplied(c, "financial", c.s(0) + "|" + c.s(1) + "|" + c.s(2), c.b(4), c.s(3)); }
void economic(site& c) { supplied(c, "economic", c.s(0) + "|" + c.s(1), c.b(3), c.s(2)); }
void quandl(site& c) { supplied(c, "quandl", c.s(0) + "|" + std::to_string(c.i(2)), c.b(3), c.s(1)); }
/// Arguments: source, symbol, ignore_invalid_symbol, calc_bars_count. The data source knows seeds as "source:symbol".
void seed(site& c) {
  auto symbol = c.s(0) + ":" + c.s(1);
  auto* found = instance(c, symbol, c.ctx->tf, {false, "", c.i(3)});
  if (!found->known()) {
    if (!c.b(2)) unknown_symbol(c, symbol, c.ctx->tf);
    return give_na(c);
  }
  found->advance_merge(false);
  if (!found->any()) return give_na(c);
  const auto& plan = *c.ctx->prog->requests[c.plan->aux];
  for (std::size_t k = 0; k < plan.results.size(); ++k) {
    if (is_reference(*c.ctx->prog->types, plan.types[k])) c.reto(k, found->reference(k));
    else c.ret(k, found->number(k));
  }
}
void footprint(site& c) { c.stop("there is no footprint data: it needs a feed of trades by side"); }

} // namespace

const std::vector<builtin_row>& request_rows() {
#define GAPS "simple string gaps=\"gaps_off\", simple string lookahead=\"lookahead_off\", simple bool ignore_invalid_symbol=false, "
  static const std::vector<builtin_row> rows{
      {"request.security(string symbol, string timeframe, any expression, " GAPS "string currency=\"\", simple int calc_bars_count=0) any", security, 0, special::request},
      {"request.security_lower_tf(string symbol, string timeframe, any expression, simple bool ignore_invalid_symbol=false, string currency=\"\", simple bool ignore_invalid_timeframe=false, simple int calc_bars_count=0) any", security_lower, 0, special::request},
      {"request.seed(simple string source, simple string symbol, any expression, simple bool ignore_invalid_symbol=false, simple int calc_bars_count=0) any", seed, 0, special::request},
      {"request.currency_rate(string from, string to, simple bool ignore_invalid_currency=false) float", currency_rate},
      {"request.dividends(string ticker, string field=\"gross\", " GAPS "string currency=\"\") float", dividends},
      {"request.splits(string ticker, string field, " GAPS "string currency=\"\") float", splits},
      {"request.earnings(string ticker, string field=\"actual\", " GAPS "string currency=\"\") float", earnings},
      {"request.financial(string symbol, string financial_id, string period, simple string gaps=\"gaps_off\", simple bool ignore_invalid_symbol=false, string currency=\"\") float", financial},
      {"request.economic(string country_code, string field, simple string gaps=\"gaps_off\", simple bool ignore_invalid_symbol=false) float", economic},
      {"request.quandl(string ticker, simple string gaps=\"gaps_off\", simple int index=0, simple bool ignore_invalid_symbol=false) float", quandl},
      {"request.footprint(int ticks_per_row, int va_percent=70, float imbalance_percent=300) footprint", footprint, 0, special::none, 6},
      {"footprint.buy_volume(footprint id) float", footprint, 0, special::none, 6},
      {"footprint.sell_volume(footprint id) float", footprint, 0, special::none, 6},
      {"footprint.total_volume(footprint id) float", footprint, 0, special::none, 6},
      {"footprint.delta(footprint id) float", footprint, 0, special::none, 6},
      {"footprint.poc(footprint id) volume_row", footprint, 0, special::none, 6},
      {"footprint.vah(footprint id) volume_row", footprint, 0, special::none, 6},
      {"footprint.val(footprint id) volume_row", footprint, 0, special::none, 6},
      {"footprint.rows(footprint id) array<volume_row>", footprint, 0, special::none, 6},
      {"footprint.get_row_by_price(footprint id, float price) volume_row", footprint, 0, special::none, 6},
      {"volume_row.buy_volume(volume_row id) float", footprint, 0, special::none, 6},
      {"volume_row.sell_volume(volume_row id) float", footprint, 0, special::none, 6},
      {"volume_row.total_volume(volume_row id) float", footprint, 0, special::none, 6},
      {"volume_row.delta(volume_row id) float", footprint, 0, special::none, 6},
      {"volume_row.down_price(volume_row id) float", footprint, 0, special::none, 6},
      {"volume_row.up_price(volume_row id) float", footprint, 0, special::none, 6},
      {"volume_row.has_buy_imbalance(volume_row id) bool", footprint, 0, special::none, 6},
      {"volume_row.has_sell_imbalance(volume_row id) bool", footprint, 0, special::none, 6},
  };
  return rows;
}

} // namespace tt::pine
