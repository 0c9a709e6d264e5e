/// The keys of Tstat's runtime.conf, by section. Bits are Tstat's.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace tapstat::control {

enum class RuntimeTarget : uint8_t {
  log,
  engine_histogram,
  engine_rrd,
  tcp_group,
  video_group,
  http_url,
  dump_switch,  // starts the dump engine
  dump_number,  // a setting of the dump engine
};

struct RuntimeKey {
  std::string_view name;
  RuntimeTarget target;
  uint32_t bit = 0;    // in the log mask, TCP level or video level
  bool built = false;  // has an effect
};

inline constexpr std::array<RuntimeKey, 14> kLogKeys = {{
    {"log_tcp_complete", RuntimeTarget::log, 0x0001, true},
    {"log_tcp_nocomplete", RuntimeTarget::log, 0x0002, true},
    {"log_udp_complete", RuntimeTarget::log, 0x0004, true},
    {"log_mm_complete", RuntimeTarget::log, 0x0008, true},
    {"log_skype_complete", RuntimeTarget::log, 0x0010},
    {"log_chat_complete", RuntimeTarget::log, 0x0020},
    {"log_chat_messages", RuntimeTarget::log, 0x0040},
    {"log_video_complete", RuntimeTarget::log, 0x0080},
    {"log_http_complete", RuntimeTarget::log, 0x0200, true},
    {"log_dns_complete", RuntimeTarget::log, 0x0400, true},
    {"log_tcp_periodic", RuntimeTarget::log, 0x0800, true},
    {"log_udp_periodic", RuntimeTarget::log, 0x1000, true},
    {"histo_engine", RuntimeTarget::engine_histogram},
    {"rrd_engine", RuntimeTarget::engine_rrd},
}};

inline constexpr std::array<RuntimeKey, 13> kOptionKeys = {{
    {"tcplog_end_to_end", RuntimeTarget::tcp_group, 1, true},
    {"tcplog_layer7", RuntimeTarget::tcp_group, 2, true},
    {"tcplog_p2p", RuntimeTarget::tcp_group, 4, true},
    {"tcplog_options", RuntimeTarget::tcp_group, 8, true},
    {"tcplog_advanced", RuntimeTarget::tcp_group, 16, true},
    {"tcplog_fingerprint", RuntimeTarget::tcp_group, 32, true},  // ours
    {"videolog_end_to_end", RuntimeTarget::video_group, 1},
    {"videolog_layer7", RuntimeTarget::video_group, 2},
    {"videolog_options", RuntimeTarget::video_group, 4},
    {"videolog_videoinfo", RuntimeTarget::video_group, 8},
    {"videolog_youtube", RuntimeTarget::video_group, 16},
    {"videolog_advanced", RuntimeTarget::video_group, 32},
    {"httplog_full_url", RuntimeTarget::http_url, 0, true},
}};

inline constexpr std::array<RuntimeKey, 37> kDumpKeys = {{
    {"snap_len", RuntimeTarget::dump_number},
    {"slice_win", RuntimeTarget::dump_number},
    {"udp_dns", RuntimeTarget::dump_switch},
    {"udp_rtp", RuntimeTarget::dump_switch},
    {"udp_rtcp", RuntimeTarget::dump_switch},
    {"udp_edk", RuntimeTarget::dump_switch},
    {"udp_kad", RuntimeTarget::dump_switch},
    {"udp_kadu", RuntimeTarget::dump_switch},
    {"udp_okad", RuntimeTarget::dump_switch},
    {"udp_gnutella", RuntimeTarget::dump_switch},
    {"udp_bittorrent", RuntimeTarget::dump_switch},
    {"udp_dc", RuntimeTarget::dump_switch},
    {"udp_kazaa", RuntimeTarget::dump_switch},
    {"udp_pplive", RuntimeTarget::dump_switch},
    {"udp_sopcast", RuntimeTarget::dump_switch},
    {"udp_tvants", RuntimeTarget::dump_switch},
    {"udp_utp", RuntimeTarget::dump_switch},
    {"udp_vod", RuntimeTarget::dump_switch},
    {"udp_ppstream", RuntimeTarget::dump_switch},
    {"udp_teredo", RuntimeTarget::dump_switch},
    {"udp_sip", RuntimeTarget::dump_switch},
    {"udp_dtls", RuntimeTarget::dump_switch},
    {"udp_quic", RuntimeTarget::dump_switch},
    {"udp_mturn", RuntimeTarget::dump_switch},
    {"udp_sye", RuntimeTarget::dump_switch},
    {"udp_stun", RuntimeTarget::dump_switch},
    {"udp_unknown", RuntimeTarget::dump_switch},
    {"tcp_videostreaming", RuntimeTarget::dump_switch},
    {"ip_complete", RuntimeTarget::dump_switch},
    {"udp_complete", RuntimeTarget::dump_switch},
    {"tcp_complete", RuntimeTarget::dump_switch},
    {"udp_maxpackets", RuntimeTarget::dump_number},
    {"udp_maxbytes", RuntimeTarget::dump_number},
    {"tcp_maxpackets", RuntimeTarget::dump_number},
    {"tcp_maxbytes", RuntimeTarget::dump_number},
    {"dns_filter", RuntimeTarget::dump_number},
    {"stop_dumping_mask", RuntimeTarget::dump_number},
}};

struct RuntimeSection {
  std::string_view name;
  std::span<const RuntimeKey> keys;
};

inline constexpr std::array<RuntimeSection, 3> kRuntimeSections = {{
    {"log", kLogKeys},
    {"options", kOptionKeys},
    {"dump", kDumpKeys},
}};

}  // namespace tapstat::control
