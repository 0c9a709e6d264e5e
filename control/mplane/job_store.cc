#include "control/mplane/job_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <rapidjson/document.h>

#include "control/atomic_file.h"
#include "control/json_text.h"
#include "control/mplane/when.h"

namespace tapstat::control::mplane {
namespace {

using flowstats::ExitStatus;
using flowstats::Group;
using rapidjson::Value;

constexpr std::string_view kFormat = "tapstat mplane jobs";
constexpr std::string_view kCoreName = "core";

std::string_view name_of(Group group) {
  for (const flowstats::GroupName& name : flowstats::kGroupNames)
    if (name.group == group) return name.name;
  return kCoreName;
}

std::optional<Group> group_of(std::string_view text) {
  if (text == kCoreName) return Group::core;
  for (const flowstats::GroupName& name : flowstats::kGroupNames)
    if (name.name == text) return name.group;
  return std::nullopt;
}

// ---- writing ----

void write_section(JsonText& out, std::string_view key,
                   const std::map<std::string, std::string>& section) {
  out.key(key).object();
  for (const auto& [name, value] : section) out.key(name).text(value);
  out.end_object();
}

void write_specification(JsonText& out, const Message& message) {
  out.key("version").number(static_cast<int64_t>(message.version));
  out.key("verb").text(message.verb);
  out.key("token").text(*message.token);
  out.key("label").text(message.label.value_or(""));
  out.key("registry");
  if (message.registry)
    out.text(*message.registry);
  else
    out.null();
  write_section(out, "parameters", message.parameters);
  write_section(out, "metadata", message.metadata);
  out.key("results").array();
  for (const std::string& name : message.results.value_or(std::vector<std::string>{}))
    out.text(name);
  out.end_array();
}

void write_job(JsonText& out, const Job& job) {
  out.object();
  out.key("id").number(job.id);
  out.key("owner").text(job.owner);
  out.key("specification").object();
  write_specification(out, job.specification);
  out.end_object();
  out.key("when").text(job.when);
  out.key("group").text(name_of(job.group));
  out.key("state").text(state_name(job.state));
  out.key("by_duration").boolean(job.by_duration);
  out.key("start_us").number(job.start);
  out.key("end_us");
  if (job.end == kOpenEnd)
    out.null();
  else
    out.number(job.end);
  out.key("on_at_us").number(job.on_at);
  out.key("off_at_us").number(job.off_at);
  out.key("first_epoch").number(uint64_t{job.first_epoch});
  out.key("end_epoch").number(uint64_t{job.end_epoch});
  out.key("ended_at_us").number(job.ended_at);
  out.key("delivered").boolean(job.delivered);
  out.key("failure").text(job.failure);
  out.end_object();
}

// ---- reading ----

/// Takes members out of one JSON object; remembers the first one that is missing or wrong.
class Members {
 public:
  explicit Members(const Value& object) : object_(object) {
    if (!object.IsObject()) wrong_ = "object";
  }

