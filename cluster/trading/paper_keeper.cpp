#include "cluster/trading/paper_keeper.hpp"

#include "gateways/bridge/account_hosts.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

#include <utility>

namespace tt::cluster {

/// A piece of work for the keeper's thread.
struct keeper_task {
  std::shared_ptr<const std::function<void()>> run;
};

} // namespace tt::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::keeper_task)

namespace tt::cluster {

using gateway::paper_account;
using gateway::reply;

struct paper_keeper::shared {
  std::shared_ptr<paper_list_store> kept_in; ///< for the keeper's thread alone
  std::function<utc_time()> clock;
  paper_hosting hosting;
  mutable std::mutex mutex; ///< of the list; the keeper's thread alone writes it
  paper_list list;

  [[nodiscard]] paper_list now() const {
    const std::lock_guard lock(mutex);
    return list;
  }
  /// On disk first, then in force.
  result<void> replace(paper_list with) {
    if (auto saved = kept_in->save(with); !saved) return saved;
    const std::lock_guard lock(mutex);
    list = std::move(with);
    return {};
  }
};

namespace {

caf::behavior keeper(caf::event_based_actor* self) {
  self->set_default_handler(caf::drop);
  return {[](const keeper_task& task) { (*task.run)(); }};
}

void give(const caf::actor& worker, std::function<void()> work) {
  if (worker) caf::anon_send(worker, keeper_task{std::make_shared<const std::function<void()>>(std::move(work))});
}

error no_account(const account_id& id) { return {errc::not_found, "no paper account " + tt::in_quotes(id.str()), "account_id"}; }

result<void> check_new(const execution::paper::paper_settings& settings, const paper_list& list) {
  if (!is_account_name(settings.account.str()))
    return error{errc::invalid_argument, "must have 1 to 64 of A-Z, a-z, 0-9, _ and -", "account_id"};
  if (auto good = check_settings(settings); !good) return good;
  if (settings.currency != "USD")
    return error{errc::unsupported, "the node keeps rates to USD only: accounts in other currencies can't be valued", "currency"};
  for (const auto& one : list.accounts)
    if (one.settings.account == settings.account) return error{errc::conflict, "there is an account of this id", "account_id"};
  if (list.accounts.size() >= gateway::paper_port::max_accounts)
    return error{errc::limit_exceeded, "the node has " + std::to_string(gateway::paper_port::max_accounts) + " paper accounts already", "account_id"};
  return {};
}

} // namespace

paper_keeper::paper_keeper(caf::actor_system& system, std::shared_ptr<paper_list_store> kept_in, paper_list list, std::function<utc_time()> clock, paper_hosting hosting)
  : shared_(std::make_shared<shared>()), worker_(system.spawn<caf::detached>(keeper)) {
  shared_->kept_in = std::move(kept_in);
  shared_->clock = std::move(clock);
  shared_->hosting = std::move(hosting);
  shared_->list = std::move(list);
}

paper_keeper::~paper_keeper() { stop(); }

void paper_keeper::stop() {
  if (!worker_) return;
  caf::scoped_actor self{worker_.home_system()};
  const auto worker = std::exchange(worker_, nullptr);
  self->monitor(worker);
  self->send_exit(worker, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
}

std::vector<paper_account> paper_keeper::accounts() const { return shared_->now().accounts; }

void paper_keeper::create(execution::paper::paper_settings settings, reply<paper_account> done) {
  give(worker_, [s = shared_, settings = std::move(settings), done = gateway::once<paper_account>(std::move(done))] {
    auto list = s->now();
    if (auto good = check_new(settings, list); !good) return done(good.error());
    paper_account made;
    made.settings = settings;
    made.created_at = s->clock();
    list.accounts.push_back(made);
    const auto model = list.usual;
    if (auto kept = s->replace(std::move(list)); !kept) return done(kept.error());
    if (auto opened = s->hosting.open(made, model); !opened) return done(opened.error());
    done(made);
  });
}

void paper_keeper::reset(account_id which, std::optional<money> cash, risk::access by, reply<paper_account> done) {
  give(worker_, [s = shared_, which = std::move(which), cash, by, done = gateway::once<paper_account>(std::move(done))] {
    auto list = s->now();
    auto* known = list.find(which);
    if (!known) return done(no_account(which));
    auto fresh = *known;
    if (cash) fresh.settings.starting_cash = *cash;
    ++fresh.resets;
    fresh.created_at = s->clock();
    if (auto good = check_settings(fresh.settings); !good) return done(good.error());
    if (auto may = s->hosting.check_reset(which, by); !may) return done(may.error());
    const auto before = *known;
    // the number is used up before the journal is gone: ids of orders are made of it, and must never come again
    known->resets = fresh.resets;
    if (auto kept = s->replace(list); !kept) return done(kept.error());
    if (auto archived = s->hosting.archive(before); !archived) return done(archived.error());
    *known = fresh;
    if (auto kept = s->replace(std::move(list)); !kept) return done(kept.error());
    if (auto opened = s->hosting.open(fresh, which); !opened) return done(opened.error());
    done(fresh);
  });
}

void paper_keeper::change(account_id which, gateway::account_change what, reply<paper_account> done) {
  give(worker_, [s = shared_, which = std::move(which), what, done = gateway::once<paper_account>(std::move(done))] {
    auto list = s->now();
    auto* known = list.find(which);
    if (!known) return done(no_account(which));
    if (what.trading) known->trading = *what.trading;
    const bool becomes_usual = what.role == gateway::account_change::default_role::make_default;
    if (becomes_usual) list.usual = which;
    const auto shown = *known;
    if (auto kept = s->replace(std::move(list)); !kept) return done(kept.error());
    if (what.trading) s->hosting.set_trading(which, *what.trading);
    if (becomes_usual) s->hosting.make_usual(which);
    done(shown);
  });
}

} // namespace tt::cluster
