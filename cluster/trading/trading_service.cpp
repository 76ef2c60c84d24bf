#include "cluster/trading/trading_service.hpp"

#include "actors/execution/account_actor.hpp"
#include "actors/execution/paper_broker_actor.hpp"
#include "cluster/lease/lease_store.hpp"
#include "cluster/trading/market_watch_actor.hpp"
#include "cluster/trading/timed_journal.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <filesystem>
#include <random>

namespace tt::cluster {

using execution::account_access;
using gateway::account_desk;

namespace {

constexpr std::chrono::seconds lease_life{3};
/// Longest wait for the actors at the end: the disk may be slow.
constexpr std::chrono::milliseconds farewell{1'500};

/// 128 bits that nobody guesses.
std::string make_token() {
  std::random_device source;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int word = 0; word < 4; ++word) {
    const auto bits = source();
    for (int shift = 28; shift >= 0; shift -= 4) out += digits[(bits >> shift) & 15U];
  }
  return out;
}

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// The epoch under which the account is written. The folder is locked by this process, so nobody else can hold the
/// lease that it had; a higher epoch than all before fences whoever believes he still does.
result<std::uint64_t> take_lease(const std::string& folder, const std::string& holder, const account_id& account, const lease_clock& clock) {
  auto store = open_sqlite_lease_store((std::filesystem::path(folder) / "leases.sqlite").string(), clock);
  if (!store) return store.error();
  const auto granted = (*store)->acquire("account/" + account.str(), holder, lease_life);
  if (!granted) return granted.error();
  return granted->epoch;
}

void log_alert(const execution::alert_effect& what) {
  const auto level = what.level == execution::severity::alarm     ? spdlog::level::err
                     : what.level == execution::severity::warning ? spdlog::level::warn
                                                                  : spdlog::level::info;
  spdlog::log(level, "account: {} {}: {}", what.code, what.symbol, what.text);
}

account_profile first_profile() {
  account_profile out;
  out.id = account_id{std::string(first_account)};
  out.venue = venue_id{"paper"};
  return out;
}

} // namespace

trading_service::trading_service(trading_surroundings around)
  : around_(std::move(around)), rates_(std::make_shared<rate_board>("USD")), watchers_(std::make_shared<gateway::trading_watchers>()),
    figures_(std::make_shared<gateway::trading_metrics>()) {}

trading_service::~trading_service() { stop(); }

result<std::unique_ptr<trading_service>> trading_service::start(trading_surroundings around) {
  auto out = std::unique_ptr<trading_service>(new trading_service(std::move(around)));
  out->watch_ = out->around_.system.spawn(market_watch_actor, &out->around_.market, out->rates_);
  if (auto opened = out->open_account(); !opened) return opened.error();
  out->port_ = std::make_unique<gateway::actor_trading_port>(out->accounts_, out->watchers_,
                                                             [watch = out->watch_](std::string symbol, gateway::reply<void> done) {
                                                               caf::anon_send(watch, need_request{std::move(symbol), std::move(done)});
                                                             });
  out->collectable_ = out->figures_->collectable(*out->port_);
  return out;
}

std::shared_ptr<account_desk> trading_service::make_desk(const account_profile& profile) const {
  gateway::desk_settings settings;
  settings.profile = profile;
  settings.limits = around_.config.risk_limits;
  settings.can = execution::paper::paper_capabilities();
  settings.master = around_.master;
  settings.clock_ns = steady_ns;
  settings.make_token = make_token;
  settings.restored = [broker = broker_](const execution::account_book& book) {
    caf::anon_send(broker, std::make_shared<const execution::paper_memory>(execution::memory_of(book)));
  };
  settings.need = [watch = watch_](const std::string& symbol) { caf::anon_send(watch, need_request{symbol, {}}); };
  settings.listener.on_order = [to = watchers_](const gateway::order_snapshot& what) { to->order(what); };
  settings.listener.on_execution = [to = watchers_](const gateway::execution_snapshot& what) { to->execution(what); };
  settings.listener.on_decision = [to = figures_](const risk_decision& what) { to->decision(what); };
  return std::make_shared<account_desk>(std::move(settings));
}

result<void> trading_service::open_account() {
  const auto folder = std::filesystem::path(around_.config.data_dir) / "trading";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return error{errc::io_error, "can't make " + folder.string() + ": " + failed.message(), "node.data_dir"};
  const auto profile = first_profile();
  const auto epoch = take_lease(around_.config.data_dir, around_.config.node_id, profile.id, around_.wall_clock);
  if (!epoch) return epoch.error();

  auto venue = std::make_shared<execution::paper_broker_options>();
  venue->session = "e" + std::to_string(*epoch);
  venue->master = around_.master;
  venue->clock = around_.market_clock;
  const auto opening_cash = venue->settings.starting_cash;
  broker_ = around_.system.spawn(execution::paper_broker_actor, std::shared_ptr<const execution::paper_broker_options>(std::move(venue)));

  const auto desk = make_desk(profile);
  auto options = std::make_shared<execution::account_options>();
  options->open_store = [path = (folder / "journal.sqlite").string(), to = figures_]() -> result<std::shared_ptr<execution::journal_store>> {
    auto opened = execution::open_sqlite_journal(path);
    if (!opened) return opened.error();
    return time_appends(std::move(*opened), [to](double seconds) { to->journal_write(seconds); });
  };
  auto& settings = options->settings;
  settings.profile = profile;
  settings.opening_cash = opening_cash;
  settings.core.epoch = lease_epoch{*epoch};
  settings.core.node = around_.config.node_id;
  settings.core.can = execution::paper::paper_capabilities();
  settings.core.fx = [rates = rates_](const std::string& currency) { return rates->rate(currency); };
  settings.core.contract = [master = around_.master](const std::string& symbol) -> std::optional<contract_terms> {
    const auto* what = master->find(symbol);
    return what ? std::optional{contract_of(*what)} : std::nullopt;
  };
  settings.follower = desk.get();
  settings.restored = [desk](const execution::account_book& book) { desk->restored(book); };
  options->gate = std::shared_ptr<execution::order_gate>(desk, &desk->gate());
  options->clock = around_.market_clock;
  options->broker = broker_;
  options->on_alert = log_alert;
  options->on_order = [desk](const order& what) { desk->on_order(what); };
  options->on_step = [desk](account_access& in) { desk->on_step(in); };
  options->on_report = [desk, clock = around_.market_clock](const execution::venue_report& report) { desk->on_report(report, clock()); };
  options->on_facts = [desk](account_access& in, const execution::symbol_facts& facts) { desk->on_facts(in, facts); };
  options->on_market = [desk](account_access& in, const execution::market_seen& seen) { desk->on_market(in, seen); };
  const auto account = around_.system.spawn<caf::detached>(execution::account_actor, std::move(options));
  accounts_.push_back({profile.id, profile.mode, account, desk});
  caf::anon_send(watch_, watch_receiver{account, broker_});
  spdlog::info("account {} runs here under epoch {}", profile.id.str(), *epoch);
  return {};
}

void trading_service::stop() {
  std::vector<caf::actor> ending;
  for (auto& one : accounts_) ending.push_back(std::exchange(one.actor, nullptr));
  for (auto* one : {&broker_, &watch_})
    if (*one) ending.push_back(std::exchange(*one, nullptr));
  accounts_.clear();
  if (ending.empty()) return;
  caf::scoped_actor self{around_.system};
  for (const auto& one : ending) {
    self->monitor(one);
    self->send_exit(one, caf::exit_reason::user_shutdown);
  }
  auto open = ending.size();
  bool waiting = true;
  while (open > 0 && waiting) self->receive([&](const caf::down_msg&) { --open; }, caf::after(farewell) >> [&] { waiting = false; });
  if (!waiting) spdlog::warn("the accounts take longer than {} ms to end", farewell.count());
}

} // namespace tt::cluster
