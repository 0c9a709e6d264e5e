#include "control/ledger_json.h"

namespace tapstat::control {

void write_equations(JsonText& json, const Ledger& ledger) {
  json.key("equations").array();
  for (const Equation* e : ledger.equations()) {
    json.object();
    json.key("name").text(e->name);
    json.key("unit").text(e->unit);
    json.key(e->whole.name).number(e->whole.value);
    json.key("parts").object();
    for (const LedgerTerm& part : e->parts) json.key(part.name).number(part.value);
    json.end_object();
    json.key("difference").number(e->difference());
    json.end_object();
  }
  json.end_array();
}

}  // namespace tapstat::control
