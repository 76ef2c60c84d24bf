#include "cluster/jobs/job_runner.hpp"

#include "actors/backtest/bars.hpp"
#include "actors/strategy/jobs/job_backtest.hpp"
#include "actors/strategy/jobs/job_notices.hpp"
#include "actors/strategy/jobs/job_values.hpp"
#include "gateways/rest/order_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace tt::cluster {

namespace {

using nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr auto answer_patience = 10s;       ///< for one answer of market or accounts
constexpr auto between_looks = 500ms;
constexpr auto cancel_patience = 2s;        ///< for cancelled orders to be gone before a limit order takes their place
constexpr auto between_cancel_looks = 100ms;
constexpr std::size_t orders_looked_at = 200; ///< newest orders of the strategy in one symbol

/// Waits for an answer that comes once, on any thread.
template <class T, class Ask>
result<T> wait_for(Ask ask) {
  auto promise = std::make_shared<std::promise<result<T>>>();
  auto future = promise->get_future();
  ask([promise](result<T> answer) { promise->set_value(std::move(answer)); });
  if (future.wait_for(answer_patience) != std::future_status::ready) return error{errc::timed_out, "no answer within 10 s"};
  return future.get();
}

/// What became of an order that was to be sent.
struct sent {
  enum class state_t : std::uint8_t { not_sent, refused, taken } state = state_t::not_sent;
  std::optional<quantity> qty; ///< of a taken one, after the gate
  std::string why;             ///< of a refused one
};

class job_run {
public:
  job_run(const job_world& world, const job_run_order& order)
      : world_(world), order_(order), plan_(*order.plan), deadline_(std::chrono::steady_clock::now() + plan_.spec.resources.execution_timeout) {
    report_["strategy_id"] = plan_.spec.strategy_id;
    report_["slot"] = to_iso8601(order.slot);
    report_["content_hash"] = plan_.spec.content_hash;
  }

  job_run_report run() {
    look_at_profile();
    if (plan_.spec.type == strategy::job_type::strategy) run_strategy_job();
    else run_portfolio_job();
    report_["outcome"] = to_string(out_.outcome);
    if (!out_.error_message.empty()) report_["error"] = out_.error_message;
    out_.notices.insert(out_.notices.begin(), first_notices_.begin(), first_notices_.end());
    report_["notices"] = out_.notices;
    out_.json = report_.dump();
    return std::move(out_);
  }

private:
  [[nodiscard]] bool over() const { return world_.stopping->load() || std::chrono::steady_clock::now() >= deadline_; }
  void fail(job_outcome how, std::string why) {
    out_.outcome = how;
    out_.error_message = std::move(why);
  }
  /// False: the run is over and says so.
  bool pause(std::chrono::milliseconds time) {
    for (auto left = time; left > 0ms; left -= 100ms) {
      if (over()) {
        fail(job_outcome::timed_out, world_.stopping->load() ? "the node stops" : "the run was over its time; nothing more is sent");
        return false;
      }
      std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(left, 100ms));
    }
    return true;
  }

  // ---- webhooks
  [[nodiscard]] std::string run_id() const { return strategy::run_id_of(plan_.spec.strategy_id, order_.slot); }
  void raise(const std::vector<std::string>& events, const strategy::event_values& values, const strategy::value_source* live) {
    if (plan_.spec.webhooks.empty() || order_.orders == job_run_order::sending::dry_run) return;
    for (auto& n : strategy::notices_for(plan_, events, values, world_.environment, live, &out_.notices)) out_.webhooks.push_back(std::move(n));
  }
  /// What became of an order, as an event: `taken` names those of an order that the engine has taken.
  void raise_order(const sent& how, std::vector<std::string> taken, strategy::event_values values, const strategy::value_source* live) {
    if (how.state == sent::state_t::not_sent) return;
    if (how.state == sent::state_t::refused) {
      values["error_message"] = values["reason"] = strategy::value::of(how.why);
      values["event"] = strategy::value::of("rejected");
      return raise({"rejected"}, values, live);
    }
    if (how.qty) { // what was ordered: the gate may have cut it
      const auto* now = values["current_price"].number();
      const auto* what = world_.market->instruments().find(values["symbol"].text() ? *values["symbol"].text() : "");
      values["shares"] = strategy::value::of(how.qty->to_double());
      if (now) values["dollar_amount"] = strategy::value::of(*now * how.qty->to_double() * (what ? what->multiplier.to_double() : 1));
    }
    if (!taken.empty()) raise(taken, values, live);
    values["event"] = strategy::value::of("trade");
    raise({"trade", "order"}, values, live);
  }

