#include "actors/model/instrument.hpp"
#include "actors/model/order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

using namespace tt;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// The universe that ships with the product.
const instrument_master& shipped() {
  static const auto master = instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
  EXPECT_TRUE(master.has_value()) << to_string(master.error());
  return *master;
}

std::vector<std::string> symbols(const std::vector<const instrument*>& list) {
  std::vector<std::string> out;
  for (const auto* i : list) out.push_back(i->symbol);
  return out;
}

instrument make_stock(std::string symbol, std::string description = "", std::string exchange = "NYSE") {
  instrument i;
  i.symbol = std::move(symbol);
  i.exchange = std::move(exchange);
  i.description = std::move(description);
  return i;
}

constexpr std::string_view one_entry = R"(instruments:
  - symbol: AAPL
    exchange: NASDAQ
    type: stock
    calendar: XNAS
    tick: 0.01
)";

error error_of(std::string_view yaml) {
  const auto master = instrument_master::from_yaml(yaml, "test.yaml");
  EXPECT_FALSE(master.has_value()) << yaml;
  return master ? error{} : master.error();
}

// --- the shipped universe ----------------------------------------------------------

TEST(shipped_instruments, are_the_expected_ones) {
  std::vector<std::string> names;
  for (const auto& i : shipped().all()) names.push_back(i.full_name());
  EXPECT_THAT(names, ElementsAre("NASDAQ:AAPL", "NYSE:AIG", "NASDAQ:AMD", "NYSE:BAC", "COINBASE:BTCUSD", "AMEX:DIA", "CME:ES1!", "COINBASE:ETHUSD",
                                 "FX:EURUSD", "NASDAQ:GOOG", "NASDAQ:GOOGL", "AMEX:IWM", "CME:MNQ1!", "NASDAQ:MSFT", "CME:NQ1!", "NASDAQ:NVDA",
                                 "NASDAQ:QQQ", "CME:RTY1!", "AMEX:SPY", "NASDAQ:TSLA", "AMEX:VTI", "AMEX:XLE", "AMEX:XLF", "AMEX:XLK", "AMEX:XLV",
                                 "CBOT:YM1!"));
  EXPECT_THAT(shipped().exchanges(), ElementsAre("AMEX", "CBOT", "CME", "COINBASE", "FX", "NASDAQ", "NYSE"));
  EXPECT_THAT(shipped().currencies(), ElementsAre("USD"));
}

TEST(shipped_instruments, contract_facts) {
  struct fact {
    const char* symbol;
    const char* tick;
    const char* multiplier;
    int digits;
    const char* tick_value;
  };
  const fact facts[] = {{"ES1!", "0.25", "50", 2, "12.5"}, {"NQ1!", "0.25", "20", 2, "5"},  {"MNQ1!", "0.25", "2", 2, "0.5"},
                        {"RTY1!", "0.1", "50", 1, "5"},    {"YM1!", "1", "5", 0, "5"},      {"AAPL", "0.01", "1", 2, "0.01"},
                        {"BTCUSD", "0.01", "1", 2, "0.01"}, {"EURUSD", "0.00001", "1", 5, "0.00001"}};
  for (const auto& f : facts) {
    const auto* const i = shipped().find(f.symbol);
    ASSERT_NE(i, nullptr) << f.symbol;
    EXPECT_EQ(i->tick.to_string(), f.tick);
    EXPECT_EQ(i->multiplier.to_string(), f.multiplier);
    EXPECT_EQ(i->price_digits(), f.digits);
    EXPECT_EQ(notional(i->tick, quantity{1}, i->multiplier).to_string(), f.tick_value) << f.symbol;
    EXPECT_EQ(i->currency, "USD");
    ASSERT_NE(i->calendar, nullptr);
    EXPECT_EQ(i->calendar->id(), i->calendar_id);
  }
  EXPECT_EQ(shipped().find("BTCUSD")->lot.to_string(), "0.00000001");
  EXPECT_EQ(shipped().find("BTCUSD")->quantity_digits(), 8);
  EXPECT_EQ(shipped().find("BTCUSD")->venue_symbols.at("ccxt"), "BTC/USD");
  EXPECT_EQ(shipped().find("MNQ1!")->venue_symbols.at("tradovate"), "MNQ");
  EXPECT_EQ(shipped().find("EURUSD")->basis, price_basis::bid);
  EXPECT_EQ(shipped().find("SPY")->kind, asset_class::etf);
  EXPECT_EQ(shipped().find("SPY")->calendar_id, "XNYS");
  EXPECT_TRUE(shipped().find("SPY")->has_extended_hours());
  EXPECT_FALSE(shipped().find("ES1!")->has_extended_hours());
  EXPECT_FALSE(shipped().find("EURUSD")->has_extended_hours());
  EXPECT_FALSE(instrument{}.has_extended_hours());
}

