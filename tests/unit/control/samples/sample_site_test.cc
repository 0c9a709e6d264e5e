#include "control/samples/sample_site.h"

#include <optional>

#include <gtest/gtest.h>

#include "control/samples/sample_text.h"

namespace tapstat::tests {
namespace {

using namespace control;
using http::Response;

class SampleSite : public ::testing::Test {
 protected:
  SampleSite() { router_.add(sample_site(counters_)); }

  Response answer(const std::string& method, const std::string& path) {
    http::Request request;
    request.method = method;
    request.path = path;
    std::optional<Response> given;
    router_.handle(request, [&given](Response response) { given = std::move(response); });
    return given.value();
  }
  Response get(const std::string& path) { return answer("GET", path); }

  SampleCounters counters_;
  http::Router router_;
};

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "(none)";
}

TEST_F(SampleSite, EachFileHasItsSize) {
  for (const size_t bytes : kSampleBytes) {
    const Response file = get("/Sample/" + std::to_string(bytes) + ".txt");
    EXPECT_EQ(file.status, 200U);
    EXPECT_EQ(file.body, sample_text(bytes));
    EXPECT_EQ(file.content_type, "text/plain");
    EXPECT_EQ(header(file, "Cache-Control"), "no-store, no-transform");
    EXPECT_EQ(header(file, "Last-Modified"), "Thu, 01 Jan 2015 00:00:00 GMT");
  }
}

TEST_F(SampleSite, OtherNamesAreNotFound) {
  for (const char* name : {"256.txt", "2097152.txt", "1000.txt", "0512.txt", "+512.txt", "512",
                           "512.TXT", "512.txt ", "512.txt%00", "..", "%2e%2e"}) {
    const Response answer = get(std::string("/Sample/") + name);
    EXPECT_EQ(answer.status, 404U) << name;
    EXPECT_EQ(answer.body, "No such file. The list is at /Sample/\n");
  }
  for (const char* path : {"/sample/", "/Sample/512.txt/", "/Sample/a/512.txt", "/512.txt", "*",
                           "//Sample/", "/Sample/../etc/passwd"})
    EXPECT_EQ(get(path).status, 404U) << path;
}

TEST_F(SampleSite, ListsFilesInTheOrderOfTheirSizes) {
  const Response list = get("/Sample/");
  EXPECT_EQ(list.status, 200U);
  EXPECT_EQ(list.content_type, "text/html; charset=utf-8");
  size_t at = 0;
  for (const size_t bytes : kSampleBytes) {
    const std::string name = sample_name(bytes);
    const size_t found = list.body.find("<a href=\"/Sample/" + name + "\">" + name +
                                        "</a></td><td>" + std::to_string(bytes) + "<");
    ASSERT_NE(found, std::string::npos) << name;
    EXPECT_GT(found, at);
    at = found;
  }
}

TEST_F(SampleSite, TheWayThereIsShown) {
  const Response start = get("/");
  EXPECT_EQ(start.status, 200U);
  EXPECT_NE(start.body.find("href=\"/Sample/\""), std::string::npos);
  const Response moved = get("/Sample");
  EXPECT_EQ(moved.status, 301U);
  EXPECT_EQ(header(moved, "Location"), "/Sample/");
  EXPECT_EQ(header(moved, "Last-Modified"), "(none)");
}

TEST_F(SampleSite, OnlyGetAndHead) {
  for (const char* path : {"/", "/Sample", "/Sample/", "/Sample/512.txt"}) {
    EXPECT_EQ(answer("HEAD", path).status, get(path).status);
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
      const Response refused = answer(method, path);
      EXPECT_EQ(refused.status, 405U) << method << " " << path;
      EXPECT_EQ(header(refused, "Allow"), "GET, HEAD");
      EXPECT_EQ(refused.body, "Method not allowed\n");
    }
  }
}

TEST_F(SampleSite, CountsFilesThatLeftWhole) {
  get("/Sample/1024.txt").written(true);
  get("/Sample/4096.txt").written(false);
  EXPECT_FALSE(answer("HEAD", "/Sample/1024.txt").written);
  EXPECT_FALSE(get("/Sample/").written);
  EXPECT_EQ(counters_.files, 1U);
  EXPECT_EQ(counters_.bytes, 1024U);
}

}  // namespace
}  // namespace tapstat::tests