  /// Looser limits are an admin's to give: a run that goes without those it was written for says so.
  void look_at_profile() {
    if (plan_.spec.limit_profile.empty() || !world_.profiles) return;
    const auto known = wait_for<strategy::account_profiles>([&](auto done) { world_.profiles(account(), std::move(done)); });
    const char* state = !known ? "unknown" : known->gives(plan_.spec.strategy_id, plan_.spec.limit_profile) ? "assigned" : "not_assigned";
    report_["limit_profile"] = {{"name", plan_.spec.limit_profile}, {"state", state}};
    if (!known) first_notices_.push_back("whether the limit profile " + plan_.spec.limit_profile + " is given to this strategy is not known: " + known.error().message);
    else if (!known->gives(plan_.spec.strategy_id, plan_.spec.limit_profile)) first_notices_.push_back(strategy::profile_not_given(plan_.spec));
  }

  // ---- data
  result<strategy::source_bars> bars_of(const instrument& what, timeframe frame, std::uint32_t count) {
    market::history_request r;
    r.symbol = what.symbol, r.frame = frame, r.to = order_.slot, r.countback = count + 1;
    auto answer = wait_for<market::history_reply>([&](auto done) { world_.market->history(r, std::move(done)); });
    if (!answer) return answer.error();
    strategy::source_bars out;
    const auto pine_bars = backtest::to_pine(*answer->bars, what, frame, session_hours::regular);
    for (std::size_t i = 0; i < pine_bars.size(); ++i) {
      const auto& bar = (*answer->bars)[i];
      const auto span = frame.is_intraday() ? what.calendar->bar_at(bar.open_time, frame, session_hours::regular)
                                            : what.calendar->bar_of_day(utc_date(bar.open_time), frame, session_hours::regular);
      if (!span || span->close > order_.slot) continue; // complete bars only
      out.bars.push_back(pine_bars[i]);
      out.closed_ms.push_back(unix_ms(span->close));
    }
    return out;
  }

  /// Whether the bar that ends with the slot must be there before the run can say anything.
  [[nodiscard]] bool waits_for_bar() const {
    const auto* every = std::get_if<strategy::every_rule>(&plan_.when->rule().how);
    return every && every->align == strategy::bar_alignment::bar_close && plan_.spec.primary_bars();
  }

