/// The load of the lab tool, the floor beside it, and the path in memory that both are about.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "dataplane/floor.h"
#include "dataplane/frame_path.h"
#include "dataplane/lab_capture.h"
#include "dataplane/lab_load.h"
#include "dataplane/process_pages.h"
#include "dataplane/short_flows.h"
#include "tests/support/capture_writer.h"
#include "tests/support/conversation.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using dataplane::Floor;
using dataplane::FrameInMemory;
using dataplane::FramePath;
using dataplane::LabCapture;
using dataplane::LabLoad;
using dataplane::LabPacket;
using dataplane::LinkType;
using dataplane::ShortFlows;
using flowstats::Counter;
using flowstats::Measurement;
using flowstats::Mode;

/// A request and an answer on connection number `i`, all `count` of them open in the middle.
std::vector<TimedFrame> talk(int i, bool ipv6 = false, Wrapping wrapping = nullptr) {
  Conversation conversation;
  if (ipv6) conversation.ipv6();
  if (wrapping != nullptr) conversation.wrapped_in(wrapping);
  conversation.client().port(static_cast<uint16_t>(40'000 + i));
  conversation.handshake(flowstats::milliseconds(i));
  conversation.client().sends(100).at(flowstats::milliseconds(100 + i));
  conversation.server().sends(1000).at(flowstats::milliseconds(150 + i));
  conversation.client().acks().at(flowstats::milliseconds(200 + i));
  conversation.close(flowstats::milliseconds(300 + i));
  return conversation.frames();
}

std::vector<TimedFrame> talks(int count) {
  std::vector<std::vector<TimedFrame>> all;
  for (int i = 0; i < count; ++i) all.push_back(talk(i, i % 3 == 2));
  return merged(std::move(all));
}

Measurement in_mode(Mode mode) {
  Measurement measurement;
  measurement.mode = mode;
  measurement.limits.tcp_flows_max = 10'000;
  measurement.limits.udp_flows_max = 1'000;
  measurement.limits.segment_records_max = 10'000;
  return measurement;
}

flowstats::Result<LabCapture> load(const std::vector<TimedFrame>& frames,
                                   Mode mode = Mode::corrected, CaptureOptions options = {}) {
  const TempDir directory;
  write_capture(directory / "x.pcap", frames, options);
  auto capture = dataplane::open_capture(directory / "x.pcap", {});
  EXPECT_TRUE(capture.has_value());
  std::vector<dataplane::CaptureFile> captures;
  captures.push_back(std::move(*capture));
  return LabCapture::load(captures, 128, in_mode(mode));
}

/// Everything up to the end of a pass.
template <class Take>
uint64_t one_pass(LabLoad& load, Take take) {
  uint64_t packets = 0;
  for (auto frames = load.fill(); !frames.empty(); frames = load.fill()) {
    take(frames);
    packets += frames.size();
  }
  return packets;
}

TEST(LabCapture, FindsItsFlowsAndWhereTheyAreOpen) {
  const auto capture = load(talks(50));
  ASSERT_TRUE(capture.has_value()) << capture.error().sentence;
  EXPECT_EQ(capture->facts().packets, 50U * 9);
  EXPECT_EQ(capture->facts().tcp_segments, 50U * 9);
  EXPECT_EQ(capture->facts().tcp_flows, 50U);
  EXPECT_EQ(capture->facts().flows_open_max, 50U);
  EXPECT_EQ(capture->facts().tuples_live_max, 50U);
  EXPECT_EQ(capture->facts().left_out, 0U);
  EXPECT_GT(capture->facts().busy_begin, 50U);
  EXPECT_LT(capture->facts().busy_end, 50U * 9);
  const auto first = std::count_if(capture->packets().begin(), capture->packets().end(),
                                   [](const LabPacket& p) { return p.first_of_flow; });
  const auto last = std::count_if(capture->packets().begin(), capture->packets().end(),
                                  [](const LabPacket& p) { return p.last_of_flow; });
  EXPECT_EQ(first, 50);
  EXPECT_EQ(last, 50);
}

TEST(LabCapture, FindsTheAddressesThatCount) {
  struct Case {
    const char* name;
    Wrapping wrapping;
    int addresses_at;
  };
  const Case cases[] = {
      {"plain", [](PacketBuilder& b) -> PacketBuilder& { return b.ethernet(); }, 14 + 12},
      {"tagged", [](PacketBuilder& b) -> PacketBuilder& { return b.ethernet().vlan(7); }, 18 + 12},
      // The outer header of the tunnel has the inner one's addresses.
      {"tunnel", [](PacketBuilder& b) -> PacketBuilder& { return b.ethernet().ipv4().gre(); },
       14 + 20 + 4 + 12},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto capture = load(talk(0, false, c.wrapping));
    ASSERT_TRUE(capture.has_value()) << capture.error().sentence;
    for (const LabPacket& packet : capture->packets()) {
      EXPECT_EQ(packet.addresses_at, c.addresses_at);
      EXPECT_EQ(packet.address_size, 4);
    }
  }
}

TEST(LabCapture, SaysWhatIsMissing) {
  Conversation stray;
  stray.client().sends(10).at(1_ms);
  const auto no_syn = load(stray.frames());
  ASSERT_FALSE(no_syn.has_value());
  EXPECT_NE(no_syn.error().sentence.find("no TCP connection begins"), std::string::npos);

  FrameBytes arp(60, 0);
  arp[12] = 0x08;
  arp[13] = 0x06;
  const auto no_tcp = load({{kStart, arp}});
  ASSERT_FALSE(no_tcp.has_value());
  EXPECT_NE(no_tcp.error().sentence.find("there is no TCP"), std::string::npos);
  EXPECT_EQ(no_tcp.error().status, flowstats::ExitStatus::input_unreadable);
}

TEST(LabCapture, RefusesDifferentLinkTypes) {
  const TempDir directory;
  CaptureOptions raw;
  raw.link_type = link_type::kRawIp;
  write_capture(directory / "a.pcap", talk(0));
  write_capture(directory / "b.pcap", talk(0), raw);
  std::vector<dataplane::CaptureFile> captures;
  for (const char* name : {"a.pcap", "b.pcap"})
    captures.push_back(std::move(*dataplane::open_capture(directory / name, {})));
  const auto capture = LabCapture::load(captures, 128, in_mode(Mode::tstat));
  ASSERT_FALSE(capture.has_value());
  EXPECT_NE(capture.error().sentence.find("different link types"), std::string::npos);
}

/// Every replica is a whole copy: as many flows, each of them complete.
TEST(LabLoad, ReplicasAreConnectionsOfTheirOwn) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    auto capture = load(talks(40), mode);
    ASSERT_TRUE(capture.has_value());
    // The whole capture, not only its busy part.
    const LabCapture whole = LabCapture::made_of(
        capture->link_type(),
        {capture->bytes_of(capture->packets()[0]),
         capture->bytes_of(capture->packets().back()) + capture->packets().back().captured_length},
        {capture->packets().begin(), capture->packets().end()});
    constexpr uint32_t kReplicas = 7;
    LabLoad lab_load(whole, 0, kReplicas);
    FramePath path(in_mode(mode), LinkType::ethernet);
    int64_t latest = 0;
    for (const uint64_t pass : {1U, 2U}) {
      const int64_t before = latest;
      const uint64_t packets = one_pass(lab_load, [&](auto frames) {
        EXPECT_GT(frames.front().time_us, before);
        latest = frames.back().time_us;
        path.process(frames);
      });
      EXPECT_EQ(packets, kReplicas * 40U * 9);
      path.finish();
      EXPECT_EQ(path.counters().get(Counter::flows_created), pass * kReplicas * 40U);
      EXPECT_EQ(path.counters().get(Counter::segments_without_flow) -
                    path.counters().get(Counter::segments_after_close),
                0U);
    }
    std::vector<flowstats::TcpRecord> records(2 * kReplicas * 40 + 1);
    const size_t count = path.drain(records);
    EXPECT_EQ(count, 2 * kReplicas * 40);
    EXPECT_TRUE(std::all_of(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(count),
                            [](const auto& r) { return r.complete; }));
  }
}

