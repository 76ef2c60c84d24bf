#include "actors/pine/column_run.hpp"
#include "actors/pine/lib/strings.hpp"
#include "actors/pine/requests.hpp"
#include "actors/pine/runtime.hpp"
#include "actors/pine/limits.hpp"

#include <algorithm>
#include <bit>

namespace tt::pine {

object* context::as_it_is(object* o) {
  auto* a = static_cast<array_object*>(o); // as the compiler has seen to
  if (a == nullptr || a->of_the_past) return a;
  const auto view = view_of(*a);
  shared.charge(view.count * 8 / limits::bytes_per_step);
  array_object* out;
  if (a->kind == object_kind::matrix) {
    auto* m = shared.objects.make<matrix_object>(a->element, a->is_ref);
    m->rows = static_cast<const matrix_object*>(a)->rows;
    m->cols = static_cast<const matrix_object*>(a)->cols;
    out = m;
  } else {
    out = shared.objects.make<array_object>(a->element, a->is_ref);
  }
  if (a->is_ref) out->ref.assign(view.ref(), view.ref() + view.count);
  else out->num.assign(view.num(), view.num() + view.count);
  shared.objects.grew(view.count * 8);
  out->of_the_past = true;
  return out;
}

namespace {
constexpr std::uint32_t smallest_ring = 8;
}

void shared_state::windows_grew(std::uint64_t bytes) {
  window_bytes += bytes;
  if (window_bytes > settings.limit.heap_bytes)
    throw script_stop{"the script keeps more than " + std::to_string(settings.limit.heap_bytes >> 20) + " MiB of past values: its lengths or offsets are too long"};
}

double* context::allocate(std::uint64_t doubles) {
  shared.windows_grew(doubles * sizeof(double));
  chunks_.push_back({std::make_unique<double[]>(doubles), doubles, false});
  return chunks_.back().data.get();
}

void context::reserve(window& w, std::uint64_t need, std::uint64_t total) {
  if (w.data != nullptr && need <= w.mask) return;
  shared.charge(need);
  auto size = std::bit_ceil(std::max<std::uint64_t>(need + 1, 4));
  auto* data = allocate(size);
  if (w.data != nullptr)
    for (std::uint64_t k = 0; k <= w.mask && k < total; ++k) {
      auto at = total - 1 - k;
      data[at & (size - 1)] = w.data[at & w.mask];
    }
  w.data = data;
  w.mask = size - 1;
}

void context::reserve_exact(window& w, std::uint64_t need) {
  if (w.data != nullptr && need <= w.mask) return;
  shared.charge(need);
  auto size = std::bit_ceil(std::max<std::uint64_t>(need + 1, 4));
  auto* data = allocate(size);
  chunks_.back().copied = true;
  if (w.data != nullptr) std::copy(w.data, w.data + w.mask + 1, data);
  w.data = data;
  w.mask = size - 1;
}

void context::grow(ring& r) {
  auto size = (r.mask + 1) * 2;
  auto* data = allocate(size);
  // the newest value isn't written yet: total already counts it
  for (std::uint64_t k = 1; k <= r.mask + 1 && k < r.total; ++k) {
    auto at = r.total - 1 - k;
    data[at & (size - 1)] = r.data[at & r.mask];
  }
  r.data = data;
  r.mask = size - 1;
}

void context::repeat_newest(ring& r, std::int64_t last) {
  auto newest = r.data[(r.total - 1) & r.mask];
  auto missed = static_cast<std::uint64_t>(last - r.bar);
  auto kept = std::max<std::uint64_t>(r.cap, r.mask + 1);
  if (missed > kept) {
    r.total += missed - kept; // everything older falls out of the ring
    missed = kept;
  }
  for (; missed > 0; --missed) {
    ++r.total;
    if (r.total > r.mask && r.cap > r.mask + 1) grow(r);
    r.data[(r.total - 1) & r.mask] = newest;
  }
  r.bar = last;
}

context::context(std::shared_ptr<const program> p, shared_state& s, std::shared_ptr<const symbol_info> sym,
                 timeframe frame, const std::vector<input_value>& given, chart_kind chart)
    : shared(s), symbol(std::move(sym)), tf(frame), cal(symbol->timezone, symbol->session), prog(std::move(p)),
      inputs(given), chart_(chart) {
  if (!symbol->regular_session.empty()) regular_cal.emplace(symbol->timezone, symbol->regular_session);
  code_ = prog->code.data();
  lines_ = &prog->lines;
  every_bar_ = prog->every_bar;
  numbers_ = prog->num_init;
  references_.assign(prog->refs + 1, nullptr);
  num = numbers_.data();
  ref = references_.data();
  for (const auto& [reg, text] : prog->text_init) {
    auto* t = shared.objects.text(text);
    t->pinned = true;
    ref[reg] = t;
  }
  state_.assign(prog->state_bytes + 16, std::byte{0});
  for (const auto& plan : prog->rings) {
    auto* r = new (state_.data() + plan.state) ring{};
    std::uint64_t size = std::bit_ceil(std::max<std::uint64_t>(plan.depth + 2, plan.dynamic ? smallest_ring : 2));
    auto asked = std::max(plan.asked, u32(prog->decl.max_bars_back));
    r->limit = !plan.dynamic || asked > 0 ? std::max(plan.depth, asked) : limits::history;
    r->data = allocate(size);
    r->mask = size - 1;
    r->reg = plan.reg;
    r->cap = plan.dynamic ? std::bit_ceil(limits::history + 2u) : 0;
  }
  std::size_t pointers = 0;
  for (const auto& plan : prog->sites) pointers += plan.args.size() + plan.outs.size();
  pointers_.resize(pointers);
  sites_.resize(prog->sites.size());
  std::size_t at = 0;
  auto bind = [&](std::uint32_t reg, type_id t) {
    auto& ptr = pointers_[at++];
    if (is_reference(*prog->types, t)) ptr.r = ref + reg;
    else ptr.n = num + reg;
  };
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    const auto& plan = prog->sites[i];
    auto& c = sites_[i];
    c.fn = plan.fn;
    c.ctx = this;
    c.plan = &plan;
    c.state = state_.data() + plan.state;
    c.args = pointers_.data() + at;
    for (std::size_t k = 0; k < plan.args.size(); ++k) bind(plan.args[k], plan.types[k] == t_void ? t_float : plan.types[k]);
    c.outs = pointers_.data() + at;
    for (std::size_t k = 0; k < plan.outs.size(); ++k) bind(plan.outs[k], plan.out_types[k]);
  }
  for (const auto& use : prog->input_uses) {
    if (use.index >= inputs.size()) continue;
    const auto& v = inputs[use.index];
    if (use.is_ref) {
      auto* t = shared.objects.text(v.text);
      t->pinned = true;
      ref[use.reg] = t;
    } else {
      num[use.reg] = v.number;
    }
  }
  load_fixed();
}

