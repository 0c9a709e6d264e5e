/// Cuts the body of one message out of the bytes that follow its head: of a known length, in
/// chunks, or up to the end of the connection (RFC 9112 sections 6 and 7).
///
/// Beast reads heads only: the chunk parser of 1.74 stops the process at an assertion when the
/// last chunk comes in pieces of the wrong size. Control plane's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tapstat::control::http {

/// A chunk's size with its extensions, and all trailer fields together: longer is malformed.
inline constexpr size_t kChunkLineBytesMax = 1 << 10;
inline constexpr size_t kTrailerBytesMax = 4 << 10;

class BodyReader {
 public:
  enum class Progress : uint8_t { more, done, malformed, too_large };

  [[nodiscard]] static BodyReader of_length(uint64_t bytes);
  [[nodiscard]] static BodyReader chunked(size_t bytes_max);
  [[nodiscard]] static BodyReader to_end(size_t bytes_max);

  /// Takes from the front of `buffer` what belongs to the body. Extensions and trailer fields are
  /// read over.
  [[nodiscard]] Progress read(std::string& buffer);

  std::string body;

 private:
  enum class State : uint8_t { to_end, length, size_line, chunk, chunk_end, trailer };

  BodyReader(State state, uint64_t remaining, size_t bytes_max)
      : state_(state), remaining_(remaining), bytes_max_(bytes_max) {}

  Progress read_size(const std::string& buffer);
  void read_data(const std::string& buffer);
  Progress read_chunk_end(const std::string& buffer);
  Progress read_trailer(const std::string& buffer);

  State state_;
  uint64_t remaining_;  // of the body, or of the chunk
  size_t bytes_max_;
  size_t at_ = 0;  // what was taken from the buffer of this call
  size_t trailer_bytes_ = 0;
};

}  // namespace tapstat::control::http
