// Bytes as a batch of journal records and as single bodies: whatever they are, they
// are read or refused; what was read writes the same bytes again.

#include "actors/execution/account_book.hpp"
#include "actors/execution/record_codec.hpp"

#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tt::execution;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  tt::execution::chain_hash before;
  if (size >= before.bytes.size()) std::memcpy(before.bytes.data(), data, before.bytes.size());
  static_cast<void>(read_batch(bytes, tt::journal_offset{1}, before, [](journal_record&&) -> tt::result<void> { return {}; }));
  static_cast<void>(account_book::from_bytes(bytes));
  if (size < 1) return 0;
  for (std::uint8_t version = 1; version <= schema_version; ++version) {
    const auto fact = decode_body(data[0], version, bytes.substr(1));
    if (!fact) continue;
    const auto again = decode_body(data[0], schema_version, encode_body(*fact));
    if (!again || encode_body(*again) != encode_body(*fact)) std::abort();
  }
  return 0;
}
