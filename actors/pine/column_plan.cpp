#include "actors/pine/column_plan.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/util.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace tt::pine {

bool column_plan::any() const {
  return std::any_of(nodes.begin(), nodes.end(), [](const auto& n) { return n.dear; });
}

bool is_jump(op code) {
  switch (code) {
  case op::jmp: case op::jf: case op::jt: case op::once: case op::back: case op::fortest:
  case op::jnlt: case op::jnle: case op::jngt: case op::jnge: case op::jneq: case op::jnne: return true;
  default: return false;
  }
}

namespace {

constexpr std::uint32_t nowhere = 0xFFFFFFFFu;

/// Built-ins that give the same for the same numbers and bars, apart from the namespaces ta and math.
bool is_pure_name(std::string_view name) {
  static constexpr std::array others{"na", "nz", "fixnan", "int", "float", "bool", "input.source", "input.time"};
  if (name == "math.random") return false;
  return name.starts_with("ta.") || name.starts_with("math.") || std::find(others.begin(), others.end(), name) != others.end();
}

/// Of ta, but one step from the bar before: 3 to 14 ns a bar where reading a column takes 1 to 2 (bench_pine_columns).
/// Their columns would take the memory of those that save ten times as much, and most of them could be read by no other
/// run: what crosses depends on all numbers of a sweep at once.
bool is_cheap(std::string_view name) {
  static constexpr std::array cheap{"ta.accdist", "ta.barssince", "ta.change", "ta.cross", "ta.crossover", "ta.crossunder", "ta.cum",
                                    "ta.falling", "ta.iii", "ta.max", "ta.min", "ta.mom", "ta.nvi", "ta.obv", "ta.pvi", "ta.pvt",
                                    "ta.rising", "ta.roc", "ta.swma", "ta.tr", "ta.valuewhen", "ta.wad", "ta.wvad"};
  return std::find(cheap.begin(), cheap.end(), name) != cheap.end();
}

/// Fields of a bar that depend on nothing but bars, symbol and timeframe.
bool is_known_from_bars(bar_field f) {
  switch (f) {
  case bar_field::timenow: case bar_field::last_bar_index: case bar_field::last_bar_time: case bar_field::islast:
  case bar_field::ishistory: case bar_field::isrealtime: case bar_field::isnew: case bar_field::isconfirmed:
  case bar_field::islastconfirmedhistory: return false;
  default: return f < bar_field::fixed_begin;
  }
}

bool is_pure_op(op code) {
  return (code >= op::add && code <= op::ne3) || code == op::land || code == op::lor || code == op::lnot || code == op::mov || code == op::sel;
}

class column_finder {
public:
  explicit column_finder(const program& p)
      : p_(p), writers_(p.num_init.size()), first_read_(p.num_init.size(), nowhere), node_of_(p.num_init.size(), nowhere),
        conditional_(p.code.size() + 1), in_node_(p.code.size() + 1) {
    plan_.read_anyway.resize(p.num_init.size());
  }

  column_plan run() {
    if (makes_objects_between_calls()) return std::move(plan_);
    mark_conditional();
    index_rings();
    count_accesses();
    for (std::uint32_t i = 0; i < p_.loads.size(); ++i) add_load(i);
    for (std::uint32_t i = 0; i < p_.every_bar.size(); ++i) add_every_bar(i);
    each_instruction([&](std::uint32_t at) { add_code(at); });
    find_pushes();
    mark_read_anyway();
    return std::move(plan_);
  }

private:
  struct ring_facts {
    std::uint32_t pushes = 0, push_at = nowhere;
    bool others = false; ///< something reads it that is no column
  };

  /// A text made before the bar (strategy.position_entry_name) is collected at the next call, and collecting counts as
  /// work: with calls left out it would be another one, so that such a script could stop elsewhere.
  bool makes_objects_between_calls() const {
    return std::any_of(p_.loads.begin(), p_.loads.end(), [](const auto& load) { return load.is_ref && is_of_bar(load.field); });
  }

