#include "cluster/strategies/strategy_service.hpp"

#include "actors/pine/compiler.hpp"
#include "actors/strategy/live/live_run_actor.hpp"

#include <caf/exit_reason.hpp>
#include <caf/function_view.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <spdlog/spdlog.h>

#include <filesystem>
#include <set>
#include <vector>

namespace tt::cluster {

using namespace strategy;
using gateway::strategy_news;

namespace {

/// How long the runs have to tell how they stand.
constexpr std::chrono::seconds state_deadline{1};
/// How long the end of the service waits for its runs.
constexpr std::chrono::seconds end_deadline{10};

/// Everything that makes a run another one.
std::string signature(const strategy_record& r) {
  std::string out = std::to_string(r.version) + '|' + std::string(tt::to_string(r.state.mode)) + '|' + r.state.account.str() + '|' + r.frame.to_string() + '|' +
                    std::string(tt::to_string(r.hours));
  for (const auto& [name, value] : r.inputs) out += '|' + name + '=' + value;
  return out;
}

/// Asks all runs, answers once with those that said something.
caf::behavior gather_states(caf::event_based_actor* self, std::vector<caf::actor> runs, gateway::reply<std::vector<run_state_ptr>> done) {
  struct gathering {
    std::vector<run_state_ptr> states;
    std::size_t open = 0;
  };
  const auto all = std::make_shared<gathering>();
  all->open = runs.size();
  const auto one_less = [self, all, done] {
    if (--all->open > 0) return;
    done(std::move(all->states));
    self->quit();
  };
  for (const auto& run : runs)
    self->request(run, state_deadline, state_atom::value)
      .then(
        [all, one_less](const run_state_ptr& state) {
          all->states.push_back(state);
          one_less();
        },
        [one_less](const caf::error&) { one_less(); });
  return {[](caf::unit_t) {}};
}

/// Ends the runs and waits until they are gone: they call back into the service.
void end_and_wait(caf::actor_system& system, const std::vector<caf::actor>& runs) {
  if (runs.empty()) return;
  caf::scoped_actor self{system};
  for (const auto& run : runs) {
    self->monitor(run);
    self->send_exit(run, caf::exit_reason::user_shutdown);
  }
  const auto until = std::chrono::steady_clock::now() + end_deadline;
  auto open = runs.size();
  while (open > 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return spdlog::error("strategies: {} runs have not ended within {} s", open, end_deadline.count());
    self->receive([&](const caf::down_msg&) { --open; }, caf::after(left) >> [] {});
  }
}

} // namespace

result<std::unique_ptr<strategy_service>> strategy_service::start(strategy_surroundings around) {
  auto records = registry::open(around.records);
  if (!records) return records.error();
  std::unique_ptr<strategy_service> out{new strategy_service(std::move(around), std::shared_ptr<registry>(std::move(*records)))};
  for (const auto& one : out->records_->list())
    if (one.state.is_enabled() && one.state.kind == strategy_kind::pine)
      static_cast<void>(out->post(work::heavy, [service = out.get(), id = one.id] { service->align(id); }));
  return out;
}

strategy_service::strategy_service(strategy_surroundings around, std::shared_ptr<registry> records)
  : around_(std::move(around)), records_(std::move(records)) {
  records_->on_change([this](const strategy_id& id, const auto& now, const transition_row& why) { on_change(id, now, why); });
  if (around_.trading == nullptr) return;
  gateway::trading_watcher told;
  told.on_order = [this](const gateway::order_snapshot& seen) {
    if (seen.what.strategy.empty()) return;
    const auto message = std::make_shared<const order_seen>(order_seen{seen.account, seen.what, seen.what.updated_at});
    std::lock_guard lock{mutex_};
    for (auto at = runs_.lower_bound({seen.what.strategy, std::string{}}); at != runs_.end() && at->first.first == seen.what.strategy; ++at)
      if (at->first.second == seen.what.symbol) caf::anon_send(at->second.actor, order_seen_ptr{message});
  };
  judge_ = std::make_unique<trade_judge>(records_, *around_.trading, around_.market_clock, [this](std::function<void()> task) { return post(work::quick, std::move(task)); });
  told.on_execution = [judge = judge_.get()](const gateway::execution_snapshot& seen) { judge->on_execution(seen); };
  watched_ = around_.trading->watch(std::move(told));
}

strategy_service::~strategy_service() { stop(); }

void strategy_service::stop() {
  {
    std::lock_guard lock{mutex_};
    if (std::exchange(is_stopped_, true)) return;
  }
  if (around_.trading != nullptr) around_.trading->unwatch(watched_);
  records_->on_change({});
  quick_.stop();
  heavy_.stop();
  std::vector<caf::actor> ending;
  {
    std::lock_guard lock{mutex_};
    for (auto& [at, run] : runs_) ending.push_back(std::move(run.actor));
    runs_.clear();
    for (const auto& one : quitting_)
      if (auto run = caf::actor_cast<caf::actor>(one)) ending.push_back(std::move(run));
    quitting_.clear();
  }
  end_and_wait(around_.system, ending); // without the lock: what a run tells last may need it
  around_.directory = nullptr;
}

gateway::strategies_port::posted strategy_service::post(work kind, std::function<void()> task) {
  auto& queue = kind == work::quick ? quick_ : heavy_;
  return queue.post(std::move(task)) == gateway::task_queue::posted::full ? posted::full : posted::yes;
}

void strategy_service::states(std::optional<strategy_id> of, gateway::reply<std::vector<run_state_ptr>> done) {
  std::vector<caf::actor> asked;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [at, run] : runs_)
      if (!of || at.first == *of) asked.push_back(run.actor);
  }
  if (asked.empty()) return done(std::vector<run_state_ptr>{});
  around_.system.spawn(gather_states, std::move(asked), std::move(done));
}