  strategy::symbol_input input_of(const std::string& symbol, std::chrono::steady_clock::time_point patience) {
    strategy::symbol_input s;
    s.symbol = symbol;
    s.what = world_.market->instruments().find(symbol);
    if (!s.what) {
      s.problem = "unknown symbol";
      return s;
    }
    std::vector<std::int64_t> closes; // of the primary bars
    const auto primary = static_cast<std::size_t>(plan_.spec.primary_bars() - plan_.spec.sources.data());
    for (;;) {
      std::vector<strategy::source_bars> sources;
      s.problem.clear();
      for (std::size_t i = 0; i < plan_.spec.sources.size(); ++i) {
        const auto& source = plan_.spec.sources[i];
        if (source.kind != strategy::source_kind::bars) {
          sources.emplace_back();
          continue;
        }
        auto count = static_cast<std::uint32_t>(plan_.bars_needed[i]);
        if (i == primary && cooldown() > 0) count = std::max(count, static_cast<std::uint32_t>(cooldown() + 2));
        auto bars = bars_of(*s.what, source.resolution, count);
        if (!bars) s.problem = bars.error().message;
        sources.push_back(bars ? std::move(*bars) : strategy::source_bars{});
      }
      const auto& own = sources[primary];
      if (s.problem.empty() && own.bars.empty()) s.problem = "no bars";
      const bool late = s.problem.empty() && waits_for_bar() && own.closed_ms.back() < unix_ms(order_.slot);
      if (late) s.problem = "data_late";
      if (!s.problem.empty() && std::chrono::steady_clock::now() < patience && !over()) {
        std::this_thread::sleep_for(between_looks);
        continue;
      }
      closes = own.closed_ms;
      strategy::source_bars daily;
      if (plan_.daily)
        if (auto bars = bars_of(*s.what, timeframe::days(1), strategy::daily_history)) daily = std::move(*bars);
      s.series = std::make_shared<const strategy::symbol_series>(plan_.names, plan_.settings, std::move(sources), std::move(daily));
      break;
    }
    auto held = wait_for<strategy_holding>([&](auto done) { world_.desk->holding(account(), strategy_name(), s.what->symbol, std::move(done)); });
    if (!held) {
      s.problem = "the position is not known: " + held.error().message;
      return s;
    }
    s.held.qty = held->qty, s.held.average = held->average_price;
    if (!held->qty.is_zero()) s.held.opened_at = held->opened_at;
    const bool opening = held->qty.is_zero() && (!held->working_buys.is_zero() || !held->working_sells.is_zero());
    if (opening) s.held.entries = strategy::held_position::orders::working;
    if (cooldown() > 0) s.bars_since_exit = bars_since_exit(s.what->symbol, closes, s.bars_since_exit);
    return s;
  }

  [[nodiscard]] std::int64_t cooldown() const { return plan_.spec.orders.cooldown_bars; }

  /// Bars after the one in which the newest closing order was filled, as the backtest counts. `never`: there was no exit.
  std::int64_t bars_since_exit(const std::string& symbol, const std::vector<std::int64_t>& closes, std::int64_t never) {
    const auto known = wait_for<std::vector<order>>([&](auto reply) { world_.desk->orders({account(), strategy_name(), symbol}, orders_looked_at, std::move(reply)); });
    if (!known) return 0; // not known: nothing is entered
    std::optional<std::int64_t> at;
    for (const auto& one : *known) {
      const bool closes_position = one.parent != order_number::none || one.terms.effect == position_effect::reduce_only;
      if (!closes_position || one.filled.is_zero()) continue;
      at = std::max(at.value_or(0), unix_ms(one.filled_at.value_or(one.updated_at)));
    }
    if (!at) return never;
    const auto after = std::count_if(closes.begin(), closes.end(), [&](std::int64_t close) { return close > *at; });
    return std::max<std::int64_t>(0, after - 1); // the first is the bar of the exit itself
  }

  void add_last_prices(std::vector<strategy::symbol_input>& symbols) {
    std::vector<std::string> names;
    for (const auto& s : symbols)
      if (s.what) names.push_back(s.what->symbol);
    auto quotes = wait_for<std::vector<market::quote_snapshot>>([&](auto done) { world_.market->quotes(names, std::move(done)); });
    if (!quotes) return; // then the close of the last bar decides
    for (auto& s : symbols)
      for (const auto& q : *quotes)
        // a trade after the slot belongs to a later run: the same slot gives the same signals
        if (s.what && q.symbol == s.what->symbol && q.last && q.ts <= order_.slot + strategy::bar_close_delay && q.ts >= order_.slot - std::chrono::minutes{1}) s.last = q.last;
  }

  [[nodiscard]] account_id account() const { return account_id{plan_.spec.account}; }
  [[nodiscard]] strategy_id strategy_name() const { return strategy_id{plan_.spec.strategy_id}; }

