// This header file defines the keys of nodes and clients: CURVE key pairs in
// files that only their owner can read, and the allow list that says which
// public keys may connect and under which name. Free of CAF.
//
// A key file (mode 0600) is YAML of three lines:
//
//   name: "alpha"
//   public: "<40 characters Z85>"
//   secret: "<40 characters Z85>"
//
// An allow list has one line per key, and comments:
//
//   # kind  name       public key
//   node    alpha      <Z85>
//   client  dashboard  <Z85>
//
// A node may link and publish; a client may only subscribe to topics. A key
// that is taken off the list is cut off as soon as the list is reloaded.
#pragma once

#include "bus/outcome.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace bus::keys {

/// A CURVE key pair, Z85 encoded.
struct key_pair {
  std::string name;
  std::string public_key;
  std::string secret_key;
};

/// Whether `name` may be a node's or client's: 1 to 63 characters of a-z A-Z 0-9 . _ -
bool is_name(std::string_view name) noexcept;

/// Makes a new pair from the system's random source.
outcome<key_pair> make(std::string name);

/// Writes a key file with mode 0600. Refuses to overwrite.
outcome<done> save(const std::filesystem::path& file, const key_pair& key);

/// Reads a key file. Refuses a file that others can read, or whose halves do not belong together.
outcome<key_pair> load(const std::filesystem::path& file);

enum class kind : uint8_t { node, client };

struct entry {
  kind what = kind::node;
  std::string name;
  std::string public_key;
};

/// The public keys that may connect.
class allow_list {
public:
  /// Errors name the line.
  static outcome<allow_list> parse(std::string_view text);
  static outcome<allow_list> load(const std::filesystem::path& file);

  /// The line of an entry, for `tt keys` to print and administrators to paste.
  static std::string line(const entry& x);

  const entry* find_key(std::string_view public_key) const;
  const entry* find_name(std::string_view name) const;
  size_t size() const noexcept { return by_key_.size(); }
  const std::map<std::string, entry, std::less<>>& entries() const noexcept { return by_key_; }

  outcome<done> add(entry x);

private:
  std::map<std::string, entry, std::less<>> by_key_;
  std::map<std::string, std::string, std::less<>> by_name_; // name to key
};

} // namespace bus::keys
