#include "cluster/backtest/series_supplier_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "actors/market/messages.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <vector>

namespace tt::cluster {

namespace {

/// What a simulated exchange calls itself.
constexpr std::string_view sim_label = "sim";
constexpr std::uint32_t page_bars = 20'000;

/// Asks one symbol, waiting for its answers.
class symbol_reader {
public:
  symbol_reader(caf::actor_system& system, caf::actor directory) : self_(system), directory_(std::move(directory)) {}

  result<std::vector<bar>> bars(const instrument& what, timeframe frame, session_hours hours, const market::bar_window& window) {
    auto symbol = find(what.symbol);
    if (!symbol) return symbol.error();
    std::vector<std::vector<bar>> pages; // newest first
    std::size_t have = 0;
    auto to = window.to;
    for (std::size_t turn = 0; have < window.count; ++turn) {
      if (turn == max_pages)
        return error{errc::limit_exceeded, "more than " + std::to_string(max_pages * page_bars) + " bars of " + what.symbol + ": narrow the dates", "start_date"};
      market::history_request wanted;
      wanted.symbol = what.symbol;
      wanted.frame = frame;
      wanted.hours = hours;
      wanted.from = window.from;
      wanted.to = to;
      wanted.limit = static_cast<std::uint32_t>(std::min<std::size_t>(page_bars, window.count - have));
      auto page = ask(*symbol, wanted);
      if (!page) return page.error();
      const bool more = page->size() == wanted.limit;
      if (turn == 0 && forming_ && !page->empty()) page->pop_back(); // a bar under way is another one tomorrow
      std::erase_if(*page, [&](const bar& b) { return b.open_time < window.from || b.open_time >= window.to; });
      if (page->empty()) break;
      to = page->front().open_time;
      have += page->size();
      pages.push_back(std::move(*page));
      if (!more) break;
    }
    std::vector<bar> out;
    out.reserve(have);
    for (auto page = pages.rbegin(); page != pages.rend(); ++page) out.insert(out.end(), page->begin(), page->end());
    return out;
  }

  /// Whether the symbol's prices are made by a simulated exchange.
  result<bool> is_simulated(const std::string& name) {
    auto symbol = find(name);
    if (!symbol) return symbol.error();
    result<bool> out = false;
    self_->request(*symbol, page_deadline, market::quote_atom::value)
      .receive([&](const market::quote_snapshot& quote) { out = quote.source == sim_label; },
               [&](const caf::error& e) { out = from_caf_error(e); });
    return out;
  }

private:
  result<caf::actor> find(const std::string& symbol) {
    result<caf::actor> out = error{errc::internal, "no answer"};
    self_->request(directory_, page_deadline, market::symbol_atom::value, symbol)
      .receive([&](const caf::actor& found) { out = found; }, [&](const caf::error& e) { out = from_caf_error(e); });
    return out;
  }

  result<std::vector<bar>> ask(const caf::actor& symbol, const market::history_request& wanted) {
    result<std::vector<bar>> out = error{errc::internal, "no answer"};
    self_->request(symbol, page_deadline, wanted)
      .receive(
        [&](const market::history_reply& reply) {
          forming_ = reply.last_is_forming;
          out = *reply.bars;
        },
        [&](const caf::error& e) { out = from_caf_error(e); });
    return out;
  }

  caf::scoped_actor self_;
  caf::actor directory_;
  bool forming_ = false; ///< the last bar of the last page may still change
};

/// What `data_source` asks for, against what there is.
result<void> check_source(symbol_reader& reader, backtest::bar_origin wanted, const std::string& symbol) {
  if (wanted == backtest::bar_origin::automatic) return {};
  const auto simulated = reader.is_simulated(symbol);
  if (!simulated) return simulated.error();
  if (*simulated == (wanted == backtest::bar_origin::sim)) return {};
  return error{errc::not_found, *simulated ? "there are no stored bars of " + symbol + ": its prices are simulated"
                                           : "there are no simulated bars of " + symbol + ": it has stored ones", "data_source"};
}

} // namespace

caf::behavior series_supplier_actor(caf::event_based_actor* self, std::shared_ptr<const instrument_master> master, caf::actor directory) {
  return {
    [self, master, directory](const backtest::series_wanted& wanted) -> caf::result<backtest::series_loaded> {
      const auto* what = master->find(wanted.key.symbol);
      if (what == nullptr) return to_caf_error({errc::unknown_symbol, "unknown symbol " + wanted.key.symbol, "symbols"});
      symbol_reader reader(self->system(), directory);
      if (auto fits = check_source(reader, wanted.request->data_source, what->symbol); !fits) return to_caf_error(fits.error());
      auto set = backtest::load_bars(*wanted.request, wanted.key, wanted.inner, *what,
                                     [&](const instrument& one, timeframe frame, session_hours hours, const market::bar_window& window) {
                                       return reader.bars(one, frame, hours, window);
                                     });
      if (!set) return to_caf_error(set.error());
      return backtest::series_loaded{std::move(*set)};
    },
  };
}

} // namespace tt::cluster
