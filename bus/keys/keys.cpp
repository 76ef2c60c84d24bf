#include "bus/keys/keys.hpp"

#include "bus/limits.hpp"

#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace bus::keys {

namespace {

constexpr size_t z85_length = 40;

problem bad(const std::filesystem::path& file, const std::string& why) {
  return {errc::bad_key_file, file.string() + ": " + why};
}

problem bad(const std::string& why) {
  return {errc::bad_key_file, why};
}

bool is_key(std::string_view x) {
  std::array<uint8_t, 32> raw;
  return x.size() == z85_length && zmq_z85_decode(raw.data(), std::string{x}.c_str()) != nullptr;
}

// A secret that has been used is overwritten; the compiler may not skip it.
void wipe(std::string& x) {
  volatile char* p = x.data();
  for (size_t i = 0; i < x.size(); ++i) p[i] = 0;
  x.clear();
}

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

private:
  int fd_;
};

outcome<std::string> read_all(const std::filesystem::path& file, bool must_be_private) {
  const descriptor fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (fd.get() < 0) return bad(file, std::strerror(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return bad(file, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return bad(file, "not a regular file");
  if (must_be_private && (info.st_mode & 077) != 0)
    return bad(file, "others can read this secret key; run chmod 600");
  if (static_cast<size_t>(info.st_size) > limits::key_file_bytes) return bad(file, "too large");
  std::string text(static_cast<size_t>(info.st_size), '\0');
  size_t got = 0;
  while (got < text.size()) {
    const auto n = ::read(fd.get(), text.data() + got, text.size() - got);
    if (n < 0) return bad(file, std::strerror(errno));
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  text.resize(got);
  return text;
}

// The value of a line `name: "value"`.
std::string_view value_of(std::string_view text, std::string_view name) {
  size_t at = 0;
  while (at < text.size()) {
    auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() < name.size() + 4) continue;
    line.remove_prefix(name.size());
    if (!line.starts_with(": \"") || line.back() != '"') continue;
    return line.substr(3, line.size() - 4);
  }
  return {};
}

} // namespace

bool is_name(std::string_view name) noexcept {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= limits::node_name_bytes && std::all_of(name.begin(), name.end(), ok);
}

outcome<key_pair> make(std::string name) {
  if (!is_name(name)) return bad("name \"" + name + "\": want 1 to 63 characters of a-z A-Z 0-9 . _ -");
  char public_key[z85_length + 1];
  char secret_key[z85_length + 1];
  if (zmq_curve_keypair(public_key, secret_key) != 0) return bad("this libzmq was built without CURVE");
  return key_pair{std::move(name), public_key, secret_key};
}

outcome<done> save(const std::filesystem::path& file, const key_pair& key) {
  const descriptor fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (fd.get() < 0) return bad(file, errno == EEXIST ? "exists; not overwritten" : std::strerror(errno));
  auto text =
      "name: \"" + key.name + "\"\npublic: \"" + key.public_key + "\"\nsecret: \"" + key.secret_key + "\"\n";
  size_t put = 0;
  while (put < text.size()) {
    const auto n = ::write(fd.get(), text.data() + put, text.size() - put);
    if (n <= 0) return bad(file, std::strerror(errno));
    put += static_cast<size_t>(n);
  }
  wipe(text);
  if (::fsync(fd.get()) != 0) return bad(file, std::strerror(errno));
  return done{};
}

outcome<key_pair> load(const std::filesystem::path& file) {
  auto text = read_all(file, true);
  if (!text) return text.error();
  key_pair key{std::string{value_of(*text, "name")}, std::string{value_of(*text, "public")},
               std::string{value_of(*text, "secret")}};
  wipe(*text);
  if (!is_name(key.name)) return bad(file, "name: missing or not a name");
  if (!is_key(key.public_key)) return bad(file, "public: want 40 characters Z85 in double quotes");
  if (!is_key(key.secret_key)) return bad(file, "secret: want 40 characters Z85 in double quotes");
  char derived[z85_length + 1];
  if (zmq_curve_public(derived, key.secret_key.c_str()) != 0 || key.public_key != derived)
    return bad(file, "public: does not belong to the secret key");
  return key;
}

outcome<done> allow_list::add(entry x) {
  if (!is_name(x.name)) return bad("\"" + x.name + "\" is not a name");
  if (!is_key(x.public_key)) return bad("the key of " + x.name + " is not 40 characters Z85");
  if (by_key_.contains(x.public_key)) return bad("the key of " + x.name + " is listed twice");
  if (by_name_.contains(x.name)) return bad(x.name + " is listed twice");
  if (by_key_.size() >= limits::allowed_keys)
    return bad("more than " + std::to_string(limits::allowed_keys) + " keys");
  by_name_.emplace(x.name, x.public_key);
  auto key = x.public_key;
  by_key_.emplace(std::move(key), std::move(x));
  return done{};
}

outcome<allow_list> allow_list::parse(std::string_view text) {
  allow_list result;
  std::istringstream in{std::string{text}};
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::istringstream words{line};
    std::string what;
    entry x;
    std::string rest;
    if (!(words >> what) || what.starts_with('#')) continue;
    const auto where = "line " + std::to_string(number) + ": ";
    if (what != "node" && what != "client") return bad(where + "want node or client, got \"" + what + "\"");
    x.what = what == "node" ? kind::node : kind::client;
    if (!(words >> x.name >> x.public_key) || words >> rest)
      return bad(where + "want a kind, a name and a key");
    if (auto added = result.add(std::move(x)); !added) return bad(where + added.error().text);
  }
  return result;
}

outcome<allow_list> allow_list::load(const std::filesystem::path& file) {
  auto text = read_all(file, false);
  if (!text) return text.error();
  auto result = parse(*text);
  if (!result) return bad(file, result.error().text);
  return result;
}

std::string allow_list::line(const entry& x) {
  return (x.what == kind::node ? "node   " : "client ") + x.name + ' ' + x.public_key + '\n';
}

const entry* allow_list::find_key(std::string_view public_key) const {
  const auto i = by_key_.find(public_key);
  return i == by_key_.end() ? nullptr : &i->second;
}

const entry* allow_list::find_name(std::string_view name) const {
  const auto i = by_name_.find(name);
  return i == by_name_.end() ? nullptr : find_key(i->second);
}

} // namespace bus::keys
