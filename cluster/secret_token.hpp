#pragma once

// Words that nobody guesses.

#include <string>

namespace tt::cluster {

/// 128 bits of the system's randomness as 32 hexadecimal digits: for confirmations, paths, names of stores.
std::string make_secret_token();

/// The bearer token of a command that asks a node: the one given, else TT_TOKEN of the environment, else none.
std::string bearer_token(const std::string& given);

} // namespace tt::cluster
