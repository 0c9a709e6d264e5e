#include "dataplane/capture_unpack.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include <zlib.h>
#include <zstd.h>

#include "dataplane/temporary_file.h"

namespace tapstat::dataplane {

using flowstats::Result;

namespace {

constexpr size_t kChunkBytes = 256 * 1024;
constexpr const char* kEndsEarly = "compressed data ends too early";

/// Reads a file in chunks from its start, without moving the descriptor's own position.
class ChunkReader {
 public:
  explicit ChunkReader(int fd) : fd_(fd), chunk_(kChunkBytes) {}

  /// False at the end of the file; `error()` says whether it was a read error.
  bool next() {
    do {
      const ssize_t n = pread(fd_, chunk_.data(), chunk_.size(), at_);
      if (n > 0) {
        size_ = static_cast<size_t>(n);
        at_ += n;
        return true;
      }
      if (n == 0) return false;
    } while (errno == EINTR);
    error_ = std::string("cannot be read further: ") + std::strerror(errno);
    return false;
  }
  [[nodiscard]] uint8_t* data() { return chunk_.data(); }
  [[nodiscard]] size_t size() const { return size_; }
  /// Why reading stopped before the compressed stream was complete.
  [[nodiscard]] std::string reason() const { return error_.empty() ? kEndsEarly : error_; }

 private:
  int fd_;
  std::vector<uint8_t> chunk_;
  size_t size_ = 0;
  off_t at_ = 0;
  std::string error_;
};

std::optional<std::string> inflate_gzip(int fd, TemporaryFile& out) {
  ChunkReader in(fd);
  std::vector<uint8_t> plain(kChunkBytes);
  z_stream stream{};
  constexpr int kGzipLargestWindow = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipLargestWindow) != Z_OK) return "no memory to unpack it";
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  bool member_is_open = true;
  while (!out.failed() && in.next()) {
    stream.next_in = in.data();
    stream.avail_in = static_cast<uInt>(in.size());
    do {
      if (!member_is_open) {  // another member, or padding after the last one
        if (*stream.next_in != 0x1f) return std::nullopt;
        inflateReset(&stream);
        member_is_open = true;
      }
      stream.next_out = plain.data();
      stream.avail_out = static_cast<uInt>(plain.size());
      const int state = inflate(&stream, Z_NO_FLUSH);
      out.write(plain.data(), plain.size() - stream.avail_out);
      if (state == Z_STREAM_END)
        member_is_open = false;
      else if (state != Z_OK && state != Z_BUF_ERROR)
        return "compressed data is damaged";
    } while (!out.failed() && (stream.avail_in > 0 || (member_is_open && stream.avail_out == 0)));
  }
  if (member_is_open) return in.reason();
  return std::nullopt;
}

std::optional<std::string> decompress_zstd(int fd, TemporaryFile& out) {
  ChunkReader in(fd);
  std::vector<uint8_t> plain(ZSTD_DStreamOutSize());
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  if (context == nullptr) return "no memory to unpack it";
  size_t wanted = 0;  // bytes that the open frame still needs; 0 between frames
  while (!out.failed() && in.next()) {
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    bool has_more = true;
    while (!out.failed() && (input.pos < input.size || has_more)) {
      ZSTD_outBuffer output = {plain.data(), plain.size(), 0};
      wanted = ZSTD_decompressStream(context.get(), &output, &input);
      if (ZSTD_isError(wanted) != 0)
        return std::string("compressed data is damaged (") + ZSTD_getErrorName(wanted) + ")";
      out.write(plain.data(), output.pos);
      has_more = wanted != 0 && output.pos == output.size;
    }
  }
  if (wanted != 0) return in.reason();
  return std::nullopt;
}

}  // namespace

std::string_view compression_name(Compression c) {
  return c == Compression::gzip ? "gzip" : "zstd";
}

std::optional<Compression> detect_compression(int fd) {
  uint8_t head[4] = {};
  if (pread(fd, head, sizeof head, 0) < 2) return std::nullopt;
  if (head[0] == 0x1f && head[1] == 0x8b) return Compression::gzip;
  const bool is_frame = head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd;
  const bool is_skippable_frame =
      (head[0] & 0xf0) == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18;
  if (is_frame || is_skippable_frame) return Compression::zstd;
  return std::nullopt;
}

std::optional<uint64_t> unpacked_size(int fd, Compression c) {
  if (c == Compression::zstd) {
    uint8_t head[18];  // ZSTD_FRAMEHEADERSIZE_MAX
    const ssize_t n = pread(fd, head, sizeof head, 0);
    if (n <= 0) return std::nullopt;
    const unsigned long long size = ZSTD_getFrameContentSize(head, static_cast<size_t>(n));
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
    return size;
  }
  struct stat status {};
  uint8_t trailer[4];
  if (fstat(fd, &status) != 0 || status.st_size < 18 ||
      pread(fd, trailer, sizeof trailer, status.st_size - 4) != sizeof trailer)
    return std::nullopt;
  const uint64_t size = trailer[0] | uint64_t{trailer[1]} << 8 | uint64_t{trailer[2]} << 16 |
                        uint64_t{trailer[3]} << 24;
  // Captures shrink: a smaller number is a size beyond 4 GiB, or only that of the last member.
  if (size < static_cast<uint64_t>(status.st_size)) return std::nullopt;
  return size;
}

Result<Unpacked> unpack(int fd, Compression c) {
  auto out = TemporaryFile::create();
  if (!out) return tl::make_unexpected(out.error());
  auto damage = c == Compression::gzip ? inflate_gzip(fd, *out) : decompress_zstd(fd, *out);
  auto file = out->finish();
  if (!file) return tl::make_unexpected(file.error());
  return Unpacked{std::move(*file), std::move(damage)};
}

}  // namespace tapstat::dataplane
