/// Every way a capture can arrive delivers what libpcap reads, packet for packet.
#include "dataplane/capture_readers.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "tests/support/capture_writer.h"
#include "tests/support/raw_captures.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/mbuf_frames.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Mode;
using flowstats::Timestamp;
using tests::bytes_of;
using tests::frame_of;
using tests::FrameBytes;
using tests::frames_of;
using tests::RawPcap;
using tests::RawPcapHeader;
using tests::RawPcapng;
using tests::TimedFrame;

/// The packets that open_capture() counted, read by libpcap.
std::vector<TimedFrame> with_libpcap(const CaptureFile& capture) {
  std::vector<TimedFrame> frames;
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> pcap(
      pcap_open_offline(capture.file.path().c_str(), error), pcap_close);
  if (pcap == nullptr) return frames;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  while (frames.size() < capture.packets && pcap_next_ex(pcap.get(), &header, &bytes) == 1)
    frames.push_back(
        {Timestamp{static_cast<int64_t>(static_cast<uint64_t>(header->ts.tv_sec) * 1'000'000 +
                                        static_cast<uint64_t>(header->ts.tv_usec))},
         {bytes, bytes + header->caplen}});
  return frames;
}

/// eal_environment.cc starts DPDK.
class CaptureReadersTest : public testing::TestWithParam<ReaderKind> {
 protected:
  void open(const std::filesystem::path& file, Mode mode = Mode::tstat) {
    readers_.reset();
    captures_.clear();
    CaptureOpenOptions options;
    options.mode = mode;
    auto opened = open_capture(file, options);
    ASSERT_TRUE(opened) << opened.error().sentence;
    captures_.push_back(std::move(*opened));
    auto readers = CaptureReaders::create(GetParam(), captures_, *PacketTimeField::find(), 3, 1);
    ASSERT_TRUE(readers) << readers.error().sentence;
    readers_.emplace(std::move(*readers));
    start();
  }
  void open_frames(const std::vector<TimedFrame>& frames, tests::CaptureOptions options = {}) {
    write_capture(directory_ / "a.pcap", frames, options);
    open(directory_ / "a.pcap");
  }
  void open_bytes(const FrameBytes& bytes, Mode mode = Mode::tstat) {
    tests::write_bytes(directory_ / "a.pcap", bytes);
    open(directory_ / "a.pcap", mode);
  }
  void start() {
    auto reader = readers_->open(0);
    ASSERT_TRUE(reader) << reader.error().sentence;
    reader_ = *reader;
  }

  /// Receives everything in bursts and frees it.
  std::vector<TimedFrame> drain() {
    const auto time = PacketTimeField::find();
    std::vector<TimedFrame> got;
    rte_mbuf* packets[kBurstMax];
    while (const uint16_t n = reader_->receive(packets, kBurstMax)) {
      for (uint16_t i = 0; i < n; ++i) {
        const char* reason = nullptr;
        EXPECT_EQ(rte_mbuf_check(packets[i], 1, &reason), 0) << reason;
        got.push_back({time->read(packets[i]), bytes_of(packets[i])});
        EXPECT_EQ(packets[i]->pkt_len, got.back().bytes.size());
      }
      rte_pktmbuf_free_bulk(packets, n);
    }
    return got;
  }

  static void expect_same(const std::vector<TimedFrame>& got, const std::vector<TimedFrame>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].time, want[i].time) << i;
      EXPECT_EQ(got[i].bytes, want[i].bytes) << i;
    }
  }
  void expect_as_libpcap(size_t packets) {
    EXPECT_EQ(captures_[0].packets, packets);
    EXPECT_EQ(reader_->remaining(), packets);
    expect_same(drain(), with_libpcap(captures_[0]));
    EXPECT_EQ(reader_->remaining(), 0U);
    EXPECT_FALSE(reader_->ended_early());
  }

  tests::TempDir directory_;
  std::vector<CaptureFile> captures_;
  std::optional<CaptureReaders> readers_;
  PacketReader* reader_ = nullptr;
};

TEST_P(CaptureReadersTest, EveryFormatAndByteOrder) {
  const auto frames = frames_of({60, 1500, 61, 0, 1, 9000});
  for (const auto format : {tests::CaptureFormat::pcap_microseconds,
                            tests::CaptureFormat::pcap_nanoseconds, tests::CaptureFormat::pcapng}) {
    for (const bool big_endian : {false, true}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(format) << big_endian);
      open_frames(frames, {.format = format, .big_endian = big_endian});
      expect_as_libpcap(6);
      open_frames(frames, {.format = format, .big_endian = big_endian, .snap_length = 100});
      expect_as_libpcap(6);
    }
  }
}

