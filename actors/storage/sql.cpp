#include "actors/storage/sql.hpp"

#include "actors/storage/sql_backends.hpp"

namespace tt {

result<std::unique_ptr<sql_database>> sql_database::open(const sql_place& place) {
  return place.server ? open_postgres_database(place) : open_sqlite_database(place);
}

} // namespace tt
