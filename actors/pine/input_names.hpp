#pragma once
/// The names that a script's inputs are set by.
///
/// An input is named by its title where no other has that title, and by its variable. Where several inputs share a title,
/// each is named by its variable or as "Title #2", counted in the order of the source; the bare title then names none
/// of them, so that a value never goes where it was not meant for.

#include "actors/pine/program.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tt::pine {

/// The input that a name means, or why there is none.
struct input_found {
  std::size_t index = 0;
  std::string problem; ///< "": found
};

/// A title comes before a variable of the same name.
input_found find_input(const std::vector<input_info>& inputs, const std::string& name);

} // namespace tt::pine