TEST(LabLoad, NeighboursBelongToDifferentReplicas) {
  const auto capture = load(talks(40));
  ASSERT_TRUE(capture.has_value());
  LabLoad lab_load(*capture, 0, 100);
  const auto frames = lab_load.fill();
  ASSERT_EQ(frames.size(), LabLoad::kBlock);
  for (size_t step = 0; step < 10; ++step) {
    std::set<std::vector<uint8_t>> different;
    for (size_t i = 100 * step; i < 100 * (step + 1); ++i) {
      const LabPacket& p = lab_load.source(i);
      EXPECT_EQ(&p, &lab_load.source(100 * step));
      different.insert({frames[i].bytes + p.addresses_at,
                        frames[i].bytes + p.addresses_at + 2U * p.address_size});
    }
    EXPECT_EQ(different.size(), 100U);
  }
  uint64_t wire = 0;
  for (size_t i = 0; i < frames.size(); ++i) wire += lab_load.source(i).wire_length;
  EXPECT_EQ(lab_load.wire_bytes(), wire);
}

TEST(LabLoad, OnlyTheLastBytesOfReplicaZeroStayAsCaptured) {
  const auto capture = load(talks(3));
  ASSERT_TRUE(capture.has_value());
  LabLoad same(*capture, 0, 1), other(*capture, 5, 1);
  const auto unchanged = same.fill();
  const auto changed = other.fill();
  ASSERT_EQ(unchanged.size(), changed.size());
  for (size_t i = 0; i < unchanged.size(); ++i) {
    const LabPacket& p = same.source(i);
    const uint8_t* const captured = capture->bytes_of(p);
    EXPECT_TRUE(std::equal(captured, captured + p.captured_length, unchanged[i].bytes));
    const size_t end = p.addresses_at + 2U * p.address_size;
    EXPECT_TRUE(std::equal(captured, captured + p.addresses_at, changed[i].bytes));
    EXPECT_FALSE(
        std::equal(captured + p.addresses_at, captured + end, changed[i].bytes + p.addresses_at));
    EXPECT_TRUE(std::equal(captured + end, captured + p.captured_length, changed[i].bytes + end));
  }
}

