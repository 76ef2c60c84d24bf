#pragma once
/// The checker and code generator. It walks the tree once and checks each expression on the way: the type and
/// qualifier of every value are known when its code is emitted, so the code is typed. A call of a user function
/// is checked and expanded at the call, with the types of its arguments: this is how Pine's untyped parameters
/// work, and it gives every call site its own registers, history and built-in state.
///
/// The body of a request is another program. The statements that the expression depends on are compiled into it
/// again (compile_request.cpp).

#include "actors/pine/ast.hpp"
#include "actors/pine/compiler.hpp"
#include "actors/pine/limits.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"
#include "actors/pine/util.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace tt::pine {

inline constexpr std::uint32_t no_reg = 0xFFFFFFFFu;

struct symbol_entry;

/// The result of checking an expression.
struct value {
  type_id type = t_na;
  qual q = qual::constant;
  std::uint32_t reg = no_reg; ///< no_reg: a constant not yet in a register, or void
  bool known = false;         ///< constant with a value
  double number = na_value;
  std::string text;
  bool bad = false; ///< an error was reported for it already
  bool stable = true; ///< nothing but its own definition writes the register
  std::vector<value> parts; ///< of a tuple
  symbol_entry* symbol = nullptr; ///< the variable this is, for history
  std::int32_t plot = -1;     ///< index of the plot or hline
  unique_type unique = unique_type::none; ///< of a constant that is no plain string or number
};

struct symbol_entry {
  std::string name;
  value val;
  std::int32_t ring = -1; ///< index into program::rings
  bool mutated = false;
  bool fixed = false; ///< declared with `const`: nothing may be assigned to it
  qual most = qual::series; ///< what its declaration allows
  bool builtin = false;
  bool loop_var = false;
  bool is_param = false;
  source_pos pos;
};

struct module_info;

struct function_info {
  const ast::stmt* decl = nullptr;
  module_info* home = nullptr;
};

/// The script itself or an imported library.
struct module_info {
  ast::script tree;
  std::string name; ///< "" for the script
  std::map<std::string, std::vector<function_info>> functions;
  std::map<std::string, type_id> types;
  std::map<std::string, const ast::stmt*> type_decls;
  std::map<std::string, module_info*> imports; ///< by alias
  std::set<std::string> import_keys;           ///< user/lib/version
  bool readable = true; ///< of a library: its text has no errors
};

struct scope {
  std::unordered_map<std::string, symbol_entry*> names;
  std::vector<symbol_entry*> order;
};

/// One function call being expanded, or the top level.
struct frame {
  module_info* home = nullptr;
  const ast::stmt* fn = nullptr;
  frame* caller = nullptr;
  source_pos call_pos; ///< where the caller's text calls
  std::vector<scope> scopes;
  std::vector<std::pair<const ast::block*, std::size_t>> path; ///< blocks being compiled and where in them
  std::map<std::string, const ast::expr*> args;                ///< parameter to argument, in the caller's names
  int loop_depth = 0;
  int block_depth = 0;
  const ast::expr* receiver = nullptr;
};

/// One program under construction with the variables that live in it.
struct unit {
  std::shared_ptr<program> out = std::make_shared<program>();
  std::map<module_info*, scope> globals;
  std::map<std::uint64_t, std::uint32_t> numbers; ///< constants by bits
  std::map<std::string, std::uint32_t> texts;
  std::map<std::string, symbol_entry*> builtins;
  std::vector<symbol_entry*> ringed_builtins;
  std::map<std::uint32_t, std::uint32_t> input_regs;
  std::uint32_t null_ref = no_reg;
  bool is_body = false;
};

/// Arguments of a call, checked.
struct call_args {
  std::vector<value> values;
  std::vector<const ast::argument*> sources;
};

/// Where jumps out of a loop go.
struct loop_info {
  std::vector<std::size_t> breaks, continues;
  std::size_t scopes_outside = 0;
};