  const Value* take(const char* name, bool (Value::*is)() const) {
    if (!object_.IsObject()) return nullptr;
    const auto found = object_.FindMember(name);
    if (found != object_.MemberEnd() && (found->value.*is)()) return &found->value;
    if (wrong_.empty()) wrong_ = name;
    return nullptr;
  }
  bool is_null(const char* name) const {
    if (!object_.IsObject()) return false;
    const auto found = object_.FindMember(name);
    return found != object_.MemberEnd() && found->value.IsNull();
  }
  std::string text(const char* name) {
    const Value* value = take(name, &Value::IsString);
    return value == nullptr ? std::string{}
                            : std::string(value->GetString(), value->GetStringLength());
  }
  int64_t whole(const char* name) {
    const Value* value = take(name, &Value::IsInt64);
    return value == nullptr ? 0 : value->GetInt64();
  }
  bool flag(const char* name) {
    const Value* value = take(name, &Value::IsBool);
    return value != nullptr && value->GetBool();
  }
  std::map<std::string, std::string> section(const char* name) {
    std::map<std::string, std::string> out;
    const Value* value = take(name, &Value::IsObject);
    if (value == nullptr) return out;
    for (const auto& member : value->GetObject()) {
      if (!member.value.IsString()) {
        refuse(name);
        break;
      }
      out.emplace(std::string(member.name.GetString(), member.name.GetStringLength()),
                  std::string(member.value.GetString(), member.value.GetStringLength()));
    }
    return out;
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> out;
    const Value* value = take(name, &Value::IsArray);
    if (value == nullptr) return out;
    for (const Value& item : value->GetArray()) {
      if (!item.IsString()) {
        refuse(name);
        break;
      }
      out.emplace_back(item.GetString(), item.GetStringLength());
    }
    return out;
  }
  void refuse(std::string name) {
    if (wrong_.empty()) wrong_ = std::move(name);
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const Value& object_;
  std::string wrong_;
};

Message read_specification(Members& in) {
  Message message;
  message.kind = Kind::specification;
  const int64_t version = in.whole("version");
  if (version != kVersion2014 && version != kVersionSdk) in.refuse("version");
  message.version = static_cast<int>(version);
  message.verb = in.text("verb");
  message.token = in.text("token");
  if (!is_token(*message.token)) in.refuse("token");
  message.label = in.text("label");
  if (!in.is_null("registry")) message.registry = in.text("registry");
  message.parameters = in.section("parameters");
  message.metadata = in.section("metadata");
  message.results = in.texts("results");
  return message;
}

std::optional<JobState> state_of(std::string_view text) {
  for (size_t i = 0; i < std::size(kJobStateNames); ++i)
    if (kJobStateNames[i] == text) return static_cast<JobState>(i);
  return std::nullopt;
}

uint32_t read_epoch(Members& in, const char* name) {
  const int64_t epoch = in.whole(name);
  if (epoch < 0 || epoch > std::numeric_limits<uint32_t>::max()) in.refuse(name);
  return static_cast<uint32_t>(epoch);
}

Job read_job(Members& in) {
  Job job;
  const int64_t id = in.whole("id");
  if (id <= 0) in.refuse("id");
  job.id = static_cast<uint64_t>(id);
  job.owner = in.text("owner");
  if (const Value* specification = in.take("specification", &Value::IsObject)) {
    Members inner(*specification);
    job.specification = read_specification(inner);
    if (!inner.wrong().empty()) in.refuse("specification." + inner.wrong());
  }
  job.when = in.text("when");
  const auto group = group_of(in.text("group"));
  if (!group) in.refuse("group");
  job.group = group.value_or(Group::core);
  const auto state = state_of(in.text("state"));
  if (!state) in.refuse("state");
  job.state = state.value_or(JobState::failed);
  job.by_duration = in.flag("by_duration");
  job.start = in.whole("start_us");
  job.end = in.is_null("end_us") ? kOpenEnd : in.whole("end_us");
  if (job.end < job.start) in.refuse("end_us");
  job.on_at = in.whole("on_at_us");
  job.off_at = in.whole("off_at_us");
  job.first_epoch = read_epoch(in, "first_epoch");
  job.end_epoch = read_epoch(in, "end_epoch");
  job.ended_at = in.whole("ended_at_us");
  job.delivered = in.flag("delivered");
  job.failure = in.text("failure");
  return job;
}

auto not_ours(std::string reason) {
  return flowstats::fail(ExitStatus::usage, "is no state file of this program: " + reason);
}

flowstats::Result<std::string> read_whole(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const auto refuse = [&](const std::string& reason) {
    return flowstats::fail(ExitStatus::environment,
                           "cannot read \"" + path.string() + "\": " + reason + ".");
  };
  if (!stream) return refuse(std::strerror(errno));
  const auto bytes = static_cast<std::streamoff>(stream.tellg());
  if (bytes < 0 || static_cast<uint64_t>(bytes) > kJobFileBytesMax)
    return refuse("it is larger than 64 MiB");
  std::string text(static_cast<size_t>(bytes), '\0');
  stream.seekg(0);
  if (!stream.read(text.data(), bytes)) return refuse("it ended early");
  return text;
}

}  // namespace

std::string jobs_to_json(const std::list<Job>& jobs) {
  JsonText out;
  out.object();
  out.key("format").text(kFormat);
  out.key("version").number(int64_t{kJobFileVersion});
  out.key("jobs").array();
  for (const Job& job : jobs) write_job(out, job);
  out.end_array();
  out.end_object();
  return out.str() + "\n";
}

flowstats::Result<std::vector<Job>> jobs_from_json(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      json.data(), json.size());
  if (document.HasParseError())
    return not_ours("it is not JSON (byte " + std::to_string(document.GetErrorOffset()) + ").");
  Members in(document);
  if (in.text("format") != kFormat) return not_ours("\"format\" is missing or another one.");
  if (const int64_t version = in.whole("version"); version != kJobFileVersion)
    return not_ours("its version is " + std::to_string(version) + ", this program reads version " +
                    std::to_string(kJobFileVersion) + ".");
  const Value* array = in.take("jobs", &Value::IsArray);
  if (array == nullptr) return not_ours("\"jobs\" is missing or no array.");
  std::vector<Job> jobs;
  std::set<uint64_t> ids;
  for (const Value& item : array->GetArray()) {
    Members members(item);
    Job job = read_job(members);
    if (!ids.insert(job.id).second) members.refuse("id");
    if (!members.wrong().empty())
      return not_ours("job " + std::to_string(jobs.size() + 1) + " has a wrong or no \"" +
                      members.wrong() + "\".");
    jobs.push_back(std::move(job));
  }
  return jobs;
}

flowstats::Result<JobStore> JobStore::open(const std::filesystem::path& directory) {
  const auto refuse = [&](const std::string& reason) {
    return flowstats::fail(ExitStatus::environment,
                           "state directory \"" + directory.string() + "\": " + reason +
                               ". Choose another one or correct its rights.");
  };
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return refuse(std::string("cannot be made: ") + std::strerror(errno));
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) return refuse("is no directory");
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return refuse(std::string("cannot be written: ") + std::strerror(errno));
  dataplane::FileDescriptor lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A file system without locks is no reason to refuse it.
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return refuse("in use by another process");
  JobStore store(directory / kJobFileName, std::move(lock));
  if (!std::filesystem::exists(store.path_, error)) return store;
  const auto text = read_whole(store.path_);
  if (!text) return tl::make_unexpected(text.error());
  auto jobs = jobs_from_json(*text);
  if (!jobs)
    return flowstats::fail(jobs.error().status, "\"" + store.path_.string() + "\" " +
                                                    jobs.error().sentence +
                                                    " Move it away to start without its jobs.");
  store.jobs_ = std::move(*jobs);
  return store;
}

void JobStore::write(const std::list<Job>& jobs) {
  const auto done = replace_file(path_, jobs_to_json(jobs), 0600);
  last_error_ = done ? std::string{} : done.error().sentence;
  if (!done) ++failures_;
}

}  // namespace tapstat::control::mplane
