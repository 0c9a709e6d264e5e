#include "flowstats/layer7/tcp_heuristics.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

/// Bytes whose halves take all values alike.
std::string disordered(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 157 + (i >> 4) * 31);
  return bytes;
}

/// Sizes of payloads, each one message; negative ones are the server's.
TcpHeuristics after(std::initializer_list<int> sizes, const std::string& bytes) {
  TcpHeuristics heuristics;
  test::TcpViews views;
  for (const int size : sizes) {
    const std::string payload = bytes.substr(0, static_cast<size_t>(size < 0 ? -size : size));
    heuristics.note(views.segment(size < 0 ? kServer : kClient, payload), Inspection{});
  }
  return heuristics;
}

TEST(Rtmp, SizesOfTheHandshakeConfirmIt) {
  const std::string bytes(4000, '\x03');
  struct Case {
    const char* name;
    std::initializer_list<int> sizes;
    bool tstat, corrected;
  };
  for (const Case& c : {Case{"one message a side", {20, -20}, true, false},
                        {"two a side", {20, -20, 20, -20}, false, false},
                        {"one of the server", {20, -20, 20, 20}, true, false},
                        {"1537 and 1537", {1537, -1537, 1536, -1536}, true, true},
                        {"1537 and 3073", {1537, -3073, 1536, -20}, true, true},
                        {"1536", {1536, -1536, 20, -20}, false, false},
                        {"in two pieces", {1401, 136, -1537, -20}, true, true},
                        {"both in two pieces", {1401, 136, -1400, -137}, true, true},
                        {"the server's only", {1537, -1400, -1673, 20}, false, false},
                        {"in three", {700, 700, 137, -1537, -20}, false, false}}) {
    EXPECT_EQ(after(c.sizes, bytes).is_rtmp(Mode::tstat), c.tstat) << c.name;
    EXPECT_EQ(after(c.sizes, bytes).is_rtmp(Mode::corrected), c.corrected) << c.name;
  }
}

TEST(Rtmp, FirstByteIsTheStreams) {
  const auto bit = [](std::string client, std::string server) {
    TcpHeuristics heuristics;
    test::TcpViews views;
    heuristics.note(views.client(client), Inspection{});
    heuristics.note(views.server(server), Inspection{});
    return heuristics.is_rtmp(Mode::tstat);
  };
  EXPECT_TRUE(bit("\x06x", "\x09x"));
  EXPECT_TRUE(bit("\x08x", "\x0ax"));
  EXPECT_FALSE(bit("\x09x", "\x03x"));
  TcpHeuristics lost;
  test::TcpViews views;
  views.lose(kServer, 1);
  lost.note(views.client("\x03x"), Inspection{});
  lost.note(views.server("\x03x"), Inspection{});
  EXPECT_FALSE(lost.is_rtmp(Mode::tstat));
  EXPECT_FALSE(lost.has_start_of(kServer));
}

TEST(ObfuscatedEd2k, SizesAreRememberedUntilTheyAreAnswered) {
  const auto found = [](std::initializer_list<int> sizes, Mode mode, uint8_t flags) {
    const std::string bytes(100, '\xf0');
    TcpHeuristics heuristics;
    test::TcpViews views;
    bool answered = false;
    for (const int size : sizes) {
      const size_t side = size < 0 ? kServer : kClient;
      const std::string payload = bytes.substr(0, static_cast<size_t>(size < 0 ? -size : size));
      answered |= heuristics.answers_obfuscated_ed2k(views.segment(side, payload, flags), mode);
    }
    return answered;
  };
  constexpr uint8_t kPushed = test::TcpViews::kPushed;
  EXPECT_TRUE(found({11, -55}, Mode::tstat, kPushed));
  EXPECT_TRUE(found({22, -18}, Mode::tstat, kPushed));
  EXPECT_TRUE(found({6, -11, 46}, Mode::tstat, kPushed));
  EXPECT_TRUE(found({11, -83, 22, 55}, Mode::tstat, kPushed));
  EXPECT_FALSE(found({11, -83}, Mode::tstat, kPushed));
  EXPECT_FALSE(found({55, -11}, Mode::tstat, kPushed));
  EXPECT_FALSE(found({11, -55}, Mode::tstat, tcp_flag::kAck));
  EXPECT_TRUE(found({11, -55}, Mode::corrected, kPushed));
  EXPECT_FALSE(found({11, 55}, Mode::corrected, kPushed));
}

TEST(ObfuscatedEd2k, TextIsNoneInCorrectedMode) {
  TcpHeuristics heuristics;
  test::TcpViews views;
  EXPECT_FALSE(heuristics.answers_obfuscated_ed2k(views.client("PASS test\r\n"), Mode::corrected));
  const std::string answer(55, '\xf0');
  EXPECT_FALSE(heuristics.answers_obfuscated_ed2k(views.server(answer), Mode::corrected));
}

TEST(Mse, SizesOfTheFirstMessages) {
  struct Case {
    std::initializer_list<int> sizes;
    bool expected;
  };
  for (const Case& c : {Case{{96, -96}, true},
                        {{95, -300}, false},
                        {{300, -95}, false},
                        {{608, -608}, true},
                        {{609, -608}, false},
                        {{50, -300, 60}, true},
                        {{40, -300, 40}, false},
                        {{300}, false},
                        {{300, -50, -50}, true}}) {
    TcpHeuristics heuristics = after(c.sizes, disordered(700));
    EXPECT_EQ(heuristics.is_mse(3.7), c.expected) << testing::PrintToString(std::vector(c.sizes));
    EXPECT_FALSE(heuristics.mse_may_have_changed());
  }
}

TEST(Mse, OrderInEitherHalfOfTheBytesIsNone) {
  EXPECT_FALSE(after({300, -300}, std::string(700, 'x')).is_mse(3.7));
  std::string low_halves, high_halves;
  for (int i = 0; i < 700; ++i) low_halves += static_cast<char>(0x40 | (i & 15));
  for (int i = 0; i < 700; ++i) high_halves += static_cast<char>((i & 15) << 4);
  EXPECT_FALSE(after({300, -300}, low_halves).is_mse(3.7));
  EXPECT_FALSE(after({300, -300}, high_halves).is_mse(3.7));
}

TEST(Mse, IsSettledWithTheSecondMessageOfEachSide) {
  TcpHeuristics heuristics = after({10, -10, 10, -10}, disordered(10));
  EXPECT_FALSE(heuristics.is_settled());
  EXPECT_FALSE(heuristics.is_mse(3.7));
  EXPECT_TRUE(heuristics.is_settled());
  TcpHeuristics one_sided = after({10, 10, 10, 10, 10, -10}, disordered(10));
  EXPECT_FALSE(one_sided.is_mse(3.7));
  EXPECT_FALSE(one_sided.is_settled());
}

TEST(Mse, SampleIsBounded) {
  Inspection settings;
  settings.entropy_sample = 0xffffffff;
  const std::string payload(65'000, 'x');
  TcpHeuristics heuristics;
  test::TcpViews views;
  for (int i = 0; i < 5; ++i) heuristics.note(views.client(payload), settings);
  EXPECT_FALSE(heuristics.is_mse(0));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
