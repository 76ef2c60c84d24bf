#include "actors/pine/lib/sort_field.hpp"
#include "actors/pine/lib/strings.hpp"
#include "actors/pine/registry.hpp"

#include <algorithm>

/// array.*: making, reading, changing. Statistics are in array_stat.cpp.

namespace tt::pine {

array_view array_arg(const site& c, std::size_t k) {
  auto* o = c.o(k);
  if (o == nullptr) c.stop("the array is na");
  if (o->kind != object_kind::array) c.stop("the array is something else");
  return view_of(*static_cast<array_object*>(o));
}

namespace {

/// The array for changing: an undo copy is taken first while a realtime bar is open.
array_view changing(const site& c, std::size_t k) {
  auto v = array_arg(c, k);
  if (v.array->of_the_past) c.stop("the array is that of an earlier bar, which can't be changed; change a copy of it");
  c.mem().touch(v.array);
  auto* o = c.o(k);
  if (o != v.array) c.mem().touch(o);
  return v;
}

void check_size(const site& c, std::size_t n) {
  if (n > limits::array_elements) c.stop("an array can hold at most " + std::to_string(limits::array_elements) + " elements");
}

/// The place an index means, or -1 when it is na. Version 6 counts negative ones from the end.
std::int64_t place(const site& c, std::size_t k, std::size_t size, bool at_end = false) {
  if (c.na(k)) return -1;
  auto i = c.i(k);
  auto n = i64(size);
  if (i < 0 && c.ctx->prog->version >= 6) i += n;
  if (i < 0 || i >= n + (at_end ? 1 : 0))
    c.stop("the index " + std::to_string(c.i(k)) + " is outside of the array, whose size is " + std::to_string(size));
  return i;
}

/// The array for making it longer or shorter. A row can't be, whose matrix would lose its shape.
array_view resizing(const site& c, std::size_t k) {
  auto v = changing(c, k);
  if (v.array->kind == object_kind::matrix) c.stop("the row of a matrix can't change its size");
  return v;
}

/// Slices know their own length: when an element goes in or out, theirs and their parents' follow.
void resized(const site& c, std::size_t k, std::int64_t by) {
  for (auto* a = static_cast<array_object*>(c.o(k)); a->parent != nullptr; a = a->parent) a->count = usz(i64(a->count) + by);
  if (by > 0) c.mem().grew(16 * usz(by));
}

void give(const site& c, const array_view& v, std::size_t i) {
  if (v.array->is_ref) ret_ref(c, v.ref()[i]);
  else ret_num(c, v.num()[i]);
}
void give_na(const site& c, const array_view& v) {
  if (v.array->is_ref) ret_ref(c, nullptr);
  else ret_num(c, na_value);
}

void insert_at(const site& c, const array_view& v, std::size_t i, std::size_t arg) {
  check_size(c, v.count + 1);
  auto at = static_cast<std::ptrdiff_t>(v.from + i);
  if (v.array->is_ref) v.array->ref.insert(v.array->ref.begin() + at, ref_arg(c, arg));
  else v.array->num.insert(v.array->num.begin() + at, num_arg(c, arg));
  c.shared().charge((v.count - i) / 64);
  resized(c, 0, 1);
}
void remove_at(const site& c, const array_view& v, std::size_t i) {
  give(c, v, i);
  auto at = static_cast<std::ptrdiff_t>(v.from + i);
  if (v.array->is_ref) v.array->ref.erase(v.array->ref.begin() + at);
  else v.array->num.erase(v.array->num.begin() + at);
  c.shared().charge((v.count - i) / 64);
  resized(c, 0, -1);
}

array_object* make_like(const site& c, const array_object& a) { return c.mem().make<array_object>(a.element, a.is_ref); }

void make(site& c) {
  const auto& types = *c.ctx->prog->types;
  auto element = types[c.plan->aux].arg;
  bool refs = is_reference(types, element);
  auto n = c.na(0) ? 0 : c.i(0);
  if (n < 0) c.stop("the size can't be negative");
  check_size(c, usz(n));
  c.shared().charge(usz(n) / 8);
  auto* a = c.mem().make<array_object>(element, refs);
  if (refs) a->ref.assign(usz(n), ref_arg(c, 1));
  else a->num.assign(usz(n), num_arg(c, 1));
  c.mem().grew(usz(n) * 8);
  c.reto(a);
}

void from(site& c) {
  const auto& types = *c.ctx->prog->types;
  auto element = types[c.plan->aux].arg;
  bool refs = is_reference(types, element);
  auto* a = c.mem().make<array_object>(element, refs);
  for (std::size_t i = 0; i < c.count(); ++i) {
    if (refs) a->ref.push_back(ref_arg(c, i));
    else a->num.push_back(num_arg(c, i));
  }
  c.reto(a);
}

void size(site& c) { c.ret(f64(array_arg(c, 0).count)); }
void get(site& c) {
  auto v = array_arg(c, 0);
  auto i = place(c, 1, v.count);
  if (i < 0) give_na(c, v);
  else give(c, v, usz(i));
}
void set(site& c) {
  auto v = changing(c, 0);
  auto i = place(c, 1, v.count);
  if (i < 0) return;
  if (v.array->is_ref) v.ref()[i] = ref_arg(c, 2);
  else v.num()[i] = num_arg(c, 2);
}
void push(site& c) {
  auto v = resizing(c, 0);
  insert_at(c, v, v.count, 1);
}
void unshift(site& c) { insert_at(c, resizing(c, 0), 0, 1); }
void insert(site& c) {
  auto v = resizing(c, 0);
  auto i = place(c, 1, v.count, true);
  insert_at(c, v, i < 0 ? v.count : usz(i), 2); // na: at the end (kit: log-array-na-index)
}
void pop(site& c) {
  auto v = resizing(c, 0);
  if (v.count == 0) c.stop("the array is empty");
  remove_at(c, v, v.count - 1);
}
void shift(site& c) {
  auto v = resizing(c, 0);
  if (v.count == 0) c.stop("the array is empty");
  remove_at(c, v, 0);
}
/// A na index removes nothing, but from strings and objects it takes the first (PyneCore, measured on TradingView).
void remove(site& c) {
  auto v = resizing(c, 0);
  auto i = c.na(1) && v.array->is_ref && v.count > 0 ? 0 : place(c, 1, v.count);
  if (i < 0) give_na(c, v);
  else remove_at(c, v, usz(i));
}
void clear(site& c) {
  auto v = resizing(c, 0);
  auto from_at = static_cast<std::ptrdiff_t>(v.from), to = from_at + static_cast<std::ptrdiff_t>(v.count);
  if (v.array->is_ref) v.array->ref.erase(v.array->ref.begin() + from_at, v.array->ref.begin() + to);
  else v.array->num.erase(v.array->num.begin() + from_at, v.array->num.begin() + to);
  resized(c, 0, -i64(v.count));
}
void first(site& c) {
  auto v = array_arg(c, 0);
  if (v.count == 0) c.stop("the array is empty");
  give(c, v, 0);
}
void last(site& c) {
  auto v = array_arg(c, 0);
  if (v.count == 0) c.stop("the array is empty");
  give(c, v, v.count - 1);
}

/// [from, to) with na meaning the whole.
void bounds(const site& c, std::size_t k, const array_view& v, std::size_t& a, std::size_t& b) {
  auto lo = c.na(k) ? 0 : c.i(k), hi = c.na(k + 1) ? i64(v.count) : c.i(k + 1);
  if (lo < 0 || hi > i64(v.count) || lo > hi)
    c.stop("the range from " + std::to_string(lo) + " to " + std::to_string(hi) + " is outside of the array, whose size is " + std::to_string(v.count));
  a = usz(lo);
  b = usz(hi);
}
void fill(site& c) {
  auto v = changing(c, 0);
  if (!c.na(2) && !c.na(3) && c.i(3) < c.i(2)) return; // a range that ends before it begins holds nothing (as observed)
  std::size_t a, b;
  bounds(c, 2, v, a, b);
  c.shared().charge((b - a) / 16);
  for (auto i = a; i < b; ++i) {
    if (v.array->is_ref) v.ref()[i] = ref_arg(c, 1);
    else v.num()[i] = num_arg(c, 1);
  }
}
void slice(site& c) {
  auto v = array_arg(c, 0);
  std::size_t a, b;
  bounds(c, 1, v, a, b);
  if (a >= v.count) c.stop("the slice begins at " + std::to_string(a) + ", behind the last element");
  std::uint32_t depth = 1; // each access goes through all of them
  for (auto* p = static_cast<array_object*>(c.o(0)); p->parent != nullptr; p = p->parent)
    if (++depth > limits::slice_depth) c.stop("slices of slices can be nested " + std::to_string(limits::slice_depth) + " deep at most");
  c.shared().charge(depth);
  auto* s = make_like(c, *v.array);
  s->parent = static_cast<array_object*>(c.o(0));
  s->from = a;
  s->count = b - a;
  c.reto(s);
}
void copy(site& c) {
  auto v = array_arg(c, 0);
  auto* a = make_like(c, *v.array);
  if (a->is_ref) a->ref.assign(v.ref(), v.ref() + v.count);
  else a->num.assign(v.num(), v.num() + v.count);
  c.mem().grew(v.count * 8);
  c.shared().charge(v.count / 8);
  c.reto(a);
}
void concat(site& c) {
  auto v = resizing(c, 0);
  auto w = array_arg(c, 1);
  if (v.array->is_ref != w.array->is_ref) c.stop("the arrays are of different types");
  check_size(c, v.count + w.count);
  c.shared().charge(w.count / 8);
  auto at = static_cast<std::ptrdiff_t>(v.from + v.count);
  if (v.array->is_ref) {
    std::vector<object*> more(w.ref(), w.ref() + w.count);
    v.array->ref.insert(v.array->ref.begin() + at, more.begin(), more.end());
  } else {
    std::vector<double> more(w.num(), w.num() + w.count);
    v.array->num.insert(v.array->num.begin() + at, more.begin(), more.end());
  }
  resized(c, 0, i64(w.count));
  c.reto(c.o(0));
}
void reverse(site& c) {
  auto v = changing(c, 0);
  c.shared().charge(v.count / 16);
  if (v.array->is_ref) std::reverse(v.ref(), v.ref() + v.count);
  else std::reverse(v.num(), v.num() + v.count);
}

/// Equality as Pine's == has it, but na equals nothing.
bool same(const array_view& v, std::size_t i, const site& c, std::size_t arg) {
  if (!v.array->is_ref) {
    double a = v.num()[i], b = num_arg(c, arg);
    return a == b || std::fabs(a - b) <= epsilon;
  }
  if (v.array->element == t_string) return v.ref()[i] != nullptr && ref_arg(c, arg) != nullptr && text_of(v.ref()[i]) == text_of(ref_arg(c, arg));
  return v.ref()[i] == ref_arg(c, arg);
}
std::int64_t search(const site& c, bool backwards) {
  auto v = array_arg(c, 0);
  c.shared().charge(v.count / 8);
  for (std::size_t k = 0; k < v.count; ++k) {
    auto i = backwards ? v.count - 1 - k : k;
    if (same(v, i, c, 1)) return i64(i);
  }
  return -1;
}
void includes(site& c) { c.ret(from_bool(search(c, false) >= 0)); }
void indexof(site& c) { c.ret(f64(search(c, false))); }
void lastindexof(site& c) { c.ret(f64(search(c, true))); }

void join(site& c) {
  auto v = array_arg(c, 0);
  const auto& types = *c.ctx->prog->types;
  std::string out;
  for (std::size_t i = 0; i < v.count; ++i) {
    c.shared().charge(c.s(1).size() / limits::bytes_per_step + 1);
    if (i > 0) out += c.s(1);
    if (v.array->element == t_float) {
      auto s = text_of_value(types, t_float, v.num()[i], nullptr, c.ctx);
      if (s.find('.') == std::string::npos && s != "NaN") s += ".0"; // (kit: log-array-float)
      out += s;
    } else {
      out += text_of_value(types, v.array->element, v.array->is_ref ? na_value : v.num()[i], v.array->is_ref ? v.ref()[i] : nullptr, c.ctx);
    }
    if (out.size() > limits::string_chars) break;
  }
  c.ret_text(std::move(out));
}

/// What sort, sort_indices and the binary searches compare: the elements, or one field of objects.
struct sort_key {
  array_view view;
  const udt_field* field = nullptr;
  bool ref = false; ///< the key is a string

