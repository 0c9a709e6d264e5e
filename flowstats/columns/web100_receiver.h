/// Web100's variables of Local as a receiver and the host's settings, in file order, and behind
/// them the extra keys: exact things that web100's kernel did not keep, under names that readers
/// know.
///
/// Each variable is declared here and nowhere else.
#pragma once

#include "flowstats/columns/web100_variable.h"

namespace tapstat::flowstats::web100 {

// clang-format off
inline constexpr Web100Variable kReceiver[] = {
    exact("CurRwinSent", Unit::bytes, field<&Variables::rwin_sent_now>,
          "window that Local advertised last"),
    exact("MaxRwinSent", Unit::bytes, field<&Variables::rwin_sent_max>, "the largest"),
    exact("MinRwinSent", Unit::bytes, field<&Variables::rwin_sent_min>,
          "the smallest, SYN and RST left out"),
    host_only("LimRwin", Unit::bytes, "bound of that window that was set on the host"),
    exact("DupAcksOut", Unit::packets, field<&Variables::dup_acks_out>,
          "DupAcksIn the other way: sent by Local"),
    estimated(Knowledge::good, "CurReasmQueue", Unit::bytes,
              field<&Variables::reassembly_queue_now>,
              "from RcvNxt to the end of what arrived behind a hole, at the end"),
    estimated(Knowledge::good, "MaxReasmQueue", Unit::bytes,
              field<&Variables::reassembly_queue_max>, "the most of it"),
    host_only("CurAppRQueue", Unit::bytes, "received and not read by the application"),
    host_only("MaxAppRQueue", Unit::bytes, "the most of it"),
    host_only("X_rcv_ssthresh", Unit::bytes, "the kernel's bound of its window"),
    host_only("X_wnd_clamp", Unit::bytes, "the kernel's bound of any window"),
    host_only("X_dbg1", Unit::count, "for the authors of the kernel"),
    host_only("X_dbg2", Unit::count, "for the authors of the kernel"),
    host_only("X_dbg3", Unit::count, "for the authors of the kernel"),
    host_only("X_dbg4", Unit::count, "for the authors of the kernel"),
    exact("CurRwinRcvd", Unit::bytes, field<&Variables::rwin_received_now>,
          "window that Rem advertised last"),
    exact("MaxRwinRcvd", Unit::bytes, field<&Variables::rwin_received_max>, "the largest"),
    exact("MinRwinRcvd", Unit::bytes, field<&Variables::rwin_received_min>,
          "the smallest, SYN and RST left out"),
    exact("LocalAddressType", Unit::code,
          [](const ExitRecord& r, Side) {
            return integer(r.ends.ip_version == IpVersion::v4 ? 1U : 2U);
          },
          "1 IPv4, 2 IPv6"),
    estimated(Knowledge::weak, "X_RcvRTT", Unit::microseconds,
              [](const ExitRecord& r, Side) {
                return integer(static_cast<uint32_t>(r.variables.receiver_rtt.us));
              },
              "round trip as a receiver can tell it from the data"),
    host_only("WAD_IFQ", Unit::code, "tuning of the host"),
    host_only("WAD_MaxBurst", Unit::code, "tuning of the host"),
    host_only("WAD_MaxSsthresh", Unit::code, "tuning of the host"),
    host_only("WAD_NoAI", Unit::code, "tuning of the host"),
    host_only("WAD_CwndAdjust", Unit::code, "tuning of the host"),
};

inline constexpr Web100Variable kExtra[] = {
    exact("MSSSent", Unit::bytes, field<&Variables::mss_sent>,
          "MSS option of Local's SYN; 0 without one"),
    exact("TimeStampSent", Unit::flag, field<&Variables::timestamp_sent>,
          "1 when Local's SYN carried a timestamp"),
    exact("TimeStampRcvd", Unit::flag, field<&Variables::timestamp_received>,
          "1 when Rem's SYN carried a timestamp"),
    exact("IpTtl", Unit::hops, field<&Variables::ttl_in>,
          "TTL or hop limit of the last packet from Rem, at the tap"),
    exact("IpTosIn", Unit::code, field<&Variables::tos_in>,
          "TOS or traffic class of the last packet from Rem"),
    exact("IpTosOut", Unit::code, field<&Variables::tos_out>,
          "the same of the last packet from Local"),
    estimated(Knowledge::good, "ECNsignals", Unit::count, field<&Variables::ecn_signals>,
              "congestion that Rem echoed, once for each round trip"),
    exact("ECESent", Unit::count, field<&Variables::ece_sent>,
          "times that Local began to echo congestion"),
    estimated(Knowledge::good, "NonRecovDAEpisodes", Unit::count,
              field<&Variables::unrepaired_episodes>,
              "runs of duplicate acknowledgments that led to no repair"),
    estimated(Knowledge::good, "SumOctetsReordered", Unit::bytes,
              field<&Variables::bytes_reordered>, "bytes acknowledged at the ends of these runs"),
    exact("DupAckEpisodes", Unit::count, field<&Variables::dup_ack_episodes>,
          "runs of duplicate acknowledgments that Local sent"),
    exact("ZeroRwinRcvd", Unit::count, field<&Variables::zero_windows_received>,
          "times that Rem closed its window"),
    exact("ZeroRwinSent", Unit::count, field<&Variables::zero_windows_sent>,
          "times that Local closed its window"),
    exact("MaxPipeSize", Unit::bytes, field<&Variables::pipe_max>,
          "most in flight: outstanding and not selectively acknowledged"),
    exact("ElapsedSecs", Unit::seconds,
          [](const ExitRecord& r, Side) {
            return integer(static_cast<uint32_t>(lifetime(r).us / 1'000'000));
          },
          "Duration in whole seconds"),
    exact("ElapsedMicroSecs", Unit::microseconds,
          [](const ExitRecord& r, Side) {
            return integer(static_cast<uint32_t>(lifetime(r).us % 1'000'000));
          },
          "the rest of Duration"),
};
// clang-format on

}  // namespace tapstat::flowstats::web100
