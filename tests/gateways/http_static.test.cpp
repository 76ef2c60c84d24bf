#include "tests/gateways/support/http_fixture.hpp"

#include <filesystem>
#include <fstream>

namespace tt::gateway::test {
namespace {

namespace fs = std::filesystem;

class http_static : public ::testing::Test {
protected:
  http_static() : root(fs::temp_directory_path() / ("tt_ui_" + make_request_id())) {
    fs::create_directories(root / "assets");
    write("index.html", "<!doctype html><title>UI</title>");
    write("assets/index-BmfKl2_a.js", "console.log(1)");
    write("assets/index-BmfKl2_a.js.gz", "(packed)");
    write(".secret", "hidden");
    fs::create_directories(root / "charting_library" / "bundles");
    write("charting_library/sameorigin.html", "<!doctype html><title>chart</title>");
    write("charting_library/bundles/library.js", "draw()");
    write("charting_library_notes.html", "notes");
    std::ofstream{root.string() + "_outside.txt"} << "outside";
    fs::create_symlink(root.string() + "_outside.txt", root / "link.txt");
    gateway_config config;
    config.web_root = root.string();
    http = std::make_unique<http_fixture>(config);
  }
  ~http_static() override {
    fs::remove_all(root);
    fs::remove(root.string() + "_outside.txt");
  }
  void write(const std::string& name, const std::string& text) { std::ofstream{root / name} << text; }

  fs::path root;
  std::unique_ptr<http_fixture> http;
};

TEST_F(http_static, index_and_fallback) {
  for (const auto* path : {"/", "/index.html", "/charts/AAPL", "/settings"}) {
    const auto page = http->get(path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_EQ(page.body, "<!doctype html><title>UI</title>");
    EXPECT_EQ(page.header("Cache-Control"), "no-cache");
    EXPECT_NE(page.header("Content-Security-Policy").find("script-src 'self'"), std::string::npos);
  }
  for (const auto* path : {"/api/x", "/udf/x", "/webhook/x", "/health/x", "/metrics/x", "/stream/x", "/ws/x"})
    EXPECT_EQ(http->get(path).status, 404) << path;
  EXPECT_EQ(http->get("/missing.js").status, 404);
  EXPECT_EQ(http->get("/assets/missing").status, 404);
  EXPECT_EQ(http->call("POST", "/").status, 405);
}

TEST_F(http_static, only_files_of_the_charting_library_may_be_framed_and_only_by_their_own_origin) {
  const auto frame = http->get("/charting_library/sameorigin.html");
  EXPECT_EQ(frame.status, 200);
  EXPECT_EQ(frame.header("X-Frame-Options"), "SAMEORIGIN");
  EXPECT_NE(frame.header("Content-Security-Policy").find("frame-ancestors 'self'"), std::string::npos);
  EXPECT_NE(frame.header("Content-Security-Policy").find("script-src 'self';"), std::string::npos) << "as strict as any other page";
  EXPECT_EQ(http->get("/charting_library/bundles/library.js").header("X-Frame-Options"), "SAMEORIGIN");
  // index.html stands in for names without a file and must not be framed by way of them
  for (const auto* path : {"/", "/index.html", "/charting_library", "/charting_library/", "/charting_library/x", "/charting_library/none.html", "/charting_library_notes.html",
                           "/charting_library/../index.html", "/charting_library/%2e%2e/index.html", "/assets/index-BmfKl2_a.js", "/api/v1/news"}) {
    const auto got = http->get(path);
    EXPECT_EQ(got.header("X-Frame-Options"), "DENY") << path;
    EXPECT_NE(got.header("Content-Security-Policy").find("frame-ancestors 'none'"), std::string::npos) << path;
  }
}

TEST_F(http_static, assets_are_immutable_and_packed) {
  const auto plain = http->get("/assets/index-BmfKl2_a.js");
  EXPECT_EQ(plain.body, "console.log(1)");
  EXPECT_EQ(plain.header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(plain.header("Cache-Control"), "public, max-age=31536000, immutable");
  const auto packed = http->get("/assets/index-BmfKl2_a.js", {.headers = {{"Accept-Encoding", "gzip, br"}}});
  EXPECT_EQ(packed.body, "(packed)");
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_NE(packed.header("ETag"), plain.header("ETag"));
  EXPECT_EQ(http->get("/assets/index-BmfKl2_a.js", {.headers = {{"If-None-Match", plain.header("ETag")}}}).status, 304);
}

TEST_F(http_static, nothing_outside_the_root) {
  for (const auto* path : {"/../x_outside.txt", "/%2e%2e/x", "/..%2fetc%2fpasswd", "/.secret", "/link.txt", "/assets/..%5c..%5cx.txt"})
    EXPECT_EQ(http->get(path).status, 404) << path;
}

TEST_F(http_static, a_rebuilt_page_is_noticed) {
  EXPECT_EQ(http->get("/").status, 200);
  write("index.html", "<!doctype html><title>New</title> longer");
  EXPECT_EQ(http->get("/").body, "<!doctype html><title>New</title> longer");
}

TEST(http_static_missing, a_page_tells_how_to_build_the_ui) {
  http_fixture http;
  const auto page = http.get("/");
  EXPECT_EQ(page.status, 503);
  EXPECT_NE(page.body.find("./tt up"), std::string::npos);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
}

} // namespace
} // namespace tt::gateway::test
