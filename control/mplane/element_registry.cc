#include <array>
#include <set>
#include <string>
#include <string_view>

#include "control/json_text.h"
#include "control/mplane/capabilities.h"
#include "flowstats/columns/mplane_elements.h"

namespace tapstat::control::mplane {

namespace {

using flowstats::Group;
using flowstats::MplaneVocabulary;

struct Element {
  std::string_view name, primitive, description;
};

/// Names that capabilities use beside columns.
constexpr std::array<Element, 3> kSystemElements = {{
    {"System_ID", "string", "name of the probe"},
    {"System_type", "string", "kind of probe"},
    {"System_version", "string", "version of the probe"},
}};

class ElementList {
 public:
  explicit ElementList(JsonText& json) : json_(json) {}

  /// Each name once, as it came first.
  void add(const Element& element) {
    if (!names_.emplace(element.name).second) return;
    json_.object();
    json_.key("name").text(element.name);
    json_.key("prim").text(element.primitive);
    json_.key("desc").text(element.description);
    json_.end_object();
  }

 private:
  JsonText& json_;
  std::set<std::string> names_;
};

}  // namespace

std::string registry_json(const std::string& registry_uri) {
  JsonText json;
  json.object();
  json.key("registry-format").text("mplane-0");
  json.key("registry-revision").number(uint64_t{1});
  json.key("registry-uri").text(registry_uri);
  json.key("includes").array();
  json.text("http://ict-mplane.eu/registry/core");
  json.end_array();
  json.key("elements").array();
  ElementList elements{json};
  // The early names too: a client of the later generation reads unified messages with them.
  for (const auto vocabulary : {MplaneVocabulary::later, MplaneVocabulary::proxy_2014})
    for (const Group group :
         {Group::core, Group::end_to_end, Group::options, Group::p2p, Group::layer7})
      for (const auto& [column, name] : flowstats::mplane_elements(group, vocabulary))
        elements.add({name, flowstats::primitive_text(*column), column->spec->help});
  for (const Element& element : kSystemElements) elements.add(element);
  json.end_array();
  json.end_object();
  return json.str();
}

}  // namespace tapstat::control::mplane
