#include "actors/market/bar_store.hpp"

#include "actors/market/bar_store_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace tt;
using namespace tt::market;
namespace fs = std::filesystem;

namespace {

constexpr auto one_minute = timeframe::minutes(1);

/// A folder of its own for each test, gone afterwards.
class scratch {
public:
  scratch() {
    std::string pattern = testing::TempDir() + "/tt_store_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~scratch() { fs::remove_all(path_); }
  [[nodiscard]] std::string path(const std::string& below = "") const {
    return below.empty() ? path_ : path_ + "/" + below;
  }

private:
  std::string path_;
};

bar bar_of(int minute, int open, int volume = 5) {
  const price o{decimal::from_scaled(open, 2)};
  return {
      from_unix_seconds(1'000'000'020 + minute * 60LL), o, o + price{1}, o - price{1}, o, quantity{volume}};
}

std::vector<bar> bars_of(int from, int to, int salt = 0) {
  std::vector<bar> out;
  for (int i = from; i < to; ++i) out.push_back(bar_of(i, 1000 + i + salt));
  return out;
}

std::unique_ptr<bar_store> store_at(const std::string& path) {
  auto store = bar_store::open(path, durability::relaxed);
  EXPECT_TRUE(store);
  return std::move(*store);
}

result<std::vector<bar>> all_bars(const std::string& path, std::string_view symbol = "X") {
  return store_at(path)->bars(symbol, one_minute, min_input_time, max_input_time, 1'000'000);
}

std::string read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The files of one series, by name.
std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::directory_iterator(folder))
    out[entry.path().filename()] = read_bytes(entry.path());
  return out;
}

void restore(const std::string& folder, const std::map<std::string, std::string>& files) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& [name, bytes] : files) write_bytes(folder + "/" + name, bytes);
}

void merge(bar_store& store, const std::vector<bar>& bars, merge_policy policy = merge_policy::keep_stored) {
  auto done = store.merge("X", one_minute, bars, policy);
  ASSERT_TRUE(done) << to_string(done.error());
}

} // namespace

TEST(bar_store, gives_back_what_was_stored) {
  scratch dir;
  auto bars = bars_of(0, 500);
  bars[7].volume = *quantity::parse("7.14319709");
  bars[8].low = *price::parse("-37.63");
  {
    auto store = bar_store::open(dir.path());
    ASSERT_TRUE(store);
    auto done = (*store)->merge("X", one_minute, bars);
    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_EQ(done->added, 500u);
    EXPECT_FALSE(done->rewritten);
    EXPECT_EQ(*(*store)->bars("X", one_minute, min_input_time, max_input_time, 1000), bars);
  }
  auto again = all_bars(dir.path());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, bars);
  EXPECT_TRUE(store_at(dir.path())->verify("X", one_minute));
}

TEST(bar_store, ranges_are_half_open_and_keep_the_newest) {
  scratch dir;
  auto store = store_at(dir.path());
  const auto bars = bars_of(0, 100);
  merge(*store, bars);
  const auto slice = [&](int from, int to, std::size_t limit) {
    return *store->bars("X", one_minute, bar_of(from, 0).open_time, bar_of(to, 0).open_time, limit);
  };
  const auto expected = [&](int from, int to) {
    return std::vector<bar>(bars.begin() + from, bars.begin() + to);
  };
  EXPECT_EQ(slice(10, 20, 100), expected(10, 20));
  EXPECT_EQ(slice(10, 20, 3), expected(17, 20));
  EXPECT_EQ(slice(-50, 1, 100), expected(0, 1));
  EXPECT_EQ(slice(99, 500, 100), expected(99, 100));
  EXPECT_TRUE(slice(100, 500, 100).empty());
  EXPECT_TRUE(slice(20, 10, 100).empty());
  EXPECT_EQ(
      store->bars("X", one_minute, bar_of(10, 0).open_time + nanoseconds{1}, max_input_time, 1000)->front(),
      bars[11]);
}

