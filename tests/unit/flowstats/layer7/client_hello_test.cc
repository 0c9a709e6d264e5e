#include "flowstats/layer7/client_hello.h"

#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

std::vector<uint8_t> small_hello() {
  std::vector<uint8_t> bytes = {3, 3};
  bytes.insert(bytes.end(), 32, 0xaa);                  // random
  bytes.insert(bytes.end(), {2, 7, 8});                 // session id
  bytes.insert(bytes.end(), {0, 4, 0x13, 1, 0x13, 2});  // ciphers
  bytes.insert(bytes.end(), {1, 0});                    // compression
  bytes.insert(bytes.end(), {0, 11, 0, 43, 0, 3, 2, 3, 4, 0, 23, 0, 0});
  return bytes;
}

TEST(ClientHello, IsReadWhole) {
  const auto bytes = small_hello();
  const ClientHello hello = read_client_hello({bytes.data(), bytes.size()});
  EXPECT_TRUE(hello.is_complete);
  EXPECT_EQ(hello.legacy_version, 0x0303);
  EXPECT_EQ(hello.session_id.size(), 2U);
  EXPECT_EQ(hello.cipher_suites.size(), 4U);
  std::vector<uint16_t> types;
  std::vector<bool> lasts;
  for_each_extension(hello.extensions, [&](uint16_t type, ByteRange, bool is_last) {
    types.push_back(type);
    lasts.push_back(is_last);
  });
  EXPECT_EQ(types, (std::vector<uint16_t>{43, 23}));
  EXPECT_EQ(lasts, (std::vector<bool>{false, true}));
}

TEST(ClientHello, IsReadAsFarAsItGoes) {
  const auto bytes = small_hello();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const ClientHello hello = read_client_hello({bytes.data(), size});
    EXPECT_FALSE(hello.is_complete && size != bytes.size() - 13) << size;
    if (size >= 43) {
      EXPECT_EQ(hello.cipher_suites.size(), 4U) << size;
    }
  }
}

TEST(ClientHello, CutExtensionIsToldApart) {
  const std::vector<uint8_t> bytes = {0, 43, 0, 1, 7, 0, 23, 0, 2, 9};
  size_t offset = 0;
  HelloExtension extension;
  ASSERT_TRUE(next_extension({bytes.data(), bytes.size()}, offset, extension));
  EXPECT_TRUE(extension.is_whole);
  ASSERT_TRUE(next_extension({bytes.data(), bytes.size()}, offset, extension));
  EXPECT_EQ(extension.type, 23);
  EXPECT_EQ(extension.data.size(), 1U);
  EXPECT_FALSE(extension.is_whole);
  EXPECT_FALSE(next_extension({bytes.data(), bytes.size()}, offset, extension));
}

TEST(ClientHello, GreaseRepeatsItsByte) {
  EXPECT_TRUE(is_grease(0x0a0a) && is_grease(0x7a7a) && is_grease(0xfafa));
  EXPECT_FALSE(is_grease(0x0a1a) || is_grease(0x0303) || is_grease(0x1b1b));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
