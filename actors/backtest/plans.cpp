#include "actors/backtest/plans.hpp"

#include "actors/backtest/account_run.hpp"
#include "actors/backtest/pair_run.hpp"
#include "actors/backtest/request_bars.hpp"
#include "actors/backtest/results.hpp"
#include "actors/backtest/study_plan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <map>
#include <set>

namespace tt::backtest {

run_watch watch_of(run_control& control) {
  run_watch out;
  out.cancel = &control.cancelled;
  out.bars_done = [&control](std::size_t bars) { control.bars_done.fetch_add(bars, std::memory_order_relaxed); };
  return out;
}

std::string pack_texts(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) {
    const auto size = static_cast<std::uint32_t>(text.size());
    char head[4];
    for (int i = 0; i < 4; ++i) head[i] = static_cast<char>((size >> (8 * i)) & 0xFF); // little-endian on every machine
    out.append(head, 4).append(text);
  }
  return out;
}

result<std::vector<std::string>> unpack_texts(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return error{errc::corrupt_data, "a portion of results ends early"};
    std::uint32_t size = 0;
    for (int i = 0; i < 4; ++i) size |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)])) << (8 * i);
    bytes.remove_prefix(4);
    if (bytes.size() < size) return error{errc::corrupt_data, "a portion of results ends early"};
    out.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return out;
}

result<void> restore_tasks(study_ledger& into, std::vector<task_result> results) {
  std::vector<std::uint64_t> taken;
  // a test follows its window's trials, a generation the one before: as long as something is taken, try the rest
  for (bool moved = true; moved && !results.empty();) {
    moved = false;
    for (const auto& task : into.take(limits::shard_tasks)) taken.push_back(task.id);
    std::vector<task_result> early;
    for (auto& one : results) {
      auto copy = one;
      switch (into.put(std::move(one))) {
      case study_ledger::taken::fresh: moved = true; break;
      case study_ledger::taken::known: break;
      case study_ledger::taken::early: early.push_back(std::move(copy)); break;
      case study_ledger::taken::foreign: return error{errc::corrupt_data, "a result is of another study"};
      }
    }
    results = std::move(early);
  }
  into.give_back(taken);
  return {};
}

namespace {

result<nlohmann::json> read_json(const std::string& request) {
  auto out = nlohmann::json::parse(request, nullptr, false);
  if (out.is_discarded()) return error{errc::corrupt_data, "the request is not JSON"};
  return out;
}

template <class T>
result<T> value_of(parsed<T> p) {
  if (p.value) return std::move(*p.value);
  return error{errc::corrupt_data, p.problems.empty() ? "the request can't be read" : to_string(p.problems.front())};
}

result<backtest_request> read_backtest(const std::string& request) {
  auto json = read_json(request);
  if (!json) return json.error();
  return value_of(parse_backtest(*json));
}

result<study_request> read_study(const std::string& request) {
  auto json = read_json(request);
  if (!json) return json.error();
  return value_of(parse_study(*json));
}

/// The compiled script, or why there is none.
std::variant<std::shared_ptr<const pine::program>, plan_failure> compile(const backtest_request& r) {
  if (r.pine_script.empty())
    return plan_failure{{errc::unsupported, r.yaml.empty() ? "the source of the strategy was not looked up" : "there is no Pine source", r.yaml.empty() ? "strategy_id" : "yaml"}, {}};
  const auto compiled = compile_strategy(r.pine_script);
  if (compiled.code) return compiled.code;
  std::string why = "the script does not compile";
  const auto first = std::ranges::find_if(compiled.findings, [](const auto& f) { return f.level == script_finding::level_t::error; });
  if (first != compiled.findings.end()) why += ": line " + std::to_string(first->line) + ": " + first->message;
  return plan_failure{{errc::invalid_argument, why, ""}, to_text(to_document(compiled.findings))};
}

std::vector<series_need> needs_of(const backtest_request& r, const pine::program& code) {
  const auto shared = std::make_shared<const backtest_request>(r);
  const auto inner = rules_for(r, code.decl).magnifier;
  std::vector<series_need> out;
  for (const auto& key : pairs_of(r)) out.push_back({shared, key, inner});
  return out;
}

/// How many distinct symbols there are, and how many of them are done.
std::uint32_t count_symbols(const std::vector<series_need>& needs) {
  std::set<std::string> names;
  for (const auto& one : needs) names.insert(one.key.symbol);
  return static_cast<std::uint32_t>(names.size());
}

// -- a backtest ---------------------------------------------------------------------

/// The piece of a job whose pairs share one account: all that have bars, and behind this the number of the first pair
/// whose outcome is wanted.
constexpr std::string_view account_piece = "account ";
/// Bytes of outcomes that one such piece gives, if it is more than one pair: a result must fit a message. For what is left
/// out the account is walked again, which gives the same.
constexpr std::size_t account_piece_bytes = 8 * 1024 * 1024;
static_assert(account_piece_bytes < limits::outcome_bytes);

/// Parts are pairs, numbered as pairs_of() has them; so are pieces, each pair by itself. With one account for all there is
/// one piece at a time, which gives the parts of every pair, or of as many as fit a message.
class backtest_plan final : public job_plan {
public:
  backtest_plan(std::vector<series_need> needs, capital_mode capital) : needs_(std::move(needs)), pairs_(needs_.size()), capital_(capital) {}

