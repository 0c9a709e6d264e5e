#include "flowstats/layer7/kad.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

UdpType type_of(std::vector<uint8_t> head, uint32_t udp_length, Mode mode = Mode::tstat) {
  head.resize(std::max<size_t>(head.size(), udp_length - 8), 0x11);
  return edonkey_signature(udp_length, {head.data(), head.size()}, mode);
}

struct Row {
  uint8_t protocol, operation;
  uint32_t udp_length;
  UdpType type;
};

class Operations : public testing::TestWithParam<Row> {};

TEST_P(Operations, AreToldByTheirLength) {
  const Row& row = GetParam();
  EXPECT_EQ(type_of({row.protocol, row.operation}, row.udp_length), row.type);
  EXPECT_EQ(edonkey_signature(row.udp_length, {&row.protocol, 1}, Mode::tstat), UdpType::unknown)
      << "operation not captured";
}

constexpr UdpType kNone = UdpType::unknown;
INSTANTIATE_TEST_SUITE_P(
    Edonkey, Operations,
    testing::Values(Row{0xe3, 0x96, 14, UdpType::ed2k}, Row{0xe3, 0x96, 15, kNone},
                    Row{0xe3, 0x97, 38, UdpType::ed2k}, Row{0xe3, 0x97, 39, kNone},
                    Row{0xe3, 0x9a, 42, UdpType::ed2k}, Row{0xe3, 0x9a, 43, kNone},
                    Row{0xe3, 0x9b, 97, UdpType::ed2k}, Row{0xe3, 0x92, 200, UdpType::ed2k},
                    Row{0xe3, 0xa2, 30, kNone}));
INSTANTIATE_TEST_SUITE_P(Emule, Operations,
                         testing::Values(Row{0xc5, 0x90, 77, UdpType::ed2k},
                                         Row{0xc5, 0x92, 10, UdpType::ed2k},
                                         Row{0xc5, 0x92, 11, kNone},
                                         Row{0xc5, 0xfe, 11, UdpType::ed2k},
                                         Row{0xc5, 0xfe, 12, kNone}));
INSTANTIATE_TEST_SUITE_P(
    Kad, Operations,
    testing::Values(Row{0xe4, 0x00, 35, UdpType::kad}, Row{0xe4, 0x00, 36, kNone},
                    Row{0xa4, 0x00, 35, UdpType::kadu}, Row{0xe4, 0x08, 37, UdpType::kad},
                    Row{0xe4, 0x08, 38, kNone}, Row{0xe4, 0x22, 26, kNone},
                    Row{0xe4, 0x22, 500, UdpType::kad}, Row{0xe4, 0x29, 77, UdpType::kad},
                    Row{0xe4, 0x48, 26, UdpType::kad}, Row{0xe4, 0x48, 28, kNone},
                    Row{0xe4, 0x60, 10, UdpType::kad}, Row{0xe4, 0x60, 12, kNone},
                    Row{0xe4, 0x63, 10, kNone}));

TEST(Kad, AHelloMayEndInTags) {
  EXPECT_EQ(type_of({0xe4, 0x11}, 30), UdpType::kad);
  EXPECT_EQ(type_of({0xe4, 0x11}, 40), UdpType::unknown) << "the rest is no list of tags";
  std::vector<uint8_t> hello(22, 0x11);
  hello[0] = 0xe4;
  hello[21] = 2;                                                 // tags
  hello.insert(hello.end(), {0x08, 1, 0, 0xfc, 0x34, 0x12});     // 16 bits
  hello.insert(hello.end(), {0x02, 1, 0, 'n', 2, 0, 'a', 'b'});  // text
  const auto length = static_cast<uint32_t>(hello.size() + 8);
  EXPECT_EQ(edonkey_signature(length, {hello.data(), hello.size()}, Mode::tstat), UdpType::kad);
  hello[21] = 3;
  EXPECT_EQ(edonkey_signature(length, {hello.data(), hello.size()}, Mode::tstat), UdpType::unknown);
  hello[21] = 1;
  EXPECT_EQ(edonkey_signature(length, {hello.data(), hello.size()}, Mode::tstat), UdpType::unknown);
}

TEST(Kad, CorrectedModeKnowsMoreLengths) {
  for (const Row& row : {Row{0xe4, 0x29, 27, UdpType::kad}, Row{0xe4, 0x28, 27, UdpType::kad},
                         Row{0xa4, 0x29, 27, UdpType::kadu}, Row{0xe4, 0x61, 12, UdpType::kad},
                         Row{0xe4, 0x29, 28, kNone}, Row{0xe4, 0x61, 11, kNone}}) {
    EXPECT_EQ(type_of({row.protocol, row.operation}, row.udp_length), kNone);
    EXPECT_EQ(type_of({row.protocol, row.operation}, row.udp_length, Mode::corrected), row.type);
  }
}

TEST(Kad, PackedFormsBeginAsZlibDoes) {
  EXPECT_EQ(type_of({0xe5, 0x08, 0x78, 0xda}, 13), UdpType::kad);
  EXPECT_EQ(type_of({0xa5, 0x08, 0x78, 0x9c}, 13), UdpType::kadu);
  EXPECT_EQ(type_of({0xe5, 0x08, 0x78, 0x01}, 13), UdpType::unknown);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
