#include "flowstats/layer7/http_type.h"

#include <string_view>

namespace tapstat::flowstats::layer7 {
namespace {

enum class Methods : uint8_t { get_or_post, post };

/// What must follow a prefix. `path` is the whole path with the rest of the segment.
using Pattern = bool (*)(ByteRange path);

struct PathRule {
  std::string_view prefix;
  uint8_t type;
  Pattern follows = nullptr;
  Methods methods = Methods::get_or_post;
};

bool is_at(ByteRange path, size_t offset, char byte) {
  return path.has(offset, 1) && path.u8(offset) == static_cast<uint8_t>(byte);
}

/// How many bytes from `offset` on pass `test`; at most `count_max`.
template <class Test>
size_t run_of(ByteRange path, size_t offset, size_t count_max, Test test) {
  size_t count = 0;
  while (count < count_max && path.has(offset + count, 1) && test(path.u8(offset + count))) ++count;
  return count;
}

constexpr size_t kVideoIdSize = 11;
constexpr size_t kNumberMax = 64;  // digits of a number in a path

bool has_video_id(ByteRange path, size_t offset) {
  const size_t size = run_of(path, offset, kVideoIdSize,
                             [](uint8_t c) { return c != ' ' && c != '&' && c != '?'; });
  const size_t end = offset + kVideoIdSize;
  return size == kVideoIdSize &&
         (is_at(path, end, ' ') || is_at(path, end, '&') || is_at(path, end, '?'));
}

bool is_thumbnail(ByteRange path) {
  constexpr size_t kPrefix = std::string_view("/vi/").size();
  return has_word(path, "/default.jpg", kPrefix + kVideoIdSize);
}

bool is_numbered_file(ByteRange path) {
  constexpr size_t kPrefix = std::string_view("/files/").size();
  return run_of(path, kPrefix, 8, is_digit) == 8;
}

bool is_hex_file(ByteRange path) {
  constexpr size_t kPrefix = std::string_view("/files/").size();
  return run_of(path, kPrefix, 8, is_hex_digit) == 8;
}

bool is_locale_script(ByteRange path) {
  return is_at(path, 3, '_') && has_word(path, "/all.js", 6);
}

/// "/range/12-34?o=A", when more than 44 bytes are there.
bool is_netflix_range(ByteRange path) {
  if (path.size() <= 44) return false;
  size_t offset = std::string_view("/range/").size();
  const size_t digits = run_of(path, offset, kNumberMax, is_digit);
  offset += digits;
  if (digits == 0 || !is_at(path, offset, '-')) return false;
  ++offset;
  offset += run_of(path, offset, kNumberMax, is_digit);
  return has_word(path, "?o=A", offset);
}

bool is_numbered_video(ByteRange path) {
  const size_t digits = run_of(path, 1, kNumberMax, is_digit);
  const size_t end = 1 + digits;
  return digits != 0 && (has_word(path, ".mp4?token=", end) || has_word(path, ".mp4?ak", end));
}

/// "/ab12/123456789_0123456789": two to four characters, digits from the third on.
bool is_flickr(ByteRange path) {
  size_t slash = 0;
  for (size_t at = 3; at <= 5 && slash == 0; ++at) slash = is_at(path, at, '/') ? at : 0;
  if (slash == 0) return false;
  const size_t server_digits = slash - 3;
  if (run_of(path, 3, server_digits, is_digit) != server_digits) return false;
  const size_t digits = run_of(path, slash + 1, 20, is_digit);
  const size_t underscore = slash + 1 + digits;
  if (digits < 9 || underscore >= 20 || !is_at(path, underscore, '_')) return false;
  return run_of(path, underscore + 1, 10, is_hex_digit) == 10;
}

constexpr PathRule kPathRules[] = {
    {"/gateway/gateway.dll?Action=", http_type::kMsnTunnel, nullptr, Methods::post},
    {"/gateway/gateway.dll?SessionID=", http_type::kMsnTunnel, nullptr, Methods::post},
    {"/open/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/idle/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/send/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/close/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/OPEN/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/IDLE/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/SEND/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/CLOSE/", http_type::kRtmpTunnel, nullptr, Methods::post},
    {"/videoplayback?", http_type::kYouTubeVideo},
    {"/videoplayback/", http_type::kYouTubeVideo},
    {"/liveplay?", http_type::kYouTubeVideo},
    {"/hls_stream.ts?", http_type::kYouTubeVideo},
    {"/vimeo/v/", http_type::kVimeo},
    {"/wiki/", http_type::kWikipedia},
    {"/w/index.php?title=", http_type::kWikipedia},
    {"/wikipedia/", http_type::kWikipedia},
    {"/files/", http_type::kRapidShare, is_numbered_file},
    {"/files/", http_type::kMegaUpload, is_hex_file},
    {"/ajax/chat/", http_type::kFacebook},
    {"/profile.php?id=", http_type::kFacebook},
    {"/plugins/like.php?", http_type::kFacebook},
    {"/rsrc.php/", http_type::kFacebook},
    {"/safe_image.php?d=", http_type::kFacebook},
    {"/hphotos-ak-", http_type::kFacebook},
    {"/pagead/", http_type::kAdvertising},
    {"/adj/", http_type::kAdvertising},
    {"/ADSAdClient", http_type::kAdvertising},
    {"/cgi-bin/m?ci=", http_type::kAdvertising},
    {"/RealMedia/ads/", http_type::kAdvertising},
    {"/vt?lyrs=", http_type::kGoogleMaps},
    {"/kh/v=", http_type::kGoogleMaps},
    {"/mapfiles/", http_type::kGoogleMaps},
    {"/maps/", http_type::kGoogleMaps},
    {"/range/", http_type::kNetflix, is_netflix_range},
    {"/?o=A", http_type::kNetflix},
    {"/get_video_info?", http_type::kYouTubeSite},
    {"/yts/img/", http_type::kYouTubeSite},
    {"/vi/", http_type::kYouTubeSite, is_thumbnail},
    {"/profile/gallery", http_type::kSocial},
    {"/pins/get", http_type::kSocial},
    {"/dl/", http_type::kFlashVideo,
     [](ByteRange path) { return is_at(path, 36, '/') && is_at(path, 45, '/'); }},
    {"/flv/", http_type::kFlashVideo, [](ByteRange path) { return is_at(path, 37, '/'); }},
    {"/videos/flv/", http_type::kFlashVideo},
    {"/generate_204?", http_type::kYouTube204},
    {"/watch?v=", http_type::kYouTubeWatch},
    {"/embed/", http_type::kYouTubeEmbedded, [](ByteRange path) { return has_video_id(path, 7); }},
    {"/v/", http_type::kYouTubeEmbedded, [](ByteRange path) { return has_video_id(path, 3); }},
    {"/1/statuses/", http_type::kTwitter},
    {"/widgets/tweet_button.", http_type::kTwitter},
    {"/subscribe?host_int=", http_type::kDropbox},
    {"/", http_type::kFacebook, is_locale_script},
    {"/", http_type::kVimeo, is_numbered_video},
    {"/", http_type::kFlickr, is_flickr},
};

}  // namespace

uint8_t http_type_of_request(HttpMethod method, ByteRange payload) {
  const bool post = method == HttpMethod::post;
  if (!post && method != HttpMethod::get) return http_type::kGet;
  const ByteRange path = payload.from(post ? 5 : 4);
  const char second = path.has(1, 1) ? static_cast<char>(path.u8(1)) : ' ';
  for (const PathRule& rule : kPathRules) {
    // Most rules end here, without a call.
    if (rule.prefix.size() > 1 && rule.prefix[1] != second) continue;
    if (rule.methods == Methods::post && !post) continue;
    if (!has_word(path, rule.prefix)) continue;
    if (rule.follows == nullptr || rule.follows(path)) return rule.type;
  }
  return post ? http_type::kPost : http_type::kGet;
}

uint8_t http_type_after(uint8_t previous, HttpMethod method, ByteRange payload) {
  if (!http_type_is_open(previous)) return previous;
  const uint8_t now = http_type_of_request(method, payload);
  if (now == http_type::kGet || now == http_type::kPost) return previous;
  const bool video_after_204 =
      previous == http_type::kYouTube204 && now == http_type::kYouTubeVideo;
  return video_after_204 ? http_type::kYouTube204Video : now;
}

bool starts_video(ByteRange payload) {
  constexpr std::string_view kFlash("FLV\x01", 4), kMetaTag("\x12\x00\x03\x4b", 4);
  constexpr std::string_view kFileType(
      "\x00\x00\x00\x18"
      "ftyp",
      8);
  if (has_one_of(payload, kFlash, kMetaTag)) return has_word(payload, "onMetaData", 27);
  return payload.has(0, 12) && has_word(payload, kFileType);
}

}  // namespace tapstat::flowstats::layer7