// --- names -----------------------------------------------------------------------

TEST(instrument_master, finds_by_ticker_and_full_name_in_any_case) {
  for (const char* name : {"AAPL", "aapl", "NASDAQ:AAPL", "nasdaq:Aapl", "NASDAQ_DLY:AAPL", "nasdaq_dl:aapl"}) {
    const auto* const found = shipped().find(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->symbol, "AAPL");
  }
  EXPECT_EQ(shipped().find("cme_mini:es1!"), shipped().find("ES1!")) << "TradingView's name of the exchange";
  EXPECT_EQ(shipped().find("CME:ES1!"), shipped().find("ES1!"));
  for (const char* name : {"", ":", ":AAPL", "AAPL:", "NYSE:AAPL", "AAP", "AAPLX", "NASDAQ:", "NASDAQ:AAPL:X", "_DLY:AAPL", "CME_MINI:YM1!",
                           " AAPL", "AAPL\n", "\xff"})
    EXPECT_EQ(shipped().find(name), nullptr) << name;
  EXPECT_EQ(instrument_master{}.find("AAPL"), nullptr);
}

TEST(instrument_master, finds_each_of_many) {
  std::vector<instrument> list;
  for (int i = 0; i < 3'000; ++i) list.push_back(make_stock("S" + std::to_string(i * 7919 % 3'000)));
  const auto master = instrument_master::make(std::move(list));
  ASSERT_TRUE(master.has_value());
  EXPECT_TRUE(std::ranges::is_sorted(master->all(), {}, &instrument::symbol));
  for (int i = 0; i < 3'000; ++i) {
    const auto* const found = master->find("s" + std::to_string(i));
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->symbol, "S" + std::to_string(i));
  }
}

TEST(instrument_master, search_ranks_tickers_before_descriptions) {
  std::vector<instrument> list{make_stock("GO", "Whole"),        make_stock("GOOG", "Alphabet C", "NASDAQ"), make_stock("GOOGL", "Alphabet A", "NASDAQ"),
                               make_stock("ERGO", "Inside"),     make_stock("ZZZ", "Let it go"),             make_stock("ABC", "Nothing"),
                               make_stock("AAA", "Go first")};
  const auto master = *instrument_master::make(std::move(list));
  const auto search = [&](instrument_master::search_query q) { return symbols(master.search(q)); };
  EXPECT_THAT(search({.text = "go"}), ElementsAre("GO", "GOOG", "GOOGL", "ERGO", "AAA", "ZZZ"));
  EXPECT_THAT(search({.text = " GoOg "}), ElementsAre("GOOG", "GOOGL"));
  EXPECT_THAT(search({.text = "go", .limit = 2}), ElementsAre("GO", "GOOG"));
  EXPECT_THAT(search({.text = "nasdaq:go"}), ElementsAre("GOOG", "GOOGL"));
  EXPECT_THAT(search({.text = "NASDAQ:"}), ElementsAre("GOOG", "GOOGL"));
  EXPECT_THAT(search({.text = "go", .exchange = "nyse"}), ElementsAre("GO", "ERGO", "AAA", "ZZZ"));
  EXPECT_THAT(search({.text = "alphabet"}), ElementsAre("GOOG", "GOOGL"));
  EXPECT_THAT(search({}), ElementsAre("AAA", "ABC", "ERGO", "GO", "GOOG", "GOOGL", "ZZZ"));
  EXPECT_THAT(search({.text = "nowhere"}), ElementsAre());
  EXPECT_THAT(search({.text = "LSE:go"}), ElementsAre());
  EXPECT_THAT(search({.text = "go", .limit = 0}), ElementsAre());
}

