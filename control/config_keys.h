/// The keys of tapstat.toml: section, name, type, bounds, default and meaning of each, in one
/// place.
///
/// conf/tapstat.toml shows every key of this table (a test compares them). `*` in a section stands
/// for a name that the user chooses.
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
  bool built = false;  // has an effect in this version
};

inline constexpr int64_t kSecondUs = 1'000'000;
inline constexpr int64_t kDayUs = 86'400 * kSecondUs;

inline constexpr std::array<ConfigKey, 44> kConfigKeys = {{
    {"ports.*", "file", ConfigType::text},
    {"ports.*", "kernel", ConfigType::boolean},
    {"ports.*", "queues", ConfigType::integer, 1, 64},
    {"ports.*", "cores", ConfigType::cores},
    {"replay", "source", ConfigType::choice, 0, 0, "dpdk,file,preloaded", true},
    {"memory", "hugepages", ConfigType::choice, 0, 0, "auto,required,none", true},
    {"memory", "touch", ConfigType::choice, 0, 0, "auto,always,never", true},
    {"memory", "record_ring", ConfigType::integer, 64, 16'777'216, "", true},
    {"flows", "capacity", ConfigType::integer, 1, 100'000'000, "", true},
    {"flows", "udp_pairs", ConfigType::integer, 1, 100'000'000, "", true},
    {"flows", "slot_search", ConfigType::integer, 1, 100'000, "", true},
    {"flows", "segments_per_quadrant", ConfigType::integer, 48, 16'000, "", true},
    {"flows", "segment_records", ConfigType::integer, 1'000, 1'000'000'000, "", true},
    {"flows", "tcp_idle", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true},
    {"flows", "tcp_singleton", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true},
    {"flows", "udp_idle", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true},
    {"flows", "udp_singleton", ConfigType::duration, kSecondUs, 365 * kDayUs, "", true},
    {"flows", "max_new_per_s", ConfigType::integer, 1, 1'000'000'000},
    {"network", "internal", ConfigType::text, 0, 0, "", true},
    {"network", "vlan_in_key", ConfigType::boolean},
    {"network", "tunnels", ConfigType::text_list, 0, 0, "gre,ipip,vxlan,gtpu,mpls,qinq,pppoe"},
    {"network", "tunnel_depth", ConfigType::integer, 0, 8},
    {"measurement", "mode", ConfigType::choice, 0, 0, "tstat,corrected", true},
    {"measurement", "duplicate_window", ConfigType::duration, 0, kSecondUs, "", true},
    {"log", "schema", ConfigType::choice, 0, 0, "mplane,tstat-3.3", true},
    {"privacy", "crypto_pan_key", ConfigType::text},
    {"privacy", "anonymise", ConfigType::text_list},
    {"output.tstat", "directory", ConfigType::text, 0, 0, "", true},
    {"output.tstat", "groups", ConfigType::text_list, 0, 0,
     "core,end_to_end,p2p,options,layer7,advanced,all,none", true},
    {"output.tstat", "rotate", ConfigType::duration, 0, 365 * kDayUs, "", true},
    {"output.tstat", "compress", ConfigType::choice, 0, 0, "none,gzip", true},
    {"output.*", "kind", ConfigType::choice, 0, 0, "ipfix"},
    {"output.*", "to", ConfigType::text},
    {"output.*", "timestamps", ConfigType::choice, 0, 0, "s,ms,us,ns"},
    {"output.*", "on_full", ConfigType::choice, 0, 0, "spool,drop,block"},
    {"output.*", "spool_max", ConfigType::size, 0, int64_t{1} << 50},
    {"control", "listen", ConfigType::address},
    {"control", "certificate", ConfigType::text},
    {"control", "key", ConfigType::text},
    {"control", "client_ca", ConfigType::text},
    {"control", "token_file", ConfigType::text},
    {"mplane", "registry", ConfigType::text},
    {"mplane", "supervisor", ConfigType::text},
    {"mplane", "state_directory", ConfigType::text},
}};

}  // namespace tapstat::control
