// Bytes under their hash: what is not what its name says is never handed out.

#include "actors/backtest/bar_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tt::backtest {
namespace {

struct bar_file_test : ::testing::Test {
  bar_file_test() {
    std::string name = std::filesystem::temp_directory_path() / "tt-bars-XXXXXX";
    folder = std::make_unique<bar_folder>(std::string(mkdtemp(name.data())) + "/bars");
    EXPECT_TRUE(folder->prepare());
  }
  ~bar_file_test() override { std::filesystem::remove_all(std::filesystem::path(folder->path()).parent_path()); }
  std::size_t files() const {
    std::size_t out = 0;
    for (const auto& one : std::filesystem::directory_iterator(folder->path())) out += one.is_regular_file() ? 1 : 0;
    return out;
  }
  std::unique_ptr<bar_folder> folder;
};

TEST_F(bar_file_test, the_same_bytes_are_one_file) {
  const auto hash = folder->store("hello");
  ASSERT_TRUE(hash) << to_string(hash.error());
  EXPECT_TRUE(is_hash(*hash));
  EXPECT_EQ(*hash, *folder->store("hello"));
  EXPECT_NE(*hash, *folder->store("hello!"));
  EXPECT_EQ(files(), 2U);
  const auto file = folder->open(*hash);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->bytes(), "hello");
  EXPECT_EQ(hash_of("hello"), *hash);
}

TEST_F(bar_file_test, a_mapped_file_outlives_its_name) {
  const auto hash = *folder->store("hello");
  const auto file = *folder->open(hash);
  std::filesystem::remove(folder->path_of(hash));
  EXPECT_EQ(file->bytes(), "hello");
  EXPECT_EQ(folder->open(hash).error().code, errc::not_found);
}

TEST_F(bar_file_test, a_changed_byte_is_seen_and_healed_by_storing_again) {
  const auto hash = *folder->store("hello");
  {
    std::fstream file(folder->path_of(hash), std::ios::in | std::ios::out);
    file << "j";
  }
  EXPECT_EQ(folder->open(hash).error().code, errc::corrupt_data);
  EXPECT_EQ(*folder->store("hello"), hash);
  EXPECT_TRUE(folder->open(hash));
}

TEST_F(bar_file_test, nothing_but_a_hash_becomes_a_file_name) {
  for (const std::string bad : {"", "../../etc/passwd", "0123456789ABCDEF0123456789ABCDEF", "0123"}) {
    EXPECT_FALSE(is_hash(bad));
    EXPECT_EQ(folder->open(bad).error().code, errc::invalid_argument);
    EXPECT_EQ(folder->read(bad, 0, 1).error().code, errc::invalid_argument);
  }
  EXPECT_EQ(folder->store("").error().code, errc::out_of_range);
}

TEST_F(bar_file_test, pieces_in_any_order_make_the_file) {
  const auto hash = hash_of("hello world");
  bar_download file(folder->path(), hash, 11);
  ASSERT_TRUE(file.begin());
  EXPECT_TRUE(file.put(5, std::string_view{" world"}));
  EXPECT_FALSE(file.complete());
  EXPECT_EQ(file.finish().error().code, errc::corrupt_data) << "a part is missing";
  EXPECT_EQ(file.put(9, std::string_view{"xyz"}).error().code, errc::out_of_range);
  EXPECT_TRUE(file.put(0, std::string_view{"hello"}));
  ASSERT_TRUE(file.complete());
  EXPECT_TRUE(file.finish());
  EXPECT_EQ((*folder->open(hash))->bytes(), "hello world");
}

TEST_F(bar_file_test, another_content_than_the_hash_says_is_an_error_and_leaves_nothing) {
  {
    bar_download file(folder->path(), hash_of("hello"), 5);
    ASSERT_TRUE(file.begin());
    ASSERT_TRUE(file.put(0, std::string_view{"jello"}));
    EXPECT_EQ(file.finish().error().code, errc::corrupt_data);
    EXPECT_FALSE(folder->has(hash_of("hello")));
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(bar_file_test, what_is_unfinished_is_removed_at_the_start) {
  std::ofstream(folder->path() + "/0-1-2.part") << "x";
  const auto hash = *folder->store("hello");
  ASSERT_TRUE(folder->prepare());
  EXPECT_EQ(files(), 1U);
  EXPECT_TRUE(folder->has(hash));
}

} // namespace
} // namespace tt::backtest
