#include "cluster/stops/stop_service.hpp"

#include "cluster/secret_token.hpp"
#include "cluster/trading/trading_service.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <filesystem>
#include <mutex>
#include <utility>

namespace tt::cluster {

namespace {

/// Longest wait for the actor at the end.
constexpr std::chrono::milliseconds farewell{500};

} // namespace

/// The question that is open.
struct stop_service::questions {
  struct pending {
    std::string token, reason;
    stop_standing seen;
    enum class reach : std::uint8_t { elsewhere, here_too } where = reach::elsewhere; ///< whether accounts here were asked
    utc_time expires{};
  };
  std::mutex mutex;
  pending open; ///< guarded by mutex
  std::function<utc_time()> clock;

  void keep(const result<gateway::resume_question>& here, const std::string& reason, const stop_standing& now,
            const gateway::reply<gateway::resume_question>& done);
  /// Errors: refused (no such token, expired).
  result<pending> find(const std::string& token);
};

/// The way to the accounts, until it is cut: an actor that hangs in a write may outlive them.
struct stop_service::account_link {
  std::mutex mutex;
  trading_service* trading = nullptr; ///< guarded by mutex; null: cut

  template <class Work, class Otherwise>
  void with(Work work, Otherwise otherwise) {
    const std::lock_guard lock(mutex);
    if (trading) work(*trading);
    else otherwise();
  }
  void cut() {
    const std::lock_guard lock(mutex);
    if (trading) trading->on_opened({});
    trading = nullptr;
  }
};

stop_service::stop_service(stop_surroundings around)
  : around_(around), questions_(std::make_shared<questions>()), link_(std::make_shared<account_link>()) {
  questions_->clock = around_.clock;
  link_->trading = around_.trading;
}

account_stops stop_service::stops_of(std::shared_ptr<account_link> link) {
  account_stops out;
  const error gone{errc::not_available, "the node is stopping"};
  out.take = [link, gone](const std::string& author, gateway::stop_request what, telling how, gateway::reply<gateway::stopped> done) {
    link->with([&](trading_service& to) { to.accounts().take_stop(author, std::move(what), how, done); }, [&] { done(gone); });
  };
  out.lift = [link, gone](const std::string& author, std::vector<risk::kill_scope> scopes, const std::string& reason, gateway::reply<void> done) {
    link->with([&](trading_service& to) { to.accounts().lift_stops(author, std::move(scopes), reason, done); }, [&] { done(gone); });
  };
  out.isolate = [link](risk::on_off isolated) { link->with([&](trading_service& to) { to.isolate(isolated); }, [] {}); };
  out.has = [link](const std::string& account) {
    bool found = false;
    link->with([&](trading_service& to) { found = to.accounts().has_account(account); }, [] {});
    return found;
  };
  return out;
}

result<std::unique_ptr<stop_service>> stop_service::start(stop_surroundings around) {
  auto out = std::unique_ptr<stop_service>(new stop_service(around));
  auto options = std::make_shared<stop_options>();
  options->node = &around.wire;
  options->self.node = around.config.node_id;
  options->self.accounts = around.trading ? hosts_accounts::yes : hosts_accounts::no;
  options->self.gateway = around.config.cluster->has(role::gateway) ? takes_stops::yes : takes_stops::no;
  options->path = (std::filesystem::path(around.config.data_dir) / "stops.json").string();
  auto known = load_stop_memory(options->path);
  if (!known) return known.error();
  options->known = std::move(*known);
  options->clock = around.clock;
  options->on_isolation = around.config.cluster->on_isolation;
  if (around.trading) options->accounts = stops_of(out->link_);
  // in the accounts' mailboxes before anybody can order; the actor sees to the answers of its own asking
  if (around.trading && !options->known.gateways.empty() && options->on_isolation == isolation_policy::block)
    around.trading->isolate(risk::on_off::on);
  if (around.trading)
    for (const auto& one : options->known.word.stops)
      options->accounts.take(one.author, {one.scope(), one.mode, one.open, one.reason}, telling::again, [](const result<gateway::stopped>&) {});
  // a thread of its own: it waits for the disk
  out->actor_ = around.system.spawn<caf::detached>(stop_actor, std::move(options));
  out->running_ = running::yes;
  // an account that begins later obeys what stands, too
  if (around.trading) around.trading->on_opened([to = out->actor_] { caf::anon_send(to, obey_atom::value); });
  const auto name = std::string(stops_prefix) + around.config.node_id;
  if (const auto failed = around.wire.publish(name, out->actor_)) spdlog::error("{} can't be published: {}", name, bus::text_of(failed));
  return out;
}

void stop_service::end() {
  if (std::exchange(running_, running::no) == running::no) return;
  caf::scoped_actor self{around_.system};
  self->monitor(actor_);
  self->send_exit(actor_, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {}, caf::after(farewell) >> [] { spdlog::warn("the emergency stops take long to end"); });
  link_->cut();
}

void stop_service::stop(const gateway::trading_caller& who, gateway::stop_request what, gateway::reply<gateway::stopped> done) {
  caf::anon_send(actor_, stop_order{who.principal, std::move(what), std::move(done)});
}

void stop_service::ask_resume(const gateway::trading_caller& who, std::string reason, gateway::reply<gateway::resume_question> done) {
  if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may resume"});
  if (reason.empty() || reason.size() > 200) return done(error{errc::invalid_argument, "must have 1 to 200 characters", "reason"});
  const auto look = [kept = questions_, to = actor_, reason, done](result<gateway::resume_question> here) {
    if (!here && here.error().code != errc::conflict) return done(here.error());
    caf::anon_send(to, stop_question{[kept, here = std::move(here), reason, done](const result<stop_standing>& now) {
      kept->keep(here, reason, *now, done);
    }});
  };
  if (!around_.trading) return look(error{errc::conflict, "nothing is stopped"});
  around_.trading->port().ask_resume(who, reason, look);
}

void stop_service::questions::keep(const result<gateway::resume_question>& here, const std::string& reason, const stop_standing& now,
                                   const gateway::reply<gateway::resume_question>& done) {
  if (!here && now.stops.empty() && now.lost.empty()) return done(here.error());
  gateway::resume_question out;
  if (here) out = *here;
  else out.token = make_secret_token();
  {
    const std::lock_guard lock(mutex);
    open = {out.token, reason, now, here ? pending::reach::here_too : pending::reach::elsewhere, clock() + out.expires_in};
  }
  done(std::move(out));
}

result<stop_service::questions::pending> stop_service::questions::find(const std::string& token) {
  const std::lock_guard lock(mutex);
  if (open.token.empty() || open.token != token) return error{errc::refused, "no such token: ask for a resume first", "confirm_token"};
  if (clock() >= open.expires) return error{errc::refused, "has expired: ask for a resume again", "confirm_token"};
  return open;
}

void stop_service::resume(const gateway::trading_caller& who, std::string token, gateway::reply<std::uint64_t> done) {
  if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may resume"});
  const auto asked = questions_->find(token);
  if (!asked) return done(asked.error());
  // the cluster agrees first: accounts that trade under a stop that stands are worse than accounts that resume late
  const auto finish = [link = link_, to = actor_, who, token, where = asked->where, done](const result<std::uint64_t>& lifted) {
    if (!lifted) return done(lifted.error());
    if (where == questions::pending::reach::elsewhere) return done(*lifted);
    const auto told = [to, done](const result<std::uint64_t>& here) {
      if (!here) caf::anon_send(to, obey_atom::value); // some accounts may have resumed before what stopped the others
      done(here);
    };
    link->with([&](trading_service& trading) { trading.port().resume(who, token, told); },
               [&] { done(error{errc::not_available, "the node is stopping"}); });
  };
  caf::anon_send(actor_, stop_lift{who.principal, asked->reason, asked->seen, finish});
}

} // namespace tt::cluster