class compiler {
public:
  compiler(diagnostics& diags, const compile_options& options) : diags_(diags), options_(options) {}
  std::shared_ptr<program> run(std::string_view source);

private:
  // --- compile.cpp: modules, declarations, statements
  module_info* load_module(std::string_view source, const std::string& name);
  void collect(module_info& m);
  void import_library(module_info& m, const ast::stmt& s);
  void declare_type(module_info& m, const ast::stmt& s);
  void declare_enum(module_info& m, const ast::stmt& s);
  void check_header(const ast::stmt& fn, const std::vector<function_info>& before);
  bool same_types(const ast::type_name& a, const ast::type_name& b) const;
  void check_uncalled(module_info& m);
  void check_field_defaults(module_info& m);
  void check_exports();
  bool in_export() const;
  void check_exit(const builtin& b, source_pos pos, const std::vector<bool>& given);
  void check_word(const char* what, const std::string& word, source_pos pos);
  void check_default(const function_info& f, const ast::parameter& param, type_id type);
  void wrong_default(const udt_field& field, const ast::expr& fallback, const value& v);
  void mark_mutations(const ast::block& body, std::vector<std::map<std::string, std::pair<const ast::stmt*, std::size_t>>>& scopes);
  void mark_in_expr(const ast::expr& e, std::vector<std::map<std::string, std::pair<const ast::stmt*, std::size_t>>>& scopes);
  value block_value(const ast::block& body, bool new_scope, bool used = true);
  value statement(const ast::stmt& s, bool used);
  value declare(const ast::stmt& s);
  value declare_tuple(const ast::stmt& s);
  value assign(const ast::stmt& s);
  void assign_field(const ast::stmt& s);
  void jump_out(const ast::stmt& s);
  void open_scope();
  void close_scope();
  void push_histories(const scope& s);
  symbol_entry* define(const std::string& name, value v, source_pos pos);
  void finish_unit();

  // --- compile_expr.cpp
  value expression(const ast::expr& e);
  value literal(const ast::expr& e);
  value name_value(const ast::expr& e);
  value member_value(const ast::expr& e);
  value history(const ast::expr& e);
  value unary(const ast::expr& e);
  value binary(const ast::expr& e);
  value arithmetic(const std::string& op, value a, value b, source_pos pos);
  value compare(const std::string& op, const value& a, const value& b, source_pos pos);
  value logical(const ast::expr& e);
  value ternary(const ast::expr& e);
  value tuple(const ast::expr& e);
  bool fold(const std::string& op, const value& a, const value& b, value& out) const;
  bool runs_at_use(const variable_row& row) const;
  symbol_entry* find(const std::string& name);
  bool in_sight(source_pos declared, const module_info* home) const;
  std::vector<function_info> functions_in_sight(const std::vector<function_info>& all) const;
  symbol_entry* builtin_symbol(const variable_row& row);
  std::string dotted(const ast::expr& e) const;
  value enum_member(const std::string& path, source_pos pos, bool& found);
  value field_value(const value& object, const std::string& name, source_pos pos);
  std::int32_t ring_for(symbol_entry& s);
  value unknown_name(const std::string& name, source_pos pos, bool is_call);
  /// Whether the name, or what its first part names, is missing because its declaration couldn't be read.
  bool lost(const std::string& name) const { return frame_->home->tree.lost.count(name.substr(0, name.find('.'))) > 0; }

  // --- compile_flow.cpp
  value if_value(const ast::expr& e);
  value switch_value(const ast::expr& e);
  value for_value(const ast::expr& e);
  value for_in_value(const ast::expr& e);
  value while_value(const ast::expr& e);
  value once_value(const ast::expr& e);
  struct result_slot {
    bool started = false;
    bool broken = false;
    std::vector<value> parts; ///< registers that hold the result
    bool is_tuple = false;
    std::vector<std::uint32_t> refs; ///< twin reference registers while the type is still na
  };
  void store_result(result_slot& slot, const value& v, source_pos pos);
  value take_result(result_slot& slot, qual q);
  void condition(const ast::expr& e, std::vector<std::size_t>& if_false);
  qual condition_qual_ = qual::constant;