TEST(bar_store, says_what_it_does_not_have) {
  scratch dir;
  auto store = store_at(dir.path());
  EXPECT_EQ(store->bars("X", one_minute, {}, {}, 1).error().code, errc::unknown_symbol);
  EXPECT_EQ(store->bars("", one_minute, {}, {}, 1).error().code, errc::unknown_symbol);
  merge(*store, bars_of(0, 3));
  EXPECT_EQ(store->bars("X", timeframe::days(1), {}, {}, 1).error().code, errc::unsupported);
  EXPECT_EQ(store->bars("x", one_minute, {}, {}, 1).error().code, errc::unknown_symbol);
  EXPECT_TRUE(store->timeframes("Y").empty());
}

TEST(bar_store, symbols_have_safe_folder_names) {
  EXPECT_EQ(*safe_symbol_name("ES1!"), "ES1%21");
  EXPECT_EQ(*safe_symbol_name("BRK.B"), "BRK.B");
  EXPECT_EQ(*safe_symbol_name("BTC/USD"), "BTC%2FUSD");
  EXPECT_EQ(*safe_symbol_name(".."), "%2E.");
  EXPECT_EQ(*safe_symbol_name("%2E"), "%252E");
  EXPECT_FALSE(safe_symbol_name(""));
  EXPECT_FALSE(safe_symbol_name(std::string(65, 'A')));
  for (const std::string symbol : {"ES1!", "BRK.B", "BTC/USD", "..", ".", "%41", "\xC3\xBC", "a b", "X\\Y"})
    EXPECT_EQ(*symbol_of_safe_name(*safe_symbol_name(symbol)), symbol);
  const std::string with_zero{"A\0B", 3};
  EXPECT_EQ(*safe_symbol_name(with_zero), "A%00B");
  for (const auto* name : {"", "%41", "%4", "%", "%2f", "a b", ".x"})
    EXPECT_FALSE(symbol_of_safe_name(name)) << name;
}

TEST(bar_store, lists_symbols_and_timeframes) {
  scratch dir;
  auto store = store_at(dir.path());
  const auto bars = bars_of(0, 3);
  for (const auto* symbol : {"ES1!", "BTC/USD", "BRK.B"})
    for (const auto frame : {timeframe::months(1), timeframe::minutes(1), timeframe::days(1),
                             timeframe::minutes(60), timeframe::weeks(1)})
      ASSERT_TRUE(store->merge(symbol, frame, bars));
  fs::create_directories(dir.path("ES1%21/5m")); // no header: never finished
  fs::create_directories(dir.path("ES1%21/junk"));
  fs::create_directories(dir.path("not a symbol/1m"));
  const std::vector<timeframe> frames{timeframe::minutes(1), timeframe::minutes(60), timeframe::days(1),
                                      timeframe::weeks(1), timeframe::months(1)};
  EXPECT_EQ(store->timeframes("ES1!"), frames);
  const auto listed = store->list();
  ASSERT_EQ(listed.size(), 15u);
  EXPECT_EQ(listed[0], (series_key{"BRK.B", timeframe::minutes(1)}));
  EXPECT_EQ(listed[14], (series_key{"ES1!", timeframe::months(1)}));
}

TEST(bar_store, merging_twice_changes_nothing) {
  scratch dir;
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 50));
  const auto before = files_of(dir.path("X/1m"));
  auto again = store->merge("X", one_minute, bars_of(0, 50));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->unchanged, 50u);
  EXPECT_EQ(again->added, 0u);
  EXPECT_EQ(files_of(dir.path("X/1m")), before);
}

TEST(bar_store, conflicts_are_kept_or_replaced_by_policy) {
  scratch dir;
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 10));
  auto other = bars_of(5, 12, 77);
  auto kept = store->merge("X", one_minute, other, merge_policy::keep_stored);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->kept, 5u);
  EXPECT_EQ(kept->added, 2u);
  EXPECT_FALSE(kept->rewritten);
  auto expected = bars_of(0, 10);
  expected.insert(expected.end(), other.end() - 2, other.end());
  EXPECT_EQ(*all_bars(dir.path()), expected);

  auto replaced = store->merge("X", one_minute, other, merge_policy::replace);
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->replaced, 5u);
  EXPECT_EQ(replaced->unchanged, 2u);
  EXPECT_TRUE(replaced->rewritten);
  expected = bars_of(0, 5);
  expected.insert(expected.end(), other.begin(), other.end());
  EXPECT_EQ(*all_bars(dir.path()), expected);
}

