// The broker emulator under random orders and bars: no invariant may break, whatever a script says.
#include "actors/pine/tester/broker.hpp"
#include "actors/pine/tester/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace {
using namespace tt::pine;
using namespace tt::pine::tester;

struct bytes {
  const uint8_t* at;
  const uint8_t* end;
  unsigned next() { return at < end ? *at++ : 0u; }
  double number(double scale) { return (static_cast<double>(next()) - 128) * scale; }
  double maybe(double from, double scale) { return next() % 3 == 0 ? from + number(scale) : no_value; }
};

broker_rules rules_from(bytes& in) {
  broker_rules r;
  constexpr double lots[] = {1, 0.1, 0.001}, margins[] = {0, 50, 100};
  r.grid = {0.01, 1, 100, in.next() % 4 == 0 ? 50.0 : 1.0, lots[in.next() % 3]};
  r.initial_capital = in.next() % 2 == 0 ? 1'000 : 1'000'000;
  r.qty_kind = static_cast<sizing>(in.next() % 3);
  r.qty_value = 1 + in.next() % 120;
  r.fee = static_cast<fee_kind>(in.next() % 3);
  r.fee_value = in.next() % 5 * 0.1;
  r.slippage_ticks = in.next() % 4;
  r.limit_ticks = in.next() % 3;
  r.margin_long = margins[in.next() % 3];
  r.margin_short = margins[in.next() % 3];
  r.pyramiding = static_cast<int>(in.next() % 4);
  r.closing = static_cast<close_rule>(in.next() % 2);
  r.fills = static_cast<fill_time>(in.next() % 2);
  r.pairs = static_cast<exit_pairs>(in.next() % 2);
  r.close_by = static_cast<close_slot>(in.next() % 2);
  return r;
}

order_command command_from(bytes& in, text_pool& texts, double price) {
  order_command c;
  constexpr const char* ids[] = {"A", "B", "C", ""};
  c.kind = static_cast<order_command::kind_t>(in.next() % 13);
  c.side = static_cast<trade_side>(1 + in.next() % 3);
  c.oca = static_cast<oca_kind>(in.next() % 3);
  c.when = static_cast<close_time>(in.next() % 2);
  c.unit = static_cast<risk_unit>(in.next() % 2);
  c.statement = in.next() % 4;
  c.id = texts.id(ids[in.next() % 3]);
  c.from_entry = texts.id(ids[in.next() % 4]);
  c.oca_name = in.next() % 3 == 0 ? texts.id("g") : 0;
  c.qty = in.maybe(64, 1);
  c.qty_percent = in.maybe(60, 1);
  c.limit = in.maybe(price, 0.02);
  c.stop = in.maybe(price, 0.02);
  c.profit = in.maybe(128, 1);
  c.loss = in.maybe(128, 1);
  c.trail_price = in.maybe(price, 0.02);
  c.trail_points = in.maybe(128, 1);
  c.trail_offset = in.maybe(128, 1);
  c.value = 1 + in.next();
  return c;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bytes in{data, data + size};
  text_pool texts;
  broker b(rules_from(in), texts, log_fills::on);
  double price = 100, position = 0;
  std::size_t seen = 0;
  bool stepping = in.next() % 3 == 0;
  for (std::int64_t i = 0; in.at < in.end && i < 200; ++i) {
    auto round = [](double p) { return std::max(1.0, std::floor(p * 100 + 0.5) / 100); };
    bar_prices p;
    p.open = round(price + in.number(0.01));
    p.close = round(p.open + in.number(0.02));
    p.high = round(std::max(p.open, p.close) + in.next() * 0.01);
    p.low = round(std::min(p.open, p.close) - in.next() * 0.01);
    p.low = std::min(p.low, std::min(p.open, p.close));
    price = p.close;
    bar_moment when{i * 60'000, i, i / 5};
    if (stepping) {
      b.begin_stepping(when, p);
      for (int runs = 0; b.step() && runs < 8; ++runs)
        if (in.next() % 2 == 0) b.command(command_from(in, texts, b.price()));
      b.end_bar(p);
    } else {
      b.bar(when, p);
    }
    for (unsigned k = in.next() % 4; k > 0; --k) b.command(command_from(in, texts, price));
    b.after_script();
    if (b.failure()) return 0;
    // a limit that the open lies within, but not by limit_ticks, fills at its own price once the bar has gone on so far
    double slip = (b.rules().slippage_ticks + b.rules().limit_ticks) * 0.01 + 1e-6;
    for (; seen < b.fills().size(); ++seen) {
      const auto& f = b.fills()[seen];
      position += f.size;
      if (std::fabs(position - f.position) > 1e-6 || f.price < p.low - slip || f.price > p.high + slip) __builtin_trap();
    }
    if (std::fabs(position - b.account().size()) > 1e-6) __builtin_trap();
    if (check_identity(b.account(), b.rules().initial_capital)) __builtin_trap();
  }
  return 0;
}
