#include "cluster/lease/sql_lease_store.hpp"

#include <charconv>
#include <chrono>
#include <optional>

namespace tt::cluster {

namespace {

template <class Number>
result<Number> number(const std::string& text) {
  Number out{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc{} || end != text.data() + text.size())
    return error{errc::corrupt_data, "the lease table holds \"" + printable(text) + "\" where a number belongs"};
  return out;
}

std::string ttl_ns(std::chrono::milliseconds ttl) {
  return std::to_string(std::chrono::duration_cast<nanoseconds>(ttl).count());
}

class transaction final : public lease_transaction {
public:
  explicit transaction(sql_connection& db) : db_(db) {}
  result<std::uint64_t> execute(std::string_view sql, const std::vector<std::string>& parameters) override {
    auto answer = db_.query(sql, parameters);
    if (!answer) return answer.error();
    return answer->changed;
  }

private:
  sql_connection& db_;
};

class sql_lease_store final : public lease_store {
public:
  sql_lease_store(std::unique_ptr<sql_connection> db, lease_clock own) : db_(std::move(db)), own_(std::move(own)) {
    if (own_) stepped_at_ = own_(); // nothing is known of what the clock did before
  }

  result<void> make_tables() {
    for (const auto& statement : db_->schema())
      if (auto made = db_->query(statement, {}); !made) return made.error();
    return {};
  }

  result<lease_grant> acquire(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl) override {
    if (auto fine = check_lease(name, holder, ttl); !fine) return fine.error();
    db_->new_call();
    if (auto looked = look_at_clock(ttl); !looked) return looked.error();
    const auto now = db_->now();
    auto granted = take(name, holder, ttl, " WHERE (tt_leases.expires_ns <= " + now + is_old_enough() + ") OR tt_leases.holder = excluded.holder");
    if (!granted) return granted.error();
    if (!granted->rows.empty()) return grant(name, granted->rows.front());
    // a clock that was set back would keep it from everybody for as long
    auto bounded = db_->query("UPDATE tt_leases SET expires_ns = " + now + " + ttl_ns WHERE name = $1 AND expires_ns > " + now + " + ttl_ns",
                              {name});
    if (!bounded) return bounded.error();
    auto owner = db_->query("SELECT holder FROM tt_leases WHERE name = $1", {name});
    const auto who = owner && !owner->rows.empty() ? owner->rows.front().at(0) : std::string("somebody");
    return error{errc::conflict, printable(who) + " holds " + printable(name), "name"};
  }

  result<lease_grant> seize(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl) override {
    if (auto fine = check_lease(name, holder, ttl); !fine) return fine.error();
    db_->new_call();
    auto granted = take(name, holder, ttl, "");
    if (!granted) return granted.error();
    return grant(name, granted->rows.at(0));
  }

  result<lease_grant> renew(const std::string& name, std::uint64_t epoch, std::chrono::milliseconds ttl) override {
    if (auto fine = check_lease(name, "x", ttl); !fine) return fine.error();
    db_->new_call();
    auto renewed = db_->query("UPDATE tt_leases SET expires_ns = " + db_->now()
                                + " + CAST($3 AS BIGINT), ttl_ns = CAST($3 AS BIGINT) WHERE name = $1 AND epoch = CAST($2 AS BIGINT) AND holder <> '' "
                                  "RETURNING holder, epoch, expires_ns",
                              {name, std::to_string(epoch), ttl_ns(ttl)});
    if (!renewed) return renewed.error();
    if (renewed->rows.empty()) return superseded(name, epoch);
    return grant(name, renewed->rows.front());
  }

  result<void> release(const std::string& name, std::uint64_t epoch) override {
    db_->new_call();
    auto done = db_->query("UPDATE tt_leases SET holder = '', expires_ns = 0 WHERE name = $1 AND epoch = CAST($2 AS BIGINT) AND holder <> ''",
                           {name, std::to_string(epoch)});
    if (!done) return done.error();
    if (done->changed == 0) return superseded(name, epoch);
    return {};
  }

  result<void> guarded(const std::string& name, std::uint64_t epoch, const guarded_work& work) override {
    db_->new_call();
    if (auto begun = db_->begin(); !begun) return begun;
    auto done = checked(name, epoch, work);
    if (!done) {
      db_->roll_back();
      return done;
    }
    return db_->commit();
  }

