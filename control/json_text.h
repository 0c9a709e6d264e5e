/// A RapidJSON writer with the few verbs that our documents need.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

namespace tapstat::control {

/// Memory for RapidJSON, whose own allocator goes on with a null pointer when there is none.
struct JsonMemory {
  static constexpr bool kNeedFree = true;
  void* Malloc(size_t bytes) { return bytes == 0 ? nullptr : ::operator new(bytes); }
  void* Realloc(void* old, size_t old_bytes, size_t bytes) {
    void* const memory = Malloc(bytes);
    if (old_bytes != 0 && bytes != 0) std::memcpy(memory, old, std::min(old_bytes, bytes));
    Free(old);
    return memory;
  }
  static void Free(void* memory) { ::operator delete(memory); }
};
using JsonBuffer = rapidjson::GenericStringBuffer<rapidjson::UTF8<>, JsonMemory>;

class JsonText {
 public:
  JsonText() { writer_.SetIndent(' ', 2); }
  JsonText& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
  }
  void object() { writer_.StartObject(); }
  void end_object() { writer_.EndObject(); }
  void array() { writer_.StartArray(); }
  void end_array() { writer_.EndArray(); }
  void text(std::string_view value) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void number(uint64_t value) { writer_.Uint64(value); }
  void number(int64_t value) { writer_.Int64(value); }
  void number(double value) { writer_.Double(value); }
  void boolean(bool value) { writer_.Bool(value); }
  void null() { writer_.Null(); }
  /// An object or array that is JSON already.
  void raw(std::string_view json) {
    writer_.RawValue(json.data(), json.size(),
                     json.starts_with('[') ? rapidjson::kArrayType : rapidjson::kObjectType);
  }
  [[nodiscard]] std::string str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  JsonBuffer buffer_;
  rapidjson::PrettyWriter<JsonBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>, JsonMemory> writer_{
      buffer_};
};

/// Names of files may hold any bytes; JSON holds Unicode. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string as_utf8(std::string_view bytes);

}  // namespace tapstat::control
