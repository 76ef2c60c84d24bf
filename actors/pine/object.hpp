#pragma once
/// Everything that lives on the script's heap: strings, collections, user objects and drawings. Objects are
/// freed by mark and sweep at safe points, so script code may share and cycle them as it likes.

#include "actors/pine/types.hpp"
#include "actors/pine/util.hpp"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tt::pine {

enum class object_kind : std::uint8_t { text, array, matrix, map, record, drawing, cells };

struct object {
  explicit object(object_kind k) : kind(k) {}
  virtual ~object() = default;
  object(const object&) = default;
  object& operator=(const object&) = delete;
  /// A copy of the object's own content, for the undo log of the realtime bar.
  virtual std::unique_ptr<object> clone() const = 0;
  /// Takes back the content of `saved`, which is of the same kind.
  virtual void restore(object& saved) = 0;
  virtual std::size_t bytes() const = 0;

  object_kind kind;
  bool marked = false;
  bool pinned = false; ///< constants of the program
  std::uint32_t stamp = 0; ///< realtime bar in which an undo copy was taken
  object* next = nullptr;
};

struct text_object final : object {
  explicit text_object(std::string v) : object(object_kind::text), value(std::move(v)) {}
  std::unique_ptr<object> clone() const override { return nullptr; } // never changes
  void restore(object&) override {}
  std::size_t bytes() const override { return sizeof(*this) + value.capacity(); }
  std::string value;
};

/// An array. A slice is a window on another array: `parent` set, from/count into it. The row of a matrix that a loop
/// gives is one too: `parent` is the matrix, `from` the number of the row.
struct array_object : object {
  array_object(type_id e, bool refs) : array_object(object_kind::array, e, refs) {}
  std::unique_ptr<object> clone() const override { return std::make_unique<array_object>(*this); }
  void restore(object& saved) override {
    auto& o = static_cast<array_object&>(saved);
    num.swap(o.num);
    ref.swap(o.ref);
    from = o.from;
    count = o.count;
  }
  std::size_t bytes() const override { return sizeof(*this) + 8 * (num.capacity() + ref.capacity()); }
  type_id element;
  bool is_ref;
  std::vector<double> num;
  std::vector<object*> ref;
  array_object* parent = nullptr;
  std::size_t from = 0, count = 0;
  bool of_the_past = false; ///< a copy that a history keeps: it can't be changed

protected:
  array_object(object_kind k, type_id e, bool refs) : object(k), element(e), is_ref(refs) {}
};

/// A matrix holds its elements as an array does, row by row, so that its rows can be windows on it.
struct matrix_object final : array_object {
  matrix_object(type_id e, bool refs) : array_object(object_kind::matrix, e, refs) {}
  std::unique_ptr<object> clone() const override { return std::make_unique<matrix_object>(*this); }
  void restore(object& saved) override {
    auto& o = static_cast<matrix_object&>(saved);
    num.swap(o.num);
    ref.swap(o.ref);
    rows = o.rows;
    cols = o.cols;
  }
  std::size_t bytes() const override { return sizeof(*this) + 8 * (num.capacity() + ref.capacity()); }
  std::size_t rows = 0, cols = 0;
};

/// A map keeps its pairs in order of insertion, as map.keys() shows them.
struct map_object final : object {
  map_object(type_id k, bool kr, type_id v, bool vr)
      : object(object_kind::map), key(k), value(v), key_ref(kr), value_ref(vr) {}
  std::unique_ptr<object> clone() const override { return std::make_unique<map_object>(*this); }
  void restore(object& saved) override {
    auto& o = static_cast<map_object&>(saved);
    entries.swap(o.entries);
    by_text.swap(o.by_text);
    by_num.swap(o.by_num);
    dead = o.dead;
  }
  std::size_t bytes() const override { return sizeof(*this) + entries.capacity() * sizeof(entry) + by_num.size() * 48 + by_text.size() * 80; }
  struct entry {
    double knum = 0, vnum = 0;
    object *kref = nullptr, *vref = nullptr;
    bool live = true;
  };
  type_id key, value;
  bool key_ref, value_ref;
  std::vector<entry> entries;
  std::unordered_map<std::string, std::size_t> by_text;
  std::unordered_map<double, std::size_t> by_num;
  std::size_t dead = 0;
};

