#include "control/ports_config.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace tapstat::control {

using dataplane::PortKind;
using dataplane::PortRequest;
using flowstats::ExitStatus;
using flowstats::Result;

std::vector<int> parse_cores(std::string_view text) {
  constexpr int kCpusMax = 1 << 16;
  std::vector<int> cores;
  const auto take = [&text](int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0 || value >= kCpusMax) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
  };
  while (!text.empty()) {
    int first = 0;
    if (!take(first)) return {};
    int last = first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      if (!take(last) || last < first) return {};
    }
    for (int core = first; core <= last; ++core) cores.push_back(core);
    if (text.empty()) break;
    if (!text.starts_with(',')) return {};
    text.remove_prefix(1);
    if (text.empty()) return {};
  }
  std::ranges::sort(cores);
  cores.erase(std::unique(cores.begin(), cores.end()), cores.end());
  return cores;
}

bool is_pci_address(std::string_view text) {
  // [domain:]bus:device.function, hexadecimal digits.
  const auto matches = [&text](std::string_view form) {
    return text.size() == form.size() && std::ranges::equal(text, form, [](char have, char want) {
             return want == 'x' ? std::isxdigit(static_cast<unsigned char>(have)) != 0
                                : have == want;
           });
  };
  return matches("xxxx:xx:xx.x") || matches("xx:xx.x");
}

PortRequest port_named(const std::string& word) {
  PortRequest request;
  request.name = request.device = word;
  if (is_pci_address(word)) {
    request.kind = PortKind::pci;
    if (word.size() < std::string_view("0000:00:00.0").size()) request.device = "0000:" + word;
  } else if (word.starts_with("net_") || word.find(',') != word.npos) {
    request.kind = PortKind::vdev;
  }
  return request;
}

PortRequest port_request(const PortConfig& config) {
  PortRequest request = port_named(config.device.value_or(config.name));
  request.name = config.name;
  if (config.device && request.kind != PortKind::pci) request.kind = PortKind::vdev;
  if (config.kernel) request.kind = PortKind::kernel;
  request.queues = static_cast<uint16_t>(config.queues.value_or(0));
  return request;
}

Result<std::vector<PortRequest>> port_requests(const std::vector<std::string>& words,
                                               const std::vector<PortConfig>& configured) {
  std::vector<PortRequest> requests;
  for (const std::string& word : words) {
    const auto known = std::ranges::find(configured, word, &PortConfig::name);
    requests.push_back(known == configured.end() ? port_named(word) : port_request(*known));
  }
  if (words.empty())
    for (const PortConfig& port : configured) requests.push_back(port_request(port));
  if (requests.empty())
    return flowstats::fail(ExitStatus::usage,
                           "no port to measure. Name one with -i, or in a section [ports.NAME] of "
                           "tapstat.toml (-c).");
  for (auto at = requests.begin(); at != requests.end(); ++at)
    if (std::any_of(requests.begin(), at,
                    [&](const PortRequest& r) { return r.device == at->device; }))
      return flowstats::fail(
          ExitStatus::usage,
          "port \"" + at->device + "\" is named twice: its packets would count twice.");
  return requests;
}

}  // namespace tapstat::control
