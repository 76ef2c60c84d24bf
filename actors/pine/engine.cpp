#include "actors/pine/engine.hpp"

#include "actors/pine/column_run.hpp"
#include "actors/pine/frame_bars.hpp"
#include "actors/pine/input_names.hpp"
#include "actors/pine/lib/drawing.hpp"
#include "actors/pine/lib/strings.hpp"
#include "actors/pine/requests.hpp"
#include "actors/pine/runtime.hpp"
#include "actors/pine/text_format.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace tt::pine {

namespace {
constexpr std::array source_list{"open", "high", "low", "close", "hl2", "hlc3", "ohlc4", "hlcc4", "volume"};
}
double parse_date(std::string_view text);

std::span<const char* const> source_names() { return source_list; }

struct script::impl {
  shared_state shared;
  std::shared_ptr<const program> code;
  std::unique_ptr<context> main;
  std::int64_t waiting = 0; ///< bars still to come before the first that calc_bars_count lets in
  std::optional<std::string> problem;
  std::optional<runtime_failure> failure;
  bool open_bar = false;
  std::optional<frame_bars> frame; ///< of a script with a longer timeframe of its own

  void share_columns();

  // on bars of the script's own timeframe
  std::optional<runtime_failure> run(const bar& b, const bar_flags& flags);
  std::optional<runtime_failure> complete(const bar& b, bar_flags flags);
  std::optional<runtime_failure> begin(const bar& b, bar_flags flags);
  std::optional<runtime_failure> again(const bar& b, bar_flags flags);
  std::optional<runtime_failure> commit(const bar& b, bar_flags flags);
  void take_back();

  // on bars of the chart, where the script's are longer
  void set_frame();
  std::optional<runtime_failure> finish(const bar& made, const bar& on, bar_flags flags);
  std::optional<runtime_failure> finish_left_over(const bar& b, bar_flags flags);
  std::optional<runtime_failure> chart_bar(const bar& b, bar_flags flags);
  std::optional<runtime_failure> chart_tick(const bar& b, bar_flags flags);
};

