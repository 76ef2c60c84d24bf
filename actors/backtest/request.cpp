#include "actors/backtest/request.hpp"

#include "actors/model/decimal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace tt::backtest {

using nlohmann::json;

namespace {

// ---------------------------------------------------------------- names

template <class E, std::size_t N>
using names_of = std::array<std::pair<E, std::string_view>, N>;

constexpr names_of<commission_kind, 3> commission_names{{{commission_kind::cash_per_order, "cash_per_order"},
                                                         {commission_kind::percent, "percent"},
                                                         {commission_kind::cash_per_contract, "cash_per_contract"}}};
constexpr names_of<slippage_kind, 2> slippage_names{{{slippage_kind::percent, "percent"}, {slippage_kind::ticks, "ticks"}}};
constexpr names_of<fill_model, 3> fill_names{
  {{fill_model::as_declared, "as_declared"}, {fill_model::next_bar, "next_bar"}, {fill_model::on_close, "on_close"}}};
constexpr names_of<capital_mode, 2> capital_names{{{capital_mode::per_run, "per_run"}, {capital_mode::shared, "shared"}}};
constexpr names_of<bar_origin, 3> origin_names{{{bar_origin::automatic, "auto"}, {bar_origin::store, "store"}, {bar_origin::sim, "sim"}}};
constexpr names_of<session_hours, 2> session_names{{{session_hours::regular, "regular"}, {session_hours::extended, "extended"}}};
constexpr names_of<search_method, 4> method_names{{{search_method::grid, "grid"}, {search_method::random, "random"},
                                                   {search_method::genetic, "genetic"}, {search_method::walk_forward, "walk_forward"}}};
constexpr names_of<direction, 2> direction_names{{{direction::maximize, "maximize"}, {direction::minimize, "minimize"}}};
constexpr names_of<window_mode, 2> mode_names{{{window_mode::rolling, "rolling"}, {window_mode::anchored, "anchored"}}};
constexpr names_of<parameter_kind, 4> parameter_names{{{parameter_kind::integer, "int"}, {parameter_kind::floating, "float"},
                                                       {parameter_kind::boolean, "bool"}, {parameter_kind::choice, "choice"}}};

template <class E, std::size_t N>
std::string_view name_in(const names_of<E, N>& names, E value) {
  for (const auto& [e, name] : names)
    if (e == value) return name;
  return {};
}

std::string plain(double v) {
  auto d = decimal::from_double(v, decimal::scale_digits);
  return d ? d->to_string() : std::to_string(v);
}

// ---------------------------------------------------------------- reading

/// One object of the body: takes it apart field by field and gathers what is wrong.
class reader {
public:
  reader(const json& object, std::vector<std::string> path, std::vector<field_problem>& problems)
      : object_(object), path_(std::move(path)), problems_(problems) {
    if (!object_.is_object()) problems_.push_back({path_, "must be an object", "type"});
  }

  enum class need : std::uint8_t { optional, required };
  /// Null when absent, which is a problem of a required field.
  const json* find(const char* name, need n = need::optional) {
    if (!object_.is_object()) return nullptr;
    used_.insert(name);
    auto it = object_.find(name);
    if (it != object_.end() && !it->is_null()) return &*it;
    if (n == need::required) problem(name, "is required", "missing");
    return nullptr;
  }
  std::vector<std::string> place(const std::string& name) const {
    auto loc = path_;
    loc.push_back(name);
    return loc;
  }
  void problem(const std::string& name, std::string msg, std::string type) {
    problems_.push_back({place(name), std::move(msg), std::move(type)});
  }
  void problem(std::vector<std::string> loc, std::string msg, std::string type) {
    problems_.push_back({std::move(loc), std::move(msg), std::move(type)});
  }
  std::vector<field_problem>& problems() { return problems_; }