  const std::vector<series_need>& series() const override { return needs_; }

  result<std::vector<kept_part>> begin(const std::vector<result<series_ref>>& refs) override {
    std::vector<kept_part> out;
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      auto& pair = pairs_[i];
      if (refs[i]) {
        pair.bars = std::max<std::uint64_t>(1, refs[i]->bars);
        pair.found = true;
        continue;
      }
      // a pair without bars has failed; the others run
      auto failed = failed_pair(needs_[i].key, refs[i].error());
      out.push_back({i, to_bytes(failed)});
      settle(i, failed);
    }
    return out;
  }

  result<void> restore(std::vector<kept_part> parts) override {
    for (const auto& part : parts) {
      if (part.key >= pairs_.size()) return error{errc::corrupt_data, "a result is of another job"};
      auto outcome = pair_outcome_from_bytes(part.bytes);
      if (!outcome) return outcome.error();
      settle(part.key, *outcome);
    }
    return {};
  }

  std::optional<shard> next() override {
    if (capital_ == capital_mode::shared) return next_account();
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      auto& pair = pairs_[i];
      if (pair.state != pair_state::free) continue;
      pair.state = pair_state::out;
      return shard{i, std::to_string(i), {static_cast<std::uint32_t>(i)}, pair.bars};
    }
    return std::nullopt;
  }

  void give_back(std::uint64_t number) override {
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      if ((capital_ == capital_mode::shared || i == number) && pairs_[i].state == pair_state::out) pairs_[i].state = pair_state::free;
  }

  result<std::vector<kept_part>> put(std::uint64_t number, const result<std::string>& bytes) override {
    if (capital_ == capital_mode::shared) return put_account(number, bytes);
    std::vector<kept_part> out;
    if (number >= pairs_.size() || pairs_[number].state == pair_state::done) return out;
    auto outcome = bytes ? pair_outcome_from_bytes(*bytes) : result<pair_outcome>(failed_pair(needs_[number].key, bytes.error()));
    if (!outcome) return outcome.error();
    if (outcome->key != needs_[number].key) return error{errc::corrupt_data, "a worker sent the result of another pair"};
    out.push_back({number, bytes ? *bytes : to_bytes(*outcome)});
    settle(number, *outcome);
    return out;
  }

  bool finished() const override { return done_ == pairs_.size(); }
  std::optional<error> failure() const override {
    if (failed_ < pairs_.size() || pairs_.empty()) return std::nullopt;
    for (const auto& pair : pairs_)
      if (pair.failure) return pair.failure;
    return std::nullopt;
  }

  std::uint64_t bars_done() const override {
    std::uint64_t out = 0;
    for (const auto& pair : pairs_)
      if (pair.state == pair_state::done) out += pair.bars;
    return out;
  }
  std::uint64_t bars_total() const override {
    std::uint64_t out = 0;
    for (const auto& pair : pairs_) out += pair.bars;
    return out;
  }

  void describe(job_status& status) const override {
    std::map<std::string, std::pair<std::size_t, std::size_t>> symbols; // pairs, and those done
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      auto& [all, done] = symbols[needs_[i].key.symbol];
      ++all;
      if (pairs_[i].state == pair_state::done) ++done;
    }
    status.symbols_total = static_cast<std::uint32_t>(symbols.size());
    status.symbols_done = static_cast<std::uint32_t>(std::ranges::count_if(symbols, [](const auto& s) { return s.second.first == s.second.second; }));
    status.symbol = last_symbol_;
  }

