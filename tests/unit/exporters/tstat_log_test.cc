#include "exporters/tstat_log.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/exporters/sample_record.h"

namespace tapstat::exporters {
namespace {

using flowstats::Group;
using flowstats::GroupMask;
using flowstats::Log;
using flowstats::Schema;
using namespace tapstat::tests;

constexpr const char* kTstatHeader =
    "#31#c_ip:1 c_port:2 c_pkts_all:3 c_rst_cnt:4 c_ack_cnt:5 c_ack_cnt_p:6 c_bytes_uniq:7 "
    "c_pkts_data:8 c_bytes_all:9 c_pkts_retx:10 c_bytes_retx:11 c_pkts_ooo:12 c_syn_cnt:13 "
    "c_fin_cnt:14 s_ip:15 s_port:16 s_pkts_all:17 s_rst_cnt:18 s_ack_cnt:19 s_ack_cnt_p:20 "
    "s_bytes_uniq:21 s_pkts_data:22 s_bytes_all:23 s_pkts_retx:24 s_bytes_retx:25 s_pkts_ooo:26 "
    "s_syn_cnt:27 s_fin_cnt:28 first:29 last:30 durat:31 c_first:32 s_first:33 c_last:34 s_last:35 "
    "c_first_ack:36 s_first_ack:37 c_isint:38 s_isint:39 c_iscrypto:40 s_iscrypto:41 con_t:42 "
    "p2p_t:43 http_t:44 c_rtt_avg:45 c_rtt_min:46 c_rtt_max:47 c_rtt_std:48 c_rtt_cnt:49 "
    "c_ttl_min:50 c_ttl_max:51 s_rtt_avg:52 s_rtt_min:53 s_rtt_max:54 s_rtt_std:55 s_rtt_cnt:56 "
    "s_ttl_min:57 s_ttl_max:58 p2p_st:59 ed2k_data:60 ed2k_sig:61 ed2k_c2s:62 ed2k_c2c:63 "
    "ed2k_chat:64 c_f1323_opt:65 c_tm_opt:66 c_win_scl:67 c_sack_opt:68 c_sack_cnt:69 c_mss:70 "
    "c_mss_max:71 c_mss_min:72 c_win_max:73 c_win_min:74 c_win_0:75 c_cwin_max:76 c_cwin_min:77 "
    "c_cwin_ini:78 c_pkts_rto:79 c_pkts_fs:80 c_pkts_reor:81 c_pkts_dup:82 c_pkts_unk:83 "
    "c_pkts_fc:84 c_pkts_unrto:85 c_pkts_unfs:86 c_syn_retx:87 s_f1323_opt:88 s_tm_opt:89 "
    "s_win_scl:90 s_sack_opt:91 s_sack_cnt:92 s_mss:93 s_mss_max:94 s_mss_min:95 s_win_max:96 "
    "s_win_min:97 s_win_0:98 s_cwin_max:99 s_cwin_min:100 s_cwin_ini:101 s_pkts_rto:102 "
    "s_pkts_fs:103 s_pkts_reor:104 s_pkts_dup:105 s_pkts_unk:106 s_pkts_fc:107 s_pkts_unrto:108 "
    "s_pkts_unfs:109 s_syn_retx:110 http_req_cnt:111 http_res_cnt:112 http_res:113 c_pkts_push:114 "
    "s_pkts_push:115 c_tls_SNI:116 s_tls_SCN:117 c_npnalpn:118 s_npnalpn:119 tls_session_stat:120 "
    "c_last_handshakeT:121 s_last_handshakeT:122 c_appdataT:123 s_appdataT:124 c_appdataB:125 "
    "s_appdataB:126 fqdn:127 dns_rslv:128 req_tm:129 res_tm:130 http_hostname:131 c_TLSvers:132 "
    "s_TLSvers:133 dns_enc:134\n";

constexpr const char* kMplaneCoreColumns =
    "c_ip:1 c_port:2 c_pkts_all:3 c_rst_cnt:4 c_ack_cnt:5 c_ack_cnt_p:6 c_bytes_uniq:7 "
    "c_pkts_data:8 c_bytes_all:9 c_pkts_retx:10 c_bytes_retx:11 c_pkts_ooo:12 c_syn_cnt:13 "
    "c_fin_cnt:14 s_ip:15 s_port:16 s_pkts_all:17 s_rst_cnt:18 s_ack_cnt:19 s_ack_cnt_p:20 "
    "s_bytes_uniq:21 s_pkts_data:22 s_bytes_all:23 s_pkts_retx:24 s_bytes_retx:25 s_pkts_ooo:26 "
    "s_syn_cnt:27 s_fin_cnt:28 first:29 last:30 durat:31 c_first:32 s_first:33 c_last:34 s_last:35 "
    "c_first_ack:36 s_first_ack:37 c_isint:38 s_isint:39 con_t:40 p2p_t:41 http_t:42";
constexpr const char* kMplaneEndToEndColumns =
    " c_rtt_avg:43 c_rtt_min:44 c_rtt_max:45 c_rtt_std:46 c_rtt_cnt:47 c_ttl_min:48 c_ttl_max:49 "
    "s_rtt_avg:50 s_rtt_min:51 s_rtt_max:52 s_rtt_std:53 s_rtt_cnt:54 s_ttl_min:55 s_ttl_max:56";

std::string row(Schema schema, Log log, GroupMask groups) {
  RowBuffer out;
  append_row(out, {schema, log, groups}, sample_record());
  return std::string{out.text()};
}

GroupMask only(Group group) {
  GroupMask groups;
  groups.set(group, true);
  return groups;
}

TEST(Header, OfTstatWithAllGroupsIsTheReferences) {
  EXPECT_EQ(header_line({Schema::tstat_3_3, Log::tcp_complete, GroupMask{31}}), kTstatHeader);
}

TEST(Header, OfTheProxyOf2014IsAsPublished) {
  EXPECT_EQ(header_line({Schema::mplane, Log::tcp_complete, GroupMask{}}),
            std::string{"#00#"} + kMplaneCoreColumns + "\n");
  EXPECT_EQ(header_line({Schema::mplane, Log::tcp_complete, only(Group::end_to_end)}),
            std::string{"#01#"} + kMplaneCoreColumns + kMplaneEndToEndColumns + "\n");
}

TEST(Header, EndsWithTheFourLayer7ColumnsInTheMplaneSchema) {
  const std::string line = header_line({Schema::mplane, Log::tcp_complete, GroupMask::all()});
  const std::string end =
      " s_syn_retx:108 c_pkts_push:109 s_pkts_push:110 c_tls_SNI:111 s_tls_SCN:112\n";
  ASSERT_GT(line.size(), end.size());
  EXPECT_EQ(line.substr(line.size() - end.size()), end);
}

TEST(Header, OfNocompleteHasTheCoreAloneUnderTheSameNumber) {
  EXPECT_EQ(header_line({Schema::mplane, Log::tcp_nocomplete, GroupMask::all()}),
            std::string{"#15#"} + kMplaneCoreColumns + "\n");
}

TEST(Header, CountsAdvancedInTheNumberAndNotInTheColumns) {
  EXPECT_EQ(header_line({Schema::mplane, Log::tcp_complete, only(Group::advanced)}),
            std::string{"#16#"} + kMplaneCoreColumns + "\n");
}

TEST(Row, OfTheMplaneSchemaHasAllGroupsInFileOrder) {
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, GroupMask::all()),
            std::string{kSampleCoreMplane} + " " + kSampleEndToEnd + " " + kSampleP2p + " " +
                kSampleOptions + " " + kSampleLayer7Mplane + "\n");
}

