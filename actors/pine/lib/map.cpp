#include "actors/pine/limits.hpp"
#include "actors/pine/registry.hpp"
#include "actors/pine/runtime.hpp"

#include <bit>

/// map.*: pairs in order of insertion.

namespace tt::pine {
namespace {

map_object& map_arg(const site& c, std::size_t k = 0) { return need<map_object>(c, k, "the map"); }
map_object& changing(const site& c) {
  auto& m = map_arg(c);
  c.mem().touch(&m);
  return m;
}

struct key {
  double num = 0;
  object* ref = nullptr;
};
key key_arg(const site& c, const map_object& m, std::size_t k) {
  return m.key_ref ? key{0, ref_arg(c, k)} : key{num_arg(c, k), nullptr};
}

/// Index of the pair, or -1. na is a key like any other for numbers.
std::int64_t find(const map_object& m, const key& k) {
  if (m.key_ref) {
    if (k.ref == nullptr) return -1;
    auto it = m.by_text.find(text_of(k.ref));
    return it == m.by_text.end() ? -1 : i64(it->second);
  }
  if (is_na(k.num)) return -1;
  auto it = m.by_num.find(k.num);
  return it == m.by_num.end() ? -1 : i64(it->second);
}

void index(map_object& m, const map_object::entry& e, std::size_t at) {
  if (m.key_ref) m.by_text[text_of(e.kref)] = at;
  else m.by_num[e.knum] = at;
}

void put_pair(const site& c, map_object& m, const map_object::entry& e) {
  auto at = find(m, {e.knum, e.kref});
  if (at >= 0) {
    m.entries[usz(at)].vnum = e.vnum;
    m.entries[usz(at)].vref = e.vref;
    return;
  }
  if (m.key_ref ? e.kref == nullptr : is_na(e.knum)) return; // na can't be a key
  if (m.entries.size() - m.dead >= limits::map_pairs)
    c.stop("a map can hold at most " + std::to_string(limits::map_pairs) + " pairs");
  m.entries.push_back(e);
  index(m, e, m.entries.size() - 1);
  c.mem().grew(96);
}

void compact(map_object& m) {
  if (m.dead < 32 || m.dead * 2 < m.entries.size()) return;
  std::erase_if(m.entries, [](const auto& e) { return !e.live; });
  m.dead = 0;
  m.by_num.clear();
  m.by_text.clear();
  for (std::size_t i = 0; i < m.entries.size(); ++i) index(m, m.entries[i], i);
}

void give(const site& c, const map_object& m, std::int64_t at) {
  if (m.value_ref) ret_ref(c, at < 0 ? nullptr : m.entries[usz(at)].vref);
  else ret_num(c, at < 0 ? na_value : m.entries[usz(at)].vnum);
}

void make(site& c) {
  const auto& types = *c.ctx->prog->types;
  const auto& t = types[c.plan->aux];
  c.reto(c.mem().make<map_object>(t.arg, is_reference(types, t.arg), t.arg2, is_reference(types, t.arg2)));
}
void size(site& c) {
  auto& m = map_arg(c);
  c.ret(f64(m.entries.size() - m.dead));
}
void get(site& c) {
  auto& m = map_arg(c);
  give(c, m, find(m, key_arg(c, m, 1)));
}
void contains(site& c) {
  auto& m = map_arg(c);
  c.ret(from_bool(find(m, key_arg(c, m, 1)) >= 0));
}
void put(site& c) {
  auto& m = changing(c);
  auto k = key_arg(c, m, 1);
  map_object::entry e;
  e.knum = k.num;
  e.kref = k.ref;
  if (m.value_ref) e.vref = ref_arg(c, 2);
  else e.vnum = num_arg(c, 2);
  auto at = find(m, k);
  double old_num = at < 0 ? na_value : m.entries[usz(at)].vnum;
  object* old_ref = at < 0 ? nullptr : m.entries[usz(at)].vref;
  put_pair(c, m, e);
  if (m.value_ref) ret_ref(c, old_ref);
  else ret_num(c, old_num);
}
void put_all(site& c) {
  auto& m = changing(c);
  const auto& from = map_arg(c, 1);
  if (from.key_ref != m.key_ref || from.value_ref != m.value_ref) c.stop("the maps are of different types");
  auto others = from.entries;
  c.shared().charge(others.size());
  for (const auto& e : others)
    if (e.live) put_pair(c, m, e);
}
void remove(site& c) {
  auto& m = changing(c);
  auto k = key_arg(c, m, 1);
  auto at = find(m, k);
  give(c, m, at);
  if (at < 0) return;
  m.entries[usz(at)].live = false;
  ++m.dead;
  if (m.key_ref) m.by_text.erase(text_of(k.ref));
  else m.by_num.erase(k.num);
  compact(m);
}
void clear(site& c) {
  auto& m = changing(c);
  m.entries.clear();
  m.by_num.clear();
  m.by_text.clear();
  m.dead = 0;
}
void copy(site& c) {
  auto& m = map_arg(c);
  c.shared().charge(m.entries.size());
  auto* n = c.mem().make<map_object>(m.key, m.key_ref, m.value, m.value_ref);
  for (const auto& e : m.entries)
    if (e.live) put_pair(c, *n, e);
  c.reto(n);
}
template <bool Keys>
void list(site& c) {
  auto& m = map_arg(c);
  c.shared().charge(m.entries.size() / 4);
  bool refs = Keys ? m.key_ref : m.value_ref;
  auto* a = c.mem().make<array_object>(Keys ? m.key : m.value, refs);
  for (const auto& e : m.entries) {
    if (!e.live) continue;
    if (refs) a->ref.push_back(Keys ? e.kref : e.vref);
    else a->num.push_back(Keys ? e.knum : e.vnum);
  }
  c.mem().grew(m.entries.size() * 8);
  c.reto(a);
}

} // namespace

const std::vector<builtin_row>& map_rows() {
  static const std::vector<builtin_row> rows{
      {"map.new() map<K,V>", make},
      {"map.size(map<K,V> id) int", size},
      {"map.get(map<K,V> id, K key) V", get},
      {"map.contains(map<K,V> id, K key) bool", contains},
      {"map.put(map<K,V> id, K key, V value) V", put},
      {"map.put_all(map<K,V> id, map<K,V> id2) void", put_all},
      {"map.remove(map<K,V> id, K key) V", remove},
      {"map.clear(map<K,V> id) void", clear},
      {"map.copy(map<K,V> id) map<K,V>", copy},
      {"map.keys(map<K,V> id) array<K>", list<true>},
      {"map.values(map<K,V> id) array<V>", list<false>},
  };
  return rows;
}

} // namespace tt::pine
