#include "gateways/bridge/actor_trading_port.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace tt::gateway {

using execution::account_access;
using execution::account_task;

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

// ------------------------------------------------------------------- port

namespace {

/// An answer that comes once; where the account's actor is gone and drops the question, it says so.
template <class T>
class answer_once {
public:
  explicit answer_once(reply<T> done) : done_(std::move(done)) {}
  ~answer_once() { give(error{errc::not_available, "the account is not hosted here any more", "account_id"}); }
  answer_once(const answer_once&) = delete;
  answer_once& operator=(const answer_once&) = delete;
  void give(result<T> got) {
    if (auto done = std::exchange(done_, {})) done(std::move(got));
  }

private:
  reply<T> done_;
};

template <class T>
reply<T> once(reply<T> done) {
  auto kept = std::make_shared<answer_once<T>>(std::move(done));
  return [kept](result<T> got) { kept->give(std::move(got)); };
}

void post(const caf::actor& account, account_task work) { caf::anon_send(account, std::make_shared<const account_task>(std::move(work))); }

int severity_of(const std::string& journal) {
  static constexpr std::string_view order[] = {"ok", "starting", "failed", "taken_over", "read_only"};
  return static_cast<int>(std::ranges::find(order, journal) - std::begin(order));
}

} // namespace

struct actor_trading_port::known_health {
  std::mutex mutex;
  std::map<account_id, desk_health> all;
};

actor_trading_port::actor_trading_port(std::vector<hosted_account> accounts, std::shared_ptr<trading_watchers> watchers, preparer prepare)
  : accounts_(std::move(accounts)), watchers_(std::move(watchers)), prepare_(std::move(prepare)), health_(std::make_shared<known_health>()) {}

actor_trading_port::~actor_trading_port() = default;

trading_health actor_trading_port::health() {
  for (const auto& one : accounts_)
    post(one.actor, [desk = one.desk, id = one.id, kept = health_](account_access& in) {
      auto now = desk->health(in);
      const std::lock_guard lock(kept->mutex);
      kept->all.insert_or_assign(id, std::move(now));
    });
  trading_health out;
  const std::lock_guard lock(health_->mutex);
  if (health_->all.size() < accounts_.size() || accounts_.empty()) return out;
  out.journal = "ok";
  out.is_ready = true;
  out.offset = health_->all.at(accounts_.front().id).offset;
  for (const auto& [id, one] : health_->all) {
    if (severity_of(one.journal) > severity_of(out.journal)) out.journal = one.journal;
    out.mode = std::max(out.mode, one.mode);
    out.is_ready = out.is_ready && one.is_reconciled && one.journal != "starting";
    out.orders_open += one.orders_open;
    out.orders_unknown += one.orders_unknown;
    for (const auto& [state, count] : one.orders) out.orders[state] += count;
  }
  return out;
}

result<account_id> actor_trading_port::default_account() const {
  if (accounts_.empty()) return error{errc::not_found, "there are no accounts", "account_id"};
  return accounts_.front().id;
}

result<const hosted_account*> actor_trading_port::find(const trading_caller& who, const std::optional<account_id>& named) const {
  const auto usual = default_account();
  if (!named && !usual) return usual.error();
  const auto& id = named ? *named : *usual;
  const auto at = std::ranges::find(accounts_, id, &hosted_account::id);
  if (at == accounts_.end()) return error{errc::not_found, "no account " + quoted(id.str()), "account_id"};
  if (who.accounts == trading_caller::reach::paper_only && at->mode != account_mode::paper)
    return error{errc::refused, "only paper accounts without an identity", "account_id"};
  return &*at;
}

template <class T, class Work>
void actor_trading_port::with(const trading_caller& who, const std::optional<account_id>& named, reply<T> done, Work work) {
  const auto account = find(who, named);
  if (!account) return done(account.error());
  post((*account)->actor, [desk = (*account)->desk, done = once<T>(std::move(done)), work = std::move(work)](account_access& in) {
    work(*desk, in, done);
  });
}

void actor_trading_port::accounts(const trading_caller& who, reply<std::vector<account_snapshot>> done) {
  struct gathering {
    std::mutex mutex;
    std::map<account_id, account_snapshot> got;
    std::optional<error> failed;
    std::size_t open = 0;
  };
  auto all = std::make_shared<gathering>();
  std::vector<account_id> ids;
  for (const auto& one : accounts_)
    if (find(who, one.id)) ids.push_back(one.id);
  if (ids.empty()) return done(std::vector<account_snapshot>{});
  all->open = ids.size();
  for (const auto& id : ids)
    with<account_snapshot>(
      who, id,
      [all, id, done, ids](result<account_snapshot> got) {
        {
          const std::lock_guard lock(all->mutex);
          if (got) all->got.emplace(id, std::move(*got));
          else all->failed = got.error();
          if (--all->open > 0) return;
        }
        if (all->failed) return done(*all->failed);
        std::vector<account_snapshot> out;
        for (const auto& one : ids) out.push_back(all->got.at(one));
        done(std::move(out));
      },
      [](account_desk& desk, account_access& in, const reply<account_snapshot>& told) { told(desk.account(in)); });
}

void actor_trading_port::positions(const trading_caller& who, std::optional<account_id> of, reply<std::vector<position_snapshot>> done) {
  with<std::vector<position_snapshot>>(who, of, std::move(done), [](account_desk& desk, account_access&, const auto& told) { told(desk.positions()); });
}

void actor_trading_port::orders(const trading_caller& who, order_filter filter, reply<std::vector<order_snapshot>> done) {
  const auto of = filter.account;
  with<std::vector<order_snapshot>>(who, of, std::move(done), [filter = std::move(filter)](account_desk& desk, account_access& in, const auto& told) {
    told(desk.orders(in, filter));
  });
}

