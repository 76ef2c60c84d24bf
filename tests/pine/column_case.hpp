#pragma once
/// Runs of one program with and without shared columns, and everything that can be seen of them.

#include "actors/pine/column_cache.hpp"
#include "actors/pine/engine.hpp"
#include "actors/pine/util.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace tt::pine::testing {

using input_texts = std::map<std::string, std::string>;

/// What a run gives: values to the last bit, texts, and how it ended.
struct run_facts {
  std::vector<std::uint64_t> values; ///< of all plots, bar after bar
  std::string texts;                 ///< logs, alerts, drawings, warnings
  std::string failure;               ///< with line and bar
  std::size_t orders = 0;
  bool operator==(const run_facts&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const run_facts& f) {
  return out << f.values.size() << " values, " << f.orders << " orders, \"" << f.texts << "\", " << f.failure;
}

/// How a bar is run: once, or again and again as with calc_on_order_fills.
enum class bar_mode : std::uint8_t { once, repeated };

class column_case {
public:
  column_case(const std::string& source, std::vector<bar> bars) : bars_(std::move(bars)) {
    auto compiled = compile(source);
    if (compiled.code == nullptr)
      for (const auto& d : compiled.diags.all()) problem_ += std::to_string(d.pos.line) + ": " + d.message + "\n";
    code_ = compiled.code;
    if (code_ != nullptr) plan_ = find_columns(*code_);
  }
  const std::string& problem() const { return problem_; }
  const program& code() const { return *code_; }
  const column_plan& plan() const { return *plan_; }
  const std::vector<bar>& bars() const { return bars_; }
  std::size_t dear() const {
    return static_cast<std::size_t>(std::count_if(plan_->nodes.begin(), plan_->nodes.end(), [](const auto& n) { return n.dear; }));
  }
  std::shared_ptr<column_cache> cache(std::size_t bytes = 64u << 20) const {
    return std::make_shared<column_cache>(plan_, std::make_shared<column_budget>(bytes));
  }

  run_facts plain(const input_texts& inputs, bar_mode mode = bar_mode::once) const { return run({inputs, nullptr}, mode).facts; }
  /// As run_pair() does it: where a run that reads columns stops, one without them says how it ends.
  run_facts shared(const input_texts& inputs, const std::shared_ptr<column_cache>& cache, bar_mode mode = bar_mode::once) const {
    auto out = run({inputs, cache}, mode);
    return !out.facts.failure.empty() && out.used > 0 ? plain(inputs, mode) : out.facts;
  }
  /// Columns that a run with these inputs would read.
  std::size_t used(const input_texts& inputs, const std::shared_ptr<column_cache>& cache) const { return run({inputs, cache}, bar_mode::once).used; }

  std::uint64_t steps = budget{}.steps_per_bar;
  std::shared_ptr<symbol_info> symbol = std::make_shared<symbol_info>();
  data_source* data = nullptr;

private:
  struct question {
    const input_texts& inputs;
    std::shared_ptr<column_cache> cache;
  };
  struct answer {
    run_facts facts;
    std::size_t used = 0;
  };

  answer run(const question& q, bar_mode mode) const {
    run_settings settings;
    settings.symbol = symbol;
    settings.chart_timeframe = *timeframe::parse("20");
    settings.inputs = q.inputs;
    settings.data = data;
    settings.limit.steps_per_bar = steps;
    settings.last_bar_index = i64(bars_.size()) - 1;
    settings.last_bar_time_ms = bars_.back().time_ms;
    settings.columns = {q.cache, 0, bars_.size()};
    script s(code_, settings);
    answer out;
    if (s.problem()) out.facts.failure = *s.problem();
    for (std::size_t i = 0; i < bars_.size() && out.facts.failure.empty(); ++i) step(s, i, mode, out.facts);
    for (const auto& m : s.logs()) out.facts.texts += std::to_string(m.bar_index) + " " + m.text + "\n";
    for (const auto& a : s.alerts()) out.facts.texts += std::to_string(a.bar_index) + " " + a.message + "\n";
    for (const auto& w : s.warnings()) out.facts.texts += w + "\n";
    if (!s.problem()) out.facts.texts += s.drawings_json();
    out.used = s.columns_used();
    s.keep_columns();
    return out;
  }

  void step(script& s, std::size_t i, bar_mode mode, run_facts& out) const {
    bar_flags flags;
    const bool last = i + 1 == bars_.size();
    flags.last = flags.last_history = last;
    flags.next_time_ms = last ? 0 : bars_[i + 1].time_ms;
    std::optional<runtime_failure> failed;
    if (mode == bar_mode::repeated && i % 3 != 0) {
      flags.historical = true;
      failed = s.begin_bar(bars_[i], flags);
      for (auto k = i % 3; k > 0 && !failed; --k) failed = s.update(bars_[i], flags);
      if (!failed) failed = s.commit(bars_[i], flags);
    } else {
      failed = s.on_bar(bars_[i], flags);
    }
    if (failed) out.failure = failed->message + " at " + std::to_string(failed->line) + ", bar " + std::to_string(failed->bar_index);
    out.orders += s.orders().size();
    s.clear_orders();
    for (std::size_t p = 0; p < code_->plots.size(); ++p) {
      for (std::size_t k = 0; k < code_->plots[p].series.size(); ++k) {
        const double v = s.plot_value(p, k);
        out.values.push_back(std::bit_cast<std::uint64_t>(is_na(v) ? na_value : v));
      }
      for (std::size_t k = 0; k < code_->plots[p].texts.size(); ++k) out.texts += s.plot_text(p, k);
    }
  }

  std::shared_ptr<const program> code_;
  std::shared_ptr<const column_plan> plan_;
  std::vector<bar> bars_;
  std::string problem_;
};

} // namespace tt::pine::testing
