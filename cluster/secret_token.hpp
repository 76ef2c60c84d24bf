#pragma once

// Words that nobody guesses.

#include <string>

namespace tt::cluster {

/// 128 bits of the system's randomness as 32 hexadecimal digits: for confirmations, paths, names of stores.
std::string make_secret_token();

} // namespace tt::cluster