  // ---- a strategy
  void run_strategy_job() {
    if (!plan_.spec.primary_bars()) return fail(job_outcome::failed, "the job reads no bars");
    const auto figures = wait_for<account_figures>([&](auto done) { world_.desk->figures(account(), std::move(done)); });
    if (!figures) return fail(job_outcome::failed, "the account's figures: " + figures.error().message);
    strategy::run_input in;
    in.slot = order_.slot, in.memory = order_.memory;
    in.equity = figures->equity, in.cash = figures->cash, in.start_of_day_equity = figures->start_of_day_equity, in.day_pnl = figures->day_pnl;
    const auto patience = std::chrono::steady_clock::now() + world_.bar_patience;
    for (const auto& symbol : plan_.spec.symbols()) in.symbols.push_back(input_of(symbol, patience));
    add_last_prices(in.symbols);
    if (over()) return fail(job_outcome::timed_out, "the run was over its time before it decided");
    report_["inputs_hash"] = strategy::inputs_hash(in);
    auto made = strategy::run_strategy(plan_, in);
    out_.memory = made.memory;
    out_.notices = made.notices;
    for (const auto& s : in.symbols)
      if (!s.problem.empty()) out_.notices.push_back(s.symbol + ": left out, " + s.problem);
    report_["lists"] = lists_json(made.lists);
    report_["left_out"] = made.left_out;
    report_["signals"] = ordered_json::array();
    if (made.left_out.size() == in.symbols.size()) out_.outcome = job_outcome::no_data;
    const auto common = strategy::moment_of(plan_, in);
    for (const auto& s : in.symbols) {
      if (std::find(made.left_out.begin(), made.left_out.end(), s.symbol) == made.left_out.end()) continue;
      auto values = strategy::values_of(plan_, order_.slot, run_id());
      values["symbol"] = strategy::value::of(s.symbol), values["event"] = strategy::value::of("missing_data");
      values["error_message"] = values["reason"] = strategy::value::of(s.problem.empty() ? "no data" : s.problem);
      raise({"missing_data"}, values, nullptr);
    }
    for (const auto& signal : made.signals) {
      const auto at = std::find_if(in.symbols.begin(), in.symbols.end(), [&](const auto& s) { return s.symbol == signal.symbol; });
      if (at == in.symbols.end()) continue;
      const strategy::job_values live(plan_, in, common, *at);
      place(signal, live);
    }
  }

  static ordered_json lists_json(const std::vector<strategy::list_outcome>& lists) {
    auto out = ordered_json::array();
    for (const auto& list : lists) {
      auto items = ordered_json::array();
      for (const auto& item : list.items) items.push_back({{"condition", item.name}, {"values", item.values}, {"outcome", strategy::to_string(item.outcome)}});
      out.push_back({{"symbol", list.symbol}, {"list", list.list}, {"met", list.met.is_true()}, {"items", std::move(items)}});
    }
    return out;
  }

  void place(const strategy::job_signal& signal, const strategy::value_source& live) {
    ordered_json row{{"symbol", signal.symbol}, {"signal", strategy::to_string(signal.kind)}, {"quantity", signal.qty.to_string()}, {"price", signal.at.to_string()}, {"reason", signal.reason}, {"key", signal.key}};
    if (signal.stop) row["stop_price"] = signal.stop->to_string();
    if (signal.target) row["target_price"] = signal.target->to_string();
    if (!signal.weight.is_zero()) row["weight"] = signal.weight.to_string();
    if (order_.orders == job_run_order::sending::dry_run) {
      ask_gate(strategy::request_for(plan_, signal), row);
    } else {
      if (over()) {
        row["order_state"] = "not sent";
        fail(job_outcome::timed_out, "the run was over its time; nothing more is sent");
      } else {
        const bool exits = signal.kind == strategy::signal_kind::exit_long || signal.kind == strategy::signal_kind::exit_short;
        auto request = strategy::request_for(plan_, signal);
        if (exits && request.type == order_type::market) cancel_entries(signal.symbol);
        if (!exits || request.type == order_type::market || cancel_and_wait(signal.symbol))
          raise_order(send({std::move(request), signal.key}, row), strategy::events_of(signal), strategy::values_of(plan_, signal, order_.slot, run_id()), &live);
        else row["order_state"] = "not sent";
      }
    }
    report_["signals"].push_back(std::move(row));
  }

