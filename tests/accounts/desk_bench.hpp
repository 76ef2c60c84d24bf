#pragma once

// The desk of an account with its journal, gate and paper broker on virtual time.

#include "actors/execution/account_actor.hpp"
#include "actors/execution/paper_broker_actor.hpp"
#include "gateways/bridge/account_order_desk.hpp"
#include "gateways/bridge/actor_trading_port.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/values.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

namespace tt::gateway::test {

using namespace execution;
using namespace std::chrono_literals;
using tt::test::at;
using tt::test::dec;
using tt::test::px;
using tt::test::qty;

inline constexpr std::string_view instruments = R"(
instruments:
  - {symbol: AAPL, exchange: NASDAQ, type: stock, calendar: XNYS, tick: 0.01}
  - {symbol: MSFT, exchange: NASDAQ, type: stock, calendar: XNYS, tick: 0.01}
  - {symbol: MNQ1!, exchange: CME, type: futures, calendar: CME_EQUITY, tick: 0.25, multiplier: 2, initial_margin: 3400, maintenance_margin: 3100}
)";

struct test_config : caf::actor_system_config {
  test_config() { set("scheduler.policy", caf::atom("testing")); }
};

class desk_bench : public ::testing::Test {
protected:
  desk_bench() : system(config), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    begin = scheduler.clock().now();
    master = std::make_shared<const instrument_master>(*instrument_master::from_yaml(instruments, "test"));
  }
  ~desk_bench() override { stop(); }

  [[nodiscard]] utc_time now() const { return day + std::chrono::duration_cast<nanoseconds>(scheduler.clock().now() - begin); }

  /// A process: everything from the journal.
  void start() {
    stop();
    ++epoch;
    hosts = std::make_shared<account_hosts>([](const std::string&, const reply<void>& done) { done({}); }, [] { return std::string(32, 't'); });
    std::tie(account, broker) = host("paper");
    port = std::make_unique<actor_trading_port>(hosts, std::make_shared<trading_watchers>(), nullptr);
    orders_of_signals = std::make_shared<account_order_desk>(hosts);
    scheduler.run();
    pass(50ms);
  }
  /// Another account beside it, without a market; until the next start.
  void start_beside(const std::string& name) {
    const auto [one, venue] = host(name);
    beside.insert(beside.end(), {one, venue});
    scheduler.run();
    pass(50ms);
  }
  /// An account and its broker.
  std::pair<caf::actor, caf::actor> host(const std::string& name) {
    auto venue = std::make_shared<paper_broker_options>();
    venue->settings.account = account_id{name};
    venue->settings.type = type;
    venue->settings.starting_cash = cash;
    venue->settings.fills.latency = latency;
    venue->settings.fills.fees = fees;
    venue->session = "e" + std::to_string(epoch);
    venue->master = master;
    venue->clock = [this] { return now(); };
    const auto its_broker = system.spawn(paper_broker_actor, std::shared_ptr<const paper_broker_options>(venue));
    account_profile profile;
    profile.id = account_id{name};
    profile.venue = venue_id{"paper"};
    profile.type = type;
    desk_settings of_desk;
    of_desk.profile = profile;
    of_desk.generation = generation;
    if (steady) of_desk.clock_ns = [this] { return steady->count(); };
    of_desk.limits = limits;
    of_desk.fees = {fees.commission_per_order, fees.commission_per_unit + fees.exchange_per_unit, fees.commission_ratio + fees.regulatory_sell_ratio};
    of_desk.sales_ratio = fees.regulatory_sell_ratio;
    of_desk.can = paper::paper_capabilities();
    of_desk.master = master;
    of_desk.benchmark = "MSFT";
    of_desk.is_real_time = [this] { return is_real_time; };
    of_desk.make_token = [] { return std::string(32, 'k'); };
    of_desk.restored = [its_broker](const account_book& book) { caf::anon_send(its_broker, std::make_shared<const paper_memory>(memory_of(book))); };
    of_desk.listener.on_order = [this](const order_snapshot& what) { news.push_back(what); };
    of_desk.listener.on_position = [this](const position_snapshot& what) { positions_told.push_back(what); };
    of_desk.listener.on_risk = [this](const risk_news& what) { risk_told.push_back(what); };
    const auto desk = std::make_shared<account_desk>(std::move(of_desk));
    auto options = std::make_shared<account_options>();
    options->open_store = [this, name]() -> result<std::shared_ptr<journal_store>> {
      if (disk == disk_state::away) return error{errc::io_error, "no disk"};
      if (disk == disk_state::damaged) return error{errc::corrupt_data, "record 7: its checksum is wrong"};
      auto opened = open_sqlite_journal(folder.path((name == "paper" ? "journal" : name) + (generation == 0 ? "" : std::to_string(generation))));
      if (!opened) return opened.error();
      return std::shared_ptr<journal_store>(std::make_shared<store_on_disk>(std::move(*opened), disk));
    };
    auto& settings = options->settings;
    settings.profile = profile;
    settings.opening_cash = cash;
    settings.core.epoch = lease_epoch{epoch};
    settings.core.node = "test";
    settings.core.can = paper::paper_capabilities();
    settings.core.fx = [](const std::string&) { return std::optional{decimal{1}}; };
    settings.core.contract = [this](const std::string& symbol) -> std::optional<contract_terms> {
      const auto* what = master->find(symbol);
      return what ? std::optional{contract_of(*what)} : std::nullopt;
    };
    settings.core.is_open = [this](const std::string& symbol, const order_terms& terms, utc_time at) {
      const auto* what = master->find(symbol);
      return !what || paper::is_in_session(terms, *what, at);
    };
    settings.follower = desk.get();
    // accounts_from_snapshots runs all of this with one after every commit, so that each restart begins with one
    if (std::getenv("TT_SNAPSHOT_EVERY_COMMIT")) settings.snapshot_every = 1;
    settings.restored = [desk](const account_book& book) { desk->restored(book); };
    options->gate = std::shared_ptr<order_gate>(desk, &desk->gate());
    options->clock = [this] { return now(); };
    options->broker = its_broker;
    options->on_alert = [desk, this](const alert_effect& what) { desk->on_alert(what, now()); };
    options->on_order = [desk](const order& what) { desk->on_order(what); };
    options->on_step = [desk](account_access& in) { desk->on_step(in); };
    options->on_report = [desk, this](const venue_report& report) { desk->on_report(report, now()); };
    options->on_facts = [desk](account_access& in, const symbol_facts& facts) { desk->on_facts(in, facts); };
    options->on_market = [desk](account_access& in, const market_seen& seen) { desk->on_market(in, seen); };
    const auto made = system.spawn(account_actor, options);
    hosts->add({profile.id, profile.mode, made, desk});
    return {made, its_broker};
  }
  void stop() {
    if (hosts) hosts->clear();
    for (const auto& one : std::exchange(beside, {})) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    for (const auto& one : {account, broker})
      if (one) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    account = broker = nullptr;
    scheduler.run();
    port.reset();
  }
  void pass(std::chrono::milliseconds time) {
    for (std::chrono::milliseconds done{0}; done < time; done += 10ms) {
      scheduler.advance_time(10ms);
      scheduler.run();
    }
  }
  /// A quote of now, to account and broker.
  void quote(const std::string& symbol, const char* bid, const char* ask) {
    risk::market_view market;
    market.bid = px(bid);
    market.ask = px(ask);
    market.last = market.bid;
    market.last_at = market.quote_at = now() + ahead;
    symbol_facts facts;
    facts.symbol = symbol;
    facts.view = contract_view_of(*master->find(symbol), decimal{1});
    facts.view.history = risk::history_state::known;
    facts.view.volatility = dec(volatility);
    facts.market = market;
    caf::anon_send(account, std::make_shared<const symbol_facts>(facts));
    quote_to_broker(symbol, bid, ask);
    caf::anon_send(account, std::make_shared<const market_seen>(market_seen{symbol, market, decimal{1}}));
    scheduler.run();
    pass(50ms);
  }
  /// What the venue fills from and the account has not heard of yet.
  void quote_to_broker(const std::string& symbol, const char* bid, const char* ask) {
    caf::anon_send(broker, std::make_shared<const market_ticks>(market_ticks{symbol, {quote_tick{now(), px(bid), px(ask), qty("1000"), qty("1000")}}}));
    scheduler.run();
  }
  /// Asks and lets time pass until the answer is there.
  template <class T, class Ask>
  result<T> got(Ask ask) {
    std::optional<result<T>> answer;
    ask([&answer](result<T> one) { answer.emplace(std::move(one)); });
    for (int i = 0; i < 500 && !answer; ++i) pass(10ms);
    if (!answer) return error{errc::timed_out, "no answer"};
    return std::move(*answer);
  }
  result<signal_outcome> signal(const std::string& key, order_side side, const char* size, const std::string& strategy = "trend",
                                const std::string& symbol = "AAPL") {
    signal_order what;
    what.key = key;
    what.request.account = account_id{"paper"};
    what.request.symbol = symbol;
    what.request.side = side;
    what.request.size = size_quantity{qty(size)};
    what.request.strategy = strategy_id{strategy};
    auto out = got<signal_outcome>([&](auto done) { orders_of_signals->place(what, done); });
    pass(50ms);
    return out;
  }
  result<placed_order> place(order_side side, const char* size, const std::string& symbol = "AAPL", const char* limit = nullptr) {
    place_order what;
    what.request.account = account_id{"paper"};
    what.request.symbol = symbol;
    what.request.side = side;
    what.request.size = size_quantity{qty(size)};
    if (limit) {
      what.request.type = order_type::limit;
      what.request.limit_price = px(limit);
    }
    auto out = got<placed_order>([&](auto done) { port->place(ann, what, done); });
    pass(50ms);
    return out;
  }
  /// A purchase of AAPL at the market with its protection; `target` may be null.
  result<placed_order> bracket(const char* size, const char* stop, const char* target, time_in_force tif = time_in_force::day) {
    place_order what;
    what.request.account = account_id{"paper"};
    what.request.symbol = "AAPL";
    what.request.size = size_quantity{qty(size)};
    what.request.type = order_type::bracket;
    what.request.tif = tif;
    what.request.loss = stop_loss{px(stop), {}};
    if (target) what.request.profit = take_profit{px(target)};
    return got<placed_order>([&](auto done) { port->place(ann, what, done); });
  }
  strategy_holding holding(const std::string& strategy, const std::string& symbol = "AAPL") {
    auto out = got<strategy_holding>([&](auto done) { orders_of_signals->holding(account_id{"paper"}, strategy_id{strategy}, symbol, done); });
    EXPECT_TRUE(out) << to_string(out.error());
    return out.value_or(strategy_holding{});
  }
  std::vector<order_snapshot> orders() {
    return got<std::vector<order_snapshot>>([&](auto done) { port->orders(ann, {}, done); }).value_or(std::vector<order_snapshot>{});
  }
  std::vector<position_snapshot> positions() {
    return got<std::vector<position_snapshot>>([&](auto done) { port->positions(ann, {}, done); }).value_or(std::vector<position_snapshot>{});
  }
  risk_snapshot risk_now() {
    return got<risk_snapshot>([&](auto done) { port->risk_state(ann, {}, done); }).value_or(risk_snapshot{});
  }
  bool is_tripped(risk::breaker_kind which, const risk::breaker_scope& scope = {}) {
    for (const auto& one : risk_now().breakers)
      if (one.which == which && one.scope == scope) return one.is_tripped;
    return false;
  }
  result<std::uint64_t> set_limit(risk::limit_id which, const char* value) {
    risk::limit_change change;
    change.where = {risk::limit_scope::account, "paper"};
    change.values.emplace_back(which, risk::limit_setting::of(dec(value)));
    change.author = "root";
    change.reason = "test";
    change.by = risk::limit_change::role::admin;
    return got<std::uint64_t>([&](auto done) { port->set_limits(root, change, done); });
  }
  /// A word of the venue that the test makes up.
  void say(venue_report report) {
    caf::anon_send(account, std::make_shared<const venue_report>(std::move(report)));
    scheduler.run();
    pass(50ms);
  }
  /// From now on nobody at the venue answers.
  void lose_broker() {
    caf::anon_send_exit(broker, caf::exit_reason::user_shutdown);
    scheduler.run();
  }
  result<stopped> flatten(risk::kill_scope scope = {}) {
    stop_request what;
    what.mode = risk::kill_mode::flatten;
    what.scope = std::move(scope);
    what.reason = "test";
    return got<stopped>([&](auto done) { port->stop(ann, what, done); });
  }
  /// A round trip that loses the spread and more.
  void lose() {
    quote("AAPL", "99.99", "100.01");
    ASSERT_TRUE(place(order_side::buy, "10"));
    quote("AAPL", "98.99", "99.01");
    ASSERT_TRUE(place(order_side::sell, "10"));
    ASSERT_TRUE(positions().empty());
  }

  const trading_caller ann{"ann", risk::access::trader}, root{"root", risk::access::admin};
  tt::test::temporary_folder folder;
  test_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor_clock::time_point begin;
  utc_time day = at("2026-01-15T15:00:00Z"); ///< a Thursday, 10:00 in New York; moved to let days pass
  std::uint64_t epoch = 0;
  /// Whether the journal can be opened, and written.
  enum class disk_state : std::uint8_t { there, away, full, damaged } disk = disk_state::there;
  /// A journal that takes no records while the disk is full.
  class store_on_disk final : public journal_store {
  public:
    store_on_disk(std::shared_ptr<journal_store> inner, const disk_state& on) : inner_(std::move(inner)), disk_(on) {}
    result<journal_head> claim(const account_id& a, lease_epoch e) override { return inner_->claim(a, e); }
    result<journal_head> head(const account_id& a) override { return inner_->head(a); }
    result<void> append(const account_id& a, const journal_batch& b) override {
      if (disk_ == disk_state::full) return error{errc::io_error, "disk full"};
      return inner_->append(a, b);
    }
    result<void> read(const account_id& a, journal_offset o, const batch_visitor& v) override { return inner_->read(a, o, v); }
    result<void> put_snapshot(const account_id& a, lease_epoch e, const journal_snapshot& s) override { return inner_->put_snapshot(a, e, s); }
    result<std::optional<journal_snapshot>> newest_snapshot(const account_id& a) override { return inner_->newest_snapshot(a); }
    result<void> reopen() override { return inner_->reopen(); }

  private:
    std::shared_ptr<journal_store> inner_;
    const disk_state& disk_;
  };
  account_type type = account_type::margin;
  std::chrono::milliseconds latency{0};
  money cash{100'000};
  paper::fee_schedule fees; ///< of the broker, as the desk knows them
  std::uint32_t generation = 0;        ///< how often the account was started over
  std::optional<nanoseconds> steady;   ///< the clock of persons; nothing: the market's
  risk::limit_set limits = risk::default_limits();
  bool is_real_time = false;
  std::chrono::milliseconds ahead{0}; ///< of the market's clock before ours
  const char* volatility = "0.2";     ///< yearly, of what is quoted
  std::shared_ptr<const instrument_master> master;
  caf::actor broker, account;
  std::vector<caf::actor> beside; ///< other accounts and their brokers
  std::shared_ptr<account_hosts> hosts;
  std::unique_ptr<actor_trading_port> port;
  std::shared_ptr<account_order_desk> orders_of_signals;
  std::vector<order_snapshot> news;
  std::vector<position_snapshot> positions_told;
  std::vector<risk_news> risk_told;
};

} // namespace tt::gateway::test
