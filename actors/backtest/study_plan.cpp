#include "actors/backtest/study_plan.hpp"

#include "actors/backtest/statistics.hpp"
#include "actors/pine/input_names.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace tt::backtest {

namespace {

constexpr double day_ms = 86'400'000;

/// Where a run that follows the trials stands.
enum class run_state : std::uint8_t { waiting, ready, out, done };

/// One search over its stretch of time, and what follows it.
struct window_state {
  std::vector<time_range> train; ///< empty: everything
  time_range test;
  std::optional<study> trials;
  run_state test_state = run_state::waiting;
  std::optional<task_result> test_result;
  bool skipped = false; ///< no trial to test
};

double days_in(const time_range& r) { return static_cast<double>(r.to_ms - r.from_ms) / day_ms; }

document value_document(const parameter& p, const std::string& text) {
  if (p.kind == parameter_kind::boolean) return text == "true";
  if (p.kind == parameter_kind::choice) return text;
  double v = 0;
  std::from_chars(text.data(), text.data() + text.size(), v);
  if (p.kind == parameter_kind::integer) return static_cast<std::int64_t>(v);
  return v;
}

document number(std::optional<double> v) { return figure_document(v); }

document span_document(const time_range& r) {
  return {{"start", date_text(r.from_ms, curve_step::bar)}, {"end", date_text(r.to_ms, curve_step::bar)}};
}

/// Returns of a curve from trading day to trading day.
std::vector<double> daily_returns(const std::vector<shown_point>& curve, curve_step step, double initial) {
  std::vector<double> ends{initial};
  std::optional<std::int64_t> now;
  for (const auto& p : curve) {
    const auto day = step == curve_step::day ? p.at : utc_date(from_unix_ms(p.at)).days_since_epoch();
    if (now == day) ends.back() = p.equity;
    else ends.push_back(p.equity);
    now = day;
  }
  std::vector<double> out;
  for (std::size_t i = 1; i < ends.size(); ++i) out.push_back(ends[i - 1] > 0 ? ends[i] / ends[i - 1] - 1 : 0);
  return out;
}

} // namespace

std::optional<error> unknown_parameter(const study_request& r, const pine::program& code) {
  for (const auto& p : r.parameters) {
    const auto found = pine::find_input(code.inputs, p.name);
    if (!found.problem.empty()) return error{errc::invalid_argument, found.problem, "parameters." + p.name};
  }
  return std::nullopt;
}

struct study_ledger::impl {
  study_request request;
  parameter_space space;
  std::vector<window_state> windows; ///< a study without walk-forward is one without a test
  bool walking = false;
  std::uint64_t inner = 0; ///< trials of a window
  std::vector<run_state> details;
  std::vector<std::optional<task_result>> detail_results;
  std::vector<trial_row> ranks; ///< the best, once all trials are there

  std::uint64_t all_trials() const { return inner * windows.size(); }
  std::uint64_t first_detail() const { return all_trials() + (walking ? windows.size() : 0); }

  result<void> cut_windows(const std::vector<std::int64_t>& axis);
  study_task trial_task(std::uint32_t w, std::uint64_t n) const;
  void after_trial(window_state& w);
  taken put_trial(std::uint32_t w, std::uint64_t n, task_result r);
  taken put_test(std::uint32_t w, task_result r);
  taken put_detail(std::size_t rank, task_result r);
  document params_of(const point& at) const;
  document row_document(std::uint32_t window, const trial_row& row) const;
  std::optional<double> deflated() const;
  document best_document(const result_facts& facts) const;
  document best_of_windows() const;
  document walk_document() const;
  document chained_equity() const;
};

result<void> study_ledger::impl::cut_windows(const std::vector<std::int64_t>& axis) {
  if (!walking) {
    windows.emplace_back();
    return {};
  }
  auto cut = windows_over(axis, request.walk_forward->plan);
  if (!cut) return cut.error();
  const auto time_at = [&](std::size_t i) { return i < axis.size() ? axis[i] : axis.back() + 1; };
  for (const auto& w : *cut) {
    window_state s;
    for (const auto& piece : w.train) s.train.push_back({time_at(piece.from), time_at(piece.to)});
    s.test = {time_at(w.test.from), time_at(w.test.to)};
    windows.push_back(std::move(s));
  }
  return {};
}

