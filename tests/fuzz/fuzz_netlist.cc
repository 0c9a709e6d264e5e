/// Lists of internal networks: an accepted list answers as a linear model that reads the text by
/// itself.
///
/// The input is the list; its first 17 bytes also give the address that is looked up, and its text
/// is made of the characters that lists are made of, so that mutations stay near valid lists.
#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "control/network_file.h"

namespace {

using tapstat::flowstats::IpAddress;
using tapstat::flowstats::IpVersion;

using Bits = std::array<uint8_t, 16>;

/// One network of the model: address bytes and a mask of as many bytes.
struct Entry {
  size_t bytes = 0;
  Bits address{}, mask{};
};

std::optional<size_t> address_bytes(const std::string& text, Bits& out) {
  if (inet_pton(AF_INET, text.c_str(), out.data()) == 1) return 4;
  if (inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return 16;
  return std::nullopt;
}

Bits prefix_mask(unsigned length) {
  Bits mask{};
  for (unsigned i = 0; i < length; ++i)
    mask[i / 8] = static_cast<uint8_t>(mask[i / 8] | (0x80U >> (i % 8)));
  return mask;
}

/// Reads a list that is known to be acceptable.
std::vector<Entry> model_of(const std::string& text) {
  std::vector<Entry> entries;
  std::istringstream lines(text);
  std::string line, word, pending;
  while (std::getline(lines, line)) {
    std::istringstream words(line.substr(0, line.find('#')));
    if (!(words >> word)) continue;
    if (!pending.empty()) {
      word = pending + "/" + word;
      pending.clear();
    } else if (word.find('/') == std::string::npos) {
      pending = word;
      continue;
    }
    const std::string address = word.substr(0, word.find('/')),
                      length = word.substr(word.find('/') + 1);
    Entry entry;
    entry.bytes = address_bytes(address, entry.address).value_or(0);
    if (entry.bytes == 0) std::abort();
    if (length.find('.') != std::string::npos)
      inet_pton(AF_INET, length.c_str(), entry.mask.data());
    else
      entry.mask = prefix_mask(static_cast<unsigned>(std::strtoul(length.c_str(), nullptr, 10)));
    const Bits zero{};
    if (entry.bytes == 4 && std::memcmp(entry.address.data(), zero.data(), 4) == 0) entry.mask = {};
    entries.push_back(entry);
  }
  return entries;
}

bool model_contains(const std::vector<Entry>& entries, size_t bytes, const Bits& address) {
  bool family_given = false;
  for (const Entry& e : entries) {
    if (e.bytes != bytes) continue;
    family_given = true;
    bool inside = true;
    for (size_t i = 0; i < bytes; ++i)
      inside = inside && (address[i] & e.mask[i]) == (e.address[i] & e.mask[i]);
    if (inside) return true;
  }
  return !family_given;
}

IpAddress to_address(size_t bytes, const Bits& address) {
  IpAddress out;
  if (bytes == 4) {
    for (size_t i = 0; i < 4; ++i) out.low = (out.low << 8) | address[i];
    return out;
  }
  for (size_t i = 0; i < 8; ++i) out.high = (out.high << 8) | address[i];
  for (size_t i = 8; i < 16; ++i) out.low = (out.low << 8) | address[i];
  return out;
}

void compare(const tapstat::control::NetworkFile& file, const std::vector<Entry>& model,
             size_t bytes, const Bits& address) {
  const auto version = bytes == 4 ? IpVersion::v4 : IpVersion::v6;
  if (file.networks.contains(version, to_address(bytes, address)) !=
      model_contains(model, bytes, address))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::string_view kAlphabet = "0123456789abcdef:./#\n \n2481";
  std::string text;
  for (size_t i = 0; i < size; ++i)
    text += data[i] < 0x80 ? static_cast<char>(data[i]) : kAlphabet[data[i] % kAlphabet.size()];
  const auto file = tapstat::control::parse_network_file(text, "nets");
  if (!file.errors.empty()) return 0;
  const auto model = model_of(text);
  Bits address{};
  for (size_t i = 0; i < address.size() && i < size; ++i) address[i] = data[i];
  compare(file, model, 4, address);
  compare(file, model, 16, address);
  for (const Entry& e : model) {  // inside, and one bit away
    Bits near = e.address;
    compare(file, model, e.bytes, near);
    near[(size % e.bytes)] = static_cast<uint8_t>(near[size % e.bytes] ^ (1U << (size % 8)));
    compare(file, model, e.bytes, near);
  }
  return 0;
}
