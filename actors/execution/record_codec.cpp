#include "actors/execution/record_codec.hpp"

#include "actors/execution/pack_archive.hpp"
#include "actors/execution/record_fields.hpp"

#include <bit>
#include <cstring>

namespace tt::execution {

static_assert(std::endian::native == std::endian::little, "the journal's numbers are little-endian");

namespace {

constexpr std::size_t fact_types = std::variant_size_v<journal_fact>;

/// The fixed part in front of a body; the struct mirrors the bytes.
struct record_header {
  std::uint32_t length;
  std::uint8_t type;
  std::uint8_t version;
  std::uint16_t zero;
  std::uint64_t offset;
  std::uint64_t epoch;
  std::int64_t wall_ns;
  std::int64_t monotonic_ns;
  std::uint64_t cause;
};
static_assert(sizeof(record_header) == record_header_bytes);

error damaged(std::uint64_t offset, std::string what) {
  return {errc::corrupt_data, std::move(what), "record " + std::to_string(offset)};
}

/// What every reader ends with: nothing failed, nothing is left over.
template <class Reader>
result<journal_fact> read_fact(Reader reader, std::uint8_t type) {
  journal_fact fact;
  emplace_at(fact, type - 1U);
  std::visit([&](auto& f) { reader(f); }, fact);
  if (reader.failed() || !reader.at_end()) return error{errc::corrupt_data, "the body is not what its type says"};
  return fact;
}

result<journal_fact> read_packed(std::uint8_t type, std::uint8_t version, std::string_view body) {
  const msgpack::unpack_limit limits(body.size(), 0, body.size(), body.size(), 0, max_body_depth);
  const auto in_place = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  msgpack::zone zone;
  std::size_t end = 0;
  try {
    const auto whole = msgpack::unpack(zone, body.data(), body.size(), end, in_place, nullptr, limits);
    if (end == body.size()) return read_fact(pack_reader{whole, version}, type);
  } catch (const msgpack::unpack_error&) { // not MessagePack, or beyond the limits
  }
  return error{errc::corrupt_data, "the body is not MessagePack"};
}

} // namespace

std::string encode_body(const journal_fact& fact) {
  std::string out;
  pack_writer writer{out};
  std::visit([&](const auto& f) { writer(f); }, fact);
  return out;
}

result<journal_fact> decode_body(std::uint8_t type, std::uint8_t version, std::string_view body) {
  if (type == 0 || type > fact_types) return error{errc::unsupported, "type " + std::to_string(type) + " is not known to this version"};
  if (version == 0 || version > schema_version)
    return error{errc::unsupported, "schema version " + std::to_string(version) + " is not known to this version"};
  if (version == 1) return read_fact(byte_reader{body, version}, type);
  return read_packed(type, version, body);
}

batch_writer::batch_writer(journal_offset next, chain_hash chain, lease_epoch epoch) {
  batch_.first = next;
  batch_.epoch = epoch;
  batch_.before = batch_.after = chain;
  batch_.bytes.assign(reinterpret_cast<const char*>(chain.bytes.data()), chain.bytes.size());
}

result<void> batch_writer::add(journal_record& record) {
  if (batch_.count >= max_batch_records) return error{errc::limit_exceeded, "a batch takes at most 256 records"};
  record.offset = batch_.next();
  record.epoch = batch_.epoch;
  auto& out = batch_.bytes;
  const auto start = out.size();
  out.resize(start + record_header_bytes);
  pack_writer writer{out};
  std::visit([&](const auto& f) { writer(f); }, record.fact);
  const auto length = out.size() - start + record_trailer_bytes;
  if (length > max_record_bytes) {
    out.resize(start);
    return error{errc::out_of_range, "a journal record may have at most 4 MiB"};
  }
  const record_header header{static_cast<std::uint32_t>(length),
                             static_cast<std::uint8_t>(record.fact.index() + 1),
                             schema_version,
                             0,
                             raw(record.offset),
                             raw(record.epoch),
                             record.at.time_since_epoch().count(),
                             record.monotonic_ns,
                             raw(record.cause)};
  std::memcpy(out.data() + start, &header, sizeof header);
  const auto checksum = crc32c(std::string_view(out).substr(start));
  out.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  // the hash before stands directly in front of the record: the end of the one before, or the batch's own
  batch_.after = hash_of(std::string_view(out).substr(start - sizeof batch_.after.bytes));
  out.append(reinterpret_cast<const char*>(batch_.after.bytes.data()), batch_.after.bytes.size());
  ++batch_.count;
  return {};
}

result<chain_hash> read_batch(std::string_view bytes, journal_offset first, const chain_hash& before, const record_visitor& visit) {
  constexpr std::size_t hash_bytes = sizeof before.bytes;
  auto offset = raw(first);
  if (bytes.size() < hash_bytes || std::memcmp(bytes.data(), before.bytes.data(), hash_bytes) != 0)
    return damaged(offset, "does not follow the record before it");
  chain_hash chain = before;
  std::size_t at = hash_bytes;
  while (at < bytes.size()) {
    record_header header{};
    const auto left = bytes.size() - at;
    if (left < record_header_bytes + record_trailer_bytes) return damaged(offset, "is cut off");
    std::memcpy(&header, bytes.data() + at, sizeof header);
    if (header.length < record_header_bytes + record_trailer_bytes || header.length > left) return damaged(offset, "has an impossible length");
    const auto whole = bytes.substr(at, header.length);
    std::uint32_t checksum = 0;
    std::memcpy(&checksum, whole.data() + whole.size() - record_trailer_bytes, sizeof checksum);
    if (crc32c(whole.substr(0, whole.size() - record_trailer_bytes)) != checksum) return damaged(offset, "fails its checksum");
    chain = hash_of(bytes.substr(at - hash_bytes, hash_bytes + header.length - hash_bytes));
    if (std::memcmp(whole.data() + whole.size() - hash_bytes, chain.bytes.data(), hash_bytes) != 0)
      return damaged(offset, "is not what its chain hash says");
    if (header.offset != offset || header.zero != 0) return damaged(offset, "stands in the wrong place");
    auto fact = decode_body(header.type, header.version,
                            whole.substr(record_header_bytes, whole.size() - record_header_bytes - record_trailer_bytes));
    if (!fact) return error{fact.error().code, fact.error().message, "record " + std::to_string(offset)};
    journal_record record{journal_offset{offset}, journal_offset{header.cause}, lease_epoch{header.epoch}, utc_time{nanoseconds{header.wall_ns}},
                          header.monotonic_ns, std::move(*fact)};
    if (auto done = visit(std::move(record)); !done) return done.error();
    at += header.length;
    ++offset;
  }
  return chain;
}

} // namespace tt::execution
