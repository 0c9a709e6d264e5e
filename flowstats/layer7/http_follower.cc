#include "flowstats/layer7/http_follower.h"

#include <cstring>

namespace tapstat::flowstats::layer7 {

namespace {

bool begins_with_line_end(ByteRange payload) {
  return payload.has(0, 1) &&
         (payload.u8(0) == '\n' ||
          (payload.has(0, 2) && payload.u8(0) == '\r' && payload.u8(1) == '\n'));
}

}  // namespace

HttpPart HttpFollower::begin_of(size_t side, ByteRange payload, Mode mode) {
  if (payload.size() < kHttpSegmentBytesMin) return HttpPart::none;
  if (side == kClient) {
    if (!begins_http_request(payload, mode)) return HttpPart::none;
    ++messages_[kClient];
    return HttpPart::request;
  }
  const bool is_response = begins_http_response(payload);
  const bool counts = mode == Mode::tstat ? payload.u32(0) == word("HTTP") : is_response;
  if (counts) ++messages_[kServer];
  return is_response ? HttpPart::response : HttpPart::none;
}

/// Tstat takes any next segment for a continuation; a header that is there to its blank line has
/// none. A request's is followed to that line in corrected mode, whatever its segments.
HttpHeadEnd HttpFollower::await_rest(size_t side, const HttpSegment& segment, Mode mode) {
  const HttpHeadEnd end =
      mode == Mode::corrected ? http_head_end(segment.bytes) : HttpHeadEnd::within_line;
  const bool is_followed = mode == Mode::corrected && side == kClient;
  awaits_rest_[side] = end != HttpHeadEnd::complete && !is_followed;
  at_line_start_[side] = end == HttpHeadEnd::at_line_start;
  cut_[side] = end == HttpHeadEnd::within_line ? http_field_cut(segment, mode) : HttpField::none;
  return end;
}

HttpFollower::Seen HttpFollower::on_rest_of_head(ByteRange payload) {
  const bool is_blank_line = head_.at_line_start() && begins_with_line_end(payload);
  head_.read(payload);
  if (is_blank_line) return {};
  const HttpSegment segment{HttpPart::request_rest, cut_[kClient], payload};
  // What was cut may fill whole segments.
  if (std::memchr(payload.data(), '\n', payload.size()) != nullptr)
    cut_[kClient] = http_field_cut(segment, Mode::corrected);
  return {segment.part, segment.continued};
}

HttpFollower::Seen HttpFollower::on_candidate(size_t side, ByteRange payload, Mode mode) {
  // Tstat does not see segments of four bytes; the end of a header may be that short.
  if (payload.empty() || (mode == Mode::tstat && payload.size() < kHttpSegmentBytesMin)) return {};
  if (side == kClient && in_head()) return on_rest_of_head(payload);
  HttpSegment segment{begin_of(side, payload, mode), HttpField::none, payload};
  HttpHeadEnd end = HttpHeadEnd::within_line;
  if (segment.part != HttpPart::none) {
    end = await_rest(side, segment, mode);
  } else {
    if (!awaits_rest_[side]) return {};
    awaits_rest_[side] = false;
    if (at_line_start_[side] && begins_with_line_end(payload)) return {};  // the blank line
    segment.part = side == kClient ? HttpPart::request_rest : HttpPart::response_rest;
    segment.continued = cut_[side];
  }
  if (side == kServer) return {segment.part, segment.continued};
  if (mode == Mode::corrected) {
    const bool has_nothing_new = end == HttpHeadEnd::complete && !head_.host().empty();
    if (has_nothing_new) return {segment.part, segment.continued};
    head_.begin();
    head_.read(payload);
  } else if (head_.host().empty()) {
    head_.take_host(tstat_http_host(segment));
  }
  return {segment.part, segment.continued};
}

}  // namespace tapstat::flowstats::layer7
