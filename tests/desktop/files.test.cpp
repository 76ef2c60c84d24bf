// What reaches the disk: exported files and secrets.
#include "tests/support/temporary_folder.hpp"
#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/gateway_stop.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/secret_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace tt::desktop {
namespace {

namespace fs = std::filesystem;
using test::temporary_folder;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

mode_t mode_of(const fs::path& path) {
  struct stat what {};
  EXPECT_EQ(::lstat(path.c_str(), &what), 0);
  return what.st_mode & 07777;
}

std::size_t count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
}

TEST(exported_files, never_overwrite) {
  temporary_folder folder;
  const auto exports = fs::path(folder.path()) / "new" / "exports";
  const auto first = write_new_file(exports, "trades.csv", "one"), second = write_new_file(exports, "trades.csv", "two");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, exports / "trades.csv");
  EXPECT_EQ(*second, exports / "trades (2).csv");
  EXPECT_EQ(content(*first), "one");
  EXPECT_EQ(content(*second), "two");
  EXPECT_EQ(count(exports), 2U) << "nothing half-written stays";
}

TEST(exported_files, follow_no_link) {
  temporary_folder folder;
  const auto outside = folder.path("outside"), exports = folder.path("exports");
  fs::create_directories(exports);
  fs::create_symlink(outside, exports + "/a.txt"); // dangling: a plain open would make the file outside
  const auto got = write_new_file(exports, "a.txt", "x");
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, exports + "/a (2).txt");
  EXPECT_FALSE(fs::exists(outside));
}

TEST(exported_files, say_why_they_cannot_be_written) {
  temporary_folder folder;
  std::ofstream(folder.path("file")) << "x";
  EXPECT_EQ(write_new_file(folder.path("file"), "a.txt", "x").error().code, errc::io_error);
  EXPECT_EQ(write_new_file(folder.path(), "../a.txt", "x").error().code, errc::invalid_argument);
}

TEST(secrets, are_kept_per_gateway_in_a_private_file) {
  temporary_folder folder;
  const auto file = folder.path("config/secrets.json");
  secret_store store{file};
  EXPECT_EQ(store.get("http://localhost:8080", "token").error().code, errc::not_found);
  ASSERT_TRUE(store.set("http://localhost:8080", "token", "abc"));
  ASSERT_TRUE(store.set("http://other:8080", "token", "xyz"));
  EXPECT_EQ(mode_of(file), 0600);
  const secret_store again{file};
  EXPECT_EQ(again.get("http://localhost:8080", "token").value_or(""), "abc");
  EXPECT_EQ(again.get("http://other:8080", "token").value_or(""), "xyz");
  EXPECT_EQ(*again.names("http://localhost:8080"), std::vector<std::string>{"token"});
  EXPECT_EQ(again.get("http://third:8080", "token").error().code, errc::not_found);
  ASSERT_TRUE(store.remove("http://localhost:8080", "token"));
  EXPECT_EQ(again.get("http://localhost:8080", "token").error().code, errc::not_found);
  EXPECT_EQ(store.remove("http://localhost:8080", "token").error().code, errc::not_found);
}

TEST(secrets, refuse_a_file_that_others_can_read) {
  temporary_folder folder;
  const auto file = folder.path("secrets.json");
  secret_store store{file};
  ASSERT_TRUE(store.set("o", "a", "v"));
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  EXPECT_EQ(store.get("o", "a").error().code, errc::refused);
  EXPECT_EQ(store.set("o", "a", "w").error().code, errc::refused);
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(store.get("o", "a").value_or(""), "v");
}

TEST(secrets, refuse_damage_rather_than_lose_what_is_there) {
  temporary_folder folder;
  const auto file = folder.path("secrets.json");
  ASSERT_TRUE(write_private_file(file, "{\"o\":[1]}"));
  secret_store store{file};
  EXPECT_EQ(store.set("o", "a", "v").error().code, errc::corrupt_data);
  EXPECT_EQ(content(file), "{\"o\":[1]}");
  fs::remove(file);
  fs::create_symlink("/etc/hostname", file);
  EXPECT_FALSE(store.get("o", "a"));
}

TEST(secrets, are_limited_in_number) {
  temporary_folder folder;
  secret_store store{folder.path("s.json")};
  for (std::size_t i = 0; i < max_secrets; ++i) ASSERT_TRUE(store.set("o", "a" + std::to_string(i), "v"));
  EXPECT_EQ(store.set("o", "more", "v").error().code, errc::limit_exceeded);
  EXPECT_TRUE(store.set("o", "a0", "w"));
  EXPECT_TRUE(store.set("other", "more", "v"));
}

TEST(stop_switch, takes_the_pages_token_before_the_file) {
  temporary_folder folder;
  secret_store store{folder.path("s.json")};
  EXPECT_EQ(stop_token(store, {}, "http://localhost:8080").value_or("?"), "");
  const auto file = folder.path("token");
  ASSERT_TRUE(write_private_file(file, "tt_file\n"));
  EXPECT_EQ(stop_token(store, file, "http://localhost:8080").value_or("?"), "tt_file");
  ASSERT_TRUE(store.set("http://localhost:8080", token_secret, "tt_page"));
  EXPECT_EQ(stop_token(store, file, "http://localhost:8080").value_or("?"), "tt_page");
  EXPECT_EQ(stop_token(store, file, "http://other:8080").value_or("?"), "tt_file");
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(stop_token(store, file, "http://other:8080").error().code, errc::refused);
}

TEST(stop_switch, speaks_the_gateways_contract) {
  const auto request = stop_request("http://localhost:8080", {stop_mode::flatten, "out", "", "", "ES1!"}, "t");
  EXPECT_EQ(request.url, "http://localhost:8080/api/v1/risk/emergency-stop");
  EXPECT_EQ(nlohmann::json::parse(request.json_body),
            nlohmann::json::parse(R"({"mode":"flatten","reason":"out","scope":{"symbol":"ES1!"},"cancel_open":true})"));
  EXPECT_EQ(request.bearer_token, "t");
}

TEST(stop_switch, never_takes_a_failure_for_a_stop) {
  EXPECT_EQ((*read_stop_reply(http_reply{200, R"({"kill_active":true})"}))["kill_active"], true);
  const auto refused = read_stop_reply(http_reply{403, R"({"detail":"identity lacks the role"})"});
  EXPECT_EQ(refused.error().code, errc::refused);
  EXPECT_EQ(refused.error().message, "identity lacks the role");
  EXPECT_EQ(read_stop_reply(http_reply{503, ""}).error().code, errc::not_available);
  EXPECT_FALSE(read_stop_reply(http_reply{200, "<html>"}));
  EXPECT_FALSE(read_stop_reply(http_reply{302, "{}"}));
  EXPECT_FALSE(read_stop_reply(http_reply{200, std::string(100'000, '[')}));
  EXPECT_EQ(read_stop_reply(error{errc::timed_out, "late"}).error().code, errc::timed_out);
}

} // namespace
} // namespace tt::desktop
