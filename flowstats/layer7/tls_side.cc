#include "flowstats/layer7/tls_side.h"

#include "flowstats/crypto/certificate.h"

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint16_t kTls13 = 0x0304;

static_assert(crypto::kOwnerNameMax == kServerNameMax);

/// The server's own certificate in a Certificate message (RFC 5246 section 7.4.2); empty until all
/// of it is there.
ByteRange leaf_certificate(ByteRange body) {
  size_t offset = 3;  // length of the list
  ByteRange leaf;
  return body.has(0, offset) && read_vector(body, 3, offset, leaf) ? leaf : ByteRange{};
}

}  // namespace

void TlsSide::hold(const TcpSegmentView& view, TlsBuffers& buffers) {
  if (static_cast<int32_t>(view.offset - stream_.expected()) <= 0) return;
  ByteRange in_order;
  static_cast<void>(stream_.accept(view.offset, view.payload, buffers, in_order));
}

void TlsSide::begin(uint32_t offset, TlsBuffers& buffers) {
  messages_.close(buffers);
  TlsStream stream = stream_;
  stream.begin(offset, buffers);
  *this = {};
  stream_ = stream;
  records_.begin(offset);
}

void TlsSide::on_segment(const TcpSegmentView& view, bool fingerprints, TlsFindings& findings,
                         TlsBuffers& buffers) {
  if (finished()) return;
  const Context context{view.side, fingerprints, findings, buffers};
  if (state_ == State::loose && view.side == kServer && !hello_seen_ &&
      starts_tls_server_hello(view.payload)) {
    begin(view.offset, buffers);
  }
  if (state_ == State::loose) {
    note_record_start(view);
    return;
  }
  ByteRange input;
  const TlsStream::Place place = stream_.accept(view.offset, view.payload, buffers, input);
  if (place != TlsStream::Place::in_order) note_record_start(view);
  if (place == TlsStream::Place::lost) leave_order(State::loose, buffers);
  if (input.empty()) return;
  const bool is_cut = view.length > 0 && view.payload.size() < static_cast<size_t>(view.length);
  for (; !input.empty() && state_ == State::ordered; input = stream_.next_waiting(buffers)) {
    read(input, view, context);
  }
  if (state_ != State::ordered) return;
  const auto beyond = static_cast<int32_t>(application_data_.offset - stream_.expected());
  if (application_data_.seen && beyond < 0) application_data_ = {};  // no record began there
  if (is_cut) leave_order(State::loose, buffers);
}

void TlsSide::read(ByteRange input, const TcpSegmentView& view, const Context& context) {
  TlsFragment fragment;
  for (;;) {
    switch (records_.next(input, fragment)) {
      case TlsRecordReader::Result::more: return;
      case TlsRecordReader::Result::not_tls:
        application_data_ = {};
        leave_order(State::closed, context.buffers);
        return;
      case TlsRecordReader::Result::fragment: break;
    }
    if (fragment.type == tls_content::kApplicationData) {
      // A segment that came early may have begun with this record.
      const bool is_known =
          application_data_.seen && application_data_.offset == fragment.record_offset;
      if (!is_known) application_data_ = {true, fragment.record_offset, view.since_start};
      leave_order(State::closed, context.buffers);
      return;
    }
    if (fragment.type == tls_content::kChangeCipherSpec && !is_retry_) {
      reads_messages_ = false;
      messages_.close(context.buffers);
    }
    if (fragment.type == tls_content::kHandshake) read_handshake(fragment.bytes, context);
  }
}

void TlsSide::read_handshake(ByteRange input, const Context& context) {
  constexpr uint32_t kWantedOfClient = 1U << tls_handshake::kClientHello;
  constexpr uint32_t kWantedOfServer =
      1U << tls_handshake::kServerHello | 1U << tls_handshake::kCertificate;
  const bool is_client = context.side == kClient;
  TlsMessage message;
  while (reads_messages_ && messages_.next(input, is_client ? kWantedOfClient : kWantedOfServer,
                                           context.buffers, message)) {
    if (is_client) {
      read_client_message(message, context);
    } else {
      read_server_message(message, context);
    }
    if (!reads_messages_) messages_.close(context.buffers);
  }
}

void TlsSide::read_client_message(const TlsMessage& message, const Context& context) {
  if (message.type == tls_handshake::kClientHello) {
    hello_seen_ = true;
    const ClientHelloReading reading{.mode = Mode::corrected,
                                     .fingerprints = context.fingerprints,
                                     .is_whole = message.is_complete};
    read_client_hello_into(context.findings, message.body, reading);
  }
  // The hello that follows a HelloRetryRequest offers nothing new.
  if (message.is_complete || message.type != tls_handshake::kClientHello) reads_messages_ = false;
}

void TlsSide::read_server_message(const TlsMessage& message, const Context& context) {
  switch (message.type) {
    case tls_handshake::kServerHello: {
      hello_seen_ = true;
      const ServerHello hello = read_server_hello(message.body);
      read_server_hello_into(context.findings, hello);
      is_retry_ = hello.is_retry;
      // From TLS 1.3 on all that follows is encrypted.
      const bool is_encrypted = context.findings.server_version >= kTls13;
      if (message.is_complete && is_encrypted && !is_retry_) reads_messages_ = false;
      break;
    }
    case tls_handshake::kCertificate: {
      const ByteRange leaf = leaf_certificate(message.body);
      if (!leaf.empty()) {
        static_cast<void>(crypto::read_owner_name(leaf, context.findings.common_name));
      }
      if (!leaf.empty() || message.is_complete) reads_messages_ = false;
      break;
    }
    case tls_handshake::kServerHelloDone: reads_messages_ = false; break;
    default: break;
  }
}

/// A guess while bytes before the segment are missing; the first one stands until they come.
void TlsSide::note_record_start(const TcpSegmentView& view) {
  if (application_data_.seen || !starts_tls_application_data(view.payload)) return;
  application_data_ = {true, view.offset, view.since_start};
}

void TlsSide::leave_order(State state, TlsBuffers& buffers) {
  state_ = state;
  end(buffers);
}

void TlsSide::end(TlsBuffers& buffers) {
  stream_.close(buffers);
  messages_.close(buffers);
}

}  // namespace tapstat::flowstats::layer7
