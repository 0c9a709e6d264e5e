/// Captures that libpcap cannot deliver as they are, copied into an unlinked temporary pcapng file
/// with 64-bit times in microseconds. Control thread only; one packet in memory at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

struct Rewritten {
  FileDescriptor file;
  std::optional<std::string> damage;  // reading stopped early; `file` holds what came before
};

/// A snoop file (RFC 1761). `path` begins with its magic. A link type without a DLT number gives a
/// file of link type kUnknownDlt. Errors: ExitStatus::environment (temporary file).
inline constexpr int kUnknownDlt = 0xffff;
[[nodiscard]] flowstats::Result<Rewritten> rewrite_snoop(const std::string& path);

/// A pcapng file whose interfaces differ: each packet gets the framing of LinkType::mixed.
[[nodiscard]] flowstats::Result<Rewritten> rewrite_mixed_pcapng(const std::string& path);

/// A pcap file with times that libpcap reads as negative: seconds and fractions are 32 bits without
/// sign, fractions beyond a second are carried (but one just below 2^32 is a missing borrow).
[[nodiscard]] flowstats::Result<Rewritten> rewrite_unsigned_times(const std::string& path);

/// Where in a pcapng file the first interface stands that differs from the first one, if reading
/// gets that far.
[[nodiscard]] std::optional<uint64_t> find_differing_interface(const std::string& path);

}  // namespace tapstat::dataplane
