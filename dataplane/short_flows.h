/// A load of the shortest whole connections: what a flow costs, when its packets cost nothing.
///
/// Six packets each, made from the handshakes of a capture: SYN, SYN with ACK, ACK, FIN, FIN, ACK.
/// All flows send their first packet, then all their second, and so on, so that a block holds one
/// kind and every entry has left the caches before its next packet. Control thread.
#pragma once

#include <optional>

#include "dataplane/lab_capture.h"
#include "flowstats/measurement.h"

namespace tapstat::dataplane {

class ShortFlows {
 public:
  static constexpr size_t kPackets = 6;  // of a flow
  static constexpr size_t kFlowsMax = 1024;

  /// Empty when no handshake is complete.
  [[nodiscard]] static std::optional<ShortFlows> from(const LabCapture& capture,
                                                      const flowstats::Measurement& rules);

  [[nodiscard]] const LabCapture& capture() const { return capture_; }
  [[nodiscard]] size_t flows() const { return capture_.packets().size() / kPackets; }
  /// Which of a flow's packets, 0 to kPackets - 1.
  [[nodiscard]] size_t place_of(const LabPacket& packet) const {
    return static_cast<size_t>(&packet - capture_.packets().data()) / flows();
  }

 private:
  explicit ShortFlows(LabCapture capture) : capture_(std::move(capture)) {}

  LabCapture capture_;
};

}  // namespace tapstat::dataplane