TEST(bar_store, random_merges_equal_a_map) {
  scratch dir;
  auto store = store_at(dir.path());
  std::mt19937 random{42};
  std::map<utc_time, bar> model;
  for (int round = 0; round < 60; ++round) {
    std::map<utc_time, bar> batch;
    const int base = static_cast<int>(random() % 400);
    for (int i = 0; i < 30; ++i) {
      const auto b = bar_of(base + static_cast<int>(random() % 60), static_cast<int>(1000 + random() % 3));
      batch[b.open_time] = b;
    }
    std::vector<bar> bars;
    for (const auto& [t, b] : batch) bars.push_back(b);
    const auto policy = random() % 2 == 0 ? merge_policy::replace : merge_policy::keep_stored;
    for (const auto& b : bars)
      if (policy == merge_policy::replace || !model.contains(b.open_time)) model[b.open_time] = b;
    merge(*store, bars, policy);
    std::vector<bar> expected;
    for (const auto& [t, b] : model) expected.push_back(b);
    ASSERT_EQ(*store->bars("X", one_minute, min_input_time, max_input_time, 100'000), expected) << round;
  }
  EXPECT_TRUE(store->verify("X", one_minute));
  std::size_t columns = 0;
  for (const auto& [name, bytes] : files_of(dir.path("X/1m")))
    columns += name != "head" && name != "lock" ? 1 : 0;
  EXPECT_EQ(columns, 6u) << "old generations are removed";
}

TEST(bar_store, rejects_what_does_not_fit_and_never_rounds) {
  scratch dir;
  auto store = store_at(dir.path());
  auto bars = bars_of(0, 8);
  bars[1].close = bars[1].close + *price::parse("0.001");
  bars[2].volume = *quantity::parse("0.5");
  bars[3].high = price{decimal{100'000'000'000'000'000}} + price{1'000'000'000'000'000};
  bars[4].low = bars[4].high;
  bars[5].open_time = bars[0].open_time;
  bars[6].open_time = max_input_time;
  auto done = store->merge("X", one_minute, bars, merge_policy::replace, {2, 0});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->added, 2u);
  EXPECT_EQ(done->rejected, 6u);
  ASSERT_EQ(done->problems.size(), 6u);
  EXPECT_EQ(done->problems[0].index, 1u);
  EXPECT_NE(done->problems[0].reason.find("close: 10.011 has more than 2 digits"), std::string::npos)
      << done->problems[0].reason;
  EXPECT_NE(done->problems[1].reason.find("volume: 0.5 has more than 0 digits"), std::string::npos);
  EXPECT_NE(done->problems[2].reason.find("high: "), std::string::npos);
  EXPECT_NE(done->problems[2].reason.find("too large"), std::string::npos);
  EXPECT_NE(done->problems[3].reason.find("enclose"), std::string::npos);
  EXPECT_NE(done->problems[4].reason.find("not after"), std::string::npos);
  EXPECT_NE(done->problems[5].reason.find("1900 to 2200"), std::string::npos);
  EXPECT_EQ(*all_bars(dir.path()), (std::vector<bar>{bars[0], bars[7]}));
}

TEST(bar_store, views_stay_valid_while_others_write) {
  scratch dir;
  auto store = store_at(dir.path());
  const auto bars = bars_of(10, 2000);
  merge(*store, bars);
  const auto view = *store->columns("X", one_minute);
  merge(*store, bars_of(2000, 3000));                         // append
  merge(*store, bars_of(0, 10));                              // rewrite
  merge(*store, bars_of(10, 2000, 9), merge_policy::replace); // rewrite
  ASSERT_EQ(view.size(), bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) ASSERT_EQ(view.at(i), bars[i]);
  EXPECT_EQ(store->columns("X", one_minute)->size(), 3000u);
  EXPECT_EQ(view.lower_bound(bars[5].open_time), 5u);
}

TEST(bar_store, sees_what_another_process_wrote) {
  scratch dir;
  auto reader = store_at(dir.path());
  EXPECT_FALSE(reader->columns("X", one_minute));
  auto writer = store_at(dir.path()); // shares nothing with the reader but the files
  merge(*writer, bars_of(10, 20));
  EXPECT_EQ(reader->columns("X", one_minute)->size(), 10u);
  merge(*writer, bars_of(20, 30));
  EXPECT_EQ(reader->columns("X", one_minute)->size(), 20u);
  merge(*writer, bars_of(0, 10));
  EXPECT_EQ(reader->columns("X", one_minute)->size(), 30u);
  fs::remove_all(dir.path("X"));
  EXPECT_FALSE(reader->columns("X", one_minute));
  merge(*writer, bars_of(0, 40, 5));
  EXPECT_EQ(*reader->bars("X", one_minute, min_input_time, max_input_time, 100), bars_of(0, 40, 5));
}

TEST(bar_store, writers_of_one_series_wait_for_each_other) {
  scratch dir;
  constexpr int writers = 4, rounds = 25;
  // each process appends or inserts its own minutes; none may be lost
  std::vector<pid_t> children;
  for (int w = 0; w < writers; ++w) {
    const pid_t child = fork();
    if (child == 0) {
      auto store = bar_store::open(dir.path(), durability::relaxed);
      bool ok = store.has_value();
      for (int i = 0; ok && i < rounds; ++i) {
        const std::vector<bar> one{bar_of(i * writers + w, 2000 + w)};
        ok = (*store)->merge("X", one_minute, one).has_value();
      }
      _exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  auto stored = all_bars(dir.path());
  ASSERT_TRUE(stored) << to_string(stored.error());
  ASSERT_EQ(stored->size(), static_cast<std::size_t>(writers * rounds));
  for (int i = 0; i < writers * rounds; ++i)
    EXPECT_EQ((*stored)[static_cast<std::size_t>(i)], bar_of(i, 2000 + i % writers));
}

TEST(bar_store, readers_see_whole_commits_only_while_a_writer_works) {
  scratch dir;
  auto store = store_at(dir.path());
  merge(*store, bars_of(1000, 1010));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 1; i < 60; ++i) {
      merge(*store, bars_of(1000 + i * 10, 1010 + i * 10)); // append ten
      merge(*store, bars_of(1000 - i * 10, 1010 - i * 10)); // rewrite with ten older
    }
    done = true;
  });
  std::size_t last = 0;
  while (!done) {
    const auto bars = store->bars("X", one_minute, min_input_time, max_input_time, 100'000);
    ASSERT_TRUE(bars) << to_string(bars.error());
    ASSERT_EQ(bars->size() % 10, 0u);
    ASSERT_GE(bars->size(), last);
    last = bars->size();
    const auto first =
        static_cast<int>((bars->front().open_time - bar_of(0, 0).open_time) / std::chrono::minutes{1});
    ASSERT_EQ(*bars, bars_of(first, first + static_cast<int>(bars->size())));
  }
  writer.join();
  EXPECT_EQ(all_bars(dir.path())->size(), 1190u);
}

// A crash leaves any prefix of what was written since the last sync. Before the
// commit record is written, no cut of the columns may change what is served.
TEST(bar_store, a_torn_append_is_ignored_and_overwritten) {
  scratch dir;
  const std::string folder = dir.path("X/1m");
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 5));
  merge(*store, bars_of(5, 8));
  const auto before = files_of(folder);
  merge(*store, bars_of(8, 11));
  const auto after = files_of(folder);
  const auto old_bars = bars_of(0, 8);
  const auto new_bars = bars_of(0, 11);
  for (const auto* column : {"time.1", "open.1", "high.1", "low.1", "close.1", "volume.1"}) {
    const auto& whole = after.at(column);
    const std::size_t committed = before.at(column).size();
    ASSERT_EQ(whole.size(), committed + 24);
    for (std::size_t cut = committed; cut <= whole.size(); ++cut) {
      auto files = after;
      files["head"] = before.at("head");
      files[column] = whole.substr(0, cut);
      restore(folder, files);
      const auto served = all_bars(dir.path());
      ASSERT_TRUE(served) << column << " cut at " << cut;
      ASSERT_EQ(*served, old_bars) << column << " cut at " << cut;
      auto writer = store_at(dir.path());
      merge(*writer, bars_of(8, 10)); // shorter than the torn one
      ASSERT_EQ(*all_bars(dir.path()), bars_of(0, 10)) << column << " cut at " << cut;
      ASSERT_EQ(fs::file_size(folder + "/" + column), 80u);
    }
    // A disk that lost synced bytes under a whole record: the commit before it counts.
    for (std::size_t cut = committed; cut < whole.size(); ++cut) {
      auto files = after;
      files[column] = whole.substr(0, cut);
      restore(folder, files);
      const auto served = all_bars(dir.path());
      ASSERT_TRUE(served) << column << " cut at " << cut << ": " << to_string(served.error());
      ASSERT_EQ(*served, old_bars) << column << " cut at " << cut;
      auto writer = store_at(dir.path());
      merge(*writer, bars_of(8, 11));
      ASSERT_EQ(*all_bars(dir.path()), new_bars);
    }
    for (std::size_t cut = 0; cut < committed; cut += 7) {
      auto files = after;
      files[column] = whole.substr(0, cut);
      restore(folder, files);
      const auto served = all_bars(dir.path());
      ASSERT_FALSE(served) << column << " cut at " << cut;
      ASSERT_EQ(served.error().code, errc::corrupt_data);
    }
  }
}

