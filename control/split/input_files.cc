#include "control/split/input_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <utility>

#include "control/number_text.h"
#include "control/split/disorder_heap.h"
#include "dataplane/capture_name.h"
#include "dataplane/temporary_file.h"

namespace tapstat::control::splitting {

using dataplane::CaptureFile;
using dataplane::CaptureStream;
using dataplane::FileDescriptor;
using dataplane::LinkType;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

std::string standard_input_named(std::string sentence, const std::string& path) {
  const size_t at = sentence.find(path);
  if (at != std::string::npos) sentence.replace(at, path.size(), kStandardInput);
  return sentence;
}

/// The rest of standard input, in an unlinked temporary file.
Result<FileDescriptor> copy_standard_input() {
  auto copy = dataplane::TemporaryFile::create();
  if (!copy) return tl::make_unexpected(copy.error());
  std::vector<uint8_t> buffer(size_t{1} << 18);
  while (!copy->failed()) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(ExitStatus::input_unreadable,
                  std::string("cannot read standard input: ") + std::strerror(errno) + ".");
    if (got == 0) break;
    copy->write(buffer.data(), static_cast<size_t>(got));
  }
  return copy->finish();
}

Result<CaptureFile> open_one(const std::filesystem::path& name, const InputOptions& options) {
  dataplane::CaptureOpenOptions how;
  how.unpack = options.unpack;
  how.mode = flowstats::Mode::corrected;
  const auto is_about_precision = [](const std::string& sentence) {
    return sentence.find("nanoseconds") != std::string::npos;  // which are kept here
  };
  how.note = [&](const std::string& sentence) {
    if (!is_about_precision(sentence)) options.note(sentence);
  };
  if (name != kStandardInput) return dataplane::open_capture(name, how);
  auto copy = copy_standard_input();
  if (!copy) return tl::make_unexpected(copy.error());
  const std::string path = copy->path();
  how.note = [&](const std::string& sentence) {
    if (!is_about_precision(sentence)) options.note(standard_input_named(sentence, path));
  };
  auto capture = dataplane::open_capture(path, how);
  if (!capture)
    return fail(capture.error().status, standard_input_named(capture.error().sentence, path));
  capture->name = kStandardInput;
  return capture;
}

/// `capture` is the file of its name and not a temporary one.
bool is_named_file(const CaptureFile& capture) {
  struct stat open_file {
  }, named{};
  return fstat(capture.file.get(), &open_file) == 0 && stat(capture.name.c_str(), &named) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

bool may_have_nanoseconds(const CaptureFile& capture) {
  return capture.format.starts_with("pcap (nanoseconds)") || capture.format.starts_with("pcapng");
}

/// The link type of all packets; empty when they differ. Reads on only if the file names several.
Result<std::optional<int>> link_type_of(const InputFile& input) {
  auto stream = input.open();
  if (!stream) return tl::make_unexpected(stream.error());
  std::optional<int> found = stream->dlt();
  if (input.capture.link_type != LinkType::mixed) return found;
  found.reset();
  while (stream->next() == CaptureStream::Step::packet) {
    if (found && *found != stream->dlt()) return std::nullopt;
    found = stream->dlt();
  }
  return found;
}

auto refuse_link_types(const std::string& where) {
  return fail(ExitStatus::input_unreadable,
              where + ": the pieces of one run have one link type. Split them in separate runs.");
}

/// What the pieces look like, from what the captures say.
Result<void> find_form(InputFiles& inputs) {
  constexpr int kEthernetDlt = 1;
  if (inputs.files.empty()) inputs.form.dlt = kEthernetDlt;  // for a filter, which is checked
  bool is_first = true;
  inputs.compared_bytes = std::numeric_limits<uint32_t>::max();
  for (const InputFile& input : inputs.files) {
    const std::string name = dataplane::quoted(input.capture.name);
    auto stream = input.open();
    if (!stream) return tl::make_unexpected(stream.error());
    const auto dlt = link_type_of(input);
    if (!dlt) return tl::make_unexpected(dlt.error());
    if (!*dlt) return refuse_link_types(name + " has packets of several link types");
    if (!is_first && **dlt != inputs.form.dlt)
      return refuse_link_types(name + " has another link type than " +
                               dataplane::quoted(inputs.files.front().capture.name));
    is_first = false;
    inputs.form.dlt = **dlt;
    inputs.form.snap_length = std::max(inputs.form.snap_length, stream->snap_length());
    inputs.form.has_nanoseconds |= may_have_nanoseconds(input.capture);
    const uint32_t prefix =
        input.capture.link_type == LinkType::mixed ? dataplane::kMixedHeaderLength : 0;
    if (input.capture.snapped_packets > 0)
      inputs.compared_bytes =
          std::min(inputs.compared_bytes, input.capture.captured_length_max - prefix);
  }
  const auto link_type = dataplane::link_type_from_dlt(inputs.form.dlt);
  if (link_type) inputs.link_type = *link_type;
  return {};
}

/// How many captures cover one moment, with the second by which the merge opens them early.
size_t find_open_peak(const std::vector<InputFile>& files) {
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> ends;
  size_t peak = 0;
  for (const InputFile& input : files) {
    const TimeRange range = input.range();
    while (!ends.empty() && ends.top() < range.first_ns - DisorderHeap::kDisorderNs) ends.pop();
    ends.push(range.last_ns);
    peak = std::max(peak, ends.size());
  }
  return peak;
}

}  // namespace

TimeRange InputFile::range() const {
  return {capture.first->us * 1'000, capture.clock_max.us * 1'000 + 999};
}

Result<CaptureStream> InputFile::open() const {
  const bool is_held = capture.file.is_open();
  return CaptureStream::open(is_held ? capture.file.path() : capture.name.string(),
                             capture.name.string(), capture.link_type);
}

Result<InputFiles> open_input_files(const std::vector<std::filesystem::path>& names,
                                    const InputOptions& options) {
  InputFiles inputs;
  std::optional<flowstats::Error> refused;
  for (const auto& name : names) {
    auto capture = open_one(name, options);
    if (!capture) {
      if (refused) options.error(refused->sentence);
      refused = capture.error();
      continue;
    }
    if (capture->damage) {
      inputs.is_damaged = true;
      options.error(dataplane::quoted(name) + ": " + *capture->damage + "; the " +
                    grouped(capture->packets) + " packets before it are split.");
    }
    inputs.packets += capture->packets;
    inputs.snapped_packets += capture->snapped_packets;
    if (is_named_file(*capture)) capture->file = FileDescriptor();
    inputs.descriptors_held += capture->file.is_open() ? 1 : 0;
    if (capture->packets > 0) inputs.files.push_back({std::move(*capture)});
  }
  if (refused) return tl::make_unexpected(*refused);
  std::stable_sort(inputs.files.begin(), inputs.files.end(),
                   [](const InputFile& x, const InputFile& y) {
                     return x.capture.first->us < y.capture.first->us;
                   });
  inputs.open_peak = find_open_peak(inputs.files);
  if (const auto found = find_form(inputs); !found) return tl::make_unexpected(found.error());
  return inputs;
}

}  // namespace tapstat::control::splitting
