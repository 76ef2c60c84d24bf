#include "actors/strategy/jobs/backtest_plan.hpp"

#include "actors/backtest/results.hpp"
#include "actors/strategy/jobs/history_walk.hpp"
#include "actors/strategy/jobs/job_study.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tt::strategy {

namespace {

namespace bt = backtest;

/// What a canonical text asks of a job; nothing when it asks something else.
struct job_request {
  bt::backtest_request base;
  std::optional<bt::study_request> study;
};
result<std::optional<job_request>> job_request_in(bt::job_kind kind, const std::string& request) {
  const auto json = nlohmann::json::parse(request, nullptr, false);
  if (json.is_discarded()) return error{errc::corrupt_data, "the request is not JSON"};
  if (kind == bt::job_kind::study) {
    auto read = bt::parse_study(json);
    if (!read.value || read.value->base.yaml.empty()) return std::optional<job_request>{};
    auto base = read.value->base;
    return std::optional{job_request{std::move(base), std::move(read.value)}};
  }
  auto read = bt::parse_backtest(json);
  if (!read.value || read.value->yaml.empty()) return std::optional<job_request>{};
  return std::optional{job_request{std::move(*read.value), std::nullopt}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : ",") + w;
  return out;
}

/// Why a portfolio job does not run at all: its weights are not known without one of its targets. Nothing: it runs.
std::optional<error> missing_target(const std::vector<bt::pair_key>& pairs, const std::map<std::string, error>& missing) {
  for (const auto& pair : pairs)
    if (const auto gone = missing.find(pair.symbol); gone != missing.end())
      return error{gone->second.code, gone->second.message + "; a portfolio job needs the bars of all its targets", gone->second.field};
  return std::nullopt;
}

/// One piece of work for the whole job; one part for each pair.
class job_request_plan final : public bt::job_plan {
public:
  job_request_plan(const bt::backtest_request& r, const std::vector<job_series_need>& needs, job_type type)
      : type_(type), needs_(supplied(r, needs)), pairs_(bt::pairs_of(r)) {
    done_.resize(pairs_.size());
  }

  const std::vector<bt::series_need>& series() const override { return needs_; }

  result<std::vector<bt::kept_part>> begin(const std::vector<result<bt::series_ref>>& refs) override {
    std::vector<bt::kept_part> out;
    std::map<std::string, error> missing;
    for (std::size_t i = 0; i < needs_.size(); ++i)
      if (!refs[i]) missing.emplace(needs_[i].key.symbol, error{refs[i].error().code, to_string(needs_[i].key) + ": " + refs[i].error().message, refs[i].error().field});
    const auto whole = type_ == job_type::portfolio_management ? missing_target(pairs_, missing) : std::nullopt;
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      if (const auto gone = missing.find(pairs_[i].symbol); whole || gone != missing.end()) {
        const auto& why = whole ? *whole : gone->second;
        out.push_back({i, bt::to_bytes(bt::failed_pair(pairs_[i], why))});
        settle(i, why);
      }
    if (whole) return out;
    std::vector<std::string> symbols;
    for (std::uint32_t i = 0; i < needs_.size(); ++i) {
      if (missing.contains(needs_[i].key.symbol)) continue;
      work_.series.push_back(i);
      work_.bars += std::max<std::uint64_t>(1, refs[i]->bars);
      if (symbols.empty() || symbols.back() != needs_[i].key.symbol) symbols.push_back(needs_[i].key.symbol);
    }
    work_.text = joined(symbols);
    return out;
  }

  result<void> restore(std::vector<bt::kept_part> parts) override {
    for (const auto& part : parts) {
      if (part.key >= pairs_.size()) return error{errc::corrupt_data, "a result is of another job"};
      auto outcome = bt::pair_outcome_from_bytes(part.bytes);
      if (!outcome) return outcome.error();
      settle(part.key, outcome->failure);
    }
    return {};
  }

  std::optional<bt::shard> next() override {
    if (out_ || finished()) return std::nullopt;
    out_ = true;
    return work_;
  }
  void give_back(std::uint64_t) override { out_ = false; }

  result<std::vector<bt::kept_part>> put(std::uint64_t, const result<std::string>& bytes) override {
    std::vector<bt::kept_part> out;
    if (!bytes) return error{bytes.error().code, bytes.error().message, bytes.error().field};
    auto texts = bt::unpack_texts(*bytes);
    if (!texts) return texts.error();
    for (auto& text : *texts) {
      auto outcome = bt::pair_outcome_from_bytes(text);
      if (!outcome) return outcome.error();
      const auto at = std::find(pairs_.begin(), pairs_.end(), outcome->key);
      if (at == pairs_.end()) return error{errc::corrupt_data, "a worker sent the result of another pair"};
      const auto number = static_cast<std::uint64_t>(at - pairs_.begin());
      if (done_[number]) continue;
      settle(number, outcome->failure);
      out.push_back({number, std::move(text)});
    }
    return out;
  }

