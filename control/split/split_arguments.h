/// What `tapstat split` was asked to do. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tapstat::control::splitting {

/// What one capture file of the output holds.
enum class Grouping : uint8_t {
  connection,
  host,  // all connections of a local address
  pair,  // of two addresses
  port   // to a server port
};

inline constexpr size_t kMemoryBytesMin = size_t{16} << 20;
inline constexpr size_t kMemoryBytesUsual = size_t{512} << 20;
inline constexpr uint32_t kDuplicateWindowMaxUs = 1'000'000;
inline constexpr uint32_t kBucketsMax = 100'000;

struct SplitOptions {
  std::vector<std::filesystem::path> files;  // "-": standard input
  std::filesystem::path output;
  std::optional<std::filesystem::path> networks;
  std::optional<std::string> filter;  // pcap-filter(7)
  Grouping grouping = Grouping::connection;
  uint64_t packets_min = 0;  // of a file that is kept
  uint32_t buckets = 0;      // files at most; 0: one for each connection, host, pair or port
  uint32_t duplicate_window_us = 0;
  size_t memory_bytes = kMemoryBytesUsual;
  bool only_complete = false;  // connections with their SYN and a FIN or RST
  bool keep_duplicates = false, keep_other = false, follow_icmp = false;
  bool force = false, unpack = true, progress = true;
};

}  // namespace tapstat::control::splitting
