/// The names that a reader of .web100 files knows: the standard keys in the order in which they
/// stand in a file, the extra ones behind them, and the second spelling of those that were renamed.
///
/// Written down apart from the tables of variables, which are checked against it. A reader that
/// meets any other name gives the file up. Source: the key lines of SideStream's published files,
/// the variables of web100 and RFC 4898.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tapstat::flowstats {

struct Web100Name {
  std::string_view name;       // as files have it
  std::string_view canonical;  // as dictionaries have it since; empty: the same
};

inline constexpr size_t kWeb100StandardKeys = 119;
inline constexpr size_t kWeb100ExtraKeys = 16;

// clang-format off
inline constexpr std::array<Web100Name, kWeb100StandardKeys + kWeb100ExtraKeys> kWeb100Names = {{
    {"LocalAddress", ""}, {"LocalPort", ""}, {"RemAddress", ""}, {"RemPort", ""}, {"State", ""},
    {"SACKEnabled", "SACK"}, {"TimestampsEnabled", "TimeStamps"}, {"NagleEnabled", "Nagle"},
    {"ECNEnabled", "ECN"}, {"SndWinScale", "SndWindScale"}, {"RcvWinScale", "RcvWindScale"},
    {"ActiveOpen", ""}, {"MSSRcvd", ""}, {"WinScaleRcvd", ""}, {"WinScaleSent", ""},
    {"PktsOut", "SegsOut"}, {"DataPktsOut", "DataSegsOut"}, {"DataBytesOut", "HCDataOctetsOut"},
    {"PktsIn", "SegsIn"}, {"DataPktsIn", "DataSegsIn"}, {"DataBytesIn", "HCDataOctetsIn"},
    {"SndUna", ""}, {"SndNxt", ""}, {"SndMax", ""}, {"ThruBytesAcked", "HCThruOctetsAcked"},
    {"SndISS", "SndInitial"}, {"RcvNxt", ""}, {"ThruBytesReceived", "HCThruOctetsReceived"},
    {"RecvISS", "RecInitial"}, {"StartTimeSec", "StartTimeStamp"}, {"StartTimeUsec", ""},
    {"Duration", ""},
    {"SndLimTransSender", "SndLimTransSnd"}, {"SndLimBytesSender", ""},
    {"SndLimTimeSender", "SndLimTimeSnd"}, {"SndLimTransCwnd", ""}, {"SndLimBytesCwnd", ""},
    {"SndLimTimeCwnd", ""}, {"SndLimTransRwin", ""}, {"SndLimBytesRwin", ""},
    {"SndLimTimeRwin", ""}, {"SlowStart", ""}, {"CongAvoid", ""},
    {"CongestionSignals", "CongSignals"}, {"OtherReductions", ""}, {"X_OtherReductionsCV", ""},
    {"X_OtherReductionsCM", ""}, {"CongestionOverCount", "CongOverCount"}, {"CurCwnd", ""},
    {"MaxCwnd", "MaxSsCwnd"}, {"CurSsthresh", ""}, {"LimCwnd", ""}, {"MaxSsthresh", ""},
    {"MinSsthresh", ""}, {"FastRetran", ""}, {"Timeouts", ""}, {"SubsequentTimeouts", ""},
    {"CurTimeoutCount", ""}, {"AbruptTimeouts", ""}, {"PktsRetrans", "SegsRetrans"},
    {"BytesRetrans", "OctetsRetrans"}, {"DupAcksIn", ""}, {"SACKsRcvd", ""},
    {"SACKBlocksRcvd", ""}, {"PreCongSumCwnd", ""}, {"PreCongSumRTT", ""}, {"PostCongSumRTT", ""},
    {"PostCongCountRTT", ""}, {"ECERcvd", "CERcvd"}, {"SendStall", ""}, {"QuenchRcvd", ""},
    {"RetranThresh", ""}, {"NonRecovDA", ""}, {"AckAfterFR", "SpuriousFrDetected"},
    {"DSACKDups", ""}, {"SampleRTT", ""}, {"SmoothedRTT", ""}, {"RTTVar", ""}, {"MaxRTT", ""},
    {"MinRTT", ""}, {"SumRTT", ""}, {"CountRTT", ""}, {"CurRTO", ""}, {"MaxRTO", ""},
    {"MinRTO", ""}, {"CurMSS", ""}, {"MaxMSS", ""}, {"MinMSS", ""}, {"X_Sndbuf", ""},
    {"X_Rcvbuf", ""}, {"CurRetxQueue", ""}, {"MaxRetxQueue", ""}, {"CurAppWQueue", ""},
    {"MaxAppWQueue", ""}, {"CurRwinSent", ""}, {"MaxRwinSent", ""}, {"MinRwinSent", ""},
    {"LimRwin", ""}, {"DupAcksOut", ""}, {"CurReasmQueue", ""}, {"MaxReasmQueue", ""},
    {"CurAppRQueue", ""}, {"MaxAppRQueue", ""}, {"X_rcv_ssthresh", ""}, {"X_wnd_clamp", ""},
    {"X_dbg1", ""}, {"X_dbg2", ""}, {"X_dbg3", ""}, {"X_dbg4", ""}, {"CurRwinRcvd", ""},
    {"MaxRwinRcvd", ""}, {"MinRwinRcvd", ""}, {"LocalAddressType", ""}, {"X_RcvRTT", "RcvRTT"},
    {"WAD_IFQ", ""}, {"WAD_MaxBurst", ""}, {"WAD_MaxSsthresh", ""}, {"WAD_NoAI", ""},
    {"WAD_CwndAdjust", ""},
    // Extra keys.
    {"MSSSent", ""}, {"TimeStampSent", ""}, {"TimeStampRcvd", ""}, {"IpTtl", ""}, {"IpTosIn", ""},
    {"IpTosOut", ""}, {"ECNsignals", ""}, {"ECESent", ""}, {"NonRecovDAEpisodes", ""},
    {"SumOctetsReordered", ""}, {"DupAckEpisodes", ""}, {"ZeroRwinRcvd", ""},
    {"ZeroRwinSent", ""}, {"MaxPipeSize", ""}, {"ElapsedSecs", ""}, {"ElapsedMicroSecs", ""},
}};
// clang-format on
static_assert(kWeb100Names[kWeb100StandardKeys - 1].name == "WAD_CwndAdjust");
static_assert(!kWeb100Names.back().name.empty());

/// Either spelling of every variable stands for that variable alone: no file can say one twice.
consteval bool no_spelling_means_two() {
  for (size_t i = 0; i < kWeb100Names.size(); ++i) {
    const Web100Name& one = kWeb100Names[i];
    if (one.name == one.canonical) return false;
    for (size_t j = i + 1; j < kWeb100Names.size(); ++j) {
      const Web100Name& other = kWeb100Names[j];
      const bool renamed = !one.canonical.empty();
      if (one.name == other.name || one.name == other.canonical) return false;
      if (renamed && (one.canonical == other.name || one.canonical == other.canonical))
        return false;
    }
  }
  return true;
}
static_assert(no_spelling_means_two());

}  // namespace tapstat::flowstats
