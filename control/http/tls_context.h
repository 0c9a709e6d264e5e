/// What both ends of TLS need from files: certificates, keys, authorities, revocation lists.
///
/// TLS 1.2 and 1.3, no renegotiation, no session that could be resumed: whoever connects shows a
/// certificate that is valid now (RFC 8446). Errors: ExitStatus::usage with the file and
/// the reason.
#pragma once

#include "control/http/byte_stream.h"
#include "control/http/client.h"
#include "control/http/server.h"
#include "flowstats/base/result.h"

namespace tapstat::control::http {

/// Clients must show a certificate of `client_ca` that no list in `revoked` names.
[[nodiscard]] flowstats::Result<TlsContext> make_server_context(const TlsFiles& files);

/// Verifies the server against `ca`, or against the system's authorities when there is none.
[[nodiscard]] flowstats::Result<TlsContext> make_client_context(const ClientTls& files);

}  // namespace tapstat::control::http