TEST(bar_store, a_torn_commit_record_falls_back_to_the_one_before) {
  scratch dir;
  const std::string folder = dir.path("X/1m");
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 5));
  merge(*store, bars_of(5, 8));
  const auto before = files_of(folder);
  merge(*store, bars_of(8, 11));
  const auto after = files_of(folder);
  const std::string& old_head = before.at("head");
  const std::string& new_head = after.at("head");
  // the third commit stands in slot 1; any number of its bytes may have arrived
  for (std::size_t arrived = 0; arrived <= store_files::slot_bytes; ++arrived) {
    auto files = after;
    files["head"] = old_head;
    files["head"].replace(store_files::slot_distance, arrived,
                          new_head.substr(store_files::slot_distance, arrived));
    restore(folder, files);
    const auto served = all_bars(dir.path());
    ASSERT_TRUE(served) << arrived;
    const bool whole = files["head"] == new_head;
    ASSERT_EQ(*served, whole ? bars_of(0, 11) : bars_of(0, 8)) << arrived;
    auto writer = store_at(dir.path());
    merge(*writer, bars_of(8, 12));
    ASSERT_EQ(*all_bars(dir.path()), bars_of(0, 12)) << arrived;
  }
}

TEST(bar_store, no_flipped_bit_is_served) {
  scratch dir;
  const std::string folder = dir.path("X/1m");
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 5));
  merge(*store, bars_of(5, 8));
  const auto good = files_of(folder);
  int fallbacks = 0, refusals = 0;
  for (const auto& [name, bytes] : good) {
    if (name == "lock") continue;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const bool unused = name == "head" && at >= store_files::slot_bytes && at < store_files::slot_distance;
      if (unused) continue;
      const bool is_head = name == "head";
      // every bit of the records; of the columns one bit of each byte, another in each
      for (int bit = is_head ? 0 : static_cast<int>(at % 8);
           bit < (is_head ? 8 : static_cast<int>(at % 8) + 1); ++bit) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        write_bytes(folder + "/" + name, damaged);
        const auto served = all_bars(dir.path());
        if (!served) {
          ASSERT_EQ(served.error().code, errc::corrupt_data) << name << " byte " << at;
          ++refusals;
        } else {
          const bool prefix = *served == bars_of(0, 5);
          ASSERT_TRUE(prefix || *served == bars_of(0, 8)) << name << " byte " << at;
          // only a bit of the older record, which is not in use, may go unseen
          ASSERT_TRUE(prefix || (name == "head" && at >= store_files::slot_distance))
              << name << " byte " << at;
          fallbacks += prefix ? 1 : 0;
        }
      }
    }
    write_bytes(folder + "/" + name, bytes);
  }
  EXPECT_EQ(fallbacks, static_cast<int>(store_files::slot_bytes * 8 + 6 * 3 * 8));
  EXPECT_EQ(refusals, 6 * 5 * 8);
}

