// The simulated exchange below its feed: sessions, minutes, levels and whether
// they look like a market.

#include "tests/market/sim_universe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

namespace tt::market::sim {

namespace {

constexpr civil_date day_in_2024 = civil_date::of(2024, 3, 12);

/// Last traded price of a session.
double close_of(const session& s) {
  return static_cast<double>(s.minutes.back().close);
}

/// Sessions of one symbol, day by day.
std::vector<session> sessions(const exchange& market, std::string_view symbol, civil_date from,
                              civil_date to) {
  const auto index = *market.find(symbol);
  std::vector<session> out;
  for (auto hours = market.session_on_or_after(index, from); hours && hours->day < to;
       hours = market.session_on_or_after(index, hours->day + 1)) {
    out.push_back(*market.session_of(index, hours->day));
    out.back().steps = {};
  }
  return out;
}

std::vector<double> log_returns(const std::vector<session>& list) {
  std::vector<double> out;
  for (std::size_t i = 1; i < list.size(); ++i)
    out.push_back(std::log(close_of(list[i]) / close_of(list[i - 1])));
  return out;
}

double mean(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double deviation(const std::vector<double>& x) {
  const double m = mean(x);
  double sum = 0;
  for (double v : x) sum += (v - m) * (v - m);
  return std::sqrt(sum / static_cast<double>(x.size()));
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double mx = mean(x), my = mean(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mx) * (y[i] - my);
  return sum / static_cast<double>(x.size()) / deviation(x) / deviation(y);
}

double autocorrelation(const std::vector<double>& x) {
  return correlation({x.begin(), x.end() - 1}, {x.begin() + 1, x.end()});
}

error made_with(exchange_config config) {
  auto made = exchange::make(std::move(config));
  return made ? error{errc::success, ""} : made.error();
}

} // namespace

TEST(sim_exchange, refuses_a_bad_configuration_by_name) {
  const auto universe = default_universe();
  auto config = exchange_config{};
  config.instruments = universe;
  EXPECT_EQ(made_with(config).code, errc::success);
  config.trades_percent = 0;
  EXPECT_EQ(made_with(config).field, "trades_percent");
  config = {};
  config.epoch = civil_date::of(1900, 1, 1);
  EXPECT_EQ(made_with(config).field, "epoch");
  config = {};
  config.instruments = {universe[0], universe[0]};
  EXPECT_EQ(made_with(config).field, "instruments[AAPL]");
  config = {};
  config.instruments = {universe[0]};
  config.instruments[0].calendar = nullptr;
  EXPECT_EQ(made_with(config).field, "instruments[AAPL].calendar");
  config.instruments = {universe[0]};
  config.instruments[0].tick = price{0};
  EXPECT_EQ(made_with(config).field, "instruments[AAPL].tick");
  config.instruments = {universe[0]};
  config.instruments[0].lot = quantity{-1};
  EXPECT_EQ(made_with(config).field, "instruments[AAPL].lot");
  config.instruments = {universe[0]};
  profile wild = profile_for(universe[0]);
  wild.own_volatility_bp = 30'000;
  config.profiles = {wild};
  EXPECT_EQ(made_with(config).field, "profiles[AAPL].own_volatility_bp");
}

TEST(sim_exchange, does_not_depend_on_where_one_begins_to_look) {
  // one market walked forward, others asked for single days in random order
  const auto walked = make_exchange(7);
  std::mt19937 random{1};
  std::vector<std::pair<std::uint32_t, session>> seen;
  for (std::uint32_t symbol = 0; symbol < walked->symbols().size(); symbol += 3)
    for (auto& s : sessions(*walked, walked->symbols()[symbol], day_in_2024, day_in_2024 + 20))
      seen.emplace_back(symbol, std::move(s));
  std::shuffle(seen.begin(), seen.end(), random);
  const auto asked = make_exchange(7);
  for (const auto& [symbol, s] : seen) {
    const auto again = asked->session_of(symbol, s.hours.day);
    ASSERT_TRUE(again);
    ASSERT_EQ(again->minutes, s.minutes) << walked->symbols()[symbol] << " " << s.hours.day.to_string();
  }
}

TEST(sim_exchange, does_not_depend_on_its_other_symbols) {
  auto few = default_universe();
  few = {few[9], few[0]}; // MNQ1! without NQ1!
  const auto small = make_exchange(7, few), large = make_exchange(7);
  for (std::uint32_t i = 0; i < 2; ++i)
    EXPECT_EQ(small->session_of(i, day_in_2024)->minutes,
              large->session_of(*large->find(few[i].symbol), day_in_2024)->minutes);
}

TEST(sim_exchange, has_another_market_for_another_seed) {
  EXPECT_NE(make_exchange(7)->session_of(0, day_in_2024)->minutes,
            make_exchange(8)->session_of(0, day_in_2024)->minutes);
}

TEST(sim_exchange, has_no_session_when_the_venue_is_closed) {
  const auto market = make_exchange(7);
  const auto spy = *market->find("SPY"), btc = *market->find("BTCUSD"), eur = *market->find("EURUSD");
  const auto saturday = civil_date::of(2024, 3, 16), thanksgiving = civil_date::of(2024, 11, 28);
  EXPECT_FALSE(market->session_of(spy, saturday));
  EXPECT_FALSE(market->session_of(spy, thanksgiving));
  EXPECT_FALSE(market->session_of(eur, saturday));
  EXPECT_TRUE(market->session_of(btc, saturday));
  EXPECT_FALSE(market->session_of(spy, civil_date::of(2014, 12, 31))) << "before the epoch";
  EXPECT_TRUE(market->session_of(spy, market->epoch()));
  EXPECT_FALSE(market->find("nothing"));
}

TEST(sim_exchange, makes_consistent_minutes) {
  const auto market = make_exchange(3);
  for (const auto& name : market->symbols())
    for (const auto& s :
         sessions(*market, name, civil_date::of(2023, 11, 20), civil_date::of(2023, 11, 28))) {
      ASSERT_EQ(s.minutes.size(), static_cast<std::size_t>((s.hours.extended.close - s.hours.extended.open) /
                                                           std::chrono::minutes{1}));
      for (const auto& m : s.minutes) {
        ASSERT_GE(m.low, min_ticks);
        ASSERT_LE(m.low, std::min(m.open, m.close)) << name;
        ASSERT_GE(m.high, std::max(m.open, m.close)) << name;
        ASSERT_GE(m.lots, 0);
      }
    }
}

TEST(sim_exchange, draws_the_regular_hours_alone_as_with_the_others) {
  const auto market = make_exchange(7);
  for (std::uint32_t symbol = 0; symbol < market->symbols().size(); ++symbol)
    for (const auto day : {day_in_2024, civil_date::of(2024, 11, 29)}) {
      const auto all = *market->session_of(symbol, day),
                 regular = *market->session_of(symbol, day, exchange::part::regular);
      for (std::size_t m = 0; m < all.minutes.size(); ++m)
        ASSERT_EQ(regular.minutes[m], all.hours.regular.contains(all.time_of(m)) ? all.minutes[m] : minute{})
            << market->symbols()[symbol];
    }
}

TEST(sim_exchange, continues_prices_from_minute_to_minute_and_gaps_between_sessions) {
  const auto market = make_exchange(7);
  const auto spy = sessions(*market, "SPY", civil_date::of(2023, 1, 1), civil_date::of(2024, 1, 1));
  int gaps = 0;
  for (std::size_t i = 0; i < spy.size(); ++i) {
    const auto& m = spy[i].minutes;
    for (std::size_t k = 1; k < m.size(); ++k)
      ASSERT_LE(std::abs(m[k].open - m[k - 1].close), m[k - 1].lots == 1 ? 60 : 1);
    if (i > 0) gaps += std::abs(m.front().open - spy[i - 1].minutes.back().close) > 20 ? 1 : 0;
  }
  EXPECT_GT(gaps, static_cast<int>(spy.size() / 2)) << "gaps above 20 cents";
  // a market that never closes has none
  const auto btc = sessions(*market, "BTCUSD", civil_date::of(2023, 1, 1), civil_date::of(2023, 3, 1));
  for (std::size_t i = 1; i < btc.size(); ++i)
    EXPECT_EQ(btc[i].minutes.front().open, btc[i - 1].minutes.back().close);
}

TEST(sim_exchange, keeps_prices_sane_for_decades) {
  for (std::uint64_t seed : {1U, 2U, 7U}) {
    const auto market = make_exchange(seed);
    for (std::uint32_t symbol = 0; symbol < market->symbols().size(); ++symbol) {
      const double anchor = static_cast<double>(market->profile_of(symbol).anchor_micros) / 1e6;
      for (civil_date day = market->epoch(); day < civil_date::of(2041, 1, 1); day = day + 97) {
        const auto hours = market->session_on_or_after(symbol, day);
        ASSERT_TRUE(hours);
        const auto s = *market->session_of(symbol, hours->day);
        const double close = market->price_of(symbol, s.minutes.back().close).to_double();
        const int year = static_cast<int>(hours->day.ymd().year());
        EXPECT_GT(close, anchor / 20) << market->symbols()[symbol] << " " << hours->day.to_string();
        EXPECT_LT(close, anchor * 12) << market->symbols()[symbol] << " " << hours->day.to_string();
        if (year >= 2025 && year <= 2027) {
          EXPECT_LT(std::abs(std::log(close / anchor)), 1.1)
              << market->symbols()[symbol] << " " << hours->day.to_string();
        }
        for (const auto& m : s.minutes) ASSERT_GT(m.low, 100) << "far above one tick";
      }
    }
  }
}

TEST(sim_exchange, reaches_its_last_day) {
  const auto market = make_exchange(7);
  const auto spy = *market->find("SPY");
  const auto last = market->session_on_or_before(spy, civil_date::of(2300, 1, 1));
  ASSERT_TRUE(last);
  EXPECT_GT(last->day, civil_date::of(2199, 12, 20));
  const double close =
      market->price_of(spy, market->session_of(spy, last->day)->minutes.back().close).to_double();
  EXPECT_GT(close, 300);
  EXPECT_LT(close, 6000);
  EXPECT_FALSE(market->session_on_or_after(spy, exchange::last_day + 1));
}

TEST(sim_exchange, moves_like_a_market_from_day_to_day) {
  const auto market = make_exchange(7);
  struct band {
    const char* symbol;
    double low, high, days;
  };
  for (const auto& b :
       {band{"SPY", 0.10, 0.18, 252}, band{"AAPL", 0.18, 0.32, 252}, band{"TSLA", 0.35, 0.65, 252},
        band{"BTCUSD", 0.35, 0.65, 365}, band{"EURUSD", 0.05, 0.10, 260}}) {
    const auto returns =
        log_returns(sessions(*market, b.symbol, civil_date::of(2016, 1, 1), civil_date::of(2021, 1, 1)));
    const double volatility = deviation(returns) * std::sqrt(b.days);
    EXPECT_GT(volatility, b.low) << b.symbol;
    EXPECT_LT(volatility, b.high) << b.symbol;
    EXPECT_LT(std::abs(autocorrelation(returns)), 0.08) << b.symbol;
    double fourth = 0;
    for (double r : returns) fourth += std::pow(r / deviation(returns), 4);
    EXPECT_GT(fourth / static_cast<double>(returns.size()), 3.5) << b.symbol << ": fat tails";
    // regimes: large moves come in clusters, so their sizes are correlated
    std::vector<double> sizes;
    for (double r : returns) sizes.push_back(std::abs(r));
    EXPECT_GT(autocorrelation(sizes), 0.05) << b.symbol;
  }
}

TEST(sim_exchange, knows_regimes) {
  const auto market = make_exchange(7);
  std::map<std::uint32_t, int> days;
  for (const auto& s : sessions(*market, "SPY", civil_date::of(2016, 1, 1), civil_date::of(2022, 1, 1)))
    ++days[s.regime];
  ASSERT_EQ(days.size(), 3U);
  for (const auto& [regime, count] : days) EXPECT_GT(count, 30) << regime;
}

TEST(sim_exchange, moves_related_symbols_together) {
  const auto market = make_exchange(7);
  const auto from = civil_date::of(2019, 1, 1), to = civil_date::of(2020, 1, 1);
  std::map<std::string, std::map<civil_date, double>> closes;
  for (const char* symbol : {"SPY", "ES1!", "QQQ", "NVDA", "BTCUSD", "ETHUSD", "EURUSD"})
    for (const auto& s : sessions(*market, symbol, from, to)) closes[symbol][s.hours.day] = close_of(s);
  const auto together = [&](const char* a, const char* b) {
    std::vector<double> x, y;
    double last_a = 0, last_b = 0;
    for (const auto& [day, close] : closes[a]) {
      const auto other = closes[b].find(day);
      if (other == closes[b].end()) continue;
      if (last_a > 0) {
        x.push_back(std::log(close / last_a));
        y.push_back(std::log(other->second / last_b));
      }
      last_a = close;
      last_b = other->second;
    }
    return correlation(x, y);
  };
  EXPECT_GT(together("SPY", "ES1!"), 0.97);
  EXPECT_GT(together("SPY", "QQQ"), 0.75);
  EXPECT_GT(together("QQQ", "NVDA"), 0.5);
  EXPECT_GT(together("BTCUSD", "ETHUSD"), 0.6);
  EXPECT_LT(std::abs(together("EURUSD", "NVDA")), 0.3);
}

TEST(sim_exchange, moves_related_symbols_together_within_the_day) {
  const auto market = make_exchange(7);
  const auto spy = *market->session_of(*market->find("SPY"), day_in_2024),
             future = *market->session_of(*market->find("ES1!"), day_in_2024);
  std::vector<double> x, y;
  for (std::size_t m = 0; m < spy.minutes.size(); ++m) {
    if (!spy.hours.regular.contains(spy.time_of(m))) continue;
    const auto other =
        static_cast<std::size_t>((spy.time_of(m) - future.hours.extended.open) / std::chrono::minutes{1});
    x.push_back(static_cast<double>(spy.minutes[m].close - spy.minutes[m].open));
    y.push_back(static_cast<double>(future.minutes[other].close - future.minutes[other].open));
  }
  EXPECT_GT(correlation(x, y), 0.8);
}

TEST(sim_exchange, lets_a_micro_contract_track_its_big_brother) {
  const auto market = make_exchange(7);
  const auto micro = *market->session_of(*market->find("MNQ1!"), day_in_2024),
             mini = *market->session_of(*market->find("NQ1!"), day_in_2024);
  ASSERT_EQ(micro.minutes.size(), mini.minutes.size());
  std::int64_t different_volume = 0;
  for (std::size_t m = 0; m < mini.minutes.size(); ++m) {
    if (micro.minutes[m].lots >= 4 && mini.minutes[m].lots >= 4) {
      EXPECT_EQ(micro.minutes[m].close, mini.minutes[m].close);
    }
    different_volume += micro.minutes[m].lots != mini.minutes[m].lots ? 1 : 0;
  }
  EXPECT_GT(different_volume, 1000);
}

TEST(sim_exchange, has_a_day_shaped_like_a_u) {
  const auto market = make_exchange(7);
  std::vector<double> volume(960), range(960);
  for (const auto& s : sessions(*market, "AAPL", civil_date::of(2023, 1, 3), civil_date::of(2023, 7, 1)))
    for (std::size_t m = 0; m < s.minutes.size() && s.minutes.size() == 960; ++m) {
      volume[m] += static_cast<double>(s.minutes[m].lots);
      range[m] += static_cast<double>(s.minutes[m].high - s.minutes[m].low);
    }
  const auto average = [](const std::vector<double>& x, std::size_t from, std::size_t to) {
    return std::accumulate(x.begin() + static_cast<std::ptrdiff_t>(from),
                           x.begin() + static_cast<std::ptrdiff_t>(to), 0.0) /
           static_cast<double>(to - from);
  };
  // minutes from 04:00; the regular hours are 330 to 720
  for (const auto* x : {&volume, &range}) {
    EXPECT_GT(average(*x, 330, 360), 1.4 * average(*x, 480, 570)) << "after the opening";
    EXPECT_GT(average(*x, 705, 720), 1.2 * average(*x, 480, 570)) << "before the close";
    EXPECT_LT(average(*x, 0, 270), 0.5 * average(*x, 480, 570)) << "before the market";
    EXPECT_LT(average(*x, 780, 960), 0.5 * average(*x, 480, 570)) << "after the market";
  }
  const double day = std::accumulate(volume.begin(), volume.end(), 0.0);
  EXPECT_LT(average(volume, 0, 330) * 330 + average(volume, 720, 960) * 240, 0.1 * day);
}

TEST(sim_exchange, makes_a_market_for_symbols_it_never_heard_of) {
  using enum asset_class;
  auto list = std::vector{make_instrument("ABC", stock, "XNYS", "0.01", "1"),
                          make_instrument("XYZ", stock, "XNYS", "0.01", "1"),
                          make_instrument("CL1!", futures, "CME_EQUITY", "0.01", "1"),
                          make_instrument("USDJPY", forex, "FOREX", "0.001", "1", price_basis::mid),
                          make_instrument("DOGEUSD", crypto, "24X7", "0.00001", "0.1"),
                          make_instrument("VIX", index, "XNYS", "0.01", "1"),
                          make_instrument("COARSE", stock, "XNYS", "1000", "100"),
                          make_instrument("ODD", forex, "24X7", "0.0001", "1", price_basis::bid)};
  const auto market = make_exchange(7, list);
  for (std::uint32_t symbol = 0; symbol < list.size(); ++symbol) {
    const auto first = market->session_of(symbol, day_in_2024),
               second = market->session_of(symbol, day_in_2024 + 1);
    ASSERT_TRUE(first && second) << list[symbol].symbol;
    EXPECT_NE(close_of(*first), close_of(*second));
    std::int64_t lots = 0;
    for (const auto& m : first->minutes) lots += m.lots;
    EXPECT_GT(lots, 0) << list[symbol].symbol;
  }
  EXPECT_NE(market->profile_of(0).anchor_micros, market->profile_of(1).anchor_micros);
  // a calendar that trades on a day on which the walk rests: the price hardly moves, but it trades
  const auto odd = *market->find("ODD");
  const auto saturday = *market->session_of(odd, civil_date::of(2024, 3, 16));
  EXPECT_LT(std::abs(std::log(close_of(saturday) / static_cast<double>(saturday.minutes.front().open))),
            0.01);
}

} // namespace tt::market::sim