  double num(std::size_t i) const { return field == nullptr ? view.num()[i] : record(i) == nullptr ? na_value : record(i)->num[field->slot]; }
  const object* text(std::size_t i) const { return field == nullptr ? view.ref()[i] : record(i) == nullptr ? nullptr : record(i)->ref[field->slot]; }
  const record_object* record(std::size_t i) const { return static_cast<const record_object*>(view.ref()[i]); }
  /// na stands behind all numbers and before all strings (PyneCore, measured on TradingView).
  bool less(std::size_t a, std::size_t b) const {
    if (ref) {
      if (text(a) == nullptr || text(b) == nullptr) return text(a) == nullptr && text(b) != nullptr;
      return text_of(text(a)) < text_of(text(b));
    }
    double x = num(a), y = num(b);
    if (is_na(x)) return false;
    return is_na(y) || x < y;
  }
};

/// `arg` is the place of sort_field among the arguments.
sort_key key_of(const site& c, const array_view& v, std::size_t arg) {
  const auto& types = *c.ctx->prog->types;
  auto element = v.array->element;
  if (types.kind(element) != type_kind::object) {
    if (v.array->is_ref && element != t_string) c.stop("elements of type " + types.name(element) + " have no order");
    return {v, nullptr, v.array->is_ref};
  }
  const auto& info = types[element];
  const auto& field = sort_field(c, info, arg);
  return {v, &field, field.type == t_string};
}

std::vector<std::size_t> sorted_order(const site& c, const array_view& v) {
  c.shared().charge(v.count * 4);
  auto key = v.count > 0 ? key_of(c, v, 2) : sort_key{v, nullptr, false};
  std::vector<std::size_t> order(v.count);
  for (std::size_t i = 0; i < v.count; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key.less(a, b); });
  if (c.s(1) == "descending") std::reverse(order.begin(), order.end()); // equal elements turn round as well (kit: log-array-*)
  return order;
}
void sort(site& c) {
  auto v = changing(c, 0);
  auto order = sorted_order(c, v);
  if (v.array->is_ref) {
    std::vector<object*> copy_of(v.ref(), v.ref() + v.count);
    for (std::size_t i = 0; i < v.count; ++i) v.ref()[i] = copy_of[order[i]];
  } else {
    std::vector<double> copy_of(v.num(), v.num() + v.count);
    for (std::size_t i = 0; i < v.count; ++i) v.num()[i] = copy_of[order[i]];
  }
}
void sort_indices(site& c) {
  auto v = array_arg(c, 0);
  auto* out = c.mem().make<array_object>(type_id(t_int), false);
  for (auto i : sorted_order(c, v)) out->num.push_back(f64(i));
  c.mem().grew(v.count * 8);
  c.reto(out);
}

enum class bound : std::uint8_t { exact, left, right };
/// A plain halving search decides which of equal elements binary_search finds. Without a hit leftmost gives the last
/// smaller element, but at least 0, and rightmost the first greater one. (PyneCore, measured on TradingView.)
template <bound B>
void binary(site& c) {
  auto v = array_arg(c, 0);
  double x = c.f(1);
  auto key = v.count > 0 ? key_of(c, v, 2) : sort_key{v, nullptr, false};
  if (key.ref) c.stop("a binary search needs numbers");
  std::int64_t low = 0, high = i64(v.count) - 1, hit = -1;
  while (low <= high && hit < 0) {
    auto mid = (low + high) / 2;
    double y = key.num(usz(mid));
    if (y == x) hit = mid;
    else if (x < y) high = mid - 1;
    else low = mid + 1;
  }
  if constexpr (B == bound::exact) return c.ret(f64(hit));
  if constexpr (B == bound::left) {
    if (hit < 0) return c.ret(f64(std::max<std::int64_t>(low - 1, 0)));
    while (hit > 0 && key.num(usz(hit - 1)) == x) --hit;
  } else {
    if (hit < 0) return c.ret(f64(high + 1));
    while (hit + 1 < i64(v.count) && key.num(usz(hit + 1)) == x) ++hit;
  }
  c.ret(f64(hit));
}

template <bool All>
void quantified(site& c) {
  auto v = array_arg(c, 0);
  if (v.array->is_ref) c.stop("the elements are neither bools nor numbers");
  c.shared().charge(v.count / 16);
  for (std::size_t i = 0; i < v.count; ++i)
    if (truthy(v.num()[i]) != All) return c.ret(from_bool(!All));
  c.ret(from_bool(All && v.count > 0)); // an empty array has no true element
}

/// One step of `for ... in`: whether there is another element, and which. Maps give key and value, matrices their rows
/// themselves, not copies of them: what is set in a row is set in the matrix (Pine manual, "Matrices", for...in).
void next_element(site& c) {
  auto* o = c.o(0);
  if (o == nullptr) return c.ret(0);
  auto i = usz(c.i(1));
  if (o->kind == object_kind::array) {
    auto v = view_of(*static_cast<array_object*>(o));
    if (i >= v.count) return c.ret(0);
    if (v.array->is_ref != is_reference(*c.ctx->prog->types, c.plan->out_types[1])) c.stop("the array is of another type");
    if (v.array->is_ref) c.reto(1, v.ref()[i]);
    else c.ret(1, v.num()[i]);
  } else if (o->kind == object_kind::matrix) {
    auto& m = *static_cast<matrix_object*>(o);
    if (i >= m.rows) return c.ret(0);
    auto* row = c.mem().make<array_object>(m.element, m.is_ref);
    row->parent = &m;
    row->from = i;
    c.reto(1, row);
  } else {
    auto& m = *static_cast<map_object*>(o);
    std::size_t seen = 0;
    for (const auto& e : m.entries) {
      if (!e.live || seen++ < i) continue;
      if (m.value_ref) c.reto(1, e.vref);
      else c.ret(1, e.vnum);
      if (m.key_ref) c.reto(2, e.kref);
      else c.ret(2, e.knum);
      c.shared().charge(seen / 16);
      return c.ret(1);
    }
    return c.ret(0);
  }
  c.ret(1);
}

} // namespace