study_ledger::study_ledger(std::unique_ptr<impl> p) : impl_(std::move(p)) {}
study_ledger::study_ledger(study_ledger&&) noexcept = default;
study_ledger& study_ledger::operator=(study_ledger&&) noexcept = default;
study_ledger::~study_ledger() = default;

result<study_ledger> study_ledger::make(study_request request, const std::vector<std::int64_t>& axis) {
  auto p = std::make_unique<impl>();
  auto space = parameter_space::make(request.parameters);
  if (!space) return space.error();
  p->request = std::move(request);
  p->space = *std::move(space);
  p->walking = p->request.method == search_method::walk_forward;
  if (p->walking && !p->request.walk_forward) return error{errc::invalid_argument, "is required", "walk_forward"};
  if (auto done = p->cut_windows(axis); !done) return done.error();
  for (std::size_t w = 0; w < p->windows.size(); ++w) {
    auto how = make_search(p->request, p->space, w);
    if (!how) return how.error();
    p->inner = (*how)->total();
    if (p->inner * p->windows.size() > limits::trials)
      return error{errc::out_of_range,
                   std::to_string(p->windows.size()) + " windows of " + std::to_string(p->inner) + " trials are more than " + std::to_string(limits::trials),
                   "max_trials"};
    auto made = study::make(p->space, *std::move(how), p->request.goal);
    if (!made) return made.error();
    p->windows[w].trials.emplace(*std::move(made));
  }
  return study_ledger(std::move(p));
}

// ---------------------------------------------------------------- out and in

study_task study_ledger::impl::trial_task(std::uint32_t w, std::uint64_t n) const {
  const auto& window = windows[w];
  return {w * inner + n, task_kind::trial, w, space.inputs(window.trials->at(n)), window.train};
}

std::vector<study_task> study_ledger::take(std::size_t most) {
  auto& m = *impl_;
  std::vector<study_task> out;
  for (std::uint32_t w = 0; w < m.windows.size() && out.size() < most; ++w) {
    auto& window = m.windows[w];
    if (window.test_state == run_state::ready) {
      window.test_state = run_state::out;
      out.push_back({m.all_trials() + w, task_kind::test, w, m.space.inputs(window.trials->top()->at), {window.test}});
    }
    if (!window.trials->finished())
      for (auto n : window.trials->take(most - out.size())) out.push_back(m.trial_task(w, n));
  }
  for (std::size_t rank = 0; rank < m.details.size() && out.size() < most; ++rank) {
    if (m.details[rank] != run_state::ready) continue;
    m.details[rank] = run_state::out;
    out.push_back({m.first_detail() + rank, task_kind::detail, 0, m.space.inputs(m.ranks[rank].at), {}});
  }
  return out;
}

std::uint64_t study_ledger::free_tasks() const {
  const auto& m = *impl_;
  auto n = static_cast<std::uint64_t>(std::ranges::count(m.details, run_state::ready));
  for (const auto& w : m.windows) n += w.trials->free() + (w.test_state == run_state::ready ? 1 : 0);
  return n;
}

void study_ledger::give_back(const std::vector<std::uint64_t>& ids) {
  auto& m = *impl_;
  for (auto id : ids) {
    if (id < m.all_trials()) {
      m.windows[id / m.inner].trials->give_back({id % m.inner});
    } else if (id < m.first_detail()) {
      auto& s = m.windows[id - m.all_trials()].test_state;
      if (s == run_state::out) s = run_state::ready;
    } else if (id - m.first_detail() < m.details.size()) {
      auto& s = m.details[id - m.first_detail()];
      if (s == run_state::out) s = run_state::ready;
    }
  }
}

/// The last trial of a search opens what follows it.
void study_ledger::impl::after_trial(window_state& w) {
  if (!w.trials->finished()) return;
  if (walking) {
    w.skipped = w.trials->top() == nullptr;
    w.test_state = w.skipped ? run_state::done : run_state::ready;
    return;
  }
  for (const auto* row : w.trials->best(limits::best_kept)) ranks.push_back(*row);
  details.assign(ranks.size(), run_state::ready);
  detail_results.resize(ranks.size());
}