TEST(bar_store, both_records_damaged_is_an_error_for_readers_and_writers) {
  scratch dir;
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 5));
  merge(*store, bars_of(5, 8));
  const std::string head = dir.path("X/1m/head");
  auto bytes = read_bytes(head);
  bytes[30] ^= 1;
  bytes[store_files::slot_distance + 30] ^= 1;
  write_bytes(head, bytes);
  EXPECT_EQ(all_bars(dir.path()).error().code, errc::corrupt_data);
  auto fresh = store_at(dir.path());
  EXPECT_EQ(fresh->merge("X", one_minute, bars_of(8, 9)).error().code, errc::corrupt_data);
  EXPECT_EQ(store->verify("X", one_minute).error().code, errc::corrupt_data);
}

TEST(bar_store, a_rewrite_cut_short_leaves_the_old_series) {
  scratch dir;
  const std::string folder = dir.path("X/1m");
  auto store = store_at(dir.path());
  merge(*store, bars_of(10, 20));
  const auto before = files_of(folder);
  merge(*store, bars_of(0, 10));
  const auto after = files_of(folder);
  auto files = before; // new columns arrived in part, the record did not
  for (const auto& [name, bytes] : after)
    if (name != "head" && name != "lock") files[name] = bytes.substr(0, bytes.size() / 2);
  restore(folder, files);
  EXPECT_EQ(*all_bars(dir.path()), bars_of(10, 20));
  auto writer = store_at(dir.path());
  merge(*writer, bars_of(0, 10));
  EXPECT_EQ(*all_bars(dir.path()), bars_of(0, 20));
}

