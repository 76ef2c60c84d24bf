#pragma once

// Our errors as CAF's and back, for answers of actors.

#include "actors/model/result.hpp"

#include <caf/error.hpp>

namespace tt {

/// Category of our codes within caf::error.
inline constexpr auto errc_category = caf::atom("tt");

/// Carries code, message and field.
caf::error to_caf_error(const error& e);

/// The error that to_caf_error was given. CAF's own: a request time-out becomes
/// timed_out; an actor that is gone, not_available; anything else, internal.
error from_caf_error(const caf::error& e);

/// A result as the answer of an actor.
template <class T, class Response>
Response answer(result<T> r) {
  if (r) return Response{std::move(*r)};
  return Response{to_caf_error(r.error())};
}

} // namespace tt
