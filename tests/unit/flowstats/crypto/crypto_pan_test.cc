#include "flowstats/crypto/crypto_pan.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats::crypto {
namespace {

/// The key of the sample trace that Crypto-PAn was published with.
constexpr CryptoPan::Key kSampleKey = {21,  34, 23,  141, 51, 164, 207, 128, 19,  10,  91,
                                       22,  73, 144, 125, 16, 216, 152, 143, 131, 121, 121,
                                       101, 39, 98,  87,  76, 45,  42,  132, 34,  2};

CryptoPan::Key pan_key_of(std::string_view text) {
  CryptoPan::Key key{};
  std::copy(text.begin(), text.end(), key.begin());
  return key;
}

uint32_t v4(const char* text) {
  in_addr address{};
  EXPECT_EQ(inet_pton(AF_INET, text, &address), 1) << text;
  return ntohl(address.s_addr);
}

std::string text_of(uint32_t address) {
  const in_addr network{htonl(address)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &network, text, sizeof text);
}

IpAddress v6(const char* text) {
  in6_addr address{};
  EXPECT_EQ(inet_pton(AF_INET6, text, &address), 1) << text;
  uint64_t words[2];
  std::memcpy(words, &address, sizeof words);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

/// Bits that two addresses have in common from the front.
int common_prefix(IpAddress a, IpAddress b) {
  return a.high != b.high ? std::countl_zero(a.high ^ b.high)
                          : 64 + std::countl_zero(a.low ^ b.low);
}

TEST(CryptoPan, GivesThePublishedAddresses) {
  CryptoPan pan(kSampleKey);
  constexpr std::pair<const char*, const char*> kSample[] = {
      {"128.11.68.132", "135.242.180.132"},   {"129.118.74.4", "134.136.186.123"},
      {"130.132.252.244", "133.68.164.234"},  {"141.223.7.43", "141.167.8.160"},
      {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"},
      {"156.29.3.236", "147.225.12.42"},      {"165.247.96.84", "162.9.99.234"},
      {"166.107.77.190", "160.132.178.185"},  {"192.102.249.13", "252.138.62.131"},
      {"24.0.250.221", "100.15.198.226"},     {"64.14.118.196", "0.255.183.58"}};
  for (const auto& [clear, anonymous] : kSample)
    EXPECT_EQ(text_of(pan.v4(v4(clear))), anonymous) << clear;
}

TEST(CryptoPan, GivesWhatTstatGives) {
  CryptoPan pan(pan_key_of("0123456789abcdef0123456789abcdef"));
  EXPECT_EQ(text_of(pan.v4(v4("10.0.0.1"))), "58.1.207.134");
}

// What other implementations with 128-bit prefixes give for the same key.
TEST(CryptoPan, GivesTheKnownIpv6Addresses) {
  CryptoPan pan(kSampleKey);
  EXPECT_EQ(pan.v6(v6("::1")), v6("78ff:f001:9fc0:20df:8380:b1f1:704:ed"));
  EXPECT_EQ(pan.v6(v6("::2")), v6("78ff:f001:9fc0:20df:8380:b1f1:704:ef"));
  EXPECT_EQ(pan.v6(v6("::ffff")), v6("78ff:f001:9fc0:20df:8380:b1f1:704:f838"));
  EXPECT_EQ(pan.v6(v6("2001:db8::1")), v6("4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"));
  EXPECT_EQ(pan.v6(v6("2001:db8::2")), v6("4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"));
}

TEST(CryptoPan, KeepsTheLengthOfCommonPrefixesOfIpv4) {
  CryptoPan pan(kSampleKey);
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<uint32_t>(random());
    const auto b =
        static_cast<uint32_t>(a ^ (uint32_t{0x80000000} >> i % 32 | (random() >> i % 32)));
    EXPECT_EQ(std::countl_zero(a ^ b), std::countl_zero(pan.v4(a) ^ pan.v4(b))) << a << " " << b;
  }
}

TEST(CryptoPan, KeepsTheLengthOfCommonPrefixesOfIpv6) {
  CryptoPan pan(kSampleKey);
  std::mt19937_64 random{2};
  for (int i = 0; i < 1000; ++i) {
    const IpAddress a{random(), random()};
    const int prefix = i % 128;
    IpAddress b = a;
    if (prefix < 64) {
      b.high ^= (uint64_t{1} << 63 >> prefix) | (random() >> prefix);
      b.low = random();
    } else {
      b.low ^= (uint64_t{1} << 63 >> (prefix - 64)) | (random() >> (prefix - 64));
    }
    EXPECT_EQ(common_prefix(a, b), common_prefix(pan.v6(a), pan.v6(b)));
  }
}

TEST(CryptoPan, BothHalvesOfTheKeyCount) {
  CryptoPan::Key other_cipher = kSampleKey, other_pad = kSampleKey;
  ++other_cipher[0];
  ++other_pad[31];
  CryptoPan pan(kSampleKey), one(other_cipher), two(other_pad);
  const uint32_t address = v4("128.11.68.132");
  EXPECT_NE(one.v4(address), pan.v4(address));
  EXPECT_NE(two.v4(address), pan.v4(address));
  EXPECT_EQ(CryptoPan(kSampleKey).v4(address), pan.v4(address));
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
