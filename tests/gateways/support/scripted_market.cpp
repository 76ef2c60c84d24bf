#include "tests/gateways/support/scripted_market.hpp"

#include <algorithm>
#include <set>

namespace tt::gateway::test {

namespace {

instrument make_instrument(std::string symbol, std::string exchange, std::string description, asset_class kind,
                           std::string calendar) {
  instrument out;
  out.symbol = std::move(symbol);
  out.exchange = std::move(exchange);
  out.description = std::move(description);
  out.kind = kind;
  out.calendar_id = std::move(calendar);
  if (auto found = find_calendar(out.calendar_id)) out.calendar = *found;
  return out;
}

instrument_master test_universe() {
  std::vector<instrument> list;
  list.push_back(make_instrument("AAPL", "NASDAQ", "Apple Inc.", asset_class::stock, "XNAS"));
  list.back().borrowable = true;
  list.push_back(make_instrument("MSFT", "NASDAQ", "Microsoft Corporation", asset_class::stock, "XNAS"));
  list.push_back(make_instrument("SPY", "ARCX", "SPDR S&P 500 ETF Trust", asset_class::etf, "XNYS"));
  list.push_back(make_instrument("ES1!", "CME", "E-mini S&P 500 futures, continuous", asset_class::futures, "CME_EQUITY"));
  list.back().tick = price{decimal::from_scaled(25, 2)};
  list.back().multiplier = decimal{50};
  list.back().roll_date = civil_date::of(2026, 3, 16);
  list.back().venue_symbols = {{"tradovate", "ESH6"}};
  list.push_back(make_instrument("EURUSD", "FX", "Euro / US dollar", asset_class::forex, "FOREX"));
  list.back().tick = price{decimal::from_scaled(1, 5)};
  list.back().basis = price_basis::bid;
  list.push_back(make_instrument("BTCUSD", "COINBASE", "Bitcoin / US dollar", asset_class::crypto, "24X7"));
  list.back().lot = quantity{decimal::from_scaled(1, 8)};
  auto made = instrument_master::make(std::move(list));
  TT_ASSERT(made.has_value());
  return std::move(made).value();
}

market::topic topic_of(const market::market_update& update) {
  struct visitor {
    market::topic operator()(const market::quote_snapshot& q) const { return {market::topic_kind::quotes, q.symbol, {}, {}}; }
    market::topic operator()(const market::trade_update& t) const { return {market::topic_kind::trades, t.symbol, {}, {}}; }
    market::topic operator()(const market::bar_update& b) const {
      return {market::topic_kind::bars, b.symbol, b.frame, b.hours};
    }
  };
  return std::visit(visitor{}, update);
}

/// Timeframe and hours count for bars only.
market::topic normalized(market::topic what) {
  if (what.kind != market::topic_kind::bars) {
    what.frame = {};
    what.hours = {};
  }
  return what;
}

} // namespace

scripted_market::scripted_market() : scripted_market(test_universe()) {}

scripted_market::scripted_market(instrument_master instruments)
    : instruments_(std::move(instruments)), now_(from_unix_seconds(1'768'487'700)) {}

void scripted_market::set_time(utc_time now) {
  std::lock_guard guard{mutex_};
  now_ = now;
}

void scripted_market::set_quote(market::quote_snapshot quote) {
  std::lock_guard guard{mutex_};
  quotes_[quote.symbol] = std::move(quote);
}

market::quote_snapshot scripted_market::make_quote(std::string symbol, std::string_view last, utc_time ts) {
  market::quote_snapshot out;
  const price at = price::parse(last).value();
  const price half{decimal::from_scaled(1, 2)};
  out.symbol = std::move(symbol);
  out.ts = ts;
  out.last = at;
  out.last_size = quantity{100};
  out.bid = at - half;
  out.ask = at + half;
  out.bid_size = quantity{300};
  out.ask_size = quantity{200};
  out.volume = quantity{1000};
  out.open = out.high = out.low = at;
  out.prev_close = at - price{1};
  out.source = "sim";
  out.state = market::freshness::fresh;
  out.market = market_state::regular;
  out.seq = 1;
  return out;
}

void scripted_market::set_bars(std::string symbol, timeframe frame, session_hours hours, std::vector<bar> bars,
                               market::bar_state last) {
  std::lock_guard guard{mutex_};
  series_[{std::move(symbol), frame, hours}] = {std::move(bars), last};
}

std::vector<bar> scripted_market::make_bars(utc_time first, nanoseconds step, std::size_t count) {
  std::vector<bar> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto cents = [&](int extra) {
      return price{decimal::from_scaled(10'000 + static_cast<std::int64_t>(i) + extra, 2)};
    };
    out.push_back({first + step * static_cast<std::int64_t>(i), cents(0), cents(5), cents(-5), cents(2),
                   quantity{static_cast<std::int64_t>(1000 + i)}});
  }
  return out;
}

void scripted_market::add_trade(market::trade_update trade) {
  std::lock_guard guard{mutex_};
  tape_[trade.symbol].push_back(std::move(trade));
}

void scripted_market::set_feeds(std::vector<market::feed_status> feeds) {
  std::lock_guard guard{mutex_};
  feeds_ = std::move(feeds);
}

void scripted_market::fail(operation what, std::optional<error> reason) {
  std::lock_guard guard{mutex_};
  if (reason) failures_[what] = *reason;
  else failures_.erase(what);
}

void scripted_market::hold_replies() {
  std::lock_guard guard{mutex_};
  if (!held_) held_.emplace();
}

void scripted_market::release_replies() {
  std::deque<std::function<void()>> jobs;
  {
    std::lock_guard guard{mutex_};
    if (held_) jobs.swap(*held_);
    held_.reset();
  }
  for (auto& job : jobs) job();
}

std::size_t scripted_market::held_replies() const {
  std::lock_guard guard{mutex_};
  return held_ ? held_->size() : 0;
}

void scripted_market::publish(market::market_update update) {
  auto shared = std::make_shared<const market::market_update>(std::move(update));
  const market::topic what = topic_of(*shared);
  std::vector<update_handler> receivers;
  {
    std::lock_guard guard{mutex_};
    newest_[what] = shared;
    for (const auto& [id, one] : subscribers_)
      if (one.what == what) receivers.push_back(one.on_update);
  }
  for (const auto& receiver : receivers) receiver(shared);
}

std::size_t scripted_market::subscriptions() const {
  std::lock_guard guard{mutex_};
  return subscribers_.size();
}

std::vector<market::topic> scripted_market::topics() const {
  std::lock_guard guard{mutex_};
  std::set<market::topic> out;
  for (const auto& [id, one] : subscribers_) out.insert(one.what);
  return {out.begin(), out.end()};
}

std::vector<market::history_request> scripted_market::history_requests() const {
  std::lock_guard guard{mutex_};
  return requests_;
}

utc_time scripted_market::market_time() const {
  std::lock_guard guard{mutex_};
  return now_;
}

std::optional<error> scripted_market::failure(operation what) const {
  const auto found = failures_.find(what);
  return found == failures_.end() ? std::nullopt : std::optional{found->second};
}

void scripted_market::answer(std::function<void()> job) {
  {
    std::lock_guard guard{mutex_};
    if (held_) {
      held_->push_back(std::move(job));
      return;
    }
  }
  job();
}

void scripted_market::quotes(std::vector<std::string> symbols, reply<std::vector<market::quote_snapshot>> done) {
  std::unique_lock guard{mutex_};
  result<std::vector<market::quote_snapshot>> out{std::vector<market::quote_snapshot>{}};
  if (auto reason = failure(operation::quotes)) out = *reason;
  else
    for (const auto& symbol : symbols) {
      const auto found = quotes_.find(symbol);
      market::quote_snapshot unknown;
      unknown.symbol = symbol;
      out->push_back(found == quotes_.end() ? unknown : found->second);
    }
  guard.unlock();
  answer([done = std::move(done), out = std::move(out)] { done(out); });
}

result<market::history_reply> scripted_market::cut(const market::history_request& request) const {
  if (auto reason = failure(operation::history)) return *reason;
  if (instruments_.find(request.symbol) == nullptr)
    return error{errc::unknown_symbol, "no instrument " + request.symbol, "symbol"};
  market::history_reply out;
  auto picked = std::make_shared<std::vector<bar>>();
  const auto found = series_.find({request.symbol, request.frame, request.hours});
  if (found != series_.end()) {
    const auto& all = found->second.bars;
    const auto before = [](const bar& b, utc_time t) { return b.open_time < t; };
    const auto end = std::lower_bound(all.begin(), all.end(), request.to, before);
    auto begin = all.begin();
    std::ptrdiff_t most = request.limit;
    if (request.countback > 0) most = std::min<std::ptrdiff_t>(most, request.countback);
    else if (request.from) begin = std::min(std::lower_bound(all.begin(), all.end(), *request.from, before), end);
    if (begin == end && begin != all.begin()) out.previous = std::prev(begin)->open_time;
    picked->assign(std::max(begin, end - std::min<std::ptrdiff_t>(most, end - all.begin())), end);
    out.last_is_forming = end == all.end() && !picked->empty() && found->second.last == market::bar_state::forming;
  }
  out.bars = std::move(picked);
  return out;
}

void scripted_market::history(market::history_request request, reply<market::history_reply> done) {
  std::unique_lock guard{mutex_};
  requests_.push_back(request);
  auto out = cut(request);
  guard.unlock();
  answer([done = std::move(done), out = std::move(out)] { done(out); });
}

void scripted_market::trades(std::string symbol, std::uint32_t limit, reply<std::vector<market::trade_update>> done) {
  std::unique_lock guard{mutex_};
  result<std::vector<market::trade_update>> out{std::vector<market::trade_update>{}};
  if (auto reason = failure(operation::trades)) out = *reason;
  else {
    const auto& tape = tape_[symbol];
    for (auto it = tape.rbegin(); it != tape.rend() && out->size() < limit; ++it) out->push_back(*it);
  }
  guard.unlock();
  answer([done = std::move(done), out = std::move(out)] { done(out); });
}

void scripted_market::feeds(reply<std::vector<market::feed_status>> done) {
  std::unique_lock guard{mutex_};
  result<std::vector<market::feed_status>> out{feeds_};
  if (auto reason = failure(operation::feeds)) out = *reason;
  guard.unlock();
  answer([done = std::move(done), out = std::move(out)] { done(out); });
}

void scripted_market::step_feed(std::string name, std::uint32_t count, reply<std::uint32_t> done) {
  std::unique_lock guard{mutex_};
  const bool known = std::ranges::find(feeds_, name, &market::feed_status::name) != feeds_.end();
  result<std::uint32_t> out{count};
  if (!known) out = error{errc::not_found, "no feed is called " + name, "name"};
  guard.unlock();
  answer([done = std::move(done), out = std::move(out)] { done(out); });
}

subscription_id scripted_market::subscribe(market::topic what, update_handler on_update) {
  what = normalized(std::move(what));
  std::unique_lock guard{mutex_};
  const subscription_id id = next_id_++;
  subscribers_[id] = {what, on_update};
  const auto found = newest_.find(what);
  const auto newest = found == newest_.end() ? nullptr : found->second;
  guard.unlock();
  if (newest) on_update(newest);
  return id;
}

void scripted_market::unsubscribe(subscription_id id) {
  std::lock_guard guard{mutex_};
  subscribers_.erase(id);
}

} // namespace tt::gateway::test
