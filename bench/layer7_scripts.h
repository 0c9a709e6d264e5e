/// What the flows of bench/layer7_traffic.h say. Made once, before anything is measured.
#pragma once

#include "bench/layer7_traffic.h"

namespace tapstat::bench::script {

/// Full handshake with a chain of three certificates; then requests and answers of 48 KiB.
[[nodiscard]] FlowScript tls12();
/// The same with everything behind the hellos encrypted.
[[nodiscard]] FlowScript tls13();
/// Requests and answers of 16 KiB, one behind the other.
[[nodiscard]] FlowScript http();
/// Questions and answers of no protocol that a rule knows.
[[nodiscard]] FlowScript unknown_tcp();
[[nodiscard]] FlowScript unknown_udp();
/// Question and answer.
[[nodiscard]] FlowScript dns();
/// Initials, then packets with short headers.
[[nodiscard]] FlowScript quic();

}  // namespace tapstat::bench::script
