#include "cluster/trading/paper_list.hpp"

#include "gateways/store/durable_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace tt::cluster {

namespace {

using nlohmann::json;
using namespace execution::paper;

constexpr int form = 1;
constexpr std::size_t max_file = 1024 * 1024;

error broken(const std::string& what) { return {errc::corrupt_data, "the list of paper accounts is damaged: " + what, "paper_accounts.json"}; }

std::string text(decimal v) { return v.to_string(); }
std::string text(money v) { return v.value().to_string(); }

json fees_of(const fee_schedule& f) {
  return {{"commission_per_order", text(f.commission_per_order)}, {"commission_per_unit", text(f.commission_per_unit)},
          {"commission_ratio", text(f.commission_ratio)}, {"exchange_per_unit", text(f.exchange_per_unit)},
          {"regulatory_sell_ratio", text(f.regulatory_sell_ratio)}};
}

json as_json(const gateway::paper_account& one) {
  const auto& s = one.settings;
  return {{"account_id", s.account.str()}, {"account_type", std::string(to_string(s.type))}, {"currency", s.currency},
          {"starting_cash", text(s.starting_cash)}, {"leverage", text(s.leverage)}, {"fill_price", std::string(to_string(s.fills.basis))},
          {"latency_ms", s.fills.latency.count()}, {"slippage_ticks", s.fills.slippage_ticks},
          {"partial_fills", s.fills.partial == partial_fills::on}, {"fees", fees_of(s.fills.fees)},
          {"created_at", to_iso8601(one.created_at)}, {"resets", one.resets}, {"trading", one.trading == gateway::trading_permission::on}};
}

/// Throws json::exception or std::runtime_error for what can't be read.
decimal number_of(const json& from, const char* name) {
  auto parsed = decimal::parse(from.at(name).get<std::string>());
  if (!parsed) throw std::runtime_error(std::string(name) + ": " + parsed.error().message);
  return *parsed;
}

template <class T>
T required(result<T> got, const char* name) {
  if (!got) throw std::runtime_error(std::string(name) + ": " + got.error().message);
  return std::move(*got);
}

gateway::paper_account account_from(const json& from) {
  gateway::paper_account out;
  auto& s = out.settings;
  s.account = account_id{from.at("account_id").get<std::string>()};
  s.type = required(parse_name<account_type>(from.at("account_type").get<std::string>(), "account_type"), "account_type");
  s.currency = from.at("currency").get<std::string>();
  s.starting_cash = money{number_of(from, "starting_cash")};
  s.leverage = number_of(from, "leverage");
  s.fills.basis = required(parse_name<fill_basis>(from.at("fill_price").get<std::string>(), "fill_price"), "fill_price");
  s.fills.latency = std::chrono::milliseconds{from.at("latency_ms").get<std::int64_t>()};
  s.fills.slippage_ticks = from.at("slippage_ticks").get<int>();
  s.fills.partial = from.at("partial_fills").get<bool>() ? partial_fills::on : partial_fills::off;
  const auto& fees = from.at("fees");
  s.fills.fees = {money{number_of(fees, "commission_per_order")}, money{number_of(fees, "commission_per_unit")}, number_of(fees, "commission_ratio"),
                  money{number_of(fees, "exchange_per_unit")}, number_of(fees, "regulatory_sell_ratio")};
  out.created_at = required(parse_iso8601(from.at("created_at").get<std::string>()), "created_at");
  out.resets = from.at("resets").get<std::uint32_t>();
  out.trading = from.at("trading").get<bool>() ? gateway::trading_permission::on : gateway::trading_permission::off;
  if (!is_account_name(s.account.str())) throw std::runtime_error("account_id: can't be the name of a file");
  if (const auto good = check_settings(s); !good) throw std::runtime_error(good.error().field + ": " + good.error().message);
  return out;
}

} // namespace