context::~context() { drop_chunks(0); }

void context::drop_chunks(std::size_t kept) {
  for (auto i = kept; i < chunks_.size(); ++i) shared.window_bytes -= chunks_[i].size * sizeof(double);
  chunks_.resize(kept);
}

void context::execute(const bar& b, const bar_flags& f) {
  flags = f;
  if (f.fresh) {
    if (index >= 0) {
      prev_time = current.time_ms;
      prev_close = current.close;
    }
    ++index;
    now = index + 1;
  }
  current = b;
  times_[usz(index & (times_size - 1))] = b.time_ms;
  load_bar();
  if (columns_ != nullptr) [[unlikely]] load_columns();
  for (auto i : every_bar_) sites_[i].fn(sites_[i]);
  run();
  if (columns_ != nullptr) [[unlikely]] note_columns();
}

namespace {
/// A call whose work is part of what a column says of itself.
void call_metered(site& c) {
  const auto before = c.shared().steps_left;
  c.plan->fn(c);
  c.ctx->columns()->note_work(u32(c.plan - c.ctx->prog->sites.data()), before - c.shared().steps_left);
}
} // namespace

void context::share(std::unique_ptr<column_run> columns) {
  columns_ = std::move(columns);
  for (auto i : columns_->metered()) sites_[i].fn = call_metered;
  if (!columns_->cut()) return;
  const auto& cut = *columns_->cut();
  code_ = cut.code.data();
  lines_ = &cut.lines;
  every_bar_ = cut.every_bar;
  bar_loads_.clear();
  for (std::size_t k = 0; k < prog->loads.size(); ++k)
    if (cut.loaded[k] && is_of_bar(prog->loads[k].field)) bar_loads_.push_back(prog->loads[k]);
}

