#include "actors/pine/lib/drawing.hpp"

#include "actors/pine/lib/strings.hpp"
#include "actors/pine/registry.hpp"

#include <array>

/// line.*, linefill.*, label.*, box.*, polyline.*, table.*, chart.point.*: drawings as data.
/// When there are more than the script's max_*_count, the oldest go.

namespace tt::pine {

namespace {

std::vector<drawing_property> layout(std::initializer_list<std::pair<std::string_view, type_id>> list) {
  std::vector<drawing_property> out;
  std::uint32_t n = 0, r = 0;
  for (const auto& [name, t] : list) {
    bool ref = t == t_string || t == t_line || t >= t_first_composite;
    out.push_back({name, t, ref ? r++ : n++});
  }
  return out;
}
constexpr type_id t_list = t_first_composite; // any collection: only "is a reference" matters here

} // namespace

const std::vector<drawing_property>& properties_of(type_id t) {
  static const auto line = layout({{"x1", t_int}, {"y1", t_float}, {"x2", t_int}, {"y2", t_float}, {"xloc", t_string},
                                   {"extend", t_string}, {"color", t_color}, {"style", t_string}, {"width", t_int},
                                   {"force_overlay", t_bool}});
  static const auto linefill = layout({{"line1", t_line}, {"line2", t_line}, {"color", t_color}});
  static const auto label = layout({{"x", t_int}, {"y", t_float}, {"text", t_string}, {"xloc", t_string}, {"yloc", t_string},
                                    {"color", t_color}, {"style", t_string}, {"textcolor", t_color}, {"size", t_string},
                                    {"textalign", t_string}, {"tooltip", t_string}, {"text_font_family", t_string},
                                    {"force_overlay", t_bool}, {"text_formatting", t_string}});
  static const auto box = layout({{"left", t_int}, {"top", t_float}, {"right", t_int}, {"bottom", t_float},
                                  {"border_color", t_color}, {"border_width", t_int}, {"border_style", t_string},
                                  {"extend", t_string}, {"xloc", t_string}, {"bgcolor", t_color}, {"text", t_string},
                                  {"text_size", t_string}, {"text_color", t_color}, {"text_halign", t_string},
                                  {"text_valign", t_string}, {"text_wrap", t_string}, {"text_font_family", t_string},
                                  {"force_overlay", t_bool}, {"text_formatting", t_string}});
  static const auto polyline = layout({{"points", t_list}, {"curved", t_bool}, {"closed", t_bool}, {"xloc", t_string},
                                       {"line_color", t_color}, {"fill_color", t_color}, {"line_style", t_string},
                                       {"line_width", t_int}, {"force_overlay", t_bool}});
  static const auto table = layout({{"position", t_string}, {"columns", t_int}, {"rows", t_int}, {"bgcolor", t_color},
                                    {"frame_color", t_color}, {"frame_width", t_int}, {"border_color", t_color},
                                    {"border_width", t_int}, {"force_overlay", t_bool}, {"cells", t_list}, {"merged", t_list}});
  static const std::vector<drawing_property> none;
  switch (t) {
  case t_line: return line;
  case t_linefill: return linefill;
  case t_label: return label;
  case t_box: return box;
  case t_polyline: return polyline;
  case t_table: return table;
  default: return none;
  }
}

namespace {

bool property_is_ref(const drawing_property& p) { return p.type == t_string || p.type == t_line || p.type >= t_first_composite; }

const drawing_property& property(const site& c, type_id t, std::string_view name) {
  for (const auto& p : properties_of(t))
    if (p.name == name) return p;
  c.stop("has no property " + std::string(name)); // a wrong table, found by the first test
}

std::size_t most_of(const site& c, type_id t) {
  const auto* d = c.shared().decl;
  if (d == nullptr) return 50;
  switch (t) {
  case t_line: return usz(d->max_lines);
  case t_label: return usz(d->max_labels);
  case t_box: return usz(d->max_boxes);
  case t_polyline: return usz(d->max_polylines);
  case t_linefill: return usz(d->max_lines);
  default: return limits::tables;
  }
}

void forget(const site& c, drawing_object& d) {
  if (d.deleted) return;
  c.mem().touch(&d);
  d.deleted = true;
  auto& s = c.shared();
  s.drawings.erase(d.id);
  --s.drawings_of[d.type];
  if (d.type != t_line) return;
  s.charge(s.drawings.size() / 4);
  // a fill goes with its lines
  std::vector<drawing_object*> fills;
  for (auto& [_, o] : s.drawings)
    if (o->type == t_linefill && (o->ref[0] == &d || o->ref[1] == &d)) fills.push_back(o);
  for (auto* f : fills) forget(c, *f);
}

drawing_object* create(const site& c, type_id t) {
  auto& s = c.shared();
  s.charge(limits::drawing_steps);
  std::size_t numbers = 0, refs = 0;
  for (const auto& p : properties_of(t)) (property_is_ref(p) ? refs : numbers)++;
  if (s.drawings_of[t] >= most_of(c, t)) {
    if (most_of(c, t) == 0) return nullptr;
    s.charge(s.drawings.size() / 4); // the oldest of its kind is looked for among all
    for (auto& [_, o] : s.drawings)
      if (o->type == t) {
        forget(c, *o);
        break;
      }
  }
  auto* d = c.mem().make<drawing_object>(t, numbers, refs);
  d->id = s.next_drawing++;
  s.drawings[d->id] = d;
  ++s.drawings_of[t];
  return d;
}

void put(drawing_object& d, const drawing_property& p, const site& c, std::size_t arg) {
  if (property_is_ref(p)) {
    auto t = c.type(arg);
    if (is_number(t)) { // point sizes of text are numbers
      d.ref[p.slot] = c.mem().text(text_of_value(*c.ctx->prog->types, t, c.f(arg), nullptr, c.ctx));
    } else {
      if (p.type == t_string) text_work(c, c.s(arg).size()); // it is written out with the drawing
      d.ref[p.slot] = c.o(arg);
    }
  } else {
    d.num[p.slot] = p.type == t_int ? std::trunc(c.f(arg)) : c.f(arg); // a bar's number loses its fraction
  }
}

bool by_time(const drawing_object& d, std::uint32_t xloc_slot) { return text_of(d.ref[xloc_slot]) == "bar_time"; }

[[noreturn]] void too_far(const site& c, double x) {
  const bool ahead = x > f64(c.ctx->index);
  c.stop("bar " + std::to_string(to_int(x)) + " is more than " + std::to_string(ahead ? limits::drawing_bars_ahead : limits::drawing_bars_back) +
         (ahead ? " bars ahead of" : " bars before") + " the present bar, which is " + std::to_string(c.ctx->index) + "; use xloc.bar_time there");
}
/// Stops the script where a number of a bar lies too far from the bar on which it is used. Times may be anything.
void check_bar(const site& c, const drawing_object& d, double x) {
  const double away = x - f64(c.ctx->index);
  if (is_na(x) || (away <= limits::drawing_bars_ahead && away >= -limits::drawing_bars_back)) return;
  if (!by_time(d, property(c, d.type, "xloc").slot)) too_far(c, x);
}
/// Whether the property is where a line, label or box stands in time.
bool is_place(const drawing_property& p) { return p.type == t_int && (p.slot == 0 || p.slot == 2); }
void check_bars(const site& c, const drawing_object& d) {
  for (const auto& p : properties_of(d.type))
    if (is_place(p) && d.type != t_table) check_bar(c, d, d.num[p.slot]);
}

/// Constructor whose parameters are the properties in order.
drawing_object* build(site& c, type_id t) {
  auto* d = create(c, t);
  const auto& props = properties_of(t);
  for (std::size_t i = 0; d != nullptr && i < props.size() && i < c.count(); ++i) put(*d, props[i], c, i);
  if (d != nullptr) check_bars(c, *d);
  c.reto(d);
  return d;
}
template <type_id T>
void make(site& c) {
  (void)build(c, T);
}
/// A polyline keeps its points as they are when it is drawn, index, time and price of each: what happens to the array and
/// to its points later doesn't move it (manual: polylines, "Closed shapes": one array serves for all polygons).
void polyline_new(site& c) {
  auto* d = build(c, t_polyline);
  auto* points = static_cast<array_object*>(c.o(0));
  if (d == nullptr || points == nullptr) return;
  const auto view = view_of(*points);
  c.shared().charge(view.count);
  auto* kept = c.mem().make<array_object>(type_id(t_float), false);
  kept->num.reserve(3 * view.count);
  for (std::size_t i = 0; i < view.count; ++i) {
    const auto* p = static_cast<const record_object*>(view.ref()[i]);
    for (std::size_t k = 0; k < 3; ++k) kept->num.push_back(p == nullptr ? na_value : p->num[k]);
  }
  c.mem().grew(24 * view.count);
  d->ref[property(c, t_polyline, "points").slot] = kept;
  for (std::size_t i = 0; i < kept->num.size(); i += 3) check_bar(c, *d, kept->num[i]);
}

double point_number(const site& c, std::size_t arg, std::size_t slot) {
  auto* p = c.o(arg);
  return p == nullptr ? na_value : static_cast<record_object*>(p)->num[slot];
}

/// From points: (first_point, second_point, xloc, ...) or (point, text, xloc, ...).
void line_points(site& c) {
  auto* d = create(c, t_line);
  c.reto(d);
  if (d == nullptr) return;
  const auto& p = properties_of(t_line);
  for (std::size_t i = 4; i < p.size() && i - 2 < c.count(); ++i) put(*d, p[i], c, i - 2);
  std::size_t x = by_time(*d, property(c, t_line, "xloc").slot) ? 1 : 0;
  d->num[0] = point_number(c, 0, x);
  d->num[1] = point_number(c, 0, 2);
  d->num[2] = point_number(c, 1, x);
  d->num[3] = point_number(c, 1, 2);
  check_bars(c, *d);
}
void label_point(site& c) {
  auto* d = create(c, t_label);
  c.reto(d);
  if (d == nullptr) return;
  const auto& p = properties_of(t_label);
  for (std::size_t i = 2; i < p.size() && i - 1 < c.count(); ++i) put(*d, p[i], c, i - 1);
  d->num[0] = point_number(c, 0, by_time(*d, property(c, t_label, "xloc").slot) ? 1 : 0);
  d->num[1] = point_number(c, 0, 2);
  check_bars(c, *d);
}
void box_points(site& c) {
  auto* d = create(c, t_box);
  c.reto(d);
  if (d == nullptr) return;
  const auto& p = properties_of(t_box);
  for (std::size_t i = 4; i < p.size() && i - 2 < c.count(); ++i) put(*d, p[i], c, i - 2);
  std::size_t x = by_time(*d, property(c, t_box, "xloc").slot) ? 1 : 0;
  d->num[0] = point_number(c, 0, x);
  d->num[1] = point_number(c, 0, 2);
  d->num[2] = point_number(c, 1, x);
  d->num[3] = point_number(c, 1, 2);
  check_bars(c, *d);
}
void linefill_new(site& c) {
  auto* a = c.o(0);
  auto* b = c.o(1);
  auto& s = c.shared();
  s.charge(s.drawings.size() / 4);
  for (auto& [_, o] : s.drawings) // one fill between two lines: a new one replaces the old
    if (o->type == t_linefill && ((o->ref[0] == a && o->ref[1] == b) || (o->ref[0] == b && o->ref[1] == a))) {
      forget(c, *o);
      break;
    }
  make<t_linefill>(c);
}

/// A text size in points, as the text that the library keeps.
void points_of(site& c) {
  if (c.f(0) < 0) c.stop("a text size can't be negative, as " + std::to_string(c.i(0)) + " is");
  c.ret_text(c.na(0) ? "NaN" : std::to_string(c.i(0)));
}

drawing_object* drawing(const site& c, bool change) {
  auto* o = static_cast<drawing_object*>(c.o(0));
  if (o == nullptr || o->deleted) return nullptr; // drawings that are gone are quietly left alone
  if (change) c.mem().touch(o);
  return o;
}

/// Getter and setter named by the call: line.get_x1, box.set_bgcolor, label.set_text, ...
std::string_view called_property(const site& c) {
  auto n = c.plan->name;
  auto at = n.find("get_");
  if (at == std::string_view::npos) at = n.find("set_");
  return n.substr(at + 4);
}
void get(site& c) {
  auto* d = drawing(c, false);
  if (d == nullptr) {
    if (is_reference(*c.ctx->prog->types, c.plan->out_types[0])) c.reto(nullptr);
    else c.ret(na_value);
    return;
  }
  const auto& p = property(c, d->type, called_property(c));
  if (property_is_ref(p)) c.reto(d->ref[p.slot]);
  else c.ret(d->num[p.slot]);
}
void set(site& c) {
  auto* d = drawing(c, true);
  if (d == nullptr) return;
  const auto& p = property(c, d->type, called_property(c));
  put(*d, p, c, 1);
  if (is_place(p)) check_bar(c, *d, d->num[p.slot]);
}
/// At most one table stands at a position: the one that comes drives the other out.
void clear_position(const site& c, const std::string& position, const drawing_object* but) {
  c.shared().charge(c.shared().drawings.size() / 4);
  for (auto& [_, o] : c.shared().drawings)
    if (o != but && o->type == t_table && text_of(o->ref[0]) == position) return forget(c, *o);
}
void set_position(site& c) {
  auto* d = drawing(c, true);
  if (d == nullptr) return;
  clear_position(c, c.s(1), d);
  d->ref[property(c, t_table, "position").slot] = c.o(1);
}
/// Setters that take several coordinates; which ones is told by the name.
void set_pair(site& c) {
  auto* d = drawing(c, true);
  if (d == nullptr) return;
  auto n = called_property(c);
  std::array<std::string_view, 2> to{"x", "y"};
  if (n == "xy1") to = {"x1", "y1"};
  if (n == "xy2") to = {"x2", "y2"};
  if (n == "lefttop") to = {"left", "top"};
  if (n == "rightbottom") to = {"right", "bottom"};
  if (n == "xloc" && d->type == t_label) to = {"x", "xloc"};
  for (std::size_t k = 0; k < 2; ++k) put(*d, property(c, d->type, to[k]), c, 1 + k);
  check_bar(c, *d, d->num[property(c, d->type, to[0]).slot]);
}
void set_line_xloc(site& c) {
  auto* d = drawing(c, true);
  if (d == nullptr) return;
  bool box = d->type == t_box;
  put(*d, property(c, d->type, box ? "left" : "x1"), c, 1);
  put(*d, property(c, d->type, box ? "right" : "x2"), c, 2);
  put(*d, property(c, d->type, "xloc"), c, 3);
  check_bars(c, *d);
}
void set_point(site& c) {
  auto* d = drawing(c, true);
  if (d == nullptr) return;
  auto n = called_property(c);
  std::size_t x = by_time(*d, property(c, d->type, "xloc").slot) ? 1 : 0;
  std::size_t base = n == "second_point" || n == "bottom_right_point" ? 2 : 0;
  d->num[base] = point_number(c, 1, x);
  d->num[base + 1] = point_number(c, 1, 2);
  check_bar(c, *d, d->num[base]);
}
void line_price(site& c) {
  auto* d = drawing(c, false);
  if (d == nullptr) return c.ret(na_value);
  if (by_time(*d, property(c, t_line, "xloc").slot)) c.stop("the line stands at times; a price can be had of lines with xloc.bar_index only");
  double x1 = d->num[0], y1 = d->num[1], x2 = d->num[2], y2 = d->num[3], x = c.f(1);
  c.ret(x1 == x2 ? (x == x1 ? y1 : na_value) : y1 + (x - x1) * (y2 - y1) / (x2 - x1));
}
void remove(site& c) {
  auto* d = drawing(c, true);
  if (d != nullptr) forget(c, *d);
}
void copy(site& c) {
  auto* d = drawing(c, false);
  if (d == nullptr) return c.reto(nullptr);
  auto num = d->num;
  auto ref = d->ref;
  auto* n = create(c, d->type);
  if (n != nullptr) {
    n->num = num;
    n->ref = ref;
  }
  c.reto(n);
}
template <type_id T>
void all(site& c) {
  auto* a = c.mem().make<array_object>(T, true);
  for (auto& [_, d] : c.shared().drawings)
    if (d->type == T) a->ref.push_back(d);
  c.mem().grew(a->ref.size() * 8);
  c.shared().charge(c.shared().drawings.size() / 4);
  c.reto(a);
}

// ---------------------------------------------------------------- chart.point

void point(const site& c, double index, double time, double price) {
  auto* p = c.mem().make<record_object>(type_id(t_point), 3u, 0u);
  p->num = {index, time, price};
  c.reto(p);
}
void point_new(site& c) { point(c, c.f(1), c.f(0), c.f(2)); }
void point_index(site& c) { point(c, c.f(0), na_value, c.f(1)); }
void point_time(site& c) { point(c, na_value, c.f(0), c.f(1)); }
void point_now(site& c) { point(c, f64(c.ctx->index), f64(c.ctx->current.time_ms), c.type(0) == t_void ? c.ctx->current.close : c.f(0)); }
void point_copy(site& c) {
  auto& p = need<record_object>(c, 0, "the point");
  point(c, p.num[0], p.num[1], p.num[2]);
}

// ---------------------------------------------------------------- tables

/// A cell is a record: width, height, text color, background, then text, alignments, size, tooltip, font, format.
constexpr std::array<std::string_view, 4> cell_numbers{"width", "height", "text_color", "bgcolor"};
constexpr std::array<std::string_view, 7> cell_texts{"text", "text_halign", "text_valign", "text_size", "tooltip", "text_font_family", "text_formatting"};

record_object* cell_at(const site& c, bool make_it) {
  auto* t = drawing(c, false);
  if (t == nullptr) return nullptr;
  auto columns = to_int(t->num[0]), rows = to_int(t->num[1]);
  auto col = c.i(1), row = c.i(2);
  if (col < 0 || col >= columns || row < 0 || row >= rows)
    c.stop("the cell (" + std::to_string(col) + ", " + std::to_string(row) + ") is outside of the table, which has " + std::to_string(columns) +
           " columns and " + std::to_string(rows) + " rows");
  const auto slot = property(c, t_table, "cells").slot;
  if (t->ref[slot] == nullptr) {
    if (!make_it) return nullptr;
    c.mem().touch(t);
    c.shared().charge(usz(columns * rows) / 4);
    auto* cells = c.mem().make<array_object>(type_id(t_na), true);
    cells->ref.assign(usz(columns * rows), nullptr);
    c.mem().grew(usz(columns * rows) * 8);
    t->ref[slot] = cells;
  }
  auto* cells = static_cast<array_object*>(t->ref[slot]);
  auto at = usz(row * columns + col);
  if (cells->ref[at] == nullptr && make_it) {
    c.mem().touch(cells);
    cells->ref[at] = c.mem().make<record_object>(type_id(t_na), cell_numbers.size(), cell_texts.size());
  }
  if (cells->ref[at] != nullptr) c.mem().touch(cells->ref[at]);
  return static_cast<record_object*>(cells->ref[at]);
}
object* text_value(const site& c, std::size_t k) {
  if (is_number(c.type(k))) return c.mem().text(text_of_value(*c.ctx->prog->types, c.type(k), c.f(k), nullptr, c.ctx));
  if (c.type(k) == t_void) return nullptr;
  text_work(c, c.s(k).size());
  return c.o(k);
}
void table_new(site& c) {
  if (c.i(1) < 0 || c.i(2) < 0 || c.i(1) * c.i(2) > 10'000) c.stop("a table can have at most 10000 cells");
  clear_position(c, c.s(0), nullptr);
  make<t_table>(c);
}
void cell(site& c) {
  auto* r = cell_at(c, true);
  if (r == nullptr) return;
  // (id, column, row, text, width, height, text_color, text_halign, text_valign, text_size, bgcolor, tooltip, font, format)
  r->ref[0] = text_value(c, 3);
  r->num = {c.f(4), c.f(5), c.f(6), c.f(10)};
  r->ref[1] = text_value(c, 7);
  r->ref[2] = text_value(c, 8);
  r->ref[3] = text_value(c, 9);
  r->ref[4] = text_value(c, 11);
  r->ref[5] = text_value(c, 12);
  r->ref[6] = text_value(c, 13);
}
void cell_set(site& c) {
  auto* r = cell_at(c, true);
  if (r == nullptr) return;
  auto name = c.plan->name.substr(std::string_view("table.cell_set_").size());
  for (std::size_t k = 0; k < cell_numbers.size(); ++k)
    if (cell_numbers[k] == name) r->num[k] = c.f(3);
  for (std::size_t k = 0; k < cell_texts.size(); ++k)
    if (cell_texts[k] == name) r->ref[k] = text_value(c, 3);
}
void table_clear(site& c) {
  auto* t = drawing(c, true);
  if (t == nullptr) return;
  auto columns = to_int(t->num[0]), rows = to_int(t->num[1]);
  auto c0 = c.i(1), r0 = c.i(2), c1 = c.na(3) ? c0 : c.i(3), r1 = c.na(4) ? r0 : c.i(4);
  auto* cells = static_cast<array_object*>(t->ref[property(c, t_table, "cells").slot]);
  if (cells == nullptr) return;
  c.mem().touch(cells);
  c.shared().charge(cells->ref.size() / 4);
  for (auto r = std::max<std::int64_t>(r0, 0); r <= r1 && r < rows; ++r)
    for (auto k = std::max<std::int64_t>(c0, 0); k <= c1 && k < columns; ++k) cells->ref[usz(r * columns + k)] = nullptr;
}
void merge_cells(site& c) {
  auto* t = drawing(c, true);
  if (t == nullptr) return;
  auto slot = property(c, t_table, "merged").slot;
  if (t->ref[slot] == nullptr) t->ref[slot] = c.mem().make<array_object>(type_id(t_int), false);
  auto* m = static_cast<array_object*>(t->ref[slot]);
  c.mem().touch(m);
  if (m->num.size() < 40'000)
    for (std::size_t k = 1; k <= 4; ++k) m->num.push_back(c.f(k));
  c.mem().grew(32);
}

} // namespace

const std::vector<variable_row>& drawing_variables() {
  static const std::vector<variable_row> rows{};
  return rows;
}
native_fn all_of(type_id t) {
  switch (t) {
  case t_line: return all<t_line>;
  case t_linefill: return all<t_linefill>;
  case t_label: return all<t_label>;
  case t_box: return all<t_box>;
  case t_polyline: return all<t_polyline>;
  default: return all<t_table>;
  }
}

const std::vector<builtin_row>& drawing_rows() {
  static const std::vector<builtin_row> rows = [] {
    std::vector<builtin_row> r{
        {"line.new(int x1, float y1, int x2, float y2, string xloc=\"bar_index\", string extend=\"none\", color color=0x2962FFFF, string style=\"solid\", int width=1, const bool force_overlay=false) line", make<t_line>},
        {"line.new(chart.point first_point, chart.point second_point, string xloc=\"bar_index\", string extend=\"none\", color color=0x2962FFFF, string style=\"solid\", int width=1, const bool force_overlay=false) line", line_points},
        {"label.new(int x, float y, string text=\"\", string xloc=\"bar_index\", string yloc=\"price\", color color=0x2962FFFF, string style=\"label_down\", color textcolor=4294967295, string size=\"normal\", string textalign=\"center\", string tooltip=\"\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") label", make<t_label>},
        {"label.new(int x, float y, string text=\"\", string xloc=\"bar_index\", string yloc=\"price\", color color=0x2962FFFF, string style=\"label_down\", color textcolor=4294967295, int size, string textalign=\"center\", string tooltip=\"\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") label", make<t_label>, 0, special::none, 6},
        {"label.new(chart.point point, string text=\"\", string xloc=\"bar_index\", string yloc=\"price\", color color=0x2962FFFF, string style=\"label_down\", color textcolor=4294967295, string size=\"normal\", string textalign=\"center\", string tooltip=\"\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") label", label_point},
        {"label.new(chart.point point, string text=\"\", string xloc=\"bar_index\", string yloc=\"price\", color color=0x2962FFFF, string style=\"label_down\", color textcolor=4294967295, int size, string textalign=\"center\", string tooltip=\"\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") label", label_point, 0, special::none, 6},
        {"box.new(int left, float top, int right, float bottom, color border_color=0x2962FFFF, int border_width=1, string border_style=\"solid\", string extend=\"none\", string xloc=\"bar_index\", color bgcolor=0x2962FFFF, string text=\"\", string text_size=\"auto\", color text_color=0x363A45FF, string text_halign=\"center\", string text_valign=\"center\", string text_wrap=\"none\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") box", make<t_box>},
        {"box.new(int left, float top, int right, float bottom, color border_color=0x2962FFFF, int border_width=1, string border_style=\"solid\", string extend=\"none\", string xloc=\"bar_index\", color bgcolor=0x2962FFFF, string text=\"\", int text_size, color text_color=0x363A45FF, string text_halign=\"center\", string text_valign=\"center\", string text_wrap=\"none\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") box", make<t_box>, 0, special::none, 6},
        {"box.new(chart.point top_left, chart.point bottom_right, color border_color=0x2962FFFF, int border_width=1, string border_style=\"solid\", string extend=\"none\", string xloc=\"bar_index\", color bgcolor=0x2962FFFF, string text=\"\", string text_size=\"auto\", color text_color=0x363A45FF, string text_halign=\"center\", string text_valign=\"center\", string text_wrap=\"none\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") box", box_points},
        {"box.new(chart.point top_left, chart.point bottom_right, color border_color=0x2962FFFF, int border_width=1, string border_style=\"solid\", string extend=\"none\", string xloc=\"bar_index\", color bgcolor=0x2962FFFF, string text=\"\", int text_size, color text_color=0x363A45FF, string text_halign=\"center\", string text_valign=\"center\", string text_wrap=\"none\", string text_font_family=\"default\", const bool force_overlay=false, string text_formatting=\"none\") box", box_points, 0, special::none, 6},
        {"linefill.new(line line1, line line2, color color) linefill", linefill_new},
        {"polyline.new(array<chart.point> points, bool curved=false, bool closed=false, string xloc=\"bar_index\", color line_color=0x2962FFFF, color fill_color=na, string line_style=\"solid\", int line_width=1, const bool force_overlay=false) polyline", polyline_new},
        {"table.new(string position, int columns, int rows, color bgcolor=na, color frame_color=na, int frame_width=0, color border_color=na, int border_width=0, const bool force_overlay=false) table", table_new},
        // points
        {"chart.point.new(int time, int index, float price) chart.point", point_new},
        {"chart.point.from_index(int index, float price) chart.point", point_index},
        {"chart.point.from_time(int time, float price) chart.point", point_time},
        {"chart.point.now(float price=?) chart.point", point_now},
        {"chart.point.copy(chart.point id) chart.point", point_copy},
        // reading
        {"line.get_x1(line id) int", get}, {"line.get_x2(line id) int", get}, {"line.get_y1(line id) float", get}, {"line.get_y2(line id) float", get},
        {"line.get_price(line id, int x) float", line_price},
        {"linefill.get_line1(linefill id) line", get}, {"linefill.get_line2(linefill id) line", get},
        {"label.get_x(label id) int", get}, {"label.get_y(label id) float", get}, {"label.get_text(label id) string", get},
        {"box.get_left(box id) int", get}, {"box.get_right(box id) int", get}, {"box.get_top(box id) float", get}, {"box.get_bottom(box id) float", get},
        // changing one property
        {"line.set_x1(line id, int x) void", set}, {"line.set_x2(line id, int x) void", set}, {"line.set_y1(line id, float y) void", set}, {"line.set_y2(line id, float y) void", set},
        {"line.set_color(line id, color color) void", set}, {"line.set_style(line id, string style) void", set}, {"line.set_width(line id, int width) void", set},
        {"line.set_extend(line id, string extend) void", set}, {"line.set_xloc(line id, int x1, int x2, string xloc) void", set_line_xloc},
        {"line.set_xy1(line id, int x, float y) void", set_pair}, {"line.set_xy2(line id, int x, float y) void", set_pair},
        {"line.set_first_point(line id, chart.point point) void", set_point}, {"line.set_second_point(line id, chart.point point) void", set_point},
        {"linefill.set_color(linefill id, color color) void", set},
        {"label.set_x(label id, int x) void", set}, {"label.set_y(label id, float y) void", set}, {"label.set_xy(label id, int x, float y) void", set_pair},
        {"label.set_text(label id, string text) void", set}, {"label.set_color(label id, color color) void", set}, {"label.set_textcolor(label id, color textcolor) void", set},
        {"label.set_style(label id, string style) void", set}, {"label.set_size(label id, string size) void", set}, {"label.set_size(label id, int size) void", set, 0, special::none, 6},
        {"label.set_textalign(label id, string textalign) void", set}, {"label.set_tooltip(label id, string tooltip) void", set},
        {"label.set_text_font_family(label id, string text_font_family) void", set}, {"label.set_text_formatting(label id, string text_formatting) void", set, 0, special::none, 6},
        {"label.set_xloc(label id, int x, string xloc) void", set_pair}, {"label.set_yloc(label id, string yloc) void", set}, {"label.set_point(label id, chart.point point) void", set_point},
        {"box.set_left(box id, int left) void", set}, {"box.set_right(box id, int right) void", set}, {"box.set_top(box id, float top) void", set}, {"box.set_bottom(box id, float bottom) void", set},
        {"box.set_lefttop(box id, int left, float top) void", set_pair}, {"box.set_rightbottom(box id, int right, float bottom) void", set_pair},
        {"box.set_top_left_point(box id, chart.point point) void", set_point}, {"box.set_bottom_right_point(box id, chart.point point) void", set_point},
        {"box.set_bgcolor(box id, color color) void", set}, {"box.set_border_color(box id, color color) void", set}, {"box.set_border_width(box id, int width) void", set},
        {"box.set_border_style(box id, string style) void", set}, {"box.set_extend(box id, string extend) void", set}, {"box.set_text(box id, string text) void", set},
        {"box.set_text_color(box id, color text_color) void", set}, {"box.set_text_size(box id, string text_size) void", set}, {"box.set_text_size(box id, int text_size) void", set, 0, special::none, 6},
        {"box.set_text_halign(box id, string text_halign) void", set}, {"box.set_text_valign(box id, string text_valign) void", set}, {"box.set_text_wrap(box id, string text_wrap) void", set},
        {"box.set_text_font_family(box id, string text_font_family) void", set}, {"box.set_text_formatting(box id, string text_formatting) void", set, 0, special::none, 6},
        {"box.set_xloc(box id, int left, int right, string xloc) void", set_line_xloc, 0, special::none, 6},
        // tables
        {"table.set_bgcolor(table table_id, color bgcolor) void", set}, {"table.set_border_color(table table_id, color border_color) void", set},
        {"table.set_border_width(table table_id, int border_width) void", set}, {"table.set_frame_color(table table_id, color frame_color) void", set},
        {"table.set_frame_width(table table_id, int frame_width) void", set}, {"table.set_position(table table_id, string position) void", set_position},
        {"table.cell(table table_id, int column, int row, string text=\"\", float width=0, float height=0, color text_color=na, string text_halign=\"center\", string text_valign=\"center\", string text_size=\"normal\", color bgcolor=na, string tooltip=\"\", string text_font_family=\"default\", string text_formatting=\"none\") void", cell},
        {"table.cell(table table_id, int column, int row, string text=\"\", float width=0, float height=0, color text_color=na, string text_halign=\"center\", string text_valign=\"center\", int text_size, color bgcolor=na, string tooltip=\"\", string text_font_family=\"default\", string text_formatting=\"none\") void", cell, 0, special::none, 6},
        {"table.cell_set_text(table table_id, int column, int row, string text) void", cell_set}, {"table.cell_set_bgcolor(table table_id, int column, int row, color bgcolor) void", cell_set},
        {"table.cell_set_width(table table_id, int column, int row, float width) void", cell_set}, {"table.cell_set_height(table table_id, int column, int row, float height) void", cell_set},
        {"table.cell_set_text_color(table table_id, int column, int row, color text_color) void", cell_set},
        {"table.cell_set_text_halign(table table_id, int column, int row, string text_halign) void", cell_set}, {"table.cell_set_text_valign(table table_id, int column, int row, string text_valign) void", cell_set},
        {"table.cell_set_text_size(table table_id, int column, int row, string text_size) void", cell_set}, {"table.cell_set_text_size(table table_id, int column, int row, int text_size) void", cell_set, 0, special::none, 6},
        {"table.cell_set_tooltip(table table_id, int column, int row, string tooltip) void", cell_set},
        {"table.cell_set_text_font_family(table table_id, int column, int row, string text_font_family) void", cell_set},
        {"table.cell_set_text_formatting(table table_id, int column, int row, string text_formatting) void", cell_set, 0, special::none, 6},
        {"table.clear(table table_id, int start_column, int start_row, int end_column=na, int end_row=na) void", table_clear},
        {"table.merge_cells(table table_id, int start_column, int start_row, int end_column, int end_row) void", merge_cells},
        {"$size(int size) string", points_of},
        // ends
        {"line.delete(line id) void", remove}, {"label.delete(label id) void", remove}, {"box.delete(box id) void", remove},
        {"linefill.delete(linefill id) void", remove}, {"polyline.delete(polyline id) void", remove}, {"table.delete(table table_id) void", remove},
        {"line.copy(line id) line", copy}, {"label.copy(label id) label", copy}, {"box.copy(box id) box", copy},
    };
    return r;
  }();
  return rows;
}

} // namespace tt::pine
