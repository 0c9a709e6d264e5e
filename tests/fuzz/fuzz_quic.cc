/// A QUIC client's hello, cut into CRYPTO frames that are sent in any order and grouping, must read
/// as it does in one piece; and whatever an Initial holds, in clear or sealed, must do no harm.
///
/// Input: how many bytes say cut and order, those bytes, then the content: a hello's extensions,
/// frames, or a datagram.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "flowstats/base/check.h"
#include "flowstats/layer7/quic_handshake.h"
#include "tests/support/quic_packet.h"

namespace {

using namespace tapstat::flowstats;
using namespace tapstat::flowstats::layer7;
using tapstat::test::Octets;
using tapstat::test::range;

constexpr size_t kContentBytesMax = 3000;
constexpr size_t kDatagramsMax = 8;

QuicHandshakes& handshakes_of(Mode mode) {
  static QuicHandshakes tstat{Mode::tstat, true, 4, 4}, corrected{Mode::corrected, true, 4, 4};
  return mode == Mode::tstat ? tstat : corrected;
}

/// A flow that lasts as long as this; capture time goes on, so that no budget is ever used up.
class Flow {
 public:
  explicit Flow(Mode mode) : handshakes_(handshakes_of(mode)) {}
  ~Flow() { handshakes_.end(progress_); }
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  bool send(const Octets& datagram) {
    static Timestamp now{1'600'000'000'000'000};
    UdpDatagramView view;
    view.payload = range(datagram);
    view.udp_length = static_cast<uint32_t>(8 + datagram.size());
    view.time = now = now + seconds(1);
    uint32_t version = 0;
    return handshakes_.on_datagram(progress_, view, version);
  }
  [[nodiscard]] const QuicHello* hello() const { return handshakes_.hello(progress_); }

 private:
  QuicHandshakes& handshakes_;
  QuicProgress progress_;
};

bool same(const QuicHello& a, const QuicHello& b) {
  return a.server_name.view() == b.server_name.view() &&
         a.user_agent.view() == b.user_agent.view() && a.alpn.view() == b.alpn.view() &&
         a.ja4 == b.ja4 && a.has_ech == b.has_ech && a.ech_config == b.ech_config &&
         a.ech_payload == b.ech_payload && a.ech_bytes == b.ech_bytes &&
         a.tls_version == b.tls_version;
}

/// Frames that together hold all of `message`; each byte of `plan` makes one cut and says where
/// among the others its frame is sent.
std::vector<Octets> frames_of(const Octets& message, ByteRange plan) {
  std::vector<std::pair<uint8_t, Octets>> frames;
  size_t first = 0;
  for (size_t i = 0; i <= plan.size() && first < message.size(); ++i) {
    const bool is_last = i == plan.size();
    const size_t size = is_last ? message.size() - first
                                : std::min<size_t>(1 + plan.u8(i) * 3U, message.size() - first);
    const auto begin = message.begin() + static_cast<std::ptrdiff_t>(first);
    const uint8_t place = is_last ? 128 : static_cast<uint8_t>(plan.u8(i) * 37);
    frames.emplace_back(
        place, tapstat::test::crypto_frame(static_cast<uint32_t>(first),
                                           {begin, begin + static_cast<std::ptrdiff_t>(size)}));
    first += size;
  }
  std::stable_sort(frames.begin(), frames.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Octets> sorted;
  for (auto& frame : frames) sorted.push_back(std::move(frame.second));
  return sorted;
}

void check_any_order(const Octets& message, ByteRange plan) {
  Flow in_one_piece{Mode::corrected}, in_pieces{Mode::corrected};
  static_cast<void>(
      in_one_piece.send(tapstat::test::client_initial({}, frames_of(message, {})[0], 4)));
  const std::vector<Octets> frames = frames_of(message, plan);
  const size_t per_datagram = frames.size() / kDatagramsMax + 1;
  for (size_t i = 0; i < frames.size();) {
    Octets together;
    for (size_t n = 0; n < per_datagram && i < frames.size(); ++n)
      tapstat::test::append(together, frames[i++]);
    const bool opened = in_pieces.send(tapstat::test::client_initial({}, together, 4));
    // Nothing more is opened once the hello is complete.
    const bool complete = in_pieces.hello() != nullptr && in_pieces.hello()->has_ja4;
    TAPSTAT_ASSERT(opened || complete);
  }
  TAPSTAT_ASSERT(same(*in_one_piece.hello(), *in_pieces.hello()));
}

void check_harmless(const Octets& content) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Flow as_datagram{mode}, as_frames{mode}, as_stream{mode};
    static_cast<void>(as_datagram.send(content));
    const bool opened = as_frames.send(tapstat::test::client_initial({}, content, 4));
    TAPSTAT_ASSERT(opened);
    static_cast<void>(as_stream.send(
        tapstat::test::client_initial({}, tapstat::test::crypto_frame(0, content), 4)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const ByteRange input{data, size};
  const ByteRange plan = input.from(1).first(input.u8(0));
  const ByteRange rest = input.from(1 + plan.size()).first(kContentBytesMax);
  const Octets content(rest.data(), rest.data() + rest.size());
  check_any_order(tapstat::test::client_hello(content), plan);
  check_harmless(content);
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    TAPSTAT_ASSERT(handshakes_of(mode).flows_in_use() == 0);
    TAPSTAT_ASSERT(handshakes_of(mode).streams_in_use() == 0);
  }
  return 0;
}
