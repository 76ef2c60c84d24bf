// Reading of requests; request_json.cpp writes them.

#include "actors/backtest/request_fields.hpp"
#include "actors/pine/registry.hpp"

#include <algorithm>

namespace tt::backtest {

using namespace request_fields;

namespace {

std::string trimmed_upper(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

bool printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

constexpr std::size_t symbol_bytes = 64;

void read_symbols(reader& in, backtest_request& r, const parse_options& options) {
  const auto* list = in.find("symbols", reader::need::required);
  if (list == nullptr) return;
  if (!list->is_array()) return in.problem("symbols", "must be a list of texts", "type");
  // as given, doubles too: a list that is too long gets this one answer, and nobody looks its names up
  if (list->size() > limits::symbols)
    return in.problem("symbols", "must name at most " + std::to_string(limits::symbols) + " symbols, not " + std::to_string(list->size()), "range");
  std::set<std::string> seen;
  std::size_t i = 0;
  for (const auto& item : *list) {
    auto at = in.place("symbols");
    at.push_back(std::to_string(i++));
    if (!item.is_string()) {
      in.problem(at, "must be a text", "type");
      continue;
    }
    auto name = trimmed_upper(item.get_ref<const std::string&>());
    if (name.empty() || name.size() > symbol_bytes || !printable_ascii(name)) {
      in.problem(at, "must be a symbol of 1 to " + std::to_string(symbol_bytes) + " characters", "value");
      continue;
    }
    if (options.resolve) {
      auto known = options.resolve(name);
      if (!known) {
        in.problem(at, "unknown symbol " + tt::in_quotes(name), "unknown");
        continue;
      }
      name = *std::move(known);
    }
    if (seen.insert(name).second) r.symbols.push_back(std::move(name));
  }
  if (list->empty()) in.problem("symbols", "must name at least one symbol", "range");
}

void read_timeframes(reader& in, backtest_request& r) {
  const auto* list = in.find("timeframes");
  if (list == nullptr) return;
  if (!list->is_array()) return in.problem("timeframes", "must be a list of texts such as 1h", "type");
  r.timeframes.clear();
  std::size_t i = 0;
  for (const auto& item : *list) {
    auto at = in.place("timeframes");
    at.push_back(std::to_string(i++));
    if (!item.is_string()) {
      in.problem(at, "must be a text such as 1h", "type");
      continue;
    }
    auto frame = timeframe::parse(item.get_ref<const std::string&>());
    if (!frame) in.problem(at, frame.error().message, frame.error().code == errc::unsupported ? "unsupported" : "value");
    else if (std::find(r.timeframes.begin(), r.timeframes.end(), *frame) == r.timeframes.end()) r.timeframes.push_back(*frame);
  }
  if (list->empty()) in.problem("timeframes", "must name at least one timeframe", "range");
  if (r.timeframes.size() > limits::timeframes)
    in.problem("timeframes", "must name at most " + std::to_string(limits::timeframes) + " timeframes", "range");
}

/// The value of an input as scripts take it: texts as they are, numbers and bools as written.
std::optional<std::string> input_text(const json& v) {
  if (v.is_string()) return v.get<std::string>();
  if (v.is_number() || v.is_boolean()) return v.dump();
  return std::nullopt;
}

void read_inputs(reader& in, backtest_request& r) {
  const auto* object = in.find("inputs");
  if (object == nullptr) return;
  if (!object->is_object()) return in.problem("inputs", "must be an object of values by name", "type");
  if (object->size() > limits::script_inputs)
    return in.problem("inputs", "must hold at most " + std::to_string(limits::script_inputs) + " values", "range");
  for (const auto& [name, v] : object->items()) {
    if (v.is_null()) continue;
    auto at = in.place("inputs");
    at.push_back(name);
    auto text = input_text(v);
    if (!text) in.problem(at, "must be a text, a number or a bool", "type");
    else if (text->size() > limits::text_bytes) in.problem(at, "must have at most " + std::to_string(limits::text_bytes) + " bytes", "range");
    else r.inputs[name] = *std::move(text);
  }
}

void read_source(reader& in, backtest_request& r) {
  r.strategy_version = static_cast<std::uint32_t>(in.count("strategy_version", 0, limits::strategy_versions).value_or(0));
  const bool looked_up = r.strategy_version > 0 && in.find("strategy_id") != nullptr;
  int given = 0;
  for (auto [name, to, most] : {std::tuple{"pine_script", &r.pine_script, limits::script_bytes}, std::tuple{"strategy_id", &r.strategy_id, std::size_t{64}},
                                std::tuple{"yaml", &r.yaml, limits::script_bytes}}) {
    if (in.find(name) == nullptr) continue;
    if (std::string_view(name) != "strategy_id" || !looked_up) ++given;
    if (given > 1) in.problem(name, "only one of pine_script, strategy_id and yaml may be given", "conflict");
    auto text = in.text(name, most, reader::need::required);
    if (text) *to = *std::move(text);
  }
  if (given == 0 && !looked_up) in.problem("pine_script", "is required (or strategy_id, or yaml)", "missing");
}

void read_money(reader& in, backtest_request& r) {
  r.initial_capital = in.number("initial_capital", 0, limits::money, reader::least::excluded);
  r.commission = in.number("commission", 0, limits::money);
  r.commission_type = in.choice("commission_type", commission_names);
  constexpr double whole = 100;
  if (r.commission && r.commission_type == commission_kind::percent && *r.commission > whole)
    in.problem("commission", "must be from 0 to 100 percent", "range");
  r.slippage_type = in.choice("slippage_type", slippage_names);
  // a script's own value is in ticks, so percent alone has no value to go with
  const auto need = r.slippage_type == slippage_kind::percent ? reader::need::required : reader::need::optional;
  r.slippage = in.number("slippage", 0, r.slippage_type == slippage_kind::ticks ? limits::slippage_ticks : whole, reader::least::included, need);
  if (auto text = in.text("currency", 8)) {
    auto name = trimmed_upper(*text);
    if (!name.empty() && pine::registry::get().constant("currency." + name, 6) == nullptr)
      in.problem("currency", "must be a currency of the language such as USD, not " + tt::in_quotes(name), "value");
    else r.currency = name;
  }
  r.capital = in.choice("capital_mode", capital_names).value_or(capital_mode::per_run);
}

backtest_request read_backtest(reader& in, const parse_options& options) {
  backtest_request r;
  read_source(in, r);
  read_symbols(in, r, options);
  read_timeframes(in, r);
  auto start = in.date("start_date"), end = in.date("end_date");
  if (start && end) {
    r.start = *start, r.end = *end;
    if (r.start > r.end) in.problem("start_date", "must not lie behind end_date", "range");
  }
  read_money(in, r);
  read_inputs(in, r);
  if (auto on = in.boolean("magnifier")) r.magnifier = *on ? magnifier_use::on : magnifier_use::off;
  r.fills = in.choice("fill_model", fill_names).value_or(fill_model::as_declared);
  r.session = in.choice("session", session_names).value_or(session_hours::regular);
  r.data_source = in.choice("data_source", origin_names).value_or(bar_origin::automatic);
  r.warmup_bars = static_cast<std::uint32_t>(in.count("warmup_bars", 0, limits::warmup_bars).value_or(0));
  constexpr std::uint64_t exact_in_json = std::uint64_t{1} << 53;
  r.rng_key = in.count("rng_key", 0, exact_in_json).value_or(0);
  return r;
}

// ---------------------------------------------------------------- studies

void put_error(std::vector<field_problem>& problems, const error& e, std::vector<std::string> fallback) {
  std::vector<std::string> loc;
  if (e.field.starts_with("parameters.")) {
    loc = {"parameters", e.field.substr(11)};
  } else if (auto bracket = e.field.find('['); bracket != std::string::npos) { // constraints[1]
    loc = {e.field.substr(0, bracket), e.field.substr(bracket + 1, e.field.size() - bracket - 2)};
  } else if (auto dot = e.field.find('.'); dot != std::string::npos) {
    loc = {e.field.substr(0, dot), e.field.substr(dot + 1)};
  } else {
    loc = e.field.empty() ? std::move(fallback) : std::vector{e.field};
  }
  problems.push_back({std::move(loc), e.message, e.code == errc::out_of_range ? "range" : "value"});
}

/// The kind when it is not said: choices by their values, whole numbers, else floats.
parameter_kind kind_of(const json& p) {
  if (p.contains("values")) return parameter_kind::choice;
  for (const char* name : {"min", "max", "step"})
    if (p.contains(name) && !p[name].is_null() && !p[name].is_number_integer()) return parameter_kind::floating;
  return parameter_kind::integer;
}

constexpr std::size_t choice_values = 1'000;

void read_values(reader& in, parameter& p, const json& list) {
  if (!list.is_array() || list.empty() || list.size() > choice_values)
    return in.problem("values", "must be a list of 1 to " + std::to_string(choice_values) + " values", "type");
  for (const auto& v : list) {
    auto text = input_text(v);
    if (!text || text->size() > limits::text_bytes) return in.problem("values", "must hold texts, numbers or bools", "type");
    p.values.push_back(*std::move(text));
  }
}

std::optional<parameter> read_parameter(const std::string& name, const json& body, std::vector<field_problem>& problems,
                                        std::vector<std::string>& unknown) {
  const auto before = problems.size();
  reader in(body, {"parameters", name}, problems);
  if (!body.is_object()) return std::nullopt;
  parameter p;
  p.name = name;
  const bool typed = in.find("type") != nullptr;
  p.kind = in.choice("type", parameter_names).value_or(kind_of(body));
  const auto* values = in.find("values", p.kind == parameter_kind::choice ? reader::need::required : reader::need::optional);
  if (values != nullptr && p.kind == parameter_kind::choice) read_values(in, p, *values);
  else if (values != nullptr && typed) in.problem("values", "only a choice has values", "conflict");
  const bool ranged = p.kind == parameter_kind::integer || p.kind == parameter_kind::floating;
  constexpr double widest = 1e15;
  const auto n = ranged ? reader::need::required : reader::need::optional;
  p.min = in.number("min", -widest, widest, reader::least::included, n).value_or(0);
  p.max = in.number("max", -widest, widest, reader::least::included, n).value_or(0);
  p.step = in.number("step", 0, widest).value_or(0);
  if (in.boolean("log").value_or(false)) p.scale = parameter_scale::logarithmic;
  in.unknown(unknown);
  if (problems.size() == before) {
    auto alone = parameter_space::make({p});
    if (!alone) put_error(problems, alone.error(), {"parameters", name});
  }
  if (problems.size() != before) return std::nullopt;
  return p;
}

void read_parameters(reader& in, study_request& r, std::vector<std::string>& unknown) {
  const auto* object = in.find("parameters", reader::need::required);
  if (object == nullptr) return;
  if (!object->is_object()) return in.problem("parameters", "must be an object of parameters by name", "type");
  if (object->empty()) return in.problem("parameters", "must name at least one parameter", "range");
  if (object->size() > limits::parameters)
    return in.problem("parameters", "must name at most " + std::to_string(limits::parameters) + " parameters", "range");
  for (const auto& [name, body] : object->items())
    if (auto p = read_parameter(name, body, in.problems(), unknown)) r.parameters.push_back(*std::move(p));
}

void read_goal(reader& in, study_request& r) {
  const auto known = [](std::string_view name) { return figure_set::known(name); };
  if (auto text = in.text("objective", limits::expression_bytes)) r.goal.objective = *std::move(text);
  if (auto e = expression::parse(r.goal.objective, known); !e) in.problem("objective", e.error().message, "value");
  r.goal.way = in.choice("direction", direction_names).value_or(direction::maximize);
  const auto* list = in.find("constraints");
  if (list == nullptr) return;
  if (!list->is_array()) return in.problem("constraints", "must be a list of texts such as \"total_trades >= 30\"", "type");
  if (list->size() > limits::constraints)
    return in.problem("constraints", "must hold at most " + std::to_string(limits::constraints), "range");
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto at = in.place("constraints");
    at.push_back(std::to_string(i));
    if (!(*list)[i].is_string()) {
      in.problem(at, "must be a text", "type");
      continue;
    }
    auto text = (*list)[i].get<std::string>();
    if (auto e = expression::parse(text, known); !e) in.problem(at, e.error().message, "value");
    r.goal.constraints.push_back(std::move(text));
  }
}

void read_genetic(reader& in, study_request& r, std::vector<std::string>& unknown) {
  const auto* object = in.find("genetic");
  auto& g = r.genetic;
  bool explicit_generations = false, explicit_population = false;
  if (object != nullptr) {
    reader fields(*object, in.place("genetic"), in.problems());
    auto population = fields.count("population", 2, limits::population);
    auto generations = fields.count("generations", 1, limits::generations);
    explicit_generations = generations.has_value(), explicit_population = population.has_value();
    g.population = static_cast<std::uint32_t>(population.value_or(g.population));
    g.generations = static_cast<std::uint32_t>(generations.value_or(g.generations));
    g.crossover = fields.number("crossover", 0, 1).value_or(g.crossover);
    g.mutation = fields.number("mutation", 0, 1).value_or(g.mutation);
    g.elite = static_cast<std::uint32_t>(fields.count("elite", 0, limits::population).value_or(g.elite));
    if (g.elite >= g.population) fields.problem("elite", "must be less than the population", "range");
    fields.unknown(unknown);
  }
  // what was not asked for gives way to max_trials
  if (!explicit_population) g.population = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(r.max_trials, std::max(2u, g.elite + 1), g.population));
  if (!explicit_generations) g.generations = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(r.max_trials / g.population, 1, g.generations));
}

