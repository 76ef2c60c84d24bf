#pragma once
/// What one run has to do with shared columns: which it reads, which it computes for others, and the program without
/// what is read. The program's code is copied without the calls that the columns stand for and everything that only
/// feeds them; before each bar the columns' values are put into the registers of those calls.

#include "actors/pine/column_cache.hpp"
#include "actors/pine/program.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace tt::pine {

/// A program with parts left out.
struct cut_program {
  std::vector<instr> code;
  std::vector<std::uint32_t> lines;
  std::vector<std::uint32_t> every_bar;
  std::vector<bool> loaded; ///< by index into program::loads
};

/// For one script, on one thread.
class column_run {
public:
  /// `numbers`: the registers before the first bar. `bars`: how many there will be. `steps`: of the budget of a bar.
  /// Null when there is nothing to share.
  static std::unique_ptr<column_run> make(const program& code, std::shared_ptr<column_cache> cache, column_stretch stretch,
                                          double* numbers, std::size_t bars, std::uint64_t steps);
  ~column_run();
  column_run(const column_run&) = delete;
  column_run& operator=(const column_run&) = delete;

  /// The program as it is to run; nothing when no column was found.
  const std::optional<cut_program>& cut() const { return cut_; }
  /// Calls whose work is to be told to note_work().
  const std::vector<std::uint32_t>& metered() const { return metered_; }
  /// Columns that this run reads.
  std::size_t used() const { return used_; }
  std::size_t bars() const { return bars_; }
  /// Steps that the calls left out would have taken at most on one bar. A bar has so many fewer, so that a run that ends
  /// well has enough of them without columns too.
  std::uint64_t work() const { return work_; }

  /// Bar number `index`, below bars(): before the script runs, and after it.
  void load(std::size_t index) const {
    for (const auto& l : loads_) *l.to = l.from[index];
  }
  void note(std::size_t index) const {
    for (const auto& n : notes_) n.to[index] = *n.from;
  }
  void note_work(std::uint32_t site, std::uint64_t steps) { most_[site] = std::max(most_[site], steps); }
  /// The last bar is done and nothing went wrong: what was computed is for all.
  void publish();

private:
  struct load_of {
    double* to;
    const double* from;
  };
  struct note_of {
    const double* from;
    double* to;
  };
  struct claimed {
    std::uint32_t node;
    column_key key;
    std::shared_ptr<shared_columns> columns;
  };

  /// Whether a node is computed here, is of no use here (what it feeds is read), or is read.
  enum class fate : std::uint8_t { computed, left_out, read };

  column_run(const program& code, std::shared_ptr<column_cache> cache, column_stretch stretch, double* numbers, std::size_t bars);
  void look_up(std::uint64_t steps);
  void choose();
  void decide();
  void claim_rest();
  void cut_code();
  std::vector<bool> places_left_out() const;
  bool is_live(const column_node& n) const;
  column_key key_of(const column_node& n) const;

  const program& code_;
  const std::shared_ptr<column_cache> cache_;
  const column_plan& plan_;
  const column_stretch stretch_;
  double* const numbers_;
  const std::size_t bars_;
  std::vector<std::shared_ptr<const shared_columns>> found_; ///< by node
  std::vector<fate> fates_;                                  ///< by node
  std::vector<bool> live_;                                   ///< by register: something that runs reads it
  std::vector<bool> pushed_;                                 ///< by column_plan::pushes
  std::vector<load_of> loads_;
  std::vector<note_of> notes_;
  std::vector<claimed> claims_;
  std::vector<std::uint32_t> metered_;
  std::vector<std::uint64_t> most_; ///< by site
  std::optional<cut_program> cut_;
  std::uint64_t work_ = 0;
  std::size_t used_ = 0;
};

} // namespace tt::pine
