#include "cluster/trading/market_watch_actor.hpp"

#include "actors/execution/paper_broker_actor.hpp"
#include "actors/execution/risk_gate.hpp"
#include "actors/market/caf_error.hpp"

#include <caf/send.hpp>

#include <utility>

namespace tt::cluster {

namespace {

using watch_pointer = caf::stateful_actor<market_watch_state>*;
using execution::market_seen;
using execution::market_ticks;

/// Pause before a symbol that must be known is asked for again.
constexpr std::chrono::seconds need_again{1};

/// A callback for the port that runs its work in the actor.
template <class T, class Work>
gateway::reply<T> in_actor(watch_pointer self, Work work) {
  return [me = caf::actor_cast<caf::actor>(self), work](result<T> got) {
    auto kept = std::make_shared<result<T>>(std::move(got));
    caf::anon_send(me, watch_task{std::make_shared<const std::function<void()>>([work, kept] { work(std::move(*kept)); })});
  };
}

/// Answers of one load; done when none is open.
struct loading {
  std::size_t open = 3;
  std::optional<error> failed;
  market::quote_snapshot quote;
  std::vector<market::trade_update> prints;
  market::history_reply days;
};

watched_symbol* find(watch_pointer self, const std::string& symbol) {
  const auto at = self->state.symbols.find(symbol);
  return at == self->state.symbols.end() ? nullptr : &at->second;
}

void drop(watch_pointer self, const std::string& symbol, const error& why) {
  auto node = self->state.symbols.extract(symbol);
  if (node.empty()) return;
  for (const auto id : node.mapped().subscriptions) self->state.port->unsubscribe(id);
  for (auto& one : node.mapped().waiting) one.deliver(to_caf_error(why));
}

/// The market as it stands; nothing while the currency has no rate.
std::shared_ptr<const market_seen> standing_market(watch_pointer self, const watched_symbol& entry) {
  const auto rate = self->state.rates->rate(entry.what->currency);
  return rate ? std::make_shared<const market_seen>(market_seen{entry.what->symbol, entry.picture.view(), *rate}) : nullptr;
}

void tell_account(watch_pointer self, const watched_symbol& entry) {
  const auto news = standing_market(self, entry);
  if (!news) return;
  for (const auto& one : self->state.receivers) self->send(one.account, news);
}

void tell_broker(watch_pointer self, const caf::actor& broker, const std::string& symbol, std::vector<tick> ticks) {
  if (broker && !ticks.empty()) self->send(broker, std::make_shared<const market_ticks>(market_ticks{symbol, std::move(ticks)}));
}

void tell_rates(watch_pointer self, const watched_symbol& entry) {
  const auto mark = entry.picture.mark();
  if (!mark) return;
  auto& s = self->state;
  for (const auto& currency : entry.prices) {
    const auto pair = find_rate_pair(s.port->instruments(), currency, s.rates->base());
    const auto rate = pair ? rate_of(*pair, *mark) : std::nullopt;
    if (!rate) continue;
    s.rates->set(currency, *rate);
    for (const auto& one : s.receivers)
      if (one.broker) self->send(one.broker, execution::currency_rate{currency, *rate});
  }
}

/// Everything that is known of a symbol, to one receiver.
void introduce(watch_pointer self, const watch_receiver& to, const watched_symbol& entry) {
  self->send(to.account, entry.facts); // as of loading
  if (const auto news = standing_market(self, entry)) self->send(to.account, news);
  const auto& currency = entry.what->currency;
  if (const auto rate = self->state.rates->rate(currency); rate && to.broker) self->send(to.broker, execution::currency_rate{currency, *rate});
  std::vector<tick> standing;
  if (entry.picture.quote()) standing.emplace_back(*entry.picture.quote());
  tell_broker(self, to.broker, entry.what->symbol, std::move(standing));
}

/// The account is told at once, and then no more than so often.
void tell_soon(watch_pointer self, watched_symbol& entry) {
  entry.has_news = true;
  if (std::exchange(entry.is_flush_due, true)) return;
  tell_account(self, entry);
  entry.has_news = false;
  self->delayed_send(self, account_update_pause, flush_atom::value, entry.what->symbol);
}

void on_update(watch_pointer self, const std::string& symbol, const market::market_update& update) {
  auto* entry = find(self, symbol);
  if (!entry) return;
  const auto seen = entry->picture.take(update);
  if (seen && self->state.on_time) self->state.on_time(timestamp_of(*seen));
  if (entry->now != watched_symbol::state::ready) return; // the first answers will show it
  if (seen)
    for (const auto& one : self->state.receivers) tell_broker(self, one.broker, symbol, {*seen});
  tell_rates(self, *entry);
  tell_soon(self, *entry);
}

void on_loaded(watch_pointer self, const std::string& symbol, const loading& got) {
  auto* entry = find(self, symbol);
  if (!entry) return;
  if (got.failed) return drop(self, symbol, *got.failed);
  auto& s = self->state;
  entry->picture.begin(got.quote, got.prints.empty() ? std::nullopt : std::optional{got.prints.front()});
  tell_rates(self, *entry);
  const auto rate = s.rates->rate(entry->what->currency);
  if (!rate) return drop(self, symbol, {errc::not_available, "no rate of " + entry->what->currency + " to " + s.rates->base() + " is known", "symbol"});
  execution::symbol_facts facts;
  facts.symbol = symbol;
  facts.view = execution::contract_view_of(*entry->what, *rate);
  add_history(facts, *got.days.bars, got.days.last_is_forming ? last_bar::forming : last_bar::closed, entry->what->kind);
  facts.market = entry->picture.view();
  entry->facts = std::make_shared<const execution::symbol_facts>(std::move(facts));
  entry->facts_at = s.port->market_time();
  entry->now = watched_symbol::state::ready;
  for (const auto& one : s.receivers) introduce(self, one, *entry);
  for (auto& one : std::exchange(entry->waiting, {})) one.deliver(symbol);
}

template <class T, class Keep>
gateway::reply<T> part(watch_pointer self, const std::string& symbol, const std::shared_ptr<loading>& all, Keep keep) {
  return in_actor<T>(self, [self, symbol, all, keep](result<T> got) {
    if (got) keep(*all, std::move(*got));
    else if (!all->failed) all->failed = got.error();
    if (--all->open == 0) on_loaded(self, symbol, *all);
  });
}

void load(watch_pointer self, const watched_symbol& entry) {
  const auto symbol = entry.what->symbol;
  auto& port = *self->state.port;
  const auto all = std::make_shared<loading>();
  port.quotes({symbol}, part<std::vector<market::quote_snapshot>>(self, symbol, all, [](loading& to, auto got) { to.quote = std::move(got.front()); }));
  port.trades(symbol, 1, part<std::vector<market::trade_update>>(self, symbol, all, [](loading& to, auto got) { to.prints = std::move(got); }));
  market::history_request days;
  days.symbol = symbol;
  days.frame = timeframe::days(1);
  days.to = port.market_time() + nanoseconds{1};
  days.countback = history_days;
  days.limit = history_days;
  port.history(std::move(days), part<market::history_reply>(self, symbol, all, [](loading& to, auto got) { to.days = std::move(got); }));
}

void subscribe(watch_pointer self, watched_symbol& entry) {
  const auto symbol = entry.what->symbol;
  for (const auto kind : {market::topic_kind::quotes, market::topic_kind::trades}) {
    market::topic wanted;
    wanted.kind = kind;
    wanted.symbol = symbol;
    entry.subscriptions.push_back(
      self->state.port->subscribe(wanted, [self, me = caf::actor_cast<caf::actor>(self), symbol](std::shared_ptr<const market::market_update> update) {
        caf::anon_send(me, watch_task{std::make_shared<const std::function<void()>>([self, symbol, update] { on_update(self, symbol, *update); })});
      }));
  }
}

/// The pair that tells the rate of a contract's currency must be known first.
void begin(watch_pointer self, watched_symbol& entry) {
  auto& s = self->state;
  const auto symbol = entry.what->symbol;
  const auto currency = entry.what->currency;
  if (s.rates->rate(currency)) return load(self, entry);
  const auto pair = find_rate_pair(s.port->instruments(), currency, s.rates->base());
  if (!pair) return drop(self, symbol, {errc::not_available, "no instrument tells the rate of " + currency + " to " + s.rates->base(), "symbol"});
  if (pair->pair->symbol == symbol) { // it tells its own
    entry.prices.push_back(currency);
    return load(self, entry);
  }
  self->request(caf::actor_cast<caf::actor>(self), caf::infinite, need_atom::value, pair->pair->symbol)
    .then(
      [self, symbol, currency](const std::string& name) {
        if (auto* teller = find(self, name)) {
          teller->prices.push_back(currency);
          tell_rates(self, *teller);
        }
        if (const auto* waits = find(self, symbol)) load(self, *waits);
      },
      [self, symbol](const caf::error& e) { drop(self, symbol, from_caf_error(e)); });
}

caf::result<std::string> need(watch_pointer self, const std::string& symbol) {
  auto& s = self->state;
  const auto* what = s.port->instruments().find(symbol);
  if (!what) return to_caf_error({errc::unknown_symbol, "unknown symbol " + symbol, "symbol"});
  auto* known = find(self, what->symbol);
  const bool is_old = known && known->now == watched_symbol::state::ready && s.port->market_time() - known->facts_at > facts_age;
  if (known && known->now == watched_symbol::state::ready && !is_old) return what->symbol;
  if (!known && s.symbols.size() >= max_watched)
    return to_caf_error({errc::limit_exceeded, "more than " + std::to_string(max_watched) + " symbols are watched", "symbol"});
  auto promise = self->make_response_promise<std::string>();
  auto& entry = s.symbols[what->symbol];
  entry.waiting.push_back(promise);
  if (known && !is_old) return promise; // loading already
  entry.what = what;
  entry.now = watched_symbol::state::loading;
  if (entry.subscriptions.empty()) subscribe(self, entry);
  begin(self, entry);
  return promise;
}

void receive(watch_pointer self, const watch_receiver& who) {
  auto& s = self->state;
  s.receivers.push_back(who);
  self->monitor(who.account);
  for (const auto& [symbol, entry] : s.symbols)
    if (entry.now == watched_symbol::state::ready) introduce(self, who, entry);
}

} // namespace

caf::behavior market_watch_actor(watch_pointer self, gateway::market_port* port, std::shared_ptr<rate_board> rates, market_time_listener on_time) {
  self->state.port = port;
  self->state.rates = std::move(rates);
  self->state.on_time = std::move(on_time);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.receivers, [&](const watch_receiver& one) { return one.account.address() == down.source; });
  });
  return {
    [self](need_atom, const std::string& symbol) { return need(self, symbol); },
    [self](const need_request& wanted) {
      self->request(caf::actor_cast<caf::actor>(self), caf::infinite, need_atom::value, wanted.symbol)
        .then([done = wanted.done](const std::string&) { if (done) done({}); },
              [self, wanted](const caf::error& e) {
                if (wanted.done) wanted.done(from_caf_error(e));
                else self->delayed_send(self, need_again, wanted);
              });
    },
    [self](const watch_receiver& who) { receive(self, who); },
    [](const watch_task& task) { (*task.run)(); },
    [self](flush_atom, const std::string& symbol) {
      auto* entry = find(self, symbol);
      if (!entry) return;
      entry->is_flush_due = false;
      if (entry->has_news) tell_soon(self, *entry);
    },
  };
}

} // namespace tt::cluster
