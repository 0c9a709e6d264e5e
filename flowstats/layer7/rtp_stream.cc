#include "flowstats/layer7/rtp_stream.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace tapstat::flowstats::layer7 {

namespace {

template <size_t kBytes, class Integer, size_t kCount>
Text<kBytes> comma_list(const std::array<Integer, kCount>& values, size_t size) {
  std::array<char, kBytes> characters{};
  char* out = characters.data();
  for (size_t i = 0; i < size; ++i) {
    if (i > 0) *out++ = ',';
    out = std::to_chars(out, characters.data() + characters.size(), uint32_t{values[i]}).ptr;
  }
  Text<kBytes> text;
  text.assign({characters.data(), static_cast<size_t>(out - characters.data())});
  return text;
}

void follow_sequence(RtpStatistics& rtp, const RtpHeader& packet, Duration since_previous,
                     Duration since_first, Mode mode) {
  const StampedArrival arrival{packet.payload_type, packet.stamp, since_first};
  const auto verdict = rtp.window.add(packet.seq, rtp.jitter.went_back(packet.stamp), mode);
  rtp.losses += verdict.losses;
  if (verdict.duplicate) ++rtp.duplicates;
  if (verdict.late) ++rtp.late;
  if (verdict.restart) {
    rtp.was_restarted = true;
    rtp.jitter.restart(arrival, mode);
  }
  if (verdict.in_sequence) {
    ++rtp.in_sequence;
    rtp.gaps.us += since_previous.us;
    rtp.jitter.add_sample(arrival, mode);
  } else {
    ++rtp.out_of_sequence;
  }
  rtp.jitter.remember(packet.stamp);
}

}  // namespace

void TypeCounts::add(uint8_t type) {
  size_t place = 0;
  while (place < size_ && types_[place] != type) ++place;
  if (place == kTypesMax) return;
  if (place == size_) types_[size_++] = type;
  ++counts_[place];
}

TypeCounts::TypesText TypeCounts::types() const {
  return comma_list<TypesText::kBytesMax>(types_, size_);
}

TypeCounts::CountsText TypeCounts::counts() const {
  return comma_list<CountsText::kBytesMax>(counts_, size_);
}

MediaStream MediaStream::of_rtp(const RtpHeader& first, Timestamp now) {
  MediaStream stream;
  stream.first = stream.last = now;
  stream.first_seq = first.seq;
  RtpStatistics rtp;
  rtp.window.begin(first.seq);
  rtp.jitter.begin(first.stamp);
  stream.of_kind = rtp;
  return stream;
}

MediaStream MediaStream::of_rtcp(Timestamp now) {
  MediaStream stream;
  stream.first = stream.last = now;
  stream.of_kind = RtcpStatistics{};
  return stream;
}

void MediaStream::count(uint8_t type, uint64_t more_bytes, Timestamp now) {
  ++packets;
  bytes += more_bytes;
  types.add(type);
  last = now;
}

void MediaStream::add(const RtpHeader& packet, Timestamp now, Mode mode) {
  RtpStatistics* statistics = rtp();
  if (statistics == nullptr) return;
  const bool is_first = packets == 0;
  if (!is_first)
    follow_sequence(*statistics, packet, elapsed(last, now), elapsed(first, now), mode);
  const uint32_t media = packet.media_bytes;
  statistics->media_bytes_max = std::max(statistics->media_bytes_max, media);
  statistics->media_bytes_min = is_first ? media : std::min(statistics->media_bytes_min, media);
  statistics->media_bytes_squared += static_cast<double>(media) * media;
  count(packet.payload_type, media, now);
}

void MediaStream::add(const RtcpPacket& packet, uint32_t packet_bytes, Timestamp now, Mode mode) {
  RtcpStatistics* statistics = rtcp();
  if (statistics == nullptr) return;
  statistics->add(packet, now, packets == 0, mode);
  count(packet.type, packet_bytes, now);
}

}  // namespace tapstat::flowstats::layer7