  template <class F>
  void each_instruction(F f) const {
    for (std::uint32_t at = 0; at < p_.code.size(); at += u32(words_of(p_.code[at].code))) f(at);
  }

  /// Whether a register of that type is among the numbers. The type of an argument left out is void, and its register may
  /// lie beyond them: it is of a parameter for texts then.
  bool is_number_register(type_id t, std::uint32_t reg) const {
    return reg < writers_.size() && (t == t_void || !is_reference(*p_.types, t));
  }

  /// Calls read(reg) and write(reg) for the number registers that the instruction touches.
  template <class Read, class Write>
  void accesses(std::uint32_t at, Read read, Write write) const {
    const auto& i = p_.code[at];
    switch (i.code) {
    case op::mov: case op::neg: case op::lnot: read(i.b), write(i.a); break;
    case op::sel: case op::forinit: read(i.b), read(i.c), read(p_.code[at + 1].a), write(i.a); break;
    case op::fortest: read(i.a), read(i.b), read(p_.code[at + 1].a); break;
    case op::teq: case op::tne: case op::req: case op::rne: case op::getf: case op::hist: write(i.a); break;
    case op::jf: case op::jt: case op::push: read(i.a); break;
    case op::jnlt: case op::jnle: case op::jngt: case op::jnge: case op::jneq: case op::jnne: read(i.a), read(i.b); break;
    case op::once: read(i.a), write(i.a); break;
    case op::histd: read(i.c), read_ring_register(i.b, read), write(i.a); break;
    case op::histdr: read(i.c); break;
    case op::setf: read(i.b); break;
    case op::call: site_accesses(p_.sites[i.c], read, write); break;
    case op::halt: case op::movr: case op::jmp: case op::back: case op::pushr: case op::histr: case op::getfr: case op::setfr:
    case op::count_: break;
    default: read(i.b), read(i.c), write(i.a); break; // arithmetic, comparisons, logic
    }
  }
  template <class Read, class Write>
  void site_accesses(const site_plan& s, Read read, Write write) const {
    for (std::size_t k = 0; k < s.args.size(); ++k)
      if (is_number_register(s.types[k], s.args[k])) read(s.args[k]);
    for (std::size_t k = 0; k < s.outs.size(); ++k)
      if (is_number_register(s.out_types[k], s.outs[k])) write(s.outs[k]);
  }
  template <class Read>
  void read_ring_register(std::uint32_t state, Read read) const {
    read(p_.rings[ring_at_.at(state)].reg);
  }

  /// Between a jump and where it goes nothing is certain to run, or to run once.
  void mark_conditional() {
    std::vector<int> depth(p_.code.size() + 2);
    each_instruction([&](std::uint32_t at) {
      const auto& i = p_.code[at];
      if (!is_jump(i.code)) return;
      const auto from = std::min(at + 1, i.c), to = std::max(at + 1, i.c);
      ++depth[from];
      --depth[to];
    });
    int now = 0;
    for (std::size_t at = 0; at < conditional_.size(); ++at) conditional_[at] = (now += depth[at]) > 0;
  }

  void count_accesses() {
    const auto many = [&](std::uint32_t reg) { writers_[reg] += 2; };
    for (const auto& load : p_.loads)
      if (!load.is_ref && is_of_bar(load.field)) ++writers_[load.reg];
    for (auto s : p_.every_bar) site_accesses(p_.sites[s], [](std::uint32_t) {}, [&](std::uint32_t reg) { ++writers_[reg]; });
    for (auto reg : p_.varip_num) many(reg);
    each_instruction([&](std::uint32_t at) {
      accesses(at, [&](std::uint32_t reg) { first_read_[reg] = std::min(first_read_[reg], at); }, [&](std::uint32_t reg) { ++writers_[reg]; });
    });
  }