  /// Of an order that is not sent: what the gate would say of it.
  void ask_gate(order_request what, ordered_json& row) {
    row["order_state"] = "not sent";
    if (!world_.gate || over()) return;
    const auto said = wait_for<gateway::order_preview>([&](auto reply) { world_.gate(std::move(what), std::move(reply)); });
    if (!said) {
      row["order_error"] = said.error().message;
      return;
    }
    const bool accepts = said->decision.may_send();
    row["would_accept"] = accepts;
    row["ordered_quantity"] = accepts ? said->decision.approved.to_string() : "0";
    if (said->fees) row["est_fees"] = said->fees->to_string();
    gateway::json_writer check;
    gateway::write(check, said->decision);
    row["risk_check"] = ordered_json::parse(check.take());
  }

  /// Before a market exit: the account itself takes protective legs back for it, and restores them if it fails.
  void cancel_entries(const std::string& symbol) {
    const auto known = wait_for<std::vector<order>>([&](auto reply) { world_.desk->orders({account(), strategy_name(), symbol}, orders_looked_at, std::move(reply)); });
    if (!known) {
      out_.notices.push_back(symbol + ": working orders are not known: " + known.error().message);
      return; // the exit matters more
    }
    for (const auto& one : *known) {
      if (is_final(one.state) || one.parent != order_number::none || one.terms.effect == position_effect::reduce_only) continue;
      const auto done = wait_for<std::vector<order_id>>([&](auto reply) { world_.desk->cancel({account(), strategy_name(), symbol, one.id}, std::move(reply)); });
      if (!done) out_.notices.push_back(symbol + ": an entry could not be cancelled: " + done.error().message);
    }
  }

  /// Before a limit exit, which rests where the protection stood. False: something still works.
  bool cancel_and_wait(const std::string& symbol) {
    cancel_working(symbol);
    const auto until = std::chrono::steady_clock::now() + cancel_patience;
    for (;;) {
      const auto held = wait_for<strategy_holding>([&](auto reply) { world_.desk->holding(account(), strategy_name(), symbol, std::move(reply)); });
      if (held && held->working_buys.is_zero() && held->working_sells.is_zero()) return true;
      if (over() || std::chrono::steady_clock::now() >= until) break;
      std::this_thread::sleep_for(between_cancel_looks);
    }
    const auto why = symbol + ": the exit was not sent: orders before it still work";
    out_.notices.push_back(why);
    if (out_.outcome == job_outcome::done) fail(job_outcome::failed, why);
    return false;
  }

  void cancel_working(const std::string& symbol) {
    const auto done = wait_for<std::vector<order_id>>([&](auto reply) { world_.desk->cancel({account(), strategy_name(), symbol}, std::move(reply)); });
    if (!done) out_.notices.push_back(symbol + ": working orders could not be cancelled: " + done.error().message);
  }

  /// A disabled strategy sends nothing but what closes a position.
  [[nodiscard]] bool may_send(const signal_order& what) const {
    if (what.request.effect == position_effect::reduce_only) return true;
    if (order_.switched_off && order_.switched_off->load()) return false;
    if (!world_.switches) return true;
    const auto now = world_.switches->state_of(strategy_name());
    return !now || now->is_enabled();
  }

