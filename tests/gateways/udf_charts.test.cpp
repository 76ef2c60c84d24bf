// Chart storage as the charting library calls it.

#include "tests/gateways/support/http_fixture.hpp"

namespace tt::gateway::test {
namespace {

using nlohmann::json;

class udf_charts : public ::testing::Test {
protected:
  static constexpr const char* charts = "/udf/charts/1.1/charts?client=tt&user=public_user";

  answer post_form(const std::string& target, std::string body) {
    return http.call("POST", target, {.headers = {{"Content-Type", "application/x-www-form-urlencoded"}}, .body = std::move(body)});
  }

  http_fixture http;
};

TEST_F(udf_charts, save_list_load_replace_remove) {
  const auto saved = post_form(charts, "name=My+chart&content=%7B%22a%22%3A1%7D&symbol=AAPL&resolution=1D");
  EXPECT_EQ(saved.status, 200);
  const auto id = saved.json()["id"].get<int>();
  EXPECT_EQ(saved.json()["status"], "ok");
  const auto list = http.get(charts).json();
  EXPECT_EQ(list["data"], json::parse(R"([{"id":)" + std::to_string(id) + R"(,"name":"My chart","symbol":"AAPL","resolution":"1D","timestamp":1768487700}])"));
  const std::string one = std::string{charts} + "&chart=" + std::to_string(id);
  EXPECT_EQ(http.get(one).json()["data"]["content"], "{\"a\":1}");
  http.now += std::chrono::seconds{5};
  EXPECT_EQ(post_form(one, "name=Renamed&content=%7B%7D&symbol=MSFT&resolution=5").json(), (json{{"status", "ok"}}));
  EXPECT_EQ(http.get(one).json()["data"]["name"], "Renamed");
  EXPECT_EQ(http.get(one).json()["data"]["timestamp"], 1'768'487'705);
  EXPECT_EQ(http.call("DELETE", one).json(), (json{{"status", "ok"}}));
  const auto gone = http.get(one);
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.json()["status"], "error");
  EXPECT_TRUE(gone.json()["message"].is_string());
  EXPECT_EQ(http.get(charts).json()["data"], json::array());
}

TEST_F(udf_charts, multipart_bodies) {
  const std::string body = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nM\r\n--B\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nX=Y&Z\r\n--B--\r\n";
  const auto saved = http.call("POST", charts, {.headers = {{"Content-Type", "multipart/form-data; boundary=B"}}, .body = body});
  ASSERT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(http.get(std::string{charts} + "&chart=" + saved.json()["id"].dump()).json()["data"]["content"], "X=Y&Z");
}

TEST_F(udf_charts, buckets_are_apart) {
  const auto id = post_form(charts, "name=a&content=b").json()["id"].dump();
  EXPECT_EQ(http.get("/udf/charts/1.1/charts?client=other&user=public_user").json()["data"].size(), 0U);
  EXPECT_EQ(http.get("/udf/charts/1.1/charts?client=tt&user=someone&chart=" + id).status, 404);
}

TEST_F(udf_charts, bad_requests) {
  EXPECT_EQ(post_form(charts, "name=&content=x").status, 400);
  EXPECT_EQ(post_form(charts, "name=x").json()["status"], "error");
  EXPECT_EQ(post_form(std::string{charts} + "&chart=99", "name=x&content=y").status, 404);
  EXPECT_EQ(http.get(std::string{charts} + "&chart=abc").status, 404);
  EXPECT_EQ(http.call("DELETE", charts).status, 400);
  EXPECT_EQ(http.call("POST", charts, {.headers = {{"Content-Type", "text/plain"}}, .body = "name=x"}).status, 415);
  EXPECT_EQ(http.get("/udf/charts/9.9/charts?client=a&user=b").json()["status"], "error");
}

TEST_F(udf_charts, templates_of_all_kinds) {
  const auto family = [&](const std::string& path, const std::string& name_param, const std::string& tool) {
    const std::string base = "/udf/charts/1.1/" + path + "?client=tt&user=public_user" + tool;
    EXPECT_EQ(http.get(base).json(), (json{{"status", "ok"}, {"data", json::array()}})) << path;
    EXPECT_EQ(post_form(base, "name=b&content=two").status, 200);
    EXPECT_EQ(post_form(base, "name=a&content=one").status, 200);
    EXPECT_EQ(post_form(base, "name=a&content=uno").status, 200); // replaces
    EXPECT_EQ(http.get(base).json()["data"], (json{{{"name", "a"}}, {{"name", "b"}}}));
    EXPECT_EQ(http.get(base + "&" + name_param + "=a").json()["data"], (json{{"name", "a"}, {"content", "uno"}}));
    EXPECT_EQ(http.call("DELETE", base + "&" + name_param + "=a").status, 200);
    EXPECT_EQ(http.call("DELETE", base + "&" + name_param + "=a").status, 404);
  };
  family("study_templates", "template", "");
  family("chart_templates", "template", "");
  family("drawing_templates", "name", "&tool=LineToolTrendLine");
  const auto drawn = http.send_json("POST", "/udf/charts/1.1/drawing_templates?client=tt&user=u&tool=T&name=j", R"({"content":"{\"w\":2}"})");
  EXPECT_EQ(drawn.status, 200);
  EXPECT_EQ(http.get("/udf/charts/1.1/drawing_templates?client=tt&user=u&tool=T&name=j").json()["data"]["content"], "{\"w\":2}");
  EXPECT_EQ(http.get("/udf/charts/1.1/drawing_templates?client=tt&user=u&tool=Other").json()["data"].size(), 0U);
}

TEST_F(udf_charts, five_hundred_per_owner) {
  const chart_bucket bucket{"local", "tt", "public_user"};
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(http.documents().save_chart(bucket, {0, "n", "", "", 0, "c"}));
  const auto refused = post_form(charts, "name=x&content=y");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.json()["status"], "error");
}

} // namespace
} // namespace tt::gateway::test
