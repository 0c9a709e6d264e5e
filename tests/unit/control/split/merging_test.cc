#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "control/split/capture_merge.h"
#include "control/split/disorder_heap.h"
#include "control/split/overlap.h"
#include "tests/support/capture_writer.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using namespace control::splitting;

Packet packet_at(int64_t time_ns, uint32_t source = 0, const std::string& text = "abc") {
  return make_packet(time_ns, 100, {reinterpret_cast<const uint8_t*>(text.data()), text.size()},
                     source);
}

TEST(DisorderHeap, PutsASecondInOrder) {
  std::mt19937 random(1);
  DisorderHeap heap(size_t{1} << 20);
  std::vector<int64_t> left;
  bool any_late = false;
  const auto take = [&] {
    while (heap.is_ready()) {
      const Packet packet = heap.pop();
      any_late |= packet.is_late;
      left.push_back(packet.time_ns);
    }
  };
  for (int64_t i = 0; i < 5000; ++i) {
    heap.push(packet_at(i * kSecondNs / 100 + static_cast<int64_t>(random() % 1'000'000'000)));
    take();
  }
  heap.end();
  take();
  EXPECT_EQ(left.size(), 5000U);
  EXPECT_TRUE(std::is_sorted(left.begin(), left.end()));
  EXPECT_FALSE(any_late);
}

TEST(DisorderHeap, EqualTimesKeepTheirOrder) {
  DisorderHeap heap(size_t{1} << 20);
  for (const char* text : {"a", "b", "c", "d"}) heap.push(packet_at(7, 0, text));
  heap.end();
  std::string order;
  while (!heap.empty()) order += static_cast<char>(heap.pop().bytes().u8(0));
  EXPECT_EQ(order, "abcd");
}

TEST(DisorderHeap, MarksWhatComesTooLate) {
  DisorderHeap heap(size_t{1} << 20);
  heap.push(packet_at(0));
  heap.push(packet_at(3 * kSecondNs));
  ASSERT_TRUE(heap.is_ready());
  EXPECT_FALSE(heap.pop().is_late);
  EXPECT_FALSE(heap.is_ready());  // something within the second may still come
  heap.push(packet_at(5 * kSecondNs));
  EXPECT_FALSE(heap.pop().is_late);
  heap.push(packet_at(kSecondNs));
  ASSERT_TRUE(heap.is_ready());
  EXPECT_TRUE(heap.pop().is_late);
}

TEST(DisorderHeap, HoldsNoMoreThanItsBytes) {
  DisorderHeap heap(1000);
  size_t held = 0;
  for (int i = 0; i < 1000; ++i) {
    heap.push(packet_at(i));
    ++held;
    while (heap.is_ready()) {
      static_cast<void>(heap.pop());
      --held;
    }
  }
  EXPECT_LT(held, 25U);
}

/// How many of the packets pass; each is {time, source, text}.
size_t passed(OverlapFilter& filter,
              const std::vector<std::tuple<int64_t, int, const char*>>& all) {
  size_t n = 0;
  for (const auto& [time_ns, source, text] : all)
    n += filter.is_duplicate(packet_at(time_ns, static_cast<uint32_t>(source), text)) ? 0 : 1;
  return n;
}

constexpr uint32_t kAllBytes = 1 << 20;

TEST(Overlap, TheLargerNumberPasses) {
  OverlapFilter filter({{0, 100}, {0, 100}, {0, 100}}, 0, kAllBytes);
  EXPECT_EQ(passed(filter,
                   {{5, 0, "x"}, {5, 0, "x"}, {5, 1, "x"}, {5, 1, "x"}, {5, 1, "x"}, {5, 2, "x"}}),
            3U);
  EXPECT_EQ(passed(filter, {{6, 0, "x"}, {6, 1, "y"}, {6, 2, "y"}, {7, 2, "y"}}), 3U);
}

TEST(Overlap, OneCaptureNeverLosesItsOwnRepetitions) {
  OverlapFilter filter({{0, 100}, {50, 200}}, 0, kAllBytes);
  EXPECT_EQ(passed(filter, {{60, 0, "x"}, {60, 0, "x"}, {60, 0, "x"}}), 3U);
  OverlapFilter alone({{0, 100}}, 1000, kAllBytes);
  EXPECT_EQ(passed(alone, {{60, 0, "x"}, {60, 0, "x"}}), 2U);
}

TEST(Overlap, OnlyWhereTheTimesOverlap) {
  // The first packet of the second capture is 5 ns younger than its copy in the first one, and
  // that lies before the second one's time.
  OverlapFilter filter({{0, 100}, {50, 200}}, 10, kAllBytes);
  EXPECT_EQ(passed(filter, {{45, 0, "x"}, {50, 1, "x"}}), 2U);
  EXPECT_EQ(passed(filter, {{70, 0, "x"}, {75, 1, "x"}}), 1U);
  EXPECT_EQ(passed(filter, {{90, 0, "z"}, {101, 1, "z"}}), 2U);
}

TEST(Overlap, TheNthIsPairedWithTheNth) {
  OverlapFilter filter({{0, 1000}, {0, 1000}}, 10, kAllBytes);
  // 3 and 8 of one are 5 and 11 of the other; 30 stands alone, as does 50.
  EXPECT_EQ(
      passed(filter,
             {{3, 0, "x"}, {5, 1, "x"}, {8, 0, "x"}, {11, 1, "x"}, {30, 1, "x"}, {50, 0, "x"}}),
      4U);
}

TEST(Overlap, CutPacketsAreComparedAsFarAsTheyGo) {
  OverlapFilter filter({{0, 10}, {0, 10}}, 0, 4);
  EXPECT_EQ(passed(filter, {{1, 0, "abcdefgh"}, {1, 1, "abcd"}, {2, 0, "abcx"}, {2, 1, "abcd"}}),
            3U);
}

TEST(CaptureMerge, SeveralCapturesInTheOrderOfTime) {
  TempDir directory;
  const FrameBytes frame(60, 1);
  // In the order of names the second one begins first; the third begins long after the others.
  write_capture(directory / "a.pcap", {{{2'000'000}, frame}, {{4'000'000}, frame}});
  write_capture(directory / "b.pcap", {{{1'000'000}, frame}, {{3'000'000}, frame}});
  CaptureOptions nanoseconds;
  nanoseconds.format = CaptureFormat::pcap_nanoseconds;
  nanoseconds.big_endian = true;
  CaptureWriter writer(directory / "c.pcap", nanoseconds);
  writer.write({90'000'000}, frame, {.nanoseconds = 7, .wire_length = 1500});
  writer.close();
  const InputOptions options{true, [](const std::string&) {}, [](const std::string&) {}};
  const auto inputs =
      open_input_files({directory / "a.pcap", directory / "b.pcap", directory / "c.pcap"}, options);
  ASSERT_TRUE(inputs) << inputs.error().sentence;
  EXPECT_EQ(inputs->packets, 5U);
  EXPECT_EQ(inputs->descriptors_held, 0U);
  EXPECT_EQ(inputs->open_peak, 2U);
  EXPECT_TRUE(inputs->form.has_nanoseconds);
  CaptureMerge merge(*inputs, size_t{1} << 20);
  std::vector<int64_t> times;
  std::vector<uint32_t> sources;
  uint32_t wire_length = 0;
  for (;;) {
    auto packet = merge.next();
    ASSERT_TRUE(packet);
    if (!*packet) break;
    times.push_back((*packet)->time_ns);
    sources.push_back((*packet)->source);
    wire_length = (*packet)->wire_length;
  }
  EXPECT_EQ(times, (std::vector<int64_t>{1'000'000'000, 2'000'000'000, 3'000'000'000, 4'000'000'000,
                                         90'000'000'007}));
  EXPECT_EQ(sources, (std::vector<uint32_t>{0, 1, 0, 1, 2}));
  EXPECT_EQ(wire_length, 1500U);
  EXPECT_TRUE(merge.faults().empty());
}

/// Its packet is in order in its own capture, as far as that is put in order, and comes behind
/// those of the other one.
TEST(CaptureMerge, WhatComesBehindAnotherCapturesPacketsIsLate) {
  TempDir directory;
  const FrameBytes frame(60, 1);
  write_capture(directory / "a.pcap", {{{10'000'000}, frame}, {{12'000'000}, frame}});
  write_capture(directory / "b.pcap", {{{20'000'000}, frame}, {{5'000'000}, frame}});
  const InputOptions options{true, [](const std::string&) {}, [](const std::string&) {}};
  const auto inputs = open_input_files({directory / "a.pcap", directory / "b.pcap"}, options);
  ASSERT_TRUE(inputs) << inputs.error().sentence;
  CaptureMerge merge(*inputs, 1 << 20);
  std::vector<std::pair<int64_t, bool>> found;
  for (auto packet = merge.next(); packet && *packet; packet = merge.next())
    found.emplace_back((*packet)->time_ns / kSecondNs, (*packet)->is_late);
  ASSERT_EQ(found.size(), 4U);
  int64_t latest = 0;
  for (const auto& [time, is_late] : found) {
    EXPECT_EQ(is_late, time < latest) << time;
    latest = std::max(latest, time);
  }
}

TEST(CaptureMerge, ACaptureThatShrinksIsAFault) {
  TempDir directory;
  const FrameBytes frame(60, 1);
  const auto path = directory / "a.pcap";
  write_capture(path, {{{1'000'000}, frame}, {{2'000'000}, frame}});
  const InputOptions options{true, [](const std::string&) {}, [](const std::string&) {}};
  const auto inputs = open_input_files({path}, options);
  ASSERT_TRUE(inputs);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CaptureMerge merge(*inputs, size_t{1} << 20);
  ASSERT_TRUE(merge.next()->has_value());
  ASSERT_FALSE(merge.next()->has_value());
  ASSERT_EQ(merge.faults().size(), 1U);
  EXPECT_NE(merge.faults()[0].find("only 1 of 2 packets"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