/// An object of a user-defined type, or a chart.point.
struct record_object final : object {
  record_object(type_id t, std::size_t numbers, std::size_t refs)
      : object(object_kind::record), type(t), num(numbers, na_value), ref(refs, nullptr) {}
  std::unique_ptr<object> clone() const override { return std::make_unique<record_object>(*this); }
  void restore(object& saved) override {
    auto& o = static_cast<record_object&>(saved);
    if (keep == nullptr) {
      num.swap(o.num);
      ref.swap(o.ref);
      return;
    }
    for (const auto& f : keep->fields) { // varip fields stay as they are
      if (f.varip) continue;
      if (f.slot < num.size() && !f.type_is_ref) num[f.slot] = o.num[f.slot];
      if (f.slot < ref.size() && f.type_is_ref) ref[f.slot] = o.ref[f.slot];
    }
  }
  std::size_t bytes() const override { return sizeof(*this) + 8 * (num.capacity() + ref.capacity()); }
  struct varip_field {
    std::uint32_t slot = 0;
    bool varip = false, type_is_ref = false;
  };
  struct varip_layout {
    std::vector<varip_field> fields;
  };
  type_id type;
  std::vector<double> num;
  std::vector<object*> ref;
  const varip_layout* keep = nullptr; ///< set when the type has varip fields
};

/// line, linefill, label, box, polyline and table share one shape: named numbers and references, as listed in
/// drawing.hpp, so that getters, setters and the JSON writer are table-driven.
struct drawing_object final : object {
  drawing_object(type_id t, std::size_t numbers, std::size_t refs)
      : object(object_kind::drawing), type(t), num(numbers, na_value), ref(refs, nullptr) {}
  std::unique_ptr<object> clone() const override { return std::make_unique<drawing_object>(*this); }
  void restore(object& saved) override {
    auto& o = static_cast<drawing_object&>(saved);
    num.swap(o.num);
    ref.swap(o.ref);
    deleted = o.deleted;
  }
  std::size_t bytes() const override { return sizeof(*this) + 8 * (num.capacity() + ref.capacity()); }
  type_id type;
  std::uint64_t id = 0; ///< order of creation
  bool deleted = false;
  std::vector<double> num;
  std::vector<object*> ref;
};

/// All objects of one script and its requests.
class heap {
public:
  heap() = default;
  heap(const heap&) = delete;
  heap& operator=(const heap&) = delete;
  ~heap();

  template <class T, class... Args>
  T* make(Args&&... args) {
    auto* p = new T(std::forward<Args>(args)...);
    p->next = first_;
    first_ = p;
    ++count_;
    fresh_ += p->bytes() + 32;
    return p;
  }
  text_object* text(std::string s) { return make<text_object>(std::move(s)); }
  /// To be called when a collection has grown by that many bytes.
  void grew(std::size_t bytes) { fresh_ += bytes; }
  bool wants_collection() const { return fresh_ > trigger_; }
  /// Marks `o` and everything it refers to.
  void mark(object* o);
  /// Frees what isn't marked and clears the marks. Returns the bytes still in use.
  std::size_t sweep();
  std::size_t live_bytes() const { return live_; }

  /// Saves an undo copy before the first change of a bar while the log is open.
  void touch(object* o) {
    if (logging_ && o->stamp != epoch_) save(o);
  }
  void open_log();
  void roll_back();
  void close_log();
  /// A log within the log, for work that is taken back at once. Nothing outside of it is lost.
  struct inner_log {
    bool outer_open = false;
    std::size_t from = 0;
  };
  inner_log open_inner();
  void roll_back(const inner_log& inner);

private:
  void save(object* o);
  object* first_ = nullptr;
  std::size_t count_ = 0, live_ = 0, fresh_ = 0, trigger_ = 8u << 20;
  bool logging_ = false;
  std::uint32_t epoch_ = 0;
  struct undo {
    object* target;
    std::unique_ptr<object> saved;
  };
  std::vector<undo> log_;
  std::vector<object*> stack_;
};

inline const std::string& text_of(const object* o) {
  static const std::string empty;
  return o == nullptr || o->kind != object_kind::text ? empty : static_cast<const text_object*>(o)->value;
}

} // namespace tt::pine
