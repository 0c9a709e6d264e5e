/// Puts a configuration into force: announces it to the writer, publishes it to the workers, and
/// tells the writer when nothing older can come any more.
///
/// Never waits long: workers that are busy (or wait for a slow disk) are asked again on a timer.
/// Control plane's thread.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/packet_pipeline.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/units.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control {

class Publisher {
 public:
  /// The references outlive it. `first_packet` names directories until a packet was processed.
  Publisher(boost::asio::io_context& io, dataplane::PacketPipeline& pipeline,
            exporters::Writer& writer, flowstats::Timestamp first_packet);
  ~Publisher();

  void publish(const flowstats::ActiveConfig& config);
  /// Of the packets, for messages and names.
  [[nodiscard]] flowstats::Timestamp clock() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapstat::control
