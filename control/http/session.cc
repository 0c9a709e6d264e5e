#include "control/http/session.h"

#include <utility>

#include "control/http/response_text.h"

namespace tapstat::control::http {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
/// So long a closed connection still takes bytes: a reset would destroy the answer on its way.
constexpr milliseconds kLinger{1'000};

}  // namespace

/// The duty to answer one request. Dropped without a call, it answers itself.
class Session::Pending {
 public:
  explicit Pending(std::weak_ptr<Session> session) : session_(std::move(session)) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    const auto session = session_.lock();
    if (answered_ || !session || session->state_ != State::answering) return;
    session->answered(
        session->setting_.router.error(session->request_path_, 500, "Internal error"));
  }

  void answer(Response response) {
    if (std::exchange(answered_, true)) return;
    const auto session = session_.lock();
    const auto written = response.written;
    const bool taken = session && session->answered(std::move(response));
    if (!taken && written) written(false);
  }

 private:
  std::weak_ptr<Session> session_;
  bool answered_ = false;
};

Session::Session(boost::asio::io_context& io, std::unique_ptr<ByteStream> stream, Peer peer,
                 const SessionSetting& setting, std::function<void(const Session&)> closed)
    : stream_(std::move(stream)),
      peer_(std::move(peer)),
      setting_(setting),
      closed_(std::move(closed)),
      deadline_(io),
      reader_({setting.limits.head_bytes, setting.limits.header_lines}, setting.router) {}

void Session::start() {
  expect(State::handshake, setting_.limits.handshake);
  stream_->handshake([self = shared_from_this()](Handshake result) { self->greeted(result); });
}

void Session::expect(State state, milliseconds at_most) {
  state_ = state;
  deadline_.set(at_most, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->timed_out();
  });
}

void Session::greeted(Handshake result) {
  if (state_ != State::handshake) return;
  if (result == Handshake::ended) return close();
  if (result == Handshake::refused) {
    setting_.counters.failed_handshakes += 1;
    return linger();
  }
  if (peer_.via == Via::tls) {
    CertificateNames names = stream_->peer_names();
    peer_.common_name = std::move(names.common_name);
    peer_.identity = std::move(names.identity);
  }
  advance();
}

void Session::read_more() {
  if (reading_ || peer_ended_) return;
  reading_ = true;
  stream_->read([self = shared_from_this()](std::string_view bytes) {
    self->reading_ = false;
    if (self->state_ != State::closed) self->received(bytes);
  });
}

void Session::received(std::string_view bytes) {
  if (bytes.empty()) {
    peer_ended_ = true;
    // An answer on its way may still arrive at a peer that only ended its own direction.
    if (state_ != State::writing) close();
    return;
  }
  if (state_ == State::lingering) return read_more();
  reader_.append(bytes);
  if (continuing_) return;
  if (state_ != State::answering && state_ != State::writing) return advance();
  if (reader_.buffered_bytes() < setting_.limits.head_bytes) read_more();
}

/// Reads what has come, up to the next request.
void Session::advance() {
  const RequestReader::State progress = reader_.next();
  if (progress == RequestReader::State::complete) return dispatch();
  if (progress == RequestReader::State::refused) {
    const RequestReader::Refusal& refusal = reader_.refusal();
    return refuse(refusal.status, refusal.path, refusal.sentence);
  }
  wait_for(progress);
  if (reader_.wants_continue()) return send_continue();
  read_more();
}

void Session::wait_for(RequestReader::State progress) {
  const ServerLimits& limits = setting_.limits;
  switch (progress) {
    case RequestReader::State::idle:
      // A peer that never asks is as slow as one that asks slowly.
      if (state_ != State::idle) expect(State::idle, served_one_ ? limits.idle : limits.head);
      break;
    case RequestReader::State::head:
      if (state_ != State::head) expect(State::head, limits.head);
      break;
    default:
      if (state_ != State::body) expect(State::body, limits.body);
  }
}

void Session::send_continue() {
  continuing_ = true;
  stream_->write(kContinue, [self = shared_from_this()](bool written) {
    self->continuing_ = false;
    if (self->state_ != State::body) return;
    if (!written) return self->close();
    self->advance();
  });
}

void Session::dispatch() {
  deadline_.cancel();
  state_ = State::answering;
  keep_alive_ = reader_.keep_alive();
  http_1_0_ = reader_.is_http_1_0();
  Request request = reader_.take();
  request.peer = peer_;
  head_only_ = request.method == "HEAD";
  request_path_ = request.path;
  {
    const auto pending = std::make_shared<Pending>(weak_from_this());
    setting_.router.handle(request,
                           [pending](Response response) { pending->answer(std::move(response)); });
  }
  // The answer comes later: the end of the connection is what there is to read until then.
  if (state_ == State::answering) read_more();
}

bool Session::answered(Response response) {
  if (state_ != State::answering) return false;
  send(std::move(response));
  return true;
}

void Session::refuse(unsigned status, const std::string& path, const std::string& sentence) {
  setting_.counters.bad_requests += 1;
  keep_alive_ = false;
  http_1_0_ = false;
  head_only_ = false;
  send(setting_.router.error(path, status, sentence));
}

void Session::send(Response response) {
  setting_.counters.requests += 1;
  keep_alive_ = keep_alive_ && !response.close && !peer_ended_;
  written_ = std::move(response.written);
  output_ = response_text(response, {head_only_, http_1_0_, !keep_alive_});
  expect(State::writing, setting_.limits.body);
  stream_->write(output_, [self = shared_from_this()](bool written) { self->sent(written); });
}

void Session::sent(bool written) {
  if (const auto told = std::exchange(written_, nullptr)) told(written);
  if (state_ != State::writing) return;
  if (!written || peer_ended_) return close();
  if (!keep_alive_) return linger();
  served_one_ = true;
  output_.clear();
  advance();
}

void Session::linger() {
  stream_->end_output();
  expect(State::lingering, kLinger);
  read_more();
}

void Session::timed_out() {
  const State slow = state_;
  if (slow == State::idle || slow == State::lingering) return close();
  setting_.counters.timed_out += 1;
  if ((slow != State::head && slow != State::body) || continuing_) return close();
  refuse(408, reader_.path(), "Request timed out");
}

void Session::stop() {
  if (state_ == State::answering) {
    Response response = setting_.router.error(request_path_, 503, "Service unavailable");
    response.headers.emplace_back("Retry-After", "5");
    stream_->write_now(response_text(response, {head_only_, http_1_0_, true}));
  }
  close();
}

void Session::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  deadline_.cancel();
  stream_->close();
  if (const auto told = std::exchange(written_, nullptr)) told(false);
  if (const auto told = std::exchange(closed_, nullptr)) told(*this);
}

}  // namespace tapstat::control::http
