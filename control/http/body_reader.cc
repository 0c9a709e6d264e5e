#include "control/http/body_reader.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace tapstat::control::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

/// Hexadecimal digits, then nothing or an extension behind ';'.
bool read_chunk_size(std::string_view line, uint64_t& size) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (error == std::errc::invalid_argument || line.starts_with('-')) return false;
  if (error != std::errc{}) size = UINT64_MAX;  // larger than any bound
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  const size_t next = line.find_first_not_of(" \t");
  return (next == std::string_view::npos ? line.empty() : line[next] == ';') &&
         line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

BodyReader BodyReader::of_length(uint64_t bytes) { return {State::length, bytes, 0}; }
BodyReader BodyReader::chunked(size_t bytes_max) { return {State::size_line, 0, bytes_max}; }
BodyReader BodyReader::to_end(size_t bytes_max) { return {State::to_end, 0, bytes_max}; }

BodyReader::Progress BodyReader::read(std::string& buffer) {
  at_ = 0;
  Progress progress = Progress::more;
  size_t before = 0;
  do {
    before = at_;
    switch (state_) {
      case State::to_end:
        body.append(buffer, at_);
        at_ = buffer.size();
        if (body.size() > bytes_max_) progress = Progress::too_large;
        break;
      case State::length:
        read_data(buffer);
        if (remaining_ == 0) progress = Progress::done;
        break;
      case State::size_line: progress = read_size(buffer); break;
      case State::chunk:
        read_data(buffer);
        if (remaining_ == 0) state_ = State::chunk_end;
        break;
      case State::chunk_end: progress = read_chunk_end(buffer); break;
      case State::trailer: progress = read_trailer(buffer); break;
    }
  } while (progress == Progress::more && at_ != before);
  buffer.erase(0, at_);
  return progress;
}

void BodyReader::read_data(const std::string& buffer) {
  const auto taken = static_cast<size_t>(std::min<uint64_t>(remaining_, buffer.size() - at_));
  body.append(buffer, at_, taken);
  at_ += taken;
  remaining_ -= taken;
}

BodyReader::Progress BodyReader::read_size(const std::string& buffer) {
  const size_t end = buffer.find(kLineEnd, at_);
  if (std::min(end, buffer.size()) - at_ > kChunkLineBytesMax) return Progress::malformed;
  if (end == std::string::npos) return Progress::more;
  const auto line = std::string_view(buffer).substr(at_, end - at_);
  if (!read_chunk_size(line, remaining_)) return Progress::malformed;
  if (remaining_ > bytes_max_ - body.size()) return Progress::too_large;
  at_ = end + kLineEnd.size();
  state_ = remaining_ == 0 ? State::trailer : State::chunk;
  return Progress::more;
}

BodyReader::Progress BodyReader::read_chunk_end(const std::string& buffer) {
  const auto end = std::string_view(buffer).substr(at_, kLineEnd.size());
  if (!kLineEnd.starts_with(end)) return Progress::malformed;
  if (end.size() == kLineEnd.size()) {
    at_ += end.size();
    state_ = State::size_line;
  }
  return Progress::more;
}

BodyReader::Progress BodyReader::read_trailer(const std::string& buffer) {
  const size_t end = buffer.find(kLineEnd, at_);
  const size_t line_bytes = std::min(end, buffer.size()) - at_;
  if (trailer_bytes_ + line_bytes > kTrailerBytesMax) return Progress::malformed;
  if (end == std::string::npos) return Progress::more;
  trailer_bytes_ += line_bytes;
  at_ = end + kLineEnd.size();
  return line_bytes == 0 ? Progress::done : Progress::more;
}

}  // namespace tapstat::control::http
