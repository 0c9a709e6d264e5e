#include "flowstats/layer7/tcp_words.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::bytes_of;

TEST(TcpWords, CommandsInEitherCaseAndWhole) {
  EXPECT_TRUE(has_command(bytes_of("ehlo x"), "EHLO"));
  EXPECT_TRUE(has_command(bytes_of("EhLo\r\n"), "EHLO"));
  EXPECT_TRUE(has_command(bytes_of("EHLO"), "EHLO"));
  EXPECT_FALSE(has_command(bytes_of("EHLOX"), "EHLO"));
  EXPECT_FALSE(has_command(bytes_of("EHL"), "EHLO"));
  EXPECT_TRUE(has_command(bytes_of("a1 login x"), "LOGIN", 3));
}

TEST(TcpWords, FirstLine) {
  EXPECT_TRUE(first_line_has(bytes_of("OPTIONS * RTSP/1.0\r\n"), " RTSP/"));
  EXPECT_FALSE(first_line_has(bytes_of("OPTIONS *\r\nx RTSP/1.0"), " RTSP/"));
  EXPECT_FALSE(first_line_has({}, " RTSP/"));
}

TEST(TcpWords, HttpMethods) {
  EXPECT_EQ(tstat_http_method(bytes_of("GET /")), HttpMethod::get);
  EXPECT_EQ(tstat_http_method(bytes_of("POSTX /")), HttpMethod::post);
  EXPECT_EQ(tstat_http_method(bytes_of("PATCH /")), HttpMethod::other);
  EXPECT_EQ(tstat_http_method(bytes_of("PATCHX /")), HttpMethod::none);
  EXPECT_EQ(tstat_http_method(bytes_of("CONNECT a:1")), HttpMethod::none);
  EXPECT_EQ(tstat_http_method(bytes_of("get /")), HttpMethod::none);
  EXPECT_EQ(http_method(bytes_of("POSTX /")), HttpMethod::none);
  EXPECT_EQ(http_method(bytes_of("CONNECT a:1")), HttpMethod::connect);
  EXPECT_EQ(http_method(bytes_of("TRACE /")), HttpMethod::other);
}

TEST(TcpWords, SshVersion) {
  EXPECT_TRUE(is_ssh_version(bytes_of("SSH-2.0-")));
  EXPECT_TRUE(is_ssh_version(bytes_of("SSH-1.99-x")));
  EXPECT_FALSE(is_ssh_version(bytes_of("SSH-2.0")));
  EXPECT_FALSE(is_ssh_version(bytes_of("SSH-3.0-x")));
  EXPECT_FALSE(is_ssh_version(bytes_of("SSH-2.x-x")));
  EXPECT_FALSE(is_ssh_version(bytes_of("ssh-2.0-x")));
}

TEST(TcpWords, ImapTag) {
  EXPECT_EQ(imap_tag_size(bytes_of("a LOGIN")), 1U);
  EXPECT_EQ(imap_tag_size(bytes_of("abcde LOGIN")), 5U);
  EXPECT_EQ(imap_tag_size(bytes_of("abcdef LOGIN")), 0U);
  EXPECT_EQ(imap_tag_size(bytes_of("a1 LOG")), 0U);
  EXPECT_EQ(imap_tag_size(bytes_of("a. LOGIN")), 0U);
  EXPECT_EQ(imap_tag_size(bytes_of(" LOGINXX")), 0U);
  EXPECT_EQ(imap_tag_size(bytes_of("a1 b2 LOGIN")), 2U);
  EXPECT_TRUE(is_imap_answer(bytes_of("* BAD x")));
  EXPECT_TRUE(is_imap_answer(bytes_of("+ go ahead")));
  EXPECT_FALSE(is_imap_answer(bytes_of("* BAD ")));
}

TEST(TcpWords, TlsRecordsFollowEachOther) {
  const std::string record("\x17\x03\x03\0\x02xx", 7);
  EXPECT_TRUE(are_tls_records(bytes_of(record)));
  EXPECT_TRUE(are_tls_records(bytes_of(record + record)));
  EXPECT_TRUE(are_tls_records(bytes_of(record.substr(0, 5))));
  EXPECT_FALSE(are_tls_records(bytes_of(record.substr(0, 4))));
  EXPECT_FALSE(are_tls_records(bytes_of(record + "other text")));
  EXPECT_FALSE(are_tls_records(bytes_of(std::string_view("\x17\x03\x03\0\0", 5))));
  EXPECT_FALSE(are_tls_records(bytes_of(std::string_view("\x17\x03\x04\0\x02", 5))));
  EXPECT_FALSE(are_tls_records(bytes_of(std::string_view("\x18\x03\x03\0\x02", 5))));
  EXPECT_FALSE(are_tls_records(bytes_of("\x17\x03\x03\xff\xff")));
}

TEST(TcpWords, Http2) {
  EXPECT_TRUE(is_http2_preface(bytes_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")));
  EXPECT_FALSE(is_http2_preface(bytes_of("PRI * HTTP/2.0\r\n")));
  const std::string_view settings("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", 15);
  EXPECT_TRUE(is_http2_settings(bytes_of(settings)));
  EXPECT_FALSE(is_http2_settings(bytes_of(settings.substr(0, 8))));
  EXPECT_FALSE(is_http2_settings(bytes_of(std::string_view("\0\0\x05\x04\0\0\0\0\0", 9))));
  EXPECT_FALSE(is_http2_settings(bytes_of(std::string_view("\0\0\x06\x04\0\0\0\0\x01", 9))));
  EXPECT_TRUE(is_http2_settings(bytes_of(std::string_view("\0\0\0\x04\x01\0\0\0\0", 9))));
}

TEST(TcpWords, Text) {
  EXPECT_TRUE(is_text({}));
  EXPECT_TRUE(is_text(bytes_of("PASS test\r\n")));
  EXPECT_FALSE(is_text(bytes_of("PASS t\xc3\xa4st\r\n")));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
