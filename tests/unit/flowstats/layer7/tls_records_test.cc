#include "flowstats/layer7/tls_records.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::join_bytes, tests::tls_record, tests::TlsBytes;

bool client(const TlsBytes& bytes) { return starts_tls_client_hello({bytes.data(), bytes.size()}); }
bool server(const TlsBytes& bytes) { return starts_tls_server_hello({bytes.data(), bytes.size()}); }
bool sslv2(const TlsBytes& b) { return starts_sslv2_client_hello({b.data(), b.size()}); }

TEST(TlsRecords, BeginningsOfHellos) {
  EXPECT_TRUE(client({22, 3, 1, 0, 100, 1, 0}));
  EXPECT_TRUE(client({22, 3, 3, 0x39, 0xff, 1, 0}));
  EXPECT_FALSE(client({22, 3, 1, 0, 100, 1})) << "too short";
  EXPECT_FALSE(client({22, 3, 4, 0, 100, 1, 0})) << "version";
  EXPECT_FALSE(client({22, 2, 0, 0, 100, 1, 0})) << "version";
  EXPECT_FALSE(client({22, 3, 1, 0x3a, 0, 1, 0})) << "length";
  EXPECT_FALSE(client({23, 3, 1, 0, 100, 1, 0})) << "type";
  EXPECT_FALSE(client({22, 3, 1, 0, 100, 2, 0}));
  EXPECT_TRUE(server({22, 3, 1, 0, 100, 2, 0}));
  EXPECT_FALSE(server({22, 3, 1, 0, 100, 1, 0}));
}

TEST(TlsRecords, HelloInTheFormOfSsl2FillsTheSegment) {
  EXPECT_TRUE(sslv2({0x80, 7, 1, 3, 1, 0, 3, 0, 0}));
  EXPECT_FALSE(sslv2({0x80, 8, 1, 3, 1, 0, 3, 0, 0})) << "length";
  EXPECT_FALSE(sslv2({0x00, 7, 1, 3, 1, 0, 3, 0, 0})) << "form with padding";
  EXPECT_FALSE(sslv2({0x80, 7, 4, 3, 1, 0, 3, 0, 0})) << "message";
  EXPECT_FALSE(sslv2({0x80, 7, 1, 0, 2, 0, 3, 0, 0})) << "version 2";
  EXPECT_FALSE(sslv2({0x80, 4, 1, 3, 1, 0})) << "too short";
}

TEST(TlsRecords, BeginningOfApplicationData) {
  const TlsBytes yes = {23, 3, 0}, no = {23, 3, 4}, cut = {23, 3};
  EXPECT_TRUE(starts_tls_application_data({yes.data(), yes.size()}));
  EXPECT_FALSE(starts_tls_application_data({no.data(), no.size()}));
  EXPECT_FALSE(starts_tls_application_data({cut.data(), cut.size()}));
}

struct Record {
  uint8_t type;
  uint32_t offset;
  std::string content;
  bool operator==(const Record&) const = default;
};

/// All records of `bytes`, given in pieces of `piece` bytes, of a stream that begins at 100.
std::vector<Record> read_all(const TlsBytes& bytes, size_t piece) {
  TlsRecordReader reader;
  reader.begin(100);
  std::vector<Record> records;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    ByteRange input = ByteRange(bytes.data(), bytes.size()).from(at).first(piece);
    TlsFragment fragment;
    while (reader.next(input, fragment) == TlsRecordReader::Result::fragment) {
      if (records.empty() || records.back().offset != fragment.record_offset) {
        records.push_back({fragment.type, fragment.record_offset, {}});
      }
      records.back().content.append(reinterpret_cast<const char*>(fragment.bytes.data()),
                                    fragment.bytes.size());
    }
  }
  return records;
}

TEST(TlsRecords, AnySplitGivesTheSameRecords) {
  const TlsBytes bytes =
      join_bytes({tls_record(22, {'a', 'b', 'c'}), tls_record(20, {}), tls_record(23, {'d'})});
  const std::vector<Record> expected = {{22, 100, "abc"}, {20, 108, ""}, {23, 113, "d"}};
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(read_all(bytes, piece), expected) << piece;
  }
}

TEST(TlsRecords, OtherBytesAreNoRecords) {
  for (const TlsBytes& bytes : std::vector<TlsBytes>{
           {19, 3, 3, 0, 1, 0}, {25, 3, 3, 0, 1, 0}, {22, 2, 3, 0, 1, 0}, {22, 3, 3, 0x48, 1, 0}}) {
    TlsRecordReader reader;
    reader.begin(0);
    ByteRange input(bytes.data(), bytes.size());
    TlsFragment fragment;
    EXPECT_EQ(reader.next(input, fragment), TlsRecordReader::Result::not_tls) << int{bytes[0]};
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