TEST(instrument_master, search_filters_by_type) {
  const auto search = [&](instrument_master::search_query q) { return symbols(shipped().search(q)); };
  EXPECT_THAT(search({.type = "futures"}), ElementsAre("ES1!", "MNQ1!", "NQ1!", "RTY1!", "YM1!"));
  EXPECT_THAT(search({.text = "usd", .type = "CRYPTO"}), ElementsAre("BTCUSD", "ETHUSD"));
  EXPECT_THAT(search({.text = "nq"}), ElementsAre("NQ1!", "MNQ1!"));
  EXPECT_THAT(search({.text = "CME_MINI:nq"}), ElementsAre("NQ1!", "MNQ1!"));
  EXPECT_THAT(search({.type = "bond"}), ElementsAre());
}

// --- grids ------------------------------------------------------------------------

TEST(instrument, checks_prices_against_the_tick) {
  const auto& es = *shipped().find("ES1!");
  const auto& aapl = *shipped().find("AAPL");
  EXPECT_TRUE(es.checked_price(*price::parse("5000.25")));
  EXPECT_EQ(es.checked_price(*price::parse("5000.26")).error().code, errc::out_of_range);
  EXPECT_EQ(es.checked_price(*price::parse("5000.26")).error().message, "5000.26 is not a multiple of ES1!'s tick 0.25");
  EXPECT_EQ(es.checked_price(*price::parse("5000.26")).error().field, "price");
  EXPECT_TRUE(es.checked_price(*price::parse("-0.25"))) << "futures can trade below zero";
  EXPECT_TRUE(es.checked_price(price{0}));
  EXPECT_TRUE(aapl.checked_price(*price::parse("0.01")));
  for (const char* bad : {"0", "-1", "0.005", "1.001"}) EXPECT_EQ(aapl.checked_price(*price::parse(bad)).error().code, errc::out_of_range) << bad;
}

TEST(instrument, checks_quantities_against_the_lot) {
  const auto& aapl = *shipped().find("AAPL");
  const auto& btc = *shipped().find("BTCUSD");
  EXPECT_TRUE(aapl.checked_quantity(quantity{100}));
  for (const char* bad : {"0", "-1", "0.5"}) EXPECT_EQ(aapl.checked_quantity(*quantity::parse(bad)).error().code, errc::out_of_range) << bad;
  EXPECT_TRUE(btc.checked_quantity(*quantity::parse("0.00000001")));
  EXPECT_EQ(btc.checked_quantity(*quantity::parse("0.000000001")).error().field, "quantity");
}

TEST(instrument, names_of_kinds) {
  for (const auto kind : {asset_class::stock, asset_class::etf, asset_class::index, asset_class::futures, asset_class::forex,
                          asset_class::crypto, asset_class::option})
    EXPECT_EQ(*parse_asset_class(to_string(kind)), kind);
  for (const auto basis : {price_basis::trade, price_basis::bid, price_basis::mid}) EXPECT_EQ(*parse_price_basis(to_string(basis)), basis);
  EXPECT_EQ(parse_asset_class("bond").error().message, "must be one of stock, etf, index, futures, forex, crypto, option");
  EXPECT_EQ(parse_price_basis("").error().code, errc::invalid_argument);
}

// --- making -----------------------------------------------------------------------

TEST(instrument_master, refuses_bad_fields_by_name) {
  const auto field_of = [](auto change) {
    instrument i = make_stock("AAPL");
    change(i);
    const auto made = instrument_master::make({std::move(i)});
    return made ? std::string() : made.error().field;
  };
  EXPECT_EQ(field_of([](instrument&) {}), "");
  EXPECT_EQ(field_of([](instrument& i) { i.symbol = ""; }), ".symbol");
  EXPECT_EQ(field_of([](instrument& i) { i.symbol = "aapl"; }), "aapl.symbol");
  EXPECT_EQ(field_of([](instrument& i) { i.symbol = "A:B"; }), "A:B.symbol");
  EXPECT_EQ(field_of([](instrument& i) { i.symbol = std::string(65, 'A'); }), std::string(40, 'A') + "....symbol");
  EXPECT_EQ(field_of([](instrument& i) { i.exchange = ""; }), "AAPL.exchange");
  EXPECT_EQ(field_of([](instrument& i) { i.description = "a\nb"; }), "AAPL.description");
  EXPECT_EQ(field_of([](instrument& i) { i.currency = "$"; }), "AAPL.currency");
  EXPECT_EQ(field_of([](instrument& i) { i.tick = price{0}; }), "AAPL.tick");
  EXPECT_EQ(field_of([](instrument& i) { i.lot = quantity{-1}; }), "AAPL.lot");
  EXPECT_EQ(field_of([](instrument& i) { i.multiplier = 0; }), "AAPL.multiplier");
  EXPECT_EQ(field_of([](instrument& i) { i.calendar_id = "XLON"; }), "AAPL.calendar");
  EXPECT_EQ(field_of([](instrument& i) { i.venue_symbols[""] = "x"; }), "AAPL.venue_symbols");
  EXPECT_EQ(field_of([](instrument& i) {
              for (int v = 0; v < 33; ++v) i.venue_symbols[std::to_string(v)] = "x";
            }),
            "AAPL.venue_symbols");
}

