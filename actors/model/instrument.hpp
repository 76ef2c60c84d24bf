#pragma once

// Instruments and the master list that resolves their names.

#include "actors/model/calendar.hpp"
#include "actors/model/quantities.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// Kind of instrument; the names are UDF's.
enum class asset_class : std::uint8_t { stock, etf, index, futures, forex, crypto, option };

std::string_view to_string(asset_class kind) noexcept;
/// Errors: invalid_argument, naming the kinds there are.
result<asset_class> parse_asset_class(std::string_view text);

/// Which tick makes the price of bars: prints, or one side of the quote where a
/// market has no tape (foreign exchange).
enum class price_basis : std::uint8_t { trade, bid, mid };

std::string_view to_string(price_basis basis) noexcept;
result<price_basis> parse_price_basis(std::string_view text);

/// Everything static about one tradable thing.
struct instrument {
  std::string symbol;      ///< ticker, unique in the master: "AAPL", "ES1!", "BTCUSD"
  std::string exchange;    ///< "NASDAQ", "CME", "COINBASE", "FX"
  std::string description; ///< "Apple Inc."
  asset_class kind = asset_class::stock;
  std::string currency = "USD"; ///< ISO 4217 or coin code of price and P&L
  price tick{decimal::from_scaled(1, 2)}; ///< smallest price step; > 0
  quantity lot{1};         ///< smallest quantity step; > 0
  decimal multiplier{1};   ///< money per whole point and unit
  price_basis basis = price_basis::trade;
  std::string calendar_id = "XNYS";
  std::shared_ptr<const exchange_calendar> calendar; ///< never null in a master
  /// Venue → its own spelling ("tradier", "ccxt"; "tradingview" where that differs from full_name).
  std::map<std::string, std::string> venue_symbols;
  std::optional<civil_date> roll_date;   ///< next roll of a continuous future
  std::optional<bool> borrowable;        ///< whether shares can be borrowed to sell short
  std::string issuer;                    ///< same for all share classes of a company and options on them; "": the symbol itself
  std::string sector;                    ///< "": none known
  std::optional<bool> broad_index;       ///< a fund of a broad index: in no sector
  std::optional<money> min_notional;     ///< least value of an order, in `currency`
  std::optional<civil_date> last_trade;  ///< of a contract that ends
  std::optional<civil_date> first_notice; ///< of delivery
  std::optional<bool> tradable;          ///< false: halted or delisted, whatever the venue says
  /// Of a margined contract (futures, forex), per unit, in `currency`: what opening and what holding one ties up. Without the
  /// first no order on it passes the risk gate; without the second it is the first. The figures are the broker's and change.
  std::optional<money> initial_margin, maintenance_margin;

  /// "NASDAQ:AAPL".
  [[nodiscard]] std::string full_name() const { return exchange + ":" + symbol; }
  /// Whether its calendar has pre- or post-market hours.
  [[nodiscard]] bool has_extended_hours() const;
  /// Digits behind the point of a price on the tick grid.
  [[nodiscard]] int price_digits() const { return tick.value().digits(); }
  [[nodiscard]] int quantity_digits() const { return lot.value().digits(); }
  /// Whether a price of zero or less can occur (calendar spreads, oil in April 2020): futures only.
  [[nodiscard]] bool allows_non_positive_price() const { return kind == asset_class::futures; }
  /// Errors: out_of_range when `p` is off the tick grid, or is not positive where
  /// such prices can't occur.
  [[nodiscard]] result<price> checked_price(price p) const;
  /// Errors: out_of_range when `q` is not a positive multiple of the lot.
  [[nodiscard]] result<quantity> checked_quantity(quantity q) const;
};

/// The list of instruments, sorted by symbol. Immutable once made.
class instrument_master {
public:
  /// Largest number of instruments in one master.
  static constexpr std::size_t max_instruments = 100'000;
  /// Largest YAML text, in bytes.
  static constexpr std::size_t max_yaml_bytes = 64 * 1024 * 1024;

  instrument_master() = default;
  /// Sorts the list and looks up each calendar_id. Symbols and exchanges are upper case.
  /// Errors: conflict for a symbol that stands twice (names it); invalid_argument
  /// for a bad field ("AAPL.tick"); limit_exceeded above max_instruments;
  /// not_available as find_calendar.
  static result<instrument_master> make(std::vector<instrument> list);
  /// Reads the YAML form described in config/instruments.yaml; `origin` (a file
  /// name) goes into messages. Errors: as make, with key and line; limit_exceeded
  /// above max_yaml_bytes.
  static result<instrument_master> from_yaml(std::string_view text, std::string_view origin);
  /// Errors: io_error, and those of from_yaml.
  static result<instrument_master> load(const std::string& path);

  /// By ticker ("AAPL"), EXCHANGE:TICKER or TradingView's own EXCHANGE:TICKER where it
  /// is another ("CME_MINI:ES1!"), any letter case; TradingView's marks of delayed
  /// data (`_DL`, `_DLY` behind the exchange) are dropped. Null when unknown.
  [[nodiscard]] const instrument* find(std::string_view name) const;

  /// What a search asks for; empty strings match everything.
  struct search_query {
    std::string text = {};
    std::string type = {}; ///< a name of asset_class
    std::string exchange = {};
    std::size_t limit = 30;
  };
  /// Matches of ticker (best first: equal, prefix, inside), then of description;
  /// ties by symbol. Letter case is ignored. An "EXCHANGE:" prefix of the text filters too.
  [[nodiscard]] std::vector<const instrument*> search(const search_query& query) const;

  [[nodiscard]] std::span<const instrument> all() const { return list_; }
  /// Distinct exchanges in alphabetical order.
  [[nodiscard]] std::vector<std::string> exchanges() const;
  /// Distinct currencies in alphabetical order.
  [[nodiscard]] std::vector<std::string> currencies() const;

private:
  std::vector<instrument> list_; // sorted by symbol
};

} // namespace tt
