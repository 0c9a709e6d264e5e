/// Which packets a trace takes: a filter expression of libpcap, compiled once.
///
/// A plain list of ports ("tcp port 8000", "tcp port 80 or 443", "tcp", and the empty expression,
/// which means the same) is answered from the parsed segment, so it sees through every tag and
/// tunnel that the parser sees through; on untagged frames it agrees with libpcap. Anything else
/// runs as libpcap's program over the frame (pcap-filter(7)), which looks for IP right behind the
/// link header unless the expression says "vlan" or the like. Control thread compiles; then
/// read-only for all threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <pcap/bpf.h>

#include "dataplane/parse.h"
#include "dataplane/parse_burst.h"
#include "flowstats/base/result.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// A filter that names ports and nothing else.
struct PortList {
  static constexpr size_t kTermsMax = 8;
  struct Term {
    bool tcp = false, udp = false;
    bool any_port = false;
    uint16_t port = 0;
  };
  std::array<Term, kTermsMax> terms{};
  size_t count = 0;

  /// Empty when the expression is anything else. Precondition: libpcap accepts it.
  [[nodiscard]] static std::optional<PortList> read(std::string_view expression);
  [[nodiscard]] bool matches(const flowstats::Segment& segment) const {
    const bool is_tcp = segment.tuple.protocol == flowstats::kProtocolTcp;
    for (size_t i = 0; i < count; ++i) {
      const Term& t = terms[i];
      if ((is_tcp ? t.tcp : t.udp) &&
          (t.any_port || t.port == segment.tuple.a_port || t.port == segment.tuple.b_port))
        return true;
    }
    return false;
  }
};

class TraceFilter {
 public:
  /// Errors: ExitStatus::usage with libpcap's words, when the expression cannot be compiled for
  /// Ethernet.
  [[nodiscard]] static flowstats::Result<TraceFilter> compile(const std::string& expression);

  /// Errors: ExitStatus::usage, when the expression cannot be compiled for frames of this kind.
  [[nodiscard]] flowstats::Result<void> check(LinkType link_type) const;

  [[nodiscard]] const std::string& expression() const { return expression_; }
  /// Set when the expression is a list of ports, which then decides.
  [[nodiscard]] const std::optional<PortList>& ports() const { return ports_; }

  /// By libpcap's program, also for a list of ports; `wire_length`: bytes of the frame on the wire.
  /// False for kinds of frames it has none for.
  [[nodiscard]] bool matches_frame(LinkType link_type, const Frame& frame,
                                   uint32_t wire_length) const;

 private:
  struct FreeProgram {
    void operator()(bpf_program* program) const;
  };
  using Program = std::unique_ptr<bpf_program, FreeProgram>;

  std::string expression_;
  std::optional<PortList> ports_;
  std::array<Program, static_cast<size_t>(LinkType::mixed)> programs_;  // by LinkType
  std::array<std::string, static_cast<size_t>(LinkType::mixed)> complaints_;
};

/// The number of a LinkType in the header of a capture file; `mixed` has none of its own.
[[nodiscard]] uint16_t link_type_in_file(LinkType type);

/// A packet of LinkType::mixed says itself what it is; any other is what its burst says. The bytes
/// are those after the mark.
struct TypedFrame {
  Frame frame;
  uint32_t skipped = 0;  // bytes in front of it
  LinkType link_type = LinkType::ethernet;
};
[[nodiscard]] TypedFrame typed_frame(LinkType link_type, const Frame& frame);

}  // namespace tapstat::dataplane
