#include "actors/pine/compile_unit.hpp"
#include "actors/pine/parser.hpp"

#include <algorithm>

namespace tt::pine {

using ast::stmt_kind;
using ast::storage;

compile_result compile(std::string_view source, const compile_options& options) {
  compile_result result;
  result.code = compiler(result.diags, options).run(source);
  if (result.diags.has_errors()) result.code = nullptr;
  result.diags.sort();
  result.diags.count_characters(source);
  return result;
}

std::shared_ptr<program> compiler::run(std::string_view source) {
  types_->edit(t_point).fields = {{"index", t_int, false, 0}, {"time", t_int, false, 1}, {"price", t_float, false, 2}};
  types_->edit(t_point).numbers = 3;
  main_ = load_module(source, "");
  if (!main_->tree.usable) return nullptr;
  version_ = main_->tree.version == 0 ? 0 : main_->tree.version;
  if (version_ == 0) {
    diags_.warning("PN0201", {}, "the script has no //@version annotation; it is read as version 5",
                   "start the script with //@version=6");
    version_ = 5;
  } else if (version_ != 5 && version_ != 6) {
    error("PN0201", {}, "version " + std::to_string(version_) + " of Pine Script isn't supported",
          "versions 5 and 6 are; convert the script with the Pine Editor's migration tool");
    return nullptr;
  }
  unit_ = &main_unit_;
  out().types = types_;
  out().version = version_;
  frame top;
  top.home = main_;
  frame_ = &top;
  collect(*main_);
  for (auto& m : modules_) {
    std::vector<std::map<std::string, std::pair<const ast::stmt*, std::size_t>>> scopes(1);
    mark_mutations(m.tree.body, scopes);
  }
  block_value(main_->tree.body, false, false);
  const auto& lost = main_->tree.lost;
  if (!declared_ && lost.count("indicator") + lost.count("strategy") + lost.count("library") == 0)
    error("PN0202", {}, "the script doesn't call indicator(), strategy() or library()",
          "add for example: indicator(\"My script\")");
  check_frame();
  if (requested_.size() > limits::requests)
    error("PN0261", one_too_many_, "the script makes more than " + std::to_string(limits::requests) + " different requests",
          "equal calls count once; a tuple or an object brings several values in one request");
  if (tuple_elements_ > limits::request_tuple_elements)
    error("PN0261", tuple_too_many_, "the tuples of all requests have more than " + std::to_string(limits::request_tuple_elements) + " elements",
          "request an object of a type with so many fields instead");
  if (!gave_up_) check_uncalled(*main_);
  finish_unit();
  return main_unit_.out;
}

module_info* compiler::load_module(std::string_view source, const std::string& name) {
  modules_.emplace_back();
  auto& m = modules_.back();
  m.name = name;
  if (name.empty()) {
    m.tree = parse(source, diags_);
  } else {
    diagnostics inner;
    m.tree = parse(source, inner);
    m.readable = !inner.has_errors();
    for (const auto& d : inner.all())
      if (d.level == severity::error)
        error(d.code, {1, 1, 1}, "in library " + name + ", line " + std::to_string(d.pos.line) + ": " + d.message);
  }
  return &m;
}

/// Registers the functions, types and imports of a module before any of it is compiled.
void compiler::collect(module_info& m) {
  for (const auto& s : m.tree.body) {
    if (s->kind == stmt_kind::type || s->kind == stmt_kind::enumeration) {
      if (!m.type_decls.emplace(s->name, s.get()).second)
        error("PN0203", s->pos, "the type '" + s->name + "' is declared twice");
    } else if (s->kind == stmt_kind::import_) {
      import_library(m, *s);
    }
  }
  auto* saved = frame_;
  frame local;
  local.home = &m;
  frame_ = &local;
  for (const auto& [name, decl] : m.type_decls) {
    if (m.types.count(name) > 0) continue;
    if (decl->kind == stmt_kind::type) declare_type(m, *decl);
    else declare_enum(m, *decl);
  }
  frame_ = saved;
  if (!m.name.empty())
    for (const auto& s : m.tree.body)
      if (s->kind == stmt_kind::function) {
        auto& list = m.functions[s->name];
        frame_ = &local;
        check_header(*s, list);
        frame_ = saved;
        list.push_back({s.get(), &m});
      }
}

/// "The same version of a library can only be imported once. Aliases must be distinct" (manual: reference of import).
void compiler::import_library(module_info& m, const ast::stmt& s) {
  auto key = s.names[0] + "/" + s.names[1] + "/" + s.names[2];
  if (m.imports.count(s.name) > 0) return error("PN0207", s.pos, "another library is imported as '" + s.name + "'", "give it an alias: import " + key + " as ...");
  if (!m.import_keys.insert(key).second) error("PN0207", s.pos, "the library " + key + " is imported twice");
  auto it = loaded_.find(key);
  if (it != loaded_.end()) {
    m.imports[s.name] = it->second;
    return;
  }
  loaded_[key] = nullptr; // a library that imports itself finds nothing
  std::optional<std::string> text;
  if (options_.library) text = options_.library(key);
  if (!text) {
    error("PN0204", s.pos, "the library " + key + " was not found",
          "put its source into the library folder as " + key + ".pine");
    m.imports[s.name] = nullptr;
    m.tree.lost.insert(s.name);
    return;
  }
  auto* lib = load_module(*text, key);
  if (!lib->readable) { // said already; what it would have exported is not missed one by one
    m.imports[s.name] = nullptr;
    m.tree.lost.insert(s.name);
    return;
  }
  loaded_[key] = lib;
  m.imports[s.name] = lib;
  collect(*lib);
}

void compiler::declare_type(module_info& m, const ast::stmt& s) {
  if (m.types.count(s.name) > 0) return;
  type_info info;
  info.kind = type_kind::object;
  info.name = s.name;
  auto id = types_->add(std::move(info));
  m.types[s.name] = id;
  auto* saved = frame_;
  frame local;
  local.home = &m;
  frame_ = &local;
  std::vector<udt_field> fields;
  std::uint32_t numbers = 0, references = 0;
  std::set<std::string> seen;
  for (const auto& f : s.fields) {
    udt_field field;
    field.name = f.name;
    field.type = resolve(f.type);
    field.varip = f.keep == storage::varip;
    if (field.varip) varip_types_.insert(id);
    if (!seen.insert(f.name).second) error("PN0203", f.pos, "the field '" + f.name + "' is declared twice");
    field.slot = is_ref(field.type) ? references++ : numbers++;
    fields.push_back(std::move(field));
  }
  frame_ = saved;
  auto& t = types_->edit(id);
  t.fields = std::move(fields);
  t.numbers = numbers;
  t.references = references;
}

void compiler::declare_enum(module_info& m, const ast::stmt& s) {
  if (m.types.count(s.name) > 0) return;
  type_info info;
  info.kind = type_kind::enumeration;
  info.name = s.name;
  for (const auto& f : s.fields) {
    if (!info.member_places.emplace(f.name, info.members.size()).second)
      error("PN0203", f.pos, "the field '" + f.name + "' is declared twice");
    info.members.push_back(f.name);
    std::string title = f.name;
    if (f.fallback != nullptr) {
      if (f.fallback->kind == ast::expr_kind::text) title = f.fallback->text;
      else error("PN0205", f.pos, "the title of an enum field must be a literal string");
    }
    info.titles.push_back(title);
  }
  m.types[s.name] = types_->add(std::move(info));
}

// ---------------------------------------------------------------- which variables change

using decl_place = std::pair<const ast::stmt*, std::size_t>;
using decl_scopes = std::vector<std::map<std::string, decl_place>>;

void compiler::mark_in_expr(const ast::expr& e, decl_scopes& scopes) {
  for (const auto& k : e.kids)
    if (k != nullptr) mark_in_expr(*k, scopes);
  for (const auto& a : e.args)
    if (a.value != nullptr) mark_in_expr(*a.value, scopes);
  for (const auto& b : e.blocks) {
    scopes.emplace_back();
    for (const auto& n : e.names) scopes.back()[n] = {nullptr, 0};
    mark_mutations(b, scopes);
    scopes.pop_back();
  }
}

void compiler::mark_mutations(const ast::block& body, decl_scopes& scopes) {
  for (const auto& s : body) {
    if (s->value != nullptr) mark_in_expr(*s->value, scopes);
    if (s->kind == stmt_kind::declare || s->kind == stmt_kind::tuple) {
      for (std::size_t i = 0; i < s->names.size(); ++i) scopes.back()[s->names[i]] = {s.get(), i};
    } else if (s->kind == stmt_kind::function) {
      scopes.emplace_back();
      for (const auto& p : s->params) scopes.back()[p.name] = {nullptr, 0};
      mark_mutations(s->body, scopes);
      scopes.pop_back();
    } else if (s->kind == stmt_kind::assign && s->target->kind == ast::expr_kind::name) {
      for (auto it = scopes.rbegin(); it != scopes.rend(); ++it) {
        auto found = it->find(s->target->text);
        if (found == it->end()) continue;
        if (found->second.first != nullptr) found->second.first->mutated[found->second.second] = true;
        break;
      }
    }
  }
}

// ---------------------------------------------------------------- scopes

void compiler::open_scope() { frame_->scopes.emplace_back(); }

void compiler::push_histories(const scope& s) {
  for (auto* e : s.order) {
    if (e->ring < 0) continue;
    push_history(out().rings[usz(e->ring)]);
  }
}

void compiler::close_scope() {
  push_histories(frame_->scopes.back());
  frame_->scopes.pop_back();
}

symbol_entry* compiler::define(const std::string& name, value v, source_pos pos) {
  symbols_.emplace_back();
  auto* e = &symbols_.back();
  e->name = name;
  e->val = std::move(v);
  e->pos = pos;
  auto& s = frame_->scopes.empty() ? unit_->globals[frame_->home] : frame_->scopes.back();
  if (name == "_") return e;
  s.names[name] = e;
  s.order.push_back(e);
  return e;
}

void compiler::finish_unit() {
  for (auto& [_, s] : unit_->globals) push_histories(s);
  for (auto* e : unit_->ringed_builtins) push_history(out().rings[usz(e->ring)]);
  emit(op::halt);
}

// ---------------------------------------------------------------- statements

value compiler::block_value(const ast::block& body, bool new_scope, bool used) {
  if (new_scope) open_scope();
  value last;
  last.type = t_void;
  frame_->path.emplace_back(&body, 0);
  for (std::size_t i = 0; i < body.size() && !gave_up_; ++i) {
    frame_->path.back().second = i;
    last = statement(*body[i], used && i + 1 == body.size());
  }
  frame_->path.pop_back();
  if (new_scope) close_scope();
  return last;
}

value compiler::statement(const ast::stmt& s, bool used) {
  line_ = s.pos.line;
  value none;
  none.type = t_void;
  switch (s.kind) {
  case stmt_kind::expression: {
    auto k = s.value->kind;
    if (!used && (k == ast::expr_kind::if_ || k == ast::expr_kind::switch_ || k == ast::expr_kind::for_ ||
                  k == ast::expr_kind::for_in || k == ast::expr_kind::while_))
      value_used_ = false;
    return expression(*s.value);
  }
  case stmt_kind::declare: return declare(s);
  case stmt_kind::tuple: return declare_tuple(s);
  case stmt_kind::assign: return assign(s);
  case stmt_kind::break_:
  case stmt_kind::continue_: jump_out(s); return none;
  case stmt_kind::broken: return error_value();
  case stmt_kind::type:
  case stmt_kind::enumeration:
  case stmt_kind::import_:
    if (!frame_->scopes.empty() || frame_->fn != nullptr)
      error("PN0206", s.pos, std::string(s.kind == stmt_kind::import_ ? "a library can't be imported" : s.kind == stmt_kind::type ? "a type can't be declared" : "an enum can't be declared") + " inside another block");
    return none;
  case stmt_kind::function:
    if (!frame_->scopes.empty() || frame_->fn != nullptr)
      error("PN0206", s.pos, "a function can't be declared inside another block");
    else if (frame_->home == main_) {
      auto& list = main_->functions[s.name];
      bool known = false;
      for (const auto& f : list) known = known || f.decl == &s;
      if (!known) {
        check_header(s, list);
        list.push_back({&s, main_});
      }
    }
    return none;
  default: return none;
  }
}

value compiler::declare(const ast::stmt& s) {
  auto in_scope = [&]() -> bool {
    auto& sc = frame_->scopes.empty() ? unit_->globals[frame_->home] : frame_->scopes.back();
    return sc.names.count(s.name) > 0;
  };
  if (in_scope() && s.name != "_")
    error("PN0207", s.pos, "'" + s.name + "' is already declared in this scope", "use ':=' to change it");
  type_id want = s.type.name.empty() ? t_na : resolve(s.type);
  pending_name_ = s.name;
  std::size_t once_at = 0;
  bool keeps = s.keep != storage::each_bar;
  std::uint32_t flag = 0;
  if (keeps) {
    flag = new_num();
    out().num_init[flag] = 0;
    once_at = emit(op::once, flag);
  }
  auto v = expression(*s.value);
  pending_name_.clear();
  if (v.type == t_void && !v.bad) {
    error("PN0208", s.value->pos, "this expression has no value to give to '" + s.name + "'");
    v = error_value();
  }
  if (v.type == t_tuple) {
    error("PN0208", s.value->pos, "this expression gives several values; declare them as [a, b] = ...");
    v = error_value();
  }
  v = as_bool(std::move(v), want);
  if (want == t_na) {
    if (!s.type.name.empty()) v = error_value(); // of a type that isn't there
    want = v.type;
    if (v.type == t_na && !v.bad && s.type.name.empty()) {
      error("PN0209", s.pos, "the type of '" + s.name + "' can't be known from na",
            "declare the type, for example: float " + s.name + " = na");
    }
  } else if (!assignable(want, v.type) && !v.bad) {
    error("PN0212", s.value->pos, (types_->name(want).substr(0, 3) == "int" ? "an " : "a ") + types_->name(want) + " variable can't hold a value of type " + show(v),
          want == t_int && v.type == t_float        ? "convert it with int()"
          : want == t_string && is_number(v.type)   ? "convert it with str.tostring()"
          : want == t_bool && is_number(v.type)     ? "compare it, for example with != 0"
                                                    : "");
  }
  if (want == t_bool && v.type == t_na && !v.bad && version() >= 6)
    error("PN0213", s.value->pos, "a bool can't be na in version 6", "use true or false");
  if (s.keep == storage::varip && holds_drawing(want))
    error("PN0214", s.pos, "a varip variable can't hold a value of type " + types_->name(want), "declare it with var: what is drawn on a bar under way is drawn anew");
  bool mutated = s.mutated[0];
  auto most = qual::series;
  if (!s.type.qualifier.empty()) {
    auto q = s.type.qualifier == "const" ? qual::constant : s.type.qualifier == "input" ? qual::input
             : s.type.qualifier == "simple" ? qual::simple : qual::series;
    // of what is held by reference it says only that the variable keeps its object: such values are series always (Pine
    // manual, "Type system", const)
    const bool by_value = want == t_na || want == t_string || !is_ref(want);
    if (by_value && q == qual::constant && v.type == t_na && !v.bad)
      error("PN0214", s.value->pos, "'" + s.name + "' is declared const but the value is na, which is simple");
    if (by_value && v.q > q && !v.bad)
      error("PN0214", s.value->pos, "'" + s.name + "' is declared " + s.type.qualifier + " but the value is " +
                                      std::string(name_of(v.q)));
    if (q == qual::series) v.q = q;
    if (by_value) most = q;
  }
  value var = v;
  var.symbol = nullptr;
  var.bad = v.bad;
  if (want != t_na && v.type != t_na) var.type = want;
  bool fixed = keeps && !mutated && v.known && v.type != t_na && s.keep == storage::var && here() == once_at + 1;
  if (fixed) { // `var` of a constant that nothing changes is the constant
    out().code.resize(once_at);
    out().lines.resize(once_at);
    keeps = false;
  }
  if (keeps || mutated || !v.stable || v.type == t_na) {
    var = value{};
    var.type = want;
    var.q = keeps || mutated ? qual::series : v.q;
    if (keeps && !mutated) var.q = v.q;
    var.reg = new_reg(want);
    var.stable = !mutated;
    var.bad = v.bad;
    move(var.reg, v, want);
    if (v.type == t_na && v.known == false && !keeps && !mutated) var.q = v.q;
    if (s.keep == storage::varip) {
      (is_ref(want) ? out().varip_ref : out().varip_num).push_back(var.reg);
      out().varip_num.push_back(flag);
    }
  }
  if (keeps) patch(once_at, here());
  auto* e = define(s.name, var, s.pos);
  e->mutated = mutated;
  e->fixed = s.type.qualifier == "const";
  e->most = most;
  e->val.symbol = e;
  return e->val;
}

value compiler::declare_tuple(const ast::stmt& s) {
  for (std::size_t i = 1; i < s.names.size(); ++i)
    if (s.names[i] != "_" && std::find(s.names.begin(), s.names.begin() + i64(i), s.names[i]) != s.names.begin() + i64(i))
      error("PN0207", i < s.name_pos.size() ? s.name_pos[i] : s.pos, "'" + s.names[i] + "' is declared twice");
  auto v = expression(*s.value);
  if (v.bad) {
    for (const auto& n : s.names) define(n, error_value(), s.pos);
    return v;
  }
  if (v.type != t_tuple || v.parts.size() != s.names.size()) {
    error("PN0215", s.value->pos, "the left side declares " + std::to_string(s.names.size()) + " variables, the right side gives " +
                                    std::to_string(v.type == t_tuple ? v.parts.size() : v.type == t_void ? 0 : 1));
    for (const auto& n : s.names) define(n, error_value(), s.pos);
    return error_value();
  }
  for (std::size_t i = 0; i < s.names.size(); ++i) {
    auto part = v.parts[i];
    part.symbol = nullptr;
    auto pos = i < s.name_pos.size() ? s.name_pos[i] : s.pos;
    if (part.type == t_na && !part.bad && s.names[i] != "_") part.type = t_float;
    if (s.mutated[i] || !part.stable) {
      value var = temp(part.type, s.mutated[i] ? qual::series : part.q);
      var.stable = !s.mutated[i];
      move(var.reg, part, part.type);
      part = var;
    }
    auto* e = define(s.names[i], part, pos);
    e->mutated = s.mutated[i];
    e->val.symbol = e;
  }
  value none;
  none.type = t_void;
  return none;
}

value compiler::assign(const ast::stmt& s) {
  if (s.target->kind == ast::expr_kind::member) {
    assign_field(s);
    value none;
    none.type = t_void;
    return none;
  }
  const auto& name = s.target->text;
  auto* e = find(name);
  if (e == nullptr) {
    unknown_name(name, s.target->pos, false);
    expression(*s.value);
    return error_value();
  }
  if (e->builtin || e->is_param || e->loop_var) {
    error("PN0216", s.target->pos,
          e->builtin ? "the built-in variable '" + name + "' can't be changed"
          : e->loop_var ? "the loop variable '" + name + "' can't be changed"
                        : "the parameter '" + name + "' can't be changed",
          e->is_param ? "copy it into a variable of the function" : "");
    return error_value();
  }
  if (e->fixed) {
    error("PN0216", s.target->pos, "'" + name + "' is declared const and can't be changed");
    return e->val;
  }
  if (frame_->fn != nullptr) {
    auto g = unit_->globals[frame_->home].names.find(name);
    if (g != unit_->globals[frame_->home].names.end() && g->second == e) {
      error("PN0217", s.target->pos, "a function can't change the global variable '" + name + "'",
            "return the new value and assign it outside of the function");
      return error_value();
    }
  }
  auto v = expression(*s.value);
  if (s.op != ":=") {
    value left = e->val;
    v = arithmetic(s.op.substr(0, 1), left, v, s.pos);
  }
  if (v.bad || e->val.bad) return e->val;
  v = as_bool(std::move(v), e->val.type);
  if (v.type == t_void || v.type == t_tuple || !assignable(e->val.type, v.type)) {
    error("PN0212", s.value->pos, "'" + name + "' is of type " + types_->name(e->val.type) + " and can't take a value of type " + show(v),
          e->val.type == t_int && v.type == t_float ? "declare it as float, or convert the value with int()" : "");
    return e->val;
  }
  if (e->val.type == t_bool && v.type == t_na && version() >= 6)
    error("PN0213", s.value->pos, "a bool can't be na in version 6");
  if (v.q > e->most)
    error("PN0214", s.value->pos, "'" + name + "' is declared " + std::string(name_of(e->most)) + " but the value is " + std::string(name_of(v.q)));
  move(e->val.reg, v, e->val.type);
  return e->val;
}

void compiler::assign_field(const ast::stmt& s) {
  auto object = expression(*s.target->kids[0]);
  auto v = expression(*s.value);
  if (object.bad || v.bad) return;
  const auto& info = (*types_)[object.type];
  const udt_field* field = nullptr;
  for (const auto& f : info.fields)
    if (f.name == s.target->text) field = &f;
  if (field == nullptr) {
    error("PN0218", s.target->pos, "type " + types_->name(object.type) + " has no field '" + s.target->text + "'");
    return;
  }
  if (s.op != ":=") v = arithmetic(s.op.substr(0, 1), field_value(object, field->name, s.target->pos), v, s.pos);
  if (v.bad) return;
  if (!assignable(field->type, v.type)) {
    error("PN0212", s.value->pos, "the field '" + field->name + "' is of type " + types_->name(field->type) +
                                    " and can't take a value of type " + show(v));
    return;
  }
  if (field->type == t_bool && v.type == t_na && version() >= 6)
    error("PN0213", s.value->pos, "the field '" + field->name + "' can't be na: a bool can't be na in version 6");
  bool ref = is_ref(field->type);
  emit(ref ? op::setfr : op::setf, reg_as(object, object.type), reg_as(v, field->type), field->slot);
}

void compiler::jump_out(const ast::stmt& s) {
  if (loops_.empty() || frame_->loop_depth == 0) {
    error("PN0219", s.pos, std::string("'") + (s.kind == stmt_kind::break_ ? "break" : "continue") + "' is only possible inside a loop");
    return;
  }
  auto& loop = loops_.back();
  for (auto i = frame_->scopes.size(); i > loop.scopes_outside; --i) push_histories(frame_->scopes[i - 1]);
  auto at = emit(op::jmp);
  (s.kind == stmt_kind::break_ ? loop.breaks : loop.continues).push_back(at);
}

} // namespace tt::pine