const std::vector<builtin_row>& array_rows() {
  static const std::vector<builtin_row> rows{
      {"array.new(int size=0, T initial_value=na) array<T>", make},
      {"array.new_bool(int size=0, bool initial_value=na) array<bool>", make},
      {"array.new_int(int size=0, int initial_value=na) array<int>", make},
      {"array.new_float(int size=0, float initial_value=na) array<float>", make},
      {"array.new_color(int size=0, color initial_value=na) array<color>", make},
      {"array.new_string(int size=0, string initial_value=na) array<string>", make},
      {"array.new_line(int size=0, line initial_value=na) array<line>", make},
      {"array.new_label(int size=0, label initial_value=na) array<label>", make},
      {"array.new_box(int size=0, box initial_value=na) array<box>", make},
      {"array.new_table(int size=0, table initial_value=na) array<table>", make},
      {"array.new_linefill(int size=0, linefill initial_value=na) array<linefill>", make},
      {"array.from(T arg0, T ...) array<T>", from},
      {"array.size(array<T> id) int", size},
      {"array.get(array<T> id, int index) T", get},
      {"array.set(array<T> id, int index, T value) void", set},
      {"array.push(array<T> id, T value) void", push},
      {"array.unshift(array<T> id, T value) void", unshift},
      {"array.insert(array<T> id, int index, T value) void", insert},
      {"array.pop(array<T> id) T", pop},
      {"array.shift(array<T> id) T", shift},
      {"array.remove(array<T> id, int index) T", remove},
      {"array.clear(array<T> id) void", clear},
      {"array.first(array<T> id) T", first},
      {"array.last(array<T> id) T", last},
      {"array.fill(array<T> id, T value, int index_from=0, int index_to=na) void", fill},
      {"array.slice(array<T> id, int index_from, int index_to) array<T>", slice},
      {"array.copy(array<T> id) array<T>", copy},
      {"array.concat(array<T> id1, array<T> id2) array<T>", concat},
      {"array.reverse(array<T> id) void", reverse},
      {"array.includes(array<T> id, T value) bool", includes},
      {"array.indexof(array<T> id, T value) int", indexof},
      {"array.lastindexof(array<T> id, T value) int", lastindexof},
      {"array.join(array<T> id, string separator=\"\") string", join},
      {"array.sort(array<T> id, string order=\"ascending\", string sort_field=?) void", sort},
      {"array.sort(array<T> id, string order=\"ascending\", int sort_field) void", sort},
      {"array.sort_indices(array<T> id, string order=\"ascending\", string sort_field=?) array<int>", sort_indices},
      {"array.sort_indices(array<T> id, string order=\"ascending\", int sort_field) array<int>", sort_indices},
      {"array.binary_search(array<num> id, float val) int", binary<bound::exact>},
      {"array.binary_search(array<any> id, float val, string sort_field=?) int", binary<bound::exact>},
      {"array.binary_search(array<any> id, float val, int sort_field) int", binary<bound::exact>},
      {"array.binary_search_leftmost(array<num> id, float val) int", binary<bound::left>},
      {"array.binary_search_leftmost(array<any> id, float val, string sort_field=?) int", binary<bound::left>},
      {"array.binary_search_leftmost(array<any> id, float val, int sort_field) int", binary<bound::left>},
      {"array.binary_search_rightmost(array<num> id, float val) int", binary<bound::right>},
      {"array.binary_search_rightmost(array<any> id, float val, string sort_field=?) int", binary<bound::right>},
      {"array.binary_search_rightmost(array<any> id, float val, int sort_field) int", binary<bound::right>},
      {"array.every(array<bool> id) bool", quantified<true>},
      {"array.every(array<num> id) bool", quantified<true>},
      {"array.some(array<bool> id) bool", quantified<false>},
      {"array.some(array<num> id) bool", quantified<false>},
      {"$next(any a) void", next_element},
  };
  return rows;
}

} // namespace tt::pine
