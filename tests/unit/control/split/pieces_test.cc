#include <fstream>
#include <iterator>
#include <random>

#include <gtest/gtest.h>

#include "control/split/index.h"
#include "control/split/output_place.h"
#include "control/split/piece_files.h"
#include "control/split/piece_name.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using namespace control::splitting;
using flowstats::Direction;
using flowstats::ExitStatus;
using flowstats::IpAddress;
using flowstats::IpVersion;

ConnectionId some_connection() {
  ConnectionId id;
  id.tuple = flowstats::make_tuple({IpAddress::v4(0xc0000201), 80},
                                   {IpAddress::v4(0xc6336414), 40000}, 6, IpVersion::v4)
                 .tuple;
  id.first_us = 1'486'080'003'123'456;  // 2017-02-03 00:00:03.123456
  id.server_port = 80;
  return id;
}

TEST(PieceName, Connection) {
  ConnectionId id = some_connection();
  EXPECT_EQ(connection_name(id),
            "conn/2017/02/03/00/20170203T000003.123456Z_192.0.2.1_80_198.51.100.20_40000.pcap");
  id.local = Direction::from_b;
  id.repetition = 2;
  EXPECT_EQ(connection_name(id),
            "conn/2017/02/03/00/20170203T000003.123456Z_198.51.100.20_40000_192.0.2.1_80.2.pcap");
}

TEST(PieceName, Ipv6HasNoColons) {
  EXPECT_EQ(address_text(IpVersion::v6, {0x20010db800000000, 1}), "2001:db8::1");
  EXPECT_EQ(address_in_name(IpVersion::v6, {0x20010db800000000, 1}), "2001-db8--1");
  EXPECT_EQ(address_in_name(IpVersion::v6, {0, 1}), "--1");
}

TEST(PieceName, Shared) {
  const ConnectionId id = some_connection();
  const auto name = [&](Grouping grouping, uint32_t buckets) {
    return shared_name(grouping, buckets, shared_key(grouping, buckets, id));
  };
  EXPECT_EQ(name(Grouping::host, 0), "host/192.0.2.1.pcap");
  EXPECT_EQ(name(Grouping::pair, 0), "pair/192.0.2.1_198.51.100.20.pcap");
  EXPECT_EQ(name(Grouping::port, 0), "port/80.pcap");
  EXPECT_EQ(name(Grouping::port, 1), "port/0000.pcap");
  EXPECT_EQ(name(Grouping::connection, 1), "conn/0000.pcap");
}

std::vector<uint8_t> content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Packet packet_of(size_t size) {
  const std::vector<uint8_t> bytes(size, 0xab);
  return make_packet(3 * kSecondNs + 42'000, static_cast<uint32_t>(size + 4),
                     {bytes.data(), bytes.size()}, 0);
}

class PieceFilesTest : public testing::Test {
 protected:
  PieceOptions options(size_t open_max, size_t buffer_bytes_max) {
    return {directory_.path(), {1, 65535, false}, open_max, buffer_bytes_max};
  }
  TempDir directory_;
};

TEST_F(PieceFilesTest, HeaderOnceAndRecordsInOrder) {
  PieceFiles files(options(1, size_t{1} << 20));
  Piece piece("a/b/one.pcap");
  files.add(piece, packet_of(3));
  files.close(piece);
  files.add(piece, packet_of(2));
  files.close(piece);
  EXPECT_EQ(content(directory_ / "a/b/one.pcap.part").size(), 24U + 16 + 3 + 16 + 2);
  files.publish(piece.name());
  const auto bytes = content(directory_ / "a/b/one.pcap");
  ASSERT_EQ(bytes.size(), 61U);
  const std::vector<uint8_t> record = {3, 0, 0, 0, 42, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 0xab};
  EXPECT_TRUE(std::equal(record.begin(), record.end(), bytes.begin() + 24));
  EXPECT_EQ(files.error(), "");
  EXPECT_EQ(files.buffered_bytes(), 0U);
}

TEST_F(PieceFilesTest, FewOpenFilesAndLittleMemory) {
  constexpr size_t kPieces = 50, kRounds = 40, kBufferMax = 20'000;
  PieceFiles files(options(3, kBufferMax));
  std::vector<std::unique_ptr<Piece>> pieces;
  for (size_t i = 0; i < kPieces; ++i)
    pieces.push_back(std::make_unique<Piece>("p" + std::to_string(i) + ".pcap"));
  for (size_t round = 0; round < kRounds; ++round)
    for (size_t i = 0; i < kPieces; ++i) {
      files.add(*pieces[i], packet_of(i * 10));
      EXPECT_LE(files.buffered_bytes(), kBufferMax);
    }
  for (const auto& piece : pieces) files.close(*piece);
  EXPECT_LE(files.open_peak(), 3U);
  EXPECT_EQ(files.files_created(), kPieces);
  for (size_t i = 0; i < kPieces; ++i)
    EXPECT_EQ(content(directory_ / (pieces[i]->name() + ".part")).size(),
              24 + kRounds * (16 + i * 10));
}

