#include "actors/backtest/wire.hpp"

#define XXH_INLINE_ALL
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <xxhash.h>

namespace tt::backtest::wire {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "columns are written as they lie in memory");

namespace {

template <class T>
json binary_of(std::span<const T> values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return json::binary(std::move(bytes));
}

template <class T>
bool numbers_of(const json& v, std::vector<T>& to) {
  if (!v.is_binary()) return false;
  const auto& bytes = v.get_binary();
  if (bytes.size() % sizeof(T) != 0) return false;
  to.resize(bytes.size() / sizeof(T));
  if (!to.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
  return true;
}

XXH3_state_t* state_of(void* p) { return static_cast<XXH3_state_t*>(p); }

} // namespace

json column(std::span<const double> values) { return binary_of(values); }
json column(std::span<const std::int64_t> values) { return binary_of(values); }

json start(std::string_view format) { return {{"format", format}, {"v", version}, {"reads", version}}; }

std::string finish(const json& fields) {
  std::string out;
  json::to_msgpack(fields, nlohmann::detail::output_adapter<char>(out));
  return out;
}

result<json> open(std::string_view bytes, std::string_view format) {
  auto map = json::from_msgpack(bytes.begin(), bytes.end(), true, false);
  std::string found;
  std::uint64_t reads = 0;
  fields in(map);
  in.get("format", found);
  in.get("reads", reads);
  if (!in.ok || found != format) return error{errc::corrupt_data, "these bytes are no " + std::string(format)};
  if (reads > version)
    return error{errc::unsupported, std::string(format) + " of format " + std::to_string(reads) + ", which only a later program reads"};
  return map;
}

const json* fields::find(const char* name) {
  if (map_.is_object())
    if (auto it = map_.find(name); it != map_.end()) return &*it;
  ok = false;
  return nullptr;
}

void fields::get(const char* name, std::string& to) {
  const auto* v = find(name);
  if (v == nullptr) return;
  if (v->is_string()) to = v->get<std::string>();
  else ok = false;
}
void fields::get(const char* name, double& to) {
  const auto* v = find(name);
  if (v == nullptr) return;
  if (v->is_number()) to = v->get<double>();
  else if (v->is_null()) to = std::numeric_limits<double>::quiet_NaN();
  else ok = false;
}
void fields::get(const char* name, std::int64_t& to) {
  const auto* v = find(name);
  if (v == nullptr) return;
  if (v->is_number_integer()) to = v->get<std::int64_t>();
  else ok = false;
}
void fields::get(const char* name, std::uint64_t& to) {
  const auto* v = find(name);
  if (v == nullptr) return;
  if (v->is_number_unsigned()) to = v->get<std::uint64_t>();
  else ok = false;
}
void fields::get(const char* name, std::vector<double>& to) {
  const auto* v = find(name);
  if (v != nullptr && !numbers_of(*v, to)) ok = false;
}
void fields::get(const char* name, std::vector<std::int64_t>& to) {
  const auto* v = find(name);
  if (v != nullptr && !numbers_of(*v, to)) ok = false;
}
void fields::get(const char* name, std::vector<std::string>& to) {
  const auto* v = list(name);
  if (v == nullptr) return;
  to.clear();
  for (const auto& item : *v) {
    if (!item.is_string()) return void(ok = false);
    to.push_back(item.get<std::string>());
  }
}
const json* fields::list(const char* name) {
  const auto* v = find(name);
  if (v != nullptr && v->is_array()) return v;
  ok = false;
  return nullptr;
}
const json* fields::map(const char* name) {
  const auto* v = find(name);
  if (v != nullptr && v->is_object()) return v;
  ok = false;
  return nullptr;
}

hasher::hasher() : state_(XXH3_createState()) {
  TT_ASSERT(state_ != nullptr);
  XXH3_128bits_reset(state_of(state_));
}
hasher::~hasher() { XXH3_freeState(state_of(state_)); }
void hasher::add(std::string_view bytes) {
  add(static_cast<std::int64_t>(bytes.size())); // so that pieces don't run into each other
  XXH3_128bits_update(state_of(state_), bytes.data(), bytes.size());
}
void hasher::add(std::span<const double> values) {
  add(static_cast<std::int64_t>(values.size()));
  for (double v : values) { // every NaN is the same na
    const double one = std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : v;
    XXH3_128bits_update(state_of(state_), &one, sizeof one);
  }
}
void hasher::add(std::int64_t value) { XXH3_128bits_update(state_of(state_), &value, sizeof value); }
std::string hasher::hex() const {
  const auto h = XXH3_128bits_digest(state_of(state_));
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(h.high64), static_cast<unsigned long long>(h.low64));
  return text;
}

} // namespace tt::backtest::wire