  // --- compile_call.cpp, compile_builtin.cpp
  value call(const ast::expr& e);
  value call_builtin(const std::string& name, const ast::expr& e, const value* receiver, const call_args* ready = nullptr);
  value emit_builtin(const builtin& b, const ast::expr& e, std::vector<value>& bound,
                     std::map<char, type_id>& types, const std::vector<bool>& given);
  value call_user(const std::vector<function_info>& candidates, const ast::expr& e, const value* receiver,
                  const std::string& name, const std::string& otherwise = {});
  value out_of_sight(const std::vector<function_info>& all, const ast::expr& e);
  value expand(const function_info& f, std::vector<value> args, std::vector<const ast::expr*> sources,
               source_pos pos);
  bool expanding(const ast::stmt* fn) const;
  value new_object(type_id t, const ast::expr& e);
  value copy_object(const value& v);
  call_args evaluate_args(const ast::expr& e);
  struct match {
    int score = -1; ///< -1: doesn't fit
    std::vector<value> bound;
    std::vector<bool> given;
    std::map<char, type_id> types;
    std::string problem;
    source_pos where;
  };
  match try_bind(const builtin& b, const call_args& args, const value* receiver,
                 const std::vector<type_id>& type_args, source_pos pos);
  void report_other_arguments(const builtin& b, call_args args, const value* receiver, const std::vector<type_id>& type_args,
                              source_pos pos, match last);
  int convertible(const type_spec& spec, type_id have, std::map<char, type_id>& vars);
  type_id instantiate(const type_spec& spec, const std::map<char, type_id>& vars) const;
  std::string show(const type_spec& spec) const;
  bool foldable(const builtin& b, const std::vector<value>& bound) const;
  value fold_call(const builtin& b, const std::vector<value>& bound, type_id type);
  const std::vector<function_info>* user_functions(const std::string& name);
  const std::vector<function_info>* methods_of(const std::string& name, type_id receiver,
                                               std::vector<function_info>& found);

  // --- compile_special.cpp: declarations, inputs, plots
  value special_call(const builtin& b, const ast::expr& e, std::vector<value>& bound, const std::vector<bool>& given);
  void declaration_call(const builtin& b, const ast::expr& e, const std::vector<value>& bound,
                        const std::vector<bool>& given);
  value input_call(const builtin& b, const ast::expr& e, const std::vector<value>& bound,
                   const std::vector<bool>& given);
  value plot_call(const builtin& b, const ast::expr& e, std::vector<value>& bound, const std::vector<bool>& given);
  void check_enum_options(const ast::expr& e, const std::vector<value>& bound, type_id type, double chosen);
  void check_fixed_options(const builtin& b, const ast::expr& e, const std::vector<value>& bound, const std::vector<bool>& given);
  void input_options(const ast::expr& e, input_info& in, type_id type);
  source_pos frame_at_; ///< of the declaration, which may name a timeframe
  void check_frame();
  std::string pending_name_; ///< the variable an input is assigned to

  // --- compile_request.cpp
  value request_call(const builtin& b, const ast::expr& e, std::vector<value>& bound,
                     const std::vector<bool>& given, const ast::expr* body_expr);
  void count_request(request_plan& plan, const builtin& b, source_pos pos, const std::vector<value>& bound, const std::vector<bool>& given);
  frame* replay(frame* original, std::set<std::string> names, std::deque<frame>& frames);
  void names_in(const ast::expr& e, module_info* home, std::set<std::string>& out, std::set<const void*>& seen);
  void names_in(const ast::block& b, module_info* home, std::set<std::string>& out, std::set<const void*>& seen);
  void names_in(const ast::stmt& s, module_info* home, std::set<std::string>& out, std::set<const void*>& seen);
  bool changes(const ast::stmt& s, const std::set<std::string>& names) const;
  bool changes(const ast::expr& e, const std::set<std::string>& names) const;

  bool holds_drawing(type_id t) const;
  std::optional<value> effect_in_request(const builtin& b, const ast::expr& e, const std::map<char, type_id>& types);

  // --- types (compile_types.cpp)
  type_id resolve(const ast::type_name& t);
  bool key_type(type_id key, source_pos pos);
  bool type_arguments(const std::string& name, const ast::expr& e, std::vector<type_id>& out);
  bool elements_known(const std::string& name, type_id t, source_pos pos);
  type_id find_type(module_info& m, const std::string& name);
  bool assignable(type_id to, type_id from) const;
  type_id common(type_id a, type_id b) const;
  std::string show(const value& v) const;
  bool is_ref(type_id t) const { return is_reference(*types_, t); }