  sent send(signal_order what, ordered_json& row) {
    if (!may_send(what)) {
      row["order_state"] = "not sent";
      row["order_error"] = "the strategy is disabled";
      out_.notices.push_back(row.value("symbol", "") + ": not sent, the strategy is disabled");
      if (out_.outcome == job_outcome::done) out_.outcome = job_outcome::refused;
      return {};
    }
    const auto answer = wait_for<signal_outcome>([&](auto reply) { world_.desk->place(std::move(what), std::move(reply)); });
    if (!answer) {
      row["order_state"] = "unknown";
      row["order_error"] = to_string(answer.error());
      out_.notices.push_back(row.value("symbol", "") + ": " + answer.error().message);
      if (out_.outcome == job_outcome::done) fail(answer.error().code == errc::timed_out ? job_outcome::timed_out : job_outcome::refused, answer.error().message);
      return {sent::state_t::refused, std::nullopt, answer.error().message};
    }
    row["order_id"] = answer->what.id.str();
    row["order_state"] = to_string(answer->what.state);
    if (answer->how == signal_outcome::kind::repeated) row["repeated"] = true;
    if (answer->how != signal_outcome::kind::refused) {
      const auto qty = answer->what.terms.qty;
      if (qty.value().is_positive()) row["ordered_quantity"] = qty.to_string();
      return {sent::state_t::taken, qty.value().is_positive() ? std::optional(qty) : std::nullopt, {}};
    }
    row["order_error"] = answer->what.reason;
    out_.notices.push_back(row.value("symbol", "") + ": order refused: " + answer->what.reason);
    if (out_.outcome == job_outcome::done) out_.outcome = job_outcome::refused;
    return {sent::state_t::refused, std::nullopt, answer->what.reason};
  }

  // ---- a portfolio
  void run_portfolio_job() {
    const auto figures = wait_for<account_figures>([&](auto done) { world_.desk->figures(account(), std::move(done)); });
    if (!figures) return fail(job_outcome::failed, "the account's figures: " + figures.error().message);
    if (plan_.spec.execution.tif == time_in_force::gtc && order_.orders == job_run_order::sending::send) cancel_strays();
    strategy::portfolio_input in;
    in.slot = order_.slot, in.equity = figures->equity, in.cash = figures->cash, in.peak_equity = figures->peak_equity;
    for (const auto& symbol : plan_.spec.symbols()) {
      auto asset = asset_of(symbol);
      if (!asset) return fail(job_outcome::failed, symbol + ": " + asset.error().message);
      in.assets.push_back(std::move(*asset));
    }
    if (const auto* market = world_.market->instruments().find(strategy::benchmark_symbol))
      if (auto bars = bars_of(*market, timeframe::days(1), strategy::daily_history)) in.benchmark = std::move(*bars);
    report_["inputs_hash"] = strategy::inputs_hash(in);
    const auto made = strategy::run_portfolio(plan_, in);
    out_.notices = made.notices;
    report_["action"] = strategy::to_string(made.action);
    report_["lists"] = lists_json(made.lists);
    report_["weights"] = made.figures.weights;
    report_["signals"] = ordered_json::array();
    if (made.action == strategy::portfolio_action::emergency) out_.notices.insert(out_.notices.begin(), "emergency: positions are cut to their cap");
    const auto live = strategy::portfolio_source(plan_, in, made.figures);
    for (const auto& a : in.assets) {
      if (a.last) continue;
      auto values = strategy::values_of(plan_, order_.slot, run_id());
      values["symbol"] = strategy::value::of(a.symbol), values["event"] = strategy::value::of("missing_data");
      values["error_message"] = values["reason"] = strategy::value::of("no fresh price");
      raise({"missing_data"}, values, nullptr);
    }
    for (const auto& event : strategy::events_of(plan_, made, order_.slot, run_id())) raise(event.names, event.values, live.get());
    for (const auto* trades : {&made.sells, &made.buys})
      if (!trade(*trades, made, *live)) return;
  }

  void cancel_strays() {
    const auto done = wait_for<std::vector<order_id>>([&](auto reply) { world_.desk->cancel({account(), strategy_name(), std::nullopt}, std::move(reply)); });
    if (!done) out_.notices.push_back("orders of the last run could not be cancelled: " + done.error().message);
  }