private:
  enum class pair_state : std::uint8_t { free, out, done };
  struct pair_entry {
    pair_state state = pair_state::free;
    std::uint64_t bars = 1;
    bool found = false; ///< it has bars
    std::optional<error> failure;
  };

  /// All pairs that have bars, also those whose parts are there already: one needs the others.
  std::optional<shard> next_account() {
    const auto first = std::ranges::find(pairs_, pair_state::free, &pair_entry::state);
    if (first == pairs_.end()) return std::nullopt;
    shard out;
    out.number = ++last_piece_;
    out.text = std::string(account_piece) + std::to_string(first - pairs_.begin());
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      auto& pair = pairs_[i];
      if (!pair.found) continue;
      out.series.push_back(static_cast<std::uint32_t>(i));
      if (pair.state != pair_state::free) continue;
      out.bars += pair.bars;
      pair.state = pair_state::out;
    }
    return out;
  }

  result<std::vector<kept_part>> put_account(std::uint64_t number, const result<std::string>& bytes) {
    std::vector<kept_part> out;
    if (!bytes) {
      for (std::size_t i = 0; i < pairs_.size(); ++i) keep(out, i, to_bytes(failed_pair(needs_[i].key, bytes.error())));
      return out;
    }
    auto texts = unpack_texts(*bytes);
    if (!texts) return texts.error();
    if (texts->empty()) return error{errc::corrupt_data, "a worker sent no result"};
    for (auto& text : *texts) {
      const auto outcome = pair_outcome_from_bytes(text);
      if (!outcome) return outcome.error();
      const auto at = std::ranges::find(needs_, outcome->key, &series_need::key);
      if (at == needs_.end()) return error{errc::corrupt_data, "a worker sent the result of another pair"};
      keep(out, static_cast<std::size_t>(at - needs_.begin()), std::move(text));
    }
    if (number == last_piece_) give_back(number); // what did not fit comes with the next one
    return out;
  }

  void keep(std::vector<kept_part>& out, std::size_t pair, std::string bytes) {
    if (pairs_[pair].state == pair_state::done) return;
    settle(pair, pair_outcome_from_bytes(bytes).value());
    out.push_back({pair, std::move(bytes)});
  }

  void settle(std::uint64_t number, const pair_outcome& outcome) {
    auto& p = pairs_[number];
    if (p.state == pair_state::done) return;
    p.state = pair_state::done;
    ++done_;
    last_symbol_ = needs_[number].key.symbol;
    if (!outcome.failure) return;
    ++failed_;
    p.failure = error{outcome.failure->code, to_string(outcome.key) + ": " + outcome.failure->message, outcome.failure->field};
  }

  std::vector<series_need> needs_;
  std::vector<pair_entry> pairs_;
  capital_mode capital_;
  std::uint64_t last_piece_ = 0; ///< of an account
  std::size_t done_ = 0, failed_ = 0;
  std::string last_symbol_;
};

// -- a study -------------------------------------------------------------------------

/// Pieces are portions of tasks; parts are results of tasks by their ids.
class study_job_plan final : public job_plan {
public:
  study_job_plan(study_request request, std::vector<series_need> needs, bar_opener open)
      : request_(std::move(request)), needs_(std::move(needs)), open_(std::move(open)) {}

  const std::vector<series_need>& series() const override { return needs_; }