TEST(bar_store, a_folder_moved_to_another_symbol_is_noticed) {
  scratch dir;
  auto store = store_at(dir.path());
  merge(*store, bars_of(0, 5));
  fs::rename(dir.path("X"), dir.path("Y"));
  const auto served = all_bars(dir.path(), "Y");
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code, errc::corrupt_data);
}

TEST(bar_store, an_unwritable_folder_is_an_error) {
  EXPECT_EQ(bar_store::open("/proc/nowhere").error().code, errc::io_error);
  scratch dir;
  auto store = store_at(dir.path());
  write_bytes(dir.path("X"), "a file where the symbol's folder should be");
  EXPECT_EQ(store->merge("X", one_minute, bars_of(0, 1)).error().code, errc::io_error);
}

// The layout of README.md, read with nothing but this test's own code.
TEST(bar_store, files_are_as_documented) {
  scratch dir;
  auto store = store_at(dir.path());
  const auto bars = bars_of(0, 3);
  ASSERT_TRUE(store->merge("ES1!", timeframe::minutes(240), bars, merge_policy::replace, {3, 1}));
  const std::string folder = dir.path("ES1%21/240m");
  const auto int_at = [](const std::string& bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  const auto head = read_bytes(folder + "/head");
  ASSERT_EQ(head.size(), 4096u + 144u);
  const auto slot = head.substr(4096); // commit 1
  EXPECT_EQ(slot.substr(0, 8), std::string("TTBARS1\0", 8));
  EXPECT_EQ(int_at(slot, 8, 4), 1u);    // version
  EXPECT_EQ(int_at(slot, 12, 1), 0u);   // minutes
  EXPECT_EQ(int_at(slot, 13, 1), 3u);   // price digits
  EXPECT_EQ(int_at(slot, 14, 1), 1u);   // volume digits
  EXPECT_EQ(int_at(slot, 16, 2), 240u); // count
  EXPECT_EQ(int_at(slot, 24, 8), 1u);   // commit number
  EXPECT_EQ(int_at(slot, 32, 8), 1u);   // generation
  EXPECT_EQ(int_at(slot, 40, 8), 3u);   // rows
  EXPECT_EQ(int_at(slot, 48, 8), 1'000'000'020'000'000'000u);
  EXPECT_EQ(int_at(slot, 56, 8), 1'000'000'140'000'000'000u);
  EXPECT_EQ(slot.substr(72, 64), "ES1!" + std::string(60, '\0'));
  EXPECT_EQ(int_at(read_bytes(folder + "/close.1"), 8, 8), 10'010u);
  EXPECT_EQ(int_at(read_bytes(folder + "/volume.1"), 16, 8), 50u);
  EXPECT_EQ(read_bytes(folder + "/time.1").size(), 24u);
}
