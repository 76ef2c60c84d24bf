#include "cluster/jobs/job_once.hpp"

#include "actors/strategy/jobs/history_walk.hpp"
#include "actors/strategy/jobs/portfolio_run.hpp"
#include "gateways/http/client.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>

namespace tt::cluster {

namespace {

using nlohmann::ordered_json;

ordered_json signal_json(const strategy::job_signal& s) {
  ordered_json out{{"symbol", s.symbol}, {"signal", strategy::to_string(s.kind)}, {"quantity", s.qty.to_string()}, {"price", s.at.to_string()}, {"reason", s.reason}, {"key", s.key}};
  if (s.limit) out["limit_price"] = s.limit->to_string();
  if (s.stop) out["stop_price"] = s.stop->to_string();
  if (s.target) out["target_price"] = s.target->to_string();
  if (!s.weight.is_zero()) out["weight"] = s.weight.to_string();
  return out;
}

ordered_json report_json(const strategy::job_plan& plan, utc_time slot, const strategy::run_output& run) {
  ordered_json out{{"strategy_id", plan.spec.strategy_id}, {"slot", to_iso8601(slot)}, {"lists", ordered_json::array()}, {"signals", ordered_json::array()}, {"left_out", run.left_out}, {"notices", run.notices}};
  for (const auto& list : run.lists) {
    auto items = ordered_json::array();
    for (const auto& item : list.items) items.push_back({{"condition", item.name}, {"values", item.values}, {"outcome", strategy::to_string(item.outcome)}});
    out["lists"].push_back({{"symbol", list.symbol}, {"list", list.list}, {"met", list.met.is_true()}, {"items", std::move(items)}});
  }
  for (const auto& s : run.signals) out["signals"].push_back(signal_json(s));
  return out;
}

ordered_json report_json(const strategy::job_plan& plan, utc_time slot, const strategy::portfolio_output& run) {
  strategy::run_output shown;
  shown.lists = run.lists, shown.notices = run.notices;
  auto out = report_json(plan, slot, shown);
  out["action"] = strategy::to_string(run.action);
  out["weights"] = run.figures.weights;
  for (const auto* trades : {&run.sells, &run.buys})
    for (const auto& t : *trades)
      out["signals"].push_back({{"symbol", t.symbol}, {"signal", direction_of(t.side) == direction::buy ? "buy" : "sell"}, {"quantity", t.qty.to_string()}, {"price", t.arrival.to_string()},
                                {"reason", "in " + std::to_string(t.slices.size()) + " slices"}});
  return out;
}

void print_report(const ordered_json& r) {
  std::printf("%s, slot %s\n", r.value("strategy_id", "").c_str(), r.value("slot", "").c_str());
  for (const auto& list : r.at("lists")) {
    std::printf("%s %s: %s\n", list.value("symbol", "").c_str(), list.value("list", "").c_str(), list.value("met", false) ? "met" : "not met");
    for (const auto& item : list.at("items"))
      std::printf("  %-8s %s  [%s]\n", item.value("outcome", "").c_str(), item.value("condition", "").c_str(), item.value("values", "").c_str());
  }
  for (const auto& s : r.at("signals"))
    std::printf("signal: %s %s %s at %s (%s)%s%s\n", s.value("signal", "").c_str(), s.value("quantity", "").c_str(), s.value("symbol", "").c_str(), s.value("price", "").c_str(),
                s.value("reason", "").c_str(), s.contains("order_state") ? " -> " : "", s.value("order_state", "").c_str());
  if (r.at("signals").empty()) std::printf("no signals\n");
  for (const auto& text : r.at("left_out")) std::printf("left out: %s\n", text.get<std::string>().c_str());
  for (const auto& text : r.at("notices")) std::printf("notice: %s\n", text.get<std::string>().c_str());
}

void print(const job_options& o, const ordered_json& report) {
  if (o.form == job_output::json) std::printf("%s\n", report.dump(2).c_str());
  else print_report(report);
}

int fail(const error& e, int code) {
  std::fprintf(stderr, "tt job run: %s\n", to_string(e).c_str());
  return code;
}

} // namespace

int run_once_dry(const job_options& o, const strategy::job_plan& plan, utc_time slot, const instrument_master& master) {
  const auto equity = money::parse(o.equity);
  if (!equity || !equity->value().is_positive()) return fail({errc::invalid_argument, "must be an amount of money", "--equity"}, job_exit::invalid);
  auto needs = strategy::series_needs(plan);
  if (!needs) return fail(needs.error(), job_exit::failed);
  auto data = open_node_bars(o.place, slot); // nothing that ends after the slot is known
  if (!data) return fail(data.error(), job_exit::no_data);
  const auto& calendar = plan.when->calendar();
  strategy::run_input in;
  in.slot = slot;
  in.equity = in.cash = in.start_of_day_equity = *equity;
  std::map<std::string, std::map<timeframe, strategy::source_bars>> bars;
  std::map<std::string, std::string> problems;
  for (const auto& need : *needs) {
    backtest::backtest_request r;
    r.symbols = {need.symbol}, r.timeframes = {need.frame};
    r.start = r.end = calendar.local_date(slot);
    r.warmup_bars = static_cast<std::uint32_t>(std::min<std::int64_t>(need.warmup, backtest::limits::warmup_bars));
    auto set = data->bars->bars(r, {need.symbol, need.frame}, backtest::bar_provider::inner_bars::none);
    if (set) bars[need.symbol][need.frame] = strategy::complete_bars(**set, calendar);
    else if (need.frame.is_intraday()) problems[need.symbol] = set.error().message; // a day without its own daily bar is no problem
  }
  if (plan.spec.type == strategy::job_type::portfolio_management) {
    strategy::portfolio_input all;
    all.slot = slot, all.equity = all.cash = all.peak_equity = *equity;
    bool missing = false;
    for (const auto& symbol : plan.spec.symbols()) {
      strategy::portfolio_asset a;
      a.symbol = symbol, a.what = master.find(symbol), a.daily = bars[symbol][timeframe::days(1)];
      const auto& walked = bars[symbol][strategy::walk_frame(plan.spec)];
      const auto count = walked.complete_at(unix_ms(slot));
      if (count > 0)
        if (const auto close = decimal::from_double(walked.bars[count - 1].close, 9); close && close->is_positive()) a.last = price{*close};
      missing = missing || !a.last;
      all.assets.push_back(std::move(a));
    }
    all.benchmark = bars[std::string(strategy::benchmark_symbol)][timeframe::days(1)];
    print(o, report_json(plan, slot, strategy::run_portfolio(plan, all)));
    return missing ? job_exit::no_data : job_exit::done;
  }
  for (const auto& symbol : plan.spec.symbols()) {
    strategy::symbol_input s;
    s.symbol = symbol, s.what = master.find(symbol);
    if (const auto problem = problems.find(symbol); problem != problems.end()) s.problem = problem->second;
    std::vector<strategy::source_bars> sources;
    for (const auto& source : plan.spec.sources)
      sources.push_back(source.kind == strategy::source_kind::bars ? bars[symbol][source.resolution] : strategy::source_bars{});
    s.series = std::make_shared<const strategy::symbol_series>(plan.names, plan.settings, std::move(sources), bars[symbol][timeframe::days(1)]);
    in.symbols.push_back(std::move(s));
  }
  const auto run = strategy::run_strategy(plan, in);
  print(o, report_json(plan, slot, run));
  return run.left_out.size() == in.symbols.size() ? job_exit::no_data : job_exit::done;
}

int run_once_on_node(const job_options& o, const strategy::job_plan& plan, utc_time slot) {
  ordered_json body{{"slot", to_iso8601(slot)}, {"content_hash", plan.spec.content_hash}}; // this file, or none
  if (!o.account.empty()) body["account_id"] = o.account;
  if (o.session == job_session_mode::ignore) body["ignore_session"] = true;
  const char* token = std::getenv("TT_TOKEN"); // NOLINT: no other thread is there yet
  const auto patience = plan.spec.resources.execution_timeout + std::chrono::seconds{10};
  const auto reply = gateway::http_ask(o.url, {gateway::http_call::verb_t::post, "/api/v1/jobs/" + plan.spec.strategy_id + "/run", body.dump(), token ? token : ""}, patience);
  if (!reply) return fail(reply.error(), reply.error().code == errc::timed_out ? job_exit::timed_out : job_exit::unreachable);
  const auto answer = ordered_json::parse(reply->body, nullptr, false);
  if (reply->status < 200 || reply->status > 299 || !answer.is_object()) {
    const std::string why = answer.is_object() ? answer.value("detail", "") : "";
    const int code = reply->status == 404 ? job_exit::other_job : reply->status == 409 ? job_exit::closed_or_done : reply->status == 503 ? job_exit::unreachable : job_exit::failed;
    return fail({errc::refused, why.empty() ? "the node answers " + std::to_string(reply->status) : why, o.url}, code);
  }
  print(o, answer);
  const auto outcome = answer.value("outcome", "");
  return outcome == "refused" ? job_exit::refused : outcome == "no_data" ? job_exit::no_data : outcome == "timed_out" ? job_exit::timed_out : job_exit::done;
}

} // namespace tt::cluster
