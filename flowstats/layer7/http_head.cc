#include "flowstats/layer7/http_head.h"

#include <algorithm>

#include "flowstats/base/text.h"

namespace tapstat::flowstats::layer7 {

namespace {

constexpr std::string_view kHostName = "host:";
constexpr std::string_view kBlanks = " \t";

}  // namespace

void HttpHead::begin() {
  if (!has_host_) host_.clear();
  bytes_ = line_bytes_ = 0;
  line_ = Line::request;
  is_open_ = true;
  begins_with_cr_ = false;
}

void HttpHead::take_host(std::string_view host) {
  host_.assign(host);
  has_host_ = !host_.empty();
}

void HttpHead::give_up() {
  is_open_ = false;
  if (!has_host_) host_.clear();
}

void HttpHead::read(ByteRange bytes) {
  if (!is_open_ || bytes.empty()) return;
  const size_t size = std::min(bytes.size(), kHttpHeadBytesMax - bytes_);
  std::string_view text{reinterpret_cast<const char*>(bytes.data()), size};
  bytes_ = static_cast<uint16_t>(bytes_ + size);
  while (is_open_ && !text.empty()) {
    const size_t end = text.find('\n');
    read_piece(text.substr(0, end));
    if (end == std::string_view::npos) break;
    end_line();
    text.remove_prefix(end + 1);
  }
  if (bytes_ == kHttpHeadBytesMax) give_up();
}

void HttpHead::read_piece(std::string_view piece) {
  if (line_bytes_ == 0 && piece.starts_with('\r')) begins_with_cr_ = true;
  line_bytes_ = static_cast<uint16_t>(line_bytes_ + piece.size());
  for (; line_ == Line::name && !piece.empty(); piece.remove_prefix(1)) {
    if (has_host_ || ascii_lower(piece.front()) != kHostName[matched_]) {
      line_ = Line::other;
    } else if (++matched_ == kHostName.size()) {
      line_ = Line::host;
    }
  }
  if (line_ != Line::host) return;
  if (host_.empty()) piece.remove_prefix(std::min(piece.find_first_not_of(kBlanks), piece.size()));
  host_.append(piece);
}

void HttpHead::end_line() {
  if (line_ != Line::request && at_line_start()) {
    is_open_ = false;
    return;
  }
  if (line_ == Line::host) {
    std::string_view value = host_.view();
    if (value.ends_with('\r')) value.remove_suffix(1);
    host_.cut_at(value.find_last_not_of(kBlanks) + 1);
    has_host_ = !host_.empty();
  }
  line_ = Line::name;
  matched_ = 0;
  line_bytes_ = 0;
  begins_with_cr_ = false;
}

}  // namespace tapstat::flowstats::layer7