gateway::paper_account* paper_list::find(const account_id& id) {
  const auto at = std::ranges::find_if(accounts, [&](const auto& one) { return one.settings.account == id; });
  return at == accounts.end() ? nullptr : &*at;
}

bool is_account_name(std::string_view id) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !id.empty() && id.size() <= 64 && id.find_first_not_of(letters) == std::string_view::npos;
}

std::string to_json(const paper_list& list) {
  json accounts = json::array();
  for (const auto& one : list.accounts) accounts.push_back(as_json(one));
  return json{{"form", form}, {"default", list.usual.str()}, {"accounts", std::move(accounts)}}.dump(1) + "\n";
}

result<paper_list> parse_paper_list(std::string_view bytes) {
  try {
    const auto whole = json::parse(bytes);
    if (whole.at("form").get<int>() > form)
      return error{errc::unsupported, "the list of paper accounts was written by a newer version of the program", "paper_accounts.json"};
    paper_list out;
    out.usual = account_id{whole.at("default").get<std::string>()};
    std::set<account_id> seen;
    for (const auto& one : whole.at("accounts")) {
      out.accounts.push_back(account_from(one));
      if (!seen.insert(out.accounts.back().settings.account).second) return broken("an account stands twice");
    }
    if (out.accounts.empty() || out.accounts.size() > gateway::paper_port::max_accounts) return broken("it must name 1 to 64 accounts");
    if (!out.find(out.usual)) return broken("its default account is not in it");
    return out;
  } catch (const std::exception& e) {
    return broken(e.what());
  }
}

result<std::optional<paper_list>> load_paper_list(const std::string& path) {
  const auto text = gateway::read_small_file(path, max_file);
  if (!text) return text.error().code == errc::out_of_range ? broken("it is larger than 1 MiB") : text.error();
  if (!*text) return std::optional<paper_list>{};
  auto parsed = parse_paper_list(**text);
  if (!parsed) return parsed.error();
  return std::optional{std::move(*parsed)};
}

result<void> save_paper_list(const std::string& path, const paper_list& list) { return gateway::replace_file(path, to_json(list)); }

namespace {

class file_list final : public paper_list_store {
public:
  explicit file_list(std::string path) : path_(std::move(path)) {}
  result<std::optional<paper_list>> load() override { return load_paper_list(path_); }
  result<void> save(const paper_list& list) override { return save_paper_list(path_, list); }

private:
  std::string path_;
};

class database_list final : public paper_list_store {
public:
  explicit database_list(std::unique_ptr<sql_database> db) : db_(std::move(db)) {}
  result<std::optional<paper_list>> load() override {
    sql_statement ask(*db_, "SELECT body FROM lists WHERE name = 'paper_accounts'");
    if (!ask.row()) {
      if (auto read = ask.ended(); !read) return read.error();
      return std::optional<paper_list>{};
    }
    auto known = parse_paper_list(ask.text_at(0));
    if (!known) return known.error();
    return std::optional{std::move(*known)};
  }
  result<void> save(const paper_list& list) override {
    sql_statement put(*db_, "INSERT INTO lists(name, body) VALUES('paper_accounts', ?) ON CONFLICT(name) DO UPDATE SET body = excluded.body");
    return put.text(to_json(list)).run();
  }

private:
  std::unique_ptr<sql_database> db_;
};

} // namespace

std::unique_ptr<paper_list_store> paper_list_in_file(std::string path) { return std::make_unique<file_list>(std::move(path)); }

result<std::unique_ptr<paper_list_store>> paper_list_in_database(const sql_place& place) {
  auto db = sql_database::open(place);
  if (!db) return db.error();
  if (auto made = (*db)->script("CREATE TABLE IF NOT EXISTS lists(name TEXT PRIMARY KEY, body TEXT NOT NULL)"); !made) return made.error();
  return std::unique_ptr<paper_list_store>(std::make_unique<database_list>(std::move(*db)));
}

} // namespace tt::cluster
