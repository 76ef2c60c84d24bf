#include "actors/strategy/live/registry.hpp"

#include "actors/storage/sql.hpp"
#include "actors/strategy/live/registry_json.hpp"

#include <algorithm>
#include <utility>

namespace tt::strategy {

using tt::to_string; // of the names of enumerations, beside those of this room

namespace {

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS strategies(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions(id TEXT NOT NULL, version INTEGER NOT NULL, source TEXT NOT NULL, PRIMARY KEY(id, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs(id TEXT NOT NULL, run INTEGER NOT NULL, symbol TEXT NOT NULL, open INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(id, run)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events(id TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(id, run, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS signals(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS signals_by_id ON signals(id, number);
CREATE TABLE IF NOT EXISTS trades(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS trades_by_id ON trades(id, number);
CREATE TABLE IF NOT EXISTS transitions(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS transitions_by_id ON transitions(id, number);
CREATE TABLE IF NOT EXISTS alerts(number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
)sql";

/// Letters, digits, '-', '_' and '.', not at the start a dot.
bool is_good_id(std::string_view id) {
  if (id.empty() || id.size() > limits::strategy_id_bytes || id.front() == '.') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}
/// Words of fixed routes, which must not be read as an id.
bool is_reserved(std::string_view id) { return id == "validate" || id == "preview" || id == "status" || id == "alerts"; }

} // namespace

class registry::store {
public:
  explicit store(std::unique_ptr<sql_database> db) : db_(std::move(db)) {}

  [[nodiscard]] static error told(const error& why) { return {why.code, "strategies: " + why.message, why.field}; }
  [[nodiscard]] static result<void> told(const result<void>& done) {
    if (!done) return told(done.error());
    return {};
  }

  class statement : public sql_statement {
  public:
    statement(store& s, std::string_view sql) : sql_statement(*s.db_, sql) {}
    using sql_statement::number;
    statement& text(std::string_view value) { return sql_statement::text(value), *this; }
    statement& number(std::int64_t value) { return sql_statement::number(value), *this; }
    result<void> run() { return told(sql_statement::run()); }
    [[nodiscard]] result<void> ended() const { return told(sql_statement::ended()); }
  };

  result<void> make() { return told(db_->script(schema)); }
  /// All of it is written, or nothing.
  template <class Work>
  result<void> together(Work work) {
    return db_->together(std::move(work));
  }
  result<void> put_strategy(const strategy_record& r) {
    return statement(*this, "INSERT INTO strategies(id, body) VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET body = excluded.body").text(r.id.str()).text(to_json(r)).run();
  }
  result<void> put_source(const strategy_id& id, std::uint32_t version, const std::string& source) {
    return statement(*this, "INSERT INTO versions(id, version, source) VALUES(?, ?, ?) ON CONFLICT(id, version) DO UPDATE SET source = excluded.source")
      .text(id.str()).number(version).text(source).run();
  }
  result<void> put_transition(const strategy_id& id, const transition_row& t) {
    return statement(*this, "INSERT INTO transitions(id, body) VALUES(?, ?)").text(id.str()).text(to_json(t)).run();
  }
  result<void> put_run(const strategy_id& id, const run_row& r) {
    return statement(*this, "INSERT INTO runs(id, run, symbol, open, body) VALUES(?, ?, ?, ?, ?) ON CONFLICT(id, run) DO UPDATE SET "
                            "symbol = excluded.symbol, open = excluded.open, body = excluded.body")
      .text(id.str()).number(static_cast<std::int64_t>(r.run)).text(r.symbol).number(r.ended_at ? 0 : 1).text(to_json(r)).run();
  }
  result<void> put_event(const strategy_id& id, std::uint64_t run, const run_event& e) {
    return statement(*this, "INSERT INTO events(id, run, seq, body) VALUES(?, ?, ?, ?) ON CONFLICT(id, run, seq) DO UPDATE SET body = excluded.body")
      .text(id.str()).number(static_cast<std::int64_t>(run)).number(static_cast<std::int64_t>(e.seq)).text(to_json(e)).run();
  }
  /// Bodies of a strategy's rows, newest first or in their order.
  template <class Row, class Read>
  std::vector<Row> rows(std::string_view sql, const strategy_id& id, std::size_t limit, Read read) {
    std::vector<Row> out;
    statement s{*this, sql};
    s.text(id.str()).number(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
    while (s.row())
      if (auto one = read(s.text_at(0))) out.push_back(std::move(*one));
    return out;
  }

private:
  std::unique_ptr<sql_database> db_;
};

registry::registry(std::unique_ptr<store> opened) : store_(std::move(opened)) {}
registry::~registry() = default;

result<std::unique_ptr<registry>> registry::open(const sql_place& place) {
  auto db = sql_database::open(place);
  if (!db) return store::told(db.error());
  auto opened = std::make_unique<store>(std::move(*db));
  if (auto good = opened->make(); !good) return good.error();
  std::unique_ptr<registry> out{new registry(std::move(opened))};
  store::statement all{*out->store_, "SELECT body FROM strategies"};
  while (all.row()) {
    auto one = record_from(all.text_at(0));
    if (!one) return one.error();
    const auto id = one->id;
    out->known_.emplace(id, std::move(*one));
  }
  if (auto read = all.ended(); !read) return read.error();
  return out;
}

result<std::unique_ptr<registry>> registry::open(const std::string& path) { return open(sql_place{.name = "strategies", .file = path}); }

std::optional<strategy_state> registry::state_of(const strategy_id& id) const {
  std::shared_lock lock{reading_};
  const auto at = known_.find(id);
  return at == known_.end() ? std::nullopt : std::optional{at->second.state};
}

void registry::on_change(change_handler told) {
  std::unique_lock lock{reading_};
  told_ = std::move(told);
}

std::vector<strategy_record> registry::list() const {
  std::shared_lock lock{reading_};
  std::vector<strategy_record> out;
  out.reserve(known_.size());
  for (const auto& [id, one] : known_) out.push_back(one);
  return out;
}

result<strategy_record> registry::find(const strategy_id& id) const {
  std::shared_lock lock{reading_};
  const auto at = known_.find(id);
  if (at == known_.end()) return error{errc::not_found, "no strategy " + tt::in_quotes(id.str()), "strategy_id"};
  return at->second;
}

result<std::string> registry::source(const strategy_id& id, std::uint32_t version) const {
  const auto known = find(id);
  if (!known) return known.error();
  std::lock_guard lock{writing_};
  store::statement s{*store_, "SELECT source FROM versions WHERE id = ? AND version = ?"};
  s.text(id.str()).number(version == 0 ? known->version : version);
  if (s.row()) return s.text_at(0);
  if (auto read = s.ended(); !read) return read.error();
  return error{errc::not_found, "strategy " + id.str() + " has no such version of a source", "version"};
}

/// Writes a strategy with the reason, then shows it. Requires writing_.
result<strategy_record> registry::put(strategy_record r, transition_row why) {
  r.updated_at = why.at;
  auto kept = store_->together([&]() -> result<void> {
    if (auto put = store_->put_strategy(r); !put) return put;
    return store_->put_transition(r.id, why);
  });
  if (!kept) return kept.error();
  change_handler told;
  {
    std::unique_lock lock{reading_};
    known_.insert_or_assign(r.id, r);
    told = told_;
  }
  if (told) told(r.id, r, why);
  return r;
}

result<strategy_record> registry::add(strategy_record r, const std::string& source, const change_author& by) {
  if (!is_good_id(r.id.str())) return error{errc::invalid_argument, "must be 1 to 64 letters, digits, '-', '_' or '.'", "strategy_id"};
  if (is_reserved(r.id.str())) return error{errc::invalid_argument, "is the word of a route", "strategy_id"};
  if (source.size() > limits::source_bytes) return error{errc::out_of_range, "is longer than 512 KiB", "source"};
  std::lock_guard lock{writing_};
  {
    std::shared_lock shown{reading_};
    if (known_.contains(r.id)) return error{errc::conflict, "there is a strategy " + tt::in_quotes(r.id.str()) + " already", "strategy_id"};
    if (known_.size() >= limits::strategies) return error{errc::limit_exceeded, std::to_string(limits::strategies) + " strategies are registered"};
  }
  r.version = source.empty() ? 0 : 1;
  r.created_at = by.at;
  if (r.version == 1) {
    // a version of an earlier strategy of that id is replaced with it
    if (auto put = store_->put_source(r.id, 1, source); !put) return put.error();
  }
  const auto power = std::string(to_string(r.state.power));
  return put(std::move(r), {by.at, "registered", "", power, by.name, ""});
}

result<strategy_record> registry::change(const strategy_id& id, const strategy_change& c, const change_author& by) {
  std::lock_guard lock{writing_};
  auto known = find(id);
  if (!known) return known;
  auto& r = *known;
  if (c.name) r.name = *c.name;
  if (c.sizing) r.state.sizing = *c.sizing;
  if (c.limits_json) r.limits_json = *c.limits_json;
  if (c.account) r.state.account = *c.account;
  if (c.min_win_rate) r.min_win_rate = *c.min_win_rate;
  if (c.evaluation_period) r.evaluation_period = *c.evaluation_period;
  if (c.symbols) r.symbols = *c.symbols;
  if (c.frame) r.frame = *c.frame;
  if (c.hours) r.hours = *c.hours;
  if (c.inputs) r.inputs = *c.inputs;
  return put(std::move(r), {by.at, "changed", "", "", by.name, ""});
}

result<strategy_record> registry::set_source(const strategy_id& id, const std::string& source, const change_author& by) {
  if (source.empty() || source.size() > limits::source_bytes) return error{errc::out_of_range, "must have 1 to 524288 bytes", "source"};
  std::lock_guard lock{writing_};
  auto known = find(id);
  if (!known) return known;
  const auto before = known->version;
  known->version = before + 1;
  known->problem.clear();
  if (auto put = store_->put_source(id, known->version, source); !put) return put.error();
  const auto now = known->version;
  return put(std::move(*known), {by.at, "source", std::to_string(before), std::to_string(now), by.name, ""});
}

result<strategy_record> registry::set_power(const strategy_id& id, strategy_power to, const std::string& reason, const change_author& by) {
  std::lock_guard lock{writing_};
  auto known = find(id);
  if (!known || known->state.power == to) return known;
  const auto from = std::string(to_string(known->state.power));
  known->state.power = to;
  if (to == strategy_power::enabled) known->problem.clear();
  return put(std::move(*known), {by.at, std::string(to_string(to)), from, std::string(to_string(to)), by.name, reason});
}

result<strategy_record> registry::set_mode(const strategy_id& id, strategy_mode to, const std::string& reason, const change_author& by) {
  std::lock_guard lock{writing_};
  auto known = find(id);
  if (!known || known->state.mode == to) return known;
  const auto from = std::string(to_string(known->state.mode));
  known->state.mode = to;
  ++known->epoch;
  return put(std::move(*known), {by.at, "mode", from, std::string(to_string(to)), by.name, reason});
}

result<void> registry::set_problem(const strategy_id& id, const std::string& what) {
  std::lock_guard lock{writing_};
  auto known = find(id);
  if (!known) return known.error();
  known->problem = what;
  if (auto put = store_->put_strategy(*known); !put) return put;
  std::unique_lock shown{reading_};
  known_.insert_or_assign(id, std::move(*known));
  return {};
}

result<void> registry::remove(const strategy_id& id, const change_author& by) {
  std::lock_guard lock{writing_};
  if (auto known = find(id); !known) return known.error();
  const transition_row why{by.at, "removed", "", "", by.name, ""};
  auto gone = store_->together([&]() -> result<void> {
    if (auto dropped = store::statement(*store_, "DELETE FROM strategies WHERE id = ?").text(id.str()).run(); !dropped) return dropped;
    return store_->put_transition(id, why);
  });
  if (!gone) return gone;
  change_handler told;
  {
    std::unique_lock lock2{reading_};
    known_.erase(id);
    told = told_;
  }
  if (told) told(id, std::nullopt, why);
  return {};
}

// ---------------------------------------------------------------- runs

result<run_row> registry::begin_run(const strategy_id& id, run_row r) {
  std::lock_guard lock{writing_};
  store::statement last{*store_, "SELECT COALESCE(MAX(run), 0) FROM runs WHERE id = ?"};
  last.text(id.str());
  if (!last.row()) return last.ended() ? error{errc::io_error, "strategies: no answer"} : last.ended().error();
  r.run = static_cast<std::uint64_t>(last.number_at(0)) + 1;
  if (auto put = store_->put_run(id, r); !put) return put.error();
  return r;
}

result<void> registry::end_run(const strategy_id& id, std::uint64_t run, const std::string& reason, utc_time at) {
  std::lock_guard lock{writing_};
  auto all = store_->rows<run_row>("SELECT body FROM runs WHERE id = ? ORDER BY run DESC LIMIT ?", id, SIZE_MAX, run_from);
  for (auto& r : all) {
    if (r.run != run) continue;
    r.ended_at = at;
    r.end_reason = reason;
    return store_->put_run(id, r);
  }
  return error{errc::not_found, "no run " + std::to_string(run), "run"};
}

result<void> registry::keep_held(const strategy_id& id, std::uint64_t run, const std::vector<held_trade>& held) {
  std::lock_guard lock{writing_};
  auto all = store_->rows<run_row>("SELECT body FROM runs WHERE id = ? ORDER BY run DESC LIMIT ?", id, SIZE_MAX, run_from);
  for (auto& r : all) {
    if (r.run != run) continue;
    r.held = held;
    return store_->put_run(id, r);
  }
  return error{errc::not_found, "no run " + std::to_string(run), "run"};
}

std::optional<run_row> registry::last_run(const strategy_id& id, const std::string& symbol) const {
  std::lock_guard lock{writing_};
  store::statement s{*store_, "SELECT body FROM runs WHERE id = ? AND symbol = ? ORDER BY run DESC LIMIT 1"};
  s.text(id.str()).text(symbol);
  if (!s.row()) return std::nullopt;
  auto found = run_from(s.text_at(0));
  return found ? std::optional{std::move(*found)} : std::nullopt;
}

std::optional<run_row> registry::open_run(const strategy_id& id, const std::string& symbol) const {
  auto last = last_run(id, symbol);
  return last && !last->ended_at ? last : std::nullopt;
}

result<std::vector<run_event>> registry::events(const strategy_id& id, std::uint64_t run) const {
  std::lock_guard lock{writing_};
  std::vector<run_event> out;
  store::statement s{*store_, "SELECT body FROM events WHERE id = ? AND run = ? ORDER BY seq"};
  s.text(id.str()).number(static_cast<std::int64_t>(run));
  while (s.row()) {
    auto one = event_from(s.text_at(0));
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  if (auto read = s.ended(); !read) return read.error();
  return out;
}

result<void> registry::record(const strategy_id& id, const run_row& of, const run_effects& what, utc_time at) {
  if (what.events.empty() && what.signals.empty() && what.trades.empty() && what.alerts.empty()) return {};
  const auto known = find(id);
  const auto epoch = known ? known->epoch : 0;
  {
    std::lock_guard lock{writing_};
    auto kept = store_->together([&]() -> result<void> {
      for (const auto& e : what.events)
        if (auto put = store_->put_event(id, of.run, e); !put) return put;
      for (const auto& s : what.signals)
        if (auto put = store::statement(*store_, "INSERT INTO signals(id, body) VALUES(?, ?)").text(id.str()).text(to_json(s)).run(); !put) return put;
      for (const auto& t : what.trades)
        if (auto put = store::statement(*store_, "INSERT INTO trades(id, body) VALUES(?, ?)").text(id.str()).text(to_json(trade_row{t, of.mode, epoch})).run(); !put)
          return put;
      for (const auto& a : what.alerts)
        if (auto put = store::statement(*store_, "INSERT INTO alerts(body) VALUES(?)").text(to_json(alert_row{0, id, of.symbol, a})).run(); !put) return put;
      if (!what.signals.empty()) {
        auto cut = store::statement(*store_, "DELETE FROM signals WHERE id = ?1 AND number <= (SELECT number FROM signals WHERE id = ?1 "
                                             "ORDER BY number DESC LIMIT 1 OFFSET ?2)")
                     .text(id.str()).number(static_cast<std::int64_t>(limits::kept_signals)).run();
        if (!cut) return cut;
      }
      if (what.alerts.empty()) return {};
      return store::statement(*store_, "DELETE FROM alerts WHERE number <= (SELECT MAX(number) FROM alerts) - ?")
        .number(static_cast<std::int64_t>(limits::kept_alerts)).run();
    });
    if (!kept) return kept;
  }
  if (what.trades.empty() || !known) return {};
  const auto all = sets(id);
  if (all.empty() || !all.back().is_complete) return {}; // judged when a set ends, once
  return carry_out(judge(all, known->state.mode, epoch, known->min_win_rate), *known, at);
}

result<void> registry::judge_trades(const strategy_id& id, std::span<const trade_row> trades, utc_time at) {
  const auto known = find(id);
  if (!known) return known.error();
  std::vector<scored_trade> scored;
  for (const auto& r : trades) scored.push_back({r.trade.exit_ms, r.trade.profit, r.mode, r.epoch});
  const auto all = sets_of(scored, std::max<std::size_t>(1, known->evaluation_period));
  if (all.empty() || !all.back().is_complete) return {};
  const auto said = judge(all, known->state.mode, known->epoch, known->min_win_rate);
  constexpr std::size_t looked_at = 100;
  if (said == verdict::propose_promotion)
    for (const auto& before : transitions(id, looked_at))
      if (before.kind == "proposal" && unix_ms(before.at) >= all.back().last_ms) return {}; // of these sets
  return carry_out(said, *known, at);
}

result<void> registry::carry_out(verdict what, const strategy_record& of, utc_time at) {
  const auto sets = "two sets of " + std::to_string(of.evaluation_period) + " trades ";
  const auto rate = " a win rate of " + of.min_win_rate.to_string() + " %";
  switch (what) {
  case verdict::keep: return {};
  case verdict::demote:
    if (auto done = set_mode(of.id, strategy_mode::paper, sets + "below" + rate, {"demotion rule", at}); !done) return done.error();
    return {};
  case verdict::propose_promotion: break;
  }
  const transition_row why{at, "proposal", "paper", "live", "promotion rule", sets + "at or above" + rate + ": a person has to confirm"};
  {
    std::lock_guard lock{writing_};
    if (auto put = store_->put_transition(of.id, why); !put) return put;
  }
  change_handler told;
  {
    std::shared_lock lock{reading_};
    told = told_;
  }
  if (told) told(of.id, of, why);
  return {};
}

// ---------------------------------------------------------------- rows

std::vector<run_row> registry::runs(const strategy_id& id, std::size_t limit) const {
  std::lock_guard lock{writing_};
  return store_->rows<run_row>("SELECT body FROM runs WHERE id = ? ORDER BY run DESC LIMIT ?", id, limit, run_from);
}
std::vector<signal_row> registry::signals(const strategy_id& id, std::size_t limit) const {
  std::lock_guard lock{writing_};
  return store_->rows<signal_row>("SELECT body FROM signals WHERE id = ? ORDER BY number DESC LIMIT ?", id, limit, signal_from);
}
std::vector<transition_row> registry::transitions(const strategy_id& id, std::size_t limit) const {
  std::lock_guard lock{writing_};
  return store_->rows<transition_row>("SELECT body FROM transitions WHERE id = ? ORDER BY number DESC LIMIT ?", id, limit, transition_from);
}
std::vector<trade_row> registry::trades(const strategy_id& id) const {
  std::lock_guard lock{writing_};
  return store_->rows<trade_row>("SELECT body FROM trades WHERE id = ? ORDER BY number LIMIT ?", id, SIZE_MAX, trade_from);
}

std::vector<trade_set> registry::sets(const strategy_id& id) const {
  const auto known = find(id);
  if (!known) return {};
  std::vector<scored_trade> scored;
  for (const auto& r : trades(id)) scored.push_back({r.trade.exit_ms, r.trade.profit, r.mode, r.epoch});
  return sets_of(scored, std::max<std::size_t>(1, known->evaluation_period));
}

std::vector<alert_row> registry::alerts(std::size_t limit) const {
  std::lock_guard lock{writing_};
  std::vector<alert_row> out;
  store::statement s{*store_, "SELECT number, body FROM alerts ORDER BY number DESC LIMIT ?"};
  s.number(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
  while (s.row()) {
    const auto number = static_cast<std::uint64_t>(s.number_at(0));
    if (auto one = alert_from(s.text_at(1))) {
      one->number = number;
      out.push_back(std::move(*one));
    }
  }
  return out;
}

result<std::size_t> registry::clear_alerts() {
  std::lock_guard lock{writing_};
  store::statement count{*store_, "SELECT COUNT(*) FROM alerts"};
  if (!count.row()) return count.ended() ? error{errc::io_error, "strategies: no answer"} : count.ended().error();
  const auto had = static_cast<std::size_t>(count.number_at(0));
  if (auto gone = store::statement(*store_, "DELETE FROM alerts").run(); !gone) return gone.error();
  return had;
}

} // namespace tt::strategy
