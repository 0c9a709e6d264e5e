#include "control/samples/samples_command.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "control/http/server.h"
#include "control/number_text.h"
#include "control/samples/sample_files.h"
#include "control/samples/sample_site.h"
#include "control/samples/sample_text.h"
#include "control/signal_watch.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::control {
namespace {

using boost::asio::posix::stream_descriptor;
using flowstats::ExitStatus;
using std::chrono::seconds;

/// Both address families; a kernel without IPv6 has no such socket.
std::string everywhere() {
  const dataplane::FileDescriptor v6(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return (v6.is_open() ? "[::]:" : "0.0.0.0:") + std::to_string(kSamplesPort);
}

http::ServerOptions server_options(const SamplesArguments& arguments) {
  http::ServerOptions options;
  options.listen = arguments.listen ? *arguments.listen : everywhere();
  options.listen_rule = {"--listen", true};  // it serves one text, and nothing can be changed
  options.limits.connections = 128;          // 1 MiB each while a file leaves
  options.limits.connections_per_address = 32;
  options.limits.head_bytes = 8 << 10;
  options.limits.head = seconds{30};
  options.limits.body = seconds{600};  // also for an answer to leave: 1 MiB at 14 kb/s
  return options;
}

std::string sums(const http::ServerCounters& server, const SampleCounters& sent) {
  return fmt::format(
      "samples: {} connections, {} answers, {} whole files ({} bytes without headers); {} "
      "connections refused, {} timed out, {} bad requests",
      grouped(server.connections), grouped(server.requests), grouped(sent.files),
      grouped(sent.bytes), grouped(server.refused_connections), grouped(server.timed_out),
      grouped(server.bad_requests));
}

/// Calls `stop` once, at the first signal that stops.
void stop_on_signal(stream_descriptor& arrived, const SignalWatch& signals,
                    const std::function<void()>& stop) {
  arrived.async_wait(stream_descriptor::wait_read, [&, stop](boost::system::error_code error) {
    if (error) return;
    const auto signal = signals.wait(std::chrono::milliseconds{0});
    if (!signal || *signal == SIGUSR1) return stop_on_signal(arrived, signals, stop);
    stop();
  });
}

void run(boost::asio::io_context& io, Messages& messages) {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& fault) {
      messages.error(std::string("samples met a fault and goes on: ") + fault.what() + ".");
    }
  }
}

int serve(const SamplesArguments& arguments, Messages& messages) {
  const SignalWatch signals;
  SampleCounters sent;
  http::Router router;
  router.add(sample_site(sent));
  boost::asio::io_context io{1};
  auto server = http::Server::create(io, server_options(arguments), router);
  if (!server) {
    messages.error(server.error().sentence);
    return static_cast<int>(server.error().status);
  }
  stream_descriptor arrived(io, ::dup(signals.descriptor()));
  stop_on_signal(arrived, signals, [&io, &server] {
    (*server)->stop();
    io.stop();
  });
  (*server)->serve();
  messages.result("samples: " + (*server)->base_url() + "/Sample/ (Ctrl-C ends it)");
  run(io, messages);
  messages.result(sums((*server)->counters(), sent));
  return static_cast<int>(ExitStatus::done);
}

int write_files(const SamplesArguments& arguments, Messages& messages) {
  const auto done = write_sample_files(*arguments.write, arguments.overwrite);
  if (!done) {
    messages.error(done.error().sentence);
    return static_cast<int>(done.error().status);
  }
  messages.result(fmt::format("samples: {} files written to {}, {} were there already",
                              done->written, arguments.write->string(), done->kept));
  return static_cast<int>(ExitStatus::done);
}

}  // namespace

int samples(const SamplesArguments& arguments, Messages& messages) {
  return arguments.write ? write_files(arguments, messages) : serve(arguments, messages);
}

}  // namespace tapstat::control
