#include "exporters/compress.h"

#include <limits>
#include <new>

#include <zlib.h>

#include "flowstats/base/check.h"

namespace tapstat::exporters {

namespace {

/// Rows are numbers: higher levels cost three times as much and save a tenth.
constexpr int kLevel = 3;
constexpr int kGzipWindowBits = 15 + 16;  // zlib: + 16 writes a gzip header
constexpr int kMemoryLevel = 8;

}  // namespace

struct GzipPacker::Stream {
  z_stream z{};
  Stream() {
    if (deflateInit2(&z, kLevel, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK)
      throw std::bad_alloc{};
  }
  ~Stream() { deflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

GzipPacker::GzipPacker() = default;
GzipPacker::~GzipPacker() = default;

void GzipPacker::append_member(RowBuffer& out, std::string_view text) {
  if (stream_)
    deflateReset(&stream_->z);
  else
    stream_ = std::make_unique<Stream>();
  z_stream& z = stream_->z;
  TAPSTAT_ASSERT(text.size() <= std::numeric_limits<uInt>::max());
  const auto bound = deflateBound(&z, text.size());
  char* const at = out.space(bound);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(at);
  z.avail_out = static_cast<uInt>(bound);
  const int status = deflate(&z, Z_FINISH);
  TAPSTAT_ASSERT(status == Z_STREAM_END);
  out.commit(reinterpret_cast<const char*>(z.next_out));
}

}  // namespace tapstat::exporters
