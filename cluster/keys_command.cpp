// `tt keys`: makes the key pairs of nodes and clients and keeps the allow list.

#include "bus/keys/keys.hpp"
#include "cluster/commands.hpp"
#include "gateways/store/folder_turn.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tt::cluster {

namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "tt: %s\n", why.c_str());
  return 1;
}

result<std::string> text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.is_open() || in.bad()) return error{errc::io_error, "can't read the allow list", file.string()};
  return text;
}

/// Puts `text` in the place of a file: whoever reads it meanwhile, or after a crash, finds the old text or the new.
result<void> replace(const std::filesystem::path& file, const std::string& text) {
  auto beside = file;
  beside += ".new";
  std::error_code failed;
  const auto before = std::filesystem::status(file, failed);
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text << std::flush;
    if (!out) return error{errc::io_error, "can't write the allow list", beside.string()};
  }
  if (std::filesystem::exists(before)) std::filesystem::permissions(beside, before.permissions(), failed);
  std::filesystem::rename(beside, file, failed);
  if (failed) return error{errc::io_error, "can't replace the allow list: " + failed.message(), file.string()};
  return {};
}

/// Adds a line to the allow list, which must stay readable as a whole.
result<void> allow(const std::filesystem::path& file, const bus::keys::entry& who) {
  std::error_code ignored;
  std::string text = "# kind  name  public key: who may connect. Taking a line off cuts its owner off.\n";
  if (std::filesystem::exists(file, ignored)) {
    auto list = bus::keys::allow_list::load(file);
    if (!list) return error{errc::invalid_argument, list.error().text, file.string()};
    if (auto added = list->add(who); !added) return error{errc::conflict, added.error().text, file.string()};
    auto before = text_of(file);
    if (!before) return before.error();
    text = std::move(*before);
    if (!text.empty() && text.back() != '\n') text += '\n'; // an editor may have left it off
  }
  return replace(file, text + bus::keys::allow_list::line(who));
}

} // namespace

int run_keys_new(const keys_options& options) {
  if (!bus::keys::is_name(options.name))
    return fail("\"" + options.name + "\" can't be a name: 1 to 63 of a-z A-Z 0-9 . _ -");
  const std::filesystem::path folder = options.folder;
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) {
    std::filesystem::create_directories(folder, failed);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  if (failed) return fail("can't make " + folder.string() + ": " + failed.message());
  const gateway::folder_turn turn{folder}; // two that add a line at once would lose one of them
  if (auto ours = turn.wait(); !ours) return fail(folder.string() + ": " + to_string(ours.error()));
  auto key = bus::keys::make(options.name);
  if (!key) return fail(key.error().text);
  const auto file = folder / (options.name + ".key");
  const auto kind = options.kind == "client" ? bus::keys::kind::client : bus::keys::kind::node;
  const auto list = folder / "allow";
  // the list first: a key that nobody admits is harmless, one that is lost is not
  if (std::filesystem::exists(file, failed)) return fail(file.string() + " exists already");
  if (auto added = allow(list, {kind, options.name, key->public_key}); !added) return fail(to_string(added.error()));
  if (auto saved = bus::keys::save(file, *key); !saved) return fail(saved.error().text);
  std::printf("%s holds the secret key of %s: give it to that machine only\n%s admits it; every node needs this list\n",
              file.c_str(), options.name.c_str(), list.c_str());
  return 0;
}

int run_keys_show(const std::string& file) {
  auto key = bus::keys::load(file);
  if (!key) return fail(key.error().text);
  std::printf("%s", bus::keys::allow_list::line({bus::keys::kind::node, key->name, key->public_key}).c_str());
  return 0;
}

} // namespace tt::cluster
