#include "actors/pine/object.hpp"

#include <algorithm>

namespace tt::pine {

heap::~heap() {
  while (first_ != nullptr) {
    auto* gone = first_;
    first_ = first_->next;
    delete gone;
  }
}

namespace {
template <class Push>
void children(object* o, Push push) {
  switch (o->kind) {
  case object_kind::text:
  case object_kind::cells: return;
  case object_kind::array: {
    auto* a = static_cast<array_object*>(o);
    if (a->parent != nullptr) push(a->parent);
    for (auto* r : a->ref) push(r);
    return;
  }
  case object_kind::matrix:
    for (auto* r : static_cast<matrix_object*>(o)->ref) push(r);
    return;
  case object_kind::map:
    for (auto& e : static_cast<map_object*>(o)->entries) {
      push(e.kref);
      push(e.vref);
    }
    return;
  case object_kind::record:
    for (auto* r : static_cast<record_object*>(o)->ref) push(r);
    return;
  case object_kind::drawing:
    for (auto* r : static_cast<drawing_object*>(o)->ref) push(r);
    return;
  }
}
} // namespace

void heap::mark(object* o) {
  if (o == nullptr || o->marked) return;
  o->marked = true;
  stack_.push_back(o);
  while (!stack_.empty()) {
    auto* top = stack_.back();
    stack_.pop_back();
    children(top, [this](object* c) {
      if (c != nullptr && !c->marked) {
        c->marked = true;
        stack_.push_back(c);
      }
    });
  }
}

std::size_t heap::sweep() {
  for (auto& u : log_) {
    mark(u.target);
    if (u.saved != nullptr) children(u.saved.get(), [this](object* c) { mark(c); });
  }
  object** link = &first_;
  std::size_t live = 0;
  while (*link != nullptr) {
    auto* o = *link;
    if (o->marked || o->pinned) {
      o->marked = false;
      live += o->bytes() + 32;
      link = &o->next;
    } else {
      *link = o->next;
      delete o;
      --count_;
    }
  }
  live_ = live;
  fresh_ = 0;
  trigger_ = std::max<std::size_t>(8u << 20, live / 2);
  return live;
}

void heap::save(object* o) {
  o->stamp = epoch_;
  auto copy = o->clone();
  if (copy != nullptr) log_.push_back({o, std::move(copy)});
}

void heap::open_log() {
  logging_ = true;
  ++epoch_;
  log_.clear();
}

void heap::roll_back() {
  for (auto it = log_.rbegin(); it != log_.rend(); ++it) it->target->restore(*it->saved);
  open_log();
}

heap::inner_log heap::open_inner() {
  inner_log inner{logging_, log_.size()};
  logging_ = true;
  ++epoch_; // what was saved for the outer log is saved again
  return inner;
}

void heap::roll_back(const inner_log& inner) {
  while (log_.size() > inner.from) {
    log_.back().target->restore(*log_.back().saved);
    log_.pop_back();
  }
  logging_ = inner.outer_open;
  ++epoch_;
}

void heap::close_log() {
  logging_ = false;
  log_.clear();
}

} // namespace tt::pine
