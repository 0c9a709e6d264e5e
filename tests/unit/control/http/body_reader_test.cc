#include "control/http/body_reader.h"

#include <algorithm>
#include <ostream>
#include <string_view>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::http::BodyReader;
using Progress = BodyReader::Progress;

struct Outcome {
  Progress progress = Progress::more;
  std::string body, rest;

  bool operator==(const Outcome&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << static_cast<int>(outcome.progress) << " body " << outcome.body << " rest "
               << outcome.rest;
  }
};

/// What `reader` makes of `bytes` that come in pieces; the rest is what it left alone.
Outcome read(BodyReader reader, std::string_view bytes, size_t piece) {
  Outcome outcome;
  while (!bytes.empty() && outcome.progress == Progress::more) {
    outcome.rest += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    outcome.progress = reader.read(outcome.rest);
  }
  outcome.rest += bytes;
  outcome.body = reader.body;
  return outcome;
}

Progress chunked(std::string_view bytes, size_t bytes_max = 100) {
  return read(BodyReader::chunked(bytes_max), bytes, bytes.size()).progress;
}

/// Sizes of the last chunk's pieces at which Beast's own parser stops the process are among them.
TEST(BodyReader, ReadsChunksInPiecesOfAnySize) {
  constexpr std::string_view kBytes =
      "3\r\nabc\r\n00A ;x=\"y\"\r\ndefghijklm\r\n0;z\r\nTrailer: t\r\n\r\nGET";
  for (size_t piece = 1; piece <= kBytes.size(); ++piece)
    EXPECT_EQ(read(BodyReader::chunked(13), kBytes, piece),
              (Outcome{Progress::done, "abcdefghijklm", "GET"}))
        << piece;
  EXPECT_EQ(read(BodyReader::chunked(0), "0\r\n\r\n", 4), (Outcome{Progress::done, "", ""}));
}

TEST(BodyReader, RefusesWhatIsNoChunk) {
  for (const std::string_view bytes : {"\r\n", "x\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1 x\r\n",
                                       "1\nab", "1\r\nab", "1\r\na\rb", "1;a\nb\r\n"})
    EXPECT_EQ(chunked(std::string(bytes) + std::string(20, 'z') + "\r\n"), Progress::malformed)
        << bytes;
  EXPECT_EQ(chunked("1;" + std::string(2'000, 'e')), Progress::malformed);
  EXPECT_EQ(chunked("0\r\n" + std::string(5'000, 't')), Progress::malformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1'000; ++i) trailers += "Name: value\r\n";
  EXPECT_EQ(chunked(trailers), Progress::malformed);
}

TEST(BodyReader, BoundsTheSum) {
  EXPECT_EQ(chunked("2\r\nab\r\n2\r\ncd\r\n", 3), Progress::too_large);
  EXPECT_EQ(chunked("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 3), Progress::done);
  EXPECT_EQ(chunked("ffffffffffffffff\r\n"), Progress::too_large);
  EXPECT_EQ(chunked("fffffffffffffffff1\r\n"), Progress::too_large);
  EXPECT_EQ(read(BodyReader::to_end(3), "abcd", 2).progress, Progress::too_large);
}

TEST(BodyReader, ReadsALengthAndUpToTheEnd) {
  EXPECT_EQ(read(BodyReader::of_length(4), "abcdef", 3), (Outcome{Progress::done, "abcd", "ef"}));
  EXPECT_EQ(read(BodyReader::to_end(6), "abcdef", 4), (Outcome{Progress::more, "abcdef", ""}));
  std::string next = "GET";
  EXPECT_EQ(BodyReader::of_length(0).read(next), Progress::done);
  EXPECT_EQ(next, "GET");
}

}  // namespace
}  // namespace tapstat::tests