  bool finished() const override { return std::all_of(done_.begin(), done_.end(), [](bool d) { return d; }); }
  std::optional<error> failure() const override { return failed_ == pairs_.size() ? failure_ : std::nullopt; }
  std::uint64_t bars_done() const override { return finished() ? bars_total() : 0; }
  std::uint64_t bars_total() const override { return std::max<std::uint64_t>(1, work_.bars); }
  void describe(bt::job_status& status) const override {
    status.symbols_total = static_cast<std::uint32_t>(pairs_.size());
    status.symbols_done = static_cast<std::uint32_t>(std::count(done_.begin(), done_.end(), true));
    status.symbol = pairs_.empty() ? "" : pairs_.back().symbol;
  }

private:
  void settle(std::uint64_t number, const std::optional<error>& failure) {
    if (done_[number]) return;
    done_[number] = true;
    if (!failure) return;
    ++failed_;
    if (!failure_) failure_ = failure;
  }
  job_type type_;
  std::vector<bt::series_need> needs_;
  std::vector<bt::pair_key> pairs_;
  std::vector<bool> done_;
  std::size_t failed_ = 0;
  std::optional<error> failure_;
  bt::shard work_;
  bool out_ = false;
};

class job_request_runner final : public bt::shard_runner {
public:
  explicit job_request_runner(bt::backtest_request request) : request_(std::move(request)) {}

  result<std::string> run(std::string_view text, std::span<const std::shared_ptr<const bt::bar_set>> bars, const bt::extra_bars&,
                          bt::run_control& control) const override {
    auto request = request_;
    std::vector<std::string> symbols;
    for (std::size_t at = 0; at < text.size();) {
      const auto comma = std::min(text.find(',', at), text.size());
      symbols.emplace_back(text.substr(at, comma - at));
      at = comma + 1;
    }
    std::erase_if(request.symbols, [&](const auto& one) { return std::ranges::find(symbols, one) == symbols.end(); });
    auto checked = job_of(request);
    if (!checked.plan) return error{errc::corrupt_data, "the job does not pass validation any more"};
    auto in = input_for(request, checked.plan);
    in.bars.assign(bars.begin(), bars.end());
    auto done = run_job_backtest(in, bt::watch_of(control));
    if (!done) return done.error();
    std::vector<std::string> texts;
    for (const auto& outcome : done->outcomes) texts.push_back(bt::to_bytes(outcome));
    return bt::pack_texts(texts);
  }

private:
  bt::backtest_request request_;
};

} // namespace

std::vector<bt::script_finding> as_script_findings(const std::vector<finding>& findings) {
  std::vector<bt::script_finding> out;
  for (const auto& f : findings) {
    bt::script_finding s;
    s.level = f.level == severity::error ? bt::script_finding::level_t::error : bt::script_finding::level_t::warning;
    s.code = std::string(to_string(f.code));
    s.message = (f.key.empty() ? "" : f.key + ": ") + f.message;
    s.line = static_cast<std::uint32_t>(std::max(1, f.line)), s.column = static_cast<std::uint32_t>(std::max(1, f.column));
    out.push_back(std::move(s));
  }
  return out;
}

checked_job job_of(const bt::backtest_request& r, const instrument_master* master) {
  check_context context;
  context.instruments = master;
  context.now = r.start.midnight_utc();
  context.environment = [](std::string_view) { return std::optional<std::string>(""); }; // a backtest sends no notices
  auto overrides = r.inputs;
  const auto read = read_job(r.yaml, "yaml");
  const bool is_portfolio = read.spec && read.spec->type == job_type::portfolio_management;
  if (!r.symbols.empty() && !is_portfolio) overrides["symbols"] = joined(r.symbols);
  auto checked = check_job(r.yaml, "yaml", {}, context, overrides);
  if (!is_portfolio || r.symbols.empty() || !checked.plan) return checked;
  auto asked = r.symbols, targets = checked.plan->spec.symbols();
  std::ranges::sort(asked), std::ranges::sort(targets);
  if (asked == targets) return checked;
  finding f;
  f.file = "yaml", f.key = "symbols", f.message = "a portfolio job trades its targets: leave the symbols out, or name " + joined(targets);
  checked.findings.push_back(std::move(f));
  checked.plan = nullptr;
  return checked;
}