  std::optional<std::string> text(const char* name, std::size_t most, need n = need::optional) {
    const auto* v = find(name, n);
    if (v == nullptr) return std::nullopt;
    if (!v->is_string()) return problem(name, "must be a text", "type"), std::nullopt;
    const auto& s = v->get_ref<const std::string&>();
    if (s.size() > most) return problem(name, "must have at most " + std::to_string(most) + " bytes", "range"), std::nullopt;
    if (s.empty() && n == need::required) return problem(name, "must not be empty", "missing"), std::nullopt;
    return s;
  }
  std::optional<bool> boolean(const char* name) {
    const auto* v = find(name);
    if (v == nullptr) return std::nullopt;
    if (!v->is_boolean()) return problem(name, "must be true or false", "type"), std::nullopt;
    return v->get<bool>();
  }
  enum class least : std::uint8_t { included, excluded };
  /// A number within [low, high], or above low.
  std::optional<double> number(const char* name, double low, double high, least l = least::included, need n = need::optional) {
    const auto* v = find(name, n);
    if (v == nullptr) return std::nullopt;
    auto d = number_of(*v);
    if (!d) return problem(name, d.error().message, d.error().code == errc::out_of_range ? "range" : "type"), std::nullopt;
    if (l == least::excluded && !(*d > low)) return problem(name, "must be greater than " + plain(low), "range"), std::nullopt;
    if (!(*d >= low && *d <= high)) return problem(name, "must be from " + plain(low) + " to " + plain(high), "range"), std::nullopt;
    return *d;
  }
  std::optional<std::uint64_t> count(const char* name, std::uint64_t low, std::uint64_t high) {
    auto d = number(name, static_cast<double>(low), static_cast<double>(high));
    if (!d) return std::nullopt;
    if (*d != std::floor(*d)) return problem(name, "must be a whole number", "type"), std::nullopt;
    return static_cast<std::uint64_t>(*d);
  }
  template <class E, std::size_t N>
  std::optional<E> choice(const char* name, const names_of<E, N>& names) {
    const auto* v = find(name);
    if (v == nullptr) return std::nullopt;
    std::string all;
    for (const auto& [e, text] : names) {
      if (v->is_string() && v->get_ref<const std::string&>() == text) return e;
      all += (all.empty() ? "" : ", ") + std::string(text);
    }
    problem(name, "must be one of " + all + (v->is_string() ? ", not " + tt::in_quotes(v->get_ref<const std::string&>()) : ""), v->is_string() ? "unknown" : "type");
    return std::nullopt;
  }
  std::optional<civil_date> date(const char* name) {
    auto t = text(name, 40, need::required);
    if (!t) return std::nullopt;
    auto d = civil_date::parse(*t);
    if (!d) return problem(name, "must be a date YYYY-MM-DD, not " + tt::in_quotes(*t), "value"), std::nullopt;
    constexpr auto first = civil_date::of(1900, 1, 1), last = civil_date::of(2199, 12, 31);
    if (*d < first || *d > last) return problem(name, "must be from " + first.to_string() + " to " + last.to_string(), "range"), std::nullopt;
    return *d;
  }
  /// Fields that nobody asked for, as paths.
  void unknown(std::vector<std::string>& out) const {
    if (!object_.is_object()) return;
    for (const auto& [name, v] : object_.items()) {
      if (used_.contains(name)) continue;
      std::string path;
      for (const auto& p : path_) path += p + ".";
      out.push_back(path + name);
    }
  }

  /// A JSON number or a numeric text, by its decimal digits.
  static result<double> number_of(const json& v) {
    if (!v.is_number() && !v.is_string()) return error{errc::invalid_argument, "must be a number"};
    auto d = decimal::parse(v.is_string() ? v.get_ref<const std::string&>() : v.dump());
    if (d) return d->to_double();
    if (d.error().code == errc::out_of_range) return error{errc::out_of_range, "is too large or has more than 12 digits behind the point"};
    return error{errc::invalid_argument, "must be a number"};
  }

private:
  const json& object_;
  std::vector<std::string> path_;
  std::vector<field_problem>& problems_;
  std::set<std::string> used_;
};

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
  int given = 0;
  for (auto [name, to, most] : {std::tuple{"pine_script", &r.pine_script, limits::script_bytes}, std::tuple{"strategy_id", &r.strategy_id, std::size_t{64}},
                                std::tuple{"yaml", &r.yaml, limits::script_bytes}}) {
    if (in.find(name) == nullptr) continue;
    if (++given > 1) in.problem(name, "only one of pine_script, strategy_id and yaml may be given", "conflict");
    auto text = in.text(name, most, reader::need::required);
    if (text) *to = *std::move(text);
  }
  if (given == 0) in.problem("pine_script", "is required (or strategy_id, or yaml)", "missing");
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
    if (!name.empty() && (name.size() < 3 || !printable_ascii(name))) in.problem("currency", "must be a currency code such as USD", "value");
    else r.currency = name;
  }
  r.capital = in.choice("capital_mode", capital_names).value_or(capital_mode::per_run);
  if (r.capital == capital_mode::shared)
    in.problem("capital_mode", "one account shared by all runs is not available: each run trades its own capital (per_run)", "unsupported");
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

json number_json(double v) {
  if (v == std::floor(v) && std::fabs(v) < 1e15) return static_cast<std::int64_t>(v);
  return v;
}