  result<std::vector<kept_part>> begin(const std::vector<result<series_ref>>& refs) override {
    std::vector<std::shared_ptr<const bar_set>> sets;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      if (!refs[i]) return error{refs[i].error().code, to_string(needs_[i].key) + ": " + refs[i].error().message, refs[i].error().field};
      bars_per_task_ += std::max<std::uint64_t>(1, refs[i]->bars);
      if (request_.method != search_method::walk_forward) continue;
      auto set = open_(*refs[i]);
      if (!set) return set.error();
      sets.push_back(std::move(*set));
    }
    auto made = study_ledger::make(request_, sets.empty() ? std::vector<std::int64_t>{} : time_axis(sets));
    if (!made) return made.error();
    ledger_.emplace(std::move(*made));
    portion_ = std::clamp<std::size_t>(limits::portion_bars / std::max<std::uint64_t>(1, bars_per_task_), 1, limits::portion_tasks);
    return std::vector<kept_part>{};
  }

  result<void> restore(std::vector<kept_part> parts) override {
    std::vector<task_result> open;
    for (const auto& part : parts) {
      auto one = task_result_from_bytes(part.bytes);
      if (!one) return one.error();
      open.push_back(std::move(*one));
    }
    return restore_tasks(*ledger_, std::move(open));
  }

  void staffed(std::uint64_t workers) override { workers_ = std::max<std::uint64_t>(1, workers); }

  std::optional<shard> next() override {
    const auto share = ledger_->free_tasks() / (limits::portions_per_worker * workers_);
    auto tasks = ledger_->take(std::clamp<std::size_t>(share, 1, portion_));
    if (tasks.empty()) return std::nullopt;
    shard out;
    out.number = ++last_portion_;
    auto& ids = portions_[out.number];
    for (const auto& task : tasks) ids.push_back(task.id);
    out.text = to_bytes(tasks);
    for (std::uint32_t i = 0; i < needs_.size(); ++i) out.series.push_back(i);
    out.bars = bars_per_task_ * tasks.size();
    return out;
  }

  void give_back(std::uint64_t number) override {
    const auto at = portions_.find(number);
    if (at == portions_.end()) return;
    ledger_->give_back(at->second);
    portions_.erase(at);
  }

  result<std::vector<kept_part>> put(std::uint64_t number, const result<std::string>& bytes) override {
    std::vector<kept_part> out;
    if (!bytes) return error{bytes.error().code, "a part of the study failed: " + bytes.error().message, bytes.error().field};
    auto texts = unpack_texts(*bytes);
    if (!texts) return texts.error();
    for (auto& text : *texts) {
      auto one = task_result_from_bytes(text);
      if (!one) return one.error();
      const auto id = one->id;
      const auto taken = ledger_->put(std::move(*one));
      if (taken == study_ledger::taken::foreign) return error{errc::corrupt_data, "a worker sent the result of another study"};
      if (taken == study_ledger::taken::fresh) out.push_back({id, std::move(text)});
    }
    portions_.erase(number);
    return out;
  }

  bool finished() const override { return ledger_ && ledger_->finished(); }
  std::optional<error> failure() const override { return ledger_ ? ledger_->failure() : std::nullopt; }
  std::uint64_t bars_done() const override { return ledger_->tasks().done * bars_per_task_; }
  std::uint64_t bars_total() const override { return ledger_->tasks().all * bars_per_task_; }

  void describe(job_status& status) const override {
    status.symbols_total = count_symbols(needs_);
    status.symbols_done = finished() ? status.symbols_total : 0;
    if (!ledger_) return;
    status.trials_done = ledger_->trials_done();
    status.trials_total = ledger_->trials_total();
    const auto best = ledger_->best_so_far();
    status.best = best.is_null() ? std::string{} : to_text(best);
  }

private:
  study_request request_;
  std::vector<series_need> needs_;
  bar_opener open_;
  std::optional<study_ledger> ledger_;
  std::uint64_t bars_per_task_ = 0;
  std::size_t portion_ = 1; ///< at most so many tasks
  std::uint64_t workers_ = 1;
  std::uint64_t last_portion_ = 0;
  std::map<std::uint64_t, std::vector<std::uint64_t>> portions_;
};

// -- on the workers' side ---------------------------------------------------------------

/// Bars of other symbols as the runs of this room ask for them.
class extra_provider final : public bar_provider {
public:
  explicit extra_provider(const extra_bars& find) : find_(find) {}
  result<std::shared_ptr<const bar_set>> bars(const backtest_request&, const pair_key& key, inner_bars) override {
    if (!find_) return error{errc::not_found, "there are no bars of other symbols here"};
    return find_(key);
  }

private:
  const extra_bars& find_;
};

class backtest_runner final : public shard_runner {
public:
  backtest_runner(backtest_request request, const std::shared_ptr<const pine::program>& code)
      : request_(std::move(request)), program_(prepare(code, request_)), pairs_(pairs_of(request_)) {}

  result<std::string> run(std::string_view text, std::span<const std::shared_ptr<const bar_set>> bars, const extra_bars& extra,
                          run_control& control) const override {
    extra_provider provider(extra);
    request_bars others(request_, provider);
    const bool account = request_.capital == capital_mode::shared && text.starts_with(account_piece);
    if (account) text.remove_prefix(account_piece.size());
    std::size_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || number >= pairs_.size()) return no_such_pair();
    if (account) return run_all(number, bars, others, control);
    if (bars.size() != 1 || bars[0]->key() != pairs_[number]) return no_such_pair();
    auto outcome = run_pair(job_for(bars[0], others), watch_of(control));
    if (outcome) return to_bytes(*outcome);
    if (is_cancelled(outcome.error())) return outcome.error();
    return to_bytes(failed_pair(pairs_[number], outcome.error(), bars[0]->hash()));
  }