TEST(instrument_master, refuses_a_symbol_that_stands_twice) {
  const auto made = instrument_master::make({make_stock("A"), make_stock("B"), make_stock("A", "", "NASDAQ")});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::conflict);
  EXPECT_THAT(made.error().message, HasSubstr("A stands twice"));
  EXPECT_EQ(made.error().field, "A");
}

TEST(instrument_master, has_a_largest_size) {
  const auto made = instrument_master::make(std::vector<instrument>(instrument_master::max_instruments + 1));
  EXPECT_EQ(made.error().code, errc::limit_exceeded);
}

// --- YAML ---------------------------------------------------------------------------

TEST(instrument_yaml, reads_every_key) {
  const auto master = instrument_master::from_yaml(R"(
instruments:
  - symbol: MGC1!
    exchange: COMEX
    description: Micro Gold
    type: futures
    calendar: cme
    tick: "0.10"
    lot: 1
    multiplier: 10
    currency: USD
    basis: mid
    venue_symbols: {tradovate: MGC, tradingview: "COMEX_MINI:MGC1!"}
    roll_date: 2026-05-27
    borrowable: false
    initial_margin: 2200.5
    maintenance_margin: 2000
    issuer: Gold
    sector: Metals
    broad_index: false
    min_notional: 10.5
    last_trade: 2026-06-26
    first_notice: 2026-05-29
    tradable: false
)", "test.yaml");
  ASSERT_TRUE(master.has_value()) << to_string(master.error());
  const auto& i = *master->find("COMEX:MGC1!");
  EXPECT_EQ(i.description, "Micro Gold");
  EXPECT_EQ(i.kind, asset_class::futures);
  EXPECT_EQ(i.calendar->id(), "CME_EQUITY");
  EXPECT_EQ(i.tick, price{decimal::from_scaled(1, 1)});
  EXPECT_EQ(i.multiplier, decimal{10});
  EXPECT_EQ(i.basis, price_basis::mid);
  EXPECT_EQ(i.venue_symbols.size(), 2u);
  EXPECT_EQ(i.roll_date, civil_date::of(2026, 5, 27));
  EXPECT_EQ(i.borrowable, false);
  EXPECT_EQ(i.initial_margin, money{decimal::from_scaled(22005, 1)});
  EXPECT_EQ(i.maintenance_margin, money{2000});
  EXPECT_EQ(i.issuer, "Gold");
  EXPECT_EQ(i.sector, "Metals");
  EXPECT_EQ(i.broad_index, false);
  EXPECT_EQ(i.min_notional, money{decimal::from_scaled(105, 1)});
  EXPECT_EQ(i.last_trade, civil_date::of(2026, 6, 26));
  EXPECT_EQ(i.first_notice, civil_date::of(2026, 5, 29));
  EXPECT_EQ(i.tradable, false);
}

TEST(instrument_yaml, leaves_defaults_alone) {
  const auto master = instrument_master::from_yaml(one_entry, "test.yaml");
  ASSERT_TRUE(master.has_value());
  const auto& i = master->all().front();
  EXPECT_EQ(i.lot, quantity{1});
  EXPECT_EQ(i.multiplier, decimal{1});
  EXPECT_EQ(i.currency, "USD");
  EXPECT_EQ(i.basis, price_basis::trade);
  EXPECT_FALSE(i.borrowable || i.roll_date || i.initial_margin || i.maintenance_margin);
  EXPECT_TRUE(instrument_master::from_yaml("instruments: []", "x")->all().empty());
}

