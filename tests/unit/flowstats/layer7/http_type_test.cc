#include "flowstats/layer7/http_type.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

uint8_t type_of(std::string_view request) {
  const ByteRange bytes = test::bytes_of(request);
  return http_type_of_request(tstat_http_method(bytes), bytes);
}

TEST(HttpType, IsDecidedByThePath) {
  struct Case {
    std::string_view path;
    uint8_t type;
  };
  for (const Case& c : {Case{"/", 1},
                        {"/videoplayback?a", 5},
                        {"/videoplayback", 1},
                        {"/liveplay?x", 5},
                        {"/vimeo/v/1", 7},
                        {"/123.mp4?token=a", 7},
                        {"/123.mp4?akx", 7},
                        {"/x.mp4?token=a", 1},
                        {"/wiki/x", 8},
                        {"/w/index.php?title=x", 8},
                        {"/files/12345678/x", 9},
                        {"/files/1234abcd/x", 10},
                        {"/files/1234567/x", 1},
                        {"/ajax/chat/x", 11},
                        {"/en_US/all.js", 11},
                        {"/en-US/all.js", 1},
                        {"/rsrc.php/v1", 11},
                        {"/adj/x", 12},
                        {"/1234/123456789_0123456789_b.jpg", 13},
                        {"/12/123456789_012345abcd", 13},
                        {"/1/123456789_0123456789", 1},
                        {"/12a/123456789_0123456789", 1},
                        {"/1234/12345678_0123456789", 1},
                        {"/maps/gen_204", 14},
                        {"/vt?lyrs=x", 14},
                        {"/range/12-34?o=AQ&x=abcdefghijklmnopqrstuvwxyz", 15},
                        {"/range/1?o=A", 1},
                        {"/range/12-34?o=B&x=abcdefghijklmnopqrstuvwxyz123", 1},
                        {"/?o=A", 15},
                        {"/get_video_info?a", 16},
                        {"/vi/abcdefghijk/default.jpg", 16},
                        {"/vi/abcdefghij/default.jpg", 1},
                        {"/pins/get", 17},
                        {"/videos/flv/x", 18},
                        {"/flv/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/x", 18},
                        {"/flv/x", 1},
                        {"/dl/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbb/x", 18},
                        {"/dl/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbb/x", 1},
                        {"/generate_204?x", 22},
                        {"/watch?v=abc", 24},
                        {"/embed/abcdefghijk?x", 25},
                        {"/v/abcdefghijk", 25},
                        {"/v/abcdefghij", 1},
                        {"/v/abcdefghijkl", 1},
                        {"/1/statuses/x", 26},
                        {"/subscribe?host_int=1", 27},
                        {"/open/x", 1}}) {
    EXPECT_EQ(type_of("GET " + std::string(c.path) + " HTTP/1.1\r\n\r\n"), c.type) << c.path;
  }
}

TEST(HttpType, OfOtherMethods) {
  EXPECT_EQ(type_of("POST / HTTP/1.1\r\n"), http_type::kPost);
  EXPECT_EQ(type_of("POST /idle/1 HTTP/1.1\r\n"), http_type::kRtmpTunnel);
  EXPECT_EQ(type_of("POST /CLOSE/1 HTTP/1.1\r\n"), http_type::kRtmpTunnel);
  EXPECT_EQ(type_of("POST /gateway/gateway.dll?Action=x"), http_type::kMsnTunnel);
  EXPECT_EQ(type_of("POST /wiki/x HTTP/1.1\r\n"), http_type::kWikipedia);
  EXPECT_EQ(type_of("HEAD /wiki/x HTTP/1.1\r\n"), http_type::kGet);
}

TEST(HttpType, PrefixCutAnywhereIsNoMatch) {
  constexpr std::string_view kRequest = "GET /files/12345678";
  for (size_t size = 4; size < kRequest.size(); ++size) {
    EXPECT_EQ(type_of(kRequest.substr(0, size)), http_type::kGet) << size;
  }
  EXPECT_EQ(type_of(kRequest), http_type::kRapidShare);
}

TEST(HttpType, LaterRequestReplacesTheGeneralKindsOnly) {
  const auto after = [](uint8_t previous, std::string_view request) {
    const ByteRange bytes = test::bytes_of(request);
    return http_type_after(previous, tstat_http_method(bytes), bytes);
  };
  EXPECT_EQ(after(1, "GET /wiki/x"), 8);
  EXPECT_EQ(after(2, "GET /wiki/x"), 8);
  EXPECT_EQ(after(8, "GET /adj/x"), 8);
  EXPECT_EQ(after(1, "POST /x"), 1);
  EXPECT_EQ(after(22, "GET /videoplayback?x"), 23);
  EXPECT_EQ(after(22, "GET /x"), 22);
  EXPECT_EQ(after(23, "GET /adj/x"), 23);
}

TEST(HttpType, VideoIsKnownByItsFirstBytes) {
  const std::string between(23, 'x');
  EXPECT_TRUE(starts_video(test::bytes_of("FLV\x01" + between + "onMetaData")));
  EXPECT_FALSE(starts_video(test::bytes_of("FLV\x01" + between + "onMetaDatX")));
  EXPECT_FALSE(starts_video(test::bytes_of("FLV\x02" + between + "onMetaData")));
  const std::string tag("\x12\0\x03\x4b", 4);
  EXPECT_TRUE(starts_video(test::bytes_of(tag + between + "onMetaData")));
  const std::string mp4(
      "\0\0\0\x18"
      "ftypmp42",
      12);
  EXPECT_TRUE(starts_video(test::bytes_of(mp4)));
  EXPECT_FALSE(starts_video(test::bytes_of(mp4.substr(0, 11))));
  const std::string longer(
      "\0\0\0\x20"
      "ftypmp42",
      12);
  EXPECT_FALSE(starts_video(test::bytes_of(longer)));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
