#pragma once

// The checksums of the journal.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tt::execution {

/// CRC-32C (Castagnoli) of the bytes, by the processor's instruction where there is one.
std::uint32_t crc32c(std::string_view bytes) noexcept;

/// Hash over all records up to one: XXH3-128 of the hash before it and the record.
/// Against damage and loss, not against somebody who can write the file.
struct chain_hash {
  std::array<unsigned char, 16> bytes{};

  [[nodiscard]] std::string to_hex() const;
  bool operator==(const chain_hash&) const = default;
};

/// XXH3-128 of the bytes, in canonical (big-endian) order.
chain_hash hash_of(std::string_view bytes) noexcept;

} // namespace tt::execution