  void index_rings() {
    rings_.resize(p_.rings.size());
    for (std::uint32_t k = 0; k < p_.rings.size(); ++k) ring_at_[p_.rings[k].state] = k;
    each_instruction([&](std::uint32_t at) {
      const auto& i = p_.code[at];
      if (i.code != op::push) return;
      auto& r = rings_[ring_at_.at(i.b)];
      ++r.pushes;
      r.push_at = at;
    });
  }

  bool stands_for_run(std::uint32_t reg) const { return writers_[reg] == 0; }
  bool is_column(std::uint32_t reg) const { return stands_for_run(reg) || node_of_[reg] != nowhere; }

  /// Number of this form: the same for the same words.
  std::uint32_t form_of(const std::vector<std::uint64_t>& words) { return forms_.try_emplace(words, u32(forms_.size())).first->second; }

  /// Adds what stands in register `reg` to the words of a form, and to what the node is made of.
  void take(column_node& n, std::vector<std::uint64_t>& words, std::uint32_t reg) {
    if (stands_for_run(reg)) {
      words.push_back(0);
      n.numbers.push_back(reg);
      return;
    }
    const auto& from = plan_.nodes[node_of_[reg]];
    const auto place = std::find(from.outs.begin(), from.outs.end(), reg) - from.outs.begin();
    words.push_back(1 + (std::uint64_t{from.form} << 8) + static_cast<std::uint64_t>(place));
    n.reads.push_back(node_of_[reg]);
    n.registers.push_back(reg);
    n.numbers.insert(n.numbers.end(), from.numbers.begin(), from.numbers.end());
  }

  void add(column_node n, const std::vector<std::uint64_t>& words) {
    if (n.numbers.size() > limits::column_numbers) return;
    std::sort(n.reads.begin(), n.reads.end());
    n.reads.erase(std::unique(n.reads.begin(), n.reads.end()), n.reads.end());
    n.form = form_of(words);
    for (auto reg : n.outs) node_of_[reg] = u32(plan_.nodes.size());
    if (n.from == column_node::source::code) in_node_[n.at] = true;
    plan_.nodes.push_back(std::move(n));
  }

  enum word : std::uint64_t { of_load, of_every_bar, of_op, of_ring, of_call };

  void add_load(std::uint32_t index) {
    const auto& load = p_.loads[index];
    if (load.is_ref || !is_known_from_bars(load.field) || writers_[load.reg] != 1) return;
    column_node n;
    n.from = column_node::source::load;
    n.at = index;
    n.outs = {load.reg};
    add(std::move(n), {of_load, static_cast<std::uint64_t>(load.field)});
  }

  void add_every_bar(std::uint32_t index) {
    column_node n;
    n.from = column_node::source::every_bar;
    n.at = index;
    add_site(std::move(n), p_.every_bar[index]);
  }

  void add_code(std::uint32_t at) {
    const auto& i = p_.code[at];
    if (conditional_[at]) return;
    column_node n;
    n.at = at;
    if (i.code == op::call) return add_site(std::move(n), i.c);
    if (!is_once(i.a, at)) return;
    if (i.code == op::hist) return add_history(std::move(n), i);
    if (!is_pure_op(i.code)) return;
    std::vector<std::uint64_t> words{of_op, static_cast<std::uint64_t>(i.code)};
    bool known = true;
    accesses(at, [&](std::uint32_t reg) { known = known && is_column(reg); }, [](std::uint32_t) {});
    if (!known) return;
    accesses(at, [&](std::uint32_t reg) { take(n, words, reg); }, [](std::uint32_t) {});
    n.outs = {i.a};
    add(std::move(n), words);
  }

  /// Whether the instruction at `at` alone writes the register, before anything reads it.
  bool is_once(std::uint32_t reg, std::uint32_t at) const {
    return reg < writers_.size() && writers_[reg] == 1 && first_read_[reg] > at;
  }

