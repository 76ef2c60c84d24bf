#pragma once
/// The running script: registers, state, heap, and what built-ins may reach. Outside users want engine.hpp.

#include "actors/pine/bar.hpp"
#include "actors/pine/calendar.hpp"
#include "actors/pine/limits.hpp"
#include "actors/pine/object.hpp"
#include "actors/pine/program.hpp"
#include "actors/pine/settings.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tt::pine {

/// Thrown by built-ins when the script has gone wrong; caught in engine.cpp and returned as a value.
struct script_stop {
  std::string message;
};

class context;

/// Part of a script that is the same for the main program and all its requests.
struct shared_state {
  run_settings settings;
  heap objects;
  std::vector<log_message> logs;
  std::uint64_t logs_dropped = 0;
  std::vector<alert_event> alerts;
  std::uint64_t alerts_dropped = 0;
  std::size_t message_bytes = 0; ///< of the texts of logs and alerts
  std::vector<std::string> warnings;
  std::vector<order_command> orders;
  text_pool texts; ///< of the orders
  std::map<std::uint64_t, drawing_object*> drawings; ///< live ones by id
  std::uint64_t next_drawing = 1;
  std::size_t drawings_of[t_first_composite] = {};
  const declaration* decl = nullptr;
  const type_table* types = nullptr;
  std::uint64_t steps_left = 0;     ///< of this bar
  std::uint64_t clock_at = 0;       ///< steps left at which the clock is asked next
  std::uint64_t random_state = 0x9E3779B97F4A7C15ull;
  std::int64_t deadline_ns = 0;
  std::uint64_t bar_steps = 0;      ///< that this bar began with
  std::uint64_t run_used = 0;       ///< steps of the bars before
  std::uint64_t skipped_steps = 0;  ///< of a bar's work, at most, that shared columns save: counted as if it were done
  std::uint64_t since_clock = 0;    ///< steps and bars since the clock was asked for the run
  std::int64_t run_deadline_ns = 0; ///< 0: before the first bar
  std::map<std::string, std::unique_ptr<symbol_data>> derived; ///< bars aggregated here
  std::uint32_t request_streams = 0;              ///< requests that run now, see limits::request_streams
  std::set<std::string> requested;                ///< unique requests made so far, see limits::requests
  context* root = nullptr;
  bool any_varip_record = false;
  std::vector<std::unique_ptr<record_object::varip_layout>> layouts;
  std::map<type_id, const record_object::varip_layout*> layout_of;

  /// Tells the user something that doesn't stop the script, once.
  void warn(std::string text) {
    if (warnings.size() < limits::warnings && std::find(warnings.begin(), warnings.end(), text) == warnings.end()) warnings.push_back(std::move(text));
  }
  /// Counts work against the budget; stops the script when it is used up. Every few thousand steps the clock is looked at:
  /// through it a run is cancelled, and a bar of nothing but heavy built-ins must hear of that as a loop does.
  void charge(std::uint64_t steps) {
    if (steps >= steps_left) out_of_budget();
    steps_left -= steps;
    if (steps_left <= clock_at) [[unlikely]] look_at_clock();
  }
  /// Sets when the clock is looked at next; a new bar has no deadline before the first look.
  void start_clock(std::int64_t deadline = 0) {
    deadline_ns = deadline;
    clock_at = settings.limit.clock_ns && steps_left > limits::clock_steps ? steps_left - limits::clock_steps : 0;
  }
  /// A bar begins: its steps, as far as the run has any left. Stops the script when the run's time is up.
  void begin_bar();
  /// A requested bar that lies before the chart's present one is a bar of its own for the work allowed on a bar: a request
  /// that is made for the first time may have thousands of them behind it.
  void begin_past_bar();
  /// Takes from the run what the bar has used.
  void end_bar();
  /// Stops the script when its steps or its time are used up.
  void look_at_clock();
  [[noreturn]] void out_of_budget() const;
  [[noreturn]] void run_over() const;
  std::uint64_t window_bytes = 0; ///< of all contexts
  /// Stops the script when its windows and histories would take more memory than its objects may.
  void windows_grew(std::uint64_t bytes);
};

union register_ptr {
  double* n;
  object** r;
};

/// A resolved call of a built-in. Arguments and results are direct pointers into the register files.
struct site {
  native_fn fn = nullptr;
  context* ctx = nullptr;
  const register_ptr* args = nullptr;
  const register_ptr* outs = nullptr;
  void* state = nullptr;
  const site_plan* plan = nullptr;