namespace {

std::optional<double> number_of(const std::string& s) {
  double v = 0;
  auto r = std::from_chars(s.data(), s.data() + s.size(), v);
  if (r.ec != std::errc{} || r.ptr != s.data() + s.size()) return std::nullopt;
  return v;
}

/// The given text as the input's value; an error text when it doesn't fit.
std::optional<std::string> read_input(const input_info& in, const std::string& text, input_value& v) {
  auto name = in.title.empty() ? in.name : in.title;
  auto wrong = [&](const std::string& what) { return "input \"" + name + "\": " + what + ", got \"" + text + "\""; };
  v.given = true;
  v.text = text;
  switch (in.kind) {
  case input_kind::boolean:
    if (text != "true" && text != "false" && text != "1" && text != "0") return wrong("expected true or false");
    v.number = text == "true" || text == "1" ? 1 : 0;
    return std::nullopt;
  case input_kind::source: {
    auto it = std::find(source_list.begin(), source_list.end(), text);
    if (it == source_list.end()) return wrong("expected a source such as close");
    v.number = f64(it - source_list.begin() + 1);
    return std::nullopt;
  }
  case input_kind::enumeration: {
    auto it = std::find(in.text_options.begin(), in.text_options.end(), text);
    if (it == in.text_options.end()) return wrong("expected one of the enum's titles");
    v.number = f64(it - in.text_options.begin());
    return std::nullopt;
  }
  case input_kind::color: {
    if (text.size() < 7 || text[0] != '#') return wrong("expected #RRGGBB or #RRGGBBAA");
    auto n = std::strtoull(text.c_str() + 1, nullptr, 16);
    v.number = f64(text.size() == 7 ? n << 8 | 0xFF : n);
    return std::nullopt;
  }
  case input_kind::integer:
  case input_kind::floating:
  case input_kind::price:
  case input_kind::time: {
    auto n = number_of(text);
    if (!n && in.kind == input_kind::time) {
      double t = parse_date(text);
      if (!is_na(t)) n = t;
    }
    if (!n) return wrong("expected a number");
    if (in.kind == input_kind::integer && *n != std::trunc(*n)) return wrong("expected a whole number");
    if (in.has_min && *n < in.minval) return wrong("the least value is " + format_places(in.minval, 10));
    if (in.has_max && *n > in.maxval) return wrong("the greatest value is " + format_places(in.maxval, 10));
    if (!in.number_options.empty() && std::find(in.number_options.begin(), in.number_options.end(), *n) == in.number_options.end())
      return wrong("it isn't one of the options");
    v.number = *n;
    return std::nullopt;
  }
  default:
    if (!in.text_options.empty() && std::find(in.text_options.begin(), in.text_options.end(), text) == in.text_options.end())
      return wrong("it isn't one of the options");
    if (in.kind == input_kind::timeframe && !text.empty() && !timeframe::parse(text)) return wrong("expected a timeframe");
    if (in.kind == input_kind::session && !session_spec::parse(text)) return wrong("expected a session");
    return std::nullopt;
  }
}

/// The values that the script's inputs have: what was given, else their defaults. The first thing that is wrong goes into
/// `problem`.
std::vector<input_value> input_values(const std::vector<input_info>& inputs, const std::map<std::string, std::string>& given, std::optional<std::string>& problem) {
  std::vector<input_value> out(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    out[i].number = inputs[i].kind == input_kind::source ? 0 : inputs[i].number;
    out[i].text = inputs[i].text;
  }
  std::map<std::size_t, std::string> named;
  for (const auto& [name, text] : given) {
    auto found = find_input(inputs, name);
    if (found.problem.empty()) {
      auto [before, first] = named.try_emplace(found.index, name);
      if (!first) found.problem = "the same input is given twice, as \"" + before->second + "\" and as \"" + name + "\"";
      else if (auto wrong = read_input(inputs[found.index], text, out[found.index])) found.problem = *wrong;
    }
    if (!found.problem.empty() && !problem) problem = found.problem;
  }
  return out;
}

} // namespace

script::script(std::shared_ptr<const program> code, run_settings settings) : impl_(std::make_unique<impl>()) {
  auto& m = *impl_;
  m.code = std::move(code);
  m.shared.settings = std::move(settings);
  m.shared.decl = &m.code->decl;
  m.shared.types = m.code->types.get();
  auto inputs = input_values(m.code->inputs, m.shared.settings.inputs, m.problem);
  for (type_id t = t_first_composite; t < m.code->types->size(); ++t) {
    const auto& info = (*m.code->types)[t];
    if (std::none_of(info.fields.begin(), info.fields.end(), [](const auto& f) { return f.varip; })) continue;
    auto layout = std::make_unique<record_object::varip_layout>();
    for (const auto& f : info.fields) layout->fields.push_back({f.slot, f.varip, is_reference(*m.code->types, f.type)});
    m.shared.layout_of[t] = layout.get();
    m.shared.layouts.push_back(std::move(layout));
  }
  m.shared.random_state += m.shared.settings.random_seed;
  m.shared.steps_left = m.shared.settings.limit.steps_per_bar;
  m.set_frame();
  auto wanted = i64(m.code->decl.calc_bars_count);
  if (auto last = m.shared.settings.last_bar_index; wanted > 0 && last >= wanted) {
    m.waiting = last + 1 - wanted;
    m.shared.settings.last_bar_index = wanted - 1;
  }
  try {
    m.main = std::make_unique<context>(m.code, m.shared, m.shared.settings.symbol, m.shared.settings.chart_timeframe, inputs);
    m.shared.root = m.main.get();
    if (m.shared.settings.columns.cache != nullptr && !m.frame && !m.problem) m.share_columns();
  } catch (const script_stop& s) { m.problem = s.message; }
}

