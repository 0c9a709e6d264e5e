/// What inspection found out about a TCP flow, when it closes.
///
/// Texts are views into the flow's inspection, which live until its place is given back, or into
/// this value, which for that reason cannot be copied.
#pragma once

#include <array>
#include <string_view>

#include "flowstats/groups/fingerprint.h"
#include "flowstats/groups/layer7.h"
#include "flowstats/groups/p2p.h"
#include "flowstats/layer7/tls_findings.h"

namespace tapstat::flowstats::layer7 {

struct TcpFindings {
  TcpFindings() = default;
  TcpFindings(const TcpFindings&) = delete;
  TcpFindings& operator=(const TcpFindings&) = delete;

  /// Without the TextRefs, which the writer of the record makes of the texts below.
  layer7::Shared shared;
  std::array<layer7::Half, 2> halves;
  p2p::Shared p2p;
  fingerprint::Shared fingerprint;
  std::string_view server_name, common_name, http_host;  // c_tls_SNI, s_tls_SCN, http_hostname
  std::string_view ja4, alpn, outer_name;                // fingerprint group
  std::array<std::string_view, 2> tls_versions;          // "0304,0303"

  std::array<std::array<char, kTlsVersionTextMax>, 2> tls_version_texts;  // what they show
};

}  // namespace tapstat::flowstats::layer7