  double f(std::size_t i) const { return *args[i].n; }
  std::int64_t i(std::size_t k, std::int64_t if_na = 0) const { return to_int(*args[k].n, if_na); }
  bool b(std::size_t k) const { return truthy(*args[k].n); }
  object* o(std::size_t k) const { return *args[k].r; }
  const std::string& s(std::size_t k) const { return text_of(*args[k].r); }
  bool na(std::size_t k) const { return is_na(*args[k].n); }
  std::size_t count() const { return plan->args.size(); }
  type_id type(std::size_t k) const { return plan->types[k]; }
  void ret(double v) const { *outs[0].n = v; }
  void ret(std::size_t k, double v) const { *outs[k].n = v; }
  void reto(object* v) const { *outs[0].r = v; }
  void reto(std::size_t k, object* v) const { *outs[k].r = v; }
  void ret_text(std::string v) const;
  template <class T>
  T& st() const { return *static_cast<T*>(state); }
  /// Stops the script with a message that names the built-in.
  [[noreturn]] void stop(const std::string& message) const;
  heap& mem() const;
  shared_state& shared() const;
};

/// A history of values, one a bar, newest last. `total` counts the bars since the first value; only the last `mask + 1`
/// are kept. Bars on which the scope of the value did not run repeat the value before them, so that an offset counts
/// bars there too (Pine manual, "Time series in scopes"): push() fills them in late, read() looks past them.
struct ring {
  double* data = nullptr;
  std::uint64_t total = 0;
  std::uint64_t mask = 0;
  std::int64_t bar = 0; ///< bar of the newest value
  std::uint32_t reg = 0;
  std::uint32_t limit = 0; ///< deepest offset that needs no second look: see context::look_deeper()
  std::uint32_t cap = 0;   ///< capacity up to which the ring may grow
};

/// Keeps a value per bar although a call may run several times on a bar (loops, realtime updates): work starts
/// from `prev`, the state after the last earlier bar on which the call ran.
template <class S>
struct per_bar {
  std::int64_t bar = 0;
  S prev{};
  S cur{};
  /// The state to work on, already set back to the end of the earlier bar.
  S& at(std::int64_t now) {
    if (bar != now) {
      prev = cur;
      bar = now;
    } else {
      cur = prev;
    }
    return cur;
  }
};

/// Memory of windows and rings. All of it is zero-initialised doubles owned by the context.
struct window {
  double* data = nullptr;
  std::uint64_t mask = 0;
  double& operator[](std::uint64_t k) const { return data[k & mask]; }
};

class request_instance;
class column_run;

/// What the bars of a context are made of, for chart.is_*. The script's own chart is a standard one.
enum class chart_kind : std::uint8_t { standard, heikin_ashi };

/// One program on one stream of bars.
class context {
public:
  context(std::shared_ptr<const program> p, shared_state& shared, std::shared_ptr<const symbol_info> symbol,
          timeframe tf, const std::vector<input_value>& inputs, chart_kind chart = chart_kind::standard);
  ~context();
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  /// Runs the program on a bar. `first_run` is false when a realtime bar runs again.
  void execute(const bar& b, const bar_flags& flags);
  /// Everything that a bar may change, as it was.
  struct snapshot {
    bool taken = false;
    std::size_t chunks = 0, instances = 0;
    std::vector<double> numbers;
    std::vector<object*> references;
    std::vector<std::byte> state;
    std::vector<std::vector<double>> copied_chunks;
    std::uint64_t next_drawing = 0;
    std::map<std::uint64_t, drawing_object*> drawings;
  };
  /// Realtime bars: remember everything, go back to it, or forget the copy.
  void save();
  void restore();
  void forget();
  /// Changes the copy that restore() goes back to, so that copies can be nested; gives the one before. What the outer
  /// copy holds must be kept alive by marking it: see request_instance::develop().
  snapshot exchange_saved(snapshot other) { return std::exchange(saved_, std::move(other)); }
  void mark(const snapshot& s, heap& h) const;
  void mark(heap& h) const;

  // what built-ins use
  std::int64_t now = 0;    ///< 1 + bar_index: stamps of per-bar state
  std::int64_t index = -1; ///< bar_index
  bar current;
  std::int64_t prev_time = 0; ///< opening time of the bar before; meaningless at index 0
  bar_flags flags;
  shared_state& shared;
  std::shared_ptr<const symbol_info> symbol;
  timeframe tf;
  calendar cal;
  std::optional<calendar> regular_cal; ///< of the regular hours, where the bars are of the extended ones
  std::shared_ptr<const program> prog;
  double* num = nullptr;
  object** ref = nullptr;
  std::vector<std::unique_ptr<request_instance>> instances;
  std::vector<input_value> inputs;

  /// Capacity of at least `need` values plus one spare, kept over growth. For state structs.
  void reserve(window& w, std::uint64_t need, std::uint64_t total);
  /// A window whose cells are written in place more than once, so that it must be copied by save().
  void reserve_exact(window& w, std::uint64_t need);
  std::int64_t time_close() const;
  double prev_close = na_value;
  /// Opening times kept for time(..., bars_back).
  static constexpr std::int64_t times_kept = 5000;
  /// Opening time of the bar `back` bars behind the present one (1 to times_kept); na where there is none.
  double time_of_bar(std::int64_t back) const {
    return back > index ? na_value : f64(times_[usz((index - back) & (times_size - 1))]);
  }

