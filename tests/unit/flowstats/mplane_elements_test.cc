#include "flowstats/columns/mplane_elements.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

std::vector<MplaneColumn> elements(Group group) {
  return mplane_elements(group, MplaneVocabulary::proxy_2014);
}

TEST(MplaneElements, CountsAreThePublishedOnes) {
  EXPECT_EQ(elements(Group::core).size(), 42U);
  EXPECT_EQ(elements(Group::end_to_end).size(), 7U);
  EXPECT_EQ(elements(Group::options).size(), 46U);
  EXPECT_EQ(elements(Group::p2p).size(), 6U);
  EXPECT_EQ(elements(Group::layer7).size(), 4U);
}

TEST(MplaneElements, RanksReorderABlockAndLeaveTheBlocksInPlace) {
  const auto core = elements(Group::core);
  EXPECT_EQ(core[2].name, "packets.forward");
  EXPECT_EQ(core[3].name, "packets.forward.syn");
  EXPECT_EQ(core[3].column->text(), "c_syn_cnt");
  EXPECT_EQ(core[13].name, "bytes.forward.rxmit");
  EXPECT_EQ(core[14].name, "responder.ip4");
  EXPECT_EQ(core[17].column->text(), "s_syn_cnt");
  EXPECT_EQ(core[31].name, "initiator.TTFP.ms");
  EXPECT_EQ(core[32].name, "responder.TTFP.ms");
  const auto options = elements(Group::options);
  EXPECT_EQ(options[15].name, "initiator.rxmit.RTO.unnecessary");
  EXPECT_EQ(options[22].name, "initiator.SYN.equal_seqno");
  EXPECT_EQ(options[45].column->text(), "s_syn_retx");
}

TEST(MplaneElements, SharedNamesStandOnceForTheClientsColumn) {
  const auto both = elements(Group::end_to_end);
  std::set<std::string> names;
  for (const MplaneColumn& element : both) {
    EXPECT_TRUE(names.insert(element.name).second) << element.name;
    EXPECT_EQ(element.column->side, Side::client) << element.name;
  }
}

TEST(MplaneElements, AdvancedHasNone) { EXPECT_TRUE(elements(Group::advanced).empty()); }

TEST(MplaneElements, PrimitivesFollowFromTheUnitOrStandInTheTable) {
  const auto primitive = [](Group group, size_t index) {
    return primitive_text(*elements(group)[index].column);
  };
  EXPECT_EQ(primitive(Group::core, 0), "address");
  EXPECT_EQ(primitive(Group::core, 1), "natural");
  EXPECT_EQ(primitive(Group::core, 28), "time");
  EXPECT_EQ(primitive(Group::core, 30), "natural");  // duration.ms
  EXPECT_EQ(primitive(Group::core, 31), "time");
  EXPECT_EQ(primitive(Group::core, 37), "boolean");
  EXPECT_EQ(primitive(Group::core, 39), "string");
  EXPECT_EQ(primitive(Group::end_to_end, 0), "time");
  EXPECT_EQ(primitive(Group::end_to_end, 3), "real");
  EXPECT_EQ(primitive(Group::p2p, 0), "string");
  EXPECT_EQ(primitive(Group::layer7, 2), "string");
}

}  // namespace
}  // namespace tapstat::flowstats