  /// `x[n]`: the ring must take the column once on every bar.
  void add_history(column_node n, const instr& i) {
    const auto k = ring_at_.at(i.b);
    const auto& plan = p_.rings[k];
    const auto& facts = rings_[k];
    if (plan.is_ref || !is_column(plan.reg) || facts.pushes != 1 || conditional_[facts.push_at] || p_.code[facts.push_at].a != plan.reg) return;
    if (node_of_[plan.reg] != nowhere) {
      const auto& from = plan_.nodes[node_of_[plan.reg]];
      if (from.from == column_node::source::code && from.at >= facts.push_at) return;
    }
    n.ring = k;
    n.outs = {i.a};
    std::vector<std::uint64_t> words{of_ring, i.c};
    take(n, words, plan.reg);
    add(std::move(n), words);
  }

  void add_site(column_node n, std::uint32_t index) {
    const auto& s = p_.sites[index];
    if (!is_pure_name(s.name) || s.outs.empty()) return;
    const bool in_code = n.from == column_node::source::code;
    for (std::size_t k = 0; k < s.outs.size(); ++k)
      if (!is_number_register(s.out_types[k], s.outs[k]) || (in_code ? !is_once(s.outs[k], n.at) : writers_[s.outs[k]] != 1)) return;
    for (std::size_t k = 0; k < s.args.size(); ++k)
      if (!is_number_register(s.types[k], s.args[k]) || !is_column(s.args[k])) return;
    std::vector<std::uint64_t> words{in_code ? of_call : of_every_bar, number_of(s.fn), s.series_length ? 1u : 0u};
    for (std::size_t k = 0; k < s.args.size(); ++k) {
      words.push_back(s.types[k]);
      take(n, words, s.args[k]);
    }
    n.site = index;
    n.outs = s.outs;
    n.dear = (s.name.starts_with("ta.") || s.name == "math.sum") && !is_cheap(s.name);
    add(std::move(n), words);
  }
  std::uint64_t number_of(native_fn fn) {
    return functions_.try_emplace(reinterpret_cast<std::uintptr_t>(fn), functions_.size()).first->second;
  }

  /// Pushes that nothing needs once the columns that read their rings are there.
  void find_pushes() {
    each_instruction([&](std::uint32_t at) {
      const auto& i = p_.code[at];
      const bool reads = i.code == op::hist || i.code == op::histd;
      if (reads && !in_node_[at]) rings_[ring_at_.at(i.b)].others = true;
    });
    for (const auto& n : plan_.nodes) {
      if (n.ring == column_node::no_ring || rings_[n.ring].others) continue;
      rings_[n.ring].others = true; // taken: once each
      plan_.pushes.push_back({rings_[n.ring].push_at, n.ring});
    }
    for (const auto& push : plan_.pushes) in_node_[push.at] = true;
  }

  void mark_read_anyway() {
    const auto mark = [&](std::uint32_t reg) { plan_.read_anyway[reg] = true; };
    each_instruction([&](std::uint32_t at) {
      if (!in_node_[at]) accesses(at, mark, [](std::uint32_t) {});
    });
    for (std::uint32_t i = 0; i < p_.every_bar.size(); ++i) site_accesses(p_.sites[p_.every_bar[i]], mark, [](std::uint32_t) {});
    for (const auto& plot : p_.plots)
      for (const auto& [name, reg] : plot.series) mark(reg);
  }

  const program& p_;
  column_plan plan_;
  std::vector<std::uint32_t> writers_;    ///< by register; 0: it stands for the run
  std::vector<std::uint32_t> first_read_; ///< by register: the first place in the code
  std::vector<std::uint32_t> node_of_;    ///< by register
  std::vector<bool> conditional_;         ///< by place in the code
  std::vector<bool> in_node_;             ///< by place: it belongs to a node, or to a push that may go
  std::vector<ring_facts> rings_;
  std::map<std::uint32_t, std::uint32_t> ring_at_;
  std::map<std::vector<std::uint64_t>, std::uint32_t> forms_;
  std::map<std::uintptr_t, std::uint64_t> functions_;
};

} // namespace

std::shared_ptr<const column_plan> find_columns(const program& code) { return std::make_shared<const column_plan>(column_finder(code).run()); }

} // namespace tt::pine
