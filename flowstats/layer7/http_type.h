/// http_t: the kind of a web request by its method and path, and of a body by its first bytes.
///
/// Tstat's list of services, kept for its numbers: a table of path prefixes, some with a pattern
/// behind. Pure functions of the captured bytes.
#pragma once

#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {

namespace http_type {
inline constexpr uint8_t kGet = 1, kPost = 2, kMsnTunnel = 3, kRtmpTunnel = 4, kYouTubeVideo = 5,
                         kVideo = 6, kVimeo = 7, kWikipedia = 8, kRapidShare = 9, kMegaUpload = 10,
                         kFacebook = 11, kAdvertising = 12, kFlickr = 13, kGoogleMaps = 14,
                         kNetflix = 15, kYouTubeSite = 16, kSocial = 17, kFlashVideo = 18,
                         kYouTube204 = 22, kYouTube204Video = 23, kYouTubeWatch = 24,
                         kYouTubeEmbedded = 25, kTwitter = 26, kDropbox = 27;
}

/// Of a request that begins with `method`; kGet or kPost when no rule fits.
[[nodiscard]] uint8_t http_type_of_request(HttpMethod method, ByteRange payload);

/// What is printed after one more request of the flow: a specific kind replaces the general ones.
[[nodiscard]] uint8_t http_type_after(uint8_t previous, HttpMethod method, ByteRange payload);

/// Types that a later request may still replace.
[[nodiscard]] constexpr bool http_type_is_open(uint8_t type) {
  return type == http_type::kGet || type == http_type::kPost || type == http_type::kYouTube204;
}

/// A segment of the server that begins a Flash or MP4 video.
[[nodiscard]] bool starts_video(ByteRange payload);

}  // namespace tapstat::flowstats::layer7
