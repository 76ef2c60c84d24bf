// Writes what can be asked of a job, from its canonical request and the results that were kept.

#include "actors/backtest/pair_run.hpp"
#include "actors/backtest/plans.hpp"
#include "actors/backtest/results.hpp"
#include "actors/backtest/study_plan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <list>
#include <variant>

namespace tt::backtest {

namespace {

std::size_t page_rows(std::uint32_t limit) {
  return limit == 0 ? limits::default_page_rows : std::min<std::size_t>(limit, limits::page_rows);
}

result<document_text> page_text(result<result_page> page) {
  if (!page) return page.error();
  return document_text{to_text(page->rows), page->next_cursor.value_or("")};
}

error no_such_document(job_kind kind) {
  return {errc::unsupported, kind == job_kind::study ? "a study has results and trials" : "a backtest has results, trades, equity and logs", "path"};
}

class writer final : public document_writer {
public:
  explicit writer(std::string version) : version_(std::move(version)) {}

  result<document_text> write(job_kind kind, std::string_view id, job_state state, const document_query& query,
                              const std::function<result<job_record>()>& load) override {
    auto found = record_of(id, state, load);
    if (!found) return found.error();
    const auto& what = (*found)->content;
    if (const auto* run = std::get_if<job_results>(&what)) return write_backtest(*run, query);
    if (const auto* study = std::get_if<study_ledger>(&what)) return write_study(*study, (*found)->facts, query);
    return write_nothing(kind, (*found)->empty, query);
  }

private:
  struct record {
    std::string id;
    job_state state;
    result_facts facts;
    document empty; ///< the results while there is no content
    std::variant<std::monostate, job_results, study_ledger> content; ///< monostate: it failed before there was anything
  };

  result<document_text> write_backtest(const job_results& run, const document_query& query) const {
    const bool csv = query.form == document_form::csv;
    switch (query.kind) {
    case document_kind::results: return document_text{to_text(run.results()), {}};
    case document_kind::trades:
      if (csv) return document_text{run.trades_csv(), {}};
      return page_text(run.trades(page_rows(query.limit), query.cursor));
    case document_kind::logs:
      if (csv) return document_text{run.logs_csv(), {}};
      return page_text(run.logs(page_rows(query.limit), query.cursor));
    case document_kind::equity:
      if (csv) return document_text{run.equity_csv(query.max_points), {}};
      return page_text(run.equity_rows(query.max_points, query.limit, query.cursor));
    case document_kind::trials: break;
    }
    return no_such_document(job_kind::backtest);
  }

  result<document_text> write_study(const study_ledger& study, const result_facts& facts, const document_query& query) const {
    if (query.kind == document_kind::results) return document_text{to_text(study.results(facts)), {}};
    if (query.kind != document_kind::trials) return no_such_document(job_kind::study);
    if (query.form == document_form::csv) return document_text{study.trials_csv(), {}};
    return page_text(study.trials(query.sort, page_rows(query.limit), query.cursor));
  }

  /// The script does not compile, or there were no bars.
  result<document_text> write_nothing(job_kind kind, const document& empty, const document_query& query) const {
    if (query.kind == document_kind::results) return document_text{to_text(empty), {}};
    if ((query.kind == document_kind::trials) != (kind == job_kind::study)) return no_such_document(kind);
    return document_text{query.form == document_form::csv ? "" : "[]", {}};
  }

  /// From memory, or made from what the store has.
  result<record*> record_of(std::string_view id, job_state state, const std::function<result<job_record>()>& load) {
    const auto at = std::ranges::find_if(records_, [&](const record& r) { return r.id == id; });
    if (at != records_.end() && at->state == state && is_final(state)) {
      records_.splice(records_.begin(), records_, at);
      return &records_.front();
    }
    if (at != records_.end()) records_.erase(at);
    auto loaded = load();
    if (!loaded) return loaded.error();
    auto made = loaded->kind == job_kind::backtest ? make_backtest(*loaded) : make_study(*loaded);
    if (!made) return made.error();
    records_.push_front(std::move(*made));
    if (records_.size() > limits::open_records) records_.pop_back();
    return &records_.front();
  }

  result<record> make_backtest(const job_record& job) const {
    auto json = nlohmann::json::parse(job.request, nullptr, false);
    auto request = parse_backtest(json);
    if (!request.value) return error{errc::corrupt_data, "the request of " + job.id + " can't be read"};
    record out{job.id, job.state, facts_of(request.value->pine_script), {}, {}};
    out.empty = results_without_run(out.facts.findings);
    std::vector<pair_outcome> outcomes;
    for (const auto& part : job.parts) {
      auto one = pair_outcome_from_bytes(part.bytes);
      if (!one) return one.error();
      outcomes.push_back(std::move(*one));
    }
    // a job that failed on its way has no whole to show
    if (outcomes.size() < pairs_of(*request.value).size()) return out;
    auto combined = job_results::combine(*request.value, std::move(outcomes), out.facts);
    if (!combined) return combined.error();
    out.content.emplace<job_results>(std::move(*combined));
    return out;
  }

  result<record> make_study(const job_record& job) const {
    auto json = nlohmann::json::parse(job.request, nullptr, false);
    auto request = parse_study(json);
    if (!request.value) return error{errc::corrupt_data, "the request of " + job.id + " can't be read"};
    record out{job.id, job.state, facts_of(request.value->base.pine_script), {}, {}};
    out.empty = study_without_run(*request.value, out.facts);
    if (job.parts.empty()) return out;
    auto ledger = restore_ledger(*request.value, job);
    if (!ledger) return ledger.error();
    out.content.emplace<study_ledger>(std::move(*ledger));
    return out;
  }

  result<study_ledger> restore_ledger(const study_request& request, const job_record& job) const;

  result_facts facts_of(const std::string& script) const {
    return {version_, script.empty() ? std::vector<script_finding>{} : compile_strategy(script).findings};
  }

  std::string version_;
  std::list<record> records_; ///< newest first
};

result<study_ledger> writer::restore_ledger(const study_request& request, const job_record& job) const {
  std::vector<std::shared_ptr<const bar_set>> sets;
  if (request.method == search_method::walk_forward)
    for (const auto& ref : job.series) {
      auto set = job.open(ref);
      if (!set) return set.error();
      sets.push_back(std::move(*set));
    }
  auto ledger = study_ledger::make(request, sets.empty() ? std::vector<std::int64_t>{} : time_axis(sets));
  if (!ledger) return ledger.error();
  std::vector<task_result> open;
  for (const auto& part : job.parts) {
    auto one = task_result_from_bytes(part.bytes);
    if (!one) return one.error();
    open.push_back(std::move(*one));
  }
  if (auto done = restore_tasks(*ledger, std::move(open)); !done) return done.error();
  return ledger;
}

} // namespace

std::unique_ptr<document_writer> make_document_writer(std::string engine_version) {
  return std::make_unique<writer>(std::move(engine_version));
}

} // namespace tt::backtest
