/// `tapstat status|groups|rotate|reload|stop`: asks a running probe over its local socket and
/// prints the answer. Control thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "control/command_line.h"
#include "control/http/client.h"
#include "control/messages.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

using SendHttp = std::function<flowstats::Result<http::ClientResponse>(const http::ClientRequest&)>;

/// One question and its answer as text for standard output. Errors: ExitStatus::usage, what was
/// asked is not possible (the sentence of the probe); ExitStatus::environment, nobody answers.
[[nodiscard]] flowstats::Result<std::string> ask_probe(const RemoteArguments& arguments,
                                                       const std::filesystem::path& socket,
                                                       const SendHttp& send);

/// The exit status.
[[nodiscard]] int remote(const RemoteArguments& arguments, Messages& messages);

}  // namespace tapstat::control
