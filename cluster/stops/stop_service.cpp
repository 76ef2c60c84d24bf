#include "cluster/stops/stop_service.hpp"

#include "cluster/secret_token.hpp"
#include "cluster/trading/trading_service.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <filesystem>

namespace tt::cluster {

namespace {

/// Longest wait for the actor at the end.
constexpr std::chrono::milliseconds farewell{500};

account_stops stops_of(trading_service& trading) {
  account_stops out;
  out.take = [&trading](const std::string& author, gateway::stop_request what, gateway::reply<gateway::stopped> done) {
    trading.accounts().take_stop(author, std::move(what), std::move(done));
  };
  out.lift = [&trading](const std::string& author, std::vector<risk::kill_scope> scopes, const std::string& reason, gateway::reply<void> done) {
    trading.accounts().lift_stops(author, std::move(scopes), reason, std::move(done));
  };
  out.isolate = [&trading](risk::on_off isolated) { trading.isolate(isolated); };
  return out;
}

} // namespace

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
  if (around.trading) options->accounts = stops_of(*around.trading);
  // a thread of its own: it waits for the disk
  out->actor_ = around.system.spawn<caf::detached>(stop_actor, std::move(options));
  const auto name = std::string(stops_prefix) + around.config.node_id;
  if (const auto failed = around.wire.publish(name, out->actor_)) spdlog::error("{} can't be published: {}", name, bus::text_of(failed));
  return out;
}

void stop_service::end() {
  if (!actor_) return;
  caf::scoped_actor self{around_.system};
  self->monitor(actor_);
  self->send_exit(actor_, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {}, caf::after(farewell) >> [] { spdlog::warn("the emergency stops take long to end"); });
  actor_ = nullptr;
}

void stop_service::stop(const gateway::trading_caller& who, gateway::stop_request what, gateway::reply<gateway::stopped> done) {
  caf::anon_send(actor_, stop_order{who.principal, std::move(what), std::move(done)});
}

void stop_service::ask_resume(const gateway::trading_caller& who, std::string reason, gateway::reply<gateway::resume_question> done) {
  if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may resume"});
  if (reason.empty() || reason.size() > 200) return done(error{errc::invalid_argument, "must have 1 to 200 characters", "reason"});
  const auto look = [this, reason, done](result<gateway::resume_question> here) {
    if (!here && here.error().code != errc::conflict) return done(here.error());
    caf::anon_send(actor_, stop_question{[this, here = std::move(here), reason, done](const result<stop_standing>& now) {
      keep_question(here, reason, *now, done);
    }});
  };
  if (!around_.trading) return look(error{errc::conflict, "nothing is stopped"});
  around_.trading->port().ask_resume(who, reason, look);
}

void stop_service::keep_question(result<gateway::resume_question> here, const std::string& reason, const stop_standing& now,
                                 const gateway::reply<gateway::resume_question>& done) {
  if (!here && now.stops.empty() && now.lost.empty()) return done(here.error());
  gateway::resume_question out;
  if (here) out = *here;
  else out.token = make_secret_token();
  {
    const std::lock_guard lock(mutex_);
    pending_ = {out.token, reason, now, here ? pending::reach::here_too : pending::reach::elsewhere, around_.clock() + out.expires_in};
  }
  done(std::move(out));
}

void stop_service::resume(const gateway::trading_caller& who, std::string token, gateway::reply<std::uint64_t> done) {
  if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may resume"});
  pending asked;
  {
    const std::lock_guard lock(mutex_);
    asked = pending_;
  }
  if (asked.token.empty() || asked.token != token)
    return done(error{errc::refused, "no such token: ask for a resume first", "confirm_token"});
  if (around_.clock() >= asked.expires) return done(error{errc::refused, "has expired: ask for a resume again", "confirm_token"});
  const auto lift = [to = actor_, author = who.principal, asked, done](const result<std::uint64_t>& here) {
    if (!here) return done(here.error());
    caf::anon_send(to, stop_lift{author, asked.reason, asked.seen, [done, epoch = *here](const result<std::uint64_t>& lifted) {
      if (!lifted) return done(lifted.error());
      done(epoch);
    }});
  };
  if (asked.where == pending::reach::elsewhere) return lift(std::uint64_t{0});
  around_.trading->port().resume(who, std::move(token), lift);
}

} // namespace tt::cluster
