#pragma once

// The paper accounts of a node and how they are set, as a file: read at the start, written anew with every change.

#include "actors/storage/sql.hpp"
#include "gateways/paper_port.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster {

struct paper_list {
  account_id usual; ///< of orders that name no account
  std::vector<gateway::paper_account> accounts;

  [[nodiscard]] gateway::paper_account* find(const account_id& id);
};

std::string to_json(const paper_list& list);
/// Errors: corrupt_data naming what is wrong; unsupported for a newer form.
result<paper_list> parse_paper_list(std::string_view text);

/// Nothing where there is no file yet. Errors: io_error, those of parse_paper_list.
result<std::optional<paper_list>> load_paper_list(const std::string& path);
/// On disk when it returns; a crash leaves the old file or the new one. Errors: io_error.
result<void> save_paper_list(const std::string& path, const paper_list& list);

/// Where the list is kept. Used by one thread at a time.
class paper_list_store {
public:
  virtual ~paper_list_store() = default;
  /// Nothing where there is none yet. Errors: io_error, those of parse_paper_list.
  virtual result<std::optional<paper_list>> load() = 0;
  /// Durable when it returns; the old list or the new one. Errors: io_error; conflict (another node has taken over).
  virtual result<void> save(const paper_list& list) = 0;
};
/// The file of that path.
std::unique_ptr<paper_list_store> paper_list_in_file(std::string path);
/// A row of a database. Errors: as sql_database::open.
result<std::unique_ptr<paper_list_store>> paper_list_in_database(const sql_place& place);

/// Whether the id can be the name of a file: 1 to 64 of letters, digits, '_', '-'.
bool is_account_name(std::string_view id);

} // namespace tt::cluster
