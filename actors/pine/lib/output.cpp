#include "actors/pine/lib/strings.hpp"
#include "actors/pine/registry.hpp"

#include <array>

/// Declarations, inputs, plots, alerts, logs, runtime.error, and the objects of user types.

namespace tt::pine {
namespace {

/// Whether there is room for one more message of that size among `count`; takes it.
bool take_room(const site& c, std::size_t count, std::size_t bytes) {
  auto& s = c.shared();
  text_work(c, bytes);
  if (count >= limits::log_messages || bytes > limits::message_bytes - s.message_bytes) return false;
  s.message_bytes += bytes;
  return true;
}

void say(const site& c, log_level level, std::string text) {
  auto& s = c.shared();
  if (!take_room(c, s.logs.size(), text.size())) {
    ++s.logs_dropped;
    return;
  }
  s.logs.push_back({c.ctx->current.time_ms, c.ctx->index, level, std::move(text)});
}
template <log_level L>
void log_plain(site& c) { say(c, L, c.o(0) == nullptr ? "NaN" : c.s(0)); }
template <log_level L>
void log_format(site& c) { say(c, L, format_message(c, 0)); }

void runtime_error(site& c) { throw script_stop{c.s(0)}; }

void alert(site& c) {
  auto& s = c.shared();
  if (take_room(c, s.alerts.size(), c.s(0).size() + c.s(1).size())) s.alerts.push_back({c.ctx->current.time_ms, c.ctx->index, c.s(0), c.s(1)});
  else ++s.alerts_dropped;
}

/// An object of a user type from the values of its fields.
void new_record(site& c) {
  const auto& types = *c.ctx->prog->types;
  const auto& t = types[c.plan->aux];
  auto& shared = c.shared();
  auto* o = c.mem().make<record_object>(c.plan->aux, t.numbers, t.references);
  auto layout = shared.layout_of.find(c.plan->aux);
  if (layout != shared.layout_of.end()) o->keep = layout->second;
  for (std::size_t i = 0; i < t.fields.size(); ++i) {
    const auto& f = t.fields[i];
    if (is_reference(types, f.type)) o->ref[f.slot] = c.o(i);
    else o->num[f.slot] = c.f(i);
  }
  c.reto(o);
}
void copy_record(site& c) {
  auto& o = need<record_object>(c, 0, "the object");
  auto* n = c.mem().make<record_object>(o.type, o.num.size(), o.ref.size());
  n->num = o.num;
  n->ref = o.ref;
  n->keep = o.keep;
  c.reto(n);
}

/// input.source: 0 the default expression, else one of the named series.
void source(site& c) {
  auto k = c.i(0);
  auto at = k <= 0 || usz(k) + 1 >= c.count() ? 1u : usz(k) + 1;
  c.ret(c.f(at));
}

} // namespace

const std::vector<builtin_row>& output_rows() {
#define PLOT_TAIL "input bool editable=true, input int show_last=na, input int display=15, "
#define INPUT_TAIL "const string tooltip=\"\", const string inline=\"\", const string group=\"\", const bool confirm=false, "
  static const std::vector<builtin_row> rows{
      {"indicator(const string title, const string shorttitle=\"\", const bool overlay=false, const string format=\"inherit\", const int precision=na, const string scale=\"\", const int max_bars_back=0, const string timeframe=\"\", const bool timeframe_gaps=true, const bool explicit_plot_zorder=false, const int max_lines_count=50, const int max_labels_count=50, const int max_boxes_count=50, const int calc_bars_count=0, const int max_polylines_count=50, const bool dynamic_requests=true, const bool behind_chart=true) void",
       nullptr, 0, special::declaration},
      {"library(const string title, const bool overlay=false, const bool dynamic_requests=true) void", nullptr, 0, special::declaration},
      {"strategy(const string title, const string shorttitle=\"\", const bool overlay=false, const string format=\"inherit\", const int precision=na, const string scale=\"\", const int pyramiding=0, const bool calc_on_order_fills=false, const bool calc_on_every_tick=false, const int max_bars_back=0, const int backtest_fill_limits_assumption=0, const string default_qty_type=\"fixed\", const float default_qty_value=1, const float initial_capital=1000000, const string currency=\"NONE\", const int slippage=0, const string commission_type=\"percent\", const float commission_value=0, const bool process_orders_on_close=false, const string close_entries_rule=\"FIFO\", const float margin_long=100, const float margin_short=100, const bool explicit_plot_zorder=false, const int max_lines_count=50, const int max_labels_count=50, const int max_boxes_count=50, const int calc_bars_count=0, const float risk_free_rate=2, const bool use_bar_magnifier=false, const bool fill_orders_on_standard_ohlc=false, const int max_polylines_count=50, const bool dynamic_requests=true, const bool behind_chart=true, const bool calc_on_every_history_tick=false) void",
       nullptr, 0, special::declaration},
      // inputs
      {"input(any defval, const string title=\"\", const string tooltip=\"\", const string inline=\"\", const string group=\"\", const int display=15, input bool active=true) input any", nullptr, 0, special::input},
      {"input.int(const int defval, const string title=\"\", const int minval=na, const int maxval=na, const int step=1, " INPUT_TAIL "const int display=15, input bool active=true) input int", nullptr, 0, special::input},
      {"input.int(const int defval, const string title, any options, " INPUT_TAIL "const int display=15, input bool active=true) input int", nullptr, 0, special::input},
      {"input.float(const float defval, const string title=\"\", const float minval=na, const float maxval=na, const float step=1, " INPUT_TAIL "const int display=15, input bool active=true) input float", nullptr, 0, special::input},
      {"input.float(const float defval, const string title, any options, " INPUT_TAIL "const int display=15, input bool active=true) input float", nullptr, 0, special::input},
      {"input.bool(const bool defval, const string title=\"\", " INPUT_TAIL "const int display=15, input bool active=true) input bool", nullptr, 0, special::input},
      {"input.string(const string defval, const string title=\"\", any options=na, " INPUT_TAIL "const int display=15, input bool active=true) input string", nullptr, 0, special::input},
      {"input.text_area(const string defval, const string title=\"\", const string tooltip=\"\", const string group=\"\", const bool confirm=false, const int display=15, input bool active=true) input string", nullptr, 0, special::input},
      {"input.color(const color defval, const string title=\"\", " INPUT_TAIL "const int display=15, input bool active=true) input color", nullptr, 0, special::input},
      {"input.source(float defval, const string title=\"\", const string tooltip=\"\", const string inline=\"\", const string group=\"\", const int display=15, input bool active=true, const bool confirm=false) series float", nullptr, 0, special::input},
      {"input.timeframe(const string defval, const string title=\"\", any options=na, " INPUT_TAIL "const int display=15, input bool active=true) input string", nullptr, 0, special::input},
      {"input.symbol(const string defval, const string title=\"\", " INPUT_TAIL "const int display=15, input bool active=true) input string", nullptr, 0, special::input},
      {"input.session(const string defval, const string title=\"\", any options=na, " INPUT_TAIL "const int display=15, input bool active=true) input string", nullptr, 0, special::input},
      {"input.time(simple int defval, const string title=\"\", " INPUT_TAIL "const int display=15, input bool active=true) input int", nullptr, 0, special::input},
      {"input.price(const float defval, const string title=\"\", " INPUT_TAIL "const int display=15, input bool active=true) input float", nullptr, 0, special::input},
      {"input.enum(const any defval, const string title=\"\", any options=na, " INPUT_TAIL "const int display=15, input bool active=true) input any", nullptr, 0, special::input},
      // plots
      {"plot(float series, const string title=\"\", color color=na, int linewidth=1, input string style=\"line\", input bool trackprice=false, input float histbase=0, int offset=0, input bool join=false, " PLOT_TAIL "input string format=\"inherit\", input int precision=na, const bool force_overlay=false, input string linestyle=\"solid\") plot", nullptr, 0, special::plot},
      {"plotshape(any series, const string title=\"\", input string style=\"xcross\", input string location=\"abovebar\", color color=na, int offset=0, const string text=\"\", color textcolor=na, " "input bool editable=true, const string size=\"auto\", input int show_last=na, input int display=15, input string format=\"inherit\", input int precision=na, const bool force_overlay=false) void", nullptr, 0, special::plot},
      {"plotchar(any series, const string title=\"\", input string char=\"★\", input string location=\"abovebar\", color color=na, int offset=0, const string text=\"\", color textcolor=na, " "input bool editable=true, const string size=\"auto\", input int show_last=na, input int display=15, input string format=\"inherit\", input int precision=na, const bool force_overlay=false) void", nullptr, 0, special::plot},
      {"plotarrow(float series, const string title=\"\", color colorup=na, color colordown=na, int offset=0, input int minheight=5, input int maxheight=100, " PLOT_TAIL "input string format=\"inherit\", input int precision=na, const bool force_overlay=false) void", nullptr, 0, special::plot},
      {"plotbar(float open, float high, float low, float close, const string title=\"\", color color=na, " PLOT_TAIL "input string format=\"inherit\", input int precision=na, const bool force_overlay=false) void", nullptr, 0, special::plot},
      {"plotcandle(float open, float high, float low, float close, const string title=\"\", color color=na, color wickcolor=na, input bool editable=true, input int show_last=na, color bordercolor=na, input int display=15, input string format=\"inherit\", input int precision=na, const bool force_overlay=false) void", nullptr, 0, special::plot},
      {"hline(input float price, const string title=\"\", input color color=na, input string linestyle=\"dashed\", input int linewidth=1, input bool editable=true, input int display=15) hline", nullptr, 0, special::plot},
      {"fill(plot plot1, plot plot2, color color=na, const string title=\"\", " "input bool editable=true, input int show_last=na, const bool fillgaps=false, input int display=15) void", nullptr, 0, special::plot},
      {"fill(hline hline1, hline hline2, color color=na, const string title=\"\", input bool editable=true, const bool fillgaps=false, input int display=15) void", nullptr, 0, special::plot},
      {"fill(plot plot1, plot plot2, float top_value, float bottom_value, color top_color, color bottom_color, const string title=\"\", input int display=15, const bool fillgaps=false, input bool editable=true) void", nullptr, 0, special::plot},
      {"bgcolor(color color, int offset=0, input bool editable=true, input int show_last=na, const string title=\"\", input int display=15, const bool force_overlay=false) void", nullptr, 0, special::plot},
      {"barcolor(color color, int offset=0, input bool editable=true, input int show_last=na, const string title=\"\", input int display=15) void", nullptr, 0, special::plot},
      {"alertcondition(bool condition, const string title=\"\", const string message=\"\") void", nullptr, 0, special::plot},
      {"max_bars_back(any var, const int num) void", nullptr, 0, special::max_bars_back},
      // texts and alarms
      {"log.info(string message) void", log_plain<log_level::info>},
      {"log.info(string formatString, any arg0, any ...) void", log_format<log_level::info>},
      {"log.warning(string message) void", log_plain<log_level::warning>},
      {"log.warning(string formatString, any arg0, any ...) void", log_format<log_level::warning>},
      {"log.error(string message) void", log_plain<log_level::error>},
      {"log.error(string formatString, any arg0, any ...) void", log_format<log_level::error>},
      {"runtime.error(string message) void", runtime_error},
      {"alert(string message, string freq=\"once_per_bar\") void", alert},
      {"$new(any x) void", new_record},
      {"$copy(any x) void", copy_record},
      {"$source(any x) void", source},
  };
  return rows;
}

} // namespace tt::pine
