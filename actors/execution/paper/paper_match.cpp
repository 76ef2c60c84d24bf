// Matching: what a quote, a trade or a bar executes. The rules of paths, touches and
// limits are those of the backtester (actors/model/fill_rules.hpp).

#include "actors/execution/paper/paper_broker.hpp"
#include "actors/model/fill_rules.hpp"

#include <algorithm>
#include <set>

namespace tt::execution::paper {

namespace {

bool is_stop_kind(order_type type) {
  return type == order_type::stop || type == order_type::stop_limit || type == order_type::trailing_stop;
}

/// Whether a moment of an earlier event belongs to the trading day of `now`: yesterday's quote fills nothing.
bool is_of_today(const exchange_calendar& calendar, utc_time then, utc_time now) {
  const auto a = calendar.day_at(then, session_hours::extended), b = calendar.day_at(now, session_hours::extended);
  return a && b && a->day == b->day;
}

quantity smaller(quantity a, quantity b) { return a < b ? a : b; }

price middle(price a, price b) { return price{decimal::divide(a.value() + b.value(), decimal{2})}; }

} // namespace

void paper_broker::on_quote(std::string_view symbol, const quote_tick& quote) {
  run_until(quote.ts);
  const auto known = markets_.find(symbol);
  if (known == markets_.end()) return;
  auto& m = known->second;
  ++m.events;
  m.quote = quote;
  glimpse g;
  if (quote.bid_size.value().is_positive()) {
    g.bid = quote.bid;
    g.bid_size = quote.bid_size;
  }
  if (quote.ask_size.value().is_positive()) {
    g.ask = quote.ask;
    g.ask_size = quote.ask_size;
  }
  if (g.bid && g.ask) m.mark = middle(quote.bid, quote.ask);
  match(symbol, m, g, now_);
}

void paper_broker::on_trade(std::string_view symbol, const trade_tick& trade) {
  run_until(trade.ts);
  const auto known = markets_.find(symbol);
  if (known == markets_.end()) return;
  auto& m = known->second;
  ++m.events;
  if (settings_.fills.basis == fill_basis::path) follow_path(symbol, m, trade);
  m.trade = trade;
  m.mark = trade.px;
  // the quote that stands says where a market order trades; the print is what touches levels
  auto g = standing(m, now_);
  g.is_standing = false;
  g.last = trade.px;
  g.last_size = trade.size;
  match(symbol, m, g, now_);
}

/// From the print before to this one, where both are of one bar. A new bar may begin anywhere: a limit that it jumps over
/// fills at its opening, which is better.
void paper_broker::follow_path(std::string_view symbol, market& m, const trade_tick& trade) {
  const auto bar_of = [&](utc_time t) { return t.time_since_epoch() / settings_.fills.path_bar; };
  if (m.trade && bar_of(m.trade->ts) == bar_of(trade.ts)) return walk(symbol, m, m.trade->px, trade.px, now_, now_);
  for (auto& [number, order] : open_)
    if (order.asked.symbol == symbol) order.has_rested = false;
}

paper_broker::glimpse paper_broker::standing(const market& m, utc_time now) {
  glimpse g;
  g.is_standing = true;
  if (m.quote && is_of_today(*m.what.calendar, m.quote->ts, now)) {
    if (m.quote->bid_size.value().is_positive()) {
      g.bid = m.quote->bid;
      g.bid_size = m.quote->bid_size;
    }
    if (m.quote->ask_size.value().is_positive()) {
      g.ask = m.quote->ask;
      g.ask_size = m.quote->ask_size;
    }
  }
  if (m.trade && is_of_today(*m.what.calendar, m.trade->ts, now)) {
    g.last = m.trade->px;
    g.last_size = m.trade->size;
  }
  return g;
}

void paper_broker::match(std::string_view symbol, market& m, glimpse g, utc_time now) {
  for (auto at = open_.begin(); at != open_.end();) {
    const auto& order = at->second;
    const bool takes_part = order.asked.symbol == symbol && order.status == venue_status::working;
    at = takes_part ? match_one(at, m, g, now) : std::next(at);
  }
}

void paper_broker::trail(paper_order& order, const market& m, const glimpse& g) {
  if (order.asked.terms.type != order_type::trailing_stop || order.is_triggered) return;
  const auto now = g.last ? g.last : order.is_buy() ? g.ask : g.bid;
  if (!now) return;
  const auto& t = order.asked.terms;
  decimal distance;
  if (t.trail_offset) distance = t.trail_offset->value();
  else distance = decimal::divide(now->value().abs() * *t.trail_percent, decimal{100});
  const auto level = order.is_buy() ? now->value() + distance : now->value() - distance;
  // onto the grid, away from the market: never earlier than asked
  const price stop{level.rounded_to(m.what.tick.value(), order.is_buy() ? rounding::up : rounding::down)};
  // never back: it stands where the best price put it
  if (!order.stop || (order.is_buy() ? stop < *order.stop : stop > *order.stop)) order.stop = stop;
}

stop_progress paper_broker::progress_of(const paper_order& order) {
  const bool trails = order.asked.terms.type == order_type::trailing_stop;
  return {trails ? order.stop : std::nullopt, order.is_triggered};
}

void paper_broker::note_progress(std::uint64_t number, const paper_order& order) {
  if (progress_of(order) != order.told) moved_.insert(number);
}

/// The touch of a stop is told at once, how far one trails now and then.
void paper_broker::tell_progress(utc_time now) {
  std::erase_if(moved_, [&](std::uint64_t number) {
    const auto at = open_.find(number);
    if (at == open_.end()) return true;
    auto& order = at->second;
    const auto progress = progress_of(order);
    if (progress == order.told) return true;
    if (progress.is_triggered == order.told.is_triggered && order.told_at + progress_every > now) return false;
    order.told = progress;
    order.told_at = now;
    report(order);
    return true;
  });
}

bool paper_broker::stop_is_touched(const paper_order& order, const market& m, const glimpse& g) {
  if (!order.stop) return false;
  const auto meets = [&](const std::optional<price>& at) { return at && fills::stop_met(*order.stop, order.is_buy(), *at); };
  // markets with a tape are touched by prints, others by the side on which the order would trade
  const bool by_quote = m.what.basis != price_basis::trade || !m.trade;
  if (meets(g.last)) return true;
  return by_quote && !g.is_bar && meets(order.is_buy() ? g.ask : g.bid);
}

std::optional<paper_broker::offer> paper_broker::offer_for(const paper_order& order, const market& m, const glimpse& g) const {
  const bool is_buy = order.is_buy();
  const auto other_side = is_buy ? g.ask : g.bid;
  const auto& limit = order.asked.terms.limit_price;
  if (limit) {
    if (other_side && !g.is_bar && fills::limit_met(*limit, is_buy, *other_side)) {
      if (!order.has_rested) return offer{*other_side, size_of::quote}; // it came to the market: the price that stands
      const bool crossed = settings_.fills.basis != fill_basis::mid_cross
                           || (g.bid && g.ask && fills::limit_met(*limit, is_buy, middle(*g.bid, *g.ask)));
      if (crossed) return offer{*limit, size_of::quote};
    }
    if (g.last && !g.is_standing && fills::limit_met(*limit, is_buy, *g.last)) {
      // without a quote a print beyond the limit is what crossing looks like
      if (settings_.fills.basis == fill_basis::mid_cross && !g.is_bar && *g.last == *limit) return std::nullopt;
      return offer{order.has_rested ? *limit : fills::better_of(*limit, *g.last, is_buy), size_of::print};
    }
    return std::nullopt;
  }
  const bool has_book = (g.bid || g.ask) && !g.is_bar;
  const auto base = has_book ? other_side : g.last; // prints alone where there is no book
  if (!base || base->value().is_zero()) return std::nullopt; // nothing ever trades at 0
  const auto slip = price{m.what.tick.value() * decimal{settings_.fills.slippage_ticks}};
  const auto at = is_buy ? *base + slip : *base - slip;
  // slippage does not make a price that can't be
  const bool can_be = at.value().is_positive() || (at.value().is_negative() && m.what.allows_non_positive_price());
  return offer{can_be ? at : *base, has_book ? size_of::quote : size_of::print};
}

quantity paper_broker::take_size(const paper_order& order, market& m, glimpse& g, size_of source) const {
  if (settings_.fills.partial == partial_fills::off) return order.rest();
  auto& shown = source == size_of::print ? g.last_size : order.is_buy() ? g.ask_size : g.bid_size;
  if (!shown) return {};
  auto size = smaller(order.rest(), *shown);
  if (size < order.rest()) size = quantity{size.value().rounded_to(m.what.lot.value(), rounding::down)};
  if (order.asked.terms.tif == time_in_force::fok && size < order.rest()) return {};
  // what one order took is not there for the next, until the market shows more
  *shown -= size;
  if (source == size_of::quote && m.quote) (order.is_buy() ? m.quote->ask_size : m.quote->bid_size) = *shown;
  return size;
}

paper_broker::order_list::iterator paper_broker::match_one(order_list::iterator at, market& m, glimpse& g, utc_time now) {
  auto& order = at->second;
  const auto& t = order.asked.terms;
  const bool waits_for_news = settings_.fills.waits_for_news() && m.events == order.placed_event;
  if (waits_for_news) return std::next(at);
  if (is_stop_kind(t.type) && !order.is_triggered) {
    trail(order, m, g);
    order.is_triggered = stop_is_touched(order, m, g);
    note_progress(at->first, order);
    if (!order.is_triggered) return std::next(at);
    order.at = now;
  }
  if (const auto offered = offer_for(order, m, g)) {
    const auto size = take_size(order, m, g, offered->source);
    if (size.value().is_positive()) {
      fill(order, m, offered->px, size, t.limit_price && order.has_rested ? liquidity::maker : liquidity::taker, now);
      if (order.rest().is_zero()) return finish(at, venue_status::filled, {}, now);
      report(order);
    }
  } else if (t.limit_price && (g.bid || g.ask || g.last)) {
    order.has_rested = true;
  }
  const bool at_once = t.tif == time_in_force::ioc || t.tif == time_in_force::fok;
  if (at_once && !g.is_standing) return finish(at, venue_status::cancelled, "could not be executed at once", now);
  return std::next(at);
}

void paper_broker::on_bar(std::string_view symbol, const bar& what, utc_time closed_at) {
  run_until(closed_at);
  const auto known = markets_.find(symbol);
  if (known == markets_.end()) return;
  auto& m = known->second;
  ++m.events;
  const auto path = fills::bar_path(what.open, what.high, what.low, what.close);
  glimpse g;
  g.is_bar = true;
  g.last = path[0];
  g.last_size = what.volume;
  m.mark = path[0];
  // the open: what waited for it, and levels that the market jumped over
  for (auto at = open_.begin(); at != open_.end();) {
    const auto& order = at->second;
    const bool takes_part = order.asked.symbol == symbol && order.status == venue_status::working && order.placed_at <= what.open_time;
    at = takes_part ? match_one(at, m, g, now_) : std::next(at);
  }
  for (std::size_t i = 1; i < path.size(); ++i) walk(symbol, m, path[i - 1], path[i], what.open_time, now_);
  m.mark = what.close;
}

void paper_broker::walk(std::string_view symbol, market& m, price from, price to, utc_time began, utc_time now) {
  const bool rises = to > from;
  if (from == to) return;
  // every round executes the order whose level comes first
  std::set<std::uint64_t> idle; // reached, but nothing came of it
  for (std::size_t round = 0; round <= max_open_orders; ++round) {
    auto next = open_.end();
    std::optional<price> nearest;
    for (auto at = open_.begin(); at != open_.end(); ++at) {
      auto& order = at->second;
      if (order.asked.symbol != symbol || order.status != venue_status::working || order.placed_at > began || idle.contains(at->first)) continue;
      const bool is_stop = is_stop_kind(order.asked.terms.type) && !order.is_triggered;
      const auto level = is_stop ? order.stop : order.asked.terms.limit_price;
      if (!level) continue;
      // rising prices reach buy stops and sell limits, falling ones the others
      const bool by_rise = is_stop == order.is_buy();
      const bool is_between = rises ? *level > from && *level <= to : *level < from && *level >= to;
      if (by_rise != rises || !is_between) continue;
      // to be crossed, the path must go on beyond the limit
      if (settings_.fills.basis == fill_basis::mid_cross && !is_stop && *level == to) continue;
      if (!nearest || (rises ? *level < *nearest : *level > *nearest)) {
        nearest = level;
        next = at;
      }
    }
    if (next == open_.end()) break;
    glimpse g;
    g.is_bar = true;
    g.last = *nearest;
    g.last_size = next->second.rest(); // volume inside of a bar has no place: it bounds nothing
    const bool rests = !is_stop_kind(next->second.asked.terms.type) || next->second.is_triggered;
    next->second.has_rested = rests && next->second.asked.terms.limit_price.has_value();
    const auto number = next->first;
    const auto before = next->second.rest();
    const bool was_triggered = next->second.is_triggered;
    match_one(next, m, g, now);
    from = *nearest;
    const auto after = open_.find(number);
    const bool did_nothing = after != open_.end() && after->second.rest() == before && after->second.is_triggered == was_triggered;
    if (did_nothing) idle.insert(number);
  }
  // trailing stops follow to the end of the stretch
  glimpse g;
  g.is_bar = true;
  g.last = to;
  for (auto& [number, order] : open_) {
    if (order.asked.symbol != symbol || order.status != venue_status::working || order.placed_at > began) continue;
    trail(order, m, g);
    note_progress(number, order);
  }
}

execution_fees paper_broker::fees_of(direction way, quantity size, price at, const market& m) const {
  const auto& f = settings_.fills.fees;
  const auto value = notional(price{at.value().abs()}, size, m.what.multiplier).value() * rates_.find(m.what.currency)->second;
  execution_fees out;
  out.commission = money{f.commission_per_unit.value() * size.value() + f.commission_ratio * value};
  out.exchange = money{f.exchange_per_unit.value() * size.value()};
  if (way == direction::sell) out.regulatory = money{f.regulatory_sell_ratio * value};
  return out;
}

void paper_broker::fill(paper_order& order, market& m, price at, quantity size, liquidity taken, utc_time now) {
  const auto way = direction_of(order.asked.terms.side);
  execution_report out;
  out.order = order.handle(session_);
  out.id = execution_id{session_ + "-" + std::to_string(next_execution_++)};
  out.symbol = order.asked.symbol;
  out.way = way;
  out.qty = size;
  out.px = at;
  out.taken = taken;
  out.fees = fees_of(way, size, at, m);
  if (order.filled.is_zero()) out.fees.commission += settings_.fills.fees.commission_per_order;
  out.at = now;
  auto& held = positions_[order.asked.symbol];
  if (held.symbol.empty()) {
    held.symbol = order.asked.symbol;
    held.contract = contract_of(m.what);
  }
  order_fill booked;
  booked.id = out.id;
  booked.symbol = out.symbol;
  booked.way = way;
  booked.qty = size;
  booked.px = at;
  booked.fees = out.fees;
  booked.fx = rates_.find(m.what.currency)->second;
  booked.at = now;
  const auto effect = apply_fill(held, booked);
  if (!effect) return; // numbers that no account can hold: the order stays as it is
  cash_ += effect->cash_change;
  order.filled += size;
  order.filled_value += at.value() * size.value();
  order.at = now;
  out.cumulative = order.filled;
  if (executions_.size() >= max_history) executions_.pop_front();
  executions_.push_back(out);
  reports_.emplace_back(std::move(out));
}

account_balances paper_broker::balances(utc_time now) const {
  account_balances out;
  out.at = now;
  out.cash = cash_;
  out.settled_cash = cash_;
  decimal equity = cash_.value(), gross, margin, maintenance; // gross: of what is paid for, or has no margin known
  bool is_marked = true, is_margined = false, has_margins = true;
  for (const auto& [symbol, held] : positions_) {
    if (held.qty.is_zero()) continue;
    const auto m = markets_.find(symbol);
    const auto rate = rates_.find(held.contract.currency);
    if (m == markets_.end() || !m->second.mark || rate == rates_.end()) {
      is_marked = false;
      continue;
    }
    const auto value = market_value(held, *m->second.mark, rate->second);
    const auto open = open_pnl(held, *m->second.mark, rate->second);
    if (!value || !open) {
      is_marked = false;
      continue;
    }
    equity += held.contract.style == settlement::spot ? value->value() : open->value();
    const bool by_margin = held.contract.style == settlement::margined && m->second.initial_margin;
    if (!by_margin) gross += value->value().abs();
    if (held.contract.style != settlement::margined) continue;
    is_margined = true;
    has_margins = has_margins && by_margin;
    if (!by_margin) continue;
    const auto units = held.qty.value().abs() * rate->second;
    margin += m->second.initial_margin->value() * units;
    maintenance += m->second.what.maintenance_margin.value_or(*m->second.initial_margin).value() * units;
  }
  if (!is_marked) return out; // a position without a price has no value: equity is not known
  out.equity = money{equity};
  if (has_margins && (is_margined || settings_.type == account_type::futures)) {
    out.initial_margin = money{margin};
    out.maintenance_margin = money{maintenance};
  }
  const auto room = [](decimal v) { return money{v.is_negative() ? decimal{} : v}; };
  switch (settings_.type) {
  case account_type::cash:
  case account_type::crypto: out.buying_power = room(cash_.value() - margin); break;
  case account_type::margin:
  case account_type::pdt: out.buying_power = room((equity - margin) * settings_.leverage - gross); break;
  case account_type::futures:
    if (has_margins) out.buying_power = room(equity - margin);
    break;
  }
  return out;
}

} // namespace tt::execution::paper