  // --- emission (compile_emit.cpp)
  program& out() { return *unit_->out; }
  std::size_t emit(op code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0, std::uint16_t x = 0);
  /// Gives the compilation up: it would be too large.
  void too_large(source_pos pos);
  /// Counts work against limits::nodes_checked; false once the compilation has given up.
  bool spend(std::uint64_t nodes, source_pos pos) {
    work_ += nodes;
    if (work_ > limits::nodes_checked) too_large(pos);
    return !gave_up_;
  }
  std::size_t here() { return out().code.size(); }
  void patch(std::size_t at, std::size_t target) { out().code[at].c = u32(target); }
  std::uint32_t new_num() {
    out().num_init.push_back(na_value);
    return u32(out().num_init.size() - 1);
  }
  std::uint32_t new_ref() { return out().refs++; }
  std::uint32_t new_reg(type_id t) { return is_ref(t) ? new_ref() : new_num(); }
  /// A new history of the value, and the instruction that gives it this bar's.
  ring_plan ring_of(const value& v);
  void push_history(const ring_plan& plan);
  std::uint32_t number_reg(double v);
  std::uint32_t text_reg(const std::string& s);
  std::uint32_t null_ref();
  std::uint32_t reg_of(const value& v);
  /// The register of `v` read as type `t`: gives na its place in the right register file.
  std::uint32_t reg_as(const value& v, type_id t);
  void move(std::uint32_t to, const value& v, type_id t);
  std::uint32_t new_state(std::size_t bytes);
  value temp(type_id t, qual q);
  value constant_number(type_id t, double v) const;
  value constant_text(std::string s) const;
  value error_value();
  /// Inside of a library the error stands at the call in the script, and its text says where in the library.
  void error(std::string_view code, source_pos pos, std::string message, std::string hint = {});
  value library_global(module_info& lib, const ast::stmt& s);
  bool means_builtin(const std::string& path, const ast::expr& e) const;
  value as_bool(value v, type_id want);
  /// Calls a stateless built-in that the compiler itself asks for (its first row) and puts what it gives into `result`.
  void call_into(const value& result, std::string_view built_in, std::string_view shown_as, std::vector<std::uint32_t> args, std::vector<type_id> types);
  value exact_condition(value v) const;
  void take_text_sizes(const std::string& name, call_args& args);
  void take_transparency(const std::string& name, call_args& args);
  std::optional<double> pending_transp_; ///< version 5's `transp` of the plot being compiled
  int version() const { return version_; }

  diagnostics& diags_;
  const compile_options& options_;
  std::shared_ptr<type_table> types_ = std::make_shared<type_table>();
  std::deque<module_info> modules_;
  std::map<std::string, module_info*> loaded_;
  std::deque<symbol_entry> symbols_;
  module_info* main_ = nullptr;
  unit* unit_ = nullptr;
  std::uint32_t plotted_series_ = 0; ///< see limits::plots
  unit main_unit_;
  frame* frame_ = nullptr;
  std::vector<loop_info> loops_;
  std::map<const ast::expr*, std::uint32_t> input_of_;
  std::map<const ast::expr*, std::uint32_t> statements_; ///< numbers of the calls of strategy.*
  std::map<std::string, declaration*> unused_;
  std::set<const ast::stmt*> expanded_;
  std::set<type_id> varip_types_;
  int version_ = 6;
  int call_depth_ = 0;
  std::uint64_t work_ = 0;       ///< nodes checked so far
  std::uint64_t expansions_ = 0; ///< user functions expanded so far
  std::uint32_t bodies_ = 0;     ///< bodies of requests compiled so far
  std::vector<std::shared_ptr<const request_plan>> expressions_; ///< that requests evaluate, each once
  std::set<std::string> requested_; ///< unique requests that run on every bar and say all by themselves
  source_pos one_too_many_;         ///< where the first beyond limits::requests stands
  std::size_t tuple_elements_ = 0;  ///< that requests give
  source_pos tuple_too_many_;       ///< where the first beyond limits::request_tuple_elements stands
  std::uint32_t line_ = 0;
  bool declared_ = false;
  bool gave_up_ = false;
  bool value_used_ = true; ///< false while a statement's value goes nowhere: read once by the next if, switch or loop
  bool replaying_ = false; ///< statements before a request are being compiled into its body
  std::map<const ast::stmt*, std::vector<const ast::expr*>> defaults_;
};

} // namespace tt::pine