  result<strategy::portfolio_asset> asset_of(const std::string& symbol) {
    strategy::portfolio_asset a;
    a.symbol = symbol;
    a.what = world_.market->instruments().find(symbol);
    if (!a.what) return error{errc::unknown_symbol, "there is no such instrument"};
    auto held = wait_for<strategy_holding>([&](auto done) { world_.desk->holding(account(), strategy_name(), a.what->symbol, std::move(done)); });
    if (!held) return held.error();
    a.held = held->qty;
    if (auto bars = bars_of(*a.what, timeframe::days(1), strategy::daily_history)) a.daily = std::move(*bars);
    a.last = price_now(*a.what);
    return a;
  }

  std::optional<price> price_now(const instrument& what) {
    auto quotes = wait_for<std::vector<market::quote_snapshot>>([&](auto done) { world_.market->quotes({what.symbol}, std::move(done)); });
    if (!quotes || quotes->empty() || quotes->front().state == market::freshness::waiting) return std::nullopt;
    return quotes->front().last;
  }

  /// All slices of the trades, side by side; false: the run is over.
  bool trade(const std::vector<strategy::portfolio_trade>& trades, const strategy::portfolio_output& made, const strategy::value_source& live) {
    std::size_t rounds = 0;
    for (const auto& t : trades) rounds = std::max(rounds, t.slices.size());
    const auto& e = plan_.spec.execution;
    const auto gap = std::chrono::milliseconds(std::chrono::minutes(e.spread_minutes)) / std::max<std::int64_t>(1, 2 * e.slices); // sells and buys share the time
    for (std::size_t round = 0; round < rounds; ++round) {
      for (const auto& t : trades)
        if (round < t.slices.size()) slice(t, round, made, live);
      if (order_.orders == job_run_order::sending::dry_run) continue;
      if (e.spread == strategy::feature_state::on && !pause(gap)) return false;
      for (const auto& t : trades)
        if (round < t.slices.size() && e.limit_orders == strategy::feature_state::on) cancel_working(t.symbol); // the next slice has its own price
    }
    return true;
  }

  void slice(const strategy::portfolio_trade& t, std::size_t number, const strategy::portfolio_output& made, const strategy::value_source& live) {
    const auto* what = world_.market->instruments().find(t.symbol);
    ordered_json row{{"symbol", t.symbol}, {"signal", direction_of(t.side) == direction::buy ? "buy" : "sell"}, {"quantity", t.slices[number].to_string()}, {"price", t.arrival.to_string()},
                     {"reason", "slice " + std::to_string(number + 1) + " of " + std::to_string(t.slices.size())}, {"key", strategy::slice_key(plan_, order_.slot, t, number)}};
    std::optional<price> limit;
    if (plan_.spec.execution.limit_orders == strategy::feature_state::on) {
      const auto now = price_now(*what);
      limit = now ? strategy::slice_limit(plan_, t, *what, *now) : std::nullopt;
      if (!limit) {
        row["order_state"] = "not sent";
        out_.notices.push_back(t.symbol + ": " + (now ? "the price ran further than max_slippage; the rest waits for the next run" : "no fresh price for a slice"));
        report_["signals"].push_back(std::move(row));
        return;
      }
      row["limit_price"] = limit->to_string();
    }
    if (order_.orders == job_run_order::sending::send)
      raise_order(send({strategy::slice_request(plan_, t, number, limit), strategy::slice_key(plan_, order_.slot, t, number)}, row), {},
                  strategy::values_of(plan_, t, number, made, order_.slot, run_id()), &live);
    else ask_gate(strategy::slice_request(plan_, t, number, limit), row);
    report_["signals"].push_back(std::move(row));
  }

  const job_world& world_;
  const job_run_order& order_;
  const strategy::job_plan& plan_;
  std::chrono::steady_clock::time_point deadline_;
  ordered_json report_;
  std::vector<std::string> first_notices_;
  job_run_report out_;
};

} // namespace

std::string_view to_string(job_outcome what) {
  static constexpr std::array<std::string_view, 5> names{"done", "failed", "no_data", "refused", "timed_out"};
  return names[static_cast<std::size_t>(what)];
}

job_run_report run_job(const job_world& world, const job_run_order& order) { return job_run(world, order).run(); }

} // namespace tt::cluster
