#include "cluster/office/office.hpp"

#include "gateways/jobs/limit_profiles.hpp"
#include "gateways/notify/outbound_rules.hpp"

#include <utility>

namespace tt::cluster {

namespace {

/// What a script says, among the alerts.
board_notice notice_of(const strategy_id& id, const std::string& symbol, const strategy::raised_alert& said) {
  board_notice out{"pine_alert", id.str(), said.message, symbol, from_unix_ms(said.at_ms)};
  if (out.message.empty()) out.message = said.title.empty() ? "alert" : said.title;
  else if (!said.title.empty()) out.message = said.title + ": " + out.message;
  return out;
}

/// The limit profiles of an account as jobs see them.
strategy::account_profiles profiles_in(const gateway::risk_snapshot& of) {
  strategy::account_profiles out;
  for (const auto& one : of.profiles) {
    out.named[one.name] = gateway::limit_profile_of(one.limits);
    for (const auto& where : one.assigned_to) {
      if (where.scope == risk::limit_scope::strategy) out.of_strategies[where.name] = one.name;
      if (where.scope == risk::limit_scope::account) out.of_account = one.name;
    }
  }
  return out;
}

/// Registered strategies of kind yaml, whose sources are jobs. `records` outlives what is given.
stored_jobs stored_in(strategy::registry& records, const std::function<utc_time()>& clock) {
  stored_jobs out;
  out.list = [&records] {
    std::vector<stored_job> all;
    for (const auto& one : records.list())
      if (one.state.kind == strategy::strategy_kind::yaml && one.version > 0)
        all.push_back({one.id.str(), one.version, one.state.account.str(), one.state.is_enabled() ? strategy::job_state::enabled : strategy::job_state::disabled});
    return all;
  };
  out.source = [&records](const std::string& id) { return records.source(strategy_id{id}); };
  out.switch_to = [&records, clock](const std::string& id, strategy::job_state to, const std::string& reason, const std::string& author) -> result<void> {
    const auto power = to == strategy::job_state::enabled ? strategy::strategy_power::enabled : strategy::strategy_power::disabled;
    if (auto done = records.set_power(strategy_id{id}, power, reason, {author, clock()}); !done) return done.error();
    return {};
  };
  return out;
}

account_id usual_account() { return account_id{std::string(first_account)}; }

} // namespace

result<std::unique_ptr<office>> office::open(office_surroundings around) {
  auto out = std::unique_ptr<office>(new office(std::move(around)));
  if (auto opened = out->open_all(); !opened) return opened.error();
  return out;
}

office::~office() {
  close_doors();
  close_accounts();
}

result<void> office::open_all() {
  auto accounts = trading_service::start({around_.system, around_.config, around_.wall_clock, around_.market_clock, around_.master, around_.market,
                                          around_.on_market_time, around_.is_real_time, around_.place});
  if (!accounts) return accounts.error();
  trading_ = std::move(*accounts);
  if (around_.on_accounts)
    if (auto done = around_.on_accounts(*trading_); !done) return done;
  told_of_accounts_ = told::yes;
  if (auto opened = open_alerts(); !opened) return opened;
  if (auto opened = open_strategies(); !opened) return opened;
  if (auto opened = open_webhooks(); !opened) return opened;
  return open_jobs();
}

result<void> office::open_alerts() {
  auto sender = gateway::https_notice_sender::make({around_.config.notice_allow, around_.config.notice_ca_file, {}});
  if (!sender) return sender.error();
  notices_ = std::move(*sender);
  if (!around_.config.alerts) return {};
  auto opened = alert_service::start({around_.system, around_.place, around_.master, around_.market, trading_->desk(), usual_account(), notices_});
  if (!opened) return opened.error();
  alerts_ = std::move(*opened);
  return {};
}

result<void> office::open_strategies() {
  const auto real = around_.config.real_trading ? gateway::strategies_port::real_trading::on : gateway::strategies_port::real_trading::off;
  auto started = strategy_service::start({around_.system, around_.place.store("strategies", "strategies.sqlite"), around_.market_clock, around_.master,
                                          around_.symbols, trading_->desk(), &trading_->port(), real,
                                          [this](const strategy_id& id, const std::string& symbol, const strategy::raised_alert& said) {
                                            if (alerts_) alerts_->post(notice_of(id, symbol, said));
                                          }});
  if (!started) return started.error();
  strategies_ = std::move(*started);
  return {};
}

result<void> office::open_webhooks() {
  auto receiver = webhook_service::start({around_.system, around_.config, around_.place, around_.wall_clock, around_.master, trading_->desk(),
                                          standing_of(strategies_->switches()), usual_account(), board()});
  if (!receiver) return receiver.error();
  webhooks_ = std::move(*receiver);
  return {};
}

std::shared_ptr<notice_board> office::board() const {
  return alerts_ ? std::shared_ptr<notice_board>(std::shared_ptr<void>{}, alerts_.get()) : nullptr;
}

result<void> office::open_jobs() {
  job_surroundings with;
  with.world = {&around_.market, trading_->desk(), around_.market_clock, nullptr, strategies_->switches()};
  with.world.profiles = [&port = trading_->port()](const account_id& account, gateway::reply<strategy::account_profiles> done) {
    gateway::trading_caller who;
    who.principal = "jobs";
    who.accounts = gateway::trading_caller::reach::all;
    port.risk_state(who, account, [done = std::move(done)](const result<gateway::risk_snapshot>& got) {
      if (!got) return done(got.error());
      done(profiles_in(*got));
    });
  };
  with.world.gate = [&port = trading_->port()](order_request what, gateway::reply<gateway::order_preview> done) {
    gateway::trading_caller who; // as the orders of jobs come: whatever account their file names
    who.principal = "jobs";
    who.accounts = gateway::trading_caller::reach::all;
    port.preview(who, std::move(what), std::move(done));
  };
  with.world.environment = process_variable;
  with.checks.profiles = gateway::shipped_limit_profiles();
  auto hosts = gateway::listed_hosts(around_.config.notice_allow);
  if (!hosts) return hosts.error();
  with.checks.allows_host = std::move(*hosts);
  with.folder = around_.config.strategies_dir;
  with.log = around_.place.store("jobs", "jobs.sqlite");
  with.stored = stored_in(strategies_->records(), around_.market_clock);
  with.defaults = {around_.config.time_zone, around_.config.default_venue, process_variable};
  with.master = around_.master;
  with.board = board();
  with.sender = notices_;
  auto started = job_service::start(std::move(with));
  if (!started) return started.error();
  jobs_ = std::move(*started);
  return {};
}

void office::close_doors() {
  if (jobs_) jobs_->stop();             // before what it orders from and tells notices to
  if (strategies_) strategies_->stop(); // before the accounts that it orders from
  if (webhooks_) webhooks_->stop();     // likewise
  if (alerts_) alerts_->stop();         // before what it hands orders and notices to
  if (notices_) notices_->stop();
}

void office::close_accounts() {
  if (std::exchange(told_of_accounts_, told::no) == told::yes && around_.on_accounts_end) around_.on_accounts_end();
  if (trading_) trading_->stop();
}

} // namespace tt::cluster
