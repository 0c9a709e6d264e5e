/// One connection: handshake, then request after request until one side has enough.
///
/// Every wait of ours has an end (ServerLimits), except the one for a late answer; a peer that
/// leaves meanwhile is noticed. Shared between the server's table and the operations under way, so
/// that nothing runs into freed memory. Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/http/byte_stream.h"
#include "control/http/deadline.h"
#include "control/http/request_reader.h"
#include "control/http/server.h"

namespace tapstat::control::http {

/// What all connections of a server share; outlives them until stop().
struct SessionSetting {
  const Router& router;
  const ServerLimits& limits;
  ServerCounters& counters;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `peer` without names: they come from the handshake. `closed` is called once, at the end.
  Session(boost::asio::io_context& io, std::unique_ptr<ByteStream> stream, Peer peer,
          const SessionSetting& setting, std::function<void(const Session&)> closed);

  void start();
  /// A request without an answer gets 503 if the kernel takes it at once; nothing of the server is
  /// touched afterwards.
  void stop();

  enum class State : uint8_t {
    handshake,
    idle,       // between requests
    head,       // some of a head has come
    body,       // the head has
    answering,  // the handler has it
    writing,    // the answer leaves
    lingering,  // the last answer left; bytes still on their way are thrown away
    closed,
  };
  [[nodiscard]] State state() const { return state_; }

 private:
  class Pending;

  void greeted(Handshake result);
  void read_more();
  void received(std::string_view bytes);
  void advance();
  void wait_for(RequestReader::State progress);
  void send_continue();
  void dispatch();
  bool answered(Response response);
  void refuse(unsigned status, const std::string& path, const std::string& sentence);
  void send(Response response);
  void sent(bool written);
  void linger();
  void timed_out();
  void close();
  void expect(State state, std::chrono::milliseconds at_most);

  std::unique_ptr<ByteStream> stream_;
  Peer peer_;
  const SessionSetting setting_;
  std::function<void(const Session&)> closed_;
  Deadline deadline_;
  RequestReader reader_;
  State state_ = State::handshake;
  std::string request_path_ = "/", output_;
  std::function<void(bool)> written_;
  bool head_only_ = false, http_1_0_ = false, keep_alive_ = true;
  bool reading_ = false, continuing_ = false, peer_ended_ = false, served_one_ = false;
};

}  // namespace tapstat::control::http