void actor_trading_port::order_of(const trading_caller& who, order_name name, reply<order_snapshot> done) {
  const auto of = name.account;
  with<order_snapshot>(who, of, std::move(done), [name = std::move(name)](account_desk& desk, account_access& in, const auto& told) {
    told(desk.order_of(in, name));
  });
}

void actor_trading_port::executions(const trading_caller& who, order_filter filter, reply<std::vector<execution_snapshot>> done) {
  const auto of = filter.account;
  with<std::vector<execution_snapshot>>(who, of, std::move(done), [filter = std::move(filter)](account_desk& desk, account_access& in, const auto& told) {
    told(desk.executions(in, filter));
  });
}

void actor_trading_port::place(const trading_caller& who, place_order what, reply<placed_order> done) {
  const auto account = find(who, what.request.account);
  if (!account) return done(account.error());
  auto told = once<placed_order>(std::move(done));
  const auto symbol = what.request.symbol;
  // the gate does no I/O: what it reads of the symbol is there before the order is
  prepare_(symbol, [to = **account, who, what = std::move(what), told](const result<void>& known) {
    if (!known) return told(known.error());
    post(to.actor, [desk = to.desk, who, what, told](account_access& in) { desk->place(in, who, what, told); });
  });
}

void actor_trading_port::preview(const trading_caller& who, order_request what, reply<order_preview> done) {
  const auto account = find(who, what.account);
  if (!account) return done(account.error());
  auto told = once<order_preview>(std::move(done));
  const auto symbol = what.symbol;
  prepare_(symbol, [to = **account, who, what = std::move(what), told](const result<void>& known) {
    if (!known) return told(known.error());
    post(to.actor, [desk = to.desk, who, what, told](account_access& in) { told(desk->preview(in, who, what)); });
  });
}

void actor_trading_port::change(const trading_caller& who, order_name name, order_change change, reply<order_snapshot> done) {
  const auto of = name.account;
  with<order_snapshot>(who, of, std::move(done), [name = std::move(name), change = std::move(change)](account_desk& desk, account_access& in, const auto& told) {
    desk.change(in, name, change, told);
  });
}

void actor_trading_port::cancel(const trading_caller& who, order_name name, reply<cancelled_order> done) {
  const auto of = name.account;
  with<cancelled_order>(who, of, std::move(done), [who, name = std::move(name)](account_desk& desk, account_access& in, const auto& told) {
    desk.cancel(in, who, name, told);
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

void actor_trading_port::risk_state(const trading_caller& who, std::optional<account_id> of, reply<risk_snapshot> done) {
  with<risk_snapshot>(who, of, std::move(done), [](account_desk& desk, account_access& in, const auto& told) { told(desk.risk_state(in)); });
}

void actor_trading_port::set_limits(const trading_caller& who, risk::limit_change change, reply<std::uint64_t> done) {
  if (accounts_.size() > 1)
    return done(error{errc::unsupported, "limits of a node with several accounts can't be changed while it runs yet", "scope"});
  with<std::uint64_t>(who, std::nullopt, std::move(done), [change = std::move(change)](account_desk& desk, account_access& in, const auto& told) {
    desk.set_limits(in, change, told);
  });
}

void actor_trading_port::stop(const trading_caller& who, stop_request what, reply<stopped> done) {
  // every account has a switch of its own; all of them are thrown, and the answer waits for the last
  struct gathering {
    std::mutex mutex;
    stopped sum;
    std::optional<error> failed;
    std::size_t open = 0;
  };
  auto all = std::make_shared<gathering>();
  all->sum.mode = what.mode;
  std::vector<account_id> meant;
  for (const auto& one : accounts_)
    if (what.scope.what != risk::kill_scope::kind::account || what.scope.name == one.id.str()) meant.push_back(one.id);
  if (meant.empty()) return done(error{errc::not_found, "no account " + quoted(what.scope.name), "account_id"});
  all->open = meant.size();
  for (const auto& id : meant)
    with<stopped>(
      who, id,
      [all, done](result<stopped> got) {
        {
          const std::lock_guard lock(all->mutex);
          if (got) {
            all->sum.epoch = std::max(all->sum.epoch, got->epoch);
            all->sum.elapsed = std::max(all->sum.elapsed, got->elapsed);
            all->sum.cancel_requested.insert(all->sum.cancel_requested.end(), got->cancel_requested.begin(), got->cancel_requested.end());
          } else all->failed = got.error();
          if (--all->open > 0) return;
        }
        if (all->failed) return done(*all->failed);
        done(all->sum);
      },
      [who, what](account_desk& desk, account_access& in, const auto& told) { desk.stop(in, who, what, told); });
}

void actor_trading_port::ask_resume(const trading_caller& who, std::string reason, reply<resume_question> done) {
  if (accounts_.size() > 1) return done(error{errc::unsupported, "resuming several accounts at once is not there yet"});
  with<resume_question>(who, std::nullopt, std::move(done), [who, reason = std::move(reason)](account_desk& desk, account_access& in, const auto& told) {
    told(desk.ask_resume(in, who, reason));
  });
}

void actor_trading_port::resume(const trading_caller& who, std::string token, reply<std::uint64_t> done) {
  if (accounts_.size() > 1) return done(error{errc::unsupported, "resuming several accounts at once is not there yet"});
  with<std::uint64_t>(who, std::nullopt, std::move(done), [who, token = std::move(token)](account_desk& desk, account_access& in, const auto& told) {
    desk.resume(in, who, token, told);
  });
}

} // namespace tt::gateway
