#pragma once

// Where tokens and users lie: identities.json in DATA_DIR, mode 0600, written anew as a whole. A node and `tt token` may
// change it at the same time.

#include "gateways/auth/identity_book.hpp"

#include <functional>
#include <optional>
#include <string>

namespace tt::gateway {

/// The text of a book: digests of tokens, Argon2id of passwords. The keys of one-time codes stand there as they are, since a
/// code can't be checked without them: whoever reads the file has the second factor, not the first.
std::string to_text(const identity_book& book);
/// Errors: corrupt_data with what is wrong.
result<identity_book> parse_identities(const std::string& text);

/// Not for several threads at once.
class identity_file {
public:
  static constexpr std::string_view name = "identities.json";
  /// Largest file that is read: far more than the most tokens and users take.
  static constexpr std::size_t max_bytes = 4UL * 1024 * 1024;

  /// `folder` is DATA_DIR, which exists; empty: kept in memory only.
  explicit identity_file(std::string folder);

  /// What is there now; an empty book where there is no file. Errors: corrupt_data, io_error, each naming the file.
  [[nodiscard]] result<identity_book> load();
  /// As load, but nothing while the content is that of the last load or change. A content that can't be read is told once.
  [[nodiscard]] result<std::optional<identity_book>> load_news();
  /// Reads, lets `how` change it, writes; on disk when it returns. Gives the book as written. Errors: those of load and of
  /// `how`, after which nothing has changed; io_error.
  [[nodiscard]] result<identity_book> change(const std::function<result<void>(identity_book&)>& how);

private:
  [[nodiscard]] result<std::string> read() const;
  [[nodiscard]] error named(const error& why) const;

  std::string folder_, path_;
  std::string text_;   ///< as last read or written
  std::string memory_; ///< the file, where there is none
};

} // namespace tt::gateway
