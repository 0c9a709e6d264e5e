#include "tests/property/random_talks.h"

#include <algorithm>
#include <memory>
#include <string>

#include "tests/support/conversation.h"

namespace tapstat::tests {
namespace {

struct Talk {
  std::unique_ptr<Conversation> conversation;
  uint32_t sent[2] = {1, 1};  // newest sequence offset of each side
};

void open(Talk& talk, uint8_t number, flowstats::Duration now, const TalkWorld& world) {
  talk.conversation = std::make_unique<Conversation>();
  Conversation& c = *talk.conversation;
  if (number % 2 == 1) c.ipv6();
  c.client().port(static_cast<uint16_t>(1000 + number));
  if (!world.far_from_boundaries) {
    c.client().isn((uint32_t{number} << 30) - 3000);
    c.server().isn((uint32_t{number} << 30) + 0x3ffff000);
  }
  if (world.exchange_addresses) {
    const bool ipv6 = number % 2 == 1;
    c.client().address(ipv6 ? "2001:db8:2::20" : "198.51.100.20").port(9999);
    c.server()
        .address(ipv6 ? "2001:db8:1::10" : "192.0.2.10")
        .port(static_cast<uint16_t>(1000 + number));
  }
  if (world.simultaneous_open) {
    c.client().isn(1000).first_ip_id(1);
    c.server().isn(1000).first_ip_id(1);
    c.client().syn().at(now);
    c.server().syn().at(now);
  } else {
    c.handshake(now);
  }
}

Sentence& say(Talk& talk, const Step& step, uint8_t side, const TalkWorld& world) {
  Speaker& speaker = side == 0 ? talk.conversation->client() : talk.conversation->server();
  uint32_t& sent = talk.sent[side];
  const auto back = std::min<uint32_t>(step.back, sent - 1);
  switch (step.kind) {
    case Step::Kind::repeat: {
      const uint32_t from = sent - back;
      sent = std::max(sent, from + step.size);
      return speaker.repeats(from, step.size);
    }
    case Step::Kind::ack: return speaker.acks();
    case Step::Kind::old_ack: {
      const uint32_t peer_sent = talk.sent[1 - side];
      return speaker.acks().ack(peer_sent - std::min<uint32_t>(step.back, peer_sent - 1));
    }
    case Step::Kind::fin: return speaker.fin(step.size % 3 == 0 ? step.size : 0);
    case Step::Kind::rst: return speaker.rst().with(step.push ? kAck : uint8_t{0});
    case Step::Kind::syn_again:
      return side == 0 && !world.simultaneous_open ? speaker.syn() : speaker.syn_ack();
    case Step::Kind::data:
    case Step::Kind::count_: break;
  }
  sent += step.size;
  return speaker.sends(step.size);
}

bool closes(Step::Kind kind) {
  return kind == Step::Kind::fin || kind == Step::Kind::rst || kind == Step::Kind::syn_again;
}

}  // namespace

std::vector<TimedFrame> frames_of(const std::vector<Step>& steps, const TalkWorld& world) {
  Talk talks[kTalks];
  std::vector<std::vector<TimedFrame>> duplicates;
  flowstats::Duration now;
  for (Step step : steps) {
    now.us += step.pause_us;
    Talk& talk = talks[step.talk % kTalks];
    if (!talk.conversation) open(talk, step.talk % kTalks, now, world);
    if (!world.closings && closes(step.kind)) step.kind = Step::Kind::data;
    const auto side = static_cast<uint8_t>((step.side + (world.exchange_sides ? 1 : 0)) % 2);
    const flowstats::Duration since_start{now.us + (world.simultaneous_open ? 1'000 : 30'000)};
    Sentence& said = say(talk, step, side, world).at(since_start).window(step.back);
    if (step.push) said.push();
    if (step.fate == Step::Fate::lost) said.lost();
    if (step.fate == Step::Fate::not_captured) said.not_captured();
    if (step.fate == Step::Fate::delayed) said.at({since_start.us + 700});
    if (step.fate == Step::Fate::duplicated)
      duplicates.push_back({talk.conversation->frames_as_told().back()});
  }
  std::vector<std::vector<TimedFrame>> captures;
  for (Talk& talk : talks)
    if (talk.conversation) captures.push_back(talk.conversation->frames());
  for (auto& copies : duplicates) captures.push_back(std::move(copies));
  return merged(std::move(captures));
}

std::vector<TimedFrame> every_frame_twice(const std::vector<TimedFrame>& frames) {
  std::vector<TimedFrame> twice;
  for (const TimedFrame& frame : frames) twice.insert(twice.end(), 2, frame);
  return twice;
}

}  // namespace tapstat::tests
