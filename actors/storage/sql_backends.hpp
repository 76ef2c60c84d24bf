#pragma once

// The two back ends of sql_database; stores open either through it.

#include "actors/storage/sql.hpp"

namespace tt {

/// WAL, synchronous=FULL. Errors: io_error, corrupt_data.
result<std::unique_ptr<sql_database>> open_sqlite_database(const sql_place& place);

/// A schema of its own ("tt_" and the name), synchronous commits. A connection that was lost is made again by the next call.
/// Errors: io_error, conflict (a higher epoch has claimed the fence).
result<std::unique_ptr<sql_database>> open_postgres_database(const sql_place& place);

} // namespace tt
