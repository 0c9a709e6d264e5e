/// The keys of tapstat.toml: section, name, type, bounds, default and unit of each, in one place.
///
/// conf/tapstat.toml shows every key of this table and says what it means (a test compares them);
/// variables of the environment (config_environment.h) and docs/configuration.md come from it. `*`
/// in a section stands for a name that the user chooses.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tapstat::control {

enum class ConfigType : uint8_t {
  boolean,
  integer,    // min to max
  text,       // not empty
  choice,     // one of `choices`, separated by commas
  duration,   // "30s"; min and max in microseconds
  size,       // "10GiB"; min and max in bytes
  cores,      // "4-7" or "0,2,4"
  address,    // "127.0.0.1:8888"
  text_list,  // array of texts; `choices` may bound them
};

struct ConfigKey {
  std::string_view section, name;
  ConfigType type = ConfigType::text;
  int64_t min = 0, max = 0;
  std::string_view choices = "";
  bool built = false;              // has an effect in this version
  std::string_view fallback = "";  // when nobody says otherwise; empty: nothing
  std::string_view unit = "";      // of an integer
};

inline constexpr int64_t kSecondUs = 1'000'000;
inline constexpr int64_t kDayUs = 86'400 * kSecondUs;

inline constexpr std::array<ConfigKey, 126> kConfigKeys = {{
    {"ports.*", "kernel", ConfigType::boolean, 0, 0, "", true, "false"},
    {"ports.*", "device", ConfigType::text, 0, 0, "", true},
    {"ports.*", "queues", ConfigType::integer, 1, 64, "", true, "", "queues"},
    {"ports.*", "cores", ConfigType::cores, 0, 0, "", true},
    {"run", "snaplen", ConfigType::integer, 64, 262'144, "", true, "2048", "bytes"},
    {"run", "user", ConfigType::text, 0, 0, "", true},
    {"run", "on_device_removed", ConfigType::choice, 0, 0, "continue,stop", true, "continue"},
    {"replay", "source", ConfigType::choice, 0, 0, "dpdk,file,preloaded", true, "dpdk"},
    {"memory", "hugepages", ConfigType::choice, 0, 0, "auto,required,none", true, "auto"},
    {"memory", "touch", ConfigType::choice, 0, 0, "auto,always,never", true, "auto"},
    {"memory", "record_ring", ConfigType::integer, 64, 16'777'216, "", true, "65536", "records"},
    {"flows", "capacity", ConfigType::integer, 1, 100'000'000, "", true, "180000", "flows"},
    {"flows", "half_open", ConfigType::integer, 1, 200'000'000, "", true, "22500", "flows"},
    {"flows", "udp_pairs", ConfigType::integer, 1, 100'000'000, "", true, "360000", "flows"},
    {"flows", "names", ConfigType::integer, 100, 100'000'000, "", true, "100000", "addresses"},
    {"flows", "slot_search", ConfigType::integer, 1, 100'000, "", true, "200", "slots"},
    {"flows", "segments_per_quadrant", ConfigType::integer, 48, 16'000, "", true, "100",
     "segments"},
    {"flows", "segment_records", ConfigType::integer, 1'000, 1'000'000'000, "", true, "360000",
     "segments"},
    {"flows", "tcp_idle", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true, "300s"},
    {"flows", "tcp_singleton", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true, "10s"},
    {"flows", "udp_idle", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true, "200s"},
    {"flows", "udp_singleton", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true, "10s"},
    {"flows", "max_new_per_s", ConfigType::integer, 0, 1'000'000'000, "", true, "0", "flows"},
    {"network", "internal", ConfigType::text, 0, 0, "", true},
    {"network", "vlan_in_key", ConfigType::boolean},
    {"network", "tunnels", ConfigType::text_list, 0, 0, "gre,ipip,vxlan,gtpu,mpls,qinq,pppoe"},
    {"network", "tunnel_depth", ConfigType::integer, 0, 8},
    {"measurement", "mode", ConfigType::choice, 0, 0, "tstat,corrected", true, "tstat"},
    {"measurement", "duplicate_window", ConfigType::duration, 0, kSecondUs, "", true, "0s"},
    {"measurement", "payload", ConfigType::boolean, 0, 0, "", true, "true"},
    {"measurement", "names", ConfigType::boolean, 0, 0, "", true, "true"},
    {"log", "http_url", ConfigType::integer, 0, 2, "", true, "0", "level"},
    {"log", "interval", ConfigType::duration, kSecondUs / 1000, kDayUs, "", true, "1s"},
    {"log", "schema", ConfigType::choice, 0, 0, "mplane,tstat-3.3", true, "mplane"},
    {"privacy", "crypto_pan_key", ConfigType::text, 0, 0, "", true},
    {"privacy", "anonymise", ConfigType::text_list, 0, 0, "", true},
    {"privacy", "anonymise_except", ConfigType::text_list, 0, 0, "", true},
    {"privacy", "names", ConfigType::choice, 0, 0, "keep,encrypt,drop", true, "keep"},
    {"privacy", "strict", ConfigType::boolean, 0, 0, "", true, "false"},
    {"privacy", "ipv6_masks", ConfigType::text_list, 0, 0, "", true,
     "0xffffffff,0xf0f0f0f0,0x0f0f0f0f,0x00000000"},
    {"output.tstat", "directory", ConfigType::text, 0, 0, "", true},
    {"output.tstat", "groups", ConfigType::text_list, 0, 0,
     "core,end_to_end,p2p,options,layer7,advanced,fingerprint,all,none", true, "all"},
    {"output.tstat", "logs", ConfigType::text_list, 0, 0,
     "tcp_complete,tcp_nocomplete,udp_complete,mm_complete,http_complete,dns_complete,"
     "tcp_periodic,udp_periodic,usual,all,none",
     true, "usual"},
    {"output.tstat", "rotate", ConfigType::duration, 0, 365 * kDayUs, "", true, "0s"},
    {"output.tstat", "compress", ConfigType::choice, 0, 0, "none,gzip", true, "none"},
    {"output.tstat", "on_full", ConfigType::choice, 0, 0, "spool,drop,block", true, "spool"},
    {"output.tstat", "spool", ConfigType::text, 0, 0, "", true},
    {"output.tstat", "spool_max", ConfigType::size, 64 * 1024, int64_t{1} << 50, "", true, "10GiB"},
    {"output.web100", "enabled", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "directory", ConfigType::text, 0, 0, "", true},
    {"output.web100", "node", ConfigType::text, 0, 0, "", true},
    {"output.web100", "keys", ConfigType::text_list, 0, 0, "", true, "default"},
    {"output.web100", "exclude", ConfigType::text_list, 0, 0, "", true,
     "127.0.0.0/8,::1/128,::ffff:127.0.0.0/104"},
    {"output.web100", "per_local_address", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "incomplete", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "expired", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "unfinished", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "both_views", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "rtt_scope", ConfigType::choice, 0, 0, "remote,sum", true, "remote"},
    {"output.web100", "linger", ConfigType::duration, 0, kDayUs / 24, "", true, "5s"},
    {"output.web100", "idle", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true, "1d"},
    {"output.web100", "half_closed_idle", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true,
     "5m"},
    {"output.web100", "rto_min", ConfigType::duration, kSecondUs / 1000, 60 * kSecondUs, "", true,
     "200ms"},
    {"output.web100", "grace", ConfigType::duration, 0, kDayUs / 24, "", true, "10s"},
    {"output.web100", "flush", ConfigType::duration, kSecondUs / 10, kDayUs / 24, "", true, "5s"},
    {"output.web100", "size_max", ConfigType::size, 64 * 1024, int64_t{1} << 40, "", true,
     "256MiB"},
    {"output.web100", "heartbeat", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "in_place", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.web100", "connections", ConfigType::integer, 100, 100'000'000, "", true, "180000",
     "connections"},
    {"output.web100", "segments", ConfigType::integer, 1'000, 1'000'000'000, "", true, "1000000",
     "segments"},
    {"output.trace", "enabled", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.trace", "directory", ConfigType::text, 0, 0, "", true},
    {"output.trace", "node", ConfigType::text, 0, 0, "", true},
    {"output.trace", "filter", ConfigType::text, 0, 0, "", true, "tcp port 8000"},
    {"output.trace", "snaplen", ConfigType::integer, 0, 262'144, "", true, "128", "bytes"},
    {"output.trace", "sample", ConfigType::integer, 1, 1'000'000, "", true, "1", "connections"},
    {"output.trace", "flow_limit", ConfigType::integer, 0, 1'000'000'000, "", true, "0", "packets"},
    {"output.trace", "pre", ConfigType::duration, 0, kDayUs / 24, "", true, "50s"},
    {"output.trace", "post", ConfigType::duration, 0, kDayUs / 24, "", true, "10s"},
    {"output.trace", "nsec", ConfigType::boolean, 0, 0, "", true, "false"},
    {"output.trace", "size_max", ConfigType::size, 0, int64_t{1} << 50, "", true, "0B"},
    {"output.trace", "ring", ConfigType::size, 0, int64_t{1} << 37, "", true, "64MiB"},
    {"output.*", "kind", ConfigType::choice, 0, 0, "ipfix"},
    {"output.*", "to", ConfigType::text},
    {"output.*", "timestamps", ConfigType::choice, 0, 0, "s,ms,us,ns"},
    {"output.*", "on_full", ConfigType::choice, 0, 0, "spool,drop,block"},
    {"output.*", "spool_max", ConfigType::size, 0, int64_t{1} << 50},
    {"control", "listen", ConfigType::address, 0, 0, "", true, "127.0.0.1:8888"},
    {"control", "certificate", ConfigType::text, 0, 0, "", true},
    {"control", "key", ConfigType::text, 0, 0, "", true},
    {"control", "client_ca", ConfigType::text, 0, 0, "", true},
    {"control", "revoked", ConfigType::text, 0, 0, "", true},
    {"control", "token_file", ConfigType::text, 0, 0, "", true},
    {"control", "hosts", ConfigType::text_list, 0, 0, "", true},
    {"control", "socket", ConfigType::text, 0, 0, "", true},
    {"control", "audit_log", ConfigType::text, 0, 0, "", true},
    {"control", "connections", ConfigType::integer, 1, 10'000, "", true, "128", "connections"},
    {"control", "connections_per_address", ConfigType::integer, 1, 10'000, "", true, "8",
     "connections"},
    {"control", "handshake_timeout", ConfigType::duration, kSecondUs / 100, kDayUs, "", true,
     "10s"},
    {"control", "head_timeout", ConfigType::duration, kSecondUs / 100, kDayUs, "", true, "10s"},
    {"control", "body_timeout", ConfigType::duration, kSecondUs / 100, kDayUs, "", true, "30s"},
    {"control", "idle_timeout", ConfigType::duration, kSecondUs / 100, kDayUs, "", true, "60s"},
    {"mplane", "base_url", ConfigType::text, 0, 0, "", true},
    {"mplane", "registry_uri", ConfigType::text, 0, 0, "", true,
     "https://raw.githubusercontent.com/fp7mplane/components/master/tstat/tstat-registry.json"},
    {"mplane", "registry", ConfigType::text, 0, 0, "", true},
    {"mplane", "probe_id", ConfigType::text, 0, 0, "", true, "01"},
    {"mplane", "system_id", ConfigType::text, 0, 0, "", true, "tStat-Proxy-01"},
    {"mplane", "system_type", ConfigType::text, 0, 0, "", true, "tStat"},
    {"mplane", "system_version", ConfigType::text, 0, 0, "", true, "0.1"},
    {"mplane", "unified", ConfigType::boolean, 0, 0, "", true, "false"},
    {"mplane", "users", ConfigType::text, 0, 0, "", true},
    {"mplane", "capabilities", ConfigType::text, 0, 0, "", true},
    {"mplane", "component", ConfigType::text, 0, 0, "", true},
    {"mplane", "inline_wait", ConfigType::duration, 0, 10 * kSecondUs, "", true, "5s"},
    {"mplane", "allow_indefinite", ConfigType::boolean, 0, 0, "", true, "true"},
    {"mplane", "duration_max", ConfigType::duration, kSecondUs, 100'000 * kDayUs, "", true, "30d"},
    {"mplane", "ahead_max", ConfigType::duration, 0, 100'000 * kDayUs, "", true, "365d"},
    {"mplane", "specifications", ConfigType::integer, 1, 100'000, "", true, "64", "specifications"},
    {"mplane", "specifications_per_client", ConfigType::integer, 1, 100'000, "", true, "16",
     "specifications"},
    {"mplane", "answers_kept", ConfigType::integer, 1, 100'000, "", true, "256", "answers"},
    {"mplane", "answers_kept_for", ConfigType::duration, kSecondUs, 3'650 * kDayUs, "", true,
     "24h"},
    {"mplane", "mirror", ConfigType::text, 0, 0, "", true},
    {"mplane", "state_directory", ConfigType::text, 0, 0, "", true},
    {"mplane", "supervisor", ConfigType::text, 0, 0, "", true},
    {"mplane", "poll_interval", ConfigType::duration, kSecondUs, 8 * kSecondUs, "", true, "5s"},
    {"mplane", "result_hosts", ConfigType::text_list, 0, 0, "", true},
}};

}  // namespace tapstat::control
