// This header file defines `outcome<T>`: a value or a problem, for the parts of
// the bus that are free of CAF (keys, configuration). gcc 12 has no std::expected.
#pragma once

#include "bus/errc.hpp"

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace bus {

/// What went wrong, with a sentence that names the file, field or endpoint.
struct problem {
  errc code = errc::none;
  std::string text;
};

template <class T>
class [[nodiscard]] outcome {
public:
  outcome(T value) : value_(std::move(value)) {}
  outcome(problem what) : value_(std::move(what)) {}

  bool ok() const noexcept { return value_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& operator*() { return assert(ok()), std::get<0>(value_); }
  const T& operator*() const { return assert(ok()), std::get<0>(value_); }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

  const problem& error() const { return assert(!ok()), std::get<1>(value_); }

private:
  std::variant<T, problem> value_;
};

/// For functions without a value.
struct done {};

} // namespace bus
