#include "tests/support/conversation.h"

#include <algorithm>
#include <iterator>

namespace tapstat::tests {
namespace {

void sort_by_time(std::vector<TimedFrame>& frames) {
  std::stable_sort(frames.begin(), frames.end(),
                   [](const TimedFrame& a, const TimedFrame& b) { return a.time < b.time; });
}

}  // namespace

Sentence& Sentence::lost() {
  captured_ = false;
  Speaker& sender = talk_->sides_[side_];
  sender.missing_offset_ = std::min(sender.missing_offset_.value_or(seq_offset_), seq_offset_);
  return *this;
}

Sentence& Speaker::say(uint32_t offset, size_t payload, uint8_t flags) {
  const Speaker& peer = talk_->sides_[1 - side_];
  Sentence& said = talk_->sentences_.emplace_back();
  said.talk_ = talk_;
  said.side_ = side_;
  said.seq_offset_ = offset;
  said.payload_ = payload;
  said.flags_ = flags;
  said.ttl_ = ttl_;
  said.ip_id_ = next_ip_id_++;
  said.tcp_.window = window_;
  said.ack_offset_ = peer.missing_offset_.value_or(peer.next_offset_);
  if (talk_->sentences_.size() > 1)
    said.time_ = talk_->sentences_[talk_->sentences_.size() - 2].time_;
  const auto phantom =
      static_cast<uint32_t>((flags & kSyn) != 0) + static_cast<uint32_t>((flags & kFin) != 0);
  const auto end = static_cast<uint32_t>(offset + payload + phantom);
  if (static_cast<int32_t>(end - next_offset_) > 0) next_offset_ = end;
  if (missing_offset_ && offset <= *missing_offset_ && end > *missing_offset_)
    missing_offset_.reset();
  return said;
}

Sentence& Speaker::syn(size_t payload) { return say(0, payload, kSyn); }
Sentence& Speaker::syn_ack() { return say(0, 0, kSyn | kAck); }
Sentence& Speaker::sends(size_t payload) { return say(next_offset_, payload, kAck); }
Sentence& Speaker::repeats(uint32_t offset, size_t payload) { return say(offset, payload, kAck); }
Sentence& Speaker::acks() { return say(next_offset_, 0, kAck); }
Sentence& Speaker::fin(size_t payload) { return say(next_offset_, payload, kFin | kAck); }
Sentence& Speaker::rst() { return say(next_offset_, 0, kRst); }

Speaker& Speaker::isn(uint32_t isn) {
  isn_ = isn;
  return *this;
}
Speaker& Speaker::address(std::string text) {
  address_ = std::move(text);
  return *this;
}
Speaker& Speaker::port(uint16_t port) {
  port_ = port;
  return *this;
}
Speaker& Speaker::ttl(uint8_t ttl) {
  ttl_ = ttl;
  return *this;
}
Speaker& Speaker::first_ip_id(uint16_t id) {
  next_ip_id_ = id;
  return *this;
}
Speaker& Speaker::window(uint16_t window) {
  window_ = window;
  return *this;
}
Speaker& Speaker::next_offset(uint32_t offset) {
  next_offset_ = offset;
  return *this;
}

Conversation::Conversation(flowstats::Timestamp start) : start_(start) {
  for (int side = 0; side < 2; ++side) {
    sides_[side].talk_ = this;
    sides_[side].side_ = side;
  }
  client().isn(1000).address("192.0.2.10").port(40000).first_ip_id(1);
  server().isn(500'000).address("198.51.100.20").port(9999).first_ip_id(1001);
}

Conversation& Conversation::ipv6() {
  ipv6_ = true;
  client().address("2001:db8:1::10");
  server().address("2001:db8:2::20");
  return *this;
}

Conversation& Conversation::wrapped_in(Wrapping wrapping) {
  wrapping_ = wrapping;
  return *this;
}

Conversation& Conversation::handshake(flowstats::Duration start, FrameBytes client_options,
                                      FrameBytes server_options) {
  client().syn().at(start).options(std::move(client_options));
  server().syn_ack().at({start.us + 20'000}).options(std::move(server_options));
  client().acks().at({start.us + 21'000});
  return *this;
}

Conversation& Conversation::close(flowstats::Duration start) {
  client().fin().at(start);
  server().fin().at({start.us + 20'000});
  client().acks().at({start.us + 21'000});
  return *this;
}

FrameBytes Conversation::build(const Sentence& sentence) const {
  const Speaker& sender = sides_[sentence.side_];
  const Speaker& receiver = sides_[1 - sentence.side_];
  PacketBuilder builder;
  if (wrapping_ != nullptr)
    wrapping_(builder);
  else
    builder.ethernet();
  if (ipv6_) {
    Ipv6Fields ip;
    ip.source = sender.address_;
    ip.destination = receiver.address_;
    ip.hop_limit = sentence.ttl_;
    ip.payload_length = sentence.total_length_;
    builder.ipv6(ip);
  } else {
    Ipv4Fields ip;
    ip.source = sender.address_;
    ip.destination = receiver.address_;
    ip.ttl = sentence.ttl_;
    ip.id = sentence.ip_id_;
    ip.dont_fragment = sentence.dont_fragment_;
    ip.more_fragments = sentence.more_fragments_;
    ip.total_length = sentence.total_length_;
    builder.ipv4(ip);
  }
  TcpFields tcp = sentence.tcp_;
  tcp.source_port = sender.port_;
  tcp.destination_port = receiver.port_;
  tcp.seq = sender.isn_ + sentence.seq_offset_;
  tcp.ack = (sentence.flags_ & kAck) != 0 ? receiver.isn_ + sentence.ack_offset_ : 0;
  tcp.flags = sentence.flags_;
  builder.tcp(tcp);
  if (sentence.bytes_.empty()) return builder.payload(sentence.payload_).build();
  return builder.payload(sentence.bytes_).build();
}

std::vector<TimedFrame> Conversation::frames_as_told() const {
  std::vector<TimedFrame> frames;
  for (const Sentence& sentence : sentences_)
    if (sentence.captured_) frames.push_back({start_ + sentence.time_, build(sentence)});
  return frames;
}

std::vector<TimedFrame> Conversation::frames() const {
  std::vector<TimedFrame> frames = frames_as_told();
  sort_by_time(frames);
  return frames;
}

std::vector<TimedFrame> merged(std::vector<std::vector<TimedFrame>> captures) {
  std::vector<TimedFrame> all;
  for (auto& capture : captures) std::move(capture.begin(), capture.end(), std::back_inserter(all));
  sort_by_time(all);
  return all;
}

}  // namespace tapstat::tests
