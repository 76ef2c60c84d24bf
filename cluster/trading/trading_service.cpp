#include "cluster/trading/trading_service.hpp"

#include "actors/execution/account_actor.hpp"
#include "actors/execution/paper_broker_actor.hpp"
#include "cluster/lease/lease_store.hpp"
#include "cluster/secret_token.hpp"
#include "cluster/trading/market_watch_actor.hpp"
#include "cluster/trading/stop_flag.hpp"
#include "cluster/trading/timed_journal.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <filesystem>
#include <future>

namespace tt::cluster {

using execution::account_access;
using gateway::account_desk;

namespace {

constexpr std::chrono::seconds lease_life{3};
/// Longest wait for the actors at the end: the disk may be slow.
constexpr std::chrono::milliseconds farewell{1'500};

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// The epoch under which the account is written. The folder is locked by this process, so nobody else can hold the
/// lease that it had; a higher epoch than all before fences whoever believes he still does.
result<std::uint64_t> take_lease(const std::string& folder, const std::string& holder, const account_id& account) {
  auto store = open_sqlite_lease_store((std::filesystem::path(folder) / "leases.sqlite").string());
  if (!store) return store.error();
  const auto granted = (*store)->seize("account/" + account.str(), holder, lease_life);
  if (!granted) return granted.error();
  return granted->epoch;
}

/// Ends the actors; false where one takes longer than the farewell.
bool await_end(caf::actor_system& system, const std::vector<caf::actor>& ending) {
  if (ending.empty()) return true;
  caf::scoped_actor self{system};
  for (const auto& one : ending) {
    self->monitor(one);
    self->send_exit(one, caf::exit_reason::user_shutdown);
  }
  auto open = ending.size();
  bool waiting = true;
  while (open > 0 && waiting) self->receive([&](const caf::down_msg&) { --open; }, caf::after(farewell) >> [&] { waiting = false; });
  return waiting;
}

void log_alert(const execution::alert_effect& what) {
  const auto level = what.level == execution::severity::alarm     ? spdlog::level::err
                     : what.level == execution::severity::warning ? spdlog::level::warn
                                                                  : spdlog::level::info;
  spdlog::log(level, "account: {} {}: {}", what.code, what.symbol, what.text);
}

/// Says in the log when the journal of an account is in trouble, and when it is out of it again.
class journal_watch {
public:
  explicit journal_watch(std::string account) : account_(std::move(account)) {}

  void look(const account_desk& desk, account_access& in) {
    const auto [state, reason] = desk.journal_state(in);
    if (state == state_) return;
    const bool was_bad = state_ != "ok" && state_ != "starting";
    state_ = state;
    if (state == "read_only") spdlog::error("account {}: its journal is damaged; nothing of it is shown and nothing is traded: {}", account_, reason);
    else if (state == "ok" && was_bad) spdlog::warn("account {}: its journal can be written again", account_);
    else if (state != "ok" && !reason.empty()) spdlog::error("account {}: its journal is not available ({}), no order is taken: {}", account_, state, reason);
  }

private:
  std::string account_;
  std::string_view state_ = "ok"; ///< of those that desk_health names
};

/// Whose openings end the day of such an account.
const std::string& roll_calendar_of(account_type type, const node_config::day_rolls& configured) {
  if (type == account_type::futures) return configured.futures;
  return type == account_type::crypto ? configured.crypto : configured.stocks;
}

account_profile profile_of(const gateway::paper_account& what, const node_config::day_rolls& rolls) {
  account_profile out;
  out.id = what.settings.account;
  out.venue = venue_id{"paper"};
  out.type = what.settings.type;
  out.currency = what.settings.currency;
  out.roll_calendar = roll_calendar_of(what.settings.type, rolls);
  return out;
}

/// What the gate reckons with of what the broker asks.
risk::fee_view fees_of(const execution::paper::fee_schedule& fees) {
  return {fees.commission_per_order, fees.commission_per_unit + fees.exchange_per_unit, fees.commission_ratio + fees.regulatory_sell_ratio};
}

/// The first account's journal has the name that it had when there was only one.
std::string journal_name(const account_id& id) { return id.str() == first_account ? "journal.sqlite" : "journal-" + id.str() + ".sqlite"; }

} // namespace

trading_service::trading_service(trading_surroundings around)
  : around_(std::move(around)), rates_(std::make_shared<rate_board>("USD")), watchers_(std::make_shared<gateway::trading_watchers>()),
    figures_(std::make_shared<gateway::trading_metrics>()) {}

trading_service::~trading_service() { stop(); }

result<std::unique_ptr<trading_service>> trading_service::start(trading_surroundings around) {
  auto out = std::unique_ptr<trading_service>(new trading_service(std::move(around)));
  std::error_code failed;
  std::filesystem::create_directories(out->folder(), failed);
  if (failed) return error{errc::io_error, "can't make " + out->folder() + ": " + failed.message(), "node.data_dir"};
  out->watch_ = out->around_.system.spawn(market_watch_actor, &out->around_.market, out->rates_, out->around_.on_market_time);
  const auto prepare = [watch = out->watch_](std::string symbol, gateway::reply<void> done) {
    caf::anon_send(watch, need_request{std::move(symbol), std::move(done)});
  };
  out->accounts_ = std::make_shared<gateway::account_hosts>(prepare, make_secret_token);
  if (auto opened = out->open_list(); !opened) return opened.error();
  auto list = out->read_list();
  if (!list) return list.error();
  gateway::desk_rules from_outside;
  const auto flag_path = out->folder() + "/" + stop_flag_name;
  auto watched = std::make_shared<stop_flag_watch>(flag_path); // before it is read: a file that comes meanwhile is seen twice, not never
  if (auto flag = read_stop_flag(flag_path)) {
    spdlog::warn("trading is stopped at the start ({}): {}", to_string(flag->mode), flag->reason);
    from_outside.stops.push_back(std::move(*flag));
  }
  for (const auto& one : list->accounts)
    if (auto opened = out->open_account(one, from_outside); !opened) return opened.error();
  if (auto set = out->accounts_->make_usual(list->usual); !set) return set.error();
  out->port_ = std::make_unique<gateway::actor_trading_port>(out->accounts_, out->watchers_, out->figures_);
  out->desk_ = std::make_shared<gateway::account_order_desk>(out->accounts_);
  out->keeper_ = std::make_unique<paper_keeper>(out->around_.system, out->list_, std::move(*list), out->around_.wall_clock, out->hosting());
  out->collectable_ = out->figures_->collectable(*out->port_);
  out->flag_ = out->around_.system.spawn<caf::detached>(stop_flag_actor, std::move(watched), [hosts = out->accounts_](const gateway::stop_request& what) {
    spdlog::warn("trading is stopped ({}): {}", to_string(what.mode), what.reason);
    const gateway::trading_caller file{"file", risk::access::admin, gateway::trading_caller::reach::all};
    for (const auto& one : hosts->all())
      gateway::post(one, [desk = one.desk, id = one.id, file, what](account_access& in) {
        desk->stop(in, file, what, [id](const result<gateway::stopped>& done) { // something stricter may stand
          if (!done) spdlog::warn("account {}: the stop of the file STOP: {}", id.str(), to_string(done.error()));
        });
      });
  });
  return out;
}

std::string trading_service::folder() const { return (std::filesystem::path(around_.place.folder) / "trading").string(); }

result<void> trading_service::open_list() {
  if (!around_.place.server) {
    list_ = paper_list_in_file(folder() + "/paper_accounts.json");
    return {};
  }
  auto opened = paper_list_in_database(around_.place.store("accounts", {}));
  if (!opened) return opened.error();
  list_ = std::move(*opened);
  return {};
}

result<std::uint64_t> trading_service::epoch_of(const account_id& account) const {
  if (around_.place.server) return around_.place.server->fence.epoch;
  return take_lease(around_.place.folder, around_.config.node_id, account);
}

std::function<result<std::shared_ptr<execution::journal_store>>()> trading_service::journal_opener(const account_id& account) const {
  using opened_store = result<std::unique_ptr<execution::journal_store>>;
  std::function<opened_store()> open;
  if (around_.place.server) open = [url = around_.place.server->url] { return execution::open_postgres_journal(url); };
  else open = [path = folder() + "/" + journal_name(account)] { return execution::open_sqlite_journal(path); };
  return [open, to = figures_]() -> result<std::shared_ptr<execution::journal_store>> {
    auto opened = open();
    if (!opened) return opened.error();
    return time_appends(std::move(*opened), [to](double seconds) { to->journal_write(seconds); });
  };
}

result<paper_list> trading_service::read_list() {
  auto known = list_->load();
  if (!known) return known.error();
  if (*known) return std::move(**known);
  paper_list out;
  gateway::paper_account first;
  first.settings.account = account_id{std::string(first_account)};
  first.created_at = around_.wall_clock();
  out.usual = first.settings.account;
  out.accounts.push_back(std::move(first));
  if (auto saved = list_->save(out); !saved) return saved.error();
  return out;
}

std::shared_ptr<account_desk> trading_service::make_desk(const gateway::paper_account& what, const caf::actor& broker, const gateway::desk_rules& rules) const {
  gateway::desk_settings settings;
  settings.profile = profile_of(what, around_.config.day_roll);
  settings.generation = what.resets;
  settings.trading = what.trading == gateway::trading_permission::on ? risk::on_off::on : risk::on_off::off;
  settings.rules = rules;
  settings.fees = fees_of(what.settings.fills.fees);
  settings.leverage = what.settings.leverage;
  settings.sales_ratio = what.settings.fills.fees.regulatory_sell_ratio;
  settings.slippage_ticks = what.settings.fills.slippage_ticks;
  if (around_.master->find(around_.config.benchmark)) settings.benchmark = around_.config.benchmark;
  settings.is_real_time = around_.is_real_time;
  settings.limits = around_.config.risk_limits;
  settings.can = execution::paper::paper_capabilities();
  settings.master = around_.master;
  settings.clock_ns = steady_ns;
  settings.make_token = make_secret_token;
  settings.rates = order_rates_;
  settings.restored = [broker](const execution::account_book& book) {
    caf::anon_send(broker, std::make_shared<const execution::paper_memory>(execution::memory_of(book)));
  };
  settings.need = [watch = watch_](const std::string& symbol) { caf::anon_send(watch, need_request{symbol, {}}); };
  settings.listener.on_order = [to = watchers_](const gateway::order_snapshot& news) { to->order(news); };
  settings.listener.on_execution = [to = watchers_](const gateway::execution_snapshot& news) { to->execution(news); };
  settings.listener.on_account = [to = watchers_](const gateway::account_snapshot& news) { to->account(news); };
  settings.listener.on_position = [to = watchers_](const gateway::position_snapshot& news) { to->position(news); };
  settings.listener.on_risk = [to = watchers_](const gateway::risk_news& news) { to->risk(news); };
  settings.listener.on_decision = [to = figures_](const risk_decision& made) { to->decision(made); };
  return std::make_shared<account_desk>(std::move(settings));
}

result<void> trading_service::open_account(const gateway::paper_account& what, const gateway::desk_rules& rules) {
  const auto profile = profile_of(what, around_.config.day_roll);
  const auto epoch = epoch_of(profile.id);
  if (!epoch) return epoch.error();

  auto venue = std::make_shared<execution::paper_broker_options>();
  venue->settings = what.settings;
  venue->session = "e" + std::to_string(*epoch);
  venue->master = around_.master;
  venue->clock = around_.market_clock;
  const auto broker = around_.system.spawn(execution::paper_broker_actor, std::shared_ptr<const execution::paper_broker_options>(std::move(venue)));
  brokers_[profile.id] = broker;

  const auto desk = make_desk(what, broker, rules);
  auto options = std::make_shared<execution::account_options>();
  options->open_store = journal_opener(profile.id);
  auto& settings = options->settings;
  settings.profile = profile;
  settings.opening_cash = what.settings.starting_cash;
  settings.core.epoch = lease_epoch{*epoch};
  settings.core.node = around_.config.node_id;
  settings.core.can = execution::paper::paper_capabilities();
  settings.core.fx = [rates = rates_](const std::string& currency) { return rates->rate(currency); };
  settings.core.contract = [master = around_.master](const std::string& symbol) -> std::optional<contract_terms> {
    const auto* found = master->find(symbol);
    return found ? std::optional{contract_of(*found)} : std::nullopt;
  };
  settings.core.is_open = [master = around_.master](const std::string& symbol, const order_terms& terms, utc_time at) {
    const auto* found = master->find(symbol);
    return !found || execution::paper::is_in_session(terms, *found, at);
  };
  settings.follower = desk.get();
  settings.snapshots = execution::snapshot_time::quiet;
  settings.restored = [desk](const execution::account_book& book) { desk->restored(book); };
  options->gate = std::shared_ptr<execution::order_gate>(desk, &desk->gate());
  options->clock = around_.market_clock;
  options->broker = broker;
  options->on_alert = [desk, clock = around_.market_clock](const execution::alert_effect& alarm) {
    log_alert(alarm);
    desk->on_alert(alarm, clock());
  };
  options->on_order = [desk](const order& changed) { desk->on_order(changed); };
  options->on_step = [desk, watched = std::make_shared<journal_watch>(profile.id.str())](account_access& in) {
    desk->on_step(in);
    watched->look(*desk, in);
  };
  // the actor tells of a round trip right before the report that ended it
  const auto took = std::make_shared<std::optional<nanoseconds>>();
  options->on_report = [desk, took, clock = around_.market_clock](const execution::venue_report& report) {
    desk->on_report(report, clock(), std::exchange(*took, std::nullopt));
  };
  options->on_roundtrip = [to = figures_, took, venue = profile.venue.str()](const execution::broker_roundtrip& answered) {
    *took = nanoseconds{answered.took_ns};
    to->broker_answered(venue, tt::to_string(answered.op), static_cast<double>(answered.took_ns) * 1e-9);
  };
  options->on_facts = [desk](account_access& in, const execution::symbol_facts& facts) { desk->on_facts(in, facts); };
  options->on_market = [desk](account_access& in, const execution::market_seen& seen) { desk->on_market(in, seen); };
  const auto account = around_.system.spawn<caf::detached>(execution::account_actor, std::move(options));
  const gateway::hosted_account hosted{profile.id, profile.mode, account, desk, *epoch};
  accounts_->add(hosted);
  if (isolated_ == risk::on_off::on) gateway::post(hosted, [desk](account_access& in) { desk->set_isolated(in, risk::on_off::on); });
  {
    const std::lock_guard lock(opened_mutex_);
    if (opened_) opened_();
  }
  caf::anon_send(watch_, watch_receiver{account, broker});
  spdlog::info("account {} runs here under epoch {}", profile.id.str(), *epoch);
  return {};
}

void trading_service::on_opened(std::function<void()> told) {
  const std::lock_guard lock(opened_mutex_);
  opened_ = std::move(told);
}

void trading_service::isolate(risk::on_off isolated) {
  isolated_ = isolated;
  port_->isolate(isolated);
}

result<gateway::desk_rules> trading_service::rules_of(const account_id& id, account_desk::rules_of whose, risk::access by) const {
  const auto account = accounts_->find(id);
  if (!account) return account.error();
  // shared: set_value may still be at work when the waiting thread has the value and leaves
  const auto told = std::make_shared<std::promise<result<gateway::desk_rules>>>();
  auto got = told->get_future();
  const auto answer = gateway::once<gateway::desk_rules>([told](result<gateway::desk_rules> rules) { told->set_value(std::move(rules)); });
  gateway::post(*account, [desk = account->desk, whose, by, answer](account_access& in) {
    if (auto why = in.blocked()) return answer(error{errc::not_available, why->message, "account_id"});
    if (whose == account_desk::rules_of::own_too && desk->health(in).mode != risk::kill_mode::none)
      return answer(error{errc::conflict, "trading is stopped: resume it before the account is started over", "account_id"});
    const auto held_back = whose == account_desk::rules_of::own_too && by != risk::access::admin ? desk->lasting_trips() : std::vector<std::string>{};
    if (!held_back.empty())
      return answer(error{errc::conflict, "the breaker " + held_back.front() + " has tripped: only an admin may start the account over, or re-arm it", "account_id"});
    answer(desk->rules(whose));
  });
  return got.get();
}

result<void> trading_service::archive(const gateway::paper_account& what) {
  const auto id = what.settings.account;
  const auto hosted = accounts_->remove(id);
  std::vector<caf::actor> ending;
  if (hosted) ending.push_back(hosted->actor);
  if (auto broker = brokers_.extract(id); !broker.empty()) ending.push_back(broker.mapped());
  if (!await_end(around_.system, ending)) return error{errc::timed_out, "the account takes too long to end; its journal was left where it is", "account_id"};
  // the account has ended, so its desk is nobody else's: those who watch see that nothing is held any more
  if (hosted)
    for (auto& one : hosted->desk->positions()) {
      one.held.qty = {};
      one.held.cost = {};
      one.held.cost_basis = money{};
      one.market_value = one.unrealized = money{};
      one.weight = decimal{};
      watchers_->position(one);
    }
  return put_journal_aside(what);
}

result<void> trading_service::put_journal_aside(const gateway::paper_account& what) {
  if (!around_.place.server) return put_files_aside(what);
  const auto& server = *around_.place.server;
  // with the epoch: a crash before the list is written makes the same number come again
  const account_id as{what.settings.account.str() + "@" + std::to_string(what.resets) + "." + std::to_string(server.fence.epoch)};
  return execution::set_postgres_journal_aside(server.url, what.settings.account, lease_epoch{server.fence.epoch}, as);
}

result<void> trading_service::put_files_aside(const gateway::paper_account& what) {
  const auto id = what.settings.account;
  const auto aside = std::filesystem::path(folder()) / "archive";
  std::error_code failed;
  std::filesystem::create_directories(aside, failed);
  const auto name = journal_name(id);
  const auto kept = id.str() + "-" + std::to_string(what.resets) + "-";
  // the journal's own file last: as long as it is there, so is the account
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder(), failed)) {
    const auto found = entry.path().filename().string();
    if (found != name && found.starts_with(name)) files.push_back(entry.path());
  }
  files.push_back(std::filesystem::path(folder()) / name);
  for (const auto& file : files) {
    if (failed) break;
    if (std::filesystem::exists(file)) std::filesystem::rename(file, aside / (kept + file.filename().string()), failed);
  }
  if (failed) return error{errc::io_error, "can't put the journal of " + id.str() + " aside: " + failed.message(), "account_id"};
  return {};
}