study_ledger::taken study_ledger::impl::put_trial(std::uint32_t w, std::uint64_t n, task_result r) {
  auto& window = windows[w];
  auto& trials = *window.trials;
  if (trials.rows()[n]) return taken::known;
  if (n >= trials.ready()) return taken::early;
  if (!r.failure.empty()) trials.put(n, error{errc::refused, r.failure});
  else trials.put(n, figure_set::from(r.figures));
  after_trial(window);
  return taken::fresh;
}

study_ledger::taken study_ledger::impl::put_test(std::uint32_t w, task_result r) {
  auto& window = windows[w];
  if (window.test_state == run_state::waiting) return taken::early;
  if (window.test_state == run_state::done) return window.skipped ? taken::foreign : taken::known;
  window.test_state = run_state::done;
  window.test_result = std::move(r);
  return taken::fresh;
}

study_ledger::taken study_ledger::impl::put_detail(std::size_t rank, task_result r) {
  if (walking) return taken::foreign;
  if (!windows.front().trials->finished()) return rank < limits::best_kept ? taken::early : taken::foreign;
  if (rank >= details.size()) return taken::foreign;
  if (details[rank] == run_state::done) return taken::known;
  details[rank] = run_state::done;
  detail_results[rank] = std::move(r);
  return taken::fresh;
}

study_ledger::taken study_ledger::put(task_result r) {
  auto& m = *impl_;
  const auto id = r.id;
  if (id < m.all_trials()) return m.put_trial(static_cast<std::uint32_t>(id / m.inner), id % m.inner, std::move(r));
  if (id < m.first_detail()) return m.put_test(static_cast<std::uint32_t>(id - m.all_trials()), std::move(r));
  return m.put_detail(id - m.first_detail(), std::move(r));
}

// ---------------------------------------------------------------- counts

std::uint64_t study_ledger::trials_done() const {
  std::uint64_t n = 0;
  for (const auto& w : impl_->windows) n += w.trials->done() + (impl_->walking && w.test_state == run_state::done ? 1 : 0);
  return n;
}
std::uint64_t study_ledger::trials_total() const { return impl_->first_detail(); }

study_ledger::count study_ledger::tasks() const {
  const auto& m = *impl_;
  count c{trials_done(), trials_total()};
  if (m.walking) return c;
  c.done += static_cast<std::uint64_t>(std::count(m.details.begin(), m.details.end(), run_state::done));
  c.all += m.windows.front().trials->finished() ? m.details.size() : std::min<std::uint64_t>(limits::best_kept, m.inner);
  return c;
}

bool study_ledger::finished() const {
  const auto c = tasks();
  return c.done == c.all && trials_done() == trials_total();
}

std::optional<error> study_ledger::failure() const {
  if (!finished()) return std::nullopt;
  const std::string* first = nullptr;
  for (const auto& w : impl_->windows)
    for (const auto& row : w.trials->rows()) {
      if (row->failure.empty()) return std::nullopt;
      if (first == nullptr) first = &row->failure;
    }
  if (first == nullptr) return std::nullopt;
  return error{errc::refused, "every trial failed, the first one so: " + *first};
}

// ---------------------------------------------------------------- documents

document study_ledger::impl::params_of(const point& at) const {
  document out = document::object();
  for (std::size_t i = 0; i < space.list().size(); ++i) out[space.list()[i].name] = value_document(space.list()[i], space.text(i, at[i]));
  return out;
}

document study_ledger::impl::row_document(std::uint32_t window, const trial_row& row) const {
  document out{{"trial", window * inner + row.trial}};
  if (walking) out["window"] = window;
  out["params"] = params_of(row.at);
  out["objective"] = number(row.objective);
  if (!row.failure.empty()) {
    out["error"] = row.failure;
    return out;
  }
  const auto figures = to_document(figure_set::from(row.figures));
  for (const auto& [name, v] : figures.items()) out[name] = v;
  return out;
}

