#include "flowstats/layer7/tls_message_reader.h"

#include <algorithm>

namespace tapstat::flowstats::layer7 {

bool TlsMessageReader::next(ByteRange& input, uint32_t wanted, TlsBuffers& buffers,
                            TlsMessage& message) {
  if (header_size_ < kTlsHandshakeHeader) {
    const size_t taken = std::min(input.size(), kTlsHandshakeHeader - header_size_);
    std::copy_n(input.data(), taken, header_.begin() + header_size_);
    header_size_ = static_cast<uint8_t>(header_size_ + taken);
    input = input.from(taken);
    if (header_size_ < kTlsHandshakeHeader) return false;
    length_ = ByteRange(header_.data(), header_.size()).u32(0) & 0xffffffU;
    taken_ = 0;
    assembled_ = 0;
  } else if (input.empty()) {
    return false;
  }
  const ByteRange piece = input.first(length_ - taken_);
  const bool is_first = taken_ == 0;
  input = input.from(piece.size());
  taken_ += static_cast<uint32_t>(piece.size());
  const uint8_t type = header_[0];
  const bool is_wanted = type < 32 && (wanted >> type & 1U) != 0;
  message = {type, {}, taken_ == length_};
  if (is_wanted) {
    const bool is_in_place = is_first && message.is_complete && length_ <= TlsBuffers::kBytes;
    message.body = is_in_place ? piece : assemble(piece, buffers);
    message.is_complete = message.is_complete && message.body.size() == length_;
  }
  if (taken_ == length_) header_size_ = 0;
  return true;
}

ByteRange TlsMessageReader::assemble(ByteRange piece, TlsBuffers& buffers) {
  if (taken_ == 0) return {};
  if (buffer_ == kNoEntry) {
    buffer_ = assembled_ + piece.size() == taken_ ? buffers.take() : kNoEntry;
    if (buffer_ == kNoEntry) return taken_ == piece.size() ? piece : ByteRange{};
  }
  // A hole would be taken for bytes of the message: nothing behind the first piece that is missing.
  if (assembled_ + piece.size() == taken_) {
    const ByteRange fits = piece.first(TlsBuffers::kBytes - assembled_);
    buffers.write(buffer_, assembled_, fits);
    assembled_ += static_cast<uint32_t>(fits.size());
  }
  return buffers.read(buffer_, 0, assembled_);
}

}  // namespace tapstat::flowstats::layer7