// ---------------------------------------------------------------- changes

/// Within the registry's change: a disabled strategy's runs are told at once, everything that takes time follows.
void strategy_service::on_change(const strategy_id& id, const std::optional<strategy_record>& now, const transition_row& why) {
  strategy_news news;
  news.kind = why.kind == "mode" ? strategy_news::kind_t::mode : strategy_news::kind_t::state;
  news.strategy = id;
  news.record = now;
  news.transition = why;
  tell(news);
  if (why.kind == "proposal") return;
  if (!now) return stop_runs(id, {"removed", stop_run::then_t::quit});
  if (now->state.kind != strategy_kind::pine) return;
  if (!now->state.is_enabled()) return stop_runs(id, {"disabled"});
  if (post(work::heavy, [this, id] { align(id); }) == posted::full) spdlog::error("strategy {}: too much to do; its runs follow at the next change", id.str());
}

void strategy_service::stop_runs(const strategy_id& id, const stop_run& why) {
  std::lock_guard lock{mutex_};
  for (auto at = runs_.lower_bound({id, std::string{}}); at != runs_.end() && at->first.first == id;) {
    caf::anon_send(at->second.actor, why);
    at->second.runs.clear();
    if (why.then == stop_run::then_t::stay) {
      ++at;
      continue;
    }
    std::erase_if(quitting_, [](const caf::actor_addr& one) { return caf::actor_cast<caf::actor>(one) == nullptr; });
    quitting_.push_back(at->second.actor.address());
    at = runs_.erase(at);
  }
}