private:
  static error no_such_pair() { return {errc::corrupt_data, "an order names no pair of its job"}; }

  pair_job job_for(const std::shared_ptr<const bar_set>& bars, request_bars& others) const {
    auto job = pair_job_of(request_, program_, bars);
    job.data = others.source();
    return job;
  }

  /// All pairs, which trade one account: what stops one of them stops all. The outcomes from pair `first` on, as many as fit.
  result<std::string> run_all(std::size_t first, std::span<const std::shared_ptr<const bar_set>> bars, request_bars& others, run_control& control) const {
    account_job job;
    for (const auto& set : bars) {
      if (std::ranges::find(pairs_, set->key()) == pairs_.end()) return no_such_pair();
      job.pairs.push_back(job_for(set, others));
    }
    auto outcomes = run_account(job, watch_of(control));
    if (!outcomes && is_cancelled(outcomes.error())) return outcomes.error();
    std::vector<std::string> out;
    std::size_t size = 0;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      if (bars[i]->key() < pairs_[first]) continue;
      auto text = to_bytes(outcomes ? (*outcomes)[i] : failed_pair(bars[i]->key(), outcomes.error(), bars[i]->hash()));
      if (!out.empty() && (size += text.size()) > account_piece_bytes) break;
      if (out.empty()) size = text.size();
      out.push_back(std::move(text));
    }
    return pack_texts(out);
  }

  backtest_request request_;
  std::shared_ptr<const prepared_program> program_;
  std::vector<pair_key> pairs_;
};

class study_runner final : public shard_runner {
public:
  study_runner(backtest_request base, const std::shared_ptr<const pine::program>& code)
      : base_(std::move(base)), program_(prepare(code, base_)), columns_(make_columns(*program_->code, column_sharing::on)) {}

  result<std::string> run(std::string_view text, std::span<const std::shared_ptr<const bar_set>> bars, const extra_bars& extra,
                          run_control& control) const override {
    auto tasks = shard_from_bytes(text);
    if (!tasks) return tasks.error();
    extra_provider provider(extra);
    request_bars others(base_, provider);
    study_context context{base_, program_, {bars.begin(), bars.end()}, others.source(), columns_};
    std::vector<std::string> out;
    for (const auto& task : *tasks) {
      auto done = run_task(context, task, watch_of(control));
      if (!done) return done.error();
      out.push_back(to_bytes(*done));
    }
    return pack_texts(out);
  }

private:
  backtest_request base_;
  std::shared_ptr<const prepared_program> program_;
  std::shared_ptr<study_columns> columns_; ///< of all workers of this node
};

} // namespace

made_plan make_plan(job_kind kind, const std::string& request, const bar_opener& open) {
  if (kind == job_kind::backtest) {
    auto read = read_backtest(request);
    if (!read) return plan_failure{read.error(), {}};
    auto code = compile(*read);
    if (auto* failed = std::get_if<plan_failure>(&code)) return std::move(*failed);
    return std::unique_ptr<job_plan>(std::make_unique<backtest_plan>(needs_of(*read, *std::get<0>(code)), read->capital));
  }
  auto read = read_study(request);
  if (!read) return plan_failure{read.error(), {}};
  auto code = compile(read->base);
  if (auto* failed = std::get_if<plan_failure>(&code)) return std::move(*failed);
  if (auto wrong = unknown_parameter(*read, *std::get<0>(code))) return plan_failure{std::move(*wrong), {}};
  auto needs = needs_of(read->base, *std::get<0>(code));
  return make_study_plan(std::move(*read), std::move(needs), open);
}

std::unique_ptr<job_plan> make_study_plan(study_request r, std::vector<series_need> series, bar_opener open) {
  return std::make_unique<study_job_plan>(std::move(r), std::move(series), std::move(open));
}

result<std::shared_ptr<const shard_runner>> make_runner(job_kind kind, const std::string& request) {
  backtest_request base;
  if (kind == job_kind::backtest) {
    auto read = read_backtest(request);
    if (!read) return read.error();
    base = std::move(*read);
  } else {
    auto read = read_study(request);
    if (!read) return read.error();
    base = std::move(read->base);
  }
  auto code = compile(base);
  if (auto* failed = std::get_if<plan_failure>(&code)) return failed->reason;
  if (kind == job_kind::backtest) return std::shared_ptr<const shard_runner>(std::make_shared<backtest_runner>(std::move(base), std::get<0>(code)));
  return std::shared_ptr<const shard_runner>(std::make_shared<study_runner>(std::move(base), std::get<0>(code)));
}

} // namespace tt::backtest
