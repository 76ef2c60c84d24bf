#include "actors/pine/limits.hpp"
#include "actors/pine/requests.hpp"
#include "actors/pine/runtime.hpp"

#include <algorithm>
#include <cmath>

// Computed goto keeps one indirect jump per operation, which the branch predictor can learn (about a quarter
// faster than a switch here). Other compilers get the switch.
#if defined(__GNUC__)
#define TT_PINE_THREADED 1
#pragma GCC diagnostic ignored "-Wpedantic"
#endif

namespace tt::pine {

namespace {

inline bool tol_eq(double a, double b) { return a == b || std::fabs(a - b) <= epsilon; }

/// A comparison of version 5: na where one of the two is, which their difference tells.
inline double known_or_na(double difference, bool holds) { return is_na(difference) ? na_value : from_bool(holds); }

inline double modulo(double a, double b) {
  if (b == 0) return na_value;
  constexpr double exact = 9.0e15;
  if (std::fabs(a) < exact && std::fabs(b) < exact && a == std::trunc(a) && b == std::trunc(b))
    return f64(i64(a) % i64(b));
  return std::fmod(a, b);
}

record_object& record(object* o) {
  if (o == nullptr) throw script_stop{"can't use a field of an object that is na"};
  return *static_cast<record_object*>(o);
}

} // namespace

void shared_state::look_at_clock() {
  if (steps_left == 0) out_of_budget();
  const auto now = settings.limit.clock_ns();
  if (deadline_ns == 0) deadline_ns = now + settings.limit.bar_ns; // the first look: most bars never come so far
  if (now > deadline_ns) out_of_budget();
  if (run_deadline_ns != 0 && now > run_deadline_ns) run_over();
  start_clock(deadline_ns);
}

void shared_state::begin_bar() {
  const auto& most = settings.limit;
  steps_left = bar_steps = most.steps_per_run == 0 ? most.steps_per_bar : std::min(most.steps_per_bar, most.steps_per_run - std::min(run_used, most.steps_per_run));
  if (steps_left == 0) run_over();
  start_clock();
  if (most.run_ns == 0 || !most.clock_ns) return;
  if (run_deadline_ns == 0) run_deadline_ns = most.clock_ns() + most.run_ns;
  if (since_clock < limits::clock_steps) return;
  since_clock = 0;
  if (most.clock_ns() > run_deadline_ns) run_over();
}

void shared_state::begin_past_bar() {
  const auto used = bar_steps - std::min(bar_steps, steps_left);
  run_used += used;
  since_clock += used + limits::clock_bar_steps;
  begin_bar();
}

void shared_state::end_bar() {
  const auto used = bar_steps - std::min(bar_steps, steps_left) + skipped_steps;
  run_used += used;
  since_clock += used + limits::clock_bar_steps;
}

void shared_state::out_of_budget() const {
  if (bar_steps < settings.limit.steps_per_bar) run_over();
  throw script_stop{"the script takes too long: it used up the work allowed for one bar (loops or collections are too large)"};
}

void shared_state::run_over() const { throw script_stop{"the script takes too long: it used up the work allowed for the whole run"}; }

void site::ret_text(std::string v) const {
  if (v.size() > limits::string_chars) stop("the text is longer than " + std::to_string(limits::string_chars) + " characters");
  ctx->shared.charge(v.size() / limits::bytes_per_step + 1);
  *outs[0].r = ctx->shared.objects.text(std::move(v));
}

void site::stop(const std::string& message) const { throw script_stop{std::string(plan->name) + "(): " + message}; }

void context::look_deeper(ring& r, std::int64_t back) const {
  bool beyond_all = back > i64(limits::history);
  if (!beyond_all && !flags.realtime) {
    r.limit = u32(back);
    return;
  }
  auto limit = beyond_all ? limits::history : r.limit;
  throw script_stop{"the requested historical offset (" + std::to_string(back) + ") is beyond the historical buffer's limit (" +
                    std::to_string(limit) + ")" + (beyond_all ? "" : "; a larger max_bars_back makes the buffer larger")};
}

std::uint32_t context::line_of_pc() const { return pc_ < lines_->size() ? (*lines_)[pc_] : 0; }

void context::run() {
  const instr* const code = code_;
  const instr* ip = code;
  double* const n = num;
  object** const r = ref;
  std::byte* const st = state_.data();
  site* const sites = sites_.data();
  auto ring_at = [st](std::uint32_t at) -> ring& { return *reinterpret_cast<ring*>(st + at); };
  auto as_ref = [](double d) {
    object* o;
    std::memcpy(&o, &d, sizeof o);
    return o;
  };
  auto as_num = [](object* o) {
    double d;
    std::memcpy(&d, &o, sizeof d);
    return d;
  };
  auto read_ref = [&](ring& h, std::int64_t back) -> object* {
    auto skip = behind_newest(h, back);
    if (back > i64(h.limit)) [[unlikely]] look_deeper(h, back);
    if (skip >= h.total || skip > h.mask) return nullptr;
    return as_ref(h.data[(h.total - 1 - skip) & h.mask]);
  };
  auto offset = [](double d) {
    if (!std::isfinite(d)) return std::int64_t{0}; // x[na] is the value of this bar (as observed)
    auto k = to_int(d);
    if (k < 0) throw script_stop{"the history offset can't be negative: " + std::to_string(k)};
    return k;
  };
  struct keep_pc {
    const instr*& ip;
    const instr* code;
    std::size_t& pc;
    ~keep_pc() { pc = static_cast<std::size_t>(ip - code); }
  } guard{ip, code, pc_};

#ifdef TT_PINE_THREADED
  static const void* const table[] = {
      &&l_halt, &&l_mov, &&l_movr, &&l_add, &&l_sub, &&l_mul, &&l_div, &&l_idiv, &&l_mod, &&l_neg,
      &&l_lt, &&l_le, &&l_gt, &&l_ge, &&l_eq, &&l_ne, &&l_lt3, &&l_le3, &&l_gt3, &&l_ge3, &&l_eq3, &&l_ne3, &&l_teq, &&l_tne, &&l_req, &&l_rne,
      &&l_land, &&l_lor, &&l_lnot, &&l_jmp, &&l_jf, &&l_jt,
      &&l_jnlt, &&l_jnle, &&l_jngt, &&l_jnge, &&l_jneq, &&l_jnne, &&l_sel, &&l_once,
      &&l_push, &&l_pushr, &&l_hist, &&l_histr, &&l_histd, &&l_histdr,
      &&l_getf, &&l_setf, &&l_getfr, &&l_setfr, &&l_call, &&l_back, &&l_forinit, &&l_fortest};
  static_assert(sizeof table / sizeof *table == static_cast<std::size_t>(op::count_));
#define OP(name) l_##name
#define NEXT goto* table[static_cast<std::size_t>(ip->code)]
  NEXT;
#else
#define OP(name) case op::name
#define NEXT continue
  for (;;) switch (ip->code) {
#endif
  OP(halt) : return;
  OP(mov) : n[ip->a] = n[ip->b];
  ++ip;
  NEXT;
  OP(movr) : r[ip->a] = r[ip->b];
  ++ip;
  NEXT;
  OP(add) : n[ip->a] = n[ip->b] + n[ip->c];
  ++ip;
  NEXT;
  OP(sub) : n[ip->a] = n[ip->b] - n[ip->c];
  ++ip;
  NEXT;
  OP(mul) : n[ip->a] = n[ip->b] * n[ip->c];
  ++ip;
  NEXT;
  OP(div) : n[ip->a] = n[ip->b] / n[ip->c]; // by zero: infinity, which na() takes for na and comparisons don't (as observed)
  ++ip;
  NEXT;
  OP(idiv) : n[ip->a] = std::trunc(n[ip->b] / n[ip->c]);
  ++ip;
  NEXT;
  OP(mod) : n[ip->a] = modulo(n[ip->b], n[ip->c]);
  ++ip;
  NEXT;
  OP(neg) : n[ip->a] = -n[ip->b];
  ++ip;
  NEXT;
  OP(lt) : n[ip->a] = from_bool(n[ip->b] - n[ip->c] < -epsilon);
  ++ip;
  NEXT;
  OP(le) : n[ip->a] = from_bool(n[ip->b] - n[ip->c] <= epsilon);
  ++ip;
  NEXT;
  OP(gt) : n[ip->a] = from_bool(n[ip->b] - n[ip->c] > epsilon);
  ++ip;
  NEXT;
  OP(ge) : n[ip->a] = from_bool(n[ip->b] - n[ip->c] >= -epsilon);
  ++ip;
  NEXT;
  OP(eq) : n[ip->a] = from_bool(tol_eq(n[ip->b], n[ip->c]));
  ++ip;
  NEXT;
  OP(ne) : n[ip->a] = from_bool(!tol_eq(n[ip->b], n[ip->c]) && !is_na(n[ip->b]) && !is_na(n[ip->c]));
  ++ip;
  NEXT;
  OP(lt3) : n[ip->a] = known_or_na(n[ip->b] - n[ip->c], n[ip->b] - n[ip->c] < -epsilon);
  ++ip;
  NEXT;
  OP(le3) : n[ip->a] = known_or_na(n[ip->b] - n[ip->c], n[ip->b] - n[ip->c] <= epsilon);
  ++ip;
  NEXT;
  OP(gt3) : n[ip->a] = known_or_na(n[ip->b] - n[ip->c], n[ip->b] - n[ip->c] > epsilon);
  ++ip;
  NEXT;
  OP(ge3) : n[ip->a] = known_or_na(n[ip->b] - n[ip->c], n[ip->b] - n[ip->c] >= -epsilon);
  ++ip;
  NEXT;
  OP(eq3) : n[ip->a] = is_na(n[ip->b]) || is_na(n[ip->c]) ? na_value : from_bool(tol_eq(n[ip->b], n[ip->c]));
  ++ip;
  NEXT;
  OP(ne3) : n[ip->a] = is_na(n[ip->b]) || is_na(n[ip->c]) ? na_value : from_bool(!tol_eq(n[ip->b], n[ip->c]));
  ++ip;
  NEXT;
  OP(teq) : n[ip->a] = from_bool(text_of(r[ip->b]) == text_of(r[ip->c])); // na is the same as ""
  ++ip;
  NEXT;
  OP(tne) : n[ip->a] = from_bool(text_of(r[ip->b]) != text_of(r[ip->c]));
  ++ip;
  NEXT;
  OP(req) : n[ip->a] = from_bool(r[ip->b] != nullptr && r[ip->b] == r[ip->c]);
  ++ip;
  NEXT;
  OP(rne) : n[ip->a] = from_bool(r[ip->b] != nullptr && r[ip->c] != nullptr && r[ip->b] != r[ip->c]);
  ++ip;
  NEXT;
  OP(land) : n[ip->a] = from_bool(truthy(n[ip->b]) && truthy(n[ip->c]));
  ++ip;
  NEXT;
  OP(lor) : n[ip->a] = from_bool(truthy(n[ip->b]) || truthy(n[ip->c]));
  ++ip;
  NEXT;
  OP(lnot) : n[ip->a] = from_bool(!truthy(n[ip->b]));
  ++ip;
  NEXT;
  OP(jmp) : ip = code + ip->c;
  NEXT;
  OP(jf) : ip = truthy(n[ip->a]) ? ip + 1 : code + ip->c;
  NEXT;
  OP(jt) : ip = truthy(n[ip->a]) ? code + ip->c : ip + 1;
  NEXT;
  OP(jnlt) : ip = n[ip->a] - n[ip->b] < -epsilon ? ip + 1 : code + ip->c;
  NEXT;
  OP(jnle) : ip = n[ip->a] - n[ip->b] <= epsilon ? ip + 1 : code + ip->c;
  NEXT;
  OP(jngt) : ip = n[ip->a] - n[ip->b] > epsilon ? ip + 1 : code + ip->c;
  NEXT;
  OP(jnge) : ip = n[ip->a] - n[ip->b] >= -epsilon ? ip + 1 : code + ip->c;
  NEXT;
  OP(jneq) : ip = tol_eq(n[ip->a], n[ip->b]) ? ip + 1 : code + ip->c;
  NEXT;
  OP(jnne) : ip = !tol_eq(n[ip->a], n[ip->b]) && !is_na(n[ip->a]) && !is_na(n[ip->b]) ? ip + 1 : code + ip->c;
  NEXT;
  OP(sel) : n[ip->a] = truthy(n[ip->b]) ? n[ip->c] : n[ip[1].a];
  ip += 2;
  NEXT;
  OP(once) : if (n[ip->a] != 0) ip = code + ip->c;
  else {
    n[ip->a] = 1;
    ++ip;
  }
  NEXT;
  OP(push) : push(ring_at(ip->b), n[ip->a]);
  ++ip;
  NEXT;
  OP(pushr) : push(ring_at(ip->b), as_num(ip->x == 0 ? r[ip->a] : as_it_is(r[ip->a])));
  ++ip;
  NEXT;
  OP(hist) : {
    const ring& h = ring_at(ip->b);
    auto skip = behind_newest(h, ip->c);
    n[ip->a] = skip < h.total ? h.data[(h.total - 1 - skip) & h.mask] : na_value;
    ++ip;
    NEXT;
  }
  OP(histr) : r[ip->a] = read_ref(ring_at(ip->b), ip->c);
  ++ip;
  NEXT;
  OP(histd) : {
    ring& h = ring_at(ip->b);
    auto k = offset(n[ip->c]);
    n[ip->a] = k == 0 ? n[h.reg] : read(h, k);
    ++ip;
    NEXT;
  }
  OP(histdr) : {
    ring& h = ring_at(ip->b);
    auto k = offset(n[ip->c]);
    r[ip->a] = k == 0 ? r[h.reg] : read_ref(h, k);
    ++ip;
    NEXT;
  }
  OP(getf) : n[ip->a] = record(r[ip->b]).num[ip->c];
  ++ip;
  NEXT;
  OP(setf) : {
    auto& o = record(r[ip->a]);
    shared.objects.touch(&o);
    o.num[ip->c] = n[ip->b];
    ++ip;
    NEXT;
  }
  OP(getfr) : r[ip->a] = record(r[ip->b]).ref[ip->c];
  ++ip;
  NEXT;
  OP(setfr) : {
    auto& o = record(r[ip->a]);
    shared.objects.touch(&o);
    o.ref[ip->c] = r[ip->b];
    ++ip;
    NEXT;
  }
  OP(call) : {
    site& c = sites[ip->c];
    c.fn(c);
    if (shared.objects.wants_collection()) collect();
    ++ip;
    NEXT;
  }
  OP(back) : {
    if (--shared.steps_left <= shared.clock_at) shared.look_at_clock();
    ip = code + ip->c;
    NEXT;
  }
  OP(forinit) : {
    double by = n[ip[1].a], from = n[ip->b], to = n[ip->c];
    // `by` is the size of the step: which way it goes, from and to say (PyneCore, measured on TradingView)
    if (by <= 0) throw script_stop{"the step of a 'for' loop must be greater than 0"};
    n[ip->a] = from <= to ? by : -by;
    ip += 2;
    NEXT;
  }
  OP(fortest) : {
    double i = n[ip->a], to = n[ip->b], step = n[ip[1].a];
    // na bounds run no round; a na step makes the counter na behind the first. The end is met with ==, so that a counter
    // whose fractions add up wrongly reaches it
    bool go = step > 0 ? i <= to + epsilon : step < 0 ? i >= to - epsilon : i == i && to == to;
    ip = go ? ip + 2 : code + ip->c;
    NEXT;
  }
#ifndef TT_PINE_THREADED
  case op::count_: return;
  }
#endif
}
#undef OP
#undef NEXT

} // namespace tt::pine
