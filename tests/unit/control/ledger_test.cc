#include "control/ledger.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::make_ledger;
using flowstats::Counter;
using flowstats::CounterValues;

uint64_t& at(CounterValues& values, Counter counter) {
  return values.value[static_cast<size_t>(counter)];
}

/// A run in which everything adds up and every cause occurs.
CounterValues closed_run() {
  CounterValues c;
  for (size_t i = 0; i < flowstats::kCounterCount; ++i) {
    const auto name = flowstats::kCounterTable[i].name;
    if (name.starts_with("dropped_")) c.value[i] = 1 + i;
  }
  at(c, Counter::dropped_other) = 0;
  at(c, Counter::analysed_packets) = 1'000;
  at(c, Counter::rx_packets) = 1'000;
  for (size_t i = 0; i < flowstats::kCounterCount; ++i)
    if (flowstats::kCounterTable[i].name.starts_with("dropped_"))
      at(c, Counter::rx_packets) += c.value[i];
  at(c, Counter::flows_created) = 100;
  at(c, Counter::flows_dropped_not_local) = 7;
  at(c, Counter::flows_dropped_queue_full) = 2;
  at(c, Counter::flows_exported) = 91;
  at(c, Counter::rows_complete_formatted) = 60;
  at(c, Counter::rows_complete_written) = 50;
  at(c, Counter::rows_complete_dropped_log_disabled) = 4;
  at(c, Counter::rows_complete_dropped_write_error) = 6;
  at(c, Counter::rows_nocomplete_formatted) = 31;
  at(c, Counter::rows_nocomplete_written) = 31;
  at(c, Counter::udp_flows_created) = 12;
  at(c, Counter::udp_flows_dropped_not_local) = 1;
  at(c, Counter::udp_flows_dropped_queue_full) = 1;
  at(c, Counter::udp_flows_exported) = 10;
  at(c, Counter::rows_udp_formatted) = 10;
  at(c, Counter::rows_udp_written) = 10;
  at(c, Counter::exit_connections_closed) = 30;
  at(c, Counter::exit_views_exchanged) = 5;
  at(c, Counter::exit_records_exported) = 24;
  at(c, Counter::exit_connections_incomplete) = 6;
  at(c, Counter::exit_connections_unfinished) = 4;
  at(c, Counter::exit_records_dropped_queue_full) = 1;
  at(c, Counter::exit_records_written) = 20;
  at(c, Counter::exit_records_excluded) = 3;
  at(c, Counter::exit_records_lost) = 1;
  at(c, Counter::trace_matched) = 40;
  at(c, Counter::trace_sampled_out) = 20;
  at(c, Counter::trace_dropped_ring) = 3;
  at(c, Counter::trace_written) = 15;
  at(c, Counter::trace_dropped_disk) = 2;
  return c;
}

TEST(Ledger, ClosesWhenEverythingIsAccountedFor) {
  const auto ledger = make_ledger(closed_run(), {});
  EXPECT_TRUE(ledger.closes());
  for (const auto* equation : ledger.equations())
    EXPECT_EQ(equation->difference(), 0) << equation->name;
}

bool is_of_exit_records(std::string_view name) {
  return name == "exit_connections_closed" || name == "exit_views_exchanged" ||
         name == "exit_connections_incomplete" || name == "exit_connections_unfinished" ||
         (name.starts_with("exit_records_") && name != "exit_records_late");
}

TEST(Ledger, EveryCounterOfAnEquationMatters) {
  const auto is_part = [](std::string_view name) {
    return name == "rx_packets" || name == "port_packets" || name == "analysed_packets" ||
           name.starts_with("dropped_") || name == "flows_created" || name == "flows_exported" ||
           name.starts_with("flows_dropped_") || name == "udp_flows_created" ||
           name == "udp_flows_exported" || name.starts_with("udp_flows_dropped_") ||
           (name.starts_with("rows_") && name != "rows_spooled") || name.starts_with("trace_") ||
           is_of_exit_records(name);
  };
  for (size_t i = 0; i < flowstats::kCounterCount; ++i) {
    CounterValues c = closed_run();
    ++c.value[i];
    EXPECT_EQ(make_ledger(c, {}).closes(), !is_part(flowstats::kCounterTable[i].name))
        << flowstats::kCounterTable[i].name;
  }
}

/// What came to live ports is told by the ports: a packet that vanished between them and the
/// workers is a difference.
TEST(Ledger, LivePortsCountForThemselves) {
  CounterValues c = closed_run();
  at(c, Counter::port_packets) = c[Counter::rx_packets];
  at(c, Counter::rx_packets) = 1'000;
  EXPECT_TRUE(make_ledger(c, {}).closes());
  ++at(c, Counter::port_packets);
  EXPECT_EQ(make_ledger(c, {}).packets.difference(), 1);
  --at(c, Counter::port_packets);
  ++at(c, Counter::dropped_nic_missed);
  EXPECT_EQ(make_ledger(c, {}).packets.difference(), -1);
}

TEST(Ledger, FlowsLeftOpenAreADifferenceUnlessNamed) {
  CounterValues c = closed_run();
  at(c, Counter::flows_created) += 5;
  EXPECT_EQ(make_ledger(c, {}).flows.difference(), 5);
  EXPECT_TRUE(make_ledger(c, {5}).closes());
}

TEST(Ledger, ADifferenceHasASign) {
  CounterValues c;
  at(c, Counter::analysed_packets) = 3;
  EXPECT_EQ(make_ledger(c, {}).packets.difference(), -3);
}

TEST(Ledger, LossIsWhatTheProgramCouldHaveKept) {
  CounterValues c;
  at(c, Counter::analysed_packets) = 90;
  at(c, Counter::dropped_not_ip) = 1'000;
  at(c, Counter::dropped_ring_full) = 9;
  at(c, Counter::dropped_table_full) = 1;
  at(c, Counter::rows_complete_dropped_write_error) = 2;
  at(c, Counter::rows_complete_dropped_log_disabled) = 50;
  at(c, Counter::flows_dropped_queue_full) = 3;
  at(c, Counter::flows_dropped_not_local) = 60;
  const auto ledger = make_ledger(c, {});
  EXPECT_EQ(ledger.packets_lost(), 10U);
  EXPECT_DOUBLE_EQ(ledger.packets_lost_percent(), 10.0);
  EXPECT_EQ(ledger.records_lost(), 5U);
}

TEST(Ledger, PercentagesStayWithinTheirBounds) {
  CounterValues c;
  EXPECT_EQ(make_ledger(c, {}).packets_lost_percent(), 0);
  EXPECT_EQ(make_ledger(c, {}).flows_refused_percent(), 0);
  at(c, Counter::dropped_ring_full) = 5;
  at(c, Counter::flows_refused_table_full) = 1;
  at(c, Counter::flows_created) = 3;
  EXPECT_EQ(make_ledger(c, {}).flows_evicted_percent(), 0);
  at(c, Counter::flows_evicted) = 1;
  EXPECT_NEAR(make_ledger(c, {}).flows_evicted_percent(), 33.3, 0.1);
  at(c, Counter::flows_evicted) = 4;
  EXPECT_EQ(make_ledger(c, {}).flows_evicted_percent(), 100);
  EXPECT_EQ(make_ledger(c, {}).packets_lost_percent(), 100);
  EXPECT_EQ(make_ledger(c, {}).flows_refused_percent(), 25);
}

}  // namespace
}  // namespace tapstat::tests
