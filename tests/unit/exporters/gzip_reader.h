/// Reads gzip data back with zlib: all members, one after another.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <zlib.h>

namespace tapstat::tests {

struct Gunzipped {
  std::string text;
  bool complete = false;  // the data ended with the end of a member
};

inline Gunzipped gunzip(std::string_view data) {
  Gunzipped result;
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return result;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = static_cast<uInt>(data.size());
  int status = Z_OK;
  while (status == Z_OK || (status == Z_STREAM_END && z.avail_in != 0)) {
    if (status == Z_STREAM_END) inflateReset(&z);
    std::array<char, 65536> piece{};
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = piece.size();
    status = inflate(&z, Z_NO_FLUSH);
    result.text.append(piece.data(), piece.size() - z.avail_out);
  }
  result.complete = status == Z_STREAM_END;
  inflateEnd(&z);
  return result;
}

}  // namespace tapstat::tests
