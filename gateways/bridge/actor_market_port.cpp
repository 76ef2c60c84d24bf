#include "gateways/bridge/actor_market_port.hpp"

#include "gateways/bridge/bridge_end.hpp"

#include "actors/market/caf_error.hpp"
#include "gateways/bridge/bridge_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace tt::gateway {

namespace {

void post(const caf::actor& bridge, std::function<void(bridge_pointer)> work) {
  caf::anon_send(bridge, bridge_task{std::make_shared<const std::function<void(bridge_pointer)>>(std::move(work))});
}

/// Gathers answers of several requests, in the order of the questions. A part that
/// can't answer leaves its default value, so that one lost node doesn't take the
/// others' answers along; only when nobody answers is the whole an error.
template <class T>
struct gathering {
  std::vector<T> values;
  std::size_t open = 0;
  std::size_t failed = 0;
  std::optional<error> failure;
  reply<std::vector<T>> done;

  void finish_one() {
    if (--open > 0) return;
    if (failure && failed == values.size()) done(*failure);
    else done(std::move(values));
  }
  void fail_one(const error& e) {
    failure = e;
    ++failed;
    finish_one();
  }
};

/// Resolves the symbol, asks it, hands the answer on.
template <class Answer, class Map, class... Question>
void ask_symbol(bridge_pointer self, const std::string& symbol, std::function<void(result<typename std::invoke_result_t<Map, Answer>>)> done,
                Map map, Question... question) {
  with_symbol(self, symbol, [=](const result<caf::actor>& found) {
    if (!found) {
      done(found.error());
      return;
    }
    self->request(*found, ask_deadline, question...)
      .then([=](Answer& value) { done(map(std::move(value))); }, [=](const caf::error& e) { done(from_caf_error(e)); });
  });
}

} // namespace

/// Handlers by id, so that unsubscribe can stop a handler before its task runs.
struct actor_market_port::subscriptions {
  struct entry {
    market::topic what;
    std::shared_ptr<subscriber> who;
  };
  std::mutex mutex;
  subscription_id last_id = 0;
  std::unordered_map<subscription_id, entry> by_id;
};

actor_market_port::actor_market_port(caf::actor_system& system, std::shared_ptr<const instrument_master> master,
                                     caf::actor directory, feed_list feeds, std::function<utc_time()> market_clock,
                                     topic_plane plane)
  : master_(std::move(master)), market_clock_(std::move(market_clock)), feeds_(std::move(feeds)),
    subscriptions_(std::make_shared<subscriptions>()) {
  bridge_ = system.spawn(bridge_actor, std::move(directory), std::move(plane));
}

void actor_market_port::end() { end_bridge(bridge_); }

actor_market_port::~actor_market_port() {
  for (auto& [id, entry] : subscriptions_->by_id) entry.who->cancelled.store(true, std::memory_order_release);
  caf::anon_send_exit(bridge_, caf::exit_reason::user_shutdown);
}

void actor_market_port::quotes(std::vector<std::string> symbols, reply<std::vector<market::quote_snapshot>> done) {
  if (symbols.empty()) {
    done(std::vector<market::quote_snapshot>{});
    return;
  }
  post(bridge_, [symbols = std::move(symbols), done = std::move(done)](bridge_pointer self) {
    auto all = std::make_shared<gathering<market::quote_snapshot>>();
    all->values.resize(symbols.size());
    all->open = symbols.size();
    all->done = done;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      all->values[i].symbol = symbols[i]; // without prices: it waits
      const auto on_answer = [all, i](result<market::quote_snapshot> quote) {
        if (!quote) return all->fail_one(quote.error());
        all->values[i] = std::move(*quote);
        all->finish_one();
      };
      ask_symbol<market::quote_snapshot>(self, symbols[i], std::function<void(result<market::quote_snapshot>)>(on_answer),
                                         [](market::quote_snapshot q) { return q; }, market::quote_atom::value);
    }
  });
}

void actor_market_port::history(market::history_request request, reply<market::history_reply> done) {
  post(bridge_, [request = std::move(request), done = std::move(done)](bridge_pointer self) {
    ask_symbol<market::history_reply>(self, request.symbol, done, [](market::history_reply r) { return r; }, request);
  });
}

void actor_market_port::trades(std::string symbol, std::uint32_t limit, reply<std::vector<market::trade_update>> done) {
  post(bridge_, [symbol = std::move(symbol), limit, done = std::move(done)](bridge_pointer self) {
    ask_symbol<market::trade_list>(self, symbol, done, [](market::trade_list list) { return std::move(list.trades); },
                                   market::trades_atom::value, limit);
  });
}

void actor_market_port::feeds(reply<std::vector<market::feed_status>> done) {
  auto feeds = feeds_();
  if (feeds.empty()) {
    done(std::vector<market::feed_status>{});
    return;
  }
  post(bridge_, [feeds = std::move(feeds), done = std::move(done)](bridge_pointer self) {
    auto all = std::make_shared<gathering<market::feed_status>>();
    all->values.resize(feeds.size());
    all->open = feeds.size();
    all->done = done;
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      all->values[i].name = feeds[i].name;
      all->values[i].state = "missing";
      all->values[i].detail = feeds[i].actor ? "does not answer" : "no node runs this feed at the moment";
      if (!feeds[i].actor) {
        all->finish_one();
        continue;
      }
      self->request(feeds[i].actor, ask_deadline, market::status_atom::value)
        .then(
          [all, i](market::feed_status& status) {
            all->values[i] = std::move(status);
            all->finish_one();
          },
          [all](const caf::error& e) { all->fail_one(from_caf_error(e)); });
    }
  });
}

void actor_market_port::step_feed(std::string name, std::uint32_t count, reply<std::uint32_t> done) {
  const auto feeds = feeds_();
  const auto at = std::ranges::find(feeds, name, &feed_handle::name);
  if (at == feeds.end()) return done(error{errc::not_found, "no feed is called " + name, "name"});
  if (!at->actor) return done(error{errc::not_available, "no node runs the feed " + name + " at the moment", "name"});
  post(bridge_, [feed = at->actor, count, done = std::move(done)](bridge_pointer self) {
    self->request(feed, ask_deadline, market::step_atom::value, count)
      .then([done](std::uint32_t handed_out) { done(handed_out); }, [done](const caf::error& e) { done(from_caf_error(e)); });
  });
}

subscription_id actor_market_port::subscribe(market::topic what, update_handler on_update) {
  auto who = std::make_shared<subscriber>();
  who->on_update = std::move(on_update);
  {
    const std::lock_guard lock(subscriptions_->mutex);
    who->id = ++subscriptions_->last_id;
    subscriptions_->by_id.emplace(who->id, subscriptions::entry{what, who});
  }
  post(bridge_, [what = std::move(what), who](bridge_pointer self) { add_subscriber(self, what, who); });
  return who->id;
}

void actor_market_port::unsubscribe(subscription_id id) {
  market::topic what;
  {
    const std::lock_guard lock(subscriptions_->mutex);
    const auto at = subscriptions_->by_id.find(id);
    if (at == subscriptions_->by_id.end()) return;
    at->second.who->cancelled.store(true, std::memory_order_release);
    what = std::move(at->second.what);
    subscriptions_->by_id.erase(at);
  }
  post(bridge_, [what = std::move(what), id](bridge_pointer self) { remove_subscriber(self, what, id); });
}

} // namespace tt::gateway