void context::load_columns() {
  if (usz(index) >= columns_->bars() || flags.realtime) throw script_stop{"the run goes on behind the bars that it shares columns of"};
  columns_->load(usz(index));
}
void context::note_columns() { columns_->note(usz(index)); }

void context::save() {
  // what restore() goes back to must not lie under values that push() fills in after it
  for (const auto& plan : prog->rings) {
    auto& r = *reinterpret_cast<ring*>(state_.data() + plan.state);
    if (r.total > 0 && r.bar < now) repeat_newest(r, now);
  }
  saved_.numbers = numbers_;
  saved_.references = references_;
  saved_.state = state_;
  saved_.chunks = chunks_.size();
  saved_.instances = instances.size();
  saved_.copied_chunks.clear();
  for (const auto& c : chunks_)
    if (c.copied) saved_.copied_chunks.emplace_back(c.data.get(), c.data.get() + c.size);
  saved_.taken = true;
  saved_.next_drawing = shared.next_drawing;
  if (shared.root == this) saved_.drawings = shared.drawings;
  for (auto& i : instances)
    if (i != nullptr) i->save();
}

void context::restore() {
  auto keep = [](auto& now_values, auto& saved, const std::vector<std::uint32_t>& regs) {
    for (auto r : regs) saved[r] = now_values[r];
  };
  keep(numbers_, saved_.numbers, prog->varip_num);
  keep(references_, saved_.references, prog->varip_ref);
  std::copy(saved_.numbers.begin(), saved_.numbers.end(), numbers_.begin());
  std::copy(saved_.references.begin(), saved_.references.end(), references_.begin());
  std::copy(saved_.state.begin(), saved_.state.end(), state_.begin());
  drop_chunks(saved_.chunks);
  std::size_t k = 0;
  for (const auto& c : chunks_)
    if (c.copied && k < saved_.copied_chunks.size()) {
      std::copy(saved_.copied_chunks[k].begin(), saved_.copied_chunks[k].end(), c.data.get());
      ++k;
    }
  instances.resize(saved_.instances); // those made since are made again when asked for
  for (auto& i : instances)
    if (i != nullptr) i->restore();
}

void context::revive_drawings() {
  shared.drawings = saved_.drawings; // those made since are gone, those deleted since are back
  shared.next_drawing = saved_.next_drawing;
  for (auto& n : shared.drawings_of) n = 0;
  for (auto& [_, d] : shared.drawings) ++shared.drawings_of[d->type];
}

void context::forget() {
  saved_.taken = false;
  saved_.drawings.clear();
  for (auto& i : instances)
    if (i != nullptr) i->forget();
}

namespace {
void mark_ring(const std::vector<std::byte>& state, const ring_plan& plan, heap& h) {
  const auto& r = *reinterpret_cast<const ring*>(state.data() + plan.state);
  auto count = std::min<std::uint64_t>(r.total, r.mask + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    object* o;
    std::memcpy(&o, &r.data[(r.total - 1 - i) & r.mask], sizeof o);
    h.mark(o);
  }
}
} // namespace

void context::mark(const snapshot& s, heap& h) const {
  for (auto* o : s.references) h.mark(o);
  for (const auto& [_, d] : s.drawings) h.mark(d);
  if (!s.taken || s.state.size() != state_.size()) return;
  for (const auto& plan : prog->rings)
    if (plan.is_ref) mark_ring(s.state, plan, h);
}

void context::mark(heap& h) const {
  for (auto* o : references_) h.mark(o);
  for (const auto& plan : prog->rings)
    if (plan.is_ref) mark_ring(state_, plan, h);
  mark(saved_, h);
  for (const auto& i : instances)
    if (i != nullptr) i->mark(h);
}

} // namespace tt::pine