json length_json(const window_length& l) {
  if (l.unit == window_length::unit_t::days) return std::to_string(l.count) + "d";
  return l.count;
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

// ---------------------------------------------------------------- writing

json to_json(const backtest_request& r) {
  json j = json::object();
  if (!r.pine_script.empty()) j["pine_script"] = r.pine_script;
  if (!r.strategy_id.empty()) j["strategy_id"] = r.strategy_id;
  if (!r.yaml.empty()) j["yaml"] = r.yaml;
  j["symbols"] = r.symbols;
  auto& frames = j["timeframes"] = json::array();
  for (const auto& f : r.timeframes) frames.push_back(f.to_string());
  j["start_date"] = r.start.to_string();
  j["end_date"] = r.end.to_string();
  if (r.initial_capital) j["initial_capital"] = number_json(*r.initial_capital);
  if (r.commission) j["commission"] = number_json(*r.commission);
  if (r.commission_type) j["commission_type"] = to_string(*r.commission_type);
  if (r.slippage) j["slippage"] = number_json(*r.slippage);
  if (r.slippage_type) j["slippage_type"] = to_string(*r.slippage_type);
  if (!r.inputs.empty()) j["inputs"] = r.inputs;
  if (r.magnifier != magnifier_use::as_declared) j["magnifier"] = r.magnifier == magnifier_use::on;
  if (r.fills != fill_model::as_declared) j["fill_model"] = to_string(r.fills);
  j["session"] = tt::to_string(r.session);
  j["data_source"] = to_string(r.data_source);
  if (!r.currency.empty()) j["currency"] = r.currency;
  j["warmup_bars"] = r.warmup_bars;
  j["rng_key"] = r.rng_key;
  j["capital_mode"] = to_string(r.capital);
  return j;
}

json to_json(const study_request& r) {
  auto j = to_json(r.base);
  auto& list = j["parameters"] = json::object();
  for (const auto& p : r.parameters) {
    auto& one = list[p.name] = json{{"type", name_in(parameter_names, p.kind)}};
    if (p.kind == parameter_kind::choice) one["values"] = p.values;
    if (p.kind != parameter_kind::integer && p.kind != parameter_kind::floating) continue;
    one["min"] = number_json(p.min), one["max"] = number_json(p.max);
    if (p.step != 0) one["step"] = number_json(p.step);
    if (p.scale == parameter_scale::logarithmic) one["log"] = true;
  }
  j["method"] = to_string(r.method);
  j["objective"] = r.goal.objective;
  j["direction"] = to_string(r.goal.way);
  j["constraints"] = r.goal.constraints;
  j["max_trials"] = r.max_trials;
  j["sample"] = r.sample;
  const bool genetic = r.method == search_method::genetic || (r.walk_forward && r.walk_forward->inner == search_method::genetic);
  if (genetic)
    j["genetic"] = {{"population", r.genetic.population}, {"generations", r.genetic.generations}, {"elite", r.genetic.elite},
                    {"crossover", number_json(r.genetic.crossover)}, {"mutation", number_json(r.genetic.mutation)}};
  if (r.walk_forward) {
    const auto& w = *r.walk_forward;
    j["walk_forward"] = {{"mode", name_in(mode_names, w.plan.mode)}, {"train", length_json(w.plan.train)}, {"test", length_json(w.plan.test)},
                         {"step", length_json(w.plan.step)}, {"purge", length_json(w.plan.purge)}, {"embargo", length_json(w.plan.embargo)},
                         {"inner", to_string(w.inner)}};
  }
  return j;
}

namespace {
std::string sorted_text(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }
} // namespace

std::string canonical_text(const backtest_request& r) { return sorted_text(to_json(r)); }
std::string canonical_text(const study_request& r) { return sorted_text(to_json(r)); }

result<std::unique_ptr<search>> make_search(const study_request& r, const parameter_space& space, std::uint64_t stream) {
  const auto method = r.method == search_method::walk_forward && r.walk_forward ? r.walk_forward->inner : r.method;
  const auto key = counter_random::mix(r.base.rng_key + stream * 0x9E3779B97F4A7C15ull);
  switch (method) {
  case search_method::random: return random_search(space, key, r.max_trials);
  case search_method::genetic:
    if (std::uint64_t{r.genetic.population} * r.genetic.generations > r.max_trials)
      return error{errc::out_of_range,
                   "population times generations is " + std::to_string(std::uint64_t{r.genetic.population} * r.genetic.generations) +
                     ", more than max_trials (" + std::to_string(r.max_trials) + ")",
                   "genetic"};
    return genetic_search(space, key, r.genetic, r.goal.way);
  default: break;
  }
  if (space.size() > r.max_trials && r.sample) return random_search(space, key, r.max_trials);
  auto grid = grid_search(space, r.max_trials);
  if (grid) return grid;
  auto e = grid.error();
  e.message = "the grid has " + std::to_string(space.size()) + " points, more than max_trials (" + std::to_string(r.max_trials) +
              "); set \"sample\": true to draw that many of them";
  return e;
}

std::string_view to_string(commission_kind k) noexcept { return name_in(commission_names, k); }
std::string_view to_string(slippage_kind k) noexcept { return name_in(slippage_names, k); }
std::string_view to_string(search_method m) noexcept { return name_in(method_names, m); }
std::string_view to_string(direction d) noexcept { return name_in(direction_names, d); }
std::string_view to_string(fill_model m) noexcept { return name_in(fill_names, m); }
std::string_view to_string(bar_origin o) noexcept { return name_in(origin_names, o); }
std::string_view to_string(capital_mode m) noexcept { return name_in(capital_names, m); }

} // namespace tt::backtest
