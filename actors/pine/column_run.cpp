#include "actors/pine/column_run.hpp"

#include <bit>
#include <limits>
#include <utility>

namespace tt::pine {

std::unique_ptr<column_run> column_run::make(const program& code, std::shared_ptr<column_cache> cache, column_stretch stretch,
                                             double* numbers, std::size_t bars, std::uint64_t steps) {
  if (cache == nullptr || bars == 0 || !cache->plan().any()) return nullptr;
  std::unique_ptr<column_run> run(new column_run(code, std::move(cache), stretch, numbers, bars));
  run->look_up(steps);
  run->choose();
  run->claim_rest();
  if (run->used_ == 0 && run->claims_.empty()) return nullptr;
  return run;
}

column_run::column_run(const program& code, std::shared_ptr<column_cache> cache, column_stretch stretch, double* numbers, std::size_t bars)
    : code_(code), cache_(std::move(cache)), plan_(cache_->plan()), stretch_(stretch), numbers_(numbers), bars_(bars),
      found_(plan_.nodes.size()), fates_(plan_.nodes.size()), pushed_(plan_.pushes.size(), true), most_(code.sites.size()) {}

column_run::~column_run() {
  for (const auto& c : claims_) cache_->release(stretch_, c.key);
}

column_key column_run::key_of(const column_node& n) const {
  column_key key{n.form};
  for (auto reg : n.numbers) key.push_back(std::bit_cast<std::uint64_t>(numbers_[reg]));
  return key;
}

/// What the calls left out would have taken of a bar's budget is taken off it, and half of it must remain.
void column_run::look_up(std::uint64_t steps) {
  for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
    if (!plan_.nodes[i].dear) continue;
    auto columns = cache_->find(stretch_, key_of(plan_.nodes[i]));
    if (columns == nullptr || columns->bars() != bars_ || columns->work > steps / 2 - work_) continue;
    work_ += columns->work;
    found_[i] = std::move(columns);
    ++used_;
  }
}

bool column_run::is_live(const column_node& n) const {
  return std::any_of(n.outs.begin(), n.outs.end(), [&](auto reg) { return live_[reg]; });
}

/// Goes backwards through what is computed: a node that is read, or that only feeds such nodes, is not. Nothing else is
/// left out, not even what nobody reads: it might have been what stops the script.
void column_run::decide() {
  live_ = plan_.read_anyway;
  for (std::size_t k = 0; k < pushed_.size(); ++k)
    if (pushed_[k]) live_[code_.rings[plan_.pushes[k].ring].reg] = true;
  std::vector<bool> feeds_read(plan_.nodes.size());
  for (auto i = plan_.nodes.size(); i-- > 0;) {
    const auto& n = plan_.nodes[i];
    const bool live = is_live(n), found = found_[i] != nullptr;
    fates_[i] = found && live ? fate::read : found || (feeds_read[i] && !live) ? fate::left_out : fate::computed;
    if (fates_[i] == fate::computed)
      for (auto reg : n.registers) live_[reg] = true;
    else
      for (auto r : n.reads) feeds_read[r] = true;
  }
}

/// A ring whose readers are all left out needs no values, which may leave out more.
void column_run::choose() {
  decide();
  if (used_ == 0) return;
  for (bool changed = true; changed;) {
    std::vector<bool> read(code_.rings.size());
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i)
      if (plan_.nodes[i].ring != column_node::no_ring && fates_[i] == fate::computed) read[plan_.nodes[i].ring] = true;
    changed = false;
    for (std::size_t k = 0; k < pushed_.size(); ++k) {
      if (!pushed_[k] || read[plan_.pushes[k].ring]) continue;
      pushed_[k] = false;
      changed = true;
    }
    if (changed) decide();
  }
  for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
    if (fates_[i] != fate::read) continue;
    const auto& outs = plan_.nodes[i].outs;
    for (std::size_t k = 0; k < outs.size(); ++k)
      if (live_[outs[k]]) loads_.push_back({numbers_ + outs[k], found_[i]->of(k)});
  }
  cut_code();
}

void column_run::claim_rest() {
  for (std::uint32_t i = 0; i < plan_.nodes.size(); ++i) {
    const auto& n = plan_.nodes[i];
    if (!n.dear || fates_[i] != fate::computed) continue;
    auto key = key_of(n);
    auto room = cache_->claim(stretch_, key, n.outs.size(), bars_);
    if (room == nullptr) continue;
    for (std::size_t k = 0; k < n.outs.size(); ++k) notes_.push_back({numbers_ + n.outs[k], room->of(k)});
    claims_.push_back({i, std::move(key), std::move(room)});
  }
  if (claims_.empty()) return;
  for (std::size_t i = 0; i < plan_.nodes.size(); ++i)
    if (fates_[i] == fate::computed && plan_.nodes[i].site != column_node::no_site) metered_.push_back(plan_.nodes[i].site);
}

void column_run::publish() {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max() / 2;
  std::vector<std::uint64_t> work(claims_.empty() ? 0 : plan_.nodes.size());
  for (std::size_t i = 0; i < work.size(); ++i) {
    const auto& n = plan_.nodes[i];
    if (found_[i] != nullptr) {
      work[i] = found_[i]->work;
      continue;
    }
    if (n.site != column_node::no_site) work[i] = most_[n.site];
    for (auto r : n.reads) work[i] = std::min(most, work[i] + work[r]);
  }
  for (auto& c : claims_) {
    c.columns->work = work[c.node];
    cache_->publish(stretch_, c.key, std::move(c.columns));
  }
  claims_.clear();
  notes_.clear();
}

std::vector<bool> column_run::places_left_out() const {
  std::vector<bool> out(code_.code.size());
  for (std::size_t i = 0; i < plan_.nodes.size(); ++i)
    if (plan_.nodes[i].from == column_node::source::code && fates_[i] != fate::computed) out[plan_.nodes[i].at] = true;
  for (std::size_t k = 0; k < pushed_.size(); ++k)
    if (!pushed_[k]) out[plan_.pushes[k].at] = true;
  return out;
}

/// The program without what is left out. A jump to a place that is gone goes to the one behind it.
void column_run::cut_code() {
  cut_.emplace();
  auto& cut = *cut_;
  const auto gone = places_left_out();
  std::vector<std::uint32_t> place(code_.code.size() + 1);
  std::vector<std::size_t> jumps;
  for (std::size_t at = 0; at < code_.code.size();) {
    const auto words = words_of(code_.code[at].code);
    place[at] = static_cast<std::uint32_t>(cut.code.size());
    if (!gone[at]) {
      if (is_jump(code_.code[at].code)) jumps.push_back(cut.code.size());
      for (std::size_t k = at; k < at + words; ++k) {
        cut.code.push_back(code_.code[k]);
        cut.lines.push_back(code_.lines[k]);
      }
    }
    at += words;
  }
  place.back() = static_cast<std::uint32_t>(cut.code.size());
  for (auto at : jumps) cut.code[at].c = place[cut.code[at].c];
  std::vector<bool> passed_over(code_.every_bar.size());
  for (std::size_t i = 0; i < plan_.nodes.size(); ++i)
    if (plan_.nodes[i].from == column_node::source::every_bar && fates_[i] != fate::computed) passed_over[plan_.nodes[i].at] = true;
  for (std::size_t k = 0; k < code_.every_bar.size(); ++k)
    if (!passed_over[k]) cut.every_bar.push_back(code_.every_bar[k]);
  for (const auto& load : code_.loads) cut.loaded.push_back(load.is_ref || live_[load.reg]);
}

} // namespace tt::pine
