#include "actors/market/bar_store_files.hpp"

#define XXH_INLINE_ALL
#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

namespace tt::market::store_files {

static_assert(std::endian::native == std::endian::little,
              "the columns are little-endian and mapped as they are");

namespace {

constexpr std::string_view magic{"TTBARS1\0", 8};
constexpr std::uint32_t format_version = 1;

// Offsets in a slot.
constexpr std::size_t at_version = 8, at_unit = 12, at_price_digits = 13, at_volume_digits = 14,
                      at_count = 16, at_number = 24, at_generation = 32, at_rows = 40, at_first = 48,
                      at_last = 56, at_hash = 64, at_symbol = 72, at_checksum = 136;

template <class T>
void put(std::span<std::byte> to, std::size_t at, T value) {
  std::memcpy(to.data() + at, &value, sizeof value);
}

template <class T>
T get(std::span<const std::byte> from, std::size_t at) {
  T value;
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

/// Repeats a call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  decltype(call()) out;
  do out = call();
  while (out < 0 && errno == EINTR);
  return out;
}

std::string head_path(const std::string& folder) {
  return folder + "/head";
}

} // namespace

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_handle::~file_handle() {
  if (fd_ >= 0) ::close(fd_);
}

error os_error(const std::string& what, const std::string& path) {
  const int code = errno;
  return {code == ENOENT ? errc::not_found : errc::io_error, what + ": " + std::strerror(code), path};
}

result<void> write_all(int fd, const std::string& path, std::span<const std::byte> bytes,
                       std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto wrote =
        uninterrupted([&] { return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (wrote < 0) return os_error("write failed", path);
    if (wrote == 0) return error{errc::io_error, "write failed: the file takes no more bytes", path};
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

result<void> sync_file(int fd, const std::string& path, durability mode) {
  if (mode == durability::relaxed) return {};
  if (uninterrupted([&] { return ::fdatasync(fd); }) != 0) return os_error("sync failed", path);
  return {};
}

result<void> sync_folder(const std::string& path, durability mode) {
  if (mode == durability::relaxed) return {};
  const file_handle folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) return os_error("can't open", path);
  if (uninterrupted([&] { return ::fsync(folder.fd()); }) != 0) return os_error("sync failed", path);
  return {};
}

result<file_handle> lock_series(const std::string& folder) {
  const std::string path = folder + "/lock";
  file_handle lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (!lock.is_open()) return os_error("can't open", path);
  if (uninterrupted([&] { return ::flock(lock.fd(), LOCK_EX); }) != 0) return os_error("can't lock", path);
  return lock;
}

std::string frame_folder(timeframe frame) {
  constexpr std::array<const char*, 4> units{"m", "d", "w", "mo"};
  return std::to_string(frame.count()) + units[static_cast<std::size_t>(frame.unit())];
}

result<timeframe> frame_of_folder(std::string_view name) {
  std::uint16_t count = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), count);
  const std::string_view unit{end, static_cast<std::size_t>(name.data() + name.size() - end)};
  if (code == std::errc{} && count > 0) {
    for (const auto known :
         {timeframe_unit::minute, timeframe_unit::day, timeframe_unit::week, timeframe_unit::month}) {
      const timeframe frame{known, count};
      if (frame_folder(frame) == name) return frame;
    }
  }
  return error{errc::invalid_argument, "not a timeframe's folder: " + std::string(name)};
}

std::array<std::byte, slot_bytes> encode_slot(const commit_slot& slot) {
  TT_ASSERT(slot.symbol.size() <= max_stored_symbol);
  std::array<std::byte, slot_bytes> out{};
  std::memcpy(out.data(), magic.data(), magic.size());
  put(out, at_version, format_version);
  put(out, at_unit, static_cast<std::uint8_t>(slot.frame.unit()));
  put(out, at_price_digits, slot.scale.price_digits);
  put(out, at_volume_digits, slot.scale.volume_digits);
  put(out, at_count, slot.frame.count());
  put(out, at_number, slot.number);
  put(out, at_generation, slot.generation);
  put(out, at_rows, slot.rows);
  put(out, at_first, slot.first_time);
  put(out, at_last, slot.last_time);
  put(out, at_hash, slot.rows_hash);
  std::memcpy(out.data() + at_symbol, slot.symbol.data(), slot.symbol.size());
  put(out, at_checksum, static_cast<std::uint64_t>(XXH64(out.data(), at_checksum, 0)));
  return out;
}

result<commit_slot> decode_slot(std::span<const std::byte> bytes) {
  const error damaged{errc::corrupt_data, "commit record is damaged"};
  if (bytes.size() < slot_bytes) return damaged;
  if (get<std::uint64_t>(bytes, at_checksum) != XXH64(bytes.data(), at_checksum, 0)) return damaged;
  if (std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) return damaged;
  if (get<std::uint32_t>(bytes, at_version) != format_version)
    return error{errc::corrupt_data, "written by another version of the format"};
  commit_slot slot;
  const auto unit = get<std::uint8_t>(bytes, at_unit);
  const auto count = get<std::uint16_t>(bytes, at_count);
  slot.scale = {get<std::uint8_t>(bytes, at_price_digits), get<std::uint8_t>(bytes, at_volume_digits)};
  slot.rows = get<std::uint64_t>(bytes, at_rows);
  const bool sound = unit <= static_cast<std::uint8_t>(timeframe_unit::month) && count > 0 &&
                     slot.scale.price_digits <= decimal::scale_digits &&
                     slot.scale.volume_digits <= decimal::scale_digits &&
                     slot.rows <= (std::uint64_t{1} << 48);
  if (!sound) return damaged;
  slot.frame = timeframe{static_cast<timeframe_unit>(unit), count};
  slot.number = get<std::uint64_t>(bytes, at_number);
  slot.generation = get<std::uint64_t>(bytes, at_generation);
  slot.first_time = get<std::int64_t>(bytes, at_first);
  slot.last_time = get<std::int64_t>(bytes, at_last);
  slot.rows_hash = get<std::uint64_t>(bytes, at_hash);
  const auto* name = reinterpret_cast<const char*>(bytes.data() + at_symbol);
  slot.symbol.assign(name, strnlen(name, max_stored_symbol));
  return slot;
}

result<std::vector<commit_slot>> read_slots(const std::string& folder) {
  const std::string path = head_path(folder);
  const file_handle head{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!head.is_open()) return os_error("can't open", path);
  std::array<std::byte, head_bytes> bytes{};
  const auto got = uninterrupted([&] { return ::pread(head.fd(), bytes.data(), bytes.size(), 0); });
  if (got < 0) return os_error("read failed", path);
  const std::span held{bytes.data(), static_cast<std::size_t>(got)};
  std::vector<commit_slot> slots;
  for (const std::size_t place : {std::size_t{0}, std::size_t{1}}) {
    if (held.size() < place * slot_distance + slot_bytes) continue;
    auto slot = decode_slot(held.subspan(place * slot_distance, slot_bytes));
    // a copy in the wrong place is damage too
    if (slot && slot->number % 2 == place) slots.push_back(std::move(*slot));
  }
  if (slots.empty()) return error{errc::corrupt_data, "neither commit record of the series is intact", path};
  std::sort(slots.begin(), slots.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
  return slots;
}

result<void> write_slot(const std::string& folder, const commit_slot& slot, durability mode) {
  const std::string path = head_path(folder);
  const file_handle head{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (!head.is_open()) return os_error("can't open", path);
  const auto bytes = encode_slot(slot);
  if (auto ok = write_all(head.fd(), path, bytes, slot.number % 2 * slot_distance); !ok) return ok;
  return sync_file(head.fd(), path, mode);
}

std::string column_path(const std::string& folder, std::size_t column, std::uint64_t generation) {
  return folder + "/" + column_files[column] + "." + std::to_string(generation);
}

void scaled_rows::push_back(const std::array<std::int64_t, column_total>& row) {
  for (std::size_t i = 0; i < column_total; ++i) columns[i].push_back(row[i]);
}

std::uint64_t hash_row(std::uint64_t index, const std::array<std::int64_t, column_total>& row) {
  return XXH64(row.data(), sizeof row, index);
}

result<std::shared_ptr<const column_map>> column_map::open(const std::string& folder,
                                                           const commit_slot& slot) {
  std::shared_ptr<column_map> map{new column_map};
  map->slot_ = slot;
  if (slot.rows == 0) return std::shared_ptr<const column_map>{std::move(map)};
  const std::size_t length = static_cast<std::size_t>(slot.rows) * sizeof(std::int64_t);
  for (std::size_t i = 0; i < column_total; ++i) {
    const std::string path = column_path(folder, i, slot.generation);
    const file_handle file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.is_open()) return os_error("can't open", path);
    struct stat info {};
    if (::fstat(file.fd(), &info) != 0) return os_error("can't stat", path);
    if (static_cast<std::uint64_t>(info.st_size) < length)
      return error{errc::corrupt_data, "shorter than its " + std::to_string(slot.rows) + " committed rows",
                   path};
    void* const at = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file.fd(), 0);
    if (at == MAP_FAILED) return os_error("can't map", path);
    map->columns_[i] = static_cast<const std::int64_t*>(at);
  }
  return std::shared_ptr<const column_map>{std::move(map)};
}

column_map::~column_map() {
  for (const auto* at : columns_)
    if (at != nullptr) ::munmap(const_cast<std::int64_t*>(at), rows() * sizeof(std::int64_t));
}

std::array<std::int64_t, column_total> column_map::row(std::size_t i) const {
  std::array<std::int64_t, column_total> out;
  for (std::size_t c = 0; c < column_total; ++c) out[c] = columns_[c][i];
  return out;
}

std::uint64_t column_map::hash_from(std::size_t from) const {
  std::uint64_t sum = 0;
  for (std::size_t i = from; i < rows(); ++i) sum += hash_row(i, row(i));
  return sum;
}

} // namespace tt::market::store_files