TEST_F(PieceFilesTest, ATakenNameGetsANumber) {
  PieceFiles files(options(8, 1 << 20));
  Piece first("x.pcap"), second("x.pcap"), third("x.pcap");
  for (Piece* piece : {&first, &second, &third}) {
    files.add(*piece, packet_of(1));
    files.close(*piece);
  }
  EXPECT_EQ(second.name(), "x.1.pcap");
  EXPECT_EQ(third.name(), "x.2.pcap");
  EXPECT_EQ(third.repetition(), 2U);
}

TEST_F(PieceFilesTest, DroppedPiecesLeaveNothing) {
  PieceFiles files(options(8, 1 << 20));
  Piece written("w.pcap"), buffered("b.pcap");
  for (int i = 0; i < 3; ++i) files.add(written, packet_of(60'000));
  files.add(buffered, packet_of(10));
  files.drop(written);
  files.drop(buffered);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  EXPECT_EQ(files.files_created(), 0U);
  EXPECT_EQ(files.buffered_bytes(), 0U);
}

TEST_F(PieceFilesTest, AFailureIsKept) {
  PieceFiles files(options(8, 1 << 20));
  std::ofstream(directory_ / "conn") << "in the way";
  Piece piece("conn/x.pcap");
  files.add(piece, packet_of(1));
  files.close(piece);
  EXPECT_NE(files.error().find("cannot make"), std::string::npos) << files.error();
}

TEST(Index, RowsAreSortedWhateverTheMemory) {
  std::mt19937 random(7);
  IndexRows rows(10);
  for (int i = 0; i < 995; ++i) {
    IndexRow row;
    row.id = some_connection();
    row.id.first_us = static_cast<int64_t>(random() % 100);
    row.id.tuple.a_port = static_cast<uint16_t>(random() % 10);
    row.packets_in = 1;
    ASSERT_TRUE(rows.add(row));
  }
  uint64_t count = 0;
  std::pair<int64_t, uint16_t> before{-1, 0};
  ASSERT_TRUE(rows.visit([&](const IndexRow& row) {
    const std::pair here{row.id.first_us, row.id.tuple.a_port};
    EXPECT_LE(before, here);
    before = here;
    count += row.packets_in;
  }));
  EXPECT_EQ(count, 995U);
}

TEST(Index, Line) {
  IndexRow row;
  row.id = some_connection();
  row.last_us = row.id.first_us + 5;
  row.packets_out = 1;
  row.bytes_out = 2;
  row.packets_in = 3;
  row.bytes_in = uint64_t{5} << 32;
  row.syn = 2;
  row.flags = IndexRow::kMidStream | IndexRow::kDuplicates;
  row.sources.add(0, true);
  row.sources.add(1, false);
  EXPECT_EQ(index_line(row, "f", {"a", "b"}),
            "f\t1486080003123456\t1486080003123461\t192.0.2.1\t80\t198.51.100.20\t40000\ttcp\t1\t2"
            "\t3\t21474836480\t2\t0\t0\tMD\ta,b");
}

TEST(Index, Sources) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back(std::to_string(i));
  SourceSet set;
  set.add(5, true);
  set.add(7, false);
  set.add(4, false);
  set.add(7, false);
  EXPECT_EQ(set.text(names), "4,5,7");
  set.add(190, false);
  EXPECT_EQ(set.text(names), "4,5,7,...,190");
}

TEST(OutputPlace, RefusesAndReplaces) {
  TempDir directory;
  const auto out = directory / "out";
  ASSERT_TRUE(prepare_output(out, {}, false));
  ASSERT_TRUE(prepare_output(out, {}, false));  // empty
  std::filesystem::create_directories(out / "host/x");
  std::ofstream(out / "mine") << "x";
  const auto unfinished = prepare_output(out, {}, false);
  ASSERT_FALSE(unfinished);
  EXPECT_EQ(unfinished.error().status, ExitStatus::usage);
  EXPECT_NE(unfinished.error().sentence.find("unfinished"), std::string::npos);
  ASSERT_TRUE(prepare_output(out, {}, true));
  EXPECT_FALSE(std::filesystem::exists(out / "host"));
  EXPECT_TRUE(std::filesystem::exists(out / "mine"));
  const auto inside = prepare_output(out, {out / "mine"}, true);
  ASSERT_FALSE(inside);
  EXPECT_NE(inside.error().sentence.find("lies in the output"), std::string::npos);
  EXPECT_EQ(prepare_output(out / "mine/below", {}, false).error().status, ExitStatus::environment);
}

}  // namespace
}  // namespace tapstat::tests
