#include "ui-bridge/desktop/bridge/secret_store.hpp"

#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"

#include <nlohmann/json.hpp>

namespace tt::desktop {

using nlohmann::json;

result<std::string> secret_store::get(const std::string& origin, const std::string& name) const {
  const auto all = read();
  if (!all) return all.error();
  const auto page = all->find(origin);
  if (page == all->end() || !page->second.contains(name)) return error{errc::not_found, "there is no such secret", "name"};
  return page->second.at(name);
}

result<void> secret_store::set(const std::string& origin, const std::string& name, const std::string& value) {
  auto all = read();
  if (!all) return all.error();
  auto& own = (*all)[origin];
  if (!own.contains(name) && own.size() >= max_secrets)
    return error{errc::limit_exceeded, "there are " + std::to_string(max_secrets) + " secrets already", "name"};
  own[name] = value;
  return write(*all);
}

result<void> secret_store::remove(const std::string& origin, const std::string& name) {
  auto all = read();
  if (!all) return all.error();
  if (const auto page = all->find(origin); page == all->end() || page->second.erase(name) == 0)
    return error{errc::not_found, "there is no such secret", "name"};
  return write(*all);
}

result<std::vector<std::string>> secret_store::names(const std::string& origin) const {
  const auto all = read();
  if (!all) return all.error();
  std::vector<std::string> out;
  if (const auto page = all->find(origin); page != all->end())
    for (const auto& [name, value] : page->second) out.push_back(name);
  return out;
}

result<secret_store::secrets> secret_store::read() const {
  const auto text = read_private_file(file_, max_secret_file_bytes);
  if (!text && text.error().code == errc::not_found) return secrets{};
  if (!text) return text.error();
  const error damaged{errc::corrupt_data, "is not the file of secrets that was written", file_.string()};
  if (nesting_of(*text) > 2) return damaged;
  const auto document = json::parse(*text, nullptr, false);
  if (!document.is_object()) return damaged;
  secrets out;
  for (const auto& [origin, values] : document.items()) {
    if (!values.is_object()) return damaged;
    for (const auto& [name, value] : values.items()) {
      if (!value.is_string()) return damaged;
      out[origin][name] = value.get<std::string>();
    }
  }
  return out;
}

result<void> secret_store::write(const secrets& all) const { return write_private_file(file_, json(all).dump() + "\n"); }

} // namespace tt::desktop
