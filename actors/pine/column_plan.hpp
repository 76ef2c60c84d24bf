#pragma once
/// Which registers of a program hold columns: values that are a pure function of the bars and of numbers that stand for
/// a whole run (constants, inputs, facts of the symbol). Two runs over the same bars have the same column wherever those
/// numbers agree, so what one run has computed another one may read.
///
/// The walk is over the program's code, where calls of user functions are expanded and every value has a register. A
/// register holds a column when exactly one instruction writes it, on every bar and once (no jump passes over it, no
/// loop runs it again), that instruction is pure, and all it reads are columns or stand for the run. What is left out
/// by this: branches and loops, variables that `:=` or `var` changes, request.*() and everything behind it, the
/// account, barstate.*, random numbers, texts and objects. A length that is itself a column is one like any other.

#include "actors/pine/program.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tt::pine {

/// What computes one column, or several for a call with several results.
struct column_node {
  enum class source : std::uint8_t { load, every_bar, code } from = source::code;
  std::uint32_t at = 0;                 ///< place in the code, or in program::loads or program::every_bar
  std::uint32_t site = no_site;         ///< of a call
  std::uint32_t ring = no_ring;         ///< of `x[n]`: the ring that is read, an index into program::rings
  std::vector<std::uint32_t> reads;     ///< nodes that it is made of, each before it
  std::vector<std::uint32_t> registers; ///< of those nodes, that it reads
  std::vector<std::uint32_t> outs;      ///< registers
  std::vector<std::uint32_t> numbers;   ///< registers that stand for the run, as they occur in it and in what it is made of
  std::uint32_t form = 0;               ///< equal for nodes that differ in those registers only
  bool dear = false;                    ///< worth more than reading it from memory

  static constexpr std::uint32_t no_site = 0xFFFFFFFFu, no_ring = 0xFFFFFFFFu;
};

/// Of one program. Immutable; shared by all runs.
struct column_plan {
  std::vector<column_node> nodes; ///< in the order in which they run
  /// Registers that something reads which no column can replace.
  std::vector<bool> read_anyway;
  /// A push into a ring that only columns read. It may be left out together with its readers.
  struct push {
    std::uint32_t at = 0;   ///< place in the code
    std::uint32_t ring = 0; ///< index into program::rings
  };
  std::vector<push> pushes;

  /// Whether there is anything worth sharing.
  bool any() const;
};

std::shared_ptr<const column_plan> find_columns(const program& code);

/// Words that an instruction takes.
inline std::size_t words_of(op code) { return code == op::sel || code == op::forinit || code == op::fortest ? 2 : 1; }
/// Whether its `c` is a place in the code.
bool is_jump(op code);

} // namespace tt::pine