TEST(Row, OfTstatAddsTheAnonymisationFlagsAndTheLongLayer7) {
  std::string core = kSampleCoreMplane;
  core.replace(core.find(" 1 0 8192"), 4, " 1 0 0 0");
  EXPECT_EQ(row(Schema::tstat_3_3, Log::tcp_complete, GroupMask{31}),
            core + " " + kSampleEndToEnd + " " + kSampleP2p + " " + kSampleOptions + " " +
                kSampleLayer7Tstat + "\n");
}

TEST(Row, HasOnlyTheGroupsThatAreOn) {
  const std::string core = kSampleCoreMplane;
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, GroupMask{}), core + "\n");
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, only(Group::end_to_end)),
            core + " " + kSampleEndToEnd + "\n");
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, only(Group::p2p)),
            core + " " + kSampleP2p + "\n");
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, only(Group::options)),
            core + " " + kSampleOptions + "\n");
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, only(Group::layer7)),
            core + " " + kSampleLayer7Mplane + "\n");
  EXPECT_EQ(row(Schema::mplane, Log::tcp_complete, only(Group::advanced)), core + "\n");
}

TEST(Row, OfNocompleteIsTheCoreWhateverIsOn) {
  EXPECT_EQ(row(Schema::mplane, Log::tcp_nocomplete, GroupMask::all()),
            std::string{kSampleCoreMplane} + "\n");
}

TEST(Row, OfAnEmptyRecordPrintsZeros) {
  RowBuffer out;
  append_row(out, {Schema::tstat_3_3, Log::tcp_nocomplete, GroupMask{}}, flowstats::TcpRecord{});
  EXPECT_EQ(out.text(),
            "0.0.0.0 0 0 0 0 0 0 0 0 0 0 0 0 0 0.0.0.0 0 0 0 0 0 0 0 0 0 0 0 0 0 0.000000 0.000000 "
            "0.000000 0.000000 0.000000 0.000000 0.000000 0.000000 0.000000 0 0 0 0 0 0 0\n");
}

TEST(Row, PrintsIpv6AddressesCompressed) {
  flowstats::TcpRecord record = sample_record();
  record.ip_version = flowstats::IpVersion::v6;
  record.address = {flowstats::IpAddress{0x20010db800010000, 0x10},
                    flowstats::IpAddress{0x20010db800020000, 0x20}};
  RowBuffer out;
  append_row(out, {Schema::mplane, Log::tcp_nocomplete, GroupMask{}}, record);
  EXPECT_EQ(out.text().substr(0, out.text().find(" 101 ")), "2001:db8:1::10 40000");
  EXPECT_NE(out.text().find(" 2001:db8:2::20 443 "), std::string_view::npos);
}

}  // namespace
}  // namespace tapstat::exporters