TEST(instrument_yaml, errors_name_symbol_field_and_line) {
  const auto with = [](std::string_view line) { return std::string(one_entry) + "    " + std::string(line) + "\n"; };
  struct refusal {
    const char* line;
    const char* field;
    const char* message;
  };
  const refusal cases[] = {
    {"tikc: 0.01", "AAPL.tikc", "test.yaml line 7: unknown key \"tikc\""},
    {"lot: many", "AAPL.lot", "test.yaml line 7: not a decimal number: \"many\""},
    {"lot: 0", "AAPL.lot", "test.yaml line 7: must be greater than 0"},
    {"lot: [1]", "AAPL.lot", "test.yaml line 7: must be a single value"},
    {"lot:", "AAPL.lot", "test.yaml line 7: must be a single value"},
    {"tick: 0.02", "AAPL.tick", "test.yaml line 7: key \"tick\" stands twice"},
    {"basis: last", "AAPL.basis", "test.yaml line 7: must be one of trade, bid, mid"},
    {"currency: usd", "AAPL.currency", "test.yaml line 7: must be 1 to 10 upper-case letters or digits"},
    {"roll_date: 2026-02-30", "AAPL.roll_date", "test.yaml line 7: not a date (YYYY-MM-DD): \"2026-02-30\""},
    {"borrowable: yes", "AAPL.borrowable", "test.yaml line 7: must be true or false"},
    {"min_notional: 0", "AAPL.min_notional", "test.yaml line 7: must be more than 0"},
    {"last_trade: soon", "AAPL.last_trade", "test.yaml line 7: not a date (YYYY-MM-DD): \"soon\""},
    {"venue_symbols: AAPL", "AAPL.venue_symbols", "test.yaml line 7: must map venues to symbols"},
    {"venue_symbols: {a: b, a: c}", "AAPL.venue_symbols", "test.yaml line 7: names \"a\" twice"},
    {"venue_symbols: {a: \"\"}", "AAPL.venue_symbols", "test.yaml line 7: must map venues (1 to 32 bytes) to symbols (1 to 64 bytes)"},
    {"initial_margin: 5", "AAPL.initial_margin", "test.yaml line 7: belongs to futures and forex"},
    {"maintenance_margin: much", "AAPL.maintenance_margin", "test.yaml line 7: not a decimal number: \"much\""},
    {"? [1]\n    : 2", "AAPL", "test.yaml line 7: a key must be a word"},
  };
  for (const auto& c : cases) {
    const error e = error_of(with(c.line));
    EXPECT_EQ(e.code, errc::invalid_argument) << c.line;
    EXPECT_EQ(e.field, c.field) << c.line;
    EXPECT_EQ(e.message, c.message) << c.line;
  }
}

TEST(instrument_yaml, margins_of_a_future_fit_each_other) {
  const auto future = [](const std::string& margins) {
    return "instruments:\n  - {symbol: MGC1!, exchange: COMEX, type: futures, calendar: CME_EQUITY, tick: 0.1, " + margins + "}";
  };
  EXPECT_EQ(error_of(future("initial_margin: 0")).field, "MGC1!.initial_margin");
  EXPECT_EQ(error_of(future("initial_margin: 10, maintenance_margin: -1")).field, "MGC1!.maintenance_margin");
  EXPECT_EQ(error_of(future("initial_margin: 10, maintenance_margin: 11")).message, "test.yaml line 2: must not be more than initial_margin");
  EXPECT_EQ(error_of(future("maintenance_margin: 10")).message, "test.yaml line 2: needs an initial_margin");
  EXPECT_TRUE(instrument_master::from_yaml(future("initial_margin: 10"), "test.yaml"));
}

TEST(instrument_yaml, the_margined_contracts_of_the_program_have_margins) {
  const auto master = instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
  ASSERT_TRUE(master) << to_string(master.error());
  int seen = 0;
  for (const auto& one : master->all()) {
    if (contract_of(one).style != settlement::margined) continue;
    ++seen;
    EXPECT_TRUE(one.initial_margin && one.maintenance_margin) << one.symbol << ": no order on it would pass the gate";
  }
  EXPECT_GE(seen, 6);
}

