#include "actors/backtest/bar_file.hpp"
#include "actors/strategy/jobs/job_reader.hpp"

#include <algorithm>

namespace tt::strategy {

namespace {

constexpr double many = 1e12;

bool id_is_good(const std::string& id) {
  return !id.empty() && id.size() <= 64
         && std::all_of(id.begin(), id.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-'; });
}

template <class Enum>
void choose(yaml_section& s, std::string_view key, std::initializer_list<std::string_view> words, Enum& out) {
  if (const auto at = s.choice(key, words)) out = static_cast<Enum>(*at);
}
template <class T>
void put(std::optional<T> value, T& out) {
  if (value) out = std::move(*value);
}
void put(std::optional<bool> value, feature_state& out) {
  if (value) out = *value ? feature_state::on : feature_state::off;
}

value scalar_of(const yaml_node& n) {
  if (!n.is_scalar()) return {};
  if (const auto b = as_boolean(n)) return value::of(*b);
  if (const auto x = as_number(n)) return value::of(*x);
  return value::of(n.text);
}

void read_parameters(yaml_section& job, job_spec& spec) {
  const auto* map = job.raw("parameters");
  if (!map) return;
  if (!map->is_map()) return job.findings().error(finding_code::bad_type, map->at, job.key("parameters"), "must be a map of keys");
  for (const auto& e : map->entries) {
    job_parameter p{scalar_of(*e.value), {}, e.value, e.at};
    for (const auto& item : e.value->items)
      if (item->is_scalar()) p.texts.push_back(item->text);
    spec.parameters.emplace(e.key, std::move(p));
  }
}

std::optional<source_kind> kind_of_endpoint(std::string_view url) {
  const auto has = [&](std::string_view word) { return url.find(word) != std::string_view::npos; };
  if (has("risk")) return source_kind::risk;
  if (has("history") || has("bars") || has("candles") || has("ohlc") || has("udf")) return source_kind::bars;
  if (has("quote") || has("price") || has("stream") || has("market")) return source_kind::quotes;
  if (has("portfolio") || has("position") || has("account")) return source_kind::portfolio;
  return std::nullopt;
}

/// "{symbols}" and "{all_symbols}" are the job's own, which an empty list means.
std::vector<std::string> source_symbols(yaml_section& s) {
  auto out = s.texts("symbols");
  if (out.size() == 1 && (out[0] == "{symbols}" || out[0] == "{all_symbols}")) out.clear();
  return out;
}

job_source read_source(yaml_section s, job_dialect dialect, std::size_t index) {
  job_source out;
  out.at = s.at();
  out.name = s.text("name").value_or("source" + std::to_string(index));
  std::optional<std::string> url = s.text("endpoint");
  if (dialect == job_dialect::legacy && !url) url = s.text("url");
  out.endpoint = url.value_or("");
  const auto kind = s.choice("kind", {"quotes", "bars", "portfolio", "risk"});
  if (kind) {
    out.kind = static_cast<source_kind>(*kind);
  } else if (url) {
    if (const auto guessed = kind_of_endpoint(*url)) out.kind = *guessed;
    else s.findings().error(finding_code::bad_value, s.place("endpoint"), s.key("endpoint"), "no source of ours answers " + in_quotes(*url));
  } else if (!s.raw("kind")) {
    s.missing("kind");
  }
  const auto read_range = [&out](yaml_section& from) {
    auto symbols = source_symbols(from);
    if (!symbols.empty()) out.symbols = std::move(symbols);
    if (const auto text = from.text("resolution")) {
      auto parsed = timeframe::parse(*text);
      if (parsed) out.resolution = *parsed;
      else from.findings().error(finding_code::bad_value, from.place("resolution"), from.key("resolution"), parsed.error().message);
    }
    put(from.integer("lookback_periods", {1, 100'000}), out.lookback_periods);
    put(from.integer("lookback_days", {1, 10'000}), out.lookback_days);
  };
  read_range(s);
  if (dialect == job_dialect::legacy) {
    auto params = s.section("params");
    read_range(params);
    s.ignore({"type", "method", "headers", "params", "update_frequency", "timeout", "fields", "metrics"});
  }
  s.done();
  return out;
}

void read_sources(yaml_section& job, job_spec& spec) {
  const auto* list = job.raw("data_sources");
  if (!list) return;
  if (!list->is_list()) return job.findings().error(finding_code::bad_type, list->at, job.key("data_sources"), "must be a list");
  if (list->items.size() > limits::job_sources)
    return job.findings().error(finding_code::bad_value, list->at, job.key("data_sources"), "names more than " + std::to_string(limits::job_sources) + " sources");
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    yaml_section s(list->items[i].get(), job.key("data_sources[" + std::to_string(i) + "]"), list->items[i]->at, job.findings());
    spec.sources.push_back(read_source(s, spec.dialect, i));
  }
}

/// A list is read by its name's rule; `all` and `any` say theirs.
condition_text read_condition(const yaml_node& n, const std::string& key, condition_text::kind list_rule, finding_list& out, std::size_t& items) {
  condition_text c;
  c.at = n.at, c.key = key;
  if (n.is_scalar()) {
    if (++items == limits::job_conditions + 1)
      out.error(finding_code::bad_value, n.at, key, "the job has more than " + std::to_string(limits::job_conditions) + " conditions");
    c.text = c.name = n.text;
    return c;
  }
  if (n.is_list()) {
    c.what = list_rule;
    for (std::size_t i = 0; i < n.items.size(); ++i)
      c.inner.push_back(read_condition(*n.items[i], key + "[" + std::to_string(i) + "]", list_rule, out, items));
    return c;
  }
  if (const auto* when = n.get("when"); when && when->is_scalar()) {
    c = read_condition(*when, key + ".when", list_rule, out, items);
    if (const auto* name = n.get("name"); name && name->is_scalar()) c.name = name->text;
    return c;
  }
  for (const auto& [word, rule] : {std::pair{"all", condition_text::kind::all}, std::pair{"any", condition_text::kind::any}})
    if (const auto* inner = n.get(word); inner && inner->is_list() && n.entries.size() == 1) return read_condition(*inner, key + "." + word, rule, out, items);
  out.error(finding_code::bad_type, n.at, key, "a condition is a text, {when, name}, {all: […]} or {any: […]}");
  return c;
}

void read_conditions(yaml_section& job, job_spec& spec) {
  const auto* map = job.raw("conditions");
  if (!map) return;
  if (!map->is_map()) return job.findings().error(finding_code::bad_type, map->at, job.key("conditions"), "must be a map of lists");
  std::size_t items = 0;
  for (const auto& e : map->entries) {
    const bool entry = e.key == "entry_long" || e.key == "entry_short", exit = e.key == "exit_long" || e.key == "exit_short";
    if (spec.type == job_type::strategy && !entry && !exit)
      job.findings().warning(finding_code::unknown_key, e.at, job.key("conditions." + e.key), "a strategy job has no list " + in_quotes(e.key));
    spec.conditions.push_back({e.key, read_condition(*e.value, job.key("conditions." + e.key), entry ? condition_text::kind::all : condition_text::kind::any, job.findings(), items)});
  }
}

void read_order_words(yaml_section s, order_words& out) {
  if (const auto type = s.choice("type", {"market", "limit"})) out.type = *type == 0 ? order_type::market : order_type::limit;
  put(s.number("offset", {-0.5, 0.5}), out.offset);
  if (const auto tif = s.choice("tif", {"day", "gtc", "ioc", "fok"}))
    out.tif = std::array{time_in_force::day, time_in_force::gtc, time_in_force::ioc, time_in_force::fok}[*tif];
  s.done();
}

void read_orders(yaml_section s, job_orders& out) {
  read_order_words(s.section("entry"), out.entry);
  read_order_words(s.section("exit"), out.exit);
  auto protect = s.section("protect");
  choose(protect, "stop", {"none", "native"}, out.stop);
  choose(protect, "target", {"none", "native"}, out.target);
  protect.done();
  out.rank_at = s.place("rank_by");
  put(s.text("rank_by"), out.rank_by);
  put(s.integer("cooldown_bars", {0, 10'000}), out.cooldown_bars);
  put(s.integer("max_entries", {1, 100}), out.max_entries);
  s.done();
}

void read_execution(yaml_section s, job_dialect dialect, job_execution& out) {
  if (s.raw("trade_sequencing")) {
    out.sequence.clear();
    for (const auto& step : s.texts("trade_sequencing")) {
      if (step == "sell_overweight_positions") out.sequence.push_back(trade_step::sell_overweight);
      else if (step == "buy_underweight_positions") out.sequence.push_back(trade_step::buy_underweight);
      else if (step == "adjust_cash_allocation") out.sequence.push_back(trade_step::adjust_cash);
      else s.findings().error(finding_code::bad_value, s.place("trade_sequencing"), s.key("trade_sequencing"), "knows no step " + in_quotes(step));
    }
  }
  auto timing = s.section("trade_timing");
  put(timing.boolean("spread_trades"), out.spread);
  put(timing.integer("spread_minutes", {1, 390}), out.spread_minutes);
  put(timing.integer("slices", {1, 100}), out.slices);
  put(timing.number("max_market_impact", weight_range), out.max_market_impact);
  put(timing.boolean("use_limit_orders"), out.limit_orders);
  timing.done();
  auto words = s.section("order_parameters");
  if (const auto tif = words.choice("time_in_force", {"day", "gtc"})) out.tif = *tif == 0 ? time_in_force::day : time_in_force::gtc;
  if (out.tif == time_in_force::gtc)
    s.findings().warning(finding_code::legacy_reading, words.place("time_in_force"), words.key("time_in_force"), "GTC leaves strays; they are cancelled before the next run");
  put(words.number("limit_price_buffer", weight_range), out.limit_price_buffer);
  put(words.number("max_slippage", weight_range), out.max_slippage);
  words.done();
  if (dialect == job_dialect::schema2) s.done();
}

void read_features(yaml_section s, job_features& out) {
  auto regime = s.section("market_regime_filter");
  put(regime.boolean("enabled"), out.regime.state);
  put(regime.integer("lookback_days", {2, 2'000}), out.regime.lookback_days);
  put(regime.number("volatility_threshold", {0, 100}), out.regime.volatility_threshold);
  choose(regime, "action", {"scale", "block"}, out.regime.action);
  put(regime.number("scale", weight_range), out.regime.scale);
  regime.done();
  auto correlation = s.section("correlation_filter");
  put(correlation.boolean("enabled"), out.correlation.state);
  put(correlation.number("max_correlation", {-1, 1}), out.correlation.max_correlation);
  (void)correlation.choice("scope", {"held"});
  out.correlation.reference_symbols = correlation.texts("reference_symbols");
  correlation.done();
  auto sentiment = s.section("news_sentiment_filter");
  put(sentiment.boolean("enabled"), out.sentiment.state);
  put(sentiment.number("min_sentiment_score", {-1, 1}), out.sentiment.min_score);
  sentiment.done();
  s.done();
}

void read_analytics(yaml_section s, job_spec& spec) {
  auto optimization = s.section("optimization");
  for (const auto& text : optimization.texts("constraints")) {
    double bound = 0;
    std::array<char, 32> name{};
    if (std::sscanf(text.c_str(), "%31[a-z_] <= %lf", name.data(), &bound) != 2) continue; // bounds from below bind nobody here
    if (std::string_view(name.data()) == "turnover") spec.turnover_bound = bound;
    if (std::string_view(name.data()) == "max_weight") spec.optimizer_max_weight = bound;
  }
}

void read_errors(yaml_section s, job_errors& out) {
  put(s.integer("max_retries", {0, 100}), out.max_retries);
  if (const auto ms = s.milliseconds("retry_delay")) out.retry_delay = std::chrono::seconds(*ms / 1'000);
  choose(s, "fallback_action", {"log_and_continue", "disable", "flatten"}, out.fallback);
  for (const auto* key : {"notifications"})
    if (const auto* n = s.raw(key); n && n->is_list())
      for (const auto& item : n->items)
        if (item->is_scalar()) out.notifications.push_back(item->text);
  s.done();
}

void not_applied(yaml_section& s, std::string_view key, const std::string& why) {
  if (s.raw(key)) s.findings().warning(finding_code::not_applied, s.place(key), s.key(key), "this build does not act on it: " + why);
}

/// Keys that the format knows and this build reads without doing what they ask.
void read_unapplied(yaml_section& job, const job_spec& spec) {
  const auto part = [&](std::string_view name) { // what is no map has been told
    const auto* n = job.raw(name);
    return yaml_section(n && n->is_map() ? n : nullptr, job.key(name), job.place(name), job.findings());
  };
  auto analytics = part("analytics");
  not_applied(analytics, "risk_budgeting", "shares of risk are neither reported nor enforced");
  not_applied(analytics, "factor_exposure", "factors are neither reported nor enforced");
  if (const auto* map = analytics.raw("optimization"); map && map->is_map()) {
    auto optimization = analytics.section("optimization");
    not_applied(optimization, "method", "no targets are proposed; of the constraints \"turnover <= x\" and \"max_weight <= x\" bind");
    not_applied(optimization, "objective", "no targets are proposed");
  }
  not_applied(job, "monitoring", "no figures are tracked");
  not_applied(job, "reporting", "no reports are made");
  not_applied(job, "performance", "the figures of a strategy are those of the API and of backtests");
  if (auto logging = job.section("logging"); logging.exists()) {
    for (const auto* key : {"file", "level", "max_size", "backup_count"}) not_applied(logging, key, "jobs log where the node does (log.level, log.max_mb, log.files)");
    if (const auto file = logging.text("file"); file && (file->starts_with('/') || file->find("..") != std::string::npos))
      job.findings().error(finding_code::bad_value, logging.place("file"), logging.key("file"), "is taken relative to the log folder and may not leave it");
  }
  auto errors = part("error_handling");
  not_applied(errors, "notifications", "notices go to the alerts of the node and to webhooks with a template for error");
  if (spec.errors.fallback == fallback_action::flatten && spec.type == job_type::portfolio_management)
    not_applied(errors, "fallback_action", "a portfolio is not flattened; it is traded to its targets by the next run");
}

void read_resources(yaml_section s, job_resources& out) {
  put(s.text("memory_limit"), out.memory_limit);
  put(s.number("cpu_limit", {0, 1'024}), out.cpu_limit);
  if (const auto ms = s.milliseconds("execution_timeout")) {
    out.execution_timeout = std::chrono::seconds(*ms / 1'000);
    if (out.execution_timeout.count() < 1)
      s.findings().error(finding_code::bad_value, s.place("execution_timeout"), s.key("execution_timeout"), "must be at least one second");
  }
  choose(s, "isolation", {"thread", "process"}, out.isolation);
  if (out.isolation == isolation_kind::process) not_applied(s, "isolation", "runs are threads of the node");
  not_applied(s, "memory_limit", "only execution_timeout is enforced");
  not_applied(s, "cpu_limit", "only execution_timeout is enforced");
  s.done();
}

job_webhook read_webhook(yaml_section s, const std::string& name, job_dialect dialect) {
  job_webhook out;
  out.name = name, out.at = s.at();
  if (const auto url = s.text("url")) out.url = *url;
  else s.missing("url");
  put(s.text("method"), out.method);
  if (const auto* map = s.raw("headers"); map && map->is_map())
    for (const auto& e : map->entries)
      if (e.value->is_scalar()) out.headers[e.key] = e.value->text;
  if (const auto* map = s.raw("payload_templates"); map && map->is_map())
    for (const auto& e : map->entries) out.templates[e.key] = e.value;
  if (dialect == job_dialect::legacy)
    if (const auto* single = s.raw("payload_template")) out.templates["signal"] = std::make_shared<const yaml_node>(*single);
  out.condition_at = s.place("condition"), out.sign_at = s.place("sign");
  put(s.text("condition"), out.condition);
  if (const auto ms = s.milliseconds("timeout")) out.timeout = std::chrono::milliseconds(*ms);
  put(s.integer("retries", {0, 20}), out.retries);
  if (const auto ms = s.milliseconds("retry_delay")) out.retry_delay = std::chrono::milliseconds(*ms);
  put(s.text("sign"), out.sign);
  if (dialect == job_dialect::schema2) s.done();
  return out;
}

void read_webhooks(yaml_section& job, job_spec& spec) {
  auto s = job.section("webhooks");
  const auto* map = job.raw("webhooks");
  if (!s.exists()) return;
  if (map->entries.size() > limits::job_webhooks)
    return s.findings().error(finding_code::bad_value, s.at(), s.path(), "names more than " + std::to_string(limits::job_webhooks) + " webhooks");
  for (const auto& e : map->entries) spec.webhooks.push_back(read_webhook(s.section(e.key), e.key, spec.dialect));
}

void read_job_part(yaml_section job, job_spec& spec) {
  spec.job_at = spec.parameters_at = spec.conditions_at = job.at();
  if (!job.exists()) return job.missing("type");
  if (!job.raw("type")) job.missing("type");
  choose(job, "type", {"strategy", "portfolio_management"}, spec.type);
  spec.parameters_at = job.place("parameters"), spec.conditions_at = job.place("conditions");
  spec.strategy_id_at = job.place("strategy_id");
  if (const auto id = job.text("strategy_id")) {
    spec.strategy_id = *id;
    if (!id_is_good(*id))
      job.findings().error(finding_code::bad_value, spec.strategy_id_at, job.key("strategy_id"), "is 1 to 64 letters, digits, _ . - and not " + in_quotes(*id));
  } else {
    job.missing("strategy_id");
  }
  put(job.text("account"), spec.account);
  spec.mode_at = job.place("mode");
  choose(job, "mode", {"paper", "live"}, spec.mode);
  spec.limit_profile_at = job.place("limit_profile");
  put(job.text("limit_profile"), spec.limit_profile);
  read_parameters(job, spec);
  read_sources(job, spec);
  read_conditions(job, spec);
  read_orders(job.section("orders"), spec.orders);
  read_execution(job.section("execution"), spec.dialect, spec.execution);
  read_webhooks(job, spec);
  read_features(job.section("features"), spec.features);
  read_analytics(job.section("analytics"), spec);
  read_errors(job.section("error_handling"), spec.errors);
  read_unapplied(job, spec);
  if (spec.dialect == job_dialect::legacy) job.ignore({"name", "description", "risk_management", "metadata", "version"});
  job.done();
}

void read_times(yaml_section& top, job_spec& spec) {
  put(top.text("timezone"), spec.timezone);
  put(top.text("calendar"), spec.calendar);
  if (auto zone = zone_clock::load(spec.timezone); !zone)
    top.findings().error(finding_code::bad_value, top.place("timezone"), "timezone", "there is no time zone " + in_quotes(spec.timezone));
  if (auto calendar = find_calendar(spec.calendar); !calendar)
    top.findings().error(finding_code::bad_value, top.place("calendar"), "calendar", calendar.error().message);
}

} // namespace

job_reading read_job(std::string_view text, const std::string& file, const job_defaults& defaults) {
  finding_list out(file);
  auto tree = read_yaml(text);
  if (const auto* problem = std::get_if<yaml_problem>(&tree)) {
    static constexpr std::array codes{finding_code::yaml_syntax, finding_code::duplicate_key, finding_code::too_large};
    out.error(codes[static_cast<std::size_t>(problem->what)], problem->at, problem->key, problem->message);
    return {std::nullopt, out.take()};
  }
  const auto& root = *std::get<yaml_ptr>(tree);
  if (!root.is_map()) {
    out.error(finding_code::bad_type, root.at, "", "a job file is a map of keys");
    return {std::nullopt, out.take()};
  }
  yaml_section top(&root, "", root.at, out);
  job_spec spec;
  spec.file = file;
  spec.content_hash = backtest::hash_of(text);
  spec.timezone = defaults.timezone, spec.calendar = defaults.calendar;
  if (const auto schema = top.integer("schema", {2, 2})) spec.dialect = job_dialect::schema2;
  else if (!root.get("schema")) spec.dialect = job_dialect::legacy;
  if (const auto name = top.text("name")) spec.name = *name;
  else if (!top.raw("name")) top.missing("name");
  put(top.text("description"), spec.description);
  if (const auto enabled = top.boolean("enabled")) spec.state = *enabled ? job_state::enabled : job_state::disabled;
  read_times(top, spec);
  read_job_part(top.section("job"), spec); // before the schedule: its type decides the session gate
  read_schedule(top, spec);
  if (const auto* map = top.raw("environment"); map && map->is_map())
    for (const auto& e : map->entries)
      if (e.value->is_scalar()) spec.environment[e.key] = e.value->text, spec.environment_at[e.key] = e.at;
  read_resources(top.section("resources"), spec.resources);
  if (spec.dialect == job_dialect::legacy) top.ignore({"version", "metadata", "author", "tags"});
  top.done();
  return {std::move(spec), out.take()};
}

// ---------------------------------------------------------------- questions to a spec

std::optional<double> job_spec::number(std::string_view wanted) const {
  const auto found = parameters.find(std::string(wanted));
  return found != parameters.end() && found->second.scalar.number() ? std::optional(*found->second.scalar.number()) : std::nullopt;
}
double job_spec::number(std::string_view wanted, double fallback) const { return number(wanted).value_or(fallback); }
bool job_spec::flag(std::string_view wanted, bool fallback) const {
  const auto found = parameters.find(std::string(wanted));
  return found != parameters.end() && found->second.scalar.boolean() ? *found->second.scalar.boolean() : fallback;
}

std::map<std::string, double> job_spec::targets() const {
  std::map<std::string, double> out;
  const auto found = parameters.find("target_allocations");
  if (found == parameters.end()) return out;
  for (const auto& group : found->second.raw->entries) {
    if (group.value->is_map()) {
      for (const auto& e : group.value->entries) out[e.key] += as_number(*e.value).value_or(0);
    } else if (!group.key.starts_with("cash")) {
      out[group.key] += as_number(*group.value).value_or(0);
    }
  }
  return out;
}
double job_spec::cash_target() const {
  const auto found = parameters.find("target_allocations");
  double out = 0;
  if (found != parameters.end())
    for (const auto& group : found->second.raw->entries)
      if (!group.value->is_map() && group.key.starts_with("cash")) out += as_number(*group.value).value_or(0);
  return out;
}
std::vector<std::string> job_spec::symbols() const {
  if (const auto found = parameters.find("symbols"); found != parameters.end())
    return found->second.texts.empty() && found->second.scalar.text() ? std::vector{*found->second.scalar.text()} : found->second.texts;
  std::vector<std::string> out;
  for (const auto& [symbol, weight] : targets()) out.push_back(symbol);
  return out;
}
const condition_list* job_spec::conditions_named(std::string_view wanted) const {
  for (const auto& list : conditions)
    if (list.name == wanted) return &list;
  return nullptr;
}
const job_source* job_spec::primary_bars() const {
  for (const auto& source : sources)
    if (source.kind == source_kind::bars) return &source;
  return nullptr;
}

} // namespace tt::strategy
