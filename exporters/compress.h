/// Gzip members (RFC 1952) for log files: one complete member for each batch, so that a file that
/// was cut short can still be read up to its last whole member, and any gzip reader takes the
/// sequence for one file.
///
/// A packer belongs to one batch and is used by one thread at a time.
#pragma once

#include <memory>
#include <string_view>

#include "exporters/row_buffer.h"

namespace tapstat::exporters {

class GzipPacker {
 public:
  GzipPacker();
  ~GzipPacker();
  GzipPacker(const GzipPacker&) = delete;
  GzipPacker& operator=(const GzipPacker&) = delete;

  /// Appends `text` as one member. Throws std::bad_alloc when zlib finds no memory.
  void append_member(RowBuffer& out, std::string_view text);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  // made with the first member: plain logs pay nothing
};

}  // namespace tapstat::exporters