/// What one trial counts: more of it would overflow times.
constexpr std::int64_t longest_window = 100'000'000;

window_length read_length(reader& in, const char* name, reader::need n) {
  const auto* v = in.find(name, n);
  if (v == nullptr) return {};
  if (!v->is_string() && !v->is_number_integer()) return in.problem(name, "must be a number of bars or of days such as \"90d\"", "type"), window_length{};
  auto l = window_length::parse(v->is_string() ? v->get<std::string>() : v->dump(), name);
  if (!l) return in.problem(name, l.error().message, "value"), window_length{};
  if (l->count > longest_window || (n == reader::need::required && l->count == 0))
    return in.problem(name, "must be from 1 to " + std::to_string(longest_window), "range"), window_length{};
  return *l;
}

void read_walk_forward(reader& in, study_request& r, std::vector<std::string>& unknown) {
  const auto* object = in.find("walk_forward", r.method == search_method::walk_forward ? reader::need::required : reader::need::optional);
  if (object == nullptr) return;
  if (r.method != search_method::walk_forward) return in.problem("walk_forward", "goes with method walk_forward only", "conflict");
  reader fields(*object, in.place("walk_forward"), in.problems());
  walk_forward_request w;
  w.plan.mode = fields.choice("mode", mode_names).value_or(window_mode::rolling);
  w.plan.train = read_length(fields, "train", reader::need::required);
  w.plan.test = read_length(fields, "test", reader::need::required);
  w.plan.step = read_length(fields, "step", reader::need::optional);
  w.plan.purge = read_length(fields, "purge", reader::need::optional);
  w.plan.embargo = read_length(fields, "embargo", reader::need::optional);
  w.inner = fields.choice("inner", method_names).value_or(search_method::grid);
  if (w.inner == search_method::walk_forward) fields.problem("inner", "must be grid, random or genetic", "value");
  fields.unknown(unknown);
  r.walk_forward = w;
}

