/// The words of the command line: help texts, and sentences about what was not understood. Control
/// thread.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace tapstat::control {

inline constexpr const char* kExamples = R"(Examples:
  tapstat replay trace.pcap -s out             a capture into Tstat's TCP logs below out/
  tapstat replay trace.pcap.gz -g all --json   compressed capture, result as JSON
  tapstat run -i eth1 -s out                   a live interface, until stopped
  tapstat describe columns                     what the columns mean
  tapstat check tapstat.toml                   is this configuration acceptable?
  tapstat bench trace.pcap --flows 1000000     how fast is this machine with such traffic?
  tapstat split trace.pcap -o pieces           one capture for each connection
  tapstat groups p2p=on                        switch columns of the tapstat that runs
  tapstat samples                              serve files of known size, to make traffic
  tapstat doctor                               is this machine ready for live ports?
)";

inline constexpr const char* kReplayExamples = R"(Examples:
  tapstat replay trace.pcap                              logs below trace.pcap.out/
  tapstat replay a.pcap b.pcap -s out                    two files, one run, in this order
  tapstat replay trace.pcap -s out -N internal.nets -T runtime.conf
  tapstat replay trace.pcap -s out -g core,end_to_end --schema tstat-3.3
  tapstat replay trace.pcap -s out --mode corrected --workers 2 --gzip
)";

inline constexpr const char* kRunExamples = R"(Examples:
  tapstat run -i eth1 -s out                     an interface of the kernel, one worker
  tapstat run -i eth1 -i eth2 -s out --workers 4 both directions of a tap, four workers
  tapstat run -c /etc/tapstat/tapstat.toml       ports, networks and outputs as configured
  tapstat run -i 0000:3b:00.0 -s out --workers 4 a NIC bound to vfio-pci
  tapstat run -i net_tap0,iface=tap0 -s out      one of DPDK's virtual devices

Stop it with Ctrl-C, "tapstat stop" or SIGTERM: flows are closed and everything is written.
)";

inline constexpr const char* kBenchExamples = R"(Examples:
  tapstat bench trace.pcap                               10,000 flows at the same time, one worker
  tapstat bench trace.pcap --flows 1000000 --workers 2   a million flows on two cores
  tapstat bench a.pcap b.pcap --seconds 60 --json        for a script

Needs no privileges, writes no file. Times are CPU time in pieces of about 2,000 packets.
)";

inline constexpr const char* kStatusExamples = R"(Examples:
  tapstat status                 of the only tapstat that runs for you
  tapstat status --watch         again every second
  tapstat status --json --socket /run/tapstat/tapstat-8888.sock
)";

inline constexpr const char* kGroupsExamples = R"(Examples:
  tapstat groups                            what is on, and who keeps it on
  tapstat groups p2p=off end_to_end=on      your word; the answer comes when it is in force
  tapstat groups options=default            as runtime.conf says, whatever you said before

"off" never ends a measurement that somebody asked for over mPlane; "tapstat mplane interrupt" does.
)";

inline constexpr const char* kMplaneExamples = R"(Examples:
  tapstat mplane listcap                                  what the probe offers
  tapstat mplane runcap 2 --when "now + 10s" --wait       the second one, and wait for its result
  tapstat mplane runcap tstat-log_tcp_complete-layer7     for five minutes
  tapstat mplane listmeas                                 what you started and did not fetch
  tapstat mplane redeem all                               fetch results
  tapstat mplane interrupt 1                              end a measurement early
  tapstat mplane listcap --url https://probe.example:8888 --ca ca.pem --cert me.pem --key me.key
)";

inline constexpr const char* kSamplesExamples = R"(Examples:
  tapstat samples                               http://this-machine:8000/Sample/, IPv4 and IPv6
  tapstat samples --listen 192.0.2.1:8080       one address, another port
  tapstat samples --write /var/www/html/Sample  the files, for a web server that runs already
)";

/// Prints the description first; ours ends with the examples, so they come before the flags.
[[nodiscard]] std::shared_ptr<CLI::Formatter> help_formatter();

/// What was typed and not understood -> a sentence with the nearest flag or command. `command` is
/// null before a command was understood.
[[nodiscard]] std::string explain_extra(const CLI::App& root, const CLI::App* command);

}  // namespace tapstat::control