TEST_P(CaptureReadersTest, ManyWindows) {
  std::vector<size_t> sizes;
  for (size_t i = 0; i < 4000; ++i) sizes.push_back(i * 37 % 1600);
  const auto frames = frames_of(sizes);
  open_frames(frames);
  ASSERT_GT(captures_[0].bytes, 8 * FileReader::kWindowBytes);
  expect_same(drain(), frames);
  EXPECT_EQ(reader_->remaining(), 0U);
}

TEST_P(CaptureReadersTest, WithoutPackets) {
  open_frames({});
  expect_as_libpcap(0);
  open_bytes(RawPcapng(false).section().interface(1, 0).get());
  expect_as_libpcap(0);
}

TEST_P(CaptureReadersTest, FramesLargerThanABuffer) {
  const auto frames = frames_of({60, 2048, 2049, 60'000, 65'535, 1, 0});
  open_frames(frames);
  expect_same(drain(), frames);
}

TEST_P(CaptureReadersTest, FramesBeyond64Kib) {
  const auto frames = frames_of({200'000, 60, 262'144, 67'583, 67'584, 60});
  open_frames(frames);
  rte_mbuf* received[kBurstMax];
  size_t n = 0;
  while (const uint16_t count = reader_->receive(received + n, 1)) n += count;
  ASSERT_EQ(n, frames.size());
  for (size_t i = 0; i < n; ++i) {
    EXPECT_EQ(received[i]->pkt_len, frames[i].bytes.size());
    const auto head = first_buffer(received[i]);
    const size_t shown = std::min<size_t>(frames[i].bytes.size(), kFirstBufferBytes);
    ASSERT_EQ(head.size(), shown);
    EXPECT_EQ(FrameBytes(head.data(), head.data() + shown),
              FrameBytes(frames[i].bytes.begin(),
                         frames[i].bytes.begin() + static_cast<std::ptrdiff_t>(shown)));
    // DPDK's port counts such a frame rightly but does not fill all of its buffers.
    if (GetParam() != ReaderKind::dpdk) {
      EXPECT_EQ(bytes_of(received[i]), frames[i].bytes);
    }
  }
  rte_pktmbuf_free_bulk(received, static_cast<unsigned>(n));
}

TEST_P(CaptureReadersTest, OldVersionsOfPcap) {
  const FrameBytes data = frame_of(60, 1);
  for (const bool big_endian : {false, true}) {
    for (const auto& [major, minor] : {std::pair{2, 2}, {2, 3}, {543, 0}, {2, 0}}) {
      SCOPED_TRACE(testing::Message() << big_endian << ' ' << major << '.' << minor);
      RawPcapHeader header;
      header.major = static_cast<uint16_t>(major);
      header.minor = static_cast<uint16_t>(minor);
      open_bytes(RawPcap(big_endian, header)
                     .record(1, 2, 100, 60, data)  // the length on the wire first
                     .record(1, 3, 60, 60, data)
                     .get());
      expect_as_libpcap(2);
    }
    SCOPED_TRACE(big_endian);
    open_bytes(RawPcap(big_endian, {.minor = 3})
                   .record(1, 2, 60, 100, data)
                   .record(1, 3, 100, 60, data)
                   .get());
    expect_as_libpcap(2);
    for (const uint32_t link_type : {1, 101})  // Ethernet may be faked: 14 bytes more
      for (const uint32_t snap_length : {40, 50, 60}) {
        open_bytes(RawPcap(big_endian, {0xa1b2cd34, 2, 4, snap_length, link_type})
                       .record(1, 2, 60, 60, data)
                       .record(1, 3, 60, 61, data)
                       .get());
        expect_as_libpcap(2);
      }
  }
}

