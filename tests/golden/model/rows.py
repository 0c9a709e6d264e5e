"""Flows -> the text of log_tcp_complete and log_tcp_nocomplete, schema tstat-3.3 (reference model
of the golden cases)."""
from flows import elapsed
from tracking import average, deviation

CORE_SIDE = (
    "ip port pkts_all rst_cnt ack_cnt ack_cnt_p bytes_uniq pkts_data bytes_all pkts_retx "
    "bytes_retx pkts_ooo syn_cnt fin_cnt"
).split()
CORE_FLOW = (
    "first last durat c_first s_first c_last s_last c_first_ack s_first_ack c_isint s_isint "
    "c_iscrypto s_iscrypto con_t p2p_t http_t"
).split()
END_TO_END = "rtt_avg rtt_min rtt_max rtt_std rtt_cnt ttl_min ttl_max".split()
P2P = "p2p_st ed2k_data ed2k_sig ed2k_c2s ed2k_c2c ed2k_chat".split()
OPTIONS = (
    "f1323_opt tm_opt win_scl sack_opt sack_cnt mss mss_max mss_min win_max win_min win_0 "
    "cwin_max cwin_min cwin_ini pkts_rto pkts_fs pkts_reor pkts_dup pkts_unk pkts_fc "
    "pkts_unrto pkts_unfs syn_retx"
).split()
LAYER7 = (
    "http_req_cnt http_res_cnt http_res c_pkts_push s_pkts_push c_tls_SNI s_tls_SCN c_npnalpn "
    "s_npnalpn tls_session_stat c_last_handshakeT s_last_handshakeT c_appdataT s_appdataT "
    "c_appdataB s_appdataB fqdn dns_rslv req_tm res_tm http_hostname c_TLSvers s_TLSvers "
    "dns_enc"
).split()


def both(names):
    return [prefix + name for prefix in ("c_", "s_") for name in names]


CORE = both(CORE_SIDE) + CORE_FLOW
ALL = CORE + both(END_TO_END) + P2P + both(OPTIONS) + LAYER7


def ms(us):
    return "%f" % (us / 1000.0)


def core_side(side):
    address, port = side.endpoint
    return [
        address,
        port,
        side.packets,
        side.rsts,
        side.acks,
        side.pure_acks,
        side.unique,
        side.data_packets,
        side.bytes,
        side.retx_packets,
        side.retx_bytes,
        side.ooo,
        side.syns,
        side.fins,
    ]


def core_flow(flow):
    def since_first(name):
        times = [getattr(side, name) for side in (flow.client, flow.server)]
        return [ms(0 if time is None else elapsed(flow.first, time)) for time in times]

    return (
        [ms(flow.first), ms(flow.last), ms(elapsed(flow.first, flow.last))]
        + since_first("first_data")
        + since_first("last_data")
        + since_first("first_ack")
        + flow.internal
        + [0, 0, 0, 0, 0]
    )


def end_to_end(side):
    trips = side.round_trips
    return [
        "%f" % (average(trips.sum, trips.count) / 1000.0),
        ms(trips.min),
        ms(trips.max),
        "%f" % (deviation(trips.sum, trips.squares, trips.count) / 1000.0),
        trips.count,
        side.ttl_min,
        side.ttl_max,
    ]


def options(side):
    head = [
        side.window_seen,
        int(side.timestamps),
        side.scale,
        int(side.sack_opt),
        side.sack_count,
        side.mss,
        side.payload_max,
        side.payload_min,
        side.window_max,
        side.window_min,
        side.zero_windows,
        side.flight_max,
        side.flight_min,
        side.initial,
    ]
    return head + side.classes[1:] + [int(side.bad)]


def layer7(flow):
    zero = "0.000000"
    return (
        [0, 0, "---", flow.client.messages, flow.server.messages, "-", "-", 0, 0, 0]
        + [zero] * 4
        + [0, 0, "-", "-", "0.0", "0.0", "-", "-", "-", 0]
    )


def core_row(flow):
    return core_side(flow.client) + core_side(flow.server) + core_flow(flow)


def full_row(flow):
    return (
        core_row(flow)
        + end_to_end(flow.client)
        + end_to_end(flow.server)
        + [0] * 6
        + options(flow.client)
        + options(flow.server)
        + layer7(flow)
    )


def text(names, rows):
    header = "#15#" + " ".join("%s:%d" % (name, i) for i, name in enumerate(names, 1))
    return "".join(" ".join(map(str, row)) + "\n" for row in [[header]] + rows)


def logs(lines):
    """{file name: text}"""
    return {
        "log_tcp_complete": text(ALL, [full_row(flow) for flow in lines["complete"]]),
        "log_tcp_nocomplete": text(CORE, [core_row(flow) for flow in lines["nocomplete"]]),
    }