  void push(ring& r, double v) {
    if (r.bar != now) {
      if (r.bar + 1 != now && r.total > 0) [[unlikely]] repeat_newest(r, now - 1);
      r.bar = now;
      ++r.total;
      if (r.total > r.mask && r.cap > r.mask + 1) grow(r);
    }
    r.data[(r.total - 1) & r.mask] = v;
  }
  /// How many values behind the newest one the value of `back` bars ago stands.
  std::uint64_t behind_newest(const ring& r, std::int64_t back) const {
    auto skip = back - (now - r.bar);
    return skip > 0 ? static_cast<std::uint64_t>(skip) : 0;
  }
  double read(ring& r, std::int64_t back) const {
    auto skip = behind_newest(r, back);
    if (back > i64(r.limit)) [[unlikely]] look_deeper(r, back);
    if (skip >= r.total || skip > r.mask) return na_value;
    return r.data[(r.total - 1 - skip) & r.mask];
  }
  std::uint32_t line_of_pc() const;
  /// Runs with these columns from the first bar on: parts of the program are left out.
  void share(std::unique_ptr<column_run> columns);
  /// Null: this run shares none.
  column_run* columns() const { return columns_.get(); }
  /// The live drawings as save() found them.
  void revive_drawings();

private:
  void run();
  void load_columns();
  void note_columns();
  void load_fixed();
  void load_bar();
  double field_number(bar_field f, std::uint32_t extra) const;
  double session_flag(bar_field f) const;
  std::string field_text(bar_field f) const;
  void collect();
  void grow(ring& r);
  /// A copy of an array or matrix for its history: what the script does to it later leaves the past alone.
  object* as_it_is(object* o);
  /// The bars since the newest value, up to the one with stamp `last`, get that value too.
  void repeat_newest(ring& r, std::int64_t last);
  /// An offset beyond what the buffer was sized for. A size that the script gives (max_bars_back) is the size at first:
  /// it grows with what is asked for on historical bars; beyond it on a realtime bar the script stops.
  void look_deeper(ring& r, std::int64_t back) const;
  double* allocate(std::uint64_t doubles);
  void drop_chunks(std::size_t kept);

  chart_kind chart_;
  // what of the program runs
  const instr* code_ = nullptr;
  const std::vector<std::uint32_t>* lines_ = nullptr;
  std::span<const std::uint32_t> every_bar_;
  std::unique_ptr<column_run> columns_;
  std::vector<double> numbers_;
  std::vector<object*> references_;
  std::vector<std::byte> state_;
  std::vector<site> sites_;
  std::vector<register_ptr> pointers_;
  std::vector<bar_load> bar_loads_;
  static constexpr std::int64_t times_size = 8192; ///< a power of two above times_kept
  std::vector<std::int64_t> times_ = std::vector<std::int64_t>(usz(times_size));
  std::size_t pc_ = 0;
  // memory of windows
  struct chunk {
    std::unique_ptr<double[]> data;
    std::uint64_t size = 0;
    bool copied = false; ///< content is part of save()
  };
  std::vector<chunk> chunks_;
  snapshot saved_;
};

inline heap& site::mem() const { return ctx->shared.objects; }
inline shared_state& site::shared() const { return ctx->shared; }

/// Argument k for a place that holds references, or numbers. The types were checked when the script was compiled; that
/// they agree with what the collection holds is looked at once more, for a number is never to be followed as a pointer.
inline object* ref_arg(const site& c, std::size_t k) {
  if (!is_reference(*c.ctx->prog->types, c.type(k))) c.stop("the argument number " + std::to_string(k + 1) + " isn't of the collection's type");
  return c.o(k);
}
inline double num_arg(const site& c, std::size_t k) {
  if (is_reference(*c.ctx->prog->types, c.type(k))) c.stop("the argument number " + std::to_string(k + 1) + " isn't of the collection's type");
  return c.f(k);
}
/// The same for results.
inline void ret_ref(const site& c, object* o) {
  if (!is_reference(*c.ctx->prog->types, c.plan->out_types[0])) c.stop("the collection isn't of the type that is read");
  c.reto(o);
}
inline void ret_num(const site& c, double v) {
  if (is_reference(*c.ctx->prog->types, c.plan->out_types[0])) c.stop("the collection isn't of the type that is read");
  c.ret(v);
}

/// The object as its class, or an error when it is na or something else.
template <class T>
T& need(const site& c, std::size_t arg, const char* what) {
  constexpr auto kind = std::is_same_v<T, array_object> ? object_kind::array : std::is_same_v<T, matrix_object> ? object_kind::matrix
                        : std::is_same_v<T, map_object> ? object_kind::map : object_kind::record;
  auto* o = c.o(arg);
  if (o == nullptr) c.stop(std::string(what) + " is na");
  if (o->kind != kind) c.stop(std::string(what) + " is something else");
  return *static_cast<T*>(o);
}

} // namespace tt::pine