paper_hosting trading_service::hosting() {
  paper_hosting out;
  // the rules of the account that is put aside are asked for while it still runs
  auto kept = std::make_shared<std::map<account_id, gateway::desk_rules>>();
  out.check_reset = [this, kept](const account_id& id, risk::access by) -> result<void> {
    auto rules = rules_of(id, account_desk::rules_of::own_too, by);
    if (!rules) return rules.error();
    kept->insert_or_assign(id, std::move(*rules));
    return {};
  };
  out.archive = [this](const gateway::paper_account& what) { return archive(what); };
  out.open = [this, kept](const gateway::paper_account& what, const account_id& model) -> result<void> {
    if (auto own = kept->extract(what.settings.account); !own.empty()) return open_account(what, own.mapped());
    const auto rules = rules_of(model, account_desk::rules_of::everybody);
    if (!rules) return rules.error(); // it must not trade without the stops of the node
    return open_account(what, *rules);
  };
  out.set_trading = [this](const account_id& id, gateway::trading_permission trading) {
    const auto account = accounts_->find(id);
    const auto on = trading == gateway::trading_permission::on ? risk::on_off::on : risk::on_off::off;
    if (account) gateway::post(*account, [desk = account->desk, on](account_access& in) { desk->set_trading(in, on); });
  };
  out.make_usual = [this](const account_id& id) { static_cast<void>(accounts_->make_usual(id)); };
  return out;
}

void trading_service::stop() {
  if (keeper_) keeper_->stop();
  std::vector<caf::actor> ending;
  if (flag_) ending.push_back(std::exchange(flag_, nullptr));
  if (accounts_)
    for (auto& one : accounts_->clear()) ending.push_back(std::move(one.actor));
  for (auto& [id, broker] : brokers_) ending.push_back(std::move(broker));
  brokers_.clear();
  if (watch_) ending.push_back(std::exchange(watch_, nullptr));
  if (!await_end(around_.system, ending)) spdlog::warn("the accounts take longer than {} ms to end", farewell.count());
}

} // namespace tt::cluster
