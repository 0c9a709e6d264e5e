/// Web100's variables of the connection as a whole, in file order: its ends, what the two SYNs
/// agreed on, packets and bytes of both directions, sequence numbers, times.
///
/// Seen from Local: Out is what Local sent. Each variable is declared here and nowhere else.
#pragma once

#include "flowstats/columns/web100_variable.h"

namespace tapstat::flowstats::web100 {

template <size_t kEnd>
constexpr Value address_of(const ExitRecord& r, Side) {
  return Value{Address{r.ends.address[kEnd], r.ends.ip_version}};
}
template <size_t kEnd>
constexpr Value port_of(const ExitRecord& r, Side) {
  return integer(r.ends.port[kEnd]);
}

constexpr Value state_of(const ExitRecord& r, Side) {
  return integer(static_cast<uint32_t>(r.variables.state));
}

constexpr int64_t kSecondUs = 1'000'000;

// clang-format off
inline constexpr Web100Variable kConnection[] = {
    exact("LocalAddress", Unit::address, address_of<0>,
          "address of Local, the end that the record speaks for"),
    exact("LocalPort", Unit::port, port_of<0>, "its port"),
    exact("RemAddress", Unit::address, address_of<1>, "address of Rem, the other end"),
    exact("RemPort", Unit::port, port_of<1>, "its port"),
    exact("State", Unit::code, state_of,
          "1 closed, 3 SYN sent, 4 SYN received, 5 established, 6 and 7 Local has finished, 8 and "
          "9 Rem has, 10 both at the same time"),
    exact("SACKEnabled", Unit::flag, field<&Variables::sack>,
          "1 when both SYNs permitted selective acknowledgments"),
    exact("TimestampsEnabled", Unit::flag, field<&Variables::timestamps>,
          "1 when both SYNs carried a timestamp"),
    host_only("NagleEnabled", Unit::flag, "option of Local's socket"),
    exact("ECNEnabled", Unit::flag, field<&Variables::ecn>,
          "1 when the SYNs agreed on explicit congestion notification"),
    exact("SndWinScale", Unit::shift, field<&Variables::send_window_scale>,
          "shift of the windows that Rem advertises; -1 when scaling was not agreed"),
    exact("RcvWinScale", Unit::shift, field<&Variables::receive_window_scale>,
          "shift of the windows that Local advertises; -1 when scaling was not agreed"),
    exact("ActiveOpen", Unit::flag, field<&Variables::active_open>,
          "1 when Local sent the first SYN"),
    exact("MSSRcvd", Unit::bytes, field<&Variables::mss_received>,
          "MSS option of Rem's SYN; 0 without one"),
    exact("WinScaleRcvd", Unit::shift, field<&Variables::window_scale_received>,
          "window scale on Rem's SYN; -1 without the option"),
    exact("WinScaleSent", Unit::shift, field<&Variables::window_scale_sent>,
          "window scale on Local's SYN; -1 without the option"),
    exact("PktsOut", Unit::packets, field<&Variables::packets_out>,
          "segments from Local, with SYN, FIN, RST and pure ACKs"),
    exact("DataPktsOut", Unit::packets, field<&Variables::data_packets_out>,
          "those of them that carry payload"),
    exact("DataBytesOut", Unit::bytes, field<&Variables::data_bytes_out>,
          "payload of these, repeated payload included, headers not"),
    exact("PktsIn", Unit::packets, field<&Variables::packets_in>, "segments from Rem"),
    exact("DataPktsIn", Unit::packets, field<&Variables::data_packets_in>,
          "those of them that carry payload"),
    exact("DataBytesIn", Unit::bytes, field<&Variables::data_bytes_in>,
          "payload of these, repeated payload included"),
    exact("SndUna", Unit::count, field<&Variables::send_una>,
          "sequence number up to which Rem has acknowledged"),
    estimated(Knowledge::good, "SndNxt", Unit::count, field<&Variables::send_next>,
              "sequence number that Local would send next; a step back does not show, so SndMax"),
    exact("SndMax", Unit::count, field<&Variables::send_max>,
          "sequence number behind the highest that Local sent"),
    exact("ThruBytesAcked", Unit::bytes, field<&Variables::bytes_acked>,
          "from SndISS to SndUna in 64 bits: acknowledged payload, and one for the FIN"),
    exact("SndISS", Unit::count, field<&Variables::send_initial>,
          "sequence number of Local's first payload byte, one behind its SYN"),
    exact("RcvNxt", Unit::count, field<&Variables::receive_next>,
          "sequence number up to which Local has acknowledged"),
    exact("ThruBytesReceived", Unit::bytes, field<&Variables::bytes_received>,
          "from RecvISS to RcvNxt in 64 bits"),
    exact("RecvISS", Unit::count, field<&Variables::receive_initial>,
          "sequence number of Rem's first payload byte, one behind its SYN"),
    exact("StartTimeSec", Unit::epoch_seconds,
          [](const ExitRecord& r, Side) {
            return integer(static_cast<uint32_t>(r.variables.first.us / kSecondUs));
          },
          "time of the first packet"),
    exact("StartTimeUsec", Unit::count,
          [](const ExitRecord& r, Side) {
            return integer(static_cast<uint32_t>(r.variables.first.us % kSecondUs));
          },
          "its microseconds"),
    exact("Duration", Unit::microseconds,
          [](const ExitRecord& r, Side) {
            return integer(static_cast<uint64_t>(lifetime(r).us));
          },
          "from the first packet to the last; SideStream's own runs on to its next poll, up to 5 s "
          "later"),
};
// clang-format on

}  // namespace tapstat::flowstats::web100
