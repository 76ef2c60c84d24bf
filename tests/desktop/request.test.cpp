// What the page may say: the contract all hosts share, and what no list can hold.
#include "ui-bridge/desktop/bridge/file_names.hpp"
#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/request.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace tt::desktop {
namespace {

using nlohmann::json;

json contract() {
  std::ifstream file(TT_SOURCE_DIR "/ui-bridge/desktop/contract.json");
  return json::parse(file);
}

bridge_request accepted(const std::string& text) {
  auto got = parse_request(text);
  if (const auto* wrong = std::get_if<rejected_message>(&got)) {
    ADD_FAILURE() << text.substr(0, 200) << ": " << to_string(wrong->why);
    return {};
  }
  return std::get<bridge_request>(std::move(got));
}

error rejected(const std::string& text) {
  const auto got = parse_request(text);
  const auto* wrong = std::get_if<rejected_message>(&got);
  EXPECT_TRUE(wrong) << "accepted: " << text.substr(0, 200);
  return wrong ? wrong->why : error{};
}

TEST(bridge_contract, names_the_methods_there_are) {
  EXPECT_EQ(json(method_names()), contract()["methods"]);
}

TEST(bridge_contract, accepts_every_good_message) {
  int id = 0;
  const auto messages = contract(); // outlives the loop over it
  for (auto message : messages["accepted"]) {
    message["id"] = ++id;
    const auto got = accepted(message.dump());
    EXPECT_EQ(got.id, id);
    EXPECT_EQ(method_of(got.command), message["method"].get<std::string>());
  }
}

TEST(bridge_contract, rejects_every_bad_message_with_its_id) {
  const auto messages = contract(); // outlives the loop over it
  for (const auto& each : messages["rejected"]) {
    auto message = each["message"];
    message["id"] = 7;
    const auto got = parse_request(message.dump());
    const auto* wrong = std::get_if<rejected_message>(&got);
    ASSERT_TRUE(wrong) << each["why"];
    EXPECT_EQ(to_string(wrong->why.code), each["rejects"].get<std::string>()) << each["why"] << ": " << to_string(wrong->why);
    EXPECT_EQ(wrong->id, 7) << each["why"];
  }
}

TEST(bridge_request_text, is_a_json_object_with_an_exact_id) {
  for (const auto* text : {"", "null", "[]", "7", "{", "{}", R"({"method":"app_info"})", R"({"id":0,"method":"app_info"})",
                           R"({"id":-1,"method":"app_info"})", R"({"id":1.5,"method":"app_info"})", R"({"id":"1","method":"app_info"})",
                           R"({"id":9007199254740992,"method":"app_info"})", "{\"id\":1,\"method\":\"app_info\xff\"}"}) {
    const auto got = parse_request(text);
    ASSERT_TRUE(std::holds_alternative<rejected_message>(got)) << text;
    EXPECT_FALSE(std::get<rejected_message>(got).id) << text;
  }
  EXPECT_EQ(accepted(R"({"id":9007199254740991,"method":"app_info"})").id, 9007199254740991);
}

TEST(bridge_request_text, is_bounded_in_depth_and_size) {
  std::string deep = R"({"id":1,"method":"app_info","params":)";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_EQ(rejected(deep).code, errc::out_of_range);
  EXPECT_EQ(rejected(std::string(max_message_bytes + 1, ' ')).code, errc::out_of_range);
  EXPECT_EQ(nesting_of(R"({"a":"[[[[\"[[["})"), 1U);
}

TEST(bridge_request_text, names_the_wrong_field) {
  EXPECT_EQ(rejected(R"({"id":1,"method":"set_window","params":{"bounds":{"left":0,"top":0,"width":1,"height":600}}})").field, "params.bounds.width");
  EXPECT_EQ(rejected(R"({"id":1,"method":"notify","params":{"title":"a","sound":"b"}})").field, "params.sound");
  EXPECT_EQ(rejected(R"({"id":1,"method":"set_window","params":{"bounds":{"left":18446744073709551615,"top":0,"width":100,"height":600}}})").code,
            errc::out_of_range);
}

TEST(bridge_request_values, arrive_as_they_were_sent) {
  const auto stop = std::get<emergency_stop>(
    accepted(R"({"id":1,"method":"emergency_stop","params":{"mode":"reduce","reason":"r","scope":{"symbol":"ES1!"}}})").command);
  EXPECT_EQ(stop.mode, stop_mode::reduce);
  EXPECT_EQ(stop.symbol, "ES1!");
  EXPECT_EQ(stop.account_id, "");
  const auto window = std::get<set_window>(
    accepted(R"({"id":1,"method":"set_window","params":{"bounds":{"left":-5,"top":6,"width":700,"height":800}}})").command);
  EXPECT_EQ(window.bounds, (window_bounds{-5, 6, 700, 800}));
  const auto file = std::get<save_file>(accepted(R"({"id":1,"method":"save_file","params":{"name":"a.png","base64":"AAH/"}})").command);
  EXPECT_EQ(file.bytes, std::string("\x00\x01\xff", 3));
}

TEST(bridge_request_values, have_their_limits) {
  const auto save = [](const std::string& name, std::size_t bytes) {
    return json{{"id", 1}, {"method", "save_file"}, {"params", {{"name", name}, {"text", std::string(bytes, 'a')}}}}.dump();
  };
  EXPECT_EQ(rejected(save("a.txt", max_file_bytes + 1)).code, errc::out_of_range);
  accepted(save(std::string(max_file_name_bytes - 4, 'n') + ".txt", 1));
  EXPECT_EQ(rejected(save(std::string(max_file_name_bytes - 3, 'n') + ".txt", 1)).code, errc::out_of_range);
  const auto secret = [](std::size_t bytes) {
    return json{{"id", 1}, {"method", "secret_set"}, {"params", {{"name", "a"}, {"value", std::string(bytes, 'a')}}}}.dump();
  };
  accepted(secret(max_secret_bytes));
  EXPECT_EQ(rejected(secret(max_secret_bytes + 1)).code, errc::out_of_range);
}

TEST(base64, decodes_what_the_standard_says_and_nothing_else) {
  for (const auto& [text, bytes] : std::vector<std::pair<std::string, std::string>>{
         {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}, {"+/+/", "\xfb\xff\xbf"}}) {
    const auto got = decode_base64(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(*got, bytes);
  }
  for (const auto* text : {"Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9-", "Zm9v\n", "Z g="}) EXPECT_FALSE(decode_base64(text)) << text;
}

TEST(file_names, are_plain_on_every_system) {
  for (const auto* name : {"a.csv", "report.2026-01-15.json", "Füße.txt", "com10.txt", "console.txt", "a - b.PNG"}) EXPECT_TRUE(check_file_name(name)) << name;
  for (const auto* name : {"", ".", "..", "a", "a.", ".csv", "a.exe", "com1.csv", "lpt9.x.csv", "nul.csv", "a/b.csv", "\xff.csv", "a.csv.sh"})
    EXPECT_FALSE(check_file_name(name)) << name;
}

} // namespace
} // namespace tt::desktop