void script::impl::share_columns() {
  auto& s = shared.settings;
  if (s.last_bar_index < 0) return;
  auto columns = column_run::make(*code, s.columns.cache, {s.columns.from, s.columns.to}, main->num, usz(s.last_bar_index) + 1, s.limit.steps_per_bar);
  if (columns == nullptr) return;
  s.limit.steps_per_bar -= columns->work();
  shared.skipped_steps = columns->work();
  main->share(std::move(columns));
}

std::size_t script::columns_used() const {
  return impl_->main == nullptr || impl_->main->columns() == nullptr ? 0 : impl_->main->columns()->used();
}

void script::keep_columns() {
  auto* main = impl_->main.get();
  if (main == nullptr || main->columns() == nullptr || impl_->failure || impl_->open_bar) return;
  if (main->index + 1 == i64(main->columns()->bars())) main->columns()->publish();
}

script::~script() = default;
script::script(script&&) noexcept = default;
script& script::operator=(script&&) noexcept = default;

const std::optional<std::string>& script::problem() const { return impl_->problem; }

std::optional<runtime_failure> script::impl::run(const bar& b, const bar_flags& flags) {
  if (failure) return failure;
  if (problem) return failure = runtime_failure{*problem, 0, 0};
  try {
    shared.begin_bar();
    main->execute(b, flags);
  } catch (const script_stop& s) {
    failure = runtime_failure{s.message, main->line_of_pc(), main->index};
  } catch (const std::bad_alloc&) {
    failure = runtime_failure{"out of memory", main->line_of_pc(), main->index};
  }
  shared.end_bar();
  return failure;
}

std::optional<runtime_failure> script::impl::complete(const bar& b, bar_flags flags) {
  flags.fresh = flags.confirmed = true;
  return run(b, flags);
}

std::optional<runtime_failure> script::impl::begin(const bar& b, bar_flags flags) {
  if (failure || problem) return run(b, flags);
  main->save();
  shared.objects.open_log();
  open_bar = true;
  flags.fresh = true;
  flags.realtime = !flags.historical;
  flags.confirmed = flags.historical;
  return run(b, flags);
}

/// Goes back to where the bar that is open began.
void script::impl::take_back() {
  main->restore();
  shared.objects.roll_back();
  main->revive_drawings();
}

std::optional<runtime_failure> script::impl::again(const bar& b, bar_flags flags) {
  if (!open_bar) return begin(b, flags);
  if (failure) return failure;
  take_back();
  flags.realtime = !flags.historical;
  flags.fresh = false;
  flags.confirmed = flags.historical;
  return run(b, flags);
}

std::optional<runtime_failure> script::impl::commit(const bar& b, bar_flags flags) {
  bool opened = open_bar;
  if (opened && !failure) take_back();
  flags.realtime = !flags.historical;
  flags.fresh = !opened;
  flags.closing = opened;
  flags.confirmed = true;
  shared.objects.close_log();
  auto failed = run(b, flags);
  if (main != nullptr) main->forget();
  open_bar = false;
  return failed;
}

// ---------------------------------------------------------------- a timeframe of the script's own

/// Makes the script run on the timeframe that its declaration names, where that is longer than the chart's.
void script::impl::set_frame() {
  auto& s = shared.settings;
  auto own = timeframe::parse(code->decl.timeframe);
  if (!own || (own->unit == s.chart_timeframe.unit && own->count == s.chart_timeframe.count)) return;
  if (own->seconds() <= s.chart_timeframe.seconds()) {
    if (!problem) problem = "the script's timeframe, " + own->text(true) + ", is shorter than the chart's: this isn't supported";
    return;
  }
  frame.emplace(*own, s.chart_timeframe, calendar(s.symbol->timezone, s.symbol->session),
                code->decl.timeframe_gaps ? between_bars::nothing : between_bars::last_value);
  s.chart_timeframe = *own;
  const auto* bars = s.data != nullptr ? s.data->bars(s.symbol->tickerid(), *own) : nullptr;
  s.last_bar_index = bars != nullptr ? i64(bars->bars.size()) - 1 : -1;
  if (bars != nullptr && !bars->bars.empty()) s.last_bar_time_ms = bars->bars.back().time_ms;
}