  result<std::uint64_t> act(const lease_act& what) override {
    if (what.what.size() > max_act_bytes || what.what.find('\0') != std::string::npos)
      return error{errc::invalid_argument, "must be text of at most 64 KiB", "what"};
    std::uint64_t id = 0;
    auto done = guarded(what.name, what.epoch, [&](lease_transaction&) -> result<void> {
      auto written = db_->query("INSERT INTO tt_acts(lease, epoch, what) VALUES($1, CAST($2 AS BIGINT), $3) RETURNING id",
                                {what.name, std::to_string(what.epoch), what.what});
      if (!written) return written.error();
      auto given = number<std::uint64_t>(written->rows.at(0).at(0));
      if (!given) return given.error();
      id = *given;
      return {};
    });
    if (!done) return done.error();
    return id;
  }

  result<std::vector<lease_act>> acts(const std::string& name, std::size_t limit) override {
    db_->new_call();
    auto found = db_->query("SELECT epoch, what FROM tt_acts WHERE lease = $1 ORDER BY id LIMIT CAST($2 AS BIGINT)",
                            {name, std::to_string(limit)});
    if (!found) return found.error();
    std::vector<lease_act> out;
    for (auto& row : found->rows) {
      auto epoch = number<std::uint64_t>(row.at(0));
      if (!epoch) return epoch.error();
      out.push_back({name, *epoch, std::move(row.at(1))});
    }
    return out;
  }

private:
  /// A clock that is set forward would end a lease whose holder, who counts by his own, still acts. So it is compared with ours.
  result<void> look_at_clock(std::chrono::milliseconds ttl) {
    if (!own_) return {};
    const auto before = own_();
    auto answer = db_->query("SELECT " + db_->now(), {});
    if (!answer) return answer.error();
    auto ns = number<std::int64_t>(answer->rows.at(0).at(0));
    if (!ns) return ns.error();
    const utc_time theirs{nanoseconds{*ns}};
    const auto after = own_();
    if (looked_at_ && theirs - looked_at_->theirs > after - looked_at_->own + ttl / step_part) stepped_at_ = after;
    looked_at_ = look{before, theirs};
    return {};
  }

  /// After a step, what has run out by the clock is given on only when its time to live has passed by ours too: by then
  /// whoever holds it has renewed it under the new time, or has ended.
  [[nodiscard]] std::string is_old_enough() const {
    if (!own_) return {};
    const auto trusted = std::to_string((own_() - stepped_at_).count());
    return " AND (tt_leases.holder = '' OR tt_leases.ttl_ns <= " + trusted + ")";
  }

  /// The row stays for ever, so epochs never go back.
  result<sql_answer> take(const std::string& name, const std::string& holder, std::chrono::milliseconds ttl, const std::string& where) {
    return db_->query("INSERT INTO tt_leases(name, holder, epoch, expires_ns, ttl_ns) VALUES($1, $2, 1, " + db_->now()
                        + " + CAST($3 AS BIGINT), CAST($3 AS BIGINT)) ON CONFLICT(name) DO UPDATE SET holder = excluded.holder, "
                          "epoch = tt_leases.epoch + 1, expires_ns = excluded.expires_ns, ttl_ns = excluded.ttl_ns"
                        + where + " RETURNING holder, epoch, expires_ns",
                      {name, holder, ttl_ns(ttl)});
  }

  static error superseded(const std::string& name, std::uint64_t epoch) {
    return {errc::conflict, "epoch " + std::to_string(epoch) + " of " + printable(name) + " is over", "epoch"};
  }

  static result<lease_grant> grant(const std::string& name, const std::vector<std::string>& row) {
    auto epoch = number<std::uint64_t>(row.at(1));
    if (!epoch) return epoch.error();
    auto expires = number<std::int64_t>(row.at(2));
    if (!expires) return expires.error();
    return lease_grant{name, row.at(0), *epoch, utc_time{nanoseconds{*expires}}};
  }

  result<void> checked(const std::string& name, std::uint64_t epoch, const guarded_work& work) {
    auto current = db_->query("SELECT 1 FROM tt_leases WHERE name = $1 AND epoch = CAST($2 AS BIGINT) AND holder <> ''"
                                + std::string(db_->lock_row()),
                              {name, std::to_string(epoch)});
    if (!current) return current.error();
    if (current->rows.empty()) return superseded(name, epoch);
    transaction tx{*db_};
    return work(tx);
  }

  struct look {
    utc_time own, theirs;
  };

  std::unique_ptr<sql_connection> db_;
  lease_clock own_; ///< empty: the connection's clock is not watched
  utc_time stepped_at_{};
  std::optional<look> looked_at_;
};

} // namespace

result<std::unique_ptr<lease_store>> make_sql_lease_store(std::unique_ptr<sql_connection> connection, lease_clock own) {
  auto out = std::make_unique<sql_lease_store>(std::move(connection), std::move(own));
  if (auto made = out->make_tables(); !made) return made.error();
  return std::unique_ptr<lease_store>(std::move(out));
}

} // namespace tt::cluster
