/// TLS connections: in corrected mode any split, order and repetition of the segments gives the
/// same findings; in tstat mode texts stay inside their bounds. Buffers always come back.
///
/// Input: two bytes that seed the split, two with the size of the client's stream (big-endian),
/// the client's stream, the server's stream.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "flowstats/base/check.h"
#include "flowstats/layer7/tls_follower.h"

namespace {

namespace layer7 = tapstat::flowstats::layer7;
using layer7::TcpSegmentView, layer7::TlsBuffers, layer7::TlsFollower;
using tapstat::flowstats::ByteRange;
using tapstat::flowstats::Mode;

constexpr size_t kHelloStart = 7;  // bytes that show a ClientHello

struct Segment {
  size_t side = 0;
  size_t from = 0;
  ByteRange bytes;
};

/// Everything that must not depend on the split: names, versions and numbers, but no times.
using Findings = std::tuple<std::array<std::string, 7>, std::array<uint32_t, 9>>;

std::string copy(std::string_view text) { return std::string(text); }

Findings findings_of(const TlsFollower& follower) {
  layer7::Shared shared;
  std::array<layer7::Half, 2> halves;
  tapstat::flowstats::fingerprint::Shared print;
  follower.fill(shared, halves, print);
  std::array<char, layer7::kTlsVersionTextMax> client_versions, server_versions;
  return {{copy(follower.server_name()), copy(follower.common_name()), copy(follower.ja4()),
           copy(follower.alpn()), copy(follower.outer_name()),
           copy(follower.versions(layer7::kClient, client_versions)),
           copy(follower.versions(layer7::kServer, server_versions))},
          {shared.tls_session, halves[0].protocols, halves[1].protocols,
           halves[0].application_data_offset, halves[1].application_data_offset, print.tls_version,
           print.ech, print.ech_config, print.ech_payload}};
}

Findings follow(const std::vector<Segment>& segments, Mode mode) {
  static TlsBuffers buffers(16);
  TlsFollower follower;
  bool has_begun = false;
  for (const Segment& segment : segments) {
    TcpSegmentView view;
    view.side = segment.side;
    view.payload = segment.bytes;
    view.length = static_cast<int32_t>(segment.bytes.size());
    view.offset = static_cast<uint32_t>(segment.from);
    if (has_begun) {
      static_cast<void>(follower.on_segment(view, buffers, mode));
    } else {
      follower.begin(view, buffers, mode, true);
    }
    has_begun = true;
  }
  Findings findings = findings_of(follower);
  follower.end(buffers);
  TAPSTAT_ASSERT(buffers.in_use() == 0 && buffers.take_exhausted() == 0);
  return findings;
}

/// `stream` in pieces, the first of at least `first_min` bytes.
std::vector<Segment> split(size_t side, ByteRange stream, size_t first_min,
                           std::minstd_rand& random) {
  std::vector<Segment> segments;
  for (size_t from = 0; from < stream.size();) {
    const size_t size =
        std::max(from == 0 ? first_min : 1, random() % 4 == 0 ? random() % 1500 : random() % 12);
    segments.push_back({side, from, stream.from(from).first(size)});
    from += segments.back().bytes.size();
  }
  return segments;
}

/// Swaps some neighbours and repeats some segments together with bytes before them, but leaves the
/// first one first.
std::vector<Segment> disturb(std::vector<Segment> segments, std::minstd_rand& random) {
  for (size_t i = 2; i < segments.size(); ++i) {
    if (random() % 4 == 0) std::swap(segments[i - 1], segments[i]);
  }
  std::vector<Segment> repeated;
  for (const Segment& segment : segments) {
    repeated.push_back(segment);
    if (random() % 2 == 0) continue;
    const size_t before = std::min<size_t>(segment.from, random() % 20);
    repeated.push_back({segment.side,
                        segment.from - before,
                        {segment.bytes.data() - before, segment.bytes.size() + before}});
  }
  return repeated;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteRange input(data, size);
  if (!input.has(0, 4)) return 0;
  std::minstd_rand random(input.u16(0) + 1U);
  const ByteRange client = input.from(4).first(input.u16(2));
  const ByteRange server = input.from(4 + client.size());
  if (!TlsFollower::starts_client_hello(client)) return 0;

  const bool is_ssl2 = !TlsFollower::starts_client_hello(client.first(kHelloStart));
  std::vector<Segment> whole = {{layer7::kClient, 0, client}, {layer7::kServer, 0, server}};
  std::vector<Segment> pieces =
      split(layer7::kClient, client, is_ssl2 ? client.size() : kHelloStart, random);
  const std::vector<Segment> answer = split(layer7::kServer, server, 1, random);
  pieces.insert(pieces.end(), answer.begin(), answer.end());

  const Findings expected = follow(whole, Mode::corrected);
  TAPSTAT_ASSERT(follow(pieces, Mode::corrected) == expected);
  TAPSTAT_ASSERT(follow(disturb(pieces, random), Mode::corrected) == expected);
  for (const auto& segments : {whole, pieces}) {
    const auto [texts, numbers] = follow(segments, Mode::tstat);
    TAPSTAT_ASSERT(texts[0].size() <= layer7::kServerNameMax);
    TAPSTAT_ASSERT(texts[1].size() <= layer7::kServerNameMax);
    TAPSTAT_ASSERT(texts[5].size() < layer7::kTlsVersionTextMax);
  }
  return 0;
}
