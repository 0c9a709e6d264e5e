/// Two network interfaces that are each other's wire, in a network namespace of the calling thread,
/// and raw frames on them: for tests of live ports.
///
/// Needs root, or a user who may make namespaces; can_make_networks() says whether it works here.
/// The namespace is the thread's until it ends: nothing outside is touched, and the kernel removes
/// all of it with the thread.
#pragma once

#include <string>

#include "tests/support/packet_builder.h"

namespace tapstat::tests {

/// Moves the calling thread into a namespace of its own, with loopback up. False: not permitted
/// here.
[[nodiscard]] bool can_make_networks();

/// Runs `ip ARGUMENTS` in the thread's namespace; throws when it fails.
void ip_command(const std::string& arguments);

/// Sends frames from one interface.
class FrameSender {
 public:
  explicit FrameSender(const std::string& interface);
  FrameSender(const FrameSender&) = delete;
  FrameSender& operator=(const FrameSender&) = delete;
  ~FrameSender();
  void send(const FrameBytes& frame) const;

 private:
  int socket_;
};

/// Made with its constructor, up on both ends, quiet (no IPv6 on it), for frames up to 9,000 bytes.
class VethPair {
 public:
  VethPair(std::string near, std::string far);
  VethPair(const VethPair&) = delete;
  VethPair& operator=(const VethPair&) = delete;
  ~VethPair();

 private:
  std::string near_;
};

}  // namespace tapstat::tests