TEST(instrument_yaml, errors_of_the_whole_file) {
  struct refusal {
    const char* yaml;
    const char* field;
    const char* message;
  };
  const refusal cases[] = {
    {"", "instruments", "test.yaml: must be one YAML document"},
    {"--- {}\n--- {}", "instruments", "test.yaml: must be one YAML document"},
    // yaml-cpp hands out empty documents for ever here
    {",", "instruments", "test.yaml: must be one YAML document"},
    {"[]", "instruments", "test.yaml line 1: must be a map with the key \"instruments\""},
    {"{}", "instruments", "test.yaml line 1: missing key \"instruments\""},
    {"instruments: 5", "instruments", "test.yaml line 1: must be a list"},
    {"symbols: []", "symbols", "test.yaml line 1: unknown key \"symbols\""},
    {"instruments: []\ninstruments: []", "instruments", "test.yaml line 2: key \"instruments\" stands twice"},
    {"instruments:\n  - 5", "instruments[0]", "test.yaml line 2: must be a map of keys"},
    {"instruments:\n  - {}", "instruments[0].symbol", "test.yaml line 2: missing key \"symbol\""},
    {"instruments:\n  - {symbol: A, exchange: B, type: stock, calendar: XNYS}", "A.tick", "test.yaml line 2: missing key \"tick\""},
    {"instruments:\n  - {symbol: A, exchange: B, type: bond}", "A.type",
     "test.yaml line 2: must be one of stock, etf, index, futures, forex, crypto, option"},
    {"instruments:\n  - {symbol: A, exchange: B, type: stock, calendar: X, tick: 1}", "A.calendar",
     "test.yaml line 2: no calendar \"X\"; there are XNYS, XNAS, CME_EQUITY, FOREX, 24X7"},
    {"instruments:\n  - {symbol: a, exchange: B, type: stock, calendar: XNYS, tick: 1}", "a.symbol",
     "test.yaml line 2: must be 1 to 64 upper-case letters, digits or ._!-/&@^"},
  };
  for (const auto& c : cases) {
    const error e = error_of(c.yaml);
    EXPECT_EQ(e.code, errc::invalid_argument) << c.yaml;
    EXPECT_EQ(e.field, c.field) << c.yaml;
    EXPECT_EQ(e.message, c.message) << c.yaml;
  }
  EXPECT_THAT(error_of("instruments: [").message, HasSubstr("not YAML"));
  EXPECT_THAT(error_of("a: b: c").message, HasSubstr("test.yaml line 1: not YAML"));
  EXPECT_THAT(error_of("instruments: *nowhere").message, HasSubstr("not YAML"));
}

TEST(instrument_yaml, a_symbol_that_stands_twice_is_shown_where_it_stands_again) {
  const std::string twice = std::string(one_entry) + "  - symbol: AAPL\n    exchange: BATS\n    type: stock\n    calendar: XNYS\n    tick: 0.01\n";
  const error e = error_of(twice);
  EXPECT_EQ(e.code, errc::conflict);
  EXPECT_EQ(e.message, "test.yaml line 7: symbol AAPL stands twice");
}

TEST(instrument_yaml, hostile_texts_are_refused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_EQ(error_of(deep).code, errc::invalid_argument);
  EXPECT_EQ(error_of("instruments: " + deep).code, errc::invalid_argument);
  EXPECT_EQ(error_of(std::string("\0\xff\xfe", 3)).code, errc::invalid_argument);
  EXPECT_EQ(error_of("%YAML 9.9\n---\n!!binary x").code, errc::invalid_argument);
  EXPECT_EQ(error_of(std::string(instrument_master::max_yaml_bytes + 1, '#')).code, errc::limit_exceeded);
}

TEST(instrument_yaml, a_missing_file_is_an_io_error) {
  const auto missing = instrument_master::load("/nowhere/instruments.yaml");
  EXPECT_EQ(missing.error().code, errc::io_error);
  EXPECT_EQ(missing.error().field, "/nowhere/instruments.yaml");
  EXPECT_FALSE(instrument_master::load("/")) << "a folder";
}

} // namespace
