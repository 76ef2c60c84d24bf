#pragma once

// The SQL that stores write, and what PostgreSQL is given for it.
//
// Types: INTEGER (64 bits), REAL, TEXT (any bytes, compared byte by byte), BLOB; keys `INTEGER PRIMARY KEY AUTOINCREMENT`;
// `WITHOUT ROWID`. `ON CONFLICT(key) DO NOTHING | DO UPDATE SET x = excluded.x` in place of OR IGNORE and OR REPLACE.

#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// Divides at every ';' outside of quotes; empty parts are left out.
std::vector<std::string> split_statements(std::string_view script);

/// Types and words of the above as PostgreSQL has them; TEXT becomes BYTEA, since a text of ours may hold any byte.
std::string postgres_types(std::string_view sql);

/// `?` and `?n` as `$n`, outside of quotes.
std::string postgres_places(std::string_view sql);

/// Whether it only reads.
bool is_query(std::string_view sql);

} // namespace tt