TEST_P(CaptureReadersTest, SnapLengthsThatAreNone) {
  for (const uint32_t snap_length : {0U, 1U, 59U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    SCOPED_TRACE(snap_length);
    const FrameBytes data = frame_of(60, 1);
    open_bytes(RawPcap(false, {.snap_length = snap_length})
                   .record(1, 2, 60, 60, data)
                   .record(1, 3, 60, 60, data)
                   .get());
    expect_as_libpcap(2);
    open_bytes(
        RawPcapng(true).section().interface(1, snap_length).simple(60, data).simple(1, {9}).get());
    expect_as_libpcap(2);
  }
}

TEST_P(CaptureReadersTest, OddTimes) {
  const FrameBytes data = frame_of(20, 1);
  for (const bool big_endian : {false, true})
    for (const uint32_t magic : {0xa1b2c3d4U, 0xa1b23c4dU})
      for (const Mode mode : {Mode::tstat, Mode::corrected}) {
        SCOPED_TRACE(testing::Message()
                     << big_endian << ' ' << magic << ' ' << static_cast<int>(mode));
        RawPcap file(big_endian, {.magic = magic});
        for (const uint32_t fraction :
             {0U, 999'999U, 1'000'000U, 1'999'999'999U, 0xffffffffU, 0xfffffc17U, 0x80000000U})
          file.record(1'500'000'000, fraction, 20, 20, data);
        open_bytes(file.get(), mode);
        expect_as_libpcap(7);
        file.record(0xf0000000, 5, 20, 20, data);  // beyond 2038
        open_bytes(file.get(), mode);
        expect_as_libpcap(8);
      }
}

TEST_P(CaptureReadersTest, PcapngWithEveryKindOfBlock) {
  for (const bool big_endian : {false, true}) {
    SCOPED_TRACE(big_endian);
    RawPcapng file(big_endian);
    const auto join = [](FrameBytes a, const FrameBytes& b) {
      a.insert(a.end(), b.begin(), b.end());
      return a;
    };
    const auto odd = [&](uint32_t type, size_t bytes) {
      file.block(type, file.part().bytes(frame_of(bytes, 3)));
    };
    file.section();
    odd(0x0bad, 700'000);  // longer than a window
    file.interface(1, 0, join(file.option(1, frame_of(60'000, 5)), file.resolution(9)));
    file.interface(1, 262'144, join(file.resolution(6), file.time_offset(-77)));
    uint32_t interfaces = 2;
    for (const unsigned resolution : {0U, 3U, 7U, 12U, 19U, 0x80U, 0x8aU, 0x94U, 0xafU, 0xbfU}) {
      file.interface(
          1, 0, join(file.resolution(static_cast<uint8_t>(resolution)), file.time_offset(1000)));
      ++interfaces;
    }
    odd(5, 20);
    size_t packets = 0;
    for (uint32_t i = 0; i < interfaces; ++i)
      for (const uint64_t ticks : {uint64_t{0}, uint64_t{1'599'999'999'999'999'999}, ~uint64_t{0},
                                   uint64_t{0x1234567812345678}}) {
        file.enhanced(i, ticks, frame_of(30 + i, i));
        file.obsolete(static_cast<uint16_t>(i), ticks, frame_of(31 + i, i));
        packets += 2;
      }
    odd(0x80000001, 300'000);
    file.simple(33, frame_of(33, 4));
    file.section().interface(1, 0).enhanced(0, 1'600'000'000'000'000, frame_of(2000, 1));
    open_bytes(file.get());
    expect_as_libpcap(packets + 2);
  }
}

TEST_P(CaptureReadersTest, InterfacesOfDifferentKinds) {
  const auto file = RawPcapng(false)
                        .section()
                        .interface(1, 0)
                        .enhanced(0, 5, frame_of(60, 1))
                        .interface(101, 0)
                        .enhanced(1, 6, frame_of(61, 2))
                        .enhanced(0, 7, frame_of(62, 3))
                        .get();
  open_bytes(file);
  expect_as_libpcap(1);
  open_bytes(file, Mode::corrected);
  EXPECT_EQ(captures_[0].link_type, LinkType::mixed);
  expect_as_libpcap(3);
}

/// Cut anywhere, a file ends where the count says.
TEST_P(CaptureReadersTest, FilesCutAnywhere) {
  const FrameBytes pcap = RawPcap(false, {})
                              .record(1, 2, 20, 20, frame_of(20, 1))
                              .record(1, 3, 300, 300, frame_of(300, 2))
                              .record(1, 4, 0, 0, {})
                              .get();
  const FrameBytes pcapng = RawPcapng(true)
                                .section()
                                .interface(1, 0, RawPcapng(true).resolution(9))
                                .enhanced(0, 1'000'000, frame_of(21, 1))
                                .simple(5, frame_of(5, 2))
                                .get();
  for (const FrameBytes& whole : {pcap, pcapng})
    for (size_t size = whole.size(); size > 24; size -= size > 100 ? 13 : 1) {
      const FrameBytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      tests::write_bytes(directory_ / "cut", cut);
      if (!open_capture(directory_ / "cut", {})) continue;  // refused: nothing to read
      open(directory_ / "cut");
      SCOPED_TRACE(size);
      expect_as_libpcap(captures_[0].packets);
    }
}

TEST_P(CaptureReadersTest, RewindsToTheFirstPacket) {
  const auto frames = frames_of(std::vector<size_t>(1000, 800));
  open_frames(frames);
  for (const int taken : {1000, 500, 4, 0}) {  // at the end, in the middle, near and at the start
    rte_mbuf* received[kBurstMax];
    for (int n = 0; n < taken;) {
      const uint16_t count = reader_->receive(received, 4);
      ASSERT_GT(count, 0);
      rte_pktmbuf_free_bulk(received, count);
      n += count;
    }
    ASSERT_TRUE(reader_->rewind());
  }
  expect_same(drain(), frames);
  start();
  expect_same(drain(), frames);
}

/// Packets that are still in use are neither changed nor lent twice, whatever the reader does next.
TEST_P(CaptureReadersTest, NothingIsLostWhilePacketsAreOut) {
  const auto frames = frames_of(std::vector<size_t>(3000, 1000));
  open_frames(frames);
  std::vector<rte_mbuf*> held;
  rte_mbuf* received[kBurstMax];
  while (const uint16_t n = reader_->receive(received, kBurstMax))
    held.insert(held.end(), received, received + n);
  EXPECT_GE(held.size(), kBurstMax);
  ASSERT_TRUE(reader_->rewind());
  while (const uint16_t n = reader_->receive(received, kBurstMax))
    rte_pktmbuf_free_bulk(received, n);
  for (size_t i = 0; i < held.size(); ++i) EXPECT_EQ(bytes_of(held[i]), frames[i].bytes) << i;
  rte_pktmbuf_free_bulk(held.data(), static_cast<unsigned>(held.size()));
  ASSERT_TRUE(reader_->rewind());
  expect_same(drain(), frames);
  EXPECT_FALSE(reader_->ended_early());
}

TEST_P(CaptureReadersTest, FileThatGrewAfterItWasCounted) {
  open_frames(frames_of({60, 61, 62}));
  write_capture(directory_ / "longer.pcap", frames_of({60, 61, 62, 63}));
  std::filesystem::copy_file(directory_ / "longer.pcap", directory_ / "a.pcap",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(drain().size(), 3U);
}

TEST_P(CaptureReadersTest, FileThatShrankAfterItWasCounted) {
  open_frames(frames_of(std::vector<size_t>(1000, 1000)));
  ASSERT_EQ(truncate((directory_ / "a.pcap").c_str(), 24 + 500 * 1016 + 700), 0);
  const bool is_in_memory = GetParam() == ReaderKind::preloaded;
  EXPECT_EQ(drain().size(), is_in_memory ? 1000U : 500U);
  EXPECT_EQ(reader_->ended_early(), !is_in_memory);
  EXPECT_EQ(reader_->remaining(), 0U);
}

/// Lengths that were not there when it was counted end the capture; nothing beyond memory is read.
TEST_P(CaptureReadersTest, FileThatBecameAnother) {
  const auto first = RawPcap(false, {}).record(1, 2, 60, 60, frame_of(60, 1));
  open_bytes(RawPcap(first).record(1, 3, 60, 60, frame_of(60, 1)).get());
  if (GetParam() == ReaderKind::preloaded) return;  // holds what was counted
  tests::write_bytes(directory_ / "a.pcap",
                     RawPcap(first).record(1, 3, 262'145, 262'145, frame_of(60, 1)).get());
  start();  // libpcap has the old beginning in its buffer
  EXPECT_EQ(drain().size(), 1U);
  EXPECT_TRUE(reader_->ended_early());
}

TEST_P(CaptureReadersTest, SeveralCapturesOneAfterTheOther) {
  const auto a = frames_of({60, 3000, 61}), b = frames_of(std::vector<size_t>(700, 900));
  write_capture(directory_ / "a.pcap", a);
  write_capture(directory_ / "b.pcap", b, {.format = tests::CaptureFormat::pcapng});
  for (const char* name : {"a.pcap", "b.pcap"})
    captures_.push_back(std::move(*open_capture(directory_ / name, {})));
  auto readers = CaptureReaders::create(GetParam(), captures_, *PacketTimeField::find(), 3, 2);
  ASSERT_TRUE(readers);
  EXPECT_GT(readers->bytes(), 1'000'000U);
  for (const size_t index : {0, 1, 0, 1, 1}) {
    auto reader = readers->open(index);
    ASSERT_TRUE(reader);
    reader_ = *reader;
    expect_same(drain(), index == 0 ? a : b);
  }
}

std::string kind_name(const testing::TestParamInfo<ReaderKind>& kind) {
  constexpr const char* kNames[] = {"dpdk", "file", "preloaded"};
  return kNames[static_cast<size_t>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(Kinds, CaptureReadersTest,
                         testing::Values(ReaderKind::dpdk, ReaderKind::file, ReaderKind::preloaded),
                         kind_name);

}  // namespace
}  // namespace tapstat::dataplane
