#include "exporters/dns_presentation.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"

namespace tapstat::exporters {
namespace {

using flowstats::layer7::DnsReader;
using tests::DnsBuilder;
using tests::kDnsAnswer;
using Bytes = std::vector<uint8_t>;

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
Bytes name(std::string_view dotted) { return DnsBuilder::name_bytes(dotted); }

std::string rdata_text(uint16_t type, const Bytes& rdata) {
  DnsBuilder dns{1, kDnsAnswer, {0, 1, 0, 0}};
  dns.record("x", type, rdata);
  DnsReader reader{dns.range()};
  const auto record = reader.next_record();
  if (!record) return "damaged";
  RowBuffer out;
  append_rdata(out, *record);
  return std::string{out.text()};
}

struct Case {
  uint16_t type;
  Bytes rdata;
  std::string_view text;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(rdata_text(c.type, c.rdata), c.text) << c.type;
}

TEST(RdataText, OfAddressesAndNames) {
  expect_all({
      {1, {192, 0, 2, 1}, "192.0.2.1"},
      {1, {192, 0, 2, 1, 99}, "192.0.2.1"},
      {28, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:db8::1"},
      {5, name("a.Example"), "a.Example."},
      {2, name(""), "."},
      {15, joined({{0, 10}, name("mail.example")}), "10\tmail.example."},
      {33, joined({{0, 1, 0, 2, 0x13, 0xc4}, name("s.example")}), "1\t2\t5060\ts.example."},
      {6, joined({name("n"), name("h"), {0, 0, 0, 1, 0, 0, 0,   2,   0,   0,
                                         0, 3, 0, 0, 0, 4, 255, 255, 255, 255}}),
       "n.\th.\t1\t2\t3\t4\t4294967295"},
  });
}

TEST(RdataText, OfStrings) {
  expect_all({
      {16, {3, 'a', ' ', 'b', 0}, "\"a\tb\"\t\"\""},
      {16, {4, '"', '\\', '\n', 200}, "\"\\\"\\\\\\010\\200\""},
      {13, {1, 'c', 1, 'o'}, "\"c\"\t\"o\""},
      {257, joined({{0, 5}, {'i', 's', 's', 'u', 'e'}, {'c', 'a'}}), "0\tissue\t\"ca\""},
      {35, joined({{0, 1, 0, 2, 1, 'S', 0, 0}, name("r")}), "1\t2\t\"S\"\t\"\"\t\"\"\tr."},
  });
}

TEST(RdataText, OfKeysAndHashes) {
  expect_all({
      {43, {0x30, 0x39, 8, 2, 0xab, 0xcd}, "12345\t8\t2\tabcd"},
      {48, {1, 1, 3, 8, 'f', 'o', 'o', 'b'}, "257\t3\t8\tZm9vYg=="},
      {44, {4, 2, 0xff}, "4\t2\tff"},
      {32, {0x80, 0, 0xc0, 0xa8, 1, 1}, "8000c0a80101"},
      {46,
       joined({{0, 1, 8, 2, 0, 0, 0, 60, 0x5f, 0x5e, 0x10, 0, 0, 0, 0, 0, 0, 7}, name("z"), {'x'}}),
       "A\t8\t2\t60\t20200913122640\t19700101000000\t7\tz.\teA=="},
      {47, joined({name("b"), {0, 2, 0x40, 0x01, 1, 1, 0x40}}), "b.\tA\tMX\tCAA"},
      {47, name("b"), "b."},
      {50, {1, 0, 0, 5, 0, 2, 'f', 'o', 0, 1, 0x40}, "1\t0\t5\t-\tcpng\tA"},
      {50, {1, 0, 0, 5, 2, 0xaa, 0xbb, 1, 0xff}, "1\t0\t5\taabb\tvs"},
  });
}

TEST(RdataText, OfServiceBindings) {
  expect_all({
      {65,
       {0, 1, 0, 0,    1,    0, 6, 2, 'h', '3', 2, 'h', '2', 0,
        3, 0, 2, 0x20, 0xfb, 0, 4, 0, 4,   192, 0, 2,   1},
       "1\t.\talpn=h3,h2\tport=8443\tipv4hint=192.0.2.1"},
      {64, joined({{0, 0}, name("svc.example")}), "0\tsvc.example."},
      {65,
       {0, 1, 0, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 0, 5, 0, 1, 'x', 0x12, 0x34, 0, 1, ' '},
       "1\t.\tmandatory=alpn\tno-default-alpn\tech=eA==\tkey4660=\"\t\""},
  });
}

/// The generic form: unknown types, types without a form of their own, and what breaks its form.
TEST(RdataText, IsHexadecimalWhereNothingElseIsKnown) {
  expect_all({
      {999, {0xde, 0xad}, "\\#\t2\tdead"},
      {1, {}, "\\#\t0"},
      {29, {0}, "\\#\t1\t00"},
      {65, {0, 1, 0, 0, 3, 0, 1, 9}, "\\#\t8\t0001000003000109"},
      {65, {0, 1, 0, 0, 1, 0, 2, 9, 'h'}, "\\#\t9\t000100000100020968"},
      {47, joined({name("b"), {0, 9, 1}}), "\\#\t6\t016200000901"},
  });
}

TEST(NameText, HasTheEscapesOfZoneFiles) {
  DnsBuilder dns{1, kDnsAnswer, {1, 0, 0, 0}};
  dns.raw({9, 'a', ' ', '.', ';', '(', ')', '\\', '"', '@', 3, 1, 127, 233, 0}).u16(1).u16(1);
  DnsReader reader{dns.range()};
  const auto question = reader.next_question();
  ASSERT_TRUE(question);
  RowBuffer out;
  append_dns_name(out, question->name);
  EXPECT_EQ(out.text(), "a\\032\\.\\;\\(\\)\\\\\"@.\\001\\127\\233.");
  out.clear();
  append_raw_dns_name(out, question->name);
  EXPECT_EQ(out.text(), "a .;()\\\"@.\x01\x7f\xe9.");
}

TEST(TypeAndClassText, AreNumbersWithoutAName) {
  RowBuffer out;
  append_dns_type(out, 65);
  out.append(" ");
  append_dns_type(out, 54);
  out.append(" ");
  append_dns_class(out, 255);
  out.append(" ");
  append_dns_class(out, 32'769);
  EXPECT_EQ(out.text(), "HTTPS TYPE54 ANY CLASS32769");
}

}  // namespace
}  // namespace tapstat::exporters
