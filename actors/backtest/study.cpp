#include "actors/backtest/study.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

namespace tt::backtest {

result<study> study::make(parameter_space space, std::unique_ptr<search> how, study_goal goal) {
  study s(std::move(space), std::move(how));
  s.way_ = goal.way;
  auto known = [](std::string_view name) { return figure_set::known(name); };
  auto objective = expression::parse(goal.objective, known);
  if (!objective) return tt::error{objective.error().code, objective.error().message, "objective"};
  s.objective_ = std::move(*objective);
  for (std::size_t i = 0; i < goal.constraints.size(); ++i) {
    auto c = expression::parse(goal.constraints[i], known);
    if (!c) return tt::error{c.error().code, c.error().message, "constraints[" + std::to_string(i) + "]"};
    s.constraints_.push_back(std::move(*c));
  }
  s.rows_.resize(s.search_->total());
  return s;
}

std::vector<std::uint64_t> study::take(std::size_t most) {
  std::vector<std::uint64_t> trials;
  while (first_free_ < rows_.size() && (rows_[first_free_] || out_.contains(first_free_))) ++first_free_;
  for (auto n = first_free_; n < search_->ready() && trials.size() < most; ++n) {
    if (rows_[n] || !out_.insert(n).second) continue;
    trials.push_back(n);
  }
  return trials;
}

void study::give_back(const std::vector<std::uint64_t>& trials) {
  for (auto n : trials)
    if (out_.erase(n) != 0) first_free_ = std::min(first_free_, n);
}

void study::accept(trial_row row) {
  auto n = row.trial;
  trial_score score{n, row.objective};
  rows_[n] = std::move(row);
  out_.erase(n);
  ++done_;
  if (score.objective) { // of equal ones the first trial, in whatever order they come
    const auto* now = top();
    if (now == nullptr || better(*score.objective, *now->objective) || (*score.objective == *now->objective && n < now->trial)) top_ = n;
  }
  search_->tell(score);
}

const trial_row& study::put(std::uint64_t trial, const result<figure_set>& outcome) {
  TT_ASSERT(trial < search_->ready());
  if (rows_[trial]) return *rows_[trial];
  trial_row row;
  row.trial = trial;
  row.at = search_->at(trial);
  if (outcome) {
    const auto& f = *outcome;
    row.figures.assign(f.values().begin(), f.values().end());
    auto look = [&](std::string_view name) { return f.get(name); };
    bool met = std::all_of(constraints_.begin(), constraints_.end(), [&](const auto& c) { return c.value(look).value_or(0) != 0; });
    if (met) row.objective = objective_->value(look);
  } else {
    row.failure = to_string(outcome.error());
  }
  accept(std::move(row));
  return *rows_[trial];
}

bool study::restore(const trial_row& row) {
  if (row.trial >= search_->ready() || row.at != search_->at(row.trial)) return false;
  if (!rows_[row.trial]) accept(row);
  return true;
}

std::vector<const trial_row*> study::best(std::size_t most) const {
  std::vector<const trial_row*> list;
  for (const auto& r : rows_)
    if (r && r->objective) list.push_back(&*r);
  std::stable_sort(list.begin(), list.end(), [&](const auto* a, const auto* b) {
    return better(*a->objective, *b->objective);
  });
  std::set<point> seen;
  std::erase_if(list, [&](const auto* r) { return !seen.insert(r->at).second; });
  if (list.size() > most) list.resize(most);
  return list;
}

std::vector<double> study::neighbours(const trial_row& row) const {
  const auto around = space_.neighbours(row.at);
  std::map<point, std::optional<double>> wanted;
  for (const auto& p : around) wanted[p] = std::nullopt;
  for (const auto& r : rows_) {
    if (!r || !r->objective) continue;
    const auto it = wanted.find(r->at);
    if (it != wanted.end() && !it->second) it->second = r->objective;
  }
  std::vector<double> out;
  for (const auto& p : around)
    if (const auto& found = wanted[p]) out.push_back(*found);
  return out;
}

// ---------------------------------------------------------------- the log

namespace {
void put_number(std::string& out, double v) {
  if (std::isnan(v)) return;
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr);
}
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    auto to = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}
template <class T>
bool read(std::string_view text, T& v) {
  auto r = std::from_chars(text.data(), text.data() + text.size(), v);
  return !text.empty() && r.ec == std::errc{} && r.ptr == text.data() + text.size();
}
} // namespace

/// trial;levels by comma;objective;figures by comma;failure
std::string to_line(const trial_row& row) {
  std::string out = std::to_string(row.trial) + ";";
  for (std::size_t i = 0; i < row.at.size(); ++i) out += (i > 0 ? "," : "") + std::to_string(row.at[i]);
  out += ';';
  if (row.objective) put_number(out, *row.objective);
  out += ';';
  for (std::size_t i = 0; i < row.figures.size(); ++i) {
    if (i > 0) out += ',';
    put_number(out, row.figures[i]);
  }
  out += ';' + printable(row.failure);
  return out;
}

result<trial_row> from_line(std::string_view line) {
  auto bad = [&](const char* what) { return tt::error{errc::corrupt_data, std::string("not a trial: ") + what + " in " + in_quotes(line)}; };
  auto parts = split(line, ';');
  if (parts.size() < 5) return bad("too few fields");
  trial_row row;
  if (!read(parts[0], row.trial)) return bad("number");
  for (auto p : split(parts[1], ',')) {
    std::uint32_t level = 0;
    if (!read(p, level)) return bad("levels");
    row.at.push_back(level);
  }
  if (!parts[2].empty()) {
    double v = 0;
    if (!read(parts[2], v)) return bad("objective");
    row.objective = v;
  }
  if (!parts[3].empty())
    for (auto p : split(parts[3], ',')) {
      double v = std::numeric_limits<double>::quiet_NaN();
      if (!p.empty() && !read(p, v)) return bad("figures");
      row.figures.push_back(v);
    }
  row.failure = std::string(line.substr(static_cast<std::size_t>(parts[4].data() - line.data())));
  return row;
}

} // namespace tt::backtest
