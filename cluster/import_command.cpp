#include "actors/market/import.hpp"
#include "cluster/commands.hpp"
#include "cluster/folder_lock.hpp"
#include "cluster/node_config.hpp"

#include <cstdio>
#include <filesystem>

namespace tt::cluster {

namespace {

int fail(const error& e) {
  std::fprintf(stderr, "tt import: %s\n", to_string(e).c_str());
  return 1;
}

unsigned long long shown(std::uint64_t n) { return n; }

void print_report(const import_options& options, const instrument& what, const market::import_report& report) {
  for (const auto& problem : report.csv.problems)
    std::fprintf(stderr, "%s line %llu: %s\n", options.path.c_str(), shown(problem.line), problem.reason.c_str());
  if (report.csv.bad > report.csv.problems.size())
    std::fprintf(stderr, "… and %llu more bad rows (--problems N shows N of them)\n", shown(report.csv.bad - report.csv.problems.size()));
  std::printf("%s %s: %llu rows read, %llu rejected; %llu bars: %llu new, %llu known already, %llu replaced, %llu kept\n",
              options.symbol.c_str(), options.frame.c_str(), shown(report.csv.good + report.csv.bad), shown(report.csv.bad),
              shown(report.bars), shown(report.added), shown(report.unchanged), shown(report.replaced), shown(report.kept));
  if (report.bars > 0 && report.first && report.last)
    std::printf("from %s to %s\n", to_iso8601(*report.first).c_str(), to_iso8601(*report.last).c_str());
  if (report.csv.good + report.csv.bad == 0)
    std::fprintf(stderr, "tt import: %s has a header but no rows\n", options.path.c_str());
  if (report.bars > 0 && report.off_calendar > 0)
    std::fprintf(stderr, "warning: %llu bars lie outside the trading hours of %s: is this the right symbol and timeframe?\n",
                 shown(report.off_calendar), options.symbol.c_str());
  if (report.bars > 0 && report.off_grid > 0)
    std::fprintf(stderr, "warning: %llu bars have prices off the tick of %s (%s); they are kept as they are: adjusted prices?\n",
                 shown(report.off_grid), options.symbol.c_str(), what.tick.value().to_string().c_str());
}

} // namespace

int run_import(const import_options& options) {
  auto loaded = load_settings(options.config_path, options.overrides);
  if (!loaded) return fail(loaded.error());
  const auto& values = loaded->first;
  const auto frame = timeframe::parse(options.frame);
  if (!frame) return fail({frame.error().code, frame.error().message, "--timeframe"});
  const auto master = instrument_master::load(values.text("node.instruments"));
  if (!master) return fail(master.error());
  const auto* what = master->find(options.symbol);
  if (!what)
    return fail({errc::unknown_symbol, "unknown symbol " + options.symbol + "; instruments stand in " + values.text("node.instruments"), "--symbol"});
  const auto folder = std::filesystem::path(values.text("node.data_dir")) / "bars";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return fail({errc::io_error, "can't make " + folder.string() + ": " + failed.message(), "node.data_dir"});
  // A running node may be simulating this very symbol: its chart would mix both.
  const auto alone = folder_lock::take(values.text("node.data_dir"));
  if (!alone && alone.error().code == errc::conflict)
    return fail({errc::conflict, alone.error().message + ": stop it, import, and start it again", "node.data_dir"});
  if (!alone) return fail(alone.error());
  auto store = market::bar_store::open(folder.string());
  if (!store) return fail(store.error());
  const auto policy = options.replace ? market::merge_policy::replace : market::merge_policy::keep_stored;
  const auto report = market::import_recording({options.path, *what, *frame, policy, options.problems}, **store);
  if (!report) return fail(report.error());
  print_report(options, *what, *report);
  return report->bars == 0 ? 1 : 0;
}

} // namespace tt::cluster
