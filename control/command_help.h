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
  tapstat describe columns                     what the columns mean
  tapstat check tapstat.toml                   is this configuration acceptable?
  tapstat bench trace.pcap --flows 1000000     how fast is this machine with such traffic?
)";

inline constexpr const char* kReplayExamples = R"(Examples:
  tapstat replay trace.pcap                              logs below trace.pcap.out/
  tapstat replay a.pcap b.pcap -s out                    two files, one run, in this order
  tapstat replay trace.pcap -s out -N internal.nets -T runtime.conf
  tapstat replay trace.pcap -s out -g core,end_to_end --schema tstat-3.3
  tapstat replay trace.pcap -s out --mode corrected --workers 2 --gzip
)";

inline constexpr const char* kBenchExamples = R"(Examples:
  tapstat bench trace.pcap                               10,000 flows at the same time, one worker
  tapstat bench trace.pcap --flows 1000000 --workers 2   a million flows on two cores
  tapstat bench a.pcap b.pcap --seconds 60 --json        for a script

Needs no privileges, writes no file. Times are CPU time in pieces of about 2,000 packets.
)";

/// Prints the description first; ours ends with the examples, so they come before the flags.
[[nodiscard]] std::shared_ptr<CLI::Formatter> help_formatter();

/// What was typed and not understood -> a sentence with the nearest flag or command. `command` is
/// null before a command was understood.
[[nodiscard]] std::string explain_extra(const CLI::App& root, const CLI::App* command);

}  // namespace tapstat::control