document study_ledger::best_so_far() const {
  const auto& m = *impl_;
  const trial_row* best = nullptr;
  std::uint32_t window = 0;
  for (std::uint32_t w = 0; w < m.windows.size(); ++w) {
    const auto* top = m.windows[w].trials->top();
    if (top == nullptr) continue;
    const bool better = best == nullptr || (m.request.goal.way == direction::maximize ? *top->objective > *best->objective : *top->objective < *best->objective);
    if (better) best = top, window = w;
  }
  if (best == nullptr) return nullptr;
  return {{"trial", window * m.inner + best->trial}, {"params", m.params_of(best->at)}, {"objective", number(best->objective)}};
}

/// The best trial's daily returns, discounted for the number of points it was the best of. A point that a search has come
/// back to is no new attempt.
std::optional<double> study_ledger::impl::deflated() const {
  if (walking || detail_results.empty() || !detail_results.front() || detail_results.front()->outcomes.empty()) return std::nullopt;
  const auto& outcomes = detail_results.front()->outcomes;
  const double initial = combined_capital(outcomes, summed_as(request.base));
  std::vector<double> sharpes;
  std::set<point> seen;
  for (const auto& row : windows.front().trials->rows())
    if (row && row->failure.empty() && seen.insert(row->at).second)
      if (auto s = figure_set::from(row->figures).get("sharpe_daily")) sharpes.push_back(*s);
  return deflated_sharpe(daily_returns(combined_curve(outcomes, summed_as(request.base)), step_for(request.base), initial), sharpes);
}

/// Of a walk-forward: the winners of its windows, in the order of their objectives on what they were trained on.
document study_ledger::impl::best_of_windows() const {
  std::vector<std::pair<const trial_row*, std::uint32_t>> winners;
  for (std::uint32_t w = 0; w < windows.size(); ++w)
    if (const auto* top = windows[w].trials->top(); top != nullptr && top->objective) winners.emplace_back(top, w);
  std::stable_sort(winners.begin(), winners.end(), [&](const auto& a, const auto& b) {
    return request.goal.way == direction::maximize ? *a.first->objective > *b.first->objective : *a.first->objective < *b.first->objective;
  });
  if (winners.size() > limits::best_kept) winners.resize(limits::best_kept);
  auto out = document::array();
  for (const auto& [row, w] : winners) {
    document one{{"rank", out.size() + 1}, {"trial", w * inner + row->trial}, {"window", w}, {"params", params_of(row->at)}, {"objective", number(row->objective)}};
    one["stability"] = number(stability(*row->objective, windows[w].trials->neighbours(*row), request.goal.way));
    one["results"] = to_document(figure_set::from(row->figures));
    out.push_back(std::move(one));
  }
  return out;
}