result<job_backtest_output> run_with(const bt::backtest_request& r, const instrument_master* master,
                                     const std::vector<result<std::shared_ptr<const bt::bar_set>>>& bars, const bt::run_watch& watch) {
  auto checked = job_of(r, master);
  if (!checked.plan) return error{errc::invalid_argument, "the job does not pass validation", "yaml"};
  const auto needs = series_needs(*checked.plan);
  if (!needs) return needs.error();
  if (needs->size() != bars.size()) return error{errc::internal, "a backtest was given other bars than it asked for"};
  std::map<std::string, error> missing;
  std::vector<std::shared_ptr<const bt::bar_set>> sets;
  const auto pairs = bt::pairs_of(r);
  for (std::size_t i = 0; i < bars.size(); ++i)
    if (!bars[i]) missing.emplace((*needs)[i].symbol, error{bars[i].error().code, to_string(bt::pair_key{(*needs)[i].symbol, (*needs)[i].frame}) + ": " + bars[i].error().message, bars[i].error().field});
  for (std::size_t i = 0; i < bars.size(); ++i)
    if (!missing.contains((*needs)[i].symbol)) sets.push_back(*bars[i]);
  auto present = r;
  std::erase_if(present.symbols, [&](const auto& symbol) { return missing.contains(symbol); });
  if (checked.plan->spec.type == job_type::portfolio_management)
    if (auto whole = missing_target(pairs, missing)) return std::move(*whole);
  if (present.symbols.empty()) return missing.begin()->second;
  if (!missing.empty()) checked = job_of(present, master);
  if (!checked.plan) return error{errc::invalid_argument, "the job does not pass validation", "yaml"};
  auto in = input_for(r, checked.plan);
  in.bars = std::move(sets);
  auto done = run_job_backtest(in, watch);
  if (!done) return done;
  std::vector<bt::pair_outcome> outcomes;
  for (const auto& pair : pairs) {
    if (const auto gone = missing.find(pair.symbol); gone != missing.end()) outcomes.push_back(bt::failed_pair(pair, gone->second));
    else
      for (auto& ran : done->outcomes)
        if (ran.key == pair) outcomes.push_back(std::move(ran));
  }
  done->outcomes = std::move(outcomes);
  return done;
}

void complete_request(nlohmann::json& body) {
  const auto yaml = body.is_object() ? body.find("yaml") : body.end();
  if (!body.is_object() || yaml == body.end() || !yaml->is_string()) return;
  const auto read = read_job(yaml->get<std::string>(), "yaml");
  if (!read.spec) return;
  if (read.spec->primary_bars() || read.spec->type == job_type::portfolio_management) body["timeframes"] = nlohmann::json::array({walk_frame(*read.spec).to_string()});
  const auto given = body.find("symbols");
  if (given == body.end() || given->is_null()) {
    const auto symbols = read.spec->symbols();
    if (!symbols.empty()) body["symbols"] = symbols;
  }
}

job_backtest_input input_for(const bt::backtest_request& r, std::shared_ptr<const job_plan> plan) {
  const auto rules = bt::rules_for(r, pine::declaration{});
  job_backtest_input in;
  in.plan = std::move(plan);
  in.initial_capital = rules.initial_capital;
  in.commission = rules.fee_value, in.fee = rules.fee;
  if (rules.slippage_type == bt::slippage_kind::percent) in.slippage_percent = rules.slippage;
  else in.slippage_ticks = rules.slippage;
  in.fills = r.fills == bt::fill_model::on_close ? pine::tester::fill_time::on_close : pine::tester::fill_time::next_tick;
  in.step = bt::step_for(r);
  return in;
}

bt::made_plan make_plan(bt::job_kind kind, const std::string& request, const bt::bar_opener& open) {
  auto read = job_request_in(kind, request);
  if (!read) return bt::plan_failure{read.error(), {}};
  if (!*read) return bt::make_plan(kind, request, open);
  const auto& asked = **read;
  auto checked = job_of(asked.base);
  if (!checked.plan) {
    std::string why = "the job does not pass validation";
    for (const auto& f : checked.findings)
      if (f.level == severity::error) {
        why += ": " + to_string(f);
        break;
      }
    return bt::plan_failure{{errc::invalid_argument, why, ""}, bt::to_text(bt::to_document(as_script_findings(checked.findings)))};
  }
  if (asked.study) return make_study_plan(*asked.study, *checked.plan, open);
  auto needs = series_needs(*checked.plan);
  if (!needs) return bt::plan_failure{needs.error(), {}};
  return std::unique_ptr<bt::job_plan>(std::make_unique<job_request_plan>(asked.base, *needs, checked.plan->spec.type));
}

result<std::shared_ptr<const bt::shard_runner>> make_runner(bt::job_kind kind, const std::string& request) {
  auto read = job_request_in(kind, request);
  if (!read) return read.error();
  if (!*read) return bt::make_runner(kind, request);
  if (kind == bt::job_kind::study) return make_study_runner(std::move((*read)->base));
  return std::shared_ptr<const bt::shard_runner>(std::make_shared<job_request_runner>(std::move((*read)->base)));
}

} // namespace tt::strategy