/// The bar `made` is complete on the chart's bar `on`.
std::optional<runtime_failure> script::impl::finish(const bar& made, const bar& on, bar_flags flags) {
  flags.next_time_ms = 0;
  auto failed = open_bar ? commit(made, flags) : complete(made, flags);
  frame->complete_on(on);
  return failed;
}

std::optional<runtime_failure> script::impl::finish_left_over(const bar& b, bar_flags flags) {
  frame->show_old();
  auto late = frame->left_over(b);
  if (!late) return std::nullopt;
  flags.last = flags.last_history = false;
  return finish(*late, b, flags);
}

/// A complete bar of the chart.
std::optional<runtime_failure> script::impl::chart_bar(const bar& b, bar_flags flags) {
  if (auto failed = finish_left_over(b, flags)) return failed;
  if (frame->is_late(b)) return std::nullopt;
  frame->take(b);
  if (frame->completed_by(b)) return finish(frame->with_taken(), b, flags);
  if (!open_bar) return std::nullopt;
  if (frame->between() == between_bars::last_value) return again(frame->with_taken(), flags);
  take_back(); // with gaps nothing of a bar that isn't complete stays
  frame->show_complete(b);
  return std::nullopt;
}

/// A bar of the chart that is still open: the script's bar develops with it.
std::optional<runtime_failure> script::impl::chart_tick(const bar& b, bar_flags flags) {
  if (auto failed = finish_left_over(b, flags)) return failed;
  if (frame->is_late(b)) return std::nullopt;
  flags.next_time_ms = 0;
  auto failed = again(frame->with(b), flags);
  frame->show_new();
  return failed;
}

// ----------------------------------------------------------------

bool script::waits() const { return impl_->waiting > 0; }
std::optional<runtime_failure> script::on_bar(const bar& b, bar_flags flags) {
  if (impl_->waiting > 0) {
    --impl_->waiting;
    return std::nullopt;
  }
  return impl_->frame ? impl_->chart_bar(b, flags) : impl_->complete(b, flags);
}
std::optional<runtime_failure> script::begin_bar(const bar& b, bar_flags flags) {
  return impl_->frame ? impl_->chart_tick(b, flags) : impl_->begin(b, flags);
}
std::optional<runtime_failure> script::update(const bar& b, bar_flags flags) {
  return impl_->frame ? impl_->chart_tick(b, flags) : impl_->again(b, flags);
}
std::optional<runtime_failure> script::commit(const bar& b, bar_flags flags) {
  return impl_->frame ? impl_->chart_bar(b, flags) : impl_->commit(b, flags);
}

double script::plot_value(std::size_t index, std::size_t part) const {
  if (impl_->main == nullptr || impl_->main->index < 0 || (impl_->frame && !impl_->frame->shows())) return na_value;
  auto v = impl_->main->num[impl_->code->plots[index].series[part].second];
  return std::isfinite(v) ? v : na_value; // a chart can't show an infinity
}
std::string script::plot_text(std::size_t index, std::size_t part) const {
  return impl_->main == nullptr || (impl_->frame && !impl_->frame->shows()) ? "" : text_of(impl_->main->ref[impl_->code->plots[index].texts[part].second]);
}
const program& script::code() const { return *impl_->code; }
const std::vector<log_message>& script::logs() const { return impl_->shared.logs; }
std::uint64_t script::logs_dropped() const { return impl_->shared.logs_dropped; }
const std::vector<alert_event>& script::alerts() const { return impl_->shared.alerts; }
std::uint64_t script::messages_dropped() const { return impl_->shared.logs_dropped + impl_->shared.alerts_dropped; }
const std::vector<std::string>& script::warnings() const { return impl_->shared.warnings; }
std::vector<order_command> script::take_orders() { return std::exchange(impl_->shared.orders, {}); }
const std::vector<order_command>& script::orders() const { return impl_->shared.orders; }
void script::clear_orders() { impl_->shared.orders.clear(); }
text_pool& script::texts() { return impl_->shared.texts; }
const text_pool& script::texts() const { return impl_->shared.texts; }
void script::set_account(const strategy_view* account, const trade_source* trades) {
  impl_->shared.settings.account = account;
  impl_->shared.settings.trades = trades;
}
std::size_t script::memory_bytes() const { return impl_->shared.objects.live_bytes(); }

