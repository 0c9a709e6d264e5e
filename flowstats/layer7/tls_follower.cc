#include "flowstats/layer7/tls_follower.h"

#include <type_traits>

#include "flowstats/layer7/certificate_name_scan.h"
#include "flowstats/layer7/tls_records.h"

namespace tapstat::flowstats::layer7 {

static_assert(std::is_trivially_copyable_v<TlsFollower>);
static_assert(sizeof(TlsFollower) <= 640, "one for each inspected flow");

namespace {

/// The body of the handshake message that a record begins with; true when all of it is there.
bool read_first_message(ByteRange record, ByteRange& body) {
  size_t offset = kTlsRecordHeader + 1;
  return read_vector(record, 3, offset, body);
}

}  // namespace

bool TlsFollower::starts_client_hello(ByteRange payload) {
  return starts_tls_client_hello(payload) || starts_sslv2_client_hello(payload);
}

bool TlsFollower::starts_server_hello(ByteRange payload) {
  return starts_tls_server_hello(payload);
}

void TlsFollower::hold(const TcpSegmentView& view, TlsBuffers& buffers) {
  sides_[view.side].hold(view, buffers);
}

void TlsFollower::begin(const TcpSegmentView& view, TlsBuffers& buffers, Mode mode,
                        bool fingerprints, std::optional<uint32_t> server_offset) {
  fingerprints_ = fingerprints;
  server_hello_seen_ = false;
  times_ = {};
  times_[kClient].last_handshake = view.since_start;
  if (mode == Mode::tstat) {
    begin_segments(view, buffers);
  } else {
    begin_streams(view, buffers, server_offset);
  }
}

TlsFollower::Step TlsFollower::on_segment(const TcpSegmentView& view, TlsBuffers& buffers,
                                          Mode mode) {
  return mode == Mode::tstat ? on_single_segment(view, buffers) : on_stream_segment(view, buffers);
}

void TlsFollower::end(TlsBuffers& buffers) {
  buffers.release(hello_buffer_);
  for (TlsSide& side : sides_) side.end(buffers);
}

void TlsFollower::begin_segments(const TcpSegmentView& view, TlsBuffers& buffers) {
  // Tstat finds the length of the session identifier here in either form of the hello.
  constexpr size_t kSessionIdLength = 43;
  const ByteRange payload = view.payload;
  if (payload.has(kSessionIdLength, 1) && payload.u8(kSessionIdLength) != 0) {
    findings_.session |= tls_session::kSessionId;
  }
  buffers.release(hello_buffer_);
  if (!starts_tls_client_hello(payload)) return;
  read_hello(payload);
  const size_t length = kTlsRecordHeader + payload.u16(3);
  if (payload.size() >= length) return;
  hello_buffer_ = buffers.take();
  if (hello_buffer_ == kNoEntry) return;
  hello_length_ = static_cast<uint16_t>(length);
  hello_size_ = static_cast<uint16_t>(payload.size());
  buffers.write(hello_buffer_, 0, payload);
}

void TlsFollower::append_hello(ByteRange payload, TlsBuffers& buffers) {
  if (hello_buffer_ == kNoEntry || payload.size() > size_t{hello_length_} - hello_size_) return;
  buffers.write(hello_buffer_, hello_size_, payload);
  hello_size_ = static_cast<uint16_t>(hello_size_ + payload.size());
  read_hello(buffers.read(hello_buffer_, 0, hello_size_));
  if (hello_size_ == hello_length_) buffers.release(hello_buffer_);
}

void TlsFollower::read_hello(ByteRange record) {
  ByteRange body;
  const bool is_whole = read_first_message(record, body);
  read_client_hello_into(
      findings_, body, {.mode = Mode::tstat, .fingerprints = fingerprints_, .is_whole = is_whole});
}

TlsFollower::Step TlsFollower::on_single_segment(const TcpSegmentView& view, TlsBuffers& buffers) {
  Times& times = times_[view.side];
  if (server_hello_seen_ && !has_application_data(view.side) &&
      starts_tls_application_data(view.payload)) {
    times.application_data = view.since_start;
    times.application_data_offset = view.offset + 1;
  }
  if (!has_application_data(view.side)) times.last_handshake = view.since_start;
  if (!server_hello_seen_) {
    if (view.side == kClient) {
      append_hello(view.payload, buffers);
      return Step::none;
    }
    if (!starts_tls_server_hello(view.payload)) return Step::none;
    server_hello_seen_ = true;
    buffers.release(hello_buffer_);
    read_server_segment(view.payload);
    return Step::server_hello;
  }
  // Tstat goes on searching where it has found a name once.
  if (view.side == kServer && !findings_.common_name.empty()) {
    const std::string_view name = scan_common_name(view.payload);
    if (!name.empty()) findings_.common_name.assign(name);
  }
  return has_application_data(kClient) && has_application_data(kServer) ? Step::finished
                                                                        : Step::none;
}

void TlsFollower::read_server_segment(ByteRange segment) {
  ByteRange body;
  static_cast<void>(read_first_message(segment, body));
  read_server_hello_into(findings_, read_server_hello(body));
  findings_.common_name.assign(scan_common_name(segment));
}

void TlsFollower::begin_streams(const TcpSegmentView& view, TlsBuffers& buffers,
                                std::optional<uint32_t> server_offset) {
  constexpr size_t kSslv2SessionIdLength = 7;
  const ByteRange payload = view.payload;
  uint32_t client_offset = view.offset;
  if (starts_sslv2_client_hello(payload)) {
    client_offset += static_cast<uint32_t>(payload.size());
    findings_.client_versions.set(payload.u16(3));
    if (payload.has(kSslv2SessionIdLength, 2) && payload.u16(kSslv2SessionIdLength) != 0) {
      findings_.session |= tls_session::kSessionId;
    }
  }
  if (!server_offset && view.offset == 0) server_offset = 0;
  sides_[kClient].begin(client_offset, buffers);
  has_server_offset_ = server_offset.has_value();
  if (has_server_offset_) sides_[kServer].begin(*server_offset, buffers);
  static_cast<void>(on_stream_segment(view, buffers));
}

TlsFollower::Step TlsFollower::on_stream_segment(const TcpSegmentView& view, TlsBuffers& buffers) {
  TlsSide& side = sides_[view.side];
  Times& times = times_[view.side];
  if (view.side == kServer && !has_server_offset_) {
    side.begin(view.offset, buffers);
    has_server_offset_ = true;
  }
  const bool was_open = !side.finished();
  side.on_segment(view, fingerprints_, findings_, buffers);
  const TlsApplicationData& data = side.application_data();
  if (was_open && !(data.seen && static_cast<int32_t>(view.offset - data.offset) >= 0)) {
    times.last_handshake = view.since_start;
  }
  times.application_data = data.since_start;
  times.application_data_offset = data.seen ? data.offset + 1 : 0;
  if (!server_hello_seen_ && sides_[kServer].hello_seen()) {
    server_hello_seen_ = true;
    return Step::server_hello;
  }
  const bool is_over =
      server_hello_seen_ && sides_[kClient].finished() && sides_[kServer].finished();
  return is_over ? Step::finished : Step::none;
}

void TlsFollower::fill(Shared& shared, std::array<Half, 2>& halves,
                       fingerprint::Shared& print) const {
  shared.tls_session = findings_.session;
  for (size_t side = 0; side < halves.size(); ++side) {
    halves[side].protocols = findings_.protocols[side];
    if (!server_hello_seen_) continue;
    halves[side].last_handshake = times_[side].last_handshake;
    halves[side].application_data = times_[side].application_data;
    halves[side].application_data_offset = times_[side].application_data_offset;
  }
  const TlsFingerprint& found = findings_.fingerprint;
  print.hello_seen = found.hello_seen;
  print.tls_version = found.highest_version;
  print.ech = found.has_ech;
  print.ech_config = found.ech_config;
  print.ech_payload = found.ech_payload;
}

std::string_view TlsFollower::server_name() const {
  const std::string_view name = findings_.server_name.view();
  return is_server_name(name) ? name : std::string_view{};
}

std::string_view TlsFollower::versions(size_t side,
                                       std::span<char, kTlsVersionTextMax> buffer) const {
  if (side == kClient) return findings_.client_versions.text(buffer);
  TlsVersions versions;
  if (findings_.server_version) versions.set(*findings_.server_version);
  return versions.text(buffer);
}

std::string_view TlsFollower::ja4() const {
  const TlsFingerprint& found = findings_.fingerprint;
  return found.has_ja4 ? std::string_view(found.ja4.data(), found.ja4.size()) : std::string_view{};
}

std::string_view TlsFollower::outer_name() const {
  return findings_.fingerprint.hello_seen ? findings_.server_name.view() : std::string_view{};
}

}  // namespace tapstat::flowstats::layer7
