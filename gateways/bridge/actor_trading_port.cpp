#include "gateways/bridge/actor_trading_port.hpp"

#include "gateways/bridge/account_calls.hpp"

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace tt::gateway {

using execution::account_access;

// --------------------------------------------------------------- watchers

struct trading_watchers::shared {
  mutable std::mutex mutex;
  std::map<subscription_id, std::shared_ptr<const trading_watcher>> all;
  subscription_id last = 0;

  [[nodiscard]] std::vector<std::shared_ptr<const trading_watcher>> now() const {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<const trading_watcher>> out;
    for (const auto& [id, one] : all) out.push_back(one);
    return out;
  }
};

std::shared_ptr<trading_watchers::shared> trading_watchers::make() { return std::make_shared<shared>(); }

subscription_id trading_watchers::add(trading_watcher who) {
  const std::lock_guard lock(shared_->mutex);
  shared_->all.emplace(++shared_->last, std::make_shared<const trading_watcher>(std::move(who)));
  return shared_->last;
}

void trading_watchers::remove(subscription_id id) {
  const std::lock_guard lock(shared_->mutex);
  shared_->all.erase(id);
}

void trading_watchers::order(const order_snapshot& what) const {
  for (const auto& one : shared_->now())
    if (one->on_order) one->on_order(what);
}

void trading_watchers::execution(const execution_snapshot& what) const {
  for (const auto& one : shared_->now())
    if (one->on_execution) one->on_execution(what);
}

void trading_watchers::account(const account_snapshot& what) const {
  for (const auto& one : shared_->now())
    if (one->on_account) one->on_account(what);
}

void trading_watchers::position(const position_snapshot& what) const {
  for (const auto& one : shared_->now())
    if (one->on_position) one->on_position(what);
}

void trading_watchers::risk(const risk_news& what) const {
  for (const auto& one : shared_->now())
    if (one->on_risk) one->on_risk(what);
}

// ------------------------------------------------------------------- port

namespace {

int severity_of(const std::string& journal) {
  static constexpr std::string_view order[] = {"ok", "starting", "failed", "taken_over", "read_only"};
  return static_cast<int>(std::ranges::find(order, journal) - std::begin(order));
}

} // namespace

actor_trading_port::actor_trading_port(std::shared_ptr<account_hosts> accounts, std::shared_ptr<trading_watchers> watchers,
                                       std::shared_ptr<const trading_metrics> figures)
  : accounts_(std::move(accounts)), watchers_(std::move(watchers)), figures_(std::move(figures)), health_(std::make_shared<known_health>()) {}

actor_trading_port::~actor_trading_port() = default;

namespace {

/// A stop of every account is written in each of them within this time.
constexpr std::chrono::seconds stop_echo{2};
/// Longest wait for the accounts' word about themselves.
constexpr std::chrono::seconds health_deadline{1};

using told_atom = caf::atom_constant<caf::atom("told")>;
using late_atom = caf::atom_constant<caf::atom("late")>;

} // namespace

trading_health actor_trading_port::known_health::summary(const std::vector<hosted_account>& hosted, const trading_metrics* figures) {
  trading_health out;
  if (figures) {
    out.fsync_p99_us = figures->write_p99_us();
    out.risk_p99_us = figures->check_p99_us();
  }
  const std::lock_guard lock(mutex);
  if (hosted.empty() || std::ranges::any_of(hosted, [&](const auto& one) { return !all.contains(one.id); })) return out;
  out.journal = "ok";
  out.is_ready = true;
  out.offset = all.at(hosted.front().id).offset;
  for (const auto& host : hosted) {
    const auto& one = all.at(host.id);
    if (severity_of(one.journal) > severity_of(out.journal)) {
      out.journal = one.journal;
      out.reason = host.id.str() + (one.reason.empty() ? "" : ": " + one.reason);
    }
    out.mode = std::max(out.mode, one.mode);
    out.is_ready = out.is_ready && one.is_reconciled && one.journal == "ok";
    out.orders_open += one.orders_open;
    out.orders_unknown += one.orders_unknown;
    out.differences[host.id] = one.differences;
    out.epoch = std::max(out.epoch, host.epoch);
    for (const auto& [state, count] : one.orders) out.orders[state] += count;
  }
  return out;
}

trading_health actor_trading_port::health() { return health_->summary(accounts_->all(), figures_.get()); }

void actor_trading_port::ask_health(std::function<void(const trading_health&)> done) {
  const auto hosted = accounts_->all();
  if (hosted.empty()) return done(health());
  // an actor of its own puts the answer together: the accounts have orders to see to
  hosted.front().actor.home_system().spawn<caf::hidden>(
    [kept = health_, figures = figures_, hosted, done = std::move(done)](caf::event_based_actor* self) -> caf::behavior {
      const auto finish = [self, kept, figures, hosted, done] {
        done(kept->summary(hosted, figures.get()));
        self->quit();
      };
      const auto open = std::make_shared<std::size_t>(hosted.size());
      const auto one_less = [open, finish] {
        if (--*open == 0) finish();
      };
      self->set_down_handler([one_less](const caf::down_msg&) { one_less(); }); // it won't answer any more
      for (const auto& one : hosted) {
        self->monitor(one.actor);
        post(one, [desk = one.desk, id = one.id, kept, asker = caf::actor_cast<caf::actor>(self)](account_access& in) {
          {
            auto now = desk->health(in);
            const std::lock_guard lock(kept->mutex);
            kept->all.insert_or_assign(id, std::move(now));
          }
          caf::anon_send(asker, told_atom::value);
        });
      }
      self->delayed_send(self, health_deadline, late_atom::value);
      return {[one_less](told_atom) { one_less(); }, [finish](late_atom) { finish(); }};
    });
}

result<account_id> actor_trading_port::default_account() const { return accounts_->usual(); }

result<hosted_account> actor_trading_port::find(const trading_caller& who, const std::optional<account_id>& named) const {
  const auto usual = default_account();
  if (!named && !usual) return usual.error();
  auto found = accounts_->find(named ? *named : *usual);
  if (!found) return found;
  if (auto within = who.reaches(found->id, found->mode); !within) return within.error();
  return found;
}

std::vector<account_id> actor_trading_port::reachable(const trading_caller& who) const {
  std::vector<account_id> out;
  for (const auto& one : accounts_->all())
    if (find(who, one.id)) out.push_back(one.id);
  return out;
}

void actor_trading_port::history(reply<std::vector<account_history>> done) {
  const trading_caller who{"stream", risk::access::trader, trading_caller::reach::all};
  with_all<account_history>(
    who, reachable(who),
    [done](result<std::vector<result<account_history>>> got) {
      if (!got) return done(got.error());
      std::vector<account_history> out; // one whose journal is damaged must not keep the news of the others back
      for (auto& one : *got)
        if (one) out.push_back(std::move(*one));
      done(std::move(out));
    },
    [](account_desk& desk, account_access& in, const auto& told) { desk.history(in, told); });
}

void actor_trading_port::accounts(const trading_caller& who, reply<std::vector<account_snapshot>> done) {
  with_all<account_snapshot>(
    who, reachable(who), [done](result<std::vector<result<account_snapshot>>> got) { done(all_of(got)); },
    [](account_desk& desk, account_access& in, const auto& told) {
      auto now = desk.account(in);
      if (now) return told(std::move(now));
      account_snapshot unknown; // the others are known all the same
      unknown.profile = desk.profile();
      unknown.active = unknown.trading = account_snapshot::state::off;
      unknown.trouble = now.error();
      told(std::move(unknown));
    });
}

void actor_trading_port::stops(const trading_caller& who, reply<std::vector<risk::kill_event>> done) {
  with_all<std::vector<risk::kill_event>>(
    who, reachable(who),
    [done](result<std::vector<result<std::vector<risk::kill_event>>>> got) {
      auto each = all_of(got);
      if (!each) return done(each.error());
      std::vector<risk::kill_event> out;
      // a stop of everything stands in every account's journal
      const auto is_same = [](const risk::kill_event& a, const risk::kill_event& b) {
        return a.what == b.what && a.scope == b.scope && a.mode == b.mode && a.reason == b.reason && a.at - b.at < stop_echo && b.at - a.at < stop_echo;
      };
      for (auto& list : *each)
        for (auto& one : list)
          if (std::ranges::none_of(out, [&](const auto& known) { return is_same(known, one); })) out.push_back(std::move(one));
      std::ranges::stable_sort(out, {}, &risk::kill_event::at);
      done(std::move(out));
    },
    [](account_desk& desk, account_access&, const auto& told) { told(desk.stops()); });
}

void actor_trading_port::positions(const trading_caller& who, std::optional<account_id> of, reply<std::vector<position_snapshot>> done) {
  with<std::vector<position_snapshot>>(who, of, std::move(done), [](account_desk& desk, account_access& in, const auto& told) {
    if (auto why = desk.trouble(in)) return told(*why);
    told(desk.positions());
  });
}

void actor_trading_port::orders(const trading_caller& who, order_filter filter, reply<std::vector<order_snapshot>> done) {
  const auto of = filter.account;
  with<std::vector<order_snapshot>>(who, of, std::move(done), [filter = std::move(filter)](account_desk& desk, account_access& in, const auto& told) {
    if (auto why = desk.trouble(in)) return told(*why);
    told(desk.orders(in, filter));
  });
}

void actor_trading_port::locate(const trading_caller& who, const order_name& name, reply<account_id> done) {
  if (name.account) return done(*name.account);
  const auto ids = reachable(who);
  if (ids.empty()) return done(error{errc::not_found, "there are no accounts", "account_id"});
  if (ids.size() == 1) return done(ids.front());
  with_all<order_snapshot>(
    who, ids,
    [done, ids](result<std::vector<result<order_snapshot>>> got) {
      if (!got) return done(got.error());
      std::optional<account_id> found;
      for (std::size_t i = 0; i < got->size(); ++i) {
        if (!(*got)[i]) continue;
        if (found) return done(error{errc::conflict, "several accounts have such an order: say whose is meant", "account_id"});
        found = ids[i];
      }
      if (found) return done(*found);
      for (const auto& one : *got) // it may be there
        if (one.error().code == errc::not_available) return done(one.error());
      done(got->front().error());
    },
    [name](account_desk& desk, account_access& in, const auto& told) { told(desk.order_of(in, name)); });
}

void actor_trading_port::order_of(const trading_caller& who, order_name name, reply<order_snapshot> done) {
  locate(who, name, [this, who, name, done = std::move(done)](const result<account_id>& of) {
    if (!of) return done(of.error());
    with<order_snapshot>(who, *of, done, [name](account_desk& desk, account_access& in, const auto& told) { told(desk.order_of(in, name)); });
  });
}

void actor_trading_port::executions(const trading_caller& who, order_filter filter, reply<std::vector<execution_snapshot>> done) {
  const auto of = filter.account;
  with<std::vector<execution_snapshot>>(who, of, std::move(done), [filter = std::move(filter)](account_desk& desk, account_access& in, const auto& told) {
    if (auto why = desk.trouble(in)) return told(*why);
    told(desk.executions(in, filter));
  });
}

void actor_trading_port::place(const trading_caller& who, place_order what, reply<placed_order> done) {
  const auto account = find(who, what.request.account);
  if (!account) return done(account.error());
  auto told = once<placed_order>(std::move(done));
  const auto symbol = what.request.symbol;
  // the gate does no I/O: what it reads of the symbol is there before the order is
  accounts_->prepare(symbol, [to = *account, who, what = std::move(what), told](const result<void>& known) {
    if (!known) return told(known.error());
    post(to, [desk = to.desk, who, what, told](account_access& in) { desk->place(in, who, what, told); });
  });
}

void actor_trading_port::preview(const trading_caller& who, order_request what, reply<order_preview> done) {
  const auto account = find(who, what.account);
  if (!account) return done(account.error());
  auto told = once<order_preview>(std::move(done));
  const auto symbol = what.symbol;
  accounts_->prepare(symbol, [to = *account, who, what = std::move(what), told](const result<void>& known) {
    if (!known) return told(known.error());
    post(to, [desk = to.desk, who, what, told](account_access& in) { told(desk->preview(in, who, what)); });
  });
}

void actor_trading_port::change(const trading_caller& who, order_name name, order_change change, reply<order_snapshot> done) {
  locate(who, name, [this, who, name, change = std::move(change), done = std::move(done)](const result<account_id>& of) {
    if (!of) return done(of.error());
    with<order_snapshot>(who, *of, done, [name, change](account_desk& desk, account_access& in, const auto& told) { desk.change(in, name, change, told); });
  });
}

void actor_trading_port::cancel(const trading_caller& who, order_name name, reply<cancelled_order> done) {
  locate(who, name, [this, who, name, done = std::move(done)](const result<account_id>& of) {
    if (!of) return done(of.error());
    with<cancelled_order>(who, *of, done, [who, name](account_desk& desk, account_access& in, const auto& told) { desk.cancel(in, who, name, told); });
  });
}

void actor_trading_port::cancel_all(const trading_caller& who, order_filter filter, reply<std::vector<order_id>> done) {
  const auto of = filter.account;
  with<std::vector<order_id>>(who, of, std::move(done), [who, filter = std::move(filter)](account_desk& desk, account_access& in, const auto& told) {
    told(desk.cancel_all(in, who, filter));
  });
}

void actor_trading_port::close(const trading_caller& who, close_request what, reply<closed_positions> done) {
  const auto of = what.account;
  with<closed_positions>(who, of, std::move(done), [who, what = std::move(what)](account_desk& desk, account_access& in, const auto& told) {
    desk.close(in, who, what, told);
  });
}

void actor_trading_port::close_unknown(const trading_caller& who, order_name name, std::string reason, reply<order_snapshot> done) {
  locate(who, name, [this, who, name, reason = std::move(reason), done = std::move(done)](const result<account_id>& of) {
    if (!of) return done(of.error());
    with<order_snapshot>(who, *of, done,
                         [who, name, reason](account_desk& desk, account_access& in, const auto& told) { desk.close_unknown(in, who, name, reason, told); });
  });
}

void actor_trading_port::retry(const trading_caller& who, order_name name, std::chrono::milliseconds wait, reply<placed_order> done) {
  locate(who, name, [this, who, name, wait, done = std::move(done)](const result<account_id>& of) {
    if (!of) return done(of.error());
    // as before a new order: what the gate reads of the symbol is there
    const auto go = [this, who, of = *of, name, wait, done](const result<void>& known) {
      if (!known) return done(known.error());
      with<placed_order>(who, of, done, [who, name, wait](account_desk& desk, account_access& in, const auto& told) { desk.retry(in, who, name, wait, told); });
    };
    with<order_snapshot>(
      who, *of,
      [hosts = accounts_, done, go](const result<order_snapshot>& found) {
        if (!found) return done(found.error());
        hosts->prepare(found->what.symbol, go);
      },
      [name](account_desk& desk, account_access& in, const auto& told) { told(desk.order_of(in, name)); });
  });
}

void actor_trading_port::accept(const trading_caller& who, accept_position what, reply<accepted_position> done) {
  const auto of = what.account;
  with<accepted_position>(who, of, std::move(done), [who, what = std::move(what)](account_desk& desk, account_access& in, const auto& told) {
    desk.accept(in, who, what, told);
  });
}

void actor_trading_port::performance(const trading_caller& who, std::optional<account_id> of, std::size_t points, reply<account_performance> done) {
  with<account_performance>(who, of, std::move(done), [points](account_desk& desk, account_access& in, const auto& told) { told(desk.performance(in, points)); });
}

void actor_trading_port::risk_state(const trading_caller& who, std::optional<account_id> of, reply<risk_snapshot> done) {
  with<risk_snapshot>(who, of, std::move(done), [](account_desk& desk, account_access& in, const auto& told) {
    if (auto why = desk.trouble(in)) return told(*why);
    told(desk.risk_state(in));
  });
}

void actor_trading_port::set_limits(const trading_caller& who, risk::limit_change change, reply<std::uint64_t> done) {
  // every account keeps the sets of all scopes: those that are not of one account go to all
  std::vector<account_id> meant;
  if (change.where.scope == risk::limit_scope::account) meant.emplace_back(change.where.name);
  else
    for (const auto& one : accounts_->all()) meant.push_back(one.id);
  with_all<std::uint64_t>(
    who, meant,
    [done](result<std::vector<result<std::uint64_t>>> got) {
      const auto all = all_of(got);
      if (!all) return done(all.error());
      if (all->empty()) return done(error{errc::not_found, "there are no accounts", "scope"});
      done(*std::ranges::max_element(*all));
    },
    [change = std::move(change)](account_desk& desk, account_access& in, const auto& told) { desk.set_limits(in, change, told); });
}

} // namespace tt::gateway
