#include "cluster/office/office.hpp"

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
                                          standing_of(strategies_->switches()), usual_account()});
  if (!receiver) return receiver.error();
  webhooks_ = std::move(*receiver);
  return {};
}

result<void> office::open_jobs() {
  job_surroundings with;
  with.world = {&around_.market, trading_->desk(), around_.market_clock, nullptr, strategies_->switches()};
  with.folder = around_.config.strategies_dir;
  with.log = around_.place.store("jobs", "jobs.sqlite");
  with.defaults = {around_.config.time_zone, around_.config.default_venue, process_variable};
  with.master = around_.master;
  if (alerts_) with.board = std::shared_ptr<notice_board>(std::shared_ptr<void>{}, alerts_.get()); // the jobs end before it
  with.sender = notices_;
  auto started = job_service::start(std::move(with));
  if (!started) return started.error();
  jobs_ = std::move(*started);
  return {};
}

void office::close_doors() {
  if (jobs_) jobs_->stop();             // before what it orders from and tells notices to
  if (strategies_) strategies_->stop(); // before the accounts that it orders from
  if (alerts_) alerts_->stop();         // before what it hands orders and notices to
  if (notices_) notices_->stop();
  if (webhooks_) webhooks_->stop();
}

void office::close_accounts() {
  if (std::exchange(told_of_accounts_, told::no) == told::yes && around_.on_accounts_end) around_.on_accounts_end();
  if (trading_) trading_->stop();
}

} // namespace tt::cluster