caf::actor strategy_service::spawn(const strategy_id& id, const instrument& what) {
  auto options = std::make_shared<live_run_options>();
  options->strategy = id;
  options->what = what;
  options->directory = around_.directory;
  options->desk = around_.desk;
  options->records = records_;
  options->clock = around_.market_clock;
  const auto news = [id](const run_row& of, strategy_news::kind_t kind) {
    strategy_news out;
    out.kind = kind;
    out.strategy = id;
    out.symbol = of.symbol;
    out.run = of.run;
    return out;
  };
  using kind = strategy_news::kind_t;
  options->on_plot = [this, news](const run_row& of, const plot_row& row, std::optional<std::string> drawings) {
    auto out = news(of, kind::plot);
    out.plot = row;
    out.drawings = std::move(drawings);
    tell(out);
  };
  options->on_alert = [this, news](const run_row& of, const raised_alert& alert) {
    auto out = news(of, kind::alert);
    out.alert = alert;
    tell(out);
    if (around_.on_alert) around_.on_alert(out.strategy, out.symbol, alert);
  };
  options->on_signal = [this, news](const run_row& of, const signal_row& signal) {
    auto out = news(of, kind::signal);
    out.signal = signal;
    tell(out);
  };
  options->on_trade = [this, news](const run_row& of, const closed_trade& trade) {
    auto out = news(of, kind::trade);
    out.trade = trade;
    tell(out);
  };
  options->on_problem = [](const strategy_id& strategy, const std::string& symbol, const std::string& problem) {
    spdlog::error("strategy {} on {} has stopped: {}", strategy.str(), symbol, problem);
  };
  return around_.system.spawn(live_run_actor, std::shared_ptr<const live_run_options>(std::move(options)));
}

void strategy_service::align(const strategy_id& id) {
  const auto record = records_->find(id);
  if (!record || !record->state.is_enabled() || record->state.kind != strategy_kind::pine) return;
  const auto source = records_->source(id);
  const auto compiled = source ? pine::compile(*source) : pine::compile_result{};
  if (!source || compiled.diags.has_errors() || compiled.code == nullptr) {
    const auto why = !source ? to_string(source.error()) : "the source does not compile: line " + (compiled.diags.all().empty() ? std::string("?")
                       : std::to_string(compiled.diags.all().front().pos.line) + ": " + compiled.diags.all().front().message);
    static_cast<void>(records_->set_problem(id, why));
    return spdlog::error("strategy {}: {}", id.str(), why);
  }
  auto request = std::make_shared<run_request>();
  request->record = *record;
  request->code = compiled.code;
  const run_request_ptr message = std::move(request);
  const auto wanted = signature(*record);
  const std::set<std::string> symbols(record->symbols.begin(), record->symbols.end());
  std::lock_guard lock{mutex_};
  if (is_stopped_) return;
  const auto now = records_->state_of(id);
  if (!now || !now->is_enabled()) return; // switched off meanwhile
  for (auto at = runs_.lower_bound({id, std::string{}}); at != runs_.end() && at->first.first == id; ++at)
    if (!symbols.contains(at->first.second) && !at->second.runs.empty()) {
      caf::anon_send(at->second.actor, stop_run{"the symbol was taken off"});
      at->second.runs.clear();
    }
  for (const auto& symbol : symbols) {
    const auto* what = around_.master->find(symbol);
    if (what == nullptr) {
      spdlog::error("strategy {}: no instrument {}", id.str(), symbol);
      continue;
    }
    auto& run = runs_[{id, what->symbol}];
    if (run.runs == wanted) continue;
    if (!run.actor) run.actor = spawn(id, *what);
    run.runs = wanted;
    caf::anon_send(run.actor, message);
  }
}

// ---------------------------------------------------------------- watchers

gateway::subscription_id strategy_service::watch(gateway::strategy_watcher told) {
  std::lock_guard lock{watchers_mutex_};
  watchers_.emplace(next_watcher_, std::move(told));
  return next_watcher_++;
}
void strategy_service::unwatch(gateway::subscription_id id) {
  std::lock_guard lock{watchers_mutex_};
  watchers_.erase(id);
}
void strategy_service::tell(const strategy_news& news) const {
  std::lock_guard lock{watchers_mutex_};
  for (const auto& [id, told] : watchers_) told(news);
}

} // namespace tt::cluster
