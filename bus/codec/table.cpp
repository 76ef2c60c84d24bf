#include "bus/codec/table.hpp"

#include "bus/messages.hpp"

#include <caf/duration.hpp>
#include <caf/message_id.hpp>
#include <caf/system_messages.hpp>
#include <caf/timespan.hpp>
#include <caf/timestamp.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

namespace bus::codec {

namespace {

// Types of CAF that stay at home: streams and groups are not carried, config
// values and wide strings are nobody's message, long double has no MessagePack
// form without loss.
template <class T>
constexpr bool travels = !(std::is_same_v<T, caf::config_value> || std::is_same_v<T, caf::downstream_msg> ||
                           std::is_same_v<T, caf::group> || std::is_same_v<T, caf::group_down_msg> ||
                           std::is_same_v<T, long double> || std::is_same_v<T, caf::open_stream_msg> ||
                           std::is_same_v<T, std::u16string> || std::is_same_v<T, std::u32string> ||
                           std::is_same_v<T, caf::upstream_msg>);

[[noreturn]] void die(const char* what, const std::string& name) {
  std::fprintf(stderr, "codec table: %s: %s\n", what, name.c_str());
  std::abort();
}

} // namespace

type_table::type_table() {
  add_builtins();
}

namespace {

template <class F, class... Ts>
void for_each_type(caf::detail::type_list<Ts...>, F f) {
  (f(std::type_identity<Ts>{}), ...);
}

} // namespace

void type_table::add_builtins() {
  for_each_type(caf::sorted_builtin_types{}, [this](auto id) {
    using type = typename decltype(id)::type;
    if constexpr (travels<type>) add<type>(caf::numbered_type_names[caf::type_nr<type>::value - 1]);
  });
  add<spawn_request>("bus.spawn").add<peer_event>("bus.peer").add<name_event>("bus.name");
  add<undelivered>("bus.undelivered").add<topic_gap>("bus.gap");
}

void type_table::insert(uint16_t number, type_entry entry) {
  if (const auto i = by_name_.find(entry.name); i != by_name_.end()) {
    if (*i->second->type == *entry.type) return;
    die("two types with the name", entry.name);
  }
  if (by_type_.contains(entry.type)) die("a second name for a type", entry.name);
  const auto& added = entries_.emplace_back(std::move(entry));
  by_name_.emplace(added.name, &added);
  by_type_.emplace(added.type, &added);
  if (number != 0) by_number_[number] = &added;
}

const type_entry* type_table::find(const caf::rtti_pair& type) const noexcept {
  if (type.first != 0) return type.first < by_number_.size() ? by_number_[type.first] : nullptr;
  const auto i = by_type_.find(type.second);
  return i == by_type_.end() ? nullptr : i->second;
}

const type_entry* type_table::find(std::string_view name) const noexcept {
  const auto i = by_name_.find(name);
  return i == by_name_.end() ? nullptr : i->second;
}

} // namespace bus::codec
