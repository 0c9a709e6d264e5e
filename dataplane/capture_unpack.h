/// Compressed captures: recognised by their first bytes and unpacked into a temporary file.
///
/// gzip (RFC 1952, any number of members) and Zstandard (RFC 8878, any number of frames), as a
/// stream with constant memory. Control thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

enum class Compression : uint8_t { gzip, zstd };

[[nodiscard]] std::string_view compression_name(Compression c);  // "gzip", "zstd"

/// By the first bytes of the file; empty when it is neither.
[[nodiscard]] std::optional<Compression> detect_compression(int fd);

/// What the file says about its unpacked size: gzip's trailer (exact below 4 GiB with one member)
/// or zstd's frame header; empty when it does not, or when gzip's number cannot be.
[[nodiscard]] std::optional<uint64_t> unpacked_size(int fd, Compression c);

struct Unpacked {
  FileDescriptor file;
  std::optional<std::string>
      damage;  // the stream ends early or is wrong; `file` holds what came before
};

/// Errors: ExitStatus::environment when the temporary file cannot be written.
[[nodiscard]] flowstats::Result<Unpacked> unpack(int fd, Compression c);

}  // namespace tapstat::dataplane