/// What is known beforehand is found, in order and without a miss; what is not is counted.
TEST(Floor, KnowsWhatWasAddedAndCountsTheRest) {
  const auto capture = load(talks(40));
  ASSERT_TRUE(capture.has_value());
  Floor floor({Mode::corrected, LinkType::ethernet, 1}, 40 * 5 + LabLoad::kBlock);
  LabLoad lab_load(*capture, 0, 5);
  for (int pass = 0; pass < 2; ++pass) {
    one_pass(lab_load, [&](auto frames) {
      for (size_t i = 0; i < frames.size(); ++i)
        if (lab_load.source(i).first_of_flow) floor.add(frames[i]);
      floor.process(frames);
      for (size_t i = 0; i < frames.size(); ++i)
        if (lab_load.source(i).last_of_flow) floor.remove(frames[i]);
    });
    EXPECT_EQ(floor.missed(), 0U);
    EXPECT_GT(floor.flows(), 0U);  // the capture is cut after its busy part
    floor.clear();
    EXPECT_EQ(floor.flows(), 0U);
  }
  const auto unknown = lab_load.fill();
  floor.process(unknown);
  EXPECT_EQ(floor.missed(), unknown.size());
}

TEST(Floor, IsFullWithoutHarm) {
  const auto capture = load(talks(3));
  ASSERT_TRUE(capture.has_value());
  Floor floor({Mode::corrected, LinkType::ethernet, 1}, 2);
  LabLoad lab_load(*capture, 0, 1);
  const auto frames = lab_load.fill();
  for (const FrameInMemory& frame : frames) floor.add(frame);
  EXPECT_EQ(floor.flows(), 2U);
  for (const FrameInMemory& frame : frames) floor.remove(frame);
  EXPECT_EQ(floor.flows(), 0U);
}

TEST(ShortFlows, OpenAndCloseWithEachPass) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    const auto capture = load(talks(9), mode);
    ASSERT_TRUE(capture.has_value());
    const auto short_flows = ShortFlows::from(*capture, in_mode(mode));
    ASSERT_TRUE(short_flows.has_value());
    EXPECT_EQ(short_flows->flows(), 9U);
    LabLoad lab_load(short_flows->capture(), 100, 4);
    FramePath path(in_mode(mode), LinkType::ethernet);
    for (size_t place = 0; place < ShortFlows::kPackets; ++place) {
      const auto frames = lab_load.fill_at(kStart + flowstats::milliseconds(10));
      ASSERT_EQ(frames.size(), 9U * 4);  // one place to a block
      EXPECT_EQ(short_flows->place_of(lab_load.source(0)), place);
      EXPECT_EQ(short_flows->place_of(lab_load.source(9 * 4 - 1)), place);
      path.process(frames);
      EXPECT_EQ(path.flows_open(), place + 1 < ShortFlows::kPackets ? 9U * 4 : 0U);
    }
    EXPECT_TRUE(lab_load.fill().empty());
    std::vector<flowstats::TcpRecord> records(100);
    EXPECT_EQ(path.drain(records), 9U * 4);
    EXPECT_TRUE(records[0].complete);
    EXPECT_EQ(path.counters().get(Counter::segments_without_flow), 0U);
  }
}

TEST(ShortFlows, NeedAWholeHandshake) {
  Conversation lone;
  lone.client().syn().at(1_ms);
  const auto capture = load(lone.frames());
  ASSERT_TRUE(capture.has_value());
  EXPECT_FALSE(ShortFlows::from(*capture, in_mode(Mode::corrected)).has_value());
}

TEST(ProcessPages, KnowsThisProcess) {
  const dataplane::ProcessPages pages = dataplane::process_pages();
  EXPECT_GT(pages.resident, 1U << 20);
  EXPECT_LE(pages.transparent + pages.hugetlb, pages.resident);
  EXPECT_GT(dataplane::memory_available().value_or(0), 1U << 20);
}

}  // namespace
}  // namespace tapstat::tests