// ---------------------------------------------------------------- drawings as JSON

namespace {
std::string in_quotes(const std::string& s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char b[8];
      std::snprintf(b, sizeof b, "\\u%04x", static_cast<unsigned>(c));
      out += b;
    } else {
      out += c;
    }
  }
  return out + '"';
}
std::string color_text(double v) {
  char b[16];
  std::snprintf(b, sizeof b, "\"#%08X\"", u32(to_int(v)));
  return b;
}
std::string number_json(double v, type_id t) {
  if (!std::isfinite(v)) return "null";
  if (t == t_color) return color_text(v);
  if (t == t_bool) return v != 0 ? "true" : "false";
  return shortest_decimal(v);
}
/// The points of a polyline, kept as index, time, price, index, ...
std::string points_json(const array_object& points) {
  std::string out = "[";
  for (std::size_t i = 0; i + 2 < points.num.size(); i += 3)
    out += (i > 0 ? ",{\"index\":" : "{\"index\":") + number_json(points.num[i], t_int) + ",\"time\":" + number_json(points.num[i + 1], t_int) +
           ",\"price\":" + number_json(points.num[i + 2], t_float) + "}";
  return out + "]";
}
std::string cells_json(const drawing_object& t, const array_object& cells) {
  auto columns = to_int(t.num[0]);
  std::string out = "[";
  for (std::size_t i = 0; i < cells.ref.size(); ++i) {
    if (cells.ref[i] == nullptr || columns <= 0) continue;
    const auto& c = static_cast<record_object&>(*cells.ref[i]);
    out += (out.size() > 1 ? "," : "") + std::string("{\"column\":") + std::to_string(i64(i) % columns) + ",\"row\":" + std::to_string(i64(i) / columns);
    constexpr std::array texts{"text", "text_halign", "text_valign", "text_size", "tooltip", "text_font_family", "text_formatting"};
    for (std::size_t k = 0; k < texts.size(); ++k)
      if (c.ref[k] != nullptr) out += std::string(",\"") + texts[k] + "\":" + in_quotes(text_of(c.ref[k]));
    out += ",\"width\":" + number_json(c.num[0], t_float) + ",\"height\":" + number_json(c.num[1], t_float);
    out += ",\"text_color\":" + number_json(c.num[2], t_color) + ",\"bgcolor\":" + number_json(c.num[3], t_color) + "}";
  }
  return out + "]";
}
} // namespace

std::string script::drawings_json() const {
  const auto& m = *impl_;
  std::string out = "[";
  for (const auto& [id, d] : m.shared.drawings) {
    out += (out.size() > 1 ? ",\n" : "") + std::string("{\"type\":") + in_quotes(m.code->types->name(d->type)) + ",\"id\":" + std::to_string(id);
    for (const auto& p : properties_of(d->type)) {
      out += ",\"" + std::string(p.name) + "\":";
      if (p.type == t_string) {
        out += d->ref[p.slot] == nullptr ? "null" : in_quotes(text_of(d->ref[p.slot]));
      } else if (p.type == t_line) {
        auto* l = static_cast<drawing_object*>(d->ref[p.slot]);
        out += l == nullptr ? "null" : std::to_string(l->id);
      } else if (p.type >= t_first_composite) {
        auto* a = static_cast<array_object*>(d->ref[p.slot]);
        if (a == nullptr) {
          out += "[]";
        } else if (p.name == "cells") {
          out += cells_json(*d, *a);
        } else if (p.name == "points") {
          out += points_json(*a);
        } else {
          out += "[";
          for (std::size_t i = 0; i < a->num.size(); ++i) out += (i > 0 ? "," : "") + number_json(a->num[i], t_int);
          out += "]";
        }
      } else {
        out += number_json(d->num[p.slot], p.type);
      }
    }
    out += "}";
  }
  return out + "]";
}

