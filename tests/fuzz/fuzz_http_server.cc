/// The bytes of one HTTP connection in segments, through the server's own session over a stream in
/// memory.
///
/// The first four bytes are the sizes of the segments, in turn (255: 4,096 bytes), the fifth says
/// whether the peer ends at last. Checked: only complete answers come back, one for each request
/// that was counted; when all is read the session waits for more or is closed, never stuck.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "control/http/router.h"
#include "control/http/session.h"

namespace {

using namespace tapstat::control::http;
namespace asio = boost::asio;

void require(bool condition) {
  if (!condition) std::abort();
}

/// What the script and the session share: the stream belongs to the session.
struct Wire {
  std::vector<std::string_view> segments;
  size_t next = 0;
  bool ends = false, closed = false;
  std::string output;
  ByteStream::ReadHandler reader;  // waits for a segment
};

class ScriptedStream : public ByteStream {
 public:
  ScriptedStream(asio::io_context& io, Wire& wire) : io_(io), wire_(wire) {}

  void handshake(std::function<void(Handshake)> handler) override {
    asio::post(io_, [handler = std::move(handler)] { handler(Handshake::done); });
  }
  void read(ReadHandler handler) override {
    require(!wire_.reader);  // one read at a time
    wire_.reader = std::move(handler);
    asio::post(io_, [&wire = wire_] { feed(wire); });
  }
  void write(std::string_view bytes, WriteHandler handler) override {
    require(!wire_.closed && !std::exchange(writing_, true));  // one write at a time
    wire_.output += bytes;
    asio::post(io_, [this, handler = std::move(handler)] {
      writing_ = false;
      handler(!wire_.closed);
    });
  }
  void write_now(std::string_view) override {}
  void end_output() override {}
  void close() override {
    wire_.closed = true;
    asio::post(io_, [&wire = wire_] { feed(wire); });
  }
  [[nodiscard]] CertificateNames peer_names() const override { return {}; }
  [[nodiscard]] std::string problem() const override { return {}; }

 private:
  static void feed(Wire& wire) {
    if (!wire.reader) return;
    const bool more = !wire.closed && wire.next < wire.segments.size();
    if (!more && !wire.closed && !wire.ends) return;  // the peer is silent
    const auto reader = std::exchange(wire.reader, nullptr);
    reader(more ? wire.segments[wire.next++] : std::string_view{});
  }

  asio::io_context& io_;
  Wire& wire_;
  bool writing_ = false;
};

Response response(unsigned status, std::string body) {
  Response made;
  made.status = status;
  made.body = std::move(body);
  return made;
}

/// Errors have no body, so that HEAD, which gets one, looks like the rest.
Router routes(std::vector<Answer>& late) {
  RouteFamily family;
  family.body_bytes_max = 512;
  family.error = [](unsigned status, std::string_view) { return response(status, ""); };
  family.routes.push_back({"POST",
                           "/",
                           Needs::nobody,
                           [](const Request& request, std::string_view, const Answer& answer) {
                             require(request.body.size() <= 512);
                             answer(response(200, request.body));
                           },
                           {}});
  family.routes.push_back({"GET",
                           "/late",
                           Needs::nobody,
                           [&late](const Request&, std::string_view, Answer answer) {
                             late.push_back(std::move(answer));
                           },
                           {}});
  family.routes.push_back({"GET",
                           "/name/{name}",
                           Needs::nobody,
                           [](const Request&, std::string_view name, const Answer& answer) {
                             require(!name.empty() && name.find('/') == name.npos);
                             answer(response(200, std::string(name)));
                           },
                           {}});
  Router router;
  router.add(std::move(family));
  return router;
}

/// Answers in `output`, every one complete; "100 Continue" does not count.
uint64_t count_answers(std::string_view output) {
  uint64_t answers = 0;
  while (!output.empty()) {
    require(output.starts_with("HTTP/1.1 "));
    const size_t head = output.find("\r\n\r\n");
    require(head != output.npos);
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const size_t at = output.find(kLength);
    size_t body = 0;
    if (at < head)
      body = std::strtoul(std::string(output.substr(at + kLength.size(), 9)).c_str(), nullptr, 10);
    require((at < head) != output.starts_with("HTTP/1.1 100 "));
    require(output.size() >= head + 4 + body);
    if (at < head) ++answers;
    output.remove_prefix(head + 4 + body);
  }
  return answers;
}

std::vector<std::string_view> cut(std::string_view bytes, std::string_view sizes) {
  std::vector<std::string_view> segments;
  for (size_t i = 0; !bytes.empty(); ++i) {
    const auto size = static_cast<uint8_t>(sizes[i % sizes.size()]);
    segments.push_back(bytes.substr(0, size == 255 ? 4'096 : size + 1));
    bytes.remove_prefix(segments.back().size());
  }
  return segments;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 5) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Wire wire;
  wire.segments = cut(input.substr(5), input.substr(0, 4));
  wire.ends = input[4] % 2 != 0;
  std::vector<Answer> late;
  const Router router = routes(late);
  ServerLimits limits;
  limits.head_bytes = 2'048;
  limits.header_lines = 20;
  ServerCounters counters;
  asio::io_context io(1);
  bool closed = false;
  const auto session = std::make_shared<Session>(io, std::make_unique<ScriptedStream>(io, wire),
                                                 Peer{}, SessionSetting{router, limits, counters},
                                                 [&closed](const Session&) { closed = true; });
  const auto run = [&io] {
    io.restart();
    io.poll();
  };
  session->start();
  run();
  while (!late.empty()) {
    const Answer answer = std::move(late.back());
    late.pop_back();
    answer(response(200, "late"));
    run();
  }
  require(count_answers(wire.output) == counters.requests);
  using State = Session::State;
  const State state = session->state();
  const bool waits = state == State::idle || state == State::head || state == State::body ||
                     state == State::lingering;
  require(wire.ends ? state == State::closed : waits || state == State::closed);
  session->stop();
  run();
  require(closed && session->state() == State::closed);
  return 0;
}