document study_ledger::impl::best_document(const result_facts& facts) const {
  if (walking) return best_of_windows();
  auto out = document::array();
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    const auto& row = ranks[rank];
    const auto& trials = *windows.front().trials;
    document one{{"rank", rank + 1}, {"trial", row.trial}, {"params", params_of(row.at)}, {"objective", number(row.objective)}};
    one["stability"] = number(row.objective ? stability(*row.objective, trials.neighbours(row), request.goal.way) : std::nullopt);
    one["results"] = to_document(figure_set::from(row.figures));
    if (detail_results[rank] && detail_results[rank]->failure.empty()) {
      auto whole = job_results::combine(request.base, detail_results[rank]->outcomes, facts);
      if (whole) one["results"] = whole->brief(limits::best_curve_points);
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// The tests one behind the other, each going on from what the one before has made. Where tests overlap, the later one
/// counts from where the earlier has ended.
document study_ledger::impl::chained_equity() const {
  const auto step = step_for(request.base);
  std::vector<shown_point> chain;
  double made = 0, capital = 0;
  for (const auto& w : windows) {
    if (!w.test_result || !w.test_result->failure.empty()) continue;
    const auto& outcomes = w.test_result->outcomes;
    const double initial = combined_capital(outcomes, summed_as(request.base));
    capital = std::max(capital, initial);
    double base = initial;
    const auto before = made;
    for (const auto& p : combined_curve(outcomes, summed_as(request.base))) {
      if (!chain.empty() && p.at <= chain.back().at) {
        base = p.equity;
        continue;
      }
      made = before + p.equity - base;
      chain.push_back({p.at, made});
    }
  }
  auto out = document::array();
  for (const auto& p : downsample(chain, limits::best_curve_points)) out.push_back({{"date", date_text(p.at, step)}, {"equity", number(capital + p.equity)}});
  return out;
}

/// Efficiency: what was made per day of the tests over what was made per day of the trains by the same parameters.
document study_ledger::impl::walk_document() const {
  auto list = document::array();
  double in_made = 0, in_days = 0, out_made = 0, out_days = 0;
  for (const auto& w : windows) {
    document one{{"train", span_document({w.train.front().from_ms, w.train.back().to_ms})}, {"test", span_document(w.test)}};
    const auto* top = w.trials->top();
    if (!w.trials->finished() || top == nullptr) {
      one["params"] = nullptr, one["in_sample"] = nullptr, one["out_of_sample"] = nullptr;
      if (w.trials->finished()) one["error"] = "no trial has a defined objective and meets the constraints";
      list.push_back(std::move(one));
      continue;
    }
    const auto in = figure_set::from(top->figures);
    one["params"] = params_of(top->at);
    one["in_sample"] = to_document(in);
    one["in_sample"]["objective"] = number(top->objective);
    one["out_of_sample"] = nullptr;
    if (w.test_result && w.test_result->failure.empty()) {
      const auto out = figure_set::from(w.test_result->figures);
      one["out_of_sample"] = to_document(out);
      in_made += in.get("total_return").value_or(0), out_made += out.get("total_return").value_or(0);
      for (const auto& piece : w.train) in_days += days_in(piece);
      out_days += days_in(w.test);
    } else if (w.test_result) {
      one["error"] = w.test_result->failure;
    }
    list.push_back(std::move(one));
  }
  std::optional<double> efficiency;
  if (in_made > 0 && in_days > 0 && out_days > 0) efficiency = out_made / out_days / (in_made / in_days);
  return {{"windows", std::move(list)}, {"out_of_sample_equity", chained_equity()}, {"efficiency", number(efficiency)}};
}

document study_without_run(const study_request& r, const result_facts& facts) {
  return {{"best", document::array()},
          {"trials_done", 0},
          {"trials_total", 0},
          {"trials_failed", 0},
          {"stability", nullptr},
          {"deflated_sharpe", nullptr},
          {"walk_forward", nullptr},
          {"objective", r.goal.objective},
          {"direction", std::string(to_string(r.goal.way))},
          {"compile_diagnostics", to_document(facts.findings)},
          {"engine_version", facts.engine_version}};
}

document study_ledger::results(const result_facts& facts) const {
  const auto& m = *impl_;
  auto out = study_without_run(m.request, facts);
  out["best"] = m.best_document(facts);
  out["trials_done"] = trials_done();
  out["trials_total"] = trials_total();
  std::uint64_t failed = 0;
  const std::string* first = nullptr;
  for (const auto& w : m.windows)
    for (const auto& row : w.trials->rows()) {
      if (!row || row->failure.empty()) continue;
      ++failed;
      if (first == nullptr) first = &row->failure;
    }
  out["trials_failed"] = failed;
  if (first != nullptr) out["first_failure"] = *first;
  std::optional<double> plateau;
  if (!m.ranks.empty())
    plateau = stability(*m.ranks.front().objective, m.windows.front().trials->neighbours(m.ranks.front()), m.request.goal.way);
  out["stability"] = number(plateau);
  out["deflated_sharpe"] = number(m.deflated());
  if (m.walking) out["walk_forward"] = m.walk_document();
  return out;
}

// ---------------------------------------------------------------- rows

namespace {

/// How rows are put in order: by a number each, the undefined ones last.
struct sort_rule {
  enum class by_t : std::uint8_t { trial, objective, figure } by = by_t::trial;
  std::size_t figure = 0; ///< its place in figure_set::names()
  enum class way_t : std::uint8_t { rising, falling } way = way_t::rising;
};

result<sort_rule> rule_of(std::string_view text) {
  sort_rule r;
  if (text.empty()) return r;
  const bool falling = text.front() == '-';
  if (falling) r.way = sort_rule::way_t::falling;
  const auto name = text.substr(falling ? 1 : 0);
  if (name == "trial") return r;
  r.by = name == "objective" ? sort_rule::by_t::objective : sort_rule::by_t::figure;
  const auto place = figure_set::place(name);
  r.figure = place.value_or(0);
  if (r.by == sort_rule::by_t::objective || place) return r;
  return error{errc::invalid_argument, "must be trial, objective or a figure, with - in front to turn it around, not " + tt::in_quotes(text), "sort"};
}

double sort_value(const sort_rule& rule, std::uint64_t id, const trial_row& row) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  if (rule.by == sort_rule::by_t::trial) return static_cast<double>(id);
  if (rule.by == sort_rule::by_t::objective) return row.objective.value_or(undefined);
  return rule.figure < row.figures.size() ? row.figures[rule.figure] : undefined;
}

} // namespace

result<result_page> study_ledger::trials(std::string_view sort, std::size_t limit, std::string_view cursor) const {
  const auto& m = *impl_;
  auto rule = rule_of(sort);
  if (!rule) return rule.error();
  std::size_t from = 0;
  if (!cursor.empty()) {
    const auto end = cursor.data() + cursor.size();
    const auto r = std::from_chars(cursor.data(), end, from);
    if (r.ec != std::errc{} || r.ptr != end) return error{errc::invalid_argument, "isn't a cursor of this list", "cursor"};
  }
  struct place {
    double value;
    std::uint64_t id;
  };
  std::vector<place> order;
  for (std::uint32_t w = 0; w < m.windows.size(); ++w)
    for (const auto& row : m.windows[w].trials->rows())
      if (row) order.push_back({sort_value(*rule, w * m.inner + row->trial, *row), w * m.inner + row->trial});
  result_page page;
  const auto to = std::min(order.size(), from + std::clamp<std::size_t>(limit, 1, limits::page_rows));
  const bool falling = rule->way == sort_rule::way_t::falling;
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(to), order.end(), [&](const place& a, const place& b) {
    if (std::isnan(a.value) != std::isnan(b.value)) return std::isnan(b.value);
    if (!std::isnan(a.value) && a.value != b.value) return falling ? a.value > b.value : a.value < b.value;
    return a.id < b.id;
  });
  for (auto i = from; i < to; ++i) {
    const auto w = static_cast<std::uint32_t>(order[i].id / m.inner);
    page.rows.push_back(m.row_document(w, *m.windows[w].trials->rows()[order[i].id % m.inner]));
  }
  if (to < order.size()) page.next_cursor = std::to_string(to);
  return page;
}

std::string study_ledger::trials_csv() const {
  const auto& m = *impl_;
  const auto put = [](std::string& out, std::optional<double> v) {
    out += ',';
    if (v && std::isfinite(*v)) out += to_text(document(*v));
  };
  std::string out = "trial,window";
  for (const auto& p : m.space.list()) out += "," + p.name;
  out += ",objective";
  for (auto name : figure_set::names()) out += "," + std::string(name);
  out += ",error\n";
  for (std::uint32_t w = 0; w < m.windows.size(); ++w)
    for (const auto& row : m.windows[w].trials->rows()) {
      if (!row) continue;
      out += std::to_string(w * m.inner + row->trial) + "," + std::to_string(w);
      for (std::size_t i = 0; i < m.space.list().size(); ++i) out += "," + m.space.text(i, row->at[i]);
      put(out, row->objective);
      const auto f = figure_set::from(row->figures);
      for (auto name : figure_set::names()) put(out, f.get(name));
      std::string why = row->failure;
      std::replace(why.begin(), why.end(), '"', '\'');
      out += why.empty() ? ",\n" : ",\"" + why + "\"\n";
    }
  return out;
}

} // namespace tt::backtest