// ---------------------------------------------------------------- data in memory

std::vector<bar> aggregate(std::span<const bar> bars, const calendar& cal, const timeframe& tf) {
  std::vector<bar> out;
  std::int64_t period = 0;
  for (const auto& b : bars) {
    auto p = cal.period(tf, b.time_ms);
    if (out.empty() || p != period) {
      out.push_back(b);
      out.back().time_ms = cal.bar_open(tf, b.time_ms);
      period = p;
      continue;
    }
    auto& o = out.back();
    o.high = std::max(o.high, b.high);
    o.low = std::min(o.low, b.low);
    o.close = b.close;
    o.volume += b.volume;
  }
  return out;
}

void memory_source::add(std::shared_ptr<const symbol_info> info, timeframe tf, std::vector<bar> bars) {
  auto d = std::make_unique<symbol_data>();
  d->info = std::move(info);
  d->tf = tf;
  d->bars = std::move(bars);
  data_.push_back(std::move(d));
}

const symbol_data* memory_source::bars(const std::string& symbol, const timeframe& tf) {
  // Made of the longest bars that were given and fit; where none fit the shortest are off least.
  const symbol_data *fitting = nullptr, *shortest = nullptr;
  for (const auto& d : data_) {
    if (d->info->tickerid() != symbol && d->info->ticker != symbol) continue;
    if (d->tf.unit == tf.unit && d->tf.count == tf.count) return d.get();
    if (d->derived || d->tf.seconds() >= tf.seconds()) continue;
    if (shortest == nullptr || d->tf.seconds() < shortest->tf.seconds()) shortest = d.get();
    if (d->tf.lies_in(tf) && (fitting == nullptr || d->tf.seconds() > fitting->tf.seconds())) fitting = d.get();
  }
  const auto* shorter = fitting != nullptr ? fitting : shortest;
  if (shorter == nullptr) return nullptr;
  calendar cal(shorter->info->timezone, shorter->info->session);
  auto info_of = shorter->info;
  add(info_of, tf, aggregate(shorter->bars, cal, tf));
  data_.back()->derived = true;
  return data_.back().get();
}

std::shared_ptr<const symbol_info> memory_source::info(const std::string& symbol) {
  for (const auto& d : data_)
    if (d->info->tickerid() == symbol || d->info->ticker == symbol) return d->info;
  return nullptr;
}

void memory_source::add_value(const std::string& kind, const std::string& key, std::int64_t time_ms, double value) {
  values_[kind + "|" + key][time_ms] = value;
}

std::optional<double> memory_source::value(const std::string& kind, const std::string& key, std::int64_t time_ms) {
  auto it = values_.find(kind + "|" + key);
  if (it == values_.end()) return std::nullopt;
  auto at = it->second.upper_bound(time_ms);
  if (at == it->second.begin()) return na_value;
  return std::prev(at)->second;
}

std::optional<std::int64_t> memory_source::value_time(const std::string& kind, const std::string& key, std::int64_t time_ms) {
  auto it = values_.find(kind + "|" + key);
  if (it == values_.end()) return std::nullopt;
  auto at = it->second.upper_bound(time_ms);
  if (at == it->second.begin()) return std::nullopt;
  return std::prev(at)->first;
}

} // namespace tt::pine