/// What is wrong with the whole, once every field is right by itself.
void check_search(study_request& r, std::vector<field_problem>& problems) {
  auto space = parameter_space::make(r.parameters);
  if (!space) return put_error(problems, space.error(), {"parameters"});
  auto how = make_search(r, *space);
  if (!how) put_error(problems, how.error(), {"max_trials"});
}

} // namespace

std::string to_string(const field_problem& p) {
  std::string out;
  for (const auto& part : p.loc) out += (out.empty() ? "" : ".") + part;
  return out + (out.empty() ? "" : ": ") + p.msg;
}

parsed<backtest_request> parse_backtest(const json& body, const parse_options& options) {
  parsed<backtest_request> out;
  reader in(body, {}, out.problems);
  if (!body.is_object()) return out;
  auto r = read_backtest(in, options);
  in.unknown(out.unknown);
  if (out.problems.empty()) out.value = std::move(r);
  return out;
}

parsed<study_request> parse_study(const json& body, const parse_options& options) {
  parsed<study_request> out;
  reader in(body, {}, out.problems);
  if (!body.is_object()) return out;
  study_request r;
  r.base = read_backtest(in, options);
  read_parameters(in, r, out.unknown);
  r.method = in.choice("method", method_names).value_or(search_method::grid);
  read_goal(in, r);
  r.max_trials = in.count("max_trials", 1, limits::trials).value_or(r.max_trials);
  r.sample = in.boolean("sample").value_or(false);
  read_genetic(in, r, out.unknown);
  read_walk_forward(in, r, out.unknown);
  in.unknown(out.unknown);
  if (out.problems.empty()) check_search(r, out.problems);
  if (out.problems.empty()) out.value = std::move(r);
  return out;
}

} // namespace tt::backtest
