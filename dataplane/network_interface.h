/// What the kernel says about a network interface: its number, kind, link and the losses of its
/// card.
///
/// Asked with ioctl() on any socket and with files of /sys that stay open, so that it also works
/// after the process has given up its privileges. Control thread only. Source: netdevice(7),
/// Linux Documentation/ABI/testing/sysfs-class-net-statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/file_descriptor.h"
#include "dataplane/parse.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

struct NetworkInterface {
  std::string name;
  int index = 0;
  LinkType link_type = LinkType::ethernet;
  bool is_loopback = false;
};

/// Errors: ExitStatus::environment; the name is not there (with the nearest one, and all that are),
/// or its frames are of a kind that is not decoded.
[[nodiscard]] flowstats::Result<NetworkInterface> find_interface(int socket,
                                                                 const std::string& name);

struct InterfaceState {
  int index = 0;  // 0: there is none of that name
  bool is_up = false;
};
[[nodiscard]] InterfaceState state_of_interface(int socket, const std::string& name);

/// What the driver of an interface counts, beside what packet sockets do.
class CardCounts {
 public:
  /// Without counts where /sys has none, or shows those of another network namespace.
  explicit CardCounts(const NetworkInterface& interface);

  /// Since this object was made: frames for which the card had no room, and damaged ones.
  [[nodiscard]] uint64_t missed() const { return since_start(missed_); }
  [[nodiscard]] uint64_t errors() const { return since_start(errors_); }
  /// 0: not known.
  [[nodiscard]] uint64_t speed_mbps() const;

 private:
  struct Count {
    FileDescriptor file;
    uint64_t at_start = 0;
  };
  [[nodiscard]] static std::optional<uint64_t> read(const FileDescriptor& file);
  [[nodiscard]] static uint64_t since_start(const Count& count);

  Count missed_, errors_;
  FileDescriptor speed_;
};

}  // namespace tapstat::dataplane
