#include "actors/storage/postgres_link.hpp"

#include <poll.h>

#include <cerrno>
#include <utility>

namespace tt {

namespace {

/// The kernel gives up a connection on which nothing is acknowledged.
constexpr const char* unacknowledged_ms = "2000";
constexpr const char* field = "DATABASE_URL";

} // namespace

void postgres_values::number(std::uint64_t value, Oid type) {
  std::string big(8, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(value >> (56 - 8 * i));
  raw(std::move(big), type);
}

void postgres_values::raw(std::string value, Oid type) {
  bytes.push_back(std::move(value));
  if (type != 0) types.push_back(type);
}

std::int64_t postgres_number(std::string_view bytes) {
  std::uint64_t out = !bytes.empty() && static_cast<signed char>(bytes.front()) < 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) out = (out << 8) | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(out);
}

bool postgres_link::wait_for(short events) const {
  for (;;) {
    pollfd at{PQsocket(db_), events, 0};
    const int ready = poll(&at, 1, static_cast<int>(options_.silence.count()));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

result<void> postgres_link::connect() {
  PQfinish(std::exchange(db_, nullptr));
  state_.clear();
  const char* keys[] = {"dbname", "tcp_user_timeout", "application_name", nullptr};
  const char* values[] = {options_.url.c_str(), unacknowledged_ms, options_.shown.c_str(), nullptr};
  db_ = PQconnectStartParams(keys, values, 1);
  if (!is_connected() && (db_ == nullptr || PQstatus(db_) == CONNECTION_BAD)) return failure();
  for (auto step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK; step = PQconnectPoll(db_)) {
    if (step == PGRES_POLLING_FAILED) return failure();
    if (!wait_for(step == PGRES_POLLING_READING ? POLLIN : POLLOUT)) return silence();
  }
  if (PQsetnonblocking(db_, 1) != 0 || PQsendQuery(db_, options_.settings.c_str()) == 0) return failure();
  auto set = last_answer();
  if (!set) return set.error();
  return {};
}

result<postgres_answer> postgres_link::query(const std::string& sql, const postgres_values& values) {
  state_.clear();
  if (!is_connected()) return error{errc::io_error, "there is no connection to the database", field};
  std::vector<const char*> data;
  std::vector<int> lengths, formats(values.bytes.size(), 1);
  for (const auto& one : values.bytes) {
    data.push_back(one.data());
    lengths.push_back(static_cast<int>(one.size()));
  }
  const auto* types = values.types.empty() ? nullptr : values.types.data();
  if (PQsendQueryParams(db_, sql.c_str(), static_cast<int>(data.size()), types, data.data(), lengths.data(), formats.data(), 1) == 0) return failure();
  return last_answer();
}

/// What has been sent goes out, and its results come in: the first failure among them, or the last one.
result<postgres_answer> postgres_link::last_answer() {
  for (int unsent = 1; (unsent = PQflush(db_)) != 0;) {
    if (unsent < 0) return failure();
    if (!wait_for(POLLIN | POLLOUT)) return silence();
    if (PQconsumeInput(db_) == 0) return failure();
  }
  postgres_answer out{nullptr, PQclear};
  for (;;) {
    while (PQisBusy(db_) != 0) {
      if (!wait_for(POLLIN)) return silence();
      if (PQconsumeInput(db_) == 0) return failure();
    }
    postgres_answer next{PQgetResult(db_), PQclear};
    if (!next) break;
    if (!out || PQresultStatus(out.get()) != PGRES_FATAL_ERROR) out = std::move(next);
  }
  if (!out) return failure();
  const auto status = PQresultStatus(out.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result<postgres_answer>(std::move(out));
  const char* code = PQresultErrorField(out.get(), PG_DIAG_SQLSTATE);
  state_ = code == nullptr ? "" : code;
  return failure();
}

/// The server owes an answer, which would be taken for that to the next question: this connection is of no more use.
error postgres_link::silence() {
  PQfinish(std::exchange(db_, nullptr));
  return {errc::io_error, "the database has not answered within " + std::to_string(options_.silence.count()) + " ms", field};
}

error postgres_link::failure() const {
  std::string text = db_ ? PQerrorMessage(db_) : "no memory";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (auto& c : text)
    if (c == '\n') c = ' ';
  return {errc::io_error, text, field};
}

} // namespace tt
